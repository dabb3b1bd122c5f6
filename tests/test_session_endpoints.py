"""Which endpoint a session dials, when again, and when it gives up."""

import itertools
import random

import pytest

from kick_proto.clusters import cluster
from kick_proto.lifecycle import Down, GaveUp, Up
from kick_proto.provider import ErrorReceived
from kick_proto.pusher import App
from kick_proto.session import Config, Session, State
from kick_proto.testing.faults import Faults
from kick_proto.testing.personalities import PERSONALITIES, Personality
from kick_proto.testing.world import World
from tests.scenes import AP1, EU, FOX, US2, chat, dialled, kick_server, said, watching
from tests.session_acts import PERSISTENT, downs, hung, publish, refusing, with_, wrong_cluster

# Which endpoint.


def test_a_session_comes_up_where_its_app_is_served() -> None:
    session, world = watching(servers=kick_server())
    (up,) = session.take_events()
    assert isinstance(up, Up)
    assert (up.cluster, up.gap) == ("us2", None)
    assert world.opens() == [US2]


def test_clusters_that_do_not_serve_the_app_give_way_at_once() -> None:
    session, world = watching(servers={US2: wrong_cluster(), EU: wrong_cluster(), AP1: kick_server()})
    assert dialled(world) == [(0.0, "us2"), (0.0, "eu"), (0.0, "ap1")]
    first, second, up = (event for event in session.take_events() if not isinstance(event, ErrorReceived))
    assert first == Down(
        "us2",
        4001,
        "App key 32cbd69e4b950bf97679 not in this cluster. Did you forget to specify the cluster?",
        0.0,
    )
    assert isinstance(second, Down)
    assert second.cluster == "eu"
    assert isinstance(up, Up)
    assert up.cluster == "ap1"


@pytest.mark.parametrize("personality", PERSONALITIES.values(), ids=PERSONALITIES)
def test_every_kind_of_server_is_understood_when_it_does_not_serve_the_app(personality: Personality) -> None:
    elsewhere = kick_server(key="another app", personality=personality)
    session, world = watching(servers={US2: elsewhere, EU: elsewhere, AP1: kick_server(personality=personality)})
    assert dialled(world) == [(0.0, "us2"), (0.0, "eu"), (0.0, "ap1")]
    assert downs(session) == [("us2", 4001, 0.0), ("eu", 4001, 0.0)]


@pytest.mark.parametrize("personality", PERSONALITIES.values(), ids=PERSONALITIES)
def test_every_kind_of_server_is_understood_when_it_refuses_for_good(personality: Personality) -> None:
    session, _ = watching(servers=kick_server(Faults(refuse_code=4003), personality=personality))
    assert session.failure == "us2 refused for good: 4003 Refused by this server"


def test_clusters_that_cannot_be_reached_give_way_at_once() -> None:
    session, world = watching(servers={US2: None, EU: None, AP1: kick_server()})
    assert dialled(world) == [(0.0, "us2"), (0.0, "eu"), (0.0, "ap1")]
    assert downs(session) == [("us2", 1006, 0.0), ("eu", 1006, 0.0)]


def test_clusters_that_do_not_shake_hands_give_way_after_10_seconds() -> None:
    session, world = watching(servers={US2: hung(), EU: hung(), AP1: kick_server()})
    world.advance(20)
    assert dialled(world) == [(0.0, "us2"), (10.0, "eu"), (20.0, "ap1")]
    assert session.state is State.UP


def test_when_no_cluster_serves_the_app_the_session_gives_up_and_names_key_and_clusters() -> None:
    session, world = watching(servers=wrong_cluster())
    *_, down, gave_up = session.take_events()
    assert down == Down(
        "ap1",
        4001,
        "App key 32cbd69e4b950bf97679 not in this cluster. Did you forget to specify the cluster?",
        None,
    )
    assert isinstance(gave_up, GaveUp)
    assert gave_up.code == 4001
    assert gave_up.reason.startswith("app key 32cbd69e4b950bf97679 is not served by any cluster tried (us2, eu, ap1)")
    assert (session.closed, session.failure) == (True, gave_up.reason)
    world.advance(3_600)
    assert world.opens() == [US2, EU, AP1]


