"""What may go wrong at a host, on demand: for the next few requests, or by chance.

A trouble shapes the reply. Those that stand in the way of the request (a limit, an error, the edge, a redirect) leave
it undone; those that only lose or spoil its reply (a cut, a delay, half a JSON) leave it done, which is how a client's
refresh can have happened without its knowing.

Source: Seen: both blocks of the edge; Spec: RFC 9110 section 10.2.3 for ``Retry-After``. Guess: the body of a 429.
"""

import re
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Literal, Protocol, TypeAlias

import msgspec

from kick_proto.endpoints.call import Host
from kick_proto.http import Headers, Response
from kick_proto.machine import Rng
from kick_proto.testing.site.answers import BLOCKED, CHALLENGE, enveloped, http_date, json_reply, page
from kick_proto.testing.site.exchange import Cut, SiteReply, SiteRequest

__all__ = [
    "Blocked",
    "Challenged",
    "CutOff",
    "Limited",
    "Perform",
    "Redirected",
    "Slow",
    "Spoiled",
    "Struck",
    "Trouble",
    "Troubles",
]

Perform: TypeAlias = Callable[[], Response]
"""Does what was asked, and gives the reply that there would have been."""


class Trouble(Protocol):
    """Something that goes wrong with one request."""

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """What is answered instead."""
        ...


class Limited(msgspec.Struct, frozen=True):
    """429; ``retry_after`` (seconds) is told as it is, as a date, or not at all."""

    retry_after: int | None = None
    form: Literal["seconds", "date"] = "seconds"

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """Too much was asked."""
        reply = enveloped({}, "Too many requests", 429)
        if self.retry_after is None:
            return SiteReply(response=reply)
        told = str(self.retry_after) if self.form == "seconds" else http_date(unix_now + self.retry_after)
        return SiteReply(response=_with(reply, (("retry-after", told),)))


class Struck(msgspec.Struct, frozen=True):
    """A 5xx: in JSON from the service, or as a page from what stands before it."""

    status: int = 500
    form: Literal["json", "html"] = "json"

    def __post_init__(self) -> None:
        if not 500 <= self.status <= 599:
            raise ValueError(f"status is one of 500 to 599, not {self.status}")

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """The server has a bad day."""
        if self.form == "json":
            return SiteReply(response=enveloped(None, "Internal server error", self.status))
        text = f"<html><head><title>{self.status}</title></head><body><h1>{self.status}</h1></body></html>"
        return SiteReply(response=page(text, self.status))


class Challenged(msgspec.Struct, frozen=True):
    """403 and a page that asks for a browser."""

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """The edge does not let it through."""
        return SiteReply(response=page(CHALLENGE, 403, headers=(("cf-mitigated", "challenge"),)))


class Blocked(msgspec.Struct, frozen=True):
    """403 and the edge's JSON."""

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """The edge does not let it through."""
        return SiteReply(response=json_reply(BLOCKED, 403))


class Slow(msgspec.Struct, frozen=True):
    """The right reply, ``seconds`` late."""

    seconds: float

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < inf:
            raise ValueError(f"seconds is 0 or more, not {self.seconds}")

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """It takes its time."""
        return SiteReply(response=perform(), delay=self.seconds)


class CutOff(msgspec.Struct, frozen=True):
    """It is done, but the connection ends before the reply, or with half of it sent."""

    where: Cut = Cut.BEFORE

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """The line breaks."""
        return SiteReply(response=perform(), cut=self.where)


class Spoiled(msgspec.Struct, frozen=True):
    """200 with what nobody expects: a page, the first half of a JSON, or ``size`` bytes of JSON.

    Only for half a JSON has been done what was asked.
    """

    form: Literal["html", "truncated", "large"] = "html"
    size: int = 3 * 1024 * 1024

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """A wrong shape."""
        return SiteReply(response=SPOILED[self.form](self, perform))


def _html(spoiled: Spoiled, perform: Perform) -> Response:
    return page("<!DOCTYPE html><html><head><title>Kick</title></head><body>Hello</body></html>", 200)


def _truncated(spoiled: Spoiled, perform: Perform) -> Response:
    reply = perform()
    return Response(reply.status, reply.headers, reply.body[: len(reply.body) // 2])


def _large(spoiled: Spoiled, perform: Perform) -> Response:
    frame = len(enveloped("").body)
    return enveloped("x" * max(0, spoiled.size - frame))


SPOILED = {"html": _html, "truncated": _truncated, "large": _large}


class Redirected(msgspec.Struct, frozen=True):
    """A redirect: to ``location``, or to the very address that was asked where that is None."""

    location: str | None = None
    status: int = 302

    def __post_init__(self) -> None:
        if self.location is not None and not re.fullmatch(r"[!-~]+", self.location):
            raise ValueError(f"location is a URL in ASCII, not {self.location!r}")
        if self.status not in (301, 302, 303, 307, 308):
            raise ValueError(f"status is one of a redirect, not {self.status}")

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """It is elsewhere now."""
        location = request.target if self.location is None else self.location
        return SiteReply(response=Response(self.status, (("location", location),)))


def _with(reply: Response, headers: Headers) -> Response:
    return Response(reply.status, (*reply.headers, *headers), reply.body)


# When


class _Planned(msgspec.Struct, frozen=True):
    trouble: Trouble
    path: str


class _Likely(msgspec.Struct, frozen=True):
    trouble: Trouble
    probability: float


class Troubles:
    """What is to go wrong, host by host: first what was planned, in order, then by chance."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._planned: dict[Host, deque[_Planned]] = {host: deque() for host in Host}
        self._likely: dict[Host, list[_Likely]] = {host: [] for host in Host}

    def plan(self, host: Host, trouble: Trouble, times: int, path: str) -> None:
        """Let the next ``times`` requests to paths that begin like that have this trouble."""
        if times < 1:
            raise ValueError(f"times is a count, 1 or more; not {times}")
        self._planned[host].extend([_Planned(trouble, path)] * times)

    def expect(self, host: Host, trouble: Trouble, probability: float) -> None:
        """Let every request have this trouble with that probability."""
        if not 0 <= probability <= 1:
            raise ValueError(f"probability lies between 0 and 1; {probability} does not")
        self._likely[host].append(_Likely(trouble, probability))

    def clear(self, host: Host) -> None:
        """Let all go well."""
        self._planned[host].clear()
        self._likely[host].clear()

    def take(self, host: Host, path: str) -> Trouble | None:
        """The trouble of this request; one that was planned is gone then."""
        planned = self._planned[host]
        for place, each in enumerate(planned):
            if path.startswith(each.path):
                del planned[place]
                return each.trouble
        return next((each.trouble for each in self._likely[host] if self._rng.random() < each.probability), None)
