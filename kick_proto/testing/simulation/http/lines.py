"""The calls of one client as they must go: who waits, who is under way, what the next moment is, what ends.

A model beside ``rest.Client``, told what the client is told. It keeps every open call in one of four phases, and works
out from them what must leave (``starts``), what must be given up (``cancels``) and what must be told (``ended``). It
knows responses by ``outcomes.classify`` and bodies by the call's own ``parse``, and nothing of the machine.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from math import inf
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.errors import NotFound
from kick_proto.http import HttpInput, Responded, Response, Unanswered
from kick_proto.machine import Rng
from kick_proto.outcomes import Failure, Outcome, classify
from kick_proto.rest import MOST_REDIRECTS, Config
from kick_proto.testing.simulation.http.pacing import ROUNDING, Pacing

__all__ = ["FAILED", "Ended", "Errand", "Lines", "Phase"]

FAILED: Mapping[Outcome, Failure] = {outcome: Failure(outcome=outcome, message="") for outcome in Outcome}
"""What the model says itself of a call that comes to nothing: how, without a word."""


class Phase(Enum):
    """Where a call stands: in a line, under way, or waiting for its next try."""

    QUEUED = "queued"
    FLYING = "flying"
    WAITING = "waiting"
    OVER = "over"


class Errand:
    """One call; ``name`` is how its requests are known, ``ref`` how the application knows it.

    ``failures`` counts tries; ``wanted`` is what was asked for, ``call`` what is asked now, perhaps in its place.
    ``began_at`` and ``fetch`` are of the latest try: when it left, and under which ref, which the machine chose.
    ``purpose`` and ``replayed`` are for who asks in the name of somebody.
    """

    __slots__ = (
        "began_at", "call", "credential", "failure", "failures", "fetch", "name", "phase", "purpose", "redirects",
        "ref", "replayed", "retry_at", "until", "wanted",
    )  # fmt: skip

    until: float
    phase: Phase
    began_at: float
    retry_at: float
    fetch: int

    def __init__(self, name: str, call: Call[Any], ref: int = 0, purpose: object = None) -> None:
        self.name = name
        self.wanted = call
        self.ref = ref
        self.purpose = purpose
        self.replayed = False
        self.ask(call)

    def begin(self, until: float) -> None:
        """Be made, for the first time or once more."""
        self.until = until
        self.ask(self.wanted)

    def ask(self, call: Call[Any]) -> None:
        """Ask for this from now on: for what is wanted, or for what may stand in its place."""
        self.call = call
        self.failures = self.redirects = self.credential = 0
        self.failure: Failure | None = None

    @property
    def wants_token(self) -> bool:
        """Whether the account's token goes along where there is one."""
        return self.call.auth is not Auth.NONE and self.call.bearer is None


class Ended(msgspec.Struct):
    """The end of a call: its result, or why there is none."""

    errand: Errand
    failure: Failure | None = None
    value: Any = None
    unix_now: float = 0.0


