"""Replies in the manner of each of Kick's hosts: the envelope, the error bodies, the headers.

Source: Seen: recorded replies (2023 to 2026); Docs: KickEngineering/KickDevDocs, "Generating Tokens" (2026-06).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

import msgspec

from kick_proto.endpoints.call import Host
from kick_proto.http import Headers, Response

__all__ = [
    "BLOCKED",
    "CHALLENGE",
    "JSON",
    "RefusedError",
    "bad_request",
    "done",
    "enveloped",
    "forbidden",
    "http_date",
    "invalid_request",
    "json_reply",
    "not_found",
    "oauth_error",
    "page",
    "unauthorized",
    "unknown_route",
]

JSON = "application/json"

CHALLENGE = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>'
    '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body></body></html>'
)
"""How the edge's challenge page begins. Source: Seen: quoted by a client's users, 2024 to 2026."""

BLOCKED = {"error": "Request blocked by security policy.", "reference": "5c1d20aa"}
"""What the edge says in JSON. Source: Seen: quoted in 2025 and 2026."""


class RefusedError(Exception):
    """Raised where a request is read or judged, to answer it with ``response`` at once."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"answered with {response.status}")
        self.response = response


def json_reply(body: object, status: int = 200, *, headers: Headers = (), kind: str = JSON) -> Response:
    """A reply in JSON."""
    return Response(status, (("content-type", kind), *headers), msgspec.json.encode(body))


def page(text: str, status: int, *, headers: Headers = (), kind: str = "text/html; charset=UTF-8") -> Response:
    """A reply that is no data: a page, or plain text."""
    return Response(status, (("content-type", kind), *headers), text.encode())


def http_date(unix_now: float) -> str:
    """``Thu, 24 Sep 2026 02:28:57 GMT``. Source: Spec: RFC 9110 section 5.6.7."""
    return format_datetime(datetime.fromtimestamp(int(unix_now), UTC), usegmt=True)


# The official API


def enveloped(data: object, message: str = "OK", status: int = 200, **more: object) -> Response:
    """``{"data": ..., "message": "OK"}``, with what else stands beside them."""
    return json_reply({"data": data, "message": message, **more}, status)


def done() -> Response:
    """204: it is done, and there is nothing to say."""
    return Response(204)


def bad_request(detail: str | None = None) -> Response:
    """400; a detail stands in ``data``, as a string."""
    return enveloped({}, "Invalid request", 400) if detail is None else enveloped(detail, "Bad request", 400)


def forbidden(message: str = "Forbidden") -> Response:
    """403 that is no block of the edge. Guess: the words; no recording has one."""
    return enveloped({}, message, 403)


def unauthorized() -> Response:
    """401. Source: Seen: recorded in 2026."""
    return enveloped({}, "Unauthorized", 401)


def not_found() -> Response:
    """404 of a thing on a route that there is. Guess: the envelope of the other errors."""
    return enveloped({}, "Not found", 404)


# The OAuth server


def oauth_error(code: str, description: str, status: int = 400) -> Response:
    """``{"error": ..., "error_description": ...}``. Source: Spec: RFC 6749 section 5.2; Seen: 2025."""
    return json_reply({"error": code, "error_description": description}, status, headers=NO_STORE)


def invalid_request() -> Response:
    """What the OAuth server says to a request that is wrong in itself. Source: Docs: "Generating Tokens"."""
    return json_reply({"error": "Invalid request"}, 400)


NO_STORE: Headers = (("cache-control", "no-store"),)

# What there is not

UNKNOWN: Mapping[Host, object] = {
    Host.API: {"message": "Not Found"},
    Host.SITE: {"error": "Not Found", "message": "Not Found", "status": 404},
    Host.WEB: {"message": "Not Found"},
    Host.ID: {"error": "Not Found"},
}
"""Bodies of a route that there is not. Source: Seen: the API and, on sibling routes, the site. Guess: the other two."""


def unknown_route(host: Host | None) -> Response:
    """404 in the manner of the host; plain text where none was meant."""
    if host is None:
        return page("There is no such page here: paths begin with /api, /site, /web or /id.\n", 404, kind="text/plain")
    return json_reply(UNKNOWN[host], 404)
