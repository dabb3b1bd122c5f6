"""Runs an ``Account``: calls are answered, tokens renewed and stored, and all that is seen of it are methods that wait.

    async with calling(account, fetch, vault) as kick:  # asyncio or trio
        user = await kick.call(get_user("xqc", official=False))

    with BlockingCaller(account, fetch, vault) as kick:  # a program without an event loop
        user = kick.call(get_user("xqc", official=False))

A ``Caller`` has one task that waits for the account's timers, one for each exchange, and one for changes of the store,
for as long as they take; whoever is cancelled while waiting gives up the call. ``BlockingCaller`` does everything in
the thread that waits, one thread at a time.
"""

import os
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar, assert_never

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from kick_io.calls.desk import INTROSPECTION, LOGIN, RENEWAL, REVOCATION, Chore, Desk, Ends, Slot
from kick_io.calls.vault import Vault
from kick_io.http import AsyncFetch, BlockingFetch, Unsent
from kick_proto.account import Account
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.oauth import Introspection
from kick_proto.errors import KickError, LocalProtocolError, TransportError, Unauthorized
from kick_proto.health import Monitor
from kick_proto.http import Fetch, HttpInput, Responded, Response, Unanswered
from kick_proto.machine import Cancel
from kick_proto.oauth.attempt import ENTROPY
from kick_proto.tokens import TokenSet

__all__ = ["BlockingCaller", "Caller", "calling"]

ResultT = TypeVar("ResultT")


def _responded(ref: int, response: Response) -> Responded:
    if not isinstance(response, Response):
        raise TransportError(f"the fetch gave a {type(response).__name__} in place of a Response")
    return Responded(ref, response, time.time())


def _unanswered(ref: int, error: Exception) -> Unanswered:
    """Whatever a fetch raises, there is no answer. Words that are not ours may hold what was sent, and stay here."""
    reason = str(error) if isinstance(error, KickError) else ""
    if isinstance(error, OSError):
        reason = error.strerror or ""
    return Unanswered(ref, reason or type(error).__name__, sent=not isinstance(error, Unsent))


def _ready(account: Account, vault: Vault, now: float) -> TokenSet | None:
    """The tokens; None where they are to be renewed first.

    Raises:
        Unauthorized: there are none, or they have ended and nothing can renew them.
    """
    tokens = account.tokens
    if tokens is None:
        raise Unauthorized(f"nobody has logged in as {vault.account!r}: log in first", status=401)
    if not account.is_due(now):
        return tokens
    if account.is_renewable:
        return None
    if _has_ended(tokens):
        raise Unauthorized("the tokens have ended, and nothing can renew them: log in again", status=401)
    return tokens


def _still_good(account: Account, error: KickError) -> TokenSet:
    """The tokens that are there after a renewal came to nothing, if they have not ended; else that is raised."""
    tokens = account.tokens
    if tokens is None or _has_ended(tokens):
        raise error
    return tokens


def _has_ended(tokens: TokenSet) -> bool:
    return tokens.expires_at is not None and tokens.expires_at.timestamp() <= time.time()


@asynccontextmanager
async def calling(
    account: Account, fetch: AsyncFetch, vault: Vault, monitor: Monitor | None = None
) -> AsyncIterator["Caller"]:
    """A ``Caller`` for as long as the ``async with`` lasts. Raises as ``Caller.open``."""
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        caller = Caller(account, fetch, vault, tasks, monitor)
        try:
            await caller.open()
            yield caller
        except Exception as error:
            # Not through the task group: it would wrap what is the application's own.
            failure = error
        finally:
            caller.close()
    if failure is not None:
        raise failure


