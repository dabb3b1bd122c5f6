"""The model of one socket that the simulation holds each session to, by itself."""

from collections.abc import Callable

import pytest

from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import Topic
from kick_proto.machine import Closed, Failed, Input, Opened, Received
from kick_proto.pusher import ERROR_COUNTS_FOR, MOST_BEFORE_HANDSHAKE, SHORTEST_ACTIVITY, Timeouts
from kick_proto.testing.simulation.lifeline import Ended, Lifeline, Stage, Told

TIMEOUTS = Timeouts(open=11.0, handshake=12.0, activity=100.0, pong=13.0, confirm=14.0, close=3.0)
ESTABLISHED = '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.1\\",\\"activity_timeout\\":60}"}'
UNREADABLE = '{"event":"pusher:connection_established","data":"{}"}'
PING = '{"event":"pusher:ping"}'
NEWS = encode_frame(Frame("News", Topic("a"), "{}"))
A, B = Topic("a"), Topic("b")
SOON = 1e-3


def opening(now: float = 0.0) -> Lifeline:
    return Lifeline(now, 1, TIMEOUTS)


def handshaking(now: float = 0.0) -> Lifeline:
    line = opening(now)
    assert line.hear(now, Opened(1)) is None
    assert line.stage is Stage.HANDSHAKING
    return line


def up(now: float = 0.0) -> Lifeline:
    line = handshaking(now)
    assert hear(line, now, ESTABLISHED) is None
    assert line.stage is Stage.UP
    line.told.clear()
    return line


def closing(now: float = 0.0) -> Lifeline:
    line = up(now)
    line.close(now)
    assert line.stage is Stage.CLOSING
    return line


def hear(line: Lifeline, now: float, *texts: str) -> Ended | None:
    return line.hear(now, Received(1, list(texts), 0.0))


def error(code: int | None) -> str:
    return encode_frame(Frame("pusher:error", Topic(""), f'{{"code":{"null" if code is None else code}}}'))


def answer(event: str, topic: Topic) -> str:
    return encode_frame(Frame(event, topic, "{}"))


# What is due, and when


def test_a_socket_is_waited_for_in_each_stage_for_its_time() -> None:
    for line, patience in (
        (opening(5.0), TIMEOUTS.open),
        (handshaking(5.0), TIMEOUTS.handshake),
        (closing(5.0), TIMEOUTS.close),
    ):
        stage = line.stage
        assert line.next_at() == 5.0 + patience
        assert line.pass_time(5.0 + patience - SOON, is_reading=True) is None
        assert line.pass_time(5.0 + patience, is_reading=True) == Ended(1006, stage, ours=stage is not Stage.CLOSING)
        assert line.stage is Stage.OVER
        assert line.next_at() is None


def test_a_socket_that_is_up_has_heard_of_its_peer_when_it_came_up() -> None:
    line = Lifeline(5.0, 9, TIMEOUTS)
    assert (line.ref, line.heard_at, line.up_at) == (9, 5.0, 5.0)
    assert (line.pending, line.confirmed, line.refused, line.told) == ({}, set(), set(), [])
    line.hear(6.0, Opened(9))
    hear(line, 7.0, ESTABLISHED)
    assert (line.heard_at, line.up_at) == (7.0, 7.0)
    hear(line, 9.0, NEWS)
    assert (line.heard_at, line.up_at) == (9.0, 7.0)


@pytest.mark.parametrize(
    ("asked", "patience"),
    [(60, 60.0), (1_000, TIMEOUTS.activity), (0.25, SHORTEST_ACTIVITY), (None, TIMEOUTS.activity)],
)
def test_a_ping_is_due_after_the_silence_that_the_server_asks_for_but_no_later_than_this_side_wants(
    asked: float | None, patience: float
) -> None:
    line = handshaking()
    timeout = "" if asked is None else f',"activity_timeout":{asked}'
    hear(line, 1.0, encode_frame(Frame("pusher:connection_established", Topic(""), f'{{"socket_id":"1.1"{timeout}}}')))
    assert line.next_at() == 1.0 + patience
    assert line.pass_time(1.0 + patience - SOON, is_reading=True) is None
    assert line.pings_due == 0
    assert line.pass_time(1.0 + patience, is_reading=True) is None
    assert line.pings_due == 1
    assert line.next_at() == 1.0 + patience + TIMEOUTS.pong


