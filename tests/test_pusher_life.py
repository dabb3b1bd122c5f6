"""A connection that is up: signs of life, subscriptions, and what the server says by itself."""

import pytest

from kick_proto.backoff import Advice
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import PING, PONG, Frame, Malformed, encode_frame, encode_subscribe, encode_unsubscribe
from kick_proto.ids import Topic
from kick_proto.machine import Close, Opened, Transmit
from kick_proto.provider import Confirmed, Connected, Disconnected, ErrorReceived, Refused
from kick_proto.pusher import State, Timer
from kick_proto.testing.faults import MALFORMED, Faults
from tests.pusher_acts import (
    CHAT,
    OTHER,
    confirmed,
    error,
    established,
    hear,
    led_to,
    meet,
    meet_silently,
    outputs,
    shown,
    tell,
)
from tests.scenes import chat, kick_server, said

# Signs of life.


def test_a_ping_after_exactly_so_much_silence_and_the_end_without_a_pong() -> None:
    client, _, world = meet()
    client.take_events()
    world.mute()
    world.advance(120)
    assert said(world) == [(120.0, "ping")]
    world.advance(29.9)
    assert client.take_events() == []
    world.advance(0.1)
    reason = "silent for 120 s, and no pong within 30 s"
    assert client.take_events() == [Disconnected(1006, reason, Advice.BACK_OFF)]
    assert world.transcript[-1].output == Close(1, 1000)


def test_a_pong_is_a_sign_of_life_like_any_other() -> None:
    client, _, world = meet()
    client.take_events()
    world.advance(1_000)
    assert said(world) == [(120.0 * count, "ping") for count in range(1, 9)]
    assert client.take_events() == []


@pytest.mark.parametrize(
    "texts",
    [[PONG], [PING], ["garbage"], [encode_frame(chat("m"))], []],
    ids=["pong", "ping", "garbage", "event", "control frames only"],
)
def test_whatever_is_received_resets_the_silence_and_ends_the_wait_for_the_pong(texts: list[str]) -> None:
    client = led_to(State.CONNECTED)
    client.handle_timeout(120.0)
    assert client.timers == {Timer.PONG}
    hear(client, *texts, now=149.0)
    assert client.timers == {Timer.ACTIVITY}
    assert client.poll_timeout() == 269.0


def test_what_is_sent_resets_nothing() -> None:
    client, _, world = meet()
    world.mute()
    world.advance(100)
    world.call(client.subscribe, CHAT)
    assert client.poll_timeout() == 120.0


def test_a_ping_of_the_server_is_answered_whatever_it_holds() -> None:
    client, server, world = meet()
    client.take_events()
    for data in ("{}", '""', "null", '"{}"', '"x"'):
        tell(world, server, f'{{"event":"pusher:ping","data":{data}}}')
    tell(world, server, '{"event":"pusher:ping"}')
    assert world.sent() == ["pusher:pong"] * 6
    assert client.take_events() == []


def test_who_does_not_read_is_not_dead() -> None:
    client, _, world = meet()
    client.take_events()
    client.reading = False
    world.mute()
    world.advance(300)
    assert client.take_events() == []
    assert said(world) == [(at, "ping") for at in (120.0, 150.0, 180.0, 210.0, 240.0, 270.0, 300.0)]
    client.reading = True
    world.advance(30)
    assert [type(event) for event in client.take_events()] == [Disconnected]


def test_who_reads_again_hears_that_the_server_has_lived_all_along() -> None:
    client = led_to(State.CONNECTED)
    client.reading = False
    for now in (120.0, 150.0, 180.0):
        client.handle_timeout(now)
    client.reading = True
    hear(client, PONG, PONG, PONG, now=209.9)
    assert client.timers == {Timer.ACTIVITY}
    assert client.take_events() == []


# Subscriptions.


def test_a_subscription_is_asked_for_at_once_and_confirmed() -> None:
    client, _, world = meet()
    client.take_events()
    world.call(client.subscribe, CHAT)
    assert world.sent() == ["pusher:subscribe"]
    assert client.take_events() == [Confirmed(CHAT)]
    assert client.is_asked(CHAT)
    assert client.is_confirmed(CHAT)


def test_a_subscription_is_asked_for_but_not_confirmed_until_the_server_says_so() -> None:
    client = led_to(State.CONNECTED)
    assert not client.is_asked(CHAT)
    client.subscribe(0.0, CHAT)
    assert outputs(client) == [Transmit(1, [encode_subscribe(CHAT)])]
    assert (client.is_asked(CHAT), client.is_confirmed(CHAT)) == (True, False)


