"""The laws of ``contract`` for a grant and an account: whatever is answered to what they ask."""

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kick_proto import account, rest
from kick_proto.account import Account
from kick_proto.endpoints.call import Auth
from kick_proto.endpoints.oauth import TokenReply, token_set
from kick_proto.http import Responded, Response, Unanswered
from kick_proto.oauth import Config, Grant, states
from kick_proto.oauth.attempt import attempt
from kick_proto.secret import Secret
from kick_proto.testing.world import UNIX_EPOCH
from tests.contract import LATEST, LAWS, Due, Hear, Law, Play, Script, Step, Subject, Take, Tell, Wait, armed, obey
from tests.exchanges import ENTROPY, body_of, error, thing
from tests.test_oauth import APP, APPS_OWN, STORED

CONFIG = Config(rest=rest.Config(max_queued=4, hold=60.0), login_timeout=600.0, store_timeout=30.0)
ISSUED = token_set(
    TokenReply(access_token=Secret("a"), refresh_token=Secret("r"), lifetime=7_200.0, scopes=("x",)), UNIX_EPOCH
)
REPLY = body_of({"access_token": "a", "refresh_token": "r", "expires_in": 7_200, "scope": "x"})
ANSWER = f"code=c&state={attempt(ENTROPY).state.reveal()}"

times = st.sampled_from([0.0, 1.0, 5.0, 20.0, 30.0, 60.0, 600.0, 6_900.0, 7_200.0, 86_400.0])
passing: st.SearchStrategy[Step] = st.just(Due()) | st.builds(Wait, times) | st.builds(Take, st.booleans())
refs = st.sampled_from([LATEST, LATEST, LATEST, LATEST, 0, 1, 2, 3, 4])
unix = st.just(UNIX_EPOCH) | st.floats(0, 4e9)
answers = (
    st.sampled_from(
        [
            REPLY,
            REPLY,
            body_of({"access_token": "b"}),
            body_of({"data": {"active": True}}),
            Response(200, (), b"OK"),
            error(400, "invalid_grant"),
            error(400, "Invalid request"),
            error(401),
            error(404),
            error(503),
            Response(429, (("retry-after", "7"),), b""),
            Response(302, (("location", "https://evil.example/"),), b""),
        ]
    )
    | st.builds(Response, st.integers(100, 599), st.just(()), st.binary(max_size=20))
    | st.builds(
        lambda token, seconds: body_of({"access_token": token, "expires_in": seconds}), st.text(), st.integers()
    )
)
happenings: st.SearchStrategy[Step] = st.builds(
    Hear,
    st.builds(Responded, refs, answers, unix) | st.builds(Unanswered, refs, st.text(max_size=9), st.booleans()),
)
queries = st.sampled_from([ANSWER, ANSWER, "error=access_denied", "", "code=c&state=x"]) | st.text(max_size=30)
grant_tells: st.SearchStrategy[Step] = (
    st.builds(Tell, st.sampled_from(["refresh", "refresh", "revoke", "introspect", "request_app_token", "close"]))
    | st.sampled_from([Tell("begin", (ENTROPY,)), Tell("begin", (b"short",))])
    | st.builds(lambda query: Tell("answer", (query,)), queries)
    | st.builds(lambda tokens: Tell("stored", (tokens,)), st.sampled_from([ISSUED, ISSUED, STORED]))
    | st.builds(lambda tokens, at: Tell("adopt", (tokens, at)), st.sampled_from([STORED, APPS_OWN]), unix)
)
account_tells: st.SearchStrategy[Step] = st.builds(
    lambda auth, repeatable: Tell("submit", (msgspec.structs.replace(thing(auth), repeatable=repeatable),)),
    st.sampled_from(Auth),
    st.booleans(),
) | st.builds(lambda ref: Tell("abandon", (ref,)), st.integers(0, 6))


def scripts(beginnings: list[list[Step]], *steps: st.SearchStrategy[Step]) -> st.SearchStrategy[Script]:
    rest_of_it = st.lists(st.one_of(passing, happenings, *steps), max_size=15)
    return st.builds(lambda first, then: [*first, *then], st.sampled_from(beginnings), rest_of_it)


