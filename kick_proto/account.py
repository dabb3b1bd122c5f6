"""One account: its grant, and the calls that are made in its name.

A call that wants a token gets the newest one. Where the token is about to end it is renewed first, and the call waits;
where the server takes it no longer, it is renewed once and the call is made once more, and all others that meet the
same wait for the same renewal. A renewal that comes to nothing for want of an answer costs nobody the login: calls go
out with the old token while that is good, and are refused with what went wrong when it is not.

The commands of the grant are here too, and its events come out among the replies. New tokens are told, to be stored,
and are in no request before ``stored`` says that they are.

Without an app it makes the calls that want no token, and those that do with tokens that it was given by ``adopt``.
"""

from collections.abc import Callable, Mapping
from enum import Enum, IntEnum
from math import inf
from typing import Any, TypeAlias

import msgspec

from kick_proto import oauth, rest
from kick_proto.endpoints.call import Auth, Call
from kick_proto.endpoints.oauth import App
from kick_proto.errors import LocalProtocolError
from kick_proto.http import HttpInput, HttpOutput
from kick_proto.machine import Rng
from kick_proto.oauth.events import GrantEvent, Lost, Unrefreshed
from kick_proto.oauth.states import State as GrantState
from kick_proto.outcomes import Failure, Outcome
from kick_proto.pace import Pace
from kick_proto.rest import Refused, Replied
from kick_proto.timers import Timers
from kick_proto.tokens import TokenSet

__all__ = ["ARMED", "TRANSITIONS", "Account", "AccountEvent", "Signal", "State", "Timer"]

AccountEvent: TypeAlias = GrantEvent | Replied | Refused

REFRESH_PAUSE = 30.0
"""Seconds after a renewal that was of no use before a call makes another: for a token that is good still, after one
that came to nothing; for a 401, after a new token that got a 401 as well."""


class State(Enum):
    """Where an account stands."""

    READY = "ready"
    HOLDING = "holding"
    """Calls are held until there is a new token."""
    CLOSED = "closed"


class Signal(Enum):
    """What moves an account."""

    HOLD = "hold"
    RELEASE = "release"
    CLOSE = "close"


class Timer(IntEnum):
    """What an account waits for."""

    HOLD = 1


TRANSITIONS: Mapping[tuple[State, Signal], State] = {
    (State.READY, Signal.HOLD): State.HOLDING,
    (State.READY, Signal.CLOSE): State.CLOSED,
    (State.HOLDING, Signal.HOLD): State.HOLDING,
    (State.HOLDING, Signal.RELEASE): State.READY,
    (State.HOLDING, Signal.CLOSE): State.CLOSED,
    (State.CLOSED, Signal.CLOSE): State.CLOSED,
}
"""All legal moves."""

ARMED: Mapping[State, frozenset[Timer]] = {
    State.READY: frozenset(),
    State.HOLDING: frozenset({Timer.HOLD}),
    State.CLOSED: frozenset(),
}
"""The timers that may run in each state; entering it stops all others."""


class Errand(msgspec.Struct, frozen=True):
    """A call on its way: the ref that the application knows it by, and whether it has been made a second time."""

    ref: int
    call: Call[Any]
    replayed: bool = False


class Held(msgspec.Struct, frozen=True):
    """A call that waits, and until when at most (monotonic seconds)."""

    errand: Errand
    until: float


LOG_IN_AGAIN = Failure(outcome=Outcome.UNAUTHORIZED, message="the tokens are not valid any more: log in again")
LOGGED_OUT = Failure(outcome=Outcome.UNAUTHORIZED, message="the tokens are being revoked: log in again")
CLOSED = Failure(outcome=Outcome.UNREACHABLE, message="the account was closed before the call was made")
EXPIRED = Failure(outcome=Outcome.UNAUTHORIZED, message="the access token has expired, and could not be renewed")

NOTHING_SENT = 0
"""The credential of a call that was refused before it was made."""


