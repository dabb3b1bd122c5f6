import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.events import ChatSettingsChanged, Mode, Undecodable, Unknown
from kick_proto.frames import Frame
from kick_proto.lifecycle import Down, Up
from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Open, Opened, Received, Transmit
from kick_proto.recording import lines
from kick_proto.recording.lines import (
    Cancelling,
    Closing,
    Event,
    Fed,
    Joiner,
    Line,
    Opening,
    Transmitting,
    encode_event,
    encode_line,
    event_line,
    input_line,
    input_of,
    line_text,
    output_line,
)
from tests.scenes import FOX

AT = datetime(2026, 11, 1, tzinfo=UTC)

INPUTS: list[Input[Sequence[str]]] = [
    Opened(3),
    Closed(3, 4001, "no"),
    Failed(3, "refused"),
    Received(3, [], 5.5),
    Received(3, ["{}", "é😀"], 5.5),
    Received(3, ["fine", "\ud800 broken"], 5.5),
]


def fed(line: Line) -> Line | None:
    joiner = Joiner()
    (read,) = [told for raw in encode_line(line) if (told := joiner.feed(raw).line) is not None]
    return read


@pytest.mark.parametrize("received", INPUTS, ids=repr)
def test_an_input_comes_out_of_its_line_as_it_went_in(received: Input[Sequence[str]]) -> None:
    line = fed(input_line(1.25, received))
    assert isinstance(line, lines.Occurrence)
    assert input_of(line) == received


def test_the_outputs_have_a_line_each() -> None:
    assert output_line(Open(1, "host", 443, True, "/app")) == Opening(1, "host", 443, True, "/app")
    assert output_line(Transmit(1, ["a", "b"])) == Transmitting(1, ("a", "b"))
    assert output_line(Close(1, 1000, "bye")) == Closing(1, 1000, "bye")
    assert output_line(Cancel(1)) == Cancelling(1)


def test_an_event_stands_by_name_with_the_checksum_of_its_frame() -> None:
    first, second = (event_line(Unknown(AT, Frame("New", "t", data), FOX)) for data in ("{}", "[]"))
    assert (first.name, first.event["type"], first.event["received_at"]) == (
        "Unknown",
        "Unknown",
        "2026-11-01T00:00:00Z",
    )
    assert (first.event, first.frame == second.frame, len(first.frame)) == (second.event, False, 16)
    assert first.frame == checksum("New", "t", "{}")
    assert event_line(Up("us2", "1.2", None)).frame == ""


def checksum(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def test_an_event_that_was_joined_has_the_checksum_of_all_its_frames_and_none_of_them() -> None:
    frames = tuple(Frame("New", "t", data) for data in ("1", "2", "3"))
    joined = ChatSettingsChanged(AT, frames[0], FOX, slow_mode=Mode(True), sources=frames[1:])
    line = event_line(joined)
    assert line.frame == checksum(*(text for data in "123" for text in ("New", "t", data)))
    assert not {"raw", "sources"} & set(line.event)
    assert list(encode_event(joined)) == list(encode_line(line))


def test_an_event_of_somebodys_own_is_told_too() -> None:
    class Odd(msgspec.Struct):
        thing: object

    assert event_line(Odd(1j)) == Event("Odd", {"thing": "1j"})
    assert list(encode_event(Odd(1j))) == list(encode_line(Event("Odd", {"thing": "1j"})))
    assert list(encode_event(Odd(["\ud800", 1]))) == list(encode_line(Event("Odd", {"thing": ["?", 1]})))


BARE = len(b"".join(encode_event(Down("us2", 1006, "", 0.1))))


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("lost", id="short"),
        pytest.param("\ud800", id="no Unicode"),
        pytest.param("x" * (lines.LONGEST_LINE - BARE), id="as long as may be"),
        pytest.param("x" * (lines.LONGEST_LINE - BARE + 1), id="longer by one"),
        pytest.param("x" * lines.LONGEST_LINE, id="long"),
    ],
)
def test_an_event_is_written_as_its_line_is(reason: str) -> None:
    down = Down("us2", 1006, reason, 0.1)
    assert list(encode_event(down)) == list(encode_line(event_line(down)))
    assert max(map(len, encode_event(down))) <= lines.LONGEST_LINE
    undecodable = Undecodable(AT, Frame("x", "y", reason), FOX, reason)
    assert list(encode_event(undecodable)) == list(encode_line(event_line(undecodable)))


