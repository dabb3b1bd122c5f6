"""What the mock's kick.com answers, and whether its replies have the shapes of the recorded ones."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.testing.sites import STREAMER, VIEWER, Desk, said

SAMPLES = Path(__file__).parents[3] / "shared" / "wire" / "rest_samples.ndjson"
CHANNELS = "/site/api/v2/channels"
MISSING = (404, {"error": "Not Found", "message": "Channel not found.", "status": 404})


def test_a_channel_has_its_three_numbers_in_their_places() -> None:
    body = Desk().get(f"{CHANNELS}/{STREAMER.slug}")
    assert (body["id"], body["user_id"], body["chatroom"]["id"]) == (
        STREAMER.channel_id,
        STREAMER.user_id,
        STREAMER.chatroom_id,
    )
    assert body["chatroom"]["chatable_id"] == body["chatroom"]["channel_id"] == STREAMER.channel_id
    assert body["user"]["id"] == STREAMER.user_id
    assert body["user"]["username"] == "Velvet_Otter"
    assert body["followers_count"] == "38300", "a text, as in 2026"


def test_times_of_a_stream_are_written_with_a_space_and_no_zone() -> None:
    stream = Desk().get(f"{CHANNELS}/{STREAMER.slug}")["livestream"]
    assert (stream["start_time"], stream["created_at"]) == ("2026-09-21 14:13:20", "2026-09-21 14:13:21")
    assert stream["slug"] != STREAMER.slug
    alone = Desk().get(f"{CHANNELS}/{STREAMER.slug}/livestream")["data"]
    assert alone["created_at"] == "2026-09-21T14:13:21.000000Z"
    assert (alone["id"], alone["viewers"], alone["category"]["slug"]) == (stream["id"], 307, "teapot-simulator")


def test_who_is_offline_has_no_stream() -> None:
    desk = Desk()
    assert desk.get(f"{CHANNELS}/{VIEWER.slug}")["livestream"] is None
    assert desk.get(f"{CHANNELS}/{VIEWER.slug}/livestream") == {"data": None}
    assert desk.get(f"{CHANNELS}/{VIEWER.slug}")["recent_categories"] == []


def test_the_chatroom_tells_how_it_is_set() -> None:
    desk = Desk()
    body = desk.get(f"{CHANNELS}/{STREAMER.slug}/chatroom")
    assert body["id"] == STREAMER.chatroom_id
    assert body["slow_mode"] == {"enabled": True, "message_interval": 5}
    assert body["followers_mode"] == {"enabled": True, "min_duration": 5}
    assert desk.get(f"{CHANNELS}/{VIEWER.slug}/chatroom")["slow_mode"] == {"enabled": False, "message_interval": 0}


@pytest.mark.parametrize("page", ["", "/livestream", "/chatroom"])
def test_a_slug_is_found_in_any_case_and_an_underscore_is_no_hyphen(page: str) -> None:
    desk = Desk()
    assert desk.ask("GET", f"{CHANNELS}/VELVET-Otter{page}").status == 200
    assert desk.ask("GET", f"{CHANNELS}/velvet%2Dotter{page}").status == 200
    assert said(desk.ask("GET", f"{CHANNELS}/velvet_otter{page}")) == MISSING
    assert said(desk.ask("GET", f"{CHANNELS}/nobody{page}")) == MISSING
    assert said(desk.ask("GET", f"{CHANNELS}/%ff%00{page}")) == MISSING


def test_replies_say_how_long_they_may_be_kept() -> None:
    desk = Desk()
    kept = [
        desk.ask("GET", f"{CHANNELS}/{STREAMER.slug}{page}").header("cache-control")
        for page in ("", "/livestream", "/chatroom")
    ]
    assert kept == ["public, max-age=15", "no-cache, private", "no-cache, private"]
    assert desk.ask("GET", f"{CHANNELS}/nobody").header("cache-control") == "no-cache, private"


def test_who_is_banned_is_still_there() -> None:
    desk = Desk()
    desk.site.put(desk.now, msgspec.structs.replace(VIEWER, banned=True))
    assert desk.get(f"{CHANNELS}/{VIEWER.slug}")["is_banned"] is True


# Beside the recordings


def shape(value: Any) -> Any:
    """Kinds in the place of values; of a list its first element."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__


