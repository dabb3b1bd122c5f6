"""A merge against a model that knows only which frames went in: each comes out, once, and no later than it may.

The sources of all that is told share out the frames that went in: none is lost, and none is in two facts. A fact that
is told once more has all that it had, and more. What has no siblings is not delayed at all.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

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


PLENTY = 1_000


class Group(NamedTuple):
    """The parts of one fact. Nothing else that could be taken for one of them was told when they were, or will be."""

    kind: str
    name: str
    channel: Channel
    began_at: float
    parts: list[Any]


class MergeLife(RuleBasedStateMachine):
    """Whatever is told to a merge."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(wait=WAIT, most=1_000, backlog=1_000)
        self.given: list[tuple[float, JoinedEvent]] = []
        self.facts: dict[Frame, tuple[Frame, ...]] = {}
        self.missing: list[tuple[Any, Group]] = []
        self.tags: dict[Frame, tuple[str, str | None, Channel]] = {}
        """Of what kind of fact each frame is, whose, if it says so, and where."""
        self.told_as: dict[Frame, Any] = {}
        self.most = PLENTY
        self.live: dict[Channel, int] = {}
        self.boards: dict[Channel, int] = {}
        self.repeated_alone = 0

    @initialize(most=st.sampled_from([PLENTY, PLENTY, 1, 2]))
    def begin(self, most: int) -> None:
        self.most = most
        self.stage = Stage(wait=WAIT, most=most, backlog=1_000)

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
                self.compare(each)

    def compare(self, fact: Any) -> None:
        """All frames are of one fact; one that is told once more says something new, or sets back what was set."""
        kinds, names, channels_of = zip(*(self.tags[frame] for frame in fact.sources), strict=True)
        assert (len({*kinds}), len({*channels_of})) == (1, 1)
        assert len({name for name in names if name is not None}) <= 1
        said = msgspec.structs.replace(fact, sources=())
        assert kinds[0] == "settings" or self.told_as.get(fact.sources[0]) != said
        self.told_as[fact.sources[0]] = said

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
        group = self.group(kind, name, channel)
        parts = [group.parts[number] for number in order if number < len(group.parts)]
        is_alone = self.is_alone(group)
        held = self.outstanding
        self.give(*parts[:some])
        self.missing += [(part, group) for part in parts[some:]]
        if is_alone and some >= len(parts):
            assert self.outstanding == held

    def group(self, kind: Callable[[str, Channel], list[Any]], name: str, channel: Channel) -> Group:
        group = Group(kind.__name__, name, channel, self.now, kind(name, channel))
        for each in group.parts:
            tells = getattr(each, "gifter", None) or getattr(each, "username", None)
            self.tags[each.raw] = group.kind, None if tells is None else tells.casefold(), channel
        return group

    def is_alone(self, group: Group) -> bool:
        """Whether none like it was told for so long that all is forgotten of it, and enough is remembered."""
        kin = [at for at, each in self.given if self.is_kin(self.tags[each.raw], group)]
        return self.most == PLENTY and all(self.now - at > 2 * WAIT for at in kin)

    def is_kin(self, tag: tuple[str, str | None, Channel], group: Group) -> bool:
        return tag[::2] == (group.kind, group.channel)

    @precondition(lambda self: self.missing)
    @rule(place=st.integers(0, 3))
    def tell_late(self, place: int) -> None:
        """A part that had not been told yet, however long ago the others were."""
        self.give(self.missing.pop(-1 - place % len(self.missing))[0])

    @rule(
        kind=st.sampled_from(FACTS),
        name=names,
        channel=channels,
        order=st.permutations(range(4)),
        late=st.lists(st.sampled_from([0.0, 0.5, 1.9, 2.0, 2.1, 3.9]), min_size=3, max_size=3),
    )
    def tell_slowly(
        self,
        kind: Callable[[str, Channel], list[Any]],
        name: str,
        channel: Channel,
        order: list[int],
        late: list[float],
    ) -> None:
        """Parts that come one by one: for twice the wait each is the same fact's, which is told by then."""
        self.wait(2 * WAIT + 0.1)
        group = self.group(kind, name, channel)
        parts = [group.parts[number] for number in order if number < len(group.parts)]
        until = self.now + 2 * WAIT
        self.give(parts[0])
        for each, seconds in zip(parts[1:], late, strict=False):
            self.wait(seconds)
            if self.now >= until:
                return
            known = {*self.facts}
            self.give(each)
            due_at = self.stage.merge.poll_timeout()
            if self.most == PLENTY:
                assert {*self.facts} - known <= {parts[0].raw}
                assert due_at is None or due_at <= until

    @rule(name=names, channel=channels, last=st.sampled_from([0, 2]))
    def give_the_same_again(self, name: str, channel: Channel, last: int) -> None:
        """The last frame of a gift tells nothing new, and is known by its name: the next such is another gift's."""
        self.wait(2 * WAIT + 0.1)
        gifts = [self.group(gift, name, channel).parts for _ in range(2)]
        self.give(gifts[0][2 - last], gifts[0][1])
        self.wait(WAIT + 0.1)
        self.give(gifts[0][last])
        held, merged = self.outstanding, self.stage.merge.merged
        self.give(gifts[1][last])
        if self.most == PLENTY:
            assert (self.outstanding, self.stage.merge.merged) == (held + 1, merged)

    @rule()
    def crowd(self) -> None:
        """The first part of more facts than may be held back: all others go out."""
        before, told_before = self.outstanding, self.told_count + self.stage.merge.merged
        firsts = [self.group(kind, "Cat", channel).parts[0] for kind in FACTS for channel in (FOX, OWL)]
        self.give(*firsts)
        assert self.told_count + self.stage.merge.merged - told_before >= len(firsts) - self.most
        assert self.outstanding <= before + len(firsts)

    @precondition(lambda self: self.most == PLENTY)
    @rule(place=st.integers(0, 3))
    def tell_again(self, place: int) -> None:
        """A frame that has just been told, once more; it is known again where enough is remembered."""
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
        """Told, unless it was told already, and nothing since."""
        out = self.give_alone(
            part(StreamOnline, "StreamerIsLive", channel=channel, stream_id=stream, title="tea", started_at=None)
        )
        assert self.most < PLENTY or bool(out) == (self.live.get(channel) != stream)
        self.live[channel] = stream

    @rule(stream=st.integers(1, 2), channel=channels)
    def go_off(self, stream: int, channel: Channel) -> None:
        assert self.give_alone(part(StreamOffline, "StopStreamBroadcast", channel=channel, stream_id=stream))
        self.live.pop(channel, None)

    @rule(gifted=st.integers(1, 2), channel=channels)
    def rank(self, gifted: int, channel: Channel) -> None:
        board = {"unit": "KICKs", "lifetime": None, "month": None, "week": None, "gifted": gifted}
        out = self.give_alone(part(LeaderboardChanged, "KicksLeaderboardUpdated", channel=channel, **board))
        assert self.most < PLENTY or bool(out) == (self.boards.get(channel) != gifted)
        self.boards[channel] = gifted

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
