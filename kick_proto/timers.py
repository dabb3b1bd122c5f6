"""Deadlines by name: the whole of what a machine knows about time to come.

A machine names its timers in an ``IntEnum`` and keeps one ``Timers`` of it. Firing order is the enum's order, not
the deadlines': so a late call (a suspended laptop, a busy loop) gives the same result each time.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import Generic, TypeVar

__all__ = ["Timers"]

TimerT = TypeVar("TimerT", bound=IntEnum)


class Timers(Generic[TimerT]):
    """A mutable map from timer to deadline (monotonic seconds)."""

    __slots__ = ("_deadlines",)

    def __init__(self) -> None:
        self._deadlines: dict[TimerT, float] = {}

    def start(self, timer: TimerT, at: float) -> None:
        """Let the timer fire at ``at``, whatever was set before."""
        self._deadlines[timer] = at

    def stop(self, timer: TimerT) -> None:
        """Forget the timer; no error where it is not running."""
        self._deadlines.pop(timer, None)

    def keep_only(self, allowed: frozenset[TimerT]) -> None:
        """Stop every timer that is not among the allowed ones."""
        for timer in [timer for timer in self._deadlines if timer not in allowed]:
            del self._deadlines[timer]

    def next_at(self) -> float | None:
        """The earliest deadline, or None when nothing is running."""
        return min(self._deadlines.values(), default=None)

    def pop_due(self, now: float) -> Iterator[TimerT]:
        """Stop and give each timer whose deadline has come, in the order of the enum.

        A timer that is started while this runs waits for the next call; one that is stopped meanwhile is left out.
        """
        for timer in sorted(timer for timer, at in self._deadlines.items() if at <= now):
            at = self._deadlines.get(timer)
            if at is not None and at <= now:
                del self._deadlines[timer]
                yield timer

    def __contains__(self, timer: object) -> bool:
        return timer in self._deadlines

    def running(self) -> frozenset[TimerT]:
        """The timers that have a deadline now."""
        return frozenset(self._deadlines)

    def __repr__(self) -> str:
        return f"Timers({ {timer.name: at for timer, at in sorted(self._deadlines.items())} })"
