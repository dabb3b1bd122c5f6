"""The recordings that drivers write: what is in the file, and what happens where it cannot be written."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from kick_io.asyncio import connect
from kick_io.mock import MockKick
from kick_io.sockets.taping import Tape, open_tape
from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.errors import LocalProtocolError
from kick_proto.events import ChatMessage
from kick_proto.frames import Frame
from kick_proto.pusher import App
from kick_proto.recording.packing import lines_of
from kick_proto.recording.replaying import replay
from kick_proto.recording.transcript import Transcript, read
from kick_proto.session import Config, SessionEvent
from tests.drivers import CHANNEL, DRIVERS, OTHER, run_asyncio

CHAT = Frame(
    "App\\Events\\ChatMessageEvent",
    f"chatrooms.{CHANNEL.chatroom_id}.v2",
    '{"id":"m1","content":"hello","created_at":"2026-11-01T12:00:00+00:00","sender":{"id":5,"username":"Ada"}}',
)


def config_for(mock: MockKick) -> Config:
    return Config(provider=App(endpoints=(endpoint_at(mock.url),)), backoff=Backoff(retries=0))


def recording_at(path: Path) -> Transcript:
    with path.open("rb") as file:
        return read(lines_of(file.read))


async def watched(connecting: Any, mock: MockKick, seen: list[SessionEvent]) -> None:
    """Watch one message, and a channel that comes and goes."""
    async with connecting as kick:
        kick.subscribe(OTHER)
        async for event in kick:
            seen.append(event)
            if len(seen) == 13:
                kick.unsubscribe(OTHER)
                mock.publish(CHAT)
            if isinstance(event, ChatMessage):
                break


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", ["x.ndjson", "x.ndjson.zst"])
def test_every_driver_records_what_replays_to_the_same(driver: str, name: str, tmp_path: Path) -> None:
    run, connecting = DRIVERS[driver]
    seen: list[SessionEvent] = []
    with MockKick() as mock:
        options = {"config": config_for(mock), "record": tmp_path / name}
        run(lambda: watched(connecting(CHANNEL, **options), mock, seen))
    transcript = recording_at(tmp_path / name)
    replayed = replay(transcript)
    assert (transcript.faults, replayed.differences) == ((), [])
    assert replayed.events[: len(seen)] == seen
    assert transcript.channels == (CHANNEL, OTHER)


@pytest.mark.parametrize("merge", [None, 0.5])
def test_lines_can_be_had_by_a_function(merge: float | None) -> None:
    lines: list[bytes] = []
    seen: list[SessionEvent] = []
    with MockKick() as mock:
        run_asyncio(
            lambda: watched(connect(CHANNEL, config=config_for(mock), merge=merge, record=lines.extend), mock, seen)
        )
    assert replay(read(lines)).events[: len(seen)] == seen


class Full:
    """A disk without room, after so many writes."""

    def __init__(self, room: int, error: Exception) -> None:
        self.room = room
        self.error = error
        self.count = 0

    def write(self, lines: Sequence[bytes]) -> None:
        self.count += 1
        if self.count > self.room:
            raise self.error


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ZeroDivisionError()])
def test_a_recording_that_cannot_be_written_ends_alone_and_is_told_once(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    full = Full(2, error)
    seen: list[SessionEvent] = []
    with MockKick() as mock, caplog.at_level(logging.WARNING, "kick_io"):
        run_asyncio(lambda: watched(connect(CHANNEL, config=config_for(mock), record=full.write), mock, seen))
    assert isinstance(seen[-1], ChatMessage)
    assert full.count == 3
    (record,) = caplog.records
    assert record.getMessage().startswith("the recording ends here: ")
    assert (str(error) or "ZeroDivisionError") in record.getMessage()


def packed_and_full(path: Path) -> str:
    link = path / "full.zst"
    link.symlink_to("/dev/full")
    return str(link)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device here is always full")
@pytest.mark.parametrize("make", [lambda path: "/dev/full", packed_and_full], ids=["plain", "packed"])
def test_a_full_disk_is_told(make: Callable[[Path], str], tmp_path: Path) -> None:
    failures: list[Exception] = []
    tape = open_tape(make(tmp_path), lambda: [b"x\n"], failures.append)
    tape.roll()
    tape.close()
    assert [type(failure) for failure in failures] == [OSError]


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_path_that_cannot_be_opened_is_told_at_once(driver: str, tmp_path: Path) -> None:
    run, connecting = DRIVERS[driver]

    async def scenario() -> None:
        async with connecting(CHANNEL, record=tmp_path / "nowhere" / "x.ndjson"):
            pass

    with pytest.raises(FileNotFoundError):
        run(scenario)


def test_what_is_written_is_in_the_file_before_it_is_closed(tmp_path: Path) -> None:
    for name in ("x.ndjson", "x.zst"):
        pieces = [[b"header\n"], []]
        tape = open_tape(str(tmp_path / name), lambda pieces=pieces: pieces.pop(0) if pieces else [])  # type: ignore[misc]
        tape.roll()
        with (tmp_path / name).open("rb") as file:
            assert list(lines_of(file.read)) == [b"header\n"]
        tape.close()
        tape.close()
        with (tmp_path / name).open("rb") as file:
            assert list(lines_of(file.read)) == [b"header\n"]


def test_lines_after_the_end_go_nowhere() -> None:
    written: list[bytes] = []
    tape = open_tape(written.extend, lambda: [b"x\n"])
    tape.close()
    tape.roll()
    assert isinstance(tape, Tape)
    assert written == [b"x\n"]


def test_without_the_package_a_packed_recording_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(LocalProtocolError, match=r"kick-proto\[zstd\]"):
        open_tape(tmp_path / "x.zst", list)
    assert not (tmp_path / "x.zst").exists()
