import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kick_io.credentials import TokenStore
from kick_io.storage.keys import Key, KeyFile, Keyring, Keys, Place, SystemKeys
from kick_proto.errors import StoreError
from kick_proto.secret import Secret
from tests.stores import CANARY, refusal, tokens

pytest.importorskip("keyring", reason="the extra 'rest' is not installed")

from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import KeyringLocked, PasswordDeleteError


class Memory(KeyringBackend):
    """A keyring that works, as long as the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


class Raising(Memory):
    """One that fails, and shows in its error what it was given."""

    def __init__(self, error: Callable[[str], BaseException]) -> None:
        super().__init__()
        self._error = error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self._error(f"{CANARY} {password}")


class Forgetful(Memory):
    """One that gives back something else."""

    def get_password(self, service: str, username: str) -> str | None:
        return "0" * 64


class Empty(ChainerBackend):
    """The library's chain of all others, where there are no others."""

    backends = ()


def untyped(kind: Any) -> KeyringBackend:
    """One of the library's own, which it has left without types."""
    backend: KeyringBackend = kind()
    return backend


class Hanging(Memory):
    """One that waits for somebody to type a password."""

    def __init__(self) -> None:
        super().__init__()
        self.typed = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.typed.wait()
        return super().get_password(service, username)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    backend = Hanging()
    yield backend
    backend.typed.set()


def system(path: Path, backend: KeyringBackend, told: list[str], timeout: float = 30.0) -> SystemKeys:
    return SystemKeys(path, keyring=Keyring(backend, timeout=timeout), notice=told.append)


def test_a_key_is_made_in_the_keyring_and_found_again(tmp_path: Path) -> None:
    backend, told = Memory(), list[str]()
    key = system(tmp_path / "key", backend, told).create()
    assert key.place is Place.KEYRING
    assert "keyring" in key.where
    assert told == []
    assert list(backend.kept) == [("kick-proto", key.id)]
    again = system(tmp_path / "key", backend, told).find(key.id, Place.KEYRING)
    assert again == key
    assert not (tmp_path / "key").exists()


def test_two_keys_in_one_keyring_do_not_meet(tmp_path: Path) -> None:
    keys = Keyring(Memory())
    one, other = keys.create(), keys.create()
    assert one.secret != other.secret
    keys.drop(one)
    assert keys.find(other.id) == other
    assert "is not in the keyring" in refusal(lambda: keys.find(one.id))
    keys.drop(one)


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        pytest.param(untyped(FailKeyring), "this system has no keyring", id="none"),
        pytest.param(untyped(NullKeyring), "does not keep what it is given", id="null"),
        pytest.param(untyped(Empty), "", id="empty chain"),
        pytest.param(Forgetful(), "does not keep what it is given", id="forgetful"),
        pytest.param(Raising(OSError), "the system's keyring failed (OSError)", id="error"),
        pytest.param(Raising(KeyringLocked), "the system's keyring is locked", id="locked"),
        pytest.param(Raising(SystemExit), "the system's keyring failed (SystemExit)", id="exit"),
    ],
)
def test_a_keyring_that_does_not_work_leads_to_the_file_with_one_sentence(
    backend: KeyringBackend, reason: str, tmp_path: Path
) -> None:
    told: list[str] = []
    keys = system(tmp_path / "key", backend, told)
    key = keys.create()
    assert key.place is Place.FILE
    (sentence,) = told
    assert reason in sentence
    assert str(tmp_path / "key") in sentence
    assert CANARY not in sentence
    assert key.secret.reveal() not in sentence
    assert keys.find(key.id, Place.FILE) == key
    assert len(told) == 1


def test_a_keyring_that_hangs_leads_to_the_file(hanging: Hanging, tmp_path: Path) -> None:
    told: list[str] = []
    assert system(tmp_path / "key", hanging, told, timeout=0.05).create().place is Place.FILE
    assert "has not answered for 0.05 seconds" in told[0]


def test_without_the_library_the_key_is_in_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    told: list[str] = []
    assert SystemKeys(tmp_path / "key", notice=told.append).create().place is Place.FILE
    assert "the library keyring is not installed" in told[0]


def test_what_is_not_told_to_anybody_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = SystemKeys(tmp_path / "key", keyring=Keyring(untyped(FailKeyring))).create()
    (record,) = caplog.records
    assert "this system has no keyring" in record.getMessage()
    assert key.secret.reveal() not in record.getMessage()


