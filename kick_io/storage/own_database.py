"""An SQLite file of our own kind, which is recognised before it is used and never changed unless it is sound.

Each look and each change opens the file, does its work and closes it. Nothing is held between two of them, so threads
and forks have nothing to share, and a file that somebody moved away is not written to any more. A change is one
transaction that has the file to itself from its first line (``BEGIN IMMEDIATE``); it is on the disk when it returns
(WAL, ``synchronous=FULL``), or it has not happened.

A file is looked at through a connection that cannot write, not even when it closes; only one that is found sound is
then opened for a change. It is not read by other means: closing a second handle would drop the locks of the first.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

import msgspec

from kick_io.storage import private_files
from kick_proto.errors import StoreError

__all__ = ["Form", "OwnDatabase"]

META = "CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID"
SIDECARS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, with the rights of the database."""

BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
"""What SQLite says when others have the file."""
FAULTS = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT", "SQLITE_SCHEMA", "SQLITE_ERROR")
"""What it says of a file that is broken; anything else (no space, no access) may pass."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of file looks like, and what its reader is told when it is broken."""

    application_id: int
    version: int
    tables: tuple[str, ...]
    """The statements that make its tables, beside the one for ``meta``."""
    contents: str
    """What it is for, as in "not a store of tokens"."""
    remedy: str
    """What to do after moving a broken one away."""


class OwnDatabase:
    """One file of a form, by its path; there need not be one yet."""

    def __init__(self, path: Path, form: Form, *, busy_timeout: float) -> None:
        self._path = path.absolute()
        self._form = form
        self._busy_timeout = busy_timeout

    @property
    def path(self) -> Path:
        """Where it is, or will be."""
        return self._path

    @property
    def exists(self) -> bool:
        """Whether anything has that name."""
        return private_files.present(self._path)

    def create(self, meta: Mapping[str, str]) -> bool:
        """Make the file with these facts in it; False where there is one (by now).

        Raises:
            StoreError: it cannot be made, or the remains of another one are in its way.
        """
        left = next((each for each in self._sidecars() if private_files.present(each)), None)
        if left is not None and not self.exists:
            raise StoreError(f"{left} is left of a file that was moved away: move it away too")
        return private_files.create(self._path, lambda draft: self._fill(draft, meta))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that can only read, to a file that was found sound.

        Raises:
            StoreError: the file is not there, not ours, newer, damaged, or open to others.
        """
        self._check_rights()
        with self._told(), closing(self._connect("ro")) as database:
            self._check_form(database)
            yield database

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction, which is committed at the end, or rolled back when the end is an exception.

        Raises:
            StoreError: as for ``reading``, or another process does not let go of the file; nothing has changed.
        """
        with self.reading():
            pass
        with self._told(), closing(self._connect("rw")) as database:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA secure_delete = ON")
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")  # not reached after an exception: closing rolls back
            # It was made so, but copies may be otherwise. Not before the caller has found it sound: this writes to it.
            with suppress(sqlite3.OperationalError):
                database.execute("PRAGMA journal_mode = WAL")

    def meta(self, database: sqlite3.Connection, name: str) -> str:
        """A fact that the file was made with.

        Raises:
            StoreError: it has no such fact.
        """
        row = database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None or not isinstance(row[0], str):
            raise self.broken(f"it does not say its {name}")
        return str(row[0])

    def broken(self, finding: str) -> StoreError:
        """The error for a file that cannot be used, with what to do."""
        return StoreError(
            f"{self._path} cannot be used as a store of {self._form.contents}: {finding}. It was left as it is: "
            f"move it away, with the {self._path.name}-wal that may be beside it, and {self._form.remedy}"
        )

    def _sidecars(self) -> list[Path]:
        return [self._path.with_name(self._path.name + suffix) for suffix in SIDECARS]

    def _check_rights(self) -> None:
        try:
            found = private_files.check(self._path)
        except FileNotFoundError:
            raise StoreError(f"{self._path} is not there (any more)") from None
        except OSError as error:
            raise StoreError(f"{self._path} cannot be reached: {error.strerror}") from None
        for sidecar in self._sidecars():
            try:
                private_files.check(sidecar)
            except FileNotFoundError:
                continue
        # SQLite takes an empty file for a new database; ours are never empty.
        if found.st_size == 0:
            raise self.broken("the file is empty")

    def _check_form(self, database: sqlite3.Connection) -> None:
        (application_id,) = database.execute("PRAGMA application_id").fetchone()
        if application_id != self._form.application_id:
            raise self.broken("it is a database of another program")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > self._form.version:
            raise StoreError(
                f"{self._path} was written by a newer version of this library (format {version}, and this one "
                f"knows {self._form.version}): update it; the file was left as it is"
            )
        # SQLite fills up a last page that was cut, with zeros.
        (page_size,) = database.execute("PRAGMA page_size").fetchone()
        if self._path.stat().st_size % page_size:
            raise self.broken("the file was cut")
        (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise self.broken(f"it is damaged ({' '.join(str(verdict).split())})")
        statements = {row[0] for row in database.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL")}
        if version != self._form.version or statements != {META, *self._form.tables}:
            raise self.broken("its tables are not those that it was made with")

    def _connect(self, mode: Literal["ro", "rw"]) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}", uri=True, timeout=self._busy_timeout, isolation_level=None
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite raises, as our error, without the chain that would show a caller's values."""
        try:
            yield
        except (sqlite3.Error, UnicodeError) as error:
            raise self._translated(error) from None

    def _translated(self, error: sqlite3.Error | UnicodeError) -> StoreError:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(BUSY):
            return StoreError(
                f"another process has kept {self._path} busy for {self._busy_timeout:g} seconds: "
                "nothing was changed, try again"
            )
        if not name:  # Python's own, whose message shows what was found; SQLite's can be unreadable too
            return self.broken("it holds a text that is none")
        if name.startswith(FAULTS):
            return self.broken(str(error))
        return StoreError(f"{self._path} could not be used just now: {error} ({name}); nothing was changed")

    def _fill(self, draft: Path, meta: Mapping[str, str]) -> None:
        with self._told(), closing(sqlite3.connect(draft, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN")
            database.execute(f"PRAGMA application_id = {self._form.application_id}")
            database.execute(f"PRAGMA user_version = {self._form.version}")
            for statement in (META, *self._form.tables):
                database.execute(statement)
            database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            database.execute("COMMIT")
            database.execute("PRAGMA journal_mode = WAL")
