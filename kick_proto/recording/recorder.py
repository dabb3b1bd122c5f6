"""The machine that records the one that it is around: it passes everything on, and tells it as lines.

``Recorder`` stands around the outermost machine of texts, and takes the session's commands too, because they decide
as much as what a peer says. Whoever runs it takes the lines whenever he likes, with ``take_lines()``. Were nobody to
take them, it would stop recording at ``most`` bytes, and say so in the last line.

The recorded machine lives on the recording's clock, which begins at 0.0 with ``connect`` and counts microseconds: its
times are written as they are, and a replay does its sums with the same numbers. ``poll_timeout`` speaks the driver's.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from math import inf, nextafter
from typing import Protocol

from kick_proto import __version__
from kick_proto.drift import Difference
from kick_proto.errors import LocalProtocolError
from kick_proto.ids import Channel, Topic
from kick_proto.lifecycle import Stats
from kick_proto.machine import Input, Output, Rng, SocketMachine
from kick_proto.recording.lines import (
    FORMAT,
    LEVEL,
    Command,
    Draw,
    Ended,
    Header,
    Line,
    Raised,
    Take,
    Timeout,
    encode_event,
    encode_line,
    input_line,
    output_line,
)
from kick_proto.recording.setup import Setup
from kick_proto.session import SessionEvent

__all__ = ["Commands", "RecordedRng", "Recorder", "header"]


class Commands(Protocol):
    """What an application tells and asks a session."""

    def connect(self, now: float) -> None:
        """Begin; legal once."""
        ...

    def subscribe(self, now: float, channel: Channel, topics: Iterable[Topic] | None = None) -> None:
        """Want topics of the channel."""
        ...

    def unsubscribe(self, now: float, channel: Channel) -> None:
        """Want the channel's topics no more."""
        ...

    def close(self, now: float) -> None:
        """End for good."""
        ...

    def stats(self) -> Stats:
        """The counters as they stand."""
        ...

    def drift(self) -> tuple[Difference, ...]:
        """Where the frames so far differ from the table."""
        ...

    @property
    def failure(self) -> str | None:
        """Why the session gave up; None where it did not."""
        ...

    @property
    def closed(self) -> bool:
        """True after the end."""
        ...


