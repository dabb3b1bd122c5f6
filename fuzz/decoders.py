"""A name and a payload: always an event, that reaches its frame and can be written as JSON.

An input is the event's name, a line feed, and the text of the payload. One that begins with ``SHAPED`` is
the number of a row instead, and choices: what they make is mostly of that row's shape.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from fuzz.shaped import draw
from kick_proto.decoders import PREFIX, ROWS, Decoders
from kick_proto.events import Event, Undecodable, Unknown
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, TopicKind, topic_of

__all__ = ["check", "frame_of", "seed"]

CHANNEL = Channel(ChannelId(11), ChatroomId(22))
TOPIC = topic_of(TopicKind.CHATROOM_V2, CHANNEL)
MOMENT = datetime(2026, 11, 1, 12, tzinfo=UTC)
DECODE = Decoders().decode
MAKES: Mapping[str, tuple[type[msgspec.Struct], ...]] = {
    name: (*row.makes, Undecodable)
    for row in ROWS
    for name in (row.name, PREFIX + row.name, row.name.rpartition("\\")[2])
}
ENCODE = msgspec.json.Encoder().encode


SHAPED = b"\x01"


def frame_of(data: bytes) -> Frame:
    """The frame that an input says."""
    if data[:1] == SHAPED and len(data) > 1:
        row = ROWS[data[1] % len(ROWS)]
        return Frame(row.name, TOPIC, draw(row.payload, data[2:]))
    name, _, payload = data.partition(b"\n")
    return Frame(name.decode("utf-8", "replace"), TOPIC, payload.decode("utf-8", "replace"))


def check(data: bytes) -> None:
    frame = frame_of(data)
    event = DECODE(frame, MOMENT, CHANNEL)
    assert isinstance(event, Event | Undecodable), event
    assert isinstance(event, MAKES.get(frame.event, (Unknown,))), event
    assert (event.raw, event.received_at, event.channel) == (frame, MOMENT, CHANNEL), event
    assert event == DECODE(frame, MOMENT, CHANNEL)
    assert ENCODE(event).startswith(b'{"type":"')


def seed(frame: Frame) -> bytes:
    return f"{frame.event}\n{frame.data}".encode()
