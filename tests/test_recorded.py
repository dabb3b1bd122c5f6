"""Recorded frames, each read a second time with plain ``json``: what it becomes, and where each value stands in it.

The recordings hold other people's words and are no part of the project; without them, these tests are skipped.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest

from kick_proto import events
from tests.shapes import Json, decode_text

SAMPLES = Path(__file__).parent.parent.parent / "shared" / "wire" / "samples.ndjson"
PREFIX = "App\\Events\\"

if not SAMPLES.exists():
    pytest.skip("the recorded frames are not part of the project", allow_module_level=True)

FRAMES: list[Json] = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]

Reading: TypeAlias = Callable[[Json], object]
Row: TypeAlias = tuple[type[events.Event], Mapping[str, str | Reading]]
"""What a frame becomes, and for each attribute the place of its value in the payload, or how to work it out."""


def found(payload: Json, place: str) -> Json:
    """The value at ``a.b.0``, None where there is none."""
    for key in place.split("."):
        if isinstance(payload, list):
            payload = payload[int(key)] if int(key) < len(payload) else None
        else:
            payload = payload.get(key) if payload is not None else None
    return payload


def reading(convert: Callable[[Json], object]) -> Callable[[str], Reading]:
    """A converter of what stands at a place; what does not stand there, or is null, is None."""

    def at(place: str) -> Reading:
        def read(payload: Json) -> object:
            value = found(payload, place)
            return convert(value) if value is not None else None

        return read

    return at


def moment(text: str) -> datetime:
    """Digits below a microsecond round to the nearest one."""
    split = re.fullmatch(r"([^.+Z]+)(?:\.(\d+))?(?:Z|\+00:00)?", text)
    assert split is not None, text
    whole, digits = split.groups(default="0")
    since = timedelta(microseconds=round(int(digits.ljust(9, "0")) / 1000))
    return datetime.fromisoformat(whole).replace(tzinfo=UTC) + since


def badge(told: Json) -> events.Badge:
    return events.Badge(told["type"], told["text"], told.get("count"))


def category(told: Json) -> events.Category:
    return events.Category(told["name"], told["id"], told["slug"])


def leader(told: Json) -> events.Leader:
    return events.Leader(told["user_id"], told["username"], told["quantity"])


time = reading(moment)
seconds = reading(lambda count: timedelta(seconds=int(count)))
minutes = reading(lambda count: timedelta(minutes=count))
nanoseconds = reading(lambda count: timedelta(microseconds=count // 1000) or None)
unix_seconds = reading(lambda count: datetime.fromtimestamp(count, UTC))
unix_milliseconds = reading(lambda count: datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=count))
blank_is_none = reading(lambda text: text or None)
zero_is_none = blank_is_none
every = reading(tuple)
filled = reading(lambda texts: tuple(text for text in texts if text))
how_many = reading(len)
badges = reading(lambda told: tuple(map(badge, told)))
worn_badges = reading(lambda told: tuple(badge(each) for each in told if each["active"]))
leaders = reading(lambda told: tuple(map(leader, told)))
a_category = reading(category)
switch = reading(lambda told: events.Mode(told["enabled"]))


def mode(place: str, duration: Callable[[str], Reading], field: str) -> Reading:
    """A mode with its time, which it has only while it is on."""

    def a_mode(told: Json) -> events.Mode:
        lasting = duration(field)(told) if told["enabled"] else None
        assert lasting is None or isinstance(lasting, timedelta)
        return events.Mode(told["enabled"], lasting)

    return reading(a_mode)(place)


def since_following(field: str) -> Reading:
    return reading(lambda count: timedelta(seconds=0 if count == 1 else count))(field)


def just(value: object) -> Reading:
    return lambda _: value


# Rows that are chosen among


MESSAGE: Mapping[str, str | Reading] = {
    "id": "id",
    "text": "content",
    "kind": "type",
    "sent_at": time("created_at"),
    "author.id": "sender.id",
    "author.username": "sender.username",
    "author.slug": "sender.slug",
    "author.color": blank_is_none("sender.identity.color"),
    "author.badges": badges("sender.identity.badges"),
}
REPLY: Mapping[str, str | Reading] = {
    **MESSAGE,
    "reply_to.message_id": "metadata.original_message.id",
    "reply_to.text": "metadata.original_message.content",
    "reply_to.username": "metadata.original_sender.username",
    "reply_to.user_id": "metadata.original_sender.id",
    "reply_to.thread_id": blank_is_none("thread_parent_id"),
}
CELEBRATION: Mapping[str, str | Reading] = {
    **MESSAGE,
    "celebration.id": "metadata.celebration.id",
    "celebration.type": "metadata.celebration.type",
    "celebration.months": "metadata.celebration.total_months",
    "celebration.celebrated_at": time("metadata.celebration.created_at"),
}
BAN: Mapping[str, str | Reading] = {
    "id": "id",
    "user.id": "user.id",
    "user.username": "user.username",
    "user.slug": "user.slug",
    "moderator.id": zero_is_none("banned_by.id"),
    "moderator.username": "banned_by.username",
    "moderator.slug": "banned_by.slug",
    "permanent": just(True),
}
TIMEOUT: Mapping[str, str | Reading] = {
    **BAN,
    "permanent": just(False),
    "duration": minutes("duration"),
    "expires_at": time("expires_at"),
}
NOTICE: Mapping[str, str | Reading] = {
    "username": "user.username",
    "user_id": "user.id",
    "months": "message.months_subscribed",
    "text": blank_is_none("message.optional_message"),
    "subscribed_at": unix_seconds("message.created_at"),
}
CHAT_2023: Mapping[str, str | Reading] = {
    "id": "message.id",
    "text": "message.message",
    "author.id": "user.id",
    "author.username": "user.username",
    "sent_at": unix_seconds("message.created_at"),
}


def chat_message(payload: Json) -> Row:
    if found(payload, "metadata.celebration") is not None:
        return events.ChatMessage, CELEBRATION
    return events.ChatMessage, REPLY if found(payload, "metadata.original_message") is not None else MESSAGE


def subscription(payload: Json) -> Row:
    made = events.Resubscribed if payload["months"] > 1 else events.Subscribed
    return made, {"username": "username", "months": "months"}


def self_or_gift(payload: Json) -> Row:
    if payload["username"]:
        return events.Subscribed, {"username": "username", "user_id": "user_ids.0"}
    return events.GiftedSubscriptions, {"recipient_ids": every("user_ids"), "gifted_total": how_many("user_ids")}


def notice(payload: Json) -> Row:
    if payload["message"]["action"] is None:
        return events.ChatMessage, CHAT_2023
    return events.Resubscribed if payload["message"]["months_subscribed"] > 1 else events.Subscribed, NOTICE


def gift(payload: Json) -> Row:
    return events.GiftedSubscriptions, {
        "gifter": "gifter_username",
        "recipients": every("gifted_usernames"),
        "gifted_total": "gifted_total" if "gifted_total" in payload else how_many("gifted_usernames"),
        "lifetime_total": "gifter_total",
        "gift_id": "correlation_id",
    }


def ban_or_timeout(payload: Json) -> Row:
    return events.UserBanned, TIMEOUT if "expires_at" in payload else BAN


def pin(payload: Json) -> Row:
    return events.MessagePinned, {
        "message.id": "message.id",
        "message.text": "message.content",
        "message.sent_at": time("message.created_at"),
        "message.author.id": "message.sender.id",
        "message.author.username": "message.sender.username",
        "message.author.slug": "message.sender.slug",
        "message.author.color": blank_is_none("message.sender.identity.color"),
        "message.author.badges": badges("message.sender.identity.badges"),
        "pinned_by.id": "pinnedBy.id",
        "pinned_by.username": "pinnedBy.username",
        "pinned_by.slug": "pinnedBy.slug",
        "pinned_by.color": blank_is_none("pinnedBy.identity.color"),
        "pinned_by.badges": worn_badges("pinnedBy.identity.badges"),
        "duration": seconds("duration"),
    }


def poll(payload: Json) -> Row:
    shown: dict[str, str | Reading] = {
        f"options.{place}.{field}": f"poll.options.{place}.{field}"
        for place in range(len(payload["poll"]["options"]))
        for field in ("id", "label", "votes")
    }
    return events.PollChanged, {
        "title": "poll.title",
        **shown,
        "duration": seconds("poll.duration"),
        "remaining": seconds("poll.remaining"),
        "result_display": seconds("poll.result_display_duration"),
    }


FOLLOW: Row = (
    events.FollowersChanged,
    {
        "followed": "followed",
        "count": "followersCount",
        "username": blank_is_none("username"),
        "at": unix_seconds("created_at"),
    },
)

TABLE: Mapping[str, Row | Callable[[Json], Row]] = {
    "ChannelSubscriptionEvent": self_or_gift,
    "ChatMessageEvent": chat_message,
    "ChatMessageSentEvent": notice,
    "ChatMoveToSupportedChannelEvent": (
        events.RaidSent,
        {
            "slug": "slug",
            "username": "hosted.username",
            "target_id": "hosted.id",
            "viewers": "hosted.viewers_count",
            "category": blank_is_none("hosted.category"),
        },
    ),
    "ChatSettingsChanged": (
        events.ChatSettingsChanged,
        {
            "slow_mode": mode("settings.slow_mode", seconds, "duration_seconds"),
            "followers_only": mode("settings.followers_only_mode", since_following, "duration_seconds"),
            "subscribers_only": switch("settings.subscribers_only_mode"),
            "emotes_only": switch("settings.emotes_only_mode"),
            "account_age": mode("settings.minimum_account_age", seconds, "duration_seconds"),
            "links_allowed": switch("settings.allow_links"),
            "rules": "settings.rules",
        },
    ),
    "ChatroomUpdatedEvent": (
        events.ChatSettingsChanged,
        {
            "slow_mode": mode("slow_mode", seconds, "message_interval"),
            "followers_only": mode("followers_mode", minutes, "min_duration"),
            "subscribers_only": switch("subscribers_mode"),
            "emotes_only": switch("emotes_mode"),
            "account_age": mode("account_age", minutes, "min_duration"),
            "bot_protection": mode("advanced_bot_protection", seconds, "remaining_time"),
        },
    ),
    "FollowersUpdated": FOLLOW,
    "FollowersUpdatedForChannelOwner": FOLLOW,
    "GiftedSubscriptionsEvent": gift,
    "GiftsLeaderboardUpdated": (
        events.LeaderboardChanged,
        {
            "unit": just("subscriptions"),
            "lifetime": leaders("leaderboard"),
            "month": leaders("monthly_leaderboard"),
            "week": leaders("weekly_leaderboard"),
            "gifter_id": "gifter_id",
            "gifter": "gifter_username",
            "gifted": "gifted_quantity",
        },
    ),
    "GoalProgressUpdateEvent": (
        events.GoalChanged,
        {
            "id": "id",
            "change": just("progress"),
            "kind": "type",
            "current": "current_value",
            "target": "target_value",
            "status": "status",
            "created_at": time("created_at"),
            "updated_at": time("updated_at"),
            "achieved_at": time("achieved_at"),
            "ends_at": time("end_date"),
        },
    ),
    "KicksGifted": (
        events.Tipped,
        {
            "username": "sender.username",
            "user_id": "sender.id",
            "amount": "gift.amount",
            "text": blank_is_none("message"),
            "gift": "gift.name",
            "gift_type": "gift.type",
            "tier": "gift.tier",
            "id": "gift_transaction_id",
            "sent_at": time("created_at"),
            "pinned_for": nanoseconds("gift.pinned_time"),
            "expires_at": time("expires_at"),
        },
    ),
    "KicksLeaderboardUpdated": (
        events.LeaderboardChanged,
        {
            "unit": just("KICKs"),
            "lifetime": leaders("gifts_lifetime"),
            "month": leaders("gifts_month"),
            "week": leaders("gifts_week"),
        },
    ),
    "LiveStream\\UpdatedLiveStreamEvent": (
        events.StreamUpdated,
        {
            "stream_id": "id",
            "title": "session_title",
            "category": a_category("category"),
            "language": "language",
            "is_mature": "is_mature",
            "viewers": "viewers",
            "started_at": time("created_at"),
        },
    ),
    "LivestreamUpdated": (
        events.StreamUpdated,
        {
            "stream_id": "livestream.id",
            "title": "livestream.session_title",
            "category": a_category("livestream.category"),
            "language": "livestream.language",
            "is_mature": "livestream.is_mature",
            "viewers": "livestream.viewer_count",
            "tags": every("livestream.tags"),
            "started_at": time("livestream.created_at"),
        },
    ),
    "LuckyUsersWhoGotGiftSubscriptionsEvent": (
        events.GiftedSubscriptions,
        {"gifter": "gifter_username", "recipients": every("usernames"), "gifted_total": how_many("usernames")},
    ),
    "MessageDeletedEvent": (
        events.MessageDeleted,
        {
            "id": "id",
            "message_id": "message.id",
            "by_ai": "aiModerated",
            "violated_rules": filled("violatedRules"),
        },
    ),
    "NewActivityFeedEvent": (
        events.Subscribed,
        {"username": "username", "subscribed_at": unix_milliseconds("created_at")},
    ),
    "NewSubscriberUpdatedEvent": (
        events.SubscriberCountChanged,
        {"count": "count", "last_subscriber": "last_subscriber"},
    ),
    "PinnedMessageCreatedEvent": pin,
    "PinnedMessageDeletedEvent": (events.MessageUnpinned, {}),
    "PollUpdateEvent": poll,
    "RewardRedeemedEvent": (
        events.RewardRedeemed,
        {
            "title": "reward_title",
            "username": "username",
            "user_id": "user_id",
            "text": blank_is_none("user_input"),
            "color": "reward_background_color",
        },
    ),
    "StopStreamBroadcast": (events.StreamOffline, {"stream_id": "livestream.id"}),
    "StreamHostEvent": (
        events.RaidReceived,
        {"username": "host_username", "viewers": "number_viewers", "text": blank_is_none("optional_message")},
    ),
    "StreamHostedEvent": (
        events.RaidReceived,
        {
            "username": "user.username",
            "user_id": "user.id",
            "id": "message.id",
            "viewers": "message.numberOfViewers",
            "text": blank_is_none("message.optionalMessage"),
            "raided_at": time("message.createdAt"),
        },
    ),
    "StreamerIsLive": (
        events.StreamOnline,
        {
            "stream_id": "livestream.id",
            "title": "livestream.session_title",
            "started_at": time("livestream.created_at"),
        },
    ),
    "SubscriptionEvent": subscription,
    "UserBannedEvent": ban_or_timeout,
    "UserUnbannedEvent": (
        events.UserUnbanned,
        {
            "id": "id",
            "user.id": "user.id",
            "user.username": "user.username",
            "user.slug": "user.slug",
            "moderator.id": "unbanned_by.id",
            "moderator.username": "unbanned_by.username",
            "moderator.slug": "unbanned_by.slug",
            "permanent": "permanent",
        },
    ),
    "pusher:connection_established": (events.Unknown, {}),
    "pusher_internal:subscription_succeeded": (events.Unknown, {}),
}


def attribute(event: object, path: str) -> object:
    """The value at ``a.b.0`` of an event, None where something on the way is."""
    for name in path.split("."):
        if event is None:
            return None
        event = event[int(name)] if isinstance(event, tuple) else getattr(event, name)
    return event


def bare(frame: Json) -> str:
    return str(frame["event"]).removeprefix(PREFIX)


def test_the_table_has_a_row_for_each_name_that_was_recorded_and_no_other() -> None:
    assert {bare(frame) for frame in FRAMES} == set(TABLE)
    for name, row in TABLE.items():
        assert (row == (events.Unknown, {})) == name.startswith("pusher"), name


@pytest.mark.parametrize(
    "frame", [pytest.param(frame, id=f"{index}-{bare(frame)}") for index, frame in enumerate(FRAMES)]
)
def test_a_recorded_frame_says_what_it_said(frame: Json) -> None:
    payload, row = json.loads(frame["data"]), TABLE[bare(frame)]
    made, places = row(payload) if callable(row) else row
    event = decode_text(frame["event"], frame["data"])
    assert type(event) is made
    expected = {
        name: found(payload, place) if isinstance(place, str) else place(payload) for name, place in places.items()
    }
    assert {name: attribute(event, name) for name in places} == expected
    # What no row speaks of, the frame did not say: it is as the event has it by default.
    spoken_of = {name.partition(".")[0] for name in places} | {"received_at", "raw", "channel"}
    for field in msgspec.structs.fields(event):
        assert field.name in spoken_of or getattr(event, field.name) == field.default, field.name
