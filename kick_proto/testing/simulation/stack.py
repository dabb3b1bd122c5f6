"""A client's machines one on the other, as a driver sees them: witness, maybe a merge, maybe a framing.

``Stack`` knows no world. It is told what happens, gives what comes out, and can be copied at any moment. ``Pair`` is
an original with a twin that is treated a little otherwise; both must go on alike.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias

from kick_proto.lifecycle import Lagging
from kick_proto.machine import Closed, Failed, Input, Opened, Output, Received, Rng, SocketMachine, Transmit
from kick_proto.merge import REACTIONS, Merge
from kick_proto.pusher import App
from kick_proto.session import Config, Session, SessionEvent
from kick_proto.testing.simulation.decisions import TwinKind
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.ledger import DECODERS
from kick_proto.testing.simulation.witness import Witness
from kick_proto.websocket import Framing

__all__ = ["Made", "Stack", "Twinned", "fixed_entropy"]

Data: TypeAlias = Any
"""Bytes or a list of texts: what a stack reads and writes, according to its level."""

Made: TypeAlias = tuple[list[Output[Data]], list[SessionEvent], float | None, bool]
"""What came of a step: outputs, events, the next deadline, and whether input is wanted."""

WEBSOCKET_PONG = 0x8A


def fixed_entropy(size: int) -> bytes:
    """Masks and nonces that are no secret: the same at each call, so that they depend on no order of calls."""
    return bytes(range(1, size + 1))


def _goes_through(event: SessionEvent) -> bool:
    """Whether a merge hands the event on as it is."""
    return type(event) not in REACTIONS


class Stack:
    """One session with all that is around it; see the module's docstring."""

    def __init__(self, config: Config, app: App, rng: Rng, *, over_bytes: bool, merged: bool) -> None:
        self.session = Session(config, rng=rng, decoders=DECODERS)
        self.witness = Witness(self.session, config, app)
        self.is_merged = merged
        self._through: deque[SessionEvent] = deque()
        inner: SocketMachine[SessionEvent, Sequence[str]] = self.witness
        if merged:
            inner = Merge(inner, backlog=config.low_water)
        self.top: SocketMachine[SessionEvent, Data] = inner
        if over_bytes:
            self.top = Framing(inner, entropy=fixed_entropy)

    @property
    def closed(self) -> bool:
        """True when nothing more will come of it."""
        return self.top.closed

    def tell(self, now: float, command: str, *arguments: Any) -> None:
        """Give the session a command, and let the machines around it take up what follows."""
        getattr(self.witness, command)(now, *arguments)
        self.top.handle_timeout(now)

    def take(self) -> list[SessionEvent]:
        """Take all events."""
        events = self.top.take_events()
        self._compare(events)
        return events

    def take_one_by_one(self) -> list[SessionEvent]:
        """Take all events, each for itself."""
        events: list[SessionEvent] = list(iter(self.top.poll_event, None))
        self._compare(events)
        return events

    def _compare(self, events: list[SessionEvent]) -> None:
        """What a merge hands on as it is comes out of it in the order in which it went in."""
        handed, self.witness.handed = self.witness.handed, []
        if self.is_merged:
            self._through.extend(filter(_goes_through, handed))
            for event in filter(_goes_through, events):
                if not self._through or self._through.popleft() != event:
                    raise Violation(Law.EVENTS, f"{event!r} came out of the merge at another place")


class Twinned:
    """A copy that goes along with its original; see ``TwinKind`` for how it is treated."""

    def __init__(self, stack: Stack, kind: TwinKind, steps: int, draw: Rng) -> None:
        self.stack = stack
        self.kind = kind
        self.steps = steps
        self._draw = draw

    def before(self, now: float) -> None:
        """Do to the twin what must leave no trace."""
        at = self.stack.top.poll_timeout()
        if self.kind is TwinKind.EARLY and (at is None or at > now):
            self.stack.top.handle_timeout(now)
        elif self.kind is TwinKind.STALE:
            for ref in (0, 10**6):
                for received in (Opened(ref), Received(ref, _nothing(self.stack), 0.0), Closed(ref), Failed(ref, "")):
                    self.stack.top.handle_input(now, received)

    def hear(self, now: float, received: Input[Data]) -> None:
        """Tell the twin what happened, a read in pieces where that is its kind."""
        if self.kind is not TwinKind.IN_PIECES or not isinstance(received, Received):
            self.stack.top.handle_input(now, received)
            return
        rest = received.data
        while rest:
            size = 1 + int(self._draw.random() * len(rest))
            # A driver would not read on above the high-water mark; these are pieces of what has been read already.
            self.stack.witness.ledger.allow(size)
            self.stack.top.handle_input(now, Received(received.ref, rest[:size], received.unix_now))
            rest = rest[size:]

    def take(self) -> list[SessionEvent]:
        """Take the twin's events."""
        return self.stack.take_one_by_one() if self.kind is TwinKind.ONE_BY_ONE else self.stack.take()

    def compare(self, now: float, original: Made, twin: Made) -> None:
        """Compare what came of a step.

        Raises:
            Violation: it is not the same.
        """
        if self.kind is TwinKind.IN_PIECES:
            original, twin = _but_for_pieces(original), _but_for_pieces(twin)
        if original != twin:
            raise Violation(LAW_OF[self.kind], f"at {now} the original gives {original}, its twin {twin}")


def _nothing(stack: Stack) -> Data:
    return b"\x81\x01x" if isinstance(stack.top, Framing) else ['{"event":"pusher:ping"}']


def _but_for_pieces(made: Made) -> Made:
    """Leave out what may depend on the cuts: the WebSocket's own pongs, and where the high-water mark was passed.

    Only the latest ping of a read is answered. Source: Spec: RFC 6455 section 5.5.3.
    """
    outputs, events, at, wants = made
    kept: list[SessionEvent] = [event for event in events if not isinstance(event, Lagging)]
    return [output for output in outputs if not _is_pong(output)], kept, at, wants


def _is_pong(output: Output[Data]) -> bool:
    return isinstance(output, Transmit) and isinstance(output.data, bytes) and output.data[0] == WEBSOCKET_PONG


LAW_OF = {
    TwinKind.ALIKE: Law.COPY,
    TwinKind.EARLY: Law.INTERFACE,
    TwinKind.IN_PIECES: Law.SPLIT_INVARIANT,
    TwinKind.ONE_BY_ONE: Law.INTERFACE,
    TwinKind.STALE: Law.STALE,
}
"""Which law a twin of each kind is about."""
