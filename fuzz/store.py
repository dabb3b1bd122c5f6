"""Files that the library keeps, as others may have left them: used when they are right, refused and not touched else.

An input is the number of a kind of file, and what it holds. What begins with ``CHANGED`` tells of changes to a good
file instead, each of four bytes: where (three), and which byte; ``CUT`` ends it there.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from kick_io.credentials import TokenStore
from kick_io.storage.keys import Key, KeyFile
from kick_io.storage.known_ids import KnownIds
from kick_io.storage.own_database import SIDECARS
from kick_proto.errors import StoreError
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet

__all__ = ["check", "seed"]

CHANGED = b"\x01"
CUT = b"\x02"
CHANGE = 4
"""Bytes that tell of one change."""
MOST_CHANGES = 16
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
TOKENS = TokenSet(
    access_token=Secret("Canary7-access"),
    refresh_token=Secret("Canary7-refresh"),
    issued_at=START,
    expires_at=START + timedelta(hours=2),
    scopes=("user:read",),
)
OWL = Channel(ChannelId(11), ChatroomId(22), "owl")
ACCOUNT = "me"


class _Folder:
    """A folder of this run's own, with one good file of each kind, and what is in it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kick-proto-fuzz-")
        home = Path(self._folder.name)
        self.keys = KeyFile(home / "right.key")
        self.key: Key = self.keys.create()
        self.tokens, self.ids, self.other_key = home / "tokens.db", home / "ids.db", home / "other.key"
        self.store().save(ACCOUNT, TOKENS)
        KnownIds(self.ids).add("owl", OWL)
        self.good = {path: path.read_bytes() for path in (self.tokens, self.ids)}
        self.good[self.other_key] = (home / "right.key").read_bytes()
        self.other_key.write_bytes(b"")
        self.other_key.chmod(0o600)

    def store(self) -> TokenStore:
        return TokenStore(self.tokens, keys=self.keys)

    def put(self, path: Path, told: bytes) -> bytes:
        """Have the file hold what an input tells; gives that."""
        content = _changed(self.good[path], told) if told[:1] in (CHANGED, CUT) else told
        for suffix in SIDECARS:
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).unlink()
        path.write_bytes(content)
        return content


@cache
def _folder() -> _Folder:
    """Made late, for whoever only wants to know that there is such a target."""
    return _Folder()


def _changed(good: bytes, told: bytes) -> bytes:
    content = bytearray(good)
    for start in range(1, 1 + CHANGE * MOST_CHANGES, CHANGE):
        change = told[start : start + CHANGE]
        if len(change) == CHANGE:
            content[int.from_bytes(change[:3], "big") % len(content)] = change[3]
    return bytes(content[: len(content) * told[-1] // 256] if told[:1] == CUT else content)


def _check_tokens(folder: _Folder, told: bytes) -> None:
    """The right tokens, or none at all; a file that is refused once is refused whatever is asked, and left alone."""
    content = folder.put(folder.tokens, told)
    store = folder.store()
    refused = _refusal(lambda: _assert_right(store.load(ACCOUNT)))
    assert folder.tokens.read_bytes() == content, "looking has changed the file"
    _refusal(store.accounts)
    _refusal(store.where)
    assert folder.tokens.read_bytes() == content, "looking has changed the file"
    if refused is not None:
        assert _refusal(lambda: store.save(ACCOUNT, TOKENS)) is not None, f"written, though {refused}"
        assert folder.tokens.read_bytes() == content, f"changed, though {refused}"
    elif store.load(ACCOUNT) is not None:
        _check_change(folder, store)


def _check_change(folder: _Folder, store: TokenStore) -> None:
    """What can be read can be changed too, but where SQLite takes the file for one that is only to be read."""
    before = folder.tokens.read_bytes()
    if _refusal(lambda: _assert_replaced(store)) is not None:
        assert folder.tokens.read_bytes() == before
    assert folder.store().load(ACCOUNT) == TOKENS


def _assert_replaced(store: TokenStore) -> None:
    assert store.save(ACCOUNT, TOKENS, replacing=TOKENS)


def _assert_right(tokens: TokenSet | None) -> None:
    assert tokens is None or tokens == TOKENS, "other tokens than were stored"


def _refusal(attempt: Callable[[], object]) -> str | None:
    """The sentence that it is refused with, or None."""
    try:
        attempt()
    except StoreError as error:
        assert "Canary7" not in str(error)
        return str(error)
    return None


def _check_ids(folder: _Folder, told: bytes) -> None:
    """A channel that can be, or none; and a sentence, once, where the file is not used, which is left alone then."""
    content = folder.put(folder.ids, told)
    notices: list[str] = []
    ids = KnownIds(folder.ids, notice=notices.append)
    found = ids.get("owl")
    assert found is None or min(found.numbers) > 0, found
    assert folder.ids.read_bytes() == content, "looking has changed the file"
    ids.add("fox", Channel(ChannelId(33), ChatroomId(44), "fox"))
    ids.forget("owl")
    assert ids.get("owl") is None
    assert ids.get("fox") is not None
    assert len(notices) <= 1, notices
    if notices:
        assert folder.ids.read_bytes() == content, f"changed, though {notices}"


def _check_key(folder: _Folder, told: bytes) -> None:
    """The right key, or a refusal."""
    content = folder.put(folder.other_key, told)
    keys = KeyFile(folder.other_key)

    def find() -> None:
        assert keys.find(folder.key.id).secret == folder.key.secret

    refused = _refusal(find)
    assert (refused is None) == (content == folder.good[folder.other_key])
    assert folder.other_key.read_bytes() == content


KINDS: Mapping[int, Callable[[_Folder, bytes], None]] = {0: _check_tokens, 1: _check_ids, 2: _check_key}


def check(data: bytes) -> None:
    kind = data[0] if data else 0
    KINDS[kind % len(KINDS)](_folder(), data[1:])


def seed(frame: Frame) -> bytes:
    return b"\x00" + CHANGED + frame.event.encode("utf-8", "replace") + frame.data.encode("utf-8", "replace")[:30]
