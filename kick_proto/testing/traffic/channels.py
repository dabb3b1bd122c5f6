"""The channel as Laravel writes it whole, inside some events: with its chatroom, or with its broadcast.

Source: Seen: wire catalogue section 4, "LuckyUsersWhoGotGiftSubscriptionsEvent", and section 5 (2023-2026).
"""

from kick_proto.testing.traffic import chance, stamps
from kick_proto.testing.traffic.stage import Stage, Stream

__all__ = ["broadcast", "started_at", "with_chatroom", "with_livestream"]

YEAR = 31_536_000


def with_chatroom(stage: Stage, unix_now: float, affiliate: dict[str, bool]) -> dict[str, object]:
    """The channel and its chatroom; ``is_affiliate`` came in 2025, so it is the caller's to give or not."""
    chatroom: dict[str, object] = {
        "id": stage.channel.chatroom_id,
        "chatable_type": "App\\Models\\Channel",
        "channel_id": stage.channel.channel_id,
        "created_at": stamps.laravel(stage.first_told_at(unix_now) - 2 * YEAR),
        "updated_at": stamps.laravel(stage.first_told_at(unix_now) - 86_400),
        "chat_mode_old": "public",
        "chat_mode": "public",
        "slow_mode": True,
        "chatable_id": stage.channel.channel_id,
        "followers_mode": chance.happens(stage.rng, 0.5),
        "subscribers_mode": False,
        "emotes_mode": False,
        "message_interval": chance.pick(stage.rng, (2, 5, 10)),
        "following_min_duration": chance.pick(stage.rng, (0, 5, 180)),
    }
    return _channel(stage) | affiliate | {"can_host": True, "chatroom": chatroom}


def with_livestream(stage: Stage, unix_now: float, stream: Stream, viewer_count: int) -> dict[str, object]:
    """The channel that leaves for another: it cannot be hosted itself."""
    livestream = broadcast(stage, unix_now, stream, viewer_count)
    return _channel(stage) | {"is_affiliate": False, "can_host": False, "current_livestream": livestream}


def broadcast(stage: Stage, unix_now: float, stream: Stream, viewer_count: int) -> dict[str, object]:
    """A broadcast with all its columns."""
    began_at = started_at(stage, unix_now, stream)
    return {
        "id": stream.id,
        "slug": f"{stream.id:08x}-{stage.slug}-live",
        "channel_id": stage.channel.channel_id,
        "created_at": stamps.spaced(began_at),
        "session_title": stream.title,
        "is_live": True,
        "risk_level_id": None,
        "start_time": stamps.spaced(began_at - 2),
        "source": None,
        "twitch_channel": None,
        "duration": 0,
        "language": "English",
        "is_mature": False,
        "viewer_count": viewer_count,
    }


def started_at(stage: Stage, unix_now: float, stream: Stream) -> float:
    """When a broadcast began (unix seconds): one that ran before anybody looked, two hours before that."""
    return stream.started_at if stream.started_at is not None else stage.first_told_at(unix_now) - 7_200


def _channel(stage: Stage) -> dict[str, object]:
    return {
        "id": stage.channel.channel_id,
        "user_id": stage.broadcaster.id,
        "slug": stage.slug,
        "is_banned": False,
        "playback_url": f"https://playback.example.invalid/api/video/v1/channel.{stage.channel.channel_id:x}.m3u8",
        "name_updated_at": None,
        "vod_enabled": True,
        "subscription_enabled": True,
    }
