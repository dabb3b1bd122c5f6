"""The wire catalogue's shapes, scene by scene: the paths of all leaves of a payload, in the order of the wire.

A list is a leaf here; what its items hold has a table of its own.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from kick_proto.ids import TopicKind

V2, V1, ROOM = TopicKind.CHATROOM_V2, TopicKind.CHATROOM, TopicKind.CHATROOM_NEW
CHANNEL_OLD, CHANNEL_NEW, PREDICTIONS = TopicKind.CHANNEL, TopicKind.CHANNEL_NEW, TopicKind.PREDICTIONS


CHAT_2025 = (
    "id chatroom_id content type created_at"
    " sender.id sender.username sender.slug sender.identity.color sender.identity.badges"
)
CHAT = f"{CHAT_2025} sender.identity.badges_v2"
REFERENCE = " metadata.message_ref"
REPLY = (
    " metadata.original_sender.id metadata.original_sender.username"
    " metadata.original_message.id metadata.original_message.content metadata.message_ref"
)
CELEBRATION = " " + " ".join(f"metadata.celebration.{each}" for each in ("id", "type", "total_months", "created_at"))

DELETED = "id message.id"
BANNED = "id user.id user.username user.slug banned_by.id banned_by.username banned_by.slug"
UNBANNED = "id user.id user.username user.slug unbanned_by.id unbanned_by.username unbanned_by.slug"

NOTICE = (
    "message.id message.message message.type message.replied_to message.is_info message.link_preview"
    " message.chatroom_id message.role message.created_at message.action message.optional_message"
    " message.months_subscribed message.subscriptions_count message.giftedUsers"
    " user.id user.username user.role user.isSuperAdmin user.profile_thumb user.verified user.follower_badges"
    " user.is_subscribed user.is_founder user.months_subscribed user.quantity_gifted"
)
IN_CHANNEL = "user_ids username channel_id"
GIFTED = "chatroom_id gifted_usernames gifter_username"
GIFTED_2026 = "chatroom_id correlation_id gifted_usernames gifter_username gifted_total gifter_total chunk_details"
GIFTED_IN_CHUNKS = f"{GIFTED_2026}.correlation_id chunk_details.chunk_index chunk_details.total_chunks"
BOARDS = "leaderboard weekly_leaderboard monthly_leaderboard gifter_id"
CHANNEL_2023 = (
    "channel.id channel.user_id channel.slug channel.is_banned channel.playback_url channel.name_updated_at"
    " channel.vod_enabled channel.subscription_enabled channel.can_host"
)
CHATROOM = " " + " ".join(
    f"channel.chatroom.{each}"
    for each in (
        *("id", "chatable_type", "channel_id", "created_at", "updated_at", "chat_mode_old", "chat_mode"),
        *("slow_mode", "chatable_id", "followers_mode", "subscribers_mode", "emotes_mode"),
        *("message_interval", "following_min_duration"),
    )
)
CHANNEL_2025 = CHANNEL_2023.replace(" channel.can_host", " channel.is_affiliate channel.can_host")
LIVESTREAM = " " + " ".join(
    f"channel.current_livestream.{each}"
    for each in (
        *("id", "slug", "channel_id", "created_at", "session_title", "is_live", "risk_level_id", "start_time"),
        *("source", "twitch_channel", "duration", "language", "is_mature", "viewer_count"),
    )
)
HOSTED = (
    " slug hosted.id hosted.username hosted.slug hosted.viewers_count hosted.is_live hosted.profile_pic"
    " hosted.category hosted.preview_thumbnail.srcset hosted.preview_thumbnail.src"
)
GUEST = (
    "message.id message.numberOfViewers message.optionalMessage message.createdAt"
    " user.id user.username user.isSuperAdmin user.verified"
)
PRICE = " gift.gift_id gift.name gift.amount gift.type gift.tier gift.character_limit gift.pinned_time"
SENDER = " sender.id sender.username sender.username_color"
KICKS = f"{SENDER} sender.profile_picture{PRICE} created_at"
KICKS_BOARDS = "gifts_lifetime gifts_lifetime_enabled gifts_week gifts_week_enabled gifts_month gifts_month_enabled"
REWARD = "reward_title user_id channel_id username user_input reward_background_color"
PINNED = " ".join(f"message.{each}" for each in CHAT_2025.split())
PINNER = " pinnedBy.id pinnedBy.username pinnedBy.slug pinnedBy.identity.color pinnedBy.identity.badges"
POLL = "poll.title poll.options poll.duration poll.remaining poll.result_display_duration"
PREDICTION = " ".join(
    f"prediction.{each}"
    for each in (
        *("id", "channel_id", "title", "state", "outcomes", "duration", "created_at", "updated_at"),
        *("locked_at", "winning_outcome_id"),
    )
)
GOAL = (
    "id channel_id type target_value current_value progress_bar_emoji_id status created_at updated_at"
    " achieved_at end_date count_from_creation"
)
RULES = (
    "id slow_mode.enabled slow_mode.message_interval subscribers_mode.enabled"
    " followers_mode.enabled followers_mode.min_duration emotes_mode.enabled"
)
PROTECTED = (
    f"{RULES} advanced_bot_protection.enabled advanced_bot_protection.remaining_time"
    " account_age.enabled account_age.min_duration"
)
RULES_2026 = (
    "id subscribers_mode.enabled emotes_mode.enabled slow_mode.enabled slow_mode.message_interval"
    " followers_mode.enabled followers_mode.min_duration account_age.enabled account_age.min_duration"
)
SETTINGS = "id channel.id channel.slug " + " ".join(
    f"settings.{each}"
    for each in (
        *("channel_id", "rules", "allow_links.enabled", "emotes_only_mode.enabled"),
        *("followers_only_mode.duration_seconds", "followers_only_mode.enabled"),
        *("minimum_account_age.duration_seconds", "minimum_account_age.enabled"),
        *("slow_mode.duration_seconds", "slow_mode.enabled", "subscribers_only_mode.enabled"),
    )
)
FOLLOWERS = "followersCount channel_id username created_at followed"

Shape: TypeAlias = tuple[str, TopicKind, str]
"""An event's name on the wire, the topic that it comes on, and the paths of its leaves."""

