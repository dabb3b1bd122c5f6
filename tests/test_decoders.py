"""The decoder table: what holds for each of its rows, whatever a socket may say, and for rows of one's own."""

import copy
import inspect
import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto import events, payloads
from kick_proto.decoders import ROWS, Decoders, Row
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind
from tests.shapes import (
    BAN,
    CELEBRATION,
    CHAT,
    DELETED,
    FOX,
    LIVE,
    READ_AT,
    REPLY,
    SEEN,
    STOPPED,
    SUBSCRIPTION,
    TIMEOUT,
    UNBAN,
    Json,
    changed,
    decode,
    decode_text,
    places,
    without,
)

PREFIX = "App\\Events\\"
SAMPLES = Path(__file__).parents[2] / "shared" / "wire" / "samples.ndjson"

BADGED = changed(CHAT, ("sender", "identity", "badges"), lambda _: [{"type": "vip", "text": "VIP"}])
NAMES = sorted({name for name, _ in SEEN.values()})
shapes = st.sampled_from(list(SEEN.values()))
any_text = st.text(st.characters())  # lone surrogates included
json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def test_each_row_of_the_table_has_a_name_of_its_own_and_says_where_and_when_it_was_seen() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert set(NAMES) <= {row.name for row in ROWS}
    for row in ROWS:
        assert row.topics or row.private, row.name
        assert all(topic.startswith("private-") and topic.count("{}") == 1 for topic in row.private), row.name
        assert row.confidence in ("A", "B", "C"), row.name
        assert row.era[:2] == "20", row.name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_tells_what_it_makes(row: Row[payloads.Payload]) -> None:
    assert events.Event not in row.makes
    assert len(set(row.makes)) == len(row.makes) > 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_a_row_makes_names_it_where_one_reads_of_the_event(row: Row[payloads.Payload]) -> None:
    for made in set(row.makes) - {events.Unknown}:
        told = inspect.getdoc(made) or ""
        if made is events.Resubscribed:
            told += inspect.getdoc(events.Subscribed) or ""  # "as ``Subscribed``"
        assert f"``{row.name}``" in told, made.__name__


@pytest.mark.parametrize(("name", "payload"), SEEN.values(), ids=SEEN.keys())
def test_bare_and_prefixed_names_decode_alike(name: str, payload: Json) -> None:
    bare, prefixed = decode(name, payload), decode(PREFIX + name, payload)
    assert isinstance(bare, events.Event)
    assert not isinstance(bare, events.Unknown)
    assert prefixed == msgspec.structs.replace(bare, raw=prefixed.raw)


@given(shapes, st.data())
def test_unknown_fields_change_nothing_but_the_frame(shape: tuple[str, Json], data: st.DataObject) -> None:
    name, payload = shape
    objects = [place for place in places(payload) if isinstance(_at(payload, place), dict)]
    extra = {"x_" + data.draw(st.text(max_size=5)): data.draw(json_values)}
    more = changed(payload, data.draw(st.sampled_from(objects)), lambda known: {**extra, **known})
    before, after = decode(name, payload), decode(name, more)
    assert after == msgspec.structs.replace(before, raw=after.raw)


def _at(value: Json, place: tuple[str | int, ...]) -> Json:
    for key in place:
        value = value[key]
    return value


@given(st.sampled_from(NAMES), any_text | json_values.map(json.dumps))
def test_any_text_as_a_payload_gives_an_event(name: str, text: str) -> None:
    event = decode_text(name, text)
    assert isinstance(event, events.Undecodable)
    assert event.error
    assert (event.raw.data, event.channel, event.received_at) == (text, FOX, READ_AT)


@given(shapes, st.data())
def test_any_value_anywhere_in_a_payload_gives_an_event(shape: tuple[str, Json], data: st.DataObject) -> None:
    name, payload = shape
    value = data.draw(json_values | st.integers(-(2**70), 2**70) | st.datetimes().map(str))
    place = data.draw(st.sampled_from(list(places(payload))))
    event = decode(name, json.loads(json.dumps(changed(payload, place, lambda _: value))))
    assert isinstance(event, events.Event | events.Undecodable)
    assert event.raw.event == name


