"""The chat's rules change: two writers of one event, and its twin on another topic.

Source: Seen: wire catalogue section 7, "ChatroomUpdatedEvent" and "ChatSettingsChanged" (2024-2026).
"""

import msgspec

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chance, stamps, writers
from kick_proto.testing.traffic.stage import Stage

__all__ = ["settings_changed", "settings_changed_2024", "settings_changed_2025"]


class Rules(msgspec.Struct, frozen=True):
    """What applies. Each number is 0 where its rule is off; of followers, None is off and 0 is any follower."""

    slow_seconds: int
    follower_minutes: int | None
    account_minutes: int
    subscribers_only: bool
    emotes_only: bool


def settings_changed(stage: Stage, unix_now: float) -> list[Frame]:
    """The rules change; the chatroom tells it in minutes, the channel in seconds."""
    rules = _rules(stage)
    return [_chatroom(stage, rules), _channel(stage, unix_now, rules)]


def settings_changed_2025(stage: Stage, unix_now: float) -> list[Frame]:
    """The rules change, told by the other writer: other keys, another order, values that may be stale."""
    protection = {"advanced_bot_protection": {"enabled": False, "remaining_time": 0}}
    rules = _rules(stage)
    return [_other_chatroom(stage, rules, protection | {"account_age": _account_age(rules)})]


def settings_changed_2024(stage: Stage, unix_now: float) -> list[Frame]:
    """The rules change, as it was told until 2024: no rule about the account's age."""
    return [_other_chatroom(stage, _rules(stage), {})]


def _rules(stage: Stage) -> Rules:
    rng = stage.rng
    return Rules(
        slow_seconds=chance.pick(rng, (0, 1, 3, 5, 30)),
        follower_minutes=chance.pick(rng, (None, 0, 1, 10, 1_440)),
        account_minutes=chance.pick(rng, (0, 0, 720, 262_980)),
        subscribers_only=chance.happens(rng, 0.2),
        emotes_only=chance.happens(rng, 0.2),
    )


def _chatroom(stage: Stage, rules: Rules) -> Frame:
    payload = {
        "id": stage.channel.chatroom_id,
        "subscribers_mode": {"enabled": rules.subscribers_only},
        "emotes_mode": {"enabled": rules.emotes_only},
        "slow_mode": _slow_mode(rules),
        "followers_mode": _followers_mode(rules),
        "account_age": _account_age(rules),
    }
    return writers.laravel(stage.topics[TopicKind.CHATROOM_V2], "ChatroomUpdatedEvent", payload)


def _other_chatroom(stage: Stage, rules: Rules, more: dict[str, object]) -> Frame:
    payload = {
        "id": stage.channel.chatroom_id,
        "slow_mode": _slow_mode(rules),
        "subscribers_mode": {"enabled": rules.subscribers_only},
        "followers_mode": _followers_mode(rules),
        "emotes_mode": {"enabled": rules.emotes_only},
        **more,
    }
    return writers.laravel(stage.topics[TopicKind.CHATROOM_V2], "ChatroomUpdatedEvent", payload)


def _slow_mode(rules: Rules) -> dict[str, object]:
    # The interval keeps a value while the mode is off.
    return {"enabled": rules.slow_seconds > 0, "message_interval": rules.slow_seconds or 5}


def _followers_mode(rules: Rules) -> dict[str, object]:
    return {"enabled": rules.follower_minutes is not None, "min_duration": rules.follower_minutes or 0}


def _account_age(rules: Rules) -> dict[str, object]:
    return {"enabled": rules.account_minutes > 0, "min_duration": rules.account_minutes}


def _channel(stage: Stage, unix_now: float, rules: Rules) -> Frame:
    settings = {
        "channel_id": stage.channel.channel_id,
        "rules": "",
        "allow_links": {"enabled": chance.happens(stage.rng, 0.5)},
        "emotes_only_mode": {"enabled": rules.emotes_only},
        "followers_only_mode": _lasting(rules.follower_minutes is not None, _follower_seconds(rules)),
        "minimum_account_age": _lasting(rules.account_minutes > 0, 60 * rules.account_minutes),
        "slow_mode": _lasting(rules.slow_seconds > 0, rules.slow_seconds),
        "subscribers_only_mode": {"enabled": rules.subscribers_only},
    }
    payload = {
        "id": chance.uuid4(stage.rng),
        "channel": {"id": stage.channel.channel_id, "slug": stage.slug},
        "settings": settings,
        "created_at": stamps.seconds(unix_now),
    }
    return writers.service(stage.topics[TopicKind.CHANNEL_NEW], "ChatSettingsChanged", payload)


def _follower_seconds(rules: Rules) -> int:
    """Any follower at all is 0 minutes in the one event, and 1 second in the other."""
    if rules.follower_minutes is None:
        return 0
    return 60 * rules.follower_minutes or 1


def _lasting(enabled: object, duration_seconds: int) -> dict[str, object]:
    return {"duration_seconds": duration_seconds, "enabled": enabled}
