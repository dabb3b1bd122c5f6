"""``ServerFraming`` in memory: upgrades, frames, both ways to close, hostile bytes."""

import copy
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.frame_protocol import FrameProtocol

from kick_proto.frames import Frame, encode_subscribe, parse_frame
from kick_proto.machine import Closed, Failed, Opened, Received, SocketMachine
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.testing.faults import Faults
from kick_proto.testing.server import ClientConnected, ClientGone, ClientPinged, ServerEvent, TextReceived
from kick_proto.testing.server_frames import LONGEST_TEXT, Reader, encode_close, encode_fragments, encode_texts
from tests.testing.stand import EPOCH, PING, TOPIC
from tests.testing.wire import ACCEPT, Client, Wire, frame, upgrade

PONG = '{"event":"pusher:pong","data":{}}'


def test_the_framing_has_the_interface_of_every_machine() -> None:
    machine: SocketMachine[ServerEvent, bytes] = Wire().framing
    assert machine.wants_input
    assert not machine.closed
    assert machine.poll_event() is None
    assert machine.poll_timeout() is None


# The upgrade


def test_an_upgrade_is_answered_as_the_rfc_says() -> None:
    wire = Wire()
    wire.open()
    answer, _, frames = wire.feed(upgrade()).partition(b"\r\n\r\n")
    assert answer.decode().split("\r\n") == [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {ACCEPT}",
    ]
    assert b"pusher:connection_established" in frames
    assert wire.framing.take_events() == [ClientConnected(1, "500001.500000001")]


def test_an_upgrade_may_come_byte_by_byte_with_frames_behind_it() -> None:
    stream = upgrade() + frame(0x81, PING.encode())
    whole, dripping = Wire(), Wire()
    for wire in (whole, dripping):
        wire.open()
    said = whole.feed(stream)
    assert dripping.feed(*(bytes([byte]) for byte in stream)) == said
    assert said.endswith(encode_texts([PONG]))