TIMES: list[tuple[str, Json, tuple[str, ...]]] = [
    ("ChatMessageEvent", CHAT, ("created_at",)),
    ("UserBannedEvent", TIMEOUT, ("expires_at",)),
    ("StreamerIsLive", LIVE, ("livestream", "created_at")),
]
HOSTILE_TIMES = [
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:59.9999999Z",
    "0000-00-00T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-05-04T24:00:00Z",
    "2026-05-04T12:00:60Z",
    "253402300799.9999999",
    "253402300800",
    253402300800,
    253402300801,
    -62135596800,
    -62135596801,
    1777896000000,
    10**400,
    1e308,
    "1e400",
    "nan",
    "inf",
    "",
]


@pytest.mark.parametrize(("name", "payload", "place"), TIMES, ids=[name for name, _, _ in TIMES])
@pytest.mark.parametrize("time", HOSTILE_TIMES, ids=lambda time: str(time)[:30])
def test_a_time_on_the_edge_of_all_times_gives_an_event(
    name: str, payload: Json, place: tuple[str, ...], time: Json
) -> None:
    text = json.dumps(changed(payload, place, lambda _: time))
    assert isinstance(decode_text(name, text), events.Event | events.Undecodable)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("[]", id="PHP's empty object"),
        pytest.param("{}", id="an empty object"),
        pytest.param("null", id="null"),
        pytest.param("\ud800", id="half an emoji"),
        pytest.param('{"id":"\\ud800"}', id="an escaped half"),
        pytest.param("[" * 100_000, id="a hundred thousand arrays"),
        pytest.param('{"x":' * 100_000 + "0" + "}" * 100_000, id="a hundred thousand objects"),
        pytest.param('{"id":' + "9" * 5000 + "}", id="a number of five thousand digits"),
    ],
)
def test_a_hostile_payload_is_undecodable_and_the_frame_is_kept(name: str, text: str) -> None:
    event = decode_text(name, text)
    assert isinstance(event, events.Undecodable)
    assert (event.raw.event, event.raw.data) == (name, text)


@pytest.mark.parametrize(
    ("name", "payload", "path"),
    [
        ("ChatMessageEvent", CHAT, "$"),
        ("ChatMessageEvent", CHAT, "$.id"),
        ("ChatMessageEvent", CHAT, "$.content"),
        ("ChatMessageEvent", CHAT, "$.created_at"),
        ("ChatMessageEvent", CHAT, "$.type"),
        ("ChatMessageEvent", CHAT, "$.sender"),
        ("ChatMessageEvent", CHAT, "$.sender.id"),
        ("ChatMessageEvent", CHAT, "$.sender.username"),
        ("ChatMessageEvent", CHAT, "$.sender.identity.color"),
        ("ChatMessageEvent", BADGED, "$.sender.identity.badges[0].text"),
        ("ChatMessageEvent", CHAT, "$.metadata"),
        ("ChatMessageEvent", REPLY, "$.metadata.original_sender.id"),
        ("ChatMessageEvent", REPLY, "$.metadata.original_message.content"),
        ("ChatMessageEvent", REPLY, "$.thread_parent_id"),
        ("ChatMessageEvent", CELEBRATION, "$.metadata.celebration.total_months"),
        ("ChatMessageEvent", CELEBRATION, "$.metadata.celebration.created_at"),
        ("MessageDeletedEvent", DELETED, "$.message.id"),
        ("MessageDeletedEvent", DELETED, "$.aiModerated"),
        ("MessageDeletedEvent", {**DELETED, "violatedRules": ["hate", "sexual"]}, "$.violatedRules[1]"),
        ("UserBannedEvent", TIMEOUT, "$.user.id"),
        ("UserBannedEvent", TIMEOUT, "$.banned_by.username"),
        ("UserBannedEvent", TIMEOUT, "$.permanent"),
        ("UserBannedEvent", TIMEOUT, "$.duration"),
        ("UserBannedEvent", TIMEOUT, "$.expires_at"),
        ("UserUnbannedEvent", UNBAN, "$.unbanned_by.id"),
        ("StreamerIsLive", LIVE, "$.livestream.session_title"),
        ("StopStreamBroadcast", STOPPED, "$.livestream.id"),
        ("SubscriptionEvent", SUBSCRIPTION, "$.months"),
    ],
)
def test_a_value_of_the_wrong_type_is_undecodable_and_its_path_is_named(name: str, payload: Json, path: str) -> None:
    place = tuple(int(key) if key.isdecimal() else key for key in re.findall(r"\w+", path))
    event = decode(name, changed(payload, place, lambda _: [7]))
    assert isinstance(event, events.Undecodable)
    assert event.path == path
    assert event.error.startswith("Expected `")
    assert event.error.endswith("got `array`")