@pytest.mark.parametrize("state", [state for state in State if state is not State.CONNECTED])
def test_subscribing_needs_a_connection(state: State) -> None:
    client = led_to(state)
    before = shown(client)
    with pytest.raises(LocalProtocolError, match=f"after Connected; this connection is {state.value}"):
        client.subscribe(0.0, CHAT)
    with pytest.raises(LocalProtocolError, match=f"is not subscribed; this connection is {state.value}"):
        client.unsubscribe(0.0, CHAT)
    assert shown(client) == before


@pytest.mark.parametrize("confirm", [False, True], ids=["pending", "confirmed"])
def test_a_second_subscription_to_a_topic_is_refused(confirm: bool) -> None:
    client = led_to(State.CONNECTED)
    client.subscribe(0.0, CHAT)
    if confirm:
        hear(client, encode_frame(confirmed(CHAT)))
    shown(client)
    with pytest.raises(LocalProtocolError, match="one subscription a topic is enough"):
        client.subscribe(0.0, CHAT)
    assert shown(client)[3:] == ([], [])


def test_a_topic_that_was_never_subscribed_cannot_be_unsubscribed() -> None:
    client = led_to(State.CONNECTED)
    with pytest.raises(LocalProtocolError, match="is not subscribed; this connection is connected"):
        client.unsubscribe(0.0, CHAT)


def test_an_unsubscribe_is_sent_at_once_where_the_subscription_stands() -> None:
    client, server, world = meet()
    world.call(client.subscribe, CHAT)
    world.call(client.unsubscribe, CHAT)
    assert world.sent() == ["pusher:subscribe", "pusher:unsubscribe"]
    assert server.topics_of(server.refs[0]) == ()
    assert not client.is_asked(CHAT)
    world.call(client.subscribe, CHAT)
    assert client.is_confirmed(CHAT)


def test_an_unsubscribe_waits_for_the_confirmation() -> None:
    client = led_to(State.CONNECTED)
    client.subscribe(0.0, CHAT)
    client.unsubscribe(0.0, CHAT)
    assert outputs(client) == [Transmit(1, [encode_subscribe(CHAT)])]
    hear(client, encode_frame(confirmed(CHAT)))
    assert outputs(client) == [Transmit(1, [encode_unsubscribe(CHAT)])]
    assert client.take_events() == []
    assert not client.is_asked(CHAT)


def test_what_was_unsubscribed_before_its_confirmation_can_be_subscribed_anew() -> None:
    client = led_to(State.CONNECTED)
    client.subscribe(0.0, CHAT)
    client.unsubscribe(0.0, CHAT)
    hear(client, encode_frame(confirmed(CHAT)))
    outputs(client)
    client.subscribe(0.0, CHAT)
    assert outputs(client) == [Transmit(1, [encode_subscribe(CHAT)])]
    hear(client, encode_frame(confirmed(CHAT)))
    assert client.take_events() == [Confirmed(CHAT)]


def test_an_unsubscribe_that_waits_can_be_taken_back() -> None:
    client = led_to(State.CONNECTED)
    client.subscribe(0.0, CHAT)
    client.unsubscribe(0.0, CHAT)
    client.subscribe(0.0, CHAT)
    hear(client, encode_frame(confirmed(CHAT)))
    assert outputs(client) == [Transmit(1, [encode_subscribe(CHAT)])]
    assert client.take_events() == [Confirmed(CHAT)]


def test_confirmations_are_matched_by_topic_and_count_once() -> None:
    client = led_to(State.CONNECTED)
    client.subscribe(0.0, CHAT)
    client.subscribe(0.0, OTHER)
    hear(
        client, *(encode_frame(confirmed(topic)) for topic in (OTHER, Topic("stranger"), CHAT, CHAT, OTHER, Topic("")))
    )
    assert client.take_events() == [Confirmed(OTHER), Confirmed(CHAT)]


def test_events_may_come_before_the_confirmation() -> None:
    client, _, world = meet(kick_server(Faults(event_before_confirmation=True)))
    client.take_events()
    world.call(client.subscribe, CHAT)
    early, confirmation = client.take_events()
    assert isinstance(early, Frame)
    assert early.channel == CHAT
    assert confirmation == Confirmed(CHAT)


@pytest.mark.parametrize("event", ["pusher_internal:subscription_error", "pusher:subscription_error"])
def test_a_refused_subscription_is_reported_and_can_be_tried_again(event: str) -> None:
    client = led_to(State.CONNECTED)
    client.subscribe(0.0, CHAT)
    refusal = Frame(event, CHAT, '{"type":"AuthError","message":"not for you","status":401}')
    hear(client, encode_frame(refusal), encode_frame(refusal))
    assert client.take_events() == [Refused(CHAT, "not for you")]
    assert not client.is_asked(CHAT)
    assert Timer.CONFIRM not in client.timers
    client.subscribe(0.0, CHAT)


