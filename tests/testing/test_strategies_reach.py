"""What the strategies draw reaches all that they promise: every kind, every word, both ends of a range; and no more."""

import math
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from kick_proto import events, payloads
from kick_proto.decoders import PREFIX, ROWS, Decoders
from kick_proto.endpoints.public import channels as public
from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import PING, PONG, Frame, parse_frame
from kick_proto.http import Response
from kick_proto.ids import Channel, topic_of, topics_of
from kick_proto.machine import Closed, Failed, Opened, Received
from kick_proto.testing import strategies
from kick_proto.testing.faults import MALFORMED, NO_FAULTS, Faults
from kick_proto.testing.personalities import PERSONALITIES
from kick_proto.testing.strategies import LATEST, RECOVERABLE, Due, Hear, Script, Step, Tell, Turn, Wait
from kick_proto.testing.strategies.responses import FAILURES
from tests.drawing import seen
from tests.scenes import FOX, OWL, kick_server, watching
from tests.shapes import READ_AT

# Values.

SAYINGS = (
    "hello",
    "!so ada",
    "[emote:37226:KEKW] gg",
    "@ada_l look: https://kick.com/ada",
    "ÀÉ \N{FOX FACE}",
    "a" * 500,
)
JSON_KINDS = {"NoneType", "bool", "int", "float", "str", "list", "dict"}


def test_people_type_what_kick_shows_and_anything_else_that_is_a_text() -> None:
    def look(text: str) -> Iterator[str]:
        yield "" if text == "" else text if text in SAYINGS else "ASCII" if text.isascii() else "Unicode"
        assert len(text) <= 20 or text in SAYINGS
        if len(text) > 3 and text not in SAYINGS:
            yield "longer"

    wanted = {*SAYINGS, "", "ASCII", "Unicode", "longer"}
    assert seen(strategies.texts_of_people(), look, wanted.issubset) == wanted
    assert "" not in seen(strategies.texts_of_people(min_size=1), lambda text: [text])


FORMS = {
    "a zone": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00",
    "Z": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "microseconds": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "no zone": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
}


def test_a_moment_has_any_of_the_spellings_of_the_wire_and_lies_in_this_century() -> None:
    def look(text: str) -> Iterator[str]:
        (form,) = (name for name, pattern in FORMS.items() if re.fullmatch(pattern, text))
        year = int(text[:4])
        assert 2000 <= year <= 2100
        yield form
        yield "early" if year < 2050 else "late"

    wanted = {*FORMS, "early", "late"}
    assert seen(strategies.moments(), look, wanted.issubset) == wanted


def kinds(value: Any) -> Iterator[str]:
    """The kinds of a JSON value and of all within it, and how it looks at its ends."""
    yield type(value).__name__
    if isinstance(value, list):
        assert len(value) <= 4
        yield f"a list of {min(len(value), 3)}"
        for item in value:
            yield from kinds(item)
    elif isinstance(value, dict):
        assert len(value) <= 4
        assert all(isinstance(key, str) for key in value)
        yield f"an object of {min(len(value), 3)}"
        for item in value.values():
            yield from kinds(item)
    elif type(value) is float:
        assert math.isfinite(value)
    elif type(value) is int:
        assert abs(value) <= 2**53
        yield "below 0" if value < 0 else "beyond 32 bits" if value > 2**32 else "small"


SIZES = {f"{container} of {size}" for container in ("a list", "an object") for size in range(4)}


def test_any_json_is_drawn_whole_numbers_as_far_as_every_reader_has_them() -> None:
    wanted = {*JSON_KINDS, *SIZES, "below 0", "beyond 32 bits", "small"}
    assert seen(strategies.json_values(), kinds, wanted.issubset, examples=100) == wanted