@pytest.mark.parametrize(
    "lines",
    [
        ("Origin: https://kick.com", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"),
        ("Sec-WebSocket-Protocol: a, b",),
        ("Connection: keep-alive",),
        ("X-Strange: \xff",),
        ("Content-Length: 0",),
    ],
)
def test_other_headers_change_nothing(lines: tuple[str, ...]) -> None:
    wire = Wire()
    wire.open()
    answer = wire.feed("\r\n".join((upgrade().decode().strip(), *lines, "", "")).encode("latin-1"))
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"extensions" not in answer.lower()
    assert b"protocol:" not in answer.lower()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"426"),
        (b"GET / HTTP/1.0\r\n\r\n", b"426"),
        (upgrade().replace(b"HTTP/1.1", b"HTTP/1.0"), b"426"),
        (upgrade().replace(b"GET", b"POST"), b"405"),
        (upgrade().replace(b"GET", b"CONNECT"), b"405"),
        (upgrade().replace(b"Upgrade: websocket", b"Upgrade: h2c"), b"426"),
        (upgrade().replace(b"Connection: Upgrade", b"Connection: close"), b"426"),
        (upgrade().replace(b"Connection: Upgrade", b"Connection: \xff\xfe"), b"426"),
        (upgrade().replace(b"Version: 13", b"Version: 8"), b"426"),
        (upgrade().replace(b"Sec-WebSocket-Version: 13\r\n", b""), b"426"),
        (upgrade().replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short"), b"400"),
        (upgrade().replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZ=="), b"400"),
        (upgrade().replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZQAA"), b"400"),
        (upgrade().replace(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b""), b"400"),
        (upgrade().replace(b"Host: localhost\r\n", b""), b"400"),
        (upgrade("/", "Content-Length: 3") + b"abc", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"garbage\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 100_000, b"400"),
    ],
)
def test_what_is_no_upgrade_gets_a_4xx_and_the_door(request_: bytes, status: bytes) -> None:
    wire = Wire()
    wire.open()
    answer = wire.feed(request_)
    assert answer.startswith(b"HTTP/1.1 " + status)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert (b"Upgrade: websocket" in head) == (status == b"426")
    assert wire.ends == [(1, "Close")]
    assert wire.framing.take_events() == []
    assert wire.feed(upgrade()) == b""


@pytest.mark.parametrize("sent", [b"", b"GET / HT", upgrade("/", "Content-Length: 3")])
def test_an_upgrade_has_a_time_limit(sent: bytes) -> None:
    wire = Wire()
    wire.open()
    wire.feed(sent)
    wire.advance(9.9)
    assert wire.ends == []
    wire.advance(0.1)
    assert wire.ends == [(1, "Cancel")]
    assert wire.framing.poll_timeout() is None


def test_the_target_reaches_the_server() -> None:
    client = Client(Wire(), target="/nowhere")
    assert client.accepted, "a refusal comes behind the upgrade"
    assert client.end == (4005, "Path not found")
    assert client.wire.ends == [(1, "Close")]


# Frames


def test_texts_go_both_ways() -> None:
    client = Client(Wire())
    client.send(TextMessage(data=encode_subscribe(TOPIC)))
    sent = Frame("E", TOPIC, "é😀" * 10_000)
    assert client.wire.command(client.wire.server.publish, sent) == 1
    client.look()
    assert [parse_frame(text).event for text in client.texts] == [
        "pusher:connection_established",
        "pusher_internal:subscription_succeeded",
        "E",
    ]
    assert parse_frame(client.texts[-1]) == sent


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_texts_of_every_length_arrive(size: int) -> None:
    client = Client(Wire())
    client.wire.command(client.wire.server.send, 1, "x" * size)
    client.look()
    assert client.texts[-1] == "x" * size
    client.send(TextMessage(data="y" * size))
    (event,) = client.wire.framing.take_events()[1:]
    assert isinstance(event, TextReceived)
    assert event.text == ("y" * size)[:10_000]


def test_a_read_with_many_frames_is_answered_in_order() -> None:
    wire = Wire()
    wire.connect()
    said = wire.feed(b"".join((frame(0x89, b"1"), frame(0x81, PING.encode()), frame(0x89, b"2"))))
    assert said == b"\x8a\x011" + encode_texts([PONG]) + b"\x8a\x012"


def test_a_message_may_come_in_fragments_with_pings_between() -> None:
    wire = Wire()
    wire.connect()
    payload = PING.encode()
    said = wire.feed(
        frame(0x01, payload[:5]),
        frame(0x00, payload[5:9]),
        frame(0x89, b"p"),
        frame(0x00, b""),
        frame(0x80, payload[9:]),
    )
    assert said == b"\x8a\x01p" + encode_texts([PONG])
    assert wire.framing.take_events() == [ClientPinged(1)]


def test_control_pings_are_answered_and_pongs_are_not() -> None:
    client = Client(Wire())
    client.send(Pong(payload=b"x"))
    assert client.pongs == []
    client.send(Ping(payload=b"hello"))
    client.send(Ping(payload=b""))
    assert client.pongs == [b"hello", b""]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param(b"\x81\x01x", 1002, id="no mask"),
        pytest.param(frame(0x91, b"x"), 1002, id="a reserved bit"),
        pytest.param(frame(0x83, b"x"), 1002, id="a reserved opcode"),
        pytest.param(frame(0x80, b"x"), 1002, id="a continuation of nothing"),
        pytest.param(frame(0x01, b"x") + frame(0x81, b"x"), 1002, id="a text within a text"),
        pytest.param(frame(0x09, b"x"), 1002, id="a ping in parts"),
        pytest.param(frame(0x89, b"x" * 126), 1002, id="a long ping"),
        pytest.param(b"\x81\xfe\x00\x01", 1002, id="a length that is too long for itself"),
        pytest.param(frame(0x81, b"\xff"), 1007, id="no UTF-8"),
        pytest.param(frame(0x01, b"\xc3") + frame(0x80, b""), 1007, id="half a character"),
        pytest.param(frame(0x82, b"x"), 1003, id="binary"),
        pytest.param(frame(0x81, b"x" * (LONGEST_TEXT + 1)), 1009, id="too long"),
        pytest.param(frame(0x01, b"x" * LONGEST_TEXT) + frame(0x80, b"x"), 1009, id="too long in parts"),
        pytest.param(frame(0x88, b"x"), 1002, id="half a close code"),
        *(
            pytest.param(frame(0x88, struct.pack("!H", wrong)), 1002, id=f"close {wrong}")
            for wrong in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
        ),
        pytest.param(frame(0x88, b"\x03\xe8\xff"), 1007, id="a close reason that is no UTF-8"),
    ],
)
def test_a_bad_frame_ends_the_connection_with_its_code(bad: bytes, code: int) -> None:
    wire = Wire()
    wire.connect()
    said = wire.feed(bad + frame(0x81, PING.encode()))
    assert said[0] == 0x88
    assert struct.unpack("!H", said[2:4]) == (code,)
    assert said[1] == len(said) - 2
    assert wire.ends == [(1, "Close")]
    assert wire.framing.take_events() == [ClientGone(1, code)]


