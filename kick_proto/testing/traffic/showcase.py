"""Everything that can be shown, on topics that anybody may read: for a demonstration.

Some events are told only to people who are logged in, on topics of their own; a public socket never has them. Between
the acts of ``Traffic`` a ``Showcase`` plays these too, published on a public topic of the channel, and now and then a
frame that cannot be read. So it is no picture of a real socket, but of all that an application may be handed.
"""

from kick_proto.frames import Frame
from kick_proto.ids import Channel, Topic, TopicKind, parse_topic, topic_of
from kick_proto.machine import Rng
from kick_proto.testing.traffic.deck import Deck
from kick_proto.testing.traffic.scenes import PRIVATE_SCENES
from kick_proto.testing.traffic.show import Traffic

__all__ = ["Showcase"]

BETWEEN = 12
"""Acts of the traffic from one exhibit to the next: all of them are seen within 500 acts."""

BROKEN = "broken"
"""The exhibit that is no scene."""


class Showcase:
    """The traffic of one channel with exhibits in between; same channel, chance and times, same frames."""

    def __init__(self, channel: Channel, rng: Rng, *, rare: float = 0.08) -> None:
        self._traffic = Traffic(channel, rng, rare=rare)
        self._topic = topic_of(TopicKind.CHANNEL_NEW, channel)
        self._deck = Deck((*PRIVATE_SCENES, BROKEN), rng)
        self._count = 0

    def act(self, unix_now: float) -> list[Frame]:
        """One thing happens: the frames that tell it, at least one."""
        self._count += 1
        if self._count % BETWEEN:
            return self._traffic.act(unix_now)
        exhibit = self._deck.draw()
        if exhibit == BROKEN:
            return [_broken(self._topic)]
        return [_published(frame, self._topic) for frame in self._traffic.play(exhibit, unix_now)]


def _published(frame: Frame, topic: Topic) -> Frame:
    """The frame, on the public topic if its own is not public."""
    return frame if parse_topic(frame.channel) is not None else Frame(frame.event, topic, frame.data)


def _broken(topic: Topic) -> Frame:
    """A sum that is no number: what a change of the wire looks like."""
    return Frame("KicksGifted", topic, '{"sender":{"id":7,"username":"DapperWalrus"},"gift":{"amount":"plenty"}}')
