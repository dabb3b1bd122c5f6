"""The world that carries out a plan: a heap of moments, the actors, the wires between them, and a transcript.

``World`` is the driver of every machine in it. Time jumps from one moment to the next; what is due at the same moment
happens in the order in which it was set. All chance comes from named generators, so that leaving one decision out
changes nothing about the others. What the machines give is hashed as it comes, and the last of it kept for people.
"""

import hashlib
import heapq
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from kick_proto.machine import Closed, Failed, Open, Opened, Output, Received
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation.actors import Application, Host
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.dice import CHANNEL_COUNT, Plan
from kick_proto.testing.simulation.laws import Law, Violation, liveness_bound
from kick_proto.testing.simulation.wire import Weather, Wire

__all__ = ["MOST_STEPS", "UNIX_EPOCH", "World"]

UNIX_EPOCH = 1_800_000_000.0
"""The wall clock (unix seconds) at the moment 0.0 of every world."""

CALM = 0.2
"""Seconds that a message takes at most when faults are off."""

LONGEST_CALM = 3_600.0
"""Seconds without faults after which every application has a session that is up, or had one that was."""

MOST_STEPS = 10_000
"""Things that may happen at one moment; beyond it a machine is taken to spin."""

KEPT_LINES = 40
"""Lines of the transcript that are kept for people."""

TO_CLIENT, TO_SERVER = 0, 1

Due: TypeAlias = Callable[[Any], None]


class _Link:
    """A wire, and who is at its ends."""

    __slots__ = ("app", "blocked", "generation", "host", "wire")

    def __init__(self, wire: Wire, app: Application, host: Host | None) -> None:
        self.wire = wire
        self.app = app
        self.host = host
        self.generation = app.generation
        self.blocked = False


