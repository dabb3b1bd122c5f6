"""The mock's official API: users, channels, livestreams, categories, subscriptions, the leaderboard."""

from typing import Any

import msgspec
import pytest

from kick_proto.ids import UserId
from kick_proto.secret import Secret
from kick_proto.testing.site.accounts import CATEGORIES, Live
from kick_proto.testing.site.apps import APP, RegisteredApp
from kick_proto.testing.site.webhooks import EVENT_NAMES
from tests.testing.sites import MODERATOR, STREAMER, VIEWER, Desk, said

V1, V2 = "/api/public/v1", "/api/public/v2"
INVALID = (400, {"data": {}, "message": "Invalid request"})


def test_the_three_numbers_of_an_account_differ() -> None:
    for account in (STREAMER, MODERATOR, VIEWER):
        assert len({int(account.user_id), int(account.channel_id), int(account.chatroom_id)}) == 3


# Users and channels


def test_users_are_told_without_their_address_but_for_oneself() -> None:
    desk = Desk()
    token = desk.token()
    assert desk.get(f"{V1}/users", token) == {
        "data": [
            {
                "email": "velvet-otter@example.invalid",
                "name": "Velvet_Otter",
                "profile_picture": STREAMER.picture,
                "user_id": STREAMER.user_id,
            }
        ],
        "message": "OK",
    }
    rows = desk.get(f"{V1}/users?id={VIEWER.user_id}&id=1&id={STREAMER.user_id}", token)["data"]
    assert [(row["user_id"], bool(row["email"])) for row in rows] == [(VIEWER.user_id, False), (STREAMER.user_id, True)]
    assert desk.get(f"{V1}/users?id=1", token)["data"] == []
    assert said(desk.ask("GET", f"{V1}/users", desk.app_token())) == INVALID, "an application is nobody"


def test_a_live_channel_has_the_recorded_shape() -> None:
    desk = Desk()
    assert desk.get(f"{V1}/channels?slug=VELVET-otter", desk.app_token()) == {
        "data": [
            {
                "active_gifted_subscribers_count": 55,
                "active_subscribers_count": 72,
                "banner_picture": "",
                "broadcaster_user_id": STREAMER.user_id,
                "canceled_subscribers_count": 8,
                "category": {"id": 31, "name": "Teapot Simulator", "thumbnail": CATEGORIES[1].thumbnail},
                "channel_description": "A teapot, and who fills it",
                "slug": "velvet-otter",
                "stream": {
                    "is_live": True,
                    "is_mature": False,
                    "key": "",
                    "language": "en",
                    "start_time": "2026-09-21T14:13:20Z",
                    "thumbnail": "https://files.example.invalid/streams/95104772.webp",
                    "url": "",
                    "viewer_count": 307,
                    "custom_tags": ["tea", "cosy"],
                },
                "stream_title": STREAMER.title,
            }
        ],
        "message": "OK",
    }


def test_an_offline_channel_has_blanks_and_the_first_of_all_dates() -> None:
    desk = Desk()
    (row,) = desk.get(f"{V1}/channels?broadcaster_user_id={VIEWER.user_id}", desk.app_token())["data"]
    assert row["category"] == {"id": 0, "name": "", "thumbnail": ""}
    assert row["stream_title"] == ""
    assert row["stream"] == {
        "is_live": False,
        "is_mature": False,
        "key": "",
        "language": "",
        "start_time": "0001-01-01T00:00:00Z",
        "thumbnail": "",
        "url": "",
        "viewer_count": 0,
    }


