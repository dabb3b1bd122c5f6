"""Programs, the mock's hosts and the requests between them, as a driver sees them.

What comes out of a machine is obeyed, what arrives is told. ``deciding`` says what goes wrong, ``proving`` that all is
well again when nothing does. Whatever is written into the transcript is searched for secrets first.
"""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import msgspec

from kick_proto.endpoints.call import Host
from kick_proto.endpoints.oauth import App
from kick_proto.http import Fetch, Request, Responded, Response, Unanswered
from kick_proto.oauth.events import Issued, Lost, Refreshed, Revoked
from kick_proto.redirect import parse_target
from kick_proto.rest import Refused, Replied
from kick_proto.secret import Secret
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.http.callers import Caller, Program
from kick_proto.testing.simulation.http.decisions import Browse, Climate, First, Unlucky
from kick_proto.testing.simulation.http.homecoming import come_home
from kick_proto.testing.simulation.http.plans import WebPlan
from kick_proto.testing.simulation.http.secrets import MARK, search
from kick_proto.testing.simulation.http.troubles import Outage, OutageKind
from kick_proto.testing.simulation.http.witness import Event, host_of
from kick_proto.testing.simulation.timeline import Timeline
from kick_proto.testing.site.accounts import CAST
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.apps import SCOPES, RegisteredApp
from kick_proto.testing.site.exchange import Cut, SiteRequest, as_asked, sites_at
from kick_proto.testing.site.trouble import Trouble
from kick_proto.tokens import TokenSet

__all__ = ["SITES", "HttpNetwork"]

SITES = sites_at("http://kick.example")
"""Where the mock's hosts are."""

APP = App(client_id="01SIMULATED", client_secret=Secret(MARK * 6), scopes=SCOPES)
REGISTERED = RegisteredApp(
    client_id="01SIMULATED", client_secret=Secret(MARK * 6), redirect_uris=("http://localhost:38080/callback",)
)

TARGET = parse_target(APP.redirect_uri)

PASTED = (Browse.TWICE, Browse.NONSENSE)
"""What comes back through no listener: somebody has pasted it."""

CALM = 0.2
"""Seconds that a request or an answer takes at most when nothing goes wrong."""

Heard: TypeAlias = Response | Unanswered
"""What comes back of a request; when that is heard, only the moment tells."""


class _Exchange(msgspec.Struct, frozen=True):
    """A request that is under way: whose it is, of which of its machines, under which ref, and for which host."""

    caller: Caller
    generation: int
    ref: int
    host: Host

    @property
    def key(self) -> tuple[int, int, int]:
        """What no other exchange has."""
        return self.caller.number, self.generation, self.ref


