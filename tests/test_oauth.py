"""A grant: logins, refreshes, revocations, and what ends them, on a virtual clock."""

import copy
import itertools
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto import rest
from kick_proto.endpoints.call import Sites
from kick_proto.endpoints.oauth import App, Introspection, Place
from kick_proto.errors import LocalProtocolError
from kick_proto.http import Response
from kick_proto.machine import Cancel
from kick_proto.oauth import Config, Grant
from kick_proto.oauth.events import (
    Declined,
    Introspected,
    Issued,
    Lost,
    Refreshed,
    Revoked,
    Unintrospected,
    Unrefreshed,
    Unrevoked,
)
from kick_proto.oauth.states import ARMED, TRANSITIONS, Signal, State, Timer
from kick_proto.outcomes import Outcome
from kick_proto.secret import Secret
from kick_proto.testing.world import UNIX_EPOCH
from kick_proto.tokens import TokenSet
from tests.exchanges import CUT, ENTROPY, NEVER, SILENCE, Exchanges, Kick, error

APP = App(client_id="app-1", client_secret=Secret("s3cret"), scopes=("user:read", "chat:write"))
STORED = TokenSet(
    access_token=Secret("access-0"),
    refresh_token=Secret("refresh-0"),
    issued_at=datetime.fromtimestamp(UNIX_EPOCH, UTC),
    expires_at=datetime.fromtimestamp(UNIX_EPOCH + 7_200, UTC),
    scopes=("user:read",),
)
APPS_OWN = msgspec.structs.replace(STORED, refresh_token=None, kind="app", scopes=())


def fresh(config: Config | None = None, app: App | None = APP, kick: Kick | None = None) -> tuple[Grant, Exchanges]:
    grant = Grant(app, config, rng=random.Random(7))
    return grant, Exchanges(grant, kick if kick is not None else Kick())


def holding(tokens: TokenSet = STORED, **more: Any) -> tuple[Grant, Exchanges]:
    grant, world = fresh(**more)
    world.kick.valid.add("access-0")
    world.kick.refreshing.add("refresh-0")
    world.call(grant.adopt, tokens, world.unix_now)
    return grant, world


def log_in(grant: Grant, world: Exchanges) -> list[Any]:
    url = world.call(grant.begin, entropy=ENTROPY)
    world.call(grant.answer, world.kick.authorize(url))
    return world.events()


def forms(world: Exchanges) -> list[dict[str, str]]:
    return [dict(parse_qsl(request.content().decode())) for _, request in world.fetches]


# The login.


def test_a_login_gives_tokens_that_are_used_when_they_are_stored() -> None:
    grant, world = fresh()
    (issued,) = log_in(grant, world)
    assert issued == Issued(
        TokenSet(
            access_token=Secret("access-1"),
            refresh_token=Secret("refresh-1"),
            issued_at=datetime.fromtimestamp(UNIX_EPOCH, UTC),
            expires_at=datetime.fromtimestamp(UNIX_EPOCH + 7_200, UTC),
            scopes=("user:read", "chat:write"),
        )
    )
    assert (grant.state, grant.tokens) == (State.STORING, None)
    world.call(grant.stored, issued.tokens)
    assert (grant.state, grant.tokens) == (State.HELD, issued.tokens)
    (asked,) = forms(world)
    assert asked["code_verifier"] not in urlsplit(grant.begin(1.0, entropy=ENTROPY)).query


def test_the_url_leads_to_the_server_of_the_configuration_and_so_does_the_exchange() -> None:
    config = Config(rest=rest.Config(sites=Sites(id="http://localhost:9999")))
    grant, world = fresh(config, app=App(client_id="app-1"))
    assert world.call(grant.begin, entropy=ENTROPY).startswith("http://localhost:9999/oauth/authorize?")
    log_in(grant, world)
    ((_, request),) = world.fetches
    assert request.address == "http://localhost:9999/oauth/token"
    assert b"client_secret" not in request.content()


