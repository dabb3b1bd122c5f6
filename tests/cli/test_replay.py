import itertools
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kick_io.cli.recordings import replaying
from kick_io.cli.recordings.replaying import Pace
from kick_io.cli.stopping import Stop
from kick_proto.errors import LocalProtocolError, RemoteProtocolError
from kick_proto.recording.transcript import read
from tests.cli.processes import Running, kick
from tests.recording.making import recorded

DRIVERS = ("asyncio", "trio", "blocking")


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, tuple[Path, list[dict[str, Any]]]]]:
    """A recording by each driver, and the events that were shown meanwhile."""
    folder = tmp_path_factory.mktemp("demos")
    with ExitStack() as stack:
        arguments = ("demo", "--seconds", "3", "--json", "--rate", "100", "--seed", "7")
        running = {
            driver: stack.enter_context(
                Running(*arguments, "--driver", driver, "--record", str(folder / f"{driver}.ndjson"))
            )
            for driver in DRIVERS
        }
        yield {driver: (folder / f"{driver}.ndjson", events_in(demo.end().out)) for driver, demo in running.items()}


def events_in(out: str) -> list[dict[str, Any]]:
    """The events of lines of JSON, without the times at which they were shown."""
    events: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    for event in events:
        event.pop("at", None)
    return events


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_recorded_demo_replays_to_the_identical_events(
    demos: Mapping[str, tuple[Path, list[dict[str, Any]]]], driver: str
) -> None:
    path, events = demos[driver]
    replayed = kick("replay", str(path), "--json", "--speed", "1e6")
    assert (replayed.code, replayed.err) == (0, "")
    assert events_in(replayed.out) == events
    assert len(events) > 100
    checked = kick("replay", str(path), "--check")
    assert checked.code == 0
    assert checked.out.startswith("replayed as it was recorded: ")
    assert f", {len(events):,} events" in checked.out


def test_an_anonymised_demo_replays_to_the_same_events_but_for_names(
    demos: Mapping[str, tuple[Path, list[dict[str, Any]]]], tmp_path: Path
) -> None:
    path, events = demos["asyncio"]
    key, shown = tmp_path / "key", tmp_path / "shown.ndjson.zst"
    key.write_bytes(b"a key that is kept in a file")
    made = kick("anonymise", str(path), "-o", str(shown), "--key-file", str(key))
    assert (made.code, made.out) == (0, "")
    assert made.err.endswith(f"{len(events):,} events, of the same types as before\n")
    replayed = events_in(kick("replay", str(shown), "--json", "--speed", "1e6").out)
    assert [event["type"] for event in replayed] == [event["type"] for event in events]
    assert kick("replay", str(shown), "--check").code == 0
    pairs = {
        (before["author"]["username"], after["author"]["username"])
        for before, after in zip(events, replayed, strict=True)
        if before["type"] == "ChatMessage"
    }
    assert len(pairs) == len({before for before, _ in pairs}) == len({after for _, after in pairs}) > 5
    assert all(len(before) == len(after) and before != after for before, after in pairs)


def test_the_drift_of_a_recording_is_that_of_its_frames(
    demos: Mapping[str, tuple[Path, list[dict[str, Any]]]],
) -> None:
    path, _ = demos["blocking"]
    ended = kick("drift", str(path))
    assert ended.code == 0
    first = ended.out.splitlines()[0]
    assert first.startswith("frames: ")
    assert first.endswith("lines without a frame: 0")


def test_a_replay_reads_like_a_watch_and_ends_where_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes(b"".join(recorded(30, began_at=0.0).lines))
    whole = kick("replay", str(path), "--speed", "1e6").out.splitlines()
    part = kick("replay", str(path), "--speed", "1e6", "--until", "10").out.splitlines()
    assert "▲ up on us2" in whole[0]
    assert part == whole[: len(part)]
    assert 20 < len(part) < len(whole) / 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_a_replay_in_real_time_can_be_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes(b"".join(recorded(300, rate=5.0).lines))
    with Running("replay", str(path), "--json") as running:
        running.event("Up")
        running.interrupt(signal.SIGINT)
        ended = running.end()
    assert ended.code == 0
    assert len(ended.out.splitlines()) < 100


def test_events_come_at_the_pace_of_the_recording(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a clock of its own: each batch is waited for, so many times as fast as it happened."""
    clock = Clock()
    monkeypatch.setattr(replaying, "_comes", clock.comes)
    replaying.show(read(recorded(5, began_at=0.0).lines), "json", Pace(2.0), Stop())
    waits = [later - earlier for earlier, later in itertools.pairwise(clock.asked)]
    assert [round(wait, 6) for wait in waits[:4]] == [0.5] * 4
    assert '"type":"Up"' in capsys.readouterr().out


class Clock:
    def __init__(self) -> None:
        self.asked: list[float] = []

    def comes(self, wishes: object, at: float) -> bool:
        self.asked.append(at)
        return True


def test_what_differs_is_shown_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes(b"".join(recorded(3).lines).replace(b'"name":"ChatMessage"', b'"name":"ChatMassage"', 1))
    ended = kick("replay", str(path), "--check")
    assert ended.code == 1
    assert "recorded: " in ended.out
    assert "ChatMassage" in ended.out
    assert ended.err == "kick: the replay differs from what was recorded, in 1 place\n"


def test_many_differences_are_counted_as_far_as_they_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines = b"".join(recorded(30).lines).replace(b'"name":"ChatMessage"', b'"name":"ChatMassage"')
    with pytest.raises(RemoteProtocolError, match="in 100 places or more"):
        replaying.check(read(lines.splitlines(keepends=True)))
    assert capsys.readouterr().out.count("recorded: ") == replaying.SHOWN


def test_a_damaged_recording_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    lines = recorded(5).lines
    path = tmp_path / "x.ndjson"
    path.write_bytes(b"".join(lines)[:-20])
    ended = kick("replay", str(path), "--speed", "1e6")
    assert ended.code == 0
    assert f"line {len(lines)}: Input data was truncated" in ended.err
    assert "▲ up on us2" in ended.out


@pytest.mark.parametrize("command", [["replay"], ["anonymise", "-o", "nowhere"]])
def test_what_is_no_recording_is_told(command: list[str], tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\x1b[31m\n" * 50)
    ended = kick(*command, str(path))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith("kick: this is no recording, or its first line is lost\n")
    assert "and 41 faults more" in ended.err
    assert "\x1b" not in ended.err


def test_types_of_somebodys_own_are_told() -> None:
    lines = recorded(1).lines
    other = lines[0].replace(b'"merge"', b'"events":["Confetti"],"merge"')
    assert other != lines[0]
    with pytest.raises(LocalProtocolError, match="Confetti"):
        replaying.replayable(read([other, *lines[1:]]))
