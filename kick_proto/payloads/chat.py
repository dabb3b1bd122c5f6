"""Payloads of the chat."""

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from kick_proto.events import Badge
from kick_proto.ids import UserId
from kick_proto.payloads.base import MayBeEmpty, Payload, Person

__all__ = [
    "BannedWord",
    "BotProtection",
    "CelebrationMetadata",
    "ChatMessageEvent",
    "ChatMetadata",
    "ChatSettings",
    "ChatSettingsChanged",
    "ChatroomClearEvent",
    "ChatroomUpdatedEvent",
    "Identity",
    "MessageDeleted",
    "MessageDeletedEvent",
    "MessagePinned",
    "MessageReference",
    "MinutesMode",
    "OriginalMessage",
    "OriginalSender",
    "PinnedMessage",
    "PinnedMessageCreatedEvent",
    "Pinner",
    "PinnerBadge",
    "PinnerIdentity",
    "SecondsMode",
    "Sender",
    "SlowMode",
    "Switch",
]


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Colour and badges beside a name; ``color`` is "" for some accounts made by API."""

    UNREAD: ClassVar[tuple[str, ...]] = ("badges_v2",)

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

    UNREAD: ClassVar[tuple[str, ...]] = ("message_ref",)

    original_sender: OriginalSender | None = None
    original_message: OriginalMessage | None = None
    celebration: CelebrationMetadata | None = None


class ChatMessageEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``, 2023 to now; 97 % of all traffic."""

    UNREAD: ClassVar[tuple[str, ...]] = ("chatroom_id",)

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


class ChatroomClearEvent(MayBeEmpty, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``. No frame is public: three clients read an ``id``, others test with none.

    So its type is not relied on: that the chat was cleared is what counts.
    """

    id: Any = None


class PinnedMessage(msgspec.Struct, frozen=True, gc=False):
    """What is pinned: a chat message, of which less is needed than in the chat."""

    UNREAD: ClassVar[tuple[str, ...]] = ("chatroom_id", "metadata", "thread_parent_id", "type")

    id: str
    content: str
    sender: Sender | None = None
    created_at: datetime | None = None


class PinnerBadge(msgspec.Struct, frozen=True, gc=False):
    """A badge that the pinner has; one with ``active`` false is not shown."""

    UNREAD: ClassVar[tuple[str, ...]] = ("sort_order",)

    type: str
    text: str = ""
    count: int | None = None
    active: bool | None = None


class PinnerIdentity(msgspec.Struct, frozen=True, gc=False):
    """As ``Identity``, with all badges and not only those that are shown."""

    UNREAD: ClassVar[tuple[str, ...]] = ("badges_v2",)

    color: str | None = None
    badges: tuple[PinnerBadge, ...] | None = None


class Pinner(msgspec.Struct, frozen=True, gc=False):
    """Who pinned."""

    id: UserId
    username: str
    slug: str | None = None
    identity: PinnerIdentity | None = None


class PinnedMessageCreatedEvent(Payload, frozen=True, gc=False, rename={"pinned_by": "pinnedBy"}):
    """``chatrooms.{chatroom}.v2``. ``duration`` is seconds, written as a string; ``pinnedBy`` came after 2024."""

    message: PinnedMessage
    duration: int | None = None
    pinned_by: Pinner | None = None


class Switch(msgspec.Struct, frozen=True, gc=False):
    """A rule of the chat that is on or off."""

    enabled: bool


class SlowMode(msgspec.Struct, frozen=True, gc=False):
    """``message_interval`` is seconds, and may keep its value while the mode is off."""

    enabled: bool
    message_interval: int | None = None


class MinutesMode(msgspec.Struct, frozen=True, gc=False):
    """``min_duration`` is minutes."""

    enabled: bool
    min_duration: int | None = None


class BotProtection(msgspec.Struct, frozen=True, gc=False):
    """Guess: ``remaining_time`` is seconds, as other times of the chatroom's own; every recorded frame has 0."""

    enabled: bool
    remaining_time: int | None = None


class ChatroomUpdatedEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``. Two writers: one leaves out ``advanced_bot_protection``; the age came in 2025."""

    UNREAD: ClassVar[tuple[str, ...]] = ("id",)

    slow_mode: SlowMode | None = None
    subscribers_mode: Switch | None = None
    followers_mode: MinutesMode | None = None
    emotes_mode: Switch | None = None
    advanced_bot_protection: BotProtection | None = None
    account_age: MinutesMode | None = None


class SecondsMode(msgspec.Struct, frozen=True, gc=False):
    """All durations are seconds here; of followers, 1 second stands for none."""

    enabled: bool
    duration_seconds: int | None = None


class ChatSettings(msgspec.Struct, frozen=True, gc=False):
    """The chat's rules as the channel tells them; ``rules`` is "" where there are none."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel_id",)

    rules: str | None = None
    allow_links: Switch | None = None
    emotes_only_mode: Switch | None = None
    followers_only_mode: SecondsMode | None = None
    minimum_account_age: SecondsMode | None = None
    slow_mode: SecondsMode | None = None
    subscribers_only_mode: Switch | None = None


class ChatSettingsChanged(Payload, frozen=True, gc=False):
    """``channel_{channel}``, new in 2026: the twin of ``ChatroomUpdatedEvent``."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at", "id")

    settings: ChatSettings


class BannedWord(Payload, frozen=True, gc=False):
    """``private-chatroom_{chatroom}``: a word is banned or allowed, as typed by a client of 2023."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at", "id")

    word: str
    user: Person | None = None


class MessageDeleted(Payload, frozen=True, gc=False):
    """``private-chatroom_{chatroom}``, by its name alone. Guess: of ``message``, as in ``MessageDeletedEvent``."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at", "user")

    id: str | None = None
    message: MessageReference | None = None


class MessagePinned(Payload, frozen=True, gc=False):
    """``private-chatroom_{chatroom}``, by name alone. Guess: of ``message``, as in ``PinnedMessageCreatedEvent``."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at", "id", "user")

    message: PinnedMessage | None = None
