"""Traffic to look at: a channel, a moment, and ways to let acts happen and to read what they told."""

import json
import random
from typing import Any

from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.testing.traffic import PRIVATE_SCENES, SCENES, Scene, Traffic
from kick_proto.testing.traffic.chat import CHATTER
from kick_proto.testing.traffic.stage import Stage

CHANNEL = Channel(ChannelId(81_234_567), ChatroomId(80_765_432), "waffle_tower")
NOW = 1_790_000_000.123456
PREFIX = "App\\Events\\"
SPOKEN = {scene.__name__: scene for _, scene in CHATTER}
ALL_SCENES = {**SCENES, **PRIVATE_SCENES}


def traffic(seed: int = 7, rare: float = 0.08) -> Traffic:
    return Traffic(CHANNEL, random.Random(seed), rare=rare)


def run(count: int, *, seed: int = 7, rare: float = 0.08) -> list[list[Frame]]:
    show = traffic(seed, rare)
    return [show.act(NOW + 0.37 * number) for number in range(count)]


def flat(acts: list[list[Frame]]) -> list[Frame]:
    return [frame for act in acts for frame in act]


def payloads(frames: list[Frame], name: str) -> list[Any]:
    return [json.loads(frame.data) for frame in frames if frame.event.removeprefix(PREFIX) == name]


def played(scene: Scene, *, times: int = 20, seed: int = 7) -> list[list[Frame]]:
    """What one scene tells, again and again, on a stage where some chat has been."""
    stage = Stage(CHANNEL, random.Random(seed))
    for _ in range(5):
        SPOKEN["plain"](stage, NOW)
    return [scene(stage, NOW + number) for number in range(times)]
