"""One connection of the Pusher protocol, version 7: from the wish to connect to the last word.

``Connection`` handles handshake, pings both ways, subscriptions, errors and the end. It knows nothing of other
connections: whether to try again is told by the ``Advice`` in ``Disconnected`` and decided by the session. ``App``
names what to connect to and makes the connections.

Everything that is waited for has a timer: the socket, the handshake, signs of life, the pong, each confirmation,
the close. Source of all wire facts: Spec: Pusher Channels protocol 7, by section; Seen: soketi 1.6.1, Reverb.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, IntEnum
from math import inf
from typing import assert_never
from urllib.parse import quote

import msgspec

from kick_proto import __version__, frames
from kick_proto.backoff import Advice
from kick_proto.clusters import KICK_CLUSTERS, cluster
from kick_proto.errors import LocalProtocolError, RemoteProtocolError
from kick_proto.frames import Frame
from kick_proto.ids import Topic
from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Open, Opened, Output, Received, Transmit
from kick_proto.provider import (
    Confirmed,
    Connected,
    ConnectionEvent,
    Disconnected,
    Endpoint,
    ErrorReceived,
    Refused,
)
from kick_proto.timers import Timers

__all__ = ["ARMED", "KICK_APP_KEY", "TRANSITIONS", "App", "Connection", "Signal", "State", "Timeouts", "Timer"]

KICK_APP_KEY = "32cbd69e4b950bf97679"
"""Kick's public app key. Source: Seen: Kick's own negotiation (2024-07 to 2026-09)."""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that one connection waits: for the WebSocket, ``connection_established``, a sign of life, the answer
    to a ping, a subscription's confirmation, and the end after a close.
    """

    open: float = 20.0
    handshake: float = 10.0
    activity: float = 120.0
    pong: float = 30.0
    confirm: float = 30.0
    close: float = 5.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not 0 < getattr(self, name) < inf:
                raise ValueError(f"the {name} timeout is seconds above 0, not {getattr(self, name)}")


class App(msgspec.Struct, frozen=True, kw_only=True):
    """A Pusher app: its public key, the endpoints where it may live, and how long to wait there. A provider."""

    key: str = KICK_APP_KEY
    endpoints: tuple[Endpoint, ...] = tuple(cluster(name) for name in KICK_CLUSTERS)
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        if not self.key or not self.endpoints:
            raise ValueError("an app needs a key and at least one endpoint")

    @property
    def name(self) -> str:
        """What is being asked for, for people."""
        return f"app key {self.key}"

    def connection(self, ref: int, endpoint: Endpoint) -> "Connection":
        """A new connection to the endpoint, known to the driver as ``ref``. Source: Spec: "Connecting"."""
        target = f"/app/{quote(self.key, safe='')}?protocol=7&client=kick-proto&version={__version__}"
        return Connection(Open(ref, endpoint.host, endpoint.port, endpoint.tls, target), self.timeouts)


class State(Enum):
    """Where a connection stands."""

    IDLE = "idle"
    OPENING = "opening"
    HANDSHAKING = "handshaking"
    CONNECTED = "connected"
    CLOSING = "closing"
    CLOSED = "closed"


class Signal(Enum):
    """What moves a connection."""

    CONNECT = "connect"
    OPENED = "opened"
    ESTABLISHED = "established"
    CLOSE = "close"
    ENDED = "ended"


class Timer(IntEnum):
    """What a connection waits for, in firing order."""

    CLOSE = 1
    OPEN = 2
    HANDSHAKE = 3
    CONFIRM = 4
    PONG = 5
    ACTIVITY = 6


TRANSITIONS: Mapping[tuple[State, Signal], State] = {
    (State.IDLE, Signal.CONNECT): State.OPENING,
    (State.IDLE, Signal.CLOSE): State.CLOSED,
    (State.OPENING, Signal.OPENED): State.HANDSHAKING,
    (State.OPENING, Signal.CLOSE): State.CLOSED,
    (State.OPENING, Signal.ENDED): State.CLOSED,
    (State.HANDSHAKING, Signal.ESTABLISHED): State.CONNECTED,
    (State.HANDSHAKING, Signal.CLOSE): State.CLOSING,
    (State.HANDSHAKING, Signal.ENDED): State.CLOSED,
    (State.CONNECTED, Signal.CLOSE): State.CLOSING,
    (State.CONNECTED, Signal.ENDED): State.CLOSED,
    (State.CLOSING, Signal.CLOSE): State.CLOSING,
    (State.CLOSING, Signal.ENDED): State.CLOSED,
    (State.CLOSED, Signal.CLOSE): State.CLOSED,
}
"""All legal moves. A command without a row raises; an input without one comes from a ref's past and is dropped."""

