"""The fetchers against a server on this machine: one list of scenarios, under asyncio, under trio, and blocking."""

import gzip
import logging
import re
import socket
import ssl
import threading
import traceback
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, TypeAlias

import anyio
import httpcore
import msgspec
import pytest
import trustme

from kick_io.calls.hushed import hushed
from kick_io.http import MOST_CONNECTIONS, AsyncFetch, AsyncFetcher, Fetcher, Unsent
from kick_proto.errors import LocalProtocolError, TransportError
from kick_proto.http import Request, Response, Timeouts
from kick_proto.secret import Secret
from tests import rest_acts
from tests.drivers import run_asyncio, run_trio, run_unhurried, run_uvloop
from tests.loopback import Visit, answering, ok, serving
from tests.rest_acts import Stage

Opening: TypeAlias = Callable[..., AbstractAsyncContextManager[AsyncFetch]]
Runner: TypeAlias = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]


@asynccontextmanager
async def unhurried(**options: Any) -> AsyncIterator[AsyncFetch]:
    """A blocking fetcher in the clothes of an async one; its awaits never suspend."""
    with Fetcher(**options) as fetch:

        async def fetch_at_once(request: Request) -> Response:
            return fetch(request)

        yield fetch_at_once


FETCHERS: dict[str, tuple[Runner, Opening]] = {
    "asyncio": (run_asyncio, AsyncFetcher),
    "uvloop": (run_uvloop, AsyncFetcher),
    "trio": (run_trio, AsyncFetcher),
    "blocking": (run_unhurried, unhurried),
}


class Bench:
    """One of the fetchers, and requests to try with it."""

    def __init__(self, name: str) -> None:
        self._run, self._open = FETCHERS[name]
        self.blocks = name == "blocking"

    def fetch(self, *requests: Request, **options: Any) -> list[Response]:
        """Fetch one after the other, with one fetcher."""

        async def scenario() -> list[Response]:
            async with self._open(**options) as fetch:
                return [await fetch(request) for request in requests]

        answers: list[Response] = self._run(scenario)
        return answers

    def fail(self, request: Request, **options: Any) -> TransportError:
        """Fetch what cannot be had."""
        with pytest.raises(TransportError) as caught:
            self.fetch(request, **options)
        return caught.value

    def run(self, scenario: Callable[[Opening], Awaitable[None]]) -> None:
        async def alone() -> None:
            await scenario(self._open)

        self._run(alone)


@pytest.fixture(params=FETCHERS)
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


def get(url: str, **fields: Any) -> Request:
    return Request(method="GET", address=url, **fields)


HASTY = Timeouts(connect=5.0, read=0.2, total=5.0)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


# What is sent


def test_a_get_is_sent_as_it_stands(bench: Bench) -> None:
    heard: list[bytes | None] = []

    def script(visit: Visit) -> None:
        heard.append(visit.request())
        visit.send(ok(b'{"data":[]}', "Content-Type: application/json", "X-Many: 1", "x-many: 2"))

    with serving(script) as server:
        request = get(f"{server.url}/public/v1/users", query=(("id", "5"), ("id", "a b")), headers=(("accept", "*/*"),))
        (answer,) = bench.fetch(request)
    assert answer.status == 200
    assert answer.headers[:3] == (("content-type", "application/json"), ("x-many", "1"), ("x-many", "2"))
    assert answer.body == b'{"data":[]}'
    assert heard == [
        b"GET /public/v1/users?id=5&id=a%%20b HTTP/1.1\r\nhost: localhost:%d\r\naccept: */*\r\n"
        b"accept-encoding: identity\r\n\r\n" % server.port
    ]


def test_a_form_is_sent_with_its_length(bench: Bench) -> None:
    heard: list[bytes | None] = []

    def script(visit: Visit) -> None:
        heard.append(visit.request())
        visit.send(ok(b"OK"))

    with serving(script) as server:
        form = (("grant_type", "refresh_token"), ("refresh_token", Secret("s&p")))
        bench.fetch(Request(method="POST", address=f"{server.url}/oauth/token", form=form))
    (sent,) = heard
    assert sent is not None
    assert b"\r\ncontent-type: application/x-www-form-urlencoded\r\n" in sent
    assert b"\r\ncontent-length: 44\r\n" in sent
    assert sent.endswith(b"\r\n\r\ngrant_type=refresh_token&refresh_token=s%26p")


