"""Whether something grows, told from samples that scatter: a rule that neither a spike nor a saw's teeth mislead.

The first third is warm-up. A series grows where the median of its last third lies above that of the second by more than
an allowance, *and* its slope says the same: half the differences between any two of its samples are steeper. The
allowance is a number of pieces, a share of what is there, and a multiple of how much one sample differs from the next.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec

__all__ = ["SHORTEST", "Verdict", "judge"]

SHORTEST = 60.0
"""Seconds of a run below which nothing is said of growth: its memories are still filling up."""
SHARE = 0.02
SCATTER = 3.0
MOST_COMPARED = 200


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One series: the medians of its thirds, its slope as so much an hour, and what was allowed between the thirds."""

    name: str
    first: float
    second: float
    last: float
    hourly: float
    allowed: float
    grows: bool


def judge(name: str, times: Sequence[float], values: Sequence[float], *, slack: float) -> Verdict:
    """Judge a series; ``slack`` is how many pieces it may grow by in any case."""
    third = len(values) // 3
    first, second, last = values[:third], values[third : 2 * third], values[2 * third :]
    before, after = median(second), median(last)
    steps = [abs(one - other) for one, other in pairwise(values[third:])]
    allowed = slack + SHARE * before + SCATTER * median(steps)
    slope = _slope(times[third:], values[third:])
    rise = slope * (times[-1] - times[third]) / 2
    return Verdict(
        name=name,
        first=median(first),
        second=before,
        last=after,
        hourly=slope * 3_600,
        allowed=allowed,
        grows=after - before > allowed and rise > allowed,
    )


def _slope(times: Sequence[float], values: Sequence[float]) -> float:
    """The median of all slopes between two samples (Theil and Sen): a few wild ones do not move it."""
    step = -(-len(values) // MOST_COMPARED)
    points = list(zip(times, values, strict=True))[::step]
    slopes = [
        (value - earlier) / (at - before)
        for place, (at, value) in enumerate(points)
        for before, earlier in points[:place]
    ]
    return median(slopes)
