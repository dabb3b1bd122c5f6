"""What a grant and an account have in common: a login that an OAuth server may do anything to, and a model of it.

The model knows which tokens are in use: those that were stored last, or adopted, until the server says that they are
lost or revoked. Nothing else may come of anything: no time-out, no broken server, no order of commands.
"""

import itertools
import random
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kick_proto import rest
from kick_proto.account import Account
from kick_proto.errors import LocalProtocolError
from kick_proto.http import Fetch, Request, Response
from kick_proto.machine import Cancel
from kick_proto.oauth import Config, Grant
from kick_proto.oauth.events import Issued, Lost, Refreshed, Revoked
from kick_proto.oauth.states import State
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet
from tests.exchanges import CUT, ENTROPY, NEVER, SILENCE, Exchanges, Kick, body_of, error
from tests.exchanges import Lost as Unheard

__all__ = ["CONFIG", "FAULTS", "Logins", "WAITS"]

CONFIG = Config(rest=rest.Config(rate=100.0, burst=100.0, in_flight=10))
FAULTS: tuple[Response | Unheard | None, ...] = (
    CUT,
    NEVER,
    SILENCE,
    error(500),
    error(503),
    error(429),
    error(400, "invalid_request"),
    error(401, "invalid_client"),
    error(403, "invalid_grant"),
    error(400, "invalid_grant"),
    error(401, "invalid_grant"),
    Response(200, (("content-type", "text/html"),), b"<html>"),
    Response(403, (("content-type", "text/html"), ("server", "cloudflare")), b"<html>"),
)
"""What the server may say to a request instead of the truth; ``Answer.is_final`` knows what ends a login."""
LIES = st.none() | st.sampled_from([fault for fault in FAULTS if isinstance(fault, Response)])
REVOKED = Response(200, (("content-type", "text/plain"),), b"OK")
PAGES = (
    error(403, "invalid_grant"),
    error(400, "invalid_request"),
    error(401, "invalid_client"),
    Response(403, (("content-type", "text/html"), ("server", "cloudflare")), b"<html>"),
)
"""What is final, and does not end a login."""
WAITS = (0.0, 1.0, 7.0, 31.0, 700.0, 7_200.0)


class Answer(NamedTuple):
    """What was said to a request, None where nothing was."""

    request: Request
    said: Response | Unheard | None

    @property
    def refreshing(self) -> str | None:
        """The refresh token that was shown, where that was what was asked."""
        return parse_qs(self.request.content().decode()).get("refresh_token", [None])[0]

    @property
    def place(self) -> str:
        """What was asked, by its path."""
        return urlsplit(self.request.address).path

    @property
    def fields(self) -> dict[str, Any]:
        """What was said, where that was a success; nothing where it was none."""
        is_good = isinstance(self.said, Response) and self.said.status == 200 and self.said.body.startswith(b"{")
        return msgspec.json.decode(self.said.body) if is_good and isinstance(self.said, Response) else {}

    @property
    def is_final(self) -> bool:
        """Whether it says that there is no login any more."""
        if not isinstance(self.said, Response) or self.said.status not in (400, 401):
            return False
        body: dict[str, object] = msgspec.json.decode(self.said.body)
        return body["error"] == "invalid_grant"


