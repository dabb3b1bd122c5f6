"""Every spelling that was seen is read, and what cannot be read is named by its place."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.endpoints import reading
from kick_proto.errors import RemoteProtocolError
from kick_proto.http import Response
from kick_proto.secret import Secret


class Thing(msgspec.Struct, frozen=True):
    id: int
    count: int | None = None
    title: str | None = None
    flag: bool = False
    started_at: datetime | None = None
    start_time: datetime | None = None
    tags: tuple[str, ...] = ()
    key: Secret | None = None


def sent(body: Any) -> Response:
    return Response(200, (("content-type", "application/json"),), msgspec.json.encode(body))


def thing(**fields: Any) -> Thing:
    return reading.part({"id": 1, **fields}, Thing)


@given(st.integers(-(2**70), 2**70))
def test_a_number_is_read_from_a_number_and_from_digits(number: int) -> None:
    assert thing(count=number) == thing(count=str(number)) == Thing(1, number)


@pytest.mark.parametrize("none", [None, "", " ", "\n\t"])
@pytest.mark.parametrize("name", ["count", "title", "started_at", "start_time", "key", "tags", "flag"])
def test_absent_null_and_blank_are_none(name: str, none: str | None) -> None:
    assert thing(**{name: none}) == thing() == Thing(1)


def test_what_is_blank_within_a_list_is_left_out() -> None:
    assert thing(tags=["a", "", None, "b"]).tags == ("a", "b")


@pytest.mark.parametrize("name", ["started_at", "start_time"])
@pytest.mark.parametrize(
    "text",
    [
        "2026-05-04T11:58:01Z",
        "2026-05-04T11:58:01.000000Z",
        "2026-05-04T11:58:01.000000000Z",
        "2026-05-04T13:58:01+02:00",
        "2026-05-04 11:58:01",
        "2026-05-04T11:58:01",
        " 2026-05-04T11:58:01Z ",
    ],
)
def test_a_time_is_read_in_utc_with_a_zone_or_without(name: str, text: str) -> None:
    moment = getattr(thing(**{name: text}), name)
    assert moment == datetime(2026, 5, 4, 11, 58, 1, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize("text", ["2026-05-04 11:58:01", "2026-05-04T13:58:01+02:00"])
def test_where_the_machine_stands_changes_no_time(text: str) -> None:
    moment = thing(started_at=text).started_at
    assert moment is not None
    assert (moment, moment.tzinfo) == (datetime(2026, 5, 4, 11, 58, 1, tzinfo=UTC), UTC)


@given(st.integers(-62_100_000_000, 253_400_000_000), st.integers(-1439, 1439))
def test_every_time_is_read_back_whatever_zone_it_is_written_in(seconds: int, offset: int) -> None:
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
    written = moment.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    assert thing(started_at=written).started_at == moment


@pytest.mark.parametrize("zero", ["0001-01-01T00:00:00Z", "0001-01-01 00:00:00", "0001-01-01T00:00:00+23:59"])
def test_the_zero_of_go_is_no_time(zero: str) -> None:
    assert thing(started_at=zero) == Thing(1)


def test_a_time_beyond_the_calendar_is_none() -> None:
    assert thing(started_at="9999-12-31T23:59:59-23:59") == Thing(1)


def test_a_text_that_looks_like_a_time_stays_a_text() -> None:
    assert thing(title="0001-01-01T00:00:00Z").title == "0001-01-01T00:00:00Z"
    assert thing(title="2026-05-04 11:58:01").title == "2026-05-04 11:58:01"
    assert thing(title="null").title == "null"


def test_a_key_is_hidden_as_it_is_read() -> None:
    told = thing(key="canary-key")
    assert told.key == Secret("canary-key")
    assert "canary" not in repr(told)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"data": [{"id": 1}, {"id": "x"}]}, "$.data[1].id"),
        ({"data": [{"id": 1}, {"id": True}]}, "$.data[1].id"),
        ({"data": [{"id": 1, "tags": ["a", 7]}]}, "$.data[0].tags[1]"),
        ({"data": [{"id": 1, "tags": [None, "", "a", " ", 7]}]}, "$.data[0].tags[4]"),
        ({"data": [{"id": 1, "started_at": "soon"}]}, "$.data[0].started_at"),
        ({"data": [{"id": 1, "key": 7}]}, "$.data[0].key"),
        ({"data": [{}]}, "$.data[0]"),
        ({"data": [None]}, "$.data[0]"),
        ({"data": [7]}, "$.data[0]"),
        ({"data": {"count": 7}}, "$.data"),
        ({"data": "Channel not found"}, "$.data"),
        ({"data": 7}, "$.data"),
        ({"message": "OK"}, "$"),
        ([], "$"),
        (7, "$"),
        (None, "$"),
        ("x", "$"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place(body: Any, place: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        reading.rows(sent(body), Thing)
    assert str(caught.value).endswith(f" - at `{place}`")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ([], "Expected `object`, got `array` - at `$`"),
        (None, "Expected `object`, got `null` - at `$`"),
        (7, "Expected `object`, got `int` - at `$`"),
        ({}, "Object missing required field `data` - at `$`"),
        ({"data": "x"}, "Expected `array`, got `str` - at `$.data`"),
        ({"data": [{"id": 1, "key": 7}]}, "Expected `str`, got `int` - at `$.data[0].key`"),
        ({"data": [{"id": 1, "key": {}}]}, "Expected `str`, got `object` - at `$.data[0].key`"),
        ({"data": [{"id": 1, "key": []}]}, "Expected `str`, got `array` - at `$.data[0].key`"),
    ],
)
def test_what_was_expected_and_what_there_was_are_told_in_the_words_of_json(body: Any, sentence: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        reading.rows(sent(body), Thing)
    assert str(caught.value) == sentence


class Shelf(msgspec.Struct, frozen=True):
    things: tuple[Thing, ...] = ()
    rows: tuple[tuple[int, ...], ...] = ()
    named: dict[str, tuple[int, ...]] = {}
    by_name: dict[str, Thing] = {}
    kind: Literal["open", "closed"] = "open"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"things": [None, "", {"id": 1}, None, {"id": "x"}]}, "$.things[4].id"),
        ({"things": [{"id": 1}, {"id": "x"}, None]}, "$.things[1].id"),
        ({"things": [None, {"id": 1, "tags": ["", 7]}]}, "$.things[1].tags[1]"),
        ({"rows": [None, [1], ["", 1, None, "x"]]}, "$.rows[2][3]"),
        ({"rows": ["", 7]}, "$.rows[1]"),
        # Which value it was is not known, so neither is the place in it.
        ({"named": {"a": [None, "x"]}}, "$.named[...][...]"),
        ({"by_name": {"a": {"id": 1, "tags": [None, 7]}}}, "$.by_name[...].tags[...]"),
        ({"things": {"id": 1}}, "$.things"),
        ({"kind": "ajar - at `$.things[0]`"}, "$.kind"),
    ],
)
def test_an_item_is_named_by_its_place_among_all_that_were_sent(value: Any, place: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        reading.part(value, Shelf)
    assert str(caught.value).endswith(f" - at `{place}`")


def test_words_that_were_sent_and_look_like_a_place_are_left_as_they_are() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        reading.rows(sent({"data": [{"kind": "ajar - at `$.things`"}]}), Shelf)
    assert str(caught.value) == "Invalid enum value 'ajar - at `$.things`' - at `$.data[0].kind`"


def test_the_one_row_of_an_array_is_named_as_such() -> None:
    with pytest.raises(RemoteProtocolError, match=r" - at `\$\.data\[0\]\.id`$"):
        reading.row(sent({"data": [{"id": "x"}]}), Thing)


def test_a_place_is_named_from_the_root_for_a_row_and_for_a_whole_body_too() -> None:
    with pytest.raises(RemoteProtocolError, match=r"at `\$\.data\.id`$"):
        reading.row(sent({"data": {"id": "x"}}), Thing)
    with pytest.raises(RemoteProtocolError, match=r"at `\$\.id`$"):
        reading.whole(sent({"id": []}), Thing)
    with pytest.raises(RemoteProtocolError, match=r"at `\$\.pagination\.next_cursor`$"):
        reading.page(sent({"data": [], "pagination": {"next_cursor": 7}}), Thing)


@pytest.mark.parametrize(
    ("data", "ids"),
    [([{"id": 1}, {"id": 2}], [1, 2]), ([], []), (None, []), ({}, []), ({"id": 1}, [1])],
)
def test_data_is_an_array_an_object_null_or_an_empty_object(data: Any, ids: list[int]) -> None:
    assert [each.id for each in reading.rows(sent({"data": data}), Thing)] == ids


def test_one_row_stands_alone_or_in_an_array_of_one() -> None:
    assert reading.row(sent({"data": {"id": 1}}), Thing) == reading.row(sent({"data": [{"id": 1}]}), Thing) == Thing(1)


@pytest.mark.parametrize("data", [[], [{"id": 1}, {"id": 2}], None, {}, "x"])
def test_what_is_not_one_row_is_an_error_where_one_is_asked_for(data: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        reading.row(sent({"data": data}), Thing)


@pytest.mark.parametrize(
    ("pagination", "cursor"), [({"next_cursor": "c"}, "c"), ({"next_cursor": ""}, None), ({}, None), (None, None)]
)
def test_a_page_tells_where_the_next_one_begins(pagination: Any, cursor: str | None) -> None:
    page = reading.page(sent({"data": [{"id": 1}], "pagination": pagination}), Thing)
    assert (page.rows, page.cursor) == ((Thing(1),), cursor)
    assert reading.page(sent({"data": []}), Thing) == reading.Page(())


def test_what_is_no_json_is_told_by_its_kind_and_size_and_not_by_its_words() -> None:
    response = Response(200, (("content-type", "text/html\n" * 99),), b"<p>canary</p>")
    with pytest.raises(RemoteProtocolError, match="expected JSON, got 13 bytes that are none") as caught:
        reading.document(response)
    assert "canary" not in str(caught.value)
    kind = ("text/html\n" * 99)[:80]
    assert str(caught.value) == f"expected JSON, got 13 bytes that are none ({kind!r}, HTTP 200)"
    with pytest.raises(RemoteProtocolError, match=r"got 0 bytes that are none \('no content-type', HTTP 204\)$"):
        reading.document(Response(204, (), b""))


def test_what_is_only_good_to_have_is_none_where_it_cannot_be_read() -> None:
    assert reading.perhaps({"id": 1}, Thing) == Thing(1)
    assert reading.perhaps({"id": "x"}, Thing) is None
    assert reading.perhaps("12", int) == 12
    assert reading.perhaps("1.2K", int) is None


READERS: tuple[Callable[[Response, type[Thing]], object], ...] = (
    reading.whole,
    reading.row,
    reading.rows,
    reading.page,
)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["data", "id", "started_at", "tags", "key", "count"]), inner, max_size=4)
        ),
    )
)
def test_no_document_raises_anything_else(body: Any) -> None:
    for read in READERS:
        try:
            read(sent(body), Thing)
        except RemoteProtocolError as error:
            place = str(error).rpartition(" - at ")[2]
            if not place.startswith("`$"):
                raise


def test_a_document_of_any_depth_is_refused_at_the_worst() -> None:
    for depth in range(100, 1_100, 50):
        body = b'{"data":[{"id":1,"title":' + b"[" * depth + b"]" * depth + b"}]}"
        with pytest.raises(RemoteProtocolError):
            reading.rows(Response(200, (), body), Thing)
