"""The command around the simulation: each seed twice, in several processes, and what is said of one that fails."""

import re

import msgspec
import pytest

from kick_io import simulate
from kick_proto.testing.simulation.laws import Law
from kick_proto.testing.simulation.run import Outcome
from tests.testing.test_simulation_mutants import HOURS, backs_off_too_short, first_finding


@pytest.mark.parametrize("processes", [1, 2])
def test_seeds_are_played_in_order_and_alike_in_every_process(processes: int) -> None:
    outcomes = list(simulate.simulate_all(range(3, 10), 0.05, processes))
    assert [outcome.seed for outcome in outcomes] == list(range(3, 10))
    assert [outcome.finding for outcome in outcomes] == [None] * 7


def test_the_command_says_how_much_was_played_and_that_nothing_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate.main(["--seeds", "2", "--hours", "0.05", "--processes", "1"]) == 0
    assert capsys.readouterr().out.startswith("no violation: 2 seeds, ")


def test_a_seed_that_breaks_a_law_is_printed_with_a_small_schedule(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backs_off_too_short(monkeypatch)
    outcome = first_finding()
    assert outcome is not None
    # Other processes do not have the bug that is planted here.
    monkeypatch.setattr(simulate, "simulate_all", lambda seeds, hours, processes: iter([outcome] * len(seeds)))
    assert simulate.main(["--seeds", "5", "--hours", str(HOURS), "--most", "2"]) == 1
    said = capsys.readouterr().out
    assert said.count(f"seed {outcome.seed}: law 15 (redial): a pause of") == 2
    assert "minimal schedule, over " in said
    assert re.search(r", [1-4] of \d\d decisions:\n    \w+\(at=", said)
    assert f"again: python -m kick_io.simulate --first {outcome.seed} --seeds 1 --hours {HOURS:g}\n" in said
    assert "2 seeds have broken a law; the others were not waited for\n" in said


def test_two_transcripts_of_one_seed_are_a_finding() -> None:
    outcome = Outcome(7, "aa", 10, 60.0, None)
    assert simulate.compared(outcome, outcome) is outcome
    found = simulate.compared(outcome, msgspec.structs.replace(outcome, digest="bb")).finding
    assert found is not None
    assert found.law is Law.DETERMINISTIC
    assert "two transcripts: aa and bb" in simulate.report(msgspec.structs.replace(outcome, finding=found), 1.0)


def test_a_seed_that_holds_every_law_is_said_to() -> None:
    assert simulate.report(Outcome(7, "aa", 10, 60.0, None), 1.0) == "seed 7: every law held"


@pytest.mark.parametrize("wrong", [["--seeds", "0"], ["--hours", "0"], ["--hours", "x"], ["--processes", "-1"]])
def test_numbers_that_make_no_sense_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        simulate.main(wrong)
    assert wrong[0] in capsys.readouterr().err
