"""The two phases of a world of the simulation, and the clock that it goes by."""

from collections import deque

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.ids import topics_of
from kick_proto.machine import Cancel, Opened
from kick_proto.pusher import App, Timeouts
from kick_proto.session import Config, State
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation import engine
from kick_proto.testing.simulation.actors import Application
from kick_proto.testing.simulation.decisions import Decision
from kick_proto.testing.simulation.dice import CHANNEL_COUNT, channel_of
from kick_proto.testing.simulation.engine import CALM, LONGEST_CALM, World
from kick_proto.testing.simulation.laws import Law, Violation, liveness_bound
from kick_proto.testing.simulation.plans import calls_alone, draw
from kick_proto.testing.simulation.timeline import KEPT_LINES, MOST_STEPS, UNIX_EPOCH, Timeline
from tests.testing.small_worlds import CONFIG, EU, PAUSE, SAFETY, US2, small_plan

FOR_EVER = 1e9
ALL_TOPICS = frozenset(topic for number in range(CHANNEL_COUNT) for topic in topics_of(channel_of(number)))


def world(*decisions: Decision, **named: object) -> World:
    return World(small_plan(*decisions, **named))  # type: ignore[arg-type]


def bound_of(made: World) -> float:
    """Seconds without faults within which a session of the world's is up."""
    app = made.net.apps[0]
    return liveness_bound(app.plan.config, app.plan.app, CALM, min(app.plan.config.max_topics, 6 * CHANNEL_COUNT))


def found(made: World) -> str:
    with pytest.raises(Violation) as violation:
        made.run()
    assert violation.value.law is Law.LIVENESS
    return str(violation.value).removeprefix("law 6 (liveness): ")


# First with faults, then without


@pytest.mark.parametrize("most", [8, 1_000])
@pytest.mark.parametrize("apps", [1, 2])
def test_a_world_ends_a_minute_after_every_session_must_be_up(most: int, apps: int) -> None:
    made = world(d.Ask(0.0, 0, 0), apps=apps, config=msgspec.structs.replace(CONFIG, max_topics=most))
    made.run()
    assert made.time.now == pytest.approx(SAFETY + bound_of(made) + 60.0)
    assert all(app.stack.closed for app in made.net.apps)
    assert [app.generation for app in made.net.apps] == [1] * apps
    assert made.steps == made.net.steps > 10


def test_decisions_are_carried_out_and_written_down_each_at_its_moment() -> None:
    made = world(asked := d.Ask(3.0, 0, 1), quit_ := d.Quit(20.0, 0, False))
    made.time.lines = deque()  # all of them
    made.run()
    assert [(at, what) for at, who, what in made.time.lines if who == "world"] == [(3.0, asked), (20.0, quit_)]
    assert made.net.apps[0].wishes == {1: None}
    assert made.net.apps[0].generation == 2


def test_when_faults_are_over_nothing_goes_wrong_any_more() -> None:
    made = world(
        d.Latency(0.0, 5.0, 9.0),
        d.Door(0.0, US2, d.DoorKind.SILENT, FOR_EVER, 0.0),
        d.Mood(0.0, EU, Faults(mute=True), FOR_EVER),
        d.Ask(0.0, 0, 0),
        hosts=2,
    )
    made.run()
    weather = made.net.weather
    assert (weather.least, weather.most) == (0.0, CALM)
    assert made.net.doors == {}
    assert [host.faults for host in made.net.hosts.values()] == [NO_FAULTS, NO_FAULTS]


def test_what_was_stalled_comes_when_faults_are_over() -> None:
    made = world(d.Ask(0.0, 0, 0, 1), d.Whisper(SAFETY - 10.0, 0, ("{}",)))

    def stall(_: None) -> None:
        for link in made.net.links.values():
            link.wire.stall(FOR_EVER)

    made.time.at(SAFETY - 20.0, stall, None)
    heard: list[float] = []
    hear = made.net.apps[0].hear

    def listen(now: float, word: object) -> None:
        heard.append(now)
        hear(now, word)  # type: ignore[arg-type]

    made.net.apps[0].hear = listen  # type: ignore[method-assign]
    made.run()
    assert [at for at in heard if SAFETY - 20.0 < at < SAFETY + 1.0] == [SAFETY]


def test_a_mood_that_is_over_moves_the_deadline_of_its_server() -> None:
    made = world(d.Mood(1.0, US2, Faults(mute=True), FOR_EVER), d.Ask(0.0, 0, 0))
    made.run()
    assert made.net.apps[0].generation == 1


def test_a_session_that_is_up_when_it_must_be_is_enough_and_those_that_end_later_are_not_replaced() -> None:
    made = world(d.Ask(0.0, 0, 0))
    made.time.at(SAFETY + bound_of(made) + 1.0, lambda _: None, None)
    made.run()
    assert made.net.apps[0].generation == 1
    assert made.net.apps[0].reborn_at is not None
    assert made.time.now > made.net.apps[0].reborn_at == pytest.approx(SAFETY + bound_of(made) + PAUSE, abs=1.0)


