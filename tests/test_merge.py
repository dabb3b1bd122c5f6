"""One fact, one event: every fact in every order of its frames, on a clock that only ``Stage.wait`` moves."""

import copy
import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto import events
from kick_proto.events import ChatSettingsChanged, GiftedSubscriptions, Mode, RaidReceived, Resubscribed, Subscribed
from kick_proto.frames import Frame
from kick_proto.ids import UserId
from kick_proto.lifecycle import Down, GaveUp, Lagging, Up
from kick_proto.machine import Received
from kick_proto.merge import REACTIONS, Merge
from kick_proto.session import Config, Session, SessionEvent
from kick_proto.testing.world import UNIX_EPOCH
from tests.scenes import FOX, OWL, chat
from tests.session_acts import be_up, hear

READ_AT = datetime(2026, 5, 4, 12, 0, 0, 0, UTC)
EventT = TypeVar("EventT", bound=events.Event)


class Source:
    """Stands in for a session: what it is told to say is what it says."""

    def __init__(self) -> None:
        self.said: list[SessionEvent] = []
        self.due: float | None = None
        self.closed = False
        self.wants_input = True

    def handle_input(self, now: float, received: Any) -> None: ...

    def handle_timeout(self, now: float) -> None: ...

    def poll_output(self) -> None:
        return None

    def poll_event(self) -> SessionEvent | None:
        return self.said.pop(0) if self.said else None

    def take_events(self) -> list[SessionEvent]:
        said, self.said = self.said, []
        return said

    def poll_timeout(self) -> float | None:
        return self.due


class Stage:
    """A merge around a source, and the clock."""

    def __init__(self, **options: Any) -> None:
        self.now = 100.0
        self.source = Source()
        self.merge = Merge(self.source, **options)

    def tell(self, *told: Any) -> list[Any]:
        """The source says these in one read; gives what is delivered at once."""
        self.read(*told)
        return self.merge.take_events()

    def read(self, *told: Any) -> None:
        """The source says these in one read, and nobody takes what is delivered."""
        read_at = READ_AT + timedelta(seconds=self.now)
        self.source.said += [
            msgspec.structs.replace(event, received_at=read_at) if isinstance(event, events.Event) else event
            for event in told
        ]
        self.merge.handle_input(self.now, Received(1, [], UNIX_EPOCH))

    def wait(self, seconds: float) -> list[Any]:
        """Time passes, from deadline to deadline."""
        until = self.now + seconds
        delivered: list[Any] = []
        while (at := self.merge.poll_timeout()) is not None and at <= until:
            self.now = max(self.now, at)
            self.merge.handle_timeout(self.now)
            delivered += self.merge.take_events()
        self.now = until
        self.merge.handle_timeout(until)
        return delivered + self.merge.take_events()


numbers = itertools.count()


def part(kind: type[EventT], name: str, *, channel: Any = FOX, **fields: Any) -> EventT:
    """An event of a frame with that name, which is no other frame."""
    return kind(READ_AT, Frame(f"App\\Events\\{name}", "topic", str(next(numbers))), channel, **fields)


def hello(number: int = 1) -> events.ChatMessage:
    author = events.Author(UserId(5), "Ada")
    return part(events.ChatMessage, "ChatMessageEvent", id=str(number), text="hi", author=author, sent_at=READ_AT)


def told(event: Any) -> Any:
    """The event without what depends on when and in which order it was told."""
    return msgspec.structs.replace(event, sources=(), raw=Frame(""), received_at=READ_AT)


def raws(parts: Sequence[events.Event]) -> tuple[Frame, ...]:
    return tuple(each.raw for each in parts)


# Subscriptions


def subscription(name: str = "Bob", months: int = 7, channel: Any = FOX) -> list[Any]:
    """SubscriptionEvent, ChannelSubscriptionEvent, ChatMessageSentEvent, NewActivityFeedEvent."""
    made: Any = Subscribed if months == 1 else Resubscribed
    return [
        part(made, "SubscriptionEvent", channel=channel, username=name, months=months),
        part(Subscribed, "ChannelSubscriptionEvent", channel=channel, username=name.lower(), user_id=UserId(9)),
        part(
            made,
            "ChatMessageSentEvent",
            channel=channel,
            username=name,
            months=months,
            user_id=UserId(9),
            text="still here",
        ),
        part(Subscribed, "NewActivityFeedEvent", channel=channel, username=name, subscribed_at=READ_AT),
    ]


