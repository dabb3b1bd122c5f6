"""An account: calls that get the newest token, wait for it, and are made once more; on a virtual clock."""

import itertools
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto import rest
from kick_proto.account import ARMED, TRANSITIONS, Account, Signal, State, Timer
from kick_proto.endpoints.call import Auth
from kick_proto.endpoints.oauth import App
from kick_proto.errors import LocalProtocolError
from kick_proto.http import Fetch, Response
from kick_proto.machine import Cancel
from kick_proto.oauth import Config
from kick_proto.oauth.events import Declined, Introspected, Issued, Lost, Refreshed, Revoked, Unrefreshed
from kick_proto.oauth.states import State as GrantState
from kick_proto.outcomes import Outcome
from kick_proto.pace import Pace
from kick_proto.rest import Refused, Replied
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet
from tests.exchanges import CUT, ENTROPY, SILENCE, Exchanges, Kick, error, thing
from tests.test_oauth import APP, APPS_OWN, STORED

FAST = Config(rest=rest.Config(rate=100.0, burst=100.0, in_flight=10))
DUE, OVER = 6_900.0, 7_200.0
THEIRS = msgspec.structs.replace(STORED, access_token=Secret("theirs"))


def fresh(config: Config = FAST, app: App | None = APP) -> tuple[Account, Exchanges]:
    account = Account(app, config, rng=random.Random(7))
    return account, Exchanges(account, Kick())


def logged_in(tokens: TokenSet = STORED, **more: Any) -> tuple[Account, Exchanges]:
    account, world = fresh(**more)
    world.kick.valid.add("access-0")
    world.kick.refreshing.add("refresh-0")
    world.call(account.adopt, tokens, world.unix_now)
    return account, world


def store(account: Account, world: Exchanges) -> list[Any]:
    """Take the events, and store what is to be stored; gives them, and what follows."""
    seen: list[Any] = []
    while events := world.events():
        seen += events
        for event in events:
            if isinstance(event, Issued | Refreshed):
                world.call(account.stored, event.tokens)
    return seen


def later(account: Account, world: Exchanges, seconds: float) -> list[Any]:
    """Let time pass in steps, as a driver that stores what comes."""
    seen = store(account, world)
    for _ in range(int(seconds)):
        world.advance(1.0)
        seen += store(account, world)
    return seen


def kinds(events: list[Any]) -> list[type]:
    return [type(event) for event in events]


def refused(events: list[Any]) -> dict[int, Outcome]:
    return {event.ref: event.failure.outcome for event in events if isinstance(event, Refused)}


# Calls and the tokens that they get.


def test_a_call_gets_the_token_and_its_reply_the_ref_of_the_call() -> None:
    account, world = logged_in()
    refs = [world.call(account.submit, thing()) for _ in range(3)]
    assert world.events() == [Replied(ref, "access-0") for ref in refs]
    assert len(set(refs)) == 3


def test_whoever_wants_no_token_gets_none() -> None:
    account, world = logged_in()
    world.call(account.submit, thing(Auth.NONE))
    world.call(account.submit, thing(bearer=Secret("own")))
    assert world.kick.used == [None, "own"]
    assert set(refused(world.events()).values()) == {Outcome.UNAUTHORIZED}
    assert world.kick.asked == []


def test_without_tokens_a_call_that_needs_one_is_refused_at_once() -> None:
    account, world = fresh(app=None)
    ref = world.call(account.submit, thing())
    assert refused(world.events()) == {ref: Outcome.UNAUTHORIZED}
    assert world.fetches == []
    other = world.call(account.submit, thing(Auth.OPTIONAL))
    assert refused(world.events()) == {other: Outcome.UNAUTHORIZED}
    assert world.kick.used == [None]


def test_an_account_without_an_app_uses_tokens_that_it_is_given() -> None:
    account, world = logged_in(app=None)
    ref = world.call(account.submit, thing())
    assert world.events() == [Replied(ref, "access-0")]
    world.kick.valid.clear()
    ref = world.call(account.submit, thing())
    assert refused(world.events()) == {ref: Outcome.UNAUTHORIZED}
    with pytest.raises(LocalProtocolError, match="there is no app"):
        world.call(account.begin, entropy=ENTROPY)


