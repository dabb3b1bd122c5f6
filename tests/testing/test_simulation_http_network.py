"""The way between programs and hosts in the simulation: what comes when, and what becomes of who sleeps or ends."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from kick_proto import oauth
from kick_proto.account import Account
from kick_proto.backoff import Backoff
from kick_proto.endpoints.call import Host
from kick_proto.http import Response
from kick_proto.testing.simulation.http import decisions as d
from kick_proto.testing.simulation.http.decisions import AskSelf, Browse, CallKind, First
from kick_proto.testing.simulation.http.plans import WebPlan
from kick_proto.testing.simulation.http.secrets import MARK
from kick_proto.testing.simulation.http.troubles import Busy, Outage, OutageKind
from kick_proto.testing.simulation.laws import Violation
from kick_proto.testing.simulation.plans import Plan
from kick_proto.testing.simulation.timeline import UNIX_EPOCH
from kick_proto.testing.site.accounts import CAST
from kick_proto.testing.site.apps import SCOPES
from kick_proto.testing.site.exchange import Cut
from kick_proto.testing.site.ledger import Lifetimes
from kick_proto.testing.site.trouble import CutOff, Slow
from tests.testing.callings import (
    CALLS,
    CLIENT,
    LOGGED_IN,
    LOGGED_OUT,
    SAFETY,
    calls,
    command,
    happened,
    lived,
    plan_of,
    program_of,
    web_of,
)

PAGE = CallKind.PAGE
LAG = d.Lag(0.0, 1.0, 1.0)
"""A second there, and a second back."""


def after(plan: Plan, since: float = 1.0) -> list[tuple[float, str]]:
    """What happens from then on, without what is decided."""
    named = {type(each).__name__ for each in plan.decisions}
    return [(at, what) for at, what in happened(plan) if at >= since and what not in named]


def alone(*decisions: Any, web: WebPlan | None = None) -> list[tuple[float, str]]:
    return after(plan_of(*decisions, web=web if web is not None else web_of(CLIENT)))


# The way there, and back


def test_a_request_and_its_answer_take_their_time() -> None:
    assert alone(LAG, calls(5.0, PAGE)) == [(5.0, "submit"), (5.0, "Fetch"), (7.0, "Responded"), (7.0, "Replied")]


def test_another_seed_is_another_chance_on_the_way_and_in_a_machine() -> None:
    config = msgspec.structs.replace(CALLS, backoff=Backoff(retries=1))
    web = web_of(msgspec.structs.replace(CLIENT, config=oauth.Config(rest=config)))
    lost = d.Unlucky(0.0, Host.SITE, Outage(OutageKind.LOST), 1, "")
    for chancy in (d.Lag(0.0, 1.0, 3.0), lost):
        plan = plan_of(chancy, calls(5.0, PAGE), web=web)
        ends = [max(at for at, what in happened(msgspec.structs.replace(plan, seed=seed))) for seed in range(5)]
        assert len(set(ends)) > 1


def test_each_takes_a_time_of_its_own_between_the_two() -> None:
    many = [calls(10.0 * number, PAGE, first=number) for number in range(1, 81)]
    found = alone(d.Lag(0.0, 1.0, 3.0), *many)
    fetched, answered = ([at for at, what in found if what == name] for name in ("Fetch", "Responded"))
    taken = [back - there for there, back in zip(fetched, answered, strict=True)]
    assert 2.0 <= min(taken) < 2.8
    assert 5.2 < max(taken) <= 6.0
    assert 3.7 < sum(taken) / 80 < 4.3


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (OutageKind.NO_CONNECTION, [(6.0, "Unanswered"), (7.0, "Fetch"), (9.0, "Responded")]),
        (OutageKind.LOST, [(6.0, "Unanswered"), (6.0, "Refused")]),
        (OutageKind.SILENT, [(25.0, "Cancel"), (25.0, "Refused")]),
    ],
)
def test_an_outage_befalls_the_way_there(kind: OutageKind, expected: list[tuple[float, str]]) -> None:
    """What is not to be done twice tells whether it may have been sent."""
    web = web_of(LOGGED_IN)
    unlucky = d.Unlucky(0.0, Host.API, Outage(kind), 1, "")
    found = alone(LAG, unlucky, calls(5.0, CallKind.SAY), web=web)
    assert found[2 : 2 + len(expected)] == expected


def test_an_answer_may_be_late_or_lost() -> None:
    slow, cut = (d.Unlucky(0.0, Host.SITE, trouble, 1, "") for trouble in (Slow(3.0), CutOff(Cut.HALFWAY)))
    assert alone(LAG, slow, calls(5.0, PAGE))[-1] == (10.0, "Replied")
    assert alone(LAG, cut, calls(5.0, PAGE))[2] == (7.0, "Unanswered")
    lines = lived(plan_of(cut, calls(5.0, PAGE), web=web_of(CLIENT))).time.lines
    assert [what for _, _, what in lines if str(what).startswith("Unanswered")] == [
        "Unanswered(ref=2, reason='the connection was lost', sent=True)"
    ]


def test_a_moment_of_an_answer_is_that_in_which_it_is_heard() -> None:
    found = lived(plan_of(LAG, calls(5.0, PAGE), nap(50.0), web=web_of(CLIENT))).time.lines
    heard = next(str(what) for _, _, what in found if str(what).startswith("Responded"))
    assert heard.endswith(f"unix_now={UNIX_EPOCH + 56.0})")


def test_a_trouble_befalls_its_host_and_path_and_only_so_often() -> None:
    busy = d.Unlucky(0.0, Host.API, Busy(0), 2, "/public/v1/users")
    web = web_of(msgspec.structs.replace(LOGGED_IN, config=msgspec.structs.replace(LOGGED_IN.config)))
    kinds = (PAGE, CallKind.CHANNELS, CallKind.PROFILE, CallKind.PROFILE)
    found = alone(busy, *(calls(10.0 * n, kind, first=n) for n, kind in enumerate(kinds, 1)), web=web)
    assert [what for _, what in found if what in ("Replied", "Refused")] == ["Replied", "Replied", "Refused", "Replied"]


def test_troubles_of_one_host_befall_one_request_each_in_order() -> None:
    first, second = (d.Unlucky(0.0, Host.SITE, trouble, 1, "") for trouble in (Slow(3.0), Slow(5.0)))
    found = alone(first, second, *(calls(10.0 * n, PAGE, first=n) for n in (1, 2, 3)))
    assert [at for at, what in found if what == "Replied"] == [13.0, 25.0, 30.0]


def test_a_climate_lasts_until_its_end_and_is_of_one_host() -> None:
    climate = d.Climate(0.0, Host.SITE, Slow(3.0), 1.0, 20.0)
    web = web_of(LOGGED_IN)
    at = [(10.0, PAGE), (15.0, CallKind.PROFILE), (19.9, PAGE), (30.0, PAGE)]
    found = alone(climate, *(calls(when, kind, first=n) for n, (when, kind) in enumerate(at, 1)), web=web)
    assert [when for when, what in found if what == "Replied"] == [13.0, 15.0, 22.9, 30.0]


def test_a_climate_ends_with_its_last_moment() -> None:
    climate = d.Climate(0.0, Host.SITE, Slow(3.0), 1.0, 20.0)
    assert alone(climate, calls(20.0, PAGE))[-1] == (20.0, "Replied")


def test_a_climate_befalls_about_its_share_of_requests() -> None:
    climate = d.Climate(0.0, Host.SITE, Slow(3.0), 0.3, SAFETY)
    found = alone(climate, *(calls(10.0 * n, PAGE, first=n) for n in range(1, 161)))
    late = sum(at % 10.0 > 1.0 for at, what in found if what == "Replied")
    assert 0.2 * 160 < late < 0.4 * 160


# Who has ended, and who comes after


def test_who_has_ended_is_replaced_after_its_pause_with_the_tokens_that_are_stored() -> None:
    assert alone(d.End(5.0, 0, False), web=web_of(LOGGED_IN)) == [(5.0, "close"), (9.0, "adopt")]
    assert alone(d.End(5.0, 0, False), calls(9.1, PAGE))[1] == (9.1, "submit")


def test_who_ends_twice_is_replaced_once() -> None:
    assert alone(d.End(5.0, 0, True), web=web_of(LOGGED_IN)) == [(5.0, "close"), (5.0, "close"), (9.0, "adopt")]


def test_an_answer_to_who_has_ended_is_nobodys() -> None:
    web = web_of(msgspec.structs.replace(CLIENT, pause=0.5))
    ends = d.End(6.0, 0, False)
    lines = [(5.0, "submit"), (5.0, "Fetch"), (6.0, "close"), (6.0, "Cancel"), (6.0, "Refused")]
    assert alone(LAG, d.WebTardy(0.0), calls(5.0, PAGE), ends, web=web) == lines


def test_an_answer_to_a_request_that_was_given_up_is_heard_where_a_driver_is_tardy() -> None:
    abandon = d.Abandon(6.0, 0, 0.0)
    lines = [(5.0, "submit"), (5.0, "Fetch"), (6.0, "abandon"), (6.0, "Cancel")]
    assert alone(LAG, calls(5.0, PAGE), abandon) == lines
    assert alone(LAG, d.WebTardy(0.0), calls(5.0, PAGE), abandon) == [*lines, (7.0, "Responded")]


def test_all_is_over_when_every_machine_has_ended() -> None:
    world = lived(plan_of())
    ends = [at for at, _, what in world.time.lines if what == "close"]
    assert len(ends) == 1
    assert world.time.lines[-1][:1] == (ends[0],)
    assert world.web.is_over


# Who stands still


def nap(seconds: float, first: First = First.MAIL, at: float = 6.0) -> d.Nap:
    return d.Nap(at, 0, seconds, first, 100, 0)


def test_who_sleeps_is_told_nothing_and_hears_its_mail_when_it_wakes() -> None:
    found = alone(LAG, calls(5.0, PAGE), nap(10.0), calls(8.0, PAGE, first=2), d.Abandon(9.0, 0, 0.0))
    assert found == [(5.0, "submit"), (5.0, "Fetch"), (16.0, "Responded"), (16.0, "Replied")]


def test_who_is_told_something_in_the_moment_in_which_it_wakes_is_awake() -> None:
    found = alone(nap(10.0), calls(16.0, PAGE))
    assert found == [(16.0, "submit"), (16.0, "Fetch"), (16.0, "Responded"), (16.0, "Replied")]
    found = alone(LAG, calls(5.0, PAGE, 2), nap(0.5), d.Abandon(6.5, 0, 0.999))
    assert found[4:6] == [(6.5, "abandon"), (6.5, "Cancel")]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (First.TIMERS, ["Cancel", "Refused"]),
        (First.MAIL, ["Responded", "Replied"]),
        (First.COMMAND, ["abandon", "Cancel", "introspect", "Fetch", "begin"]),
    ],
)
def test_who_wakes_does_one_thing_first(first: First, expected: list[str]) -> None:
    """An answer has come meanwhile that is too late already."""
    web = web_of(LOGGED_IN)
    found = alone(LAG, calls(5.0, CallKind.SAY), nap(100.0, first), web=web)
    assert [what for at, what in found if at == 106.0][: len(expected)] == expected


@pytest.mark.parametrize("first", First)
def test_who_wakes_does_all_that_is_due(first: First) -> None:
    web = web_of(LOGGED_IN)
    found = alone(LAG, calls(5.0, PAGE, 2), calls(5.9, CallKind.SAY, first=3), nap(100.0, first), web=web)
    if first is First.COMMAND:
        assert found[-1][1] in ("stored", "answer", "Replied", "Introspected")
    assert sum(what in ("Replied", "Refused") for _, what in found) == (2 if first is First.COMMAND else 3)


def test_who_wakes_and_changes_its_mind_logs_in_where_it_is_an_account_that_lives() -> None:
    web = web_of(LOGGED_IN, msgspec.structs.replace(LOGGED_IN, pause=500.0), CLIENT)
    found = lived(plan_of(d.End(5.0, 1, False), nap(50.0, First.COMMAND), web=web))
    told = [(at, who, what) for at, who, what in found.time.lines if what in ("introspect", "begin", "answer")]
    assert told[:3] == [(56.0, "caller 0", "introspect"), (56.0, "caller 0", "begin"), (57.0, "caller 0", "answer")]
    assert all(who == "caller 0" for at, who, _ in told if at < 500.0)


def test_what_is_due_while_it_sleeps_is_done_late() -> None:
    lines = [(5.0, "refresh"), (5.0, "Fetch"), (7.0, "Responded"), (7.0, "Refreshed"), (17.5, "stored")]
    stores = d.Storing(0.0, 0, 1.0)
    assert alone(LAG, stores, command(5.0, AskSelf.REFRESH), nap(10.0, at=7.5), web=web_of(LOGGED_IN)) == lines


def test_who_has_ended_and_sleeps_is_replaced_when_it_wakes() -> None:
    assert alone(d.End(5.0, 0, False), nap(50.0), web=web_of(LOGGED_IN)) == [(5.0, "close"), (56.0, "adopt")]


def test_who_comes_back_from_the_browser_waits_for_who_sleeps() -> None:
    found = alone(d.Login(5.0, 0, Browse.AGREES, 2.0), nap(50.0), web=web_of(LOGGED_OUT))
    assert found[:2] == [(5.0, "begin"), (56.0, "answer")]


def test_one_programs_sleep_is_not_anothers() -> None:
    web = WebPlan(Lifetimes(), (program_of(CLIENT), program_of(CLIENT)))
    other = d.Submit(7.0, 1, PAGE, 5, 1)
    assert alone(LAG, calls(5.0, PAGE), nap(50.0), other, web=web)[2:] == [
        *((7.0, "submit"), (7.0, "Fetch"), (9.0, "Responded"), (9.0, "Replied")),
        *((56.0, "Responded"), (56.0, "Replied")),
    ]


# Tokens that are stored


def vault_after(*decisions: Any, web: WebPlan | None = None) -> Any:
    return lived(plan_of(*decisions, web=web)).web.callers[0].vault


def test_what_is_stored_outlives_who_has_ended_and_is_told_to_it_alone() -> None:
    stores, refresh = d.Storing(0.0, 0, 3.0), command(5.0, AskSelf.REFRESH)
    web = web_of(msgspec.structs.replace(LOGGED_IN, pause=0.5))
    found = alone(stores, refresh, d.End(6.0, 0, False), calls(7.0), calls(20.0, first=2), web=web)
    assert "stored" not in [what for _, what in found]


def test_who_ends_while_its_tokens_are_stored_leaves_them_to_who_comes_after() -> None:
    stores, refresh = d.Storing(0.0, 0, 3.0), command(5.0, AskSelf.REFRESH)
    found = alone(stores, refresh, d.End(6.0, 0, False), calls(15.0), web=web_of(LOGGED_IN, refresh_grace=0.0))
    assert found[-3:] == [(15.0, "Fetch"), (15.0, "Responded"), (15.0, "Replied")]


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (command(5.0, AskSelf.REVOKE), "Revoked"),
        (d.Forget(4.0, d.What.ALL), "Lost"),
    ],
)
def test_tokens_that_are_good_for_nothing_are_kept_by_nobody(ends: Any, told: str) -> None:
    found = alone(ends, command(5.0, AskSelf.REFRESH), d.End(20.0, 0, False), web=web_of(LOGGED_IN))
    assert told in [what for _, what in found]
    assert "adopt" not in [what for _, what in found]


# Logins elsewhere, and in a browser


def test_each_machine_is_of_an_account_of_its_own_and_tokens_last_as_long_as_planned() -> None:
    world = lived(plan_of(web=web_of(LOGGED_IN, LOGGED_IN, access=500.0)))
    tokens = [world.web.granted(caller) for caller in world.web.callers]
    for each in tokens:
        assert each.issued_at.timestamp() == pytest.approx(world.time.unix_now)
        assert each.expires_at is not None
        assert (each.expires_at - each.issued_at).total_seconds() == pytest.approx(500.0)
        assert each.refresh_token is not None
        assert (each.kind, each.scopes) == ("user", SCOPES)
        assert all(secret.reveal().count(MARK) == 6 for secret in (each.access_token, each.refresh_token))
    assert len({each.access_token for each in tokens}) == 2


@pytest.mark.parametrize(
    ("browse", "expected"),
    [
        (Browse.AGREES, [(9.0, "answer"), (9.0, "Fetch"), (9.0, "Responded"), (9.0, "Issued"), (9.1, "stored")]),
        (Browse.DENIES, [(9.0, "answer"), (9.0, "Declined")]),
        (Browse.NEVER, [(605.0, "Declined")]),
        (
            Browse.TWICE,
            [(9.0, "answer"), (9.0, "Fetch"), (9.0, "answer"), (9.0, "Responded"), (9.0, "Issued"), (9.1, "stored")],
        ),
        (Browse.STRANGER, [(9.0, "answer"), (9.0, "Declined")]),
        (Browse.NONSENSE, [(9.0, "answer"), (9.0, "Declined")]),
    ],
)
def test_what_comes_of_a_login_in_the_browser(browse: Browse, expected: list[tuple[float, str]]) -> None:
    assert alone(d.Login(5.0, 0, browse, 4.0), web=web_of(LOGGED_OUT)) == [(5.0, "begin"), *expected]


def answers(plan: Plan) -> list[float]:
    """When somebody comes back from the browser."""
    return [at for at, _, what in lived(plan).time.lines if what == "answer"]


def test_each_login_is_one_of_its_own() -> None:
    one, other = (d.Login(at, 0, Browse.AGREES, 4.0) for at in (5.0, 6.0))
    found = alone(one, other, web=web_of(LOGGED_OUT))
    assert found == [(5.0, "begin"), (6.0, "begin"), (9.0, "answer"), (9.0, "Declined"), (10.0, "answer")]
    assert answers(plan_of(one, other)) == [9.0, 10.0]


@pytest.mark.parametrize(
    ("browse", "names"),
    [
        (Browse.AGREES, ["code", "state"]),
        (Browse.STRANGER, ["code", "state"]),
        (Browse.DENIES, ["error", "error_description", "state"]),
        (Browse.NONSENSE, ["what"]),
    ],
)
def test_who_comes_back_brings_what_the_server_has_sent_but_for_one_thing(
    monkeypatch: pytest.MonkeyPatch, browse: Browse, names: list[str]
) -> None:
    answer, brought = Account.answer, dict[str, str]()

    def overheard(self: Account, now: float, query: str) -> None:
        brought.update(parse_qsl(query))
        answer(self, now, query)

    monkeypatch.setattr(Account, "answer", overheard)
    lived(plan_of(d.Login(5.0, 0, browse, 4.0)))
    assert sorted(brought) == names
    if "state" in brought:
        assert brought["state"].startswith("x") is (browse is Browse.STRANGER)


def test_when_all_is_well_nobody_comes_back_from_a_login_of_before() -> None:
    one, other = (d.Login(SAFETY - 2.0, 0, Browse.AGREES, seconds) for seconds in (10.0, 4.0))
    assert answers(plan_of(one, other)) == [SAFETY + 2.0]
    assert answers(plan_of(other)) == [SAFETY + 2.0]


def test_no_secret_is_written_into_the_transcript(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Response, "__repr__", lambda self: MARK)
    with pytest.raises(Violation, match=r"^law 22 \(secrets\): the transcript shows 1 parts of a secret$"):
        lived(plan_of(calls(5.0, PAGE)))


@pytest.mark.parametrize("number", [0, 1])
def test_each_machine_is_logged_in_as_somebody_of_its_own(number: int) -> None:
    stored, login = d.Submit(2.0, number, CallKind.PROFILE, 1, 1), d.Login(5.0, number, Browse.AGREES, 4.0)
    decisions = (stored, login, d.Submit(12.0, number, CallKind.PROFILE, 2, 1))
    lines = lived(plan_of(*decisions, web=web_of(LOGGED_IN, LOGGED_IN))).time.lines
    said = [str(what) for at, _, what in lines if at in (2.0, 12.0) and str(what).startswith("Replied")]
    assert [CAST[number].username in each for each in said] == [True, True]


def test_counts_are_of_calls_and_of_requests_and_of_all_that_machines_were_told() -> None:
    busy = d.Unlucky(0.0, Host.SITE, Busy(0), 1, "")
    idle, called, retried = (
        lived(plan_of(*decisions, web=web_of(CLIENT))).web
        for decisions in ((), (calls(5.0, PAGE),), (busy, calls(5.0, PAGE)))
    )
    assert [net.calls - idle.calls for net in (called, retried)] == [1, 1]
    assert [net.requests - idle.requests for net in (called, retried)] == [1, 2]
    assert [net.steps - idle.steps for net in (called, retried)] == [2, 4]
    assert (idle.calls, idle.requests, idle.steps) == (1, 1, 4)