class Sample(msgspec.Struct, rename={"kind": "type"}):
    """Something of every kind that a payload may hold."""

    id: int
    user_id: int | None
    count: int
    least: int
    kind: str
    ratio: float
    anything: Any
    texts: dict[str, int]
    pairs: tuple[tuple[int, str], ...]
    at: datetime
    flag: bool
    inner: payloads.MessageReference | None = None


def test_numbers_of_a_struct_count_or_name_and_names_begin_with_one() -> None:
    def look(value: Any) -> Iterator[str]:
        assert value["id"] >= 1
        assert value["user_id"] is None or value["user_id"] >= 1
        assert value["count"] >= 0
        assert max(value["id"], value["count"]) <= 2**53
        assert 0 <= value["ratio"] <= 4e12
        assert len(value["pairs"]) <= 3
        assert len(value["texts"]) <= 3
        assert all(isinstance(pair, list) and isinstance(pair[0], int) for pair in value["pairs"])
        assert any(re.fullmatch(form, value["at"]) for form in FORMS.values())
        yield f"ratio: {type(value['ratio']).__name__}"
        yield f"anything: {type(value['anything']).__name__}"
        yield f"flag: {value['flag']}"
        yield f"pairs: {len(value['pairs'])}"
        yield f"texts: {len(value['texts'])}"
        yield f"user_id: {value['user_id'] is None}"
        yield "no count" if value["count"] == 0 else "a count"
        yield "inner: absent" if "inner" not in value else f"inner: {type(value['inner']).__name__}"

    wanted = {
        *("ratio: int", "ratio: float", "flag: True", "flag: False", "no count", "a count"),
        *(f"anything: {kind}" for kind in JSON_KINDS),
        *(f"{each}: {size}" for each in ("pairs", "texts") for size in range(4)),
        *("user_id: True", "user_id: False", "inner: absent", "inner: dict", "inner: NoneType"),
    }
    assert seen(strategies.values_of(Sample), look, wanted.issubset, examples=100) == wanted


def test_what_is_told_of_a_field_stands_wherever_the_object_around_it_does() -> None:
    told = {"type": st.just("tea"), "inner.id": st.just("x"), "in.id": st.just("never"), "kind": st.just("never")}

    def look(value: Any) -> Iterator[str]:
        assert value["type"] == "tea"
        yield str(value["inner"]) if value.get("inner") is None else value["inner"]["id"]

    wanted = {"None", "x"}
    drawn = strategies.values_of(Sample, told).map(lambda value: {"inner": None, **value})
    assert seen(drawn, look, wanted.issubset, examples=40) == wanted
    whole = seen(strategies.values_of(Sample, {"inner": st.just(7)}), lambda value: [value["inner"]], examples=10)
    assert whole == {7}


# Events, frames and texts.


def test_a_channel_has_two_numbers_which_mostly_differ() -> None:
    def look(channel: Channel) -> Iterator[str]:
        assert 1 <= channel.channel_id <= 10**9
        assert 1 <= channel.chatroom_id <= 10**9
        yield "alike" if len({*map(int, (channel.channel_id, channel.chatroom_id))}) == 1 else "different"
        yield "large" if channel.channel_id > 10**6 else "small"

    wanted = {"different", "large", "small"}
    assert seen(strategies.channels(), look, wanted.issubset) >= wanted


def test_frames_are_of_every_public_row_under_both_names_and_on_all_its_topics() -> None:
    def look(frame: Frame) -> Iterator[Any]:
        yield frame.event.removeprefix(PREFIX), frame.channel
        yield frame.event.startswith(PREFIX)

    wanted = {True, False, *((row.name, topic_of(kind, FOX)) for row in ROWS for kind in row.topics)}
    assert seen(strategies.frames(FOX), look, wanted.issubset, examples=100) == wanted


