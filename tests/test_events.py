"""The unified events: frozen values that carry where they came from, and survive JSON."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import msgspec
import pytest

from kick_proto import events
from kick_proto.content import Mention, Text
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, UserId

READ_AT = datetime(2026, 5, 4, 12, 0, 1, 250_000, UTC)
RAW = Frame("App\\Events\\ChatMessageEvent", "chatrooms.22.v2", "{}")
FOX = Channel(ChannelId(11), ChatroomId(22), "fox")
ADA = events.User(UserId(7), "Ada", "ada")
MOD = events.Moderator("Max", UserId(8), "max")

CHAT = events.ChatMessage(
    READ_AT,
    RAW,
    FOX,
    "m-1",
    "hello @Bob",
    events.Author(
        UserId(7), "Ada", "ada", "#FFD899", (events.Badge("vip", "VIP"), events.Badge("subscriber", count=3))
    ),
    datetime(2026, 5, 4, 12, 0, 0, 0, UTC),
    "celebration",
    events.Reply("m-0", "hi", "Bob", UserId(9), "m-0"),
    events.Celebration("c-1", "subscription_renewed", 3, READ_AT),
)
ALL = [
    CHAT,
    events.MessageDeleted(READ_AT, RAW, FOX, "d-1", "m-1", True, ("hate",)),
    events.UserBanned(READ_AT, RAW, FOX, "b-1", ADA, MOD, False, timedelta(minutes=5), READ_AT),
    events.UserUnbanned(READ_AT, RAW, FOX, "u-1", ADA, None, True),
    events.StreamOnline(READ_AT, RAW, FOX, 100, "Title", READ_AT),
    events.StreamOffline(READ_AT, RAW, FOX, 100),
    events.StreamUpdated(
        READ_AT, RAW, FOX, 100, "Title", events.Category("Tea", 5, "tea"), "English", False, 12, ("a",)
    ),
    events.Subscribed(READ_AT, RAW, FOX, "Ada", 1, UserId(7), "hi", READ_AT),
    events.Resubscribed(READ_AT, RAW, FOX, "Ada", 2, sources=(RAW, RAW)),
    events.GiftedSubscriptions(READ_AT, RAW, FOX, "Ada", ("Bob",), (UserId(9),), 1, 12, gift_id="g-1"),
    events.SubscriberCountChanged(READ_AT, RAW, FOX, 100, "Ada"),
    events.Tipped(READ_AT, RAW, FOX, "Ada", 500, UserId(7), text="wow", pinned_for=timedelta(minutes=10)),
    events.RewardRedeemed(READ_AT, RAW, FOX, "Hydrate", "Ada", UserId(7), "now", "#AABBCC"),
    events.PointsChanged(READ_AT, RAW, FOX, 10, 110, "EARNED", UserId(7)),
    events.GoalChanged(READ_AT, RAW, FOX, "chgoal_1", "progress", "followers", 5, 10, "active", READ_AT),
    events.LeaderboardChanged(READ_AT, RAW, FOX, "KICKs", (events.Leader(UserId(7), "Ada", 500),), (), None),
    events.RaidReceived(READ_AT, RAW, FOX, "Ada", 42, "hello", UserId(7), "r-1", READ_AT),
    events.RaidSent(READ_AT, RAW, FOX, "bob", "Bob", ChannelId(12), 100, "Tea"),
    events.FollowersChanged(READ_AT, RAW, FOX, True, 1000, "Ada", UserId(7), READ_AT),
    events.ChatCleared(READ_AT, RAW, FOX, "x-1"),
    events.MessagePinned(READ_AT, RAW, FOX, events.PinnedMessage("m-1", "hello"), None, timedelta(minutes=20)),
    events.MessageUnpinned(READ_AT, RAW, FOX),
    events.ChatSettingsChanged(READ_AT, RAW, FOX, events.Mode(True, timedelta(seconds=5)), events.Mode(False)),
    events.BannedWordsChanged(READ_AT, RAW, FOX, "weasel", True, MOD),
    events.PollChanged(READ_AT, RAW, FOX, "Tea?", (events.PollOption(0, "Yes", 3),), timedelta(seconds=30)),
    events.PollDeleted(READ_AT, RAW, FOX),
    events.PredictionChanged(READ_AT, RAW, FOX, "p-1", "Win?", "ACTIVE", (events.Outcome("o-1", "Yes", 10, 1, 2.5),)),
    events.Unknown(READ_AT, RAW, FOX),
    events.Undecodable(READ_AT, RAW, None, "Expected `int`, got `str`", "$.sender.id"),
]
OneOf: TypeAlias = events.Event | events.Undecodable
of_each_kind = pytest.mark.parametrize("event", ALL, ids=lambda event: type(event).__name__)


def test_the_events_below_are_all_there_are() -> None:
    public = [getattr(events, name) for name in events.__all__]
    assert {type(event) for event in ALL} == {one for one in public if issubclass(one, events.Arrival)} - {
        events.Event,
        events.IdentifiedEvent,
        events.JoinedEvent,
        events.Arrival,
    }


@of_each_kind
def test_an_event_tells_when_it_was_read_and_from_which_frame(event: OneOf) -> None:
    assert (event.received_at, event.raw) == (READ_AT, RAW)


@of_each_kind
def test_an_event_survives_json_and_stays_what_it_was(event: OneOf) -> None:
    assert msgspec.json.decode(msgspec.json.encode(event), type=type(event)) == event


@of_each_kind
def test_an_event_says_its_kind_in_json(event: OneOf) -> None:
    assert msgspec.to_builtins(event)["type"] == type(event).__name__


@of_each_kind
def test_an_event_is_a_value(event: OneOf) -> None:
    twin = msgspec.structs.replace(event)
    assert {event, twin} == {event}
    assert event != msgspec.structs.replace(event, received_at=READ_AT + timedelta(seconds=1))
    with pytest.raises(AttributeError, match="immutable"):
        event.received_at = READ_AT  # type: ignore[misc]


@pytest.mark.parametrize(
    "event", [event for event in ALL if isinstance(event, events.Event)], ids=lambda e: type(e).__name__
)
def test_an_event_is_of_the_platform_of_its_channel(event: events.Event) -> None:
    assert event.platform == "kick"
    elsewhere = msgspec.structs.replace(FOX, platform="other")
    assert msgspec.structs.replace(event, channel=elsewhere).platform == "other"


def test_only_a_frame_that_could_not_be_read_may_lack_a_channel() -> None:
    assert [type(event) for event in ALL if not isinstance(event, events.Event)] == [events.Undecodable]


def test_the_events_that_kick_gives_an_id_are_known_by_their_type() -> None:
    assert {type(event).__name__ for event in ALL if isinstance(event, events.IdentifiedEvent)} == {
        "ChatMessage",
        "MessageDeleted",
        "UserBanned",
        "UserUnbanned",
    }


def test_a_message_is_taken_apart_on_demand() -> None:
    assert CHAT.fragments == (Text("hello "), Mention("@Bob", "Bob"))


@pytest.mark.parametrize(
    ("badge", "has_it"), [("vip", True), ("subscriber", True), ("moderator", False), ("VIP", False)]
)
def test_an_author_has_the_badges_beside_the_name(badge: str, has_it: bool) -> None:
    assert CHAT.author.has_badge(badge) is has_it


def test_an_author_without_badges_has_none() -> None:
    assert not events.Author(UserId(7), "Ada").has_badge("vip")


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        pytest.param(
            events.ChatMessage(READ_AT, RAW, FOX, "m", "t", CHAT.author, READ_AT),
            {"kind": "message", "reply_to": None, "celebration": None},
            id="ChatMessage",
        ),
        pytest.param(
            events.MessageDeleted(READ_AT, RAW, FOX, "d", "m"),
            {"by_ai": None, "violated_rules": ()},
            id="MessageDeleted",
        ),
        pytest.param(
            events.UserBanned(READ_AT, RAW, FOX, "b", ADA, None, True),
            {"duration": None, "expires_at": None},
            id="UserBanned",
        ),
        pytest.param(events.UserUnbanned(READ_AT, RAW, FOX, "u", ADA, None), {"permanent": None}, id="UserUnbanned"),
        pytest.param(events.Undecodable(READ_AT, RAW, FOX, "no JSON"), {"path": "$"}, id="Undecodable"),
    ],
)
def test_what_the_platform_did_not_say_is_none_and_never_invented(event: Any, fields: dict[str, object]) -> None:
    assert {name: getattr(event, name) for name in fields} == fields
