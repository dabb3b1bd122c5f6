"""A world in memory: clients and Kick servers, the links between them, and a clock that only ``advance`` moves.

``World`` is the driver of every machine in it, at the level of texts. Time jumps from one deadline or arrival to the
next, so that a day takes as long as what happens in it, and equal histories leave equal transcripts: no chance is
involved but what the machines were given. The application is whoever holds the world::

    server = KickServer(rng=random.Random(7), unix_epoch=UNIX_EPOCH)
    session = Session(rng=random.Random(7))
    world = World(server, session)
    world.call(session.connect)
    world.mute()
    world.advance(120)
    assert world.sent() == ["pusher:ping"]

What is said arrives ``latency`` seconds later, in order; a client that wants no input is not read to. Where several
things are due at one moment, outputs come before mail, mail before timers, and older links before younger ones.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

import msgspec

from kick_proto.frames import parse_frame
from kick_proto.machine import Open, Output, Received, Transmit
from kick_proto.testing.links import Client, Link
from kick_proto.testing.server import KickServer

__all__ = ["UNIX_EPOCH", "Line", "Party", "Servers", "World"]

UNIX_EPOCH = 1_800_000_000.0
"""The wall clock (unix seconds) at the moment 0.0 of every world."""

Party: TypeAlias = Client | KickServer
Servers: TypeAlias = KickServer | Mapping[str, KickServer | None]
"""One server behind every host, or the server of each host; None, and what is not there, refuses connections."""

P = ParamSpec("P")
R = TypeVar("R")


class Line(msgspec.Struct, frozen=True):
    """One line of the transcript: what a machine told its driver, and when."""

    at: float
    by: Party
    output: Output[Sequence[str]]


class World:
    """The world; see the module's docstring.

    ``latency`` is seconds, one way, and may be changed at any time. ``most_steps`` is how much may happen at one
    moment; beyond it a machine is taken to spin.
    """

    def __init__(self, servers: Servers, *clients: Client, latency: float = 0.0, most_steps: int = 100_000) -> None:
        self.latency = latency
        self._most_steps = most_steps
        self._now = 0.0
        self._server_of = servers
        all_servers = (servers,) if isinstance(servers, KickServer) else servers.values()
        self._parties: dict[Party, None] = dict.fromkeys(clients)
        self._parties.update({server: None for server in all_servers if server is not None})
        self._links: dict[int, Link] = {}
        self._link_count = 0
        self._refusing = False
        self._muted = False
        self._lines: list[Line] = []
        self._sent_upto = 0
        self._opens_upto = 0

    # Time

    @property
    def now(self) -> float:
        """The monotonic clock, seconds."""
        return self._now

    @property
    def unix_now(self) -> float:
        """The wall clock, unix seconds."""
        return UNIX_EPOCH + self._now

    def advance(self, seconds: float) -> None:
        """Let time pass, and let everything happen that is due until then, in the order of time.

        Raises:
            RuntimeError: there is always something more to do, without time passing.
            ValueError: time does not go back.
        """
        if not seconds >= 0:
            raise ValueError(f"time does not go back, so {seconds} s cannot pass")
        until = self._now + seconds
        self._settle()
        while (at := self._next_at()) is not None and at <= until:
            self._now = at
            self._settle()
        self._now = until

    def call(self, command: Callable[Concatenate[float, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Give a machine a command now, and let happen what follows from it at this moment."""
        result = command(self._now, *args, **kwargs)
        self._settle()
        return result

    # The switches of the links

    def refuse(self) -> None:
        """From now on no connection can be had: ``Open`` gets ``Failed``."""
        self._refusing = True

    def accept(self) -> None:
        """Connections can be had again."""
        self._refusing = False

    def mute(self) -> None:
        """From now on nothing arrives, in either direction, and nobody is told: half-open connections."""
        self._muted = True

    def unmute(self) -> None:
        """What was said meanwhile arrives after all, as after a hole in the network."""
        self._muted = False

    def cut(self) -> None:
        """Drop every connection: what is under way is lost, both ends see 1006, and what was opening has failed."""
        for link in self._links.values():
            link.cut(self._now)
        self._settle()

    # The transcript

    @property
    def transcript(self) -> Sequence[Line]:
        """All that the machines told their driver so far."""
        return self._lines

    def sent(self) -> list[str]:
        """The event names of the texts that clients have sent since this was asked last."""
        lines, self._sent_upto = self._lines[self._sent_upto :], len(self._lines)
        return [
            parse_frame(text).event
            for line in lines
            if isinstance(line.output, Transmit) and not isinstance(line.by, KickServer)
            for text in line.output.data
        ]

    def opens(self) -> list[str]:
        """The hosts that clients have wanted to be connected to since this was asked last."""
        lines, self._opens_upto = self._lines[self._opens_upto :], len(self._lines)
        return [line.output.host for line in lines if isinstance(line.output, Open)]

    # What happens, one step at a time

    def _settle(self) -> None:
        for _ in range(self._most_steps):
            if not self._step():
                return
        last = [line.output for line in self._lines[-3:]]
        raise RuntimeError(f"more than {self._most_steps} steps at {self._now:g}: does a machine spin? Last: {last}")

    def _step(self) -> bool:
        """Do the first thing that is due: obey an output, deliver, fire timers. False where nothing is."""
        for party in self._parties:
            if (output := party.poll_output()) is not None:
                self._obey(party, output)
                return True
        for number, link in self._links.items():
            if self._is_due(self._client_at(link)) or self._is_due(self._server_at(link)):
                self._deliver(link)
                if link.done:
                    del self._links[number]
                return True
        for party in self._parties:
            if self._is_due(party.poll_timeout()):
                party.handle_timeout(self._now)
                return True
        return False

    def _is_due(self, at: float | None) -> bool:
        return at is not None and at <= self._now

    def _next_at(self) -> float | None:
        moments = [party.poll_timeout() for party in self._parties]
        for link in self._links.values():
            moments += (self._client_at(link), self._server_at(link))
        return min((at for at in moments if at is not None), default=None)

    def _client_at(self, link: Link) -> float | None:
        """When the client's next mail can be delivered; a text waits as long as the client wants no input."""
        if self._muted or not link.client_mail:
            return None
        at, word = link.client_mail[0]
        return at if link.client.wants_input or not isinstance(word, Received) else None

    def _server_at(self, link: Link) -> float | None:
        return link.server_mail[0][0] if link.server_mail and not self._muted else None

    def _deliver(self, link: Link) -> None:
        if self._is_due(self._client_at(link)):
            link.client.handle_input(self._now, link.take_for_client(self.unix_now))
            return
        word = link.take_for_server(self.unix_now, self._now + self.latency)
        if link.server is not None:
            link.server.handle_input(self._now, word)

    def _obey(self, party: Party, output: Output[Sequence[str]]) -> None:
        self._lines.append(Line(self._now, party, output))
        at = self._now + self.latency
        if isinstance(output, Open):
            self._open(party, output)
        elif isinstance(party, KickServer):
            if link := self._links.get(output.ref):
                link.obey_server(at, output)
        elif link := self._link_of(party, output.ref):
            link.obey_client(at, output)

    def _link_of(self, client: Client, ref: int) -> Link | None:
        return next((link for link in self._links.values() if link.is_for(client, ref)), None)

    def _open(self, client: Client, opening: Open) -> None:
        servers, host = self._server_of, opening.host
        server = servers if isinstance(servers, KickServer) else servers.get(host)
        self._link_count += 1
        link = self._links[self._link_count] = Link(client, opening.ref, server, self._link_count)
        if server is None or self._refusing:
            link.fail(self._now + 2 * self.latency, f"{host}:{opening.port}: connection refused")
        else:
            self._parties[server] = None
            link.open(self._now + self.latency, opening.target)
