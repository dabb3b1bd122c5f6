"""The framing: bytes below, texts above; how a WebSocket opens, what is read and written, and what is passed on."""

import itertools

import pytest

from kick_proto.machine import Close, Closed, Failed, Open, Opened, Received, Transmit
from kick_proto.websocket import Limits, State
from tests.framed import (
    ANSWER,
    OPEN,
    OTHER,
    PING,
    PONG,
    REACH,
    UNIX,
    A,
    B,
    Script,
    World,
    being_closed,
    closed,
    opened,
    opening,
    say,
    spelled,
    upgrading,
)
from tests.streams import FOX, closing, frame

# Opening


def test_an_open_passes_through_and_waits_for_nothing_of_ours() -> None:
    world = World(Script())
    say(world, OPEN)
    assert world.outputs() == [OPEN]
    assert world.heard() == []
    assert world.framing.poll_timeout() is None


def test_the_request_goes_out_when_the_stream_is_open_and_nothing_is_told_yet() -> None:
    world = opening()
    world.hear(Opened(1))
    (request,) = world.outputs()
    assert isinstance(request, Transmit)
    assert request.ref == 1
    assert request.data.startswith(b"GET /app/k HTTP/1.1\r\nHost: ws.example\r\n")
    assert b"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" in request.data
    assert world.heard() == []


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"])
def test_the_websocket_is_open_with_the_last_byte_of_the_answer(head: bytes) -> None:
    world = upgrading()
    data = head + ANSWER
    for at in range(len(data) - 1):
        world.read(data[at : at + 1])
    assert world.heard() == []
    world.read(data[-1:])
    assert world.heard() == [Opened(1)]
    assert world.outputs() == []
    assert world.framing.poll_timeout() is None


def test_frames_behind_the_answer_are_read_with_it() -> None:
    world = upgrading()
    world.read(ANSWER + A + B + PING + A[:1])
    assert world.heard() == [Opened(1), Received(1, ["A", "B"], UNIX)]
    assert world.done() == [(1, "PONG", b"p")]
    world.read(A[1:])
    assert world.heard() == [Received(1, ["A"], UNIX)]


def test_a_close_behind_the_answer_is_told_as_open_and_closed() -> None:
    world = upgrading()
    world.read(ANSWER + closing(4001, b"no such key"))
    assert world.heard() == [Opened(1), Received(1, [], UNIX), Closed(1, 4001, "no such key")]
    assert world.done() == [(1, "CLOSE", (4001, "")), Close(1, 4001)]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(b"HTTP/1.1 403 Forbidden\r\n\r\n", "the WebSocket handshake was answered with HTTP 403 Forbidden"),
        pytest.param(ANSWER.replace(b"+xOo=", b"+xOp="), "the 101 has a wrong Sec-WebSocket-Accept"),
        pytest.param(ANSWER.replace(b"websocket", b"h2c"), "the 101 lacks 'Upgrade: websocket'"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", "the answer to the WebSocket handshake is not HTTP"),
        pytest.param(b"", "the peer closed during the WebSocket handshake"),
    ],
)
def test_a_wrong_answer_closes_the_stream_and_fails(answer: bytes, reason: str) -> None:
    world = upgrading()
    world.read(answer)
    assert world.outputs() == [Close(1)]
    (failed,) = world.heard()
    assert failed.reason.startswith(reason)
    world.read(ANSWER + A)
    assert (world.outputs(), world.heard()) == ([], [])


def test_the_handshake_has_fifteen_seconds_in_all_however_its_bytes_drip() -> None:
    world = opening()
    world.advance(60)
    world.hear(Opened(1))
    world.outputs()
    drip = itertools.cycle([b"HTTP/1.1 103 Early Hints\r\n\r\n", ANSWER[:1], ANSWER[1:2], b"TP/1.1 102 P\r\n\r\n"])
    for data in itertools.islice(drip, 14):
        world.advance(1)
        world.read(data)
    world.advance(0.99)
    assert (world.outputs(), world.heard()) == ([], [])
    world.advance(0.01)
    assert world.outputs() == [Close(1)]
    assert world.heard() == [Failed(1, "no answer to the WebSocket handshake within 15 s")]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(Open(1, "ws.example\r\nX: y", 443, tls=True), id="a line break in the host"),
        pytest.param(Open(1, "ws.example", 443, tls=True, target="/a b"), id="a blank in the target"),
        pytest.param(Open(1, "b\xfccher.example", 443, tls=True), id="a host that is not ASCII"),
        pytest.param(Open(1, "ws.example", 443, tls=True, target="/app/\xe9"), id="a target that is not ASCII"),
    ],
)
def test_a_request_that_cannot_be_made_fails(bad: Open) -> None:
    world = World(Script())
    say(world, bad)
    world.hear(Opened(1))
    assert world.outputs() == [bad, Close(1)]
    (failed,) = world.heard()
    assert failed.reason.startswith(f"no HTTP request can be made for {bad.url!r}: ")
    assert world.framing.poll_timeout() is None


