import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kick_io.credentials import FORM, TokenStore
from kick_io.storage import places
from kick_io.storage.keys import Key, KeyFile, Place
from kick_proto.errors import LocalProtocolError, StoreError
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet
from tests.stores import CANARY, START, number_of, opened, refusal, tokens

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")

SIDECARS = ("-wal", "-shm", "-journal")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "tokens.db"


@pytest.fixture
def store(path: Path) -> TokenStore:
    return opened(path)


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


@contextmanager
def beneath(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as anybody else sees it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        yield database
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def attempts(store: TokenStore) -> list[Callable[[], object]]:
    """Whatever one can ask of a store."""
    return [
        lambda: store.load("me"),
        lambda: store.save("me", tokens(9)),
        lambda: store.save("me", tokens(9), replacing=tokens(1)),
        lambda: store.delete("me"),
        lambda: store.delete("me", only=tokens(1)),
        store.accounts,
        store.where,
    ]


def refused(path: Path) -> str:
    """Every use of the file is refused, for one reason, and none changes it."""
    before = bytes_of(path)
    sentences = {refusal(attempt) for attempt in attempts(opened(path))}
    assert bytes_of(path) == before
    (sentence,) = sentences
    assert str(path) in sentence
    return sentence


class TestKeeping:
    def test_what_is_saved_is_there_in_the_next_run(self, store: TokenStore, path: Path) -> None:
        assert store.save("me", tokens(1))
        assert store.load("me") == opened(path).load("me") == tokens(1)

    @pytest.mark.parametrize(
        "kept",
        [
            TokenSet(access_token=Secret("only this"), issued_at=START, kind="app"),
            msgspec.structs.replace(tokens(1), refresh_expires_at=START, scopes=()),
            msgspec.structs.replace(tokens(1), access_token=Secret('"\\\u2028 \U0001f600 é' * 999)),
        ],
    )
    def test_every_field_comes_back(self, store: TokenStore, kept: TokenSet) -> None:
        store.save("me", kept)
        assert store.load("me") == kept

    def test_accounts_do_not_meet(self, store: TokenStore) -> None:
        for number, name in enumerate(["zoe", "Ann", "ann", "Ânn", "a b"]):
            store.save(name, tokens(number))
        assert store.accounts() == ("Ann", "a b", "ann", "zoe", "Ânn")
        assert [number_of(found) for name in ("zoe", "Ann", "ann") if (found := store.load(name))] == [0, 1, 2]
        assert store.load("ANN") is None

    def test_until_something_is_saved_nothing_is_made(self, store: TokenStore, path: Path) -> None:
        assert store.load("me") is None
        assert store.accounts() == ()
        assert not store.delete("me")
        assert not store.delete("me", only=tokens(1))
        assert not store.save("me", tokens(2), replacing=tokens(1))
        assert "nothing is stored yet" in store.where()
        assert not path.parent.exists()

    def test_it_says_where_things_are(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        assert str(path) in store.where()
        assert str(path.with_name("test.key")) in store.where()

    def test_its_default_place_is_the_users(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv(places.HOME, str(tmp_path))
        assert TokenStore().path == tmp_path / "tokens.db"

    def test_a_closed_one_is_of_no_use(self, store: TokenStore) -> None:
        with store:
            store.save("me", tokens(1))
        for attempt in attempts(store):
            with pytest.raises(LocalProtocolError, match="closed"):
                attempt()

    @pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "a\0b", "\ud800", "a\u202eb"])
    def test_a_name_that_is_none_is_refused(self, store: TokenStore, name: str) -> None:
        for attempt in (store.load, store.delete, lambda name: store.save(name, tokens(1))):
            with pytest.raises(LocalProtocolError, match="an account's name has 1 to 200 characters"):
                attempt(name)
        assert not store.path.exists()


class TestReplacing:
    def test_a_pair_is_replaced_where_it_still_stands(self, store: TokenStore) -> None:
        assert store.save("me", tokens(1), replacing=None)
        assert not store.save("me", tokens(2), replacing=None)
        assert store.save("me", tokens(2), replacing=tokens(1))
        assert not store.save("me", tokens(3), replacing=tokens(1))
        assert store.load("me") == tokens(2)
        assert store.save("me", tokens(3))
        assert store.load("me") == tokens(3)

    def test_what_else_is_known_of_a_pair_does_not_matter(self, store: TokenStore) -> None:
        store.save("me", tokens(1))
        assert store.save("me", tokens(2), replacing=msgspec.structs.replace(tokens(1), scopes=()))
        half = msgspec.structs.replace(tokens(2), refresh_token=Secret("another"))
        assert not store.save("me", tokens(3), replacing=half)

    def test_deleting(self, store: TokenStore) -> None:
        store.save("me", tokens(1))
        store.save("you", tokens(2))
        assert not store.delete("me", only=tokens(2))
        assert store.delete("me", only=tokens(1))
        assert not store.delete("me", only=tokens(1))
        assert not store.delete("me")
        assert store.load("me") is None
        assert store.delete("you")
        assert store.accounts() == ()

    def test_threads_share_one_store(self, store: TokenStore) -> None:
        def count(name: str) -> None:
            for own in range(10):
                store.save(name, tokens(own))
                while True:
                    current = store.load("shared")
                    following = 0 if current is None else number_of(current) + 1
                    if store.save("shared", tokens(following), replacing=current):
                        break

        threads = [threading.Thread(target=count, args=(f"thread {each}",)) for each in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.load("shared") == tokens(39)
        assert [store.load(name) for name in store.accounts() if name != "shared"] == [tokens(9)] * 4


UMASKED = """
import os, sqlite3, sys
from pathlib import Path
from tests.stores import opened, tokens
os.umask(int(sys.argv[1], 8))
path = Path(sys.argv[2])
store = opened(path)
store.save("me", tokens(1))
# Somebody who reads keeps the log beside the file from being folded into it.
reader = sqlite3.connect(path)
reader.execute("BEGIN")
reader.execute("SELECT * FROM tokens").fetchall()
store.save("me", tokens(2))
modes = {each.name: oct(each.stat().st_mode & 0o7777) for each in sorted(path.parent.iterdir())}
print(oct(path.parent.stat().st_mode & 0o7777), modes)
"""


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no modes")
class TestRights:
    @pytest.mark.parametrize("umask", ["000", "022", "277", "777"])
    def test_all_files_are_private_whatever_the_umask(self, umask: str, path: Path) -> None:
        command = [sys.executable, "-c", UMASKED, umask, str(path)]
        done = subprocess.run(command, check=True, cwd=Path(__file__).parents[1], capture_output=True, text=True)
        names = ["test.key", "tokens.db", "tokens.db-shm", "tokens.db-wal"]
        assert done.stdout.strip() == f"0o700 {dict.fromkeys(names, '0o600')}"
        assert opened(path).load("me") == tokens(2)

    @pytest.mark.parametrize("suffix", ["", "-wal", "-journal"])
    def test_a_file_that_others_can_read_is_refused(self, suffix: str, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        wide = path.with_name(path.name + suffix)
        wide.touch()
        wide.chmod(0o644)
        sentence = refused(path)
        assert f"others can read {wide} (mode 0644): run chmod 600 {wide}" in sentence
        wide.chmod(0o600)
        assert store.load("me") == tokens(1)

    def test_a_link_is_not_followed(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        path.with_name("link.db").symlink_to(path)
        assert "is a symbolic link" in refused(path.with_name("link.db"))

    @pytest.mark.skipif("os.geteuid() != 0", reason="only root can give a file to somebody else")
    def test_somebody_elses_file_is_refused(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        shutil.chown(path, 12345)
        assert "belongs to user 12345" in refused(path)


def foreign(path: Path, *statements: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


class TestOtherFiles:
    @pytest.mark.parametrize(
        "content", [b"", b"\0", b"hello\n", b"SQLite format 3\0", b"SQLite format 3\0" + b"\0" * 9000, b"\0" * 9000]
    )
    def test_a_file_that_is_no_database(self, content: bytes, path: Path) -> None:
        path.parent.mkdir()
        path.touch(0o600)
        path.write_bytes(content)
        assert "It was left as it is: move it away" in refused(path)
        assert "log in again" in refused(path)

    @pytest.mark.parametrize("journal", ["delete", "wal"])
    def test_another_programs_database(self, journal: str, path: Path) -> None:
        foreign(path, f"PRAGMA journal_mode = {journal}", "CREATE TABLE tokens (account, sealed)")
        assert "it is a database of another program" in refused(path)

    def test_a_newer_one(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        foreign(path, f"PRAGMA user_version = {FORM.version + 1}")
        assert "was written by a newer version of this library" in refused(path)

    @pytest.mark.parametrize(
        "statement",
        [
            "DROP TABLE tokens",
            "PRAGMA user_version = 0",
            "CREATE TABLE more (a)",
            "CREATE TRIGGER t AFTER INSERT ON tokens BEGIN SELECT 1; END",
            "ALTER TABLE tokens ADD COLUMN more",
        ],
    )
    def test_other_tables(self, statement: str, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        foreign(path, statement)
        assert "its tables are not those that it was made with" in refused(path)

    def test_remains_beside_a_file_that_was_moved_away_are_not_taken_for_its_own(
        self, store: TokenStore, path: Path
    ) -> None:
        path.parent.mkdir()
        log = path.with_name(path.name + "-wal")
        log.touch(0o600)
        assert "is left of a file that was moved away" in refusal(lambda: store.save("me", tokens(1)))
        assert not path.exists()
        log.unlink()
        assert store.save("me", tokens(1))

    def test_a_file_that_was_moved_away_is_not_written_to_any_more(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        away = path.rename(path.with_name("away.db"))
        for suffix in SIDECARS:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        before = bytes_of(away)
        assert store.load("me") is None
        assert store.save("me", tokens(2))
        assert bytes_of(away) == before
        assert store.load("me") == tokens(2)


def log_left(path: Path) -> None:
    """Save once more, in a process that dies before the log is folded into the file."""
    script = (
        "import os, sqlite3, sys; from pathlib import Path; from tests.stores import opened, tokens; "
        "path = Path(sys.argv[1]); other = sqlite3.connect(path); other.execute('SELECT * FROM tokens').fetchall(); "
        "opened(path).save('me', tokens(2)); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, cwd=Path(__file__).parents[1])
    assert path.with_name(path.name + "-wal").stat().st_size > 0


class TestDamage:
    @pytest.mark.parametrize("log", ["folded", "left"])
    def test_a_byte_that_is_wrong_is_harmless_or_refused_wherever_it_is(
        self, log: str, store: TokenStore, path: Path, tmp_path: Path
    ) -> None:
        store.save("me", tokens(1))
        with beneath(path):
            pass
        if log == "left":
            log_left(path)
        expected = tokens(2 if log == "left" else 1)
        whole, sidecar = bytes_of(path), path.with_name(path.name + "-wal")
        logged = bytes_of(sidecar) if sidecar.exists() else None
        outcomes = set()
        for offset in [*range(100), *range(100, len(whole), 41)]:
            damaged = whole[:offset] + bytes([whole[offset] ^ 0xFF]) + whole[offset + 1 :]
            path.write_bytes(damaged)
            if logged is not None:
                sidecar.write_bytes(logged)
            with suppress(StoreError):
                assert store.load("me") == expected
                outcomes.add("harmless")
                assert bytes_of(path) == damaged
                continue
            assert "left as it is" in refusal(lambda: store.load("me"))
            refusal(lambda: store.save("me", tokens(3)))
            outcomes.add("refused")
            assert bytes_of(path) == damaged
        assert outcomes == {"harmless", "refused"}

    @pytest.mark.parametrize("size", [0, 1, 15, 16, 60, 99, 100, 512, 4095, 4096, 4097, 8191, 8192, 8193, 12288, 16383])
    def test_a_file_that_was_cut_is_refused(self, size: int, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        with beneath(path):
            pass
        assert path.stat().st_size == 4 * 4096
        path.write_bytes(bytes_of(path)[:size])
        refused(path)

    @pytest.mark.parametrize(
        ("statement", "finding"),
        [
            ("UPDATE tokens SET sealed = x''", "the entry of 'me' was changed"),
            ("UPDATE tokens SET sealed = 'text'", "the entry of 'me' was changed"),
            ("UPDATE tokens SET sealed = x'01'", "the entry of 'me' was changed"),
            ("UPDATE tokens SET sealed = x'02' || substr(sealed, 2)", "it holds a text that is none"),
            ("UPDATE tokens SET sealed = substr(sealed, 1, length(sealed) - 1)", "the entry of 'me' was changed"),
            ("UPDATE tokens SET sealed = zeroblob(99)", "the entry of 'me' was changed"),
        ],
    )
    def test_an_entry_that_was_changed_is_not_read_and_not_replaced(
        self, statement: str, finding: str, store: TokenStore, path: Path
    ) -> None:
        store.save("me", tokens(1))
        with beneath(path) as database:
            database.execute(statement)
        before = bytes_of(path)
        assert finding in refusal(lambda: store.load("me"))
        assert finding in refusal(lambda: store.save("me", tokens(2)))
        assert finding in refusal(lambda: store.delete("me", only=tokens(1)))
        assert bytes_of(path) == before
        assert store.delete("me")
        assert store.save("me", tokens(2))

    def test_a_file_of_another_journal_mode_is_judged_before_it_is_given_its_own(
        self, store: TokenStore, path: Path
    ) -> None:
        """As ``VACUUM INTO`` makes of a store, for example."""
        store.save("me", tokens(1))
        with beneath(path) as database:
            database.execute("PRAGMA journal_mode = DELETE")
            (sealed,) = database.execute("SELECT sealed FROM tokens").fetchone()
            database.execute("UPDATE tokens SET sealed = x'01'")
        before = bytes_of(path)
        assert "the entry of 'me' was changed" in refusal(lambda: store.save("me", tokens(2)))
        assert bytes_of(path) == before
        with beneath(path) as database:
            database.execute("UPDATE tokens SET sealed = ?", (sealed,))
        assert store.load("me") == tokens(1)
        assert store.save("me", tokens(2), replacing=tokens(1))
        with beneath(path) as database:
            assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    def test_an_entry_does_not_open_for_another_account(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        store.save("you", tokens(2))
        with beneath(path) as database:
            sealed = dict(database.execute("SELECT account, sealed FROM tokens"))
            database.execute("UPDATE tokens SET sealed = ? WHERE account = 'me'", (sealed["you"],))
            database.execute("UPDATE tokens SET sealed = ? WHERE account = 'you'", (sealed["me"],))
        for name in ("me", "you"):
            assert f"the entry of {name!r} was changed, or is another account's" in refusal(partial(store.load, name))

    def test_an_entry_under_a_name_that_was_changed_is_not_taken_for_missing(
        self, store: TokenStore, path: Path
    ) -> None:
        store.save("me", tokens(1))
        with beneath(path) as database:
            database.execute("UPDATE tokens SET account = 'mf'")
        for attempt in (lambda: store.load("me"), lambda: store.save("me", tokens(2), replacing=None)):
            assert "the entry of 'mf' was changed, or is another account's" in refusal(attempt)

    @pytest.mark.parametrize("fact", ["key", "place"])
    def test_a_store_that_does_not_know_its_key_is_refused(self, fact: str, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        with beneath(path) as database:
            database.execute("DELETE FROM meta WHERE name = ?", (fact,))
        assert f"it does not say its {fact}" in refusal(lambda: opened(path).load("me"))


class TestKeys:
    def test_a_key_that_is_gone_is_not_made_anew(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        key = path.with_name("test.key")
        key.rename(path.with_name("away.key"))
        before = bytes_of(path)
        for attempt in (lambda: opened(path).load("me"), lambda: opened(path).save("me", tokens(2))):
            sentence = refusal(attempt)
            assert "is gone" in sentence
            assert "log in again" in sentence
        assert not key.exists()
        assert bytes_of(path) == before

    def test_another_key_is_not_taken(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        path.with_name("test.key").unlink()
        KeyFile(path.with_name("test.key")).create()
        assert "is not the one" in refusal(lambda: opened(path).load("me"))

    def test_a_key_with_a_false_fingerprint_opens_nothing(self, store: TokenStore, path: Path) -> None:
        """The fingerprint only tells keys apart; it is the cipher that proves them."""
        store.save("me", tokens(1))
        other = KeyFile(path.with_name("other.key")).create()
        with beneath(path) as database:
            database.execute("UPDATE meta SET value = ? WHERE name = 'key'", (other.id,))
        liar = TokenStore(path, keys=KeyFile(path.with_name("other.key")))
        assert "was changed, or is another account's" in refusal(lambda: liar.load("me"))

    def test_two_stores_that_are_begun_at_once_keep_one_key(self, path: Path) -> None:
        dropped: list[str] = []

        class Slow:
            """Keys that need so long to be made that another process has begun the store meanwhile."""

            def create(self) -> Key:
                opened(path).save("you", tokens(2))
                return Key(secret=Secret("ab" * 32), place=Place.KEYRING, where="nowhere")

            def find(self, id: str, place: Place) -> Key:
                return KeyFile(path.with_name("test.key")).find(id, place)

            def drop(self, key: Key) -> None:
                dropped.append(key.where)

        store = TokenStore(path, keys=Slow())
        assert store.save("me", tokens(1))
        assert dropped == ["nowhere"]
        assert [opened(path).load(name) for name in ("me", "you")] == [tokens(1), tokens(2)]

    def test_where_nothing_encrypts_nothing_is_made(
        self, monkeypatch: pytest.MonkeyPatch, store: TokenStore, path: Path
    ) -> None:
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
        assert "pip install 'kick-proto[rest]'" in refusal(lambda: store.save("me", tokens(1)))
        assert not path.parent.exists()


class TestSecrecy:
    def test_tokens_are_in_no_file(self, store: TokenStore, path: Path) -> None:
        for number in range(5):
            store.save("me", tokens(number))
        log_left(path)
        files = [each for each in path.parent.iterdir() if each.is_file()]
        assert {"tokens.db", "tokens.db-wal", "test.key"} <= {each.name for each in files}
        key = bytes_of(path.with_name("test.key")).split()[-1]
        for each in files:
            content = bytes_of(each)
            assert CANARY.encode() not in content
            assert each.name == "test.key" or (key not in content and bytes.fromhex(key.decode()) not in content)

    def test_the_same_tokens_look_different_each_time(self, store: TokenStore, path: Path) -> None:
        seen = set()
        for _ in range(20):
            store.save("me", tokens(1))
            with beneath(path) as database:
                seen.add(database.execute("SELECT sealed FROM tokens").fetchone()[0])
        assert len({sealed[1:13] for sealed in seen}) == 20

    def test_nothing_shows_a_token_or_a_key(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        key = bytes_of(path.with_name("test.key")).split()[-1].decode()
        shown = repr(store) + repr(vars(store)) + store.where() + repr(store.load("me"))
        assert CANARY not in shown
        assert key not in shown

    @pytest.mark.parametrize("stage", ["encode", "encrypt", "decrypt", "decode"])
    def test_a_failure_at_any_stage_shows_no_token(
        self, stage: str, monkeypatch: pytest.MonkeyPatch, store: TokenStore
    ) -> None:
        """What cannot happen, happens; its traceback is what a crash reporter would send."""
        store.save("me", tokens(1))

        class Failing:
            def __init__(self, key: bytes) -> None:
                pass

            def __getattr__(self, name: str) -> Any:
                return failing

        def failing(*arguments: object, **more: object) -> None:
            del arguments, more
            raise MemoryError

        if stage in ("encode", "decode"):
            monkeypatch.setattr(msgspec.json, stage, failing)
        else:
            monkeypatch.setattr("cryptography.hazmat.primitives.ciphers.aead.AESGCM", Failing)
        attempt = (lambda: store.load("me")) if stage.startswith("de") else (lambda: store.save("you", tokens(2)))
        with pytest.raises(MemoryError) as caught:
            attempt()
        shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        assert CANARY not in "".join(shown.format())


class TestBusy:
    def test_a_file_that_is_kept_busy_is_said_and_nothing_changes(self, store: TokenStore, path: Path) -> None:
        store.save("me", tokens(1))
        impatient = TokenStore(path, keys=KeyFile(path.with_name("test.key")), busy_timeout=0.05)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            sentence = refusal(lambda: impatient.save("me", tokens(2)))
            assert impatient.load("me") == tokens(1)
        assert "another process has kept" in sentence
        assert "busy for 0.05 seconds: nothing was changed, try again" in sentence
        assert impatient.save("me", tokens(2))


def test_the_drivers_do_without_what_only_the_store_needs() -> None:
    script = (
        "import sys; import kick_io.asyncio, kick_io.credentials, kick_io.storage.known_ids; "
        "print({'keyring', 'cryptography'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=os.environ)
    assert done.stdout.strip() == "set()"
