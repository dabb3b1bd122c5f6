"""Calls over HTTP on a virtual clock: pace, order, retries, pauses, and when it is too late."""

import random
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.endpoints.call import Host
from kick_proto.http import Fetch, Unanswered
from kick_proto.outcomes import Outcome
from kick_proto.pace import Pace
from kick_proto.rest import Client, Config, Refused
from kick_proto.rest.states import LaneState
from kick_proto.testing.world import UNIX_EPOCH
from tests.rest_acts import CUT, NEVER, OK, SILENCE, STEADY, Answer, Stage, answer, config, get, post, steady

# Pace and order


def test_calls_go_in_order_one_a_second() -> None:
    assert Stage().play(get("/a"), get("/b"), get("/c")) == [
        "0 GET api.kick.com/a",
        "0 /a: 'fine'",
        "1 GET api.kick.com/b",
        "1 /b: 'fine'",
        "2 GET api.kick.com/c",
        "2 /c: 'fine'",
    ]


def test_hosts_do_not_wait_for_each_other() -> None:
    stage = Stage(SILENCE)
    stage.submit(*(get("/a", host) for host in Host))
    assert stage.log == [
        "0 GET api.kick.com/a",
        "0 GET kick.com/a",
        "0 /a: 'fine'",
        "0 GET web.kick.com/a",
        "0 /a: 'fine'",
        "0 GET id.kick.com/a",
        "0 /a: 'fine'",
    ]


def test_the_next_call_waits_for_the_reply_of_the_one_before() -> None:
    stage = Stage(SILENCE)
    stage.submit(get("/a"), get("/b"))
    stage.advance(7)
    assert stage.client.lanes[Host.API] is LaneState.FULL
    stage.respond(OK)
    assert stage.log == ["0 GET api.kick.com/a", "7 GET api.kick.com/b", "7 /a: 'fine'", "7 /b: 'fine'"]
    assert stage.client.lanes[Host.API] is LaneState.IDLE


def test_after_a_rest_a_burst_may_go_at_once_and_several_may_be_in_flight() -> None:
    stage = Stage(SILENCE, SILENCE, SILENCE, config=config(burst=2.0, rate=0.5, in_flight=2))
    stage.submit(get("/a"), get("/b"), get("/c"))
    stage.advance(1)
    stage.respond(OK, stage.fetches[1])
    assert stage.client.lanes[Host.API] is LaneState.HELD
    stage.advance(5)
    assert stage.log == ["0 GET api.kick.com/a", "0 GET api.kick.com/b", "1 /b: 'fine'", "2 GET api.kick.com/c"]


anything: st.SearchStrategy[Answer] = st.sampled_from(
    [
        OK,
        OK,
        answer(503),
        answer(404),
        answer(429),
        answer(429, retry_after="0"),
        answer(302, location="/b"),
        CUT,
        NEVER,
    ]
)


@given(
    waits=st.lists(st.floats(0, 3), max_size=15),
    answers=st.lists(anything, max_size=20),
    rate=st.sampled_from([0.3, 1.0, 4.0]),
    burst=st.sampled_from([1.0, 2.0, 3.5]),
    in_flight=st.integers(1, 3),
)
def test_no_window_ever_holds_more_requests_than_it_may(
    waits: list[float], answers: list[Answer], rate: float, burst: float, in_flight: int
) -> None:
    stage = Stage(*answers, config=config(rate=rate, burst=burst, in_flight=in_flight))
    for wait in waits:
        stage.advance(wait)
        stage.submit(get(redirects=True))
    stage.advance(1_000)
    starts = stage.starts
    for first, begin in enumerate(starts):
        for last, end in enumerate(starts[first:], first):
            assert last - first + 1 <= burst + rate * (end - begin) + 1e-6
    assert stage.client.states == {}


@given(st.lists(st.sampled_from([OK, answer(404), answer(429, retry_after="1")]), max_size=12))
def test_without_back_offs_replies_come_in_the_order_of_the_calls(answers: list[Answer]) -> None:
    stage = Stage(*answers, config=config(backoff=steady(retries=9), hold=600.0))
    log = stage.play(*(get(f"/{number}") for number in range(5)))
    assert [line.split()[1] for line in log if ":" in line] == ["/0:", "/1:", "/2:", "/3:", "/4:"]


# Tries that fail, and what follows


def test_four_server_errors_in_a_row_give_up_after_the_third_retry() -> None:
    stage = Stage(*[answer(503)] * 4)
    assert stage.play(get()) == [
        "0 GET api.kick.com/a",
        "1 GET api.kick.com/a",
        "3 GET api.kick.com/a",
        "7 GET api.kick.com/a",
        "7 /a: server error",
    ]
    assert stage.failure.status == 503


