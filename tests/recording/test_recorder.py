import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kick_proto import __version__, session
from kick_proto.errors import LocalProtocolError
from kick_proto.ids import topics_of
from kick_proto.lifecycle import Lagging
from kick_proto.machine import Closed, Opened, Received
from kick_proto.recording.lines import (
    FORMAT,
    LONGEST_LINE,
    Command,
    Draw,
    Ended,
    Event,
    Header,
    Heard,
    Line,
    Raised,
    Reached,
    Take,
    Timeout,
)
from kick_proto.recording.recorder import RecordedRng, Recorder, header
from kick_proto.recording.replaying import replay
from kick_proto.recording.setup import machines, setup_of
from kick_proto.recording.transcript import read
from kick_proto.session import Session
from kick_proto.testing.faults import CHAOS
from kick_proto.testing.world import UNIX_EPOCH
from tests import contract
from tests.contract import LAWS, Law, Play, Script, Seen, Subject, Tell, armed
from tests.recording.making import NARROW, new_recorder, recorded
from tests.scenes import FOX, OWL
from tests.session_acts import ESTABLISHED
from tests.test_contract import MERGE


def see_inside(machine: Recorder) -> None:
    inner = machine._session
    assert isinstance(inner, Session)
    armed(session.ARMED)(inner)


def tell(machine: Any, now: float, told: Tell) -> None:
    getattr(machine, told.command)(now, *told.arguments)
    machine.handle_timeout(now)


RECORDER = Subject(lambda: new_recorder(merge=5.0), MERGE.scripts, tell=tell, see_timers=see_inside)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@settings(max_examples=50)
@given(data=st.data())
def test_a_recorder_obeys_the_laws_of_machines(law: Law, data: st.DataObject) -> None:
    script = data.draw(RECORDER.scripts)
    law(RECORDER, script, data.draw(st.integers(0, len(script))))


@settings(max_examples=200)
@given(script=MERGE.scripts)
def test_whatever_happens_is_replayed_line_by_line(script: Script) -> None:
    play = Play(RECORDER)
    play.go([*script, contract.Take()])
    lines = play.machine.take_lines()
    transcript = read(lines)
    replayed = replay(transcript)
    assert transcript.faults == ()
    assert replayed.differences == []
    assert replayed.lines == lines
    assert replayed.events == [each for kind, each in play.seen if kind == "event"]


class Coarse(random.Random):
    """Chance in steps of a 1024th: with it times that are added up in another order are still the same times."""

    def random(self) -> float:
        return int(super().random() * 1024) / 1024


class Unrecorded:
    """What is recorded otherwise, with commands that go inside."""

    def __init__(self) -> None:
        setup = setup_of(NARROW, 5.0)
        assert setup is not None
        self.session, self.machine = machines(setup, Coarse(7))
        self.connect, self.close = self.session.connect, self.session.close
        self.subscribe, self.unsubscribe = self.session.subscribe, self.session.unsubscribe

    def __getattr__(self, name: str) -> Any:
        return getattr(self.machine, name)


@settings(max_examples=100)
@given(script=MERGE.scripts)
def test_what_is_recorded_does_what_it_does_unrecorded(script: Script) -> None:
    recorder = Subject(lambda: new_recorder(merge=5.0, chance=Coarse(7)), MERGE.scripts, tell=tell)
    unrecorded: Subject[Any] = Subject(Unrecorded, MERGE.scripts, tell=tell)
    steps = [*script, contract.Take()]
    assert told(Play(recorder).go(steps)) == told(Play(unrecorded).go(steps))


def told(seen: list[Seen]) -> list[object]:
    """Outputs as they are, and events by type: the durations in them are sums of other numbers."""
    return [type(each) if kind == "event" else each for kind, each in seen if kind != "stands"]


@pytest.mark.parametrize("began_at", [0.0, 0.1, 1_234.567, 98_765_432.1])
def test_a_minute_with_faults_is_replayed_whenever_it_began(began_at: float) -> None:
    lines, events = recorded(60, faults=CHAOS, began_at=began_at)
    replayed = replay(read(lines))
    assert (replayed.lines, replayed.events, replayed.differences) == (lines, events, [])
    assert len(events) > 100


