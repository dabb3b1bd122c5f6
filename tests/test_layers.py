"""What may import what: no I/O, clock, thread or chance below the drivers, and no import upwards.

Two guards say so. This one is a list of what is allowed, so it also stops what nobody thought to forbid; ruff's
TID251 is a list of what is forbidden, and tells the author while typing. Both are tested here by planting.
"""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = """
    secret machine errors texts timers agenda backoff bucket ids recent
    http tokens outcomes slugs shards
    frames content events payloads decoders demand drift endpoints provider clusters
    pace pusher rest oauth redirect
    lifecycle redial wishes session account merge router
    rfc6455 upgrade handshake websocket recording platform health
    testing
"""
"""The modules of ``kick_proto``: each imports only modules that stand before it. A folder counts as one module."""

DRIVER_LAYERS = """
    sockets storage
    asyncio trio blocking mock credentials
    calls http calling login accounts
    platform strategy simulate cli
"""
"""The modules of ``kick_io``, likewise."""

COMMAND_LAYERS = """
    stopping options targets
    output http mocked watching checkup recordings
    account anonymise ask demo doctor drift mock replay watch
    commands main __main__
"""
"""The modules of ``kick_io.cli``, likewise."""

ORDERS = {"kick_proto": LAYERS.split(), "kick_io": DRIVER_LAYERS.split(), "kick_io.cli": COMMAND_LAYERS.split()}
TABLES = {"kick_proto": "LAYERS", "kick_io": "DRIVER_LAYERS", "kick_io.cli": "COMMAND_LAYERS"}
DRIVERS = {"asyncio", "trio", "blocking"}
THIRD_PARTY = {"msgspec", "wsproto", "h11"}
EXTRAS = {"testing": {"hypothesis", "pytest"}, "recording": {"zstandard"}}
"""What further modules of others a module may import: pure ones, that are there with an extra."""
STANDARD = {
    "__future__", "base64", "binascii", "bisect", "codecs", "collections", "contextlib", "copy", "dataclasses",
    "datetime", "email.utils", "enum", "functools", "hashlib", "heapq", "hmac", "html", "itertools", "math",
    "operator", "re", "string", "struct", "types", "typing", "unicodedata", "urllib.parse",
}  # fmt: skip
IMPURE = {
    "asyncio", "trio", "anyio", "socket", "ssl", "select", "selectors", "threading", "time", "random", "secrets",
    "os", "uuid", "logging", "subprocess", "queue", "multiprocessing", "concurrent", "signal",
}  # fmt: skip
FORBIDDEN = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "os.urandom", "__import__", "open", "input", "print", "eval", "exec", "compile", "breakpoint",
}  # fmt: skip


def complaints(root: Path) -> list[str]:
    """What is wrong with the modules below ``root``: one line each, none if all is well."""
    files = sorted(path for package in ("kick_proto", "kick_io") for path in root.joinpath(package).rglob("*.py"))
    return [
        f"{path.relative_to(root).as_posix()}:{line}: {complaint}"
        for path in files
        for line, complaint in _complaints(_module(path.relative_to(root)), ast.parse(path.read_text("utf-8")))
    ]


