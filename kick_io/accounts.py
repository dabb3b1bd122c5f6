"""The accounts of a platform object, by the application's own names for them: each begins when it is first asked for.

They keep their tokens apart, and share the pace at which Kick may be asked.
"""

import random
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
from anyio.abc import TaskGroup

from kick_io.calling import Caller
from kick_io.calls.vault import Vault
from kick_io.credentials import TokenStore
from kick_io.http import AsyncFetch
from kick_proto import oauth
from kick_proto.account import Account
from kick_proto.endpoints import generic
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.generic import Query
from kick_proto.endpoints.oauth import App
from kick_proto.errors import LocalProtocolError, LoginFailed
from kick_proto.health import Monitor
from kick_proto.pace import Pace
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet

__all__ = ["DEFAULT_ACCOUNT", "Accounts"]

ResultT = TypeVar("ResultT")

DEFAULT_ACCOUNT = "default"
"""The account that is meant where none is named."""


class Accounts:
    """See the module's docstring; between ``open`` and ``close`` it may be asked for any account."""

    def __init__(
        self,
        app: App | None,
        config: oauth.Config | None,
        store: TokenStore | None,
        fetch: AsyncFetch,
        monitor: Monitor,
    ) -> None:
        self._app = app
        self._config = config = config if config is not None else oauth.Config()
        self._store = store
        self._fetch = fetch
        self._monitor = monitor
        self._pace = Pace(config.rest.rate, config.rest.burst)
        self._callers: dict[str, Caller] = {}
        self._logins: dict[str, Secret] = {}
        self._opening: anyio.Lock | None = None
        self._opened: Caller | None = None
        self._tasks: TaskGroup | None = None

    def open(self, tasks: TaskGroup) -> None:
        """From now on they may be asked for; what they do runs in ``tasks``."""
        self._tasks = tasks
        self._opening = anyio.Lock()

    def close(self) -> None:
        """Refuse all that is open."""
        self._tasks = None
        for caller in (*self._callers.values(), self._opened):
            if caller is not None:
                caller.close()

    async def account(self, username: str | None) -> Caller:
        """The account of that name, or the default one.

        Raises:
            LocalProtocolError: nothing runs.
            StoreError: the store cannot be used.
        """
        name = DEFAULT_ACCOUNT if username is None else username
        if self._opening is not None and name not in self._callers:
            async with self._opening:
                if name not in self._callers and self._tasks is not None:
                    await self._open(name, self._tasks)
        if self._tasks is None:
            raise LocalProtocolError("nothing runs: use it with 'async with'")
        return self._callers[name]

    async def _open(self, name: str, tasks: TaskGroup) -> None:
        account = Account(self._app, self._config, rng=random.Random(), pace=self._pace)
        caller = self._opened = Caller(account, self._fetch, Vault(self._store, name), tasks, self._monitor)
        try:
            await caller.open()
        finally:
            self._opened = None
        self._callers[name] = caller

    async def begin(self, username: str) -> str:
        """Begin a login of the account: the URL for a browser. Raises as ``account``, and where there is no app."""
        url = (await self.account(username)).begin()
        (state,) = parse_qs(urlsplit(url).query)["state"]
        self._logins[username] = Secret(state)
        return url

    async def finish(self, code: str, state: str) -> TokenSet:
        """Finish the login that the state belongs to.

        Raises:
            LoginFailed: there is none, or it came to nothing.
        """
        username = next((name for name, begun in self._logins.items() if begun == Secret(state)), None)
        if username is None:
            raise LoginFailed("no login was begun with this state: begin one, and open its URL", code="state_mismatch")
        del self._logins[username]
        return await (await self.account(username)).answer(urlencode({"code": code, "state": state}))

    async def tokens(self, username: str | None) -> TokenSet:
        """The account's tokens. Raises as ``account`` and ``Caller.tokens``."""
        return await (await self.account(username)).tokens()

    async def refresh(self, username: str | None) -> TokenSet:
        """Renew the account's tokens now. Raises as ``account`` and ``Caller.refresh``."""
        return await (await self.account(username)).refresh()

    # Asking in the name of an account

    async def call(self, call: Call[ResultT], username: str | None = None) -> ResultT:
        """Make a call. Raises as ``account`` and ``Caller.call``."""
        return await (await self.account(username)).call(call)

    async def get(self, path: str, *, params: Query | None = None, username: str | None = None) -> Any:
        """Read what is at a path of the API; JSON as it came. Raises as ``call``."""
        return await self.call(generic.get(path, params), username)

    async def post(self, path: str, *, json: Any = None, username: str | None = None) -> Any:
        """Have something done; never sent twice when the answer is lost. Raises as ``call``."""
        return await self.call(generic.post(path, json), username)

    async def put(self, path: str, *, json: Any = None, username: str | None = None) -> Any:
        """Put something in the place of what is there. Raises as ``call``."""
        return await self.call(generic.put(path, json), username)

    async def delete(self, path: str, *, json: Any = None, username: str | None = None) -> Any:
        """Take away what is there. Raises as ``call``."""
        return await self.call(generic.delete(path, json), username)
