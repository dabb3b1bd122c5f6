"""Calls over HTTP, performed: in order, at a polite pace, tried again where that is right, and read.

``Client`` takes any ``Call`` and answers each with one ``Replied`` or ``Refused`` under the ref that ``submit`` gave.
Each host has a line of its own: calls go in the order in which they were submitted, so many a second and so many at a
time. What follows a try that failed stands in ``policy``; while one call waits for its next try later ones go first,
and while a host asks for a pause (429) they all wait.

Each try is a ``Fetch`` under a ref of its own, so an answer that comes after the client gave up on a try is nobody's.
The token is attached when a try starts: one that was changed in between is used in its new form.

Every wait ends: a try by the total timeout, and a call that is in no flight ``hold`` seconds after it was submitted.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, TypeAlias

import msgspec

from kick_proto.agenda import Agenda
from kick_proto.backoff import Advice, Backoff, delay
from kick_proto.bucket import Bucket
from kick_proto.endpoints.call import Auth, Call, Host, Sites
from kick_proto.errors import LocalProtocolError, NotFound
from kick_proto.http import MAX_BODY, Fetch, HttpInput, HttpOutput, Pairs, Responded, Response, Timeouts
from kick_proto.machine import Cancel, Rng
from kick_proto.outcomes import Failure, Outcome, classify, redacted, too_large
from kick_proto.pace import Pace
from kick_proto.rest.lanes import Job, Lane
from kick_proto.rest.policy import Ending, Next, ending_of, next_after, pause_after
from kick_proto.rest.redirects import STATUSES, Elsewhere, led_to
from kick_proto.rest.requests import request_for
from kick_proto.rest.states import ARMED, LANE_ARMED, TRANSITIONS, LaneState, Signal, State, Timer
from kick_proto.secret import Secret

__all__ = ["Client", "Config", "Refs", "Refused", "Replied", "RestEvent"]

MOST_REDIRECTS = 3
"""Redirects that one call follows."""
LONGEST = 300
"""Characters of somebody else's words that are kept."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """How to call. Times are seconds.

    ``rate``, ``burst`` and ``in_flight`` are for each host by itself: requests a second, at once after a rest, and at
    the same time; with one at a time, replies come in the order of the calls. ``backoff`` is for each call by itself,
    so that its ``stable_after`` is of no use here.

    A 429 that names no time pauses its host for ``pause``, doubled by each further one in a row up to
    ``longest_pause``; one that names a longer time is not waited for. A call whose last try has not begun ``hold``
    after it was submitted is refused. ``max_queued`` bounds the calls that are open.

    ``headers`` are sent to every host, before those of ``rest.requests``; names in lower case.
    """

    sites: Sites = Sites()
    rate: float = 1.0
    burst: float = 1.0
    in_flight: int = 1
    backoff: Backoff = Backoff(retries=3)
    pause: float = 5.0
    longest_pause: float = 60.0
    hold: float = 120.0
    max_queued: int = 1_000
    max_body: int = MAX_BODY
    timeouts: Timeouts = Timeouts()
    headers: Pairs = ()

    def __post_init__(self) -> None:
        Bucket(self.rate, self.burst, self.burst)
        for name in ("in_flight", "max_queued", "max_body"):
            if not getattr(self, name) >= 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")
        if not 0 < self.pause <= self.longest_pause:
            raise ValueError(f"pauses need 0 < pause <= longest_pause, not {self.pause}, {self.longest_pause}")
        if not 0 < self.hold < inf:
            raise ValueError(f"hold is seconds above 0, not {self.hold}")


class Replied(msgspec.Struct, frozen=True):
    """A call has its result."""

    ref: int
    value: Any


class Refused(msgspec.Struct, frozen=True):
    """A call has none, and will not have one.

    ``credential`` is the number of the token that was sent with its last try, as ``Client.credential`` counts them; 0
    where none of those was sent.
    """

    ref: int
    failure: Failure
    credential: int = 0


RestEvent: TypeAlias = Replied | Refused


class Refs:
    """Numbers that are given out once: machines below one parent share it, so that none takes another's answer."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """A number that was not given out before; the first is 1."""
        self._last += 1
        return self._last


