"""A shuffled deck: chance that leaves nothing out."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from kick_proto.machine import Rng
from kick_proto.testing.traffic import chance

__all__ = ["Deck"]

CardT = TypeVar("CardT")


class Deck(Generic[CardT]):
    """Gives every card once, in an order of chance; then all of them anew."""

    def __init__(self, cards: Iterable[CardT], rng: Rng) -> None:
        self._cards = tuple(cards)
        self._rng = rng
        self._left: list[CardT] = []

    def draw(self) -> CardT:
        """Take the next card."""
        if not self._left:
            self._left = chance.shuffled(self._rng, self._cards)
        return self._left.pop()
