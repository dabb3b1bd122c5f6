"""One watch from its beginning to its summary, on the driver that was chosen.

The drivers' own modules are alike: they connect, show each batch, and leave in order when the time is over or when
somebody wishes to stop. They are imported by name, so that no event loop is loaded but the one that runs.
"""

import sys
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast

import click

from kick_io.cli import printing, targets
from kick_io.cli.stopping import Stop
from kick_io.cli.targets import Wanted
from kick_proto.backoff import Backoff
from kick_proto.ids import Channel
from kick_proto.lifecycle import Stats
from kick_proto.provider import Provider
from kick_proto.session import Config

__all__ = ["RUNNERS", "Form", "Job", "Manner", "Subject", "summary", "watch"]

Form: TypeAlias = Literal["text", "json", "json with raw"]


class Subject(NamedTuple):
    """What is watched: channels, at a provider, with that many retries in a row (None: for ever)."""

    channels: tuple[Channel, ...]
    provider: Provider
    retries: int | None = None


class Manner(NamedTuple):
    """How it is shown: in which form, and which types of events."""

    form: Form
    wanted: Wanted = None


class Job(NamedTuple):
    """What a driver's module is given; ``seconds`` is None where only a wish ends it."""

    channels: tuple[Channel, ...]
    config: Config
    seconds: float | None
    printer: printing.Printer
    stop: Stop


class _Runner(Protocol):
    def run(self, job: Job) -> Stats: ...


RUNNERS: Mapping[str, str] = {
    "asyncio": "kick_io.cli.running_asyncio",
    "trio": "kick_io.cli.running_trio",
    "blocking": "kick_io.cli.running_blocking",
}
"""Where each driver's ``run(job)`` is; it gives the session's counters."""


def watch(subject: Subject, manner: Manner, stop: Stop, *, driver: str, seconds: float | None) -> None:
    """Watch, and tell on stderr what it came to.

    Raises:
        TransportError: the session gave up.
        OSError: the events could not be written; ``BrokenPipeError`` where nobody reads them any more.
        LocalProtocolError: the channels contradict each other, or are too many.
    """
    runner = cast(_Runner, import_module(RUNNERS[driver]))
    config = Config(
        provider=subject.provider,
        backoff=Backoff(retries=subject.retries),
        events=targets.demand(manner.wanted),
    )
    printer = printing.Printer(_format(subject, manner), manner.wanted, stop)
    began_at = time.monotonic()
    stats = runner.run(Job(subject.channels, config, seconds, printer, stop))
    if printer.failure is not None:
        raise printer.failure
    # A terminal has written "^C" where the cursor is; the summary goes over it.
    start = "\r" if sys.stderr.isatty() else ""
    click.echo(start + summary(stats, time.monotonic() - began_at), err=True)


def _format(subject: Subject, manner: Manner) -> printing.Format:
    match manner.form:
        case "text":
            return printing.for_people(subject.channels)
        case "json":
            return printing.as_json("without raw")
        case "json with raw":
            return printing.as_json("with raw")


def summary(stats: Stats, seconds: float) -> str:
    """The counters in a sentence."""
    return (
        f"{_count(stats.events, 'event')}, {_count(stats.reconnects, 'reconnect')}, {stats.dropped:,} dropped, "
        f"{stats.unknown:,} unknown, {stats.undecodable:,} undecodable in {seconds:,.1f} seconds"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
