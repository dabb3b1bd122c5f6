"""Kick's own payload shapes, one struct an event, named after the event on the wire.

Only what a decoder uses is listed; further fields are ignored, because Kick adds some without notice. A field has a
default where some recorded frame lacks it or has null in it: the fields without one are those that an event means
nothing without. Every shape's source is the wire catalogue (recorded frames, 2023-2026), by the event's name.
"""

from datetime import datetime

import msgspec

from kick_proto.events import Badge
from kick_proto.ids import UserId

__all__ = [
    "ChatMessageEvent",
    "MessageDeletedEvent",
    "StopStreamBroadcast",
    "StreamerIsLive",
    "SubscriptionEvent",
    "UserBannedEvent",
    "UserUnbannedEvent",
]


class Payload(msgspec.Struct, frozen=True, gc=False):
    """The common root, so that a decoder row can say that it takes one."""


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Colour and badges beside a name; ``color`` is "" for some accounts made by API."""

    color: str | None = None
    badges: tuple[Badge, ...] | None = None


class Sender(msgspec.Struct, frozen=True, gc=False):
    """Who sent a chat message."""

    id: UserId
    username: str
    slug: str | None = None
    identity: Identity | None = None


class OriginalSender(msgspec.Struct, frozen=True, gc=False):
    """Who wrote the message that is replied to; ``id`` was declared a string by clients of 2023."""

    id: UserId
    username: str


class OriginalMessage(msgspec.Struct, frozen=True, gc=False):
    """The message that is replied to, as it read then."""

    id: str
    content: str = ""


class CelebrationMetadata(msgspec.Struct, frozen=True, gc=False):
    """``created_at`` has 5 or 6 fractional digits and may lie days before the message."""

    id: str
    type: str
    total_months: int | None = None
    created_at: datetime | None = None


class ChatMetadata(msgspec.Struct, frozen=True, gc=False):
    """Absent on messages of bots; what it holds tells a reply and a celebration from a plain message."""

    original_sender: OriginalSender | None = None
    original_message: OriginalMessage | None = None
    celebration: CelebrationMetadata | None = None


class ChatMessageEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``, 2023 to now; 97 % of all traffic."""

    id: str
    content: str
    created_at: datetime
    sender: Sender
    type: str = "message"
    metadata: ChatMetadata | None = None
    thread_parent_id: str | None = None


class MessageReference(msgspec.Struct, frozen=True, gc=False):
    """A message by its id alone."""

    id: str


class MessageDeletedEvent(
    Payload, frozen=True, gc=False, rename={"ai_moderated": "aiModerated", "violated_rules": "violatedRules"}
):
    """``chatrooms.{chatroom}.v2``; ``id`` is the event's own. The two camelCase fields came in 2025."""

    id: str
    message: MessageReference
    ai_moderated: bool | None = None
    violated_rules: tuple[str, ...] | None = None


class Person(msgspec.Struct, frozen=True, gc=False):
    """A user in a moderation event. ``banned_by.id`` is 0 in every recorded frame."""

    id: UserId
    username: str
    slug: str | None = None


class UserBannedEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``. ``duration`` is minutes; before mid-2024 only ``expires_at`` told a timeout."""

    id: str
    user: Person
    banned_by: Person | None = None
    permanent: bool | None = None
    duration: int | None = None
    expires_at: datetime | None = None


class UserUnbannedEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``. ``unbanned_by.id`` is a real id; ``permanent`` came in 2025."""

    id: str
    user: Person
    unbanned_by: Person | None = None
    permanent: bool | None = None


class StartedLivestream(msgspec.Struct, frozen=True, gc=False):
    """The broadcast that began."""

    id: int
    session_title: str | None = None
    created_at: datetime | None = None


class StreamerIsLive(Payload, frozen=True, gc=False):
    """``channel.{channel}``, 2023 to now."""

    livestream: StartedLivestream


class EndedLivestream(msgspec.Struct, frozen=True, gc=False):
    """The broadcast that ended."""

    id: int


class StopStreamBroadcast(Payload, frozen=True, gc=False):
    """``channel.{channel}``, 2023 to now."""

    livestream: EndedLivestream


class SubscriptionEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``. ``months`` is the total, 1 for a first subscription."""

    username: str
    months: int