def test_a_login_end_to_end() -> None:
    account, world = fresh()
    url = world.call(account.begin, entropy=ENTROPY)
    world.call(account.answer, world.kick.authorize(url))
    ref = world.call(account.submit, thing())
    assert (account.state, account.tokens) == (State.HOLDING, None)
    events = store(account, world)
    assert kinds(events) == [Issued, Replied]
    assert events[1] == Replied(ref, "access-1")
    assert account.tokens == events[0].tokens


def test_accounts_that_share_a_pace_ask_no_faster_than_one() -> None:
    pace, kick = Pace(), Kick()
    kick.valid.add("access-0")
    worlds = []
    for _ in range(2):
        account = Account(APP, rng=random.Random(7), pace=pace)
        world = Exchanges(account, kick)
        world.call(account.adopt, STORED, world.unix_now)
        world.call(account.submit, thing())
        worlds.append(world)
    assert len(kick.used) == 1
    for world in worlds:
        world.advance(1.0)
    assert [kinds(world.events()) for world in worlds] == [[Replied], [Replied]]


# Renewing what is due.


def test_a_token_that_is_due_is_renewed_before_the_call() -> None:
    account, world = logged_in()
    world.advance(DUE)
    assert account.is_due(world.now)
    first, second = (world.call(account.submit, thing()) for _ in range(2))
    free = world.call(account.submit, thing(Auth.NONE))
    assert world.kick.used == [None]
    events = store(account, world)
    assert kinds(events) == [Refreshed, Refused, Replied, Replied]
    assert events[1].ref == free
    assert events[2:] == [Replied(first, "access-1"), Replied(second, "access-1")]
    assert world.kick.asked == ["refresh_token"]


def test_the_new_token_is_in_no_request_before_it_is_stored() -> None:
    account, world = logged_in()
    world.advance(DUE)
    ref = world.call(account.submit, thing())
    (refreshed,) = world.events()
    world.advance(5.0)
    assert world.kick.used == []
    world.call(account.stored, refreshed.tokens)
    assert world.events() == [Replied(ref, "access-1")]


def test_who_never_stores_goes_on_with_the_old_token_while_it_is_good() -> None:
    account, world = logged_in()
    world.advance(DUE)
    ref = world.call(account.submit, thing())
    world.advance(30.0)
    events = world.events()
    assert kinds(events) == [Refreshed, Unrefreshed, Replied]
    assert events[-1] == Replied(ref, "access-0")
    world.advance(OVER - world.now)
    world.call(account.submit, thing())
    assert world.events() == [events[0]]
    world.call(account.stored, events[0].tokens)
    assert [event.value for event in world.events()] == ["access-1"]
    assert world.kick.asked == ["refresh_token"]


@given(st.lists(st.sampled_from(["submit", "wait", "store", "refresh", "revoked", "cut"]), max_size=25))
def test_no_order_of_things_lets_a_token_out_before_it_is_stored(steps: list[str]) -> None:
    account, world = logged_in()
    told: list[TokenSet] = []
    stored = {"access-0", None}
    for step in steps:
        match step:
            case "submit":
                world.call(account.submit, thing())
            case "wait":
                world.advance(700.0)
            case "store" if told:
                stored.add(told[-1].access_token.reveal())
                world.call(account.stored, told[-1])
            case "refresh" if account.tokens is not None:
                world.call(account.refresh)
            case "revoked":
                world.kick.valid.clear()
            case "cut":
                world.kick.faults += [CUT, CUT]
        told += [event.tokens for event in world.events() if isinstance(event, Refreshed)]
        assert set(world.kick.used) <= stored


def test_a_refresh_without_an_answer_lets_calls_go_with_the_old_token() -> None:
    account, world = logged_in()
    world.advance(DUE)
    world.kick.faults += [error(503)] * 4
    ref = world.call(account.submit, thing())
    world.advance(20.0)
    events = world.events()
    assert kinds(events) == [Unrefreshed, Replied]
    assert events[1] == Replied(ref, "access-0")
    world.call(account.submit, thing())
    assert kinds(world.events()) == [Replied]
    assert world.kick.asked == ["refresh_token"] * 4


