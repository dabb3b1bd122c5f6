"""How a platform is doing, from what happens: states, components, the last error, the next attempt."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from kick_proto import events
from kick_proto.frames import Frame
from kick_proto.health import TRANSITIONS, Monitor, Signal
from kick_proto.ids import Channel, ChannelId, ChatroomId, Topic
from kick_proto.lifecycle import Down, GaveUp, Lagging, Up
from kick_proto.outcomes import Failure, Outcome
from kick_proto.platform import Component, Condition, ConnectionState, Health, StateChanged
from kick_proto.provider import Confirmed, ErrorReceived, Refused

NOW = 1_790_000_000.0
AT = datetime.fromtimestamp(NOW, UTC)

TELLS: dict[Signal, Any] = {
    Signal.CONNECT: lambda monitor: monitor.connect(NOW),
    Signal.UP: lambda monitor: monitor.note(NOW, Up("us2", "1.2")),
    Signal.DOWN: lambda monitor: monitor.note(NOW, Down("us2", 1006, "cut", 3.0)),
    Signal.GAVE_UP: lambda monitor: monitor.note(NOW, GaveUp("no more", 4001)),
    Signal.DISCONNECT: lambda monitor: monitor.disconnect(NOW),
    Signal.DISCONNECTED: lambda monitor: monitor.disconnected(NOW),
}

REASONS = {Signal.DOWN: "cut", Signal.GAVE_UP: "no more"}
"""Why it moved, where there is anything to say."""

WAYS: dict[ConnectionState, list[Signal]] = {
    ConnectionState.DISCONNECTED: [],
    ConnectionState.CONNECTING: [Signal.CONNECT],
    ConnectionState.CONNECTED: [Signal.CONNECT, Signal.UP],
    ConnectionState.DISCONNECTING: [Signal.CONNECT, Signal.DISCONNECT],
    ConnectionState.ERROR: [Signal.CONNECT, Signal.GAVE_UP],
}


def monitor_in(state: ConnectionState) -> Monitor:
    monitor = Monitor("kick")
    for signal in WAYS[state]:
        TELLS[signal](monitor)
    assert monitor.state is state
    monitor.take_changes()
    return monitor


@pytest.mark.parametrize(("state", "signal"), list(product(ConnectionState, Signal)))
def test_every_signal_in_every_state_moves_as_the_table_says_and_tells_it(
    state: ConnectionState, signal: Signal
) -> None:
    monitor = monitor_in(state)
    TELLS[signal](monitor)
    new = TRANSITIONS.get((state, signal))
    assert monitor.state is (new or state)
    told = [StateChanged("kick", state, new, REASONS.get(signal, ""), AT)] if new else []
    assert monitor.take_changes() == told
    assert monitor.take_changes() == []


def test_nothing_is_known_of_what_was_never_asked() -> None:
    assert Monitor("kick").health(NOW) == Health(
        platform="kick",
        state=ConnectionState.DISCONNECTED,
        socket=Component(),
        rest=Component(),
        oauth=Component(),
        cluster=None,
        retry_in=None,
        last_error=None,
        last_error_at=None,
        last_event_at=None,
    )


def test_a_socket_is_good_from_the_moment_that_it_is_up_and_unused_from_the_moment_that_it_is_closed() -> None:
    monitor = monitor_in(ConnectionState.CONNECTED)
    assert monitor.health(NOW + 9).socket == Component(Condition.GOOD, "", AT)
    monitor.disconnect(NOW)
    monitor.disconnected(NOW)
    assert monitor.health(NOW + 9).socket == Component(Condition.UNUSED, "", AT)


def test_while_it_is_down_the_server_is_named_that_was_lost() -> None:
    monitor = monitor_in(ConnectionState.CONNECTED)
    monitor.note(NOW, Down("eu", 1006, "cut", 3.0))
    assert monitor.health(NOW).cluster == "eu"


def test_an_outage_is_told_with_its_reason_and_the_time_of_the_next_attempt() -> None:
    monitor = Monitor("kick")
    monitor.connect(NOW)
    monitor.note(NOW + 1, Up("us2", "1.2"))
    monitor.note(NOW + 5, Down("us2", 1006, "the peer closed", 4.0))
    health = monitor.health(NOW + 6)
    assert health.state is ConnectionState.CONNECTING
    assert health.retry_in == pytest.approx(3.0)
    assert (health.socket.condition, health.socket.detail) == (Condition.BAD, "the peer closed")
    assert (health.last_error, health.last_error_at) == ("the peer closed", datetime.fromtimestamp(NOW + 5, UTC))
    assert monitor.health(NOW + 60).retry_in == 0.0
    monitor.note(NOW + 9, Up("eu", "3.4", 4.0))
    health = monitor.health(NOW + 9)
    assert (health.state, health.cluster, health.retry_in) == (ConnectionState.CONNECTED, "eu", None)
    assert health.socket.condition is Condition.GOOD
    assert health.last_error == "the peer closed", "the last error stays the last one"
    assert monitor.take_changes()[2] == StateChanged(
        "kick",
        ConnectionState.CONNECTED,
        ConnectionState.CONNECTING,
        "the peer closed",
        datetime.fromtimestamp(NOW + 5, UTC),
    )


def test_a_close_without_words_is_told_by_its_code() -> None:
    monitor = monitor_in(ConnectionState.CONNECTED)
    monitor.note(NOW, Down("us2", 4200, "", 0.0))
    assert monitor.health(NOW).last_error == "closed with 4200"


def test_giving_up_is_an_error_until_it_is_connected_anew() -> None:
    monitor = monitor_in(ConnectionState.CONNECTED)
    monitor.note(NOW, Down("us2", 4001, "no such app", None))
    monitor.note(NOW, GaveUp("app key x is not served", 4001))
    health = monitor.health(NOW)
    assert (health.state, health.last_error, health.retry_in) == (
        ConnectionState.ERROR,
        "app key x is not served",
        None,
    )
    monitor.connect(NOW)
    assert monitor.state is ConnectionState.CONNECTING


def test_after_a_disconnect_nothing_is_due_and_nothing_is_in_use() -> None:
    monitor = monitor_in(ConnectionState.CONNECTED)
    monitor.note(NOW, Down("us2", 1006, "cut", 30.0))
    monitor.disconnect(NOW)
    assert monitor.health(NOW).retry_in is None
    monitor.disconnected(NOW)
    health = monitor.health(NOW)
    assert (health.state, health.cluster, health.socket.condition) == (
        ConnectionState.DISCONNECTED,
        None,
        Condition.UNUSED,
    )


def test_the_last_event_is_the_last_one_read_and_says_nothing_of_errors() -> None:
    monitor = monitor_in(ConnectionState.CONNECTED)
    channel = Channel(ChannelId(1), ChatroomId(2))
    monitor.note(NOW + 3, events.Unknown(AT, Frame("x", "channel.1", "{}"), channel))
    assert (monitor.health(NOW).last_event_at, monitor.health(NOW).last_error) == (AT, None)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (ErrorReceived(4301, "slower, please"), "slower, please"),
        (Refused(Topic("channel.1"), "no"), "channel.1: no"),
    ],
)
def test_a_complaint_on_an_open_connection_is_the_last_error_and_changes_no_state(event: Any, text: str) -> None:
    monitor = monitor_in(ConnectionState.CONNECTED)
    monitor.note(NOW, event)
    health = monitor.health(NOW)
    assert (health.last_error, health.state, health.socket.condition) == (
        text,
        ConnectionState.CONNECTED,
        Condition.GOOD,
    )


@pytest.mark.parametrize("event", [Confirmed(Topic("channel.1")), Lagging(5), object()])
def test_what_says_nothing_of_health_changes_nothing(event: object) -> None:
    monitor = monitor_in(ConnectionState.CONNECTED)
    before = monitor.health(NOW)
    monitor.note(NOW, event)
    assert monitor.health(NOW) == before


def failure(outcome: Outcome) -> Failure:
    return Failure(outcome=outcome, message=f"it was {outcome.value}")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_failed_call_is_bad_for_rest_unless_it_was_what_was_asked(outcome: Outcome) -> None:
    monitor = Monitor("kick")
    monitor.note_call(NOW, failure(outcome))
    fault_of_the_question = outcome in (Outcome.NOT_FOUND, Outcome.REJECTED, Outcome.FORBIDDEN)
    bad = Component(Condition.BAD, f"it was {outcome.value}", AT)
    assert monitor.health(NOW).rest == (Component(Condition.GOOD, "", AT) if fault_of_the_question else bad)
    assert monitor.health(NOW).oauth == (bad if outcome is Outcome.UNAUTHORIZED else Component())


def test_a_call_that_succeeds_makes_rest_good_again() -> None:
    monitor = Monitor("kick")
    assert monitor.health(NOW).rest == Component()
    monitor.note_call(NOW, failure(Outcome.SERVER_ERROR))
    monitor.note_call(NOW + 1, None)
    assert monitor.health(NOW).rest == Component(Condition.GOOD, "", datetime.fromtimestamp(NOW + 1, UTC))


def test_a_login_is_good_or_has_a_problem() -> None:
    monitor = Monitor("kick")
    monitor.note_login(NOW, None)
    assert monitor.health(NOW).oauth == Component(Condition.GOOD, "", AT)
    monitor.note_login(NOW, "log in again")
    assert monitor.health(NOW).oauth == Component(Condition.BAD, "log in again", AT)
