"""A session and the Pusher connection in it, through a script of texts, times, commands and ends.

An input is a script, one step a line; the first byte says what the step is (see ``STEPS``). After each step the
contract of the machine interface must hold; at the end the session is closed, and must be so within seconds.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence

from kick_proto import session
from kick_proto.backoff import Backoff
from kick_proto.decoders import Decoders
from kick_proto.errors import LocalProtocolError
from kick_proto.events import Undecodable
from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, TopicKind, parse_topic, topic_of
from kick_proto.lifecycle import Lagging
from kick_proto.machine import Close, Closed, Failed, Input, Open, Opened, Received, Transmit
from kick_proto.session import Config, Session, State

__all__ = ["check", "seed"]

CHANNELS = (
    Channel(ChannelId(11), ChatroomId(22)),
    Channel(ChannelId(33), ChatroomId(44)),
    Channel(ChannelId(11), ChatroomId(45)),
)
MOST_STEPS = 200
LONGEST_WAIT = 100_000.0
CLOSED_WITHIN = 10.0
CONFIG = Config(backoff=Backoff(retries=3), high_water=6, low_water=2, remembered_ids=3, max_topics=9)

ESTABLISHED = encode_frame(Frame("pusher:connection_established", "", '{"socket_id":"1.2","activity_timeout":120}'))
DECODERS = Decoders()
UP = b"s0\nc\no\ne\n+20\n+20\na\n"
"""A script that leads to a session with all topics of the first channel confirmed."""


class Play:
    """A session in a script: the clock, the socket, and what it was fed."""

    def __init__(self) -> None:
        self.session = Session(CONFIG, rng=random.Random(7), decoders=DECODERS)
        self.now = 1_000.0
        self.ref = 0
        self.fed = 0

    def hear(self, received: Input[Sequence[str]]) -> None:
        self.session.handle_input(self.now, received)

    def read(self, texts: list[str]) -> None:
        self.fed += len(texts)
        self.hear(Received(self.ref, texts, 1_700_000_000.0 + self.now))

    def command(self, give: Callable[[], None]) -> None:
        try:
            give()
        except LocalProtocolError as error:
            assert str(error)

    def wait(self, until: float) -> None:
        self.now = max(self.now, until)
        self.session.handle_timeout(self.now)
        at = self.session.poll_timeout()
        assert at is None or at > self.now, f"due at {at}, and it is {self.now}"

    def take(self) -> None:
        undelivered = self.session.take_events()
        # At most one event a text, and two for each end or confirmation; what is told of a lag comes on top.
        assert len([each for each in undelivered if not isinstance(each, Lagging)]) <= 4 * (self.fed + MOST_STEPS)
        assert all(each.error for each in undelivered if isinstance(each, Undecodable))

    def drain(self) -> None:
        """Perform what the session wants, and see that it is not much."""
        count = 0
        while (output := self.session.poll_output()) is not None:
            count += 1
            match output:
                case Open(ref=ref):
                    assert ref > self.ref, "a ref is never used twice"
                    self.ref = ref
                case Transmit(ref=ref, data=texts):
                    assert ref == self.ref
                    assert all(texts)
                case Close(code=code):
                    assert 1000 <= code < 5000
                case _:
                    pass
        assert count <= 20 + self.fed, f"{count} outputs"

    def assert_sane(self) -> None:
        session_ = self.session
        at, stats = session_.poll_timeout(), session_.stats()
        assert at is None or (math.isfinite(at) and at > self.now), f"due at {at}, and it is {self.now}"
        assert session_.timers <= session.ARMED[session_.state]
        assert stats.frames == stats.events + stats.unknown + stats.undecodable + stats.dropped
        assert stats.frames <= self.fed
        assert session_.confirmed <= session_.wanted
        assert len(session_.wanted) <= CONFIG.max_topics
        session_.handle_timeout(self.now)
        assert (session_.poll_output(), session_.poll_timeout()) == (None, at), "an early timeout did something"
        if session_.closed:
            assert (session_.state, at, session_.wants_input) == (State.CLOSED, None, True)


def _on_texts(play: Play, argument: bytes) -> None:
    play.read(argument.decode("utf-8", "replace").split("\t"))


def _on_confirmed(play: Play, argument: bytes) -> None:
    name = "pusher_internal:subscription_succeeded"
    play.read([encode_frame(Frame(name, topic, "{}")) for topic in sorted(play.session.wanted)])


def _on_wait(play: Play, argument: bytes) -> None:
    seconds = int(argument[:7]) / 10 if argument[:7].isdigit() else 0.0
    play.wait(play.now + min(seconds, LONGEST_WAIT))


def _on_due(play: Play, argument: bytes) -> None:
    at = play.session.poll_timeout()
    if at is not None:
        play.wait(at)


def _on_closed(play: Play, argument: bytes) -> None:
    play.hear(Closed(play.ref, int(argument[:5]) if argument[:5].isdigit() else 1006, argument[5:].decode("latin-1")))


def _channel(argument: bytes) -> Channel:
    return CHANNELS[argument[0] % len(CHANNELS) if argument else 0]


STEPS: Mapping[bytes, Callable[[Play, bytes], None]] = {
    b"<": _on_texts,
    b"e": lambda play, _: play.read([ESTABLISHED]),
    b"a": _on_confirmed,
    b"+": _on_wait,
    b"!": _on_due,
    b"o": lambda play, _: play.hear(Opened(play.ref)),
    b"x": _on_closed,
    b"f": lambda play, argument: play.hear(Failed(play.ref, argument.decode("latin-1"))),
    b"p": lambda play, _: play.hear(Closed(play.ref - 1, 4001)),
    b"t": lambda play, _: play.take(),
    b"c": lambda play, _: play.command(lambda: play.session.connect(play.now)),
    b"q": lambda play, _: play.command(lambda: play.session.close(play.now)),
    b"s": lambda play, argument: play.command(lambda: play.session.subscribe(play.now, _channel(argument))),
    b"u": lambda play, argument: play.command(lambda: play.session.unsubscribe(play.now, _channel(argument))),
}
"""Texts (split by tabs) come; the server establishes, or confirms all that is wanted; tenths of seconds pass, the next
deadline comes; opened, closed, failed; a socket of the past closes; events are taken; connect, close, subscribe,
unsubscribe.
"""


def check(data: bytes) -> None:
    play = Play()
    for line in data.split(b"\n")[:MOST_STEPS]:
        step = STEPS.get(line[:1])
        if step is not None:
            step(play, line[1:])
            play.drain()
            play.assert_sane()
    _assert_closes(play)


def _assert_closes(play: Play) -> None:
    """Whatever has happened: closed within seconds, and silent from then on."""
    play.session.close(play.now)
    play.drain()
    until = play.now + CLOSED_WITHIN
    while not play.session.closed:
        at = play.session.poll_timeout()
        assert at is not None, "nothing would ever end it"
        assert at <= until, f"closed at {at} at the earliest"
        play.wait(at)
        play.drain()
    play.take()
    play.hear(Received(play.ref, ['{"event":"x"}'], 0.0))
    play.hear(Closed(play.ref))
    play.wait(play.now + 1_000.0)
    assert (play.session.poll_output(), play.session.take_events(), play.session.poll_timeout()) == (None, [], None)


def seed(frame: Frame) -> bytes:
    """The frame on a topic that is subscribed in the script, twice: once as it came, once as a duplicate."""
    parsed = parse_topic(frame.channel)
    topic = topic_of(parsed[0] if parsed is not None else TopicKind.CHATROOM_V2, CHANNELS[0])
    text = encode_frame(Frame(frame.event, topic, frame.data)).encode()
    return UP + b"<" + text + b"\n<" + text + b"\nt\n!\n!\nx1006"
