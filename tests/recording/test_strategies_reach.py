"""What recordings are drawn: lives of every kind in every setting, and every damage that a file may take."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, get_args

import msgspec
from hypothesis import strategies as st

from kick_proto import events
from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import parse_frame
from kick_proto.recording.lines import FORMAT, LONGEST_LINE, Line
from kick_proto.recording.transcript import read
from kick_proto.testing import strategies
from kick_proto.testing.strategies import Damaged, Recorded
from kick_proto.testing.strategies.damage import GAPS, GARBAGE
from tests.drawing import seen
from tests.recording.making import recorded
from tests.scenes import FOX

# Lives.


def rows_of(recorded: Recorded) -> list[dict[str, Any]]:
    return [msgspec.json.decode(raw) for raw in recorded.lines]


def settings_of(recorded: Recorded) -> Iterator[Any]:
    """How the machines of a recording were made."""
    header = rows_of(recorded)[0]
    setup = header["setup"]
    assert header["unix_started_at"] == 1_800_000_000.0
    assert setup["low_water"] == setup["high_water"] // 2
    yield "retries", setup["backoff"]["retries"]
    yield "high_water", setup["high_water"]
    yield "max_topics", setup["max_topics"]
    yield "merge", setup.get("merge")
    yield "events", str(setup.get("events"))


def life_of(recorded: Recorded) -> Iterator[Any]:
    """What happens in a recording."""
    lines = rows_of(recorded)[1:]
    commands = [line for line in lines if line["line"] == "command"]
    named = [line["channel"]["channel_id"] for line in commands if line["name"] == "subscribe"]
    yield "nothing happens" if not lines else "something happens"
    if [line["name"] for line in commands[:2]] == ["subscribe", "connect"] and commands[1]["at"] == commands[0]["at"]:
        yield "it begins with a subscription"
    for command in commands:
        yield command["name"]
        if "topics" in command:
            yield f"{min(len(command['topics']), 2)} topics are chosen"
    if FOX.channel_id in named and {*named} - {FOX.channel_id}:
        yield "two channels are watched"
    for before, line in zip([*lines[:1], *lines], lines, strict=False):
        yield "line", line["line"]
        match line["line"]:
            case "received":
                yield f"it is {line['unix_now'] - line['at']:.3f}"
                yield from names(line["texts"]) if "texts" in line else ["what is no Unicode"]
            case "take":
                yield f"one looks for {line['what']}"
            case "event":
                yield line["name"]
            case "closed":
                yield f"closed with {line['code']}"
            case "opened" if before["line"] == "open":
                yield "opened"
    if recorded.events:
        yield "events were taken"


def names(texts: list[str]) -> Iterator[str]:
    """What the server says, by its names."""
    for text in texts:
        with suppress(RemoteProtocolError):
            yield parse_frame(text).event


def test_a_session_is_recorded_in_every_setting() -> None:
    wanted: set[Any] = {
        *(("retries", retries) for retries in (None, 0, 2)),
        *(("high_water", high) for high in (10_000, 3)),
        *(("max_topics", most) for most in (1_000, 6)),
        *(("merge", merge) for merge in (None, 2.0)),
        *(("events", names) for names in ("None", str([events.ChatMessage.__name__]))),
    }
    assert seen(strategies.transcripts(FOX, most=0), settings_of, wanted.issubset, examples=40) == wanted


def test_all_that_may_happen_to_a_session_happens_in_some_recording() -> None:
    kinds = {row.__struct_config__.tag for row in get_args(Line)} - {"header", "ended"}
    wanted = {
        *(("line", kind) for kind in kinds),
        *("nothing happens", "something happens", "it begins with a subscription", "two channels are watched"),
        *("subscribe", "unsubscribe", "connect", "close", "1 topics are chosen", "2 topics are chosen"),
        *("one looks for all", "one looks for one", "events were taken", "opened"),
        *("it is 1800000000.000", "it is 1800001234.567"),
        *("pusher:connection_established", "pusher_internal:subscription_succeeded", "what is no Unicode"),
        *("Up", "Down", "GaveUp", "Lagging"),
    }
    found = seen(strategies.transcripts(FOX), life_of, wanted.issubset, examples=60)
    assert found >= wanted
    assert {each[1] for each in found if isinstance(each, tuple)} == kinds


def test_a_recording_is_of_the_channel_that_it_is_asked_for_and_as_long() -> None:
    def look(recorded: Recorded) -> Iterator[Any]:
        commands = [line for line in rows_of(recorded)[1:] if line["line"] == "command"]
        assert len(commands) <= 8
        if commands and commands[0]["name"] == "subscribe":
            yield commands[0]["channel"]["channel_id"]

    wanted = {FOX.channel_id}
    assert seen(strategies.transcripts(FOX, most=0), look, wanted.issubset, examples=20) == wanted
    assert len(seen(strategies.transcripts(most=0), look, lambda found: len(found) > 3, examples=20)) > 3


# Damages.

WHOLE = Recorded(tuple(recorded(1).lines[:9]), ())


def happened(damaged: Damaged) -> Iterator[Any]:
    """What has happened to the lines of ``WHOLE``."""
    counts = Counter(damaged.lines)
    kept = [line for line in damaged.lines if line in WHOLE.lines]
    order = [WHOLE.lines.index(line) for line in kept]
    if len(damaged.lines) < len(WHOLE.lines):
        yield "lost"
    if any(counts[line] > 1 for line in kept):
        yield "doubled"
    if order != sorted(order):
        yield "in another order"
    for line in damaged.lines:
        if line in GARBAGE or line in GAPS:
            yield line
        elif b'{"wrong":[true]}' in line:
            yield "a wrong object"
        elif line not in WHOLE.lines and line.count(b"\n") == 1 and any(line.endswith(each) for each in WHOLE.lines):
            yield "joined"
    if damaged.lines and not damaged.lines[-1].endswith(b"\n"):
        yield "cut"
    if not damaged.lines:
        yield "gone"
    if damaged.lines == WHOLE.lines:
        yield "sound"
    if damaged.header is not None:
        yield "format", damaged.header.format
        yield "level", damaged.header.level
    if any(b'"format":0' in line for line in damaged.lines):
        yield "of no format"


def test_every_damage_happens() -> None:
    wanted: set[Any] = {
        *("lost", "doubled", "in another order", "a wrong object", "joined", "cut", "gone", "sound"),
        *(("format", FORMAT), ("format", FORMAT + 1), ("level", "texts"), ("level", "bytes"), "of no format"),
        *GARBAGE,
        *GAPS,
    }
    assert seen(strategies.damaged_transcripts(st.just(WHOLE)), happened, wanted.issubset, examples=100) == wanted


def test_garbage_is_nothing_that_a_recording_has() -> None:
    for line in GARBAGE:
        transcript = read([*WHOLE.lines[:3], line, *WHOLE.lines[3:6]])
        assert [fault.number for fault in transcript.faults] == [4]
        assert len(transcript.lines) == 5
    assert max(map(len, GARBAGE)) > LONGEST_LINE


def test_of_what_is_damaged_all_that_is_left_is_read_and_all_else_is_named() -> None:
    def look(damaged: Damaged) -> Iterator[str]:
        transcript = read(damaged.lines)
        assert transcript.header == damaged.header
        assert transcript.lines == damaged.readable
        assert tuple(fault.number for fault in transcript.faults) == damaged.faults
        yield ""

    seen(strategies.damaged_transcripts(st.just(WHOLE)), look, examples=200)
