"""Some of the planted bugs, those that their models find in few lives: a model that has gone blind is seen here."""

import pytest

from tests.stateful.bugs import BUGS, Bug
from tests.stateful.planted import hunt

SOON = frozenset(
    {
        "a close is not waited for",
        "a gap counts from the end",
        "reconnects are not counted",
        "subscribes are faster than is allowed",
        "an endpoint that has worked is left",
        "an old answer prolongs the pause",
        "a redirect is followed for ever",
        "a refresh loses its scopes",
        "any page may end a login",
        "a lost token is still sent",
        "a 401 is replayed for ever",
        "more is held back than may be",
        "one channel's facts are another's",
    }
)


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.name in SOON], ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    assert hunt(bug, "ci") is not None


def test_each_of_them_is_in_the_table() -> None:
    assert {bug.name for bug in BUGS} >= SOON