class Witness(Kick):
    """A Kick that remembers what it has said."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Answer] = []
        self.rotates = True
        """Whether a refresh gives a new refresh token, and says the scopes."""
        self.account: Account | None = None
        self.tell: Callable[[Answer], None] = lambda answer: None

    def answer(self, request: Request) -> Response | Unheard | None:
        said = self._shortened(Answer(request, super().answer(request)))
        self.said.append(Answer(request, said))
        self.tell(self.said[-1])
        return said

    def answer_late(self, request: Request) -> Response:
        """The truth, whatever is said to those who ask now."""
        faults, api_faults = self.faults, self.api_faults
        self.faults, self.api_faults = deque(), deque()
        said = self._shortened(Answer(request, super().answer(request)))
        self.faults, self.api_faults = faults, api_faults
        assert isinstance(said, Response)
        return said

    def hear(self, request: Request) -> None:
        """A call is made with the token in use, or with none."""
        token = self._bearer(request) if request.address.endswith("/thing") else None
        if token is not None and self.account is not None:
            assert self.account.tokens is not None
            assert token == self.account.tokens.access_token.reveal()

    def _shortened(self, answer: Answer) -> Response | Unheard | None:
        if self.rotates or answer.refreshing is None or not answer.fields:
            return answer.said
        fields = answer.fields
        return body_of({name: fields[name] for name in ("access_token", "token_type", "expires_in")})


class Logins(RuleBasedStateMachine):
    """Whatever happens to a login; ``machine`` is the grant, or the account that has it."""

    def __init__(self, machine: Grant | Account) -> None:
        super().__init__()
        self.kick = Witness()
        self.machine = machine
        self.world = Exchanges(machine, self.kick)
        self.numbers = itertools.count(1)
        self.held: TokenSet | None = None
        self.waiting: TokenSet | None = None
        self.past: list[TokenSet] = []
        self.trusted: set[str] = set()
        """All tokens that were ever stored or adopted."""
        self.told: list[Any] = []
        self.late: dict[int, Answer] = {}
        """What was said after all to who had been left without an answer."""

    @property
    def grant_state(self) -> State:
        return self.machine.grant_state if isinstance(self.machine, Account) else self.machine.state

    def hanging(self) -> list[tuple[int, Request]]:
        """What nothing was said to yet; the machine may have given it up."""
        fetches = [output for _, output in self.world.outputs if isinstance(output, Fetch)]
        pairs = zip(fetches, self.kick.said, strict=True)
        return [(one.ref, one.request) for one, each in pairs if each.said is SILENCE and one.ref not in self.late]

    def awaited(self) -> list[Answer]:
        """What is still waited for by the machine."""
        given_up = {output.ref for _, output in self.world.outputs if isinstance(output, Cancel)}
        return [Answer(request, None) for ref, request in self.hanging() if ref not in given_up]

    def give(self, command: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Give a command, and look at what came of it. One that is illegal changes nothing."""
        before = len(self.kick.said)
        try:
            result = self.world.call(command, *arguments, **named)
        except LocalProtocolError:
            assert (len(self.kick.said), self.world.events()) == (before, [])
            return None
        self.look(self.kick.said[before:])
        return result

    def look(self, said: list[Answer]) -> None:
        self.told = self.world.events()
        for event in self.told:
            match event:
                case Issued(tokens) | Refreshed(tokens):
                    if isinstance(event, Refreshed) and tokens != self.waiting:
                        self.compare(tokens, [each.fields for each in said if each.refreshing and each.fields])
                    self.waiting = tokens
                    self.past.append(tokens)
                case Lost(tokens):
                    assert tokens == self.held
                    assert tokens.kind == "user"
                    assert any(each.refreshing and each.is_final for each in said)
                    self.held = None
                case Revoked():
                    self.held = self.waiting = None
            self.see(event)

    def compare(self, new: TokenSet, answers: list[dict[str, Any]]) -> None:
        """What a refresh does not say is as it was before."""
        old = self.held
        assert old is not None
        assert new.kind == old.kind
        if old.kind == "user":
            said = answers[-1]
            assert new.refresh_token == (
                Secret(said["refresh_token"]) if "refresh_token" in said else old.refresh_token
            )
            assert new.scopes == (tuple(said["scope"].split()) if "scope" in said else old.scopes)

    def see(self, event: Any) -> None:
        """For who has further events."""

    def trust(self, tokens: TokenSet) -> None:
        self.held, self.waiting = tokens, None
        secrets = (tokens.access_token, tokens.refresh_token)
        self.trusted.update(secret.reveal() for secret in secrets if secret is not None)

    @initialize(depth=st.sampled_from([0, 1, 2, 2]))
    def start(self, depth: int) -> None:
        """Most lives begin with a login of the last run, of which some is due to be renewed."""
        if depth > 0:
            self.adopt()
        if depth > 1:
            self.wait(7_000.0)

    @rule(
        says_yes=st.booleans(),
        comes_back_after=st.sampled_from([0.0, 1.0, 599.0, 601.0]),
        fault=LIES | st.just(SILENCE),
        is_broken=st.booleans(),
    )
    def log_in(self, says_yes: bool, comes_back_after: float, fault: Response | None, is_broken: bool) -> None:
        number = next(self.numbers)
        url = self.give(self.machine.begin, entropy=random.Random(number).randbytes(len(ENTROPY)))
        self.nothing_is_waited_for_in_vain()
        self.wait(comes_back_after)
        query = self.kick.authorize(url)
        if is_broken:
            self.kick.faults.appendleft(fault)
        self.give(self.machine.answer, query if says_yes else f"error=access_denied&{query.partition('&')[2]}")

    @rule(query=st.sampled_from(["", "code=x", "code=x&state=y", "error=x"]))
    def answer_something_else(self, query: str) -> None:
        held, waiting = self.held, self.waiting
        self.give(self.machine.answer, query)
        assert (self.held, self.waiting) == (held, waiting)

    @rule()
    def log_in_again(self) -> None:
        """In the middle of the login before it."""
        self.kick.faults.clear()
        self.log_in(says_yes=True, comes_back_after=0.0, fault=SILENCE, is_broken=True)
        self.log_in(says_yes=True, comes_back_after=0.0, fault=None, is_broken=False)

    @rule(is_renewable=st.booleans())
    def adopt(self, is_renewable: bool = True) -> None:
        """Another process has stored new tokens."""
        number = next(self.numbers)
        access, refresh = f"theirs-{number}", f"their-refresh-{number}"
        self.kick.valid.add(access)
        self.kick.refreshing.add(refresh)
        tokens = TokenSet(
            access_token=Secret(access),
            refresh_token=Secret(refresh) if is_renewable else None,
            issued_at=datetime.fromtimestamp(self.world.unix_now, UTC),
            expires_at=datetime.fromtimestamp(self.world.unix_now + 7_200, UTC),
            scopes=("user:read",),
        )
        if self.grant_state is not State.REVOKING:
            # Before it is said, for calls that were held may meet a 401 with them at once, and new ones be asked for.
            self.trust(tokens)
        self.give(self.machine.adopt, tokens, self.world.unix_now)

    @rule()
    def store(self) -> None:
        tokens = self.waiting
        if tokens is not None:
            self.trust(tokens)
            self.give(self.machine.stored, tokens)

    @rule(data=st.data())
    def store_late(self, data: st.DataObject) -> None:
        """Tokens that others have taken the place of: nothing changes."""
        if old := [tokens for tokens in self.past if tokens != self.waiting]:
            self.give(self.machine.stored, data.draw(st.sampled_from(old)))

    @rule(is_broken=st.booleans(), fault=st.sampled_from(FAULTS))
    def refresh(self, is_broken: bool = False, fault: Response | Unheard | None = None) -> None:
        if is_broken:
            self.kick.faults.appendleft(fault)
        was_unstored = self.grant_state is State.UNSTORED
        self.give(self.machine.refresh)
        if was_unstored:
            assert [each.tokens for each in self.told if isinstance(each, Issued | Refreshed)] == [self.waiting]

    def begin_anew(self) -> bool:
        """With tokens that can be renewed, and a server that is well; False where that has to wait."""
        if self.grant_state is State.REVOKING:
            return False
        self.kick.faults.clear()
        self.adopt()
        return True

    @rule(page=st.sampled_from(PAGES))
    def meet_a_page(self, page: Response) -> None:
        """Whatever it is that says no, it says nothing of the login."""
        if self.begin_anew():
            before = self.held
            self.refresh(is_broken=True, fault=page)
            assert self.held == before

    @rule()
    def adopt_meanwhile(self) -> None:
        """While a refresh hangs."""
        if self.begin_anew():
            self.refresh(is_broken=True, fault=SILENCE)
            self.adopt()

    @rule(is_stored=st.booleans(), is_refreshed=st.booleans())
    def leave_unstored(self, is_stored: bool, is_refreshed: bool) -> None:
        """New tokens wait for too long, and are told again, or others take their place; then they are stored."""
        if not self.begin_anew():
            return
        self.refresh()
        tokens = self.waiting
        self.wait(31.0)
        if is_refreshed:
            self.refresh()
        else:
            self.adopt()
            self.refresh()
        if is_stored and tokens is not None:
            if tokens == self.waiting:
                self.store()
            else:
                self.give(self.machine.stored, tokens)

    @rule(
        is_stored=st.booleans(),
        ending=st.sampled_from([None, error(400, "invalid_grant"), error(401, "invalid_grant")]),
    )
    def request_app_token(self, is_stored: bool, ending: Response | None) -> None:
        """An application has no login that it can lose, whatever it is told when it asks again."""
        self.give(self.machine.request_app_token)
        if is_stored and self.waiting is not None:
            self.store()
            if ending is not None:
                self.refresh(is_broken=True, fault=ending)

    @rule(rotates=st.booleans())
    def rotate(self, rotates: bool) -> None:
        self.kick.rotates = rotates

    @rule(place=st.integers(0, 5), lie=LIES)
    def answer_late(self, place: int, lie: Response | None) -> None:
        """An answer after all, the truth or not; who waits for it no longer does not hear it."""
        if not (hanging := self.hanging()):
            return
        ref, request = hanging[place % len(hanging)]
        is_awaited = any(each.request is request for each in self.awaited())
        said = self.late[ref] = Answer(request, self.kick.answer_late(request) if lie is None else lie)
        before = len(self.kick.said)
        if is_awaited:
            self.see_late(said)
        assert isinstance(said.said, Response)
        self.world.respond(ref, said.said)
        self.look([*self.kick.said[before:], said])
        assert is_awaited or (self.told, len(self.kick.said)) == ([], before)

    def see_late(self, late: Answer) -> None:
        """For who has further calls."""

    @rule()
    def introspect(self) -> None:
        self.give(self.machine.introspect)

    @rule(is_broken=st.booleans(), fault=st.sampled_from(FAULTS))
    def revoke(self, is_broken: bool, fault: Response | Unheard | None) -> None:
        """Where nothing goes wrong, all tokens are revoked at once: those that wait to be stored, too."""
        if is_broken:
            self.kick.faults.appendleft(fault)
        was_revoking, before = self.grant_state is State.REVOKING, len(self.kick.said)
        sets = [tokens for tokens in (self.held, self.waiting) if tokens is not None]
        known = {each.reveal() for one in sets for each in (one.access_token, one.refresh_token) if each is not None}
        self.give(self.machine.revoke)
        said = [each for each in self.kick.said[before:] if each.place == "/oauth/revoke"]
        if said and not was_revoking and all(each.said == REVOKED for each in said):
            assert any(isinstance(each, Revoked) for each in self.told)
            assert {parse_qs(each.request.content().decode())["token"][0] for each in said} == known

    @rule(fault=st.sampled_from(FAULTS), times=st.integers(1, 5))
    def break_down(self, fault: Response | Unheard | None, times: int) -> None:
        self.kick.faults.extend([fault] * times)

    @rule()
    def spend(self) -> None:
        """The server takes no refresh token of before any longer: somebody has used them, or revoked the access."""
        self.kick.refreshing.clear()

    @rule(seconds=st.sampled_from(WAITS))
    def wait(self, seconds: float) -> None:
        before = len(self.kick.said)
        self.world.advance(seconds)
        self.look(self.kick.said[before:])

    @invariant()
    def the_tokens_in_use_are_those_that_were_stored(self) -> None:
        assert self.machine.tokens == self.held

    @invariant()
    def no_refresh_token_is_shown_before_it_is_stored(self) -> None:
        assert {token for each in self.kick.said if (token := each.refreshing)} <= self.trusted

    @invariant()
    def nothing_is_waited_for_in_vain(self) -> None:
        """One refresh at a time, and one login; none that something else has taken the place of."""
        awaited = self.awaited()
        refreshes = sum(each.refreshing is not None for each in awaited)
        exchanges = sum(b"grant_type=authorization_code" in each.request.content() for each in awaited)
        assert refreshes <= (self.grant_state is State.REFRESHING)
        assert exchanges <= (not self.machine.awaits_answer)
        assert self.grant_state is State.REVOKING or all(each.place != "/oauth/revoke" for each in awaited)

    def teardown(self) -> None:
        """The end is the end, and tells no secret."""
        self.give(self.machine.close)
        assert self.machine.closed
        assert self.machine.poll_timeout() is None
        shown = repr(self.world.outputs)
        assert not any(token in shown for token in self.trusted)
