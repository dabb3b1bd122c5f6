"""One HTTP exchange as values: what a machine asks for, and what it is told.

A machine that calls over HTTP puts out ``Fetch(ref, request)`` and hears ``Responded`` or ``Unanswered`` for it, once;
after ``Cancel(ref)`` nothing. How an exchange is performed is the driver's matter: it opens the connection, follows no
redirect, decodes what ``content-encoding`` says, keeps no cookies, gives up at the request's timeouts, and of an answer
reads no more than ``max_body``: of one that is larger it gives the beginning, and says so with ``Response.cut``.

Secrets stand in a request as ``Secret``, so that a request may be logged. They are revealed by ``url``,
``header_lines`` and ``content`` alone, which a driver calls where it sends.

Source: Spec: RFC 9110.
"""

from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from kick_proto.machine import Cancel, Machine
from kick_proto.secret import Secret

__all__ = [
    "Fetch",
    "Headers",
    "HttpInput",
    "HttpMachine",
    "HttpOutput",
    "MAX_BODY",
    "Pairs",
    "Request",
    "Responded",
    "Response",
    "Timeouts",
    "Unanswered",
    "retry_after",
]

EventT = TypeVar("EventT")

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Names in lower case, and values, in the order in which they came."""
Pairs: TypeAlias = tuple[tuple[str, str | Secret], ...]
"""Names and values that are to be sent; a name may stand there more than once."""

MAX_BODY = 2 * 1024 * 1024
"""Bytes of a reply that are read by default."""


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds: for the connection (TLS included), for each wait on a read or write, and for the whole exchange."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 20.0

    def __post_init__(self) -> None:
        if not (self.connect > 0 and self.read > 0 and self.total > 0):
            raise ValueError(f"timeouts are seconds above 0, not {self.connect}, {self.read}, {self.total}")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be asked.

    ``address`` is scheme, host, port and path: ``https://api.kick.com/public/v1/users``. ``body`` is what is sent as it
    is, ``form`` what is sent as ``application/x-www-form-urlencoded``; there is one of them at most.
    """

    method: str
    address: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes = b""
    form: Pairs = ()
    timeouts: Timeouts = Timeouts()
    max_body: int = MAX_BODY

    def url(self) -> str:
        """The whole URL, with what is secret in its query."""
        query = urlencode(list(_revealed(self.query)), quote_via=quote)
        return f"{self.address}?{query}" if query else self.address

    def header_lines(self) -> list[tuple[str, str]]:
        """The headers, with what is secret in them; ``host`` and ``content-length`` are the driver's to add."""
        lines = list(_revealed(self.headers))
        return [*lines, ("content-type", "application/x-www-form-urlencoded")] if self.form else lines

    def content(self) -> bytes:
        """The body, with what is secret in it."""
        return urlencode(list(_revealed(self.form)), quote_via=quote).encode() if self.form else self.body


def _revealed(pairs: Pairs) -> Iterator[tuple[str, str]]:
    return ((name, value.reveal() if isinstance(value, Secret) else value) for name, value in pairs)


class Response(msgspec.Struct, frozen=True):
    """What was answered. It may hold secrets anywhere, so its ``repr`` tells no more than kind and size.

    ``cut`` is True where there was more than ``Request.max_body`` bytes: ``body`` is its beginning then.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    cut: bool = False

    def header(self, name: str) -> str | None:
        """The value of the first header of that name (lower case), or None."""
        return next((value for each, value in self.headers if each == name), None)

    def __repr__(self) -> str:
        more = " and more" if self.cut else ""
        return f"Response(status={self.status}, {self.header('content-type')!r:.80}, {len(self.body)} bytes{more})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for rich, which would print every field otherwise."""
        return [("status", self.status), ("size", len(self.body))]


class Fetch(msgspec.Struct, frozen=True):
    """Perform the exchange."""

    ref: int
    request: Request


class Responded(msgspec.Struct, frozen=True):
    """The exchange that ``Fetch(ref)`` asked for has been answered; ``unix_now`` is the wall clock (unix seconds)."""

    ref: int
    response: Response
    unix_now: float


class Unanswered(msgspec.Struct, frozen=True):
    """There will be no answer; ``reason`` is a sentence for people.

    ``sent`` is False where the request surely never left (no name, no connection, no TLS): then even what must not be
    done twice can be tried again.
    """

    ref: int
    reason: str
    sent: bool = True


HttpInput: TypeAlias = Responded | Unanswered
HttpOutput: TypeAlias = Fetch | Cancel
HttpMachine: TypeAlias = Machine[EventT, HttpInput, HttpOutput]
"""A machine that calls over HTTP."""


def retry_after(headers: Headers, unix_now: float) -> float | None:
    """Seconds until the next try, or None where the server names no time.

    Reads both forms, delta-seconds and HTTP-date; a date in the past gives 0.0.
    Source: Spec: RFC 9110 section 10.2.3.
    """
    value = next((value.strip() for name, value in headers if name == "retry-after"), "")
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - unix_now)
