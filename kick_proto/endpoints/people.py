"""Finding somebody by name, by whichever of Kick's servers answers."""

from typing import Final

import msgspec

from kick_proto.endpoints import site
from kick_proto.endpoints.call import Call, Instead
from kick_proto.endpoints.public import channels
from kick_proto.endpoints.user import User
from kick_proto.outcomes import Outcome

__all__ = ["get_user"]

NOT_TOLD: Final = frozenset(Outcome) - {Outcome.NOT_FOUND}
"""The site did not say: it may have been its edge that answered, and the official API can be asked instead."""


def get_user(slug: str, *, official: bool) -> Call[User]:
    """Who the channel of that name belongs to.

    The site is asked first, for it alone tells all three numbers, in one call. Where it says that there is no such
    channel, the name with hyphens for underscores is tried; where it does not answer so that it can be read and
    ``official`` is true (there is a token), the official API is asked, which tells the user's id and what is on.
    """
    call = site.user(slug)
    return _or_official(call, Instead(NOT_TOLD, channels.user(slug))) if official else call


def _or_official(call: Call[User], official: Instead[User]) -> Call[User]:
    """The call and all its alternatives, each with this one more."""
    others = tuple(Instead(each.outcomes, _or_official(each.call, official)) for each in call.instead)
    return msgspec.structs.replace(call, instead=(*others, official))