def test_every_read_is_a_sign_of_life_with_which_the_silence_begins_anew() -> None:
    for texts in ((), (NEWS,), ("no frame",), (PING,)):
        line = up()
        hear(line, 59.0, *texts)
        assert line.next_at() == 119.0
        line.pass_time(119.0, is_reading=True)
        hear(line, 120.0, *texts)
        assert line.next_at() == 180.0
        assert line.pass_time(180.0 - SOON, is_reading=True) is None
        assert line.pings_due == 1


def test_who_does_not_answer_a_ping_is_given_up() -> None:
    line = up()
    line.pass_time(61.0, is_reading=True)
    assert line.next_at() == 61.0 + TIMEOUTS.pong
    assert line.pass_time(61.0 + TIMEOUTS.pong - SOON, is_reading=True) is None
    assert line.pings_due == 1
    assert line.pass_time(61.0 + TIMEOUTS.pong, is_reading=True) == Ended(1006, Stage.UP, ours=True)


def test_who_does_not_answer_the_oldest_subscribe_is_given_up() -> None:
    line = up()
    line.ask(1.0, A)
    line.ask(2.0, B)
    assert line.next_at() == 1.0 + TIMEOUTS.confirm
    assert line.pass_time(1.0 + TIMEOUTS.confirm - SOON, is_reading=True) is None
    hear(line, 3.0, answer("pusher_internal:subscription_succeeded", A))
    assert line.next_at() == 2.0 + TIMEOUTS.confirm
    assert line.pass_time(2.0 + TIMEOUTS.confirm, is_reading=True) == Ended(1006, Stage.UP, ours=True)


def test_of_a_ping_and_a_subscribe_the_sooner_is_waited_for() -> None:
    line = up()
    line.ask(59.0, A)
    assert line.next_at() == 60.0
    line.pass_time(60.0, is_reading=True)
    assert line.next_at() == 59.0 + TIMEOUTS.confirm == 60.0 + TIMEOUTS.pong
    line.ask(59.0 - 0.5, A)
    assert line.next_at() == 58.5 + TIMEOUTS.confirm


def test_what_is_over_waits_for_nothing_and_ends_no_more() -> None:
    line = up()
    assert line.hear(1.0, Closed(1, 1006)) == Ended(1006, Stage.UP, ours=False)
    assert line.next_at() is None
    assert line.pass_time(1e9, is_reading=True) is None
    assert line.hear(2.0, Failed(1, "late")) is None


def test_a_socket_opens_once() -> None:
    line = up()
    line.hear(5.0, Opened(1))
    assert line.stage is Stage.UP


def test_a_handshake_that_cannot_be_read_is_ours_to_end() -> None:
    ended = hear(handshaking(), 0.0, UNREADABLE)
    assert ended == Ended(1002, Stage.HANDSHAKING, ours=True)


def test_a_second_handshake_says_nothing() -> None:
    line = up()
    assert hear(line, 1.0, ESTABLISHED) is None
    assert line.told == []
    assert line.up_at == 0.0


@pytest.mark.parametrize(
    ("pause", "end", "code"),
    [
        (1.0, Closed(1, 1006), 4100),
        (ERROR_COUNTS_FOR, Closed(1, 3999), 4100),
        (ERROR_COUNTS_FOR, Closed(1, 5000), 4100),
        (ERROR_COUNTS_FOR, Failed(1, "lost"), 4100),
        (ERROR_COUNTS_FOR + SOON, Closed(1, 1001), 1001),
        (ERROR_COUNTS_FOR + SOON, Failed(1, "lost"), 1006),
        (1.0, Closed(1, 4000), 4000),
        (1.0, Closed(1, 4999), 4999),
    ],
    ids=repr,
)
def test_an_error_explains_an_end_that_follows_it_at_once(pause: float, end: Input[list[str]], code: int) -> None:
    line = up()
    hear(line, 2.0, error(4100))
    assert line.hear(2.0 + pause, end) == Ended(code, Stage.UP, ours=False)


def test_an_error_without_a_code_explains_nothing() -> None:
    line = up()
    assert hear(line, 1.0, error(None)) is None
    assert line.told == [Told("error")]
    assert line.hear(1.0, Closed(1, 1001)) == Ended(1001, Stage.UP, ours=False)


def test_an_error_in_place_of_the_handshake_is_ours_to_end() -> None:
    line = handshaking()
    assert hear(line, 1.0, error(None)) is None
    assert hear(line, 1.0, error(4001), ESTABLISHED) == Ended(4001, Stage.HANDSHAKING, ours=True)
    assert line.told == [Told("error")] * 2


