"""Moderators and Kick's filter at work: deletions, bans, timeouts, their end, and a cleared chat.

Source: Seen: wire catalogue section 3 (2023-2026). Guess: ``ChatroomClearEvent``, by the typings of three clients.
"""

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chance, chat, people, stamps, wording, writers
from kick_proto.testing.traffic.stage import Stage

__all__ = [
    "ban",
    "ban_2024",
    "chat_cleared",
    "deletion_2024",
    "deletion_by_ai",
    "deletion_by_ai_with_empty_rule",
    "deletion_by_moderator",
    "timeout",
    "timeout_2023",
    "timeout_by_masked_moderator",
    "timeout_lifted",
    "unban",
    "unban_2024",
]


def deletion_by_moderator(stage: Stage, unix_now: float) -> list[Frame]:
    """A person takes a message down: no rules are named."""
    return _deletion(stage, unix_now, {"aiModerated": False, "violatedRules": []})


def deletion_by_ai(stage: Stage, unix_now: float) -> list[Frame]:
    """Kick's filter takes a message down, and names one rule or two."""
    rules = chance.sample(stage.rng, wording.RULES, chance.whole(stage.rng, 1, 2))
    return _deletion(stage, unix_now, {"aiModerated": True, "violatedRules": rules})


def deletion_by_ai_with_empty_rule(stage: Stage, unix_now: float) -> list[Frame]:
    """Kick's filter puts an empty name among the rules, as it sometimes does."""
    first, last = chance.sample(stage.rng, wording.RULES, 2)
    return _deletion(stage, unix_now, {"aiModerated": True, "violatedRules": [first, "", last]})


def deletion_2024(stage: Stage, unix_now: float) -> list[Frame]:
    """A deletion as it was told until 2024: two ids, nothing else."""
    return _deletion(stage, unix_now, {})


def ban(stage: Stage, unix_now: float) -> list[Frame]:
    """A viewer is banned for good."""
    return _ban(stage, unix_now, {"permanent": True})


def ban_2024(stage: Stage, unix_now: float) -> list[Frame]:
    """A ban as it was told until mid-2024: only the missing ``expires_at`` says that it is for good."""
    return _ban(stage, unix_now, {})


def timeout(stage: Stage, unix_now: float) -> list[Frame]:
    """A viewer is sent away for some minutes."""
    return _ban(stage, unix_now, _minutes(stage, unix_now))


def timeout_by_masked_moderator(stage: Stage, unix_now: float) -> list[Frame]:
    """A timeout whose moderator is not named."""
    masked: dict[str, object] = {"id": 0, "username": "moderator", "slug": "moderator"}
    return _ban(stage, unix_now, _minutes(stage, unix_now), masked)


def timeout_2023(stage: Stage, unix_now: float) -> list[Frame]:
    """A timeout as it was told until mid-2024: by ``expires_at`` alone."""
    return _ban(stage, unix_now, {"expires_at": stamps.offset(unix_now + 300)})


def unban(stage: Stage, unix_now: float) -> list[Frame]:
    """A ban is lifted."""
    return _unban(stage, unix_now, {"permanent": True})


def timeout_lifted(stage: Stage, unix_now: float) -> list[Frame]:
    """A timeout is lifted. Guess: one client's reading; every recording says ``permanent: true``."""
    return _unban(stage, unix_now, {"permanent": False})


def unban_2024(stage: Stage, unix_now: float) -> list[Frame]:
    """A ban is lifted, as it was told until 2024: without ``permanent``."""
    return _unban(stage, unix_now, {})


def chat_cleared(stage: Stage, unix_now: float) -> list[Frame]:
    """The whole chat is taken down."""
    stage.messages.clear()
    return [_told(stage, "ChatroomClearEvent", {"id": chance.uuid4(stage.rng)})]


def _deletion(stage: Stage, unix_now: float, more: dict[str, object]) -> list[Frame]:
    frames, message = chat.overheard(stage, unix_now)
    stage.forget(message)
    payload = {"id": chance.uuid4(stage.rng), "message": {"id": message.id}, **more}
    return [*frames, _told(stage, "MessageDeletedEvent", payload)]


def _ban(
    stage: Stage, unix_now: float, more: dict[str, object], moderator: dict[str, object] | None = None
) -> list[Frame]:
    frames, message = chat.overheard(stage, unix_now)
    stage.dismiss(message.author, stage.timed_out if "expires_at" in more else stage.banned)
    payload = {
        "id": chance.uuid4(stage.rng),
        "user": people.reference(message.author),
        # The number of who bans is 0, whoever it is.
        "banned_by": moderator or people.reference(stage.moderator()) | {"id": 0},
        **more,
    }
    return [*frames, _told(stage, "UserBannedEvent", payload)]


def _minutes(stage: Stage, unix_now: float) -> dict[str, object]:
    minutes = chance.pick(stage.rng, (1, 2, 5, 10, 60, 1440))
    return {"permanent": False, "duration": minutes, "expires_at": stamps.offset(unix_now + 60 * minutes)}


def _unban(stage: Stage, unix_now: float, more: dict[str, object]) -> list[Frame]:
    """Pardon who was sent away last; where nobody is away, somebody is sent first."""
    away, send = (stage.banned, ban) if more.get("permanent", True) else (stage.timed_out, timeout)
    frames = [] if away else send(stage, unix_now)
    payload = {
        "id": chance.uuid4(stage.rng),
        "user": people.reference(stage.pardon(away)),
        "unbanned_by": people.reference(stage.moderator()),
        **more,
    }
    return [*frames, _told(stage, "UserUnbannedEvent", payload)]


def _told(stage: Stage, name: str, payload: object) -> Frame:
    return writers.laravel(stage.topics[TopicKind.CHATROOM_V2], name, payload)
