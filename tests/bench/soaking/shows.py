"""What is to be seen on each channel, for ever: seeded traffic whose chat messages are numbered, and names never seen.

A few frames come twice, with the same id. A few have a name that no frame had before, as if Kick invented something
new all the time: what a client remembers of such names must have an end.
"""

import re
from collections.abc import Iterator
from enum import Enum
from random import Random
from typing import NamedTuple

from kick_proto import frames
from kick_proto.frames import Frame
from kick_proto.ids import Channel
from kick_proto.testing.traffic import Traffic
from tests.bench.order import CHAT, STAMP, STAMP_DIGITS
from tests.bench.replay import framed, is_old_chat

__all__ = ["Entry", "Show", "Stamped", "recorded"]

UNIX_NOON = 1_777_896_000.0
BLOCK = 5_000
"""Frames of a channel; then they come again."""
TWICE, NEW_NAME = 0.01, 0.02
"""Shares of the frames that come twice, and that a frame with a new name goes ahead of."""

_STAMP = STAMP.encode()
_ID = re.compile(r'"id":"[^"]*"')


class Stamped(Enum):
    """What takes the place of the stamp in a frame, if it has one."""

    NOTHING = "nothing"
    NUMBER = "the number of the event"
    TURN = "a count, to make a name that was never there"


class Entry(NamedTuple):
    """One frame as the bytes of the socket, before it is stamped."""

    data: bytes
    stamped: Stamped


def recorded(channel: Channel, seed: int, count: int = BLOCK) -> list[Entry]:
    """The traffic of a channel, to be told again and again."""
    rng = Random(seed)
    traffic = Traffic(channel, rng)
    entries: list[Entry] = []
    turn = 0
    while len(entries) < count:
        turn += 1
        acts = traffic.act(UNIX_NOON + turn / 100)
        entries += [_entry(frame) for frame in acts if not is_old_chat(frame)]
        if rng.random() < NEW_NAME:
            invented = Frame(f"Invented{STAMP}", f"channel.{channel.channel_id}", "{}")
            entries.append(Entry(_framed(invented), Stamped.TURN))
    return entries


def _entry(frame: Frame) -> Entry:
    if frame.event != CHAT:
        return Entry(_framed(frame), Stamped.NOTHING)
    stamped = frame.data.replace('"content":"', f'"content":"{STAMP}', 1)
    # An id of its own for each: one that comes again after a jump would be told for a duplicate.
    stamped = _ID.sub(f'"id":"{STAMP}"', stamped, count=1)
    return Entry(_framed(Frame(frame.event, frame.channel, stamped)), Stamped.NUMBER)


def _framed(frame: Frame) -> bytes:
    return framed(frames.encode_frame(frame).encode())


class Show:
    """One channel's events, each told once, as time goes by."""

    def __init__(self, entries: list[Entry], seed: int, rate: float, now: float) -> None:
        self._entries = entries
        self._rng = Random(seed)
        self._rate = rate
        self._began = now
        self._turn = 0
        self.number = 0

    def skip(self, now: float) -> None:
        """Nobody is there: what is due by now is over. Its numbers are gone, one for each frame."""
        left = self._due(now)
        self._turn += left
        self.number += left

    def postpone(self, now: float) -> None:
        """Let nothing be due now, and everything else later."""
        self._began = now - self._turn / self._rate

    def take(self, now: float) -> bytes:
        """The frames that are due by now."""
        return b"".join(self._told(self._due(now)))

    def take_one(self) -> bytes:
        """The next frame, due or not."""
        return b"".join(self._told(1))

    def _due(self, now: float) -> int:
        return max(0, int((now - self._began) * self._rate) - self._turn)

    def _told(self, count: int) -> Iterator[bytes]:
        entries, size = self._entries, len(self._entries)
        for _ in range(count):
            self._turn += 1
            data, stamped = entries[self._turn % size]
            if stamped is not Stamped.NOTHING:
                self.number += stamped is Stamped.NUMBER
                told = self.number if stamped is Stamped.NUMBER else self._turn
                data = data.replace(_STAMP, str(told).rjust(STAMP_DIGITS, "0").encode(), 2)
            yield data
            if self._rng.random() < TWICE:
                yield data
