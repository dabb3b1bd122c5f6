"""How any call to the official API looks: JSON both ways, a token, repeated if repeating changes nothing."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from kick_proto.endpoints.call import Auth, Call, Host, Instead, Method
from kick_proto.http import Pairs, Response

__all__ = ["official", "repeated"]

T = TypeVar("T")

JSON: Pairs = (("content-type", "application/json"),)


def official(
    method: Method,
    path: str,
    parse: Callable[[Response], T],
    *,
    query: Pairs = (),
    body: Mapping[str, object] | None = None,
    auth: Auth = Auth.NEEDED,
    instead: tuple[Instead[T], ...] = (),
) -> Call[T]:
    """A call below ``/public``; of ``body``, what is None is left out.

    A POST makes something, and would make it twice; what all others do can be done again, and is the same then.
    """
    told = {name: value for name, value in body.items() if value is not None} if body is not None else None
    return Call(
        host=Host.API,
        method=method,
        path=f"/public{path}",
        parse=parse,
        query=query,
        headers=JSON if told is not None else (),
        body=msgspec.json.encode(told) if told is not None else b"",
        auth=auth,
        repeatable=method != "POST",
        instead=instead,
    )


def repeated(name: str, values: Iterable[object]) -> Pairs:
    """``name=1&name=2``. With ``name[]``, Kick leaves the filter out and answers with the caller's own.

    Source: Seen: replies to both forms, 2026.
    """
    return tuple((name, str(value)) for value in values)
