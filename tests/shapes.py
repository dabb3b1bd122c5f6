"""Payloads in the shapes in which Kick was recorded, with invented names and ids, and ways to bend and decode them."""

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec

from kick_proto import events
from kick_proto.decoders import Decoders
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId

Json: TypeAlias = Any
Decoded: TypeAlias = events.Event | events.Undecodable

READ_AT = datetime(2026, 5, 4, 12, 0, 1, 250_000, UTC)
FOX = Channel(ChannelId(11), ChatroomId(22), "fox")

CHAT: Json = {
    "id": "5d1c0c0e-0000-4000-8000-000000000001",
    "chatroom_id": 22,
    "content": "hello [emote:501:OwlClap]",
    "type": "message",
    "created_at": "2026-05-04T12:00:00+00:00",
    "sender": {
        "id": 701,
        "username": "Ada_L",
        "slug": "ada-l",
        "identity": {"color": "#FFD899", "badges": []},
    },
    "metadata": {"message_ref": "1777896000123"},
}
REPLY: Json = {
    **CHAT,
    "type": "reply",
    "metadata": {
        "original_sender": {"id": 702, "username": "Bob"},
        "original_message": {"id": "m-0", "content": "who is there?"},
        "message_ref": "1777896000123",
    },
    "thread_parent_id": "m-root",
}
CELEBRATION: Json = {
    **CHAT,
    "type": "celebration",
    "metadata": {
        "celebration": {
            "id": "chceleb_0000",
            "type": "subscription_renewed",
            "total_months": 13,
            "created_at": "2026-04-27T08:00:00.12345Z",
        }
    },
}
DELETED: Json = {"id": "d-1", "message": {"id": "m-1"}, "aiModerated": False, "violatedRules": []}
BAN: Json = {
    "id": "b-1",
    "user": {"id": 703, "username": "Loud_One", "slug": "loud-one"},
    "banned_by": {"id": 0, "username": "Max", "slug": "max"},
    "permanent": True,
}
TIMEOUT: Json = {**BAN, "permanent": False, "duration": 5, "expires_at": "2026-05-04T12:05:00+00:00"}
UNBAN: Json = {
    "id": "u-1",
    "user": {"id": 703, "username": "Loud_One", "slug": "loud-one"},
    "unbanned_by": {"id": 704, "username": "Max", "slug": "max"},
    "permanent": True,
}
LIVE: Json = {
    "livestream": {
        "id": 9001,
        "channel_id": 11,
        "session_title": "Foxes at night",
        "source": None,
        "created_at": "2026-05-04T11:59:59.000000Z",
    }
}
STOPPED: Json = {"livestream": {"id": 9001, "channel": {"id": 11, "is_banned": False}}}
SUBSCRIPTION: Json = {"chatroom_id": 22, "username": "Ada_L", "months": 1}

SEEN: dict[str, tuple[str, Json]] = {
    "message": ("ChatMessageEvent", CHAT),
    "reply": ("ChatMessageEvent", REPLY),
    "celebration": ("ChatMessageEvent", CELEBRATION),
    "deleted": ("MessageDeletedEvent", DELETED),
    "ban": ("UserBannedEvent", BAN),
    "timeout": ("UserBannedEvent", TIMEOUT),
    "unban": ("UserUnbannedEvent", UNBAN),
    "live": ("StreamerIsLive", LIVE),
    "stopped": ("StopStreamBroadcast", STOPPED),
    "subscription": ("SubscriptionEvent", SUBSCRIPTION),
}


def without(payload: Json, *names: str) -> Json:
    return {name: value for name, value in payload.items() if name not in names}


def places(value: Json, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values in a JSON value, itself first."""
    yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*here, key))


def changed(value: Json, place: tuple[str | int, ...], change: Callable[[Json], Json]) -> Json:
    if not place:
        return change(value)
    twin = copy.copy(value)
    twin[place[0]] = changed(value[place[0]], place[1:], change)
    return twin


def decode(name: str, payload: Json, table: Decoders | None = None) -> Decoded:
    return decode_text(name, msgspec.json.encode(payload).decode(), table)


def decode_text(name: str, text: str, table: Decoders | None = None) -> Decoded:
    """The frame's event; whatever it is, it has the frame, the moment and the channel that it came with."""
    frame = Frame(name, "chatrooms.22.v2", text)
    event = (table or Decoders()).decode(frame, READ_AT, FOX)
    assert (event.raw, event.received_at, event.channel) == (frame, READ_AT, FOX)
    return event


def check(name: str, payload: Json, made: type[events.Event], **fields: Json) -> None:
    """The payload becomes that event with those fields, and every further field at its default."""
    event = decode(name, payload)
    assert event == made(received_at=READ_AT, raw=event.raw, channel=FOX, **fields)