def test_some_time_after_that_it_is_tried_again() -> None:
    account, world = logged_in()
    world.advance(DUE)
    world.kick.faults.append(error(400, "Invalid request"))
    world.call(account.submit, thing())
    assert kinds(world.events()) == [Unrefreshed, Replied]
    world.advance(30.0)
    world.call(account.submit, thing())
    assert kinds(store(account, world)) == [Refreshed, Replied]


def test_with_an_expired_token_the_calls_are_refused_with_what_went_wrong() -> None:
    account, world = logged_in()
    world.advance(OVER)
    world.kick.faults += [CUT] * 4
    refs = [world.call(account.submit, thing()) for _ in range(2)]
    world.advance(80.0)
    events = world.events()
    assert kinds(events) == [Unrefreshed, Refused, Refused]
    assert [event.failure for event in events[1:]] == [events[0].failure] * 2
    assert list(refused(events)) == refs
    assert account.tokens == STORED
    again = world.call(account.submit, thing())
    assert store(account, world)[-1] == Replied(again, "access-1")


def test_a_refresh_that_times_out_three_times_keeps_the_login() -> None:
    account, world = logged_in(config=Config(rest=rest.Config(hold=600.0)))
    world.advance(OVER)
    world.kick.faults += [SILENCE] * 3
    ref = world.call(account.submit, thing())
    events = later(account, world, 200)
    assert kinds(events) == [Refreshed, Replied]
    assert events[1] == Replied(ref, "access-1")
    assert world.kick.asked == ["refresh_token"] * 4


def test_tokens_that_cannot_be_renewed_go_out_as_they_are() -> None:
    account, world = logged_in(msgspec.structs.replace(STORED, refresh_token=None))
    world.advance(OVER)
    world.kick.valid.clear()
    ref = world.call(account.submit, thing())
    assert refused(world.events()) == {ref: Outcome.UNAUTHORIZED}
    assert not account.is_renewable
    assert world.kick.used == ["access-0"]


def test_an_apps_token_is_renewed_by_asking_again() -> None:
    account, world = logged_in(APPS_OWN)
    world.advance(DUE)
    ref = world.call(account.submit, thing())
    assert store(account, world)[-1] == Replied(ref, "access-1")
    assert world.kick.asked == ["client_credentials"]


def test_an_app_token_can_be_asked_for() -> None:
    account, world = fresh()
    world.call(account.request_app_token)
    assert kinds(store(account, world)) == [Issued]


# A 401.


def test_a_401_renews_the_token_once_and_replays_the_call() -> None:
    account, world = logged_in()
    world.kick.valid.clear()
    ref = world.call(account.submit, thing())
    assert kinds(events := store(account, world)) == [Refreshed, Replied]
    assert events[1] == Replied(ref, "access-1")
    assert world.kick.used == ["access-0", "access-1"]


def test_two_401s_make_one_refresh_and_both_calls_are_replayed() -> None:
    account, world = logged_in()
    world.kick.valid.clear()
    world.kick.api_faults += [SILENCE] * 2
    world.kick.faults.append(SILENCE)
    refs = [world.call(account.submit, thing()) for _ in range(2)]
    for ref in [output.ref for _, output in world.outputs]:
        world.respond(ref, error(401))
    assert (world.events(), account.state) == ([], State.HOLDING)
    events = later(account, world, 40)
    assert kinds(events) == [Refreshed, Replied, Replied]
    assert events[1:] == [Replied(ref, "access-1") for ref in refs]
    assert world.kick.used == ["access-0", "access-0", "access-1", "access-1"]
    assert {request.content() for _, request in world.fetches if request.form} == {world.fetches[2][1].content()}


