"""WebSocket frames as a server sends and reads them: unmasked out, masked in.

Outgoing frames are written by hand, because a server that plays 50,000 texts a second has no time for more.
Incoming ones go through wsproto's decoders, which are used without its connection, because that cannot be copied.

Source: Spec: RFC 6455 sections 5 and 7.
"""

import struct
from collections.abc import Sequence
from enum import IntEnum

import msgspec
from wsproto.frame_protocol import (
    LOCAL_ONLY_CLOSE_REASONS,
    MIN_LIBRARY_CLOSE_REASON,
    CloseReason,
    Frame,
    FrameDecoder,
    MessageDecoder,
    Opcode,
    ParseFailed,
)

__all__ = ["LONGEST_TEXT", "End", "Reader", "encode_close", "encode_fragments", "encode_pong", "encode_texts"]

LONGEST_TEXT = 1 << 20
"""Characters of a message; a client that sends a longer one is closed with 1009."""


class _Send(IntEnum):
    """First bytes of the frames that a server sends."""

    FIRST_PART = 0x01
    MIDDLE_PART = 0x00
    LAST_PART = 0x80
    TEXT = 0x81
    CLOSE = 0x88
    PING = 0x89
    PONG = 0x8A


_SHORT_HEADERS = tuple(bytes((_Send.TEXT, size)) for size in range(126))


def encode_texts(texts: Sequence[str]) -> bytes:
    """Each text as one whole frame, all in one piece; a lone surrogate leaves as the invalid UTF-8 that it is."""
    parts: list[bytes] = []
    for text in texts:
        payload = text.encode(errors="surrogatepass")
        size = len(payload)
        parts.append(_SHORT_HEADERS[size] if size < 126 else _header(_Send.TEXT, size))
        parts.append(payload)
    return b"".join(parts)


def encode_fragments(text: str) -> bytes:
    """One text as three fragments with two control pings between them; cut by bytes, characters notwithstanding."""
    payload = text.encode(errors="surrogatepass")
    third = len(payload) // 3
    return b"".join(
        (
            _encode(_Send.FIRST_PART, payload[:third]),
            _encode(_Send.PING, b"first"),
            _encode(_Send.MIDDLE_PART, payload[third : 2 * third]),
            _encode(_Send.PING, b"second"),
            _encode(_Send.LAST_PART, payload[2 * third :]),
        )
    )


def encode_close(code: int, reason: str) -> bytes:
    """A close frame; 1005 gives one without a code. The reason is cut to the 123 bytes that there is room for."""
    if code == CloseReason.NO_STATUS_RCVD:
        return _encode(_Send.CLOSE, b"")
    text = reason.encode(errors="replace")[:123].decode(errors="ignore").encode()
    return _encode(_Send.CLOSE, code.to_bytes(2) + text)


def encode_pong(payload: bytes) -> bytes:
    """The answer to a control ping."""
    return _encode(_Send.PONG, payload)


def _encode(first: _Send, payload: bytes) -> bytes:
    return _header(first, len(payload)) + payload


def _header(first: _Send, size: int) -> bytes:
    if size < 126:
        return bytes((first, size))
    return struct.pack("!BBH", first, 126, size) if size < 65536 else struct.pack("!BBQ", first, 127, size)


class End(msgspec.Struct, frozen=True):
    """The client's side is over: by its close frame, or by what it did wrong."""

    code: int
    reason: str


class Reader:
    """The receiving side of one WebSocket."""

    def __init__(self) -> None:
        self._decoder = FrameDecoder(client=False)
        self._messages = MessageDecoder()
        self._parts: list[str] = []
        self._size = 0
        self._heard: list[str | bytes] = []

    def feed(self, data: bytes) -> End | None:
        """Take one read; gives the end once it has come, after which nothing may be fed any more."""
        self._decoder.receive_bytes(data)
        try:
            while (frame := self._decoder.process_buffer()) is not None:
                match frame.opcode, frame.payload:
                    case Opcode.CLOSE, bytes(payload):
                        return _parse_close(payload)
                    case Opcode.PING, bytes(payload):
                        self._heard.append(payload)
                    case Opcode.PONG, _:
                        pass
                    case _:
                        self._on_part(frame)
        except ParseFailed as error:
            # What Python says of bad UTF-8 depends on how the bytes were cut.
            bad_utf8 = error.code is CloseReason.INVALID_FRAME_PAYLOAD_DATA
            return End(int(error.code), "a text must be UTF-8" if bad_utf8 else str(error))
        return None

    def take_heard(self) -> list[str | bytes]:
        """Take what has come, in its order: texts as str, payloads of control pings as bytes."""
        heard, self._heard = self._heard, []
        return heard

    def _on_part(self, frame: Frame) -> None:
        """Take a part of a message, whether a fragment or what has come of a frame.

        Raises:
            ParseFailed: it is not UTF-8, out of turn, binary, or the message is too long.
        """
        part = self._messages.process_frame(frame)
        if not isinstance(part.payload, str):
            raise ParseFailed("only text is understood", CloseReason.UNSUPPORTED_DATA)
        self._size += len(part.payload)
        if self._size > LONGEST_TEXT:
            raise ParseFailed(f"a text is {LONGEST_TEXT} characters at most", CloseReason.MESSAGE_TOO_BIG)
        if part.payload:
            self._parts.append(part.payload)
        if part.message_finished:
            self._heard.append("".join(self._parts))
            self._parts.clear()
            self._size = 0


def _parse_close(payload: bytes) -> End:
    """Read a close frame; one that is wrong is an end as well. Source: Spec: RFC 6455 sections 5.5.1 and 7.4."""
    if not payload:
        return End(int(CloseReason.NO_STATUS_RCVD), "")
    if len(payload) == 1:
        return End(int(CloseReason.PROTOCOL_ERROR), "a close frame with half a code")
    code = int.from_bytes(payload[:2])
    assigned = code in list(CloseReason) and code not in LOCAL_ONLY_CLOSE_REASONS
    if not (assigned or MIN_LIBRARY_CLOSE_REASON <= code <= 4999):
        return End(int(CloseReason.PROTOCOL_ERROR), f"a close frame with code {code}")
    try:
        return End(code, payload[2:].decode())
    except UnicodeDecodeError:
        return End(int(CloseReason.INVALID_FRAME_PAYLOAD_DATA), "a reason must be UTF-8")
