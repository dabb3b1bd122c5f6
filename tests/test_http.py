"""Requests and responses as values: what is sent, what is shown, and when to come again."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kick_proto.http import Fetch, Pairs, Request, Responded, Response, Timeouts, retry_after
from kick_proto.secret import Secret

CANARY = "canary-9d1e"
ADDRESS = "https://api.kick.com/public/v1/users"
SENDABLE = st.text(st.characters(codec="utf-8"))
PAIRS = st.lists(st.tuples(SENDABLE, SENDABLE | SENDABLE.map(Secret)), max_size=5).map(tuple)


def plain(pairs: Pairs) -> list[tuple[str, str]]:
    return [(name, value.reveal() if isinstance(value, Secret) else value) for name, value in pairs]


@given(PAIRS)
def test_a_query_is_read_back_as_it_was_given(query: Pairs) -> None:
    url = Request(method="GET", address=ADDRESS, query=query).url()
    assert url.isascii()
    assert " " not in url
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == plain(query)
    assert url.split("?")[0] == ADDRESS


@given(PAIRS.filter(bool))
def test_a_form_is_read_back_as_it_was_given_and_says_that_it_is_one(form: Pairs) -> None:
    request = Request(method="POST", address=ADDRESS, form=form)
    assert parse_qsl(request.content().decode(), keep_blank_values=True) == plain(form)
    assert request.header_lines() == [("content-type", "application/x-www-form-urlencoded")]


def test_a_space_is_no_plus_which_some_readers_take_for_itself() -> None:
    request = Request(method="GET", address=ADDRESS, query=(("scope", "user:read chat:write"),))
    assert request.url() == f"{ADDRESS}?scope=user%3Aread%20chat%3Awrite"
    form = Request(method="POST", address=ADDRESS, form=(("scope", "user:read chat:write"),))
    assert form.content() == b"scope=user%3Aread%20chat%3Awrite"


def test_without_a_query_there_is_no_question_mark() -> None:
    assert Request(method="GET", address=ADDRESS).url() == ADDRESS


def test_what_is_secret_is_in_what_is_sent_and_in_nothing_that_is_shown() -> None:
    hidden = Secret(CANARY)
    request = Request(
        method="POST",
        address=ADDRESS,
        query=(("token", hidden), ("a", "b")),
        headers=(("authorization", hidden), ("accept", "application/json")),
        form=(("client_secret", hidden),),
    )
    assert request.url() == f"{ADDRESS}?token={CANARY}&a=b"
    assert request.header_lines()[:2] == [("authorization", CANARY), ("accept", "application/json")]
    assert request.content() == f"client_secret={CANARY}".encode()
    assert CANARY not in repr(Fetch(1, request))


def test_a_body_is_sent_as_it_is() -> None:
    request = Request(method="POST", address=ADDRESS, headers=(("content-type", "application/json"),), body=b'{"a":1}')
    assert request.content() == b'{"a":1}'
    assert request.header_lines() == [("content-type", "application/json")]


@given(PAIRS, PAIRS, PAIRS)
def test_no_request_shows_any_secret(query: Pairs, headers: Pairs, form: Pairs) -> None:
    marked = tuple(
        tuple(
            (name, Secret(f"{CANARY}{value.reveal()}") if isinstance(value, Secret) else value) for name, value in each
        )
        for each in (query, headers, form)
    )
    request = Request(method="POST", address=ADDRESS, query=marked[0], headers=marked[1], form=marked[2])
    assert CANARY not in repr(request)


RESPONSE = Response(200, (("content-type", "application/json"), ("set-cookie", CANARY)), f'{{"a":"{CANARY}"}}'.encode())


def test_a_response_shows_its_kind_and_size() -> None:
    assert repr(RESPONSE) == "Response(status=200, 'application/json', 19 bytes)"
    assert repr(Response(200, (), b"some", cut=True)) == "Response(status=200, None, 4 bytes and more)"
    assert CANARY not in repr(Responded(1, RESPONSE, 0.0))


def test_rich_does_not_show_more_of_a_response() -> None:
    pretty = pytest.importorskip("rich.pretty", reason="rich is an extra")
    assert pretty.pretty_repr(RESPONSE) == "Response(status=200, size=19)"
    assert CANARY not in pretty.pretty_repr(Responded(1, RESPONSE, 0.0), max_width=20)


def test_a_hostile_content_type_neither_floods_a_log_nor_breaks_its_line() -> None:
    shown = repr(Response(200, (("content-type", "a\nb\x1b[31m" + "x" * 9_000),)))
    assert shown.isprintable()
    assert len(shown) < 150


def test_the_first_header_of_a_name_counts() -> None:
    response = Response(200, (("a", "1"), ("b", "2"), ("a", "3")))
    assert (response.header("a"), response.header("b"), response.header("c")) == ("1", "2", None)


@pytest.mark.parametrize("field", ["connect", "read", "total"])
@pytest.mark.parametrize("wrong", [0, -1.0, float("nan")])
def test_a_timeout_is_above_nothing(field: str, wrong: float) -> None:
    limits: dict[str, Any] = {field: wrong}
    with pytest.raises(ValueError, match="timeouts are seconds above 0"):
        Timeouts(**limits)


def test_a_timeout_may_be_less_than_a_second() -> None:
    assert Timeouts(0.5, 0.5, 0.5) == Timeouts(connect=0.5, read=0.5, total=0.5)


# When to come again

NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


def waits(value: str) -> float | None:
    return retry_after((("date", "x"), ("retry-after", value)), NOW.timestamp())


@given(st.integers(0, 10**11))
def test_seconds_are_read(seconds: int) -> None:
    assert waits(str(seconds)) == waits(f" {seconds} ") == seconds


@given(st.integers(-(10**7), 10**7))
def test_a_date_is_read_and_one_in_the_past_means_now(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert waits(date) == max(0, seconds)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Mon, 04 May 2026 12:00:07 GMT", 7.0),
        ("Monday, 04-May-26 12:00:07 GMT", 7.0),
        ("Mon May  4 12:00:07 2026", 7.0),
        ("Mon, 04 May 2026 14:00:07 +0200", 7.0),
        ("Mon, 04 May 2026 12:00:07 -0000", 7.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("999999999999999999999999", 999999999999.0),
    ],
)
def test_the_three_forms_of_a_date_are_read(value: str, seconds: float) -> None:
    assert waits(value) == seconds


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine stands there, as far as its clock knows."""
    if not hasattr(time, "tzset"):
        pytest.skip("here the zone of the clock is the system's")
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "JST-9")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("tokyo")
@pytest.mark.parametrize("date", ["Mon, 04 May 2026 12:00:07 -0000", "Mon May  4 12:00:07 2026"])
def test_a_date_without_a_zone_is_that_of_greenwich_wherever_this_machine_stands(date: str) -> None:
    assert waits(date) == 7.0


@pytest.mark.parametrize(
    "value", ["", " ", "-5", "1.5", "soon", "\u0661", "\u00b2", "Mon, 99 May 2026 12:00:07 GMT", "+5"]
)
def test_what_names_no_time_is_none(value: str) -> None:
    assert waits(value) is None


def test_no_header_is_no_time() -> None:
    assert retry_after((), 0.0) is None


DATED = st.from_regex(
    r"((Mon|Fri), )?[0-9]{1,3} (Jan|May|Dec) [0-9]{1,5} [0-9]{1,2}:[0-9]{2}(:[0-9]{1,3})? ?(GMT|[+-][0-9]{4,6}|X)?",
    fullmatch=True,
)


@given(st.text() | DATED, st.floats(0, 1e11))
@example("Mon, 01 Jan 0001 00:00:00 +2359", 0.0)
@example("Fri, 31 Dec 9999 23:59:59 -2359", 0.0)
def test_nothing_that_a_server_sends_raises_or_gives_a_time_in_the_past(value: str, unix_now: float) -> None:
    seconds = retry_after((("retry-after", value),), unix_now)
    assert seconds is None or 0.0 <= seconds < float("inf")
