import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.decoders import ROWS
from kick_proto.errors import LocalProtocolError
from kick_proto.events import ChatMessage, GiftedSubscriptions, JoinedEvent
from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, topics_of
from kick_proto.machine import Closed, Failed, Opened, Received, Rng
from kick_proto.pusher import App, Timeouts
from kick_proto.recording.anonymising import anonymise
from kick_proto.recording.lines import Command, Header
from kick_proto.recording.pseudonyms import Pseudonyms
from kick_proto.recording.recorder import Commands, RecordedRng, Recorder
from kick_proto.recording.recorder import header as new_header
from kick_proto.recording.replaying import Replayed, replay
from kick_proto.recording.transcript import Transcript, read
from kick_proto.session import Config, Session, SessionEvent
from kick_proto.testing.faults import CHAOS
from kick_proto.testing.world import UNIX_EPOCH
from tests import contract
from tests.contract import Play, Script, Subject
from tests.recording.making import Recording, new_recorder, recorded
from tests.session_acts import ESTABLISHED
from tests.test_contract import MERGE

SAMPLES = Path(__file__).parents[3] / "shared" / "wire" / "samples.ndjson"
KEY = b"a key of at least sixteen bytes"
PSEUDONYMS = Pseudonyms(KEY)
CANARY = Channel(ChannelId(12_345_678), ChatroomId(87_654_321), "canary-of-the-mine")

OWN_NAMES = {"moderator"}
"""What is a user's name in places, and a badge's in others."""


