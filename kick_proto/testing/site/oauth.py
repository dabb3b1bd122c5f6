"""https://id.kick.com: the authorize page, the token endpoint, revocation and introspection.

Nobody presses a button: whoever ``State.consent`` names is logged in and agrees, and the page sends the browser
straight back. What is wrong with the request itself is told to the browser alone, never to the redirect URI.

Source: Docs: KickEngineering/KickDevDocs, "Generating Tokens" (2026-06); Spec: RFC 6749, RFC 7636. Seen: the error of a
bad grant, 2025. Guess: what a client that is not known hears, and all of what "deny" does.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from kick_proto.http import Response
from kick_proto.testing.site.answers import (
    JSON,
    NO_STORE,
    enveloped,
    invalid_request,
    json_reply,
    oauth_error,
    page,
    unauthorized,
)
from kick_proto.testing.site.apps import RegisteredApp
from kick_proto.testing.site.ledger import Issued
from kick_proto.testing.site.state import State
from kick_proto.testing.site.visit import Visit, pairs_of, unrepeated

__all__ = ["authorize", "introspect", "revoke", "token"]

NEEDED = ("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")
"""What an authorize URL must have. Source: Docs: "Generating Tokens"."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""Source: Spec: RFC 7636 sections 4.1 and 4.2."""

BAD_GRANT = (
    "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is "
    "invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to "
    "another client"
)
"""Source: Seen: quoted in 2025."""


def authorize(state: State, visit: Visit) -> Response:
    """Send the browser back with a code, or with ``access_denied``.

    The first ``127.0.0.1`` in the query is read as ``localhost``, as Kick's page does it.
    Source: Docs: "Generating Tokens", the note on redirect URIs (a fault of its web framework; 2025 and 2026).
    """
    asked = unrepeated(pairs_of(visit.raw_query.replace("127.0.0.1", "localhost", 1)))
    if asked is None or not all(asked.get(name) for name in NEEDED):
        return invalid_request()
    app = state.apps.get(asked["client_id"])
    if (
        app is None
        or asked["redirect_uri"] not in app.redirect_uris
        or asked["response_type"] != "code"
        or asked["code_challenge_method"] != "S256"
        or not _CHALLENGE.fullmatch(asked["code_challenge"])
    ):
        return invalid_request()
    return _sent_back(asked, _verdict(state, visit.now, asked))


def _verdict(state: State, now: float, asked: Mapping[str, str]) -> dict[str, str]:
    account = None if state.consent is None else state.account_of_slug(state.consent)
    if account is None:
        return {"error": "access_denied", "error_description": "The resource owner denied the request"}
    code = state.ledger.issue_code(
        now,
        client_id=asked["client_id"],
        redirect_uri=asked["redirect_uri"],
        challenge=asked["code_challenge"],
        user_id=account.user_id,
        scopes=tuple(dict.fromkeys(asked["scope"].split())),
    )
    return {"code": code}


def _sent_back(asked: Mapping[str, str], verdict: Mapping[str, str]) -> Response:
    uri = asked["redirect_uri"]
    query = urlencode({**verdict, "state": asked["state"]}, quote_via=quote)
    return Response(302, (("location", f"{uri}{'&' if '?' in uri else '?'}{query}"), ("cache-control", "no-store")))


# The token endpoint


def token(state: State, visit: Visit) -> Response:
    """Give tokens for a code, for a refresh token, or to an application for itself."""
    form = visit.form()
    if form is None:
        return invalid_request()
    grant = GRANTS.get(_field(form, "grant_type"))
    if grant is None:
        return oauth_error("unsupported_grant_type", "The authorization grant type is not supported")
    app = state.apps.get(_field(form, "client_id"))
    if app is None or not _is_secret_of(app, _field(form, "client_secret")):
        return oauth_error("invalid_client", "Client authentication failed", 401)
    return grant(state, visit.now, app, form)


def _field(form: Mapping[str, str], name: str) -> str:
    """What stands in a field; nothing where it is left out."""
    return form.get(name, "")


def _is_secret_of(app: RegisteredApp, secret: str) -> bool:
    return hmac.compare_digest(app.client_secret.reveal().encode(), secret.encode())


def _by_code(state: State, now: float, app: RegisteredApp, form: Mapping[str, str]) -> Response:
    code, uri, verifier = (_field(form, name) for name in ("code", "redirect_uri", "code_verifier"))
    if not (code and uri and _VERIFIER.fullmatch(verifier)):
        return invalid_request()
    issued = state.ledger.redeem(now, code, client_id=app.client_id, redirect_uri=uri, verifier=verifier)
    return _given(state, issued)


def _by_refresh(state: State, now: float, app: RegisteredApp, form: Mapping[str, str]) -> Response:
    if not (refresh_token := _field(form, "refresh_token")):
        return invalid_request()
    return _given(state, state.ledger.refresh(now, refresh_token, client_id=app.client_id))


def _by_itself(state: State, now: float, app: RegisteredApp, form: Mapping[str, str]) -> Response:
    issued = state.ledger.issue_app(now, app.client_id)
    body = {
        "access_token": issued.access.reveal(),
        "expires_in": int(state.ledger.lifetimes.app),
        "token_type": "Bearer",
    }
    return json_reply(body, headers=NO_STORE, kind=TOKEN_KIND)


def _given(state: State, issued: Issued | None) -> Response:
    if issued is None or issued.refresh is None:
        return oauth_error("invalid_grant", BAD_GRANT)
    body = {
        "access_token": issued.access.reveal(),
        "expires_in": int(state.ledger.lifetimes.access),
        "refresh_token": issued.refresh.reveal(),
        # Source: Seen: told of by client authors since 2026-09, in no document.
        "refresh_expires_in": int(state.ledger.lifetimes.refresh),
        "scope": " ".join(issued.token.scopes),
        "token_type": "Bearer",
    }
    return json_reply(body, headers=NO_STORE, kind=TOKEN_KIND)


GRANTS: Mapping[str, Callable[[State, float, RegisteredApp, Mapping[str, str]], Response]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "client_credentials": _by_itself,
}
"""What tokens are given for."""

TOKEN_KIND = f"{JSON};charset=UTF-8"
"""Source: Seen: recorded in 2026."""


# Taking back, and asking about


def revoke(state: State, visit: Visit) -> Response:
    """Forget a token, which may stand in the query or in a form; what kind it is said to be does not matter.

    Source: Docs: "Generating Tokens" (the query, ``token_hint_type``); Spec: RFC 7009 (a form, ``token_type_hint``; a
    token that is not known is no error).
    """
    fields = visit.form() or unrepeated(pairs_of(visit.raw_query)) or {}
    if not fields.get("token"):
        return invalid_request()
    state.ledger.revoke(fields["token"])
    return page("OK", 200, kind="text/plain; charset=utf-8")


def introspect(state: State, visit: Visit) -> Response:
    """Tell what the token that is sent along is good for.

    Source: Docs: "Generating Tokens". Guess: an expired token is inactive with nulls; one that is not known is a 401.
    """
    known = state.ledger.known(visit.bearer)
    if known is None:
        return unauthorized()
    if visit.now >= known.expires_at:
        return enveloped({"active": False, "client_id": None, "token_type": None, "scope": None, "exp": None})
    return enveloped(
        {
            "active": True,
            "client_id": known.client_id,
            "token_type": "app" if known.user_id is None else "user",
            "scope": " ".join(known.scopes),
            "exp": int(visit.unix_now + known.expires_at - visit.now),
        }
    )
