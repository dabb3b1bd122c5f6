"""What is kept, and whose tokens count, where several programs use one account."""

from pathlib import Path

import pytest

from kick_io.calls.vault import Vault
from kick_io.credentials import TokenStore
from tests.stores import opened, tokens

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")

ME = "me"


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return opened(tmp_path / "tokens.db")


@pytest.fixture
def vault(store: TokenStore) -> Vault:
    return Vault(store, ME)


def test_a_login_takes_the_place_of_whatever_is_there(vault: Vault, store: TokenStore) -> None:
    assert vault.load() is None
    store.save(ME, tokens(1))
    assert vault.keep_login(tokens(2)) == tokens(2) == store.load(ME)


def test_accounts_are_kept_apart(vault: Vault, store: TokenStore) -> None:
    vault.keep_login(tokens(1))
    Vault(store, "you").keep_login(tokens(2))
    vault.forget()
    assert (vault.load(), Vault(store, "you").load()) == (None, tokens(2))


def test_a_renewal_replaces_what_it_was_made_of(vault: Vault, store: TokenStore) -> None:
    store.save(ME, tokens(1))
    vault.load()
    assert vault.keep_renewed(tokens(2)) == tokens(2) == store.load(ME)
    assert vault.keep_renewed(tokens(3)) == tokens(3) == store.load(ME)


def test_a_renewal_gives_way_to_somebody_elses(vault: Vault, store: TokenStore) -> None:
    vault.keep_login(tokens(1))
    store.save(ME, tokens(9))
    assert vault.keep_renewed(tokens(2)) == tokens(9) == store.load(ME)
    assert vault.keep_renewed(tokens(10)) == tokens(10) == store.load(ME)


def test_a_renewal_that_is_told_again_is_the_same_one(vault: Vault, store: TokenStore) -> None:
    vault.keep_login(tokens(1))
    vault.keep_renewed(tokens(2))
    assert vault.keep_renewed(tokens(2)) == tokens(2) == store.load(ME)


def test_tokens_that_were_never_stored_are_renewed_and_stored(vault: Vault, store: TokenStore) -> None:
    assert vault.keep_renewed(tokens(2)) == tokens(2) == store.load(ME)


def test_good_tokens_are_kept_where_the_file_was_deleted(vault: Vault, store: TokenStore) -> None:
    vault.keep_login(tokens(1))
    store.path.unlink()
    assert vault.keep_renewed(tokens(2)) == tokens(2) == store.load(ME)


def test_lost_tokens_are_forgotten(vault: Vault, store: TokenStore) -> None:
    vault.keep_login(tokens(1))
    assert vault.after_loss(tokens(1)) is None
    assert store.load(ME) is None


def test_a_loss_is_none_where_somebody_has_newer_tokens(vault: Vault, store: TokenStore) -> None:
    vault.keep_login(tokens(1))
    store.save(ME, tokens(2))
    assert vault.after_loss(tokens(1)) == tokens(2) == store.load(ME)


def test_a_loss_of_what_was_never_stored_takes_up_what_somebody_has_stored(vault: Vault, store: TokenStore) -> None:
    store.save(ME, tokens(2))
    assert vault.after_loss(tokens(1)) == tokens(2)
    assert Vault(store, "you").after_loss(tokens(1)) is None


def test_older_tokens_of_ours_are_no_way_out_of_a_loss(vault: Vault, store: TokenStore) -> None:
    # The second pair was made of the first, and could not be stored: with it, the first has gone too.
    vault.keep_login(tokens(1))
    assert vault.after_loss(tokens(2)) is None
    assert store.load(ME) is None


def test_without_a_store_nothing_is_kept() -> None:
    vault = Vault(None, ME)
    assert (vault.keep_login(tokens(1)), vault.load()) == (tokens(1), None)
    assert (vault.keep_renewed(tokens(2)), vault.after_loss(tokens(2))) == (tokens(2), None)
    vault.forget()
