"""What each decision does to a world of the simulation: to one application, to one server, to the wire between them."""

import msgspec
import pytest

from kick_proto.frames import PING, Frame
from kick_proto.ids import topics_of
from kick_proto.lifecycle import Down, Up
from kick_proto.machine import Closed, Open, Received, Transmit
from kick_proto.provider import Confirmed
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation.actors import Application
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.dice import channel_of
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.network import Link
from tests.testing.small_worlds import CONFIG, EU, SAFETY, SEED, TOPIC, US2, SmallWorld, small_world

NEWS = Frame("News", TOPIC, "{}")
PING_OF_OURS = '{"event":"pusher:ping","data":{}}'


def up(*, over_bytes: bool = False, hosts: int = 1, apps: int = 1) -> SmallWorld:
    """Each application is up, and has one topic."""
    world = small_world(over_bytes=over_bytes, hosts=hosts, apps=apps)
    for app in world.net.apps:
        world.net.tell(app, "subscribe", channel_of(0), [TOPIC])
    world.run(1.0)
    return world


def link(world: SmallWorld) -> Link:
    found = world.net.link_of(0)
    assert found is not None
    return found


def ended(world: SmallWorld) -> SmallWorld:
    """The first application has no session for the next seconds."""
    world.do(1.5, lambda: world.net.tell(world.app, "close"))
    assert world.net.link_of(0) is None
    return world


# Weather and doors


def test_weather_is_from_then_on_as_it_was_decided() -> None:
    world = up()
    world.decide(d.Latency(2.0, 0.5, 1.5), d.Splits(3.0, 0.25), d.Tardy(4.0))
    weather = world.net.weather
    assert (weather.least, weather.most, weather.split_share, weather.is_tardy) == (0.5, 1.5, 0.25, True)


def test_the_latest_door_of_a_host_counts() -> None:
    world = up()
    doors = [d.Door(2.0, US2, d.DoorKind.SLOW, 9.0, 1.0), d.Door(3.0, US2, d.DoorKind.SILENT, 8.0, 1.0)]
    world.decide(*doors, other := d.Door(3.0, EU, d.DoorKind.SILENT, 8.0, 1.0))
    assert world.net.doors == {US2: doors[1], EU: other}


# Servers


def test_a_mood_begins_at_once_and_passes() -> None:
    world = up(hosts=2)
    world.decide(d.Mood(2.0, US2, faults := Faults(refuse_code=4001), 50.0))
    assert (world.net.hosts[US2].faults, world.net.hosts[EU].faults) == (faults, NO_FAULTS)
    world.run(49.0)
    assert world.net.hosts[US2].faults == faults
    world.run(50.0)
    assert world.net.hosts[US2].faults == NO_FAULTS


def test_the_end_of_a_mood_ends_no_mood_that_has_come_since() -> None:
    world = up()
    world.decide(d.Mood(2.0, US2, Faults(mute=True), 10.0), d.Mood(3.0, US2, second := Faults(mute=True), 20.0))
    world.run(11.0)
    assert world.net.hosts[US2].faults is second
    world.run(20.0)
    assert world.net.hosts[US2].faults == NO_FAULTS


def test_what_a_mood_brings_with_it_comes_at_its_time_and_goes_with_it() -> None:
    world = up()
    world.decide(d.Mood(2.0, US2, Faults(ping_interval=3.0), 9.0))
    world.run(20.0)
    assert world.texts(1.5) == [(5.0, "ping"), (8.0, "ping")]
    world.decide(d.Mood(21.0, US2, Faults(ping_interval=3.0), SAFETY))
    assert world.net.hosts[US2].wakes_at == pytest.approx(24.0)


def test_an_app_that_moves_is_hung_up_on_at_once_and_refused_where_it_was() -> None:
    world = up(hosts=2)
    world.decide(d.Move(5.0, frozenset({EU})))
    assert [(at, down.code, down.cluster) for at, down in world.said() if isinstance(down, Down)] == [
        (5.0, 4001, "us2")
    ]
    assert [what.host for _, what in world.said() if isinstance(what, Open)] == [US2, EU]
    assert [host.serves for host in world.net.hosts.values()] == [False, True]
    assert [at for at, up in world.said() if isinstance(up, Up)] == [0.0, 5.0]
    world.decide(d.Move(9.0, frozenset({US2})))
    world.run(20.0)
    assert [up.cluster for _, up in world.said() if isinstance(up, Up)] == ["us2", "eu", "us2"]


