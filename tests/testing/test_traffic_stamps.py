"""A moment in each of the ways in which Kick writes one."""

from collections.abc import Callable

import pytest

from kick_proto.testing.traffic import stamps

AT = 1_767_323_045.6789
"""2026-01-02, 03:04:05 and some."""

WRITTEN = [
    (stamps.offset, "2026-01-02T03:04:05+00:00", "1970-01-01T00:00:00+00:00"),
    (stamps.seconds, "2026-01-02T03:04:05Z", "1970-01-01T00:00:00Z"),
    (stamps.laravel, "2026-01-02T03:04:05.000000Z", "1970-01-01T00:00:00.000000Z"),
    (stamps.six_digits, "2026-01-02T03:04:05.678900Z", "1970-01-01T00:00:00.000000Z"),
    (stamps.spaced, "2026-01-02 03:04:05", "1970-01-01 00:00:00"),
]


@pytest.mark.parametrize(("write", "text", "first"), WRITTEN)
def test_each_way_cuts_the_fraction_or_keeps_it_and_writes_what_is_before_1970_as_1970(
    write: Callable[[float], str], text: str, first: str
) -> None:
    assert write(AT) == text
    assert write(0.0) == write(-0.5) == write(-1e15) == first


def test_what_needs_writing_in_no_way_of_its_own_is_counted_in_microseconds() -> None:
    assert stamps.micros(AT) == 1_767_323_045_678_900
    assert stamps.micros(0.000_001) == 1
    assert stamps.micros(-1.0) == 0


@pytest.mark.parametrize(
    ("micros", "nanos", "fraction"),
    [
        (0, 0, ""),
        (500_000, 0, ".5"),
        (678_900, 0, ".6789"),
        (1, 0, ".000001"),
        (0, 1, ".000000001"),
        (20, 30, ".00002003"),
    ],
)
def test_go_writes_nine_digits_without_the_zeros_at_the_end(micros: int, nanos: int, fraction: str) -> None:
    assert stamps.go(1_767_323_045_000_000 + micros, nanos) == f"2026-01-02T03:04:05{fraction}Z"
