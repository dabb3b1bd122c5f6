"""Which of N takes which channel: the same answer everywhere, without anybody having to ask.

Channels are divided among shards (sessions of one process, or processes) by rendezvous hashing: each shard draws a
number for each channel, and the highest one has it. What it draws follows from the channel's own numbers alone: not
from the other channels, their order, the process or the version of Python. So processes that are given the same list
and the same count agree, a channel that is added moves no other, and one shard more takes its share, 1/N of the
channels, from all others evenly, and moves nothing else.

The drawn numbers are a promise: processes of several versions may share one list while they are replaced in turn.
"""

from collections.abc import Iterable
from hashlib import blake2b

from kick_proto.errors import LocalProtocolError
from kick_proto.ids import Channel

__all__ = ["divide", "shard_of"]


def shard_of(channel: Channel, count: int, *, seed: str = "") -> int:
    """Which of ``count`` shards has the channel: from 0 up to ``count - 1``. A slug that is known changes nothing.

    With another ``seed`` they are dealt out anew. Whoever divides a shard further needs one: by the same numbers, the
    channels of one shard would come into one shard again.

    Raises:
        LocalProtocolError: there is no shard.
    """
    _must_be_some(count)
    name = _name(channel)
    # Where two numbers are equal, which one chance allows every 2**64 times, the later shard has it: always the same.
    return max(range(count), key=lambda shard: (_drawn(seed, shard, name), shard))


def divide(channels: Iterable[Channel], count: int, *, seed: str = "") -> tuple[tuple[Channel, ...], ...]:
    """The channels of each of ``count`` shards, each channel in one of them, in the order in which they are given.

    Shares are even by chance, not by force: of few channels, a shard may have none.

    Raises:
        LocalProtocolError: there is no shard; or two channels share one of their numbers and not the other, of which
            sessions that each have one of them would know nothing.
    """
    _must_be_some(count)
    shares: list[list[Channel]] = [[] for _ in range(count)]
    partners: dict[tuple[str, int], Channel] = {}
    for channel in channels:
        _must_agree(channel, partners)
        shares[shard_of(channel, count, seed=seed)].append(channel)
    return tuple(map(tuple, shares))


def _name(channel: Channel) -> bytes:
    """What tells it from all others. On Kick its numbers do; elsewhere the id is a text, and stands as the slug."""
    id = "" if channel.platform == "kick" else channel.slug
    return f"{channel.channel_id}:{channel.chatroom_id}:{channel.platform}:{id}".encode()


def _drawn(seed: str, shard: int, name: bytes) -> bytes:
    """Big-endian, so that bytes compare as their numbers do."""
    return blake2b(f"{shard}:{len(seed)}:{seed}:".encode() + name, digest_size=8).digest()


def _must_be_some(count: int) -> None:
    if count < 1:
        raise LocalProtocolError(f"channels are divided among 1 shard or more, not {count}")


def _must_agree(channel: Channel, partners: dict[tuple[str, int], Channel]) -> None:
    if channel.platform != "kick":
        return
    for kind, id in (("channel", channel.channel_id), ("chatroom", channel.chatroom_id)):
        other = partners.setdefault((kind, id), channel)
        if other.numbers != channel.numbers:
            raise LocalProtocolError(
                f"{kind} id {id} belongs to channel {other}, and cannot be one of {channel} too: check the numbers"
            )