@pytest.mark.parametrize(
    ("name", "payload", "missing", "path"),
    [
        ("ChatMessageEvent", without(CHAT, "id"), "id", "$"),
        (
            "ChatMessageEvent",
            changed(CHAT, ("sender",), lambda sender: without(sender, "username")),
            "username",
            "$.sender",
        ),
        ("MessageDeletedEvent", {**DELETED, "message": {}}, "id", "$.message"),
        ("UserBannedEvent", without(BAN, "user"), "user", "$"),
        ("StreamerIsLive", {"livestream": {}}, "id", "$.livestream"),
        ("SubscriptionEvent", without(SUBSCRIPTION, "username"), "username", "$"),
    ],
)
def test_a_missing_field_is_named_and_the_path_says_where_it_is_missing(
    name: str, payload: Json, missing: str, path: str
) -> None:
    event = decode(name, payload)
    assert isinstance(event, events.Undecodable)
    assert (event.error, event.path) == (f"Object missing required field `{missing}`", path)


KNOWN = {row.name for row in ROWS} | {row.name.rpartition("\\")[2] for row in ROWS}


@given(any_text.filter(lambda name: name.removeprefix(PREFIX) not in KNOWN), any_text)
def test_a_name_that_no_row_knows_gives_unknown_whatever_the_payload(name: str, text: str) -> None:
    event = decode_text(name, text)
    assert event == events.Unknown(READ_AT, Frame(name, "chatrooms.22.v2", text), FOX)


@pytest.mark.parametrize(
    "name",
    [
        "chatmessageevent",
        "ChatMessageEvent ",
        "\\ChatMessageEvent",
        "App\\Events\\App\\Events\\ChatMessageEvent",
        "pusher:ping",
    ],
)
def test_a_name_is_known_as_it_is_written_and_no_other_way(name: str) -> None:
    assert isinstance(decode(name, CHAT), events.Unknown)


def test_every_recorded_frame_can_be_decoded() -> None:
    if not SAMPLES.exists():
        pytest.skip("the recorded frames are not part of the project")
    recorded = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    assert recorded
    for frame in recorded:
        event = decode_text(frame["event"], frame["data"])
        assert not isinstance(event, events.Undecodable), frame


# Rows of one's own.


class RaidEvent(payloads.Payload, frozen=True):
    viewers: int


class Raided(events.Event, frozen=True):
    viewers: int


def raided(payload: RaidEvent, received_at: datetime, raw: Frame, channel: Channel) -> Raided:
    return Raided(received_at, raw, channel, payload.viewers)


def twice(payload: RaidEvent, received_at: datetime, raw: Frame, channel: Channel) -> Raided:
    return Raided(received_at, raw, channel, payload.viewers * 2)


RAID = Row("RaidEvent", RaidEvent, raided, (TopicKind.CHANNEL,))


@pytest.mark.parametrize("name", ["RaidEvent", PREFIX + "RaidEvent"])
def test_a_registered_row_is_decoded_bare_and_prefixed(name: str) -> None:
    table = Decoders()
    table.register(RAID)
    event = decode(name, {"viewers": 7}, table)
    assert event == Raided(READ_AT, event.raw, FOX, 7)


