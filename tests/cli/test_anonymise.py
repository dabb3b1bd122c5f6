import io
import sys
from pathlib import Path

import pytest

from kick_io.cli.recordings import anonymising
from kick_proto.errors import LocalProtocolError
from kick_proto.recording.transcript import read
from tests.cli.processes import kick
from tests.recording.making import recorded


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.ndjson"
    path.write_bytes(b"".join(recorded(5).lines))
    return path


def test_the_key_is_a_new_one_each_time_unless_there_is_a_file(path: Path, tmp_path: Path) -> None:
    made = []
    key = tmp_path / "key"
    key.write_bytes(b"k" * 16)
    for key_file in (None, None, str(key), str(key)):
        anonymising.run(str(path), str(tmp_path / "y"), key_file)
        made.append((tmp_path / "y").read_bytes())
    assert made[0] != made[1] != made[2] == made[3]


def test_a_recording_is_not_written_over_itself(path: Path) -> None:
    ended = kick("anonymise", str(path), "-o", str(path))
    assert (ended.code, ended.err) == (2, "kick: the recording without names needs a file of its own\n")
    assert read(path.read_bytes().splitlines()).faults == ()


def test_a_key_that_is_too_short_is_told(path: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"short")
    with pytest.raises(LocalProtocolError, match="16 bytes or more, not 5"):
        anonymising.run(str(path), str(tmp_path / "y"), str(key))
    assert not (tmp_path / "y").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_a_file_that_cannot_be_written_is_told(path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        anonymising.run(str(path), "/dev/full", None)


def test_events_of_other_types_than_recorded_are_told(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_bytes(path.read_bytes().replace(b'"name":"ChatMessage"', b'"name":"Later"'))
    anonymising.run(str(path), str(tmp_path / "y"), None)
    assert "they are of other types than were recorded" in capsys.readouterr().err


def test_a_recording_may_come_by_standard_input(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(path.read_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin)
    anonymising.run("-", str(tmp_path / "y"), None)
    assert read((tmp_path / "y").read_bytes().splitlines()).events
