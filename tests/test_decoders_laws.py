"""Laws of the decoder table, over every row and every frame that the traffic generator can write."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeAlias

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from kick_proto import events
from kick_proto.decoders import ROWS, Decoders
from kick_proto.testing.traffic import PRIVATE_SCENES, SCENES, Traffic
from tests.shapes import FOX, Decoded, Json, changed, decode, decode_text, places

PREFIX = "App\\Events\\"
UNIX_NOON = 1777896000
BY_NAME = {row.name: row for row in ROWS}
READS = {row.name: inspect.type_info(row.payload) for row in ROWS}

Place: TypeAlias = tuple[str | int, ...]

WHAT_PRESENCE_TELLS: dict[tuple[str, Place], set[str]] = {
    ("ChannelSubscriptionEvent", ("username",)): {"type"},
    ("ChatMessageSentEvent", ("message", "action")): {"type"},
    ("ChatMessageSentEvent", ("message", "created_at")): {"type"},
    ("ChatMessageSentEvent", ("message", "id")): {"type"},
    ("ChatMessageSentEvent", ("message", "message")): {"type"},
    ("ChatMessageSentEvent", ("message", "months_subscribed")): {"type"},
    ("NewActivityFeedEvent", ("username",)): {"type"},
    ("SubscriptionEvent", ("months",)): {"type"},
    ("UserBannedEvent", ("expires_at",)): {"permanent"},
}
"""What depends on whether an optional field is there, and not only on what stands in it; ``type`` is the event's."""

