"""One account's tokens as they must be: which are in use, which wait to be stored, what is asked of the OAuth server.

A model beside ``oauth.Grant``, told what the grant is told. What must be told by the grant stands in ``told``: facts,
which are a word and what is known of it. Tokens of an event are taken from there once they are found to be those of the
server's reply.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from kick_proto import oauth
from kick_proto.endpoints import oauth as endpoints
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.oauth import App, Hint, TokenReply
from kick_proto.outcomes import Failure, Outcome
from kick_proto.secret import Secret
from kick_proto.testing.simulation.http.lines import Ended, Errand, Lines
from kick_proto.tokens import TokenSet

__all__ = ["Fact", "Login", "Purpose", "Stage", "name_of_form"]

Fact: TypeAlias = tuple[object, ...]
"""A word for what is told, and what is known of it."""


class Stage(Enum):
    """Where the tokens stand; the words are those of ``oauth.states.State``."""

    EMPTY = "empty"
    HELD = "held"
    REFRESHING = "refreshing"
    STORING = "storing"
    UNSTORED = "unstored"
    REVOKING = "revoking"
    CLOSED = "closed"


class Purpose(Enum):
    """What the OAuth server is asked for."""

    EXCHANGE = "exchange"
    APP_TOKEN = "app token"
    REFRESH = "refresh"
    REVOKE = "revoke"
    INTROSPECT = "introspect"


HAS_TOKENS = (Stage.HELD, Stage.REFRESHING, Stage.STORING, Stage.UNSTORED)
FINAL = (400, 401)


class Login:
    """The model; see the module's docstring. ``lines`` are the calls to the OAuth server.

    ``_offer`` is what was told of the latest new tokens, which came at ``_offered_at`` (``_offered_unix`` by the wall
    clock); ``_offered`` are those that wait to be stored. ``_unrevoked`` is why a revocation has failed.
    """

    tokens: TokenSet | None
    renew_at: float | None
    expires_at: float | None
    _offer: Fact
    _offered_at: float
    _offered_unix: float
    _unrevoked: Failure | None

    def __init__(self, app: App, config: oauth.Config, lines: Lines) -> None:
        self.stage = Stage.EMPTY
        self._use_none()
        self.told: list[Fact] = []
        self.lines = lines
        self.spent: set[Secret | None] = set()
        self._app = app
        self._config = config
        self._state: str | None = None
        self._has_begun = False
        self._login_by: float | None = None
        self._store_by: float | None = None
        self._offered: TokenSet | None = None

    # What is asked

    def is_legal(self, command: str) -> bool:
        """Whether the command may be given now."""
        if command == "close":
            return True
        if self.stage is Stage.CLOSED:
            return False
        match command:
            case "answer":
                return self._has_begun
            case "adopt":
                return self.stage is not Stage.REVOKING
            case "refresh":
                return self.stage in HAS_TOKENS and not (self.stage is Stage.HELD and not self.is_renewable)
            case "revoke":
                return self.stage in HAS_TOKENS or self.stage is Stage.REVOKING
            case "introspect":
                return self.tokens is not None
            case _:
                return True

    @property
    def is_renewable(self) -> bool:
        """Whether the tokens in use can be renewed without the user."""
        return self.tokens is not None and (self.tokens.kind == "app" or self.tokens.refresh_token is not None)

    @property
    def is_coming(self) -> bool:
        """Whether there will be new tokens, or word that there are none."""
        return self.stage in (Stage.REFRESHING, Stage.STORING)

    def is_due(self, now: float) -> bool:
        """Whether it is time to renew."""
        return self.renew_at is not None and now >= self.renew_at

    def is_expired(self, now: float) -> bool:
        """Whether the access token has ended."""
        return self.expires_at is not None and now >= self.expires_at

    def next_at(self) -> float | None:
        """When something is due next."""
        moments = (self._login_by, self._store_by, self.lines.next_at())
        return min((at for at in moments if at is not None), default=None)

    # Commands

    def begin(self, now: float, url: str) -> None:
        """A login has begun, with that URL for the browser."""
        self._state = dict(parse_qsl(urlsplit(url).query))["state"]
        self._has_begun = True
        self._drop(now, Purpose.EXCHANGE)
        self._login_by = now + self._config.login_timeout

    def answer(self, now: float, query: str) -> None:
        """The browser has come back."""
        if self._state is None:
            return
        said, state = dict(parse_qsl(query)), self._state
        self._state = self._login_by = None
        if said.get("state") == state and "code" in said:
            # Only the server knows whether the verifier is right; that the code is exchanged is what is seen here.
            self._ask(now, Purpose.EXCHANGE, endpoints.exchange(self._app, Secret(said["code"]), Secret("")))
        else:
            self.told.append(("declined",))

    def request_app_token(self, now: float) -> None:
        """Tokens of the application itself are wanted."""
        if not self._asking(Purpose.APP_TOKEN):
            self._ask(now, Purpose.APP_TOKEN, endpoints.app_token(self._app))

    def adopt(self, now: float, tokens: TokenSet, unix_now: float) -> None:
        """Stored tokens are to be used."""
        self._drop(now, Purpose.REFRESH)
        self._go(Stage.HELD)
        self._offered = None
        self._use(tokens, now, unix_now)

    def stored(self, now: float, tokens: TokenSet) -> None:
        """New tokens have been stored."""
        if self._offered != tokens:
            return
        self._go(Stage.REVOKING if self.stage is Stage.REVOKING else Stage.HELD)
        self._offered = None
        self._use(tokens, self._offered_at, self._offered_unix)

    def refresh(self, now: float) -> None:
        """New tokens are wanted."""
        if self.stage is Stage.UNSTORED:
            self._go(Stage.STORING)
            self._store_by = now + self._config.store_timeout
            self.told.append(self._offer)
        elif self.stage is Stage.HELD and self.tokens is not None:
            self._go(Stage.REFRESHING)
            self._ask(now, Purpose.REFRESH, self._renewal(self.tokens))

    def revoke(self, now: float) -> None:
        """The tokens are to be good for nothing."""
        if self.stage is Stage.REVOKING:
            return
        self._go(Stage.REVOKING)
        self._drop(now, Purpose.REFRESH)
        self._unrevoked = None
        known = [each for each in (self.tokens, self._offered) if each is not None]
        asked = {each.refresh_token: Hint.REFRESH for each in known if each.refresh_token is not None}
        asked |= {each.access_token: Hint.ACCESS for each in known}
        for token, hint in asked.items():
            self._ask(now, Purpose.REVOKE, endpoints.revoke(token, hint))

    def introspect(self, now: float) -> None:
        """What does the server know of the access token?"""
        if not self._asking(Purpose.INTROSPECT) and self.tokens is not None:
            self._ask(now, Purpose.INTROSPECT, endpoints.introspect(self.tokens.access_token))

    def close(self, now: float) -> None:
        """It is the end; to be told once."""
        if self._drop(now, Purpose.EXCHANGE, Purpose.APP_TOKEN) or self._state is not None:
            self.told.append(("declined",))
        self.lines.close()
        self.drain(now)
        self._go(Stage.CLOSED)
        self._state = self._offered = self._login_by = None

    # What comes of it

    def pass_time(self, now: float) -> None:
        """Let happen what is due."""
        if self._login_by is not None and self._login_by <= now:
            self._state = self._login_by = None
            self.told.append(("declined",))
        if self._store_by is not None and self._store_by <= now:
            self._go(Stage.UNSTORED)
            self.told.append(("unrefreshed", Outcome.UNREACHABLE))
        self.lines.pass_time(now)

    def drain(self, now: float) -> None:
        """Take up how calls to the OAuth server have ended; what was commanded, heard or waited for asks for it."""
        while self.lines.ended:
            ended = self.lines.ended.pop(0)
            if ended.failure is None:
                self._on_success(now, ended)
            else:
                self._on_failure(ended.errand.purpose, ended.failure)

    def _on_success(self, now: float, ended: Ended) -> None:
        purpose = ended.errand.purpose
        if purpose is Purpose.REVOKE:
            self._on_revoked()
        elif purpose is Purpose.INTROSPECT:
            self.told.append(("introspected", ended.value.active))
        else:
            self._take(now, purpose, ended.value, ended.unix_now)

    def _on_failure(self, purpose: object, failure: Failure) -> None:
        match purpose:
            case Purpose.REFRESH if self._is_end(failure):
                self.told.append(("lost", self.tokens))
                self._go(Stage.EMPTY)
                self._use_none()
            case Purpose.REFRESH:
                self._go(Stage.HELD)
                self.told.append(("unrefreshed", failure.outcome))
            case Purpose.REVOKE:
                self._unrevoked = failure
                self._on_revoked()
            case Purpose.INTROSPECT:
                self.told.append(("unintrospected", failure.outcome))
            case _:
                self.told.append(("declined",))

    def _is_end(self, failure: Failure) -> bool:
        is_users = self.tokens is not None and self.tokens.kind == "user"
        return is_users and failure.code == "invalid_grant" and failure.status in FINAL

    def _on_revoked(self) -> None:
        if self._asking(Purpose.REVOKE) or any(each.errand.purpose is Purpose.REVOKE for each in self.lines.ended):
            return
        if self._unrevoked is not None:
            self._go(Stage.HELD if self._offered is None else Stage.UNSTORED)
            self.told.append(("unrevoked",))
        else:
            self._go(Stage.EMPTY)
            self._offered = None
            self._use_none()
            self.told.append(("revoked",))

    def _take(self, now: float, purpose: object, reply: TokenReply, unix_now: float) -> None:
        """New tokens are offered, to be stored."""
        old = self.tokens if purpose is Purpose.REFRESH else None
        refresh_token = reply.refresh_token or (old.refresh_token if old is not None else None)
        kind = "app" if purpose is Purpose.APP_TOKEN else "user" if old is None else old.kind
        self._go(Stage.STORING)
        self._drop(now, Purpose.REFRESH)
        if self._drop(now, Purpose.REVOKE):
            self.told.append(("unrevoked",))
        self._store_by = now + self._config.store_timeout
        self._offered_at, self._offered_unix = now, unix_now
        word = "refreshed" if purpose is Purpose.REFRESH else "issued"
        self._offer = (word, reply.access_token, refresh_token, kind, reply.lifetime)
        self.told.append(self._offer)

    def see_offer(self, tokens: TokenSet) -> None:
        """These are the tokens of the event that was told of the latest offer; their times are its own."""
        self._offered = tokens

    # Steps that the others share

    def _renewal(self, tokens: TokenSet) -> Call[TokenReply]:
        if tokens.refresh_token is None:
            return endpoints.app_token(self._app)
        return endpoints.refresh(self._app, tokens.refresh_token)

    def _use(self, tokens: TokenSet, now: float, unix_now: float) -> None:
        old, self.tokens = self.tokens, tokens
        if old is not None:
            self.spent.add(old.refresh_token)
        self.spent.discard(tokens.refresh_token)
        self.renew_at = self.expires_at = None
        if tokens.expires_at is not None:
            self.expires_at = now + tokens.expires_at.timestamp() - unix_now
            lifetime = (tokens.expires_at - tokens.issued_at).total_seconds()
            self.renew_at = self.expires_at - min(0.1 * lifetime, 300.0)

    def _use_none(self) -> None:
        self.tokens = self.renew_at = self.expires_at = None

    def _go(self, stage: Stage) -> None:
        self.stage = stage
        self._store_by = None

    def _asking(self, purpose: Purpose) -> list[Errand]:
        return [each for each in self.lines.open if each.purpose is purpose]

    def _ask(self, now: float, purpose: Purpose, call: Call[Any]) -> None:
        form = {name: _revealed(value) for name, value in (*call.form, *call.query)}
        bearer = call.bearer.reveal() if call.bearer is not None else ""
        self.lines.submit(now, Errand(name_of_form(call.path, form, bearer), call, purpose=purpose))

    def _drop(self, now: float, *purposes: Purpose) -> bool:
        """Want these no longer; of one that has ended in the same moment nothing is told either."""
        over = [ended for ended in self.lines.ended if ended.errand.purpose in purposes]
        for ended in over:
            self.lines.ended.remove(ended)
        dropped = [each for each in self.lines.open if each.purpose in purposes]
        self.lines.abandon(now, dropped)
        return bool(dropped or over)


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def name_of_form(path: str, form: Mapping[str, str], bearer: str) -> str:
    """How a request to the OAuth server is known: by what it asks for, and the one secret that it is about."""
    about = form.get("code") or form.get("refresh_token") or form.get("token") or bearer
    return f"{path} {form.get('grant_type', '')} {about}"
