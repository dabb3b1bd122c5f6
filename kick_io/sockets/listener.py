"""The asyncio side of the mock Kick: a listening socket, one ``asyncio.Protocol`` a client, one timer.

It obeys a ``ServerFraming`` and decides nothing but what is about sockets: a client that reads too slowly is not read
from either, and is dropped when too much waits for it; one that is to end has a moment to take what waits.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from typing import Any, assert_never, cast

from kick_proto.machine import Cancel, Close, Closed, Input, Open, Opened, Output, Received, Transmit
from kick_proto.testing.server import KickServer, ServerEvent
from kick_proto.testing.serving import ServerFraming
from kick_proto.testing.site.answering import KickSite

__all__ = ["CLOSE_TIMEOUT", "FARTHEST_BEHIND", "Listener"]

FARTHEST_BEHIND = 16 << 20
"""Bytes that wait for a client that reads too slowly; with more it is dropped."""

CLOSE_TIMEOUT = 1.0
"""Seconds that a client has for its half of the closing handshake, and then for taking what waits for it."""

TLS_TIMEOUT = 5.0
"""Seconds for a TLS handshake."""


class Listener:
    """Drives a ``KickServer`` and a ``KickSite`` on one port and on the event loop that ``run`` runs on.

    ``keep`` is given the events of each step.
    """

    def __init__(self, server: KickServer, site: KickSite, keep: Callable[[list[ServerEvent]], None]) -> None:
        self.loop: asyncio.AbstractEventLoop
        self.failure: Exception | None = None
        self._framing: ServerFraming[ServerEvent] = ServerFraming(server, site, close_timeout=CLOSE_TIMEOUT)
        self._server = server
        self._keep = keep
        self._refs = count(1)
        self._clients: dict[int, _Client] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._changed: asyncio.Event
        self.stopping = False

    async def run(
        self,
        address: tuple[str, int],
        ssl_context: ssl.SSLContext | None,
        listening: "Future[tuple[str, int]]",
    ) -> None:
        """Listen and serve until ``stop``; say through ``listening`` where, or why not."""
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(self._on_failure)
        self._changed = asyncio.Event()
        try:
            listening_socket = await self.loop.create_server(
                lambda: _Client(self),
                *address,
                ssl=ssl_context,
                ssl_handshake_timeout=TLS_TIMEOUT if ssl_context else None,
            )
        except Exception as error:
            listening.set_exception(error)
            return
        host, port, *_ = listening_socket.sockets[0].getsockname()
        listening.set_result((host, port))
        while not self.stopping:
            await self._change()
        listening_socket.close()
        self._server.close(self.now())
        self.tick()
        while not self._framing.closed:
            await self._change()
        while self._clients:
            await self._change()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await listening_socket.wait_closed()

    def stop(self) -> None:
        """End ``run``; may be called from another thread, and more than once."""

        def stop_soon() -> None:
            self.stopping = True
            self._changed.set()

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(stop_soon)

    def now(self) -> float:
        """The loop's clock."""
        return self.loop.time()

    def feed(self, received: Input[bytes]) -> None:
        """Tell the machine what happened."""
        try:
            self._framing.handle_input(self.now(), received)
        finally:
            self._settle()

    def tick(self) -> None:
        """Fire what is due, and take up what a command has queued."""
        try:
            self._framing.handle_timeout(self.now())
        finally:
            self._settle()

    def _on_alarm(self) -> None:
        self._alarm = None
        self.tick()

    def take_in(self, client: "_Client") -> int:
        """Give a new client its ref."""
        ref = next(self._refs)
        self._clients[ref] = client
        return ref

    def let_out(self, ref: int) -> None:
        """Forget a client whose connection is over."""
        self._clients.pop(ref, None)
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _settle(self) -> None:
        """Do what is to be done, hand out the events, set the timer."""
        while (output := self._framing.poll_output()) is not None:
            self._perform(output)
        if events := self._framing.take_events():
            self._keep(events)
        # A deadline that has moved further away is left to fire early: that changes nothing, and saves the moving.
        at = self._framing.poll_timeout()
        if at is not None and (self._alarm is None or at < self._alarm.when()):
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm = self.loop.call_at(at, self._on_alarm)
        self._changed.set()

    def _perform(self, output: Output[bytes]) -> None:
        client = self._clients.get(output.ref)
        if client is None:
            return
        match output:
            case Transmit(_, data):
                client.send(data)
            case Close():
                client.end()
            case Cancel():
                client.drop()
            case Open():
                pass
            case _:
                assert_never(output)

    def _on_failure(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep the first error for ``__exit__``; those of sockets are the clients' own affair."""
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError) and self.failure is None:
            self.failure = error


class _Client(asyncio.Protocol):
    """One TCP connection. What is sent within one turn of the loop leaves in one write."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._ref = 0
        self._transport: asyncio.Transport
        self._unsent: list[bytes] = []
        self._grace: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ref = self._listener.take_in(self)
        if self._listener.stopping:
            self._transport.abort()
        else:
            self._listener.feed(Opened(self._ref))

    def data_received(self, data: bytes) -> None:
        self._listener.feed(Received(self._ref, data, time.time()))

    def connection_lost(self, error: Exception | None) -> None:
        if self._grace is not None:
            self._grace.cancel()
        self._unsent.clear()
        self._listener.let_out(self._ref)
        self._listener.feed(Closed(self._ref))

    def pause_writing(self) -> None:
        """It reads too slowly: then it is not read from either, so that no answers pile up."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def send(self, data: bytes) -> None:
        if not self._unsent:
            self._listener.loop.call_soon(self._write)
        self._unsent.append(data)

    def end(self) -> None:
        """Send what waits, then end the connection, or drop it when that takes too long."""
        self._write()
        if self._grace is None:
            self._transport.close()
            self._grace = self._listener.loop.call_later(CLOSE_TIMEOUT, self._transport.abort)

    def drop(self) -> None:
        """End it now: what was sent before may still arrive, what waits does not."""
        self._write()
        self._transport.abort()

    def _write(self) -> None:
        if self._unsent and not self._transport.is_closing():
            self._transport.write(b"".join(self._unsent))
            if self._transport.get_write_buffer_size() > FARTHEST_BEHIND:
                self._transport.abort()
        self._unsent.clear()
