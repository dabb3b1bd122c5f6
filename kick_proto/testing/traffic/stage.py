"""The channel as it stands: who is there, what was said lately, what runs.

The one mutable value that the scenes share. What runs at most once at a time (a stream, a pin, a poll, a
prediction) is a value of its own, or None. Everything that grows has a limit.
"""

from collections import deque
from collections.abc import Collection, Iterable

import msgspec

from kick_proto.ids import Channel, TopicKind, topic_of
from kick_proto.machine import Rng
from kick_proto.testing.traffic import chance, people, wording
from kick_proto.testing.traffic.people import Person

__all__ = ["Board", "Boards", "Goal", "Message", "Outcome", "Poll", "Prediction", "Renewal", "Stage", "Stream"]

CROWD = 160
"""How many viewers there are: enough for a gift of a hundred, few enough to meet one again."""

MESSAGES = 100
AWAY = 50
RENEWALS = 20


class Message(msgspec.Struct, frozen=True):
    """What somebody said: the payload of its event, and who wrote it."""

    author: Person
    payload: dict[str, object]

    @property
    def id(self) -> str:
        """The message's id."""
        return str(self.payload["id"])

    @property
    def thread_id(self) -> str:
        """The first message of its thread: itself, where it answers none."""
        return str(self.payload.get("thread_parent_id") or self.id)


class Renewal(msgspec.Struct, frozen=True):
    """A subscription that was renewed; whoever did may celebrate it in the chat, once."""

    person_id: int
    months: int
    unix_micros: int


class Stream(msgspec.Struct, frozen=True):
    """A broadcast; ``started_at`` (unix seconds) is None for the one that ran before anybody looked."""

    id: int
    title: str
    started_at: float | None


class Poll(msgspec.Struct):
    """A poll that runs, its votes and its clock in seconds."""

    title: str
    labels: tuple[str, ...]
    votes: list[int]
    duration: int
    remaining: int


class Outcome(msgspec.Struct):
    """One way in which a prediction may turn out: what was staked on it, and who staked most."""

    id: str
    title: str
    amount: int = 0
    vote_count: int = 0
    top: Person | None = None
    top_amount: int = 0


class Prediction(msgspec.Struct):
    """A prediction that is not settled."""

    id: str
    title: str
    outcomes: list[Outcome]
    created_at: str
    state: str = "ACTIVE"
    locked_at: str | None = None
    winner: str | None = None


class Goal(msgspec.Struct, frozen=True):
    """A goal of followers; how far it is, the stage's ``follower_count`` tells."""

    id: str
    target: int
    created_at: str


class Board:
    """A leaderboard: what each gave."""

    PLACES = 10

    def __init__(self) -> None:
        self._given: dict[int, tuple[str, int]] = {}

    def __len__(self) -> int:
        return len(self._given)

    def put(self, person: Person, quantity: int) -> None:
        """Somebody has given that much in all."""
        self._given[person.id] = (person.username, quantity)

    def given_by(self, person: Person) -> int:
        """What somebody gave, 0 for those who are not on the board."""
        return self._given.get(person.id, ("", 0))[1]

    def keep(self, ids: Collection[int]) -> None:
        """The others fall off the board."""
        self._given = {id: given for id, given in self._given.items() if id in ids}

    def best(self, count: int) -> list[int]:
        """The ids of those who gave most, the first of them first."""
        return sorted(self._given, key=lambda id: (-self._given[id][1], id))[:count]

    def rows(self) -> list[dict[str, object]]:
        """The first ten, as all leaderboards are written."""
        return [
            {"user_id": id, "username": self._given[id][0], "quantity": self._given[id][1]}
            for id in self.best(self.PLACES)
        ]


