import json
import sys

import click
import pytest

from kick_io.cli import commands
from kick_io.cli.stopping import Stop
from kick_proto import __version__
from tests.cli.processes import kick, python

HEAVY = ("rich", "asyncio", "trio", "ssl", "socket", "wsproto", "h11", "msgspec", "json", "hypothesis")

RUN = "import sys; sys.argv[0] = 'kick'; from kick_io.cli.main import main; main()"


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], [], ["mock", "serve", "--help"], *([name, "--help"] for name in commands.COMMANDS)],
)
def test_help_imports_nothing_that_does_the_work(arguments: list[str]) -> None:
    see = f"import atexit; atexit.register(lambda: print([each for each in {HEAVY} if each in sys.modules]))"
    ended = python("-c", f"import sys; {see}; {RUN}", *arguments)
    assert ended.code == 0
    assert ended.out.splitlines()[-1] == "[]"


def test_help_imports_no_command() -> None:
    see = "import atexit; atexit.register(lambda: print([each for each in sys.modules if 'kick_io.' in each]))"
    ended = python("-c", f"import sys; {see}; {RUN}", "--help")
    assert not {row.module for row in commands.COMMANDS.values()} & set(ended.out.splitlines()[-1].split("'"))


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_the_list_of_commands_says_what_the_commands_say(name: str) -> None:
    command = commands.kick.get_command(click.Context(commands.kick), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(100) == commands.COMMANDS[name].help
    assert name in kick("--help").out


def test_version() -> None:
    assert kick("--version") == (0, f"kick {__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [["mock"], ["mock", "serve", "-h"], *([name, "-h"] for name in commands.COMMANDS)]
)
def test_each_command_shows_examples(arguments: list[str]) -> None:
    ended = kick(*arguments)
    assert ended.code == 0
    assert "Example" in ended.out
    assert f"kick {arguments[0]} " in ended.out
    assert ended.err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wach"], "No such command"),
        (["--verison"], "No such option"),
        (["watch"], "TARGET"),
        (["watch", "668:x"], "'668:x' does not name a channel"),
        (["watch", "x", "--site", "ftp://x"], "--site is a URL like http://127.0.0.1:6001"),
        (["user", "two words"], "'two words' does not name a channel"),
        (["send", "xqc"], "TEXT"),
        (["login", "--paste", "--app"], "three ways to log in"),
        (["login", "--seconds", "0"], "0 is no number above 0"),
        (["doctor", "--endpoint", "http://x"], "ws://HOST:PORT"),
        (["watch", "1:2", "--only", "chat,foo"], "there is no group 'foo'; there are chat, deletions"),
        (["watch", "1:2", "--raw"], "--json"),
        (["watch", "1:2", "1:3"], "channel id 1 belongs to channel 1:2"),
        (["watch", "1:2", "--sessions", "0"], "--sessions"),
        (["watch", "1:2", "--shard", "3/2"], "a shard is I/N"),
        (["watch", "1:2", "--endpoint", "http://x\x1b31m"], "ws://HOST:PORT"),
        (["watch", "1:2", "--retries", "-1"], "--retries"),
        (["demo", "--driver", "curio"], "'asyncio', 'trio', 'blocking'"),
        (["demo", "--seconds", "nan"], "nan is no number above 0"),
        (["demo", "--rate", "0"], "0 is no number above 0"),
        (["demo", "--record", "nowhere/x.ndjson"], "there is no folder 'nowhere'"),
        (["replay", "nowhere.ndjson"], "'nowhere.ndjson' does not exist"),
        (["anonymise", "pyproject.toml", "-o", "nowhere/x"], "there is no folder 'nowhere'"),
        (["anonymise", "pyproject.toml"], "--output"),
        (["mock", "serve", "--port", "65536"], "--port"),
        (["mock", "serve", "--channel", "me"], "give channel:chatroom ids"),
        (["mock", "serve", "--personality", "rude"], "hosted"),
    ],
)
def test_wrong_arguments_get_one_sentence(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kick", *arguments])
    assert commands.run(Stop()) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.startswith("kick")
    assert printed.err.count("\n") == 1
    assert printed.err[:-1].isprintable()
    assert printed.out == ""


@pytest.mark.parametrize("arguments", [["wach"], ["watch", "668:x"]])
def test_wrong_arguments_exit_with_2(arguments: list[str]) -> None:
    ended = kick(*arguments)
    assert ended.code == 2
    # Whether something new is met in so short a time is left to chance.
    assert all(line.startswith(("new on the wire: ", "logged in to ")) for line in ended.err.splitlines()[1:])


@pytest.mark.parametrize("missing", ["click", "rich", "trio"])
def test_a_missing_extra_is_told_in_a_sentence(missing: str) -> None:
    on_a_terminal = "sys.stdout.isatty = lambda: True"
    ended = python(
        "-c", f"import sys; sys.modules[{missing!r}] = None; {on_a_terminal}; {RUN}", "demo", "--driver", "trio"
    )
    extra = "trio" if missing == "trio" else "cli"
    assert ended.code == 2
    # Whether something new is met in so short a time is left to chance.
    assert all(line.startswith(("new on the wire: ", "logged in to ")) for line in ended.err.splitlines()[1:])
    assert f"needs its extra: pip install 'kick-proto[{extra}]'" in ended.err


@pytest.mark.parametrize("driver", ["asyncio", "trio", "blocking"])
def test_only_the_driver_that_runs_is_imported(driver: str) -> None:
    ended = python(
        "-c",
        "import sys, kick_io.cli.watching.running, kick_io.cli.watching.printing, importlib; "
        f"importlib.import_module(kick_io.cli.watching.running.RUNNERS[{driver!r}]); "
        "import json; print(json.dumps([each for each in ('asyncio', 'trio', 'rich') if each in sys.modules]))",
    )
    assert json.loads(ended.out) == ([] if driver == "blocking" else [driver])


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such device")
def test_a_full_disk_is_told_in_a_sentence() -> None:
    code = (
        "import subprocess, sys; "
        "full = open('/dev/full', 'wb'); "
        "sys.exit(subprocess.call([sys.executable, '-m', 'kick_io.cli', 'demo', '--json'], stdout=full))"
    )
    ended = python("-c", code)
    assert ended.code == 1
    assert ended.err == "kick: No space left on device\n"


def test_closed_output_is_no_failure() -> None:
    ended = python("-c", f"import sys; sys.stdout = None; {RUN}", "demo", "--seconds", "0.3")
    assert ended.code == 0
    assert "events" in ended.err
    # Whether something new is met in so short a time is left to chance.
    assert all(line.startswith(("new on the wire: ", "logged in to ")) for line in ended.err.splitlines()[1:])
