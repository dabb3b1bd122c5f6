"""Whole replies of the mock, key by key, about an account no two of whose facts are the same."""

from typing import Any

import msgspec
import pytest

from kick_proto.ids import Channel, ChannelId, ChatroomId, UserId
from kick_proto.testing.site.accounts import Account, Category, Live, account_of
from tests.testing.sites import MODERATOR, VIEWER, Desk, said

V1, V2, PAGES = "/api/public/v1", "/api/public/v2", "/site/api/v2/channels"

KILN = Category(id=15, name="Clay", slug="clay", tags=("mud", "heat"), viewers=77, parent=(9, "Crafts", "crafts"))
POTTER = Account(
    user_id=UserId(101),
    channel_id=ChannelId(202),
    chatroom_id=ChatroomId(303),
    username="Pot_Ter",
    slug="pot-ter",
    unix_created_at=1_600_000_000.0,
    bio="Turns.",
    description="A wheel",
    follower_count=404,
    verified=True,
    banned=True,
    title="Spin \N{HOT BEVERAGE}",
    category=KILN,
    tags=("clay", "calm"),
    language=("German", "de"),
    subscribers=(1, 2, 3),
    slow_mode=1,
    followers_mode=1,
    live=Live(id=505, unix_started_at=1_700_000_000.0, viewers=606, mature=True),
    kicks=(
        (UserId(1), "few", 10),
        (UserId(2), "most", 900),
        *((UserId(number), f"u{number}", 100 - number) for number in range(3, 13)),
    ),
)
OFFLINE = msgspec.structs.replace(POTTER, live=None, category=None, tags=(), slow_mode=0, followers_mode=0)
PICTURE, THUMBNAIL = "https://files.example.invalid/users/101.webp", "https://files.example.invalid/streams/505.webp"
CATEGORY = {"id": 15, "name": "Clay", "thumbnail": "https://files.example.invalid/categories/15.webp"}
PLAYBACK = "https://playback.example.invalid/202.m3u8?token=mock-playback-101"


def desk_of(account: Account = POTTER) -> Desk:
    return Desk(accounts=(account, MODERATOR))


# kick.com


def test_a_channel_s_page() -> None:
    listed = {
        "id": 15,
        "category_id": 9,
        "name": "Clay",
        "slug": "clay",
        "tags": ["mud", "heat"],
        "description": None,
        "deleted_at": None,
        "is_mature": False,
        "is_promoted": False,
        "is_fallback": False,
        "viewers": 77,
        "category": {"id": 9, "name": "Crafts", "slug": "crafts", "icon": "\N{STUDIO MICROPHONE}"},
    }
    page = desk_of().get(f"{PAGES}/pot-ter")
    banner = page["recent_categories"][0].pop("banner")
    assert banner["url"] == "https://files.example.invalid/categories/banner.webp"
    assert banner["responsive"].startswith("data:image/svg+xml;base64,")
    assert banner["responsive"].endswith(" 32w")
    assert len(banner["responsive"]) > 300, "as long as they are at Kick"
    assert page == {
        "id": 202,
        "user_id": 101,
        "slug": "pot-ter",
        "is_banned": True,
        "playback_url": PLAYBACK,
        "vod_enabled": True,
        "subscription_enabled": True,
        "is_affiliate": False,
        "followers_count": "404",
        "subscriber_badges": [
            {
                "id": 202 + months,
                "channel_id": 202,
                "months": months,
                "badge_image": {"srcset": "", "src": f"https://files.example.invalid/badges/202-{months}"},
            }
            for months in (1, 2, 3, 6, 12)
        ],
        "banner_image": {"url": "https://files.example.invalid/banners/202"},
        "livestream": {
            "id": 505,
            "slug": "000001f9-stream",
            "channel_id": 202,
            "created_at": "2023-11-14 22:13:21",
            "session_title": "Spin \N{HOT BEVERAGE}",
            "is_live": True,
            "risk_level_id": None,
            "start_time": "2023-11-14 22:13:20",
            "source": None,
            "twitch_channel": None,
            "duration": 0,
            "language": "German",
            "lang_iso": "de",
            "is_mature": True,
            "viewer_count": 606,
            "thumbnail": {"url": THUMBNAIL},
            "tags": ["clay", "calm"],
            "categories": [listed],
        },
        "role": None,
        "muted": False,
        "follower_badges": [],
        "offline_banner_image": None,
        "verified": True,
        "recent_categories": [listed],
        "can_host": True,
        "user": {
            "id": 101,
            "username": "Pot_Ter",
            "bio": "Turns.",
            "club": None,
            **dict.fromkeys(("instagram", "twitter", "youtube", "discord", "tiktok", "facebook"), ""),
            "profile_pic": PICTURE,
        },
        "chatroom": {
            "id": 303,
            "chatable_type": "App\\Models\\Channel",
            "channel_id": 202,
            "created_at": "2020-09-13T12:26:40.000000Z",
            "updated_at": "2020-09-13T12:26:40.000000Z",
            "chat_mode_old": "public",
            "chat_mode": "public",
            "slow_mode": True,
            "chatable_id": 202,
            "followers_mode": True,
            "subscribers_mode": False,
            "emotes_mode": False,
            "message_interval": 1,
            "following_min_duration": 1,
        },
    }


