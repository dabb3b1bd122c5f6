"""What is wanted, and what is said to get there: in order, within the bucket, never twice on one connection."""

import math

import msgspec
import pytest

from kick_proto.bucket import Bucket
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame, encode_frame, encode_subscribe, encode_unsubscribe
from kick_proto.ids import Channel, ChannelId, ChatroomId, Topic, topics_of
from kick_proto.machine import Opened, Received, Transmit
from kick_proto.pusher import Connection
from kick_proto.testing.world import UNIX_EPOCH
from kick_proto.wishes import Route, Wishes
from tests.scenes import FOX, OWL, connection

GENEROUS = Bucket(rate=1e9, burst=1e9, level=1e9)
FOX_TOPICS, OWL_TOPICS = topics_of(FOX), topics_of(OWL)


def wishing(*channels: Channel, bucket: Bucket = GENEROUS, max_topics: int = 1_000) -> Wishes:
    wishes = Wishes(bucket, max_topics)
    for channel in channels:
        assert wishes.add(channel) == []
    return wishes


def connected() -> Connection:
    """A connection that is up; ``said`` shows what it has been told."""
    up = connection()
    up.connect(0.0)
    up.handle_input(0.0, Opened(1))
    hear(up, Frame("pusher:connection_established", "", '{"socket_id":"1.2"}'))
    said(up)
    return up


def hear(up: Connection, *frames: Frame) -> None:
    up.handle_input(0.0, Received(1, [encode_frame(frame) for frame in frames], UNIX_EPOCH))
    up.take_events()


def confirm(up: Connection, *topics: Topic) -> None:
    hear(up, *(Frame("pusher_internal:subscription_succeeded", topic) for topic in topics))


def said(up: Connection) -> list[str]:
    texts: list[str] = []
    while (output := up.poll_output()) is not None:
        if isinstance(output, Transmit):
            texts += output.data
    return texts


def subscribes(*topics: Topic) -> list[str]:
    return [encode_subscribe(topic) for topic in topics]


# What is wanted.


def test_a_channel_is_wanted_with_all_its_topics() -> None:
    assert list(wishing(FOX).routes) == list(FOX_TOPICS)


def test_topics_are_wanted_in_the_order_of_the_first_wish() -> None:
    wishes = wishing(OWL, FOX, OWL)
    assert list(wishes.routes) == [*OWL_TOPICS, *FOX_TOPICS]
    assert wishes.routes[OWL_TOPICS[0]].channel == OWL


@pytest.mark.parametrize(
    "other",
    [
        Channel(FOX.channel_id, ChatroomId(99)),
        Channel(ChannelId(99), FOX.chatroom_id),
    ],
    ids=["same channel id", "same chatroom id"],
)
def test_a_topic_belongs_to_one_channel(other: Channel) -> None:
    wishes = wishing(FOX)
    with pytest.raises(LocalProtocolError, match="belongs to channel fox, and cannot be one of"):
        wishes.add(other)
    assert list(wishes.routes) == list(FOX_TOPICS)


def test_a_slug_never_tells_channels_apart() -> None:
    wishes = wishing(FOX)
    nameless = msgspec.structs.replace(FOX, slug="")
    assert wishes.add(nameless) == []
    wishes.remove(nameless)
    assert wishes.routes == {}


def test_there_is_a_limit_of_topics() -> None:
    wishes = wishing(FOX, max_topics=11)
    with pytest.raises(LocalProtocolError, match=r"owl would make more than 11 topics \(max_topics\)"):
        wishes.add(OWL)
    assert list(wishes.routes) == list(FOX_TOPICS)
    wishes.add(FOX)


@pytest.mark.parametrize(
    "channel", [OWL, Channel(FOX.channel_id, ChatroomId(99))], ids=["never wanted", "one topic is another channel's"]
)
def test_what_is_not_wanted_cannot_be_given_up(channel: Channel) -> None:
    wishes = wishing(FOX)
    with pytest.raises(LocalProtocolError, match="is not subscribed"):
        wishes.remove(channel)
    assert list(wishes.routes) == list(FOX_TOPICS)


