import json
from pathlib import Path
from typing import Any

import pytest

from kick_io.cli.output import jsonlines
from kick_io.cli.recordings import drifting
from kick_proto import events
from kick_proto.drift import Drift
from kick_proto.frames import Frame
from tests.cli import samples
from tests.cli.processes import kick

NEW = Frame("NewEvent", "channel_668", '{"who":"\\u001b[31mAda"}')


def line(frame: Frame, **more: Any) -> str:
    return json.dumps({"event": frame.event, "channel": frame.channel, "data": frame.data, **more})


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "frames.ndjson"
    path.write_text(f"{line(NEW)}\n\n{line(NEW, source='somewhere')}\nno json\n")
    return path


def test_it_prints_a_table_and_a_fixture_for_each_shape(recorded: Path) -> None:
    ended = kick("drift", str(recorded))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "frames: 2, differences: 1, lines without a frame: 1",
        "",
        "               event     path  found  in  of",
        "unknown event  NewEvent  $            2   2",
        "",
        "A fixture for each shape; its values are made up:",
        "",
        "Frame('NewEvent', 'channel_1', '{\"who\":\"text\"}')",
    ]


def test_with_json_each_line_is_a_difference(recorded: Path) -> None:
    (told,) = map(json.loads, kick("drift", str(recorded), "--json").out.splitlines())
    assert told == {
        "kind": "unknown event",
        "event": "NewEvent",
        "path": "$",
        "found": "",
        "count": 2,
        "frame_count": 2,
        "fixture": {"event": "NewEvent", "channel": "channel_1", "data": '{"who":"text"}'},
    }


@pytest.mark.parametrize("text", ["", "\n", '{"type":"Up","cluster":"us2"}\n', "[1]\n"])
def test_a_file_without_frames_is_told_what_it_should_hold(text: str, tmp_path: Path) -> None:
    path = tmp_path / "empty.ndjson"
    path.write_text(text)
    ended = kick("drift", str(path))
    assert (ended.code, ended.out) == (2, "")
    assert "no frames: a line is" in ended.err


def test_a_file_that_is_not_there_is_told() -> None:
    ended = kick("drift", "nowhere.ndjson")
    assert ended.code == 2
    assert "nowhere.ndjson" in ended.err


def test_frames_are_found_in_the_lines_of_a_watch() -> None:
    unknown = events.Unknown(samples.NOW, NEW, samples.CHANNEL)
    assert drifting.frames_of(jsonlines.line(unknown, samples.NOW, "with raw")) == [NEW]


def test_frames_are_found_in_what_was_joined_from_several() -> None:
    second = Frame("Other", "channel.668", "{}")
    joined = events.Subscribed(samples.NOW, NEW, samples.CHANNEL, "ada", sources=(NEW, second))
    assert drifting.frames_of(jsonlines.line(joined, samples.NOW, "with raw")) == [NEW, second]


def test_a_payload_may_stand_in_the_line_as_it_is() -> None:
    assert drifting.frames_of('{"event":"New","channel":null,"data":{"a":1}}') == [Frame("New", "", '{"a":1}')]


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", '{"event":1,"data":""}', '{"event":"","data":""}', '{"raw":5}']
)
def test_what_is_no_frame_gives_none(text: str) -> None:
    assert drifting.frames_of(text) == []


def test_what_is_met_too_often_is_told() -> None:
    drift = Drift(max_differences=1)
    counts = drifting.looked_through(drift, [line(NEW), line(Frame("Other", "", ""))])
    assert (counts, drift.overflow) == (drifting.Counts(2, 0), 1)


def test_it_says_so_where_not_all_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    drifting.run((line(Frame(f"New{number}", "", "")) for number in range(1_001)), "text")
    assert capsys.readouterr().out.splitlines()[1] == "met when too many were remembered already, and not shown: 1"


def test_missing_fields_are_shown_where_they_were_never_there(capsys: pytest.CaptureFixture[str]) -> None:
    banned = {"id": "1", "user": {"id": 1, "username": "ada"}}
    frames = [
        Frame("UserBannedEvent", "", json.dumps(each)) for each in (banned, {**banned, "permanent": True, "by": 1})
    ]
    drifting.run(map(line, frames), "text")
    lines = capsys.readouterr().out.splitlines()
    assert "missing field UserBannedEvent $.duration 2 2" in [" ".join(each.split()) for each in lines]
    assert not [each for each in lines if "$.permanent" in each]
    assert "An unread field is no error: no decoder makes use of it." in lines
