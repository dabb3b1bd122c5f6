"""Across sockets: which endpoint, when; what to be subscribed to; and every frame turned into its event.

A ``Session`` owns one connection at a time. It finds the endpoint that serves the app, connects again by the back-off
policy when a connection ends, subscribes what is wanted on each new socket within the outgoing limit, drops what it
has seen already, and hands out decoded events in the order in which they came.

It is a text-level machine with the commands connect, subscribe, unsubscribe and close. It knows its provider only
through ``kick_proto.provider``, and reads neither clock nor chance of its own.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum, IntEnum
from typing import Any, TypeAlias, assert_never

import msgspec

from kick_proto import pusher
from kick_proto.backoff import Backoff
from kick_proto.bucket import Bucket
from kick_proto.decoders import Decoders
from kick_proto.demand import topics_demanded
from kick_proto.drift import Difference, Drift
from kick_proto.errors import LocalProtocolError
from kick_proto.events import Event, IdentifiedEvent, Undecodable, Unknown
from kick_proto.frames import Frame, Malformed
from kick_proto.ids import Channel, Topic
from kick_proto.lifecycle import Down, GaveUp, Lagging, Stats, Up
from kick_proto.machine import Input, Output, Received, Rng
from kick_proto.provider import (
    Confirmed,
    Connected,
    Connection,
    ConnectionEvent,
    Disconnected,
    ErrorReceived,
    Provider,
    Refused,
)
from kick_proto.redial import Again, Redial, Surrender
from kick_proto.timers import Timers
from kick_proto.wishes import Wishes

__all__ = ["ARMED", "TRANSITIONS", "Config", "Session", "SessionEvent", "Signal", "State", "Timer"]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What a session may be told.

    ``send_rate`` and ``send_burst`` limit subscribes and unsubscribes (a second; at once); ``remembered_ids`` is how
    many ids are kept to tell duplicates, per topic and event; reading stops when ``high_water`` events stand
    undelivered, and goes on at ``low_water``; ``max_topics`` bounds what may be wanted.

    ``events`` are the types of events that somebody wants: only the topics that carry these are subscribed. What else
    comes on them is delivered too. None: everything.
    """

    provider: Provider = pusher.App()
    backoff: Backoff = Backoff()
    send_rate: float = 5.0
    send_burst: float = 5.0
    remembered_ids: int = 1_000
    high_water: int = 10_000
    low_water: int = 5_000
    max_topics: int = 1_000
    events: tuple[type[msgspec.Struct], ...] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.low_water < self.high_water:
            raise ValueError(f"low_water {self.low_water} must lie below high_water {self.high_water}")
        if self.remembered_ids < 1 or self.max_topics < 1:
            raise ValueError("remembered_ids and max_topics are counts of at least 1")
        Bucket(self.send_rate, self.send_burst, self.send_burst)


SessionEvent: TypeAlias = Event | Undecodable | Up | Down | GaveUp | Lagging | Confirmed | Refused | ErrorReceived


class State(Enum):
    """Where a session stands."""

    IDLE = "idle"
    CONNECTING = "connecting"
    UP = "up"
    WAITING = "waiting"
    CLOSING = "closing"
    CLOSED = "closed"


class Signal(Enum):
    """What moves a session."""

    CONNECT = "connect"
    ESTABLISHED = "established"
    DIAL = "dial"
    WAIT = "wait"
    GIVE_UP = "give up"
    CLOSE = "close"
    ENDED = "ended"


class Timer(IntEnum):
    """What a session waits for, in firing order."""

    RETRY = 1
    SEND = 2


TRANSITIONS: Mapping[tuple[State, Signal], State] = {
    (State.IDLE, Signal.CONNECT): State.CONNECTING,
    (State.IDLE, Signal.CLOSE): State.CLOSED,
    (State.CONNECTING, Signal.ESTABLISHED): State.UP,
    (State.CONNECTING, Signal.DIAL): State.CONNECTING,
    (State.CONNECTING, Signal.WAIT): State.WAITING,
    (State.CONNECTING, Signal.GIVE_UP): State.CLOSED,
    (State.CONNECTING, Signal.CLOSE): State.CLOSING,
    (State.UP, Signal.DIAL): State.CONNECTING,
    (State.UP, Signal.WAIT): State.WAITING,
    (State.UP, Signal.GIVE_UP): State.CLOSED,
    (State.UP, Signal.CLOSE): State.CLOSING,
    (State.WAITING, Signal.DIAL): State.CONNECTING,
    (State.WAITING, Signal.CLOSE): State.CLOSED,
    (State.CLOSING, Signal.CLOSE): State.CLOSING,
    (State.CLOSING, Signal.ENDED): State.CLOSED,
    (State.CLOSED, Signal.CLOSE): State.CLOSED,
}
"""All legal moves; a command without a row raises."""