# Reading


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        pytest.param(A, ["A"], id="a text"),
        pytest.param(A + B + A, ["A", "B", "A"], id="three texts"),
        pytest.param(A + PING + B, ["A", "B"], id="texts around a ping"),
        pytest.param(frame(0x82, b"A"), ["A"], id="a binary message"),
        pytest.param(frame(0x01, b"A") + frame(0x80, b"B"), ["AB"], id="fragments"),
        pytest.param(frame(0x81, FOX.encode() * 70_000), [FOX * 70_000], id="a long text"),
        pytest.param(PING, [], id="a ping"),
        pytest.param(PONG, [], id="a pong"),
        pytest.param(frame(0x01, b"A"), [], id="a first fragment"),
        pytest.param(PONG + A[:2], [], id="a pong and half a text"),
    ],
)
def test_one_read_is_one_input_and_without_a_message_a_sign_of_life(data: bytes, texts: list[str]) -> None:
    world = opened()
    world.read(data)
    assert world.heard() == [Received(1, texts, UNIX)]


def test_a_read_that_completes_no_frame_is_not_handed_on() -> None:
    world = opened()
    world.read(b"", A[:1], A[1:2])
    assert (world.heard(), world.outputs()) == ([], [])
    world.read(A[2:] + B[:1])
    assert world.heard() == [Received(1, ["A"], UNIX)]


@pytest.mark.parametrize(
    ("data", "pongs"),
    [
        pytest.param(frame(0x89, b"Hello"), ["8a8537fa213d7f9f4d5158"], id="the RFC's ping and pong"),
        pytest.param(frame(0x89), ["8a8037fa213d"], id="an empty ping"),
        pytest.param(frame(0x89, b"1") + A + frame(0x89, b"Hello"), ["8a8537fa213d7f9f4d5158"], id="the latest of two"),
        pytest.param(PONG, [], id="a pong is not answered"),
        pytest.param(PING + closing(1000), ["888237fa213d3412"], id="a ping before a close: the close alone"),
    ],
)
def test_a_ping_is_answered_with_its_payload_under_the_given_mask(data: bytes, pongs: list[str]) -> None:
    world = opened()
    world.read(data)
    sent = [output.data.hex() for output in world.outputs() if isinstance(output, Transmit)]
    assert sent == pongs
    assert world.chance.asked == [16, *([4] * len(pongs))]


def test_each_ping_is_answered_once() -> None:
    world = opened()
    world.read(PING, A, frame(0x89, b"q"), B)
    assert world.done() == [(1, "PONG", b"p"), (1, "PONG", b"q")]


# Writing


def test_texts_go_out_in_order_each_in_a_frame_of_its_own_with_a_mask_of_its_own() -> None:
    world = opened()
    say(world, Transmit(1, ["Hello", FOX]), Transmit(1, []), Transmit(1, [""]))
    first, *others = world.outputs()
    assert first == Transmit(1, bytes.fromhex("818537fa213d7f9f4d5158"))
    assert list(map(spelled, others)) == [(1, "TEXT", FOX), (1, "TEXT", "")]
    assert world.chance.asked == [16, 4, 4, 4]


@pytest.mark.parametrize("state", [state for state in State if state is not State.OPEN])
def test_texts_are_dropped_where_no_websocket_is_open(state: State) -> None:
    world = REACH[state]()
    say(world, Transmit(1, ["A"]))
    assert world.outputs() == []


def test_what_the_machine_answers_goes_out_at_once() -> None:
    world = upgrading()
    world.machine.replies = {"Opened": [Transmit(1, ["hi"])], "Received": [Transmit(1, ["ho"])]}
    world.read(ANSWER + A)
    assert world.done() == [(1, "TEXT", "hi"), (1, "TEXT", "ho")]


