"""Payloads of the broadcast."""

from datetime import datetime
from typing import ClassVar

import msgspec

from kick_proto.events import Category
from kick_proto.ids import ChannelId, UserId
from kick_proto.payloads.base import Payload, Person

__all__ = [
    "CategoryChanged",
    "ChatMoveToSupportedChannelEvent",
    "EndedLivestream",
    "Follower",
    "FollowersUpdated",
    "HostGuest",
    "HostMessage",
    "HostReceived",
    "HostUser",
    "HostedChannel",
    "LivestreamUpdated",
    "ReceivedHost",
    "StartedLivestream",
    "StopStreamBroadcast",
    "StreamHostEvent",
    "StreamHostedEvent",
    "StreamerIsLive",
    "TitleChanged",
    "UpdatedLiveStreamEvent",
    "UpdatedLivestream",
]


class StartedLivestream(msgspec.Struct, frozen=True, gc=False):
    """The broadcast that began."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel_id", "source")

    id: int
    session_title: str | None = None
    created_at: datetime | None = None


class StreamerIsLive(Payload, frozen=True, gc=False):
    """``channel.{channel}``, 2023 to now."""

    livestream: StartedLivestream


class EndedLivestream(msgspec.Struct, frozen=True, gc=False):
    """The broadcast that ended."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel",)

    id: int


class StopStreamBroadcast(Payload, frozen=True, gc=False):
    """``channel.{channel}``, 2023 to now."""

    livestream: EndedLivestream


class StreamHostEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2`` of the channel that is hosted. ``optional_message`` is null or "" for none."""

    UNREAD: ClassVar[tuple[str, ...]] = ("chatroom_id",)

    host_username: str
    number_viewers: int
    optional_message: str | None = None


class HostMessage(
    msgspec.Struct,
    frozen=True,
    gc=False,
    rename={"viewers": "numberOfViewers", "text": "optionalMessage", "created_at": "createdAt"},
):
    """What the host says; camelCase, unlike its twin."""

    viewers: int
    id: str | None = None
    text: str | None = None
    created_at: datetime | None = None


class HostUser(msgspec.Struct, frozen=True, gc=False):
    """Who hosts; the one frame that tells the number. ``verified``, false or an object, is left out."""

    UNREAD: ClassVar[tuple[str, ...]] = ("isSuperAdmin", "verified")

    id: UserId
    username: str


class StreamHostedEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}``, since 2025: the twin of ``StreamHostEvent``."""

    message: HostMessage
    user: HostUser


class HostedChannel(msgspec.Struct, frozen=True, gc=False):
    """The channel that is moved to. ``category`` is a name, and was a slug in 2024."""

    UNREAD: ClassVar[tuple[str, ...]] = ("is_live", "preview_thumbnail", "profile_pic", "slug")

    id: ChannelId | None = None
    username: str | None = None
    viewers_count: int | None = None
    category: str | None = None


class ChatMoveToSupportedChannelEvent(Payload, frozen=True, gc=False):
    """``channel.{channel}`` of the channel that leaves.

    ``channel`` is left out: in 2023 and 2024 it held account data of its owner.
    """

    UNREAD: ClassVar[tuple[str, ...]] = ("channel",)

    slug: str
    hosted: HostedChannel | None = None


class FollowersUpdated(Payload, frozen=True, gc=False, rename={"count": "followersCount"}):
    """``channel.{channel}`` from 2023 to 2024, ``private-channel.{channel}`` with a name.

    ``created_at`` is unix seconds; ``followers_count`` is what a client of 2023 reads.
    """

    UNREAD: ClassVar[tuple[str, ...]] = ("channel_id",)

    followed: bool | None = None
    count: int | None = None
    followers_count: int | None = None
    username: str | None = None
    created_at: float | None = None


class Follower(Payload, frozen=True, gc=False):
    """``private-channel_{channel}``: somebody follows or does no more, as typed by a client of 2023."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "id")

    user: Person | None = None
    followers_count: int | None = None
    created_at: datetime | None = None


class UpdatedLivestream(msgspec.Struct, frozen=True, gc=False):
    """The broadcast as it is now. ``categories`` repeats ``category``; clients of 2025 read ``tags``."""

    UNREAD: ClassVar[tuple[str, ...]] = (
        "channel_id",
        "duration",
        "is_live",
        "risk_level_id",
        "slug",
        "source",
        "start_time",
        "twitch_channel",
    )

    id: int
    session_title: str | None = None
    category: Category | None = None
    categories: tuple[Category, ...] | None = None
    language: str | None = None
    is_mature: bool | None = None
    viewer_count: int | None = None
    tags: tuple[str, ...] | None = None
    created_at: datetime | None = None


class LivestreamUpdated(Payload, frozen=True, gc=False):
    """``private-livestream.{livestream}``, 2024."""

    livestream: UpdatedLivestream


class UpdatedLiveStreamEvent(Payload, frozen=True, gc=False):
    """``private-livestream-updated.{livestream}``, 2023 to 2024: flat."""

    UNREAD: ClassVar[tuple[str, ...]] = ("slug",)

    id: int
    session_title: str | None = None
    category: Category | None = None
    language: str | None = None
    is_mature: bool | None = None
    viewers: int | None = None
    created_at: datetime | None = None


class HostGuest(msgspec.Struct, frozen=True, gc=False):
    """Who hosts, by name."""

    username: str
    id: UserId | None = None


class ReceivedHost(msgspec.Struct, frozen=True, gc=False):
    """``viewers_count`` is a string of digits."""

    user: HostGuest
    viewers_count: int


class HostReceived(Payload, frozen=True, gc=False):
    """``private-livestream_{livestream}``, as typed by a client of 2023."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "user")

    host: ReceivedHost
    id: str | None = None
    created_at: datetime | None = None


class TitleChanged(Payload, frozen=True, gc=False):
    """``private-livestream_{livestream}``, by a client of 2023; the old title is left out."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at", "id", "old_title", "user")

    title: str


class CategoryChanged(Payload, frozen=True, gc=False):
    """``private-livestream_{livestream}``, by its name alone. Guess: of ``category``, as in ``LivestreamUpdated``."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at", "id", "user")

    category: Category | None = None
