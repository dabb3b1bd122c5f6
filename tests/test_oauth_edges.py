"""Where a grant's calls meet: what waits behind one that is given up, what is shared with others, and what is said."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from kick_proto import rest
from kick_proto.errors import LocalProtocolError
from kick_proto.http import Fetch, Responded, Response
from kick_proto.machine import Cancel
from kick_proto.oauth import Config, Grant
from kick_proto.oauth.events import Declined, Introspected, Issued, Revoked, Unintrospected, Unrefreshed, Unrevoked
from kick_proto.oauth.states import State
from kick_proto.outcomes import Failure, Outcome
from kick_proto.pace import Pace
from kick_proto.rest import Refs
from tests.exchanges import ENTROPY, SILENCE, Exchanges, body_of, error
from tests.test_oauth import APP, STORED, advanced, fresh, holding, log_in

# What waits for its second goes, whatever becomes of the call before it


def exchanging(grant: Grant, world: Exchanges) -> None:
    log_in(grant, world)


def refreshing(grant: Grant, world: Exchanges) -> None:
    world.call(grant.refresh)


def revoking(grant: Grant, world: Exchanges) -> None:
    world.call(grant.revoke)
    world.advance(1.0)


@pytest.mark.parametrize(
    ("hangs", "give_up"),
    [
        pytest.param(exchanging, lambda grant, world: world.call(grant.begin, entropy=ENTROPY), id="begun anew"),
        pytest.param(refreshing, lambda grant, world: world.call(grant.adopt, STORED, world.unix_now), id="adopted"),
        pytest.param(refreshing, lambda grant, world: world.call(grant.revoke), id="revoked"),
    ],
)
def test_a_command_that_gives_up_a_call_lets_go_what_waits_behind_it(
    hangs: Callable[[Grant, Exchanges], None], give_up: Callable[[Grant, Exchanges], object]
) -> None:
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    hangs(grant, world)
    world.call(grant.introspect)
    give_up(grant, world)
    assert Introspected in map(type, advanced(world, 5.0))


def come_back(grant: Grant, world: Exchanges) -> None:
    query = world.kick.authorize(world.call(grant.begin, entropy=ENTROPY))
    grant.answer(LATE, query)


LATE = 10_000.0


@pytest.mark.parametrize(
    ("hangs", "command"),
    [
        pytest.param(exchanging, lambda grant, world: grant.begin(LATE, entropy=ENTROPY), id="begin"),
        pytest.param(refreshing, come_back, id="answer"),
        pytest.param(refreshing, lambda grant, world: grant.request_app_token(LATE), id="request_app_token"),
        pytest.param(refreshing, lambda grant, world: grant.adopt(LATE, STORED, world.unix_now), id="adopt"),
        pytest.param(exchanging, lambda grant, world: grant.refresh(LATE), id="refresh"),
        pytest.param(refreshing, lambda grant, world: grant.revoke(LATE), id="revoke"),
    ],
)
def test_what_has_waited_too_long_when_a_command_comes_late_is_told_at_once(
    hangs: Callable[[Grant, Exchanges], None], command: Callable[[Grant, Exchanges], object]
) -> None:
    """Who wakes late may give a command before its timers."""
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    hangs(grant, world)
    grant.introspect(world.now)
    command(grant, world)
    assert Unintrospected in map(type, grant.take_events())


def test_an_introspection_that_comes_late_tells_of_what_has_waited_too_long() -> None:
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    world.call(grant.refresh)
    grant.request_app_token(world.now)
    grant.introspect(LATE)
    assert Declined in map(type, grant.take_events())


def test_a_revocation_that_has_waited_too_long_is_not_told_of_where_tokens_came_in_between() -> None:
    """The tokens and the end of its patience are found in the same moment, by who wakes late."""
    grant = Grant(APP, rng=random.Random(7))
    grant.adopt(0.0, STORED, 0.0)
    grant.request_app_token(0.0)
    grant.revoke(0.0)
    grant.handle_timeout(1.0)
    first, second = grant.poll_output(), grant.poll_output()
    assert isinstance(first, Fetch)
    assert isinstance(second, Fetch)
    grant.handle_input(LATE, Responded(first.ref, Response(200, (), b'{"access_token":"new"}'), LATE))
    assert list(map(type, grant.take_events())) == [Unrevoked, Issued]
    assert grant.poll_output() == Cancel(second.ref)
    assert grant.poll_output() is None


def test_who_closes_late_declines_once_whatever_has_waited_too_long() -> None:
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    log_in(grant, world)
    world.call(grant.request_app_token)
    grant.close(LATE)
    assert [event.code for event in grant.take_events() if isinstance(event, Declined)] == ["closed"]


@pytest.mark.parametrize("hangs", [refreshing, revoking])
def test_a_login_that_gives_up_a_call_lets_go_what_waits_behind_it(hangs: Callable[[Grant, Exchanges], None]) -> None:
    grant, world = holding()
    world.kick.faults += [SILENCE] * (2 if hangs is revoking else 1)
    hangs(grant, world)
    log_in(grant, world)
    world.call(grant.introspect)
    assert Introspected in map(type, advanced(world, 5.0))


@pytest.mark.parametrize("hangs", [exchanging, lambda grant, world: world.call(grant.request_app_token)])
def test_closing_declines_what_is_asked_for_once_and_tells_of_what_waits_behind_it(
    hangs: Callable[[Grant, Exchanges], None],
) -> None:
    grant, world = holding()
    world.kick.faults.append(SILENCE)
    hangs(grant, world)
    world.call(grant.introspect)
    world.call(grant.close)
    declined, unintrospected = world.events()
    assert declined == Declined("closed", "the grant was closed before there were tokens")
    assert isinstance(unintrospected, Unintrospected)


# What is shared with others, and what is the grant's own


def test_grants_that_share_refs_and_pace_take_turns_and_none_of_each_others_answers() -> None:
    refs, pace = Refs(), Pace()
    one, other = (Grant(APP, rng=random.Random(7), refs=refs, pace=pace) for _ in range(2))
    one.request_app_token(0.0)
    other.request_app_token(0.0)
    first = one.poll_output()
    assert isinstance(first, Fetch)
    assert (other.poll_output(), other.poll_timeout()) == (None, 1.0)
    other.handle_timeout(1.0)
    second = other.poll_output()
    assert isinstance(second, Fetch)
    assert second.ref != first.ref


def test_how_many_calls_may_be_open_elsewhere_is_no_bound_of_a_grants_own() -> None:
    grant, world = holding(config=Config(rest=rest.Config(max_queued=1)))
    world.call(grant.revoke)
    assert advanced(world, 5.0) == [Revoked()]


def test_timeouts_may_be_short_but_not_nothing() -> None:
    assert Config(login_timeout=0.5, store_timeout=0.5).store_timeout == 0.5
    with pytest.raises(ValueError, match=r"not 600\.0, 0\.0"):
        Config(store_timeout=0.0)


# What the server says counts


def test_scopes_that_a_login_was_given_are_told_where_they_are_fewer_than_it_asked_for() -> None:
    grant, world = fresh()
    world.kick.faults.append(body_of({"access_token": "a", "scope": "user:read"}))
    (issued,) = log_in(grant, world)
    assert issued.tokens.scopes == ("user:read",)


def test_scopes_that_a_refresh_names_take_the_place_of_those_before() -> None:
    grant, world = holding()
    world.kick.faults.append(body_of({"access_token": "a", "scope": "chat:write"}))
    world.call(grant.refresh)
    (refreshed,) = world.events()
    assert refreshed.tokens.scopes == ("chat:write",)


def test_to_store_what_was_never_told_changes_nothing() -> None:
    grant, world = fresh()
    world.call(grant.stored, STORED)
    assert (grant.state, grant.tokens, world.events()) == (State.EMPTY, None, [])


# What is told of it


@pytest.mark.parametrize(
    ("command", "event"),
    [
        pytest.param(log_in, Declined("busy", "HTTP 400, rejected: busy: come back"), id="login"),
        pytest.param(refreshing, Unrefreshed, id="refresh"),
        pytest.param(revoking, Unrevoked, id="revoke"),
        pytest.param(lambda grant, world: world.call(grant.introspect), Unintrospected, id="introspect"),
    ],
)
def test_who_is_refused_hears_the_servers_reason(command: Callable[[Grant, Exchanges], object], event: Any) -> None:
    grant, world = holding()
    world.kick.faults.append(error(400, "busy", "come back"))
    told = command(grant, world) or world.events()
    failure = Failure(outcome=Outcome.REJECTED, message="HTTP 400, rejected: busy: come back", status=400, code="busy")
    assert told == [event if isinstance(event, Declined) else event(failure)]


def test_what_went_another_way_than_it_should_is_told_in_a_sentence() -> None:
    grant, world = holding()
    world.call(grant.refresh)
    world.events()
    assert advanced(world, 30.0) == [
        Unrefreshed(
            Failure(
                outcome=Outcome.UNREACHABLE,
                message="new tokens are there, and are not used, for they were not stored within 30 s",
            )
        )
    ]
    world.kick.faults.append(SILENCE)
    world.call(grant.revoke)
    log_in(grant, world)
    unrevoked, issued = advanced(world, 6.0)
    assert unrevoked == Unrevoked(
        Failure(
            outcome=Outcome.REJECTED,
            message="a login came in between, so it is not known whether the tokens before it were revoked",
        )
    )
    assert isinstance(issued, Issued)


NO_APP = "there is no app; register one at Kick, and give its client_id"
CLOSED = "this grant is closed; make a new one"
COMMANDS: dict[str, Callable[[Grant], object]] = {
    "begin a login": lambda grant: grant.begin(0.0, entropy=ENTROPY),
    "take an answer": lambda grant: grant.answer(0.0, ""),
    "request an app token": lambda grant: grant.request_app_token(0.0),
    "introspect": lambda grant: grant.introspect(0.0),
}


@pytest.mark.parametrize(
    ("grant", "command", "why"),
    [
        *[(Grant(None, rng=random.Random(7)), name, NO_APP) for name in list(COMMANDS)[:3]],
        (fresh()[0], "take an answer", "no login was begun; begin one, and open its URL"),
        (fresh()[0], "introspect", "there is no token; log in first"),
    ],
)
def test_a_command_that_is_not_possible_says_which_and_why(grant: Grant, command: str, why: str) -> None:
    with pytest.raises(LocalProtocolError) as raised:
        COMMANDS[command](grant)
    assert str(raised.value) == f"cannot {command}: {why}"


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_asked_of_a_grant_that_is_closed(command: str) -> None:
    grant, world = holding()
    world.call(grant.close)
    with pytest.raises(LocalProtocolError) as raised:
        COMMANDS[command](grant)
    assert str(raised.value) == f"cannot {command}: {CLOSED}"


def test_tokens_that_cannot_be_renewed_say_why() -> None:
    grant, _ = holding(app=None)
    with pytest.raises(LocalProtocolError) as raised:
        grant.refresh(0.0)
    assert str(raised.value) == "cannot refresh: these tokens have no refresh token, or there is no app; log in"
