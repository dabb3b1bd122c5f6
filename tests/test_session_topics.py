"""What a session subscribes: in order, at its pace, again on each socket, never twice on one."""

import random
from datetime import datetime

import msgspec
import pytest

from kick_proto import events, payloads
from kick_proto.decoders import Decoders, Row
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChatroomId, TopicKind, topic_of
from kick_proto.lifecycle import Lagging, Stats, Up
from kick_proto.machine import Opened
from kick_proto.provider import Confirmed, Refused
from kick_proto.session import Session, State, Timer
from kick_proto.testing.faults import NO_FAULTS, Faults
from tests.scenes import FOX, FOX_CHAT, OWL, OWL_CHAT, chat, kick_server, said, watching
from tests.session_acts import (
    ESTABLISHED,
    FOX_TOPICS,
    OWL_TOPICS,
    PERSISTENT,
    downs,
    hear,
    led_to,
    outputs,
    publish,
    subscribes,
    with_,
)

# What is subscribed.


def test_six_topics_are_subscribed_five_at_once_and_five_a_second() -> None:
    session, world = watching(FOX, OWL, servers=kick_server())
    world.advance(2)
    at = [0.0] * 5 + [0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4]
    assert [(round(moment, 9), text) for moment, text in said(world)] == list(
        zip(at, subscribes(*FOX_TOPICS, *OWL_TOPICS), strict=True)
    )
    assert session.confirmed == session.wanted == {*FOX_TOPICS, *OWL_TOPICS}


def test_a_wish_in_between_keeps_the_pace() -> None:
    session, world = watching(FOX, servers=kick_server())
    world.advance(0.1)
    world.call(session.subscribe, OWL)
    world.advance(2)
    assert [round(at, 9) for at, _ in said(world)[5:]] == [0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4]


def test_the_limit_holds_across_sockets() -> None:
    server = kick_server()
    _, world = watching(FOX, servers=server)
    world.advance(0.5)
    world.call(server.disconnect, server.refs[0], 4200)
    world.advance(10)
    again = said(world)[6:]
    # Of the burst 1.5 tokens are there again: 6 were taken until 0.2, and it is 0.3 s since.
    assert [text for _, text in again] == subscribes(*FOX_TOPICS)
    assert [round(at, 9) for at, _ in again] == [0.5, 0.6, 0.8, 1.0, 1.2, 1.4]


def test_the_limit_holds_over_every_stretch_of_time_however_often_the_connection_ends() -> None:
    server = kick_server(Faults(close_after=0.7, spread=0.9))
    _, world = watching(FOX, OWL, servers=server, config=PERSISTENT)
    world.advance(3_600)
    moments = [at for at, text in said(world) if text.startswith("subscribe")]
    assert len(moments) > 500
    for count, at in enumerate(moments):
        within = [other for other in moments[count : count + 100] if other - at <= 2.0]
        assert len(within) <= 5 + 5 * (within[-1] - at) + 1e-6


def test_the_limit_holds_where_the_clock_has_jumped_ahead() -> None:
    session = led_to(State.IDLE)
    session.subscribe(0.0, OWL)
    session.connect(0.0)
    session.handle_input(0.0, Opened(1))
    hear(session, ESTABLISHED)
    session.take_events()
    outputs(session)
    session.handle_timeout(20.0)
    assert len(outputs(session)) == 5
    assert session.poll_timeout() == 20.2


def test_pings_and_pongs_pass_the_limit_by() -> None:
    server = kick_server()
    _, world = watching(FOX, OWL, servers=server)
    world.sent()
    for _ in range(10):
        world.call(server.ping, server.refs[0])
    assert world.sent() == ["pusher:pong"] * 10
    world.advance(0.2)
    assert world.sent() == ["pusher:subscribe"]


def test_only_topics_that_carry_what_is_wanted_are_subscribed() -> None:
    session, world = watching(FOX, OWL, servers=kick_server(), config=with_(events=(events.ChatMessage,)))
    world.advance(10)
    assert [text for _, text in said(world)] == subscribes(FOX_CHAT, OWL_CHAT)
    assert session.wanted == session.confirmed == {FOX_CHAT, OWL_CHAT}
    assert session.channels == (FOX, OWL)


class Confetti(events.Event, frozen=True):
    pass


def confetti(payload: payloads.Payload, received_at: datetime, raw: Frame, channel: Channel) -> Confetti:
    return Confetti(received_at, raw, channel)


