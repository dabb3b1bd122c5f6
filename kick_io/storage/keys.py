"""The key that stored tokens are encrypted with, and where it is kept: in the system's keyring, or else in a file.

A key is made once, when a store begins, and the store remembers which it is (a fingerprint) and where it was put. From
then on it is looked for in that place only. One that is gone is not replaced: what it has closed stays closed, and the
error says so.

A keyring is somebody else's program. It may be missing, keep nothing, fail, or wait for a password that nobody types;
so it is asked on a thread that need not come back, and what it was given is read once more before it is trusted. Its
exceptions are not passed on, for they may name what it was given. Where there is none, the key lies in a file that only
its owner can read, which protects it as well as that and no better; ``notice`` is told so, in one sentence.
"""

import hashlib
import logging
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from kick_io.storage import private_files
from kick_proto.errors import StoreError
from kick_proto.secret import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["Key", "KeyFile", "Keyring", "Keys", "Notice", "Place", "SystemKeys"]

Notice = Callable[[str], None]
"""Is told a sentence that the user should see."""

SERVICE = "kick-proto"
KEY_SIZE = 32
FILE_START = "kick-proto key 1 "
ResultT = TypeVar("ResultT")


class Place(Enum):
    """Where a key is kept; the value is what the store remembers."""

    KEYRING = "keyring"
    FILE = "file"


