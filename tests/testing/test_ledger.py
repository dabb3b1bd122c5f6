"""What the simulation reckons of a session's counters and events, by itself."""

import re
from datetime import UTC, datetime

import msgspec
import pytest

from kick_proto.events.base import Undecodable
from kick_proto.frames import Frame
from kick_proto.ids import Topic, topics_of
from kick_proto.lifecycle import Down, GaveUp, Lagging, Stats, Up
from kick_proto.provider import Confirmed, ErrorReceived, Refused
from kick_proto.pusher import MOST_BEFORE_HANDSHAKE
from kick_proto.session import Config, SessionEvent
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.ledger import DECODERS, TOLD_OF_AN_ATTEMPT, Ledger
from kick_proto.testing.simulation.lifeline import Told
from tests.scenes import FOX, chat

EVENT = Confirmed(Topic("a"))
FOX_CHAT, FOX_OTHER = topics_of(FOX)[:2]
UNIX_NOW = 1_800_000_123.5
NOW = datetime(2027, 1, 15, 8, 2, 3, 500_000, UTC)


def watching(config: Config | None = None) -> Ledger:
    """Of a session that wants two topics."""
    ledger = Ledger(config or Config())
    ledger.want({FOX_CHAT: FOX, FOX_OTHER: FOX}, [])
    return ledger


def book(ledger: Ledger, *frames: Frame) -> None:
    for frame in frames:
        ledger.book(Told("frame", frame=frame), UNIX_NOW)


def event(frame: Frame) -> SessionEvent:
    return DECODERS.decode(frame, NOW, FOX)


def told(ledger: Ledger, *events: SessionEvent) -> None:
    """The session tells these, and they are all that it must tell."""
    ledger.deliver(list(events))
    ledger.delivered_all()


NOVELTY, BROKEN = Frame("Novelty", FOX_CHAT, "{}"), Frame("App\\Events\\ChatMessageEvent", FOX_CHAT, "{")
OTHERS = Frame("App\\Events\\ChatMessageEvent", Topic("chatrooms.9.v2"), chat("x").data)


# Counters


@pytest.mark.parametrize(
    ("frame", "stats"),
    [
        (chat("x"), Stats(frames=1, events=1)),
        (NOVELTY, Stats(frames=1, unknown=1)),
        (BROKEN, Stats(frames=1, undecodable=1)),
        (OTHERS, Stats(frames=1, dropped=1)),
    ],
    ids=["event", "unknown", "undecodable", "not wanted"],
)
def test_each_frame_counts_as_one_of_four(frame: Frame, stats: Stats) -> None:
    ledger = watching()
    book(ledger, frame)
    assert ledger.stats == stats
    told(ledger, *([] if stats.dropped else [event(frame)]))
    book(ledger, frame)
    assert ledger.stats.frames == 2


def test_what_is_no_frame_counts_and_is_told_too() -> None:
    ledger = watching()
    for _ in range(2):
        ledger.book(Told("malformed", "hello"), UNIX_NOW)
    assert ledger.stats == Stats(frames=2, undecodable=2)
    malformed = Undecodable(NOW, Frame("", Topic(""), "hello"), None, "in whatever words")
    told(ledger, malformed, malformed)


def test_counters_of_all_kinds_add_up() -> None:
    ledger = watching()
    book(ledger, *[chat("x")] * 3, *[NOVELTY] * 4, *[BROKEN] * 5, *[OTHERS] * 6)
    ledger.book(Told("malformed", "hello"), UNIX_NOW)
    ledger.audit(Stats(frames=19, events=1, unknown=4, undecodable=6, dropped=8))