def test_binary_messages_are_refused() -> None:
    client = Client(Wire())
    client.send(BytesMessage(data=b"{}"))
    assert client.end == (1003, "only text is understood")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=200)))
def test_frames_are_those_that_wsproto_would_send(texts: list[str]) -> None:
    assert encode_texts(texts) == b"".join(
        bytes(FrameProtocol(client=False, extensions=[]).send_data(t)) for t in texts
    )


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_fragments_join_to_the_text(text: str) -> None:
    client = Client(Wire(Faults(fragment=True)))
    client.wire.command(client.wire.server.send, 1, text)
    client.look()
    assert client.texts[-1] == text
    assert client.pings[-2:] == [b"first", b"second"]
    assert encode_fragments(text)[0] == 0x01


def test_a_lone_surrogate_leaves_as_invalid_utf8() -> None:
    assert encode_texts(["\ud800"]) == b"\x81\x03\xed\xa0\x80"
    assert encode_fragments("\ud800").endswith(b"\x80\x01\x80")


# Closing


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "bye"), (4000, "é" * 61), (3000, "")])
def test_a_client_that_closes_is_answered_alike(code: int, reason: str) -> None:
    client = Client(Wire())
    client.send(CloseConnection(code=code, reason=reason))
    assert client.end == (code, reason)
    assert client.wire.ends == [(1, "Close")]
    assert client.wire.framing.take_events()[1:] == [ClientGone(1, code)]


def test_a_close_without_a_code_is_answered_without_one() -> None:
    wire = Wire()
    wire.connect()
    assert wire.feed(frame(0x88, b"")) == b"\x88\x00"
    assert wire.framing.take_events() == [ClientGone(1, 1005)]


def test_what_came_before_a_close_is_answered_before_it() -> None:
    wire = Wire()
    wire.connect()
    said = wire.feed(frame(0x81, PING.encode()) + frame(0x88, b"\x03\xe8") + frame(0x81, PING.encode()))
    assert said == encode_texts([PONG]) + b"\x88\x02\x03\xe8"


def test_the_server_closes_and_waits_for_the_answer() -> None:
    wire = Wire()
    wire.connect()
    wire.command(wire.server.disconnect, 1, 4200, "later")
    assert wire.feed() == encode_close(4200, "later") == b"\x88\x07\x10\x68later"
    assert wire.ends == []
    assert wire.feed(frame(0x81, PING.encode()), frame(0x89, b"x")) == b""
    assert wire.feed(frame(0x88, b"\x10\x68")) == b""
    assert wire.ends == [(1, "Close")]
    assert wire.framing.take_events() == [ClientGone(1, 4200)]
    assert wire.framing.poll_timeout() is None