ARMED: Mapping[State, frozenset[Timer]] = {
    State.IDLE: frozenset(),
    State.OPENING: frozenset({Timer.OPEN}),
    State.HANDSHAKING: frozenset({Timer.HANDSHAKE}),
    State.CONNECTED: frozenset({Timer.CONFIRM, Timer.PONG, Timer.ACTIVITY}),
    State.CLOSING: frozenset({Timer.CLOSE}),
    State.CLOSED: frozenset(),
}
"""The timers that may run in each state; entering it stops all others."""

ERROR_COUNTS_FOR = 5.0
"""Seconds within which the code of a ``pusher:error`` explains an end without a code of its own.

Source: Seen: Reverb sends the error and drops the TCP connection, so the code stands nowhere else; soketi follows it
with the same code and no reason.
"""

SHORTEST_ACTIVITY = 1.0
"""Seconds below which a server's ``activity_timeout`` is not followed: it would have us ping without a pause."""

MOST_BEFORE_HANDSHAKE = 100
"""Texts that a peer may send before ``connection_established``. Until it comes they are read whatever the marks say."""


class Connection:
    """One socket's life: a text-level machine with the commands connect, subscribe, unsubscribe and close."""

    def __init__(self, opening: Open, timeouts: Timeouts) -> None:
        self._opening = opening
        self._ref = opening.ref
        self._timeouts = timeouts
        self._activity_timeout = timeouts.activity
        self._state = State.IDLE
        self._timers: Timers[Timer] = Timers()
        self._outputs: deque[Output[Sequence[str]]] = deque()
        self._events: list[ConnectionEvent] = []
        self._pending: dict[Topic, float] = {}
        self._confirmed: set[Topic] = set()
        self._leaving: set[Topic] = set()
        self._last_error: tuple[float, int, str] | None = None
        self._early_count = 0
        self.reading = True

    # Commands

    def connect(self, now: float) -> None:
        """Ask for the socket."""
        self._move(Signal.CONNECT)
        self._outputs.append(self._opening)
        self._timers.start(Timer.OPEN, now + self._timeouts.open)

    def subscribe(self, now: float, topic: Topic) -> None:
        """Subscribe to a public topic, at once.

        A subscription whose unsubscribe is still held back is simply kept.

        Raises:
            LocalProtocolError: before ``Connected``, after the end, or where the topic is subscribed already:
                hosted Pusher answers a second one with an error, others deliver everything twice.
        """
        if self._state is not State.CONNECTED:
            raise LocalProtocolError(f"subscribe to {topic!r} after Connected; this connection is {self._state.value}")
        if topic in self._leaving:
            self._leaving.discard(topic)
            return
        if topic in self._pending or topic in self._confirmed:
            raise LocalProtocolError(f"{topic!r} is subscribed already; one subscription a topic is enough")
        self._pending[topic] = now + self._timeouts.confirm
        self._send(frames.encode_subscribe(topic))
        self._watch_confirmations()

    def unsubscribe(self, now: float, topic: Topic) -> None:
        """Unsubscribe; held back until the subscription has been confirmed.

        Raises:
            LocalProtocolError: the topic is not subscribed on this connection.

        Source: Seen: hosted Pusher answers an unsubscribe before the confirmation with an error.
        """
        if self._state is State.CONNECTED and topic in self._pending:
            self._leaving.add(topic)
        elif self._state is State.CONNECTED and topic in self._confirmed:
            self._confirmed.discard(topic)
            self._send(frames.encode_unsubscribe(topic))
        else:
            raise LocalProtocolError(f"{topic!r} is not subscribed; this connection is {self._state.value}")

    def is_asked(self, topic: Topic) -> bool:
        """Whether the topic is subscribed, or its confirmation is awaited."""
        return topic in self._pending or topic in self._confirmed

    def is_confirmed(self, topic: Topic) -> bool:
        """Whether the subscription stands confirmed."""
        return topic in self._confirmed

    def close(self, now: float) -> None:
        """End the connection; the end is a ``Disconnected``, at the latest after the close timeout."""
        before = self._state
        self._move(Signal.CLOSE)
        match before:
            case State.OPENING:
                self._outputs.append(Cancel(self._ref))
                self._events.append(Disconnected(1000, "closed before it was open", Advice.STOP))
            case State.HANDSHAKING | State.CONNECTED:
                self._outputs.append(Close(self._ref))
                self._timers.start(Timer.CLOSE, now + self._timeouts.close)
            case State.IDLE | State.CLOSING | State.CLOSED:
                pass
            case _:
                assert_never(before)

    # The machine interface

    def handle_input(self, now: float, received: Input[Sequence[str]]) -> None:
        """Take in what happened to the socket; what belongs to another ref is not ours."""
        if received.ref != self._ref:
            return
        match received:
            case Received(data=texts):
                self._on_texts(now, texts)
            case Opened():
                self._on_opened(now)
            case Failed(reason=reason):
                self._on_end(now, 1006, reason)
            case Closed(code=code, reason=reason):
                self._on_end(now, code, reason)
            case _:
                assert_never(received)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due."""
        for timer in self._timers.pop_due(now):
            EXPIRIES[timer](self, now)

    def poll_output(self) -> Output[Sequence[str]] | None:
        """Pop the next output."""
        return self._outputs.popleft() if self._outputs else None

    def poll_event(self) -> ConnectionEvent | None:
        """Pop one event."""
        return self._events.pop(0) if self._events else None

    def take_events(self) -> list[ConnectionEvent]:
        """Pop all events."""
        events, self._events = self._events, []
        return events

    def poll_timeout(self) -> float | None:
        """The earliest deadline."""
        return self._timers.next_at()

    @property
    def wants_input(self) -> bool:
        """Always: who holds the events holds the mark."""
        return True

    @property
    def closed(self) -> bool:
        """True after the end."""
        return self._state is State.CLOSED

    @property
    def state(self) -> State:
        """Where the connection stands."""
        return self._state

    @property
    def timers(self) -> frozenset[Timer]:
        """What is being waited for."""
        return self._timers.running()

    # Reactions to the socket

    def _on_opened(self, now: float) -> None:
        if self._state is State.OPENING:
            self._move(Signal.OPENED)
            self._timers.start(Timer.HANDSHAKE, now + self._timeouts.handshake)

    def _on_texts(self, now: float, texts: Sequence[str]) -> None:
        if self._state is State.CONNECTED:
            self._heard(now)
        deliver, reaction_to = self._events.append, REACTIONS.get
        is_up = self._state is State.CONNECTED
        for frame in frames.parse_frames(texts):
            if not is_up and not self._may_come_early():
                return
            if type(frame) is not Frame or (react := reaction_to(frame.event)) is None:
                deliver(frame)
            else:
                react(self, now, frame)
                is_up = self._state is State.CONNECTED

    def _may_come_early(self) -> bool:
        if self._state is State.HANDSHAKING:
            self._early_count += 1
            if self._early_count > MOST_BEFORE_HANDSHAKE:
                self._give_up(1002, f"no connection_established among {MOST_BEFORE_HANDSHAKE} texts")
        return self._state is State.HANDSHAKING

    def _heard(self, now: float) -> None:
        # Whatever the peer sends proves life and ends the wait for a pong; what we send proves nothing.
        # Source: Spec: "Ping and pong messages".
        self._timers.stop(Timer.PONG)
        self._timers.start(Timer.ACTIVITY, now + self._activity_timeout)

    def _on_end(self, now: float, code: int, reason: str) -> None:
        if self._state is State.CLOSING:
            self._end(Disconnected(1000, reason or "closed", Advice.STOP))
        elif (self._state, Signal.ENDED) in TRANSITIONS:
            code, reason = self._explained(now, code, reason)
            self._end(Disconnected(code, reason, self._advice(code)))

    def _explained(self, now: float, code: int, reason: str) -> tuple[int, str]:
        """Code and reason of an end; an error frame just before it speaks where the close itself says nothing."""
        if self._last_error is not None:
            at, error_code, message = self._last_error
            says_nothing = not 4000 <= code < 5000 or (code == error_code and not reason)
            if says_nothing and now - at <= ERROR_COUNTS_FOR:
                return error_code, message
        return code, reason

    def _advice(self, code: int) -> Advice:
        advice = frames.advice_for(code)
        if advice is Advice.BACK_OFF and self._state in (State.OPENING, State.HANDSHAKING):
            return Advice.NEXT_ENDPOINT
        return advice

    # Reactions to the peer's frames

    def _on_established(self, now: float, frame: Frame) -> None:
        if self._state is not State.HANDSHAKING:
            return
        try:
            established = frames.parse_established(frame.data)
        except RemoteProtocolError as error:
            self._give_up(1002, str(error))
            return
        self._move(Signal.ESTABLISHED)
        if established.activity_timeout is not None:
            theirs = max(SHORTEST_ACTIVITY, established.activity_timeout)
            self._activity_timeout = min(self._timeouts.activity, theirs)
        self._heard(now)
        self._events.append(Connected(established.socket_id))

    def _on_ping(self, now: float, frame: Frame) -> None:
        self._send(frames.PONG)

    def _on_pong(self, now: float, frame: Frame) -> None:
        """Nothing: it was heard, like any other frame."""

    def _on_error(self, now: float, frame: Frame) -> None:
        error = frames.parse_peer_error(frame.data)
        self._events.append(ErrorReceived(error.code, error.message))
        if error.code is not None:
            self._last_error = (now, error.code, error.message)
        # As the answer to the handshake it stands for the close code. Source: Seen: soketi, Reverb, pusher-js.
        if self._state is State.HANDSHAKING and error.code is not None:
            self._give_up(error.code, error.message)

    def _on_confirmed(self, now: float, frame: Frame) -> None:
        topic = Topic(frame.channel)
        if self._pending.pop(topic, None) is None:
            return
        self._watch_confirmations()
        if topic in self._leaving:
            self._leaving.discard(topic)
            self._send(frames.encode_unsubscribe(topic))
        else:
            self._confirmed.add(topic)
            self._events.append(Confirmed(topic))

    def _on_refused(self, now: float, frame: Frame) -> None:
        topic = Topic(frame.channel)
        if self._pending.pop(topic, None) is None:
            return
        self._watch_confirmations()
        self._leaving.discard(topic)
        self._events.append(Refused(topic, frames.parse_peer_error(frame.data).message))

    # Reactions to time

    def _on_open_timeout(self, now: float) -> None:
        self._give_up(1006, f"no WebSocket within {self._timeouts.open:g} s")

    def _on_handshake_timeout(self, now: float) -> None:
        self._give_up(1006, f"no connection_established within {self._timeouts.handshake:g} s")

    def _on_activity_timeout(self, now: float) -> None:
        self._send(frames.PING)
        self._timers.start(Timer.PONG, now + self._timeouts.pong)

    def _on_pong_timeout(self, now: float) -> None:
        if self.reading:
            self._give_up(
                1006, f"silent for {self._activity_timeout:g} s, and no pong within {self._timeouts.pong:g} s"
            )
        else:
            # Nothing can be heard while nobody reads; the ping still tells the server that we live.
            self._on_activity_timeout(now)

    def _on_confirm_timeout(self, now: float) -> None:
        if self.reading:
            topic = next(iter(self._pending))
            self._give_up(1006, f"subscription to {topic} not confirmed within {self._timeouts.confirm:g} s")
        else:
            self._pending = dict.fromkeys(self._pending, now + self._timeouts.confirm)
            self._watch_confirmations()

    def _on_close_timeout(self, now: float) -> None:
        self._end(Disconnected(1000, f"closed without an answer within {self._timeouts.close:g} s", Advice.STOP))

    # Steps that the reactions share

    def _watch_confirmations(self) -> None:
        if self._pending:
            self._timers.start(Timer.CONFIRM, next(iter(self._pending.values())))
        else:
            self._timers.stop(Timer.CONFIRM)

    def _give_up(self, code: int, reason: str) -> None:
        """End it from this side: the peer's answer is not waited for."""
        opening = self._state is State.OPENING
        self._outputs.append(Cancel(self._ref) if opening else Close(self._ref))
        self._end(Disconnected(code, reason, self._advice(code)))

    def _end(self, event: Disconnected) -> None:
        self._move(Signal.ENDED)
        self._events.append(event)

    def _send(self, text: str) -> None:
        self._outputs.append(Transmit(self._ref, [text]))

    def _move(self, signal: Signal) -> None:
        to = TRANSITIONS.get((self._state, signal))
        if to is None:
            raise LocalProtocolError(f"cannot {signal.value}: this connection is {self._state.value}")
        self._state = to
        self._timers.keep_only(ARMED[to])


REACTIONS: Mapping[str, Callable[[Connection, float, Frame], None]] = {
    "pusher:connection_established": Connection._on_established,
    "pusher:ping": Connection._on_ping,
    "pusher:pong": Connection._on_pong,
    "pusher:error": Connection._on_error,
    "pusher_internal:subscription_succeeded": Connection._on_confirmed,
    "pusher_internal:subscription_error": Connection._on_refused,
    "pusher:subscription_error": Connection._on_refused,
}
"""What the protocol's own events do; any other name goes to the application. Source: Spec: "Events"."""

EXPIRIES: Mapping[Timer, Callable[[Connection, float], None]] = {
    Timer.CLOSE: Connection._on_close_timeout,
    Timer.OPEN: Connection._on_open_timeout,
    Timer.HANDSHAKE: Connection._on_handshake_timeout,
    Timer.CONFIRM: Connection._on_confirm_timeout,
    Timer.PONG: Connection._on_pong_timeout,
    Timer.ACTIVITY: Connection._on_activity_timeout,
}
"""What each timer does when it fires."""
