"""The showcase: all that an application may be handed, on topics that anybody may read."""

import random
from datetime import UTC, datetime

from kick_proto import events
from kick_proto.decoders import ROWS, Decoders
from kick_proto.frames import Frame
from kick_proto.ids import topics_of
from kick_proto.testing.traffic import Showcase
from tests.testing.shows import CHANNEL, NOW, flat


def show(count: int, seed: int) -> list[list[Frame]]:
    showcase = Showcase(CHANNEL, random.Random(seed), rare=0.3)
    return [showcase.act(NOW + 0.025 * number) for number in range(count)]


def test_five_hundred_acts_make_every_event_that_there_is_whatever_chance_says() -> None:
    every = {made for row in ROWS for made in row.makes} | {events.Unknown, events.Undecodable}
    decoders = Decoders()
    for seed in range(5):
        made = {type(decoders.decode(frame, datetime.now(UTC), CHANNEL)) for frame in flat(show(500, seed))}
        assert made == every


def test_every_frame_comes_on_a_public_topic_of_the_channel() -> None:
    assert {frame.channel for frame in flat(show(1_000, 7))} == set(topics_of(CHANNEL))


def test_the_same_chance_shows_the_same() -> None:
    assert show(300, 7) == show(300, 7) != show(300, 8)


def test_as_many_acts_are_rare_as_in_the_traffic_if_nobody_says_how_many() -> None:
    mostly, told = (Showcase(CHANNEL, random.Random(7), **share) for share in ({}, {"rare": 0.08}))
    assert [mostly.act(NOW) for _ in range(50)] == [told.act(NOW) for _ in range(50)]
