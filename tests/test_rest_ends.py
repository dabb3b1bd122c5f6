"""How calls end: abandoned, closed, refused, unreadable; never by a raise, and never with a secret."""

import copy
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.errors import LocalProtocolError, NotFound, RemoteProtocolError
from kick_proto.http import Headers, Response
from kick_proto.outcomes import Outcome
from kick_proto.rest import Client, Config, Refs
from kick_proto.rest.states import LaneState, State, Timer
from kick_proto.secret import Secret
from tests.rest_acts import (
    OK,
    SILENCE,
    Answer,
    Lost,
    Stage,
    answer,
    config,
    get,
    moved,
    post,
    steady,
)

# Commands


def brought_to(state: State) -> tuple[Stage, int]:
    """A call of which the host has heard, or not, in that state."""
    stage = Stage(answer(500) if state is State.WAITING else SILENCE, config=config(backoff=steady(9.0)))
    if state is State.QUEUED:
        stage.submit(get("/before"))
    ref = stage.submit(get("/a"))
    assert stage.client.states[ref] is state
    return stage, ref


OPEN = [State.QUEUED, State.IN_FLIGHT, State.WAITING]


@pytest.mark.parametrize("state", OPEN)
def test_a_call_that_is_abandoned_is_heard_of_no_more(state: State) -> None:
    stage, ref = brought_to(state)
    before = len(stage.log)
    stage.do(stage.client.abandon, ref)
    stage.do(stage.client.abandon, ref)
    assert stage.log[before:] == (["0 cancel"] if state is State.IN_FLIGHT else [])
    assert ref not in stage.client.states
    assert not stage.client.timers_of(ref)
    log = stage.play(get("/next"))
    assert [line for line in log if "/a:" in line] == []
    assert [line for line in log if line.endswith("/next: 'fine'")] != []


def test_the_next_call_goes_in_the_place_of_one_that_is_abandoned() -> None:
    stage = Stage(SILENCE)
    ref = stage.submit(get("/a"))
    stage.submit(get("/b"))
    stage.advance(2)
    stage.do(stage.client.abandon, ref)
    assert stage.log == ["0 GET api.kick.com/a", "2 cancel", "2 GET api.kick.com/b", "2 /b: 'fine'"]


def test_where_all_that_waited_is_abandoned_nothing_is_waited_for() -> None:
    stage = Stage()
    stage.submit(get("/a"))
    ref = stage.submit(get("/b"))
    assert stage.client.poll_timeout() == 1.0
    stage.do(stage.client.abandon, ref)
    assert stage.client.poll_timeout() is None


@pytest.mark.parametrize("state", OPEN)
def test_closing_refuses_what_is_open(state: State) -> None:
    stage, ref = brought_to(state)
    before = len(stage.log)
    stage.do(stage.client.close)
    stage.do(stage.client.close)
    assert (
        stage.log[before:]
        == {
            State.QUEUED: ["0 cancel", "0 /before: unreachable", "0 /a: unreachable"],
            State.IN_FLIGHT: ["0 cancel", "0 /a: unreachable"],
            State.WAITING: ["0 /a: unreachable"],
        }[state]
    )
    assert stage.refusals[-1].ref == ref
    assert stage.client.closed
    assert stage.client.poll_timeout() is None


def test_a_client_that_is_closed_takes_no_call_and_lets_the_rest_be() -> None:
    stage = Stage()
    stage.do(stage.client.close)
    with pytest.raises(LocalProtocolError, match=r"^cannot submit: this client is closed; make a new one$"):
        stage.submit(get())
    stage.do(stage.client.set_token, Secret("old"))
    stage.do(stage.client.abandon, 1)
    assert stage.log == []


def test_so_many_calls_may_be_open_and_no_more() -> None:
    stage = Stage(SILENCE, config=config(max_queued=2))
    stage.submit(get("/a"), get("/b"))
    with pytest.raises(LocalProtocolError, match="2 calls are open already"):
        stage.submit(get("/c"))
    stage.respond(OK)
    stage.submit(get("/c"))
    assert stage.play()[-1] == "2 /c: 'fine'"


def test_a_timeout_before_its_time_changes_nothing() -> None:
    stage = Stage(SILENCE)
    stage.submit(get())
    stage.oversleep(19.9)
    assert stage.client.poll_timeout() == 20.0
    assert stage.client.wants_input
    assert stage.log == ["0 GET api.kick.com/a"]


