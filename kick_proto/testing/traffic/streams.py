"""The stream itself: it starts and stops, guests come in, and the channel takes its viewers elsewhere.

Starts and stops alternate. A scene whose time has not come (a stop while nothing runs) brings it about first.

Source: Seen: wire catalogue sections 5 and 6 (2023-2026).
"""

from typing import Literal

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chance, channels, people, stamps, wording, writers
from kick_proto.testing.traffic.people import Person
from kick_proto.testing.traffic.stage import Stage, Stream

__all__ = [
    "follow_2023",
    "incoming_host",
    "incoming_host_with_message",
    "outgoing_host",
    "running",
    "stream_starts",
    "stream_stops",
    "unfollow_2023",
]


def stream_starts(stage: Stage, unix_now: float) -> list[Frame]:
    """The channel goes live."""
    frames = stream_stops(stage, unix_now) if stage.stream is not None else []
    return [*frames, _start(stage, unix_now, stage.begin_stream(unix_now))]


def stream_stops(stage: Stage, unix_now: float) -> list[Frame]:
    """The broadcast ends."""
    frames, stream = running(stage, unix_now)
    stage.stream = None
    ended = {"id": stream.id, "channel": {"id": stage.channel.channel_id, "is_banned": False}}
    return [*frames, writers.laravel(stage.topics[TopicKind.CHANNEL], "StopStreamBroadcast", {"livestream": ended})]


def running(stage: Stage, unix_now: float) -> tuple[list[Frame], Stream]:
    """The broadcast that runs; where none does, one starts, and the frames tell it."""
    if stage.stream is not None:
        return [], stage.stream
    stream = stage.begin_stream(unix_now)
    return [_start(stage, unix_now, stream)], stream


def incoming_host(stage: Stage, unix_now: float) -> list[Frame]:
    """Another channel brings its viewers, and no message."""
    return _incoming(stage, unix_now, None, False)


def incoming_host_with_message(stage: Stage, unix_now: float) -> list[Frame]:
    """A verified channel brings its viewers and a message, which may be empty."""
    verified_at = stamps.laravel(unix_now - 10_000_000)
    verified: dict[str, object] = {
        "id": chance.whole(stage.rng, 1_000, 90_000),
        "channel_id": chance.whole(stage.rng, 40_000, 130_000_000),
        "created_at": verified_at,
        "updated_at": verified_at,
    }
    return _incoming(stage, unix_now, chance.pick(stage.rng, (*wording.HOST_NOTES, "")), verified)


def outgoing_host(stage: Stage, unix_now: float) -> list[Frame]:
    """The channel sends its viewers to another one, and stops."""
    frames, stream = running(stage, unix_now)
    target = people.invent(stage.rng)
    viewer_count = chance.whole(stage.rng, 20, 3_000)
    payload = {
        "channel": channels.with_livestream(stage, unix_now, stream, viewer_count),
        "slug": target.slug,
        "hosted": _hosted(stage, target, viewer_count),
    }
    moved = writers.laravel(stage.topics[TopicKind.CHANNEL], "ChatMoveToSupportedChannelEvent", payload)
    return [*frames, moved, *stream_stops(stage, unix_now)]


def follow_2023(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody follows, as it was told until early 2024: a number, and nobody's name."""
    return _followers(stage, unix_now, 1)


def unfollow_2023(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody follows no longer, as it was told until early 2024."""
    return _followers(stage, unix_now, -1)


def _start(stage: Stage, unix_now: float, stream: Stream) -> Frame:
    started = {
        "id": stream.id,
        "channel_id": stage.channel.channel_id,
        "session_title": stream.title,
        "source": None,
        "created_at": stamps.laravel(unix_now),
    }
    return writers.laravel(stage.topics[TopicKind.CHANNEL], "StreamerIsLive", {"livestream": started})


def _incoming(
    stage: Stage, unix_now: float, text: str | None, verified: dict[str, object] | Literal[False]
) -> list[Frame]:
    host = people.invent(stage.rng)
    viewer_count = chance.whole(stage.rng, 2, 900)
    in_chat = {
        "chatroom_id": stage.channel.chatroom_id,
        "optional_message": text,
        "number_viewers": viewer_count,
        "host_username": host.username,
    }
    hosted = {
        "message": {
            "id": chance.uuid4(stage.rng),
            "numberOfViewers": viewer_count,
            "optionalMessage": text,
            "createdAt": stamps.six_digits(unix_now),
        },
        "user": {"id": host.id, "username": host.username, "isSuperAdmin": False, "verified": verified},
    }
    frames = [
        writers.laravel(stage.topics[TopicKind.CHATROOM_V2], "StreamHostEvent", in_chat),
        writers.laravel(stage.topics[TopicKind.CHATROOM], "StreamHostedEvent", hosted),
    ]
    return chance.shuffled(stage.rng, frames)


def _hosted(stage: Stage, target: Person, viewer_count: int) -> dict[str, object]:
    """The channel that is moved to; its viewers may be counted before or after the move."""
    there = viewer_count if chance.happens(stage.rng, 0.3) else chance.whole(stage.rng, 20, 5_000)
    images = f"https://images.example.invalid/video_thumbnails/{chance.uuid4(stage.rng)}"
    return {
        "id": chance.whole(stage.rng, 40_000, 130_000_000),
        "username": target.username,
        "slug": target.slug,
        "viewers_count": there,
        "is_live": True,
        "profile_pic": target.picture,
        "category": chance.pick(stage.rng, wording.CATEGORIES),
        "preview_thumbnail": {
            "srcset": f"{images}/1080.webp 1920w, {images}/720.webp 1280w, {images}/360.webp 480w",
            "src": f"{images}/720.webp",
        },
    }


def _followers(stage: Stage, unix_now: float, change: int) -> list[Frame]:
    stage.follower_count += change
    payload = {
        "followersCount": stage.follower_count,
        "channel_id": stage.channel.channel_id,
        "username": None,
        "created_at": int(unix_now),
        "followed": change > 0,
    }
    return [writers.laravel(stage.topics[TopicKind.CHANNEL], "FollowersUpdated", payload)]
