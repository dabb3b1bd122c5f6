import random
from collections.abc import Sequence

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.decoders import Decoders
from kick_proto.events import ChatMessage, UserBanned
from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import topics_of
from kick_proto.machine import Failed, Open, Received, SocketMachine
from kick_proto.merge import Merge
from kick_proto.provider import Connection, Endpoint
from kick_proto.pusher import App, Timeouts
from kick_proto.recording.setup import Setup, config_of, machines, setup_of
from kick_proto.session import Config, Session, SessionEvent
from kick_proto.testing.world import UNIX_EPOCH
from tests.scenes import FOX, chat
from tests.session_acts import be_up, hear
from tests.test_docs import example

CONFIGS = [
    Config(),
    Config(events=(ChatMessage, UserBanned), backoff=Backoff(retries=None, jitter="none"), send_rate=2.0),
    Config(provider=App(key="k", endpoints=(endpoint_at("ws://[::1]:9"),), timeouts=Timeouts(open=1.0)), low_water=3),
]


class Foreign(msgspec.Struct, frozen=True):
    name: str = "another"
    endpoints: tuple[Endpoint, ...] = (Endpoint("x", "x"),)

    def connection(self, ref: int, endpoint: Endpoint) -> Connection:
        raise NotImplementedError


@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
def test_a_config_comes_out_of_its_words_as_it_went_in(config: Config) -> None:
    setup = setup_of(config, 2.0)
    assert setup is not None
    read = msgspec.json.decode(msgspec.json.encode(setup), type=Setup)
    assert config_of(read) == config


def test_another_provider_has_no_words() -> None:
    assert setup_of(Config(provider=Foreign()), None) is None


@pytest.mark.parametrize("name", ["Confetti", "__name__", "base"])
def test_a_type_of_somebodys_own_is_told(name: str) -> None:
    setup = setup_of(Config(), None)
    assert setup is not None
    with pytest.raises(ValueError, match="a type of events of somebody's own"):
        config_of(msgspec.structs.replace(setup, events=(name,)))


def made(
    config: Config, merge: float = 0.5, decoders: Decoders | None = None
) -> tuple[Session, SocketMachine[SessionEvent, Sequence[str]]]:
    setup = setup_of(config, merge)
    assert setup is not None
    return machines(setup, random.Random(7), decoders)


def test_the_session_is_told_what_the_words_say_and_draws_from_the_chance_that_is_given() -> None:
    session, _ = made(CONFIGS[2])
    session.connect(0.0)
    opening = session.poll_output()
    assert isinstance(opening, Open)
    assert (opening.host, opening.port, opening.target.split("?")[0]) == ("::1", 9, "/app/k")
    session.handle_input(0.0, Failed(opening.ref, "refused"))
    assert session.poll_timeout() == random.Random(7).random()


def test_decoders_of_ones_own_are_used() -> None:
    session, _ = made(Config(), decoders=example("new_event")["decoders"])
    session.subscribe(0.0, FOX)
    be_up(session)
    hear(session, encode_frame(Frame("ConfettiEvent", topics_of(FOX)[0], '{"username":"ada","pieces":12}')))
    assert "Confetti" in [type(event).__name__ for event in session.take_events()]


def test_the_machine_around_waits_as_long_as_the_words_say() -> None:
    session, machine = made(Config())
    session.subscribe(0.0, FOX)
    be_up(session)
    machine.handle_timeout(1.0)
    frame = Frame("App\\Events\\SubscriptionEvent", "chatrooms.22.v2", '{"chatroom_id":22,"username":"Bob","months":2}')
    machine.handle_input(1.0, Received(1, [encode_frame(frame)], UNIX_EPOCH))
    assert machine.poll_timeout() == 1.5


def test_the_machine_around_takes_up_no_more_than_lets_the_session_lag_in_time() -> None:
    session, machine = made(Config(high_water=6, low_water=2))
    session.subscribe(0.0, FOX)
    be_up(session)
    machine.handle_timeout(0.0)
    machine.take_events()
    reading = []
    for number in range(10):
        machine.handle_input(1.0, Received(1, [msgspec.json.encode(chat(str(number))).decode()], UNIX_EPOCH))
        reading.append(machine.wants_input)
    assert reading == [True] * 7 + [False] * 3


@pytest.mark.parametrize("merge", [None, 0.5])
def test_the_machine_around_the_session_is_there_where_it_was(merge: float | None) -> None:
    setup = setup_of(Config(), merge)
    assert setup is not None
    session, machine = machines(setup, random.Random(7))
    assert isinstance(machine, Merge) is (merge is not None)
    assert (machine is session) is (merge is None)
