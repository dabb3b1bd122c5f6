"""The browser's way back at the end of a login: the sockets of ``kick_proto.redirect``, under asyncio and trio.

    async with listen("http://localhost:38080/callback") as redirect:
        ...  # send the browser to the authorize URL
        query = await redirect.arrived()
        ...  # hand the query to the grant, wait for its tokens
        await redirect.finish("You can close this window.", ok=True)

It listens on 127.0.0.1 and on ::1, since ``localhost`` may lead to either, and a program that had the other one would
be given the code. Nothing outside of this machine can connect. Where no browser is on this machine, ``pasted`` reads
what a person copies out of another one's address line.
"""

import errno
import math
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import count
from typing import assert_never
from urllib.parse import urlsplit

import anyio
from anyio.abc import Listener as SocketListener
from anyio.abc import SocketStream

from kick_proto.errors import LocalProtocolError, LoginFailed, TransportError
from kick_proto.machine import Cancel, Close, Closed, Open, Opened, Output, Received, Transmit
from kick_proto.redirect import Arrived, Limits, Listener, TimedOut, is_answer, parse_target

__all__ = ["Redirect", "listen", "pasted"]

ADDRESSES = ("127.0.0.1", "::1")
"""Where to listen: this machine in both families."""
MISSING_FAMILY = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)
"""What the system says of a family that it has not got, or not on its loopback."""
ENDS = (anyio.EndOfStream, anyio.BrokenResourceError, OSError)
"""What reading and writing raise where the browser has gone; under trio, ``send_eof`` has the system's own error."""
READ_SIZE = 8 * 1024
FLUSH_TIMEOUT = 2.0
"""Seconds that a browser has for taking the last page and closing its side."""


@asynccontextmanager
async def listen(redirect_uri: str, *, timeout: float = 600.0) -> AsyncIterator["Redirect"]:
    """Listen where a redirect URI leads to; ``timeout`` is seconds for the whole login.

    At the end of the block every socket is closed, whatever a browser still waits for.

    Raises:
        LocalProtocolError: the redirect URI does not lead to this machine.
        TransportError: the port cannot be had; the message says why.
    """
    target = parse_target(redirect_uri)
    machine = Listener(target, Limits(login=timeout))
    async with AsyncExitStack() as stack:
        listeners = await _bind(target.port, stack)
        redirect = Redirect(machine)
        try:
            async with anyio.create_task_group() as tasks:
                machine.listen(anyio.current_time())
                tasks.start_soon(redirect.keep_time)
                for listener in listeners:
                    tasks.start_soon(listener.serve, redirect.serve, tasks)
                try:
                    yield redirect
                finally:
                    tasks.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            # Our own tasks raise nothing, so what is in the group came from the block.
            if len(group.exceptions) == 1:
                raise group.exceptions[0] from None
            raise


class Redirect:
    """A redirect that is being waited for; made by ``listen``."""

    def __init__(self, machine: Listener) -> None:
        self._machine = machine
        self._connections: dict[int, _Connection] = {}
        self._refs = count(1)
        self._query: str | None = None
        self._too_late: TimedOut | None = None
        self._news = anyio.Event()

    async def arrived(self) -> str:
        """The query of the redirect, as it was sent, as soon as it is there.

        Raises:
            LoginFailed: nobody came in time; its code is ``timeout``.
        """
        while self._query is None:
            if self._too_late is not None:
                raise LoginFailed(f"nobody logged in within {self._too_late.after:g} s", code="timeout")
            await self._news.wait()
        return self._query

    async def finish(self, sentence: str, *, ok: bool) -> None:
        """Show the browser how the login went, in plain text, and wait until it has it, for two seconds at most.

        Raises:
            LocalProtocolError: the redirect has not arrived.
        """
        self._machine.finish(anyio.current_time(), sentence, ok=ok)
        self._settle()
        while self._connections:
            await self._news.wait()

    async def keep_time(self) -> None:
        """Call the machine whenever a deadline has come; ``listen``'s own."""
        while not self._machine.closed:
            at = self._machine.poll_timeout()
            with anyio.CancelScope(deadline=math.inf if at is None else at):
                await self._news.wait()
            self._machine.handle_timeout(anyio.current_time())
            self._settle()

    async def serve(self, stream: SocketStream) -> None:
        """Serve one connection to its end; ``listen``'s own."""
        ref, connection = next(self._refs), _Connection(stream)
        try:
            if self._machine.closed:
                return
            self._connections[ref] = connection
            self._tell(Opened(ref))
            while (data := await connection.read()) is not None:
                self._tell(Received(ref, data, time.time()))
            await connection.flush()
        finally:
            await anyio.aclose_forcefully(stream)
            if self._connections.pop(ref, None) is not None:
                self._tell(Closed(ref))

    def _tell(self, received: Opened | Received[bytes] | Closed) -> None:
        self._machine.handle_input(anyio.current_time(), received)
        self._settle()

    def _settle(self) -> None:
        while (output := self._machine.poll_output()) is not None:
            self._perform(output)
        for event in self._machine.take_events():
            match event:
                case Arrived(query):
                    self._query = query
                case TimedOut():
                    self._too_late = event
                case _:
                    assert_never(event)
        news, self._news = self._news, anyio.Event()
        news.set()

    def _perform(self, output: Output[bytes]) -> None:
        connection = self._connections.get(output.ref)
        if connection is None:
            return
        match output:
            case Transmit(data=data):
                connection.unsent += data
            case Close():
                connection.end()
            case Cancel():
                connection.unsent = b""
                connection.end()
            case Open():
                """A server opens nothing."""
            case _:
                assert_never(output)


