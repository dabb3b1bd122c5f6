"""The OAuth server's calls: what is sent to the letter, and what is read of every answer."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.endpoints.call import Auth, Call, Host, Sites
from kick_proto.endpoints.oauth import (
    LATEST,
    LONGEST_LIFETIME,
    LONGEST_TOKEN,
    App,
    Hint,
    Introspection,
    Place,
    TokenReply,
    app_token,
    authorize_url,
    exchange,
    introspect,
    refresh,
    revoke,
    token_set,
)
from kick_proto.errors import RemoteProtocolError
from kick_proto.http import Request, Response
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet

APP = App(client_id="app-1", client_secret=Secret("s3cret"), scopes=("user:read", "chat:write"))
UNIX_NOW = 1_800_000_000.0
CALLS: list[Call[TokenReply]] = [exchange(APP, Secret("c"), Secret("v")), refresh(APP, Secret("r")), app_token(APP)]


def reply(body: object, status: int = 200) -> Response:
    return Response(status, (("content-type", "application/json;charset=UTF-8"),), json.dumps(body).encode())


def form(call: Call[TokenReply] | Call[None]) -> list[tuple[str, str]]:
    return parse_qsl(Request(method="POST", address="x", form=call.form).content().decode(), keep_blank_values=True)


# What is sent.


def test_a_code_is_exchanged_with_the_verifier_and_the_same_redirect_uri() -> None:
    call = exchange(APP, Secret("the code"), Secret("the-verifier"))
    assert (call.host, call.method, call.path, call.auth) == (Host.ID, "POST", "/oauth/token", Auth.NONE)
    assert (call.repeatable, call.redirects, call.query) == (False, False, ())
    assert form(call) == [
        ("grant_type", "authorization_code"),
        ("client_id", "app-1"),
        ("client_secret", "s3cret"),
        ("code", "the code"),
        ("redirect_uri", "http://localhost:38080/callback"),
        ("code_verifier", "the-verifier"),
    ]


def test_a_refresh_may_be_repeated() -> None:
    call = refresh(APP, Secret("r1"))
    assert call.repeatable
    assert form(call) == [
        ("grant_type", "refresh_token"),
        ("client_id", "app-1"),
        ("client_secret", "s3cret"),
        ("refresh_token", "r1"),
    ]


def test_an_application_asks_for_itself() -> None:
    call = app_token(APP)
    assert (call.host, call.method, call.path, call.repeatable) == (Host.ID, "POST", "/oauth/token", True)
    assert form(call) == [
        ("grant_type", "client_credentials"),
        ("client_id", "app-1"),
        ("client_secret", "s3cret"),
    ]


@pytest.mark.parametrize(
    "make", [lambda app: exchange(app, Secret("c"), Secret("v")), lambda app: refresh(app, Secret("r")), app_token]
)
def test_without_a_secret_none_is_sent(make: Callable[[App], Call[TokenReply]]) -> None:
    assert "client_secret" not in dict(form(make(App(client_id="app-1"))))


def test_a_token_is_revoked_in_the_form_or_in_the_query() -> None:
    in_form, in_query = revoke(Secret("t"), Hint.REFRESH), revoke(Secret("t"), Hint.ACCESS, place=Place.QUERY)
    for call in (in_form, in_query):
        assert (call.host, call.method, call.path, call.repeatable) == (Host.ID, "POST", "/oauth/revoke", True)
    assert in_form.query == ()
    assert form(in_form) == [("token", "t"), ("token_hint_type", "refresh_token")]
    assert in_query.form == ()
    assert in_query.query == (("token", Secret("t")), ("token_hint_type", "access_token"))
    assert in_form.parse(Response(200, (("content-type", "text/plain"),), b"OK")) is None


def test_the_token_that_is_asked_about_is_the_one_that_asks() -> None:
    call = introspect(Secret("t"))
    assert (call.host, call.method, call.path) == (Host.ID, "POST", "/oauth/token/introspect")
    assert (call.bearer, call.auth, call.repeatable) == (Secret("t"), Auth.NONE, True)


def test_no_call_shows_a_secret() -> None:
    calls = [*CALLS, revoke(Secret("canary"), Hint.ACCESS, place=Place.QUERY), introspect(Secret("canary"))]
    shown = repr([exchange(APP, Secret("canary"), Secret("canary")), refresh(APP, Secret("canary")), *calls, APP])
    assert "canary" not in shown
    assert "s3cret" not in shown


# Where the browser is sent.


def test_the_authorize_url_has_all_that_is_required_in_order() -> None:
    url = urlsplit(authorize_url(Sites(), APP, state="st", challenge="ch"))
    assert (url.scheme, url.netloc, url.path) == ("https", "id.kick.com", "/oauth/authorize")
    assert "scope=user%3Aread%20chat%3Awrite" in url.query
    assert parse_qsl(url.query) == [
        ("response_type", "code"),
        ("client_id", "app-1"),
        ("redirect_uri", "http://localhost:38080/callback"),
        ("scope", "user:read chat:write"),
        ("state", "st"),
        ("code_challenge", "ch"),
        ("code_challenge_method", "S256"),
    ]


def test_a_redirect_to_127_0_0_1_has_another_parameter_take_the_blow() -> None:
    app = App(client_id="app-1", redirect_uri="http://127.0.0.1:38080/callback")
    query = urlsplit(authorize_url(Sites(), app, state="st", challenge="ch")).query
    assert query.startswith("redirect=127.0.0.1&")
    assert parse_qs(query.replace("127.0.0.1", "localhost", 1))["redirect_uri"] == ["http://127.0.0.1:38080/callback"]


def test_a_broker_takes_the_place_of_the_server() -> None:
    url = authorize_url(Sites(id="https://broker.example:8443"), APP, state="st", challenge="ch")
    assert url.startswith("https://broker.example:8443/oauth/authorize?")


@pytest.mark.parametrize("uri", ["http://localhost/x", "https://fox.example/callback?from=kick", "https://[::1]:8443/"])
def test_a_redirect_goes_to_any_page(uri: str) -> None:
    assert App(client_id="app-1", redirect_uri=uri).redirect_uri == uri


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"client_id": ""}, "client_id must be what Kick shows"),
        ({"client_id": "a b"}, "client_id must be what Kick shows"),
        ({"redirect_uri": "localhost:38080"}, "redirect_uri must be like http://localhost:38080/callback"),
        ({"redirect_uri": "http:///callback"}, "redirect_uri must be like"),
        ({"redirect_uri": "http://localhost/x#y"}, "redirect_uri must be like"),
        ({"scopes": ("user:read chat:write",)}, "a scope is one word like chat:write, not 'user:read chat:write'"),
        ({"scopes": ("",)}, "a scope is one word"),
    ],
)
def test_an_application_that_makes_no_sense_is_refused(wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        App(**{"client_id": "app-1", **wrong})  # type: ignore[arg-type]


# What is read.


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            {"access_token": "a", "expires_in": 5_184_000, "token_type": "Bearer"},
            TokenReply(access_token=Secret("a"), lifetime=5_184_000.0),
            id="an app's",
        ),
        pytest.param(
            {
                "access_token": "a", "token_type": "bearer", "refresh_token": "r", "expires_in": "7200",
                "refresh_expires_in": 2_592_000, "scope": "user:read novel:thing",
            },
            TokenReply(
                access_token=Secret("a"), refresh_token=Secret("r"), lifetime=7200.0, refresh_lifetime=2_592_000.0,
                scopes=("user:read", "novel:thing"),
            ),
            id="a user's",
        ),
        pytest.param(
            {"access_token": "a", "token_type": "", "refresh_token": "", "expires_in": "", "scope": ""},
            TokenReply(access_token=Secret("a")),
            id="blanks",
        ),
        pytest.param(
            {"access_token": "a", "refresh_token": None, "expires_in": None, "refresh_expires_in": None, "scope": None},
            TokenReply(access_token=Secret("a")),
            id="nulls",
        ),
        pytest.param(
            {"access_token": "a", "expires_in": 10**30, "refresh_expires_in": "9" * 5000, "scope": ["x"]},
            TokenReply(access_token=Secret("a"), lifetime=LONGEST_LIFETIME, refresh_lifetime=LONGEST_LIFETIME),
            id="far too much",
        ),
    ],
)  # fmt: skip
def test_a_reply_is_read_whatever_its_spelling(body: object, expected: TokenReply) -> None:
    assert CALLS[0].parse(reply(body)) == expected


@pytest.mark.parametrize("value", [1, 0.5, "1"])
def test_a_lifetime_may_be_as_short_as_it_likes(value: float | str) -> None:
    assert CALLS[0].parse(reply({"access_token": "a", "expires_in": value})).lifetime == float(value)


def test_a_token_may_be_as_long_as_a_header_is() -> None:
    assert CALLS[0].parse(reply({"access_token": "a" * LONGEST_TOKEN})).access_token == Secret("a" * LONGEST_TOKEN)
    with pytest.raises(RemoteProtocolError, match="access_token is not a token that could be sent"):
        CALLS[0].parse(reply({"access_token": "a" * (LONGEST_TOKEN + 1)}))


@pytest.mark.parametrize("value", [0, -1, "0", "-5", "7200.5", "\u0663", True, [], {}, "soon"])
def test_a_lifetime_that_is_none_is_not_known(value: object) -> None:
    assert CALLS[0].parse(reply({"access_token": "a", "expires_in": value})).lifetime is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(b"<html>", "expected JSON, got 6 bytes", id="no JSON"),
        pytest.param(b"[" * 100_000, "expected JSON", id="too deep"),
        pytest.param(b"\xff", "expected JSON", id="no text"),
        pytest.param(b"[]", "expected a JSON object, got list", id="a list"),
        pytest.param(b"{}", "^the reply has no access_token$", id="nothing"),
        pytest.param(b'{"access_token":""}', "no access_token", id="a blank"),
        pytest.param(b'{"access_token":7}', "access_token is not a token", id="a number"),
        pytest.param(b'{"access_token":"a\\r\\nx: y"}', "access_token is not a token", id="a header smuggled in"),
        pytest.param(b'{"access_token":"\xc3\xa9"}', "access_token is not a token", id="not ASCII"),
        pytest.param(b'{"access_token":"' + b"a" * 20_000 + b'"}', "access_token is not a token", id="too long"),
        pytest.param(b'{"access_token":"a","refresh_token":" "}', "refresh_token is not a token", id="refresh"),
        pytest.param(
            b'{"access_token":"a","token_type":"mac"}',
            "^expected a bearer token, got one of another type$",
            id="another type",
        ),
    ],
)
def test_what_is_no_token_is_named_without_being_shown(body: bytes, sentence: str) -> None:
    with pytest.raises(RemoteProtocolError, match=sentence):
        CALLS[0].parse(Response(200, (), body))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
bodies = st.binary() | st.dictionaries(
    st.sampled_from(["access_token", "refresh_token", "token_type", "expires_in", "refresh_expires_in", "scope",
                     "data", "active", "exp", "client_id"]),
    json_values | st.just("Bearer") | st.dictionaries(st.sampled_from(["active", "exp", "scope"]), json_values),
).map(lambda body: json.dumps(body).encode())  # fmt: skip


@given(st.sampled_from([*CALLS, introspect(Secret("t"))]), bodies)
def test_any_body_is_read_or_refused(call: Call[object], body: bytes) -> None:
    try:
        read = call.parse(Response(200, (), body))
    except RemoteProtocolError:
        return
    if isinstance(read, TokenReply):
        token_set(read, UNIX_NOW)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"active": True, "client_id": "app-1", "token_type": "user", "scope": "a b", "exp": UNIX_NOW},
            Introspection(
                active=True, client_id="app-1", kind="user", scopes=("a", "b"),
                expires_at=datetime.fromtimestamp(UNIX_NOW, UTC),
            ),
        ),
        (
            {"active": True, "client_id": "", "token_type": "app", "exp": 10**30},
            Introspection(active=True, kind="app", expires_at=datetime.fromtimestamp(LATEST, UTC)),
        ),
        ({"active": True, "token_type": "novel"}, Introspection(active=True)),
        ({"active": False, "client_id": None, "token_type": None, "scope": None, "exp": None},
         Introspection(active=False)),
    ],
)  # fmt: skip
def test_an_introspection_is_read(data: object, expected: Introspection) -> None:
    assert introspect(Secret("t")).parse(reply({"data": data, "message": "OK"})) == expected


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, {"data": {"active": "yes"}}])
def test_an_introspection_that_does_not_say_whether_the_token_is_active_is_none(body: object) -> None:
    with pytest.raises(RemoteProtocolError, match=r"^expected data\.active, true or false$"):
        introspect(Secret("t")).parse(reply(body))


def test_times_are_counted_from_when_the_reply_came() -> None:
    issued_at = datetime.fromtimestamp(UNIX_NOW, UTC)
    full = TokenReply(
        access_token=Secret("a"), refresh_token=Secret("r"), lifetime=60.0, refresh_lifetime=120.0, scopes=("x",)
    )
    assert token_set(full, UNIX_NOW) == TokenSet(
        access_token=Secret("a"),
        refresh_token=Secret("r"),
        issued_at=issued_at,
        expires_at=issued_at + timedelta(minutes=1),
        refresh_expires_at=issued_at + timedelta(minutes=2),
        scopes=("x",),
    )
    bare = token_set(TokenReply(access_token=Secret("a")), UNIX_NOW, kind="app")
    assert (bare.expires_at, bare.refresh_expires_at, bare.kind) == (None, None, "app")
