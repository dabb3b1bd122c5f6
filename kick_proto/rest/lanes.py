"""What a client remembers: of each call that is open, and of each host."""

from math import inf
from typing import Any

import msgspec

from kick_proto.endpoints.call import Call, Host
from kick_proto.outcomes import Failure
from kick_proto.rest.redirects import Target
from kick_proto.rest.states import LaneState, State

__all__ = ["Job", "Lane"]


class Job(msgspec.Struct):
    """A call that is open, and how far it has come. ``until`` is when its last try must have begun."""

    ref: int
    call: Call[Any]
    until: float
    state: State = State.NEW
    failures: int = 0
    failure: Failure | None = None
    to: Target | None = None
    """Where it was redirected to."""
    redirects: int = 0
    fetch: int = 0
    """The ref of its latest try; ``began_at`` and ``credential`` are of that try too."""
    began_at: float = 0.0
    credential: int = 0

    def replace(self, call: Call[Any]) -> None:
        """Begin anew with another call, under the same ref and within the same time."""
        self.call = call
        self.failures = self.redirects = self.credential = 0
        self.failure = self.to = None


class Lane:
    """One host: the refs of the calls that queue for it and of those in flight, and its latest 429.

    ``number`` stands in the place of a ref in an agenda, and lies below zero, where no ref is.
    """

    def __init__(self, number: int, host: Host) -> None:
        self.number = number
        self.host = host
        self.queue: list[int] = []
        self.flying: set[int] = set()
        self.state = LaneState.IDLE
        self.limited_at = -inf
        self.paused_until = -inf
