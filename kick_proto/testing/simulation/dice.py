"""What a seed comes to: which sessions and servers there are, which faults exist, how likely, and when they strike.

``draw`` is a pure function of the seed. Each kind of decision is a row of ``KINDS``: how
likely a seed has it at all, how often an hour it then comes at most, and how one is made.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from kick_proto.backoff import Backoff
from kick_proto.clusters import KICK_CLUSTERS, cluster
from kick_proto.frames import PING, PONG, Frame, encode_frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, Topic, topics_of
from kick_proto.machine import Rng
from kick_proto.pusher import App, Timeouts
from kick_proto.session import Config
from kick_proto.testing import faults as switches
from kick_proto.testing.faults import Faults
from kick_proto.testing.personalities import PERSONALITIES, Personality
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.decisions import Decision

__all__ = ["CHANNEL_COUNT", "KINDS", "AppPlan", "Dice", "HostPlan", "SessionsPlan", "channel_of", "draw"]

ItemT = TypeVar("ItemT")

CHANNEL_COUNT = 3
"""Channels that applications may want."""


def channel_of(number: int) -> Channel:
    """The channel of that number."""
    return Channel(ChannelId(100 + number), ChatroomId(200 + number), f"channel {number}")


TOPICS = tuple(topic for number in range(CHANNEL_COUNT) for topic in topics_of(channel_of(number)))


class AppPlan(msgspec.Struct, frozen=True):
    """An application: its session's settings, whether frames are merged, seconds until it replaces an ended session."""

    config: Config
    app: App
    is_merged: bool
    pause: float


class HostPlan(msgspec.Struct, frozen=True):
    """A server: where it is, and its manner."""

    host: str
    personality: Personality
    activity_timeout: float


class SessionsPlan(msgspec.Struct, frozen=True):
    """All that is decided about sessions and their servers. ``safety`` is seconds; after it, nothing goes wrong."""

    over_bytes: bool
    safety: float
    hosts: tuple[HostPlan, ...]
    apps: tuple[AppPlan, ...]
    decisions: tuple[Decision, ...]


class Dice:
    """Draws of several kinds out of one generator."""

    def __init__(self, rng: Rng, safety: float, hosts: Sequence[str], app_count: int) -> None:
        self._rng = rng
        self.safety = safety
        self.hosts = hosts
        self._app_count = app_count
        self._ids = 0
        self._frames: list[Frame] = []
        self._moments = [0.0]

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return self._rng.random() < share

    def between(self, least: float, most: float) -> float:
        """A float in this range."""
        return least + self._rng.random() * (most - least)

    def about(self, least: float, most: float) -> float:
        """A float in this range, each order of magnitude as likely as the next."""
        return float(least * (most / least) ** self._rng.random())

    def count(self, least: int, most: int) -> int:
        """A whole number in this range, both ends included."""
        return least + int(self._rng.random() * (most - least + 1))

    def pick(self, items: Sequence[ItemT]) -> ItemT:
        """One of these."""
        return items[int(self._rng.random() * len(items))]

    def moment(self) -> float:
        """A moment while faults may strike: any, or one shortly after another, for one trouble seldom comes alone."""
        if self.chance(0.5):
            at = self.between(0.0, self.safety)
        else:
            at = min(self.safety, self.pick(self._moments) + self.about(0.01, 30.0))
        self._moments.append(at)
        return at

    def host(self) -> str:
        """One of the hosts."""
        return self.pick(self.hosts)

    def app(self) -> int:
        """One of the applications."""
        return self.count(0, self._app_count - 1)

    def until(self, at: float, most: float) -> float:
        """A moment after that one, not too long after, while faults may strike."""
        return min(self.safety, at + self.about(1.0, most))

    def frame(self) -> Frame:
        """A frame of the application's, with an id of its own, or one of the latest again."""
        if self._frames and self.chance(0.3):
            return self.pick(self._frames[-4:])
        self._ids += 1
        event, payload = self.pick(FRAMES)
        payload = payload.replace("ID", f"id-{self._ids}")
        self._frames.append(Frame(event, self.pick(TOPICS), payload))
        return self._frames[-1]


