"""How a connection ends: what a close code says, what an error explains, and closing from this side."""

from collections.abc import Sequence

import pytest

from kick_proto.backoff import Advice
from kick_proto.frames import PING, encode_frame
from kick_proto.machine import Cancel, Close, Closed, Failed, Opened, Received, Transmit
from kick_proto.provider import Disconnected, ErrorReceived
from kick_proto.pusher import Connection, State, Timer
from kick_proto.testing.personalities import SOKETI
from kick_proto.testing.world import UNIX_EPOCH
from tests.pusher_acts import error, established, hear, led_to, meet, outputs, shown
from tests.scenes import chat, connection, kick_server


def explained(wait: float, code: int, *errors: int | None) -> Disconnected:
    """How an end reads that comes so long after errors, which come after a minute."""
    client, server, world = meet()
    world.advance(60.0)
    for each in errors:
        world.call(server.send_error, server.refs[0], each, f"error {each}")
    world.advance(wait)
    if code == 1006:
        world.call(server.drop, server.refs[0])
    else:
        world.call(server.disconnect, server.refs[0], code, "closed")
    end = client.take_events()[-1]
    assert isinstance(end, Disconnected)
    return end


def test_the_code_of_an_error_explains_an_abrupt_end_within_5_seconds() -> None:
    assert explained(5.0, 1006, 4009) == Disconnected(4009, "error 4009", Advice.STOP)
    assert explained(5.0, 1000, 4100) == Disconnected(4100, "error 4100", Advice.PAUSE)


def test_the_code_of_an_older_error_explains_nothing() -> None:
    assert explained(5.1, 1006, 4009) == Disconnected(1006, "", Advice.BACK_OFF)


def test_a_close_code_of_the_protocol_needs_no_explanation() -> None:
    assert explained(0.0, 4200, 4009) == Disconnected(4200, "closed", Advice.AT_ONCE)


def test_an_end_with_the_errors_own_code_and_no_reason_takes_its_words() -> None:
    client, server, world = meet(kick_server(personality=SOKETI))
    world.call(server.disconnect, server.refs[0], 4200, "please reconnect", error_first=True)
    assert client.take_events()[-1] == Disconnected(4200, "please reconnect", Advice.AT_ONCE)


def test_the_last_of_several_errors_explains() -> None:
    assert explained(0.0, 1006, 4009, 4200) == Disconnected(4200, "error 4200", Advice.AT_ONCE)


def test_an_error_without_a_code_explains_nothing() -> None:
    assert explained(0.0, 1006, None) == Disconnected(1006, "", Advice.BACK_OFF)


def test_an_error_without_a_code_takes_nothing_away_from_one_with_a_code() -> None:
    assert explained(0.0, 1006, 4009, None) == Disconnected(4009, "error 4009", Advice.STOP)


# The end.


@pytest.mark.parametrize("code", [*range(1000, 1016), *range(3990, 4401)])
def test_every_close_code_says_what_is_to_be_done(code: int) -> None:
    for state, fallback in ((State.CONNECTED, Advice.BACK_OFF), (State.HANDSHAKING, Advice.NEXT_ENDPOINT)):
        client = led_to(state)
        client.handle_input(0.0, Closed(1, code, "because"))
        (end,) = client.take_events()
        assert isinstance(end, Disconnected)
        assert (end.code, end.reason) == (code, "because")
        if code == 4001:
            assert end.advice is Advice.WRONG_ENDPOINT
        elif 4000 <= code < 4100:
            assert end.advice is Advice.STOP
        elif 4100 <= code < 4200:
            assert end.advice is Advice.PAUSE
        elif 4200 <= code < 4300:
            assert end.advice is Advice.AT_ONCE
        else:
            assert end.advice is fallback
        assert outputs(client) == []
        assert client.poll_timeout() is None


def test_closing_waits_for_the_answer() -> None:
    client, server, world = meet()
    client.take_events()
    world.latency = 1.0
    world.call(client.close)
    assert world.transcript[-1].output == Close(1, 1000)
    assert client.timers == {Timer.CLOSE}
    world.advance(2.0)
    assert client.take_events() == [Disconnected(1000, "closed", Advice.STOP)]
    assert (client.closed, server.client_count) == (True, 0)


@pytest.mark.parametrize("code", [1000, 1006, 4001, 4200])
def test_an_end_that_we_asked_for_is_final_whatever_its_code(code: int) -> None:
    client = led_to(State.CLOSING)
    client.handle_input(0.0, Closed(1, code, "good bye"))
    assert client.take_events() == [Disconnected(1000, "good bye", Advice.STOP)]


def test_closing_is_over_after_5_seconds_without_an_answer() -> None:
    client, _, world = meet()
    client.take_events()
    world.mute()
    world.call(client.close)
    world.advance(2.0)
    world.call(client.close)
    world.advance(2.9)
    assert client.take_events() == []
    world.advance(0.1)
    assert client.take_events() == [Disconnected(1000, "closed without an answer within 5 s", Advice.STOP)]


