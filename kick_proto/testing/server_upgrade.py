"""The HTTP/1.1 upgrade that opens a WebSocket, seen from the server: one request, one verdict.

h11 reads the HTTP, and refuses what is not ASCII in a target; this checks what RFC 6455 section 4.2.1 asks of the
request, and writes the answer. No extension and no subprotocol is accepted, whatever is offered. Where a site is served
on the same port, a request for one of its paths is no business of this module's: the verdict is ``Plain``, with all
that was read.
"""

from collections.abc import Callable
from typing import TypeAlias

import h11
import msgspec
from wsproto.utilities import generate_accept_token

__all__ = ["NO_HTTP", "Plain", "Refusal", "Upgrade", "Verdict", "Welcome"]


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is no upgrade: status line, extra headers, and a sentence for whoever reads it."""

    status: str
    sentence: str
    headers: str = ""

    def encode(self) -> bytes:
        """The whole HTTP answer."""
        body = f"{self.sentence}\n".encode()
        return (
            f"HTTP/1.1 {self.status}\r\n{self.headers}Content-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode() + body


_BAD_REQUEST = "400 Bad Request"
_NO_GET = Refusal("405 Method Not Allowed", "A WebSocket begins with GET.", "Allow: GET\r\n")
_NO_UPGRADE = Refusal(
    "426 Upgrade Required", "This is a WebSocket server: ask for /app/KEY with an upgrade.", "Upgrade: websocket\r\n"
)
_OTHER_VERSION = Refusal(
    "426 Upgrade Required",
    "This server speaks WebSocket version 13.",
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
)
_NO_KEY = Refusal(_BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64.")
NO_HTTP = Refusal(_BAD_REQUEST, "This is no HTTP request.")
_HAS_BODY = Refusal(_BAD_REQUEST, "A request for an upgrade has no body.")


def _header(request: h11.Request, name: bytes) -> bytes:
    """All values of a header (its name in lower case) as one. Source: Spec: RFC 9110 section 5.3."""
    return b",".join(value for each, value in request.headers if each == name)


def _refusal_of(request: h11.Request, key: bytes) -> Refusal | None:
    """Check a request for an upgrade. Source: Spec: RFC 6455 section 4.2.1."""
    tokens = [token.strip().lower() for token in _header(request, b"connection").split(b",")]
    if request.method != b"GET":
        return _NO_GET
    if (
        request.http_version < b"1.1"
        or _header(request, b"upgrade").lower() != b"websocket"
        or b"upgrade" not in tokens
    ):
        return _NO_UPGRADE
    if _header(request, b"sec-websocket-version") != b"13":
        return _OTHER_VERSION
    if len(key) != 24 or not key.endswith(b"=="):
        return _NO_KEY
    return None


class Welcome(msgspec.Struct, frozen=True):
    """The upgrade is made: what was asked for, the answer, and the bytes behind the request, frames already."""

    target: str
    answer: bytes
    trailing: bytes = b""


class Plain(msgspec.Struct, frozen=True):
    """The request is for the site: all bytes that the connection has brought so far."""

    data: bytes


Verdict: TypeAlias = Welcome | Refusal | Plain


class Upgrade:
    """The HTTP side of one connection, until it gives a verdict.

    ``is_for_site`` says of a target whether it is the site's.
    """

    def __init__(self, is_for_site: Callable[[str], bool]) -> None:
        self._http = h11.Connection(h11.SERVER)
        self._is_for_site = is_for_site
        self._data = bytearray()
        self._verdict: Verdict | None = None

    def feed(self, data: bytes) -> Verdict | None:
        """Take one read that is not empty; None while the request is not complete."""
        self._data += data
        try:
            self._http.receive_data(data)
            while True:
                event = self._http.next_event()
                match event:
                    case h11.Request() if self._is_for_site(event.target.decode()):
                        return Plain(bytes(self._data))
                    case h11.Request():
                        self._verdict = _judge(event)
                    case h11.EndOfMessage() if isinstance(self._verdict, Welcome):
                        return msgspec.structs.replace(self._verdict, trailing=self._http.trailing_data[0])
                    case h11.EndOfMessage():
                        return self._verdict
                    case h11.Data():
                        return _HAS_BODY
                    case _:
                        return None
        except h11.RemoteProtocolError:
            return NO_HTTP


def _judge(request: h11.Request) -> Verdict:
    key = _header(request, b"sec-websocket-key")
    if refusal := _refusal_of(request, key):
        return refusal
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + generate_accept_token(key) + b"\r\n\r\n"
    )
    return Welcome(request.target.decode(), answer)
