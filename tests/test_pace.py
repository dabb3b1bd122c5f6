"""How fast a host may be asked, and when it is left alone."""

import math
import random
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.endpoints.call import Host
from kick_proto.http import Fetch, Responded, Response
from kick_proto.pace import ROUNDING, Pace
from kick_proto.rest import Client, Refs
from tests.rest_acts import OK, answer, config, get, moved

API, SITE = Host.API, Host.SITE

# Powers of two and eighths of a second are exact as floats, so that the law holds to the last bit.
rates = st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
bursts = st.integers(1, 10).map(float)
gaps = st.lists(st.integers(0, 80).map(lambda eighths: eighths / 8), min_size=1, max_size=40)


def starts(pace: Pace, times: list[float], host: Host = API) -> list[float]:
    """When those begin who come at these times, in order, and come again when they are told to."""
    now, begun = 0.0, []
    for time in times:
        now = max(now, time)
        while (at := pace.start(host, now)) is not None:
            assert at > now
            now = at
        begun.append(now)
    return begun


def keeps(begun: list[float], rate: float, burst: float, slack: float = 0.0) -> bool:
    return all(
        last - first + 1 <= burst + rate * (begun[last] - begun[first]) + slack
        for first in range(len(begun))
        for last in range(first, len(begun))
    )


def summed(gaps: list[float]) -> list[float]:
    return [sum(gaps[: number + 1]) for number in range(len(gaps))]


@given(rates, bursts, gaps)
def test_in_any_window_no_more_begin_than_the_burst_and_the_rate_allow(
    rate: float, burst: float, gaps: list[float]
) -> None:
    assert keeps(starts(Pace(rate, burst), summed(gaps)), rate, burst)


@given(st.floats(0.1, 100), st.floats(1, 20), st.lists(st.floats(0, 10), min_size=1, max_size=30), st.floats(0, 1e6))
def test_the_law_holds_for_any_numbers_but_for_rounding(
    rate: float, burst: float, gaps: list[float], first: float
) -> None:
    begun = starts(Pace(rate, burst), [first + time for time in summed(gaps)])
    assert keeps(begun, rate, burst, slack=1e-6)


@given(rates, bursts, gaps, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=4))
def test_nothing_begins_while_the_host_is_left_alone(
    rate: float, burst: float, gaps: list[float], holds: list[tuple[int, int]]
) -> None:
    pace, now, begun = Pace(rate, burst), 0.0, []
    held = [(float(since), float(since + seconds)) for since, seconds in sorted(holds)]
    waiting = list(held)
    for time in summed(gaps):
        now = max(now, time)
        while True:
            while waiting and waiting[0][0] <= now:
                pace.hold(API, waiting.pop(0)[1])
            at = pace.start(API, now)
            if at is None:
                break
            now = at
        begun.append(now)
        assert not any(since <= now < until for since, until in held)
    assert keeps(begun, rate, burst)


@given(
    st.lists(st.tuples(st.floats(0, 4), st.integers(0, 2)), max_size=15),
    st.lists(
        st.sampled_from([OK, OK, answer(503), answer(429), answer(429, retry_after="3"), moved("/b")]), max_size=9
    ),
    st.integers(1, 3).map(float),
)
def test_clients_that_share_a_pace_keep_the_law_together(
    submits: list[tuple[float, int]], answers: list[Response], burst: float
) -> None:
    """Retries and redirects take their turns too."""
    pace, refs = Pace(1.0, burst), Refs()
    clients = [Client(config(in_flight=2), rng=random.Random(7), refs=refs, pace=pace) for _ in range(3)]
    now, begun, said = 0.0, [], chain(answers)

    def settle() -> None:
        for client in clients:
            while isinstance(output := client.poll_output(), Fetch):
                begun.append(now)
                client.handle_input(now, Responded(output.ref, next(said, OK), now))

    for gap, number in [*submits, (300.0, None)]:
        until = now + gap
        while (at := min((at for each in clients if (at := each.poll_timeout()) is not None), default=until)) < until:
            now = max(now, at)
            for client in clients:
                client.handle_timeout(now)
            settle()
        now = until
        if number is not None:
            clients[number].submit(now, get(redirects=True))
            settle()
    assert sum(len(each.take_events()) for each in clients) == len(submits)
    assert [each.states for each in clients] == [{}, {}, {}]
    assert keeps(begun, 1.0, burst, slack=1e-6)


def test_hosts_do_not_wait_for_each_other() -> None:
    pace = Pace()
    assert pace.start(API, 5.0) is None
    assert pace.start(API, 5.0) == 6.0
    assert pace.start(SITE, 5.0) is None
    pace.hold(SITE, 60.0)
    assert (pace.start(SITE, 6.0), pace.start(API, 6.0)) == (60.0, None)


def test_a_host_that_asks_twice_to_be_left_alone_is_left_alone_for_the_longer_time() -> None:
    pace = Pace()
    pace.hold(API, 30.0)
    pace.hold(API, 10.0)
    assert pace.start(API, 10.0) == 30.0
    assert pace.start(API, 30.0) is None


def test_who_waits_takes_no_token_away() -> None:
    pace = Pace()
    assert pace.start(API, 0.0) is None
    assert [pace.start(API, at) for at in (0.25, 0.5, 0.75)] == [1.0, 1.0, 1.0]
    assert pace.start(API, 1.0) is None


def test_pauses_are_counted_in_a_row_and_for_each_host() -> None:
    pace = Pace()
    pace.hold(API, 1.0)
    pace.hold(API, 2.0)
    pace.hold(SITE, 1.0)
    assert (pace.pauses(API), pace.pauses(SITE), pace.pauses(Host.ID)) == (2, 1, 0)
    pace.answered(API)
    assert (pace.pauses(API), pace.pauses(SITE)) == (0, 1)


def test_what_rounding_leaves_of_a_deadline_is_no_wait() -> None:
    pace = Pace()
    pace.hold(API, 10.0)
    assert pace.start(API, 10.0 - 2 * ROUNDING) == 10.0
    assert pace.start(API, 10.0 - ROUNDING / 2) is None
    assert pace.start(API, 11.0 - ROUNDING) is None


def test_a_wait_of_just_the_rounding_is_none_either() -> None:
    held, quick = Pace(), Pace(rate=1 / ROUNDING)
    held.hold(API, 5.0 + ROUNDING)
    assert held.start(API, 5.0) is None
    assert [quick.start(API, 0.0) for _ in range(2)] == [None, None]


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1.0), (math.nan, 1.0), (1.0, 0.5)])
def test_a_pace_that_makes_no_sense_is_refused(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="a bucket needs a rate above 0"):
        Pace(rate, burst)
