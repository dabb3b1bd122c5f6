"""What differs from the table is counted and shown in shape; what anybody wrote is not kept."""

import copy
import json
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from math import inf, nan
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect as shapes

from kick_io.cli.recordings import drifting
from kick_proto import events, payloads
from kick_proto.decoders import ROWS, Decoders, Row
from kick_proto.drift import COMPARED, DEEPEST, LARGEST, Difference, Drift, Kind, placeholder
from kick_proto.frames import Frame
from kick_proto.ids import Channel
from kick_proto.testing.traffic import PRIVATE_SCENES, SCENES, Traffic
from tests.shapes import CHAT, FOX, READ_AT, SEEN, SUBSCRIPTION, Json

SAMPLES = Path(__file__).parents[2] / "shared" / "wire" / "samples.ndjson"
NOT_KNOWN = {
    "unknown_event": {"SomethingNewEvent"},
    "message_deleted": {"MessageDeleted"},
    "message_pinned": {"MessagePinned"},
    "poll_created_for_owner": {"PollCreated"},
}
"""Scenes that tell events without a row, or of which no more than the name is known."""
TOPIC = "chatrooms.668.v2"
NAME = "App\\Events\\ChatMessageEvent"


def frame(payload: object, event: str = NAME) -> Frame:
    return Frame(event, TOPIC, json.dumps(payload))


def chat(**changes: Any) -> Frame:
    return frame({**CHAT, **changes})


def shown(*frames: Frame, drift: Drift | None = None) -> Drift:
    drift = drift if drift is not None else Drift()
    for each in frames:
        drift.look(each)
    return drift


def of(kind: Kind, report: Iterable[Difference]) -> list[tuple[str, str, str, int, int]]:
    return [(each.event, each.path, each.found, each.count, each.frame_count) for each in report if each.kind is kind]


def test_a_name_that_no_row_knows_is_counted() -> None:
    report = shown(frame({"a": 1}, "NewEvent"), frame([], "App\\Events\\NewEvent"), chat()).report()
    assert of(Kind.UNKNOWN, report) == [("NewEvent", "$", "", 2, 2)]
    assert report[0].fixture == Frame("NewEvent", "chatrooms.1.v2", '{"a":1}')


def test_a_field_that_no_decoder_reads_is_counted_with_path_and_type() -> None:
    new = {"new_field": {"a": 1}, "sender": {**CHAT["sender"], "mood": "happy"}}
    report = shown(chat(), chat(**new), chat(**new), chat(new_field=1.5)).report()
    found = [each for each in of(Kind.UNREAD, report) if "new_field" in each[1] or "mood" in each[1]]
    assert found == [
        ("ChatMessageEvent", "$.new_field", "float", 1, 4),
        ("ChatMessageEvent", "$.new_field", "object", 2, 4),
        ("ChatMessageEvent", "$.sender.mood", "str", 2, 4),
    ]


@pytest.mark.parametrize(
    ("value", "type"),
    [(None, "null"), (True, "bool"), (1, "int"), (1.5, "float"), ("a", "str"), ([], "array"), ({}, "object")],
)
def test_types_have_the_names_of_json(value: object, type: str) -> None:
    report = shown(chat(new_field=value)).report()
    assert ("ChatMessageEvent", "$.new_field", type, 1, 1) in of(Kind.UNREAD, report)


def test_the_items_of_a_list_are_looked_at_and_counted_once_a_frame() -> None:
    badge = {"type": "vip", "text": "VIP", "glow": True}
    sender = {**CHAT["sender"], "identity": {"color": "#112233", "badges": [badge, badge]}}
    report = shown(chat(sender=sender)).report()
    assert ("ChatMessageEvent", "$.sender.identity.badges[...].glow", "bool", 1, 1) in of(Kind.UNREAD, report)


def test_a_field_that_is_read_and_not_there_is_counted() -> None:
    least = {name: CHAT[name] for name in ("id", "content", "created_at", "sender")}
    report = shown(frame({**least, "type": "message"}), frame(least)).report()
    assert ("ChatMessageEvent", "$.type", "", 1, 2) in of(Kind.MISSING, report)
    assert ("ChatMessageEvent", "$.metadata", "", 2, 2) in of(Kind.MISSING, report)
    assert all(each.fixture is None for each in report if each.kind is Kind.MISSING)


