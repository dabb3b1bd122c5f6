"""``KickSite`` as a whole: the table of routes, who may ask, what there is not, the log, and whatever a peer sends."""

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.endpoints.call import Host, Sites
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame
from kick_proto.http import Request
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.secret import Secret
from kick_proto.testing.site.accounts import account_of
from kick_proto.testing.site.answering import MOST_LOGGED, Exchange, KickSite
from kick_proto.testing.site.apps import APP, SCOPES, RegisteredApp
from kick_proto.testing.site.exchange import Cut, SiteRequest, as_asked, sites_at, split_target
from kick_proto.testing.site.ledger import Ledger, Lifetimes, remember
from kick_proto.testing.site.routes import ROUTES, Route, Who, find
from kick_proto.testing.site.state import MOST_FRAMES, State
from tests.testing.sites import STREAMER, UNIX_NOW, VIEWER, Desk, said

NOTHING: dict[str, Any] = {}
EXAMPLES = {"slug": STREAMER.slug, "message_id": "m", "reward_id": "r", "category_id": "15"}


def target(route: Route) -> str:
    return f"/{route.host.value}{route.pattern.format(**EXAMPLES)}"


def name(route: Route) -> str:
    return f"{route.method} {route.pattern}"


def closed(who: Who) -> list[Route]:
    return [route for route in ROUTES if route.who is who]


# Where things are


@pytest.mark.parametrize(
    ("asked", "split"),
    [
        ("/api/public/v1/users?id=1&id=2", (Host.API, "/public/v1/users", "id=1&id=2")),
        ("/site/api/v2/channels/x", (Host.SITE, "/api/v2/channels/x", "")),
        ("/web/api/v1/realtime", (Host.WEB, "/api/v1/realtime", "")),
        ("/id/oauth/token?", (Host.ID, "/oauth/token", "")),
        ("/api", (Host.API, "", "")),
        ("/api/", (Host.API, "/", "")),
        ("/apis/x", (None, "/apis/x", "")),
        ("/", (None, "/", "")),
        ("api/x", (None, "api/x", "")),
        ("*", (None, "*", "")),
        ("", (None, "", "")),
        ("/id/x?a=/api/y#z", (Host.ID, "/x", "a=/api/y")),
    ],
)
def test_the_first_part_of_a_path_names_the_host(asked: str, split: tuple[Host | None, str, str]) -> None:
    assert split_target(asked) == split


def test_the_bases_of_one_port_are_sites() -> None:
    sites = sites_at("http://127.0.0.1:6001")
    assert sites == Sites(
        api="http://127.0.0.1:6001/api",
        site="http://127.0.0.1:6001/site",
        web="http://127.0.0.1:6001/web",
        id="http://127.0.0.1:6001/id",
    )
    with pytest.raises(ValueError, match=r"must be like https://kick\.com, without a slash at the end"):
        Sites(api="http://127.0.0.1:6001/api/")


def test_a_machine_s_request_can_be_asked_without_a_socket() -> None:
    request = Request(
        method="POST",
        address="http://mock:1/id/oauth/revoke",
        query=(("a b", "ä&"),),
        headers=(("Authorization", Secret("Bearer x")),),
        form=(("token", Secret("t&t")),),
    )
    asked = as_asked(request)
    assert (asked.method, asked.target, asked.body) == ("POST", "/id/oauth/revoke?a%20b=%C3%A4%26", b"token=t%26t")
    assert asked.header("authorization") == "Bearer x"
    assert asked.header("content-type") == "application/x-www-form-urlencoded"
    assert repr(asked) == "SiteRequest(POST /id/oauth/revoke, 11 bytes)"
    assert repr(SiteRequest(method="GET", target="/a?b=1?c=2")) == "SiteRequest(GET /a, 0 bytes)"
    assert as_asked(Request(method="GET", address="http://mock:1/api/x")).target == "/api/x"
    assert asked.header("x-not-there") == ""


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("/api/public/v1/nothing", 404, {"message": "Not Found"}),
        ("/api/channels/1/followers-count", 404, {"message": "Not Found"}),
        ("/api/public/v1/drops/claims", 404, {"message": "Not Found"}),
        ("/site/api/v2/channels", 404, {"error": "Not Found", "message": "Not Found", "status": 404}),
        ("/web/api/v1/nothing", 404, {"message": "Not Found"}),
        ("/id/oauth/nothing", 404, {"error": "Not Found"}),
        ("/id/oauth/token", 404, {"error": "Not Found"}),
        ("/api", 404, {"message": "Not Found"}),
    ],
)
def test_what_there_is_not_is_a_404_in_the_manner_of_the_host(asked: str, status: int, body: Any) -> None:
    assert said(Desk().ask("GET", asked)) == (status, body)


def test_what_is_of_no_host_is_a_404_in_plain_text() -> None:
    response = Desk().ask("GET", "/favicon.ico")
    assert (response.status, response.header("content-type")) == (404, "text/plain")
    assert response.body == b"There is no such page here: paths begin with /api, /site, /web or /id.\n"


