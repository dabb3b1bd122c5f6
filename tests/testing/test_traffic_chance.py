"""What is drawn: every number and every order that may come, no other, and ids that say when they were made."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from kick_proto.testing.traffic import chance

EPOCH = 1_790_000_000.123456


class Told:
    """A source of chance that is told what to draw, and how often it was asked."""

    def __init__(self, *drawn: float) -> None:
        self._drawn = list(drawn)

    def random(self) -> float:
        return self._drawn.pop(0)

    @property
    def left(self) -> int:
        return len(self._drawn)


LAST = 1 - 2**-53
"""The largest number that a source gives."""


def often(draw: Callable[[random.Random], Any], times: int = 3_000) -> Counter[Any]:
    rng = random.Random(7)
    return Counter(draw(rng) for _ in range(times))


@pytest.mark.parametrize(("probability", "drawn", "happens"), [(0.0, 0.0, False), (1.0, LAST, True), (0.5, 0.5, False)])
def test_what_is_impossible_never_happens_and_what_is_certain_always(
    probability: float, drawn: float, happens: bool
) -> None:
    assert chance.happens(Told(drawn), probability) is happens


@pytest.mark.parametrize(("drawn", "number"), [(0.0, 3), (0.24, 3), (0.25, 4), (0.5, 5), (LAST, 6)])
def test_a_whole_number_has_both_ends_and_equal_shares(drawn: float, number: int) -> None:
    assert chance.whole(Told(drawn), 3, 6) == number


@pytest.mark.parametrize(("drawn", "option"), [(0.0, "a"), (0.33, "a"), (0.34, "b"), (0.67, "c"), (LAST, "c")])
def test_each_option_is_as_likely_as_the_next(drawn: float, option: str) -> None:
    assert chance.pick(Told(drawn), "abc") == option


def test_every_order_is_as_likely_as_the_next_and_the_items_stay_as_they_are() -> None:
    items = ("a", "b", "c")
    orders = often(lambda rng: tuple(chance.shuffled(rng, items)))
    assert len(orders) == 6
    assert min(orders.values()) > 400
    assert items == ("a", "b", "c")


def test_a_sample_has_different_places_and_all_where_there_are_fewer() -> None:
    pairs = often(lambda rng: tuple(chance.sample(rng, "abcd", 2)))
    assert len(pairs) == 12
    assert min(pairs.values()) > 180
    assert all(len(set(pair)) == 2 for pair in pairs)
    assert sorted(chance.sample(random.Random(7), "abcd", 9)) == ["a", "b", "c", "d"]
    assert chance.sample(random.Random(7), "abcd", 0) == []


def test_a_token_is_drawn_sign_by_sign() -> None:
    source = Told(0.0, 0.5, LAST)
    assert chance.token(source, "01", 3) == "011"
    assert source.left == 0


@pytest.mark.parametrize(
    ("drawn", "uuid"),
    [
        (0.0, "00000000-0000-4000-8000-000000000000"),
        (LAST, "ffffffff-ffff-4fff-bfff-ffffffffffff"),
        (0.5, "80000000-0000-4800-8000-800000000000"),
    ],
)
def test_a_uuid_has_122_drawn_bits_between_its_version_and_its_variant(drawn: float, uuid: str) -> None:
    assert chance.uuid4(Told(drawn, drawn, drawn)) == uuid


def test_every_digit_of_a_uuid_but_the_version_is_drawn() -> None:
    uuids = list(often(chance.uuid4, 500))
    assert len(uuids) == 500
    digits = [len(set(signs)) for signs in zip(*uuids, strict=True)]
    assert [place for place, count in enumerate(digits) if count == 1] == [8, 13, 14, 18, 23]
    assert digits[19] == 4
    assert min(count for place, count in enumerate(digits) if count > 1 and place != 19) == 16


SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_a_ulid_says_its_milliseconds_and_then_what_was_drawn() -> None:
    made = chance.ulid(random.Random(7), EPOCH)
    assert len(made) == 26
    assert sum(SIGNS.index(sign) << 5 * place for place, sign in enumerate(reversed(made[:10]))) == 1_790_000_000_123
    assert chance.ulid(Told(*[0.0] * 16), EPOCH)[10:] == "0" * 16
    assert chance.ulid(Told(*[LAST] * 16), EPOCH)[10:] == "Z" * 16


def test_a_ulid_of_before_1970_says_1970() -> None:
    assert chance.ulid(random.Random(7), -5.0).startswith("0000000000")
