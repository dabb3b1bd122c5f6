"""The laws of ``kick_proto.machine``, as functions over any machine and any script of what may happen to it.

A ``Subject`` says how a machine is made and how it is told commands; a script is a list of steps, played on a clock of
its own. Each law plays the script, mostly more than once, and compares the transcripts: all that came out, and all
that can be seen from outside after each step.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, IntEnum
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import msgspec
from hypothesis import strategies as st

from kick_proto.errors import LocalProtocolError
from kick_proto.http import Fetch
from kick_proto.machine import Machine, Open
from kick_proto.testing.strategies import LATEST, Due, Hear, Tell, Wait

__all__ = [
    "LATEST",
    "LAWS",
    "Due",
    "Hear",
    "Law",
    "Script",
    "Stateful",
    "Step",
    "Subject",
    "Take",
    "Tell",
    "Wait",
    "obey",
]


class Take(msgspec.Struct, frozen=True):
    """The application takes the events that are there: all of them, or one."""

    whole: bool = True


Step: TypeAlias = Wait | Due | Hear | Tell | Take
Script: TypeAlias = Sequence[Step]
Seen: TypeAlias = tuple[str, object]

AnyMachine: TypeAlias = Machine[Any, Any, Any]
MachineT = TypeVar("MachineT", bound=AnyMachine)
StateT_co = TypeVar("StateT_co", bound=Enum, covariant=True)
TimerT_co = TypeVar("TimerT_co", bound=IntEnum, covariant=True)


class Stateful(Protocol[StateT_co, TimerT_co]):
    """A machine that shows its state and its timers."""

    @property
    def state(self) -> StateT_co: ...

    @property
    def timers(self) -> frozenset[TimerT_co]: ...


def obey(machine: AnyMachine, now: float, told: Tell) -> None:
    """Give a command to a machine that has it as a method."""
    getattr(machine, told.command)(now, *told.arguments)


def nothing_to_see(machine: object) -> None:
    """For machines that do not show their timers."""


class Subject(Generic[MachineT]):
    """A kind of machine, and the scripts that it is put through.

    ``tell`` gives it a command; ``see_timers`` asserts that no timer runs that may not run in its state.
    """

    def __init__(
        self,
        make: Callable[[], MachineT],
        scripts: st.SearchStrategy[Script],
        *,
        tell: Callable[[MachineT, float, Tell], None] = obey,
        see_timers: Callable[[MachineT], None] = nothing_to_see,
    ) -> None:
        self.make = make
        self.scripts = scripts
        self.tell = tell
        self.see_timers = see_timers


def armed(table: Mapping[StateT_co, frozenset[TimerT_co]]) -> Callable[[Stateful[StateT_co, TimerT_co]], None]:
    """The law of an ``ARMED`` table."""

    def see_timers(machine: Stateful[StateT_co, TimerT_co]) -> None:
        assert machine.timers <= table[machine.state], f"{machine.timers} may not run while {machine.state}"

    return see_timers


class Play(Generic[MachineT]):
    """A machine that is put through a script, the clock, and what has been seen so far."""

    def __init__(self, subject: Subject[MachineT]) -> None:
        self.subject = subject
        self.machine = subject.make()
        self.now = 1_000.0
        self.ref = 0
        self.seen: list[Seen] = [("stands", self.stands())]

    def go(self, script: Script) -> list[Seen]:
        """Play steps; gives the whole transcript so far."""
        for step in script:
            self.take(step)
        return self.seen

    def take(self, step: Step) -> list[Seen]:
        """Play one step; gives what came of it."""
        before = len(self.seen)
        match step:
            case Wait(seconds):
                self._pass(self.now + seconds)
            case Due():
                at = self.machine.poll_timeout()
                self._pass(self.now if at is None else max(self.now, at))
            case Hear(received):
                self.machine.handle_input(self.now, self._aimed(received))
            case Tell():
                self._tell(step)
            case Take(whole):
                taken = self.machine.take_events() if whole else [self.machine.poll_event()]
                self.seen += [("event", event) for event in taken if event is not None]
        self.seen += [("output", output) for output in self.outputs()]
        self.seen.append(("stands", self.stands()))
        return self.seen[before:]

    def outputs(self) -> Iterator[Any]:
        """Drain the outputs."""
        while (output := self.machine.poll_output()) is not None:
            if isinstance(output, Open | Fetch):
                self.ref = output.ref
            yield output

    def stands(self) -> tuple[float | None, bool, bool]:
        """What a driver can see of a machine without changing it."""
        return self.machine.poll_timeout(), self.machine.wants_input, self.machine.closed

    def _pass(self, until: float) -> None:
        self.now = until
        self.machine.handle_timeout(until)

    def _aimed(self, received: Any) -> Any:
        return msgspec.structs.replace(received, ref=self.ref) if received.ref == LATEST else received

    def _tell(self, told: Tell) -> None:
        try:
            self.subject.tell(self.machine, self.now, told)
        except LocalProtocolError:
            self.seen.append(("illegal", told))


Law: TypeAlias = Callable[[Subject[Any], Script, int], None]
"""A law over a subject and a script; the number is a place in the script, for the laws that need one."""


def nothing_raises(subject: Subject[Any], script: Script, place: int) -> None:
    """Whatever is heard, and whenever: only a command may raise, and only ``LocalProtocolError``."""
    Play(subject).go([*script, Take()])


def an_early_timeout_changes_nothing(subject: Subject[Any], script: Script, place: int) -> None:
    """``handle_timeout`` before its time leaves no trace, neither at once nor later."""
    play = Play(subject)
    for step in script:
        at = play.machine.poll_timeout()
        if at is None or at > play.now:
            before = play.stands()
            play.machine.handle_timeout(play.now)
            assert (list(play.outputs()), play.stands()) == ([], before)
        play.take(step)
    assert play.seen == Play(subject).go(script)


def only_armed_timers_run(subject: Subject[Any], script: Script, place: int) -> None:
    """After each step, the timers that run are among those that may run in this state."""
    play = Play(subject)
    for step in script:
        play.take(step)
        subject.see_timers(play.machine)


def a_deep_copy_goes_on_alike(subject: Subject[Any], script: Script, place: int) -> None:
    """A copy that was made anywhere sees what the original sees, and neither knows of the other."""
    play = Play(subject)
    play.go(script[:place])
    twin = copy.copy(play)
    twin.machine, twin.seen = copy.deepcopy(play.machine), list(play.seen)
    rest = [*script[place:], Take()]
    whole = Play(subject).go([*script, Take()])
    assert twin.go(rest) == whole
    assert play.go(rest) == whole


def closed_means_silent_for_good(subject: Subject[Any], script: Script, place: int) -> None:
    """Once a machine is closed and drained, nothing ever comes out of it again."""
    play = Play(subject)
    for step in script:
        was_closed = play.machine.closed
        seen = play.take(step)
        if was_closed:
            assert [each for each in seen if each[0] != "illegal"] == [("stands", (None, True, True))]
        if play.machine.closed:
            play.machine.take_events()


def the_same_chance_gives_the_same_transcript(subject: Subject[Any], script: Script, place: int) -> None:
    """Equal inputs and an equal generator make equal transcripts."""
    assert Play(subject).go([*script, Take()]) == Play(subject).go([*script, Take()])


def an_illegal_command_changes_nothing(subject: Subject[Any], script: Script, place: int) -> None:
    """Whoever leaves out the commands that raised sees the same."""
    play = Play(subject)
    legal = [step for step in script if not any(each[0] == "illegal" for each in play.take(step))]
    play.take(Take())
    assert _without_illegal(play.seen) == _without_illegal(Play(subject).go([*legal, Take()]))


def _without_illegal(seen: list[Seen]) -> list[Seen]:
    """The transcript without illegal commands; where nothing happened between two looks, they count as one."""
    kept = [each for each in seen if each[0] != "illegal"]
    return [each for number, each in enumerate(kept) if number == 0 or each[0] != "stands" or each != kept[number - 1]]


def events_are_the_same_one_by_one_or_all_at_once(subject: Subject[Any], script: Script, place: int) -> None:
    """Taking events decides nothing, so how they are taken makes no difference."""
    play = Play(subject)
    play.go(script[:place])
    twin = copy.deepcopy(play.machine)
    assert list(iter(play.machine.poll_event, None)) == twin.take_events()


LAWS: tuple[Law, ...] = (
    nothing_raises,
    an_early_timeout_changes_nothing,
    only_armed_timers_run,
    a_deep_copy_goes_on_alike,
    closed_means_silent_for_good,
    the_same_chance_gives_the_same_transcript,
    an_illegal_command_changes_nothing,
    events_are_the_same_one_by_one_or_all_at_once,
)