@pytest.mark.parametrize("name", ["frames", "events", "unknown", "undecodable", "dropped", "reconnects"])
def test_a_counter_that_is_another_is_found(name: str) -> None:
    ledger = watching()
    book(ledger, chat("x"))
    wrong = msgspec.structs.replace(ledger.stats, **{name: getattr(ledger.stats, name) + 1})
    ledger.audit(msgspec.structs.replace(ledger.stats))
    parts = f"the parts do not add up: {wrong}"
    whole = f"the counters say {wrong}, and must say {ledger.stats}"
    with pytest.raises(Violation, match=re.escape(whole if name == "reconnects" else parts) + "$") as found:
        ledger.audit(wrong)
    assert found.value.law is Law.COUNTERS


def test_counters_that_add_up_to_another_sum_are_found() -> None:
    ledger = watching()
    book(ledger, chat("x"))
    with pytest.raises(Violation, match="the counters say"):
        ledger.audit(Stats(frames=2, events=2))


def test_an_id_counts_once_among_the_events_of_a_name_on_a_topic() -> None:
    ledger = watching()
    message = chat("x")
    elsewhere = Frame(message.event, FOX_OTHER, message.data)
    other = Frame("App\\Events\\MessageDeletedEvent", FOX_CHAT, '{"id":"x","message":{"id":"y"}}')
    book(ledger, message, message, elsewhere, elsewhere, other, other)
    assert ledger.stats == Stats(frames=6, events=3, dropped=3)
    told(ledger, event(message), event(elsewhere), event(other))


def test_only_the_latest_ids_are_known() -> None:
    ledger = watching(Config(remembered_ids=2))
    book(ledger, *map(chat, ("a", "b", "c", "a", "d", "e", "a")))
    assert ledger.stats == Stats(frames=7, events=6, dropped=1)


# What is wanted


def test_what_is_wanted_no_more_is_dropped_and_its_ids_are_forgotten() -> None:
    ledger = watching()
    elsewhere = Frame(chat("x").event, FOX_OTHER, chat("x").data)
    book(ledger, chat("x"), elsewhere)
    ledger.forget(FOX_CHAT)
    assert ledger.wanted == {FOX_OTHER: FOX}
    book(ledger, elsewhere)
    assert ledger.stats == Stats(frames=3, events=2, dropped=1)
    book(ledger, chat("x"), elsewhere)
    assert ledger.stats == Stats(frames=5, events=2, dropped=3)
    ledger.want({FOX_CHAT: FOX}, [])
    book(ledger, chat("x"), elsewhere)
    assert ledger.stats == Stats(frames=7, events=3, dropped=4)
    assert ledger.wanted == {FOX_OTHER: FOX, FOX_CHAT: FOX}


def test_what_was_kept_on_the_socket_is_confirmed_at_once_when_it_is_wanted_again() -> None:
    ledger = Ledger(Config())
    ledger.want({FOX_CHAT: FOX, FOX_OTHER: FOX}, [FOX_OTHER])
    told(ledger, Confirmed(FOX_OTHER))


@pytest.mark.parametrize("kind", ["confirmed", "refused"])
def test_answers_for_what_is_not_wanted_are_not_told(kind: str) -> None:
    ledger = watching()
    ledger.book(Told(kind, OTHERS.channel), UNIX_NOW)
    ledger.delivered_all()
    ledger.book(Told(kind, FOX_CHAT), UNIX_NOW)
    with pytest.raises(Violation):
        ledger.delivered_all()


# Events


def test_events_are_told_with_the_time_of_their_read_in_order_and_none_is_missing() -> None:
    ledger = watching()
    book(ledger, chat("a"), chat("b"))
    first, second = event(chat("a")), event(chat("b"))
    with pytest.raises(Violation, match=re.escape(f"{second!r} was told in place of {first!r}") + "$"):
        ledger.deliver([second])
    ledger = watching()
    book(ledger, chat("a"), chat("b"), NOVELTY)
    ledger.deliver([first])
    with pytest.raises(Violation, match=re.escape(f"{second!r} was never told, nor 1 others") + "$") as found:
        ledger.delivered_all()
    assert found.value.law is Law.EVENTS
    told(ledger, second, event(NOVELTY))
    with pytest.raises(Violation, match=re.escape(f"{first!r} was told, and nothing has happened") + "$") as found:
        ledger.deliver([first])
    assert found.value.law is Law.EVENTS