class Key(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """256 bits as hexadecimal digits, with a sentence's part that says where they are kept."""

    secret: Secret
    place: Place
    where: str

    @cached_property
    def id(self) -> str:
        """Tells keys apart, and tells nothing of the key."""
        return _fingerprint(self.secret)


class Keys(Protocol):
    """Makes and finds keys."""

    def create(self) -> Key:
        """Make a key for a new store, and keep it; it may be one that was there."""
        ...

    def find(self, id: str, place: Place) -> Key:
        """The key with that fingerprint, from that place and no other.

        Raises:
            StoreError: it is not there; the message says what to do.
        """
        ...

    def drop(self, key: Key) -> None:
        """Give up a key that was created a moment ago and has encrypted nothing."""
        ...


class SystemKeys:
    """The keyring where there is one, else the file; the way that is taken for a new store is said to ``notice``."""

    def __init__(self, file: Path, *, notice: Notice | None = None, keyring: "Keyring | None" = None) -> None:
        self._file = KeyFile(file)
        self._keyring = keyring if keyring is not None else Keyring()
        self._notice = notice if notice is not None else logging.getLogger(__name__).warning
        self._places: dict[Place, Keys] = {Place.KEYRING: self._keyring, Place.FILE: self._file}

    def create(self) -> Key:
        """Make a key and keep it in the best place."""
        try:
            return self._keyring.create()
        except StoreError as error:
            reason = str(error)
        key = self._file.create()
        self._notice(f"{reason}; so the key that encrypts the tokens is in {key.where}")
        return key

    def find(self, id: str, place: Place) -> Key:
        """Look in that place."""
        return self._places[place].find(id, place)

    def drop(self, key: Key) -> None:
        """Take it away from where it was put."""
        self._places[key.place].drop(key)


class KeyFile:
    """One key in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    def create(self) -> Key:
        """Make the file; one that is there is used.

        Raises:
            StoreError: it cannot be made, or the one that is there cannot be used.
        """
        if not private_files.present(self._path):
            secret = _new_secret()
            private_files.create(self._path, lambda draft: _write(draft, secret))
        return self._read()

    def find(self, id: str, place: Place = Place.FILE) -> Key:
        """Read the file, and see that it is the right key."""
        key = self._read()
        if key.id != id:
            raise StoreError(
                f"the key in {self._path} is not the one that the tokens were encrypted with: put the right file "
                "back, or move the store of tokens away and log in again"
            )
        return key

    def drop(self, key: Key) -> None:
        """Nothing to do: another process may have found the file and be using it."""

    def _read(self) -> Key:
        try:
            private_files.check(self._path)
            secret = _read(self._path)
        except FileNotFoundError:
            raise StoreError(
                f"the key file {self._path} is gone, and without it nobody can read the tokens: put it back, or move "
                "the store of tokens away and log in again"
            ) from None
        except OSError as error:
            raise StoreError(f"the key file {self._path} cannot be read: {error.strerror}") from None
        if secret is None:
            raise StoreError(f"{self._path} is not a key file of this library, or is damaged: move it away")
        return Key(secret=secret, place=Place.FILE, where=f"the file {self._path}, which only you can read")


class Keyring:
    """Keys in the system's keyring, by their fingerprint, so that two that are made at once don't meet.

    ``backend`` is one of the keyring library's; None takes the one that it finds. ``timeout`` is how long a question
    may take, in seconds: there may be a person at the other end of it, unlocking.
    """

    def __init__(self, backend: "KeyringBackend | None" = None, *, timeout: float = 20.0) -> None:
        self._backend = backend
        self._timeout = timeout

    def create(self) -> Key:
        """Put a new key into the keyring, and read it once more.

        Raises:
            StoreError: there is no keyring, or it did not do that.
        """
        secret = _new_secret()
        kept, name = self._ask(lambda backend: _keep(backend, secret))
        if not kept:
            raise StoreError(f"the system's keyring ({name}) does not keep what it is given")
        return self._key(secret, name)

    def find(self, id: str, place: Place = Place.KEYRING) -> Key:
        """Look the key up by its fingerprint."""
        advice = "make it available, or move the store of tokens away and log in again"
        try:
            secret, name = self._ask(lambda backend: _look_up(backend, id))
        except StoreError as error:
            raise StoreError(
                f"the tokens are encrypted with a key in the system's keyring, but {error}: {advice}"
            ) from None
        if secret is None or _fingerprint(secret) != id:
            raise StoreError(f"the key that the tokens are encrypted with is not in the keyring ({name}): {advice}")
        return self._key(secret, name)

    def drop(self, key: Key) -> None:
        """Delete it; one that stays is in nobody's way."""
        with suppress(StoreError):
            self._ask(lambda backend: backend.delete_password(SERVICE, key.id))

    def _key(self, secret: Secret, name: str) -> Key:
        return Key(secret=secret, place=Place.KEYRING, where=f"the system's keyring ({name})")

    def _ask(self, question: "Callable[[KeyringBackend], ResultT]") -> tuple[ResultT, str]:
        """The answer, and the name of the keyring that gave it.

        Raises:
            StoreError: there was none; the message is a clause without an end.
        """
        asked = _Asked(self._backend, question)
        threading.Thread(target=asked.run, name="kick keyring", daemon=True).start()
        try:
            answer = asked.answers.get(timeout=self._timeout)
        except queue.Empty:
            raise StoreError(f"the system's keyring has not answered for {self._timeout:g} seconds") from None
        if isinstance(answer, _Failure):
            raise StoreError(answer.reason)
        return answer


class _Failure(msgspec.Struct, frozen=True):
    reason: str


class _Asked(Generic[ResultT]):
    """A question to a keyring, on its way on another thread."""

    def __init__(self, backend: "KeyringBackend | None", question: "Callable[[KeyringBackend], ResultT]") -> None:
        self.answers: queue.SimpleQueue[tuple[ResultT, str] | _Failure] = queue.SimpleQueue()
        self._backend = backend
        self._question = question

    def run(self) -> None:
        """Ask, and put one answer."""
        try:
            backend = self._backend if self._backend is not None else _system_backend()
            self.answers.put((self._question(backend), str(backend.name)))
        except BaseException as error:  # whatever ends the thread, somebody waits for its answer
            self.answers.put(_Failure(_reason(error)))


def _system_backend() -> "KeyringBackend":
    # Found late and on the thread: looking for keyrings imports them, and may already talk to one.
    import keyring  # noqa: PLC0415

    return keyring.get_keyring()


def _reason(error: BaseException) -> str:
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, ModuleNotFoundError) and error.name == "keyring":
        return "the library keyring is not installed (pip install 'kick-proto[rest]')"
    if "NoKeyringError" in names:
        return "this system has no keyring"
    if "KeyringLocked" in names:
        return "the system's keyring is locked"
    return f"the system's keyring failed ({type(error).__name__})"


def _keep(backend: "KeyringBackend", secret: Secret) -> bool:
    id = _fingerprint(secret)
    backend.set_password(SERVICE, id, secret.reveal())
    return _look_up(backend, id) == secret


def _look_up(backend: "KeyringBackend", id: str) -> Secret | None:
    found = backend.get_password(SERVICE, id)
    return Secret(found) if isinstance(found, str) else None


def _new_secret() -> Secret:
    return Secret(os.urandom(KEY_SIZE).hex())


def _fingerprint(secret: Secret) -> str:
    return hashlib.sha256(b"kick-proto key\0" + secret.reveal().encode()).hexdigest()[:16]


def _write(path: Path, secret: Secret) -> None:
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(f"{FILE_START}{secret.reveal()}\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Secret | None:
    """The key in the file, or None where it is not one of our files."""
    with path.open("rb") as file:
        text = Secret(file.read(1024).decode("ascii", "replace"))
    key = Secret(text.reveal().removeprefix(FILE_START).rstrip())
    good = text == Secret(f"{FILE_START}{key.reveal()}\n") and _is_hexadecimal(key)
    return key if good else None


def _is_hexadecimal(key: Secret) -> bool:
    return len(key.reveal()) == 2 * KEY_SIZE and set(key.reveal()) <= set("0123456789abcdef")