def test_a_server_that_names_no_scopes_gave_those_that_were_asked_for() -> None:
    grant, world = fresh()
    world.kick.faults.append(Response(200, (), b'{"access_token":"a"}'))
    (issued,) = log_in(grant, world)
    assert issued.tokens.scopes == APP.scopes


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("code=c&state=other", "state_mismatch"),
        ("error=access_denied&error_description=no", "access_denied"),
        ("code=c&code=c", "repeated_parameter"),
        ("", "state_mismatch"),
    ],
)
def test_an_answer_without_a_code_declines_and_asks_nobody(query: str, code: str) -> None:
    grant, world = fresh()
    world.call(grant.begin, entropy=ENTROPY)
    world.call(grant.answer, query)
    (declined,) = world.events()
    assert isinstance(declined, Declined)
    assert declined.code == code
    assert (grant.state, world.fetches, grant.poll_timeout()) == (State.EMPTY, [], None)


def test_only_the_first_answer_counts() -> None:
    grant, world = fresh()
    url = world.call(grant.begin, entropy=ENTROPY)
    answer = world.kick.authorize(url)
    world.call(grant.answer, answer)
    for late in (answer, "error=access_denied", ""):
        world.call(grant.answer, late)
    world.advance(3_600)
    assert [type(event) for event in world.events()] == [Issued, Unrefreshed]
    assert world.kick.asked == ["authorization_code"]


def test_a_login_awaits_one_answer_and_only_in_time() -> None:
    grant, world = fresh()
    awaited = [grant.awaits_answer]
    url = world.call(grant.begin, entropy=ENTROPY)
    awaited.append(grant.awaits_answer)
    world.call(grant.answer, world.kick.authorize(url))
    awaited.append(grant.awaits_answer)
    world.call(grant.begin, entropy=ENTROPY)
    awaited.append(grant.awaits_answer)
    world.advance(600.0)
    assert [*awaited, grant.awaits_answer] == [False, True, False, True, False]


def test_an_answer_to_nothing_is_the_callers_mistake() -> None:
    grant, world = fresh()
    with pytest.raises(LocalProtocolError, match="no login was begun"):
        world.call(grant.answer, "code=c&state=s")


def test_a_login_that_nobody_answers_is_over_after_ten_minutes() -> None:
    grant, world = fresh()
    url = world.call(grant.begin, entropy=ENTROPY)
    world.advance(599.0)
    assert world.events() == []
    world.advance(1.0)
    assert world.events() == [Declined("timeout", "nobody came back from the browser within 600 s")]
    world.call(grant.answer, world.kick.authorize(url))
    assert (world.events(), world.fetches) == ([], [])


def test_a_second_login_takes_the_place_of_the_first() -> None:
    grant, world = fresh()
    first = world.kick.authorize(world.call(grant.begin, entropy=ENTROPY))
    world.advance(500.0)
    second = world.call(grant.begin, entropy=random.Random(8).randbytes(64))
    world.advance(500.0)
    assert world.events() == []
    world.call(grant.answer, first)
    (declined,) = world.events()
    assert declined.code == "state_mismatch"
    assert "state=" in second


def test_a_login_that_is_begun_anew_gives_up_the_exchange_of_the_one_before() -> None:
    grant, world = fresh()
    world.kick.faults.append(SILENCE)
    log_in(grant, world)
    (issued,) = log_in(grant, world) or advanced(world, 5.0)
    assert isinstance(issued, Issued)
    assert [output for _, output in world.outputs if isinstance(output, Cancel)] != []


def advanced(world: Exchanges, seconds: float) -> list[Any]:
    world.advance(seconds)
    return world.events()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (error(400, "invalid_grant", "it was used"), "invalid_grant"),
        (error(400, "Invalid request"), "rejected"),
        (error(401, "invalid_client"), "invalid_client"),
        (error(503, "x y"), "server_error"),
        (Response(200, (), b"{}"), "bad_response"),
        (Response(403, (("content-type", "text/html"),), b"<html>"), "edge_blocked"),
        (CUT, "unreachable"),
        (SILENCE, "unreachable"),
    ],
)
def test_an_exchange_that_fails_declines_and_is_not_repeated(fault: Any, code: str) -> None:
    grant, world = fresh()
    world.kick.faults.append(fault)
    events = log_in(grant, world) or advanced(world, 3_600)
    (declined,) = events
    assert isinstance(declined, Declined)
    assert declined.code == code
    assert world.kick.asked == ["authorization_code"]