def test_what_is_no_utf8_in_a_damaged_line_is_read_as_well_as_it_can_be() -> None:
    received = input_of(lines.Heard(0.0, 1, 0.0, (), (b"\xff", b"\xed\xa0\x80")))
    assert received == Received(1, ["\ufffd", "\ud800"], 0.0)


@given(st.text(max_size=40) | st.just("\ud800"))
def test_a_line_is_one_line_whatever_it_holds(text: str) -> None:
    (raw,) = encode_line(lines.Unreachable(0.0, 1, text))
    assert raw.count(b"\n") == 1
    assert raw.endswith(b"}\n")


def test_a_long_line_comes_in_parts() -> None:
    line = lines.Heard(0.0, 1, 0.0, ('"' * lines.LONGEST_LINE, "\\"))
    raws = list(encode_line(line))
    assert len(raws) > 8
    assert all(len(raw) <= lines.LONGEST_LINE for raw in raws)
    joiner = Joiner()
    *rest, last = [joiner.feed(raw) for raw in raws]
    assert (set(rest), last, joiner.is_waiting) == ({Fed(None)}, Fed(line), False)


def test_as_one_text_a_line_has_no_end_and_no_parts() -> None:
    assert line_text(Cancelling(3)) == '{"line":"cancel","ref":3}'
    assert line_text(Cancelling(3)) + "\n" == b"".join(encode_line(Cancelling(3))).decode()
    long = "x" * lines.LONGEST_LINE
    assert line_text(lines.Raised(long + "\ud800")) == f'{{"line":"raised","error":"{long}?"}}'


PART = b'{"line":"part","text":"{\\"line\\":"}'
NOT_THE_REST = b'{"line":"part","text":"x","last":true}'
PART_IN_A_PART = b'{"line":"part","text":"{\\"line\\":\\"part\\",\\"text\\":\\"\\"}","last":true}'


@pytest.mark.parametrize(
    ("raws", "problem"),
    [
        ([b"{"], "truncated"),
        ([b"[1]"], "Expected `object`"),
        ([b'{"line":"later"}'], "later"),
        ([b'{"line":"timeout","at":-1}'], "at"),
        ([b'{"line":"received","at":0,"ref":1,"unix_now":1e300}'], "unix_now"),
        ([b'{"line":"command","at":0,"name":"subscribe","channel":{"channel_id":0,"chatroom_id":1}}'], "positive"),
        ([b"\xff"], "malformed"),
        ([b"[" * 100_000], "Expected `object`"),
        ([b" " * (lines.LONGEST_LINE + 1)], "longer than"),
        ([PART, NOT_THE_REST], "malformed"),
    ],
)
def test_what_is_no_line_is_told(raws: list[bytes], problem: str) -> None:
    joiner = Joiner()
    *first, last = raws
    assert [joiner.feed(raw) for raw in first] == [Fed(None)] * len(first)
    fed = joiner.feed(last)
    assert fed.line is None
    assert problem in fed.problem


def test_parts_have_a_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LARGEST", 2 * len(part_of(PART).text))
    joiner = Joiner()
    assert [joiner.feed(PART), joiner.feed(PART)] == [Fed(None), Fed(None)]
    assert joiner.feed(PART) == Fed(None, "parts of more than 16 characters")
    assert not joiner.is_waiting