def test_a_second_401_is_told() -> None:
    account, world = logged_in()
    world.kick.api_faults += [error(401)] * 2
    ref = world.call(account.submit, thing())
    events = store(account, world)
    assert kinds(events) == [Refreshed, Refused]
    assert refused(events) == {ref: Outcome.UNAUTHORIZED}
    assert (account.state, world.kick.asked) == (State.READY, ["refresh_token"])


def test_where_a_new_token_is_no_better_the_next_401_renews_nothing_for_a_while() -> None:
    account, world = logged_in()
    for _ in range(5):
        world.kick.api_faults += [error(401)] * 2
        world.call(account.submit, thing())
        store(account, world)
        world.kick.api_faults.clear()
        world.advance(5.0)
    assert world.kick.asked == ["refresh_token"]
    world.advance(5.0)
    world.kick.valid.clear()
    ref = world.call(account.submit, thing())
    assert store(account, world)[-1] == Replied(ref, "access-2")


def test_a_401_to_an_older_token_is_replayed_at_once_with_the_newer_one() -> None:
    account, world = logged_in()
    world.kick.api_faults.append(SILENCE)
    ref = world.call(account.submit, thing())
    newer = msgspec.structs.replace(STORED, access_token=Secret("newer"))
    world.kick.valid.add("newer")
    world.call(account.adopt, newer, world.unix_now)
    fetch = next(output for _, output in world.outputs if isinstance(output, Fetch))
    world.respond(fetch.ref, error(401))
    assert world.events() == [Replied(ref, "newer")]
    assert world.kick.asked == []


def test_that_needs_no_token_that_can_be_renewed() -> None:
    account, world = logged_in(app=None)
    world.kick.api_faults.append(SILENCE)
    ref = world.call(account.submit, thing())
    world.kick.valid.add("theirs")
    world.call(account.adopt, THEIRS, world.unix_now)
    world.respond(world.outputs[0][1].ref, error(401))
    assert world.events() == [Replied(ref, "theirs")]


def test_a_401_without_any_token_is_asked_for_once() -> None:
    account, world = logged_in()
    world.call(account.revoke)
    later(account, world, 5)
    world.call(account.submit, thing(Auth.OPTIONAL))
    assert kinds(world.events()) == [Refused]
    assert world.kick.used == [None]


def test_calls_wait_as_long_as_the_token_is_known_to_be_bad() -> None:
    account, world = logged_in()
    world.kick.valid.clear()
    world.kick.faults.append(SILENCE)
    world.call(account.submit, thing())
    world.call(account.submit, thing())
    assert (world.kick.used, account.state) == (["access-0"], State.HOLDING)
    assert kinds(later(account, world, 40)) == [Refreshed, Replied, Replied]


def test_while_the_token_is_good_nobody_waits_for_a_refresh_that_somebody_asked_for() -> None:
    account, world = logged_in()
    world.kick.faults.append(SILENCE)
    world.call(account.refresh)
    world.call(account.submit, thing())
    assert kinds(world.events()) == [Replied]


def test_a_401_whose_refresh_fails_is_refused_with_what_went_wrong() -> None:
    account, world = logged_in()
    world.kick.valid.clear()
    world.kick.faults.append(error(400, "Invalid request"))
    ref = world.call(account.submit, thing())
    events = world.events()
    assert kinds(events) == [Unrefreshed, Refused]
    assert refused(events) == {ref: Outcome.REJECTED}


def test_a_401_whose_new_token_is_not_stored_yet_waits_for_that() -> None:
    account, world = logged_in()
    world.call(account.refresh)
    (refreshed,) = world.events()
    world.advance(30.0)
    world.events()
    world.kick.valid.discard("access-0")
    ref = world.call(account.submit, thing())
    assert world.events() == [refreshed]
    world.call(account.stored, refreshed.tokens)
    assert world.events() == [Replied(ref, "access-1")]


def test_other_refusals_are_told_as_they_are() -> None:
    account, world = logged_in()
    world.kick.api_faults += [error(403), error(404)]
    for _ in range(2):
        world.call(account.submit, thing())
    assert list(refused(world.events()).values()) == [Outcome.FORBIDDEN, Outcome.NOT_FOUND]


