"""Each decision about programs and hosts over HTTP, by what is another way after it."""

from collections import deque
from contextlib import nullcontext
from typing import Any

import msgspec
import pytest

from kick_proto.endpoints.call import Call, Host
from kick_proto.rest import Client
from kick_proto.secret import Secret
from kick_proto.testing.simulation.decisions import TwinKind
from kick_proto.testing.simulation.http import decisions as d
from kick_proto.testing.simulation.http.deciding import DECIDE, call_of
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.http.network import HttpNetwork
from kick_proto.testing.simulation.http.plans import CallerPlan, WebPlan
from kick_proto.testing.simulation.http.troubles import Busy
from kick_proto.testing.simulation.laws import Violation
from kick_proto.testing.simulation.timeline import Timeline
from kick_proto.testing.site.ledger import Lifetimes
from tests.testing.callings import CLIENT, LOGGED_IN, LOGGED_OUT, SAFETY, program_of, web_of


def net_of(*callers: CallerPlan, web: WebPlan | None = None) -> HttpNetwork:
    """A network that has begun, with its whole transcript."""
    time = Timeline()
    time.lines = deque()
    net = HttpNetwork(0, web if web is not None else web_of(*callers), time, SAFETY)
    net.begin()
    return net


def decided(net: HttpNetwork, *decisions: HttpDecision) -> list[tuple[str, object]]:
    """What is written into the transcript by them, each with its caller, requests left out."""
    net.time.lines.clear()
    for decision in decisions:
        DECIDE[type(decision)](net, decision)
    return [(who, what) for _, who, what in net.time.lines if not str(what).startswith("Fetch")]


def wait(net: HttpNetwork, seconds: float) -> None:
    """Let everything happen that is due until then."""
    until = net.time.now + seconds
    is_over: list[bool] = []
    net.time.at(until, is_over.append, True)
    net.time.go(lambda: bool(is_over))


def token(net: HttpNetwork) -> Secret | None:
    """The one in use of the first machine."""
    return net.callers[0].witness.model.token


def asked(net: HttpNetwork, kind: str = "Fetch") -> list[Any]:
    return [what for _, _, what in net.time.lines if str(what).startswith(kind)]


@pytest.mark.parametrize("kind", d.CallKind)
def test_each_request_of_a_call_is_known_by_its_number(kind: d.CallKind) -> None:
    def numbers(call: Call[Any]) -> list[object]:
        return [call.query[-1], *(number for each in call.instead for number in numbers(each.call))]

    count = 2 if kind is d.CallKind.USER else 1
    assert numbers(call_of(kind, 7)) == [("n", "7")] * count
    one, other = (msgspec.structs.replace(call_of(kind, n), parse=None, instead=()) for n in (7, 8))
    assert one != other
    assert one.query[:-1] == other.query[:-1]


# What is decided of hosts and of the way to them


def test_what_is_decided_of_the_way_holds_from_then_on() -> None:
    net = net_of(CLIENT)
    assert (net.lag, net.is_tardy, net.is_calm, net.is_over) == ((0.0, 0.0), False, False, False)
    decided(net, d.Lag(0.0, 0.5, 2.0), d.WebTardy(0.0))
    assert (net.lag, net.is_tardy) == ((0.5, 2.0), True)


def test_troubles_are_there_until_they_are_over() -> None:
    net = net_of(CLIENT)
    unlucky = d.Unlucky(1.0, Host.API, Busy(3), 2, "")
    climate = d.Climate(1.0, Host.ID, Busy(3), 0.5, 9.0)
    decided(net, unlucky, climate)
    assert (net.unlucky, net.climates) == ([unlucky], [climate])


@pytest.mark.parametrize(
    ("what", "told"),
    [(d.What.ACCESS, "Refreshed"), (d.What.REFRESH, "Replied"), (d.What.ALL, "Lost")],
)
def test_what_the_server_forgets_is_of_use_no_more(what: d.What, told: str) -> None:
    net = net_of(LOGGED_IN)
    decided(net, d.Forget(0.0, what), d.Submit(0.0, 0, d.CallKind.PROFILE, 1, 1))
    wait(net, 1.0)
    events = ("Replied", "Refreshed", "Lost", "Refused")
    first = next(event for _, _, event in net.time.lines if str(event).startswith(events))
    assert str(first).startswith(told)