def test_rows_of_ones_own_say_which_topics_carry_their_event() -> None:
    table = Decoders()
    session = Session(with_(events=(Confetti,)), rng=random.Random(7), decoders=table)
    table.register(Row("ConfettiEvent", payloads.Payload, confetti, (TopicKind.CHANNEL_NEW,)))
    session.subscribe(0.0, FOX)
    assert session.wanted == {topic_of(TopicKind.CHANNEL_NEW, FOX)}
    table.register(Row("ChatMessageEvent", payloads.Payload, confetti, (TopicKind.CHATROOM_V2,)))
    session.subscribe(0.0, OWL)
    assert session.wanted == {topic_of(TopicKind.CHANNEL_NEW, each) for each in (FOX, OWL)} | {OWL_CHAT}


def test_topics_may_be_named_and_further_ones_added() -> None:
    server = kick_server()
    session, world = watching(servers=server, config=with_(events=(events.ChatMessage,)))
    world.call(session.subscribe, FOX, FOX_TOPICS[3:4])
    world.call(session.subscribe, FOX)
    world.advance(10)
    world.call(session.subscribe, FOX, FOX_TOPICS)
    world.advance(10)
    order = (FOX_TOPICS[3], FOX_TOPICS[0], *FOX_TOPICS[1:3], *FOX_TOPICS[4:])
    assert server.topics_of(server.refs[0]) == order
    world.call(session.unsubscribe, FOX)
    world.advance(10)
    assert server.topics_of(server.refs[0]) == ()


@pytest.mark.parametrize(
    ("wanted", "told"), [((), "nothing"), ((Up,), "Up"), ((Up, Lagging), "Up, Lagging")], ids=["none", "one", "two"]
)
def test_a_demand_that_no_topic_meets_is_told(wanted: tuple[type[msgspec.Struct], ...], told: str) -> None:
    session = Session(with_(events=wanted), rng=random.Random(7))
    with pytest.raises(LocalProtocolError, match=rf"no public topic carries .* of channel fox \({told}\)"):
        session.subscribe(0.0, FOX)
    session.subscribe(0.0, FOX, FOX_TOPICS[:1])
    assert session.wanted == {FOX_CHAT}


def test_a_topic_of_another_channel_changes_nothing() -> None:
    session = led_to(State.UP)
    with pytest.raises(LocalProtocolError, match="is no topic of channel fox"):
        session.subscribe(0.0, FOX, [OWL_CHAT])
    assert session.channels == (FOX,)
    assert (outputs(session), session.take_events()) == ([], [])


def test_a_channel_can_be_subscribed_at_any_time() -> None:
    server = kick_server()
    session, world = watching(servers=server)
    world.advance(10)
    world.call(session.subscribe, FOX)
    world.advance(1)
    assert server.topics_of(server.refs[0]) == FOX_TOPICS
    assert [event for event in session.take_events() if isinstance(event, Confirmed)] == [
        Confirmed(topic) for topic in FOX_TOPICS
    ]


def test_every_new_socket_is_subscribed_in_the_order_of_the_first_wish() -> None:
    server = kick_server()
    session, world = watching(OWL, FOX, servers=server)
    for _ in range(3):
        world.advance(10)
        assert server.topics_of(server.refs[0]) == (*OWL_TOPICS, *FOX_TOPICS)
        world.cut()
        assert session.confirmed == frozenset()
    assert session.channels == (OWL, FOX)


def test_what_is_subscribed_while_down_is_subscribed_when_up() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.cut()
    world.call(session.subscribe, OWL)
    world.call(session.unsubscribe, FOX)
    assert session.state is State.WAITING
    world.advance(10)
    assert server.topics_of(server.refs[0]) == OWL_TOPICS


def test_what_is_subscribed_while_a_connection_is_made_waits_for_its_handshake() -> None:
    session = led_to(State.CONNECTING)
    session.subscribe(0.0, OWL)
    assert (outputs(session), session.timers) == ([], frozenset())
    hear(session, ESTABLISHED)
    assert len(outputs(session)) == 5
    assert session.timers == {Timer.SEND}


def test_a_second_wish_changes_nothing() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.advance(10)
    world.call(session.subscribe, FOX)
    world.advance(10)
    assert len(said(world)) == 6


def test_a_channel_that_is_wanted_no_more_is_unsubscribed_and_not_heard_of() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.advance(10)
    session.take_events()
    world.latency = 0.25
    world.call(session.unsubscribe, FOX)
    publish(world, server, chat("crossed"))
    world.advance(10)
    assert [text for _, text in said(world)[6:]] == [f"unsubscribe {topic}" for topic in FOX_TOPICS]
    assert server.topics_of(server.refs[0]) == ()
    assert session.take_events() == []
    assert session.stats() == Stats(frames=1, dropped=1)
    assert (session.wanted, session.channels) == (frozenset(), ())