def test_neither_channel_nor_chatroom_number_is_told() -> None:
    desk = Desk()
    body = desk.ask("GET", f"{V1}/channels?slug={STREAMER.slug}", desk.app_token()).body.decode()
    assert str(STREAMER.channel_id) not in body
    assert str(STREAMER.chatroom_id) not in body


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("slug=nobody", (200, {"data": [], "message": "OK"})),
        (f"slug={'x' * 25}", (200, {"data": [], "message": "OK"})),
        (f"slug={'x' * 26}", INVALID),
        ("slug=velvet_otter", (200, {"data": [], "message": "OK"})),
        ("broadcaster_user_id=1", (200, {"data": [], "message": "OK"})),
        ("broadcaster_user_id=x", INVALID),
        ("broadcaster_user_id=-1", INVALID),
        ("broadcaster_user_id=", INVALID),
        ("broadcaster_user_id=1&slug=x", INVALID),
        (f"broadcaster_user_id={'9' * 15}", (200, {"data": [], "message": "OK"})),
        (f"broadcaster_user_id={'9' * 16}", INVALID),
        ("&".join(["broadcaster_user_id=1"] * 50), (200, {"data": [], "message": "OK"})),
        ("&".join(["broadcaster_user_id=1"] * 51), INVALID),
        ("slug=%ff", (200, {"data": [], "message": "OK"})),
        ("&".join(["slug=x"] * 50), (200, {"data": [], "message": "OK"})),
        ("&".join(["slug=x"] * 51), INVALID),
        ("&".join(["slug=x", *["x=y"] * 499]), (200, {"data": [], "message": "OK"})),
        ("&".join(["slug=x", *["x=y"] * 500]), INVALID),
    ],
)
def test_what_is_asked_for_decides(query: str, answer: Any) -> None:
    desk = Desk()
    assert said(desk.ask("GET", f"{V1}/channels?{query}", desk.token())) == answer


def test_brackets_after_the_name_are_overlooked_so_that_one_hears_of_oneself() -> None:
    desk = Desk()
    (row,) = desk.get(f"{V1}/channels?slug[]={VIEWER.slug}", desk.token())["data"]
    assert row["slug"] == STREAMER.slug


def test_the_stream_key_is_for_its_owner_with_the_scope() -> None:
    desk = Desk()

    def key(slug: str, *scopes: str) -> str:
        (row,) = desk.get(f"{V1}/channels?slug={STREAMER.slug}", desk.token(slug, *scopes))["data"]
        assert bool(row["stream"]["url"]) == bool(row["stream"]["key"])
        return str(row["stream"]["key"])

    assert key(STREAMER.slug, "channel:read", "streamkey:read")
    assert not key(STREAMER.slug, "channel:read")
    assert not key(VIEWER.slug, "channel:read", "streamkey:read")


def test_one_s_own_channel_can_be_changed() -> None:
    desk = Desk()
    token = desk.token()
    change = {"category_id": 47, "stream_title": "Row by row \N{SPOOL OF THREAD}", "custom_tags": ["wool"]}
    response = desk.ask("PATCH", f"{V1}/channels", token, change)
    assert (response.status, response.body) == (204, b"")
    (row,) = desk.get(f"{V1}/channels", token)["data"]
    assert (row["category"]["id"], row["stream_title"], row["stream"]["custom_tags"]) == tuple(change.values())
    assert desk.get(f"/site/api/v2/channels/{STREAMER.slug}")["livestream"]["session_title"] == change["stream_title"]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({}, INVALID),
        ({"stream_title": 7}, INVALID),
        ([], INVALID),
        ({"category_id": 1}, (400, {"data": "Category not found", "message": "Bad request"})),
    ],
)
def test_a_change_must_be_one(body: Any, answer: Any) -> None:
    desk = Desk()
    assert said(desk.ask("PATCH", f"{V1}/channels", desk.token(), body)) == answer


# Livestreams


