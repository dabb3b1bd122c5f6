"""The witness of the simulation by itself: sessions that do a little more or less than they must, and are found out."""

import random
from collections import deque
from collections.abc import Sequence

import pytest

from kick_proto.frames import PING, Frame, encode_frame
from kick_proto.ids import topics_of
from kick_proto.machine import Cancel, Open, Opened, Output, Received, Transmit
from kick_proto.pusher import App
from kick_proto.session import Config, Session, Timer
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.witness import Witness
from tests.scenes import FOX
from tests.session_acts import ESTABLISHED

TOPIC = topics_of(FOX)[0]
CONFIRMED = encode_frame(Frame("pusher_internal:subscription_succeeded", TOPIC, "{}"))


class Bent(Session):
    """Says ``more`` than a session, and nothing that has ``lost`` in it; ``stuck_at`` is all that it waits for."""

    more: deque[Output[Sequence[str]]]
    lost: str | None = None
    stuck_at: float | None = None

    def poll_output(self) -> Output[Sequence[str]] | None:
        while (output := super().poll_output()) is not None:
            if self.lost is None or not isinstance(output, Transmit) or self.lost not in output.data[0]:
                return output
        return self.more.popleft() if self.more else None

    def poll_timeout(self) -> float | None:
        return super().poll_timeout() if self.stuck_at is None else self.stuck_at


def witnessed() -> tuple[Bent, Witness]:
    config = Config(send_rate=1.0, send_burst=1.0)
    session = Bent(config, rng=random.Random(7))
    session.more = deque()
    return session, Witness(session, config, App())


def up() -> tuple[Bent, Witness]:
    """With one topic, which is confirmed."""
    session, witness = witnessed()
    witness.subscribe(0.0, FOX, [TOPIC])
    witness.connect(0.0)
    witness.handle_input(0.0, Opened(1))
    witness.handle_input(0.0, Received(1, [ESTABLISHED], 0.0))
    witness.handle_input(0.0, Received(1, [CONFIRMED], 0.0))
    assert session.confirmed == {TOPIC}
    return session, witness


def test_who_does_as_it_must_is_let_alone() -> None:
    _, witness = up()
    witness.handle_timeout(120.0)
    witness.unsubscribe(120.0, FOX)
    witness.close(120.0)


def test_a_socket_of_the_past_is_not_given_up_again() -> None:
    session, witness = up()
    session.more.append(Cancel(7))
    with pytest.raises(Violation, match=r"Cancel\(ref=7\) is for a socket of the past") as found:
        witness.close(1.0)
    assert found.value.law is Law.INTERFACE


def test_a_socket_of_the_past_is_not_spoken_to() -> None:
    session, witness = up()
    session.more.append(Transmit(7, [PING]))
    with pytest.raises(Violation, match="is for a socket of the past") as found:
        witness.handle_timeout(1.0)
    assert found.value.law is Law.SILENCE


def test_one_connection_is_asked_for_and_no_second() -> None:
    session, witness = witnessed()
    session.more.append(Open(2, App().endpoints[0].host, 443, True, "/"))
    with pytest.raises(Violation, match=r"a connection is asked for at 3\.0, and none is due") as found:
        witness.connect(3.0)
    assert found.value.law is Law.ON_TIME


def test_a_ping_that_is_due_is_sent() -> None:
    session, witness = up()
    session.lost = "pusher:ping"
    with pytest.raises(Violation, match="1 pings too few are sent") as found:
        witness.handle_timeout(120.0)
    assert found.value.law is Law.ON_TIME


def test_what_is_not_wanted_any_more_is_left() -> None:
    session, witness = up()
    session.lost = "pusher:unsubscribe"
    with pytest.raises(Violation, match=f"{TOPIC} is not wanted, and is kept") as found:
        witness.unsubscribe(10.0, FOX)
    assert found.value.law is Law.SUBSCRIPTIONS


def test_a_deadline_that_has_passed_is_not_waited_for_again() -> None:
    session, witness = up()
    witness.subscribe(0.0, FOX)
    assert Timer.SEND in session.timers
    session.stuck_at = 0.25
    with pytest.raises(Violation, match=r"handle_timeout\(0\.25\) leaves 0\.25 as the time of the next") as found:
        witness.handle_timeout(0.25)
    assert found.value.law is Law.INTERFACE
