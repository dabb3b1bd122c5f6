"""Sessions, servers and the wires between them, as their driver sees them: what comes out is obeyed, what arrives told.

``Network`` decides nothing about troubles; ``deciding`` does that to it, and ``engine`` says when.
"""

from collections.abc import Callable
from typing import Any

from kick_proto.machine import Closed, Failed, Open, Opened, Output, Received
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation.actors import Application, Host
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.plans import Plan
from kick_proto.testing.simulation.timeline import UNIX_EPOCH, Timeline
from kick_proto.testing.simulation.wire import Weather, Wire

__all__ = ["Link", "Network"]

TO_CLIENT, TO_SERVER = 0, 1


class Link:
    """A wire, and who is at its ends."""

    __slots__ = ("app", "blocked", "generation", "host", "wire")

    def __init__(self, wire: Wire, app: Application, host: Host | None) -> None:
        self.wire = wire
        self.app = app
        self.host = host
        self.generation = app.generation
        self.blocked = False


class Network:
    """See the module's docstring.

    ``on_begin`` is told of each session that begins, ``is_over`` says when ended ones are replaced no more. ``links``
    are the wires, by number; ``steps`` counts what machines were told.
    """

    def __init__(
        self, plan: Plan, time: Timeline, on_begin: Callable[[Application], None], is_over: Callable[[], bool]
    ) -> None:
        self.time = time
        self.plan = plan
        self.steps = 0
        self.weather = Weather()
        self.doors: dict[str, d.Door] = {}
        self.links: dict[int, Link] = {}
        self.apps = [Application(number, each, over_bytes=plan.over_bytes) for number, each in enumerate(plan.apps)]
        self.hosts = {
            each.host: Host(
                each, Chance(f"{plan.seed}/{each.host}"), UNIX_EPOCH, KICK_APP_KEY, over_bytes=plan.over_bytes
            )
            for each in plan.hosts
        }
        self._of_client: dict[tuple[int, int, int], Link] = {}
        self._on_begin = on_begin
        self._is_over = is_over

    # Applications

    def begin(self, app: Application) -> None:
        """Begin a session of the application's."""
        rng = Chance(f"{self.plan.seed}/app {app.number}/{app.generation}")
        app.begin(self.time.now, rng)
        self.settle(app)
        self._on_begin(app)

    def tell(self, app: Application, command: str, *arguments: Any) -> None:
        """Give a command, where the application can."""
        if not app.stack.closed and app.frozen_until <= self.time.now:
            self.time.record(f"app {app.number}", (command, arguments))
            app.tell(self.time.now, command, *arguments)
            self.settle(app)

    def tick(self, app: Application) -> None:
        """Say to an application that its time has come."""
        if app.wakes_at is None or app.wakes_at > self.time.now:
            return
        app.wakes_at = None
        if app.frozen_until <= self.time.now:
            app.tick(self.time.now)
            self.settle(app)

    def settle(self, app: Application) -> None:
        """Obey what a step has come to, and set the clock for the next."""
        self.steps += 1
        outputs, events, at, wants = app.settle(self.time.now, takes=app.dozes_until <= self.time.now)
        who = f"app {app.number}"
        for output in outputs:
            self.time.record(who, output)
            if isinstance(output, Open):
                self._open(app, output)
            elif link := self._of_client.get((app.number, app.generation, output.ref)):
                link.wire.obey_client(self.time.now, output)
                self.schedule(link)
        for event in events:
            self.time.record(who, event)
        if at is None:
            app.wakes_at = None
        elif at != app.wakes_at:
            app.wakes_at = at
            self.time.at(max(at, self.time.now), self.tick, app)
        if wants:
            self.unblock(app)
        if app.stack.closed and app.reborn_at is None and app.dozes_until <= self.time.now:
            app.reborn_at = self.time.now + app.plan.pause
            self.time.at(app.reborn_at, self._replace, app)

    def unblock(self, app: Application) -> None:
        """Let arrive what waited for the application to read."""
        for link in self.links.values():
            if link.blocked and link.app is app:
                link.blocked = False
                self.schedule(link)

    def _replace(self, app: Application) -> None:
        """Begin a session in place of one that has ended."""
        if app.frozen_until > self.time.now:
            self.time.at(app.frozen_until, self._replace, app)
            return
        app.stack.take()
        app.stack.witness.ledger.delivered_all()
        if not self._is_over():
            self.begin(app)

    # Wires

    def _open(self, app: Application, opening: Open) -> None:
        number = self.time.number()
        host, door = self.hosts[opening.host], self.doors.get(opening.host)
        kind = door.kind if door is not None and door.until > self.time.now else None
        target = None if self.plan.over_bytes else opening.target
        draw = Chance(f"{self.plan.seed}/wire {app.number}/{app.generation}/{opening.ref}")
        wire = Wire(opening.ref, number, target, self.weather, draw)
        reachable = kind is None or kind is d.DoorKind.SLOW
        link = self.links[number] = Link(wire, app, host if reachable else None)
        self._of_client[app.number, app.generation, opening.ref] = link
        if reachable:
            wire.knock(self.time.now, door.delay if door is not None and kind is not None else 0.0)
        elif kind is d.DoorKind.REFUSED or (kind is d.DoorKind.BROKEN and target is not None):
            wire.tell_client(self.time.now, Failed(opening.ref, "refused"))
        elif kind is d.DoorKind.BABBLING and target is not None and door is not None:
            wire.tell_client(self.time.now, Opened(opening.ref))
            for _ in range(4):
                wire.tell_client(self.time.now, Received(opening.ref, list(door.texts), 0.0))
        elif kind in (d.DoorKind.BROKEN, d.DoorKind.BABBLING):
            wire.tell_client(self.time.now, Opened(opening.ref))
            wire.tell_client(self.time.now, Received(opening.ref, b"HTTP/1.1 503 Busy\r\n\r\n", 0.0))
            wire.tell_client(self.time.now, Closed(opening.ref))
        self.schedule(link)

    def schedule(self, link: Link) -> None:
        """Be there when the next mail of a wire arrives."""
        wire = link.wire
        for way, mail in ((TO_CLIENT, wire.to_client), (TO_SERVER, wire.to_server)):
            if mail and (way == TO_SERVER or not link.blocked):
                at, due = mail[0][0], wire.due[way]
                if due is None or at < due:
                    wire.due[way] = at
                    self.time.at(max(at, self.time.now), self._arrive, (link, way, at))
        if wire.done:
            self.links.pop(wire.number, None)
            self._of_client.pop((link.app.number, link.generation, wire.ref), None)

    def _arrive(self, what: tuple[Link, int, float]) -> None:
        link, way, at = what
        if link.wire.due[way] != at:
            return
        link.wire.due[way] = None
        if way == TO_SERVER:
            self._arrive_at_server(link)
        else:
            self._arrive_at_client(link)

    def _arrive_at_server(self, link: Link) -> None:
        word = link.wire.arrive_at_server(self.time.now, self.time.unix_now)
        self.schedule(link)
        if word is not None and link.host is not None:
            link.host.hear(self.time.now, word)
            self.settle_host(link.host)

    def _arrive_at_client(self, link: Link) -> None:
        app = link.app
        if link.generation != app.generation:
            link.wire.to_client.clear()
            self.schedule(link)
            return
        if app.frozen_until > self.time.now:
            link.blocked = True
            return
        reads = app.stack.top.wants_input
        word = link.wire.arrive_at_client(self.time.now, self.time.unix_now, reads=reads)
        if word is None:
            link.blocked = bool(link.wire.to_client) and link.wire.to_client[0][0] <= self.time.now
            self.schedule(link)
            return
        self.time.record(f"to app {app.number}", word)
        app.hear(self.time.now, word)  # type: ignore[arg-type]
        self.settle(app)
        self.schedule(link)

    # Servers

    def settle_host(self, host: Host) -> None:
        """Obey what a server has come to."""
        self.steps += 1
        poll: Callable[[], Output[Any] | None] = host.top.poll_output
        while (output := poll()) is not None:
            if link := self.links.get(output.ref):
                link.wire.obey_server(self.time.now, output)
                self.schedule(link)
        at = host.top.poll_timeout()
        if at is not None and at != host.wakes_at:
            host.wakes_at = at
            self.time.at(max(at, self.time.now), self._tick_host, host)

    def _tick_host(self, host: Host) -> None:
        if host.wakes_at is not None and host.wakes_at <= self.time.now:
            host.wakes_at = None
            host.tick(self.time.now)
            self.settle_host(host)

    def link_of(self, number: int) -> Link | None:
        """The wire that the application uses now."""
        app = self.apps[number]
        line = app.stack.witness.line
        return None if line is None else self._of_client.get((number, app.generation, line.ref))
