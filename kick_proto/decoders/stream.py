"""The broadcast, raids and followers."""

from datetime import datetime
from typing import Any

from kick_proto import events, payloads
from kick_proto.decoders import reading
from kick_proto.decoders.row import Build, Row
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind

__all__ = ["ROWS"]


def stream_online(
    payload: payloads.StreamerIsLive, received_at: datetime, raw: Frame, channel: Channel
) -> events.StreamOnline:
    stream = payload.livestream
    return events.StreamOnline(
        received_at, raw, channel, stream.id, stream.session_title or None, reading.utc(stream.created_at)
    )


def stream_offline(
    payload: payloads.StopStreamBroadcast, received_at: datetime, raw: Frame, channel: Channel
) -> events.StreamOffline:
    return events.StreamOffline(received_at, raw, channel, payload.livestream.id)


# Raids, which Kick calls hosts


def stream_host(
    payload: payloads.StreamHostEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.RaidReceived:
    text = payload.optional_message or None
    return events.RaidReceived(received_at, raw, channel, payload.host_username, payload.number_viewers, text)


def stream_hosted(
    payload: payloads.StreamHostedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.RaidReceived:
    said, user = payload.message, payload.user
    return events.RaidReceived(
        received_at,
        raw,
        channel,
        user.username,
        said.viewers,
        said.text or None,
        user.id,
        said.id or None,
        reading.utc(said.created_at),
    )


def chat_move(
    payload: payloads.ChatMoveToSupportedChannelEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.RaidSent:
    slug, target = payload.slug, payload.hosted
    if target is None:
        return events.RaidSent(received_at, raw, channel, slug)
    username, category = target.username or None, target.category or None
    return events.RaidSent(received_at, raw, channel, slug, username, target.id, target.viewers_count, category)


def host_received(
    payload: payloads.HostReceived, received_at: datetime, raw: Frame, channel: Channel
) -> events.RaidReceived:
    host, at = payload.host, reading.utc(payload.created_at)
    return events.RaidReceived(
        received_at,
        raw,
        channel,
        host.user.username,
        host.viewers_count,
        user_id=host.user.id,
        id=payload.id or None,
        raided_at=at,
    )


# Followers


def followers_updated(
    payload: payloads.FollowersUpdated, received_at: datetime, raw: Frame, channel: Channel
) -> events.FollowersChanged:
    count = payload.count if payload.count is not None else payload.followers_count
    username, at = payload.username or None, reading.unix_seconds(payload.created_at)
    return events.FollowersChanged(received_at, raw, channel, payload.followed, count, username, at=at)


def follower(*, followed: bool) -> Build[payloads.Follower]:
    def build(
        payload: payloads.Follower, received_at: datetime, raw: Frame, channel: Channel
    ) -> events.FollowersChanged:
        username, user_id = (payload.user.username, payload.user.id) if payload.user is not None else (None, None)
        count, at = payload.followers_count, reading.utc(payload.created_at)
        return events.FollowersChanged(received_at, raw, channel, followed, count, username, user_id, at)

    return build


# What the broadcast is called and about


def livestream_updated(
    payload: payloads.LivestreamUpdated, received_at: datetime, raw: Frame, channel: Channel
) -> events.StreamUpdated:
    stream = payload.livestream
    return events.StreamUpdated(
        received_at,
        raw,
        channel,
        stream.id,
        stream.session_title or None,
        stream.category or next(iter(stream.categories or ()), None),
        stream.language or None,
        stream.is_mature,
        stream.viewer_count,
        stream.tags,
        reading.utc(stream.created_at),
    )


def updated_livestream(
    payload: payloads.UpdatedLiveStreamEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.StreamUpdated:
    return events.StreamUpdated(
        received_at,
        raw,
        channel,
        payload.id,
        payload.session_title or None,
        payload.category,
        payload.language or None,
        payload.is_mature,
        payload.viewers,
        started_at=reading.utc(payload.created_at),
    )


def title_changed(
    payload: payloads.TitleChanged, received_at: datetime, raw: Frame, channel: Channel
) -> events.StreamUpdated:
    return events.StreamUpdated(received_at, raw, channel, title=payload.title or None)


def category_changed(
    payload: payloads.CategoryChanged, received_at: datetime, raw: Frame, channel: Channel
) -> events.StreamUpdated:
    return events.StreamUpdated(received_at, raw, channel, category=payload.category)


def mature_mode(*, is_mature: bool) -> Build[payloads.Nothing]:
    def build(payload: payloads.Nothing, received_at: datetime, raw: Frame, channel: Channel) -> events.StreamUpdated:
        return events.StreamUpdated(received_at, raw, channel, is_mature=is_mature)

    return build


_V2 = (TopicKind.CHATROOM_V2,)
_CHATROOM = (TopicKind.CHATROOM,)
_CHANNEL = (TopicKind.CHANNEL,)
_OWNER = ("private-channel.{}",)
_LOGIN = ("private-channel_{}",)
_LIVE = ("private-livestream_{}",)

ROWS: tuple[Row[Any], ...] = (
    Row("StreamerIsLive", payloads.StreamerIsLive, stream_online, _CHANNEL, era="2023 on", confidence="A"),
    Row("StopStreamBroadcast", payloads.StopStreamBroadcast, stream_offline, _CHANNEL, era="2023 on", confidence="A"),
    Row("StreamHostEvent", payloads.StreamHostEvent, stream_host, _V2, era="2023 on", confidence="A"),
    Row("StreamHostedEvent", payloads.StreamHostedEvent, stream_hosted, _CHATROOM, era="2025 on", confidence="A"),
    Row(
        "ChatMoveToSupportedChannelEvent",
        payloads.ChatMoveToSupportedChannelEvent,
        chat_move,
        _CHANNEL,
        era="2023 on",
        confidence="A",
    ),
    Row(
        "FollowersUpdated",
        payloads.FollowersUpdated,
        followers_updated,
        _CHANNEL,
        era="2023 to 2024",
        confidence="A",
    ),
    Row(
        "FollowersUpdatedForChannelOwner",
        payloads.FollowersUpdated,
        followers_updated,
        (),
        private=_OWNER,
        era="2023",
        confidence="B",
    ),
    Row("FollowerAdded", payloads.Follower, follower(followed=True), (), private=_LOGIN, era="2023", confidence="C"),
    Row("FollowerDeleted", payloads.Follower, follower(followed=False), (), private=_LOGIN, era="2023", confidence="C"),
    Row(
        "LivestreamUpdated",
        payloads.LivestreamUpdated,
        livestream_updated,
        (),
        private=("private-livestream.{}",),
        era="2024",
        confidence="B",
    ),
    Row(
        "LiveStream\\UpdatedLiveStreamEvent",
        payloads.UpdatedLiveStreamEvent,
        updated_livestream,
        (),
        private=("private-livestream-updated.{}",),
        era="2023 to 2024",
        confidence="B",
    ),
    Row("HostReceived", payloads.HostReceived, host_received, (), private=_LIVE, era="2023", confidence="C"),
    Row("TitleChanged", payloads.TitleChanged, title_changed, (), private=_LIVE, era="2023", confidence="C"),
    Row("CategoryChanged", payloads.CategoryChanged, category_changed, (), private=_LIVE, era="2023", confidence="C"),
    Row(
        "MatureModeActivated",
        payloads.Nothing,
        mature_mode(is_mature=True),
        (),
        private=_LIVE,
        era="2023",
        confidence="C",
    ),
    Row(
        "MatureModeDeactivated",
        payloads.Nothing,
        mature_mode(is_mature=False),
        (),
        private=_LIVE,
        era="2023",
        confidence="C",
    ),
)
