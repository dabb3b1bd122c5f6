"""Who calls over HTTP: programs, and the machines in each, one after the other when they end.

A ``Caller`` is the place of one machine, with what outlives the machine: stored tokens, and how fast they are stored.
A ``Program`` is its callers, who share a pace, a clock that may stand still, and now and then a twin: deep copies of
all machines, which are told the same, treated a little otherwise, and must go on alike.
"""

import copy
from typing import Any

from kick_proto.account import Account
from kick_proto.endpoints.call import Sites
from kick_proto.endpoints.oauth import App
from kick_proto.http import HttpInput, HttpOutput, Responded, Response, Unanswered
from kick_proto.pace import Pace
from kick_proto.rest import Client
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.decisions import TwinKind
from kick_proto.testing.simulation.http.account import AccountModel, ClientModel, Model
from kick_proto.testing.simulation.http.lines import Lines
from kick_proto.testing.simulation.http.pacing import Pacing
from kick_proto.testing.simulation.http.plans import CallerPlan, ProgramPlan
from kick_proto.testing.simulation.http.witness import Event, Machine, Made, Witness
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.tokens import TokenSet

__all__ = ["Caller", "Program"]

MOST_OAUTH_CALLS = 16
"""Calls to the OAuth server that may be under way at once: a code waits for nobody."""


class Caller:
    """The place of a machine; see the module's docstring.

    ``stores_after`` is seconds, None for never. ``open`` are the refs of the application's calls, ``last`` is what was
    told of one last, ``logins`` the number of the login that was begun last.
    """

    def __init__(self, number: int, program: "Program", plan: CallerPlan) -> None:
        self.number = number
        self.program = program
        self.plan = plan
        self.generation = 0
        self.vault: TokenSet | None = None
        self.stores_after: float | None = 0.1
        self.wakes_at: float | None = None
        self.reborn_at: float | None = None
        self.open: list[int] = []
        self.last: Event = None
        self.logins = 0
        self.witness: Witness

    def begin(self, app: App, sites: Sites, seed: int) -> None:
        """Make a machine, and the model beside it."""
        self.generation += 1
        self.reborn_at = None
        self.open.clear()
        name = f"{seed}/caller {self.number}/{self.generation}"
        machine: Machine
        model: Model
        rest, pacing, chance = self.plan.config.rest, self.program.pacing, Chance(name)
        calls = Lines(rest, pacing, chance, rest.in_flight)
        if self.plan.is_account:
            machine = Account(app, self.plan.config, rng=Chance(name), pace=self.program.pace)
            asking = Lines(rest, pacing, chance, MOST_OAUTH_CALLS)
            model = AccountModel(app, self.plan.config, asking, calls)
        else:
            machine = Client(rest, rng=Chance(name), pace=self.program.pace)
            model = ClientModel(calls, rest.max_queued)
        self.witness = Witness(machine, model, pacing, sites)
        self.program.twin = None

    @property
    def closed(self) -> bool:
        """Whether its machine has ended."""
        return self.witness.machine.closed

    # The sides of a machine, for the original and for its twin

    def tell(self, now: float, command: str, *arguments: Any, **named: Any) -> Any:
        """Give a command; None where it is illegal, and refused."""
        if (twin := self.program.twin) is not None:
            twin.tell(now, self, command, arguments, named)
        return self.witness.tell(now, command, *arguments, **named)

    def hear(self, now: float, received: HttpInput) -> None:
        """Hand over what became of an exchange."""
        if (twin := self.program.twin) is not None:
            twin.hear(now, self, received)
        self.witness.hear(now, received)

    def tick(self, now: float) -> None:
        """Say that time has passed."""
        if (twin := self.program.twin) is not None:
            twin.tick(now, self)
        self.witness.tick(now)

    def settle(self, now: float) -> Made:
        """Take what has come of a step, and see whether it is right."""
        made = _made(self.witness.machine, self.witness.machine.take_events())
        if (twin := self.program.twin) is not None:
            twin.compare(now, self, made)
            twin.steps -= 1
            if twin.steps <= 0:
                self.program.twin = None
        self.witness.see(now, made)
        return made


def _made(machine: Machine, events: list[Event]) -> Made:
    outputs: list[HttpOutput] = list(iter(machine.poll_output, None))
    return outputs, events, machine.poll_timeout(), machine.closed


class Program:
    """See the module's docstring; ``first`` is the number of its first caller."""

    def __init__(self, plan: ProgramPlan, first: int) -> None:
        self.pace = Pace(plan.rate, plan.burst)
        self.pacing = Pacing(plan.rate, plan.burst)
        self.callers = [Caller(first + place, self, each) for place, each in enumerate(plan.callers)]
        self.frozen_until = 0.0
        self.twin: Twin | None = None

    def add_twin(self, kind: TwinKind, steps: int) -> None:
        """Let copies go along from now on."""
        machines = {caller.number: caller.witness.machine for caller in self.callers}
        self.twin = Twin(copy.deepcopy(machines), kind, steps)


class Twin:
    """Copies of a program's machines; see ``TwinKind`` for how they are treated."""

    def __init__(self, machines: dict[int, Machine], kind: TwinKind, steps: int) -> None:
        self.steps = steps
        self._machines = machines
        self._kind = kind

    def tell(self, now: float, caller: Caller, command: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Give a command that may be illegal."""
        machine = self._before(now, caller)
        if caller.witness.model.is_legal(command):
            getattr(machine, command)(now, *arguments, **named)

    def hear(self, now: float, caller: Caller, received: HttpInput) -> None:
        """Hand over what became of an exchange."""
        self._before(now, caller).handle_input(now, received)

    def tick(self, now: float, caller: Caller) -> None:
        """Say that time has passed."""
        self._before(now, caller).handle_timeout(now)

    def compare(self, now: float, caller: Caller, original: Made) -> None:
        """Compare what came of a step.

        Raises:
            Violation: it is not the same.
        """
        machine = self._machines[caller.number]
        is_one_by_one = self._kind is TwinKind.ONE_BY_ONE
        events = list(iter(machine.poll_event, None)) if is_one_by_one else machine.take_events()
        twin = _made(machine, events)
        if twin != original:
            raise Violation(LAW_OF[self._kind], f"at {now} the original gives {original}, its twin {twin}")

    def _before(self, now: float, caller: Caller) -> Machine:
        """Do to the twin what must leave no trace."""
        machine = self._machines[caller.number]
        at = machine.poll_timeout()
        if self._kind is TwinKind.EARLY and (at is None or at > now):
            machine.handle_timeout(now)
        elif self._kind is TwinKind.STALE:
            for ref in (0, 10**6):
                machine.handle_input(now, Responded(ref, Response(429), 0.0))
                machine.handle_input(now, Unanswered(ref, "nobody asked"))
        return machine


LAW_OF = {
    TwinKind.ALIKE: Law.COPY,
    TwinKind.IN_PIECES: Law.COPY,
    TwinKind.EARLY: Law.INTERFACE,
    TwinKind.ONE_BY_ONE: Law.INTERFACE,
    TwinKind.STALE: Law.STALE,
}
"""Which law a twin of each kind is about; an answer comes in one piece."""