class Account:
    """The machine; see the module's docstring.

    ``config.rest`` is for the calls and for the OAuth server alike; its ``hold`` bounds how long a call waits for a new
    token, and its ``max_queued`` how many calls may be open. ``pace`` may be shared with other accounts, for they reach
    Kick from the same address.
    """

    def __init__(
        self,
        app: App | None,
        config: oauth.Config | None = None,
        *,
        rng: Rng,
        refs: rest.Refs | None = None,
        pace: Pace | None = None,
    ) -> None:
        config = config if config is not None else oauth.Config()
        self._refs = refs = refs if refs is not None else rest.Refs()
        self._hold = config.rest.hold
        self._most = config.rest.max_queued
        self._grant = oauth.Grant(app, config, rng=rng, refs=refs, pace=pace)
        self._client = rest.Client(config.rest, rng=rng, refs=refs, pace=pace)
        self._state = State.READY
        self._timers: Timers[Timer] = Timers()
        self._events: list[AccountEvent] = []

        self._sent: dict[int, Errand] = {}
        self._held: dict[int, Held] = {}
        self._given: TokenSet | None = None
        self._rejected: int | None = None
        self._failure = EXPIRED
        self._paused_until = self._doubted_until = -inf

    # Commands about calls

    def submit(self, now: float, call: Call[Any]) -> int:
        """Make a call; one ``Replied`` or ``Refused`` with the ref that this gives follows.

        Raises:
            LocalProtocolError: the account is closed, or too many calls are open.
        """
        self._must_be_open("submit")
        if len(self._sent) + len(self._held) >= self._most:
            raise LocalProtocolError(f"cannot submit: {self._most} calls are open already; wait for some of them")
        ref = self._refs.next()
        self._go(now, Errand(ref, call))
        self._drain(now)
        return ref

    def abandon(self, now: float, ref: int) -> None:
        """Want a call no longer: nothing is heard of it any more. A ref that is not known changes nothing."""
        self._held.pop(ref, None)
        for inner, errand in list(self._sent.items()):
            if errand.ref == ref:
                del self._sent[inner]
                self._client.abandon(now, inner)
        self._watch_held()
        self._drain(now)

    def close(self, now: float) -> None:
        """End for good; every open call is refused, and the tokens that are being asked for are declined."""
        if self._state is not State.CLOSED:
            self._refuse_held(CLOSED)
            self._grant.close(now)
            self._client.close(now)
        self._move(Signal.CLOSE)
        self._drain(now)

    # Commands of the grant

    def begin(self, now: float, *, entropy: bytes) -> str:
        """As ``oauth.Grant.begin``: the URL for the user's browser."""
        url = self._grant.begin(now, entropy=entropy)
        self._drain(now)
        return url

    def answer(self, now: float, query: str) -> None:
        """As ``oauth.Grant.answer``: the query string that the browser came back with."""
        self._grant.answer(now, query)
        self._drain(now)

    def request_app_token(self, now: float) -> None:
        """As ``oauth.Grant.request_app_token``."""
        self._grant.request_app_token(now)
        self._drain(now)

    def adopt(self, now: float, tokens: TokenSet, unix_now: float) -> None:
        """As ``oauth.Grant.adopt``: use stored tokens; calls that are held go out with them."""
        self._grant.adopt(now, tokens, unix_now)
        self._drain(now)

    def stored(self, now: float, tokens: TokenSet) -> None:
        """As ``oauth.Grant.stored``: the tokens that were told are stored; calls that are held go out with them."""
        self._grant.stored(now, tokens)
        self._drain(now)

    def refresh(self, now: float) -> None:
        """As ``oauth.Grant.refresh``."""
        self._grant.refresh(now)
        self._drain(now)

    def revoke(self, now: float) -> None:
        """As ``oauth.Grant.revoke``; calls that wait for a new token are refused."""
        self._grant.revoke(now)
        self._refuse_held(LOGGED_OUT)
        self._drain(now)

    def introspect(self, now: float) -> None:
        """As ``oauth.Grant.introspect``."""
        self._grant.introspect(now)
        self._drain(now)

    # What can be asked

    @property
    def tokens(self) -> TokenSet | None:
        """The tokens in use; new ones as soon as they are stored."""
        return self._grant.tokens

    @property
    def awaits_answer(self) -> bool:
        """Whether a login was begun, and its answer has not come yet."""
        return self._grant.awaits_answer

    @property
    def is_renewable(self) -> bool:
        """Whether the tokens in use can be renewed without the user."""
        return self._grant.is_renewable

    def is_due(self, now: float) -> bool:
        """Whether it is time to renew the tokens in use."""
        return self._grant.is_due(now)

    @property
    def grant_state(self) -> GrantState:
        """Where the tokens stand."""
        return self._grant.state

    @property
    def state(self) -> State:
        """Where the calls stand."""
        return self._state

    @property
    def timers(self) -> frozenset[Timer]:
        """The account's own timers that are running."""
        return self._timers.running()

    # The machine interface

    def handle_input(self, now: float, received: HttpInput) -> None:
        """Take in what became of an exchange; whoever asked for it knows its ref."""
        self._grant.handle_input(now, received)
        self._client.handle_input(now, received)
        self._drain(now)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due: in the grant, in the calls, and here."""
        self._grant.handle_timeout(now)
        self._client.handle_timeout(now)
        self._drain(now)
        for timer in self._timers.pop_due(now):
            EXPIRIES[timer](self, now)

    def poll_output(self) -> HttpOutput | None:
        """Pop the next output, the grant's first."""
        output = self._grant.poll_output()
        return output if output is not None else self._client.poll_output()

    def poll_event(self) -> AccountEvent | None:
        """Pop one event."""
        return self._events.pop(0) if self._events else None

    def take_events(self) -> list[AccountEvent]:
        """Pop all events."""
        events, self._events = self._events, []
        return events

    def poll_timeout(self) -> float | None:
        """The earliest deadline, here, in the grant and in the calls."""
        deadlines = (self._timers.next_at(), self._grant.poll_timeout(), self._client.poll_timeout())
        return min((at for at in deadlines if at is not None), default=None)

    @property
    def wants_input(self) -> bool:
        """Always: what comes in is what was asked for, and no more."""
        return True

    @property
    def closed(self) -> bool:
        """True after ``close``."""
        return self._state is State.CLOSED

    # From what the two below tell to what is told here

    def _drain(self, now: float) -> None:
        while True:
            told = self._grant.take_events()
            for event in told:
                if isinstance(event, Unrefreshed):
                    self._failure, self._paused_until = event.failure, now + REFRESH_PAUSE
                elif isinstance(event, Lost):
                    self._failure = LOG_IN_AGAIN
            self._events += told
            self._settle(now)
            replies = self._client.take_events()
            for reply in replies:
                self._on_reply(now, self._sent.pop(reply.ref), reply)
            if not told and not replies:
                return

    def _settle(self, now: float) -> None:
        """Use the tokens that the grant holds, and hold no call longer than it has new ones to come."""
        tokens = self._grant.tokens
        is_new = tokens != self._given
        if is_new:
            self._given = tokens
            self._client.set_token(now, None if tokens is None else tokens.access_token)
        if self._state is State.HOLDING and self._grant.state not in COMING:
            if tokens is None or not (is_new or self._is_usable(now)):
                self._refuse_held(self._failure)
            else:
                self._release(now)

    def _on_reply(self, now: float, errand: Errand, reply: Replied | Refused) -> None:
        if isinstance(reply, Replied):
            self._events.append(Replied(errand.ref, reply.value))
        elif self._is_for_want_of_a_token(errand, reply) and self._is_worth_a_replay(now, errand, reply):
            self._go(now, Errand(errand.ref, errand.call, replayed=True))
        else:
            self._events.append(Refused(errand.ref, reply.failure, reply.credential))

    def _is_for_want_of_a_token(self, errand: Errand, refused: Refused) -> bool:
        return refused.failure.outcome is Outcome.UNAUTHORIZED and _wants_token(errand.call) and self._given is not None

    def _is_worth_a_replay(self, now: float, errand: Errand, refused: Refused) -> bool:
        """Whether there is, or can be, a newer token than the one that was not good enough.

        Where a new token was no better, the token is not what is wrong, and who asks there again must not renew it
        each time.
        """
        if errand.replayed:
            self._doubted_until = now + REFRESH_PAUSE
            return False
        if refused.credential != self._client.credential:
            return True
        if not self._can_renew() or now < self._doubted_until:
            return False
        self._rejected = refused.credential
        return True

    # Calls that go, and calls that wait

    def _go(self, now: float, errand: Errand) -> None:
        if _wants_token(errand.call) and self._must_wait(now):
            self._held[errand.ref] = Held(errand, now + self._hold)
            self._move(Signal.HOLD)
            self._watch_held()
        else:
            self._send(now, errand)

    def _must_wait(self, now: float) -> bool:
        """Whether a call has to wait for a new token; asks for one where nobody has yet."""
        is_coming = self._grant.state in COMING
        if self._given is None:
            return is_coming
        if not self._grant.is_due(now) and not self._is_rejected():
            return False
        if is_coming:
            return True
        if not self._can_renew() or (self._is_usable(now) and now < self._paused_until):
            return False
        self._grant.refresh(now)
        return True

    def _can_renew(self) -> bool:
        state = self._grant.state
        return state in COMING or state is GrantState.UNSTORED or (state is GrantState.HELD and self.is_renewable)

    def _is_rejected(self) -> bool:
        return self._rejected == self._client.credential

    def _is_usable(self, now: float) -> bool:
        return not self._grant.is_expired(now) and not self._is_rejected()

    def _send(self, now: float, errand: Errand) -> None:
        self._sent[self._client.submit(now, errand.call)] = errand

    def _release(self, now: float) -> None:
        held, self._held = self._held, {}
        self._watch_held()
        for each in held.values():
            self._send(now, each.errand)

    def _refuse_held(self, failure: Failure) -> None:
        self._events += [Refused(ref, failure, NOTHING_SENT) for ref in self._held]
        self._held.clear()
        self._watch_held()

    def _watch_held(self) -> None:
        """Be there when the first of the held calls has waited for too long; they were held in order of time."""
        if self._held:
            self._timers.start(Timer.HOLD, next(iter(self._held.values())).until)
        elif self._state is State.HOLDING:
            self._move(Signal.RELEASE)

    def _on_hold(self, now: float) -> None:
        failure = Failure(outcome=Outcome.UNREACHABLE, message=f"there was no new token within {self._hold:g} s")
        for ref in [ref for ref, each in self._held.items() if each.until <= now]:
            del self._held[ref]
            self._events.append(Refused(ref, failure, NOTHING_SENT))
        self._watch_held()

    # Steps that the others share

    def _must_be_open(self, command: str) -> None:
        if self._state is State.CLOSED:
            raise LocalProtocolError(f"cannot {command}: this account is closed; make a new one")

    def _move(self, signal: Signal) -> None:
        self._state = TRANSITIONS[self._state, signal]
        self._timers.keep_only(ARMED[self._state])


COMING = frozenset({GrantState.REFRESHING, GrantState.STORING})
"""The states of the grant in which there will be new tokens, or word that there are none, without anybody's doing."""

EXPIRIES: Mapping[Timer, Callable[[Account, float], None]] = {Timer.HOLD: Account._on_hold}
"""What each timer does when it fires."""


def _wants_token(call: Call[Any]) -> bool:
    return call.auth is not Auth.NONE and call.bearer is None