def test_a_registered_row_is_known_to_its_own_table_only() -> None:
    table, other = Decoders(), Decoders()
    table.register(RAID)
    assert isinstance(decode("RaidEvent", {"viewers": 7}, other), events.Unknown)
    assert isinstance(decode("RaidEvent", {"viewers": 7}, Decoders()), events.Unknown)


def test_a_registered_row_leaves_the_others_as_they_were() -> None:
    table = Decoders()
    table.register(RAID)
    assert decode("ChatMessageEvent", CHAT, table) == decode("ChatMessageEvent", CHAT)


def test_a_table_shows_its_rows_without_those_that_are_replaced() -> None:
    table = Decoders()
    assert table.rows == ROWS
    table.register(RAID)
    assert table.rows == (*ROWS, RAID)
    other = Row("RaidEvent", RaidEvent, twice, ())
    table.register(other)
    assert table.rows == (*ROWS, other)
    assert table.row("RaidEvent") is table.row(PREFIX + "RaidEvent") is other
    assert table.row("NewEvent") is None


def test_a_payload_that_a_registered_row_cannot_read_is_undecodable() -> None:
    event = decode("RaidEvent", {"viewers": "many"}, Decoders([RAID]))
    assert isinstance(event, events.Undecodable)
    assert event.path == "$.viewers"


@pytest.mark.parametrize("name", ["SubscriptionEvent", PREFIX + "SubscriptionEvent"])
def test_registering_a_known_name_replaces_its_row_in_both_spellings(name: str) -> None:
    table = Decoders()
    table.register(Row("SubscriptionEvent", RaidEvent, raided, (TopicKind.CHATROOM_V2,)))
    event = decode(name, {"viewers": 7}, table)
    assert event == Raided(READ_AT, event.raw, FOX, 7)


def test_the_last_of_two_rows_with_one_name_counts() -> None:
    event = decode("RaidEvent", {"viewers": 7}, Decoders([RAID, Row("RaidEvent", RaidEvent, twice, ())]))
    assert event == Raided(READ_AT, event.raw, FOX, 14)


@pytest.mark.parametrize("name", ["RaidEvent", "Channel\\RaidEvent", PREFIX + "Channel\\RaidEvent"])
def test_a_name_with_a_namespace_of_its_own_is_known_with_and_without_it(name: str) -> None:
    table = Decoders([Row("Channel\\RaidEvent", RaidEvent, raided, ())])
    event = decode(name, {"viewers": 7}, table)
    assert event == Raided(READ_AT, event.raw, FOX, 7)


class Toll(payloads.MayBeEmpty, frozen=True):
    viewers: int = 0


def tolled(payload: Toll, received_at: datetime, raw: Frame, channel: Channel) -> Raided:
    return Raided(received_at, raw, channel, payload.viewers)


@pytest.mark.parametrize(("text", "viewers"), [("[]", 0), ("{}", 0), ('{"viewers": 7}', 7), ('{"viewers": "7"}', 7)])
def test_a_payload_of_ones_own_that_may_be_empty_is_read_like_any_other(text: str, viewers: int) -> None:
    event = decode_text("Toll", text, Decoders([Row("Toll", Toll, tolled, (TopicKind.CHANNEL,))]))
    assert event == Raided(READ_AT, event.raw, FOX, viewers)


def test_an_empty_table_knows_nothing() -> None:
    assert isinstance(decode("ChatMessageEvent", CHAT, Decoders(())), events.Unknown)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_copied_table_knows_the_same_and_goes_on_alone(copied: Callable[[Decoders], Decoders]) -> None:
    table = Decoders([RAID])
    twin = copied(table)
    assert isinstance(decode("RaidEvent", {"viewers": 7}, twin), Raided)
    twin.register(Row("NewEvent", RaidEvent, raided, ()))
    table.register(Row("RaidEvent", RaidEvent, twice, ()))
    assert twin.row("RaidEvent") is RAID
    assert table.row("NewEvent") is None
    assert isinstance(decode("NewEvent", {"viewers": 7}, table), events.Unknown)
    event = decode("RaidEvent", {"viewers": 7}, twin)
    assert event == Raided(READ_AT, event.raw, FOX, 7)