def test_a_type_that_changed_is_told_in_the_decoders_words() -> None:
    report = shown(chat(content=5), chat(content=6), Frame(NAME, TOPIC, "no json")).report()
    first, second = sorted(of(Kind.CHANGED, report), key=lambda each: each[1], reverse=True)
    assert first == ("ChatMessageEvent", "$.content", "Expected `str`, got `int`", 2, 3)
    assert second[:2] == ("ChatMessageEvent", "$")


def test_the_weightiest_stands_first() -> None:
    report = shown(chat(new_field=1), chat(content=5), frame({}, "NewEvent")).report()
    weights = [list(Kind).index(each.kind) for each in report]
    assert weights == sorted(weights)
    assert set(weights) == {0, 1, 2, 3}


def test_frames_of_the_protocol_are_none_of_its_business() -> None:
    assert shown(Frame("pusher:pong"), Frame("pusher_internal:subscription_succeeded", TOPIC)).report() == ()


def sampled(drift: Drift, *frames: tuple[float, Frame]) -> Drift:
    for now, each in frames:
        drift.sample(now, each, Decoders().decode(each, READ_AT, FOX))
    return drift


def test_a_name_rests_after_a_look_and_no_other_name_does() -> None:
    new = [chat(**{f"new_{number}": 1}) for number in range(4)]
    rare = frame({**SUBSCRIPTION, "mood": "happy"}, "SubscriptionEvent")
    at = [(100.0, new[0]), (100.0, new[1]), (109.9, new[2]), (109.9, rare), (110.0, new[3])]
    assert of(Kind.UNREAD, sampled(Drift(rest=10.0), *at).report()) == [
        ("ChatMessageEvent", "$.new_0", "int", 1, 2),
        ("ChatMessageEvent", "$.new_3", "int", 1, 2),
        ("SubscriptionEvent", "$.mood", "str", 1, 1),
    ]


def test_without_a_rest_every_frame_is_looked_at() -> None:
    report = sampled(Drift(), *[(100.0, chat(new_field=1))] * 3).report()
    assert of(Kind.UNREAD, report) == [("ChatMessageEvent", "$.new_field", "int", 3, 3)]


def test_a_rest_may_be_shorter_than_a_second() -> None:
    at = [(now, chat(new_field=1)) for now in (100.0, 100.4, 100.5)]
    assert of(Kind.UNREAD, sampled(Drift(rest=0.5), *at).report()) == [("ChatMessageEvent", "$.new_field", "int", 2, 2)]


def test_a_name_that_no_row_knows_never_rests() -> None:
    drift = sampled(Drift(rest=10.0), *[(100.0, frame({}, "NewEvent"))] * 3)
    assert of(Kind.UNKNOWN, drift.report()) == [("NewEvent", "$", "", 3, 3)]
    assert "NewEvent" not in drift.resting(100.0)


@pytest.mark.parametrize("rest", [-1.0, inf, nan])
def test_a_rest_is_a_number_of_seconds(rest: float) -> None:
    with pytest.raises(ValueError, match="is no number of seconds"):
        Drift(rest=rest)


def test_there_is_room_for_one_difference_at_least() -> None:
    with pytest.raises(ValueError, match=r"^max_differences is a count of at least 1$"):
        Drift(max_differences=0)
    drift = shown(*[frame({}, "NewEvent")] * 3, drift=Drift(max_differences=1))
    assert of(Kind.UNKNOWN, drift.report()) == [("NewEvent", "$", "", 3, 3)]
    assert drift.overflow == 0


class Lamp(msgspec.Struct, frozen=True):
    UNREAD: ClassVar[tuple[str, ...]] = ("height",)

    color: str


class LampLit(payloads.Payload, frozen=True, rename={"lamps": "allLamps"}):
    UNREAD: ClassVar[tuple[str, ...]] = ("id",)

    lamps: tuple[Lamp, ...]
    unread: int = 0


