"""This library under asyncio, event by event, where a second task reads the same client's events, far too slowly."""

import asyncio

from kick_io.asyncio import connect
from kick_io.sockets.watch import Watch
from kick_proto.events import ChatMessage
from kick_proto.provider import Confirmed
from tests.bench.target import Target

PAUSE = 0.05
"""Seconds that the slow one takes for each event."""


def run(target: Target) -> None:
    target.run(_watch(target))


async def _watch(target: Target) -> None:
    async with connect(*target.channels, **target.arguments) as kick:
        confirmed = 0
        async for event in kick:
            confirmed += type(event) is Confirmed
            if confirmed == len(target.topics):
                break
        reading = _Reading(target, kick)
        tasks = [asyncio.create_task(reading.fast()), asyncio.create_task(reading.slow())]
        target.begin()
        await reading.done.wait()
        target.end()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class _Reading:
    """Two who take from one; what the slow one has taken is not measured."""

    def __init__(self, target: Target, kick: Watch) -> None:
        self.done = asyncio.Event()
        self._left = target.chats
        self._note = target.note
        self._kick = kick

    async def fast(self) -> None:
        async for event in self._kick:
            if type(event) is ChatMessage:
                if self._note is not None:
                    self._note(event.text)
                self._take_one()

    async def slow(self) -> None:
        async for event in self._kick:
            if type(event) is ChatMessage:
                self._take_one()
            await asyncio.sleep(PAUSE)

    def _take_one(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.done.set()
