"""A WebSocket client around any text-level machine: bytes below, texts above.

``Framing`` is a machine itself. Below it a driver sees streams and bytes; above it the wrapped machine sees
WebSockets and texts. Events, commands and back-pressure are the wrapped machine's, and pass through untouched: after
a command on that machine, call ``handle_timeout(now)`` here, which also takes up what the command has queued.

The upgrade has a total deadline, however slowly its bytes drip; so has the closing handshake. Masks and nonces are
drawn from the ``entropy`` that the caller gives, and nothing else in here is chance: same inputs, same bytes.
No compression is offered. Source: Spec: RFC 6455.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, IntEnum
from typing import Any, Generic, TypeVar, assert_never

import h11
import msgspec

from kick_proto import rfc6455
from kick_proto.machine import (
    Cancel,
    Close,
    Closed,
    Failed,
    Input,
    Open,
    Opened,
    Output,
    Received,
    SocketMachine,
    Transmit,
)
from kick_proto.timers import Timers
from kick_proto.upgrade import Refused, Upgrade, Upgraded

__all__ = ["ARMED", "TRANSITIONS", "Framing", "Limits", "Signal", "State", "Timer"]

EventT = TypeVar("EventT")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer may make us hold or wait for.

    ``message`` is bytes, in one frame or summed over fragments; ``fragments`` a count; ``header`` the bytes of
    the HTTP answer, ``informational`` the 1xx answers before the last; ``handshake`` and ``close`` are seconds.
    """

    message: int = 1 << 20
    fragments: int = 4_096
    header: int = 32 << 10
    informational: int = 10
    handshake: float = 15.0
    close: float = 3.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not getattr(self, name) > 0:
                raise ValueError(f"the {name} limit must be above 0, not {getattr(self, name)}")


class State(Enum):
    """Where one WebSocket stands."""

    OPENING = "opening"
    UPGRADING = "upgrading"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Signal(Enum):
    """What moves a WebSocket."""

    OPENED = "opened"
    UPGRADED = "upgraded"
    CLOSE = "close"
    ENDED = "ended"


class Timer(IntEnum):
    """What a WebSocket waits for."""

    HANDSHAKE = 1
    CLOSE = 2


TRANSITIONS: Mapping[tuple[State, Signal], State] = {
    (State.OPENING, Signal.OPENED): State.UPGRADING,
    (State.OPENING, Signal.ENDED): State.CLOSED,
    (State.UPGRADING, Signal.UPGRADED): State.OPEN,
    (State.UPGRADING, Signal.ENDED): State.CLOSED,
    (State.OPEN, Signal.CLOSE): State.CLOSING,
    (State.OPEN, Signal.ENDED): State.CLOSED,
    (State.CLOSING, Signal.ENDED): State.CLOSED,
}
"""All legal moves; what has no row is out of turn, and dropped."""

ARMED: Mapping[State, frozenset[Timer]] = {
    State.OPENING: frozenset(),
    State.UPGRADING: frozenset({Timer.HANDSHAKE}),
    State.OPEN: frozenset(),
    State.CLOSING: frozenset({Timer.CLOSE}),
    State.CLOSED: frozenset(),
}
"""The timers that may run in each state. The wait for the stream itself is the wrapped machine's."""


class _Socket:
    """One WebSocket: its state, and what reads it in that state."""

    __slots__ = ("opening", "reader", "state", "timers", "upgrade")

    def __init__(self, opening: Open, limits: Limits) -> None:
        self.opening = opening
        self.state = State.OPENING
        self.timers: Timers[Timer] = Timers()
        self.upgrade: Upgrade | None = None
        self.reader = rfc6455.Reader(max_message=limits.message, max_fragments=limits.fragments)

    def move(self, signal: Signal) -> bool:
        """Take a legal move; False where there is none."""
        to = TRANSITIONS.get((self.state, signal))
        if to is None:
            return False
        self.state = to
        self.timers.keep_only(ARMED[to])
        return True


