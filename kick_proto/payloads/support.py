"""Payloads of subscriptions, gifts, tips, rewards, goals and leaderboards."""

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from kick_proto.events import Leader
from kick_proto.ids import ChannelId, UserId
from kick_proto.payloads.base import Payload, Person

__all__ = [
    "ActivityMetadata",
    "ChannelSubscriptionEvent",
    "ChatMessageSentEvent",
    "ChunkDetails",
    "GiftedSubscriptionsEvent",
    "GiftedUser",
    "GiftsLeaderboardUpdated",
    "GoalEvent",
    "KicksGift",
    "KicksGifted",
    "KicksLeaderboardUpdated",
    "KicksSender",
    "LuckyUsersWhoGotGiftSubscriptionsEvent",
    "NewActivityFeedEvent",
    "NewSubscriberUpdatedEvent",
    "Notice",
    "NoticeUser",
    "PointsUpdated",
    "RedeemedReward",
    "RewardRedeemedEvent",
    "SubscriptionCreated",
    "SubscriptionEvent",
    "SubscriptionGifted",
    "SubscriptionRenewed",
    "SubscriptionTotal",
]


class SubscriptionEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``. ``months`` is the total, 1 for a first subscription."""

    UNREAD: ClassVar[tuple[str, ...]] = ("chatroom_id",)

    username: str
    months: int | None = None


class ChannelSubscriptionEvent(Payload, frozen=True, gc=False):
    """``channel.{channel}`` until 2025, ``channel_{channel}`` since. A gift has no name, and its recipients' ids."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel_id",)

    user_ids: tuple[UserId, ...]
    username: str | None = None


class LuckyUsersWhoGotGiftSubscriptionsEvent(Payload, frozen=True, gc=False):
    """``channel.{channel}``, 2023 to 2025; up to 100 names were seen."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel",)

    usernames: tuple[str, ...]
    gifter_username: str | None = None


class ChunkDetails(msgspec.Struct, frozen=True, gc=False):
    """Which part of a large gift a frame is. Guess: all of it may be absent; no frame that has it is public."""

    correlation_id: str | None = None
    chunk_index: int | None = None
    total_chunks: int | None = None


class GiftedSubscriptionsEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2`` until 2024, ``chatroom_{chatroom}`` since 2025.

    ``gifter_total`` came in 2024; ``correlation_id``, ``gifted_total`` and ``chunk_details`` in 2026.
    """

    UNREAD: ClassVar[tuple[str, ...]] = ("chatroom_id",)

    gifted_usernames: tuple[str, ...]
    gifter_username: str | None = None
    gifted_total: int | None = None
    gifter_total: int | None = None
    correlation_id: str | None = None
    chunk_details: ChunkDetails | None = None


class GiftedUser(msgspec.Struct, frozen=True, gc=False):
    """A recipient, by name."""

    UNREAD: ClassVar[tuple[str, ...]] = ("monthsSubscribed", "slug")

    username: str
    id: UserId | None = None


class Notice(msgspec.Struct, frozen=True, gc=False, rename={"gifted_users": "giftedUsers"}):
    """The line itself. ``created_at`` is unix seconds; ``action`` tells a notice from a chat message of 2023."""

    UNREAD: ClassVar[tuple[str, ...]] = ("chatroom_id", "is_info", "link_preview", "replied_to", "role")

    id: str | None = None
    message: str | None = None
    type: str | None = None
    created_at: float | None = None
    action: str | None = None
    optional_message: str | None = None
    months_subscribed: int | None = None
    subscriptions_count: int | None = None
    gifted_users: tuple[GiftedUser, ...] | None = None


class NoticeUser(msgspec.Struct, frozen=True, gc=False):
    """Whose line it is. Its picture is left out: that address has been seen to carry credentials."""

    UNREAD: ClassVar[tuple[str, ...]] = (
        "follower_badges",
        "isSuperAdmin",
        "is_founder",
        "is_subscribed",
        "months_subscribed",
        "profile_thumb",
        "quantity_gifted",
        "role",
        "verified",
    )

    id: UserId
    username: str


class ChatMessageSentEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}`` until 2025, ``chatroom_{chatroom}`` since: the chat in 2023, later a notice."""

    message: Notice
    user: NoticeUser


class NewSubscriberUpdatedEvent(Payload, frozen=True, gc=False):
    """``channel_{channel}`` in 2026; in 2023 for the owner alone. ``count`` is all that the channel has."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel_id",)

    count: int
    last_subscriber: str | None = None


