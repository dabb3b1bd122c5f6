"""https://api.kick.com: rewards for channel points, and who took them.

Source: Docs: KickEngineering/KickDevDocs, "Channel Rewards" (2026-06). Guess: how many rewards a channel may have, and
the reason of a redemption that cannot be settled.
"""

from typing import Annotated, Any

import msgspec

from kick_proto.http import Response
from kick_proto.testing.site.answers import RefusedError, bad_request, done, enveloped, not_found
from kick_proto.testing.site.state import Redemption, Reward, State
from kick_proto.testing.site.visit import Visit
from kick_proto.testing.traffic import chance

__all__ = ["MOST_REWARDS", "accept", "create", "delete", "redemptions", "reject", "rewards", "update"]

MOST_REWARDS = 50

_Title = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
_Cost = Annotated[int, msgspec.Meta(ge=1)]
_Description = Annotated[str, msgspec.Meta(max_length=200)]
_Color = Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")]


class _Changes(msgspec.Struct):
    """What may be set; UNSET is left as it is."""

    title: _Title | msgspec.UnsetType = msgspec.UNSET
    cost: _Cost | msgspec.UnsetType = msgspec.UNSET
    description: _Description | msgspec.UnsetType = msgspec.UNSET
    background_color: _Color | msgspec.UnsetType = msgspec.UNSET
    is_enabled: bool | msgspec.UnsetType = msgspec.UNSET
    is_paused: bool | msgspec.UnsetType = msgspec.UNSET
    is_user_input_required: bool | msgspec.UnsetType = msgspec.UNSET
    should_redemptions_skip_request_queue: bool | msgspec.UnsetType = msgspec.UNSET

    def given(self) -> dict[str, Any]:
        """What was set."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not msgspec.UNSET}


def rewards(state: State, visit: Visit) -> Response:
    """All rewards of one's own channel."""
    return enveloped(list(state.rewards.get(visit.caller, {}).values()))


def create(state: State, visit: Visit) -> Response:
    """A new reward."""
    given, own = visit.json(_Changes).given(), state.rewards.setdefault(visit.caller, {})
    if "title" not in given or "cost" not in given or len(own) >= MOST_REWARDS:
        return bad_request()
    reward = Reward(id=chance.ulid(state.rng, visit.unix_now), **given)
    own[reward.id] = reward
    return enveloped(reward)


def update(state: State, visit: Visit) -> Response:
    """Change a reward."""
    reward, given = _own(state, visit), visit.json(_Changes).given()
    changed = msgspec.structs.replace(reward, **given)
    state.rewards[visit.caller][reward.id] = changed
    return enveloped(changed)


def delete(state: State, visit: Visit) -> Response:
    """Delete a reward."""
    reward = _own(state, visit)
    del state.rewards[visit.caller][reward.id]
    return done()


def _own(state: State, visit: Visit) -> Reward:
    reward = state.rewards.get(visit.caller, {}).get(visit.params["reward_id"])
    if reward is None:
        raise RefusedError(not_found())
    return reward


# Redemptions


def redemptions(state: State, visit: Visit) -> Response:
    """Who took what, by reward; those that wait for a decision unless others are asked for."""
    reward_id, ids, status = visit.text("reward_id"), visit.texts("id"), visit.text("status") or "pending"
    own = [
        each
        for owner, each in state.redemptions.values()
        if owner == visit.caller
        and reward_id in (None, each.reward.id)
        and (each.id in ids if ids else each.status == status)
    ]
    shown, cursor = visit.paged(own)
    by_reward: dict[str, list[Redemption]] = {}
    for each in shown:
        by_reward.setdefault(each.reward.id, []).append(each)
    return enveloped([_group(state, visit, group) for group in by_reward.values()], pagination={"next_cursor": cursor})


def _group(state: State, visit: Visit, group: list[Redemption]) -> dict[str, object]:
    reward = group[0].reward
    return {
        "reward": {
            "id": reward.id,
            "title": reward.title,
            "cost": reward.cost,
            "description": reward.description,
            "can_manage": True,
            "is_deleted": reward.id not in state.rewards.get(visit.caller, {}),
        },
        "redemptions": [
            {
                "id": each.id,
                "status": each.status,
                "redeemed_at": each.redeemed_at,
                "redeemer": {"user_id": each.user_id},
                "user_input": each.user_input,
            }
            for each in group
        ],
    }


class _Ids(msgspec.Struct):
    ids: Annotated[list[str], msgspec.Meta(min_length=1, max_length=25)]


def accept(state: State, visit: Visit) -> Response:
    """Settle redemptions."""
    return _settle(state, visit, "accepted")


def reject(state: State, visit: Visit) -> Response:
    """Give the points back."""
    return _settle(state, visit, "rejected")


def _settle(state: State, visit: Visit, status: str) -> Response:
    """Settle what waits; the reply names only what could not be settled."""
    failures: list[dict[str, object]] = []
    for id in visit.json(_Ids).ids:
        owner, redemption = state.redemptions.get(id, (None, None))
        if redemption is None or owner is None or owner != visit.caller:
            failures.append({"id": id, "reason": "NOT_FOUND"})
        elif redemption.status != "pending":
            failures.append({"id": id, "reason": "NOT_PENDING"})
        else:
            state.redemptions[id] = (owner, msgspec.structs.replace(redemption, status=status))
    return enveloped(failures)
