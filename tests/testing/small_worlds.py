"""Networks of the simulation with an application or two and a server or two, in which tests decide what happens."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from kick_proto.backoff import Backoff
from kick_proto.clusters import KICK_CLUSTERS, cluster
from kick_proto.ids import topics_of
from kick_proto.machine import Received
from kick_proto.pusher import App
from kick_proto.session import Config
from kick_proto.testing.personalities import HOSTED
from kick_proto.testing.simulation.actors import Application
from kick_proto.testing.simulation.deciding import DECIDE
from kick_proto.testing.simulation.decisions import Decision
from kick_proto.testing.simulation.dice import AppPlan, HostPlan, channel_of
from kick_proto.testing.simulation.network import Network
from kick_proto.testing.simulation.plans import Plan
from kick_proto.testing.simulation.timeline import Timeline

SEED = 7
SAFETY = 1_000.0
PAUSE = 8.0
ENDPOINTS = tuple(cluster(name) for name in KICK_CLUSTERS)
US2, EU, AP1 = (endpoint.host for endpoint in ENDPOINTS)
POLICY = Backoff(base=2.0, cap=8.0, retries=None, jitter="none")
CONFIG = Config(backoff=POLICY, send_rate=100.0, send_burst=100.0)
TOPIC, OTHER = topics_of(channel_of(0))[:2]
SLIGHTLY = 1e-6


def small_plan(
    *decisions: Decision, hosts: int = 1, apps: int = 1, over_bytes: bool = False, config: Config = CONFIG
) -> Plan:
    app = App(endpoints=ENDPOINTS[:hosts])
    wants = msgspec.structs.replace(config, provider=app)
    return Plan(
        SEED,
        over_bytes,
        SAFETY,
        tuple(HostPlan(endpoint.host, HOSTED, 60.0) for endpoint in ENDPOINTS[:hosts]),
        tuple(AppPlan(wants, app, False, PAUSE) for _ in range(apps)),
        decisions,
    )


class SmallWorld:
    """A network whose transcript is kept whole; ``begun`` are the moments at which sessions began."""

    def __init__(self, plan: Plan) -> None:
        self.time = Timeline()
        self.time.lines = deque()
        self.begun: list[float] = []
        self.is_over = False
        self.net = Network(plan, self.time, lambda app: self.begun.append(app.born_at), lambda: self.is_over)
        for app in self.net.apps:
            self.net.begin(app)

    @property
    def app(self) -> Application:
        """The first application."""
        return self.net.apps[0]

    def run(self, until: float) -> None:
        """Let happen what is due by then."""
        end = max(self.time.now, until) + SLIGHTLY
        self.time.at(end, lambda _: None, None)
        self.time.go(lambda: self.time.now >= end)

    def do(self, at: float, act: Callable[[], object]) -> None:
        """Do that at that moment, after all that is due by then."""
        self.time.at(at, lambda act: act(), act)
        self.run(at)

    def decide(self, *decisions: Decision) -> None:
        """Carry out decisions, each at its moment."""
        for decision in decisions:
            self.do(decision.at, partial(DECIDE[type(decision)], self.net, decision))

    def said(self, who: str = "app 0", since: float = 0.0) -> list[tuple[float, Any]]:
        """What the transcript has of somebody, and when."""
        return [(at, what) for at, name, what in self.time.lines if name == who and at >= since]

    def heard(self, kind: type, since: float = 0.0) -> list[tuple[float, Any]]:
        """What came to the first application of that kind, and when."""
        return [(at, what) for at, what in self.said("to app 0", since) if isinstance(what, kind)]

    def texts(self, since: float = 0.0) -> list[tuple[float, str]]:
        """The server's texts as they came to the first application: the event's name after its prefix, and when."""
        return [
            (at, text.split('"')[3].split(":")[-1])
            for at, received in self.heard(Received, since)
            for text in received.data
        ]


def small_world(*, hosts: int = 1, apps: int = 1, over_bytes: bool = False, config: Config = CONFIG) -> SmallWorld:
    return SmallWorld(small_plan(hosts=hosts, apps=apps, over_bytes=over_bytes, config=config))
