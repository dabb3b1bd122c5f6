"""How each decision about sessions is carried out: one function each, over the network that it befalls."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kick_proto.machine import Received
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation.actors import Application, Host
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.network import Network

__all__ = ["DECIDE"]


def _on_latency(net: Network, decision: d.Latency) -> None:
    net.weather.least, net.weather.most = decision.least, decision.most


def _on_splits(net: Network, decision: d.Splits) -> None:
    net.weather.split_share = decision.share


def _on_tardy(net: Network, decision: d.Tardy) -> None:
    net.weather.is_tardy = True


def _on_door(net: Network, decision: d.Door) -> None:
    net.doors[decision.host] = decision


def _on_mood(net: Network, decision: d.Mood) -> None:
    host = net.hosts[decision.host]
    host.set_faults(net.time.now, decision.faults)
    net.settle_host(host)
    net.time.at(decision.until, partial(_end_mood, net), (host, decision.faults))


def _end_mood(net: Network, what: tuple[Host, Faults]) -> None:
    host, faults = what
    if host.faults is faults:
        host.set_faults(net.time.now, NO_FAULTS)
        net.settle_host(host)


def _on_move(net: Network, decision: d.Move) -> None:
    for name, host in net.hosts.items():
        host.serves = name in decision.hosts
        host.set_faults(net.time.now, host.faults)
        for ref in host.server.refs if not host.serves else ():
            host.server.disconnect(net.time.now, ref, 4001)
        host.tick(net.time.now)
        net.settle_host(host)


def _on_hangup(net: Network, decision: d.Hangup) -> None:
    link = net.link_of(decision.app)
    if link is not None and link.host is not None:
        number = link.wire.number
        link.host.server.disconnect(net.time.now, number, decision.code, "so decided", error_first=decision.is_told)
        link.host.tick(net.time.now)
        net.settle_host(link.host)


def _on_whisper(net: Network, decision: d.Whisper) -> None:
    link = net.link_of(decision.app)
    if link is not None and link.host is not None:
        link.host.noisy.add(link.wire.number)
        for text in decision.texts:
            link.host.server.send(net.time.now, link.wire.number, text)
        link.host.tick(net.time.now)
        net.settle_host(link.host)


def _on_noise(net: Network, decision: d.Noise) -> None:
    link = net.link_of(decision.app)
    if link is not None and link.host is not None and net.plan.over_bytes:
        link.host.noisy.add(link.wire.number)
        link.wire.tell_client(net.time.now, Received(link.wire.ref, decision.data, 0.0))
        net.schedule(link)


def _on_publish(net: Network, decision: d.Publish) -> None:
    for host in net.hosts.values():
        if host.server.client_count:
            for frame in decision.frames:
                host.server.publish(net.time.now, frame)
            host.tick(net.time.now)
            net.settle_host(host)


def _on_cut(net: Network, decision: d.Cut) -> None:
    if link := net.link_of(decision.app):
        after = decision.after if net.plan.over_bytes else decision.after % 7
        link.wire.cut_after(net.time.now, after)
        net.schedule(link)


def _on_half_open(net: Network, decision: d.HalfOpen) -> None:
    if link := net.link_of(decision.app):
        link.wire.half_open(decision.way)
        net.schedule(link)


def _on_stall(net: Network, decision: d.Stall) -> None:
    if link := net.link_of(decision.app):
        link.wire.stall(min(net.time.now + decision.seconds, net.plan.safety))


def _on_ask(net: Network, decision: d.Ask) -> None:
    app = net.apps[decision.app]
    if not app.stack.closed and app.frozen_until <= net.time.now:
        app.ask(net.time.now, decision.channel, decision.topics)
        net.settle(app)


def _on_leave(net: Network, decision: d.Leave) -> None:
    app = net.apps[decision.app]
    if not app.stack.closed and app.frozen_until <= net.time.now:
        app.leave(net.time.now, decision.channel)
        app.misuse(net.time.now)
        net.settle(app)


def _on_quit(net: Network, decision: d.Quit) -> None:
    for _ in range(2 if decision.again else 1):
        net.tell(net.apps[decision.app], "close")


def _on_doze(net: Network, decision: d.Doze) -> None:
    app = net.apps[decision.app]
    app.dozes_until = max(app.dozes_until, min(net.time.now + decision.seconds, net.plan.safety))
    net.time.at(app.dozes_until, partial(_wake, net), app)


def _wake(net: Network, app: Application) -> None:
    if app.dozes_until <= net.time.now and app.frozen_until <= net.time.now:
        net.settle(app)


def _on_freeze(net: Network, decision: d.Freeze) -> None:
    app = net.apps[decision.app]
    app.frozen_until = max(app.frozen_until, min(net.time.now + decision.seconds, net.plan.safety))
    net.time.at(app.frozen_until, partial(_thaw, net), (app, decision.mail_first))


def _thaw(net: Network, what: tuple[Application, bool]) -> None:
    app, mail_first = what
    if app.frozen_until > net.time.now:
        return
    if mail_first:
        net.unblock(app)
        app.wakes_at = net.time.now
        net.time.at(net.time.now, net.tick, app)
    else:
        app.tick(net.time.now)
        net.settle(app)
        net.unblock(app)


def _on_twin(net: Network, decision: d.Twin) -> None:
    app = net.apps[decision.app]
    if not app.stack.closed:
        app.add_twin(decision, Chance(f"{net.plan.seed}/twin {decision.at}"))


DECIDE: Mapping[type, Callable[[Network, Any], None]] = {
    d.Latency: _on_latency,
    d.Splits: _on_splits,
    d.Tardy: _on_tardy,
    d.Door: _on_door,
    d.Mood: _on_mood,
    d.Move: _on_move,
    d.Hangup: _on_hangup,
    d.Whisper: _on_whisper,
    d.Noise: _on_noise,
    d.Publish: _on_publish,
    d.Cut: _on_cut,
    d.HalfOpen: _on_half_open,
    d.Stall: _on_stall,
    d.Ask: _on_ask,
    d.Leave: _on_leave,
    d.Quit: _on_quit,
    d.Doze: _on_doze,
    d.Freeze: _on_freeze,
    d.Twin: _on_twin,
}
"""How each decision is carried out."""
