"""Events on private topics, which Kick tells only to the people they concern, logged in.

A public socket never gets them, so no traffic holds them by itself; they are here to be asked for by name.

Source: Seen: wire catalogue section 6, "LivestreamUpdated", "UpdatedLiveStreamEvent" and
"FollowersUpdatedForChannelOwner" (2023-2024). Guess: everything bare, by the typings of two clients; nothing of it was
recorded, and its times are written here as other events write them.
"""

from collections.abc import Mapping

from kick_proto.frames import Frame
from kick_proto.testing.traffic import chance, channels, people, stamps, streams, wording, writers
from kick_proto.testing.traffic.chat import Scene
from kick_proto.testing.traffic.stage import Stage

__all__ = [
    "activity_2023",
    "banned_user_added",
    "banned_user_deleted",
    "channel_event",
    "chatroom_event",
    "follow_for_owner_2023",
    "follower_deleted",
    "livestream_event",
    "livestream_updated_2024",
    "livestream_updated_flat_2024",
    "points_updated",
    "subscriber_count_2023",
    "subscription_gifted",
    "user_timeouted",
]


_CATEGORY: Mapping[str, object] = {
    "id": 7,
    "category_id": 3,
    "name": "Teapot Island",
    "slug": "teapot-island",
    "tags": ["Cosy"],
}


def points_updated(stage: Stage, unix_now: float) -> list[Frame]:
    """A viewer's points have changed; the viewer alone is told."""
    person = stage.viewer()
    payload = {
        "reason": "EARNED",
        "points": 10,
        "balance": chance.whole(stage.rng, 10, 90_000),
        "user_id": person.id,
        "channel_id": stage.channel.channel_id,
    }
    return [writers.service(f"private-channelpoints-{person.id}", "PointsUpdated", payload)]