def test_a_new_client_is_open_and_its_hosts_have_nothing_to_do() -> None:
    client = Client(rng=random.Random(7))
    assert client.closed is False
    assert client.lanes == dict.fromkeys(Host, LaneState.IDLE)
    assert (client.states, client.poll_timeout()) == ({}, None)


def test_each_timer_that_runs_is_seen_with_the_call_or_the_host_that_it_is_for() -> None:
    stage = Stage(answer(500), SILENCE, config=config(backoff=steady(9.0), in_flight=2))
    failed, flying, queued = (stage.submit(get(path)) for path in ("/a", "/b", "/c"))
    stage.advance(1)
    assert stage.client.timers_of(failed) == {Timer.HOLD, Timer.RETRY}
    assert stage.client.timers_of(flying) == {Timer.ANSWER}
    assert stage.client.timers_of(queued) == {Timer.HOLD}
    assert stage.client.timers_of(Host.API) == {Timer.GO}
    assert stage.client.timers_of(Host.SITE) == frozenset()


def test_events_can_be_taken_one_by_one() -> None:
    client = Client(rng=random.Random(7))
    refs = [client.submit(0.0, get(auth=Auth.NEEDED)) for _ in range(2)]
    taken = [client.poll_event(), client.poll_event(), client.poll_event()]
    assert [each and each.ref for each in taken] == [*refs, None]


def test_machines_that_share_their_refs_take_none_of_each_others_answers() -> None:
    refs = Refs()
    one, other = (Client(rng=random.Random(7), refs=refs) for _ in range(2))
    given = [client.submit(0.0, get()) for client in (one, other, one)]
    fetched = [client.poll_output() for client in (one, other)]
    seen = {*given, *(output.ref for output in fetched if output is not None)}
    assert seen == {1, 2, 3, 4, 5}
    assert copy.deepcopy(refs).next() == refs.next()


# Answers that are no success although they say so


def raising(error: Exception) -> Call[object]:
    def parse(response: Response) -> object:
        raise error

    return get(parse=parse)


@pytest.mark.parametrize(
    ("error", "outcome", "told"),
    [
        (RemoteProtocolError("no id"), Outcome.BAD_RESPONSE, "HTTP 200, bad response: it cannot be read: no id"),
        (msgspec.ValidationError("odd"), Outcome.BAD_RESPONSE, "HTTP 200, bad response: it cannot be read: odd"),
        (KeyError("id"), Outcome.BAD_RESPONSE, "HTTP 200, bad response: it cannot be read: 'id'"),
        (RecursionError(), Outcome.BAD_RESPONSE, "HTTP 200, bad response: it cannot be read: RecursionError"),
        (NotFound("no such channel", status=200), Outcome.NOT_FOUND, "no such channel"),
    ],
)
def test_a_parser_may_raise(error: Exception, outcome: Outcome, told: str) -> None:
    stage = Stage()
    assert stage.play(raising(error)) == ["0 GET api.kick.com/a", f"0 /a: {outcome.value}"]
    assert (stage.failure.message, stage.failure.status) == (told, 200)


def test_the_code_of_a_parser_that_says_not_found_is_kept() -> None:
    stage = Stage()
    stage.play(raising(NotFound("no such channel", status=200, code="gone")))
    assert stage.failure.code == "gone"


def test_what_a_parser_says_is_kept_short_and_without_secrets() -> None:
    stage = Stage()
    stage.play(raising(ValueError("access_token=hunter2 " + "x " * 5_000)))
    assert len(stage.failure.message) < 400
    assert "hunter2" not in repr(stage.refusals)


def test_of_what_a_parser_says_only_the_beginning_is_read() -> None:
    stage = Stage()
    stage.play(raising(ValueError("no id, but token=" + "x" * 1_250 + " and more")))
    assert stage.failure.message == "HTTP 200, bad response: it cannot be read: no id, but token="


TOO_LARGE = (
    "HTTP 200, bad response: the answer is larger than max_body, and {} bytes of it were read: ask for less at a time, "
    "or set max_body higher"
)


@pytest.mark.parametrize(("size", "end"), [(8, "'ffffff'"), (9, "bad response")])
def test_an_answer_is_read_up_to_its_limit(size: int, end: str) -> None:
    stage = Stage(answer(200, b'"' + b"f" * (size - 2) + b'"'), config=config(max_body=8))
    assert stage.play(get())[-1] == f"0 /a: {end}"
    told = [refused.failure.message for refused in stage.refusals]
    assert told in ([], [TOO_LARGE.format(9)])


