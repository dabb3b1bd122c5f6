"""A session in a world where it can lose its server at any moment, against a model: what is wanted, what was said.

Whatever happens, a frame is delivered once or never, in order, and is counted; what is wanted is what the application
said; and when the faults are over, the session is up and has all of it confirmed. What it tells of itself, and when
it dials and asks, is worked out again from what its driver saw: ``Witnessed`` writes that down.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kick_proto.backoff import Backoff
from kick_proto.errors import LocalProtocolError
from kick_proto.events import ChatMessage, MessageDeleted
from kick_proto.frames import Frame, encode_frame, parse_frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, Topic, topics_of
from kick_proto.lifecycle import Down, GaveUp, Lagging, Up
from kick_proto.machine import Closed, Input, Open, Opened, Output, Received, Transmit
from kick_proto.provider import Confirmed
from kick_proto.session import ARMED, Config, Session, SessionEvent, State
from kick_proto.testing import strategies
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.server import KickServer
from kick_proto.testing.world import UNIX_EPOCH, World
from tests.scenes import FOX, OWL, chat, kick_server
from tests.shapes import DELETED
from tests.stateful import LIFE

CROW = Channel(ChannelId(55), ChatroomId(66), "crow")
FLOCK = (FOX, OWL, CROW)
PERSISTENT = Config(
    backoff=Backoff(jitter="none", retries=None), send_rate=2.0, send_burst=4.0, high_water=12, low_water=4
)
TROUBLE = (
    Faults(withhold_handshake=True),
    Faults(handshake_not_json=True),
    Faults(refuse_code=4100),
    Faults(refuse_code=4200),
    Faults(mute=True),
    Faults(drop_after=3.0),
    Faults(close_after=3.0, close_code=1011),
    Faults(malformed_interval=2.0),
    Faults(unconfirmed_topics=frozenset(topics_of(FOX))),
)
channels = st.sampled_from(FLOCK)


class Said(NamedTuple):
    """A message that the server was given for a topic, or the deletion with the same id."""

    kind: str
    topic: Topic
    id: str


def deleted(id: str, topic: Topic) -> Frame:
    return Frame("App\\Events\\MessageDeletedEvent", topic, msgspec.json.encode({**DELETED, "id": id}).decode())


KINDS = {"chat": chat, "deleted": deleted}
"""Two kinds of events with ids of their own: the same id may be one of each."""


class Told(msgspec.Struct, frozen=True):
    """What an application took at one moment, with nothing left; ``at`` is None where it had been away."""

    at: float | None
    ref: int
    events: list[SessionEvent]


class Witnessed(Session):
    """A session, with an application that takes what there is at once unless it is away, and a witness of its reads."""

    def watch(self) -> None:
        self.away = False
        self.told: list[Told] = []
        self.ref = 0
        self.read_at: dict[int, float] = {}
        self.up_refs: list[int] = []
        self.hosts_after_up: set[str] = set()

    def handle_input(self, now: float, received: Input[Sequence[str]]) -> None:
        listens = self.state not in (State.WAITING, State.CLOSED) and received.ref == self.ref
        was_up, reconnects = self.state is State.UP, self.stats().reconnects
        if isinstance(received, Received) and listens:
            self.read_at[received.ref] = now
        super().handle_input(now, received)
        if self.state is State.UP and not was_up:
            assert self.stats().reconnects == reconnects + bool(self.up_refs)
        self.take(now)
        if self.state is State.UP and not was_up:
            self.up_refs.append(received.ref)

    def handle_timeout(self, now: float) -> None:
        super().handle_timeout(now)
        self.take(now)

    def poll_output(self) -> Output[Sequence[str]] | None:
        output = super().poll_output()
        if isinstance(output, Open):
            self.ref = output.ref
            if self.up_refs:
                self.hosts_after_up.add(output.host)
        return output

    def take(self, now: float | None) -> None:
        if not self.away and (events := self.take_events()):
            self.told.append(Told(now, self.ref, events))
            self.check_gaps(now, events)
            check_lag(events)
            assert self.wants_input

    def check_gaps(self, now: float | None, events: list[SessionEvent]) -> None:
        """A gap is counted from the last read of the connection that was up before."""
        for up in events:
            if isinstance(up, Up) and now is not None:
                since = None if not self.up_refs else now - self.read_at[self.up_refs[-1]]
                assert up.gap == (None if since is None else pytest.approx(since))


def check_lag(events: list[SessionEvent]) -> None:
    """Of all that stood undelivered: who is behind is told so, and by how much."""
    lags = [(place, each.undelivered) for place, each in enumerate(events) if isinstance(each, Lagging)]
    assert len(lags) == (len(events) >= PERSISTENT.high_water)
    assert all(place == undelivered >= PERSISTENT.high_water for place, undelivered in lags)


class SessionLife(RuleBasedStateMachine):
    """Whatever happens to a session that never gives up."""

    def __init__(self) -> None:
        super().__init__()
        self.server: KickServer = kick_server()
        self.session = Witnessed(PERSISTENT, rng=random.Random(7))
        self.session.watch()
        self.world = World(self.server, self.session)
        self.wanted: dict[Channel, None] = {}
        self.connected = self.muted = self.closed = self.troubled = False
        self.messages = 0
        self.sent: list[Said] = []
        self.heard_upto = 0
        self.remembered: set[Said] = set()
        self.confirmed: set[Topic] = set()
        self.up_at: float | None = None
        self.failures: int | None = None

    @initialize(depth=st.sampled_from([0, 1, 2, 2, 2]), latency=st.sampled_from([0.0, 0.0, 0.3]))
    def begin(self, depth: int, latency: float) -> None:
        """Most lives begin connected, and watching somebody."""
        self.world.latency = latency
        if depth:
            self.connect()
        if depth == 2:
            self.subscribe(FOX)
            self.advance(3.0)

    # Commands

    @rule()
    def connect(self) -> None:
        if self.connected or self.closed:
            with pytest.raises(LocalProtocolError):
                self.world.call(self.session.connect)
        else:
            self.world.call(self.session.connect)
            self.connected = True

    @rule(channel=channels)
    def subscribe(self, channel: Channel) -> None:
        if self.closed:
            with pytest.raises(LocalProtocolError):
                self.world.call(self.session.subscribe, channel)
            return
        self.world.call(self.session.subscribe, channel)
        self.wanted.setdefault(channel)

    @rule(channel=channels)
    def unsubscribe(self, channel: Channel) -> None:
        if self.closed or channel not in self.wanted:
            with pytest.raises(LocalProtocolError):
                self.world.call(self.session.unsubscribe, channel)
            return
        # What was told before it may be read after it: here, whoever stops wanting has read first.
        self.come_back()
        self.what_is_told_is_true()
        self.world.call(self.session.unsubscribe, channel)
        del self.wanted[channel]
        # What is wanted no more is forgotten, its ids too.
        self.confirmed.difference_update(topics_of(channel))
        self.remembered = {each for each in self.remembered if each.topic not in topics_of(channel)}

    @precondition(lambda self: self.connected and not self.closed)
    @rule(channel=channels, seconds=st.sampled_from([0.0, 0.0, 0.1, 1.0]))
    def waver(self, channel: Channel, seconds: float) -> None:
        """Think again, before the server has heard of it or has answered."""
        for command in (
            [self.unsubscribe, self.subscribe] if channel in self.wanted else [self.subscribe, self.unsubscribe]
        ):
            command(channel)
            self.what_is_told_is_true()
            self.world.advance(seconds)
            self.what_is_told_is_true()

    @rule(ref=st.integers(-2, 30), code=st.sampled_from([1000, 4001, 4004]))
    def hear_of_another_socket(self, ref: int, code: int) -> None:
        """One of the past, or none of the session's: it is not listened to."""
        opened = max((line.output.ref for line in self.world.transcript if isinstance(line.output, Open)), default=0)
        if ref != opened:
            before = self.session.state, self.session.poll_timeout(), self.session.stats()
            for received in (Opened(ref), Received(ref, [encode_frame(chat("never"))], UNIX_EPOCH), Closed(ref, code)):
                self.session.handle_input(self.world.now, received)
            assert (self.session.state, self.session.poll_timeout(), self.session.stats()) == before

    @precondition(lambda self: self.session.state is State.UP and not self.muted and not self.closed)
    @rule(channel=channels)
    def regret(self, channel: Channel) -> None:
        """Want a channel no more while its confirmations are on their way: a sound connection leaves it."""
        if channel in self.wanted:
            self.unsubscribe(channel)
        self.world.advance(10.0)
        link, was_up = self.session.ref, self.session.state is State.UP
        self.mute(True)
        self.subscribe(channel)
        self.unsubscribe(channel)
        self.mute(False)
        self.world.advance(10.0)
        self.what_is_told_is_true()
        if was_up and link == self.session.ref and self.session.state is State.UP and not self.troubled:
            (client,) = self.server.refs
            assert set(self.server.topics_of(client)) == self.session.wanted

    # The server's side

    @rule(channel=channels, kind=st.sampled_from([*KINDS]), both=st.booleans())
    def publish(self, channel: Channel, kind: str, *, both: bool = False) -> None:
        """A message, or a deletion with an id of its own, or one after the other with the same id."""
        self.messages += 1
        for each in KINDS if both else [kind]:
            self.say(Said(each, topics_of(channel)[0], f"m-{self.messages}"))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), other=st.booleans())
    def publish_again(self, data: st.DataObject, other: bool) -> None:
        """Once more what was said before, or the other kind with the same id."""
        said = data.draw(st.sampled_from(self.sent[-6:]))
        kinds = [kind for kind in KINDS if (kind != said.kind) is other]
        self.say(said._replace(kind=kinds[0]))

    @precondition(lambda self: self.session.state is State.UP and self.wanted and not self.muted)
    @rule(data=st.data(), kind=st.sampled_from([*KINDS]), seconds=st.sampled_from([7.0, 40.0]))
    def publish_on_both_sides_of_a_gap(self, data: st.DataObject, kind: str, seconds: float) -> None:
        """The same message, before a connection is lost and after it: an id is remembered all the same."""
        self.publish(data.draw(st.sampled_from([*self.wanted])), kind)
        said = self.sent[-1]
        self.cut()
        self.world.advance(seconds)
        self.say(said)

    @precondition(lambda self: not self.session.away)
    @rule(channel=channels, count=st.sampled_from([3, 14]))
    def flood(self, channel: Channel, count: int) -> None:
        """While the application is away; when it is back, it is told, and is read for again."""
        self.session.away = True
        for _ in range(count):
            self.publish(channel, kind="chat")
        self.world.advance(2 * self.world.latency)
        self.come_back()
        self.publish(channel, kind="chat")

    @rule(away=st.booleans())
    def turn_away(self, away: bool) -> None:
        self.session.away = True
        if not away:
            self.come_back()

    def come_back(self) -> None:
        """Read until there is nothing left: what the driver did not read before comes now."""
        self.session.away = False
        self.session.take(None)
        self.world.advance(0.0)

    def say(self, said: Said) -> None:
        """A sound connection delivers at once what is new."""
        self.what_is_told_is_true()
        frame = KINDS[said.kind](said.id, said.topic)
        self.sent.append(said)
        is_heard = self.world.call(self.server.publish, frame) > 0
        link = self.session.ref
        self.world.advance(self.world.latency)
        self.what_is_told_is_true()
        sound = not self.muted and not self.troubled and not self.session.away
        if sound and link == self.session.ref and self.session.state is State.UP:
            is_wanted = said.topic in self.session.wanted
            assert not (is_heard and is_wanted) or said in self.remembered

    @rule(channel=channels, data=st.data())
    def tell(self, channel: Channel, data: st.DataObject) -> None:
        """Anything else that Kick may say: it is delivered once for each time that it is heard, readable or not."""
        told = strategies.frames(channel) | strategies.unknown_frames(channel) | strategies.undecodable_frames(channel)
        frame = data.draw(told)
        before = self.session.stats()
        self.world.call(self.server.publish, frame)
        after = self.session.stats()
        assert 0 <= after.frames - before.frames <= 1

    @precondition(lambda self: self.server.refs)
    @rule(code=st.sampled_from([1000, 1006, 1011, 4100, 4200]))
    def disconnect(self, code: int) -> None:
        self.world.call(self.server.disconnect, self.server.refs[0], code)

    @rule(faults=st.sampled_from([NO_FAULTS, *TROUBLE]))
    def turn(self, faults: Faults) -> None:
        self.world.call(self.server.set_faults, faults)
        self.troubled = True

    # The network's

    @rule()
    def cut(self) -> None:
        self.world.cut()

    @rule(refusing=st.booleans())
    def refuse(self, refusing: bool) -> None:
        (self.world.refuse if refusing else self.world.accept)()

    @rule(muted=st.booleans())
    def mute(self, muted: bool) -> None:
        self.muted = muted
        (self.world.mute if muted else self.world.unmute)()
        self.world.advance(0.0)

    @rule(seconds=st.sampled_from([0.2, 1.0, 7.0, 31.0, 130.0, 1_000.0]))
    def advance(self, seconds: float) -> None:
        self.world.advance(seconds)

    # What holds always

    @invariant()
    def what_is_told_is_true(self) -> None:
        self.session.take(self.world.now)
        told, self.session.told = self.session.told, []
        for read in told:
            for event in read.events:
                self.check(read.at, event)
        if not self.session.away:
            assert self.confirmed == self.session.confirmed
            assert (self.up_at is not None) == (self.session.state is State.UP)

    def check(self, at: float | None, event: SessionEvent) -> None:
        match event:
            case ChatMessage(id=id) | MessageDeleted(id=id) if id.startswith("m-"):
                kind = "chat" if isinstance(event, ChatMessage) else "deleted"
                self.check_said(kind, id)
            case Up():
                self.up_at = at if at is not None else float("nan")
                self.confirmed = set()
            case Confirmed(topic=topic):
                self.confirmed.add(topic)
            case Down():
                self.check_down(at, event)
            case GaveUp():
                pytest.fail(event.reason)

    def check_said(self, kind: str, id: str) -> None:
        """In the order in which it was said, and once as long as its channel is wanted."""
        place = next(n for n in range(self.heard_upto, len(self.sent)) if self.sent[n][::2] == (kind, id))
        said = self.sent[place]
        assert said not in self.remembered
        self.remembered.add(said)
        self.heard_upto = place + 1

    def check_down(self, at: float | None, down: Down) -> None:
        """The wait doubles from one failure to the next, and begins anew after a minute that went well."""
        up_at, self.up_at = self.up_at, None
        self.confirmed = set()
        if up_at is not None and at is not None and at - up_at >= PERSISTENT.backoff.stable_after:
            self.failures = 0
        elif up_at is not None and (at is None or up_at != up_at):
            self.failures = None
        if self.failures is None:
            return
        self.failures += 1
        at_once = self.failures == 1 and 4200 <= down.code < 4300
        assert down.retry_in == (0.0 if at_once else min(30.0, 2.0 ** (self.failures - 1)))

    @invariant()
    def what_is_wanted_is_what_was_said(self) -> None:
        assert self.session.channels == tuple(self.wanted)
        assert self.session.wanted == {topic for channel in self.wanted for topic in topics_of(channel)}
        assert self.session.confirmed <= self.session.wanted

    @invariant()
    def an_endpoint_that_has_worked_is_kept(self) -> None:
        assert len(self.session.hosts_after_up) <= 1

    @invariant()
    def every_frame_is_counted_once(self) -> None:
        stats = self.session.stats()
        assert stats.frames == stats.events + stats.unknown + stats.undecodable + stats.dropped

    @invariant()
    def only_timers_of_the_state_run(self) -> None:
        assert self.session.timers <= ARMED[self.session.state]
        assert (self.session.state is State.IDLE) == (not self.connected and not self.closed)

    @invariant()
    def nothing_is_asked_twice_of_one_connection(self) -> None:
        asked: set[tuple[int, str]] = set()
        for line in self.world.transcript:
            if line.by is not self.session or not isinstance(line.output, Transmit):
                continue
            for text in line.output.data:
                frame = parse_frame(text)
                if frame.event in ("pusher:subscribe", "pusher:unsubscribe"):
                    about = line.output.ref, msgspec.json.decode(frame.data)["channel"]
                    assert (about in asked) is (frame.event == "pusher:unsubscribe")
                    asked.symmetric_difference_update({about})

    def teardown(self) -> None:
        """When all faults are over, everything is as it should be, within the longest of the waits."""
        if not self.connected:
            return
        self.world.call(self.server.set_faults, NO_FAULTS)
        self.mute(False)
        self.world.accept()
        self.come_back()
        self.world.advance(400.0)
        self.what_is_told_is_true()
        assert self.session.state is State.UP
        assert self.session.confirmed == self.session.wanted
        (client,) = self.server.refs
        assert set(self.server.topics_of(client)) == self.session.wanted
        self.troubled = False
        for channel in FLOCK:
            self.publish(channel, kind="chat")
        self.check_pace()
        self.world.call(self.session.close)
        self.world.advance(10.0)
        assert self.session.closed
        assert self.session.poll_timeout() is None

    def check_pace(self) -> None:
        """What is asked fits a bucket: each word pushes back when the next may be said, by the burst at most."""
        free_at, interval = 0.0, 1 / PERSISTENT.send_rate
        for line in self.world.transcript:
            if line.by is self.session and isinstance(line.output, Transmit):
                for text in line.output.data:
                    if parse_frame(text).event in ("pusher:subscribe", "pusher:unsubscribe"):
                        free_at = max(free_at, line.at) + interval
                        assert free_at - line.at <= PERSISTENT.send_burst * interval + 1e-6


TestSessionLife = SessionLife.TestCase
TestSessionLife.settings = LIFE
