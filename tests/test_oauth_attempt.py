"""One attempt to log in: what is drawn, what is sent, and what any answer at all says."""

import re
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


@pytest.mark.parametrize(
    ("query", "code", "sentence"),
    [
        pytest.param("code=c&state=other", "state_mismatch", "not to the login that was begun here", id="another's"),
        pytest.param("code=c&state=", "state_mismatch", "log in again from the start", id="a blank state"),
        pytest.param("code=c", "state_mismatch", "log in again from the start", id="no state"),
        pytest.param("", "state_mismatch", "log in again from the start", id="nothing"),
        pytest.param("error=access_denied&state=other", "state_mismatch", "from the start", id="another's error"),
        pytest.param("state=st", "missing_code", "no code that could be exchanged", id="no code"),
        pytest.param("state=st&code=", "missing_code", "no code", id="a blank code"),
        pytest.param("state=st&code=%0d%0a", "missing_code", "no code", id="a code of line ends"),
        pytest.param("state=st&code=%ED%A0%80", "missing_code", "no code", id="a code that is no text"),
        pytest.param("state=st&code=c&code=d", "repeated_parameter", "has code more than once", id="two codes"),
        pytest.param("state=st&state=st&code=c", "repeated_parameter", "has state more than once", id="two states"),
        pytest.param("error=a&error=b", "repeated_parameter", "has error more than once", id="two errors"),
        pytest.param(
            "error=access_denied&error_description=The+user+said+no&state=st",
            "access_denied",
            "Kick gave no code: The user said no",
            id="denied",
        ),
        pytest.param("error=access_denied", "access_denied", "gave no code: access_denied", id="denied, no state"),
        pytest.param("error=access_denied&code=c&state=st", "access_denied", "gave no code", id="denied, with a code"),
        pytest.param("error=no%20word&state=st", "unknown_error", "gave no code: no word", id="an error of two words"),
        pytest.param(f"code=c&state=st&x={'y' * 9000}", "too_long", "more than 8192", id="too long"),
    ],
)
def test_any_other_answer_says_why_there_are_no_tokens(query: str, code: str, sentence: str) -> None:
    declined = read_answer(query, OPEN)
    assert isinstance(declined, Declined)
    assert declined.code == code
    assert sentence in declined.reason


def test_what_kick_says_is_kept_short_and_obeyed_by_no_terminal() -> None:
    words = "\x1b[2J\x07evil\r\n access_token=canary \u202e" + "x" * 500
    declined = read_answer("error=server_error&error_description=" + quote(words), OPEN)
    assert isinstance(declined, Declined)
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
