"""A ``KickServer`` behind its framing on a virtual clock, and wsproto's own client to speak to it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, Pong, Request, TextMessage
from wsproto.utilities import LocalProtocolError

from kick_proto.machine import Cancel, Close, Closed, Opened, Received, Transmit
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.server import KickServer, ServerEvent
from kick_proto.testing.serving import ServerFraming
from kick_proto.testing.site.framing import Site
from tests.testing.stand import EPOCH, TARGET, Half

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""The nonce of RFC 6455 section 1.3, and what must answer it."""
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def upgrade(target: str = TARGET, *lines: str) -> bytes:
    """A good request for an upgrade, with more header lines if wanted."""
    head = (
        f"GET {target} HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Version: 13",
        *lines,
    )
    return "\r\n".join((*head, "", "")).encode()


def frame(first: int, payload: bytes, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """A masked frame, whatever its first byte says."""
    size = len(payload)
    if size < 126:
        header = bytes((first, 0x80 | size))
    elif size < 65536:
        header = bytes((first, 0x80 | 126)) + size.to_bytes(2)
    else:
        header = bytes((first, 0x80 | 127)) + size.to_bytes(8)
    return header + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


class Wire:
    """One server, and what it has sent to whom: bytes, and how it ended."""

    def __init__(self, faults: Faults = NO_FAULTS, site: Site | None = None, **settings: Any) -> None:
        self.now = 100.0
        self.server = KickServer(**{"rng": Half(), "unix_epoch": EPOCH, "faults": faults, **settings})
        self.framing: ServerFraming[ServerEvent] = ServerFraming(self.server, site)
        self.sent: dict[int, bytes] = {}
        self.ends: list[tuple[int, str]] = []

    def drain(self) -> None:
        while (output := self.framing.poll_output()) is not None:
            assert output.ref not in dict(self.ends), "nothing comes after the end"
            match output:
                case Transmit(ref, data):
                    self.sent[ref] = self.sent.get(ref, b"") + data
                case Close(ref) | Cancel(ref):
                    self.ends.append((ref, type(output).__name__))
                case _:
                    raise AssertionError(output)

    def open(self, ref: int = 1) -> None:
        self.framing.handle_input(self.now, Opened(ref))
        self.drain()

    def feed(self, *chunks: bytes, ref: int = 1) -> bytes:
        """Send bytes to the server; gives what has come back."""
        for chunk in chunks:
            self.framing.handle_input(self.now, Received(ref, chunk, EPOCH + self.now))
            self.drain()
        return self.sent.pop(ref, b"")

    def lose(self, ref: int = 1) -> None:
        self.framing.handle_input(self.now, Closed(ref))
        self.drain()

    def command(self, command: Callable[..., Any], *args: Any) -> Any:
        result = command(self.now, *args)
        self.framing.handle_timeout(self.now)
        self.drain()
        return result

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while (at := self.framing.poll_timeout()) is not None and at <= end:
            self.now = at
            self.framing.handle_timeout(self.now)
            self.drain()
        self.now = end

    def connect(self, ref: int = 1) -> None:
        """Open a WebSocket by hand, and forget what the server said to that."""
        self.open(ref)
        self.feed(upgrade(), ref=ref)
        self.framing.take_events()


class Client:
    """wsproto's client on a wire."""

    def __init__(self, wire: Wire, ref: int = 1, target: str = TARGET) -> None:
        self.wire = wire
        self.ref = ref
        self.texts: list[str] = []
        self.pings: list[bytes] = []
        self.pongs: list[bytes] = []
        self.end: tuple[int, str | None] | None = None
        self.accepted = False
        self._parts: list[str] = []
        self._connection = WSConnection(ConnectionType.CLIENT)
        wire.open(ref)
        self.send(Request(host="localhost", target=target))

    def send(self, event: Event) -> None:
        self.take(self.wire.feed(self._connection.send(event), ref=self.ref))

    def look(self) -> None:
        """Read what the server has sent meanwhile."""
        self.take(self.wire.sent.pop(self.ref, b""))

    def take(self, data: bytes) -> None:
        if data:
            self._connection.receive_data(data)
        for event in self._connection.events():
            match event:
                case AcceptConnection():
                    self.accepted = True
                case TextMessage(data=text, message_finished=finished):
                    self._parts.append(text)
                    if finished:
                        self.texts.append("".join(self._parts))
                        self._parts.clear()
                case Ping(payload=payload):
                    self.pings.append(bytes(payload))
                    self.wire.feed(self._connection.send(event.response()), ref=self.ref)
                case Pong(payload=payload):
                    self.pongs.append(bytes(payload))
                case CloseConnection(code=code, reason=reason):
                    self.end = (code, reason)
                    # Where the server has answered our own close there is nothing left to say.
                    with suppress(LocalProtocolError):
                        self.wire.feed(self._connection.send(event.response()), ref=self.ref)
                case _:
                    raise AssertionError(event)
