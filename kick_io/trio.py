"""The trio driver: sockets, TLS and the clock for the machines, and nothing that could be decided there.

    async with connect(ChannelId(668), ChatroomId(668)) as kick:
        async for event in kick:
            ...

One task keeps the time, two serve each stream (one reads, one writes), one opens it; all of them end before the
``async with`` does. What is raised inside it comes out as it is, not in a group.
"""

import math
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import assert_never

import trio

from kick_io.sockets.assembly import assemble, system_trust
from kick_io.sockets.pump import Pump
from kick_io.sockets.taping import Record
from kick_io.sockets.trio_stream import Stream, dial, said
from kick_io.sockets.watch import Watch
from kick_proto.decoders import Decoders
from kick_proto.drift import Drift
from kick_proto.ids import Channel, First, Second, channels_of
from kick_proto.machine import Cancel, Close, Closed, Failed, Open, Opened, Output, Received, SocketMachine, Transmit
from kick_proto.session import Config, SessionEvent

__all__ = ["Driver", "connect"]


@asynccontextmanager
async def connect(
    first: First | None = None,
    second: Second | None = None,
    *more: Channel,
    config: Config | None = None,
    decoders: Decoders | None = None,
    ssl_context: ssl.SSLContext | None = None,
    merge: float | None = 2.0,
    drift: Drift | float | None = 10.0,
    record: Record | None = None,
) -> AsyncIterator[Watch]:
    """Watch channels: ``connect(ChannelId(1), ChatroomId(2))`` or ``connect(channel, ...)``, with ``async with``.

    The connection is made in the background; ``Up`` and ``Down`` among the events tell of it. ``ssl_context``
    replaces the default one, which trusts what the system trusts. ``merge`` is how many seconds to wait for the sibling
    frames of one fact; None hands on every frame's event by itself. ``drift`` is after how many seconds a
    frame of the same name is compared again with what the decoders expect, for ``kick.drift()``; None compares nothing,
    and a ``Drift`` of your own does it in its way. ``record`` is a path, or what is to be called with lines: there all
    that happens is written, for ``kick replay``.

    Raises:
        ValueError: ``merge`` or ``drift`` is no time to wait.
        LocalProtocolError: the channels are not named in one of these ways.
        OSError: the recording cannot be written.
    """
    machines = assemble(channels_of(first, second, *more), config, decoders, merge, drift, record)
    session = machines.session
    try:
        async with trio.open_nursery() as nursery:
            driver = Driver(machines.machine, ssl_context, nursery)
            driver.pump.tape = machines.tape
            watch = Watch(machines, driver)
            nursery.start_soon(driver.keep_time)
            driver.pump.call(session.connect)
            try:
                yield watch
                await watch.finish()
            finally:
                driver.pump.stop(session.close)
                nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # The driver's own tasks raise nothing, so what is in the nursery's group came from the application.
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise


class Driver:
    """Runs a byte-level machine in a nursery."""

    def __init__(
        self, machine: SocketMachine[SessionEvent, bytes], ssl_context: ssl.SSLContext | None, nursery: trio.Nursery
    ) -> None:
        self.pump = Pump(machine, self)
        self._ssl_context = ssl_context
        self._nursery = nursery
        self._news = trio.Event()
        self._sooner = trio.Event()
        self._waking_at = -math.inf
        self._opening: dict[int, trio.CancelScope] = {}
        self._streams: dict[int, Stream] = {}

    async def change(self) -> None:
        """Wait until the machine has been told something."""
        if self._news.is_set():
            self._news = trio.Event()
        await self._news.wait()

    def caught_up(self) -> None:
        """Go on reading, where reading had stopped, and set the timer."""
        # A deadline that has moved further away is left to fire early: that changes nothing, and saves the waking.
        at = self.pump.machine.poll_timeout()
        if at is not None and at < self._waking_at:
            self._sooner.set()
        for stream in self._streams.values():
            stream.pause_or_resume(self.pump.machine.wants_input)

    async def keep_time(self) -> None:
        """Call the machine whenever a deadline has come."""
        while True:
            at = self.pump.machine.poll_timeout()
            self._waking_at = math.inf if at is None else at
            self._sooner = trio.Event()
            with trio.move_on_at(self._waking_at):
                await self._sooner.wait()
            self.pump.tick()

    def now(self) -> float:
        """Trio's clock, which a test may replace."""
        return trio.current_time()

    def settle(self) -> None:
        """Set the timer, stop or go on reading, and wake who waits."""
        self.caught_up()
        self._news.set()

    def perform(self, output: Output[bytes]) -> None:
        """Do what the machine wants."""
        stream = self._streams.get(output.ref)
        match output:
            case Transmit(data=data):
                if stream is not None:
                    stream.write(data)
            case Open():
                self._opening[output.ref] = trio.CancelScope()
                self._nursery.start_soon(self._open, output)
            case Close() | Cancel():
                if stream is not None:
                    stream.close()
                elif (opening := self._opening.get(output.ref)) is not None:
                    opening.cancel()
            case _:
                assert_never(output)

    async def _open(self, output: Open) -> None:
        ref, host, port = output.ref, output.host, output.port
        tls = (self._ssl_context or system_trust()) if output.tls else None
        stream = None
        with self._opening[ref]:
            try:
                stream = self._streams[ref] = Stream(await dial(host, port, tls))
            except (OSError, ValueError, trio.BrokenResourceError) as error:
                self.pump.tell(Failed(ref, f"{host}:{port}: {said(error)}"))
        del self._opening[ref]
        if stream is not None:
            self.pump.tell(Opened(ref))
            reason = await stream.serve(partial(self._on_read, ref))
            del self._streams[ref]
            self.pump.tell(Closed(ref, 1006, reason))

    def _on_read(self, ref: int, data: bytes) -> None:
        self.pump.tell(Received(ref, data, time.time()))