def test_what_was_cut_is_not_asked_for_again() -> None:
    stage = Stage(Response(200, (), b'"fine', cut=True), config=config(backoff=steady(1.0)))
    assert stage.play(get()) == ["0 GET api.kick.com/a", "0 /a: bad response"]
    assert stage.failure.message == TOO_LARGE.format(5)


def test_an_error_that_was_cut_is_what_its_status_says() -> None:
    stage = Stage(Response(500, (), b"oh", cut=True), answer(200, b'"fine"'), config=config(backoff=steady(1.0)))
    assert stage.play(get())[-1].endswith("/a: 'fine'")


def test_a_page_of_the_edge_is_not_asked_for_again() -> None:
    page = Response(403, (("content-type", "text/html"),), b"<!DOCTYPE html><html><title>Just a moment...</title>")
    assert Stage(page).play(get(host=Host.SITE)) == ["0 GET kick.com/a", "0 /a: blocked by the edge"]


def test_a_page_of_the_edge_is_no_redirect_whatever_its_status() -> None:
    page = answer(302, b"", location="/b", cf_mitigated="challenge")
    assert Stage(page).play(get(redirects=True)) == ["0 GET api.kick.com/a", "0 /a: blocked by the edge"]


def test_a_status_that_is_neither_success_nor_redirect_nor_error_is_a_bad_response() -> None:
    stage = Stage(answer(304, b""))
    stage.play(get(redirects=True))
    assert stage.failure.message == "HTTP 304, bad response"


names = st.sampled_from(["retry-after", "location", "content-type", "cf-mitigated", "x"])
values = st.sampled_from(["text/html", "/b", "https://", "http://[", "1e9", "9" * 400, "Fri, 32 Foo", "-1"]) | st.text()
headers: st.SearchStrategy[Headers] = st.lists(st.tuples(names, values), max_size=4).map(tuple)
statuses = st.sampled_from([-1, 0, 101, 200, 204, 302, 304, 308, 401, 403, 404, 429, 500, 599, 999]) | st.integers()
bodies = st.binary(max_size=50) | st.sampled_from(
    [b"[" * 9_000, b'{"error":{}}', b'{"errors":{"a":[1]}}', b"\xff", b"NaN"]
)
hostile: st.SearchStrategy[Answer] = st.builds(Response, statuses, headers, bodies) | st.builds(Lost, st.booleans())


@given(st.lists(hostile, max_size=12))
def test_nothing_that_is_answered_raises_and_every_call_has_one_end(answers: list[Answer]) -> None:
    stage = Stage(*answers)
    log = stage.play(*(get(f"/{number}", host, redirects=True) for number, host in enumerate(Host)), post("/4"))
    assert sorted(line.split()[1] for line in log if ":" in line.split()[1]) == ["/0:", "/1:", "/2:", "/3:", "/4:"]


# Secrets and configuration


def test_no_secret_is_seen_in_what_a_client_puts_out() -> None:
    stage = Stage(answer(500, b'{"access_token":"hunter2"}'), moved("/b?token=hunter2"), answer(401, b"token=hunter2"))
    stage.do(stage.client.set_token, Secret("hunter2"))
    secret = Secret("hunter2")
    stage.play(
        get(auth=Auth.NEEDED, redirects=True, query=(("key", secret),)),
        post("/b", bearer=secret, form=(("code", secret),)),
    )
    assert len(stage.requests) == 4
    seen = repr((stage.requests, stage.refusals, stage.client, vars(stage.client)))
    assert "hunter2" not in seen


def test_a_configuration_may_be_quick_and_pause_for_one_time_only() -> None:
    config = Config(pause=0.5, longest_pause=0.5)
    assert (config.pause, config.longest_pause) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rate": 0.0}, "rate"),
        ({"burst": 0.5}, "burst"),
        ({"in_flight": 0}, "in_flight"),
        ({"max_queued": 0}, "max_queued"),
        ({"max_body": 0}, "max_body"),
        ({"pause": 0.0}, "pause"),
        ({"pause": 90.0}, "longest_pause"),
        ({"hold": 0.0}, "hold"),
        ({"hold": float("inf")}, "hold"),
        ({"hold": float("nan")}, "hold"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(changes: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Config(**changes)  # type: ignore[arg-type]
