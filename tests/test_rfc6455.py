"""Frames: what is written is read by wsproto, and what is read is read as wsproto reads it, whatever the bytes."""

import copy
import itertools
import struct
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wsproto.frame_protocol import Frame, FrameProtocol, Opcode, ParseFailed

from kick_proto.rfc6455 import End, Reader, Send, encode_close, encode_frame
from tests.streams import FOX, MASK, SIZES, broken_streams, closing, frame, legal_streams, noise, read_sizes, split

NO_LIMIT = 1 << 63
A = frame(0x81, b"A")


def whole_frames(stream: bytes) -> bytes:
    """As much of the stream as is whole frames, by the lengths in the headers and nothing else."""
    position = 0
    while True:
        second = stream[position + 1] if position + 2 <= len(stream) else 0
        header = 2 + {126: 2, 127: 8}.get(second & 127, 0)
        length = int.from_bytes(stream[position + 2 : position + header]) if header > 2 else second & 127
        end = position + header + (4 if second & 128 else 0) + length
        if position + 2 > len(stream) or end > len(stream):
            return stream[:position]
        position = end


# The two readers


class Seen(NamedTuple):
    """What became of a stream: messages, whole frames, the latest ping; code, reason and kind of the end."""

    messages: list[str]
    frame_count: int
    ping: bytes | None
    end: tuple[int, str, bool] | None


def by_wsproto(stream: bytes) -> Seen:
    """wsproto alone, with the whole stream at once."""
    messages: list[str] = []
    texts: list[str] = []
    blobs: list[bytes] = []
    count, ping, end = 0, None, None
    try:
        for seen in frames_of(stream):
            count += seen.frame_finished
            match seen.payload:
                case (code, reason):
                    end = (int(code), str(reason), False)
                case str(text):
                    texts.append(text)
                case bytes(blob) if not seen.opcode.iscontrol():
                    blobs.append(blob)
                case bytes(payload) if seen.opcode is Opcode.PING:
                    ping = payload
            if seen.message_finished and not seen.opcode.iscontrol():
                messages.append("".join(texts) + b"".join(blobs).decode("utf-8", "replace"))
                texts, blobs = [], []
    except ParseFailed as failure:
        end = (int(failure.code), "", True)
    return Seen(messages, count, ping, end)


def frames_of(stream: bytes) -> Iterator[Frame]:
    """The frames, as wsproto alone reads them."""
    protocol = FrameProtocol(client=True, extensions=[])
    protocol.receive_bytes(stream)
    return protocol.received_frames()


def read(reader: Reader, reads: Iterator[bytes]) -> Seen:
    messages = [message for data in reads for message in reader.feed(data)]
    end = (
        None
        if reader.end is None
        else (reader.end.code, "" if reader.end.failed else reader.end.reason, reader.end.failed)
    )
    return Seen(messages, reader.frame_count, reader.ping, end)


def by_reader(stream: bytes, sizes: Sequence[int] = ()) -> Seen:
    return read(Reader(max_message=NO_LIMIT, max_fragments=NO_LIMIT), split(stream, sizes))


# The proof


def assert_law(stream: bytes, sizes: Sequence[int]) -> None:
    """The law: however a stream is cut into reads, ``Reader`` reads it as wsproto reads it in one piece.

    The messages are the same, in the same order: a text as its text, a binary message decoded as UTF-8 with
    ``errors="replace"``. So are the count of whole frames and the latest ping.

    The end is the same too: the code, whether it is a failure, and a close frame's reason; so whenever the frame
    that ends the stream is whole in it. Where a stream stops within a frame that wsproto refuses already,
    ``Reader`` may still wait for the rest of that frame; it never reports another end, and never one that
    wsproto doesn't report.
    """
    stretch = 1 + len(stream) // 5_000  # some thousand reads are enough for the longest stream
    ours, theirs = by_reader(stream, [size * stretch for size in sizes]), by_wsproto(stream)
    assert ours[:-1] == theirs[:-1]
    if ours.end != theirs.end:
        assert ours.end is None
        assert by_wsproto(whole_frames(stream)).end is None