@pytest.mark.parametrize("months", [1, 2, 13])
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_a_subscription_is_one_event_in_every_order_of_its_frames(order: tuple[int, ...], months: int) -> None:
    stage = Stage()
    parts = [subscription(months=months)[number] for number in order]
    delivered: list[Any] = []
    for number, each in enumerate(parts):
        message = hello(number)
        out = stage.tell(each, message)
        assert [event.id for event in out if isinstance(event, events.ChatMessage)] == [str(number)]
        delivered += [event for event in out if not isinstance(event, events.ChatMessage)]
    (event,) = delivered
    assert type(event) is (Subscribed if months == 1 else Resubscribed)
    assert (event.username.casefold(), event.months, event.user_id, event.text) == ("bob", months, 9, "still here")
    late = order[-1] == 3
    assert event.subscribed_at == (None if late else READ_AT)
    assert event.sources == raws(parts)[: 3 if late else 4]
    assert (event.raw, event.received_at) == (parts[0].raw, READ_AT + timedelta(seconds=100))
    assert stage.wait(60) == []
    assert stage.merge.merged == late


@pytest.mark.parametrize(
    "numbers", [list(each) for size in (1, 2) for each in itertools.permutations(range(3), size)], ids=str
)
def test_what_is_missing_is_not_waited_for_beyond_the_window(numbers: list[int]) -> None:
    stage = Stage()
    parts = [subscription()[number] for number in numbers]
    assert stage.tell(parts[0]) == []
    assert stage.wait(0.5) == []
    assert stage.tell(*parts[1:]) == []
    assert stage.merge.poll_timeout() == 102.0
    assert stage.wait(1.49) == []
    (event,) = stage.wait(0.01)
    assert event.sources == raws(parts)
    assert event.user_id == (None if numbers == [0] else 9)
    assert event.months == (None if numbers == [1] else 7)
    assert type(event) is (Subscribed if numbers == [1] else Resubscribed)
    assert stage.merge.poll_timeout() is None


def test_two_subscribers_at_once_stay_two_events() -> None:
    stage = Stage()
    pairs = zip(subscription("Bob")[:3], subscription("Cid", 1)[:3], subscription("Bob", 3, OWL)[:3], strict=True)
    delivered = stage.tell(*itertools.chain.from_iterable(pairs))
    assert [(each.username, each.months, str(each.channel)) for each in delivered] == [
        ("Bob", 7, "fox"),
        ("Cid", 1, "fox"),
        ("Bob", 3, "owl"),
    ]


def test_a_renewal_that_tells_no_months_stays_one() -> None:
    stage = Stage()
    stage.tell(part(Resubscribed, "SubscriptionRenewed", username="Bob"), subscription()[1])
    assert [type(event) for event in stage.wait(2)] == [Resubscribed]


def test_where_the_months_are_told_they_say_which_of_the_two_it_is() -> None:
    stage = Stage()
    stage.tell(part(Resubscribed, "SubscriptionRenewed", username="Bob"), subscription(months=1)[0])
    stage.tell(part(Subscribed, "NewActivityFeedEvent", username="Cid", months=2))
    assert [(type(event), event.months) for event in stage.wait(2)] == [(Subscribed, 1), (Resubscribed, 2)]


def test_a_late_part_that_tells_more_lets_the_fact_go_out_again_with_all_that_is_known() -> None:
    stage = Stage()
    counted, numbered, line, _ = subscription()
    stage.tell(numbered)
    (first,) = stage.wait(2.5)
    assert (type(first), first.months) == (Subscribed, None)
    assert stage.tell(counted) == []
    (second,) = stage.tell(line)
    assert (type(second), second.months, second.user_id) == (Resubscribed, 7, 9)
    assert second.sources == raws([numbered, counted, line])
    assert stage.merge.merged == 0


def test_a_late_part_that_tells_nothing_is_dropped_and_counted() -> None:
    stage = Stage()
    stage.tell(*subscription()[:2])
    assert len(stage.wait(2)) == 1
    assert stage.tell(subscription()[1], subscription()[3]) == []
    assert stage.wait(1.9) == []
    assert stage.merge.merged == 2


def test_the_same_name_later_is_another_fact() -> None:
    stage = Stage()
    stage.tell(subscription()[0])
    assert len(stage.wait(4)) == 1
    stage.tell(subscription()[0])
    assert stage.wait(0.1) == []
    assert stage.merge.merged == 1
    stage.tell(subscription()[0])
    assert len(stage.wait(2)) == 1


# Gifts


def gift(
    names: Sequence[str], cuts: Sequence[int] = (), gifter: str | None = "Gil", id: str | None = "g-1"
) -> list[GiftedSubscriptions]:
    """The frames with the names; ``cuts`` are where a new chunk begins."""
    ends = [0, *cuts, len(names)]
    chunks = [list(names[start:end]) for start, end in itertools.pairwise(ends)]
    return [
        part(
            GiftedSubscriptions,
            "GiftedSubscriptionsEvent",
            gifter=gifter,
            recipients=tuple(chunk),
            gifted_total=len(names),
            lifetime_total=40,
            gift_id=id,
            chunk_index=number if cuts else None,
            total_chunks=len(chunks) if cuts else None,
        )
        for number, chunk in enumerate(chunks)
    ]


