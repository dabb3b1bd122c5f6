"""What both drivers of an ``Account`` have in common: who waits for which answer, and what is to be done on disk.

A driver tells the account what happens, and then has the desk sort what came out of it. New tokens, and lost ones, are
chores: each touches the store, so it is the driver that decides where it is done. What the store says is then told to
the account by ``finish``, and whoever waits hears of it after that, never before.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec

from kick_io.vault import Vault
from kick_proto.account import Account
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.oauth import Introspection
from kick_proto.errors import KickError, LoginFailed, StoreError, Unauthorized
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
from kick_proto.outcomes import Failure
from kick_proto.rest import Refused, Replied
from kick_proto.tokens import TokenSet

__all__ = ["INTROSPECTION", "LOGIN", "RENEWAL", "REVOCATION", "Chore", "Desk", "Ends", "Slot"]

log = logging.getLogger("kick_io")

AnswerT = TypeVar("AnswerT")


class Ends(msgspec.Struct, Generic[AnswerT], frozen=True):
    """The events that may end the wait for a command, one of which brings the answer."""

    types: tuple[type, ...]


LOGIN: Ends[TokenSet] = Ends((Issued, Declined))
RENEWAL: Ends[TokenSet] = Ends((Refreshed, Unrefreshed, Lost))
REVOCATION: Ends[None] = Ends((Revoked, Unrevoked))
INTROSPECTION: Ends[Introspection] = Ends((Introspected, Unintrospected))


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


class Chore(msgspec.Struct, frozen=True):
    """Something about tokens that is to be done on disk; ``before`` are those that the new ones were made of."""

    event: Issued | Refreshed | Lost
    before: TokenSet | None

    def do(self, vault: Vault) -> TokenSet | StoreError | None:
        """Do it, and give back the tokens that count from now on: None for none, or why it cannot be done."""
        try:
            match self.event:
                case Issued(tokens=tokens):
                    return vault.keep_login(tokens)
                case Refreshed(tokens=tokens):
                    return vault.keep_login(tokens) if self.before is None else vault.keep_renewed(tokens, self.before)
                case Lost(tokens=tokens):
                    return vault.after_loss(tokens)
        except StoreError as error:
            return error


class Desk:
    """Sorts what comes out of one account; see the module's docstring. ``monitor`` is told how it is doing."""

    def __init__(self, account: Account, monitor: Monitor | None = None) -> None:
        self.account = account
        self._monitor = monitor
        self._replies: dict[int, Slot[Any]] = {}
        self._listeners: list[tuple[Ends[Any], Slot[Any]]] = []

    def submit(self, now: float, call: Call[Any], slot: Slot[Any]) -> int:
        """Make a call whose answer goes into the slot."""
        ref = self.account.submit(now, call)
        self._replies[ref] = slot
        return ref

    def abandon(self, now: float, ref: int) -> None:
        """Nobody waits for that call any more."""
        if self._replies.pop(ref, None) is not None:
            self.account.abandon(now, ref)

    def listen(self, ends: Ends[AnswerT], slot: Slot[AnswerT]) -> None:
        """Have the next event that ends the wait fill the slot."""
        self._listeners.append((ends, slot))

    def deafen(self, slot: Slot[Any]) -> None:
        """Nobody waits at that slot any more."""
        self._listeners = [each for each in self._listeners if each[1] is not slot]

    def sort(self, unix_now: float) -> list[Chore]:
        """Hand out what has come, and give back what is to be done on disk."""
        chores = []
        for event in self.account.take_events():
            match event:
                case Replied(ref=ref, value=value):
                    self._reply(unix_now, ref, value, None)
                case Refused(ref=ref, failure=failure):
                    self._reply(unix_now, ref, failure.error(), failure)
                case Issued() | Refreshed() | Lost():
                    chores.append(Chore(event, self.account.tokens))
                case _:
                    self._tell(unix_now, event)
        return chores

    def finish(self, now: float, unix_now: float, chore: Chore, found: TokenSet | StoreError | None) -> None:
        """Act on what the store has said."""
        event = chore.event
        if self.account.closed:
            self._tell(unix_now, event)
        elif isinstance(found, StoreError):
            self._unstored(now, unix_now, event, found)
        elif isinstance(event, Lost):
            self._tell(unix_now, event if found is None else self._adopt(now, unix_now, found))
        elif found is None or found == event.tokens:
            self.account.stored(now, event.tokens)
            self._tell(unix_now, event)
        else:
            self._tell(unix_now, self._adopt(now, unix_now, found))

    def _unstored(self, now: float, unix_now: float, event: Issued | Refreshed | Lost, error: StoreError) -> None:
        """The disk is no reason to stop working: the tokens are used as long as this process lives, and it is said."""
        log.warning("tokens could not be stored: %s", error)
        if not isinstance(event, Lost):
            self.account.stored(now, event.tokens)
        if isinstance(event, Issued):
            self._fill(event, error)
        else:
            self._tell(unix_now, event)

    def _adopt(self, now: float, unix_now: float, tokens: TokenSet) -> Refreshed:
        """Somebody else has newer tokens."""
        self.account.adopt(now, tokens, unix_now)
        return Refreshed(tokens)

    def _reply(self, unix_now: float, ref: int, answer: object, failure: Failure | None) -> None:
        if self._monitor is not None:
            self._monitor.note_call(unix_now, failure)
        slot = self._replies.pop(ref, None)
        if slot is not None:
            slot.fill(answer)

    def _tell(self, unix_now: float, event: GrantEvent) -> None:
        answer = ANSWERS[type(event)](event)
        if self._monitor is not None and isinstance(event, Issued | Refreshed | Lost | Unrefreshed | Declined):
            self._monitor.note_login(unix_now, str(answer) if isinstance(answer, KickError) else None)
        self._fill(event, answer)

    def _fill(self, event: GrantEvent, answer: object) -> None:
        waiting = [each for each in self._listeners if isinstance(event, each[0].types)]
        self._listeners = [each for each in self._listeners if each not in waiting]
        for _, slot in waiting:
            slot.fill(answer)


ANSWERS: Mapping[type, Callable[[Any], object]] = {
    Issued: lambda event: event.tokens,
    Refreshed: lambda event: event.tokens,
    Declined: lambda event: LoginFailed(event.reason, code=event.code),
    Lost: lambda event: Unauthorized(event.reason, status=401, code="invalid_grant"),
    Unrefreshed: lambda event: event.failure.error(),
    Revoked: lambda event: None,
    Unrevoked: lambda event: event.failure.error(),
    Introspected: lambda event: event.introspection,
    Unintrospected: lambda event: event.failure.error(),
}
"""What whoever waits for an event is given; an error is raised there."""
