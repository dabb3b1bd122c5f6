"""The witness of the simulation by itself: who does as it must is let alone, and is shown as it is."""

from collections.abc import Callable

import msgspec
import pytest

from kick_proto.frames import PING, PONG, Frame, encode_frame, encode_subscribe, encode_unsubscribe
from kick_proto.lifecycle import Down, GaveUp, Lagging, Up
from kick_proto.machine import Close, Closed, Failed, Open, Opened, Transmit
from kick_proto.provider import Confirmed
from kick_proto.session import State, Timer
from kick_proto.testing.simulation.ledger import TOLD_OF_AN_ATTEMPT
from kick_proto.testing.simulation.witness import Witness
from tests.scenes import AP1, EU, FOX, US2, chat
from tests.session_acts import ESTABLISHED
from tests.testing.witnessed import (
    CONFIG,
    OTHER,
    TOPIC,
    WAKEFUL,
    Bent,
    again,
    confirmed,
    connecting,
    hear,
    in_waiting,
    opened,
    outputs,
    refused,
    up,
    witnessed,
)


def test_a_witness_hands_on_what_a_session_says_and_can_be_asked() -> None:
    session, witness = up()
    opening, asking = outputs(witness)
    assert opening == Open(1, US2, 443, True, opening.target if isinstance(opening, Open) else "")
    assert asking == Transmit(1, [encode_subscribe(TOPIC)])
    assert witness.poll_output() is None
    hear(witness, 1.0, encode_frame(chat("a")), encode_frame(chat("b")), PING, unix_now=9.0)
    assert outputs(witness) == [Transmit(1, [PONG])]
    assert witness.handed == []
    first = witness.poll_event()
    assert first == Up("us2", "1.2")
    rest = witness.take_events()
    assert [type(event).__name__ for event in rest] == ["Confirmed", "ChatMessage", "ChatMessage"]
    assert witness.handed == [first, *rest]
    assert witness.poll_event() is None
    assert (witness.poll_timeout(), witness.wants_input, witness.closed) == (121.0, True, False)
    session.says = {"wants_input": False, "closed": True, "poll_timeout": None}
    assert (witness.poll_timeout(), witness.wants_input, witness.closed) == (None, False, True)


def test_who_does_as_it_must_is_let_alone() -> None:
    _, witness = up()
    witness.handle_timeout(120.0)
    witness.unsubscribe(120.0, FOX)
    witness.close(120.0)
    witness.handle_timeout(125.0)
    assert witness.closed
    witness.take_events()


def test_what_is_heard_is_counted_and_told_with_the_time_of_its_read() -> None:
    _, witness = up()
    frame = Frame("Novelty", TOPIC, "{}")
    hear(witness, 1.0, encode_frame(frame), "no frame", encode_frame(chat("x")), unix_now=86_400.0)
    events = witness.take_events()
    assert [type(event).__name__ for event in events] == ["Up", "Confirmed", "Unknown", "Undecodable", "ChatMessage"]


@pytest.mark.parametrize("end", [Closed(1, 4200), Closed(1, 1006), Closed(1, 4100), Failed(1, "lost")], ids=repr)
def test_a_session_that_reconnects_as_the_code_asks_is_let_alone(end: Closed | Failed) -> None:
    session, witness = up()
    hear(witness, 5.0)
    witness.handle_input(7.0, end)
    if session.state is State.WAITING:
        witness.handle_timeout(7.0 + 1.0)
        assert session.state is State.WAITING
        witness.handle_timeout(7.0 + 2.0)
    again(witness, 10.0, 2)
    witness.handle_input(12.0, Closed(2, 1006))
    witness.handle_timeout(20.0)
    again(witness, 20.0, 3)
    assert session.stats().reconnects == 2
    assert [event.gap for event in witness.take_events() if isinstance(event, Up)] == [None, 5.0, 10.0]


def test_an_attempt_that_fails_before_any_was_up_leads_to_the_next_host() -> None:
    _, witness = opened()
    witness.handle_input(1.0, Failed(1, "no"))
    witness.handle_input(2.0, Failed(2, "no"))
    witness.handle_input(3.0, Failed(3, "no"))
    witness.handle_timeout(5.0)
    assert [output.host for output in outputs(witness) if isinstance(output, Open)] == [US2, EU, AP1, US2]
    assert [event.retry_in for event in witness.take_events() if isinstance(event, Down)] == [0.0, 0.0, 2.0]


def test_a_session_that_gives_up_where_its_code_says_so_is_let_alone() -> None:
    session, witness = up()
    witness.handle_input(1.0, Closed(1, 4004))
    assert session.closed
    assert isinstance(witness.take_events()[-1], GaveUp)
    witness.handle_timeout(2.0)
    witness.close(3.0)