scenes = st.sampled_from([*SCENES, *PRIVATE_SCENES])
names = st.sampled_from(sorted(BY_NAME))
json_values: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["", "nan", "1e400", "9" * 40, "2026-05-04", "9999-12-31T23:59:59-12:00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def told(scene: str, seed: int) -> list[tuple[str, Json]]:
    """The frames of a scene that a row reads: bare name and payload."""
    frames = Traffic(FOX, random.Random(seed)).play(scene, UNIX_NOON)
    read = [(frame.event.removeprefix(PREFIX), json.loads(frame.data)) for frame in frames]
    return [(name, payload) for name, payload in read if name in BY_NAME]


@st.composite
def frames(draw: st.DrawFn) -> tuple[str, Json]:
    scene = draw(scenes.filter(lambda scene: scene != "unknown_event"))
    return draw(st.sampled_from(told(scene, draw(st.integers(0, 2**16)))))


def declared(type: inspect.Type, value: Json, here: Place = ()) -> Iterator[tuple[Place, inspect.Type, bool]]:
    """What a payload's type declares of a value and what is in it: the place, its type, whether it may be left out."""
    if isinstance(type, inspect.UnionType):
        for each in type.types:
            yield from declared(each, value, here)
    elif isinstance(type, inspect.StructType) and isinstance(value, dict):
        for field in type.fields:
            if field.encode_name in value:
                place = (*here, field.encode_name)
                yield place, field.type, not field.required
                yield from declared(field.type, value[field.encode_name], place)
    elif isinstance(type, inspect.VarTupleType) and isinstance(value, list):
        for index, each in enumerate(value):
            yield (*here, index), type.item_type, False
            yield from declared(type.item_type, each, (*here, index))


def optional(name: str, payload: Json) -> list[Place]:
    return [place for place, _, may_be_left_out in declared(READS[name], payload) if may_be_left_out]


def at(value: Json, place: Place) -> Json:
    for key in place:
        value = value[key]
    return value


def just(value: Json) -> Callable[[Json], Json]:
    return lambda _: value


def removed(payload: Json, place: Place) -> Json:
    *way, last = place
    return changed(payload, tuple(way), lambda inner: {key: inner[key] for key in inner if key != last})


def other(value: Json) -> Json:
    """Another value of the same kind: all in it differs, and so does the time between any two moments."""
    match value:
        case dict():
            return {key: other(each) for key, each in value.items()}
        case []:
            return None
        case list():
            return [other(each) for each in value]
        case bool():
            return not value
        case int() | float():
            return value + 1000  # nanoseconds, that they make a difference
        case str() if value.isdecimal():
            return str(int(value) + 1)
        case str():
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                return value + "x"
            return (moment + (moment - datetime(2000, 1, 1, tzinfo=moment.tzinfo)) / 1000).isoformat()
    return value


def differences(one: Decoded, two: Decoded) -> set[str]:
    """The attributes in which two events differ, ``type`` among them, ``raw`` not."""
    left, right = msgspec.to_builtins(one), msgspec.to_builtins(two)
    return {name for name in {*left, *right} - {"raw"} if left.get(name) != right.get(name)}


def alike(one: Decoded, two: Decoded) -> bool:
    return one == msgspec.structs.replace(two, raw=one.raw)


@pytest.mark.parametrize("scene", [*SCENES, *PRIVATE_SCENES])
def test_every_scene_is_readable(scene: str) -> None:
    for seed in range(10):
        for name, payload in told(scene, seed):
            assert isinstance(decode(name, payload), BY_NAME[name].makes), (name, payload)


def test_every_row_is_in_some_scene() -> None:
    assert {name for scene in (*SCENES, *PRIVATE_SCENES) for name, _ in told(scene, 1)} == set(BY_NAME)


@settings(max_examples=300)
@given(names, json_values)
def test_any_value_as_a_payload_gives_an_event(name: str, payload: Json) -> None:
    assert isinstance(decode(name, payload), (*BY_NAME[name].makes, events.Unknown, events.Undecodable))


@given(names, st.text() | st.text('[]{}",:0123456789eE+-.ntfalsru\\'))
def test_any_text_as_a_payload_gives_an_event(name: str, text: str) -> None:
    assert isinstance(decode_text(name, text), (*BY_NAME[name].makes, events.Unknown, events.Undecodable))


@settings(max_examples=300)
@given(frames(), st.data(), json_values)
def test_any_value_anywhere_in_a_frame_gives_an_event(
    frame: tuple[str, Json], data: st.DataObject, value: Json
) -> None:
    name, payload = frame
    place = data.draw(st.sampled_from(list(places(payload))))
    event = decode(name, changed(payload, place, just(value)))
    assert isinstance(event, (*BY_NAME[name].makes, events.Unknown, events.Undecodable))


@given(frames(), st.data())
def test_fields_that_are_not_known_yet_change_nothing(frame: tuple[str, Json], data: st.DataObject) -> None:
    name, payload = frame
    objects = [place for place in places(payload) if isinstance(at(payload, place), dict)]
    extended = payload
    for place in data.draw(st.lists(st.sampled_from(objects), max_size=4)) if objects else ():
        unknown = {"x_" + data.draw(st.text(max_size=5)): data.draw(json_values)}
        inner = at(extended, place)
        outer = {**unknown, **inner} if data.draw(st.booleans()) else {**inner, **unknown}
        extended = changed(extended, place, just(outer))
    assert alike(decode(name, payload), decode(name, extended))


@settings(max_examples=300)
@given(frames(), st.data())
def test_without_an_optional_field_only_what_derives_from_it_changes(
    frame: tuple[str, Json], data: st.DataObject
) -> None:
    name, payload = frame
    found = optional(name, payload)
    for place in data.draw(st.lists(st.sampled_from(found), unique=True, max_size=4)) if found else ():
        check_removal(name, payload, place)


def check_removal(name: str, payload: Json, place: Place) -> None:
    whole, without = decode(name, payload), decode(name, removed(payload, place))
    assert isinstance(without, (*BY_NAME[name].makes, events.Unknown))
    left_out = differences(whole, without)
    presence = WHAT_PRESENCE_TELLS.get((name, place), set())
    if type(whole) is not type(without):
        assert "type" in presence
        return
    replaced = decode(name, changed(payload, place, other))
    assert not isinstance(replaced, events.Undecodable)
    assert left_out <= differences(whole, replaced) | presence


@given(frames(), st.data())
def test_a_field_that_is_null_by_default_may_as_well_be_left_out(frame: tuple[str, Json], data: st.DataObject) -> None:
    name, payload = frame
    nullable = [
        place
        for place, kind, may_be_left_out in declared(READS[name], payload)
        if may_be_left_out and isinstance(kind, inspect.UnionType) and kind.includes_none
    ]
    for place in data.draw(st.lists(st.sampled_from(nullable), max_size=4)) if nullable else ():
        null = decode(name, changed(payload, place, just(None)))
        assert alike(decode(name, removed(payload, place)), null)


@given(frames())
def test_a_name_means_the_same_with_its_prefix_and_without(frame: tuple[str, Json]) -> None:
    name, payload = frame
    bare, prefixed = decode(name, payload), decode(PREFIX + name, payload)
    assert (bare.raw.event, prefixed.raw.event) == (name, PREFIX + name)
    assert alike(bare, prefixed)


@given(frames(), names, json_values)
def test_decoding_depends_on_nothing_but_the_frame(frame: tuple[str, Json], name: str, between: Json) -> None:
    table = Decoders()
    first = decode(*frame, table)
    decode(name, between, table)
    assert decode(*frame, table) == first == decode(*frame, copy.deepcopy(table)) == decode(*frame)


@given(frames())
def test_a_number_may_be_written_as_a_string_of_digits(frame: tuple[str, Json]) -> None:
    name, payload = frame
    written = payload
    for place, kind, _ in declared(READS[name], payload):
        kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
        if any(isinstance(each, inspect.IntType) for each in kinds) and isinstance(at(payload, place), int):
            written = changed(written, place, str)
    assert alike(decode(name, payload), decode(name, written))
