import json
from datetime import datetime
from typing import Any

import msgspec
import pytest

from kick_io.cli.output.jsonlines import line
from kick_proto import events, lifecycle
from kick_proto.frames import Frame
from kick_proto.session import SessionEvent
from tests.cli import samples

ids = [f"{type(event).__name__}-{number}" for number, event in enumerate(samples.EVERYTHING)]
each_event = pytest.mark.parametrize("event", samples.EVERYTHING, ids=ids)


def read(event: SessionEvent) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(line(event, samples.NOW))
    return fields


@each_event
def test_the_type_stands_first_and_all_fields_follow(event: SessionEvent) -> None:
    fields = read(event)
    assert next(iter(fields)) == "type"
    assert fields["type"] == type(event).__name__
    assert set(event.__struct_fields__) - set(fields) <= {"raw"}


@each_event
def test_with_raw_a_line_holds_the_whole_event(event: SessionEvent) -> None:
    text = line(event, samples.NOW, "with raw")
    assert msgspec.json.decode(text, type=type(event)) == event


@each_event
def test_raw_is_there_only_where_it_is_wanted(event: SessionEvent) -> None:
    assert "raw" not in read(event)
    assert ('"raw":{' in line(event, samples.NOW, "with raw")) == hasattr(event, "raw")


@each_event
def test_a_line_is_one_line_of_printable_ascii(event: SessionEvent) -> None:
    text = line(event, samples.NOW, "with raw")
    assert text.isascii()
    assert text.isprintable()


def test_what_has_no_time_of_its_own_is_told_when() -> None:
    at = read(lifecycle.Up("us2", "1.2"))["at"]
    assert at == "2026-09-01T12:30:15Z"
    assert datetime.fromisoformat(at) == samples.NOW
    assert "at" not in read(samples.message())


def test_control_characters_and_broken_text_are_escaped() -> None:
    text = "\x1b[31m\x7f\x9b\u202e\u2028\ud800é👍"
    made = line(samples.message(text), samples.NOW)
    assert made.isascii()
    assert made.isprintable()
    assert json.loads(made)["text"] == text


def test_what_is_not_understood_is_named_even_without_raw() -> None:
    unknown = read(events.Unknown(samples.NOW, Frame("NewEvent", "channel.668", "{}"), samples.CHANNEL))
    assert (unknown["event"], unknown["topic"]) == ("NewEvent", "channel.668")


def test_an_event_of_a_later_version_needs_no_new_code() -> None:
    class KicksSent(events.Event, frozen=True, tag="kicks"):
        amount: int

    fields = read(KicksSent(samples.NOW, samples.RAW, samples.CHANNEL, 5))
    assert (fields["type"], fields["amount"]) == ("kicks", 5)
