"""A recording as a regression test: pytest finds this plugin by itself where the library is installed.

    @pytest.mark.recording("raid.ndjson")
    def test_the_raid_is_told_once(recording):
        assert sum(isinstance(event, RaidReceived) for event in recording) == 1

The file, beside the test's own, is replayed to the machines that it was made with, and the fixture is the list of the
events. Where they, or anything else, come out otherwise than they were recorded, the test fails and says where. With
``decoders=...`` in the mark, the replay knows events of one's own.

Nothing but pytest is imported until a test asks for the fixture.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kick_proto.session import SessionEvent

__all__ = ["pytest_configure", "recording"]

MARK = "recording(file, *, decoders=None): replay the recording, beside the test's file, for the fixture of that name"
SHOWN = 5
"""Differences that are shown."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", MARK)


@pytest.fixture
def recording(request: pytest.FixtureRequest) -> "list[SessionEvent]":
    """The events of the recording that the test's mark names."""
    # Only here: most tests of those who have this installed are about something else.
    from kick_proto.recording.packing import lines_of  # noqa: PLC0415
    from kick_proto.recording.replaying import recorded_machine, replay  # noqa: PLC0415
    from kick_proto.recording.transcript import read  # noqa: PLC0415

    mark = request.node.get_closest_marker("recording")
    if mark is None or len(mark.args) != 1:
        raise pytest.UsageError('the fixture needs a mark that names one file: @pytest.mark.recording("x.ndjson")')
    path = request.path.parent / mark.args[0]
    with path.open("rb") as file:
        transcript = read(lines_of(file.read))
    if transcript.faults:
        found = "\n".join(f"line {each.number}: {each.problem}" for each in transcript.faults[:SHOWN])
        pytest.fail(f"{path} is damaged:\n{found}", pytrace=False)
    replayed = replay(transcript, recorded_machine(mark.kwargs.get("decoders")))
    if replayed.differences:
        count = len(replayed.differences)
        found = "\n".join(map(str, replayed.differences[:SHOWN]))
        places = "1 place" if count == 1 else f"{count} places"
        pytest.fail(f"{path} replays otherwise than it was recorded, in {places}:\n{found}", pytrace=False)
    return replayed.events
