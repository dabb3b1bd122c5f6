"""What one program may ask of each host, and when: the model beside ``kick_proto.pace``, by another reckoning.

The next request may start when the theoretical arrival time of the one after the last is near enough. What has left is
kept besides, and every window of it is counted.

Source: ITU-T I.371, the generic cell rate algorithm, which allows what a token bucket allows.
"""

from collections import deque
from math import inf

from kick_proto.endpoints.call import Host
from kick_proto.testing.simulation.laws import Law, Violation

__all__ = ["ROUNDING", "SLACK", "Pacing"]

SLACK = 1e-6
"""Seconds, and requests: what reckoning in another order may change."""

ROUNDING = 1e-9
"""Seconds that are no wait: what is left of a moment that is worked out in another order."""

MOST_STARTS = 64
"""Starts that are kept for each host: windows that begin further back are not looked at."""


class Pacing:
    """See the module's docstring; ``rate`` is requests a second, ``burst`` how many at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._arrival = dict.fromkeys(Host, -inf)
        self._held_until = dict.fromkeys(Host, 0.0)
        self._limits = dict.fromkeys(Host, 0)
        self._starts: dict[Host, deque[float]] = {host: deque(maxlen=MOST_STARTS) for host in Host}

    def start(self, host: Host, now: float) -> float | None:
        """Begin a request, or say when one may begin; None is now."""
        if self._held_until[host] > now + ROUNDING:
            return self._held_until[host]
        at = self._arrival[host] - (self._burst - 1.0) / self._rate
        if at > now + ROUNDING:
            return at
        self._arrival[host] = max(self._arrival[host], now) + 1.0 / self._rate
        return None

    def limits(self, host: Host) -> int:
        """How many 429s in a row there were."""
        return self._limits[host]

    def hold(self, host: Host, until: float) -> None:
        """The host wants to be left alone until then."""
        self._limits[host] += 1
        self._held_until[host] = max(self._held_until[host], until)

    def relent(self, host: Host) -> None:
        """The host has answered otherwise."""
        self._limits[host] = 0

    def see(self, host: Host, now: float) -> None:
        """A request has left.

        Raises:
            Violation: it should not have.
        """
        if now < self._held_until[host] - SLACK:
            raise Violation(Law.PAUSES, f"{host.value} is asked {self._held_until[host] - now:g} s too early")
        starts = self._starts[host]
        starts.append(now)
        for back, at in enumerate(reversed(starts), 1):
            if back > self._burst + self._rate * (now - at) + SLACK:
                raise Violation(Law.PACE, f"{back} requests to {host.value} within {now - at:g} s")
