"""A session as a machine: its tables, its configuration, its end."""

import itertools
import random
from collections.abc import Sequence

import pytest

from kick_proto.backoff import Backoff
from kick_proto.errors import LocalProtocolError
from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Open, Opened, Received, Transmit
from kick_proto.pusher import App
from kick_proto.session import ARMED, TRANSITIONS, Config, Session, Signal, State, Timer
from kick_proto.testing.world import UNIX_EPOCH
from tests.scenes import CONFIG, FOX, US2, kick_server, watching
from tests.session_acts import ACTS, COMMANDS, ESTABLISHED, FOX_TOPICS, WAYS, be_up, hung, led_to, outputs, refusing


@pytest.mark.parametrize(("state", "signal"), list(TRANSITIONS))
def test_every_move_of_the_table_can_be_made(state: State, signal: Signal) -> None:
    session = led_to(state)
    ACTS[state, signal](session)
    assert session.state is TRANSITIONS[state, signal]
    assert session.timers <= ARMED[session.state]


@pytest.mark.parametrize(
    ("state", "signal"), [pair for pair in itertools.product(State, COMMANDS) if pair not in TRANSITIONS]
)
def test_a_command_that_has_no_row_raises_and_changes_nothing(state: State, signal: Signal) -> None:
    session = led_to(state)
    before = (session.timers, session.poll_timeout(), session.stats())
    with pytest.raises(LocalProtocolError, match=f"cannot {signal.value}: this session is {state.value}"):
        ACTS[state, signal](session)
    assert session.state is state
    assert (session.timers, session.poll_timeout(), session.stats()) == before
    assert (outputs(session), session.take_events()) == ([], [])


def test_the_tables_speak_of_every_state_and_signal() -> None:
    assert set(ARMED) == set(State) == set(WAYS)
    assert {signal for _, signal in TRANSITIONS} == set(Signal)


@pytest.mark.parametrize("state", [State.IDLE, State.WAITING, State.CLOSED])
@pytest.mark.parametrize(
    "stray",
    [Opened(1), Received(1, [ESTABLISHED], UNIX_EPOCH), Closed(1, 4004), Failed(1, "x")],
    ids=lambda stray: type(stray).__name__,
)
def test_without_a_connection_nothing_is_heard(state: State, stray: Input[Sequence[str]]) -> None:
    session = led_to(state)
    before = (session.poll_timeout(), session.stats())
    session.handle_input(0.5, stray)
    assert session.state is state
    assert (session.poll_timeout(), session.stats()) == before
    assert (outputs(session), session.take_events()) == ([], [])


# The configuration.


def test_the_defaults_are_those_of_the_design() -> None:
    config = Config()
    assert config == Config(
        provider=App(),
        backoff=Backoff(),
        send_rate=5.0,
        send_burst=5.0,
        remembered_ids=1_000,
        high_water=10_000,
        low_water=5_000,
        max_topics=1_000,
    )
    assert Session(rng=random.Random(7)).poll_timeout() is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"low_water": 10_000}, "low_water 10000 must lie below high_water 10000"),
        ({"low_water": -1}, "^low_water -1 must lie below"),
        ({"high_water": 0}, "must lie below high_water 0"),
        ({"remembered_ids": 0}, "^remembered_ids and max_topics are counts of at least 1$"),
        ({"max_topics": 0}, "^remembered_ids and max_topics are counts of at least 1$"),
        ({"send_rate": 0.0}, "a bucket needs a rate above 0"),
        ({"send_burst": 0.5}, "a burst of at least 1"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(wrong: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Config(**wrong)  # type: ignore[arg-type]


def test_the_narrowest_configuration_works() -> None:
    narrow = Config(low_water=0, high_water=1, remembered_ids=1, max_topics=1, send_burst=1.0)
    session = Session(narrow, rng=random.Random(7))
    session.subscribe(0.0, FOX, [FOX_TOPICS[0]])
    be_up(session)
    assert [type(output) for output in outputs(session)] == [Open, Transmit]


# The end.


@pytest.mark.parametrize("state", State)
def test_closing_ends_a_session_within_a_bounded_time_in_every_state(state: State) -> None:
    session = led_to(state)
    session.close(0.0)
    for now in (1.0, 5.0):
        session.handle_timeout(now)
    assert session.closed
    assert (session.poll_timeout(), session.timers, session.take_events()) == (None, frozenset(), [])
    assert session.failure is None


def test_closing_while_the_socket_is_asked_for_cancels_it() -> None:
    session, world = watching(servers=hung())
    other = Session(CONFIG, rng=random.Random(7))
    other.connect(0.0)
    other.close(0.0)
    assert [type(output) for output in outputs(other)] == [Open, Cancel]
    assert other.closed
    world.call(session.close)
    assert world.transcript[-1].output == Close(1, 1000)
    assert session.closed


def test_closing_while_up_closes_the_socket_in_order() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    session.take_events()
    world.call(session.close)
    assert world.transcript[-1].output == Close(1, 1000)
    assert (session.closed, server.client_count) == (True, 0)
    assert session.take_events() == []
    assert session.wanted == set(FOX_TOPICS)
    assert session.confirmed == frozenset()
    world.advance(3_600)
    assert world.opens() == [US2]


def test_closing_a_dead_connection_takes_5_seconds() -> None:
    session, world = watching(servers=kick_server())
    world.mute()
    world.call(session.close)
    world.advance(4.9)
    states = [session.state]
    world.advance(0.1)
    assert [*states, session.state] == [State.CLOSING, State.CLOSED]


def test_closing_while_waiting_stops_the_retry() -> None:
    session, world = watching(servers=kick_server())
    world.cut()
    world.call(session.close)
    world.advance(3_600)
    assert (session.closed, world.opens()) == (True, [US2])


@pytest.mark.parametrize("state", [State.CLOSING, State.CLOSED])
def test_a_session_that_closes_takes_no_commands(state: State) -> None:
    session = led_to(state)
    for name, command in (("subscribe", session.subscribe), ("unsubscribe", session.unsubscribe)):
        with pytest.raises(LocalProtocolError, match=f"cannot {name}: this session is {state.value}; make a new one"):
            command(0.0, FOX)
    with pytest.raises(LocalProtocolError, match=f"cannot connect: this session is {state.value}"):
        session.connect(0.0)
    session.close(0.0)
    assert session.take_events() == []


def test_a_session_that_gave_up_takes_no_commands() -> None:
    session, world = watching(servers=refusing(4004))
    with pytest.raises(LocalProtocolError, match="this session is closed; make a new one"):
        world.call(session.subscribe, FOX)


def test_timers_may_run_in_their_states() -> None:
    assert led_to(State.UP).timers == {Timer.SEND}
    assert led_to(State.WAITING).timers == {Timer.RETRY}