def test_a_login_that_is_lost_refuses_what_waits_for_it() -> None:
    account, world = logged_in()
    world.advance(DUE)
    world.kick.refreshing.clear()
    refs = [world.call(account.submit, thing()) for _ in range(2)]
    events = later(account, world, 3)
    assert kinds(events) == [Lost, Refused, Refused]
    assert refused(events) == dict.fromkeys(refs, Outcome.UNAUTHORIZED)
    assert "log in again" in events[1].failure.message
    assert (account.tokens, account.state) == (None, State.READY)
    assert "access-0" not in world.kick.used


# Held calls are bounded; revoking; adopting; leaving.


def test_a_call_waits_for_a_new_token_for_so_long_and_no_longer() -> None:
    config = Config(rest=rest.Config(hold=60.0), store_timeout=1_000.0)
    account, world = logged_in(config=config)
    world.advance(OVER)
    first = world.call(account.submit, thing())
    world.advance(10.0)
    second = world.call(account.submit, thing())
    world.advance(49.0)
    assert kinds(world.events()) == [Refreshed]
    world.advance(1.0)
    assert refused(events := world.events()) == {first: Outcome.UNREACHABLE}
    assert "no new token within 60 s" in events[0].failure.message
    states = [account.state]
    world.advance(10.0)
    assert refused(world.events()) == {second: Outcome.UNREACHABLE}
    assert [*states, account.state] == [State.HOLDING, State.READY]


def test_so_many_calls_may_be_open_and_no_more() -> None:
    account, world = logged_in(config=Config(rest=rest.Config(max_queued=3)))
    world.advance(OVER)
    world.kick.faults += [SILENCE] * 9
    for _ in range(3):
        world.call(account.submit, thing())
    with pytest.raises(LocalProtocolError, match="3 calls are open already"):
        world.call(account.submit, thing())
    assert account.state is State.HOLDING


def test_adopted_tokens_release_what_waits() -> None:
    account, world = logged_in()
    world.advance(OVER)
    world.kick.faults.append(SILENCE)
    ref = world.call(account.submit, thing())
    world.kick.valid.add("theirs")
    world.call(account.adopt, THEIRS, world.unix_now)
    assert world.events() == [Replied(ref, "theirs")]


def test_revoking_refuses_what_waits_for_a_token_and_then_there_is_none() -> None:
    account, world = logged_in()
    world.advance(DUE)
    world.kick.faults.append(SILENCE)
    ref = world.call(account.submit, thing())
    world.call(account.revoke)
    events = later(account, world, 10)
    assert kinds(events) == [Refused, Revoked]
    assert refused(events) == {ref: Outcome.UNAUTHORIZED}
    assert "are being revoked" in events[0].failure.message
    assert world.kick.used == []
    assert account.tokens is None
    ref = world.call(account.submit, thing())
    assert refused(world.events()) == {ref: Outcome.UNAUTHORIZED}


def test_a_401_while_revoking_is_told() -> None:
    account, world = logged_in()
    world.kick.faults += [SILENCE] * 9
    world.call(account.revoke)
    world.kick.valid.clear()
    ref = world.call(account.submit, thing())
    assert refused(world.events()) == {ref: Outcome.UNAUTHORIZED}


def test_the_server_can_be_asked_about_the_token() -> None:
    account, world = logged_in()
    world.call(account.introspect)
    assert kinds(world.events()) == [Introspected]


def test_who_abandons_a_call_hears_no_more_of_it() -> None:
    account, world = logged_in()
    world.kick.api_faults += [SILENCE] * 2
    going, sent = (world.call(account.submit, thing()) for _ in range(2))
    world.call(account.abandon, sent)
    assert isinstance(world.outputs[-1][1], Cancel)
    world.respond(world.outputs[0][1].ref, Response(200, (), b"x"))
    assert world.events() == [Replied(going, "x")]
    world.advance(OVER)
    world.kick.faults.append(SILENCE)
    held, other = (world.call(account.submit, thing()) for _ in range(2))
    world.call(account.abandon, held)
    states = [account.state]
    world.call(account.abandon, other)
    assert [*states, account.state] == [State.HOLDING, State.READY]
    world.call(account.abandon, 999)
    world.advance(200.0)
    assert not {sent, held, other} & {event.ref for event in world.events() if isinstance(event, Replied | Refused)}