def test_closing_before_the_socket_is_open_cancels_it() -> None:
    client = led_to(State.OPENING)
    client.close(0.0)
    assert outputs(client) == [Cancel(1)]
    assert client.take_events() == [Disconnected(1000, "closed before it was open", Advice.STOP)]
    client.handle_input(0.0, Opened(1))
    assert shown(client) == (State.CLOSED, frozenset(), None, [], [])


def test_closing_during_the_handshake_closes_the_socket() -> None:
    client = led_to(State.HANDSHAKING)
    client.close(0.0)
    assert outputs(client) == [Close(1, 1000)]
    assert client.timers == {Timer.CLOSE}


@pytest.mark.parametrize("state", [State.IDLE, State.CLOSED])
def test_closing_what_is_not_there_is_done_at_once(state: State) -> None:
    client = led_to(state)
    client.close(0.0)
    assert shown(client) == (State.CLOSED, frozenset(), None, [], [])


@pytest.mark.parametrize("state", [State.CLOSING, State.CLOSED])
def test_texts_after_a_close_are_not_read(state: State) -> None:
    client = led_to(state)
    before = shown(client)
    hear(client, PING, encode_frame(established()), encode_frame(chat("m-1")), "garbage")
    assert shown(client) == before


def test_texts_behind_an_end_in_the_same_read_are_not_read() -> None:
    client = led_to(State.HANDSHAKING)
    hear(client, encode_frame(error('{"code":4001}')), encode_frame(established()), encode_frame(chat("m-1")))
    assert [type(event) for event in client.take_events()] == [ErrorReceived, Disconnected]


def test_a_peer_that_talks_on_and_on_without_a_handshake_is_given_up() -> None:
    client = led_to(State.HANDSHAKING)
    hear(client, *[encode_frame(chat("m-1"))] * 60)
    hear(client, *["garbage"] * 40)
    assert client.state is State.HANDSHAKING
    assert len(client.take_events()) == 100
    hear(client, encode_frame(established()), encode_frame(chat("m-2")))
    assert outputs(client) == [Close(1, 1000)]
    reason = "no connection_established among 100 texts"
    assert client.take_events() == [Disconnected(1002, reason, Advice.NEXT_ENDPOINT)]


def test_the_handshake_may_come_as_the_last_of_the_texts_that_are_waited_for() -> None:
    client = led_to(State.HANDSHAKING)
    hear(client, *["garbage"] * 99, encode_frame(established()), *["garbage"] * 200)
    assert client.state is State.CONNECTED
    assert len(client.take_events()) == 300


@pytest.mark.parametrize(
    "stray",
    [Opened(2), Received(2, [PING], UNIX_EPOCH), Closed(2), Failed(2, "x")],
    ids=lambda stray: type(stray).__name__,
)
def test_what_happens_to_another_ref_is_not_ours(stray: Opened | Received[Sequence[str]] | Closed | Failed) -> None:
    client = led_to(State.CONNECTED)
    before = shown(client)
    client.handle_input(50.0, stray)
    assert shown(client) == before


def test_a_long_sleep_is_followed_by_a_ping_not_by_an_end() -> None:
    client = led_to(State.CONNECTED)
    client.handle_timeout(36_000.0)
    assert outputs(client) == [Transmit(1, [PING])]
    assert client.poll_timeout() == 36_030.0


def test_events_can_be_taken_one_by_one() -> None:
    client = led_to(State.CONNECTED)
    hear(client, encode_frame(chat("m-1")), encode_frame(chat("m-2")))
    assert [client.poll_event() for _ in range(3)] == [chat("m-1"), chat("m-2"), None]


def test_a_connection_always_wants_input() -> None:
    assert connection().wants_input


def after_error(code: int) -> Connection:
    client = led_to(State.CONNECTED)
    hear(client, encode_frame(error(f'{{"code":{code},"message":"error {code}"}}')))
    client.take_events()
    return client


@pytest.mark.parametrize(
    ("end", "told"),
    [
        pytest.param(Closed(1, 4100, ""), (4100, ""), id="another code of the protocol speaks for itself"),
        pytest.param(Closed(1, 4200, ""), (4200, "error 4200"), id="the same code lacks its words"),
        pytest.param(Closed(1, 4200, "so"), (4200, "so"), id="unless it has some"),
        pytest.param(Closed(1, 5000, "so"), (4200, "error 4200"), id="5000 is no code of the protocol"),
        pytest.param(Closed(1, 4000, "so"), (4000, "so"), id="4000 is one"),
        pytest.param(Closed(1, 4999, "so"), (4999, "so"), id="4999 is one"),
        pytest.param(Failed(1, "so"), (4200, "error 4200"), id="a failure has no code"),
    ],
)
def test_what_an_error_explains(end: Closed | Failed, told: tuple[int, str]) -> None:
    client = after_error(4200)
    client.handle_input(1.0, end)
    (ended,) = client.take_events()
    assert isinstance(ended, Disconnected)
    assert (ended.code, ended.reason) == told


def test_an_error_in_place_of_the_handshake_says_what_is_to_be_done() -> None:
    client = led_to(State.HANDSHAKING)
    hear(client, encode_frame(error('{"code":4004,"message":"over quota"}')))
    assert client.take_events() == [
        ErrorReceived(4004, "over quota"),
        Disconnected(4004, "over quota", Advice.STOP),
    ]
