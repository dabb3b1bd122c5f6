"""Who calls in the simulation: machines one after the other, and twins, by what they are told and what is found out."""

import copy
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
import pytest

from kick_proto.account import Account
from kick_proto.endpoints.call import Call
from kick_proto.http import Fetch, HttpInput, HttpOutput, Responded, Response, Unanswered
from kick_proto.rest import Client, RestEvent
from kick_proto.testing.simulation.decisions import TwinKind
from kick_proto.testing.simulation.http import callers
from kick_proto.testing.simulation.http.callers import Caller, Program
from kick_proto.testing.simulation.http.deciding import call_of
from kick_proto.testing.simulation.http.decisions import CallKind
from kick_proto.testing.simulation.http.network import APP, SITES
from kick_proto.testing.simulation.http.plans import CallerPlan, ProgramPlan
from kick_proto.testing.simulation.laws import Law, Violation
from tests.testing.callings import CLIENT, LOGGED_OUT, program_of

PAGE = call_of(CallKind.PAGE, 1)


def begun(*plans: CallerPlan, first: int = 0, seed: int = 7) -> Program:
    program = Program(program_of(*plans), first)
    for caller in program.callers:
        caller.begin(APP, SITES, seed)
    return program


def alone() -> Caller:
    return begun(CLIENT).callers[0]


# Machines, one after the other


def test_a_program_has_its_callers_in_order_and_all_are_awake() -> None:
    program = begun(CLIENT, LOGGED_OUT, first=5)
    assert (program.frozen_until, program.twin) == (0.0, None)
    assert [(caller.number, caller.program) for caller in program.callers] == [(5, program), (6, program)]
    kinds = [(type(caller.witness.machine), caller.plan) for caller in program.callers]
    assert kinds == [(Client, CLIENT), (Account, LOGGED_OUT)]


def test_a_place_has_nothing_before_its_first_machine() -> None:
    caller = Program(program_of(CLIENT), 0).callers[0]
    assert (caller.generation, caller.vault, caller.stores_after, caller.open) == (0, None, 0.1, [])
    assert (caller.wakes_at, caller.reborn_at, caller.last, caller.logins) == (None, None, None, 0)


def test_who_comes_after_has_no_calls_and_no_twin_and_is_the_next_in_number() -> None:
    caller = alone()
    before = caller.witness.machine
    caller.reborn_at, caller.open = 5.0, [1, 2]
    caller.program.add_twin(TwinKind.ALIKE, 10)
    caller.begin(APP, SITES, 7)
    assert (caller.generation, vars(caller)["reborn_at"], caller.open, caller.program.twin is None) == (
        2,
        None,
        [],
        True,
    )
    assert caller.witness.machine is not before


def fetch_of(outputs: Sequence[HttpOutput]) -> int:
    """The ref of the one request that leaves."""
    (fetch,) = outputs
    assert isinstance(fetch, Fetch)
    return fetch.ref


def drawn(caller: Caller) -> float | None:
    """When a call is tried again, which chance decides."""
    ref = caller.tell(0.0, "submit", PAGE)
    assert ref == 1
    caller.hear(0.0, Unanswered(fetch_of(caller.settle(0.0)[0]), "lost"))
    return caller.settle(0.0)[2]


def test_each_machine_has_a_chance_of_its_own_that_its_seed_and_name_decide() -> None:
    jittered = msgspec.structs.replace(
        CLIENT.config.rest, backoff=msgspec.structs.replace(CLIENT.config.rest.backoff, jitter="full")
    )
    plan = msgspec.structs.replace(CLIENT, config=msgspec.structs.replace(CLIENT.config, rest=jittered))
    first = drawn(begun(plan).callers[0])
    second_life = begun(plan).callers[0]
    second_life.begin(APP, SITES, 7)
    others = [begun(plan, first=1).callers[0], begun(plan, seed=8).callers[0], second_life]
    assert drawn(begun(plan).callers[0]) == first
    assert len({first, *map(drawn, others)}) == 4


def test_machines_of_a_program_share_its_pace() -> None:
    program = Program(ProgramPlan(1.0, 1.0, (CLIENT, LOGGED_OUT)), 0)
    made = []
    for caller in program.callers:
        caller.begin(APP, SITES, 7)
        caller.tell(0.0, "submit", PAGE)
        made.append(caller.settle(0.0))
    assert [(len(outputs), at) for outputs, _, at, _ in made] == [(1, 20.0), (0, 1.0)]


# Twins