def test_topics_of_a_channel_may_be_wanted_alone_and_further_ones_later() -> None:
    wishes = Wishes(GENEROUS, 1_000)
    assert wishes.add(FOX, FOX_TOPICS[3:4]) == []
    assert wishes.add(FOX, [FOX_TOPICS[0], FOX_TOPICS[3], FOX_TOPICS[0]]) == []
    assert list(wishes.routes) == [FOX_TOPICS[3], FOX_TOPICS[0]]
    wishes.add(FOX)
    assert set(wishes.routes) == set(FOX_TOPICS)
    wishes.remove(FOX)
    assert wishes.routes == {}


def test_further_topics_of_a_channel_go_to_the_channel_as_it_was_first_named() -> None:
    wishes = Wishes(GENEROUS, 1_000)
    wishes.add(FOX, FOX_TOPICS[:1])
    wishes.add(msgspec.structs.replace(FOX, slug=""))
    assert {route.channel for route in wishes.routes.values()} == {FOX}


@pytest.mark.parametrize(
    ("topics", "sentence"),
    [
        (
            [FOX_TOPICS[0], OWL_TOPICS[0]],
            r"'chatrooms\.44\.v2' is no topic of channel fox; those are chatrooms\.22\.v2, ",
        ),
        ([Topic("private-channel_11")], "'private-channel_11' is no topic of channel fox"),
        ([], "no topic of channel fox is named; there are"),
    ],
    ids=["another channel's", "nobody's", "none"],
)
def test_only_topics_of_the_channel_can_be_wanted(topics: list[Topic], sentence: str) -> None:
    wishes = Wishes(GENEROUS, 1_000)
    with pytest.raises(LocalProtocolError, match=sentence):
        wishes.add(FOX, topics)
    assert wishes.routes == {}
    wishes.add(Channel(FOX.channel_id, ChatroomId(99)))


def test_channels_contradict_each_other_even_where_the_wanted_topics_do_not() -> None:
    wishes = Wishes(GENEROUS, 1_000)
    wishes.add(FOX, FOX_TOPICS[:1])
    other = Channel(FOX.channel_id, ChatroomId(99))
    with pytest.raises(LocalProtocolError, match=r"channel\.11 belongs to channel fox"):
        wishes.add(other, topics_of(other)[:1])
    with pytest.raises(LocalProtocolError, match="is not subscribed"):
        wishes.remove(other)
    assert list(wishes.routes) == [FOX_TOPICS[0]]


def test_what_was_given_up_may_be_another_channels() -> None:
    wishes, other = wishing(FOX), Channel(FOX.channel_id, ChatroomId(99))
    wishes.remove(FOX)
    assert wishes.add(other) == []
    assert list(wishes.routes) == list(topics_of(other))


def test_the_limit_counts_the_topics_that_are_wanted() -> None:
    wishes = Wishes(GENEROUS, 2)
    wishes.add(FOX, FOX_TOPICS[:1])
    wishes.add(OWL, OWL_TOPICS[:1])
    with pytest.raises(LocalProtocolError, match="more than 2 topics"):
        wishes.add(OWL, OWL_TOPICS[:2])


def test_a_route_remembers_ids_by_event() -> None:
    route = Route(FOX)
    assert route.remember("a", 10).add("1")
    assert route.remember("b", 10).add("1")
    assert not route.recent["a"].add("1")
    assert Route(FOX).recent == {}


def test_a_route_remembers_as_many_ids_as_it_is_told() -> None:
    recent = Route(FOX).remember("a", 1)
    assert [recent.add(id) for id in ("1", "2", "1")] == [True, True, True]


# What is said.


def test_without_a_connection_there_is_nothing_to_say() -> None:
    wishes = wishing(FOX)
    assert wishes.pace(0.0) is None
    assert not wishes.is_confirmed(FOX_TOPICS[0])


def test_a_new_connection_is_told_of_everything_in_order() -> None:
    wishes, up = wishing(OWL, FOX), connected()
    wishes.begin(up)
    assert wishes.pace(0.0) is None
    assert said(up) == subscribes(*OWL_TOPICS, *FOX_TOPICS)


