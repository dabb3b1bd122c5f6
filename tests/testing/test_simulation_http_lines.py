"""The model of one client's calls, by itself: what must leave, be given up and be told, by tables of what is heard."""

from collections.abc import Callable

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.endpoints.call import Auth, Call, Host, Method
from kick_proto.http import Responded, Response
from kick_proto.outcomes import Outcome
from kick_proto.rest import MOST_REDIRECTS, Config
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.http.lines import Errand, Phase
from tests.testing.lining import CALM, LATER, Scene, call, in_place, under_way


def test_an_errand_says_for_whom_it_is() -> None:
    asked = call(auth=Auth.NEEDED)
    errand, own = Errand("a", asked, 7), Errand("b", asked, purpose="refresh")
    assert (errand.name, errand.wanted, errand.ref, errand.purpose, errand.replayed) == ("a", asked, 7, None, False)
    assert (own.ref, own.purpose, own.wants_token) == (0, "refresh", True)


# Who leaves when


def test_as_many_as_may_are_under_way_at_each_host_in_the_order_of_their_calls() -> None:
    scene = Scene(msgspec.structs.replace(CALM, in_flight=2))
    for name, host in [("a", Host.API), ("b", Host.API), ("c", Host.API), ("d", Host.API), ("e", Host.SITE)]:
        scene.submit(LATER, name, call(host))
    assert scene.left() == ["a", "b", "e"]
    scene.answer(LATER + 1.0, 200, body=b"found", ref=1)
    assert (scene.left(), scene.ended()) == (["c"], [("a", "found")])


def test_a_call_leaves_as_soon_as_the_pace_allows() -> None:
    scene = Scene(msgspec.structs.replace(CALM, rate=0.5, in_flight=9), burst=1.0)
    for name in "abc":
        scene.submit(LATER, name, call())
    assert (scene.left(), scene.lines.next_at()) == (["a"], LATER + 2.0)
    scene.lines.pass_time(LATER + 1.999)
    assert scene.left() == []
    scene.lines.pass_time(LATER + 2.0)
    assert (scene.left(), scene.lines.next_at()) == (["b"], LATER + 4.0)
    scene.lines.close()
    assert scene.lines.next_at() is None


def test_what_waits_for_the_pace_of_one_host_keeps_no_other_waiting() -> None:
    scene = Scene(msgspec.structs.replace(CALM, rate=0.5), burst=1.0)
    for name, host in [("a", Host.API), ("b", Host.SITE), ("c", Host.ID)]:
        scene.submit(LATER, name, call(host))
    assert scene.left() == ["a", "b", "c"]
    assert scene.lines.next_at() == LATER + CALM.timeouts.total


def test_what_is_under_way_is_heard_of_and_what_is_not_is_passed_over() -> None:
    scene = under_way(call())
    scene.answer(LATER, 200, ref=7)
    assert (scene.ended(), scene.lines.next_at()) == ([], LATER + 20.0)
    scene.answer(LATER, 200)
    scene.answer(LATER, 200)
    assert (scene.ended(), scene.lines.next_at()) == ([("a", "")], None)


def test_what_has_its_result_keeps_the_time_of_its_answer() -> None:
    scene = under_way(call())
    scene.answer(LATER + 3.0, 200)
    assert [each.unix_now for each in scene.lines.ended] == [1_800_000_103.0]


# Patience


def test_an_answer_is_waited_for_so_long_and_then_given_up_and_tried_again() -> None:
    scene = under_way(call())
    scene.lines.pass_time(LATER + 19.999)
    assert scene.given_up() == []
    scene.lines.pass_time(LATER + 20.0)
    assert (scene.given_up(), scene.lines.next_at()) == (["a"], LATER + 21.0)
    scene.lines.pass_time(LATER + 21.0)
    assert (scene.left(), scene.lines.next_at()) == (["a"], LATER + 41.0)


def test_who_stands_in_a_line_gives_up_after_so_long() -> None:
    scene = under_way(call(), msgspec.structs.replace(CALM, hold=15.0))
    scene.submit(LATER + 1.0, "b", call())
    assert scene.lines.next_at() == LATER + 16.0
    scene.lines.pass_time(LATER + 15.999)
    assert scene.ended() == []
    scene.lines.pass_time(LATER + 16.0)
    assert (scene.ended(), scene.given_up(), scene.left()) == ([("b", Outcome.UNREACHABLE)], [], [])


def test_who_gives_up_in_a_line_says_why_the_last_try_failed() -> None:
    scene = under_way(call(), msgspec.structs.replace(CALM, hold=15.0))
    scene.submit(LATER, "b", call())
    scene.answer(LATER, 500)
    assert scene.left() == ["b"]
    scene.lines.pass_time(LATER + 1.0)  # "a" stands behind "b" now
    scene.lines.pass_time(LATER + 15.0)
    assert scene.ended() == [("a", Outcome.SERVER_ERROR)]


