"""Traffic at a pace: which acts of a source are due, and when the next step is."""

from typing import Protocol

from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame

__all__ = ["FASTEST", "Play", "Source"]

FASTEST = 50_000.0
"""Acts a second, at most."""

TICK = 0.01
"""Seconds between two steps, at least: what is due within is published together."""

LONGEST_LAG = 1.0
"""Seconds whose acts are made up for after a pause; what is older is left out."""


class Source(Protocol):
    """Where the frames come from: a seeded generator of traffic, for one."""

    def act(self, unix_now: float) -> list[Frame]:
        """Say what happens on the platform next, as frames in their order."""
        ...


class Play:
    """A source, its pace, and how far it is.

    Times are counted from one start, never added up, so that a long play keeps its rate. ``next_at`` is when to look
    again.

    Raises:
        LocalProtocolError: ``rate`` is not above 0 and at most ``FASTEST``.
    """

    __slots__ = ("_count", "_rate", "_source", "_started_at", "next_at")

    def __init__(self, source: Source, rate: float, now: float) -> None:
        if not 0 < rate <= FASTEST:
            raise LocalProtocolError(f"rate is acts a second, above 0 and at most {FASTEST:g}; not {rate}")
        self._source = source
        self._rate = rate
        self._started_at = now
        self._count = 0
        self.next_at = self._look_again_at(now)

    def due(self, now: float, unix_epoch: float) -> list[Frame]:
        """Let the source act as often as is due, and give its frames; a driver's long pause is not made up for."""
        frames: list[Frame] = []
        if self._next_act_at() < now - LONGEST_LAG:
            self._started_at, self._count = now - LONGEST_LAG, 0
        while (at := self._next_act_at()) <= now:
            self._count += 1
            frames.extend(self._source.act(unix_epoch + at))
        self.next_at = self._look_again_at(now)
        return frames

    def _look_again_at(self, now: float) -> float:
        return max(now + TICK, self._next_act_at())

    def _next_act_at(self) -> float:
        return self._started_at + (self._count + 1) / self._rate
