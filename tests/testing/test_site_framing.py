"""HTTP and WebSockets on one port, in memory: byte by byte, pipelined, late, cut, too large, and no HTTP at all."""

import copy
import random

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.events import TextMessage

from kick_proto.endpoints.call import Host
from kick_proto.frames import encode_subscribe, parse_frame
from kick_proto.machine import Close, Closed, Failed, Opened, Received
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.apps import SCOPES
from kick_proto.testing.site.exchange import Cut
from kick_proto.testing.site.framing import LARGEST_BODY, MOST_WAITING, SiteFraming
from kick_proto.testing.site.trouble import CutOff, Slow, Spoiled
from tests.testing.sites import STREAMER, VIEWER
from tests.testing.wire import Client, Wire, upgrade

PAGE = f"/site/api/v2/channels/{STREAMER.slug}"


def served() -> tuple[Wire, KickSite]:
    site = KickSite(rng=random.Random(7))
    return Wire(site=site), site


def asking(target: str, *lines: str, method: str = "GET", body: bytes = b"") -> bytes:
    length = (f"Content-Length: {len(body)}",) if body else ()
    return "\r\n".join((f"{method} {target} HTTP/1.1", "Host: mock", *lines, *length, "", "")).encode("latin-1") + body


def replies(data: bytes, method: str = "GET") -> list[tuple[int, dict[str, str], bytes]]:
    """All whole replies in there."""
    found = []
    while data:
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
        client.send(h11.EndOfMessage())
        client.receive_data(data)
        response, body = client.next_event(), b""
        assert isinstance(response, h11.Response), response
        while isinstance(event := client.next_event(), h11.Data):
            body += event.data
        assert isinstance(event, h11.EndOfMessage), event
        found.append((response.status_code, {k.decode(): v.decode() for k, v in response.headers}, body))
        data = client.trailing_data[0]
    return found


def statuses(data: bytes) -> list[int]:
    return [status for status, _, _ in replies(data)]


def test_a_request_is_answered_and_the_connection_kept() -> None:
    wire, _ = served()
    wire.open()
    ((status, headers, body),) = replies(wire.feed(asking(PAGE)))
    assert (status, headers["content-type"], int(headers["content-length"])) == (200, "application/json", len(body))
    assert statuses(wire.feed(asking("/api/x"))) == [404]
    assert statuses(wire.feed(asking("/nowhere"))) == [404], "the site has this connection now"
    assert wire.ends == []
    assert wire.framing.take_events() == []


def test_bytes_may_come_one_by_one() -> None:
    stream = (
        asking(PAGE)
        + asking("/id/oauth/revoke", "Content-Type: application/x-www-form-urlencoded", method="POST", body=b"token=x")
        + asking("/api/x")
    )
    whole, _ = served()
    dripping, _ = served()
    for wire in (whole, dripping):
        wire.open()
    said = whole.feed(stream)
    assert dripping.feed(*(bytes([byte]) for byte in stream)) == said
    assert statuses(said) == [200, 200, 404]


def test_a_body_may_come_in_chunks() -> None:
    wire, _ = served()
    wire.open()
    head = asking(
        "/id/oauth/revoke",
        "Content-Type: application/x-www-form-urlencoded",
        "Transfer-Encoding: chunked",
        method="POST",
    )
    ((status, _, body),) = replies(wire.feed(head + b"6\r\ntoken=\r\n1\r\nx\r\n0\r\n\r\n"))
    assert (status, body) == (200, b"OK")


