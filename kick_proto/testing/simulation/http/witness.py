"""A machine over HTTP with its model beside it: what comes of each step must be what the model says, and nothing else.

A driver uses a ``Witness`` as it would use the machine. After every step all that leaves is looked at by itself (pace,
pauses, tries, tokens), then all of it is compared with the model: requests, cancels, facts, and the next deadline. What
the machine shows is searched for secrets, which all hold ``secrets.MARK``.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from kick_proto.account import Account
from kick_proto.endpoints.call import Host, Sites
from kick_proto.errors import LocalProtocolError
from kick_proto.http import Fetch, HttpInput, HttpOutput, Request
from kick_proto.machine import Cancel
from kick_proto.oauth import events as grants
from kick_proto.rest import Client, Refused, Replied
from kick_proto.testing.simulation.http.account import AccountModel, Model
from kick_proto.testing.simulation.http.lines import Lines, Phase
from kick_proto.testing.simulation.http.login import Fact, name_of_form
from kick_proto.testing.simulation.http.pacing import SLACK, Pacing
from kick_proto.testing.simulation.http.secrets import search
from kick_proto.testing.simulation.laws import Law, Violation

__all__ = ["Machine", "Made", "Witness", "fact_of", "host_of"]

MOST_REMEMBERED = 200
"""Refs, of requests and of calls that have ended, that are known for a while."""

Machine: TypeAlias = Account | Client
Event: TypeAlias = Any
Made: TypeAlias = tuple[list[HttpOutput], list[Event], float | None, bool]
"""What came of a step: outputs, events, the next deadline, and whether the machine is closed."""


def host_of(sites: Sites, request: Request) -> Host:
    """The host that a request is for."""
    return next(host for host in Host if request.address.startswith(sites.of(host) + "/"))


FACTS: dict[type, Callable[[Any], Fact]] = {
    Replied: lambda event: ("replied", event.ref, event.value),
    Refused: lambda event: ("refused", event.ref, event.failure.outcome, event.credential),
    grants.Issued: lambda event: ("issued", *_known_of(event.tokens)),
    grants.Refreshed: lambda event: ("refreshed", *_known_of(event.tokens)),
    grants.Declined: lambda event: ("declined",),
    grants.Lost: lambda event: ("lost", event.tokens),
    grants.Unrefreshed: lambda event: ("unrefreshed", event.failure.outcome),
    grants.Revoked: lambda event: ("revoked",),
    grants.Unrevoked: lambda event: ("unrevoked",),
    grants.Introspected: lambda event: ("introspected", event.introspection.active),
    grants.Unintrospected: lambda event: ("unintrospected", event.failure.outcome),
}
"""What each event tells."""

ABOUT_CALLS = ("replied", "refused")
FOR_TOKENS = "/oauth/token "
"""How the names of requests begin that are for new tokens."""


def _known_of(tokens: Any) -> Fact:
    lifetime = None if tokens.expires_at is None else (tokens.expires_at - tokens.issued_at).total_seconds()
    return (tokens.access_token, tokens.refresh_token, tokens.kind, lifetime)


def fact_of(event: Event) -> Fact:
    """What an event tells, as a model does."""
    return FACTS[type(event)](event)


class Witness:
    """See the module's docstring. ``pacing`` is shared by all witnesses of a program."""

    def __init__(self, machine: Machine, model: Model, pacing: Pacing, sites: Sites) -> None:
        self.machine = machine
        self.model = model
        self._pacing = pacing
        self._sites = sites
        self._early: float | None = None
        self._owed: tuple[list[Fact], float | None] = ([], None)
        self._refs: deque[int] = deque(maxlen=MOST_REMEMBERED)
        self._answered: deque[int] = deque(maxlen=MOST_REMEMBERED)

    # Steps

    def tell(self, now: float, command: str, *arguments: Any, **named: Any) -> Any:
        """Give a command; gives what it gives, and None where it is illegal and refused.

        Raises:
            Violation: it is taken though illegal, or refused though legal.
        """
        is_legal = self.model.is_legal(command)
        given = None
        try:
            given = getattr(self.machine, command)(now, *arguments, **named)
        except LocalProtocolError as error:
            search(f"the refusal of {command}", str(error))
            if is_legal:
                raise Violation(Law.INTERFACE, f"{command} is refused, and is legal: {error}") from None
        else:
            if not is_legal:
                law = Law.BOUNDED if command == "submit" and not self.machine.closed else Law.INTERFACE
                raise Violation(law, f"{command} is taken, and is illegal")
            self.model.tell(now, command, arguments, given)
        return given

    def hear(self, now: float, received: HttpInput) -> None:
        """Hand over what became of an exchange."""
        self.model.hear(now, received)
        self.machine.handle_input(now, received)

    def tick(self, now: float) -> None:
        """Say that time has passed."""
        self.model.pass_time(now)
        self.machine.handle_timeout(now)
        at = self.machine.poll_timeout()
        if at is not None and at <= now:
            raise Violation(Law.INTERFACE, f"handle_timeout({now}) leaves {at} as the time of the next")

    # What must be, after each step

    def see(self, now: float, made: Made) -> None:
        """Look at all that has come of a step.

        Raises:
            Violation: it is not what must be.
        """
        outputs, events, at, is_closed = made
        was_silent = self.model.closed and not any(lines.starts or lines.cancels for lines in self.model.lines)
        if was_silent and any(isinstance(output, Fetch) for output in outputs):
            raise Violation(Law.SILENCE, f"{outputs} comes out of what is closed")
        for output in outputs:
            search("an output", repr(output))
        for event in events:
            search("an event", repr(event))
        search("the machine", repr(self.machine))
        fetches = [output for output in outputs if isinstance(output, Fetch)]
        if isinstance(self.model, AccountModel):
            asking, calls = self.model.lines
            of_login = [fetch for fetch in fetches if host_of(self._sites, fetch.request) is Host.ID]
            self._see_fetches(now, asking, of_login)
            self._see_fetches(now, calls, [fetch for fetch in fetches if fetch not in of_login])
        else:
            self._see_fetches(now, self.model.lines[0], fetches)
        self._see_cancels(now, [output.ref for output in outputs if isinstance(output, Cancel)])
        self._see_events(now, events, at)
        self._see_stage()
        self._see_deadline(now, at)
        if is_closed is not self.model.closed:
            raise Violation(Law.SILENCE, f"closed is {is_closed} at {now}, and must be {self.model.closed}")

    def _see_fetches(self, now: float, lines: Lines, fetches: list[Fetch]) -> None:
        named = [(_name(fetch.request, self._sites), fetch) for fetch in fetches]
        for name, fetch in named:
            self._pacing.see(host_of(self._sites, fetch.request), now)
            if fetch.ref in self._refs:
                raise Violation(Law.INTERFACE, f"ref {fetch.ref} was there before")
            self._refs.append(fetch.ref)
            self._see_right(lines, name, fetch)
        names = [name for name, _ in named]
        if names != [errand.name for errand in lines.starts]:
            said = ", ".join(_shown(fetch) for fetch in fetches)
            more = Counter(names) - Counter(errand.name for errand in lines.starts)
            law = Law.LOGIN if any(name.startswith(FOR_TOKENS) for name in more) else Law.ON_TIME
            raise Violation(law, f"{len(lines.starts)} requests are due at {now}, and what leaves is: {said}")
        for fetch in fetches:
            lines.starts.pop(0).fetch = fetch.ref

    def _see_right(self, lines: Lines, name: str, fetch: Fetch) -> None:
        """Whether the request may ever leave, whenever that is."""
        errand = next((each for each in (*lines.starts, *lines.open) if each.name == name), None)
        if _renews(fetch):
            self._see_renewal(fetch)
        law = Law.LOGIN if name.startswith(FOR_TOKENS) else Law.TRIES
        if errand is None:
            raise Violation(law, f"{_shown(fetch)} leaves for a call that is over, or that nobody made")
        if errand.phase is Phase.FLYING and errand not in lines.starts:
            raise Violation(law, f"{_shown(fetch)} leaves while the same is under way")
        if errand.wants_token:
            self._see_token(fetch)

    def _see_renewal(self, fetch: Fetch) -> None:
        token = dict(fetch.request.form)["refresh_token"]
        if isinstance(self.model, AccountModel) and token in self.model.login.spent:
            raise Violation(Law.LOGIN, "a refresh token is used that another has taken the place of")

    def _see_token(self, fetch: Fetch) -> None:
        sent = dict(fetch.request.header_lines()).get("authorization")
        token = self.model.token
        if sent != (None if token is None else f"Bearer {token.reveal()}"):
            raise Violation(Law.LOGIN, f"{_shown(fetch)} goes with another token than the one in use")

    def _see_cancels(self, now: float, cancelled: list[int]) -> None:
        due = [errand.fetch for lines in self.model.lines for errand in lines.cancels]
        if Counter(cancelled) != Counter(due):
            raise Violation(Law.ON_TIME, f"at {now} {cancelled} are given up; it is time to give up {due}")
        for lines in self.model.lines:
            lines.cancels.clear()

    def _see_events(self, now: float, events: list[Event], at: float | None) -> None:
        facts = [fact_of(event) for event in events]
        for fact in facts:
            if fact[0] in ABOUT_CALLS and fact[1] in self._answered:
                raise Violation(Law.ANSWERS, f"call {fact[1]} is answered twice: {fact}")
            if fact[0] in ABOUT_CALLS:
                self._answered.append(fact[1])  # type: ignore[arg-type]
        due, self.model.told = self.model.told, []
        if isinstance(self.model, AccountModel):
            for event in events:
                if isinstance(event, grants.Issued | grants.Refreshed):
                    self.model.login.see_offer(event.tokens)
        missing, more = _but_for(due, facts), _but_for(facts, due)
        owed, owed_by = self._owed
        if owed and owed_by is not None and now >= owed_by:
            raise Violation(Law.ANSWERS, f"it was due, and has not been told: {owed}")
        if not more and missing and at is not None and all(fact[0] == "refused" for fact in missing):
            # What its machine has in mind with such a call shows at its next deadline.
            self._owed = (owed + missing, at if owed_by is None else owed_by)
        elif missing or more:
            is_about_calls = all(fact[0] in ABOUT_CALLS for fact in (*missing, *more))
            law = Law.ANSWERS if is_about_calls else Law.LOGIN
            raise Violation(law, f"at {now} {more} is told; what is so is {missing}")

    def _see_stage(self) -> None:
        if isinstance(self.machine, Account) and isinstance(self.model, AccountModel):
            said, stage = self.machine.grant_state.value, self.model.login.stage.value
            if said != stage:
                raise Violation(Law.LOGIN, f"the grant is said to be {said}, and is {stage}")

    def _see_deadline(self, now: float, at: float | None) -> None:
        """One that comes too early is found out when it comes, for what is done then says what is wrong with it."""
        due = self.model.next_at()
        is_right = at == due if at is None or due is None else abs(at - due) <= SLACK
        was_early, self._early = self._early, None
        if was_early is not None and now >= was_early:
            raise Violation(Law.ON_TIME, f"something is waited for until {was_early}, and nothing is due")
        if not is_right and at is not None and (due is None or now < at < due) and not self.model.closed:
            self._early = at
        elif not is_right:
            law = Law.SILENCE if self.model.closed else Law.ON_TIME
            raise Violation(law, f"the next deadline is said to be {at}, and is {due} (now {now})")


def _but_for(facts: list[Fact], others: list[Fact]) -> list[Fact]:
    """What is in one list and not in the other, as often as it is."""
    left = list(others)
    found = []
    for fact in facts:
        if fact in left:
            left.remove(fact)
        else:
            found.append(fact)
    return found


def _renews(fetch: Fetch) -> bool:
    return any(name == "refresh_token" for name, _ in fetch.request.form)


def _shown(fetch: Fetch) -> str:
    """A request as it may be shown."""
    return f"{fetch.request.method} {fetch.request.address}"


def _name(request: Request, sites: Sites) -> str:
    """How the model knows the request."""
    query = parse_qsl(urlsplit(request.url()).query)
    if host_of(sites, request) is not Host.ID:
        return dict(query).get("n", "")
    form = dict([*query, *parse_qsl(request.content().decode())])
    bearer = dict(request.header_lines()).get("authorization", "").removeprefix("Bearer ")
    return name_of_form(request.address.removeprefix(sites.of(Host.ID)), form, bearer)
