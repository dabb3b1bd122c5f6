"""Laws over HTTP by themselves: what a program may ask and when, what is remembered, what must be seen again."""

import re
from collections import OrderedDict, deque
from enum import Enum

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.account import Account
from kick_proto.endpoints.call import Host
from kick_proto.pace import Pace
from kick_proto.testing.simulation.engine import World
from kick_proto.testing.simulation.http import decisions as d
from kick_proto.testing.simulation.http import proving
from kick_proto.testing.simulation.http.decisions import AskSelf, CallKind
from kick_proto.testing.simulation.http.network import CALM
from kick_proto.testing.simulation.http.pacing import MOST_STARTS, Pacing
from kick_proto.testing.simulation.http.plans import WebPlan
from kick_proto.testing.simulation.http.proving import FIRST_PROBE
from kick_proto.testing.simulation.http.troubles import Busy, Denied, Outage, OutageKind
from kick_proto.testing.simulation.http.weighing import weight
from kick_proto.testing.simulation.laws import Violation
from kick_proto.testing.simulation.plans import Plan
from kick_proto.testing.site.ledger import Lifetimes
from tests.testing.callings import (
    CLIENT,
    LOGGED_IN,
    LOGGED_OUT,
    SAFETY,
    calls,
    command,
    lived,
    plan_of,
    program_of,
    web_of,
)

# When a request may start

RATES = st.sampled_from([(1.0, 1.0), (0.5, 1.0), (5.0, 2.5), (1.0, 3.0)])
MOVES = st.lists(
    st.tuples(st.sampled_from(Host), st.floats(0.0, 3.0), st.sampled_from(["start", "start", "start", "hold"]))
)


@given(RATES, MOVES)
def test_a_request_may_start_when_the_machines_own_pace_lets_it(
    rate: tuple[float, float], moves: list[tuple[Host, float, str]]
) -> None:
    """The reckonings differ, and what they say does not."""
    now, pace, pacing = 100.0, Pace(*rate), Pacing(*rate)
    for host, seconds, move in moves:
        if move == "hold":
            pace.hold(host, now + seconds)
            pacing.hold(host, now + seconds)
        else:
            now += seconds
            said, at = pace.start(host, now), pacing.start(host, now)
            assert said == at if said is None or at is None else at == pytest.approx(said)


def test_a_burst_may_start_at_once_and_then_one_after_the_other() -> None:
    pacing = Pacing(0.5, 3.0)
    assert [pacing.start(Host.API, 10.0) for _ in range(4)] == [None, None, None, 12.0]
    assert pacing.start(Host.SITE, 10.0) is None
    assert pacing.start(Host.API, 12.0) is None
    assert pacing.start(Host.API, 12.0) == 14.0


@pytest.mark.parametrize("early", [0.0, 0.9e-9, 1e-9])
def test_what_rounding_leaves_of_a_wait_is_none(early: float) -> None:
    pacing = Pacing(0.5, 1.0)
    pacing.start(Host.API, 0.0)
    assert pacing.start(Host.API, 2.0 - early) is None
    pacing.hold(Host.SITE, 2.0)
    assert pacing.start(Host.SITE, 2.0 - early) is None


def test_a_wait_is_one_beyond_what_rounding_leaves() -> None:
    pacing = Pacing(0.5, 1.0)
    pacing.start(Host.API, 0.0)
    pacing.hold(Host.SITE, 2.0)
    assert [pacing.start(host, 2.0 - 2e-9) for host in (Host.API, Host.SITE)] == [2.0, 2.0]


def test_a_host_is_held_until_the_latest_of_what_it_said_and_its_limits_are_counted() -> None:
    pacing = Pacing(1.0, 1.0)
    for count, until in enumerate((20.0, 30.0, 25.0), 1):
        pacing.hold(Host.API, until)
        assert pacing.limits(Host.API) == count
    assert pacing.start(Host.API, 15.0) == 30.0
    pacing.relent(Host.API)
    assert (pacing.limits(Host.API), pacing.limits(Host.SITE)) == (0, 0)
    assert pacing.start(Host.API, 15.0) == 30.0


# What has left


def test_a_host_that_wants_to_be_left_alone_is_not_asked() -> None:
    pacing = Pacing(1.0, 1.0)
    pacing.hold(Host.API, 20.0)
    pacing.see(Host.SITE, 15.0)
    pacing.see(Host.API, 20.0 - 1e-6)
    with pytest.raises(Violation, match=r"^law 18 \(pauses\): api is asked 0\.5 s too early$"):
        pacing.see(Host.API, 19.5)


def test_who_has_not_been_held_may_be_asked_from_the_beginning() -> None:
    Pacing(1.0, 1.0).see(Host.API, 0.0)


