"""One connection, as the soak's server sees it: what waits to be written, what holds it back, and how it ends."""

import math
import socket
import struct
from collections.abc import Callable, Mapping
from random import Random
from typing import TypeAlias

from tests.bench.soaking.shows import Show
from tests.bench.soaking.troubles import Trouble, Weather

__all__ = ["Guest"]

MOST_UNSENT = 1 << 20
"""Bytes that wait for a client that reads slowly; while there are more, the channel's events are not due."""


class Guest:
    """Writes what is due, at each ``step``; ``is_over`` once nothing more will be written."""

    def __init__(self, ref: int, stream: socket.socket, rng: Random, now: float) -> None:
        self.ref = ref
        self.stream = stream
        self.show: Show | None = None
        self.is_over = False
        self._ends = False
        self._weather = Weather(rng, now)
        self._answers: list[bytes] = []
        self._answers_from = now
        self._events_from = now
        self._unsent = bytearray()

    def answer(self, data: bytes) -> None:
        """Write this in its order among the server's answers."""
        self._answers.append(data)

    def end(self) -> None:
        """End when all that waits has been written."""
        if not self._ends:
            self._answers_from = 0.0
            self._ends = True

    def step(self, now: float) -> Trouble | None:
        """Write what is due; what has befallen the connection meanwhile, if anything has."""
        trouble = None if self._ends else self._weather.pop_due(now)
        if trouble is not None:
            DOINGS[trouble](self, now, trouble)
        if now >= self._answers_from and not self.is_over:
            self._unsent += b"".join(self._answers)
            self._answers.clear()
        if self.show is not None and not self._ends and now >= self._events_from:
            if len(self._unsent) < MOST_UNSENT:
                self._unsent += self.show.take(now)
            else:
                self.show.postpone(now)
        self._write()
        return trouble

    def _write(self) -> None:
        if self._unsent and not self.is_over:
            try:
                del self._unsent[: self.stream.send(self._unsent)]
            except BlockingIOError:
                return
            except OSError:
                self.is_over = True
        self.is_over = self.is_over or (self._ends and not self._unsent)

    def _cut(self, now: float, trouble: Trouble) -> None:
        """The last that is written is a part of a frame."""
        if self.show is not None and now >= self._events_from:
            frame = self.show.take_one()
            self._unsent += frame[: self._weather.place_in(len(frame))]
        self._answers_from = math.inf
        self._ends = True

    def _reset(self, now: float, trouble: Trouble) -> None:
        """What the client has not read by now is lost."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.is_over = True

    def _hold_events(self, now: float, trouble: Trouble) -> None:
        self._events_from = now + self._weather.lasts(trouble)

    def _hold_answers(self, now: float, trouble: Trouble) -> None:
        self._answers_from = now + self._weather.lasts(trouble)

    def _hold_everything(self, now: float, trouble: Trouble) -> None:
        self._events_from = self._answers_from = now + self._weather.lasts(trouble)


Doing: TypeAlias = Callable[[Guest, float, Trouble], None]

DOINGS: Mapping[Trouble, Doing] = {
    Trouble.CUT: Guest._cut,
    Trouble.RESET: Guest._reset,
    Trouble.PAUSE: Guest._hold_events,
    Trouble.SILENCE: Guest._hold_events,
    Trouble.DEAF: Guest._hold_everything,
    Trouble.LATE: Guest._hold_answers,
}
"""What each trouble is here."""
