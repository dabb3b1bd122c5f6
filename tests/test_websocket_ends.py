"""How a WebSocket ends: closed from either side, by a mistake, cancelled, or with its stream."""

from collections.abc import Callable, Mapping

import pytest

from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Open, Opened, Received, Transmit
from kick_proto.websocket import State
from tests.framed import (
    ANSWER,
    OTHER,
    PING,
    REACH,
    UNIX,
    A,
    B,
    Heard,
    Saying,
    Script,
    World,
    being_closed,
    opened,
    opening,
    say,
    state_of,
    upgrading,
)
from tests.streams import closing, frame


def test_our_close_is_answered_by_the_peer() -> None:
    world = opened()
    say(world, Close(1, 4000, "enough"))
    assert world.done() == [(1, "CLOSE", (4000, "enough"))]
    assert world.framing.poll_timeout() == world.now + 3
    world.read(closing(4000, b"enough"))
    assert world.outputs() == [Close(1, 4000)]
    assert world.heard() == [Closed(1, 4000, "enough")]
    assert world.framing.poll_timeout() is None


def test_our_close_waits_three_seconds_for_its_answer() -> None:
    world = being_closed()
    world.advance(2.99)
    world.read(A)
    assert (world.outputs(), world.heard()) == ([], [])
    world.advance(0.01)
    assert world.outputs() == [Close(1, 1006)]
    assert world.heard() == [Closed(1, 1006, "the peer did not answer our close frame")]


def test_our_close_is_masked_like_any_frame() -> None:
    world = opened()
    say(world, Close(1, 1000))
    (sent,) = world.outputs()
    assert sent == Transmit(1, bytes.fromhex("888237fa213d3412"))
    assert world.chance.asked == [16, 4]


def test_a_second_close_changes_nothing() -> None:
    world = being_closed()
    world.advance(2)
    say(world, Close(1))
    assert world.outputs() == []
    world.advance(1)
    assert world.outputs() == [Close(1, 1006)]


def test_after_our_close_nothing_is_delivered_and_no_ping_is_answered() -> None:
    world = being_closed()
    world.read(A, PING, frame(0x01, b"A"))
    assert (world.outputs(), world.heard()) == ([], [])
    world.read(frame(0x80, b"B") + closing(1001, b"bye"))
    assert world.heard() == [Closed(1, 1001, "bye")]


@pytest.mark.parametrize(
    ("sent", "answered", "told"),
    [
        pytest.param(closing(1000), (1000, ""), Closed(1, 1000), id="1000"),
        pytest.param(closing(4001, b"no such key"), (4001, ""), Closed(1, 4001, "no such key"), id="a code of Pusher"),
        pytest.param(closing(1001, "zu spät".encode()), (1001, ""), Closed(1, 1001, "zu spät"), id="a reason"),
        pytest.param(frame(0x88), (1005, ""), Closed(1, 1005), id="no code"),
    ],
)
def test_a_close_of_the_peer_is_answered_with_its_code(sent: bytes, answered: tuple[int, str], told: Closed) -> None:
    world = opened()
    world.read(A + sent + B)
    assert world.done() == [(1, "CLOSE", answered), Close(1, told.code)]
    assert world.heard() == [Received(1, ["A"], UNIX), told]
    assert world.framing.poll_timeout() is None


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        pytest.param(frame(0x83), 1002, id="a reserved opcode"),
        pytest.param(frame(0xC1), 1002, id="a reserved bit"),
        pytest.param(frame(0x81, b"A", masked=128), 1002, id="a masked frame"),
        pytest.param(frame(0x80, b"A"), 1002, id="a continuation of nothing"),
        pytest.param(frame(0x88, b"\x03"), 1002, id="half a close code"),
        pytest.param(closing(1005), 1002, id="a close code that is never sent"),
        pytest.param(frame(0x81, b"\xff"), 1007, id="no UTF-8"),
        pytest.param(closing(1000, b"\xff"), 1007, id="a reason that is no UTF-8"),
        pytest.param(frame(0x81, bytes((1 << 20) + 1)), 1009, id="a message beyond a mebibyte"),
    ],
)
def test_a_mistake_of_the_peer_is_answered_with_its_code_and_the_reason(wrong: bytes, code: int) -> None:
    world = opened()
    world.read(A + PING + wrong + B)
    received, told = world.heard()
    assert received == Received(1, ["A"], UNIX)
    assert (told.ref, told.code) == (1, code)
    assert told.reason
    assert world.done() == [(1, "CLOSE", (code, told.reason)), Close(1, code)]
    world = being_closed()
    world.read(wrong)
    assert world.outputs() == [Close(1, code)]
    assert world.heard() == [told]


def test_a_machine_that_closes_on_a_text_hears_of_the_end_behind_it_and_nothing_between() -> None:
    world = opened()
    world.machine.replies = {"Received": [Close(1, 1001)]}
    world.read(A + closing(4200, b"again"))
    assert world.done() == [(1, "CLOSE", (1001, "")), Close(1, 4200)]
    assert world.heard() == [Received(1, ["A"], UNIX), Closed(1, 4200, "again")]


@pytest.mark.parametrize("reply", [Close(1), Cancel(1)])
def test_a_machine_that_ends_it_as_soon_as_it_is_open_is_given_no_text(reply: Saying) -> None:
    world = upgrading()
    world.machine.replies = {"Opened": [reply]}
    world.read(ANSWER + A, B)
    assert world.heard() == [Opened(1)]


