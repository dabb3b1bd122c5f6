"""What a server's reader makes of a client's frames: what it takes, and what it says of what it does not."""

import struct

import pytest

from kick_proto.testing.server_frames import LONGEST_TEXT, End, Reader
from tests.testing.wire import frame

UNMASKED = b"\0\0\0\0"
"""A mask that changes nothing, for what is long."""


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(0x88, struct.pack("!H", code) + reason)


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4200, 4999]
)
def test_a_close_code_that_may_be_sent_is_taken_as_it_is(code: int) -> None:
    assert Reader().feed(close(code, "é".encode())) == End(code, "é")


def test_a_close_without_a_code_has_none_and_no_reason() -> None:
    assert Reader().feed(frame(0x88, b"")) == End(1005, "")


@pytest.mark.parametrize(
    ("wrong", "end"),
    [
        (frame(0x88, b"x"), End(1002, "a close frame with half a code")),
        (close(999), End(1002, "a close frame with code 999")),
        (close(1005), End(1002, "a close frame with code 1005")),
        (close(1006), End(1002, "a close frame with code 1006")),
        (close(1015), End(1002, "a close frame with code 1015")),
        (close(2999), End(1002, "a close frame with code 2999")),
        (close(5000), End(1002, "a close frame with code 5000")),
        (close(1000, b"\xff"), End(1007, "a reason must be UTF-8")),
        (frame(0x81, b"\xff"), End(1007, "a text must be UTF-8")),
        (frame(0x01, b"\xc3") + frame(0x80, b""), End(1007, "a text must be UTF-8")),
        (frame(0x82, b"x"), End(1003, "only text is understood")),
    ],
)
def test_what_is_wrong_is_said_in_the_end_that_it_makes(wrong: bytes, end: End) -> None:
    assert Reader().feed(wrong) == end


def test_a_text_may_have_its_full_length_each_time_whole_or_in_parts() -> None:
    reader = Reader()
    half = b"x" * (LONGEST_TEXT // 2)
    whole = frame(0x81, half + half, UNMASKED)
    parts = frame(0x01, half, UNMASKED) + frame(0x80, half, UNMASKED)
    for data in (whole, whole, parts, parts):
        assert reader.feed(data) is None
        (text,) = reader.take_heard()
        assert len(text) == LONGEST_TEXT
    assert reader.feed(frame(0x81, half + half + b"x", UNMASKED)) == End(1009, "a text is 1048576 characters at most")
