import random

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.decoders import Decoders
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import topics_of
from kick_proto.machine import Opened, Received, Rng
from kick_proto.pusher import App
from kick_proto.recording.lines import LONGEST_LINE, Draw, Header, Opening, Part, encode_line
from kick_proto.recording.recorder import Commands, RecordedRng, Recorder, header
from kick_proto.recording.replaying import Difference, play, recorded_machine, replay
from kick_proto.recording.setup import machines, setup_of
from kick_proto.recording.transcript import Transcript, read
from kick_proto.session import Config, Session, SessionEvent
from kick_proto.testing.faults import Faults
from kick_proto.testing.world import UNIX_EPOCH
from tests.recording.making import Recording, new_recorder, recorded
from tests.scenes import FOX, OWL
from tests.session_acts import ESTABLISHED
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


@pytest.mark.parametrize(
    ("ours", "others", "fault"),
    [
        (b'"format":1', b'"format":2', "format 2 is newer than what this version reads, which is 1"),
        (b'"level":"texts"', b'"level":"bytes"', "the inputs are 'bytes', and what this version reads is 'texts'"),
    ],
)
def test_what_a_replay_writes_is_as_this_version_writes_it(
    recording: Recording, ours: bytes, others: bytes, fault: str
) -> None:
    strange = [line.replace(ours, others, 1) for line in recording.lines]
    assert [each.problem for each in read(strange).faults] == [fault]
    assert read(replay(read(strange)).lines).faults == ()


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
    assert str(Difference(7, 1.5, '{"line":"cancel"}', "")) == (
        'line 7, at 1.5 s:\n  recorded: {"line":"cancel"}\n  replayed: (nothing)'
    )


def by_hand(recorder: Recorder) -> list[SessionEvent]:
    """Every command, legal or not, and both ways to take events; gives what was taken."""
    recorder.subscribe(0.0, FOX, topics_of(FOX)[:1])
    recorder.connect(0.0)
    recorder.subscribe(0.5, OWL)
    recorder.handle_timeout(0.5)
    recorder.handle_input(1.0, Opened(1))
    recorder.handle_input(1.5, Received(1, [ESTABLISHED, "?", "??"], UNIX_EPOCH))
    taken = [event for _ in range(2) if (event := recorder.poll_event()) is not None]
    recorder.unsubscribe(2.0, OWL)
    with pytest.raises(LocalProtocolError, match="not subscribed"):
        recorder.unsubscribe(2.5, OWL)
    recorder.handle_timeout(3.0)
    recorder.close(4.0)
    return [*taken, *recorder.take_events()]


def test_every_command_and_both_ways_of_taking_are_replayed() -> None:
    recorder = new_recorder(merge=None)
    events = by_hand(recorder)
    lines = recorder.take_lines()
    steps = list(play(read(lines)))
    assert [line for step in steps for line in step.lines] == lines
    assert [event for step in steps for event in step.events] == events
    assert [len(step.events) for step in steps if step.events] == [1, 1, len(events) - 2]
    assert [difference for step in steps for difference in step.differences] == []


def test_a_clock_that_had_begun_before_is_replayed() -> None:
    setup = setup_of(Config(), None)
    assert setup is not None
    rng = RecordedRng(random.Random(7))
    session, machine = machines(setup, rng)
    recorder = Recorder(machine, session=session, rng=rng, header=header(UNIX_EPOCH, setup), began_at=50.0)
    recorder.connect(51.0)
    lines = recorder.take_lines()
    assert replay(read(lines)).lines == lines


def test_to_take_where_there_is_nothing_gives_nothing(recording: Recording) -> None:
    takes = [b'{"line":"take","at":0,"what":"%s"}\n' % what for what in (b"one", b"all")]
    assert replay(read([recording.lines[0], *takes])).events == []


def test_the_last_step_may_lack_results_and_none_before_it() -> None:
    recorder = new_recorder(merge=None)
    by_hand(recorder)
    lines = recorder.take_lines()
    numbers = [number for number, line in enumerate(lines, 1) if b'"take"' in line]
    assert replay(read(lines[: numbers[-1]])).differences == []
    lacking = lines[numbers[0]]
    assert replay(read([*lines[: numbers[0]], *lines[numbers[0] + 1 :]])).differences == [
        Difference(numbers[0], 1.5, "", lacking.decode().strip())
    ]


def test_where_the_numbers_of_chance_are_at_an_end_the_middle_is_drawn(recording: Recording) -> None:
    without = [line for line in recording.lines if not line.startswith(b'{"line":"draw"')]
    assert len(without) < len(recording.lines)
    drawn = {line for line in replay(read(without)).lines if line.startswith(b'{"line":"draw"')}
    assert drawn == {b'{"line":"draw","number":0.5}\n'}


