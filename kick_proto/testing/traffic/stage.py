"""The channel as it stands: who is there, what was said lately, what runs.

The one mutable value that the scenes share. What runs at most once at a time (a stream, a pin, a poll, a
prediction) is a value of its own, or None. Everything that grows has a limit.
"""

from collections import deque

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

    person: Person
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
    """A leaderboard: what each gave, bounded, because the last places are nobody's concern."""

    LIMIT = 40
    PLACES = 10

    def __init__(self) -> None:
        self._given: dict[int, tuple[str, int]] = {}

    def add(self, person: Person, quantity: int) -> None:
        """Somebody gave that much more."""
        self._given[person.id] = (person.username, self.given_by(person) + quantity)
        if len(self._given) > self.LIMIT:
            self._given = dict(self._ranked()[: self.LIMIT // 2])

    def given_by(self, person: Person) -> int:
        """What somebody gave, 0 for those who fell off the board."""
        return self._given.get(person.id, ("", 0))[1]

    def rows(self) -> list[dict[str, object]]:
        """The first ten, as all leaderboards are written."""
        return [
            {"user_id": id, "username": username, "quantity": quantity}
            for id, (username, quantity) in self._ranked()[: self.PLACES]
        ]

    def _ranked(self) -> list[tuple[int, tuple[str, int]]]:
        return sorted(self._given.items(), key=lambda entry: (-entry[1][1], entry[0]))


class Boards:
    """The same board over three spans; a new month has not seen as many givers as a lifetime."""

    def __init__(self, rng: Rng, crowd: deque[Person], *, largest: int) -> None:
        self.lifetime, self.week, self.month = Board(), Board(), Board()
        for board, count in ((self.lifetime, 12), (self.month, 7), (self.week, 2)):
            for person in chance.sample(rng, crowd, count):
                board.add(person, chance.whole(rng, 1, largest))

    def add(self, person: Person, quantity: int) -> None:
        """Somebody gave that much more."""
        for board in (self.lifetime, self.month, self.week):
            board.add(person, quantity)


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
        self.gifts = Boards(rng, self.crowd, largest=60)
        self.kicks = Boards(rng, self.crowd, largest=2_000)

    @property
    def slug(self) -> str:
        """The channel's name in URLs, invented where the caller did not give it."""
        return self.broadcaster.slug

    def viewer(self) -> Person:
        """Somebody of the crowd; now and then somebody new, for whom somebody else has left."""
        if chance.happens(self.rng, 0.02):
            self.crowd.append(people.invent(self.rng))
            return self.crowd[-1]
        return chance.pick(self.rng, self.crowd)

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

    def remember(self, message: Message) -> None:
        """Something was said."""
        self.messages.append(message)

    def forget(self, message: Message) -> None:
        """Something was taken down."""
        self.messages.remove(message)

    def dismiss(self, person: Person, away: deque[Person]) -> None:
        """A viewer must go, and what they said goes with them; somebody new fills the gap."""
        kept = [each for each in self.crowd if each.id != person.id]
        self.crowd = deque([*kept, people.invent(self.rng)], CROWD)
        self.messages = deque([each for each in self.messages if each.author.id != person.id], MESSAGES)
        self.renewals = deque([each for each in self.renewals if each.person.id != person.id], RENEWALS)
        away.append(person)

    def pardon(self, away: deque[Person]) -> Person:
        """Whoever went last may come back; there must be somebody."""
        person = away.pop()
        self.crowd.append(person)
        return person

    def begin_stream(self, unix_now: float) -> Stream:
        """The channel goes live."""
        self.last_stream_id += chance.whole(self.rng, 1, 5_000)
        self.stream = Stream(self.last_stream_id, chance.pick(self.rng, wording.TITLES), unix_now)
        return self.stream