@pytest.mark.parametrize("chatter", [b"", frame(0x81, b"x"), frame(0x81, b"x" * 200)[:100]])
def test_the_answer_to_a_close_has_a_time_limit(chatter: bytes) -> None:
    wire = Wire()
    wire.connect()
    wire.command(wire.server.disconnect, 1, 4200)
    for _ in range(29):
        wire.advance(0.1)
        wire.feed(chatter if len(chatter) < 50 else b"")
    assert wire.ends == []
    wire.advance(0.2)
    assert wire.ends == [(1, "Cancel")]


@pytest.mark.parametrize("answer", [frame(0x82, b"x"), b"\x81\x01x", frame(0x88, b"x")])
def test_a_bad_answer_to_a_close_is_an_answer(answer: bytes) -> None:
    wire = Wire()
    wire.connect()
    wire.command(wire.server.disconnect, 1, 4200)
    wire.feed()
    assert wire.feed(answer) == b""
    assert wire.ends == [(1, "Close")]


def test_both_close_at_once() -> None:
    wire = Wire()
    wire.connect()
    wire.server.disconnect(wire.now, 1, 4200)
    said = wire.feed(frame(0x88, b"\x03\xe8"))
    assert said.count(b"\x88") == 1
    assert wire.ends == [(1, "Close")]
    assert wire.framing.take_events() == [ClientGone(1, 4200)]


def test_a_drop_is_passed_on() -> None:
    wire = Wire()
    wire.connect()
    wire.command(wire.server.drop, 1)
    assert wire.ends == [(1, "Cancel")]
    assert wire.feed() == b""


@pytest.mark.parametrize("code", [1006, 1015])
def test_codes_that_no_frame_may_hold_are_a_drop(code: int) -> None:
    wire = Wire()
    wire.connect()
    wire.command(wire.server.disconnect, 1, code)
    assert wire.ends == [(1, "Cancel")]
    assert wire.feed() == b""


@pytest.mark.parametrize(
    ("reason", "kept"), [("x" * 200, "x" * 123), ("é" * 100, "é" * 61), ("😀" * 40, "😀" * 30), ("\ud800", "?")]
)
def test_a_long_reason_is_cut_between_characters(reason: str, kept: str) -> None:
    assert encode_close(4000, reason)[4:].decode() == kept
    assert encode_close(1005, "no room") == b"\x88\x00"


def test_an_abrupt_end_reaches_the_server() -> None:
    wire = Wire()
    wire.connect()
    wire.lose()
    assert wire.framing.take_events() == [ClientGone(1, 1006)]
    assert wire.ends == []
    wire.command(wire.server.send, 1, "x")
    assert wire.feed() == b""


def test_close_lets_every_client_finish_first() -> None:
    wire = Wire()
    wire.connect(1)
    wire.connect(2)
    wire.open(3)
    wire.command(wire.server.close)
    assert wire.ends == [(3, "Cancel")]
    wire.open(4)
    assert wire.ends == [(3, "Cancel"), (4, "Cancel")]
    closed = [wire.framing.closed]
    wire.feed(frame(0x88, b"\x03\xe9"), ref=1)
    closed.append(wire.framing.closed)
    wire.lose(2)
    assert [*closed, wire.framing.closed] == [False, False, True]
    wire.open(5)
    assert wire.feed(upgrade(), ref=5) == b""
    assert wire.framing.poll_timeout() is None


def test_unknown_refs_are_dropped_in_silence() -> None:
    wire = Wire()
    wire.connect()
    for strange in (Closed(9), Failed(1, "x"), Failed(9, "x"), Received(9, b"x", EPOCH), Opened(1)):
        wire.framing.handle_input(wire.now, strange)
    wire.drain()
    assert (wire.sent, wire.ends) == ({}, [])
    assert wire.feed(b"", frame(0x89, b"")) == b"\x8a\x00"


