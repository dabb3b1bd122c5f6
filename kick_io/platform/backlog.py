"""The events of one connection that wait for the application, in order, and how it ended.

Several tasks may iterate one: each event goes to one of them, and all of them end when it has ended and nothing waits.
It may be left at any point, and iterated again.
"""

from collections import deque
from collections.abc import Iterable
from typing import Self

import anyio
import msgspec

__all__ = ["Backlog"]


class Backlog:
    """See the module's docstring. ``most`` is how many may wait before ``room`` waits."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[msgspec.Struct] = deque()
        self._news = anyio.Event()
        self._room = anyio.Event()
        self._is_bounded = True
        self._has_ended = False
        self._failure: Exception | None = None

    def add(self, events: Iterable[msgspec.Struct]) -> None:
        """Let these wait behind the others."""
        self._waiting.extend(events)
        self._news.set()

    async def room(self) -> None:
        """Wait until there is room for more."""
        while self._is_bounded and len(self._waiting) >= self._most:
            self._room = anyio.Event()
            await self._room.wait()

    def unbind(self) -> None:
        """From now on there is always room: what is still to come is the rest."""
        self._is_bounded = False
        self._room.set()

    def end(self, failure: Exception | None) -> None:
        """Nothing more will come; whoever has read everything is told so, or that it has failed."""
        self._has_ended, self._failure = True, failure
        self._news.set()

    def take_over(self, other: "Backlog") -> None:
        """What still waits there waits here, for whoever iterates this one; of too many, the newest."""
        self.add(list(other._waiting)[-self._most :])
        other._waiting.clear()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> msgspec.Struct:
        """The next event.

        Raises:
            TransportError: all has been read, and it has failed.
        """
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            if self._has_ended:
                raise StopAsyncIteration
            # Not a new one each time: another task may be waiting at this one.
            if self._news.is_set():
                self._news = anyio.Event()
            await self._news.wait()
        event = self._waiting.popleft()
        if len(self._waiting) < self._most:
            self._room.set()
        return event