def test_livestreams_name_the_channel_id_in_the_first_version_only() -> None:
    desk = Desk()
    token = desk.app_token()
    assert desk.get(f"{V1}/livestreams?broadcaster_user_id={STREAMER.user_id}", token)["data"] == [
        {
            "broadcaster_user_id": STREAMER.user_id,
            "category": {"id": 31, "name": "Teapot Simulator", "thumbnail": CATEGORIES[1].thumbnail},
            "channel_id": STREAMER.channel_id,
            "has_mature_content": False,
            "language": "en",
            "profile_picture": STREAMER.picture,
            "slug": "velvet-otter",
            "started_at": "2026-09-21T14:13:20Z",
            "stream_title": STREAMER.title,
            "thumbnail": "https://files.example.invalid/streams/95104772.webp",
            "viewer_count": 307,
            "custom_tags": ["tea", "cosy"],
        }
    ]
    second = desk.get(f"{V2}/livestreams", token)
    assert second["pagination"] == {"next_cursor": ""}
    (row,) = second["data"]
    assert row["broadcaster_user"]["id"] == STREAMER.user_id
    assert (row["id"], row["channel"], row["tags"]) == ("95104772", {"slug": "velvet-otter"}, ["tea", "cosy"])
    assert "channel_id" not in row
    assert desk.get(f"{V1}/users/livestreams?user_id={STREAMER.user_id}&user_id=1", token)["data"] == [row]


def test_the_streams_of_a_hundred_users_can_be_asked_for() -> None:
    desk = Desk()
    asked = f"{V1}/users/livestreams?{'&'.join(['user_id=1'] * 99)}&user_id={STREAMER.user_id}"
    assert len(desk.get(asked, desk.app_token())["data"]) == 1
    assert said(desk.ask("GET", f"{asked}&user_id=1", desk.app_token())) == INVALID


def test_who_is_offline_is_left_out() -> None:
    desk = Desk()
    token = desk.app_token()
    assert desk.get(f"{V1}/livestreams?broadcaster_user_id={VIEWER.user_id}", token)["data"] == []
    assert desk.get(f"{V1}/users/livestreams?user_id={VIEWER.user_id}", token)["data"] == []
    assert desk.get(f"{V1}/livestreams/stats", token)["data"] == {"total_count": 1}


def test_livestreams_are_filtered_sorted_and_paged() -> None:
    desk = Desk()
    token = desk.app_token()
    started_at = STREAMER.live.unix_started_at if STREAMER.live else 0.0
    for number in range(1, 31):
        live = Live(id=number, unix_started_at=started_at - number, viewers=1_000 + number)
        language = ("German", "de") if number % 2 else ("English", "en")
        desk.site.put(
            desk.now,
            msgspec.structs.replace(
                VIEWER, user_id=UserId(number), slug=f"s{number}", live=live, language=language, category=CATEGORIES[0]
            ),
        )

    def slugs(path: str, place: Any = lambda row: row["slug"]) -> list[str]:
        return [place(row) for row in desk.get(path, token)["data"]]

    assert slugs(f"{V1}/livestreams")[:2] == ["s30", "s29"]
    assert len(slugs(f"{V1}/livestreams")) == 25
    assert slugs(f"{V1}/livestreams?sort=started_at&limit=2") == ["velvet-otter", "s1"]
    assert slugs(f"{V1}/livestreams?limit=1") == ["s30"]
    assert slugs(f"{V1}/livestreams?language=de&limit=2") == ["s29", "s27"]
    assert slugs(f"{V1}/livestreams?category_id=31") == ["velvet-otter"]
    assert slugs(f"{V1}/livestreams?category_id=31&category_id=15&limit=100")[-1] == "velvet-otter"

    def second(query: str) -> list[str]:
        return slugs(f"{V2}/livestreams?{query}", lambda row: row["channel"]["slug"])

    assert second("language_code=de&limit=2") == ["s29", "s27"]
    assert second("language_code=en&language_code=de&limit=2") == ["s30", "s29"]
    assert second("category_id=31") == ["velvet-otter"]
    assert second("limit=1") == ["s30"]
    assert len(second("")) == 25
    assert len(second("limit=100")) == 31
    assert said(desk.ask("GET", f"{V2}/livestreams?limit=101", token)) == INVALID
    assert said(desk.ask("GET", f"{V1}/livestreams?limit=101", token)) == INVALID
    assert said(desk.ask("GET", f"{V1}/livestreams?limit=0", token)) == INVALID

    found: list[str] = []
    cursor = ""
    while True:
        page = desk.get(f"{V2}/livestreams?limit=7&cursor={cursor}", token)
        found += [row["channel"]["slug"] for row in page["data"]]
        cursor = page["pagination"]["next_cursor"]
        if not cursor:
            break
    assert found == [*(f"s{number}" for number in range(30, 0, -1)), "velvet-otter"]
    whole = desk.get(f"{V2}/livestreams?limit=31", token)
    assert (len(whole["data"]), whole["pagination"]) == (31, {"next_cursor": ""}), "nothing is left behind it"
    assert desk.get(f"{V2}/livestreams?limit=30", token)["pagination"] == {"next_cursor": "page30"}
    assert said(desk.ask("GET", f"{V2}/livestreams?cursor=x", token)) == INVALID
    assert said(desk.ask("GET", f"{V2}/livestreams?cursor=pagex", token)) == INVALID