@pytest.mark.parametrize(("rate", "burst", "count"), [(1.0, 1.0, 1), (1.0, 3.0, 3), (5.0, 2.5, 2)])
def test_a_window_has_as_many_as_burst_and_rate_allow_and_not_one_more(rate: float, burst: float, count: int) -> None:
    pacing = Pacing(rate, burst)
    for _ in range(count):
        pacing.see(Host.API, 10.0)
    later = 10.0 + (count + 1 - burst) / rate
    pacing.see(Host.API, later)
    with pytest.raises(
        Violation, match=r"^law 17 \(pace\): 2 requests to api within 0 s$" if count == 1 else "requests to api"
    ):
        pacing.see(Host.API, later)


def test_what_rounding_adds_to_a_window_is_nothing() -> None:
    pacing = Pacing(1.0, 1.0)
    pacing.see(Host.API, 0.0)
    pacing.see(Host.API, 1.0 - 0.9e-6)
    with pytest.raises(Violation, match="2 requests to api within"):
        pacing.see(Host.API, 2.0 - 4e-6)


def test_what_has_left_is_forgotten_after_a_while() -> None:
    pacing, heavy = Pacing(1.0, 1.0), []
    for at in range(3 * MOST_STARTS):
        pacing.see(Host.API, float(at))
        heavy.append(weight(pacing))
    assert heavy[-1] == heavy[MOST_STARTS - 1] == heavy[0] + MOST_STARTS - 1


def test_every_window_is_looked_at_not_only_the_last() -> None:
    pacing = Pacing(1.0, 2.0)
    for at in (10.0, 10.0, 11.5):
        if at == 11.5:
            pacing.see(Host.API, at)
            with pytest.raises(Violation, match=r"^law 17 \(pace\): 4 requests to api within 1\.75 s$"):
                pacing.see(Host.API, 11.75)
        else:
            pacing.see(Host.API, at)


def test_what_is_seen_is_what_may_start() -> None:
    for rate, burst in [(1.0, 1.0), (5.0, 2.5), (0.1, 3.0)]:
        pacing, now = Pacing(rate, burst), 0.0
        for _ in range(3 * MOST_STARTS):
            while (at := pacing.start(Host.API, now)) is not None:
                now = at
            pacing.see(Host.API, now)


# What is remembered


class Slotted:
    __slots__ = ("absent", "present")

    def __init__(self, present: object) -> None:
        self.present = present


class More(Slotted):
    """Has a slot of its own, and what it inherits."""

    __slots__ = ("own",)

    def __init__(self, present: object, own: object) -> None:
        super().__init__(present)
        self.own = own


class Loose(Slotted):
    """Has attributes besides."""

    def __init__(self, present: object, **named: object) -> None:
        super().__init__(present)
        vars(self).update(named)


class Colour(Enum):
    RED = "red"


SHARED = [1, 2, 3]


@pytest.mark.parametrize(
    ("machine", "entries"),
    [
        ("text", 0),
        (b"bytes", 0),
        (5, 0),
        (5.0, 0),
        (True, 0),
        (None, 0),
        (Colour.RED, 0),
        (Colour, 0),
        ([], 0),
        ([1, "a", None], 3),
        ((1, 2), 2),
        ({1, 2}, 2),
        (frozenset({1, 2}), 2),
        (deque([1, 2]), 2),
        ({"a": 1, "b": 2}, 4),
        (OrderedDict(a=1), 2),
        ({(1, 2): [3]}, 2 + 2 + 1),
        ([[1], [2, 3]], 2 + 1 + 2),
        ([SHARED, SHARED], 2 + 3),
        (Slotted("x"), 1),
        (Slotted([1, 2]), 1 + 2),
        (More("x", [1]), 2 + 1),
        (Loose("x", a=1, b=[2]), 3 + 1),
        (msgspec.UNSET, 0),
    ],
    ids=lambda value: re.sub(r" object at 0x\w+", "", repr(value)).rpartition(".")[2],
)
def test_what_is_remembered_is_every_entry_that_can_be_reached_once(machine: object, entries: int) -> None:
    assert weight(machine) == entries


def test_who_remembers_itself_is_weighed_once() -> None:
    ring: list[object] = [1]
    ring.append(ring)
    assert weight(ring) == 2


# What must be seen when all is well

BOUND = 520.0
"""Seconds within which a call is answered, with the settings that machines here have."""


def proven(plan: Plan) -> list[tuple[float, str, str]]:
    """What machines were told in the second phase, seconds after it has begun, and who."""
    lines = [(round(at - SAFETY, 1), who, str(what).partition("(")[0]) for at, who, what in lived(plan).time.lines]
    return [line for line in lines if line[0] >= 0.0]


