"""What a login gives: a set of tokens, with what is known of them. Platform-neutral."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from kick_proto.secret import Secret

__all__ = ["EARLY_AT_MOST", "EARLY_SHARE", "TokenSet"]

EARLY_SHARE = 0.1
"""The share of its lifetime that a token is renewed early."""
EARLY_AT_MOST = timedelta(minutes=5)
"""The most that a token is renewed early."""


class TokenSet(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one account on one platform.

    ``kind`` is ``user`` for somebody who logged in, ``app`` for an application that speaks for itself; an app's set has
    no refresh token, and no scopes. Times are aware UTC; None is what the server did not say.
    """

    access_token: Secret
    refresh_token: Secret | None = None
    issued_at: datetime
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    kind: Literal["user", "app"] = "user"

    @property
    def renew_at(self) -> datetime | None:
        """When to renew: before the end by a tenth of the lifetime, five minutes at most."""
        if self.expires_at is None:
            return None
        early = min((self.expires_at - self.issued_at) * EARLY_SHARE, EARLY_AT_MOST)
        return self.expires_at - max(early, timedelta(0))
