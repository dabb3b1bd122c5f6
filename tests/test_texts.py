"""The texts of one read: bytes inside, a sequence of ``str`` for whoever asks."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.texts import Texts

texts = st.lists(st.text())


def encoded(texts: list[str]) -> Texts:
    return Texts([text.encode() for text in texts])


@given(texts)
def test_they_are_a_sequence_like_any_other_of_the_same_texts(texts: list[str]) -> None:
    read = encoded(texts)
    assert list(read) == texts == [read[place] for place in range(len(read))]
    assert read[1:] == texts[1:]
    assert list(reversed(read)) == texts[::-1]
    assert repr(read) == repr(texts)


@given(texts, texts)
def test_they_equal_what_holds_the_same_texts(ours: list[str], theirs: list[str]) -> None:
    assert (encoded(ours) == encoded(theirs)) == (encoded(ours) == theirs) == (ours == theirs)
    assert encoded(ours) == tuple(ours)
    assert encoded(ours) != 7


def test_a_copy_stands_by_itself() -> None:
    read = encoded(["a"])
    alike = copy.deepcopy(read)
    read.encoded.append(b"b")
    assert alike == ["a"]


def test_they_cannot_be_hashed() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(encoded([]))