def test_an_exchange_that_never_left_is_tried_again() -> None:
    grant, world = fresh()
    world.kick.faults += [NEVER, NEVER]
    log_in(grant, world)
    assert [type(event) for event in advanced(world, 60)][:1] == [Issued]
    assert world.kick.asked == ["authorization_code"] * 3


def test_a_wrong_verifier_is_declined() -> None:
    grant, world = fresh()
    answer = world.kick.authorize(world.call(grant.begin, entropy=ENTROPY))
    other = parse_qs(urlsplit(world.call(grant.begin, entropy=ENTROPY[::-1])).query)["state"][0]
    world.call(grant.answer, answer.partition("&")[0] + f"&state={other}")
    (declined,) = world.events()
    assert declined.code == "invalid_grant"


def test_a_login_while_there_are_tokens_leaves_them_in_use_until_it_is_stored() -> None:
    grant, world = holding()
    (issued,) = log_in(grant, world)
    assert grant.tokens == STORED
    world.call(grant.stored, issued.tokens)
    assert grant.tokens == issued.tokens


# Storing.


def test_tokens_that_nobody_stores_are_not_used_but_told_again() -> None:
    grant, world = holding()
    world.call(grant.refresh)
    (refreshed,) = world.events()
    world.advance(29.0)
    world.call(grant.refresh)
    assert world.events() == []
    world.advance(1.0)
    (unrefreshed,) = world.events()
    assert isinstance(unrefreshed, Unrefreshed)
    assert "not stored within 30 s" in unrefreshed.failure.message
    assert (grant.state, grant.tokens) == (State.UNSTORED, STORED)
    world.call(grant.refresh)
    assert (world.events(), grant.state) == ([refreshed], State.STORING)
    world.call(grant.stored, refreshed.tokens)
    assert (grant.tokens, world.kick.asked) == (refreshed.tokens, ["refresh_token"])


def test_tokens_that_are_stored_late_are_used_all_the_same() -> None:
    grant, world = holding()
    world.call(grant.refresh)
    (refreshed,) = world.events()
    world.advance(60.0)
    world.call(grant.stored, refreshed.tokens)
    assert (grant.state, grant.tokens) == (State.HELD, refreshed.tokens)


def test_storing_tokens_that_have_been_replaced_changes_nothing() -> None:
    grant, world = holding()
    world.call(grant.refresh)
    (refreshed,) = world.events()
    log_in(grant, world)
    advanced(world, 2.0)
    world.call(grant.stored, refreshed.tokens)
    assert (grant.state, grant.tokens) == (State.STORING, STORED)


def test_tokens_that_another_process_stored_first_take_the_place_of_ours() -> None:
    grant, world = holding()
    world.call(grant.refresh)
    (refreshed,) = world.events()
    theirs = msgspec.structs.replace(STORED, access_token=Secret("theirs"))
    world.call(grant.adopt, theirs, world.unix_now)
    world.call(grant.stored, refreshed.tokens)
    assert (grant.state, grant.tokens, grant.poll_timeout()) == (State.HELD, theirs, None)


def test_tokens_of_another_process_end_our_own_refresh() -> None:
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    world.call(grant.refresh)
    theirs = msgspec.structs.replace(STORED, access_token=Secret("theirs"))
    world.call(grant.adopt, theirs, world.unix_now)
    assert isinstance(world.outputs[-1][1], Cancel)
    world.respond(world.outputs[0][1].ref, Response(200, (), b'{"access_token":"late"}'))
    assert (world.events(), grant.state, grant.tokens) == ([], State.HELD, theirs)


def test_a_login_does_not_wait_for_a_refresh_that_hangs_and_ends_it() -> None:
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    world.call(grant.refresh)
    log_in(grant, world)
    (issued,) = advanced(world, 1.0)
    assert isinstance(issued, Issued)
    assert isinstance(world.outputs[-1][1], Cancel)
    assert world.kick.asked == ["refresh_token", "authorization_code"]


# Refreshing.


def test_a_refresh_renews_both_tokens() -> None:
    grant, world = holding()
    world.advance(7_000.0)
    world.call(grant.refresh)
    (refreshed,) = world.events()
    assert isinstance(refreshed, Refreshed)
    assert refreshed.tokens.access_token == Secret("access-1")
    assert refreshed.tokens.refresh_token == Secret("refresh-1")
    assert refreshed.tokens.expires_at == datetime.fromtimestamp(UNIX_EPOCH + 7_000 + 7_200, UTC)
    assert forms(world)[0]["refresh_token"] == "refresh-0"


