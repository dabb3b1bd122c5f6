"""A text-level machine in its framing, with a clock, in each of the states that a WebSocket can have."""

import copy
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from wsproto.frame_protocol import FrameProtocol

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
from kick_proto.websocket import Framing, Limits, State
from tests.streams import MASK, closing, frame

NONCE = b"the sample nonce"
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
ANSWER = (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
).encode()
OPEN = Open(1, "ws.example", 443, tls=True, target="/app/k")
OTHER = Open(2, "other.example", 6001, tls=False)
UNIX = 1_700_000_000.0
A, B = frame(0x81, b"A"), frame(0x81, b"B")
PING, PONG = frame(0x89, b"p"), frame(0x8A, b"p")

Heard: TypeAlias = Input[Sequence[str]]
Saying: TypeAlias = Output[Sequence[str]]


class Script:
    """A text-level machine that says what it is told to say; its events are the inputs that it hears."""

    def __init__(self) -> None:
        self.sayings: deque[Saying] = deque()
        self.replies: dict[str, list[Saying]] = {}
        self.heard: list[Heard] = []
        self.told_at: list[float] = []
        self.timeouts: list[float] = []
        self.due_at: float | None = None
        self.wants_input = True
        self.closed = False

    def handle_input(self, now: float, received: Heard) -> None:
        self.heard.append(received)
        self.told_at.append(now)
        self.sayings.extend(self.replies.pop(type(received).__name__, []))

    def handle_timeout(self, now: float) -> None:
        self.timeouts.append(now)

    def poll_output(self) -> Saying | None:
        return self.sayings.popleft() if self.sayings else None

    def poll_event(self) -> Heard | None:
        return self.heard.pop(0) if self.heard else None

    def take_events(self) -> list[Heard]:
        heard, self.heard = self.heard, []
        return heard

    def poll_timeout(self) -> float | None:
        return self.due_at


class Chance:
    """Entropy that always gives the specification's nonce, and its mask or a drawn one; it notes what was asked for."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self.asked: list[int] = []
        self.rng = rng

    def __call__(self, size: int) -> bytes:
        self.asked.append(size)
        if size == len(NONCE):
            return NONCE
        return (MASK * 4)[:size] if self.rng is None else self.rng.randbytes(size)


MachineT = TypeVar("MachineT", bound=SocketMachine[Any, Sequence[str]])


class World(Generic[MachineT]):
    """A machine in its framing, a clock, and what came out."""

    def __init__(self, machine: MachineT, limits: Limits | None = None, rng: random.Random | None = None) -> None:
        self.machine = machine
        self.chance = Chance(rng)
        self.framing = Framing(machine, entropy=self.chance, limits=limits)
        self.now = 100.0

    def hear(self, *inputs: Input[bytes]) -> None:
        for received in inputs:
            self.framing.handle_input(self.now, received)

    def read(self, *reads: bytes, ref: int = 1) -> None:
        self.hear(*(Received(ref, data, UNIX) for data in reads))

    def advance(self, seconds: float) -> None:
        """Let time pass, and each deadline on the way be kept."""
        until = self.now + seconds
        while (at := self.framing.poll_timeout()) is not None and at <= until:
            self.now = max(self.now, at)
            self.framing.handle_timeout(self.now)
        self.now = until
        self.framing.handle_timeout(until)

    def heard(self) -> list[Any]:
        return self.framing.take_events()

    def stands(self) -> tuple[float | None, bool, bool]:
        """What a driver sees without changing anything."""
        return self.framing.poll_timeout(), self.framing.wants_input, self.framing.closed

    def outputs(self) -> list[Output[bytes]]:
        return list(iter(self.framing.poll_output, None))

    def done(self) -> list[object]:
        """The outputs, with what is transmitted as a server reads it: (ref, opcode, payload)."""
        return [spelled(output) for output in self.outputs()]


def spelled(output: Output[bytes]) -> object:
    if not isinstance(output, Transmit) or output.data.startswith(b"GET "):
        return output
    server = FrameProtocol(client=False, extensions=[])
    server.receive_bytes(output.data)
    (read,) = server.received_frames()
    return output.ref, read.opcode.name, read.payload


def say(world: World[Script], *sayings: Saying) -> None:
    """Let the wrapped machine queue outputs, as a command does, and have them taken up."""
    world.machine.sayings.extend(sayings)
    world.framing.handle_timeout(world.now)


def opening(limits: Limits | None = None) -> World[Script]:
    world = World(Script(), limits)
    say(world, OPEN)
    assert world.done() == [OPEN]
    return world


def upgrading(limits: Limits | None = None) -> World[Script]:
    world = opening(limits)
    world.hear(Opened(1))
    world.outputs()
    return world


def opened(limits: Limits | None = None) -> World[Script]:
    world = upgrading(limits)
    world.read(ANSWER)
    assert world.heard() == [Opened(1)]
    return world


def being_closed(limits: Limits | None = None) -> World[Script]:
    world = opened(limits)
    say(world, Close(1))
    assert world.done() == [(1, "CLOSE", (1000, ""))]
    return world


def closed() -> World[Script]:
    world = being_closed()
    world.read(closing(1000))
    assert world.done() == [Close(1)]
    assert world.heard() == [Closed(1, 1000)]
    return world


REACH: Mapping[State, Callable[[], World[Script]]] = {
    State.OPENING: opening,
    State.UPGRADING: upgrading,
    State.OPEN: opened,
    State.CLOSING: being_closed,
    State.CLOSED: closed,
}


def state_of(world: World[Script]) -> State:
    """The state of the first WebSocket, by what it does: a copy is tried out."""
    probe = copy.deepcopy(world)
    say(probe, Transmit(1, ["?"]))
    if probe.outputs():
        return State.OPEN
    if (at := probe.framing.poll_timeout()) is not None:
        probe.advance(at - probe.now)
        (told,) = probe.heard()
        return State.UPGRADING if isinstance(told, Failed) else State.CLOSING
    say(probe, Cancel(1))
    return State.OPENING if probe.outputs() == [Cancel(1)] else State.CLOSED