def told_lines(recorder: Recorder) -> list[Line]:
    return [each.line for each in read(recorder.take_lines()).lines]


def test_steps_stand_with_their_results() -> None:
    recorder = new_recorder()
    recorder.subscribe(100.0, FOX, topics_of(FOX)[:1])
    recorder.connect(100.0)
    recorder.handle_input(100.5, Opened(1))
    recorder.handle_input(101.0, Received(1, [ESTABLISHED], UNIX_EPOCH))
    recorder.handle_input(102.0, Closed(1, 1006, "lost"))
    recorder.handle_timeout(102.25)
    recorder.take_events()
    lines = told_lines(recorder)
    assert [type(line).__name__ for line in lines] == [
        *("Command", "Command", "Opening", "Reached", "Heard", "Transmitting", "Lost", "Draw", "Timeout"),
        *("Take", "Event", "Event"),
    ]
    assert lines[0] == Command(0.0, "subscribe", FOX, topics_of(FOX)[:1])
    assert [line.at for line in lines if isinstance(line, Command | Heard | Timeout | Take)] == [0, 0, 1, 2.25, 2.25]
    assert [line.name for line in lines if isinstance(line, Event)] == ["Up", "Down"]


def test_an_illegal_command_is_recorded_as_one() -> None:
    recorder = new_recorder()
    with pytest.raises(LocalProtocolError, match="not subscribed"):
        recorder.unsubscribe(0.0, OWL)
    command, raised = told_lines(recorder)
    assert isinstance(command, Command)
    assert isinstance(raised, Raised)
    assert "not subscribed" in raised.error


def test_events_stand_without_their_frames_and_with_a_checksum_of_them() -> None:
    lines, _ = recorded(5)
    told = [each.line for each in read(lines).lines if isinstance(each.line, Event)]
    messages = [event for event in told if event.name == "ChatMessage"]
    assert len({event.frame for event in messages}) == len(messages) > 10
    assert not [event for event in told if "raw" in event.event or event.event.get("sources")]
    assert {event.frame for event in told if event.name == "Up"} == {""}


def test_taking_nothing_is_no_step() -> None:
    recorder = new_recorder()
    assert (recorder.take_events(), recorder.poll_event()) == ([], None)
    assert told_lines(recorder) == []


def test_events_taken_late_are_replayed_with_the_lag_that_they_made() -> None:
    recorder = new_recorder(merge=None)
    recorder.connect(0.0)
    recorder.handle_input(0.0, Opened(1))
    recorder.subscribe(0.0, FOX)
    recorder.handle_input(0.0, Received(1, [ESTABLISHED, *["?"] * 9], UNIX_EPOCH))
    behind = recorder.wants_input
    events = recorder.take_events()
    assert (behind, recorder.wants_input) == (False, True)
    assert [type(event) for event in events].count(Lagging) == 1
    assert replay(read(recorder.take_lines())).events == events


def test_lines_that_nobody_takes_end_the_recording_and_not_the_machine() -> None:
    recorder = new_recorder(most=2_000)
    recorder.connect(0.0)
    for number in range(100):
        recorder.handle_timeout(float(number))
    lines = told_lines(recorder)
    assert isinstance(lines[-1], Ended)
    assert "nobody took them" in lines[-1].reason
    recorder.close(100.0)
    assert recorder.take_lines() == []


def ticked(recorder: Recorder, times: int = 5) -> list[bytes]:
    for _ in range(times):
        recorder.handle_timeout(0.0)
    return recorder.take_lines()


def test_a_limit_counts_the_bytes_that_stand_here() -> None:
    first, *rest = (len(line) for line in ticked(new_recorder()))
    for most, kept in ((first + sum(rest[:3]), 3), (first + sum(rest[:3]) + 1, 4)):
        lines = ticked(new_recorder(most=most))
        assert (len(lines) - 1, b"ended" in lines[kept + 1]) == (kept + 1, True)