@settings(max_examples=200)
@given(legal_streams.map(b"".join), read_sizes)
@example(frame(0x81, b"x" * 200) + frame(0x81, b"y" * 126), (203, 4, 127))  # a long wait, and then a shorter one
def test_a_legal_stream_is_read_as_wsproto_reads_it(stream: bytes, sizes: Sequence[int]) -> None:
    assert_law(stream, sizes)


@settings(max_examples=400)
@given(broken_streams(), read_sizes)
def test_a_broken_stream_is_read_as_wsproto_reads_it(stream: bytes, sizes: Sequence[int]) -> None:
    assert_law(stream, sizes)


@settings(max_examples=400)
@given(noise, read_sizes)
@example(b"\x81\x02\xc3", ())  # an end that comes later: the frame is incomplete, so more of it is waited for
@example(b"\x01\x01\xff\x00\x05ab", (1,))
@example(b"\xc1\xff" + bytes(8), (1,))
@example(b"\xc1\x7f" + b"\x81\x01A" * 3, (2, 3))  # what follows a doomed header is no frame, even if it looks like one
def test_noise_is_read_as_wsproto_reads_it(stream: bytes, sizes: Sequence[int]) -> None:
    assert_law(stream, sizes)


@given(legal_streams.map(b"".join) | broken_streams(), st.integers(0, 1 << 17), read_sizes)
def test_a_deep_copy_goes_on_alike(stream: bytes, cut: int, sizes: Sequence[int]) -> None:
    cut = min(cut, len(stream))
    reader = Reader(max_message=NO_LIMIT, max_fragments=NO_LIMIT)
    before = read(reader, split(stream[:cut], sizes)).messages
    other = copy.deepcopy(reader)
    after, copied = (read(each, split(stream[cut:], sizes)) for each in (reader, other))
    assert after == copied
    assert (before + after.messages, *after[1:]) == by_reader(stream)


def test_a_deep_copy_in_the_middle_of_a_character_of_a_fragment_goes_on_alike() -> None:
    reader = Reader(max_message=100, max_fragments=9)
    assert reader.feed(frame(0x01, FOX.encode()[:2]) + b"\x80") == []
    other = copy.deepcopy(reader)
    assert other.feed(b"\x02\xa6\x8a") == [FOX]
    assert reader.feed(b"\x02\xa6\x8a") == [FOX]


# What is written, wsproto's server side reads; what that writes, we read


def sent_to_server(data: bytes) -> tuple[Opcode, object]:
    server = FrameProtocol(client=False, extensions=[])
    server.receive_bytes(data)
    (seen,) = server.received_frames()
    assert seen.frame_finished
    assert seen.message_finished
    return seen.opcode, seen.payload


def sent_by_server(data: bytes, sizes: Sequence[int] = ()) -> Seen:
    return read(Reader(max_message=1 << 20, max_fragments=10), split(data, sizes))


@pytest.mark.parametrize("size", SIZES)
def test_a_text_of_any_length_class_crosses_both_ways(size: int) -> None:
    text = (FOX * (size // 4 + 1)).encode()[:size].decode("utf-8", "ignore").ljust(size % 4, "x")
    server = FrameProtocol(client=False, extensions=[])
    assert sent_to_server(encode_frame(Send.TEXT, text.encode(), MASK)) == (Opcode.TEXT, text)
    assert sent_by_server(bytes(server.send_data(text))) == Seen([text], 1, None, None)
    assert sent_by_server(bytes(server.send_data(text.encode()))) == Seen([text], 1, None, None)


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, "8180"),
        (1, "8181"),
        (125, "81fd"),
        (126, "81fe007e"),
        (65535, "81feffff"),
        (65536, "81ff0000000000010000"),
        (1 << 20, "81ff0000000000100000"),
    ],
)
def test_a_length_is_written_in_its_shortest_form_before_the_mask(size: int, header: str) -> None:
    data = encode_frame(Send.TEXT, b"x" * size, MASK)
    assert data.startswith(bytes.fromhex(header) + MASK)
    assert len(data) == len(header) // 2 + 4 + size


