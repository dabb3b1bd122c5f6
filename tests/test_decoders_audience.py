"""Polls and predictions: each shape, and the event that it becomes."""

from datetime import UTC, datetime, timedelta

import pytest

from kick_proto import events
from kick_proto.ids import UserId
from tests.shapes import Json, changed, check, decode, without

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


OPTIONS: Json = [{"id": 0, "label": "tea", "votes": 38}, {"id": 1, "label": "coffee", "votes": 61}]
POLL: Json = {
    "poll": {
        "title": "tea or coffee?",
        "options": OPTIONS,
        "duration": 30,
        "remaining": 19,
        "result_display_duration": 15,
    }
}
ASKED: Json = {
    "title": "tea or coffee?",
    "options": (events.PollOption(0, "tea", 38), events.PollOption(1, "coffee", 61)),
}
TIMED: Json = {
    **ASKED,
    "duration": timedelta(seconds=30),
    "remaining": timedelta(seconds=19),
    "result_display": timedelta(seconds=15),
}


def poll(**changes: Json) -> Json:
    return {"poll": {**POLL["poll"], **changes}}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(POLL, TIMED, id="a later frame"),
        pytest.param(poll(has_voted=False, voted_option_id=None), TIMED, id="the first frame"),
        pytest.param(poll(remaining=0), {**TIMED, "remaining": timedelta(0)}, id="time is up"),
        pytest.param(poll(duration="30"), TIMED, id="seconds as a string"),
        pytest.param({"poll": {"title": "tea or coffee?", "options": OPTIONS}}, ASKED, id="nothing but what it needs"),
    ],
)
def test_a_poll(payload: Json, fields: dict[str, Json]) -> None:
    check("PollUpdateEvent", payload, events.PollChanged, **fields)


@pytest.mark.parametrize("payload", [[], {}, {"id": "e-1"}])
@pytest.mark.parametrize("name", ["PollDeleteEvent", "PollDeleted"])
def test_a_poll_that_is_taken_away(name: str, payload: Json) -> None:
    check(name, payload, events.PollDeleted)


def test_a_poll_behind_a_login() -> None:
    check("PollCreated", {"id": "e-1"}, events.Unknown)
    check("PollCreated", {"id": "e-1", **POLL}, events.PollChanged, **TIMED)


OUTCOMES: Json = [
    {
        "id": "o-1",
        "title": "yes",
        "total_vote_amount": 5010,
        "vote_count": 3,
        "return_rate": 1.5,
        "top_users": [{"user_id": 701, "username": "Ada_L", "amount": 5000}],
    },
    {"id": "o-2", "title": "no", "total_vote_amount": 0, "vote_count": 0, "return_rate": 0},
]
PREDICTION: Json = {
    "prediction": {
        "id": "01ABC",
        "channel_id": 11,
        "title": "will it boil?",
        "state": "ACTIVE",
        "outcomes": OUTCOMES,
        "duration": 300,
        "created_at": "2026-05-04T12:00:00.12345Z",
    }
}
BETTER = events.Better(UserId(701), "Ada_L", 5000)
STAKED: Json = {
    "id": "01ABC",
    "title": "will it boil?",
    "state": "ACTIVE",
    "outcomes": (events.Outcome("o-1", "yes", 5010, 3, 1.5, (BETTER,)), events.Outcome("o-2", "no", 0, 0, 0.0)),
    "duration": timedelta(minutes=5),
    "created_at": NOON + timedelta(microseconds=123_450),
}
LATER = "2026-05-04T12:05:00Z"
LATER_ON = NOON + timedelta(minutes=5)


def prediction(**changes: Json) -> Json:
    return {"prediction": {**PREDICTION["prediction"], **changes}}


@pytest.mark.parametrize("name", ["PredictionCreated", "PredictionUpdated"])
@pytest.mark.parametrize(
    ("payload", "fields", "cancelled"),
    [
        pytest.param(PREDICTION, STAKED, False, id="open"),
        pytest.param({**PREDICTION, "user_vote": {"outcome_id": "o-1"}}, STAKED, False, id="with a vote of one's own"),
        pytest.param(prediction(updated_at=None, locked_at=None, winning_outcome_id=None), STAKED, False, id="nulls"),
        pytest.param(prediction(winning_outcome_id=""), STAKED, False, id="no winner yet"),
        pytest.param(
            prediction(state="LOCKED", updated_at=LATER, locked_at=LATER),
            {**STAKED, "state": "LOCKED", "updated_at": LATER_ON, "locked_at": LATER_ON},
            False,
            id="locked",
        ),
        pytest.param(
            prediction(state="RESOLVED", winning_outcome_id="o-1"),
            {**STAKED, "state": "RESOLVED", "winning_outcome_id": "o-1"},
            False,
            id="resolved",
        ),
        pytest.param(prediction(state="CANCELLED"), {**STAKED, "state": "CANCELLED"}, True, id="cancelled"),
        pytest.param(prediction(state="CANCELED"), {**STAKED, "state": "CANCELED"}, True, id="canceled"),
        pytest.param(
            prediction(outcomes=[{"id": "o-1", "title": "yes", "top_users": None}]),
            {**STAKED, "outcomes": (events.Outcome("o-1", "yes", None, None, None, ()),)},
            False,
            id="an outcome of which no stakes are told",
        ),
        pytest.param(
            changed(PREDICTION, ("prediction",), lambda told: without(told, "duration", "created_at", "channel_id")),
            without(STAKED, "duration", "created_at"),
            False,
            id="nothing but what it needs",
        ),
    ],
)
def test_a_prediction(name: str, payload: Json, fields: dict[str, Json], cancelled: bool) -> None:
    check(name, payload, events.PredictionChanged, **fields)
    event = decode(name, payload)
    assert isinstance(event, events.PredictionChanged)
    assert event.cancelled is cancelled
