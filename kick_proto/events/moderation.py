"""Who may not write, and who may again."""

from datetime import datetime, timedelta

from kick_proto.events.base import IdentifiedEvent
from kick_proto.events.people import Moderator, User

__all__ = ["UserBanned", "UserUnbanned"]


class UserBanned(IdentifiedEvent, frozen=True, tag=True, gc=False):
    """A user was banned, or timed out. Wire: ``UserBannedEvent``; ``BannedUserAdded``, ``UserTimeouted`` (login)."""

    user: User
    moderator: Moderator | None
    permanent: bool
    duration: timedelta | None = None
    """Of a timeout; None for a ban, and for timeouts in frames from before mid-2024."""
    expires_at: datetime | None = None
    reason: str | None = None
    """Only the frames that need a login tell it."""


class UserUnbanned(IdentifiedEvent, frozen=True, tag=True, gc=False):
    """A ban or timeout was lifted. Wire: ``UserUnbannedEvent``; ``BannedUserDeleted`` (login)."""

    user: User
    moderator: Moderator | None
    permanent: bool | None = None
    """True where a ban was lifted, False where a timeout was; None in frames from before 2025."""