def test_a_confirmation_that_does_not_come_within_30_seconds_ends_the_connection() -> None:
    client, _, world = meet(kick_server(Faults(unconfirmed_topics=frozenset({OTHER}))))
    client.take_events()
    world.call(client.subscribe, OTHER)
    world.advance(5)
    world.call(client.subscribe, CHAT)
    world.advance(24.9)
    assert client.take_events() == [Confirmed(CHAT)]
    world.advance(0.1)
    reason = "subscription to channel.11 not confirmed within 30 s"
    assert client.take_events() == [Disconnected(1006, reason, Advice.BACK_OFF)]


def test_each_confirmation_has_its_own_deadline() -> None:
    client = led_to(State.CONNECTED)
    client.subscribe(0.0, CHAT)
    client.subscribe(7.0, OTHER)
    assert client.poll_timeout() == 30.0
    hear(client, encode_frame(confirmed(CHAT)), now=20.0)
    assert client.poll_timeout() == 37.0
    hear(client, encode_frame(confirmed(OTHER)), now=20.0)
    assert client.poll_timeout() == 140.0


def test_a_confirmation_that_nobody_reads_is_not_missed() -> None:
    client = led_to(State.CONNECTED)
    client.subscribe(0.0, CHAT)
    client.subscribe(10.0, OTHER)
    client.reading = False
    client.handle_timeout(30.0)
    assert client.take_events() == []
    assert client.poll_timeout() == 60.0
    client.reading = True
    client.handle_timeout(60.0)
    assert [type(event) for event in client.take_events()] == [Disconnected]


# What the server says.


@pytest.mark.parametrize("event", ["Novelty", "pusher:cache_miss", "pusher:signin_success", "pusher_internal:novelty"])
def test_what_the_protocol_does_not_know_is_the_applications(event: str) -> None:
    client, server, world = meet()
    client.take_events()
    frame = Frame(event, CHAT, "{}")
    tell(world, server, frame)
    assert client.take_events() == [frame]


@pytest.mark.parametrize("text", MALFORMED)
def test_a_text_that_is_no_frame_is_reported_and_the_next_one_is_read(text: str) -> None:
    client, server, world = meet()
    client.take_events()
    tell(world, server, text, chat("m-1"))
    reported, frame = client.take_events()
    assert frame == chat("m-1")
    assert isinstance(reported, Malformed | Frame)
    if isinstance(reported, Malformed):
        assert reported.text == text
        assert reported.error.startswith("not a Pusher frame: ")


def test_many_frames_in_one_read_are_all_read() -> None:
    client = led_to(State.OPENING)
    client.handle_input(0.0, Opened(1))
    hear(client, encode_frame(established()), encode_frame(chat("m-1")), "?", PING, encode_frame(chat("m-2")))
    assert [type(event) for event in client.take_events()] == [Connected, Frame, Malformed, Frame]
    assert outputs(client) == [Transmit(1, [PONG])]


@pytest.mark.parametrize("code", [4001, 4009, 4100, 4200, 4301, None])
def test_an_error_on_an_open_connection_is_reported_and_changes_nothing(code: int | None) -> None:
    client, server, world = meet()
    client.take_events()
    world.call(server.send_error, server.refs[0], code, "careful")
    world.advance(60)
    assert client.take_events() == [ErrorReceived(code, "careful")]
    assert client.state is State.CONNECTED
    assert world.sent() == []


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        pytest.param('{"code":4001,"message":"no such app"}', 4001, "no such app", id="object or string"),
        pytest.param('{"code":"4100","message":"full"}', 4100, "full", id="code in a string"),
        pytest.param('{"code":4200.0}', 4200, '{"code":4200.0}', id="no message"),
    ],
)
@pytest.mark.parametrize("as_object", [False, True], ids=["string", "object"])
def test_an_error_in_place_of_the_handshake_stands_for_the_close_code(
    data: str, code: int, message: str, as_object: bool
) -> None:
    client, server, world = meet_silently()
    tell(world, server, f'{{"event":"pusher:error","data":{data}}}' if as_object else error(data))
    report, end = client.take_events()
    assert report == ErrorReceived(code, message)
    assert isinstance(end, Disconnected)
    assert (end.code, end.reason) == (code, message)
    assert server.client_count == 0


@pytest.mark.parametrize("data", ["null", "{}", '{"code":null,"message":"m"}', '"just words"', '{"code":[]}', "7"])
def test_an_error_without_a_code_before_the_handshake_is_reported_and_the_handshake_awaited(data: str) -> None:
    client, server, world = meet_silently()
    tell(world, server, f'{{"event":"pusher:error","data":{data}}}', established())
    report, connected = client.take_events()
    assert isinstance(report, ErrorReceived)
    assert report.code is None
    assert connected == Connected("1.2")
