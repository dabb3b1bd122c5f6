"""Users as the official API knows them."""

from functools import partial

import msgspec

from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.official import official, repeated
from kick_proto.ids import UserId

__all__ = ["Profile", "by_id", "own"]

MOST = 50
"""Users of one call. Guess: as for channels; the docs name no limit."""


class Profile(msgspec.Struct, frozen=True):
    """A user; ``email`` is told to the user alone."""

    user_id: UserId
    name: str
    profile_picture: str | None = None
    email: str | None = None


def by_id(*user_ids: UserId) -> Call[tuple[Profile, ...]]:
    """Users by their ids, 1 to 50 of them; who does not exist is left out.

    Scope: ``user:read``, or an app's token. Source: Docs: "Users".
    """
    query = repeated("id", arguments.numbers("user_ids", user_ids, least=1, most=MOST))
    return official("GET", "/v1/users", partial(reading.rows, kind=Profile), query=query)


def own() -> Call[Profile]:
    """Whom the token belongs to.

    Scope: ``user:read``. Source: Docs: "Users".
    """
    return official("GET", "/v1/users", partial(reading.row, kind=Profile))