def test_closing_refuses_every_call_and_declines_the_login() -> None:
    account, world = logged_in()
    world.advance(OVER)
    world.kick.faults.append(SILENCE)
    held = world.call(account.submit, thing())
    world.call(account.begin, entropy=ENTROPY)
    world.call(account.close)
    events = world.events()
    assert refused(events)[held] is Outcome.UNREACHABLE
    assert "closed" in [event.code for event in events if isinstance(event, Declined)]
    assert (account.closed, account.poll_timeout(), account.timers) == (True, None, frozenset())
    world.call(account.close)
    assert world.events() == []
    with pytest.raises(LocalProtocolError, match="cannot submit: this account is closed; make a new one"):
        world.call(account.submit, thing())


def test_closing_refuses_a_call_that_is_in_flight() -> None:
    account, world = logged_in()
    world.kick.api_faults.append(SILENCE)
    ref = world.call(account.submit, thing())
    world.call(account.close)
    assert refused(world.events()) == {ref: Outcome.UNREACHABLE}


# Tables.


def led_to(state: State) -> tuple[Account, Exchanges]:
    account, world = logged_in()
    if state is State.HOLDING:
        world.advance(OVER)
        world.kick.faults += [SILENCE] * 9
        world.call(account.submit, thing())
    if state is State.CLOSED:
        world.call(account.close)
    assert account.state is state
    world.events()
    return account, world


def hold(account: Account, world: Exchanges) -> None:
    world.advance(OVER)
    world.kick.faults.append(SILENCE)
    world.call(account.submit, thing())


def release(account: Account, world: Exchanges) -> None:
    world.kick.valid.add("theirs")
    world.call(account.adopt, THEIRS, world.unix_now)


ACTS: dict[Signal, Callable[[Account, Exchanges], Any]] = {
    Signal.CLOSE: lambda account, world: world.call(account.close),
    Signal.HOLD: hold,
    Signal.RELEASE: release,
}


@pytest.mark.parametrize(("state", "signal"), list(TRANSITIONS))
def test_every_move_of_the_table_can_be_made(state: State, signal: Signal) -> None:
    account, world = led_to(state)
    ACTS[signal](account, world)
    assert account.state is TRANSITIONS[state, signal]
    assert account.timers <= ARMED[account.state]


def test_the_tables_speak_of_every_state_signal_and_timer() -> None:
    assert set(ARMED) == set(State)
    assert set(ACTS) == {signal for _, signal in TRANSITIONS} == set(Signal)
    assert {timer for timers in ARMED.values() for timer in timers} == set(Timer)
    assert set(itertools.product(State, Signal)) > set(TRANSITIONS)


def test_events_come_one_by_one_too() -> None:
    account, world = logged_in()
    ref = world.call(account.submit, thing())
    assert account.poll_event() == Replied(ref, "access-0")
    assert account.poll_event() is None
    assert (account.wants_input, account.grant_state) == (True, GrantState.HELD)


def test_no_secret_is_seen_in_anything_that_an_account_shows() -> None:
    tokens = msgspec.structs.replace(STORED, access_token=Secret("canary-a"), refresh_token=Secret("canary-r"))
    account, world = logged_in(tokens, app=App(client_id="app-1", client_secret=Secret("canary-c")))
    world.kick.refreshing.add("canary-r")
    refs = [world.call(account.submit, thing()) for _ in range(2)]
    shown: list[object] = [vars(account), world.events()]
    world.advance(OVER)
    world.kick.faults.append(SILENCE)
    refs.append(world.call(account.submit, thing()))
    shown += [vars(account), vars(vars(account)["_grant"]), vars(vars(account)["_client"]), world.outputs]
    shown += [later(account, world, 40), vars(account), world.outputs]
    assert "canary-a" in world.kick.used
    assert "canary" not in repr(shown)
