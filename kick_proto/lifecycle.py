"""What a session says of itself: up, down, given up, behind; and its counters.

These stand among the events in the order in which they happened, so that an application knows which of its events
lie on which side of a gap.
"""

from collections.abc import Iterable

import msgspec

__all__ = ["Down", "GaveUp", "Lagging", "Stats", "Up", "total"]


class Up(msgspec.Struct, frozen=True, tag=True):
    """Connected: the wanted topics are being subscribed.

    ``gap`` is how many seconds nothing could be received since the connection before; None on the first one. Kick
    replays nothing: what happened in the gap must be asked for over HTTP, or is lost.
    """

    cluster: str
    socket_id: str
    gap: float | None = None


class Down(msgspec.Struct, frozen=True, tag=True):
    """A connection ended, or an attempt failed; the next one starts in ``retry_in`` seconds (None: no next one)."""

    cluster: str
    code: int
    reason: str
    retry_in: float | None


class GaveUp(msgspec.Struct, frozen=True, tag=True):
    """There will be no further attempt; the session is closed. ``code`` is the last close code."""

    reason: str
    code: int


class Lagging(msgspec.Struct, frozen=True, tag=True):
    """The application is behind by this many events: the driver stops reading until it has caught up."""

    undelivered: int


class Stats(msgspec.Struct):
    """Plain counters since the session began: ``frames == events + unknown + undecodable + dropped``."""

    frames: int = 0
    """Frames and other texts that were not the protocol's own."""
    events: int = 0
    unknown: int = 0
    undecodable: int = 0
    dropped: int = 0
    """Duplicates, and frames of topics that nobody wants (any more)."""
    reconnects: int = 0


def total(several: Iterable[Stats]) -> Stats:
    """The counters of several sessions, summed."""
    sessions = tuple(several)
    return Stats(*(sum(getattr(each, name) for each in sessions) for name in Stats.__struct_fields__))