def test_who_gives_up_behind_a_limit_says_so() -> None:
    scene = under_way(call(), msgspec.structs.replace(CALM, in_flight=2, hold=15.0))
    scene.submit(LATER, "b", call())
    assert scene.left() == ["b"]
    scene.answer(LATER + 1.0, 429, ("retry-after", "30"), ref=1)
    scene.submit(LATER + 1.0, "c", call())
    assert scene.ended() == [("a", Outcome.RATE_LIMITED)]
    scene.lines.pass_time(LATER + 16.0)
    assert scene.ended() == [("c", Outcome.RATE_LIMITED)]


def test_who_wakes_late_tries_nothing_that_is_too_late() -> None:
    scene = under_way(call(), msgspec.structs.replace(CALM, hold=15.0))
    for at, name in [(1.0, "b"), (1.0, "c"), (1.1, "d")]:
        scene.submit(LATER + at, name, call())
    scene.answer(LATER + 16.0, 200, body=b"late")
    assert scene.ended() == [("a", "late"), ("b", Outcome.UNREACHABLE), ("c", Outcome.UNREACHABLE)]
    assert scene.left() == ["d"]


def test_who_wakes_late_gives_up_all_that_is_too_late_in_the_order_of_the_calls() -> None:
    scene = under_way(call(), msgspec.structs.replace(CALM, hold=15.0, in_flight=2))
    for name in "bcd":
        scene.submit(LATER, name, call())
    assert scene.left() == ["b"]
    scene.answer(LATER, 500, ref=1)
    scene.lines.pass_time(LATER + 16.0)
    assert scene.ended() == [("a", Outcome.SERVER_ERROR), ("d", Outcome.UNREACHABLE)]
    assert scene.left() == ["c"]


def test_what_rounding_leaves_of_a_moment_is_no_wait() -> None:
    scene = Scene(msgspec.structs.replace(CALM, rate=0.5, in_flight=9), burst=1.0)
    scene.submit(0.0, "a", call())
    scene.submit(0.0, "b", call())
    almost = 2.0 - 1e-9
    assert almost + 1e-9 == scene.lines.next_at()
    scene.lines.pass_time(almost)
    assert scene.left() == ["a", "b"]


# Tries


@pytest.mark.parametrize(
    ("happens", "outcome"),
    [
        (lambda scene, at: scene.lose(at), Outcome.UNREACHABLE),
        (lambda scene, at: scene.answer(at, 500), Outcome.SERVER_ERROR),
    ],
)
def test_pauses_double_up_to_their_cap_and_after_so_many_tries_it_is_over(
    happens: Callable[[Scene, float], None], outcome: Outcome
) -> None:
    scene, at = under_way(call()), LATER
    for pause in (1.0, 2.0, 4.0):
        happens(scene, at)
        assert (scene.left(), scene.lines.next_at()) == ([], at + pause)
        at += pause
        scene.lines.pass_time(at)
        assert scene.left() == ["a"]
    happens(scene, at)
    assert scene.ended() == [("a", outcome)]


def test_a_pause_is_no_longer_than_its_cap_and_tries_may_be_without_end() -> None:
    scene = under_way(call(), msgspec.structs.replace(CALM, backoff=Backoff(cap=5.0, retries=None, jitter="none")))
    at, pauses = LATER, []
    for _ in range(6):
        scene.lose(at)
        again = scene.lines.next_at()
        assert again is not None
        pauses.append(again - at)
        scene.lines.pass_time(at := again)
        scene.left()
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


def test_chance_shortens_a_pause_as_it_does_for_the_client() -> None:
    scene = under_way(call(), Config(rate=100.0, backoff=Backoff(base=2.0)))
    scene.lose(LATER)
    assert scene.lines.next_at() == LATER + 2.0 * Chance("lines").random()


@pytest.mark.parametrize(("named", "pause"), [("0", 1.0), ("7", 7.0)])
def test_a_server_that_is_busy_is_left_the_time_that_it_names(named: str, pause: float) -> None:
    scene = under_way(call())
    scene.answer(LATER, 503, ("retry-after", named))
    assert scene.lines.next_at() == LATER + pause


@pytest.mark.parametrize(("named", "is_in_time"), [("119", True), ("120", False)])
def test_no_try_is_waited_for_that_would_be_too_late(named: str, is_in_time: bool) -> None:
    scene = under_way(call())
    scene.answer(LATER, 503, ("retry-after", named))
    assert scene.ended() == ([] if is_in_time else [("a", Outcome.SERVER_ERROR)])


@pytest.mark.parametrize(
    ("method", "happens", "is_tried_again"),
    [
        ("GET", lambda scene: scene.lose(LATER), True),
        ("POST", lambda scene: scene.lose(LATER), False),
        ("POST", lambda scene: scene.lose(LATER, sent=False), True),
        ("POST", lambda scene: scene.answer(LATER, 502), False),
        ("POST", lambda scene: scene.lines.pass_time(LATER + 20.0), False),
    ],
)
def test_what_may_have_been_done_is_not_done_twice(
    method: Method, happens: Callable[[Scene], None], is_tried_again: bool
) -> None:
    scene = under_way(call(method=method))
    happens(scene)
    assert bool(scene.ended()) is not is_tried_again