def siblings(count: int, gifter: str | None = "Gil", first_id: int = 1) -> list[GiftedSubscriptions]:
    """ChannelSubscriptionEvent, ChatMessageSentEvent, NewActivityFeedEvent."""
    ids = tuple(UserId(number) for number in range(first_id, first_id + count))
    name = gifter.upper() if gifter else None
    return [
        part(GiftedSubscriptions, "ChannelSubscriptionEvent", recipient_ids=ids),
        part(GiftedSubscriptions, "ChatMessageSentEvent", gifter=gifter, gifter_id=UserId(77), gifted_total=len(ids)),
        part(GiftedSubscriptions, "NewActivityFeedEvent", gifter=name, gifted_total=len(ids), gifted_at=READ_AT),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
@pytest.mark.parametrize("id", ["g-1", None])
@pytest.mark.parametrize("gifter", ["Gil", None])
def test_a_gift_is_one_event_in_every_order_of_its_frames(
    order: tuple[int, ...], id: str | None, gifter: str | None
) -> None:
    stage = Stage()
    all_parts = [*gift(["Zoe", "amy", "Bob"], gifter=gifter, id=id), *siblings(3, gifter)]
    parts = [all_parts[number] for number in order]
    delivered = [event for each in parts for event in stage.tell(each, hello()) if type(event) is GiftedSubscriptions]
    (event,) = delivered
    assert (event.gifter or "").casefold() == (gifter or "").casefold()
    assert (event.recipients, event.recipient_ids) == (("amy", "Bob", "Zoe"), (1, 2, 3))
    assert (event.gifted_total, event.lifetime_total, event.gifter_id, event.gift_id) == (3, 40, 77, id)
    assert event.complete
    assert event.sources == raws(parts)[: 3 if order[-1] == 3 else 4]
    assert stage.wait(10) == []
    assert stage.merge.merged == (order[-1] == 3)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_chunks_come_in_any_order_and_twice(order: tuple[int, ...]) -> None:
    stage = Stage()
    chunks = [gift(["amy", "Bob", "Cid", "Dan", "Eve"], cuts=(2, 4))[number] for number in order]
    assert stage.tell(chunks[0], chunks[0]) == []
    assert stage.tell(chunks[1], hello(), chunks[0]) != []
    (event,) = stage.tell(chunks[2])
    assert (event.recipients, event.complete) == (("amy", "Bob", "Cid", "Dan", "Eve"), True)
    assert event.sources == raws(chunks)
    assert (event.chunk_index, event.total_chunks) == (None, None)
    assert stage.tell(chunks[1], siblings(5)[0]) == []
    assert stage.wait(10) == []
    assert stage.merge.merged == 4


def test_a_gift_without_one_of_its_chunks_says_that_it_is_incomplete() -> None:
    stage = Stage()
    one, two, three = gift(["amy", "Bob", "Cid", "Dan", "Eve"], cuts=(2, 4))
    stage.tell(one, three)
    (event,) = stage.wait(2)
    assert (event.recipients, event.gifted_total, event.complete) == (("amy", "Bob", "Eve"), 5, False)
    (again,) = stage.tell(two)
    assert again.complete


def test_ids_that_come_in_chunks_join_the_gift_too() -> None:
    stage = Stage()
    one, two = gift(["amy", "Bob", "Cid", "Dan"], cuts=(2,))
    (event,) = stage.tell(one, siblings(2)[0], siblings(2, first_id=3)[0], two)
    assert event.recipient_ids == (1, 2, 3, 4)


def test_the_ids_of_a_gift_that_went_out_with_its_last_chunk_are_not_those_of_the_next_gift() -> None:
    stage = Stage()
    one, two = (gift([f"{id}{n}" for n in range(4)], cuts=(2,), id=id) for id in ("a", "b"))
    (first,) = stage.tell(*one, two[0])
    assert stage.tell(siblings(4)[0], siblings(4, first_id=5)[0]) == []
    (second,) = stage.tell(two[1])
    assert (first.gift_id, first.recipient_ids) == ("a", ())
    assert (second.gift_id, second.recipient_ids) == ("b", (5, 6, 7, 8))
    assert stage.merge.merged == 1


def test_a_gift_keeps_no_frame_of_the_next_one_where_it_had_its_own_though_late() -> None:
    stage = Stage()
    one, two = ([*gift([name], id=name), *siblings(1, first_id=n)] for n, name in enumerate(("amy", "Bob")))
    assert [each.gift_id for each in stage.tell(*one)] == ["amy"]
    assert stage.merge.merged == 1
    (second,) = stage.tell(two[3], *two[:3])
    assert second.sources == raws([two[3], *two[:3]])
    assert stage.tell(one[3], two[3]) == []
    assert stage.merge.merged == 3


def test_gifts_at_once_are_told_apart_by_gifter_by_number_and_by_id() -> None:
    stage = Stage()
    gil, hal = gift(["amy", "Bob"], id=None), gift(["Cid", "Dan", "Eve"], gifter="Hal", id=None)
    of_gil, of_hal = siblings(2), siblings(3, "Hal", first_id=10)
    delivered = stage.tell(of_gil[0], of_hal[0], hal[0], gil[0], of_gil[1], of_hal[1])
    assert [(each.gifter, each.recipient_ids, each.recipients) for each in delivered] == [
        ("Gil", (1, 2), ("amy", "Bob")),
        ("Hal", (10, 11, 12), ("Cid", "Dan", "Eve")),
    ]
    stage.tell(*gift(["Flo"], id="g-2"), *gift(["Guy"], id="g-3"), *gift(["Ida"], id=None), *gift(["Jon"], id=None))
    assert sorted(each.recipients for each in stage.wait(2)) == [("Flo",), ("Guy",), ("Ida",), ("Jon",)]


def test_both_lists_of_names_of_one_gift_are_one_list() -> None:
    stage = Stage()
    lucky = part(
        GiftedSubscriptions,
        "LuckyUsersWhoGotGiftSubscriptionsEvent",
        gifter="gil",
        recipients=("Bob", "amy"),
    )
    stage.tell(lucky, *gift(["amy", "Bob"], id=None), *gift(["Cid", "Dan"], id=None))
    assert [each.recipients for each in stage.wait(2)] == [("amy", "Bob"), ("Cid", "Dan")]


@given(st.data())
def test_every_chunking_and_order_of_a_gift_makes_the_same_event(data: st.DataObject) -> None:
    names = [f"viewer{number:02}" for number in range(data.draw(st.integers(1, 12)))]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(names) - 1), max_size=5))) if len(names) > 1 else []
    chunks = gift(data.draw(st.permutations(names)), cuts)
    # With the last chunk a gift is out at once, so that is where its frames end here.
    parts = data.draw(st.permutations([*chunks, *siblings(len(names))[:2]]))
    if cuts:
        last = data.draw(st.sampled_from(chunks))
        parts = [*(each for each in parts if each is not last), last]
    repeated = [each for each in parts for _ in range(data.draw(st.integers(1, 2)))]
    stage = Stage()
    delivered: list[Any] = []
    for each in repeated:
        delivered += stage.tell(each)
        delivered += stage.wait(data.draw(st.sampled_from([0.0, 0.01])))
    (event,) = delivered
    assert told(event) == told(
        part(
            GiftedSubscriptions,
            "",
            gifter="Gil",
            recipients=tuple(names),
            recipient_ids=tuple(UserId(number) for number in range(1, len(names) + 1)),
            gifted_total=len(names),
            lifetime_total=40,
            gifter_id=UserId(77),
            gift_id="g-1",
        )
    )
    assert set(event.sources) == set(raws(parts))
    assert stage.wait(10) == []
    assert stage.merge.merged == len(repeated) - len(parts)