def test_a_channel_s_page_when_nothing_runs_and_nothing_is_set() -> None:
    page = desk_of(OFFLINE).get(f"{PAGES}/pot-ter")
    assert (page["livestream"], page["recent_categories"]) == (None, [])
    assert (page["chatroom"]["slow_mode"], page["chatroom"]["message_interval"]) == (False, 0)
    assert (page["chatroom"]["followers_mode"], page["chatroom"]["following_min_duration"]) == (False, 0)


def test_a_stream_s_page() -> None:
    assert desk_of().get(f"{PAGES}/pot-ter/livestream") == {
        "data": {
            "id": 505,
            "slug": "000001f9-stream",
            "session_title": "Spin \N{HOT BEVERAGE}",
            "created_at": "2023-11-14T22:13:21.000000Z",
            "language": "German",
            "is_mature": True,
            "viewers": 606,
            "category": {
                "id": 15,
                "name": "Clay",
                "slug": "clay",
                "tags": ["mud", "heat"],
                "parent_category": {"id": 9, "slug": "crafts"},
            },
            "playback_url": PLAYBACK,
            "thumbnail": {"src": THUMBNAIL, "srcset": f"{THUMBNAIL} 720w"},
        }
    }


def test_a_stream_about_nothing_has_no_category() -> None:
    desk = desk_of(msgspec.structs.replace(POTTER, category=None))
    assert desk.get(f"{PAGES}/pot-ter/livestream")["data"]["category"] is None
    assert desk.get(f"{PAGES}/pot-ter")["livestream"]["categories"] == []
    (row,) = desk.get(f"{V1}/livestreams", desk.app_token())["data"]
    assert row["category"] == {"id": 0, "name": "", "thumbnail": ""}
    assert desk.get(f"{V1}/livestreams?category_id=1", desk.app_token())["data"] == []


@pytest.mark.parametrize(("account", "is_set"), [(POTTER, True), (OFFLINE, False)])
def test_a_chatroom_s_page(account: Account, is_set: bool) -> None:
    assert desk_of(account).get(f"{PAGES}/pot-ter/chatroom") == {
        "id": 303,
        "slow_mode": {"enabled": is_set, "message_interval": int(is_set)},
        "subscribers_mode": {"enabled": False},
        "followers_mode": {"enabled": is_set, "min_duration": int(is_set)},
        "emotes_mode": {"enabled": False},
        "account_age": {"enabled": False, "min_duration": 0},
        "gifts_enabled": {"enabled": False},
        "gifts_week_enabled": {"enabled": False},
        "gifts_month_enabled": {"enabled": False},
        "show_quick_emotes": {"enabled": False},
        "show_banners": {"enabled": False},
        "pinned_message": None,
    }


