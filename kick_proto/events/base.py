"""What every event has."""

from datetime import datetime

import msgspec

from kick_proto.frames import Frame
from kick_proto.ids import Channel

__all__ = ["Arrival", "Event", "IdentifiedEvent", "JoinedEvent", "Undecodable", "Unknown"]


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """What came in: the wall-clock time (UTC) of the read that it came in, and its frame."""

    received_at: datetime
    raw: Frame


class Event(Arrival, frozen=True, gc=False):
    """Something that happened on a channel."""

    channel: Channel

    @property
    def platform(self) -> str:
        """The platform's name, ``kick`` for this library's own."""
        return self.channel.platform


class IdentifiedEvent(Event, frozen=True, gc=False):
    """An event that the platform gave an id of its own: the same id again is the same event again."""

    id: str


class JoinedEvent(Event, frozen=True, gc=False, kw_only=True):
    """An event that the platform tells in several frames, each of which knows a part of it.

    ``sources`` are the frames that it was joined from, in the order in which they came; before joining it is empty,
    and ``raw`` alone is the frame. What none of the frames said is None.
    """

    sources: tuple[Frame, ...] = ()


class Unknown(Event, frozen=True, tag=True, gc=False):
    """An event whose name no decoder knows: ``raw`` is all there is to know."""


class Undecodable(Arrival, frozen=True, tag=True, gc=False):
    """A frame that could not be read: what was wrong, and where in the payload.

    ``channel`` is None where the text was no frame at all; ``raw.data`` then holds that text.
    """

    channel: Channel | None
    error: str
    path: str = "$"
    """JSON path of the field at fault, ``$`` for the payload as a whole."""
