"""``python -m tests.stateful.planted``: plant each bug of the table, and tell how many lives of its model find it.

Each of ``--seeds`` draws other lives, as many as the profile has: how much they differ tells how far a bug is from
slipping through. Names narrow it down: ``pusher``, or words of a bug's name.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

import tests.conftest  # noqa: F401 - it registers the profiles
from tests.stateful import lives
from tests.stateful.bugs import BUGS, Bug, planted
from tests.stateful.test_account import AccountLife
from tests.stateful.test_merge import MergeLife
from tests.stateful.test_oauth import GrantLife
from tests.stateful.test_pusher import ConnectionLife
from tests.stateful.test_rest import ClientLife
from tests.stateful.test_session import SessionLife
from tests.stateful.test_websocket import FramingLife

__all__ = ["MODELS", "hunt", "main"]

MODELS: Mapping[str, type[RuleBasedStateMachine]] = {
    "pusher": ConnectionLife,
    "websocket": FramingLife,
    "session": SessionLife,
    "rest": ClientLife,
    "oauth": GrantLife,
    "account": AccountLife,
    "merge": MergeLife,
}


@contextmanager
def counted(model: type[RuleBasedStateMachine]) -> Iterator[list[int]]:
    """Count the lives of a model as they begin."""
    numbers, begun = count(1), [0]
    born = model.__init__

    def counting(self: RuleBasedStateMachine) -> None:
        begun[0] = next(numbers)
        born(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "__init__", counting)
        yield begun


def hunt(bug: Bug, profile: str = "ci", number: int = 0) -> int | None:
    """In which life the bug is found, of as many as the profile has; None where it is not. The number draws others."""
    how = settings(
        lives(settings.get_profile(profile)),
        phases=(Phase.generate,),
        database=None,
        report_multiple_bugs=False,
        print_blob=False,
    )
    model = MODELS[bug.model]
    before = getattr(model, "_hypothesis_internal_use_seed", None)
    with planted(bug), counted(model) as begun:
        try:
            seed(number)(model)
            run_state_machine_as_test(model, settings=how)
        except (Exception, pytest.fail.Exception):
            # The life that failed is lived once more, to be told.
            return begun[0] - 1
        finally:
            model._hypothesis_internal_use_seed = before
    return None


def main(arguments: Sequence[str]) -> int:
    """The table, one line a bug; fails where one is not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.stateful.planted", description=__doc__)
    parser.add_argument("names", nargs="*", help="models, or words of bugs' names")
    parser.add_argument("--profile", default="ci", choices=("dev", "ci", "nightly"))
    parser.add_argument(
        "--seeds", type=int, default=1, metavar="N", help="how often to try, with other lives each time"
    )
    asked = parser.parse_args(arguments)
    missed = 0
    for bug in BUGS:
        if asked.names and not any(name == bug.model or name in bug.name for name in asked.names):
            continue
        began = time.monotonic()
        found = [hunt(bug, asked.profile, number) for number in range(asked.seeds)]
        missed += None in found
        told = " ".join("missed" if each is None else str(each) for each in found)
        sys.stdout.write(f"{bug.model:9} {bug.name:52} {told}  ({time.monotonic() - began:.1f} s)\n")
        sys.stdout.flush()
    sys.stdout.write(f"missed: {missed}\n")
    return missed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
