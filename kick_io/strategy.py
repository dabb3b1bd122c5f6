"""Kick behind the three interfaces of ``kick_proto.platform``: one object that logs in, tells what happens, and asks.

    async with KickStrategy(App(client_id=..., client_secret=Secret(...)), store=TokenStore()) as kick:
        kick.on(ChatMessage, print)
        await kick.connect()
        await kick.subscribe_to_channel("xqc")
        await kick.run()

It runs on asyncio and on trio. Nothing is decided here: the session, the account and the monitor do that, and this puts
them side by side. Everything that it has begun has ended when the ``async with`` has.
"""

import random
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from kick_io.accounts import Accounts
from kick_io.credentials import TokenStore
from kick_io.http import AsyncFetch, AsyncFetcher
from kick_io.platform.delivery import Delivery
from kick_io.platform.feed import Feed, connector
from kick_io.platform.naming import given
from kick_io.storage.known_ids import KnownIds
from kick_proto import oauth
from kick_proto.backoff import Backoff
from kick_proto.decoders import Decoders
from kick_proto.demand import topics_for
from kick_proto.endpoints import people
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.generic import Query
from kick_proto.endpoints.oauth import App
from kick_proto.endpoints.user import User
from kick_proto.errors import LocalProtocolError, NotFound
from kick_proto.events import ChatCleared, ChatMessage, MessageDeleted
from kick_proto.health import Monitor
from kick_proto.ids import Channel, TopicKind, parse_topic
from kick_proto.platform import ConnectionState, Handler, Health
from kick_proto.router import HandlerError
from kick_proto.session import Config, Session
from kick_proto.slugs import Slug, parse_slug
from kick_proto.tokens import TokenSet

__all__ = ["KickStrategy"]

EventT = TypeVar("EventT", bound=msgspec.Struct)
ResultT = TypeVar("ResultT")

PLATFORM = "kick"
CHAT = (ChatMessage, MessageDeleted, ChatCleared)
"""What whoever wants a channel's chat alone wants."""
MOST_KNOWN = 10_000
"""Channels whose numbers are kept in memory."""
PERSISTENT = Config(backoff=Backoff(retries=None))
"""An object that is to stay connected does not give up by itself."""


