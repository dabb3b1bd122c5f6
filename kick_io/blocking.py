"""The blocking driver: for programs without an event loop; sockets, TLS, the clock, and nothing else.

    with connect(ChannelId(668), ChatroomId(668)) as kick:
        for event in kick:
            ...

One thread serves all sockets and timers, so that a slow application delays no pong; a second one lives while a
connection is opened, because looking up a name blocks. One lock guards the machine; no socket is touched, and no
clock read for the machine, without it. Both threads have ended when the ``with`` has.
"""

import math
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import assert_never

from kick_io.sockets.assembly import assemble, system_trust
from kick_io.sockets.pump import Pump
from kick_io.sockets.selector_stream import Stream, dial
from kick_io.sockets.taping import Record
from kick_io.sockets.watch import BlockingWatch
from kick_proto.decoders import Decoders
from kick_proto.drift import Drift
from kick_proto.ids import Channel, First, Second, channels_of
from kick_proto.machine import Cancel, Close, Closed, Failed, Open, Opened, Output, Received, SocketMachine, Transmit
from kick_proto.session import Config, SessionEvent

__all__ = ["Driver", "connect"]


@contextmanager
def connect(
    first: First | None = None,
    second: Second | None = None,
    *more: Channel,
    config: Config | None = None,
    decoders: Decoders | None = None,
    ssl_context: ssl.SSLContext | None = None,
    merge: float | None = 2.0,
    drift: Drift | float | None = 10.0,
    record: Record | None = None,
) -> Iterator[BlockingWatch]:
    """Watch channels: ``connect(ChannelId(1), ChatroomId(2))`` or ``connect(channel, ...)``, with ``with``.

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
    watch = BlockingWatch(machines, driver)
    driver.start()
    try:
        with driver.changed:
            driver.pump.call(session.connect)
        yield watch
        watch.finish()
    finally:
        with driver.changed:
            driver.pump.stop(session.close)
        driver.stop()


class Driver:
    """Runs a byte-level machine on a thread. Everything but ``start`` and ``stop`` is called with ``changed`` held."""

    def __init__(self, machine: SocketMachine[SessionEvent, bytes], ssl_context: ssl.SSLContext | None) -> None:
        self.pump = Pump(machine, self)
        self.changed = threading.Condition()
        self._ssl_context = ssl_context
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._waking_at = -math.inf
        self._opening: dict[int, socket.socket | None] = {}
        self._streams: dict[int, Stream] = {}
        self._stopping = False
        self._server = threading.Thread(target=self._serve, name="kick")
        self._openers: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to serve."""
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, self._rest)
        self._server.start()

    def stop(self) -> None:
        """End what is still open, at once, and wait until it has ended."""
        with self.changed:
            self._stopping = True
            for ref in list(self._opening):
                self._cancel(ref)
            self._wake()
        self._server.join()
        for thread in self._openers:
            thread.join()
        for stream in list(self._streams.values()):
            stream.close()
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def now(self) -> float:
        """The system's monotonic clock."""
        return time.monotonic()

    def settle(self) -> None:
        """Set the timer, stop or go on reading, and wake who waits."""
        self.caught_up()
        self.changed.notify_all()

    def caught_up(self) -> None:
        """Go on reading, where reading had stopped, and set the timer."""
        at = self.pump.machine.poll_timeout()
        if at is not None and at < self._waking_at and not self._stopping:
            self._wake()
        for stream in self._streams.values():
            stream.wait(self.pump.machine.wants_input)

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            self._waker.send(b"\0")

    def _serve(self) -> None:
        try:
            while not self._stopping:
                with self.changed:
                    at = self.pump.machine.poll_timeout()
                    self._waking_at = math.inf if at is None else at
                ready = self._selector.select(None if at is None else max(0.0, at - time.monotonic()))
                with self.changed:
                    for key, events in ready:
                        key.data(events)
                    self.pump.tick()
        except Exception as error:
            with self.changed:
                self.pump.crashed(error)

    def _rest(self, events: int) -> None:
        self._woken.recv(4096)

    def perform(self, output: Output[bytes]) -> None:
        """Do what the machine wants."""
        stream = self._streams.get(output.ref)
        match output:
            case Transmit(data=data):
                if stream is not None:
                    stream.write(data)
            case Open():
                self._opening[output.ref] = None
                opener = threading.Thread(target=self._open, args=(output,), name="kick-open")
                self._openers = [*(thread for thread in self._openers if thread.is_alive()), opener]
                opener.start()
            case Close() | Cancel():
                if stream is not None:
                    del self._streams[output.ref]
                    stream.close()
                else:
                    self._cancel(output.ref)
            case _:
                assert_never(output)

    def _open(self, output: Open) -> None:
        ref, sock, reason = output.ref, None, ""
        try:
            tls = (self._ssl_context or system_trust()) if output.tls else None
            sock = dial(output.host, output.port, tls, partial(self._expose, ref))
        except (OSError, ValueError) as error:
            reason = f"{output.host}:{output.port}: {str(error) or type(error).__name__}"
        with self.changed:
            wanted = ref in self._opening
            self._opening.pop(ref, None)
            if sock is None:
                self.pump.tell(Failed(ref, reason))
            elif wanted and not self._stopping:
                self._streams[ref] = Stream(ref, sock, self._selector, self.pump.machine.wants_input, self._on_read)
                self.pump.tell(Opened(ref))
            else:
                sock.close()
            self._wake()

    def _expose(self, ref: int, sock: socket.socket) -> None:
        with self.changed:
            if ref not in self._opening:
                raise OSError("cancelled")
            self._opening[ref] = sock

    def _cancel(self, ref: int) -> None:
        """Give up an attempt; shutting the socket down ends the wait of the thread that is connecting it."""
        sock = self._opening.pop(ref, None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _on_read(self, ref: int, data: bytes | None, reason: str) -> None:
        if data is None:
            del self._streams[ref]
            self.pump.tell(Closed(ref, 1006, reason))
        else:
            self.pump.tell(Received(ref, data, time.time()))
