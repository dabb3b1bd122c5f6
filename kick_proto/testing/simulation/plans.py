"""The plan of a seed: sessions and what befalls them, programs over HTTP and what befalls those, on one clock."""

import msgspec

from kick_proto.testing.simulation import dice
from kick_proto.testing.simulation.decisions import Decision
from kick_proto.testing.simulation.dice import AppPlan, HostPlan
from kick_proto.testing.simulation.http import dice as http_dice
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.http.plans import NO_WEB, WebPlan

__all__ = ["Plan", "calls_alone", "draw"]


class Plan(msgspec.Struct, frozen=True):
    """All that is decided about a world. ``safety`` is seconds; after it, nothing goes wrong any more."""

    seed: int
    over_bytes: bool
    safety: float
    hosts: tuple[HostPlan, ...]
    apps: tuple[AppPlan, ...]
    decisions: tuple[Decision | HttpDecision, ...]
    web: WebPlan = NO_WEB


def draw(seed: int, hours: float) -> Plan:
    """Draw the plan of a seed: ``hours`` of faults, before all is well again."""
    sessions = dice.draw(seed, hours)
    web, befalls = http_dice.draw(seed, hours)
    return Plan(
        seed,
        sessions.over_bytes,
        sessions.safety,
        sessions.hosts,
        sessions.apps,
        tuple(sorted((*sessions.decisions, *befalls), key=lambda decision: decision.at)),
        web,
    )


def calls_alone(plan: Plan) -> Plan:
    """The same without sessions: a world of its HTTP half."""
    decisions = tuple(each for each in plan.decisions if isinstance(each, HttpDecision))
    return msgspec.structs.replace(plan, hosts=(), apps=(), decisions=decisions)
