"""Channels in shards: everywhere the same, evenly, and moved as little as can be."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.errors import LocalProtocolError
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.shards import divide, shard_of
from tests.cli.processes import python

COUNTS = st.integers(1, 12)
SEEDS = st.text(max_size=5)


def numbered(number: int, slug: str = "") -> Channel:
    return Channel(ChannelId(number), ChatroomId(number + 7), slug)


CHANNELS = st.builds(numbered, st.integers(1, 1 << 40))
MANY = tuple(map(numbered, range(1, 4_001)))


@given(st.lists(CHANNELS, max_size=30), COUNTS, SEEDS)
def test_every_channel_is_in_one_shard_and_in_order(channels: list[Channel], count: int, seed: str) -> None:
    shards = divide(channels, count, seed=seed)
    assert len(shards) == count
    assert Counter(each for shard in shards for each in shard) == Counter(channels)
    for number, shard in enumerate(shards):
        assert list(shard) == [each for each in channels if shard_of(each, count, seed=seed) == number]


@given(CHANNELS, COUNTS, SEEDS)
def test_one_shard_more_takes_channels_and_moves_none_between_the_others(
    channel: Channel, count: int, seed: str
) -> None:
    assert shard_of(channel, count + 1, seed=seed) in {shard_of(channel, count, seed=seed), count}


@given(CHANNELS, COUNTS)
def test_a_slug_that_is_known_changes_nothing(channel: Channel, count: int) -> None:
    assert shard_of(numbered(channel.channel_id, "known"), count) == shard_of(channel, count)


@pytest.mark.parametrize("count", [2, 3, 7, 20])
def test_shares_are_even(count: int) -> None:
    mean = len(MANY) / count
    # Five standard deviations of a fair draw; the numbers are fixed, so this is no matter of luck.
    assert all(abs(len(shard) - mean) < 5 * mean**0.5 for shard in divide(MANY, count))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
def test_one_shard_more_takes_its_share_from_all_others(count: int) -> None:
    moved = [each for each in MANY if shard_of(each, count) != shard_of(each, count + 1)]
    share = len(MANY) / (count + 1)
    assert abs(len(moved) - share) < 5 * share**0.5
    taken = Counter(shard_of(each, count) for each in moved)
    assert all(abs(taken[shard] - share / count) < 5 * (share / count) ** 0.5 for shard in range(count))


def test_a_shard_is_divided_further_with_another_seed() -> None:
    shard = divide(MANY, 4)[1]
    assert [len(each) for each in divide(shard, 4)].count(0) == 3
    mean = len(shard) / 4
    assert all(abs(len(each) - mean) < 5 * mean**0.5 for each in divide(shard, 4, seed="sessions"))


PROMISED = "2100322213321110"
"""The shards of channels 1 to 16 among 4, which no later version may change."""


def test_the_answer_is_promised() -> None:
    channels = [numbered(number) for number in range(1, 17)]
    assert "".join(str(shard_of(channel, 4)) for channel in channels) == PROMISED
    shards = divide(channels, 4)
    assert [int(shard) for shard in PROMISED] == [
        next(number for number, shard in enumerate(shards) if channel in shard) for channel in channels
    ]


@pytest.mark.parametrize("hash_seed", ["0", "1", "2"])
def test_another_process_gives_the_same_answer(hash_seed: str) -> None:
    program = (
        "from kick_proto.ids import *; from kick_proto.shards import *\n"
        "for n in range(1, 17): print(end=str(shard_of(Channel(ChannelId(n), ChatroomId(n + 7)), 4)))"
    )
    assert python("-c", program, changes={"PYTHONHASHSEED": hash_seed}).out == PROMISED


def test_channels_of_other_platforms_are_told_apart_by_their_id() -> None:
    elsewhere = [Channel.elsewhere("youtube", f"live{number}") for number in range(50)]
    assert all(divide(elsewhere, 3))


@pytest.mark.parametrize("count", [0, -1])
def test_there_is_a_shard_at_least(count: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"1 shard or more, not {count}"):
        shard_of(numbered(1), count)
    with pytest.raises(LocalProtocolError, match=f"1 shard or more, not {count}"):
        divide([], count)


@pytest.mark.parametrize(("other", "number"), [((1, 9), "channel"), ((2, 8), "chatroom")])
def test_channels_that_contradict_each_other_are_told_wherever_they_are(other: tuple[int, int], number: str) -> None:
    wrong = Channel(ChannelId(other[0]), ChatroomId(other[1]))
    with pytest.raises(
        LocalProtocolError, match=f"{number} id [18] belongs to channel 1:8, and cannot be one of {wrong} too"
    ):
        divide([numbered(1), wrong], 5)