# What servers say


def _whispers(dice: Dice) -> tuple[str, ...]:
    """A few texts; seldom one of them over and over."""
    texts = tuple(_text(dice) for _ in range(dice.count(1, 4)))
    return texts * 60 if dice.chance(0.05) else texts


CHAT = '{"id":"ID","content":"hello","created_at":"2026-11-01T12:00:00+00:00","sender":{"id":5,"username":"Ada"}}'

FRAMES = (
    *[("App\\Events\\ChatMessageEvent", CHAT)] * 4,
    ("App\\Events\\ChatMessageEvent", '{"id":"ID"}'),
    ("App\\Events\\ChatMessageEvent", '{"id":'),
    ("App\\Events\\SubscriptionEvent", '{"chatroom_id":200,"username":"ID","months":3}'),
    ("App\\Events\\SubscriptionEvent", "[]"),
    ("Novelty", CHAT),
)
"""Names and payloads, whole and broken."""


def _text(dice: Dice) -> str:
    return dice.pick(TEXTS)(dice)


def _said(event: str, *payloads: str) -> Callable[[Dice], str]:
    return lambda dice: encode_frame(Frame(event, "", dice.pick(payloads)))


def _answered(event: str) -> Callable[[Dice], str]:
    return lambda dice: encode_frame(Frame(event, dice.pick(TOPICS), "{}"))


TEXTS: tuple[Callable[[Dice], str], ...] = (
    lambda dice: dice.pick(switches.MALFORMED),
    lambda dice: dice.pick((PING, PONG)),
    lambda dice: encode_frame(dice.frame()),
    lambda dice: encode_frame(Frame("Novelty", Topic("chatrooms.999.v2"), "{}")),
    _said("pusher:connection_established", '{"socket_id":"1.2","activity_timeout":30}', "{}", "x"),
    _said("pusher:error", '{"code":null,"message":"m"}', '{"code":4200}', '{"code":4009}', '{"code":4301}', "x"),
    _said("pusher:novelty", "{}"),
    _answered("pusher_internal:subscription_succeeded"),
    _answered("pusher_internal:subscription_error"),
    _answered("pusher:subscription_error"),
)
"""Texts that come out of turn: malformed, foreign, repeated."""

CODES = (1000, 1001, 1005, 1006, 1011, 1012, 1013, 3000, 4000, 4001, 4009, 4100, 4101, 4200, 4201, 4202, 4300, 4301,
         4400, 4999)  # fmt: skip
"""Close codes: every row of the tables, and what has none."""

NOISE = (b"\x00", b"\xff" * 9, b"\x81\x81abcd", b"\x81\x02\xff\xff", b"\x8b\x00", b"\x89\x7e\x00\x80", b"\x82\x01x",
         b"\x89\x01p", b"\x8a\x00", b"\x88\x00", b"\x88\x01\x03", b"\x88\x02\x0f\xa1", b"HTTP/1.1 200 OK\r\n\r\n",
         b"\x01\x01a", b"\x80\x01b", b"\x81\x7f" + b"\x7f" * 8)  # fmt: skip
"""Bytes that are frames, are none, or begin one."""

