"""The simulation itself: seeds hold every law, are the same worlds always, and what breaks a law is cut down."""

import re
from pathlib import Path

import msgspec
import pytest

from kick_proto.pusher import App
from kick_proto.session import Config
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation.actors import Application
from kick_proto.testing.simulation.deciding import DECIDE
from kick_proto.testing.simulation.decisions import Decision
from kick_proto.testing.simulation.dice import KINDS
from kick_proto.testing.simulation.engine import World
from kick_proto.testing.simulation.http import deciding as http_deciding
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.laws import SENTENCES, Law, liveness_bound
from kick_proto.testing.simulation.plans import Plan, draw
from kick_proto.testing.simulation.run import Finding, play, simulate
from kick_proto.testing.simulation.shrink import shrink
from tests.testing.test_simulation_mutants import HOURS as SHORT
from tests.testing.test_simulation_mutants import backs_off_too_short, first_finding, the_cluster_is_kept_after_4001

ROOT = Path(__file__).parents[2]
HOURS = 0.5


@pytest.mark.parametrize("seed", range(20))
def test_a_seed_holds_every_law(seed: int) -> None:
    outcome = simulate(seed, HOURS)
    assert outcome.finding is None, outcome.finding.sentence
    assert outcome.seconds > HOURS * 3_600.0
    assert outcome.steps > 20


def test_a_seed_leaves_the_same_transcript_whatever_was_played_before() -> None:
    first = [simulate(seed, HOURS) for seed in range(4)]
    assert [simulate(seed, HOURS) for seed in reversed(range(4))] == first[::-1]
    assert len({outcome.digest for outcome in first}) == 4


def test_a_seed_is_drawn_alike_each_time() -> None:
    assert draw(7, 1.0) == draw(7, 1.0)


def test_every_kind_of_decision_is_drawn_and_can_be_carried_out() -> None:
    plans = [draw(seed, 6.0) for seed in range(40)]
    drawn = {type(decision) for plan in plans for decision in plan.decisions}
    assert drawn == {*DECIDE, *http_deciding.DECIDE}
    assert set(DECIDE) == set(Decision.__args__)
    assert set(http_deciding.DECIDE) == set(HttpDecision.__args__)
    assert {plan.over_bytes for plan in plans} == {True, False}
    assert {len(plan.hosts) for plan in plans} == {1, 2, 3}
    assert len(KINDS) == len({make for _, _, make in KINDS.values()})


def quiet(*decisions: Decision, over_bytes: bool = False) -> Plan:
    plan = next(plan for seed in range(40) if len((plan := draw(seed, 0.2)).apps) == 1)
    return msgspec.structs.replace(plan, decisions=decisions, over_bytes=over_bytes)


@pytest.mark.parametrize("over_bytes", [False, True])
@pytest.mark.parametrize(
    "decision",
    [
        d.HalfOpen(100.0, 0, d.Way.BOTH),
        d.Cut(100.0, 0, 3),
        d.Cut(100.0, 0, 0),
        d.Hangup(100.0, 0, 4200, True),
        d.Stall(100.0, 0, 600.0),
        d.Freeze(100.0, 0, 600.0, True),
        d.Freeze(100.0, 0, 600.0, False),
        d.Doze(100.0, 0, 600.0),
        d.Quit(100.0, 0, True),
        d.Noise(100.0, 0, b"\xff\xff"),
    ],
    ids=repr,
)
def test_each_trouble_alone_is_survived(decision: Decision, over_bytes: bool) -> None:
    outcome = play(quiet(d.Ask(0.0, 0, 1), decision, over_bytes=over_bytes))
    assert outcome.finding is None, outcome.finding.sentence


def test_an_application_that_is_frozen_begins_its_next_session_when_it_thaws() -> None:
    plan = quiet(d.Ask(0.0, 0, 1), d.Quit(100.0, 0, False))
    awake = World(plan)
    awake.run()
    pause = plan.apps[0].pause
    freeze = d.Freeze(awake.net.apps[0].born_at - pause / 2, 0, pause + 300.0, False)
    frozen = World(msgspec.structs.replace(plan, decisions=(*plan.decisions, freeze)))
    frozen.run()
    assert [world.net.apps[0].generation for world in (awake, frozen)] == [2, 2]
    assert frozen.net.apps[0].born_at == freeze.at + freeze.seconds


# What is said of a seed that breaks a law.


def test_a_session_that_is_told_to_close_and_does_not_breaks_the_law_of_liveness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell = Application.tell

    def deaf(self: Application, now: float, command: str, *arguments: object) -> None:
        if command != "close":
            tell(self, now, command, *arguments)

    monkeypatch.setattr(Application, "tell", deaf)
    finding = play(quiet(d.Ask(0.0, 0, 1))).finding
    assert finding is not None
    assert finding.law is Law.LIVENESS
    assert "app 0 was closed a minute ago, and is not" in finding.sentence


def test_what_breaks_a_law_is_cut_down_to_what_that_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    the_cluster_is_kept_after_4001(monkeypatch)
    outcome = first_finding()
    assert outcome is not None
    plan = draw(outcome.seed, SHORT)
    least, again = shrink(plan, outcome)
    assert again.finding is not None
    assert again.finding.law is Law.REDIAL
    assert len(least.decisions) < len(plan.decisions) / 4
    for left_out in range(len(least.decisions)):
        fewer = least.decisions[:left_out] + least.decisions[left_out + 1 :]
        tried = play(msgspec.structs.replace(least, decisions=fewer)).finding
        assert tried is None or tried.law is not Law.REDIAL


def test_a_finding_shows_the_end_of_the_transcript(monkeypatch: pytest.MonkeyPatch) -> None:
    backs_off_too_short(monkeypatch)
    outcome = first_finding()
    assert outcome is not None
    _, least = shrink(draw(outcome.seed, SHORT), outcome)
    for finding in (outcome.finding, least.finding):
        assert isinstance(finding, Finding)
        assert "law 15 (redial)" in finding.sentence
        assert len(finding.lines) <= 40
    assert least.finding is not None
    assert "Open(" in "".join(least.finding.lines)


# The page of laws.


def rows() -> list[list[str]]:
    page = (ROOT / "docs" / "laws.md").read_text("utf-8")
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:3] != "| -"]


def test_the_page_of_laws_has_each_law_in_its_words() -> None:
    told = {int(row[0]): row[1] for row in rows() if row[0].isdigit()}
    assert {number: told[number] for number in told if number <= max(Law)} == {
        law.value: sentence for law, sentence in SENTENCES.items()
    }


def test_every_test_that_the_page_of_laws_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / "laws.md").read_text("utf-8"))
    assert len(named) > 20
    for path, name in named:
        text = (ROOT / path).read_text("utf-8")
        assert not name or f"def {name}(" in text, f"{path}::{name}"


def test_the_page_of_laws_has_the_usual_bound_of_liveness() -> None:
    app, config = App(), Config()
    bound = liveness_bound(config, app, 0.2, 24)
    assert f"= {bound:g} s" in (ROOT / "docs" / "laws.md").read_text("utf-8")
