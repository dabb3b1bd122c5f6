"""Calls to any path: what goes through, and what can hide in nothing."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.endpoints import generic
from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.errors import LocalProtocolError, RemoteProtocolError
from kick_proto.http import Response

VERBS: dict[str, Callable[..., Call[Any]]] = {
    "GET": generic.get,
    "POST": generic.post,
    "PUT": generic.put,
    "PATCH": generic.patch,
    "DELETE": generic.delete,
}
PATH = "/public/v1/users"


@pytest.mark.parametrize("method", VERBS)
def test_each_verb_is_a_method_with_the_token_for_the_official_api(method: str) -> None:
    call = VERBS[method](PATH)
    assert (call.method, call.host, call.path, call.auth) == (method, Host.API, PATH, Auth.OPTIONAL)
    assert (call.query, call.headers, call.body) == ((), (), b"")
    assert call.repeatable == (method in ("GET", "PUT", "DELETE"))
    assert call.redirects == (method == "GET")


@pytest.mark.parametrize("method", VERBS)
@pytest.mark.parametrize("host", [Host.SITE, Host.WEB, Host.ID])
def test_the_token_goes_to_no_other_host(method: str, host: Host) -> None:
    assert VERBS[method](PATH, host=host).auth is Auth.NONE


@pytest.mark.parametrize("method", [method for method in VERBS if method != "GET"])
@pytest.mark.parametrize("body", [{"a": 1}, [], {}, "x", 0, False])
def test_a_body_is_sent_as_json(method: str, body: object) -> None:
    call = VERBS[method](PATH, body)
    assert msgspec.json.decode(call.body) == body
    assert call.headers == (("content-type", "application/json"),)


def test_a_query_repeats_a_name_for_each_of_its_values() -> None:
    call = generic.get(PATH, {"id": [1, 2], "slug": ("fox",), "limit": 5, "tag": "a b"})
    assert call.query == (("id", "1"), ("id", "2"), ("slug", "fox"), ("limit", "5"), ("tag", "a b"))


@pytest.mark.parametrize("method", VERBS)
def test_each_verb_may_have_a_query(method: str) -> None:
    assert VERBS[method](PATH, query={"id": 1}).query == (("id", "1"),)


@pytest.mark.parametrize("path", ["/a", "/a/", "/public/v1/chat/m-1", "/a/b.c/~d", "/a/%20b", "/a/...", "/a:b/@c"])
def test_a_path_goes_through(path: str) -> None:
    assert generic.get(path).path == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "a",
        "//evil.example/a",
        "/a//b",
        "https://evil.example/a",
        "@evil.example/a",
        "/a?b=c",
        "/a#b",
        "/a b",
        "/a\\b",
        "/a\r\nx: y",
        "/a\n",
        "/a/../b",
        "/..",
        "/a/.",
        "/./a",
        "/\N{LATIN SMALL LETTER A WITH DIAERESIS}",
        "/a" * 2_000,
    ],
)
@pytest.mark.parametrize("method", VERBS)
def test_what_is_more_than_a_path_is_refused(method: str, path: str) -> None:
    with pytest.raises(LocalProtocolError, match="path"):
        VERBS[method](path)


@pytest.mark.parametrize("wrong", [None, 7, b"/a"])
def test_what_is_no_text_is_no_path(wrong: Any) -> None:
    with pytest.raises(LocalProtocolError, match="path must be a text"):
        generic.get(wrong)


@pytest.mark.parametrize("body", [object(), {"a": object()}, "\ud800", {1.5: {2, object()}}])
def test_a_body_that_is_no_json_is_refused(body: object) -> None:
    with pytest.raises(LocalProtocolError, match="the body cannot be written as JSON"):
        generic.post(PATH, body)


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists))
def test_what_is_answered_comes_as_it_is(value: Any) -> None:
    assert generic.get(PATH).parse(Response(200, (), msgspec.json.encode(value))) == value


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_an_answer_without_a_body_is_none(body: bytes) -> None:
    assert generic.delete(PATH).parse(Response(204, (), body)) is None


def test_an_answer_that_is_no_json_is_told() -> None:
    with pytest.raises(RemoteProtocolError, match="expected JSON"):
        generic.get(PATH).parse(Response(200, (), b"<html>"))
