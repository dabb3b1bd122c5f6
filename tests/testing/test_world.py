"""The world: time jumps, mail arrives in order and late, links fail in the ways that they are told to."""

import copy
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from kick_proto import frames, pusher
from kick_proto.events import ChatMessage
from kick_proto.lifecycle import Down, Up
from kick_proto.machine import Cancel, Open, Output, Transmit
from kick_proto.provider import Connected, Disconnected
from kick_proto.pusher import Timeouts
from kick_proto.session import Config, Session
from kick_proto.testing.faults import Faults
from kick_proto.testing.server import ClientConnected, ClientGone, ClientPinged, KickServer
from kick_proto.testing.world import UNIX_EPOCH, World
from tests.scenes import (
    AP1,
    CONFIG,
    EU,
    FOX,
    US2,
    chat,
    connection,
    kick_server,
    said,
    watching,
)


def test_a_command_takes_its_effect_at_once_where_there_is_no_latency() -> None:
    client = connection()
    world = World(kick_server(), client)
    world.call(client.connect)
    assert client.state is pusher.State.CONNECTED
    assert world.now == 0.0


def test_a_command_that_was_given_past_the_world_takes_its_effect_with_the_next_moment() -> None:
    client = connection()
    world = World(kick_server(), client)
    client.connect(world.now)
    assert world.opens() == []
    world.advance(0)
    assert client.state is pusher.State.CONNECTED


def test_a_call_gives_back_what_the_command_does() -> None:
    server = kick_server()
    watching(FOX, servers=server)
    assert World(server).call(server.publish, chat("m-1")) == 1


def test_a_call_passes_names_on_as_well() -> None:
    server = kick_server()
    session, world = watching(servers=server)
    world.call(server.disconnect, server.refs[0], code=4009, reason="no", error_first=True)
    (down,) = (event for event in session.take_events() if isinstance(event, Down))
    assert (down.code, down.reason) == (4009, "no")


def test_the_clocks_move_together_and_only_when_told() -> None:
    world = World(kick_server())
    world.advance(2.5)
    assert (world.now, world.unix_now) == (2.5, UNIX_EPOCH + 2.5)


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_time_does_not_go_back(seconds: float) -> None:
    with pytest.raises(ValueError, match="time does not go back"):
        World(kick_server()).advance(seconds)


def test_timers_fire_at_their_moment_and_in_order_however_far_the_jump() -> None:
    server = kick_server()
    _, world = watching(servers=server)
    world.advance(86_400)
    assert said(world) == [(120.0 * count, "ping") for count in range(1, 721)]
    assert world.now == 86_400


def test_a_moment_that_is_exactly_at_the_end_belongs_to_the_jump() -> None:
    _, world = watching(servers=kick_server())
    world.advance(119.5)
    assert world.sent() == []
    world.advance(0.5)
    assert world.sent() == ["pusher:ping"]


def test_the_transcript_can_be_asked_from_question_to_question_or_read_whole() -> None:
    session, world = watching(FOX, servers=kick_server())
    assert world.sent() == ["pusher:subscribe"] * 5
    assert world.opens() == [US2]
    world.advance(1)
    assert world.sent() == ["pusher:subscribe"]
    assert world.sent() == world.opens() == []
    assert world.transcript[0].by is session
    assert isinstance(world.transcript[0].output, Open)


# Latency.


def test_mail_takes_its_time_both_ways() -> None:
    server = kick_server()
    client = connection()
    world = World(server, client, latency=0.25)
    world.call(client.connect)
    world.advance(0.2)
    assert server.client_count == 0
    world.advance(0.05)
    assert server.client_count == 1
    assert client.take_events() == []
    world.advance(0.25)
    assert [type(event) for event in client.take_events()] == [Connected]


def test_events_tell_the_wall_clock_of_their_arrival() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.latency = 0.5
    world.advance(10)
    world.call(server.publish, chat("m-1"))
    world.advance(1)
    (event,) = (event for event in session.take_events() if isinstance(event, ChatMessage))
    assert event.received_at == datetime.fromtimestamp(UNIX_EPOCH, UTC) + timedelta(seconds=10.5)


def test_mail_keeps_its_order_when_the_latency_shrinks() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.latency = 5.0
    world.call(server.publish, chat("slow"))
    world.latency = 1.0
    world.call(server.publish, chat("quick"))
    session.take_events()
    world.advance(5)
    assert [event.id for event in session.take_events() if isinstance(event, ChatMessage)] == ["slow", "quick"]


