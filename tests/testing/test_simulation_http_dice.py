"""What is drawn for the simulation's HTTP half keeps to its tables: each kind about as often, and within its ranges.

``test_seeds`` sees any change of what a seed stands for; here is said what it stands for at all.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from kick_proto import rest
from kick_proto.endpoints.call import Host
from kick_proto.endpoints.oauth import Place
from kick_proto.http import Timeouts
from kick_proto.testing.simulation.decisions import TwinKind
from kick_proto.testing.simulation.http import decisions as d
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.http.dice import KINDS, LARGEST_BODY, draw
from kick_proto.testing.simulation.http.network import SITES
from kick_proto.testing.simulation.http.plans import CallerPlan, ProgramPlan
from kick_proto.testing.simulation.http.troubles import NoTokens, Outage, OutageKind, Terse
from kick_proto.testing.site.trouble import Redirected, Spoiled

SEEDS = 400
HOURS = 2.0
SAFETY = HOURS * 3_600.0


class Drawn:
    """What many seeds come to."""

    def __init__(self) -> None:
        self.plans = [draw(seed, HOURS) for seed in range(SEEDS)]
        self.programs: list[ProgramPlan] = [program for web, _ in self.plans for program in web.programs]
        self.callers: list[CallerPlan] = [caller for program in self.programs for caller in program.callers]

    def decided(self, kind: type[Any]) -> list[Any]:
        return [each for _, decisions in self.plans for each in decisions if type(each) is kind]


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    """Drawn once for all that is said of it, and not before somebody asks."""
    return Drawn()


def is_about(found: float, expected: float, count: int) -> bool:
    """Within four standard deviations of a share, which one in 16,000 such draws is not."""
    return abs(found - expected) <= 4.0 * math.sqrt(expected * (1.0 - expected) / count)


def assert_shares(found: Iterable[Any], expected: Mapping[Any, float]) -> None:
    """Each of these about as often as its weight says, and nothing else."""
    counts, total = Counter(found), sum(expected.values())
    count = sum(counts.values())
    assert set(counts) == set(expected)
    for item, weight in expected.items():
        assert is_about(counts[item] / count, weight / total, count), (item, counts[item], count)


def assert_spread(found: Iterable[float], least: float, most: float) -> None:
    """Within that range, and all over it."""
    values = sorted(found)
    assert least <= values[0] < least + 0.1 * (most - least)
    assert most - 0.1 * (most - least) < values[-1] <= most
    assert least + 0.4 * (most - least) < values[len(values) // 2] < least + 0.6 * (most - least)


def assert_orders(found: Iterable[float], least: float, most: float) -> None:
    """Within that range, with the middle one halfway of the orders of magnitude."""
    values = sorted(found)
    assert least <= values[0] < least * 2.0
    assert most / 2.0 < values[-1] <= most
    middle = (least * most) ** 0.5
    assert middle / 1.6 < values[len(values) // 2] < middle * 1.6


# What is decided at all

OF_KIND: Mapping[str, Callable[[HttpDecision], bool]] = {
    "calls": lambda each: isinstance(each, d.Submit),
    "abandoned calls": lambda each: isinstance(each, d.Abandon),
    "logins": lambda each: isinstance(each, d.Login),
    "other processes": lambda each: isinstance(each, d.Adopt),
    "bare tokens": lambda each: isinstance(each, d.SetToken),
    "slow stores": lambda each: isinstance(each, d.Storing),
    "ends": lambda each: isinstance(each, d.End),
    "bad climates": lambda each: isinstance(each, d.Climate),
    "forgetful servers": lambda each: isinstance(each, d.Forget),
    "clock jumps": lambda each: isinstance(each, d.Nap),
    "twins": lambda each: isinstance(each, d.CopyProgram),
}
"""Kinds whose decisions are of a type that no other has."""


@pytest.mark.parametrize("kind", OF_KIND)
def test_a_kind_of_decision_is_in_its_share_of_seeds_and_not_more_often_than_it_says(drawn: Drawn, kind: str) -> None:
    share, most, _ = KINDS[kind]
    counts = [sum(map(OF_KIND[kind], decisions)) for _, decisions in drawn.plans]
    there = [count for count in counts if count]
    assert is_about(len(there) / SEEDS, share, SEEDS)
    assert max(there) <= 3 + most * HOURS
    assert max(there) > most * HOURS / 3
    assert sum(count <= 3 + HOURS for count in there) > len(there) / 8


def test_kinds_that_share_a_type_are_there_as_often_as_any_of_them(drawn: Drawn) -> None:
    for kinds, type_ in [
        (("commands", "renewals"), d.Command),
        (("unlucky requests", "hanging renewals", "runarounds"), d.Unlucky),
    ]:
        none = 1.0
        for kind in kinds:
            none *= 1.0 - KINDS[kind][0]
        found = sum(any(isinstance(each, type_) for each in decisions) for _, decisions in drawn.plans)
        assert is_about(found / SEEDS, 1.0 - none, SEEDS)


def test_the_way_is_slow_in_most_seeds_and_tardy_in_half(drawn: Drawn) -> None:
    assert is_about(len(drawn.decided(d.Lag)) / SEEDS, 0.8, SEEDS)
    assert is_about(len(drawn.decided(d.WebTardy)) / SEEDS, 0.5, SEEDS)
    assert {each.at for each in (*drawn.decided(d.Lag), *drawn.decided(d.WebTardy))} == {0.0}
    assert_spread((each.least for each in drawn.decided(d.Lag)), 0.0, 0.5)
    assert_spread((each.most - each.least for each in drawn.decided(d.Lag)), 0.0, 4.0)


def test_a_schedule_is_in_order_and_within_the_time_of_faults(drawn: Drawn) -> None:
    for _, decisions in drawn.plans:
        moments = [each.at for each in decisions]
        assert moments == sorted(moments)
    assert_spread((each.at for _, decisions in drawn.plans for each in decisions if each.at > 0.0), 0.0, SAFETY)


def test_what_is_decided_is_about_callers_and_programs_that_there_are(drawn: Drawn) -> None:
    for web, decisions in drawn.plans:
        callers = {each.caller for each in decisions if hasattr(each, "caller")}
        programs = {each.program for each in decisions if hasattr(each, "program")}
        assert callers <= set(range(len(web.callers)))
        assert programs <= set(range(len(web.programs)))
    two = [(web, decisions) for web, decisions in drawn.plans if len(web.programs) == 2]
    for kind in (d.Nap, d.CopyProgram):
        assert_shares((each.program for _, made in two for each in made if isinstance(each, kind)), {0: 1, 1: 1})


def test_each_call_of_a_seed_has_a_number_of_its_own(drawn: Drawn) -> None:
    for _, decisions in drawn.plans:
        numbers = [
            number
            for each in decisions
            for first, count in [
                (each.first, each.count)
                if isinstance(each, d.Submit)
                else (each.number, each.busy)
                if isinstance(each, d.Nap)
                else (0, 0)
            ]
            for number in range(first, first + count)
        ]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


# What each decision is like


def test_calls_are_of_every_kind_and_come_one_by_one_or_several_at_once(drawn: Drawn) -> None:
    submits = drawn.decided(d.Submit)
    assert_shares((each.kind for each in submits), dict.fromkeys(d.CallKind, 1))
    assert_shares((each.count for each in submits), {1: 3, 2: 1, 3: 1, 8: 1})
    assert_spread((each.share for each in drawn.decided(d.Abandon)), 0.0, 0.999)


def test_logins_come_to_every_end_and_take_any_time(drawn: Drawn) -> None:
    logins = drawn.decided(d.Login)
    assert_shares((each.browse for each in logins), {**dict.fromkeys(d.Browse, 1), d.Browse.AGREES: 6})
    assert_orders((each.seconds for each in logins), 0.5, 900.0)


def test_a_grant_is_given_every_command_and_asked_to_renew_more_often(drawn: Drawn) -> None:
    commands = Counter(each.command for each in drawn.decided(d.Command))
    others = [commands[each] for each in d.AskSelf if each is not d.AskSelf.REFRESH]
    assert min(others) > 0.7 * max(others)
    assert commands[d.AskSelf.REFRESH] > 1.5 * max(others)


def test_what_else_befalls_an_application(drawn: Drawn) -> None:
    assert_shares((each.is_new for each in drawn.decided(d.Adopt)), {True: 6, False: 4})
    assert_shares((each.has_one for each in drawn.decided(d.SetToken)), {True: 8, False: 2})
    assert_shares(
        (each.seconds for each in drawn.decided(d.Storing)), dict.fromkeys((0.0, 0.1, 2.0, 25.0, 60.0, None), 1)
    )
    assert_shares((each.again for each in drawn.decided(d.End)), {True: 1, False: 1})
    assert_shares((each.what for each in drawn.decided(d.Forget)), dict.fromkeys(d.What, 1))


def test_clocks_jump_by_seconds_and_by_hours(drawn: Drawn) -> None:
    naps = drawn.decided(d.Nap)
    assert_orders((each.seconds for each in naps), 1.0, 9_000.0)
    assert_shares((each.busy for each in naps), {0: 2, 1: 1, 2: 1, 4: 1})
    assert_shares((each.first for each in naps), {d.First.TIMERS: 1, d.First.MAIL: 1, d.First.COMMAND: 2})


def test_twins_of_every_kind_go_along_for_a_while(drawn: Drawn) -> None:
    twins = drawn.decided(d.CopyProgram)
    assert_shares((each.kind for each in twins), dict.fromkeys(TwinKind, 1))
    assert {min(each.steps for each in twins), max(each.steps for each in twins)} == {3, 40}


# What goes wrong with requests


HANG = Outage(OutageKind.SILENT)


def test_troubles_befall_the_api_most_and_tokens_next(drawn: Drawn) -> None:
    assert_shares((each.host for each in drawn.decided(d.Climate)), {Host.API: 3, Host.ID: 2, Host.SITE: 1})


def test_a_climate_has_any_chance_and_lasts_for_seconds_or_minutes(drawn: Drawn) -> None:
    climates = drawn.decided(d.Climate)
    assert_spread((each.probability for each in climates), 0.1, 1.0)
    assert all(each.until <= SAFETY for each in climates)
    assert_orders((each.until - each.at for each in climates if each.until < SAFETY), 1.0, 1_200.0)


def test_bad_luck_strikes_once_or_several_times_and_at_the_oauth_server_one_path_or_all(drawn: Drawn) -> None:
    common = [
        each for each in drawn.decided(d.Unlucky) if each.trouble != HANG and not isinstance(each.trouble, Redirected)
    ]
    assert_shares((each.times for each in common), {1: 2, 2: 1, 3: 1, 6: 1})
    of_tokens = (each.path for each in common if each.host is Host.ID)
    assert_shares(of_tokens, {"": 2, "/oauth/token": 1, "/oauth/revoke": 1})
    assert {each.path for each in common if each.host is not Host.ID} == {""}


def test_renewals_hang_and_hosts_send_whoever_asks_around(drawn: Drawn) -> None:
    struck = drawn.decided(d.Unlucky)
    hung = [each for each in struck if (each.host, each.trouble, each.path) == (Host.ID, HANG, "/oauth/token")]
    assert {each.times for each in hung} == {1, 2, 3, 4, 5, 6}
    sent = [each for each in struck if each.trouble == Redirected(None, 302) and each.times in (4, 5, 7, 8)]
    assert {each.times for each in sent} == {4, 5, 7, 8}
    assert_shares((each.host for each in sent), {Host.API: 1, Host.SITE: 1})


def test_only_the_oauth_server_has_troubles_with_tokens(drawn: Drawn) -> None:
    troubles = [(each.host, each.trouble) for each in (*drawn.decided(d.Unlucky), *drawn.decided(d.Climate))]
    assert {host for host, each in troubles if isinstance(each, NoTokens | Terse)} == {Host.ID}
    large = [each for _, each in troubles if isinstance(each, Spoiled) and each.form == "large"]
    assert {each.size for each in large} == {LARGEST_BODY + 1}


# Programs and their machines


def test_there_are_one_or_two_machines_in_one_or_two_programs(drawn: Drawn) -> None:
    shapes = (tuple(len(program.callers) for program in web.programs) for web, _ in drawn.plans)
    assert_shares(shapes, {(1,): 2, (2,): 1, (1, 1): 1})


def test_tokens_live_long_or_short(drawn: Drawn) -> None:
    assert_shares((web.lifetimes.access for web, _ in drawn.plans), {7_200.0: 1, 600.0: 1, 120.0: 1})
    assert_shares((web.lifetimes.refresh for web, _ in drawn.plans), {30 * 86_400.0: 2, 7_200.0: 1})
    assert_shares((web.lifetimes.app for web, _ in drawn.plans), {5_184_000.0: 1, 900.0: 1})
    assert_shares((web.lifetimes.refresh_grace for web, _ in drawn.plans), {600.0: 1, 0.0: 1})


def test_programs_have_paces_and_their_machines_have_the_same(drawn: Drawn) -> None:
    paces = [(program.rate, program.burst) for program in drawn.programs]
    assert_shares(paces, {(1.0, 1.0): 2, (1.0, 3.0): 1, (5.0, 2.5): 1, (0.5, 1.0): 1})
    for program in drawn.programs:
        rests = [caller.config.rest for caller in program.callers]
        assert all((each.rate, each.burst, each.sites) == (program.rate, program.burst, SITES) for each in rests)


def test_most_machines_are_accounts_and_most_of_these_are_logged_in(drawn: Drawn) -> None:
    assert_shares((each.is_account for each in drawn.callers), {True: 3, False: 1})
    assert_shares((each.is_logged_in for each in drawn.callers if each.is_account), {True: 4, False: 1})
    assert not any(each.is_logged_in for each in drawn.callers if not each.is_account)
    assert_spread((each.pause for each in drawn.callers), 0.0, 20.0)


SETTINGS: Mapping[str, tuple[Callable[[CallerPlan], object], Mapping[Any, float]]] = {
    "in_flight": (lambda each: each.config.rest.in_flight, {1: 2, 2: 1, 4: 1}),
    "retries": (lambda each: each.config.rest.backoff.retries, {3: 3, 0: 1, 1: 1}),
    "jitter": (lambda each: each.config.rest.backoff.jitter, {"full": 6, "none": 4}),
    "pause": (lambda each: each.config.rest.pause, {5.0: 2, 1.0: 1}),
    "longest_pause": (lambda each: each.config.rest.longest_pause, {60.0: 2, 20.0: 1}),
    "hold": (lambda each: each.config.rest.hold, {120.0: 2, 30.0: 1}),
    "max_queued": (lambda each: each.config.rest.max_queued, {3: 1, 1_000: 2}),
    "max_body": (lambda each: each.config.rest.max_body, {LARGEST_BODY: 1, rest.Config().max_body: 1}),
    "timeouts": (lambda each: each.config.rest.timeouts.total, {Timeouts().total: 1, 8.0: 1}),
    "login_timeout": (lambda each: each.config.login_timeout, {600.0: 2, 60.0: 1}),
    "store_timeout": (lambda each: each.config.store_timeout, {30.0: 2, 5.0: 1}),
    "revoke_place": (lambda each: each.config.revoke_place, dict.fromkeys(Place, 1)),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_is_drawn_from_a_few(drawn: Drawn, setting: str) -> None:
    read, expected = SETTINGS[setting]
    assert_shares(map(read, drawn.callers), expected)


def test_a_back_off_begins_within_two_seconds_and_ends_within_thirty(drawn: Drawn) -> None:
    backoffs = [each.config.rest.backoff for each in drawn.callers]
    assert_spread((each.base for each in backoffs), 0.5, 2.0)
    assert_spread(((each.cap - each.base) / (30.0 - each.base) for each in backoffs), 0.0, 1.0)
