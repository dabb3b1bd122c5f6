"""The mock's OAuth server: what the authorize page checks, PKCE, codes, refreshing, revoking, introspection."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from kick_proto.http import Response
from kick_proto.secret import Secret
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.apps import APP, RegisteredApp
from kick_proto.testing.site.exchange import SiteRequest
from kick_proto.testing.site.ledger import Lifetimes, challenge_of
from tests.testing.sites import MODERATOR, STREAMER, UNIX_NOW, VERIFIER, Desk, said, sent_back
from tests.testing.stand import Half

INVALID = (400, {"error": "Invalid request"})
OTHER = RegisteredApp(client_id="other", client_secret=Secret("o"), redirect_uris=("http://localhost/cb?a=1",))


def tokens(response: Response) -> dict[str, Any]:
    assert response.status == 200, said(response)
    body: dict[str, Any] = json.loads(response.body)
    return body


def is_refused(response: Response) -> bool:
    status, body = said(response)
    assert response.header("cache-control") == "no-store"
    return status == 400 and body["error"] == "invalid_grant" and "authorization grant" in body["error_description"]


# The authorize page


def test_whoever_is_logged_in_is_sent_back_with_a_code_and_the_state() -> None:
    desk = Desk()
    response = desk.authorize()
    location = response.header("location") or ""
    assert location.startswith(f"{APP.redirect_uri}?code=")
    assert location.endswith(f"&state={quote('s t&te')}")
    assert (response.header("cache-control"), response.body) == ("no-store", b"")
    assert sent_back(desk.authorize())["code"] != sent_back(response)["code"]


def test_a_redirect_uri_may_have_a_query_of_its_own() -> None:
    desk = Desk(apps=(APP, OTHER))
    location = desk.authorize(client_id="other", redirect_uri="http://localhost/cb?a=1").header("location") or ""
    assert location.startswith("http://localhost/cb?a=1&code=")


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {name: value}
            for name in (
                "response_type",
                "client_id",
                "redirect_uri",
                "scope",
                "state",
                "code_challenge",
                "code_challenge_method",
            )
            for value in (None, "")
        ),
        {"response_type": "token"},
        {"client_id": "nobody"},
        {"redirect_uri": f"{APP.redirect_uri}/"},
        {"redirect_uri": f"{APP.redirect_uri}?x=1"},
        {"redirect_uri": "http://localhost:38081/callback"},
        {"redirect_uri": "https://evil.example/"},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
        {"code_challenge": challenge_of(VERIFIER) + "="},
        {"code_challenge": "+" * 43},
    ],
)
def test_a_wrong_request_is_told_to_the_browser_and_redirected_nowhere(changes: dict[str, str | None]) -> None:
    desk = Desk()
    response = desk.authorize(**changes)
    assert said(response) == INVALID
    assert response.header("location") is None


def test_a_parameter_may_not_come_twice() -> None:
    desk = Desk()
    asked = (
        f"/id/oauth/authorize?response_type=code&client_id={APP.client_id}&redirect_uri={quote(APP.redirect_uri)}"
        f"&scope=user%3Aread&state=s&code_challenge={challenge_of(VERIFIER)}&code_challenge_method=S256"
    )
    assert desk.ask("GET", asked).status == 302
    assert said(desk.ask("GET", f"{asked}&client_id=other")) == INVALID


def test_the_first_127_0_0_1_is_read_as_localhost() -> None:
    uri = "http://127.0.0.1:38080/callback"
    desk = Desk()
    misread = desk.authorize(redirect_uri=uri).header("location") or ""
    assert misread.startswith("http://localhost:38080/callback?code="), "which is registered as well"
    sacrificed = desk.authorize(redirect="127.0.0.1")
    assert sacrificed.status == 302

    alone = RegisteredApp(client_id="alone", client_secret=Secret("o"), redirect_uris=(uri,))
    desk = Desk(apps=(alone,))
    asked = (
        f"response_type=code&client_id=alone&redirect_uri={quote(uri, safe='')}"
        f"&scope=user%3Aread&state=s&code_challenge={challenge_of(VERIFIER)}&code_challenge_method=S256"
    )
    assert said(desk.ask("GET", f"/id/oauth/authorize?{asked}")) == INVALID
    assert desk.ask("GET", f"/id/oauth/authorize?redirect=127.0.0.1&{asked}").status == 302


def test_nobody_agrees_where_there_is_nobody() -> None:
    assert sent_back(Desk(accounts=()).authorize())["error"] == "access_denied"


def test_who_agrees_can_be_set_and_who_does_not() -> None:
    desk = Desk()
    desk.site.log_in(desk.now, MODERATOR.slug)
    token = tokens(desk.exchange(desk.code()))["access_token"]
    assert desk.get("/api/public/v1/users", token)["data"][0]["user_id"] == MODERATOR.user_id
    desk.site.deny(desk.now)
    assert sent_back(desk.authorize()) == {
        "error": "access_denied",
        "error_description": "The resource owner denied the request",
        "state": "s t&te",
    }
    assert said(desk.authorize(redirect_uri="https://evil.example/")) == INVALID


# The code


def test_a_code_and_its_verifier_give_tokens() -> None:
    desk = Desk()
    response = desk.exchange(desk.code())
    body = tokens(response)
    assert {name: body[name] for name in ("expires_in", "scope", "token_type", "refresh_expires_in")} == {
        "expires_in": 7200,
        "scope": "user:read chat:write",
        "token_type": "Bearer",
        "refresh_expires_in": 2_592_000,
    }
    assert body["access_token"] != body["refresh_token"]
    assert response.header("content-type") == "application/json;charset=UTF-8"
    assert response.header("cache-control") == "no-store"
    assert desk.get("/api/public/v1/users", body["access_token"])["data"][0]["name"] == STREAMER.username


def test_a_wrong_verifier_gives_nothing_and_uses_the_code_up() -> None:
    desk = Desk()
    code = desk.code()
    assert is_refused(desk.exchange(code, code_verifier="b" * 43))
    assert is_refused(desk.exchange(code))


def test_a_challenge_that_is_its_own_verifier_is_no_proof() -> None:
    desk = Desk()
    assert is_refused(desk.exchange(desk.code(code_challenge="c" * 43), code_verifier="c" * 43))


@pytest.mark.parametrize("verifier", ["", "a" * 42, "a" * 129, "ä" * 43, "a" * 42 + "+"])
def test_a_verifier_has_a_form(verifier: str) -> None:
    desk = Desk()
    code = desk.code()
    assert said(desk.exchange(code, code_verifier=verifier)) == INVALID
    assert tokens(desk.exchange(code))


def test_a_code_used_twice_ends_what_came_of_it() -> None:
    desk = Desk()
    code = desk.code()
    body = tokens(desk.exchange(code))
    assert is_refused(desk.exchange(code))
    assert desk.ask("GET", "/api/public/v1/users", body["access_token"]).status == 401
    assert is_refused(desk.refresh(body["refresh_token"]))


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://127.0.0.1:38080/callback"},
        {"client_id": "other", "client_secret": "o"},
        {"code": "wrong"},
    ],
)
def test_a_code_is_bound_to_client_and_redirect_uri(changes: dict[str, str]) -> None:
    desk = Desk(apps=(APP, OTHER))
    code = desk.code()
    assert is_refused(desk.post("/id/oauth/token", fields_of(code) | changes))


def fields_of(code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret.reveal(),
        "redirect_uri": APP.redirect_uri,
        "code_verifier": VERIFIER,
        "code": code,
    }


def test_a_code_grows_old() -> None:
    desk = Desk(lifetimes=Lifetimes(code=10.0))
    code, late = desk.code(), desk.code()
    desk.now += 9.9
    assert tokens(desk.exchange(code))
    desk.now += 0.1
    assert is_refused(desk.exchange(late))


# The client


@pytest.mark.parametrize("changes", [{"client_secret": "wrong"}, {"client_secret": ""}, {"client_id": "nobody"}])
def test_a_client_must_say_its_secret(changes: dict[str, str]) -> None:
    desk = Desk()
    code = desk.code()
    assert said(desk.exchange(code, **changes)) == NO_CLIENT
    assert tokens(desk.exchange(code))


UNKNOWN_GRANT = (
    400,
    {
        "error": "unsupported_grant_type",
        "error_description": "The authorization grant type is not supported",
    },
)
NO_CLIENT = (401, {"error": "invalid_client", "error_description": "Client authentication failed"})


@pytest.mark.parametrize(
    ("left_out", "answer"),
    [
        ("grant_type", UNKNOWN_GRANT),
        ("client_id", NO_CLIENT),
        ("client_secret", NO_CLIENT),
        ("redirect_uri", INVALID),
        ("code_verifier", INVALID),
        ("code", INVALID),
    ],
)
def test_no_field_of_an_exchange_may_be_left_out(left_out: str, answer: Any) -> None:
    desk = Desk()
    code = desk.code()
    fields = fields_of(code)
    del fields[left_out]
    assert said(desk.post("/id/oauth/token", fields)) == answer
    assert tokens(desk.exchange(code)), "the code is as good as before"


def test_a_refresh_without_its_token_is_no_request() -> None:
    desk = Desk()
    fields = fields_of("x") | {"grant_type": "refresh_token"}
    assert said(desk.post("/id/oauth/token", fields)) == INVALID


def test_only_known_grants_are_given() -> None:
    desk = Desk()
    assert said(desk.post("/id/oauth/token", {"grant_type": "password"})) == UNKNOWN_GRANT
    assert said(desk.ask("POST", "/id/oauth/token", body=fields_of("x"))) == INVALID, "JSON is no form"
    assert said(desk.exchange("")) == INVALID
    assert said(desk.refresh("")) == INVALID


def test_an_application_gets_a_token_of_its_own() -> None:
    desk = Desk()
    fields = {"grant_type": "client_credentials", "client_id": APP.client_id}
    response = desk.post("/id/oauth/token", fields | {"client_secret": APP.client_secret.reveal()})
    body = tokens(response)
    assert response.header("content-type") == "application/json;charset=UTF-8"
    assert response.header("cache-control") == "no-store"
    assert set(body) == {"access_token", "expires_in", "token_type"}
    assert (body["expires_in"], body["token_type"]) == (5_184_000, "Bearer")
    token = body["access_token"]
    assert said(desk.ask("POST", "/id/oauth/token/introspect", token))[1]["data"]["client_id"] == APP.client_id
    assert desk.get(f"/api/public/v1/channels?slug={STREAMER.slug}", token)["data"][0]["slug"] == STREAMER.slug
    desk.now += 5_184_000
    assert desk.ask("GET", "/api/public/v1/livestreams", token).status == 401


def test_an_application_s_token_is_its_own_and_of_no_login() -> None:
    desk = Desk(apps=(APP, OTHER))
    issued = desk.site.grant_app(desk.now, client_id="other")
    assert (issued.token.client_id, issued.token.user_id, issued.token.scopes) == ("other", None, ())
    first, last = tokens(desk.exchange(desk.code())), tokens(desk.exchange(desk.code()))
    granted = desk.site.grant(desk.now, STREAMER.slug, ()).refresh
    assert granted is not None
    for refresh_token in (first["refresh_token"], last["refresh_token"], granted.reveal()):
        desk.post("/id/oauth/revoke", {"token": refresh_token})
    assert desk.ask("GET", "/api/public/v1/livestreams", issued.access.reveal()).status == 200


# Refreshing


def test_a_refresh_gives_a_new_pair() -> None:
    desk = Desk()
    first = tokens(desk.exchange(desk.code()))
    desk.now += 7_200
    assert desk.ask("GET", "/api/public/v1/users", first["access_token"]).status == 401
    second = tokens(desk.refresh(first["refresh_token"]))
    assert second["scope"] == first["scope"]
    assert not {first["access_token"], first["refresh_token"]} & {second["access_token"], second["refresh_token"]}
    assert desk.get("/api/public/v1/users", second["access_token"])["data"][0]["user_id"] == STREAMER.user_id
    assert tokens(desk.refresh(second["refresh_token"]))


def test_an_old_refresh_token_lives_on_for_the_grace() -> None:
    desk = Desk(lifetimes=Lifetimes(refresh_grace=60.0))
    old = tokens(desk.exchange(desk.code()))["refresh_token"]
    new = tokens(desk.refresh(old))["refresh_token"]
    desk.now += 59.9
    assert tokens(desk.refresh(old)), "its answer may have been lost"
    desk.now += 0.1
    assert is_refused(desk.refresh(old))
    assert tokens(desk.refresh(new))


def test_strict_rotation_takes_the_old_one_at_once() -> None:
    desk = Desk(lifetimes=Lifetimes(refresh_grace=0.0))
    old = tokens(desk.exchange(desk.code()))["refresh_token"]
    new = tokens(desk.refresh(old))["refresh_token"]
    assert is_refused(desk.refresh(old))
    assert tokens(desk.refresh(new))


def test_a_refresh_token_grows_old_and_is_bound_to_its_client() -> None:
    desk = Desk(apps=(APP, OTHER))
    token = tokens(desk.exchange(desk.code()))["refresh_token"]
    assert is_refused(desk.refresh(token, client_id="other", client_secret="o"))
    assert is_refused(desk.refresh("wrong"))
    desk.now += 30 * 86_400
    assert is_refused(desk.refresh(token))


def test_tokens_can_be_expired_and_revoked_on_demand() -> None:
    desk = Desk()
    body = tokens(desk.exchange(desk.code()))
    desk.site.expire_tokens(desk.now)
    assert desk.ask("GET", "/api/public/v1/users", body["access_token"]).status == 401
    body = tokens(desk.refresh(body["refresh_token"]))
    desk.site.expire_refresh_tokens(desk.now)
    assert desk.ask("GET", "/api/public/v1/users", body["access_token"]).status == 200
    assert is_refused(desk.refresh(body["refresh_token"]))
    code = desk.code()
    desk.site.revoke_all(desk.now)
    assert desk.ask("GET", "/api/public/v1/users", body["access_token"]).status == 401
    assert is_refused(desk.exchange(code))


def test_no_two_tokens_are_alike_whatever_chance_says() -> None:
    site = KickSite(rng=Half())
    issued = [site.grant_app(0.0).access.reveal() for _ in range(20)]
    assert len(set(issued)) == 20


def test_tokens_can_be_minted_elsewhere() -> None:
    numbers = iter(range(100))
    desk = Desk(mint=lambda: f"canary-{next(numbers)}")
    assert desk.code() == "canary-0"
    assert tokens(desk.exchange("canary-0"))["access_token"] == "canary-1"


# Revoking and asking


@pytest.mark.parametrize("place", ["query", "form"])
@pytest.mark.parametrize("hint", ["token_hint_type", "token_type_hint", ""])
def test_a_token_is_revoked_however_it_is_said(place: str, hint: str) -> None:
    desk = Desk()
    token = desk.token()
    fields = {"token": token} | ({hint: "access_token"} if hint else {})
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    target = "/id/oauth/revoke"
    response = desk.post(target, fields) if place == "form" else desk.ask("POST", f"{target}?{query}")
    assert (response.status, response.body, response.header("content-type")) == (
        200,
        b"OK",
        "text/plain; charset=utf-8",
    )
    assert desk.ask("GET", "/api/public/v1/users", token).status == 401


def test_a_revoked_refresh_token_takes_its_login_with_it() -> None:
    desk = Desk()
    first, other = tokens(desk.exchange(desk.code())), tokens(desk.exchange(desk.code()))
    assert desk.post("/id/oauth/revoke", {"token": first["refresh_token"]}).status == 200
    assert is_refused(desk.refresh(first["refresh_token"]))
    assert desk.ask("GET", "/api/public/v1/users", first["access_token"]).status == 401
    assert desk.ask("GET", "/api/public/v1/users", other["access_token"]).status == 200


def test_logins_end_one_by_one_however_they_came_about() -> None:
    desk = Desk()
    granted = desk.site.grant(desk.now, STREAMER.slug, ("user:read",))
    assert granted.refresh is not None
    pairs = [
        (granted.access.reveal(), granted.refresh.reveal()),
        *((body["access_token"], body["refresh_token"]) for body in (tokens(desk.exchange(desk.code())) for _ in "ab")),
    ]
    for number, (_, refresh_token) in enumerate(pairs, 1):
        desk.post("/id/oauth/revoke", {"token": refresh_token})
        statuses = [desk.ask("GET", "/api/public/v1/users", access).status for access, _ in pairs]
        assert statuses == [401] * number + [200] * (len(pairs) - number)


def test_what_came_of_a_refresh_ends_with_its_login() -> None:
    desk = Desk()
    old = tokens(desk.exchange(desk.code()))
    new = tokens(desk.refresh(old["refresh_token"]))
    desk.post("/id/oauth/revoke", {"token": old["refresh_token"]})
    for body in (old, new):
        assert desk.ask("GET", "/api/public/v1/users", body["access_token"]).status == 401
        assert is_refused(desk.refresh(body["refresh_token"]))


def test_an_access_token_is_revoked_alone() -> None:
    desk = Desk()
    body = tokens(desk.exchange(desk.code()))
    desk.post("/id/oauth/revoke", {"token": body["access_token"]})
    assert desk.ask("GET", "/api/public/v1/users", body["access_token"]).status == 401
    assert tokens(desk.refresh(body["refresh_token"]))


@pytest.mark.parametrize(
    ("kind", "body", "answer"),
    [
        ("application/x-www-form-urlencoded; charset=utf-8", b"token=x", 200),
        ("APPLICATION/X-WWW-FORM-URLENCODED", b"token=x", 200),
        ("application/x-www-form-urlencoded", b"token=\xff", 200),
        ("application/x-www-form-urlencoded", b"token=%ff", 200),
        ("text/plain", b"token=x", 400),
    ],
)
def test_a_form_is_what_says_that_it_is_one(kind: str, body: bytes, answer: int) -> None:
    desk = Desk()
    request = SiteRequest(method="POST", target="/id/oauth/revoke", headers=(("content-type", kind),), body=body)
    assert desk.site.answer(desk.now, UNIX_NOW, request).response.status == answer


def test_revoking_what_is_not_known_is_no_error_and_nothing_is_one() -> None:
    desk = Desk()
    assert desk.post("/id/oauth/revoke", {"token": "never seen"}).body == b"OK"
    assert said(desk.post("/id/oauth/revoke", {})) == INVALID
    assert said(desk.ask("POST", "/id/oauth/revoke?token=a&token=b")) == INVALID


def test_introspection_tells_what_a_token_is_good_for() -> None:
    desk = Desk()
    token = tokens(desk.exchange(desk.code()))["access_token"]
    asked = "/id/oauth/token/introspect"
    active = {
        "active": True,
        "client_id": APP.client_id,
        "token_type": "user",
        "scope": "user:read chat:write",
        "exp": int(UNIX_NOW + desk.now + 7_200),
    }
    desk.now += 60
    assert said(desk.ask("POST", asked, token)) == (200, {"data": active, "message": "OK"})
    of_app = {"token_type": "app", "scope": "", "exp": int(UNIX_NOW + desk.now + 5_184_000)}
    assert said(desk.ask("POST", asked, desk.app_token())) == (200, {"data": active | of_app, "message": "OK"})
    desk.now += 7_140
    inactive = {"active": False, "client_id": None, "token_type": None, "scope": None, "exp": None}
    assert said(desk.ask("POST", asked, token)) == (200, {"data": inactive, "message": "OK"})
    assert said(desk.ask("POST", asked, "wrong")) == (401, {"data": {}, "message": "Unauthorized"})
