"""The accounts of a platform object, by the application's own names for them: each begins when it is first asked for.

They keep their tokens apart, and share the pace at which Kick may be asked.
"""

import random
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
from anyio.abc import TaskGroup

from kick_io.calling import Caller
from kick_io.credentials import TokenStore
from kick_io.http import AsyncFetch
from kick_io.vault import Vault
from kick_proto import oauth
from kick_proto.account import Account
from kick_proto.endpoints.oauth import App
from kick_proto.errors import LocalProtocolError, LoginFailed
from kick_proto.health import Monitor
from kick_proto.pace import Pace
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet

__all__ = ["DEFAULT_ACCOUNT", "Accounts"]

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

    async def get(self, username: str | None) -> Caller:
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
        """Begin a login of the account: the URL for a browser. Raises as ``get``, and where there is no app."""
        url = (await self.get(username)).begin()
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
        return await (await self.get(username)).answer(urlencode({"code": code, "state": state}))
