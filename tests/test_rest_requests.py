"""What a client sends: headers, tokens, and another call in the place of one that failed."""

import pytest

from kick_proto.endpoints.call import Auth, Host, Instead, Sites
from kick_proto.errors import NotFound
from kick_proto.http import Response, Timeouts
from kick_proto.outcomes import Outcome
from kick_proto.rest.requests import AGENT, BROWSER
from kick_proto.rest.states import State
from kick_proto.secret import Secret
from tests.rest_acts import SILENCE, Answer, Stage, answer, config, get, moved, post, steady

# What is sent


def test_a_call_becomes_a_request_to_its_host() -> None:
    stage = Stage(config=config(sites=Sites(api="http://[::1]:8080"), max_body=99, timeouts=Timeouts(1.0, 2.0, 3.0)))
    stage.submit(
        post("/v1/x", query=(("a", "1"), ("a", "2")), body=b"{}", headers=(("content-type", "application/json"),))
    )
    (request,) = stage.requests
    assert (request.method, request.url(), request.content()) == ("POST", "http://[::1]:8080/v1/x?a=1&a=2", b"{}")
    assert dict(request.header_lines())["content-type"] == "application/json"
    assert (request.max_body, request.timeouts) == (99, Timeouts(1.0, 2.0, 3.0))


def test_a_form_is_sent_as_it_is() -> None:
    stage = Stage()
    stage.submit(post(host=Host.ID, form=(("code", Secret("hunter2")),)))
    assert stage.requests[0].content() == b"code=hunter2"


@pytest.mark.parametrize("host", [Host.SITE, Host.WEB])
def test_the_site_is_asked_in_a_browsers_words(host: Host) -> None:
    stage = Stage()
    stage.submit(get(host=host))
    assert dict(stage.requests[0].header_lines()) == {
        "user-agent": BROWSER,
        "accept": "application/json",
        "accept-language": "en-US,en;q=0.9",
        "referer": "https://kick.com/",
    }


@pytest.mark.parametrize("host", [Host.API, Host.ID])
def test_the_official_servers_are_told_who_asks(host: Host) -> None:
    stage = Stage()
    stage.submit(get(host=host))
    assert dict(stage.requests[0].header_lines()) == {"user-agent": AGENT, "accept": "application/json"}


def test_headers_of_the_configuration_go_before_those_of_the_host_and_the_calls_before_both() -> None:
    stage = Stage(config=config(headers=(("user-agent", "mine"), ("accept", "x/y"), ("x-more", "1"))))
    stage.submit(get(headers=(("accept", "text/plain"),)))
    assert stage.requests[0].header_lines() == [("user-agent", "mine"), ("x-more", "1"), ("accept", "text/plain")]


# Tokens

OLD, NEW, OWN = Secret("old"), Secret("new"), Secret("own")


def authorization(stage: Stage) -> list[str | None]:
    return [dict(request.header_lines()).get("authorization") for request in stage.requests]


@pytest.mark.parametrize(
    ("auth", "bearer", "sent", "credential"),
    [
        (Auth.NONE, None, None, 0),
        (Auth.OPTIONAL, None, "Bearer old", 1),
        (Auth.NEEDED, None, "Bearer old", 1),
        (Auth.NONE, OWN, "Bearer own", 0),
        (Auth.NEEDED, OWN, "Bearer own", 0),
    ],
)
def test_the_token_goes_with_the_calls_that_want_it(
    auth: Auth, bearer: Secret | None, sent: str | None, credential: int
) -> None:
    stage = Stage(answer(403))
    stage.do(stage.client.set_token, OLD)
    stage.submit(get(auth=auth, bearer=bearer))
    assert authorization(stage) == [sent]
    assert stage.refusals[0].credential == credential


def test_without_a_token_a_call_that_needs_one_is_refused_at_once_and_others_go() -> None:
    stage = Stage(answer(404))
    stage.submit(
        get("/a", auth=Auth.NEEDED), get("/b", auth=Auth.OPTIONAL), get("/c", Host.SITE, auth=Auth.NEEDED, bearer=OWN)
    )
    assert stage.log == [
        "0 /a: unauthorized",
        "0 GET api.kick.com/b",
        "0 /b: not found",
        "0 GET kick.com/c",
        "0 /c: 'fine'",
    ]
    assert [refused.credential for refused in stage.refusals] == [0, 0]
    assert stage.refusals[0].failure.message.endswith("log in first")


def test_a_token_that_was_set_between_two_tries_is_used_for_the_second() -> None:
    stage = Stage(answer(500), answer(401))
    stage.do(stage.client.set_token, OLD)
    stage.submit(get(auth=Auth.NEEDED))
    stage.do(stage.client.set_token, NEW)
    stage.advance(9)
    assert authorization(stage) == ["Bearer old", "Bearer new"]
    assert stage.refusals[0].credential == stage.client.credential == 2


def test_when_the_token_is_taken_away_calls_that_need_it_are_refused_and_those_in_flight_are_waited_for() -> None:
    stage = Stage(answer(500), SILENCE, config=config(backoff=steady(3.0)))
    stage.do(stage.client.set_token, OLD)
    stage.submit(*(get(path, auth=Auth.NEEDED) for path in ("/a", "/b", "/c")), get("/d"))
    stage.advance(1)
    assert list(stage.client.states.values()) == [State.WAITING, State.IN_FLIGHT, State.QUEUED, State.QUEUED]
    stage.do(stage.client.set_token, None)
    assert stage.log[-2:] == ["1 /a: unauthorized", "1 /c: unauthorized"]
    stage.respond(answer(429))
    assert stage.log[-1] == "1 /b: unauthorized"
    assert stage.play()[-1] == "6 /d: 'fine'"


