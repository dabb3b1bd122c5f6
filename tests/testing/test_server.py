"""``KickServer`` on a virtual clock: each manner of each personality, each fault, and what holds for all of them."""

import json
import random
import re
from collections.abc import Sequence

import pytest

from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame, encode_subscribe, encode_unsubscribe, parse_frame
from kick_proto.machine import Closed, Failed, Opened, SocketMachine, Transmit
from kick_proto.testing.faults import CHAOS, NO_FAULTS, Faults
from kick_proto.testing.personalities import HOSTED, PERSONALITIES, REVERB, SOKETI, Personality
from kick_proto.testing.playing import FASTEST
from kick_proto.testing.server import (
    LONGEST_KEPT,
    Accepted,
    ClientConnected,
    ClientGone,
    ClientPinged,
    ServerEvent,
    TextReceived,
)
from kick_proto.testing.server_frames import LONGEST_TEXT
from kick_proto.testing.voice import LONGEST_NAME, MOST_TOPICS
from tests.testing.stand import EPOCH, MESSAGE, PING, TOPIC, Counter, Stand, connected, subscribed


def test_the_server_has_the_interface_of_every_machine() -> None:
    machine: SocketMachine[ServerEvent, Sequence[str]] = Stand().server
    assert (machine.wants_input, machine.closed) == (True, False)
    assert machine.poll_event() is None
    assert machine.poll_output() is None
    assert machine.poll_timeout() is None


# What all servers do


@pytest.mark.parametrize("data", ["{}", '""', '"{}"', "null", "[1]", None])
def test_a_ping_may_hold_any_data_or_none(data: str | None) -> None:
    stand = connected()
    stand.hear('{"event":"pusher:ping"}' if data is None else f'{{"event":"pusher:ping","data":{data}}}')
    assert stand.names() == ["pusher:pong"]


@pytest.mark.parametrize("faults", [Faults(withhold_handshake=True), Faults(handshake_delay=5)])
def test_pings_and_subscriptions_are_answered_before_the_handshake(faults: Faults) -> None:
    stand = Stand(faults=faults)
    stand.accept()
    stand.hear(PING, encode_subscribe(TOPIC))
    assert stand.names() == ["pusher:pong", "pusher_internal:subscription_succeeded"]


@pytest.mark.parametrize(
    "data",
    [
        '{"channel":"chatrooms.1.v2"}',
        '{"auth":"","channel":"chatrooms.1.v2"}',
        '{"auth":null,"channel":"chatrooms.1.v2","channel_data":7}',
        r'"{\"channel\":\"chatrooms.1.v2\"}"',
    ],
)
def test_a_subscribe_needs_no_auth(data: str) -> None:
    stand = connected()
    stand.hear(f'{{"event":"pusher:subscribe","data":{data}}}')
    assert stand.server.topics_of(1) == (TOPIC,)


@pytest.mark.parametrize("text", ['{"event":"client-typing","channel":"x","data":{}}', '{"event":"pusher:pong"}'])
def test_client_events_and_pongs_are_passed_over(text: str) -> None:
    stand = connected(REVERB)
    stand.hear(text)
    assert stand.said() == []
    assert stand.server.take_events() == []


def test_what_is_said_in_one_step_is_one_transmit() -> None:
    stand = connected()
    stand.hear(PING, encode_subscribe("a"), encode_subscribe("b"))
    (output,) = stand.outputs
    assert isinstance(output, Transmit)
    assert len(output.data) == 3


def test_a_frame_goes_to_the_subscribers_of_its_topic_only() -> None:
    stand = Stand()
    for ref, topic in ((1, "a"), (2, "a"), (3, "b")):
        stand.accept(ref)
        stand.hear(encode_subscribe(topic), ref=ref)
        stand.said(ref)
    assert stand.command(stand.server.publish, Frame("E", "a", "1")) == 2
    assert stand.command(stand.server.publish, Frame("E", "c", "1")) == 0
    assert stand.command(stand.server.publish, Frame("E")) == 0
    assert (stand.names(1), stand.names(2), stand.names(3)) == (["E"], ["E"], [])
    stand.server.handle_input(stand.now, Closed(1, 1001))
    assert stand.command(stand.server.publish, Frame("E", "a", "1")) == 1
    assert stand.server.take_events()[-1] == ClientGone(1, 1001)


