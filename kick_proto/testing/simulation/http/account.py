"""What an account must do with its calls: which go with which token, which wait for a new one, which are made again.

Models beside ``account.Account`` and beside a mere ``rest.Client``, with the same sides, so that one witness goes with
either. Each is told what the machine is told and says what must come of it: the requests that leave (``lines`` of each
client), the facts that are told (``told``), and the next moment at which something is due.
"""

from math import inf
from typing import Any, Protocol

from kick_proto import oauth
from kick_proto.account import REFRESH_PAUSE
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.oauth import App
from kick_proto.http import HttpInput
from kick_proto.outcomes import Outcome
from kick_proto.secret import Secret
from kick_proto.testing.simulation.http.lines import Ended, Errand, Lines
from kick_proto.testing.simulation.http.login import Fact, Login, Stage
from kick_proto.tokens import TokenSet

__all__ = ["AccountModel", "ClientModel", "Model"]


class Model(Protocol):
    """The sides of a model."""

    told: list[Fact]
    closed: bool

    @property
    def lines(self) -> tuple[Lines, ...]:
        """Its clients' calls, in the order in which their outputs come."""
        ...

    @property
    def open_count(self) -> int:
        """How many of the application's calls are open."""
        ...

    @property
    def token(self) -> Secret | None:
        """The access token in use."""
        ...

    def is_legal(self, command: str) -> bool:
        """Whether a command may be given now."""
        ...

    def tell(self, now: float, command: str, arguments: tuple[Any, ...], given: Any) -> None:
        """A command was given, and gave that."""
        ...

    def hear(self, now: float, received: HttpInput) -> None:
        """An exchange has ended."""
        ...

    def pass_time(self, now: float) -> None:
        """Time has passed."""
        ...

    def next_at(self) -> float | None:
        """When something is due next."""
        ...


def _named(call: Call[Any]) -> str:
    return dict(call.query)["n"]  # type: ignore[return-value]


class ClientModel:
    """Beside a client without an account."""

    def __init__(self, lines: Lines, most: int) -> None:
        self.told: list[Fact] = []
        self.closed = False
        self.lines = (lines,)
        self.token: Secret | None = None
        self._calls = lines
        self._most = most

    @property
    def open_count(self) -> int:
        """How many calls are open."""
        return len(self._calls.open)

    def is_legal(self, command: str) -> bool:
        """Whether a command may be given now."""
        return command != "submit" or (not self.closed and self.open_count < self._most)

    def tell(self, now: float, command: str, arguments: tuple[Any, ...], given: Any) -> None:
        """A command was given, and gave that."""
        match command:
            case "submit":
                self._calls.submit(now, Errand(_named(arguments[0]), arguments[0], given))
            case "abandon":
                wanted_no_more = [each for each in self._calls.open if each.ref == arguments[0]]
                self._calls.abandon(now, wanted_no_more)
            case "set_token":
                self.token = arguments[0]
                self._calls.set_token(now, has_one=self.token is not None)
            case _:
                self._calls.close()
                self.closed = True
        self._take_up()

    def hear(self, now: float, received: HttpInput) -> None:
        """An exchange has ended."""
        self._calls.hear(now, received)
        self._take_up()

    def pass_time(self, now: float) -> None:
        """Time has passed."""
        self._calls.pass_time(now)
        self._take_up()

    def next_at(self) -> float | None:
        """When something is due next."""
        return self._calls.next_at()

    def _take_up(self) -> None:
        self.told.extend(map(answer, self._calls.ended))
        self._calls.ended.clear()


def answer(ended: Ended) -> Fact:
    """What is told of a call that has ended."""
    errand, failure = ended.errand, ended.failure
    if failure is None:
        return ("replied", errand.ref, ended.value)
    return ("refused", errand.ref, failure.outcome, errand.credential)