def test_what_a_refresh_does_not_say_anew_holds_on() -> None:
    until = STORED.issued_at + timedelta(days=30)
    grant, world = holding(msgspec.structs.replace(STORED, refresh_expires_at=until))
    world.kick.faults.append(Response(200, (), b'{"access_token":"a","expires_in":"60"}'))
    world.call(grant.refresh)
    (refreshed,) = world.events()
    assert refreshed.tokens == TokenSet(
        access_token=Secret("a"),
        refresh_token=STORED.refresh_token,
        issued_at=STORED.issued_at,
        expires_at=STORED.issued_at + timedelta(minutes=1),
        refresh_expires_at=until,
        scopes=STORED.scopes,
    )


def test_only_one_refresh_runs_at_a_time() -> None:
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    for _ in range(3):
        world.call(grant.refresh)
    assert (world.kick.asked, grant.state) == (["refresh_token"], State.REFRESHING)


def test_a_refresh_that_times_out_is_tried_again_with_the_same_token() -> None:
    grant, world = holding(config=Config(rest=rest.Config(hold=600.0)))
    world.kick.faults += [SILENCE] * 3
    world.call(grant.refresh)
    assert [type(event) for event in advanced(world, 200.0)] == [Refreshed, Unrefreshed]
    assert [each["refresh_token"] for each in forms(world)] == ["refresh-0"] * 4


def test_a_refresh_that_times_out_each_time_loses_nobody_the_login() -> None:
    grant, world = holding()
    world.kick.faults += [SILENCE] * 9
    world.call(grant.refresh)
    assert [type(event) for event in advanced(world, 200.0)] == [Unrefreshed]
    assert (grant.state, grant.tokens) == (State.HELD, STORED)


@pytest.mark.parametrize("status", [400, 401])
def test_invalid_grant_loses_the_login(status: int) -> None:
    grant, world = holding()
    world.kick.faults.append(error(status, "invalid_grant", "spent"))
    world.call(grant.refresh)
    (lost,) = world.events()
    assert isinstance(lost, Lost)
    assert lost.tokens == STORED
    assert "spent" in lost.reason
    assert (grant.state, grant.tokens) == (State.EMPTY, None)
    with pytest.raises(LocalProtocolError, match="cannot refresh: this grant is empty"):
        world.call(grant.refresh)


REFUSALS = [
    error(400, "Invalid request"),
    error(401, "invalid_client"),
    Response(401, (), b""),
    Response(401, (), b'{"message":"invalid_grant"}'),
    error(403, "invalid_grant"),
    error(503, "invalid_grant"),
    Response(403, (("content-type", "text/html"),), b"<!DOCTYPE html><title>Just a moment..."),
    Response(200, (), b"{}"),
    Response(302, (("location", "https://id.kick.com/elsewhere"),), b""),
    CUT,
]


@pytest.mark.parametrize("fault", REFUSALS, ids=repr)
def test_nothing_else_does(fault: Any) -> None:
    grant, world = holding()
    world.kick.faults += [fault] * 9
    world.call(grant.refresh)
    (unrefreshed,) = world.events() or advanced(world, 300.0)
    assert isinstance(unrefreshed, Unrefreshed)
    assert (grant.state, grant.tokens) == (State.HELD, STORED)


json_bodies = st.dictionaries(
    st.sampled_from(["error", "error_description", "message", "access_token", "expires_in", "scope", "refresh_token"]),
    st.none() | st.integers() | st.text(max_size=9) | st.sampled_from(["invalid_grant", "a", "7200"]),
).map(lambda body: json.dumps(body).encode())


@given(st.integers(100, 599), st.binary() | json_bodies)
def test_whatever_the_token_endpoint_says_only_invalid_grant_loses_the_login(status: int, body: bytes) -> None:
    grant, world = holding()
    world.kick.faults += [Response(status, (), body)] * 9
    world.call(grant.refresh)
    (event,) = world.events() or advanced(world, 300.0)
    if isinstance(event, Lost):
        assert status in (400, 401)
        assert json.loads(body)["error"].strip() == "invalid_grant"
    else:
        assert isinstance(event, Refreshed | Unrefreshed)
        assert grant.tokens == STORED