def test_a_machine_that_cancels_on_a_text_hears_nothing_more() -> None:
    world = opened()
    world.machine.replies = {"Received": [Cancel(1)]}
    world.read(A + closing(1000))
    assert world.done() == [Close(1)]
    assert world.heard() == [Received(1, ["A"], UNIX)]


@pytest.mark.parametrize(
    ("state", "output"),
    [
        (State.OPENING, [Cancel(1)]),
        (State.UPGRADING, [Close(1)]),
        (State.OPEN, [Close(1)]),
        (State.CLOSING, [Close(1)]),
        (State.CLOSED, []),
    ],
)
def test_a_cancel_ends_what_there_is_and_nothing_is_told(state: State, output: list[Saying]) -> None:
    world = REACH[state]()
    say(world, Cancel(1))
    assert world.outputs() == output
    world.hear(Opened(1), Closed(1), Failed(1, "x"))
    world.read(ANSWER)
    world.advance(60)
    assert (world.outputs(), world.heard()) == ([], [])


# The end of the stream


END_OF_ONE: Mapping[str, tuple[State, Callable[[World[Script]], None]]] = {
    "its stream cannot be had": (State.OPENING, lambda world: world.hear(Failed(1, "no such host"))),
    "its request cannot be made": (State.CLOSED, lambda world: ask_for(world, Open(1, "a\r\nb", 443, tls=True))),
    "its answer is a refusal": (State.UPGRADING, lambda world: world.read(b"HTTP/1.1 403 Forbidden\r\n\r\n")),
    "its answer does not come": (State.UPGRADING, lambda world: world.advance(15)),
    "its stream ends in the handshake": (State.UPGRADING, lambda world: world.hear(Closed(1))),
    "its stream ends": (State.OPEN, lambda world: world.hear(Closed(1))),
    "the peer closes it": (State.OPEN, lambda world: world.read(closing(1000))),
    "the peer makes a mistake": (State.OPEN, lambda world: world.read(frame(0x83))),
    "the peer agrees to its close": (State.CLOSING, lambda world: world.read(closing(1000))),
    "its close is not answered": (State.CLOSING, lambda world: world.advance(3)),
}


def ask_for(world: World[Script], opening: Open) -> None:
    say(world, opening)
    world.hear(Opened(opening.ref))


@pytest.mark.parametrize("how", END_OF_ONE)
def test_the_machine_is_told_of_an_end_as_it_happens_and_may_close_another_from_then_on(how: str) -> None:
    state, end = END_OF_ONE[how]
    world = REACH[state]()
    ask_for(world, OTHER)
    world.read(ANSWER, ref=2)
    world.outputs()
    world.heard()
    world.machine.replies = {"Failed": [Close(2)], "Closed": [Close(2)]}
    end(world)
    assert [type(told) in (Failed, Closed) for told in world.heard()][-1:] == [True]
    assert world.machine.told_at[-1] == world.now
    assert world.done()[-1] == (2, "CLOSE", (1000, ""))
    assert world.framing.poll_timeout() == world.now + 3


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (State.UPGRADING, Failed(1, "the peer closed during the WebSocket handshake")),
        (State.OPEN, Closed(1, 1006, "the peer closed without a close frame")),
        (State.CLOSING, Closed(1, 1006, "the peer closed without a close frame")),
    ],
)
def test_a_stream_that_ends_is_told_as_what_it_was(state: State, told: Heard) -> None:
    world = REACH[state]()
    world.hear(Closed(1))
    assert world.heard() == [told]
    world = REACH[state]()
    world.hear(Closed(1, 1006, "connection reset"))
    assert [end.reason for end in world.heard()] == ["connection reset"]
    assert [output for output in world.outputs() if output != Close(1)] == []


def test_a_stream_that_cannot_be_had_is_told_so() -> None:
    world = opening()
    world.hear(Failed(1, "no such host"))
    assert world.heard() == [Failed(1, "no such host")]
    assert world.outputs() == []


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("end", [Failed(1, "broken"), Closed(1, 1006, "broken")])
def test_any_end_of_the_stream_is_told_once_and_is_the_last_word(state: State, end: Input[bytes]) -> None:
    """Even one that no driver gives there: a Failed after Opened, a Closed before it."""
    world = REACH[state]()
    world.hear(end)
    told = world.heard()
    assert [(type(each) in (Failed, Closed), each.reason) for each in told] == (
        [] if state is State.CLOSED else [(True, "broken")]
    )
    world.outputs()
    world.hear(end, Opened(1))
    world.read(ANSWER, A)
    say(world, Transmit(1, ["A"]), Close(1), Cancel(1))
    world.advance(60)
    assert (world.outputs(), world.heard(), world.framing.poll_timeout()) == ([], [], None)


def test_bytes_of_a_stream_that_is_not_open_yet_are_dropped() -> None:
    world = opening()
    world.read(A + PING + closing(1000))
    assert (world.outputs(), world.heard()) == ([], [])
    assert state_of(world) is State.OPENING


def test_what_is_heard_or_said_of_an_unknown_ref_is_dropped() -> None:
    world = opened()
    world.hear(Opened(9), Closed(9), Failed(9, "x"))
    world.read(A, ANSWER, ref=9)
    say(world, Transmit(9, ["A"]), Close(9), Cancel(9))
    assert (world.outputs(), world.heard()) == ([], [])
    assert state_of(world) is State.OPEN
