"""One seed, from the plan to the outcome; and what is said of a seed that broke a law."""

import msgspec

from kick_proto.testing.simulation.engine import World
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.plans import Plan, draw

__all__ = ["Finding", "Outcome", "play", "simulate"]


class Finding(msgspec.Struct, frozen=True):
    """A law that was broken: which, when (seconds), how, and the transcript's last lines."""

    law: Law
    at: float
    sentence: str
    lines: tuple[str, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What a run came to: the transcript's hash, steps, seconds of sessions, the finding, if any, calls over HTTP."""

    seed: int
    digest: str
    steps: int
    seconds: float
    finding: Finding | None
    calls: int = 0
    requests: int = 0


def play(plan: Plan) -> Outcome:
    """Carry out a plan, to its end or to the first violation."""
    world = World(plan)
    finding = None
    try:
        world.run()
    except Violation as violation:
        finding = Finding(violation.law, world.time.now, str(violation), _last_lines(world))
    except Exception as error:
        sentence = f"{type(error).__name__} was raised: {error}"
        finding = Finding(Law.TOTAL, world.time.now, str(Violation(Law.TOTAL, sentence)), _last_lines(world))
    seconds = world.time.now * len(plan.apps)
    calls, requests = world.web.calls, world.web.requests
    return Outcome(plan.seed, world.time.digest, world.steps, seconds, finding, calls, requests)


def simulate(seed: int, hours: float) -> Outcome:
    """Draw a seed's plan, and carry it out."""
    return play(draw(seed, hours))


def _last_lines(world: World) -> tuple[str, ...]:
    return tuple(f"{at:12.3f} {who:>9} {what}" for at, who, what in world.time.lines)