def test_a_post_without_a_body_says_so_and_a_delete_may_have_one(bench: Bench) -> None:
    heard: list[bytes | None] = []

    def script(visit: Visit) -> None:
        for _ in range(2):
            heard.append(visit.request())
            visit.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    with serving(script) as server:
        empty = Request(method="POST", address=server.url)
        full = Request(method="DELETE", address=server.url, body=b"{}", headers=(("accept-encoding", "br"),))
        answers = bench.fetch(empty, full)
    assert [(each.status, each.body) for each in answers] == [(204, b""), (204, b"")]
    post, delete = (each for each in heard if each is not None)
    assert post.startswith(b"POST / HTTP/1.1\r\n")
    assert b"content-length: 0\r\n" in post
    assert b"content-length: 2\r\n" in delete
    assert b"accept-encoding: br\r\n" in delete
    assert b"identity" not in delete


CANARY = "canary-7f3a"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param({"headers": (("authorization", Secret(f"Bearer {CANARY}\n")),)}, "'authorization'", id="newline"),
        pytest.param({"headers": (("authorization", Secret(f"{CANARY} ")),)}, "'authorization'", id="space"),
        pytest.param({"headers": (("authorization", Secret(f"{CANARY}\u00e4")),)}, "'authorization'", id="umlaut"),
        pytest.param({"headers": (("a b", "x"),)}, "'a b'", id="name"),
        pytest.param({"method": "GE T"}, "'GE T' is no HTTP method", id="method"),
        pytest.param({"address": f"http://localhost/{CANARY} "}, "address", id="space in the path"),
        pytest.param({"address": f"http://localhost/{CANARY}\u00e4"}, "address", id="umlaut in the path"),
        pytest.param({"address": f"http://{CANARY}@localhost/"}, "address", id="user"),
        pytest.param({"address": "http://localhost:99999/"}, "address", id="port"),
        pytest.param({"address": "http://localhost:x/"}, "address", id="no port"),
        pytest.param({"address": "http:///path"}, "address", id="no host"),
        pytest.param({"address": "ftp://localhost/"}, "address", id="scheme"),
    ],
)
def test_what_is_no_http_is_the_callers_mistake(bench: Bench, fields: dict[str, Any], sentence: str) -> None:
    request = msgspec.structs.replace(get("http://localhost:1/"), **fields)
    with pytest.raises(LocalProtocolError, match=sentence) as caught:
        bench.fetch(request)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


# Connections


def test_a_connection_is_used_again(bench: Bench) -> None:
    with serving(answering(ok(b"1"), ok(b"2"))) as server:
        answers = bench.fetch(get(server.url), get(server.url))
    assert [answer.body for answer in answers] == [b"1", b"2"]
    assert server.visits == 1


def test_a_connection_that_the_server_has_closed_meanwhile_is_not_used_again(bench: Bench) -> None:
    gone = threading.Event()

    def script(visit: Visit) -> None:
        visit.request()
        visit.send(ok(b"%d" % visit.number))
        visit.close()
        gone.set()

    async def scenario(opening: Opening) -> None:
        async with opening() as fetch:
            assert (await fetch(get(server.url))).body == b"1"
            assert gone.wait(5)
            assert (await fetch(get(server.url))).body == b"2"

    with serving(script) as server:
        bench.run(scenario)


