"""Where a call and a host stand in a client, what moves them, and which timers may run meanwhile."""

from collections.abc import Mapping
from enum import Enum, IntEnum

__all__ = ["ARMED", "LANE_ARMED", "TRANSITIONS", "LaneState", "Signal", "State", "Timer"]


class State(Enum):
    """Where a call stands."""

    NEW = "new"
    """It stands in no line yet."""
    QUEUED = "queued"
    """It goes when its turn comes."""
    IN_FLIGHT = "in_flight"
    WAITING = "waiting"
    """It has failed, and is queued again in a while."""
    ENDED = "ended"


class Signal(Enum):
    """What moves a call."""

    START = "start"
    QUEUE = "queue"
    BACK_OFF = "back off"
    REPLACE = "replace"
    """Another one is asked in its place."""
    END = "end"


class LaneState(Enum):
    """Where a host stands."""

    IDLE = "idle"
    """Nothing is queued."""
    HELD = "held"
    """The next call waits for its second, or for the end of the host's pause."""
    FULL = "full"
    """The next call waits for the end of one that is in flight."""


class Timer(IntEnum):
    """What a client waits for, in firing order: who wakes late gives up what is too late before it sends anything."""

    ANSWER = 1
    HOLD = 2
    RETRY = 3
    GO = 4


TRANSITIONS: Mapping[tuple[State, Signal], State] = {
    (State.NEW, Signal.QUEUE): State.QUEUED,
    (State.NEW, Signal.REPLACE): State.NEW,
    (State.NEW, Signal.END): State.ENDED,
    (State.QUEUED, Signal.START): State.IN_FLIGHT,
    (State.QUEUED, Signal.REPLACE): State.NEW,
    (State.QUEUED, Signal.END): State.ENDED,
    (State.IN_FLIGHT, Signal.QUEUE): State.QUEUED,
    (State.IN_FLIGHT, Signal.BACK_OFF): State.WAITING,
    (State.IN_FLIGHT, Signal.REPLACE): State.NEW,
    (State.IN_FLIGHT, Signal.END): State.ENDED,
    (State.WAITING, Signal.QUEUE): State.QUEUED,
    (State.WAITING, Signal.REPLACE): State.NEW,
    (State.WAITING, Signal.END): State.ENDED,
}
"""All legal moves of a call."""

ARMED: Mapping[State, frozenset[Timer]] = {
    State.NEW: frozenset(),
    State.QUEUED: frozenset({Timer.HOLD}),
    State.IN_FLIGHT: frozenset({Timer.ANSWER}),
    State.WAITING: frozenset({Timer.HOLD, Timer.RETRY}),
    State.ENDED: frozenset(),
}
"""The timers of a call that may run in each of its states; entering it stops all others."""

LANE_ARMED: Mapping[LaneState, frozenset[Timer]] = {
    LaneState.IDLE: frozenset(),
    LaneState.HELD: frozenset({Timer.GO}),
    LaneState.FULL: frozenset(),
}
"""The same of a host."""
