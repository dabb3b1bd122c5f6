"""Polls and predictions."""

from datetime import datetime
from typing import Any

from kick_proto import events, payloads
from kick_proto.decoders import reading
from kick_proto.decoders.row import Row
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind

__all__ = ["ROWS"]


def poll_updated(
    payload: payloads.PollUpdateEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.PollChanged:
    return _poll(payload.poll, received_at, raw, channel)


def poll_created(
    payload: payloads.PollCreated, received_at: datetime, raw: Frame, channel: Channel
) -> events.PollChanged | events.Unknown:
    if payload.poll is None:
        return events.Unknown(received_at, raw, channel)
    return _poll(payload.poll, received_at, raw, channel)


def _poll(poll: payloads.Poll, received_at: datetime, raw: Frame, channel: Channel) -> events.PollChanged:
    return events.PollChanged(
        received_at,
        raw,
        channel,
        poll.title,
        poll.options,
        reading.seconds(poll.duration),
        reading.seconds(poll.remaining),
        reading.seconds(poll.result_display_duration),
    )


def poll_deleted(payload: payloads.Nothing, received_at: datetime, raw: Frame, channel: Channel) -> events.PollDeleted:
    return events.PollDeleted(received_at, raw, channel)


def prediction(
    payload: payloads.PredictionEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.PredictionChanged:
    told = payload.prediction
    return events.PredictionChanged(
        received_at,
        raw,
        channel,
        told.id,
        told.title,
        told.state,
        tuple(map(_outcome, told.outcomes)),
        reading.seconds(told.duration),
        reading.utc(told.created_at),
        reading.utc(told.updated_at),
        reading.utc(told.locked_at),
        told.winning_outcome_id or None,
    )


def _outcome(told: payloads.PredictionOutcome) -> events.Outcome:
    amount, votes, top_users = told.total_vote_amount, told.vote_count, told.top_users or ()
    return events.Outcome(told.id, told.title, amount, votes, told.return_rate, top_users)


_V2 = (TopicKind.CHATROOM_V2,)
_PREDICTIONS = (TopicKind.PREDICTIONS,)
_LOGIN = ("private-chatroom_{}",)

ROWS: tuple[Row[Any], ...] = (
    Row("PollUpdateEvent", payloads.PollUpdateEvent, poll_updated, _V2, era="2026 on", confidence="A"),
    Row("PollDeleteEvent", payloads.Nothing, poll_deleted, _V2, era="2026 on", confidence="C"),
    Row("PredictionCreated", payloads.PredictionEvent, prediction, _PREDICTIONS, era="2025 on", confidence="C"),
    Row("PredictionUpdated", payloads.PredictionEvent, prediction, _PREDICTIONS, era="2025 on", confidence="C"),
    Row("PollCreated", payloads.PollCreated, poll_created, (), private=_LOGIN, era="2023", confidence="C"),
    Row("PollDeleted", payloads.Nothing, poll_deleted, (), private=_LOGIN, era="2023", confidence="C"),
)
