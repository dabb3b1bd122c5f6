"""From what happens to how the platform is doing: the fold behind ``Health`` and ``StateChanged``.

A ``Monitor`` is told what the application wants (connect, disconnect), what the session says, and what came of each
call; it keeps the last of each and decides nothing else. The wall clock (unix seconds) is an argument.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from kick_proto import events
from kick_proto.lifecycle import Down, GaveUp, Up
from kick_proto.outcomes import Failure, Outcome
from kick_proto.platform import Component, Condition, ConnectionState, Health, StateChanged
from kick_proto.provider import ErrorReceived, Refused

__all__ = ["TRANSITIONS", "Monitor", "Signal"]


class Signal(Enum):
    """What moves the state."""

    CONNECT = "connect"
    UP = "up"
    DOWN = "down"
    GAVE_UP = "gave up"
    DISCONNECT = "disconnect"
    DISCONNECTED = "disconnected"


_WANTED = (ConnectionState.CONNECTING, ConnectionState.CONNECTED)

TRANSITIONS: Mapping[tuple[ConnectionState, Signal], ConnectionState] = {
    (ConnectionState.DISCONNECTED, Signal.CONNECT): ConnectionState.CONNECTING,
    (ConnectionState.ERROR, Signal.CONNECT): ConnectionState.CONNECTING,
    (ConnectionState.CONNECTING, Signal.UP): ConnectionState.CONNECTED,
    (ConnectionState.CONNECTED, Signal.DOWN): ConnectionState.CONNECTING,
    **{(state, Signal.GAVE_UP): ConnectionState.ERROR for state in _WANTED},
    **{(state, Signal.DISCONNECT): ConnectionState.DISCONNECTING for state in (*_WANTED, ConnectionState.ERROR)},
    (ConnectionState.DISCONNECTING, Signal.DISCONNECTED): ConnectionState.DISCONNECTED,
}
"""All moves. What has no row changes nothing: a session that is being closed still tells of its end."""

SERVER_ANSWERED = frozenset({Outcome.NOT_FOUND, Outcome.REJECTED, Outcome.FORBIDDEN})
"""Failures of what was asked, not of who was asked: the REST side is well."""


class Monitor:
    """Keeps the last of everything; see the module's docstring."""

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._state = ConnectionState.DISCONNECTED
        self._changes: list[StateChanged] = []
        self._socket = self._rest = self._oauth = Component()
        self._cluster: str | None = None
        self._retry_at: float | None = None
        self._error: str | None = None
        self._error_at: datetime | None = None
        self._event_at: datetime | None = None

    @property
    def state(self) -> ConnectionState:
        """Where the stream of events stands."""
        return self._state

    def take_changes(self) -> list[StateChanged]:
        """Pop what has changed since this was asked last."""
        changes, self._changes = self._changes, []
        return changes

    def health(self, unix_now: float) -> Health:
        """How it is doing."""
        return Health(
            platform=self._platform,
            state=self._state,
            socket=self._socket,
            rest=self._rest,
            oauth=self._oauth,
            cluster=self._cluster,
            retry_in=None if self._retry_at is None else max(0.0, self._retry_at - unix_now),
            last_error=self._error,
            last_error_at=self._error_at,
            last_event_at=self._event_at,
        )

    # What the application wants

    def connect(self, unix_now: float) -> None:
        """It wants to be connected."""
        self._move(unix_now, Signal.CONNECT, "")

    def disconnect(self, unix_now: float) -> None:
        """It wants to be connected no more."""
        self._retry_at = None
        self._move(unix_now, Signal.DISCONNECT, "")

    def disconnected(self, unix_now: float) -> None:
        """Everything is closed."""
        self._socket = Component(Condition.UNUSED, "", _utc(unix_now))
        self._cluster = None
        self._move(unix_now, Signal.DISCONNECTED, "")

    # What happens

    def note(self, unix_now: float, event: object) -> None:
        """Take in one thing that the session tells."""
        if isinstance(event, events.Arrival):
            self._event_at = event.received_at
        elif (react := REACTIONS.get(type(event))) is not None:
            react(self, unix_now, event)

    def note_call(self, unix_now: float, failure: Failure | None) -> None:
        """Take in what came of a call; None is a success."""
        if failure is None or failure.outcome in SERVER_ANSWERED:
            self._rest = Component(Condition.GOOD, "", _utc(unix_now))
            return
        self._rest = self._bad(unix_now, failure.message)
        if failure.outcome is Outcome.UNAUTHORIZED:
            self._oauth = self._bad(unix_now, failure.message)

    def note_login(self, unix_now: float, problem: str | None) -> None:
        """Take in what is known of a login: None where there is a good one."""
        self._oauth = Component(Condition.GOOD, "", _utc(unix_now)) if problem is None else self._bad(unix_now, problem)

    def _on_up(self, unix_now: float, event: Up) -> None:
        self._cluster, self._retry_at = event.cluster, None
        self._socket = Component(Condition.GOOD, "", _utc(unix_now))
        self._move(unix_now, Signal.UP, "")

    def _on_down(self, unix_now: float, event: Down) -> None:
        self._cluster = event.cluster
        self._retry_at = None if event.retry_in is None else unix_now + event.retry_in
        reason = event.reason or f"closed with {event.code}"
        self._socket = self._bad(unix_now, reason)
        self._move(unix_now, Signal.DOWN, reason)

    def _on_gave_up(self, unix_now: float, event: GaveUp) -> None:
        self._retry_at = None
        self._socket = self._bad(unix_now, event.reason)
        self._move(unix_now, Signal.GAVE_UP, event.reason)

    def _on_complaint(self, unix_now: float, event: ErrorReceived | Refused) -> None:
        """Reported, on a connection that goes on."""
        text = event.message if isinstance(event, ErrorReceived) else f"{event.topic}: {event.reason}"
        self._error, self._error_at = text, _utc(unix_now)

    def _bad(self, unix_now: float, detail: str) -> Component:
        self._error, self._error_at = detail, _utc(unix_now)
        return Component(Condition.BAD, detail, self._error_at)

    def _move(self, unix_now: float, signal: Signal, reason: str) -> None:
        new = TRANSITIONS.get((self._state, signal))
        if new is not None:
            self._changes.append(StateChanged(self._platform, self._state, new, reason, _utc(unix_now)))
            self._state = new


def _utc(unix_now: float) -> datetime:
    return datetime.fromtimestamp(unix_now, UTC)


REACTIONS: Mapping[type, Callable[[Monitor, float, Any], None]] = {
    Up: Monitor._on_up,
    Down: Monitor._on_down,
    GaveUp: Monitor._on_gave_up,
    ErrorReceived: Monitor._on_complaint,
    Refused: Monitor._on_complaint,
}
"""What the session's own events do; all others are the application's."""