def test_a_connection_is_told_once() -> None:
    wishes, up = wishing(FOX), connected()
    wishes.begin(up)
    wishes.pace(0.0)
    wishes.add(FOX)
    said(up)
    assert wishes.pace(1.0) is None
    assert said(up) == []


def test_the_bucket_sets_the_pace() -> None:
    wishes, up = wishing(FOX, bucket=Bucket(rate=2.0, burst=3.0, level=3.0)), connected()
    wishes.begin(up)
    assert wishes.pace(0.0) == 0.5
    assert said(up) == subscribes(*FOX_TOPICS[:3])
    assert wishes.pace(0.4) == 0.5
    assert said(up) == []
    assert wishes.pace(0.5) == 1.0
    assert said(up) == subscribes(FOX_TOPICS[3])
    assert wishes.pace(1.0) == 1.5
    assert wishes.pace(1.5) is None
    assert said(up) == subscribes(*FOX_TOPICS[4:])


def test_a_wait_of_a_billionth_of_a_second_is_none() -> None:
    wishes, up = wishing(FOX, bucket=Bucket(rate=1e9, burst=1.0, level=1.0)), connected()
    wishes.begin(up)
    assert wishes.pace(0.0) == 2e-9
    assert said(up) == subscribes(*FOX_TOPICS[:2])


def test_the_bucket_outlives_connections() -> None:
    wishes = wishing(FOX, bucket=Bucket(rate=1.0, burst=6.0, level=6.0))
    first, second = connected(), connected()
    wishes.begin(first)
    assert wishes.pace(0.0) is None
    wishes.end()
    wishes.begin(second)
    assert wishes.pace(2.0) == 3.0
    assert said(second) == subscribes(*FOX_TOPICS[:2])


def test_a_topic_that_was_given_up_before_it_was_asked_for_is_not_asked_for() -> None:
    wishes, up = wishing(FOX, OWL, bucket=Bucket(rate=1.0, burst=1.0, level=1.0)), connected()
    wishes.begin(up)
    assert wishes.pace(0.0) == 1.0
    wishes.remove(FOX)
    assert wishes.pace(1.0) == 2.0
    assert said(up) == subscribes(FOX_TOPICS[0], OWL_TOPICS[0])


def test_a_token_that_was_waited_for_in_vain_is_kept() -> None:
    wishes, up = wishing(FOX, bucket=Bucket(rate=1.0, burst=1.0, level=1.0)), connected()
    wishes.begin(up)
    assert wishes.pace(0.0) == 1.0
    wishes.remove(FOX)
    said(up)
    assert wishes.pace(1.0) is None
    wishes.add(OWL)
    assert wishes.pace(1.0) == 2.0
    assert said(up) == subscribes(OWL_TOPICS[0])


def test_who_comes_back_late_may_say_no_more_than_a_full_bucket_holds() -> None:
    wishes, up = wishing(FOX, bucket=Bucket(rate=1.0, burst=2.0, level=2.0)), connected()
    wishes.begin(up)
    assert wishes.pace(0.0) == 1.0
    said(up)
    assert wishes.pace(100.0) == 101.0
    assert said(up) == subscribes(*FOX_TOPICS[2:4])


def test_a_confirmed_topic_that_is_given_up_is_unsubscribed() -> None:
    wishes, up = wishing(FOX), connected()
    wishes.begin(up)
    wishes.pace(0.0)
    said(up)
    confirm(up, *FOX_TOPICS)
    assert wishes.is_confirmed(FOX_TOPICS[0])
    wishes.remove(FOX)
    assert wishes.pace(1.0) is None
    assert said(up) == [encode_unsubscribe(topic) for topic in FOX_TOPICS]


def test_a_topic_that_is_given_up_while_its_confirmation_is_awaited_is_unsubscribed_after_it() -> None:
    wishes, up = wishing(FOX), connected()
    wishes.begin(up)
    wishes.pace(0.0)
    wishes.remove(FOX)
    said(up)
    assert wishes.pace(1.0) is None
    assert said(up) == []
    confirm(up, FOX_TOPICS[0])
    assert not wishes.confirm(FOX_TOPICS[0])
    assert wishes.pace(1.0) is None
    assert said(up) == [encode_unsubscribe(FOX_TOPICS[0])]


