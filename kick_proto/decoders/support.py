"""Subscriptions, gifts, tips, rewards, goals and leaderboards.

Kick tells one subscription in up to five frames, and one gift in as many; each becomes an event with what that frame
says and no more. Who gives anonymously is called ``Anonymous`` or nothing at all, and is None here.

Source: Seen: wire catalogue sections 2, 4, 7 and 8 (2023-2026).
"""

from datetime import datetime
from typing import Any

from kick_proto import events, payloads
from kick_proto.decoders import reading
from kick_proto.decoders.row import Build, Row
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind

__all__ = ["ROWS"]


# Subscriptions and gifts


def subscription(
    payload: payloads.SubscriptionEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.Subscribed | events.Resubscribed:
    return _first_or_later(payload.months)(received_at, raw, channel, payload.username, payload.months)


def _first_or_later(months: int | None) -> type[events.Subscribed] | type[events.Resubscribed]:
    return events.Resubscribed if months is not None and months > 1 else events.Subscribed


def channel_subscription(
    payload: payloads.ChannelSubscriptionEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.Subscribed | events.GiftedSubscriptions:
    ids = payload.user_ids
    if payload.username:
        user_id = ids[0] if len(ids) == 1 else None
        return events.Subscribed(received_at, raw, channel, payload.username, user_id=user_id)
    return events.GiftedSubscriptions(received_at, raw, channel, recipient_ids=ids, gifted_total=len(ids) or None)


def lucky_users(
    payload: payloads.LuckyUsersWhoGotGiftSubscriptionsEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.GiftedSubscriptions:
    names = payload.usernames
    return events.GiftedSubscriptions(
        received_at, raw, channel, _gifter(payload.gifter_username), names, gifted_total=len(names) or None
    )


def gifted_subscriptions(
    payload: payloads.GiftedSubscriptionsEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.GiftedSubscriptions:
    names, chunk = payload.gifted_usernames, payload.chunk_details
    whole = len(names) if chunk is None else None
    return events.GiftedSubscriptions(
        received_at,
        raw,
        channel,
        _gifter(payload.gifter_username),
        names,
        gifted_total=payload.gifted_total or whole or None,
        # Whoever has just given has given something: 0 is no total.
        lifetime_total=payload.gifter_total or None,
        gift_id=payload.correlation_id or (chunk.correlation_id if chunk is not None else None) or None,
        chunk_index=chunk.chunk_index if chunk is not None else None,
        total_chunks=chunk.total_chunks if chunk is not None else None,
    )


def _gifter(username: str | None) -> str | None:
    return username if username and username != "Anonymous" else None


def chat_message_sent(
    payload: payloads.ChatMessageSentEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.Subscribed | events.Resubscribed | events.GiftedSubscriptions | events.ChatMessage | events.Unknown:
    said, user = payload.message, payload.user
    at = reading.unix_seconds(said.created_at)
    if said.action == "subscribe":
        made, text = _first_or_later(said.months_subscribed), said.optional_message or said.message or None
        return made(received_at, raw, channel, user.username, said.months_subscribed, user.id, text, at)
    if said.action == "gift":
        return _notice_of_gift(payload, received_at, raw, channel)
    if said.action or said.type == "info" or not said.id or not said.message or at is None:
        return events.Unknown(received_at, raw, channel)
    # In 2023 this was the chat itself.
    author = events.Author(user.id, user.username)
    return events.ChatMessage(received_at, raw, channel, said.id, said.message, author, at)


def _notice_of_gift(
    payload: payloads.ChatMessageSentEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.GiftedSubscriptions:
    said, gifter = payload.message, _gifter(payload.user.username)
    names = tuple(each.username for each in said.gifted_users or ())
    return events.GiftedSubscriptions(
        received_at,
        raw,
        channel,
        gifter,
        names,
        gifted_total=said.subscriptions_count or len(names) or None,
        gifter_id=payload.user.id if gifter is not None else None,
        gifted_at=reading.unix_seconds(said.created_at),
    )


def new_subscriber(
    payload: payloads.NewSubscriberUpdatedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.SubscriberCountChanged:
    return events.SubscriberCountChanged(received_at, raw, channel, payload.count, payload.last_subscriber or None)


def activity(
    payload: payloads.NewActivityFeedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.Subscribed | events.GiftedSubscriptions | events.Unknown:
    at = reading.unix_milliseconds(payload.created_at)
    if payload.type == "new_subscriber" and payload.username:
        return events.Subscribed(received_at, raw, channel, payload.username, subscribed_at=at)
    if payload.type == "gift":
        metadata = payload.metadata
        total = metadata.quantity if isinstance(metadata, payloads.ActivityMetadata) else None
        gifter = _gifter(payload.username)
        return events.GiftedSubscriptions(received_at, raw, channel, gifter, gifted_total=total or None, gifted_at=at)
    return events.Unknown(received_at, raw, channel)


# Tips, rewards, points, goals, leaderboards


def kicks_gifted(payload: payloads.KicksGifted, received_at: datetime, raw: Frame, channel: Channel) -> events.Tipped:
    sender, gift = payload.sender, payload.gift
    return events.Tipped(
        received_at,
        raw,
        channel,
        sender.username,
        gift.amount,
        sender.id,
        text=payload.message or None,
        gift=gift.name or None,
        gift_type=gift.type or None,
        tier=gift.tier or None,
        id=payload.gift_transaction_id or None,
        sent_at=reading.utc(payload.created_at),
        # 0 is what a gift has that is not pinned.
        pinned_for=reading.nanoseconds(gift.pinned_time or None),
        expires_at=reading.utc(payload.expires_at),
        gift_id=gift.gift_id or None,
    )


def kicks_leaderboard(
    payload: payloads.KicksLeaderboardUpdated, received_at: datetime, raw: Frame, channel: Channel
) -> events.LeaderboardChanged:
    lifetime, month, week = payload.gifts_lifetime, payload.gifts_month, payload.gifts_week
    return events.LeaderboardChanged(received_at, raw, channel, "KICKs", lifetime, month, week)


def gifts_leaderboard(
    payload: payloads.GiftsLeaderboardUpdated, received_at: datetime, raw: Frame, channel: Channel
) -> events.LeaderboardChanged:
    return events.LeaderboardChanged(
        received_at,
        raw,
        channel,
        "subscriptions",
        payload.leaderboard,
        payload.monthly_leaderboard,
        payload.weekly_leaderboard,
        payload.gifter_id,
        _gifter(payload.gifter_username),
        payload.gifted_quantity,
    )


def reward_redeemed(
    payload: payloads.RewardRedeemedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.RewardRedeemed:
    text, color = payload.user_input or None, payload.reward_background_color or None
    title, username = payload.reward_title, payload.username
    return events.RewardRedeemed(received_at, raw, channel, title, username, payload.user_id, text, color)


def points_updated(
    payload: payloads.PointsUpdated, received_at: datetime, raw: Frame, channel: Channel
) -> events.PointsChanged:
    points, balance, reason = payload.points, payload.balance, payload.reason or None
    user_id, where = payload.user_id, payload.channel_id
    return events.PointsChanged(received_at, raw, channel, points, balance, reason, user_id, where)


def goal(change: str) -> Build[payloads.GoalEvent]:
    def build(payload: payloads.GoalEvent, received_at: datetime, raw: Frame, channel: Channel) -> events.GoalChanged:
        return events.GoalChanged(
            received_at,
            raw,
            channel,
            payload.id,
            change,
            payload.type or None,
            payload.current_value,
            payload.target_value,
            payload.status or None,
            created_at=reading.utc(payload.created_at),
            updated_at=reading.utc(payload.updated_at),
            achieved_at=reading.utc(payload.achieved_at),
            ends_at=reading.utc(payload.end_date),
        )

    return build


# Behind a login


def subscription_created(
    payload: payloads.SubscriptionCreated, received_at: datetime, raw: Frame, channel: Channel
) -> events.Subscribed:
    user, at = payload.user, reading.utc(payload.created_at)
    return events.Subscribed(received_at, raw, channel, user.username, user_id=user.id, subscribed_at=at)


def subscription_renewed(
    payload: payloads.SubscriptionRenewed, received_at: datetime, raw: Frame, channel: Channel
) -> events.Resubscribed:
    user, at = payload.user, reading.utc(payload.created_at)
    months = payload.subscription.total if payload.subscription is not None else None
    return events.Resubscribed(received_at, raw, channel, user.username, months, user.id, subscribed_at=at)


def subscription_gifted(
    payload: payloads.SubscriptionGifted, received_at: datetime, raw: Frame, channel: Channel
) -> events.GiftedSubscriptions:
    user, gifted = payload.user, payload.gifted_users
    gifter = _gifter(user.username) if user is not None else None
    return events.GiftedSubscriptions(
        received_at,
        raw,
        channel,
        gifter,
        tuple(each.username for each in gifted),
        tuple(each.id for each in gifted if each.id is not None),
        gifted_total=len(gifted) or None,
        gifter_id=user.id if user is not None and gifter is not None else None,
        gifted_at=reading.utc(payload.created_at),
    )


def redeemed_reward(
    payload: payloads.RedeemedReward, received_at: datetime, raw: Frame, channel: Channel
) -> events.RewardRedeemed:
    return events.RewardRedeemed(received_at, raw, channel, None, payload.user.username, payload.user.id)


_V2 = (TopicKind.CHATROOM_V2,)
_CHATROOMS = (TopicKind.CHATROOM, TopicKind.CHATROOM_NEW)
_CHATROOM_NEW = (TopicKind.CHATROOM_NEW,)
_CHANNEL = (TopicKind.CHANNEL,)
_CHANNELS = (TopicKind.CHANNEL, TopicKind.CHANNEL_NEW)
_CHANNEL_NEW = (TopicKind.CHANNEL_NEW,)
_OWNER = ("private-channel.{}",)
_LOGIN = ("private-channel_{}",)

ROWS: tuple[Row[Any], ...] = (
    Row("SubscriptionEvent", payloads.SubscriptionEvent, subscription, _V2, era="2023 on", confidence="A"),
    Row(
        "ChannelSubscriptionEvent",
        payloads.ChannelSubscriptionEvent,
        channel_subscription,
        _CHANNELS,
        era="2023 on",
        confidence="A",
    ),
    Row(
        "LuckyUsersWhoGotGiftSubscriptionsEvent",
        payloads.LuckyUsersWhoGotGiftSubscriptionsEvent,
        lucky_users,
        _CHANNEL,
        era="2023 to 2025",
        confidence="A",
    ),
    Row(
        "GiftedSubscriptionsEvent",
        payloads.GiftedSubscriptionsEvent,
        gifted_subscriptions,
        (TopicKind.CHATROOM_V2, TopicKind.CHATROOM_NEW),
        era="2023 on",
        confidence="A",
    ),
    Row(
        "ChatMessageSentEvent",
        payloads.ChatMessageSentEvent,
        chat_message_sent,
        _CHATROOMS,
        era="2023 on",
        confidence="A",
    ),
    Row(
        "NewSubscriberUpdatedEvent",
        payloads.NewSubscriberUpdatedEvent,
        new_subscriber,
        _CHANNEL_NEW,
        private=_OWNER,
        era="2023 on",
        confidence="B",
    ),
    Row(
        "NewActivityFeedEvent",
        payloads.NewActivityFeedEvent,
        activity,
        _CHANNEL_NEW,
        private=_OWNER,
        era="2023 on",
        confidence="B",
    ),
    Row("KicksGifted", payloads.KicksGifted, kicks_gifted, _CHANNEL_NEW, era="2025 on", confidence="A"),
    Row(
        "KicksLeaderboardUpdated",
        payloads.KicksLeaderboardUpdated,
        kicks_leaderboard,
        _CHANNEL_NEW,
        era="2025 on",
        confidence="B",
    ),
    Row(
        "GiftsLeaderboardUpdated",
        payloads.GiftsLeaderboardUpdated,
        gifts_leaderboard,
        _CHANNELS,
        era="2023 on",
        confidence="A",
    ),
    Row(
        "RewardRedeemedEvent",
        payloads.RewardRedeemedEvent,
        reward_redeemed,
        _CHATROOM_NEW,
        era="2025 on",
        confidence="A",
    ),
    Row(
        "PointsUpdated",
        payloads.PointsUpdated,
        points_updated,
        (),
        private=("private-channelpoints-{}",),
        era="2025 on",
        confidence="C",
    ),
    Row("GoalCreatedEvent", payloads.GoalEvent, goal("created"), _CHANNEL_NEW, era="2025", confidence="C"),
    Row("GoalProgressUpdateEvent", payloads.GoalEvent, goal("progress"), _CHANNEL_NEW, era="2025 on", confidence="A"),
    Row("GoalUpdatedEvent", payloads.GoalEvent, goal("updated"), _CHANNEL_NEW, era="2025", confidence="C"),
    Row("GoalAchievedEvent", payloads.GoalEvent, goal("achieved"), _CHANNEL_NEW, era="2025", confidence="C"),
    Row("GoalCanceledEvent", payloads.GoalEvent, goal("canceled"), _CHANNEL_NEW, era="2025", confidence="C"),
    Row(
        "SubscriptionCreated",
        payloads.SubscriptionCreated,
        subscription_created,
        (),
        private=_LOGIN,
        era="2023",
        confidence="C",
    ),
    Row(
        "SubscriptionRenewed",
        payloads.SubscriptionRenewed,
        subscription_renewed,
        (),
        private=_LOGIN,
        era="2023",
        confidence="C",
    ),
    Row(
        "SubscriptionGifted",
        payloads.SubscriptionGifted,
        subscription_gifted,
        (),
        private=_LOGIN,
        era="2023",
        confidence="C",
    ),
    Row("RedeemedReward", payloads.RedeemedReward, redeemed_reward, (), private=_LOGIN, era="2023", confidence="C"),
)