class Caller:
    """An account on the event loop; see the module's docstring. ``monitor`` is told how it is doing.

    Its tasks run in ``tasks``, and end by themselves after ``close``.
    """

    def __init__(
        self, account: Account, fetch: AsyncFetch, vault: Vault, tasks: TaskGroup, monitor: Monitor | None = None
    ) -> None:
        self.account = account
        self.vault = vault
        self._fetch = fetch
        self._tasks = tasks
        self._desk = Desk(account, monitor)
        self._fetching: dict[int, anyio.CancelScope] = {}
        self._chores: deque[Chore] = deque()
        self._is_working = False
        self._news = anyio.Event()

    async def open(self) -> None:
        """Take up the tokens that are stored.

        Raises:
            StoreError: the store cannot be used.
            LocalProtocolError: it was closed meanwhile.
        """
        tokens = await anyio.to_thread.run_sync(self.vault.load)
        if self.account.closed:
            raise LocalProtocolError("this account was closed before it was open")
        if tokens is not None:
            self.account.adopt(anyio.current_time(), tokens, time.time())
        self._tasks.start_soon(self._wait_for_timers)

    def close(self) -> None:
        """Refuse what is open; legal more than once."""
        self.account.close(anyio.current_time())
        self._settle()

    # What can be asked

    async def call(self, call: Call[ResultT]) -> ResultT:
        """Make a call, and wait for what it is parsed to.

        Raises:
            ApiError: the answer is no success; which kind of ``ApiError`` says why.
            TransportError: there was no answer.
            LocalProtocolError: too many calls are open.
        """
        answered = anyio.Event()
        slot: Slot[ResultT] = Slot(answered.set)
        self._desk.submit(anyio.current_time(), call, slot)
        try:
            self._settle()
            await answered.wait()
        finally:
            if not slot.is_filled:
                self._desk.abandon(anyio.current_time(), slot)
                self._settle()
        return slot.take()

    def begin(self) -> str:
        """Begin a login: the URL for a browser."""
        url = self._desk.begin(anyio.current_time(), os.urandom(ENTROPY))
        self._settle()
        return url

    async def answer(self, query: str) -> TokenSet:
        """Finish a login with the query string that the browser came back with.

        Raises:
            LoginFailed: it came to nothing, or no login waits for an answer.
            StoreError: it did not, but the tokens cannot be stored.
        """
        return await self._command(LOGIN, self._desk.answer, query)

    async def request_app_token(self) -> TokenSet:
        """Get tokens for the application itself. Raises as ``answer``."""
        return await self._command(LOGIN, self.account.request_app_token)

    async def tokens(self) -> TokenSet:
        """The tokens, renewed first where they are about to end.

        Raises:
            Unauthorized: nobody has logged in, or the login is lost.
            TransportError: they have ended, and cannot be renewed now; ``ApiError`` likewise.
        """
        tokens = _ready(self.account, self.vault, anyio.current_time())
        if tokens is not None:
            return tokens
        try:
            return await self.refresh()
        except KickError as error:
            return _still_good(self.account, error)

    async def refresh(self) -> TokenSet:
        """Renew the tokens now. Raises as ``tokens``, and ``LocalProtocolError`` where nothing can renew them."""
        if self.account.tokens is None:
            _ready(self.account, self.vault, anyio.current_time())
        return await self._command(RENEWAL, self.account.refresh)

    async def revoke(self) -> None:
        """Make the tokens useless, and forget them.

        Raises:
            ApiError, TransportError: the server did not confirm it; the tokens are kept.
            StoreError: they are useless, but still stored.
        """
        await self._command(REVOCATION, self.account.revoke)

    async def introspect(self) -> Introspection:
        """What the server knows of the access token. Raises ``ApiError`` or ``TransportError``."""
        return await self._command(INTROSPECTION, self.account.introspect)

    async def _command(self, ends: Ends[ResultT], command: Callable[..., None], *args: Any) -> ResultT:
        ended = anyio.Event()
        slot: Slot[ResultT] = Slot(ended.set)
        self._desk.listen(ends, slot)
        try:
            command(anyio.current_time(), *args)
            self._settle()
            await ended.wait()
        finally:
            self._desk.deafen(slot)
        return slot.take()

    # What happens by itself

    def _settle(self) -> None:
        """Do what the account wants; never waits."""
        while (output := self.account.poll_output()) is not None:
            match output:
                case Fetch(ref=ref):
                    self._fetching[ref] = anyio.CancelScope()
                    self._tasks.start_soon(self._exchange, output, self._fetching[ref])
                case Cancel(ref=ref):
                    if (scope := self._fetching.pop(ref, None)) is not None:
                        scope.cancel()
                case _:
                    assert_never(output)
        self._chores.extend(self._desk.sort(time.time()))
        if self._chores and not self._is_working:
            self._is_working = True
            self._tasks.start_soon(self._work)
        self._news.set()

    async def _exchange(self, fetch: Fetch, scope: anyio.CancelScope) -> None:
        heard: HttpInput
        with scope:
            try:
                heard = _responded(fetch.ref, await self._fetch(fetch.request))
            except Exception as error:
                heard = _unanswered(fetch.ref, error)
        if not scope.cancelled_caught and self._fetching.pop(fetch.ref, None) is not None:
            self.account.handle_input(anyio.current_time(), heard)
            self._settle()

    async def _work(self) -> None:
        """Do the chores that there are, one after the other: the last one says what is on the disk."""
        # Shielded: tokens that were issued are stored, whatever becomes of whoever asked for them.
        try:
            with anyio.CancelScope(shield=True):
                while self._chores:
                    found = await anyio.to_thread.run_sync(self._chores[0].do, self.vault)
                    self._desk.finish(anyio.current_time(), time.time(), self._chores.popleft(), found)
                    self._settle()
        finally:
            self._is_working = False

    async def _wait_for_timers(self) -> None:
        while not self.account.closed:
            self._news = anyio.Event()
            at = self.account.poll_timeout()
            with anyio.move_on_after(None if at is None else max(0.0, at - anyio.current_time())):
                await self._news.wait()
                continue
            self.account.handle_timeout(anyio.current_time())
            self._settle()