MALFORMED = Undecodable(NOW, Frame("", Topic(""), "hello"), None, "no JSON")
DOWN, DOWN_FOR_GOOD, UP = Down("eu", 4200, "words", 1.5), Down("eu", 4200, "words", None), Up("eu", "1.1", 7.0)


@pytest.mark.parametrize(
    ("expected", "meant", "not_meant"),
    [
        (Told("malformed", "hello"), MALFORMED, msgspec.structs.replace(MALFORMED, raw=Frame("", Topic(""), "other"))),
        (Told("malformed", "a"), Undecodable(NOW, Frame("", Topic(""), "a"), None, ""), Confirmed(Topic("a"))),
        (Told("confirmed", "a"), Confirmed(Topic("a")), Confirmed(Topic("b"))),
        (Told("confirmed", "a"), Confirmed(Topic("a")), Refused(Topic("a"), "words")),
        (Told("refused", "a"), Refused(Topic("a"), "words"), Refused(Topic("b"), "words")),
        (Told("refused", "a"), Refused(Topic("a"), "words"), Confirmed(Topic("a"))),
        (Told("error"), ErrorReceived(4200, "words"), Confirmed(Topic("a"))),
        (Told("other"), None, ErrorReceived(4200, "words")),
        (Down("eu", 4200, "", None), DOWN_FOR_GOOD, DOWN),
        (Down("eu", 4200, "", None), DOWN_FOR_GOOD, msgspec.structs.replace(DOWN_FOR_GOOD, code=4201)),
        (Down("eu", 4200, "", None), DOWN_FOR_GOOD, msgspec.structs.replace(DOWN_FOR_GOOD, cluster="us2")),
        (Down("eu", 4200, "", 1.5 + 5e-7), DOWN, DOWN_FOR_GOOD),
        (Down("eu", 4200, "", 1.5 - 5e-7), DOWN, msgspec.structs.replace(DOWN, code=4201)),
        (Down("eu", 4200, "", 1.5), DOWN, msgspec.structs.replace(DOWN, cluster="us2")),
        (Down("eu", 4200, "", 1.5), DOWN, msgspec.structs.replace(DOWN, retry_in=1.50001)),
        (Up("eu", "1.1", 7.0 + 5e-7), UP, msgspec.structs.replace(UP, gap=7.00001)),
        (Up("eu", "1.1", 7.0 - 5e-7), UP, msgspec.structs.replace(UP, gap=None)),
        (Up("eu", "1.1", 7.0), UP, msgspec.structs.replace(UP, cluster="us2")),
        (Up("eu", "1.1", 7.0), UP, msgspec.structs.replace(UP, socket_id="1.2")),
        (Up("eu", "1.1", None), Up("eu", "1.1", None), UP),
        (GaveUp("", 4004), GaveUp("words", 4004), GaveUp("words", 4005)),
        (Lagging(7), Lagging(7), Lagging(8)),
    ],
    ids=repr,
)
def test_what_is_told_is_what_is_meant_but_for_its_words_and_for_a_millionth(
    expected: Told | SessionEvent, meant: SessionEvent | None, not_meant: SessionEvent
) -> None:
    def expecting() -> Ledger:
        ledger = Ledger(Config())
        ledger.want({Topic("a"): FOX}, [])
        if isinstance(expected, Told):
            ledger.book(expected, UNIX_NOW)
        else:
            ledger.expect(expected)
        return ledger

    if meant is not None:
        told(expecting(), meant)
    with pytest.raises(Violation, match="was told in place of") as found:
        expecting().deliver([not_meant])
    assert found.value.law is Law.EVENTS


# Marks


