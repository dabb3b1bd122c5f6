"""The unified events: what happened on a channel, whatever platform and wire event told it.

Frozen structs, no behaviour but views on their own fields. Times are aware UTC datetimes; what the platform did
not say is ``None``, never invented. Every event reaches the frame that it came from (``raw``) and the moment at
which that frame was read (``received_at``).
"""

from datetime import datetime, timedelta

import msgspec

from kick_proto import content
from kick_proto.frames import Frame
from kick_proto.ids import Channel, UserId

__all__ = [
    "Author",
    "Badge",
    "Celebration",
    "ChatMessage",
    "Event",
    "IdentifiedEvent",
    "MessageDeleted",
    "Moderator",
    "Reply",
    "Resubscribed",
    "StreamOffline",
    "StreamOnline",
    "Subscribed",
    "Undecodable",
    "Unknown",
    "User",
    "UserBanned",
    "UserUnbanned",
]


class Badge(msgspec.Struct, frozen=True, gc=False):
    """A badge beside a name. ``type`` is an open set (moderator, subscriber, vip, og, ...)."""

    type: str
    text: str = ""
    count: int | None = None
    """Months for ``subscriber``, subscriptions given for ``sub_gifter``."""


class User(msgspec.Struct, frozen=True, gc=False):
    """A user as the platform names one; ``slug`` is the name in URLs and cannot be computed from ``username``."""

    id: UserId
    username: str
    slug: str | None = None


class Author(User, frozen=True, gc=False):
    """Who wrote a message, as shown beside it."""

    color: str | None = None
    """``#RRGGBB``, None where the user chose none."""
    badges: tuple[Badge, ...] = ()

    def has_badge(self, type: str) -> bool:
        """Whether a badge of this type stands beside the name."""
        return any(badge.type == type for badge in self.badges)


class Moderator(msgspec.Struct, frozen=True, gc=False):
    """Who moderated. ``id`` is None where Kick masks it, as it does for every ban."""

    username: str
    id: UserId | None = None
    slug: str | None = None


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


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """What every event has: the wall-clock time (UTC) of the read that it came in, and its frame."""

    received_at: datetime
    raw: Frame


class Event(Arrival, frozen=True, gc=False):
    """Something that happened on a channel."""

    channel: Channel

    @property
    def platform(self) -> str:
        """The platform's name, ``kick`` for this library's own."""
        return self.channel.platform


class IdentifiedEvent(Event, frozen=True, gc=False):
    """An event that the platform gave an id of its own: the same id again is the same event again."""

    id: str


class ChatMessage(IdentifiedEvent, frozen=True, tag=True, gc=False):
    """Somebody wrote in the chat. Wire: ``ChatMessageEvent``."""

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
    """A message was taken down. Wire: ``MessageDeletedEvent``, which tells neither author nor deleter."""

    message_id: str
    by_ai: bool | None = None
    """True where Kick's own filter deleted it; None in frames from before 2025."""
    violated_rules: tuple[str, ...] = ()


class UserBanned(IdentifiedEvent, frozen=True, tag=True, gc=False):
    """A user was banned, or timed out. Wire: ``UserBannedEvent``."""

    user: User
    moderator: Moderator | None
    permanent: bool
    duration: timedelta | None = None
    """Of a timeout; None for a ban, and for timeouts in frames from before mid-2024."""
    expires_at: datetime | None = None


class UserUnbanned(IdentifiedEvent, frozen=True, tag=True, gc=False):
    """A ban or timeout was lifted. Wire: ``UserUnbannedEvent``."""

    user: User
    moderator: Moderator | None
    permanent: bool | None = None
    """True where a ban was lifted, False where a timeout was; None in frames from before 2025."""


class StreamOnline(Event, frozen=True, tag=True, gc=False):
    """The channel went live. Wire: ``StreamerIsLive``, which Kick repeats within one broadcast: see ``stream_id``."""

    stream_id: int
    title: str | None
    started_at: datetime | None


class StreamOffline(Event, frozen=True, tag=True, gc=False):
    """The broadcast ended. Wire: ``StopStreamBroadcast``; not every start gets one."""

    stream_id: int


class Subscribed(Event, frozen=True, tag=True, gc=False):
    """Somebody subscribed for the first time. Wire: ``SubscriptionEvent`` with one month."""

    username: str
    months: int


class Resubscribed(Event, frozen=True, tag=True, gc=False):
    """Somebody renewed; ``months`` is the total. Wire: ``SubscriptionEvent`` with two months or more."""

    username: str
    months: int


class Unknown(Event, frozen=True, tag=True, gc=False):
    """An event whose name no decoder knows: ``raw`` is all there is to know."""


class Undecodable(Arrival, frozen=True, tag=True, gc=False):
    """A frame that could not be read: what was wrong, and where in the payload.

    ``channel`` is None where the text was no frame at all; ``raw.data`` then holds that text.
    """

    channel: Channel | None
    error: str
    path: str = "$"
    """JSON path of the field at fault, ``$`` for the payload as a whole."""
