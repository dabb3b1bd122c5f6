"""Starts the server, and one process for each turn of a contender."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.bench.order import Ports, Reading

__all__ = ["ROOT", "TurnError", "server", "turn"]

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class TurnError(Exception):
    """A contender did not come to its end; the message is the last that it said."""


@contextmanager
def server() -> Iterator[int]:
    """The server's process; gives the port that takes orders."""
    command = [sys.executable, "-m", "tests.bench.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield msgspec.json.decode(process.stdout.readline(), type=Ports).control
        finally:
            process.terminate()


def turn(name: str, control: int, events: int, rate: float | None = None) -> Reading:
    """Let one contender take its events.

    Raises:
        TurnError: it has crashed, or taken too long.
    """
    command = [sys.executable, "-m", "tests.bench.client", name, str(control), str(events)]
    if rate is not None:
        command.append(str(rate))
    try:
        done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise TurnError(f"not done within {PATIENCE:g} s") from None
    if done.returncode != 0:
        raise TurnError((done.stderr.decode().strip().splitlines() or ["no word"])[-1])
    return msgspec.json.decode(done.stdout, type=Reading)