def test_who_is_behind_says_so_once_and_is_not_behind_any_more_at_the_lower_mark() -> None:
    ledger = Ledger(Config(high_water=4, low_water=2))
    for _ in range(3):
        ledger.expect(EVENT)
    ledger.mark()
    was_behind = [ledger.is_lagging]
    ledger.expect(EVENT)
    ledger.mark()
    was_behind.append(ledger.is_lagging)
    ledger.mark()
    for count in (2, 1):
        ledger.deliver([EVENT] * count)
        ledger.mark()
        was_behind.append(ledger.is_lagging)
    assert was_behind == [False, True, True, False]
    told(ledger, EVENT, Lagging(4))


def test_one_attempt_tells_what_may_come_before_its_handshake_and_three_events() -> None:
    assert TOLD_OF_AN_ATTEMPT == MOST_BEFORE_HANDSHAKE + 3


def test_with_the_lower_mark_what_was_allowed_is_allowed_no_more() -> None:
    ledger = lagging()
    ledger.allow(50)
    ledger.deliver([EVENT, EVENT])
    ledger.mark()
    ledger.expect(EVENT)
    ledger.mark()
    for _ in range(TOLD_OF_AN_ATTEMPT):
        ledger.expect(EVENT)
    ledger.mark()
    ledger.expect(EVENT)
    with pytest.raises(Violation, match="events stand undelivered"):
        ledger.mark()


@pytest.mark.parametrize("was_behind", [False, True])
def test_what_is_allowed_before_a_session_is_behind_counts_when_it_is(was_behind: bool) -> None:
    ledger = Ledger(Config(high_water=2, low_water=1))
    if was_behind:
        ledger = lagging()
        ledger.deliver([EVENT, EVENT])
        ledger.mark()
        told(ledger, Lagging(2))
    ledger.allow(50)
    for _ in range(2):
        ledger.expect(EVENT)
    ledger.mark()
    for _ in range(TOLD_OF_AN_ATTEMPT + 50 - 1):
        ledger.expect(EVENT)
    ledger.mark()
    ledger.expect(EVENT)
    with pytest.raises(Violation, match="events stand undelivered"):
        ledger.mark()


def test_however_much_comes_in_one_read_it_is_only_then_that_a_limit_begins() -> None:
    ledger = Ledger(Config(high_water=2, low_water=1))
    for _ in range(1_000):
        ledger.expect(EVENT)
    ledger.mark()
    assert ledger.is_lagging
    for _ in range(TOLD_OF_AN_ATTEMPT):
        ledger.expect(EVENT)
    ledger.mark()
    ledger.expect(EVENT)
    with pytest.raises(Violation, match=f"^law 5 .*: {1_002 + TOLD_OF_AN_ATTEMPT} events stand undelivered"):
        ledger.mark()


def lagging() -> Ledger:
    """Where so many events stand undelivered that the session has said so, which is an event too."""
    ledger = Ledger(Config(high_water=2, low_water=1))
    for _ in range(2):
        ledger.expect(EVENT)
    ledger.mark()
    assert ledger.is_lagging
    return ledger


@pytest.mark.parametrize("allowed", [0, 5])
def test_who_lags_may_still_be_told_so_much_and_no_more(allowed: int) -> None:
    ledger = lagging()
    ledger.allow(allowed)
    for _ in range(TOLD_OF_AN_ATTEMPT + allowed):
        ledger.expect(EVENT)
    ledger.mark()
    ledger.expect(EVENT)
    count = 2 + 1 + TOLD_OF_AN_ATTEMPT + allowed
    with pytest.raises(Violation, match=f"{count + 1} events stand undelivered, and {count} may") as found:
        ledger.mark()
    assert found.value.law is Law.BOUNDED


@pytest.mark.parametrize("told", [Confirmed(Topic("b")), GaveUp("", 4004)], ids=repr)
def test_another_event_than_the_one_that_is_due_is_none(told: Confirmed | GaveUp) -> None:
    ledger = Ledger(Config())
    ledger.expect(EVENT)
    with pytest.raises(Violation, match="was told in place of Confirmed") as found:
        ledger.deliver([told])
    assert found.value.law is Law.EVENTS
