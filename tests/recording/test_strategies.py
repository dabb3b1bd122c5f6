"""Recordings of any life and in any state: a sound one replays as it was, a damaged one is read as far as it goes."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import msgspec
from hypothesis import strategies as st

from kick_proto.recording.anonymising import anonymise
from kick_proto.recording.lines import Unreachable, encode_line
from kick_proto.recording.packing import lines_of
from kick_proto.recording.replaying import play, replay
from kick_proto.recording.transcript import Transcript, read
from kick_proto.testing import strategies
from kick_proto.testing.strategies import Damaged, Recorded
from tests.drawing import drawn, seen
from tests.recording.making import recorded

KEY = b"a key of at least sixteen bytes"


def of_file(lines: Sequence[bytes]) -> Transcript:
    return read(lines_of(BytesIO(b"".join(lines)).read))


@drawn(strategies.transcripts)
def test_a_recording_is_read_whole_and_replays_line_by_line(recorded: Recorded) -> None:
    transcript = of_file(recorded.lines)
    assert transcript.faults == ()
    assert len(transcript.lines) == len(recorded.lines) - 1
    steps = list(play(transcript))
    assert [line for step in steps for line in step.lines] == list(recorded.lines)
    assert [event for step in steps for event in step.events] == list(recorded.events)
    assert [difference for step in steps for difference in step.differences] == []


def shape(raw: bytes) -> dict[str, Any]:
    """What of a line is no pseudonym."""
    row = msgspec.json.decode(raw)
    kept = ("line", "at", "ref", "number", "code", "what")
    return {
        name: row[name] for name in (*kept, *(["name"] if row["line"] in ("command", "event") else [])) if name in row
    }


@drawn(strategies.transcripts)
def test_without_names_it_is_the_same_line_by_line_and_replays_as_well(recorded: Recorded) -> None:
    made = anonymise(read(recorded.lines), KEY)
    assert list(map(shape, made.lines)) == list(map(shape, recorded.lines))
    transcript = read(made.lines)
    again = replay(transcript)
    assert (transcript.faults, again.differences) == ((), [])
    assert (again.lines, again.events) == (made.lines, made.events)


def assert_all_is_read_that_is_left(damaged: Damaged) -> None:
    transcript = read(damaged.lines)
    assert transcript.header == damaged.header
    assert transcript.lines == damaged.readable
    assert tuple(fault.number for fault in transcript.faults) == damaged.faults
    assert all(fault.problem for fault in transcript.faults)


@drawn(strategies.damaged_transcripts)
def test_of_a_damaged_recording_every_line_is_read_or_named(damaged: Damaged) -> None:
    assert_all_is_read_that_is_left(damaged)


def in_parts() -> Recorded:
    """A recording with two lines that come in parts, between others."""
    lines = recorded(1).lines
    long = [b"".join(encode_line(Unreachable(0.0, 1, letter * (1 << 20)))) for letter in "ab"]
    parts = [part.splitlines(keepends=True) for part in long]
    return Recorded((*lines[:4], *parts[0], *lines[4:6], *parts[1], *lines[6:8]), ())


IN_PARTS = in_parts()


@drawn(lambda: strategies.damaged_transcripts(st.just(IN_PARTS)))
def test_of_lines_in_parts_too(damaged: Damaged) -> None:
    assert_all_is_read_that_is_left(damaged)


@drawn(strategies.damaged_transcripts)
def test_as_a_file_it_is_read_as_its_lines_are(damaged: Damaged) -> None:
    assert of_file(damaged.lines) == read(damaged.lines)


@drawn(lambda: strategies.damaged_transcripts().filter(lambda damaged: damaged.header is not None))
def test_what_is_left_is_replayed_and_told_without_names(damaged: Damaged) -> None:
    transcript = read(damaged.lines)
    for made in (replay(transcript), anonymise(transcript, KEY)):
        again = read(made.lines)
        assert again.faults == ()
        assert replay(again).lines == made.lines


def states_of(damaged: Damaged) -> Iterator[str]:
    """What is so of it."""
    numbers = [each.number for each in damaged.readable]
    yield "with a header" if damaged.header is not None else "without a header"
    yield "with faults" if damaged.faults else "without faults"
    if set(damaged.faults) & set(numbers):
        yield "a line that is read and named"
    if damaged.header is not None and damaged.faults[:1] == (1,):
        yield "a header that is read and named"
    if damaged.lines and not damaged.lines[-1].endswith(b"\n"):
        yield "a last line that was cut"
    if numbers and damaged.faults and damaged.faults[0] < numbers[-1]:
        yield "a line that is read behind one that is not"


def test_the_damages_that_are_drawn_leave_every_state_behind() -> None:
    wanted = {
        "with a header",
        "without a header",
        "with faults",
        "without faults",
        "a header that is read and named",
        "a line that is read and named",
        "a last line that was cut",
        "a line that is read behind one that is not",
    }
    for transcripts in (None, st.just(IN_PARTS)):
        assert seen(strategies.damaged_transcripts(transcripts), states_of, wanted.issubset) == wanted