@pytest.mark.parametrize("begin", [witnessed, connecting, opened, up, in_waiting])
def test_a_session_may_be_closed_in_each_state_and_twice(begin: Callable[[], tuple[Bent, Witness]]) -> None:
    session, witness = begin()
    for now in (2.0, 3.0):
        witness.close(now)
    if session.state is State.CLOSING:
        hear(witness, 3.0, encode_frame(chat("late")))
        witness.handle_input(4.0, Closed(1, 1000))
    assert session.closed
    witness.handle_timeout(1e6)
    witness.subscribe(1e6, FOX)
    witness.unsubscribe(1e6, FOX)


def test_what_a_socket_of_the_past_says_is_not_heard() -> None:
    _, witness = up()
    witness.handle_input(1.0, Closed(7, 4004))
    hear(witness, 1.0, PING, "no frame", ref=7)
    hear(witness, 2.0, PING)
    _, witness = witnessed()
    hear(witness, 0.0, PING, ref=0)


def test_what_is_refused_is_not_asked_for_again_but_when_it_is_wanted_anew() -> None:
    _, witness = witnessed(WAKEFUL)
    witness.subscribe(0.0, FOX, [TOPIC, OTHER])
    witness.connect(0.0)
    witness.handle_input(0.0, Opened(1))
    hear(witness, 0.0, ESTABLISHED)
    hear(witness, 0.0, refused(TOPIC), confirmed(OTHER))
    witness.handle_timeout(1.0)
    outputs(witness)
    witness.unsubscribe(2.0, FOX)
    witness.subscribe(3.0, FOX, [TOPIC])
    asked = [text for output in outputs(witness) if isinstance(output, Transmit) for text in output.data]
    assert asked == [encode_unsubscribe(OTHER), encode_subscribe(TOPIC)]


def test_what_is_wanted_again_before_it_was_left_is_confirmed_at_once() -> None:
    _, witness = up()
    witness.unsubscribe(0.25, FOX)
    witness.subscribe(0.5, FOX, [TOPIC, OTHER])
    assert witness.take_events()[-1] == Confirmed(TOPIC)
    witness.handle_timeout(1.0)
    hear(witness, 1.0, confirmed(OTHER))
    assert witness.take_events() == [Confirmed(OTHER)]


def test_what_is_wanted_no_more_is_forgotten_while_there_is_no_socket_too() -> None:
    _, witness = in_waiting()
    witness.unsubscribe(1.5, FOX)
    witness.handle_timeout(3.0)
    witness.handle_input(3.0, Opened(2))
    hear(witness, 3.0, ESTABLISHED, ref=2)
    assert [type(output) for output in outputs(witness)[-2:]] == [Transmit, Open]


@pytest.mark.parametrize(("uptime", "pause"), [(59.0, 4.0), (60.0, 2.0)])
def test_after_a_stable_connection_failures_are_counted_anew(uptime: float, pause: float) -> None:
    session, witness = in_waiting()
    witness.handle_timeout(3.0)
    again(witness, 10.0, 2)
    hear(witness, 40.0, ref=2)
    witness.handle_input(10.0 + uptime, Closed(2, 1006))
    assert session.poll_timeout() == 10.0 + uptime + pause


def test_who_is_behind_does_not_read_and_misses_nothing_meanwhile() -> None:
    session, witness = up(msgspec.structs.replace(CONFIG, high_water=4, low_water=1))
    hear(witness, 1.0, *["no frame"] * 3)
    wants = [witness.wants_input]
    witness.handle_timeout(121.0)
    witness.handle_timeout(151.0)
    assert session.state is State.UP
    for count in (4, 1):
        for _ in range(count):
            witness.poll_event()
        wants.append(witness.wants_input)
    assert wants == [False, False, True]
    assert [type(event) for event in witness.take_events()] == [Lagging]


def test_a_session_that_is_not_up_reads_however_far_behind_it_is() -> None:
    _, witness = up(msgspec.structs.replace(CONFIG, high_water=4, low_water=1))
    hear(witness, 1.0, *["no frame"] * 3)
    witness.handle_input(2.0, Closed(1, 4200))
    assert witness.wants_input
    for _ in range(TOLD_OF_AN_ATTEMPT):
        witness.handle_input(3.0, Closed(2, 4200))


def test_what_is_due_together_with_an_end_may_be_sent_before_it() -> None:
    session, witness = up()
    witness.handle_timeout(120.0)
    witness.subscribe(149.25, FOX)
    assert Timer.SEND in session.timers
    outputs(witness)
    witness.handle_timeout(151.0)
    subscribe, close, *_ = outputs(witness)
    assert isinstance(subscribe, Transmit)
    assert isinstance(close, Close)


def test_as_much_is_sent_as_the_bucket_holds_and_then_as_it_fills() -> None:
    config = msgspec.structs.replace(CONFIG, send_rate=2.0, send_burst=3.0)
    session, witness = up(config)
    witness.subscribe(50.0, FOX)
    sent = [50.0] * (len(outputs(witness)) - 2)
    while (at := session.poll_timeout()) is not None and at < 53.0:
        witness.handle_timeout(at)
        sent += [at] * len(outputs(witness))
    assert sent[:5] == [50.0, 50.0, 50.0, 50.5, 51.0]