class ActivityMetadata(msgspec.Struct, frozen=True, gc=False):
    """What a type of activity tells besides a name; an empty array in 2023."""

    quantity: int | None = None


class NewActivityFeedEvent(Payload, frozen=True, gc=False):
    """``channel_{channel}`` in 2026; in 2023 for the owner alone. ``created_at`` is unix milliseconds."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel_id",)

    type: str
    username: str | None = None
    metadata: ActivityMetadata | tuple[Any, ...] | None = None
    created_at: float | None = None


class KicksSender(msgspec.Struct, frozen=True, gc=False):
    """Who gave KICKs."""

    UNREAD: ClassVar[tuple[str, ...]] = ("profile_picture", "username_color")

    username: str
    id: UserId | None = None


class KicksGift(msgspec.Struct, frozen=True, gc=False):
    """What was given. ``amount`` is KICKs, ``pinned_time`` nanoseconds, 0 where it is not pinned."""

    UNREAD: ClassVar[tuple[str, ...]] = ("character_limit",)

    amount: int
    gift_id: str | None = None
    name: str | None = None
    type: str | None = None
    tier: str | None = None
    pinned_time: int | None = None


class KicksGifted(Payload, frozen=True, gc=False):
    """``channel_{channel}``, 2025 to now. ``message`` is "" or absent; the id and the times came in 2026."""

    sender: KicksSender
    gift: KicksGift
    message: str | None = None
    gift_transaction_id: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None


class KicksLeaderboardUpdated(Payload, frozen=True, gc=False):
    """``channel_{channel}``, 2025 to now; at most ten places a board."""

    UNREAD: ClassVar[tuple[str, ...]] = ("gifts_lifetime_enabled", "gifts_month_enabled", "gifts_week_enabled")

    gifts_lifetime: tuple[Leader, ...] | None
    gifts_month: tuple[Leader, ...] | None = None
    gifts_week: tuple[Leader, ...] | None = None


class GiftsLeaderboardUpdated(Payload, frozen=True, gc=False):
    """``channel.{channel}`` until 2024, ``channel_{channel}`` since. ``gifter_username`` came in 2024."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel",)

    leaderboard: tuple[Leader, ...] | None
    monthly_leaderboard: tuple[Leader, ...] | None = None
    weekly_leaderboard: tuple[Leader, ...] | None = None
    gifter_id: UserId | None = None
    gifter_username: str | None = None
    gifted_quantity: int | None = None


class RewardRedeemedEvent(Payload, frozen=True, gc=False):
    """``chatroom_{chatroom}``, 2025 to now. ``user_input`` is "" where nothing was typed."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel_id",)

    reward_title: str
    username: str
    user_id: UserId | None = None
    user_input: str | None = None
    reward_background_color: str | None = None


class PointsUpdated(Payload, frozen=True, gc=False):
    """``private-channelpoints-{user}``, 2025 to now; clients read the ids as text.

    The topic is of all channels of one viewer: ``channel_id`` alone says where the points are.
    """

    points: int
    balance: int | None = None
    reason: str | None = None
    user_id: UserId | None = None
    channel_id: ChannelId | None = None


class GoalEvent(Payload, frozen=True, gc=False):
    """``channel_{channel}``, 2025 to now: one object for all five events. Its times have 0 to 9 fractional digits."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel_id", "count_from_creation", "progress_bar_emoji_id")

    id: str
    type: str | None = None
    current_value: int | None = None
    target_value: int | None = None
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    achieved_at: datetime | None = None
    end_date: datetime | None = None


class SubscriptionCreated(Payload, frozen=True, gc=False):
    """``private-channel_{channel}``, as typed by a client of 2023."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "id")

    user: Person
    created_at: datetime | None = None


class RedeemedReward(Payload, frozen=True, gc=False):
    """``private-channel_{channel}``, by a client's name of 2023; of what was redeemed, no field is known."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at", "id")

    user: Person


class SubscriptionTotal(msgspec.Struct, frozen=True, gc=False):
    """Of a renewal. Guess: ``total`` is the months in all, as ``months`` is elsewhere; only a typing is known."""

    total: int | None = None


class SubscriptionRenewed(Payload, frozen=True, gc=False):
    """``private-channel_{channel}``, as typed by a client of 2023."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "id")

    user: Person
    subscription: SubscriptionTotal | None = None
    created_at: datetime | None = None


class SubscriptionGifted(Payload, frozen=True, gc=False):
    """``private-channel_{channel}``, as typed by a client of 2023."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "gift", "id")

    gifted_users: tuple[GiftedUser, ...]
    user: Person | None = None
    created_at: datetime | None = None