def opening(key: str) -> tuple[list[bytes], int]:
    """A recording in which a socket is asked for with that key, and where the line is that says so."""
    recorder = new_recorder(Config(provider=App(key=key)), merge=None)
    recorder.connect(0.0)
    lines = recorder.take_lines()
    return lines, next(number for number, line in enumerate(lines) if line.startswith(b'{"line":"open"'))


@pytest.mark.parametrize(
    ("length", "place", "start", "shown"),
    [
        pytest.param(400, 300, 0, "{}", id="whole"),
        pytest.param(401, 300, 100, "...{}", id="cut before"),
        pytest.param(401, 199, 0, "{}...", id="cut behind"),
        pytest.param(2_000, 1_000, 800, "...{}...", id="cut on both sides"),
        pytest.param(2_000, 1_800, 1_600, "...{}", id="just up to the end"),
        pytest.param(2_000, 1_799, 1_599, "...{}...", id="all but the last letter"),
    ],
)
def test_of_long_lines_what_differs_first_is_told_and_what_stands_around_it(
    length: int, place: int, start: int, shown: str
) -> None:
    lines, number = opening("k")
    lines, number = opening("k" * (length - len(lines[number]) + 2))
    ours = lines[number].decode().strip()
    theirs = ours[:place] + "K" + ours[place + 1 :]
    assert (len(ours), ours[place]) == (length, "k")
    differences = replay(read([*lines[:number], theirs.encode(), *lines[number + 1 :], TICK])).differences
    told = [shown.format(each[start : start + 400]) for each in (theirs, ours)]
    assert differences == [Difference(number, 0.0, *told)]


def test_what_differs_in_a_line_that_was_cut_into_parts_is_told_as_of_one_line() -> None:
    recorder = new_recorder(Config(provider=App(key="k" * LONGEST_LINE)), merge=None)
    recorder.connect(0.0)
    lines = recorder.take_lines()
    first = next(number for number, line in enumerate(lines) if b'"line\\":\\"open' in line)
    parts = [msgspec.json.decode(line, type=Part) for line in lines[first:]]
    opening = msgspec.json.decode("".join(part.text for part in parts), type=Opening)
    middle = len(opening.target) // 2
    changed = f"{opening.target[:middle]}K{opening.target[middle + 1 :]}"
    damaged = [*lines[:first], *encode_line(msgspec.structs.replace(opening, target=changed)), TICK]
    (difference,) = replay(read(damaged)).differences
    assert difference.recorded == f"...{'k' * 200}K{'k' * 199}..."
    assert difference.replayed == f"...{'k' * 400}..."


TICK = b'{"line":"timeout","at":0}\n'


def test_decoders_of_ones_own_are_brought_to_the_replay() -> None:
    decoders: Decoders = example("new_event")["decoders"]
    recorder = new_recorder(decoders=decoders)
    recorder.subscribe(0.0, FOX)
    recorder.connect(0.0)
    recorder.handle_input(0.0, Opened(1))
    confetti = Frame("ConfettiEvent", topics_of(FOX)[0], '{"username":"ada","pieces":12}')
    recorder.handle_input(0.0, Received(1, [ESTABLISHED, encode_frame(confetti)], UNIX_EPOCH))
    assert "Confetti" in [type(event).__name__ for event in recorder.take_events()]
    lines = recorder.take_lines()
    assert replay(read(lines), recorded_machine(decoders)).lines == lines


def test_a_command_that_names_no_channel_was_given_by_nobody(recording: Recording) -> None:
    told = [b'{"line":"command","at":0,"name":"subscribe"}\n', b'{"line":"command","at":0,"name":"unsubscribe"}\n']
    replayed = replay(read([*recording.lines[:2], *told, *recording.lines[2:]]))
    assert (replayed.events, replayed.lines) == (recording.events, recording.lines)


def test_a_recording_without_a_header_is_not_replayed() -> None:
    with pytest.raises(ValueError, match=r"^a recording without its header cannot be replayed$"):
        replay(Transcript(None, ()))


def test_a_recording_of_a_machine_without_words_wants_one(recording: Recording) -> None:
    transcript = read(recording.lines)
    assert transcript.header is not None
    bare = msgspec.structs.replace(transcript, header=msgspec.structs.replace(transcript.header, setup=None))
    with pytest.raises(
        ValueError, match=r"^the recording does not tell what it was made with: bring a machine of your own$"
    ):
        replay(bare)

    def mine(header: Header, rng: Rng) -> tuple[Commands, Session]:
        session = Session(rng=random.Random(1))
        return session, session

    assert replay(bare, mine).events
