"""One connection of the Pusher protocol: its tables, asking for the socket, the handshake."""

import itertools
from collections.abc import Callable

import msgspec
import pytest

from kick_proto import __version__
from kick_proto.backoff import Advice
from kick_proto.clusters import cluster, endpoint_at
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import PING, Frame, Malformed, encode_frame, encode_subscribe
from kick_proto.machine import Cancel, Close, Open, Transmit
from kick_proto.provider import Connected, Disconnected, Refused
from kick_proto.pusher import ARMED, TRANSITIONS, App, Signal, State, Timeouts, Timer
from kick_proto.testing.faults import Faults
from kick_proto.testing.world import World
from tests.pusher_acts import (
    ACTS,
    CHAT,
    COMMANDS,
    WAYS,
    established,
    hear,
    led_to,
    meet,
    meet_silently,
    outputs,
    shown,
    tell,
)
from tests.scenes import US2, chat, connection, kick_server, said

# The tables.


@pytest.mark.parametrize(("state", "signal"), list(itertools.product(State, Signal)))
def test_every_signal_in_every_state_does_what_the_table_says(state: State, signal: Signal) -> None:
    client = led_to(state)
    if (state, signal) in TRANSITIONS:
        ACTS[signal](client)
        assert client.state is TRANSITIONS[state, signal]
        assert client.timers <= ARMED[client.state]
        return
    before = (client.state, client.timers, client.poll_timeout())
    if signal in COMMANDS:
        with pytest.raises(LocalProtocolError, match=f"cannot {signal.value}: this connection is {state.value}"):
            ACTS[signal](client)
    else:
        ACTS[signal](client)
    assert shown(client) == (*before, [], [])


def test_the_tables_speak_of_every_state() -> None:
    assert set(ARMED) == set(State) == set(WAYS)


@pytest.mark.parametrize(("state", "timer"), [(state, timer) for state in State for timer in ARMED[state]])
def test_every_timer_that_may_run_does_run_at_some_time(state: State, timer: Timer) -> None:
    client = led_to(state)
    if timer is Timer.CONFIRM:
        client.subscribe(0.0, CHAT)
    elif timer is Timer.PONG:
        client.handle_timeout(120.0)
    assert timer in client.timers


# Asking for the socket.


def test_connecting_asks_for_the_apps_socket_in_the_cluster() -> None:
    client = App(key="a key/é").connection(5, cluster("eu"))
    client.connect(0.0)
    (opening,) = outputs(client)
    assert isinstance(opening, Open)
    assert opening.url == (
        f"wss://ws-eu.pusher.com:443/app/a%20key%2F%C3%A9?protocol=7&client=kick-proto&version={__version__}"
    )
    assert opening.ref == 5


def test_another_server_of_the_protocol_is_asked_in_its_own_way() -> None:
    client = App(key="k").connection(1, endpoint_at("ws://127.0.0.1:6001"))
    client.connect(0.0)
    (opening,) = outputs(client)
    assert isinstance(opening, Open)
    assert (opening.host, opening.port, opening.tls) == ("127.0.0.1", 6001, False)


def test_an_app_is_kicks_unless_told_otherwise() -> None:
    app = App()
    assert app.name == "app key 32cbd69e4b950bf97679"
    assert [endpoint.cluster for endpoint in app.endpoints] == ["us2", "eu", "ap1"]


@pytest.mark.parametrize(
    "make", [lambda: App(key=""), lambda: App(endpoints=())], ids=["without a key", "without endpoints"]
)
def test_an_app_that_cannot_be_asked_for_is_refused(make: Callable[[], App]) -> None:
    with pytest.raises(ValueError, match="an app needs a key and at least one endpoint"):
        make()


@pytest.mark.parametrize("name", Timeouts.__struct_fields__)
@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_a_timeout_that_never_or_always_is_over_is_refused(name: str, seconds: float) -> None:
    with pytest.raises(ValueError, match=f"the {name} timeout is seconds above 0, not {seconds}"):
        Timeouts(**{name: seconds})


def test_the_timeouts_are_those_of_the_design() -> None:
    assert msgspec.structs.astuple(Timeouts()) == (20.0, 10.0, 120.0, 30.0, 30.0, 5.0)


def test_a_socket_that_cannot_be_had_says_to_try_the_next_endpoint() -> None:
    client = connection()
    world = World({US2: None}, client)
    world.call(client.connect)
    assert client.take_events() == [Disconnected(1006, f"{US2}:443: connection refused", Advice.NEXT_ENDPOINT)]
    assert client.closed


def test_a_socket_that_does_not_open_is_cancelled_after_20_seconds() -> None:
    server = kick_server()
    client = connection()
    world = World(server, client)
    world.mute()
    world.call(client.connect)
    world.advance(19.9)
    assert client.take_events() == []
    world.advance(0.1)
    assert client.take_events() == [Disconnected(1006, "no WebSocket within 20 s", Advice.NEXT_ENDPOINT)]
    assert [line.output for line in world.transcript][1:] == [Cancel(1)]


# The handshake.


