"""How late an event is: from the server's write to the loop of the application, at several rates."""

from collections.abc import Callable, Iterable
from statistics import quantiles

import msgspec

from tests.bench.contestants import Contestant, missing
from tests.bench.running import TurnError, turn

__all__ = ["RATES", "WHO", "Latency", "measure_latency"]

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
)


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
