"""What goes wrong on the way, and when: drawn for each connection from a generator of its own."""

from collections.abc import Mapping
from enum import Enum
from random import Random

from kick_proto.testing.faults import Faults

__all__ = ["FAULTS", "HELD_FOR", "Trouble", "Weather"]


class Trouble(Enum):
    """What befalls a connection, beside the faults of the server itself."""

    CUT = "lost in the middle of a frame"
    RESET = "reset"
    PAUSE = "events paused"
    SILENCE = "silent until pinged"
    DEAF = "silent for good"
    LATE = "answers late"


FAULTS = Faults(
    ping_interval=5.0,
    error_interval=6.0,
    malformed_interval=3.0,
    duplicate_confirmation=True,
    close_after=12.0,
    close_code=4200,
    spread=0.9,
)
"""What the server machine does by itself."""

EVERY: Mapping[Trouble, float] = {
    Trouble.CUT: 15.0,
    Trouble.RESET: 40.0,
    Trouble.PAUSE: 8.0,
    Trouble.SILENCE: 20.0,
    Trouble.DEAF: 60.0,
    Trouble.LATE: 5.0,
}
"""Seconds from one to the next on a connection, in the middle."""

HELD_FOR: Mapping[Trouble, tuple[float, float]] = {
    Trouble.PAUSE: (0.05, 0.8),
    Trouble.SILENCE: (1.2, 2.5),
    Trouble.DEAF: (10.0, 10.0),
    Trouble.LATE: (0.1, 0.9),
}
"""How many seconds those last that last."""


class Weather:
    """One connection's: what comes next, and when."""

    def __init__(self, rng: Random, now: float) -> None:
        self._rng = rng
        self._next_at = now
        self._next = Trouble.LATE
        # Every other connection has its first answers late: those to its subscriptions.
        if rng.random() < 0.5:
            self._draw(now)

    def pop_due(self, now: float) -> Trouble | None:
        """What befalls the connection now, if anything does."""
        if now < self._next_at:
            return None
        due = self._next
        self._draw(now)
        return due

    def lasts(self, trouble: Trouble) -> float:
        """Seconds."""
        return self._rng.uniform(*HELD_FOR[trouble])

    def place_in(self, size: int) -> int:
        """A place before one of so many bytes."""
        return self._rng.randrange(size)

    def _draw(self, now: float) -> None:
        rates = [1 / seconds for seconds in EVERY.values()]
        self._next_at = now + self._rng.expovariate(sum(rates))
        self._next = self._rng.choices(list(EVERY), rates)[0]
