from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.errors import RemoteProtocolError
from kick_proto.recording import transcript as module
from kick_proto.recording.lines import FORMAT, Event, Step
from kick_proto.recording.replaying import replay
from kick_proto.recording.transcript import Fault, Transcript, read
from tests.recording.making import Recording, recorded
from tests.scenes import FOX

WHOLE = b"".join(recorded(4).lines)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded(4)


def of(data: bytes) -> Transcript:
    return read(data.splitlines(keepends=True))


def test_a_recording_is_read_whole(recording: Recording) -> None:
    transcript = read(recording.lines)
    assert transcript.header is not None
    assert (transcript.header.format, transcript.header.level, transcript.faults) == (FORMAT, "texts", ())
    assert len(transcript.lines) == len(recording.lines) - 1
    assert [event.name for event in transcript.events] == [type(event).__name__ for event in recording.events]
    assert transcript.channels == (FOX,)
    assert sum(len(act.results) + 1 for act in transcript.acts) == len(transcript.lines)
    assert [act.number for act in transcript.acts][:2] == [2, 3]


def test_a_recording_is_the_same_each_time() -> None:
    assert b"".join(recorded(4).lines) == WHOLE


@given(st.integers(0, len(WHOLE)))
def test_any_beginning_is_read_up_to_the_cut_and_replays(end: int) -> None:
    whole = of(WHOLE)
    cut = of(WHOLE[:end])
    assert cut.lines == whole.lines[: len(cut.lines)]
    complete = WHOLE[:end].count(b"\n")
    assert len(cut.lines) >= complete - 1
    assert [each.number for each in cut.faults if "no header" not in each.problem] in ([], [complete + 1])
    if cut.header is not None:
        assert replay(cut).differences == []


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=20))
def test_what_is_damaged_is_named_and_the_rest_is_read(damages: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, byte in damages:
        data[place] = byte
    transcript = of(bytes(data))
    lost = len(of(WHOLE).lines) - len(transcript.lines)
    assert lost <= 2 * len(damages)
    assert all(fault.problem for fault in transcript.faults)


@given(st.binary() | st.lists(st.binary(max_size=30)).map(b"\n".join))
def test_no_bytes_raise(data: bytes) -> None:
    transcript = of(data)
    assert (transcript.header, transcript.lines) == (None, ())
    assert transcript.faults[0].problem.startswith("no header")


@given(st.lists(st.sampled_from(WHOLE.splitlines(keepends=True)[:40])))
def test_lines_in_any_order_are_read_and_replay_without_raising(lines: list[bytes]) -> None:
    transcript = read(lines)
    if transcript.header is not None:
        replay(transcript)
    assert [each for each in transcript.faults if "header" not in each.problem] == []


def test_empty_lines_are_passed_over() -> None:
    gaping = of(WHOLE.replace(b"\n", b"\r\n\n"))
    assert gaping.faults == ()
    assert [each.line for each in gaping.lines] == [each.line for each in of(WHOLE).lines]


def test_a_second_header_is_named() -> None:
    first = WHOLE.partition(b"\n")[0]
    assert of(first + b"\n" + first).faults == (Fault(2, "a header that is not the first line"),)


def test_a_line_that_is_none_is_named_with_what_is_wrong_with_it() -> None:
    assert of(WHOLE + b'{"line":"later"}\n').faults == (
        Fault(WHOLE.count(b"\n") + 1, "Invalid value 'later' - at `$.line`"),
    )


def test_without_a_header_the_first_line_is_at_fault() -> None:
    assert of(b"").faults == (Fault(1, "no header: the first line is to say how the recording was made"),)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_file_that_breaks_off_is_named_where_it_does_and_read_up_to_there(count: int) -> None:
    def breaking() -> Iterator[bytes]:
        yield from WHOLE.splitlines(keepends=True)[:count]
        raise RemoteProtocolError("the compression is damaged")

    transcript = read(breaking())
    assert transcript.faults[-1] == Fault(count + 1, "the compression is damaged")
    assert transcript.lines == of(WHOLE).lines[: max(0, count - 1)]


def test_a_newer_format_is_named_and_read_as_well_as_it_can_be() -> None:
    newer = of(WHOLE.replace(b'"format":1', b'"format":7', 1))
    assert newer.faults == (Fault(1, "format 7 is newer than what this version reads, which is 1"),)
    assert newer.lines == of(WHOLE).lines


def test_parts_without_their_last_are_named() -> None:
    cut = of(WHOLE + b'{"line":"part","text":"{"}\n')
    assert cut.faults == (Fault(WHOLE.count(b"\n") + 1, "the last part of the last line is missing"),)


def test_of_too_many_faults_the_last_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FAULTS", 3)
    assert [fault.number for fault in of(WHOLE.partition(b"\n")[0] + b"\n?" * 9).faults] == [2, 3, 10]


def test_results_before_any_step_belong_to_none() -> None:
    lines = WHOLE.splitlines(keepends=True)
    events = [line for line in lines if line.startswith(b'{"line":"event"')][:3]
    transcript = read([lines[0], *events])
    assert (transcript.acts, len(transcript.lines)) == ((), 3)
    assert all(isinstance(each.line, Event) and not isinstance(each.line, Step) for each in transcript.lines)
