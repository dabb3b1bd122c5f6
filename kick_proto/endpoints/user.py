"""Who a channel belongs to, with its numbers and what is on: one shape, whoever told it.

Of the three numbers each source knows some: the site all of them, the official API the user's id alone, a cache or a
person whatever they were given. What is not known is None.
"""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from kick_proto.errors import LocalProtocolError
from kick_proto.events import Category
from kick_proto.ids import Channel, ChannelId, ChatroomId, UserId
from kick_proto.slugs import Slug

__all__ = ["Livestream", "Source", "User"]

Source: TypeAlias = Literal["site", "official", "cache", "manual"]
"""Who told: the web page's own API, the official one, what was kept from earlier, or whoever called."""


class Livestream(msgspec.Struct, frozen=True, kw_only=True):
    """What is on."""

    id: int | None = None
    """None where the official API told it, which has no number for a broadcast."""
    title: str | None = None
    category: Category | None = None
    language: str | None = None
    """As told: the site gives an English name, the official API a code."""
    started_at: datetime | None = None
    viewer_count: int | None = None
    is_mature: bool | None = None
    tags: tuple[str, ...] = ()
    thumbnail: str | None = None


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A streamer; None is what the source did not tell."""

    slug: Slug
    user_id: UserId | None = None
    channel_id: ChannelId | None = None
    chatroom_id: ChatroomId | None = None
    username: str | None = None
    avatar: str | None = None
    followers_count: int | None = None
    is_banned: bool | None = None
    is_live: bool | None = None
    livestream: Livestream | None = None
    """What is on; None also while live where it could not be read."""
    source: Source

    @property
    def channel(self) -> Channel:
        """The channel, as events are subscribed with.

        Raises:
            LocalProtocolError: where one of its two numbers is not known.
        """
        if self.channel_id is None or self.chatroom_id is None:
            numbers = (("channel id", self.channel_id), ("chatroom id", self.chatroom_id))
            missing = " and the ".join(name for name, value in numbers if value is None)
            raise LocalProtocolError(
                f"the {missing} of {self.slug} is not known (source: {self.source}), and no topic is named without; "
                f"https://kick.com/api/v2/channels/{self.slug} shows both as 'id' and 'chatroom.id'"
            )
        return Channel(self.channel_id, self.chatroom_id, self.slug)
