"""The sessions of a soak: on every driver one or more that stay, and one that leaves and comes again all the time."""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

import trio

import kick_io.asyncio
import kick_io.trio
from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.ids import Channel
from kick_proto.pusher import App, Timeouts
from kick_proto.session import Config
from tests.bench.order import CHANNELS
from tests.bench.soaking.tally import Tally
from tests.drivers import run_unhurried, unhurried

__all__ = ["Watcher", "config_at", "watch_all", "watchers"]

STAY = 5_000
"""Events after which one that comes and goes leaves."""

Driver: TypeAlias = Literal["asyncio", "trio", "blocking"]

COUNTS: Mapping[Driver, int] = {"asyncio": 6, "trio": 2, "blocking": 2}
"""How many there are of each; the last of them comes and goes."""


class Watcher(NamedTuple):
    """Who watches which channel, and what has come of it."""

    driver: Driver
    channel: Channel
    stays: float
    tally: Tally


def watchers() -> list[Watcher]:
    """One for each channel."""
    channels = iter(CHANNELS)
    return [
        Watcher(driver, channel, stays, Tally(f"{driver}{', comes and goes' if stays < math.inf else ''}"))
        for driver, count in COUNTS.items()
        for stays, channel in zip([*[math.inf] * (count - 1), STAY], channels, strict=False)
    ]


def config_at(port: int) -> Config:
    """What is waited for is waited for seconds only, so that all time limits are met."""
    timeouts = Timeouts(open=5.0, handshake=2.0, activity=1.0, pong=1.0, confirm=2.0, close=1.0)
    return Config(
        provider=App(endpoints=(endpoint_at(f"ws://127.0.0.1:{port}"),), timeouts=timeouts),
        backoff=Backoff(base=0.05, cap=0.5, retries=None),
        send_rate=50.0,
        send_burst=10.0,
    )


Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[Any]]


async def _watch(connect: Connect, config: Config, watcher: Watcher, until: float) -> None:
    tally = watcher.tally
    while time.monotonic() < until:
        goal = tally.arrived.delivered + watcher.stays
        tally.begin()
        async with connect(watcher.channel, config=config) as kick:
            async for event in kick:
                tally.take(event)
                if tally.arrived.delivered >= goal or time.monotonic() >= until:
                    break


async def watch_all(everybody: list[Watcher], config: Config, until: float) -> None:
    """Let all of them watch, each on its driver: asyncio here, trio in a thread, and a thread for each that blocks."""
    by_driver: dict[Driver, list[Watcher]] = {"asyncio": [], "trio": [], "blocking": []}
    for watcher in everybody:
        by_driver[watcher.driver].append(watcher)

    async def watch_with_trio() -> None:
        async with trio.open_nursery() as nursery:
            for watcher in by_driver["trio"]:
                nursery.start_soon(_watch, kick_io.trio.connect, config, watcher, until)

    async with asyncio.TaskGroup() as group:
        group.create_task(_in_thread(partial(trio.run, watch_with_trio)))
        for watcher in by_driver["blocking"]:
            blocking = partial(_watch, unhurried, config, watcher, until)
            group.create_task(_in_thread(partial(run_unhurried, blocking)))
        for watcher in by_driver["asyncio"]:
            group.create_task(_watch(kick_io.asyncio.connect, config, watcher, until))


async def _in_thread(work: Callable[[], None]) -> None:
    """Wait for a thread of its own, and raise what it has raised."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def tell(*what: Any) -> None:
        # The loop is closed already where another watcher has failed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(*what)

    def run() -> None:
        try:
            work()
        except BaseException as error:
            tell(done.set_exception, error)
        else:
            tell(done.set_result, None)

    thread = threading.Thread(target=run)
    thread.start()
    await done
    thread.join()