# Raids


def raid(viewers: int = 30) -> list[Any]:
    at = READ_AT
    return [
        part(RaidReceived, "StreamHostEvent", username="Rae", viewers=viewers, text="hi"),
        part(
            RaidReceived,
            "StreamHostedEvent",
            username="rae",
            viewers=viewers,
            text="hi",
            user_id=UserId(4),
            id="r-1",
            raided_at=at,
        ),
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_raid_is_one_event(order: tuple[int, int]) -> None:
    stage = Stage()
    first, second = (raid()[number] for number in order)
    assert stage.tell(first, *raid(31)[:1]) == []
    (event,) = stage.tell(second)
    assert (event.user_id, event.id, event.text, event.raided_at, event.viewers) == (4, "r-1", "hi", READ_AT, 30)
    assert event.sources == (first.raw, second.raw)
    assert stage.tell(*raid()) == []
    assert [each.viewers for each in stage.wait(2)] == [31]
    assert stage.merge.merged == 2


def test_what_only_one_of_a_raids_frames_tells_is_told() -> None:
    stage = Stage()
    spoken, numbered = raid()
    (event,) = stage.tell(msgspec.structs.replace(spoken, text=None), numbered)
    assert (event.text, event.user_id) == ("hi", 4)


# Settings

ON, OFF = Mode(True), Mode(False)


def rules(name: str = "ChatroomUpdatedEvent", **modes: Any) -> ChatSettingsChanged:
    return part(ChatSettingsChanged, name, **modes)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_settings_that_agree_are_one_event_with_all_that_either_tells(order: tuple[int, int]) -> None:
    stage = Stage()
    twins = [
        rules(slow_mode=ON, emotes_only=OFF, bot_protection=OFF),
        rules("ChatSettingsChanged", slow_mode=ON, emotes_only=OFF, rules="be kind"),
    ]
    first, second = (twins[number] for number in order)
    assert stage.tell(first) == []
    (event,) = stage.tell(second)
    assert (event.slow_mode, event.emotes_only, event.bot_protection, event.rules) == (ON, OFF, OFF, "be kind")
    assert event.sources == (first.raw, second.raw)


def test_where_settings_disagree_the_later_is_right() -> None:
    stage = Stage()
    stage.tell(rules(slow_mode=ON, emotes_only=ON, bot_protection=ON))
    (event,) = stage.tell(rules(slow_mode=OFF, emotes_only=ON)) or stage.wait(2)
    assert (event.slow_mode, event.emotes_only, event.bot_protection) == (OFF, ON, ON)


def test_a_snapshot_that_says_the_same_again_is_told_once_and_one_that_differs_is_told() -> None:
    stage = Stage()
    stage.tell(rules(slow_mode=ON), rules("ChatSettingsChanged", slow_mode=ON))
    assert stage.tell(rules(slow_mode=ON)) == []
    (event,) = stage.tell(rules(slow_mode=OFF))
    assert event.slow_mode == OFF
    assert stage.merge.merged == 1
    stage.wait(5)
    stage.tell(rules(slow_mode=OFF))
    assert len(stage.wait(2)) == 1


def test_rules_that_are_set_back_are_told_though_their_frame_is_the_one_of_before() -> None:
    stage = Stage()
    on, off = rules(slow_mode=ON), rules(slow_mode=OFF)
    stage.tell(on, rules("ChatSettingsChanged", slow_mode=ON))
    assert [event.slow_mode for event in stage.tell(off, on, on)] == [OFF, ON]
    assert stage.merge.merged == 1


def test_rules_that_are_set_back_before_they_were_told_are_told_as_they_are() -> None:
    stage = Stage()
    on, off = rules(slow_mode=ON), rules(slow_mode=OFF)
    assert stage.tell(on, off, on, on) == []
    (event,) = stage.wait(2)
    assert event.slow_mode == ON
    assert event.sources == raws([on, off, on])
    assert stage.merge.merged == 1


# What is merely repeated


def board(unit: str = "KICKs", quantity: int = 5, channel: Any = FOX) -> events.LeaderboardChanged:
    leaders = (events.Leader(UserId(1), "Ada", quantity),)
    return part(events.LeaderboardChanged, "KicksLeaderboardUpdated", channel=channel, unit=unit, week=leaders)


def test_a_leaderboard_is_not_told_again_until_it_changes() -> None:
    stage = Stage()
    tip = part(events.Tipped, "KicksGifted", username="Ada", amount=5)
    assert len(stage.tell(tip, board(), tip, board(), board("subscriptions"), board(channel=OWL), board())) == 5
    assert stage.merge.merged == 2
    assert len(stage.tell(board(quantity=6), board(quantity=5))) == 2


def online(stream_id: int, channel: Any = FOX) -> events.StreamOnline:
    return part(
        events.StreamOnline, "StreamerIsLive", channel=channel, stream_id=stream_id, title="hi", started_at=READ_AT
    )


def test_a_stream_goes_online_once() -> None:
    stage = Stage()
    offline = part(events.StreamOffline, "StopStreamBroadcast", stream_id=1)
    assert len(stage.tell(online(1), online(1), online(1, OWL))) == 2
    stage.wait(3_600)
    assert stage.tell(online(1)) == []
    assert len(stage.tell(offline, online(1), online(2), offline)) == 4
    assert stage.merge.merged == 2


def test_a_stream_whose_begin_nobody_told_goes_offline() -> None:
    stage = Stage()
    assert len(stage.tell(part(events.StreamOffline, "StopStreamBroadcast", stream_id=1), online(1))) == 2


def test_what_was_told_last_is_remembered_longest() -> None:
    stage = Stage(most=2)
    one, two, three = (msgspec.structs.replace(FOX, channel_id=number) for number in (1, 2, 3))
    assert len(stage.tell(online(1, one), online(1, two), online(2, one), online(1, three))) == 4
    assert stage.tell(online(2, one), online(1, three)) == []
    assert len(stage.tell(online(1, two))) == 1


# Ends and limits


@pytest.mark.parametrize("end", [Down("us2", 1006, "", 1.0), GaveUp("enough", 4004)])
def test_what_is_held_back_goes_out_before_an_end_is_told(end: SessionEvent) -> None:
    stage = Stage()
    delivered = stage.tell(subscription()[0], *raid()[:1], hello(), end)
    assert [type(event) for event in delivered] == [events.ChatMessage, Resubscribed, RaidReceived, type(end)]
    assert stage.merge.poll_timeout() is None


def test_what_is_held_back_goes_out_when_the_session_is_closed() -> None:
    stage = Stage()
    stage.tell(subscription()[0])
    stage.source.closed = True
    assert [type(event) for event in stage.tell(raid()[0], hello())] == [events.ChatMessage, Resubscribed, RaidReceived]
    assert stage.merge.closed
    assert stage.merge.poll_timeout() is None


def test_a_late_timeout_releases_all_that_is_due_in_the_order_of_arrival() -> None:
    stage = Stage()
    for name in ("Bob", "Cid", "Dan"):
        stage.tell(subscription(name)[0])
        stage.now += 0.5
    stage.merge.handle_timeout(500.0)
    released = stage.merge.take_events()
    assert [each.username for each in released if isinstance(each, Resubscribed)] == ["Bob", "Cid", "Dan"]


def test_beyond_the_limit_the_oldest_goes_out_early() -> None:
    stage = Stage(most=2)
    delivered = stage.tell(*(subscription(name)[0] for name in ("Bob", "Cid", "Dan", "Eve")))
    assert [each.username for each in delivered] == ["Bob", "Cid"]
    assert [each.username for each in stage.wait(2)] == ["Dan", "Eve"]
    assert stage.tell(subscription("Dan")[0], subscription("Eve")[0], subscription("Bob")[0]) == []
    assert [each.username for each in stage.wait(2)] == ["Bob"]
    assert len(stage.tell(*(online(1, msgspec.structs.replace(FOX, channel_id=n)) for n in (1, 2, 3, 1)))) == 4


def test_a_fact_takes_in_so_many_frames_and_no_more() -> None:
    stage = Stage()
    snapshots = [rules(slow_mode=ON if number % 2 else OFF) for number in range(2_500)]
    assert stage.tell(*snapshots) == []
    released = stage.wait(2)
    assert [len(each.sources) for each in released] == [1_000, 1_000, 500]
    assert tuple(itertools.chain.from_iterable(each.sources for each in released)) == raws(snapshots)


def test_a_wait_of_nothing_joins_what_comes_in_one_read() -> None:
    stage = Stage(wait=0.0)
    (event,) = stage.tell(*subscription()[:2])
    assert len(event.sources) == 2


@pytest.mark.parametrize(
    "options",
    [{"wait": -1.0}, {"wait": 3_600.5}, {"wait": float("nan")}, {"wait": float("inf")}, {"most": 0}, {"backlog": -1}],
    ids=str,
)
def test_limits_without_a_meaning_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"^the wait for the siblings of a frame is 0 to|^most is a count .* at least 0$"
    ):
        Stage(**options)


