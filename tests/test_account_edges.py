"""What an account hands on to the two below it: numbers, pace, chance and time; and which token a refusal is of."""

import random
from collections.abc import Callable

import pytest

from kick_proto import rest
from kick_proto.account import Account
from kick_proto.endpoints.call import Auth
from kick_proto.oauth import Config
from kick_proto.oauth.events import Declined, Refreshed, Unintrospected, Unrefreshed
from kick_proto.oauth.states import State as GrantState
from kick_proto.outcomes import Outcome
from kick_proto.pace import Pace
from kick_proto.rest import Refused, Replied
from tests.exchanges import ENTROPY, SILENCE, Exchanges, Kick, error, thing
from tests.test_account import DUE, OVER, THEIRS, fresh, kinds, logged_in, store
from tests.test_oauth import APP, STORED

SLOW = Config()
"""One call a second to each host, and one at a time."""

# Numbers, pace, chance


def test_accounts_that_share_a_pace_ask_the_oauth_server_no_faster_than_one() -> None:
    pace, kick = Pace(), Kick()
    worlds = []
    for _ in range(2):
        account = Account(APP, rng=random.Random(7), pace=pace)
        worlds.append(Exchanges(account, kick))
        worlds[-1].call(account.request_app_token)
    assert len(kick.asked) == 1
    for world in worlds:
        world.advance(1.0)
    assert len(kick.asked) == 2


def test_no_two_exchanges_have_the_same_ref_whoever_makes_them() -> None:
    account, world = logged_in()
    world.kick.faults += [SILENCE] * 3
    world.kick.api_faults += [SILENCE] * 2
    for command in (account.introspect, account.refresh, account.request_app_token):
        world.call(command)
    for _ in range(2):
        world.call(account.submit, thing())
    refs = [output.ref for _, output in world.outputs]
    assert len(set(refs)) == len(refs) == 5


def test_what_ends_because_another_call_is_abandoned_late_is_told_at_once() -> None:
    """Who wakes late may give a command before its timers: what has waited too long ends then, and is told of."""
    account = Account(None, SLOW, rng=random.Random(7))
    going, late = (account.submit(0.0, thing(Auth.NONE)) for _ in range(2))
    account.abandon(1_000.0, going)
    (refused,) = account.take_events()
    assert isinstance(refused, Refused)
    assert (refused.ref, refused.failure.outcome) == (late, Outcome.UNREACHABLE)
    assert account.poll_timeout() is None


def exchanging(account: Account, world: Exchanges) -> None:
    url = world.call(account.begin, entropy=ENTROPY)
    world.call(account.answer, world.kick.authorize(url))


def introspecting(account: Account, world: Exchanges) -> None:
    world.call(account.introspect)


def come_back(account: Account, kick: Kick, now: float) -> None:
    account.answer(now, kick.authorize(account.begin(now, entropy=ENTROPY)))


@pytest.mark.parametrize(
    ("hangs", "command"),
    [
        pytest.param(exchanging, lambda account, kick, now: account.begin(now, entropy=ENTROPY), id="begin"),
        pytest.param(introspecting, come_back, id="answer"),
        pytest.param(exchanging, lambda account, kick, now: account.request_app_token(now), id="request_app_token"),
        pytest.param(exchanging, lambda account, kick, now: account.introspect(now), id="introspect"),
    ],
)
def test_after_a_renewal_that_a_late_command_ends_calls_make_none_for_a_while(
    hangs: Callable[[Account, Exchanges], None], command: Callable[[Account, Kick, float], object]
) -> None:
    """It waited for its turn behind what hangs, for longer than a call may."""
    account, world = logged_in(config=SLOW)
    world.advance(DUE)
    world.kick.faults.append(SILENCE)
    hangs(account, world)
    account.refresh(DUE)
    late = DUE + SLOW.rest.hold
    command(account, world.kick, late)
    assert Unrefreshed in kinds(account.take_events())
    states = []
    for seconds in (29.0, 30.0):
        account.submit(late + seconds, thing())
        states.append(account.grant_state)
    assert states == [GrantState.HELD, GrantState.REFRESHING]


def test_accounts_that_share_their_refs_give_none_of_them_twice() -> None:
    refs = rest.Refs()
    accounts = [Account(APP, rng=random.Random(7), refs=refs) for _ in range(2)]
    given = [account.submit(0.0, thing(Auth.NONE)) for account in accounts]
    fetched = [output.ref for account in accounts if (output := account.poll_output()) is not None]
    assert len({*given, *fetched}) == 4