# Another call in the place of one that failed

NOWHERE = frozenset({Outcome.NOT_FOUND})


def test_what_is_not_found_is_asked_once_and_then_by_its_other_name() -> None:
    other = get("/a-b", Host.SITE)
    call = get(
        "/a_b", Host.SITE, instead=(Instead(frozenset({Outcome.FORBIDDEN}), get("/no")), Instead(NOWHERE, other))
    )
    assert Stage(answer(404), answer(404)).play(call) == [
        "0 GET kick.com/a_b",
        "1 GET kick.com/a-b",
        "1 /a_b: not found",
    ]
    assert Stage(answer(404)).play(call)[-1] == "1 /a_b: 'fine'"
    assert Stage().play(call) == ["0 GET kick.com/a_b", "0 /a_b: 'fine'"]
    assert Stage(answer(422)).play(call) == ["0 GET kick.com/a_b", "0 /a_b: rejected"]


def test_an_alternative_has_tries_of_its_own_and_may_be_at_another_host() -> None:
    official = Instead(frozenset({Outcome.SERVER_ERROR}), get("/b", auth=Auth.OPTIONAL))
    stage = Stage(*[answer(500)] * 5)
    stage.do(stage.client.set_token, OLD)
    assert stage.play(get("/a", Host.SITE, instead=(official,)))[4:] == [
        "7 GET api.kick.com/b",
        "8 GET api.kick.com/b",
        "8 /a: 'fine'",
    ]


def test_an_alternative_that_needs_a_token_is_refused_without_one_and_may_have_alternatives_itself() -> None:
    last = Instead(frozenset({Outcome.UNAUTHORIZED}), get("/c"))
    for instead, end in (((), "0 /a: unauthorized"), ((last,), "1 /a: 'fine'")):
        needed = get("/b", auth=Auth.NEEDED, instead=instead)
        assert Stage(answer(404)).play(get("/a", instead=(Instead(NOWHERE, needed),)))[-1] == end


def parse(response: Response) -> object:
    raise NotFound("no such channel", status=200) if response.body == b"null" else ValueError("odd")


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(answer(200, b"null"), id="nothing"),
        pytest.param(answer(200, b"odd"), id="odd"),
        pytest.param(answer(200, b"n" * 99), id="too large"),
        pytest.param(moved("https://evil.example/"), id="a redirect elsewhere"),
    ],
)
def test_an_alternative_is_asked_where_the_answer_is_of_no_use(said: Answer) -> None:
    other = Instead(frozenset({Outcome.NOT_FOUND, Outcome.BAD_RESPONSE}), get("/b"))
    stage = Stage(said, config=config(max_body=10))
    assert stage.play(get(parse=parse, redirects=True, instead=(other,)))[-1] == "1 /a: 'fine'"


def test_no_alternative_is_begun_after_the_time_of_the_call() -> None:
    call = get(instead=(Instead(frozenset({Outcome.UNREACHABLE}), get("/b")),))
    stage = Stage(SILENCE, config=config(hold=10.0))
    assert stage.play(call) == ["0 GET api.kick.com/a", "20 cancel", "20 /a: unreachable"]
    assert stage.failure.message == "no answer within 20 s"


def test_an_alternative_goes_its_own_way_where_the_first_was_redirected() -> None:
    call = get(redirects=True, instead=(Instead(NOWHERE, get("/b")),))
    assert Stage(moved("/elsewhere"), answer(404)).play(call) == [
        "0 GET api.kick.com/a",
        "1 GET api.kick.com/elsewhere",
        "2 GET api.kick.com/b",
        "2 /a: 'fine'",
    ]


OTHERWISE = Instead(frozenset({Outcome.UNAUTHORIZED}), get("/c", Host.SITE))


def test_a_call_that_needs_a_token_may_have_an_alternative_that_needs_none() -> None:
    log = ["0 GET kick.com/c", "0 /a: 'fine'"]
    assert Stage().play(get("/a", auth=Auth.NEEDED, instead=(OTHERWISE,))) == log


@pytest.mark.parametrize(
    ("said", "asked_at"),
    [
        pytest.param(moved("/b"), 1, id="redirected"),
        pytest.param(answer(429), 1, id="paused"),
        pytest.param(answer(500), 2, id="failed"),
    ],
)
def test_a_call_whose_token_is_taken_away_in_flight_may_have_an_alternative_when_it_comes_to_ask_again(
    said: Response, asked_at: float
) -> None:
    stage = Stage(SILENCE)
    stage.do(stage.client.set_token, OLD)
    stage.submit(get("/a", auth=Auth.NEEDED, redirects=True, instead=(OTHERWISE,)))
    stage.do(stage.client.set_token, None)
    stage.advance(1)
    stage.respond(said)
    assert stage.play()[1:] == [f"{asked_at} GET kick.com/c", f"{asked_at} /a: 'fine'"]


@pytest.mark.parametrize(
    ("said", "path"), [pytest.param(SILENCE, "/b", id="queued"), pytest.param(answer(500), "/a", id="waiting")]
)
def test_a_call_whose_token_is_taken_away_may_have_an_alternative(said: Answer, path: str) -> None:
    stage = Stage(said)
    stage.do(stage.client.set_token, OLD)
    stage.submit(get("/a", auth=Auth.NEEDED, instead=(OTHERWISE,)), get("/b", auth=Auth.NEEDED, instead=(OTHERWISE,)))
    stage.do(stage.client.set_token, None)
    assert stage.log[:3] == ["0 GET api.kick.com/a", "0 GET kick.com/c", f"0 {path}: 'fine'"]