def test_a_session_that_was_replaced_in_the_calm_is_watched_from_its_beginning() -> None:
    made = world(d.Ask(0.0, 0, 0), d.Quit(SAFETY + 50.0, 0, False))
    made.run()
    app = made.net.apps[0]
    assert app.generation == 2
    assert app.born_at == pytest.approx(SAFETY + 50.0 + PAUSE, abs=1.0)
    assert made.time.now == pytest.approx(app.born_at + bound_of(made) + 60.0)


def test_what_a_server_has_refused_need_not_be_confirmed() -> None:
    made = world(
        d.Ask(0.0, 0, 0),
        d.Mood(SAFETY + 1.0, US2, Faults(refused_topics=ALL_TOPICS), FOR_EVER),
        d.Cut(SAFETY + 2.0, 0, 0),
    )
    made.run()
    assert made.net.apps[0].generation == 1


def test_a_session_that_has_not_all_confirmed_in_time_is_found() -> None:
    mood = d.Mood(SAFETY + 1.0, US2, Faults(unconfirmed_topics=frozenset({topics_of(channel_of(0))[0]})), FOR_EVER)
    made = world(d.Ask(0.0, 0, 0), mood, d.Cut(SAFETY + 2.0, 0, 0))
    sentence = found(made)
    bound = bound_of(made)
    assert made.time.now == SAFETY + bound
    topics = sorted(topics_of(channel_of(0))[:1])
    assert sentence in {f"{state} {bound:g} s after all is well; unconfirmed: {topics}" for state in State}


def test_a_session_that_cannot_connect_in_time_is_found() -> None:
    made = world(
        d.Ask(0.0, 0, 0, 1), d.Mood(SAFETY + 1.0, US2, Faults(refuse_code=4100), FOR_EVER), d.Cut(SAFETY + 2.0, 0, 0)
    )
    topics = list(topics_of(channel_of(0))[:1])
    assert found(made).endswith(f" {bound_of(made):g} s after all is well; unconfirmed: {topics}")


def test_a_session_that_is_replaced_over_and_over_is_found() -> None:
    made = world(d.Mood(SAFETY + 1.0, US2, Faults(refuse_code=4004), FOR_EVER), d.Cut(SAFETY + 2.0, 0, 0))
    assert found(made) == "3600 s after all is well a session neither is up nor was replaced"
    assert made.time.now == SAFETY + LONGEST_CALM
    assert made.net.apps[0].generation > 100


def test_who_is_up_in_time_breaks_no_law_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    for spare in (30.0, -30.0):
        made = world(d.Ask(0.0, 0, 0), apps=2)
        monkeypatch.setattr(engine, "LONGEST_CALM", bound_of(made) + spare)
        if spare > 0.0:
            made.run()
        else:
            assert found(made).endswith("s after all is well a session neither is up nor was replaced")


def test_every_session_must_be_up_and_not_one_of_them() -> None:
    made = world(d.Ask(0.0, 0, 0), d.Ask(0.0, 1, 1), apps=2)
    made.net.apps[1].plan = msgspec.structs.replace(made.net.apps[1].plan, pause=FOR_EVER)
    made.time.at(SAFETY - 5.0, lambda _: made.net.tell(made.net.apps[1], "close"), None)
    assert found(made) == "3600 s after all is well a session neither is up nor was replaced"


def test_a_session_that_is_told_to_close_and_does_not_is_found_a_minute_later() -> None:
    made = world(d.Ask(0.0, 0, 0), apps=2)
    tell = Application.tell

    def deaf(self: Application, now: float, command: str, *arguments: object) -> None:
        if command != "close" or self.number == 0:
            tell(self, now, command, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Application, "tell", deaf)
        assert found(made) == "app 1 was closed a minute ago, and is not"
    assert made.time.now == pytest.approx(SAFETY + bound_of(made) + 60.0)


def test_calls_alone_are_a_world_too() -> None:
    plan = draw(3, 0.1)
    made = World(calls_alone(plan))
    made.run()
    assert made.net.apps == []
    assert made.steps == made.web.steps > 10
    assert made.web.calls > 0
    assert made.web.safety == plan.safety
    other = World(msgspec.structs.replace(calls_alone(plan), seed=4))
    other.run()
    assert other.time.digest != made.time.digest


# The bound


APP, USUAL = App(), Config()


