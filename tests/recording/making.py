"""Recordings to test with: made in the world in memory, or by a script of whatever may happen."""

import random
from typing import NamedTuple

from kick_proto.backoff import Backoff
from kick_proto.decoders import Decoders
from kick_proto.ids import Channel
from kick_proto.machine import Rng
from kick_proto.recording.recorder import RecordedRng, Recorder, header
from kick_proto.recording.setup import machines, setup_of
from kick_proto.session import Config, SessionEvent
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.traffic import Showcase
from kick_proto.testing.world import UNIX_EPOCH, World
from tests.scenes import FOX, kick_server

NARROW = Config(backoff=Backoff(retries=2), high_water=6, low_water=2)
"""A session that lags soon, and gives up soon."""


class Recording(NamedTuple):
    lines: list[bytes]
    events: list[SessionEvent]


def new_recorder(
    config: Config = NARROW,
    *,
    merge: float | None = 2.0,
    decoders: Decoders | None = None,
    chance: Rng | None = None,
    most: int = 64 << 20,
) -> Recorder:
    rng = RecordedRng(chance if chance is not None else random.Random(7))
    setup = setup_of(config, merge)
    assert setup is not None
    session, machine = machines(setup, rng, decoders)
    return Recorder(machine, session=session, rng=rng, header=header(UNIX_EPOCH, setup), most=most)


def recorded(
    seconds: int = 30,
    *,
    channel: Channel = FOX,
    faults: Faults = NO_FAULTS,
    rate: float = 20.0,
    seed: int = 7,
    began_at: float = 1_234.567,
) -> Recording:
    """A lively channel, watched for a while by somebody who looks once a second."""
    config = Config(backoff=Backoff(retries=None))
    recorder, server = new_recorder(config, chance=random.Random(seed)), kick_server(faults)
    world = World(server, recorder, latency=0.03)
    world.advance(began_at)
    recorder.subscribe(0.0, channel)
    world.call(recorder.connect)
    world.call(server.play, Showcase(channel, random.Random(seed), rare=0.3), rate)
    events: list[SessionEvent] = []
    for _ in range(seconds):
        world.advance(1.0)
        events += recorder.take_events()
    world.call(recorder.close)
    events += recorder.take_events()
    return Recording(recorder.take_lines(), events)
