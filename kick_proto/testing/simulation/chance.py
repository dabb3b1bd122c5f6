"""Chance by name: the same name gives the same draws, on every machine and in every version of Python.

Each purpose has a generator of its own ("7/wire 0/1/3"), so that what one of them draws changes nothing for the others.
SplitMix64: one integer of state, which makes a deep copy cheap. It is for simulations, and no source of secrets.
"""

import hashlib

__all__ = ["Chance"]

MASK = (1 << 64) - 1


class Chance:
    """A generator of that name, like ``random.Random``. Source: Steele, Lea, Flood: Fast splittable generators."""

    __slots__ = ("_state",)

    def __init__(self, name: str) -> None:
        self._state = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())

    def random(self) -> float:
        """Draw a float, 0.0 <= x < 1.0."""
        self._state = state = (self._state + 0x9E3779B97F4A7C15) & MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return ((mixed ^ (mixed >> 31)) >> 11) * 2.0**-53
