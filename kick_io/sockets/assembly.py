"""What every driver starts with: the machines for some channels, fed with this system's chance and trust."""

import os
import random
import ssl
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from kick_io.sockets.taping import Record, Tape, open_tape
from kick_proto.decoders import Decoders
from kick_proto.drift import Drift
from kick_proto.errors import TransportError
from kick_proto.ids import Channel
from kick_proto.machine import Rng, SocketMachine
from kick_proto.merge import Merge
from kick_proto.session import Config, Session, SessionEvent
from kick_proto.websocket import Framing

if TYPE_CHECKING:
    from kick_io.sockets.recorded import Make
    from kick_proto.recording.recorder import Commands, Recorder

__all__ = ["READ_SIZE", "UNREAD_LIMIT", "Machines", "assemble", "ended_well", "system_trust"]


class Machines(NamedTuple):
    """What takes commands, the byte-level machine around it, and where it is recorded, if anywhere."""

    session: "Commands"
    machine: Framing[SessionEvent]
    tape: Tape | None = None


READ_SIZE = 128 * 1024
"""Bytes asked for in one read: large enough that a burst is one input."""
UNREAD_LIMIT = 1024 * 1024
"""Bytes that a peer may leave unread before it counts as dead; all that it is ever sent at once are a few KiB."""


def assemble(
    channels: Iterable[Channel],
    config: Config | None,
    decoders: Decoders | None,
    merge: float | None = 2.0,
    drift: Drift | float | None = 10.0,
    record: Record | None = None,
) -> Machines:
    """A session that wants the channels, and the byte-level machine around it.

    ``merge`` is how many seconds to wait for the sibling frames of one fact; None joins nothing. ``drift`` compares the
    frames with the decoders, each name once in so many seconds; it may be one that the application has made. ``record``
    is where all that the machines are told, and what they make of it, is written.

    Raises:
        ValueError: ``merge`` or ``drift`` is no time to wait.
        LocalProtocolError: two channels contradict each other, or there are too many.
        OSError: the recording cannot be written.
    """
    config = config if config is not None else Config()
    decoders = decoders if decoders is not None else _known_decoders()
    if drift is not None and not isinstance(drift, Drift):
        drift = Drift(decoders, rest=drift)

    def make(rng: Rng) -> tuple[Session, SocketMachine[SessionEvent, Sequence[str]]]:
        session = Session(config, rng=rng, decoders=decoders, drift=drift)
        return session, session if merge is None else Merge(session, wait=merge, backlog=config.low_water)

    recorder = _recorder(make, config, merge) if record is not None else None
    commands, machine = (recorder, recorder) if recorder is not None else make(random.Random())
    for channel in channels:
        commands.subscribe(0.0, channel)
    tape = open_tape(record, recorder.take_lines) if record is not None and recorder is not None else None
    return Machines(commands, Framing(machine, entropy=os.urandom), tape)


def _recorder(make: "Make", config: Config, merge: float | None) -> "Recorder":
    # Few watches are recorded: the others need not import what it takes.
    from kick_io.sockets.recorded import recorded  # noqa: PLC0415

    return recorded(make, config, merge)


def ended_well(session: "Commands") -> bool:
    """Whether the session was closed by its application; asked when there are no events left.

    Raises:
        TransportError: it gave up by itself.
    """
    if session.failure is not None:
        raise TransportError(session.failure)
    return session.closed


@cache
def _known_decoders() -> Decoders:
    """One table for all who bring none: it is large, and nobody gets hold of it to add a row."""
    return Decoders()


@cache
def system_trust() -> ssl.SSLContext:
    """A TLS context that trusts what the system trusts; loaded once, and only when TLS is used."""
    return ssl.create_default_context()
