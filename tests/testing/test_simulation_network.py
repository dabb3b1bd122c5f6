"""The network of the simulation: what applications and servers say to each other, and when it comes about."""

import re

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.frames import PING, Frame, encode_frame
from kick_proto.ids import Topic
from kick_proto.lifecycle import Down, GaveUp, Lagging, Up
from kick_proto.machine import Close, Closed, Failed, Open, Opened, Received, Transmit
from kick_proto.provider import Confirmed
from kick_proto.testing.faults import Faults
from kick_proto.testing.server import Accepted, KickServer
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.dice import channel_of
from kick_proto.testing.simulation.laws import Violation
from kick_proto.testing.simulation.timeline import UNIX_EPOCH
from tests.testing.small_worlds import (
    CONFIG,
    EU,
    OTHER,
    PAUSE,
    SAFETY,
    SEED,
    TOPIC,
    US2,
    SmallWorld,
    small_world,
)


def established(socket_id: str) -> str:
    data = f'{{"socket_id":"{socket_id}","activity_timeout":60}}'
    return encode_frame(Frame("pusher:connection_established", Topic(""), data))


# From the first to the last word


def test_a_session_opens_shakes_hands_and_pings_on_time() -> None:
    world = small_world()
    world.run(61.0)
    opening, up, ping = world.said()
    assert isinstance(opening[1], Open)
    assert (opening[0], opening[1].ref, opening[1].host) == (0.0, 1, US2)
    assert isinstance(up[1], Up)
    assert (up[0], ping) == (0.0, (60.0, Transmit(1, ['{"event":"pusher:ping","data":{}}'])))
    assert world.said("to app 0") == [
        (0.0, Opened(1)),
        (0.0, Received(1, [established(up[1].socket_id)], UNIX_EPOCH)),
        (60.0, Received(1, ['{"event":"pusher:pong","data":{}}'], UNIX_EPOCH + 60.0)),
    ]
    assert world.begun == [0.0]
    assert world.net.steps == 7  # four of the application's, begin included, and three of the server's
    link = world.net.link_of(0)
    assert link is not None
    assert (link.app, link.host, link.generation, link.blocked) == (world.app, world.net.hosts[US2], 1, False)


def test_over_bytes_the_same_is_said_in_the_websocket_s_own_frames() -> None:
    world = small_world(over_bytes=True)
    world.run(61.0)
    request, ping = (what.data for _, what in world.said() if isinstance(what, Transmit))
    (first,) = (what for _, what in world.said() if isinstance(what, Up))
    assert request.startswith(b"GET /app/")
    assert len(ping) == 6 + len(PING)
    answer, pong = (what.data for _, what in world.heard(Received))
    assert answer.endswith(established(first.socket_id).encode())
    assert pong[2:] == b'{"event":"pusher:pong","data":{}}'


def test_what_is_wanted_is_confirmed_and_the_command_is_in_the_transcript() -> None:
    world = small_world()
    world.do(5.0, lambda: world.net.tell(world.app, "subscribe", channel_of(0), [TOPIC]))
    command, _, event = world.said(since=5.0)
    assert command == (5.0, ("subscribe", (channel_of(0), [TOPIC])))
    assert event == (5.0, Confirmed(TOPIC))


def test_all_chance_comes_from_generators_of_its_own_name() -> None:
    jittered = msgspec.structs.replace(CONFIG, backoff=Backoff(base=2.0, cap=8.0, retries=None, jitter="full"))
    world = small_world(config=jittered)
    world.run(1.0)
    opening, server = world.said()[0][1], KickServer(rng=Chance(f"{SEED}/{US2}"), unix_epoch=UNIX_EPOCH)
    server.handle_input(0.0, Accepted(1, opening.target))
    socket_id = re.findall(r"\d+\.\d+", repr(server.poll_output()))[0]
    assert [up.socket_id for _, up in world.said() if isinstance(up, Up)] == [socket_id]
    world.do(2.0, lambda: lose(world))
    waits = [down.retry_in for _, down in world.said() if isinstance(down, Down)]
    assert waits == [2.0 * Chance(f"{SEED}/app 0/0").random()]

    world.net.weather.least, world.net.weather.most = 0.25, 0.75
    world.do(2.0, lambda: world.net.tell(world.app, "close"))
    world.run(20.0)
    draw = Chance(f"{SEED}/wire 0/2/1")
    latencies = [0.25 + 0.5 * draw.random() for _ in range(2)]
    assert [at for at, _ in world.heard(Opened, 5.0)] == pytest.approx([2.0 + PAUSE + sum(latencies)])


