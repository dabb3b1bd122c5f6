"""Payloads of bans and their end."""

from datetime import datetime
from typing import ClassVar

import msgspec

from kick_proto.payloads.base import Payload, Person

__all__ = ["BanTerms", "BannedUserAdded", "BannedUserDeleted", "UserBannedEvent", "UserUnbannedEvent"]


class UserBannedEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``. ``duration`` is minutes; before mid-2024 only ``expires_at`` told a timeout."""

    id: str
    user: Person
    banned_by: Person | None = None
    permanent: bool | None = None
    duration: int | None = None
    expires_at: datetime | None = None


class UserUnbannedEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``. ``unbanned_by.id`` is a real id; ``permanent`` came in 2025."""

    id: str
    user: Person
    unbanned_by: Person | None = None
    permanent: bool | None = None


class BanTerms(msgspec.Struct, frozen=True, gc=False):
    """Why, since when and until when."""

    UNREAD: ClassVar[tuple[str, ...]] = ("type",)

    reason: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None


class BannedUserAdded(Payload, frozen=True, gc=False):
    """``private-chatroom_{chatroom}``, for timeouts as ``UserTimeouted``, as typed by two clients of 2023."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel",)

    id: str
    banned: Person
    user: Person | None = None
    ban: BanTerms | None = None


class BannedUserDeleted(Payload, frozen=True, gc=False):
    """``private-chatroom_{chatroom}``, as typed by two clients of 2023."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at")

    id: str
    banned: Person
    user: Person | None = None
