"""The model of one client's calls, where a host has had enough, a token is wanted, or something else may be asked."""

from collections.abc import Callable

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.outcomes import Outcome
from kick_proto.rest import MOST_REDIRECTS
from kick_proto.secret import Secret
from kick_proto.testing.site.answers import http_date
from tests.testing.lining import CALM, LATER, Scene, call, in_place, under_way

# Limits


@pytest.mark.parametrize(
    ("headers", "pauses"),
    [((), [5.0, 10.0, 20.0]), ((("retry-after", "7"),), [7.0, 7.0, 7.0]), ((("retry-after", "60"),), [60.0])],
)
def test_after_a_429_its_host_is_left_alone(headers: tuple[tuple[str, str], ...], pauses: list[float]) -> None:
    scene, at = under_way(call()), LATER
    for pause in pauses:
        scene.answer(at, 429, *headers)
        assert (scene.left(), scene.lines.next_at()) == ([], at + pause)
        at += pause
        scene.lines.pass_time(at)
        assert scene.left() == ["a"]


def test_a_pause_is_doubled_up_to_the_longest_and_begins_anew_after_any_other_answer() -> None:
    config = msgspec.structs.replace(
        CALM, hold=1e9, backoff=Backoff(retries=None, jitter="none", cap=1.0), longest_pause=45.0
    )
    scene, at, pauses = under_way(call(), config), LATER, []
    for status in (429, 429, 429, 429, 429, 500, 429):
        scene.answer(at, status)
        again = scene.lines.next_at()
        assert again is not None
        pauses.append(again - at)
        scene.lines.pass_time(at := again)
        assert scene.left() == ["a"]
    assert pauses == [5.0, 10.0, 20.0, 40.0, 45.0, 1.0, 5.0]


def test_a_429_keeps_the_calls_of_its_host_waiting_and_no_others() -> None:
    scene = under_way(call())
    scene.answer(LATER, 429)
    scene.submit(LATER, "b", call())
    scene.submit(LATER, "c", call(Host.SITE))
    assert scene.left() == ["c"]
    scene.lines.pass_time(LATER + 5.0)
    assert scene.left() == ["a"]


@pytest.mark.parametrize(("named", "is_waited_for"), [("60", True), ("61", False), ("99999999999999", False)])
def test_a_pause_that_is_too_long_is_not_waited_for(named: str, is_waited_for: bool) -> None:
    scene = under_way(call())
    scene.answer(LATER, 429, ("retry-after", named))
    assert scene.ended() == ([] if is_waited_for else [("a", Outcome.RATE_LIMITED)])
    scene.submit(LATER, "b", call())
    assert scene.left() == []
    scene.lines.pass_time(LATER + 60.0)
    assert scene.left() == ["a" if is_waited_for else "b"]


@pytest.mark.parametrize(("hold", "is_waited_for"), [(30.001, True), (30.0, False)])
def test_a_pause_that_ends_too_late_is_not_waited_for(hold: float, is_waited_for: bool) -> None:
    scene = under_way(call(), msgspec.structs.replace(CALM, hold=hold))
    scene.answer(LATER, 429, ("retry-after", "30"))
    assert scene.ended() == ([] if is_waited_for else [("a", Outcome.RATE_LIMITED)])


def test_a_429_is_a_try_like_others_and_may_be_followed_by_what_is_no_danger_elsewhere() -> None:
    scene, at = under_way(call(method="POST")), LATER
    for _ in range(3):
        scene.answer(at, 429, ("retry-after", "1"))
        at += 1.0
        scene.lines.pass_time(at)
        assert scene.left() == ["a"]
    scene.answer(at, 429, ("retry-after", "1"))
    assert scene.ended() == [("a", Outcome.RATE_LIMITED)]


def test_who_waits_in_vain_after_a_limit_says_that_there_was_one() -> None:
    scene = Scene(msgspec.structs.replace(CALM, in_flight=2, rate=0.05, hold=15.0), burst=2.0)
    scene.submit(LATER, "a", call())
    scene.submit(LATER, "b", call())
    assert scene.left() == ["a", "b"]
    scene.answer(LATER, 429, ("retry-after", "1"), ref=1)
    scene.answer(LATER + 1.0, 200, ref=2)
    scene.submit(LATER + 1.0, "c", call())
    scene.lines.pass_time(LATER + 16.0)
    assert scene.ended() == [("b", ""), ("a", Outcome.RATE_LIMITED), ("c", Outcome.UNREACHABLE)]


def test_a_429_may_name_a_date() -> None:
    scene = under_way(call())
    scene.answer(LATER, 429, ("retry-after", http_date(1_800_000_000.0 + LATER + 7.0)))
    assert scene.lines.next_at() == LATER + 7.0


