"""Redirects: within the same server they are followed, a few of them; elsewhere never."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kick_proto.endpoints.call import Call, Host, Sites
from tests.rest_acts import Stage, answer, config, get, moved, post


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "followed"),
    [
        pytest.param("/b", "/b", id="path"),
        pytest.param("https://api.kick.com/b", "/b", id="url"),
        pytest.param("HTTPS://API.KICK.COM:443/b", "/b", id="the same, said otherwise"),
        pytest.param("//api.kick.com/b", "/b", id="without a scheme"),
        pytest.param("?x=1&y=a%20b&z=", "/v1/a?x=1&y=a%20b&z=", id="query alone"),
        pytest.param("../b#part", "/b", id="relative"),
        pytest.param("https://api.kick.com", "/", id="no path"),
        pytest.param("https://user:pass@api.kick.com/b", "/b", id="a user is left out"),
    ],
)
def test_a_redirect_within_the_host_is_followed_and_takes_its_second(status: int, location: str, followed: str) -> None:
    assert Stage(moved(location, status)).play(get("/v1/a", redirects=True)) == [
        "0 GET api.kick.com/v1/a",
        f"1 GET api.kick.com{followed}",
        "1 /v1/a: 'fine'",
    ]


@pytest.mark.parametrize(
    ("location", "told"),
    [
        pytest.param("https://evil.example/b?token=hunter2", "https://evil.example", id="host"),
        pytest.param("//evil.example/hunter2", "https://evil.example", id="host without a scheme"),
        pytest.param("http://api.kick.com/b", "http://api.kick.com", id="scheme"),
        pytest.param("https://api.kick.com:8443/b", "https://api.kick.com:8443", id="port"),
        pytest.param("https://api.kick.com@evil.example/", "https://evil.example", id="host as a user"),
        pytest.param("https://api.kick.com.evil.example/", "https://api.kick.com.evil.example", id="longer host"),
        pytest.param("https://" + "e" * 300 + "/", "https://" + "e" * 92, id="a very long host"),
        pytest.param("https://evil.example\\@api.kick.com/", "what is no URL", id="backslash"),
        pytest.param("https://[::1/", "what is no URL", id="half an address"),
        pytest.param("https://api.kick.com:99999/", "what is no URL", id="no port"),
        pytest.param("/a b", "what is no URL", id="blank"),
        pytest.param("/\r\nx: y", "what is no URL", id="line end"),
        pytest.param("/" + "a" * 4_096, "what is no URL", id="very long"),
        pytest.param("", "nowhere", id="nothing"),
        pytest.param("javascript:alert(1)", "javascript://", id="no host"),
    ],
)
def test_a_redirect_elsewhere_is_not_followed_and_its_query_not_told(location: str, told: str) -> None:
    stage = Stage(moved(location))
    assert stage.play(get(redirects=True)) == ["0 GET api.kick.com/a", "0 /a: bad response"]
    assert stage.failure.message == f"HTTP 302, bad response: it redirects to {told}"
    assert stage.failure.status == 302


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(get(), id="not wanted"),
        pytest.param(post(redirects=True, repeatable=True), id="a POST"),
        pytest.param(get(host=Host.ID, redirects=True), id="the OAuth server"),
    ],
)
def test_some_calls_follow_no_redirect(call: Call[object]) -> None:
    stage = Stage(moved("/b?token=hunter2"))
    assert stage.play(call)[-1] == "0 /a: bad response"
    assert len(stage.requests) == 1
    assert stage.failure.message.endswith(".kick.com, and no redirect is followed here")


def test_a_server_below_a_path_is_left_for_its_root_where_it_says_so() -> None:
    stage = Stage(moved("/b"), moved("c"), config=config(sites=Sites(api="http://localhost:9/api")))
    stage.play(get(redirects=True))
    assert [request.address for request in stage.requests] == [
        "http://localhost:9/api/a",
        "http://localhost:9/b",
        "http://localhost:9/c",
    ]


def test_a_circle_of_redirects_ends_at_the_fourth() -> None:
    stage = Stage(*[moved("/a")] * 9)
    assert stage.play(get(redirects=True))[-1] == "3 /a: bad response"
    assert len(stage.requests) == 4
    assert stage.failure.message == "HTTP 302, bad response: it redirects to https://api.kick.com for the 4th time"


def test_a_retry_after_a_redirect_asks_where_it_led() -> None:
    stage = Stage(moved("/b?key=hunter2"), answer(500))
    assert stage.play(get(redirects=True))[-2:] == ["2 GET api.kick.com/b?key=hunter2", "2 /a: 'fine'"]
    assert "hunter2" not in repr(stage.requests)


pieces = st.sampled_from(
    [
        "/", "//", "\\", ":", "@", "?", "#", "[", "]", "..", "%2f", "%00", "api.kick.com", "evil.example", "https",
        "http", "HTTPS:", "443", "&a=b", ";", "user:pass@", "\t", "\n", " ", "\u2100", "\uff0f",
    ]
)  # fmt: skip
locations = st.text() | st.lists(pieces, max_size=8).map("".join) | st.binary().map(lambda sent: sent.decode("latin-1"))


@given(st.lists(locations, min_size=1, max_size=5))
@example(["https:/\\evil.example/"])
@example(["https://evil.example\\@api.kick.com/"])
@example(["////evil.example/x", "//evil.example/y"])
@example(["https:///evil.example/x"])
def test_whatever_a_location_says_what_is_asked_next_can_be_sent_and_goes_to_the_same_server(
    locations: list[str],
) -> None:
    stage = Stage(*map(moved, locations))
    stage.play(get(redirects=True))
    for request in stage.requests:
        url = request.url()
        assert url.startswith("https://api.kick.com/")
        assert url.isascii()
        assert url.isprintable()
        assert not {" ", "#", "\\"} & set(url)
    assert len(stage.requests) <= 4
