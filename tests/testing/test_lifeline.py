"""The model of one socket that the simulation holds each session to, by itself."""

import pytest

from kick_proto.ids import Topic
from kick_proto.machine import Closed, Failed, Opened, Received
from kick_proto.pusher import Timeouts
from kick_proto.testing.simulation.lifeline import Ended, Lifeline, Stage

TIMEOUTS = Timeouts()
ESTABLISHED = '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.1\\",\\"activity_timeout\\":60}"}'


def handshaking() -> Lifeline:
    line = Lifeline(0.0, 1, TIMEOUTS)
    line.hear(0.0, Opened(1))
    return line


def up() -> Lifeline:
    line = handshaking()
    assert hear(line, 0.0, ESTABLISHED) is None
    assert line.stage is Stage.UP
    return line


def hear(line: Lifeline, now: float, *texts: str) -> Ended | None:
    return line.hear(now, Received(1, list(texts), 0.0))


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
    ended = hear(handshaking(), 0.0, '{"event":"pusher:connection_established","data":"{}"}')
    assert ended == Ended(1002, Stage.HANDSHAKING, ours=True)


def test_a_second_handshake_says_nothing() -> None:
    assert hear(up(), 1.0, ESTABLISHED) is None


@pytest.mark.parametrize(("pause", "code"), [(1.0, 4100), (1e3, 1006)])
def test_an_error_explains_an_end_that_follows_it_at_once(pause: float, code: int) -> None:
    line = up()
    hear(line, 1.0, '{"event":"pusher:error","data":{"code":4100,"message":"busy"}}')
    assert line.hear(1.0 + pause, Closed(1, 1006)) == Ended(code, Stage.UP, ours=False)


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
