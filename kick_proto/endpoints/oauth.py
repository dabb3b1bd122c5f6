"""The OAuth server's calls, https://id.kick.com: a code for tokens, new tokens for old, and questions about them.

``App`` is what the server knows an application by. Kick wants its secret at each exchange, and has no public clients;
an application that must not hold the secret talks to a broker that does, by ``Sites(id=...)``. So the secret is left
out where there is none.

A reply's tokens are read strictly, for they go into headers and forms; what is said about them is read tolerantly, for
a login must not be lost over a lifetime that nobody can read.

Source: Docs: KickEngineering/KickDevDocs, "Generating Tokens", "OAuth Scopes" (2026-06); Spec: RFC 6749, RFC 7636.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Literal, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from kick_proto.endpoints.call import Call, Host, Sites
from kick_proto.errors import RemoteProtocolError
from kick_proto.http import Pairs, Response
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet

__all__ = [
    "App",
    "Hint",
    "Introspection",
    "Place",
    "TokenReply",
    "app_token",
    "authorize_url",
    "exchange",
    "introspect",
    "refresh",
    "revoke",
    "token_set",
]

LONGEST_TOKEN = 16 * 1024
"""Characters; more would not pass as a header anywhere."""
LONGEST_LIFETIME = 10 * 365 * 86_400.0
"""Seconds; a longer lifetime is taken for this one, so that its end is a date."""
LATEST = 253_402_300_799.0
"""The last second that is a date (unix seconds)."""

_PRINTED = re.compile(r"[\x21-\x7e]+")
"""What a token, a code or an error's code may consist of. Source: Spec: RFC 6749 appendix A."""

Kind: TypeAlias = Literal["user", "app"]


class App(msgspec.Struct, frozen=True, kw_only=True):
    """An application as it was registered at Kick.

    ``redirect_uri`` must equal a registered one to the letter, port included. Scopes are passed on as they are: the
    list grows. Without ``client_secret`` Kick refuses; a broker adds its own.
    """

    client_id: str
    client_secret: Secret | None = None
    redirect_uri: str = "http://localhost:38080/callback"
    scopes: tuple[str, ...] = ("user:read",)

    def __post_init__(self) -> None:
        if not _PRINTED.fullmatch(self.client_id):
            raise ValueError(f"client_id must be what Kick shows for the application, not {self.client_id!r}")
        uri = urlsplit(self.redirect_uri)
        if uri.scheme not in ("http", "https") or not uri.hostname or uri.fragment:
            raise ValueError(f"redirect_uri must be like http://localhost:38080/callback, not {self.redirect_uri!r}")
        for scope in self.scopes:
            if not _PRINTED.fullmatch(scope):
                raise ValueError(f"a scope is one word like chat:write, not {scope!r}")


class TokenReply(msgspec.Struct, frozen=True, kw_only=True):
    """What the token endpoint said; lifetimes are seconds, None and () where it said nothing that can be read."""

    access_token: Secret
    refresh_token: Secret | None = None
    lifetime: float | None = None
    refresh_lifetime: float | None = None
    scopes: tuple[str, ...] = ()


class Introspection(msgspec.Struct, frozen=True, kw_only=True):
    """What the server knows of a token; of one that is not active it says nothing more."""

    active: bool
    client_id: str | None = None
    kind: Kind | None = None
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None


class Hint(Enum):
    """Which of the two tokens is to be revoked."""

    ACCESS = "access_token"
    REFRESH = "refresh_token"


class Place(Enum):
    """Where a token stands that is to be revoked."""

    FORM = "form"
    QUERY = "query"
    """As Kick documents it; servers on the way may write it into their logs."""


def authorize_url(sites: Sites, app: App, *, state: str, challenge: str) -> str:
    """The page where somebody allows the application to act for them; ``challenge`` is the S256 of a code verifier.

    Where the redirect goes to 127.0.0.1, another parameter names that address first: Kick's page writes ``localhost``
    over the first one in the URL, and the redirect would match no longer.

    Source: Docs: KickEngineering/KickDevDocs, "Generating Tokens", notes (2026-06); Spec: RFC 7636 section 4.3.
    """
    decoy = [("redirect", "127.0.0.1")] if urlsplit(app.redirect_uri).hostname == "127.0.0.1" else []
    pairs = [
        *decoy,
        ("response_type", "code"),
        ("client_id", app.client_id),
        ("redirect_uri", app.redirect_uri),
        ("scope", " ".join(app.scopes)),
        ("state", state),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ]
    return f"{sites.of(Host.ID)}/oauth/authorize?{urlencode(pairs, quote_via=quote)}"


def exchange(app: App, code: Secret, verifier: Secret) -> Call[TokenReply]:
    """A code for tokens. A code is good for one try, so this is never done twice."""
    return _token(
        app,
        "authorization_code",
        ("code", code),
        ("redirect_uri", app.redirect_uri),
        ("code_verifier", verifier),
        repeatable=False,
    )


def refresh(app: App, refresh_token: Secret) -> Call[TokenReply]:
    """New tokens for old. If the answer is lost, the same refresh token is asked for again.

    Source: Docs: KickEngineering/KickDevDocs, changelog 2025-11-25: an older refresh token is not dead at once.
    """
    return _token(app, "refresh_token", ("refresh_token", refresh_token), repeatable=True)


