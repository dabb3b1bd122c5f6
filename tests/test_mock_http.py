"""The HTTP side of ``MockKick`` on real loopback sockets, asked by httpcore and by hand."""

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpcore
import pytest

from kick_io.mock import MockKick
from kick_proto.endpoints.call import Host
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import parse_frame
from kick_proto.testing.site.accounts import CAST
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.apps import SCOPES
from kick_proto.testing.site.exchange import Cut
from kick_proto.testing.site.ledger import Lifetimes, challenge_of
from kick_proto.testing.site.trouble import CutOff, Limited, Slow
from tests.test_mock import Client

STREAMER, _, VIEWER = CAST
PAGE = f"/api/v2/channels/{STREAMER.slug}"
REQUEST = f"GET /site{PAGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
VERIFIER = "v" * 64


@pytest.fixture
def mock() -> Iterator[MockKick]:
    with MockKick() as mock:
        yield mock


@pytest.fixture
def pool() -> Iterator[httpcore.ConnectionPool]:
    with httpcore.ConnectionPool(max_connections=4) as pool:
        yield pool


def post(pool: httpcore.ConnectionPool, url: str, fields: dict[str, str]) -> Any:
    headers = [("content-type", "application/x-www-form-urlencoded")]
    response = pool.request("POST", url, headers=headers, content=urlencode(fields).encode())
    assert response.status == 200, response.content
    return json.loads(response.content)


def test_it_says_where_its_hosts_are(mock: MockKick) -> None:
    assert mock.http_url == f"http://127.0.0.1:{mock.port}"
    assert mock.sites.of(Host.API) == f"{mock.http_url}/api"
    assert mock.app.client_id
    assert mock.app.client_secret.reveal() not in repr(mock.app)


def test_one_connection_carries_one_request_after_the_other(mock: MockKick, pool: httpcore.ConnectionPool) -> None:
    for _ in range(3):
        response = pool.request("GET", f"{mock.sites.site}{PAGE}")
        assert json.loads(response.content)["id"] == STREAMER.channel_id
    assert pool.request("GET", f"{mock.sites.api}/x").status == 404
    (connection,) = pool.connections
    assert "Request Count: 4" in connection.info()
    assert [(each.host, each.status) for each in mock.requests()] == [(Host.SITE, 200)] * 3 + [(Host.API, 404)]
    assert len(mock.requests(Host.API)) == 1


