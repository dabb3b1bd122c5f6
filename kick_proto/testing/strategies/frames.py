"""Frames and texts: what may come out of the socket, well-formed or not.

A *frame* is ``kick_proto.frames.Frame``, as a server is told to publish it; a *text* is what a client reads. Frames of
events come on the topics on which Kick sends them, so that a session that watches the channel delivers them.
"""

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any, TypeAlias

import msgspec
from hypothesis import strategies as st

from kick_proto.decoders import PREFIX, ROWS, Decoders, Row
from kick_proto.events import Event
from kick_proto.frames import PING, PONG, Frame, encode_frame, parse_frames
from kick_proto.ids import Channel, ChannelId, ChatroomId, topic_of, topics_of
from kick_proto.payloads import MayBeEmpty
from kick_proto.testing.faults import MALFORMED
from kick_proto.testing.personalities import PERSONALITIES, Form, Personality, encode_as, json_as
from kick_proto.testing.strategies.payloads import payloads_making, payloads_of
from kick_proto.testing.strategies.values import Json, json_values, named, texts_of_people

__all__ = [
    "channels",
    "frames",
    "frames_of",
    "malformed_texts",
    "on_channel",
    "protocol_texts",
    "tellings_of",
    "texts",
    "undecodable_frames",
    "unknown_frames",
    "well_formed_texts",
]

_Said: TypeAlias = tuple[str, str, dict[str, object]]
"""Event, topic and payload."""
_CODES = st.sampled_from([None, 4001, 4009, 4100, 4200, 4301]) | st.integers(0, 5_000)


def channels() -> st.SearchStrategy[Channel]:
    """Channels of Kick. Shrinks to channel 1 with chatroom 1; the two numbers differ otherwise, as Kick's do."""
    numbers = st.integers(1, 10**9)
    return st.builds(lambda one, two: Channel(ChannelId(one), ChatroomId(two)), numbers, numbers)


def frames(channel: Channel, rows: Iterable[Row[Any]] = ROWS) -> st.SearchStrategy[Frame]:
    """A readable frame of any event that comes on the channel's public topics."""
    return _tellings(tuple(row for row in rows if row.topics), None).map(partial(on_channel, channel))


def frames_of(event_type: type[Event], channel: Channel, rows: Iterable[Row[Any]] = ROWS) -> st.SearchStrategy[Frame]:
    """Frames that become events of that type, in every shape in which Kick tells it.

    They come on public topics; for a type that needs a login, on the topics behind it. Shrinks to the shape of the
    first row, with the fields that must be there.

    Raises:
        ValueError: no row makes such an event.
    """
    return tellings_of(event_type, rows).map(partial(on_channel, channel))


def tellings_of(event_type: type[Event], rows: Iterable[Row[Any]]) -> st.SearchStrategy[Frame]:
    """As ``frames_of``, for no channel yet: there is a gap in the topic where the id belongs."""
    making = tuple(row for row in rows if event_type in row.makes)
    if not making:
        raise ValueError(f"no row of the decoder table makes {event_type.__name__}")
    return _tellings(tuple(row for row in making if row.topics) or making, event_type)


@lru_cache(maxsize=200)
def _tellings(rows: tuple[Row[Any], ...], event_type: type[Event] | None) -> st.SearchStrategy[Frame]:
    """Made once for each table and type, because a strategy of many fields takes longer to make than to draw from."""
    told = (payloads_of(row) if event_type is None else payloads_making(row, event_type) for row in rows)
    name = "frames" if event_type is None else f"frames_of_{event_type.__name__}"
    return named(name, st.one_of(*map(_telling, rows, told)))


def _telling(row: Row[Any], payloads: st.SearchStrategy[Json]) -> st.SearchStrategy[Frame]:
    topics = tuple(kind.value for kind in row.topics) or row.private
    return st.builds(Frame, st.sampled_from([row.name, PREFIX + row.name]), st.sampled_from(topics), _encoded(payloads))