def test_each_client_has_a_socket_id_of_its_own() -> None:
    stand = Stand(rng=random.Random(7))
    for ref in range(1, 21):
        stand.accept(ref)
    ids = [event.socket_id for event in stand.server.take_events() if isinstance(event, ClientConnected)]
    assert len(set(ids)) == 20
    assert all(part.isascii() and part.isdigit() for each in ids for part in each.split("."))
    assert all(each.count(".") == 1 for each in ids)


def test_a_socket_id_is_a_number_up_to_a_million_and_one_up_to_a_billion() -> None:
    class Most:
        def random(self) -> float:
            return 1 - 2**-53

    stand = Stand(rng=Most())
    stand.accept()
    assert stand.server.take_events() == [ClientConnected(1, "1000000.1000000000")]


def test_a_topic_has_a_length() -> None:
    stand = connected()
    for topic in ("", "x" * (LONGEST_NAME + 1)):
        stand.hear(encode_subscribe(topic))
        (said,) = stand.said()
        assert json.loads(said)["data"]["code"] is None
        assert "Invalid channel name" in said
    stand.hear(encode_subscribe("x" * LONGEST_NAME))
    assert stand.names() == ["pusher_internal:subscription_succeeded"]


def test_a_client_has_a_number_of_topics() -> None:
    stand = connected()
    stand.hear(*(encode_subscribe(f"t{number}") for number in range(MOST_TOPICS)))
    assert len(stand.said()) == MOST_TOPICS
    stand.hear(encode_subscribe("one more"))
    assert "At most" in stand.said()[0]
    stand.hear(encode_unsubscribe("t7"), encode_subscribe("one more"))
    assert stand.names() == ["pusher_internal:subscription_succeeded"]


def test_a_text_has_a_length() -> None:
    stand = connected()
    stand.hear("x" * LONGEST_TEXT)
    assert stand.server.take_events() == [TextReceived(1, "x" * LONGEST_KEPT)]
    stand.hear("x" * (LONGEST_TEXT + 1), PING)
    assert stand.said() == [f"close 1009 a text is {LONGEST_TEXT} characters at most"]
    assert stand.server.take_events() == [ClientGone(1, 1009)]


def test_unknown_refs_are_dropped_in_silence() -> None:
    stand = connected()
    stand.hear(PING, ref=9)
    for strange in (Closed(9), Opened(1), Failed(1, "x"), Opened(9), Accepted(1, "/other")):
        stand.server.handle_input(stand.now, strange)
    for command, *args in (
        (stand.server.send, 9, "x"),
        (stand.server.send_error, 9, 4200, "x"),
        (stand.server.ping, 9),
        (stand.server.drop, 9),
        (stand.server.disconnect, 9, 4200),
    ):
        stand.command(command, *args)
    assert stand.outputs == []
    assert stand.server.take_events() == []
    assert stand.server.refs == (1,)
    assert stand.server.topics_of(9) == ()


# Life and death


@pytest.mark.parametrize(
    ("personality", "end"),
    [(HOSTED, ["close 4201 Pong reply not received in time"]), (SOKETI, ["pusher:error", "close 4201"])],
)
def test_a_silent_client_is_pinged_and_then_ended_with_4201(personality: Personality, end: list[str]) -> None:
    stand = connected(personality, activity_timeout=120, pong_timeout=30)
    stand.advance(179.9)
    assert stand.said() == []
    stand.advance(0.1)
    assert stand.names() == ["pusher:ping"]
    stand.advance(29.9)
    assert stand.said() == []
    stand.advance(0.1)
    assert stand.names() == end
    assert stand.server.take_events() == [ClientGone(1, 4201)]
    assert stand.server.poll_timeout() is None


