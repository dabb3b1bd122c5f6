"""Scripts: what may happen to a machine over texts, step by step, with a clock of its own.

A script is data: it can be printed, stored and played again. ``play`` is a driver in a dozen lines; it keeps the
machine interface's promises in the world's name, so a step for a socket that is not there is left out. The scripts of
``session_scripts`` lead further into a session's life than chance alone would: most begin connected.

::

    @given(strategies.session_scripts(CHANNEL))
    def test_my_machine_never_raises(script):
        strategies.play(MyMachine(), script)
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import msgspec
from hypothesis import strategies as st

from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import Channel, topics_of
from kick_proto.machine import Closed, Failed, Input, Open, Opened, Received, SocketMachine
from kick_proto.testing.strategies.frames import frames, texts

__all__ = ["LATEST", "Due", "Hear", "Script", "Step", "Tell", "Wait", "obey", "play", "session_scripts"]

LATEST = -1
"""Stands in a script for the ref of the latest ``Open`` (or ``Fetch``)."""

UNIX_EPOCH = 1_800_000_000.0


class Wait(msgspec.Struct, frozen=True):
    """Time passes; the timers are looked at only at its end, as on a laptop that was asleep."""

    seconds: float


class Due(msgspec.Struct, frozen=True):
    """Time passes until the next timer is due, exactly."""


class Hear(msgspec.Struct, frozen=True):
    """The world does something."""

    received: Any


class Tell(msgspec.Struct, frozen=True):
    """The application gives a command, by its name."""

    command: str
    arguments: tuple[Any, ...] = ()


Step: TypeAlias = Wait | Due | Hear | Tell
Script: TypeAlias = Sequence[Step]
EventT = TypeVar("EventT")

_ESTABLISHED = encode_frame(Frame("pusher:connection_established", "", '{"socket_id":"1.2","activity_timeout":120}'))
_OPENED: tuple[Step, ...] = (Tell("connect"), Hear(Opened(LATEST)))
_TIMES = st.sampled_from([0.0, 0.2, 1.0, 5.0, 10.0, 29.9, 30.0, 60.0, 119.0, 120.0, 86_400.0])
_CODES = st.sampled_from([1000, 1001, 1006, 1011, 4000, 4001, 4009, 4100, 4200, 4301])


def session_scripts(channel: Channel, *more: Channel, most: int = 15) -> st.SearchStrategy[Script]:
    """Lives of a session that watches the channels: commands, reads of any texts, lost sockets, and time.

    A beginning (nothing yet, opened, up, or up and confirmed), and then up to ``most`` steps of any kind. Shrinks to
    few steps and few texts. Not every command is legal when it comes: that it raises ``LocalProtocolError`` and
    changes nothing is part of what a script tests.
    """
    watched = (channel, *more)
    subscribing = tuple(Tell("subscribe", (each,)) for each in watched)
    up = (*subscribing, *_OPENED, _heard(_ESTABLISHED))
    confirmed = (*up, *(step for each in watched for step in (Wait(2.0), _confirming(each))))
    beginnings = st.sampled_from([(), _OPENED, up, confirmed, confirmed])
    steps = st.one_of(_time(), _commands(watched), _happenings(watched))
    return st.builds(lambda first, then: (*first, *then), beginnings, st.lists(steps, max_size=most))


def _time() -> st.SearchStrategy[Step]:
    return st.just(Due()) | st.builds(Wait, _TIMES)


def _commands(watched: Sequence[Channel]) -> st.SearchStrategy[Step]:
    tell = st.sampled_from(["subscribe", "unsubscribe"])
    return st.builds(Tell, st.sampled_from(["connect", "close"])) | st.builds(
        lambda command, channel: Tell(command, (channel,)), tell, st.sampled_from(watched)
    )


def _happenings(watched: Sequence[Channel]) -> st.SearchStrategy[Step]:
    said = st.one_of(*(frames(each).map(encode_frame) | texts(each) for each in watched))
    reads = st.lists(said, max_size=4)
    return st.builds(
        Hear,
        st.builds(Received, st.just(LATEST), reads, st.just(UNIX_EPOCH))
        | st.just(Opened(LATEST))
        | st.builds(Closed, st.just(LATEST), _CODES)
        | st.just(Failed(LATEST, "no connection")),
    )


def _heard(*told: str) -> Hear:
    return Hear(Received(LATEST, list(told), UNIX_EPOCH))


def _confirming(channel: Channel) -> Hear:
    topics = topics_of(channel)
    return _heard(*(encode_frame(Frame("pusher_internal:subscription_succeeded", topic, "{}")) for topic in topics))


def obey(machine: object, now: float, told: Tell) -> None:
    """Give a command to a machine that has it as a method; an illegal one changes nothing."""
    command: Callable[..., object] = getattr(machine, told.command)
    with suppress(LocalProtocolError):
        command(now, *told.arguments)


def play(machine: SocketMachine[EventT, Sequence[str]], script: Script, now: float = 0.0) -> list[EventT]:
    """Let all of it happen to the machine; gives its events, in order."""
    ref, opened, done = LATEST, False, False
    told: list[EventT] = []
    for step in script:
        match step:
            case Wait(seconds):
                now += seconds
                machine.handle_timeout(now)
            case Due():
                at = machine.poll_timeout()
                now = now if at is None else max(now, at)
                machine.handle_timeout(now)
            case Tell():
                obey(machine, now, step)
            case Hear(received) if not done and _may_come(received, ref, opened):
                opened = True
                done = isinstance(received, Closed | Failed)
                machine.handle_input(now, _aimed(received, ref))
        while (output := machine.poll_output()) is not None:
            if isinstance(output, Open):
                ref, opened, done = output.ref, False, False
        told += machine.take_events()
    return told


def _may_come(received: Input[Sequence[str]], ref: int, opened: bool) -> bool:
    return ref != LATEST and opened is not isinstance(received, Opened | Failed)


def _aimed(received: Input[Sequence[str]], ref: int) -> Input[Sequence[str]]:
    return msgspec.structs.replace(received, ref=ref)
