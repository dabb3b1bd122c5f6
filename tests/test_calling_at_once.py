"""An account in the hands of several tasks, or of several threads, and what is closed or cancelled between them."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from kick_io.calling import BlockingCaller, Caller, calling
from kick_io.calls.vault import Vault
from kick_io.credentials import TokenStore
from kick_proto import oauth
from kick_proto.endpoints.call import Auth
from kick_proto.errors import (
    KickError,
    LocalProtocolError,
    LoginFailed,
    TransportError,
    Unauthorized,
)
from kick_proto.health import Monitor
from kick_proto.http import Request, Response
from kick_proto.platform import Condition
from kick_proto.tokens import TokenSet
from tests.callers import (
    DEADLINE,
    LOOPS,
    ME,
    QUICK,
    Shut,
    Stubborn,
    account,
    async_fetch_from,
    fetch_from,
    hurried,
    store_at,
    token_set,
)
from tests.exchanges import Kick, thing
from tests.stores import CANARY

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    def run_in_time(scenario: Callable[[], Any]) -> Any:
        async def bounded() -> Any:
            with anyio.fail_after(DEADLINE):
                return await scenario()

        return LOOPS[request.param](bounded)

    return run_in_time


@pytest.fixture
def kick() -> Kick:
    return Kick()


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return store_at(tmp_path)


async def outcome(into: list[Any], wait: Callable[..., Any], *args: Any) -> None:
    try:
        into.append(await wait(*args))
    except KickError as refused:
        into.append(refused)


@pytest.fixture
def stubborn(tmp_path: Path) -> Stubborn:
    store = store_at(tmp_path, Stubborn)
    assert isinstance(store, Stubborn)
    return store


class Gate:
    """A server that lets nobody through before it is opened."""

    def __init__(self, kick: Kick, path: str) -> None:
        self.opened, self.reached = anyio.Event(), anyio.Event()
        self._fetch = async_fetch_from(kick.answer)
        self._path = path

    async def fetch(self, request: Request) -> Response:
        if request.address.endswith(self._path):
            self.reached.set()
            await self.opened.wait()
        return await self._fetch(request)


@pytest.fixture
def shut(tmp_path: Path) -> Shut:
    store = store_at(tmp_path, Shut)
    assert isinstance(store, Shut)
    return store


def test_two_calls_that_meet_401_at_once_make_one_renewal(
    run: Callable[..., Any], kick: Kick, store: TokenStore
) -> None:
    store.save(ME, token_set(kick, 1))
    kick.valid.clear()

    async def scenario() -> list[Any]:
        answers: list[Any] = []
        async with hurried(account(), kick.answer, Vault(store, ME)) as caller, anyio.create_task_group() as tasks:
            tasks.start_soon(outcome, answers, caller.call, thing())
            tasks.start_soon(outcome, answers, caller.call, thing())
        return answers

    assert run(scenario) == ["access-1"] * 2
    assert kick.asked == ["refresh_token"]


def test_a_call_that_is_cancelled_is_given_up_at_once(run: Callable[..., Any], kick: Kick) -> None:
    async def scenario() -> bool:
        gate, left = Gate(kick, "/thing"), anyio.Event()

        async def fetch(request: Request) -> Response:
            try:
                return await gate.fetch(request)
            finally:
                left.set()

        async with calling(account(), fetch, Vault(None, ME)) as caller:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(caller.call, thing(Auth.NONE))
                await gate.reached.wait()
                tasks.cancel_scope.cancel()
            await left.wait()
            return not caller.account.closed

    assert run(scenario)


def test_who_waits_when_it_is_closed_is_told(run: Callable[..., Any], kick: Kick, store: TokenStore) -> None:
    store.save(ME, token_set(kick, 1))

    async def scenario() -> list[Any]:
        gate, answers = Gate(kick, ""), list[Any]()
        async with anyio.create_task_group() as tasks, calling(account(), gate.fetch, Vault(store, ME)) as caller:
            waits: list[tuple[Any, ...]] = [
                (caller.call, thing(Auth.NONE)),
                (caller.refresh,),
                (caller.introspect,),
                (caller.answer, kick.authorize(caller.begin())),
            ]
            for wait in waits:
                tasks.start_soon(outcome, answers, *wait)
            await gate.reached.wait()
            await anyio.wait_all_tasks_blocked()
        with pytest.raises(LocalProtocolError, match="closed"):
            await caller.call(thing(Auth.NONE))
        caller.close()
        return answers

    answers = run(scenario)
    assert len(answers) == 4
    assert {type(each) for each in answers} == {TransportError, LoginFailed}


def test_a_login_in_the_place_of_another_one_tells_who_waits_for_that(
    run: Callable[..., Any], kick: Kick, store: TokenStore
) -> None:
    answers: list[Any] = []

    async def scenario() -> None:
        gate = Gate(kick, "/token")
        async with calling(account(), gate.fetch, Vault(store, ME)) as caller, anyio.create_task_group() as tasks:
            tasks.start_soon(outcome, answers, caller.answer, kick.authorize(caller.begin()))
            await gate.reached.wait()
            second = kick.authorize(caller.begin())
            await anyio.wait_all_tasks_blocked()
            gate.opened.set()
            answers.append(await caller.answer(second))

    run(scenario)
    first, tokens = answers
    assert isinstance(first, LoginFailed)
    assert first.code == "replaced"
    assert store.load(ME) == tokens


@pytest.mark.parametrize("meanwhile", ["revoke", "answer"])
def test_who_waits_for_a_renewal_hears_of_what_takes_its_place(
    run: Callable[..., Any], meanwhile: str, kick: Kick, store: TokenStore
) -> None:
    store.save(ME, token_set(kick, 1))

    async def scenario() -> Any:
        hung, answers = anyio.Event(), list[Any]()
        fetch_now = async_fetch_from(kick.answer)

        async def fetch(request: Request) -> Response:
            if b"grant_type=refresh_token" in request.content():
                hung.set()
                await anyio.sleep_forever()
            return await fetch_now(request)

        async with calling(account(), fetch, Vault(store, ME)) as caller, anyio.create_task_group() as tasks:
            tasks.start_soon(outcome, answers, caller.refresh)
            await hung.wait()
            await (caller.revoke() if meanwhile == "revoke" else caller.answer(kick.authorize(caller.begin())))
        return answers[0]

    renewal = run(scenario)
    if meanwhile == "revoke":
        assert isinstance(renewal, Unauthorized)
        assert store.load(ME) is None
    else:
        assert renewal == store.load(ME)


def test_tokens_are_stored_although_whoever_asked_is_gone_and_all_is_closed(
    run: Callable[..., Any], kick: Kick, shut: Shut
) -> None:
    async def scenario() -> None:
        async with calling(account(), async_fetch_from(kick.answer), Vault(shut, ME)) as caller:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(caller.answer, kick.authorize(caller.begin()))
                await anyio.to_thread.run_sync(shut.reached.wait)
                tasks.cancel_scope.cancel()
            shut.let.set()

    run(scenario)
    stored = shut.load(ME)
    assert stored is not None
    assert stored.access_token.reveal() == "access-1"


def test_what_was_begun_on_disk_ends_when_everything_is_cancelled(
    run: Callable[..., Any], kick: Kick, shut: Shut
) -> None:
    async def scenario() -> None:
        with anyio.CancelScope() as scope:
            opening = calling(account(), async_fetch_from(kick.answer), Vault(shut, ME))
            async with opening as caller, anyio.create_task_group() as tasks:
                tasks.start_soon(caller.answer, kick.authorize(caller.begin()))
                await anyio.to_thread.run_sync(shut.reached.wait)
                scope.cancel()
                shut.let.set()
                await anyio.sleep_forever()
        assert scope.cancelled_caught

    run(scenario)
    assert shut.load(ME) is not None


def test_a_logout_is_done_on_disk_after_the_login_that_it_ends(run: Callable[..., Any], kick: Kick, shut: Shut) -> None:
    async def scenario() -> tuple[list[Any], TokenSet | None]:
        answers: list[Any] = []
        async with calling(account(), async_fetch_from(kick.answer), Vault(shut, ME)) as caller:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(outcome, answers, caller.answer, kick.authorize(caller.begin()))
                await anyio.to_thread.run_sync(shut.reached.wait)
                tasks.start_soon(outcome, answers, caller.revoke)
                while kick.valid:
                    await anyio.lowlevel.checkpoint()
                await anyio.wait_all_tasks_blocked()
                shut.let.set()
            return answers, caller.account.tokens

    (login, logout), left = run(scenario)
    assert isinstance(login, TokenSet)
    assert logout is None
    assert left is None
    assert shut.load(ME) is None


def test_a_store_that_is_too_slow_holds_up_nobody_whose_token_is_good(
    run: Callable[..., Any], kick: Kick, shut: Shut
) -> None:
    shut.let.set()
    shut.save(ME, token_set(kick, 1, left=60.0))
    shut.let.clear()

    async def scenario() -> TokenSet:
        config = oauth.Config(rest=QUICK, store_timeout=0.05)
        async with calling(account(config), async_fetch_from(kick.answer), Vault(shut, ME)) as caller:
            assert await caller.call(thing()) == f"{CANARY}-access-1"
            shut.let.set()
            return await caller.refresh()

    assert run(scenario) == shut.load(ME)
    assert kick.asked.count("refresh_token") in (1, 2)


def test_who_is_closed_while_opening_is_not_opened(run: Callable[..., Any], kick: Kick, tmp_path: Path) -> None:
    loading, go_on = threading.Event(), threading.Event()

    class Slow(Vault):
        def load(self) -> TokenSet | None:
            loading.set()
            assert go_on.wait(DEADLINE)
            return super().load()

    async def scenario() -> None:
        async with anyio.create_task_group() as tasks:
            caller = Caller(account(), async_fetch_from(kick.answer), Slow(None, ME), tasks)
            answers: list[Any] = []
            tasks.start_soon(outcome, answers, caller.open)
            await anyio.to_thread.run_sync(loading.wait)
            caller.close()
            go_on.set()
        assert isinstance(answers[0], LocalProtocolError)

    run(scenario)


def test_the_end_of_a_login_that_nobody_finishes_is_noticed_by_itself(run: Callable[..., Any], kick: Kick) -> None:
    monitor = Monitor("kick")

    async def scenario() -> None:
        config = oauth.Config(rest=QUICK, login_timeout=0.02)
        async with calling(account(config), async_fetch_from(kick.answer), Vault(None, ME), monitor) as caller:
            query = kick.authorize(caller.begin())
            while monitor.health(0.0).oauth.condition is Condition.UNUSED:
                await anyio.lowlevel.checkpoint()
            with pytest.raises(LoginFailed) as caught:
                await caller.answer(query)
            assert caught.value.code == "not_awaited"

    run(scenario)
    assert "nobody came back" in (monitor.health(0.0).last_error or "")


# In threads


def test_threads_take_turns(kick: Kick, store: TokenStore) -> None:
    store.save(ME, token_set(kick, 1))
    kick.valid.clear()
    answers: list[str] = []
    with BlockingCaller(account(), fetch_from(kick.answer), Vault(store, ME)) as caller:
        threads = [threading.Thread(target=lambda: answers.append(caller.call(thing()))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
    assert answers == ["access-1"] * 4
    assert kick.asked == ["refresh_token"]


def test_a_thread_that_is_interrupted_leaves_everything_usable(kick: Kick, store: TokenStore) -> None:
    def answer(request: Request) -> Any:
        said = kick.answer(request)
        if request.address.endswith("/thing"):
            raise KeyboardInterrupt
        return said

    caller = BlockingCaller(account(), fetch_from(answer), Vault(store, ME))
    with caller:
        tokens = caller.answer(kick.authorize(caller.begin()))
        with pytest.raises(KeyboardInterrupt):
            caller.call(thing())
        assert caller.tokens() == tokens
    with pytest.raises(LocalProtocolError, match="closed"):
        caller.call(thing())


def test_tokens_that_were_being_stored_at_an_interruption_are_stored_after_it(kick: Kick, stubborn: Stubborn) -> None:
    interrupted: Any = KeyboardInterrupt()
    stubborn.failure = interrupted
    with BlockingCaller(account(), fetch_from(kick.answer), Vault(stubborn, ME)) as caller:
        query = kick.authorize(caller.begin())
        with pytest.raises(KeyboardInterrupt):
            caller.answer(query)
        stubborn.failure = None
        # Whoever comes next finishes what was begun.
        assert caller.call(thing()) == "access-1"
        assert stubborn.load(ME) == caller.tokens()
        stubborn.failure = interrupted
        with pytest.raises(KeyboardInterrupt):
            caller.refresh()
        stubborn.failure = None
    renewed = stubborn.load(ME)
    assert renewed is not None
    assert renewed.access_token.reveal() == "access-2"
