"""The application beside the tokens: kept for the account that logged in with it, and as well hidden."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kick_io.credentials import TokenStore
from kick_proto.endpoints.oauth import App
from kick_proto.errors import LocalProtocolError
from kick_proto.secret import Secret
from tests.stores import CANARY, opened, refusal, tokens

BOT = App(
    client_id="01BOT",
    client_secret=Secret(f"{CANARY}-secret"),
    redirect_uri="http://localhost:1234/callback",
    scopes=("user:read", "chat:write"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "tokens.db"


@pytest.fixture
def store(path: Path) -> TokenStore:
    return opened(path)


def tamper(store: TokenStore, statement: str, *values: str | bytes) -> None:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as database:
        database.execute(statement, values)


@pytest.mark.parametrize("app", [BOT, App(client_id="01BROKERED", scopes=())])
def test_an_app_that_is_kept_is_there_in_the_next_run(app: App, store: TokenStore, path: Path) -> None:
    store.save_app("me", app)
    assert store.load_app("me") == opened(path).load_app("me") == app


def test_another_takes_its_place(store: TokenStore) -> None:
    store.save_app("me", App(client_id="01OLD"))
    store.save_app("me", BOT)
    assert store.load_app("me") == BOT


def test_apps_and_tokens_do_not_meet(store: TokenStore) -> None:
    store.save("me", tokens(1))
    assert store.load_app("me") is None
    store.save_app("you", BOT)
    assert store.load("you") is None
    assert store.accounts() == ("me",)
    assert store.delete_app("you")
    assert not store.delete_app("you")
    assert store.load_app("you") is None
    assert store.load("me") == tokens(1)


def test_until_one_is_kept_nothing_is_made(store: TokenStore, path: Path) -> None:
    assert store.load_app("me") is None
    assert not store.delete_app("me")
    assert not path.parent.exists()


def test_one_that_was_changed_or_is_anothers_does_not_open(store: TokenStore) -> None:
    store.save_app("me", BOT)
    tamper(store, "INSERT INTO apps SELECT 'you', sealed FROM apps")
    assert "the application of 'you' was changed, or is another account's" in refusal(lambda: store.load_app("you"))
    tamper(store, "UPDATE apps SET sealed = ? WHERE account = 'me'", b"\x01" + bytes(60))
    assert "the application of 'me' was changed" in refusal(lambda: store.load_app("me"))
    tamper(store, "UPDATE apps SET sealed = 'text' WHERE account = 'me'")
    assert "the application of 'me' was changed" in refusal(lambda: store.load_app("me"))
    assert store.delete_app("me")


def test_sealed_tokens_are_no_app_and_the_other_way_round(store: TokenStore) -> None:
    store.save("me", tokens(1))
    store.save_app("you", BOT)
    tamper(store, "INSERT INTO apps SELECT account, sealed FROM tokens")
    tamper(store, "INSERT INTO tokens SELECT account, sealed FROM apps WHERE account = 'you'")
    assert "the application of 'me' was changed" in refusal(lambda: store.load_app("me"))
    assert "the entry of 'you' was changed" in refusal(lambda: store.load("you"))


def test_the_secret_is_in_no_file_and_no_repr(store: TokenStore, path: Path) -> None:
    store.save_app("me", BOT)
    for each in path.parent.iterdir():
        assert CANARY.encode() not in each.read_bytes()
    assert CANARY not in repr(store) + repr(vars(store)) + repr(store.load_app("me"))


def test_a_closed_store_and_a_bad_name_are_refused(store: TokenStore) -> None:
    with pytest.raises(LocalProtocolError, match="an account's name has 1 to 200 characters"):
        store.save_app("", BOT)
    store.close()
    for attempt in (store.load_app, store.delete_app):
        with pytest.raises(LocalProtocolError, match="closed"):
            attempt("me")