@pytest.mark.parametrize(
    ("written", "wire"),
    [
        pytest.param(encode_frame(Send.TEXT, b"Hello", MASK), "818537fa213d7f9f4d5158", id="the RFC's masked text"),
        pytest.param(encode_frame(Send.PONG, b"Hello", MASK), "8a8537fa213d7f9f4d5158", id="the RFC's masked pong"),
        pytest.param(encode_frame(Send.PONG, b"", MASK), "8a8037fa213d", id="an empty pong"),
        pytest.param(encode_close(1000, "", bytes(4)), "88820000000003e8", id="a close code, by a mask of zeros"),
        pytest.param(encode_close(1005, "", MASK), "888037fa213d", id="a close without a code"),
        pytest.param(encode_close(65535, "", bytes(4)), "888200000000ffff", id="the highest number that is no code"),
    ],
)
def test_frames_are_as_the_specification_prints_them(written: bytes, wire: str) -> None:
    assert written.hex() == wire


@given(st.sampled_from([Send.TEXT, Send.PONG]), st.text(max_size=31), st.binary(min_size=4, max_size=4))
def test_whatever_is_sent_is_read_whatever_its_mask(opcode: Send, text: str, mask: bytes) -> None:
    expected = text if opcode is Send.TEXT else text.encode()
    assert sent_to_server(encode_frame(opcode, text.encode(), mask)) == (Opcode(opcode), expected)


@pytest.mark.parametrize(
    ("code", "reason", "read_as"),
    [
        pytest.param(1000, "", (1000, ""), id="a code alone"),
        pytest.param(4001, "no such key", (4001, "no such key"), id="a code and a reason"),
        pytest.param(1011, "a" * 123, (1011, "a" * 123), id="the longest reason"),
        pytest.param(1011, "a" * 124, (1011, "a" * 123), id="a reason one too long"),
        pytest.param(1002, "é" * 62, (1002, "é" * 61), id="cut before a character of two bytes"),
        pytest.param(1002, FOX * 31, (1002, FOX * 30), id="cut before a character of four bytes"),
        pytest.param(1002, "a" * 10_000, (1002, "a" * 123), id="a reason far too long"),
        pytest.param(1000, "half \ud83e", (1000, "half ?"), id="half an emoji"),
        pytest.param(1005, "gone", (1005, ""), id="1005 is never sent, nor is its reason"),
        pytest.param(1006, "gone", (1005, ""), id="1006 is never sent"),
        pytest.param(1015, "gone", (1005, ""), id="1015 is never sent"),
    ],
)
def test_a_close_is_read_with_its_code_and_what_fits_of_its_reason(
    code: int, reason: str, read_as: tuple[int, str]
) -> None:
    assert sent_to_server(encode_close(code, reason, MASK)) == (Opcode.CLOSE, read_as)


@given(st.sampled_from([1000, 1002, 1007, 1009, 3000, 4999]), st.text(), st.binary(min_size=4, max_size=4))
def test_any_reason_gives_a_legal_close(code: int, reason: str, mask: bytes) -> None:
    opcode, payload = sent_to_server(encode_close(code, reason, mask))
    assert opcode is Opcode.CLOSE
    assert isinstance(payload, tuple)
    assert payload[0] == code
    assert reason.startswith(payload[1])
    assert len(payload[1].encode()) >= min(120, len(reason.encode()))