def test_a_call_that_backs_off_lets_later_ones_go_first() -> None:
    stage = Stage(answer(500), answer(500), config=config(backoff=steady(2.0)))
    assert stage.play(get("/a"), get("/b"), get("/c"), get("/d")) == [
        "0 GET api.kick.com/a",
        "1 GET api.kick.com/b",
        "2 GET api.kick.com/a",
        "2 /a: 'fine'",
        "3 GET api.kick.com/b",
        "3 /b: 'fine'",
        "4 GET api.kick.com/c",
        "4 /c: 'fine'",
        "5 GET api.kick.com/d",
        "5 /d: 'fine'",
    ]


def test_without_a_bound_tries_end_with_the_time_of_the_call() -> None:
    stage = Stage(*[answer(503)] * 99, config=config(backoff=steady(retries=None)))
    assert stage.play(get())[-1] == "31 /a: server error"
    assert stage.starts == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0]


def test_clients_that_share_a_pace_keep_it_together() -> None:
    pace = Pace(1.0, 1.0)
    one, other = (Client(STEADY, rng=random.Random(7), pace=pace) for _ in range(2))
    one.submit(0.0, get())
    other.submit(0.0, get())
    assert isinstance(one.poll_output(), Fetch)
    assert other.poll_output() is None
    assert other.poll_timeout() == 1.0
    other.handle_timeout(1.0)
    assert isinstance(other.poll_output(), Fetch)


def test_a_back_off_is_drawn_from_the_chance_that_was_given() -> None:
    waits = []
    for _ in range(2):
        stage = Stage(answer(500), config=Config(rate=1_000.0))
        stage.play(get())
        waits.append(stage.starts[1])
    assert waits == [random.Random(7).random()] * 2


def test_a_server_that_fails_and_names_a_time_is_asked_no_earlier() -> None:
    stage = Stage(answer(503, retry_after="9"))
    assert stage.play(get()) == ["0 GET api.kick.com/a", "9 GET api.kick.com/a", "9 /a: 'fine'"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 451])
def test_what_was_answered_is_not_asked_again(status: int) -> None:
    stage = Stage(answer(status))
    assert len(stage.play(get())) == 2
    assert stage.failure.status == status


@pytest.mark.parametrize(
    ("said", "again"),
    [
        pytest.param(answer(500), False, id="server error"),
        pytest.param(CUT, False, id="cut"),
        pytest.param(SILENCE, False, id="silence"),
        pytest.param(NEVER, True, id="never sent"),
        pytest.param(answer(429), True, id="429"),
    ],
)
def test_what_must_not_be_done_twice_is_repeated_only_where_it_surely_was_not_done(said: Answer, again: bool) -> None:
    stage = Stage(said)
    stage.play(post())
    assert len(stage.requests) == 1 + again


@pytest.mark.parametrize("said", [answer(500), CUT, SILENCE, NEVER, answer(429)])
def test_what_may_be_repeated_is_repeated_after_each_of_them(said: Answer) -> None:
    stage = Stage(said)
    assert stage.play(get())[-1].endswith("/a: 'fine'")
    assert len(stage.requests) == 2


def test_an_exchange_without_an_answer_says_why_and_is_kept_short() -> None:
    stage = Stage(SILENCE)
    stage.submit(post())
    stage.client.handle_input(1.0, Unanswered(stage.fetches[0], "access_token=hunter2 " + "x " * 5_000))
    (refused,) = stage.client.take_events()
    assert isinstance(refused, Refused)
    assert refused.failure.outcome is Outcome.UNREACHABLE
    assert len(refused.failure.message) <= 300
    assert "hunter2" not in repr(refused)


def test_an_answer_that_does_not_come_is_given_up_after_the_total_timeout() -> None:
    stage = Stage(SILENCE)
    assert stage.play(post()) == ["0 POST api.kick.com/a", "20 cancel", "20 /a: unreachable"]
    assert stage.failure.message == "no answer within 20 s"


def test_an_answer_that_comes_after_it_was_given_up_is_nobodys() -> None:
    stage = Stage(SILENCE, SILENCE)
    stage.submit(get())
    stage.advance(22)
    stage.respond(answer(200, b'"late"'), stage.fetches[0])
    stage.respond(answer(200, b'"in time"'))
    stage.respond(answer(200, b'"twice"'))
    assert stage.log == ["0 GET api.kick.com/a", "20 cancel", "21 GET api.kick.com/a", "22 /a: 'in time'"]


# Too many requests


def test_after_a_429_that_names_no_time_the_host_is_left_alone_for_5_seconds() -> None:
    assert Stage(answer(429)).play(get("/a"), get("/b"), get("/c", Host.SITE)) == [
        "0 GET api.kick.com/a",
        "0 GET kick.com/c",
        "0 /c: 'fine'",
        "5 GET api.kick.com/a",
        "5 /a: 'fine'",
        "6 GET api.kick.com/b",
        "6 /b: 'fine'",
    ]


