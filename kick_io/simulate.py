"""``python -m kick_io.simulate``: many seeds of the simulation in several processes, each seed twice.

    python -m kick_io.simulate --seeds 500 --hours 6
    python -m kick_io.simulate --first 71 --seeds 1 --hours 6

Every seed is played in two processes, which differ in how Python orders sets and in what they have played before; both
must leave the same transcript. A seed that breaks a law is cut down to the few decisions that this needs, and printed.
"""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor

from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.plans import draw
from kick_proto.testing.simulation.run import Finding, Outcome, simulate
from kick_proto.testing.simulation.shrink import shrink

__all__ = ["compared", "main", "report", "simulate_all"]

BATCH = 5
"""Seeds that a process is given at a time."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives its exit code: 0 where every law held, 1 where one was broken."""
    options = _parser().parse_args(arguments)
    seeds = range(options.first, options.first + options.seeds)
    began_at = time.monotonic()
    broken, steps, calls, requests, seconds = 0, 0, 0, 0, 0.0
    for outcome in simulate_all(seeds, options.hours, options.processes):
        steps += outcome.steps
        calls += outcome.calls
        requests += outcome.requests
        seconds += outcome.seconds
        if outcome.finding is not None:
            broken += 1
            _say(report(outcome, options.hours))
            if broken == options.most:
                _say(f"{broken} seeds have broken a law; the others were not waited for")
                break
    passed = time.monotonic() - began_at
    verdict = "no violation" if broken == 0 else f"{broken} seeds broke a law"
    _say(
        f"{verdict}: {len(seeds)} seeds, {seconds / 3600:,.0f} client-hours, {calls:,} HTTP calls in "
        f"{requests:,} requests, {steps:,} steps, twice, in {passed:.1f} s"
    )
    return 1 if broken else 0


def simulate_all(seeds: range, hours: float, processes: int) -> Iterator[Outcome]:
    """Play every seed twice, each time in another process where there are several; gives the outcomes in order.

    Where the two transcripts differ, the outcome is a finding of its own.
    """
    spawn = multiprocessing.get_context("spawn")
    pools = [ProcessPoolExecutor(1, mp_context=spawn) for _ in range(processes)]
    batches = [seeds[start : start + BATCH] for start in range(0, len(seeds), BATCH)]
    try:
        pairs = [
            (_submit(pools[number % processes], batch, hours), _submit(pools[(number + 1) % processes], batch, hours))
            for number, batch in enumerate(batches)
        ]
        for first, second in pairs:
            yield from map(compared, first.result(), second.result())
    finally:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in pools:
            pool.shutdown()


def report(outcome: Outcome, hours: float) -> str:
    """Say of a seed what it broke, by which few decisions, and how to see it again."""
    finding = outcome.finding
    if finding is None:
        return f"seed {outcome.seed}: every law held"
    lines = [f"seed {outcome.seed}: {finding.sentence}"]
    if finding.law is not Law.DETERMINISTIC:
        plan = draw(outcome.seed, hours)
        least, again = shrink(plan, outcome)
        level = "bytes" if plan.over_bytes else "texts"
        lines.append(f"  minimal schedule, over {level}, {len(least.decisions)} of {len(plan.decisions)} decisions:")
        lines += [f"    {decision!r}" for decision in least.decisions]
        finding = again.finding or finding
        lines.append(f"  with these, at {finding.at:.3f} s: {finding.sentence}")
    lines.append("  the end of the transcript:")
    lines += [f"    {line}" for line in finding.lines]
    lines.append(f"  again: python -m kick_io.simulate --first {outcome.seed} --seeds 1 --hours {hours:g}")
    return "\n".join(lines)


def compared(first: Outcome, second: Outcome) -> Outcome:
    """The outcome of two runs of one seed: a finding of its own where their transcripts differ."""
    if first.digest == second.digest or first.finding is not None:
        return first
    sentence = str(Violation(Law.DETERMINISTIC, f"two transcripts: {first.digest} and {second.digest}"))
    return Outcome(first.seed, first.digest, first.steps, first.seconds, Finding(Law.DETERMINISTIC, 0.0, sentence, ()))


def _submit(pool: ProcessPoolExecutor, seeds: range, hours: float) -> Future[list[Outcome]]:
    return pool.submit(_simulate_batch, seeds, hours)


def _simulate_batch(seeds: range, hours: float) -> list[Outcome]:
    return [simulate(seed, hours) for seed in seeds]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kick_io.simulate", description="Simulate sessions and HTTP calls under faults."
    )
    parser.add_argument("--seeds", type=_count, default=100, help="how many seeds (100)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--hours", type=_hours, default=1.0, help="hours of faults a seed (1)")
    parser.add_argument("--processes", type=_count, default=2, help="how many processes (2)")
    parser.add_argument("--most", type=_count, default=3, help="stop after so many seeds that broke a law (3)")
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"a count of at least 1, not {text}")
    return count


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 < hours <= 10_000:
        raise argparse.ArgumentTypeError(f"hours above 0 and at most 10000, not {text}")
    return hours


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