def test_the_handshake_makes_a_connection() -> None:
    client, server, world = meet_silently()
    tell(world, server, established())
    assert client.take_events() == [Connected("1.2")]
    assert client.timers == {Timer.ACTIVITY}


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        pytest.param('{"socket_id":"1.2","activity_timeout":30}', 30.0, id="less than ours"),
        pytest.param('{"socket_id":"1.2","activity_timeout":2.5}', 2.5, id="a fraction"),
        pytest.param('{"socket_id":"1.2","activity_timeout":0.001}', 1.0, id="less than a second"),
        pytest.param('{"socket_id":"1.2","activity_timeout":"45"}', 45.0, id="in a string"),
        pytest.param('{"socket_id":"1.2","activity_timeout":120}', 120.0, id="ours"),
        pytest.param('{"socket_id":"1.2","activity_timeout":3600}', 120.0, id="more than ours"),
        pytest.param('{"socket_id":"1.2","activity_timeout":0}', 120.0, id="zero"),
        pytest.param('{"socket_id":"1.2","activity_timeout":-5}', 120.0, id="negative"),
        pytest.param('{"socket_id":"1.2","activity_timeout":null}', 120.0, id="null"),
        pytest.param('{"socket_id":"1.2"}', 120.0, id="missing"),
        pytest.param('{"socket_id":12.5,"activity_timeout":30,"more":[]}', 30.0, id="more, and a number for an id"),
    ],
)
@pytest.mark.parametrize("as_object", [False, True], ids=["string", "object"])
def test_a_ping_is_sent_after_the_servers_silence_or_ours(data: str, seconds: float, as_object: bool) -> None:
    client, server, world = meet_silently()
    tell(
        world,
        server,
        f'{{"event":"pusher:connection_established","data":{data}}}' if as_object else established(data),
    )
    assert [type(event) for event in client.take_events()] == [Connected]
    assert client.poll_timeout() == seconds
    world.advance(seconds)
    assert said(world) == [(seconds, "ping")]


@pytest.mark.parametrize(
    "data",
    ["", "null", "{}", "[]", "1", "{", '{"socket_id":""}', '{"socket_id":[]}', '{"activity_timeout":120}']
    + [f'{{"socket_id":"1.2","activity_timeout":{value}}}' for value in ("[]", "true", '"x"', "{}")],
)
def test_a_handshake_that_cannot_be_read_ends_the_connection(data: str) -> None:
    client, server, world = meet_silently()
    tell(world, server, established(data))
    (end,) = client.take_events()
    assert isinstance(end, Disconnected)
    assert (end.code, end.advice) == (1002, Advice.NEXT_ENDPOINT)
    assert "pusher:connection_established" in end.reason
    assert world.transcript[-1].output == Close(1, 1000)
    assert server.client_count == 0


def test_a_handshake_that_does_not_come_is_given_up_after_10_seconds() -> None:
    client, server, world = meet_silently()
    world.advance(9.9)
    assert server.client_count == 1
    world.advance(0.1)
    reason = "no connection_established within 10 s"
    assert client.take_events() == [Disconnected(1006, reason, Advice.NEXT_ENDPOINT)]
    assert server.client_count == 0


@pytest.mark.parametrize(
    "faults", [Faults(handshake_not_json=True), Faults(wrong_first_event=True)], ids=["no JSON", "another event"]
)
def test_something_else_in_its_place_is_reported_and_the_handshake_awaited(faults: Faults) -> None:
    client, _, world = meet(kick_server(faults))
    first = client.poll_event()
    assert isinstance(first, Malformed | Frame)
    world.advance(10)
    (end,) = client.take_events()
    assert isinstance(end, Disconnected)
    assert end.reason == "no connection_established within 10 s"


def test_a_second_handshake_changes_nothing() -> None:
    client, server, world = meet()
    client.take_events()
    tell(world, server, established('{"socket_id":"3.4","activity_timeout":1}'), established("{"))
    assert client.take_events() == []
    assert client.poll_timeout() == 120.0


def test_what_comes_before_the_handshake_is_no_sign_of_life_but_is_handed_on() -> None:
    client, server, world = meet_silently()
    tell(world, server, chat("early"), PING)
    assert client.take_events() == [chat("early")]
    assert client.timers == {Timer.HANDSHAKE}
    assert world.sent() == ["pusher:pong"]


def test_a_refused_subscription_can_be_tried_again_even_where_it_was_to_be_left() -> None:
    client = led_to(State.CONNECTED)
    client.subscribe(0.0, CHAT)
    client.unsubscribe(0.0, CHAT)
    hear(client, encode_frame(Frame("pusher:subscription_error", CHAT, '{"message":"no"}')))
    outputs(client)
    assert client.take_events() == [Refused(CHAT, "no")]
    assert Timer.CONFIRM not in client.timers
    client.subscribe(0.0, CHAT)
    assert outputs(client) == [Transmit(1, [encode_subscribe(CHAT)])]


def test_a_refusal_of_what_was_not_asked_for_is_passed_over() -> None:
    client = led_to(State.CONNECTED)
    hear(client, encode_frame(Frame("pusher:subscription_error", CHAT, '{"message":"no"}')))
    assert client.take_events() == []


def test_a_wait_may_be_shorter_than_a_second() -> None:
    assert Timeouts(open=0.25, close=1.0).open == 0.25


def test_an_app_that_is_nowhere_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^an app needs a key and at least one endpoint$"):
        App(endpoints=())
