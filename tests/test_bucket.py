"""A token bucket: how many calls may start in any window of time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.bucket import Bucket, take

# Powers of two and eighths of a second are exact as floats, so that the laws hold to the last bit.
rates = st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
bursts = st.integers(1, 10).map(float)
gaps = st.lists(st.integers(0, 80).map(lambda eighths: eighths / 8), min_size=1, max_size=60)


def starts(bucket: Bucket, gaps: list[float]) -> list[tuple[float, float]]:
    """When each call is asked for, and when it may start."""
    now, granted = bucket.at, []
    for gap in gaps:
        now += gap
        bucket, start = take(bucket, now)
        granted.append((now, start))
    return granted


@given(rates, bursts, gaps)
def test_in_any_window_no_more_calls_start_than_the_burst_and_the_rate_allow(
    rate: float, burst: float, gaps: list[float]
) -> None:
    times = [start for _, start in starts(Bucket(rate, burst, burst), gaps)]
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + rate * (times[last] - times[first])


@given(rates, bursts, gaps, st.integers(-20, 20).map(float))
def test_starts_never_go_back_and_never_lie_in_the_past(
    rate: float, burst: float, gaps: list[float], level: float
) -> None:
    granted = starts(Bucket(rate, burst, level), gaps)
    assert all(start >= now for now, start in granted)
    assert [start for _, start in granted] == sorted(start for _, start in granted)


@given(st.floats(0.1, 100), st.floats(1, 100), st.lists(st.floats(0, 10), min_size=1, max_size=40))
def test_the_law_of_the_window_holds_for_any_numbers_but_for_rounding(
    rate: float, burst: float, gaps: list[float]
) -> None:
    times = [start for _, start in starts(Bucket(rate, burst, burst, at=1e6), gaps)]
    for first in range(len(times)):
        assert len(times) - first <= burst + rate * (times[-1] - times[first]) + 1e-6


@given(rates, bursts, st.floats(0, 1e6))
def test_a_full_bucket_lets_its_burst_start_at_once_and_then_keeps_the_rate(
    rate: float, burst: float, now: float
) -> None:
    granted = starts(Bucket(rate, burst, burst, at=now), [0.0] * (int(burst) + 2))
    assert [start for _, start in granted] == [now] * int(burst) + [now + 1 / rate, now + 2 / rate]


@pytest.mark.parametrize(
    ("idle", "at_once"),
    [
        pytest.param(0.0, 0, id="no time, no token"),
        pytest.param(0.25, 1, id="a quarter of a second at four a second"),
        pytest.param(0.75, 3, id="three quarters"),
        pytest.param(1000.0, 5, id="never more than the burst"),
    ],
)
def test_an_empty_bucket_fills_at_its_rate_up_to_its_burst(idle: float, at_once: int) -> None:
    granted = starts(Bucket(rate=4.0, burst=5.0, level=0.0), [idle, *[0.0] * 9])
    assert sum(start == now for now, start in granted) == at_once


def test_more_than_the_burst_is_not_held_even_if_it_was_there() -> None:
    granted = starts(Bucket(rate=1.0, burst=2.0, level=100.0), [0.0, 0.0, 0.0])
    assert [start for _, start in granted] == [0.0, 0.0, 1.0]


def test_taking_gives_a_new_bucket_and_leaves_the_old_one() -> None:
    bucket = Bucket(rate=5.0, burst=5.0, level=5.0)
    assert take(bucket, 1.0) == (Bucket(rate=5.0, burst=5.0, level=4.0, at=1.0), 1.0)
    assert bucket == Bucket(rate=5.0, burst=5.0, level=5.0)


@pytest.mark.parametrize(
    ("rate", "burst"),
    [
        pytest.param(0.0, 5.0, id="no rate"),
        pytest.param(-1.0, 5.0, id="negative rate"),
        pytest.param(math.nan, 5.0, id="rate is no number"),
        pytest.param(5.0, 0.5, id="a burst of less than one call"),
        pytest.param(5.0, math.nan, id="burst is no number"),
    ],
)
def test_a_bucket_that_makes_no_sense_is_refused(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="a bucket needs a rate above 0 and a burst of at least 1"):
        Bucket(rate, burst, 1.0)
