"""One socket's life as it must be: what the peer has said so far, what that asks for, and by when.

A model beside the machine, told the same inputs. It knows the protocol from the texts alone, never looks into a
machine, and says what must come next: the pongs, the ping, the end. ``witness`` compares.
"""

from collections.abc import Sequence
from enum import Enum
from typing import assert_never

import msgspec

from kick_proto import frames
from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import Frame
from kick_proto.ids import Topic
from kick_proto.machine import Closed, Failed, Input, Opened, Received
from kick_proto.pusher import ERROR_COUNTS_FOR, MOST_BEFORE_HANDSHAKE, SHORTEST_ACTIVITY, Timeouts

__all__ = ["PROTOCOL_EVENTS", "Ended", "Lifeline", "Stage", "Told"]

PROTOCOL_EVENTS = frozenset(
    {
        "pusher:connection_established",
        "pusher:ping",
        "pusher:pong",
        "pusher:error",
        "pusher_internal:subscription_succeeded",
        "pusher_internal:subscription_error",
        "pusher:subscription_error",
    }
)
"""The protocol's own events; all others are the application's. Source: Spec: "Events"."""


class Stage(Enum):
    """How far a socket has come."""

    OPENING = "opening"
    HANDSHAKING = "handshaking"
    UP = "up"
    CLOSING = "closing"
    OVER = "over"


class Ended(msgspec.Struct, frozen=True):
    """A socket's end: the code that counts, how far it had come, and whether this side must end it."""

    code: int
    stage: Stage
    ours: bool


class Told(msgspec.Struct, frozen=True):
    """What one text comes to: the handshake's socket id, a topic that was confirmed or refused, an error, a frame.

    ``frame`` is None with ``text`` set where the text is no frame.
    """

    kind: str
    word: str = ""
    frame: Frame | None = None


