"""Deadlines by name and ref: ``timers.Timers`` for machines that do several things at once."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Generic, TypeVar

__all__ = ["Agenda"]

TimerT = TypeVar("TimerT", bound=IntEnum)


class Agenda(Generic[TimerT]):
    """A mutable map from timer and ref to deadline (monotonic seconds)."""

    __slots__ = ("_deadlines", "_kinds")

    def __init__(self, kinds: type[TimerT]) -> None:
        self._kinds = tuple(kinds)
        self._deadlines: dict[tuple[TimerT, int], float] = {}

    def start(self, timer: TimerT, ref: int, at: float) -> None:
        """Let the timer of that ref fire at ``at``, whatever was set before."""
        self._deadlines[timer, ref] = at

    def stop(self, timer: TimerT, ref: int) -> None:
        """Forget one timer; no error where it is not running."""
        self._deadlines.pop((timer, ref), None)

    def forget(self, ref: int) -> None:
        """Stop everything of one ref."""
        for timer in self._kinds:
            self._deadlines.pop((timer, ref), None)

    def next_at(self) -> float | None:
        """The earliest deadline, or None when nothing is running."""
        return min(self._deadlines.values(), default=None)

    def pop_due(self, now: float) -> Iterator[tuple[TimerT, int]]:
        """Stop and give each timer that is due, in the order of the enum and then of the refs.

        A timer that is started while this runs waits for the next call; one that is stopped meanwhile is left out.
        """
        for key in sorted(key for key, at in self._deadlines.items() if at <= now):
            if self._deadlines.get(key, now + 1) <= now:
                del self._deadlines[key]
                yield key

    def running(self) -> frozenset[tuple[TimerT, int]]:
        """The timers that have a deadline now, each with its ref."""
        return frozenset(self._deadlines)