MOODS: tuple[Callable[[Dice], Faults], ...] = (
    lambda dice: Faults(refuse_code=dice.pick((4000, 4001, 4009, 4100, 4200, 4301))),
    lambda dice: Faults(withhold_handshake=True),
    lambda dice: Faults(handshake_delay=dice.between(0.1, 15.0)),
    lambda dice: Faults(handshake_without_timeout=True, swap_data=True),
    lambda dice: Faults(handshake_not_json=True),
    lambda dice: Faults(handshake_as_object=True, fragment=True),
    lambda dice: Faults(wrong_first_event=True),
    lambda dice: Faults(mute=True),
    lambda dice: Faults(ping_interval=dice.about(2.0, 60.0), fragment=dice.chance(0.5)),
    lambda dice: Faults(duplicate_confirmation=True, event_before_confirmation=True),
    lambda dice: Faults(unconfirmed_topics=frozenset(topic for topic in TOPICS if dice.chance(0.2))),
    lambda dice: Faults(refused_topics=frozenset(topic for topic in TOPICS if dice.chance(0.2))),
    lambda dice: Faults(cache_replay=True, burst=dice.count(0, 40)),
    lambda dice: Faults(duplicate_probability=0.5, fragment=True),
    lambda dice: Faults(error_interval=dice.about(2.0, 60.0), malformed_interval=dice.about(2.0, 60.0)),
    lambda dice: Faults(drop_after=dice.about(2.0, 200.0), spread=0.5),
    lambda dice: Faults(close_after=dice.about(2.0, 200.0), close_code=dice.pick(CODES), error_first=dice.chance(0.5)),
)
"""What servers may have for a while."""


# What is decided


def _door(dice: Dice, at: float) -> Decision:
    kind = dice.pick(tuple(d.DoorKind))
    texts = tuple(encode_frame(dice.frame()) for _ in range(dice.count(1, 60) if kind is d.DoorKind.BABBLING else 0))
    return d.Door(at, dice.host(), kind, dice.until(at, 900.0), dice.between(0.0, 30.0), texts)


def _mood(dice: Dice, at: float) -> Decision:
    return d.Mood(at, dice.host(), dice.pick(MOODS)(dice), dice.until(at, 600.0))


def _move(dice: Dice, at: float) -> Decision:
    home = dice.host()
    return d.Move(at, frozenset({home, *(host for host in dice.hosts if dice.chance(0.3))}))


def _whisper(dice: Dice, at: float) -> Decision:
    return d.Whisper(at, dice.app(), _whispers(dice))


def _publish(dice: Dice, at: float) -> Decision:
    return d.Publish(at, tuple(dice.frame() for _ in range(dice.pick((1, 2, 4, 20)))))


def _ask(dice: Dice, at: float) -> Decision:
    return d.Ask(at, dice.app(), dice.count(0, CHANNEL_COUNT - 1), dice.pick((None, None, 1, 3)))


Make: TypeAlias = Callable[[Dice, float], Decision]

KINDS: Mapping[str, tuple[float, float, Make]] = {
    "doors": (0.6, 20.0, _door),
    "moods": (0.7, 15.0, _mood),
    "moves": (0.3, 4.0, _move),
    "hangups": (0.6, 20.0, lambda r, at: d.Hangup(at, r.app(), r.pick(CODES), r.chance(0.5))),
    "whispers": (0.6, 40.0, _whisper),
    "noise": (0.4, 15.0, lambda r, at: d.Noise(at, r.app(), r.pick(NOISE))),
    "traffic": (0.9, 90.0, _publish),
    "cuts": (0.5, 15.0, lambda r, at: d.Cut(at, r.app(), r.pick((0, 1, 2, 5, r.count(1, 300))))),
    "half-open links": (0.5, 8.0, lambda r, at: d.HalfOpen(at, r.app(), r.pick(tuple(d.Way)))),
    "stalls": (0.5, 15.0, lambda r, at: d.Stall(at, r.app(), r.about(0.5, 100.0))),
    "subscribes": (0.9, 15.0, _ask),
    "unsubscribes": (0.7, 12.0, lambda r, at: d.Leave(at, r.app(), r.count(0, CHANNEL_COUNT - 1))),
    "ends": (0.6, 6.0, lambda r, at: d.Quit(at, r.app(), r.chance(0.5))),
    "slow readers": (0.5, 8.0, lambda r, at: d.Doze(at, r.app(), r.about(1.0, 900.0))),
    "clock jumps": (0.4, 4.0, lambda r, at: d.Freeze(at, r.app(), r.about(1.0, 7_200.0), r.chance(0.5))),
    "twins": (0.8, 6.0, lambda r, at: d.Twin(at, r.app(), r.pick(tuple(d.TwinKind)), r.count(3, 40))),
}
"""Each kind: the chance that a seed has it, how many an hour at most, and how one is made at a moment."""


