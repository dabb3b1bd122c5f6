"""The stream of events of a platform object: one watch at a time, read as it comes, so that health is never stale.

A ``Feed`` runs a watch in a task of its own. Each batch is shown to the monitor when it comes, whoever reads it and
whenever; the events wait in a backlog, with the changes of state between them where they happened. When too many wait,
the watch is not read any more, and its own back-pressure does the rest.
"""

import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from importlib import import_module
from typing import TypeAlias

import anyio
import msgspec
import sniffio

from kick_io.platform.backlog import Backlog
from kick_io.sockets.watch import Watch
from kick_proto.decoders import Decoders
from kick_proto.errors import KickError, LocalProtocolError
from kick_proto.health import Monitor
from kick_proto.ids import Channel, TopicKind, topic_of
from kick_proto.lifecycle import GaveUp
from kick_proto.platform import ConnectionState
from kick_proto.session import Config, Session

__all__ = ["Connect", "Feed", "connector"]

log = logging.getLogger("kick_io")

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[Watch]]
"""Opens a watch on the event loop that runs."""

MOST_WAITING = 1_000
"""Events that wait here before the watch is left unread."""

NO_CODE = 1006
"""Where there was no connection that had one."""


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
    """See the module's docstring.

    ``connect`` makes a new watch, each time that it is wanted. ``wanted`` is a session that never connects: it keeps
    what is subscribed from one watch to the next, and refuses at once what a watch would refuse later.
    """

    def __init__(self, connect: Connect, wanted: Session, monitor: Monitor) -> None:
        self._connect = connect
        self._wanted = wanted
        self._monitor = monitor
        self._watch: Watch | None = None
        self._backlog: Backlog | None = None
        self._ended: anyio.Event | None = None
        self._is_running = self._is_ending = False

    # Commands

    def begin(self) -> None:
        """Want a connection: ``run`` is to be called.

        Raises:
            LocalProtocolError: there is one, or it is being ended.
        """
        if self._is_running:
            raise LocalProtocolError(f"cannot connect: it is {self._monitor.state.value} already")
        self._is_running, self._is_ending = True, False
        self._ended = anyio.Event()
        before, self._backlog = self._backlog, Backlog(MOST_WAITING)
        if before is not None:
            self._backlog.take_over(before)
        self._monitor.connect(time.time())
        self._tell()

    async def run(self) -> None:
        """Watch, until ``end`` or until the session gives up; whatever goes wrong is told to who reads."""
        failure: Exception | None = None
        try:
            async with self._connect() as watch:
                self._resume(watch)
                if not self._is_ending:
                    async for batch in watch.batches():
                        await self._take(batch)
        except Exception as error:
            failure = error
            if not isinstance(error, KickError):
                log.error("watching ended with a bug", exc_info=error)
        finally:
            self._conclude(failure)

    async def end(self) -> None:
        """Want no connection any more, and wait until there is none."""
        self._monitor.disconnect(time.time())
        ended = self._ended
        if ended is None or not self._is_running:
            self._monitor.disconnected(time.time())
            self._tell()
            return
        self._tell()
        self._is_ending = True
        if self._backlog is not None:
            self._backlog.unbind()
        if self._watch is not None:
            await self._watch.finish()
        await ended.wait()

    def subscribe(self, channel: Channel, kinds: Iterable[TopicKind] | None) -> None:
        """Want these topics of the channel, or all; now and after each ``begin``.

        Raises:
            LocalProtocolError: the channel contradicts another, or there are too many.
        """
        topics = None if kinds is None else [topic_of(kind, channel) for kind in kinds]
        self._wanted.subscribe(0.0, channel, topics)
        if self._watch is not None:
            # One that has given up just now takes nothing; the next one begins with what is wanted.
            with suppress(LocalProtocolError):
                self._watch.subscribe(channel, topics=self._kinds(channel))

    def unsubscribe(self, channel: Channel) -> None:
        """Want the channel no more.

        Raises:
            LocalProtocolError: it is not wanted.
        """
        self._wanted.unsubscribe(0.0, channel)
        if self._watch is not None:
            with suppress(LocalProtocolError):
                self._watch.unsubscribe(channel)

    # What comes out

    def events(self) -> AsyncIterator[msgspec.Struct]:
        """What happens on the connection that there is, or was last: until it has ended and nothing waits.

        Raises:
            LocalProtocolError: nobody has connected.
            TransportError: the session has given up; raised where the events end.
        """
        if self._backlog is None:
            raise LocalProtocolError("there are no events: connect first")
        return self._backlog

    # Steps of the above

    def _resume(self, watch: Watch) -> None:
        for channel in self._wanted.channels:
            watch.subscribe(channel, topics=self._kinds(channel))
        self._watch = watch

    def _kinds(self, channel: Channel) -> list[TopicKind]:
        return [kind for kind in TopicKind if topic_of(kind, channel) in self._wanted.wanted]

    async def _take(self, batch: Sequence[msgspec.Struct]) -> None:
        unix_now = time.time()
        waiting: list[msgspec.Struct] = []
        for event in batch:
            self._monitor.note(unix_now, event)
            waiting.append(event)
            waiting += self._monitor.take_changes()
        if self._backlog is not None:
            self._backlog.add(waiting)
            await self._backlog.room()

    def _conclude(self, failure: Exception | None) -> None:
        unix_now = time.time()
        if failure is not None:
            # The session's own end was among its events; what else went wrong is one too.
            self._monitor.note(unix_now, GaveUp(str(failure) or type(failure).__name__, NO_CODE))
        has_failed = self._monitor.state is ConnectionState.ERROR
        if not has_failed:
            self._monitor.disconnect(unix_now)
            self._monitor.disconnected(unix_now)
        self._watch, self._is_running = None, False
        self._tell()
        if self._backlog is not None:
            self._backlog.end(failure if has_failed else None)
        if self._ended is not None:
            self._ended.set()

    def _tell(self) -> None:
        changes = self._monitor.take_changes()
        if self._backlog is not None:
            self._backlog.add(changes)
