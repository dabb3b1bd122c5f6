"""A session in a world where it can lose its server at any moment, against a model: what is wanted, what was said.

Whatever happens, a frame is delivered once or never, in order, and is counted; what is wanted is what the application
said; and when the faults are over, the session is up and has all of it confirmed.
"""

import random

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kick_proto.backoff import Backoff
from kick_proto.errors import LocalProtocolError
from kick_proto.events import ChatMessage
from kick_proto.frames import encode_frame, parse_frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, topics_of
from kick_proto.lifecycle import GaveUp
from kick_proto.machine import Closed, Open, Opened, Received, Transmit
from kick_proto.session import ARMED, Config, Session, SessionEvent, State
from kick_proto.testing import strategies
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.server import KickServer
from kick_proto.testing.world import UNIX_EPOCH, World
from tests.scenes import FOX, OWL, chat, kick_server
from tests.stateful import LIFE

CROW = Channel(ChannelId(55), ChatroomId(66), "crow")
FLOCK = (FOX, OWL, CROW)
PERSISTENT = Config(backoff=Backoff(jitter="none", retries=None))
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


class SessionLife(RuleBasedStateMachine):
    """Whatever happens to a session that never gives up."""

    def __init__(self) -> None:
        super().__init__()
        self.server: KickServer = kick_server()
        self.session = Session(PERSISTENT, rng=random.Random(7))
        self.world = World(self.server, self.session)
        self.wanted: dict[Channel, None] = {}
        self.connected = self.muted = self.closed = self.troubled = False
        self.messages = 0
        self.sent: list[str] = []
        self.delivered: list[str] = []

    @initialize(depth=st.sampled_from([0, 1, 2, 2, 2]))
    def begin(self, depth: int) -> None:
        """Most lives begin connected, and watching somebody."""
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
        self.world.call(self.session.unsubscribe, channel)
        del self.wanted[channel]

    @rule(ref=st.integers(-2, 30), code=st.sampled_from([1000, 4001, 4004]))
    def hear_of_another_socket(self, ref: int, code: int) -> None:
        """One of the past, or none of the session's: it is not listened to."""
        opened = max((line.output.ref for line in self.world.transcript if isinstance(line.output, Open)), default=0)
        if ref != opened:
            before = self.session.state, self.session.poll_timeout(), self.session.stats()
            for received in (Opened(ref), Received(ref, [encode_frame(chat("never"))], UNIX_EPOCH), Closed(ref, code)):
                self.session.handle_input(self.world.now, received)
            assert (self.session.state, self.session.poll_timeout(), self.session.stats()) == before

    # The server's side

    @rule(channel=channels, again=st.booleans())
    def publish(self, channel: Channel, again: bool) -> None:
        """A message, or the one before it once more; a sound connection delivers the new one at once."""
        self.messages += not (again and self.messages)
        id = f"m-{self.messages}-{channel.slug}"
        is_heard = self.world.call(self.server.publish, chat(id, topics_of(channel)[0])) > 0
        self.take()
        if id not in self.sent:
            self.sent.append(id)
            sound = not self.muted and not self.troubled
            assert not sound or (id in self.delivered) == (is_heard and channel in self.wanted)

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

    def take(self) -> list[SessionEvent]:
        told = self.session.take_events()
        assert not any(isinstance(each, GaveUp) for each in told)
        self.delivered += [each.id for each in told if isinstance(each, ChatMessage) and each.id.startswith("m-")]
        return told

    @invariant()
    def what_is_wanted_is_what_was_said(self) -> None:
        assert self.session.channels == tuple(self.wanted)
        assert self.session.wanted == {topic for channel in self.wanted for topic in topics_of(channel)}
        assert self.session.confirmed <= self.session.wanted

    @invariant()
    def nothing_is_delivered_twice_or_before_it_is_said(self) -> None:
        self.take()
        assert len(self.delivered) == len(set(self.delivered))
        places = [self.sent.index(id) for id in self.delivered]
        assert places == sorted(places)

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
        self.world.advance(400.0)
        self.take()
        assert self.session.state is State.UP
        assert self.session.confirmed == self.session.wanted
        (client,) = self.server.refs
        assert set(self.server.topics_of(client)) == self.session.wanted
        self.troubled = False
        for channel in FLOCK:
            self.publish(channel, again=False)
        self.world.call(self.session.close)
        self.world.advance(10.0)
        assert self.session.closed
        assert self.session.poll_timeout() is None


TestSessionLife = SessionLife.TestCase
TestSessionLife.settings = LIFE