LONG = lines.Unreachable(1.0, 1, "a" * lines.LONGEST_LINE)
PARTS = list(encode_line(LONG))
OTHER = list(encode_line(lines.Unreachable(1.0, 1, "b" * lines.LONGEST_LINE)))
TICK = b'{"line":"timeout","at":1.0}\n'
MISFIT = "in the place of another one's, or of another part: those before are lost"
ORPHAN = "of a line of which the first parts are missing"


def all_fed(*raws: bytes) -> list[Fed]:
    """What came of each, but of parts that fit."""
    joiner = Joiner()
    return [fed for raw in raws if (fed := joiner.feed(raw)) != Fed(None)]


def test_a_line_in_the_place_of_parts_that_are_missing_is_read_and_they_are_named() -> None:
    lost = "another line among the parts of one, which are lost"
    assert all_fed(PARTS[0], TICK, *PARTS) == [Fed(lines.Timeout(1.0), lost), Fed(LONG)]


def test_a_line_that_is_complete_in_the_place_of_a_part_is_read_and_the_parts_before_are_named() -> None:
    text = line_text(lines.Timeout(1.0))
    only = msgspec.json.encode(lines.Part(text, last=True, number=1, whole=checksum(text)))
    assert all_fed(only) == [Fed(lines.Timeout(1.0))]
    assert all_fed(PARTS[0], only) == [Fed(lines.Timeout(1.0), f"part 1 of a line {MISFIT}")]


def test_a_part_that_is_missing_is_named_though_the_rest_would_be_a_line_too() -> None:
    assert all_fed(PARTS[0], *PARTS[2:], TICK) == [
        Fed(None, f"part 3 of a line {MISFIT}"),
        *(Fed(None, f"part {number} {ORPHAN}") for number in range(4, len(PARTS) + 1)),
        Fed(lines.Timeout(1.0)),
    ]


def test_of_a_line_whose_first_part_is_missing_each_part_is_named() -> None:
    assert all_fed(*PARTS[1:], TICK) == [
        *(Fed(None, f"part {number} {ORPHAN}") for number in range(2, len(PARTS) + 1)),
        Fed(lines.Timeout(1.0)),
    ]


def test_a_line_whose_first_part_stands_in_the_place_of_another_part_is_read() -> None:
    assert all_fed(*PARTS[:3], *OTHER) == [
        Fed(None, f"part 1 of a line {MISFIT}"),
        Fed(lines.Unreachable(1.0, 1, "b" * lines.LONGEST_LINE)),
    ]


def test_parts_of_two_lines_are_no_line_though_their_numbers_fit() -> None:
    for before in range(1, 4):
        told = Fed(None, f"part {before + 1} of a line {MISFIT}")
        assert all_fed(*PARTS[:before], OTHER[before], TICK) == [told, Fed(lines.Timeout(1.0))]


def test_what_stands_between_the_parts_and_is_no_line_is_named_and_the_line_is_read() -> None:
    assert [bool(fed.problem) for fed in all_fed(*PARTS[:3], b"?", *PARTS[3:])] == [True, False]


def test_parts_that_make_a_part_are_no_line() -> None:
    assert all_fed(PART_IN_A_PART) == [Fed(None, "parts that make another part")]


def test_a_part_in_which_a_letter_was_changed_is_found_out() -> None:
    changed = PARTS[1].replace(b"aaa", b"aba", 1)
    assert all_fed(PARTS[0], changed, *PARTS[2:]) == [Fed(None, "parts whose text is not what was written")]


def test_parts_without_numbers_are_taken_as_they_come() -> None:
    bare = [msgspec.json.encode(lines.Part(each.text, each.last)) for each in map(part_of, PARTS)]
    assert all_fed(*bare) == [Fed(LONG)]
    assert len(all_fed(*bare[:3], *PARTS)) == 2


def part_of(raw: bytes) -> lines.Part:
    return msgspec.json.decode(raw, type=lines.Part)