SUBSCRIBED: tuple[Shape, ...] = (
    ("App\\Events\\SubscriptionEvent", V2, "chatroom_id username months"),
    ("App\\Events\\ChannelSubscriptionEvent", CHANNEL_NEW, IN_CHANNEL),
    ("App\\Events\\NewSubscriberUpdatedEvent", CHANNEL_NEW, "channel_id last_subscriber count"),
    ("App\\Events\\NewActivityFeedEvent", CHANNEL_NEW, "channel_id type username metadata created_at"),
    ("App\\Events\\ChatMessageSentEvent", ROOM, NOTICE),
)
GAVE: tuple[Shape, ...] = (
    ("App\\Events\\ChannelSubscriptionEvent", CHANNEL_NEW, IN_CHANNEL),
    ("App\\Events\\NewActivityFeedEvent", CHANNEL_NEW, "channel_id type username metadata.quantity created_at"),
    ("App\\Events\\ChatMessageSentEvent", ROOM, NOTICE),
    ("GiftsLeaderboardUpdated", CHANNEL_NEW, f"{BOARDS} gifter_username gifted_quantity"),
)
GAVE_BY_LARAVEL: tuple[Shape, ...] = (
    (
        "App\\Events\\LuckyUsersWhoGotGiftSubscriptionsEvent",
        CHANNEL_OLD,
        f"{CHANNEL_2023}{CHATROOM} usernames gifter_username",
    ),
    ("App\\Events\\ChannelSubscriptionEvent", CHANNEL_OLD, IN_CHANNEL),
)
KICKS_GIVEN: Shape = ("KicksLeaderboardUpdated", CHANNEL_NEW, KICKS_BOARDS)
START: Shape = (
    "App\\Events\\StreamerIsLive",
    CHANNEL_OLD,
    "livestream.id livestream.channel_id livestream.session_title livestream.source livestream.created_at",
)
STOP: Shape = (
    "App\\Events\\StopStreamBroadcast",
    CHANNEL_OLD,
    "livestream.id livestream.channel.id livestream.channel.is_banned",
)
GUEST_IN_CHAT: Shape = (
    "App\\Events\\StreamHostEvent",
    V2,
    "chatroom_id optional_message number_viewers host_username",
)

