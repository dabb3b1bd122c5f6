"""A call, before it is sent: what is asked where, who may ask, what may be done when it fails, how it is read.

A function of ``endpoints`` makes one from typed arguments; ``rest.Client`` knows how to perform any of them. So a new
endpoint is one function, and no machine or driver knows its name.
"""

from collections.abc import Callable
from enum import Enum
from typing import Generic, Literal, TypeAlias, TypeVar

import msgspec

from kick_proto.http import Pairs, Response
from kick_proto.outcomes import Outcome
from kick_proto.secret import Secret

__all__ = ["Auth", "Call", "Host", "Instead", "Method", "Sites"]

ResultT = TypeVar("ResultT")
Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Host(Enum):
    """Which of Kick's servers is asked; each is paced by itself."""

    API = "api"
    """The official API, https://api.kick.com."""
    SITE = "site"
    """What the web page asks, https://kick.com; unofficial, and guarded by the edge."""
    WEB = "web"
    """What the web page asks since 2026, https://web.kick.com; unofficial."""
    ID = "id"
    """The OAuth server, https://id.kick.com."""


class Sites(msgspec.Struct, frozen=True, kw_only=True):
    """Where the hosts are: scheme, host and port, and perhaps a path, without a slash at the end.

    A mock has them elsewhere: all four on one port, each below a path of its own.
    """

    api: str = "https://api.kick.com"
    site: str = "https://kick.com"
    web: str = "https://web.kick.com"
    id: str = "https://id.kick.com"

    def __post_init__(self) -> None:
        for host in Host:
            base = self.of(host)
            if not base.startswith(("https://", "http://")) or base.endswith("/"):
                raise ValueError(
                    f"{host.value} must be like https://kick.com, without a slash at the end, not {base!r}"
                )

    def of(self, host: Host) -> str:
        """The base of the host's URLs."""
        base: str = getattr(self, host.value)
        return base


class Auth(Enum):
    """Whether the access token is sent along."""

    NONE = "none"
    """Never: it must not be seen there."""
    OPTIONAL = "optional"
    """Where there is one."""
    NEEDED = "needed"
    """Always; without one the call fails at once."""


class Instead(msgspec.Struct, Generic[ResultT], frozen=True):
    """What is asked in place of a call that failed in one of these ways."""

    outcomes: frozenset[Outcome]
    call: "Call[ResultT]"


class Call(msgspec.Struct, Generic[ResultT], frozen=True, kw_only=True):
    """One call; see the module's docstring.

    ``parse`` turns a 2xx into the result, and raises ``RemoteProtocolError`` for what it cannot read and ``NotFound``
    where the answer says that there is no such thing. ``repeatable`` says whether doing it twice is the same as doing
    it once: such a call is tried again when the answer is lost. ``bearer`` is a token of the call's own, in place of
    the account's. ``instead`` is looked through in order when the call has failed for good.
    """

    host: Host
    method: Method
    path: str
    parse: Callable[[Response], ResultT]
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes = b""
    """JSON, or nothing."""
    form: Pairs = ()
    auth: Auth = Auth.NONE
    bearer: Secret | None = None
    repeatable: bool = False
    redirects: bool = False
    """Whether redirects within the same host are followed; only a GET's ever are."""
    instead: tuple[Instead[ResultT], ...] = ()
