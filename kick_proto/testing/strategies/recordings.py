"""Whole recordings, as ``kick_proto.recording`` writes them: sound ones, and damaged ones with what is left of them.

A sound one is what a real session has left, which lived in memory: a drawn life in a ``World``, with a mock server, its
faults and its frames, links that break and an application that looks when it likes; or a script of
``session_scripts``. So its replay reproduces every line::

    @given(strategies.transcripts())
    def test_my_reader_keeps_everything(recorded):
        assert replay(read(my_copy(recorded.lines))).lines == list(recorded.lines)

A damaged one is such a recording, to which happens what happens to files, and it says what still must be readable.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias, cast

import msgspec
from hypothesis import strategies as st

from kick_proto import events
from kick_proto.backoff import Backoff
from kick_proto.frames import Frame
from kick_proto.ids import Channel, topics_of
from kick_proto.machine import Received
from kick_proto.recording.recorder import RecordedRng, Recorder, header
from kick_proto.recording.setup import Setup, machines, setup_of
from kick_proto.session import Config, SessionEvent
from kick_proto.testing.faults import Faults
from kick_proto.testing.server import KickServer
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.strategies.faults import faults
from kick_proto.testing.strategies.frames import channels, frames, undecodable_frames, unknown_frames
from kick_proto.testing.strategies.scripts import LATEST, Hear, Script, Tell, Wait, obey, play, session_scripts
from kick_proto.testing.strategies.values import named
from kick_proto.testing.world import UNIX_EPOCH, World

__all__ = ["Recorded", "transcripts"]

Look: TypeAlias = Literal["take_events", "poll_event"]
Trouble: TypeAlias = Literal["refuse", "accept", "mute", "unmute", "cut"]
Act: TypeAlias = Wait | Tell | Faults | tuple[Frame, ...] | Look | Trouble
"""What may happen next: at the clock, the application, the server, or the links between them."""


class Recorded(msgspec.Struct, frozen=True):
    """A recording: its lines, each with its end, and the events that its application has taken."""

    lines: tuple[bytes, ...]
    events: tuple[SessionEvent, ...]


class _Told(msgspec.Struct, frozen=True):
    """What the machines are made with. ``merge`` is as in ``setup_of``, and ``seed`` names the chance of both sides."""

    config: Config
    merge: float | None
    seed: int


def transcripts(channel: Channel | None = None, *, most: int = 8) -> st.SearchStrategy[Recorded]:
    """Recordings of a session that watches the channel, or one that is drawn, and perhaps another one.

    After the beginning come up to ``most`` acts. Shrinks to a recording of nothing but its header; then to few acts,
    few frames, short times and a server that behaves.
    """
    where = st.tuples(channels() if channel is None else st.just(channel), channels())
    return named("transcripts", where.flatmap(lambda both: _lived(both, most) | _scripted(both, most)))


def _told() -> st.SearchStrategy[_Told]:
    high_waters = st.sampled_from([10_000, 3])
    configs = st.builds(
        lambda retries, high, most, wanted: Config(
            backoff=Backoff(retries=retries), high_water=high, low_water=high // 2, max_topics=most, events=wanted
        ),
        st.sampled_from([None, 0, 2]),
        high_waters,
        st.sampled_from([1_000, 6]),
        st.sampled_from([None, (events.ChatMessage,)]),
    )
    return st.builds(_Told, configs, st.sampled_from([None, 2.0]), st.integers(0, 2**32))


def _recorder(told: _Told) -> Recorder:
    # The provider is the default one, which has words.
    setup = cast(Setup, setup_of(told.config, told.merge))
    rng = RecordedRng(Chance(f"session {told.seed}"))
    session, machine = machines(setup, rng)
    return Recorder(machine, session=session, rng=rng, header=header(UNIX_EPOCH, setup))


# A life in a world


def _lived(watched: tuple[Channel, Channel], most: int) -> st.SearchStrategy[Recorded]:
    connecting: tuple[Act, ...] = (Tell("subscribe", (watched[0],)), Tell("connect"), Wait(2.0))
    refused: tuple[Act, ...] = ("refuse", *connecting, "accept", Wait(2.0))
    beginnings = st.sampled_from([(), connecting, connecting, refused])
    endings: st.SearchStrategy[tuple[Act, ...]] = st.sampled_from(
        [
            (Wait(2.0), "take_events"),
            (),
            (Tell("close"), "take_events"),
        ]
    )
    return st.builds(
        lambda told, began_at, latency, first, then, last: _live(told, began_at, latency, (*first, *then, *last)),
        _told(),
        st.sampled_from([0.0, 1_234.567]),
        st.sampled_from([0.0, 0.03, 0.7]),
        beginnings,
        st.lists(_acts(watched), max_size=most),
        endings,
    )


def _acts(watched: tuple[Channel, Channel]) -> st.SearchStrategy[Act]:
    first, second = watched
    said = st.one_of(frames(first), frames(first), unknown_frames(first), undecodable_frames(first), frames(second))
    told = st.lists(said, min_size=1, max_size=4).map(tuple)
    looks: st.SearchStrategy[Look] = st.sampled_from(["take_events", "poll_event"])
    troubles: st.SearchStrategy[Trouble] = st.sampled_from(["refuse", "accept", "mute", "unmute", "cut"])
    return st.one_of(_times(), told, told, looks, faults(), troubles, _commands(watched))


def _times() -> st.SearchStrategy[Wait]:
    return st.builds(Wait, st.sampled_from([0.0, 0.5, 2.0, 20.0, 90.0]))


def _commands(watched: tuple[Channel, Channel]) -> st.SearchStrategy[Tell]:
    chosen = st.lists(st.sampled_from(topics_of(watched[0])), unique=True).map(tuple)
    return st.one_of(
        st.sampled_from([Tell("connect"), Tell("close")]),
        st.builds(
            lambda command, channel: Tell(command, (channel,)),
            st.sampled_from(["subscribe", "unsubscribe"]),
            st.sampled_from(watched),
        ),
        chosen.map(lambda topics: Tell("subscribe", (watched[0], topics))),
    )


def _live(told: _Told, began_at: float, latency: float, acts: Sequence[Act]) -> Recorded:
    recorder = _recorder(told)
    server = KickServer(rng=Chance(f"server {told.seed}"), unix_epoch=UNIX_EPOCH)
    world = World(server, recorder, latency=latency)
    world.advance(began_at)
    taken: list[SessionEvent] = []
    for act in acts:
        taken += _do(act, world, server, recorder)
    return Recorded(tuple(recorder.take_lines()), tuple(taken))


def _do(act: Act, world: World, server: KickServer, recorder: Recorder) -> Sequence[SessionEvent]:
    """Let it happen; gives the events that the application has taken with it."""
    match act:
        case Wait(seconds):
            world.advance(seconds)
        case Tell():
            world.call(lambda now: obey(recorder, now, act))
        case Faults():
            world.call(server.set_faults, act)
        case tuple():
            for frame in act:
                world.call(server.publish, frame)
        case "take_events":
            return recorder.take_events()
        case "poll_event":
            event = recorder.poll_event()
            return [] if event is None else [event]
        case _:
            getattr(world, act)()
    return []


# A script


def _scripted(watched: tuple[Channel, Channel], most: int) -> st.SearchStrategy[Recorded]:
    return st.builds(_played, _told(), session_scripts(*watched, most=most), st.sampled_from([(), _STRANGE]))


_STRANGE: Script = (Hear(Received(LATEST, ["\ud800", '{"event":"New","data":"\udfff"}'], UNIX_EPOCH)),)
"""A read of what is no Unicode: no WebSocket gives that, but a framework that reads texts in its own way may."""


def _played(told: _Told, script: Script, last: Script) -> Recorded:
    recorder = _recorder(told)
    taken = play(recorder, [*script, *last])
    return Recorded(tuple(recorder.take_lines()), tuple(taken))
