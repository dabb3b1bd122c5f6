"""What a run of the simulation comes to: its outcome, what is said of a law that was broken, and the few that do it."""

from collections.abc import Sequence

import msgspec
import pytest

from kick_proto.lifecycle import Up
from kick_proto.pusher import Connection
from kick_proto.testing.faults import Faults
from kick_proto.testing.simulation import decisions as d
from kick_proto.testing.simulation.actors import Application
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.decisions import Decision
from kick_proto.testing.simulation.engine import CALM, LONGEST_CALM, World
from kick_proto.testing.simulation.http import dice as http_dice
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.http.plans import NO_WEB
from kick_proto.testing.simulation.laws import Law, Violation, liveness_bound
from kick_proto.testing.simulation.plans import Plan, calls_alone, draw
from kick_proto.testing.simulation.run import Finding, Outcome, play, simulate
from kick_proto.testing.simulation.shrink import MOST_TRIES, Schedule, minimal, shrink
from tests.testing.small_worlds import SAFETY, SEED, US2, small_plan

FOR_EVER = 1e9
KNOWN = [0.847716782339, 0.700275446062, 0.292827921462, 0.452406470335]


# Chance


def test_a_name_gives_the_same_draws_on_every_machine() -> None:
    chance = Chance("7/plan")
    assert [round(chance.random(), 12) for _ in range(4)] == KNOWN


def test_chance_draws_evenly_and_each_name_otherwise() -> None:
    chance = Chance("x")
    draws = [chance.random() for _ in range(10_000)]
    assert all(0.0 <= each < 1.0 for each in draws)
    assert [sum(each < share for each in draws) // 100 for share in (0.25, 0.5, 0.75)] == pytest.approx(
        [25, 50, 75], abs=2
    )
    assert len(set(draws)) == len(draws)
    assert len({Chance(str(name)).random() for name in range(1_000)}) == 1_000


# Plans


def test_a_plan_has_both_halves_of_a_seed_on_one_clock() -> None:
    plan = draw(5, 0.5)
    web, befalls = http_dice.draw(5, 0.5)
    assert (plan.seed, plan.safety, plan.web) == (5, 1_800.0, web)
    assert [each for each in plan.decisions if isinstance(each, HttpDecision)] == list(befalls)
    moments = [decision.at for decision in plan.decisions]
    assert moments == sorted(moments)
    assert len(plan.decisions) > len(befalls) > 0
    assert plan.hosts != ()
    assert plan.apps != ()
    assert {draw(seed, 0.1).over_bytes for seed in range(12)} == {False, True}
    assert small_plan().web == NO_WEB


def test_calls_alone_are_a_plan_without_sessions() -> None:
    plan = draw(5, 0.5)
    alone = calls_alone(plan)
    assert (alone.hosts, alone.apps) == ((), ())
    assert alone.decisions == http_dice.draw(5, 0.5)[1]
    assert (alone.seed, alone.safety, alone.web, alone.over_bytes) == (5, plan.safety, plan.web, plan.over_bytes)


# Outcomes


@pytest.mark.parametrize("apps", [1, 2])
def test_an_outcome_says_what_a_run_came_to(apps: int) -> None:
    plan = small_plan(d.Ask(0.0, 0, 0), apps=apps)
    world = World(plan)
    world.run()
    outcome = play(plan)
    assert outcome == Outcome(SEED, world.time.digest, world.steps, world.time.now * apps, None)
    assert (outcome.calls, outcome.requests) == (0, 0)


def test_an_outcome_counts_calls_and_requests() -> None:
    plan = calls_alone(draw(3, 0.1))
    world = World(plan)
    world.run()
    assert world.web.calls != world.web.requests
    assert play(plan) == Outcome(3, world.time.digest, world.steps, 0.0, None, world.web.calls, world.web.requests)


def test_a_seed_is_drawn_and_played() -> None:
    assert simulate(4, 0.05) == play(draw(4, 0.05))


def unconnectable(*decisions: Decision) -> Plan:
    """A world in which one decision too late for the faults keeps every session from coming up."""
    late = (d.Mood(SAFETY + 1.0, US2, Faults(refuse_code=4100), FOR_EVER), d.Cut(SAFETY + 2.0, 0, 0))
    return small_plan(*decisions, *late)


def test_a_law_that_is_broken_is_told_with_its_moment_and_the_end_of_the_transcript() -> None:
    plan = unconnectable()
    finding = play(plan).finding
    assert finding is not None
    assert finding.law is Law.LIVENESS
    bound = liveness_bound(plan.apps[0].config, plan.apps[0].app, CALM, 18)
    assert finding.at == SAFETY + bound
    assert finding.sentence == f"law 6 (liveness): State.WAITING {bound:g} s after all is well; unconfirmed: []"
    assert len(finding.lines) == 40