def lose(world: SmallWorld) -> None:
    link = world.net.link_of(0)
    assert link is not None
    link.wire.lose(world.time.now)
    world.net.schedule(link)


def test_messages_take_their_time_and_reads_of_servers_may_be_split() -> None:
    world = small_world(over_bytes=True)
    world.net.weather.least, world.net.weather.most, world.net.weather.split_share = 1.0, 1.5, 1.0
    world.do(0.0, lambda: world.net.tell(world.app, "close"))
    world.run(PAUSE + 20.0)
    assert len(world.heard(Received, PAUSE)) > 1
    at = next(at for at, up in world.said() if isinstance(up, Up))
    assert PAUSE + 4.0 <= at <= PAUSE + 6.0


# Doors


REFUSED, SLOW, SILENT, BROKEN, BABBLING = d.DoorKind
BABBLE = (encode_frame(Frame("News", Topic("a"), "{}")),)
BUSY = b"HTTP/1.1 503 Busy\r\n\r\n"


@pytest.mark.parametrize(
    ("kind", "over_bytes", "heard"),
    [
        (REFUSED, False, [(8.0, Failed(1, "refused"))]),
        (REFUSED, True, [(8.0, Failed(1, "refused"))]),
        (SILENT, False, []),
        (SILENT, True, []),
        (BROKEN, False, [(8.0, Failed(1, "refused"))]),
        (BROKEN, True, [(8.0, Opened(1)), (8.0, Received(1, BUSY, UNIX_EPOCH + 8.0)), (8.0, Closed(1))]),
        (BABBLING, False, [(8.0, Opened(1)), (8.0, Received(1, [*BABBLE * 4], UNIX_EPOCH + 8.0))]),
        (BABBLING, True, [(8.0, Opened(1)), (8.0, Received(1, BUSY, UNIX_EPOCH + 8.0)), (8.0, Closed(1))]),
    ],
)
def test_who_connects_finds_the_door(kind: d.DoorKind, over_bytes: bool, heard: list[object]) -> None:
    world = small_world(over_bytes=over_bytes)
    world.net.tell(world.app, "close")
    world.decide(d.Door(1.0, US2, kind, 100.0, 2.5, BABBLE), d.Tardy(1.0))
    world.run(8.5)
    assert world.said("to app 0", 8.0) == heard
    link = world.net.link_of(0)
    assert link is None or link.host is None


@pytest.mark.parametrize("over_bytes", [False, True])
def test_a_slow_door_opens_after_its_delay(over_bytes: bool) -> None:
    world = small_world(over_bytes=over_bytes)
    world.net.tell(world.app, "close")
    world.decide(d.Door(1.0, US2, SLOW, 100.0, 2.5))
    world.run(12.0)
    assert world.heard(Opened) == [(10.5, Opened(1))]
    link = world.net.link_of(0)
    assert link is not None
    assert link.host is world.net.hosts[US2]


@pytest.mark.parametrize(
    "door", [d.Door(1.0, US2, SLOW, 8.0, 2.5), d.Door(1.0, US2, SILENT, 8.0, 2.5), d.Door(1.0, EU, SILENT, 100.0, 2.5)]
)
def test_a_door_is_as_it_was_when_its_time_is_over_and_another_host_has_its_own(door: d.Door) -> None:
    world = small_world(hosts=2)
    world.net.tell(world.app, "close")
    world.decide(door)
    world.run(9.0)
    assert world.heard(Opened) == [(8.0, Opened(1))]


