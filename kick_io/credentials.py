"""The token store: who is logged in, kept on disk between runs, in a file that tells nothing to whoever copies it.

One SQLite file holds the tokens of several accounts, each set encrypted by itself (``storage.sealing``) with a key
that lies elsewhere (``storage.keys``). Beside them may be, encrypted likewise, the application that an account has
logged in with, whose secret its tokens are renewed with. The file is begun at the first ``save``; until then nothing is
made, file or key. From then on it is the caller's: a file that is damaged, foreign, newer, or open to others is refused
with a sentence that says what to do, and never written to.

Several processes and threads may use it at once. Refresh tokens are used up by being used, so whoever renews a set
saves it with ``replacing`` the one that it renewed, and learns whether another was faster. A change is on the disk
when its call returns. Calls may wait for the disk, for other processes (``busy_timeout``) and for the keyring (30):
an event loop makes them on a thread.
"""

import sqlite3
import threading
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from kick_io.storage import places
from kick_io.storage.keys import Key, Keys, Notice, Place, SystemKeys
from kick_io.storage.own_database import Form, OwnDatabase
from kick_io.storage.sealing import require_cipher, seal, seal_app, unseal, unseal_app
from kick_proto.endpoints.oauth import App
from kick_proto.errors import LocalProtocolError, StoreError
from kick_proto.tokens import TokenSet

__all__ = ["FORM", "Replacing", "TokenStore"]

FORM = Form(
    application_id=0x4B49434B,
    version=1,
    tables=(
        "CREATE TABLE tokens (account TEXT PRIMARY KEY NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE apps (account TEXT PRIMARY KEY NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID",
    ),
    contents="tokens",
    remedy="log in again",
)
"""How the file is told from others."""
NAME_SIZE = 200
"""Characters in the name of an account, at most."""
PLACES = {place.value: place for place in Place}
"""Where a key can be, by the word that the file has for it."""


class Replacing(Enum):
    """What a ``save`` may take the place of, where it is not one set of tokens."""

    ANYTHING = auto()