class Client:
    """The machine; see the module's docstring. ``refs`` and ``pace`` may be shared with other clients."""

    def __init__(
        self, config: Config | None = None, *, rng: Rng, refs: Refs | None = None, pace: Pace | None = None
    ) -> None:
        self._config = config = config if config is not None else Config()
        self._rng = rng
        self._refs = refs if refs is not None else Refs()
        self._jobs: dict[int, Job] = {}
        self._fetches: dict[int, Job] = {}
        self._pace = pace if pace is not None else Pace(config.rate, config.burst)
        self._lanes = {host: Lane(-number, host) for number, host in enumerate(Host, 1)}
        self._agenda: Agenda[Timer] = Agenda(Timer)
        self._outputs: deque[HttpOutput] = deque()
        self._events: list[RestEvent] = []
        self._token: Secret | None = None
        self._credential = 0
        self._closed = False

    # Commands

    def submit(self, now: float, call: Call[Any]) -> int:
        """Make a call; one ``Replied`` or ``Refused`` with the ref that this gives follows.

        Raises:
            LocalProtocolError: the client is closed, or too many calls are open.
        """
        if self._closed:
            raise LocalProtocolError("cannot submit: this client is closed; make a new one")
        if len(self._jobs) >= self._config.max_queued:
            raise LocalProtocolError(f"cannot submit: {len(self._jobs)} calls are open already; wait for some of them")
        job = Job(self._refs.next(), call, now + self._config.hold)
        self._jobs[job.ref] = job
        self._line_up(now, job)
        self._settle(now)
        return job.ref

    def abandon(self, now: float, *refs: int) -> None:
        """Want calls no longer: nothing is heard of them any more. A ref that is not known changes nothing.

        Of those that are abandoned together, none begins in the place of another.
        """
        jobs = [job for ref in refs if (job := self._jobs.get(ref)) is not None]
        for job in jobs:
            self._cancel(job)
            self._end(job)
        if jobs:
            self._settle(now)

    def set_token(self, now: float, token: Secret | None) -> None:
        """Send this access token with every try from now on; with None, calls that need one are refused."""
        self._credential += 1
        self._token = token
        for job in list(self._jobs.values()):
            if job.state is not State.IN_FLIGHT and not self._may_ask(job.call):
                self._give_up(now, job, LOGGED_OUT)
        self._settle(now)

    def close(self, now: float) -> None:
        """End for good; every open call is refused."""
        for job in list(self._jobs.values()):
            self._cancel(job)
            self._refuse(job, CLOSED)
        for lane in self._lanes.values():
            self._stand(lane, LaneState.IDLE)
        self._closed = True

    # What can be asked

    @property
    def credential(self) -> int:
        """The number of the token in use: how many times one was set."""
        return self._credential

    @property
    def states(self) -> Mapping[int, State]:
        """Where each open call stands, by its ref."""
        return {job.ref: job.state for job in self._jobs.values()}

    @property
    def lanes(self) -> Mapping[Host, LaneState]:
        """Where each host stands."""
        return {host: lane.state for host, lane in self._lanes.items()}

    def timers_of(self, subject: int | Host) -> frozenset[Timer]:
        """The timers of a call or of a host that are running."""
        number = self._lanes[subject].number if isinstance(subject, Host) else subject
        return frozenset(timer for timer, ref in self._agenda.running() if ref == number)

    # The machine interface

    def handle_input(self, now: float, received: HttpInput) -> None:
        """Take in what became of an exchange; an answer to what is not awaited (any more) changes nothing."""
        job = self._fetches.get(received.ref)
        if job is None:
            return
        if isinstance(received, Responded):
            self._on_response(now, job, received.response, received.unix_now)
        else:
            ending = Ending.UNANSWERED if received.sent else Ending.UNSENT
            self._on_failure(now, job, ending, _unreachable(_said(received.reason)))
        self._settle(now)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due."""
        fired = False
        for timer, ref in self._agenda.pop_due(now):
            EXPIRIES[timer](self, now, ref)
            fired = True
        if fired:
            self._settle(now)

    def poll_output(self) -> HttpOutput | None:
        """Pop the next output."""
        return self._outputs.popleft() if self._outputs else None

    def poll_event(self) -> RestEvent | None:
        """Pop one event."""
        return self._events.pop(0) if self._events else None

    def take_events(self) -> list[RestEvent]:
        """Pop all events."""
        events, self._events = self._events, []
        return events

    def poll_timeout(self) -> float | None:
        """The earliest deadline."""
        return self._agenda.next_at()

    @property
    def wants_input(self) -> bool:
        """Always: it hears of what it asked for, and no more."""
        return True

    @property
    def closed(self) -> bool:
        """True after ``close``."""
        return self._closed

    # Reactions to what came of a try

    def _on_response(self, now: float, job: Job, response: Response, unix_now: float) -> None:
        failure = classify(response, unix_now)
        if failure is not None and failure.outcome is Outcome.RATE_LIMITED:
            self._pause(now, job, failure)
        elif job.began_at >= self._lanes[job.call.host].limited_at:
            self._pace.answered(job.call.host)
        if failure is None:
            self._read(now, job, response)
        elif failure.outcome is Outcome.BAD_RESPONSE and response.status in STATUSES:
            self._on_redirect(now, job, response)
        else:
            self._on_failure(now, job, ending_of(failure, self._config.longest_pause), failure)

    def _pause(self, now: float, job: Job, failure: Failure) -> None:
        """Leave a host alone that has had enough of us."""
        lane, config = self._lanes[job.call.host], self._config
        # Of several that were in flight together, only the first tells something new.
        if job.began_at < lane.limited_at:
            return
        in_a_row = self._pace.pauses(lane.host) + 1
        seconds = pause_after(failure.retry_after, in_a_row, shortest=config.pause, longest=config.longest_pause)
        lane.limited_at, lane.paused_until = now, now + seconds
        self._pace.hold(lane.host, lane.paused_until)

    def _read(self, now: float, job: Job, response: Response) -> None:
        if len(response.body) > self._config.max_body:
            # Who fetched it has not held to the limit.
            self._give_up(now, job, too_large(response))
            return
        try:
            value = job.call.parse(response)
        except NotFound as error:
            told = _said(str(error))
            failure = Failure(outcome=Outcome.NOT_FOUND, message=told, status=error.status, code=error.code)
            self._give_up(now, job, failure)
        except Exception as error:
            # Whatever a parser stumbles over was sent by a peer, and what a peer sends never raises out of here.
            self._give_up(now, job, _bad(response, f"it cannot be read: {_said(str(error)) or type(error).__name__}"))
        else:
            self._end(job)
            self._events.append(Replied(job.ref, value))

    def _on_redirect(self, now: float, job: Job, response: Response) -> None:
        call, base = job.call, self._config.sites.of(job.call.host)
        led = led_to(base + call.path if job.to is None else job.to.address, response)
        if isinstance(led, Elsewhere):
            problem = f"it redirects to {led.origin}"
        elif not (call.redirects and call.method == "GET") or call.host is Host.ID:
            problem = f"it redirects to {base}, and no redirect is followed here"
        elif job.redirects == MOST_REDIRECTS:
            problem = f"it redirects to {base} for the {MOST_REDIRECTS + 1}th time"
        else:
            job.to = led
            job.redirects += 1
            self._line_up(now, job)
            return
        self._give_up(now, job, _bad(response, problem))

    def _on_failure(self, now: float, job: Job, ending: Ending, failure: Failure) -> None:
        config, lane = self._config, self._lanes[job.call.host]
        job.failures += 1
        job.failure = failure
        following = next_after(
            ending, repeatable=job.call.repeatable, failures=job.failures, retries=config.backoff.retries
        )
        if following is Next.PAUSE and lane.paused_until < job.until:
            self._line_up(now, job)
            return
        if following is Next.BACK_OFF:
            wait = delay(config.backoff, job.failures, Advice.BACK_OFF, self._rng)
            at = now + max(wait, failure.retry_after or 0.0)
            if at < job.until:
                self._move(job, Signal.BACK_OFF)
                self._agenda.start(Timer.RETRY, job.ref, at)
                self._agenda.start(Timer.HOLD, job.ref, job.until)
                return
        self._give_up(now, job, failure)

    # Reactions to time

    def _on_no_answer(self, now: float, ref: int) -> None:
        job = self._jobs[ref]
        self._cancel(job)
        problem = f"no answer within {self._config.timeouts.total:g} s"
        self._on_failure(now, job, Ending.UNANSWERED, _unreachable(problem))

    def _on_held_too_long(self, now: float, ref: int) -> None:
        job = self._jobs[ref]
        held = f"not sent within {self._config.hold:g} s"
        if job.failure is not None:
            failure = job.failure
        elif self._pace.pauses(job.call.host):
            failure = Failure(outcome=Outcome.RATE_LIMITED, message=f"{held}: the server wants a pause")
        else:
            failure = _unreachable(f"{held}: other calls were before it")
        self._refuse(job, failure)

    def _on_retry(self, now: float, ref: int) -> None:
        self._line_up(now, self._jobs[ref])

    def _on_go(self, now: float, number: int) -> None:
        """Nothing by itself: whoever's turn it is starts when all that is due has fired."""

    # The lines

    def _line_up(self, now: float, job: Job) -> None:
        """Let a call wait for its turn, among the others in the order in which they were submitted."""
        if not self._may_ask(job.call):
            self._give_up(now, job, LOGGED_OUT)
            return
        self._move(job, Signal.QUEUE)
        insort(self._lanes[job.call.host].queue, job.ref)
        self._agenda.start(Timer.HOLD, job.ref, job.until)

    def _settle(self, now: float) -> None:
        """Start whatever may start, and be there when the next one may."""
        for lane in self._lanes.values():
            self._stand(lane, self._advance(now, lane))

    def _advance(self, now: float, lane: Lane) -> LaneState:
        while lane.queue:
            job = self._jobs[lane.queue[0]]
            if job.until <= now:
                self._on_held_too_long(now, job.ref)
                continue
            if len(lane.flying) >= self._config.in_flight:
                return LaneState.FULL
            at = self._pace.start(lane.host, now)
            if at is not None:
                self._agenda.start(Timer.GO, lane.number, at)
                return LaneState.HELD
            self._start(now, lane, job)
        return LaneState.IDLE

    def _start(self, now: float, lane: Lane, job: Job) -> None:
        call, config = job.call, self._config
        own = self._token if call.bearer is None and call.auth is not Auth.NONE else None
        self._move(job, Signal.START)
        job.fetch, job.began_at = self._refs.next(), now
        job.credential = self._credential if own is not None else 0
        lane.flying.add(job.ref)
        self._fetches[job.fetch] = job
        self._agenda.start(Timer.ANSWER, job.ref, now + config.timeouts.total)
        request = request_for(
            call,
            config.sites.of(call.host),
            headers=config.headers,
            token=own if call.bearer is None else call.bearer,
            to=job.to,
            timeouts=config.timeouts,
            most=config.max_body,
        )
        self._outputs.append(Fetch(job.fetch, request))

    def _may_ask(self, call: Call[Any]) -> bool:
        return call.auth is not Auth.NEEDED or call.bearer is not None or self._token is not None

    # Ends

    def _give_up(self, now: float, job: Job, failure: Failure) -> None:
        """Ask what may be asked in place of a call that has failed for good, or refuse it."""
        for each in job.call.instead:
            if failure.outcome in each.outcomes and now < job.until:
                self._move(job, Signal.REPLACE)
                job.replace(each.call)
                self._line_up(now, job)
                return
        self._refuse(job, failure)

    def _refuse(self, job: Job, failure: Failure) -> None:
        self._end(job)
        self._events.append(Refused(job.ref, failure, job.credential))

    def _end(self, job: Job) -> None:
        self._move(job, Signal.END)
        del self._jobs[job.ref]

    def _cancel(self, job: Job) -> None:
        if job.state is State.IN_FLIGHT:
            self._outputs.append(Cancel(job.fetch))

    def _move(self, job: Job, signal: Signal) -> None:
        was, job.state = job.state, TRANSITIONS[job.state, signal]
        lane = self._lanes[job.call.host]
        if was is State.QUEUED:
            lane.queue.remove(job.ref)
        elif was is State.IN_FLIGHT:
            lane.flying.remove(job.ref)
            del self._fetches[job.fetch]
        for timer in frozenset(Timer) - ARMED[job.state]:
            self._agenda.stop(timer, job.ref)

    def _stand(self, lane: Lane, state: LaneState) -> None:
        lane.state = state
        for timer in frozenset(Timer) - LANE_ARMED[state]:
            self._agenda.stop(timer, lane.number)


EXPIRIES: Mapping[Timer, Callable[[Client, float, int], None]] = {
    Timer.ANSWER: Client._on_no_answer,
    Timer.HOLD: Client._on_held_too_long,
    Timer.RETRY: Client._on_retry,
    Timer.GO: Client._on_go,
}
"""What each timer does when it fires, for a call or a host."""

LOGGED_OUT = Failure(outcome=Outcome.UNAUTHORIZED, message="there is no access token: log in first")
CLOSED = Failure(outcome=Outcome.UNREACHABLE, message="closed before there was an answer")


def _unreachable(problem: str) -> Failure:
    return Failure(outcome=Outcome.UNREACHABLE, message=problem)


def _bad(response: Response, problem: str) -> Failure:
    message = f"HTTP {response.status}, {Outcome.BAD_RESPONSE.value}: {problem}"
    return Failure(outcome=Outcome.BAD_RESPONSE, message=message, status=response.status)


def _said(text: str) -> str:
    """Somebody else's words, short and without secrets."""
    return redacted(text, most=4 * LONGEST)[:LONGEST]
