"""What the web page asks: the one place that tells all three numbers of a channel; unofficial, behind the edge.

Nothing here needs a login, and none is sent. Of a reply, ``playback_url`` is never kept: it has a signed token in it.

Source: Seen: recorded replies of kick.com and web.kick.com, 2023 to 2026; staff call third-party use of it unsupported.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import msgspec

from kick_proto import events, payloads
from kick_proto.decoders.reading import author, minutes, seconds
from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Call, Host, Instead
from kick_proto.endpoints.user import Livestream, User
from kick_proto.errors import RemoteProtocolError
from kick_proto.http import Pairs, Response
from kick_proto.ids import ChannelId, ChatroomId, UserId
from kick_proto.outcomes import Outcome
from kick_proto.slugs import Slug, hyphenated, is_same, parse_slug

__all__ = ["Chatroom", "History", "HistoryMessage", "chatroom", "history", "livestream", "user"]

T = TypeVar("T")

NOT_FOUND: Final = frozenset({Outcome.NOT_FOUND})


def user(slug: str) -> Call[User]:
    """Who the channel of that name belongs to, with all three numbers and what is on.

    Where there is none of that name, the name with hyphens for underscores is asked for.
    Source: Seen: GET /api/v2/channels/{slug}, 2023 to 2026.
    """
    return _by_slug(parse_slug(slug), "", _read_user)


def livestream(slug: str) -> Call[Livestream | None]:
    """What is on in that channel; None while it is offline.

    Source: Seen: GET /api/v2/channels/{slug}/livestream, 2026.
    """
    return _by_slug(parse_slug(slug), "/livestream", _read_livestream)


def chatroom(slug: str) -> Call["Chatroom"]:
    """The rules of the chat, fresher than those beside the channel.

    Source: Seen: GET /api/v2/channels/{slug}/chatroom, 2026.
    """
    return _by_slug(parse_slug(slug), "/chatroom", _read_chatroom)


def history(channel_id: ChannelId, *, since: datetime | None = None, cursor: str | None = None) -> Call["History"]:
    """Messages of the past, the newest first; ``cursor`` of one page asks for the next.

    It is the channel's id that is asked for: with the chatroom's, Kick answers with an empty page.
    Source: Seen: GET /api/v1/chat/{channel}/history of web.kick.com, 2026.
    """
    query: Pairs = ()
    if since is not None:
        start = arguments.moment("since", since).astimezone(UTC).isoformat(timespec="milliseconds")
        query += (("start_time", start.replace("+00:00", "Z")),)
    if cursor is not None:
        query += (("cursor", arguments.text("cursor", cursor, most=1_000)),)
    path = f"/api/v1/chat/{arguments.number('channel_id', channel_id)}/history"
    return Call(
        host=Host.WEB, method="GET", path=path, query=query, parse=_read_history, repeatable=True, redirects=True
    )


def _by_slug(slug: Slug, rest: str, read: Callable[[Slug, Response], T]) -> Call[T]:
    other = hyphenated(slug)
    return Call(
        host=Host.SITE,
        method="GET",
        path=f"/api/v2/channels/{slug}{rest}",
        parse=partial(read, slug),
        repeatable=True,
        redirects=True,
        instead=(Instead(NOT_FOUND, _by_slug(other, rest, read)),) if other is not None else (),
    )


# The channel


class _Profile(msgspec.Struct, frozen=True):
    id: UserId | None = None
    username: str | None = None
    profile_pic: str | None = None


class _Room(msgspec.Struct, frozen=True):
    id: Annotated[ChatroomId, msgspec.Meta(ge=1)]


class _Channel(msgspec.Struct, frozen=True):
    """What must be read is typed; what is only good to have is read apart, and cannot lose the ids."""

    id: Annotated[ChannelId, msgspec.Meta(ge=1)]
    chatroom: _Room
    user_id: UserId | None = None
    slug: str | None = None
    user: Any = None
    livestream: Any = None
    followers_count: Any = None
    is_banned: Any = None


def _read_user(slug: Slug, response: Response) -> User:
    told = reading.whole(response, _Channel)
    profile = reading.perhaps(told.user or {}, _Profile) or _Profile()
    on = reading.perhaps(told.livestream, _Livestream) if told.livestream else None
    return User(
        slug=_same(slug, told.slug),
        user_id=told.user_id or profile.id,
        channel_id=told.id,
        chatroom_id=told.chatroom.id,
        username=profile.username,
        avatar=profile.profile_pic,
        followers_count=reading.perhaps(told.followers_count, int),
        is_banned=reading.perhaps(told.is_banned, bool),
        is_live=bool(told.livestream) and (on is None or on.is_live),
        livestream=_livestream(on) if on is not None and on.is_live else None,
        source="site",
    )


def _same(asked: Slug, told: str | None) -> Slug:
    """The slug that was told; another one than was asked for means that somebody else was told of."""
    if told is None:
        return asked
    if not is_same(asked, told):
        raise RemoteProtocolError(f"asked for {asked}, was told of {told!r:.60} - at `$.slug`")
    return Slug(told.lower())


# The broadcast


class _Category(msgspec.Struct, frozen=True):
    name: str = ""
    id: int | None = None
    slug: str | None = None


class _Picture(msgspec.Struct, frozen=True):
    url: str | None = None
    src: str | None = None


class _Livestream(msgspec.Struct, frozen=True):
    """Both views: inside the channel, and of the route of its own. They differ in four names."""

    id: int
    session_title: str | None = None
    category: _Category | None = None
    categories: tuple[_Category, ...] = ()
    language: str | None = None
    start_time: datetime | None = None
    created_at: datetime | None = None
    viewer_count: int | None = None
    viewers: int | None = None
    is_live: bool = True
    is_mature: bool | None = None
    tags: tuple[str, ...] = ()
    thumbnail: _Picture | None = None


def _read_livestream(_: Slug, response: Response) -> Livestream | None:
    told = next(iter(reading.rows(response, _Livestream)), None)
    return _livestream(told) if told is not None and told.is_live else None


def _livestream(told: _Livestream) -> Livestream:
    category = told.category or next(iter(told.categories), None) or _Category()
    picture = told.thumbnail or _Picture()
    return Livestream(
        id=told.id,
        title=told.session_title,
        category=events.Category(category.name, category.id, category.slug) if category.name else None,
        language=told.language,
        started_at=told.start_time or told.created_at,
        viewer_count=told.viewer_count if told.viewer_count is not None else told.viewers,
        is_mature=told.is_mature,
        tags=told.tags,
        thumbnail=picture.url or picture.src,
    )


# The rules of the chat


class Chatroom(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a chat; None is what was not told."""

    chatroom_id: ChatroomId
    slow_mode: events.Mode | None = None
    followers_only: events.Mode | None = None
    subscribers_only: events.Mode | None = None
    emotes_only: events.Mode | None = None
    account_age: events.Mode | None = None
    bot_protection: events.Mode | None = None