def test_an_app_that_stays_where_it_is_is_let_alone_and_a_mood_goes_on() -> None:
    world = up(hosts=2)
    world.decide(d.Mood(2.0, US2, faults := Faults(ping_interval=30.0), SAFETY), d.Move(5.0, frozenset({US2})))
    assert world.said(since=4.0) == []
    assert world.net.hosts[US2].faults is faults
    assert [host.serves for host in world.net.hosts.values()] == [True, False]


@pytest.mark.parametrize("is_told", [False, True])
def test_a_hangup_closes_the_socket_of_one_application_with_its_code(is_told: bool) -> None:
    world = up(apps=2)
    world.decide(d.Hangup(5.0, 0, 4301, is_told))
    assert world.texts(4.0) == ([(5.0, "error")] if is_told else [])
    assert world.heard(Closed) == [(5.0, Closed(1, 4301, "so decided"))]
    assert world.said("app 1", 4.0) == []


def test_a_whisper_is_heard_by_one_application_text_by_text() -> None:
    world = up(apps=2)
    world.decide(d.Whisper(5.0, 0, ("hello", PING)))
    assert [text for _, word in world.heard(Received, 4.0) for text in word.data] == ["hello", PING]
    assert link(world).host is not None
    assert world.net.hosts[US2].noisy == {link(world).wire.number}
    assert world.said("app 1", 4.0) == []


def test_noise_comes_over_bytes_and_its_answer_is_not_the_clients_fault() -> None:
    world = up(over_bytes=True)
    number = link(world).wire.number
    world.decide(d.Noise(5.0, 0, b"\xff" * 9))
    assert [word.data for _, word in world.heard(Received, 4.0)] == [b"\xff" * 9]
    assert world.net.hosts[US2].noisy == {number}
    world.run(30.0)
    assert [at for at, what in world.said(since=5.5) if isinstance(what, Up)] != []


def test_noise_is_nothing_at_the_level_of_texts() -> None:
    world = up()
    world.decide(d.Noise(5.0, 0, b"\xff" * 9))
    assert world.said("to app 0", 4.0) == []
    assert world.net.hosts[US2].noisy == set()


def test_all_servers_with_clients_publish() -> None:
    world = up(hosts=2, apps=2)
    world.decide(d.Publish(5.0, (NEWS, NEWS)))
    for number in range(2):
        received = [word for _, word in world.said(f"to app {number}", 4.0)]
        assert sum(len(word.data) for word in received) == 2
    assert world.net.hosts[EU].wakes_at is None


# Wires


def test_a_cut_is_in_bytes_or_in_a_few_texts() -> None:
    world = up(over_bytes=True)
    world.decide(d.Cut(5.0, 0, 10), d.Publish(6.0, (NEWS,)))
    (first, second) = world.said("to app 0", 5.5)
    assert (len(first[1].data), second) == (10, (6.0, Closed(1)))
    world = up()
    world.decide(d.Cut(5.0, 0, 9), d.Publish(6.0, (NEWS,) * 4))
    heard = world.said("to app 0", 5.5)
    assert (
        sum(len(word.data) for _, word in heard if isinstance(word, Received)) == 2
    )  # nine texts are two, modulo seven
    assert heard[-1] == (6.0, Closed(1))


@pytest.mark.parametrize("after", [0, 7])
def test_a_cut_of_nothing_is_a_loss_at_once(after: int) -> None:
    world = up()
    world.decide(d.Cut(5.0, 0, after))
    assert world.said("to app 0", 4.0) == [(5.0, Closed(1))]


def test_a_half_open_wire_says_nothing_more_and_is_found_out_by_a_ping() -> None:
    world = up()
    world.decide(d.HalfOpen(5.0, 0, d.Way.TO_CLIENT), d.Publish(6.0, (NEWS,)))
    world.run(100.0)
    assert next(at for at, _ in world.heard(Received, 5.0)) > 90.0
    assert [at for at, what in world.said() if isinstance(what, Transmit)][1] == 60.0
    assert [at for at, what in world.said() if isinstance(what, Down)] == [90.0]


def test_a_wire_that_is_dead_the_other_way_is_still_heard() -> None:
    world = up()
    world.decide(d.HalfOpen(5.0, 0, d.Way.TO_SERVER), d.Publish(6.0, (NEWS,)))
    assert [at for at, _ in world.heard(Received, 5.0)] == [6.0]


def test_a_stall_holds_back_what_comes_but_never_beyond_the_faults() -> None:
    world = up()
    world.decide(d.Stall(5.0, 0, 20.0), d.Publish(6.0, (NEWS,)))
    world.run(30.0)
    assert [at for at, _ in world.heard(Received, 4.0)] == [25.0]
    world.decide(d.Stall(SAFETY - 10.0, 0, 20.0), d.Publish(SAFETY - 9.0, (NEWS,)))
    world.run(SAFETY + 1.0)
    assert [at for at, _ in world.heard(Received, SAFETY - 9.5)] == [SAFETY]