# Categories


def test_categories_are_found_by_name_tag_and_id() -> None:
    desk = Desk()
    token = desk.app_token()

    def ids(query: str) -> list[int]:
        return [row["id"] for row in desk.get(f"{V2}/categories?{query}", token)["data"]]

    assert ids("") == [15, 31, 47, 8_549]
    assert ids("name=SIM") == [31]
    assert ids("tag=irl&tag=crafts") == [15, 47]
    assert ids("id=47&id=1") == [47]
    page = desk.get(f"{V2}/categories?limit=3", token)
    assert len(page["data"]) == 3
    assert [
        row["id"] for row in desk.get(f"{V2}/categories?cursor={page['pagination']['next_cursor']}", token)["data"]
    ] == [8_549]
    assert set(page["data"][0]) == {"id", "name", "thumbnail", "tags", "viewer_count"}


def test_the_first_version_of_categories_still_answers() -> None:
    desk = Desk()
    token = desk.app_token()
    assert [row["id"] for row in desk.get(f"{V1}/categories?q=night", token)["data"]] == [8_549]
    assert desk.get(f"{V1}/categories/15", token)["data"]["name"] == "Just Chatting"
    assert said(desk.ask("GET", f"{V1}/categories", token)) == INVALID
    assert desk.ask("GET", f"{V1}/categories/16", token).status == 404


# The leaderboard, the key, subscriptions


def test_the_leaderboard_ranks_who_gave() -> None:
    desk = Desk()
    board = desk.get(f"{V1}/kicks/leaderboard?top=1", desk.token())["data"]
    row = {"user_id": MODERATOR.user_id, "username": "TurboKettle", "gifted_amount": 1_500, "rank": 1}
    assert board == {"lifetime": [row], "month": [row], "week": [row]}
    assert [each["rank"] for each in desk.get(f"{V1}/kicks/leaderboard", desk.token())["data"]["week"]] == [1, 2]
    assert desk.get(f"{V1}/kicks/leaderboard", desk.token(VIEWER.slug))["data"]["week"] == []
    assert said(desk.ask("GET", f"{V1}/kicks/leaderboard?top=101", desk.token())) == INVALID


def test_the_public_key_is_one_and_needs_no_token() -> None:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization", reason="an extra library")
    pem = Desk().get(f"{V1}/public-key")["data"]["public_key"]
    assert serialization.load_pem_public_key(pem.encode()).key_size == 2048


