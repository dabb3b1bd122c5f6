"""Sessions in the states that tests want them in, and servers of every mood."""

import random
from collections.abc import Callable, Sequence

import msgspec

from kick_proto.backoff import Backoff
from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import Topic, topics_of
from kick_proto.lifecycle import Down
from kick_proto.machine import Closed, Opened, Output, Received
from kick_proto.session import Config, Session, Signal, State
from kick_proto.testing.faults import Faults
from kick_proto.testing.server import KickServer
from kick_proto.testing.world import UNIX_EPOCH, World
from tests.scenes import CONFIG, FOX, OWL, kick_server

FOX_TOPICS, OWL_TOPICS = topics_of(FOX), topics_of(OWL)
PERSISTENT = Config(backoff=Backoff(jitter="none", retries=None))


def with_(config: Config = CONFIG, **changes: object) -> Config:
    return msgspec.structs.replace(config, **changes)


def wrong_cluster() -> KickServer:
    return kick_server(key="another app")


def hung() -> KickServer:
    return kick_server(Faults(withhold_handshake=True))


def refusing(code: int) -> KickServer:
    return kick_server(Faults(refuse_code=code))


def downs(session: Session) -> list[tuple[str, int, float | None]]:
    return [(each.cluster, each.code, each.retry_in) for each in session.take_events() if isinstance(each, Down)]


def publish(world: World, server: KickServer, *frames: Frame) -> None:
    for frame in frames:
        world.call(server.publish, frame)


def subscribes(*topics: Topic) -> list[str]:
    return [f"subscribe {topic}" for topic in topics]


# By hand, where the world is too orderly.


def outputs(session: Session) -> list[Output[Sequence[str]]]:
    return list(iter(session.poll_output, None))


def hear(session: Session, *texts: str, ref: int = 1, now: float = 0.0) -> None:
    session.handle_input(now, Received(ref, list(texts), UNIX_EPOCH))


ESTABLISHED = encode_frame(Frame("pusher:connection_established", "", '{"socket_id":"1.2"}'))


def begin(session: Session) -> None:
    session.connect(0.0)
    session.handle_input(0.0, Opened(1))


def be_up(session: Session) -> None:
    begin(session)
    hear(session, ESTABLISHED)


def wait(session: Session) -> None:
    be_up(session)
    session.handle_input(0.0, Closed(1, 1006))


def begin_to_close(session: Session) -> None:
    be_up(session)
    session.close(0.0)


WAYS: dict[State, Callable[[Session], None]] = {
    State.IDLE: lambda session: None,
    State.CONNECTING: begin,
    State.UP: be_up,
    State.WAITING: wait,
    State.CLOSING: begin_to_close,
    State.CLOSED: lambda session: session.close(0.0),
}


def led_to(state: State, config: Config = CONFIG) -> Session:
    session = Session(config, rng=random.Random(7))
    session.subscribe(0.0, FOX)
    WAYS[state](session)
    assert session.state is state
    outputs(session)
    session.take_events()
    return session


def ended(code: int) -> Callable[[Session], None]:
    return lambda session: session.handle_input(0.0, Closed(1, code))


ACTS: dict[tuple[State, Signal], Callable[[Session], None]] = {
    **{(state, Signal.CONNECT): lambda session: session.connect(0.0) for state in State},
    **{(state, Signal.CLOSE): lambda session: session.close(0.0) for state in State},
    (State.CONNECTING, Signal.ESTABLISHED): lambda session: hear(session, ESTABLISHED),
    (State.CONNECTING, Signal.DIAL): ended(4001),
    (State.CONNECTING, Signal.WAIT): ended(4100),
    (State.CONNECTING, Signal.GIVE_UP): ended(4004),
    (State.UP, Signal.DIAL): ended(4200),
    (State.UP, Signal.WAIT): ended(1006),
    (State.UP, Signal.GIVE_UP): ended(4004),
    (State.WAITING, Signal.DIAL): lambda session: session.handle_timeout(1.0),
    (State.CLOSING, Signal.ENDED): ended(1000),
}
COMMANDS = (Signal.CONNECT, Signal.CLOSE)