def test_frames_of_a_table_of_ones_own_are_of_its_rows() -> None:
    row = next(row for row in ROWS if row.name == "StreamerIsLive")
    made = row.makes[0]
    names = {row.name, PREFIX + row.name}
    assert seen(strategies.frames(FOX, [row]), lambda frame: [frame.event], names.issubset, examples=20) == names
    assert (
        seen(strategies.frames_of(made, FOX, [row]), lambda frame: [frame.event], names.issubset, examples=20) == names
    )
    drawn = strategies.events_of(made, FOX, [row])
    assert seen(drawn, lambda event: [event.raw.event], names.issubset, examples=20) == names


def test_a_private_frame_names_the_channel_where_its_id_belongs() -> None:
    for row in ROWS:
        if row.topics or not row.private:
            continue
        for made in row.makes:
            if any(other.topics for other in ROWS if made in other.makes):
                continue
            topics = {
                topic.format(FOX.chatroom_id if "chatroom" in topic else FOX.channel_id)
                for other in ROWS
                if made in other.makes
                for topic in other.private
            }
            assert seen(strategies.frames_of(made, FOX), lambda frame: [frame.channel], examples=15) <= topics


def test_an_event_is_read_in_this_century_at_utc_from_any_channel() -> None:
    def look(event: events.StreamOffline) -> Iterator[str]:
        assert datetime(2000, 1, 1, tzinfo=UTC) <= event.received_at <= datetime(2100, 1, 1, tzinfo=UTC)
        assert event.received_at.utcoffset() == timedelta(0)
        yield "early" if event.received_at.year < 2050 else "late"
        yield "another" if event.channel != FOX else "fox"

    wanted = {"early", "late", "another"}
    assert seen(strategies.events_of(events.StreamOffline), look, wanted.issubset) == wanted
    wanted = {"early", "late"}
    assert seen(strategies.reads(), lambda at: ["early" if at.year < 2050 else "late"], wanted.issubset) == wanted


def test_unknown_frames_come_on_every_topic_and_are_named_like_nothing_that_is_known() -> None:
    known = Decoders()

    def look(frame: Frame) -> Iterator[str]:
        assert frame.event
        assert known.row(frame.event) is None
        assert not frame.event.startswith(("pusher:", "pusher_internal:"))
        yield frame.channel
        yield type(msgspec.json.decode(frame.data)).__name__

    wanted = {*topics_of(FOX), *JSON_KINDS}
    assert seen(strategies.unknown_frames(FOX), look, wanted.issubset, examples=100) == wanted


def test_undecodable_frames_are_of_every_row_that_needs_an_object_and_broken_in_every_way() -> None:
    def look(frame: Frame) -> Iterator[Any]:
        yield frame.event, frame.channel
        yield frame.data

    rows = {
        (row.name, topic_of(row.topics[0], FOX))
        for row in ROWS
        if row.topics and not issubclass(row.payload, payloads.MayBeEmpty)
    }
    wanted = {*rows, "", "{", "null", "7", '"text"', "[[]]", '{"id":', "\x00"}
    assert seen(strategies.undecodable_frames(FOX), look, wanted.issubset, examples=100) == wanted


def said(text: str) -> Iterator[Any]:
    frame = parse_frame(text)
    yield frame.event
    if text in (PING, PONG):
        return
    wire = msgspec.json.decode(text)
    yield type(wire.get("data")).__name__
    if frame.event == "pusher:connection_established":
        told = msgspec.json.decode(frame.data) if frame.data else {}
        assert told.get("socket_id", "1.2") == "1.2"
        timeout = told.get("activity_timeout", 1)
        assert 1 <= timeout <= 300
        yield "patient" if timeout > 30 else "impatient"
    elif frame.event.startswith("pusher_internal"):
        assert frame.channel in topics_of(FOX)
        yield frame.channel
    elif frame.event == "pusher:subscription_error":
        assert frame.channel in topics_of(FOX)
        yield "refused", msgspec.json.decode(frame.data)["code"] if frame.data else None
    elif frame.event == "pusher:error" and frame.data:
        told = msgspec.json.decode(frame.data)
        assert told["code"] is None or 0 <= told["code"] <= 5_000
        assert told["message"] == "drawn"
        yield ("code", told["code"] if told["code"] in (None, 4001, 4009, 4100, 4200, 4301) else "any")


