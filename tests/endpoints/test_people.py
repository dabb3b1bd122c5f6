"""Finding somebody by name: who is asked, and who is asked then."""

from collections.abc import Iterator

import pytest

from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.endpoints.people import get_user
from kick_proto.endpoints.user import User
from kick_proto.errors import LocalProtocolError
from kick_proto.outcomes import Outcome


def asked(call: Call[User], failures: Iterator[Outcome]) -> list[str]:
    """Who is asked, one after the other, where the calls fail in these ways: as a client goes through ``instead``."""
    name = call.query[0][1] if call.query else call.path.rpartition("/")[2]
    here = f"{call.host.value} {name}"
    failure = next(failures, None)
    following = next((each.call for each in call.instead if failure in each.outcomes), None)
    return [here, *asked(following, failures)] if following is not None else [here]


NOT_FOUND = Outcome.NOT_FOUND
BLOCKED = Outcome.EDGE_BLOCKED


@pytest.mark.parametrize(
    ("failures", "who"),
    [
        ([], ["site night_fox"]),
        ([NOT_FOUND], ["site night_fox", "site night-fox"]),
        ([NOT_FOUND, NOT_FOUND], ["site night_fox", "site night-fox"]),
        ([BLOCKED], ["site night_fox", "api night_fox"]),
        ([NOT_FOUND, BLOCKED], ["site night_fox", "site night-fox", "api night_fox"]),
        (
            [NOT_FOUND, BLOCKED, NOT_FOUND, NOT_FOUND],
            ["site night_fox", "site night-fox", "api night_fox", "api night-fox"],
        ),
        ([BLOCKED, NOT_FOUND], ["site night_fox", "api night_fox", "api night-fox"]),
        ([BLOCKED, BLOCKED], ["site night_fox", "api night_fox"]),
    ],
)
def test_with_a_token_the_official_api_is_asked_where_the_site_does_not_answer(
    failures: list[Outcome], who: list[str]
) -> None:
    assert asked(get_user("Night_Fox", official=True), iter(failures)) == who


@pytest.mark.parametrize("failure", Outcome)
def test_whatever_stands_in_the_way_but_a_clear_no_leads_there(failure: Outcome) -> None:
    who = asked(get_user("fox", official=True), iter([failure]))
    assert who == (["site fox"] if failure is NOT_FOUND else ["site fox", "api fox"])


@pytest.mark.parametrize("failure", Outcome)
def test_without_a_token_it_is_never_asked(failure: Outcome) -> None:
    assert asked(get_user("night_fox", official=False), iter([failure, failure])) == (
        ["site night_fox", "site night-fox"] if failure is NOT_FOUND else ["site night_fox"]
    )


def test_the_token_is_for_the_official_api_alone() -> None:
    def walk(call: Call[User]) -> Iterator[Call[User]]:
        yield call
        for each in call.instead:
            yield from walk(each.call)

    for call in walk(get_user("night_fox", official=True)):
        assert call.auth is (Auth.NEEDED if call.host is Host.API else Auth.NONE)


@pytest.mark.parametrize("official", [True, False])
def test_what_is_no_slug_is_refused(official: bool) -> None:
    with pytest.raises(LocalProtocolError, match="does not name a channel"):
        get_user("night fox", official=official)
