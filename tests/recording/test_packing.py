import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.errors import LocalProtocolError, RemoteProtocolError
from kick_proto.recording import packing
from kick_proto.recording.lines import LONGEST_LINE
from kick_proto.recording.packing import lines_of, packer
from kick_proto.recording.transcript import read
from tests.recording.making import recorded

LINES = recorded(5).lines


def packed(*pieces: bytes) -> bytes:
    packing = packer()
    return b"".join(packing.compress(piece) + packing.sync() for piece in pieces) + packing.finish()


def lines_in(data: bytes) -> list[bytes]:
    return list(lines_of(io.BytesIO(data).read))


def is_line(line: bytes) -> bool:
    return b"\n" not in line and not line.startswith(packing.MAGIC)


@given(st.lists(st.binary(max_size=50).filter(is_line), max_size=20))
def test_lines_are_found_packed_or_not(lines: list[bytes]) -> None:
    data = b"".join(line + b"\n" for line in lines)
    assert lines_in(data) == [line + b"\n" for line in lines]
    assert lines_in(packed(data)) == [line + b"\n" for line in lines]


def test_a_last_line_without_its_end_is_one_too() -> None:
    assert lines_in(b"a\nb") == [b"a\n", b"b"]
    assert lines_in(b"") == []


def test_a_recording_is_much_smaller_packed() -> None:
    data = packed(*LINES)
    assert len(data) < len(b"".join(LINES)) / 2
    assert lines_in(data) == LINES


def test_two_packed_files_in_a_row_are_read_both() -> None:
    assert lines_in(packed(b"a\n") + packed(b"b\n")) == [b"a\n", b"b\n"]


def test_what_was_synced_is_read_though_the_end_is_lost() -> None:
    packing = packer()
    begun = b"".join(packing.compress(line) + packing.sync() for line in LINES)
    assert lines_in(begun) == LINES
    half = lines_in(begun[: len(begun) // 2])
    assert len(half) > len(LINES) / 4
    assert half[:-1] == LINES[: len(half) - 1]


def test_damage_is_told_after_what_was_synced_before() -> None:
    packing = packer()
    first, second = (packing.compress(b"".join(part)) + packing.sync() for part in (LINES[:99], LINES[99:]))
    transcript = read(lines_of(io.BytesIO(first + second + b"\xff" * 1000).read))
    assert 98 <= len(transcript.lines) <= len(LINES) - 1
    assert [each.line for each in transcript.lines] == [each.line for each in read(LINES).lines][
        : len(transcript.lines)
    ]
    assert [fault.problem[:26] for fault in transcript.faults[-1:]] == ["the compression is damaged"]


@given(st.binary())
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    read(lines_of(io.BytesIO(packing.MAGIC + data).read))


def test_a_line_without_an_end_is_not_kept_whole() -> None:
    long = b"x" * (3 * LONGEST_LINE)
    first, second = lines_in(long + b"\nb\n")
    assert (len(first) <= LONGEST_LINE + 2, second) == (True, b"b\n")
    assert "longer than" in read([first]).faults[-1].problem
    assert [len(line) for line in lines_in(long)] == [LONGEST_LINE + 1]


def test_a_file_is_read_piece_by_piece_packed_or_not() -> None:
    data = b"".join(LINES) * 3
    assert len(data) > 3 * packing.CHUNK
    for each in (data, packed(data) * 9):
        file, asked = io.BytesIO(each), list[int]()

        def read(size: int, file: io.BytesIO = file, asked: list[int] = asked) -> bytes:
            asked.append(size)
            return file.read(size)

        assert sum(map(len, lines_of(read))) >= len(data)
        assert len(asked) > 3
        assert set(asked) <= {packing.CHUNK, packing.PACKED}


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed(b"a\n")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(LocalProtocolError, match=r"kick-proto\[zstd\]"):
        packer()
    with pytest.raises(RemoteProtocolError, match=r"kick-proto\[zstd\]"):
        lines_in(data)