def test_a_server_says_all_that_the_protocol_has_in_every_form() -> None:
    wanted: set[Any] = {
        *(f"pusher:{name}" for name in ("connection_established", "ping", "pong", "subscription_error", "error")),
        *("pusher_internal:subscription_succeeded", "str", "dict", "NoneType", "patient", "impatient"),
        *topics_of(FOX),
        *(("code", code) for code in (None, 4001, 4009, 4100, 4200, 4301, "any")),
        ("refused", 401),
    }
    found = seen(strategies.protocol_texts(FOX), said, wanted.issubset, examples=200)
    assert found - {("refused", None)} == wanted


def test_a_server_says_it_in_the_words_of_each_personality() -> None:
    def look(text: str) -> Iterator[tuple[str, ...]]:
        keys = tuple(msgspec.json.decode(text))
        assert any(keys == tuple(key for key in each.keys if key in keys) for each in PERSONALITIES.values())
        if len(keys) == 3:
            yield keys

    wanted = {each.keys for each in PERSONALITIES.values()}
    assert seen(strategies.protocol_texts(FOX), look, wanted.issubset, examples=100) == wanted


def test_well_formed_texts_are_of_all_kinds() -> None:
    known = Decoders()

    def look(text: str) -> Iterator[str]:
        frame = parse_frame(text)
        if frame.event.startswith("pusher"):
            yield "protocol"
        else:
            event = known.decode(frame, READ_AT, FOX)
            yield {events.Unknown: "unknown", events.Undecodable: "undecodable"}.get(type(event), "known")

    wanted = {"protocol", "unknown", "undecodable", "known"}
    assert seen(strategies.well_formed_texts(FOX), look, wanted.issubset) == wanted


def test_malformed_texts_are_prose_other_json_and_what_was_cut_off() -> None:
    def look(text: str) -> Iterator[str]:
        if text in MALFORMED:
            yield text
        elif text in SAYINGS:
            yield "prose"
        elif text.startswith('{"') and not text.endswith("}"):
            yield "cut"
        else:
            try:
                yield type(msgspec.json.decode(text)).__name__
            except msgspec.DecodeError:
                yield "other"

    wanted = {*MALFORMED, "prose", "cut", "other", "list", "float", "str"}
    assert seen(strategies.malformed_texts(FOX), look, wanted.issubset, examples=100) >= wanted


def test_a_text_may_be_well_formed_or_not() -> None:
    def look(text: str) -> Iterator[bool]:
        try:
            parse_frame(text)
        except RemoteProtocolError:
            yield False
        else:
            yield True

    wanted = {True, False}
    assert seen(strategies.texts(FOX), look, wanted.issubset) == wanted


# Faults.

SOON = {0.5, 1.0, 3.0, 10.0, 45.0}
SWITCHES: dict[str, set[Any]] = {
    "refuse_code": set(RECOVERABLE),
    "close_code": set(RECOVERABLE),
    "withhold_handshake": {True},
    "handshake_delay": SOON,
    "handshake_without_timeout": {True},
    "handshake_not_json": {True},
    "handshake_as_object": {True},
    "wrong_first_event": {True},
    "mute": {True},
    "ping_interval": SOON,
    "duplicate_confirmation": {True},
    "event_before_confirmation": {True},
    "swap_data": {True},
    "cache_replay": {True},
    "duplicate_probability": {0.5, 1.0},
    "error_interval": SOON,
    "malformed_interval": SOON,
    "drop_after": SOON,
    "close_after": SOON,
    "error_first": {True},
    "spread": {0.2, 0.9},
}


