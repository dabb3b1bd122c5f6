"""What it costs to import a module, in fresh interpreters: CPU above that of an interpreter that imports nothing.

All modules alike are read from compiled files, which the first round writes to a folder of its own: where the
environment forbids to write them (``PYTHONDONTWRITEBYTECODE``), or where they have never been written, all but the
standard library would be compiled from source in each process, and that alone would be measured.
"""

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from tests.bench.running import ROOT

__all__ = ["STATEMENTS", "Startup", "measure_startup"]

STATEMENTS: tuple[str, ...] = (
    "import asyncio",
    "import kick_proto.session",
    "import kick_proto.websocket",
    "import kick_io.asyncio",
    "import kick_io.trio",
    "import kick_io.blocking",
    "from kick_io.cli.main import main; import sys; sys.argv = ['kick', '--help']; main()",
    "import trio",
    "import aiohttp",
    "import websockets.asyncio.client",
    "import picows",
    "import websocket",
    "import trio_websocket",
    "import kicksdk.realtime",
    "import kickpython",
    "import pysher",
)
"""The first is the measure of all others."""


class Startup(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds of CPU, and how often those of ``import asyncio``."""

    statement: str
    milliseconds: float
    ratio: float


def measure_startup(*, rounds: int, tell: Callable[[str], None]) -> list[Startup]:
    """Run each statement in fresh interpreters, one after the other in each round."""
    wanted = [each for each in STATEMENTS if find_spec(each.split()[1].partition(".")[0]) is not None]
    spent: dict[str, list[float]] = {each: [] for each in ("pass", *wanted)}
    with TemporaryDirectory(prefix="kick-bench-") as compiled:
        for number in range(rounds + 1):
            for each, times in spent.items():
                taken = _cpu_of(each, compiled)
                # The first round writes the compiled files, and brings them into memory.
                if number > 0:
                    times.append(taken)
            tell(f"round {number}/{rounds}")
    nothing = median(spent["pass"])
    least = median(spent[wanted[0]]) - nothing
    costs = ((each, median(spent[each]) - nothing) for each in wanted)
    return [Startup(statement=each, milliseconds=cost * 1e3, ratio=cost / least) for each, cost in costs]


def _cpu_of(statement: str, compiled: str) -> float:
    """Seconds of CPU that a fresh interpreter takes for it, with its compiled files in that folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    command = [sys.executable, "-c", statement]
    process = os.posix_spawn(sys.executable, command, environment, file_actions=nowhere)
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        raise RuntimeError(f"{statement!r} has failed")
    return usage.ru_utime + usage.ru_stime
