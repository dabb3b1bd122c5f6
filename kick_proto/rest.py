"""Calls over HTTP: in order, no faster than allowed, again where that helps, and never without an end.

A ``Client`` takes calls (``endpoints.call.Call``) and tells of each, once, ``Replied`` with what it was parsed to or
``Refused`` with why not. To each host it sends one request at a time and one a second, in the order of the calls.
A 429 holds back all calls to that host, as long as it says or five seconds; a 5xx or a lost answer holds back that one
call, by exponential back-off, if it may be repeated. Every other answer is final.

It draws chance from ``rng`` for the jitter alone, and knows no clock, no socket and no login: a token is set from
outside, and what is done about one that is refused is ``account``'s matter.

Source: Docs: KickEngineering/KickDevDocs, "API"; Spec: RFC 9110; Guess: the rate, for Kick publishes none.
"""

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum
from typing import Any, TypeAlias, assert_never
from urllib.parse import urljoin, urlsplit

import msgspec

from kick_proto import __version__
from kick_proto.agenda import Agenda
from kick_proto.backoff import Advice, Backoff, delay
from kick_proto.bucket import Bucket
from kick_proto.endpoints.call import Auth, Call, Host, Sites
from kick_proto.errors import LocalProtocolError, NotFound, RemoteProtocolError
from kick_proto.http import (
    MAX_BODY,
    Fetch,
    HttpInput,
    HttpOutput,
    Pairs,
    Request,
    Responded,
    Response,
    Timeouts,
    Unanswered,
)
from kick_proto.machine import Cancel, Rng
from kick_proto.outcomes import Failure, Outcome, classify
from kick_proto.pace import Pace
from kick_proto.secret import Secret

__all__ = ["Client", "Config", "Refs", "Refused", "Replied", "RestEvent", "Stage", "Timer"]

BROWSER: Pairs = (
    (
        "user-agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/140.0.0.0 Safari/537.36",
    ),
    ("accept", "application/json"),
    ("accept-language", "en-US,en;q=0.9"),
    ("referer", "https://kick.com/"),
)
"""What the web page's own requests look like. Source: Seen: clients that pass the edge, 2026."""
PROGRAM: Pairs = (("user-agent", f"kick-proto/{__version__}"), ("accept", "application/json"))
HEADERS: Mapping[Host, Pairs] = {Host.API: PROGRAM, Host.ID: PROGRAM, Host.SITE: BROWSER, Host.WEB: BROWSER}

MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may be told; times are seconds.

    ``rate`` and ``burst`` limit the requests to each host, ``in_flight`` how many of them may be open. ``backoff`` is
    for what has failed, its ``retries`` for every call. ``pause`` is for a 429 that names no time, doubled with each
    further one up to ``longest_pause``; what asks for more is not waited for. ``hold`` is how long a call may wait in
    all before its last try begins, ``max_queued`` how many calls may be open.
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
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        Bucket(self.rate, self.burst, self.burst)
        if self.in_flight < 1 or self.max_queued < 1:
            raise ValueError("in_flight and max_queued are counts of at least 1")
        if not (0 < self.pause <= self.longest_pause and self.hold > 0):
            raise ValueError("pause, longest_pause and hold are seconds above 0, and pause is not the longest")


class Replied(msgspec.Struct, frozen=True):
    """The call of that ref has succeeded; ``value`` is what it was parsed to."""

    ref: int
    value: Any


class Refused(msgspec.Struct, frozen=True):
    """The call of that ref has failed for good.

    ``credential`` numbers the token that it was last sent with (``Client.credential``), 0 where it was sent with none.
    """

    ref: int
    failure: Failure
    credential: int = 0


RestEvent: TypeAlias = Replied | Refused


class Refs:
    """Numbers that nobody else has; machines below one parent share one."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """The next number, from 1."""
        self._last += 1
        return self._last


class Stage(Enum):
    """Where a call stands."""

    QUEUED = "queued"
    IN_FLIGHT = "in flight"
    WAITING = "waiting"
    """For its next try."""


class Timer(IntEnum):
    """What a client waits for, in firing order: an answer, a call's end, its next try, a host's next turn."""

    ANSWER = 1
    HOLD = 2
    RETRY = 3
    START = 4


class Remedy(Enum):
    """What may help against a failure."""

    PAUSE = "pause"
    """Leave the whole host alone. What was refused so was not done, and can be asked again whatever it is."""
    BACK_OFF = "back off"
    """Ask again later, if it may be done twice."""


REMEDIES: Mapping[Outcome, Remedy] = {
    Outcome.RATE_LIMITED: Remedy.PAUSE,
    Outcome.SERVER_ERROR: Remedy.BACK_OFF,
    Outcome.UNREACHABLE: Remedy.BACK_OFF,
}
"""Every other outcome is final."""

_TURN = {host: number for number, host in enumerate(Host)}
"""What a host is called in the agenda."""

UNREADABLE = (
    RemoteProtocolError,
    msgspec.MsgspecError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What a parser may raise over what somebody sent."""