def test_a_key_of_the_keyring_is_not_looked_for_in_the_file_nor_made_anew(hanging: Hanging, tmp_path: Path) -> None:
    backend = Memory()
    key = system(tmp_path / "key", backend, []).create()
    system(tmp_path / "key", untyped(FailKeyring), []).create()
    before = (tmp_path / "key").read_bytes()
    ways: list[tuple[KeyringBackend, str]] = [
        (untyped(FailKeyring), "but this system has no keyring"),
        (Memory(), "is not in the keyring"),
        (Forgetful(), "is not in the keyring"),
        (hanging, "has not answered"),
    ]
    for other, finding in ways:
        keys = system(tmp_path / "key", other, [], timeout=0.05 if other is hanging else 30.0)
        sentence = refusal(lambda keys=keys: keys.find(key.id, Place.KEYRING))  # type: ignore[misc]
        assert finding in sentence
        assert "move the store of tokens away and log in again" in sentence
    assert (tmp_path / "key").read_bytes() == before


def test_a_key_file_is_made_once_and_read_ever_after(tmp_path: Path) -> None:
    keys: Keys = KeyFile(tmp_path / "key")
    key = keys.create()
    keys.drop(key)
    assert KeyFile(tmp_path / "key").create() == key
    assert KeyFile(tmp_path / "key").find(key.id) == key
    assert (tmp_path / "key").stat().st_size == len("kick-proto key 1 ") + 64 + 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"kick-proto key 1 ",
        b"kick-proto key 1 " + b"a" * 63 + b"\n",
        b"kick-proto key 1 " + b"a" * 64,
        b"kick-proto key 1 " + b"g" * 64 + b"\n",
        b"kick-proto key 1 " + b"a" * 64 + b"\n\n",
        b"kick-proto key 2 " + b"a" * 64 + b"\n",
        b"\xff" * 82,
        b"a" * 64 + b"\n",
        b"kick-proto key 1 " + b"a" * 9999,
    ],
)
def test_a_key_file_that_is_none_is_refused_and_left(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_bytes(content)
    for attempt in (KeyFile(path).create, lambda: KeyFile(path).find("0" * 16)):
        assert "is not a key file of this library" in refusal(attempt)
    assert path.read_bytes() == content


def test_a_key_file_that_is_gone_or_another_is_not_replaced(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "key").create()
    (tmp_path / "key").rename(tmp_path / "away")
    assert "is gone" in refusal(lambda: KeyFile(tmp_path / "key").find(key.id))
    assert not (tmp_path / "key").exists()
    KeyFile(tmp_path / "key").create()
    assert "is not the one" in refusal(lambda: KeyFile(tmp_path / "key").find(key.id))


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no modes")
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "key")
    keys.create()
    (tmp_path / "key").chmod(0o644)
    assert "others can read" in refusal(keys.create)


def test_a_key_shows_itself_to_nobody() -> None:
    key = Key(secret=Secret("ab" * 32), place=Place.FILE, where="a file")
    assert "abab" not in repr(key)
    assert key.id not in "ab" * 32
    assert len(key.id) == 16


def test_what_a_keyring_was_given_when_it_failed_is_not_in_the_traceback() -> None:
    given: list[Secret] = []

    def error(shown: str) -> BaseException:
        given.append(Secret(shown.removeprefix(f"{CANARY} ")))
        return OSError(shown)

    with pytest.raises(StoreError) as caught:
        Keyring(Raising(error)).create()
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert len(given) == 1
    assert given[0].reveal() not in shown
    assert CANARY not in shown


def test_a_store_is_begun_with_the_keyring_and_stays_with_it(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")
    backend, told, path = Memory(), list[str](), tmp_path / "tokens.db"

    def store(backend: KeyringBackend) -> TokenStore:
        return TokenStore(path, keys=system(tmp_path / "key", backend, told))

    assert store(backend).save("me", tokens(1))
    assert store(backend).load("me") == tokens(1)
    assert "encrypted with a key in the system's keyring" in store(backend).where()
    assert len(backend.kept) == 1
    assert sorted(each.name for each in tmp_path.iterdir() if each.suffix in ("", ".db")) == ["tokens.db"]
    for attempt in (store(Memory()).where, lambda: store(untyped(FailKeyring)).save("me", tokens(2))):
        assert "log in again" in refusal(attempt)
    assert store(backend).load("me") == tokens(1)
    assert told == []


def test_a_store_that_was_begun_without_a_keyring_does_not_move_into_one(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")
    backend, told, path = Memory(), list[str](), tmp_path / "tokens.db"
    TokenStore(path, keys=system(tmp_path / "key", untyped(FailKeyring), told)).save("me", tokens(1))
    later = TokenStore(path, keys=system(tmp_path / "key", backend, told))
    assert later.load("me") == tokens(1)
    assert later.save("me", tokens(2))
    assert backend.kept == {}
    assert len(told) == 1
