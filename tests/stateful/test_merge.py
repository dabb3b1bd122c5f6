"""A merge against a model that knows only which frames went in: each comes out, once, and no later than it may.

The sources of all that is told share out the frames that went in: none is lost, and none is in two facts. A fact that
is told once more has all that it had, and more. What has no siblings is not delayed at all.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kick_proto.events import (
    ChatMessage,
    ChatSettingsChanged,
    Event,
    GiftedSubscriptions,
    JoinedEvent,
    LeaderboardChanged,
    Mode,
    RaidReceived,
    StreamOffline,
    StreamOnline,
)
from kick_proto.frames import Frame
from kick_proto.ids import Channel, UserId
from kick_proto.lifecycle import Down
from tests.scenes import FOX, OWL
from tests.stateful import LIFE
from tests.test_merge import Stage, hello, part, subscription

WAIT = 2.0
names = st.sampled_from(["Al", "Bob"])
channels = st.sampled_from([FOX, OWL])


def gift(gifter: str, channel: Channel) -> list[Any]:
    who = ("Dan", "Eve")
    return [
        part(
            GiftedSubscriptions,
            "GiftedSubscriptionsEvent",
            channel=channel,
            gifter=gifter,
            recipients=who,
            gifted_total=2,
        ),
        part(
            GiftedSubscriptions,
            "ChannelSubscriptionEvent",
            channel=channel,
            recipient_ids=(UserId(1), UserId(2)),
            gifted_total=2,
        ),
        part(
            GiftedSubscriptions, "ChatMessageSentEvent", channel=channel, gifter=gifter, recipients=who, gifted_total=2
        ),
    ]


def raid(raider: str, channel: Channel) -> list[Any]:
    return [
        part(RaidReceived, "StreamHostEvent", channel=channel, username=raider, viewers=7),
        part(RaidReceived, "StreamHostedEvent", channel=channel, username=raider, viewers=7, user_id=UserId(3)),
    ]


def settings(raider: str, channel: Channel) -> list[Any]:
    return [
        part(ChatSettingsChanged, name, channel=channel, slow_mode=Mode(len(raider) > 2))
        for name in ("ChatroomUpdatedEvent", "ChatSettingsChanged")
    ]


def one_subscription(name: str, channel: Channel) -> list[Any]:
    return subscription(name, 7, channel)


FACTS: tuple[Callable[[str, Channel], list[Any]], ...] = (one_subscription, gift, raid, settings)


class MergeLife(RuleBasedStateMachine):
    """Whatever is told to a merge."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(wait=WAIT, most=1_000, backlog=1_000)
        self.given: list[tuple[float, JoinedEvent]] = []
        self.facts: dict[Frame, tuple[Frame, ...]] = {}
        self.missing: list[Any] = []
        self.repeated_alone = 0

    @property
    def now(self) -> float:
        return self.stage.now

    @property
    def told_count(self) -> int:
        return sum(map(len, self.facts.values()))

    @property
    def outstanding(self) -> int:
        """How many frames are neither told nor left out as repetitions of what was told."""
        return len(self.given) - self.told_count - (self.stage.merge.merged - self.repeated_alone)

    def give(self, *told: Any) -> list[Any]:
        self.given += [(self.now, each) for each in told if isinstance(each, JoinedEvent)]
        out = self.stage.tell(*told)
        self.take(out)
        return out

    def take(self, out: list[Any]) -> None:
        """A fact is known by its first frame; told once more, it goes on where it was, and has more."""
        for each in out:
            if isinstance(each, JoinedEvent):
                before = self.facts.get(each.sources[0], ())
                assert each.raw == each.sources[0]
                assert each.sources[: len(before)] == before
                assert len(each.sources) > len(before)
                self.facts[each.sources[0]] = each.sources

    @rule(
        kind=st.sampled_from(FACTS),
        name=names,
        channel=channels,
        order=st.permutations(range(4)),
        some=st.integers(1, 4),
    )
    def tell_parts(
        self, kind: Callable[[str, Channel], list[Any]], name: str, channel: Channel, order: list[int], some: int
    ) -> None:
        """Parts of a fact, in any order, all or some of them; the others are lost, or are never sent."""
        parts = kind(name, channel)
        parts = [parts[number] for number in order if number < len(parts)]
        self.give(*parts[:some])
        self.missing += parts[some:]

    @precondition(lambda self: self.missing)
    @rule(place=st.integers(0, 3))
    def tell_late(self, place: int) -> None:
        """A part that had not been told yet, however long ago the others were."""
        self.give(self.missing.pop(-1 - place % len(self.missing)))

    @rule(place=st.integers(0, 3))
    def tell_again(self, place: int) -> None:
        """A frame that has just been told, once more."""
        recent = [each for at, each in self.given if self.now - at < WAIT / 4]
        if recent:
            self.give(recent[place % len(recent)])

    @rule(number=st.integers())
    def chat(self, number: int) -> None:
        out = self.give(hello(number))
        assert [each.id for each in out if isinstance(each, ChatMessage)] == [str(number)]

    def give_alone(self, event: Event) -> list[Any]:
        """An event without siblings: told at once, or left out and counted."""
        before = self.stage.merge.merged
        out = [each for each in self.give(event) if type(each) is type(event)]
        left_out = self.stage.merge.merged - before
        assert len(out) + left_out == 1
        self.repeated_alone += left_out
        return out

    @rule(stream=st.integers(1, 2), channel=channels)
    def go_live(self, stream: int, channel: Channel) -> None:
        self.give_alone(
            part(StreamOnline, "StreamerIsLive", channel=channel, stream_id=stream, title="tea", started_at=None)
        )

    @rule(stream=st.integers(1, 2), channel=channels)
    def go_off(self, stream: int, channel: Channel) -> None:
        assert self.give_alone(part(StreamOffline, "StopStreamBroadcast", channel=channel, stream_id=stream))

    @rule(gifted=st.integers(1, 2), channel=channels)
    def rank(self, gifted: int, channel: Channel) -> None:
        board = {"unit": "KICKs", "lifetime": None, "month": None, "week": None, "gifted": gifted}
        self.give_alone(part(LeaderboardChanged, "KicksLeaderboardUpdated", channel=channel, **board))

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.9, 2.0, 2.5, 5.0]))
    def wait(self, seconds: float) -> None:
        self.take(self.stage.wait(seconds))

    @rule()
    def go_down(self) -> None:
        """Before the end is told, all that was held back is."""
        down = Down("us2", 1006, "gone", 1.0)
        assert self.give(down)[-1] == down
        assert self.outstanding == 0
        assert self.stage.merge.poll_timeout() is None

    @invariant()
    def no_frame_is_told_more_often_than_it_came(self) -> None:
        told = Counter(frame for sources in self.facts.values() for frame in sources)
        assert told <= Counter(each.raw for _, each in self.given)

    @invariant()
    def nothing_is_held_for_longer_than_it_may_be(self) -> None:
        assert 0 <= self.outstanding <= sum(at + WAIT > self.now for at, _ in self.given)

    def teardown(self) -> None:
        """In the end, each frame has been told, or was left out and counted."""
        self.wait(3 * WAIT)
        assert self.outstanding == 0
        assert self.stage.merge.poll_timeout() is None


TestMergeLife = MergeLife.TestCase
TestMergeLife.settings = LIFE
