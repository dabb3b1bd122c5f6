import random

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.decoders import Decoders
from kick_proto.machine import Rng
from kick_proto.recording.lines import Draw, Header
from kick_proto.recording.recorder import Commands
from kick_proto.recording.replaying import Difference, play, recorded_machine, replay
from kick_proto.recording.setup import machines
from kick_proto.recording.transcript import Transcript, read
from kick_proto.session import Session
from kick_proto.testing.faults import Faults
from tests.recording.making import Recording, new_recorder, recorded
from tests.scenes import FOX
from tests.test_docs import example


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded(20, faults=Faults(close_after=3.0, close_code=4200))


def test_a_replay_makes_the_same_events_at_the_same_times(recording: Recording) -> None:
    steps = list(play(read(recording.lines)))
    assert [event for step in steps for event in step.events] == recording.events
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert 20.0 <= steps[-1].at < 21.0


def test_chance_is_replayed(recording: Recording) -> None:
    transcript = read(recording.lines)
    assert transcript.draws
    halved = [
        msgspec.structs.replace(each, line=Draw(each.line.number / 2)) if isinstance(each.line, Draw) else each
        for each in transcript.lines
    ]
    other = replay(msgspec.structs.replace(transcript, lines=tuple(halved)))
    assert other.differences


def test_a_machine_that_does_otherwise_is_found_out(recording: Recording) -> None:
    def hasty(header: Header, rng: Rng) -> tuple[Commands, Session]:
        assert header.setup is not None
        session, _ = machines(msgspec.structs.replace(header.setup, backoff=Backoff(retries=0), merge=None), rng)
        return session, session

    replayed = replay(read(recording.lines), hasty)
    first = replayed.differences[0]
    assert first.recorded.startswith('{"line":') or first.replayed.startswith('{"line":')
    assert len(replayed.differences) <= 100


def test_a_changed_event_is_found_out_by_its_line(recording: Recording) -> None:
    lines = [line.replace(b'"ChatMessage"', b'"ChatMassage"', 1) for line in recording.lines]
    number = next(number for number, line in enumerate(lines, 1) if b"ChatMassage" in line)
    (*_, step) = [number for number, line in enumerate(lines[:number], 1) if line.startswith(b'{"line":"take"')]
    difference = replay(read(lines)).differences[0]
    assert difference.number == step
    assert "ChatMassage" in difference.recorded
    assert "ChatMassage" not in difference.replayed


def test_a_frame_that_was_changed_is_found_out_though_its_event_is_the_same() -> None:
    lines = recorded(3).lines
    number = next(number for number, line in enumerate(lines) if b"ChatMessageEvent" in line)
    changed = lines[number].replace(b'chatroom_id\\\\\\":22', b'chatroom_id\\\\\\":23')
    assert changed != lines[number]
    differences = replay(read([*lines[:number], changed, *lines[number + 1 :]])).differences
    assert differences
    for each in differences:
        recorded_event, recorded_frame = each.recorded.split(',"frame":')
        replayed_event, replayed_frame = each.replayed.split(',"frame":')
        assert recorded_event == replayed_event
        assert recorded_frame != replayed_frame


def test_what_is_lacking_on_one_side_is_told() -> None:
    assert str(Difference(7, 1.5, "", '{"line":"cancel"}')) == (
        'line 7, at 1.5 s:\n  recorded: (nothing)\n  replayed: {"line":"cancel"}'
    )


def test_decoders_of_ones_own_are_brought_to_the_replay() -> None:
    decoders: Decoders = example("new_event")["decoders"]
    recorder = new_recorder(decoders=decoders)
    recorder.subscribe(0.0, FOX)
    recorder.connect(0.0)
    lines = recorder.take_lines()
    assert replay(read(lines), recorded_machine(decoders)).lines == lines


def test_a_command_that_names_no_channel_was_given_by_nobody(recording: Recording) -> None:
    told = [b'{"line":"command","at":0,"name":"subscribe"}\n', b'{"line":"command","at":0,"name":"unsubscribe"}\n']
    replayed = replay(read([*recording.lines[:2], *told, *recording.lines[2:]]))
    assert (replayed.events, replayed.lines) == (recording.events, recording.lines)


def test_a_recording_without_a_header_is_not_replayed() -> None:
    with pytest.raises(ValueError, match="without its header"):
        replay(Transcript(None, ()))


def test_a_recording_of_a_machine_without_words_wants_one(recording: Recording) -> None:
    transcript = read(recording.lines)
    assert transcript.header is not None
    bare = msgspec.structs.replace(transcript, header=msgspec.structs.replace(transcript.header, setup=None))
    with pytest.raises(ValueError, match="bring a machine of your own"):
        replay(bare)

    def mine(header: Header, rng: Rng) -> tuple[Commands, Session]:
        session = Session(rng=random.Random(1))
        return session, session

    assert replay(bare, mine).events