def both_under_way() -> Scene:
    scene = Scene(msgspec.structs.replace(CALM, in_flight=2))
    scene.submit(LATER, "a", call())
    scene.submit(LATER, "b", call())
    assert scene.left() == ["a", "b"]
    scene.answer(LATER + 1.0, 429, ref=1)
    return scene


def test_of_two_that_were_limited_together_only_the_first_counts() -> None:
    scene = both_under_way()
    scene.answer(LATER + 2.0, 429, ref=2)
    assert scene.lines.next_at() == LATER + 6.0
    scene.lines.pass_time(LATER + 6.0)
    assert scene.left() == ["a", "b"]
    scene.answer(LATER + 6.0, 429, ref=3)
    assert scene.lines.next_at() == LATER + 16.0


def test_an_answer_to_what_left_before_the_limit_does_not_end_it() -> None:
    scene = both_under_way()
    scene.answer(LATER + 2.0, 200, ref=2)
    scene.lines.pass_time(LATER + 6.0)
    assert scene.left() == ["a"]
    scene.answer(LATER + 6.0, 429)
    assert scene.lines.next_at() == LATER + 16.0


@pytest.mark.parametrize(("status", "pause"), [(429, 10.0), (200, 5.0)])
def test_an_answer_to_what_left_in_the_moment_of_the_limit_counts(status: int, pause: float) -> None:
    scene = Scene(msgspec.structs.replace(CALM, in_flight=2))
    scene.submit(LATER, "a", call())
    scene.submit(LATER, "b", call())
    assert scene.left() == ["a", "b"]
    scene.answer(LATER, 429, ref=1)
    scene.answer(LATER, status, ref=2)
    if status == 200:
        scene.lines.pass_time(LATER + 5.0)
        assert scene.left() == ["a"]
        scene.answer(LATER + 5.0, 429)
        assert scene.lines.next_at() == LATER + 5.0 + pause
    else:
        assert scene.lines.next_at() == LATER + pause


# Tokens

NEEDY, WILLING, SHY = (call(auth=auth) for auth in (Auth.NEEDED, Auth.OPTIONAL, Auth.NONE))
OWN = call(auth=Auth.NEEDED, bearer=Secret("own"))


@pytest.mark.parametrize(
    ("asked", "wants_token", "needs_one"),
    [(NEEDY, True, True), (WILLING, True, False), (SHY, False, False), (OWN, False, False)],
)
def test_which_calls_go_with_the_accounts_token(asked: Call[str], wants_token: bool, needs_one: bool) -> None:
    scene = Scene()
    errand = scene.submit(LATER, "a", asked)
    assert errand.wants_token is wants_token
    assert scene.left() == ([] if needs_one else ["a"])
    assert scene.ended() == ([("a", Outcome.UNAUTHORIZED)] if needs_one else [])


@pytest.mark.parametrize(("asked", "credential"), [(NEEDY, 2), (WILLING, 2), (SHY, 0), (OWN, 0)])
def test_a_try_has_the_number_of_the_token_that_went_along(asked: Call[str], credential: int) -> None:
    scene = Scene()
    scene.lines.set_token(0.0, has_one=True)
    scene.lines.set_token(0.0, has_one=True)
    assert scene.submit(LATER, "a", asked).credential == credential
    assert scene.left() == ["a"]


def test_a_try_without_a_token_has_no_number() -> None:
    scene = Scene()
    scene.lines.set_token(0.0, has_one=False)
    assert scene.submit(LATER, "a", WILLING).credential == 0
    assert scene.lines.credential == 1


def test_who_needs_a_token_and_is_not_under_way_is_refused_when_it_is_taken_away() -> None:
    scene = Scene()
    scene.lines.set_token(LATER, has_one=True)
    scene.submit(LATER, "waiting", NEEDY)
    scene.left()
    scene.lose(LATER)
    for name, asked in [("flying", NEEDY), ("queued", NEEDY), ("own", OWN), ("willing", WILLING)]:
        scene.submit(LATER, name, asked)
    assert scene.left() == ["flying"]
    scene.lines.set_token(LATER, has_one=False)
    assert scene.ended() == [("waiting", Outcome.UNAUTHORIZED), ("queued", Outcome.UNAUTHORIZED)]
    assert (scene.left(), scene.given_up()) == ([], [])
    scene.answer(LATER, 500)
    assert (scene.left(), scene.ended()) == (["own"], [])
    scene.lines.pass_time(LATER + 1.0)
    assert scene.ended() == [("flying", Outcome.UNAUTHORIZED)]


def test_a_token_that_comes_lets_nobody_wait() -> None:
    scene = Scene(msgspec.structs.replace(CALM, rate=1.0), burst=1.0)
    scene.submit(LATER, "a", WILLING)
    scene.left()
    scene.answer(LATER, 200)
    scene.submit(LATER, "b", WILLING)
    scene.lines.set_token(LATER + 1.0, has_one=True)
    assert scene.left() == ["b"]


