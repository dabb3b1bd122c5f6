"""Deadlines by name and ref: started, stopped, forgotten, and given when they are due."""

from enum import IntEnum

from kick_proto.agenda import Agenda


class Chore(IntEnum):
    SWEEP = 1
    DUST = 2
    AIR = 3


def test_an_agenda_begins_empty() -> None:
    agenda = Agenda(Chore)
    assert agenda.next_at() is None
    assert list(agenda.pop_due(1e9)) == []


def test_what_is_due_comes_in_the_order_of_the_enum_and_then_of_the_refs() -> None:
    agenda = Agenda(Chore)
    for chore, ref, at in ((Chore.AIR, 1, 1.0), (Chore.SWEEP, 2, 3.0), (Chore.SWEEP, 1, 2.0), (Chore.DUST, 9, 3.5)):
        agenda.start(chore, ref, at)
    assert agenda.next_at() == 1.0
    assert list(agenda.pop_due(0.9)) == []
    assert list(agenda.pop_due(3.0)) == [(Chore.SWEEP, 1), (Chore.SWEEP, 2), (Chore.AIR, 1)]
    assert agenda.next_at() == 3.5
    assert list(agenda.pop_due(3.4)) == []
    assert list(agenda.pop_due(3.5)) == [(Chore.DUST, 9)]
    assert agenda.next_at() is None


def test_a_later_start_takes_the_place_of_an_earlier_one() -> None:
    agenda = Agenda(Chore)
    agenda.start(Chore.AIR, 1, 1.0)
    agenda.start(Chore.AIR, 1, 5.0)
    assert list(agenda.pop_due(4.9)) == []
    assert list(agenda.pop_due(5.0)) == [(Chore.AIR, 1)]


def test_what_is_stopped_or_forgotten_never_comes() -> None:
    agenda = Agenda(Chore)
    for chore in Chore:
        for ref in (1, 2):
            agenda.start(chore, ref, 1.0)
    agenda.stop(Chore.SWEEP, 2)
    agenda.stop(Chore.SWEEP, 7)
    agenda.forget(1)
    agenda.forget(7)
    assert agenda.running() == {(Chore.DUST, 2), (Chore.AIR, 2)}
    assert list(agenda.pop_due(1.0)) == [(Chore.DUST, 2), (Chore.AIR, 2)]


def test_what_is_started_meanwhile_waits_for_the_next_call_and_what_is_stopped_is_left_out() -> None:
    agenda = Agenda(Chore)
    agenda.start(Chore.SWEEP, 1, 1.0)
    agenda.start(Chore.DUST, 1, 1.0)
    agenda.start(Chore.AIR, 1, 1.0)
    given = []
    for chore, ref in agenda.pop_due(1.0):
        given.append((chore, ref))
        if chore is Chore.SWEEP:
            agenda.stop(Chore.DUST, 1)
            agenda.start(Chore.AIR, 1, 2.0)
            agenda.start(Chore.SWEEP, 3, 1.0)
    assert given == [(Chore.SWEEP, 1)]
    assert list(agenda.pop_due(1.5)) == [(Chore.SWEEP, 3)]
    assert list(agenda.pop_due(2.0)) == [(Chore.AIR, 1)]
