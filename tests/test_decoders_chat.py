"""The chat beside its messages, and moderation behind a login: each shape, and the event that it becomes."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kick_proto import events
from kick_proto.ids import UserId
from kick_proto.testing.traffic import Traffic
from tests.shapes import CHAT, FOX, Json, changed, check, decode, decode_text, without

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ADA = events.Author(UserId(701), "Ada_L", "ada-l", "#FFD899")
MAX: Json = {"id": 704, "username": "Max", "slug": "max"}
MODERATOR = events.Moderator("Max", UserId(704), "max")
LOGIN: Json = {
    "id": "e-1",
    "channel": {"id": 11, "slug": "fox"},
    "user": MAX,
    "created_at": "2026-05-04T12:00:00.000000Z",
}


@pytest.mark.parametrize(
    ("payload", "id"),
    [
        pytest.param({"id": "c-1"}, "c-1", id="as clients type it"),
        pytest.param({}, None, id="empty"),
        pytest.param([], None, id="an empty array"),
        pytest.param({"chatroom_id": 22}, None, id="something else"),
        pytest.param({"id": ""}, None, id="an empty id"),
        pytest.param({"id": None}, None, id="null"),
        pytest.param({"id": 22}, None, id="a number, which is the chatroom's elsewhere"),
        pytest.param({"id": {}}, None, id="an object"),
    ],
)
def test_a_cleared_chat(payload: Json, id: str | None) -> None:
    check("ChatroomClearEvent", payload, events.ChatCleared, id=id)


@pytest.mark.parametrize("name", ["ChatroomClearEvent", "PinnedMessageDeletedEvent", "PollDeleteEvent"])
@pytest.mark.parametrize("payload", [[1], [[]], [{}], None, "", 0, False])
def test_of_arrays_only_the_empty_one_stands_for_an_object(name: str, payload: Json) -> None:
    assert isinstance(decode(name, payload), events.Undecodable)


# Pins

BADGES: Json = [
    {"type": "moderator", "text": "Moderator", "active": True, "sort_order": 12},
    {"type": "founder", "text": "Founder", "active": False, "sort_order": 6},
    {"type": "sub_gifter", "text": "Sub Gifter", "count": 790, "active": True, "sort_order": 8},
]
PINNER: Json = {**MAX, "identity": {"color": "#FF9D00", "badges": BADGES, "badges_v2": []}}
PIN: Json = {"message": {**CHAT, "thread_parent_id": ""}, "duration": "1200", "pinnedBy": PINNER}
PINNED = events.PinnedMessage(CHAT["id"], CHAT["content"], ADA, NOON)
WORN = (events.Badge("moderator", "Moderator"), events.Badge("sub_gifter", "Sub Gifter", 790))
PINNED_BY = events.Author(UserId(704), "Max", "max", "#FF9D00", WORN)
A_PIN: Json = {"message": PINNED, "pinned_by": PINNED_BY, "duration": timedelta(minutes=20)}
BARE_PINNER = events.Author(UserId(704), "Max", "max")


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(PIN, A_PIN, id="2026"),
        pytest.param({**PIN, "message": CHAT}, A_PIN, id="2025"),
        pytest.param(
            {"message": {**CHAT, "metadata": None}, "duration": "1200"}, {**A_PIN, "pinned_by": None}, id="2024"
        ),
        pytest.param({**PIN, "duration": 1200}, A_PIN, id="a duration as a number"),
        pytest.param(without(PIN, "duration"), {**A_PIN, "duration": None}, id="no duration"),
        pytest.param({**PIN, "duration": "9" * 30}, {**A_PIN, "duration": timedelta.max}, id="for ever"),
        pytest.param({**PIN, "pinnedBy": MAX}, {**A_PIN, "pinned_by": BARE_PINNER}, id="a pinner by name alone"),
        pytest.param(
            changed(PIN, ("pinnedBy", "identity"), lambda _: {"color": "", "badges": None}),
            {**A_PIN, "pinned_by": BARE_PINNER},
            id="a pinner without badges",
        ),
        pytest.param(
            changed(PIN, ("pinnedBy", "identity", "badges"), lambda _: [{"type": "vip"}]),
            {**A_PIN, "pinned_by": msgspec.structs.replace(PINNED_BY, badges=(events.Badge("vip"),))},
            id="a badge of which is not told whether it is worn",
        ),
        pytest.param(
            {"message": {"id": "m-1", "content": "hi"}},
            {"message": events.PinnedMessage("m-1", "hi")},
            id="nothing but what it needs",
        ),
    ],
)
def test_a_pin(payload: Json, fields: dict[str, Json]) -> None:
    check("PinnedMessageCreatedEvent", payload, events.MessagePinned, **fields)


@pytest.mark.parametrize("payload", [[], {}, {"message": {"id": "m-1"}}])
def test_a_pin_that_is_taken_off(payload: Json) -> None:
    check("PinnedMessageDeletedEvent", payload, events.MessageUnpinned)


# The chat's rules

UPDATED: Json = {
    "id": 22,
    "subscribers_mode": {"enabled": False},
    "emotes_mode": {"enabled": True},
    "slow_mode": {"enabled": True, "message_interval": 3},
    "followers_mode": {"enabled": True, "min_duration": 0},
    "account_age": {"enabled": True, "min_duration": 720},
}
OTHER: Json = {
    "id": 22,
    "slow_mode": {"enabled": False, "message_interval": 5},
    "subscribers_mode": {"enabled": True},
    "followers_mode": {"enabled": True, "min_duration": 1},
    "emotes_mode": {"enabled": True},
    "advanced_bot_protection": {"enabled": False, "remaining_time": 0},
    "account_age": {"enabled": False, "min_duration": 0},
}
SETTINGS: Json = {
    "id": "s-1",
    "channel": {"id": 11, "slug": "fox"},
    "settings": {
        "channel_id": 11,
        "rules": "",
        "allow_links": {"enabled": False},
        "emotes_only_mode": {"enabled": True},
        "followers_only_mode": {"duration_seconds": 1, "enabled": True},
        "minimum_account_age": {"duration_seconds": 43200, "enabled": True},
        "slow_mode": {"duration_seconds": 3, "enabled": True},
        "subscribers_only_mode": {"enabled": False},
    },
    "created_at": "2026-05-04T12:00:00Z",
}
ON, OFF = events.Mode(True), events.Mode(False)
TWINS: Json = {
    "slow_mode": events.Mode(True, timedelta(seconds=3)),
    "followers_only": events.Mode(True, timedelta(0)),
    "subscribers_only": OFF,
    "emotes_only": ON,
    "account_age": events.Mode(True, timedelta(hours=12)),
}
OTHER_RULES: Json = {
    "slow_mode": OFF,
    "followers_only": events.Mode(True, timedelta(minutes=1)),
    "subscribers_only": ON,
    "emotes_only": ON,
    "account_age": OFF,
    "bot_protection": OFF,
}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(UPDATED, TWINS, id="the one writer"),
        pytest.param(OTHER, OTHER_RULES, id="the other"),
        pytest.param(
            without(OTHER, "advanced_bot_protection", "account_age"),
            without(OTHER_RULES, "bot_protection", "account_age"),
            id="2024",
        ),
        pytest.param(
            {"advanced_bot_protection": {"enabled": True, "remaining_time": "90"}},
            {"bot_protection": events.Mode(True, timedelta(seconds=90))},
            id="protection for a while",
        ),
        pytest.param(
            {"advanced_bot_protection": {"enabled": True, "remaining_time": 0}},
            {"bot_protection": ON},
            id="protection without an end",
        ),
        pytest.param({"slow_mode": {"enabled": True}}, {"slow_mode": ON}, id="no interval"),
        pytest.param({}, {}, id="nothing told"),
    ],
)
def test_the_rules_of_a_chatroom(payload: Json, fields: dict[str, Json]) -> None:
    check("ChatroomUpdatedEvent", payload, events.ChatSettingsChanged, **fields)


def setting(name: str, value: Json) -> Json:
    return {"settings": {name: value}}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(SETTINGS, {**TWINS, "links_allowed": OFF, "rules": ""}, id="as seen"),
        pytest.param(
            setting("followers_only_mode", {"duration_seconds": 60, "enabled": True}),
            {"followers_only": events.Mode(True, timedelta(minutes=1))},
            id="followers of a minute",
        ),
        pytest.param(
            setting("followers_only_mode", {"duration_seconds": 1, "enabled": False}),
            {"followers_only": OFF},
            id="followers off",
        ),
        pytest.param(
            setting("minimum_account_age", {"duration_seconds": 15778800, "enabled": True}),
            {"account_age": events.Mode(True, timedelta(minutes=262980))},
            id="half a year",
        ),
        pytest.param(
            setting("slow_mode", {"duration_seconds": 1, "enabled": True}),
            {"slow_mode": events.Mode(True, timedelta(seconds=1))},
            id="a second is one elsewhere",
        ),
        pytest.param(setting("rules", "be kind"), {"rules": "be kind"}, id="the channel's own words"),
        pytest.param(setting("rules", None), {}, id="no word about words"),
        pytest.param({"settings": {}}, {}, id="nothing told"),
    ],
)
def test_the_settings_of_a_channel(payload: Json, fields: dict[str, Json]) -> None:
    check("ChatSettingsChanged", payload, events.ChatSettingsChanged, **fields)


def test_the_twins_tell_the_same_rules() -> None:
    traffic = Traffic(FOX, random.Random(7))
    for _ in range(40):
        one, other = (decode_text(frame.event, frame.data) for frame in traffic.play("settings_changed", 1777896000))
        assert [getattr(one, name) for name in TWINS] == [getattr(other, name) for name in TWINS]


@pytest.mark.parametrize(
    ("mode", "field"),
    [
        ("SlowMode", "slow_mode"),
        ("EmotesMode", "emotes_only"),
        ("FollowersMode", "followers_only"),
        ("SubscribersMode", "subscribers_only"),
        ("AllowLinks", "links_allowed"),
    ],
)
def test_one_rule_behind_a_login(mode: str, field: str) -> None:
    check(f"{mode}Activated", LOGIN, events.ChatSettingsChanged, **{field: ON})
    check(f"{mode}Deactivated", LOGIN, events.ChatSettingsChanged, **{field: OFF})


# Moderation behind a login


def test_a_banned_word() -> None:
    told: Json = {"word": "marmalade", "moderator": MODERATOR}
    check("BannedWordAdded", {**LOGIN, "word": "marmalade"}, events.BannedWordsChanged, **told, banned=True)
    check("BannedWordDeleted", {**LOGIN, "word": "marmalade"}, events.BannedWordsChanged, **told, banned=False)
    check("BannedWordAdded", {"word": "jam"}, events.BannedWordsChanged, word="jam", banned=True)


@pytest.mark.parametrize(
    ("payload", "made", "fields"),
    [
        pytest.param(
            {**LOGIN, "message": {"id": "m-1"}}, events.MessageDeleted, {"message_id": "m-1"}, id="as it may be"
        ),
        pytest.param(LOGIN, events.Unknown, {}, id="by name alone"),
        pytest.param({"message": {"id": "m-1"}}, events.Unknown, {}, id="without an id"),
    ],
)
def test_a_deleted_message_behind_a_login(payload: Json, made: type[events.Event], fields: dict[str, Json]) -> None:
    check("MessageDeleted", payload, made, **({"id": "e-1"} if fields else {}), **fields)


def test_a_pin_behind_a_login() -> None:
    check("MessagePinned", LOGIN, events.Unknown)
    check("MessagePinned", {**LOGIN, "message": CHAT}, events.MessagePinned, message=PINNED)
    check("MessageUnpinned", LOGIN, events.MessageUnpinned)


LOUD: Json = {"id": 703, "username": "Loud_One", "slug": "loud-one"}
BANNED: Json = {
    **without(LOGIN, "created_at"),
    "banned": LOUD,
    "ban": {"reason": "spam", "type": "permanent", "created_at": "2026-05-04T12:00:00.000000Z"},
}
TIMEOUT: Json = changed(BANNED, ("ban",), lambda ban: {**ban, "expires_at": "2026-05-04T12:10:00.000000Z"})
SENT_AWAY: Json = {"id": "e-1", "user": events.User(UserId(703), "Loud_One", "loud-one"), "moderator": MODERATOR}
FOR_A_WHILE: Json = {
    "permanent": False,
    "duration": timedelta(minutes=10),
    "expires_at": NOON + timedelta(minutes=10),
    "reason": "spam",
}


@pytest.mark.parametrize(
    ("name", "payload", "fields"),
    [
        pytest.param("BannedUserAdded", BANNED, {"permanent": True, "reason": "spam"}, id="ban"),
        pytest.param("UserTimeouted", TIMEOUT, FOR_A_WHILE, id="timeout"),
        pytest.param("BannedUserAdded", TIMEOUT, FOR_A_WHILE, id="a ban with an end"),
        pytest.param("BannedUserAdded", without(BANNED, "ban"), {"permanent": True}, id="a ban without terms"),
        pytest.param("UserTimeouted", without(BANNED, "ban"), {"permanent": False}, id="a timeout without terms"),
        pytest.param(
            "BannedUserAdded", without(BANNED, "ban", "user"), {"permanent": True, "moderator": None}, id="by nobody"
        ),
        pytest.param(
            "BannedUserAdded", changed(BANNED, ("ban", "reason"), lambda _: ""), {"permanent": True}, id="no reason"
        ),
        pytest.param(
            "UserTimeouted",
            changed(TIMEOUT, ("ban", "created_at"), lambda _: None),
            {**FOR_A_WHILE, "duration": None},
            id="a timeout without a beginning",
        ),
    ],
)
def test_who_is_sent_away_behind_a_login(name: str, payload: Json, fields: dict[str, Json]) -> None:
    check(name, payload, events.UserBanned, **{**SENT_AWAY, **fields})


def test_who_may_come_back_behind_a_login() -> None:
    check("BannedUserDeleted", {**LOGIN, "banned": LOUD}, events.UserUnbanned, **SENT_AWAY)
    assert isinstance(decode("BannedUserDeleted", LOGIN), events.Undecodable)
