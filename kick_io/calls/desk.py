"""What both drivers of an ``Account`` have in common: who waits for which answer, and what is to be done on disk.

A driver tells the account what happens, and then has the desk sort what came out of it. Tokens that are new, lost or
revoked are chores: each touches the store, so it is the driver that decides where it is done; it does them one after
the other, in their order. What the store says is then told to the account by ``finish``, and whoever waits hears of it
after that, never before.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeAlias, TypeVar, cast

import msgspec

from kick_io.calls.vault import Vault
from kick_proto.account import Account
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.oauth import Introspection
from kick_proto.errors import KickError, LocalProtocolError, LoginFailed, StoreError, Unauthorized
from kick_proto.health import Monitor
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
from kick_proto.oauth.states import State as GrantState
from kick_proto.outcomes import Failure, Outcome
from kick_proto.rest import Refused, Replied
from kick_proto.tokens import TokenSet

__all__ = ["INTROSPECTION", "LOGIN", "RENEWAL", "REVOCATION", "Chore", "Desk", "Ends", "Slot"]

log = logging.getLogger("kick_io")

AnswerT = TypeVar("AnswerT")


class Ends(msgspec.Struct, Generic[AnswerT], frozen=True):
    """What may end the wait for a command: types of events, and what each of them answers; an error is raised."""

    answers: Mapping[type, Callable[[Any], object]]


def _tokens(event: Issued | Refreshed) -> TokenSet:
    return event.tokens


def _failed(event: Unrefreshed | Unrevoked | Unintrospected) -> KickError:
    return event.failure.error()


def _lost(event: Lost) -> KickError:
    return Unauthorized(event.reason, status=401, code="invalid_grant")


LOGIN: Ends[TokenSet] = Ends(
    {Issued: _tokens, Declined: lambda declined: LoginFailed(declined.reason, code=declined.code)}
)
RENEWAL: Ends[TokenSet] = Ends(
    {
        Refreshed: _tokens,
        Unrefreshed: _failed,
        Lost: _lost,
        # These take the place of a renewal that runs, and nothing else is heard of it.
        Issued: _tokens,
        Revoked: lambda revoked: Unauthorized("the tokens were revoked meanwhile: log in again", status=401),
        Unrevoked: _failed,
    }
)
REVOCATION: Ends[None] = Ends({Revoked: lambda revoked: None, Unrevoked: _failed})
INTROSPECTION: Ends[Introspection] = Ends({Introspected: lambda event: event.introspection, Unintrospected: _failed})


class Slot(Generic[AnswerT]):
    """A place for one answer; ``wake`` is called when it is there."""

    __slots__ = ("_answer", "_wake", "is_filled")

    def __init__(self, wake: Callable[[], object]) -> None:
        self.is_filled = False
        self._answer: object = None
        self._wake = wake

    def fill(self, answer: object) -> None:
        """Put the answer in; an error is raised where it is taken out."""
        self.is_filled, self._answer = True, answer
        self._wake()

    def take(self) -> AnswerT:
        """The answer.

        Raises:
            KickError: that was the answer.
        """
        if isinstance(self._answer, KickError):
            raise self._answer
        return cast(AnswerT, self._answer)


Stirring: TypeAlias = Issued | Refreshed | Lost | Revoked
"""What is to be seen in the store, too."""


class Chore(msgspec.Struct, frozen=True):
    """Something about tokens that is to be done on disk."""

    event: Stirring

    def do(self, vault: Vault) -> TokenSet | StoreError | None:
        """Do it, and give back the tokens that count from now on: None for none, or why it cannot be done."""
        try:
            match self.event:
                case Issued(tokens=tokens):
                    return vault.keep_login(tokens)
                case Refreshed(tokens=tokens):
                    return vault.keep_renewed(tokens)
                case Lost(tokens=tokens):
                    return vault.after_loss(tokens)
                case Revoked():
                    vault.forget()
                    return None
        except StoreError as error:
            return error
        except Exception as error:
            # A store is not ours to know. What it says may hold what it was given, so its words are not passed on.
            return StoreError(
                str(error) if isinstance(error, KickError) else f"the store fails: {type(error).__name__}"
            )


class Desk:
    """Sorts what comes out of one account; see the module's docstring. ``monitor`` is told how it is doing."""

    def __init__(self, account: Account, monitor: Monitor | None = None) -> None:
        self.account = account
        self._monitor = monitor
        self._asked: dict[int, tuple[Call[Any], Slot[Any]]] = {}
        self._aside: list[tuple[Call[Any], Slot[Any], Failure]] = []
        self._listeners: list[tuple[Ends[Any], Slot[Any]]] = []
        self._chores: list[Chore] = []

    # Who waits

    def submit(self, now: float, call: Call[Any], slot: Slot[Any]) -> None:
        """Make a call whose answer goes into the slot."""
        self._asked[self.account.submit(now, call)] = call, slot

    def abandon(self, now: float, slot: Slot[Any]) -> None:
        """Nobody waits any more for the call whose answer goes there."""
        self._aside = [each for each in self._aside if each[1] is not slot]
        for ref in [ref for ref, (_, each) in self._asked.items() if each is slot]:
            del self._asked[ref]
            self.account.abandon(now, ref)

    def listen(self, ends: Ends[AnswerT], slot: Slot[AnswerT]) -> None:
        """Have the next event that ends the wait fill the slot."""
        self._listeners.append((ends, slot))

    def deafen(self, slot: Slot[Any]) -> None:
        """Nobody waits at that slot any more."""
        self._listeners = [each for each in self._listeners if each[1] is not slot]

    def begin(self, now: float, entropy: bytes) -> str:
        """Begin a login; whoever waits for tokens of the one before it, waits in vain."""
        url = self.account.begin(now, entropy=entropy)
        for slot in [slot for ends, slot in self._listeners if ends is LOGIN]:
            self.deafen(slot)
            slot.fill(LoginFailed("another login was begun in the place of this one", code="replaced"))
        return url

    def answer(self, now: float, query: str) -> None:
        """Answer the login that was begun.

        Raises:
            LoginFailed: it has been answered already, or it was too late; nothing would follow.
        """
        is_awaited = self.account.awaits_answer
        self.account.answer(now, query)
        if not is_awaited:
            raise LoginFailed("no login waits for an answer (any more): begin another one", code="not_awaited")

    # What comes

    def sort(self, unix_now: float) -> list[Chore]:
        """Hand out what has come, and give back what is to be done on disk."""
        chores = []
        for event in self.account.take_events():
            match event:
                case Replied() | Refused():
                    self._on_reply(unix_now, event)
                case Issued() | Refreshed() | Lost() | Revoked():
                    chores.append(Chore(event))
                    self._chores.append(chores[-1])
                case _:
                    self._tell(unix_now, event)
        return chores

    def finish(self, now: float, unix_now: float, chore: Chore, found: TokenSet | StoreError | None) -> None:
        """Act on what the store has said."""
        self._chores.remove(chore)
        event = chore.event
        if isinstance(found, StoreError):
            self._on_unstored(now, unix_now, event, found)
        elif found is None:
            self._tell(unix_now, event)
        else:
            self._use(now, unix_now, event, found)
            is_ours = isinstance(event, Issued | Refreshed) and event.tokens == found
            self._tell(unix_now, event if is_ours else Refreshed(found))
        if isinstance(event, Lost):
            self._ask_again(now, unix_now)

    def _use(self, now: float, unix_now: float, event: Stirring, found: TokenSet) -> None:
        """What the store holds counts, be it ours or somebody else's."""
        if isinstance(event, Issued | Refreshed) and event.tokens == found:
            self.account.stored(now, found)
        # What is still to be done on disk is newer than this, and says what counts when it is done.
        if not self._chores and found != self.account.tokens and self.account.grant_state in ADOPTING:
            self.account.adopt(now, found, unix_now)

    def _on_unstored(self, now: float, unix_now: float, event: Stirring, error: StoreError) -> None:
        """The disk is no reason to stop working: the tokens are used as long as this process lives, and it is said."""
        log.warning("the store could not be changed: %s", error)
        if isinstance(event, Issued | Refreshed):
            self.account.stored(now, event.tokens)
        self._tell(unix_now, event, error if isinstance(event, Issued | Revoked) else None)
        if self._monitor is not None:
            self._monitor.note_login(unix_now, str(error))

    def _on_reply(self, unix_now: float, reply: Replied | Refused) -> None:
        call, slot = self._asked.pop(reply.ref, (None, None))
        if isinstance(reply, Replied):
            self._answer(unix_now, slot, reply.value, None)
        elif call is not None and slot is not None and self._is_losing and _is_unsent(reply):
            self._aside.append((call, slot, reply.failure))
        else:
            self._answer(unix_now, slot, reply.failure.error(), reply.failure)

    @property
    def _is_losing(self) -> bool:
        """Whether the store is being asked if somebody else has tokens that are still good."""
        return any(isinstance(chore.event, Lost) for chore in self._chores)

    def _ask_again(self, now: float, unix_now: float) -> None:
        """The calls that were refused since the tokens were lost are made with those of somebody else."""
        aside, self._aside = self._aside, []
        for call, slot, failure in aside:
            try:
                if self.account.tokens is not None:
                    self.submit(now, call, slot)
                    continue
            except LocalProtocolError:
                """It is closed by now, or full: what was refused stays so."""
            self._answer(unix_now, slot, failure.error(), failure)

    def _answer(self, unix_now: float, slot: Slot[Any] | None, answer: object, failure: Failure | None) -> None:
        if self._monitor is not None:
            self._monitor.note_call(unix_now, failure)
        if slot is not None:
            slot.fill(answer)

    def _tell(self, unix_now: float, event: GrantEvent, error: KickError | None = None) -> None:
        """Tell whoever waits for the event, and the monitor; with an error, that."""
        if self._monitor is not None and (say := PROBLEMS.get(type(event))) is not None:
            self._monitor.note_login(unix_now, say(event))
        waiting = [each for each in self._listeners if type(event) in each[0].answers]
        self._listeners = [each for each in self._listeners if each not in waiting]
        for ends, slot in waiting:
            slot.fill(error if error is not None else ends.answers[type(event)](event))


ADOPTING = frozenset(GrantState) - {GrantState.REVOKING, GrantState.CLOSED}
"""The states of a grant in which it takes tokens that somebody else has made."""

PROBLEMS: Mapping[type, Callable[[Any], str | None]] = {
    Issued: lambda issued: None,
    Refreshed: lambda refreshed: None,
    Declined: lambda declined: declined.reason,
    Lost: lambda lost: lost.reason,
    Unrefreshed: lambda unrefreshed: unrefreshed.failure.message,
}
"""What an event says about a login: None where it is good."""


def _is_unsent(refused: Refused) -> bool:
    """Whether the call was refused for want of a token before it was made."""
    return refused.failure.outcome is Outcome.UNAUTHORIZED and refused.credential == 0