class KickStrategy:
    """Kick, for an application that knows platforms; use it with ``async with``.

    ``app`` is the application as it was registered at Kick; without it nobody can log in, and everything else works.
    ``store`` keeps tokens, ``ids`` the numbers of channels, where they are to outlive the process. ``fetch`` performs
    HTTP exchanges in place of ours. ``config`` is for the session, ``oauth_config`` for logins and calls. ``on_error``
    is told of handlers that fail; without it such an error comes out of ``run``.
    """

    def __init__(
        self,
        app: App | None = None,
        *,
        store: TokenStore | None = None,
        ids: KnownIds | None = None,
        fetch: AsyncFetch | None = None,
        config: Config = PERSISTENT,
        oauth_config: oauth.Config | None = None,
        decoders: Decoders | None = None,
        ssl_context: ssl.SSLContext | None = None,
        on_error: Callable[[HandlerError], object] | None = None,
    ) -> None:
        self._ids = ids
        self._known: dict[Slug, Channel] = {}
        self._monitor = Monitor(PLATFORM)
        self._delivery = Delivery(on_error)
        self._feed = Feed(
            connector(config=config, decoders=decoders, ssl_context=ssl_context),
            Session(config, rng=random.Random(), decoders=decoders if decoders is not None else Decoders()),
            self._monitor,
        )
        self._fetcher = AsyncFetcher(ssl_context=ssl_context)
        self._accounts = Accounts(app, oauth_config, store, fetch or self._fetcher, self._monitor)
        self._tasks: TaskGroup | None = None
        self._is_used = False
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self._is_used:
            raise LocalProtocolError("this object has been used before: make a new one")
        self._is_used = True
        await self._exits.enter_async_context(self._lifetime())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._exits.__aexit__(kind, error, traceback)

    @asynccontextmanager
    async def _lifetime(self) -> AsyncIterator[None]:
        failure: Exception | None = None
        async with self._fetcher, anyio.create_task_group() as tasks:
            self._tasks = tasks
            self._accounts.open(tasks)
            try:
                try:
                    yield
                except Exception as error:
                    # Not through the task group: it would wrap what is the application's own.
                    failure = error
                await self._feed.end()
            finally:
                self._tasks = None
                self._accounts.close()
        if failure is not None:
            raise failure

    @property
    def platform(self) -> str:
        """The platform's name."""
        return PLATFORM

    # Logging in

    async def start_oauth(self, username: str) -> str:
        """Begin a login: the URL to open in a browser. A login of that account that was begun before is void.

        Raises:
            LocalProtocolError: there is no app.
            StoreError: the store cannot be used.
        """
        return await self._accounts.begin(username)

    async def handle_callback(self, code: str, state: str) -> TokenSet:
        """Finish the login that ``state`` belongs to, with the ``code`` that came back; the tokens are stored.

        Raises:
            LoginFailed: it is no login of ours, or was refused.
            StoreError: there are tokens, but they cannot be stored.
        """
        return await self._accounts.finish(code, state)

    async def get_access_token(self, username: str) -> TokenSet:
        """The account's tokens, renewed first where they are about to end.

        Raises:
            Unauthorized: nobody has logged in under that name, or the login is lost.
            TransportError, ApiError: they have ended, and cannot be renewed now.
            StoreError: the store cannot be used.
        """
        return await self._accounts.tokens(username)

    async def refresh_token(self, username: str) -> TokenSet:
        """Renew the account's tokens now. Raises as ``get_access_token``."""
        return await self._accounts.refresh(username)

    async def revoke_token(self, username: str) -> None:
        """Make the account's tokens useless, and forget them. Raises as ``Caller.revoke``."""
        await (await self._accounts.account(username)).revoke()

    # What happens on channels

    @property
    def state(self) -> ConnectionState:
        """Where the stream of events stands."""
        return self._monitor.state

    def health(self) -> Health:
        """How it is doing, now."""
        return self._monitor.health(time.time())

    async def connect(self) -> None:
        """Begin to connect, and stay connected from then on.

        Raises:
            LocalProtocolError: it is connected, or about to be.
        """
        tasks = self._running()
        self._feed.begin()
        tasks.start_soon(self._feed.run)

    async def disconnect(self) -> None:
        """End the connection in order; what is subscribed is subscribed again by the next ``connect``."""
        await self._feed.end()

    async def subscribe_to_channel(self, channel: str, username: str | None = None) -> None:
        """Want everything that happens on the channel: by its name, or by its numbers like ``668:668``.

        ``username`` is the account that asks for the numbers, where the site does not tell them.

        Raises:
            NotFound: there is no channel of that name.
            EdgeBlocked: Kick's edge does not let this machine ask; the message says what to do.
            LocalProtocolError: the name cannot be one, or the channel contradicts what is watched.
        """
        self._feed.subscribe(await self.resolve(channel, username), None)

    async def subscribe_to_chat(self, channel: str) -> None:
        """Want the channel's chat: messages, their deletion, and no more. Raises as ``subscribe_to_channel``."""
        resolved = await self.resolve(channel)
        self._feed.subscribe(resolved, _kinds(resolved))

    async def unsubscribe_from_channel(self, channel: str) -> None:
        """Want nothing of the channel any more.

        Raises:
            LocalProtocolError: it is not subscribed.
        """
        self._feed.unsubscribe(await self.resolve(channel))

    def on(self, event_type: type[EventT], handler: Handler[EventT]) -> None:
        """Have the handler called with each event of the type, and of those below it, while ``run`` runs."""
        self._delivery.on(event_type, handler)

    def off(self, event_type: type[EventT], handler: Handler[EventT]) -> None:
        """Have it called no more.

        Raises:
            LocalProtocolError: it is not registered for this very type.
        """
        self._delivery.off(event_type, handler)

    def events(self) -> AsyncIterator[msgspec.Struct]:
        """The unified events, and what the connection tells (``StateChanged``, for one), until ``disconnect``.

        Raises:
            LocalProtocolError: nobody has connected.
            TransportError: the session has given up.
        """
        return self._feed.events()

    async def run(self) -> None:
        """Give every event to its handlers, one event after the other, until ``disconnect``.

        Raises:
            HandlerError: a handler has failed, and there is no ``on_error``; the other handlers of the event have run.
            LocalProtocolError, TransportError: as ``events``.
        """
        async for event in self.events():
            await self._delivery.give(event)

    # Asking

    async def call(self, call: Call[ResultT], username: str | None = None) -> ResultT:
        """Make a call of ``kick_proto.endpoints``, in the name of the account. Raises as ``Caller.call``."""
        return await self._accounts.call(call, username)

    async def get(self, path: str, *, params: Query | None = None, username: str | None = None) -> Any:
        """Read what is at a path of the official API, like ``/public/v1/users``; JSON as it came."""
        return await self._accounts.get(path, params=params, username=username)

    async def post(self, path: str, *, json: Any = None, username: str | None = None) -> Any:
        """Have something done; never sent twice when the answer is lost."""
        return await self._accounts.post(path, json=json, username=username)

    async def put(self, path: str, *, json: Any = None, username: str | None = None) -> Any:
        """Put something in the place of what is there."""
        return await self._accounts.put(path, json=json, username=username)

    async def delete(self, path: str, *, json: Any = None, username: str | None = None) -> Any:
        """Take away what is there."""
        return await self._accounts.delete(path, json=json, username=username)

    async def get_user(self, name: str, username: str | None = None) -> User:
        """Who the channel of that name belongs to, asked anew. Raises as ``subscribe_to_channel``."""
        slug = parse_slug(name)
        caller = await self._accounts.account(username)
        try:
            user = await caller.call(people.get_user(slug, official=caller.account.tokens is not None))
        except NotFound:
            await self._forget(slug)
            raise
        if user.channel_id is not None and user.chatroom_id is not None:
            await self._remember(slug, user.channel)
        return user

    async def resolve(self, name: str, username: str | None = None) -> Channel:
        """The numbers of the channel: given by hand, kept from earlier, or asked for. Raises as ``get_user``."""
        if (channel := given(name)) is not None:
            return channel
        slug = parse_slug(name)
        return await self._recall(slug) or (await self.get_user(slug, username)).channel

    async def _recall(self, slug: Slug) -> Channel | None:
        known = self._known.get(slug)
        if known is None and self._ids is not None:
            known = await anyio.to_thread.run_sync(self._ids.get, slug)
            if known is not None:
                self._keep(slug, known)
        return known

    async def _remember(self, slug: Slug, channel: Channel) -> None:
        self._keep(slug, channel)
        if self._ids is not None:
            await anyio.to_thread.run_sync(self._ids.add, slug, channel)

    def _keep(self, slug: Slug, channel: Channel) -> None:
        self._known[slug] = channel
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    async def _forget(self, slug: Slug) -> None:
        self._known.pop(slug, None)
        if self._ids is not None:
            await anyio.to_thread.run_sync(self._ids.forget, slug)

    def _running(self) -> TaskGroup:
        if self._tasks is None:
            raise LocalProtocolError("nothing runs yet: use it with 'async with'")
        return self._tasks


def _kinds(channel: Channel) -> tuple[TopicKind, ...]:
    """The kinds of topics that carry a channel's chat."""
    return tuple(named[0] for topic in topics_for(CHAT, channel) if (named := parse_topic(topic)) is not None)
