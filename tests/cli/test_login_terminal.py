"""What ``kick login`` asks a person at a terminal, and that a secret is not shown while it is typed."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.logins import CANARY, User, user
from tests.cli.processes import DEADLINE, KICK, ROOT, environment

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals of this kind", allow_module_level=True)

import pty
import termios


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[User]:
    with user(tmp_path / "home") as somebody:
        yield somebody


class Terminal:
    """A terminal at which the command runs, and what it has shown so far."""

    def __init__(self, somebody: User, *arguments: str) -> None:
        self.ours, self.theirs = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [*KICK, *arguments],
            cwd=ROOT,
            env=environment(somebody.changes),
            stdin=self.theirs,
            stdout=subprocess.PIPE,
            stderr=self.theirs,
            start_new_session=True,
        )

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self.ours)
        os.close(self.theirs)

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while text not in self.shown:
            ready, _, _ = select.select([self.ours], [], [], deadline - time.monotonic())
            assert ready, f"{text!r} was not shown: {self.shown!r}"
            self.shown += os.read(self.ours, 65536).decode()

    def enter(self, text: str) -> None:
        os.write(self.ours, f"{text}\n".encode())

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.theirs)[3] & termios.ECHO)


def test_id_and_secret_are_asked_for_and_the_secret_is_hidden(somebody: User) -> None:
    with Terminal(somebody, "login", "--app") as terminal:
        terminal.wait_for("the application's client id:")
        terminal.enter(somebody.mock.app.client_id)
        terminal.wait_for("its client secret: ")
        terminal.enter(somebody.mock.app.client_secret.reveal())
        out, _ = terminal.process.communicate(timeout=DEADLINE)
        terminal.wait_for("which only you can read")
        assert terminal.process.returncode == 0
        assert b"logged in as the application itself" in out
        assert somebody.mock.app.client_id in terminal.shown
        assert CANARY not in terminal.shown + out.decode()


def test_ctrl_c_while_the_secret_is_typed_gives_the_terminal_back(somebody: User) -> None:
    with Terminal(somebody, "login", "--app", "--client-id", "01X") as terminal:
        terminal.wait_for("its client secret: ")
        assert not terminal.echoes()
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(DEADLINE) == 2
        assert terminal.echoes()
        terminal.wait_for("its client secret is missing: enter it, or set KICK_CLIENT_SECRET")
