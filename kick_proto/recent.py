"""A bounded memory of ids: the last N at least, the last 2N at most, in constant time.

Two generations of a set: when the young one is full it becomes the old one, and the old one is forgotten. That is
one or two look-ups an id, and nothing to keep in order.
"""

__all__ = ["RecentIds"]


class RecentIds:
    """Remembers the last ``limit`` ids that were added, and up to as many again."""

    __slots__ = ("_limit", "_old", "_young")

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a memory of ids holds at least 1, not {limit}")
        self._limit = limit
        self._young: set[str] = set()
        self._old: set[str] = set()

    def add(self, id: str) -> bool:
        """Remember the id; False where it was remembered already."""
        young = self._young
        if id in young or id in self._old:
            return False
        young.add(id)
        if len(young) >= self._limit:
            self._old, self._young = young, set()
        return True

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