@pytest.mark.parametrize("begin", [opening, handshaking, up, closing])
def test_an_end_is_told_with_how_far_the_socket_had_come(begin: Callable[[], Lifeline]) -> None:
    line = begin()
    stage = line.stage
    assert line.hear(1.0, Closed(1, 1001)) == Ended(1001, stage, ours=False)
    assert line.stage is Stage.OVER


# What the application wants


def test_the_application_ends_a_socket_that_opens_at_once_and_any_other_with_a_close() -> None:
    line = opening()
    line.close(1.0)
    assert line.stage is Stage.OVER
    for line in (handshaking(), up()):
        line.close(1.0)
        assert line.stage is Stage.CLOSING
        assert line.next_at() == 1.0 + TIMEOUTS.close
        line.close(2.0)
        assert line.next_at() == 1.0 + TIMEOUTS.close
    line.hear(2.0, Closed(1))
    line.close(2.0)
    assert line.stage is Stage.OVER


def test_what_comes_after_a_close_is_not_heard() -> None:
    line = closing()
    assert hear(line, 1.0, NEWS, error(4001), UNREADABLE, PING) is None
    assert line.told == []
    assert line.pongs_due == 0


def test_what_was_refused_can_be_asked_for_again() -> None:
    line = up()
    line.ask(1.0, A)
    hear(line, 1.0, answer("pusher_internal:subscription_error", A))
    assert line.refused == {A}
    line.ask(2.0, A)
    assert line.refused == set()
    assert line.pending == {A: 2.0 + TIMEOUTS.confirm}


# What the peer says


def test_a_read_is_told_text_by_text() -> None:
    line = handshaking()
    assert hear(line, 1.0, "{", NEWS, PING, ESTABLISHED, PING, "no frame", NEWS) is None
    news = Told("frame", frame=Frame("News", A, "{}"))
    assert line.told == [Told("malformed", "{"), news, Told("up", "1.1"), Told("malformed", "no frame"), news]
    assert line.pongs_due == 2


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("pusher_internal:subscription_succeeded", "confirmed"),
        ("pusher_internal:subscription_error", "refused"),
        ("pusher:subscription_error", "refused"),
    ],
)
def test_an_answer_counts_once_and_for_what_was_asked(event: str, kind: str) -> None:
    line = up()
    line.ask(1.0, A)
    assert hear(line, 1.0, answer(event, B), answer(event, A), answer(event, A)) is None
    assert line.told == [Told(kind, "a")]
    assert line.pending == {}
    assert (line.confirmed, line.refused) == (({A}, set()) if kind == "confirmed" else (set(), {A}))


@pytest.mark.parametrize("event", ["pusher:pong", "pusher:ping"])
def test_what_is_the_protocols_own_is_no_frame_of_the_application(event: str) -> None:
    line = up()
    hear(line, 1.0, encode_frame(Frame(event, A, "{}")))
    assert line.told == []


def test_a_peer_may_talk_so_much_before_the_handshake_and_no_more() -> None:
    line = handshaking()
    assert hear(line, 1.0, *[PING] * (MOST_BEFORE_HANDSHAKE - 1), ESTABLISHED, NEWS, NEWS) is None
    assert line.stage is Stage.UP
    line = handshaking()
    for text in (NEWS, "no frame"):
        assert hear(line, 1.0, *[text] * (MOST_BEFORE_HANDSHAKE // 2)) is None
    assert hear(line, 2.0, ESTABLISHED) == Ended(1002, Stage.HANDSHAKING, ours=True)
    assert len(line.told) == MOST_BEFORE_HANDSHAKE


def test_who_does_not_read_misses_neither_a_confirmation_nor_a_pong() -> None:
    line = up()
    line.ask(0.0, Topic("a"))
    assert line.pass_time(TIMEOUTS.confirm, is_reading=False) is None
    assert line.pending[Topic("a")] == 2 * TIMEOUTS.confirm
    assert line.pass_time(60.0, is_reading=False) is None
    assert line.pings_due == 1
    assert line.pass_time(60.0 + TIMEOUTS.pong, is_reading=False) is None
    assert line.pings_due == 2
    assert line.pass_time(1e6, is_reading=True) == Ended(1006, Stage.UP, ours=True)
