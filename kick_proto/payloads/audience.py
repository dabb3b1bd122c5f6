"""Payloads of polls and predictions."""

from datetime import datetime
from typing import ClassVar

import msgspec

from kick_proto.events import Better, PollOption
from kick_proto.payloads.base import Payload

__all__ = ["Poll", "PollCreated", "PollUpdateEvent", "Prediction", "PredictionEvent", "PredictionOutcome"]


class Poll(msgspec.Struct, frozen=True, gc=False):
    """The poll as it stands; all durations are seconds. It has no number of its own."""

    UNREAD: ClassVar[tuple[str, ...]] = ("has_voted", "voted_option_id")

    title: str
    options: tuple[PollOption, ...]
    duration: int | None = None
    remaining: int | None = None
    result_display_duration: int | None = None


class PollUpdateEvent(Payload, frozen=True, gc=False):
    """``chatrooms.{chatroom}.v2``. What the reader has voted, in a poll's first frame alone, is left out."""

    poll: Poll


class PollCreated(Payload, frozen=True, gc=False):
    """``private-chatroom_{chatroom}``, by its name alone. Guess: of ``poll``, as in ``PollUpdateEvent``."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at", "id", "user")

    poll: Poll | None = None


class PredictionOutcome(msgspec.Struct, frozen=True, gc=False):
    """One outcome, and what is staked on it."""

    id: str
    title: str
    total_vote_amount: int | None = None
    vote_count: int | None = None
    return_rate: float | None = None
    top_users: tuple[Better, ...] | None = None


class Prediction(msgspec.Struct, frozen=True, gc=False):
    """The prediction as it stands; ``duration`` is seconds."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel_id",)

    id: str
    title: str
    state: str
    outcomes: tuple[PredictionOutcome, ...]
    duration: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    locked_at: datetime | None = None
    winning_outcome_id: str | None = None


class PredictionEvent(Payload, frozen=True, gc=False):
    """``predictions-channel-{channel}``, since 2025: one object for both events. No frame is public."""

    prediction: Prediction
