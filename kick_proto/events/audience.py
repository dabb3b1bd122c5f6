"""What the audience is asked: polls and predictions."""

from datetime import datetime, timedelta

import msgspec

from kick_proto.events.base import Event
from kick_proto.ids import UserId

__all__ = ["Better", "Outcome", "PollChanged", "PollDeleted", "PollOption", "PredictionChanged"]


class PollOption(msgspec.Struct, frozen=True, gc=False):
    """One answer of a poll."""

    id: int
    label: str
    votes: int


class PollChanged(Event, frozen=True, tag=True, gc=False):
    """A poll began, or its votes changed: a snapshot, about once a second. It has no id.

    Wire: ``PollUpdateEvent`` (seconds); ``PollCreated`` (login).
    """

    title: str
    options: tuple[PollOption, ...]
    duration: timedelta | None = None
    remaining: timedelta | None = None
    result_display: timedelta | None = None
    """How long the result is shown."""


class PollDeleted(Event, frozen=True, tag=True, gc=False):
    """The poll was taken away. Wire: ``PollDeleteEvent``, which says nothing more; ``PollDeleted`` (login)."""


class Better(msgspec.Struct, frozen=True, gc=False):
    """One of those who staked most on an outcome."""

    user_id: UserId
    username: str
    amount: int


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """One outcome of a prediction: what was staked on it, by how many, and what one point would return."""

    id: str
    title: str
    amount: int | None = None
    """Channel points."""
    votes: int | None = None
    return_rate: float | None = None
    top_users: tuple[Better, ...] = ()


class PredictionChanged(Event, frozen=True, tag=True, gc=False):
    """A prediction was opened, staked on, locked, resolved or cancelled: a snapshot.

    Wire: ``PredictionCreated``, ``PredictionUpdated`` (seconds).
    """

    id: str
    title: str
    state: str
    """``ACTIVE``, ``LOCKED``, ``RESOLVED``, and one that begins with ``CANCEL``; an open set."""
    outcomes: tuple[Outcome, ...]
    duration: timedelta | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    locked_at: datetime | None = None
    winning_outcome_id: str | None = None

    @property
    def cancelled(self) -> bool:
        """Whether it was called off; the platform has been seen to spell that in two ways."""
        return self.state.startswith("CANCEL")
