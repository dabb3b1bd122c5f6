"""When to try again: advice and the number of failures become seconds."""

import math
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kick_proto.backoff import Advice, Backoff, delay


class Draws:
    """Chance that is known beforehand, and counts how often it was asked."""

    def __init__(self, value: float) -> None:
        self.value = value
        self.count = 0

    def random(self) -> float:
        self.count += 1
        return self.value


seconds = st.floats(0.01, 100_000)
policies = st.builds(
    lambda bounds, jitter: Backoff(base=min(bounds), cap=max(bounds), jitter=jitter),
    st.tuples(seconds, seconds),
    st.sampled_from(["full", "none"]),
)
failures = st.integers(1, 10_000)
unjittered = Backoff(jitter="none")


@given(policies, failures, st.sampled_from(Advice), st.randoms())
def test_a_delay_is_never_negative_and_never_above_the_cap(
    policy: Backoff, failures: int, advice: Advice, rng: random.Random
) -> None:
    # A pause lasts for a second at least, whatever the policy says.
    cap = max(policy.cap, 1.0) if advice is Advice.PAUSE else policy.cap
    assert 0.0 <= delay(policy, failures, advice, rng) <= cap


@given(policies, failures, st.floats(0, 1, exclude_max=True))
def test_full_jitter_scales_the_ceiling_and_the_ceiling_doubles_up_to_the_cap(
    policy: Backoff, failures: int, draw: float
) -> None:
    assume(policy.jitter == "full")
    ceiling = min(policy.cap, math.ldexp(policy.base, min(failures - 1, 900)))
    assert delay(policy, failures, Advice.BACK_OFF, Draws(draw)) == ceiling * draw


@pytest.mark.parametrize(
    ("failures", "expected"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (65, 30), (10**9, 30)]
)
def test_without_jitter_the_delay_is_the_ceiling(failures: int, expected: float) -> None:
    assert delay(unjittered, failures, Advice.BACK_OFF, random.Random(7)) == expected


@given(policies, failures, st.randoms())
def test_a_pause_lasts_for_a_second_at_least(policy: Backoff, failures: int, rng: random.Random) -> None:
    assert delay(policy, failures, Advice.PAUSE, rng) >= 1.0


@given(policies, st.randoms())
def test_at_once_is_at_once_after_the_first_failure(policy: Backoff, rng: random.Random) -> None:
    assert delay(policy, 1, Advice.AT_ONCE, rng) == 0.0


@given(policies, st.integers(2, 10_000), st.integers())
def test_at_once_is_a_back_off_after_any_later_failure(policy: Backoff, failures: int, seed: int) -> None:
    at_once = delay(policy, failures, Advice.AT_ONCE, random.Random(seed))
    assert at_once == delay(policy, failures, Advice.BACK_OFF, random.Random(seed))


@pytest.mark.parametrize(
    ("policy", "failures", "advice", "count"),
    [
        pytest.param(Backoff(), 1, Advice.BACK_OFF, 1, id="full jitter draws once"),
        pytest.param(Backoff(), 3, Advice.PAUSE, 1, id="so does a pause"),
        pytest.param(Backoff(), 2, Advice.AT_ONCE, 1, id="and a second failure in a row"),
        pytest.param(Backoff(), 1, Advice.AT_ONCE, 0, id="at once draws nothing"),
        pytest.param(unjittered, 3, Advice.BACK_OFF, 0, id="no jitter draws nothing"),
    ],
)
def test_chance_is_drawn_as_often_as_it_counts(policy: Backoff, failures: int, advice: Advice, count: int) -> None:
    rng = Draws(0.5)
    delay(policy, failures, advice, rng)
    assert rng.count == count


@given(policies, failures, st.sampled_from(Advice), st.integers())
def test_the_same_chance_gives_the_same_delay(policy: Backoff, failures: int, advice: Advice, seed: int) -> None:
    first, second = (delay(policy, failures, advice, random.Random(seed)) for _ in range(2))
    assert first == second


def test_the_defaults_are_those_of_the_design() -> None:
    assert Backoff() == Backoff(base=1.0, cap=30.0, retries=5, jitter="full", stable_after=60.0)


@pytest.mark.parametrize("retries", [0, 1, None])
def test_retries_are_a_count_or_none_for_ever(retries: int | None) -> None:
    assert Backoff(retries=retries).retries == retries


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        pytest.param({"base": 0.0}, "0 < base <= cap", id="no base"),
        pytest.param({"base": -1.0}, "0 < base <= cap", id="negative base"),
        pytest.param({"base": 31.0}, "base=31.0, cap=30.0", id="base above cap"),
        pytest.param({"base": math.nan}, "base=nan", id="base is no number"),
        pytest.param({"cap": math.nan}, "cap=nan", id="cap is no number"),
        pytest.param({"retries": -1}, "not -1", id="negative retries"),
        pytest.param({"stable_after": -0.5}, "not -0.5", id="negative uptime"),
        pytest.param({"stable_after": math.nan}, "not nan", id="uptime is no number"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Backoff(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_any_uptime_may_count_as_stable(seconds: float) -> None:
    assert Backoff(stable_after=seconds).stable_after == seconds
