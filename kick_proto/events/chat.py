"""What happens in the chat: messages, their deletion, pins, and the rules that hold there."""

from datetime import datetime, timedelta

import msgspec

from kick_proto import content
from kick_proto.events.base import Event, IdentifiedEvent, JoinedEvent
from kick_proto.events.people import Author, Moderator
from kick_proto.ids import UserId

__all__ = [
    "BannedWordsChanged",
    "Celebration",
    "ChatCleared",
    "ChatMessage",
    "ChatSettingsChanged",
    "MessageDeleted",
    "MessagePinned",
    "MessageUnpinned",
    "Mode",
    "PinnedMessage",
    "Reply",
]


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What a message answers: a snapshot; the original may be deleted by now."""

    message_id: str
    text: str
    username: str
    user_id: UserId
    thread_id: str | None = None
    """The thread's first message, as a rule; some frames name the direct parent instead."""


class Celebration(msgspec.Struct, frozen=True, gc=False):
    """A milestone that the author shares with the message; not a new subscription.

    ``celebrated_at`` may be days before the message: the milestone is shared later.
    """

    id: str
    type: str
    months: int | None = None
    celebrated_at: datetime | None = None


class ChatMessage(IdentifiedEvent, frozen=True, tag=True, gc=False):
    """Somebody wrote in the chat. Wire: ``ChatMessageEvent``; early in 2023 ``ChatMessageSentEvent``."""

    text: str
    """As written: emotes as ``[emote:ID:NAME]``; ``fragments`` takes it apart."""
    author: Author
    sent_at: datetime
    """Whole seconds: neither unique nor an order."""
    kind: str = "message"
    """``message``, ``reply``, ``celebration``; an open set."""
    reply_to: Reply | None = None
    celebration: Celebration | None = None

    @property
    def fragments(self) -> tuple[content.Fragment, ...]:
        """The text as plain pieces, emotes, mentions and links; worked out anew at each call."""
        return content.fragments(self.text)


class MessageDeleted(IdentifiedEvent, frozen=True, tag=True, gc=False):
    """A message was taken down.

    Wire: ``MessageDeletedEvent``, which tells neither author nor deleter; ``MessageDeleted`` (login).
    """

    message_id: str
    by_ai: bool | None = None
    """True where Kick's own filter deleted it; None in frames from before 2025, and in those that need a login."""
    violated_rules: tuple[str, ...] = ()


class ChatCleared(Event, frozen=True, tag=True, gc=False):
    """All messages were taken down. Wire: ``ChatroomClearEvent``."""

    id: str | None = None


class PinnedMessage(msgspec.Struct, frozen=True, gc=False):
    """The message that was pinned, which may be old."""

    id: str
    text: str
    author: Author | None = None
    sent_at: datetime | None = None


class MessagePinned(Event, frozen=True, tag=True, gc=False):
    """A message was pinned above the chat.

    Wire: ``PinnedMessageCreatedEvent``; ``MessagePinned`` (login). A second pin comes after an unpin.
    """

    message: PinnedMessage
    pinned_by: Author | None = None
    """None in frames from 2024, and in those that need a login."""
    duration: timedelta | None = None
    """How long it stays."""


class MessageUnpinned(Event, frozen=True, tag=True, gc=False):
    """The pinned message was taken off.

    Wire: ``PinnedMessageDeletedEvent``, which says nothing more; ``MessageUnpinned`` (login).
    """


class Mode(msgspec.Struct, frozen=True, gc=False):
    """One rule of the chat: whether it is on, and its time where it has one."""

    enabled: bool
    duration: timedelta | None = None
    """Between messages (slow mode), since following, since the account was made, or until it ends by itself."""


class ChatSettingsChanged(JoinedEvent, frozen=True, tag=True, gc=False):
    """The chat's rules: a snapshot, of which None is what the frame did not tell.

    Wire: ``ChatroomUpdatedEvent`` (minutes and seconds) and ``ChatSettingsChanged`` (seconds); two writers of the
    former are known to disagree for a while. Behind a login, one rule at a time: ``SlowMode``, ``EmotesMode``,
    ``FollowersMode``, ``SubscribersMode`` and ``AllowLinks``, each with ``Activated`` or ``Deactivated`` behind it.
    """

    slow_mode: Mode | None = None
    followers_only: Mode | None = None
    """A duration of zero lets any follower write."""
    subscribers_only: Mode | None = None
    emotes_only: Mode | None = None
    account_age: Mode | None = None
    links_allowed: Mode | None = None
    bot_protection: Mode | None = None
    rules: str | None = None
    """The channel's own words to its chatters, "" where it has none."""


class BannedWordsChanged(Event, frozen=True, tag=True, gc=False):
    """A word was banned, or is allowed again. Wire: ``BannedWordAdded``, ``BannedWordDeleted`` (needs a login)."""

    word: str
    banned: bool
    moderator: Moderator | None = None
