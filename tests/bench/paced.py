"""How a session subscribes many topics within the outgoing limit that it has by default, on a clock of its own."""

import random

import msgspec

from kick_proto import frames
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, TopicKind, topic_of
from kick_proto.machine import Open, Opened, Received, Transmit
from kick_proto.session import Config, Session

__all__ = ["Pace", "channels_of", "measure_pace"]

ESTABLISHED = frames.encode_frame(Frame("pusher:connection_established", "", '{"socket_id":"1.1"}'))


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """When so many topics were subscribed, in seconds, and the most that was said within any second.

    ``limit`` is what may be said within one at most: all that is held in the bucket, and what comes in meanwhile.
    """

    topics: int
    seconds: float
    most: int
    limit: float


def measure_pace(topics: int) -> Pace:
    """Let a session subscribe so many topics; the server confirms each at once."""
    config = Config()
    session = Session(config, rng=random.Random(7))
    for channel, kinds in channels_of(topics):
        session.subscribe(0.0, channel, [topic_of(kind, channel) for kind in kinds])
    session.connect(0.0)
    opening = session.poll_output()
    assert isinstance(opening, Open)
    session.handle_input(0.0, Opened(opening.ref))
    session.handle_input(0.0, Received(opening.ref, [ESTABLISHED], 0.0))
    said: list[float] = []
    now: float | None = 0.0
    while now is not None and len(said) < topics:
        session.handle_timeout(now)
        while isinstance(output := session.poll_output(), Transmit):
            said += [now] * len(output.data)
            session.handle_input(now, Received(opening.ref, list(map(_confirmation, output.data)), now))
        now = session.poll_timeout()
    most = max(sum(1 for other in said[place:] if other < at + 1.0) for place, at in enumerate(said))
    return Pace(topics=len(session.confirmed), seconds=said[-1], most=most, limit=config.send_burst + config.send_rate)


def channels_of(topics: int) -> list[tuple[Channel, list[TopicKind]]]:
    """Channels that have so many topics together, chat first; of the last channel, perhaps not all of them."""
    kinds = list(TopicKind)
    return [
        (Channel(ChannelId(1_000_000 + first), ChatroomId(2_000_000 + first)), kinds[: topics - first])
        for first in range(0, topics, len(kinds))
    ]


def _confirmation(text: str) -> str:
    said = frames.parse_frame(text)
    topic = msgspec.json.decode(said.data)["channel"]
    return frames.encode_frame(Frame("pusher_internal:subscription_succeeded", topic, "{}"))
