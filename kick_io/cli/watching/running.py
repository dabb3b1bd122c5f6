"""One watch from its beginning to its summary, on the driver that was chosen.

The drivers' own modules are alike: they connect every session, show each batch, and leave in order when the time is
over, when somebody wishes to stop, or when a session gives up. They are imported by name, so that no event loop is
loaded but the one that runs.
"""

import itertools
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast

import click

from kick_io.cli import targets
from kick_io.cli.output.sanitize import visible
from kick_io.cli.stopping import Stop
from kick_io.cli.targets import Wanted
from kick_io.cli.watching import printing
from kick_proto.backoff import Backoff
from kick_proto.drift import Difference, Kind
from kick_proto.ids import Channel
from kick_proto.lifecycle import Stats, total
from kick_proto.provider import Provider
from kick_proto.session import Config
from kick_proto.shards import divide

__all__ = [
    "RUNNERS",
    "Form",
    "Job",
    "Manner",
    "Outcome",
    "Share",
    "Subject",
    "form_of",
    "news",
    "shares",
    "summary",
    "watch",
]

Form: TypeAlias = Literal["text", "json", "json with raw"]

SHOWN = 3
"""Differences that are told by name at the end."""


class Subject(NamedTuple):
    """What is watched: channels, at a provider, with that many retries in a row (None: for ever), over sessions."""

    channels: tuple[Channel, ...]
    provider: Provider
    retries: int | None = None
    sessions: int = 1


class Manner(NamedTuple):
    """How it is shown: in which form, and which types of events."""

    form: Form
    wanted: Wanted = None


class Share(NamedTuple):
    """What one session has: channels, and the path of its recording."""

    channels: tuple[Channel, ...]
    record: str | None


class Job(NamedTuple):
    """What a driver's module is given: a share for each session; ``seconds`` is None where only a wish ends it."""

    shares: tuple[Share, ...]
    config: Config
    seconds: float | None
    printer: printing.Printer
    stop: Stop


class Outcome(NamedTuple):
    """What a session came to: its counters, and where frames differed from what is known of them."""

    stats: Stats
    drift: tuple[Difference, ...]


class _Runner(Protocol):
    def run(self, job: Job) -> list[Outcome]: ...


RUNNERS: Mapping[str, str] = {
    "asyncio": "kick_io.cli.watching.running_asyncio",
    "trio": "kick_io.cli.watching.running_trio",
    "blocking": "kick_io.cli.watching.running_blocking",
}
"""Where each driver's ``run(job)`` is; it gives the outcome of each session."""


def watch(
    subject: Subject, manner: Manner, stop: Stop, *, driver: str, seconds: float | None, record: str | None = None
) -> None:
    """Watch, and tell on stderr what it came to.

    Frames that differ from what is known of them are told there too.

    Raises:
        TransportError: the session gave up.
        OSError: recording or events could not be written; ``BrokenPipeError`` where nobody reads them any more.
        LocalProtocolError: the channels contradict each other, or are too many.
    """
    runner = cast(_Runner, import_module(RUNNERS[driver]))
    config = Config(
        provider=subject.provider,
        backoff=Backoff(retries=subject.retries),
        events=targets.demand(manner.wanted),
    )
    printer = printing.Printer(form_of(manner, subject.channels), manner.wanted, stop)
    began_at = time.monotonic()
    outcomes = runner.run(Job(shares(subject, record), config, seconds, printer, stop))
    if printer.failure is not None:
        raise printer.failure
    # A terminal has written "^C" where the cursor is; the summary goes over it.
    start = "\r" if sys.stderr.isatty() else ""
    stats = total(outcome.stats for outcome in outcomes)
    click.echo(start + summary(stats, time.monotonic() - began_at), err=True)
    if sentence := news([each for outcome in outcomes for each in outcome.drift]):
        click.echo(sentence, err=True)


def shares(subject: Subject, record: str | None) -> tuple[Share, ...]:
    """What each session has; a session that would have nothing is left out.

    Where there are several, each has a recording of its own: ``today.ndjson`` becomes ``today-1.ndjson`` and so on.

    Raises:
        LocalProtocolError: the channels contradict each other.
    """
    # Processes are dealt their channels without a seed, see ``--shard``: the same one would deal them no further.
    dealt = [each for each in divide(subject.channels, subject.sessions, seed="sessions") if each]
    if len(dealt) == 1 or record is None:
        return tuple(Share(channels, record) for channels in dealt)
    name, dot, rest = Path(record).name.partition(".")
    paths = (Path(record).with_name(f"{name}-{number}{dot}{rest}") for number in itertools.count(1))
    return tuple(Share(channels, str(path)) for channels, path in zip(dealt, paths, strict=False))


def form_of(manner: Manner, channels: tuple[Channel, ...]) -> printing.Format:
    """How to print in that manner, what happens on these channels."""
    match manner.form:
        case "text":
            return printing.for_people(channels)
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


def news(drift: Sequence[Difference]) -> str:
    """What is new on the wire, in a sentence, the weightiest first; "" where nothing is. Missing fields are no news."""
    found = [each for each in drift if each.kind is not Kind.MISSING]
    if not found:
        return ""
    found.sort(key=lambda each: list(Kind).index(each.kind))
    # A field that comes with several types is told once.
    told = list(dict.fromkeys(visible(_named(each)) for each in found))
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    shown = ", ".join(told[:SHOWN])
    return f"new on the wire: {shown}{more}; record it with watch --record FILE, and kick drift FILE tells more"


def _named(difference: Difference) -> str:
    path = "" if difference.kind is Kind.UNKNOWN else f" {difference.path}"
    return f"{difference.kind.value} {difference.event}{path}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
