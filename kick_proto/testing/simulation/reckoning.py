"""What must follow the end of a connection, reckoned from its code and from what was before.

A second statement of the policy, in other words than ``redial``: the two must agree at every end.
"""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from kick_proto.backoff import Backoff
from kick_proto.provider import Endpoint

__all__ = ["Dial", "Over", "Reckoning", "Verdict", "Wait"]


class Dial(msgspec.Struct, frozen=True):
    """Dial this host in the same step."""

    host: str


class Wait(msgspec.Struct, frozen=True):
    """Dial this host after a wait of so many seconds."""

    host: str
    least: float
    most: float


class Over(msgspec.Struct, frozen=True):
    """Dial no more."""


Verdict: TypeAlias = Dial | Wait | Over

WRONG, STOP, PAUSE, AT_ONCE, OTHER = "wrong", "stop", "pause", "at once", "other"

KINDS: Mapping[int, str] = {40: STOP, 41: PAUSE, 42: AT_ONCE}
"""Close codes by their hundreds. Source: Spec: "Error codes"."""


def _kind(code: int) -> str:
    return WRONG if code == 4001 else KINDS.get(code // 100, OTHER)


class Reckoning:
    """The failures in a row, and the walk through the clusters."""

    def __init__(self, endpoints: tuple[Endpoint, ...], policy: Backoff) -> None:
        self._all = [endpoint.host for endpoint in endpoints]
        self._clusters = {endpoint.host: endpoint.cluster for endpoint in endpoints}
        self._policy = policy
        self._failures = 0
        self._home: str | None = None
        self._ahead = self._all[1:]
        self._wrong: set[str] = set()
        self.host = self._all[0]

    @property
    def cluster(self) -> str:
        """The name of the host that is dialled."""
        return self._clusters[self.host]

    def worked(self) -> None:
        """The host has done the handshake."""
        self._home = self.host

    def after(self, code: int, uptime: float | None) -> Verdict:
        """Reckon what follows; ``uptime`` is None where the connection never was up."""
        if uptime is not None and uptime >= self._policy.stable_after:
            self._failures = 0
        kind = _kind(code)
        if kind is STOP:
            return Over()
        if kind is WRONG:
            return self._after_wrong()
        if kind is OTHER and uptime is None and self._home is None and self._ahead:
            return self._step()
        if self._home is None:
            self._begin(self._all)
        return self._pause(kind)

    def _after_wrong(self) -> Verdict:
        left_home, self._home = self._home, None
        if left_home is not None:
            self._begin([left_home, *(host for host in self._all if host != left_home)])
        self._wrong.add(self.host)
        if self._ahead:
            dial = self._step()
            return dial if left_home is None else self._pause(AT_ONCE)
        if len(self._wrong) == len(self._all):
            return Over()
        self._begin(self._all)
        return self._pause(OTHER)

    def _begin(self, hosts: list[str]) -> None:
        self.host, *self._ahead = hosts
        self._wrong = set()

    def _step(self) -> Dial:
        self.host = self._ahead.pop(0)
        return Dial(self.host)

    def _pause(self, kind: str) -> Verdict:
        policy = self._policy
        self._failures += 1
        if policy.retries is not None and self._failures > policy.retries:
            return Over()
        if kind is AT_ONCE and self._failures == 1:
            return Dial(self.host)
        most = min(policy.cap, policy.base * 2.0 ** min(self._failures - 1, 60))
        least = most if policy.jitter == "none" else 0.0
        floor = 1.0 if kind is PAUSE else 0.0
        return Wait(self.host, max(floor, least), max(floor, most))
