"""What ``docs/recording.md`` shows is what there is."""

import asyncio
import re
import shlex
from pathlib import Path

import click
import pytest

from kick_io.asyncio import connect
from kick_io.cli import commands
from kick_io.mock import MockKick
from kick_proto.recording import lines
from tests.recording.making import recorded
from tests.test_docs import CHAT, Director, config_for

pytest_plugins = ("pytester",)

PAGE = (Path(__file__).parents[2] / "docs" / "recording.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [line for language, block in BLOCKS if not language for line in block.splitlines()]
WATCHING, TESTING, BY_HAND = [block for language, block in BLOCKS if language == "python"]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_that_is_shown_can_be_given(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("today.ndjson", "key"):
        Path(name).touch()
    _, name, *arguments = shlex.split(line)
    command = commands.kick.get_command(click.Context(commands.kick), name)
    assert command is not None
    with command.make_context(name, arguments) as context:
        assert context.params


def test_the_snippet_that_watches_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    body = "".join(f"    {line}\n" for line in WATCHING.splitlines() if not line.startswith("from kick_io"))
    scope: dict[str, object] = {}

    async def scenario(mock: MockKick) -> None:
        scope["connect"] = lambda *ids, **options: connect(*ids, config=config_for(mock), **options)
        exec(compile(f"async def watch():\n{body}", "recording.md", "exec"), scope)
        watch = scope["watch"]
        assert callable(watch)
        await asyncio.gather(watch(), asyncio.to_thread(Director(CHAT).act, mock), return_exceptions=True)

    with MockKick() as mock:
        asyncio.run(scenario(mock))
    assert b'"name":"ChatMessage"' in (tmp_path / "today.ndjson").read_bytes()


def test_the_snippet_by_hand_replays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    recording = recorded(3)
    Path("chat.ndjson").write_bytes(b"".join(recording.lines))
    exec(compile(BY_HAND, "recording.md", "exec"), {})
    assert capsys.readouterr().out == f"{len(recording.events)} events\n"


def test_the_test_that_is_shown_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTING)
    Path(pytester.path, "chat.ndjson").write_bytes(b"".join(recorded(3).lines))
    pytester.runpytest_subprocess("--strict-markers").assert_outcomes(passed=1)


def test_every_kind_of_line_is_told() -> None:
    kinds = {
        each.__struct_config__.tag
        for each in vars(lines).values()
        if isinstance(each, type) and issubclass(each, lines.Header | lines.Step | lines.Result | lines.Part)
    }
    told = set(re.findall(r"`(\w+)`", PAGE.partition("## The format")[2]))
    assert len(kinds) == 16
    assert kinds - {"header", "event"} <= told
    assert all(field in told for field in lines.Header.__struct_fields__)
