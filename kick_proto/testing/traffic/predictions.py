"""Predictions: one opens, points are staked, it is locked, and resolved or cancelled.

One prediction at a time. A scene whose time has not come brings it about first: who resolves what is not locked,
locks it; who stakes on what is locked, resolves that and opens the next.

Source: Guess: wire catalogue section 7, "Predictions" (2025-2026), by the names in Kick's own bundle and by objects of
the REST interface; no frame is public.
"""

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chance, stamps, wording, writers
from kick_proto.testing.traffic.stage import Outcome, Prediction, Stage

__all__ = [
    "prediction_cancelled",
    "prediction_locked",
    "prediction_opens",
    "prediction_resolved",
    "prediction_staked",
]

SMALLEST, LARGEST = 10, 250_000
"""Points that one may stake."""


def prediction_opens(stage: Stage, unix_now: float) -> list[Frame]:
    """A prediction opens."""
    frames = prediction_resolved(stage, unix_now) if stage.prediction is not None else []
    return [*frames, *_unsettled(stage, unix_now)[0]]


def prediction_staked(stage: Stage, unix_now: float) -> list[Frame]:
    """Viewers stake their points."""
    frames, prediction = _active(stage, unix_now)
    for _ in range(chance.whole(stage.rng, 1, 4)):
        _stake(stage, chance.pick(stage.rng, prediction.outcomes))
        frames.append(_told(stage, unix_now, "PredictionUpdated", prediction))
    return frames


def prediction_locked(stage: Stage, unix_now: float) -> list[Frame]:
    """No more stakes are taken."""
    frames, prediction = _active(stage, unix_now)
    prediction.state = "LOCKED"
    prediction.locked_at = _stamp(unix_now)
    return [*frames, _told(stage, unix_now, "PredictionUpdated", prediction)]


def prediction_resolved(stage: Stage, unix_now: float) -> list[Frame]:
    """One outcome has come true."""
    locked = stage.prediction is not None and stage.prediction.state == "LOCKED"
    frames = [] if locked else prediction_locked(stage, unix_now)
    _, prediction = _unsettled(stage, unix_now)
    prediction.winner = chance.pick(stage.rng, prediction.outcomes).id
    return [*frames, _settled(stage, unix_now, prediction, "RESOLVED")]


def prediction_cancelled(stage: Stage, unix_now: float) -> list[Frame]:
    """Everybody gets their points back. Guess: of the spelling; clients differ between one L and two."""
    frames, prediction = _unsettled(stage, unix_now)
    return [*frames, _settled(stage, unix_now, prediction, "CANCELLED")]


def _active(stage: Stage, unix_now: float) -> tuple[list[Frame], Prediction]:
    """The prediction that takes stakes, and the frames that it took to get there."""
    locked = stage.prediction is not None and stage.prediction.state == "LOCKED"
    frames = prediction_resolved(stage, unix_now) if locked else []
    opened, prediction = _unsettled(stage, unix_now)
    return [*frames, *opened], prediction


def _unsettled(stage: Stage, unix_now: float) -> tuple[list[Frame], Prediction]:
    """The prediction that runs, locked or not; where none does, one opens, and the frames tell it."""
    if stage.prediction is not None:
        return [], stage.prediction
    title, labels = chance.pick(stage.rng, wording.PREDICTIONS)
    stage.prediction = Prediction(
        id=chance.ulid(stage.rng, unix_now),
        title=title,
        outcomes=[Outcome(chance.ulid(stage.rng, unix_now), label) for label in labels],
        created_at=_stamp(unix_now),
    )
    return [_told(stage, unix_now, "PredictionCreated", stage.prediction)], stage.prediction


def _settled(stage: Stage, unix_now: float, prediction: Prediction, state: str) -> Frame:
    prediction.state = state
    stage.prediction = None
    return _told(stage, unix_now, "PredictionUpdated", prediction)


def _stake(stage: Stage, outcome: Outcome) -> None:
    amount = chance.whole(stage.rng, SMALLEST, 5_000)
    if chance.happens(stage.rng, 0.05):
        amount = LARGEST
    outcome.vote_count += 1
    outcome.amount += amount
    if amount > outcome.top_amount:
        outcome.top, outcome.top_amount = stage.viewer(), amount


def _told(stage: Stage, unix_now: float, name: str, prediction: Prediction) -> Frame:
    staked = sum(outcome.amount for outcome in prediction.outcomes)
    payload = {
        "prediction": {
            "id": prediction.id,
            "channel_id": stage.channel.channel_id,
            "title": prediction.title,
            "state": prediction.state,
            "outcomes": [_outcome(outcome, staked) for outcome in prediction.outcomes],
            "duration": 300,
            "created_at": prediction.created_at,
            "updated_at": _stamp(unix_now),
            "locked_at": prediction.locked_at,
            "winning_outcome_id": prediction.winner,
        }
    }
    return writers.service(stage.topics[TopicKind.PREDICTIONS], name, payload)


def _outcome(outcome: Outcome, staked: int) -> dict[str, object]:
    top = outcome.top
    return {
        "id": outcome.id,
        "title": outcome.title,
        "total_vote_amount": outcome.amount,
        "vote_count": outcome.vote_count,
        "return_rate": round(staked / outcome.amount, 4) if outcome.amount else 0.0,
        "top_users": [{"user_id": top.id, "username": top.username, "amount": outcome.top_amount}] if top else [],
    }


def _stamp(unix_now: float) -> str:
    return stamps.go(stamps.micros(unix_now))