class Lifeline:
    """The model of one socket; see the module's docstring."""

    def __init__(self, now: float, ref: int, timeouts: Timeouts) -> None:
        self.ref = ref
        self.stage = Stage.OPENING
        self.pending: dict[Topic, float] = {}
        self.confirmed: set[Topic] = set()
        self.refused: set[Topic] = set()
        self.heard_at = now
        self.up_at = now
        self.told: list[Told] = []
        self.pongs_due = 0
        self.pings_due = 0
        self._timeouts = timeouts
        self._activity = timeouts.activity
        self._deadline = now + timeouts.open
        self._pong_by: float | None = None
        self._silent_at = now
        self._error: tuple[float, int] | None = None
        self._early_count = 0

    # What is due, and when

    def next_at(self) -> float | None:
        """When something is due next."""
        if self.stage is Stage.OVER:
            return None
        if self.stage is not Stage.UP:
            return self._deadline
        sign_of_life_by = self._silent_at if self._pong_by is None else self._pong_by
        return min([sign_of_life_by, *list(self.pending.values())[:1]])

    def pass_time(self, now: float, *, is_reading: bool) -> Ended | None:
        """Let everything happen that is due by now; gives the end where it comes to that."""
        if self.stage in (Stage.OPENING, Stage.HANDSHAKING, Stage.CLOSING):
            return self._end(1006, ours=self.stage is not Stage.CLOSING) if now >= self._deadline else None
        if self.stage is not Stage.UP:
            return None
        if self.pending and now >= next(iter(self.pending.values())):
            if is_reading:
                return self._end(1006, ours=True)
            self.pending = dict.fromkeys(self.pending, now + self._timeouts.confirm)
        if self._pong_by is not None and now >= self._pong_by:
            if is_reading:
                return self._end(1006, ours=True)
            self._ping(now)
        elif self._pong_by is None and now >= self._silent_at:
            self._ping(now)
        return None

    def _ping(self, now: float) -> None:
        self.pings_due += 1
        self._pong_by = now + self._timeouts.pong

    # What happens to it

    def hear(self, now: float, received: Input[Sequence[str]]) -> Ended | None:
        """Take in what the session is told too; gives the end where it comes to that."""
        match received:
            case Opened():
                if self.stage is Stage.OPENING:
                    self.stage = Stage.HANDSHAKING
                    self._deadline = now + self._timeouts.handshake
            case Received(data=texts):
                return self._hear_texts(now, texts)
            case Failed():
                return self._end(self._counts(now, 1006), ours=False)
            case Closed(code=code):
                return self._end(self._counts(now, code), ours=False)
            case _:
                assert_never(received)
        return None

    def close(self, now: float) -> None:
        """The application wants an end."""
        if self.stage is Stage.OPENING:
            self.stage = Stage.OVER
        elif self.stage in (Stage.HANDSHAKING, Stage.UP):
            self.stage = Stage.CLOSING
            self._deadline = now + self._timeouts.close

    def ask(self, now: float, topic: Topic) -> None:
        """The session has sent a subscribe."""
        self.pending[topic] = now + self._timeouts.confirm
        self.refused.discard(topic)

    def _hear_texts(self, now: float, texts: Sequence[str]) -> Ended | None:
        self.heard_at = now
        if self.stage is Stage.UP:
            self._sign_of_life(now)
        for text in texts:
            if self.stage not in (Stage.HANDSHAKING, Stage.UP):
                return None
            if self.stage is Stage.HANDSHAKING:
                self._early_count += 1
                if self._early_count > MOST_BEFORE_HANDSHAKE:
                    return self._end(1002, ours=True)
            try:
                frame = frames.parse_frame(text)
            except RemoteProtocolError:
                self.told.append(Told("malformed", text))
                continue
            if frame.event not in PROTOCOL_EVENTS:
                self.told.append(Told("frame", frame=frame))
            elif (ended := self._hear_protocol(now, frame)) is not None:
                return ended
        return None

    def _hear_protocol(self, now: float, frame: Frame) -> Ended | None:
        topic = Topic(frame.channel)
        match frame.event:
            case "pusher:ping":
                self.pongs_due += 1
            case "pusher:connection_established":
                return self._hear_established(now, frame)
            case "pusher:error":
                return self._hear_error(now, frame)
            case "pusher_internal:subscription_succeeded" if topic in self.pending:
                del self.pending[topic]
                self.confirmed.add(topic)
                self.told.append(Told("confirmed", topic))
            case "pusher_internal:subscription_error" | "pusher:subscription_error" if topic in self.pending:
                del self.pending[topic]
                self.refused.add(topic)
                self.told.append(Told("refused", topic))
        return None

    def _hear_established(self, now: float, frame: Frame) -> Ended | None:
        if self.stage is not Stage.HANDSHAKING:
            return None
        try:
            established = frames.parse_established(frame.data)
        except RemoteProtocolError:
            return self._end(1002, ours=True)
        if established.activity_timeout is not None:
            self._activity = min(self._timeouts.activity, max(SHORTEST_ACTIVITY, established.activity_timeout))
        self.stage = Stage.UP
        self.up_at = now
        self._sign_of_life(now)
        self.told.append(Told("up", established.socket_id))
        return None

    def _hear_error(self, now: float, frame: Frame) -> Ended | None:
        error = frames.parse_peer_error(frame.data)
        self.told.append(Told("error"))
        if error.code is None:
            return None
        self._error = (now, error.code)
        return self._end(error.code, ours=True) if self.stage is Stage.HANDSHAKING else None

    def _sign_of_life(self, now: float) -> None:
        self._pong_by = None
        self._silent_at = now + self._activity

    def _counts(self, now: float, code: int) -> int:
        """The code that counts: that of an error just before, where the close has none of Pusher's own."""
        if self._error is not None and now - self._error[0] <= ERROR_COUNTS_FOR and not 4000 <= code < 5000:
            return self._error[1]
        return code

    def _end(self, code: int, *, ours: bool) -> Ended | None:
        if self.stage is Stage.OVER:
            return None
        ended = Ended(code, self.stage, ours)
        self.stage = Stage.OVER
        return ended
