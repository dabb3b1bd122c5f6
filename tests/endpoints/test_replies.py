"""What each kind of reply becomes, and that nothing of it that is secret is kept."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.http import Response
from kick_proto.outcomes import Outcome
from tests.endpoints.replies import JSON, ROWS, SLUG, Row, outcome
from tests.shapes import changed, places

READ = [row for row in ROWS if row.ask is not None and not isinstance(row.body, bytes)]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_each_reply_becomes_what_the_table_says(row: Row) -> None:
    call = row.ask(SLUG) if row.ask is not None else None
    assert outcome(call, row.response()) == row.becomes


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_no_result_shows_where_a_stream_is_played_or_sent_from(row: Row) -> None:
    call = row.ask(SLUG) if row.ask is not None else None
    assert "canary" not in repr(outcome(call, row.response()))


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", " ", "x", 0, -1, True, 1.5, 10**30, [], {}, [None], [[]], {"id": None}, "0001-01-01T00:00:00Z", "\x00"]
)


@pytest.mark.parametrize("row", READ, ids=[row.name for row in READ])
@given(data=st.data())
def test_nothing_that_stands_in_a_reply_raises_anything_else(row: Row, data: st.DataObject) -> None:
    assert row.ask is not None
    body: Any = copy.deepcopy(row.body)
    for _ in range(data.draw(st.integers(1, 3))):
        odd = data.draw(ODD)
        body = changed(body, data.draw(st.sampled_from(list(places(body)))), lambda _, odd=odd: odd)  # type: ignore[misc]
    outcome(row.ask(SLUG), Response(200, JSON, msgspec.json.encode(body)))


@pytest.mark.parametrize("row", READ, ids=[row.name for row in READ])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 100_000, b"1e999", b"9" * 5_000, b"<html>", b"null", b"7", b'"x"', b"[]", b"{}"]
)
def test_what_is_no_such_document_is_a_bad_response_or_nothing(row: Row, body: bytes) -> None:
    assert row.ask is not None
    result = outcome(row.ask(SLUG), Response(200, JSON, body))
    generic = row.ask(SLUG).path.startswith(("/current", "/api/v1", "/public/v1/drops", "/channels"))
    assert generic or result is Outcome.BAD_RESPONSE