def login(mock: MockKick, pool: httpcore.ConnectionPool) -> Any:
    """Log in as a browser and a client together do."""
    asked = {
        "response_type": "code",
        "client_id": mock.app.client_id,
        "redirect_uri": mock.app.redirect_uri,
        "scope": " ".join(SCOPES),
        "state": "xyz",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    sent = pool.request("GET", f"{mock.sites.id}/oauth/authorize?{urlencode(asked)}")
    assert sent.status == 302
    location = dict(sent.headers)[b"location"].decode()
    assert location.startswith(mock.app.redirect_uri)
    back = parse_qs(urlsplit(location).query)
    assert back["state"] == ["xyz"]
    return post(
        pool,
        f"{mock.sites.id}/oauth/token",
        {
            "grant_type": "authorization_code",
            "client_id": mock.app.client_id,
            "client_secret": mock.app.client_secret.reveal(),
            "redirect_uri": mock.app.redirect_uri,
            "code_verifier": VERIFIER,
            "code": back["code"][0],
        },
    )


def test_a_login_from_end_to_end_and_a_message_that_is_seen(mock: MockKick, pool: httpcore.ConnectionPool) -> None:
    mock.site(KickSite.log_in, VIEWER.slug)
    with Client(mock) as client:
        client.subscribe(f"chatrooms.{STREAMER.chatroom_id}.v2")
        token = login(mock, pool)["access_token"]
        body = {"content": "hello é😀", "type": "user", "broadcaster_user_id": STREAMER.user_id}
        headers = [("authorization", f"Bearer {token}"), ("content-type", "application/json")]
        url = f"{mock.sites.api}/public/v1/chat"
        response = pool.request("POST", url, headers=headers, content=json.dumps(body).encode())
        assert response.status == 200
        text = client.text()
        assert text is not None
        data = json.loads(str(parse_frame(text).data))
        assert (data["id"], data["content"]) == (json.loads(response.content)["data"]["message_id"], "hello é😀")
        assert data["sender"]["id"] == VIEWER.user_id
        mock.site(KickSite.expire_tokens)
        assert pool.request("POST", url, headers=headers, content=json.dumps(body).encode()).status == 401
    assert token not in repr(mock.requests())


def test_lifetimes_app_and_accounts_are_arguments(pool: httpcore.ConnectionPool) -> None:
    with MockKick(lifetimes=Lifetimes(access=5.0), accounts=(VIEWER,)) as mock:
        assert login(mock, pool)["expires_in"] == 5
        assert pool.request("GET", f"{mock.sites.site}{PAGE}").status == 404


def test_a_command_needs_a_mock_that_runs() -> None:
    with pytest.raises(LocalProtocolError, match="the mock does not run"):
        MockKick().site(KickSite.revoke_all)


def test_a_wrong_command_raises_here_and_the_mock_goes_on(mock: MockKick, pool: httpcore.ConnectionPool) -> None:
    with pytest.raises(LocalProtocolError, match="no account"):
        mock.site(KickSite.log_in, "nobody")
    assert pool.request("GET", f"{mock.sites.site}{PAGE}").status == 200


# Bad days


def test_a_limit_is_one_and_passes(mock: MockKick, pool: httpcore.ConnectionPool) -> None:
    mock.site(KickSite.trouble, Host.SITE, Limited(3))
    response = pool.request("GET", f"{mock.sites.site}{PAGE}")
    assert (response.status, dict(response.headers)[b"retry-after"]) == (429, b"3")
    assert pool.request("GET", f"{mock.sites.site}{PAGE}").status == 200


def test_a_slow_reply_is_late(mock: MockKick, pool: httpcore.ConnectionPool) -> None:
    mock.site(KickSite.trouble, Host.SITE, Slow(0.2))
    began = time.monotonic()
    assert pool.request("GET", f"{mock.sites.site}{PAGE}").status == 200
    assert time.monotonic() - began >= 0.2


def test_a_slow_reply_holds_nobody_else_up(mock: MockKick, pool: httpcore.ConnectionPool) -> None:
    mock.site(KickSite.trouble, Host.SITE, Slow(60.0))
    with closing(socket.create_connection((mock.host, mock.port), timeout=10)) as raw:
        raw.sendall(REQUEST)
        until(lambda: len(mock.requests()) == 1)
        assert pool.request("GET", f"{mock.sites.site}{PAGE}").status == 200
        raw.setblocking(False)
        with pytest.raises(BlockingIOError):
            raw.recv(1)


def test_a_reply_that_is_too_slow_times_out_and_is_let_go(mock: MockKick, pool: httpcore.ConnectionPool) -> None:
    mock.site(KickSite.trouble, Host.SITE, Slow(60.0))
    with pytest.raises(httpcore.ReadTimeout):
        pool.request("GET", f"{mock.sites.site}{PAGE}", extensions={"timeout": {"read": 0.05}})
    assert pool.request("GET", f"{mock.sites.site}{PAGE}").status == 200


@pytest.mark.parametrize("where", [Cut.BEFORE, Cut.HALFWAY])
def test_a_cut_connection_is_seen_as_one(where: Cut, mock: MockKick, pool: httpcore.ConnectionPool) -> None:
    mock.site(KickSite.trouble, Host.SITE, CutOff(where))
    with pytest.raises((httpcore.RemoteProtocolError, httpcore.ReadError)):
        pool.request("GET", f"{mock.sites.site}{PAGE}")
    assert pool.request("GET", f"{mock.sites.site}{PAGE}").status == 200


def everything(connection: socket.socket) -> bytes:
    data = b""
    while piece := connection.recv(1 << 16):
        data += piece
    return data


def test_pipelined_garbage_is_told_behind_the_reply(mock: MockKick) -> None:
    with closing(socket.create_connection((mock.host, mock.port), timeout=10)) as raw:
        raw.sendall(REQUEST + REQUEST + b"\x16\x03\x01 garbage\r\n\r\n")
        told = everything(raw)
    assert told.count(b"HTTP/1.1 200 ") == 2
    assert told.count(b"HTTP/1.1 400 ") == 1
    assert told.endswith(b"This is no HTTP request.\n")


def test_a_mock_ends_with_replies_still_on_their_way() -> None:
    with MockKick() as mock:
        mock.site(KickSite.trouble, Host.SITE, Slow(60.0))
        raw = socket.create_connection((mock.host, mock.port), timeout=10)
        raw.sendall(REQUEST)
        until(lambda: len(mock.requests()) == 1)
    with closing(raw):
        assert everything(raw) == b""


def until(holds: Callable[[], bool], timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"


def test_it_speaks_tls_where_websockets_do() -> None:
    trustme = pytest.importorskip("trustme", reason="trustme makes certificates for tests")
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with MockKick(ssl_context=server) as mock, httpcore.ConnectionPool(ssl_context=trusting) as pool:
        assert mock.http_url.startswith("https://")
        assert pool.request("GET", f"{mock.sites.site}{PAGE}").status == 200
