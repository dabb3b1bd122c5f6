"""Subscriptions, gifts, tips, rewards, goals and leaderboards: each recorded shape, and the event that it becomes."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto import events
from kick_proto.decoders import ROWS, support
from kick_proto.ids import TopicKind, UserId, parse_topic
from kick_proto.testing.traffic import PRIVATE_SCENES, SCENES, Traffic
from tests.shapes import FOX, READ_AT, SUBSCRIPTION, Json, changed, decode, decode_text, places, without

SAMPLES = Path(__file__).parents[2] / "shared" / "wire" / "samples.ndjson"
PREFIX = "App\\Events\\"
MADE = {row.name: tuple(made for made in row.makes if made is not events.Unknown) for row in support.ROWS}
TOPICS = {row.name: (row.topics, row.private) for row in support.ROWS}

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
UNIX_NOON = 1777896000
ADA, BOB, EVE = UserId(701), UserId(702), UserId(703)
CHANNEL: Json = {"id": 11, "user_id": 33, "slug": "fox", "is_banned": False, "chatroom": {"id": 22}}

SELF: Json = {"user_ids": [701], "username": "Ada_L", "channel_id": 11}
RECEIVED: Json = {"user_ids": [702, 703], "username": "", "channel_id": 11}
LUCKY: Json = {"channel": CHANNEL, "usernames": ["Eve", "Bob"], "gifter_username": "Ada_L"}
GIFT_2023: Json = {"chatroom_id": 22, "gifted_usernames": ["Bob", "Eve"], "gifter_username": "Ada_L"}
GIFT_2025: Json = {**GIFT_2023, "gifter_total": 9}
GIFT_2026: Json = {**GIFT_2025, "correlation_id": "pi_3x", "gifted_total": 2, "chunk_details": None}
CHUNK: Json = {
    **GIFT_2026,
    "gifted_total": 50,
    "chunk_details": {"correlation_id": "pi_3x", "chunk_index": 1, "total_chunks": 2},
}
USER: Json = {
    "id": 701,
    "username": "Ada_L",
    "role": "user",
    "isSuperAdmin": None,
    "profile_thumb": "https://storage.example.invalid/701.webp?X-Amz-Signature=5ec7e7",
    "verified": False,
    "follower_badges": [],
    "is_subscribed": None,
    "is_founder": False,
    "months_subscribed": None,
    "quantity_gifted": 0,
}
NOTICE_2026: Json = {
    "message": {
        "id": "n-1",
        "message": "",
        "type": "info",
        "replied_to": None,
        "is_info": False,
        "link_preview": None,
        "chatroom_id": 22,
        "role": "user",
        "created_at": UNIX_NOON,
        "action": "subscribe",
        "optional_message": "still here",
        "months_subscribed": 38,
        "subscriptions_count": 0,
        "giftedUsers": [],
    },
    "user": USER,
}


def notice(**changes: Json) -> Json:
    return {**NOTICE_2026, "message": {**NOTICE_2026["message"], **changes}}


NOTICE_2025 = notice(message=None, is_info=None, giftedUsers=None, optional_message=None, months_subscribed=1)
NOTICE_OF_GIFT = notice(
    action="gift",
    optional_message=None,
    months_subscribed=None,
    subscriptions_count=2,
    giftedUsers=[{"username": "Bob", "monthsSubscribed": 1}, {"username": "Eve", "monthsSubscribed": 4}],
)
CHAT_2023 = notice(
    message="hello", type="", is_info=None, chatroom_id="22", role=None, action=None, optional_message=None
)
COUNT: Json = {"channel_id": 11, "last_subscriber": "Ada_L", "count": 526}
ACTIVITY: Json = {
    "channel_id": 11,
    "type": "new_subscriber",
    "username": "Ada_L",
    "metadata": {},
    "created_at": UNIX_NOON * 1000 + 722,
}
ACTIVITY_GIFT: Json = {**ACTIVITY, "type": "gift", "metadata": {"quantity": 5}}
KICKS: Json = {
    "gift_transaction_id": "t-1",
    "message": "take mine",
    "sender": {"id": 701, "username": "Ada_L", "username_color": "#4CFF75", "profile_picture": "https://e.invalid/1"},
    "gift": {
        "gift_id": "rage_quit",
        "name": "Rage Quit",
        "amount": 500,
        "type": "LEVEL_UP",
        "tier": "MID",
        "character_limit": 150,
        "pinned_time": 600_000_000_000,
    },
    "created_at": "2026-05-04T12:00:00.212275837Z",
    "expires_at": "2026-05-04T12:10:00.212275837Z",
}
KICKS_2025: Json = {
    "message": "",
    "sender": {"id": 701, "username": "Ada_L", "username_color": "#E9113C"},
    "gift": {**KICKS["gift"], "pinned_time": 0, "character_limit": 0},
}
PLACES: Json = [{"user_id": 701, "username": "Ada_L", "quantity": 8000}]
KICKS_BOARD: Json = {
    "gifts_lifetime": PLACES,
    "gifts_lifetime_enabled": True,
    "gifts_week": [],
    "gifts_week_enabled": True,
    "gifts_month": PLACES,
    "gifts_month_enabled": True,
}
BOARD_2026: Json = {
    "leaderboard": PLACES,
    "weekly_leaderboard": [],
    "monthly_leaderboard": PLACES,
    "gifter_id": 702,
    "gifter_username": "Bob",
    "gifted_quantity": 5,
}
BOARD_2023: Json = {"channel": CHANNEL, **without(BOARD_2026, "gifter_username")}
REWARD: Json = {
    "reward_title": "Hydrate",
    "user_id": 701,
    "channel_id": 11,
    "username": "Ada_L",
    "user_input": "now",
    "reward_background_color": "#00a3ff",
}
POINTS: Json = {"reason": "EARNED", "points": 10, "balance": 90, "user_id": "701", "channel_id": "11"}
GOAL: Json = {
    "id": "chgoal_01",
    "channel_id": "channel_01",
    "type": "followers",
    "target_value": 300,
    "current_value": 247,
    "progress_bar_emoji_id": "chnl-goal-emotes/2",
    "status": "active",
    "created_at": "2026-05-04T12:00:00.16358Z",
    "updated_at": "2026-05-04T12:00:00.225514152Z",
    "achieved_at": None,
    "end_date": None,
    "count_from_creation": True,
}
LOGIN: Json = {
    "id": "p-1",
    "channel": {"id": 11, "slug": "fox"},
    "user": {"id": 701, "slug": "ada-l", "username": "Ada_L"},
    "created_at": "2026-05-04T12:00:00.000000Z",
}
GIFTED: Json = {
    **LOGIN,
    "gifted_users": [{"id": 702, "username": "Bob", "slug": "bob"}, {"username": "Eve"}],
    "gift": {"tier": 1},
}

SHAPES: list[tuple[str, Json]] = [
    ("SubscriptionEvent", SUBSCRIPTION),
    ("ChannelSubscriptionEvent", SELF),
    ("LuckyUsersWhoGotGiftSubscriptionsEvent", LUCKY),
    ("GiftedSubscriptionsEvent", CHUNK),
    ("ChatMessageSentEvent", NOTICE_2026),
    ("ChatMessageSentEvent", NOTICE_OF_GIFT),
    ("ChatMessageSentEvent", CHAT_2023),
    ("NewSubscriberUpdatedEvent", COUNT),
    ("NewActivityFeedEvent", ACTIVITY),
    ("NewActivityFeedEvent", ACTIVITY_GIFT),
    ("KicksGifted", KICKS),
    ("KicksLeaderboardUpdated", KICKS_BOARD),
    ("GiftsLeaderboardUpdated", BOARD_2026),
    ("RewardRedeemedEvent", REWARD),
    ("PointsUpdated", POINTS),
    ("GoalCreatedEvent", GOAL),
    ("GoalProgressUpdateEvent", GOAL),
    ("GoalUpdatedEvent", GOAL),
    ("GoalAchievedEvent", GOAL),
    ("GoalCanceledEvent", GOAL),
    ("SubscriptionCreated", LOGIN),
    ("SubscriptionRenewed", {**LOGIN, "subscription": {"total": 7}}),
    ("SubscriptionGifted", GIFTED),
    ("RedeemedReward", LOGIN),
]


def check(name: str, payload: Json, made: type[events.Event], fields: dict[str, Json]) -> None:
    """The payload becomes that event with those fields, and every further field at its default."""
    event = decode(name, payload)
    assert event == made(received_at=READ_AT, raw=event.raw, channel=FOX, **fields)


# Subscriptions


@pytest.mark.parametrize(
    ("payload", "made", "fields"),
    [
        pytest.param(SUBSCRIPTION, events.Subscribed, {"months": 1}, id="first"),
        pytest.param({**SUBSCRIPTION, "months": 38}, events.Resubscribed, {"months": 38}, id="renewal"),
        pytest.param({**SUBSCRIPTION, "months": "2"}, events.Resubscribed, {"months": 2}, id="months as a string"),
        pytest.param({**SUBSCRIPTION, "months": None}, events.Subscribed, {}, id="months null"),
        pytest.param({"username": "Ada_L"}, events.Subscribed, {}, id="nothing but the name"),
    ],
)
def test_a_subscription(payload: Json, made: type[events.Event], fields: dict[str, Json]) -> None:
    check("SubscriptionEvent", payload, made, {"username": "Ada_L", **fields})


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(SELF, {"user_id": ADA}, id="as seen"),
        pytest.param({**SELF, "user_ids": ["701"]}, {"user_id": ADA}, id="an id as a string"),
        pytest.param({**SELF, "user_ids": []}, {}, id="no id"),
        pytest.param({**SELF, "user_ids": [701, 702]}, {}, id="ids of which nobody knows whose they are"),
    ],
)
def test_a_channel_subscription_with_a_name_is_the_subscribers_own(payload: Json, fields: dict[str, Json]) -> None:
    check("ChannelSubscriptionEvent", payload, events.Subscribed, {"username": "Ada_L", **fields})


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(RECEIVED, {"recipient_ids": (BOB, EVE), "gifted_total": 2}, id="as seen"),
        pytest.param({**RECEIVED, "username": None}, {"recipient_ids": (BOB, EVE), "gifted_total": 2}, id="name null"),
        pytest.param({"user_ids": [702]}, {"recipient_ids": (BOB,), "gifted_total": 1}, id="no name at all"),
        pytest.param({**RECEIVED, "user_ids": []}, {}, id="nobody"),
    ],
)
def test_a_channel_subscription_without_a_name_is_a_gift(payload: Json, fields: dict[str, Json]) -> None:
    check("ChannelSubscriptionEvent", payload, events.GiftedSubscriptions, fields)


@pytest.mark.parametrize(
    ("payload", "made", "fields"),
    [
        pytest.param(NOTICE_2026, events.Resubscribed, {"months": 38, "text": "still here"}, id="2026, with a text"),
        pytest.param(notice(optional_message=None), events.Resubscribed, {"months": 38}, id="2026, without"),
        pytest.param(notice(optional_message=""), events.Resubscribed, {"months": 38}, id="2026, an empty text"),
        pytest.param(
            notice(optional_message=None, message="hi"),
            events.Resubscribed,
            {"months": 38, "text": "hi"},
            id="a text in the other field",
        ),
        pytest.param(NOTICE_2025, events.Subscribed, {"months": 1}, id="2025"),
        pytest.param(
            notice(months_subscribed=None), events.Subscribed, {"text": "still here"}, id="months that are not told"
        ),
        pytest.param(
            notice(created_at=None),
            events.Resubscribed,
            {"months": 38, "text": "still here", "subscribed_at": None},
            id="no time",
        ),
        pytest.param(
            notice(created_at=10**30),
            events.Resubscribed,
            {"months": 38, "text": "still here", "subscribed_at": None},
            id="a time beyond the calendar",
        ),
    ],
)
def test_a_notice_of_a_subscription(payload: Json, made: type[events.Event], fields: dict[str, Json]) -> None:
    told = {"username": "Ada_L", "user_id": ADA, "subscribed_at": NOON}
    check("ChatMessageSentEvent", payload, made, {**told, **fields})


@pytest.mark.parametrize("metadata", [{}, [], None])
def test_an_activity_of_a_subscriber(metadata: Json) -> None:
    at = NOON + timedelta(milliseconds=722)
    fields = {"username": "Ada_L", "subscribed_at": at}
    check("NewActivityFeedEvent", {**ACTIVITY, "metadata": metadata}, events.Subscribed, fields)


@pytest.mark.parametrize("payload", [{**ACTIVITY, "created_at": None}, without(ACTIVITY, "created_at")])
def test_an_activity_may_have_no_time(payload: Json) -> None:
    check("NewActivityFeedEvent", payload, events.Subscribed, {"username": "Ada_L"})


@pytest.mark.parametrize(
    ("payload", "count", "last"),
    [
        pytest.param(COUNT, 526, "Ada_L", id="as seen"),
        pytest.param({"count": "526", "last_subscriber": ""}, 526, None, id="by nobody"),
    ],
)
def test_a_count_of_subscribers(payload: Json, count: int, last: str | None) -> None:
    check(
        "NewSubscriberUpdatedEvent", payload, events.SubscriberCountChanged, {"count": count, "last_subscriber": last}
    )


@pytest.mark.parametrize(
    ("name", "payload", "made", "fields"),
    [
        pytest.param("SubscriptionCreated", LOGIN, events.Subscribed, {}, id="created"),
        pytest.param(
            "SubscriptionRenewed",
            {**LOGIN, "subscription": {"total": 7}},
            events.Resubscribed,
            {"months": 7},
            id="renewed",
        ),
        pytest.param("SubscriptionRenewed", LOGIN, events.Resubscribed, {}, id="renewed, without months"),
    ],
)
def test_a_subscription_that_the_owner_is_told(
    name: str, payload: Json, made: type[events.Event], fields: dict[str, Json]
) -> None:
    check(name, payload, made, {"username": "Ada_L", "user_id": ADA, "subscribed_at": NOON, **fields})


# Gifts

NAMED: Json = {"gifter": "Ada_L", "recipients": ("Bob", "Eve")}
WHOLE: Json = {**NAMED, "gifted_total": 2, "lifetime_total": 9, "gift_id": "pi_3x"}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(GIFT_2023, {**NAMED, "gifted_total": 2}, id="2023"),
        pytest.param(GIFT_2025, {**NAMED, "gifted_total": 2, "lifetime_total": 9}, id="2024 and 2025"),
        pytest.param(GIFT_2026, WHOLE, id="2026"),
        pytest.param(CHUNK, {**WHOLE, "gifted_total": 50, "chunk_index": 1, "total_chunks": 2}, id="a chunk"),
        pytest.param(
            without(CHUNK, "gifted_total", "correlation_id"),
            {**WHOLE, "gifted_total": None, "chunk_index": 1, "total_chunks": 2},
            id="a chunk of nobody knows how many",
        ),
        pytest.param(
            {**CHUNK, "correlation_id": None, "chunk_details": {}},
            {**WHOLE, "gifted_total": 50, "gift_id": None},
            id="a chunk of nobody knows what",
        ),
        pytest.param({**GIFT_2026, "gifted_total": 7}, {**WHOLE, "gifted_total": 7}, id="more than are named"),
        pytest.param({**GIFT_2026, "gifter_username": "Anonymous"}, {**WHOLE, "gifter": None}, id="anonymous"),
        pytest.param({**GIFT_2026, "gifter_username": None}, {**WHOLE, "gifter": None}, id="anonymous, null"),
        pytest.param({**GIFT_2026, "gifter_username": ""}, {**WHOLE, "gifter": None}, id="anonymous, empty"),
        pytest.param({**GIFT_2026, "gifter_total": 0}, {**WHOLE, "lifetime_total": None}, id="a total of nothing"),
        pytest.param({"gifted_usernames": []}, {}, id="to nobody"),
    ],
)
def test_a_gift(payload: Json, fields: dict[str, Json]) -> None:
    check("GiftedSubscriptionsEvent", payload, events.GiftedSubscriptions, fields)


@pytest.mark.parametrize(
    ("payload", "gifter"),
    [
        pytest.param(LUCKY, "Ada_L", id="as seen"),
        pytest.param(without(LUCKY, "channel"), "Ada_L", id="without the channel"),
        pytest.param({**LUCKY, "gifter_username": None}, None, id="by nobody"),
        pytest.param({**LUCKY, "gifter_username": "Anonymous"}, None, id="anonymous"),
    ],
)
def test_the_lucky_ones(payload: Json, gifter: str | None) -> None:
    fields = {"gifter": gifter, "recipients": ("Eve", "Bob"), "gifted_total": 2}
    check("LuckyUsersWhoGotGiftSubscriptionsEvent", payload, events.GiftedSubscriptions, fields)


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(NOTICE_OF_GIFT, {}, id="as seen"),
        pytest.param(
            changed(NOTICE_OF_GIFT, ("message", "giftedUsers"), lambda _: None),
            {"recipients": ()},
            id="to nobody named",
        ),
        pytest.param(changed(NOTICE_OF_GIFT, ("message", "subscriptions_count"), lambda _: None), {}, id="no count"),
        pytest.param(changed(NOTICE_OF_GIFT, ("message", "subscriptions_count"), lambda _: 0), {}, id="a count of 0"),
        pytest.param(
            changed(NOTICE_OF_GIFT, ("user", "username"), lambda _: "Anonymous"),
            {"gifter": None, "gifter_id": None},
            id="anonymous",
        ),
    ],
)
def test_a_notice_of_a_gift(payload: Json, fields: dict[str, Json]) -> None:
    told = {**NAMED, "gifted_total": 2, "gifter_id": ADA, "gifted_at": NOON}
    check("ChatMessageSentEvent", payload, events.GiftedSubscriptions, {**told, **fields})


@pytest.mark.parametrize(
    ("payload", "gifter", "total"),
    [
        pytest.param(ACTIVITY_GIFT, "Ada_L", 5, id="as seen"),
        pytest.param({**ACTIVITY_GIFT, "metadata": []}, "Ada_L", None, id="of nobody knows how many"),
        pytest.param({**ACTIVITY_GIFT, "metadata": {}}, "Ada_L", None, id="nor here"),
        pytest.param({**ACTIVITY_GIFT, "username": "Anonymous"}, None, 5, id="anonymous"),
        pytest.param({**ACTIVITY_GIFT, "username": None}, None, 5, id="by nobody"),
    ],
)
def test_an_activity_of_a_gift(payload: Json, gifter: str | None, total: int | None) -> None:
    fields = {"gifter": gifter, "gifted_total": total, "gifted_at": NOON + timedelta(milliseconds=722)}
    check("NewActivityFeedEvent", payload, events.GiftedSubscriptions, fields)


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(GIFTED, {"gifter": "Ada_L", "gifter_id": ADA}, id="as typed"),
        pytest.param({**GIFTED, "user": None}, {}, id="by nobody"),
        pytest.param(changed(GIFTED, ("user", "username"), lambda _: "Anonymous"), {}, id="anonymous"),
    ],
)
def test_a_gift_that_the_owner_is_told(payload: Json, fields: dict[str, Json]) -> None:
    told = {"recipients": ("Bob", "Eve"), "recipient_ids": (BOB,), "gifted_total": 2, "gifted_at": NOON}
    check("SubscriptionGifted", payload, events.GiftedSubscriptions, {**told, **fields})


# What once was chat, and what is none of it


@pytest.mark.parametrize("kind", ["", None, "message"])
def test_in_2023_the_notice_was_the_chat(kind: str | None) -> None:
    payload = changed(CHAT_2023, ("message", "type"), lambda _: kind)
    author = events.Author(ADA, "Ada_L")
    check(
        "ChatMessageSentEvent",
        payload,
        events.ChatMessage,
        {"id": "n-1", "text": "hello", "author": author, "sent_at": NOON},
    )


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        pytest.param("ChatMessageSentEvent", notice(action="raffle"), id="a notice of something else"),
        pytest.param("ChatMessageSentEvent", notice(action=None), id="a notice of nothing"),
        pytest.param(
            "ChatMessageSentEvent",
            notice(action="raffle", type="message", message="join in"),
            id="a notice of something else, with a text",
        ),
        pytest.param("ChatMessageSentEvent", notice(action=None, message="hi"), id="a notice of nothing but a text"),
        pytest.param("ChatMessageSentEvent", notice(action=None, type="", message=""), id="an empty message"),
        pytest.param(
            "ChatMessageSentEvent", changed(CHAT_2023, ("message", "id"), lambda _: None), id="a message without an id"
        ),
        pytest.param(
            "ChatMessageSentEvent",
            changed(CHAT_2023, ("message", "created_at"), lambda _: 10**30),
            id="a message beyond the calendar",
        ),
        pytest.param("NewActivityFeedEvent", {**ACTIVITY, "type": "new_follower"}, id="another activity"),
        pytest.param("NewActivityFeedEvent", {**ACTIVITY, "username": ""}, id="an activity of nobody"),
    ],
)
def test_what_is_known_by_its_name_alone_is_unknown(name: str, payload: Json) -> None:
    event = decode(name, payload)
    assert event == events.Unknown(READ_AT, event.raw, FOX)


@pytest.mark.parametrize("payload", [NOTICE_2026, NOTICE_2025, NOTICE_OF_GIFT, CHAT_2023])
def test_a_picture_with_credentials_stays_in_the_frame(payload: Json) -> None:
    event = decode("ChatMessageSentEvent", payload)
    fields = {name: getattr(event, name) for name in event.__struct_fields__ if name != "raw"}
    assert "X-Amz-Signature" in event.raw.data
    assert "X-Amz-Signature" not in repr(fields)


# Tips, rewards, points

TIP: Json = {
    "username": "Ada_L",
    "amount": 500,
    "user_id": ADA,
    "gift": "Rage Quit",
    "gift_type": "LEVEL_UP",
    "tier": "MID",
    "gift_id": "rage_quit",
}
SENT_AT = NOON + timedelta(microseconds=212_276)
MINUTES = timedelta(minutes=10)
TOLD: Json = {"id": "t-1", "sent_at": SENT_AT}
PINNED: Json = {**TOLD, "text": "take mine", "pinned_for": MINUTES, "expires_at": SENT_AT + MINUTES}


def kicks(**gift: Json) -> Json:
    return {**KICKS, "gift": {**KICKS["gift"], **gift}}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(KICKS, PINNED, id="2026, pinned"),
        pytest.param(KICKS_2025, {}, id="2025"),
        pytest.param(
            {**KICKS_2025, **{name: KICKS[name] for name in ("gift_transaction_id", "created_at")}},
            TOLD,
            id="2026, not pinned",
        ),
        pytest.param({**KICKS, "message": ""}, {**PINNED, "text": None}, id="an empty message"),
        pytest.param(without(KICKS, "message"), {**PINNED, "text": None}, id="no message"),
        pytest.param(
            changed(KICKS, ("gift",), lambda gift: without(gift, "pinned_time", "character_limit")),
            {**PINNED, "pinned_for": None},
            id="no time for which it is pinned",
        ),
        pytest.param(kicks(amount="500"), PINNED, id="an amount as a string"),
        pytest.param(kicks(gift_id=""), {**PINNED, "gift_id": None}, id="a gift without an id"),
        pytest.param(
            kicks(pinned_time=1_500), {**PINNED, "pinned_for": timedelta(microseconds=1)}, id="below a microsecond"
        ),
        pytest.param(kicks(pinned_time=10**30), {**PINNED, "pinned_for": timedelta.max}, id="pinned for ever"),
        pytest.param(
            {"sender": {"username": "Ada_L"}, "gift": {"amount": 500}},
            dict.fromkeys(("user_id", "gift", "gift_type", "tier", "gift_id")),
            id="nothing but what it needs",
        ),
    ],
)
def test_kicks(payload: Json, fields: dict[str, Json]) -> None:
    check("KicksGifted", payload, events.Tipped, {**TIP, **fields})


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(REWARD, {"user_id": ADA, "text": "now", "color": "#00a3ff"}, id="with a text"),
        pytest.param({**REWARD, "user_input": ""}, {"user_id": ADA, "color": "#00a3ff"}, id="without"),
        pytest.param({**REWARD, "reward_background_color": ""}, {"user_id": ADA, "text": "now"}, id="no colour"),
        pytest.param({"reward_title": "Hydrate", "username": "Ada_L"}, {}, id="nothing but what it needs"),
    ],
)
def test_a_reward(payload: Json, fields: dict[str, Json]) -> None:
    check("RewardRedeemedEvent", payload, events.RewardRedeemed, {"title": "Hydrate", "username": "Ada_L", **fields})


def test_a_reward_that_the_owner_is_told_has_no_title() -> None:
    check("RedeemedReward", LOGIN, events.RewardRedeemed, {"title": None, "username": "Ada_L", "user_id": ADA})


EARNED: Json = {"balance": 90, "reason": "EARNED", "user_id": ADA, "channel_id": FOX.channel_id}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(POINTS, EARNED, id="ids as text"),
        pytest.param({**POINTS, "user_id": 701, "channel_id": 11}, EARNED, id="ids as numbers"),
        pytest.param({**POINTS, "channel_id": None}, {**EARNED, "channel_id": None}, id="on no channel"),
        pytest.param({"points": 10, "reason": ""}, {}, id="nothing but what it needs"),
    ],
)
def test_points(payload: Json, fields: dict[str, Json]) -> None:
    check("PointsUpdated", payload, events.PointsChanged, {"points": 10, **fields})


# Goals and leaderboards


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("GoalCreatedEvent", "created"),
        ("GoalProgressUpdateEvent", "progress"),
        ("GoalUpdatedEvent", "updated"),
        ("GoalAchievedEvent", "achieved"),
        ("GoalCanceledEvent", "canceled"),
    ],
)
def test_a_goal(name: str, change: str) -> None:
    told = {"id": "chgoal_01", "change": change}
    standing = {**told, "kind": "followers", "current": 247, "target": 300, "status": "active"}
    times = {
        "created_at": NOON + timedelta(microseconds=163_580),
        "updated_at": NOON + timedelta(microseconds=225_514),
    }
    check(name, GOAL, events.GoalChanged, {**standing, **times})
    ended = {**GOAL, "achieved_at": "2026-05-04T12:00:00Z", "end_date": "2026-05-04 12:00:00"}
    check(name, ended, events.GoalChanged, {**standing, **times, "achieved_at": NOON, "ends_at": NOON})
    check(name, {"id": "chgoal_01"}, events.GoalChanged, told)


FIRST = (events.Leader(ADA, "Ada_L", 8000),)


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(KICKS_BOARD, {"lifetime": FIRST, "month": FIRST, "week": ()}, id="as seen"),
        pytest.param(without(KICKS_BOARD, "gifts_week"), {"lifetime": FIRST, "month": FIRST}, id="without a week"),
        pytest.param({"gifts_lifetime": None, "gifts_month": None}, {}, id="nulls"),
    ],
)
def test_a_leaderboard_of_kicks(payload: Json, fields: dict[str, Json]) -> None:
    check("KicksLeaderboardUpdated", payload, events.LeaderboardChanged, {"unit": "KICKs", **fields})


BOARDS: Json = {"lifetime": FIRST, "month": FIRST, "week": (), "gifter_id": BOB, "gifted": 5}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(BOARD_2026, {**BOARDS, "gifter": "Bob"}, id="2025 on"),
        pytest.param({"channel": CHANNEL, **BOARD_2026}, {**BOARDS, "gifter": "Bob"}, id="late 2024"),
        pytest.param(BOARD_2023, BOARDS, id="2023"),
        pytest.param({"leaderboard": []}, {"lifetime": ()}, id="nobody yet"),
    ],
)
def test_a_leaderboard_of_gifts(payload: Json, fields: dict[str, Json]) -> None:
    check("GiftsLeaderboardUpdated", payload, events.LeaderboardChanged, {"unit": "subscriptions", **fields})


# Every row, every recorded frame, every scene


def test_each_row_has_a_shape_here() -> None:
    assert {name for name, _ in SHAPES} == set(MADE)


@given(st.sampled_from(SHAPES), st.data())
def test_any_value_anywhere_in_a_payload_gives_an_event(shape: tuple[str, Json], data: st.DataObject) -> None:
    name, payload = shape
    value: Json = data.draw(
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
        | st.just([])
        | st.just({})
        | st.sampled_from(["nan", "inf", "1e400", "9" * 40, "2026-05-04"])
    )
    place = data.draw(st.sampled_from(list(places(payload))))
    event = decode(name, changed(payload, place, lambda _: value))
    assert isinstance(event, (*MADE[name], events.Unknown, events.Undecodable))


@given(st.sampled_from(SHAPES), st.text(max_size=5), st.integers() | st.text())
def test_a_field_that_is_not_known_yet_changes_nothing(shape: tuple[str, Json], field: str, value: Json) -> None:
    name, payload = shape
    before, after = decode(name, payload), decode(name, {"x_" + field: value, **payload})
    assert after == msgspec.structs.replace(before, raw=after.raw)


def was_seen_on(name: str, topic: str) -> bool:
    topics, private = TOPICS[name]
    found = parse_topic(topic)
    if found is not None:
        return found[0] in topics
    return any(topic.startswith(template.removesuffix("{}")) for template in private)


def test_every_recorded_frame_becomes_what_its_row_makes() -> None:
    if not SAMPLES.exists():
        pytest.skip("the recorded frames are not part of the project")
    recorded = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    recorded = [frame for frame in recorded if frame["event"].removeprefix(PREFIX) in MADE]
    assert len(recorded) > 40
    for frame in recorded:
        name = frame["event"].removeprefix(PREFIX)
        event = decode_text(frame["event"], frame["data"])
        assert isinstance(event, MADE[name]), frame
        assert frame["channel"] is None or was_seen_on(name, frame["channel"]), frame


def test_recorded_frames_of_one_subscription_agree_on_it() -> None:
    if not SAMPLES.exists():
        pytest.skip("the recorded frames are not part of the project")
    told = [
        decode_text(frame["event"], frame["data"])
        for frame in map(json.loads, SAMPLES.read_text().splitlines())
        if frame["channel"] in ("chatrooms.4598.v2", "chatroom_4598", "channel_4599")
    ]
    mine = [event for event in told if isinstance(event, events.Subscribed | events.Resubscribed)]
    assert len(mine) == 4
    assert len({event.username for event in mine}) == 1
    assert {event.months for event in mine} == {38, None}
    assert len({event.user_id for event in mine} - {None}) == 1


@pytest.mark.parametrize("scene", [*SCENES, *PRIVATE_SCENES])
def test_every_frame_of_the_generated_traffic_becomes_what_its_row_makes(scene: str) -> None:
    traffic = Traffic(FOX, random.Random(7))
    for turn in range(20):
        for frame in traffic.play(scene, UNIX_NOON + turn):
            name = frame.event.removeprefix(PREFIX)
            if name in MADE:
                event = decode_text(frame.event, frame.data)
                assert isinstance(event, MADE[name]), frame
                assert was_seen_on(name, frame.channel), frame


@pytest.mark.parametrize(
    ("scene", "made"),
    [
        ("chat_2023", {events.ChatMessage}),
        ("subscription_2025", {events.Subscribed, events.Resubscribed}),
        ("gift_2023", {events.GiftedSubscriptions, events.LeaderboardChanged}),
        ("gift_2024", {events.GiftedSubscriptions, events.LeaderboardChanged}),
        ("gift_2025", {events.GiftedSubscriptions, events.LeaderboardChanged}),
        ("gift_anonymous", {events.GiftedSubscriptions}),
        ("gift_of_one", {events.GiftedSubscriptions, events.LeaderboardChanged}),
        ("gift_of_many", {events.GiftedSubscriptions, events.LeaderboardChanged}),
        ("resubscription", {events.Resubscribed, events.Subscribed, events.SubscriberCountChanged}),
        ("kicks_pinned", {events.Tipped, events.LeaderboardChanged}),
        ("reward_with_input", {events.RewardRedeemed}),
        ("goal_progress", {events.GoalChanged}),
        ("points_updated", {events.PointsChanged}),
        ("activity_2023", {events.Subscribed}),
        ("subscriber_count_2023", {events.SubscriberCountChanged}),
        ("subscription_created", {events.Subscribed}),
        ("subscription_renewed", {events.Resubscribed}),
        ("subscription_gifted", {events.GiftedSubscriptions}),
        ("reward_for_owner", {events.RewardRedeemed}),
    ],
)
def test_a_scene_is_told_in_these_events(scene: str, made: set[type[events.Event]]) -> None:
    traffic = Traffic(FOX, random.Random(7))
    told = {
        type(decode_text(frame.event, frame.data))
        for turn in range(20)
        for frame in traffic.play(scene, UNIX_NOON + turn)
        if frame.event.removeprefix(PREFIX) in MADE
    }
    assert told == made


def test_an_anonymous_gift_names_nobody_in_any_frame() -> None:
    for frame in Traffic(FOX, random.Random(7)).play("gift_anonymous", UNIX_NOON):
        event = decode_text(frame.event, frame.data)
        assert isinstance(event, events.GiftedSubscriptions)
        assert (event.gifter, event.gifter_id, event.lifetime_total) == (None, None, None)


def test_the_chunks_of_a_gift_add_up_to_it() -> None:
    frames = Traffic(FOX, random.Random(7)).play("gift_of_many", UNIX_NOON)
    chunks = [decode_text(frame.event, frame.data) for frame in frames if frame.event == "GiftedSubscriptionsEvent"]
    gifts = [chunk for chunk in chunks if isinstance(chunk, events.GiftedSubscriptions)]
    assert len(gifts) == len(chunks) == gifts[0].total_chunks
    assert [gift.chunk_index for gift in gifts] == list(range(len(gifts)))
    assert len({gift.gift_id for gift in gifts} - {None}) == 1
    assert {gift.gifted_total for gift in gifts} == {sum(len(gift.recipients) for gift in gifts)}


def test_topics_are_public_or_behind_a_login() -> None:
    for row in support.ROWS:
        assert all(isinstance(kind, TopicKind) for kind in row.topics)
        assert bool(row.topics) or row.confidence == "C"
    assert set(support.ROWS) <= set(ROWS)
