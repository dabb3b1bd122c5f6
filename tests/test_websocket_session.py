"""The framing around the real session, with wsproto as the server at the other end."""

import random

from wsproto import ConnectionType, WSConnection
from wsproto import events as ws

from kick_proto.frames import PING, PONG
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.lifecycle import Down, Up
from kick_proto.machine import Close, Failed, Open, Opened, Transmit
from kick_proto.provider import Endpoint
from kick_proto.pusher import App
from kick_proto.session import Config, Session
from tests.framed import World, spelled

APP = App(key="k", endpoints=(Endpoint("a", "a.example"), Endpoint("b", "b.example")))
CHANNEL = Channel(ChannelId(7), ChatroomId(8))
ESTABLISHED = '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"1.2\\",\\"activity_timeout\\":60}"}'


class Server:
    """wsproto's server at the other end of the stream that was opened last."""

    def __init__(self, world: World[Session]) -> None:
        self.world = world
        self.wire = WSConnection(ConnectionType.SERVER)
        (asked,) = (output for output in world.outputs() if isinstance(output, Open))
        self.ref = asked.ref
        self.host = asked.host
        world.hear(Opened(self.ref))

    def take(self) -> list[ws.Event]:
        """What came in; all outputs are looked at, those for others included."""
        events: list[ws.Event] = []
        for output in self.world.outputs():
            if isinstance(output, Transmit) and output.ref == self.ref:
                self.wire.receive_data(output.data)
                events += self.wire.events()
        return events

    def send(self, *events: ws.Event) -> None:
        """All of it in one read."""
        self.world.read(b"".join(self.wire.send(event) for event in events), ref=self.ref)


def texts(events: list[ws.Event]) -> list[str]:
    return [event.data for event in events if isinstance(event, ws.TextMessage)]


def session_world() -> World[Session]:
    world = World(Session(Config(provider=APP), rng=random.Random(7)))
    world.machine.connect(world.now)
    world.framing.handle_timeout(world.now)
    return world


def test_a_session_comes_up_subscribes_answers_pings_and_closes_in_order() -> None:
    world = session_world()
    server = Server(world)
    (request,) = server.take()
    assert isinstance(request, ws.Request)
    assert request.target.startswith("/app/k?protocol=7")
    server.send(ws.AcceptConnection(), ws.TextMessage(ESTABLISHED))
    assert world.heard() == [Up("a", "1.2", None)]
    world.machine.subscribe(world.now, CHANNEL)
    world.framing.handle_timeout(world.now)
    world.advance(1)
    assert len(texts(server.take())) == 6
    server.send(ws.Ping(b"alive?"), ws.TextMessage('{"event":"pusher:ping"}'))
    pong, answer = server.take()
    assert pong == ws.Pong(b"alive?")
    assert texts([answer]) == [PONG]
    world.machine.close(world.now)
    world.framing.handle_timeout(world.now)
    (close,) = server.take()
    assert isinstance(close, ws.CloseConnection)
    assert world.stands() == (world.now + 3, True, False)
    server.send(close.response())
    assert world.stands() == (None, True, True)
    assert world.outputs() == [Close(server.ref)]


def test_a_ping_of_the_websocket_is_a_sign_of_life_for_the_session() -> None:
    world = session_world()
    server = Server(world)
    server.take()
    server.send(ws.AcceptConnection(), ws.TextMessage(ESTABLISHED))
    for _ in range(3):
        world.advance(59)
        server.send(ws.Ping())
        assert [type(event) for event in server.take()] == [ws.Pong]
    world.advance(60)
    assert texts(server.take()) == [PING]


def test_an_endpoint_that_refuses_the_upgrade_gives_way_to_the_next() -> None:
    world = session_world()
    server = Server(world)
    server.take()
    server.send(ws.RejectConnection(status_code=403))
    assert world.heard() == [Down("a", 1006, "the WebSocket handshake was answered with HTTP 403", 0.0)]
    assert Server(world).host == "b.example"


def test_a_session_opens_the_next_while_the_last_is_closing() -> None:
    world = session_world()
    old = Server(world)
    old.take()
    old.send(ws.AcceptConnection())
    world.advance(10)
    closing_frame, asked = world.outputs()
    assert spelled(closing_frame) == (old.ref, "CLOSE", (1000, ""))
    assert isinstance(asked, Open)
    assert asked.host == "b.example"
    world.advance(3)
    assert world.outputs() == [Close(old.ref, 1006)]
    assert [type(event) for event in world.heard()] == [Down]
    world.hear(Failed(asked.ref, "no such host"))
    assert world.heard()[0].cluster == "b"