@pytest.mark.parametrize("sizes", [(), (1,), (2,), (5, 1)])
@pytest.mark.parametrize(
    ("stream", "seen"),
    [
        pytest.param("810548656c6c6f", Seen(["Hello"], 1, None, None), id="the RFC's text"),
        pytest.param("010348656c80026c6f", Seen(["Hello"], 2, None, None), id="the RFC's fragments"),
        pytest.param("890548656c6c6f", Seen([], 1, b"Hello", None), id="the RFC's ping"),
        pytest.param("8a0548656c6c6f", Seen([], 1, None, None), id="a pong"),
        pytest.param("8100", Seen([""], 1, None, None), id="an empty text"),
        pytest.param("01000000" + "8000", Seen([""], 3, None, None), id="an empty text in three fragments"),
        pytest.param("8100" * 3, Seen(["", "", ""], 3, None, None), id="three texts"),
        pytest.param("8203ff4142", Seen(["\ufffdAB"], 1, None, None), id="a binary message that is no text"),
        pytest.param("0201c3" + "8001a9", Seen(["é"], 2, None, None), id="a binary message, cut within a character"),
        pytest.param("0101c3" + "890161" + "8001a9", Seen(["é"], 3, b"a", None), id="a ping within a character"),
        pytest.param("890161" + "890162", Seen([], 2, b"b", None), id="two pings"),
        pytest.param("8800", Seen([], 1, None, (1005, "", False)), id="a close without a code"),
        pytest.param("88040fa16869", Seen([], 1, None, (4001, "hi", False)), id="a close with a reason"),
        pytest.param("880203e8" + "810141", Seen([], 1, None, (1000, "", False)), id="nothing follows a close"),
        pytest.param("810141" + "8101ff" + "810142", Seen(["A"], 1, None, (1007, "", True)), id="no UTF-8"),
        pytest.param("8102c3", Seen([], 0, None, None), id="half a frame"),
    ],
)
def test_a_stream_gives_its_messages_and_its_end(stream: str, sizes: Sequence[int], seen: Seen) -> None:
    assert sent_by_server(bytes.fromhex(stream), sizes) == seen


def test_texts_of_any_length_follow_each_other_in_one_read() -> None:
    texts = [
        letter * size for letter in "ab" for size in (0, 125, 126, 255, 256, 300, 511, 512, 32_768, 65_535, 65_536)
    ]
    stream = b"".join(frame(0x81, text.encode()) for text in [*texts, *reversed(texts)])
    assert sent_by_server(stream).messages == [*texts, *reversed(texts)]


@pytest.mark.parametrize("length", [0, 5, 125])
def test_a_length_in_more_bytes_than_it_needs_is_an_error_however_much_follows(length: int) -> None:
    stream = b"\x81\x7e" + length.to_bytes(2) + 1_000 * b"a"
    assert by_reader(stream) == by_wsproto(stream)
    assert by_reader(stream).end == (1002, "", True)


def calls_of_wsproto(reader: Reader, data: bytes) -> int:
    """How often wsproto's code is entered while the reader takes one read."""
    calls = 0

    def entered(stack: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and stack.f_globals["__name__"].startswith("wsproto")

    sys.setprofile(entered)
    try:
        reader.feed(data)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("size", [2, 3, 125, 126, 127, 255, 256, 65_535])  # no JSON object is shorter than 2
def test_a_whole_text_in_its_plainest_form_is_read_without_wsproto(size: int) -> None:
    """Counted, not timed: nearly all of the traffic is such texts, and the general way costs some twenty times more."""
    text = frame(0x81, b"x" * size)
    for limit in (max(size, 1), 1 << 20):
        reader = Reader(max_message=limit, max_fragments=10)
        assert calls_of_wsproto(reader, text) == 0
        assert calls_of_wsproto(reader, text * 3) == 0
        assert (reader.frame_count, reader.end) == (4, None)
        assert calls_of_wsproto(reader, frame(0x82, b"x")) > 0


# Headers that cannot become a frame


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("8305", id="a reserved opcode"),
        pytest.param("8f7f", id="a reserved control opcode"),
        pytest.param("0900", id="a fragmented ping"),
        pytest.param("897e", id="a ping beyond 125 bytes"),
        pytest.param("88ff", id="a masked close beyond 125 bytes"),
        pytest.param("c105", id="a reserved bit"),
        pytest.param("8185", id="a masked text"),
        pytest.param("817e007d", id="two bytes where one would do"),
        pytest.param("c17effff", id="a reserved bit, before a length of two bytes"),
        pytest.param("81fe0080", id="a masked text of two bytes' length"),
        pytest.param("817f000000000000ffff", id="eight bytes where two would do"),
        pytest.param("827f8000000000000000", id="a length with the highest bit"),
        pytest.param("a17f0000000000010000", id="a reserved bit, before a length of eight bytes"),
        pytest.param("81ff0000000000010000", id="a masked text of eight bytes' length"),
    ],
)
@pytest.mark.parametrize("before", ["", "810141", "010141"])
def test_a_doomed_header_fails_with_its_last_byte_and_not_before(header: str, before: str) -> None:
    """So whole, with the mask and more behind it, or dripping in; in whatever state of a message."""
    data = bytes.fromhex(header)
    for tail in (b"", MASK[:3], MASK, MASK + A * 100):
        seen = sent_by_server(bytes.fromhex(before) + data + tail)
        assert seen == by_wsproto(bytes.fromhex(before) + data + tail)
        assert seen.end == (1002, "", True)
    reader = Reader(max_message=1 << 20, max_fragments=10)
    reader.feed(bytes.fromhex(before))
    for byte in data[:-1]:
        reader.feed(bytes([byte]))
        assert reader.end is None
    reader.feed(data[-1:])
    assert isinstance(reader.end, End)
    with pytest.raises(ParseFailed) as failed:
        list(frames_of(bytes.fromhex(before) + data))
    assert reader.end == End(1002, str(failed.value), failed=True)