def app_token(app: App) -> Call[TokenReply]:
    """A token of the application itself, which stands for no user."""
    return _token(app, "client_credentials", repeatable=True)


def revoke(token: Secret, hint: Hint, *, place: Place = Place.FORM) -> Call[None]:
    """Let a token be good for nothing from now on. The answer is a word in plain text, and is not read.

    ``token_hint_type`` is Kick's name; the RFC's is ``token_type_hint``.
    Source: Docs: KickEngineering/KickDevDocs, "Generating Tokens"; Spec: RFC 7009 section 2.1. Guess: that a form is
    as good as the query that the docs show, as clients in other languages send it.
    """
    pairs: Pairs = (("token", token), ("token_hint_type", hint.value))
    return Call(
        host=Host.ID,
        method="POST",
        path="/oauth/revoke",
        parse=_nothing,
        form=pairs if place is Place.FORM else (),
        query=pairs if place is Place.QUERY else (),
        repeatable=True,
    )


def introspect(token: Secret) -> Call[Introspection]:
    """What the server knows of a token; the token that is asked about is the one that asks.

    Source: Docs: KickEngineering/KickDevDocs, "Generating Tokens", token introspection (2026-06).
    """
    return Call(
        host=Host.ID,
        method="POST",
        path="/oauth/token/introspect",
        parse=_introspection,
        bearer=token,
        repeatable=True,
    )


def token_set(reply: TokenReply, unix_now: float, *, kind: Kind = "user") -> TokenSet:
    """The tokens of a reply, with times counted from ``unix_now`` (unix seconds), when it came."""
    issued_at = datetime.fromtimestamp(unix_now, UTC)
    return TokenSet(
        access_token=reply.access_token,
        refresh_token=reply.refresh_token,
        issued_at=issued_at,
        expires_at=None if reply.lifetime is None else issued_at + timedelta(seconds=reply.lifetime),
        refresh_expires_at=(
            None if reply.refresh_lifetime is None else issued_at + timedelta(seconds=reply.refresh_lifetime)
        ),
        scopes=reply.scopes,
        kind=kind,
    )


def _token(app: App, grant: str, *pairs: tuple[str, str | Secret], repeatable: bool) -> Call[TokenReply]:
    secret: Pairs = () if app.client_secret is None else (("client_secret", app.client_secret),)
    return Call(
        host=Host.ID,
        method="POST",
        path="/oauth/token",
        parse=_token_reply,
        form=(("grant_type", grant), ("client_id", app.client_id), *secret, *pairs),
        repeatable=repeatable,
    )


# How replies are read


def _token_reply(response: Response) -> TokenReply:
    body = _object(response)
    kind = body.get("token_type")
    if isinstance(kind, str) and kind.lower() not in ("", "bearer"):
        raise RemoteProtocolError("expected a bearer token, got one of another type")
    access_token = _secret(body, "access_token")
    if access_token is None:
        raise RemoteProtocolError("the reply has no access_token")
    return TokenReply(
        access_token=access_token,
        refresh_token=_secret(body, "refresh_token"),
        lifetime=_seconds(body.get("expires_in")),
        refresh_lifetime=_seconds(body.get("refresh_expires_in")),
        scopes=_scopes(body.get("scope")),
    )


def _introspection(response: Response) -> Introspection:
    data = _object(response).get("data")
    active = data.get("active") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(active, bool):
        raise RemoteProtocolError("expected data.active, true or false")
    client_id, kind, until = data.get("client_id"), data.get("token_type"), _seconds(data.get("exp"), LATEST)
    return Introspection(
        active=active,
        client_id=client_id if isinstance(client_id, str) and client_id else None,
        kind=KINDS.get(kind) if isinstance(kind, str) else None,
        scopes=_scopes(data.get("scope")),
        expires_at=None if until is None else datetime.fromtimestamp(until, UTC),
    )


KINDS: Mapping[str, Kind] = {"user": "user", "app": "app"}


def _nothing(response: Response) -> None:
    """A success says all."""


def _object(response: Response) -> dict[str, object]:
    try:
        body = msgspec.json.decode(response.body)
    except (ValueError, RecursionError):
        raise RemoteProtocolError(f"expected JSON, got {len(response.body)} bytes of something else") from None
    if not isinstance(body, dict):
        raise RemoteProtocolError(f"expected a JSON object, got {type(body).__name__}")
    return body


def _secret(body: Mapping[str, object], name: str) -> Secret | None:
    """The token of that name, or None where there is none; one that cannot be sent is an error."""
    text = body.get(name)
    if text is None or text == "":
        return None
    if not isinstance(text, str) or len(text) > LONGEST_TOKEN or not _PRINTED.fullmatch(text):
        raise RemoteProtocolError(f"{name} is not a token that could be sent")
    return Secret(text)


def _seconds(value: object, most: float = LONGEST_LIFETIME) -> float | None:
    """Seconds from a number or a string of digits, ``most`` at most; None for what is none, or not above 0.

    Source: Seen: a number, 2026-09; Docs: "Generating Tokens" prints a string.
    """
    if isinstance(value, str) and value.isascii() and value.strip().isdigit():
        value = float(value.strip()[:18])
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return None
    return float(min(value, most))


def _scopes(value: object) -> tuple[str, ...]:
    return tuple(value.split()) if isinstance(value, str) else ()
