"""What an application holds while it watches channels: events come out, commands go in.

``Watch`` is the same object under asyncio and trio, because nothing in it depends on the event loop: the driver below
it does the waiting. ``BlockingWatch`` is its twin for threads. Several tasks or threads may read from one: each event
goes to one of them.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from threading import Condition
from typing import Protocol, Self

from kick_io.sockets.assembly import Machines, ended_well
from kick_io.sockets.pump import Pump
from kick_proto.drift import Difference
from kick_proto.ids import Channel, First, Second, Topic, TopicKind, channels_of, topic_of
from kick_proto.lifecycle import Stats
from kick_proto.session import SessionEvent

__all__ = ["Batches", "BlockingEngine", "BlockingWatch", "Engine", "Watch"]


class Engine(Protocol):
    """What a ``Watch`` needs of its driver."""

    pump: Pump

    def caught_up(self) -> None:
        """Events were taken: go on reading, where reading had stopped."""
        ...

    async def change(self) -> None:
        """Wait until the machine has been told something."""
        ...


class Watch:
    """Iterate it for events, one by one or in batches; subscribe and unsubscribe at any time."""

    def __init__(self, machines: Machines, engine: Engine) -> None:
        self._session, self._machine = machines.session, machines.machine
        self._engine = engine
        self._ready: deque[SessionEvent] = deque()

    def subscribe(
        self,
        first: First,
        second: Second | None = None,
        *more: Channel,
        topics: Iterable[TopicKind] | None = None,
    ) -> None:
        """Watch further channels: ``(ChannelId(1), ChatroomId(2))``, or channels.

        ``topics`` are the kinds of topics that are wanted of them; by default those that carry what is wanted.

        Raises:
            LocalProtocolError: they are named in another way, contradict what is watched, or are too many.
        """
        kinds = None if topics is None else tuple(topics)
        for channel in channels_of(first, second, *more):
            self._engine.pump.call(self._session.subscribe, channel, _named(channel, kinds))

    def unsubscribe(self, first: First, second: Second | None = None, *more: Channel) -> None:
        """Stop watching channels, named in the same way; nothing of them is delivered from here on.

        Raises:
            LocalProtocolError: they are not watched.
        """
        for channel in channels_of(first, second, *more):
            self._engine.pump.call(self._session.unsubscribe, channel)

    def stats(self) -> Stats:
        """The session's counters."""
        return self._session.stats()

    def drift(self) -> tuple[Difference, ...]:
        """Where frames have differed from what the decoders expect."""
        return self._session.drift()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionEvent:
        """The next event.

        Raises:
            TransportError: the session has given up, and all its events have been read.
        """
        while not self._ready:
            self._ready.extend(await self._taken())
        return self._ready.popleft()

    def batches(self) -> "Batches":
        """The events in lists: all that there are, whenever there are some; ends and raises as iteration does."""
        return Batches(self._next_batch)

    async def finish(self) -> None:
        """Close the session in order; bounded by the machine's own timers."""
        if self._engine.pump.crash is None:
            self._engine.pump.call(self._session.close)
        while not self._machine.closed and self._engine.pump.crash is None:
            await self._engine.change()

    async def _next_batch(self) -> list[SessionEvent]:
        while not self._ready:
            if batch := await self._taken():
                return batch
        batch = list(self._ready)
        self._ready.clear()
        return batch

    async def _taken(self) -> list[SessionEvent]:
        """What the machine has; nothing, where another task has taken it and left some in ``_ready``."""
        while not self._ready:
            if self._engine.pump.crash is not None:
                raise self._engine.pump.crash
            if events := self._machine.take_events():
                self._engine.caught_up()
                return events
            if ended_well(self._session):
                raise StopAsyncIteration
            await self._engine.change()
        return []


def _named(channel: Channel, kinds: tuple[TopicKind, ...] | None) -> tuple[Topic, ...] | None:
    return None if kinds is None else tuple(topic_of(kind, channel) for kind in kinds)


class Batches:
    """The iterator behind ``Watch.batches``; it may be left at any point, and another one begun."""

    def __init__(self, next_batch: Callable[[], Awaitable[list[SessionEvent]]]) -> None:
        self._next_batch = next_batch

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[SessionEvent]:
        return await self._next_batch()


class BlockingEngine(Protocol):
    """What a ``BlockingWatch`` needs of its driver."""

    pump: Pump
    changed: Condition
    """Held around everything that touches the machine; notified when the machine has been told something."""

    def caught_up(self) -> None:
        """Events were taken: go on reading, where reading had stopped."""
        ...


class BlockingWatch:
    """Iterate it for events, one by one or in batches; subscribe and unsubscribe at any time, from any thread."""

    def __init__(self, machines: Machines, engine: BlockingEngine) -> None:
        self._session, self._machine = machines.session, machines.machine
        self._engine = engine
        self._ready: deque[SessionEvent] = deque()

    def subscribe(
        self,
        first: First,
        second: Second | None = None,
        *more: Channel,
        topics: Iterable[TopicKind] | None = None,
    ) -> None:
        """Watch further channels; see ``Watch.subscribe``."""
        kinds = None if topics is None else tuple(topics)
        with self._engine.changed:
            for channel in channels_of(first, second, *more):
                self._engine.pump.call(self._session.subscribe, channel, _named(channel, kinds))

    def unsubscribe(self, first: First, second: Second | None = None, *more: Channel) -> None:
        """Stop watching channels; see ``Watch.unsubscribe``."""
        with self._engine.changed:
            for channel in channels_of(first, second, *more):
                self._engine.pump.call(self._session.unsubscribe, channel)

    def stats(self) -> Stats:
        """The session's counters."""
        with self._engine.changed:
            return self._session.stats()

    def drift(self) -> tuple[Difference, ...]:
        """Where frames have differed from what the decoders expect."""
        with self._engine.changed:
            return self._session.drift()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> SessionEvent:
        """The next event; waits for it.

        Raises:
            TransportError: the session has given up, and all its events have been read.
        """
        while True:
            try:
                return self._ready.popleft()
            except IndexError:
                with self._engine.changed:
                    self._make_ready()

    def batches(self) -> Iterator[list[SessionEvent]]:
        """The events in lists: all that there are, whenever there are some; ends and raises as iteration does."""
        while True:
            try:
                batch = self._next_batch()
            except StopIteration:
                return
            yield batch

    def finish(self) -> None:
        """Close the session in order; bounded by the machine's own timers."""
        with self._engine.changed:
            if self._engine.pump.crash is None:
                self._engine.pump.call(self._session.close)
            while not self._machine.closed and self._engine.pump.crash is None:
                self._engine.changed.wait()

    def _next_batch(self) -> list[SessionEvent]:
        batch: list[SessionEvent] = []
        with self._engine.changed:
            while not batch:
                self._make_ready()
                # One by one: another thread that iterates takes its events without the lock.
                with suppress(IndexError):
                    while True:
                        batch.append(self._ready.popleft())
        return batch

    def _make_ready(self) -> None:
        """Wait until there is something to take; another thread may be quicker to take it all the same."""
        while not self._ready:
            if self._engine.pump.crash is not None:
                raise self._engine.pump.crash
            if events := self._machine.take_events():
                self._engine.caught_up()
                self._ready.extend(events)
            elif ended_well(self._session):
                raise StopIteration
            else:
                self._engine.changed.wait()
