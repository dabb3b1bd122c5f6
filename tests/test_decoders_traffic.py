"""Whole traffic against the decoder table: recorded frames, and every scene of the generator."""

import json
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto import events
from kick_proto.decoders import PREFIX, ROWS
from kick_proto.ids import parse_topic
from kick_proto.testing.traffic import PRIVATE_SCENES, SCENES, Traffic
from tests.shapes import FOX, Json, changed, decode, decode_text, places

SAMPLES = Path(__file__).parents[2] / "shared" / "wire" / "samples.ndjson"
ROW = {row.name: row for row in ROWS}
UNIX_NOON = 1777896000
BY_NAME_ALONE = {"MessageDeleted", "MessagePinned", "PollCreated"}
"""Private events of which no field is known that their unified event could do with."""


def frames(scene: str, turns: int = 20) -> list[tuple[str, str, str]]:
    """What a scene tells in so many turns: bare name, topic, payload."""
    traffic = Traffic(FOX, random.Random(7))
    told = [frame for turn in range(turns) for frame in traffic.play(scene, UNIX_NOON + turn)]
    return [(frame.event.removeprefix(PREFIX), frame.channel, frame.data) for frame in told]


TOLD = {name: data for scene in [*SCENES, *PRIVATE_SCENES] for name, _, data in frames(scene, 1) if name in ROW}
"""A payload of each event that the generator tells."""


def expected(name: str) -> tuple[type[events.Event], ...]:
    made = ROW[name].makes
    return made if name in BY_NAME_ALONE else tuple(each for each in made if each is not events.Unknown)


def comes_on(name: str, topic: str) -> bool:
    if (found := parse_topic(topic)) is not None:
        return found[0] in ROW[name].topics
    return any(topic.startswith(template.removesuffix("{}")) for template in ROW[name].private)


def test_the_generator_tells_every_event_of_the_table() -> None:
    assert set(TOLD) == set(ROW)


@pytest.mark.parametrize("scene", [*SCENES, *PRIVATE_SCENES])
def test_every_frame_of_a_scene_becomes_what_its_row_makes_and_comes_where_it_says(scene: str) -> None:
    for name, topic, data in frames(scene):
        event = decode_text(name, data)
        if scene == "unknown_event":
            assert isinstance(event, events.Unknown)
            continue
        assert isinstance(event, expected(name)), data
        assert comes_on(name, topic), (name, topic)


def test_every_recorded_frame_becomes_what_its_row_makes_and_comes_where_it_says() -> None:
    if not SAMPLES.exists():
        pytest.skip("the recorded frames are not part of the project")
    for recorded in map(json.loads, SAMPLES.read_text().splitlines()):
        name = recorded["event"].removeprefix(PREFIX)
        if name.startswith("pusher"):
            continue
        event = decode_text(recorded["event"], recorded["data"])
        assert isinstance(event, expected(name)), recorded
        assert recorded["channel"] is None or comes_on(name, recorded["channel"]), recorded


any_value: st.SearchStrategy[Json] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from([[], {}, [7], "nan", "inf", "1e400", "9" * 40, "2026-05-04", "9999-12-31T23:59:59.9999999Z"])
)


@given(st.sampled_from(sorted(TOLD)), st.data())
def test_any_value_anywhere_in_a_payload_gives_an_event(name: str, data: st.DataObject) -> None:
    payload = json.loads(TOLD[name])
    place = data.draw(st.sampled_from(list(places(payload))))
    event = decode(name, changed(payload, place, lambda _: data.draw(any_value)))
    assert isinstance(event, (*ROW[name].makes, events.Unknown, events.Undecodable))


@given(st.sampled_from(sorted(TOLD)), st.text(max_size=5), any_value)
def test_a_field_that_is_not_known_yet_changes_nothing(name: str, field: str, value: Json) -> None:
    payload = json.loads(TOLD[name])
    more = {"x_" + field: value, **payload} if isinstance(payload, dict) else payload
    before, after = decode(name, payload), decode(name, more)
    assert after == msgspec.structs.replace(before, raw=after.raw)
