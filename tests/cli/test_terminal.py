import os
import re
import subprocess
import sys

import pytest

from tests.cli.processes import DEADLINE, KICK, ROOT, environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals of this kind")

SGR = re.compile(r"\x1b\[[0-9;]*m")
ARGUMENTS = ("demo", "--seconds", "0.6", "--rate", "200", "--seed", "7")


def on_terminal(**variables: str) -> str:
    """What the demo writes to a terminal."""
    import pty  # noqa: PLC0415 (not everywhere)

    ours, theirs = pty.openpty()
    changes = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "80"} | variables
    with subprocess.Popen(
        [*KICK, *ARGUMENTS], cwd=ROOT, env=environment(changes), stdout=theirs, stderr=subprocess.PIPE
    ) as process:
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(ours, 65536):
                written += piece
        except OSError:
            pass  # how a terminal says that the other side is closed
        os.close(ours)
        assert process.wait(DEADLINE) == 0
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    return written.decode()


def test_a_terminal_is_given_colours_and_nothing_else() -> None:
    written = on_terminal()
    for sought in ("\x1b[1;38;2;", "\x1b[2m", "\x1b[1;9m", "▲", ": "):
        assert sought in written
    assert "\x1b" not in SGR.sub("", written)


def test_no_color_is_honoured() -> None:
    written = on_terminal(NO_COLOR="1")
    assert "▲" in written
    assert "\x1b" not in written


def test_elsewhere_there_are_no_escape_sequences_even_if_forced() -> None:
    ended = subprocess.run(
        [*KICK, *ARGUMENTS],
        cwd=ROOT,
        env=environment({"FORCE_COLOR": "1", "TERM": "xterm-256color"}),
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )
    assert "▲".encode() in ended.stdout
    assert b"\x1b" not in ended.stdout + ended.stderr


def test_an_encoding_without_our_symbols_is_no_failure() -> None:
    ended = subprocess.run(
        [*KICK, *ARGUMENTS],
        cwd=ROOT,
        env=environment({"PYTHONIOENCODING": "ascii"}),
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )
    assert b"? up on 127.0.0.1" in ended.stdout
    assert b"Traceback" not in ended.stderr
