"""What a grant tells: tokens that came, tokens that are gone, and what did not come about.

``Issued`` and ``Refreshed`` are also a request to whoever drives the grant: keep these tokens where they outlive the
process, and say so with ``stored(now, tokens)``. Until then the tokens before them stay in use.
"""

from typing import TypeAlias

import msgspec

from kick_proto.endpoints.oauth import Introspection
from kick_proto.outcomes import Failure
from kick_proto.tokens import TokenSet

__all__ = [
    "Declined",
    "GrantEvent",
    "Introspected",
    "Issued",
    "Lost",
    "Refreshed",
    "Revoked",
    "Unintrospected",
    "Unrefreshed",
    "Unrevoked",
]


class Issued(msgspec.Struct, frozen=True):
    """Tokens of a login, or of the application itself: store them."""

    tokens: TokenSet


class Refreshed(msgspec.Struct, frozen=True):
    """Tokens in place of those before: store them."""

    tokens: TokenSet


class Declined(msgspec.Struct, frozen=True):
    """There will be no tokens of what was asked for.

    ``code`` is the server's word (``access_denied``, ``invalid_grant``), or one of ours: ``state_mismatch``,
    ``missing_code``, ``repeated_parameter``, ``too_long``, ``timeout``, ``closed``, or which kind of failure it was
    (``unreachable``, ``server_error``). ``reason`` is a sentence for people.
    """

    code: str
    reason: str


class Lost(msgspec.Struct, frozen=True):
    """The server takes these tokens no longer: the user must log in again."""

    tokens: TokenSet
    reason: str


class Unrefreshed(msgspec.Struct, frozen=True):
    """A refresh came to nothing; the tokens are kept, and it can be tried again."""

    failure: Failure


class Revoked(msgspec.Struct, frozen=True):
    """The tokens are good for nothing any more, and forgotten here."""


class Unrevoked(msgspec.Struct, frozen=True):
    """Not every token could be revoked; they are kept, and it can be tried again."""

    failure: Failure


class Introspected(msgspec.Struct, frozen=True):
    """What the server knows of the access token."""

    introspection: Introspection


class Unintrospected(msgspec.Struct, frozen=True):
    """What the server knows of the access token could not be found out."""

    failure: Failure


GrantEvent: TypeAlias = (
    Issued | Refreshed | Declined | Lost | Unrefreshed | Revoked | Unrevoked | Introspected | Unintrospected
)