def test_a_close_is_answered_after_a_round_trip() -> None:
    server = kick_server()
    client = connection()
    world = World(server, client)
    world.call(client.connect)
    world.latency = 0.25
    world.call(client.close)
    world.advance(0.25)
    assert server.client_count == 0
    assert not client.closed
    world.advance(0.25)
    assert client.closed


def test_what_is_said_to_a_client_that_closes_is_not_heard_any_more() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    session.take_events()
    world.latency = 0.25
    world.call(server.publish, chat("m-1"))
    world.call(session.close)
    world.call(server.publish, chat("m-2"))
    world.advance(1)
    assert session.closed
    assert session.take_events() == []


def test_when_both_sides_close_at_once_each_hears_one_end() -> None:
    server = kick_server()
    client = connection()
    world = World(server, client)
    world.call(client.connect)
    (ref,) = server.refs
    world.latency = 0.25
    world.call(client.close)
    world.call(server.disconnect, ref, 4200)
    world.advance(1)
    assert client.closed
    assert server.take_events()[1:] == [ClientGone(ref, 4200)]


def test_the_end_of_a_connection_overtakes_nothing() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    session.take_events()
    world.latency = 0.25
    world.call(server.publish, chat("m-1"))
    world.call(server.drop, server.refs[0])
    world.advance(0.25)
    message, down = session.take_events()
    assert isinstance(message, ChatMessage)
    assert isinstance(down, Down)
    assert down.code == 1006


# The switches.


def test_a_refused_connection_fails() -> None:
    session, world = watching(servers=kick_server())
    session.take_events()
    world.refuse()
    world.cut()
    world.advance(3)
    assert [(event.code, event.reason) for event in session.take_events() if isinstance(event, Down)] == [
        (1006, ""),
        (1006, f"{US2}:443: connection refused"),
        (1006, f"{US2}:443: connection refused"),
    ]
    world.accept()
    world.advance(4)
    assert [type(event) for event in session.take_events()] == [Up]


def test_a_refusal_comes_back_after_a_round_trip() -> None:
    client = connection()
    world = World({US2: None}, client, latency=1.5)
    world.call(client.connect)
    world.advance(2.9)
    assert client.take_events() == []
    world.advance(0.1)
    (end,) = client.take_events()
    assert isinstance(end, Disconnected)
    assert end.reason == f"{US2}:443: connection refused"


def test_a_refused_connection_can_be_cancelled() -> None:
    client = connection()
    world = World({US2: None}, client, latency=1.0)
    world.call(client.connect)
    world.call(client.close)
    assert client.closed
    world.advance(10)
    assert [line.output for line in world.transcript][1:] == [Cancel(1)]


def test_hosts_lead_to_their_servers_and_other_hosts_nowhere() -> None:
    served = kick_server()
    world = World({US2: None, AP1: served}, client := Session(CONFIG, rng=random.Random(7)))
    world.call(client.connect)
    assert world.opens() == [US2, EU, AP1]
    assert served.client_count == 1
    downs = [event for event in client.take_events() if isinstance(event, Down)]
    assert [(event.code, event.reason) for event in downs] == [
        (1006, f"{US2}:443: connection refused"),
        (1006, f"{EU}:443: connection refused"),
    ]


def test_the_servers_behind_the_hosts_may_change() -> None:
    hosts: dict[str, KickServer | None] = {US2: None}
    client = Session(CONFIG, rng=random.Random(7))
    world = World(hosts, client)
    world.call(client.connect)
    server = kick_server()
    hosts[US2] = server
    world.advance(130)
    assert server.client_count == 1
    assert world.sent() == ["pusher:ping"]


def test_nothing_arrives_in_either_direction_while_the_world_is_mute() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.advance(1)
    session.take_events()
    server.take_events()
    world.mute()
    world.call(server.publish, chat("m-1"))
    world.advance(120)
    assert world.sent()[-1:] == ["pusher:ping"]
    assert session.take_events() == []
    assert server.take_events() == []
    world.unmute()
    world.advance(0)
    assert [event.id for event in session.take_events() if isinstance(event, ChatMessage)] == ["m-1"]
    assert server.take_events() == [ClientPinged(server.refs[0])]


def test_the_end_of_a_connection_is_not_heard_while_the_world_is_mute() -> None:
    server = kick_server()
    client = connection()
    world = World(server, client)
    world.call(client.connect)
    world.mute()
    world.cut()
    world.advance(1)
    assert (client.closed, server.client_count) == (False, 1)
    world.unmute()
    world.advance(1)
    assert (client.closed, server.client_count) == (True, 0)


def test_a_connection_that_is_asked_for_while_the_world_is_mute_comes_about_later() -> None:
    server = kick_server()
    client = connection()
    world = World(server, client)
    world.mute()
    world.call(client.connect)
    world.advance(15)
    assert client.take_events() == []
    world.unmute()
    world.advance(0)
    assert [type(event) for event in client.take_events()] == [Connected]


