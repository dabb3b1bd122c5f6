"""What a caller gives, checked before anything is sent."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.endpoints import arguments
from kick_proto.errors import LocalProtocolError


@given(st.integers())
def test_a_number_within_its_limits_stays_as_it_is_and_no_other_goes_through(value: int) -> None:
    if 1 <= value <= 10:
        assert arguments.number("n", value, most=10) == value
    else:
        with pytest.raises(LocalProtocolError, match="n must be a whole number from 1 to 10, not"):
            arguments.number("n", value, most=10)


@pytest.mark.parametrize("wrong", [True, 1.0, "1", None, []])
def test_what_is_no_number_is_refused(wrong: Any) -> None:
    with pytest.raises(LocalProtocolError, match="n must be a whole number"):
        arguments.number("n", wrong, most=10)


@pytest.mark.parametrize("count", [1, 3])
def test_so_many_numbers_go_through(count: int) -> None:
    assert arguments.numbers("ids", range(1, count + 1), least=1, most=3) == tuple(range(1, count + 1))


@pytest.mark.parametrize("count", [0, 4])
def test_fewer_or_more_do_not(count: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"ids must be 1 to 3 of them, not {count}"):
        arguments.numbers("ids", range(1, count + 1), least=1, most=3)


@given(st.text(st.characters()))
def test_a_text_is_measured_in_code_points_and_can_be_sent(value: str) -> None:
    sendable = not any("\ud800" <= each <= "\udfff" for each in value)
    if 1 <= len(value) <= 5 and sendable:
        assert arguments.text("t", value, most=5) == value
    else:
        with pytest.raises(LocalProtocolError, match=r"t must have 1 to 5 characters|t has half of a surrogate pair"):
            arguments.text("t", value, most=5)


def test_a_face_of_four_bytes_is_one_character() -> None:
    assert arguments.text("t", "\N{FOX FACE}" * 5, most=5) == "\N{FOX FACE}" * 5


@pytest.mark.parametrize("wrong", [None, 7, b"x", ["x"]])
def test_what_is_no_text_is_refused_as_one(wrong: Any) -> None:
    with pytest.raises(LocalProtocolError, match="t must be a text, not"):
        arguments.text("t", wrong, most=5)


def test_one_text_is_not_taken_for_its_letters() -> None:
    with pytest.raises(LocalProtocolError, match="names must be several texts, not one: 'chat'"):
        arguments.texts("names", "chat", most=5, longest=5)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_an_id_in_a_path_is_one_segment_of_it(value: str) -> None:
    if value in (".", ".."):
        with pytest.raises(LocalProtocolError, match="must be an id"):
            arguments.key("id", value)
        return
    segment = arguments.key("id", value)
    assert segment.isascii()
    assert not set(segment) & set("/?#\\ \r\n\x00")


def test_one_of_a_few_words_goes_through() -> None:
    assert arguments.one_of("w", "a", ("a", "b")) == "a"
    with pytest.raises(LocalProtocolError, match="w must be one of a, b, not 'c'"):
        arguments.one_of("w", "c", ("a", "b"))


def test_a_page_is_asked_for_by_its_size_and_its_cursor() -> None:
    assert arguments.paged(None, None) == ()
    assert arguments.paged(100, "c" * 1_000) == (("limit", "100"), ("cursor", "c" * 1_000))
    with pytest.raises(LocalProtocolError, match=r"^limit must be a whole number from 1 to 100, not 101"):
        arguments.paged(101, None)
    with pytest.raises(LocalProtocolError, match=r"^cursor must have 1 to 1000 characters, not 1001"):
        arguments.paged(None, "c" * 1_001)


def test_a_time_has_a_zone() -> None:
    moment = datetime(2026, 5, 4, tzinfo=UTC)
    assert arguments.moment("since", moment) is moment
    with pytest.raises(LocalProtocolError, match="since must be a time with a zone"):
        arguments.moment("since", moment.replace(tzinfo=None))


def test_no_error_repeats_more_than_a_little_of_what_was_given() -> None:
    for wrong in ("x" * 10**6, ["x"] * 10**5):
        with pytest.raises(LocalProtocolError) as caught:
            arguments.number("n", wrong)  # type: ignore[type-var]  # that is what is tested
        assert len(str(caught.value)) < 200
