"""What a session delivers: every frame as its event, once, as fast as it is taken."""

import copy
import random
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kick_proto.decoders import Decoders
from kick_proto.events import ChatMessage, IdentifiedEvent, StreamOffline, Undecodable, Unknown
from kick_proto.frames import Frame, encode_frame
from kick_proto.lifecycle import Down, GaveUp, Lagging, Stats, Up
from kick_proto.machine import Closed, Failed, Open, Opened, Received
from kick_proto.session import Session, SessionEvent, State
from kick_proto.testing.faults import CHAOS, MALFORMED
from kick_proto.testing.personalities import PERSONALITIES, Personality
from kick_proto.testing.server import KickServer
from kick_proto.testing.traffic import Traffic
from kick_proto.testing.world import UNIX_EPOCH, World
from tests.scenes import CONFIG, FOX, FOX_CHAT, OWL, chat, kick_server, watching
from tests.session_acts import (
    ESTABLISHED,
    FOX_TOPICS,
    OWL_TOPICS,
    PERSISTENT,
    be_up,
    downs,
    hear,
    led_to,
    outputs,
    publish,
    with_,
)

# What is delivered.


def test_frames_become_events_with_their_channel() -> None:
    server = kick_server()
    session, world = watching(FOX, OWL, servers=server)
    world.advance(10)
    session.take_events()
    stopped = Frame("App\\Events\\StopStreamBroadcast", OWL_TOPICS[3], '{"livestream":{"id":5}}')
    publish(world, server, chat("m-1"), stopped)
    message, offline = session.take_events()
    assert isinstance(message, ChatMessage)
    assert (message.id, message.channel) == ("m-1", FOX)
    assert message.received_at == datetime.fromtimestamp(UNIX_EPOCH + 10, UTC)
    assert isinstance(offline, StreamOffline)
    assert (offline.stream_id, offline.channel) == (5, OWL)


def test_what_is_not_known_or_cannot_be_read_is_delivered_as_that() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.advance(10)
    session.take_events()
    novelty, broken = Frame("Novelty", FOX_CHAT, "{}"), Frame("App\\Events\\ChatMessageEvent", FOX_CHAT, '{"id":7}')
    publish(world, server, novelty, broken)
    world.call(server.send, server.refs[0], "garbage")
    unknown, unreadable, malformed = session.take_events()
    assert isinstance(unknown, Unknown)
    assert unknown.raw == novelty
    assert isinstance(unreadable, Undecodable)
    assert (unreadable.raw, unreadable.channel, unreadable.path) == (broken, FOX, "$.id")
    assert isinstance(malformed, Undecodable)
    assert (malformed.raw, malformed.channel) == (Frame("", "", "garbage"), None)
    assert malformed.received_at.timestamp() == UNIX_EPOCH + 10
    assert malformed.error.startswith("not a Pusher frame")
    assert session.stats() == Stats(frames=3, unknown=1, undecodable=2)


def test_a_session_decodes_with_the_table_that_it_is_given() -> None:
    decoders = Decoders(())
    session = Session(CONFIG, rng=random.Random(7), decoders=decoders)
    world = World(server := kick_server(), session)
    session.subscribe(0.0, FOX)
    world.call(session.connect)
    session.take_events()
    publish(world, server, chat("m-1"))
    assert [type(event) for event in session.take_events()] == [Unknown]


def test_an_event_is_delivered_once_also_across_sockets() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.advance(10)
    session.take_events()
    publish(world, server, chat("m-1"), chat("m-1"), chat("m-2"))
    world.cut()
    world.advance(10)
    publish(world, server, chat("m-2"), chat("m-3"))
    assert [event.id for event in session.take_events() if isinstance(event, ChatMessage)] == ["m-1", "m-2", "m-3"]
    assert session.stats() == Stats(frames=5, events=3, dropped=2, reconnects=1)


def test_what_is_repeated_within_one_read_holds_up_nothing_behind_it() -> None:
    session = led_to(State.UP)
    hear(session, *(encode_frame(chat(id)) for id in ("m-1", "m-1", "m-1", "m-2")))
    assert [event.id for event in session.take_events() if isinstance(event, ChatMessage)] == ["m-1", "m-2"]
    assert session.stats() == Stats(frames=4, events=2, dropped=2)


def test_what_was_not_taken_yet_comes_before_the_end() -> None:
    session = led_to(State.UP)
    hear(session, encode_frame(chat("m-1")))
    session.handle_input(0.0, Closed(1, 4004))
    assert [type(event) for event in session.take_events()] == [ChatMessage, Down, GaveUp]


def test_a_session_tells_under_which_id_a_socket_is_up() -> None:
    session = led_to(State.CONNECTING)
    hear(session, ESTABLISHED)
    (up,) = session.take_events()
    assert isinstance(up, Up)
    assert up.socket_id == "1.2"


