"""The decoder table: wire name -> payload struct -> unified event.

A new event is three additions: its payload struct in ``payloads``, one function here that turns the payload into an
event, and one row of ``ROWS``. Nothing else knows event names. What no row knows becomes ``Unknown``; what a row
cannot read becomes ``Undecodable`` with the path of the field at fault. Nothing raises, and no frame is lost.

Kick writes names bare (``KicksGifted``) and prefixed (``App\\Events\\ChatMessageEvent``) and has moved events from one
spelling to the other, so a row answers to both. Source: Seen: wire catalogue section 1.3 (2023-2026).
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from kick_proto import events, payloads
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind

__all__ = ["ROWS", "Build", "Decoders", "Row"]

PayloadT = TypeVar("PayloadT", bound=payloads.Payload)
Build: TypeAlias = Callable[[PayloadT, datetime, Frame, Channel], events.Event]
"""From a payload, the wall-clock time of its read, its frame and its channel, to the event."""

PREFIX = "App\\Events\\"


class Row(msgspec.Struct, Generic[PayloadT], frozen=True):
    """One event of the wire: its bare name, its payload, what builds the event, and the topics it comes on."""

    name: str
    payload: type[PayloadT]
    build: Build[PayloadT]
    topics: tuple[TopicKind, ...]


def chat_message(
    payload: payloads.ChatMessageEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.ChatMessage:
    sender, identity, metadata = payload.sender, payload.sender.identity, payload.metadata
    reply = celebration = None
    if metadata is not None:
        reply = _reply(payload, metadata)
        if (said := metadata.celebration) is not None:
            celebration = events.Celebration(said.id, said.type, said.total_months, _utc(said.created_at))
    author = events.Author(
        sender.id,
        sender.username,
        sender.slug,
        (identity.color or None) if identity is not None else None,
        (identity.badges or ()) if identity is not None else (),
    )
    return events.ChatMessage(
        received_at,
        raw,
        channel,
        payload.id,
        payload.content,
        author,
        _aware(payload.created_at),
        payload.type,
        reply,
        celebration,
    )


def _reply(payload: payloads.ChatMessageEvent, metadata: payloads.ChatMetadata) -> events.Reply | None:
    message, sender = metadata.original_message, metadata.original_sender
    if message is None or sender is None:
        return None
    return events.Reply(message.id, message.content, sender.username, sender.id, payload.thread_parent_id or None)


def message_deleted(
    payload: payloads.MessageDeletedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.MessageDeleted:
    # AI moderation has been seen to put an empty name among the rules.
    rules = tuple(rule for rule in payload.violated_rules or () if rule)
    return events.MessageDeleted(received_at, raw, channel, payload.id, payload.message.id, payload.ai_moderated, rules)


def user_banned(
    payload: payloads.UserBannedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.UserBanned:
    permanent = payload.permanent if payload.permanent is not None else payload.expires_at is None
    return events.UserBanned(
        received_at,
        raw,
        channel,
        payload.id,
        _user(payload.user),
        _moderator(payload.banned_by),
        permanent,
        _minutes(payload.duration),
        _utc(payload.expires_at),
    )


def user_unbanned(
    payload: payloads.UserUnbannedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.UserUnbanned:
    moderator = _moderator(payload.unbanned_by)
    return events.UserUnbanned(received_at, raw, channel, payload.id, _user(payload.user), moderator, payload.permanent)


def stream_online(
    payload: payloads.StreamerIsLive, received_at: datetime, raw: Frame, channel: Channel
) -> events.StreamOnline:
    stream = payload.livestream
    return events.StreamOnline(received_at, raw, channel, stream.id, stream.session_title, _utc(stream.created_at))


def stream_offline(
    payload: payloads.StopStreamBroadcast, received_at: datetime, raw: Frame, channel: Channel
) -> events.StreamOffline:
    return events.StreamOffline(received_at, raw, channel, payload.livestream.id)


def subscription(
    payload: payloads.SubscriptionEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.Subscribed | events.Resubscribed:
    made = events.Subscribed if payload.months <= 1 else events.Resubscribed
    return made(received_at, raw, channel, payload.username, payload.months)


def _user(person: payloads.Person) -> events.User:
    return events.User(person.id, person.username, person.slug)


def _moderator(person: payloads.Person | None) -> events.Moderator | None:
    return events.Moderator(person.username, person.id or None, person.slug) if person is not None else None


def _minutes(count: int | None) -> timedelta | None:
    try:
        return timedelta(minutes=count) if count is not None else None
    except OverflowError:
        return timedelta.max


def _aware(moment: datetime) -> datetime:
    # Kick's times without a zone mean UTC. Source: Seen: wire catalogue section 1.5.
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else _aware(moment)


_V2 = (TopicKind.CHATROOM_V2,)
_CHANNEL = (TopicKind.CHANNEL,)

ROWS: tuple[Row[Any], ...] = (
    Row("ChatMessageEvent", payloads.ChatMessageEvent, chat_message, _V2),
    Row("MessageDeletedEvent", payloads.MessageDeletedEvent, message_deleted, _V2),
    Row("UserBannedEvent", payloads.UserBannedEvent, user_banned, _V2),
    Row("UserUnbannedEvent", payloads.UserUnbannedEvent, user_unbanned, _V2),
    Row("StreamerIsLive", payloads.StreamerIsLive, stream_online, _CHANNEL),
    Row("StopStreamBroadcast", payloads.StopStreamBroadcast, stream_offline, _CHANNEL),
    Row("SubscriptionEvent", payloads.SubscriptionEvent, subscription, _V2),
)

_Decode: TypeAlias = Callable[[str], Any]


class Decoders:
    """A table of rows, ready to decode; each has its own, so that adding a row to one changes no other.

    Copying one copies the table, and shares the rows.
    """

    __slots__ = ("_by_name",)

    def __init__(self, rows: Iterable[Row[Any]] = ROWS) -> None:
        self._by_name: dict[str, tuple[_Decode, Build[Any]]] = {}
        for row in rows:
            self.register(row)

    def register(self, row: Row[Any]) -> None:
        """Add a row, or replace the one of that name. It answers to the bare name and to the prefixed one."""
        decode = msgspec.json.Decoder(row.payload, strict=False).decode
        for name in (row.name, PREFIX + row.name, row.name.rpartition("\\")[2]):
            self._by_name[name] = (decode, row.build)

    def decode(self, raw: Frame, received_at: datetime, channel: Channel) -> events.Event | events.Undecodable:
        """Turn a frame into its event. Never raises, whatever the frame holds."""
        known = self._by_name.get(raw.event)
        if known is None:
            return events.Unknown(received_at, raw, channel)
        decode, build = known
        try:
            return build(decode(raw.data), received_at, raw, channel)
        except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
            # msgspec lets through a first second of the year 10000, and zones that lead out of the calendar.
            return undecodable(raw, received_at, channel, str(error))

    def __deepcopy__(self, memo: object) -> "Decoders":
        return self.__copy__()

    def __copy__(self) -> "Decoders":
        copy = Decoders(())
        copy._by_name.update(self._by_name)
        return copy


_PATH = re.compile(r"^(?P<error>.*) - at `(?P<path>[^`]*)`$", re.DOTALL)


def undecodable(raw: Frame, received_at: datetime, channel: Channel | None, error: str) -> events.Undecodable:
    """Say what is wrong with a payload, and where: msgspec writes the path at the end of its message."""
    if found := _PATH.match(error):
        return events.Undecodable(received_at, raw, channel, found["error"], found["path"])
    return events.Undecodable(received_at, raw, channel, error)
