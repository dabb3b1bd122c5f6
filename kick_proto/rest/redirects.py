"""Where a redirect leads, and whether that is still the same server.

Followed is what stays within scheme, host and port. The next address is made from our own base and the path of the
``Location``, so that however its authority may be read by whoever sends the request, it goes to no other server.

Source: Spec: RFC 9110 sections 10.2.2 and 15.4; RFC 3986 section 5.
"""

import re
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

import msgspec

from kick_proto.http import Pairs, Response
from kick_proto.secret import Secret

__all__ = ["STATUSES", "Elsewhere", "Target", "led_to"]

STATUSES = frozenset({301, 302, 303, 307, 308})
"""A GET stays a GET with all of them. Source: Spec: RFC 9110 section 15.4."""

_LOCATION = re.compile(r"[!-\[\]-~]{1,4096}")
"""Printable ASCII, no blank, no backslash; longer ones are nobody's."""
_PORTS = {"http": 80, "https": 443}
_LONGEST_SHOWN = 100


class Target(msgspec.Struct, frozen=True):
    """What is to be asked of the same server. The query is the server's own and may hold a secret."""

    address: str
    query: Pairs


class Elsewhere(msgspec.Struct, frozen=True):
    """Where a redirect leads that stays not within the server: its origin, for people, and never its query."""

    origin: str


def led_to(address: str, response: Response) -> Target | Elsewhere:
    """Where the response to a request for ``address`` leads, which is one of our own making."""
    location = response.header("location") or ""
    if _LOCATION.fullmatch(location) is None:
        return Elsewhere("nowhere" if not location else "what is no URL")
    here = urlsplit(address)
    try:
        there = urlsplit(urljoin(address, location))
        query = tuple((name, Secret(value)) for name, value in parse_qsl(there.query, keep_blank_values=True))
        is_same = _origin(there) == _origin(here)
    except ValueError:
        return Elsewhere("what is no URL")
    if not is_same:
        return Elsewhere(f"{there.scheme}://{there.netloc.rpartition('@')[2]}"[:_LONGEST_SHOWN])
    return Target(f"{here.scheme}://{here.netloc}{there.path or '/'}", query)


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)
