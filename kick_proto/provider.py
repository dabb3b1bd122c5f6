"""What a session needs of a realtime provider, and the words in which connections tell what happened.

Kick hands out more than one transport: Pusher, and since September 2026 Centrifugo, with the same topics, event names
and payloads in another envelope. A session knows them only through this module: an *endpoint* is where one may
connect, a *connection* is one socket's life, and all connections speak in the events below.

Source: Seen: wire catalogue section 9.7 (2026-09).
"""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import msgspec

from kick_proto.backoff import Advice
from kick_proto.frames import Frame, Malformed
from kick_proto.ids import Topic
from kick_proto.machine import Input, Machine, Output

__all__ = [
    "Connected",
    "Connection",
    "ConnectionEvent",
    "Disconnected",
    "Endpoint",
    "ErrorReceived",
    "Provider",
    "Confirmed",
    "Refused",
]


class Endpoint(msgspec.Struct, frozen=True):
    """A server that may serve what we ask for; ``cluster`` is its name for people."""

    cluster: str
    host: str
    port: int = 443
    tls: bool = True

    def __post_init__(self) -> None:
        if not self.host or not 0 < self.port < 65536:
            raise ValueError(f"an endpoint needs a host and a port from 1 to 65535, not {self.host!r}:{self.port}")


class Connected(msgspec.Struct, frozen=True):
    """The handshake is done: subscriptions may be made."""

    socket_id: str


class Confirmed(msgspec.Struct, frozen=True, tag=True):
    """The server confirmed a subscription. It confirms any name, so this proves nothing about the name."""

    topic: Topic


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The server refused a subscription; it is asked for again on the next connection."""

    topic: Topic
    reason: str


class ErrorReceived(msgspec.Struct, frozen=True, tag=True):
    """The server reported an error on an open connection, which by itself changes nothing."""

    code: int | None
    message: str


class Disconnected(msgspec.Struct, frozen=True):
    """The connection has ended, or never came about.

    ``code`` is a WebSocket close code (4000-4999 are the provider's own), 1006 where none was seen.
    """

    code: int
    reason: str
    advice: Advice


ConnectionEvent: TypeAlias = Frame | Connected | Confirmed | Refused | ErrorReceived | Malformed | Disconnected


class Connection(Machine[ConnectionEvent, Input[Sequence[str]], Output[Sequence[str]]], Protocol):
    """One socket's life, as a text-level machine. A ``Frame`` among its events is the application's."""

    reading: bool
    """Set to False while the driver has stopped reading: then silence is our own doing, and proves nothing."""

    def connect(self, now: float) -> None:
        """Ask for the socket; legal once."""
        ...

    def subscribe(self, now: float, topic: Topic) -> None:
        """Subscribe, at once; legal after ``Connected``, once a topic."""
        ...

    def unsubscribe(self, now: float, topic: Topic) -> None:
        """Unsubscribe, as soon as the subscription has been confirmed."""
        ...

    def is_asked(self, topic: Topic) -> bool:
        """Whether the topic is subscribed, or its confirmation is awaited."""
        ...

    def is_confirmed(self, topic: Topic) -> bool:
        """Whether the subscription stands confirmed."""
        ...

    def close(self, now: float) -> None:
        """End it in order; legal at any time."""
        ...


class Provider(Protocol):
    """Where to connect, and how to speak there."""

    @property
    def name(self) -> str:
        """What is being asked for, for people: "app key abc"."""
        ...

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The candidates, in the order in which they are tried."""
        ...

    def connection(self, ref: int, endpoint: Endpoint) -> Connection:
        """A new connection to the endpoint, known to the driver as ``ref``."""
        ...
