"""Where a driver's recording goes: to a file, compressed where its name ends in ``.zst``, or to who wants the lines.

A recording never ends a watch. What goes wrong while it is written is logged, once, and ends the recording alone. Each
step of the driver hands its lines to the system, which writes them to the disk when it likes; compressed ones go there
once a second.
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from typing import Protocol, TypeAlias

from kick_proto.recording.packing import Packer, packer

__all__ = ["Record", "Tape", "open_tape"]

Record: TypeAlias = str | os.PathLike[str] | Callable[[Sequence[bytes]], object]
"""Where a recording goes: a path, or what is called with lines, each of which has its end."""

ZSTD = ".zst"
SYNC = 1.0
"""Seconds for which compressed lines may stand in memory."""

log = logging.getLogger("kick_io")


class _Sink(Protocol):
    def write(self, lines: Sequence[bytes]) -> object: ...

    def close(self) -> object: ...


class _File:
    """A file, in which after each write all is that was written."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "wb")  # noqa: SIM115 (closed with the tape)

    def write(self, lines: Sequence[bytes]) -> None:
        self._file.writelines(lines)
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class _Packed:
    """The same, compressed: what was written is there a second later, or at the end."""

    def __init__(self, path: str, packing: Packer) -> None:
        self._file = open(path, "wb")  # noqa: SIM115 (closed with the tape)
        self._packing = packing
        self._synced_at = -inf  # the header goes to the file at once

    def write(self, lines: Sequence[bytes]) -> None:
        self._file.write(self._packing.compress(b"".join(lines)))
        now = time.monotonic()
        if now - self._synced_at >= SYNC:
            self._synced_at = now
            self._file.write(self._packing.sync())
            self._file.flush()

    def close(self) -> None:
        with self._file:
            self._file.write(self._packing.finish())


class _Called:
    """Somebody's function."""

    def __init__(self, function: Callable[[Sequence[bytes]], object]) -> None:
        self.write = function

    def close(self) -> None:
        """Nothing: it is the function's own matter."""


class Tape:
    """Carries lines from where they are taken to where they go, until something goes wrong there."""

    def __init__(
        self, take: Callable[[], Sequence[bytes]], sink: _Sink, on_failure: Callable[[Exception], object]
    ) -> None:
        self._take = take
        self._on_failure = on_failure
        self._sink: _Sink | None = sink

    def roll(self) -> None:
        """Write the lines that there are."""
        lines = self._take()
        if lines and self._sink is not None:
            self._try(lambda sink: sink.write(lines))

    def close(self) -> None:
        """Write what is left, and end; once is enough, and twice does no harm."""
        self.roll()
        if self._sink is not None:
            self._try(lambda sink: sink.close())
            self._sink = None

    def _try(self, act: Callable[[_Sink], object]) -> None:
        sink = self._sink
        if sink is None:
            return
        try:
            act(sink)
        except Exception as error:  # whatever it is, it must not end the watch
            self._sink = None
            # What is still to be written cannot be, but the file is closed all the same.
            with suppress(Exception):
                sink.close()
            self._on_failure(error)


def _warn(error: Exception) -> None:
    log.warning("the recording ends here: %s", str(error) or type(error).__name__)


def open_tape(
    record: Record, take: Callable[[], Sequence[bytes]], on_failure: Callable[[Exception], object] = _warn
) -> Tape:
    """A tape that takes its lines from ``take``. A file that is there already is written over.

    ``on_failure`` is told why it ended before its time; by default, the log is.

    Raises:
        OSError: the file cannot be written.
        LocalProtocolError: it is to be compressed, and the ``zstandard`` package is not installed.
    """
    if callable(record):
        return Tape(take, _Called(record), on_failure)
    path = os.fspath(record)
    return Tape(take, _Packed(path, packer()) if path.endswith(ZSTD) else _File(path), on_failure)
