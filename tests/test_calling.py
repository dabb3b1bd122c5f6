"""Both drivers of an account: every wait ends, whatever the server, the store, the caller and the clock do."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest

from kick_io.calling import BlockingCaller, calling
from kick_io.calls.vault import Vault
from kick_io.credentials import TokenStore
from kick_proto.endpoints.call import Auth
from kick_proto.errors import (
    KickError,
    LocalProtocolError,
    LoginFailed,
    ServerError,
    StoreError,
    TransportError,
    Unauthorized,
)
from kick_proto.health import Monitor
from kick_proto.http import Request, Response
from kick_proto.platform import Condition
from kick_proto.tokens import TokenSet
from tests.callers import CALLERS, DEADLINE, LOOPS, ME, Stubborn, account, store_at, token_set
from tests.exchanges import CUT, NEVER, Kick, error, thing
from tests.stores import CANARY

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")


class Way(NamedTuple):
    """A driver: how a scenario runs on it, and how it is opened."""

    run: Callable[..., Any]
    open: Any


@pytest.fixture(params=CALLERS)
def way(request: pytest.FixtureRequest) -> Way:
    return Way(*CALLERS[request.param])


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return in_time(LOOPS[request.param])


@pytest.fixture
def kick() -> Kick:
    return Kick()


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return store_at(tmp_path)


def in_time(run: Callable[..., Any]) -> Callable[..., Any]:
    def run_in_time(scenario: Callable[[], Any]) -> Any:
        async def bounded() -> Any:
            with anyio.fail_after(DEADLINE):
                return await scenario()

        return run(bounded)

    return run_in_time


# A login, and what it is good for


def test_a_login_is_stored_before_it_is_used_and_a_call_is_made_with_it(
    way: Way, kick: Kick, store: TokenStore
) -> None:
    async def scenario() -> str:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            tokens = await caller.answer(kick.authorize(caller.begin()))
            assert store.load(ME) == tokens == caller.account.tokens
            text: str = await caller.call(thing())
            assert text == tokens.access_token.reveal()
            return text

    assert way.run(scenario) == kick.used[-1]


def test_what_is_stored_is_taken_up(way: Way, kick: Kick, store: TokenStore) -> None:
    store.save(ME, token_set(kick, 1))

    async def scenario() -> str:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            answered: str = await caller.call(thing())
            return answered

    assert way.run(scenario) == f"{CANARY}-access-1"


def test_without_a_store_tokens_live_as_long_as_the_process(way: Way, kick: Kick) -> None:
    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(None, ME)) as caller:
            await caller.answer(kick.authorize(caller.begin()))
            await caller.refresh()
            assert await caller.call(thing()) == "access-2"
            await caller.revoke()
            with pytest.raises(Unauthorized, match="nobody has logged in as 'me'"):
                await caller.tokens()

    way.run(scenario)


def test_an_application_speaks_for_itself(way: Way, kick: Kick, store: TokenStore) -> None:
    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            tokens = await caller.request_app_token()
            assert tokens.kind == "app"
            assert store.load(ME) == tokens
            assert (await caller.introspect()).active

    way.run(scenario)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("error=access_denied&state=STATE", "access_denied"),
        ("code=abc&state=another", "state_mismatch"),
        ("state=STATE", "missing_code"),
        ("code=never-made&state=STATE", "invalid_grant"),
    ],
)
def test_a_login_that_comes_to_nothing_says_why(way: Way, query: str, code: str, kick: Kick, store: TokenStore) -> None:
    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            right = kick.authorize(caller.begin()).rpartition("=")[2]
            with pytest.raises(LoginFailed) as caught:
                await caller.answer(query.replace("STATE", right))
            assert caught.value.code == code
            assert store.load(ME) is None

    way.run(scenario)


def test_a_second_answer_to_a_login_is_refused_at_once(way: Way, kick: Kick, store: TokenStore) -> None:
    # The grant says nothing to it, so whoever waited for that would wait for ever.
    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            with pytest.raises(LocalProtocolError, match="no login was begun"):
                await caller.answer("code=x&state=y")
            query = kick.authorize(caller.begin())
            tokens = await caller.answer(query)
            with pytest.raises(LoginFailed, match="no login waits") as caught:
                await caller.answer(query)
            assert caught.value.code == "not_awaited"
            assert caller.account.tokens == tokens

    way.run(scenario)


# Renewal


def test_tokens_that_are_due_are_renewed_and_the_new_pair_is_stored(way: Way, kick: Kick, store: TokenStore) -> None:
    store.save(ME, token_set(kick, 1, left=60.0))

    async def scenario() -> TokenSet:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            tokens: TokenSet = await caller.tokens()
            assert await caller.tokens() == tokens
            return tokens

    assert way.run(scenario) == store.load(ME)
    assert kick.asked == ["refresh_token"]


@pytest.mark.parametrize("fault", [CUT, NEVER, error(500), error(401, "invalid_client"), error(403)])
def test_tokens_that_cannot_be_renewed_are_given_as_long_as_they_are_good(
    way: Way, fault: Any, kick: Kick, store: TokenStore
) -> None:
    tokens = token_set(kick, 1, left=60.0)
    store.save(ME, tokens)
    kick.faults.extend([fault] * 8)

    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            assert await caller.tokens() == tokens
            with pytest.raises(KickError):
                await caller.refresh()

    way.run(scenario)
    assert store.load(ME) == tokens


@pytest.mark.parametrize(("fault", "kind"), [(CUT, TransportError), (error(500), ServerError)])
def test_tokens_that_have_ended_and_cannot_be_renewed_are_not_given(
    way: Way, fault: Any, kind: type[KickError], kick: Kick, store: TokenStore
) -> None:
    store.save(ME, token_set(kick, 1, left=-1.0))
    kick.faults.extend([fault] * 4)

    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            with pytest.raises(kind):
                await caller.tokens()
            assert (await caller.tokens()).access_token.reveal() == "access-1"

    way.run(scenario)


def test_tokens_that_have_ended_and_have_no_successor_are_no_login(way: Way, kick: Kick, store: TokenStore) -> None:
    store.save(ME, token_set(kick, 1, left=-1.0, refresh=False))

    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            with pytest.raises(Unauthorized, match="log in again"):
                await caller.tokens()
            with pytest.raises(LocalProtocolError, match="no refresh token"):
                await caller.refresh()

    way.run(scenario)


def test_a_lost_login_is_said_and_forgotten(way: Way, kick: Kick, store: TokenStore) -> None:
    store.save(ME, token_set(kick, 1, left=60.0))
    kick.refreshing.clear()
    monitor = Monitor("kick")

    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME), monitor) as caller:
            with pytest.raises(Unauthorized) as caught:
                await caller.tokens()
            assert caught.value.code == "invalid_grant"
            with pytest.raises(Unauthorized, match="log in"):
                await caller.call(thing())

    way.run(scenario)
    assert store.load(ME) is None
    assert monitor.health(0.0).oauth.condition is Condition.BAD


# Other processes


def test_who_finds_newer_tokens_in_the_store_uses_those(way: Way, kick: Kick, store: TokenStore) -> None:
    store.save(ME, token_set(kick, 1, left=60.0))
    theirs = token_set(kick, 2)

    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            store.save(ME, theirs)
            assert await caller.tokens() == theirs
            assert await caller.call(thing()) == f"{CANARY}-access-2"

    way.run(scenario)
    assert store.load(ME) == theirs


def test_a_call_that_met_a_lost_login_is_made_with_the_tokens_of_somebody_else(
    way: Way, kick: Kick, store: TokenStore
) -> None:
    store.save(ME, token_set(kick, 1, left=-1.0))
    kick.refreshing.clear()
    theirs = token_set(kick, 2)

    async def scenario() -> str:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            store.save(ME, theirs)
            answered: str = await caller.call(thing())
            return answered

    assert way.run(scenario) == f"{CANARY}-access-2"
    assert store.load(ME) == theirs


# What a fetch may do


class StrangeError(Exception):
    """An error of another HTTP client, which quotes what it has sent."""


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (StrangeError(f"GET with Bearer {CANARY}-access-1"), "StrangeError"),
        (ExceptionGroup(CANARY, [ValueError(CANARY)]), "ExceptionGroup"),
        (OSError(111, "Connection refused", CANARY), "Connection refused"),
        (TimeoutError(), "TimeoutError"),
        (TransportError("cut in the middle"), "cut in the middle"),
        (LocalProtocolError("the fetcher is closed"), "the fetcher is closed"),
    ],
)
def test_whatever_a_fetch_raises_is_no_answer_and_repeats_no_secret(
    way: Way, raised: Exception, told: str, kick: Kick, store: TokenStore
) -> None:
    store.save(ME, token_set(kick, 1))

    def answer(request: Request) -> Response:
        raise raised

    async def scenario() -> str:
        async with way.open(account(), answer, Vault(store, ME)) as caller:
            with pytest.raises(TransportError) as caught:
                await caller.call(thing())
            return str(caught.value)

    sentence = way.run(scenario)
    assert told in sentence
    assert CANARY not in sentence


def test_what_is_no_response_is_no_answer(run: Callable[..., Any]) -> None:
    sentence = "the fetch gave a bytes in place of a Response"
    blocking: Any = lambda request: b"200"  # noqa: E731

    async def fetch(request: Request) -> Any:
        return b"200"

    async def scenario() -> None:
        async with calling(account(), fetch, Vault(None, ME)) as caller:
            with pytest.raises(TransportError, match=sentence):
                await caller.call(thing(Auth.NONE))

    run(scenario)
    with BlockingCaller(account(), blocking, Vault(None, ME)) as caller, pytest.raises(TransportError, match=sentence):
        caller.call(thing(Auth.NONE))


# What a store may do


FAILURES = [StoreError("the disk is full"), RuntimeError(CANARY), LocalProtocolError("the token store is closed")]


@pytest.fixture
def stubborn(tmp_path: Path) -> Stubborn:
    store = store_at(tmp_path, Stubborn)
    assert isinstance(store, Stubborn)
    return store


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_login_that_cannot_be_stored_says_so_and_works(
    way: Way, failure: Exception, kick: Kick, stubborn: Stubborn, caplog: pytest.LogCaptureFixture
) -> None:
    stubborn.failure = failure
    monitor = Monitor("kick")

    async def scenario() -> str:
        async with way.open(account(), kick.answer, Vault(stubborn, ME), monitor) as caller:
            with pytest.raises(StoreError) as caught:
                await caller.answer(kick.authorize(caller.begin()))
            assert await caller.call(thing()) == "access-1"
            return str(caught.value)

    with caplog.at_level(logging.WARNING):
        sentence = way.run(scenario)
    assert sentence in caplog.text
    assert CANARY not in caplog.text
    assert monitor.health(0.0).oauth.detail == sentence


def test_renewed_tokens_that_cannot_be_stored_are_used_and_later_ones_are_stored_again(
    way: Way, kick: Kick, stubborn: Stubborn
) -> None:
    first = token_set(kick, 1, left=60.0)
    stubborn.save(ME, first)

    async def scenario() -> TokenSet:
        async with way.open(account(), kick.answer, Vault(stubborn, ME)) as caller:
            stubborn.failure = FAILURES[0]
            assert (await caller.tokens()).access_token.reveal() == "access-1"
            stubborn.failure = None
            assert stubborn.load(ME) == first
            # What is stored is not what these were made of: to take it back up would be a step into the past.
            last: TokenSet = await caller.refresh()
            return last

    last = way.run(scenario)
    assert last.access_token.reveal() == "access-2"
    assert stubborn.load(ME) == last


def test_a_loss_after_tokens_that_could_not_be_stored_goes_back_to_none_before(
    way: Way, kick: Kick, stubborn: Stubborn
) -> None:
    stubborn.save(ME, token_set(kick, 1, left=60.0))

    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(stubborn, ME)) as caller:
            stubborn.failure = FAILURES[0]
            await caller.tokens()
            stubborn.failure = None
            kick.refreshing.clear()
            with pytest.raises(Unauthorized):
                await caller.refresh()
            assert caller.account.tokens is None

    way.run(scenario)
    assert stubborn.load(ME) is None


def test_a_logout_that_the_disk_does_not_take_is_said(way: Way, kick: Kick, stubborn: Stubborn) -> None:
    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(stubborn, ME)) as caller:
            await caller.answer(kick.authorize(caller.begin()))
            stubborn.failure = FAILURES[0]
            with pytest.raises(StoreError, match="the disk is full"):
                await caller.revoke()
            assert caller.account.tokens is None

    way.run(scenario)


def test_a_store_that_cannot_be_read_is_said_at_the_start(way: Way, kick: Kick, tmp_path: Path) -> None:
    (tmp_path / "tokens.db").write_bytes(b"no database at all, but long enough to be one" * 100)

    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store_at(tmp_path), ME)):
            raise AssertionError("it is open")

    with pytest.raises(StoreError):
        way.run(scenario)


def test_a_logout_is_confirmed_by_the_server_or_nothing_is_forgotten(way: Way, kick: Kick, store: TokenStore) -> None:
    tokens = token_set(kick, 1)
    store.save(ME, tokens)
    kick.faults.extend([error(400)] * 2)

    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME)) as caller:
            with pytest.raises(KickError):
                await caller.revoke()
            assert store.load(ME) == tokens
            await caller.revoke()
            assert store.load(ME) is None
            with pytest.raises(Unauthorized):
                await caller.call(thing())

    way.run(scenario)


def test_what_the_block_raises_comes_out_as_it_is(way: Way, kick: Kick, store: TokenStore) -> None:
    async def scenario() -> None:
        async with way.open(account(), kick.answer, Vault(store, ME)):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        way.run(scenario)