def test_refresh_tokens_may_be_forgotten_alone() -> None:
    net = net_of(LOGGED_IN)
    decided(net, d.Forget(0.0, d.What.REFRESH), d.Command(0.0, 0, d.AskSelf.REFRESH))
    wait(net, 1.0)
    assert asked(net, "Lost")


# What is decided of machines


def test_calls_are_made_at_once_and_each_has_a_number_of_its_own() -> None:
    net = net_of(LOGGED_IN, LOGGED_IN)
    assert decided(net, d.Submit(0.0, 1, d.CallKind.PAGE, 7, 3)) == [("caller 1", "submit")] * 3
    assert (net.calls, len(net.callers[0].open), len(net.callers[1].open)) == (3, 0, 3)
    assert [f"('n', '{number}')" in fetch for number, fetch in zip((7, 8, 9), asked(net), strict=True)] == [True] * 3


@pytest.mark.parametrize(("share", "place"), [(0.0, 0), (0.3, 0), (0.34, 1), (0.999, 2)])
def test_the_call_at_that_share_of_the_open_ones_is_wanted_no_longer(share: float, place: int) -> None:
    net = net_of(LOGGED_IN)
    decided(net, d.Submit(0.0, 0, d.CallKind.PAGE, 1, 3))
    refs, fetches = list(net.callers[0].open), asked(net)
    assert ("caller 0", "abandon") in decided(net, d.Abandon(0.0, 0, share))
    assert net.callers[0].open == [ref for ref in refs if ref != refs[place]]
    assert asked(net, "Cancel") == [fetches[place].partition(",")[0].replace("Fetch", "Cancel") + ")"]


def test_who_has_no_call_open_wants_none_no_longer() -> None:
    assert decided(net_of(LOGGED_IN), d.Abandon(0.0, 0, 0.5)) == []


@pytest.mark.parametrize("what", d.AskSelf)
def test_an_account_is_given_each_command_of_its_grant(what: d.AskSelf) -> None:
    net = net_of(CLIENT, LOGGED_IN)
    assert decided(net, d.Command(0.0, 1, what)) == [("caller 1", what.value)]
    assert decided(net, d.Command(0.0, 0, what)) == []


def test_who_is_closed_or_no_account_does_not_log_in() -> None:
    net = net_of(CLIENT, LOGGED_OUT, LOGGED_OUT)
    decided(net, d.End(0.0, 1, False))
    one = [decided(net, d.Login(0.0, number, d.Browse.AGREES, 5.0), d.Adopt(0.0, number, True)) for number in (0, 1)]
    assert one == [[], []]
    assert decided(net, d.Login(0.0, 2, d.Browse.AGREES, 5.0)) == [("caller 2", "begin")]


def test_a_login_takes_as_long_as_was_decided() -> None:
    net = net_of(LOGGED_OUT)
    decided(net, d.Login(0.0, 0, d.Browse.AGREES, 5.0))
    wait(net, 9.0)
    assert [at for at, _, what in net.time.lines if what == "answer"] == [5.0]


def test_a_login_comes_to_what_was_decided() -> None:
    net = net_of(LOGGED_OUT)
    decided(net, d.Login(0.0, 0, d.Browse.DENIES, 5.0))
    wait(net, 9.0)
    assert [at for at, _, what in net.time.lines if str(what).startswith("Declined")] == [5.0]


def test_tokens_are_taken_up_again_or_anew() -> None:
    net = net_of(LOGGED_IN)
    vault = net.callers[0].vault
    assert vault is not None
    assert decided(net, d.Adopt(0.0, 0, False)) == [("caller 0", "adopt")]
    assert token(net) == vault.access_token
    decided(net, d.Adopt(0.0, 0, True))
    assert net.callers[0].vault == vault
    assert token(net) != vault.access_token


def test_who_has_no_tokens_to_take_up_is_given_some() -> None:
    net = net_of(LOGGED_OUT)
    assert decided(net, d.Adopt(0.0, 0, False)) == [("caller 0", "adopt")]
    assert token(net) is not None


def test_a_client_gets_a_token_or_none_and_an_account_has_its_own() -> None:
    net = net_of(CLIENT, LOGGED_OUT)
    assert decided(net, d.SetToken(0.0, 0, True), d.SetToken(0.0, 1, True)) == [("caller 0", "set_token")]
    assert token(net) is not None
    decided(net, d.SetToken(0.0, 0, False))
    assert token(net) is None
    decided(net, d.End(0.0, 0, False))
    assert decided(net, d.SetToken(0.0, 0, True)) == []


