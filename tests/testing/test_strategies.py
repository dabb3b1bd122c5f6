"""The shipped strategies draw what they say: what Kick may send, in every shape, and nothing else."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from kick_proto import events, payloads
from kick_proto.decoders import ROWS, Decoders, Row
from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import Frame, encode_frame, parse_frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, topics_of
from kick_proto.testing import strategies
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.strategies.frames import _is_frame, _tellings
from kick_proto.testing.strategies.payloads import TELLING, _all, _making
from tests.drawing import drawn
from tests.scenes import FOX
from tests.shapes import READ_AT, Json, decode

MADE = sorted({made for row in ROWS for made in row.makes}, key=lambda made: made.__name__)
PAIRS = [(row, made) for row in ROWS for made in row.makes]


@pytest.fixture(autouse=True, scope="module")
def made_anew() -> None:
    """What the strategies have kept of themselves is forgotten, so that they are made by what is tested."""
    for kept in (_all, _making, _tellings):
        kept.cache_clear()


def smallest(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool] = lambda _: True) -> Any:
    """What failures shrink to, as long as the condition holds; in any profile, even one that makes nothing small."""
    phases = (Phase.generate, Phase.shrink)
    return find(
        strategy, condition, settings=settings(database=None, derandomize=True, max_examples=200, phases=phases)
    )


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
@settings(max_examples=15)
@given(data=st.data())
def test_every_payload_of_a_row_is_readable(row: Row[Any], data: st.DataObject) -> None:
    assert isinstance(decode(row.name, data.draw(strategies.payloads_of(row))), row.makes)


@pytest.mark.parametrize(("row", "made"), PAIRS, ids=[f"{row.name}-{made.__name__}" for row, made in PAIRS])
@settings(max_examples=8)
@given(data=st.data())
def test_a_payload_that_is_to_make_an_event_makes_it(
    row: Row[Any], made: type[events.Event], data: st.DataObject
) -> None:
    assert type(decode(row.name, data.draw(strategies.payloads_making(row, made)))) is made


def test_the_table_of_what_tells_events_apart_has_every_row_that_makes_several_and_no_other() -> None:
    assert set(TELLING) == {(row.name, made) for row, made in PAIRS if len(row.makes) > 1}


def test_a_row_makes_no_event_but_its_own() -> None:
    with pytest.raises(ValueError, match="ChatMessageEvent makes \\['ChatMessage'\\], and no Tipped"):
        strategies.payloads_making(ROWS[0], events.Tipped)


def structs(kind: inspect.Type) -> Iterator[type[Any]]:
    """Every struct that a payload consists of."""
    match kind:
        case inspect.UnionType(types=types):
            for each in types:
                yield from structs(each)
        case inspect.VarTupleType(item_type=item):
            yield from structs(item)
        case inspect.StructType(cls=cls, fields=fields):
            yield cls
            for field in fields:
                yield from structs(field.type)


STRUCTS = list(dict.fromkeys(each for row in ROWS for each in structs(inspect.type_info(row.payload))))


def told_of(field: inspect.Field) -> Iterator[tuple[str, str]]:
    yield field.encode_name, "there"
    if not field.required:
        yield field.encode_name, "absent"
    if isinstance(field.type, inspect.UnionType) and field.type.includes_none:
        yield field.encode_name, "null"


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_optional_field_is_seen_there_null_and_absent(struct: type[Any]) -> None:
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    left = {each for field in kind.fields for each in told_of(field)}

    @settings(max_examples=150, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategies.values_of(struct))
    def look(value: Json) -> None:
        for name in {name for name, _ in left}:
            left.discard((name, "absent" if name not in value else "null" if value[name] is None else "there"))

    look()
    assert left == set()


@pytest.mark.parametrize("made", MADE, ids=[made.__name__ for made in MADE])
@settings(max_examples=12)
@given(data=st.data())
def test_a_frame_of_an_event_type_becomes_such_an_event(made: type[events.Event], data: st.DataObject) -> None:
    frame = data.draw(strategies.frames_of(made, FOX))
    assert type(Decoders().decode(frame, READ_AT, FOX)) is made
    public = any(row.topics for row in ROWS if made in row.makes)
    assert (frame.channel in topics_of(FOX)) is public


@pytest.mark.parametrize("made", MADE, ids=[made.__name__ for made in MADE])
@settings(max_examples=6)
@given(data=st.data())
def test_an_event_of_a_type_is_one_and_carries_its_frame(made: type[events.Event], data: st.DataObject) -> None:
    event = data.draw(strategies.events_of(made))
    assert type(event) is made
    assert event.received_at.utcoffset() == timedelta(0)
    assert Decoders().decode(event.raw, event.received_at, event.channel) == event


@drawn(lambda: strategies.events_of(events.Tipped, FOX))
def test_an_event_may_be_of_one_channel(event: events.Tipped) -> None:
    assert event.channel == FOX


def test_what_no_row_makes_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="no row of the decoder table makes Tipped"):
        strategies.frames_of(events.Tipped, FOX, ROWS[:1])
    with pytest.raises(ValueError, match="makes IdentifiedEvent"):
        strategies.events_of(events.IdentifiedEvent, FOX)


@drawn(lambda: strategies.frames(FOX))
def test_a_frame_of_a_channel_is_readable_and_comes_on_a_topic_of_its_row(frame: Frame) -> None:
    event = Decoders().decode(frame, READ_AT, FOX)
    assert not isinstance(event, events.Undecodable)
    assert frame.channel in topics_of(FOX)
    assert parse_frame(encode_frame(frame)) == frame


@drawn(lambda: strategies.unknown_frames(FOX))
def test_an_unknown_frame_is_unknown(frame: Frame) -> None:
    assert type(Decoders().decode(frame, READ_AT, FOX)) is events.Unknown


@drawn(lambda: strategies.undecodable_frames(FOX))
def test_an_undecodable_frame_is_undecodable(frame: Frame) -> None:
    assert type(Decoders().decode(frame, READ_AT, FOX)) is events.Undecodable


@drawn(lambda: strategies.well_formed_texts(FOX))
def test_a_well_formed_text_is_a_frame(text: str) -> None:
    assert parse_frame(text).event


@pytest.mark.parametrize(("text", "is_frame"), [('{"event":"a"}', True), ('{"event":1}', False), ("", False)])
def test_what_is_malformed_is_what_the_parser_does_not_read(text: str, is_frame: bool) -> None:
    assert _is_frame(text) is is_frame


@drawn(lambda: strategies.malformed_texts(FOX))
def test_a_malformed_text_is_none(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_frame(text)


@drawn(lambda: strategies.protocol_texts(FOX))
def test_a_protocol_text_is_of_the_protocol(text: str) -> None:
    assert parse_frame(text).event.startswith(("pusher:", "pusher_internal:"))


@drawn(strategies.channels)
def test_channels_are_of_kick(channel: Channel) -> None:
    assert channel.platform == "kick"
    assert len(topics_of(channel)) == 6


@drawn(strategies.json_values)
def test_json_values_survive_a_round_trip(value: Json) -> None:
    assert msgspec.json.decode(msgspec.json.encode(value)) == value


def test_a_type_that_json_has_no_form_for_is_refused() -> None:
    with pytest.raises(TypeError, match="no JSON value"):
        strategies.values_of(timedelta)


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        (dict[str, int], {}),
        (list[str], []),
        (tuple[int, str], [0, ""]),
        (payloads.StopStreamBroadcast, {"livestream": {"id": 1}}),
        (int | None, None),
    ],
)
def test_any_type_of_the_wire_has_values(kind: Any, least: Json) -> None:
    assert smallest(strategies.values_of(kind)) == least


def test_a_literal_is_one_of_its_values() -> None:
    assert smallest(strategies.values_of(Literal["a", "b"]), lambda each: each != "a") == "b"


@pytest.mark.parametrize(
    ("strategy", "least"),
    [
        pytest.param(strategies.channels(), Channel(ChannelId(1), ChatroomId(1)), id="channels"),
        pytest.param(
            strategies.frames_of(events.StreamOffline, FOX),
            Frame("StopStreamBroadcast", "channel.11", '{"livestream":{"id":1}}'),
            id="frames_of",
        ),
        pytest.param(
            strategies.frames_of(events.ChatCleared, FOX),
            Frame("ChatroomClearEvent", "chatrooms.22.v2", "[]"),
            id="empty",
        ),
        pytest.param(strategies.faults(), NO_FAULTS, id="faults"),
        pytest.param(strategies.schedules(), (strategies.Turn(0.0, NO_FAULTS),), id="schedules"),
        pytest.param(strategies.session_scripts(FOX), (), id="session_scripts"),
    ],
)
def test_what_fails_shrinks_to_the_least(strategy: st.SearchStrategy[Any], least: object) -> None:
    assert smallest(strategy) == least


def test_an_event_shrinks_to_what_matters() -> None:
    raids = strategies.events_of(events.RaidReceived, FOX)
    raid = smallest(raids, lambda raid: raid.viewers > 99 and raid.text is not None)
    assert (raid.viewers, raid.text, raid.username, raid.user_id) == (100, "0", "", None)


def test_a_fault_shrinks_to_the_one_that_matters() -> None:
    assert smallest(strategies.faults(), lambda each: each.drop_after is not None) == Faults(drop_after=0.5)
