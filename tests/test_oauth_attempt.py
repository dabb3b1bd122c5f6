"""One attempt to log in: what is drawn, what is sent, and what any answer at all says."""

import re
from base64 import urlsafe_b64decode
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kick_proto.errors import LocalProtocolError
from kick_proto.oauth.attempt import ENTROPY, Attempt, Code, attempt, challenge, read_answer
from kick_proto.oauth.events import Declined
from kick_proto.secret import Secret

OPEN = Attempt(state=Secret("st"), verifier=Secret("v" * 43))
entropies = st.binary(min_size=ENTROPY, max_size=400)


def test_the_challenge_is_that_of_the_rfc() -> None:
    """Source: Spec: RFC 7636 appendix B."""
    octets = bytes(
        [116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186,
         22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121]
    )  # fmt: skip
    verifier = attempt(octets + bytes(32)).verifier
    assert verifier.reveal() == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@given(entropies)
def test_verifier_and_state_have_the_length_and_the_letters_that_the_rfc_allows(entropy: bytes) -> None:
    drawn = attempt(entropy)
    for text in (drawn.verifier.reveal(), drawn.state.reveal()):
        assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", text)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", challenge(drawn.verifier))


def test_all_entropy_of_a_half_is_told_up_to_96_bytes() -> None:
    drawn = attempt(bytes(range(33)) + b"\x5d\x75\xd7" * 11)
    assert drawn.state == Secret("X" * 44)
    assert urlsafe_b64decode(drawn.verifier.reveal()) == bytes(range(33))
    assert attempt(b"v" * 100 + b"s" * 100) == attempt(b"v" * 96 + b"s" * 96)


@given(st.binary(min_size=32, max_size=96), st.binary(min_size=32, max_size=96), st.data())
def test_the_state_says_nothing_of_the_verifier(one: bytes, state: bytes, data: st.DataObject) -> None:
    length = min(len(one), len(state))
    other = data.draw(st.binary(min_size=length, max_size=length))
    one, state = one[:length], state[:length]
    first, second = attempt(one + state), attempt(other + state)
    assert first.state == second.state
    assert (first.verifier == second.verifier) == (one == other)


@given(st.binary(max_size=ENTROPY - 1))
def test_too_little_entropy_is_refused(entropy: bytes) -> None:
    with pytest.raises(LocalProtocolError, match=f"at least 64 bytes of entropy, not {len(entropy)}"):
        attempt(entropy)


@pytest.mark.parametrize(
    "query", ["code=c%2F1&state=st", "?code=c%2F1&state=st", "state=st&code=c%2F1&scope=x&scope=y&code2=1"]
)
def test_a_code_is_read(query: str) -> None:
    assert read_answer(query, OPEN) == Code(Secret("c/1"))


ANOTHERS = "the answer is not to the login that was begun here (its state is another's); log in again from the start"
NO_CODE = "the answer has no code that could be exchanged for tokens; log in again"
DENIED = "error=access_denied&error_description=The+user+said+no&state=st"


@pytest.mark.parametrize(
    ("query", "code", "sentence"),
    [
        pytest.param("code=c&state=other", "state_mismatch", ANOTHERS, id="another's"),
        pytest.param("code=c&state=", "state_mismatch", ANOTHERS, id="a blank state"),
        pytest.param("code=c", "state_mismatch", ANOTHERS, id="no state"),
        pytest.param("", "state_mismatch", ANOTHERS, id="nothing"),
        pytest.param("error=access_denied&state=other", "state_mismatch", ANOTHERS, id="another's error"),
        pytest.param("error=access_denied&state=", "state_mismatch", ANOTHERS, id="an error with a blank state"),
        pytest.param("state=st", "missing_code", NO_CODE, id="no code"),
        pytest.param("state=st&code=", "missing_code", NO_CODE, id="a blank code"),
        pytest.param("state=st&code=%0d%0a", "missing_code", NO_CODE, id="a code of line ends"),
        pytest.param("state=st&code=%ED%A0%80", "missing_code", NO_CODE, id="a code that is no text"),
        pytest.param("state=st&code=c&code=d", "repeated_parameter", "the answer has code more than once", id="codes"),
        pytest.param("state=st&code=c&code=", "repeated_parameter", "the answer has code more than once", id="a blank"),
        pytest.param(
            "state=st&state=st&code=c", "repeated_parameter", "the answer has state more than once", id="states"
        ),
        pytest.param("error=a&error=b", "repeated_parameter", "the answer has error more than once", id="errors"),
        pytest.param(DENIED, "access_denied", "Kick gave no code: The user said no", id="denied"),
        pytest.param("error=access_denied", "access_denied", "Kick gave no code: access_denied", id="denied, no state"),
        pytest.param("error=x&code=c&state=st", "x", "Kick gave no code: x", id="denied, with a code"),
        pytest.param(
            "error=no%20word&state=st", "unknown_error", "Kick gave no code: no word", id="an error of two words"
        ),
    ],
)
def test_any_other_answer_says_why_there_are_no_tokens(query: str, code: str, sentence: str) -> None:
    assert read_answer(query, OPEN) == Declined(code, sentence)


def test_an_answer_is_read_up_to_8192_characters() -> None:
    query = "code=c&state=st&x=" + "y" * (8_192 - 18)
    assert read_answer(query, OPEN) == Code(Secret("c"))
    assert read_answer(query + "y", OPEN) == Declined("too_long", "the answer has 8193 characters, more than 8192")


def test_what_kick_says_is_kept_short_and_obeyed_by_no_terminal() -> None:
    words = "\x1b[2J\x07evil\r\n access_token=canary \u202e" + "x" * 500
    declined = read_answer("error=server_error&error_description=" + quote(words), OPEN)
    assert isinstance(declined, Declined)
    assert declined.reason.startswith("Kick gave no code: [2J evil ")
    assert declined.reason.isprintable()
    assert "canary" not in declined.reason
    assert len(declined.reason) < 350


values = st.text() | st.sampled_from(["st", "c", "access_denied"])
pairs = st.lists(st.tuples(st.sampled_from(["code", "state", "error", "error_description", "x"]), values), max_size=6)
queries = st.text() | st.binary().map(quote) | pairs.map(lambda each: urlencode(each, errors="replace"))


@given(queries)
@example("state=\ud800&code=x")
@example("code=\ud800&state=st")
@example("error=\ud800&state=st")
@example("&".join(f"{number}=" for number in range(3_000)))
@example("%&=;;==&%zz=%")
def test_no_query_raises(query: str) -> None:
    said = read_answer(query, OPEN)
    if isinstance(said, Declined):
        assert said.code
        said.reason.encode()
    else:
        assert said.code.reveal().isascii()


@given(st.text().filter(lambda text: text != "st"))
def test_only_the_state_itself_is_taken_for_the_state(state: str) -> None:
    said = read_answer("code=c&" + urlencode({"state": state}, errors="replace"), OPEN)
    assert isinstance(said, Declined)
    assert said.code == "state_mismatch"
