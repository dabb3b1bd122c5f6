"""Three kinds of number, and the six topics that are named with them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.errors import LocalProtocolError
from kick_proto.ids import Channel, ChannelId, ChatroomId, TopicKind, channels_of, parse_topic, topic_of, topics_of

FOX = Channel(ChannelId(11), ChatroomId(22), "fox")
OWL = Channel(ChannelId(33), ChatroomId(44))
ELK = Channel(ChannelId(55), ChatroomId(66))


@pytest.mark.parametrize(
    ("kind", "topic", "number"),
    [
        (TopicKind.CHATROOM_V2, "chatrooms.22.v2", 22),
        (TopicKind.CHATROOM, "chatrooms.22", 22),
        (TopicKind.CHATROOM_NEW, "chatroom_22", 22),
        (TopicKind.CHANNEL, "channel.11", 11),
        (TopicKind.CHANNEL_NEW, "channel_11", 11),
        (TopicKind.PREDICTIONS, "predictions-channel-11", 11),
    ],
)
def test_each_topic_is_named_with_its_own_number_and_read_back(kind: TopicKind, topic: str, number: int) -> None:
    assert topic_of(kind, FOX) == topic
    assert parse_topic(topic) == (kind, number)
    assert kind.id_type == ("chatroom" if number == FOX.chatroom_id else "channel")


@given(st.integers(1, 2**64), st.integers(1, 2**64))
def test_all_topics_of_any_channel_are_different_and_read_back_in_order(channel_id: int, chatroom_id: int) -> None:
    topics = topics_of(Channel(ChannelId(channel_id), ChatroomId(chatroom_id)))
    assert len(set(topics)) == len(TopicKind)
    numbers = {"channel": channel_id, "chatroom": chatroom_id}
    assert [parse_topic(topic) for topic in topics] == [(kind, numbers[kind.id_type]) for kind in TopicKind]


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "channel.",
        "channel.x",
        "channel.-1",
        "channel.1.v2",
        "chatrooms.1.v3",
        "chatrooms.1.v2\n",
        " channel.1",
        "channel-1",
        "Channel.1",
        "channelx1",
        "chatrooms-1-v2",
        "channel.\N{ARABIC-INDIC DIGIT ONE}",
        "channel." + "9" * 21,
        "private-channel.1",
        "drops_category_1",
    ],
)
def test_a_name_that_is_none_of_the_six_is_no_topic(topic: str) -> None:
    assert parse_topic(topic) is None


@given(st.text(st.characters()))
def test_no_name_is_too_odd_to_be_asked_for(topic: str) -> None:
    assert parse_topic(topic) is None or any(digit in topic for digit in "0123456789")


def test_a_channel_is_printed_by_its_slug_or_else_by_its_numbers() -> None:
    assert (str(FOX), str(OWL)) == ("fox", "33:44")


def test_a_channel_is_one_of_kick_unless_it_says_otherwise() -> None:
    assert FOX.platform == "kick"
    assert Channel(ChannelId(1), ChatroomId(2), platform="other").platform == "other"


@pytest.mark.parametrize("wrong", [0, -1, True, 1.0, "1", None, []])
@pytest.mark.parametrize("name", ["channel_id", "chatroom_id"])
def test_a_number_that_cannot_be_an_id_is_refused_with_the_place_where_ids_are_found(name: str, wrong: Any) -> None:
    numbers = {"channel_id": 1, "chatroom_id": 2, name: wrong}
    place = "https://kick.com/api/v2/channels/SLUG shows both as 'id' and 'chatroom.id'"
    with pytest.raises(LocalProtocolError, match=rf"^{name} must be a positive number, not .*; {place}$"):
        Channel(**numbers)


@pytest.mark.parametrize(
    ("given", "channels"),
    [
        pytest.param((), (), id="none"),
        pytest.param((ChannelId(33), ChatroomId(44)), (OWL,), id="two numbers"),
        pytest.param((FOX,), (FOX,), id="one channel"),
        pytest.param((FOX, OWL), (FOX, OWL), id="two channels"),
        pytest.param((OWL, FOX, ELK), (OWL, FOX, ELK), id="three, in their order"),
    ],
)
def test_channels_are_named_by_two_numbers_or_one_by_one(given: Any, channels: tuple[Channel, ...]) -> None:
    assert channels_of(*given) == channels


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        pytest.param((11,), r"not as \(11\)", id="one number never tells the other"),
        pytest.param((None, 22), r"not as \(22\)", id="nor does the second tell the first"),
        pytest.param((FOX, 22), "not as", id="a channel and a number"),
        pytest.param((11, FOX), "not as", id="a number and a channel"),
        pytest.param((11, 22, FOX), "not as", id="two numbers and a channel"),
        pytest.param((FOX, OWL, 33), "not as", id="a number at the end"),
        pytest.param((None, FOX), "not as", id="a gap"),
        pytest.param(("fox",), r"not as \('fox'\)", id="a slug"),
        pytest.param(("11", "22"), r"not as \('11', '22'\)", id="numbers as texts"),
        pytest.param((True, 22), "channel_id must be a positive number, not True", id="a truth value"),
        pytest.param((11, 0), "chatroom_id must be a positive number, not 0", id="a number that is no id"),
    ],
)
def test_anything_else_is_refused_with_what_was_given(wrong: Any, sentence: str) -> None:
    with pytest.raises(LocalProtocolError, match=sentence) as caught:
        channels_of(*wrong)
    said = str(caught.value)
    assert "named as (ChannelId(1), ChatroomId(2)) or as Channel objects, not as (" in said or "positive" in said


def test_a_channel_of_another_platform_is_known_by_its_text() -> None:
    channel = Channel.elsewhere("youtube", "UCxyz")
    assert (channel.platform, channel.slug, str(channel), channel.numbers) == ("youtube", "UCxyz", "UCxyz", (0, 0))
    with pytest.raises(LocalProtocolError, match="UCxyz is one of youtube, and has no topics on Kick"):
        topics_of(channel)


@pytest.mark.parametrize(("platform", "id"), [("kick", "fox"), ("", "fox"), ("youtube", "")])
def test_a_channel_elsewhere_needs_another_platform_and_an_id(platform: str, id: str) -> None:
    with pytest.raises(LocalProtocolError, match="elsewhere needs"):
        Channel.elsewhere(platform, id)


def test_a_channel_of_kick_is_not_known_by_its_slug_alone() -> None:
    with pytest.raises(LocalProtocolError, match="channel_id must be a positive number, not 0"):
        Channel(ChannelId(0), ChatroomId(0), "fox")


def test_a_channel_of_another_platform_cannot_have_one_number_only() -> None:
    with pytest.raises(LocalProtocolError, match="channel_id must be a positive number"):
        Channel(ChannelId(0), ChatroomId(5), "UCxyz", "youtube")