def test_when_clusters_fail_in_different_ways_the_search_begins_again_after_a_back_off() -> None:
    _, world = watching(servers={US2: wrong_cluster(), EU: None, AP1: hung()})
    world.advance(12)
    assert dialled(world) == [
        *[(0.0, "us2"), (0.0, "eu"), (0.0, "ap1")],
        *[(11.0, "us2"), (11.0, "eu"), (11.0, "ap1")],
    ]


def test_the_cluster_that_has_worked_is_kept() -> None:
    session, world = watching(servers={US2: None, EU: kick_server(), AP1: kick_server()})
    world.cut()
    world.advance(1)
    world.refuse()
    world.cut()
    world.advance(7)
    world.accept()
    world.advance(8)
    assert dialled(world)[1:] == [(0.0, "eu"), (1.0, "eu"), (3.0, "eu"), (7.0, "eu"), (15.0, "eu")]
    assert session.state is State.UP


def test_the_cluster_that_has_worked_may_lose_the_app_to_another() -> None:
    old, new = kick_server(), wrong_cluster()
    session, world = watching(FOX, servers={US2: None, EU: old, AP1: new, "elsewhere": None})
    world.advance(3_600)
    world.opens()
    world.call(old.disconnect, old.refs[0], 4001, "moved")
    assert world.opens() == [US2, AP1]
    world.advance(2)
    assert world.opens() == [US2, EU]
    assert session.state is State.UP


def test_when_every_cluster_refuses_the_app_that_once_worked_the_session_gives_up() -> None:
    served = kick_server()
    session, world = watching(servers={US2: served, EU: wrong_cluster(), AP1: wrong_cluster()})
    world.call(served.disconnect, served.refs[0], 4001, "moved")
    assert world.opens() == [US2, EU, AP1]
    assert session.closed


def test_clusters_that_shake_hands_and_then_refuse_the_app_are_not_dialled_in_a_hot_loop() -> None:
    _, world = watching(servers=kick_server(Faults(close_after=0.01, close_code=4001)))
    world.advance(60)
    assert len(world.opens()) < 60


def test_an_app_has_the_endpoints_that_it_is_given() -> None:
    app = App(key="k", endpoints=(cluster("mt1"),))
    session, world = watching(servers=kick_server(key="k"), config=with_(provider=app))
    assert world.opens() == ["ws-mt1.pusher.com"]
    assert session.state is State.UP


# Again, and when.


def test_a_lost_connection_is_made_again_with_growing_delays() -> None:
    session, world = watching(servers=kick_server())
    world.refuse()
    world.cut()
    world.advance(30)
    assert dialled(world) == [(at, "us2") for at in (0.0, 1.0, 3.0, 7.0, 15.0)]
    assert downs(session) == [("us2", 1006, delay) for delay in (1.0, 2.0, 4.0, 8.0, 16.0)]


def test_after_exactly_five_retries_the_session_gives_up() -> None:
    session, world = watching(servers=kick_server())
    world.refuse()
    world.cut()
    world.advance(3_600)
    assert len(dialled(world)) == 1 + 5
    down, gave_up = session.take_events()[-2:]
    assert isinstance(down, Down)
    assert down.retry_in is None
    assert gave_up == GaveUp(
        f"no stable connection after 5 retries; the last one: 1006 {US2}:443: connection refused", 1006
    )
    assert (session.closed, session.failure) == (True, gave_up.reason)
    assert session.poll_timeout() is None


def test_a_first_connection_that_never_comes_is_tried_as_often() -> None:
    session, world = watching(servers={})
    world.advance(3_600)
    assert world.opens() == [US2, EU, AP1] * 6
    assert session.closed


