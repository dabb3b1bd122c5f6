"""How late an event is: from the server's write to the loop of the application, at several rates."""

from collections.abc import Callable, Iterable
from statistics import quantiles

import msgspec

from tests.bench.contestants import CASES, Contestant, missing
from tests.bench.running import TurnError, turn

__all__ = ["RATES", "WHO", "Latency", "Pongs", "measure_latency", "measure_pongs"]

RATES = (100.0, 1_000.0, 20_000.0)
"""Events in a second."""

WHO = (
    "the limit",
    "asyncio, async for",
    "asyncio, batches",
    "trio, async for",
    "blocking, for",
    "uvloop, async for",
    "picows, msgspec",
    "aiohttp, msgspec",
    "websockets, msgspec",
    *(each.name for each in CASES),
)

LIMIT = 0.25
"""Seconds within which a ping is to be answered, whatever else there is to send."""


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from the write of an event to its arrival."""

    name: str
    rate: float
    p50: float
    p99: float
    p999: float


def measure_latency(
    contestants: Iterable[Contestant], control: int, *, seconds: float, tell: Callable[[str], None]
) -> list[Latency]:
    """Let each take events for so long at each rate; the first tenth of them warms it up, and is not counted."""
    found: list[Latency] = []
    for rate in RATES:
        for each in contestants:
            if each.name not in WHO or missing(each) is not None:
                continue
            try:
                delays = turn(each.name, control, max(20, int(rate * seconds)), rate).delays
            except TurnError as failure:
                tell(f"{rate:g}/s: {each.name}: failed: {failure}")
                continue
            cuts = quantiles(delays[len(delays) // 10 :], n=1000, method="inclusive")
            late = Latency(name=each.name, rate=rate, p50=cuts[499] * 1e3, p99=cuts[989] * 1e3, p999=cuts[998] * 1e3)
            found.append(late)
            tell(f"{rate:g}/s: {each.name}: p50 {late.p50:.2f} ms, p99 {late.p99:.2f} ms")
    return found


class Pongs(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from a ping to its pong, seen from the server, while subscriptions wait for their turn."""

    name: str
    count: int
    p50: float
    p99: float
    p999: float
    worst: float
    late: int


def measure_pongs(contestants: Iterable[Contestant], control: int, *, tell: Callable[[str], None]) -> list[Pongs]:
    """Ping each while it subscribes, which takes some seconds."""
    found: list[Pongs] = []
    for each in contestants:
        try:
            delays = turn(each.name, control, 1).delays
        except TurnError as failure:
            tell(f"pongs: {each.name}: failed: {failure}")
            continue
        cuts = quantiles(delays, n=1000, method="inclusive")
        p50, p99, p999 = (cuts[place] * 1e3 for place in (499, 989, 998))
        late = sum(delay > LIMIT for delay in delays)
        worst = max(delays) * 1e3
        found.append(Pongs(name=each.name, count=len(delays), p50=p50, p99=p99, p999=p999, worst=worst, late=late))
        tell(f"pongs: {each.name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    return found