def types(events: list[SessionEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded(60, channel=CANARY, faults=CHAOS)


@pytest.fixture(scope="module")
def made(recording: Recording) -> Replayed:
    return anonymise(read(recording.lines), KEY)


def test_the_events_are_of_the_same_types_at_the_same_times(recording: Recording, made: Replayed) -> None:
    assert types(made.events) == types(recording.events)
    before, after = read(recording.lines), read(made.lines)
    assert [act.step.at for act in after.acts] == [act.step.at for act in before.acts]
    assert {event.__name__ for row in ROWS for event in row.makes} - set(types(made.events)) == set()


def test_what_is_made_is_a_recording_that_replays(made: Replayed) -> None:
    transcript = read(made.lines)
    replayed = replay(transcript)
    assert (transcript.faults, replayed.differences, replayed.lines) == ((), [], made.lines)
    assert replayed.events == made.events


def strings(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [each for inner in value for each in strings(inner)]
        case dict():
            return [each for inner in value.values() for each in strings(inner)]
        case _:
            return []


def told_by(events: list[SessionEvent], *fields: str) -> list[Any]:
    """What those fields say, in order, wherever in an event they are."""
    found: list[Any] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.extend(value[field] for field in fields if value.get(field))
            for name, each in value.items():
                if name != "badges":
                    look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    for event in events:
        # What is joined is sorted by name.
        if not isinstance(event, GiftedSubscriptions):
            look(msgspec.to_builtins(event))
    return found


@pytest.mark.parametrize("field", ["username", "text", "id", "user_id", "slug", "title"])
def test_equal_values_stay_equal_different_ones_different_and_all_as_long(
    field: str, recording: Recording, made: Replayed
) -> None:
    before, after = told_by(recording.events, field), told_by(made.events, field)
    assert len(before) == len(after) > 5
    assert [len(str(each)) for each in before] == [len(str(each)) for each in after]
    assert len(set(before)) == len(set(after)) == len(set(zip(before, after, strict=True)))


def test_nothing_that_anybody_is_or_said_is_left(recording: Recording, made: Replayed) -> None:
    everything = b"".join(made.lines).decode().lower()
    told = {
        str(each).lower()
        for each in told_by(recording.events, "username", "slug", "text", "id", "user_id", "title", "name", "label")
    }
    long = {each for each in told if len(each) >= 7} - OWN_NAMES
    assert len(long) > 300
    assert [each for each in long if each in everything] == []
    for each in (CANARY.channel_id, CANARY.chatroom_id, CANARY.slug):
        assert str(each) not in everything


def test_the_topics_fit_the_payloads(made: Replayed) -> None:
    (channel,) = read(made.lines).channels
    messages = [event for event in made.events if isinstance(event, ChatMessage)]
    assert {event.channel for event in messages} == {channel}
    assert {event.raw.channel for event in messages} <= set(topics_of(channel))
    told = {json.loads(event.raw.data).get("chatroom_id") for event in messages}
    assert told - {None} == {channel.chatroom_id}
    assert (len(str(channel.channel_id)), len(channel.slug)) == (8, len(CANARY.slug))


def test_the_same_key_makes_the_same_recording_and_another_one_another(recording: Recording, made: Replayed) -> None:
    transcript = read(recording.lines)
    assert anonymise(transcript, KEY).lines == made.lines
    assert not set(anonymise(transcript, KEY + b"!").lines) >= set(made.lines[:20])


def test_where_it_was_watched_from_is_not_left() -> None:
    app = App(key="canary-key", endpoints=(endpoint_at("ws://canary-proxy.home:6001"),))
    recorder = new_recorder(Config(provider=app, backoff=Backoff(retries=None)))
    recorder.subscribe(0.0, CANARY, topics_of(CANARY)[:2])
    recorder.connect(0.0)
    recorder.handle_input(0.1, Failed(1, "canary-proxy.home:6001: canary refused"))
    recorder.handle_timeout(40.0)
    recorder.handle_input(40.1, Opened(2))
    recorder.handle_input(40.2, Received(2, [ESTABLISHED, "canary", '{"event":"x","data":"\ud800canary"}'], UNIX_EPOCH))
    recorder.handle_input(40.3, Closed(2, 1006, "canary said goodbye"))
    before = recorder.take_events()
    made = anonymise(read(recorder.take_lines()), KEY)
    assert b"canary" not in b"".join(made.lines)
    assert types(made.events) == types(before)
    header = read(made.lines).header
    assert header is not None
    assert header.unix_started_at < UNIX_EPOCH - 86_400 * 29


def test_topics_that_were_chosen_stay_chosen_and_the_key_that_all_use_stays() -> None:
    recorder = new_recorder(merge=None)
    recorder.subscribe(0.0, CANARY, topics_of(CANARY)[:2])
    recorder.connect(0.0)
    recorder.take_events()
    transcript = read(recorder.take_lines())
    made = anonymise(transcript, KEY)
    (channel,) = read(made.lines).channels
    told = [act.step for act in read(made.lines).acts]
    assert isinstance(told[0], Command)
    assert told[0].topics == topics_of(channel)[:2]
    header = read(made.lines).header
    assert header is not None
    assert header.setup is not None
    assert header.setup.provider == App()


def test_a_field_that_is_called_like_somebody_is_renamed() -> None:
    recorder = new_recorder(merge=None)
    recorder.subscribe(0.0, CANARY, topics_of(CANARY)[:2])
    recorder.connect(0.0)
    recorder.handle_input(0.1, Opened(1))
    data = json.dumps({"username": "Canary", "votes": {"canary": 1}})
    frame = encode_frame(Frame("Poll", topics_of(CANARY)[0], data))
    recorder.handle_input(0.2, Received(1, [ESTABLISHED, frame], UNIX_EPOCH))
    recorder.take_events()
    made = anonymise(read(recorder.take_lines()), KEY)
    assert b"canary" not in b"".join(made.lines).lower()


def test_a_recording_of_a_machine_without_words_is_anonymised_with_one() -> None:
    def mine(header: Header, rng: Rng) -> tuple[Commands, Session]:
        session = Session(rng=rng)
        return session, session

    rng = RecordedRng(random.Random(7))
    session = Session(rng=rng)
    recorder = Recorder(session, session=session, rng=rng, header=new_header(UNIX_EPOCH, None))
    recorder.subscribe(0.0, CANARY)
    recorder.connect(0.0)
    made = anonymise(read(recorder.take_lines()), KEY, mine)
    (channel,) = read(made.lines).channels
    assert (channel.channel_id, len(made.lines)) == (PSEUDONYMS.number(CANARY.channel_id), 4)


def test_where_the_disguise_made_a_difference_the_line_of_the_step_is_told() -> None:
    recorder = new_recorder(merge=None)
    with pytest.raises(LocalProtocolError, match="not subscribed"):
        recorder.unsubscribe(0.0, CANARY)
    recorder.connect(0.0)
    (difference,) = anonymise(read(recorder.take_lines()), KEY).differences
    assert difference.number == 2


@settings(max_examples=100)
@given(script=MERGE.scripts)
def test_whatever_was_recorded_its_events_keep_their_types(script: Script) -> None:
    play = Play(Subject(lambda: new_recorder(merge=5.0), MERGE.scripts, tell=tell))
    play.go([*script, contract.Take()])
    lines = play.machine.take_lines()
    made = anonymise(read(lines), KEY)
    assert types(made.events) == [type(each).__name__ for kind, each in play.seen if kind == "event"]
    assert replay(read(made.lines)).lines == made.lines


def tell(machine: Any, now: float, told: contract.Tell) -> None:
    getattr(machine, told.command)(now, *told.arguments)
    machine.handle_timeout(now)


def test_a_damaged_recording_is_anonymised_as_far_as_it_goes(recording: Recording) -> None:
    lines = [line for number, line in enumerate(recording.lines) if number % 7 or not number]
    made = anonymise(read(lines), KEY)
    assert str(CANARY.channel_id).encode() not in b"".join(made.lines)
    assert read(made.lines).faults == ()


def test_what_cannot_be_replayed_cannot_be_anonymised() -> None:
    with pytest.raises(ValueError, match="without its header"):
        anonymise(Transcript(None, ()), KEY)
    with pytest.raises(ValueError, match="16 bytes or more"):
        anonymise(read(recorded(1).lines), b"")


def test_real_frames_keep_the_types_of_their_events() -> None:
    if not SAMPLES.exists():
        pytest.skip("no recordings stand beside the project")
    # Nobody confirms a subscription here.
    recorder = new_recorder(Config(provider=App(timeouts=Timeouts(confirm=1e6)), high_water=100_000))
    recorder.subscribe(0.0, CANARY)
    recorder.connect(0.0)
    recorder.handle_input(0.1, Opened(1))
    recorder.handle_input(0.2, Received(1, [ESTABLISHED], UNIX_EPOCH))
    samples = [json.loads(line) for line in SAMPLES.read_text("utf-8").splitlines()]
    for number, sample in enumerate(samples):
        text = encode_frame(Frame(sample["event"], topics_of(CANARY)[number % 6], sample["data"]))
        recorder.handle_input(1.0 + 10 * number, Received(1, [text], UNIX_EPOCH + 10 * number))
        recorder.handle_timeout(5.0 + 10 * number)
    events = recorder.take_events()
    made = anonymise(read(recorder.take_lines()), KEY)
    assert types(made.events) == types(events)
    assert len(events) > 50
    assert any(isinstance(event, JoinedEvent) for event in events)
    names = {each for each in told_by(events, "username") if len(each) > 6} - OWN_NAMES
    everything = b"".join(made.lines).lower()
    assert [each for each in names if each.lower().encode() in everything] == []