def on_channel(channel: Channel, frame: Frame) -> Frame:
    """The frame with the channel's number in the gap; where another id belongs, the channel's has to do."""
    number = channel.chatroom_id if "chatroom" in frame.channel else channel.channel_id
    return msgspec.structs.replace(frame, channel=frame.channel.format(number))


def unknown_frames(channel: Channel) -> st.SearchStrategy[Frame]:
    """Frames of events whose names no row knows, as Kick adds without notice: they become ``Unknown``."""
    known = Decoders()
    names = texts_of_people(min_size=1).filter(lambda name: known.row(name) is None and not _is_protocol(name))
    return st.builds(Frame, names, st.sampled_from(topics_of(channel)), _encoded(json_values()))


def undecodable_frames(channel: Channel) -> st.SearchStrategy[Frame]:
    """Frames of known events whose payloads no row reads: they become ``Undecodable``."""
    known = [
        (row.name, topic_of(row.topics[0], channel))
        for row in ROWS
        if row.topics and not issubclass(row.payload, MayBeEmpty)
    ]
    broken = st.sampled_from(["", "{", "null", "7", '"text"', "[[]]", '{"id":', "\x00"])
    return st.builds(lambda where, data: Frame(where[0], where[1], data), st.sampled_from(known), broken)


def protocol_texts(channel: Channel) -> st.SearchStrategy[str]:
    """What a Pusher server says by itself: handshake, ping, pong, confirmations, refusals and errors.

    Each in the words of one of the servers that speak the protocol.
    """
    topics = st.sampled_from(topics_of(channel))
    said: st.SearchStrategy[_Said] = st.one_of(
        st.integers(1, 300).map(lambda timeout: ("pusher:connection_established", "", _handshake(timeout))),
        topics.map(lambda topic: ("pusher_internal:subscription_succeeded", topic, {})),
        topics.map(lambda topic: ("pusher:subscription_error", topic, _error(401))),
        _CODES.map(lambda code: ("pusher:error", "", _error(code))),
    )
    spoken = st.builds(_spoken, said, st.sampled_from([*PERSONALITIES.values()]), st.sampled_from(Form))
    return st.sampled_from([PING, PONG]) | spoken


def well_formed_texts(channel: Channel) -> st.SearchStrategy[str]:
    """Texts that are Pusher frames: of the protocol, of known and unknown events, and of unreadable ones."""
    told = frames(channel) | unknown_frames(channel) | undecodable_frames(channel)
    return named("well_formed_texts", protocol_texts(channel) | told.map(encode_frame))


def malformed_texts(channel: Channel) -> st.SearchStrategy[str]:
    """Texts that are no Pusher frames: prose, JSON of another shape, and frames that were cut off."""
    cut = st.builds(lambda text, keep: text[: int(keep * len(text))], well_formed_texts(channel), st.floats(0, 0.99))
    strange = st.sampled_from(MALFORMED) | texts_of_people() | _encoded(json_values())
    return named("malformed_texts", (strange | cut).filter(lambda text: not _is_frame(text)))


def texts(channel: Channel) -> st.SearchStrategy[str]:
    """Any text of a socket. What a client makes of it must never be an exception."""
    return well_formed_texts(channel) | malformed_texts(channel)


def _encoded(values: st.SearchStrategy[Json]) -> st.SearchStrategy[str]:
    return values.map(lambda value: msgspec.json.encode(value).decode())


def _spoken(said: _Said, personality: Personality, form: Form) -> str:
    event, topic, payload = said
    return encode_as(personality, event, json_as(personality, payload), topic, form)


def _handshake(timeout: int) -> dict[str, object]:
    return {"socket_id": "1.2", "activity_timeout": timeout}


def _error(code: int | None) -> dict[str, object]:
    return {"code": code, "message": "drawn"}


def _is_protocol(name: str) -> bool:
    return name.startswith(("pusher:", "pusher_internal:"))


def _is_frame(text: str) -> bool:
    return isinstance(parse_frames([text])[0], Frame)
