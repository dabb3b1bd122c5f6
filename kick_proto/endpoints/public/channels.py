"""Channels as the official API knows them: by user id and slug. It has no channel id and no chatroom id.

Source: Docs: "Channels"; Seen: recorded replies, 2026 (online), and quoted ones (offline).
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from kick_proto import events
from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Call, Instead
from kick_proto.endpoints.official import official, repeated
from kick_proto.endpoints.user import Livestream, User
from kick_proto.errors import LocalProtocolError, NotFound, RemoteProtocolError
from kick_proto.http import Response
from kick_proto.ids import UserId
from kick_proto.outcomes import Outcome
from kick_proto.secret import Secret
from kick_proto.slugs import Slug, hyphenated, is_same, parse_slug

__all__ = ["Category", "Channel", "Stream", "by_id", "by_slug", "change", "own", "user"]

MOST = 50
"""Channels of one call."""
NOT_FOUND: Final = frozenset({Outcome.NOT_FOUND})


class Category(msgspec.Struct, frozen=True):
    """What a channel is about; id 0 and no name while none is set."""

    id: int = 0
    name: str = ""
    thumbnail: str | None = None


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What is on. ``url`` and ``key`` are where to send one's own stream, told to the user alone who may read them.

    Scope: ``streamkey:read`` for those two.
    """

    is_live: bool = False
    is_mature: bool | None = None
    language: str | None = None
    """A code, like ``en``."""
    started_at: datetime | None = msgspec.field(default=None, name="start_time")
    viewer_count: int | None = None
    thumbnail: str | None = None
    custom_tags: tuple[str, ...] = ()
    url: str | None = None
    key: Secret | None = None


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel; the three counts are told to the channel's own user, and came in 2026."""

    broadcaster_user_id: UserId
    slug: Slug
    stream_title: str | None = None
    channel_description: str | None = None
    banner_picture: str | None = None
    category: Category = Category()
    stream: Stream = Stream()
    active_subscribers_count: int | None = None
    canceled_subscribers_count: int | None = None
    active_gifted_subscribers_count: int | None = None

    def user(self) -> User:
        """The same in the shape that all sources share."""
        return User(
            slug=Slug(self.slug.lower()),
            user_id=self.broadcaster_user_id,
            is_live=self.stream.is_live,
            livestream=self._livestream() if self.stream.is_live else None,
            source="official",
        )

    def _livestream(self) -> Livestream:
        category, stream = self.category, self.stream
        return Livestream(
            title=self.stream_title,
            category=events.Category(category.name, category.id) if category.name else None,
            language=stream.language,
            started_at=stream.started_at,
            viewer_count=stream.viewer_count,
            is_mature=stream.is_mature,
            tags=stream.custom_tags,
            thumbnail=stream.thumbnail,
        )


def by_id(*user_ids: UserId) -> Call[tuple[Channel, ...]]:
    """Channels by the ids of their users, 1 to 50 of them; who does not exist is left out.

    Scope: ``channel:read``, or an app's token.
    """
    query = repeated("broadcaster_user_id", arguments.numbers("user_ids", user_ids, least=1, most=MOST))
    return official("GET", "/v1/channels", partial(reading.rows, kind=Channel), query=query)


def by_slug(*slugs: str) -> Call[tuple[Channel, ...]]:
    """Channels by name, 1 to 50 of them; who does not exist is left out.

    Scope: ``channel:read``, or an app's token.
    """
    if not 1 <= len(slugs) <= MOST:
        raise LocalProtocolError(f"slugs must be 1 to {MOST} of them, not {len(slugs)}")
    asked = tuple(parse_slug(slug) for slug in slugs)
    return official("GET", "/v1/channels", partial(_read_asked, asked), query=repeated("slug", asked))


def own() -> Call[Channel]:
    """The channel of the token's user.

    Scope: ``channel:read``.
    """
    return official("GET", "/v1/channels", partial(reading.row, kind=Channel))


def user(slug: str) -> Call[User]:
    """Who the channel of that name belongs to, without the two ids that the official API does not tell.

    Where there is none of that name, the name with hyphens for underscores is asked for.
    Scope: ``channel:read``, or an app's token.
    """
    return _user(parse_slug(slug))


def _user(slug: Slug) -> Call[User]:
    other = hyphenated(slug)
    return official(
        "GET",
        "/v1/channels",
        partial(_read_user, slug),
        query=repeated("slug", (slug,)),
        instead=(Instead(NOT_FOUND, _user(other)),) if other is not None else (),
    )


def change(
    *, title: str | None = None, category_id: int | None = None, tags: Sequence[str] | None = None
) -> Call[None]:
    """Change the channel of the token's user; None leaves a thing as it is.

    Scope: ``channel:write``. Guess: 255 characters of a title and 100 tags of 100 characters are more than Kick takes.
    """
    if title is None and category_id is None and tags is None:
        raise LocalProtocolError("change() needs a title, a category_id or tags: there is nothing to change")
    body = {
        "stream_title": arguments.text("title", title, most=255) if title is not None else None,
        "category_id": arguments.number("category_id", category_id) if category_id is not None else None,
        "custom_tags": arguments.texts("tags", tags, most=100, longest=100) if tags is not None else None,
    }
    return official("PATCH", "/v1/channels", reading.nothing, body=body)


def _read_asked(asked: tuple[Slug, ...], response: Response) -> tuple[Channel, ...]:
    """The channels, each of which was asked for: a filter that Kick overlooks gives the caller's own channel."""
    told = reading.rows(response, Channel)
    for index, channel in enumerate(told):
        if not any(is_same(slug, channel.slug) for slug in asked):
            names = ", ".join(asked)
            raise RemoteProtocolError(
                f"asked for {names:.200}, was told of {channel.slug!r:.60} - at `$.data[{index}].slug`"
            )
    return told


def _read_user(slug: Slug, response: Response) -> User:
    told = _read_asked((slug,), response)
    if not told:
        raise NotFound(f"there is no channel {slug}", status=response.status)
    return told[0].user()
