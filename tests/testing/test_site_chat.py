"""What is done in a chat through the mock's API, and how the socket tells of it: read by the project's own decoders."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kick_proto.decoders import Decoders
from kick_proto.events.base import Event
from kick_proto.events.chat import ChatMessage, MessageDeleted
from kick_proto.events.moderation import UserBanned, UserUnbanned
from kick_proto.testing.site.accounts import Account
from tests.testing.sites import MODERATOR, STREAMER, UNIX_NOW, VIEWER, Desk, said

CHAT, BANS = "/api/public/v1/chat", "/api/public/v1/moderation/bans"
INVALID = (400, {"data": {}, "message": "Invalid request"})
OK: tuple[int, Any] = (200, {"data": {}, "message": "OK"})
TOPIC = f"chatrooms.{STREAMER.chatroom_id}.v2"


def send(desk: Desk, by: Account, text: str = "hi", **more: Any) -> tuple[int, Any]:
    body = {"content": text, "type": "user", "broadcaster_user_id": STREAMER.user_id} | more
    return said(desk.ask("POST", CHAT, desk.token(by.slug), body))


def told(desk: Desk, owner: Account = STREAMER) -> list[Event]:
    """What the socket would say, decoded."""
    frames = desk.site.take_frames()
    assert {frame.channel for frame in frames} <= {f"chatrooms.{owner.chatroom_id}.v2"}
    decode = Decoders().decode
    events = [decode(frame, datetime.fromtimestamp(UNIX_NOW, UTC), owner.channel) for frame in frames]
    return [event for event in events if isinstance(event, Event)]


def test_a_message_that_is_sent_is_seen_on_the_socket() -> None:
    desk = Desk()
    status, body = send(desk, VIEWER, 'é😀 \\ / "<b>"')
    assert (status, body["message"], body["data"]["is_sent"]) == (200, "OK", True)
    (message,) = told(desk)
    assert isinstance(message, ChatMessage)
    assert (message.id, message.text) == (body["data"]["message_id"], 'é😀 \\ / "<b>"')
    assert (message.author.id, message.author.username) == (VIEWER.user_id, VIEWER.username)
    assert told(desk) == [], "it is told once"


def test_whoever_owns_or_moderates_wears_the_badge() -> None:
    desk = Desk()
    badges = []
    for account in (STREAMER, MODERATOR, VIEWER):
        send(desk, account)
        (message,) = told(desk)
        assert isinstance(message, ChatMessage)
        badges.append([badge.type for badge in message.author.badges])
    assert badges == [["broadcaster"], ["moderator"], []]


def test_somebody_keeps_their_colour_when_their_channel_changes() -> None:
    desk = Desk()
    for number in range(10):
        send(desk, STREAMER)
        desk.ask("PATCH", "/api/public/v1/channels", desk.token(), {"stream_title": f"new {number}"})
    assert len({message.author for message in told(desk) if isinstance(message, ChatMessage)}) == 1


def test_who_is_renamed_goes_by_the_new_name_and_slug() -> None:
    desk = Desk()
    renamed = msgspec.structs.replace(VIEWER, username="Loud_Walrus", slug="not-what-the-name-says")
    desk.site.put(desk.now, renamed)
    send(desk, renamed)
    (message,) = told(desk)
    assert isinstance(message, ChatMessage)
    assert (message.author.id, message.author.username) == (VIEWER.user_id, "Loud_Walrus")
    assert message.author.slug == "not-what-the-name-says"


def test_a_reply_names_what_it_answers_and_its_thread() -> None:
    desk = Desk()
    first = send(desk, VIEWER, "first")[1]["data"]["message_id"]
    second = send(desk, MODERATOR, "second", reply_to_message_id=first)[1]["data"]["message_id"]
    send(desk, VIEWER, "third", reply_to_message_id=second)
    _, two, three = told(desk)
    assert isinstance(two, ChatMessage)
    assert isinstance(three, ChatMessage)
    assert two.reply_to is not None
    assert (two.reply_to.message_id, two.reply_to.text, two.reply_to.user_id) == (first, "first", VIEWER.user_id)
    assert three.reply_to is not None
    assert three.reply_to.message_id == second
    assert two.reply_to.thread_id == three.reply_to.thread_id == first
    missing = (400, {"data": "Message not found", "message": "Bad request"})
    assert send(desk, VIEWER, reply_to_message_id="x") == missing
    elsewhere = {"broadcaster_user_id": VIEWER.user_id, "reply_to_message_id": first}
    assert send(desk, VIEWER, **elsewhere) == missing, "what was said in another chat cannot be answered here"


def test_a_bot_speaks_in_the_channel_of_its_token() -> None:
    desk = Desk()
    assert send(desk, VIEWER, type="bot")[0] == 200
    (message,) = told(desk, VIEWER)
    assert isinstance(message, ChatMessage)
    assert message.author.username == "KettleBot"
    assert "bot" in [badge.type for badge in message.author.badges]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"content": ""}, INVALID),
        ({"content": "x" * 501}, INVALID),
        ({"content": 7}, INVALID),
        ({"type": "app"}, INVALID),
        ({"broadcaster_user_id": None}, INVALID),
        ({"broadcaster_user_id": 1}, (400, {"data": "Channel not found", "message": "Bad request"})),
    ],
)
def test_what_cannot_be_sent_is_a_400(change: Any, answer: Any) -> None:
    desk = Desk()
    assert send(desk, VIEWER, **change) == answer
    assert desk.site.take_frames() == []


def test_five_hundred_code_points_can_be_sent() -> None:
    assert send(Desk(), VIEWER, "😀" * 500)[0] == 200


# Deletions


def test_a_moderator_deletes_a_message_once() -> None:
    desk = Desk()
    id = send(desk, VIEWER)[1]["data"]["message_id"]
    told(desk)
    assert said(desk.ask("DELETE", f"{CHAT}/{id}", desk.token(VIEWER.slug))) == (
        403,
        {"data": {}, "message": "Forbidden"},
    )
    assert desk.ask("DELETE", f"{CHAT}/{id}", desk.token(MODERATOR.slug)).status == 204
    (deleted,) = told(desk)
    assert isinstance(deleted, MessageDeleted)
    assert deleted.message_id == id
    assert said(desk.ask("DELETE", f"{CHAT}/{id}", desk.token(MODERATOR.slug))) == (
        404,
        {"data": {}, "message": "Not found"},
    )


# Bans


def ban(desk: Desk, by: Account, method: str = "POST", **more: Any) -> tuple[int, Any]:
    body = {"broadcaster_user_id": STREAMER.user_id, "user_id": VIEWER.user_id} | more
    return said(desk.ask(method, BANS, desk.token(by.slug), body))


def test_a_ban_is_told_and_holds_until_it_is_lifted() -> None:
    desk = Desk()
    assert ban(desk, MODERATOR, reason="no tea") == OK
    (banned,) = told(desk)
    assert isinstance(banned, UserBanned)
    assert (banned.user.id, banned.user.username, banned.permanent) == (VIEWER.user_id, VIEWER.username, True)
    assert send(desk, VIEWER) == (403, {"data": {}, "message": "You are banned from this channel"})
    assert send(desk, VIEWER, broadcaster_user_id=VIEWER.user_id)[0] == 200, "elsewhere they may speak"
    desk.site.take_frames()
    assert ban(desk, STREAMER, "DELETE") == OK
    (unbanned,) = told(desk)
    assert isinstance(unbanned, UserUnbanned)
    assert (unbanned.user.id, unbanned.permanent) == (VIEWER.user_id, True)
    assert send(desk, VIEWER)[0] == 200
    desk.site.take_frames()
    assert ban(desk, STREAMER, "DELETE") == OK
    assert told(desk) == [], "nobody was let back in"


def test_a_timeout_ends_by_itself() -> None:
    desk = Desk()
    assert ban(desk, STREAMER, duration=10) == OK
    (banned,) = told(desk)
    assert isinstance(banned, UserBanned)
    assert (banned.permanent, banned.duration) == (False, timedelta(minutes=10))
    assert banned.expires_at == datetime.fromtimestamp(UNIX_NOW + desk.now + 600, UTC)
    desk.now += 599.9
    assert send(desk, VIEWER)[0] == 403
    desk.now += 0.1
    assert send(desk, VIEWER)[0] == 200


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"duration": 0}, INVALID),
        ({"duration": 10_081}, INVALID),
        ({"reason": "x" * 101}, INVALID),
        ({"user_id": "x"}, INVALID),
        ({"user_id": 1}, (400, {"data": "User not found", "message": "Bad request"})),
        ({"broadcaster_user_id": 1}, (400, {"data": "Channel not found", "message": "Bad request"})),
    ],
)
def test_what_is_no_ban_is_a_400(change: Any, answer: Any) -> None:
    desk = Desk()
    assert ban(desk, STREAMER, **change) == answer
    assert desk.site.take_frames() == []


def test_a_ban_that_has_run_out_is_none_that_could_be_lifted() -> None:
    desk = Desk()
    ban(desk, STREAMER, duration=1)
    told(desk)
    desk.now += 60
    assert ban(desk, STREAMER, "DELETE") == OK
    assert told(desk) == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_only_moderators_ban_and_pardon(method: str) -> None:
    assert ban(Desk(), VIEWER, method) == (403, {"data": {}, "message": "Forbidden"})


# On the wire


REFERENCES = {
    account.slug: {"id": account.user_id, "username": account.username, "slug": account.slug}
    for account in (STREAMER, MODERATOR, VIEWER)
}


def wire(desk: Desk) -> tuple[str, dict[str, Any]]:
    """Name and payload of the one frame that has come, without the id that it has of its own."""
    (frame,) = desk.site.take_frames()
    assert frame.channel == TOPIC
    payload = json.loads(str(frame.data))
    assert uuid.UUID(payload.pop("id")).version == 4
    return frame.event, payload


def test_bans_and_pardons_as_the_socket_says_them() -> None:
    desk = Desk()
    ban(desk, MODERATOR)
    assert wire(desk) == (
        "App\\Events\\UserBannedEvent",
        {
            "user": REFERENCES[VIEWER.slug],
            "banned_by": REFERENCES[MODERATOR.slug] | {"id": 0},
            "permanent": True,
        },
    )
    ban(desk, STREAMER, "DELETE")
    assert wire(desk) == (
        "App\\Events\\UserUnbannedEvent",
        {"user": REFERENCES[VIEWER.slug], "unbanned_by": REFERENCES[STREAMER.slug], "permanent": True},
    )
    ban(desk, MODERATOR, duration=10)
    assert wire(desk) == (
        "App\\Events\\UserBannedEvent",
        {
            "user": REFERENCES[VIEWER.slug],
            "banned_by": REFERENCES[MODERATOR.slug] | {"id": 0},
            "permanent": False,
            "duration": 10,
            "expires_at": "2026-09-21T15:25:00+00:00",
        },
    )
    ban(desk, STREAMER, "DELETE")
    assert wire(desk) == (
        "App\\Events\\UserUnbannedEvent",
        {"user": REFERENCES[VIEWER.slug], "unbanned_by": REFERENCES[STREAMER.slug], "permanent": False},
    )


def test_a_deletion_as_the_socket_says_it() -> None:
    desk = Desk()
    id = send(desk, VIEWER)[1]["data"]["message_id"]
    desk.site.take_frames()
    desk.ask("DELETE", f"{CHAT}/{id}", desk.token(MODERATOR.slug))
    assert wire(desk) == (
        "App\\Events\\MessageDeletedEvent",
        {"message": {"id": id}, "aiModerated": False, "violatedRules": []},
    )


def test_a_message_and_a_reply_as_the_socket_says_them() -> None:
    desk = Desk()
    first = send(desk, VIEWER, "first")[1]["data"]["message_id"]
    second = send(desk, STREAMER, "second", reply_to_message_id=first)[1]["data"]["message_id"]
    one, other = (json.loads(str(frame.data)) for frame in desk.site.take_frames())
    facts = ("id", "chatroom_id", "content", "type")
    assert {name: one[name] for name in facts} == {
        "id": first,
        "chatroom_id": STREAMER.chatroom_id,
        "content": "first",
        "type": "message",
    }
    assert {name: other[name] for name in facts} == {
        "id": second,
        "chatroom_id": STREAMER.chatroom_id,
        "content": "second",
        "type": "reply",
    }
    assert {key: other["metadata"][key] for key in ("original_sender", "original_message")} == {
        "original_sender": {"id": VIEWER.user_id, "username": VIEWER.username},
        "original_message": {"id": first, "content": "first"},
    }
