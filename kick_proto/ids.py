"""Who is who on Kick: three kinds of number, and the topics that are named with them.

A streamer has a user id, a channel id and a chatroom id. They are three different numbers (equal by chance only on
some very old accounts), so they are three types, and none is ever guessed from another.

A *topic* is what Pusher calls a channel: the name one subscribes to. One Kick channel publishes on six public
topics, and each event type arrives on certain of them only.

Source: Seen: wire catalogue sections 0 and 9.5 (2023-2026).
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Literal, NewType, TypeAlias

import msgspec

from kick_proto.errors import LocalProtocolError

__all__ = [
    "Channel",
    "ChannelId",
    "ChatroomId",
    "First",
    "Second",
    "Topic",
    "TopicKind",
    "UserId",
    "channels_of",
    "parse_topic",
    "topic_of",
    "topics_of",
]

UserId = NewType("UserId", int)
ChannelId = NewType("ChannelId", int)
ChatroomId = NewType("ChatroomId", int)
Topic = NewType("Topic", str)


class TopicKind(Enum):
    """The six public topics of a channel; the value is the name with a gap for the id."""

    CHATROOM_V2 = "chatrooms.{}.v2"
    CHATROOM = "chatrooms.{}"
    CHATROOM_NEW = "chatroom_{}"
    CHANNEL = "channel.{}"
    CHANNEL_NEW = "channel_{}"
    PREDICTIONS = "predictions-channel-{}"

    @property
    def id_type(self) -> Literal["channel", "chatroom"]:
        """Which of a channel's numbers stands in the name."""
        return "chatroom" if self.value.startswith("chatroom") else "channel"


class Channel(msgspec.Struct, frozen=True):
    """A streamer's channel on a platform, by the numbers that its topics need."""

    channel_id: ChannelId
    chatroom_id: ChatroomId
    slug: str = ""
    """The name in the URL (kick.com/SLUG), where it is known."""
    platform: str = "kick"

    @classmethod
    def elsewhere(cls, platform: str, id: str) -> "Channel":
        """A channel of another platform, whose ids are texts: it is known by ``slug``, and its numbers are 0.

        It can be told of in an event, and cannot be subscribed to on Kick.

        Raises:
            LocalProtocolError: platform or id is empty, or the platform is Kick.
        """
        if not platform or platform == "kick" or not id:
            raise LocalProtocolError(
                f"elsewhere needs the name of another platform and an id, not {platform!r}, {id!r}"
            )
        return cls(ChannelId(0), ChatroomId(0), id, platform)

    def __post_init__(self) -> None:
        if self.platform != "kick" and (self.channel_id, self.chatroom_id) == (0, 0) and self.slug:
            return
        numbers: tuple[tuple[str, object], ...] = (("channel_id", self.channel_id), ("chatroom_id", self.chatroom_id))
        for name, value in numbers:
            if type(value) is not int or value <= 0:
                raise LocalProtocolError(
                    f"{name} must be a positive number, not {value!r}; "
                    "https://kick.com/api/v2/channels/SLUG shows both as 'id' and 'chatroom.id'"
                )

    @property
    def numbers(self) -> tuple[ChannelId, ChatroomId]:
        """What tells channels apart: a slug may be known here and unknown there, and can be renamed."""
        return self.channel_id, self.chatroom_id

    def __str__(self) -> str:
        return self.slug or f"{self.channel_id}:{self.chatroom_id}"


def topic_of(kind: TopicKind, channel: Channel) -> Topic:
    """The name of one topic of the channel.

    Raises:
        LocalProtocolError: it is a channel of another platform.
    """
    if channel.platform != "kick":
        raise LocalProtocolError(f"channel {channel} is one of {channel.platform}, and has no topics on Kick")
    return Topic(kind.value.format(channel.channel_id if kind.id_type == "channel" else channel.chatroom_id))


def topics_of(channel: Channel) -> tuple[Topic, ...]:
    """All public topics of the channel, in the order of ``TopicKind``: chat first."""
    return tuple(topic_of(kind, channel) for kind in TopicKind)


_PATTERNS = tuple((kind, re.escape(kind.value).replace(r"\{\}", r"([0-9]{1,20})")) for kind in TopicKind)
_ID_TYPES: Mapping[str, Callable[[int], ChannelId | ChatroomId]] = {"channel": ChannelId, "chatroom": ChatroomId}


def parse_topic(topic: str) -> tuple[TopicKind, ChannelId | ChatroomId] | None:
    """Kind and id of a public topic's name, or None where the name is none of the six."""
    for kind, pattern in _PATTERNS:
        if found := re.fullmatch(pattern, topic):
            return kind, _ID_TYPES[kind.id_type](int(found[1]))
    return None


First: TypeAlias = Channel | ChannelId
"""The first of the arguments that name channels."""
Second: TypeAlias = Channel | ChatroomId
"""The second of them: a chatroom id behind a channel id, or one more channel."""


def channels_of(first: First | None = None, second: Second | None = None, *more: Channel) -> tuple[Channel, ...]:
    """Read the two ways to name channels: ``(ChannelId(1), ChatroomId(2))`` or ``(channel, channel, ...)``.

    Raises:
        LocalProtocolError: for anything else, with a sentence that says what was given.
    """
    match first, second, more:
        case (None, None, ()):
            return ()
        case (int(), int(), ()):
            return (Channel(ChannelId(first), ChatroomId(second)),)
        case (Channel(), Channel() | None, _) if all(isinstance(each, Channel) for each in more):
            return tuple(each for each in (first, second, *more) if isinstance(each, Channel))
        case _:
            given = ", ".join(repr(each) for each in (first, second, *more) if each is not None)
            raise LocalProtocolError(
                "channels are named as (ChannelId(1), ChatroomId(2)) or as Channel objects, not as "
                f"({given}); a channel's id never tells its chatroom's"
            )
