"""What viewers give besides subscriptions: KICKs and rewards.

Source: Seen: wire catalogue section 7, "KicksGifted", "KicksLeaderboardUpdated", "RewardRedeemedEvent" (2025-2026).
"""

import msgspec

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chance, chat, stamps, wording, writers
from kick_proto.testing.traffic.people import Person
from kick_proto.testing.traffic.stage import Stage

__all__ = [
    "kicks",
    "kicks_2025",
    "kicks_pinned",
    "kicks_told_by_bot",
    "kicks_without_message",
    "reward",
    "reward_with_input",
]

MINUTE = 60 * 10**9
"""Nanoseconds, the unit of ``pinned_time``."""


class Gift(msgspec.Struct, frozen=True):
    """A row of Kick's price list, in the wire's words and order."""

    gift_id: str
    name: str
    amount: int
    type: str
    tier: str
    character_limit: int
    pinned_time: int


SMALL = (
    Gift("hell_yeah", "Hell Yeah", 1, "BASIC", "BASIC", 0, 0),
    Gift("skull_emoji", "Skull Emoji", 50, "BASIC", "BASIC", 0, 0),
    Gift("full_send", "Full Send", 100, "BASIC", "BASIC", 0, 0),
)
"""Gifts that stay where they are. Guess: of type, tier and spelling of the last two; only ids and amounts are known."""

LARGE = (
    Gift("rage_quit", "Rage Quit", 500, "LEVEL_UP", "MID", 150, 10 * MINUTE),
    Gift("pack_it_up", "Pack It Up", 1_000, "LEVEL_UP", "MID", 150, 20 * MINUTE),
)
"""Gifts that are pinned for a while."""


def kicks(stage: Stage, unix_now: float) -> list[Frame]:
    """A small gift, its message an empty text."""
    return _kicks(stage, unix_now, chance.pick(stage.rng, SMALL), {"message": ""})


def kicks_without_message(stage: Stage, unix_now: float) -> list[Frame]:
    """A small gift, its message absent, as in other frames of the same minute."""
    return _kicks(stage, unix_now, chance.pick(stage.rng, SMALL), {})


def kicks_pinned(stage: Stage, unix_now: float) -> list[Frame]:
    """A large gift with a message, pinned until ``expires_at``."""
    message = {"message": chance.pick(stage.rng, wording.KICKS_NOTES)}
    return _kicks(stage, unix_now, chance.pick(stage.rng, LARGE), message)


def kicks_told_by_bot(stage: Stage, unix_now: float) -> list[Frame]:
    """A gift that a bot announces in the chat, too: a second frame of one fact."""
    person = stage.viewer()
    frames = _kicks(stage, unix_now, chance.pick(stage.rng, LARGE), {"message": ""}, person)
    return [*frames, chat.say(stage, unix_now, stage.bot, f"@{person.username} thank you for the KICKs!")]


def kicks_2025(stage: Stage, unix_now: float) -> list[Frame]:
    """A gift in the shape of 2025: no number, no time, no picture."""
    person, gift = stage.viewer(), chance.pick(stage.rng, SMALL)
    stage.kicks.add(person, gift.amount)
    return [_gifted(stage, {"message": "", "sender": _sender(person), "gift": gift}), _leaderboard(stage)]


def reward(stage: Stage, unix_now: float) -> list[Frame]:
    """A viewer redeems a reward with their points."""
    return _reward(stage, "")


def reward_with_input(stage: Stage, unix_now: float) -> list[Frame]:
    """A viewer redeems a reward that asks them for a text."""
    return _reward(stage, chance.pick(stage.rng, wording.REWARD_INPUTS))


def _kicks(
    stage: Stage, unix_now: float, gift: Gift, message: dict[str, str], person: Person | None = None
) -> list[Frame]:
    person = person or stage.viewer()
    stage.kicks.add(person, gift.amount)
    micros, nanos = stamps.micros(unix_now), chance.whole(stage.rng, 0, 999)
    payload: dict[str, object] = {
        "gift_transaction_id": chance.uuid4(stage.rng),
        **message,
        "sender": _sender(person) | {"profile_picture": person.picture},
        "gift": gift,
        "created_at": stamps.go(micros, nanos),
    }
    if gift.pinned_time:
        payload["expires_at"] = stamps.go(micros + gift.pinned_time // 1_000, nanos)
    return [_gifted(stage, payload), _leaderboard(stage)]


def _sender(person: Person) -> dict[str, object]:
    return {"id": person.id, "username": person.username, "username_color": person.color}


def _gifted(stage: Stage, payload: dict[str, object]) -> Frame:
    return writers.service(stage.topics[TopicKind.CHANNEL_NEW], "KicksGifted", payload)


def _leaderboard(stage: Stage) -> Frame:
    payload = {
        "gifts_lifetime": stage.kicks.lifetime.rows(),
        "gifts_lifetime_enabled": True,
        "gifts_week": stage.kicks.week.rows(),
        "gifts_week_enabled": True,
        "gifts_month": stage.kicks.month.rows(),
        "gifts_month_enabled": True,
    }
    return writers.service(stage.topics[TopicKind.CHANNEL_NEW], "KicksLeaderboardUpdated", payload)


def _reward(stage: Stage, text: str) -> list[Frame]:
    person = stage.viewer()
    color = chance.pick(stage.rng, ("#E9113C", "#75FD46", "#00a3ff", "#1475e1"))
    payload = {
        "reward_title": chance.pick(stage.rng, wording.REWARDS),
        "user_id": person.id,
        "channel_id": stage.channel.channel_id,
        "username": person.username,
        "user_input": text,
        "reward_background_color": color,
    }
    return [writers.service(stage.topics[TopicKind.CHATROOM_NEW], "RewardRedeemedEvent", payload)]