def test_every_reply_is_dated() -> None:
    desk = Desk()
    assert desk.ask("GET", "/api/x").header("date") == "Mon, 21 Sep 2026 15:15:00 GMT"


# The table, and who may ask


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_every_row_is_found_by_its_own_path_and_no_other_method(route: Route) -> None:
    path = route.pattern.format(**EXAMPLES)
    found = find(route.host, route.method, path)
    assert found is not None
    assert found[0] is route
    assert {gap: EXAMPLES[gap] for gap in found[1]} == found[1]
    assert find(route.host, "TRACE", path) is None
    assert find(route.host, route.method, f"{path}/") is None


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_scopes_are_the_documented_ones(route: Route) -> None:
    assert route.scope is None or route.scope in SCOPES
    assert route.scope is None or route.who is not Who.ANYBODY


@pytest.mark.parametrize("route", closed(Who.TOKEN) + closed(Who.USER), ids=name)
def test_without_a_good_token_there_is_a_401(route: Route) -> None:
    desk = Desk()
    token = desk.token()
    unauthorized = (401, {"data": {}, "message": "Unauthorized"})
    assert said(desk.ask(route.method, target(route))) == unauthorized
    assert said(desk.ask(route.method, target(route), "wrong")) == unauthorized
    for header in ("Basic x", token, f"Token {token}", "Bearer", ""):
        request = SiteRequest(method=route.method, target=target(route), headers=(("authorization", header),))
        assert said(desk.site.answer(desk.now, UNIX_NOW, request).response) == unauthorized
    desk.site.expire_tokens(desk.now)
    assert said(desk.ask(route.method, target(route), token)) == unauthorized


@pytest.mark.parametrize("route", [route for route in ROUTES if route.scope], ids=name)
def test_without_the_scope_there_is_a_403_in_an_envelope(route: Route) -> None:
    desk = Desk()
    others = [scope for scope in SCOPES if scope != route.scope]
    assert said(desk.ask(route.method, target(route), desk.token(STREAMER.slug, *others))) == (
        403,
        {"data": {}, "message": "Forbidden"},
    )
    assert desk.ask(route.method, target(route), desk.token(STREAMER.slug, str(route.scope))).status not in (401, 403)


@pytest.mark.parametrize("route", closed(Who.USER), ids=name)
def test_an_app_s_token_is_of_the_wrong_kind_for_what_a_user_does(route: Route) -> None:
    desk = Desk()
    assert said(desk.ask(route.method, target(route), desk.app_token())) == (
        401,
        {"data": {}, "message": "Unauthorized"},
    )


@pytest.mark.parametrize("route", closed(Who.TOKEN), ids=name)
def test_an_app_s_token_is_good_for_what_is_public(route: Route) -> None:
    desk = Desk()
    assert desk.ask(route.method, target(route), desk.app_token()).status in (200, 204, 400)


def test_a_token_of_no_scope_reads_what_needs_none() -> None:
    desk = Desk()
    token = desk.site.grant(desk.now, VIEWER.slug, ()).access.reveal()
    assert desk.get("/api/public/v1/livestreams/stats", token) == {"data": {"total_count": 1}, "message": "OK"}


# The log


def test_the_log_has_what_was_asked_and_no_secret() -> None:
    desk = Desk()
    token = desk.token()
    desk.get("/api/public/v1/users?token=canary", token)
    desk.post("/id/oauth/revoke?token=canary", {"token": token})
    desk.ask("GET", "/nowhere?code=canary")
    desk.ask("GET", f"/site/{'x' * 1000}")
    log = desk.site.requests()
    assert log[:3] == (
        Exchange(100.0, "GET", Host.API, "/public/v1/users", 200),
        Exchange(100.0, "POST", Host.ID, "/oauth/revoke", 200),
        Exchange(100.0, "GET", None, "/nowhere", 404),
    )
    assert len(log[3].path) == 200
    assert desk.site.requests(Host.ID) == log[1:2]
    assert "canary" not in repr(log)
    assert token not in repr(log)


def test_what_a_peer_can_grow_has_a_limit() -> None:
    desk = Desk()
    for number in range(MOST_LOGGED + 5):
        desk.ask("GET", f"/api/{number}")
    log = desk.site.requests()
    assert len(log) == MOST_LOGGED
    assert log[0].path == "/5"
    state = State(random.Random(7), (), (), Ledger(str, Lifetimes()), None)
    for number in range(MOST_FRAMES + 5):
        state.frames.append(Frame("E", "t", str(number)))
    assert (len(state.frames), state.frames[0].data) == (MOST_FRAMES, "5")
    entries: dict[int, str] = {}
    for number in (1, 2, 3, 1, 4):
        remember(entries, number, "", most=3)
    assert list(entries) == [3, 1, 4]


# Commands


def test_an_account_may_be_added_and_changed() -> None:
    desk = Desk(accounts=(VIEWER,))
    assert desk.ask("GET", f"/site/api/v2/channels/{STREAMER.slug}").status == 404
    desk.site.put(desk.now, STREAMER)
    assert desk.get(f"/site/api/v2/channels/{STREAMER.slug}")["livestream"]["is_live"] is True
    assert desk.site.accounts == (VIEWER, STREAMER)


