"""Topics follow demand: what carries a wanted event is subscribed, and what carries none is not."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto import events, lifecycle, payloads
from kick_proto.decoders import ROWS, Row
from kick_proto.demand import PAST, topics_demanded, topics_for
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind, topic_of, topics_of
from tests.scenes import FOX, FOX_CHAT

ALL = topics_of(FOX)
PAIRS = [(row, made) for row in ROWS for made in row.makes if (row.name, made) not in PAST]
MADE = sorted({made for _, made in PAIRS} - {events.Unknown}, key=str)


@pytest.mark.parametrize(("row", "made"), PAIRS, ids=lambda each: getattr(each, "name", None) or each.__name__)
def test_each_topic_of_a_row_is_subscribed_for_each_type_that_it_makes(row: Row[Any], made: type) -> None:
    assert {topic_of(kind, FOX) for kind in row.topics} <= set(topics_for({made}, FOX))


def test_what_is_past_stands_in_the_table() -> None:
    assert {(row.name, made) for row in ROWS for made in row.makes} >= PAST


@given(st.sets(st.sampled_from(MADE)))
def test_a_demand_is_the_sum_of_its_parts_in_the_order_of_the_topics(wanted: set[type]) -> None:
    topics = topics_for(wanted, FOX)
    assert set(topics) == {topic for each in wanted for topic in topics_for((each,), FOX)}
    assert [topic for topic in ALL if topic in topics] == list(topics)


@given(st.sets(st.sampled_from(MADE)))
def test_no_topic_is_subscribed_for_nothing(wanted: set[type]) -> None:
    carrying = {topic_of(kind, FOX) for row, made in PAIRS if made in wanted for kind in row.topics}
    assert set(topics_for(wanted, FOX)) == carrying


def test_the_chat_needs_one_topic() -> None:
    assert topics_for((events.ChatMessage,), FOX) == (FOX_CHAT,)
    assert topics_for((events.ChatMessage, events.MessageDeleted, events.UserBanned), FOX) == (FOX_CHAT,)


def test_a_base_class_wants_all_below_it() -> None:
    below = [made for made in MADE if issubclass(made, events.IdentifiedEvent)]
    assert topics_for((events.IdentifiedEvent,), FOX) == topics_for(below, FOX)


@pytest.mark.parametrize(
    "everything",
    [events.Unknown, events.Undecodable, events.Event, events.Arrival, object],
    ids=lambda each: each.__name__,
)
def test_what_may_come_anywhere_needs_all_topics(everything: type) -> None:
    assert topics_for((events.ChatMessage, everything), FOX) == ALL


def test_nothing_and_what_the_connection_tells_need_no_topic() -> None:
    assert topics_for((), FOX) == ()
    assert topics_for((lifecycle.Up, lifecycle.Down), FOX) == ()


class Confetti(events.Event, frozen=True):
    pass


def confetti(payload: payloads.Payload, received_at: datetime, raw: Frame, channel: Channel) -> Confetti:
    return Confetti(received_at, raw, channel)


def anything(payload: payloads.Payload, received_at: datetime, raw: Frame, channel: Channel) -> events.Event:
    return Confetti(received_at, raw, channel)


def test_a_type_that_no_row_makes_may_come_anywhere() -> None:
    assert topics_for((Confetti,), FOX) == ALL


def test_the_table_may_be_ones_own() -> None:
    rows = (*ROWS, Row("ConfettiEvent", payloads.Payload, confetti, (TopicKind.CHANNEL, TopicKind.CHATROOM)))
    assert topics_for((Confetti,), FOX, rows) == ("chatrooms.22", "channel.11")


def test_what_needs_a_login_comes_on_no_public_topic() -> None:
    row = Row("ConfettiEvent", payloads.Payload, confetti, (), private=("private-channel_{}",))
    assert topics_for((Confetti,), FOX, [row]) == ()


def test_a_row_that_says_less_than_it_makes_counts_for_every_type() -> None:
    row = Row("AnythingEvent", payloads.Payload, anything, (TopicKind.CHANNEL_NEW,))
    assert topics_for((Confetti,), FOX, [row]) == ("channel_11",)


def test_who_wants_everything_demands_no_topic_in_particular() -> None:
    assert topics_demanded(None, FOX) is None


def test_a_demand_is_met_on_the_topics_that_carry_it() -> None:
    assert topics_demanded((events.ChatMessage, lifecycle.Up), FOX) == (FOX_CHAT,)
    assert topics_demanded(iter([events.ChatMessage]), FOX) == (FOX_CHAT,)
    row = Row("ConfettiEvent", payloads.Payload, confetti, (TopicKind.CHANNEL,))
    assert topics_demanded((Confetti,), FOX, [*ROWS, row]) == ("channel.11",)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param((), "nothing", id="nothing is wanted"),
        pytest.param((lifecycle.Up, lifecycle.Down), "Up, Down", id="the connection tells it"),
    ],
)
def test_a_demand_that_no_topic_meets_is_refused_with_what_was_wanted(wanted: tuple[type, ...], names: str) -> None:
    sentence = rf"^no public topic carries what is wanted of channel fox \({names}\)$"
    with pytest.raises(LocalProtocolError, match=sentence):
        topics_demanded(wanted, FOX)