ARMED: Mapping[State, frozenset[Timer]] = {
    State.IDLE: frozenset(),
    State.CONNECTING: frozenset(),
    State.UP: frozenset({Timer.SEND}),
    State.WAITING: frozenset({Timer.RETRY}),
    State.CLOSING: frozenset(),
    State.CLOSED: frozenset(),
}
"""The timers that may run in each state; entering it stops all others."""


_NO_READ = datetime.min.replace(tzinfo=UTC)
"""Stands for the time of a read where there was none: what is not a read brings no frame."""


class Session:
    """The machine that stays up; see the module's docstring. ``drift`` is shown its frames, as often as it wants."""

    def __init__(
        self, config: Config | None = None, *, rng: Rng, decoders: Decoders | None = None, drift: Drift | None = None
    ) -> None:
        self._config = config = config if config is not None else Config()
        self._decoders = decoders if decoders is not None else Decoders()
        self._drift = drift
        self._state = State.IDLE
        self._timers: Timers[Timer] = Timers()
        self._outputs: deque[Output[Sequence[str]]] = deque()
        self._events: list[SessionEvent] = []
        self._stats = Stats()
        self._lagging = False
        self._failure: str | None = None

        self._redial = Redial(config.provider, config.backoff, rng)
        self._connection: Connection | None = None
        self._last_ref = 0
        self._up_at = 0.0
        self._heard_at = 0.0
        self._gap_from: float | None = None
        self._wishes = Wishes(Bucket(config.send_rate, config.send_burst, config.send_burst), config.max_topics)

    # Commands

    def connect(self, now: float) -> None:
        """Begin; legal once."""
        self._move(Signal.CONNECT)
        self._dial(now)
        self._flush()

    def subscribe(self, now: float, channel: Channel, topics: Iterable[Topic] | None = None) -> None:
        """Want topics of the channel: subscribed now or as soon as there is a connection, and again on each new one.

        By default these are the topics that carry what ``Config.events`` names, and all of them where it names
        nothing. Wanting what is wanted already changes nothing; further topics are added.

        Raises:
            LocalProtocolError: the session is closed; a topic of the channel is wanted for another channel already
                (one of the two has a wrong number); a topic is not the channel's; no topic carries what is wanted;
                or there would be too many topics.
        """
        self._must_be_open("subscribe")
        if topics is None:
            topics = topics_demanded(self._config.events, channel, self._decoders.rows)
        self._events.extend(map(Confirmed, self._wishes.add(channel, topics)))
        self._note_lag()
        self._pace(now)
        self._flush()

    def unsubscribe(self, now: float, channel: Channel) -> None:
        """Want the channel's topics no more: nothing of them is delivered from here on.

        Raises:
            LocalProtocolError: the session is closed, or the channel is not subscribed.
        """
        self._must_be_open("unsubscribe")
        self._wishes.remove(channel)
        self._pace(now)
        self._flush()

    def close(self, now: float) -> None:
        """End for good, with a close frame where a connection is open; ``closed`` follows within a bounded time."""
        self._move(Signal.CLOSE)
        if self._connection is not None:
            self._connection.close(now)
            self._drain(self._connection, now, _NO_READ)

    # What can be asked

    def stats(self) -> Stats:
        """The counters as they stand; the copy is the caller's."""
        return msgspec.structs.replace(self._stats)

    def drift(self) -> tuple[Difference, ...]:
        """Where the frames so far differ from the table; nothing, where nobody compares them."""
        return self._drift.report() if self._drift is not None else ()

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The wanted channels, in the order of the first wish."""
        return tuple(dict.fromkeys(route.channel for route in self._wishes.routes.values()))

    @property
    def wanted(self) -> frozenset[Topic]:
        """The topics that the session wants to be subscribed to."""
        return frozenset(map(Topic, self._wishes.routes))

    @property
    def confirmed(self) -> frozenset[Topic]:
        """Those of them that the server has confirmed on the present connection."""
        return frozenset(topic for topic in self.wanted if self._wishes.is_confirmed(topic))

    @property
    def failure(self) -> str | None:
        """Why the session gave up, as ``GaveUp`` says it; None where it did not."""
        return self._failure

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._state

    @property
    def timers(self) -> frozenset[Timer]:
        """The session's own timers that are running."""
        return self._timers.running()

    # The machine interface

    def handle_input(self, now: float, received: Input[Sequence[str]]) -> None:
        """Take in what happened to a socket; a socket of the past is not listened to."""
        if self._connection is None or received.ref != self._last_ref:
            return
        received_at = _NO_READ
        if isinstance(received, Received):
            received_at = datetime.fromtimestamp(received.unix_now, UTC)
            self._heard_at = now
        self._connection.handle_input(now, received)
        self._drain(self._connection, now, received_at)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due, here and in the connection."""
        for timer in self._timers.pop_due(now):
            EXPIRIES[timer](self, now)
        if self._connection is not None:
            self._connection.handle_timeout(now)
            self._drain(self._connection, now, _NO_READ)

    def poll_output(self) -> Output[Sequence[str]] | None:
        """Pop the next output."""
        return self._outputs.popleft() if self._outputs else None

    def poll_event(self) -> SessionEvent | None:
        """Pop one event."""
        event = self._events.pop(0) if self._events else None
        self._note_lag()
        return event

    def take_events(self) -> list[SessionEvent]:
        """Pop all events."""
        events, self._events = self._events, []
        self._note_lag()
        return events

    def poll_timeout(self) -> float | None:
        """The earliest deadline, here and in the connection."""
        own = self._timers.next_at()
        inner = self._connection.poll_timeout() if self._connection is not None else None
        if own is None or inner is None:
            return inner if own is None else own
        return min(own, inner)

    @property
    def wants_input(self) -> bool:
        """False, on a connection that is up, from the high-water mark of undelivered events down to the low one."""
        return not self._lagging or self._state is not State.UP

    @property
    def closed(self) -> bool:
        """True after the end, or after ``GaveUp``."""
        return self._state is State.CLOSED

    # From the connection's events to ours

    def _drain(self, connection: Connection, now: float, received_at: datetime) -> None:
        """Take what the connection has queued; a connection that succeeds it meanwhile comes after it."""
        if events := connection.take_events():
            self._absorb(now, received_at, events)
            self._note_lag()
        while (output := connection.poll_output()) is not None:
            self._outputs.append(output)
        if connection is not self._connection:
            self._flush()

    def _absorb(self, now: float, received_at: datetime, events: list[ConnectionEvent]) -> None:
        """Decode the frames, in a run; everything else is rare and goes by the table."""
        drift = self._drift
        resting = drift.resting(now) if drift is not None else {}
        route_of, decode, deliver = self._wishes.routes.get, self._decoders.decode, self._events.append
        frames = dropped = unread = 0
        for event in events:
            if type(event) is not Frame:
                REACTIONS[type(event)](self, now, received_at, event)
                continue
            frames += 1
            route = route_of(event.channel)
            if route is None:
                dropped += 1
                continue
            decoded = decode(event, received_at, route.channel)
            if isinstance(decoded, IdentifiedEvent):
                recent = route.recent.get(event.event)
                if recent is None:
                    recent = route.remember(event.event, self._config.remembered_ids)
                if not recent.add(decoded.id):
                    dropped += 1
                    continue
            elif isinstance(decoded, (Unknown, Undecodable)):
                unread += 1
                self._count_unread(decoded)
            deliver(decoded)
            if drift is not None and event.event not in resting:
                drift.sample(now, event, decoded)
        stats = self._stats
        stats.frames += frames
        stats.dropped += dropped
        stats.events += frames - dropped - unread

    def _count_unread(self, event: Unknown | Undecodable) -> None:
        if type(event) is Unknown:
            self._stats.unknown += 1
        else:
            self._stats.undecodable += 1
        if self._drift is not None:
            self._drift.wake(event.raw.event)

    def _on_malformed(self, now: float, received_at: datetime, event: Malformed) -> None:
        self._stats.frames += 1
        self._stats.undecodable += 1
        self._events.append(Undecodable(received_at, Frame("", "", event.text), None, event.error))

    def _on_connected(self, now: float, received_at: datetime, event: Connected) -> None:
        self._move(Signal.ESTABLISHED)
        gap = None if self._gap_from is None else now - self._gap_from
        self._stats.reconnects += gap is not None
        self._up_at = now
        self._redial.established()
        self._events.append(Up(self._redial.endpoint.cluster, event.socket_id, gap))
        self._tell_reading()
        self._pace(now)

    def _on_subscribed(self, now: float, received_at: datetime, event: Confirmed) -> None:
        if self._wishes.confirm(event.topic):
            self._events.append(event)
        else:
            self._pace(now)

    def _on_refused(self, now: float, received_at: datetime, event: Refused) -> None:
        if event.topic in self._wishes.routes:
            self._events.append(event)

    def _on_error(self, now: float, received_at: datetime, event: ErrorReceived) -> None:
        self._events.append(event)

    # Ends, and what follows them

    def _on_disconnected(self, now: float, received_at: datetime, event: Disconnected) -> None:
        if self._state is State.CLOSING:
            self._connection = None
            self._wishes.end()
            self._move(Signal.ENDED)
            return
        was_up = self._state is State.UP
        if was_up:
            self._gap_from = self._heard_at
        cluster = self._redial.endpoint.cluster
        verdict = self._redial.after(event, now - self._up_at if was_up else None)
        self._connection = None
        self._wishes.end()
        match verdict:
            case Again(delay=seconds):
                self._events.append(Down(cluster, event.code, event.reason, seconds))
                self._wait_or_dial(now, seconds)
            case Surrender(reason=reason):
                self._events += (Down(cluster, event.code, event.reason, None), GaveUp(reason, event.code))
                self._failure = reason
                self._move(Signal.GIVE_UP)
            case _:
                assert_never(verdict)

    def _wait_or_dial(self, now: float, seconds: float) -> None:
        if seconds > 0.0:
            self._move(Signal.WAIT)
            self._timers.start(Timer.RETRY, now + seconds)
        else:
            self._on_retry(now)

    def _on_retry(self, now: float) -> None:
        self._move(Signal.DIAL)
        self._dial(now)

    def _dial(self, now: float) -> None:
        self._last_ref += 1
        self._connection = self._config.provider.connection(self._last_ref, self._redial.endpoint)
        self._wishes.begin(self._connection)
        self._connection.connect(now)

    # What is sent, and how fast

    def _pace(self, now: float) -> None:
        """Send what may be sent now; where more is left, come back when the next token is there."""
        if self._state is State.UP and Timer.SEND not in self._timers:
            next_at = self._wishes.pace(now)
            if next_at is not None:
                self._timers.start(Timer.SEND, next_at)

    # Steps that the others share

    def _flush(self) -> None:
        if self._connection is not None:
            while (output := self._connection.poll_output()) is not None:
                self._outputs.append(output)

    def _note_lag(self) -> None:
        """Switch at the marks, with what lies between them as slack."""
        undelivered = len(self._events)
        if not self._lagging and undelivered >= self._config.high_water:
            self._lagging = True
            self._events.append(Lagging(undelivered))
        elif self._lagging and undelivered <= self._config.low_water:
            self._lagging = False
        else:
            return
        self._tell_reading()

    def _tell_reading(self) -> None:
        if self._connection is not None:
            self._connection.reading = self.wants_input

    def _must_be_open(self, command: str) -> None:
        if self._state in (State.CLOSING, State.CLOSED):
            raise LocalProtocolError(f"cannot {command}: this session is {self._state.value}; make a new one")

    def _move(self, signal: Signal) -> None:
        to = TRANSITIONS.get((self._state, signal))
        if to is None:
            raise LocalProtocolError(f"cannot {signal.value}: this session is {self._state.value}")
        self._state = to
        self._timers.keep_only(ARMED[to])


REACTIONS: Mapping[type, Callable[[Session, float, datetime, Any], None]] = {
    Connected: Session._on_connected,
    Confirmed: Session._on_subscribed,
    Refused: Session._on_refused,
    ErrorReceived: Session._on_error,
    Malformed: Session._on_malformed,
    Disconnected: Session._on_disconnected,
}
"""What the connection's events do; a ``Frame`` is the one that is not here."""

EXPIRIES: Mapping[Timer, Callable[[Session, float], None]] = {
    Timer.RETRY: Session._on_retry,
    Timer.SEND: Session._pace,
}
"""What each timer does when it fires."""