# Ends, and the sessions that follow


def test_a_session_that_has_ended_is_replaced_after_a_pause() -> None:
    world = small_world()
    world.run(1.0)
    world.do(2.0, lambda: world.net.tell(world.app, "close"))
    assert world.app.stack.closed
    assert world.net.link_of(0) is None
    world.run(2.0 + PAUSE)
    assert world.begun == [0.0, 2.0 + PAUSE]
    assert (world.app.generation, world.app.born_at) == (2, 2.0 + PAUSE)
    ends = [what for _, what in world.heard(Closed)]
    assert ends == [Closed(1, 1000)]


def test_when_all_is_over_no_session_is_replaced() -> None:
    world = small_world()
    world.is_over = True
    world.net.tell(world.app, "close")
    world.run(100.0)
    assert world.begun == [0.0]


def test_an_ended_session_whose_events_are_not_all_told_is_found_before_it_is_replaced() -> None:
    world = small_world()
    world.run(1.0)
    world.app.dozes_until = 3.0
    world.do(2.0, lambda: world.net.tell(world.app, "close"))
    world.do(3.0, lambda: world.net.settle(world.app))
    world.app.stack.witness.ledger.expect(GaveUp("", 4000))
    with pytest.raises(Violation, match="was never told"):
        world.run(30.0)


def test_a_dozing_application_takes_its_events_when_it_wakes_and_only_then_is_done() -> None:
    world = small_world()
    world.app.dozes_until = 5.0
    world.do(2.0, lambda: world.net.tell(world.app, "close"))
    assert [what for _, what in world.said() if isinstance(what, Up)] == []
    world.run(4.0 + PAUSE)
    assert world.begun == [0.0]
    world.do(13.0, lambda: world.net.settle(world.app))
    assert [at for at, what in world.said() if isinstance(what, Up)] == [13.0]
    world.run(13.0 + PAUSE)
    assert world.begun == [0.0, 13.0 + PAUSE]


def test_what_comes_for_a_session_of_the_past_is_thrown_away() -> None:
    world = small_world()
    world.run(1.0)
    link = world.net.link_of(0)
    assert link is not None
    world.net.weather.is_tardy = True
    link.wire.stall(50.0)
    world.net.hosts[US2].server.send(world.time.now, link.wire.number, PING)
    world.net.settle_host(world.net.hosts[US2])
    world.do(2.0, lambda: world.net.tell(world.app, "close"))
    world.run(2.0 + 5.0)
    assert world.app.stack.closed
    world.run(60.0)
    assert world.app.generation == 2
    assert world.heard(Received, 49.0) == []
    assert link.wire.number not in world.net.links
    assert world.net.link_of(0) is not None


def test_a_command_is_given_to_who_can_take_it_alone() -> None:
    world = small_world()
    world.app.frozen_until = 2.0
    world.net.tell(world.app, "close")
    assert not world.app.stack.closed
    world.do(2.0, lambda: world.net.tell(world.app, "close"))
    lines = len(world.said())
    world.do(3.0, lambda: world.net.tell(world.app, "close"))
    assert len(world.said()) == lines
    assert (2.0, ("close", ())) in world.said()


# Who does not read, and who is frozen


def test_who_lags_is_sent_to_but_reads_only_when_it_has_caught_up() -> None:
    world = small_world(config=msgspec.structs.replace(CONFIG, high_water=2, low_water=1))
    world.do(1.0, lambda: world.net.tell(world.app, "subscribe", channel_of(0), [TOPIC, OTHER]))
    world.app.dozes_until = 50.0
    for at in (10.0, 11.0, 12.0):
        world.decide(d.Publish(at, (Frame("News", TOPIC, "{}"),) * 2))
    assert [at for at, _ in world.heard(Received, 10.0)] == [10.0]
    link = world.net.link_of(0)
    assert link is not None
    was_blocked = [link.blocked]
    world.do(60.0, lambda: world.net.settle(world.app))
    assert [(at, len(word.data)) for at, word in world.heard(Received, 11.0)] == [(60.0, 4)]
    assert [*was_blocked, link.blocked] == [True, False]
    assert [type(what) for _, what in world.said(since=59.0)].count(Lagging) >= 1


