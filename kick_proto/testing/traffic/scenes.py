"""The two tables of scenes: what may happen besides chat, by name.

A new scene is a function of (stage, wall clock) and one row. The names are the tables' own; the wire's names are in the
functions. Frames of one act come in the order of the wire.
"""

from collections.abc import Mapping

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import (
    chance,
    goals,
    moderation,
    notices,
    pins,
    polls,
    predictions,
    private,
    settings,
    streams,
    subscriptions,
    support,
    writers,
)
from kick_proto.testing.traffic.chat import Scene
from kick_proto.testing.traffic.stage import Stage

__all__ = ["PRIVATE_SCENES", "SCENES"]


def unknown_event(stage: Stage, unix_now: float) -> list[Frame]:
    """An event that nobody has heard of yet: Kick adds some without notice."""
    payload = {"id": chance.uuid4(stage.rng), "channel_id": stage.channel.channel_id, "something": {"new": True}}
    return [writers.laravel(stage.topics[TopicKind.CHANNEL], "SomethingNewEvent", payload)]


SCENES: Mapping[str, Scene] = {
    "ban": moderation.ban,
    "ban_2024": moderation.ban_2024,
    "chat_2023": notices.chat_2023,
    "chat_cleared": moderation.chat_cleared,
    "deletion_2024": moderation.deletion_2024,
    "deletion_by_ai": moderation.deletion_by_ai,
    "deletion_by_ai_with_empty_rule": moderation.deletion_by_ai_with_empty_rule,
    "deletion_by_moderator": moderation.deletion_by_moderator,
    "follow_2023": streams.follow_2023,
    "gift_2023": subscriptions.gift_2023,
    "gift_2024": subscriptions.gift_2024,
    "gift_2025": subscriptions.gift_2025,
    "gift_anonymous": subscriptions.gift_anonymous,
    "gift_of_many": subscriptions.gift_of_many,
    "gift_of_one": subscriptions.gift_of_one,
    "gift_of_some": subscriptions.gift_of_some,
    "goal_achieved": goals.goal_achieved,
    "goal_canceled": goals.goal_canceled,
    "goal_created": goals.goal_created,
    "goal_progress": goals.goal_progress,
    "goal_updated": goals.goal_updated,
    "incoming_host": streams.incoming_host,
    "incoming_host_with_message": streams.incoming_host_with_message,
    "kicks": support.kicks,
    "kicks_2025": support.kicks_2025,
    "kicks_pinned": support.kicks_pinned,
    "kicks_told_by_bot": support.kicks_told_by_bot,
    "kicks_without_message": support.kicks_without_message,
    "outgoing_host": streams.outgoing_host,
    "pin": pins.pin,
    "pin_2024": pins.pin_2024,
    "pin_2025": pins.pin_2025,
    "poll_closes": polls.poll_closes,
    "poll_deleted": polls.poll_deleted,
    "poll_opens": polls.poll_opens,
    "poll_votes": polls.poll_votes,
    "prediction_cancelled": predictions.prediction_cancelled,
    "prediction_locked": predictions.prediction_locked,
    "prediction_opens": predictions.prediction_opens,
    "prediction_resolved": predictions.prediction_resolved,
    "prediction_staked": predictions.prediction_staked,
    "resubscription": subscriptions.resubscription,
    "resubscription_without_text": subscriptions.resubscription_without_text,
    "reward": support.reward,
    "reward_with_input": support.reward_with_input,
    "settings_changed": settings.settings_changed,
    "settings_changed_2024": settings.settings_changed_2024,
    "settings_changed_2025": settings.settings_changed_2025,
    "stream_starts": streams.stream_starts,
    "stream_stops": streams.stream_stops,
    "subscription": subscriptions.subscription,
    "subscription_2025": subscriptions.subscription_2025,
    "timeout": moderation.timeout,
    "timeout_2023": moderation.timeout_2023,
    "timeout_by_masked_moderator": moderation.timeout_by_masked_moderator,
    "timeout_lifted": moderation.timeout_lifted,
    "unban": moderation.unban,
    "unban_2024": moderation.unban_2024,
    "unfollow_2023": streams.unfollow_2023,
    "unknown_event": unknown_event,
    "unpin": pins.unpin,
}
"""Every kind of rare act that a public socket may see."""

PRIVATE_SCENES: Mapping[str, Scene] = {
    "activity_2023": private.activity_2023,
    "allow_links_activated": private.chatroom_event("AllowLinksActivated"),
    "allow_links_deactivated": private.chatroom_event("AllowLinksDeactivated"),
    "banned_user_added": private.banned_user_added,
    "banned_user_deleted": private.banned_user_deleted,
    "banned_word_added": private.chatroom_event("BannedWordAdded", word="marmalade"),
    "banned_word_deleted": private.chatroom_event("BannedWordDeleted", word="marmalade"),
    "category_changed": private.livestream_event("CategoryChanged"),
    "emotes_mode_activated": private.chatroom_event("EmotesModeActivated"),
    "emotes_mode_deactivated": private.chatroom_event("EmotesModeDeactivated"),
    "follow_for_owner_2023": private.follow_for_owner_2023,
    "follower_added": private.channel_event("FollowerAdded"),
    "follower_deleted": private.follower_deleted,
    "followers_mode_activated": private.chatroom_event("FollowersModeActivated"),
    "followers_mode_deactivated": private.chatroom_event("FollowersModeDeactivated"),
    "host_received": private.livestream_event(
        "HostReceived", host={"user": {"username": "DapperWalrus"}, "viewers_count": "42"}
    ),
    "livestream_updated_2024": private.livestream_updated_2024,
    "livestream_updated_flat_2024": private.livestream_updated_flat_2024,
    "mature_mode_activated": private.livestream_event("MatureModeActivated"),
    "mature_mode_deactivated": private.livestream_event("MatureModeDeactivated"),
    "message_deleted": private.chatroom_event("MessageDeleted"),
    "message_pinned": private.chatroom_event("MessagePinned"),
    "message_unpinned": private.chatroom_event("MessageUnpinned"),
    "points_updated": private.points_updated,
    "poll_created_for_owner": private.chatroom_event("PollCreated"),
    "poll_deleted_for_owner": private.chatroom_event("PollDeleted"),
    "reward_for_owner": private.channel_event("RedeemedReward"),
    "slow_mode_activated": private.chatroom_event("SlowModeActivated"),
    "slow_mode_deactivated": private.chatroom_event("SlowModeDeactivated"),
    "subscriber_count_2023": private.subscriber_count_2023,
    "subscribers_mode_activated": private.chatroom_event("SubscribersModeActivated"),
    "subscribers_mode_deactivated": private.chatroom_event("SubscribersModeDeactivated"),
    "subscription_created": private.channel_event("SubscriptionCreated"),
    "subscription_gifted": private.subscription_gifted,
    "subscription_renewed": private.channel_event("SubscriptionRenewed", subscription={"total": 7}),
    "title_changed": private.livestream_event("TitleChanged", old_title="warming the pot", title="it boils"),
    "user_timeouted": private.user_timeouted,
}
"""What only the channel's people, or one viewer, are told; never drawn, only asked for. No name is in both tables."""
