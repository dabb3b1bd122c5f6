"""Tokens to store, and what other processes do to a store: functions that can be named to them."""

import multiprocessing
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from kick_io.credentials import TokenStore
from kick_io.storage.keys import KeyFile
from kick_proto.errors import StoreError
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet

CANARY = "canary-5f1d"
"""Stands in every token; it may be seen nowhere."""
START = datetime(2026, 9, 1, 12, 30, 0, 123456, tzinfo=UTC)
DEADLINE = 60.0
"""Seconds that another process may take: far more than it does, for machines that are busy."""

if sys.platform == "win32":
    processes = multiprocessing.get_context("spawn")
else:
    # One that is forked from a clean process starts in a hundredth of the time.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.stores", "cryptography.hazmat.primitives.ciphers.aead"])


def tokens(number: int) -> TokenSet:
    """A set whose two tokens belong together."""
    return TokenSet(
        access_token=Secret(f"{CANARY}-access-{number}"),
        refresh_token=Secret(f"{CANARY}-refresh-{number}"),
        issued_at=START,
        expires_at=START + timedelta(hours=2, microseconds=number),
        scopes=("user:read", "chat:write"),
    )


def number_of(found: TokenSet) -> int:
    """Which of the sets it is, after a look whether it is whole."""
    number = int(found.access_token.reveal().rpartition("-")[2])
    assert found == tokens(number)
    return number


def opened(path: Path) -> TokenStore:
    """The store with its key in a file, so that the keyring of whoever runs the tests is left alone."""
    return TokenStore(path, keys=KeyFile(path.with_name("test.key")))


def refusal(attempt: Callable[[], object]) -> str:
    """The sentence that it is refused with; nothing secret stands in it, nor in what a debugger would show."""
    try:
        attempt()
    except StoreError as refused:
        error = refused
    else:
        raise AssertionError("it was not refused")
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert CANARY not in "".join(shown.format()) + repr(error) + repr(error.args)
    assert error.__context__ is None or error.__suppress_context__
    return str(error)


def save_for_ever(path: Path, first: int, told: Connection) -> None:
    """Save one set after the other, telling before each that it begins, and afterwards that it is done."""
    store = opened(path)
    number = first
    while True:
        told.send(("begun", number))
        assert store.save("me", tokens(number))
        told.send(("done", number))
        number += 1


def count_up(path: Path, name: str, rounds: int, ready: Connection) -> None:
    """Replace what is there by the next, ``rounds`` times, and save in an account of one's own in between."""
    store = opened(path)
    ready.send("ready")
    ready.recv()
    for own in range(rounds):
        assert store.save(name, tokens(own))
        while True:
            current = store.load("shared")
            following = 0 if current is None else number_of(current) + 1
            if store.save("shared", tokens(following), replacing=current):
                break
    ready.send("done")


def begin_together(path: Path, name: str, ready: Connection) -> None:
    """Save where there is no store yet, at the same moment as others."""
    store = opened(path)
    ready.send("ready")
    ready.recv()
    assert store.save(name, tokens(len(name)))
    ready.send("done")
