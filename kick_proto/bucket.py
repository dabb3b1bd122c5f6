"""A token bucket as a value: ``take`` gives the bucket after it, and when the call may start."""

import msgspec

__all__ = ["Bucket", "take"]


class Bucket(msgspec.Struct, frozen=True):
    """``rate`` tokens a second come in, at most ``burst`` are held; ``level`` tokens were there at time ``at``.

    A level below zero is credit: calls that were granted for a later moment.
    """

    rate: float
    burst: float
    level: float
    at: float = 0.0

    def __post_init__(self) -> None:
        if not (self.rate > 0 and self.burst >= 1):
            raise ValueError(
                f"a bucket needs a rate above 0 and a burst of at least 1, not rate={self.rate}, burst={self.burst}"
            )


def take(bucket: Bucket, now: float) -> tuple[Bucket, float]:
    """Take one token, on credit if need be.

    Returns the bucket after it, and when the call may start (monotonic seconds, >= now). Over any window of T
    seconds at most ``burst + rate * T`` calls start.
    """
    level = min(bucket.burst, bucket.level + (now - bucket.at) * bucket.rate) - 1.0
    return Bucket(bucket.rate, bucket.burst, level, now), now + max(0.0, -level / bucket.rate)