@pytest.mark.parametrize("named", ["12", formatdate(UNIX_EPOCH + 12, usegmt=True)], ids=["seconds", "date"])
def test_a_429_is_waited_for_as_long_as_it_says(named: str) -> None:
    stage = Stage(answer(429, retry_after=named))
    assert stage.play(get()) == ["0 GET api.kick.com/a", "12 GET api.kick.com/a", "12 /a: 'fine'"]


def test_each_further_429_in_a_row_doubles_the_pause_and_another_answer_forgets_them() -> None:
    stage = Stage(*[answer(429)] * 3, answer(404), answer(429), config=config(longest_pause=15.0))
    stage.play(get("/a"), get("/b"))
    assert stage.starts == [0.0, 5.0, 15.0, 30.0, 31.0, 36.0]


def test_429s_count_as_tries() -> None:
    stage = Stage(*[answer(429, retry_after="1"), answer(500)] * 2)
    assert stage.play(get())[-1] == "4 /a: server error"
    assert stage.starts == [0.0, 1.0, 3.0, 4.0]


def test_a_429_that_wants_too_long_a_pause_is_final_and_the_host_is_left_alone() -> None:
    stage = Stage(answer(429, retry_after="61"), config=config(hold=100.0))
    assert stage.play(get("/a"), get("/b")) == [
        "0 GET api.kick.com/a",
        "0 /a: rate limited",
        "60 GET api.kick.com/b",
        "60 /b: 'fine'",
    ]
    assert stage.failure.retry_after == 61.0


def test_a_pause_that_a_call_cannot_outlast_is_not_waited_for() -> None:
    stage = Stage(answer(429, retry_after="40"), config=config(hold=30.0))
    assert stage.play(get("/a"), get("/b")) == [
        "0 GET api.kick.com/a",
        "0 /a: rate limited",
        "30 /b: rate limited",
    ]
    assert stage.refusals[1].failure.message == "not sent within 30 s: the server wants a pause"


def test_429s_of_requests_that_were_in_flight_together_count_once() -> None:
    stage = Stage(SILENCE, SILENCE, SILENCE, answer(429), SILENCE, config=config(burst=9.0, rate=9.0, in_flight=3))
    stage.submit(get("/a"), get("/b"), get("/c"))
    stage.advance(1)
    for fetch, said in zip(stage.fetches, [answer(429), answer(429), OK], strict=True):
        stage.respond(said, fetch)
    stage.advance(15)
    assert stage.log == [
        "0 GET api.kick.com/a",
        "0 GET api.kick.com/b",
        "0 GET api.kick.com/c",
        "1 /c: 'fine'",
        "6 GET api.kick.com/a",
        "6 GET api.kick.com/b",
        "16 GET api.kick.com/a",
        "16 /a: 'fine'",
    ]


# Until when


def test_a_call_that_does_not_get_its_turn_within_a_minute_is_refused() -> None:
    stage = Stage(*[SILENCE] * 3)
    assert stage.play(post("/a"), post("/b"), post("/c"), post("/d"))[-2:] == [
        "60 /c: unreachable",
        "60 /d: unreachable",
    ]
    assert stage.refusals[-1].failure.message == "not sent within 60 s: other calls were before it"
    assert len(stage.requests) == 3


def test_a_call_that_has_begun_its_last_try_within_a_minute_is_waited_for() -> None:
    stage = Stage(SILENCE, SILENCE, SILENCE)
    stage.submit(post("/a"), post("/b"))
    stage.advance(1)
    stage.submit(get("/c"))
    assert stage.play()[-4:] == ["40 GET api.kick.com/c", "40 /b: unreachable", "60 cancel", "60 /c: unreachable"]


def test_a_retry_that_would_come_too_late_is_not_waited_for() -> None:
    stage = Stage(answer(503), config=config(hold=1.0))
    assert stage.play(get()) == ["0 GET api.kick.com/a", "0 /a: server error"]


def test_a_retry_that_does_not_get_its_turn_is_refused_with_what_went_wrong_before() -> None:
    stage = Stage(answer(503), SILENCE, config=config(hold=10.0, backoff=steady(2.0)))
    assert stage.play(get("/a"), post("/b")) == [
        "0 GET api.kick.com/a",
        "1 POST api.kick.com/b",
        "10 /a: server error",
        "21 cancel",
        "21 /b: unreachable",
    ]


def test_who_wakes_late_sends_nothing_that_is_too_late() -> None:
    stage = Stage(answer(503), SILENCE)
    stage.submit(get("/a"), post("/b"), post("/c"))
    stage.oversleep(86_400)
    assert stage.log == [
        "0 GET api.kick.com/a",
        "86400 /a: server error",
        "86400 /b: unreachable",
        "86400 /c: unreachable",
    ]


def test_an_answer_after_a_long_sleep_starts_nothing_that_is_too_late() -> None:
    stage = Stage(SILENCE)
    stage.submit(get("/a"), post("/b"))
    stage.now = 86_400.0
    stage.respond(OK)
    assert stage.log == ["0 GET api.kick.com/a", "86400 /a: 'fine'", "86400 /b: unreachable"]
