"""The world that carries out a plan: two phases over a network, first under faults, then without.

All chance comes from named generators, so that leaving one decision out changes nothing about the others. Clock and
transcript are ``timeline``, the driver of all machines is ``network``, decisions are carried out in ``deciding``.
"""

from kick_proto.testing.faults import NO_FAULTS
from kick_proto.testing.simulation.actors import Application
from kick_proto.testing.simulation.deciding import DECIDE
from kick_proto.testing.simulation.decisions import Decision
from kick_proto.testing.simulation.dice import CHANNEL_COUNT
from kick_proto.testing.simulation.http import deciding as http_deciding
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.http.network import HttpNetwork
from kick_proto.testing.simulation.http.proving import Proof
from kick_proto.testing.simulation.laws import Law, Violation, liveness_bound
from kick_proto.testing.simulation.network import Network
from kick_proto.testing.simulation.plans import Plan
from kick_proto.testing.simulation.timeline import Timeline

__all__ = ["World"]

CALM = 0.2
"""Seconds that a message takes at most when faults are off."""

LONGEST_CALM = 3_600.0
"""Seconds without faults after which every application has a session that is up, or had one that was."""


class World:
    """One run of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.time = Timeline()
        self._plan = plan
        self._is_calm = False
        self._alive: set[int] = set()
        self.net = Network(plan, self.time, self._on_begin, self._is_well)
        self.web = HttpNetwork(plan.seed, plan.web, self.time, plan.safety)
        self._proof = Proof(self.web)

    @property
    def steps(self) -> int:
        """How often a machine was told something."""
        return self.net.steps + self.web.steps

    def run(self) -> None:
        """Carry the plan out to its end.

        Raises:
            Violation: a law was broken.
        """
        for app in self.net.apps:
            self.net.begin(app)
        self.web.begin()
        for decision in self._plan.decisions:
            self.time.at(decision.at, self._decide, decision)
        self.time.at(self._plan.safety, self._calm_down, None)
        self.time.go(lambda: self._is_well() and self._proof.is_given)
        self._is_calm = True
        for app in self.net.apps:
            self.net.tell(app, "close")
        self.web.end()
        closed_by = self.time.now + 60.0
        self.time.at(closed_by, self._must_be_closed, None)
        self.time.go(lambda: self.time.now >= closed_by)

    def _is_well(self) -> bool:
        return self._is_calm and len(self._alive) == len(self.net.apps)

    def _decide(self, decision: Decision | HttpDecision) -> None:
        self.time.record("world", decision)
        if isinstance(decision, HttpDecision):
            http_deciding.DECIDE[type(decision)](self.web, decision)
        else:
            DECIDE[type(decision)](self.net, decision)

    def _on_begin(self, app: Application) -> None:
        if self._is_calm:
            self._watch_over(app)

    # The second phase

    def _calm_down(self, _: None) -> None:
        """From now on nothing goes wrong any more; what is dead stays dead."""
        self._is_calm = True
        self.net.weather.least, self.net.weather.most = 0.0, CALM
        self.net.doors.clear()
        for host in self.net.hosts.values():
            host.set_faults(self.time.now, NO_FAULTS)
            self.net.settle_host(host)
        for link in list(self.net.links.values()):
            link.wire.release_stalled(self.time.now)
            self.net.schedule(link)
        for app in self.net.apps:
            self._watch_over(app)
        self._proof.begin()
        self.time.at(self.time.now + LONGEST_CALM, self._must_be_over, None)

    def _must_be_over(self, _: None) -> None:
        if len(self._alive) < len(self.net.apps):
            raise Violation(
                Law.LIVENESS, f"{LONGEST_CALM:g} s after all is well a session neither is up nor was replaced"
            )

    def _watch_over(self, app: Application) -> None:
        config, topics = app.plan.config, min(app.plan.config.max_topics, 6 * CHANNEL_COUNT)
        bound = liveness_bound(config, app.plan.app, CALM, topics)
        self.time.at(self.time.now + bound, self._must_be_up, (app, app.generation, bound))

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
        for app in self.net.apps:
            if not app.stack.closed:
                raise Violation(Law.LIVENESS, f"app {app.number} was closed a minute ago, and is not")