def lamp_lit(payload: LampLit, received_at: datetime, raw: Frame, channel: Channel) -> events.ChatCleared:
    return events.ChatCleared(received_at, raw, channel)


class Doll(payloads.Payload, frozen=True, gc=False):
    inner: "Doll | None" = None


def doll_opened(payload: Doll, received_at: datetime, raw: Frame, channel: Channel) -> events.ChatCleared:
    return events.ChatCleared(received_at, raw, channel)


def dolls(depth: int) -> dict[str, Any]:
    return {"inner": dolls(depth - 1)} if depth else {}


@pytest.mark.parametrize(("depth", "told"), [(3, [("DollOpened", "$.inner.inner.inner.inner", "", 1, 1)]), (40, [])])
def test_what_lies_deeper_than_any_payload_is_not_looked_at(depth: int, told: list[object]) -> None:
    drift = Drift(Decoders((Row("DollOpened", Doll, doll_opened, ()),)))
    drift.look(frame(dolls(depth), "DollOpened"))
    assert of(Kind.MISSING, drift.report()) == told


def test_a_placeholder_is_no_deeper_than_what_is_looked_at() -> None:
    value = json.loads(placeholder(frame(dolls(40))).data)
    levels = 0
    while value is not None:
        value, levels = value["inner"], levels + 1
    assert levels == DEEPEST + 1


def test_a_field_that_is_known_and_not_read_is_no_news() -> None:
    table = Decoders([Row("LampLit", LampLit, lamp_lit, ())])
    lamps = [{"color": "red", "height": 3, "id": 1}]
    report = shown(frame({"id": 1, "height": 2, "allLamps": lamps}, "LampLit"), drift=Drift(table)).report()
    assert of(Kind.UNREAD, report) == [
        ("LampLit", "$.allLamps[...].id", "int", 1, 1),
        ("LampLit", "$.height", "int", 1, 1),
    ]


class Red(msgspec.Struct, frozen=True, tag_field="color", tag="red"):
    heat: int


class Blue(msgspec.Struct, frozen=True, tag_field="color", tag="blue"):
    depth: int


class Painted(payloads.Payload, frozen=True):
    paint: Red | Blue


def painted(payload: Painted, received_at: datetime, raw: Frame, channel: Channel) -> events.ChatCleared:
    return events.ChatCleared(received_at, raw, channel)


def test_of_several_shapes_the_one_that_the_tag_tells_is_compared() -> None:
    table = Decoders([Row("Painted", Painted, painted, ())])
    report = shown(frame({"paint": {"color": "blue", "depth": 1, "heat": 2}}, "Painted"), drift=Drift(table)).report()
    assert of(Kind.UNREAD, report) == [("Painted", "$.paint.heat", "int", 1, 1)]


class Nested(payloads.Payload, frozen=True):
    inner: "Nested | None" = None
    several: "tuple[Nested, ...]" = ()


def nested(payload: Nested, received_at: datetime, raw: Frame, channel: Channel) -> events.ChatCleared:
    return events.ChatCleared(received_at, raw, channel)


