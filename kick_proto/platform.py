"""What a platform is to an application: three interfaces, and the words for how it is doing.

An application that shows several platforms side by side knows each of them through these protocols alone: one for
logging in, one for what happens on channels, one for asking. One object may be all three, as ``kick_io.strategy``
is. Nothing in here is Kick's; ``docs/adding_a_platform.md`` builds a second one.

What happens is told in the unified events of ``kick_proto.events``. A platform whose ids are texts names a channel with
``ids.Channel.elsewhere``, and a user by ``slug``, with 0 for the number that it has not.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec

from kick_proto.tokens import TokenSet

__all__ = [
    "Component",
    "Condition",
    "ConnectionState",
    "EventPlatform",
    "Handler",
    "Health",
    "OAuthPlatform",
    "RestPlatform",
    "StateChanged",
]

EventT = TypeVar("EventT", bound=msgspec.Struct)
UserT_co = TypeVar("UserT_co", covariant=True)

Handler: TypeAlias = Callable[[EventT], Any]
"""Called with each event of its type; what it returns is awaited where it can be."""


class ConnectionState(Enum):
    """Where the stream of events stands."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    """There is no connection yet, or none any more, and the platform is about to have one."""
    CONNECTED = "connected"
    DISCONNECTING = "disconnecting"
    ERROR = "error"
    """It has given up, and says why; ``connect`` begins anew."""


class StateChanged(msgspec.Struct, frozen=True, tag=True):
    """The state has changed; this stands among the events, where it happened."""

    platform: str
    old: ConnectionState
    new: ConnectionState
    reason: str
    """A sentence; "" where there is nothing to say."""
    at: datetime


class Condition(Enum):
    """How a part is doing, by the last that was heard of it."""

    UNUSED = "unused"
    """Nothing was asked of it yet, so nothing is known."""
    GOOD = "good"
    BAD = "bad"


class Component(msgspec.Struct, frozen=True):
    """One part of a platform."""

    condition: Condition = Condition.UNUSED
    detail: str = ""
    """What is wrong, where something is."""
    at: datetime | None = None
    """When that was heard."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a platform is doing: plain data, for a status page or a log line. Times are aware UTC."""

    platform: str
    state: ConnectionState
    socket: Component
    rest: Component
    oauth: Component
    cluster: str | None
    """The server in use, or the one that is being tried."""
    retry_in: float | None
    """Seconds until the next attempt to connect; None where none is due."""
    last_error: str | None
    last_error_at: datetime | None
    last_event_at: datetime | None


class OAuthPlatform(Protocol):
    """Logging in. ``username`` is the application's own name for an account; each has its tokens."""

    @property
    def platform(self) -> str:
        """The platform's name: ``kick``."""
        ...

    async def start_oauth(self, username: str) -> str:
        """Begin a login: the URL to open in a browser. A login of that account that was begun before is void."""
        ...

    async def handle_callback(self, code: str, state: str) -> TokenSet:
        """Finish the login that ``state`` belongs to, with the ``code`` that came back; the tokens are kept.

        Raises:
            LoginFailed: it is no login of ours, or was refused.
        """
        ...

    async def get_access_token(self, username: str) -> TokenSet:
        """The account's tokens, renewed first where they are about to expire.

        Raises:
            Unauthorized: nobody has logged in under that name, or the login is lost.
        """
        ...

    async def refresh_token(self, username: str) -> TokenSet:
        """Renew the account's tokens now. Raises as ``get_access_token``."""
        ...


class EventPlatform(Protocol):
    """What happens on channels."""

    @property
    def platform(self) -> str:
        """The platform's name: ``kick``."""
        ...

    @property
    def state(self) -> ConnectionState:
        """Where the stream of events stands."""
        ...

    def health(self) -> Health:
        """How it is doing, now."""
        ...

    async def connect(self) -> None:
        """Begin to connect, and stay connected from then on; ``StateChanged`` tells of both."""
        ...

    async def disconnect(self) -> None:
        """End the connection in order; nothing is left open after it."""
        ...

    async def subscribe_to_channel(self, channel: str, username: str | None = None) -> None:
        """Want everything that happens on the channel, by its name.

        ``username`` is the account on whose behalf it is asked for what needs one.
        """
        ...

    async def subscribe_to_chat(self, channel: str) -> None:
        """Want the channel's chat, and no more."""
        ...

    async def unsubscribe_from_channel(self, channel: str) -> None:
        """Want nothing of the channel any more."""
        ...

    def on(self, event_type: type[EventT], handler: Handler[EventT]) -> None:
        """Have the handler called with each event of the type while ``run`` runs."""
        ...

    def events(self) -> AsyncIterator[msgspec.Struct]:
        """The unified events, and what the connection tells (``StateChanged``, for one), as they happen."""
        ...

    async def run(self) -> None:
        """Give every event to its handlers, until ``disconnect``."""
        ...


class RestPlatform(Protocol[UserT_co]):
    """Asking. ``path`` begins with a slash; what comes back is decoded JSON.

    Each raises ``ApiError`` or one of its kinds for an answer that is no success, and ``TransportError`` for none.
    """

    async def get(self, path: str, *, params: Mapping[str, Any] | None = None, username: str | None = None) -> Any:
        """Ask for a resource."""
        ...

    async def post(self, path: str, *, json: Any = None, username: str | None = None) -> Any:
        """Make one; never sent twice when the answer is lost."""
        ...

    async def put(self, path: str, *, json: Any = None, username: str | None = None) -> Any:
        """Put one in place."""
        ...

    async def delete(self, path: str, *, json: Any = None, username: str | None = None) -> Any:
        """Take one away."""
        ...

    async def get_user(self, name: str) -> UserT_co:
        """Who that is, with the ids that the platform needs.

        Raises:
            NotFound: there is nobody of that name.
        """
        ...
