"""Goals of followers: set, changed, approached, reached, given up.

Source: Seen: wire catalogue section 7, "Goals" (2026), of the progress. Guess: of the other four, by the typings: the
same object.
"""

from collections.abc import Mapping

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chance, stamps, writers
from kick_proto.testing.traffic.stage import Goal, Stage

__all__ = ["goal_achieved", "goal_canceled", "goal_created", "goal_progress", "goal_updated"]


def goal_created(stage: Stage, unix_now: float) -> list[Frame]:
    """A goal is set; one that stood is given up first."""
    frames = goal_canceled(stage, unix_now) if stage.goal is not None else []
    return [*frames, *_standing(stage, unix_now)[0]]


def goal_progress(stage: Stage, unix_now: float) -> list[Frame]:
    """The number of followers has moved, up as a rule; or it has not, and is told again."""
    frames, goal = _standing(stage, unix_now)
    stage.follower_count += chance.pick(stage.rng, (-1, 0, 1, 1, 2, 5))
    return [*frames, _told(stage, unix_now, "GoalProgressUpdateEvent", goal)]


def goal_updated(stage: Stage, unix_now: float) -> list[Frame]:
    """The goal is moved further away."""
    frames, goal = _standing(stage, unix_now)
    stage.goal = Goal(goal.id, goal.target + 500, goal.created_at)
    return [*frames, _told(stage, unix_now, "GoalUpdatedEvent", stage.goal)]


def goal_achieved(stage: Stage, unix_now: float) -> list[Frame]:
    """The goal is reached, all at once if need be."""
    frames, goal = _standing(stage, unix_now)
    stage.follower_count = max(stage.follower_count, goal.target)
    stage.goal = None
    achieved = {"status": "achieved", "achieved_at": stamps.go(stamps.micros(unix_now))}
    return [*frames, _told(stage, unix_now, "GoalAchievedEvent", goal, achieved)]


def goal_canceled(stage: Stage, unix_now: float) -> list[Frame]:
    """The goal is given up."""
    frames, goal = _standing(stage, unix_now)
    stage.goal = None
    return [*frames, _told(stage, unix_now, "GoalCanceledEvent", goal, {"status": "canceled"})]


def _standing(stage: Stage, unix_now: float) -> tuple[list[Frame], Goal]:
    """The goal that stands; where none does, one is set, and the frames tell it."""
    if stage.goal is not None:
        return [], stage.goal
    goal = Goal(
        id=f"chgoal_{chance.ulid(stage.rng, unix_now)}",
        target=stage.follower_count + chance.whole(stage.rng, 20, 2_000),
        created_at=stamps.go(stamps.micros(unix_now)),
    )
    stage.goal = goal
    return [_told(stage, unix_now, "GoalCreatedEvent", goal)], goal


def _told(stage: Stage, unix_now: float, name: str, goal: Goal, more: Mapping[str, object] | None = None) -> Frame:
    payload: dict[str, object] = {
        "id": goal.id,
        "channel_id": stage.goals_channel_id,
        "type": "followers",
        "target_value": goal.target,
        "current_value": stage.follower_count,
        "progress_bar_emoji_id": "chnl-goal-emotes/2",
        "status": "active",
        "created_at": goal.created_at,
        "updated_at": stamps.go(stamps.micros(unix_now), chance.pick(stage.rng, (0, 0, 514))),
        "achieved_at": None,
        "end_date": None,
        "count_from_creation": True,
    }
    return writers.service(stage.topics[TopicKind.CHANNEL_NEW], name, {**payload, **(more or {})})
