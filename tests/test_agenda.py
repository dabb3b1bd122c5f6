"""Deadlines by name and ref: due timers fire in the order of the enum and then of the refs, each once."""

import copy
from enum import IntEnum

from hypothesis import given
from hypothesis import strategies as st

from kick_proto.agenda import Agenda


class Timer(IntEnum):
    ANSWER = 1
    RETRY = 2


keys = st.tuples(st.sampled_from(Timer), st.integers(-2, 3))
deadlines = st.dictionaries(keys, st.floats(0, 1_000))


def started(at: dict[tuple[Timer, int], float]) -> Agenda[Timer]:
    agenda = Agenda(Timer)
    for (timer, ref), deadline in at.items():
        agenda.start(timer, ref, deadline)
    return agenda


@given(deadlines, st.floats(0, 1_000))
def test_due_timers_fire_once_in_order_and_the_rest_goes_on(at: dict[tuple[Timer, int], float], now: float) -> None:
    agenda = started(at)
    assert list(agenda.pop_due(now)) == sorted(key for key in at if at[key] <= now)
    assert list(agenda.pop_due(now)) == []
    left = {key: deadline for key, deadline in at.items() if deadline > now}
    assert agenda.running() == frozenset(left)
    assert agenda.next_at() == min(left.values(), default=None)


def test_a_timer_is_started_anew_and_stopped_by_name_and_ref() -> None:
    agenda = started({(Timer.ANSWER, 1): 1.0, (Timer.ANSWER, 2): 2.0, (Timer.RETRY, 1): 3.0})
    agenda.start(Timer.ANSWER, 1, 9.0)
    agenda.stop(Timer.ANSWER, 2)
    agenda.stop(Timer.ANSWER, 2)
    assert list(agenda.pop_due(8.0)) == [(Timer.RETRY, 1)]
    assert agenda.next_at() == 9.0


def test_all_of_a_ref_is_forgotten() -> None:
    agenda = started({(Timer.ANSWER, 1): 1.0, (Timer.RETRY, 1): 2.0, (Timer.RETRY, 2): 3.0})
    agenda.forget(1)
    assert agenda.running() == {(Timer.RETRY, 2)}


def test_what_is_stopped_while_others_fire_does_not_and_what_is_started_waits_for_the_next_call() -> None:
    agenda = started({(Timer.ANSWER, 1): 1.0, (Timer.ANSWER, 2): 1.0, (Timer.RETRY, 1): 1.0})
    fired = []
    for timer, ref in agenda.pop_due(1.0):
        fired.append((timer, ref))
        agenda.stop(Timer.ANSWER, 2)
        agenda.start(Timer.RETRY, 7, 0.5)
    assert fired == [(Timer.ANSWER, 1), (Timer.RETRY, 1)]
    assert list(agenda.pop_due(1.0)) == [(Timer.RETRY, 7)]


def test_a_copy_goes_on_by_itself() -> None:
    agenda = started({(Timer.ANSWER, 1): 1.0})
    twin = copy.deepcopy(agenda)
    agenda.stop(Timer.ANSWER, 1)
    assert twin.running() == {(Timer.ANSWER, 1)}
