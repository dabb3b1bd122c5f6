"""Who reads what in a world: a client as much as it wants, a server all, and each with the time of its arrival."""

import random

from kick_proto.events import ChatMessage
from kick_proto.lifecycle import Down, Lagging
from kick_proto.machine import Received
from kick_proto.session import Config, Session
from kick_proto.testing.server import KickServer, ServerInput
from kick_proto.testing.world import UNIX_EPOCH, World
from tests.scenes import FOX, FOX_CHAT, chat, connection, kick_server, watching


def test_a_client_that_wants_no_input_is_not_read_to_until_it_wants_some() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server, config=Config(high_water=10, low_water=3))
    for number in range(20):
        world.call(server.publish, chat(f"m-{number}"))
    world.call(server.disconnect, server.refs[0], 4000)
    events = session.take_events()
    assert any(isinstance(event, Lagging) for event in events)
    for _ in range(5):
        world.advance(1)
        events += session.take_events()
    assert session.closed
    assert [event.id for event in events if isinstance(event, ChatMessage)] == [f"m-{number}" for number in range(20)]


def filled(world: World, session: Session, server: KickServer) -> int:
    """How many messages it took until the session wanted no more."""
    session.take_events()
    for count in range(100):
        if not session.wants_input:
            return count
        world.call(server.publish, chat(f"m-{count}"))
    raise AssertionError("it takes everything")


def test_what_a_client_does_not_want_yet_waits() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server, config=Config(high_water=10, low_water=3))
    count = filled(world, session, server)
    world.call(server.publish, chat("late"))
    assert [event.id for event in session.take_events() if isinstance(event, ChatMessage)][-1] == f"m-{count - 1}"
    world.advance(0)
    assert [event.id for event in session.take_events() if isinstance(event, ChatMessage)] == ["late"]


def test_an_end_is_heard_by_who_wants_no_input() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server, config=Config(high_water=10, low_water=3))
    filled(world, session, server)
    world.call(server.disconnect, server.refs[0], 4000)
    assert [event.code for event in session.take_events() if isinstance(event, Down)] == [4000]


class Scribe(KickServer):
    """A server that notes the wall clock of what it reads."""

    def __init__(self) -> None:
        super().__init__(rng=random.Random(7), unix_epoch=UNIX_EPOCH)
        self.read_at: list[float] = []

    def handle_input(self, now: float, received: ServerInput) -> None:
        if isinstance(received, Received):
            self.read_at.append(received.unix_now)
        super().handle_input(now, received)


def test_a_server_is_told_the_wall_clock_of_what_it_reads() -> None:
    server, client = Scribe(), connection()
    world = World(server, client, latency=0.5)
    world.call(client.connect)
    world.advance(10)
    world.call(client.subscribe, FOX_CHAT)
    world.advance(1)
    assert server.read_at == [UNIX_EPOCH + 10.5]
