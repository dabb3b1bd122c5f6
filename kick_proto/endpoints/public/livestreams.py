"""What is on, all over Kick.

Source: Docs: "Livestreams"; Seen: recorded replies of version 1, 2026; version 2 as clients read it.
"""

from datetime import datetime
from functools import partial
from typing import Literal

import msgspec

from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.official import official, repeated
from kick_proto.endpoints.public.channels import Category
from kick_proto.endpoints.reading import Page
from kick_proto.http import Pairs
from kick_proto.ids import ChannelId, UserId

__all__ = [
    "Broadcaster",
    "BroadcasterChannel",
    "Livestream",
    "Stats",
    "V1Livestream",
    "by_user",
    "search",
    "stats",
    "v1",
]


class Broadcaster(msgspec.Struct, frozen=True):
    """Who streams."""

    id: UserId
    username: str | None = None
    profile_picture: str | None = None


class BroadcasterChannel(msgspec.Struct, frozen=True):
    """Where, by name."""

    slug: str


class Livestream(msgspec.Struct, frozen=True, kw_only=True):
    """A broadcast, as version 2 tells it: without a channel id."""

    id: str
    broadcaster_user: Broadcaster
    channel: BroadcasterChannel | None = None
    category: Category = Category()
    title: str | None = None
    tags: tuple[str, ...] = ()
    language_code: str | None = None
    has_mature_content: bool | None = None
    started_at: datetime | None = None
    thumbnail: str | None = None
    viewer_count: int | None = None


class V1Livestream(msgspec.Struct, frozen=True, kw_only=True):
    """A broadcast, as version 1 tells it: the one official place of a channel id, while the channel is live."""

    broadcaster_user_id: UserId
    channel_id: ChannelId
    slug: str
    category: Category = Category()
    stream_title: str | None = None
    custom_tags: tuple[str, ...] = ()
    language: str | None = None
    has_mature_content: bool | None = None
    started_at: datetime | None = None
    thumbnail: str | None = None
    profile_picture: str | None = None
    viewer_count: int | None = None


class Stats(msgspec.Struct, frozen=True):
    """How many broadcasts there are."""

    total_count: int


def search(
    *,
    category_id: int | None = None,
    language_code: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[Page[Livestream]]:
    """What is on; ``cursor`` of one page asks for the next. ``limit`` is 1 to 100, 25 by default.

    Any token. Source: Docs: "Livestreams", version 2.
    """
    query: Pairs = ()
    if category_id is not None:
        query += (("category_id", str(arguments.number("category_id", category_id))),)
    if language_code is not None:
        query += (("language_code", arguments.text("language_code", language_code, most=16)),)
    query += arguments.paged(limit, cursor)
    return official("GET", "/v2/livestreams", partial(reading.page, kind=Livestream), query=query)


def by_user(*user_ids: UserId) -> Call[tuple[Livestream, ...]]:
    """What these users stream, 1 to 100 of them; who is offline is left out.

    Any token. Source: Docs: "Livestreams".
    """
    query = repeated("user_id", arguments.numbers("user_ids", user_ids, least=1, most=100))
    return official("GET", "/v1/users/livestreams", partial(reading.rows, kind=Livestream), query=query)


def v1(
    *user_ids: UserId,
    category_id: int | None = None,
    language: str | None = None,
    limit: int | None = None,
    sort: Literal["viewer_count", "started_at"] | None = None,
) -> Call[tuple[V1Livestream, ...]]:
    """What is on, of at most 50 users or of all; deprecated since 2026-06, and for its channel id without a successor.

    Any token. Source: Docs: "Livestreams", version 1, and "Changelog".
    """
    query = repeated("broadcaster_user_id", arguments.numbers("user_ids", user_ids, most=50))
    if category_id is not None:
        query += (("category_id", str(arguments.number("category_id", category_id))),)
    if language is not None:
        query += (("language", arguments.text("language", language, most=16)),)
    query += arguments.paged(limit, None)
    if sort is not None:
        query += (("sort", arguments.one_of("sort", sort, ("viewer_count", "started_at"))),)
    return official("GET", "/v1/livestreams", partial(reading.rows, kind=V1Livestream), query=query)


def stats() -> Call[Stats]:
    """How many broadcasts there are.

    Any token. Source: Docs: "Livestreams".
    """
    return official("GET", "/v1/livestreams/stats", partial(reading.row, kind=Stats))