class _Errand(msgspec.Struct):
    """One call on its way to its end; ``failures`` and ``redirects`` count those of the present call."""

    ref: int
    call: Call[Any]
    give_up_at: float
    stage: Stage = Stage.QUEUED
    failures: int = 0
    redirects: int = 0
    url: str | None = None
    """Where the last redirect leads."""
    fetch: int = 0
    credential: int = 0
    last: Failure | None = None


class Client:
    """The machine; see the module's docstring. ``refs`` and ``pace`` may be shared with other clients."""

    def __init__(
        self, config: Config | None = None, *, rng: Rng, refs: Refs | None = None, pace: Pace | None = None
    ) -> None:
        self._config = config = config if config is not None else Config()
        self._rng = rng
        self._refs = refs if refs is not None else Refs()
        self._pace = pace if pace is not None else Pace(config.rate, config.burst)
        self._token: Secret | None = None
        self._credential = 0
        self._closed = False
        self._errands: dict[int, _Errand] = {}
        self._by_fetch: dict[int, _Errand] = {}
        self._queues: dict[Host, deque[_Errand]] = {host: deque() for host in Host}
        self._open = dict.fromkeys(Host, 0)
        self._agenda = Agenda(Timer)
        self._outputs: deque[HttpOutput] = deque()
        self._events: list[RestEvent] = []

    # Commands

    def submit(self, now: float, call: Call[Any]) -> int:
        """Take a call; gives its ref, by which ``Replied`` or ``Refused`` will know it.

        Raises:
            LocalProtocolError: the client is closed, or has too many calls open.
        """
        if self._closed:
            raise LocalProtocolError("cannot call: this client is closed; make a new one")
        if len(self._errands) >= self._config.max_queued:
            raise LocalProtocolError(f"cannot call: {self._config.max_queued} calls are open already (max_queued)")
        errand = _Errand(self._refs.next(), call, now + self._config.hold)
        self._errands[errand.ref] = errand
        self._agenda.start(Timer.HOLD, errand.ref, errand.give_up_at)
        self._enqueue(now, errand)
        return errand.ref

    def abandon(self, now: float, ref: int) -> None:
        """Nobody waits for this call any more: no event will tell of it. It may have been carried out all the same."""
        errand = self._errands.get(ref)
        if errand is not None:
            host = errand.call.host
            self._cancel(errand)
            self._forget(errand)
            self._go(now, host)

    def set_token(self, now: float, token: Secret | None) -> None:
        """Send this access token from now on, also with calls that are waiting; None sends none."""
        self._token = token
        self._credential += 1

    def close(self, now: float) -> None:
        """Refuse every call that is open, and take no more."""
        self._closed = True
        for number in _TURN.values():
            self._agenda.stop(Timer.START, number)
        for errand in list(self._errands.values()):
            self._cancel(errand)
            self._refuse(errand, Failure(outcome=Outcome.UNREACHABLE, message="the client was closed"))

    # What can be asked

    @property
    def credential(self) -> int:
        """The number of the token that is being sent; each ``set_token`` counts."""
        return self._credential

    @property
    def open_count(self) -> int:
        """How many calls are open."""
        return len(self._errands)

    # The machine interface

    def handle_input(self, now: float, received: HttpInput) -> None:
        """Take in what became of an exchange; one that nobody waits for is dropped."""
        errand = self._by_fetch.get(received.ref)
        if errand is None:
            return
        host = errand.call.host
        self._land(errand)
        match received:
            case Responded(response=response, unix_now=unix_now):
                self._on_response(now, errand, response, unix_now)
            case Unanswered(reason=reason, sent=sent):
                self._fail(now, errand, Failure(outcome=Outcome.UNREACHABLE, message=reason), sent=sent)
            case _:
                assert_never(received)
        self._go(now, host)

    def handle_timeout(self, now: float) -> None:
        """Fire every timer that is due."""
        for timer, key in self._agenda.pop_due(now):
            EXPIRIES[timer](self, now, key)

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
        """Always: what comes in is what was asked for, and no more."""
        return True

    @property
    def closed(self) -> bool:
        """True after ``close``."""
        return self._closed

    # From the queue to the wire

    def _enqueue(self, now: float, errand: _Errand) -> None:
        errand.stage = Stage.QUEUED
        self._queues[errand.call.host].append(errand)
        self._go(now, errand.call.host)

    def _go(self, now: float, host: Host) -> None:
        """Send what may be sent now; where more is left, come back when the host's next turn is."""
        queue = self._queues[host]
        self._agenda.stop(Timer.START, _TURN[host])
        while queue and self._open[host] < self._config.in_flight:
            if queue[0].call.auth is Auth.NEEDED and queue[0].call.bearer is None and self._token is None:
                self._refuse_for_want_of_a_token(now, queue.popleft())
            elif (at := self._pace.start(host, now)) is None:
                self._send(now, queue.popleft())
            else:
                self._agenda.start(Timer.START, _TURN[host], at)
                return

    def _send(self, now: float, errand: _Errand) -> None:
        errand.stage = Stage.IN_FLIGHT
        errand.fetch = self._refs.next()
        self._by_fetch[errand.fetch] = errand
        self._open[errand.call.host] += 1
        self._agenda.start(Timer.ANSWER, errand.ref, now + self._config.timeouts.total)
        self._outputs.append(Fetch(errand.fetch, self._request(errand)))

    def _request(self, errand: _Errand) -> Request:
        call, headers = errand.call, HEADERS[errand.call.host]
        token = call.bearer
        errand.credential = 0
        if token is None and call.auth is not Auth.NONE and self._token is not None:
            token, errand.credential = self._token, self._credential
        if token is not None:
            headers = (*headers, ("authorization", Secret(f"Bearer {token.reveal()}")))
        return Request(
            method=call.method,
            address=errand.url or f"{self._config.sites.of(call.host)}{call.path}",
            query=call.query if errand.url is None else (),
            headers=(*headers, *call.headers),
            body=call.body,
            form=call.form,
            timeouts=self._config.timeouts,
        )

    # From the wire to the end

    def _on_response(self, now: float, errand: _Errand, response: Response, unix_now: float) -> None:
        if response.status != 429:
            self._pace.answered(errand.call.host)
        if len(response.body) > MAX_BODY:
            self._fail(now, errand, _bad(response, f"larger than {MAX_BODY:,} bytes"))
        elif response.status in REDIRECTS:
            self._on_redirect(now, errand, response)
        elif (failure := classify(response, unix_now)) is not None:
            self._fail(now, errand, failure)
        else:
            self._parse(now, errand, response)

    def _parse(self, now: float, errand: _Errand, response: Response) -> None:
        try:
            value = errand.call.parse(response)
        except NotFound as error:
            failure = Failure(outcome=Outcome.NOT_FOUND, message=str(error), status=response.status, code=error.code)
            self._fail(now, errand, failure)
        except UNREADABLE as error:
            self._fail(now, errand, _bad(response, str(error) or type(error).__name__))
        else:
            self._forget(errand)
            self._events.append(Replied(errand.ref, value))

    def _on_redirect(self, now: float, errand: _Errand, response: Response) -> None:
        before = errand.url or f"{self._config.sites.of(errand.call.host)}{errand.call.path}"
        target = _redirected(before, response.header("location"))
        if target is None:
            self._fail(now, errand, _bad(response, "redirects to nowhere"))
        elif _origin(target) != _origin(before):
            self._fail(now, errand, _bad(response, f"redirects to another server, {_origin(target)[1]!r}"))
        elif not errand.call.redirects or errand.call.method != "GET":
            self._fail(now, errand, _bad(response, "redirects, and this call must not follow"))
        elif errand.redirects >= MOST_REDIRECTS:
            self._fail(now, errand, _bad(response, f"redirects more than {MOST_REDIRECTS} times"))
        else:
            errand.redirects += 1
            errand.url = target
            self._queue_first(errand)

    def _fail(self, now: float, errand: _Errand, failure: Failure, *, sent: bool = True) -> None:
        """Try again where that may help; otherwise ask what is to be asked instead, or tell that it is over."""
        errand.last = failure
        remedy = REMEDIES.get(failure.outcome)
        helps = remedy is Remedy.PAUSE or (remedy is Remedy.BACK_OFF and (errand.call.repeatable or not sent))
        errand.failures += 1
        most = self._config.backoff.retries
        if not helps or (most is not None and errand.failures > most):
            self._end(now, errand, failure)
        elif remedy is Remedy.PAUSE:
            self._pause(now, errand, failure)
        else:
            seconds = delay(self._config.backoff, errand.failures, Advice.BACK_OFF, self._rng)
            self._wait(now, errand, failure, max(seconds, failure.retry_after or 0.0))

    def _pause(self, now: float, errand: _Errand, failure: Failure) -> None:
        host = errand.call.host
        doubled = self._config.pause * 2.0 ** min(self._pace.pauses(host), 32)
        seconds = min(doubled, self._config.longest_pause) if failure.retry_after is None else failure.retry_after
        self._pace.hold(host, now + min(seconds, self._config.longest_pause))
        if seconds > self._config.longest_pause or now + seconds > errand.give_up_at:
            self._end(now, errand, failure)
        else:
            self._queue_first(errand)

    def _wait(self, now: float, errand: _Errand, failure: Failure, seconds: float) -> None:
        if seconds > self._config.longest_pause or now + seconds > errand.give_up_at:
            self._end(now, errand, failure)
        else:
            errand.stage = Stage.WAITING
            self._agenda.start(Timer.RETRY, errand.ref, now + seconds)

    def _end(self, now: float, errand: _Errand, failure: Failure) -> None:
        for instead in errand.call.instead:
            if failure.outcome in instead.outcomes and now < errand.give_up_at:
                errand.call, errand.url = instead.call, None
                errand.failures = errand.redirects = 0
                self._enqueue(now, errand)
                return
        self._refuse(errand, failure)

    def _refuse(self, errand: _Errand, failure: Failure) -> None:
        self._forget(errand)
        self._events.append(Refused(errand.ref, failure, errand.credential))

    def _refuse_for_want_of_a_token(self, now: float, errand: _Errand) -> None:
        errand.credential = 0
        told = f"{errand.call.method} {errand.call.path} needs an access token: log in first"
        self._end(now, errand, Failure(outcome=Outcome.UNAUTHORIZED, message=told))

    # Timers

    def _on_no_answer(self, now: float, ref: int) -> None:
        errand = self._errands[ref]
        host = errand.call.host
        self._cancel(errand)
        told = f"no answer within {self._config.timeouts.total:g} s"
        self._fail(now, errand, Failure(outcome=Outcome.UNREACHABLE, message=told))
        self._go(now, host)

    def _on_held_too_long(self, now: float, ref: int) -> None:
        """A try that is under way may end; the next one would begin too late."""
        errand = self._errands[ref]
        if errand.stage is not Stage.IN_FLIGHT:
            told = f"its turn did not come within {self._config.hold:g} s"
            self._refuse(errand, errand.last or Failure(outcome=Outcome.UNREACHABLE, message=told))

    def _on_retry(self, now: float, ref: int) -> None:
        errand = self._errands[ref]
        self._queue_first(errand)
        self._go(now, errand.call.host)

    def _on_turn(self, now: float, number: int) -> None:
        self._go(now, next(host for host in Host if _TURN[host] == number))

    # Steps that the others share

    def _queue_first(self, errand: _Errand) -> None:
        """It had its turn before all that wait now."""
        errand.stage = Stage.QUEUED
        self._queues[errand.call.host].appendleft(errand)

    def _cancel(self, errand: _Errand) -> None:
        """Give up the exchange, where one is under way."""
        if errand.stage is Stage.IN_FLIGHT:
            self._outputs.append(Cancel(errand.fetch))
            self._land(errand)

    def _land(self, errand: _Errand) -> None:
        del self._by_fetch[errand.fetch]
        self._agenda.stop(Timer.ANSWER, errand.ref)
        self._open[errand.call.host] -= 1
        errand.stage = Stage.WAITING

    def _forget(self, errand: _Errand) -> None:
        del self._errands[errand.ref]
        for timer in (Timer.ANSWER, Timer.HOLD, Timer.RETRY):
            self._agenda.stop(timer, errand.ref)
        queue = self._queues[errand.call.host]
        if errand.stage is Stage.QUEUED and errand in queue:
            queue.remove(errand)


EXPIRIES: Mapping[Timer, Callable[[Client, float, int], None]] = {
    Timer.ANSWER: Client._on_no_answer,
    Timer.HOLD: Client._on_held_too_long,
    Timer.RETRY: Client._on_retry,
    Timer.START: Client._on_turn,
}
"""What each timer does when it fires; the number is the call's ref, or the host's turn."""


def _bad(response: Response, told: str) -> Failure:
    return Failure(outcome=Outcome.BAD_RESPONSE, message=f"HTTP {response.status}, {told}", status=response.status)


def _redirected(before: str, location: str | None) -> str | None:
    """Where a redirect leads, without a fragment; None where it leads nowhere."""
    if not location or not location.isascii() or not location.isprintable():
        return None
    try:
        target = urljoin(before, location).partition("#")[0]
        return target if urlsplit(target).hostname and _origin(target) else None
    except ValueError:
        return None


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme)


PORTS: Mapping[str, int] = {"http": 80, "https": 443}
