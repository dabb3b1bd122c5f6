"""What a grant and an account have in common: a login that an OAuth server may do anything to, and a model of it.

The model knows which tokens are in use: those that were stored last, or adopted, until the server says that they are
lost or revoked. Nothing else may come of anything: no time-out, no broken server, no order of commands.
"""

import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

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
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet
from tests.exchanges import CUT, ENTROPY, NEVER, SILENCE, Exchanges, Kick, error
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
    Response(200, (("content-type", "text/html"),), b"<html>"),
    Response(403, (("content-type", "text/html"), ("server", "cloudflare")), b"<html>"),
)
"""What the server may say to a request instead of the truth; none of it says that a login is over."""
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

    def answer(self, request: Request) -> Response | Unheard | None:
        said = super().answer(request)
        self.said.append(Answer(request, said))
        return said


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

    def give(self, command: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Give a command, and look at what came of it. One that is illegal changes nothing."""
        before = len(self.kick.said)
        try:
            result = self.world.call(command, *arguments, **named)
        except LocalProtocolError:
            assert (len(self.kick.said), self.world.events()) == (before, [])
            return None
        self.look(before)
        return result

    def look(self, before: int) -> None:
        for event in self.world.events():
            match event:
                case Issued(tokens) | Refreshed(tokens):
                    self.waiting = tokens
                    self.past.append(tokens)
                case Lost(tokens):
                    assert tokens == self.held
                    assert any(each.refreshing and each.is_final for each in self.kick.said[before:])
                    self.held = None
                case Revoked():
                    self.held = self.waiting = None
            self.see(event)

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

    @rule(says_yes=st.booleans(), comes_back_after=st.sampled_from([0.0, 1.0, 599.0, 601.0]))
    def log_in(self, says_yes: bool, comes_back_after: float) -> None:
        number = next(self.numbers)
        url = self.give(self.machine.begin, entropy=random.Random(number).randbytes(len(ENTROPY)))
        self.wait(comes_back_after)
        query = self.kick.authorize(url)
        self.give(self.machine.answer, query if says_yes else f"error=access_denied&{query.partition('&')[2]}")

    @rule(query=st.sampled_from(["", "code=x", "code=x&state=y", "error=x"]))
    def answer_something_else(self, query: str) -> None:
        held, waiting = self.held, self.waiting
        self.give(self.machine.answer, query)
        assert (self.held, self.waiting) == (held, waiting)

    @rule()
    def adopt(self) -> None:
        """Another process has stored new tokens."""
        number = next(self.numbers)
        access, refresh = f"theirs-{number}", f"their-refresh-{number}"
        self.kick.valid.add(access)
        self.kick.refreshing.add(refresh)
        tokens = TokenSet(
            access_token=Secret(access),
            refresh_token=Secret(refresh),
            issued_at=datetime.fromtimestamp(self.world.unix_now, UTC),
            expires_at=datetime.fromtimestamp(self.world.unix_now + 7_200, UTC),
        )
        if self.give(self.machine.adopt, tokens, self.world.unix_now) is None and self.machine.tokens == tokens:
            self.trust(tokens)

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

    @rule()
    def refresh(self) -> None:
        self.give(self.machine.refresh)

    @rule()
    def introspect(self) -> None:
        self.give(self.machine.introspect)

    @rule()
    def revoke(self) -> None:
        self.give(self.machine.revoke)

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
        self.look(before)

    @invariant()
    def the_tokens_in_use_are_those_that_were_stored(self) -> None:
        assert self.machine.tokens == self.held

    @invariant()
    def no_refresh_token_is_shown_before_it_is_stored(self) -> None:
        assert {token for each in self.kick.said if (token := each.refreshing)} <= self.trusted

    @invariant()
    def one_refresh_at_a_time(self) -> None:
        fetches = [output for _, output in self.world.outputs if isinstance(output, Fetch)]
        given_up = {output.ref for _, output in self.world.outputs if isinstance(output, Cancel)}
        open_refreshes = [
            fetch.ref
            for fetch, each in zip(fetches, self.kick.said, strict=True)
            if each.refreshing and each.said is SILENCE and fetch.ref not in given_up
        ]
        assert len(open_refreshes) <= 1

    def teardown(self) -> None:
        """The end is the end, and tells no secret."""
        self.give(self.machine.close)
        assert self.machine.closed
        assert self.machine.poll_timeout() is None
        shown = repr(self.world.outputs)
        assert not any(token in shown for token in self.trusted)
