"""What the machines of a recording were told to be: a session's ``Config`` in words, and the machines from it again.

Types of events stand by name. A provider that is no Pusher app has no words here; nor have decoders: whoever brings his
own to the recording brings them to the replay.
"""

from collections.abc import Sequence

import msgspec

from kick_proto import events
from kick_proto.backoff import Backoff
from kick_proto.decoders import Decoders
from kick_proto.machine import Rng, SocketMachine
from kick_proto.merge import Merge
from kick_proto.pusher import App
from kick_proto.session import Config, Session, SessionEvent

__all__ = ["Setup", "config_of", "machines", "setup_of"]


class Setup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ``Config``, and how many seconds the machine around the session waits to join events (None: there is none)."""

    provider: App = App()
    backoff: Backoff = Backoff()
    send_rate: float
    send_burst: float
    remembered_ids: int
    high_water: int
    low_water: int
    max_topics: int
    events: tuple[str, ...] | None = None
    merge: float | None = None


SHARED = ("backoff", "send_rate", "send_burst", "remembered_ids", "high_water", "low_water", "max_topics")
"""The fields that are the same in ``Config``."""


def setup_of(config: Config, merge: float | None) -> Setup | None:
    """The config in words, or None where its provider has none."""
    if not isinstance(config.provider, App):
        return None
    names = None if config.events is None else tuple(each.__name__ for each in config.events)
    same = {name: getattr(config, name) for name in SHARED}
    return Setup(provider=config.provider, events=names, merge=merge, **same)


def config_of(setup: Setup) -> Config:
    """The config that the words tell of.

    Raises:
        ValueError: it names types of events that are not in ``kick_proto.events``, or numbers that cannot be.
    """
    types = None if setup.events is None else tuple(_type(name) for name in setup.events)
    return Config(provider=setup.provider, events=types, **{name: getattr(setup, name) for name in SHARED})


def _type(name: str) -> type[msgspec.Struct]:
    found = getattr(events, name, None)
    if not isinstance(found, type) or not issubclass(found, msgspec.Struct):
        raise ValueError(f"the recording names a type of events of somebody's own: {name!r}")
    return found


def machines(
    setup: Setup, rng: Rng, decoders: Decoders | None = None
) -> tuple[Session, SocketMachine[SessionEvent, Sequence[str]]]:
    """The session, and the machine around it, or the session once more where there is none.

    Raises:
        ValueError: as ``config_of``.
    """
    config = config_of(setup)
    session = Session(config, rng=rng, decoders=decoders)
    if setup.merge is None:
        return session, session
    return session, Merge(session, wait=setup.merge, backlog=config.low_water)
