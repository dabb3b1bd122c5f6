"""The few decisions that a violation needs: delta debugging over a plan's schedule.

Chance is named by purpose and not drawn in a row, so leaving a decision out leaves the rest of the world as it was. A
smaller plan counts only where it breaks the same law; the result is minimal in that no single decision can be left out,
unless the tries were used up before.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from kick_proto.testing.simulation.decisions import Decision
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.plans import Plan
from kick_proto.testing.simulation.run import Outcome, play

__all__ = ["MOST_TRIES", "Schedule", "minimal", "shrink"]

Schedule: TypeAlias = tuple[Decision | HttpDecision, ...]

MOST_TRIES = 500
"""Runs that a shrink takes at most."""


def shrink(plan: Plan, outcome: Outcome, most_tries: int = MOST_TRIES) -> tuple[Plan, Outcome]:
    """Leave out of a plan what its violation does not need; gives the smaller plan and what it comes to.

    Raises:
        ValueError: the outcome has no finding.
    """
    if outcome.finding is None:
        raise ValueError(f"seed {outcome.seed} broke no law, so there is nothing to shrink")
    law, at = outcome.finding.law, outcome.finding.at
    best = [outcome]

    def breaks(decisions: Schedule) -> bool:
        tried = play(msgspec.structs.replace(plan, decisions=decisions))
        if tried.finding is None or tried.finding.law is not law:
            return False
        best[0] = tried
        return True

    past = tuple(decision for decision in plan.decisions if decision.at <= at)
    needed = minimal(past, breaks, most_tries) if breaks(past) else plan.decisions
    return msgspec.structs.replace(plan, decisions=needed), best[0]


def minimal(decisions: Schedule, breaks: Callable[[Schedule], bool], most_tries: int) -> Schedule:
    """Leave out runs of decisions as long as ``breaks`` stays true, ever shorter ones, down to single ones."""
    size = (len(decisions) + 1) // 2
    tries = 0
    while decisions:
        before = len(decisions)
        start = 0
        while start < len(decisions) and tries < most_tries:
            fewer = decisions[:start] + decisions[start + size :]
            tries += 1
            if breaks(fewer):
                decisions = fewer
            else:
                start += size
        if size == 1 and len(decisions) == before:
            break
        size = max(size // 2, 1)
    return decisions