@pytest.mark.parametrize(
    "decision",
    [
        d.Hangup(2.0, 0, 4200, True),
        d.Whisper(2.0, 0, (PING,)),
        d.Noise(2.0, 0, b"\xff"),
        d.Cut(2.0, 0, 0),
        d.HalfOpen(2.0, 0, d.Way.BOTH),
        d.Stall(2.0, 0, 5.0),
        d.Ask(2.0, 0, 1),
        d.Leave(2.0, 0, 0),
        d.Quit(2.0, 0, True),
        d.Twin(2.0, 0, d.TwinKind.ALIKE, 5),
    ],
    ids=lambda decision: type(decision).__name__,
)
@pytest.mark.parametrize("over_bytes", [False, True])
def test_who_has_no_session_is_let_alone(decision: d.Decision, over_bytes: bool) -> None:
    world = ended(up(over_bytes=over_bytes))
    world.decide(decision)
    assert world.said(since=1.9) == world.said("to app 0", 1.9) == []
    assert world.app.twin is None


@pytest.mark.parametrize(
    "decision", [d.Hangup(10.5, 0, 4200, True), d.Whisper(10.5, 0, (PING,)), d.Noise(10.5, 0, b"\xff")]
)
def test_who_is_kept_waiting_at_a_door_is_told_nothing(decision: d.Decision) -> None:
    world = ended(up(over_bytes=True))
    world.decide(d.Door(2.0, US2, d.DoorKind.SILENT, 100.0, 0.0))
    world.run(10.0)
    assert link(world).host is None
    world.decide(decision)
    assert world.said("to app 0", 2.0) == []


# Applications


def test_an_application_wants_a_channel_or_some_of_its_topics() -> None:
    world = small_world()
    world.decide(d.Ask(1.0, 0, 1), d.Ask(2.0, 0, 2, 2))
    confirmed = [(at, what.topic) for at, what in world.said() if isinstance(what, Confirmed)]
    assert confirmed == [(1.0, topic) for topic in topics_of(channel_of(1))] + [
        (2.0, topic) for topic in topics_of(channel_of(2))[:2]
    ]


def test_an_application_leaves_a_channel_and_is_refused_a_second_connect() -> None:
    world = up()
    world.decide(d.Ask(2.0, 0, 1), d.Leave(3.0, 0, 1), d.Leave(4.0, 0, 2))
    assert world.app.stack.session.wanted == {TOPIC}
    assert world.app.wishes == {}
    unsubscribes = [at for at, what in world.said() if isinstance(what, Transmit) and "unsubscribe" in what.data[0]]
    assert unsubscribes == [3.0] * len(topics_of(channel_of(1)))


def test_a_second_connect_that_is_taken_breaks_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    world = up()
    monkeypatch.setattr(type(world.app.stack.session), "connect", lambda self, now: None)
    with pytest.raises(Violation, match=r"^law 4 \(interface\): a second connect was taken$"):
        world.decide(d.Leave(3.0, 0, 0))


@pytest.mark.parametrize("again", [False, True])
def test_an_application_quits_once_or_twice_and_comes_back(again: bool) -> None:
    world = up()
    given: list[str] = []
    tell = Application.tell

    def listen(self: Application, now: float, command: str, *arguments: object) -> None:
        given.append(command)
        tell(self, now, command, *arguments)

    world.net.weather.least = world.net.weather.most = 0.5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Application, "tell", listen)
        world.decide(d.Quit(5.0, 0, again))
    assert given == ["close"] * (2 if again else 1)
    world.run(30.0)
    assert len(world.begun) == 2


def test_a_dozing_application_takes_nothing_until_it_wakes() -> None:
    world = up()
    world.decide(d.Doze(5.0, 0, 20.0), d.Doze(6.0, 0, 3.0), d.Publish(7.0, (NEWS,)))
    assert [at for at, _ in world.heard(Received, 4.0)] == [7.0]
    world.run(24.0)
    assert world.said(since=6.5) == []
    world.run(25.0)
    assert [at for at, _ in world.said(since=6.5)] == [25.0]
    world.decide(d.Doze(30.0, 0, 5.0), d.Doze(32.0, 0, 10.0), d.Publish(33.0, (NEWS,)))
    world.run(41.0)
    assert world.said(since=32.5) == []
    world.run(42.0)
    assert [at for at, _ in world.said(since=32.5)] == [42.0]


