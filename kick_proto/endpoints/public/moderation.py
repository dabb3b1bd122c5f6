"""Keeping somebody out of a chat, and letting them in again.

A ban is not repeated when its answer is lost: a second one begins anew, and the chat would see both.
Source: Docs: "Moderation".
"""

from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.official import official
from kick_proto.ids import UserId

__all__ = ["ban", "time_out", "unban"]

LONGEST_TIMEOUT = 10_080
"""Minutes: a week."""
LONGEST_REASON = 100
"""Characters of a reason."""


def ban(user_id: UserId, *, channel: UserId, reason: str | None = None) -> Call[None]:
    """Keep the user out of the chat of ``channel`` (its user's id) for good.

    Scope: ``moderation:ban``.
    """
    return _ban(user_id, channel, None, reason)


def time_out(user_id: UserId, *, channel: UserId, minutes: int, reason: str | None = None) -> Call[None]:
    """Keep the user out of the chat of ``channel`` (its user's id) for 1 to 10,080 minutes.

    Scope: ``moderation:ban``.
    """
    return _ban(user_id, channel, arguments.number("minutes", minutes, most=LONGEST_TIMEOUT), reason)


def unban(user_id: UserId, *, channel: UserId) -> Call[None]:
    """Let the user in again, before the end of a time-out too.

    Scope: ``moderation:ban``.
    """
    return official("DELETE", "/v1/moderation/bans", reading.nothing, body=_who(user_id, channel))


def _ban(user_id: UserId, channel: UserId, minutes: int | None, reason: str | None) -> Call[None]:
    why = arguments.text("reason", reason, most=LONGEST_REASON) if reason is not None else None
    body = {**_who(user_id, channel), "duration": minutes, "reason": why}
    return official("POST", "/v1/moderation/bans", reading.nothing, body=body)


def _who(user_id: UserId, channel: UserId) -> dict[str, object]:
    return {
        "broadcaster_user_id": arguments.number("channel", channel),
        "user_id": arguments.number("user_id", user_id),
    }
