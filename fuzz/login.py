"""The end of a login: tokens only for an answer with the right state, whatever the browser and the server say.

An input is the query that the browser came back with, and what the OAuth server says to the code and later to the
refresh token: three parts, a line feed between them. ``$`` in the query stands for the right state; a server's part
begins with a byte for its status.
"""

import random
from urllib.parse import parse_qsl

import msgspec

from kick_proto.backoff import Backoff
from kick_proto.endpoints.oauth import App
from kick_proto.frames import Frame
from kick_proto.http import Fetch, Responded, Response
from kick_proto.oauth import Config, Grant
from kick_proto.oauth.attempt import ENTROPY, Code, attempt, read_answer
from kick_proto.oauth.events import Declined, GrantEvent, Issued, Lost, Refreshed, Unrefreshed
from kick_proto.oauth.states import State
from kick_proto.rest import Config as RestConfig
from kick_proto.tokens import TokenSet

__all__ = ["check", "seed"]

APP = App(client_id="app")
CONFIG = Config(rest=RestConfig(backoff=Backoff(retries=1)))
BYTES = bytes(range(ENTROPY))
EXPECTED = attempt(BYTES)
STATE = EXPECTED.state.reveal()
STATUSES = (200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503)
UNIX_NOW = 1_790_000_000.0
MOST_TRIES = 12
LONGEST = 1_000
"""Characters of a sentence for people."""


def check(data: bytes) -> None:
    query, said, later = (*data.split(b"\n", 2), b"", b"")[:3]
    text = query.decode("utf-8", "surrogateescape").replace("$", STATE)
    answer = read_answer(text, EXPECTED)
    if isinstance(answer, Code):
        pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=True)
        assert [value for name, value in pairs if name == "state"] == [STATE]
        assert [value for name, value in pairs if name == "code"] == [answer.code.reveal()]
        assert not dict(pairs).get("error")
    else:
        _assert_plain(answer)
    grant = _Login()
    events = grant.answered(text, _response(said))
    match events:
        case [Issued(tokens=tokens)]:
            assert isinstance(answer, Code)
            _assert_said(tokens, said[1:])
            _assert_refreshed(grant, tokens, later)
        case [Declined() as declined]:
            _assert_plain(declined)
            assert isinstance(answer, Code) or declined == answer
            assert grant.machine.tokens is None
        case _:
            raise AssertionError(events)
    assert EXPECTED.verifier.reveal() not in repr(events)


class _Login:
    """A grant that has begun a login, its clock, and a server that gives one answer to everything."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.machine = Grant(APP, CONFIG, rng=random.Random(7))
        self.machine.begin(self.now, entropy=BYTES)

    def answered(self, query: str, response: Response) -> list[GrantEvent]:
        self.machine.answer(self.now, query)
        return self.events(response)

    def events(self, response: Response) -> list[GrantEvent]:
        """What is told first."""
        tries = 0
        while not (events := self.machine.take_events()):
            output = self.machine.poll_output()
            if output is None:
                at = self.machine.poll_timeout()
                assert at is not None, "nothing would ever end it"
                self.now = max(self.now, at)
                self.machine.handle_timeout(self.now)
            elif isinstance(output, Fetch):
                tries += 1
                assert tries <= MOST_TRIES
                self.machine.handle_input(self.now, Responded(output.ref, response, UNIX_NOW))
        return events


def _response(said: bytes) -> Response:
    return Response(STATUSES[said[0] % len(STATUSES)] if said else 200, (), said[1:])


def _assert_plain(declined: Declined) -> None:
    assert declined.code.isprintable(), declined
    assert 0 < len(declined.reason) <= LONGEST, declined


def _assert_said(tokens: TokenSet, body: bytes) -> None:
    """The tokens are those of the reply, and can be sent."""
    said = msgspec.json.decode(body)
    assert tokens.access_token.reveal() == said["access_token"]
    assert tokens.access_token.reveal().isascii()
    assert tokens.access_token.reveal().isprintable()
    assert tokens.expires_at is None or tokens.expires_at > tokens.issued_at
    renew_at = tokens.renew_at
    assert renew_at is None or renew_at.timestamp() > UNIX_NOW


def _assert_refreshed(grant: _Login, tokens: TokenSet, later: bytes) -> None:
    grant.machine.stored(grant.now, tokens)
    assert grant.machine.tokens == tokens
    if not grant.machine.is_renewable:
        return
    grant.machine.refresh(grant.now)
    response = _response(later)
    match grant.events(response):
        case [Refreshed(tokens=new)]:
            _assert_said(new, later[1:])
            assert new.refresh_token is not None
            assert grant.machine.tokens == tokens, "new tokens are used before they are stored"
        case [Unrefreshed()]:
            assert grant.machine.tokens == tokens
        case [Lost(tokens=lost)]:
            assert lost == tokens
            assert response.status in (400, 401)
            assert b"invalid_grant" in response.body or b"\\u" in response.body
            assert grant.machine.state is State.EMPTY
        case events:
            raise AssertionError(events)


def seed(frame: Frame) -> bytes:
    reply = {"access_token": "A1", "refresh_token": "R1", "expires_in": 7200, "scope": frame.event}
    later = msgspec.json.encode({"error": "invalid_grant", "error_description": frame.data})
    return b"code=abc&state=$\n\x00" + msgspec.json.encode(reply) + b"\n\x04" + later
