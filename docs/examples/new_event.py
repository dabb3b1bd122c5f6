"""Teach the table an event that it does not know yet: a payload, a function, a row."""

from datetime import datetime

from kick_proto.decoders import Decoders, Row
from kick_proto.events import Event
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind
from kick_proto.payloads import Payload


class ConfettiEvent(Payload, frozen=True):
    """What the wire says: ``{"username": "ada", "pieces": 12}``."""

    username: str
    pieces: int


class Confetti(Event, frozen=True, tag=True):
    """What the application gets."""

    username: str
    pieces: int


def confetti(payload: ConfettiEvent, received_at: datetime, raw: Frame, channel: Channel) -> Confetti:
    return Confetti(received_at, raw, channel, payload.username, payload.pieces)


decoders = Decoders()
decoders.register(Row("ConfettiEvent", ConfettiEvent, confetti, (TopicKind.CHATROOM_V2,)))
# connect(..., decoders=decoders), or Session(..., decoders=decoders)