def differences(recorded: Any, ours: Any, place: str = "") -> list[str]:
    """Keys and kinds that are not the same; where there is nothing in a list, or null, no kind can be told."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        keys = [
            f"{place}.{key} is only {'recorded' if key in recorded else 'ours'}"
            for key in recorded.keys() ^ ours.keys()
        ]
        return keys + [
            line
            for key in recorded.keys() & ours.keys()
            for line in differences(recorded[key], ours[key], f"{place}.{key}")
        ]
    if isinstance(recorded, list) and isinstance(ours, list):
        return differences(recorded[0], ours[0], f"{place}[]") if recorded and ours else []
    if "NoneType" in (recorded, ours) or recorded == ours:
        return []
    return [f"{place} is {recorded} there and {ours} here"]


RECORDED: list[dict[str, Any]] = (
    [json.loads(line) for line in SAMPLES.read_text("utf-8").splitlines()] if SAMPLES.exists() else []
)

TWINS = [
    ("https://kick.com/api/v2/channels/user0001", f"{CHANNELS}/{STREAMER.slug}"),
    ("https://kick.com/api/v2/channels/user0001/livestream", f"{CHANNELS}/{STREAMER.slug}/livestream"),
    ("https://kick.com/api/v2/channels/{slug}/livestream", f"{CHANNELS}/{VIEWER.slug}/livestream"),
    ("https://kick.com/api/v2/channels/user0001/chatroom", f"{CHANNELS}/{STREAMER.slug}/chatroom"),
    ("https://api.kick.com/public/v1/channels?slug=user0001", f"/api/public/v1/channels?slug={STREAMER.slug}"),
    ("https://api.kick.com/public/v1/channels?slug=user0002", f"/api/public/v1/channels?slug={'x' * 30}"),
    ("https://api.kick.com/public/v1/channels?slug=non-existing-user", "/api/public/v1/channels?slug=nobody"),
    ("https://api.kick.com/public/v1/livestreams?broadcaster_user_id={id}", "/api/public/v1/livestreams?category_id=1"),
    ("https://api.kick.com/public/v1/public-key", "/api/public/v1/public-key"),
    ("https://api.kick.com/public/v1/users", "/api/public/v1/users"),
    ("https://api.kick.com/channels/900000002/followers-count", "/api/channels/1/followers-count"),
]
KNOWN = {
    ".data[].stream.custom_tags is only ours",  # kick-http says that it may be absent
}


@pytest.mark.skipif(not RECORDED, reason="the recorded replies are not part of the project")
@pytest.mark.parametrize(("url", "target"), TWINS)
def test_replies_have_the_recorded_shape(url: str, target: str) -> None:
    recorded = next(sample for sample in RECORDED if sample["url"] == url and sample["method"] == "GET")
    desk = Desk()
    ours = desk.ask("GET", target, desk.token())
    assert ours.status == recorded["status"]
    found = differences(shape(json.loads(recorded["body"])), shape(json.loads(ours.body)))
    assert set(found) - KNOWN == set()
    told = recorded.get("headers", {})
    for header in ("content-type", "cache-control"):
        if header in told:
            assert ours.header(header) == told[header]


@pytest.mark.skipif(not RECORDED, reason="the recorded replies are not part of the project")
def test_the_token_endpoint_answers_as_recorded() -> None:
    recorded = [sample for sample in RECORDED if sample["url"].endswith("/oauth/token")]
    bodies = [json.loads(sample["body"]) for sample in recorded]
    desk = Desk()
    ours = desk.exchange(desk.code())
    documented = next(body for body in bodies if "refresh_token" in body)
    assert set(json.loads(ours.body)) - {"refresh_expires_in"} == set(documented)
    quoted = next(body for body in bodies if body.get("error") == "invalid_grant")
    assert said(desk.exchange("x")) == (400, quoted)
    assert ours.header("content-type") == recorded[0]["headers"]["content-type"]
