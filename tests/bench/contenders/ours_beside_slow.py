"""This library under asyncio, event by event, while another session in the same loop is read far too slowly."""

import asyncio

from kick_io.asyncio import connect
from kick_proto.provider import Confirmed
from tests.bench.contenders import ours_asyncio
from tests.bench.target import Target

PAUSE = 0.05
"""Seconds that the slow one takes for each event."""


def run(target: Target) -> None:
    target.run(_watch(target))


async def _watch(target: Target) -> None:
    subscribed = asyncio.Event()
    slow = asyncio.create_task(_dawdle(target, subscribed))
    await subscribed.wait()
    await ours_asyncio.watch(target)
    slow.cancel()
    await asyncio.wait([slow])


async def _dawdle(target: Target, subscribed: asyncio.Event) -> None:
    confirmed = 0
    async with connect(*target.channels, **target.arguments) as kick:
        async for event in kick:
            confirmed += type(event) is Confirmed
            if confirmed == len(target.topics):
                subscribed.set()
                await asyncio.sleep(PAUSE)