def test_several_at_once_have_a_connection_each() -> None:
    together = threading.Barrier(3)

    def script(visit: Visit) -> None:
        visit.request()
        together.wait(5)
        visit.send(ok(b"x"))

    with serving(script) as server, Fetcher() as fetch:
        threads = [threading.Thread(target=fetch, args=(get(server.url),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert server.visits == 3


def test_a_request_for_which_no_connection_is_free_is_unsent() -> None:
    busy, served = threading.Barrier(MOST_CONNECTIONS + 1), threading.Event()

    def script(visit: Visit) -> None:
        visit.request()
        busy.wait(5)
        served.wait(5)
        visit.send(ok(b"x"))

    with serving(script) as server, Fetcher() as fetch:
        threads = [threading.Thread(target=fetch, args=(get(server.url),)) for _ in range(MOST_CONNECTIONS)]
        for thread in threads:
            thread.start()
        busy.wait(5)
        with pytest.raises(Unsent, match="all connections were busy"):
            fetch(get(server.url, timeouts=Timeouts(connect=0.05, read=5.0, total=5.0)))
        served.set()
        for thread in threads:
            thread.join()
    assert server.visits == MOST_CONNECTIONS


def test_nothing_is_kept_open_at_the_end(bench: Bench) -> None:
    # The script waits for the client's end, and ``serving`` for the script's.
    with serving(answering(ok(b"1"))) as server:
        bench.fetch(get(server.url))
    assert server.visits == 1


def test_a_closed_fetcher_says_so(bench: Bench) -> None:
    async def scenario(opening: Opening) -> None:
        async with opening() as fetch:
            pass
        with pytest.raises(LocalProtocolError, match="closed"):
            await fetch(get("http://localhost:1/"))

    bench.run(scenario)


# What is answered


def test_a_redirect_is_not_followed_and_no_cookie_is_kept(bench: Bench) -> None:
    heard: list[bytes | None] = []

    def script(visit: Visit) -> None:
        for _ in range(2):
            heard.append(visit.request())
            visit.send(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    with serving(script) as server:
        first, second = bench.fetch(get(server.url), get(server.url))
    assert (first.status, first.header("location")) == (302, "/other")
    assert second.status == 302
    assert heard[1] == heard[0]
    assert b"cookie" not in (heard[1] or b"").lower()


@pytest.mark.parametrize(
    ("coding", "compressed"),
    [
        ("gzip", gzip.compress(b"tea " * 100)),
        ("X-GZIP", gzip.compress(b"tea " * 60) + gzip.compress(b"tea " * 40)),
        ("deflate", zlib.compress(b"tea " * 100)),
        ("identity", b"tea " * 100),
    ],
    ids=["gzip", "gzip in two members", "deflate", "identity"],
)
def test_what_is_compressed_all_the_same_is_unpacked(bench: Bench, coding: str, compressed: bytes) -> None:
    with serving(answering(ok(compressed, f"Content-Encoding: {coding}"))) as server:
        (answer,) = bench.fetch(get(server.url, max_body=400))
    assert answer.body == b"tea " * 100
    assert answer.header("content-encoding") in (None, "identity")


def test_another_coding_is_left_as_it_is(bench: Bench) -> None:
    with serving(answering(ok(b"\x0b\x02", "Content-Encoding: br"))) as server:
        (answer,) = bench.fetch(get(server.url))
    assert (answer.body, answer.header("content-encoding")) == (b"\x0b\x02", "br")


@pytest.mark.parametrize("compressed", [b"no gzip", gzip.compress(b"x" * 999)[:-9]], ids=["other", "cut"])
def test_what_cannot_be_unpacked_is_no_answer(bench: Bench, compressed: bytes) -> None:
    with serving(answering(ok(compressed, "Content-Encoding: gzip"))) as server:
        failure = bench.fail(get(server.url))
    assert str(failure) == "localhost: the answer is not compressed as it says"


def test_an_empty_answer_is_no_cut_gzip(bench: Bench) -> None:
    with serving(answering(b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n")) as server:
        (answer,) = bench.fetch(get(server.url))
    assert (answer.status, answer.body) == (204, b"")


LARGE_GZIP = gzip.compress(b"x" * 1_000_000)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ok(b"x" * 1001), id="plain"),
        pytest.param(ok(LARGE_GZIP, "Content-Encoding: gzip"), id="a bomb"),
        pytest.param(ok(gzip.compress(b"") * 60, "Content-Encoding: gzip"), id="many times nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000, id="up to the end of the connection"),
    ],
)
def test_what_is_too_large_is_cut_and_says_so(bench: Bench, answer: bytes) -> None:
    with serving(answering(answer)) as server:
        (cut,) = bench.fetch(get(server.url, max_body=1000))
    assert (cut.status, cut.cut) == (200, True)
    assert len(cut.body) <= 1000
    assert cut.body == b"x" * len(cut.body)
    # A call that may be repeated is not, for it would be answered the same.
    stage = Stage(cut)
    assert stage.play(rest_acts.get()) == ["0 GET api.kick.com/a", "0 /a: bad response"]
    assert "larger than max_body" in stage.failure.message


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1f4\r\n%b\r\n" % (b"x" * 500) * 3,
            id="by chunks",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 1001, id="by length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999999\r\n\r\n" + LARGE_GZIP, id="a bomb"
        ),
    ],
)
def test_what_is_too_large_is_not_read_to_its_end(bench: Bench, answer: bytes) -> None:
    # The script ends when the client has closed: so it does, before the fetcher is closed.
    ended = threading.Event()

    def script(visit: Visit) -> None:
        answering(answer)(visit)
        ended.set()

    async def scenario(opening: Opening) -> None:
        async with opening() as fetch:
            assert (await fetch(get(server.url, max_body=1000))).cut
            assert ended.wait(5)

    with serving(script) as server:
        bench.run(scenario)


def test_what_is_just_not_too_large_is_an_answer(bench: Bench) -> None:
    with serving(answering(ok(b"x" * 1000))) as server:
        (answer,) = bench.fetch(get(server.url, max_body=1000))
    assert (len(answer.body), answer.cut) == (1000, False)


# What goes wrong


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "broke off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000, "is not HTTP"),
    ],
    ids=["nothing", "header", "body", "chunk", "other", "endless header"],
)
def test_what_is_cut_in_the_middle_may_have_been_done(bench: Bench, answer: bytes, sentence: str) -> None:
    def script(visit: Visit) -> None:
        visit.request()
        visit.send(answer)

    with serving(script) as server:
        failure = bench.fail(get(server.url))
    assert sentence in str(failure)
    assert type(failure) is TransportError


