"""How each decision about programs and hosts is carried out: one function each, over the network that it befalls."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kick_proto.endpoints import generic
from kick_proto.endpoints.call import Call, Host
from kick_proto.endpoints.public import channels, chat, users
from kick_proto.ids import UserId
from kick_proto.testing.simulation.http import decisions as d
from kick_proto.testing.simulation.http.callers import Caller
from kick_proto.testing.simulation.http.network import HttpNetwork
from kick_proto.testing.site.accounts import CAST

__all__ = ["DECIDE", "call_of"]

CALLS: Mapping[d.CallKind, Callable[[], Call[Any]]] = {
    d.CallKind.PROFILE: users.own,
    d.CallKind.CHANNELS: lambda: channels.by_slug(CAST[0].slug),
    d.CallKind.SAY: lambda: chat.send("hello", to=UserId(CAST[0].user_id)),
    d.CallKind.CHANGE: lambda: channels.change(title="as before"),
    d.CallKind.LIVESTREAMS: lambda: generic.get("/public/v1/livestreams"),
    d.CallKind.PAGE: lambda: generic.get(f"/api/v2/channels/{CAST[0].slug}", host=Host.SITE),
    d.CallKind.USER: lambda: channels.user(CAST[0].slug.replace("-", "_")),
}


def call_of(kind: d.CallKind, number: int) -> Call[Any]:
    """A call of that kind, with a number in its query by which its requests are known."""
    return _numbered(CALLS[kind](), number)


def _numbered(call: Call[Any], number: int) -> Call[Any]:
    instead = tuple(msgspec.structs.replace(each, call=_numbered(each.call, number)) for each in call.instead)
    return msgspec.structs.replace(call, query=(*call.query, ("n", str(number))), instead=instead)


def _account(net: HttpNetwork, number: int) -> Caller | None:
    """The caller of that number, where it is an account that has not ended."""
    caller = net.callers[number]
    return caller if caller.plan.is_account and not caller.closed else None


def _on_lag(net: HttpNetwork, decision: d.Lag) -> None:
    net.lag = (decision.least, decision.most)


def _on_tardy(net: HttpNetwork, decision: d.WebTardy) -> None:
    net.is_tardy = True


def _on_submit(net: HttpNetwork, decision: d.Submit) -> None:
    for number in range(decision.first, decision.first + decision.count):
        net.tell(net.callers[decision.caller], "submit", call_of(decision.kind, number))


def _on_abandon(net: HttpNetwork, decision: d.Abandon) -> None:
    net.abandon(net.callers[decision.caller], decision.share)


def _on_login(net: HttpNetwork, decision: d.Login) -> None:
    if caller := _account(net, decision.caller):
        net.log_in(caller, decision.seconds, decision.browse)


def _on_command(net: HttpNetwork, decision: d.Command) -> None:
    if caller := _account(net, decision.caller):
        net.tell(caller, decision.command.value)


def _on_adopt(net: HttpNetwork, decision: d.Adopt) -> None:
    caller = _account(net, decision.caller)
    if caller is not None:
        tokens = net.granted(caller) if decision.is_new or caller.vault is None else caller.vault
        net.adopt(caller, tokens)


def _on_set_token(net: HttpNetwork, decision: d.SetToken) -> None:
    caller = net.callers[decision.caller]
    if not caller.plan.is_account and not caller.closed:
        net.tell(caller, "set_token", net.granted(caller).access_token if decision.has_one else None)


def _on_storing(net: HttpNetwork, decision: d.Storing) -> None:
    net.callers[decision.caller].stores_after = decision.seconds


def _on_end(net: HttpNetwork, decision: d.End) -> None:
    for _ in range(2 if decision.again else 1):
        net.tell(net.callers[decision.caller], "close")


def _on_unlucky(net: HttpNetwork, decision: d.Unlucky) -> None:
    net.unlucky.append(decision)


def _on_climate(net: HttpNetwork, decision: d.Climate) -> None:
    net.climates.append(decision)


def _on_forget(net: HttpNetwork, decision: d.Forget) -> None:
    FORGET[decision.what](net)


FORGET: Mapping[d.What, Callable[[HttpNetwork], None]] = {
    d.What.ACCESS: lambda net: net.site.expire_tokens(net.time.now),
    d.What.REFRESH: lambda net: net.site.expire_refresh_tokens(net.time.now),
    d.What.ALL: lambda net: net.site.revoke_all(net.time.now),
}


def _on_nap(net: HttpNetwork, decision: d.Nap) -> None:
    program = net.programs[decision.program]
    for number in range(decision.number, decision.number + decision.busy):
        for caller in program.callers:
            net.tell(caller, "submit", call_of(d.CallKind.PAGE, number))
    program.frozen_until = max(program.frozen_until, min(net.time.now + decision.seconds, net.safety))
    net.time.at(program.frozen_until, net.thaw, (program, decision.first))


def _on_copy(net: HttpNetwork, decision: d.CopyProgram) -> None:
    net.programs[decision.program].add_twin(decision.kind, decision.steps)


DECIDE: Mapping[type, Callable[[HttpNetwork, Any], None]] = {
    d.Lag: _on_lag,
    d.WebTardy: _on_tardy,
    d.Submit: _on_submit,
    d.Abandon: _on_abandon,
    d.Login: _on_login,
    d.Command: _on_command,
    d.Adopt: _on_adopt,
    d.SetToken: _on_set_token,
    d.Storing: _on_storing,
    d.End: _on_end,
    d.Unlucky: _on_unlucky,
    d.Climate: _on_climate,
    d.Forget: _on_forget,
    d.Nap: _on_nap,
    d.CopyProgram: _on_copy,
}
"""How each decision is carried out."""
