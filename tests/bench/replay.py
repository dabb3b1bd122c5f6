"""The traffic, written down once: seeded frames of some channels as the bytes that go through the socket."""

import random
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice

import msgspec

from kick_proto import frames
from kick_proto.decoders import Decoders
from kick_proto.events import ChatMessage
from kick_proto.frames import Frame
from kick_proto.testing.traffic import Traffic
from tests.bench.order import CHANNELS, CHAT, STAMP, Dialect, Mix

__all__ = ["BLOCK", "Tape", "chats_with_a_stamp", "framed", "is_old_chat", "record"]

SEED = 7
UNIX_NOON = 1_777_896_000.0
BLOCK = 40_000
"""Frames that differ; then they come again, when no memory of ids on any topic knows them any more."""

RARE = 0.04
"""Share of what happens that is not chat. It is told in several frames as a rule: 92 % of the frames are chat."""

TEXT, CONTINUATION, PING = 0x1, 0x0, 0x9
FINAL = 0x80
ODD_ONES = 0.05
"""Share of the mixed traffic that is not a plain text frame: pings and messages in fragments, half each."""


_decoders = Decoders()


class Tape(msgspec.Struct, frozen=True):
    """Pre-framed traffic: one entry for each frame of the protocol, and which of them are chat."""

    entries: list[bytes]
    is_chat: list[bool]

    def chats(self, count: int) -> int:
        """Chat messages among the first ``count`` frames, where the tape begins anew at its end."""
        whole, rest = divmod(count, len(self.entries))
        return whole * sum(self.is_chat) + sum(self.is_chat[:rest])

    def pieces(self, count: int) -> Iterator[bytes]:
        """The bytes of the first ``count`` frames."""
        whole, rest = divmod(count, len(self.entries))
        block = b"".join(self.entries) if whole else b""
        return chain((block for _ in range(whole)), (b"".join(self.entries[:rest]),))


def record(mix: Mix, dialect: Dialect, count: int = BLOCK) -> Tape:
    """The first ``count`` frames of the seeded traffic."""
    told = list(_chats(count) if mix == "chat" else _told(count))
    rng = random.Random(SEED)
    cut = _mixed if mix == "mixed" else _plainly
    return Tape([cut(_enveloped(frame, dialect), rng) for frame in told], [frame.event == CHAT for frame in told])


def chats_with_a_stamp(count: int) -> list[bytes]:
    """Texts of chat messages as long as all others, each with one ``STAMP`` in front of what is said."""
    stamped = (
        msgspec.structs.replace(frame, data=frame.data.replace('"content":"', f'"content":"{STAMP}', 1))
        for frame in _chats(count)
    )
    return [_enveloped(frame, "pusher") for frame in stamped]


def framed(payload: bytes, opcode: int = FINAL | TEXT) -> bytes:
    """One unmasked frame, as servers send them. Source: Spec: RFC 6455 section 5.2."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", opcode, size) + payload
    if size < 65536:
        return struct.pack("!BBH", opcode, 126, size) + payload
    return struct.pack("!BBQ", opcode, 127, size) + payload


def _told(count: int) -> Iterator[Frame]:
    rng = random.Random(SEED)
    shows = [Traffic(channel, rng, rare=RARE) for channel in CHANNELS]
    acts = (frame for turn in range(2 * count) for frame in rng.choice(shows).act(UNIX_NOON + turn / 100))
    return islice((frame for frame in acts if not is_old_chat(frame)), count)


def _chats(count: int) -> Iterator[Frame]:
    return islice((frame for frame in _told(2 * count + 200) if frame.event == CHAT), count)


def is_old_chat(frame: Frame) -> bool:
    """Chat as it was in 2023, in a frame of another name: left out, so that everybody counts the same messages."""
    decoded = _decoders.decode(frame, datetime.fromtimestamp(UNIX_NOON, UTC), CHANNELS[0])
    return frame.event != CHAT and isinstance(decoded, ChatMessage)


def _enveloped(frame: Frame, dialect: Dialect) -> bytes:
    if dialect == "pusher":
        return frames.encode_frame(frame).encode()
    published = {"event": frame.event, "data": frame.data}
    return msgspec.json.encode({"push": {"channel": frame.channel, "pub": {"data": published}}})


def _plainly(text: bytes, rng: random.Random) -> bytes:
    return framed(text)


def _mixed(text: bytes, rng: random.Random) -> bytes:
    chance = rng.random()
    if chance < ODD_ONES / 2:
        return framed(rng.randbytes(rng.randrange(100)), FINAL | PING) + framed(text)
    if chance < ODD_ONES:
        return _in_fragments(text, sorted(rng.sample(range(1, len(text)), rng.randint(1, 3))))
    return framed(text)


def _in_fragments(text: bytes, cuts: list[int]) -> bytes:
    parts = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    first, *between, last = parts
    middle = b"".join(framed(part, CONTINUATION) for part in between)
    return framed(first, TEXT) + middle + framed(last, FINAL | CONTINUATION)