def test_a_client_may_wait_to_be_told_to_go_on() -> None:
    wire, _ = served()
    wire.open()
    kind = "Content-Type: application/x-www-form-urlencoded"
    head, _, body = asking("/id/oauth/revoke", kind, "Expect: 100-continue", method="POST", body=b"token=x").partition(
        b"\r\n\r\n"
    )
    assert wire.feed(head + b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
    assert statuses(wire.feed(body)) == [200]


def test_a_connection_is_closed_where_that_is_asked_for() -> None:
    wire, _ = served()
    wire.open()
    ((status, headers, _),) = replies(wire.feed(asking(PAGE, "Connection: close")))
    assert (status, headers["connection"]) == (200, "close")
    assert wire.ends == [(1, "Close")]
    assert wire.feed(asking(PAGE)) == b""
    wire.open(2)
    assert statuses(wire.feed(b"GET /api/x HTTP/1.0\r\n\r\n", ref=2)) == [404]
    assert wire.ends[1:] == [(2, "Close")]


def test_head_and_no_content_have_no_body() -> None:
    wire, site = served()
    wire.open()
    ((status, headers, body),) = replies(wire.feed(asking(PAGE, method="HEAD")), "HEAD")
    assert (status, body) == (404, b""), "only GET is a route"
    token = site.grant(wire.now, STREAMER.slug, SCOPES).access.reveal()
    change = asking(
        "/api/public/v1/channels", f"Authorization: Bearer {token}", method="PATCH", body=b'{"category_id":15}'
    )
    ((status, headers, body),) = replies(wire.feed(change))
    assert (status, body, "content-length" in headers) == (204, b"", False)
    assert statuses(wire.feed(asking(PAGE))) == [200]


# Late, and cut


def test_a_late_reply_is_a_timer_and_what_comes_meanwhile_waits_its_turn() -> None:
    wire, site = served()
    wire.open()
    site.trouble(wire.now, Host.SITE, Slow(2.0))
    assert wire.feed(asking(PAGE) + asking("/api/x")) == b""
    assert wire.feed(asking("/api/y")) == b""
    assert [each.path for each in site.requests(Host.API)] == []
    wire.advance(1.9)
    assert wire.feed(b"") == b""
    wire.advance(0.1)
    assert statuses(wire.sent.pop(1)) == [200, 404, 404]
    assert [each.path for each in site.requests(Host.API)] == ["/x", "/y"]


def test_a_reply_may_be_later_than_a_request() -> None:
    wire, site = served()
    wire.open()
    site.trouble(wire.now, Host.SITE, Slow(40.0))
    wire.feed(asking(PAGE))
    wire.advance(39.9)
    assert (wire.sent, wire.ends) == ({}, []), "the time for a request is over with the request"
    wire.advance(0.1)
    assert statuses(wire.sent.pop(1)) == [200]


def test_a_reply_may_be_late_by_very_little() -> None:
    wire, site = served()
    wire.open()
    site.trouble(wire.now, Host.SITE, Slow(0.25))
    assert wire.feed(asking(PAGE)) == b""
    wire.advance(0.25)
    assert statuses(wire.sent.pop(1)) == [200]


def test_a_reply_is_dated_by_the_wall_clock_of_the_answer() -> None:
    wire, site = served()
    wire.advance(20)
    wire.open()
    ((_, headers, _),) = replies(wire.feed(asking(PAGE)))
    assert headers["date"] == "Tue, 14 Nov 2023 22:15:20 GMT", "EPOCH, and the 120 seconds of the other clock"
    site.trouble(wire.now, Host.SITE, Slow(5.0))
    wire.feed(asking(PAGE) + asking(PAGE))
    wire.advance(5)
    late, behind = replies(wire.sent.pop(1))
    assert (late[1]["date"], behind[1]["date"]) == ("Tue, 14 Nov 2023 22:15:20 GMT", "Tue, 14 Nov 2023 22:15:25 GMT")


def test_too_much_that_waits_ends_the_connection() -> None:
    wire, site = served()
    wire.open()
    site.trouble(wire.now, Host.SITE, Slow(2.0))
    wire.feed(asking(PAGE), b"x" * MOST_WAITING)
    assert wire.ends == []
    wire.feed(b"x")
    assert wire.ends == [(1, "Cancel")]
    wire.advance(10)
    assert wire.sent == {}


def test_who_goes_away_gets_no_late_reply() -> None:
    wire, site = served()
    wire.open()
    site.trouble(wire.now, Host.SITE, Slow(2.0))
    wire.feed(asking(PAGE))
    wire.lose()
    wire.advance(10)
    assert (wire.sent, wire.ends, wire.framing.poll_timeout()) == ({}, [], None)


def test_a_connection_is_cut_before_the_reply_or_within_it() -> None:
    wire, site = served()
    whole = len(replies(feed_new(wire, 1, asking(PAGE)))[0][2])
    site.trouble(wire.now, Host.SITE, CutOff(Cut.BEFORE))
    site.trouble(wire.now, Host.SITE, CutOff(Cut.HALFWAY))
    assert feed_new(wire, 2, asking(PAGE)) == b""
    head, _, half = feed_new(wire, 3, asking(PAGE)).partition(b"\r\n\r\n")
    assert f"content-length: {whole}" in head.decode().lower()
    assert len(half) == whole // 2
    assert wire.ends == [(2, "Cancel"), (3, "Close")]


def feed_new(wire: Wire, ref: int, data: bytes) -> bytes:
    wire.open(ref)
    return wire.feed(data, ref=ref)


def test_a_large_reply_leaves_whole() -> None:
    wire, site = served()
    site.trouble(wire.now, Host.SITE, Spoiled("large"))
    ((_, _, body),) = replies(feed_new(wire, 1, asking(PAGE)))
    assert len(body) == 3 * 1024 * 1024


# What is no request


@pytest.mark.parametrize(
    ("garbage", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET /api/x HTTP/1.1\r\n\r\n", 400),
        (b"GET /api/x HTTP/2\r\nHost: x\r\n\r\n", 400),
        (asking("/api/x", "Content-Length: x"), 400),
        (asking("/api/x", "Content-Length: 1", "Content-Length: 2"), 400),
        (asking("/api/x", "Transfer-Encoding: chunked", method="POST") + b"zz\r\n", 400),
        (asking("/api/x", f"X: {'x' * 100_000}")[:-4], 431),
        (b"GET /api/" + b"x" * 100_000, 431),
        (asking("/api/x", method="POST", body=b"x" * (LARGEST_BODY + 1)), 413),
        (asking("/api/x", method="BREW"), 501),
        (asking("/api/x", method="CONNECT"), 501),
    ],
)
def test_garbage_behind_a_request_is_told_and_ends_the_connection(garbage: bytes, status: int) -> None:
    wire, _ = served()
    wire.open()
    said = wire.feed(asking(PAGE) + garbage)
    assert statuses(said) == [200, status]
    assert b"connection: close" in said.lower()
    assert wire.ends == [(1, "Close")]
    assert wire.feed(asking(PAGE)) == b""


def test_a_body_of_the_limit_is_taken() -> None:
    wire, _ = served()
    assert statuses(feed_new(wire, 1, asking("/api/x", method="POST", body=b"x" * LARGEST_BODY))) == [404]


def test_a_request_has_a_time_limit_and_so_has_idleness() -> None:
    wire, _ = served()
    feed_new(wire, 1, asking(PAGE))
    wire.advance(20)
    wire.feed(b"GET /api/x HT")
    wire.advance(9.9)
    assert wire.ends == []
    wire.advance(0.1)
    assert wire.ends == [(1, "Close")]
    assert wire.framing.poll_timeout() is None


# Beside WebSockets


def test_a_websocket_is_still_one() -> None:
    wire, _ = served()
    client = Client(wire)
    assert client.accepted
    assert statuses(feed_new(wire, 2, asking(PAGE))) == [200]
    client.look()
    assert [parse_frame(text).event for text in client.texts] == ["pusher:connection_established"]


@pytest.mark.parametrize("target", ["/", "/app/x", "/apix"])
def test_what_is_none_of_the_site_s_paths_is_told_to_upgrade(target: str) -> None:
    wire, _ = served()
    assert feed_new(wire, 1, asking(target)).startswith(b"HTTP/1.1 426 ")
    assert wire.ends == [(1, "Close")]


def test_an_upgrade_to_one_of_the_site_s_paths_is_an_ordinary_request() -> None:
    wire, _ = served()
    assert statuses(feed_new(wire, 1, upgrade(PAGE))) == [200]


def test_what_makes_no_sense_to_the_site_is_dropped_in_silence() -> None:
    framing = SiteFraming(KickSite(rng=random.Random(7)))
    for received in (Received(1, asking(PAGE), 1.0), Closed(1), Failed(1, "no"), Opened(1), Received(1, b"", 1.0)):
        framing.handle_input(0.0, received)
    framing.handle_input(1.0, Opened(1))
    assert framing.poll_timeout() == 30.0, "a second opening is none"
    framing.handle_timeout(29.9)
    assert framing.poll_output() is None
    framing.handle_timeout(30.0)
    assert framing.poll_output() == Close(1)


def test_without_a_site_there_is_none() -> None:
    assert feed_new(Wire(), 1, asking(PAGE)).startswith(b"HTTP/1.1 426 ")


def test_what_is_posted_is_seen_on_the_socket() -> None:
    wire, site = served()
    client = Client(wire)
    topic = f"chatrooms.{STREAMER.chatroom_id}.v2"
    client.send(TextMessage(data=encode_subscribe(topic)))
    token = site.grant(wire.now, VIEWER.slug, SCOPES).access.reveal()
    body = f'{{"content":"hi","type":"user","broadcaster_user_id":{STREAMER.user_id}}}'.encode()
    said = feed_new(wire, 2, asking("/api/public/v1/chat", f"Authorization: Bearer {token}", method="POST", body=body))
    assert statuses(said) == [200]
    client.look()
    frame = parse_frame(client.texts[-1])
    assert (frame.event, frame.channel) == ("App\\Events\\ChatMessageEvent", topic)
    assert '"content":"hi"' in str(frame.data)


def test_a_server_that_closes_ends_what_is_kept_alive_or_late() -> None:
    wire, site = served()
    feed_new(wire, 1, asking(PAGE))
    site.trouble(wire.now, Host.SITE, Slow(2.0))
    feed_new(wire, 2, asking(PAGE))
    wire.command(wire.server.close)
    assert sorted(wire.ends) == [(1, "Cancel"), (2, "Cancel")]
    assert wire.framing.closed
    assert wire.framing.poll_timeout() is None


# Whatever happens


PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            asking(PAGE),
            asking("/api/x", method="POST", body=b"abc"),
            asking("/id/oauth/token", "Content-Type: application/x-www-form-urlencoded", method="POST", body=b"a=b"),
            asking("/api/x", "Transfer-Encoding: chunked", method="POST"),
            b"3\r\nabc\r\n",
            b"0\r\n\r\n",
            asking(PAGE, "Connection: close"),
            asking(PAGE, "Expect: 100-continue"),
            upgrade(),
            upgrade(PAGE),
            b"GET /api/",
            b"\r\n\r\n",
        ]
    ),
)


@given(st.lists(st.tuples(st.integers(1, 3), PIECES), max_size=12), st.booleans())
def test_whatever_comes_is_answered_or_ended_and_a_copy_goes_on_alike(
    pieces: list[tuple[int, bytes]], late: bool
) -> None:
    wire, site = served()
    if late:
        site.trouble_by_chance(wire.now, Host.SITE, Slow(0.5), 0.5)
    for ref in (1, 2, 3):
        wire.open(ref)
    twin = copy.deepcopy(wire)
    for one in (wire, twin):
        for ref, piece in pieces:
            one.framing.handle_input(one.now, Received(ref, piece, 1.0))
            one.drain()
            one.advance(0.2)
        one.advance(60)
    assert (wire.sent, wire.ends) == (twin.sent, twin.ends)
    assert {1, 2, 3} == {ref for ref, _ in wire.ends} | set(wire.server.refs), "nobody is kept for ever"
