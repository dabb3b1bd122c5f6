"""The clock of a world, what is due on it, and the transcript of what has happened.

Time jumps from one moment to the next; what is due at the same moment happens in the order in which it was set. The
transcript is hashed as it comes, and the last of it kept for people.
"""

import hashlib
import heapq
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from kick_proto.testing.simulation.laws import Law, Violation

__all__ = ["MOST_STEPS", "UNIX_EPOCH", "Due", "Timeline"]

UNIX_EPOCH = 1_800_000_000.0
"""The wall clock (unix seconds) at the moment 0.0 of every world."""

MOST_STEPS = 10_000
"""Things that may happen at one moment; beyond it a machine is taken to spin."""

KEPT_LINES = 40
"""Lines of the transcript that are kept for people."""

Due: TypeAlias = Callable[[Any], None]


class Timeline:
    """See the module's docstring. ``now`` is seconds; ``digest`` is the transcript's hash, ``lines`` its last lines."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: deque[tuple[float, str, object]] = deque(maxlen=KEPT_LINES)
        self._hash = hashlib.blake2b(digest_size=16)
        self._encode = msgspec.msgpack.Encoder(enc_hook=repr, order="deterministic").encode
        self._heap: list[tuple[float, int, Due, Any]] = []
        self._count = 0

    @property
    def unix_now(self) -> float:
        """The wall clock (unix seconds)."""
        return UNIX_EPOCH + self.now

    @property
    def digest(self) -> str:
        """The hash of the whole transcript."""
        return self._hash.hexdigest()

    def number(self) -> int:
        """A number that nothing else here has."""
        self._count += 1
        return self._count

    def at(self, at: float, due: Due, what: Any) -> None:
        """Let something happen at a moment, or at once where that is past."""
        heapq.heappush(self._heap, (at, self.number(), due, what))

    def go(self, is_done: Callable[[], bool]) -> None:
        """Let happen what is due, one after the other, until that is so or nothing more is due.

        Raises:
            Violation: a law was broken by what happened, or a moment does not pass.
        """
        at_once = 0
        while self._heap and not is_done():
            at, _, due, what = heapq.heappop(self._heap)
            at_once = at_once + 1 if at <= self.now else 0
            if at_once > MOST_STEPS:
                raise Violation(Law.INTERFACE, f"more than {MOST_STEPS} things happen at {self.now}")
            self.now = max(at, self.now)
            due(what)

    def record(self, who: str, what: object) -> None:
        """Write a line."""
        self.lines.append((self.now, who, what))
        self._hash.update(self._encode((self.now, who, type(what).__name__, what)))
