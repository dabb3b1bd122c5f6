"""What may be decided about a world: the vocabulary of schedules. Each decision is a moment and a fault or command.

All are frozen values, so that a schedule can be printed, cut down and carried out again. ``at`` and durations are
seconds; ``app`` is the number of an application, ``host`` the name of a server. Nothing here acts; ``deciding`` does.
"""

from enum import Enum
from typing import TypeAlias

import msgspec

from kick_proto.frames import Frame
from kick_proto.testing.faults import Faults

__all__ = [
    "Ask",
    "Cut",
    "Decision",
    "Door",
    "DoorKind",
    "Doze",
    "Freeze",
    "HalfOpen",
    "Hangup",
    "Latency",
    "Leave",
    "Mood",
    "Move",
    "Noise",
    "Publish",
    "Quit",
    "Splits",
    "Stall",
    "Tardy",
    "Twin",
    "TwinKind",
    "Way",
    "Whisper",
]


class DoorKind(Enum):
    """What happens to who connects: refused, kept waiting, never answered, no WebSocket behind the connection, or one
    that talks and talks without a handshake (over bytes that is no WebSocket either).
    """

    REFUSED = "refused"
    SLOW = "slow"
    SILENT = "silent"
    BROKEN = "broken"
    BABBLING = "babbling"


class Way(Enum):
    """Which way a half-open link is dead."""

    TO_CLIENT = "to client"
    TO_SERVER = "to server"
    BOTH = "both"


class TwinKind(Enum):
    """How a twin of a client's machines is treated otherwise than its original, which must make no difference."""

    ALIKE = "alike"
    EARLY = "early timeouts"
    IN_PIECES = "reads in pieces"
    ONE_BY_ONE = "events one by one"
    STALE = "inputs of the past"


class Latency(msgspec.Struct, frozen=True, tag=True):
    """From now on each message takes a time between these, one way."""

    at: float
    least: float
    most: float


class Splits(msgspec.Struct, frozen=True, tag=True):
    """From now on this share of what servers send arrives in several reads."""

    at: float
    share: float


class Tardy(msgspec.Struct, frozen=True, tag=True):
    """From now on the driver still hands over what was under way to sockets that are closed or cancelled."""

    at: float


class Door(msgspec.Struct, frozen=True, tag=True):
    """Until then who connects to the host finds this; ``delay`` is how long a slow one takes, ``texts`` the babble."""

    at: float
    host: str
    kind: DoorKind
    until: float
    delay: float
    texts: tuple[str, ...] = ()


class Mood(msgspec.Struct, frozen=True, tag=True):
    """Until then the host has these faults."""

    at: float
    host: str
    faults: Faults
    until: float


class Move(msgspec.Struct, frozen=True, tag=True):
    """From now on the app lives at these hosts; all others refuse it with 4001, and hang up on who is there."""

    at: float
    hosts: frozenset[str]


class Hangup(msgspec.Struct, frozen=True, tag=True):
    """The server closes the connection of the application, maybe with an error frame first."""

    at: float
    app: int
    code: int
    is_told: bool


class Whisper(msgspec.Struct, frozen=True, tag=True):
    """The server sends these texts to the application: malformed, foreign, repeated, out of turn."""

    at: float
    app: int
    texts: tuple[str, ...]


class Noise(msgspec.Struct, frozen=True, tag=True):
    """These bytes come to the application between two of the server's frames. At the level of texts: nothing."""

    at: float
    app: int
    data: bytes


class Publish(msgspec.Struct, frozen=True, tag=True):
    """All servers publish these frames."""

    at: float
    frames: tuple[Frame, ...]


class Cut(msgspec.Struct, frozen=True, tag=True):
    """The link is lost when so many more bytes (or texts) have come to the application."""

    at: float
    app: int
    after: int


class HalfOpen(msgspec.Struct, frozen=True, tag=True):
    """The link is dead from now on, and nobody is told."""

    at: float
    app: int
    way: Way


class Stall(msgspec.Struct, frozen=True, tag=True):
    """Nothing comes to the application for so long; then it all does, in one read."""

    at: float
    app: int
    seconds: float


class Ask(msgspec.Struct, frozen=True, tag=True):
    """The application subscribes a channel: all of its topics, or so many of them."""

    at: float
    app: int
    channel: int
    topics: int | None = None


class Leave(msgspec.Struct, frozen=True, tag=True):
    """The application unsubscribes a channel, subscribed or not."""

    at: float
    app: int
    channel: int


class Quit(msgspec.Struct, frozen=True, tag=True):
    """The application closes its session, and begins another one later; ``again`` tells it once more in between."""

    at: float
    app: int
    again: bool


class Doze(msgspec.Struct, frozen=True, tag=True):
    """The application takes no events for so long: a slow consumer. Its driver goes on."""

    at: float
    app: int
    seconds: float


class Freeze(msgspec.Struct, frozen=True, tag=True):
    """The application's clock jumps ahead by so much: nothing of it runs meanwhile, its timers and mail come late."""

    at: float
    app: int
    seconds: float
    mail_first: bool


class Twin(msgspec.Struct, frozen=True, tag=True):
    """From now on, for so many steps, a deep copy of the application's machines goes along."""

    at: float
    app: int
    kind: TwinKind
    steps: int


Decision: TypeAlias = (
    Latency
    | Splits
    | Tardy
    | Door
    | Mood
    | Move
    | Hangup
    | Whisper
    | Noise
    | Publish
    | Cut
    | HalfOpen
    | Stall
    | Ask
    | Leave
    | Quit
    | Doze
    | Freeze
    | Twin
)