def test_from_then_on_nothing_goes_wrong_any_more() -> None:
    world = World(plan_of(d.Lag(0.0, 5.0, 9.0), d.Storing(0.0, 0, None), d.WebTardy(0.0)))
    busy = d.Climate(0.0, Host.API, Busy(3), 1.0, 1e9)
    world.web.begin()
    world.web.climates.append(busy)
    world.web.unlucky.append(d.Unlucky(0.0, Host.API, Busy(3), 1, ""))
    world.web.callers[0].stores_after = None
    world.web.lag = (5.0, 9.0)
    world._proof.begin()
    assert (world.web.is_calm, world.web.climates, world.web.unlucky, world.web.lag) == (True, [], [], (0.0, CALM))
    assert [caller.stores_after for caller in world.web.callers] == [CALM]


def test_each_makes_a_call_after_the_bound_and_is_answered_within_another() -> None:
    web = WebPlan(Lifetimes(), (program_of(LOGGED_IN, CLIENT), program_of(CLIENT)))
    told = proven(plan_of(web=web))
    assert [line for line in told if line[2] in ("submit", "close")] == [
        *((BOUND, f"caller {number}", "submit") for number in range(3)),
        *((2 * BOUND, f"caller {number}", "close") for number in range(3)),
    ]


def test_an_account_asks_with_its_token_and_a_client_for_a_page() -> None:
    web = web_of(LOGGED_IN, CLIENT)
    fetches = [str(what) for at, _, what in lived(plan_of(web=web)).time.lines if at > SAFETY and "Fetch" in str(what)]
    assert ["/api/public/v1/livestreams" in fetches[0], "/site/api/v2/channels/" in fetches[1]] == [True, True]
    assert [f"'{FIRST_PROBE + number}'" in fetch for number, fetch in enumerate(fetches, 1)] == [True, True]


def test_who_is_not_logged_in_logs_in_and_calls_again() -> None:
    told = [(at, what) for at, _, what in proven(plan_of(web=web_of(LOGGED_OUT)))]
    words = ("submit", "Refused", "begin", "answer", "Replied", "close")
    assert [what for _, what in told if what in words] == [
        "submit",
        "Refused",
        "begin",
        "answer",
        "submit",
        "Replied",
        "close",
    ]
    assert [at for at, what in told if what in ("submit", "begin", "answer", "close")] == [
        *(BOUND, 2 * BOUND, 2 * BOUND + 2.0),
        *(3 * BOUND, 4 * BOUND),
    ]


def test_each_that_logs_in_must_have_called_before_all_is_over() -> None:
    told = [(at, who) for at, who, what in proven(plan_of(web=web_of(LOGGED_OUT, LOGGED_OUT))) if what == "close"]
    assert told == [(4 * BOUND, "caller 0"), (4 * BOUND, "caller 1")]


def test_one_call_may_be_refused_for_tokens_that_had_waited_to_be_stored() -> None:
    waiting = (d.Storing(0.0, 0, None), command(1_700.0, AskSelf.REFRESH), d.Forget(1_750.0, d.What.ALL))
    told = [(at, what) for at, _, what in proven(plan_of(*waiting)) if at >= BOUND]
    words = ("submit", "Refused", "Lost", "begin", "Replied", "close")
    assert [what for _, what in told if what in words] == [
        *("submit", "Refused"),
        *("submit", "Lost", "Refused"),
        *("begin", "submit", "Replied", "close"),
    ]
    assert [at for at, what in told if what in ("submit", "begin", "close")] == [
        number * BOUND for number in (1, 2, 3, 4, 5)
    ]


def found(plan: Plan) -> Violation:
    world = World(plan)
    with pytest.raises(Violation) as violation:
        world.run()
    return violation.value


def test_a_second_call_that_is_refused_is_found_when_its_bound_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = proving.Proof.begin

    def as_bad_as_before(self: proving.Proof) -> None:
        begin(self)
        self._net.climates.append(d.Climate(0.0, Host.API, Denied(), 1.0, 1e9))

    monkeypatch.setattr(proving.Proof, "begin", as_bad_as_before)
    world = World(plan_of())
    with pytest.raises(Violation, match=r"^law 23 \(recovery\): all is well, and a call comes to nothing: Refused"):
        world.run()
    assert world.time.now == SAFETY + 3 * BOUND


def test_calls_that_are_open_when_the_bound_is_over_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "recovery_bound", lambda config: 1.0)
    busy = d.Climate(0.0, Host.SITE, Outage(OutageKind.SILENT), 1.0, 1e9)
    violation = found(plan_of(busy, calls(1_799.0, CallKind.PAGE, 2)))
    assert str(violation) == "law 23 (recovery): 2 calls of before are open still"


def test_who_remembers_more_than_it_may_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    heavy = weight(lived(plan_of()).web.callers[0].witness.machine)
    monkeypatch.setattr(proving, "weight", lambda machine: heavy if isinstance(machine, Account) else 0)
    monkeypatch.setattr(proving, "MOST_AT_REST", heavy)
    lived(plan_of())
    monkeypatch.setattr(proving, "MOST_AT_REST", heavy - 1)
    assert str(found(plan_of())) == f"law 5 (bounded): with no call open, {heavy} things are remembered"
