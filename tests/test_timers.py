"""Deadlines by name: due timers fire in the order of the enum, each once."""

import copy
import math
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.timers import Timers


class Timer(IntEnum):
    CONNECT = 1
    ACTIVITY = 2
    PONG = 3
    RETRY = 4


deadlines = st.dictionaries(st.sampled_from(Timer), st.floats(0, 1000))


def started(deadlines: dict[Timer, float]) -> Timers[Timer]:
    timers = Timers[Timer]()
    for timer, at in deadlines.items():
        timers.start(timer, at)
    return timers


@given(deadlines, st.floats(0, 1000))
def test_due_timers_fire_in_the_order_of_the_enum_and_the_rest_goes_on(at: dict[Timer, float], now: float) -> None:
    timers = started(at)
    assert list(timers.pop_due(now)) == [timer for timer in Timer if timer in at and at[timer] <= now]
    assert timers.running() == {timer for timer in at if at[timer] > now}


@given(deadlines.filter(bool))
def test_a_call_before_the_next_deadline_fires_nothing_and_changes_nothing(at: dict[Timer, float]) -> None:
    timers = started(at)
    next_at = timers.next_at()
    assert next_at == min(at.values())
    assert list(timers.pop_due(next_at - 0.5)) == []
    assert (timers.running(), timers.next_at()) == (frozenset(at), next_at)


@given(deadlines, st.floats(0, 1000))
def test_what_fired_does_not_fire_again(at: dict[Timer, float], now: float) -> None:
    timers = started(at)
    list(timers.pop_due(now))
    assert list(timers.pop_due(now)) == []


def test_without_timers_nothing_is_next_and_nothing_is_due() -> None:
    timers = Timers[Timer]()
    assert timers.next_at() is None
    assert list(timers.pop_due(1e9)) == []


def test_a_timer_is_due_at_its_deadline_and_not_before() -> None:
    timers = started({Timer.PONG: 30.0})
    assert list(timers.pop_due(math.nextafter(30.0, 0))) == []
    assert list(timers.pop_due(30.0)) == [Timer.PONG]


def test_starting_again_moves_the_deadline() -> None:
    timers = started({Timer.PONG: 30.0})
    timers.start(Timer.PONG, 60.0)
    assert timers.next_at() == 60.0
    timers.start(Timer.PONG, 10.0)
    assert timers.next_at() == 10.0


def test_stopping_a_timer_that_does_not_run_is_no_error() -> None:
    timers = started({Timer.PONG: 30.0})
    timers.stop(Timer.RETRY)
    timers.stop(Timer.PONG)
    timers.stop(Timer.PONG)
    assert timers.next_at() is None


@pytest.mark.parametrize("now", [1.0, 1e9, 1e17, math.inf])
def test_a_timer_that_is_stopped_by_one_that_fires_before_it_does_not_fire(now: float) -> None:
    timers = started({Timer.CONNECT: 0.0, Timer.ACTIVITY: 0.0, Timer.PONG: 0.0})
    fired = []
    for timer in timers.pop_due(now):
        fired.append(timer)
        timers.stop(Timer.ACTIVITY)
    assert fired == [Timer.CONNECT, Timer.PONG]


def test_a_timer_that_is_started_by_one_that_fires_waits_for_the_next_call() -> None:
    timers = started({Timer.CONNECT: 1.0})
    fired = []
    for timer in timers.pop_due(10.0):
        fired.append(timer)
        timers.start(Timer.CONNECT, 5.0)
        timers.start(Timer.RETRY, 5.0)
    assert fired == [Timer.CONNECT]
    assert list(timers.pop_due(10.0)) == [Timer.CONNECT, Timer.RETRY]


def test_a_due_timer_that_is_put_off_by_one_that_fires_before_it_waits() -> None:
    timers = started({Timer.CONNECT: 1.0, Timer.ACTIVITY: 1.0})
    fired = []
    for timer in timers.pop_due(10.0):
        fired.append(timer)
        timers.start(Timer.ACTIVITY, 20.0)
    assert fired == [Timer.CONNECT]
    assert timers.next_at() == 20.0


@given(deadlines, st.frozensets(st.sampled_from(Timer)))
def test_keep_only_stops_what_is_not_allowed(at: dict[Timer, float], allowed: frozenset[Timer]) -> None:
    timers = started(at)
    timers.keep_only(allowed)
    assert timers.running() == allowed & at.keys()
    assert timers.next_at() == min((at[timer] for timer in timers.running()), default=None)


def test_a_running_timer_is_in_and_a_stopped_one_is_not() -> None:
    timers = started({Timer.PONG: 30.0})
    assert Timer.PONG in timers
    assert Timer.RETRY not in timers


def test_a_deep_copy_goes_on_alone() -> None:
    timers = started({Timer.PONG: 30.0})
    other = copy.deepcopy(timers)
    timers.stop(Timer.PONG)
    assert other.running() == {Timer.PONG}


def test_timers_print_as_names_and_deadlines_in_the_order_of_the_enum() -> None:
    assert repr(started({Timer.RETRY: 2.0, Timer.PONG: 30.0})) == "Timers({'PONG': 30.0, 'RETRY': 2.0})"
