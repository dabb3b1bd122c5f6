"""What ``kick drift`` does: recorded lines in, differences out, as a table or as lines of JSON."""

import json
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import click
import msgspec

from kick_io.cli.output.sanitize import visible
from kick_io.cli.output.tables import table
from kick_proto.drift import Difference, Drift, Kind
from kick_proto.errors import LocalProtocolError, RemoteProtocolError
from kick_proto.frames import Frame, parse_frame
from kick_proto.machine import Received
from kick_proto.recording.lines import Heard, Joiner, input_of

__all__ = ["Counts", "frames_of", "looked_through", "run"]


class Counts(NamedTuple):
    """How many frames there were, and how many lines held none."""

    frames: int
    others: int


def run(lines: Iterable[str], form: Literal["text", "json"]) -> None:
    """Look at the frames of the lines, and print where they differ.

    Raises:
        LocalProtocolError: there is no frame at all.
    """
    drift = Drift()
    counts = looked_through(drift, lines)
    if not counts.frames:
        raise LocalProtocolError(
            'no frames: a line is {"event":...,"channel":...,"data":...}, or of watch --json --raw'
        )
    report = drift.report()
    for line in map(_json, report) if form == "json" else _text(report, counts, drift.overflow):
        click.echo(line)


def looked_through(drift: Drift, lines: Iterable[str]) -> Counts:
    """Show it every frame of the lines."""
    frame_count = other_count = 0
    joiner = Joiner()
    for line in lines:
        if not line.strip():
            continue
        frames = _recorded(joiner, line)
        if frames is None:
            frames = frames_of(line)
            other_count += not frames
        frame_count += len(frames)
        for frame in frames:
            drift.look(frame)
    return Counts(frame_count, other_count)


def _recorded(joiner: Joiner, line: str) -> list[Frame] | None:
    """The frames of a recording's line, of which most hold none; None where it is no recording's."""
    if not line.startswith('{"line":'):
        return None
    told, problem = joiner.feed(line.encode("utf-8", "replace"))
    if told is None and problem:
        return None
    received = input_of(told) if isinstance(told, Heard) else None
    return [frame for text in received.data if (frame := _parsed(text))] if isinstance(received, Received) else []


def _parsed(text: str) -> Frame | None:
    try:
        return parse_frame(text)
    except RemoteProtocolError:
        return None


def frames_of(line: str) -> list[Frame]:
    """The frames of a line: it is one, or it is an event that holds one or was joined from several."""
    try:
        told = msgspec.json.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return []
    if not isinstance(told, dict):
        return []
    sources = told.get("sources")
    found = sources if isinstance(sources, list) and sources else [told.get("raw", told)]
    return [frame for each in found if (frame := _frame(each)) is not None]


def _frame(told: object) -> Frame | None:
    match told:
        case {"event": str(event), "data": data, **others} if event:
            topic = others.get("channel")
            text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
            return Frame(event, topic if isinstance(topic, str) else "", text)
        case _:
            return None


def _json(difference: Difference) -> str:
    return json.dumps(msgspec.to_builtins(difference), separators=(",", ":"))


def _text(report: tuple[Difference, ...], counts: Counts, overflow: int) -> Iterator[str]:
    shown = [each for each in report if each.kind is not Kind.MISSING or each.count == each.frame_count]
    yield f"frames: {counts.frames:,}, differences: {len(shown):,}, lines without a frame: {counts.others:,}"
    if overflow:
        yield f"met when too many were remembered already, and not shown: {overflow:,}"
    if shown:
        yield ""
        yield from table(
            [("", "event", "path", "found", "in", "of")],
            [
                (each.kind.value, each.event, each.path, each.found, f"{each.count:,}", f"{each.frame_count:,}")
                for each in shown
            ],
        )
    if any(each.kind is Kind.UNREAD for each in shown):
        yield ""
        yield "An unread field is no error: no decoder makes use of it."
    if fixtures := dict.fromkeys(each.fixture for each in shown if each.fixture is not None):
        yield ""
        yield "A fixture for each shape; its values are made up:"
        for fixture in fixtures:
            yield ""
            yield visible(f"Frame({fixture.event!r}, {fixture.channel!r}, {fixture.data!r})")