def test_a_persistent_session_goes_on_at_the_cap() -> None:
    session, world = watching(servers=kick_server(), config=PERSISTENT)
    world.refuse()
    world.cut()
    world.advance(86_400)
    moments = [at for at, _ in dialled(world)]
    assert {later - earlier for earlier, later in itertools.pairwise(moments[6:])} == {30.0}
    world.accept()
    world.advance(30)
    assert (session.state, session.failure) == (State.UP, None)


def test_a_stable_minute_wipes_the_slate() -> None:
    server = kick_server()
    session, world = watching(servers=server)
    for uptime in (59.0, 59.0, 60.0, 59.0):
        world.advance(uptime)
        session.take_events()
        world.cut()
        (retry,) = downs(session)
        world.advance(retry[2] or 0.0)
        assert session.state is State.UP
    assert [round(at, 6) for at, _ in dialled(world)] == [0.0, 60.0, 121.0, 182.0, 243.0]


def test_a_request_to_reconnect_is_followed_at_once_and_then_with_back_off() -> None:
    server = kick_server()
    session, world = watching(servers=server)
    session.take_events()
    for _ in range(3):
        world.call(server.disconnect, server.refs[0], 4200, "restarting")
        world.advance(5)
    assert downs(session) == [("us2", 4200, 0.0), ("us2", 4200, 2.0), ("us2", 4200, 4.0)]


@pytest.mark.parametrize("seed", range(20))
def test_a_server_over_capacity_is_left_alone_for_a_second_at_least(seed: int) -> None:
    session = Session(Config(), rng=random.Random(seed))
    world = World(refusing(4100), session)
    world.call(session.connect)
    world.advance(3_600)
    delays = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(dialled(world))]
    assert len(delays) == 5
    assert min(delays) >= 1.0


@pytest.mark.parametrize("code", [4000, 4003, 4004, 4009, 4099])
def test_a_refusal_for_good_ends_the_session(code: int) -> None:
    session, world = watching(servers=refusing(code))
    assert session.failure == f"us2 refused for good: {code} Refused by this server"
    assert world.opens() == [US2]


def test_jitter_is_drawn_from_the_generator_that_is_given() -> None:
    def moments(seed: int) -> list[tuple[float, str]]:
        session = Session(Config(), rng=random.Random(seed))
        world = World({}, session)
        world.call(session.connect)
        world.advance(3_600)
        return dialled(world)

    assert moments(7) == moments(7) != moments(8)


def test_silence_ends_a_connection_and_begins_the_next() -> None:
    session, world = watching(servers=kick_server())
    session.take_events()
    world.mute()
    world.advance(150)
    assert said(world) == [(120.0, "ping")]
    (down,) = session.take_events()
    assert down == Down("us2", 1006, "silent for 120 s, and no pong within 30 s", 1.0)
    world.unmute()
    world.advance(1)
    (up,) = session.take_events()
    assert isinstance(up, Up)
    assert up.gap == 151.0


def test_an_error_on_an_open_connection_is_reported() -> None:
    server = kick_server()
    session, world = watching(servers=server)
    session.take_events()
    world.call(server.send_error, server.refs[0], 4301, "slow down")
    assert session.take_events() == [ErrorReceived(4301, "slow down")]


def test_the_gap_is_counted_from_the_last_that_was_heard_to_the_next_handshake() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.advance(10)
    publish(world, server, chat("m-1"))
    world.advance(5)
    world.refuse()
    world.cut()
    world.advance(2)
    world.accept()
    world.advance(1)
    (up,) = [event for event in session.take_events() if isinstance(event, Up)][1:]
    assert up.gap == 3.0 + 5.0
    world.cut()
    world.advance(4)
    (up,) = (event for event in session.take_events() if isinstance(event, Up))
    assert up.gap == 4.0
    assert session.stats().reconnects == 2