class _Connection:
    """One connection: it is read until the machine ends it, and what was transmitted leaves at its end.

    The machine transmits nothing but a last answer, so no answer waits here while its connection is read.
    """

    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream
        self._reading = anyio.CancelScope()
        self._ended = False
        self.unsent = b""

    def end(self) -> None:
        """Read no more."""
        self._ended = True
        self._reading.cancel()

    async def read(self) -> bytes | None:
        """Some bytes; None where the peer has closed, or is to be read no more."""
        if self._ended:
            return None
        self._reading = anyio.CancelScope()
        with self._reading, suppress(*ENDS):
            return await self._stream.receive(READ_SIZE)
        return None

    async def flush(self) -> None:
        """Send what waits, and let the peer close first: closed with bytes unread, we might take the answer back."""
        if not self.unsent:
            return
        with anyio.move_on_after(FLUSH_TIMEOUT), suppress(*ENDS):
            await self._stream.send(self.unsent)
            await self._stream.send_eof()
            while True:
                await self._stream.receive(READ_SIZE)


async def _bind(port: int, stack: AsyncExitStack) -> list[SocketListener[SocketStream]]:
    """Listen in both families; one may be missing on this machine.

    Raises:
        TransportError: the port is taken in one of them, or neither can be had.
    """
    listeners: list[SocketListener[SocketStream]] = []
    problem = ""
    for address in ADDRESSES:
        try:
            listener = await anyio.create_tcp_listener(local_host=address, local_port=port)
        except OSError as error:
            if not isinstance(error, socket.gaierror) and error.errno not in MISSING_FAMILY:
                raise TransportError(_sentence(error, address, port)) from None
            problem = problem or str(error)
        else:
            listeners.append(listener)
            stack.push_async_callback(listener.aclose)
    if not listeners:
        raise TransportError(f"this machine has neither 127.0.0.1 nor ::1 to listen on: {problem}")
    return listeners


def _sentence(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {address} is in use by another program, which would be given the login: "
            "end it, register a redirect URI with another port, or log in with --paste"
        )
    if error.errno == errno.EACCES:
        return f"port {port} on {address} needs more rights: register a redirect URI with a port above 1023"
    return f"cannot listen on {address} port {port}: {error}"


def pasted(text: str) -> str:
    """The query in what a person pasted: a whole address, its query, or ``code=...&state=...`` alone.

    Raises:
        LocalProtocolError: there is none; the message does not repeat what was pasted.
    """
    # A terminal breaks long lines, and people copy the quotes around an address.
    joined = "".join(text.split()).strip("\"'<>")
    try:
        query = urlsplit(joined).query if "?" in joined else joined.partition("#")[0]
    except ValueError:
        query = ""
    if not is_answer(query):
        raise LocalProtocolError(
            "that is not the end of a login: paste the whole address that the browser ended up at, "
            "from http:// on, with its code= and state="
        )
    return query
