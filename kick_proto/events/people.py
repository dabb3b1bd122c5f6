"""Who takes part: users, authors with their badges and roles, moderators."""

import re
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from kick_proto.ids import UserId

__all__ = ["Author", "Badge", "Moderator", "User"]

_ROLES: Mapping[str, str] = {
    "broadcaster": "broadcaster",
    "moderator": "moderator",
    "vip": "vip",
    "subscriber": "subscriber",
    "gifter": "sub_gifter",
    "og": "og",
    "founder": "founder",
    "verified": "verified",
    "staff": "staff",
    "bot": "bot",
}
"""Which type of badge tells a role. Source: Seen: wire catalogue section 2 (2023-2026). Guess: ``staff`` and ``bot``,
for which clients have pictures."""

_RGB = r"#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})"


class Badge(msgspec.Struct, frozen=True, gc=False):
    """A badge beside a name. ``type`` is an open set (moderator, subscriber, vip, og, ...)."""

    # As in ``kick_proto.payloads``: this is what stands on the wire, too.
    UNREAD: ClassVar[tuple[str, ...]] = ("sort_order",)

    type: str
    text: str = ""
    count: int | None = None
    """Months for ``subscriber``, subscriptions given for ``sub_gifter``."""


class User(msgspec.Struct, frozen=True, gc=False):
    """A user as the platform names one; ``slug`` is the name in URLs and cannot be computed from ``username``."""

    id: UserId
    username: str
    slug: str | None = None


class Author(User, frozen=True, gc=False):
    """Who wrote a message, as shown beside it."""

    color: str | None = None
    """``#RRGGBB``, None where the user chose none."""
    badges: tuple[Badge, ...] = ()

    def has_badge(self, type: str) -> bool:
        """Whether a badge of this type stands beside the name."""
        return any(badge.type == type for badge in self.badges)

    @property
    def is_broadcaster(self) -> bool:
        """Whether the channel is the author's own."""
        return self.has_badge(_ROLES["broadcaster"])

    @property
    def is_moderator(self) -> bool:
        """Whether the author moderates the channel; its owner need not have that badge."""
        return self.has_badge(_ROLES["moderator"])

    @property
    def is_vip(self) -> bool:
        """Whether the channel honours the author as a VIP."""
        return self.has_badge(_ROLES["vip"])

    @property
    def is_subscriber(self) -> bool:
        """Whether the author shows a subscription to the channel."""
        return self.has_badge(_ROLES["subscriber"])

    @property
    def is_og(self) -> bool:
        """Whether the channel honours the author as an OG."""
        return self.has_badge(_ROLES["og"])

    @property
    def is_founder(self) -> bool:
        """Whether the author was among the channel's first subscribers."""
        return self.has_badge(_ROLES["founder"])

    @property
    def is_verified(self) -> bool:
        """Whether the author's own channel is verified."""
        return self.has_badge(_ROLES["verified"])

    @property
    def is_staff(self) -> bool:
        """Whether the author works for the platform."""
        return self.has_badge(_ROLES["staff"])

    @property
    def is_bot(self) -> bool:
        """Whether the author is marked as a bot; few bots are."""
        return self.has_badge(_ROLES["bot"])

    @property
    def subscribed_months(self) -> int | None:
        """Months of subscription to the channel, None where no badge tells them."""
        return self._count(_ROLES["subscriber"])

    @property
    def gifted_count(self) -> int | None:
        """Subscriptions given in the channel, None where no badge tells them."""
        return self._count(_ROLES["gifter"])

    def _count(self, type: str) -> int | None:
        return next((badge.count for badge in self.badges if badge.type == type and badge.count is not None), None)

    @property
    def rgb(self) -> tuple[int, int, int] | None:
        """The colour as red, green and blue, 0 to 255 each; None for anything that is not ``#RRGGBB``."""
        found = re.fullmatch(_RGB, self.color or "")
        return (int(found[1], 16), int(found[2], 16), int(found[3], 16)) if found is not None else None


class Moderator(msgspec.Struct, frozen=True, gc=False):
    """Who moderated. ``id`` is None where Kick masks it, as it does for every ban; the name may be ``moderator`` then.

    A name that is masked cannot be told from that of a user who is called so.
    """

    username: str
    id: UserId | None = None
    slug: str | None = None