class TokenStore:
    """Sets of tokens by the name of their account.

    ``path`` is the file, by default the one in ``storage.places``; its key file, where one is needed, lies beside it.
    ``busy_timeout`` is how long other processes may keep the file before a call fails, in seconds. ``notice`` is told
    where the key was put when that is not a keyring; by default that is logged as a warning.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        keys: Keys | None = None,
        busy_timeout: float = 10.0,
        notice: Notice | None = None,
    ) -> None:
        path = path if path is not None else places.data_home() / places.TOKENS
        self._file = OwnDatabase(path, FORM, busy_timeout=busy_timeout)
        beside = self._file.path.with_name(self._file.path.name + ".key")
        self._keys = keys if keys is not None else SystemKeys(beside, notice=notice)
        self._lock = threading.Lock()
        self._known: Key | None = None
        self._closed = False

    @property
    def path(self) -> Path:
        """The file, be it there or not."""
        return self._file.path

    def where(self) -> str:
        """Where tokens and key are, as a clause for the user.

        Raises:
            StoreError: the file or the key cannot be used.
        """
        self._check_open()
        if not self._file.exists:
            return f"nothing is stored yet; tokens will be kept in {self.path}"
        return f"tokens are kept in {self.path}, encrypted with a key in {self._key().where}"

    def load(self, account: str) -> TokenSet | None:
        """The account's tokens, or None where it has none.

        Raises:
            StoreError: the file, the key or the account's entry cannot be used.
        """
        self._check_account(account)
        if not self._file.exists:
            return None
        key = self._key()
        with self._file.reading() as database:
            return self._current(database, key, account)

    def save(
        self,
        account: str,
        tokens: TokenSet,
        *,
        replacing: TokenSet | Literal[Replacing.ANYTHING] | None = Replacing.ANYTHING,
    ) -> bool:
        """Store the account's tokens.

        With ``replacing``, only where the account still has that pair (None: where it has none); False, and nothing is
        stored, where somebody has stored another one meanwhile.

        Raises:
            StoreError: the file, the key or the account's present entry cannot be used; nothing has changed.
        """
        self._check_account(account)
        if not self._file.exists:
            if isinstance(replacing, TokenSet):
                return False
            self._begin()
        key = self._key()
        sealed = seal(key, account, tokens)
        with self._file.changing() as database:
            current = self._current(database, key, account)
            if replacing is not Replacing.ANYTHING and not _same_pair(current, replacing):
                return False
            database.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?)", (account, sealed))
        return True

    def delete(self, account: str, *, only: TokenSet | None = None) -> bool:
        """Forget the account's tokens; with ``only``, if they are still that pair. False where nothing was deleted.

        Without ``only``, an entry that cannot be read is deleted too.

        Raises:
            StoreError: the file (or, with ``only``, the key or the entry) cannot be used; nothing has changed.
        """
        self._check_account(account)
        if not self._file.exists:
            return False
        key = self._key() if only is not None else None
        with self._file.changing() as database:
            if key is not None and not _same_pair(self._current(database, key, account), only):
                return False
            return database.execute("DELETE FROM tokens WHERE account = ?", (account,)).rowcount > 0

    def load_app(self, account: str) -> App | None:
        """The application that the account has logged in with, or None where it is not kept. Raises as ``load``."""
        self._check_account(account)
        if not self._file.exists:
            return None
        key = self._key()
        with self._file.reading() as database:
            row = database.execute("SELECT sealed FROM apps WHERE account = ?", (account,)).fetchone()
        if row is None:
            return None
        app = unseal_app(key, account, row[0]) if isinstance(row[0], bytes) else None
        if app is None:
            raise self._file.broken(f"the application of {account!r} was changed, or is another account's")
        return app

    def save_app(self, account: str, app: App) -> None:
        """Keep the application that the account logs in with, in place of any other. Raises as ``save``."""
        self._check_account(account)
        if not self._file.exists:
            self._begin()
        key = self._key()
        sealed = seal_app(key, account, app)
        with self._file.changing() as database:
            self._check_key(database, key)
            database.execute("INSERT OR REPLACE INTO apps VALUES (?, ?)", (account, sealed))

    def delete_app(self, account: str) -> bool:
        """Forget the account's application. False where there was none. Raises as ``delete``."""
        self._check_account(account)
        if not self._file.exists:
            return False
        with self._file.changing() as database:
            return database.execute("DELETE FROM apps WHERE account = ?", (account,)).rowcount > 0

    def accounts(self) -> tuple[str, ...]:
        """The names that have tokens, in order.

        Raises:
            StoreError: the file cannot be used.
        """
        self._check_open()
        if not self._file.exists:
            return ()
        with self._file.reading() as database:
            return tuple(row[0] for row in database.execute("SELECT account FROM tokens ORDER BY account"))

    def close(self) -> None:
        """Forget the key; the store is of no more use."""
        self._closed = True
        self._known = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        """Make key and file; where another process was faster, its own are used."""
        require_cipher()
        key = self._keys.create()
        made = False
        try:
            made = self._file.create({"key": key.id, "place": key.place.value})
        finally:
            if not made:
                self._keys.drop(key)

    def _key(self) -> Key:
        """The key that the file was begun with."""
        with self._file.reading() as database:
            id, place = self._file.meta(database, "key"), self._file.meta(database, "place")
        if place not in PLACES:
            raise self._file.broken("it does not say where its key is")
        with self._lock:
            if self._known is None or self._known.id != id:
                self._known = self._keys.find(id, PLACES[place])
            return self._known

    def _current(self, database: sqlite3.Connection, key: Key, account: str) -> TokenSet | None:
        self._check_key(database, key)
        row = database.execute("SELECT sealed FROM tokens WHERE account = ?", (account,)).fetchone()
        if row is not None:
            return self._opened(key, account, row[0])
        # It may be there under a name that was changed: whoever is not found is only missing if all others are sound.
        for name, sealed in database.execute("SELECT account, sealed FROM tokens"):
            self._opened(key, name, sealed)
        return None

    def _opened(self, key: Key, account: object, sealed: object) -> TokenSet:
        tokens = None
        if isinstance(account, str) and isinstance(sealed, bytes):
            tokens = unseal(key, account, sealed)
        if tokens is None:
            raise self._file.broken(f"the entry of {account!r} was changed, or is another account's")
        return tokens

    def _check_key(self, database: sqlite3.Connection, key: Key) -> None:
        if self._file.meta(database, "key") != key.id:
            raise StoreError(f"{self.path} was exchanged for another file just now: try again")

    def _check_open(self) -> None:
        if self._closed:
            raise LocalProtocolError("the token store is closed")

    def _check_account(self, account: str) -> None:
        self._check_open()
        if not 0 < len(account) <= NAME_SIZE or not account.isprintable():
            raise LocalProtocolError(
                f"an account's name has 1 to {NAME_SIZE} characters that can be printed, not {account[:NAME_SIZE]!r}"
            )


def _same_pair(one: TokenSet | None, other: TokenSet | None) -> bool:
    """Whether these are the same tokens; what else is known of them may have been learned meanwhile."""
    if one is None or other is None:
        return one is other
    return (one.access_token, one.refresh_token) == (other.access_token, other.refresh_token)
