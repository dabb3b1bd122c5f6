"""WebSocket frames: bytes to messages, and the few frames that a client of Pusher sends.

``Reader`` splits the stream into whole frames. A frame that is a whole text message in its plainest form (final,
unmasked, up to 64 KiB) is taken as it is; that is some twenty times cheaper than the general way, and nearly
all of the traffic. **Every other frame goes to wsproto, byte for byte**, which stays the only authority on control
frames, fragments, reserved bits, lengths, UTF-8 and close codes; so does every header that cannot become a legal
frame. That the two ways agree is proved in ``tests/test_rfc6455.py`` over arbitrary bytes and chunkings.

Source: Spec: RFC 6455 sections 5 and 7.
"""

import struct
from codecs import getincrementaldecoder
from enum import IntEnum
from typing import cast

import msgspec
from wsproto.frame_protocol import Frame, FrameDecoder, FrameProtocol, MessageDecoder, Opcode, ParseFailed

from kick_proto.texts import Texts

__all__ = ["End", "Reader", "Send", "encode_close", "encode_frame"]


class Send(IntEnum):
    """Opcodes of the frames that this side sends."""

    TEXT = 0x1
    CLOSE = 0x8
    PONG = 0xA


def encode_frame(opcode: Send, payload: bytes, mask: bytes) -> bytes:
    """One final frame from a client, masked with 4 fresh bytes. Source: Spec: RFC 6455 section 5.2."""
    size = len(payload)
    if size < 126:
        header = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 65536:
        header = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        header = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    key = (mask * (size // 4 + 1))[:size]
    masked = (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)
    return header + mask + masked


def encode_close(code: int, reason: str, mask: bytes) -> bytes:
    """A close frame; codes that must not be sent (1005, 1006, 1015) give one without a code.

    Source: Spec: RFC 6455 sections 5.5.1 and 7.4.
    """
    if code in (1005, 1006, 1015):
        return encode_frame(Send.CLOSE, b"", mask)
    text = reason.encode("utf-8", "replace")[:123].decode("utf-8", "ignore").encode()
    return encode_frame(Send.CLOSE, struct.pack("!H", code) + text, mask)


class End(msgspec.Struct, frozen=True):
    """The stream is over: the peer's close frame, or what the peer did wrong and the code to say so with."""

    code: int
    reason: str
    failed: bool


PLAIN_TEXT = 0x8100
"""First two bytes of an unmasked, final text frame without reserved bits, plus its length where that is below 126."""
LONGER_TEXT = PLAIN_TEXT + 126
"""The same where two bytes of length follow."""
_HEAD = struct.Struct("!HH")
"""Those two bytes, and the two that follow: the length, or the payload's beginning."""
LEGAL_FIRST_BYTES = frozenset({0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A})
CONTROL = 0x08
LONGEST_CONTROL = 125
HEADER_SIZES = {126: 4, 127: 10}
"""Bytes of an unmasked header by its second byte; 2 for all others."""
SHORTEST = {126: 126, 127: 65536}
"""Payload lengths that need the longer header; shorter ones must not use it."""


class Reader:
    """The receiving side of one WebSocket, behind its handshake."""

    def __init__(self, *, max_message: int, max_fragments: int) -> None:
        self._max_message = max_message
        self._max_fragments = max_fragments
        self._held = bytearray()
        self._needed = 2
        self._doomed = False
        self._decoder = FrameDecoder(client=True)
        self._messages = MessageDecoder()
        self._binary = getincrementaldecoder("utf-8")("replace")
        self._texts: list[str] = []
        self._size = 0
        self.end: End | None = None
        self.ping: bytes | None = None
        self.frame_count = 0

    def feed(self, data: bytes) -> Texts:
        """Take one read; gives the messages that it completes.

        Afterwards ``end`` tells whether the stream is over, ``ping`` holds the payload of the latest ping, and
        ``frame_count`` has grown by the whole frames that were read, of whatever kind.
        """
        messages: list[bytes] = []
        position = 0
        while self._held and self.end is None and position < len(data):
            # First the frame that was begun, and of this read only what it needs: the rest is not copied again, and a
            # frame that drips in costs its size.
            start, position = position, position + self._needed - len(self._held)
            self._held += data[start:position]
            if len(self._held) >= self._needed:
                begun = bytes(self._held)
                self._held.clear()
                self._read(begun, 0, messages)
        if self.end is None:
            self._read(data, position, messages)
        return Texts(messages)

    def _read(self, data: bytes, position: int, messages: list[bytes]) -> None:
        """Take whole frames, and hold what follows the last of them."""
        while self.end is None and position < len(data):
            if not self._texts and not self._doomed:
                position = self._read_plain_texts(data, position, messages)
            frame_end = self._frame_end(data, position)
            if frame_end is None:
                break
            self._read_by_wsproto(data[position:frame_end], messages)
            position = frame_end
        if self.end is None:
            self._held += data[position:]

    def _read_plain_texts(self, data: bytes, position: int, messages: list[bytes]) -> int:
        """Take whole plain text frames as long as one follows the other; gives where they stop."""
        size, longest, before = len(data), self._max_message, len(messages)
        append, unpack = messages.append, _HEAD.unpack_from
        while position + 4 <= size:
            head, length = unpack(data, position)
            if head == LONGER_TEXT and length >= SHORTEST[126]:
                start = position + 4
            elif PLAIN_TEXT <= head < LONGER_TEXT:
                start, length = position + 2, head - PLAIN_TEXT
            else:
                break
            end = start + length
            if end > size or length > longest:
                break
            message = data[start:end]
            if not (message.isascii() or _is_utf8(message)):
                break
            append(message)
            position = end
        self.frame_count += len(messages) - before
        return position

    def _frame_end(self, data: bytes, position: int) -> int | None:
        """Where the frame at ``position`` ends; None where it is not all there, or too long to wait for."""
        available = len(data) - position
        if self._doomed:
            return len(data) if available else None
        if available < 2:
            self._needed = 2
            return None
        first, second = data[position], data[position + 1]
        if first not in LEGAL_FIRST_BYTES or second > (LONGEST_CONTROL if first & CONTROL else 127):
            self._doomed = True
            return len(data)
        header = HEADER_SIZES.get(second, 2)
        if available < header:
            self._needed = header
            return None
        length = int.from_bytes(data[position + 2 : position + header]) if header > 2 else second
        if length < SHORTEST.get(second, 0) or length >> 63:
            self._doomed = True
            return len(data)
        if length + (0 if first & CONTROL else self._size) > self._max_message:
            self.end = End(1009, f"a message beyond {self._max_message} bytes", failed=True)
            return None
        self._needed = header + length
        return position + self._needed if available >= self._needed else None

    def _read_by_wsproto(self, raw: bytes, messages: list[bytes]) -> None:
        """Let wsproto judge a whole frame, or the rest of a stream that has gone wrong."""
        try:
            self._decoder.receive_bytes(raw)
            frame = self._decoder.process_buffer()
            if frame is None:
                return
            if frame.opcode is Opcode.CLOSE:
                self.end = _close_of(raw)
            elif frame.opcode is Opcode.PING:
                self.ping = bytes(frame.payload) if not isinstance(frame.payload, (str, tuple)) else b""
            elif frame.opcode is not Opcode.PONG:
                self._add_part(self._messages.process_frame(frame), len(raw) - HEADER_SIZES.get(raw[1], 2), messages)
            self.frame_count += 1
        except ParseFailed as failure:
            self.end = End(int(failure.code), str(failure), failed=True)

    def _add_part(self, frame: Frame, size: int, messages: list[bytes]) -> None:
        """Collect a message's fragments, within the limit on their count; that on their sum is kept at each header."""
        payload = frame.payload
        if isinstance(payload, str):
            self._texts.append(payload)
        else:
            # Pusher sends text only; a binary message is read as text too, and what makes no sense shows as U+FFFD.
            self._texts.append(self._binary.decode(cast(bytes, payload), frame.message_finished))
        self._size += size
        if len(self._texts) > self._max_fragments:
            self.end = End(1009, f"a message of more than {self._max_fragments} fragments", failed=True)
        elif frame.message_finished:
            messages.append("".join(self._texts).encode())
            self._texts = []
            self._size = 0


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True


def _close_of(raw: bytes) -> End:
    """Code and reason of a whole close frame, as wsproto reads it; it raises ParseFailed where they are illegal."""
    protocol = FrameProtocol(client=True, extensions=[])
    protocol.receive_bytes(raw)
    code, reason = cast(tuple[int, str], next(protocol.received_frames()).payload)
    return End(int(code), reason, failed=False)
