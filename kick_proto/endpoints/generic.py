"""Calls that no function here knows: any path, and JSON as it comes.

A path is checked to be no more than a path, so that neither another host nor a query can hide in it, and the token goes
to the official API alone.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Auth, Call, Host, Method
from kick_proto.errors import LocalProtocolError
from kick_proto.http import Pairs, Response

__all__ = ["Query", "delete", "get", "patch", "post", "put"]

Query: TypeAlias = Mapping[str, str | int | Sequence[str | int]]
"""Names and values; of several values, the name is repeated for each."""

LONGEST_PATH = 2_000
"""Characters of a path."""

_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+/?")


def get(path: str, query: Query | None = None, *, host: Host = Host.API) -> Call[Any]:
    """Read what is at ``path``, like ``/public/v1/users``."""
    return _call("GET", path, query, None, host)


def post(path: str, body: object = None, query: Query | None = None, *, host: Host = Host.API) -> Call[Any]:
    """Have something done; it is not repeated when the answer is lost."""
    return _call("POST", path, query, body, host)


def put(path: str, body: object = None, query: Query | None = None, *, host: Host = Host.API) -> Call[Any]:
    """Put something in the place of what is there."""
    return _call("PUT", path, query, body, host)


def patch(path: str, body: object = None, query: Query | None = None, *, host: Host = Host.API) -> Call[Any]:
    """Change a part of what is there; it is not repeated when the answer is lost."""
    return _call("PATCH", path, query, body, host)


def delete(path: str, body: object = None, query: Query | None = None, *, host: Host = Host.API) -> Call[Any]:
    """Take away what is there."""
    return _call("DELETE", path, query, body, host)


REPEATABLE: frozenset[Method] = frozenset({"GET", "PUT", "DELETE"})
"""What is the same when done twice. Source: Spec: RFC 9110 section 9.2.2."""


def _call(method: Method, path: str, query: Query | None, body: object, host: Host) -> Call[Any]:
    if _PATH.fullmatch(arguments.text("path", path, most=LONGEST_PATH)) is None:
        raise LocalProtocolError(
            f"a path is like /public/v1/users, percent-encoded, and without host and query, not {path!r:.100}"
        )
    return Call(
        host=host,
        method=method,
        path=path,
        parse=_read,
        query=tuple(_pairs(query or {})),
        headers=(("content-type", "application/json"),) if body is not None else (),
        body=_encoded(body) if body is not None else b"",
        auth=Auth.OPTIONAL if host is Host.API else Auth.NONE,
        repeatable=method in REPEATABLE,
        redirects=method == "GET",
    )


def _pairs(query: Query) -> Pairs:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        several = (value,) if isinstance(value, str | int) else value
        pairs += ((name, str(each)) for each in several)
    return tuple(pairs)


def _encoded(body: object) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise LocalProtocolError(f"the body cannot be written as JSON: {error}") from None


def _read(response: Response) -> Any:
    """JSON as it came, None where there is no body."""
    return reading.document(response) if response.body.strip() else None
