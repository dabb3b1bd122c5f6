"""An HTTP server on this machine that says exactly what a test wants, byte for byte, in a thread of its own.

A script is a function over a ``Visit``: one connection, from its first byte to its end. What goes wrong in a script is
raised where the server was used.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PATIENCE = 10.0
"""Seconds after which a script that still waits has failed."""


class Visit:
    """One connection, as its server sees it."""

    def __init__(self, stream: socket.socket, number: int) -> None:
        self._stream = stream
        self._unread = b""
        self.number = number

    def request(self) -> bytes | None:
        """Read one request, body included; None where the client has closed instead."""
        while b"\r\n\r\n" not in self._unread:
            if not self._more():
                return None
        head, _, rest = self._unread.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0].split(b":")[1]) if lengths else 0
        while len(self._unread) < len(head) + 4 + length:
            assert self._more(), "the request broke off"
        rest = self._unread[len(head) + 4 :]
        self._unread = rest[length:]
        return head + b"\r\n\r\n" + rest[:length]

    def send(self, data: bytes) -> None:
        self._stream.sendall(data)

    def reset(self) -> None:
        """End the connection with a reset, once the client has had what was sent."""
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._stream.close()

    def close(self) -> None:
        self._stream.close()

    def until_closed(self) -> None:
        """Wait until the client has closed, whatever it still sends."""
        with suppress(ConnectionError):
            while self._more():
                pass

    def _more(self) -> bool:
        data = self._stream.recv(65536)
        self._unread += data
        return bool(data)


Script = Callable[[Visit], None]


class Loopback:
    """The server's side: where it is, and who came."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None) -> None:
        self._script = script
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        self.port: int = self._listening.getsockname()[1]
        self.visits = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}"

    def accept(self) -> None:
        while True:
            try:
                stream, _ = self._listening.accept()
            except OSError:
                return
            self.visits += 1
            thread = threading.Thread(target=self._serve, args=(stream, self.visits))
            self._threads.append(thread)
            thread.start()

    def _serve(self, stream: socket.socket, number: int) -> None:
        with stream:
            stream.settimeout(PATIENCE)
            try:
                if self._tls is None:
                    self._script(Visit(stream, number))
                else:
                    with suppress(ssl.SSLError), self._tls.wrap_socket(stream, server_side=True) as secure:
                        self._script(Visit(secure, number))
            except BaseException as error:
                self._failures.append(error)

    def close(self) -> None:
        # Not close() alone: that does not wake a thread that accepts.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def finish(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE * 2)
        if self._failures:
            raise self._failures[0]


@contextmanager
def serving(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """Serve on 127.0.0.1; at the end every connection must have come to its own."""
    server = Loopback(script, tls)
    accepting = threading.Thread(target=server.accept)
    accepting.start()
    try:
        yield server
    finally:
        server.close()
        accepting.join(PATIENCE)
    server.finish()


def answering(*answers: bytes) -> Script:
    """Give the answers in turn, one a request, then wait for the client's end."""

    def script(visit: Visit) -> None:
        for answer in answers:
            if visit.request() is None:
                return
            visit.send(answer)
        visit.until_closed()

    return script


def ok(body: bytes, *headers: str) -> bytes:
    """A whole answer with that body."""
    lines = "".join(f"{line}\r\n" for line in (*headers, f"Content-Length: {len(body)}"))
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + body