def test_a_reset_may_have_been_done(bench: Bench) -> None:
    def script(visit: Visit) -> None:
        visit.request()
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        visit.reset()

    with serving(script) as server:
        failure = bench.fail(get(server.url))
    assert str(failure).startswith("localhost: the connection broke: ")
    assert type(failure) is TransportError


@pytest.mark.parametrize(
    "beginning", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"], ids=["no answer", "half an answer"]
)
def test_a_slow_answer_is_given_up(bench: Bench, beginning: bytes) -> None:
    with serving(answering(beginning)) as server:
        failure = bench.fail(get(server.url, timeouts=HASTY))
    assert str(failure) == "localhost: nothing came for 0.2 s"
    assert type(failure) is TransportError


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"])
def test_an_answer_that_drips_has_an_end(bench: Bench, beginning: bytes) -> None:
    gone = threading.Event()

    def script(visit: Visit) -> None:
        visit.request()
        visit.send(beginning)
        try:
            while not gone.wait(0.05):
                visit.send(b"x")
        except ConnectionError:
            pass

    with serving(script) as server:
        failure = bench.fail(get(server.url, timeouts=Timeouts(connect=5.0, read=5.0, total=0.5)))
        gone.set()
    assert str(failure) == "localhost: no whole answer within 0.5 s"
    assert type(failure) is TransportError


def test_no_single_wait_is_longer_than_the_whole(bench: Bench) -> None:
    # The server gives up sooner than the read timeout, and then its script fails.
    with serving(answering(b"")) as server:
        failure = bench.fail(get(server.url, timeouts=Timeouts(connect=5.0, read=30.0, total=0.2)))
    assert str(failure) == "localhost: no whole answer within 0.2 s"


def test_a_refused_connection_is_unsent(bench: Bench) -> None:
    failure = bench.fail(get(f"http://127.0.0.1:{free_port()}/"))
    assert type(failure) is Unsent
    assert str(failure).startswith("127.0.0.1: no connection: ")
    # asyncio has words of its own for what the system calls "Connection refused".
    assert re.search("refused|connect call failed", str(failure), re.IGNORECASE)


def test_a_host_without_an_address_is_unsent(bench: Bench) -> None:
    assert type(bench.fail(get("http://nobody.invalid/"))) is Unsent


def test_a_host_that_is_no_name_is_unsent(bench: Bench) -> None:
    assert type(bench.fail(get(f"http://{'a' * 64}.invalid/"))) is Unsent


def test_a_listener_that_never_accepts_is_unsent(bench: Bench) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(address)
            limits = Timeouts(connect=0.2, read=5.0, total=10.0)
            failure = bench.fail(get(f"http://127.0.0.1:{address[1]}/", timeouts=limits))
    assert (type(failure), str(failure)) == (Unsent, "127.0.0.1: no connection within 0.2 s")


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serving_tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_tls_with_a_certificate_that_is_trusted(bench: Bench, authority: trustme.CA) -> None:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with serving(answering(ok(b"1"), ok(b"2")), tls=serving_tls(authority, "localhost")) as server:
        answers = bench.fetch(get(server.url), get(server.url), ssl_context=trust)
    assert [answer.body for answer in answers] == [b"1", b"2"]
    assert server.visits == 1


