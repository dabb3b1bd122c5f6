"""A ``KickSite`` on a clock of its own, asked without a socket, for the tests of this folder."""

import json
import random
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from kick_proto.http import Response
from kick_proto.testing.site.accounts import CAST
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.apps import APP, SCOPES
from kick_proto.testing.site.exchange import SiteReply, SiteRequest
from kick_proto.testing.site.ledger import challenge_of

STREAMER, MODERATOR, VIEWER = CAST
VERIFIER = "a" * 21 + "-._~" + "Z9" * 10
UNIX_NOW = 1_790_003_600.0


class Desk:
    """Somebody who asks."""

    def __init__(self, **settings: Any) -> None:
        self.now = 100.0
        self.site = KickSite(rng=random.Random(7), **settings)

    def reply(self, method: str, target: str, token: str = "", **more: Any) -> SiteReply:
        headers = (("authorization", f"Bearer {token}"),) if token else ()
        request = SiteRequest(method=method, target=target, headers=headers, **more)
        return self.site.answer(self.now, UNIX_NOW + self.now, request)

    def ask(self, method: str, target: str, token: str = "", body: Any = None) -> Response:
        content = b"" if body is None else json.dumps(body).encode()
        return self.reply(method, target, token, body=content).response

    def get(self, target: str, token: str = "") -> Any:
        """The JSON of a 200."""
        response = self.ask("GET", target, token)
        assert response.status == 200, said(response)
        return json.loads(response.body)

    def post(self, target: str, fields: dict[str, str], token: str = "") -> Response:
        """Send a form."""
        headers = [("content-type", "application/x-www-form-urlencoded")]
        if token:
            headers.append(("authorization", f"Bearer {token}"))
        request = SiteRequest(method="POST", target=target, headers=tuple(headers), body=urlencode(fields).encode())
        return self.site.answer(self.now, UNIX_NOW + self.now, request).response

    # Logging in

    def token(self, slug: str = STREAMER.slug, *scopes: str) -> str:
        """An access token with these scopes, or with all of them."""
        return self.site.grant(self.now, slug, scopes or SCOPES).access.reveal()

    def app_token(self) -> str:
        return self.site.grant_app(self.now).access.reveal()

    def authorize(self, **changes: str | None) -> Response:
        """Go to the authorize page; None leaves a parameter out."""
        asked = {
            "response_type": "code",
            "client_id": APP.client_id,
            "redirect_uri": APP.redirect_uri,
            "scope": "user:read chat:write",
            "state": "s t&te",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        } | changes
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return self.ask("GET", f"/id/oauth/authorize?{query}")

    def code(self, **changes: str) -> str:
        return sent_back(self.authorize(**changes))["code"]

    def exchange(self, code: str, **changes: str) -> Response:
        fields = {
            "grant_type": "authorization_code",
            "client_id": APP.client_id,
            "client_secret": APP.client_secret.reveal(),
            "redirect_uri": APP.redirect_uri,
            "code_verifier": VERIFIER,
            "code": code,
        }
        return self.post("/id/oauth/token", fields | changes)

    def refresh(self, refresh_token: str, **changes: str) -> Response:
        fields = {
            "grant_type": "refresh_token",
            "client_id": APP.client_id,
            "client_secret": APP.client_secret.reveal(),
            "refresh_token": refresh_token,
        }
        return self.post("/id/oauth/token", fields | changes)


def said(response: Response) -> tuple[int, Any]:
    """Status and JSON."""
    return response.status, json.loads(response.body)


def sent_back(response: Response) -> dict[str, str]:
    """The query of the redirect."""
    assert response.status == 302
    parts = urlsplit(response.header("location") or "")
    return {name: value for name, (value,) in parse_qs(parts.query).items()}
