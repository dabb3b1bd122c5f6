"""What the runner, the client and the server of one run tell each other."""

from typing import Literal, TypeAlias

import msgspec

from kick_proto.decoders import PREFIX
from kick_proto.ids import Channel, ChannelId, ChatroomId

__all__ = [
    "CHANNELS",
    "CHAT",
    "STAMP",
    "STAMP_DIGITS",
    "Audience",
    "Dialect",
    "Mix",
    "Order",
    "Place",
    "Ports",
    "Reading",
]

CHANNELS = tuple(Channel(ChannelId(2_718_281 + 7 * place), ChatroomId(2_704_110 + 9 * place)) for place in range(10))
"""Who is watched: what comes in one second here is what comes on many channels at once, never on a single one."""
CHAT = PREFIX + "ChatMessageEvent"

STAMP_DIGITS = 20
STAMP = "#" * STAMP_DIGITS
"""Stands in a text where the time of its write goes."""

Mix: TypeAlias = Literal["plain", "mixed", "chat"]
"""``mixed`` is plain traffic in which a frame in twenty is a ping more, or is cut into fragments, and ``chat`` is what
of it is chat."""

Audience: TypeAlias = Literal["newest", "all", "spread"]
"""Who gets the events: the newest connection; each all of them; or each its share, over its topics in turn."""

Dialect: TypeAlias = Literal["pusher", "centrifugo"]
"""The envelope: the same topics, names and payloads in both."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a client wants of the server. With a ``rate`` (a second) every event carries the time of its write.

    With ``pings`` the client is pinged from its first subscription on, again as soon as it has answered, until it says
    ``go``; it is told then after how many seconds each was answered.
    """

    events: int
    mix: Mix = "plain"
    dialect: Dialect = "pusher"
    tls: bool = False
    rate: float | None = None
    audience: Audience = "newest"
    pings: bool = False


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The server's answer: where to connect, whom to trust there, and what will come."""

    port: int
    frames: int
    chats: int
    authority: str = ""


class Ports(msgspec.Struct, frozen=True):
    """What the server prints when it listens: the port that takes orders."""

    control: int


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the client prints when it has run: seconds of CPU and of the clock, and how late each event was."""

    cpu: float
    wall: float
    frames: int
    delays: list[float] = []
