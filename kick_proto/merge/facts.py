"""A fact that is told in several frames: what is known of it, and the rule by which its frames find each other."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from kick_proto.events import JoinedEvent
from kick_proto.frames import Frame

__all__ = ["Clue", "Fact", "Rule", "all_of", "name_of"]

PartT = TypeVar("PartT", bound=JoinedEvent)


class Clue(msgspec.Struct, frozen=True, gc=False):
    """What a part says of which fact it belongs to, where the key does not tell; worked out once for each part."""

    name: str
    """The wire's name of its frame, bare."""
    id: str | None = None
    """The fact's."""
    owner: str | None = None
    """Whose fact it is. Parts that differ in the id, or else in the owner, where both tell it, do not fit."""
    numbers: frozenset[int] = frozenset()
    """By which the parts of one fact know each other."""
    chunk_count: int = 1
    """In how many frames of this name the fact comes."""


def name_of(part: JoinedEvent) -> str:
    """The wire's name of the part's frame, bare."""
    return part.raw.event.rpartition("\\")[2]


class Fact(Generic[PartT]):
    """What is known of one fact: its parts in the order in which they came, and the event that they make.

    ``heard`` is all that came, and ``parts`` what of it is told: parts that came too late to be worth telling are known
    again, and not taken for another fact's. ``names``, ``id`` and ``owner`` are of all that came. ``paused`` are the
    seconds of its time in which nothing was read.
    """

    __slots__ = (
        "_event", "_frames", "_is_complete", "chunk_count", "deadline", "heard", "id", "key", "names", "numbers",
        "owner", "parts", "paused", "rule", "until",
    )  # fmt: skip

    _event: PartT | None
    _is_complete: bool | None
    # None with each part that comes, until somebody asks.

    def __init__(
        self,
        rule: "Rule[PartT]",
        key: Hashable,
        part: PartT,
        clue: Clue,
        *,
        deadline: float,
        until: float,
    ) -> None:
        self.rule = rule
        self.key = key
        self.parts: list[PartT] = []
        self.names: frozenset[str] = frozenset()
        self.numbers: frozenset[int] = frozenset()
        self.chunk_count = 1
        self.id: str | None = None
        self.owner: str | None = None
        self.heard: list[PartT] = []
        self._frames: set[Frame] = set()
        self.deadline = deadline
        self.until = until
        self.paused = 0.0
        self.add(part, clue)

    @property
    def event(self) -> PartT:
        """What all that came makes together; worked out when it is asked for, not with each part."""
        if self._event is None:
            self._event = self.rule.join(self.heard)
        return self._event

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to wait for; worked out in the same way."""
        if self._is_complete is None:
            self._is_complete = self.rule.complete(self)
        return self._is_complete

    def add(self, part: PartT, clue: Clue) -> None:
        """Take in one more part; one that came before counts as the latest too."""
        self.parts.append(part)
        self.numbers |= clue.numbers
        self.chunk_count = max(self.chunk_count, clue.chunk_count)
        self._learn(part, clue)

    def drop(self, part: PartT, clue: Clue) -> None:
        """Take note of a part that is not told."""
        if not self.has(part, clue):
            self._learn(part, clue)

    def _learn(self, part: PartT, clue: Clue) -> None:
        self.heard.append(part)
        self._frames.add(part.raw)
        self.names |= {clue.name}
        self.id = clue.id if self.id is None else self.id
        self.owner = clue.owner if self.owner is None else self.owner
        self._event = self._is_complete = None

    def put_off(self, pause: float) -> None:
        """Nothing was read for so many seconds: wait and remember as much longer."""
        self.deadline += pause
        self.until += pause
        self.paused += pause

    def has(self, part: PartT, clue: Clue) -> bool:
        """Whether this very frame came before."""
        return clue.name in self.names and part.raw in self._frames

    def is_anothers(self, clue: Clue) -> bool:
        """Whether the clue tells that the part belongs to another fact."""
        if self.id is not None and clue.id is not None:
            return self.id != clue.id
        return self.owner is not None and clue.owner is not None and self.owner != clue.owner


class Rule(msgspec.Struct, Generic[PartT], frozen=True, kw_only=True):
    """How the parts of one kind of fact find each other, and what they make."""

    kind: str
    key: Callable[[PartT], Hashable]
    """What all parts of a fact have in common, beside the channel."""
    join: Callable[[Sequence[PartT]], PartT]
    """What the parts make together: it has the time and the frame of the first."""
    complete: Callable[[Fact[PartT]], bool]
    """Whether there is nothing left to wait for."""
    news: tuple[str, ...]
    """The fields that a late part must add to for the fact to go out again, where it went out incomplete."""
    changes: tuple[str, ...] = ()
    """The same, where it went out complete."""
    clue: Callable[[PartT], Clue] = lambda part: Clue(name_of(part))
    """What a part says of the fact that it belongs to."""
    fits: Callable[[Fact[PartT], PartT, Clue], int] = lambda fact, part, clue: 1
    """How well a part fits a fact of the same key that is not another's: the highest wins, 0 does not fit."""


def all_of(*names: str) -> Callable[[Fact[Any]], bool]:
    """Complete when frames of all these names are here."""
    wanted = frozenset(names)
    return lambda fact: wanted <= fact.names
