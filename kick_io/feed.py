"""The stream of events of a platform object: one watch at a time, read as it comes, so that health is never stale.

A ``Feed`` runs a watch in a task of its own. Each batch is shown to the monitor when it comes, whoever reads it and
whenever; the events wait in one list, with the changes of state between them where they happened. When too many wait,
the watch is not read any more, and its own back-pressure does the rest.
"""

import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import TypeAlias

import anyio
import msgspec
import sniffio

from kick_io.watch import Watch
from kick_proto import events
from kick_proto.decoders import Decoders
from kick_proto.errors import LocalProtocolError, TransportError
from kick_proto.health import Monitor
from kick_proto.ids import Channel, TopicKind
from kick_proto.platform import ConnectionState
from kick_proto.session import Config

__all__ = ["Connect", "Feed", "connector"]

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[Watch]]
"""Opens a watch on the event loop that runs."""

MOST_WAITING = 1_000
"""Events that wait here before the watch is left unread."""


def connector(*, config: Config, decoders: Decoders | None, ssl_context: ssl.SSLContext | None) -> Connect:
    """Opens watches with the driver of whichever event loop runs when it is called."""

    def connect() -> AbstractAsyncContextManager[Watch]:
        driver = import_module(DRIVERS[sniffio.current_async_library()])
        opened: AbstractAsyncContextManager[Watch] = driver.connect(
            config=config, decoders=decoders, ssl_context=ssl_context
        )
        return opened

    return connect


DRIVERS: Mapping[str, str] = {"asyncio": "kick_io.asyncio", "trio": "kick_io.trio"}
"""The driver for each event loop; only the one that runs is imported."""


class Feed:
    """See the module's docstring. ``connect`` makes a new watch, each time that it is wanted."""

    def __init__(self, connect: Connect, monitor: Monitor) -> None:
        self.wanted: dict[Channel, tuple[TopicKind, ...] | None] = {}
        self._connect = connect
        self._monitor = monitor
        self._watch: Watch | None = None
        self._waiting: deque[msgspec.Struct] = deque()
        self._news = anyio.Event()
        self._room = anyio.Event()
        self._ended = anyio.Event()
        self._running = False

    # Commands

    def begin(self) -> None:
        """Want a connection: ``run`` is to be called.

        Raises:
            LocalProtocolError: there is one, or it is being ended.
        """
        if self._running:
            raise LocalProtocolError(f"cannot connect: it is {self._monitor.state.value} already")
        self._running = True
        self._ended = anyio.Event()
        self._monitor.connect(time.time())
        self._tell()

    async def run(self) -> None:
        """Watch, until ``end`` or until the session gives up."""
        try:
            async with self._connect() as watch:
                for channel, kinds in self.wanted.items():
                    watch.subscribe(channel, topics=kinds)
                self._watch = watch
                async for batch in watch.batches():
                    await self._take(batch)
        except TransportError:
            """It has given up, and the monitor knows: ``GaveUp`` was among its events."""
        finally:
            self._watch, self._running = None, False
            if self._monitor.state is not ConnectionState.ERROR:
                self._monitor.disconnect(time.time())
                self._monitor.disconnected(time.time())
            self._tell()
            self._ended.set()

    async def end(self) -> None:
        """Want no connection any more, and wait until there is none."""
        self._monitor.disconnect(time.time())
        self._tell()
        if not self._running:
            self._monitor.disconnected(time.time())
            self._tell()
            return
        self._room.set()
        if self._watch is not None:
            await self._watch.finish()
        await self._ended.wait()

    def subscribe(self, channel: Channel, kinds: tuple[TopicKind, ...] | None) -> None:
        """Want these topics of the channel, or all; now and after each ``begin``.

        Raises:
            LocalProtocolError: the channel contradicts another, or there are too many.
        """
        if self._watch is not None:
            self._watch.subscribe(channel, topics=kinds)
        before = self.wanted.get(channel, ())
        self.wanted[channel] = None if kinds is None or before is None else tuple(dict.fromkeys((*before, *kinds)))

    def unsubscribe(self, channel: Channel) -> None:
        """Want the channel no more.

        Raises:
            LocalProtocolError: it is not wanted.
        """
        if channel not in self.wanted:
            raise LocalProtocolError(f"channel {channel} is not subscribed")
        del self.wanted[channel]
        if self._watch is not None:
            self._watch.unsubscribe(channel)

    # What comes out

    async def events(self) -> AsyncIterator[msgspec.Struct]:
        """What happens, until there is no connection and nothing that waits.

        Raises:
            LocalProtocolError: nobody has connected.
            TransportError: the session has given up.
        """
        if not self._running and not self._waiting:
            raise LocalProtocolError("there are no events: connect first")
        while True:
            while self._waiting:
                event = self._waiting.popleft()
                if len(self._waiting) < MOST_WAITING:
                    self._room.set()
                yield event
            if not self._running:
                break
            self._news = anyio.Event()
            await self._news.wait()
        if self._monitor.state is ConnectionState.ERROR:
            raise TransportError(self._monitor.health(time.time()).last_error or "the session has given up")

    async def _take(self, batch: Sequence[msgspec.Struct]) -> None:
        unix_now = time.time()
        for event in batch:
            if not isinstance(event, events.Arrival):
                self._monitor.note(unix_now, event)
            self._waiting.append(event)
            self._waiting.extend(self._monitor.take_changes())
        if isinstance(batch[-1], events.Arrival):
            self._monitor.note(unix_now, batch[-1])
        self._news.set()
        while len(self._waiting) >= MOST_WAITING and self._monitor.state is not ConnectionState.DISCONNECTING:
            self._room = anyio.Event()
            await self._room.wait()

    def _tell(self) -> None:
        self._waiting.extend(self._monitor.take_changes())
        self._news.set()
