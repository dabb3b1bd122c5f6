"""What all tests run with.

Hypothesis runs without a deadline: how fast a machine is says nothing about whether it is right. ``HYPOTHESIS_PROFILE``
names how many examples are tried: ``dev`` (the default) 50, ``ci`` 100, the same on every run, ``nightly`` 1,000.
``mutation`` is for ``tests.mutation``: few, the same, and a failure is not made small. What each is for stands in
docs/testing.md.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

# What a profile does not say it takes from Hypothesis, which in CI draws the same examples each time.
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
# A night is for new examples, wherever it is spent.
settings.register_profile(
    "nightly", settings.get_profile("default"), deadline=None, max_examples=1_000, print_blob=True
)
settings.register_profile(
    "mutation",
    deadline=None,
    max_examples=50,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock shows the time of Tokyo."""
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a mutant the quickest tests run first: most that find it are quick, and the first that does ends the run."""
    durations = Path("mutmut-stats.json")
    if os.environ.get("HYPOTHESIS_PROFILE") == "mutation" and durations.exists():
        took = json.loads(durations.read_text())["duration_by_test"]
        items.sort(key=lambda item: took.get(item.nodeid, 0.0))