def test_a_channel_whose_numbers_are_known_gets_an_account() -> None:
    account = account_of(Channel(ChannelId(12), ChatroomId(34)))
    assert (account.slug, account.channel_id, account.chatroom_id) == ("channel-12", 12, 34)
    assert account.user_id not in (12, 34)
    assert account.channel.numbers == (12, 34)
    assert account_of(Channel(ChannelId(12), ChatroomId(34), "velvet-otter")).slug == "velvet-otter"


def test_a_command_about_nobody_is_the_caller_s_fault() -> None:
    desk = Desk()
    with pytest.raises(LocalProtocolError, match="no account 'nobody'"):
        desk.site.log_in(desk.now, "nobody")
    with pytest.raises(LocalProtocolError, match="no account 'nobody'"):
        desk.site.grant(desk.now, "nobody", ())
    with pytest.raises(LocalProtocolError, match="no application 'x'"):
        desk.site.grant(desk.now, VIEWER.slug, (), client_id="x")
    with pytest.raises(LocalProtocolError, match="no application 'x'"):
        desk.site.grant_app(desk.now, client_id="x")
    with pytest.raises(LocalProtocolError, match="cannot take the reward 'r' of"):
        desk.site.redeem(desk.now, STREAMER.slug, "r", VIEWER.slug, unix_now=UNIX_NOW)


@pytest.mark.parametrize("uris", [(), ("x",), ("http://localhost/\r\nset-cookie: a",), ("http://löcalhost/",)])
def test_an_app_has_redirect_uris_that_can_be_sent(uris: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="redirect_uris are one URL or more"):
        RegisteredApp(client_id="x", client_secret=Secret("y"), redirect_uris=uris)


def test_nothing_shows_a_secret() -> None:
    desk = Desk(lifetimes=Lifetimes(access=1.0))
    issued = desk.site.grant(desk.now, VIEWER.slug, ())
    for thing in (issued, APP, desk.site, Ledger(str, Lifetimes())):
        assert APP.client_secret.reveal() not in repr(thing)
        assert issued.access.reveal() not in repr(thing)


# Whatever happens


def test_equal_sites_give_equal_transcripts_and_a_copy_goes_on_alike() -> None:
    def act(desk: Desk) -> list[bytes]:
        code = desk.code()
        replies = [desk.exchange(code), desk.ask("GET", "/api/public/v1/public-key")]
        body = {"content": "hi", "type": "user", "broadcaster_user_id": STREAMER.user_id}
        replies.append(desk.ask("POST", "/api/public/v1/chat", desk.token(), body))
        frames = [str(frame.data).encode() for frame in desk.site.take_frames()]
        return [reply.body for reply in replies] + frames

    one, other = Desk(), Desk()
    assert act(one) == act(other)
    twin = copy.deepcopy(one)
    assert act(one) == act(twin)
    assert one.site.requests() == twin.site.requests()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        ["content", "type", "broadcaster_user_id", "user_id", "duration", "reason", "events", "ids", "title", "cost"]
    ),
    JSON | st.sampled_from(["user", "bot", int(STREAMER.user_id), int(VIEWER.user_id)]),
)
BODIES = st.one_of(
    st.binary(max_size=30),
    JSON.map(lambda value: json.dumps(value).encode()),
    FIELDS.map(lambda d: json.dumps(d).encode()),
)
QUERIES = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.tuples(
            st.sampled_from(["id", "slug", "limit", "cursor", "broadcaster_user_id", "top", "token", "code", "scope"]),
            st.sampled_from(["1", "", "-1", "9" * 5000, "page1", "page", "%ff", "\u0663", "velvet-otter", "x" * 26]),
        ),
        max_size=4,
    ).map(lambda pairs: "&".join(f"{key}={value}" for key, value in pairs)),
)
TARGETS = st.one_of(st.sampled_from([target(route) for route in ROUTES]), st.text(max_size=30))
KINDS = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "", "\xff"])


@given(st.data())
def test_whatever_is_asked_is_answered(data: st.DataObject) -> None:
    site = KickSite(rng=random.Random(7))
    token = site.grant(0.0, STREAMER.slug, SCOPES).access.reveal()
    for _ in range(data.draw(st.integers(1, 5))):
        request = SiteRequest(
            method=data.draw(st.sampled_from(["GET", "POST", "PATCH", "DELETE", "HEAD", "X"])),
            target=f"{data.draw(TARGETS)}?{data.draw(QUERIES)}",
            headers=(("authorization", f"Bearer {token}"), ("content-type", data.draw(KINDS))),
            body=data.draw(BODIES),
        )
        reply = site.answer(1.0, UNIX_NOW, request)
        assert reply.cut is Cut.NEVER
        assert 200 <= reply.response.status < 500
        for header, value in reply.response.headers:
            assert header == header.lower()
            assert value.isascii()
            assert value.isprintable()
    for frame in site.take_frames():
        json.loads(str(frame.data))