@pytest.mark.parametrize("options", [{"wait": 3_600.0}, {"most": 1}, {"backlog": 0}, {"backlog": 1}], ids=str)
def test_the_narrowest_and_the_widest_limits_hold(options: dict[str, Any]) -> None:
    stage = Stage(**options)
    assert len(stage.tell(hello(), hello(), hello())) == 3
    assert len(stage.tell(*raid())) == 1


def test_by_default_a_thousand_facts_are_held_back() -> None:
    stage = Stage()
    assert stage.tell(*(subscription(f"viewer{number}")[0] for number in range(1_000))) == []
    assert [event.username for event in stage.tell(subscription()[0])] == ["viewer0"]


def test_by_default_a_thousand_events_stop_the_clock_of_the_facts() -> None:
    stage = Stage()
    stage.read(raid()[0], *map(hello, range(999)))
    assert stage.merge.poll_timeout() == 102.0
    stage.read(hello())
    assert stage.merge.poll_timeout() is None


def test_a_copy_goes_on_by_itself() -> None:
    stage = Stage()
    counted, numbered, line, _ = subscription()
    stage.tell(counted, raid()[0])
    twin = copy.deepcopy(stage)
    (event,) = stage.tell(numbered, line)
    assert len(stage.wait(2)) == 1
    assert twin.tell(numbered, line) == [event]
    assert len(twin.wait(2)) == 1


