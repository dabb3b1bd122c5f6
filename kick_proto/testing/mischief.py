"""What goes wrong by the clock: the faults that come round, and those that end a connection after a while.

``Mischief`` keeps one timer a client for each of them. ``KickServer`` asks it what is due and does that.
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import TypeAlias

import msgspec

from kick_proto.agenda import Agenda
from kick_proto.machine import Rng
from kick_proto.testing.faults import HARMLESS_CODES, MALFORMED, Faults
from kick_proto.testing.voice import Voice

__all__ = ["Deed", "Drop", "Hangup", "Mischief", "Outcry"]


class Outcry(msgspec.Struct, frozen=True):
    """Say this to the client."""

    text: str


class Hangup(msgspec.Struct, frozen=True):
    """End the client's connection with a close frame."""

    code: int


class Drop(msgspec.Struct, frozen=True):
    """End the client's TCP connection, without one."""


Deed: TypeAlias = Outcry | Hangup | Drop


class _Trouble(IntEnum):
    PING = 1
    ERROR = 2
    MALFORMED = 3
    DROP = 4
    CLOSE = 5


class Mischief:
    """The clients' fault timers. All chance that it needs is for ``Faults.spread``."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._agenda = Agenda(_Trouble)
        self._counts = dict.fromkeys(_Trouble, 0)

    def arm(self, now: float, ref: int, faults: Faults) -> None:
        """Set the timers that the faults ask for, and stop the others of this client."""
        self.forget(ref)
        for trouble in _Trouble:
            self._restart(now, trouble, ref, faults)

    def forget(self, ref: int) -> None:
        """Stop all timers of this client."""
        self._agenda.forget(ref)

    def next_at(self) -> float | None:
        """When something is due next."""
        return self._agenda.next_at()

    def pop_due(self, now: float, voice: Voice) -> list[tuple[int, Deed]]:
        """Give what is to be done to whom, and let it come round again where it does."""
        deeds: list[tuple[int, Deed]] = []
        for trouble, ref in self._agenda.pop_due(now):
            deeds.append((ref, DEEDS[trouble](voice, self._counts[trouble])))
            self._counts[trouble] += 1
            self._restart(now, trouble, ref, voice.faults)
        return deeds

    def _restart(self, now: float, trouble: _Trouble, ref: int, faults: Faults) -> None:
        seconds = SECONDS[trouble](faults)
        if seconds is not None:
            if faults.spread:
                seconds *= 1 + faults.spread * (2 * self._rng.random() - 1)
            self._agenda.start(trouble, ref, now + seconds)


SECONDS: Mapping[_Trouble, Callable[[Faults], float | None]] = {
    _Trouble.PING: lambda faults: faults.ping_interval,
    _Trouble.ERROR: lambda faults: faults.error_interval,
    _Trouble.MALFORMED: lambda faults: faults.malformed_interval,
    _Trouble.DROP: lambda faults: faults.drop_after,
    _Trouble.CLOSE: lambda faults: faults.close_after,
}
"""Which switch sets which timer."""

DEEDS: Mapping[_Trouble, Callable[[Voice, int], Deed]] = {
    _Trouble.PING: lambda voice, count: Outcry(voice.ping()),
    _Trouble.ERROR: lambda voice, count: Outcry(
        voice.error(HARMLESS_CODES[count % len(HARMLESS_CODES)], "This error closes nothing")
    ),
    _Trouble.MALFORMED: lambda voice, count: Outcry(MALFORMED[count % len(MALFORMED)]),
    _Trouble.DROP: lambda voice, count: Drop(),
    _Trouble.CLOSE: lambda voice, count: Hangup(voice.faults.close_code),
}
"""What each does, the how-manieth time it does."""