def test_as_many_ids_are_remembered_as_the_configuration_says() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server, config=with_(remembered_ids=1))
    publish(world, server, chat("m-1"), chat("m-2"), chat("m-1"), chat("m-1"))
    assert [event.id for event in session.take_events() if isinstance(event, ChatMessage)] == ["m-1", "m-2", "m-1"]


def test_events_without_an_id_are_never_taken_for_duplicates() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.advance(10)
    session.take_events()
    stopped = Frame("App\\Events\\StopStreamBroadcast", FOX_TOPICS[3], '{"livestream":{"id":5}}')
    publish(world, server, stopped, stopped)
    assert len(session.take_events()) == 2


def test_frames_of_topics_that_nobody_wants_are_dropped_and_counted() -> None:
    session = led_to(State.UP)
    hear(session, encode_frame(chat("m-1", OWL_TOPICS[0])), encode_frame(Frame("Novelty", "", "{}")))
    assert session.take_events() == []
    assert session.stats() == Stats(frames=2, dropped=2)


def test_a_socket_of_the_past_is_not_listened_to() -> None:
    session = led_to(State.UP)
    session.handle_input(0.0, Closed(1, 4200))
    session.handle_input(0.0, Opened(2))
    hear(session, ESTABLISHED, ref=2)
    session.take_events()
    outputs(session)
    for stale in (Opened(1), Received(1, [encode_frame(chat("m-1"))], UNIX_EPOCH), Closed(1, 4004), Failed(1, "x")):
        session.handle_input(1.0, stale)
    for unknown in (Opened(9), Received(9, [encode_frame(chat("m-1"))], UNIX_EPOCH), Closed(9, 4004), Failed(0, "x")):
        session.handle_input(1.0, unknown)
    assert (session.state, session.stats().frames) == (State.UP, 0)
    assert (outputs(session), session.take_events()) == ([], [])


def test_a_socket_of_the_past_is_no_sign_of_life() -> None:
    session = led_to(State.UP)
    session.handle_input(0.0, Closed(1, 4200))
    session.handle_input(0.0, Opened(2))
    hear(session, ESTABLISHED, ref=2)
    hear(session, encode_frame(chat("m-1")), ref=1, now=10.0)
    session.handle_input(20.0, Closed(2, 1006))
    session.handle_timeout(22.0)
    session.handle_input(22.0, Opened(3))
    hear(session, ESTABLISHED, ref=3, now=22.0)
    assert [event.gap for event in session.take_events() if isinstance(event, Up)] == [0.0, 22.0]


def test_each_socket_has_a_ref_of_its_own() -> None:
    session, world = watching(servers={}, config=PERSISTENT)
    world.advance(60)
    refs = [line.output.ref for line in world.transcript if isinstance(line.output, Open)]
    assert refs == list(range(1, len(refs) + 1))
    assert not session.closed


def test_events_can_be_taken_one_by_one() -> None:
    session = led_to(State.UP)
    hear(session, encode_frame(chat("m-1")), encode_frame(chat("m-2")))
    events = list(iter(session.poll_event, None))
    assert [event.id for event in events if isinstance(event, ChatMessage)] == ["m-1", "m-2"]


# Back-pressure.

MARKS = with_(high_water=4, low_water=2)


def with_marks() -> tuple[Session, KickServer, World]:
    """A session with low marks that is up and has confirmed all, and an application that has caught up."""
    server = kick_server()
    session, world = watching(FOX, servers=server, config=MARKS)
    catch_up(session, world)
    return session, server, world


def catch_up(session: Session, world: World) -> list[SessionEvent]:
    """Take events until there are none any more, with a second between."""
    taken: list[SessionEvent] = []
    while events := session.take_events():
        taken += events
        world.advance(1)
    return taken


def fall_behind(world: World, server: KickServer) -> None:
    publish(world, server, *(chat(f"m-{number}") for number in range(4)))


def test_a_session_that_never_was_behind_is_read_whatever_stands_above_the_low_mark() -> None:
    session = Session(with_(low_water=0, high_water=2), rng=random.Random(7))
    be_up(session)
    assert session.wants_input
    assert [type(event) for event in session.take_events()] == [Up]


def test_reading_stops_at_the_high_water_mark_and_goes_on_at_the_low_one() -> None:
    session = led_to(State.UP, MARKS)
    hear(session, *(encode_frame(chat(f"m-{number}")) for number in range(3)))
    assert session.wants_input
    hear(session, *(encode_frame(chat(f"m-{number}")) for number in range(3, 6)))
    wanted: list[bool] = []
    taken: list[SessionEvent] = []
    while (event := session.poll_event()) is not None:
        taken.append(event)
        wanted.append(session.wants_input)
    assert wanted == [False] * 4 + [True] * 3
    assert taken[-1] == Lagging(6)
    assert len(taken) == 7


def test_a_slow_application_loses_nothing_and_delays_no_ping() -> None:
    session, server, world = with_marks()
    publish(world, server, *(chat(f"m-{number}") for number in range(20)))
    world.sent()
    world.advance(600)
    assert world.sent()[:3] == ["pusher:ping"] * 3
    assert session.state is State.UP
    taken = catch_up(session, world)
    assert [event.id for event in taken if isinstance(event, ChatMessage)] == [f"m-{number}" for number in range(20)]
    assert taken.count(Lagging(4)) == 5
    world.advance(600)
    assert downs(session) == []