def turned(faults: Faults) -> Iterator[tuple[str, Any]]:
    for name in Faults.__struct_fields__:
        if getattr(faults, name) != getattr(NO_FAULTS, name):
            yield name, getattr(faults, name)


def test_every_switch_of_the_mock_is_turned_in_every_way() -> None:
    def look(faults: Faults) -> Iterator[tuple[str, Any]]:
        for name, value in turned(faults):
            if name == "burst":
                assert 1 <= value <= 20
            yield name, value if name != "burst" else "few" if value < 5 else "many" if value > 15 else "some"

    wanted = {(name, value) for name, values in SWITCHES.items() for value in values}
    wanted |= {("burst", count) for count in ("few", "some", "many")}
    wanted -= {("close_code", NO_FAULTS.close_code)}
    assert seen(strategies.faults(), look, wanted.issubset, examples=100) == wanted


def test_a_mock_closes_with_the_codes_that_it_is_given_and_no_other() -> None:
    def codes(faults: Faults) -> Iterator[tuple[str, Any]]:
        yield from (each for each in turned(faults) if each[0] in {"refuse_code", "close_code"})

    wanted = {(name, code) for name in ("refuse_code", "close_code") for code in (4001, 4009)}
    assert seen(strategies.faults(codes=(4001, 4009)), codes, wanted.issubset, examples=80) == wanted
    schedules = strategies.schedules(codes=(4001,), most=2)
    wanted = {("refuse_code", 4001), ("close_code", 4001)}
    found = seen(
        schedules, lambda turns: (each for turn in turns for each in codes(turn.faults)), wanted.issubset, examples=60
    )
    assert found == wanted


def test_turns_last_from_no_time_to_some_minutes_and_peace_comes_when_it_likes() -> None:
    def look(turns: strategies.Schedule) -> Iterator[Any]:
        yield len(turns)
        yield "peace", turns[-1].after
        for turn in turns[:-1]:
            yield "trouble", turn.after

    times = (0.0, 0.5, 2.0, 20.0, 90.0, 300.0)
    every = {(what, after) for what in ("trouble", "peace") for after in times}
    wanted = {*range(1, 7), *every}
    assert seen(strategies.schedules(), look, wanted.issubset) == wanted


def test_a_schedule_is_acted_out_turn_by_turn_at_its_times() -> None:
    server = kick_server()
    _, world = watching(FOX, servers=server)
    began = world.now
    turns = (Turn(2.0, Faults(mute=True)), Turn(20.0, NO_FAULTS))
    strategies.act_out(turns[:1], world, server)
    assert (world.now - began, server.faults) == (2.0, Faults(mute=True))
    strategies.act_out(turns[1:], world, server)
    assert (world.now - began, server.faults) == (22.0, NO_FAULTS)


# Scripts.

TIMES = {0.0, 0.2, 1.0, 5.0, 10.0, 29.9, 30.0, 60.0, 119.0, 120.0, 86_400.0}
CODES = {1000, 1001, 1006, 1011, 4000, 4001, 4009, 4100, 4200, 4301}


def told(step: Step) -> Iterator[Any]:
    match step:
        case Wait(seconds):
            yield "wait", seconds
        case Due():
            yield "due"
        case Tell(command, arguments):
            yield (command, *arguments)
        case Hear(Received(ref, texts, at)):
            assert (ref, at) == (LATEST, 1_800_000_000.0)
            yield "texts", len(texts)
        case Hear(Closed(ref, code)):
            assert ref == LATEST
            yield "closed", code
        case Hear(received):
            yield received


def test_whatever_may_happen_to_a_session_happens_in_some_script() -> None:
    def look(script: Script) -> Iterator[Any]:
        for step in script:
            yield from told(step)

    wanted: set[Any] = {
        "due",
        *(("wait", seconds) for seconds in TIMES),
        *(("closed", code) for code in CODES),
        *(("texts", count) for count in range(5)),
        *((command, channel) for command in ("subscribe", "unsubscribe") for channel in (FOX, OWL)),
        ("connect",),
        ("close",),
        Opened(LATEST),
        Failed(LATEST, "no connection"),
    }
    found = seen(strategies.session_scripts(FOX, OWL), look, wanted.issubset, examples=100)
    assert found - {("texts", 6), ("wait", 2.0)} == wanted


