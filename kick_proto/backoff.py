"""When to try again: frozen policy, pure function.

The end of a connection carries an ``Advice`` about the next attempt. ``delay`` turns advice and the number of
failures so far into seconds. Who counts the failures, and which endpoint comes next, is the session's matter.
"""

from enum import Enum
from typing import Literal

import msgspec

from kick_proto.machine import Rng

__all__ = ["Advice", "Backoff", "delay"]


class Advice(Enum):
    """What the end of a connection says about the next one."""

    STOP = "stop"
    """Trying again unchanged is useless: the peer refused for good."""
    WRONG_ENDPOINT = "wrong endpoint"
    """This endpoint does not serve what we ask for; another one may."""
    NEXT_ENDPOINT = "next endpoint"
    """This endpoint could not be reached or never answered; another one may."""
    AT_ONCE = "at once"
    """Reconnect immediately; after a second failure in a row, back off all the same."""
    PAUSE = "pause"
    """Back off, and wait for at least a second."""
    BACK_OFF = "back off"
    """Back off."""


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """Exponential back-off with full jitter.

    ``base`` and ``cap`` are seconds; ``retries`` is how many attempts may follow a failure before giving up, or
    None for ever; ``stable_after`` is the uptime in seconds after which earlier failures are forgotten.
    """

    base: float = 1.0
    cap: float = 30.0
    retries: int | None = 5
    jitter: Literal["full", "none"] = "full"
    stable_after: float = 60.0

    def __post_init__(self) -> None:
        if not 0 < self.base <= self.cap:
            raise ValueError(f"back-off needs 0 < base <= cap, not base={self.base}, cap={self.cap}")
        if self.retries is not None and self.retries < 0:
            raise ValueError(f"retries is a count or None for ever, not {self.retries}")
        if not self.stable_after >= 0:
            raise ValueError(f"stable_after is seconds, 0 or more, not {self.stable_after}")


AT_LEAST = 1.0
"""Seconds that ``Advice.PAUSE`` asks for. Source: Pusher protocol, close codes 4100-4199."""


def delay(policy: Backoff, failures: int, advice: Advice, rng: Rng) -> float:
    """Seconds to wait before the next attempt.

    ``failures`` counts the attempts that have failed since the last stable connection, this one included, so it
    is at least 1. Draws from ``rng`` once, and not at all without jitter or when the answer is "at once".
    """
    if advice is Advice.AT_ONCE and failures == 1:
        return 0.0
    # 2.0**64 seconds are beyond any cap; the bound keeps a daemon that failed for years from overflowing.
    ceiling = min(policy.cap, policy.base * 2.0 ** min(failures - 1, 64))
    seconds = ceiling * rng.random() if policy.jitter == "full" else ceiling
    return max(AT_LEAST, seconds) if advice is Advice.PAUSE else seconds
