"""A recording, played to a new machine on the recording's own clock, and compared with what was recorded.

The new machine is recorded in turn, so that the two are compared line by line, each step's results with its own. The
last step may lack some of its results: nobody knows whether a recording that was cut off had them.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias, assert_never

import msgspec

from kick_proto.decoders import Decoders
from kick_proto.errors import LocalProtocolError
from kick_proto.ids import Channel, Topic
from kick_proto.machine import Rng, SocketMachine
from kick_proto.recording.lines import (
    FORMAT,
    LEVEL,
    Command,
    Header,
    Heard,
    Joiner,
    Lost,
    Reached,
    Result,
    Step,
    Take,
    Timeout,
    Unreachable,
    input_of,
    line_text,
)
from kick_proto.recording.recorder import Commands, RecordedRng, Recorder
from kick_proto.recording.setup import machines
from kick_proto.recording.transcript import Act, Transcript
from kick_proto.session import SessionEvent

__all__ = ["Difference", "MakeMachine", "Played", "Replayed", "play", "recorded_machine", "replay"]

MakeMachine: TypeAlias = Callable[[Header, Rng], tuple[Commands, SocketMachine[SessionEvent, Sequence[str]]]]
"""Makes what is to be played to: what takes the commands, and the machine around it, or the same once more."""

MOST_DIFFERENCES = 100
"""Differences that are told; of a replay that went another way, there is no end to them."""
LONGEST = 400
"""Characters of a line that is told as one side of a difference."""


class Difference(msgspec.Struct, frozen=True):
    """One result that differs: the number of its step's line, the step's time, and both lines, "" where one lacks."""

    number: int
    at: float
    recorded: str
    replayed: str

    def __str__(self) -> str:
        return (
            f"line {self.number}, at {self.at:g} s:\n"
            f"  recorded: {self.recorded or '(nothing)'}\n  replayed: {self.replayed or '(nothing)'}"
        )


class Played(msgspec.Struct, frozen=True):
    """What came of one step: its events, its lines as they would be recorded now, and what differs."""

    at: float
    events: list[SessionEvent]
    lines: list[bytes]
    differences: list[Difference]


class Replayed(msgspec.Struct, frozen=True):
    """What came of all steps; of differences, the first hundred."""

    events: list[SessionEvent]
    lines: list[bytes]
    differences: list[Difference]


def recorded_machine(decoders: Decoders | None = None) -> MakeMachine:
    """Makes the machines that a recording's header tells of, with decoders of one's own where it was made with some.

    Calling it raises ValueError where the header does not tell.
    """

    def make(header: Header, rng: Rng) -> tuple[Commands, SocketMachine[SessionEvent, Sequence[str]]]:
        if header.setup is None:
            raise ValueError("the recording does not tell what it was made with: bring a machine of your own")
        return machines(header.setup, rng, decoders)

    return make


def replay(transcript: Transcript, make_machine: MakeMachine | None = None) -> Replayed:
    """Play the recording to its end, as fast as it goes.

    Raises:
        ValueError: there is no header, or no machine can be made from it.
    """
    replayed = Replayed([], [], [])
    for played in play(transcript, make_machine):
        replayed.events.extend(played.events)
        replayed.lines.extend(played.lines)
        replayed.differences.extend(played.differences[: MOST_DIFFERENCES - len(replayed.differences)])
    return replayed


def play(transcript: Transcript, make_machine: MakeMachine | None = None) -> Iterator[Played]:
    """Play the recording step by step, one for each that is asked for. Raises as ``replay``."""
    header = transcript.header
    if header is None:
        raise ValueError("a recording without its header cannot be replayed")
    chance = _Drawn(transcript.draws)
    rng = RecordedRng(chance)
    session, machine = (make_machine if make_machine is not None else recorded_machine())(header, rng)
    # What is written is written as this version does, whatever was read.
    written = msgspec.structs.replace(header, format=FORMAT, level=LEVEL)
    recorder = Recorder(machine, session=session, rng=rng, header=written, began_at=0.0)
    yield Played(0.0, [], recorder.take_lines(), [])
    joiner = Joiner()
    acts = transcript.acts
    for number, act in enumerate(acts, 1):
        events = _do(recorder, act.step)
        lines = recorder.take_lines()
        told = [joiner.feed(raw).line for raw in lines]
        results = tuple(line for line in told if isinstance(line, Result))
        if number == len(acts):
            results = results[: len(act.results)]
        differences = [
            _difference(act, ours, theirs) for ours, theirs in zip_longest(act.results, results) if ours != theirs
        ]
        yield Played(act.step.at, events, lines, differences)


class _Drawn:
    """The generator whose numbers were recorded; where they are at an end, as in a damaged recording, the middle."""

    def __init__(self, numbers: tuple[float, ...]) -> None:
        self._numbers = deque(numbers)

    def random(self) -> float:
        return self._numbers.popleft() if self._numbers else 0.5


def _do(recorder: Recorder, step: Step) -> list[SessionEvent]:
    match step:
        case Command():
            _command(recorder, step)
        case Timeout(at=at):
            recorder.handle_timeout(at)
        case Take(what="all"):
            return recorder.take_events()
        case Take():
            event = recorder.poll_event()
            return [] if event is None else [event]
        case Reached() | Heard() | Lost() | Unreachable():
            recorder.handle_input(step.at, input_of(step))
        case _:
            assert_never(step)
    return []


def _command(recorder: Recorder, told: Command) -> None:
    topics = None if told.topics is None else [Topic(each) for each in told.topics]
    try:
        match told:
            case Command(name="connect"):
                recorder.connect(told.at)
            case Command(name="close"):
                recorder.close(told.at)
            case Command(name="subscribe", channel=Channel() as channel):
                recorder.subscribe(told.at, channel, topics)
            case Command(name="unsubscribe", channel=Channel() as channel):
                recorder.unsubscribe(told.at, channel)
            case _:
                pass  # it names no channel, so nobody has given it
    except LocalProtocolError:
        pass  # it was recorded as such, and is compared


def _difference(act: Act, ours: Result | None, theirs: Result | None) -> Difference:
    """Both lines; of long ones, what stands around the place where they begin to differ."""
    recorded, replayed = _text(ours), _text(theirs)
    if max(len(recorded), len(replayed)) > LONGEST:
        same = next((at for at, pair in enumerate(zip(recorded, replayed, strict=False)) if pair[0] != pair[1]), 0)
        recorded, replayed = _around(recorded, same), _around(replayed, same)
    return Difference(act.number, act.step.at, recorded, replayed)


def _text(line: Result | None) -> str:
    return "" if line is None else line_text(line)


def _around(text: str, place: int) -> str:
    start = max(0, place - LONGEST // 2)
    shown = text[start : start + LONGEST]
    return f"{'...' if start else ''}{shown}{'...' if start + LONGEST < len(text) else ''}"