def test_scripts_begin_with_nothing_opened_up_or_up_and_confirmed() -> None:
    subscribing = (Tell("subscribe", (FOX,)), Tell("subscribe", (OWL,)))
    opened = (Tell("connect"), Hear(Opened(LATEST)))

    def names(step: Step) -> list[str]:
        return [parse_frame(text).event for text in step.received.data] if isinstance(step, Hear) else []

    def look(script: Script) -> Iterator[str]:
        assert len(script) <= 9 + 2
        steps = tuple(script)
        if steps[:4] == (*subscribing, *opened) and names(steps[4]) == ["pusher:connection_established"]:
            if steps[5:6] == (Wait(2.0),) and names(steps[6]) == ["pusher_internal:subscription_succeeded"] * 6:
                assert steps[7] == Wait(2.0)
                confirmed = [parse_frame(text) for step in (steps[6], steps[8]) for text in step.received.data]  # type: ignore[union-attr]
                assert [each.channel for each in confirmed] == [*topics_of(FOX), *topics_of(OWL)]
                assert {each.data for each in confirmed} == {"{}"}
                yield "confirmed"
            else:
                yield "up"
        elif steps[:2] == opened:
            yield "opened"
        else:
            assert len(steps) <= 2
            yield "nothing"

    wanted = {"nothing", "opened", "up", "confirmed"}
    assert seen(strategies.session_scripts(FOX, OWL, most=2), look, wanted.issubset, examples=60) == wanted


def test_a_script_has_as_many_steps_as_it_may() -> None:
    most = 6 + 15  # subscribe, connect, opened, up, a wait and the confirmations come first

    def look(script: Script) -> Iterator[str]:
        assert len(script) <= most
        yield "long" if len(script) > most - 8 else "short"

    wanted = {"long", "short"}
    assert seen(strategies.session_scripts(FOX), look, wanted.issubset, examples=40) == wanted


# Responses.


def test_a_failure_has_the_headers_and_the_bodies_of_its_status_and_may_name_a_pause() -> None:
    pauses = {"0", "3", "120", "Wed, 21 Oct 2026 07:28:00 GMT", "soon"}

    def look(response: Response) -> Iterator[Any]:
        headers, bodies = FAILURES[response.status]
        assert response.headers[: len(headers)] == headers
        assert response.body in bodies
        yield response.status, response.body
        for name, value in response.headers[len(headers) :]:
            assert name == "retry-after"
            yield response.status, value

    wanted = {
        *((status, body) for status, (_, bodies) in FAILURES.items() for body in bodies),
        *((status, pause) for status in (429, 503) for pause in pauses),
    }
    assert seen(strategies.failures(), look, wanted.issubset, examples=100) == wanted
    counts = {(429, 1), (429, 2), (503, 1), (503, 2)}
    told = seen(strategies.failures(), lambda each: [(each.status, len(each.headers))], counts.issubset, examples=100)
    assert told >= counts


JSON = (("content-type", "application/json"),)


def test_a_success_of_the_api_has_its_envelope_and_one_of_the_site_none() -> None:
    def look(response: Response) -> Iterator[Any]:
        assert (response.status, response.headers) == (200, JSON)
        body = msgspec.json.decode(response.body)
        data = body.get("data")
        yield body.get("message"), type(data).__name__, len(data) if isinstance(data, list) else None

    for most, strategy in (
        (3, strategies.rows_responses(public.Category)),
        (1, strategies.rows_responses(public.Category, most=1)),
    ):
        wanted = {("OK", "list", count) for count in range(most + 1)}
        assert seen(strategy, look, wanted.issubset) == wanted
    assert seen(strategies.row_responses(public.Category), look, examples=20) == {("OK", "dict", None)}
    assert seen(strategies.whole_responses(public.Category), look, examples=20) == {(None, "NoneType", None)}
    assert strategies.json_response({"a": 1}) == Response(200, JSON, b'{"a":1}')
    assert strategies.json_response([], 201) == Response(201, JSON, b"[]")


