"""The command as a process of its own: started, read line by line with a deadline, interrupted, ended."""

import atexit
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, NamedTuple, Self

ROOT = Path(__file__).parents[2]
DEADLINE = 30.0
"""Seconds that anything may take: far more than it does, for machines that are busy."""

KICK = (sys.executable, "-m", "kick_io.cli")


HOME = Path(tempfile.mkdtemp(prefix="kick-proto-tests-"))
"""Where commands keep things unless a test has a place of its own: nobody's home is touched."""
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

DROPPED = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "BROWSER", "KICK_SITE", "KICK_CLIENT_ID", "KICK_CLIENT_SECRET")
"""Variables that change what commands do."""


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, with the project in reach, and without the user's own wishes, files and keyring."""
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    ours = {
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "KICK_PROTO_HOME": str(HOME),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    return kept | ours | dict(changes or {})


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def python(*arguments: str, changes: Mapping[str, str] | None = None, stdin: str | None = None) -> Ended:
    """Run Python to its end, with these changes to its environment; ``stdin`` is what it can read."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(changes),
        capture_output=True,
        input=stdin if stdin is not None else "",
        encoding="utf-8",
        timeout=DEADLINE,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def kick(*arguments: str, changes: Mapping[str, str] | None = None, stdin: str | None = None) -> Ended:
    """Run the command to its end."""
    return python("-m", "kick_io.cli", *arguments, changes=changes, stdin=stdin)


class Running:
    """The command while it runs; its lines are read as they come, so that it never waits for the reader."""

    def __init__(self, *arguments: str, changes: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [*KICK, *arguments],
            cwd=ROOT,
            env=environment(changes),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._came: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._read = {"out": 0, "err": 0}
        self._readers = [
            self._reader(self._process.stdout, self.lines),
            self._reader(self._process.stderr, self.errors),
        ]

    def _reader(self, stream: IO[str] | None, lines: list[str]) -> threading.Thread:
        assert stream is not None

        def read() -> None:
            for line in stream:
                lines.append(line.rstrip("\n"))
                self._came.put(None)

        thread = threading.Thread(target=read)
        thread.start()
        return thread

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for thread in self._readers:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()

    def line(self, wanted: Callable[[str], object]) -> str:
        """The next line of stdout that is wanted, after the one that was given last."""
        return self._next("out", wanted)

    def error(self, wanted: Callable[[str], object]) -> str:
        """The next line of stderr that is wanted."""
        return self._next("err", wanted)

    def _next(self, stream: Literal["out", "err"], wanted: Callable[[str], object]) -> str:
        lines = self.lines if stream == "out" else self.errors
        deadline = time.monotonic() + DEADLINE
        while True:
            while self._read[stream] < len(lines):
                self._read[stream] += 1
                if wanted(line := lines[self._read[stream] - 1]):
                    return line
            try:
                self._came.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no such line among {self.lines[-5:]} and {self.errors[-5:]}") from None

    def event(self, type: str) -> dict[str, Any]:
        """The next event of that type, among lines of JSON."""
        event: dict[str, Any] = json.loads(self.line(lambda line: json.loads(line)["type"] == type))
        return event

    def write(self, text: str) -> None:
        """Write it to the standard input, which ends there."""
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.close()

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        self._process.send_signal(number)

    def end(self) -> Ended:
        """Wait until it has ended by itself."""
        code = self._process.wait(DEADLINE)
        for thread in self._readers:
            thread.join()
        return Ended(code, "\n".join(self.lines), "\n".join(self.errors))
