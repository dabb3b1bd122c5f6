"""The states of a grant, as tables: where its tokens stand, what moves them, which timers may run."""

from collections.abc import Mapping
from enum import Enum, IntEnum

__all__ = ["ARMED", "TRANSITIONS", "Signal", "State", "Timer"]


class State(Enum):
    """Where the tokens of a grant stand."""

    EMPTY = "empty"
    HELD = "held"
    REFRESHING = "refreshing"
    STORING = "storing"
    """New tokens are told, and wait to be stored; those before them, if any, are in use."""
    UNSTORED = "unstored"
    """The same, and it has taken too long."""
    REVOKING = "revoking"
    CLOSED = "closed"


class Signal(Enum):
    """What moves a grant."""

    ADOPT = "adopt"
    ISSUED = "issued"
    STORED = "stored"
    STALLED = "stalled"
    REFRESH = "refresh"
    KEPT = "kept"
    LOST = "lost"
    REVOKE = "revoke"
    REVOKED = "revoked"
    CLOSE = "close"


class Timer(IntEnum):
    """What a grant waits for, in firing order."""

    LOGIN = 1
    STORE = 2


TRANSITIONS: Mapping[tuple[State, Signal], State] = {
    (State.EMPTY, Signal.ADOPT): State.HELD,
    (State.EMPTY, Signal.ISSUED): State.STORING,
    (State.EMPTY, Signal.CLOSE): State.CLOSED,
    (State.HELD, Signal.ADOPT): State.HELD,
    (State.HELD, Signal.ISSUED): State.STORING,
    (State.HELD, Signal.REFRESH): State.REFRESHING,
    (State.HELD, Signal.REVOKE): State.REVOKING,
    (State.HELD, Signal.CLOSE): State.CLOSED,
    (State.REFRESHING, Signal.ADOPT): State.HELD,
    (State.REFRESHING, Signal.ISSUED): State.STORING,
    (State.REFRESHING, Signal.REFRESH): State.REFRESHING,
    (State.REFRESHING, Signal.KEPT): State.HELD,
    (State.REFRESHING, Signal.LOST): State.EMPTY,
    (State.REFRESHING, Signal.REVOKE): State.REVOKING,
    (State.REFRESHING, Signal.CLOSE): State.CLOSED,
    (State.STORING, Signal.ADOPT): State.HELD,
    (State.STORING, Signal.ISSUED): State.STORING,
    (State.STORING, Signal.STORED): State.HELD,
    (State.STORING, Signal.STALLED): State.UNSTORED,
    (State.STORING, Signal.REFRESH): State.STORING,
    (State.STORING, Signal.REVOKE): State.REVOKING,
    (State.STORING, Signal.CLOSE): State.CLOSED,
    (State.UNSTORED, Signal.ADOPT): State.HELD,
    (State.UNSTORED, Signal.ISSUED): State.STORING,
    (State.UNSTORED, Signal.STORED): State.HELD,
    (State.UNSTORED, Signal.REFRESH): State.STORING,
    (State.UNSTORED, Signal.REVOKE): State.REVOKING,
    (State.UNSTORED, Signal.CLOSE): State.CLOSED,
    (State.REVOKING, Signal.ISSUED): State.STORING,
    (State.REVOKING, Signal.STORED): State.REVOKING,
    (State.REVOKING, Signal.STALLED): State.UNSTORED,
    (State.REVOKING, Signal.KEPT): State.HELD,
    (State.REVOKING, Signal.REVOKE): State.REVOKING,
    (State.REVOKING, Signal.REVOKED): State.EMPTY,
    (State.REVOKING, Signal.CLOSE): State.CLOSED,
    (State.CLOSED, Signal.CLOSE): State.CLOSED,
}
"""All legal moves; a command without a row raises. A login that is under way is no state: it goes on beside them."""

_ANY_TIME = frozenset({Timer.LOGIN})
ARMED: Mapping[State, frozenset[Timer]] = {
    State.EMPTY: _ANY_TIME,
    State.HELD: _ANY_TIME,
    State.REFRESHING: _ANY_TIME,
    State.STORING: frozenset({Timer.LOGIN, Timer.STORE}),
    State.UNSTORED: _ANY_TIME,
    State.REVOKING: _ANY_TIME,
    State.CLOSED: frozenset(),
}
"""The timers that may run in each state; entering it stops all others."""