class BlockingCaller:
    """An account for programs without an event loop; see the module's docstring.

    It may be used from any thread; the end of the ``with`` waits for the thread whose turn it is.
    """

    def __init__(self, account: Account, fetch: BlockingFetch, vault: Vault, monitor: Monitor | None = None) -> None:
        self.account = account
        self.vault = vault
        self._fetch = fetch
        self._desk = Desk(account, monitor)
        self._fetching: dict[int, Fetch] = {}
        self._chores: deque[Chore] = deque()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Take up the tokens that are stored.

        Raises:
            StoreError: the store cannot be used.
        """
        tokens = self.vault.load()
        if tokens is not None:
            self.account.adopt(time.monotonic(), tokens, time.time())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self.account.close(time.monotonic())
            self._work_off()

    def call(self, call: Call[ResultT]) -> ResultT:
        """As ``Caller.call``."""
        slot: Slot[ResultT] = Slot(_nothing)
        with self._lock:
            self._desk.submit(time.monotonic(), call, slot)
            try:
                self._work_until(slot)
            finally:
                self._desk.abandon(time.monotonic(), slot)
        return slot.take()

    def begin(self) -> str:
        """As ``Caller.begin``."""
        with self._lock:
            return self._desk.begin(time.monotonic(), os.urandom(ENTROPY))

    def answer(self, query: str) -> TokenSet:
        """As ``Caller.answer``."""
        return self._command(LOGIN, self._desk.answer, query)

    def request_app_token(self) -> TokenSet:
        """As ``Caller.request_app_token``."""
        return self._command(LOGIN, self.account.request_app_token)

    def tokens(self) -> TokenSet:
        """As ``Caller.tokens``."""
        tokens = _ready(self.account, self.vault, time.monotonic())
        if tokens is not None:
            return tokens
        try:
            return self.refresh()
        except KickError as error:
            return _still_good(self.account, error)

    def refresh(self) -> TokenSet:
        """As ``Caller.refresh``."""
        if self.account.tokens is None:
            _ready(self.account, self.vault, time.monotonic())
        return self._command(RENEWAL, self.account.refresh)

    def revoke(self) -> None:
        """As ``Caller.revoke``."""
        self._command(REVOCATION, self.account.revoke)

    def introspect(self) -> Introspection:
        """As ``Caller.introspect``."""
        return self._command(INTROSPECTION, self.account.introspect)

    def _command(self, ends: Ends[ResultT], command: Callable[..., None], *args: Any) -> ResultT:
        slot: Slot[ResultT] = Slot(_nothing)
        with self._lock:
            self._desk.listen(ends, slot)
            try:
                command(time.monotonic(), *args)
                self._work_until(slot)
            finally:
                self._desk.deafen(slot)
        return slot.take()

    def _work_until(self, slot: Slot[Any]) -> None:
        """Do what the account wants, one thing after the other, until the slot is filled."""
        while True:
            self._work_off()
            if slot.is_filled:
                return
            if self._fetching:
                fetch = self._fetching.pop(next(iter(self._fetching)))
                self.account.handle_input(time.monotonic(), self._exchange(fetch))
                continue
            at = self.account.poll_timeout()
            assert at is not None  # noqa: S101 (nothing is waited for without a timer)
            time.sleep(max(0.0, at - time.monotonic()))
            self.account.handle_timeout(time.monotonic())

    def _collect(self) -> None:
        while (output := self.account.poll_output()) is not None:
            match output:
                case Fetch(ref=ref):
                    self._fetching[ref] = output
                case Cancel(ref=ref):
                    self._fetching.pop(ref, None)
                case _:
                    assert_never(output)
        self._chores.extend(self._desk.sort(time.time()))

    def _work_off(self) -> None:
        """Do what is to be done on disk, and what follows from it."""
        self._collect()
        while self._chores:
            # It leaves the queue when it is done: one that was interrupted is done again.
            found = self._chores[0].do(self.vault)
            self._desk.finish(time.monotonic(), time.time(), self._chores.popleft(), found)
            self._collect()

    def _exchange(self, fetch: Fetch) -> HttpInput:
        try:
            return _responded(fetch.ref, self._fetch(fetch.request))
        except Exception as error:
            return _unanswered(fetch.ref, error)


def _nothing() -> None:
    """Whoever waits here does the work, and looks for itself."""