def test_a_topic_that_is_wanted_again_while_its_confirmation_is_awaited_is_simply_kept() -> None:
    wishes, up = wishing(FOX), connected()
    wishes.begin(up)
    wishes.pace(0.0)
    wishes.remove(FOX)
    assert wishes.add(FOX) == []
    said(up)
    assert wishes.pace(1.0) is None
    assert said(up) == []
    confirm(up, *FOX_TOPICS)
    assert all(wishes.confirm(topic) for topic in FOX_TOPICS)


def test_a_topic_that_is_wanted_again_before_it_was_unsubscribed_is_kept_without_asking() -> None:
    wishes, up = wishing(FOX, bucket=Bucket(rate=1.0, burst=6.0, level=6.0)), connected()
    wishes.begin(up)
    assert wishes.pace(0.0) is None
    confirm(up, *FOX_TOPICS)
    said(up)
    wishes.remove(FOX)
    assert wishes.pace(0.0) == 1.0
    assert wishes.add(FOX) == list(FOX_TOPICS)
    assert wishes.pace(1.0) is None
    assert said(up) == []


def test_a_topic_that_is_wanted_again_after_it_was_unsubscribed_is_asked_for_again() -> None:
    wishes, up = wishing(FOX), connected()
    wishes.begin(up)
    wishes.pace(0.0)
    confirm(up, *FOX_TOPICS)
    wishes.remove(FOX)
    wishes.pace(0.0)
    said(up)
    assert wishes.add(FOX) == []
    wishes.pace(0.0)
    assert said(up) == subscribes(*FOX_TOPICS)


def test_what_was_to_be_unsubscribed_is_forgotten_with_the_connection() -> None:
    wishes, first, second = wishing(FOX, OWL), connected(), connected()
    wishes.begin(first)
    wishes.pace(0.0)
    confirm(first, *FOX_TOPICS)
    wishes.remove(FOX)
    wishes.end()
    assert not wishes.is_confirmed(FOX_TOPICS[0])
    wishes.begin(second)
    assert wishes.pace(math.pi) is None
    assert said(second) == subscribes(*OWL_TOPICS)


def test_a_new_connection_is_told_of_what_was_wanted_meanwhile() -> None:
    wishes, up = wishing(FOX), connected()
    wishes.end()
    wishes.add(OWL)
    wishes.remove(FOX)
    wishes.begin(up)
    wishes.pace(0.0)
    assert said(up) == subscribes(*OWL_TOPICS)


def test_a_channel_of_which_some_topics_are_wanted_is_wanted_no_more_with_all_of_them() -> None:
    wishes = Wishes(GENEROUS, 1_000)
    wishes.add(FOX, (FOX_TOPICS[1], FOX_TOPICS[4]))
    wishes.remove(FOX)
    assert wishes.routes == {}
    with pytest.raises(LocalProtocolError, match="is not subscribed"):
        wishes.remove(FOX)


def test_a_wish_for_no_topic_is_told_which_there_are() -> None:
    with pytest.raises(LocalProtocolError, match=f"there are {FOX_TOPICS[0]}, {FOX_TOPICS[1]}, "):
        Wishes(GENEROUS, 1_000).add(FOX, ())


class Clocked(Connection):
    """A connection that notes when it was told to unsubscribe."""

    told_at: float | None = None

    def unsubscribe(self, now: float, topic: Topic) -> None:
        self.told_at = now
        super().unsubscribe(now, topic)


def test_an_unsubscribe_is_told_when_it_is() -> None:
    up, wishes = connected(), wishing(FOX)
    up.__class__ = Clocked
    assert isinstance(up, Clocked)
    wishes.begin(up)
    wishes.pace(1.0)
    confirm(up, *FOX_TOPICS)
    wishes.remove(FOX)
    wishes.pace(2.5)
    assert up.told_at == 2.5