SHAPES: Mapping[str, tuple[Shape, ...]] = {
    "ban": (("App\\Events\\UserBannedEvent", V2, f"{BANNED} permanent"),),
    "ban_2024": (("App\\Events\\UserBannedEvent", V2, BANNED),),
    "chat_2023": (("App\\Events\\ChatMessageSentEvent", V1, NOTICE),),
    "chat_cleared": (("App\\Events\\ChatroomClearEvent", V2, "id"),),
    "deletion_2024": (("App\\Events\\MessageDeletedEvent", V2, DELETED),),
    "deletion_by_ai": (("App\\Events\\MessageDeletedEvent", V2, f"{DELETED} aiModerated violatedRules"),),
    "deletion_by_ai_with_empty_rule": (
        ("App\\Events\\MessageDeletedEvent", V2, f"{DELETED} aiModerated violatedRules"),
    ),
    "deletion_by_moderator": (("App\\Events\\MessageDeletedEvent", V2, f"{DELETED} aiModerated violatedRules"),),
    "follow_2023": (("App\\Events\\FollowersUpdated", CHANNEL_OLD, FOLLOWERS),),
    "gift_2023": (
        ("App\\Events\\GiftedSubscriptionsEvent", V2, GIFTED),
        (
            "App\\Events\\GiftsLeaderboardUpdated",
            CHANNEL_OLD,
            f"{CHANNEL_2023}{CHATROOM} {BOARDS} gifted_quantity",
        ),
        *GAVE_BY_LARAVEL,
    ),
    "gift_2024": (
        ("App\\Events\\GiftedSubscriptionsEvent", V2, f"{GIFTED} gifter_total"),
        (
            "App\\Events\\GiftsLeaderboardUpdated",
            CHANNEL_OLD,
            f"{CHANNEL_2023}{CHATROOM} {BOARDS} gifter_username gifted_quantity",
        ),
        *GAVE_BY_LARAVEL,
    ),
    "gift_2025": (
        ("GiftedSubscriptionsEvent", ROOM, f"{GIFTED} gifter_total"),
        (
            "App\\Events\\LuckyUsersWhoGotGiftSubscriptionsEvent",
            CHANNEL_OLD,
            f"{CHANNEL_2025}{CHATROOM} usernames gifter_username",
        ),
        ("App\\Events\\ChannelSubscriptionEvent", CHANNEL_OLD, IN_CHANNEL),
        ("GiftsLeaderboardUpdated", CHANNEL_NEW, f"{BOARDS} gifter_username gifted_quantity"),
        ("App\\Events\\ChatMessageSentEvent", V1, NOTICE),
    ),
    "gift_anonymous": (("GiftedSubscriptionsEvent", ROOM, GIFTED_2026), *GAVE[:2]),
    "gift_of_many": (("GiftedSubscriptionsEvent", ROOM, GIFTED_IN_CHUNKS), *GAVE),
    "gift_of_one": (("GiftedSubscriptionsEvent", ROOM, GIFTED_2026), *GAVE),
    "gift_of_some": (("GiftedSubscriptionsEvent", ROOM, GIFTED_2026), *GAVE),
    "goal_achieved": (("GoalAchievedEvent", CHANNEL_NEW, GOAL),),
    "goal_canceled": (("GoalCanceledEvent", CHANNEL_NEW, GOAL),),
    "goal_created": (("GoalCreatedEvent", CHANNEL_NEW, GOAL),),
    "goal_progress": (("GoalProgressUpdateEvent", CHANNEL_NEW, GOAL),),
    "goal_updated": (("GoalUpdatedEvent", CHANNEL_NEW, GOAL),),
    "incoming_host": (GUEST_IN_CHAT, ("App\\Events\\StreamHostedEvent", V1, GUEST)),
    "incoming_host_with_message": (
        GUEST_IN_CHAT,
        (
            "App\\Events\\StreamHostedEvent",
            V1,
            f"{GUEST}.id user.verified.channel_id user.verified.created_at user.verified.updated_at",
        ),
    ),
    "kicks": (("KicksGifted", CHANNEL_NEW, f"gift_transaction_id message{KICKS}"), KICKS_GIVEN),
    "kicks_2025": (("KicksGifted", CHANNEL_NEW, f"message{SENDER}{PRICE}"), KICKS_GIVEN),
    "kicks_pinned": (("KicksGifted", CHANNEL_NEW, f"gift_transaction_id message{KICKS} expires_at"), KICKS_GIVEN),
    "kicks_told_by_bot": (
        ("KicksGifted", CHANNEL_NEW, f"gift_transaction_id message{KICKS} expires_at"),
        KICKS_GIVEN,
        ("App\\Events\\ChatMessageEvent", V2, CHAT),
    ),
    "kicks_without_message": (("KicksGifted", CHANNEL_NEW, f"gift_transaction_id{KICKS}"), KICKS_GIVEN),
    "outgoing_host": (
        ("App\\Events\\ChatMoveToSupportedChannelEvent", CHANNEL_OLD, f"{CHANNEL_2025}{LIVESTREAM}{HOSTED}"),
        STOP,
    ),
    "pin": (
        (
            "App\\Events\\PinnedMessageCreatedEvent",
            V2,
            f"{PINNED} message.sender.identity.badges_v2 message.metadata.message_ref message.thread_parent_id duration"
            f"{PINNER} pinnedBy.identity.badges_v2",
        ),
    ),
    "pin_2024": (("App\\Events\\PinnedMessageCreatedEvent", V2, f"{PINNED} message.metadata duration"),),
    "pin_2025": (
        ("App\\Events\\PinnedMessageCreatedEvent", V2, f"{PINNED} message.metadata.message_ref duration{PINNER}"),
    ),
    "poll_closes": (("App\\Events\\PollUpdateEvent", V2, POLL),),
    "poll_deleted": (("App\\Events\\PollDeleteEvent", V2, ""),),
    "poll_opens": (("App\\Events\\PollUpdateEvent", V2, f"{POLL} poll.has_voted poll.voted_option_id"),),
    "poll_votes": (("App\\Events\\PollUpdateEvent", V2, POLL),),
    "prediction_cancelled": (("PredictionUpdated", PREDICTIONS, PREDICTION),),
    "prediction_locked": (("PredictionUpdated", PREDICTIONS, PREDICTION),),
    "prediction_opens": (("PredictionCreated", PREDICTIONS, PREDICTION),),
    "prediction_resolved": (("PredictionUpdated", PREDICTIONS, PREDICTION),),
    "prediction_staked": (("PredictionUpdated", PREDICTIONS, PREDICTION),),
    "resubscription": SUBSCRIBED,
    "resubscription_without_text": SUBSCRIBED,
    "reward": (("RewardRedeemedEvent", ROOM, REWARD),),
    "reward_with_input": (("RewardRedeemedEvent", ROOM, REWARD),),
    "settings_changed": (
        ("App\\Events\\ChatroomUpdatedEvent", V2, RULES_2026),
        ("ChatSettingsChanged", CHANNEL_NEW, f"{SETTINGS} created_at"),
    ),
    "settings_changed_2024": (("App\\Events\\ChatroomUpdatedEvent", V2, RULES),),
    "settings_changed_2025": (("App\\Events\\ChatroomUpdatedEvent", V2, PROTECTED),),
    "stream_starts": (START,),
    "stream_stops": (STOP,),
    "subscription": SUBSCRIBED,
    "subscription_2025": (
        ("App\\Events\\SubscriptionEvent", V2, "chatroom_id username months"),
        ("App\\Events\\ChannelSubscriptionEvent", CHANNEL_OLD, IN_CHANNEL),
        ("App\\Events\\ChatMessageSentEvent", V1, NOTICE),
    ),
    "timeout": (("App\\Events\\UserBannedEvent", V2, f"{BANNED} permanent duration expires_at"),),
    "timeout_2023": (("App\\Events\\UserBannedEvent", V2, f"{BANNED} expires_at"),),
    "timeout_by_masked_moderator": (("App\\Events\\UserBannedEvent", V2, f"{BANNED} permanent duration expires_at"),),
    "timeout_lifted": (("App\\Events\\UserUnbannedEvent", V2, f"{UNBANNED} permanent"),),
    "unban": (("App\\Events\\UserUnbannedEvent", V2, f"{UNBANNED} permanent"),),
    "unban_2024": (("App\\Events\\UserUnbannedEvent", V2, UNBANNED),),
    "unfollow_2023": (("App\\Events\\FollowersUpdated", CHANNEL_OLD, FOLLOWERS),),
    "unknown_event": (("App\\Events\\SomethingNewEvent", CHANNEL_OLD, "id channel_id something.new"),),
    "unpin": (("App\\Events\\PinnedMessageDeletedEvent", V2, ""),),
}