def test_many_clients_have_a_connection_each() -> None:
    wire = Wire()
    clients = [Client(wire, ref) for ref in range(1, 21)]
    for client in clients[::2]:
        client.send(TextMessage(data=encode_subscribe(TOPIC)))
    assert wire.command(wire.server.publish, Frame("E", TOPIC, "1")) == 10
    for client in clients:
        client.look()
    assert [len(client.texts) for client in clients] == [3, 1] * 10


def test_the_servers_timers_run_through_the_framing() -> None:
    wire = Wire(Faults(ping_interval=5), key=KICK_APP_KEY)
    wire.connect()
    assert wire.framing.poll_timeout() == 105.0
    wire.advance(5)
    assert wire.feed() == encode_texts([PING])


# Hostile bytes, and laws


CHUNKS = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from([upgrade(), upgrade("/app/x"), b"GET / HTTP/1.1\r\n", b"Host: x\r\n\r\n", b"\r\n"]),
        st.builds(
            frame, st.sampled_from([0x81, 0x01, 0x80, 0x00, 0x82, 0x88, 0x89, 0x8A, 0x91]), st.binary(max_size=9)
        ),
        st.text(max_size=9).map(lambda text: frame(0x81, text.encode("utf-8", "replace"))),
        st.sampled_from([PING, encode_subscribe("a")]).map(lambda text: frame(0x81, text.encode())),
        st.integers(0, 5000).map(lambda code: frame(0x88, struct.pack("!H", code))),
    ),
    max_size=12,
)


@given(CHUNKS, st.booleans())
def test_hostile_bytes_never_raise_and_chunks_do_not_matter(chunks: list[bytes], upgraded: bool) -> None:
    streams = [b"".join(chunks)], chunks, [bytes([byte]) for byte in b"".join(chunks)]
    wires = [Wire() for _ in streams]
    said = []
    for wire, stream in zip(wires, streams, strict=True):
        wire.connect() if upgraded else wire.open()
        answers = wire.feed(*stream)
        said.append((answers, wire.ends, wire.framing.take_events()))
    assert said[0] == said[1] == said[2]


@given(CHUNKS, st.integers(0, 12), st.booleans())
def test_a_copy_goes_on_alike(chunks: list[bytes], at: int, upgraded: bool) -> None:
    wire = Wire(Faults(fragment=True, malformed_interval=0.4))
    wire.connect() if upgraded else wire.open()
    wire.feed(*chunks[:at])
    twin = copy.deepcopy(wire)
    for each in (wire, twin):
        for chunk in chunks[at:]:
            each.feed(chunk)
            each.advance(0.3)
    assert (twin.sent, twin.ends) == (wire.sent, wire.ends)
    assert twin.framing.take_events() == wire.framing.take_events()
    assert twin.framing.poll_timeout() == wire.framing.poll_timeout()


@pytest.mark.parametrize("at", range(1, 50))
def test_a_copy_can_be_made_within_a_frame(at: int) -> None:
    text = '{"event":"pusher:ping","data":"é😀"}'.encode()
    stream = frame(0x01, text[:32]) + frame(0x80, text[32:])
    wire = Wire()
    wire.connect()
    wire.feed(stream[:at])
    twin = copy.deepcopy(wire)
    assert wire.feed(stream[at:]) == twin.feed(stream[at:]) == encode_texts([PONG])


def test_a_reader_gives_texts_until_the_end() -> None:
    reader = Reader()
    end = reader.feed(frame(0x81, b"a") + frame(0x89, b"ping") + frame(0x81, b"") + frame(0x88, b"\x03\xe8bye"))
    assert reader.take_heard() == ["a", b"ping", ""]
    assert reader.take_heard() == []
    assert end is not None
    assert (end.code, end.reason) == (1000, "bye")