def follow_for_owner_2023(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody follows; unlike the public event, this one says who."""
    stage.follower_count += 1
    payload = {
        "followersCount": stage.follower_count,
        "channel_id": stage.channel.channel_id,
        "username": stage.viewer().username,
        "created_at": int(unix_now),
        "followed": True,
    }
    return [writers.laravel(_owner_topic(stage), "FollowersUpdatedForChannelOwner", payload)]


def activity_2023(stage: Stage, unix_now: float) -> list[Frame]:
    """The owner's feed as of 2023: its ``metadata`` is an empty array."""
    payload = {
        "channel_id": stage.channel.channel_id,
        "type": "new_subscriber",
        "username": stage.viewer().username,
        "metadata": [],
        "created_at": int(unix_now * 1000),
    }
    return [writers.laravel(_owner_topic(stage), "NewActivityFeedEvent", payload)]


def subscriber_count_2023(stage: Stage, unix_now: float) -> list[Frame]:
    """The number of subscribers, as of 2023 the owner's alone to know."""
    payload = {
        "channel_id": stage.channel.channel_id,
        "last_subscriber": stage.viewer().username,
        "count": stage.subscriber_count,
    }
    return [writers.laravel(_owner_topic(stage), "NewSubscriberUpdatedEvent", payload)]


def livestream_updated_2024(stage: Stage, unix_now: float) -> list[Frame]:
    """The broadcast's columns, its category written twice."""
    frames, stream = streams.running(stage, unix_now)
    category = {
        **_CATEGORY,
        "description": None,
        "deleted_at": None,
        "viewers": chance.whole(stage.rng, 1_000, 40_000),
        "banner": "https://files.example.invalid/images/subcategories/7/banner/kettle",
        "category": {"id": 3, "name": "Games", "slug": "games", "icon": "🎮"},
    }
    livestream = channels.broadcast(stage, unix_now, stream, chance.whole(stage.rng, 50, 3_000))
    payload = {"livestream": livestream | {"category": category, "categories": [category]}}
    return [*frames, writers.laravel(f"private-livestream.{stream.id}", "LivestreamUpdated", payload)]


def livestream_updated_flat_2024(stage: Stage, unix_now: float) -> list[Frame]:
    """The broadcast, flat, under a name with a namespace of its own."""
    frames, stream = streams.running(stage, unix_now)
    payload = {
        "id": stream.id,
        "slug": f"{stream.id:08x}-{stage.slug}-live",
        "session_title": stream.title,
        "created_at": stamps.laravel(channels.started_at(stage, unix_now, stream)),
        "language": "English",
        "is_mature": False,
        "viewers": chance.whole(stage.rng, 50, 3_000),
        "category": {
            "id": 7,
            "name": "Teapot Island",
            "slug": "teapot-island",
            "tags": ["Cosy"],
            "parent_category": {"id": 3, "slug": "games"},
        },
    }
    topic = f"private-livestream-updated.{stream.id}"
    return [*frames, writers.laravel(topic, "LiveStream\\UpdatedLiveStreamEvent", payload)]


def channel_event(name: str, **more: object) -> Scene:
    """A scene of one event on ``private-channel_``, with these fields beside those that all of them have."""

    def scene(stage: Stage, unix_now: float) -> list[Frame]:
        return [writers.service(f"private-channel_{stage.channel.channel_id}", name, _common(stage, unix_now) | more)]

    return scene


def chatroom_event(name: str, **more: object) -> Scene:
    """A scene of one event on ``private-chatroom_``, likewise."""

    def scene(stage: Stage, unix_now: float) -> list[Frame]:
        return [writers.service(_chatroom_topic(stage), name, _common(stage, unix_now) | more)]

    return scene


def livestream_event(name: str, **more: object) -> Scene:
    """A scene of one event on ``private-livestream_``, likewise; a broadcast starts where none runs."""

    def scene(stage: Stage, unix_now: float) -> list[Frame]:
        frames, stream = streams.running(stage, unix_now)
        return [*frames, writers.service(f"private-livestream_{stream.id}", name, _common(stage, unix_now) | more)]

    return scene


def follower_deleted(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody follows no longer, and so many do."""
    stage.follower_count -= 1
    return channel_event("FollowerDeleted", followers_count=stage.follower_count)(stage, unix_now)


def subscription_gifted(stage: Stage, unix_now: float) -> list[Frame]:
    """Subscriptions are given; the owner learns to whom."""
    recipients = [people.reference(person) for person in stage.viewers(3)]
    return channel_event("SubscriptionGifted", gifted_users=recipients, gift={"tier": 1})(stage, unix_now)


def banned_user_added(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody is banned; the reason is told, and the time stands inside."""
    return [_sent_away(stage, unix_now, "BannedUserAdded", {})]


def banned_user_deleted(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody may come back."""
    return chatroom_event("BannedUserDeleted", banned=people.reference(stage.viewer()))(stage, unix_now)


def user_timeouted(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody is timed out; the reason is told, and the end."""
    return [_sent_away(stage, unix_now, "UserTimeouted", {"expires_at": stamps.laravel(unix_now + 600)})]


def _sent_away(stage: Stage, unix_now: float, name: str, end: dict[str, object]) -> Frame:
    payload = _common(stage, unix_now) | {
        "banned": people.reference(stage.viewer()),
        "ban": {
            "reason": chance.pick(stage.rng, wording.BAN_REASONS),
            "type": "timeout" if end else "permanent",
            "created_at": stamps.laravel(unix_now),
            **end,
        },
    }
    del payload["created_at"]
    return writers.service(_chatroom_topic(stage), name, payload)


def _common(stage: Stage, unix_now: float) -> dict[str, object]:
    return {
        "id": chance.uuid4(stage.rng),
        "channel": {"id": stage.channel.channel_id, "slug": stage.slug},
        "user": people.reference(stage.viewer()),
        "created_at": stamps.laravel(unix_now),
    }


def _owner_topic(stage: Stage) -> str:
    return f"private-channel.{stage.channel.channel_id}"


def _chatroom_topic(stage: Stage) -> str:
    return f"private-chatroom_{stage.channel.chatroom_id}"