# What stands in the place of what was asked


@pytest.mark.parametrize(
    ("happens", "outcome"),
    [
        (lambda scene: scene.answer(LATER, 404), Outcome.NOT_FOUND),
        (lambda scene: scene.answer(LATER, 429, ("retry-after", "61")), Outcome.RATE_LIMITED),
        (lambda scene: scene.answer(LATER, 200, body=b"nobody"), Outcome.NOT_FOUND),
        (lambda scene: scene.answer(LATER, 200, body=b"\xff"), Outcome.BAD_RESPONSE),
        (lambda scene: scene.answer(LATER, 200, body=b"x" * 11), Outcome.BAD_RESPONSE),
        (lambda scene: scene.answer(LATER, 503, ("retry-after", "120")), Outcome.SERVER_ERROR),
        (lambda scene: scene.lose(LATER), Outcome.UNREACHABLE),
        (lambda scene: scene.lines.pass_time(LATER + 20.0), Outcome.UNREACHABLE),
    ],
)
def test_what_may_stand_in_its_place_is_asked_instead(happens: Callable[[Scene], None], outcome: Outcome) -> None:
    others = (in_place(*set(Outcome) - {outcome}, method="POST"), in_place(outcome), in_place(outcome, method="PUT"))
    config = msgspec.structs.replace(CALM, max_body=10)
    scene = under_way(call(repeatable=outcome is Outcome.SERVER_ERROR, instead=others), config)
    happens(scene)
    assert (scene.left(), scene.ended()) == (["a"], [])
    (errand,) = scene.lines.open
    assert errand.call == others[1].call
    scene.answer(LATER + 20.0, 200, body=b"other")
    assert scene.ended() == [("a", "other")]


def test_what_stands_in_its_place_has_tries_and_redirects_of_its_own() -> None:
    scene = under_way(call(redirects=True, instead=(in_place(Outcome.BAD_RESPONSE, redirects=True),)))
    scene.lose(LATER)
    scene.lines.pass_time(LATER + 1.0)
    scene.left()
    for _ in range(2 * MOST_REDIRECTS + 1):
        scene.answer(LATER + 1.0, 302, ("location", "/x"))
        assert scene.left() == ["a"]
    scene.lose(LATER + 1.0)
    assert scene.lines.next_at() == LATER + 2.0


def test_nothing_is_asked_instead_when_it_is_too_late() -> None:
    scene = under_way(call(instead=(in_place(Outcome.NOT_FOUND),)), msgspec.structs.replace(CALM, hold=10.0))
    scene.answer(LATER + 10.0, 404)
    assert scene.ended() == [("a", Outcome.NOT_FOUND)]


def test_whoever_is_logged_out_may_ask_elsewhere() -> None:
    scene = Scene()
    scene.submit(LATER, "a", call(auth=Auth.NEEDED, instead=(in_place(Outcome.UNAUTHORIZED),)))
    assert (scene.left(), scene.ended()) == (["a"], [])


def test_what_stands_in_the_place_of_a_call_may_have_something_in_its_own_place() -> None:
    scene = under_way(
        call(
            instead=(in_place(Outcome.NOT_FOUND, auth=Auth.NEEDED, instead=(in_place(Outcome.UNAUTHORIZED),)),),
        )
    )
    scene.answer(LATER, 404)
    assert (scene.left(), scene.ended()) == (["a"], [])


@pytest.mark.parametrize(
    "happens",
    [
        lambda scene: scene.answer(LATER, 429, ("retry-after", "1")),
        lambda scene: scene.answer(LATER, 302, ("location", "/y")),
        lambda scene: (scene.lose(LATER), scene.lines.pass_time(LATER + 1.0)),
    ],
)
def test_whoever_is_logged_out_while_under_way_asks_elsewhere_with_the_next_try(
    happens: Callable[[Scene], None],
) -> None:
    scene = Scene()
    scene.lines.set_token(LATER, has_one=True)
    scene.submit(LATER, "a", call(auth=Auth.NEEDED, redirects=True, instead=(in_place(Outcome.UNAUTHORIZED),)))
    scene.left()
    scene.lines.set_token(LATER, has_one=False)
    happens(scene)
    assert (scene.left(), scene.ended()) == (["a"], [])
    (errand,) = scene.lines.open
    assert errand.call.host is Host.SITE


def test_who_waits_and_is_logged_out_asks_elsewhere_at_once() -> None:
    scene = Scene()
    scene.lines.set_token(LATER, has_one=True)
    scene.submit(LATER, "a", call(auth=Auth.NEEDED, instead=(in_place(Outcome.UNAUTHORIZED),)))
    scene.left()
    scene.lose(LATER)
    scene.lines.set_token(LATER, has_one=False)
    assert (scene.left(), scene.ended()) == (["a"], [])
