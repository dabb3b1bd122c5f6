"""Logging in for real: the mock Kick, the redirect listener and a token store, and what other processes do to them."""

import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import anyio

from kick_io.calling import BlockingCaller, Caller, calling
from kick_io.calls.vault import Vault
from kick_io.credentials import Replacing, TokenStore
from kick_io.http import AsyncFetcher, Fetcher
from kick_io.login import listen
from kick_io.mock import MockKick
from kick_proto import oauth, rest
from kick_proto.account import Account
from kick_proto.backoff import Backoff
from kick_proto.endpoints import generic
from kick_proto.endpoints.call import Call, Sites
from kick_proto.endpoints.oauth import App
from kick_proto.errors import LoginFailed
from kick_proto.http import Request
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet
from tests.callers import store_at

ME = "me"
SCOPES = ("user:read", "chat:write", "channel:read")
WHO_AM_I: Call[Any] = generic.get("/public/v1/users")
DONE = "You can close this window."

Tamper = Callable[[str], str]
"""What somebody on the way makes of the address that the browser is sent back to."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
        return number


def registered_at(mock: MockKick) -> App:
    app = mock.app
    return App(client_id=app.client_id, client_secret=app.client_secret, redirect_uri=app.redirect_uri, scopes=SCOPES)


def quick_at(sites: Sites) -> oauth.Config:
    backoff = Backoff(base=0.01, cap=0.01, retries=3)
    return oauth.Config(rest=rest.Config(sites=sites, rate=1e6, burst=1e6, in_flight=4, backoff=backoff))


def account_at(app: App, sites: Sites) -> Account:
    return Account(app, quick_at(sites), rng=random.Random(7))


@asynccontextmanager
async def called(mock: MockKick, store: TokenStore | None, name: str = ME) -> AsyncIterator[Caller]:
    """An account at the mock, over real HTTP."""
    account = account_at(registered_at(mock), mock.sites)
    async with AsyncFetcher() as fetch, calling(account, fetch, Vault(store, name)) as caller:
        yield caller


class Browser:
    """Goes where it is sent, once, and keeps the page that it ends up on."""

    def __init__(self, tamper: Tamper = str) -> None:
        self.status = 0
        self.page = ""
        self._tamper = tamper

    async def follow(self, url: str) -> str:
        """Where the authorize page sends the browser."""
        async with AsyncFetcher() as fetch:
            sent = await fetch(Request(method="GET", address=url))
        location = sent.header("location")
        assert sent.status == 302
        assert location is not None
        return self._tamper(location)

    async def visit(self, url: str) -> None:
        async with AsyncFetcher() as fetch:
            answer = await fetch(Request(method="GET", address=await self.follow(url)))
        self.status, self.page = answer.status, answer.body.decode()


async def log_in(mock: MockKick, caller: Caller, browser: Browser | None = None) -> TokenSet | LoginFailed:
    """The whole way: authorize page, redirect, exchange, store, last page."""
    browser = browser if browser is not None else Browser()
    outcome: TokenSet | LoginFailed
    async with listen(mock.app.redirect_uri, timeout=20.0) as redirect, anyio.create_task_group() as tasks:
        tasks.start_soon(browser.visit, caller.begin())
        try:
            outcome = await caller.answer(await redirect.arrived())
        except LoginFailed as failed:
            outcome = failed
        is_good = isinstance(outcome, TokenSet)
        await redirect.finish(DONE if is_good else str(outcome), ok=is_good)
    return outcome


def logged_in(outcome: TokenSet | LoginFailed) -> TokenSet:
    assert isinstance(outcome, TokenSet), outcome
    return outcome


# In processes of their own


class Told(TokenStore):
    """Tells, before it replaces tokens by renewed ones, and then waits until it is killed."""

    told: Connection

    def save(
        self,
        account: str,
        tokens: TokenSet,
        *,
        replacing: TokenSet | Literal[Replacing.ANYTHING] | None = Replacing.ANYTHING,
    ) -> bool:
        self.told.send("renewed, and not stored")
        self.told.recv()
        raise AssertionError("it was not killed")


def renew(folder: Path, client: tuple[str, str, str], bases: tuple[str, str, str, str], told: Connection) -> None:
    """Renew the stored tokens, and store the new ones."""
    _renew(store_at(folder), client, bases)
    told.send("renewed, and stored")


def renew_and_wait(
    folder: Path, client: tuple[str, str, str], bases: tuple[str, str, str, str], told: Connection
) -> None:
    """Renew the stored tokens, and get as far as the door of the store."""
    store = store_at(folder, Told)
    assert isinstance(store, Told)
    store.told = told
    _renew(store, client, bases)


def _renew(store: TokenStore, client: tuple[str, str, str], bases: tuple[str, str, str, str]) -> None:
    client_id, secret, uri = client
    app = App(client_id=client_id, client_secret=Secret(secret), redirect_uri=uri)
    api, site, web, id = bases
    with Fetcher() as fetch:
        sites = Sites(api=api, site=site, web=web, id=id)
        with BlockingCaller(account_at(app, sites), fetch, Vault(store, ME)) as caller:
            caller.refresh()


def arguments(folder: Path, mock: MockKick) -> tuple[Any, ...]:
    """What those functions are given; a ``Secret`` is not pickled."""
    app, sites = mock.app, mock.sites
    client = (app.client_id, app.client_secret.reveal(), app.redirect_uri)
    return folder, client, (sites.api, sites.site, sites.web, sites.id)