class _Chatroom(payloads.ChatroomUpdatedEvent, frozen=True, kw_only=True):
    """The same rules as in the event of their change, with the room's number."""

    id: Annotated[ChatroomId, msgspec.Meta(ge=1)]


_Rule: TypeAlias = payloads.Switch | payloads.SlowMode | payloads.MinutesMode | payloads.BotProtection


def _read_chatroom(_: Slug, response: Response) -> Chatroom:
    told = reading.whole(response, _Chatroom)
    slow, followers, age, protection = (
        told.slow_mode,
        told.followers_mode,
        told.account_age,
        told.advanced_bot_protection,
    )
    return Chatroom(
        chatroom_id=told.id,
        slow_mode=_mode(slow, seconds(slow.message_interval)) if slow is not None else None,
        followers_only=_mode(followers, minutes(followers.min_duration)) if followers is not None else None,
        subscribers_only=_mode(told.subscribers_mode),
        emotes_only=_mode(told.emotes_mode),
        account_age=_mode(age, minutes(age.min_duration)) if age is not None else None,
        bot_protection=_mode(protection, seconds(protection.remaining_time or None)) if protection else None,
    )


def _mode(rule: _Rule | None, duration: timedelta | None = None) -> events.Mode | None:
    """A rule that is off has no time, whatever number Kick leaves beside it."""
    return events.Mode(rule.enabled, duration if rule.enabled else None) if rule is not None else None


# What was said


class HistoryMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the past, in the words of ``events.ChatMessage``."""

    id: str
    content: str
    author: events.Author
    created_at: datetime
    type: str = "message"
    reply: events.Reply | None = None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the past, the newest first; ``cursor`` asks for what is older, None at the end.

    A page without messages may have a cursor all the same.
    """

    messages: tuple[HistoryMessage, ...] = ()
    cursor: str | None = None


class _Message(msgspec.Struct, frozen=True):
    """``metadata`` is JSON within a string."""

    id: str
    created_at: datetime
    sender: payloads.Sender
    content: str = ""
    type: str = "message"
    metadata: Any = None
    thread_parent_id: str | None = None


class _History(msgspec.Struct, frozen=True):
    messages: tuple[_Message, ...] = ()
    cursor: str | None = None


def _read_history(response: Response) -> History:
    told = reading.row(response, _History)
    return History(messages=tuple(_message(each) for each in told.messages), cursor=told.cursor)


def _message(told: _Message) -> HistoryMessage:
    return HistoryMessage(
        id=told.id,
        content=told.content,
        author=author(told.sender),
        created_at=told.created_at,
        type=told.type,
        reply=_reply(told),
    )


def _reply(told: _Message) -> events.Reply | None:
    metadata = reading.perhaps(_parsed(told.metadata), payloads.ChatMetadata)
    if metadata is None or metadata.original_message is None or metadata.original_sender is None:
        return None
    message, sender = metadata.original_message, metadata.original_sender
    return events.Reply(message.id, message.content, sender.username, sender.id, told.thread_parent_id)


def _parsed(metadata: object) -> object:
    if not isinstance(metadata, str):
        return metadata
    try:
        return msgspec.json.decode(metadata)
    except (ValueError, RecursionError):
        return None
