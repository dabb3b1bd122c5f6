"""The ways in which the server writes events: as fast as can be, by the clock, or a few to everybody in turn."""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from itertools import cycle, islice

from tests.bench.order import STAMP, STAMP_DIGITS, Order
from tests.bench.replay import BLOCK, Tape, chats_with_a_stamp, framed
from tests.bench.visitor import Visitor

__all__ = ["in_thread", "play_in_time", "play_spread", "play_tape"]

PIECE = 256 * 1024
"""Bytes that are written at once."""
TICK = 0.0005
"""Seconds between two looks at the clock, where there is a rate."""
HANDFUL = 10
"""Events that one connection gets before it is the next one's turn."""


def play_tape(stream: socket.socket, tape: Tape, count: int) -> None:
    """Write the first so many frames of it, as fast as they are taken."""
    for piece in tape.pieces(count):
        view = memoryview(piece)
        for start in range(0, len(view), PIECE):
            stream.sendall(view[start : start + PIECE])


def play_in_time(stream: socket.socket, order: Order) -> None:
    """Write each event when its time has come, with the time of the write in it; late ones go out together."""
    count, rate = order.events, order.rate or 0.0
    texts = islice(cycle(chats_with_a_stamp(min(count, BLOCK))), count)
    stamp = STAMP.encode()
    begun, sent = time.monotonic(), 0
    while sent < count:
        due = min(count, int((time.monotonic() - begun) * rate))
        if due > sent:
            now = str(time.monotonic_ns()).rjust(STAMP_DIGITS, "0").encode()
            stream.sendall(b"".join(framed(text.replace(stamp, now, 1)) for text in islice(texts, due - sent)))
            sent = due
        else:
            time.sleep(TICK)


def in_thread(stream: socket.socket, order: Order) -> threading.Thread:
    """Play by the clock to one who may be too slow for it, until the connection ends."""

    def play() -> None:
        with suppress(OSError):
            play_in_time(stream, order)

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    return thread


def play_spread(visitors: Sequence[Visitor], count: int) -> None:
    """Write so many events in all: each connection gets its share, and each of its topics a share of that."""
    listening = [visitor for visitor in visitors if visitor.topics]
    shares = _shares(count, len(listening))
    writings = [_Writing(visitor, share) for visitor, share in zip(listening, shares, strict=True)]
    while writings:
        writings = [writing for writing in writings if writing.go_on()]


class _Writing:
    def __init__(self, visitor: Visitor, count: int) -> None:
        self._stream = visitor.stream
        self._events = islice(zip(cycle(_chats()), cycle(visitor.topics), strict=False), count)

    def go_on(self) -> bool:
        """Write a handful; False where nothing was left."""
        handful = [framed(text + topic.encode() + b'"}') for text, topic in islice(self._events, HANDFUL)]
        self._stream.sendall(b"".join(handful))
        return bool(handful)


@cache
def _chats() -> list[bytes]:
    """Texts of chat messages up to the name of their topic."""
    begun = []
    for text in chats_with_a_stamp(BLOCK):
        head, found, _ = text.rpartition(b'"channel":"')
        begun.append(head + found)
    return begun


def _shares(count: int, people: int) -> list[int]:
    each, over = divmod(count, people)
    return [each + (place < over) for place in range(people)]
