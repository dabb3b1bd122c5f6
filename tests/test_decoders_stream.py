"""The broadcast, raids and followers: each shape, and the event that it becomes."""

from datetime import UTC, datetime, timedelta

import pytest

from kick_proto import events
from kick_proto.ids import ChannelId, UserId
from tests.shapes import Json, changed, check, decode, without

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
UNIX_NOON = 1777896000
ADA: Json = {"id": 701, "username": "Ada_L", "slug": "ada-l"}
LOGIN: Json = {
    "id": "e-1",
    "channel": {"id": 11, "slug": "fox"},
    "user": ADA,
    "created_at": "2026-05-04T12:00:00.000000Z",
}


# Raids

HOST: Json = {"chatroom_id": 22, "optional_message": None, "number_viewers": 216, "host_username": "Ada_L"}
VERIFIED: Json = {"id": 5, "channel_id": 13, "created_at": "2025-05-12T14:00:00.000000Z", "updated_at": None}
HOSTED: Json = {
    "message": {
        "id": "h-1",
        "numberOfViewers": 216,
        "optionalMessage": None,
        "createdAt": "2026-05-04T12:00:00.211597Z",
    },
    "user": {"id": 701, "username": "Ada_L", "isSuperAdmin": False, "verified": False},
}
RAID: Json = {"username": "Ada_L", "viewers": 216}
RAID_AT = NOON + timedelta(microseconds=211_597)
WHOLE_RAID: Json = {**RAID, "user_id": UserId(701), "id": "h-1", "raided_at": RAID_AT}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(HOST, RAID, id="null"),
        pytest.param({**HOST, "optional_message": ""}, RAID, id="an empty message"),
        pytest.param({**HOST, "optional_message": "be nice"}, {**RAID, "text": "be nice"}, id="a message"),
        pytest.param(without(HOST, "optional_message", "chatroom_id"), RAID, id="nothing but what it needs"),
    ],
)
def test_a_host_as_the_chat_tells_it(payload: Json, fields: dict[str, Json]) -> None:
    check("StreamHostEvent", payload, events.RaidReceived, **fields)


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(HOSTED, WHOLE_RAID, id="not verified"),
        pytest.param(changed(HOSTED, ("user", "verified"), lambda _: VERIFIED), WHOLE_RAID, id="verified"),
        pytest.param(changed(HOSTED, ("message", "optionalMessage"), lambda _: ""), WHOLE_RAID, id="an empty message"),
        pytest.param(
            changed(HOSTED, ("message", "optionalMessage"), lambda _: "be nice"),
            {**WHOLE_RAID, "text": "be nice"},
            id="a message",
        ),
        pytest.param(
            {"message": {"numberOfViewers": 216}, "user": {"id": 701, "username": "Ada_L"}},
            {**RAID, "user_id": UserId(701)},
            id="nothing but what it needs",
        ),
    ],
)
def test_a_host_as_its_twin_tells_it(payload: Json, fields: dict[str, Json]) -> None:
    check("StreamHostedEvent", payload, events.RaidReceived, **fields)


def test_a_host_behind_a_login() -> None:
    host: Json = {"host": {"user": {"username": "Ada_L"}, "viewers_count": "216"}}
    check("HostReceived", host, events.RaidReceived, **RAID)
    check("HostReceived", {**LOGIN, **host}, events.RaidReceived, **RAID, id="e-1", raided_at=NOON)
    named: Json = {"host": {"user": ADA, "viewers_count": 216}}
    check("HostReceived", named, events.RaidReceived, **RAID, user_id=UserId(701))


MOVE: Json = {
    "channel": {"id": 11, "slug": "fox", "can_host": False, "current_livestream": {"id": 9001, "viewer_count": 542}},
    "slug": "ada-l",
    "hosted": {
        "id": 13,
        "username": "Ada_L",
        "slug": "ada-l",
        "viewers_count": 542,
        "is_live": True,
        "profile_pic": "https://files.example.invalid/701.webp",
        "category": "Just Chatting",
        "preview_thumbnail": {"srcset": "", "src": ""},
    },
}
OWNER: Json = {"id": 33, "email_verified_at": "2023-01-01T00:00:00.000000Z", "country": "Nowhere", "instgram": "fox"}
MOVED: Json = {
    "slug": "ada-l",
    "username": "Ada_L",
    "target_id": ChannelId(13),
    "viewers": 542,
    "category": "Just Chatting",
}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(MOVE, MOVED, id="2025 on"),
        pytest.param(
            changed(MOVE, ("hosted", "category"), lambda _: "just-chatting"),
            {**MOVED, "category": "just-chatting"},
            id="2024, with a slug for a category",
        ),
        pytest.param(
            changed(MOVE, ("hosted", "category"), lambda _: None), without(MOVED, "category"), id="about nothing"
        ),
        pytest.param({"slug": "ada-l"}, {"slug": "ada-l"}, id="nothing but what it needs"),
    ],
)
def test_a_channel_that_leaves_for_another_one(payload: Json, fields: dict[str, Json]) -> None:
    check("ChatMoveToSupportedChannelEvent", payload, events.RaidSent, **fields)


def test_account_data_of_the_owner_stays_in_the_frame() -> None:
    payload = changed(MOVE, ("channel",), lambda channel: {**channel, "user": OWNER})
    event = decode("ChatMoveToSupportedChannelEvent", payload)
    fields = {name: getattr(event, name) for name in event.__struct_fields__ if name != "raw"}
    assert isinstance(event, events.RaidSent)
    assert "Nowhere" in event.raw.data
    assert "Nowhere" not in repr(fields)


# Followers

