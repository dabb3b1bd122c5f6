"""One way to run a scenario on every driver: a scenario is a coroutine over a ``Watch``, whoever does the waiting.

The blocking driver takes part through ``Unhurried``, whose awaits never suspend: each blocks, as the driver does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import trio
import uvloop

import kick_io.asyncio
import kick_io.blocking
import kick_io.trio
from kick_io.sockets.watch import Batches, BlockingWatch
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.session import SessionEvent

CHANNEL = Channel(ChannelId(11), ChatroomId(22))
OTHER = Channel(ChannelId(33), ChatroomId(44))

ResultT = TypeVar("ResultT")


class Unhurried:
    """A ``BlockingWatch`` in the clothes of a ``Watch``."""

    def __init__(self, watch: BlockingWatch) -> None:
        self._watch = watch
        self.subscribe = watch.subscribe
        self.unsubscribe = watch.unsubscribe
        self.stats = watch.stats
        self.drift = watch.drift

    def __aiter__(self) -> "Unhurried":
        return self

    async def __anext__(self) -> SessionEvent:
        for event in self._watch:
            return event
        raise StopAsyncIteration

    def batches(self) -> Batches:
        async def next_batch() -> list[SessionEvent]:
            for batch in self._watch.batches():
                return batch
            raise StopAsyncIteration

        return Batches(next_batch)


@asynccontextmanager
async def unhurried(*args: Any, **kwargs: Any) -> AsyncIterator[Unhurried]:
    with kick_io.blocking.connect(*args, **kwargs) as watch:
        yield Unhurried(watch)


def run_unhurried(scenario: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
    coroutine = scenario()
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: ResultT = stop.value
        return result
    raise AssertionError("the blocking driver suspended")


def run_asyncio(scenario: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
    async def alone() -> ResultT:
        result = await scenario()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    return asyncio.run(alone())


def run_uvloop(scenario: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
    return uvloop.run(scenario())


def run_trio(scenario: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
    return trio.run(scenario)


DRIVERS: dict[str, tuple[Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any], Any]] = {
    "asyncio": (run_asyncio, kick_io.asyncio.connect),
    "uvloop": (run_uvloop, kick_io.asyncio.connect),
    "trio": (run_trio, kick_io.trio.connect),
    "blocking": (run_unhurried, unhurried),
}