def tell(machine: Grant | Account, now: float, told: Tell) -> None:
    if told.command == "begin":
        machine.begin(now, entropy=told.arguments[0])
    else:
        obey(machine, now, told)


def heard(response: Response) -> Hear:
    return Hear(Responded(LATEST, response, UNIX_EPOCH))


BEGUN: list[Step] = [Tell("begin", (ENTROPY,))]
ANSWERED: list[Step] = [*BEGUN, Tell("answer", (ANSWER,))]
TOLD: list[Step] = [*ANSWERED, heard(REPLY)]
LOGGED_IN: list[Step] = [*TOLD, Tell("stored", (ISSUED,))]
ADOPTED: list[Step] = [Tell("adopt", (STORED, UNIX_EPOCH))]
REFRESHING: list[Step] = [*ADOPTED, Tell("refresh")]
UNSTORED: list[Step] = [*REFRESHING, heard(REPLY), Wait(30.0)]
REVOKING: list[Step] = [*ADOPTED, Tell("revoke")]
GRANT = Subject(
    lambda: Grant(APP, CONFIG, rng=random.Random(7)),
    scripts([[], BEGUN, ANSWERED, TOLD, LOGGED_IN, ADOPTED, REFRESHING, UNSTORED, REVOKING], grant_tells),
    tell=tell,
    see_timers=armed(states.ARMED),
)

SUBMIT = Tell("submit", (thing(),))
SUBMITTED: list[Step] = [*ADOPTED, SUBMIT, SUBMIT]
REJECTED: list[Step] = [*SUBMITTED, heard(error(401))]
HELD: list[Step] = [*ADOPTED, Wait(6_900.0), SUBMIT, SUBMIT]
RENEWED: list[Step] = [*HELD, heard(REPLY)]
ACCOUNT = Subject(
    lambda: Account(APP, CONFIG, rng=random.Random(7)),
    scripts([[], TOLD, LOGGED_IN, ADOPTED, SUBMITTED, REJECTED, HELD, RENEWED], grant_tells, account_tells),
    tell=tell,
    see_timers=armed(account.ARMED),
)
SUBJECTS: dict[str, Subject[Any]] = {"grant": GRANT, "account": ACCOUNT}


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@settings(max_examples=100)
@given(data=st.data())
def test_every_machine_obeys_every_law(name: str, law: Law, data: st.DataObject) -> None:
    script = data.draw(SUBJECTS[name].scripts)
    law(SUBJECTS[name], script, data.draw(st.integers(0, len(script))))


def led(subject: Subject[Any], script: Script) -> Any:
    play = Play(subject)
    play.go(script)
    return play.machine


def test_the_beginnings_of_the_scripts_lead_where_they_should() -> None:
    ways = {
        states.State.STORING: TOLD,
        states.State.HELD: LOGGED_IN,
        states.State.REFRESHING: REFRESHING,
        states.State.UNSTORED: UNSTORED,
        states.State.REVOKING: REVOKING,
    }
    assert {state: led(GRANT, script).state for state, script in ways.items()} == {state: state for state in ways}
    assert led(ACCOUNT, HELD).state is led(ACCOUNT, REJECTED).state is account.State.HOLDING
    assert led(ACCOUNT, RENEWED).grant_state is states.State.STORING


@settings(max_examples=200)
@given(script=ACCOUNT.scripts)
def test_every_call_is_answered_once_or_abandoned_or_still_open(script: Script) -> None:
    play = Play(ACCOUNT)
    play.go(script)
    play.machine.close(play.now)
    events = [event for kind, event in play.seen if kind == "event"] + play.machine.take_events()
    answered = [event.ref for event in events if isinstance(event, rest.Replied | rest.Refused)]
    assert len(answered) == len(set(answered))


@settings(max_examples=200)
@given(script=ACCOUNT.scripts)
def test_no_token_shows_in_a_transcript(script: Script) -> None:
    shown = json.dumps([repr(each) for each in Play(ACCOUNT).go([*script, Take()]) if each[0] != "illegal"])
    for secret in ("access-0", "refresh-0", "s3cret"):
        assert secret not in shown
