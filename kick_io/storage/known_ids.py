"""The ids of channels whose names were looked up once: in memory, and in a file for the next run.

A channel's numbers never change, so they never expire. What can change is whose a name is: when Kick says that the
name is nobody's, or its answer gives other numbers, the caller forgets it or adds it again.

The file is a convenience. One that cannot be used is said once, is not touched, and from then on there is memory
alone; nothing here raises for it.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from kick_io.storage import places
from kick_io.storage.keys import Notice
from kick_io.storage.own_database import Form, OwnDatabase
from kick_proto.errors import StoreError
from kick_proto.ids import Channel, ChannelId, ChatroomId

__all__ = ["FORM", "KnownIds"]

FORM = Form(
    application_id=0x4B494453,
    version=1,
    tables=(
        "CREATE TABLE channels (seq INTEGER PRIMARY KEY, platform TEXT NOT NULL, name TEXT NOT NULL, "
        "channel_id INTEGER NOT NULL, chatroom_id INTEGER NOT NULL, slug TEXT NOT NULL, UNIQUE (platform, name))",
    ),
    contents="known ids",
    remedy="start again",
)
"""How the file is told from others."""
LOOK_UP = "SELECT channel_id, chatroom_id, slug FROM channels WHERE platform = ? AND name = ?"
NAME_SIZE = 200
"""Characters in a name, at most; a longer one is not kept."""
LARGEST = 2**63 - 1
"""The largest number that SQLite keeps; a larger one is not kept."""

Named: TypeAlias = tuple[str, str]
"""Platform and name."""


class KnownIds:
    """Channels by the name that they were asked for with, which need not be their own way to write it.

    ``limit`` is how many are kept, in memory those that were used last, in the file those that were added last.
    ``busy_timeout`` is how long another process may keep the file before it is given up, in seconds. ``notice`` is
    told if the file cannot be used; by default that is logged as a warning.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        limit: int = 10_000,
        busy_timeout: float = 2.0,
        notice: Notice | None = None,
    ) -> None:
        if limit < 1:
            raise ValueError(f"at least 1 channel is kept, not {limit}")
        self._limit = limit
        self._notice = notice if notice is not None else logging.getLogger(__name__).warning
        self._lock = threading.RLock()
        self._memory: OrderedDict[Named, Channel] = OrderedDict()
        self._file: OwnDatabase | None = None
        with self._forgiven():
            path = path if path is not None else places.data_home() / places.IDS
            self._file = OwnDatabase(path, FORM, busy_timeout=busy_timeout)

    def get(self, name: str, *, platform: str = "kick") -> Channel | None:
        """The channel, or None where it has not been looked up yet."""
        named = platform, name
        with self._lock:
            channel = self._memory.get(named)
            if channel is None and _are_names(*named):
                channel = self._read(named)
            if channel is not None:
                self._remember(named, channel)
            return channel

    def add(self, name: str, channel: Channel) -> None:
        """Keep what a look-up of the name has found."""
        named = channel.platform, name
        if not _are_names(*named) or not _fits(channel):
            return
        with self._lock:
            if self._memory.get(named) == channel:
                return
            self._remember(named, channel)
            self._write(named, channel)

    def forget(self, name: str, *, platform: str = "kick") -> None:
        """Drop a name that is nobody's any more, or somebody else's."""
        named = platform, name
        with self._lock, self._forgiven():
            self._memory.pop(named, None)
            if self._file is not None and self._file.exists and _are_names(*named):
                with self._file.changing() as database:
                    database.execute("DELETE FROM channels WHERE platform = ? AND name = ?", named)

    def _remember(self, named: Named, channel: Channel) -> None:
        self._memory[named] = channel
        self._memory.move_to_end(named)
        if len(self._memory) > self._limit:
            self._memory.popitem(last=False)

    def _read(self, named: Named) -> Channel | None:
        found = None
        with self._forgiven():
            if self._file is not None and self._file.exists:
                with self._file.reading() as database:
                    row = database.execute(LOOK_UP, named).fetchone()
                found = None if row is None else _channel(named, row)
                if row is not None and found is None:
                    raise self._file.broken(f"what it says of {named[1]!r} cannot be")
        return found

    def _write(self, named: Named, channel: Channel) -> None:
        with self._forgiven():
            if self._file is None:
                return
            if not self._file.exists:
                self._file.create({})
            numbers = int(channel.channel_id), int(channel.chatroom_id)
            with self._file.changing() as database:
                database.execute(
                    "INSERT OR REPLACE INTO channels (platform, name, channel_id, chatroom_id, slug) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (*named, *numbers, channel.slug),
                )
                database.execute(
                    "DELETE FROM channels WHERE seq <= (SELECT max(seq) FROM channels) - ?", (self._limit,)
                )

    @contextmanager
    def _forgiven(self) -> Iterator[None]:
        """Say once what is wrong with the file, and go on without it."""
        try:
            yield
        except StoreError as error:
            self._file = None
            self._notice(f"ids of channels are not kept for the next run: {error}")


def _channel(named: Named, row: tuple[object, ...]) -> Channel | None:
    match row:
        case (int(channel_id), int(chatroom_id), str(slug)) if channel_id > 0 and chatroom_id > 0:
            return Channel(ChannelId(channel_id), ChatroomId(chatroom_id), slug, named[0])
        case _:
            return None


def _fits(channel: Channel) -> bool:
    return max(channel.numbers) <= LARGEST and _are_names(channel.slug)


def _are_names(*texts: str) -> bool:
    """Whether these are worth a row: what a file can hold, and not a book."""
    return all(len(each) <= NAME_SIZE and each.isprintable() for each in texts)
