"""What a session says of itself: values, and counters that begin at nothing."""

import msgspec
import pytest

from kick_proto.lifecycle import Down, GaveUp, Lagging, Stats, Up, total


@pytest.mark.parametrize(
    ("event", "line"),
    [
        pytest.param(Up("us2", "1.2"), "Up(cluster='us2', socket_id='1.2', gap=None)", id="up"),
        pytest.param(Up("us2", "1.2", 3.5), "Up(cluster='us2', socket_id='1.2', gap=3.5)", id="up after a gap"),
        pytest.param(
            Down("us2", 4200, "bye", 0.0), "Down(cluster='us2', code=4200, reason='bye', retry_in=0.0)", id="down"
        ),
        pytest.param(GaveUp("no use", 4004), "GaveUp(reason='no use', code=4004)", id="gave up"),
        pytest.param(Lagging(10_000), "Lagging(undelivered=10000)", id="lagging"),
    ],
)
def test_an_event_prints_as_the_line_of_a_log(event: msgspec.Struct, line: str) -> None:
    assert repr(event) == line


@pytest.mark.parametrize("event", [Up("us2", "1.2"), Down("us2", 1006, "", None), GaveUp("no", 1006), Lagging(1)])
def test_an_event_tells_its_kind_when_it_is_written_as_json(event: msgspec.Struct) -> None:
    assert msgspec.json.decode(msgspec.json.encode(event))["type"] == type(event).__name__


def test_counters_begin_at_nothing() -> None:
    assert msgspec.structs.astuple(Stats()) == (0, 0, 0, 0, 0, 0)


def test_the_counters_of_several_sessions_are_summed() -> None:
    assert total([Stats(1, 2, 3, 4, 5, 6), Stats(10, 20, 30, 40, 50, 60), Stats()]) == Stats(11, 22, 33, 44, 55, 66)
    assert total([]) == Stats()