@pytest.mark.parametrize("more", [b"", b"\x00", b"\x81\x01A", frame(0x88), b"x" * 100_000])
def test_nothing_is_read_behind_the_end(more: bytes) -> None:
    for last in (closing(1000), b"\x83\x00", frame(0x81, b"x" * 101)):
        reader = Reader(max_message=100, max_fragments=10)
        assert reader.feed(A + last + more) == ["A"]
        end, count = reader.end, reader.frame_count
        assert reader.feed(more) == []
        assert (reader.end, reader.frame_count, reader.ping) == (end, count, None)


def test_an_empty_read_changes_nothing() -> None:
    reader = Reader(max_message=100, max_fragments=10)
    for byte in frame(0x01, b"A") + frame(0x80, b"B"):
        assert reader.feed(b"") == []
        messages = reader.feed(bytes([byte]))
    assert messages == ["AB"]


def test_the_ping_stands_until_it_is_taken_and_the_count_only_grows() -> None:
    reader = Reader(max_message=100, max_fragments=10)
    reader.feed(frame(0x89, b"1") + frame(0x89, b"2"))
    assert (reader.ping, reader.frame_count) == (b"2", 2)
    reader.ping = None
    reader.feed(frame(0x01, b"A") + frame(0x8A, b"3")[:-1])
    assert (reader.ping, reader.frame_count) == (None, 3)
    reader.feed(b"3" + frame(0x80))
    assert (reader.ping, reader.frame_count) == (None, 5)


# Limits


@pytest.mark.parametrize("limit", [1, 125, 126, 65535, 65536])
@pytest.mark.parametrize("first", [0x81, 0x01, 0x82])
def test_a_frame_as_long_as_the_limit_is_read_and_one_byte_more_fails_at_its_header(limit: int, first: int) -> None:
    fits, too_long = frame(first, b"x" * limit), frame(first, b"x" * (limit + 1))
    header = len(too_long) - limit - 1
    reader = Reader(max_message=limit, max_fragments=10)
    assert reader.feed(fits) == ([] if first == 0x01 else ["x" * limit])
    assert (reader.frame_count, reader.end) == (1, None)
    for sizes in ((), (1,)):
        reader = Reader(max_message=limit, max_fragments=10)
        assert [*itertools.chain.from_iterable(map(reader.feed, split(too_long[:header], sizes)))] == []
        assert reader.end == End(1009, f"a message beyond {limit} bytes", failed=True)


@pytest.mark.parametrize("size", [125, 126, 65_535, 65_536])
def test_a_message_in_fragments_is_measured_without_their_headers(size: int) -> None:
    reader = Reader(max_message=3 * size, max_fragments=3)
    parts = [frame(first, b"x" * size) for first in (0x01, 0x00, 0x80)]
    assert reader.feed(b"".join(parts)) == ["x" * (3 * size)]
    assert reader.end is None


@pytest.mark.parametrize("length", [1 << 32, (1 << 63) - 1])
def test_a_frame_that_nobody_could_hold_fails_at_its_header(length: int) -> None:
    seen = sent_by_server(struct.pack("!BBQ", 0x82, 127, length))
    assert seen.end == (1009, "", True)


