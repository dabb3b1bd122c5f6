"""The step that every driver repeats: give the machine the time and what happened, then do what it wants.

A command's exceptions are its caller's. Whatever else is raised in here is a bug: it is kept in ``crash`` for the
application, which would otherwise wait for events that never come.
"""

import logging
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol

from kick_io.sockets.taping import Tape
from kick_proto.machine import Input, Output, SocketMachine
from kick_proto.session import SessionEvent

__all__ = ["Pump", "Streams"]

P = ParamSpec("P")
log = logging.getLogger("kick_io")


class Streams(Protocol):
    """The part of a driver that has the sockets and the clock."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def perform(self, output: Output[bytes]) -> None:
        """Do what the machine wants; never waits."""
        ...

    def settle(self) -> None:
        """Set the timer, stop or go on reading, and wake who waits."""
        ...


class Pump:
    """Stands between one machine and its streams; what is told of it goes to ``tape``, where there is one."""

    def __init__(self, machine: SocketMachine[SessionEvent, bytes], streams: Streams) -> None:
        self.machine = machine
        self.crash: Exception | None = None
        self.tape: Tape | None = None
        self._stopped = False
        self._streams = streams

    def call(self, command: Callable[Concatenate[float, P], None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call a command of the wrapped machine with the time, and do what follows."""
        now = self._streams.now()
        command(now, *args, **kwargs)
        self.machine.handle_timeout(now)
        self._drain()

    def tell(self, received: Input[bytes]) -> None:
        """Tell the machine what happened, and do what follows."""
        if self._stopped:
            return
        if log.isEnabledFor(logging.DEBUG):
            log.debug("in %r", received)
        try:
            self.machine.handle_input(self._streams.now(), received)
            self._drain()
        except Exception as error:
            self.crashed(error)

    def tick(self) -> None:
        """Tell the machine that time has passed, and do what follows."""
        if self._stopped:
            return
        try:
            self.machine.handle_timeout(self._streams.now())
            self._drain()
        except Exception as error:
            self.crashed(error)

    def _drain(self) -> None:
        while (output := self.machine.poll_output()) is not None:
            if log.isEnabledFor(logging.DEBUG):
                log.debug("out %r", output)
            self._streams.perform(output)
        if self.tape is not None:
            self.tape.roll()
        self._streams.settle()

    def crashed(self, error: Exception) -> None:
        """End here, and wake who waits."""
        log.error("the driver ends with a bug of its own", exc_info=error)
        self.crash = error
        self._stopped = True
        self._streams.settle()

    def stop(self, close: Callable[[float], None]) -> None:
        """Close the session, if it is not closed, and tell the machine nothing more: it could only dial again."""
        if not self._stopped:
            self.call(close)
        self._stopped = True
        if self.tape is not None:
            self.tape.close()