def test_tokens_are_what_the_oauth_server_issues() -> None:
    signs = set(string.ascii_lowercase + string.digits)

    def look(response: Response) -> Iterator[Any]:
        assert (response.status, response.headers) == (200, JSON)
        body = msgspec.json.decode(response.body)
        assert set(body) == {"access_token", "refresh_token", "expires_in", "token_type", "scope"}
        assert body["token_type"] == "Bearer"
        assert 1 <= body["expires_in"] <= 100_000
        for name in ("access_token", "refresh_token"):
            assert 8 <= len(body[name]) <= 40
            assert set(body[name]) <= signs
        yield body["scope"]
        yield "long" if len(body["access_token"]) > 9 else "short"
        yield "an hour" if body["expires_in"] > 3_600 else "soon"

    wanted = {*("user:read", "user:read chat:write", "", "long", "short", "an hour", "soon")}
    assert seen(strategies.token_responses(), look, wanted.issubset, examples=100) == wanted


HTML = (("content-type", "text/html; charset=UTF-8"),)


def test_a_garbled_success_holds_json_noise_html_or_nothing_under_any_heading() -> None:
    def look(response: Response) -> Iterator[Any]:
        yield response.status, response.headers
        if response.body in (b"", b"<html>"):
            yield response.body
            return
        try:
            yield type(msgspec.json.decode(response.body)).__name__
        except (msgspec.DecodeError, UnicodeDecodeError):
            assert len(response.body) <= 60
            yield "noise"

    wanted = {
        *((status, headers) for status in (200, 201, 204) for headers in (JSON, HTML, ())),
        *(b"", b"<html>", "noise"),
        *JSON_KINDS,
    }
    assert seen(strategies.garbled_responses(), look, wanted.issubset, examples=100) == wanted


def test_a_response_may_be_any_whatever() -> None:
    names = {"content-type", "retry-after", "location", "set-cookie", "x-drawn"}

    def look(response: Response) -> Iterator[Any]:
        assert 200 <= response.status <= 599
        if response.status in FAILURES and response.headers[:1] == FAILURES[response.status][0][:1]:
            yield "a failure"
        elif b"access_token" in response.body:
            yield "tokens"
        elif response.status in (200, 201, 204) and response.headers in (JSON, HTML, ()):
            yield "garbled"
        else:
            assert len(response.headers) <= 3
            assert len(response.body) <= 60
            yield f"strange, with {len(response.headers)} headers"
            yield f"in the {response.status // 100}00s"
            for name, value in response.headers:
                assert isinstance(value, str)
                yield name

    wanted = {
        *names,
        *("a failure", "tokens", "garbled"),
        *(f"strange, with {count} headers" for count in range(4)),
        *(f"in the {hundred}00s" for hundred in range(2, 6)),
    }
    assert seen(strategies.responses(), look, wanted.issubset, examples=100) == wanted


@pytest.mark.parametrize(
    ("strategy", "name"),
    [
        (strategies.transcripts, "transcripts"),
        (strategies.damaged_transcripts, "damaged_transcripts"),
        (lambda: strategies.frames(FOX), "frames"),
        (lambda: strategies.well_formed_texts(FOX), "well_formed_texts"),
        (lambda: strategies.malformed_texts(FOX), "malformed_texts"),
    ],
)
def test_what_has_many_parts_is_printed_by_a_short_name(strategy: Any, name: str) -> None:
    assert repr(strategy()).startswith(f"{name}(")
