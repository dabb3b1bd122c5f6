"""Counts what arrives at one watcher, by the numbers that the server gave: what is missing, and what came twice."""

from kick_proto.events import ChatMessage, Undecodable
from kick_proto.lifecycle import Up
from kick_proto.session import SessionEvent
from tests.bench.order import STAMP_DIGITS
from tests.bench.soaking.order import Arrived

__all__ = ["Tally"]


class Tally:
    """One channel's account. The numbers go up by one, but for what the server said while the session was down."""

    def __init__(self, watcher: str) -> None:
        self.arrived = Arrived(watcher=watcher)
        self._last = 0
        self._begins = self._after_gap = True

    def begin(self) -> None:
        """A session begins: what was said before is no concern of its own."""
        self.arrived.sessions += 1
        self._begins = True

    def take(self, event: SessionEvent) -> None:
        """Take note of one event."""
        self.arrived.events += 1
        if type(event) is ChatMessage:
            self._take_number(int(event.text[:STAMP_DIGITS]))
        elif type(event) is Up:
            self.arrived.connections += 1
            self._after_gap = True
        elif type(event) is Undecodable:
            self.arrived.malformed += 1

    def _take_number(self, number: int) -> None:
        arrived = self.arrived
        arrived.delivered += 1
        between = number - self._last - 1
        if between < 0:
            arrived.doubled += 1
            return
        if self._after_gap:
            arrived.missed += between if not self._begins else 0
        else:
            arrived.lost += between
        self._last = number
        self._begins = self._after_gap = False
