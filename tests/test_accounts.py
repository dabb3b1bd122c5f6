"""Accounts by name: each with its own tokens, all at one pace, and none left behind."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.to_thread
import pytest

from kick_io.accounts import DEFAULT_ACCOUNT, Accounts
from kick_io.calling import Caller
from kick_io.credentials import TokenStore
from kick_proto import oauth, rest
from kick_proto.errors import LocalProtocolError, LoginFailed, StoreError, Unauthorized
from kick_proto.health import Monitor
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet
from tests.callers import LOOPS, QUICK, REGISTERED, async_fetch_from, store_at, token_set
from tests.exchanges import Kick, thing

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")

DEADLINE = 20.0


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return LOOPS[request.param]


@pytest.fixture
def kick() -> Kick:
    return Kick()


def accounts(kick: Kick, store: TokenStore | None = None) -> Accounts:
    return Accounts(REGISTERED, oauth.Config(rest=QUICK), store, async_fetch_from(kick.answer), Monitor("kick"))


@asynccontextmanager
async def running(each: Accounts) -> AsyncIterator[Accounts]:
    async with anyio.create_task_group() as tasks:
        each.open(tasks)
        try:
            yield each
        finally:
            each.close()


def came_back(kick: Kick, url: str) -> tuple[str, str]:
    """Code and state, as a browser brings them."""
    query = parse_qs(kick.authorize(url))
    return query["code"][0], query["state"][0]


def test_each_account_has_its_own_login(run: Callable[..., Any], kick: Kick, tmp_path: Path) -> None:
    store = store_at(tmp_path)
    found: dict[str, TokenSet] = {}

    async def scenario() -> None:
        async with running(accounts(kick, store)) as each:
            urls = {name: await each.begin(name) for name in ("ada", "bea")}
            # They come back in another order.
            for name in ("bea", "ada"):
                found[name] = await each.finish(*came_back(kick, urls[name]))
            assert await (await each.account("ada")).call(thing()) == "access-2"
            with pytest.raises(Unauthorized, match=DEFAULT_ACCOUNT):
                await (await each.account(None)).tokens()

    run(scenario)
    assert store.accounts() == ("ada", "bea")
    assert {name: store.load(name) for name in found} == found


def test_an_account_is_opened_once(run: Callable[..., Any], kick: Kick, tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.save("ada", token_set(kick, 1))
    callers: list[Caller] = []

    async def get(each: Accounts) -> None:
        callers.append(await each.account("ada"))

    async def scenario() -> None:
        async with running(accounts(kick, store)) as each:
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(get, each)
            assert callers[0].account.tokens == store.load("ada")

    run(scenario)
    assert len(callers) == 3
    assert len(set(map(id, callers))) == 1


def test_a_state_that_nobody_began_with_is_no_login(run: Callable[..., Any], kick: Kick) -> None:
    async def scenario() -> None:
        async with running(accounts(kick)) as each:
            code, state = came_back(kick, await each.begin("ada"))
            with pytest.raises(LoginFailed, match="no login was begun") as caught:
                await each.finish(code, "another")
            assert caught.value.code == "state_mismatch"
            await each.finish(code, state)
            with pytest.raises(LoginFailed, match="no login was begun"):
                await each.finish(code, state)

    run(scenario)


def test_a_login_that_was_begun_anew_is_void(run: Callable[..., Any], kick: Kick) -> None:
    async def scenario() -> None:
        async with running(accounts(kick)) as each:
            first = came_back(kick, await each.begin("ada"))
            second = came_back(kick, await each.begin("ada"))
            with pytest.raises(LoginFailed):
                await each.finish(*first)
            assert (await each.finish(*second)).access_token == Secret("access-1")

    run(scenario)


def test_there_are_none_before_and_after(run: Callable[..., Any], kick: Kick) -> None:
    async def scenario() -> None:
        each = accounts(kick)
        with pytest.raises(LocalProtocolError, match="async with"):
            await each.account("ada")
        async with running(each):
            await each.account("ada")
        with pytest.raises(LocalProtocolError, match="async with"):
            await each.account("ada")

    run(scenario)


def test_an_account_that_cannot_be_opened_can_be_later(run: Callable[..., Any], kick: Kick, tmp_path: Path) -> None:
    file = tmp_path / "tokens.db"
    file.write_bytes(b"something else altogether" * 1_000)

    async def scenario() -> None:
        async with running(accounts(kick, store_at(tmp_path))) as each:
            with pytest.raises(StoreError):
                await each.account("ada")
            file.unlink()
            await each.account("ada")

    run(scenario)


def test_one_that_is_being_opened_when_all_end_is_not_left_behind(
    run: Callable[..., Any], kick: Kick, tmp_path: Path
) -> None:
    loading, go_on = threading.Event(), threading.Event()
    refused: list[str] = []

    class Slow(TokenStore):
        def load(self, account: str) -> TokenSet | None:
            loading.set()
            assert go_on.wait(DEADLINE)
            return super().load(account)

    async def get(each: Accounts) -> None:
        with pytest.raises(LocalProtocolError) as caught:
            await each.account("ada")
        refused.append(str(caught.value))

    async def scenario() -> None:
        with anyio.fail_after(DEADLINE):
            async with anyio.create_task_group() as outside, running(accounts(kick, store_at(tmp_path, Slow))) as each:
                outside.start_soon(get, each)
                await anyio.to_thread.run_sync(loading.wait)
                each.close()
                go_on.set()

    run(scenario)
    assert len(refused) == 1


def test_they_share_one_pace(run: Callable[..., Any], kick: Kick) -> None:
    at: list[float] = []

    def answer(request: Any) -> Any:
        at.append(anyio.current_time())
        return kick.answer(request)

    async def scenario() -> None:
        slow = oauth.Config(rest=rest.Config(rate=20.0, burst=1.0))
        each = Accounts(None, slow, None, async_fetch_from(answer), Monitor("kick"))
        async with running(each), anyio.create_task_group() as tasks:
            for name in ("ada", "bea", "cyd"):
                caller = await each.account(name)
                caller.account.adopt(anyio.current_time(), token_set(kick, 1), 0.0)
                tasks.start_soon(caller.call, thing())

    run(scenario)
    assert len(at) == 3
    assert at[-1] - at[0] >= 2 / 20.0 - 0.001