class RecordedRng:
    """Passes on the numbers of another generator, and remembers them until they are taken."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._drawn: list[float] = []

    def random(self) -> float:
        """Draw a float, 0.0 <= x < 1.0."""
        number = self._rng.random()
        self._drawn.append(number)
        return number

    def take_drawn(self) -> list[float]:
        """The numbers since this was asked last."""
        drawn, self._drawn = self._drawn, []
        return drawn


def header(unix_now: float, setup: Setup | None) -> Header:
    """The header of a recording that begins now; ``unix_now`` is the wall clock."""
    return Header(library=__version__, unix_started_at=unix_now, setup=setup, format=FORMAT, level=LEVEL)


class Recorder:
    """The machine around ``machine``; see the module's docstring.

    ``session`` is what takes the commands: inside of ``machine``, or the same. ``rng`` is what both draw from.
    ``began_at`` is when the recording has begun; None: with ``connect``.
    """

    def __init__(
        self,
        machine: SocketMachine[SessionEvent, Sequence[str]],
        *,
        session: Commands,
        rng: RecordedRng,
        header: Header,
        began_at: float | None = None,
        most: int = 64 << 20,
    ) -> None:
        if most < 1:
            raise ValueError("most is a count of bytes, at least 1")
        self._machine = machine
        self._session = session
        self._rng = rng
        self._most = most
        self._outputs: deque[Output[Sequence[str]]] = deque()
        self._lines: list[bytes] = []
        self._size = 0
        self._ended = False
        self._began_at = began_at
        self._at = 0.0
        self._note(header)

    def take_lines(self) -> list[bytes]:
        """Take the lines since the last time, each with its end."""
        lines, self._lines, self._size = self._lines, [], 0
        return lines

    # Commands

    def connect(self, now: float) -> None:
        """Begin; legal once. See ``Session.connect``."""
        self._begin(now)
        self._command(Command(self._time(now), "connect"), self._session.connect)

    def subscribe(self, now: float, channel: Channel, topics: Iterable[Topic] | None = None) -> None:
        """Want topics of the channel. See ``Session.subscribe``."""
        wanted = None if topics is None else tuple(topics)
        line = Command(self._time(now), "subscribe", channel, wanted)
        self._command(line, lambda at: self._session.subscribe(at, channel, wanted))

    def unsubscribe(self, now: float, channel: Channel) -> None:
        """Want the channel's topics no more. See ``Session.unsubscribe``."""
        line = Command(self._time(now), "unsubscribe", channel)
        self._command(line, lambda at: self._session.unsubscribe(at, channel))

    def close(self, now: float) -> None:
        """End for good. See ``Session.close``."""
        self._command(Command(self._time(now), "close"), self._session.close)

    # What can be asked

    def stats(self) -> Stats:
        """The session's counters."""
        return self._session.stats()

    def drift(self) -> tuple[Difference, ...]:
        """Where the frames so far differ from the table."""
        return self._session.drift()

    @property
    def failure(self) -> str | None:
        """Why the session gave up; None where it did not."""
        return self._session.failure

    # The machine interface

    def handle_input(self, now: float, received: Input[Sequence[str]]) -> None:
        """Take in what happened to a socket."""
        self._begin(now)
        at = self._time(now)
        self._note(input_line(at, received))
        self._machine.handle_input(at, received)
        self._settle()

    def handle_timeout(self, now: float) -> None:
        """Fire what is due; take up what a command has queued."""
        self._begin(now)
        at = self._time(now)
        self._note(Timeout(at))
        self._machine.handle_timeout(at)
        self._settle()

    def poll_output(self) -> Output[Sequence[str]] | None:
        """Pop the next output."""
        return self._outputs.popleft() if self._outputs else None

    def poll_event(self) -> SessionEvent | None:
        """Pop one event."""
        event = self._machine.poll_event()
        if event is not None:
            self._note(Take(self._at, "one"))
            self._keep(encode_event(event))
        return event

    def take_events(self) -> list[SessionEvent]:
        """Pop all events."""
        events = self._machine.take_events()
        if events:
            self._note(Take(self._at, "all"))
            for event in events:
                self._keep(encode_event(event))
        return events

    def poll_timeout(self) -> float | None:
        """The earliest deadline."""
        at = self._machine.poll_timeout()
        return None if at is None else at + (self._began_at or 0.0)

    @property
    def wants_input(self) -> bool:
        """What the recorded machine wants."""
        return self._machine.wants_input

    @property
    def closed(self) -> bool:
        """True when the recorded machine is closed."""
        return self._machine.closed

    # Steps that the others share

    def _begin(self, now: float) -> None:
        if self._began_at is None:
            self._began_at = now

    def _time(self, now: float) -> float:
        """The recording's time, on the same side of the next deadline as the driver's, whatever is rounded."""
        if self._began_at is None:
            return 0.0
        # A clock that begins with the recording is the recording's own, as in a replay: nothing is rounded.
        at = round(now - self._began_at, 6) if self._began_at else now
        due = self._machine.poll_timeout()
        if due is not None:
            at = max(at, due) if due + self._began_at <= now else min(at, nextafter(due, -inf))
        self._at = max(at, self._at)
        return self._at

    def _command(self, line: Command, command: Callable[[float], None]) -> None:
        self._note(line)
        try:
            command(line.at)
        except LocalProtocolError as error:
            self._note(Raised(str(error)))
            raise
        finally:
            self._settle()

    def _settle(self) -> None:
        for number in self._rng.take_drawn():
            self._note(Draw(number))
        while (output := self._machine.poll_output()) is not None:
            self._outputs.append(output)
            self._note(output_line(output))

    def _note(self, line: Line) -> None:
        self._keep(encode_line(line))

    def _keep(self, lines: Iterable[bytes]) -> None:
        if self._ended:
            return
        if self._size >= self._most:
            self._ended = True
            lines = encode_line(Ended(f"{self._most:,} bytes stood here, and nobody took them"))
        for each in lines:
            self._lines.append(each)
            self._size += len(each)
