"""The simulation's half over HTTP: seeds hold every law, each trouble alone is survived, and what is found is said."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from kick_proto.account import Account
from kick_proto.endpoints.call import Host
from kick_proto.http import Response, Unanswered
from kick_proto.outcomes import Outcome
from kick_proto.rest import Client, Config, Refused
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.decisions import TwinKind
from kick_proto.testing.simulation.dice import Dice
from kick_proto.testing.simulation.engine import World
from kick_proto.testing.simulation.http import decisions as d
from kick_proto.testing.simulation.http import proving
from kick_proto.testing.simulation.http.deciding import call_of
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.http.dice import NO_TOKENS, TROUBLES
from kick_proto.testing.simulation.http.lines import Errand, Lines, Phase
from kick_proto.testing.simulation.http.pacing import Pacing
from kick_proto.testing.simulation.http.proving import recovery_bound
from kick_proto.testing.simulation.http.secrets import MARK, search
from kick_proto.testing.simulation.http.troubles import Denied, NoTokens, Outage, OutageKind, Terse
from kick_proto.testing.simulation.http.weighing import weight
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.plans import Plan, calls_alone, draw
from kick_proto.testing.simulation.run import play
from kick_proto.testing.site.exchange import SiteRequest
from kick_proto.testing.site.ledger import Lifetimes
from kick_proto.testing.site.trouble import Blocked, Limited, Slow, Spoiled

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", range(30))
def test_a_seed_holds_every_law(seed: int) -> None:
    outcome = play(calls_alone(draw(seed, 2.0)))
    assert outcome.finding is None, outcome.finding.sentence
    assert outcome.calls > 0
    assert outcome.requests > 0


def test_a_world_of_calls_leaves_the_same_transcript_each_time() -> None:
    first, second = ([play(calls_alone(draw(seed, 1.0))).digest for seed in range(5)] for _ in range(2))
    assert first == second
    assert len(set(first)) == 5


def test_sessions_are_drawn_alike_whoever_calls_beside_them() -> None:
    plan = draw(3, 1.0)
    assert len(plan.web.callers) >= 1
    assert all(isinstance(each, HttpDecision) for each in calls_alone(plan).decisions)
    assert 0 < len(calls_alone(plan).decisions) < len(plan.decisions)


def kinds_of(plan: Plan) -> list[tuple[bool, bool]]:
    return [(each.is_account, each.is_logged_in) for _, each in plan.web.callers]


def quiet(*decisions: HttpDecision, is_account: bool = True) -> Plan:
    """One caller, and these decisions."""
    plans = (calls_alone(draw(seed, 0.5)) for seed in range(100))
    kinds = [(is_account, is_account)]
    plan = next(
        plan for plan in plans if [(each.is_account, each.is_logged_in) for _, each in plan.web.callers] == kinds
    )
    return msgspec.structs.replace(plan, decisions=decisions)


def calls(at: float, kind: d.CallKind, count: int = 1, first: int = 1) -> d.Submit:
    return d.Submit(at, 0, kind, first, count)


def finding_of(plan: Plan) -> Any:
    finding = play(plan).finding
    assert finding is not None
    return finding


TROUBLED: list[tuple[HttpDecision, ...]] = [
    (d.Unlucky(9.0, Host.API, Outage(kind), 2, ""), calls(10.0, d.CallKind.PROFILE, 3)) for kind in OutageKind
]
TROUBLED += [(d.Nap(10.0, 0, 3_000.0, first, 1, 3), calls(20.0, d.CallKind.SAY, first=9)) for first in d.First]
TROUBLED += [(d.Login(10.0, 0, browse, 5.0), calls(30.0, d.CallKind.PROFILE)) for browse in d.Browse]
TROUBLED += [(d.Forget(10.0, what), calls(20.0, d.CallKind.CHANNELS, 3)) for what in d.What]
TROUBLED += [(d.Command(10.0, 0, command), calls(10.1, d.CallKind.CHANGE, 2)) for command in d.AskSelf]
TROUBLED += [
    (d.Storing(5.0, 0, None), d.Command(10.0, 0, d.AskSelf.REFRESH), d.Command(90.0, 0, d.AskSelf.REFRESH)),
    (d.Storing(5.0, 0, 50.0), d.Command(10.0, 0, d.AskSelf.REFRESH), d.Nap(11.0, 0, 200.0, d.First.TIMERS, 1, 0)),
    (d.Login(10.0, 0, d.Browse.AGREES, 50.0), d.Nap(11.0, 0, 200.0, d.First.MAIL, 1, 0)),
    (d.End(10.0, 0, True), d.Nap(10.1, 0, 200.0, d.First.MAIL, 1, 0), calls(20.0, d.CallKind.PAGE)),
    (d.Adopt(10.0, 0, True), d.Adopt(20.0, 0, False), d.Abandon(21.0, 0, 0.5)),
    (d.WebTardy(0.0), d.Lag(0.0, 0.5, 2.0), calls(10.0, d.CallKind.LIVESTREAMS, 3), d.Abandon(10.1, 0, 0.0)),
    (d.Climate(0.0, Host.ID, NoTokens(), 1.0, 500.0), d.Command(10.0, 0, d.AskSelf.REFRESH)),
    (d.Climate(0.0, Host.API, Limited(), 1.0, 500.0), calls(10.0, d.CallKind.PROFILE, 3)),
    (d.Command(10.0, 0, d.AskSelf.REVOKE), d.Command(10.1, 0, d.AskSelf.REVOKE)),
    (d.Command(10.0, 0, d.AskSelf.APP_TOKEN), d.Command(10.0, 0, d.AskSelf.APP_TOKEN)),
    (
        d.Unlucky(5.0, Host.ID, Slow(7.0), 1, "/oauth/revoke"),
        d.Login(10.0, 0, d.Browse.AGREES, 4.0),
        d.Command(13.0, 0, d.AskSelf.REVOKE),
    ),
    (
        d.Unlucky(5.0, Host.ID, Terse(), 1, "/oauth/token"),
        d.Command(10.0, 0, d.AskSelf.REFRESH),
        calls(20.0, d.CallKind.PROFILE),
    ),
    (d.Unlucky(5.0, Host.ID, Terse(), 1, "/oauth/token"), d.Login(10.0, 0, d.Browse.AGREES, 4.0)),
]
TROUBLED += [
    (
        d.Unlucky(5.0, Host.ID, Slow(6.0), 2, "/oauth/"),
        d.Login(10.0, 0, d.Browse.AGREES, 4.0),
        d.Command(15.0, 0, d.AskSelf.REVOKE),
        d.Nap(15.5, 0, seconds, d.First.MAIL, 1, 0),
    )
    for seconds in (10.0, 1_000.0)
]
TROUBLED += [
    (calls(10.0, d.CallKind.USER, 2),),
    (d.Unlucky(5.0, Host.API, Spoiled("large"), 1, ""), calls(10.0, d.CallKind.PROFILE)),
    (d.Storing(5.0, 0, 20.0), d.Command(10.0, 0, d.AskSelf.REFRESH), d.End(15.0, 0, False)),
    *((d.CopyProgram(5.0, 0, kind, 9), calls(10.0, d.CallKind.PROFILE, 3)) for kind in TwinKind),
]


@pytest.mark.parametrize("decisions", TROUBLED, ids=repr)
def test_each_trouble_alone_is_survived(decisions: tuple[HttpDecision, ...]) -> None:
    outcome = play(quiet(*decisions))
    assert outcome.finding is None, outcome.finding.sentence


@pytest.mark.parametrize("has_one", [True, False])
def test_a_client_without_an_account_is_given_a_token_or_none(has_one: bool) -> None:
    told = (d.SetToken(5.0, 0, has_one), calls(10.0, d.CallKind.PROFILE), d.Login(11.0, 0, d.Browse.AGREES, 1.0))
    outcome = play(quiet(*told, is_account=False))
    assert outcome.finding is None, outcome.finding.sentence


def test_every_trouble_can_be_drawn_and_shapes_an_answer_or_befalls_the_way() -> None:
    world = World(draw(0, 0.1))
    request = SiteRequest(method="POST", target="/id/oauth/token", body=b"code=abc&client_secret=x")
    dice = Dice(Chance("troubles"), 60.0, (), 1)
    for make in (*NO_TOKENS, *TROUBLES):
        trouble = make(dice)
        if isinstance(trouble, Outage):
            with pytest.raises(TypeError, match="no answer"):
                trouble.shape(0.0, request, lambda: Response(200))
        else:
            assert trouble.shape(0.0, request, lambda: Response(200)).response.status in range(200, 600)
    assert world.web.requests == 0


def at_tokens_end(*decisions: HttpDecision) -> Plan:
    """The same where an access token lives for 120 s, and is to be renewed after 108."""
    plan = quiet(*decisions)
    return msgspec.structs.replace(plan, web=msgspec.structs.replace(plan.web, lifetimes=Lifetimes(access=120.0)))


@pytest.mark.parametrize(
    "decisions",
    [
        (
            d.Unlucky(5.0, Host.ID, NoTokens("invalid_request"), 1, ""),
            calls(110.0, d.CallKind.PROFILE),
            calls(112.0, d.CallKind.PROFILE, first=2),
        ),
        (d.Unlucky(5.0, Host.ID, Outage(OutageKind.SILENT), 9, ""), calls(110.0, d.CallKind.PROFILE)),
        (d.Unlucky(5.0, Host.ID, Outage(OutageKind.SILENT), 9, ""), calls(130.0, d.CallKind.PROFILE, 3)),
    ],
    ids=repr,
)
def test_a_token_that_cannot_be_renewed_is_used_while_it_is_good(decisions: tuple[HttpDecision, ...]) -> None:
    outcome = play(at_tokens_end(*decisions))
    assert outcome.finding is None, outcome.finding.sentence


# The model of a client by itself


def lines() -> Lines:
    return Lines(Config(), Pacing(1.0, 1.0), Chance("lines"), 1)


def test_who_wakes_late_gives_up_what_is_too_late_before_it_tries_again() -> None:
    model, errand = lines(), Errand("1", call_of(d.CallKind.PAGE, 1))
    model.submit(0.0, errand)
    errand.fetch = 5
    model.hear(1.0, Unanswered(5, "lost"))
    assert errand.phase is Phase.WAITING
    model.pass_time(10_000.0)
    assert [(each.errand, each.failure and each.failure.outcome) for each in model.ended] == [
        (errand, Outcome.UNREACHABLE)
    ]
    assert len(model.starts) == 1


# What is found when all is not well


def test_who_is_never_given_back_a_token_that_is_taken_does_not_recover(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = proving.Proof.begin

    def as_bad_as_before(self: proving.Proof) -> None:
        begin(self)
        self._net.climates.append(d.Climate(0.0, Host.API, Denied(), 1.0, 1e9))

    monkeypatch.setattr(proving.Proof, "begin", as_bad_as_before)
    finding = finding_of(quiet(calls(10.0, d.CallKind.PROFILE)))
    assert finding.law is Law.RECOVERY
    assert "all is well, and a call comes to nothing: Refused" in finding.sentence


def test_a_login_that_is_of_no_use_is_no_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = proving.Proof.begin

    def lost_again(self: proving.Proof) -> None:
        begin(self)
        self._net.site.revoke_all(0.0)
        self._net.climates.append(d.Climate(0.0, Host.API, Denied(), 1.0, 1e9))

    monkeypatch.setattr(proving.Proof, "begin", lost_again)
    finding = finding_of(quiet())
    assert finding.law is Law.RECOVERY
    assert "after a login a call comes to nothing" in finding.sentence


def test_a_call_that_is_open_still_is_no_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "recovery_bound", lambda config: 1.0)
    busy = d.Climate(0.0, Host.API, Outage(OutageKind.SILENT), 1.0, 1e9)
    plan = quiet(busy, calls(1_799.0, d.CallKind.PROFILE))
    finding = finding_of(plan)
    assert finding.law is Law.RECOVERY
    assert "1 calls of before are open still" in finding.sentence


def test_an_answer_that_is_owed_is_waited_for_until_the_machine_has_nothing_else_in_mind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_events = Account.take_events

    def evasive(self: Account) -> list[Any]:
        return [event for event in take_events(self) if not isinstance(event, Refused)]

    monkeypatch.setattr(Account, "take_events", evasive)
    finding = finding_of(quiet(d.Unlucky(9.0, Host.API, Blocked(), 1, ""), calls(10.0, d.CallKind.PROFILE, 2)))
    assert finding.law is Law.ANSWERS
    assert "it was due, and has not been told: [('refused', " in finding.sentence


def test_the_bound_of_recovery_is_what_the_page_says() -> None:
    assert recovery_bound(Config()) == 520.0
    assert recovery_bound(Config(hold=30.0)) == 160.0
    assert "= 520 s" in (ROOT / "docs" / "laws.md").read_text("utf-8")


def test_what_a_machine_remembers_is_weighed_once() -> None:
    shared = [1, 2, 3]
    assert weight([]) == 0
    assert weight({"a": shared, "b": shared}) == 4 + 3
    assert weight(Client(rng=Pacing(1.0, 1.0))) > 50  # type: ignore[arg-type]
    assert weight(Secretive()) == 1


class Secretive:
    __slots__ = ("absent", "present")

    def __init__(self) -> None:
        self.present = "x"


def test_a_secret_is_found_wherever_it_is_shown() -> None:
    search("a page", "nothing")
    with pytest.raises(Violation, match=r"law 22 \(secrets\): a page shows 2 parts of a secret"):
        search("a page", f"{MARK}-{MARK}")


def test_a_window_with_a_request_too_many_is_found() -> None:
    pacing = Pacing(1.0, 2.0)
    for _ in range(2):
        pacing.see(Host.API, 10.0)
    pacing.see(Host.SITE, 10.0)
    with pytest.raises(Violation, match=r"3 requests to api within 0\.5 s"):
        pacing.see(Host.API, 10.5)


def test_a_host_that_is_asked_too_early_is_found() -> None:
    pacing = Pacing(1.0, 2.0)
    pacing.hold(Host.API, 20.0)
    with pytest.raises(Violation, match=r"law 18 \(pauses\): api is asked 5 s too early"):
        pacing.see(Host.API, 15.0)
