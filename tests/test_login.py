"""The way back from the browser, with real sockets on this machine, under asyncio and trio."""

import asyncio
import errno
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import anyio
import pytest
import trio
import trio.testing

from kick_io import login
from kick_io.login import listen, pasted
from kick_proto.errors import LocalProtocolError, LoginFailed, TransportError
from tests.drivers import run_asyncio, run_trio, run_uvloop

Runner: TypeAlias = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]
QUERY = "code=abc&state=xyz"


@pytest.fixture(params=[run_asyncio, run_uvloop, run_trio], ids=["asyncio", "uvloop", "trio"])
def run(request: pytest.FixtureRequest) -> Runner:
    runner: Runner = request.param
    return runner


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


@pytest.fixture
def port() -> int:
    """A port that is free, in both families unless somebody is very quick."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
        return number


def uri(port: int) -> str:
    return f"http://localhost:{port}/callback"


def request(port: int, target: str = f"/callback?{QUERY}", host: str = "localhost") -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()


async def ask(port: int, sent: bytes, address: str = "127.0.0.1") -> bytes:
    """Come as a browser: send, and read to the end of the connection."""
    received = b""
    async with await anyio.connect_tcp(address, port) as stream:
        await stream.send(sent)
        try:
            while True:
                received += await stream.receive()
        except anyio.EndOfStream:
            return received


async def ask_into(answers: list[bytes], port: int, sent: bytes, address: str = "127.0.0.1") -> None:
    answers.append(await ask(port, sent, address))


async def nobody_listens(port: int) -> bool:
    try:
        await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
    except OSError:
        return True
    return False


@pytest.mark.parametrize("address", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
def test_the_redirect_arrives_in_either_family_and_the_page_goes_back(run: Runner, port: int, address: str) -> None:
    async def scenario() -> bytes:
        answers: list[bytes] = []
        with anyio.fail_after(10):
            async with listen(uri(port)) as redirect, anyio.create_task_group() as tasks:
                tasks.start_soon(ask_into, answers, port, request(port), address)
                assert await redirect.arrived() == QUERY
                assert await redirect.arrived() == QUERY
                assert answers == []
                await redirect.finish("You can close this window.", ok=True)
            assert await nobody_listens(port)
        return answers[0]

    answer = run(scenario)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"<p>You can close this window.</p>" in answer


def test_the_favicon_and_another_host_come_first_and_change_nothing(run: Runner, port: int) -> None:
    async def scenario() -> list[bytes]:
        answers: list[bytes] = []
        with anyio.fail_after(10):
            async with listen(uri(port)) as redirect:
                answers.append(await ask(port, request(port, "/favicon.ico")))
                answers.append(await ask(port, request(port, host="kick.example")))
                answers.append(await ask(port, request(port).replace(b"GET", b"POST") + b"x" * 10_000))
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(ask_into, answers, port, request(port))
                    assert await redirect.arrived() == QUERY
                    await redirect.finish("It did not work.", ok=False)
        return answers

    statuses = [answer.split(b" ", 2)[1] for answer in run(scenario)]
    assert statuses == [b"404", b"400", b"405", b"400"]


def test_a_second_redirect_at_the_same_time_is_sent_away(run: Runner, port: int) -> None:
    async def scenario() -> tuple[list[bytes], bytes]:
        first: list[bytes] = []
        with anyio.fail_after(10):
            async with listen(uri(port)) as redirect, anyio.create_task_group() as tasks:
                tasks.start_soon(ask_into, first, port, request(port))
                await redirect.arrived()
                second = await ask(port, request(port, "/callback?code=other"))
                assert await redirect.arrived() == QUERY
                await redirect.finish("Done.", ok=True)
        return first, second

    first, second = run(scenario)
    assert second.startswith(b"HTTP/1.1 409 ")
    assert first[0].startswith(b"HTTP/1.1 200 ")


def test_a_browser_that_leaves_before_its_page_is_no_trouble(run: Runner, port: int) -> None:
    async def scenario() -> None:
        with anyio.fail_after(10):
            async with listen(uri(port)) as redirect:
                stream = await anyio.connect_tcp("127.0.0.1", port)
                await stream.send(request(port))
                await redirect.arrived()
                await stream.aclose()
                await redirect.finish("Done.", ok=True)

    run(scenario)


def test_who_comes_when_it_is_over_is_not_kept(run: Runner, port: int) -> None:
    async def scenario() -> None:
        with anyio.fail_after(10):
            async with listen(uri(port)) as redirect:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(ask_into, [], port, request(port))
                    await redirect.arrived()
                    await redirect.finish("Done.", ok=True)
                async with await anyio.connect_tcp("127.0.0.1", port) as late:
                    with pytest.raises(anyio.EndOfStream):
                        await late.receive()

    run(scenario)


def test_a_browser_that_stays_open_does_not_hold_up_the_end(run: Runner, port: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(login, "FLUSH_TIMEOUT", 0.05)

    async def scenario() -> bytes:
        with anyio.fail_after(5):
            async with listen(uri(port)) as redirect:
                stream = await anyio.connect_tcp("127.0.0.1", port)
                idle = await anyio.connect_tcp("127.0.0.1", port)
                await stream.send(request(port))
                await redirect.arrived()
                await redirect.finish("Done.", ok=True)
                received = await stream.receive()
                await stream.aclose()
                await idle.aclose()
        return received

    assert b"Done." in run(scenario)


def test_nobody_in_time_is_a_failed_login(run: Runner, port: int) -> None:
    async def scenario() -> None:
        with anyio.fail_after(10):
            async with listen(uri(port), timeout=0.05) as redirect:
                with pytest.raises(LoginFailed, match=r"nobody logged in within 0\.05 s") as caught:
                    await redirect.arrived()
                assert caught.value.code == "timeout"
                with pytest.raises(LoginFailed):
                    await redirect.arrived()

    run(scenario)


def test_ten_minutes_pass_on_a_clock_of_the_tests(port: int) -> None:
    async def scenario() -> float:
        async with listen(uri(port)) as redirect:
            with pytest.raises(LoginFailed, match="within 600 s"):
                await redirect.arrived()
        return trio.current_time()

    clock = trio.testing.MockClock(autojump_threshold=0)
    began = clock.current_time()
    assert trio.run(scenario, clock=clock) - began == pytest.approx(600.0)


def test_finish_before_the_redirect_is_the_callers_mistake(run: Runner, port: int) -> None:
    async def scenario() -> None:
        async with listen(uri(port)) as redirect:
            with pytest.raises(LocalProtocolError, match="finish is not possible while waiting"):
                await redirect.finish("Done.", ok=True)

    run(scenario)


def test_what_the_block_raises_comes_out_as_it_is_and_the_port_is_free(run: Runner, port: int) -> None:
    async def scenario() -> None:
        with pytest.raises(ZeroDivisionError):
            async with listen(uri(port)):
                raise ZeroDivisionError
        assert await nobody_listens(port)
        async with listen(uri(port)):
            pass

    run(scenario)


def test_a_cancelled_wait_leaves_nothing(run: Runner, port: int) -> None:
    async def scenario() -> None:
        with anyio.move_on_after(0.05) as scope:
            async with listen(uri(port)) as redirect:
                await redirect.arrived()
        assert scope.cancelled_caught
        assert await nobody_listens(port)

    run(scenario)


@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, "127.0.0.1"), pytest.param(socket.AF_INET6, "::1", marks=needs_ipv6)],
    ids=["127.0.0.1", "::1"],
)
def test_a_port_that_is_taken_in_one_family_is_not_used_at_all(
    run: Runner, family: socket.AddressFamily, address: str
) -> None:
    async def scenario() -> str:
        with pytest.raises(TransportError) as caught:
            async with listen(uri(taken)):
                raise AssertionError("it listens")
        return str(caught.value)

    with socket.create_server((address, 0), family=family) as squatter:
        taken: int = squatter.getsockname()[1]
        sentence = run(scenario)
    assert f"port {taken} on {address} is in use by another program" in sentence
    assert "--paste" in sentence


@pytest.mark.parametrize("missing", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, socket.EAI_NONAME])
def test_a_family_that_is_missing_is_done_without(
    run: Runner, port: int, missing: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine without a family cannot be had here: what its system says is put in the place of the system.
    there = next(address for address in login.ADDRESSES if address != missing)
    if there == "::1" and not has_ipv6():
        pytest.skip("this machine has no ::1")
    without(monkeypatch, missing, number=number)

    async def scenario() -> str:
        answers: list[bytes] = []
        with anyio.fail_after(10):
            async with listen(uri(port)) as redirect, anyio.create_task_group() as tasks:
                tasks.start_soon(ask_into, answers, port, request(port), there)
                query = await redirect.arrived()
                await redirect.finish("Done.", ok=True)
        return query

    assert run(scenario) == QUERY


def without(monkeypatch: pytest.MonkeyPatch, *missing: str, number: int) -> None:
    real = anyio.create_tcp_listener

    async def create(*, local_host: str, local_port: int) -> Any:
        if local_host in missing:
            kind = socket.gaierror if number == socket.EAI_NONAME else OSError
            raise kind(number, "not on this machine")
        return await real(local_host=local_host, local_port=local_port)

    monkeypatch.setattr(anyio, "create_tcp_listener", create)


@pytest.mark.parametrize(
    ("missing", "number", "sentence"),
    [
        (login.ADDRESSES, errno.EADDRNOTAVAIL, "neither 127.0.0.1 nor ::1 .*not on this machine"),
        (("::1",), errno.EACCES, "port PORT on ::1 needs more rights: .* above 1023"),
        (("127.0.0.1",), errno.EMFILE, "cannot listen on 127.0.0.1 port PORT: .*not on this machine"),
    ],
)
def test_a_port_that_cannot_be_had_is_explained(
    run: Runner, port: int, missing: tuple[str, ...], number: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, *missing, number=number)

    async def scenario() -> None:
        async with listen(uri(port)):
            raise AssertionError("it listens")

    with pytest.raises(TransportError, match=sentence.replace("PORT", str(port))):
        run(scenario)


def test_a_redirect_to_elsewhere_is_for_pasting() -> None:
    async def scenario() -> None:
        async with listen("https://bot.example/callback"):
            raise AssertionError("it listens")

    with pytest.raises(LocalProtocolError, match="--paste"):
        asyncio.run(scenario())


# What a person pastes


@pytest.mark.parametrize(
    "text",
    [
        f"http://localhost:38080/callback?{QUERY}",
        f"  'https://bot.example/callback?{QUERY}#_=_'\n",
        f"<http://[::1]:1/?{QUERY}>",
        f"?{QUERY}",
        QUERY,
        f"{QUERY}#fragment",
        "http://localhost:38080/call\n  back?code=abc&st\r\n  ate=xyz",
    ],
)
def test_what_is_pasted_is_read(text: str) -> None:
    assert pasted(text) == QUERY


def test_an_error_can_be_pasted_too() -> None:
    assert pasted("http://localhost/?error=access_denied&state=x") == "error=access_denied&state=x"


@pytest.mark.parametrize(
    "text", ["", "abc", "http://localhost:38080/callback", "http://[::1?code=canary", "state=canary", "?state=canary"]
)
def test_what_is_no_end_of_a_login_is_not_read_and_not_repeated(text: str) -> None:
    with pytest.raises(LocalProtocolError, match="paste the whole address") as caught:
        pasted(text)
    assert "canary" not in str(caught.value)