FOLLOW: Json = {
    "followersCount": 348,
    "channel_id": 11,
    "username": None,
    "created_at": UNIX_NOON,
    "followed": True,
}
FOLLOWED: Json = {"followed": True, "count": 348, "at": NOON}


@pytest.mark.parametrize("name", ["FollowersUpdated", "FollowersUpdatedForChannelOwner"])
@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(FOLLOW, FOLLOWED, id="public"),
        pytest.param({**FOLLOW, "username": "Ada_L"}, {**FOLLOWED, "username": "Ada_L"}, id="for the owner"),
        pytest.param({**FOLLOW, "followed": False}, {**FOLLOWED, "followed": False}, id="no more"),
        pytest.param({**FOLLOW, "followersCount": "348"}, FOLLOWED, id="a count as a string"),
        pytest.param(
            {**without(FOLLOW, "followersCount"), "followers_count": 348}, FOLLOWED, id="a count of another name"
        ),
        pytest.param({**FOLLOW, "followersCount": 0, "followers_count": 5}, {**FOLLOWED, "count": 0}, id="nobody"),
        pytest.param({**FOLLOW, "created_at": 10**30}, without(FOLLOWED, "at"), id="beyond the calendar"),
        pytest.param({"followersCount": 5}, {"followed": None, "count": 5}, id="a count alone"),
    ],
)
def test_a_follower(name: str, payload: Json, fields: dict[str, Json]) -> None:
    check(name, payload, events.FollowersChanged, **fields)


def test_a_follower_behind_a_login() -> None:
    named: Json = {"username": "Ada_L", "user_id": UserId(701), "at": NOON}
    check("FollowerAdded", LOGIN, events.FollowersChanged, followed=True, **named)
    check("FollowerDeleted", {**LOGIN, "followers_count": 7}, events.FollowersChanged, followed=False, count=7, **named)
    check("FollowerAdded", {}, events.FollowersChanged, followed=True)


# What the broadcast is called and about

PARENT: Json = {"id": 3, "name": "Games", "slug": "games", "icon": "x"}
CATEGORY: Json = {"id": 7, "category_id": 3, "name": "Teapots", "slug": "teapots", "tags": ["Cosy"], "category": PARENT}
LIVESTREAM: Json = {
    "id": 9001,
    "slug": "foxes-at-night",
    "channel_id": 11,
    "created_at": "2026-05-04 12:00:00",
    "session_title": "Foxes at night",
    "is_live": True,
    "risk_level_id": None,
    "start_time": "2026-05-04 11:59:57",
    "language": "English",
    "is_mature": True,
    "viewer_count": 949,
    "category": CATEGORY,
    "categories": [CATEGORY],
}
FLAT: Json = {
    "id": 9001,
    "slug": "foxes-at-night",
    "session_title": "Foxes at night",
    "created_at": "2026-05-04T12:00:00.000000Z",
    "language": "English",
    "is_mature": True,
    "viewers": 949,
    "category": {"id": 7, "name": "Teapots", "slug": "teapots", "tags": ["Cosy"], "parent_category": PARENT},
}
STREAM: Json = {
    "stream_id": 9001,
    "title": "Foxes at night",
    "category": events.Category("Teapots", 7, "teapots"),
    "language": "English",
    "is_mature": True,
    "viewers": 949,
    "started_at": NOON,
}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(LIVESTREAM, STREAM, id="2024"),
        pytest.param({**LIVESTREAM, "tags": ["foxes", "night"]}, {**STREAM, "tags": ("foxes", "night")}, id="2025"),
        pytest.param(without(LIVESTREAM, "category"), STREAM, id="a category in the list alone"),
        pytest.param({**LIVESTREAM, "category": None, "categories": []}, without(STREAM, "category"), id="no category"),
        pytest.param({**LIVESTREAM, "viewer_count": 0}, {**STREAM, "viewers": 0}, id="nobody"),
        pytest.param({"id": 9001, "session_title": "", "language": ""}, {"stream_id": 9001}, id="blanks"),
    ],
)
def test_an_updated_broadcast(payload: Json, fields: dict[str, Json]) -> None:
    check("LivestreamUpdated", {"livestream": payload}, events.StreamUpdated, **fields)


@pytest.mark.parametrize("name", ["LiveStream\\UpdatedLiveStreamEvent", "UpdatedLiveStreamEvent"])
@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(FLAT, STREAM, id="2024"),
        pytest.param({**FLAT, "category": None}, without(STREAM, "category"), id="no category"),
        pytest.param({"id": 9001, "session_title": "", "language": ""}, {"stream_id": 9001}, id="blanks"),
    ],
)
def test_an_updated_broadcast_in_its_flat_shape(name: str, payload: Json, fields: dict[str, Json]) -> None:
    check(name, payload, events.StreamUpdated, **fields)


@pytest.mark.parametrize(
    ("name", "payload", "fields"),
    [
        pytest.param("TitleChanged", {**LOGIN, "old_title": "a", "title": "b"}, {"title": "b"}, id="title"),
        pytest.param("CategoryChanged", LOGIN, {}, id="category, by name alone"),
        pytest.param(
            "CategoryChanged", {**LOGIN, "category": CATEGORY}, {"category": STREAM["category"]}, id="category"
        ),
        pytest.param("MatureModeActivated", LOGIN, {"is_mature": True}, id="mature"),
        pytest.param("MatureModeDeactivated", LOGIN, {"is_mature": False}, id="not mature"),
    ],
)
def test_one_change_of_the_broadcast_behind_a_login(name: str, payload: Json, fields: dict[str, Json]) -> None:
    check(name, payload, events.StreamUpdated, **fields)
