"""One connection in the states that tests want it in: in a world, or led there by hand."""

from collections.abc import Callable, Sequence

from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import Topic
from kick_proto.machine import Closed, Opened, Output, Received
from kick_proto.provider import ConnectionEvent
from kick_proto.pusher import Connection, Signal, State, Timeouts, Timer
from kick_proto.testing.faults import Faults
from kick_proto.testing.server import KickServer
from kick_proto.testing.world import UNIX_EPOCH, World
from tests.scenes import FOX_CHAT, connection, kick_server

CHAT, OTHER = FOX_CHAT, Topic("channel.11")


def meet(server: KickServer | None = None, timeouts: Timeouts | None = None) -> tuple[Connection, KickServer, World]:
    """A connection that has been told to connect, and its world."""
    server = server if server is not None else kick_server()
    client = connection(timeouts)
    world = World(server, client)
    world.call(client.connect)
    return client, server, world


def meet_silently() -> tuple[Connection, KickServer, World]:
    """The same with a server that keeps its handshake to itself."""
    return meet(kick_server(Faults(withhold_handshake=True)))


def tell(world: World, server: KickServer, *frames: Frame | str) -> None:
    for frame in frames:
        world.call(server.send, server.refs[0], frame if isinstance(frame, str) else encode_frame(frame))


def established(data: str = '{"socket_id":"1.2","activity_timeout":120}') -> Frame:
    return Frame("pusher:connection_established", "", data)


def confirmed(topic: Topic) -> Frame:
    return Frame("pusher_internal:subscription_succeeded", topic, "{}")


def error(data: str) -> Frame:
    return Frame("pusher:error", "", data)


# By hand, where the world is too orderly.


def hear(client: Connection, *texts: str, now: float = 0.0) -> None:
    client.handle_input(now, Received(1, list(texts), UNIX_EPOCH))


def outputs(client: Connection) -> list[Output[Sequence[str]]]:
    return list(iter(client.poll_output, None))


def shown(client: Connection) -> tuple[State, frozenset[Timer], float | None, list[object], list[ConnectionEvent]]:
    """State, timers, deadline, and all that was queued, which is taken."""
    return client.state, client.timers, client.poll_timeout(), [*outputs(client)], client.take_events()


ACTS: dict[Signal, Callable[[Connection], None]] = {
    Signal.CONNECT: lambda client: client.connect(0.0),
    Signal.OPENED: lambda client: client.handle_input(0.0, Opened(1)),
    Signal.ESTABLISHED: lambda client: hear(client, encode_frame(established())),
    Signal.CLOSE: lambda client: client.close(0.0),
    Signal.ENDED: lambda client: client.handle_input(0.0, Closed(1)),
}
COMMANDS = {Signal.CONNECT, Signal.CLOSE}
WAYS: dict[State, list[Signal]] = {
    State.IDLE: [],
    State.OPENING: [Signal.CONNECT],
    State.HANDSHAKING: [Signal.CONNECT, Signal.OPENED],
    State.CONNECTED: [Signal.CONNECT, Signal.OPENED, Signal.ESTABLISHED],
    State.CLOSING: [Signal.CONNECT, Signal.OPENED, Signal.ESTABLISHED, Signal.CLOSE],
    State.CLOSED: [Signal.CLOSE],
}


def led_to(state: State) -> Connection:
    client = connection()
    for signal in WAYS[state]:
        ACTS[signal](client)
    assert client.state is state
    outputs(client)
    client.take_events()
    return client
