"""kicksdk-py's parser (Rust) for the payload; websockets and json around it."""

import json

from kicksdk import events
from websockets.asyncio.client import connect

from tests.bench.target import Target


def run(target: Target) -> None:
    target.run(_watch(target))


async def _watch(target: Target) -> None:
    async with connect(target.url) as socket:
        for text in target.greeting:
            await socket.send(text)
        for _ in range(target.answers):
            await socket.recv()
        target.begin()
        seen, frames = 0, target.frames
        async for text in socket:
            message = json.loads(text)
            events.parse(message["event"], message["data"])
            seen += 1
            if seen == frames:
                break
        target.end()
