"""One request to the mock's HTTP side and its reply, as values; and how the four hosts share one port.

The first part of a path names the host: ``/api/public/v1/users`` is what ``https://api.kick.com/public/v1/users`` is at
Kick. So one port serves all of them, and ``endpoints.call.Sites`` has the four bases.
"""

from collections.abc import Mapping
from enum import Enum
from urllib.parse import urlsplit

import msgspec

from kick_proto.endpoints.call import Host, Sites
from kick_proto.http import Headers, Request, Response

__all__ = ["Cut", "SiteReply", "SiteRequest", "as_asked", "sites_at", "split_target"]


class SiteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked; ``target`` is path and query as they came, header names are in lower case.

    It holds secrets, so its ``repr`` tells method and path alone.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """The value of the first header of that name (lower case), or nothing."""
        return next((value for each, value in self.headers if each == name), "")

    def __repr__(self) -> str:
        return f"SiteRequest({self.method} {self.target.partition('?')[0]}, {len(self.body)} bytes)"


class Cut(Enum):
    """Where a connection is cut: never, before the reply, or with half of its body sent."""

    NEVER = "never"
    BEFORE = "before"
    HALFWAY = "halfway"


class SiteReply(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered, ``delay`` seconds later, and how much of it."""

    response: Response
    delay: float = 0.0
    cut: Cut = Cut.NEVER


PREFIXES: Mapping[str, Host] = {host.value: host for host in Host}
"""The first part of the path of each host."""


def split_target(target: str) -> tuple[Host | None, str, str]:
    """The host that is meant (None: none of them), the path there, and the query as it came."""
    path, _, query = target.partition("#")[0].partition("?")
    first, slash, rest = path.removeprefix("/").partition("/")
    host = PREFIXES.get(first) if path.startswith("/") else None
    return (host, slash + rest, query) if host else (None, path, query)


def sites_at(base: str) -> Sites:
    """Where the four hosts are on a port whose URL is ``base``, like ``http://127.0.0.1:6001``."""
    return Sites(**{host.value: f"{base}/{prefix}" for prefix, host in PREFIXES.items()})


def as_asked(request: Request) -> SiteRequest:
    """A machine's request, as it comes in here: for tests that need no socket."""
    parts = urlsplit(request.url())
    return SiteRequest(
        method=request.method,
        target=f"{parts.path}?{parts.query}" if parts.query else parts.path,
        headers=tuple((name.lower(), value) for name, value in request.header_lines()),
        body=request.content(),
    )