def test_an_application_subscribes_for_anybody() -> None:
    desk = Desk()
    token = desk.app_token()
    events = [{"name": name, "version": 1} for name in sorted(EVENT_NAMES)]
    asked: dict[str, Any] = {
        "broadcaster_user_id": STREAMER.user_id,
        "events": [*events, {"name": "x", "version": 1}],
        "method": "webhook",
    }
    verdicts = said(desk.ask("POST", f"{V1}/events/subscriptions", token, asked))[1]["data"]
    assert [verdict["name"] for verdict in verdicts] == [event["name"] for event in asked["events"]]
    assert verdicts[-1]["error"]
    assert all(verdict["subscription_id"] and "error" not in verdict for verdict in verdicts[:-1])
    rows = desk.get(f"{V1}/events/subscriptions?broadcaster_user_id={STREAMER.user_id}", token)["data"]
    assert len(rows) == len(EVENT_NAMES)
    assert set(rows[0]) == {
        *("id", "app_id", "broadcaster_user_id", "event", "version", "method", "created_at", "updated_at"),
    }
    assert desk.get(f"{V1}/events/subscriptions?broadcaster_user_id=1", token)["data"] == []
    ids = "&".join(f"id={row['id']}" for row in rows[1:])
    assert desk.ask("DELETE", f"{V1}/events/subscriptions?{ids}", token).status == 204
    assert desk.get(f"{V1}/events/subscriptions", token)["data"] == rows[:1]
    assert said(desk.ask("DELETE", f"{V1}/events/subscriptions", token)) == INVALID
    many = "&".join(["id=x"] * 100)
    assert desk.ask("DELETE", f"{V1}/events/subscriptions?{many}", token).status == 204
    assert said(desk.ask("DELETE", f"{V1}/events/subscriptions?{many}&id=x", token)) == INVALID
    nobody = asked | {"broadcaster_user_id": 1}
    assert said(desk.ask("POST", f"{V1}/events/subscriptions", token, nobody)) == INVALID


def test_an_application_hears_of_its_own_subscriptions_alone() -> None:
    other = RegisteredApp(client_id="other", client_secret=Secret("o"), redirect_uris=("http://localhost/",))
    desk = Desk(apps=(APP, other))
    asked = {"broadcaster_user_id": STREAMER.user_id, "events": [{"name": "kicks.gifted"}]}
    tokens = [desk.site.grant_app(desk.now, client_id=app.client_id).access.reveal() for app in (APP, other)]
    for token in tokens:
        assert desk.ask("POST", f"{V1}/events/subscriptions", token, asked).status == 200
    rows = [desk.get(f"{V1}/events/subscriptions", token)["data"] for token in tokens]
    assert [[row["app_id"] for row in each] for each in rows] == [[APP.client_id], ["other"]]
    assert desk.ask("DELETE", f"{V1}/events/subscriptions?id={rows[0][0]['id']}", tokens[1]).status == 204
    assert desk.get(f"{V1}/events/subscriptions", tokens[0])["data"] == rows[0], "nor does it end those of another"


def test_a_user_subscribes_for_themselves() -> None:
    desk = Desk()
    asked = {"broadcaster_user_id": STREAMER.user_id, "events": [{"name": "kicks.gifted"}]}
    token = desk.token(VIEWER.slug)
    assert desk.ask("POST", f"{V1}/events/subscriptions", token, asked).status == 200
    (row,) = desk.get(f"{V1}/events/subscriptions", token)["data"]
    assert row["broadcaster_user_id"] == VIEWER.user_id
    assert desk.get(f"{V1}/events/subscriptions", desk.token(STREAMER.slug))["data"] == []


@pytest.mark.parametrize("asked", [{"events": []}, {"events": [{"name": "kicks.gifted"}], "method": "websocket"}, {}])
def test_a_subscription_names_events_and_goes_by_webhook(asked: Any) -> None:
    desk = Desk()
    assert said(desk.ask("POST", f"{V1}/events/subscriptions", desk.token(), asked)) == INVALID
    whose = {"events": [{"name": "kicks.gifted"}]}
    assert said(desk.ask("POST", f"{V1}/events/subscriptions", desk.app_token(), whose)) == INVALID