class AccountModel:
    """Beside an account: the model of its login, of its calls, and of the calls that wait for a new token.

    ``_why`` is why there is none, as was told last.
    """

    def __init__(self, app: App, config: oauth.Config, asking: Lines, calls: Lines) -> None:
        self.told: list[Fact] = []
        self.closed = False
        self.login = Login(app, config, asking)
        self.lines = (asking, calls)
        self._calls = calls
        self._most = config.rest.max_queued
        self._hold = config.rest.hold
        self._waiting: dict[int, tuple[Errand, float]] = {}
        self._given: TokenSet | None = None
        self._rejected: int | None = None
        self._why: object = Outcome.UNAUTHORIZED
        self._paused_until = self._doubted_until = -inf

    @property
    def open_count(self) -> int:
        """How many of the application's calls are open."""
        return len(self._calls.open) + len(self._waiting)

    @property
    def token(self) -> Secret | None:
        """The access token in use."""
        return None if self.login.tokens is None else self.login.tokens.access_token

    def is_legal(self, command: str) -> bool:
        """Whether a command may be given now."""
        match command:
            case "submit":
                return not self.closed and self.open_count < self._most
            case "abandon":
                return True
            case _:
                return self.login.is_legal(command)

    def tell(self, now: float, command: str, arguments: tuple[Any, ...], given: Any) -> None:
        """A command was given, and gave that."""
        match command:
            case "submit":
                self._go(now, Errand(_named(arguments[0]), arguments[0], given))
            case "abandon":
                self._abandon(now, arguments[0])
            case "begin":
                self.login.begin(now, given)
            case "close":
                self._close(now)
            case _:
                getattr(self.login, command)(now, *arguments)
                if command == "revoke":
                    self._refuse_waiting(Outcome.UNAUTHORIZED)
        self._drain(now)

    def hear(self, now: float, received: HttpInput) -> None:
        """An exchange has ended."""
        self.login.lines.hear(now, received)
        self._calls.hear(now, received)
        self._drain(now)

    def pass_time(self, now: float) -> None:
        """Time has passed."""
        self.login.pass_time(now)
        self._calls.pass_time(now)
        self._drain(now)
        for ref in [ref for ref, (_, until) in self._waiting.items() if until <= now]:
            del self._waiting[ref]
            self.told.append(("refused", ref, Outcome.UNREACHABLE, 0))

    def next_at(self) -> float | None:
        """When something is due next."""
        held = (until for _, until in self._waiting.values())
        moments = (self.login.next_at(), self._calls.next_at(), *held)
        return min((at for at in moments if at is not None), default=None)

    # From what is told below to what is told here

    def _drain(self, now: float) -> None:
        while True:
            self.login.drain(now)
            told, self.login.told = self.login.told, []
            for fact in told:
                if fact[0] == "unrefreshed":
                    self._why = fact[1]
                    self._paused_until = now + REFRESH_PAUSE
                elif fact[0] == "lost":
                    self._why = Outcome.UNAUTHORIZED
            self.told += told
            self._use_tokens(now)
            ended = list(self._calls.ended)
            self._calls.ended.clear()
            for each in ended:
                self._on_end(now, each)
            if not told and not ended:
                return

    def _use_tokens(self, now: float) -> None:
        tokens = self.login.tokens
        is_new = tokens != self._given
        if is_new:
            self._given = tokens
            self._calls.set_token(now, has_one=tokens is not None)
        if self._waiting and not self.login.is_coming:
            if tokens is not None and (is_new or self._is_good(now)):
                self._release(now)
            else:
                self._refuse_waiting(self._why)

    def _on_end(self, now: float, ended: Ended) -> None:
        errand, failure = ended.errand, ended.failure
        is_for_want = (
            failure is not None
            and failure.outcome is Outcome.UNAUTHORIZED
            and errand.wants_token
            and self._given is not None
        )
        if is_for_want and self._is_worth_another(now, errand):
            errand.replayed = True
            self._go(now, errand)
        else:
            self.told.append(answer(ended))

    def _is_worth_another(self, now: float, errand: Errand) -> bool:
        """Once more with a token that is newer, or with one that can be had; a second 401 is believed for a while."""
        if errand.replayed:
            self._doubted_until = now + REFRESH_PAUSE
            return False
        if errand.credential == self._calls.credential:
            if not self._can_renew or now < self._doubted_until:
                return False
            self._rejected = errand.credential
        return True

    # Calls that go, and calls that wait

    def _go(self, now: float, errand: Errand) -> None:
        if errand.wants_token and self._must_wait(now):
            self._waiting[errand.ref] = (errand, now + self._hold)
        else:
            self._calls.submit(now, errand)

    def _must_wait(self, now: float) -> bool:
        """Whether new tokens are to be waited for; they are asked for where that is worth it."""
        is_needed = self._given is None or self.login.is_due(now) or self._is_rejected
        if self.login.is_coming or not is_needed:
            return is_needed
        if self._given is None or not self._can_renew or (self._is_good(now) and now < self._paused_until):
            return False
        self.login.refresh(now)
        return True

    @property
    def _can_renew(self) -> bool:
        login = self.login
        return login.is_coming or login.stage is Stage.UNSTORED or (login.stage is Stage.HELD and login.is_renewable)

    @property
    def _is_rejected(self) -> bool:
        return self._rejected == self._calls.credential

    def _is_good(self, now: float) -> bool:
        return not self.login.is_expired(now) and not self._is_rejected

    def _release(self, now: float) -> None:
        waiting, self._waiting = self._waiting, {}
        for errand, _ in waiting.values():
            self._calls.submit(now, errand)

    def _refuse_waiting(self, outcome: object) -> None:
        self.told += [("refused", ref, outcome, 0) for ref in self._waiting]
        self._waiting.clear()

    def _abandon(self, now: float, ref: int) -> None:
        self._waiting.pop(ref, None)
        self._calls.abandon(now, [each for each in self._calls.open if each.ref == ref])

    def _close(self, now: float) -> None:
        if not self.closed:
            self._refuse_waiting(Outcome.UNREACHABLE)
            self.login.close(now)
            self._calls.close()
        self.closed = True