def test_who_waits_for_a_try_keeps_nobody_else_waiting() -> None:
    scene = under_way(call())
    scene.submit(LATER, "b", call())
    assert scene.left() == []
    scene.lose(LATER)
    assert scene.left() == ["b"]


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (Response(200, (), b"fine"), "fine"),
        (Response(200, (), b"nobody"), Outcome.NOT_FOUND),
        (Response(200, (), b"\xff"), Outcome.BAD_RESPONSE),
        (Response(200, (), b"x" * 10), "x" * 10),
        (Response(200, (), b"x" * 11), Outcome.BAD_RESPONSE),
        (Response(200, (), b"xx", cut=True), Outcome.BAD_RESPONSE),
        (Response(400), Outcome.REJECTED),
        (Response(401), Outcome.UNAUTHORIZED),
        (Response(403), Outcome.FORBIDDEN),
        (Response(404), Outcome.NOT_FOUND),
        (Response(304), Outcome.BAD_RESPONSE),
    ],
    ids=repr,
)
def test_what_an_answer_comes_to_at_once(response: Response, outcome: object) -> None:
    scene = under_way(call(), msgspec.structs.replace(CALM, max_body=10))
    scene.lines.hear(LATER, Responded(1, response, 0.0))
    assert scene.ended() == [("a", outcome)]
    assert scene.lines.open == []


# Redirects


@pytest.mark.parametrize(
    ("asked", "location", "is_followed"),
    [
        (call(redirects=True), "/public/v1/users?x=1", True),
        (call(redirects=True), "https://api.kick.com/y", True),
        (call(Host.SITE, redirects=True), "https://kick.com/y", True),
        (call(redirects=True), "https://kick.com/y", False),
        (call(redirects=True), "http://api.kick.com/y", False),
        (call(redirects=True), "//elsewhere.example/y", False),
        (call(), "/y", False),
        (call(method="POST", redirects=True), "/y", False),
        (call(Host.ID, redirects=True), "/y", False),
    ],
)
def test_a_redirect_is_followed_within_the_host_by_who_may(asked: Call[str], location: str, is_followed: bool) -> None:
    scene = under_way(asked)
    scene.answer(LATER, 302, ("location", location))
    assert scene.left() == (["a"] if is_followed else [])
    assert scene.ended() == ([] if is_followed else [("a", Outcome.BAD_RESPONSE)])


def test_a_redirect_that_leads_nowhere_is_not_followed() -> None:
    scene = under_way(call(redirects=True))
    scene.answer(LATER, 302)
    assert scene.ended() == [("a", Outcome.BAD_RESPONSE)]


def test_only_so_many_redirects_are_followed() -> None:
    scene = under_way(call(redirects=True))
    for _ in range(MOST_REDIRECTS):
        scene.answer(LATER, 302, ("location", "/x"))
        assert scene.left() == ["a"]
    scene.answer(LATER, 302, ("location", "/x"))
    assert scene.ended() == [("a", Outcome.BAD_RESPONSE)]


# Made once more, wanted no longer, over


def test_a_call_that_is_made_once_more_begins_anew() -> None:
    other = in_place(Outcome.NOT_FOUND)
    scene = under_way(call(instead=(other,)))
    (errand,) = scene.lines.open
    scene.answer(LATER, 404)
    scene.left()
    scene.answer(LATER, 404)
    assert scene.ended() == [("a", Outcome.NOT_FOUND)]
    later = scene.submit(LATER, "b", call())
    scene.lines.submit(LATER + 50.0, errand)
    assert (errand.call, errand.failures, errand.failure, errand.until) == (errand.wanted, 0, None, LATER + 170.0)
    assert scene.lines.open == [later, errand]


def test_who_is_wanted_no_longer_is_given_up_and_never_told_of() -> None:
    scene = under_way(call())
    flying = scene.lines.open[0]
    queued, later = scene.submit(LATER, "b", call()), scene.submit(LATER, "c", call())
    scene.lines.abandon(LATER, [flying, queued])
    assert (scene.given_up(), scene.left(), scene.ended()) == (["a"], ["c"], [])
    assert flying.phase is Phase.OVER
    assert scene.lines.open == [later]
    scene.lines.abandon(LATER, [])
    assert scene.left() == []


def test_the_end_refuses_all_and_gives_up_what_is_under_way() -> None:
    scene = under_way(call())
    scene.submit(LATER, "b", call())
    scene.lines.close()
    assert scene.given_up() == ["a"]
    assert scene.ended() == [("a", Outcome.UNREACHABLE), ("b", Outcome.UNREACHABLE)]
    assert (scene.lines.next_at(), scene.left()) == (None, [])
