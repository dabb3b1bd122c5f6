"""A login from the authorize page to the last renewal, over real sockets, with what may go wrong on the way."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from kick_io.calling import BlockingCaller, Caller
from kick_io.calls.vault import Vault
from kick_io.credentials import TokenStore
from kick_io.http import Fetcher
from kick_io.login import listen, pasted
from kick_io.mock import MockKick
from kick_proto.endpoints.call import Host
from kick_proto.errors import LoginFailed, Unauthorized
from kick_proto.http import Request
from kick_proto.testing.site.accounts import CAST
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.apps import APP, RegisteredApp
from kick_proto.testing.site.exchange import Cut
from kick_proto.testing.site.ledger import Lifetimes
from kick_proto.testing.site.trouble import CutOff
from kick_proto.tokens import TokenSet
from tests import logins
from tests.callers import LOOPS, store_at
from tests.logins import DONE, ME, SCOPES, WHO_AM_I, Browser, account_at, called, log_in, logged_in, registered_at
from tests.stores import DEADLINE, processes

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")

STREAMER, MODERATOR, _ = CAST
STRICT = Lifetimes(refresh_grace=0.0)


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    def run_in_time(scenario: Callable[[], Any]) -> Any:
        async def bounded() -> Any:
            with anyio.fail_after(DEADLINE):
                return await scenario()

        return LOOPS[request.param](bounded)

    return run_in_time


def app_at(host: str) -> RegisteredApp:
    uri = f"http://{host}:{logins.free_port()}/callback"
    return RegisteredApp(client_id=APP.client_id, client_secret=APP.client_secret, redirect_uris=(uri,))


@pytest.fixture
def mock(request: pytest.FixtureRequest) -> Iterator[MockKick]:
    with MockKick(app=app_at("localhost"), lifetimes=getattr(request, "param", None)) as mock:
        yield mock


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return store_at(tmp_path)


def refreshes(mock: MockKick, after: int = 1) -> list[int]:
    """The statuses of what was asked of the token endpoint after the login."""
    return [each.status for each in mock.requests(Host.ID) if each.path == "/oauth/token"][after:]


def name_in(answer: Any) -> Any:
    return answer["data"][0]["name"]


# All goes well


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_from_the_browser_to_a_call_in_ones_own_name(run: Callable[..., Any], host: str, store: TokenStore) -> None:
    # At 127.0.0.1 the server turns the first of them into localhost, and a redirect URI must stay what it was.
    browser = Browser()

    async def scenario(mock: MockKick) -> TokenSet:
        mock.site(KickSite.log_in, MODERATOR.slug)
        async with called(mock, store) as caller:
            tokens = logged_in(await log_in(mock, caller, browser))
            assert name_in(await caller.call(WHO_AM_I)) == MODERATOR.username
            assert (await caller.introspect()).active
        async with called(mock, store) as caller:
            assert caller.account.tokens == tokens
            assert name_in(await caller.call(WHO_AM_I)) == MODERATOR.username
            assert (await caller.refresh()).access_token != tokens.access_token
            await caller.revoke()
        return tokens

    with MockKick(app=app_at(host)) as mock:
        tokens = run(lambda: scenario(mock))
        assert [each.path for each in mock.requests(Host.ID)] == [
            "/oauth/authorize",
            "/oauth/token",
            "/oauth/token/introspect",
            "/oauth/token",
            "/oauth/revoke",
            "/oauth/revoke",
        ]
    assert set(tokens.scopes) == set(SCOPES)
    assert tokens.refresh_token is not None
    assert (browser.status, DONE in browser.page) == (200, True)
    assert store.load(ME) is None


def test_without_an_event_loop_and_by_pasting(mock: MockKick, store: TokenStore) -> None:
    account = account_at(registered_at(mock), mock.sites)
    with Fetcher() as fetch, BlockingCaller(account, fetch, Vault(store, ME)) as caller:
        sent = fetch(Request(method="GET", address=caller.begin()))
        tokens = caller.answer(pasted(sent.header("location") or ""))
        mock.site(KickSite.expire_tokens)
        assert name_in(caller.call(WHO_AM_I)) == STREAMER.username
    assert refreshes(mock) == [200]
    renewed = store.load(ME)
    assert renewed is not None
    assert renewed.access_token != tokens.access_token


# What may go wrong with a login


def without_code(location: str) -> str:
    return "&".join(part for part in location.replace("?", "?&").split("&") if not part.startswith("code="))


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        pytest.param(lambda url: url.replace("state=", "state=x"), "state_mismatch", id="state mismatch"),
        pytest.param(lambda url: url.replace("code=", "code=x"), "invalid_grant", id="a code that is none"),
        pytest.param(lambda url: f"{url}&code=another", "repeated_parameter", id="two codes"),
    ],
)
def test_a_redirect_that_was_tampered_with_is_no_login(
    run: Callable[..., Any], tamper: logins.Tamper, code: str, mock: MockKick, store: TokenStore
) -> None:
    async def scenario() -> None:
        browser = Browser(tamper)
        async with called(mock, store) as caller:
            failed = await log_in(mock, caller, browser)
            assert isinstance(failed, LoginFailed)
            assert failed.code == code
            assert browser.status == 400
            assert caller.account.tokens is None
            # The next one is not the worse for it.
            logged_in(await log_in(mock, caller))

    run(scenario)
    assert refreshes(mock, 0) == ([400, 200] if code == "invalid_grant" else [200])


def test_a_redirect_without_a_code_is_no_login(run: Callable[..., Any], mock: MockKick, store: TokenStore) -> None:
    async def scenario() -> None:
        lost, browser = Browser(without_code), Browser()
        async with called(mock, store) as caller:
            # The listener does not take it for the redirect, and goes on waiting.
            async with listen(mock.app.redirect_uri) as redirect, anyio.create_task_group() as tasks:
                url = caller.begin()
                await lost.visit(url)
                assert lost.status == 400
                tasks.start_soon(browser.visit, url)
                logged_in(await caller.answer(await redirect.arrived()))
                await redirect.finish(DONE, ok=True)
            # Where there is no listener, the grant says what is missing.
            location = await lost.follow(caller.begin())
            with pytest.raises(LoginFailed) as caught:
                await caller.answer(location.partition("?")[2])
            assert caught.value.code == "missing_code"

    run(scenario)
    assert refreshes(mock, 0) == [200]


def test_a_user_who_says_no_is_told_so(run: Callable[..., Any], mock: MockKick, store: TokenStore) -> None:
    mock.site(KickSite.deny)

    async def scenario() -> str:
        browser = Browser()
        async with called(mock, store) as caller:
            failed = await log_in(mock, caller, browser)
            assert isinstance(failed, LoginFailed)
            assert failed.code == "access_denied"
        return browser.page

    assert "denied" in run(scenario)
    assert refreshes(mock, 0) == []
    assert store.load(ME) is None


def test_a_code_that_was_made_for_another_verifier_is_worth_nothing(
    run: Callable[..., Any], mock: MockKick, store: TokenStore
) -> None:
    async def stolen(owner: Caller) -> str:
        location = await Browser().follow(owner.begin())
        return location.partition("code=")[2].partition("&")[0]

    async def scenario() -> None:
        async with called(mock, None) as victim, called(mock, store) as thief:
            code = await stolen(victim)
            own = (await Browser().follow(thief.begin())).partition("state=")[2]
            with pytest.raises(LoginFailed) as caught:
                await thief.answer(f"code={code}&state={own}")
            assert caught.value.code == "invalid_grant"

    run(scenario)
    assert refreshes(mock, 0) == [400]
    assert store.load(ME) is None


def test_an_exchange_whose_answer_is_lost_is_not_made_twice(
    run: Callable[..., Any], mock: MockKick, store: TokenStore
) -> None:
    mock.site(lambda site, now: site.trouble(now, Host.ID, CutOff(Cut.BEFORE), path="/oauth/token"))

    async def scenario() -> None:
        async with called(mock, store) as caller:
            failed = await log_in(mock, caller)
            assert isinstance(failed, LoginFailed)
            assert failed.code == "unreachable"

    run(scenario)
    assert refreshes(mock, 0) == [0]


# What may go wrong with a renewal


def test_an_expired_refresh_token_is_a_lost_login(run: Callable[..., Any], mock: MockKick, store: TokenStore) -> None:
    async def scenario() -> None:
        async with called(mock, store) as caller:
            logged_in(await log_in(mock, caller))
            mock.site(KickSite.expire_tokens)
            mock.site(KickSite.expire_refresh_tokens)
            with pytest.raises(Unauthorized, match="log in again"):
                await caller.call(WHO_AM_I)
            with pytest.raises(Unauthorized, match="log in"):
                await caller.tokens()
            logged_in(await log_in(mock, caller))
            assert name_in(await caller.call(WHO_AM_I)) == STREAMER.username

    run(scenario)
    assert refreshes(mock) == [400, 200]


def test_two_calls_that_meet_401_at_the_same_time_make_one_renewal(
    run: Callable[..., Any], mock: MockKick, store: TokenStore
) -> None:
    names: list[Any] = []

    async def scenario() -> None:
        async def ask(caller: Caller) -> None:
            names.append(name_in(await caller.call(WHO_AM_I)))

        async with called(mock, store) as caller:
            logged_in(await log_in(mock, caller))
            mock.site(KickSite.expire_tokens)
            async with anyio.create_task_group() as tasks:
                for _ in range(2):
                    tasks.start_soon(ask, caller)

    run(scenario)
    assert names == [STREAMER.username] * 2
    assert refreshes(mock) == [200]
    assert sorted(each.status for each in mock.requests(Host.API)) == [200, 200, 401, 401]


def test_a_renewal_whose_answer_is_lost_is_made_again(
    run: Callable[..., Any], mock: MockKick, store: TokenStore
) -> None:
    async def scenario() -> None:
        async with called(mock, store) as caller:
            logged_in(await log_in(mock, caller))
            mock.site(lambda site, now: site.trouble(now, Host.ID, CutOff(Cut.HALFWAY), path="/oauth/token"))
            assert await caller.refresh() == store.load(ME)

    run(scenario)
    assert refreshes(mock) == [200, 200]


# Other processes

Child = tuple[Any, Any]


@pytest.fixture
def start() -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def start(work: Callable[..., None], *args: Any) -> Child:
        ours, theirs = processes.Pipe()
        process = processes.Process(target=work, args=(*args, theirs))
        process.start()
        theirs.close()
        children.append((process, ours))
        return children[-1]

    yield start
    for process, connection in children:
        process.kill()
        process.join()
        process.close()
        connection.close()


def said(connection: Any) -> Any:
    assert connection.poll(DEADLINE), "the other process does not get on"
    return connection.recv()


def test_an_account_outlives_a_kill_between_the_renewal_and_the_store(
    run: Callable[..., Any], mock: MockKick, store: TokenStore, start: Callable[..., Child]
) -> None:
    async def first() -> TokenSet:
        async with called(mock, store) as caller:
            return logged_in(await log_in(mock, caller))

    async def restarted() -> Any:
        async with called(mock, store) as caller:
            return name_in(await caller.call(WHO_AM_I))

    tokens = run(first)
    process, connection = start(logins.renew_and_wait, *logins.arguments(store.path.parent, mock))
    assert said(connection) == "renewed, and not stored"
    assert refreshes(mock) == [200]
    process.kill()
    process.join()
    assert store.load(ME) == tokens
    mock.site(KickSite.expire_tokens)
    assert run(restarted) == STREAMER.username
    assert refreshes(mock) == [200, 200]
    assert store.load(ME) not in (None, tokens)


@pytest.mark.parametrize(
    ("mock", "status"), [(None, 200), (STRICT, 400)], ids=["with grace", "strict"], indirect=["mock"]
)
def test_who_comes_second_takes_the_tokens_of_who_came_first(
    run: Callable[..., Any], mock: MockKick, status: int, store: TokenStore, start: Callable[..., Child]
) -> None:
    # With grace our own renewal succeeds, and gives way; without, it is refused, and that is not the end.
    async def scenario() -> TokenSet | None:
        async with called(mock, store) as caller:
            tokens = logged_in(await log_in(mock, caller))
            mock.site(KickSite.expire_tokens)
            _, connection = start(logins.renew, *logins.arguments(store.path.parent, mock))
            assert await anyio.to_thread.run_sync(said, connection) == "renewed, and stored"
            theirs = store.load(ME)
            assert theirs != tokens
            assert name_in(await caller.call(WHO_AM_I)) == STREAMER.username
            assert caller.account.tokens == theirs
        return theirs

    assert run(scenario) == store.load(ME)
    assert refreshes(mock) == [200, status]