# Whoever reads late


@pytest.mark.parametrize(("apart", "facts"), [(4.0, 1), (4.1, 2), (3_600.0, 2)])
def test_frames_that_were_read_long_apart_are_of_two_facts_though_they_are_taken_up_at_once(
    apart: float, facts: int
) -> None:
    stage = Stage(backlog=1)
    stage.read(hello())
    stage.read(raid()[0])
    stage.now += apart
    stage.read(raid()[1])
    assert sum(type(event) is RaidReceived for event in [*stage.tell(), *stage.wait(2)]) == facts


def test_a_fact_whose_frames_came_in_time_is_one_however_late_they_are_taken_up() -> None:
    stage = Stage(backlog=1)
    counted, numbered, line, _ = subscription()
    stage.read(counted, hello())
    stage.now += 1
    stage.read(numbered, line)
    stage.now += 3_600
    message, event = stage.tell()
    assert type(message) is events.ChatMessage
    assert event.sources == raws([counted, numbered, line])


def test_a_fact_that_was_told_is_remembered_until_what_was_read_meanwhile_is_taken_up() -> None:
    stage = Stage(backlog=1)
    counted, numbered, line, _ = subscription()
    stage.tell(counted)
    assert len(stage.wait(2)) == 1
    stage.read(hello())
    stage.now += 1
    stage.read(numbered, line)
    stage.now += 3_600
    _, event = stage.tell()
    assert event.sources == raws([counted, numbered, line])