class Framing(Generic[EventT]):
    """The byte-level machine around ``machine``; ``entropy(n)`` gives n unpredictable bytes, like ``os.urandom``."""

    def __init__(
        self,
        machine: SocketMachine[EventT, Sequence[str]],
        *,
        entropy: Callable[[int], bytes],
        limits: Limits | None = None,
    ) -> None:
        self._machine = machine
        self._entropy = entropy
        self._limits = limits if limits is not None else Limits()
        self._outputs: deque[Output[bytes]] = deque()
        self._sockets: dict[int, _Socket] = {}

    # The machine interface

    def handle_input(self, now: float, received: Input[bytes]) -> None:
        """Take in what happened to a stream."""
        socket = self._sockets.get(received.ref)
        if socket is None:
            return
        match received:
            case Received(data=data, unix_now=unix_now):
                self._on_bytes(now, socket, data, unix_now)
            case Opened():
                self._on_opened(now, socket)
            case Failed(reason=reason):
                self._fail(now, socket, reason)
            case Closed(reason=reason):
                self._on_closed(now, socket, reason)
            case _:
                assert_never(received)
        self._drain(now)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due, here and in the wrapped machine; take up what a command has queued there."""
        for socket in list(self._sockets.values()):
            for timer in socket.timers.pop_due(now):
                EXPIRIES[timer](self, now, socket)
        self._machine.handle_timeout(now)
        self._drain(now)

    def poll_output(self) -> Output[bytes] | None:
        """Pop the next output."""
        return self._outputs.popleft() if self._outputs else None

    def poll_event(self) -> EventT | None:
        """Pop one event of the wrapped machine."""
        return self._machine.poll_event()

    def take_events(self) -> list[EventT]:
        """Pop all events of the wrapped machine."""
        return self._machine.take_events()

    def poll_timeout(self) -> float | None:
        """The earliest deadline, here and in the wrapped machine."""
        deadlines = [socket.timers.next_at() for socket in self._sockets.values()]
        deadlines.append(self._machine.poll_timeout())
        return min((at for at in deadlines if at is not None), default=None)

    @property
    def wants_input(self) -> bool:
        """What the wrapped machine wants."""
        return self._machine.wants_input

    @property
    def closed(self) -> bool:
        """True when the wrapped machine is closed, and every WebSocket of its."""
        return self._machine.closed and not self._sockets

    # Reactions to the stream

    def _on_opened(self, now: float, socket: _Socket) -> None:
        if not socket.move(Signal.OPENED):
            return
        limits = self._limits
        socket.upgrade = upgrade = Upgrade(
            socket.opening, self._entropy(16), max_header=limits.header, max_informational=limits.informational
        )
        try:
            self._transmit(socket, upgrade.request())
        except h11.LocalProtocolError as error:
            self._fail(now, socket, f"no HTTP request can be made for {socket.opening.url!r}: {error}")
        else:
            socket.timers.start(Timer.HANDSHAKE, now + limits.handshake)

    def _on_bytes(self, now: float, socket: _Socket, data: bytes, unix_now: float) -> None:
        if socket.state is State.UPGRADING and socket.upgrade is not None:
            answer = socket.upgrade.feed(data)
            match answer:
                case None:
                    return
                case Refused(reason=reason):
                    self._fail(now, socket, reason)
                    return
                case Upgraded(trailing=data):
                    socket.move(Signal.UPGRADED)
                    socket.upgrade = None
                    self._machine.handle_input(now, Opened(socket.opening.ref))
                    self._drain(now)
                case _:
                    assert_never(answer)
        if data and socket.state in (State.OPEN, State.CLOSING):
            self._read(now, socket, data, unix_now)

    def _read(self, now: float, socket: _Socket, data: bytes, unix_now: float) -> None:
        """Hand on one read as one input, an empty one where it held control frames only: they are a sign of life."""
        reader = socket.reader
        seen = reader.frame_count
        texts = reader.feed(data)
        if reader.ping is not None:
            payload, reader.ping = reader.ping, None
            if socket.state is State.OPEN and reader.end is None:
                self._transmit(socket, rfc6455.encode_frame(rfc6455.Send.PONG, payload, self._entropy(4)))
        if socket.state is State.OPEN and reader.frame_count > seen:
            self._machine.handle_input(now, Received(socket.opening.ref, texts, unix_now))
            self._drain(now)
        if reader.end is not None and socket.state is not State.CLOSED:
            self._on_end(now, socket, reader.end)

    def _on_end(self, now: float, socket: _Socket, end: rfc6455.End) -> None:
        """The peer's close frame, or its mistake: answer it, unless a close frame of ours is out already."""
        if socket.state is State.OPEN:
            reason = end.reason if end.failed else ""
            self._transmit(socket, rfc6455.encode_close(end.code, reason, self._entropy(4)))
        self._end(now, socket, Closed(socket.opening.ref, end.code, end.reason))

    def _on_closed(self, now: float, socket: _Socket, reason: str) -> None:
        upgrading = socket.state is State.UPGRADING
        self._forget(socket)
        if upgrading:
            reason = reason or "the peer closed during the WebSocket handshake"
            self._machine.handle_input(now, Failed(socket.opening.ref, reason))
        else:
            self._machine.handle_input(
                now, Closed(socket.opening.ref, 1006, reason or "the peer closed without a close frame")
            )

    # Reactions to time

    def _on_handshake_timeout(self, now: float, socket: _Socket) -> None:
        self._fail(now, socket, f"no answer to the WebSocket handshake within {self._limits.handshake:g} s")

    def _on_close_timeout(self, now: float, socket: _Socket) -> None:
        self._end(now, socket, Closed(socket.opening.ref, 1006, "the peer did not answer our close frame"))

    # What the wrapped machine wants

    def _drain(self, now: float) -> None:
        while (output := self._machine.poll_output()) is not None:
            match output:
                case Open():
                    self._sockets[output.ref] = _Socket(output, self._limits)
                    self._outputs.append(output)
                case Transmit(ref=ref, data=texts):
                    self._send(ref, texts)
                case Close(ref=ref, code=code, reason=reason):
                    self._close(now, ref, code, reason)
                case Cancel(ref=ref):
                    self._cancel(ref)
                case _:
                    assert_never(output)

    def _send(self, ref: int, texts: Sequence[str]) -> None:
        socket = self._sockets.get(ref)
        if socket is not None and socket.state is State.OPEN:
            for text in texts:
                self._transmit(socket, rfc6455.encode_frame(rfc6455.Send.TEXT, text.encode(), self._entropy(4)))

    def _close(self, now: float, ref: int, code: int, reason: str) -> None:
        socket = self._sockets.get(ref)
        if socket is not None and socket.move(Signal.CLOSE):
            self._transmit(socket, rfc6455.encode_close(code, reason, self._entropy(4)))
            socket.timers.start(Timer.CLOSE, now + self._limits.close)

    def _cancel(self, ref: int) -> None:
        socket = self._sockets.get(ref)
        if socket is not None:
            self._outputs.append(Cancel(ref) if socket.state is State.OPENING else Close(ref))
            self._forget(socket)

    # Steps that the others share

    def _fail(self, now: float, socket: _Socket, reason: str) -> None:
        """There will be no WebSocket; a stream that is open already is closed."""
        if socket.state is State.UPGRADING:
            self._outputs.append(Close(socket.opening.ref))
        self._forget(socket)
        self._machine.handle_input(now, Failed(socket.opening.ref, reason))

    def _end(self, now: float, socket: _Socket, closed: Closed) -> None:
        self._outputs.append(Close(socket.opening.ref, closed.code))
        self._forget(socket)
        self._machine.handle_input(now, closed)

    def _forget(self, socket: _Socket) -> None:
        socket.move(Signal.ENDED)
        self._sockets.pop(socket.opening.ref, None)

    def _transmit(self, socket: _Socket, data: bytes) -> None:
        self._outputs.append(Transmit(socket.opening.ref, data))


EXPIRIES: Mapping[Timer, Callable[[Framing[Any], float, _Socket], None]] = {
    Timer.HANDSHAKE: Framing._on_handshake_timeout,
    Timer.CLOSE: Framing._on_close_timeout,
}
"""What each timer does when it fires."""
