"""The two tables of ``docs/mutation.md`` agree: what its scores count as left is what it lists, with a reason each."""

import re
from collections import Counter

from tests.mutation import LISTED, PAGE, TESTS

TEXT = PAGE.read_text("utf-8")
ROW = re.compile(r"^\| `([\w.]+)` \| (\d+) \| (\d+) \| (\d+\.\d) % \|$", re.MULTILINE)
SCORES: dict[str, tuple[int, int, str]] = {
    module: (int(killed), int(of), percent) for module, killed, of, percent in ROW.findall(TEXT)
}
SURVIVORS: list[str] = LISTED.findall(TEXT)


def module_of(survivor: str) -> str:
    """The module in whose row it is counted; of two that fit, the one within the other."""
    fitting = [module for module in SCORES if survivor.startswith(f"kick_proto.{module}.")]
    return max(fitting, key=len)


def test_of_each_module_as_many_mutants_are_listed_as_are_left() -> None:
    left = {module: of - killed for module, (killed, of, _) in SCORES.items()}
    listed = Counter(map(module_of, SURVIVORS))
    assert {module: listed[module] for module in left} == left


def test_no_mutant_is_listed_twice_and_each_has_a_reason() -> None:
    assert len(set(SURVIVORS)) == len(SURVIVORS)
    assert len(re.findall(r"^\| `kick_proto\.\S+` \| \S.* \|$", TEXT, re.MULTILINE)) == len(SURVIVORS)


def test_each_module_that_is_tried_has_its_row_in_order_and_a_score_that_is_its_share() -> None:
    assert list(SCORES) == sorted(TESTS)
    shares = {module: f"{100 * killed / of:.1f}" for module, (killed, of, _) in SCORES.items()}
    assert {module: percent for module, (_, _, percent) in SCORES.items()} == shares
