"""The example of another client, against a server on this machine."""

import asyncio
import runpy
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kick_io.http import AsyncFetch, Unsent
from kick_proto.errors import TransportError
from kick_proto.http import Request, Response, Timeouts
from kick_proto.secret import Secret
from tests.loopback import Visit, answering, ok, serving

curl_cffi = pytest.importorskip("curl_cffi", reason="curl_cffi is a client of somebody else's, which is not installed")
EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "curl_cffi_fetch.py"


def run(scenario: Callable[[AsyncFetch], Awaitable[Response]]) -> Response:
    async def main() -> Response:
        async with curl_cffi.AsyncSession(impersonate="chrome") as session:
            return await scenario(runpy.run_path(str(EXAMPLE))["fetch_with"](session))

    return asyncio.run(main())


def get(url: str, max_body: int = 1000) -> Request:
    limits = Timeouts(connect=5.0, read=5.0, total=5.0)
    return Request(method="GET", address=url, timeouts=limits, max_body=max_body)


def test_an_exchange_goes_both_ways() -> None:
    heard: list[bytes | None] = []

    def script(visit: Visit) -> None:
        heard.append(visit.request())
        visit.send(ok(b'{"a":1}', "X-Tea: Green"))

    form = (("client_secret", Secret("s&p")),)
    headers = (("authorization", Secret("Bearer abc")),)
    with serving(script) as server:
        asked = Request(method="POST", address=server.url, query=(("id", "a b"),), headers=headers, form=form)
        answer = run(lambda fetch: fetch(asked))
    assert (answer.status, answer.header("x-tea"), answer.body) == (200, "Green", b'{"a":1}')
    sent = heard[0] or b""
    assert sent.startswith(b"POST /?id=a%20b HTTP/1.1\r\n")
    assert b"authorization: bearer abc\r\n" in sent.lower()
    assert sent.endswith(b"\r\n\r\nclient_secret=s%26p")


def test_a_redirect_is_not_followed() -> None:
    with serving(answering(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")) as server:
        answer = run(lambda fetch: fetch(get(server.url)))
    assert (answer.status, answer.header("location")) == (302, "/other")


@pytest.mark.parametrize("size", [1000, 1001])
def test_what_is_too_large_is_cut(size: int) -> None:
    with serving(answering(ok(b"x" * size))) as server:
        answer = run(lambda fetch: fetch(get(server.url)))
    assert (answer.status, answer.body, answer.cut) == (200, b"x" * 1000, size > 1000)


def test_what_is_cut_may_have_been_done() -> None:
    def script(visit: Visit) -> None:
        visit.request()
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    with serving(script) as server, pytest.raises(TransportError) as caught:
        run(lambda fetch: fetch(get(server.url)))
    assert type(caught.value) is TransportError


def test_a_refused_connection_is_unsent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(Unsent):
        run(lambda fetch: fetch(get(f"http://127.0.0.1:{port}/")))
