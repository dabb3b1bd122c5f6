"""The upgrade: the request as RFC 6455 wants it, the one right answer to it, and all the wrong ones."""

import copy
from collections.abc import Iterable, Mapping

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection
from wsproto.events import Request

from kick_proto import __version__
from kick_proto.machine import Open
from kick_proto.upgrade import Answer, Refused, Upgrade, Upgraded
from tests.streams import split

NONCE = b"the sample nonce"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""Nonce, key and accept token that RFC 6455 section 1.3 prints."""

OPENING = Open(1, "ws.example", 443, tls=True, target="/app/k?protocol=7")
MAX_HEADER = 1_000


def upgrade(opening: Open = OPENING) -> Upgrade:
    """An upgrade whose request is out."""
    attempt = Upgrade(opening, NONCE, max_header=MAX_HEADER, max_informational=10)
    attempt.request()
    return attempt


def answer(headers: Mapping[str, str | None] | None = None, *, status: str = "HTTP/1.1 101 Switching Protocols") -> str:
    """The right answer, with these headers changed, added or (None) left out; each line in a text of its own."""
    lines = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": ACCEPT, **(headers or {})}
    return "\r\n".join([status, *(f"{name}: {value}" for name, value in lines.items() if value is not None), "", ""])


GOOD = answer()
FRAMES = b"\x81\x01A\x81\x01B"


def fed(attempt: Upgrade, reads: Iterable[bytes]) -> Answer | None:
    """The first answer that the reads give; what stands behind it unread is trailing too."""
    rest = iter(reads)
    for data in rest:
        match attempt.feed(data):
            case None:
                continue
            case Upgraded(trailing=trailing):
                return Upgraded(trailing + b"".join(rest))
            case refused:
                return refused
    return None


def byte_by_byte(data: bytes) -> Iterable[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


# The request


def test_the_request_is_the_one_of_the_specification() -> None:
    attempt = Upgrade(OPENING, NONCE, max_header=MAX_HEADER, max_informational=10)
    assert attempt.request().decode() == (
        "GET /app/k?protocol=7 HTTP/1.1\r\n"
        "Host: ws.example\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        f"User-Agent: kick-proto/{__version__}\r\n"
        "\r\n"
    )


def test_a_server_reads_the_request_and_finds_no_extension_and_no_subprotocol_in_it() -> None:
    server = WSConnection(ConnectionType.SERVER)
    server.receive_data(Upgrade(OPENING, NONCE, max_header=MAX_HEADER, max_informational=10).request())
    (request,) = server.events()
    assert isinstance(request, Request)
    assert (request.host, request.target) == ("ws.example", "/app/k?protocol=7")
    assert (request.extensions, request.subprotocols) == ([], [])


@pytest.mark.parametrize(
    ("opening", "host"),
    [
        pytest.param(Open(1, "ws.example", 443, tls=True), "ws.example", id="the default port with TLS"),
        pytest.param(Open(1, "ws.example", 80, tls=False), "ws.example", id="the default port without TLS"),
        pytest.param(Open(1, "ws.example", 80, tls=True), "ws.example:80", id="port 80 with TLS"),
        pytest.param(Open(1, "ws.example", 443, tls=False), "ws.example:443", id="port 443 without TLS"),
        pytest.param(Open(1, "127.0.0.1", 6001, tls=False), "127.0.0.1:6001", id="IPv4"),
        pytest.param(Open(1, "::1", 6001, tls=False), "[::1]:6001", id="IPv6"),
        pytest.param(Open(1, "2001:db8::7", 443, tls=True), "[2001:db8::7]", id="IPv6 and the default port"),
    ],
)
def test_the_host_header_has_the_port_unless_it_is_the_default_one(opening: Open, host: str) -> None:
    request = Upgrade(opening, NONCE, max_header=MAX_HEADER, max_informational=10).request()
    assert f"\r\nHost: {host}\r\n".encode() in request


# The right answer


@pytest.mark.parametrize("trailing", [b"", b"\x81", FRAMES, b"HTTP/1.1 101 Again\r\n\r\n", b"x" * 100_000])
@pytest.mark.parametrize(
    "good",
    [
        pytest.param(GOOD, id="as printed"),
        pytest.param(answer({"Upgrade": "WebSocket"}), id="Upgrade in mixed case"),
        pytest.param(answer({"Upgrade": " \twebsocket "}), id="blanks around a value"),
        pytest.param(answer({"Connection": "upgrade"}), id="Connection in lower case"),
        pytest.param(answer({"Connection": "keep-alive, UPGRADE ,x"}), id="Connection as a list"),
        pytest.param(answer({"Connection": "keep-alive", "connection": "Upgrade"}), id="Connection in two lines"),
        pytest.param(GOOD.replace("Sec-WebSocket-Accept", "SEC-WEBSOCKET-ACCEPT"), id="names in capitals"),
        pytest.param(answer({"Server": "nginx", "Date": "today"}), id="further headers"),
        pytest.param(answer({"Server": "caf\xe9"}), id="a further header that is not ASCII"),
        pytest.param(answer(status="HTTP/1.1 101"), id="no reason phrase"),
        pytest.param(answer(status="HTTP/1.1 101 Web Socket Protocol Handshake"), id="another reason phrase"),
        pytest.param(GOOD.replace("\r\n", "\n"), id="bare line feeds"),
        pytest.param("HTTP/1.1 100 Continue\r\n\r\n" + GOOD, id="a 100 before it"),
        pytest.param("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 10 + GOOD, id="ten 1xx before it"),
    ],
)
def test_the_right_answer_opens_the_websocket_and_what_follows_is_frames(good: str, trailing: bytes) -> None:
    data = good.encode("latin-1")
    assert upgrade().feed(data + trailing) == Upgraded(trailing)
    assert fed(upgrade(), byte_by_byte(data)) == Upgraded(b"")
    assert fed(upgrade(), [data[:-1], data[-1:] + trailing]) == Upgraded(trailing)


def test_the_answer_comes_with_its_last_byte_and_not_before() -> None:
    attempt = upgrade()
    data = GOOD.encode()
    assert [attempt.feed(byte) for byte in byte_by_byte(data[:-1])] == [None] * (len(data) - 1)
    assert attempt.feed(data[-1:]) == Upgraded(b"")


@given(st.integers(0, len(GOOD) - 1))
def test_a_deep_copy_goes_on_alike(cut: int) -> None:
    attempt, data = upgrade(), GOOD.encode() + FRAMES
    assert attempt.feed(data[:cut] or b"HTTP/1.1 100 Continue\r\n\r\n") is None
    other = copy.deepcopy(attempt)
    assert attempt.feed(data[cut:]) == Upgraded(FRAMES)
    assert other.feed(data[cut:]) == Upgraded(FRAMES)


# The wrong answers

NOT_HTTP = "the answer to the WebSocket handshake is not HTTP"
STATUS = "the WebSocket handshake was answered with HTTP"
NO_UPGRADE = "the 101 lacks 'Upgrade: websocket'"
NO_CONNECTION = "the 101 lacks 'Connection: Upgrade'"
WRONG_ACCEPT = "the 101 has a wrong Sec-WebSocket-Accept: that peer did not read our request"
PAGE = "<!DOCTYPE html><html><body>Attention Required!</body></html>"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        pytest.param(answer({"Upgrade": None}), NO_UPGRADE, id="no Upgrade"),
        pytest.param(answer({"Upgrade": ""}), NO_UPGRADE, id="an empty Upgrade"),
        pytest.param(answer({"Upgrade": "h2c"}), NO_UPGRADE, id="another Upgrade"),
        pytest.param(answer({"Upgrade": "websocket, h2c"}), NO_UPGRADE, id="Upgrade as a list"),
        pytest.param(answer({"upgrade": "h2c"}), NO_UPGRADE, id="two Upgrades"),
        pytest.param(answer({"Upgrade": "websocket\xe9"}), NO_UPGRADE, id="an Upgrade that is not ASCII"),
        pytest.param(answer({"Connection": None}), NO_CONNECTION, id="no Connection"),
        pytest.param(answer({"Connection": "keep-alive"}), NO_CONNECTION, id="Connection: keep-alive"),
        pytest.param(answer({"Connection": "close"}), NO_CONNECTION, id="Connection: close"),
        pytest.param(answer({"Connection": "Upgraded"}), NO_CONNECTION, id="a longer Connection"),
        pytest.param(answer({"Connection": "\xe9"}), NO_CONNECTION, id="a Connection that is not ASCII"),
        pytest.param(answer({"Sec-WebSocket-Accept": None}), WRONG_ACCEPT, id="no accept token"),
        pytest.param(answer({"Sec-WebSocket-Accept": ""}), WRONG_ACCEPT, id="an empty accept token"),
        pytest.param(answer({"Sec-WebSocket-Accept": KEY}), WRONG_ACCEPT, id="our key as accept token"),
        pytest.param(
            answer({"Sec-WebSocket-Accept": ACCEPT.lower()}), WRONG_ACCEPT, id="an accept token in lower case"
        ),
        pytest.param(answer({"sec-websocket-accept": ACCEPT}), WRONG_ACCEPT, id="two accept tokens"),
        pytest.param(
            answer({"Sec-WebSocket-Extensions": "permessage-deflate"}),
            "the 101 chose a sec-websocket-extensions that was not offered",
            id="an extension",
        ),
        pytest.param(
            answer({"Sec-WebSocket-Protocol": "pusher"}),
            "the 101 chose a sec-websocket-protocol that was not offered",
            id="a subprotocol",
        ),
        pytest.param(answer(status="HTTP/1.1 200 OK"), f"{STATUS} 200 OK", id="200 with all the headers"),
        pytest.param(f"HTTP/1.1 200 OK\r\n\r\n{PAGE}", f"{STATUS} 200 OK", id="200 and a page"),
        pytest.param("HTTP/1.0 200 OK\r\n\r\n", f"{STATUS} 200 OK", id="200 in HTTP/1.0"),
        pytest.param(
            "HTTP/1.1 301 Moved\r\nLocation: https://else.example\r\n\r\n", f"{STATUS} 301 Moved", id="a redirect"
        ),
        pytest.param("HTTP/1.1 400\r\n\r\n", f"{STATUS} 400", id="400 without a phrase"),
        pytest.param("HTTP/1.1 403 Forbidden\r\n\r\n" + PAGE, f"{STATUS} 403 Forbidden", id="403"),
        pytest.param("HTTP/1.1 403 Verbot\xe9\r\n\r\n", f"{STATUS} 403 Verbot\xe9", id="a phrase that is not ASCII"),
        pytest.param("HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nabc", f"{STATUS} 500 Oh", id="500"),
        pytest.param("HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 404 No\r\n\r\n", f"{STATUS} 404 No", id="404 after a 103"),
        pytest.param(
            "HTTP/1.1 100 Continue\r\n\r\n" * 11 + GOOD, "too many 1xx answers to the WebSocket handshake", id="11 1xx"
        ),
        pytest.param(f"{PAGE}\r\n\r\n", NOT_HTTP, id="a page and nothing else"),
        pytest.param("SSH-2.0-OpenSSH_9.6\r\n\r\n", NOT_HTTP, id="another protocol"),
        pytest.param("\x15\x03\x01\x00\x02\x02\x28", NOT_HTTP, id="an alert of TLS"),
        pytest.param("\r\n" + GOOD, NOT_HTTP, id="an empty line first"),
        pytest.param(answer(status="HTTP/2 101"), NOT_HTTP, id="HTTP/2"),
        pytest.param(answer(status="http/1.1 101 x"), NOT_HTTP, id="HTTP in lower case"),
        pytest.param(answer(status="HTTP/1.1 099 x"), NOT_HTTP, id="a status below 100"),
        pytest.param(answer(status="HTTP/1.1 1011 x"), NOT_HTTP, id="a status of four digits"),
        pytest.param(answer({"Sec WebSocket": "x"}), NOT_HTTP, id="a name with a blank"),
        pytest.param(answer({"X": "a\0b"}), NOT_HTTP, id="a value with a NUL"),
        pytest.param(answer({"Content-Length": "x"}), NOT_HTTP, id="a length that is no number"),
    ],
)
def test_a_wrong_answer_is_refused_with_its_reason(wrong: str, reason: str) -> None:
    data = wrong.encode("latin-1")
    for reads in ([data], byte_by_byte(data), [data + FRAMES]):
        refused = fed(upgrade(), reads)
        assert isinstance(refused, Refused)
        assert refused.reason.startswith(reason)
        assert refused.reason == refused.reason.strip()


@pytest.mark.parametrize("data", [b"H", b"HTTP/1.1 101", b"SSH-2.0-OpenSSH_9.6\r\n", FRAMES, PAGE.encode()])
def test_what_may_still_become_an_answer_is_waited_for(data: bytes) -> None:
    assert fed(upgrade(), [data]) is None
    assert fed(upgrade(), byte_by_byte(data)) is None


def test_a_101_in_http_1_0_is_refused() -> None:
    """HTTP/1.0 has neither 1xx answers nor upgrades. Source: RFC 9110 sections 15.2 and 7.8."""
    assert isinstance(upgrade().feed(answer(status="HTTP/1.0 101 Switching Protocols").encode()), Refused)


def test_a_101_in_http_2_0_is_refused() -> None:
    """HTTP/2 knows no 101. Source: RFC 9113 section 8.6."""
    refused = upgrade().feed(answer(status="HTTP/2.0 101 Switching Protocols").encode())
    assert refused == Refused("a 101 in HTTP/2.0, which knows no upgrade")


@pytest.mark.parametrize("cut", [0, 1, 12, len(GOOD) // 2, len(GOOD) - 1])
def test_a_peer_that_closes_before_the_answer_is_whole_is_refused(cut: int) -> None:
    attempt = upgrade()
    if cut:
        assert attempt.feed(GOOD[:cut].encode()) is None
    assert isinstance(attempt.feed(b""), Refused)


def test_a_peer_that_closes_before_it_is_asked_is_refused() -> None:
    attempt = Upgrade(OPENING, NONCE, max_header=MAX_HEADER, max_informational=10)
    assert attempt.feed(b"") == Refused("the peer closed during the WebSocket handshake")


@pytest.mark.parametrize("size", [1, 7, MAX_HEADER])
def test_a_header_without_end_is_refused_with_the_first_byte_beyond_the_limit(size: int) -> None:
    endless = answer({"X": "a" * 2 * MAX_HEADER}).encode()
    attempt = upgrade()
    for start in range(0, MAX_HEADER, size):
        assert attempt.feed(endless[start : min(start + size, MAX_HEADER)]) is None
    assert attempt.feed(endless[MAX_HEADER : MAX_HEADER + 1]) == Refused(f"{NOT_HTTP}: Receive buffer too long")


def test_a_header_beyond_the_limit_is_refused_however_it_comes() -> None:
    too_long = answer({"X": "a" * 2 * MAX_HEADER}).encode()
    assert isinstance(fed(upgrade(), byte_by_byte(too_long)), Refused)
    assert isinstance(fed(upgrade(), [too_long]), Refused)


def test_a_header_up_to_the_limit_is_read() -> None:
    rest = MAX_HEADER - len(answer({"X": ""}))
    longest = answer({"X": "a" * rest}).encode()
    assert len(longest) == MAX_HEADER
    assert fed(upgrade(), [longest]) == fed(upgrade(), byte_by_byte(longest)) == Upgraded(b"")


@pytest.mark.parametrize("size", [1, 100, 2 * MAX_HEADER])
def test_answers_before_the_last_count_towards_the_limit(size: int) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nX: %s\r\n\r\n"
    data = hints % (b"a" * 300) + hints % (b"b" * 300)
    data += hints % (b"c" * (MAX_HEADER - len(data) - len(hints % b"")))
    assert len(data) == MAX_HEADER
    attempt = upgrade()
    assert fed(attempt, split(data, (size,))) is None
    refused = Refused(f"more than {MAX_HEADER} bytes of answer to the WebSocket handshake")
    assert copy.deepcopy(attempt).feed(GOOD.encode()) == refused
    attempt = upgrade()
    assert fed(attempt, split(hints % b"" + data, (size,))) == refused
    longer = (hints % (b"a" * 300)) * 2
    longer += hints % (b"c" * (MAX_HEADER + 1 - len(longer) - len(hints % b"")))
    assert fed(upgrade(), [longer]) == refused


# Whatever a peer sends

WORDS = (
    b"HTTP/1.1 ", b"101", b"200 OK", b"100", b"\r\n", b"\n", b": ", b"\xff", b"Upgrade", b"websocket", b"Connection",
    b"Transfer-Encoding: chunked\r\n", b"Content-Length: 3\r\n", b"Sec-WebSocket-Accept: ", ACCEPT.encode(),
)  # fmt: skip
broken = st.builds(
    lambda at, kept, more: GOOD.encode()[:at] + more + GOOD.encode()[at + kept :],
    st.integers(0, len(GOOD)),
    st.integers(0, 3),
    st.binary(max_size=4),
)
hostile = (
    broken
    | st.lists(st.sampled_from(WORDS) | st.binary(max_size=3), max_size=12).map(b"".join)
    | st.binary(max_size=60)
)


@settings(max_examples=500)
@given(hostile)
@example(answer({"Connection": "Upgrade, \xe9"}).encode("latin-1"))
@example(answer({"X": "é"}).encode())
def test_any_bytes_get_the_same_kind_of_answer_in_one_read_and_byte_by_byte(data: bytes) -> None:
    whole = fed(upgrade(), [data] if data else [])
    dripped = fed(upgrade(), byte_by_byte(data))
    assert type(whole) is type(dripped)
    if isinstance(whole, Upgraded):
        assert whole == dripped


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=1))
def test_no_other_byte_will_do_where_the_accept_token_stands(at: int, other: bytes) -> None:
    start = GOOD.index(ACCEPT)
    at = start + at % len(ACCEPT)
    data = GOOD.encode()[:at] + other + GOOD.encode()[at + 1 :]
    assert isinstance(upgrade().feed(data), Upgraded) == (data == GOOD.encode())


# Requests that cannot be made


@pytest.mark.parametrize(
    "opening",
    [
        pytest.param(Open(1, "ws.example\r\nX: y", 443, tls=True), id="a line break in the host"),
        pytest.param(Open(1, "ws\0example", 443, tls=True), id="a NUL in the host"),
        pytest.param(
            Open(1, "ws.example", 443, tls=True, target="/ HTTP/1.1\r\nX: y"), id="a line break in the target"
        ),
        pytest.param(Open(1, "ws.example", 443, tls=True, target="/a b"), id="a blank in the target"),
        pytest.param(Open(1, "ws.example", 443, tls=True, target=""), id="no target"),
        pytest.param(Open(1, "b\xfccher.example", 443, tls=True), id="a host that is not ASCII"),
        pytest.param(Open(1, "ws.example", 443, tls=True, target="/app/\xe9"), id="a target that is not ASCII"),
    ],
)
def test_what_no_request_may_hold_raises(opening: Open) -> None:
    with pytest.raises(h11.LocalProtocolError) as caught:
        upgrade(opening)
    ascii_only = (opening.host + opening.target).isascii()
    assert str(caught.value).startswith("only ASCII may stand in a request: ") != ascii_only
