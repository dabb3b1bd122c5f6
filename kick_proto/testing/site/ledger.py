"""The codes and tokens that the OAuth server has given out, and what they are good for.

A code is good once, for the client, redirect URI and code verifier that it was made for. A refresh gives a new pair;
the refresh token that was used stays good for ``refresh_grace`` seconds, or not at all with 0. Whoever brings a used
code a second time ends all that came of it.

Source: Spec: RFC 6749 section 4.1.2, RFC 7636 section 4.6; Docs: KickEngineering/KickDevDocs, "Generating Tokens".
Seen: lifetimes of access tokens, 2026. Guess: those of refresh tokens and codes, and how long an old refresh token
lives; one that is revoked ends the whole login.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

import msgspec

from kick_proto.ids import UserId
from kick_proto.secret import Secret

__all__ = ["MOST_KEPT", "NOBODY", "Code", "Issued", "Ledger", "Lifetimes", "Token", "challenge_of", "remember"]

MOST_KEPT = 10_000
"""Entries of each kind that are kept; beyond that the oldest is forgotten."""

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


def remember(entries: dict[KeyT, ValueT], key: KeyT, value: ValueT, most: int = MOST_KEPT) -> None:
    """Put an entry last, and forget the first where there are too many."""
    entries.pop(key, None)
    entries[key] = value
    if len(entries) > most:
        del entries[next(iter(entries))]


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of a verifier. Source: Spec: RFC 7636 section 4.2."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Lifetimes(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. ``refresh_grace`` is how long a refresh token lives after it was used; 0 is strict rotation."""

    access: float = 7_200.0
    refresh: float = 30 * 86_400.0
    app: float = 5_184_000.0
    code: float = 600.0
    refresh_grace: float = 600.0


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What an authorization code was made for; ``expires_at`` is monotonic seconds."""

    client_id: str
    redirect_uri: str
    challenge: str
    user_id: UserId
    scopes: tuple[str, ...]
    expires_at: float
    login: int


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What a token is good for; ``login`` numbers the login that it comes from. An app's has no login and no user."""

    client_id: str
    user_id: UserId | None
    scopes: tuple[str, ...]
    expires_at: float
    login: int | None


NOBODY = Token(client_id="", user_id=None, scopes=(), expires_at=0.0, login=None)
"""Whoever asks where no token is looked at."""


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A set of tokens as it is given out."""

    access: Secret
    refresh: Secret | None
    token: Token


class Ledger:
    """The book; see the module's docstring. ``mint`` gives a text that nobody can guess, and never the same twice."""

    def __init__(self, mint: Callable[[], str], lifetimes: Lifetimes) -> None:
        self._mint = mint
        self._lifetimes = lifetimes
        self._codes: dict[str, Code] = {}
        self._spent: dict[str, int] = {}
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}
        self._login_count = 0

    @property
    def lifetimes(self) -> Lifetimes:
        """How long things are good for."""
        return self._lifetimes

    # Giving out

    def issue_code(
        self, now: float, *, client_id: str, redirect_uri: str, challenge: str, user_id: UserId, scopes: tuple[str, ...]
    ) -> str:
        """Make an authorization code."""
        code = self._mint()
        made = Code(
            client_id=client_id,
            redirect_uri=redirect_uri,
            challenge=challenge,
            user_id=user_id,
            scopes=scopes,
            expires_at=now + self._lifetimes.code,
            login=self._new_login(),
        )
        remember(self._codes, code, made)
        return code

    def redeem(self, now: float, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> Issued | None:
        """Change a code for tokens; None where it is not good. A try uses it up, whatever comes of it."""
        if (login := self._spent.get(code)) is not None:
            self._end_login(login)
            return None
        made = self._codes.pop(code, None)
        if made is None:
            return None
        remember(self._spent, code, made.login)
        if (
            now >= made.expires_at
            or made.client_id != client_id
            or made.redirect_uri != redirect_uri
            or not hmac.compare_digest(made.challenge.encode(), challenge_of(verifier).encode())
        ):
            return None
        return self._issue(now, client_id, made.user_id, made.scopes, made.login)

    def refresh(self, now: float, refresh_token: str, *, client_id: str) -> Issued | None:
        """Change a refresh token for a new pair; None where it is not good."""
        token = self._refresh.get(refresh_token)
        if token is None or now >= token.expires_at or token.client_id != client_id or token.user_id is None:
            return None
        last = min(token.expires_at, now + self._lifetimes.refresh_grace)
        self._refresh[refresh_token] = msgspec.structs.replace(token, expires_at=last)
        return self._issue(now, client_id, token.user_id, token.scopes, token.login)

    def issue_user(self, now: float, client_id: str, user_id: UserId, scopes: tuple[str, ...]) -> Issued:
        """Give tokens of a new login, without a code."""
        return self._issue(now, client_id, user_id, scopes, self._new_login())

    def issue_app(self, now: float, client_id: str) -> Issued:
        """Give an application a token of its own."""
        expires_at = now + self._lifetimes.app
        token = Token(client_id=client_id, user_id=None, scopes=(), expires_at=expires_at, login=None)
        access = self._mint()
        remember(self._access, access, token)
        return Issued(access=Secret(access), refresh=None, token=token)

    def _new_login(self) -> int:
        self._login_count += 1
        return self._login_count

    def _issue(self, now: float, client_id: str, user_id: UserId, scopes: tuple[str, ...], login: int | None) -> Issued:
        token = Token(
            client_id=client_id,
            user_id=user_id,
            scopes=scopes,
            expires_at=now + self._lifetimes.access,
            login=login,
        )
        access, refresh = self._mint(), self._mint()
        remember(self._access, access, token)
        remember(self._refresh, refresh, msgspec.structs.replace(token, expires_at=now + self._lifetimes.refresh))
        return Issued(access=Secret(access), refresh=Secret(refresh), token=token)

    # Looking up and taking back

    def known(self, access: str) -> Token | None:
        """What an access token was good for, whether it has expired or not."""
        return self._access.get(access)

    def find(self, now: float, access: str) -> Token | None:
        """What an access token is good for now."""
        token = self._access.get(access)
        return token if token is not None and now < token.expires_at else None

    def revoke(self, value: str) -> None:
        """Forget an access token, or a refresh token and all that came of its login; no error for any other."""
        self._access.pop(value, None)
        if (token := self._refresh.get(value)) is not None:
            self._end_login(token.login)

    def expire_access(self, now: float) -> None:
        """Let every access token have expired just now."""
        self._access = {value: _expired(token, now) for value, token in self._access.items()}

    def expire_refresh(self, now: float) -> None:
        """Let every refresh token have expired just now."""
        self._refresh = {value: _expired(token, now) for value, token in self._refresh.items()}

    def revoke_all(self) -> None:
        """Forget all codes and tokens."""
        for entries in (self._codes, self._access, self._refresh):
            entries.clear()

    def _end_login(self, login: int | None) -> None:
        self._access = {value: token for value, token in self._access.items() if token.login != login}
        self._refresh = {value: token for value, token in self._refresh.items() if token.login != login}


def _expired(token: Token, now: float) -> Token:
    return msgspec.structs.replace(token, expires_at=min(token.expires_at, now))
