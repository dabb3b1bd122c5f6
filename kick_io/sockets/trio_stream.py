"""A TCP or TLS stream under trio: how one is dialled, read and written, and ended within a bounded time.

The trio driver's own.
"""

import ssl
from collections.abc import Callable

import trio

from kick_io.sockets.assembly import READ_SIZE, UNREAD_LIMIT

__all__ = ["Stream", "dial", "said"]

FLUSH_TIMEOUT = 1.0
"""Seconds that a peer has to take the last bytes of a stream that is being closed."""


async def dial(host: str, port: int, tls: ssl.SSLContext | None) -> trio.abc.Stream:
    """Connect, TLS handshake included."""
    plain = await trio.open_tcp_stream(host, port)
    if tls is None:
        return plain
    secure = trio.SSLStream(plain, tls, server_hostname=host, https_compatible=True)
    try:
        await secure.do_handshake()
    except BaseException:
        await trio.aclose_forcefully(plain)
        raise
    return secure


def said(error: BaseException) -> str:
    """What went wrong, in the words of the system's own error, which trio wraps: in a cause, or in a group."""
    cause = error.__cause__ or error
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    return str(cause) or type(cause).__name__


class Stream:
    """One TCP or TLS stream: what it still has to send, and whether it is being read."""

    def __init__(self, transport: trio.abc.Stream) -> None:
        self._transport = transport
        self._unsent = bytearray()
        self._more = trio.Event()
        self._closing = False
        self._readable = trio.Event()
        self._scope = trio.CancelScope()

    async def serve(self, on_read: Callable[[bytes], None]) -> str:
        """Write what there is to write, and hand on each read, until the end; gives the reason of the end."""
        reason = ""
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write)
                    reason = await self._read(on_read)
                    nursery.cancel_scope.cancel()
        finally:
            await trio.aclose_forcefully(self._transport)
        return reason

    async def _read(self, on_read: Callable[[bytes], None]) -> str:
        try:
            while True:
                await self._readable.wait()
                data = await self._transport.receive_some(READ_SIZE)
                if not data:
                    return ""
                on_read(bytes(data))
        except trio.BrokenResourceError as error:
            return said(error)

    async def _write(self) -> None:
        try:
            while self._unsent or not self._closing:
                data, self._unsent, self._more = bytes(self._unsent), bytearray(), trio.Event()
                await (self._transport.send_all(data) if data else self._more.wait())
        except trio.BrokenResourceError:
            """The reader sees the same end, and tells it."""
        else:
            self._scope.cancel()

    def write(self, data: bytes) -> None:
        """Send, whenever the peer takes it; one that takes nothing for too long is dead."""
        self._unsent += data
        self._more.set()
        if len(self._unsent) > UNREAD_LIMIT:
            self._scope.cancel()

    def close(self) -> None:
        """Close, once what was written is out; the peer has a second to take it."""
        self._closing = True
        self._more.set()
        self._scope.deadline = trio.current_time() + FLUSH_TIMEOUT

    def pause_or_resume(self, wanted: bool) -> None:
        """Read on, or stop reading."""
        if wanted:
            self._readable.set()
        elif self._readable.is_set():
            self._readable = trio.Event()
