"""The HTTP/1.1 upgrade that opens a WebSocket, seen from the client: one request, one answer.

h11 reads the HTTP; this checks what RFC 6455 section 4.1 asks of the answer. The nonce is an argument, no extension
and no subprotocol is offered, and an answer that has one is refused. Nothing raises on what the peer sends.
"""

import base64
from collections import defaultdict
from typing import TypeAlias, cast

import h11
import msgspec
from wsproto.utilities import generate_accept_token

from kick_proto import __version__
from kick_proto.machine import Open

__all__ = ["Answer", "Refused", "Upgrade", "Upgraded"]


class Upgraded(msgspec.Struct, frozen=True):
    """The WebSocket is open; ``trailing`` are the bytes behind the answer, frames already."""

    trailing: bytes


class Refused(msgspec.Struct, frozen=True):
    """There will be no WebSocket; ``reason`` says why."""

    reason: str


Answer: TypeAlias = Upgraded | Refused


class Upgrade:
    """One attempt: ``request`` goes out, ``feed`` takes what comes back until it gives an answer."""

    def __init__(self, opening: Open, nonce: bytes, *, max_header: int, max_informational: int) -> None:
        self._key = base64.b64encode(nonce)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=max_header)
        self._max_header = max_header
        self._informational_left = max_informational
        self._fed = 0
        self._opening = opening

    def request(self) -> bytes:
        """The request. Source: Spec: RFC 6455 section 4.1.

        Raises:
            h11.LocalProtocolError: host or target hold what no HTTP request may, anything but ASCII included.
        """
        opening = self._opening
        host = f"[{opening.host}]" if ":" in opening.host else opening.host
        default = 443 if opening.tls else 80
        headers = [
            ("Host", host if opening.port == default else f"{host}:{opening.port}"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", self._key.decode()),
            ("Sec-WebSocket-Version", "13"),
            ("User-Agent", f"kick-proto/{__version__}"),
        ]
        try:
            return self._http.send(h11.Request(method="GET", target=opening.target, headers=headers)) or b""
        except UnicodeEncodeError as error:
            raise h11.LocalProtocolError(f"only ASCII may stand in a request: {error}") from None

    def feed(self, data: bytes) -> Answer | None:
        """Take bytes of the peer; None where the answer is not complete yet."""
        if not data:
            return Refused("the peer closed during the WebSocket handshake")
        self._fed += len(data)
        try:
            self._http.receive_data(data)
            answer = self._next_answer()
            # h11 looks at its limit only while something is incomplete; this one holds however the bytes come.
            read = self._fed - (len(answer.trailing) if isinstance(answer, Upgraded) else 0)
            if read > self._max_header and not isinstance(answer, Refused):
                return Refused(f"more than {self._max_header} bytes of answer to the WebSocket handshake")
            return answer
        except h11.RemoteProtocolError as error:
            return Refused(f"the answer to the WebSocket handshake is not HTTP: {error}")

    def _next_answer(self) -> Answer | None:
        while (event := self._http.next_event()) is not h11.NEED_DATA:
            # Nothing else can come first: whatever the answer is, it ends this with its head.
            answer = self._judge(cast(h11.InformationalResponse | h11.Response, event))
            if answer is not None:
                return answer
        return None

    def _judge(self, event: h11.InformationalResponse | h11.Response) -> Answer | None:
        if isinstance(event, h11.Response):
            phrase = event.reason.decode("latin-1")
            return Refused(f"the WebSocket handshake was answered with HTTP {event.status_code} {phrase}".rstrip())
        if event.status_code == 101:
            problem = self._problem(event)
            return Refused(problem) if problem else Upgraded(self._http.trailing_data[0])
        self._informational_left -= 1
        return Refused("too many 1xx answers to the WebSocket handshake") if self._informational_left < 0 else None

    def _problem(self, answer: h11.InformationalResponse) -> str | None:
        """What is wrong with a 101, if anything. Source: Spec: RFC 6455 section 4.1, the client's list of 6."""
        # HTTP/2 has no 101 at all, so a status line that says so is nonsense. Source: Spec: RFC 9113 section 8.6.
        if not b"1.1" <= answer.http_version < b"2":
            return f"a 101 in HTTP/{answer.http_version.decode('latin-1')}, which knows no upgrade"
        headers: defaultdict[bytes, bytes] = defaultdict(bytes)
        for name, value in answer.headers:
            headers[name] = headers[name] + b"," + value if name in headers else value
        if headers[b"upgrade"].lower() != b"websocket":
            return "the 101 lacks 'Upgrade: websocket'"
        if b"upgrade" not in (token.strip().lower() for token in headers[b"connection"].split(b",")):
            return "the 101 lacks 'Connection: Upgrade'"
        if headers[b"sec-websocket-accept"] != generate_accept_token(self._key):
            return "the 101 has a wrong Sec-WebSocket-Accept: that peer did not read our request"
        for name in (b"sec-websocket-extensions", b"sec-websocket-protocol"):
            if name in headers:
                return f"the 101 chose a {name.decode()} that was not offered"
        return None
