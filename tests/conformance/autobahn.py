"""A client for the fuzzingserver of the Autobahn test suite: ``python -m tests.conformance.autobahn ws://HOST:PORT``.

It asks how many cases there are, visits each and echoes what it hears, and has the report written. All of it goes
through the asyncio driver and ``kick_proto.websocket``; see ``docs/conformance.md``.
"""

import argparse
import asyncio
import os
import sys
from collections import deque
from collections.abc import Sequence

from kick_io.asyncio import Driver
from kick_proto.clusters import endpoint_at
from kick_proto.errors import TransportError
from kick_proto.machine import Closed, Failed, Input, Open, Opened, Output, Received, Transmit
from kick_proto.provider import Endpoint
from kick_proto.session import SessionEvent
from kick_proto.websocket import Framing, Limits

AGENT = "kick-proto"
LIMITS = Limits(message=64 << 20, fragments=1 << 20)
"""Far beyond the defaults: the suite's largest messages are 16 MiB, and fragments of 64 bytes make 4 MiB."""


class Visit:
    """One WebSocket to a target: a text-level machine that keeps what it hears, or sends it back."""

    def __init__(self, server: Endpoint, target: str, *, echo: bool) -> None:
        self._opening = Open(1, server.host, server.port, server.tls, target)
        self._outputs: deque[Output[Sequence[str]]] = deque()
        self._echo = echo
        self.texts: list[str] = []
        self.failure: str | None = None
        self.closed = False
        self.wants_input = True

    def begin(self, now: float) -> None:
        """The one command."""
        self._outputs.append(self._opening)

    def handle_input(self, now: float, received: Input[Sequence[str]]) -> None:
        match received:
            case Received(data=texts) if self._echo:
                if texts:
                    self._outputs.append(Transmit(1, texts))
            case Received(data=texts):
                self.texts += texts
            case Failed(reason=reason):
                self.failure, self.closed = reason, True
            case Closed():
                self.closed = True
            case Opened():
                pass

    def handle_timeout(self, now: float) -> None:
        """Nothing is waited for here."""

    def poll_output(self) -> Output[Sequence[str]] | None:
        return self._outputs.popleft() if self._outputs else None

    def poll_event(self) -> SessionEvent | None:
        return None

    def take_events(self) -> list[SessionEvent]:
        return []

    def poll_timeout(self) -> float | None:
        return None


async def visit(server: Endpoint, target: str, *, echo: bool = False) -> list[str]:
    """Stay until the server closes; gives the texts that were not sent back.

    Raises:
        TransportError: there was no WebSocket to be had.
    """
    machine = Visit(server, target, echo=echo)
    framing = Framing(machine, entropy=os.urandom, limits=LIMITS)
    driver = Driver(framing, None)
    try:
        driver.pump.call(machine.begin)
        while not framing.closed and driver.pump.crash is None:
            await driver.change()
    finally:
        await driver.abandon()
    if driver.pump.crash is not None:
        raise driver.pump.crash
    if machine.failure is not None:
        raise TransportError(machine.failure)
    return machine.texts


async def run(url: str) -> int:
    """All cases of the server at ``url``, in order; gives their number."""
    server = endpoint_at(url)
    (count,) = await visit(server, "/getCaseCount")
    for case in range(1, int(count) + 1):
        sys.stderr.write(f"\rcase {case} of {count}")
        await visit(server, f"/runCase?case={case}&agent={AGENT}", echo=True)
    await visit(server, f"/updateReports?agent={AGENT}")
    sys.stderr.write("\n")
    return int(count)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url", help="where the fuzzingserver is, such as ws://127.0.0.1:9001")
    asyncio.run(run(arguments.parse_args().url))