def test_control_frames_are_no_part_of_a_message_and_have_no_limit_but_their_own() -> None:
    reader = Reader(max_message=2, max_fragments=2)
    pings = frame(0x89, b"p" * 2) * 50
    stream = frame(0x01, b"a") + pings + frame(0x80, b"b") + pings
    assert reader.feed(stream * 3) == ["ab"] * 3
    assert reader.end is None


@given(
    st.lists(st.lists(st.integers(0, 8), min_size=1, max_size=6), max_size=5),
    st.integers(1, 12),
    st.integers(1, 5),
    read_sizes,
)
def test_a_message_beyond_the_limits_ends_the_stream_and_those_before_it_are_read(
    messages: list[list[int]], limit: int, most: int, sizes: Sequence[int]
) -> None:
    stream = b""
    for parts in messages:
        frames = [bytearray(frame(0x00, b"x" * size)) for size in parts]
        frames[0][0] |= 0x01
        frames[-1][0] |= 0x80
        stream += b"".join(frames)
    fits = [sum(parts) <= limit and len(parts) <= most for parts in messages]
    good = [*itertools.takewhile(bool, fits)]
    seen = read(Reader(max_message=limit, max_fragments=most), split(stream, sizes))
    assert seen.messages == ["x" * sum(parts) for parts in messages[: len(good)]]
    assert seen.end == (None if all(fits) else (1009, "", True))


@pytest.mark.parametrize("opcode", [0x01, 0x02])
@pytest.mark.parametrize(
    ("parts", "last", "reason"),
    [
        pytest.param([b"xxxx", b"xxxx", b"xx"], b"x", "a message beyond 10 bytes", id="by their sum"),
        pytest.param([b""] * 100, b"", "a message of more than 100 fragments", id="by their count"),
    ],
)
def test_endless_fragments_fail_with_the_first_one_too_many(
    opcode: int, parts: list[bytes], last: bytes, reason: str
) -> None:
    reader = Reader(max_message=10, max_fragments=100)
    first, *others = parts
    stream = frame(opcode, first) + b"".join(frame(0x00, part) for part in others)
    assert read(reader, split(stream, ())) == Seen([], len(parts), None, None)
    reader.feed(frame(0x00, last))
    assert reader.end == End(1009, reason, failed=True)


def test_each_message_has_the_limits_for_itself() -> None:
    reader = Reader(max_message=4, max_fragments=2)
    stream = frame(0x01, b"ab") + frame(0x80, b"cd") + frame(0x81, b"efgh") + frame(0x82, b"ijkl")
    assert reader.feed(stream * 3) == ["abcd", "efgh", "ijkl"] * 3
    assert reader.end is None


def test_a_mebibyte_in_reads_of_one_byte_is_one_message() -> None:
    reader = Reader(max_message=1 << 20, max_fragments=1)
    data = frame(0x81, b"x" * (1 << 20))
    assert [message for byte in data for message in reader.feed(bytes((byte,)))] == ["x" * (1 << 20)]


def test_a_frame_that_drips_in_costs_memory_once_and_not_with_every_read() -> None:
    """Counted, not timed: what each read allocates, summed up. A copy with every read would make two gibibytes."""
    size = 1 << 16
    reader = Reader(max_message=size, max_fragments=1)
    reads = [bytes((byte,)) for byte in frame(0x81, b"x" * size)]
    allocated = 0
    tracemalloc.start()
    try:
        for data in reads[:-1]:
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            reader.feed(data)
            allocated += max(0, tracemalloc.get_traced_memory()[1] - before)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reader.feed(reads[-1]) == ["x" * size]
    assert held < 2 * size
    assert allocated < 1000 * size


def test_nothing_is_held_behind_the_end_however_much_comes() -> None:
    reader = Reader(max_message=1 << 10, max_fragments=1)
    reader.feed(frame(0x81, b"x" * 2000))
    more = b"x" * (1 << 20)
    tracemalloc.start()
    try:
        for _ in range(8):
            reader.feed(more)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1 << 16
