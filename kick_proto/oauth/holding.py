"""Tokens as a grant holds them: with their times on its own clock, and with what a refresh has not said anew."""

import msgspec

from kick_proto.tokens import TokenSet

__all__ = ["Held", "held", "inheriting"]


class Held(msgspec.Struct, frozen=True):
    """Tokens, and their times on the machine's own clock (monotonic seconds; None: not known)."""

    tokens: TokenSet
    renew_at: float | None
    expires_at: float | None


def held(tokens: TokenSet, now: float, unix_now: float) -> Held:
    """The tokens as they came at ``now``, when the wall clock was at ``unix_now`` (unix seconds)."""
    renew_at, expires_at = tokens.renew_at, tokens.expires_at
    return Held(
        tokens,
        None if renew_at is None else now + (renew_at.timestamp() - unix_now),
        None if expires_at is None else now + (expires_at.timestamp() - unix_now),
    )


def inheriting(new: TokenSet, old: TokenSet) -> TokenSet:
    """What a refresh does not say anew holds on. Source: Spec: RFC 6749 sections 5.1 and 6."""
    if new.refresh_token is None:
        until = new.refresh_expires_at or old.refresh_expires_at
        new = msgspec.structs.replace(new, refresh_token=old.refresh_token, refresh_expires_at=until)
    return new if new.scopes else msgspec.structs.replace(new, scopes=old.scopes)
