"""How fast each of Kick's hosts may be asked, by all who share one ``Pace``.

A bucket for each host, and the moment until which a host has asked to be left alone. What is shared is shared by
address: two clients of one program reach Kick from the same one.
"""

import msgspec

from kick_proto.bucket import Bucket, take
from kick_proto.endpoints.call import Host

__all__ = ["Pace"]

ROUNDING = 1e-9
"""Seconds that are no wait: what is left of a deadline by the arithmetic of floats."""


class _Lane(msgspec.Struct):
    bucket: Bucket
    held_until: float = 0.0
    pauses: int = 0


class Pace:
    """``rate`` requests a second to each host, ``burst`` at once. Times are monotonic seconds.

    Raises:
        ValueError: the rate is not above 0, or the burst below 1.
    """

    __slots__ = ("_lanes",)

    def __init__(self, rate: float = 1.0, burst: float = 1.0) -> None:
        self._lanes = {host: _Lane(Bucket(rate, burst, burst)) for host in Host}

    def start(self, host: Host, now: float) -> float | None:
        """Begin a request now, or say when to ask again (above ``now``); None is go."""
        lane = self._lanes[host]
        if lane.held_until > now + ROUNDING:
            return lane.held_until
        bucket, at = take(lane.bucket, now)
        if at > now + ROUNDING:
            return at
        lane.bucket = bucket
        return None

    def hold(self, host: Host, until: float) -> None:
        """Leave the host alone until then."""
        lane = self._lanes[host]
        lane.held_until = max(lane.held_until, until)
        lane.pauses += 1

    def answered(self, host: Host) -> None:
        """It did not ask to be left alone."""
        self._lanes[host].pauses = 0

    def pauses(self, host: Host) -> int:
        """How often in a row it has asked to be left alone."""
        return self._lanes[host].pauses
