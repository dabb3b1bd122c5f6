"""A recording, read: all that can be read of it, and what is wrong with the rest.

``read`` raises for nothing that a file holds. A line that cannot be read is named, with its number, and the next one is
read; where a recording was cut off, that is its last line.
"""

from collections.abc import Iterable, Iterator

import msgspec

from kick_proto.errors import RemoteProtocolError
from kick_proto.ids import Channel
from kick_proto.recording.lines import FORMAT, LEVEL, Command, Draw, Event, Header, Joiner, Line, Result, Step

__all__ = ["Act", "Fault", "Numbered", "Transcript", "read"]

MOST_FAULTS = 1_000
"""Faults that are named; of further ones the last is."""


class Numbered(msgspec.Struct, frozen=True):
    """A line, and its number in the file; of one that came in parts, the last one's."""

    number: int
    line: Line


class Fault(msgspec.Struct, frozen=True):
    """What could not be read, and where."""

    number: int
    problem: str


class Act(msgspec.Struct, frozen=True):
    """A step, its number in the file, and its results."""

    number: int
    step: Step
    results: tuple[Result, ...]


class Transcript(msgspec.Struct, frozen=True):
    """A recording; ``header`` is None where its first line cannot be read."""

    header: Header | None
    lines: tuple[Numbered, ...]
    """All lines but the header."""
    faults: tuple[Fault, ...] = ()

    @property
    def acts(self) -> tuple[Act, ...]:
        """The steps with their results."""
        acts: list[tuple[int, Step, list[Result]]] = []
        for each in self.lines:
            if isinstance(each.line, Step):
                acts.append((each.number, each.line, []))
            elif isinstance(each.line, Result) and acts:
                acts[-1][2].append(each.line)
        return tuple(Act(number, step, tuple(results)) for number, step, results in acts)

    @property
    def draws(self) -> tuple[float, ...]:
        """What was drawn of chance, in order."""
        return tuple(each.line.number for each in self.lines if isinstance(each.line, Draw))

    @property
    def events(self) -> tuple[Event, ...]:
        """The events as they were recorded."""
        return tuple(each.line for each in self.lines if isinstance(each.line, Event))

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that were ever wanted, in the order of the first wish."""
        told = (each.line for each in self.lines)
        wanted = [each.channel for each in told if isinstance(each, Command) and each.channel is not None]
        return tuple(dict.fromkeys(wanted))


NO_HEADER = Fault(1, "no header: the first line is to say how the recording was made")


def read(lines: Iterable[bytes]) -> Transcript:
    """Read the lines of a recording, with or without their ends.

    A ``RemoteProtocolError`` that ``lines`` itself raises, as for a damaged compression, is a fault like others.
    """
    joiner = Joiner()
    found: list[Numbered] = []
    faults: list[Fault] = []
    header: Header | None = None
    number = 0
    try:
        for number, raw in enumerate(lines, 1):
            if not raw.strip():
                continue
            line, problem = joiner.feed(raw)
            if problem:
                _name(faults, Fault(number, problem))
            if isinstance(line, Header):
                if header is None and not found:
                    header = line
                    for each in _strange(line):
                        _name(faults, Fault(number, each))
                else:
                    _name(faults, Fault(number, "a header that is not the first line"))
            elif line is not None:
                found.append(Numbered(number, line))
    except RemoteProtocolError as error:
        _name(faults, Fault(number + 1, str(error)))
    if joiner.is_waiting:
        _name(faults, Fault(number, "the last part of the last line is missing"))
    return Transcript(header, tuple(found), tuple(faults) if header is not None else (NO_HEADER, *faults))


def _strange(header: Header) -> Iterator[str]:
    """What this version may not understand."""
    if header.format > FORMAT:
        yield f"format {header.format} is newer than what this version reads, which is {FORMAT}"
    if header.level != LEVEL:
        yield f"the inputs are {header.level!r}, and what this version reads is {LEVEL!r}"


def _name(faults: list[Fault], fault: Fault) -> None:
    if len(faults) == MOST_FAULTS:
        faults.pop()
    faults.append(fault)