class World:
    """One run of one plan; ``digest`` is the transcript's hash, ``lines`` its last lines, ``steps`` their count."""

    def __init__(self, plan: Plan) -> None:
        self.now = 0.0
        self.steps = 0
        self.lines: deque[tuple[float, str, object]] = deque(maxlen=KEPT_LINES)
        self._plan = plan
        self._hash = hashlib.blake2b(digest_size=16)
        self._encode = msgspec.msgpack.Encoder(enc_hook=repr, order="deterministic").encode
        self._heap: list[tuple[float, int, Due, Any]] = []
        self._count = 0
        self._weather = Weather()
        self._links: dict[int, _Link] = {}
        self._of_client: dict[tuple[int, int, int], _Link] = {}
        self._doors: dict[str, d.Door] = {}
        self._is_calm = False
        self._alive: set[int] = set()
        self.apps = [Application(number, each, over_bytes=plan.over_bytes) for number, each in enumerate(plan.apps)]
        self.hosts = {
            each.host: Host(
                each, Chance(f"{plan.seed}/{each.host}"), UNIX_EPOCH, KICK_APP_KEY, over_bytes=plan.over_bytes
            )
            for each in plan.hosts
        }

    # One run

    def run(self) -> None:
        """Carry the plan out to its end.

        Raises:
            Violation: a law was broken.
        """
        for app in self.apps:
            self._begin(app)
        for decision in self._plan.decisions:
            self._at(decision.at, self._decide, decision)
        self._at(self._plan.safety, self._calm_down, None)
        self._go(lambda: self._is_calm and len(self._alive) == len(self.apps))
        self._is_calm = True
        for app in self.apps:
            self._tell(app, "close")
        closed_by = self.now + 60.0
        self._at(closed_by, self._must_be_closed, None)
        self._go(lambda: self.now >= closed_by)

    @property
    def digest(self) -> str:
        """The hash of the whole transcript."""
        return self._hash.hexdigest()

    def _go(self, is_done: Callable[[], bool]) -> None:
        at_once = 0
        while self._heap and not is_done():
            at, _, due, what = heapq.heappop(self._heap)
            at_once = at_once + 1 if at <= self.now else 0
            if at_once > MOST_STEPS:
                raise Violation(Law.INTERFACE, f"more than {MOST_STEPS} things happen at {self.now}")
            self.now = max(at, self.now)
            due(what)

    def _at(self, at: float, due: Due, what: Any) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, due, what))

    def _record(self, who: str, what: object) -> None:
        self.lines.append((self.now, who, what))
        self._hash.update(self._encode((self.now, who, type(what).__name__, what)))

    # Applications

    def _begin(self, app: Application) -> None:
        rng = Chance(f"{self._plan.seed}/app {app.number}/{app.generation}")
        app.begin(self.now, rng)
        self._settle(app)
        if self._is_calm:
            self._watch_over(app)

    def _tell(self, app: Application, command: str, *arguments: Any) -> None:
        if not app.stack.closed and app.frozen_until <= self.now:
            self._record(f"app {app.number}", (command, arguments))
            app.tell(self.now, command, *arguments)
            self._settle(app)

    def _tick(self, app: Application) -> None:
        if app.wakes_at is None or app.wakes_at > self.now:
            return
        app.wakes_at = None
        if app.frozen_until <= self.now:
            app.tick(self.now)
            self._settle(app)

    def _settle(self, app: Application) -> None:
        """Obey what a step has come to, and set the clock for the next."""
        self.steps += 1
        outputs, events, at, wants = app.settle(self.now, takes=app.dozes_until <= self.now)
        who = f"app {app.number}"
        for output in outputs:
            self._record(who, output)
            if isinstance(output, Open):
                self._open(app, output)
            elif link := self._of_client.get((app.number, app.generation, output.ref)):
                link.wire.obey_client(self.now, output)
                self._schedule(link)
        for event in events:
            self._record(who, event)
        if at is None:
            app.wakes_at = None
        elif app.wakes_at is None or at != app.wakes_at:
            app.wakes_at = at
            self._at(max(at, self.now), self._tick, app)
        if wants:
            self._unblock(app)
        if app.stack.closed and app.reborn_at is None and app.dozes_until <= self.now:
            app.reborn_at = self.now + app.plan.pause
            self._at(app.reborn_at, self._replace, app)

    def _unblock(self, app: Application) -> None:
        for link in self._links.values():
            if link.blocked and link.app is app:
                link.blocked = False
                self._schedule(link)

    def _replace(self, app: Application) -> None:
        """Begin a session in place of one that has ended."""
        if app.frozen_until > self.now:
            self._at(app.frozen_until, self._replace, app)
            return
        app.stack.take()
        app.stack.witness.ledger.delivered_all()
        if not (self._is_calm and len(self._alive) == len(self.apps)):
            self._begin(app)

    # Wires

    def _open(self, app: Application, opening: Open) -> None:
        number = self._count = self._count + 1
        host, door = self.hosts[opening.host], self._doors.get(opening.host)
        kind = door.kind if door is not None and door.until > self.now else None
        target = None if self._plan.over_bytes else opening.target
        draw = Chance(f"{self._plan.seed}/wire {app.number}/{app.generation}/{opening.ref}")
        wire = Wire(opening.ref, number, target, self._weather, draw)
        reachable = kind is None or kind is d.DoorKind.SLOW
        link = self._links[number] = _Link(wire, app, host if reachable else None)
        self._of_client[app.number, app.generation, opening.ref] = link
        if reachable:
            wire.knock(self.now, door.delay if door is not None and kind is not None else 0.0)
        elif kind is d.DoorKind.REFUSED or (kind is d.DoorKind.BROKEN and target is not None):
            wire.tell_client(self.now, Failed(opening.ref, "refused"))
        elif kind is d.DoorKind.BABBLING and target is not None and door is not None:
            wire.tell_client(self.now, Opened(opening.ref))
            for _ in range(4):
                wire.tell_client(self.now, Received(opening.ref, list(door.texts), 0.0))
        elif kind in (d.DoorKind.BROKEN, d.DoorKind.BABBLING):
            wire.tell_client(self.now, Opened(opening.ref))
            wire.tell_client(self.now, Received(opening.ref, b"HTTP/1.1 503 Busy\r\n\r\n", 0.0))
            wire.tell_client(self.now, Closed(opening.ref))
        self._schedule(link)

    def _schedule(self, link: _Link) -> None:
        wire = link.wire
        for way, mail in ((TO_CLIENT, wire.to_client), (TO_SERVER, wire.to_server)):
            if mail and (way == TO_SERVER or not link.blocked):
                at, due = mail[0][0], wire.due[way]
                if due is None or at < due:
                    wire.due[way] = at
                    self._at(max(at, self.now), self._arrive, (link, way, at))
        if wire.done:
            self._links.pop(wire.number, None)
            self._of_client.pop((link.app.number, link.generation, wire.ref), None)

    def _arrive(self, what: tuple[_Link, int, float]) -> None:
        link, way, at = what
        if link.wire.due[way] != at:
            return
        link.wire.due[way] = None
        if way == TO_SERVER:
            self._arrive_at_server(link)
        else:
            self._arrive_at_client(link)

    def _arrive_at_server(self, link: _Link) -> None:
        word = link.wire.arrive_at_server(self.now, UNIX_EPOCH + self.now)
        self._schedule(link)
        if word is not None and link.host is not None:
            link.host.hear(self.now, word)
            self._settle_host(link.host)

    def _arrive_at_client(self, link: _Link) -> None:
        app = link.app
        if link.generation != app.generation:
            link.wire.to_client.clear()
            self._schedule(link)
            return
        if app.frozen_until > self.now:
            link.blocked = True
            return
        reads = app.stack.top.wants_input
        word = link.wire.arrive_at_client(self.now, UNIX_EPOCH + self.now, reads=reads)
        if word is None:
            link.blocked = bool(link.wire.to_client) and link.wire.to_client[0][0] <= self.now
            self._schedule(link)
            return
        self._record(f"to app {app.number}", word)
        app.hear(self.now, word)  # type: ignore[arg-type]
        self._settle(app)
        self._schedule(link)

    # Servers

    def _settle_host(self, host: Host) -> None:
        self.steps += 1
        poll: Callable[[], Output[Any] | None] = host.top.poll_output
        while (output := poll()) is not None:
            if link := self._links.get(output.ref):
                link.wire.obey_server(self.now, output)
                self._schedule(link)
        at = host.top.poll_timeout()
        if at is not None and at != host.wakes_at:
            host.wakes_at = at
            self._at(max(at, self.now), self._tick_host, host)

    def _tick_host(self, host: Host) -> None:
        if host.wakes_at is not None and host.wakes_at <= self.now:
            host.wakes_at = None
            host.tick(self.now)
            self._settle_host(host)

    # Decisions

    def _decide(self, decision: d.Decision) -> None:
        self._record("world", decision)
        DECIDE[type(decision)](self, decision)

    def _link_of(self, number: int) -> _Link | None:
        """The wire that the application uses now."""
        app = self.apps[number]
        line = app.stack.witness.line
        return None if line is None else self._of_client.get((number, app.generation, line.ref))

    def _on_latency(self, decision: d.Latency) -> None:
        self._weather.least, self._weather.most = decision.least, decision.most

    def _on_splits(self, decision: d.Splits) -> None:
        self._weather.split_share = decision.share

    def _on_tardy(self, decision: d.Tardy) -> None:
        self._weather.is_tardy = True

    def _on_door(self, decision: d.Door) -> None:
        self._doors[decision.host] = decision

    def _on_mood(self, decision: d.Mood) -> None:
        host = self.hosts[decision.host]
        host.set_faults(self.now, decision.faults)
        self._settle_host(host)
        self._at(decision.until, self._end_mood, (host, decision.faults))

    def _end_mood(self, what: tuple[Host, Faults]) -> None:
        host, faults = what
        if host.faults is faults:
            host.set_faults(self.now, NO_FAULTS)
            self._settle_host(host)

    def _on_move(self, decision: d.Move) -> None:
        for name, host in self.hosts.items():
            host.serves = name in decision.hosts
            host.set_faults(self.now, host.faults)
            for ref in host.server.refs if not host.serves else ():
                host.server.disconnect(self.now, ref, 4001)
            host.tick(self.now)
            self._settle_host(host)

    def _on_hangup(self, decision: d.Hangup) -> None:
        link = self._link_of(decision.app)
        if link is not None and link.host is not None:
            number = link.wire.number
            link.host.server.disconnect(self.now, number, decision.code, "so decided", error_first=decision.is_told)
            link.host.tick(self.now)
            self._settle_host(link.host)

    def _on_whisper(self, decision: d.Whisper) -> None:
        link = self._link_of(decision.app)
        if link is not None and link.host is not None:
            link.host.noisy.add(link.wire.number)
            for text in decision.texts:
                link.host.server.send(self.now, link.wire.number, text)
            link.host.tick(self.now)
            self._settle_host(link.host)

    def _on_noise(self, decision: d.Noise) -> None:
        link = self._link_of(decision.app)
        if link is not None and link.host is not None and self._plan.over_bytes:
            link.host.noisy.add(link.wire.number)
            link.wire.tell_client(self.now, Received(link.wire.ref, decision.data, 0.0))
            self._schedule(link)

    def _on_publish(self, decision: d.Publish) -> None:
        for host in self.hosts.values():
            if host.server.client_count:
                for frame in decision.frames:
                    host.server.publish(self.now, frame)
                host.tick(self.now)
                self._settle_host(host)

    def _on_cut(self, decision: d.Cut) -> None:
        if link := self._link_of(decision.app):
            after = decision.after if self._plan.over_bytes else decision.after % 7
            link.wire.cut_after(self.now, after)
            self._schedule(link)

    def _on_half_open(self, decision: d.HalfOpen) -> None:
        if link := self._link_of(decision.app):
            link.wire.half_open(decision.way)
            self._schedule(link)

    def _on_stall(self, decision: d.Stall) -> None:
        if link := self._link_of(decision.app):
            link.wire.stall(min(self.now + decision.seconds, self._plan.safety))

    def _on_ask(self, decision: d.Ask) -> None:
        app = self.apps[decision.app]
        if not app.stack.closed and app.frozen_until <= self.now:
            app.ask(self.now, decision.channel, decision.topics)
            self._settle(app)

    def _on_leave(self, decision: d.Leave) -> None:
        app = self.apps[decision.app]
        if not app.stack.closed and app.frozen_until <= self.now:
            app.leave(self.now, decision.channel)
            app.misuse(self.now)
            self._settle(app)

    def _on_quit(self, decision: d.Quit) -> None:
        for _ in range(2 if decision.again else 1):
            self._tell(self.apps[decision.app], "close")

    def _on_doze(self, decision: d.Doze) -> None:
        app = self.apps[decision.app]
        app.dozes_until = max(app.dozes_until, min(self.now + decision.seconds, self._plan.safety))
        self._at(app.dozes_until, self._wake, app)

    def _wake(self, app: Application) -> None:
        if app.dozes_until <= self.now and app.frozen_until <= self.now:
            self._settle(app)

    def _on_freeze(self, decision: d.Freeze) -> None:
        app = self.apps[decision.app]
        app.frozen_until = max(app.frozen_until, min(self.now + decision.seconds, self._plan.safety))
        self._at(app.frozen_until, self._thaw, (app, decision.mail_first))

    def _thaw(self, what: tuple[Application, bool]) -> None:
        app, mail_first = what
        if app.frozen_until > self.now:
            return
        if mail_first:
            self._unblock(app)
            app.wakes_at = self.now
            self._at(self.now, self._tick, app)
        else:
            app.tick(self.now)
            self._settle(app)
            self._unblock(app)

    def _on_twin(self, decision: d.Twin) -> None:
        app = self.apps[decision.app]
        if not app.stack.closed:
            app.add_twin(decision, Chance(f"{self._plan.seed}/twin {decision.at}"))

    # The second phase

    def _calm_down(self, _: None) -> None:
        """From now on nothing goes wrong any more; what is dead stays dead."""
        self._is_calm = True
        self._weather.least, self._weather.most = 0.0, CALM
        self._doors.clear()
        for host in self.hosts.values():
            host.set_faults(self.now, NO_FAULTS)
            self._settle_host(host)
        for link in list(self._links.values()):
            link.wire.release_stalled(self.now)
            self._schedule(link)
        for app in self.apps:
            self._watch_over(app)
        self._at(self.now + LONGEST_CALM, self._must_be_over, None)

    def _must_be_over(self, _: None) -> None:
        if len(self._alive) < len(self.apps):
            raise Violation(
                Law.LIVENESS, f"{LONGEST_CALM:g} s after all is well a session neither is up nor was replaced"
            )

    def _watch_over(self, app: Application) -> None:
        config, topics = app.plan.config, min(app.plan.config.max_topics, 6 * CHANNEL_COUNT)
        bound = liveness_bound(config, app.plan.app, CALM, topics)
        self._at(self.now + bound, self._must_be_up, (app, app.generation, bound))

    def _must_be_up(self, what: tuple[Application, int, float]) -> None:
        app, generation, bound = what
        session, line = app.stack.session, app.stack.witness.line
        if app.generation != generation or session.closed:
            return
        refused = frozenset() if line is None else line.refused
        if line is None or session.confirmed != session.wanted - refused:
            missing = sorted(session.wanted - session.confirmed - refused)
            raise Violation(Law.LIVENESS, f"{session.state} {bound:g} s after all is well; unconfirmed: {missing}")
        self._alive.add(app.number)

    def _must_be_closed(self, _: None) -> None:
        for app in self.apps:
            if not app.stack.closed:
                raise Violation(Law.LIVENESS, f"app {app.number} was closed a minute ago, and is not")


DECIDE: Mapping[type, Callable[[World, Any], None]] = {
    d.Latency: World._on_latency,
    d.Splits: World._on_splits,
    d.Tardy: World._on_tardy,
    d.Door: World._on_door,
    d.Mood: World._on_mood,
    d.Move: World._on_move,
    d.Hangup: World._on_hangup,
    d.Whisper: World._on_whisper,
    d.Noise: World._on_noise,
    d.Publish: World._on_publish,
    d.Cut: World._on_cut,
    d.HalfOpen: World._on_half_open,
    d.Stall: World._on_stall,
    d.Ask: World._on_ask,
    d.Leave: World._on_leave,
    d.Quit: World._on_quit,
    d.Doze: World._on_doze,
    d.Freeze: World._on_freeze,
    d.Twin: World._on_twin,
}
"""How each decision is carried out."""
