"""kicksdk-py's ``Session`` (Rust) behind websockets, as its own ``aio`` module puts them together."""

import time

from kicksdk.realtime import Session
from websockets.asyncio.client import connect

from tests.bench.target import Target


def run(target: Target) -> None:
    target.run(_watch(target))


async def _watch(target: Target) -> None:
    session = Session(list(target.topics))
    async with connect(target.url, ping_interval=None, max_size=2**22) as socket:
        actions = session.open("token", _now())
        subscribed, seen, frames = 0, 0, target.frames
        while seen < frames:
            for action in actions:
                kind = action["action"]
                if kind == "event":
                    seen += 1
                elif kind == "send":
                    await socket.send(action["text"])
                elif kind == "subscribed":
                    subscribed += 1
                    if subscribed == len(target.topics):
                        target.begin()
            if seen < frames:
                actions = session.receive(await socket.recv(), _now())
        target.end()


def _now() -> int:
    return int(time.monotonic() * 1000)