@pytest.mark.parametrize(
    ("wrap", "levels"),
    [
        pytest.param(lambda inner: {"inner": inner, "several": []}, DEEPEST, id="an object in an object"),
        pytest.param(lambda inner: {"inner": None, "several": [inner]}, DEEPEST // 2, id="an object in a list"),
    ],
)
def test_it_looks_so_deep_and_no_deeper(wrap: Callable[[Json], Json], levels: int) -> None:
    table = Decoders([Row("Nested", Nested, nested, ())])
    payload: Json = {"inner": None, "several": [], "mood": "happy"}
    for _ in range(levels):
        payload = wrap(payload)
    deepest = shown(frame(payload, "Nested"), drift=Drift(table)).report()
    assert [(each.kind, each.path.rpartition(".")[2], each.found) for each in deepest] == [(Kind.UNREAD, "mood", "str")]
    assert shown(frame(wrap(payload), "Nested"), drift=Drift(table)).report() == ()


class Strict(payloads.Payload, frozen=True):
    word: str


def strict(payload: Strict, received_at: datetime, raw: Frame, channel: Channel) -> events.ChatCleared:
    if payload.word != "please":
        raise ValueError(f"{payload.word!r} is no 'magic' word")
    return events.ChatCleared(received_at.astimezone(UTC), raw, channel, channel.slug)


def test_what_a_decoder_quotes_is_not_kept() -> None:
    report = shown(frame({"word": "gimme"}, "Strict"), drift=Drift(Decoders([Row("Strict", Strict, strict, ())])))
    assert of(Kind.CHANGED, report.report()) == [("Strict", "$", "... is no ... word", 1, 1)]


def test_a_decoder_of_ones_own_is_given_a_moment_and_a_channel() -> None:
    table = Decoders([Row("Strict", Strict, strict, ())])
    assert shown(frame({"word": "please"}, "Strict"), drift=Drift(table)).report() == ()


@pytest.mark.parametrize("more", [0, 1])
def test_a_payload_up_to_the_limit_is_compared_and_one_character_more_is_not(more: int) -> None:
    short = chat(new_field=1, content="")
    long = chat(new_field=1, content="a" * (COMPARED - len(short.data) + more))
    assert len(long.data) == COMPARED + more
    report = shown(long).report()
    assert [each.fixture is not None for each in report if each.kind is Kind.UNREAD] == [True] * (1 - more)


@pytest.mark.parametrize("more", [0, 1])
def test_a_fixture_up_to_the_limit_is_kept_and_one_character_more_is_not(more: int) -> None:
    payload = {f"k{number:06}": 1 for number in range(LARGEST // 12 - 1)}
    rest = LARGEST - len(json.dumps(payload, separators=(",", ":")))
    payload = {**payload, "k" * (rest - len(',"":1') + more): 1}
    (told,) = shown(frame(payload, "NewEvent")).report()
    assert (told.fixture is not None) == (more == 0)
    assert len(placeholder(frame(payload, "NewEvent")).data) == LARGEST + more


def test_each_new_shape_has_its_fixture() -> None:
    report = shown(chat(new_field=1), chat(other_field="a")).report()
    fixtures = [each.fixture.data for each in report if each.kind is Kind.UNREAD and each.fixture is not None]
    assert ['"new_field":1' in data for data in fixtures] == [True, False]
    assert ['"other_field":"text"' in data for data in fixtures] == [False, True]


def test_a_very_large_payload_is_not_compared_field_by_field() -> None:
    long = "a" * COMPARED
    report = shown(chat(new_field=1, content=long), chat(content=[long]), frame({"a": long}, "NewEvent")).report()
    assert [(each.kind, each.event, each.path, each.fixture) for each in report] == [
        (Kind.UNKNOWN, "NewEvent", "$", None),
        (Kind.CHANGED, "ChatMessageEvent", "$.content", None),
    ]


def structs(shape: shapes.Type) -> Iterator[shapes.StructType]:
    """All structs of a type, itself first."""
    match shape:
        case shapes.UnionType(types=types):
            for each in types:
                yield from structs(each)
        case shapes.VarTupleType(item_type=item):
            yield from structs(item)
        case shapes.StructType(fields=fields):
            yield shape
            for field in fields:
                yield from structs(field.type)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_declared_unread_is_not_read(row: Row[Any]) -> None:
    for struct in structs(shapes.type_info(row.payload)):
        unread = getattr(struct.cls, "UNREAD", ())
        assert not {field.encode_name for field in struct.fields} & set(unread), struct.cls
        assert list(unread) == sorted(set(unread)), struct.cls


@pytest.mark.parametrize("scene", [*SCENES, *PRIVATE_SCENES])
def test_of_the_projects_own_traffic_only_the_unknown_event_is_news(scene: str) -> None:
    traffic = Traffic(FOX, Random(7))
    report = shown(*(each for turn in range(30) for each in traffic.play(scene, 1_777_896_000 + turn))).report()
    assert {each.kind for each in report} <= {Kind.UNKNOWN, Kind.MISSING}
    assert {each.event for each in report if each.kind is Kind.UNKNOWN} == NOT_KNOWN.get(scene, set())


@pytest.mark.parametrize(("name", "payload"), SEEN.values(), ids=SEEN.keys())
def test_of_the_shapes_that_were_recorded_nothing_is_news(name: str, payload: Json) -> None:
    assert [each for each in shown(frame(payload, name)).report() if each.kind is not Kind.MISSING] == []


@pytest.mark.skipif(not SAMPLES.exists(), reason="the recorded frames are not part of the project")
def test_of_the_recorded_frames_nothing_is_news() -> None:
    drift = Drift()
    with SAMPLES.open(encoding="utf-8") as lines:
        counts = drifting.looked_through(drift, lines)
    assert counts.frames > 100
    assert [each for each in drift.report() if each.kind is not Kind.MISSING] == []


def test_a_row_that_is_registered_later_counts() -> None:
    table = Decoders(())
    drift = shown(chat(), drift=Drift(table))
    for row in ROWS:
        table.register(row)
    assert of(Kind.UNKNOWN, shown(chat(), drift=drift).report()) == [("ChatMessageEvent", "$", "", 1, 2)]


def test_a_deep_copy_goes_on_alike_and_alone() -> None:
    drift = sampled(Drift(rest=10.0), (100.0, chat(new_field=1)), (100.0, frame({}, "NewEvent")))
    twin = copy.deepcopy(drift)
    more = [(109.0, chat(other_field=1)), (110.0, chat(new_field=1)), (110.0, frame({}, "NewEvent"))]
    before = drift.report()
    after = sampled(twin, *more).report()
    assert drift.report() == before != after
    assert sampled(drift, *more).report() == after


def test_memory_is_bounded() -> None:
    names = shown(*(frame({}, f"New{number}") for number in range(50)), drift=Drift(max_differences=10))
    assert (len(names.report()), names.overflow) == (10, 40)
    fields = shown(chat(**{f"new_{number}": 1 for number in range(50)}), drift=Drift(max_differences=10))
    assert len(fields.report()) == 10
    everything = shown(chat(**{f"new_{number}": 1 for number in range(50)}))
    assert fields.overflow == len(everything.report()) - 10
    (large,) = shown(frame({f"k{number}": 1 for number in range(LARGEST)}, "NewEvent")).report()
    assert large.fixture is None


def test_it_remembers_a_thousand_differences_unless_told_otherwise() -> None:
    drift = shown(*(frame({}, f"New{number}") for number in range(1_001)))
    assert (len(drift.report()), drift.overflow) == (1_000, 1)


def test_a_name_for_which_there_is_no_room_is_not_looked_at() -> None:
    news = [frame({}, "NewEvent"), frame(SUBSCRIPTION, "SubscriptionEvent")]
    drift = shown(*news, frame({**SUBSCRIPTION, "mood": "happy"}, "SubscriptionEvent"), drift=Drift(max_differences=1))
    assert (len(drift.report()), drift.overflow) == (1, 2)


def test_what_is_not_remembered_costs_no_memory() -> None:
    drift = shown(frame({}, "NewEvent"), chat(new_field=1), drift=Drift(max_differences=2))
    frames = [chat(**{f"new_{number}": 1}) for number in range(500)]
    shown(*frames[:10], drift=drift)
    tracemalloc.start()
    try:
        shown(*frames, drift=drift)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 50_000
    assert len(drift.report()) == 2


def test_a_table_of_ones_own() -> None:
    assert of(Kind.UNKNOWN, shown(chat(), drift=Drift(Decoders(()))).report()) == [("ChatMessageEvent", "$", "", 1, 1)]


def test_a_fixture_shows_the_shape_and_no_value() -> None:
    secret = {
        "id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "at": "2025-09-14T23:18:20.000000Z",
        "since": "2025-09-14 16:11:18",
        "words": "my secret",
        "empty": "",
        "digits": "123456",
        "color": "#ABCDEF",
        "count": 98765,
        "ratio": 9.75,
        "open": False,
        "none": None,
        "people": [{"name": "Ada"}, {"name": "Eve"}, {"name": "Bob", "id": 77}],
        "by name": {"Ada Lovelace": 1, "998877": 2},
    }
    made = placeholder(Frame("App\\Events\\New", "private-livestream.998877", json.dumps(secret)))
    assert (made.event, made.channel) == ("App\\Events\\New", "private-livestream.1")
    assert json.loads(made.data) == {
        "id": "00000000-0000-4000-8000-000000000000",
        "at": "2026-01-01T00:00:00Z",
        "since": "2026-01-01T00:00:00Z",
        "words": "text",
        "empty": "",
        "digits": "1",
        "color": "#112233",
        "count": 1,
        "ratio": 1.5,
        "open": True,
        "none": None,
        "people": [{"name": "text"}, {"name": "text", "id": 1}],
        "(key)": {"(key)": 1},
    }
    assert '"open":true' in made.data
    assert placeholder(Frame("New", "", "my secret")) == Frame("New", "", "text")
    assert placeholder(Frame("New", "", "")) == Frame("New", "", "")


@pytest.mark.parametrize("topic", ["channel.7", "channel.77", "channel.1"])
def test_a_fixture_comes_on_the_first_channel(topic: str) -> None:
    assert placeholder(Frame("New", topic, "{}")).channel == "channel.1"


def test_of_a_list_one_item_of_each_shape_is_kept_and_of_shapes_so_many() -> None:
    items = [7, True, 7.5, "words", None, [], {}, 8, False, 8.5, "more words", None, [], {}]
    assert placeholder(frame(items)).data == '[1,true,1.5,"text",null,[],{}]'
    assert placeholder(frame([{"a": [7]}, {"a": [True]}])).data == '[{"a":[1]},{"a":[true]}]'
    many = [{f"k{number}": 1} for number in range(DEEPEST + 1)]
    assert json.loads(placeholder(frame(many)).data) == many[:DEEPEST]


@pytest.mark.parametrize(
    "wrap", [pytest.param(lambda inner: [inner], id="lists"), pytest.param(lambda inner: {"a": inner}, id="objects")]
)
def test_a_fixture_is_so_deep_and_no_deeper(wrap: Callable[[Json], Json]) -> None:
    payload: Json = 1
    for _ in range(DEEPEST):
        payload = wrap(payload)
    assert json.loads(placeholder(frame(payload)).data) == payload
    cut: Json = None
    for _ in range(DEEPEST + 1):
        cut = wrap(cut)
    assert json.loads(placeholder(frame(wrap(payload))).data) == cut


def test_a_fixture_of_what_can_be_read_can_be_read() -> None:
    (fixture,) = {each.fixture for each in shown(chat(new_field=1)).report() if each.fixture is not None}
    again = shown(fixture).report()
    assert of(Kind.CHANGED, again) == []
    assert ("ChatMessageEvent", "$.new_field", "int", 1, 1) in of(Kind.UNREAD, again)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
EVENTS = st.sampled_from([row.name for row in ROWS]) | st.text()
FRAMES = st.builds(Frame, EVENTS, st.text(), st.text() | JSON.map(json.dumps))


@given(st.lists(FRAMES, max_size=6))
def test_nothing_raises_and_counts_add_up(frames: list[Frame]) -> None:
    report = shown(*frames).report()
    for each in report:
        assert 1 <= each.count <= each.frame_count <= len(frames)
    assert len({(each.kind, each.event, each.path, each.found) for each in report}) == len(report)


@given(FRAMES)
def test_a_placeholder_of_a_placeholder_is_itself(some: Frame) -> None:
    once = placeholder(some)
    assert placeholder(once) == once


@given(st.text().map(lambda text: f"secret of {text}"))
def test_no_words_get_into_the_report(words: str) -> None:
    report = shown(chat(content=words, new=words, sender={"id": words}), frame({"a": [words, {words: words}]}, "New"))
    assert "secret" not in msgspec.json.encode(report.report()).decode()
