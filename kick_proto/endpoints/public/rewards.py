"""Rewards for channel points, and who asked for them: all of the token's own channel.

Source: Docs: "Channel Rewards".
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Literal, TypeAlias

import msgspec

from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.official import official, repeated
from kick_proto.endpoints.reading import Page
from kick_proto.errors import LocalProtocolError
from kick_proto.http import Pairs
from kick_proto.ids import UserId

__all__ = [
    "NotSettled",
    "Redeemed",
    "RedeemedReward",
    "Redeemer",
    "Redemption",
    "Reward",
    "Status",
    "accept",
    "change",
    "create",
    "delete",
    "every",
    "redemptions",
    "reject",
]

LONGEST_TITLE = 50
LONGEST_DESCRIPTION = 200
MOST = 25
"""Redemptions that are settled by one call."""

Status: TypeAlias = Literal["pending", "accepted", "rejected"]
"""Guess: the words of the events about redemptions; the docs of this call name none."""

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    """What can be had for channel points."""

    id: str
    title: str
    cost: int
    description: str | None = None
    background_color: str | None = None
    is_enabled: bool | None = None
    is_paused: bool | None = None
    is_user_input_required: bool | None = None
    should_redemptions_skip_request_queue: bool | None = None


class RedeemedReward(msgspec.Struct, frozen=True, kw_only=True):
    """A reward as redemptions name it; ``can_manage`` is true for those that this app made."""

    id: str
    title: str | None = None
    cost: int | None = None
    description: str | None = None
    can_manage: bool | None = None
    is_deleted: bool | None = None


class Redeemer(msgspec.Struct, frozen=True):
    """Who asked for it."""

    user_id: UserId


class Redemption(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asked for a reward."""

    id: str
    status: str
    redeemed_at: datetime | None = None
    redeemer: Redeemer | None = None
    user_input: str | None = None


class Redeemed(msgspec.Struct, frozen=True):
    """A reward with those who asked for it."""

    reward: RedeemedReward
    redemptions: tuple[Redemption, ...] = ()


class NotSettled(msgspec.Struct, frozen=True):
    """A redemption that could not be accepted or rejected."""

    id: str
    reason: str | None = None


def every() -> Call[tuple[Reward, ...]]:
    """All rewards of the channel.

    Scope: ``channel:rewards:read``.
    """
    return official("GET", "/v1/channels/rewards", partial(reading.rows, kind=Reward))


def create(
    title: str,
    cost: int,
    *,
    description: str | None = None,
    color: str | None = None,
    is_enabled: bool | None = None,
    needs_input: bool | None = None,
    skips_queue: bool | None = None,
) -> Call[Reward]:
    """Offer a reward. ``color`` is ``#rrggbb``; ``skips_queue`` accepts every redemption at once.

    Scope: ``channel:rewards:write``.
    """
    body = _body(title, cost, description, color) | _switches(is_enabled, None, needs_input, skips_queue)
    return official("POST", "/v1/channels/rewards", partial(reading.row, kind=Reward), body=body)


def change(
    reward_id: str,
    *,
    title: str | None = None,
    cost: int | None = None,
    description: str | None = None,
    color: str | None = None,
    is_enabled: bool | None = None,
    is_paused: bool | None = None,
    needs_input: bool | None = None,
    skips_queue: bool | None = None,
) -> Call[Reward]:
    """Change a reward that this app made; None leaves a thing as it is.

    Scope: ``channel:rewards:write``.
    """
    body = _body(title, cost, description, color) | _switches(is_enabled, is_paused, needs_input, skips_queue)
    if all(value is None for value in body.values()):
        raise LocalProtocolError("change() needs something to change: a title, a cost, a switch")
    path = f"/v1/channels/rewards/{arguments.key('reward_id', reward_id)}"
    return official("PATCH", path, partial(reading.row, kind=Reward), body=body)


def delete(reward_id: str) -> Call[None]:
    """Take back the offer of a reward that this app made.

    Scope: ``channel:rewards:write``.
    """
    return official("DELETE", f"/v1/channels/rewards/{arguments.key('reward_id', reward_id)}", reading.nothing)


def redemptions(
    *,
    ids: Sequence[str] = (),
    reward_id: str | None = None,
    status: Status | None = None,
    cursor: str | None = None,
) -> Call[Page[Redeemed]]:
    """Who asked for which reward; ``cursor`` of one page asks for the next.

    Scope: ``channel:rewards:read``.
    """
    query: Pairs = repeated("id", arguments.texts("ids", ids, most=MOST, longest=100))
    if reward_id is not None:
        query += (("reward_id", arguments.text("reward_id", reward_id, most=100)),)
    if status is not None:
        query += (("status", arguments.one_of("status", status, ("pending", "accepted", "rejected"))),)
    query += arguments.paged(None, cursor)
    return official("GET", "/v1/channels/rewards/redemptions", partial(reading.page, kind=Redeemed), query=query)


def accept(*redemption_ids: str) -> Call[tuple[NotSettled, ...]]:
    """Grant what was asked for, 1 to 25 at once; the result names those for which that failed.

    Scope: ``channel:rewards:write``.
    """
    return _settle("accept", redemption_ids)


def reject(*redemption_ids: str) -> Call[tuple[NotSettled, ...]]:
    """Give the points back, 1 to 25 at once; the result names those for which that failed.

    Scope: ``channel:rewards:write``.
    """
    return _settle("reject", redemption_ids)


def _settle(verb: str, redemption_ids: Sequence[str]) -> Call[tuple[NotSettled, ...]]:
    body = {"ids": arguments.texts("redemption_ids", redemption_ids, least=1, most=MOST, longest=100)}
    path = f"/v1/channels/rewards/redemptions/{verb}"
    return official("POST", path, partial(reading.rows, kind=NotSettled), body=body)


def _body(title: str | None, cost: int | None, description: str | None, color: str | None) -> dict[str, object]:
    if color is not None and _COLOR.fullmatch(arguments.text("color", color, most=100)) is None:
        raise LocalProtocolError(f"color must be like #00ff80, not {color!r:.60}")
    return {
        "title": arguments.text("title", title, most=LONGEST_TITLE) if title is not None else None,
        "cost": arguments.number("cost", cost) if cost is not None else None,
        "description": (
            arguments.text("description", description, least=0, most=LONGEST_DESCRIPTION)
            if description is not None
            else None
        ),
        "background_color": color,
    }


def _switches(
    is_enabled: bool | None, is_paused: bool | None, needs_input: bool | None, skips_queue: bool | None
) -> dict[str, object]:
    return {
        "is_enabled": is_enabled,
        "is_paused": is_paused,
        "is_user_input_required": needs_input,
        "should_redemptions_skip_request_queue": skips_queue,
    }
