"""Who gave the most KICKs in the channel of the token's user."""

from functools import partial

import msgspec

from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.official import official
from kick_proto.ids import UserId

__all__ = ["Leaderboard", "Place", "kicks"]


class Place(msgspec.Struct, frozen=True):
    """A place on the board."""

    user_id: UserId
    username: str
    gifted_amount: int
    rank: int


class Leaderboard(msgspec.Struct, frozen=True):
    """The board of all time, of this month and of this week."""

    lifetime: tuple[Place, ...] = ()
    month: tuple[Place, ...] = ()
    week: tuple[Place, ...] = ()


def kicks(*, top: int | None = None) -> Call[Leaderboard]:
    """The board, with the first 1 to 100 places.

    Scope: ``kicks:read``. Source: Docs: "KICKs".
    """
    query = (("top", str(arguments.number("top", top, most=100))),) if top is not None else ()
    return official("GET", "/v1/kicks/leaderboard", partial(reading.row, kind=Leaderboard), query=query)
