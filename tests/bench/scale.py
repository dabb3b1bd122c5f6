"""What a session costs that nothing happens on: memory above a bare socket's, and the CPU of a process full of them.

``python -m tests.bench.scale KIND PORT COUNT SECONDS`` is the process that is measured.
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
from kick_proto.provider import Confirmed
from tests.bench.order import CHANNELS, Order
from tests.bench.process import resident
from tests.bench.raw import upgraded
from tests.bench.running import ROOT, TurnError
from tests.bench.target import Options, Target

__all__ = ["Idle", "Scale", "main", "measure_scale"]

PATIENCE = 300.0


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    """What one process took: bytes for all connections, and the share of a core while nothing happened."""

    resident: int
    share: float


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """So many idle sessions in one process: KiB of a socket and of a session above it; CPU in percent."""

    sessions: int
    socket_kib: float
    session_kib: float
    percent: float


def measure_scale(control: int, *, sessions: int, seconds: float) -> Scale:
    """Measure bare sockets and sessions, each in a fresh process.

    Raises:
        TurnError: one of the processes has failed.
    """
    bare, full = (_idle(kind, control, sessions, seconds) for kind in ("sockets", "sessions"))
    return Scale(
        sessions=sessions,
        socket_kib=bare.resident / sessions / 1024,
        session_kib=(full.resident - bare.resident) / sessions / 1024,
        percent=full.share * 100,
    )


def _idle(kind: str, control: int, count: int, seconds: float) -> Idle:
    command = [sys.executable, "-m", "tests.bench.scale", kind, str(control), str(count), str(seconds)]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise TurnError(f"{count} idle {kind}: {done.stderr.decode().strip().splitlines()[-1]}")
    return msgspec.json.decode(done.stdout, type=Idle)


async def _measured(kind: str, target: Target, count: int, seconds: float) -> Idle:
    async with AsyncExitStack() as stack:
        await KINDS[kind](target, stack)
        before = resident()
        for _ in range(count):
            await KINDS[kind](target, stack)
        taken = resident() - before
        begun = time.process_time()
        await asyncio.sleep(seconds)
        idle = Idle(resident=taken, share=(time.process_time() - begun) / seconds)
        # Without a word: a thousand orderly ends are nobody's concern here.
        sys.stdout.buffer.write(msgspec.json.encode(idle) + b"\n")
        sys.stdout.flush()
        os._exit(0)


async def _add_socket(target: Target, stack: AsyncExitStack) -> None:
    stack.enter_context(upgraded(target))


async def _add_session(target: Target, stack: AsyncExitStack) -> None:
    await stack.enter_async_context(_subscribed(target))


@asynccontextmanager
async def _subscribed(target: Target) -> AsyncIterator[None]:
    confirmed = 0
    async with connect(*target.channels, **target.arguments) as kick:
        async for event in kick:
            confirmed += type(event) is Confirmed
            if confirmed == len(target.topics):
                break
        yield


KINDS = {"sockets": _add_socket, "sessions": _add_session}


def main(kind: str, control: str, count: str, seconds: str) -> None:
    """Measure so many of a kind."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    target = Target(int(control), Order(events=1), Options(), channels=CHANNELS[:1])
    asyncio.run(_measured(kind, target, int(count), float(seconds)))


if __name__ == "__main__":
    main(*sys.argv[1:])
