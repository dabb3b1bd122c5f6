"""What many topics cost, and many sessions: memory, the time to subscribe them, and events for a second of CPU.

``python -m tests.bench.breadth KIND PORT COUNT EVENTS`` is the process that is measured. The limit of what is sent is
lifted there; how long subscribing takes within it is told by ``paced``.
"""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from kick_io.asyncio import connect
from kick_io.sockets.watch import Watch
from kick_proto.events import ChatMessage
from kick_proto.lifecycle import Up
from kick_proto.provider import Confirmed
from tests.bench.order import Order
from tests.bench.paced import channels_of
from tests.bench.process import resident
from tests.bench.running import ROOT, TurnError
from tests.bench.target import Options, Target

__all__ = ["Breadth", "main", "measure_breadth"]

PATIENCE = 300.0


class Breadth(msgspec.Struct, frozen=True, kw_only=True):
    """So many topics of one session, or so many sessions of one topic each."""

    kind: str
    count: int
    kib: float
    """Of memory, for each."""
    seconds: float
    """Until all were subscribed."""
    rate: float
    """Events delivered for each second of CPU."""


def measure_breadth(kind: str, control: int, *, count: int, events: int) -> Breadth:
    """Measure so many ``topics`` or ``sessions`` in a fresh process.

    Raises:
        TurnError: it has failed, or taken too long.
    """
    command = [sys.executable, "-m", "tests.bench.breadth", kind, str(control), str(count), str(events)]
    try:
        done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise TurnError(f"{count} {kind}: not done within {PATIENCE:g} s") from None
    if done.returncode != 0:
        raise TurnError(f"{count} {kind}: {done.stderr.decode().strip().splitlines()[-1]}")
    return msgspec.json.decode(done.stdout, type=Breadth)


async def _measured(kind: str, target: Target, count: int) -> Breadth:
    async with AsyncExitStack() as stack:
        # The first session brings what all of them share.
        await stack.enter_async_context(_subscribed(target, 0))
        before, begun = resident(), time.perf_counter()
        sizes = [count] if kind == "topics" else [1] * count
        everybody = [await stack.enter_async_context(_subscribed(target, size)) for size in sizes]
        taken, seconds = resident() - before, time.perf_counter() - begun
        await _taken(target, everybody)
        assert target.reading is not None
        rate = target.chats / target.reading.cpu
        found = Breadth(kind=kind, count=count, kib=taken / count / 1024, seconds=seconds, rate=rate)
        # Without a word: a thousand orderly ends are nobody's concern here.
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
        sys.stdout.flush()
        os._exit(0)


@asynccontextmanager
async def _subscribed(target: Target, topics: int) -> AsyncIterator[Watch]:
    async with connect(**target.arguments) as kick:
        for channel, kinds in channels_of(topics):
            kick.subscribe(channel, topics=kinds)
        left = topics + 1
        async for event in kick:
            left -= isinstance(event, Up | Confirmed)
            if left == 0:
                break
        yield kick


async def _taken(target: Target, everybody: list[Watch]) -> None:
    """Take all events, and stop the watch."""
    left, over = target.chats, asyncio.Event()

    async def take(kick: Watch) -> None:
        nonlocal left
        async for event in kick:
            if type(event) is ChatMessage:
                left -= 1
                if left == 0:
                    over.set()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(take(kick)) for kick in everybody]
        target.begin()
        await over.wait()
        target.end()
        for task in tasks:
            task.cancel()


def main(kind: str, control: str, count: str, events: str) -> None:
    """Measure so many of a kind."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    target = Target(int(control), Order(events=int(events), audience="spread"), Options(), channels=())
    asyncio.run(_measured(kind, target, int(count)))


if __name__ == "__main__":
    main(*sys.argv[1:])