# api.kick.com


def test_a_channel_as_its_owner_sees_it() -> None:
    desk = desk_of()
    assert desk.get(f"{V1}/channels", desk.token("pot-ter")) == {
        "data": [
            {
                "active_gifted_subscribers_count": 3,
                "active_subscribers_count": 1,
                "banner_picture": "",
                "broadcaster_user_id": 101,
                "canceled_subscribers_count": 2,
                "category": CATEGORY,
                "channel_description": "A wheel",
                "slug": "pot-ter",
                "stream": {
                    "is_live": True,
                    "is_mature": True,
                    "key": "sk_mock_101",
                    "language": "de",
                    "start_time": "2023-11-14T22:13:20Z",
                    "thumbnail": THUMBNAIL,
                    "url": "rtmps://ingest.example.invalid/app",
                    "viewer_count": 606,
                    "custom_tags": ["clay", "calm"],
                },
                "stream_title": "Spin \N{HOT BEVERAGE}",
            }
        ],
        "message": "OK",
    }


def test_a_livestream_in_both_versions() -> None:
    desk = desk_of()
    token = desk.app_token()
    assert desk.get(f"{V1}/livestreams", token) == {
        "data": [
            {
                "broadcaster_user_id": 101,
                "category": CATEGORY,
                "channel_id": 202,
                "has_mature_content": True,
                "language": "de",
                "profile_picture": PICTURE,
                "slug": "pot-ter",
                "started_at": "2023-11-14T22:13:20Z",
                "stream_title": "Spin \N{HOT BEVERAGE}",
                "thumbnail": THUMBNAIL,
                "viewer_count": 606,
                "custom_tags": ["clay", "calm"],
            }
        ],
        "message": "OK",
    }
    row = {
        "broadcaster_user": {"id": 101, "profile_picture": PICTURE, "username": "Pot_Ter"},
        "category": CATEGORY,
        "channel": {"slug": "pot-ter"},
        "has_mature_content": True,
        "id": "505",
        "language_code": "de",
        "started_at": "2023-11-14T22:13:20Z",
        "tags": ["clay", "calm"],
        "thumbnail": THUMBNAIL,
        "title": "Spin \N{HOT BEVERAGE}",
        "viewer_count": 606,
    }
    assert desk.get(f"{V2}/livestreams", token) == {
        "data": [row],
        "message": "OK",
        "pagination": {"next_cursor": ""},
    }
    assert desk.get(f"{V1}/users/livestreams?user_id=101", token) == {"data": [row], "message": "OK"}


def test_custom_tags_are_left_out_where_there_are_none() -> None:
    desk = desk_of(msgspec.structs.replace(POTTER, tags=()))
    token = desk.app_token()
    assert "custom_tags" not in desk.get(f"{V1}/livestreams", token)["data"][0]
    assert "custom_tags" not in desk.get(f"{V1}/channels?slug=pot-ter", token)["data"][0]["stream"]
    assert desk.get(f"{V2}/livestreams", token)["data"][0]["tags"] == []


@pytest.mark.parametrize("path", [f"{V1}/categories/15", f"{V2}/categories?id=15"])
def test_a_category_in_both_versions(path: str) -> None:
    desk = Desk()
    data = desk.get(path, desk.app_token())["data"]
    assert (data if "v1" in path else data[0]) == {
        "id": 15,
        "name": "Just Chatting",
        "thumbnail": "https://files.example.invalid/categories/15.webp",
        "tags": ["IRL", "Casual"],
        "viewer_count": 268_050,
    }


def test_the_first_version_of_categories_lists_three_facts() -> None:
    desk = Desk()
    assert desk.get(f"{V1}/categories?q=walks", desk.app_token()) == {
        "data": [
            {
                "id": 8_549,
                "name": "Night Walks",
                "thumbnail": "https://files.example.invalid/categories/8549.webp",
            }
        ],
        "message": "OK",
    }