@pytest.mark.parametrize("seconds", [None, 7.0])
def test_tokens_are_stored_later_from_then_on(seconds: float | None) -> None:
    net = net_of(LOGGED_IN, LOGGED_IN)
    decided(net, d.Storing(0.0, 1, seconds))
    assert [caller.stores_after for caller in net.callers] == [0.1, seconds]


@pytest.mark.parametrize(("again", "count"), [(False, 1), (True, 2)])
def test_an_application_closes_its_machine_once_or_twice(again: bool, count: int) -> None:
    net = net_of(CLIENT, LOGGED_IN)
    assert decided(net, d.End(0.0, 1, again)) == [("caller 1", "close")] * count
    assert [caller.closed for caller in net.callers] == [False, True]


# What is decided of programs


def two_programs() -> HttpNetwork:
    return net_of(web=WebPlan(Lifetimes(), (program_of(CLIENT), program_of(CLIENT, CLIENT))))


def test_who_falls_asleep_makes_its_calls_before_that() -> None:
    net = two_programs()
    decisions = decided(net, d.Nap(0.0, 1, 50.0, d.First.MAIL, 7, 2))
    assert decisions == [("caller 1", "submit"), ("caller 2", "submit")] * 2
    numbers = [number for fetch in asked(net) for number in (7, 8) if f"('n', '{number}')" in fetch]
    assert numbers == [7, 7, 8, 8]
    assert all("/site/api/v2/channels/" in fetch for fetch in asked(net))
    assert [program.frozen_until for program in net.programs] == [0.0, 50.0]


def test_who_sleeps_does_nothing_and_wakes_when_all_sleep_is_over() -> None:
    net = two_programs()
    decided(net, d.Nap(0.0, 1, 50.0, d.First.MAIL, 1, 1))
    wait(net, 10.0)
    decided(net, d.Nap(10.0, 1, 20.0, d.First.MAIL, 2, 1))
    assert net.programs[1].frozen_until == 50.0
    decided(net, d.Nap(10.0, 1, 60.0, d.First.MAIL, 3, 1))
    assert net.programs[1].frozen_until == 70.0
    wait(net, 59.0)
    assert not asked(net, "Responded")
    wait(net, 2.0)
    assert {(at, str(what).partition("(")[0]) for at, _, what in net.time.lines} == {
        (70.0, "Responded"),
        (70.0, "Replied"),
    }


def test_nobody_sleeps_beyond_the_time_of_faults() -> None:
    net = two_programs()
    decided(net, d.Nap(0.0, 0, 9_000.0, d.First.TIMERS, 1, 0))
    assert net.programs[0].frozen_until == SAFETY


@pytest.mark.parametrize("kind", TwinKind)
def test_a_copy_of_a_program_goes_along_for_so_many_steps(kind: TwinKind) -> None:
    net = two_programs()
    decided(net, d.CopyProgram(0.0, 1, kind, 3))
    assert [program.twin is not None for program in net.programs] == [False, True]
    decided(net, d.Submit(0.0, 1, d.CallKind.PAGE, 1, 2), d.Submit(0.0, 0, d.CallKind.PAGE, 3, 2))
    assert net.programs[1].twin is not None
    decided(net, d.Submit(0.0, 2, d.CallKind.PAGE, 5, 1))
    assert net.programs[1].twin is None


@pytest.mark.parametrize(("kind", "is_found"), [(TwinKind.ALIKE, False), (TwinKind.EARLY, True)])
def test_a_copy_is_treated_as_was_decided(monkeypatch: pytest.MonkeyPatch, kind: TwinKind, is_found: bool) -> None:
    handle_timeout = Client.handle_timeout
    monkeypatch.setattr(Client, "handle_timeout", lambda self, now: handle_timeout(self, now + 30.0))
    net = net_of(CLIENT)
    decided(net, d.CopyProgram(0.0, 0, kind, 9), d.Submit(0.0, 0, d.CallKind.PAGE, 1, 1))
    with pytest.raises(Violation, match="its twin") if is_found else nullcontext():
        decided(net, d.Submit(0.0, 0, d.CallKind.PAGE, 2, 1))
