"""The broadcast itself, and who comes to it or leaves for another one."""

from datetime import datetime
from typing import ClassVar

import msgspec

from kick_proto.events.base import Event, JoinedEvent
from kick_proto.ids import ChannelId, UserId

__all__ = [
    "Category",
    "FollowersChanged",
    "RaidReceived",
    "RaidSent",
    "StreamOffline",
    "StreamOnline",
    "StreamUpdated",
]


class StreamOnline(Event, frozen=True, tag=True, gc=False):
    """The channel went live. Wire: ``StreamerIsLive``, which Kick repeats within one broadcast: see ``stream_id``."""

    stream_id: int
    title: str | None
    started_at: datetime | None


class StreamOffline(Event, frozen=True, tag=True, gc=False):
    """The broadcast ended. Wire: ``StopStreamBroadcast``; not every start gets one."""

    stream_id: int


class Category(msgspec.Struct, frozen=True, gc=False):
    """What a stream is about."""

    # As in ``kick_proto.payloads``: this is what stands on the wire, too.
    UNREAD: ClassVar[tuple[str, ...]] = (
        "banner",
        "category",
        "category_id",
        "deleted_at",
        "description",
        "parent_category",
        "tags",
        "viewers",
    )

    name: str
    id: int | None = None
    slug: str | None = None


class StreamUpdated(Event, frozen=True, tag=True, gc=False):
    """Title, category or the like changed; None is what the frame did not tell.

    Wire, all behind a login: ``LivestreamUpdated``, ``LiveStream\\UpdatedLiveStreamEvent``, ``TitleChanged``,
    ``CategoryChanged``, ``MatureModeActivated``, ``MatureModeDeactivated``.
    """

    stream_id: int | None = None
    title: str | None = None
    category: Category | None = None
    language: str | None = None
    """Its English name, like ``Turkish``."""
    is_mature: bool | None = None
    viewers: int | None = None
    tags: tuple[str, ...] | None = None
    started_at: datetime | None = None


class RaidReceived(JoinedEvent, frozen=True, tag=True, gc=False):
    """Another channel sent its viewers here (Kick says *host*).

    Wire: ``StreamHostEvent`` and ``StreamHostedEvent``, two frames of one fact; ``HostReceived`` (login).
    """

    username: str
    viewers: int
    text: str | None = None
    """What the raider says; None where that is nothing."""
    user_id: UserId | None = None
    """Only ``StreamHostedEvent`` tells it."""
    id: str | None = None
    raided_at: datetime | None = None


class RaidSent(Event, frozen=True, tag=True, gc=False):
    """This channel sent its viewers to another one. Wire: ``ChatMoveToSupportedChannelEvent``."""

    slug: str
    """The target's."""
    username: str | None = None
    target_id: ChannelId | None = None
    viewers: int | None = None
    """The target's, in which the raid may be counted already."""
    category: str | None = None


class FollowersChanged(Event, frozen=True, tag=True, gc=False):
    """Somebody followed, or follows no more.

    Wire: ``FollowersUpdated`` (not sent since 2024), ``FollowersUpdatedForChannelOwner``, ``FollowerAdded``,
    ``FollowerDeleted`` (login).
    """

    followed: bool | None
    count: int | None = None
    username: str | None = None
    """The public frame never tells it."""
    user_id: UserId | None = None
    at: datetime | None = None
