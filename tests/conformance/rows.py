"""The words that the tables are written in: frames as a server sends them, and what becomes of a stream of them."""

import struct
from typing import TypeAlias

import msgspec

from kick_proto.websocket import Limits, State
from tests.streams import frame

LIMITS = Limits(message=70_000, fragments=10)
"""What all rows are played with: a message may be longer than the longest length of two bytes, and not much more."""


# What comes of it


class Stays(msgspec.Struct, frozen=True):
    """The WebSocket is as it was."""


class Closes(msgspec.Struct, frozen=True):
    """The peer has closed: its code and reason are told, and the code goes back in our close frame."""

    code: int
    reason: str = ""


class Fails(msgspec.Struct, frozen=True):
    """The peer has broken the rules: this code is told, and goes out in our close frame."""

    code: int


Outcome: TypeAlias = Stays | Closes | Fails
STAYS = Stays()
PROTOCOL_ERROR = Fails(1002)
NOT_UTF8 = Fails(1007)
TOO_BIG = Fails(1009)


class Row(msgspec.Struct, frozen=True):
    """One case: the bytes that a server sends behind its 101, the texts that the application gets, the outcome.

    ``pongs`` are the payloads of the pings that deserve a pong; where several come in one read, the latest is
    enough. ``state`` says whether our own close frame has gone out before. ``deviates`` says why we do something
    else than the RFC asks, where we do.
    """

    says: str
    wire: bytes
    texts: tuple[str, ...] = ()
    end: Outcome = STAYS
    pongs: tuple[bytes, ...] = ()
    state: State = State.OPEN
    deviates: str = ""


class Group(msgspec.Struct, frozen=True):
    """The rows of one section of RFC 6455."""

    section: str
    title: str
    rows: tuple[Row, ...]


# What a server sends

FIN = 0x80
RSV1, RSV2, RSV3 = 0x40, 0x20, 0x10
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def as_bytes(payload: str | bytes) -> bytes:
    return payload.encode() if isinstance(payload, str) else payload


def text(payload: str | bytes) -> bytes:
    """A whole text message."""
    return frame(FIN | TEXT, as_bytes(payload))


def binary(payload: bytes) -> bytes:
    """A whole binary message."""
    return frame(FIN | BINARY, payload)


def first(payload: str | bytes, opcode: int = TEXT) -> bytes:
    """The first fragment of a message."""
    return frame(opcode, as_bytes(payload))


def more(payload: str | bytes) -> bytes:
    """A fragment that is neither the first nor the last."""
    return frame(CONTINUATION, as_bytes(payload))


def last(payload: str | bytes) -> bytes:
    """The last fragment of a message."""
    return frame(FIN | CONTINUATION, as_bytes(payload))


def ping(payload: bytes = b"") -> bytes:
    return frame(FIN | PING, payload)


def pong(payload: bytes = b"") -> bytes:
    return frame(FIN | PONG, payload)


def close(code: int, reason: str | bytes = b"") -> bytes:
    return frame(FIN | CLOSE, struct.pack("!H", code) + as_bytes(reason))


def length_of_two_bytes(first_byte: int, length: int) -> bytes:
    """A header with its length in two bytes, whether or not it needs them."""
    return struct.pack("!BBH", first_byte, 126, length)


def length_of_eight_bytes(first_byte: int, length: int) -> bytes:
    """A header with its length in eight bytes, whether or not it needs them."""
    return struct.pack("!BBQ", first_byte, 127, length)


def masked(first_byte: int, payload: bytes) -> bytes:
    """A frame with a mask, as only a client may send it."""
    return frame(first_byte, payload, masked=0x80)
