"""Worlds of the simulation's HTTP half for tests: plans that are written down, and what happens in them."""

from collections import deque
from typing import Any

import msgspec

from kick_proto import oauth, rest
from kick_proto.backoff import Backoff
from kick_proto.testing.simulation.engine import World
from kick_proto.testing.simulation.http import decisions as d
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.http.network import SITES
from kick_proto.testing.simulation.http.plans import CallerPlan, ProgramPlan, WebPlan
from kick_proto.testing.simulation.plans import Plan
from kick_proto.testing.site.ledger import Lifetimes

SAFETY = 1_800.0
"""Seconds of every plan here in which things may go wrong."""

CALLS = rest.Config(sites=SITES, rate=10.0, burst=10.0, in_flight=4, backoff=Backoff(retries=1, jitter="none"))
LOGGED_IN = CallerPlan(is_account=True, config=oauth.Config(rest=CALLS), is_logged_in=True, pause=4.0)
LOGGED_OUT = msgspec.structs.replace(LOGGED_IN, is_logged_in=False)
CLIENT = msgspec.structs.replace(LOGGED_OUT, is_account=False)


def program_of(*callers: CallerPlan) -> ProgramPlan:
    return ProgramPlan(10.0, 10.0, callers)


def web_of(*callers: CallerPlan, **lifetimes: float) -> WebPlan:
    """One program."""
    return WebPlan(Lifetimes(**lifetimes), (program_of(*callers),))


def plan_of(*decisions: HttpDecision, web: WebPlan | None = None) -> Plan:
    """With these decisions; where nothing else is named, of one account, which is logged in."""
    return Plan(0, False, SAFETY, (), (), decisions, web if web is not None else web_of(LOGGED_IN))


def calls(at: float, kind: d.CallKind = d.CallKind.PROFILE, count: int = 1, first: int = 1) -> d.Submit:
    return d.Submit(at, 0, kind, first, count)


def command(at: float, what: d.AskSelf) -> d.Command:
    return d.Command(at, 0, what)


def lived(plan: Plan) -> World:
    """A world that has come to its end without a breach of any law, with its whole transcript."""
    world = World(plan)
    world.time.lines = deque()
    world.run()
    return world


def happened(plan: Plan, *, without: tuple[str, ...] = ()) -> list[tuple[float, str]]:
    """When what was told, done and asked, to a tenth of a second, while things might go wrong.

    Of outputs, inputs and events it is the name alone, of commands and decisions all that is told.
    """
    lines = [(round(at, 1), _named(what)) for at, _, what in lived(plan).time.lines if at < plan.safety]
    return [(at, what) for at, what in lines if what not in without]


def told(plan: Plan) -> list[str]:
    """The names of all events, in order, while things might go wrong."""
    return [what for _, what in happened(plan) if what in EVENTS]


EVENTS = frozenset(
    ("Replied", "Refused", "Issued", "Refreshed", "Declined", "Lost", "Unrefreshed", "Revoked", "Unrevoked")
) | {"Introspected", "Unintrospected"}


def _named(what: Any) -> str:
    return (what if isinstance(what, str) else repr(what)).partition("(")[0]
