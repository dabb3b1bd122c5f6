"""What the dice of the simulation promise: each kind of trouble in about its share of the seeds, within its ranges."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.clusters import KICK_CLUSTERS, cluster
from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import Frame, parse_frame
from kick_proto.ids import topics_of
from kick_proto.pusher import Timeouts
from kick_proto.testing.personalities import PERSONALITIES
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.dice import (
    CHANNEL_COUNT,
    CODES,
    KINDS,
    MOODS,
    NOISE,
    AppPlan,
    Dice,
    SessionsPlan,
    channel_of,
    draw,
)

HOUR = 3_600.0
HOSTS = [cluster(name).host for name in KICK_CLUSTERS]
ALL_TOPICS = [topic for number in range(CHANNEL_COUNT) for topic in topics_of(channel_of(number))]
ItemT = TypeVar("ItemT")


class Draws:
    """Gives these draws, one after the other, and then 0.5 always."""

    def __init__(self, *draws: float) -> None:
        self._draws = iter(draws)

    def random(self) -> float:
        return next(self._draws, 0.5)


def dice(*draws: float, apps: int = 2) -> Dice:
    return Dice(Draws(*draws), HOUR, HOSTS, apps)


def thrown(name: str = "x", apps: int = 2) -> Dice:
    """By chance, and the same always."""
    return Dice(Chance(name), HOUR, HOSTS, apps)


def share(items: Iterable[bool]) -> float:
    counted = Counter(items)
    return counted[True] / counted.total()


def many(act: Callable[[], ItemT], count: int = 1_000) -> list[ItemT]:
    return [act() for _ in range(count)]


def spread(values: Iterable[float], least: float, most: float) -> bool:
    """All of them lie between, and somewhere near both ends."""
    drawn, width = list(values), most - least
    near = min(drawn) < least + 0.1 * width and max(drawn) > most - 0.1 * width
    return near and all(least <= each <= most for each in drawn)


# The draws


def test_channels_are_named_by_their_number() -> None:
    assert CHANNEL_COUNT == 3
    assert [(each.channel_id, each.chatroom_id, each.slug) for each in map(channel_of, range(3))] == [
        (100, 200, "channel 0"),
        (101, 201, "channel 1"),
        (102, 202, "channel 2"),
    ]


def test_one_draw_becomes_a_chance_a_number_or_one_of_several() -> None:
    assert [dice(each).chance(0.25) for each in (0.0, 0.2499, 0.25, 0.9)] == [True, True, False, False]
    assert [dice(each).between(2.0, 6.0) for each in (0.0, 0.25, 0.75)] == [2.0, 3.0, 5.0]
    assert [dice(each).about(1.0, 10_000.0) for each in (0.0, 0.25, 0.5, 0.75)] == pytest.approx([1, 10, 100, 1_000])
    assert [dice(each).about(2.0, 8.0) for each in (0.0, 0.5)] == [2.0, 4.0]
    assert [dice(each).count(2, 4) for each in (0.0, 0.33, 0.34, 0.66, 0.67, 0.99)] == [2, 2, 3, 3, 4, 4]
    assert [dice(each).pick("abc") for each in (0.0, 0.33, 0.34, 0.67, 0.99)] == ["a", "a", "b", "c", "c"]
    assert [dice(each).host() for each in (0.0, 0.5, 0.9)] == HOSTS
    assert [dice(each, apps=2).app() for each in (0.0, 0.49, 0.5, 0.99)] == [0, 0, 1, 1]
    assert {dice(each, apps=1).app() for each in (0.0, 0.99)} == {0}


def test_a_moment_is_any_or_one_shortly_after_another() -> None:
    assert dice(0.49, 0.25).moment() == 900.0
    following = dice(0.49, 0.25, 0.5, 0.0, 0.0, 0.99, 0.99, 1.0)
    assert following.moment() == 900.0
    assert following.moment() == pytest.approx(0.01)  # after the beginning
    assert following.moment() == pytest.approx(30.01)  # after the latest
    late = dice(0.0, 1.0, 0.99, 0.99, 0.99)
    assert [late.moment(), late.moment()] == [HOUR, HOUR]


def test_an_end_is_not_too_long_after_and_never_after_the_faults() -> None:
    assert [dice(each).until(100.0, 100.0) for each in (0.0, 0.5, 1.0)] == pytest.approx([101.0, 110.0, 200.0])
    assert dice(1.0).until(HOUR - 5.0, 100.0) == HOUR


def test_a_frame_has_an_id_of_its_own_or_is_one_of_the_latest_again() -> None:
    thrower = thrown()
    frames = many(thrower.frame)
    fresh = [frame for number, frame in enumerate(frames) if frame not in frames[:number]]
    named = [frame.data for frame in fresh if '"id-' in frame.data]
    assert len(set(named)) == len(named) > 100
    assert '"id-1"' in named[0]
    assert all("ID" not in frame.data for frame in frames)
    assert {frame.channel for frame in frames} == set(ALL_TOPICS)
    assert {frame.event for frame in frames} == {
        "App\\Events\\ChatMessageEvent",
        "App\\Events\\SubscriptionEvent",
        "Novelty",
    }
    repeated = share(frame in frames[max(0, number - 12) : number] for number, frame in enumerate(frames))
    assert repeated == pytest.approx(0.3, abs=0.1)


def test_only_one_of_the_latest_four_is_said_again() -> None:
    thrower = dice(*[0.0, 0.0] * 1, *[0.9, 0.0, 0.0] * 5)
    first = thrower.frame()
    fresh = [thrower.frame() for _ in range(5)]
    assert len({first, *fresh}) == 6
    said: list[Frame] = []
    for each in (0.0, 0.25, 0.5, 0.75):
        thrower._rng = Draws(0.29, each)
        said.append(thrower.frame())
    assert said == fresh[1:]
    thrower._rng = Draws(0.3, 0.0, 0.0)
    assert thrower.frame() not in said


# The kinds


def made(kind: str, count: int = 600) -> list[Any]:
    thrower = thrown(kind)
    make = KINDS[kind][2]
    decisions = [make(thrower, 7.0) for _ in range(count)]
    assert {decision.at for decision in decisions} == {7.0}
    return decisions


def test_doors_are_of_each_kind_for_up_to_a_quarter_of_an_hour_and_only_babble_has_texts() -> None:
    doors: list[d.Door] = made("doors")
    assert {door.kind for door in doors} == set(d.DoorKind)
    assert {door.host for door in doors} == set(HOSTS)
    assert spread((door.delay for door in doors), 0.0, 30.0)
    assert all(8.0 <= door.until <= 907.0 for door in doors)
    assert max(door.until for door in doors) > 700.0
    counts = [len(door.texts) for door in doors if door.kind is d.DoorKind.BABBLING]
    assert spread(counts, 1, 60)
    assert {len(door.texts) for door in doors if door.kind is not d.DoorKind.BABBLING} == {0}
    texts = [text for door in doors for text in door.texts]
    assert all(parse_frame(text).channel in ALL_TOPICS for text in texts)


def test_moods_are_of_each_kind_for_up_to_ten_minutes() -> None:
    moods: list[d.Mood] = made("moods")
    assert {mood.host for mood in moods} == set(HOSTS)
    assert all(8.0 <= mood.until <= 607.0 for mood in moods)
    assert max(mood.until for mood in moods) > 450.0
    faults = [mood.faults for mood in moods]
    assert len(set(map(repr, faults))) > len(MOODS)
    for has in ("mute", "withhold_handshake", "handshake_not_json", "wrong_first_event", "cache_replay"):
        assert 0.02 < share(getattr(each, has) for each in faults) < 0.15


def test_an_app_moves_to_one_host_and_maybe_to_others_too() -> None:
    moves: list[d.Move] = made("moves")
    counts = Counter(len(move.hosts) for move in moves)
    assert set(counts) == {1, 2, 3}
    assert counts[1] > counts[2] > counts[3]
    assert counts[1] / 600 == pytest.approx(0.7 * 0.7, abs=0.06)
    assert set().union(*(move.hosts for move in moves)) == set(HOSTS)


def test_whispers_are_of_a_few_texts_and_seldom_over_and_over() -> None:
    whispers: list[d.Whisper] = made("whispers")
    assert {whisper.app for whisper in whispers} == {0, 1}
    counts = Counter(len(whisper.texts) for whisper in whispers)
    assert set(counts) == {1, 2, 3, 4, 60, 120, 180, 240}
    assert sum(counts[count] for count in (60, 120, 180, 240)) / 600 == pytest.approx(0.05, abs=0.03)
    for whisper in whispers:
        if len(whisper.texts) >= 60:
            few = len(whisper.texts) // 60
            assert whisper.texts == whisper.texts[:few] * 60


def test_whispers_are_of_all_that_a_server_might_say_out_of_turn() -> None:
    texts = [text for whisper in made("whispers") for text in whisper.texts[:4]]
    events: Counter[str] = Counter()
    for text in texts:
        try:
            events[parse_frame(text).event] += 1
        except RemoteProtocolError:
            events["malformed"] += 1
    assert {event for event, count in events.items() if count >= 40} >= {
        "malformed",
        "pusher:ping",
        "pusher:pong",
        "Novelty",
        "pusher:connection_established",
        "pusher:error",
        "pusher:novelty",
        "pusher_internal:subscription_succeeded",
        "pusher_internal:subscription_error",
        "pusher:subscription_error",
    }
    frames = [parse_frame(text) for text in texts if text.startswith('{"event":"pusher') and text.endswith("}")]
    by_event = {event: {frame.data for frame in frames if frame.event == event} for event in events}
    assert by_event["pusher:error"] == {
        '{"code":null,"message":"m"}',
        '{"code":4200}',
        '{"code":4009}',
        '{"code":4301}',
        "x",
    }
    assert by_event["pusher:connection_established"] == {'{"socket_id":"1.2","activity_timeout":30}', "{}", "x"}
    answers = [frame for frame in frames if "subscription" in frame.event]
    assert {frame.channel for frame in answers} == set(ALL_TOPICS)
    assert {frame.data for frame in answers} == {"{}"}
    assert {frame.channel for frame in frames if "subscription" not in frame.event} == {""}


def test_traffic_comes_in_bursts_of_one_to_twenty() -> None:
    publishes: list[d.Publish] = made("traffic")
    counts = Counter(len(publish.frames) for publish in publishes)
    assert set(counts) == {1, 2, 4, 20}
    assert all(count > 100 for count in counts.values())


def test_subscribes_are_of_a_channel_or_of_some_topics() -> None:
    asks: list[d.Ask] = made("subscribes")
    assert {ask.app for ask in asks} == {0, 1}
    assert {ask.channel for ask in asks} == set(range(CHANNEL_COUNT))
    counts = Counter(ask.topics for ask in asks)
    assert set(counts) == {None, 1, 3}
    assert counts[None] / 600 == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(
    ("kind", "field", "least", "most"),
    [
        ("stalls", "seconds", 0.5, 100.0),
        ("slow readers", "seconds", 1.0, 900.0),
        ("clock jumps", "seconds", 1.0, 7_200.0),
        ("twins", "steps", 3, 40),
        ("unsubscribes", "channel", 0, 2),
    ],
)
def test_each_kind_keeps_to_its_range(kind: str, field: str, least: float, most: float) -> None:
    assert spread((getattr(each, field) for each in made(kind)), least, most)


def test_codes_noise_ways_and_twins_are_all_drawn() -> None:
    assert {hangup.code for hangup in made("hangups")} == set(CODES)
    assert {noise.data for noise in made("noise")} == set(NOISE)
    assert {half.way for half in made("half-open links")} == set(d.Way)
    assert {twin.kind for twin in made("twins")} == set(d.TwinKind)
    assert {0, 1, 2, 5} < {cut.after for cut in made("cuts")} <= set(range(301))
    for kind, field in (("hangups", "is_told"), ("ends", "again"), ("clock jumps", "mail_first")):
        assert share(getattr(each, field) for each in made(kind)) == pytest.approx(0.5, abs=0.08)


# Whole seeds

SEEDS = 300


@pytest.fixture(scope="module")
def plans() -> list[SessionsPlan]:
    """Of half an hour of faults each."""
    return [draw(seed, 0.5) for seed in range(SEEDS)]


@pytest.fixture(scope="module")
def apps(plans: list[SessionsPlan]) -> list[AppPlan]:
    return [app for plan in plans for app in plan.apps]


OF_KIND: dict[str, type] = {
    "doors": d.Door,
    "moods": d.Mood,
    "hangups": d.Hangup,
    "whispers": d.Whisper,
    "noise": d.Noise,
    "traffic": d.Publish,
    "cuts": d.Cut,
    "half-open links": d.HalfOpen,
    "stalls": d.Stall,
    "unsubscribes": d.Leave,
    "ends": d.Quit,
    "slow readers": d.Doze,
    "clock jumps": d.Freeze,
    "twins": d.Twin,
}


@pytest.mark.parametrize("kind", OF_KIND)
def test_each_kind_is_in_its_share_of_the_seeds_and_as_often_as_it_says(kind: str, plans: list[SessionsPlan]) -> None:
    chance, most, _ = KINDS[kind]
    counts = [sum(isinstance(each, OF_KIND[kind]) for each in plan.decisions) for plan in plans]
    assert share(count > 0 for count in counts) == pytest.approx(chance, abs=0.1)
    assert max(counts) <= 3 + most / 2
    assert min(count for count in counts if count) == 1
    assert max(counts) >= 3


def test_more_hours_bring_more_of_everything(plans: list[SessionsPlan]) -> None:
    def busiest(drawn: list[SessionsPlan]) -> int:
        return max(sum(isinstance(each, d.Publish) for each in plan.decisions) for plan in drawn)

    assert 3 + 90 / 2 >= busiest(plans) > 15
    assert 3 + 90 * 3 >= busiest([draw(seed, 3.0) for seed in range(40)]) > 60


def test_decisions_come_in_order_while_faults_may_strike(plans: list[SessionsPlan]) -> None:
    for plan in plans:
        moments = [decision.at for decision in plan.decisions]
        assert moments == sorted(moments)
        assert plan.safety == 1_800.0
        assert all(0.0 <= at <= 1_800.0 for at in moments)
        assert all(getattr(decision, "until", 0.0) <= 1_800.0 for decision in plan.decisions)


def test_every_application_wants_a_channel_from_the_beginning(plans: list[SessionsPlan]) -> None:
    channels: set[int] = set()
    for plan in plans:
        asked = [each for each in plan.decisions if isinstance(each, d.Ask) and each.at == 0.0 and each.topics is None]
        assert {each.app for each in asked} >= set(range(len(plan.apps)))
        channels |= {each.channel for each in asked}
    assert channels == set(range(CHANNEL_COUNT))


def test_weather_is_drawn_for_the_whole_of_a_seed(plans: list[SessionsPlan]) -> None:
    first = [[each for each in plan.decisions if each.at == 0.0] for plan in plans]
    for kind, chance in ((d.Latency, 0.8), (d.Splits, 0.5), (d.Tardy, 0.5), (d.Move, 0.3)):
        counts = [sum(isinstance(each, kind) for each in found) for found in first]
        assert share(count > 0 for count in counts) == pytest.approx(chance, abs=0.08), kind
        assert max(counts) == 1
    latencies = [each for found in first for each in found if isinstance(each, d.Latency)]
    assert spread((each.least for each in latencies), 0.0, 0.5)
    assert spread((each.most - each.least for each in latencies), 0.0, 1.5)
    assert spread((each.share for found in first for each in found if isinstance(each, d.Splits)), 0.1, 1.0)


def test_there_are_one_to_three_servers_of_every_manner_and_one_application_or_two(plans: list[SessionsPlan]) -> None:
    for count in (1, 2, 3):
        assert share(len(plan.hosts) == count for plan in plans) == pytest.approx(1 / 3, abs=0.1)
    assert share(len(plan.apps) == 1 for plan in plans) == pytest.approx(0.6, abs=0.1)
    assert {len(plan.apps) for plan in plans} == {1, 2}
    assert share(plan.over_bytes for plan in plans) == pytest.approx(0.25, abs=0.08)
    assert all([host.host for host in plan.hosts] == HOSTS[: len(plan.hosts)] for plan in plans)
    hosts = [host for plan in plans for host in plan.hosts]
    assert {host.personality.name for host in hosts} == {each.name for each in PERSONALITIES.values()}
    timeouts = Counter(host.activity_timeout for host in hosts)
    assert set(timeouts) == {30.0, 60.0, 120.0}
    assert timeouts[120.0] / timeouts.total() == pytest.approx(0.5, abs=0.08)


def test_an_application_knows_the_hosts_of_its_seed(plans: list[SessionsPlan]) -> None:
    for plan in plans:
        for app in plan.apps:
            assert [endpoint.host for endpoint in app.app.endpoints] == [host.host for host in plan.hosts]
            assert app.config.provider is app.app


def test_settings_of_sessions_are_of_every_size(apps: list[AppPlan]) -> None:
    configs = [app.config for app in apps]
    assert share(app.is_merged for app in apps) == pytest.approx(0.25, abs=0.08)
    assert spread((app.pause for app in apps), 0.0, 20.0)
    for name, drawn, frequent, chance in (
        ("send_rate", {1.0, 5.0, 20.0}, 5.0, 0.5),
        ("send_burst", {1.0, 5.0, 10.0}, 5.0, 0.5),
        ("remembered_ids", {3, 50, 1_000}, 50, 1 / 3),
        ("high_water", {10, 100, 10_000}, 100, 1 / 3),
        ("max_topics", {8, 1_000}, 1_000, 2 / 3),
    ):
        values = [getattr(config, name) for config in configs]
        assert set(values) == drawn
        assert share(value == frequent for value in values) == pytest.approx(chance, abs=0.08), name
    assert all(config.low_water * 2 == config.high_water for config in configs)
    assert {type(config.low_water) for config in configs} == {int}


def test_timeouts_are_the_default_or_of_every_length(apps: list[AppPlan]) -> None:
    timeouts = [app.app.timeouts for app in apps]
    assert share(each == Timeouts() for each in timeouts) == pytest.approx(0.4, abs=0.08)
    others = [each for each in timeouts if each != Timeouts()]
    for name, least, most in (
        ("open", 5.0, 20.0),
        ("handshake", 3.0, 10.0),
        ("activity", 30.0, 120.0),
        ("pong", 5.0, 30.0),
        ("confirm", 5.0, 30.0),
        ("close", 1.0, 5.0),
    ):
        assert spread((getattr(each, name) for each in others), least, most), name


def test_back_offs_are_short_and_long_patient_and_not(apps: list[AppPlan]) -> None:
    policies: list[Backoff] = [app.config.backoff for app in apps]
    assert spread((each.base for each in policies), 0.5, 2.0)
    assert all(each.base <= each.cap <= 30.0 for each in policies)
    assert min(each.cap for each in policies) < 5.0 < 25.0 < max(each.cap for each in policies)
    retries = Counter(each.retries for each in policies)
    assert set(retries) == {None, 3, 5}
    assert retries[None] / len(policies) == pytest.approx(0.6, abs=0.08)
    assert share(each.jitter == "full" for each in policies) == pytest.approx(0.6, abs=0.08)
    assert {each.jitter for each in policies} == {"full", "none"}
    assert {each.stable_after for each in policies} == {0.0, 10.0, 60.0}


def test_a_seed_is_the_same_at_each_draw_and_no_other(plans: list[SessionsPlan]) -> None:
    assert draw(5, 0.5) == plans[5]
    assert len(set(map(msgspec.json.encode, plans[:50]))) == 50
