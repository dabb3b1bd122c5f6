"""What several parts of a fact say together of one field; what none says is None."""

from collections.abc import Sequence
from typing import Any

import msgspec

__all__ = ["earliest", "first", "most"]


def first(parts: Sequence[msgspec.Struct], field: str) -> Any:
    """What the first part says that says anything."""
    for part in parts:
        if (said := getattr(part, field)) is not None:
            return said
    return None


def most(parts: Sequence[msgspec.Struct], field: str) -> Any:
    """The largest that any says."""
    return max(_said(parts, field), default=None)


def earliest(parts: Sequence[msgspec.Struct], field: str) -> Any:
    """The smallest that any says."""
    return min(_said(parts, field), default=None)


def _said(parts: Sequence[msgspec.Struct], field: str) -> list[Any]:
    return [said for part in parts if (said := getattr(part, field)) is not None]
