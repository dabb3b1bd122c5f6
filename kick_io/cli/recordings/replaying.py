"""What ``kick replay`` does: a recording, shown at its own pace, or compared with what comes of it now."""

import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from math import inf
from queue import Empty, SimpleQueue
from typing import NamedTuple

import click

from kick_io.cli.output.sanitize import visible
from kick_io.cli.stopping import Stop
from kick_io.cli.watching import printing, running
from kick_proto.errors import LocalProtocolError, RemoteProtocolError
from kick_proto.recording.packing import lines_of
from kick_proto.recording.replaying import Played, Replayed, play, recorded_machine, replay
from kick_proto.recording.transcript import Transcript, read

__all__ = ["Pace", "check", "opened", "replayable", "show"]

SHOWN = 10
"""Faults and differences that are told."""


class Pace(NamedTuple):
    """How many times as fast as it happened, and until when in the recording's seconds."""

    speed: float
    until: float | None = None


def opened(file: str) -> Transcript:
    """The recording at a path, or in standard input ("-"); what is damaged is told on stderr.

    Raises:
        OSError: the file cannot be read.
    """
    with nullcontext(sys.stdin.buffer) if file == "-" else open(file, "rb") as stream:
        transcript = read(lines_of(stream.read))
    for fault in transcript.faults[:SHOWN]:
        click.echo(visible(f"{file}, line {fault.number}: {fault.problem}"), err=True)
    if (more := len(transcript.faults) - SHOWN) > 0:
        click.echo(f"{file}: and {more:,} faults more", err=True)
    return transcript


def replayable(transcript: Transcript) -> Transcript:
    """The same, where it can be replayed here.

    Raises:
        LocalProtocolError: it cannot, and why.
    """
    header = transcript.header
    try:
        if header is None:
            raise ValueError("this is no recording, or its first line is lost")
        recorded_machine()(header, _Unused())
    except ValueError as error:
        raise LocalProtocolError(str(error)) from None
    return transcript


class _Unused:
    """The chance of a machine that is made to see whether it can be made."""

    def random(self) -> float:
        return 0.0


def check(transcript: Transcript) -> None:
    """Replay it, and tell how that compares with what was recorded.

    Raises:
        RemoteProtocolError: it differs.
    """
    replayed = replay(replayable(transcript))
    for difference in replayed.differences[:SHOWN]:
        for line in str(difference).splitlines():
            click.echo(visible(line))
    if replayed.differences:
        raise RemoteProtocolError(f"the replay differs from what was recorded, in {_count(replayed)}")
    click.echo(f"replayed as it was recorded: {len(transcript.acts):,} steps, {len(replayed.events):,} events")


def _count(replayed: Replayed) -> str:
    count = len(replayed.differences)
    return "1 place" if count == 1 else f"{count:,} places or more" if count >= 100 else f"{count:,} places"


def show(transcript: Transcript, form: running.Form, pace: Pace, stop: Stop) -> None:
    """Show its events, each at its time, until the end or until somebody wishes to stop.

    Raises:
        OSError: the events could not be written; ``BrokenPipeError`` where nobody reads them any more.
    """
    header = replayable(transcript).header
    began_at = header.unix_started_at if header is not None else 0.0
    printer = printing.Printer(running.form_of(running.Manner(form), transcript.channels), None, stop)
    wishes: SimpleQueue[None] = SimpleQueue()
    with stop.calls(lambda: wishes.put(None)):
        start = time.monotonic()
        for played in play(transcript):
            if played.at > (inf if pace.until is None else pace.until) or printer.failure is not None:
                break
            if played.events and not _comes(wishes, start + played.at / pace.speed):
                break
            _print(printer, played, began_at)
    if printer.failure is not None:
        raise printer.failure


def _comes(wishes: SimpleQueue[None], at: float) -> bool:
    """Wait for a moment; False where somebody wishes to stop before."""
    try:
        wishes.get(timeout=max(0.0, at - time.monotonic()))
    except Empty:
        return True
    return False


def _print(printer: printing.Printer, played: Played, began_at: float) -> None:
    if played.events:
        printer.show(played.events, datetime.fromtimestamp(began_at + played.at, UTC))
