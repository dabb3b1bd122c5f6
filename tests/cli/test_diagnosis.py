"""What findings mean: a table without gaps, and the few decisions beside it."""

import re
from pathlib import Path

import pytest

from kick_io.cli.checkup import diagnosis, examining, probing
from kick_io.cli.checkup.diagnosis import MEANINGS, Check, Finding, Mark, diagnose, is_well
from kick_proto.endpoints.site import user

BAD = [key for key, meaning in MEANINGS.items() if meaning.mark is Mark.BAD]
SERVED = Finding(Check.KEY, "served", "two", "app key x")


@pytest.mark.parametrize(("check", "word"), MEANINGS)
def test_each_finding_is_one_sentence_and_one_advice(check: Check, word: str) -> None:
    (line,) = diagnose([Finding(check, word, "{subject}", "{detail}")])
    meaning = MEANINGS[check, word]
    assert (line.check, line.mark, line.sentence) == (check.value, meaning.mark.value, meaning.sentence)
    assert line.advice == meaning.advice
    assert "\n" not in line.sentence + line.advice


@pytest.mark.parametrize("key", BAD)
def test_whatever_is_bad_says_what_to_do_and_is_not_well(key: tuple[Check, str]) -> None:
    assert MEANINGS[key].advice
    assert not is_well(diagnose([Finding(*key)]))


def test_whatever_is_not_bad_is_well() -> None:
    assert is_well(diagnose(Finding(*key) for key in MEANINGS if key not in BAD))
    assert is_well(())


def test_every_check_can_go_well() -> None:
    assert {check for (check, _), meaning in MEANINGS.items() if meaning.mark is Mark.GOOD} == set(Check)


def test_every_word_that_a_probe_says_is_in_the_table_and_the_other_way_round() -> None:
    said = set()
    for module in (diagnosis, examining, probing):
        text = Path(module.__file__ or "").read_text()
        for check, words in re.findall(r"Finding\(\s*Check\.(\w+), ([^,)]+(?:if [^,]+)?)", text):
            said |= {(Check[check], word) for word in re.findall(r'"(\w+)"', words)}
    assert said == set(MEANINGS)


@pytest.mark.parametrize("check", [check for check in Check if check in diagnosis.ENDPOINT_CHECKS])
def test_one_server_that_serves_is_enough(check: Check) -> None:
    word = next(word for key, word in BAD if key is check)
    failing, served = diagnose([Finding(check, word, "one"), SERVED])
    assert (failing.mark, failing.advice, served.mark) == ("note", "", "ok")
    (alone,) = diagnose([Finding(check, word, "one")])
    assert alone.mark == "bad"


def test_what_no_server_can_make_good_stays_bad() -> None:
    assert not is_well(diagnose([SERVED, Finding(Check.IDS, "nobody", "x")]))


@pytest.mark.parametrize(
    ("ahead", "word", "detail"),
    [
        (None, "unknown", ""),
        (0.4, "right", ""),
        (30.0, "right", ""),
        (-30.0, "right", ""),
        (31.0, "wrong", "31 s ahead"),
        (-7_200.0, "wrong", "7,200 s behind"),
    ],
)
def test_a_clock_is_right_within_half_a_minute(ahead: float | None, word: str, detail: str) -> None:
    assert diagnosis.clock(ahead) == Finding(Check.CLOCK, word, detail=detail)


def test_scopes_are_held_against_what_the_commands_need() -> None:
    assert diagnosis.scopes("me", ["chat:write"]) == Finding(Check.SCOPES, "missing", "me", "user:read channel:read")
    assert diagnosis.scopes("me", [*diagnosis.NEEDED, "kicks:read"]).word == "enough"


def test_the_edge_is_told_with_the_three_ways_out() -> None:
    (line,) = diagnose([Finding(Check.IDS, "blocked", "velvet-otter")])
    assert user("velvet-otter").path in line.advice
    for way in ("give the ids by hand", "use the official API", "pass a fetch callable"):
        assert way in line.advice