def paused(stage: Stage, *read_last: Any) -> list[Any]:
    """With this read the source has had enough for an hour; then all is taken, and it wants to read again."""
    stage.source.wants_input = False
    stage.read(*read_last)
    assert stage.merge.poll_timeout() is None
    stage.now += 3_600
    stage.merge.handle_timeout(stage.now)
    delivered = stage.merge.take_events()
    stage.source.wants_input = True
    assert (stage.merge.poll_timeout() or 0.0) <= stage.now
    return [*delivered, *stage.wait(0)]


def test_time_in_which_nothing_is_read_does_not_count_for_what_a_fact_waits_for() -> None:
    stage = Stage()
    counted, numbered, line, _ = subscription()
    stage.tell(counted)
    stage.now += 1.5
    assert len(paused(stage, hello())) == 1
    assert stage.merge.poll_timeout() == stage.now + 0.5
    stage.now += 0.25
    (event,) = stage.tell(numbered, line)
    assert event.sources == raws([counted, numbered, line])


def test_a_fact_that_waits_goes_out_when_it_has_been_read_for_long_enough() -> None:
    stage = Stage()
    assert paused(stage, raid()[0]) == []
    assert stage.wait(1.75) == []
    assert len(stage.wait(0.25)) == 1


def test_a_fact_that_was_told_before_a_pause_is_remembered_after_it() -> None:
    stage = Stage()
    counted, numbered, line, _ = subscription()
    stage.tell(counted)
    assert len(stage.wait(2)) == 1
    stage.now += 1.5
    paused(stage, hello())
    (event,) = [*stage.tell(numbered, line), *stage.wait(0.5)]
    assert event.sources == raws([counted, numbered, line])


def test_a_pause_lasts_from_its_first_read_to_the_next_time_that_input_is_wanted() -> None:
    stage = Stage()
    stage.source.wants_input = False
    stage.read(raid()[0])
    stage.now += 10
    stage.read(hello())
    stage.now += 10
    stage.source.wants_input = True
    stage.merge.handle_timeout(stage.now)
    assert stage.merge.poll_timeout() == stage.now + 2


def test_after_a_pause_another_one_counts_anew() -> None:
    stage = Stage()
    stage.tell(raid()[0])
    paused(stage, hello())
    stage.now += 1
    paused(stage, hello())
    assert stage.merge.poll_timeout() == stage.now + 1
    (event,) = stage.tell(raid()[1])
    assert len(event.sources) == 2


def test_what_a_command_queues_can_begin_a_pause_too() -> None:
    stage = Stage()
    stage.tell(raid()[0])
    stage.source.wants_input = False
    stage.now += 1
    stage.merge.handle_timeout(stage.now)
    stage.now += 10
    stage.source.wants_input = True
    stage.merge.handle_timeout(stage.now)
    assert stage.merge.poll_timeout() == stage.now + 1


def test_a_timeout_that_comes_too_early_puts_off_nothing() -> None:
    stage = Stage(backlog=1)
    stage.read(hello())
    stage.read(raid()[0])
    stage.merge.handle_timeout(101.0)
    stage.merge.take_events()
    assert stage.merge.poll_timeout() == 102.0


def test_events_are_taken_one_by_one_in_their_order() -> None:
    stage = Stage()
    stage.read(hello(1), hello(2), hello(3))
    taken = [stage.merge.poll_event() for _ in range(4)]
    assert [event.id if isinstance(event, events.ChatMessage) else event for event in taken] == ["1", "2", "3", None]


def test_what_a_command_queued_is_taken_up_by_the_next_timeout() -> None:
    stage = Stage()
    message = hello()
    stage.source.said.append(message)
    assert (stage.merge.poll_event(), stage.merge.take_events()) == (None, [])
    stage.merge.handle_timeout(stage.now)
    assert stage.merge.take_events() == [message]


