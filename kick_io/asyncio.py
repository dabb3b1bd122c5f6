"""The asyncio driver: sockets, TLS and the clock for the machines, and nothing that could be decided there.

    async with connect(ChannelId(668), ChatroomId(668)) as kick:
        async for event in kick:
            ...

Everything happens in the event loop's own callbacks: a read of the socket is one call of the machine, a timer is one
``call_at``. The only tasks are those that open connections. Runs under uvloop as it is.
"""

import asyncio
import math
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import assert_never, cast
from weakref import WeakKeyDictionary

from kick_io.sockets.assembly import READ_SIZE, UNREAD_LIMIT, assemble, system_trust
from kick_io.sockets.pump import Pump
from kick_io.sockets.taping import Record
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
    driver = Driver(machines.machine, ssl_context)
    driver.pump.tape = machines.tape
    watch = Watch(machines, driver)
    try:
        driver.pump.call(session.connect)
        yield watch
        await watch.finish()
    finally:
        driver.pump.stop(session.close)
        await driver.abandon()


class Driver:
    """Runs a byte-level machine on the running event loop."""

    def __init__(self, machine: SocketMachine[SessionEvent, bytes], ssl_context: ssl.SSLContext | None) -> None:
        self._loop = asyncio.get_running_loop()
        self.pump = Pump(machine, self)
        self._ssl_context = ssl_context
        self._news = asyncio.Event()
        self._opening: dict[int, asyncio.Task[None]] = {}
        self._streams: dict[int, _Stream] = {}
        self._buffer = _buffer_of(self._loop)
        self._timer: asyncio.Handle | None = None
        self._timer_at = math.inf
        self._reading = True
        self._reads_once_a_turn = isinstance(self._loop, asyncio.BaseEventLoop)
        """So do the loops of the standard library. uvloop reads a busy stream up to 32 times before it turns to others:
        all that while the application gets nothing, and when it does, its events have left the processor's caches."""

    async def change(self) -> None:
        """Wait until the machine has been told something."""
        self._news.clear()
        await self._news.wait()

    def caught_up(self) -> None:
        """Go on reading, where reading had stopped, and set the timer."""
        # A deadline that has moved further away is left to fire early: that changes nothing, and saves the moving.
        at = self.pump.machine.poll_timeout()
        if at is not None and at < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer, self._timer_at = self._loop.call_at(at, self._on_timer), at
        if self._reading != self.pump.machine.wants_input:
            self._reading = self.pump.machine.wants_input
            for stream in self._streams.values():
                (stream.transport.resume_reading if self._reading else stream.transport.pause_reading)()

    async def abandon(self) -> None:
        """End what is still open, at once, and wait until it has ended: a few turns of the loop, cancelled or not."""
        cancelled: asyncio.CancelledError | None = None
        for ref, task in self._opening.items():
            # Where there is a stream already, its task ends by itself; cancelled so late, uvloop would lose the end.
            if ref not in self._streams:
                task.cancel()
        for stream in self._streams.values():
            stream.transport.abort()
        while self._opening or self._streams:
            try:
                await self.change()
            except asyncio.CancelledError as error:
                cancelled = error
        if self._timer is not None:
            self._timer.cancel()
        if cancelled is not None:
            raise cancelled

    def now(self) -> float:
        """The loop's clock."""
        return self._loop.time()

    def settle(self) -> None:
        """Set the timer, stop or go on reading, and wake who waits."""
        self.caught_up()
        self._news.set()

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self.pump.tick()

    def perform(self, output: Output[bytes]) -> None:
        """Do what the machine wants."""
        stream = self._streams.get(output.ref)
        match output:
            case Transmit(data=data):
                if stream is not None:
                    stream.transport.write(data)
            case Open():
                task = self._opening[output.ref] = self._loop.create_task(self._open(output))
                # Not in the task itself: one that is cancelled before it began runs no line of its own.
                task.add_done_callback(lambda _: self._on_opening_done(output.ref))
            case Close() | Cancel():
                if stream is not None:
                    stream.close()
                elif output.ref in self._opening:
                    self._opening[output.ref].cancel()
            case _:
                assert_never(output)

    async def _open(self, output: Open) -> None:
        try:
            tls = (self._ssl_context or system_trust()) if output.tls else None
            await self._loop.create_connection(lambda: _Stream(self, output.ref), output.host, output.port, ssl=tls)
        except (OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            self.pump.tell(Failed(output.ref, f"{output.host}:{output.port}: {reason}"))

    def _on_opening_done(self, ref: int) -> None:
        del self._opening[ref]
        self._news.set()


_buffers: WeakKeyDictionary[asyncio.AbstractEventLoop, memoryview] = WeakKeyDictionary()


def _buffer_of(loop: asyncio.AbstractEventLoop) -> memoryview:
    """What all streams of the loop are read into: it would be the largest part of a session that has its own."""
    if (buffer := _buffers.get(loop)) is None:
        buffer = _buffers[loop] = memoryview(bytearray(READ_SIZE))
    return buffer


class _Stream(asyncio.BufferedProtocol):
    """One TCP or TLS stream. Every read goes into the loop's one buffer: it is copied out before the next."""

    def __init__(self, driver: Driver, ref: int) -> None:
        self._driver = driver
        self._ref = ref

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=UNREAD_LIMIT)
        self._driver._streams[self._ref] = self
        if not self._driver._reading:
            self.transport.pause_reading()
        self._driver.pump.tell(Opened(self._ref))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._driver._buffer

    def buffer_updated(self, nbytes: int) -> None:
        received = Received(self._ref, bytes(self._driver._buffer[:nbytes]), time.time())
        self._driver.pump.tell(received)
        if not self._driver._reads_once_a_turn:
            self.transport.pause_reading()
            self._driver._loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if self._driver._reading and not self.transport.is_closing():
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        del self._driver._streams[self._ref]
        self._driver._news.set()
        self._driver.pump.tell(Closed(self._ref, 1006, str(exc or "")))

    def pause_writing(self) -> None:
        self.transport.abort()

    def close(self) -> None:
        """Close; what the peer has not taken by now, of the few bytes that it was sent, it will not take."""
        stuck = self.transport.get_write_buffer_size() > 0
        (self.transport.abort if stuck else self.transport.close)()
