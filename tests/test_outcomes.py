"""What comes of a reply that is no success: every shape that was seen, and whatever else might be sent."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kick_proto import errors
from kick_proto.http import Response
from kick_proto.outcomes import ERRORS, LONGEST, Failure, Outcome, classify, redacted

NOW = 1_777_896_000.0
JSON = (("content-type", "application/json"),)
HTML = (("content-type", "text/html; charset=UTF-8"),)
CHALLENGE = (
    b'<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" content="noindex">'
)
BLOCK = {"error": "Request blocked by security policy.", "reference": "0a1b2c3d"}


def failed(status: int, body: object = b"", headers: tuple[tuple[str, str], ...] = JSON) -> Failure:
    sent = body if isinstance(body, bytes) else msgspec.json.encode(body)
    failure = classify(Response(status, headers, sent), NOW)
    assert failure is not None
    assert failure.status == status
    return failure


# The shapes of an error's body

SHAPES: Mapping[str, tuple[int, object, Outcome, str | None, str]] = {
    "official: an empty object beside the message": (
        401, {"data": {}, "message": "Unauthorized"}, Outcome.UNAUTHORIZED, None,
        "HTTP 401, unauthorized: Unauthorized",
    ),
    "official: the detail is a text in data": (
        400, {"data": "Channel not found", "message": "Bad request"}, Outcome.REJECTED, None,
        "HTTP 400, rejected: Channel not found; Bad request",
    ),
    "official: data is null": (
        500, {"data": None, "message": "Internal server error"}, Outcome.SERVER_ERROR, None,
        "HTTP 500, server error: Internal server error",
    ),
    "official: no such route": (
        404, {"message": "Not Found"}, Outcome.NOT_FOUND, None, "HTTP 404, not found: Not Found",
    ),
    "site: error, message and a number": (
        404, {"error": "Not Found", "message": "Channel not found.", "status": 404}, Outcome.NOT_FOUND, "Not Found",
        "HTTP 404, not found: Not Found: Channel not found.",
    ),
    "site: no session": (
        401, {"message": "Unauthenticated."}, Outcome.UNAUTHORIZED, None, "HTTP 401, unauthorized: Unauthenticated.",
    ),
    "site: no session, said with a 403": (
        403, {"message": "User is not authenticated."}, Outcome.UNAUTHORIZED, None,
        "HTTP 403, unauthorized: User is not authenticated.",
    ),
    "site: the session is dead": (
        419, {"message": "CSRF token mismatch."}, Outcome.UNAUTHORIZED, None,
        "HTTP 419, unauthorized: CSRF token mismatch.",
    ),
    "site: validation": (
        422, {"message": "The given data was invalid.", "errors": {"channel": ["You do not follow.", "At all."]}},
        Outcome.REJECTED, None,
        "HTTP 422, rejected: channel: You do not follow.; channel: At all.; The given data was invalid.",
    ),
    "site: validation with one text": (
        422, {"errors": {"channel": "You do not follow."}}, Outcome.REJECTED, None,
        "HTTP 422, rejected: channel: You do not follow.",
    ),
    "private: a status object": (
        404, {"data": {}, "status": {"code": 404, "error": True, "message": "no such thing"}}, Outcome.NOT_FOUND, None,
        "HTTP 404, not found: no such thing",
    ),
    "OAuth: a code and a description": (
        400, {"error": "invalid_grant", "error_description": "It is expired."}, Outcome.REJECTED, "invalid_grant",
        "HTTP 400, rejected: invalid_grant: It is expired.",
    ),
    "OAuth: the same with a 401": (
        401, {"error": "invalid_grant"}, Outcome.UNAUTHORIZED, "invalid_grant", "HTTP 401, unauthorized: invalid_grant",
    ),
    "OAuth: a sentence for a code": (
        400, {"error": "Invalid request"}, Outcome.REJECTED, "Invalid request", "HTTP 400, rejected: Invalid request",
    ),
    "a missing scope": (
        403, {"data": {}, "message": "Forbidden"}, Outcome.FORBIDDEN, None, "HTTP 403, forbidden: Forbidden",
    ),
    "plain text": (502, b"Bad Gateway", Outcome.SERVER_ERROR, None, "HTTP 502, server error: Bad Gateway"),
    "a JSON text": (400, "no", Outcome.REJECTED, None, "HTTP 400, rejected: no"),
    "an array": (400, ["no"], Outcome.REJECTED, None, "HTTP 400, rejected"),
    "nothing": (404, b"", Outcome.NOT_FOUND, None, "HTTP 404, not found"),
    "a redirect that nobody followed": (302, b"", Outcome.BAD_RESPONSE, None, "HTTP 302, bad response"),
    "a choice that nobody made": (300, b"", Outcome.BAD_RESPONSE, None, "HTTP 300, bad response"),
    "a text that speaks of a tag": (
        400, b"X<html> is not allowed", Outcome.REJECTED, None, "HTTP 400, rejected: X<html> is not allowed",
    ),
    "too many": (429, {"message": "Too Many Requests"}, Outcome.RATE_LIMITED, None,
                 "HTTP 429, rate limited: Too Many Requests"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_of_an_error_is_understood(name: str) -> None:
    status, body, outcome, code, message = SHAPES[name]
    failure = failed(status, body)
    assert (failure.outcome, failure.code, failure.message) == (outcome, code, message)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
@pytest.mark.parametrize("body", [b"", b"OK", b'{"error":"x"}', b"<p>token</p>"])
def test_a_success_is_no_failure_whatever_it_says(status: int, body: bytes) -> None:
    assert classify(Response(status, JSON, body), NOW) is None


def test_a_success_that_was_cut_is_none_and_is_told_with_what_helps() -> None:
    assert classify(Response(200, JSON, b"[" * 1_234, cut=True), NOW) == Failure(
        outcome=Outcome.BAD_RESPONSE,
        message="HTTP 200, bad response: the answer is larger than max_body, and 1,234 bytes of it were read: "
        "ask for less at a time, or set max_body higher",
        status=200,
    )


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [(404, b'{"message":"no', Outcome.NOT_FOUND), (200, CHALLENGE, Outcome.EDGE_BLOCKED)],
)
def test_what_is_no_success_stays_what_it_is_where_it_was_cut(status: int, body: bytes, outcome: Outcome) -> None:
    failure = classify(Response(status, (), body, cut=True), NOW)
    assert failure is not None
    assert failure.outcome is outcome


# The edge


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        pytest.param(403, HTML, CHALLENGE, id="a challenge page"),
        pytest.param(403, (), CHALLENGE, id="a challenge page without headers"),
        pytest.param(403, JSON, CHALLENGE, id="a challenge page that says it is JSON"),
        pytest.param(403, (), b"\xef\xbb\xbf\r\n <HTML><body>no", id="any page, after a byte order mark"),
        pytest.param(403, HTML, b"", id="a page without anything"),
        pytest.param(403, HTML, b"\xff\xfe\x00", id="a page of broken bytes"),
        pytest.param(403, (("cf-mitigated", "challenge"),), b"{}", id="a mark in the headers"),
        pytest.param(403, (("content-type", "text/plain"),), b"error code: 1020", id="a number in plain text"),
        pytest.param(403, JSON, msgspec.json.encode(BLOCK), id="a rule's block"),
        pytest.param(403, (), b'{"error":"request BLOCKED by someone"}', id="a block in other words"),
        pytest.param(503, HTML, CHALLENGE, id="a challenge with a 503"),
        pytest.param(429, (*HTML, ("cf-mitigated", "challenge")), b"", id="a challenge with a 429"),
        pytest.param(200, HTML, CHALLENGE, id="a challenge with a 200"),
        pytest.param(200, JSON, CHALLENGE.upper(), id="a challenge in other letters"),
    ],
)
def test_what_the_edge_sends_is_told_apart_and_the_ways_out_are_named(
    status: int, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    failure = failed(status, body, headers)
    assert failure.outcome is Outcome.EDGE_BLOCKED
    for way in ("ids by hand", "official API", "fetch callable"):
        assert way in failure.message
    assert failure.message.endswith(f"(HTTP {status})")


@pytest.mark.parametrize(
    ("status", "headers", "body", "outcome"),
    [
        pytest.param(404, HTML, b"<!DOCTYPE html><h1>404</h1>", Outcome.NOT_FOUND, id="a page for a 404"),
        pytest.param(502, HTML, b"<html>Bad Gateway</html>", Outcome.SERVER_ERROR, id="a page for a 502"),
        pytest.param(502, (), b"<HTML>Bad Gateway</HTML>", Outcome.SERVER_ERROR, id="a page that names no kind"),
        pytest.param(502, (), b"\xef\xbb\xbf\r\n\t <html>", Outcome.SERVER_ERROR, id="one after a byte order mark"),
        pytest.param(502, (), b" " * 1_019 + b"<html>", Outcome.SERVER_ERROR, id="one that begins late"),
        pytest.param(429, HTML, b"<html>error 1015</html>", Outcome.RATE_LIMITED, id="a page for a 429"),
        pytest.param(403, (*JSON, ("cf-ray", "0-AMS")), b'{"message":"no"}', Outcome.FORBIDDEN, id="cf-ray is no mark"),
        pytest.param(403, (), b"", Outcome.FORBIDDEN, id="a 403 without a word"),
        pytest.param(403, (), b'"no"', Outcome.FORBIDDEN, id="a 403 with one word of JSON"),
        pytest.param(403, (), b'{"code":1e999}', Outcome.FORBIDDEN, id="a 403 with a number that is too large"),
        pytest.param(403, (), b'{"message":"\xff"}', Outcome.FORBIDDEN, id="a 403 with broken letters"),
        pytest.param(401, (("content-type", "text/plain"),), b"no", Outcome.UNAUTHORIZED, id="plain text with a 401"),
        pytest.param(400, JSON, msgspec.json.encode(BLOCK), Outcome.REJECTED, id="those words with another status"),
    ],
)
def test_what_is_not_the_edges_is_not_taken_for_it(
    status: int, headers: tuple[tuple[str, str], ...], body: bytes, outcome: Outcome
) -> None:
    failure = failed(status, body, headers)
    assert failure.outcome is outcome
    assert "<" not in failure.message


def test_what_begins_like_a_page_too_late_is_read_as_text() -> None:
    assert failed(502, b" " * 1_020 + b"<html>", ()).message == "HTTP 502, server error: <html>"


def test_a_page_in_the_place_of_data_is_left_to_the_parser() -> None:
    assert classify(Response(200, HTML, b"<html>hotel wifi</html>"), NOW) is None


# Further facts


def test_the_time_to_wait_is_taken_along() -> None:
    assert failed(429, headers=(("retry-after", "7"),)).retry_after == 7.0
    assert failed(503, headers=(("retry-after", "Mon, 04 May 2026 12:00:09 GMT"),)).retry_after == 9.0
    assert failed(429).retry_after is None


def test_each_outcome_becomes_its_own_exception() -> None:
    kinds = {outcome: type(Failure(outcome=outcome, message="m").error()) for outcome in Outcome}
    assert kinds == {**ERRORS, Outcome.UNREACHABLE: errors.TransportError}
    assert len(set(kinds.values())) == len(Outcome)
    assert {str(Failure(outcome=outcome, message="m").error()) for outcome in Outcome} == {"m"}


def test_an_exception_of_what_was_never_asked_has_no_status() -> None:
    error = Failure(outcome=Outcome.UNAUTHORIZED, message="log in first").error()
    assert isinstance(error, errors.Unauthorized)
    assert error.status == 0


def test_the_exception_holds_what_is_known() -> None:
    error = Failure(outcome=Outcome.RATE_LIMITED, message="m", status=429, code="c", retry_after=5.0).error()
    assert isinstance(error, errors.RateLimited)
    assert (str(error), error.status, error.code, error.retry_after) == ("m", 429, "c", 5.0)


# What is kept of a body

CANARY = "canary5f1d9e"
LEAKS = [
    "token={}",
    "https://kick.com/a?token={}&b=c",
    "https://kick.com/a?x=1&code={}",
    "code={}&state=x",
    "grant_type%3Da%26code%3D{}",
    "access_token: {}",
    "refresh_token = '{}'",
    "id_token={}",
    "X-Xsrf-Token: {}",
    '{{"token":"{}"}}',
    '{{\\"token\\": \\"{}\\"}}',
    '{{\\\\\\"access_token\\\\\\":\\\\\\"{}\\\\\\"}}',
    "token%3D{}",
    "client_secret={}",
    "secret: {}",
    "code_verifier={}",
    "playback_url: https://a.example/x.m3u8?token={}",
    '"playback_url":"https://a.example/{}"',
    "key={}",
    "stream_key={}",
    "api_key: {}",
    "password={}",
    "Authorization: Bearer {}",
    "authorization: Basic {}",
    "token: bearer {}",
    "authorization: token {}",
    "sent Bearer {} twice",
    "Bearer: {}",
    "session={}",
    "kick_session={}; path=/",
    "session_id={}",
    "Set-Cookie: theme=dark; kick_session={}",
    '{{"cookie":"theme=dark; s={}"}}',
    "apikey={}",
    "passwd: {}",
    "pwd={}",
    "sig={}",
    "signature={}",
    "jwt={}",
    "credential={}",
    "token => {}",
    "token == {}",
    "https://ada:{}@kick.com/",
    "BEARER\t{}",
    "cookie: {}",
    "jwt eyJhbGciOiJIUzI1NiJ9.{}.sig",
    "Invalid: 0A1B2C3D4E5F6G7H8I9J0{}",
]


@pytest.mark.parametrize("text", LEAKS)
def test_what_looks_like_a_secret_is_not_kept(text: str) -> None:
    said = text.format(CANARY)
    assert CANARY not in redacted(said)
    for body in ({"message": said}, {"error": said}, {"data": said}, {"errors": {"a": [said]}}, said, said.encode()):
        failure = failed(400, body)
        assert CANARY not in repr(failure)
        assert CANARY not in str(failure.error())


@pytest.mark.parametrize(
    "text",
    [
        "Channel not found",
        "The provided authorization grant or refresh token is invalid, expired, revoked",
        "The monkey: it climbs",
        "Session: none",
        "https://kick.com/ada, or ask ada@kick.com",
        "message 5d1c0c0e-0000-4000-8000-000000000001 is gone",
        "code 40001",
    ],
)
def test_what_does_not_is_left_as_it_is(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize("before", range(4 * LONGEST - 40, 4 * LONGEST + 8))
def test_a_secret_that_is_cut_at_the_end_of_what_is_kept_is_not_begun(before: int) -> None:
    told = failed(400, {"message": "no." + " " * (before - 3) + "Canary7" + "0123456789abcdef" * 2}).message
    assert "Canary7" not in told
    assert "no." in told


def test_a_secret_gives_way_to_a_word_that_says_so() -> None:
    assert redacted("the token: canary5f1d9e is bad") == "the <redacted> is bad"


def test_of_a_sentence_only_the_beginning_is_read() -> None:
    assert (
        failed(400, {"message": "no. token=" + "x" * 1_250 + " and more"}).message == "HTTP 400, rejected: no. token="
    )


def test_a_sentence_of_300_characters_is_kept_whole_and_a_longer_one_cut() -> None:
    whole = "no " * 99 + "end"
    assert failed(400, {"message": whole}).message == f"HTTP 400, rejected: {whole}"
    assert failed(400, {"message": whole + "s"}).message == f"HTTP 400, rejected: {whole[:-1]}\N{HORIZONTAL ELLIPSIS}"


def test_a_text_that_is_short_enough_is_kept_whole() -> None:
    assert redacted("one two", most=7) == "one two"
    assert redacted("one two", most=6) == "one "
    assert redacted("one two", most=4) == "one "


def test_a_secret_that_is_cut_off_is_hidden_as_well() -> None:
    failure = failed(400, {"message": "x" * (LONGEST - 20) + " token=" + CANARY * 200})
    assert "canary" not in failure.message


def test_little_is_kept_and_on_one_line() -> None:
    failure = failed(400, {"error": "e " * 5_000, "message": "line\r\n\tline " * 2_000})
    assert len(failure.message) < 3 * LONGEST
    assert failure.message.isprintable()
    assert failure.code is not None
    assert len(failure.code) == LONGEST


def test_of_many_complaints_a_few_are_kept() -> None:
    fields = {name: [f"{name}{number}" for number in range(9)] for name in "abcdefghi"}
    told = failed(422, {"errors": fields}).message.partition("rejected: ")[2]
    assert told.split("; ") == [f"{name}: {name}{number}" for name in "abcde" for number in range(3)]


HOSTILE_PIECES = [
    "://", "://a", "@", "session", "%26session", "cookie", "cookie:", "authorization=", "sig", "bearer:", "=>",
    "token", "token=", "bearer ", "bearer", "eyJ", "eyJaaaaaaaa.", "key", "_key", "?code", "code=", "%26code",
    "=", ":", "%3d", " ", "\\", '"', "'", "a_", "_", "0", "a", "secret \\", "password\t",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE_PIECES)
@pytest.mark.parametrize("end", ["", "!", "\n", "=", "0"])
def test_no_text_takes_long_to_clean(piece: str, end: str) -> None:
    def taken(count: int) -> float:
        text = piece * count + end
        started = time.perf_counter()
        redacted(text)
        return time.perf_counter() - started

    # Quadratic time would be hours here: 10,000 million steps for the larger one.
    assert taken(100_000) < 2.0


@given(st.lists(st.sampled_from(HOSTILE_PIECES), max_size=40).map("".join))
def test_nothing_beside_a_secret_uncovers_it(text: str) -> None:
    assert CANARY not in redacted(f"token={CANARY} {text}")
    assert CANARY not in redacted(f"{text} token={CANARY}")


# Whatever else is sent

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)
NAMES = st.sampled_from(["error", "error_description", "errors", "data", "message", "status", "reference"])
BODIES = st.one_of(
    st.binary(max_size=200),
    VALUES.map(msgspec.json.encode),
    st.dictionaries(NAMES, VALUES, max_size=7).map(msgspec.json.encode),
    st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=3), max_size=3).map(msgspec.json.encode),
)
HEADERS = st.lists(
    st.tuples(st.sampled_from(["content-type", "retry-after", "cf-mitigated", "x"]), st.text(max_size=30)), max_size=4
).map(tuple)


@given(st.integers(0, 999), HEADERS, BODIES)
@example(500, (), b"[" * 100_000)
@example(400, JSON, b'{"data":' * 600 + b"1" + b"}" * 600)
@example(400, JSON, b'{"errors":{"a":[' + b"[" * 900 + b"]" * 900 + b"]}}")
@example(400, JSON, b'{"error":"\\ud800"}')
@example(400, JSON, b"1e999")
@example(400, JSON, b'{"message":"' + b"\xff" * 20 + b'"}')
@example(400, JSON, b'"' + b"9" * 200_000)
def test_nothing_that_is_sent_raises(status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    failure = classify(Response(status, headers, body), NOW)
    if failure is None:
        assert 200 <= status < 300
        return
    assert failure.status == status
    assert 0 < len(failure.message) < 1_000
    assert isinstance(failure.error(), errors.ApiError)
    assert "\n" not in failure.message
