"""What one account is allowed: from the login by PKCE over every refresh to the end, for one set of tokens.

``Grant`` sends nobody anywhere and stores nothing: ``begin`` gives the URL for the browser, ``answer`` takes what the
browser came back with, and new tokens are told as an event, to be stored. New tokens are not used before they are
stored, for a refresh token that only lived in a process that died would be a lost login. Nor is a login ever lost to
a time-out, a broken server or a page from the edge: ``invalid_grant`` alone ends it.

At most one refresh, one exchange and one revocation run at a time. Calls to the OAuth server go through a
``rest.Client`` of the grant's own, so that they wait for nobody else.

Source: Docs: KickEngineering/KickDevDocs, "Generating Tokens" (2026-06); Spec: RFC 6749, RFC 7009, RFC 7636.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import msgspec

from kick_proto.endpoints import oauth as endpoints
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.oauth import App, Hint, Introspection, Place, TokenReply, authorize_url, token_set
from kick_proto.errors import LocalProtocolError
from kick_proto.http import HttpInput, HttpOutput, Responded
from kick_proto.machine import Rng
from kick_proto.oauth.attempt import Attempt, Code, attempt, challenge, read_answer
from kick_proto.oauth.events import (
    Declined,
    GrantEvent,
    Introspected,
    Issued,
    Lost,
    Refreshed,
    Revoked,
    Unintrospected,
    Unrefreshed,
    Unrevoked,
)
from kick_proto.oauth.holding import Held, held, inheriting
from kick_proto.oauth.states import ARMED, TRANSITIONS, Signal, State, Timer
from kick_proto.outcomes import Failure, Outcome
from kick_proto.pace import Pace
from kick_proto.rest import Client, Refs, Replied, RestEvent
from kick_proto.rest import Config as RestConfig
from kick_proto.secret import Secret
from kick_proto.timers import Timers
from kick_proto.tokens import TokenSet

__all__ = ["Config", "Grant"]

MOST_CALLS = 16
"""Calls that may be open at the OAuth server; a grant never has as many."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What a grant may be told.

    ``login_timeout`` is how long somebody may take to come back from the browser, ``store_timeout`` how long new tokens
    may take to be stored before those that wait for them are told to go on without (seconds). ``rest.sites.id`` is
    where the OAuth server is, or a broker.
    """

    rest: RestConfig = RestConfig()
    login_timeout: float = 600.0
    store_timeout: float = 30.0
    revoke_place: Place = Place.FORM

    def __post_init__(self) -> None:
        if not (self.login_timeout > 0 and self.store_timeout > 0):
            raise ValueError(f"timeouts are seconds above 0, not {self.login_timeout}, {self.store_timeout}")


class Job(Enum):
    """What a call to the OAuth server is for."""

    EXCHANGE = "exchange"
    APP_TOKEN = "app token"
    REFRESH = "refresh"
    REVOKE = "revoke"
    INTROSPECT = "introspect"


class Grant:
    """The machine of one account's tokens; see the module's docstring.

    Without an ``app`` it can hold tokens that were made elsewhere, and neither make nor refresh any.
    """

    def __init__(
        self,
        app: App | None,
        config: Config | None = None,
        *,
        rng: Rng,
        refs: Refs | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._app = app
        self._config = config = config if config is not None else Config()
        # A refresh that hangs must not hold up a code, which is good for a minute or so.
        calls = msgspec.structs.replace(config.rest, max_queued=MOST_CALLS, in_flight=MOST_CALLS)
        self._client = Client(calls, rng=rng, refs=refs, pace=pace)
        self._state = State.EMPTY
        self._timers: Timers[Timer] = Timers()
        self._events: list[GrantEvent] = []
        self._jobs: dict[int, Job] = {}
        self._attempt: Attempt | None = None
        self._begun = False
        self._held: Held | None = None
        self._told: Issued | Refreshed | None = None
        self._coming: Held | None = None
        self._unrevoked: Failure | None = None
        self._unix_now = 0.0

    # Commands: from nothing to tokens

    def begin(self, now: float, *, entropy: bytes) -> str:
        """Begin a login, and give the URL that the user's browser is to open. It replaces a login before it.

        ``entropy`` is fresh, and at least 64 bytes.

        Raises:
            LocalProtocolError: the grant is closed or has no app, or there is too little entropy.
        """
        app = self._needs_app("begin a login")
        self._attempt, self._begun = attempt(entropy), True
        self._drop(now, Job.EXCHANGE)
        self._timers.start(Timer.LOGIN, now + self._config.login_timeout)
        self._drain(now)
        state, code_challenge = self._attempt.state.reveal(), challenge(self._attempt.verifier)
        return authorize_url(self._config.rest.sites, app, state=state, challenge=code_challenge)

    def answer(self, now: float, query: str) -> None:
        """Take the query string of the redirect, whatever it is; ``Issued`` or ``Declined`` follows.

        Only the first answer to a login counts. One that comes after it, or too late, changes nothing.

        Raises:
            LocalProtocolError: the grant is closed, or no login was ever begun.
        """
        app = self._needs_app("take an answer")
        if not self._begun:
            raise LocalProtocolError("cannot take an answer: no login was begun; begin one, and open its URL")
        if self._attempt is None:
            return
        expected, self._attempt = self._attempt, None
        self._timers.stop(Timer.LOGIN)
        said = read_answer(query, expected)
        if isinstance(said, Code):
            self._ask(now, Job.EXCHANGE, endpoints.exchange(app, said.code, expected.verifier))
        else:
            self._events.append(said)
        self._drain(now)

    def request_app_token(self, now: float) -> None:
        """Ask for tokens of the application itself, unless that is being done; ``Issued`` or ``Declined`` follows."""
        app = self._needs_app("request an app token")
        if Job.APP_TOKEN not in self._jobs.values():
            self._ask(now, Job.APP_TOKEN, endpoints.app_token(app))
        self._drain(now)

    def adopt(self, now: float, tokens: TokenSet, unix_now: float) -> None:
        """Use tokens that are stored already: from the last run, or from another process that has renewed them.

        They take the place of all others, those that wait to be stored included; a refresh that runs is given up.
        ``unix_now`` is the wall clock (unix seconds).
        """
        self._move(Signal.ADOPT)
        self._drop(now, Job.REFRESH)
        self._held = held(tokens, now, unix_now)
        self._told = self._coming = None
        self._drain(now)

    def stored(self, now: float, tokens: TokenSet) -> None:
        """Take note that the tokens of an ``Issued`` or ``Refreshed`` are stored: from now on they are used.

        Tokens that others have taken the place of in the meantime change nothing.
        """
        if self._told is None or self._told.tokens != tokens:
            return
        self._move(Signal.STORED)
        self._held, self._told, self._coming = self._coming, None, None

    # Commands: on the tokens that are there

    def refresh(self, now: float) -> None:
        """Ask for new tokens, unless that is being done; ``Refreshed``, ``Unrefreshed`` or ``Lost`` follows.

        Where new tokens wait to be stored these are told again, if it has taken too long, and nothing is asked.

        Raises:
            LocalProtocolError: there are no tokens, or none that can be renewed; or the grant is revoking or closed.
        """
        before, renewal = self._state, self._renewal()
        if before is State.HELD and renewal is None:
            raise LocalProtocolError("cannot refresh: these tokens have no refresh token, or there is no app; log in")
        self._move(Signal.REFRESH)
        if before is State.UNSTORED and self._told is not None:
            self._tell(now, self._told)
        elif before is State.HELD and renewal is not None:
            self._ask(now, Job.REFRESH, renewal)
        self._drain(now)

    def revoke(self, now: float) -> None:
        """Make all tokens useless, those that are not stored yet included; ``Revoked`` or ``Unrevoked`` follows.

        Raises:
            LocalProtocolError: there are no tokens, or the grant is closed.
        """
        before = self._state
        self._move(Signal.REVOKE)
        if before is State.REVOKING:
            return
        self._drop(now, Job.REFRESH)
        self._unrevoked = None
        for token, hint in self._known().items():
            self._ask(now, Job.REVOKE, endpoints.revoke(token, hint, place=self._config.revoke_place))
        self._drain(now)

    def introspect(self, now: float) -> None:
        """Ask what the server knows of the access token, unless that is being done.

        ``Introspected`` or ``Unintrospected`` follows.

        Raises:
            LocalProtocolError: there are no tokens, or the grant is closed.
        """
        self._must_be_open("introspect")
        if self._held is None:
            raise LocalProtocolError("cannot introspect: there is no token; log in first")
        if Job.INTROSPECT not in self._jobs.values():
            self._ask(now, Job.INTROSPECT, endpoints.introspect(self._held.tokens.access_token))
        self._drain(now)

    def close(self, now: float) -> None:
        """End for good; what is asked for is told to be in vain."""
        if self._state is not State.CLOSED:
            if self._drop(now, Job.EXCHANGE, Job.APP_TOKEN) or self._attempt is not None:
                self._events.append(Declined("closed", "the grant was closed before there were tokens"))
            self._client.close(now)
            self._drain(now)
            self._attempt = self._told = self._coming = None
        self._move(Signal.CLOSE)

    # What can be asked

    @property
    def tokens(self) -> TokenSet | None:
        """The tokens in use; new ones as soon as they are stored."""
        return None if self._held is None else self._held.tokens

    @property
    def awaits_answer(self) -> bool:
        """Whether a login was begun, and its answer has not come yet."""
        return self._attempt is not None

    @property
    def is_renewable(self) -> bool:
        """Whether there are tokens in use that can be renewed without the user."""
        return self._renewal() is not None

    def is_due(self, now: float) -> bool:
        """Whether it is time to renew the tokens in use: they end soon, or have ended."""
        return self._held is not None and self._held.renew_at is not None and now >= self._held.renew_at

    def is_expired(self, now: float) -> bool:
        """Whether the access token in use has ended."""
        return self._held is not None and self._held.expires_at is not None and now >= self._held.expires_at

    @property
    def state(self) -> State:
        """Where the tokens stand."""
        return self._state

    @property
    def timers(self) -> frozenset[Timer]:
        """The grant's own timers that are running."""
        return self._timers.running()

    # The machine interface

    def handle_input(self, now: float, received: HttpInput) -> None:
        """Take in what became of a call."""
        if isinstance(received, Responded):
            self._unix_now = received.unix_now
        self._client.handle_input(now, received)
        self._drain(now)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due, here and in the calls."""
        for timer in self._timers.pop_due(now):
            EXPIRIES[timer](self, now)
        self._client.handle_timeout(now)
        self._drain(now)

    def poll_output(self) -> HttpOutput | None:
        """Pop the next output."""
        return self._client.poll_output()

    def poll_event(self) -> GrantEvent | None:
        """Pop one event."""
        return self._events.pop(0) if self._events else None

    def take_events(self) -> list[GrantEvent]:
        """Pop all events."""
        events, self._events = self._events, []
        return events

    def poll_timeout(self) -> float | None:
        """The earliest deadline, here and in the calls."""
        deadlines = (self._timers.next_at(), self._client.poll_timeout())
        return min((at for at in deadlines if at is not None), default=None)

    @property
    def wants_input(self) -> bool:
        """Always: what comes in is what was asked for, and no more."""
        return True

    @property
    def closed(self) -> bool:
        """True after ``close``."""
        return self._state is State.CLOSED

    # What became of the calls

    def _drain(self, now: float) -> None:
        while events := self._client.take_events():
            for event in events:
                # One that ended in the same moment may have been dropped for what another one brought.
                if (job := self._jobs.pop(event.ref, None)) is not None:
                    self._react(now, job, event)

    def _react(self, now: float, job: Job, event: RestEvent) -> None:
        done, failed = REACTIONS[job]
        if isinstance(event, Replied):
            done(self, now, event.value)
        else:
            failed(self, now, event.failure)

    def _on_exchanged(self, now: float, reply: TokenReply) -> None:
        asked = self._app.scopes if self._app is not None else ()
        tokens = token_set(reply, self._unix_now)
        self._take(now, Issued(tokens if tokens.scopes else msgspec.structs.replace(tokens, scopes=asked)))

    def _on_app_token(self, now: float, reply: TokenReply) -> None:
        self._take(now, Issued(token_set(reply, self._unix_now, kind="app")))

    def _on_declined(self, now: float, failure: Failure) -> None:
        said = failure.code or ""
        code = said if said.isidentifier() else failure.outcome.name.lower()
        self._events.append(Declined(code, failure.message))

    def _on_refreshed(self, now: float, reply: TokenReply) -> None:
        old = self.tokens
        new = token_set(reply, self._unix_now, kind="user" if old is None else old.kind)
        self._take(now, Refreshed(new if old is None else inheriting(new, old)))

    def _on_unrefreshed(self, now: float, failure: Failure) -> None:
        tokens = self.tokens
        if tokens is not None and tokens.kind == "user" and failure.code == "invalid_grant" and failure.status in FINAL:
            self._move(Signal.LOST)
            self._held = None
            self._events.append(Lost(tokens, failure.message))
        else:
            self._move(Signal.KEPT)
            self._events.append(Unrefreshed(failure))

    def _on_revoked(self, now: float, nothing: None) -> None:
        if Job.REVOKE in self._jobs.values():
            return
        if self._unrevoked is not None:
            self._move(Signal.KEPT if self._told is None else Signal.STALLED)
            self._events.append(Unrevoked(self._unrevoked))
            return
        self._move(Signal.REVOKED)
        self._held = self._told = self._coming = None
        self._events.append(Revoked())

    def _on_unrevoked(self, now: float, failure: Failure) -> None:
        self._unrevoked = failure
        self._on_revoked(now, None)

    def _on_introspected(self, now: float, introspection: Introspection) -> None:
        self._events.append(Introspected(introspection))

    def _on_unintrospected(self, now: float, failure: Failure) -> None:
        self._events.append(Unintrospected(failure))

    # What the clock says

    def _on_login_timeout(self, now: float) -> None:
        self._attempt = None
        seconds = self._config.login_timeout
        self._events.append(Declined("timeout", f"nobody came back from the browser within {seconds:g} s"))

    def _on_store_timeout(self, now: float) -> None:
        self._move(Signal.STALLED)
        seconds = self._config.store_timeout
        told = f"new tokens are there, and are not used, for they were not stored within {seconds:g} s"
        self._events.append(Unrefreshed(Failure(outcome=Outcome.UNREACHABLE, message=told)))

    # Steps that the others share

    def _take(self, now: float, event: Issued | Refreshed) -> None:
        """New tokens: they are told, and wait; what was asked for those before them is asked no longer."""
        self._move(Signal.ISSUED)
        self._drop(now, Job.REFRESH)
        if self._drop(now, Job.REVOKE):
            told = "a login came in between, so it is not known whether the tokens before it were revoked"
            self._events.append(Unrevoked(Failure(outcome=Outcome.REJECTED, message=told)))
        self._coming = held(event.tokens, now, self._unix_now)
        self._tell(now, event)

    def _tell(self, now: float, event: Issued | Refreshed) -> None:
        self._told = event
        self._timers.start(Timer.STORE, now + self._config.store_timeout)
        self._events.append(event)

    def _renewal(self) -> Call[TokenReply] | None:
        """The call that renews the tokens in use, where that is possible. An application just asks again."""
        if self._held is None or self._app is None:
            return None
        if self._held.tokens.kind == "app":
            return endpoints.app_token(self._app)
        refresh_token = self._held.tokens.refresh_token
        return None if refresh_token is None else endpoints.refresh(self._app, refresh_token)

    def _known(self) -> dict[Secret, Hint]:
        """All tokens that are worth something, refresh tokens first: with one of them gone, so may the others be."""
        sets = [each for each in (self.tokens, None if self._told is None else self._told.tokens) if each is not None]
        refreshing = {each.refresh_token: Hint.REFRESH for each in sets if each.refresh_token is not None}
        return {**refreshing, **{each.access_token: Hint.ACCESS for each in sets}}

    def _ask(self, now: float, job: Job, call: Call[Any]) -> None:
        self._jobs[self._client.submit(now, call)] = job

    def _drop(self, now: float, *jobs: Job) -> bool:
        """Ask for these no longer; says whether any was being asked for."""
        dropped = [ref for ref, job in self._jobs.items() if job in jobs]
        for ref in dropped:
            del self._jobs[ref]
        self._client.abandon(now, *dropped)
        return bool(dropped)

    def _needs_app(self, command: str) -> App:
        self._must_be_open(command)
        if self._app is None:
            raise LocalProtocolError(f"cannot {command}: there is no app; register one at Kick, and give its client_id")
        return self._app

    def _must_be_open(self, command: str) -> None:
        if self._state is State.CLOSED:
            raise LocalProtocolError(f"cannot {command}: this grant is closed; make a new one")

    def _move(self, signal: Signal) -> None:
        to = TRANSITIONS.get((self._state, signal))
        if to is None:
            raise LocalProtocolError(f"cannot {signal.value}: this grant is {self._state.value}")
        self._state = to
        self._timers.keep_only(ARMED[to])


FINAL = (400, 401)
"""The statuses with which ``invalid_grant`` ends a login. Source: Spec: RFC 6749 section 5.2; Guess: 401, as well."""

REACTIONS: Mapping[Job, tuple[Callable[[Grant, float, Any], None], Callable[[Grant, float, Failure], None]]] = {
    Job.EXCHANGE: (Grant._on_exchanged, Grant._on_declined),
    Job.APP_TOKEN: (Grant._on_app_token, Grant._on_declined),
    Job.REFRESH: (Grant._on_refreshed, Grant._on_unrefreshed),
    Job.REVOKE: (Grant._on_revoked, Grant._on_unrevoked),
    Job.INTROSPECT: (Grant._on_introspected, Grant._on_unintrospected),
}
"""What is done when a call has succeeded, and when it has failed."""

EXPIRIES: Mapping[Timer, Callable[[Grant, float], None]] = {
    Timer.LOGIN: Grant._on_login_timeout,
    Timer.STORE: Grant._on_store_timeout,
}
"""What each timer does when it fires."""
