"""Whether anything grows, is lost or comes twice, while much goes wrong for minutes: sessions on every driver.

Three processes: the one that asks, the server, and the clients that are looked at. See ``soaking`` for the parts.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from tests.bench.running import ROOT, TurnError
from tests.bench.soaking.order import Arrived, Done, Ports, Sample, Soak, Told
from tests.bench.soaking.verdict import SHORTEST, Verdict, judge
from tests.bench.table import table

__all__ = ["Soaked", "measure_soak", "tables"]

PATIENCE = 60.0
"""Seconds that the clients may take longer than they were asked for."""
TOLD_EVERY = 30.0
SLACK = {"resident KiB": 1_024.0, "objects": 250.0}
"""How much of a thing may come to be there between two thirds in any case; of all others, so many:"""
PIECES = 5.0
MOST_ROWS = 12
"""Memories that are shown, of all that there are."""


class Soaked(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found; ``growing`` names what grows, and is None where the run was too short to tell."""

    order: Soak
    cpu: float
    seconds: float
    told: Told
    arrived: list[Arrived]
    process: list[Verdict]
    types: list[Verdict]
    memories: list[Verdict]
    samples: list[Sample]
    growing: list[str] | None

    @property
    def failed(self) -> bool:
        """Whether anything grows, or was lost, or came twice."""
        return bool(self.growing) or any(each.lost or each.doubled for each in self.arrived)


def measure_soak(order: Soak, *, tell: Callable[[str], None]) -> Soaked:
    """Let it run.

    Raises:
        TurnError: the clients have failed, or did not end.
    """
    samples: list[Sample] = []
    asked = msgspec.json.encode(order).decode()
    with _process("server", asked) as server:
        port = msgspec.json.decode(_line(server), type=Ports).public
        with _process("client", str(port), asked) as client:
            while not isinstance(heard := msgspec.json.decode(_line(client), type=Sample | Done), Done):
                if not samples or heard.at // TOLD_EVERY > samples[-1].at // TOLD_EVERY:
                    tell(f"{heard.at:.0f} s: {heard.delivered} events, {heard.process['resident KiB']:.0f} KiB")
                samples.append(heard)
        assert server.stdin is not None
        server.stdin.close()
        told = msgspec.json.decode(_line(server), type=Told)
    return _judged(order, heard, told, samples)


@contextmanager
def _process(module: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", f"tests.bench.soaking.{module}", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        try:
            yield process
            if process.stdin is not None:
                process.stdin.close()
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise TurnError(f"the {module} did not end") from None
        finally:
            process.kill()


def _line(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise TurnError("a process of the soak has ended too early; what it said is above")
    return line


def _judged(order: Soak, done: Done, told: Told, samples: list[Sample]) -> Soaked:
    process, types, memories = (
        _verdicts(samples, read)
        for read in (lambda each: each.process, lambda each: each.types, lambda each: each.memories)
    )
    growing = [each.name for each in (*process, *types, *memories) if each.grows]
    return Soaked(
        order=order,
        cpu=done.cpu,
        seconds=done.seconds,
        told=told,
        arrived=done.arrived,
        process=process,
        types=types,
        memories=memories,
        samples=samples,
        growing=growing if order.seconds >= SHORTEST else None,
    )


def _verdicts(samples: list[Sample], read: Callable[[Sample], dict[str, float] | dict[str, int]]) -> list[Verdict]:
    times = [each.at for each in samples]
    names = sorted({name for each in samples for name in read(each)})
    if len(times) < 6:
        return []
    return [
        judge(name, times, [float(read(each).get(name, 0)) for each in samples], slack=SLACK.get(name, PIECES))
        for name in names
    ]


def tables(soaked: Soaked) -> Iterator[str]:
    """What there is to say of it, in parts."""
    head = ("held", "first third", "second", "last", "an hour", "allowed", "verdict")
    largest = sorted(soaked.memories, key=lambda each: -each.last)[:MOST_ROWS]
    growing = [each for each in (*soaked.types, *soaked.memories) if each.grows and each not in largest]
    yield table(head, map(_row, (*soaked.process, *largest, *growing)))
    yield table(
        (
            "watcher",
            "sessions",
            "connections",
            "events",
            "numbered",
            "missed while down",
            "malformed",
            "lost",
            "doubled",
        ),
        map(_arrival, (*soaked.arrived, _sum(soaked.arrived))),
    )
    deeds = sorted(soaked.told.deeds.items())
    yield table(("what the server did", "times"), [(deed, f"{count}") for deed, count in deeds])
    yield _sentence(soaked)


def _row(verdict: Verdict) -> tuple[str, ...]:
    numbers = (verdict.first, verdict.second, verdict.last, verdict.hourly, verdict.allowed)
    return (verdict.name, *(f"{number:.0f}" for number in numbers), "grows" if verdict.grows else "flat")


def _arrival(each: Arrived) -> tuple[str, ...]:
    counts = (each.sessions, each.connections, each.events, each.delivered, each.missed)
    return (each.watcher, *map(str, (*counts, each.malformed, each.lost, each.doubled)))


def _sum(arrived: list[Arrived]) -> Arrived:
    counts: Counter[str] = Counter()
    for each in arrived:
        counts.update({name: count for name, count in msgspec.structs.asdict(each).items() if name != "watcher"})
    return Arrived(watcher="all", **counts)


def _sentence(soaked: Soaked) -> str:
    total = _sum(soaked.arrived)
    growth = "too short to tell growth" if soaked.growing is None else "flat"
    if soaked.growing:
        growth = f"grows: {', '.join(soaked.growing)}"
    rate = total.events / soaked.seconds
    share = soaked.cpu / soaked.seconds * 100
    return (
        f"{growth}; {total.lost} lost, {total.doubled} doubled of {total.delivered} with numbers "
        f"({rate:.0f} events a second, {share:.0f} % of a core)"
    )
