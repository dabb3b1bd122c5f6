"""A secret shows itself to nobody who does not ask for it by name."""

import copy
import logging
import pickle
import traceback

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kick_proto.http import Fetch, Request
from kick_proto.secret import Secret

CANARY = "canary-7f3a"
ANY = st.text(st.characters())


def test_it_is_revealed_to_whoever_asks() -> None:
    assert Secret(CANARY).reveal() == CANARY


@pytest.mark.parametrize("shown", ["{}", "{!r}", "{!s}", "{:>40}", "{0!a}"])
def test_no_way_of_formatting_shows_it(shown: str) -> None:
    try:
        text = shown.format(Secret(CANARY))
    except TypeError as error:
        text = str(error)
    assert CANARY not in text


def test_nothing_that_holds_it_shows_it() -> None:
    secret = Secret(CANARY)
    request = Request(
        method="POST",
        address="https://id.kick.com/oauth/token",
        query=(("token", secret),),
        headers=(("authorization", secret),),
        form=(("client_secret", secret),),
    )
    assert repr(secret) == str(secret) == "<redacted>"
    for holder in ([secret], {"a": secret}, (secret,), request, Fetch(1, request)):
        assert CANARY not in repr(holder)
        assert CANARY not in f"{holder}"


def test_neither_a_traceback_with_locals_nor_a_log_line_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    def use(secret: Secret) -> None:
        logging.getLogger("kick").debug("using %s and %r", secret, [secret])
        raise RuntimeError(f"failed with {secret}")

    caplog.set_level(logging.DEBUG)
    with pytest.raises(RuntimeError) as caught:
        use(Secret(CANARY))
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "<redacted>" in told
    assert f"'{CANARY}'" not in told
    assert CANARY not in caplog.text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_neither_pickled_nor_encoded(protocol: int) -> None:
    with pytest.raises(TypeError, match=r"^a Secret is not pickled: that would write it where anybody can read it$"):
        pickle.dumps([Secret(CANARY)], protocol)
    with pytest.raises(TypeError):
        msgspec.json.encode(Secret(CANARY))


def test_it_can_be_copied_for_a_machine_can() -> None:
    secret = Secret(CANARY)
    assert copy.copy(secret) == copy.deepcopy({"a": [secret]})["a"][0] == secret


@given(ANY, ANY)
@example("\ud800", "\ud800")
@example("\ud800", "?")
def test_two_are_equal_when_their_texts_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) == (one == other)
    assert hash(Secret(one)) == hash(Secret(one))
    assert bool(Secret(one)) == bool(one)


def test_different_ones_are_told_apart_by_a_set_too() -> None:
    assert len({hash(Secret(f"{CANARY}{number}")) for number in range(100)}) > 90


@given(ANY)
def test_it_is_never_equal_to_its_own_text(text: str) -> None:
    assert Secret(text) != text


@pytest.mark.parametrize("wrong", [None, b"canary-7f3a", 7, Secret(CANARY)])
def test_it_is_made_of_a_text_and_an_error_does_not_repeat_what_was_given(wrong: object) -> None:
    with pytest.raises(TypeError) as caught:
        Secret(wrong)  # type: ignore[arg-type]  # that is what is tested
    assert str(caught.value) == f"a Secret is made of a text, not of {type(wrong).__name__}"
