"""Which endpoint comes next, and when: what a session does about the end of a connection.

An endpoint has *worked* only when the provider's handshake was done there; that one is then kept. Until one has,
each attempt walks through the candidates in order: one that refuses the app, or cannot be reached, gives way to the
next at once; a walk without success is one failure and is followed by back-off. When every candidate of one walk
said that it does not serve the app, there is nothing left to try.

No clock and no timer in here: the session tells how long a connection was up, and waits.
"""

from typing import TypeAlias

import msgspec

from kick_proto.backoff import Advice, Backoff, delay
from kick_proto.machine import Rng
from kick_proto.provider import Disconnected, Endpoint, Provider

__all__ = ["Again", "Redial", "Surrender", "Verdict"]


class Again(msgspec.Struct, frozen=True):
    """Dial ``Redial.endpoint`` after so many seconds; 0.0 is at once."""

    delay: float


class Surrender(msgspec.Struct, frozen=True):
    """Do not dial again."""

    reason: str


Verdict: TypeAlias = Again | Surrender


class Redial:
    """The memory behind the decision: the endpoint in use, the walk through the others, the failures in a row."""

    def __init__(self, provider: Provider, policy: Backoff, rng: Rng) -> None:
        self._name = provider.name
        self._candidates = provider.endpoints
        self._policy = policy
        self._rng = rng
        self._failures = 0
        self._settled = False
        self._endpoint, *self._untried = self._candidates
        self._refusals = 0

    @property
    def endpoint(self) -> Endpoint:
        """Where to dial."""
        return self._endpoint

    def established(self) -> None:
        """The endpoint has worked: keep it."""
        self._settled = True

    def after(self, end: Disconnected, uptime: float | None) -> Verdict:
        """Decide what follows the end of a connection that was up for ``uptime`` seconds (None: never)."""
        if uptime is not None and uptime >= self._policy.stable_after:
            self._failures = 0
        match end.advice:
            case Advice.STOP:
                return Surrender(f"{self._endpoint.cluster} refused for good: {_said(end)}")
            case Advice.WRONG_ENDPOINT:
                return self._after_refusal(end)
            case Advice.NEXT_ENDPOINT if not self._settled and self._untried:
                self._endpoint = self._untried.pop(0)
                return Again(0.0)
            case advice:
                return self._back_off(end, advice)

    def _after_refusal(self, end: Disconnected) -> Verdict:
        # An endpoint that has worked, and says now that it doesn't serve the app: look for its new home among the
        # others, but count it, or two that take turns in this would be dialled for ever without a pause.
        had_worked, self._settled = self._settled, False
        if had_worked:
            here = self._endpoint
            self._walk((here, *(endpoint for endpoint in self._candidates if endpoint != here)))
        self._refusals += 1
        if self._untried:
            self._endpoint = self._untried.pop(0)
            return self._count(end, Advice.AT_ONCE) if had_worked else Again(0.0)
        if self._refusals == len(self._candidates):
            tried = ", ".join(endpoint.cluster for endpoint in self._candidates)
            return Surrender(f"{self._name} is not served by any cluster tried ({tried}): {_said(end)}")
        return self._back_off(end, Advice.BACK_OFF)

    def _back_off(self, end: Disconnected, advice: Advice) -> Verdict:
        if not self._settled:
            self._walk(self._candidates)
        return self._count(end, advice)

    def _count(self, end: Disconnected, advice: Advice) -> Verdict:
        self._failures += 1
        retries = self._policy.retries
        if retries is not None and self._failures > retries:
            attempts = "1 retry" if retries == 1 else f"{retries} retries"
            return Surrender(f"no stable connection after {attempts}; the last one: {_said(end)}")
        return Again(delay(self._policy, self._failures, advice, self._rng))

    def _walk(self, endpoints: tuple[Endpoint, ...]) -> None:
        self._endpoint, *self._untried = endpoints
        self._refusals = 0


def _said(end: Disconnected) -> str:
    return f"{end.code} {end.reason}".rstrip()
