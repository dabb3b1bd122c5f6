"""What goes wrong at the mock Kick, and when: ``Faults`` of any kind, and schedules of them.

A schedule ends with a server that behaves, so that a test can ask whether its subject has recovered::

    @given(strategies.schedules())
    def test_the_bot_comes_back(schedule):
        server, session, world = ...
        strategies.act_out(schedule, world, server)
        world.advance(60)
        assert session.confirmed == ...
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
from hypothesis import strategies as st

from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.server import KickServer
from kick_proto.testing.world import World

__all__ = ["RECOVERABLE", "Schedule", "Turn", "act_out", "faults", "schedules"]

_SOON = st.sampled_from([0.5, 1.0, 3.0, 10.0, 45.0])

RECOVERABLE: tuple[int, ...] = (1000, 1001, 1011, 4100, 4200, 4201)
"""Close codes after which a client is to come back. Source: Spec: "Error codes"."""
_SWITCHES: dict[str, st.SearchStrategy[Any]] = {
    "withhold_handshake": st.just(True),
    "handshake_delay": _SOON,
    "handshake_without_timeout": st.just(True),
    "handshake_not_json": st.just(True),
    "handshake_as_object": st.just(True),
    "wrong_first_event": st.just(True),
    "mute": st.just(True),
    "ping_interval": _SOON,
    "duplicate_confirmation": st.just(True),
    "event_before_confirmation": st.just(True),
    "swap_data": st.just(True),
    "cache_replay": st.just(True),
    "burst": st.integers(1, 20),
    "duplicate_probability": st.sampled_from([0.5, 1.0]),
    "error_interval": _SOON,
    "malformed_interval": _SOON,
    "drop_after": _SOON,
    "close_after": _SOON,
    "error_first": st.just(True),
    "spread": st.sampled_from([0.2, 0.9]),
}
"""A switch of ``Faults`` and what it may be set to."""


def faults(*, codes: Sequence[int] = RECOVERABLE) -> st.SearchStrategy[Faults]:
    """Any switches of the mock together. Shrinks to few of them, and at last to a server that behaves.

    ``codes`` are the close codes that it may use; with those of 4000-4099 among them, a client may stay away for good.
    Left out are the switches that name topics, and ``fragment``, which is for a server over bytes.
    """
    ends = st.sampled_from(codes)
    switches = {"refuse_code": ends, "close_code": ends, **_SWITCHES}
    return st.fixed_dictionaries({}, optional=switches).map(lambda chosen: Faults(**chosen))


class Turn(msgspec.Struct, frozen=True):
    """So many seconds after the last turn, the server's faults become these."""

    after: float
    faults: Faults


Schedule: TypeAlias = Sequence[Turn]
"""The last turn is to a server that behaves."""


def schedules(*, most: int = 5, codes: Sequence[int] = RECOVERABLE) -> st.SearchStrategy[Schedule]:
    """Up to ``most`` turns of faults, each lasting from no time to some minutes, and then peace.

    Shrinks to few turns, few switches and short times.
    """
    times = st.sampled_from([0.0, 0.5, 2.0, 20.0, 90.0, 300.0])
    turns = st.lists(st.builds(Turn, times, faults(codes=codes)), max_size=most)
    return st.builds(lambda trouble, after: (*trouble, Turn(after, NO_FAULTS)), turns, times)


def act_out(schedule: Schedule, world: World, server: KickServer) -> None:
    """Let the world's time pass as the schedule says, and turn the server's switches on the way."""
    for turn in schedule:
        world.advance(turn.after)
        world.call(server.set_faults, turn.faults)