# Two at once


def test_an_old_websocket_closes_while_a_new_one_opens() -> None:
    world = opened()
    say(world, Close(1), OTHER)
    assert world.done() == [(1, "CLOSE", (1000, "")), OTHER]
    world.hear(Opened(2))
    world.outputs()
    world.read(A, ref=1)
    world.read(ANSWER + B, ref=2)
    assert world.heard() == [Opened(2), Received(2, ["B"], UNIX)]
    say(world, Transmit(1, ["late"]), Transmit(2, ["new"]))
    assert world.done() == [(2, "TEXT", "new")]
    world.read(closing(1000), ref=1)
    assert world.outputs() == [Close(1)]
    world.read(PING, ref=2)
    assert world.done() == [(2, "PONG", b"p")]
    assert world.heard() == [Closed(1, 1000), Received(2, [], UNIX)]


def test_each_websocket_has_deadlines_of_its_own() -> None:
    world = being_closed()
    say(world, OTHER)
    world.advance(1)
    world.hear(Opened(2))
    world.outputs()
    assert world.framing.poll_timeout() == world.now + 2
    world.advance(2)
    assert world.outputs() == [Close(1, 1006)]
    assert world.framing.poll_timeout() == world.now + 13
    world.advance(13)
    assert world.outputs() == [Close(2)]
    assert [type(told) for told in world.heard()] == [Closed, Failed]


def test_a_late_call_ends_every_websocket_that_is_overdue() -> None:
    world = being_closed()
    say(world, OTHER)
    world.hear(Opened(2))
    world.outputs()
    world.framing.handle_timeout(world.now + 1_000)
    assert world.outputs() == [Close(1, 1006), Close(2)]
    assert [type(told) for told in world.heard()] == [Closed, Failed]


# What is the wrapped machine's


def test_events_and_back_pressure_are_the_wrapped_machine_s() -> None:
    world = opened()
    world.read(A, B)
    assert world.framing.poll_event() == Received(1, ["A"], UNIX)
    assert world.framing.take_events() == [Received(1, ["B"], UNIX)]
    assert world.framing.poll_event() is None
    assert world.stands() == (None, True, False)
    world.machine.wants_input = False
    assert world.stands() == (None, False, False)


def test_it_is_closed_when_the_machine_is_and_no_websocket_is_left() -> None:
    world = being_closed()
    world.machine.closed = True
    assert world.stands() == (103.0, True, False)
    world.read(closing(1000))
    assert world.stands() == (None, True, True)
    assert closed().stands() == (None, True, False)


def test_time_is_told_to_the_wrapped_machine_and_the_earlier_deadline_counts() -> None:
    world = upgrading()
    world.machine.due_at = 110.0
    assert world.framing.poll_timeout() == 110.0
    world.machine.due_at = 120.0
    assert world.framing.poll_timeout() == 115.0
    world.machine.timeouts.clear()
    world.framing.handle_timeout(112.0)
    assert world.machine.timeouts == [112.0]


# Limits


@pytest.mark.parametrize("name", Limits.__struct_fields__)
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_a_limit_that_is_not_above_zero_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^the {name} limit must be above 0, not {value}$"):
        Limits(**{name: value})  # type: ignore[arg-type]


def test_the_limits_are_the_readers_and_the_deadlines() -> None:
    limits = Limits(message=3, fragments=2, header=300, informational=1, handshake=5, close=1)
    world = opened(limits)
    world.read(frame(0x81, b"abc") + frame(0x81, b"abcd"))
    assert [type(told) for told in world.heard()] == [Received, Closed]
    world = opened(limits)
    world.read(frame(0x01) + frame(0x00), frame(0x80))
    assert world.heard()[-1] == Closed(1, 1009, "a message of more than 2 fragments")
    world = upgrading(limits)
    world.read(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 300)
    assert isinstance(world.heard()[0], Failed)
    world = upgrading(limits)
    world.read(b"HTTP/1.1 100 Continue\r\n\r\n" * 2)
    assert world.heard() == [Failed(1, "too many 1xx answers to the WebSocket handshake")]
    world = upgrading(limits)
    assert world.framing.poll_timeout() == world.now + 5
    world = being_closed(limits)
    assert world.framing.poll_timeout() == world.now + 1