@pytest.mark.parametrize(("due", "first"), [(None, 102.0), (101.0, 101.0), (103.0, 102.0)])
def test_the_next_deadline_is_the_first_of_the_facts_and_the_sessions(due: float | None, first: float) -> None:
    stage = Stage()
    stage.source.due = due
    assert stage.merge.poll_timeout() == due
    stage.tell(subscription()[0])
    assert stage.merge.poll_timeout() == first


# No event is lost, and none that is not held back is late.

NAMES = ("Bob", "Cid")
POOL: list[Any] = [
    *itertools.chain.from_iterable(subscription(name, months) for name in NAMES for months in (1, 2)),
    *itertools.chain.from_iterable([*gift(["amy", "Bob"], cuts, name, id), *siblings(2, name)]
                                   for cuts in ((), (1,)) for name in ("Gil", None) for id in ("g-1", None)),
    *raid(), *raid(5), rules(slow_mode=ON), rules(slow_mode=OFF), rules("ChatSettingsChanged", emotes_only=ON),
    board(), board(quantity=6), online(1), online(2), part(events.StreamOffline, "StopStreamBroadcast", stream_id=1),
    hello(), part(events.ChatCleared, "ChatroomClearEvent"), Up("us2", "1.2"), Down("us2", 1006, "", 1.0),
]  # fmt: skip
HELD = (Subscribed, Resubscribed, GiftedSubscriptions, RaidReceived, ChatSettingsChanged)


@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.5, 2.0, 9.0]) | st.lists(st.sampled_from(POOL), max_size=4), max_size=25),
    st.sampled_from([1, 2, 1_000]),
)
def test_every_event_is_delivered_or_among_the_sources_or_counted(steps: list[Any], most: int) -> None:
    stage = Stage(most=most)
    all_told: list[Any] = []
    delivered: list[Any] = []
    for step in [*steps, 9.0]:
        if isinstance(step, float):
            delivered += stage.wait(step)
            continue
        fresh = [
            msgspec.structs.replace(each, raw=Frame(each.raw.event, "", str(next(numbers))))
            if isinstance(each, events.Event)
            else each
            for each in step
        ]
        out = stage.tell(*fresh)
        at_once = [each for each in fresh if type(each) not in REACTIONS]
        assert [type(each) for each in out if type(each) not in REACTIONS] == [type(each) for each in at_once]
        all_told += fresh
        delivered += out
    accounted = {each.raw for each in delivered if isinstance(each, events.Event)}
    accounted.update(frame for each in delivered if isinstance(each, HELD) for frame in each.sources)
    missing = [each for each in all_told if isinstance(each, events.Event) and each.raw not in accounted]
    assert len(missing) == stage.merge.merged
    assert stage.merge.poll_timeout() is None
    assert [each for each in delivered if isinstance(each, Up | Down)] == [
        each for each in all_told if isinstance(each, Up | Down)
    ]


# Around a real session


def test_it_passes_through_what_it_has_no_part_in() -> None:
    session = Session(rng=random.Random(7))
    merge = Merge(session)
    session.connect(0.0)
    merge.handle_timeout(0.0)
    assert merge.poll_output() is not None
    assert merge.poll_output() is None
    assert merge.poll_timeout() == session.poll_timeout() is not None


def test_an_application_that_does_not_read_holds_up_the_session_and_misses_nothing() -> None:
    session = Session(Config(high_water=6, low_water=2), rng=random.Random(7))
    merge = Merge(session, backlog=2)
    session.subscribe(0.0, FOX)
    be_up(session)
    merge.handle_timeout(0.0)
    merge.take_events()
    reading: list[bool] = []

    def publish(*ids: int, now: float) -> None:
        texts = [msgspec.json.encode(chat(str(id))).decode() for id in ids]
        merge.handle_input(now, Received(1, texts, UNIX_EPOCH + now))
        reading.append(merge.wants_input)

    publish(1, 2, now=1.0)
    publish(3, 4, 5, now=2.0)
    publish(6, 7, 8, now=3.0)
    assert reading == [True, True, False]
    hear(session, '{"event":"App\\\\Events\\\\SubscriptionEvent","channel":"chatrooms.22.v2",'
         '"data":"{\\"chatroom_id\\":22,\\"username\\":\\"Bob\\",\\"months\\":2}"}', now=3.0)  # fmt: skip
    merge.handle_timeout(3.0)
    one = merge.poll_event()
    assert isinstance(one, events.ChatMessage)
    assert merge.wants_input
    rest = merge.take_events()
    assert [type(each) for each in rest] == [events.ChatMessage] * 7 + [Lagging]
    assert merge.poll_timeout() == 3.0
    merge.handle_timeout(4.0)
    assert merge.poll_timeout() == 6.0
    merge.handle_timeout(6.0)
    assert [type(each) for each in merge.take_events()] == [Resubscribed]
