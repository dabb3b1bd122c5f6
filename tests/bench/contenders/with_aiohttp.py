"""aiohttp (its parser is C), and a decode of envelope and payload."""

import aiohttp

from tests.bench.target import Target


def run(target: Target) -> None:
    target.run(_watch(target))


async def _watch(target: Target) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(target.url, ssl=target.tls or True) as socket:
        for text in target.greeting:
            await socket.send_str(text)
        for _ in range(target.answers):
            await socket.receive_str()
        target.begin()
        decode, seen, frames = target.decode, 0, target.frames
        async for message in socket:
            decode(message.data)
            seen += 1
            if seen == frames:
                break
        target.end()