def test_a_channel_that_is_given_up_before_its_confirmations_is_unsubscribed_after_them() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.advance(10)
    session.take_events()
    world.latency = 0.5
    world.call(session.subscribe, OWL)
    world.call(session.unsubscribe, OWL)
    assert len(said(world)) == 6 + 5
    world.advance(0.9)
    assert len(said(world)) == 6 + 5
    world.advance(10)
    assert [text for _, text in said(world)[11:]] == [f"unsubscribe {topic}" for topic in OWL_TOPICS[:5]]
    assert session.take_events() == []


def test_a_channel_that_is_given_up_and_wanted_again_is_never_subscribed_twice_on_one_socket() -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server)
    world.advance(10)
    session.take_events()
    world.call(session.unsubscribe, FOX)
    world.call(session.subscribe, FOX)
    world.advance(10)
    # Five unsubscribes left at once; the sixth was still to come, so its topic needs no asking.
    assert [text for _, text in said(world)[6:]] == [
        *(f"unsubscribe {topic}" for topic in FOX_TOPICS[:5]),
        *subscribes(*FOX_TOPICS[:5]),
    ]
    assert [event.topic for event in session.take_events() if isinstance(event, Confirmed)] == [
        FOX_TOPICS[5],
        *FOX_TOPICS[:5],
    ]
    assert set(server.topics_of(server.refs[0])) == set(FOX_TOPICS)


def test_a_topic_that_the_server_refuses_is_reported_and_asked_for_again_on_the_next_socket() -> None:
    server = kick_server(Faults(refused_topics=frozenset({FOX_CHAT})))
    session, world = watching(FOX, servers=server)
    world.advance(10)
    refusals = [event for event in session.take_events() if isinstance(event, Refused)]
    assert [refusal.topic for refusal in refusals] == [FOX_CHAT]
    assert session.confirmed == session.wanted - {FOX_CHAT}
    world.call(server.set_faults, NO_FAULTS)
    world.advance(100)
    assert len(said(world)) == 6
    world.cut()
    world.advance(10)
    assert session.confirmed == session.wanted


def test_a_refusal_of_a_topic_that_is_wanted_no_more_is_not_delivered() -> None:
    server = kick_server(Faults(refused_topics=frozenset({FOX_CHAT})))
    session, world = watching(servers=server)
    session.take_events()
    world.latency = 0.5
    world.call(session.subscribe, FOX)
    world.call(session.unsubscribe, FOX)
    world.advance(10)
    assert session.take_events() == []


def test_a_confirmation_that_does_not_come_is_a_lost_connection() -> None:
    session, world = watching(FOX, servers=kick_server(Faults(unconfirmed_topics=frozenset({FOX_CHAT}))))
    world.advance(30)
    assert downs(session) == [("us2", 1006, 1.0)]


@pytest.mark.parametrize("up", [False, True], ids=["before", "while up"])
def test_a_topic_belongs_to_one_channel(up: bool) -> None:
    session = led_to(State.UP if up else State.IDLE)
    other = Channel(FOX.channel_id, ChatroomId(99))
    with pytest.raises(LocalProtocolError, match=r"channel\.11 belongs to channel fox"):
        session.subscribe(0.0, other)
    assert session.channels == (FOX,)
    assert (outputs(session), session.take_events()) == ([], [])


def test_a_slug_never_tells_channels_apart() -> None:
    session = led_to(State.UP)
    nameless = msgspec.structs.replace(FOX, slug="")
    session.subscribe(0.0, nameless)
    session.unsubscribe(0.0, nameless)
    assert session.channels == ()


def test_there_is_a_limit_of_topics() -> None:
    session, world = watching(FOX, servers=kick_server(), config=with_(max_topics=11))
    with pytest.raises(LocalProtocolError, match="more than 11 topics"):
        world.call(session.subscribe, OWL)
    assert session.wanted == set(FOX_TOPICS)


@pytest.mark.parametrize("state", [State.IDLE, State.UP, State.WAITING])
def test_what_is_not_subscribed_cannot_be_unsubscribed(state: State) -> None:
    session = led_to(state)
    with pytest.raises(LocalProtocolError, match="is not subscribed"):
        session.unsubscribe(0.0, OWL)