@pytest.mark.parametrize(
    ("name", "more", "seconds"),
    [("open", 1.0, 3.0), ("handshake", 1.0, 3.0), ("activity", 1.0, 1.0), ("pong", 1.0, 1.0), ("confirm", 1.0, 1.0),
     ("close", 1.0, 1.0), ("confirm", 130.0, 140.0), ("confirm", 120.0, 120.0)],
)  # fmt: skip
def test_the_bound_grows_with_each_timeout_as_often_as_it_is_waited_for(name: str, more: float, seconds: float) -> None:
    before = liveness_bound(USUAL, APP, 0.2, 24)
    longer = Timeouts(**{name: getattr(Timeouts(), name) + more})
    assert liveness_bound(USUAL, App(timeouts=longer), 0.2, 24) == pytest.approx(before + seconds)


def test_the_bound_grows_with_pauses_latency_hosts_and_topics() -> None:
    before = liveness_bound(USUAL, APP, 0.2, 24)
    assert before == pytest.approx(389.6)
    assert liveness_bound(USUAL, APP, 0.3, 24) == pytest.approx(before + 3 * 6 * 0.1 * 3)
    assert liveness_bound(USUAL, App(endpoints=APP.endpoints[:1]), 0.2, 24) == pytest.approx(before - 3 * 6 * 0.2 * 2)
    assert liveness_bound(USUAL, APP, 0.2, 34) == pytest.approx(before + 10 / 5.0)
    for cap, least in ((31.0, 31.0), (0.75, 1.0)):
        config = msgspec.structs.replace(USUAL, backoff=Backoff(base=0.5, cap=cap))
        assert liveness_bound(config, APP, 0.2, 24) == pytest.approx(before + 3 * (least - 30.0))


# The clock


def test_what_is_due_happens_in_order_and_at_one_moment_in_the_order_in_which_it_was_set() -> None:
    time, done = Timeline(), list[tuple[float, str]]()

    def do(what: str) -> None:
        done.append((time.now, what))

    for at, what in ((5.0, "c"), (2.0, "a"), (5.0, "d"), (3.0, "b")):
        time.at(at, do, what)
    assert (time.now, time.unix_now) == (0.0, UNIX_EPOCH)
    time.go(lambda: len(done) == 3)
    assert done == [(2.0, "a"), (3.0, "b"), (5.0, "c")]
    assert time.unix_now == UNIX_EPOCH + 5.0
    time.at(1.0, do, "late")
    time.go(lambda: False)
    assert done[3:] == [(5.0, "late"), (5.0, "d")]


def test_numbers_are_given_once() -> None:
    time = Timeline()
    numbers = [time.number() for _ in range(3)]
    time.at(1.0, lambda _: None, None)
    assert len({*numbers, time.number()}) == 4
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize("lag", [0.0, 5.0])
def test_a_moment_that_does_not_pass_is_found(lag: float) -> None:
    time = Timeline()

    def again(left: int) -> None:
        if left:
            time.at(time.now - lag, again, left - 1)

    time.at(-lag, again, MOST_STEPS - 1)
    time.at(10.0, again, MOST_STEPS)  # what moves the clock on is not at once
    time.at(11.0, again, MOST_STEPS)
    time.go(lambda: False)
    assert time.now == 11.0
    time.at(12.0, again, MOST_STEPS + 1)
    with pytest.raises(Violation, match=r"^law 4 \(interface\): more than 10000 things happen at 12\.0$") as found:
        time.go(lambda: False)
    assert found.value.law is Law.INTERFACE


def test_the_transcript_keeps_its_last_lines_and_hashes_all() -> None:
    time = Timeline()
    empty = time.digest
    time.record("a", Opened(1))
    time.now = 2.5
    time.record("b", "text")
    assert list(time.lines) == [(0.0, "a", Opened(1)), (2.5, "b", "text")]
    assert len({empty, time.digest}) == 2
    for number in range(100):
        time.record("c", number)
    assert len(time.lines) == KEPT_LINES == 40
    assert time.lines[-1] == (2.5, "c", 99)
    assert len(time.digest) == 32


def test_each_part_of_a_line_is_in_the_hash_and_the_same_lines_make_the_same() -> None:
    def hashed(now: float, who: str, what: object) -> str:
        time = Timeline()
        time.now = now
        time.record(who, what)
        return time.digest

    lines: list[tuple[float, str, object]] = [
        (1.0, "a", Opened(1)),
        (2.0, "a", Opened(1)),
        (1.0, "b", Opened(1)),
        (1.0, "a", Opened(2)),
        (1.0, "a", Cancel(1)),
        (1.0, "a", frozenset({"x", "y", "z"})),
        (1.0, "a", complex(1, 2)),
        (1.0, "a", complex(1, 3)),
    ]
    assert len({hashed(*line) for line in lines}) == len(lines)
    assert [hashed(*line) for line in lines] == [hashed(*line) for line in lines]
    assert hashed(1.0, "a", {"x": 1, "y": 2}) == hashed(1.0, "a", {"y": 2, "x": 1})