def test_any_text_is_a_sign_of_life() -> None:
    stand = connected(activity_timeout=10, pong_timeout=5)
    for text in ("garbage", '{"event":"pusher:pong"}', PING):
        stand.advance(14)
        assert stand.said() == []
        stand.hear(text)
        stand.said()
    stand.advance(15)
    assert stand.names() == ["pusher:ping"]
    stand.hear('{"event":"pusher:pong"}')
    stand.advance(14.9)
    assert stand.said() == []
    assert stand.server.client_count == 1


@pytest.mark.parametrize("personality", PERSONALITIES.values())
def test_disconnect_closes_with_the_code_whatever_the_personality(personality: Personality) -> None:
    stand = connected(personality)
    stand.command(stand.server.disconnect, 1, 4200, "later")
    assert stand.said() == ["close 4200 later"]
    assert stand.server.take_events() == [ClientGone(1, 4200)]


def test_disconnect_may_say_an_error_first() -> None:
    stand = connected()
    stand.command(stand.server.disconnect, 1, 4009, "no", True)
    assert stand.said() == ['{"event":"pusher:error","data":{"code":4009,"message":"no"}}', "close 4009 no"]


@pytest.mark.parametrize("code", [42, 999, 5000])
def test_disconnect_takes_close_codes_only(code: int) -> None:
    stand = connected()
    with pytest.raises(LocalProtocolError, match=f"a close code is a number from 1000 to 4999, not {code}"):
        stand.command(stand.server.disconnect, 1, code)
    assert stand.server.client_count == 1


@pytest.mark.parametrize("code", [1000, 4999])
def test_disconnect_takes_every_close_code(code: int) -> None:
    stand = connected()
    stand.command(stand.server.disconnect, 1, code)
    assert stand.said() == [f"close {code}"]


def test_an_error_can_be_sent_with_any_code_and_ends_nothing() -> None:
    stand = connected()
    stand.command(stand.server.send_error, 1, 4200, "later")
    assert stand.said() == ['{"event":"pusher:error","data":{"code":4200,"message":"later"}}']
    assert stand.server.refs == (1,)


def test_drop_ends_without_a_close() -> None:
    stand = connected()
    stand.command(stand.server.drop, 1)
    assert stand.said() == ["drop"]
    assert stand.server.take_events() == [ClientGone(1, 1006)]


def test_what_waits_is_sent_before_the_end() -> None:
    stand = connected()
    stand.server.send(stand.now, 1, "first")
    stand.server.disconnect(stand.now, 1, 4200)
    stand.drain()
    assert stand.said() == ["first", "close 4200"]


def test_send_sends_anything() -> None:
    stand = connected()
    stand.command(stand.server.send, 1, "\ud800 garbage \x00")
    assert stand.said() == ["\ud800 garbage \x00"]


def test_a_published_frame_must_be_unicode() -> None:
    stand = subscribed()
    with pytest.raises(LocalProtocolError, match="valid Unicode"):
        stand.command(stand.server.publish, Frame("E", TOPIC, "\ud800"))
    stand.command(stand.server.send_error, 1, None, "\ud800")
    assert json.loads(stand.said()[0])["data"]["message"] == "?"


def test_close_ends_all_and_is_final() -> None:
    stand = subscribed(faults=CHAOS)
    stand.accept(2)
    stand.said(2)
    stand.command(stand.server.play, Counter(), 10)
    stand.command(stand.server.close)
    assert stand.said(1) == stand.said(2) == ["close 1001 the server goes away"]
    assert stand.server.closed
    assert stand.server.poll_timeout() is None
    stand.server.take_events()
    stand.accept(3)
    stand.hear(PING)
    stand.command(stand.server.close)
    stand.command(stand.server.set_faults, NO_FAULTS)
    assert stand.command(stand.server.publish, MESSAGE) == 0
    with pytest.raises(LocalProtocolError, match=r"^this server is closed and plays no more: make a new one$"):
        stand.command(stand.server.play, Counter(), 10)
    assert stand.outputs == []
    assert stand.server.take_events() == []


