"""Draws on an ``Rng``: numbers, choices, and ids that look like Kick's.

Plain functions, the source of chance first. None of them loops until it likes what it drew, so every draw ends,
whatever the source gives; the same source gives the same draws.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from kick_proto.machine import Rng

__all__ = ["happens", "pick", "sample", "shuffled", "token", "ulid", "uuid4", "whole"]

ItemT = TypeVar("ItemT")

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""The 32 signs of a ULID. Spec: ULID specification, "Encoding"."""


def happens(rng: Rng, probability: float) -> bool:
    """True once in ``1 / probability`` times: never for 0.0, always for 1.0."""
    return rng.random() < probability


def whole(rng: Rng, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return low + int(rng.random() * (high - low + 1))


def pick(rng: Rng, options: Sequence[ItemT]) -> ItemT:
    """One of the options, each as likely as the next."""
    return options[int(rng.random() * len(options))]


def shuffled(rng: Rng, items: Iterable[ItemT]) -> list[ItemT]:
    """The items in an order of their own (Fisher and Yates)."""
    pile = list(items)
    return sample(rng, pile, len(pile))


def sample(rng: Rng, items: Iterable[ItemT], count: int) -> list[ItemT]:
    """Different places of ``items``, ``count`` of them, or all where there are fewer."""
    pile = list(items)
    count = min(count, len(pile))
    for place in range(count):
        other = whole(rng, place, len(pile) - 1)
        pile[place], pile[other] = pile[other], pile[place]
    return pile[:count]


def token(rng: Rng, alphabet: str, length: int) -> str:
    """A text of that many signs of the alphabet."""
    return "".join([pick(rng, alphabet) for _ in range(length)])


def uuid4(rng: Rng) -> str:
    """What a random UUID looks like: version 4, variant 1, lower case. Spec: RFC 9562 section 5.4."""
    head = int(rng.random() * 2**48)
    middle = int(rng.random() * 2**26)
    tail = int(rng.random() * 2**48)
    return (
        f"{head >> 16:08x}-{head & 0xFFFF:04x}-{0x4000 | middle >> 14:04x}-{0x8000 | middle & 0x3FFF:04x}-{tail:012x}"
    )


def ulid(rng: Rng, unix_now: float) -> str:
    """What a ULID looks like: 10 signs of unix milliseconds, 16 of chance."""
    millis = max(0, int(unix_now * 1000))
    stamp = "".join([CROCKFORD[millis >> shift & 31] for shift in range(45, -1, -5)])
    return stamp + token(rng, CROCKFORD, 16)
