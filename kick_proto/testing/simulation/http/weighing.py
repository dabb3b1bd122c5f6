"""How much a machine remembers: the entries of all containers that it can reach, its settings included."""

from collections import deque
from collections.abc import Iterator, Mapping
from enum import Enum

__all__ = ["MOST_AT_REST", "weight"]

MOST_AT_REST = 350
"""Entries that a machine has at most when none of its calls is open."""

LEAVES = (str, bytes, int, float, Enum, type)


def weight(machine: object) -> int:
    """Count the entries of every list, map, set and object that can be reached."""
    seen: set[int] = set()
    left, count = [machine], 0
    while left:
        each = left.pop()
        if isinstance(each, LEAVES) or id(each) in seen:
            continue
        seen.add(id(each))
        parts = list(_parts(each))
        count += len(parts)
        left += parts
    return count


def _parts(each: object) -> Iterator[object]:
    if isinstance(each, Mapping):
        yield from each.keys()
        yield from each.values()
    elif isinstance(each, list | tuple | set | frozenset | deque):
        yield from each
    else:
        yield from getattr(each, "__dict__", {}).values()
        names = (name for kind in type(each).__mro__ for name in vars(kind).get("__slots__", ()))
        yield from (getattr(each, name) for name in names if hasattr(each, name))