def test_an_apps_tokens_are_renewed_by_asking_again_and_cannot_be_lost() -> None:
    grant, world = holding(APPS_OWN)
    world.call(grant.refresh)
    (refreshed,) = world.events()
    assert (refreshed.tokens.kind, refreshed.tokens.refresh_token) == ("app", None)
    world.call(grant.stored, refreshed.tokens)
    world.kick.faults.append(error(400, "invalid_grant"))
    world.call(grant.refresh)
    assert [type(event) for event in advanced(world, 5.0)] == [Unrefreshed]
    assert world.kick.asked == ["client_credentials"] * 2
    assert grant.tokens == refreshed.tokens


@pytest.mark.parametrize(
    ("tokens", "app"), [(msgspec.structs.replace(STORED, refresh_token=None), APP), (STORED, None), (APPS_OWN, None)]
)
def test_tokens_that_cannot_be_renewed_are_not(tokens: TokenSet, app: App | None) -> None:
    grant, world = holding(tokens, app=app)
    assert not grant.is_renewable
    with pytest.raises(LocalProtocolError, match="no refresh token, or there is no app"):
        world.call(grant.refresh)


@pytest.mark.parametrize(
    ("lifetime", "early"), [(7_200, 300.0), (600, 60.0), (5_184_000, 300.0)], ids=["2 h", "10 min", "60 d"]
)
def test_tokens_are_due_early_by_a_tenth_of_their_life_or_5_minutes(lifetime: int, early: float) -> None:
    until = STORED.issued_at + timedelta(seconds=lifetime)
    grant, world = holding(msgspec.structs.replace(STORED, expires_at=until))
    moments = [lifetime - early - 1, lifetime - early, lifetime - 1, lifetime]
    assert [grant.is_due(at) for at in moments] == [False, True, True, True]
    assert [grant.is_expired(at) for at in moments] == [False, False, False, True]
    assert world.fetches == []


def test_what_is_not_known_is_not_due() -> None:
    grant, _ = holding(msgspec.structs.replace(STORED, expires_at=None))
    assert not grant.is_due(1e9)
    assert not grant.is_expired(1e9)
    assert not fresh()[0].is_due(1e9)


def test_the_wall_clock_may_stand_anywhere() -> None:
    grant, world = fresh()
    world.call(grant.adopt, STORED, UNIX_EPOCH + 7_000)
    assert (grant.is_due(0.0), grant.is_expired(199.0), grant.is_expired(200.0)) == (True, False, True)


# The application itself; revoking; asking about the token.


def test_an_app_token_is_issued_and_asked_for_once_at_a_time() -> None:
    grant, world = fresh()
    world.kick.faults.append(SILENCE)
    world.call(grant.request_app_token)
    world.call(grant.request_app_token)
    issued = advanced(world, 40.0)[0]
    assert (issued.tokens.kind, issued.tokens.scopes, issued.tokens.refresh_token) == ("app", (), None)
    assert world.kick.asked == ["client_credentials"] * 2


def test_an_app_token_that_is_refused_is_declined() -> None:
    grant, world = fresh()
    world.kick.faults.append(error(401, "invalid_client"))
    world.call(grant.request_app_token)
    assert [event.code for event in world.events()] == ["invalid_client"]


@pytest.mark.parametrize("place", Place)
def test_revoking_makes_both_tokens_useless(place: Place) -> None:
    grant, world = holding(config=Config(revoke_place=place))
    world.call(grant.revoke)
    world.call(grant.revoke)
    assert advanced(world, 5.0) == [Revoked()]
    assert (grant.state, grant.tokens, world.kick.valid, world.kick.refreshing) == (State.EMPTY, None, set(), set())
    assert world.kick.asked == ["/oauth/revoke"] * 2
    assert {bool(request.form) for _, request in world.fetches} == {place is Place.FORM}


def test_revoking_takes_in_tokens_that_are_not_stored_yet() -> None:
    grant, world = holding()
    world.call(grant.refresh)
    world.events()
    world.call(grant.revoke)
    assert advanced(world, 10.0) == [Revoked()]
    assert (world.kick.valid, world.kick.refreshing) == (set(), set())


