"""trio-websocket, and a decode of envelope and payload."""

import trio
from trio_websocket import open_websocket_url

from tests.bench.target import Target


def run(target: Target) -> None:
    trio.run(_watch, target)


async def _watch(target: Target) -> None:
    async with open_websocket_url(target.url) as socket:
        for text in target.greeting:
            await socket.send_message(text)
        for _ in range(target.answers):
            await socket.get_message()
        target.begin()
        decode, get_message = target.decode, socket.get_message
        for _ in range(target.frames):
            decode(await get_message())
        target.end()