def test_a_confirmation_that_waits_behind_unread_events_is_not_missed() -> None:
    session, server, world = with_marks()
    fall_behind(world, server)
    world.call(session.subscribe, OWL)
    world.advance(100)
    assert session.state is State.UP
    catch_up(session, world)
    assert session.confirmed == session.wanted


def test_a_connection_that_is_made_while_the_application_is_behind_knows_that_nobody_reads() -> None:
    session = led_to(State.UP, MARKS)
    hear(session, *(encode_frame(chat(f"m-{number}")) for number in range(4)))
    session.handle_input(0.0, Closed(1, 4200))
    session.handle_input(0.0, Opened(2))
    hear(session, ESTABLISHED, ref=2)
    assert not session.wants_input
    session.handle_timeout(120.0)
    session.handle_timeout(150.0)
    assert session.state is State.UP
    session.take_events()
    session.handle_timeout(180.0)
    assert [type(event) for event in session.take_events()] == [Down]


def test_a_connection_comes_about_however_far_behind_the_application_is() -> None:
    session, server, world = with_marks()
    fall_behind(world, server)
    world.call(server.disconnect, server.refs[0], 4200)
    world.advance(600)
    assert session.state is State.UP


def test_an_application_that_catches_up_between_two_connections_is_read_to_by_the_next() -> None:
    session, server, world = with_marks()
    fall_behind(world, server)
    world.cut()
    lagging, down = session.take_events()[-2:]
    assert lagging == Lagging(4)
    assert isinstance(down, Down)
    assert session.wants_input
    catch_up(session, world)
    world.advance(10)
    catch_up(session, world)
    assert session.confirmed == session.wanted


def test_taking_events_one_by_one_gives_the_same_as_taking_them_all() -> None:
    session = led_to(State.UP, MARKS)
    confirmations = [encode_frame(Frame("pusher_internal:subscription_succeeded", topic)) for topic in FOX_TOPICS]
    hear(session, *confirmations[:5])
    session.handle_timeout(0.2)
    hear(session, confirmations[5], now=1.0)
    session.take_events()
    session.unsubscribe(0.2, FOX)
    session.subscribe(0.2, FOX)
    twin = copy.deepcopy(session)
    assert list(iter(session.poll_event, None)) == twin.take_events()


# The counters.

names = st.sampled_from(
    ["App\\Events\\ChatMessageEvent", "ChatMessageEvent", "StopStreamBroadcast", "Novelty", "client-x"]
)
topics = st.sampled_from([*FOX_TOPICS[:4], OWL_TOPICS[0], ""])
bodies = st.sampled_from(['{"livestream":{"id":5}}', "{}", "", chat("m-1").data, chat("m-2").data])
texts = st.builds(lambda *parts: encode_frame(Frame(*parts)), names, topics, bodies) | st.sampled_from(MALFORMED)


@settings(max_examples=50)
@given(st.lists(st.lists(texts, max_size=5), max_size=10))
def test_every_frame_is_delivered_or_counted_as_dropped(reads: list[list[str]]) -> None:
    session = led_to(State.UP, with_(high_water=10**6))
    for read in reads:
        hear(session, *read)
    stats, delivered = session.stats(), session.take_events()
    assert stats.frames == stats.events + stats.unknown + stats.undecodable + stats.dropped
    assert stats.frames == sum(len(read) for read in reads)
    assert stats.unknown == sum(type(event) is Unknown for event in delivered)
    assert stats.undecodable == sum(type(event) is Undecodable for event in delivered)
    assert len(delivered) == stats.events + stats.unknown + stats.undecodable


@pytest.mark.parametrize("personality", PERSONALITIES.values(), ids=PERSONALITIES)
def test_a_session_lives_through_chaos(personality: Personality) -> None:
    server = kick_server(CHAOS, personality=personality)
    session, world = watching(FOX, servers=server, config=PERSISTENT)
    world.call(server.play, Traffic(FOX, random.Random(7)), 5.0)
    events: list[SessionEvent] = []
    for _ in range(600):
        world.advance(1)
        events += session.take_events()
    stats = session.stats()
    assert stats.frames == stats.events + stats.unknown + stats.undecodable + stats.dropped
    assert min(msgspec.structs.astuple(stats)) > 0
    ids = [(type(event), event.id) for event in events if isinstance(event, IdentifiedEvent)]
    assert len(ids) == len(set(ids)) > 500
    lives = [type(event) for event in events if isinstance(event, Up | Down)]
    assert lives == [Up, Down] * (len(lives) // 2) + [Up] * (len(lives) % 2)


def test_the_counters_are_a_copy() -> None:
    session = led_to(State.UP)
    session.stats().frames = 99
    assert session.stats() == Stats()