class Lines:
    """The model; see the module's docstring. ``rng`` draws what the client's own draws."""

    def __init__(self, config: Config, pacing: Pacing, rng: Rng, in_flight: int) -> None:
        self.open: list[Errand] = []
        self.starts: list[Errand] = []
        self.cancels: list[Errand] = []
        self.ended: list[Ended] = []
        self.has_token = False
        self.credential = 0
        self._config = config
        self._pacing = pacing
        self._rng = rng
        self._in_flight = in_flight
        self._limited_at = dict.fromkeys(Host, -inf)
        self._paused_until: dict[Host, float] = {}
        self._go_at: dict[Host, float] = {}

    # What the client is told

    def submit(self, now: float, errand: Errand) -> None:
        """Make a call."""
        errand.begin(now + self._config.hold)
        self.open.append(errand)
        self._line_up(now, errand)
        self._settle(now)

    def abandon(self, now: float, errands: Sequence[Errand]) -> None:
        """Want these no longer, which are open."""
        for errand in errands:
            self._cancel(errand)
            self._end(errand)
        if errands:
            self._settle(now)

    def set_token(self, now: float, *, has_one: bool) -> None:
        """Have a token, or none."""
        self.credential += 1
        self.has_token = has_one
        for errand in list(self.open):
            if errand.phase is not Phase.FLYING and not self._may_ask(errand):
                self._give_up(now, errand, FAILED[Outcome.UNAUTHORIZED])
        self._settle(now)

    def close(self) -> None:
        """End for good."""
        for errand in list(self.open):
            self._cancel(errand)
            self._refuse(errand, FAILED[Outcome.UNREACHABLE])
        self._go_at.clear()

    def hear(self, now: float, received: HttpInput) -> None:
        """Take in what became of an exchange; of what is not under way any more, nothing."""
        errand = next((each for each in self._in(Phase.FLYING) if each.fetch == received.ref), None)
        if errand is None:
            return
        if isinstance(received, Unanswered):
            self._on_failure(now, errand, FAILED[Outcome.UNREACHABLE], is_safe=not received.sent)
        else:
            self._on_response(now, errand, received)
        self._settle(now)

    def pass_time(self, now: float) -> None:
        """Let happen what is due: first what has had no answer, then what has waited too long, then new tries."""
        flying = [each for each in self._in(Phase.FLYING) if self._answer_by(each) <= now]
        held = [each for each in self._in(Phase.QUEUED, Phase.WAITING) if each.until <= now]
        waiting = [each for each in self._in(Phase.WAITING) if each.retry_at <= now]
        is_due = bool(flying or held or waiting) or any(at <= now + ROUNDING for at in self._go_at.values())
        for errand in flying:
            self._cancel(errand)
            self._on_failure(now, errand, FAILED[Outcome.UNREACHABLE])
        for errand in held:
            self._hold_no_longer(errand)
        for errand in waiting:
            if errand.phase is Phase.WAITING:
                self._line_up(now, errand)
        if is_due:
            self._settle(now)

    def next_at(self) -> float | None:
        """When something is due next."""
        moments = [*self._go_at.values()]
        for errand in self.open:
            moments.append(self._answer_by(errand) if errand.phase is Phase.FLYING else errand.until)
            if errand.phase is Phase.WAITING:
                moments.append(errand.retry_at)
        return min(moments, default=None)

    # What follows a try

    def _on_response(self, now: float, errand: Errand, received: Responded) -> None:
        response, host = received.response, errand.call.host
        failure = classify(response, received.unix_now)
        if failure is not None and failure.outcome is Outcome.RATE_LIMITED:
            self._leave_alone(now, errand, failure)
        elif errand.began_at >= self._limited_at[host]:
            self._pacing.relent(host)
        if failure is None:
            self._read(now, errand, response, received.unix_now)
        elif failure.outcome is Outcome.RATE_LIMITED:
            self._on_limit(now, errand, failure)
        elif failure.outcome is Outcome.SERVER_ERROR:
            self._on_failure(now, errand, failure)
        elif failure.outcome is Outcome.BAD_RESPONSE and self._is_followed(errand, response):
            errand.redirects += 1
            self._line_up(now, errand)
        else:
            self._give_up(now, errand, failure)

    def _read(self, now: float, errand: Errand, response: Response, unix_now: float) -> None:
        if len(response.body) > self._config.max_body:
            self._give_up(now, errand, FAILED[Outcome.BAD_RESPONSE])
            return
        try:
            value = errand.call.parse(response)
        except NotFound:
            self._give_up(now, errand, FAILED[Outcome.NOT_FOUND])
        except Exception:
            self._give_up(now, errand, FAILED[Outcome.BAD_RESPONSE])
        else:
            self._end(errand)
            self.ended.append(Ended(errand, value=value, unix_now=unix_now))

    def _leave_alone(self, now: float, errand: Errand, failure: Failure) -> None:
        """Of several requests that were under way together, only the first 429 counts."""
        host, config = errand.call.host, self._config
        if errand.began_at >= self._limited_at[host]:
            doubled = config.pause * 2.0 ** min(self._pacing.limits(host), 64)
            pause = min(config.longest_pause, doubled if failure.retry_after is None else failure.retry_after)
            self._limited_at[host], self._paused_until[host] = now, now + pause
            self._pacing.hold(host, now + pause)

    def _on_limit(self, now: float, errand: Errand, failure: Failure) -> None:
        errand.failures += 1
        errand.failure = failure
        is_too_long = failure.retry_after is not None and failure.retry_after > self._config.longest_pause
        is_in_time = self._paused_until[errand.call.host] < errand.until
        if is_too_long or self._is_tried_enough(errand) or not is_in_time:
            self._give_up(now, errand, failure)
        else:
            self._line_up(now, errand)

    def _is_followed(self, errand: Errand, response: Response) -> bool:
        call, here, location = errand.call, self._config.sites.of(errand.call.host), response.header("location")
        is_same = location is not None and urlsplit(urljoin(here, location))[:2] == urlsplit(here)[:2]
        is_allowed = call.redirects and call.method == "GET" and call.host is not Host.ID
        return is_same and is_allowed and errand.redirects < MOST_REDIRECTS

    def _on_failure(self, now: float, errand: Errand, failure: Failure, *, is_safe: bool = False) -> None:
        """No answer, or the server's fault: it waits for another try, where one does no harm and is in time."""
        errand.failures += 1
        errand.failure = failure
        if self._is_tried_enough(errand) or not (errand.call.repeatable or is_safe):
            self._give_up(now, errand, failure)
            return
        backoff = self._config.backoff
        wait = min(backoff.cap, backoff.base * 2.0 ** (errand.failures - 1))
        if backoff.jitter == "full":
            wait *= self._rng.random()
        errand.retry_at = now + max(wait, failure.retry_after or 0.0)
        if errand.retry_at < errand.until:
            errand.phase = Phase.WAITING
        else:
            self._give_up(now, errand, failure)

    def _is_tried_enough(self, errand: Errand) -> bool:
        retries = self._config.backoff.retries
        return retries is not None and errand.failures > retries

    # The lines

    def _line_up(self, now: float, errand: Errand) -> None:
        if self._may_ask(errand):
            errand.phase = Phase.QUEUED
        else:
            self._give_up(now, errand, FAILED[Outcome.UNAUTHORIZED])

    def _settle(self, now: float) -> None:
        """Let start who may, in the order in which they were submitted."""
        for host in Host:
            self._go_at.pop(host, None)
            for errand in self._in(Phase.QUEUED, host=host):
                if errand.until <= now:
                    self._hold_no_longer(errand)
                    continue
                if len(self._in(Phase.FLYING, host=host)) >= self._in_flight:
                    break
                if (at := self._pacing.start(host, now)) is not None:
                    self._go_at[host] = at
                    break
                self._start(now, errand)

    def _start(self, now: float, errand: Errand) -> None:
        errand.phase, errand.began_at = Phase.FLYING, now
        errand.credential = self.credential if self.has_token and errand.wants_token else 0
        self.starts.append(errand)

    def _hold_no_longer(self, errand: Errand) -> None:
        is_limited = self._pacing.limits(errand.call.host) > 0
        outcome = Outcome.RATE_LIMITED if is_limited else Outcome.UNREACHABLE
        self._refuse(errand, errand.failure or FAILED[outcome])

    def _may_ask(self, errand: Errand) -> bool:
        return errand.call.auth is not Auth.NEEDED or errand.call.bearer is not None or self.has_token

    def _in(self, *phases: Phase, host: Host | None = None) -> list[Errand]:
        return [each for each in self.open if each.phase in phases and host in (None, each.call.host)]

    def _answer_by(self, errand: Errand) -> float:
        return errand.began_at + self._config.timeouts.total

    # Ends

    def _give_up(self, now: float, errand: Errand, failure: Failure) -> None:
        """Ask for what may stand in the place of what was asked, if anything may."""
        for each in errand.call.instead:
            if failure.outcome in each.outcomes and now < errand.until:
                errand.ask(each.call)
                self._line_up(now, errand)
                return
        self._refuse(errand, failure)

    def _cancel(self, errand: Errand) -> None:
        if errand.phase is Phase.FLYING:
            self.cancels.append(errand)

    def _refuse(self, errand: Errand, failure: Failure) -> None:
        self._end(errand)
        self.ended.append(Ended(errand, failure))

    def _end(self, errand: Errand) -> None:
        errand.phase = Phase.OVER
        self.open.remove(errand)