CHATTER_SHAPES: Mapping[str, str] = {
    "announcement": CHAT,
    "celebration": f"{CHAT}{CELEBRATION}",
    "plain": f"{CHAT}{REFERENCE}",
    "plain_2025": f"{CHAT_2025}{REFERENCE}",
    "reply": f"{CHAT}{REPLY} thread_parent_id",
    "reply_2025": f"{CHAT_2025}{REPLY}",
}
"""What ``ChatMessageEvent`` holds, by the kind of chatter."""

ITEMS: Mapping[str, tuple[str, ...]] = {
    "badges": ("type text", "type text count", "type text sort_order", "type text count sort_order"),
    "pinner's badges": (
        *("type text active", "type text count active"),
        *("type text active sort_order", "type text count active sort_order"),
    ),
    "badges_v2": (
        "name badge_type image_url selected sort_order",
        "name badge_type image_url metadata.level selected sort_order",
    ),
    "giftedUsers": ("username monthsSubscribed",),
    "options": ("id label votes",),
    "outcomes": ("id title total_vote_amount vote_count return_rate top_users",),
    "top_users": ("user_id username amount",),
    **dict.fromkeys(
        (
            *("leaderboard", "weekly_leaderboard", "monthly_leaderboard"),
            *("gifts_lifetime", "gifts_week", "gifts_month"),
        ),
        ("user_id username quantity",),
    ),
}
"""What the items of a list hold, by the list's key."""


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Paths of the leaves of a payload; a list is a leaf, and so is an empty object."""
    if not isinstance(value, dict) or not value:
        if path:
            yield path
        return
    for key, inner in value.items():
        yield from leaves(inner, f"{path}.{key}" if path else key)


def lists(value: Any, key: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every list in a payload, by its key; the badges of a pinner have a name of their own."""
    if isinstance(value, list):
        yield key, value
        for item in value:
            yield from lists(item)
    elif isinstance(value, dict):
        for name, inner in value.items():
            pinner = name == "pinnedBy" or (key == "pinnedBy" and name == "identity")
            yield from lists(
                inner, "pinner's badges" if key == "pinnedBy" and name == "badges" else "pinnedBy" if pinner else name
            )
