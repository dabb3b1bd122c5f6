"""``python -m tests.bench``: measure, print the tables, write them down."""

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from tests.bench.breadth import measure_breadth
from tests.bench.contestants import CASES, CONTESTANTS, PONGS
from tests.bench.cost import Cost, Skipped, measure
from tests.bench.latency import measure_latency, measure_pongs
from tests.bench.levels import measure_levels
from tests.bench.paced import measure_pace
from tests.bench.plot import can_plot, plot
from tests.bench.replay import BLOCK
from tests.bench.running import server
from tests.bench.scale import measure_scale
from tests.bench.soak import measure_soak, tables
from tests.bench.soaking.order import Soak
from tests.bench.startup import measure_startup
from tests.bench.table import table

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 1 where a contender that is installed has failed, or the soak did."""
    asked = _asked(arguments)
    found: dict[str, Any] = {}
    failed = False
    for mode in asked.modes:
        found[mode] = MODES[mode](asked)
        failed = failed or found[mode].get("failed", False)
    if asked.json is not None:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return int(failed)


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("modes", nargs="*", default=["cost"], help=f"which of {', '.join(MODES)}; cost by default")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contender runs")
    parser.add_argument("--events", type=int, default=100_000, help="how many events each takes in a round")
    parser.add_argument(
        "--only", nargs="+", default=[""], help="contenders with one of these in the name, and the limit"
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the soak goes on")
    parser.add_argument("--rate", type=float, default=20_000.0, help="events in a second of the soak")
    parser.add_argument("--quick", action="store_true", help="just see whether everything works")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--plot", type=Path, help="draw the costs, as PNG and SVG, into this folder")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.modes) - set(MODES):
        parser.error(f"there is no mode {', '.join(sorted(unknown))}; the modes are {', '.join(MODES)}")
    if asked.quick:
        asked.rounds, asked.events, asked.seconds = 1, 500, 3.0
    return asked


def _is_asked(name: str, asked: argparse.Namespace) -> bool:
    return any(part in name for part in asked.only)


def _cost(asked: argparse.Namespace) -> dict[str, Any]:
    wanted = [each for each in CONTESTANTS if _is_asked(each.name, asked) or each.kind == "limit"]
    with server() as control:
        costs, skipped = measure(wanted, control, events=asked.events, rounds=asked.rounds, tell=_tell)
    _print_costs(costs, skipped)
    if asked.plot is not None:
        if not can_plot():
            _tell("no plot: matplotlib is not installed")
        else:
            _tell(f"drawn: {', '.join(map(str, plot(costs, asked.plot)))}")
    failed = any(each.reason.startswith("failed") for each in skipped)
    return {"costs": costs, "skipped": skipped, "events": asked.events, "rounds": asked.rounds, "failed": failed}


def _latency(asked: argparse.Namespace) -> dict[str, Any]:
    wanted = [each for each in (*CONTESTANTS, *CASES) if _is_asked(each.name, asked)]
    with server() as control:
        found = measure_latency(wanted, control, seconds=0.1 if asked.quick else 3.0, tell=_tell)
        pinged = [each for each in PONGS if _is_asked(each.name, asked)]
        pongs = measure_pongs(pinged[:1] if asked.quick else pinged, control, tell=_tell)
    rows = [(each.name, f"{each.rate:g}", f"{each.p50:.2f}", f"{each.p99:.2f}", f"{each.p999:.2f}") for each in found]
    _say(table(("contender", "events/s", "p50 ms", "p99 ms", "p99.9 ms"), rows))
    answers = [
        (
            each.name,
            f"{each.count}",
            *(f"{it:.2f}" for it in (each.p50, each.p99, each.p999, each.worst)),
            f"{each.late}",
        )
        for each in pongs
    ]
    _say("\n" + table(("pinged", "pings", "p50 ms", "p99 ms", "p99.9 ms", "worst ms", "above 250 ms"), answers))
    return {"latencies": found, "pongs": pongs}


def _startup(asked: argparse.Namespace) -> dict[str, Any]:
    found = measure_startup(rounds=asked.rounds, tell=_tell)
    rows = [(each.statement, f"{each.milliseconds:.1f}", f"{each.ratio:.2f}") for each in found]
    _say(table(("statement", "ms", "ratio"), rows))
    return {"statements": found}


def _scale(asked: argparse.Namespace) -> dict[str, Any]:
    sizes, seconds = ((5,), 0.1) if asked.quick else ((1, 10, 100, 1_000), 10.0)
    with server() as control:
        found = [measure_scale(control, sessions=size, seconds=seconds) for size in sizes]
        broad = [
            measure_breadth(kind, control, count=size, events=asked.events // 5)
            for kind in ("topics", "sessions")
            for size in sizes
        ]
    paces = [measure_pace(size) for size in sizes]
    rows = [
        (f"{each.sessions}", f"{each.socket_kib:.1f}", f"{each.session_kib:.1f}", f"{each.percent:.2f}")
        for each in found
    ]
    _say(table(("idle sessions", "KiB/socket", "KiB/session above it", "% of a core"), rows))
    many = [
        (f"{each.count} {each.kind}", f"{each.kib:.1f}", f"{each.seconds:.2f}", f"{each.rate:.0f}") for each in broad
    ]
    _say("\n" + table(("busy", "KiB for each", "s to subscribe", "events a CPU second"), many))
    slow = [(f"{each.topics}", f"{each.seconds:.1f}", f"{each.most}", f"{each.limit:g}") for each in paces]
    _say("\n" + table(("topics within the limit", "s to subscribe", "most in a second", "limit"), slow))
    return {"sizes": found, "breadths": broad, "paces": paces}


def _levels(asked: argparse.Namespace) -> dict[str, Any]:
    found = measure_levels(events=min(asked.events, BLOCK), rounds=asked.rounds)
    rows = [(each.name, f"{each.microseconds:.2f}", f"{each.ratio:.2f}") for each in found]
    _say(table(("level", "us/event", "ratio"), rows))
    return {"levels": found}


def _soak(asked: argparse.Namespace) -> dict[str, Any]:
    soaked = measure_soak(Soak(seconds=asked.seconds, rate=asked.rate), tell=_tell)
    _say("\n\n".join(tables(soaked)))
    return {"soaked": soaked, "failed": soaked.failed}


def _print_costs(costs: list[Cost], skipped: list[Skipped]) -> None:
    rows = [
        (each.name, f"{each.microseconds:.2f}", f"{each.ratio:.2f}", f"{each.lowest:.2f}-{each.highest:.2f}")
        for each in costs
    ]
    _say(table(("contender", "us/event", "ratio", "rounds"), rows))
    for each in skipped:
        _say(f"left out: {each.name}: {each.reason}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


MODES = {"cost": _cost, "latency": _latency, "startup": _startup, "scale": _scale, "levels": _levels, "soak": _soak}
"""What can be measured."""


if __name__ == "__main__":
    sys.exit(main())