def test_a_limit_counts_anew_when_the_lines_are_taken() -> None:
    lengths = [len(line) for line in ticked(new_recorder(), 100)[1:]]
    recorder = new_recorder(most=sum(lengths[:-1]) + 1)
    recorder.take_lines()
    for _ in range(3):
        assert b"ended" not in b"".join(ticked(recorder, 100))


def test_a_limit_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match=r"^most is a count of bytes, at least 1$"):
        new_recorder(most=0)
    assert len(new_recorder(most=1).take_lines()) == 1


def test_a_header_says_when_and_by_what_a_recording_was_made() -> None:
    setup = setup_of(NARROW, None)
    assert header(5.0, setup) == Header(
        library=__version__, unix_started_at=5.0, setup=setup, format=FORMAT, level="texts"
    )


# The recording's clock


@pytest.mark.parametrize("step", ["input", "timeout"])
def test_a_clock_begins_with_whatever_comes_first(step: str) -> None:
    recorder = new_recorder()
    for at in (100.0, 101.5):
        if step == "input":
            recorder.handle_input(at, Opened(1))
        else:
            recorder.handle_timeout(at)
    assert [line.at for line in told_lines(recorder) if isinstance(line, Reached | Timeout)] == [0.0, 1.5]


def test_a_clock_may_have_begun_before() -> None:
    setup = setup_of(NARROW, None)
    assert setup is not None
    rng = RecordedRng(random.Random(7))
    session, machine = machines(setup, rng)
    recorder = Recorder(machine, session=session, rng=rng, header=header(UNIX_EPOCH, setup), began_at=50.0)
    recorder.connect(51.0)
    assert told_lines(recorder)[0] == Command(1.0, "connect")


@pytest.mark.parametrize("began_at", [0.0, 1_234.5])
def test_deadlines_are_told_on_the_drivers_clock(began_at: float) -> None:
    recorder, unrecorded = new_recorder(), Unrecorded()
    recorder.connect(began_at)
    unrecorded.connect(0.0)
    due = unrecorded.machine.poll_timeout()
    assert due is not None
    assert recorder.poll_timeout() == began_at + due


def test_who_wakes_a_hair_too_early_fires_nothing_whatever_is_rounded() -> None:
    recorder = new_recorder()
    recorder.connect(100.0)
    due = recorder.poll_timeout()
    assert due is not None
    for now, fired in ((math.nextafter(due, 0.0), False), (due, True)):
        recorder.handle_timeout(now)
        assert (recorder.poll_timeout() != due) is fired


@pytest.mark.parametrize(("began_at", "told"), [(100.0, 0.123457), (0.0, 0.12345678)])
def test_times_are_in_microseconds_unless_the_clock_is_the_recordings_own(began_at: float, told: float) -> None:
    recorder = new_recorder()
    recorder.connect(began_at)
    recorder.handle_timeout(began_at + 0.12345678)
    assert [line.at for line in told_lines(recorder) if isinstance(line, Timeout)] == [told]


def test_no_line_is_longer_than_it_may_be() -> None:
    recorder = new_recorder()
    recorder.connect(0.0)
    recorder.handle_input(0.0, Opened(1))
    texts = ['"\\\u0000' * 200_000, "\U0001f600" * 300_000, "x" * LONGEST_LINE]
    recorder.handle_input(0.0, Received(1, texts, UNIX_EPOCH))
    lines = recorder.take_lines()
    assert max(map(len, lines)) <= LONGEST_LINE
    (heard,) = [each.line for each in read(lines).lines if isinstance(each.line, Heard)]
    assert list(heard.texts) == texts


def test_what_is_drawn_is_remembered_until_it_is_taken() -> None:
    rng = RecordedRng(random.Random(3))
    drawn = [rng.random(), rng.random()]
    assert drawn == [random.Random(3).random(), drawn[1]]
    assert (rng.take_drawn(), rng.take_drawn()) == (drawn, [])


def test_the_session_can_be_asked_through_the_recorder() -> None:
    recorder = new_recorder()
    assert (recorder.stats().frames, recorder.drift(), recorder.failure, recorder.closed) == (0, (), None, False)
    recorder.close(0.0)
    assert recorder.closed
    assert [line for line in told_lines(recorder) if isinstance(line, Draw)] == []
