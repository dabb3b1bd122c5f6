import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_io.cli.output.sanitize import visible

HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

ANY_TEXT = st.text(st.characters(codec=None)) | st.text(st.sampled_from("\x1b[]0m\x9b\n\t\u202e\u2066\ud83da\u200d"))


@given(ANY_TEXT)
def test_nothing_that_a_terminal_obeys_survives(text: str) -> None:
    assert HARMFUL.search(visible(text)) is None


@given(ANY_TEXT)
def test_characters_are_replaced_one_by_one_and_only_the_harmful_ones(text: str) -> None:
    made = visible(text)
    assert len(made) == len(text)
    assert all(new == old or HARMFUL.match(old) for old, new in zip(text, made, strict=True))


@given(ANY_TEXT)
def test_twice_is_once(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(ANY_TEXT)
def test_the_result_can_be_encoded_and_has_no_control_character(text: str) -> None:
    made = visible(text)
    assert made.encode().decode() == made
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in made)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [red]text[/red]", "plain [red]text[/red]"),
        ("a\nb\tc\r\nd", "a b c  d"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x07\x7f", "␇␡"),
        ("\x9b31m", "\ufffd31m"),
        ("abc\u202egnp.exe", "abc\ufffdgnp.exe"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"),
        ("שלום مرحبا", "שלום مرحبا"),
    ],
)
def test_what_becomes_of_it(text: str, shown: str) -> None:
    assert visible(text) == shown