def test_a_cut_loses_what_is_under_way_and_both_ends_see_1006() -> None:
    server = kick_server()
    client = connection()
    world = World(server, client)
    world.call(client.connect)
    server.take_events()
    client.take_events()
    world.latency = 0.25
    world.call(server.ping, server.refs[0])
    world.cut()
    assert server.take_events() == [ClientGone(1, 1006)]
    (end,) = client.take_events()
    assert isinstance(end, Disconnected)
    assert end.code == 1006
    assert world.sent() == []


def test_what_is_being_opened_when_the_links_are_cut_has_failed() -> None:
    client = connection()
    world = World(kick_server(), client, latency=1.0)
    world.call(client.connect)
    world.advance(1.5)
    world.cut()
    (end,) = client.take_events()
    assert isinstance(end, Disconnected)
    assert end.reason == "the connection was cut"


def test_who_has_cancelled_hears_of_no_cut() -> None:
    client = connection()
    server = kick_server()
    world = World(server, client, latency=1.0)
    world.call(client.connect)
    world.advance(1.5)
    world.call(client.close)
    world.cut()
    client.take_events()
    world.advance(10)
    assert server.client_count == 0
    assert client.take_events() == []


def test_a_connection_can_be_cancelled_before_its_server_knows() -> None:
    client = connection()
    server = kick_server()
    world = World(server, client, latency=1.0)
    world.call(client.connect)
    world.call(client.close)
    world.advance(10)
    assert [type(event) for event in server.take_events()] == [ClientConnected, ClientGone]


# Machines and their ends.


def test_several_clients_share_a_world_and_their_refs_may_be_the_same() -> None:
    server = kick_server()
    first, second = connection(), connection(Timeouts(activity=60))
    world = World(server, first, second)
    world.call(first.connect)
    world.call(second.connect)
    world.advance(60)
    assert [line.by for line in world.transcript if isinstance(line.output, Transmit)][-2:-1] == [second]
    world.call(second.close)
    assert (first.closed, second.closed, server.client_count) == (False, True, 1)


def test_a_server_that_closes_ends_its_clients() -> None:
    server = kick_server()
    session, world = watching(servers=server)
    world.call(server.close)
    (down,) = (event for event in session.take_events() if isinstance(event, Down))
    assert (down.code, down.reason) == (1001, "the server goes away")


class Spinner(pusher.Connection):
    """A machine that is never satisfied."""

    def poll_timeout(self) -> float:
        return 0.0


def test_a_machine_that_spins_is_told_of() -> None:
    client = Spinner(Open(1, "h", 80, tls=False), Timeouts())
    with pytest.raises(RuntimeError, match=r"more than 50 steps at 0: does a machine spin\?"):
        World(kick_server(), client, most_steps=50).advance(1)


class Chatterbox(pusher.Connection):
    """A machine that always has something more to say."""

    word = 0

    def poll_output(self) -> Output[Sequence[str]]:
        self.word += 1
        return Transmit(99, [str(self.word)])


def test_what_a_spinning_machine_did_last_is_told() -> None:
    client = Chatterbox(Open(1, "h", 80, tls=False), Timeouts())
    with pytest.raises(RuntimeError) as told:
        World(kick_server(), client, most_steps=50).advance(1)
    assert str(told.value) == (
        "more than 50 steps at 0: does a machine spin? "
        "Last: [Transmit(ref=99, data=['48']), Transmit(ref=99, data=['49']), Transmit(ref=99, data=['50'])]"
    )


class Talker(pusher.Connection):
    """A machine that says something on a connection that it never had."""

    def poll_output(self) -> Output[Sequence[str]] | None:
        self.reading, was_reading = False, self.reading
        return Transmit(99, [frames.PING]) if was_reading else None


def test_what_is_said_on_no_connection_is_dropped_in_silence() -> None:
    world = World(kick_server(), Talker(Open(1, "h", 80, tls=False), Timeouts()))
    world.advance(1)
    assert world.sent() == ["pusher:ping"]


def test_a_copy_of_a_world_goes_on_alike() -> None:
    server = kick_server(Faults(drop_after=7.0, spread=0.5, ping_interval=2.0))
    _, world = watching(FOX, servers=server, config=Config())
    world.advance(10)
    twin = copy.deepcopy(world)
    world.advance(100)
    assert len(twin.transcript) < len(world.transcript)
    twin.advance(100)
    assert [(line.at, line.output) for line in twin.transcript] == [(line.at, line.output) for line in world.transcript]