def test_no_application_dozes_or_is_frozen_beyond_the_faults() -> None:
    world = up()
    world.decide(d.Doze(SAFETY - 5.0, 0, 20.0), d.Freeze(SAFETY - 5.0, 0, 20.0, False))
    assert (world.app.dozes_until, world.app.frozen_until) == (SAFETY, SAFETY)


def test_who_wakes_while_it_is_frozen_takes_nothing_yet() -> None:
    world = up()
    world.decide(d.Publish(2.0, ()), d.Doze(5.0, 0, 10.0), d.Publish(6.0, (NEWS,)), d.Freeze(7.0, 0, 30.0, False))
    steps = world.net.steps
    world.run(36.0)
    assert world.net.steps == steps
    assert world.said(since=6.5) == []
    world.run(37.0)
    assert [at for at, _ in world.said(since=6.5)] == [37.0]


@pytest.mark.parametrize("mail_first", [False, True])
def test_what_a_frozen_application_has_missed_it_hears_when_it_thaws(mail_first: bool) -> None:
    world = up()
    world.decide(d.Freeze(5.0, 0, 70.0, mail_first), d.Freeze(6.0, 0, 3.0, mail_first), d.Publish(7.0, (NEWS,)))
    world.run(74.0)
    assert world.said(since=5.5) == world.said("to app 0", 5.5) == []
    world.run(76.0)
    pings = [at for at, what in world.said(since=5.5) if isinstance(what, Transmit) and what.data == [PING_OF_OURS]]
    assert pings == ([] if mail_first else [75.0])
    assert next(at for at, _ in world.heard(Received, 5.5)) == 75.0
    assert world.app.stack.session.confirmed == {TOPIC}


def test_a_frozen_application_gives_no_commands_either() -> None:
    world = up()
    world.decide(d.Freeze(5.0, 0, 20.0, False), d.Ask(6.0, 0, 1), d.Leave(7.0, 0, 0), d.Quit(8.0, 0, True))
    assert world.app.stack.session.wanted == {TOPIC}
    assert not world.app.stack.closed
    world.decide(d.Leave(25.0, 0, 0))
    assert world.app.stack.session.wanted == set()
    world.decide(d.Freeze(26.0, 0, 4.0, False), d.Ask(30.0, 0, 1))
    assert world.app.stack.session.wanted == set(topics_of(channel_of(1)))


def test_a_frozen_application_without_mail_takes_up_its_deadlines_too() -> None:
    world = up()
    world.decide(d.Freeze(5.0, 0, 70.0, True))
    world.run(76.0)
    pings = [at for at, what in world.said(since=5.5) if isinstance(what, Transmit) and what.data == [PING_OF_OURS]]
    assert pings == [75.0]


def test_a_frozen_application_that_lags_hears_of_an_end_when_it_thaws() -> None:
    world = small_world(config=msgspec.structs.replace(CONFIG, high_water=2, low_water=1))
    world.decide(d.Ask(1.0, 0, 0, 1), d.Doze(2.0, 0, 500.0), d.Publish(3.0, (NEWS,) * 2), d.Freeze(4.0, 0, 10.0, False))
    assert not world.app.stack.top.wants_input
    world.decide(d.Cut(5.0, 0, 0))
    world.run(20.0)
    assert [at for at, _ in world.heard(Closed)] == [14.0]


def test_a_twin_goes_along_for_so_many_steps_and_draws_by_its_moment() -> None:
    world = up()
    world.decide(d.Twin(5.0, 0, d.TwinKind.IN_PIECES, 3))
    twin = world.app.twin
    assert twin is not None
    assert (twin.kind, twin.steps) == (d.TwinKind.IN_PIECES, 3)
    assert twin._draw.random() == Chance(f"{SEED}/twin 5.0").random()
    world.decide(d.Publish(6.0, (NEWS,) * 2), d.Publish(7.0, (NEWS,)))
    assert world.app.twin is twin
    world.decide(d.Publish(8.0, (NEWS,)))
    assert world.app.twin is None


def test_a_twin_that_does_otherwise_is_found_with_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    world = up()
    world.decide(d.Twin(5.0, 0, d.TwinKind.ALIKE, 100))
    assert world.app.twin is not None
    world.app.twin.stack.tell(5.5, "subscribe", channel_of(1))
    with pytest.raises(Violation, match=r"^law 14 \(copy\): at 6\.0 the original gives ") as found:
        world.decide(d.Whisper(6.0, 0, (PING,)))
    assert found.value.law is Law.COPY