class Spied(Client):
    """Says what it was told and has obeyed, in its order; a deep copy has a list of its own."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.heard: list[Any] = []

    def handle_input(self, now: float, received: HttpInput) -> None:
        super().handle_input(now, received)
        self.heard.append((now, received))

    def handle_timeout(self, now: float) -> None:
        super().handle_timeout(now)
        self.heard.append((now, "timeout"))

    def submit(self, now: float, call: Call[Any]) -> int:
        ref = super().submit(now, call)
        self.heard.append((now, "submit"))
        return ref

    def abandon(self, now: float, *refs: int) -> None:
        super().abandon(now, *refs)
        self.heard.append((now, "abandon"))

    def close(self, now: float) -> None:
        super().close(now)
        self.heard.append((now, "close"))


def twinned(monkeypatch: pytest.MonkeyPatch, machine: type[Client], kind: TwinKind, steps: int = 100) -> Caller:
    monkeypatch.setattr(callers, "Client", machine)
    caller = alone()
    caller.program.add_twin(kind, steps)
    return caller


def life_of(caller: Caller) -> None:
    """A call that fails, is tried again, and has its answer; then one that is wanted no longer, and the end."""
    caller.tell(1.0, "submit", PAGE)
    fetch = fetch_of(caller.settle(1.0)[0])
    caller.tick(1.5)
    caller.settle(1.5)
    caller.hear(2.0, Unanswered(fetch, "lost"))
    at = caller.settle(2.0)[2]
    assert at is not None
    caller.tick(at)
    fetch = fetch_of(caller.settle(at)[0])
    caller.hear(at + 1.0, Responded(fetch, Response(404), 0.0))
    caller.settle(at + 1.0)
    ref = caller.tell(at + 2.0, "submit", call_of(CallKind.PAGE, 2))
    caller.settle(at + 2.0)
    caller.tell(at + 3.0, "abandon", ref)
    caller.settle(at + 3.0)
    caller.tell(at + 4.0, "close")
    caller.settle(at + 4.0)
    caller.tell(at + 5.0, "submit", PAGE)
    caller.settle(at + 5.0)


STRANGE: Sequence[Any] = [
    each for ref in (0, 10**6) for each in (Responded(ref, Response(429), 0.0), Unanswered(ref, "nobody asked"))
]
"""What no machine has asked for: refs that there are not, and that there are not yet."""


@pytest.mark.parametrize("kind", TwinKind)
def test_a_twin_is_told_the_same_and_treated_a_little_otherwise(
    monkeypatch: pytest.MonkeyPatch, kind: TwinKind
) -> None:
    caller = twinned(monkeypatch, Spied, kind)
    life_of(caller)
    machine, twin = caller.witness.machine, caller.program.twin
    assert isinstance(machine, Spied)
    assert twin is not None
    copied = twin._machines[caller.number]
    assert isinstance(copied, Spied)
    expected: list[Any] = []
    for now, what in machine.heard:
        if kind is TwinKind.EARLY and now != 3.0:  # the moment of the next try: nothing is early then
            expected.append((now, "timeout"))
        if kind is TwinKind.STALE:
            expected += [(now, strange) for strange in STRANGE]
        expected.append((now, what))
    assert [line for line in copied.heard if line[0] < 8.0] == expected
    assert (8.0, "submit") not in copied.heard


class Bent(Client):
    """Whose deep copy is told a later time for what it waits for."""

    is_copy: ClassVar[bool] = False

    def __deepcopy__(self, memo: dict[int, Any]) -> "Bent":
        copied = object.__new__(BentCopy)
        vars(copied).update(copy.deepcopy(vars(self), memo))
        return copied

    def poll_timeout(self) -> float | None:
        at = super().poll_timeout()
        return 99.0 if self.is_copy and at is not None else at


class BentCopy(Bent):
    is_copy = True


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (TwinKind.ALIKE, Law.COPY),
        (TwinKind.IN_PIECES, Law.COPY),
        (TwinKind.EARLY, Law.INTERFACE),
        (TwinKind.ONE_BY_ONE, Law.INTERFACE),
        (TwinKind.STALE, Law.STALE),
    ],
)
def test_a_twin_that_comes_to_something_else_breaks_the_law_that_it_is_about(
    monkeypatch: pytest.MonkeyPatch, kind: TwinKind, law: Law
) -> None:
    caller = twinned(monkeypatch, Bent, kind)
    caller.tell(1.0, "submit", PAGE)
    with pytest.raises(Violation) as found:
        caller.settle(1.0)
    assert found.value.law is law
    said = str(found.value)
    assert said.startswith(f"law {law.value} ({law.name.lower()}): at 1.0 the original gives ([Fetch(")
    assert said.endswith(", [], 99.0, False)")
    assert ", [], 21.0, False), its twin ([Fetch(" in said


class Hurried(Client):
    """Takes an early timeout for a due one."""

    def handle_timeout(self, now: float) -> None:
        super().handle_timeout(now + 30.0)


class Credulous(Client):
    """Takes any answer for its own."""

    def handle_input(self, now: float, received: HttpInput) -> None:
        for ref in list(self._fetches):
            super().handle_input(now, msgspec.structs.replace(received, ref=ref))


class Forgetful(Client):
    """Tells nothing to who takes its events one by one."""

    def poll_event(self) -> RestEvent | None:
        return None


@pytest.mark.parametrize(
    ("machine", "kind"),
    [(Hurried, TwinKind.EARLY), (Credulous, TwinKind.STALE), (Forgetful, TwinKind.ONE_BY_ONE)],
)
@pytest.mark.parametrize("other", TwinKind)
def test_each_twin_finds_what_it_is_for(
    monkeypatch: pytest.MonkeyPatch, machine: type[Client], kind: TwinKind, other: TwinKind
) -> None:
    caller = twinned(monkeypatch, machine, other)
    caller.tell(1.0, "submit", PAGE)
    fetch = fetch_of(caller.settle(1.0)[0])
    caller.hear(2.0, Responded(fetch, Response(404), 0.0))
    if other is kind:
        with pytest.raises(Violation):
            caller.settle(2.0)
    else:
        caller.settle(2.0)


def test_a_twin_goes_along_for_so_many_steps_and_no_further() -> None:
    caller = alone()
    caller.program.add_twin(TwinKind.ALIKE, 2)
    caller.tick(1.0)
    caller.settle(1.0)
    assert caller.program.twin is not None
    caller.tick(2.0)
    caller.settle(2.0)
    assert caller.program.twin is None
