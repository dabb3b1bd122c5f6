"""What a session wants to be subscribed to, and what it must say to get there.

The wanted topics outlive connections. On each connection they are subscribed in the order of the first wish, never
twice, and never faster than the token bucket allows; a topic that is wanted no more is unsubscribed once its
subscription has been confirmed. The session owns the timer; ``pace`` tells it when to come back.
"""

from collections.abc import Iterable

import msgspec

from kick_proto.bucket import Bucket, take
from kick_proto.errors import LocalProtocolError
from kick_proto.ids import Channel, Topic, topics_of
from kick_proto.provider import Connection
from kick_proto.recent import RecentIds

__all__ = ["Route", "Wishes"]

ROUNDING = 1e-9
"""Seconds that are no wait: what is left of a deadline by the arithmetic of floats."""


class Route(msgspec.Struct):
    """Where the frames of a wanted topic go: its channel, and the ids that each of its events has had lately."""

    channel: Channel
    recent: dict[str, RecentIds] = {}

    def remember(self, event: str, limit: int) -> RecentIds:
        """Begin a memory of so many ids of an event."""
        recent = self.recent[event] = RecentIds(limit)
        return recent


class Wishes:
    """The wanted topics, and the difference to what the present connection has been told."""

    def __init__(self, bucket: Bucket, max_topics: int) -> None:
        self.routes: dict[str, Route] = {}
        self._owners: dict[Topic, Channel] = {}
        self._bucket = bucket
        self._max_topics = max_topics
        self._connection: Connection | None = None
        self._asking: dict[Topic, None] = {}
        self._leaving: dict[Topic, None] = {}

    def add(self, channel: Channel, topics: Iterable[Topic] | None = None) -> list[Topic]:
        """Want these topics of the channel, or all. Gives those that need no asking: the connection still has them.

        Raises:
            LocalProtocolError: a topic is not the channel's, or none is named; one of the channel's belongs to
                another channel that is wanted; or there would be too many topics.
        """
        own = topics_of(channel)
        for topic in own:
            if (owner := self._owners.get(topic)) is not None and owner.numbers != channel.numbers:
                raise LocalProtocolError(
                    f"{topic} belongs to channel {owner}, and cannot be one of {channel} too: check the numbers"
                )
        new = [topic for topic in _chosen(channel, own, topics) if topic not in self.routes]
        if len(self.routes) + len(new) > self._max_topics:
            raise LocalProtocolError(f"channel {channel} would make more than {self._max_topics} topics (max_topics)")
        # The first wish's words for the channel stay: a later one may know no slug.
        self._owners = dict.fromkeys(own, channel) | self._owners
        self.routes |= {topic: Route(self._owners[topic]) for topic in new}
        kept = [topic for topic in new if topic in self._leaving]
        for topic in kept:
            del self._leaving[topic]
        if self._connection is not None:
            self._asking |= {topic: None for topic in new if not self._connection.is_asked(topic)}
        return kept

    def remove(self, channel: Channel) -> None:
        """Want the channel's topics no more, whichever of them are wanted.

        Raises:
            LocalProtocolError: the channel is not wanted.
        """
        own = topics_of(channel)
        owners = {owner.numbers for topic in own if (owner := self._owners.get(topic)) is not None}
        if owners != {channel.numbers}:
            raise LocalProtocolError(f"channel {channel} is not subscribed")
        for topic in own:
            del self._owners[topic]
            if self.routes.pop(topic, None) is None:
                continue
            self._asking.pop(topic, None)
            if self.is_confirmed(topic):
                self._leaving[topic] = None

    def begin(self, connection: Connection) -> None:
        """There is a new connection, which knows nothing yet."""
        self._connection = connection
        self._asking = dict.fromkeys(map(Topic, self.routes))
        self._leaving = {}

    def end(self) -> None:
        """There is no connection now."""
        self._connection = None
        self._asking = {}
        self._leaving = {}

    def confirm(self, topic: Topic) -> bool:
        """A subscription was confirmed; False where it is wanted no more, and will be unsubscribed."""
        if topic in self.routes:
            return True
        self._leaving[topic] = None
        return False

    def pace(self, now: float) -> float | None:
        """Tell the connection what the bucket allows now.

        Returns when to come back (monotonic seconds, above ``now``), or None where nothing is left to say. A token is
        taken when it is used and never before: who comes back late finds the bucket as full as it then may be.
        """
        while self._connection is not None and (self._asking or self._leaving):
            bucket, start_at = take(self._bucket, now)
            if start_at > now + ROUNDING:
                return start_at
            self._bucket = bucket
            if self._asking:
                self._connection.subscribe(now, _pop_first(self._asking))
            else:
                self._connection.unsubscribe(now, _pop_first(self._leaving))
        return None

    def is_confirmed(self, topic: Topic) -> bool:
        """Whether the present connection has the topic, confirmed."""
        return self._connection is not None and self._connection.is_confirmed(topic)


def _chosen(channel: Channel, own: tuple[Topic, ...], topics: Iterable[Topic] | None) -> tuple[Topic, ...]:
    if topics is None:
        return own
    chosen = tuple(dict.fromkeys(topics))
    if foreign := [topic for topic in chosen if topic not in own]:
        raise LocalProtocolError(f"{foreign[0]!r} is no topic of channel {channel}; those are {', '.join(own)}")
    if not chosen:
        raise LocalProtocolError(f"no topic of channel {channel} is named; there are {', '.join(own)}")
    return chosen


def _pop_first(topics: dict[Topic, None]) -> Topic:
    topic = next(iter(topics))
    del topics[topic]
    return topic
