"""CPU for each event: all contenders in turn, several rounds, and each one's ratio to the limit of the same round."""

from collections.abc import Callable, Iterable
from statistics import median

import msgspec

from tests.bench.contestants import Contestant, missing
from tests.bench.running import TurnError, turn

__all__ = ["Cost", "Skipped", "measure"]


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What one contender cost: microseconds of CPU for each event, and how often the limit's, over the rounds."""

    name: str
    kind: str
    microseconds: float
    ratio: float
    lowest: float
    highest: float


class Skipped(msgspec.Struct, frozen=True):
    """A contender that could not run, and why."""

    name: str
    reason: str


def measure(
    contestants: Iterable[Contestant], control: int, *, events: int, rounds: int, tell: Callable[[str], None]
) -> tuple[list[Cost], list[Skipped]]:
    """Let them run ``rounds`` times, one after the other in each, the limit at the head of each round."""
    skipped: list[Skipped] = []
    running: list[Contestant] = []
    for each in contestants:
        reason = missing(each)
        if reason is None:
            running.append(each)
        else:
            skipped.append(Skipped(each.name, reason))
    spent: dict[str, list[float]] = {each.name: [] for each in running}
    for number in range(1, rounds + 1):
        for each in list(running):
            try:
                reading = turn(each.name, control, max(1, int(events * each.share)))
            except TurnError as failure:
                skipped.append(Skipped(each.name, f"failed: {failure}"))
                running.remove(each)
                continue
            spent[each.name].append(reading.cpu / reading.frames * 1e6)
            tell(f"round {number}/{rounds}: {each.name}: {spent[each.name][-1]:.2f} us")
    limit = next(each.name for each in running if each.kind == "limit")
    return [_cost(each, spent[each.name], spent[limit]) for each in running], skipped


def _cost(contestant: Contestant, spent: list[float], limit: list[float]) -> Cost:
    ratios = [mine / least for mine, least in zip(spent, limit, strict=True)]
    return Cost(
        name=contestant.name,
        kind=contestant.kind,
        microseconds=median(spent),
        ratio=median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
    )
