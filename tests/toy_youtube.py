"""A second platform on the same interfaces: YouTube's live chat, polled. A toy, for it knows five kinds of items.

A channel is named by the id of its broadcast's video. Source: Docs: YouTube Live Streaming API (2025).
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import anyio
import msgspec
from anyio.abc import TaskGroup

from kick_io.accounts import Accounts
from kick_io.http import AsyncFetcher
from kick_io.platform.backlog import Backlog
from kick_io.platform.delivery import Delivery
from kick_proto import events, oauth
from kick_proto.endpoints import reading
from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.endpoints.oauth import App
from kick_proto.errors import KickError, NotFound
from kick_proto.frames import Frame
from kick_proto.health import Monitor
from kick_proto.ids import Channel, UserId
from kick_proto.lifecycle import Down, Up
from kick_proto.platform import ConnectionState, Health

PLATFORM, API, RETRY_IN, MOST_WAITING = "youtube", "/youtube/v3", 0.1, 1_000


class Item(msgspec.Struct):
    id: str
    snippet: dict[str, Any]
    author: dict[str, Any] = msgspec.field(name="authorDetails", default_factory=dict)


class Page(msgspec.Struct, rename="camel"):
    items: list[Item]
    polling_interval_millis: float
    next_page_token: str | None = None


class Broadcast(msgspec.Struct, frozen=True):
    channel_id: str
    title: str
    chat: str | None


def messages(chat: str, page: str | None) -> Call[Page]:
    query = (("liveChatId", chat), ("part", "snippet,authorDetails"), *((("pageToken", page),) if page else ()))
    return Call(
        host=Host.API, method="GET", path=f"{API}/liveChat/messages", query=query, auth=Auth.NEEDED, repeatable=True,
        parse=lambda response: reading.whole(response, Page),
    )  # fmt: skip


Wish: TypeAlias = tuple[str | None, tuple[type, ...]]
Told: TypeAlias = tuple[datetime, Frame, Channel]


def message(told: Told, item: Item) -> events.Event:
    author = events.Author(UserId(0), item.author["displayName"], item.author["channelId"])
    sent_at = datetime.fromisoformat(item.snippet["publishedAt"])
    return events.ChatMessage(*told, item.id, item.snippet["displayMessage"], author, sent_at)


def tip(told: Told, item: Item) -> events.Event:
    gift = item.snippet["superChatDetails"]
    cents, text = int(gift["amountMicros"]) // 10_000, gift.get("userComment")
    return events.Tipped(*told, item.author["displayName"], cents, currency=f"{gift['currency']}/100", text=text)


def ban(told: Told, item: Item) -> events.Event:
    details = item.snippet["userBannedDetails"]
    who, seconds = details["bannedUserDetails"], details.get("banDurationSeconds")
    banned = events.User(UserId(0), who["displayName"], who["channelId"])
    by, lasts = events.Moderator(item.author["displayName"]), seconds and timedelta(seconds=float(seconds))
    return events.UserBanned(*told, item.id, banned, by, details["banType"] == "permanent", lasts)


ROWS: Mapping[str, Callable[[Told, Item], events.Event]] = {
    "textMessageEvent": message,
    "superChatEvent": tip,
    "newSponsorEvent": lambda told, item: events.Subscribed(*told, item.author["displayName"], months=1),
    "userBannedEvent": ban,
    "messageDeletedEvent": lambda told, item: events.MessageDeleted(
        *told, item.id, item.snippet["messageDeletedDetails"]["deletedMessageId"]
    ),
}


def decode(item: Item, channel: Channel) -> events.Event | events.Undecodable:
    kind = str(item.snippet.get("type"))
    told = datetime.now(UTC), Frame(kind, channel.slug, msgspec.json.encode(item).decode()), channel
    try:
        return ROWS[kind](told, item) if kind in ROWS else events.Unknown(*told)
    except (LookupError, TypeError, ValueError) as error:
        return events.Undecodable(*told, error=repr(error))


@asynccontextmanager
async def youtube(app: App, config: oauth.Config) -> AsyncIterator["YouTube"]:
    async with AsyncFetcher() as fetch, anyio.create_task_group() as tasks:
        accounts = Accounts(app, config, None, fetch, monitor := Monitor(PLATFORM))
        accounts.open(tasks)
        platform = YouTube(accounts, monitor, tasks)
        with closing(accounts):
            yield platform
            await platform.disconnect()


class YouTube:
    platform = PLATFORM

    def __init__(self, accounts: Accounts, monitor: Monitor, tasks: TaskGroup) -> None:
        self._accounts, self._monitor, self._tasks = accounts, monitor, tasks
        self._delivery, self._backlog = Delivery(), Backlog(MOST_WAITING)
        self._wanted: dict[str, Wish] = {}
        self._polls: dict[str, anyio.CancelScope] = {}
        self.on, self.start_oauth, self.handle_callback = self._delivery.on, accounts.begin, accounts.finish
        self.get_access_token, self.refresh_token = accounts.tokens, accounts.refresh
        self.get, self.post, self.put, self.delete = accounts.get, accounts.post, accounts.put, accounts.delete

    @property
    def state(self) -> ConnectionState:
        return self._monitor.state

    def health(self) -> Health:
        return self._monitor.health(time.time())

    async def connect(self) -> None:
        self._backlog = Backlog(MOST_WAITING)
        self._monitor.connect(time.time())
        self._take()
        for name, wish in self._wanted.items():
            self._begin(name, wish)

    async def disconnect(self) -> None:
        self._monitor.disconnect(time.time())
        while self._polls:
            self._polls.popitem()[1].cancel()
        self._monitor.disconnected(time.time())
        self._take()
        self._backlog.end(None)

    async def subscribe_to_channel(self, channel: str, username: str | None = None) -> None:
        self._begin(channel, (username, (msgspec.Struct,)))

    async def subscribe_to_chat(self, channel: str) -> None:
        self._begin(channel, (None, (events.ChatMessage, events.MessageDeleted)))

    async def unsubscribe_from_channel(self, channel: str) -> None:
        del self._wanted[channel]
        self._polls.pop(channel, anyio.CancelScope()).cancel()

    def events(self) -> AsyncIterator[msgspec.Struct]:
        return self._backlog

    async def run(self) -> None:
        async for event in self.events():
            await self._delivery.give(event)

    async def get_user(self, name: str, username: str | None = None) -> Broadcast:
        query = {"id": name, "part": "snippet,liveStreamingDetails"}
        for found in (await self.get(f"{API}/videos", params=query, username=username))["items"]:
            snippet, live = found["snippet"], found.get("liveStreamingDetails", {})
            return Broadcast(snippet["channelId"], snippet["channelTitle"], live.get("activeLiveChatId"))
        raise NotFound(f"there is no broadcast {name!r}", status=200)

    def _begin(self, name: str, wish: Wish) -> None:
        self._wanted[name] = wish
        if self.state in (ConnectionState.CONNECTING, ConnectionState.CONNECTED) and name not in self._polls:
            self._polls[name] = anyio.CancelScope()
            self._tasks.start_soon(self._poll, name, self._polls[name])

    async def _poll(self, name: str, scope: anyio.CancelScope) -> None:
        chat = page = None
        with scope:
            while True:
                pause, (username, types) = RETRY_IN, self._wanted[name]
                try:
                    chat = chat or (await self.get_user(name, username)).chat
                    polled = await self._accounts.call(messages(chat or "", page), username)
                    page, pause = polled.next_page_token, polled.polling_interval_millis / 1000
                    told = (decode(item, Channel.elsewhere(PLATFORM, name)) for item in polled.items)
                    up = [Up(PLATFORM, name)] if self.state is ConnectionState.CONNECTING else []
                    self._take(*up, *(event for event in told if isinstance(event, types)))
                except KickError as error:
                    self._take(Down(PLATFORM, 0, str(error), RETRY_IN))
                await anyio.sleep(pause)

    def _take(self, *told: msgspec.Struct) -> None:
        for event in told:
            self._monitor.note(time.time(), event)
            self._backlog.add([event, *self._monitor.take_changes()])
        self._backlog.add(self._monitor.take_changes())
