"""What an import brings along: nothing that the most part of those who import it can do without.

Each is imported in an interpreter of its own, and what is there then, and was not before, is what it costs.
"""

import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec

import pytest

IMPORTED = """
import sys
before = set(sys.modules)
{statement}
print(*sorted(set(sys.modules) - before))
"""

IO = {"asyncio", "trio", "anyio", "socket", "ssl", "select", "selectors", "logging", "random", "concurrent"}
HTTP = {"h11", "wsproto", "httpcore", "http.client", "urllib.request", "email"}
DEAR = {"dataclasses", "pathlib", "tempfile", "sqlite3", "unittest", "zstandard", "cryptography", "keyring"}
TOOLS = {"hypothesis", "pytest", "click", "rich"}
RARE = {
    "kick_proto.recording.lines",
    "kick_proto.testing",
    "kick_proto.rest",
    "kick_proto.oauth",
    "kick_proto.endpoints",
}
OUTSIDE = {"kick_io.http", "kick_io.cli", "kick_io.mock", "kick_io.strategy", "kick_io.sockets.recorded"}
ELSEWHERE = TOOLS | RARE | OUTSIDE | {"anyio", "httpcore"}

WITHOUT: Mapping[str, set[str]] = {
    "kick_proto.session": IO | HTTP | DEAR | TOOLS | RARE | {"kick_io", "kick_proto.websocket", "kick_proto.merge"},
    "kick_proto.websocket": IO | TOOLS | RARE | {"kick_io", "kick_proto.session", "kick_proto.decoders", "pathlib"},
    "kick_io.asyncio": ELSEWHERE | {"pathlib", "trio", "kick_io.trio", "kick_io.blocking"},
    "kick_io.trio": ELSEWHERE | {"asyncio", "kick_io.asyncio", "kick_io.blocking"},
    "kick_io.blocking": ELSEWHERE | {"pathlib", "asyncio", "trio", "kick_io.asyncio", "kick_io.trio"},
}
"""By module: what its import must not bring along."""

HELP = "import contextlib, io; from kick_io.cli.commands import kick; kick(['--help'], standalone_mode=False)"


def run(statement: str) -> list[str]:
    """The words that it prints last."""
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize("module", WITHOUT)
def test_an_import_brings_along_only_what_nearly_everybody_needs(module: str) -> None:
    if module == "kick_io.trio":
        pytest.importorskip("trio", reason="the trio driver is an extra")
    found = set(run(IMPORTED.format(statement=f"import {module}")))
    assert module in found
    assert found & WITHOUT[module] == set()


def test_what_must_not_come_along_is_named_as_it_would_come() -> None:
    ours = {name for names in WITHOUT.values() for name in names if name.startswith("kick_")}
    assert [name for name in sorted(ours) if find_spec(name) is None] == []


def test_the_list_of_commands_comes_without_any_of_them() -> None:
    pytest.importorskip("click", reason="the command is an extra")
    found = set(run(IMPORTED.format(statement=HELP)))
    assert "click" in found
    assert found & (IO | HTTP | {"msgspec", "rich", "pathlib", "kick_proto.session", "kick_io.cli.watch"}) == set()


def test_a_pattern_is_compiled_when_it_is_first_used() -> None:
    statement = """
import re
import msgspec, urllib.parse
def refuse(pattern, flags=0): raise AssertionError(pattern)
re.compile = re._compile = refuse
import kick_proto.session
print("imported")
"""
    assert run(statement) == ["imported"]


def test_what_records_is_imported_by_the_first_recording() -> None:
    statement = """
import sys
from kick_io.sockets.assembly import assemble
assemble((), None, None)
before = "kick_proto.recording.recorder" in sys.modules
assemble((), None, None, record=lambda lines: None)
print(before, "kick_proto.recording.recorder" in sys.modules)
"""
    assert run(statement) == ["False", "True"]
