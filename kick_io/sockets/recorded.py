"""The machines of a watch that is recorded: the same as of any other, with a recorder around them.

``assembly`` imports this when the first recording begins, for few watches are recorded.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from kick_proto.machine import Rng, SocketMachine
from kick_proto.recording.recorder import RecordedRng, Recorder, header
from kick_proto.recording.setup import setup_of
from kick_proto.session import Config, Session, SessionEvent

__all__ = ["Make", "recorded"]

Make: TypeAlias = Callable[[Rng], tuple[Session, SocketMachine[SessionEvent, Sequence[str]]]]
"""Makes a session and the outermost machine of texts around it, which draw from what it is given."""


def recorded(make: Make, config: Config, merge: float | None) -> Recorder:
    """A recorder around the machines that ``make`` makes."""
    rng = RecordedRng(random.Random())
    session, machine = make(rng)
    return Recorder(machine, session=session, rng=rng, header=header(time.time(), setup_of(config, merge)))