def test_a_line_of_the_transcript_has_its_moment_who_and_what(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = World._calm_down

    def breaking(self: World, what: None) -> None:
        begin(self, what)
        self.time.lines.clear()
        self.time.record("host", "a text")
        self.time.record("a long name", Up("us2", "1.1"))
        raise Violation(Law.PACE, "so it is")

    monkeypatch.setattr(World, "_calm_down", breaking)
    finding = play(small_plan()).finding
    assert finding == Finding(
        Law.PACE,
        SAFETY,
        "law 17 (pace): so it is",
        (
            "    1000.000      host a text",
            "    1000.000 a long name Up(cluster='us2', socket_id='1.1', gap=None)",
        ),
    )


def test_whatever_raises_breaks_the_first_law(monkeypatch: pytest.MonkeyPatch) -> None:
    def on_texts(self: Connection, now: float, texts: Sequence[str]) -> None:
        raise KeyError("oh")

    monkeypatch.setattr(Connection, "_on_texts", on_texts)
    outcome = play(small_plan())
    assert outcome.finding is not None
    assert outcome.finding.law is Law.TOTAL
    assert outcome.finding.at == 0.0
    assert outcome.finding.sentence == "law 1 (total): KeyError was raised: 'oh'"
    assert "Open(" in outcome.finding.lines[0]
    assert (outcome.seed, outcome.seconds) == (SEED, 0.0)


# Shrinking


@pytest.mark.parametrize("needed", [(), (0,), (12,), (3, 9), (0, 6, 12), tuple(range(13))])
def test_the_minimum_is_what_is_needed_and_nothing_else(needed: tuple[int, ...]) -> None:
    decisions = tuple(d.Tardy(float(number)) for number in range(13))
    wanted = {decisions[number] for number in needed}
    assert minimal(decisions, lambda tried: wanted <= set(tried), 500) == tuple(
        each for each in decisions if each in wanted
    )


def tries_of(count: int, needed: Sequence[int], most: int = 500) -> tuple[list[int], Schedule]:
    """How long each schedule is that is tried, and the one that is found."""
    decisions = tuple(d.Tardy(float(number)) for number in range(count))
    tries: list[int] = []

    def breaks(tried: Schedule) -> bool:
        tries.append(len(tried))
        return all(decisions[number] in tried for number in needed)

    return tries, minimal(decisions, breaks, most)


def test_halves_are_left_out_first_and_then_ever_shorter_runs() -> None:
    assert tries_of(8, [0]) == ([4, 4, 2, 2, 1, 1, 0], (d.Tardy(0.0),))
    assert tries_of(7, []) == ([3, 0], ())
    assert tries_of(1, [0]) == ([0], (d.Tardy(0.0),))
    assert tries_of(0, []) == ([], ())


def test_single_decisions_are_left_out_again_when_others_have_gone() -> None:
    decisions = (d.Tardy(0.0), d.Tardy(1.0))
    assert minimal(decisions, lambda tried: tried == decisions[: len(tried)], 500) == ()


@pytest.mark.parametrize("most", [1, 5, 12])
def test_a_shrink_ends_when_its_tries_are_used_up(most: int) -> None:
    tries, found = tries_of(100, [7, 40, 77], most)
    assert len(tries) == most
    assert {7.0, 40.0, 77.0} <= {each.at for each in found}


def test_a_plan_is_cut_down_to_what_breaks_the_same_law() -> None:
    plan = unconnectable(d.Ask(0.0, 0, 0), d.Publish(5.0, ()), d.Doze(7.0, 0, 3.0), d.Hangup(9.0, 0, 4200, True))
    after = msgspec.structs.replace(plan, decisions=(*plan.decisions, d.Tardy(SAFETY + LONGEST_CALM + 1.0)))
    outcome = play(after)
    least, again = shrink(after, outcome)
    assert least == msgspec.structs.replace(plan, decisions=plan.decisions[-2:])
    assert again == play(least)
    assert again.finding is not None
    assert again.finding.law is Law.LIVENESS


def test_a_plan_that_breaks_another_law_when_it_is_played_again_is_left_as_it_is() -> None:
    plan = unconnectable(d.Ask(0.0, 0, 0))
    outcome = Outcome(SEED, "", 0, 0.0, Finding(Law.PONGS, SAFETY * 10, "", ()))
    assert shrink(plan, outcome) == (plan, outcome)
    early = Outcome(SEED, "", 0, 0.0, Finding(Law.LIVENESS, 500.0, "", ()))
    assert shrink(plan, early) == (plan, early)


def test_what_happens_at_the_moment_of_the_violation_may_be_needed() -> None:
    plan = unconnectable()
    outcome = play(plan)
    assert outcome.finding is not None
    late = d.Tardy(outcome.finding.at)
    least, _ = shrink(msgspec.structs.replace(plan, decisions=(*plan.decisions, late)), outcome, 0)
    assert least.decisions == (*plan.decisions, late)


def test_a_shrink_tries_so_often_and_no_more() -> None:
    assert MOST_TRIES == 500
    plan = unconnectable(*[d.Tardy(float(number)) for number in range(20)])
    outcome = play(plan)
    played: list[int] = []
    tell = Application.begin

    def begin(self: Application, now: float, rng: Chance) -> None:
        if self.generation == 0:
            played.append(1)
        tell(self, now, rng)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Application, "begin", begin)
        least, _ = shrink(plan, outcome, 3)
    assert len(played) == 1 + 3
    assert 2 < len(least.decisions) < len(plan.decisions)


def test_an_outcome_without_a_finding_cannot_be_cut_down() -> None:
    with pytest.raises(ValueError, match=r"^seed 3 broke no law, so there is nothing to shrink$"):
        shrink(draw(3, 0.1), Outcome(3, "", 0, 0.0, None))
