"""The page on testing a bot: its code is run as it stands, is as short as it says, and finds what is broken."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "testing_your_bot.md"
BOT, *TESTS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)

BROKEN = {
    "a greeting too long": ("[:500]", ""),
    "no greeting": ("case Subscribed(username=name):", "case Subscribed(username='ada', months=99 as name):"),
    "upper case": (".casefold()", ""),
    "another word": ('"pineapple"', '"pear"'),
}


def run(place: Path, bot: str, tests: Sequence[str]) -> str:
    (place / "bot.py").write_text(bot, "utf-8")
    for number, test in enumerate(tests):
        (place / f"test_{number}.py").write_text(test, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(place), str(place)]
    # Hypothesis takes its profile for CI then: no deadline, and no chance.
    environment = {**os.environ, "PYTHONPATH": str(place), "CI": "true"}
    ran = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False, env=environment)
    return ran.stdout


def lines_of(block: str) -> list[str]:
    return [line for line in block.splitlines() if line.strip() and not line.startswith(("import ", "from "))]


@pytest.mark.parametrize("block", [BOT, *TESTS], ids=range(1 + len(TESTS)))
def test_each_block_has_fifteen_lines_at_most(block: str) -> None:
    assert len(lines_of(block)) <= 15


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    assert " passed" in (told := run(tmp_path, BOT, TESTS)), told
    assert "failed" not in told


@pytest.mark.parametrize("change", BROKEN.values(), ids=list(BROKEN))
def test_the_tests_of_the_page_find_what_is_broken(change: tuple[str, str], tmp_path: Path) -> None:
    before, after = change
    assert before in BOT
    told = run(tmp_path, BOT.replace(before, after), TESTS[:2])
    assert "Failing test case: test_" in told, told
