"""What ``kick anonymise`` does: a recording in, one without names out."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from kick_io.cli.recordings.replaying import opened, replayable
from kick_io.sockets.taping import open_tape
from kick_proto.errors import LocalProtocolError
from kick_proto.recording.anonymising import anonymise
from kick_proto.recording.replaying import Replayed

__all__ = ["run"]


def run(file: str, output: str, key_file: str | None) -> None:
    """Read the one file, write the other, and tell what came of it.

    Raises:
        OSError: one of them cannot be read or written.
        LocalProtocolError: the file is no recording, the key is too short, or both files are the same.
    """
    if Path(output).exists() and Path(file).exists() and Path(output).samefile(file):
        raise LocalProtocolError("the recording without names needs a file of its own")
    key = os.urandom(32) if key_file is None else Path(key_file).read_bytes()
    transcript = replayable(opened(file))
    try:
        made = anonymise(transcript, key)
    except ValueError as error:
        raise LocalProtocolError(str(error)) from None
    recorded = [event.name for event in transcript.events]
    _write(output, made.lines)
    click.echo(f"{output}: {len(made.events):,} events{_compared(recorded, made)}", err=True)


def _write(output: str, lines: Sequence[bytes]) -> None:
    """Write it whole, with what goes wrong raised: nobody watches meanwhile."""
    failures: list[Exception] = []
    tape = open_tape(output, lambda: lines, on_failure=failures.append)
    tape.close()
    if failures:
        raise failures[0]


def _compared(recorded: Sequence[str], made: Replayed) -> str:
    if [type(event).__name__ for event in made.events] == list(recorded):
        return ", of the same types as before"
    return "; they are of other types than were recorded, so kick replay --check of the original may tell more"