def _module(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _complaints(module: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for package in (each for each in ORDERS if f"{module}.".startswith(f"{each}.")):
        name = _within(package, module)
        if name and name not in ORDERS[package]:
            yield 1, _unplaced(package, name)
            return
        for line, imported in _imported(tree):
            if (wrong := _wrong_import(package, name, imported)) is not None:
                yield line, wrong
    if module.startswith("kick_proto"):
        for line, used in _used(tree):
            if used in FORBIDDEN:
                yield line, f"{used} is an effect; what it gives is an argument here"


def _within(package: str, module: str) -> str:
    """The name of a module within a package; of one that lies in a folder there, the folder's."""
    return module.removeprefix(package).removeprefix(".").partition(".")[0]


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that is imported, wherever in the file."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                start = "." * level + (f"{source}." if source else "")
                yield from ((node.lineno, start + alias.name) for alias in names)


def _wrong_import(package: str, name: str, imported: str) -> str | None:
    source = imported.partition(".")[0]
    if not source:
        return f"{imported} is relative: imports are absolute"
    if source == "kick_io" and package == "kick_proto":
        return f"{imported} does I/O, and kick_proto does not know who does"
    if imported.startswith(f"{package}."):
        return _wrong_layer(package, name, _within(package, imported))
    allowed = THIRD_PARTY | STANDARD | EXTRAS.get(name, set())
    if package == "kick_proto" and not any(f"{imported}.".startswith(f"{each}.") for each in allowed):
        return f"{imported} is not among the modules that a pure core may import"
    return None


def _wrong_layer(package: str, name: str, target: str) -> str | None:
    order = ORDERS[package]
    if target == "__version__" or name == target:
        return None
    if package == "kick_io" and {name, target} <= DRIVERS:
        return f"the drivers {name} and {target} must not know each other"
    if target not in order:
        return f"{package}.{_unplaced(package, target)}"
    if name not in order[order.index(target) :]:
        return f"{package}.{target} stands above: {name or 'the package'} must not import it"
    return None


def _unplaced(package: str, name: str) -> str:
    return f"{name} has no place yet: add it to {TABLES[package]} in tests/test_layers.py"


def _used(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that is used by name, through whatever alias it was imported."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.asname: alias.name for alias in aliases if alias.asname}
            case ast.ImportFrom(module=str(module), names=aliases):
                names |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in aliases}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.lineno, _dotted(node, names)


def _dotted(node: ast.expr, names: Mapping[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return names.get(name, name)
        case ast.Attribute(value=value, attr=attribute):
            return f"{_dotted(value, names)}.{attribute}"
        case _:
            return ""


def plant(root: Path, path: str, text: str) -> None:
    root.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
    root.joinpath(path).write_text(text)


def test_every_module_imports_only_what_stands_before_it() -> None:
    assert complaints(ROOT) == []


def test_the_guard_reads_the_modules_of_this_project() -> None:
    found = {_module(path.relative_to(ROOT)) for path in ROOT.joinpath("kick_proto").rglob("*.py")}
    assert {"kick_proto", "kick_proto.machine", "kick_proto.decoders", "kick_proto.testing"} <= found


@pytest.mark.parametrize(
    "module", sorted(IMPURE | {"importlib", "pathlib", "http.client", "urllib.request", "requests"})
)
@pytest.mark.parametrize("form", ["import {}", "import {} as x", "from {} import x", "def f() -> None:\n    import {}"])
def test_an_impure_import_is_seen_in_every_form_and_place(module: str, form: str, tmp_path: Path) -> None:
    plant(tmp_path, "kick_proto/bucket.py", form.format(module))
    (complaint,) = complaints(tmp_path)
    assert complaint.startswith("kick_proto/bucket.py:")
    assert f": {module}" in complaint
    assert "is not among the modules that a pure core may import" in complaint


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        pytest.param("ids.py", "from kick_proto.session import Session", "session stands above: ids must", id="up"),
        pytest.param("ids.py", "from kick_proto import session", "session stands above: ids must", id="up, as a name"),
        pytest.param("ids.py", "import kick_proto.session as s", "session stands above: ids must", id="up, by alias"),
        pytest.param("machine.py", "from kick_proto.ids import Topic", "ids stands above: machine", id="up in a group"),
        pytest.param(
            "session/a.py", "from kick_proto import router", "router stands above: session", id="from a folder"
        ),
        pytest.param("__init__.py", "from kick_proto.ids import Topic", "above: the package", id="the package itself"),
        pytest.param("router.py", "from kick_proto import testing", "testing stands above: router", id="testing"),
        pytest.param("router.py", "from kick_io.http import fetch", "kick_io.http.fetch does I/O", id="a driver"),
        pytest.param("router.py", "from . import session", ".session is relative", id="relative"),
        pytest.param("router.py", "from ..kick_proto.ids import Topic", "is relative", id="relative, upwards"),
        pytest.param("router.py", "import hypothesis", "hypothesis is not among", id="a test tool outside testing"),
        pytest.param("testing/a.py", "import zstandard", "zstandard is not among", id="an extra of another module"),
        pytest.param("router.py", "from kick_proto.novel import x", "novel has no place yet: add it", id="an unplaced"),
        pytest.param(
            "novel.py", "", "novel has no place yet: add it to LAYERS in tests/test_layers.py", id="a new one"
        ),
        pytest.param("novel/a.py", "", "novel has no place yet: add it to LAYERS", id="a new folder"),
    ],
)
def test_a_wrong_import_is_named(path: str, text: str, sentence: str, tmp_path: Path) -> None:
    plant(tmp_path, f"kick_proto/{path}", text)
    (complaint,) = complaints(tmp_path)
    assert complaint.startswith(f"kick_proto/{path}:1: ")
    assert sentence in complaint


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from datetime import datetime\nx = datetime.now()", "datetime.datetime.now"),
        ("from datetime import datetime as d\nx = d.now()", "datetime.datetime.now"),
        ("import datetime\nx = datetime.datetime.utcnow()", "datetime.datetime.utcnow"),
        ("import datetime as dt\nx = dt.date.today()", "datetime.date.today"),
        ("from datetime import datetime\nclock = datetime.today", "datetime.datetime.today"),
        ("x = __import__('socket')", "__import__"),
        ("x = open('f')", "open"),
        ("x = eval('1')", "eval"),
    ],
)
def test_an_effect_without_an_import_is_named(text: str, name: str, tmp_path: Path) -> None:
    plant(tmp_path, "kick_proto/session.py", text)
    (complaint,) = complaints(tmp_path)
    assert f": {name} is an effect" in complaint


