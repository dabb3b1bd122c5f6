"""A machine over HTTP with its witness, to whom what comes of a step is shown a little otherwise than it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from kick_proto.endpoints.call import Call
from kick_proto.http import Fetch, Request, Responded, Response
from kick_proto.rest import Refused
from kick_proto.secret import Secret
from kick_proto.testing.simulation.http.callers import Caller, Program
from kick_proto.testing.simulation.http.deciding import call_of
from kick_proto.testing.simulation.http.decisions import CallKind
from kick_proto.testing.simulation.http.network import APP, SITES
from kick_proto.testing.simulation.http.plans import CallerPlan, ProgramPlan
from kick_proto.testing.simulation.http.witness import Made, Witness
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.tokens import TokenSet
from tests.testing.callings import CLIENT, LOGGED_OUT

PAGE, PROFILE = (call_of(kind, 1) for kind in (CallKind.PAGE, CallKind.PROFILE))
UNIX = 1_800_000_000.0
Bend: TypeAlias = Callable[[Made], Made]
"""How what comes of a step is shown."""


def as_it_is(made: Made) -> Made:
    return made


class Scene:
    """One machine with its witness; what comes of a step is shown as ``bend`` has it."""

    def __init__(self, plan: CallerPlan = CLIENT, *, rate: float = 10.0) -> None:
        program = Program(ProgramPlan(rate, rate, (plan,)), 0)
        self.caller: Caller = program.callers[0]
        self.caller.begin(APP, SITES, 7)
        self.witness: Witness = self.caller.witness

    def made(self) -> Made:
        machine = self.witness.machine
        return (
            list(iter(machine.poll_output, None)),
            list(machine.take_events()),
            machine.poll_timeout(),
            machine.closed,
        )

    def see(self, now: float, bend: Bend = as_it_is) -> Made:
        made = bend(self.made())
        self.witness.see(now, made)
        return made

    def tell(self, now: float, command: str, *arguments: Any, bend: Bend = as_it_is) -> Made:
        self.witness.tell(now, command, *arguments)
        return self.see(now, bend)

    def hear(self, now: float, received: Any, bend: Bend = as_it_is) -> Made:
        self.witness.hear(now, received)
        return self.see(now, bend)

    def fetch(self, now: float, call: Call[Any]) -> int:
        """Make a call, whose request leaves; gives the ref of that."""
        (fetch,) = self.tell(now, "submit", call)[0]
        assert isinstance(fetch, Fetch)
        return fetch.ref


def broken(law: Law, sentence: str, do: Callable[[], object]) -> None:
    """That it breaks this law, and how that is said."""
    with pytest.raises(Violation) as found:
        do()
    assert str(found.value) == f"law {law.value} ({law.name.lower()}): {sentence}"


def more_outputs(*outputs: Any) -> Bend:
    return lambda made: ([*made[0], *outputs], *made[1:])


def outputs(change: Callable[[list[Any]], list[Any]]) -> Bend:
    return lambda made: (change(made[0]), *made[1:])


def more_events(*events: Any) -> Bend:
    return lambda made: (made[0], [*made[1], *events], *made[2:])


def no_events(made: Made) -> Made:
    return (made[0], [], *made[2:])


def deadline(at: float | None) -> Bend:
    return lambda made: (*made[:2], at, made[3])


def closed(is_closed: bool) -> Bend:
    return lambda made: (*made[:3], is_closed)


def page(ref: int, number: int) -> Fetch:
    """A request for a page, as the call of that number makes one."""
    return Fetch(ref, Request(method="GET", address=ADDRESS, query=(("n", str(number)),)))


ADDRESS = "http://kick.example/site/api/v2/channels/velvet-otter"
RENEWAL = Fetch(
    99,
    Request(
        method="POST",
        address="http://kick.example/id/oauth/token",
        form=(("grant_type", "refresh_token"), ("refresh_token", Secret("refresh 1"))),
    ),
)


def tokens(number: int) -> TokenSet:
    return TokenSet(
        access_token=Secret(f"access {number}"),
        refresh_token=Secret(f"refresh {number}"),
        issued_at=datetime.fromtimestamp(UNIX, UTC),
    )


def logged_in(*numbers: int) -> Scene:
    """An account that has adopted these tokens, one after the other."""
    scene = Scene(LOGGED_OUT)
    for number in numbers or (1,):
        scene.tell(0.0, "adopt", tokens(number), UNIX)
    return scene


def answered(scene: Scene, now: float, number: int) -> int:
    """Make a call that is answered at once; gives its ref."""
    fetch = scene.fetch(now, call_of(CallKind.PAGE, number))
    (event,) = scene.hear(now, Responded(fetch, Response(404), UNIX))[1]
    assert isinstance(event, Refused)
    return event.ref