def test_an_end_is_heard_however_far_an_application_lags() -> None:
    world = small_world(config=msgspec.structs.replace(CONFIG, high_water=2, low_water=1))
    world.do(1.0, lambda: world.net.tell(world.app, "subscribe", channel_of(0), [TOPIC, OTHER]))
    world.app.dozes_until = 500.0
    world.decide(d.Publish(10.0, (Frame("News", TOPIC, "{}"),) * 2))
    assert not world.app.stack.top.wants_input
    world.do(11.0, lambda: lose(world))
    assert [at for at, _ in world.heard(Closed)] == [11.0]


def test_mail_that_waits_alone_waits_too() -> None:
    world = small_world(config=msgspec.structs.replace(CONFIG, high_water=2, low_water=1))
    world.do(1.0, lambda: world.net.tell(world.app, "subscribe", channel_of(0), [TOPIC, OTHER]))
    world.app.dozes_until = 50.0
    for at in (10.0, 11.0, 12.0):
        world.decide(d.Publish(at, (Frame("News", TOPIC, "{}"),)))
    assert world.heard(Received, 11.5) == []
    world.do(50.0, lambda: world.net.settle(world.app))
    assert [at for at, _ in world.heard(Received, 11.5)] == [50.0]


def test_who_thaws_at_the_moment_of_a_deadline_keeps_it() -> None:
    world = small_world()
    world.run(1.0)
    world.app.frozen_until = 60.0
    world.run(60.0)
    assert [at for at, what in world.said() if isinstance(what, Transmit)] == [60.0]


def test_a_frozen_application_begins_its_next_session_when_it_thaws() -> None:
    world = small_world()
    world.do(2.0, lambda: world.net.tell(world.app, "close"))
    world.app.frozen_until = 2.0 + PAUSE
    world.run(2.0 + PAUSE)
    assert world.begun == [0.0, 2.0 + PAUSE]
    world.do(20.0, lambda: world.net.tell(world.app, "close"))
    world.app.frozen_until = 50.0
    world.run(49.0)
    assert world.begun == [0.0, 2.0 + PAUSE]
    world.run(50.0)
    assert world.begun == [0.0, 2.0 + PAUSE, 50.0]


def test_a_wire_that_is_dead_and_then_lost_is_used_no_more() -> None:
    world = small_world()
    world.run(1.0)
    world.decide(d.HalfOpen(2.0, 0, d.Way.TO_CLIENT))
    world.do(3.0, lambda: lose(world))
    assert world.net.link_of(0) is None


def test_a_server_waits_for_its_earliest_deadline_after_another_has_been_given_up() -> None:
    world = small_world()
    world.run(1.0)
    world.decide(
        d.Mood(2.0, US2, Faults(ping_interval=50.0), SAFETY), d.Mood(3.0, US2, Faults(ping_interval=4.0), 10.0)
    )
    world.run(55.0)
    assert world.texts(3.0) == [(7.0, "ping")]


def test_who_had_several_deadlines_and_is_frozen_takes_them_up_when_it_thaws() -> None:
    world = small_world(config=msgspec.structs.replace(CONFIG, send_rate=1.0, send_burst=1.0))
    world.decide(d.Ask(1.0, 0, 0, 3), d.Leave(10.0, 0, 0))
    world.run(19.0)
    world.app.frozen_until = 80.0
    world.run(79.0)
    world.app.tick(world.time.now)
    world.net.settle(world.app)
    assert [at for at, what in world.said(since=20.0) if isinstance(what, Transmit)] == [pytest.approx(79.0)]


