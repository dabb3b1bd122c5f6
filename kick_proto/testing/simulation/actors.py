"""Who acts in a world: applications with their sessions, and the servers. Each is told the time and obeyed.

An actor has the machine interface's four sides: ``tick``, ``hear``, ``next_at``, and outputs that the network obeys.
"""

import copy
from collections.abc import Callable
from typing import Any

from kick_proto.errors import LocalProtocolError
from kick_proto.ids import topics_of
from kick_proto.machine import Input, Output, Rng
from kick_proto.session import SessionEvent
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.server import ClientGone, KickServer, ServerEvent, TextReceived
from kick_proto.testing.serving import ServerFraming
from kick_proto.testing.simulation.decisions import Twin, TwinKind
from kick_proto.testing.simulation.dice import AppPlan, HostPlan, channel_of
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.stack import Made, Stack, Twinned
from kick_proto.testing.simulation.wire import Word

__all__ = ["Application", "Host"]

NOT_UNDERSTOOD = (1002, 1003, 1007, 1009)
"""Codes with which a server says that our bytes were no good."""


class Application:
    """An application: one session after the other, what it wants of them, and how fast it reads.

    ``stack`` is the machines of the present session. ``dozes_until`` and ``frozen_until`` are moments of the world's
    clock; ``born_at`` is when the present session began.
    """

    def __init__(self, number: int, plan: AppPlan, *, over_bytes: bool) -> None:
        self.number = number
        self.plan = plan
        self.wishes: dict[int, int | None] = {}
        self.dozes_until = 0.0
        self.frozen_until = 0.0
        self.born_at = 0.0
        self.reborn_at: float | None = None
        self.wakes_at: float | None = None
        self.generation = 0
        self.twin: Twinned | None = None
        self.stack: Stack
        self._over_bytes = over_bytes

    def begin(self, now: float, rng: Rng) -> None:
        """Begin a session, and want of it what was wanted of the one before."""
        self.twin = None
        self.reborn_at = None
        self.generation += 1
        self.born_at = now
        self.stack = Stack(
            self.plan.config, self.plan.app, rng, over_bytes=self._over_bytes, merged=self.plan.is_merged
        )
        for channel, topics in self.wishes.items():
            self.ask(now, channel, topics)
        self.tell(now, "connect")

    def ask(self, now: float, channel: int, topics: int | None) -> None:
        """Want a channel, or the first so many of its topics."""
        self.wishes.setdefault(channel, topics)
        named = channel_of(channel)
        self.tell(now, "subscribe", named, None if topics is None else topics_of(named)[:topics])

    def leave(self, now: float, channel: int) -> None:
        """Want a channel no more."""
        self.wishes.pop(channel, None)
        self.tell(now, "unsubscribe", channel_of(channel))

    def misuse(self, now: float) -> None:
        """Give a command that is illegal at any time after the first.

        Raises:
            Violation: it was taken.
        """
        try:
            self.stack.session.connect(now)
        except LocalProtocolError:
            return
        raise Violation(Law.INTERFACE, "a second connect was taken")

    # The sides of a machine, for the original and for its twin

    def tell(self, now: float, command: str, *arguments: Any) -> None:
        """Give a command."""
        if self.twin is not None:
            self.twin.before(now)
            self.twin.stack.tell(now, command, *arguments)
        self.stack.tell(now, command, *arguments)

    def hear(self, now: float, word: Input[Any]) -> None:
        """Hand over what happened to a socket."""
        if self.twin is not None:
            self.twin.before(now)
            self.twin.hear(now, word)
        self.stack.top.handle_input(now, word)

    def tick(self, now: float) -> None:
        """Say that time has passed."""
        if self.twin is not None:
            self.twin.before(now)
            self.twin.stack.top.handle_timeout(now)
        self.stack.top.handle_timeout(now)

    def settle(self, now: float, *, takes: bool) -> Made:
        """Take what has come of a step, and compare it with the twin's."""
        made = _made(self.stack, self.stack.take if takes else None)
        twin = self.twin
        if twin is not None:
            twin.compare(now, made, _made(twin.stack, twin.take if takes else None))
            twin.steps -= 1
            if twin.steps <= 0:
                self.twin = None
        return made

    def add_twin(self, chosen: Twin, draw: Rng) -> None:
        """Let a copy go along from now on."""
        alone = TwinKind.ALIKE if chosen.kind is TwinKind.IN_PIECES and self.plan.is_merged else chosen.kind
        self.twin = Twinned(copy.deepcopy(self.stack), alone, chosen.steps, draw)


def _made(stack: Stack, take: Callable[[], list[SessionEvent]] | None) -> Made:
    outputs: list[Output[Any]] = list(iter(stack.top.poll_output, None))
    events = take() if take is not None else []
    return outputs, events, stack.top.poll_timeout(), stack.top.wants_input


class Host:
    """A server of the app, over texts or over bytes."""

    def __init__(self, plan: HostPlan, rng: Rng, unix_epoch: float, key: str, *, over_bytes: bool) -> None:
        self.name = plan.host
        self.server = KickServer(
            rng=rng,
            unix_epoch=unix_epoch,
            key=key,
            personality=plan.personality,
            activity_timeout=plan.activity_timeout,
        )
        self.top: Any = ServerFraming(self.server) if over_bytes else self.server
        self.serves = True
        self.faults = NO_FAULTS
        self.noisy: set[int] = set()
        self.wakes_at: float | None = None

    def hear(self, now: float, word: Word) -> None:
        """Hand over what happened to a connection."""
        self.top.handle_input(now, word)
        self._listen()

    def tick(self, now: float) -> None:
        """Say that time has passed, or take up what a command has queued."""
        self.top.handle_timeout(now)
        self._listen()

    def set_faults(self, now: float, faults: Faults) -> None:
        """Have these faults from now on, and refuse the app where it does not live here."""
        self.faults = faults
        self.server.set_faults(now, faults if self.serves else Faults(refuse_code=4001))

    def _listen(self) -> None:
        """See that the server has understood all that clients have said to it."""
        events: list[ServerEvent] = self.top.take_events()
        for event in events:
            match event:
                case TextReceived(text=text):
                    raise Violation(Law.INTERFACE, f"{self.name} does not understand {text!r}")
                case ClientGone(ref=ref, code=code) if code in NOT_UNDERSTOOD and ref not in self.noisy:
                    raise Violation(Law.INTERFACE, f"{self.name} does not understand the bytes of client {ref}: {code}")
                case _:
                    pass