def test_a_call_that_fails_is_tried_again_after_a_time_of_chance() -> None:
    account, world = logged_in()
    world.kick.api_faults.append(error(503))
    ref = world.call(account.submit, thing())
    world.advance(1.0)
    assert world.events() == [Replied(ref, "access-0")]


# Time: calls take their turns here as they do elsewhere


def test_each_call_waits_for_the_answer_and_the_second_of_the_one_before() -> None:
    account, world = logged_in(config=SLOW)
    world.kick.api_faults.append(SILENCE)
    refs = [world.call(account.submit, thing()) for _ in range(2)]
    world.advance(3.0)
    world.respond(world.outputs[0][1].ref, error(404))
    refused, replied = world.events()
    assert (refused.ref, replied) == (refs[0], Replied(refs[1], "access-0"))
    assert [at for at, _ in world.fetches] == [0.0, 3.0]


def test_the_next_call_goes_in_the_place_of_one_that_is_abandoned() -> None:
    account, world = logged_in(config=SLOW)
    world.kick.api_faults.append(SILENCE)
    first, second = (world.call(account.submit, thing()) for _ in range(2))
    world.advance(3.0)
    world.call(account.abandon, first)
    assert world.events() == [Replied(second, "access-0")]


def test_calls_that_wait_for_their_turn_go_with_the_token_that_came_meanwhile() -> None:
    account, world = logged_in(config=SLOW)
    world.kick.valid.add("theirs")
    refs = [world.call(account.submit, thing()) for _ in range(2)]
    world.call(account.adopt, THEIRS, world.unix_now)
    world.advance(1.0)
    assert world.events() == [Replied(refs[0], "access-0"), Replied(refs[1], "theirs")]


def test_closing_declines_a_login_and_tells_of_what_waits_behind_it() -> None:
    account, world = logged_in(config=SLOW)
    url = world.call(account.begin, entropy=ENTROPY)
    world.kick.faults.append(SILENCE)
    world.call(account.answer, world.kick.authorize(url))
    world.call(account.introspect)
    world.call(account.close)
    assert kinds(world.events()) == [Declined, Unintrospected]


# What a refusal says


def test_a_refusal_tells_with_which_of_the_tokens_the_call_was_made() -> None:
    account, world = logged_in()
    world.kick.api_faults.append(error(403))
    world.call(account.submit, thing())
    (refused,) = world.events()
    assert refused.credential == 1
    world.call(account.refresh)
    store(account, world)
    world.kick.api_faults.append(error(403))
    world.call(account.submit, thing())
    world.call(account.submit, thing(Auth.NONE))
    assert [event.credential for event in world.events() if isinstance(event, Refused)] == [2, 0]


def test_the_tokens_of_a_login_are_the_first_whatever_was_called_before_it() -> None:
    account, world = fresh()
    world.call(account.submit, thing())
    url = world.call(account.begin, entropy=ENTROPY)
    world.call(account.answer, world.kick.authorize(url))
    store(account, world)
    world.kick.api_faults.append(error(403))
    world.call(account.submit, thing())
    (refused,) = world.events()
    assert refused.credential == 1


def test_a_call_that_waited_for_a_token_in_vain_was_made_with_none() -> None:
    config = Config(rest=rest.Config(hold=60.0), store_timeout=1_000.0)
    account, world = logged_in(config=config)
    world.advance(OVER)
    world.call(account.submit, thing())
    world.advance(60.0)
    refreshed, refused = world.events()
    assert isinstance(refreshed, Refreshed)
    assert (refused.failure.outcome, refused.credential) == (Outcome.UNREACHABLE, 0)


def test_to_adopt_the_same_expired_tokens_again_refuses_what_waits_for_new_ones() -> None:
    account, world = logged_in()
    world.advance(OVER)
    world.kick.faults.append(SILENCE)
    world.call(account.submit, thing())
    world.call(account.adopt, STORED, world.unix_now)
    (refused,) = world.events()
    assert refused.failure.outcome is Outcome.UNAUTHORIZED
    assert refused.failure.message == "the access token has expired, and could not be renewed"
    assert refused.credential == 0