class Boards:
    """The same board over three spans: what was given in a week was given in the month too, and in the lifetime.

    A new month has not seen as many givers as a lifetime. All are bounded, because the last places are nobody's
    concern: who falls off the board of the lifetime is on no other.
    """

    LIMIT = 40

    def __init__(self, rng: Rng, given: Iterable[tuple[Person, int]]) -> None:
        self.lifetime, self.month, self.week = Board(), Board(), Board()
        for place, (person, quantity) in enumerate(given):
            self.lifetime.put(person, quantity)
            if place < 7:
                lately = chance.whole(rng, 1, quantity)
                self.month.put(person, lately)
                if place < 2:
                    self.week.put(person, chance.whole(rng, 1, lately))

    def add(self, person: Person, quantity: int, total: int | None = None) -> None:
        """Somebody gave that much more; ``total`` in all, which is for the caller to know, or what the board says."""
        self.lifetime.put(person, self.lifetime.given_by(person) + quantity if total is None else total)
        for board in (self.month, self.week):
            board.put(person, board.given_by(person) + quantity)
        if len(self.lifetime) > self.LIMIT:
            best = self.lifetime.best(self.LIMIT // 2)
            for board in (self.lifetime, self.month, self.week):
                board.keep(best)


class Stage:
    """All that a scene may know and change."""

    def __init__(self, channel: Channel, rng: Rng) -> None:
        self.channel = channel
        self.rng = rng
        self.topics = {kind: str(topic_of(kind, channel)) for kind in TopicKind}
        self.crowd = deque([people.invent(rng) for _ in range(CROWD)], CROWD)
        name = channel.slug or people.invent(rng).username
        self.broadcaster = people.named(rng, name, (("broadcaster", None),), slug=channel.slug)
        self.moderators = [people.with_role(people.invent(rng), "moderator", None) for _ in range(4)]
        self.bot = people.robot(rng, "@HelpfulKettle")
        self.messages: deque[Message] = deque(maxlen=MESSAGES)
        self.banned: deque[Person] = deque(maxlen=AWAY)
        self.timed_out: deque[Person] = deque(maxlen=AWAY)
        self.renewals: deque[Renewal] = deque(maxlen=RENEWALS)
        self.last_stream_id = chance.whole(rng, 9 * 10**7, 10**8)
        self.stream: Stream | None = Stream(self.last_stream_id, chance.pick(rng, wording.TITLES), None)
        self.pin: Message | None = None
        self.poll: Poll | None = None
        self.prediction: Prediction | None = None
        self.goal: Goal | None = None
        self.subscriber_count = chance.whole(rng, 200, 4_000)
        self.follower_count = chance.whole(rng, 20_000, 90_000)
        self.goals_channel_id = f"channel_{chance.ulid(rng, chance.whole(rng, 1_680_000_000, 1_720_000_000))}"
        self.gifts = Boards(rng, [(each, people.gifts_of(each)) for each in self.crowd if people.gifts_of(each)])
        self.kicks = Boards(rng, [(each, chance.whole(rng, 1, 2_000)) for each in self.viewers(12)])
        self._first_told_at: float | None = None

    @property
    def slug(self) -> str:
        """The channel's name in URLs, invented where the caller did not give it."""
        return self.broadcaster.slug

    def viewer(self) -> Person:
        """Somebody of the crowd; now and then somebody new, for whom somebody else has left."""
        if chance.happens(self.rng, 0.02):
            return self.welcome(people.invent(self.rng))
        return chance.pick(self.rng, self.crowd)

    def welcome(self, person: Person) -> Person:
        """Somebody comes in, for whom somebody else has left."""
        self.crowd.append(person)
        return person

    def moderator(self) -> Person:
        """One of the moderators."""
        return chance.pick(self.rng, self.moderators)

    def viewers(self, count: int) -> list[Person]:
        """Different viewers, at most as many as there are."""
        return chance.sample(self.rng, self.crowd, count)

    def promote(self, person: Person, role: str, count: int) -> None:
        """A viewer earns a badge, or a higher count on it."""
        for place, each in enumerate(self.crowd):
            if each.id == person.id:
                self.crowd[place] = people.with_role(each, role, count)

    def renewed(self) -> tuple[Person, int, int] | None:
        """Take the first renewal that nobody has celebrated yet, of somebody who is still there.

        Gives who it is, for how many months in all, and when it was (unix microseconds).
        """
        here = {each.id: each for each in self.crowd}
        while self.renewals:
            renewal = self.renewals.popleft()
            if renewal.person_id in here:
                return here[renewal.person_id], renewal.months, renewal.unix_micros
        return None

    def remember(self, message: Message) -> None:
        """Something was said."""
        self.messages.append(message)

    def forget(self, message: Message) -> None:
        """Something was taken down."""
        self.messages.remove(message)

    def dismiss(self, person: Person, away: deque[Person]) -> None:
        """A viewer must go, and what they said goes with them; somebody new fills the gap."""
        # What was said may be older than a badge that they wear now.
        person = next((each for each in self.crowd if each.id == person.id), person)
        kept = [each for each in self.crowd if each.id != person.id]
        self.crowd = deque([*kept, people.invent(self.rng)], CROWD)
        self.messages = deque([each for each in self.messages if each.author.id != person.id], MESSAGES)
        self.renewals = deque([each for each in self.renewals if each.person_id != person.id], RENEWALS)
        away.append(person)

    def pardon(self, away: deque[Person]) -> Person:
        """Whoever went last may come back; there must be somebody."""
        return self.welcome(away.pop())

    def first_told_at(self, unix_now: float) -> float:
        """When it was first asked for: of what was there before anybody looked, all times are told from then."""
        if self._first_told_at is None:
            self._first_told_at = unix_now
        return self._first_told_at

    def give(self, person: Person, count: int) -> int:
        """A viewer gives subscriptions, rises on the boards and wears it; gives what they ever gave here."""
        total = people.gifts_of(person) + count
        self.gifts.add(person, count, total)
        self.promote(person, "sub_gifter", total)
        return total

    def begin_stream(self, unix_now: float) -> Stream:
        """The channel goes live."""
        self.last_stream_id += chance.whole(self.rng, 1, 5_000)
        self.stream = Stream(self.last_stream_id, chance.pick(self.rng, wording.TITLES), unix_now)
        return self.stream
