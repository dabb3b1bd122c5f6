"""The one interface that every machine has, and the words that cross it.

A machine decides; a driver obeys. What the world did goes in as an *input* (a past participle), what the
driver must do comes out as an *output* (an imperative), and what the application cares for comes out as an
*event* of the machine's own. Nothing here does I/O, reads a clock or draws chance: time is the first argument
of every method that may set a deadline (monotonic seconds, never going back).

The contract, which ``tests/contract.py`` holds every machine to:

- ``handle_*`` and commands decide everything and queue what follows; ``poll_*`` and ``take_events`` only pop.
- After each of them a driver drains the outputs, lets the application have the events, and then waits for the
  first of an input, a command, and the time that ``poll_timeout()`` gives.
- ``handle_timeout`` too early changes nothing; late, it fires every due timer in the order of its enum.
- Each ``Open`` gets one ``Opened`` or ``Failed``; each ``Opened`` one ``Closed``; after ``Cancel`` or ``Close``
  nothing need come any more. A ``ref`` that the other side no longer knows is dropped in silence, both ways.
- What a peer sends never raises; a command that is illegal now raises ``LocalProtocolError`` and changes nothing.
"""

from typing import Generic, Protocol, TypeAlias, TypeVar

import msgspec

__all__ = [
    "Cancel",
    "Close",
    "Closed",
    "Failed",
    "Input",
    "Machine",
    "Open",
    "Opened",
    "Output",
    "Received",
    "Rng",
    "SocketMachine",
    "Transmit",
]

DataT = TypeVar("DataT")
DataT_co = TypeVar("DataT_co", covariant=True)
EventT = TypeVar("EventT")
InputT_contra = TypeVar("InputT_contra", contravariant=True)
OutputT_co = TypeVar("OutputT_co", covariant=True)


class Opened(msgspec.Struct, frozen=True):
    """The stream (or WebSocket) that ``Open(ref)`` asked for is open."""

    ref: int


class Received(msgspec.Struct, Generic[DataT_co], frozen=True):
    """One read of a socket: bytes for a byte-level machine, a sequence of texts for a text-level one.

    ``unix_now`` is the wall clock at the read (unix seconds, UTC). It is no deadline's concern; it becomes the
    ``received_at`` of the events that the read holds.
    """

    ref: int
    data: DataT_co
    unix_now: float


class Closed(msgspec.Struct, frozen=True):
    """What ``Opened(ref)`` announced has ended; ``code`` is a WebSocket close code, 1006 where none was seen."""

    ref: int
    code: int = 1006
    reason: str = ""


class Failed(msgspec.Struct, frozen=True):
    """What ``Open(ref)`` asked for could not be had; ``reason`` is a sentence for people."""

    ref: int
    reason: str


class Open(msgspec.Struct, frozen=True):
    """Open a stream to ``host:port``, or, where the driver brings its own WebSocket, the WebSocket at ``url``."""

    ref: int
    host: str
    port: int
    tls: bool
    target: str = "/"
    """Path and query of the WebSocket's URL; a byte-level driver has no use for it."""

    @property
    def url(self) -> str:
        """The WebSocket URL, for drivers that work with texts."""
        scheme = "wss" if self.tls else "ws"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}{self.target}"


class Transmit(msgspec.Struct, Generic[DataT_co], frozen=True):
    """Send ``data``, in the order of the outputs."""

    ref: int
    data: DataT_co


class Close(msgspec.Struct, frozen=True):
    """End what is open: flush what was transmitted, close, and read no further."""

    ref: int
    code: int = 1000
    reason: str = ""


class Cancel(msgspec.Struct, frozen=True):
    """Give up what was asked for and has not been answered yet."""

    ref: int


Input: TypeAlias = Opened | Received[DataT] | Closed | Failed
Output: TypeAlias = Open | Transmit[DataT] | Close | Cancel


class Rng(Protocol):
    """Where a machine draws chance from: ``random.Random()`` in a driver, ``random.Random(7)`` in a test."""

    def random(self) -> float:
        """Draw a float, 0.0 <= x < 1.0."""
        ...


class Machine(Protocol[EventT, InputT_contra, OutputT_co]):
    """What a driver knows of any machine; see the module's docstring for the contract."""

    def handle_input(self, now: float, received: InputT_contra) -> None:
        """Take in what the world did."""
        ...

    def handle_timeout(self, now: float) -> None:
        """Fire every timer that is due at ``now``."""
        ...

    def poll_output(self) -> OutputT_co | None:
        """Pop the next thing that the driver must do."""
        ...

    def poll_event(self) -> EventT | None:
        """Pop one event."""
        ...

    def take_events(self) -> list[EventT]:
        """Pop all events; the list is the caller's."""
        ...

    def poll_timeout(self) -> float | None:
        """Say when ``handle_timeout`` must be called next (monotonic seconds), or None for never."""
        ...

    @property
    def wants_input(self) -> bool:
        """False while undelivered events stand above the high-water mark: stop reading, go on with all else."""
        ...

    @property
    def closed(self) -> bool:
        """True when nothing will ever be queued again."""
        ...


SocketMachine: TypeAlias = Machine[EventT, Input[DataT], Output[DataT]]
"""A machine over sockets: bytes, or the texts of a WebSocket. ``kick_proto.http`` has its twin over HTTP."""
