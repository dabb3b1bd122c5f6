"""One way to run a scenario on every driver of an account: a scenario is a coroutine over a ``Caller``.

``BlockingCaller`` takes part in the clothes of a ``Caller``, with awaits that never suspend.
"""

import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

import anyio
import anyio.lowlevel

from kick_io.calling import BlockingCaller, calling
from kick_io.calls.vault import Vault
from kick_io.credentials import Replacing, TokenStore
from kick_io.http import Unsent
from kick_io.storage.keys import KeyFile
from kick_proto import oauth, rest
from kick_proto.account import Account
from kick_proto.backoff import Backoff
from kick_proto.endpoints.oauth import App
from kick_proto.errors import TransportError
from kick_proto.health import Monitor
from kick_proto.http import Request, Response
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet
from tests.drivers import run_asyncio, run_trio, run_unhurried
from tests.exchanges import Kick, Lost
from tests.stores import CANARY

ME = "me"
DEADLINE = 20.0
"""Seconds that a scenario may take before it counts as hanging."""
QUICK = rest.Config(rate=1e6, burst=1e6, backoff=Backoff(base=0.001, cap=0.001, retries=3))
REGISTERED = App(client_id="id", client_secret=Secret(f"{CANARY}-client"), scopes=("user:read",))

Answer: TypeAlias = Callable[[Request], Response | Lost | None]
"""A server, as a function."""


def account(config: oauth.Config | None = None, app: App | None = REGISTERED) -> Account:
    return Account(app, config if config is not None else oauth.Config(rest=QUICK), rng=random.Random(7))


def token_set(kick: Kick, number: int, *, left: float = 3_600.0, refresh: bool = True) -> TokenSet:
    """Tokens that the server knows, from two hours ago, which end so many seconds from now."""
    access, refreshing = f"{CANARY}-access-{number}", f"{CANARY}-refresh-{number}"
    kick.valid.add(access)
    kick.refreshing.add(refreshing)
    now = datetime.now(UTC)
    return TokenSet(
        access_token=Secret(access),
        refresh_token=Secret(refreshing) if refresh else None,
        issued_at=now - timedelta(hours=2),
        expires_at=now + timedelta(seconds=left),
        scopes=("user:read",),
    )


def store_at(folder: Path, kind: type[TokenStore] = TokenStore) -> TokenStore:
    """A store with its key in a file, so that the keyring of whoever runs the tests is left alone."""
    return kind(folder / "tokens.db", keys=KeyFile(folder / "tokens.key"))


def fetch_from(answer: Answer) -> Callable[[Request], Response]:
    """A fetch that asks there, and raises where there is no answer."""

    def fetch(request: Request) -> Response:
        said = answer(request)
        if isinstance(said, Response):
            return said
        if said is not None and not said.sent:
            raise Unsent("no connection")
        raise TransportError("the connection was cut")

    return fetch


def async_fetch_from(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """The same for event loops; None is silence."""

    async def fetch(request: Request) -> Response:
        await anyio.lowlevel.checkpoint()
        said = answer(request)
        if said is None:
            await anyio.sleep_forever()
        return fetch_from(lambda _: said)(request)

    return fetch


class UnhurriedCaller:
    """A ``BlockingCaller`` in the clothes of a ``Caller``."""

    def __init__(self, caller: BlockingCaller) -> None:
        self._caller = caller
        self.account = caller.account
        self.vault = caller.vault
        self.begin = caller.begin

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._caller, name)

        async def unhurried(*args: Any) -> Any:
            return method(*args)

        return unhurried


@asynccontextmanager
async def hurried(account: Account, answer: Answer, vault: Vault, monitor: Monitor | None = None) -> AsyncIterator[Any]:
    async with calling(account, async_fetch_from(answer), vault, monitor) as caller:
        yield caller


@asynccontextmanager
async def unhurried(
    account: Account, answer: Answer, vault: Vault, monitor: Monitor | None = None
) -> AsyncIterator[Any]:
    with BlockingCaller(account, fetch_from(answer), vault, monitor) as caller:
        yield UnhurriedCaller(caller)


CALLERS: dict[str, tuple[Callable[..., Any], Any]] = {
    "asyncio": (run_asyncio, hurried),
    "trio": (run_trio, hurried),
    "blocking": (run_unhurried, unhurried),
}
LOOPS = {"asyncio": run_asyncio, "trio": run_trio}


class Stubborn(TokenStore):
    """A store whose disk is full, or that fails in a way of its own."""

    failure: Exception | None = None

    def save(
        self,
        account: str,
        tokens: TokenSet,
        *,
        replacing: TokenSet | Literal[Replacing.ANYTHING] | None = Replacing.ANYTHING,
    ) -> bool:
        if self.failure is not None:
            raise self.failure
        return super().save(account, tokens, replacing=replacing)

    def delete(self, account: str, *, only: TokenSet | None = None) -> bool:
        if self.failure is not None:
            raise self.failure
        return super().delete(account, only=only)


class Shut(TokenStore):
    """A store whose every change waits until it is let."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.reached, self.let = threading.Event(), threading.Event()

    def save(
        self,
        account: str,
        tokens: TokenSet,
        *,
        replacing: TokenSet | Literal[Replacing.ANYTHING] | None = Replacing.ANYTHING,
    ) -> bool:
        self.reached.set()
        assert self.let.wait(DEADLINE)
        return super().save(account, tokens, replacing=replacing)
