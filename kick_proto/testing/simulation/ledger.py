"""What a session must have counted and queued by now: every event, in order, and every counter.

A model of the delivering half of a session: which frames count as what, which ids are known, where the marks of
undelivered events stand. The decoders are vocabulary and are used as they are; the rest is reckoned again.
"""

import math
from collections import deque
from datetime import UTC, datetime

import msgspec

from kick_proto.decoders import Decoders
from kick_proto.events import IdentifiedEvent, Undecodable, Unknown
from kick_proto.frames import Frame
from kick_proto.ids import Channel, Topic
from kick_proto.lifecycle import Down, GaveUp, Lagging, Stats, Up
from kick_proto.provider import Confirmed, ErrorReceived, Refused
from kick_proto.pusher import MOST_BEFORE_HANDSHAKE
from kick_proto.recent import RecentIds
from kick_proto.session import Config, SessionEvent
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.lifeline import Told

__all__ = ["DECODERS", "TOLD_OF_AN_ATTEMPT", "Ledger"]

DECODERS = Decoders()
"""One table for all sessions of a simulation: nothing is added to it."""

TOLD_OF_AN_ATTEMPT = MOST_BEFORE_HANDSHAKE + 3
"""Events that one attempt to connect may come to, whether anybody reads or not: what a peer says before the handshake,
and that the session was up, is down, and has given up."""


class Ledger:
    """The model of counters and events; ``stats``, ``wanted`` and ``is_lagging`` are for comparing."""

    def __init__(self, config: Config) -> None:
        self.stats = Stats()
        self.wanted: dict[Topic, Channel] = {}
        self.is_lagging = False
        self._config = config
        self._decode = DECODERS.decode
        self._expected: deque[SessionEvent | Told] = deque()
        self._known: dict[tuple[str, str], RecentIds] = {}
        self._most = config.high_water + TOLD_OF_AN_ATTEMPT

    # What is wanted

    def want(self, topics: dict[Topic, Channel], kept: list[Topic]) -> None:
        """Further topics are wanted; those that are ``kept`` are confirmed at once."""
        self.wanted |= topics
        self._expected.extend(map(Confirmed, kept))

    def forget(self, topic: Topic) -> None:
        """The topic is wanted no more, and what is known of its ids is forgotten."""
        del self.wanted[topic]
        for key in [key for key in self._known if key[0] == topic]:
            del self._known[key]

    # What a session is told

    def book(self, told: Told, unix_now: float) -> None:
        """Book one text of a read, or what it came to."""
        match told.kind:
            case "frame" if told.frame is not None:
                self._book_frame(told.frame, datetime.fromtimestamp(unix_now, UTC))
            case "malformed":
                self.stats.frames += 1
                self.stats.undecodable += 1
                self._expected.append(told)
            case "confirmed" | "refused" if Topic(told.word) not in self.wanted:
                pass
            case _:
                self._expected.append(told)

    def expect(self, event: SessionEvent) -> None:
        """The session must tell this next."""
        self._expected.append(event)

    def allow(self, count: int) -> None:
        """So many events more may stand undelivered, until the application is not behind any more."""
        self._most += count

    def mark(self) -> None:
        """A step is over: look at the marks, as the session must.

        Raises:
            Violation: more stands undelivered than may.
        """
        undelivered = len(self._expected)
        if undelivered <= self._config.low_water:
            self._most = self._config.high_water + TOLD_OF_AN_ATTEMPT
        elif undelivered > self._most and self.is_lagging:
            raise Violation(Law.BOUNDED, f"{undelivered} events stand undelivered, and {self._most} may")
        if not self.is_lagging and undelivered >= self._config.high_water:
            self.is_lagging = True
            self._expected.append(Lagging(undelivered))
            self._most = max(self._most, undelivered + 1 + TOLD_OF_AN_ATTEMPT)
        elif self.is_lagging and undelivered <= self._config.low_water:
            self.is_lagging = False

    def _book_frame(self, frame: Frame, received_at: datetime) -> None:
        self.stats.frames += 1
        channel = self.wanted.get(Topic(frame.channel))
        if channel is None:
            self.stats.dropped += 1
            return
        event = self._decode(frame, received_at, channel)
        if isinstance(event, IdentifiedEvent):
            known = self._known.setdefault((frame.channel, frame.event), RecentIds(self._config.remembered_ids))
            if not known.add(event.id):
                self.stats.dropped += 1
                return
        self._expected.append(event)
        if isinstance(event, Unknown):
            self.stats.unknown += 1
        elif isinstance(event, Undecodable):
            self.stats.undecodable += 1
        else:
            self.stats.events += 1

    # What it tells

    def deliver(self, events: list[SessionEvent]) -> None:
        """Compare what the session has told with what it must tell.

        Raises:
            Violation: it is something else.
        """
        for event in events:
            if not self._expected:
                raise Violation(Law.EVENTS, f"{event!r} was told, and nothing has happened")
            expected = self._expected.popleft()
            if not (expected == event or _is_meant(expected, event)):
                raise Violation(Law.EVENTS, f"{event!r} was told in place of {expected!r}")

    def delivered_all(self) -> None:
        """All events have been taken.

        Raises:
            Violation: some are missing.
        """
        if self._expected:
            raise Violation(Law.EVENTS, f"{self._expected[0]!r} was never told, nor {len(self._expected) - 1} others")

    def audit(self, stats: Stats) -> None:
        """Compare the counters.

        Raises:
            Violation: they are others than they must be.
        """
        if stats.frames != stats.events + stats.unknown + stats.undecodable + stats.dropped:
            raise Violation(Law.COUNTERS, f"the parts do not add up: {stats}")
        if stats != self.stats:
            raise Violation(Law.COUNTERS, f"the counters say {stats}, and must say {self.stats}")


def _is_meant(expected: SessionEvent | Told, event: SessionEvent) -> bool:
    """Whether the event is what was expected, where the model does not know its wording."""
    match expected, event:
        case Told(kind="malformed", word=text), Undecodable(raw=raw):
            return raw.data == text
        case Told(kind="confirmed" | "refused", word=topic), Confirmed() | Refused():
            return event.topic == topic and isinstance(event, Refused) is (expected.kind == "refused")
        case Told(kind="error"), ErrorReceived():
            return True
        case Down(retry_in=None), Down(retry_in=None):
            return _but(expected, event, "reason")
        case Down(retry_in=float() as planned), Down(retry_in=float() as told):
            return math.isclose(planned, told, abs_tol=1e-6) and _but(expected, event, "reason", "retry_in")
        case Up(gap=float() as planned), Up(gap=float() as told):
            return math.isclose(planned, told, abs_tol=1e-6) and _but(expected, event, "gap")
        case GaveUp(code=code), GaveUp():
            return event.code == code
    return False


def _but(one: msgspec.Struct, other: msgspec.Struct, *left_out: str) -> bool:
    """Whether two of a kind are the same but for these fields."""
    return all(getattr(one, name) == getattr(other, name) for name in one.__struct_fields__ if name not in left_out)