def test_os_urandom_is_seen_both_where_it_is_imported_and_where_it_is_called(tmp_path: Path) -> None:
    plant(tmp_path, "kick_proto/session.py", "import os\nx = os.urandom(4)")
    first, second = complaints(tmp_path)
    assert "session.py:1: os is not among" in first
    assert "session.py:2: os.urandom is an effect" in second


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("kick_proto/session.py", "from kick_proto import __version__, frames, pusher", id="downwards"),
        pytest.param("kick_proto/session.py", "import msgspec.json\nfrom collections.abc import Mapping", id="allowed"),
        pytest.param(
            "kick_proto/session.py", "from urllib.parse import quote\nfrom urllib import parse", id="half pure"
        ),
        pytest.param("kick_proto/session/a.py", "from kick_proto.session.b import x", id="within a folder"),
        pytest.param("kick_proto/testing/a.py", "import hypothesis\nfrom kick_proto.testing import b", id="testing"),
        pytest.param(
            "kick_proto/session.py", "from datetime import datetime\nx = datetime.min", id="a time that is data"
        ),
        pytest.param(
            "kick_proto/session.py", "def f(world: W) -> None:\n    world.now()\n    world.open()", id="a method"
        ),
        pytest.param("kick_proto/session.py", "class Timeouts:\n    open: float = 20.0", id="a field"),
        pytest.param("kick_io/trio.py", "import asyncio, trio\nfrom kick_proto.testing import server", id="a driver"),
        pytest.param("kick_io/cli/main.py", "from kick_io import asyncio, trio", id="who picks a driver"),
        pytest.param("kick_io/cli/watch.py", "from kick_io.cli.watching import running", id="a command"),
        pytest.param("kick_io/calls/desk.py", "from kick_io.calls.vault import Vault", id="within a room"),
    ],
)
def test_what_is_allowed_is_let_through(path: str, text: str, tmp_path: Path) -> None:
    plant(tmp_path, path, text)
    assert complaints(tmp_path) == []


@pytest.mark.parametrize(
    "text", ["from kick_io.trio import connect", "from kick_io import trio", "import kick_io.trio"]
)
def test_drivers_do_not_know_each_other(text: str, tmp_path: Path) -> None:
    plant(tmp_path, "kick_io/asyncio.py", text)
    assert complaints(tmp_path) == ["kick_io/asyncio.py:1: the drivers asyncio and trio must not know each other"]


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        pytest.param(
            "sockets/pump.py", "from kick_io.trio import connect", "kick_io.trio stands above: sockets", id="up"
        ),
        pytest.param(
            "storage/keys.py", "from kick_io import calls", "kick_io.calls stands above: storage", id="up, as a name"
        ),
        pytest.param(
            "__init__.py", "import kick_io.http", "kick_io.http stands above: the package", id="the package itself"
        ),
        pytest.param(
            "cli/main.py", "from kick_io.novel import x", "kick_io.novel has no place yet", id="an unplaced one"
        ),
        pytest.param(
            "cli/watching/running.py",
            "from kick_io.cli import recordings",
            "kick_io.cli.recordings stands above: watching",
            id="up, among the commands",
        ),
        pytest.param("cli/novel.py", "", "novel has no place yet: add it to COMMAND_LAYERS", id="a new one there"),
        pytest.param("novel.py", "", "novel has no place yet: add it to DRIVER_LAYERS", id="a new one"),
    ],
)
def test_a_wrong_import_among_those_who_do_io_is_named(path: str, text: str, complaint: str, tmp_path: Path) -> None:
    plant(tmp_path, f"kick_io/{path}", text)
    (found,) = complaints(tmp_path)
    assert found.startswith(f"kick_io/{path}:1: {complaint}")


def test_the_two_guards_do_not_contradict_each_other() -> None:
    config = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text())
    banned = set(config["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"])
    assert banned - FORBIDDEN <= IMPURE
    assert not (IMPURE & STANDARD)


def ruff(root: Path) -> subprocess.CompletedProcess[str]:
    root.joinpath("pyproject.toml").write_bytes(ROOT.joinpath("pyproject.toml").read_bytes())
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", "--select=TID251", "."]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


IMPURE_TEXTS = [
    pytest.param("import socket", id="import"),
    pytest.param("from asyncio import sleep", id="from"),
    pytest.param("import random as r", id="alias"),
    pytest.param("import os.path", id="submodule"),
    pytest.param("from datetime import datetime as d\nd.now()", id="a clock behind an alias"),
]


@pytest.mark.parametrize("text", IMPURE_TEXTS)
def test_ruff_stops_an_effect_in_the_core_and_lets_it_through_outside(text: str, tmp_path: Path) -> None:
    pytest.importorskip("ruff", reason="ruff is a tool of development")
    for path in ("kick_proto/planted.py", "kick_io/planted.py", "tests/planted.py"):
        plant(tmp_path, path, text)
    checked = ruff(tmp_path)
    found = [line for line in checked.stdout.splitlines() if "TID251" in line]
    assert checked.returncode == 1
    assert len(found) == 1
    assert Path(found[0].split(":")[0]).as_posix() == "kick_proto/planted.py"


def test_ruff_has_nothing_to_say_about_a_pure_module(tmp_path: Path) -> None:
    pytest.importorskip("ruff", reason="ruff is a tool of development")
    plant(tmp_path, "kick_proto/planted.py", "from datetime import datetime\n\nx = datetime.min\n")
    assert ruff(tmp_path).returncode == 0
