import random

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.events import ChatMessage, UserBanned
from kick_proto.merge import Merge
from kick_proto.provider import Connection, Endpoint
from kick_proto.pusher import App, Timeouts
from kick_proto.recording.setup import Setup, config_of, machines, setup_of
from kick_proto.session import Config

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


@pytest.mark.parametrize("merge", [None, 0.5])
def test_the_machine_around_the_session_is_there_where_it_was(merge: float | None) -> None:
    setup = setup_of(Config(), merge)
    assert setup is not None
    session, machine = machines(setup, random.Random(7))
    assert isinstance(machine, Merge) is (merge is not None)
    assert (machine is session) is (merge is None)
