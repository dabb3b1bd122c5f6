"""Events to standard output: filtered, as lines of one kind or another, flushed once a batch.

Whoever reads the output may go away (``| head``): then the watch is asked to stop, and nothing more is written.
"""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from kick_io.cli.output import jsonlines
from kick_io.cli.output.render import Renderer, plain
from kick_io.cli.stopping import Stop
from kick_io.cli.targets import Wanted
from kick_proto.ids import Channel
from kick_proto.session import SessionEvent

__all__ = ["Format", "Printer", "as_json", "for_people"]

Format: TypeAlias = Callable[[Sequence[SessionEvent], datetime], str]
"""From events and the wall clock to their lines, as one text."""


def as_json(raw: jsonlines.Raw) -> Format:
    """A line of JSON each."""
    return partial(_json, raw)


def for_people(channels: tuple[Channel, ...]) -> Format:
    """Lines to read: with colours where standard output is a terminal, without any escape sequence elsewhere."""
    renderer = Renderer(channels)
    if not sys.stdout.isatty():
        return partial(_plain, renderer)
    # Only here: rich takes its time, and nothing else needs it.
    from kick_io.cli.output.screen import Screen, standard_output  # noqa: PLC0415

    screen = Screen(standard_output())
    return lambda events, now: screen.text(renderer.line(event, now) for event in events)


def _json(raw: jsonlines.Raw, events: Sequence[SessionEvent], now: datetime) -> str:
    return "".join([f"{jsonlines.line(event, now, raw)}\n" for event in events])


def _plain(renderer: Renderer, events: Sequence[SessionEvent], now: datetime) -> str:
    return "".join([f"{plain(renderer.line(event, now))}\n" for event in events])


class Printer:
    """Writes what is wanted; ``failure`` is why it writes no more."""

    def __init__(self, form: Format, wanted: Wanted, stop: Stop) -> None:
        self.failure: OSError | None = None
        self._form = form
        self._wanted = wanted
        self._stop = stop

    def show(self, events: Sequence[SessionEvent], now: datetime | None = None) -> None:
        """Write one batch; ``now`` stands for the time of events that have none, which is the present otherwise."""
        if self._wanted is not None:
            events = [event for event in events if type(event) in self._wanted]
        if not events or self.failure is not None:
            return
        try:
            sys.stdout.write(self._form(events, now or datetime.now(UTC)))
            sys.stdout.flush()
        except OSError as error:
            self.failure = error
            self._stop.ask()