def test_the_leaderboard_has_ten_rows_the_most_first_or_as_many_as_asked_for() -> None:
    desk = desk_of()
    board = desk.get(f"{V1}/kicks/leaderboard", desk.token("pot-ter"))["data"]
    assert board["lifetime"] == board["month"] == board["week"]
    assert board["week"][:2] == [
        {"user_id": 2, "username": "most", "gifted_amount": 900, "rank": 1},
        {"user_id": 3, "username": "u3", "gifted_amount": 97, "rank": 2},
    ]
    assert [row["rank"] for row in board["week"]] == list(range(1, 11))
    for top in (1, 12, 100):
        rows = desk.get(f"{V1}/kicks/leaderboard?top={top}", desk.token("pot-ter"))["data"]["week"]
        assert len(rows) == min(top, len(POTTER.kicks))
    assert rows[-1] == {"user_id": 1, "username": "few", "gifted_amount": 10, "rank": 12}


def test_subscriptions_and_their_verdicts() -> None:
    desk = desk_of()
    events = [{"name": "kicks.gifted"}, {"name": "kicks.gifted", "version": 2}, {"name": "x", "version": 1}]
    token = desk.token("pot-ter")
    status, body = said(desk.ask("POST", f"{V1}/events/subscriptions", token, {"events": events}))
    id = body["data"][0]["subscription_id"]
    assert (status, body) == (
        200,
        {
            "data": [
                {"name": "kicks.gifted", "version": 1, "subscription_id": id},
                {"name": "kicks.gifted", "version": 2, "subscription_id": "", "error": "Event not found"},
                {"name": "x", "version": 1, "subscription_id": "", "error": "Event not found"},
            ],
            "message": "OK",
        },
    )
    assert desk.get(f"{V1}/events/subscriptions", token) == {
        "data": [
            {
                "id": id,
                "app_id": "01MOCKCLIENT00000000000000",
                "broadcaster_user_id": 101,
                "event": "kicks.gifted",
                "version": 1,
                "method": "webhook",
                "created_at": "2026-09-21T15:15:00Z",
                "updated_at": "2026-09-21T15:15:00Z",
            }
        ],
        "message": "OK",
    }


# Accounts that are made up


def test_a_channel_whose_numbers_are_known_is_live_under_its_own_name() -> None:
    account = account_of(Channel(ChannelId(12), ChatroomId(34), "velvet-otter"))
    assert account.user_id not in (12, 34)
    assert account.user_id > 0
    assert (account.channel_id, account.chatroom_id) == (12, 34)
    assert (account.slug, account.username) == ("velvet-otter", "velvet_otter")
    assert account.title
    assert account.category is not None
    assert account.live is not None
    desk = Desk(accounts=(account,))
    assert desk.get(f"{PAGES}/velvet-otter")["livestream"]["is_live"] is True


def test_accounts_of_different_channels_have_nothing_in_common() -> None:
    one, other = (account_of(Channel(ChannelId(number), ChatroomId(number + 9))) for number in (1, 2))
    assert (one.slug, other.slug) == ("channel-1", "channel-2")
    assert one.user_id != other.user_id
    assert one.live is not None
    assert other.live is not None
    assert one.live.id != other.live.id


def test_who_is_put_again_is_who_they_are_now() -> None:
    desk = Desk(accounts=(VIEWER,))
    renamed: Any = msgspec.structs.replace(VIEWER, username="Loud_Walrus", slug="loud-walrus")
    desk.site.put(desk.now, renamed)
    assert desk.get(f"{PAGES}/loud-walrus")["user"]["username"] == "Loud_Walrus"
    assert desk.ask("GET", f"{PAGES}/{VIEWER.slug}").status == 404
    assert desk.site.accounts == (renamed,)