class HttpNetwork:
    """See the module's docstring. ``steps`` counts what machines were told; ``calls`` and ``requests`` count too."""

    def __init__(self, seed: int, plan: WebPlan, time: Timeline, safety: float) -> None:
        self.time = time
        self.safety = safety
        self.steps = 0
        self.calls = 0
        self.requests = 0
        self.lag = (0.0, 0.0)
        self.is_tardy = False
        self.is_calm = False
        self.is_over = False
        self.climates: list[Climate] = []
        self.unlucky: list[Unlucky] = []
        self._seed = seed
        self._minted = 0
        self._logins = 0
        self._cancelled: set[tuple[int, int, int]] = set()
        self._mail: list[tuple[_Exchange, Heard]] = []
        self.site = KickSite(
            rng=Chance(f"{seed}/site"), apps=(REGISTERED,), lifetimes=plan.lifetimes, mint=self._new_secret
        )
        self.programs: list[Program] = []
        self.callers: list[Caller] = []
        for each in plan.programs:
            program = Program(each, len(self.callers))
            self.programs.append(program)
            self.callers += program.callers

    def begin(self) -> None:
        """Let every program begin."""
        for caller in self.callers:
            if caller.plan.is_logged_in:
                caller.vault = self.granted(caller)
            self._begin(caller)

    def end(self) -> None:
        """Let every machine end for good."""
        self.is_over = True
        for caller in self.callers:
            self.tell(caller, "close")

    # Machines

    def tell(self, caller: Caller, command: str, *arguments: Any, **named: Any) -> Any:
        """Give a command where the program is awake; gives what it gives."""
        if caller.program.frozen_until > self.time.now:
            return None
        self._record(caller, command)
        given = caller.tell(self.time.now, command, *arguments, **named)
        if command == "submit" and given is not None:
            self.calls += 1
            # A call may have ended already: it is known before what was told of it is looked at.
            caller.open.append(given)
        self._settle(caller)
        return given

    def _begin(self, caller: Caller) -> None:
        caller.begin(APP, SITES, self._seed)
        self._settle(caller)
        if caller.vault is not None:
            self.adopt(caller, caller.vault)

    def adopt(self, caller: Caller, tokens: TokenSet) -> None:
        """Let an account use these tokens."""
        self.tell(caller, "adopt", tokens, self.time.unix_now)

    def _tick(self, caller: Caller) -> None:
        if caller.wakes_at is None or caller.wakes_at > self.time.now:
            return
        caller.wakes_at = None
        if caller.program.frozen_until <= self.time.now:
            caller.tick(self.time.now)
            self._settle(caller)

    def _settle(self, caller: Caller) -> None:
        """Obey what a step has come to, and set the clock for the next."""
        self.steps += 1
        outputs, events, at, is_closed = caller.settle(self.time.now)
        for output in outputs:
            self._record(caller, repr(output))
            if isinstance(output, Fetch):
                self._fetch(caller, output.ref, output.request)
            else:
                self._cancelled.add((caller.number, caller.generation, output.ref))
        if at is None:
            caller.wakes_at = None
        elif at != caller.wakes_at:
            caller.wakes_at = at
            self.time.at(max(at, self.time.now), self._tick, caller)
        for event in events:
            self._record(caller, repr(event))
            self._on_event(caller, event)
        if is_closed and caller.reborn_at is None:
            caller.reborn_at = self.time.now + caller.plan.pause
            self.time.at(caller.reborn_at, self._replace, caller)

    def _replace(self, caller: Caller) -> None:
        """Begin a machine in place of one that has ended."""
        if caller.program.frozen_until > self.time.now:
            self.time.at(caller.program.frozen_until, self._replace, caller)
        elif not self.is_over:
            self._begin(caller)

    def _on_event(self, caller: Caller, event: Event) -> None:
        match event:
            case Replied(ref=ref) | Refused(ref=ref):
                caller.open.remove(ref)
                caller.last = event
            case Issued(tokens=tokens) | Refreshed(tokens=tokens):
                if caller.stores_after is not None:
                    at = self.time.now + caller.stores_after
                    self.time.at(at, self._store, (caller, caller.generation, tokens))
            case Lost() | Revoked():
                caller.vault = None

    def _store(self, what: tuple[Caller, int, TokenSet]) -> None:
        caller, generation, tokens = what
        if caller.program.frozen_until > self.time.now:
            self.time.at(caller.program.frozen_until, self._store, what)
            return
        caller.vault = tokens
        if caller.generation == generation and not caller.closed:
            self.tell(caller, "stored", tokens)

    def _record(self, caller: Caller, text: str) -> None:
        search("the transcript", text)
        self.time.record(f"caller {caller.number}", text)

    # Requests

    def _fetch(self, caller: Caller, ref: int, request: Request) -> None:
        self.requests += 1
        host = host_of(SITES, request)
        draw = Chance(f"{self._seed}/request {caller.number}/{caller.generation}/{ref}")
        exchange = _Exchange(caller, caller.generation, ref, host)
        there, back = (self.lag[0] + draw.random() * (self.lag[1] - self.lag[0]) for _ in range(2))
        trouble = self._trouble_for(host, request.address.removeprefix(SITES.of(host)), draw)
        if not isinstance(trouble, Outage):
            self.time.at(self.time.now + there, self._arrive, (exchange, request, trouble, back))
        elif trouble.kind is not OutageKind.SILENT:
            is_sent = trouble.kind is OutageKind.LOST
            self.time.at(self.time.now + there, self._answer, (exchange, Unanswered(ref, trouble.kind.value, is_sent)))

    def _trouble_for(self, host: Host, path: str, draw: Chance) -> Trouble | None:
        for place, unlucky in enumerate(self.unlucky):
            if unlucky.host is host and path.startswith(unlucky.path) and unlucky.times > 0:
                self.unlucky[place] = msgspec.structs.replace(unlucky, times=unlucky.times - 1)
                return unlucky.trouble
        for climate in self.climates:
            if climate.host is host and climate.until > self.time.now and draw.random() < climate.probability:
                return climate.trouble
        return None

    def _arrive(self, what: tuple[_Exchange, Request, Trouble | None, float]) -> None:
        """Have it done what is asked, whoever still waits for it."""
        exchange, request, trouble, back = what
        if trouble is not None:
            self.site.trouble(self.time.now, exchange.host, trouble)
        reply = self.site.answer(self.time.now, self.time.unix_now, as_asked(request))
        self.site.take_frames()
        is_whole = reply.cut is Cut.NEVER
        heard = reply.response if is_whole else Unanswered(exchange.ref, "the connection was lost")
        self.time.at(self.time.now + reply.delay + back, self._answer, (exchange, heard))

    def _answer(self, what: tuple[_Exchange, Heard]) -> None:
        exchange, heard = what
        caller = exchange.caller
        if caller.program.frozen_until > self.time.now:
            self._mail.append(what)
            return
        is_cancelled = exchange.key in self._cancelled
        if exchange.generation != caller.generation or (is_cancelled and not self.is_tardy):
            return
        received = heard if isinstance(heard, Unanswered) else Responded(exchange.ref, heard, self.time.unix_now)
        self._record(caller, repr(received))
        caller.hear(self.time.now, received)
        self._settle(caller)

    # Programs that stand still

    def thaw(self, what: tuple[Program, First]) -> None:
        """Let a program wake that has slept; it does this first."""
        program, first = what
        if program.frozen_until > self.time.now:
            return
        order: tuple[Callable[[Program], None], ...] = {
            First.TIMERS: (self._wake, self._deliver),
            First.MAIL: (self._deliver, self._wake),
            First.COMMAND: (self._change_mind, self._deliver, self._wake),
        }[first]
        for do in order:
            do(program)

    def _wake(self, program: Program) -> None:
        for caller in program.callers:
            caller.wakes_at = self.time.now
            self._tick(caller)

    def _deliver(self, program: Program) -> None:
        mail, self._mail = self._mail, []
        for what in mail:
            self._answer(what)

    def _change_mind(self, program: Program) -> None:
        for caller in program.callers:
            self.abandon(caller, 0.0)
            if caller.plan.is_account and not caller.closed:
                self.tell(caller, "introspect")
                self.log_in(caller, 1.0)

    def abandon(self, caller: Caller, share: float) -> None:
        """Let the application want one of its calls no longer."""
        if caller.open and caller.program.frozen_until <= self.time.now:
            self.tell(caller, "abandon", caller.open.pop(int(share * len(caller.open))))

    # Logins

    def granted(self, caller: Caller) -> TokenSet:
        """Tokens of a login that was made elsewhere."""
        slug = CAST[caller.number % len(CAST)].slug
        issued = self.site.grant(self.time.now, slug, SCOPES, client_id=REGISTERED.client_id)
        until = self.time.unix_now + issued.token.expires_at - self.time.now
        return TokenSet(
            access_token=issued.access,
            refresh_token=issued.refresh,
            issued_at=datetime.fromtimestamp(self.time.unix_now, UTC),
            expires_at=datetime.fromtimestamp(until, UTC),
            scopes=SCOPES,
        )

    def log_in(self, caller: Caller, seconds: float, browse: Browse = Browse.AGREES) -> None:
        """Let somebody log in: there and back again, through the authorize page."""
        self._logins += 1
        verifier, state = (urlsafe_b64decode(self._new_secret()) for _ in range(2))
        url = self.tell(caller, "begin", entropy=verifier + state)
        if url is not None and browse is not Browse.NEVER:
            caller.logins = self._logins
            what = (caller, self._logins, browse, url, seconds / 2)
            self.time.at(self.time.now + seconds / 2, self._browse, what)

    def _browse(self, what: tuple[Caller, int, Browse, str, float]) -> None:
        caller, login, browse, url, rest = what
        parts = urlsplit(url)
        self.site.log_in(self.time.now, CAST[caller.number % len(CAST)].slug)
        if browse is Browse.DENIES:
            self.site.deny(self.time.now)
        asked = SiteRequest(method="GET", target=f"{parts.path}?{parts.query}")
        reply = self.site.answer(self.time.now, self.time.unix_now, asked)
        query = urlsplit(dict(reply.response.headers)["location"]).query
        if browse is Browse.STRANGER:
            query = query.replace("state=", "state=x")
        elif browse is Browse.NONSENSE:
            query = "what=ever"
        if browse not in PASTED:
            query = come_home(TARGET, query, Chance(f"{self._seed}/home {login}"))
        for _ in range(2 if browse is Browse.TWICE else 1):
            self.time.at(self.time.now + rest, self._come_back, (caller, login, query))

    def _come_back(self, what: tuple[Caller, int, str]) -> None:
        """Somebody comes back from the browser: to the login that was begun last, unless things may go wrong."""
        caller, login, query = what
        if caller.program.frozen_until > self.time.now:
            self.time.at(caller.program.frozen_until, self._come_back, what)
        elif not self.is_calm or login == caller.logins:
            self.tell(caller, "answer", query)

    def _new_secret(self) -> str:
        """A text that is base64 as well, as a verifier is that somebody reads from entropy."""
        self._minted += 1
        return f"{MARK * 6}{self._minted:08d}"