@pytest.mark.parametrize(
    ("activity_timeout", "pong_timeout"),
    [(0.0, 30.0), (120.0, -1.0), (120.0, 0.0), (float("inf"), 30.0), (120.0, float("inf"))],
)
def test_timeouts_are_above_zero(activity_timeout: float, pong_timeout: float) -> None:
    sentence = f"timeouts are seconds above 0, not activity_timeout={activity_timeout}, pong_timeout={pong_timeout}"
    with pytest.raises(LocalProtocolError, match=f"^{re.escape(sentence)}$"):
        Stand(activity_timeout=activity_timeout, pong_timeout=pong_timeout)


def test_timeouts_may_be_parts_of_a_second() -> None:
    stand = connected(activity_timeout=0.5, pong_timeout=0.25)
    stand.advance(0.75)
    assert stand.names() == ["pusher:ping"]
    stand.advance(0.25)
    assert stand.server.client_count == 0


def test_a_client_has_thirty_seconds_for_its_pong_where_nothing_else_is_said() -> None:
    stand = connected()
    stand.advance(180)
    assert stand.server.poll_timeout() == stand.now + 30


def test_events_are_taken_one_by_one_or_all_at_once() -> None:
    stand = Stand()
    stand.accept()
    stand.hear(PING)
    assert isinstance(stand.server.poll_event(), ClientConnected)
    assert stand.server.take_events() == [ClientPinged(1)]
    assert stand.server.poll_event() is None


# Playing


@pytest.mark.parametrize(("rate", "acts"), [(0.5, 5), (1, 10), (3, 30), (100, 1_000), (333, 3_330), (20_000, 200_000)])
def test_play_keeps_its_rate(rate: float, acts: int) -> None:
    stand = subscribed()
    source = Counter()
    stand.command(stand.server.play, source, rate)
    stand.advance(5)
    stand.advance(5)
    assert acts - rate * 0.01 - 1 <= len(source.times) <= acts
    frames = [parse_frame(text) for text in stand.said()]
    assert [frame.data for frame in frames] == [str(number + 1) for number in range(len(source.times))]
    assert source.times == sorted(source.times)
    assert all(EPOCH + 100 < at <= EPOCH + 110 for at in source.times)


def test_play_steps_every_ten_milliseconds_at_most() -> None:
    stand = subscribed()
    stand.command(stand.server.play, Counter(), 10_000)
    stand.advance(1)
    assert 90 <= len(stand.outputs) <= 100


def test_play_makes_up_for_a_second_and_no_more() -> None:
    stand = subscribed()
    source = Counter()
    stand.command(stand.server.play, source, 64)
    stand.now += 3_600
    stand.server.handle_timeout(stand.now)
    assert len(source.times) == 64
    assert (source.times[0], source.times[-1]) == (EPOCH + stand.now - 1 + 1 / 64, EPOCH + stand.now)


def test_a_play_that_is_a_second_late_leaves_nothing_out() -> None:
    stand = subscribed()
    source = Counter()
    stand.command(stand.server.play, source, 1)
    stand.now += 2
    stand.server.handle_timeout(stand.now)
    assert source.times == [EPOCH + 101, EPOCH + 102]


def test_play_can_be_as_fast_as_it_says() -> None:
    stand = subscribed()
    stand.command(stand.server.play, Counter(), FASTEST)
    assert stand.server.poll_timeout() == stand.now + 0.01


def test_play_replaces_what_was_played_and_stops() -> None:
    stand = subscribed()
    first, second = Counter(), Counter()
    stand.command(stand.server.play, first, 10)
    stand.advance(1)
    stand.command(stand.server.play, second, 10)
    stand.advance(1)
    stand.command(stand.server.stop_playing)
    stand.advance(1)
    assert (len(first.times), len(second.times)) == (10, 10)
    stand.command(stand.server.stop_playing)


@pytest.mark.parametrize("rate", [0, -1, FASTEST + 1, float("nan"), float("inf")])
def test_play_takes_rates_that_it_can_keep(rate: float) -> None:
    stand = subscribed()
    with pytest.raises(LocalProtocolError, match="rate is acts a second"):
        stand.command(stand.server.play, Counter(), rate)
    assert stand.server.poll_timeout() == 280.0, "nothing but the idle timer"