def _weather(dice: Dice) -> list[Decision]:
    found: list[Decision] = []
    if dice.chance(0.8):
        least = dice.between(0.0, 0.5)
        found.append(d.Latency(0.0, least, least + dice.between(0.0, 1.5)))
    if dice.chance(0.5):
        found.append(d.Splits(0.0, dice.between(0.1, 1.0)))
    if dice.chance(0.5):
        found.append(d.Tardy(0.0))
    if dice.chance(0.3):
        found.append(_move(dice, 0.0))
    return found


def _schedule(dice: Dice, app_count: int) -> tuple[Decision, ...]:
    found = _weather(dice)
    found += [d.Ask(0.0, app, dice.count(0, CHANNEL_COUNT - 1)) for app in range(app_count)]
    for share, most, make in KINDS.values():
        if dice.chance(share):
            number = dice.count(1, 3) + int(dice.about(0.2, most) * dice.safety / 3_600.0)
            found += [make(dice, dice.moment()) for _ in range(number)]
    return tuple(sorted(found, key=lambda decision: decision.at))


def _timeouts(dice: Dice) -> Timeouts:
    if dice.chance(0.4):
        return Timeouts()
    return Timeouts(
        open=dice.between(5.0, 20.0),
        handshake=dice.between(3.0, 10.0),
        activity=dice.between(30.0, 120.0),
        pong=dice.between(5.0, 30.0),
        confirm=dice.between(5.0, 30.0),
        close=dice.between(1.0, 5.0),
    )


def _backoff(dice: Dice) -> Backoff:
    base = dice.between(0.5, 2.0)
    return Backoff(
        base=base,
        cap=dice.between(base, 30.0),
        retries=dice.pick((None, None, None, 3, 5)),
        jitter="full" if dice.chance(0.6) else "none",
        stable_after=dice.pick((0.0, 10.0, 60.0)),
    )


def _application(dice: Dice) -> AppPlan:
    clusters = KICK_CLUSTERS[: len(dice.hosts)]
    app = App(endpoints=tuple(cluster(name) for name in clusters), timeouts=_timeouts(dice))
    high_water = dice.pick((10, 100, 10_000))
    config = Config(
        provider=app,
        backoff=_backoff(dice),
        send_rate=dice.pick((1.0, 5.0, 5.0, 20.0)),
        send_burst=dice.pick((1.0, 5.0, 5.0, 10.0)),
        remembered_ids=dice.pick((3, 50, 1_000)),
        high_water=high_water,
        low_water=high_water // 2,
        max_topics=dice.pick((8, 1_000, 1_000)),
    )
    return AppPlan(config, app, dice.chance(0.25), dice.between(0.0, 20.0))


def draw(seed: int, hours: float) -> SessionsPlan:
    """Draw the sessions of a seed, and what befalls them in ``hours`` of faults."""
    rng = Chance(f"{seed}/plan")
    host_count = 1 + int(rng.random() * 3)
    app_count = 1 if rng.random() < 0.6 else 2
    hosts = [cluster(name).host for name in KICK_CLUSTERS[:host_count]]
    dice = Dice(rng, hours * 3_600.0, hosts, app_count)
    return SessionsPlan(
        dice.chance(0.25),
        dice.safety,
        tuple(
            HostPlan(host, dice.pick(tuple(PERSONALITIES.values())), dice.pick((30.0, 60.0, 120.0, 120.0)))
            for host in hosts
        ),
        tuple(_application(dice) for _ in range(app_count)),
        _schedule(dice, app_count),
    )