@pytest.mark.parametrize("number", [0, 1])
def test_a_revocation_that_fails_leaves_the_tokens(number: int) -> None:
    grant, world = holding()
    world.kick.faults += [Response(200, (), b"OK")] * number + [error(400, "Invalid request")]
    world.call(grant.revoke)
    (unrevoked,) = advanced(world, 10.0)
    assert isinstance(unrevoked, Unrevoked)
    assert (grant.state, grant.tokens) == (State.HELD, STORED)
    world.call(grant.revoke)
    assert advanced(world, 10.0) == [Revoked()]


def test_a_revocation_that_fails_leaves_tokens_unstored_that_were() -> None:
    grant, world = holding()
    world.call(grant.refresh)
    (refreshed,) = world.events()
    world.kick.faults.append(error(400, "Invalid request"))
    world.call(grant.revoke)
    assert [type(event) for event in advanced(world, 10.0)] == [Unrevoked]
    assert (grant.state, grant.tokens) == (State.UNSTORED, STORED)
    world.call(grant.stored, refreshed.tokens)
    assert (grant.state, grant.tokens) == (State.HELD, refreshed.tokens)


def test_tokens_may_be_stored_while_they_are_revoked() -> None:
    grant, world = holding()
    world.call(grant.refresh)
    (refreshed,) = world.events()
    world.kick.faults.append(SILENCE)
    world.call(grant.revoke)
    world.call(grant.stored, refreshed.tokens)
    assert (grant.state, grant.tokens) == (State.REVOKING, refreshed.tokens)


def test_a_login_while_revoking_goes_before() -> None:
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    world.call(grant.revoke)
    log_in(grant, world)
    unrevoked, issued = advanced(world, 2.0)
    assert isinstance(unrevoked, Unrevoked)
    assert "a login came in between" in unrevoked.failure.message
    assert isinstance(issued, Issued)
    assert grant.state is State.STORING


def test_the_server_is_asked_about_the_token_once_at_a_time() -> None:
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    world.call(grant.introspect)
    world.call(grant.introspect)
    assert advanced(world, 40.0) == [Introspected(Introspection(active=True))]
    assert len(world.fetches) == 2
    world.kick.faults.append(error(401))
    world.call(grant.introspect)
    (failed,) = advanced(world, 5.0)
    assert isinstance(failed, Unintrospected)
    assert failed.failure.outcome is Outcome.UNAUTHORIZED


def test_without_tokens_there_is_nothing_to_ask_about() -> None:
    grant, world = fresh()
    with pytest.raises(LocalProtocolError, match="cannot introspect: there is no token"):
        world.call(grant.introspect)


@pytest.mark.parametrize(
    "command", [lambda grant: grant.begin(0.0, entropy=ENTROPY), lambda grant: grant.request_app_token(0.0)]
)
def test_without_an_app_nobody_logs_in(command: Callable[[Grant], object]) -> None:
    grant, _ = fresh(app=None)
    with pytest.raises(LocalProtocolError, match="there is no app; register one at Kick"):
        command(grant)


# The tables, and the end.


def led_to(state: State) -> tuple[Grant, Exchanges]:
    grant, world = fresh() if state is State.EMPTY else holding()
    if state in (State.STORING, State.UNSTORED):
        world.call(grant.refresh)
    if state is State.UNSTORED:
        world.advance(30.0)
    world.kick.faults += [SILENCE] * 9
    if state is State.REFRESHING:
        world.call(grant.refresh)
    if state is State.REVOKING:
        world.call(grant.refresh)
        grant.revoke(0.0)
    if state is State.CLOSED:
        world.call(grant.close)
    assert grant.state is state
    world.events()
    return grant, world


COMMANDS: dict[Signal, Callable[[Grant, Exchanges], None]] = {
    Signal.ADOPT: lambda grant, world: world.call(grant.adopt, STORED, world.unix_now),
    Signal.REFRESH: lambda grant, world: world.call(grant.refresh),
    Signal.REVOKE: lambda grant, world: world.call(grant.revoke),
    Signal.CLOSE: lambda grant, world: world.call(grant.close),
}


