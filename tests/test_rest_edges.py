"""Where a client's times meet to the moment, and what an alternative inherits from the call before it: nothing."""

from hypothesis import given
from hypothesis import strategies as st

from kick_proto.endpoints.call import Auth, Call, Host, Instead
from kick_proto.outcomes import Outcome
from kick_proto.secret import Secret
from tests.rest_acts import OK, SILENCE, Stage, answer, config, get, moved, steady


def other(call: Call[object]) -> tuple[Instead[object], ...]:
    return (Instead(frozenset({Outcome.NOT_FOUND, Outcome.UNAUTHORIZED}), call),)


# To the moment


def test_an_answer_at_the_very_end_of_a_calls_time_starts_it_no_more() -> None:
    stage = Stage(SILENCE, config=config(hold=10.0))
    stage.submit(get("/a"), get("/b"))
    stage.now = 10.0
    stage.respond(OK)
    assert stage.log == ["0 GET api.kick.com/a", "10 /a: 'fine'", "10 /b: unreachable"]


def test_an_answer_that_comes_late_starts_the_first_call_that_is_still_in_time() -> None:
    stage = Stage(SILENCE, config=config(hold=10.0))
    stage.submit(get("/a"), get("/b"))
    stage.advance(5.0)
    stage.submit(get("/c"))
    stage.now = 12.0
    stage.respond(OK)
    assert stage.log[1:] == ["12 GET api.kick.com/c", "12 /a: 'fine'", "12 /b: unreachable", "12 /c: 'fine'"]


def test_at_the_very_end_of_a_calls_time_nothing_is_asked_instead() -> None:
    stage = Stage(SILENCE, config=config(hold=10.0))
    stage.submit(get("/a", instead=other(get("/x"))))
    stage.now = 10.0
    stage.respond(answer(404))
    assert stage.log == ["0 GET api.kick.com/a", "10 /a: not found"]


QUICK = config(burst=9.0, backoff=steady(retries=9))
NOW, LATER = answer(429, retry_after="0"), answer(429)


def test_a_429_that_names_no_seconds_at_all_is_followed_at_once_and_counts_all_the_same() -> None:
    stage = Stage(NOW, NOW, LATER, config=QUICK)
    stage.play(get())
    assert stage.starts == [0.0, 0.0, 0.0, 20.0]


def test_an_answer_in_the_moment_of_the_429_before_it_forgets_that_one() -> None:
    stage = Stage(NOW, OK, LATER, config=QUICK)
    stage.play(get("/a"), get("/b"))
    assert stage.starts == [0.0, 0.0, 0.0, 5.0]


def test_a_pause_that_ends_with_the_calls_time_is_not_waited_for() -> None:
    stage = Stage(answer(429, retry_after="20"), config=config(hold=20.0))
    stage.submit(get("/a"))
    assert stage.log == ["0 GET api.kick.com/a", "0 /a: rate limited"]


def test_the_longest_pause_is_waited_for() -> None:
    stage = Stage(answer(429, retry_after="60"), config=config(hold=120.0))
    assert stage.play(get("/a"))[1:] == ["60 GET api.kick.com/a", "60 /a: 'fine'"]


@given(st.floats(0.1, 1e6), st.floats(0.01, 0.98), st.floats(0.3, 3.0))
def test_to_look_at_the_timers_early_does_not_move_them(begin: float, early: float, rate: float) -> None:
    stage = Stage(config=config(rate=rate))
    stage.now = begin
    stage.submit(get("/a"), get("/b"))
    before = stage.client.poll_timeout()
    stage.oversleep(early / rate)
    assert stage.client.poll_timeout() == before


# What is asked instead begins anew


def test_what_is_asked_instead_has_redirects_of_its_own() -> None:
    ways = [moved("/b"), answer(404), moved("/1"), moved("/2"), moved("/3")]
    stage = Stage(*ways)
    log = stage.play(get("/a", redirects=True, instead=other(get("/other", redirects=True))))
    assert log[2:] == [
        "2 GET api.kick.com/other",
        *[f"{number + 2} GET api.kick.com/{number}" for number in (1, 2, 3)],
        "5 /a: 'fine'",
    ]


def test_what_is_asked_instead_and_never_sent_tells_neither_of_the_failure_nor_of_the_token_before() -> None:
    stage = Stage(SILENCE, answer(401), config=config(hold=10.0))
    stage.do(stage.client.set_token, Secret("one"))
    stage.submit(get("/site", Host.SITE), get("/a", auth=Auth.NEEDED, instead=other(get("/x", Host.SITE))))
    stage.advance(10.0)
    (refused,) = stage.refusals
    assert (refused.failure.outcome, refused.credential) == (Outcome.UNREACHABLE, 0)
    assert refused.failure.message == "not sent within 10 s: other calls were before it"