def test_tls_with_a_certificate_that_the_system_does_not_trust_is_unsent(bench: Bench, authority: trustme.CA) -> None:
    with serving(answering(ok(b"1")), tls=serving_tls(authority, "localhost")) as server:
        failure = bench.fail(get(server.url))
    assert type(failure) is Unsent
    assert "certificate verify failed" in str(failure).lower()


def test_tls_with_the_certificate_of_another_host_is_unsent(bench: Bench, authority: trustme.CA) -> None:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with serving(answering(ok(b"1")), tls=serving_tls(authority, "kick.example")) as server:
        failure = bench.fail(get(server.url), ssl_context=trust)
    assert type(failure) is Unsent
    assert "localhost" in str(failure)


def test_a_server_without_tls_is_unsent(bench: Bench) -> None:
    def script(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        visit.until_closed()

    with serving(script) as server:
        failure = bench.fail(get(server.url.replace("http:", "https:")))
    assert type(failure) is Unsent


# What is not told


def secretive(url: str) -> Request:
    return Request(
        method="POST",
        address=url,
        query=(("token", Secret(f"{CANARY}-query")),),
        headers=(("authorization", Secret(f"Bearer {CANARY}-header")),),
        form=(("client_secret", Secret(f"{CANARY}-form")),),
    )


def everything_reachable(error: BaseException) -> str:
    """What a crash reporter would print: the traceback, with the locals of every frame, causes and contexts."""
    told, pending = [], [error]
    while pending:
        each = pending.pop()
        told += traceback.format_exception(each)
        told += [repr(frame.f_locals) for frame in _frames(each.__traceback__)]
        pending += [linked for linked in (each.__cause__, each.__context__) if linked is not None]
    return "".join(told)


def _frames(place: TracebackType | None) -> list[Any]:
    frames = []
    while place is not None:
        if place.tb_frame.f_globals["__name__"].partition(".")[0] not in ("tests", "_pytest"):
            frames.append(place.tb_frame)
        place = place.tb_next
    return frames


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\r\n", ok(b"no", "Content-Encoding: gzip")],
    ids=["nothing", "no HTTP", "no gzip"],
)
def test_an_error_holds_nothing_that_was_sent(bench: Bench, answer: bytes) -> None:
    def script(visit: Visit) -> None:
        visit.request()
        visit.send(answer)

    with serving(script) as server:
        failure = bench.fail(msgspec.structs.replace(secretive(server.url), max_body=1000))
    assert (failure.__cause__, failure.__context__) == (None, None)
    assert CANARY not in everything_reachable(failure)
    unsent = bench.fail(secretive(f"http://127.0.0.1:{free_port()}/"))
    assert CANARY not in everything_reachable(unsent)


def test_the_debug_log_shows_the_steps_and_no_secret(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    headers = (f"Set-Cookie: session={CANARY}-cookie", f"Location: /?token={CANARY}-query")
    with serving(answering(ok(b"{}", *headers))) as server:
        bench.fetch(secretive(server.url))
    with serving(answering(CANARY.encode() + b"\r\n\r\n")) as server:
        bench.fail(secretive(server.url))
    assert "send_request_headers.started" in caplog.text
    assert "receive_response_headers.complete" in caplog.text
    assert CANARY not in caplog.text


def test_the_debug_log_of_others_is_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    with hushed():
        pass
    caplog.set_level(logging.DEBUG)
    with serving(answering(ok(b"{}", "X-Theirs: 1"))) as server, httpcore.ConnectionPool() as pool:
        pool.request("GET", server.url)
    assert "X-Theirs" in caplog.text


# Being cancelled


@pytest.mark.parametrize("name", ["asyncio", "uvloop", "trio"])
def test_a_cancelled_exchange_closes_its_connection_and_the_fetcher_goes_on(name: str) -> None:
    asked, ended = threading.Event(), threading.Event()

    def script(visit: Visit) -> None:
        visit.request()
        if visit.number == 1:
            asked.set()
            visit.until_closed()
            ended.set()
        else:
            visit.send(ok(b"second"))

    async def ask(fetch: AsyncFetch) -> None:
        await fetch(get(server.url))

    async def scenario(opening: Opening) -> None:
        async with opening() as fetch:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask, fetch)
                assert await anyio.to_thread.run_sync(asked.wait, 5)
                tasks.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(ended.wait, 5)
            assert (await fetch(get(server.url))).body == b"second"

    with serving(script) as server:
        Bench(name).run(scenario)