@pytest.mark.parametrize(("state", "signal"), list(itertools.product(State, COMMANDS)))
def test_a_command_moves_by_the_table_or_raises_and_changes_nothing(state: State, signal: Signal) -> None:
    grant, world = led_to(state)
    to = TRANSITIONS.get((state, signal))
    if to is not None:
        COMMANDS[signal](grant, world)
        assert grant.state is to
        assert grant.timers <= ARMED[to]
        return
    before = (grant.tokens, grant.timers, grant.poll_timeout(), len(world.outputs))
    with pytest.raises(LocalProtocolError, match=f"cannot {signal.value}: this grant is {state.value}"):
        COMMANDS[signal](grant, world)
    assert grant.state is state
    assert (grant.tokens, grant.timers, grant.poll_timeout(), len(world.outputs)) == before


def test_the_tables_speak_of_every_state_signal_and_timer() -> None:
    assert set(ARMED) == set(State)
    assert {signal for _, signal in TRANSITIONS} == set(Signal)
    assert {timer for timers in ARMED.values() for timer in timers} == set(Timer)


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_closing_ends_a_grant_at_once_in_every_state(state: State) -> None:
    grant, world = led_to(state)
    world.call(grant.begin, entropy=ENTROPY)
    world.call(grant.close)
    events = world.events()
    assert [event.code for event in events if isinstance(event, Declined)] == ["closed"]
    assert Unrefreshed in map(type, events) or state is not State.REFRESHING
    assert Unrevoked in map(type, events) or state is not State.REVOKING
    assert (grant.closed, grant.poll_timeout(), grant.timers) == (True, None, frozenset())
    for command in (
        lambda: grant.begin(0.0, entropy=ENTROPY),
        lambda: grant.answer(0.0, ""),
        lambda: grant.introspect(0.0),
    ):
        with pytest.raises(LocalProtocolError, match="this grant is closed; make a new one"):
            command()
    world.call(grant.close)
    world.call(grant.stored, STORED)
    assert world.events() == []


def test_closing_declines_what_is_being_exchanged() -> None:
    grant, world = fresh()
    world.kick.faults.append(SILENCE)
    log_in(grant, world)
    world.call(grant.close)
    assert [event.code for event in world.events()] == ["closed"]
    assert isinstance(world.outputs[-1][1], Cancel)


def test_events_come_one_by_one_too() -> None:
    grant, world = fresh()
    world.call(grant.begin, entropy=ENTROPY)
    world.call(grant.answer, "")
    assert isinstance(grant.poll_event(), Declined)
    assert grant.poll_event() is None
    assert grant.wants_input


@pytest.mark.parametrize("wrong", [{"login_timeout": 0.0}, {"store_timeout": -1.0}])
def test_a_configuration_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="timeouts are seconds above 0"):
        Config(**wrong)  # type: ignore[arg-type]


# What must not be seen.


def test_no_secret_is_seen_in_anything_that_a_grant_shows() -> None:
    app = App(client_id="app-1", client_secret=Secret("canary-client"))
    kick = Kick()
    grant, world = fresh(app=app, kick=kick)
    shown: list[object] = [app]
    log_in_answer = Response(200, (), b'{"access_token":"canary-a","refresh_token":"canary-r","expires_in":60}')
    kick.faults.append(log_in_answer)
    url = world.call(grant.begin, entropy=ENTROPY)
    world.call(
        grant.answer, "code=canary-code&" + urlsplit(url).query[urlsplit(url).query.index("state=") :].split("&")[0]
    )
    (issued,) = world.events()
    shown += [issued, copy.deepcopy(issued), vars(grant)]
    world.call(grant.stored, issued.tokens)
    for fault in (
        error(400, "Invalid request", "token=canary-r"),
        error(400, "invalid_grant", "refresh_token: canary-r"),
    ):
        kick.faults.append(fault)
        world.call(grant.refresh)
        world.advance(5.0)
        shown += [world.events(), vars(grant)]
    world.call(grant.adopt, issued.tokens, world.unix_now)
    world.call(grant.introspect)
    world.call(grant.revoke)
    world.advance(10.0)
    verifier = forms(world)[0]["code_verifier"]
    shown += [world.events(), world.outputs, vars(grant), vars(vars(grant)["_client"])]
    assert "canary-code" in str(forms(world))
    for secret in ("canary", verifier):
        assert secret not in repr(shown)
