"""A TCP or TLS stream on a selector, which never blocks, and how one is dialled, which does.

The blocking driver's own: no other thread may touch a ``Stream`` at the same time.
"""

import selectors
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from kick_io.sockets.assembly import READ_SIZE, UNREAD_LIMIT

__all__ = ["Stream", "dial"]

NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

OnRead: TypeAlias = Callable[[int, bytes | None, str], None]
"""Takes the stream's ref with the bytes of a read, or with None and why the stream has ended."""


def dial(host: str, port: int, tls: ssl.SSLContext | None, expose: Callable[[socket.socket], None]) -> socket.socket:
    """Connect, address by address, TLS handshake included.

    ``expose`` is given each socket before it blocks, so that another thread can shut it down; it may raise OSError.

    Raises:
        OSError: no address could be connected; the error is the last one's.
    """
    failure = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            expose(sock)
            sock.connect(address)
            if tls is not None:
                sock = tls.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
                expose(sock)
                sock.do_handshake()
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


class Stream:
    """What is still to be sent, and what the selector waits for; every read goes to ``on_read``."""

    def __init__(
        self, ref: int, sock: socket.socket, selector: selectors.BaseSelector, reading: bool, on_read: OnRead
    ) -> None:
        self._ref = ref
        self._socket = sock
        self._selector = selector
        self._on_read = on_read
        self._unsent = bytearray()
        self._events = 0
        self._open = True
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wait(reading)

    def write(self, data: bytes) -> None:
        """Send, whenever the peer takes it; one that leaves too much unread is given up."""
        self._unsent += data
        if len(self._unsent) > UNREAD_LIMIT:
            self._end("the peer does not read")
        else:
            self._flush()

    def wait(self, reading: bool) -> None:
        """Have the selector wait for reads or not, and for writes while something is unsent."""
        if not self._open:
            return
        events = (selectors.EVENT_READ if reading else 0) | (selectors.EVENT_WRITE if self._unsent else 0)
        if events == self._events:
            return
        if self._events == 0:
            self._selector.register(self._socket, events, self._ready)
        elif events == 0:
            self._selector.unregister(self._socket)
        else:
            self._selector.modify(self._socket, events, self._ready)
        self._events = events

    def close(self) -> None:
        """Close; what the peer has not taken by now, of the few bytes that it was sent, it will not take."""
        if self._open:
            self._open = False
            if self._events:
                self._selector.unregister(self._socket)
            self._socket.close()

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush()
        if events & selectors.EVENT_READ:
            self._read()

    def _read(self) -> None:
        """One read; TLS may hold more that the selector cannot see, and is read until it is empty."""
        try:
            while self._open:
                data = self._socket.recv(READ_SIZE)
                if not data:
                    self._end("")
                    return
                self._on_read(self._ref, data, "")
                if not isinstance(self._socket, ssl.SSLSocket):
                    return
        except NOT_NOW:
            return
        except OSError as error:
            self._end(str(error))

    def _flush(self) -> None:
        # An error in sending is left to the next read, which meets the same end.
        with suppress(OSError):
            while self._unsent:
                sent = self._socket.send(self._unsent)
                del self._unsent[:sent]
        self.wait(bool(self._events & selectors.EVENT_READ))

    def _end(self, reason: str) -> None:
        if self._open:
            self.close()
            self._on_read(self._ref, None, reason)