def test_a_server_without_clients_waits_for_nothing() -> None:
    world = small_world()
    world.is_over = True
    world.run(1.0)
    world.decide(d.Mood(2.0, US2, Faults(ping_interval=50.0), SAFETY), d.Quit(5.0, 0, False))
    world.run(100.0)
    assert world.net.hosts[US2].wakes_at is None
    assert world.said("to app 0", 5.5) == []


def test_nothing_arrives_at_who_is_frozen_and_its_time_does_not_come() -> None:
    world = small_world()
    world.run(1.0)
    world.app.frozen_until = 70.0
    world.decide(d.Publish(10.0, (Frame("News", TOPIC, "{}"),)))
    world.run(69.0)
    assert world.said(since=2.0) == world.said("to app 0", 2.0) == []


def test_a_deadline_that_has_been_moved_is_not_come_to() -> None:
    world = small_world()
    world.run(1.0)
    link = world.net.link_of(0)
    assert link is not None
    for at in (30.0, 80.0):
        world.decide(d.Whisper(at, 0, ("{}",)))
    world.run(89.0)
    assert [at for at, what in world.said() if isinstance(what, Transmit)] == []
    steps = world.net.steps
    world.net.tick(world.app)
    assert world.net.steps == steps
    world.run(160.0)
    assert [(at, what.data[0][10:21]) for at, what in world.said() if isinstance(what, Transmit)] == [
        (90.0, "pusher:pong"),  # the server has heard nothing for a minute either
        (150.0, "pusher:ping"),
    ]


# Several


def test_each_application_has_wires_of_its_own_and_hears_what_is_for_it() -> None:
    world = small_world(apps=2)
    world.run(1.0)
    assert [app.number for app in world.net.apps] == [0, 1]
    first, second = world.net.link_of(0), world.net.link_of(1)
    assert first is not None
    assert second is not None
    assert (first.app, second.app) == (world.net.apps[0], world.net.apps[1])
    assert first.wire.number != second.wire.number
    world.do(2.0, lambda: world.net.tell(world.net.apps[1], "subscribe", channel_of(0), [TOPIC]))
    assert world.said("to app 0", 2.0) == []
    assert [what for _, what in world.said("app 1", 2.0)][-1] == Confirmed(TOPIC)
    blocked = world.net.links[first.wire.number]
    blocked.blocked = True
    world.net.unblock(world.net.apps[1])
    assert blocked.blocked
    world.net.unblock(world.net.apps[0])
    assert not world.net.links[first.wire.number].blocked


def test_servers_have_the_key_of_kick_and_say_what_the_plan_says_when_it_is_time() -> None:
    world = small_world(hosts=2)
    assert list(world.net.hosts) == [US2, EU]
    assert {host.name for host in world.net.hosts.values()} == {US2, EU}
    world.run(1.0)
    assert [(host.server.client_count) for host in world.net.hosts.values()] == [1, 0]
    world.decide(d.Mood(2.0, US2, Faults(ping_interval=5.0), SAFETY))
    world.run(13.0)
    assert world.texts(2.0) == [(7.0, "ping"), (12.0, "ping")]


def test_a_socket_that_is_over_leaves_no_wire_behind() -> None:
    world = small_world()
    world.run(1.0)
    assert len(world.net.links) == 1
    world.do(2.0, lambda: lose(world))
    assert world.net.links == {}
    world.run(5.0)
    assert len(world.net.links) == 1
    assert [type(what) for _, what in world.said(since=2.0)] == [Down, Open, Up]


def test_who_closes_says_so_to_the_server() -> None:
    world = small_world()
    world.run(1.0)
    world.do(2.0, lambda: world.net.tell(world.app, "close"))
    assert (2.0, Close(1, 1000)) in world.said()
    assert world.net.hosts[US2].server.client_count == 0
