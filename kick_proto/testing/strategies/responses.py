"""What HTTP calls to Kick may be answered: what they asked for, what hosts and edge say instead, and anything at all.

Bodies are derived from the struct that an endpoint reads, in the envelopes of Kick's hosts: ``row_responses`` for one
(``{"data": {...}}``), ``rows_responses`` for a list of them, ``whole_responses`` where the site sends the thing itself.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import strategies as st

from kick_proto.http import Headers, Response
from kick_proto.testing.strategies.values import Json, json_values, texts_of_people, values_of

__all__ = [
    "failures",
    "garbled_responses",
    "json_response",
    "responses",
    "row_responses",
    "rows_responses",
    "token_responses",
    "whole_responses",
]

JSON: Headers = (("content-type", "application/json"),)
HTML: Headers = (("content-type", "text/html; charset=UTF-8"),)
_EDGE: Headers = (*HTML, ("cf-mitigated", "challenge"), ("server", "cloudflare"))
_TOKENS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=8, max_size=40)

FAILURES: Mapping[int, tuple[Headers, tuple[bytes, ...]]] = {
    400: (JSON, (b'{"message":"Invalid request","data":{}}', b'{"error":"invalid_request"}', b"")),
    401: (JSON, (b'{"message":"Unauthorized","data":{}}', b'{"error":"invalid_client"}', b"")),
    403: (_EDGE, (b"<!DOCTYPE html><title>Just a moment...</title>",)),
    404: (JSON, (b'{"message":"Not Found","data":{}}', b"")),
    422: (JSON, (b'{"message":"The given data was invalid.","errors":{}}',)),
    429: (JSON, (b'{"message":"Too Many Requests"}', b"")),
    500: (JSON, (b'{"message":"Server Error"}', b"")),
    502: (HTML, (b"<html>Bad gateway</html>", b"")),
    503: (HTML, (b"<html>Service unavailable</html>", b"")),
    504: (HTML, (b"",)),
}
"""By status: the headers and the bodies that may come with it."""


def json_response(body: Json, status: int = 200) -> Response:
    """A reply with that body."""
    return Response(status, JSON, msgspec.json.encode(body))


def row_responses(kind: Any) -> st.SearchStrategy[Response]:
    """Successes of the official API about one thing, which ``kind`` reads."""
    return values_of(kind).map(lambda row: json_response({"data": row, "message": "OK"}))


def rows_responses(kind: Any, *, most: int = 3) -> st.SearchStrategy[Response]:
    """Successes of the official API about several things, or none."""
    lists = st.lists(values_of(kind), max_size=most)
    return lists.map(lambda rows: json_response({"data": rows, "message": "OK"}))


def whole_responses(kind: Any) -> st.SearchStrategy[Response]:
    """Successes of the site, which sends the thing without an envelope."""
    return values_of(kind).map(json_response)


def token_responses() -> st.SearchStrategy[Response]:
    """What the OAuth server says when it issues or renews: tokens, for how long, for which scopes.

    Source: Spec: RFC 6749 section 5.1; Kick writes the scopes with spaces, and the time as a number.
    """
    fields: dict[str, st.SearchStrategy[Json]] = {
        "access_token": _TOKENS,
        "refresh_token": _TOKENS,
        "expires_in": st.integers(1, 100_000),
        "token_type": st.just("Bearer"),
        "scope": st.sampled_from(["user:read", "user:read chat:write", ""]),
    }
    return st.fixed_dictionaries(fields).map(json_response)


def failures() -> st.SearchStrategy[Response]:
    """What is said in place of a success: by the API, by the site, and by the edge before them.

    A 429 may name the time that it asks for, in either form or in none. Shrinks to the lowest status.
    """
    return st.sampled_from([*FAILURES]).flatmap(_failure)


def _failure(status: int) -> st.SearchStrategy[Response]:
    headers, bodies = FAILURES[status]
    pauses = ["", "0", "3", "120", "Wed, 21 Oct 2026 07:28:00 GMT", "soon"] if status in (429, 503) else [""]
    return st.builds(
        lambda pause, body: Response(status, (*headers, ("retry-after", pause)) if pause else headers, body),
        st.sampled_from(pauses),
        st.sampled_from(bodies),
    )


def garbled_responses() -> st.SearchStrategy[Response]:
    """Successes that hold something else than was asked for: other JSON, no JSON, nothing, or bytes of no text."""
    # What says what a challenge page says is none of these: it is told as one, in whatever type it comes.
    noise = st.binary(max_size=60).filter(lambda body: b"<title" not in body.lower())
    bodies = json_values().map(msgspec.json.encode) | noise | st.just(b"<html>")
    return st.builds(Response, st.sampled_from([200, 201, 204]), st.sampled_from([JSON, HTML, ()]), bodies)


def responses() -> st.SearchStrategy[Response]:
    """Any answer whatever. Of none of them may a client make an exception that its caller does not expect."""
    names = st.sampled_from(["content-type", "retry-after", "location", "set-cookie", "x-drawn"])
    headers = st.lists(st.tuples(names, texts_of_people()), max_size=3).map(tuple)
    strange = st.builds(Response, st.integers(200, 599), headers, st.binary(max_size=60))
    return failures() | garbled_responses() | token_responses() | strange
