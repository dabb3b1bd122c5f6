"""The witness over HTTP, of what is told and waited for: what just holds a law, and what is found to break it."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import pytest

from kick_proto.endpoints.oauth import Introspection
from kick_proto.http import Responded, Response
from kick_proto.oauth import events as grants
from kick_proto.outcomes import Failure, Outcome
from kick_proto.rest import Refused, Replied
from kick_proto.secret import Secret
from kick_proto.testing.simulation.http.deciding import call_of
from kick_proto.testing.simulation.http.decisions import CallKind
from kick_proto.testing.simulation.http.witness import MOST_REMEMBERED, fact_of
from kick_proto.testing.simulation.laws import Law, Violation
from tests.testing.seeing import (
    PAGE,
    UNIX,
    Scene,
    answered,
    broken,
    deadline,
    logged_in,
    more_events,
    no_events,
    tokens,
)

FAILED = Failure(outcome=Outcome.FORBIDDEN, message="m")
UNTIL = msgspec.structs.replace(tokens(1), expires_at=datetime.fromtimestamp(UNIX + 60.0, UTC))
KNOWN = (Secret("access 1"), Secret("refresh 1"), "user")


@pytest.mark.parametrize(
    ("event", "fact"),
    [
        (Replied(3, "value"), ("replied", 3, "value")),
        (Refused(3, FAILED, 2), ("refused", 3, Outcome.FORBIDDEN, 2)),
        (grants.Issued(UNTIL), ("issued", *KNOWN, 60.0)),
        (grants.Refreshed(tokens(1)), ("refreshed", *KNOWN, None)),
        (grants.Declined("code", "reason"), ("declined",)),
        (grants.Lost(UNTIL, "reason"), ("lost", UNTIL)),
        (grants.Unrefreshed(FAILED), ("unrefreshed", Outcome.FORBIDDEN)),
        (grants.Revoked(), ("revoked",)),
        (grants.Unrevoked(FAILED), ("unrevoked",)),
        (grants.Introspected(Introspection(active=True)), ("introspected", True)),
        (grants.Unintrospected(FAILED), ("unintrospected", Outcome.FORBIDDEN)),
    ],
    ids=repr,
)
def test_what_an_event_tells(event: Any, fact: tuple[object, ...]) -> None:
    assert fact_of(event) == fact


# Answers


def test_a_call_is_answered_once() -> None:
    scene = Scene()
    ref = answered(scene, 0.0, 1)
    for event in (Replied(ref, "again"), Refused(ref, FAILED)):
        sentence = f"call {ref} is answered twice: {fact_of(event)}"
        broken(Law.ANSWERS, sentence, partial(scene.see, 1.0, more_events(event)))


@pytest.mark.parametrize(("others", "is_known"), [(MOST_REMEMBERED - 1, True), (MOST_REMEMBERED, False)])
def test_an_answer_is_remembered_for_a_while(others: int, is_known: bool) -> None:
    scene = Scene()
    ref = answered(scene, 0.0, 1)
    for number in range(others):
        answered(scene, float(number + 1), number + 2)
    with pytest.raises(Violation, match="is answered twice" if is_known else "is told; what is so is"):
        scene.see(900.0, more_events(Replied(ref, "again")))


def test_what_is_so_is_told_at_once() -> None:
    scene = Scene()
    fetch = scene.fetch(0.0, PAGE)
    reply = Responded(fetch, Response(200, (), b"5"), UNIX)
    sentence = "at 1.0 [] is told; what is so is [('replied', 1, 5)]"
    broken(Law.ANSWERS, sentence, lambda: scene.hear(1.0, reply, no_events))


def test_nothing_else_is_told_than_what_is_so() -> None:
    scene = Scene()
    fetch = scene.fetch(0.0, PAGE)
    reply = Responded(fetch, Response(200, (), b"5"), UNIX)
    sentence = "at 1.0 [('replied', 1, 6)] is told; what is so is [('replied', 1, 5)]"
    other = partial(scene.hear, 1.0, reply, lambda made: (made[0], [Replied(1, 6)], *made[2:]))
    broken(Law.ANSWERS, sentence, other)


def test_what_is_told_of_a_login_is_no_matter_of_calls() -> None:
    scene = logged_in()
    sentence = "at 1.0 [('revoked',)] is told; what is so is []"
    broken(Law.LOGIN, sentence, lambda: scene.see(1.0, more_events(grants.Revoked())))
    (fetch,) = scene.tell(2.0, "introspect")[0]
    sentence = "at 2.0 [] is told; what is so is [('introspected', True)]"
    reply = Responded(fetch.ref, Response(200, (), b'{"data":{"active":true}}'), UNIX)
    broken(Law.LOGIN, sentence, lambda: scene.hear(2.0, reply, no_events))


def refused_in_silence(scene: Scene, now: float, number: int) -> None:
    """A call that is refused, of which nothing is told."""
    fetch = scene.fetch(now, call_of(CallKind.PAGE, number))
    scene.hear(now, Responded(fetch, Response(404), UNIX), no_events)


def test_a_refusal_is_waited_for_until_the_next_deadline_of_its_machine() -> None:
    scene = Scene()
    scene.fetch(0.0, PAGE)
    refused_in_silence(scene, 5.0, 2)
    refused_in_silence(scene, 6.0, 3)
    scene.see(19.9)
    owed = [("refused", ref, Outcome.NOT_FOUND, 0) for ref in (3, 5)]
    scene.witness.tick(20.0)
    broken(Law.ANSWERS, f"it was due, and has not been told: {owed}", lambda: scene.see(20.0))


def test_a_refusal_is_waited_for_until_the_first_deadline_that_was_next() -> None:
    scene = Scene()
    fetch = scene.fetch(0.0, PAGE)
    refused_in_silence(scene, 5.0, 2)
    scene.fetch(6.0, call_of(CallKind.PAGE, 3))
    scene.hear(7.0, Responded(fetch, Response(200, (), b"5"), UNIX))
    refused_in_silence(scene, 8.0, 4)
    scene.see(19.9)
    with pytest.raises(Violation, match="it was due, and has not been told"):
        scene.see(20.0)


def test_where_a_machine_waits_for_nothing_a_refusal_is_told_at_once() -> None:
    scene = Scene()
    with pytest.raises(Violation, match=r"^law 20 \(answers\): at 5\.0 \[\] is told; what is so is \[\('refused', 1, "):
        refused_in_silence(scene, 5.0, 2)


def test_a_refusal_that_is_told_otherwise_is_not_waited_for() -> None:
    scene = Scene()
    scene.fetch(0.0, PAGE)
    fetch = scene.fetch(1.0, call_of(CallKind.PAGE, 2))
    otherwise = partial(
        scene.hear,
        1.0,
        Responded(fetch, Response(404), UNIX),
        lambda made: (made[0], [Replied(3, "found")], *made[2:]),
    )
    sentence = f"at 1.0 [('replied', 3, 'found')] is told; what is so is {[('refused', 3, Outcome.NOT_FOUND, 0)]}"
    broken(Law.ANSWERS, sentence, otherwise)


def test_a_fact_is_told_as_often_as_it_is_so() -> None:
    scene = logged_in()
    (fetch,) = scene.tell(2.0, "introspect")[0]
    reply = Responded(fetch.ref, Response(200, (), b'{"data":{"active":true}}'), UNIX)
    sentence = "at 2.0 [('introspected', True)] is told; what is so is []"
    broken(Law.LOGIN, sentence, lambda: scene.hear(2.0, reply, lambda made: (made[0], made[1] * 2, *made[2:])))


# Deadlines


@pytest.mark.parametrize("off", [-0.9e-6, 0.0, 0.9e-6])
def test_a_deadline_is_what_it_must_be_but_for_rounding(off: float) -> None:
    scene = Scene()
    scene.tell(0.0, "submit", PAGE, bend=deadline(20.0 + off))
    scene.see(19.9999)


@pytest.mark.parametrize("said", [20.00001, 25.0, None, 0.0, -1.0])
def test_a_deadline_is_neither_late_nor_past_nor_forgotten(said: float | None) -> None:
    scene = Scene()
    sentence = f"the next deadline is said to be {said}, and is 20.0 (now 0.0)"
    broken(Law.ON_TIME, sentence, lambda: scene.tell(0.0, "submit", PAGE, bend=deadline(said)))


def test_a_deadline_that_comes_too_early_is_found_out_when_it_comes() -> None:
    scene = Scene()
    scene.tell(0.0, "submit", PAGE, bend=deadline(15.0))
    scene.see(14.9, deadline(15.0))
    sentence = "something is waited for until 15.0, and nothing is due"
    broken(Law.ON_TIME, sentence, lambda: scene.see(15.0))


def test_a_deadline_where_nothing_is_due_is_found_out_when_it_comes() -> None:
    scene = Scene()
    scene.see(0.0, deadline(15.0))
    scene.see(1.0)
    scene.see(16.0, deadline(17.0))
    sentence = "something is waited for until 17.0, and nothing is due"
    broken(Law.ON_TIME, sentence, lambda: scene.see(18.0))


def test_what_is_closed_waits_for_nothing() -> None:
    scene = Scene()
    sentence = "the next deadline is said to be 5.0, and is None (now 0.0)"
    broken(Law.SILENCE, sentence, lambda: scene.tell(0.0, "close", bend=deadline(5.0)))
