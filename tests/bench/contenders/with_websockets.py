"""websockets, and a decode of envelope and payload."""

from websockets.asyncio.client import connect

from tests.bench.target import Target


def run(target: Target) -> None:
    target.run(_watch(target))


async def _watch(target: Target) -> None:
    async with connect(target.url, ssl=target.tls) as socket:
        for text in target.greeting:
            await socket.send(text)
        for _ in range(target.answers):
            await socket.recv()
        target.begin()
        decode, seen, frames = target.decode, 0, target.frames
        async for text in socket:
            decode(text)
            seen += 1
            if seen == frames:
                break
        target.end()
