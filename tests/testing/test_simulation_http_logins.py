"""What becomes of a login in the simulation, by plans that are written down: no law is broken, and these are the facts.

The model beside each account must foresee the same, so what is shown here of a machine is shown of its model as well.
"""

import msgspec
import pytest

from kick_proto import oauth
from kick_proto.endpoints.call import Host
from kick_proto.testing.simulation.http import decisions as d
from kick_proto.testing.simulation.http.decisions import AskSelf, Browse, CallKind, HttpDecision
from kick_proto.testing.simulation.http.login import name_of_form
from kick_proto.testing.simulation.http.plans import ProgramPlan, WebPlan
from kick_proto.testing.simulation.http.troubles import Denied, NoTokens, Outage, OutageKind
from kick_proto.testing.site.ledger import Lifetimes
from kick_proto.testing.site.trouble import Slow
from tests.testing.callings import CALLS, EVENTS, LOGGED_IN, SAFETY, calls, command, happened, plan_of, told, web_of

REFRESH, REVOKE, INTROSPECT, APP_TOKEN = AskSelf.REFRESH, AskSelf.REVOKE, AskSelf.INTROSPECT, AskSelf.APP_TOKEN


def slow(seconds: float, times: int, path: str) -> d.Unlucky:
    return d.Unlucky(0.0, Host.ID, Slow(seconds), times, path)


def refused(times: int, path: str, code: str = "invalid_request", status: int = 400, at: float = 0.0) -> d.Unlucky:
    return d.Unlucky(at, Host.ID, NoTokens(code, status), times, path)


def silent(times: int, path: str) -> d.Unlucky:
    return d.Unlucky(0.0, Host.ID, Outage(OutageKind.SILENT), times, path)


TOKEN, REVOCATION = "/oauth/token", "/oauth/revoke"
NEVER_STORED = d.Storing(0.0, 0, None)


def again(at: float) -> tuple[HttpDecision, ...]:
    """Somebody logs in, and revokes that."""
    return d.Login(at, 0, Browse.AGREES, 2.0), command(at + 3.0, REVOKE)


@pytest.mark.parametrize(
    ("decisions", "facts"),
    [
        # Renewals
        ((command(5.0, REFRESH),), ["Refreshed"]),
        ((command(5.0, REFRESH), command(5.0, REFRESH)), ["Refreshed"]),
        ((slow(3.0, 1, TOKEN), command(5.0, REFRESH), command(6.0, REFRESH)), ["Refreshed"]),
        ((refused(1, TOKEN, "invalid_grant"), command(5.0, REFRESH), calls(6.0)), ["Lost", "Refused"]),
        ((refused(1, TOKEN, "invalid_grant", 401), command(5.0, REFRESH), calls(6.0)), ["Lost", "Refused"]),
        ((refused(1, TOKEN, "invalid_grant", 403), command(5.0, REFRESH), calls(6.0)), ["Unrefreshed", "Replied"]),
        ((refused(2, TOKEN, "invalid_grant", 500), command(5.0, REFRESH), calls(9.0)), ["Unrefreshed", "Replied"]),
        ((refused(1, TOKEN, "invalid_client", 401), command(5.0, REFRESH), calls(6.0)), ["Unrefreshed", "Replied"]),
        # New tokens that nobody stores
        ((NEVER_STORED, command(5.0, REFRESH), calls(9.0)), ["Refreshed", "Replied", "Unrefreshed"]),
        ((NEVER_STORED, command(5.0, REFRESH), command(50.0, REFRESH)), ["Refreshed", "Unrefreshed"] * 2),
        (
            (
                NEVER_STORED,
                command(5.0, REFRESH),
                d.Storing(40.0, 0, 2.0),
                command(50.0, REFRESH),
                command(60.0, REFRESH),
            ),
            ["Refreshed", "Unrefreshed", "Refreshed", "Refreshed"],
        ),
        (
            (d.Storing(0.0, 0, 40.0), command(5.0, REFRESH), command(60.0, REFRESH)),
            ["Refreshed", "Unrefreshed"] * 2,
        ),
        (
            (d.Storing(0.0, 0, 10.0), command(5.0, REFRESH), d.Adopt(10.0, 0, True), calls(20.0)),
            ["Refreshed", "Replied"],
        ),
        (
            (
                *(NEVER_STORED, command(5.0, REFRESH), d.Forget(40.0, d.What.ACCESS), d.Storing(41.0, 0, 1.0)),
                calls(50.0),
            ),
            ["Refreshed", "Unrefreshed", "Refreshed", "Refused"],
        ),
        # Revocations
        ((command(5.0, REVOKE), calls(6.0)), ["Revoked", "Refused"]),
        ((command(5.0, REVOKE), command(6.0, REFRESH), command(7.0, REVOKE), command(8.0, INTROSPECT)), ["Revoked"]),
        ((slow(5.0, 2, REVOCATION), command(5.0, REVOKE), command(6.0, REVOKE), calls(7.0)), ["Refused", "Revoked"]),
        ((refused(1, REVOCATION), command(5.0, REVOKE), calls(6.0)), ["Unrevoked", "Refreshed", "Replied"]),
        ((refused(2, REVOCATION), command(5.0, REVOKE), calls(6.0)), ["Unrevoked", "Replied"]),
        ((refused(2, REVOCATION), command(5.0, REVOKE), command(6.0, REVOKE)), ["Unrevoked", "Revoked"]),
        ((slow(3.0, 1, TOKEN), command(5.0, REFRESH), command(6.0, REVOKE)), ["Revoked"]),
        ((NEVER_STORED, command(5.0, REFRESH), command(6.0, REVOKE), calls(7.0)), ["Refreshed", "Revoked", "Refused"]),
        (
            (NEVER_STORED, refused(4, REVOCATION), command(5.0, REFRESH), command(6.0, REVOKE), command(9.0, REFRESH)),
            ["Refreshed", "Unrevoked", "Refreshed", "Unrefreshed"],
        ),
        (
            (d.Storing(0.0, 0, 3.0), slow(5.0, 9, REVOCATION), command(5.0, REFRESH), command(6.0, REVOKE), calls(7.0)),
            ["Refreshed", "Refused", "Revoked"],
        ),
        ((slow(5.0, 2, REVOCATION), command(5.0, REVOKE), d.Adopt(6.0, 0, False), calls(12.0)), ["Revoked", "Refused"]),
        (
            (slow(2.0, 1, TOKEN), command(5.0, APP_TOKEN), command(6.0, REVOKE), calls(12.0, CallKind.CHANNELS)),
            ["Revoked", "Issued", "Replied"],
        ),
        (
            (
                *(slow(2.0, 1, TOKEN), slow(5.0, 2, REVOCATION), command(5.0, APP_TOKEN), command(6.0, REVOKE)),
                calls(20.0, CallKind.CHANNELS),
            ),
            ["Unrevoked", "Issued", "Replied"],
        ),
        (
            (
                *(d.Storing(0.0, 0, 3.0), slow(5.0, 9, REVOCATION), command(5.0, REFRESH), command(6.0, REVOKE)),
                *(command(9.0, REFRESH), d.Adopt(9.0, 0, False)),
            ),
            ["Refreshed", "Revoked"],
        ),
        ((silent(4, REVOCATION), command(5.0, REVOKE)), ["Unrevoked"]),
        (
            (NEVER_STORED, command(5.0, REFRESH), command(6.0, REVOKE), d.Storing(7.0, 0, 0.0), *again(8.0)),
            ["Refreshed", "Revoked", "Issued", "Revoked"],
        ),
        # What the server knows
        ((command(5.0, INTROSPECT), command(5.0, INTROSPECT)), ["Introspected"]),
        ((slow(3.0, 1, "/oauth"), command(5.0, INTROSPECT), command(6.0, INTROSPECT)), ["Introspected"]),
        ((d.Forget(4.0, d.What.ACCESS), command(5.0, INTROSPECT)), ["Introspected"]),
        ((refused(1, "/oauth/token/introspect"), command(5.0, INTROSPECT)), ["Unintrospected"]),
        # Tokens of the application itself
        (
            (command(5.0, APP_TOKEN), calls(6.0, CallKind.CHANNELS), command(7.0, REFRESH)),
            ["Issued", "Replied", "Refreshed"],
        ),
        ((slow(3.0, 1, TOKEN), command(5.0, APP_TOKEN), command(6.0, APP_TOKEN)), ["Issued"]),
        ((refused(1, TOKEN), command(5.0, APP_TOKEN)), ["Declined"]),
        (
            (
                command(5.0, APP_TOKEN),
                refused(1, TOKEN, "invalid_grant", at=6.0),
                command(7.0, REFRESH),
                command(8.0, REFRESH),
            ),
            ["Issued", "Unrefreshed", "Refreshed"],
        ),
        (
            (slow(3.0, 1, TOKEN), command(5.0, REFRESH), command(6.0, APP_TOKEN), calls(9.0, CallKind.CHANNELS)),
            ["Issued", "Replied"],
        ),
        # Logins
        ((d.Login(5.0, 0, Browse.AGREES, 2.0), calls(8.0)), ["Issued", "Replied"]),
        ((d.Login(5.0, 0, Browse.DENIES, 2.0), calls(8.0)), ["Declined", "Replied"]),
        ((d.Login(5.0, 0, Browse.STRANGER, 2.0), calls(8.0)), ["Declined", "Replied"]),
        ((d.Login(5.0, 0, Browse.NONSENSE, 2.0), calls(8.0)), ["Declined", "Replied"]),
        ((d.Login(5.0, 0, Browse.TWICE, 2.0), calls(8.0)), ["Issued", "Replied"]),
        ((d.Login(5.0, 0, Browse.NEVER, 2.0), calls(8.0), calls(700.0, first=2)), ["Replied", "Declined", "Replied"]),
        ((d.Login(5.0, 0, Browse.AGREES, 900.0), calls(8.0)), ["Replied", "Declined"]),
        ((d.Login(5.0, 0, Browse.AGREES, 4.0), d.Login(6.0, 0, Browse.AGREES, 4.0)), ["Declined"]),
        ((d.Login(5.0, 0, Browse.AGREES, 4.0), d.Login(6.0, 0, Browse.NEVER, 4.0)), ["Declined"]),
        ((slow(3.0, 1, TOKEN), d.Login(5.0, 0, Browse.AGREES, 2.0), d.Login(8.0, 0, Browse.AGREES, 2.0)), ["Issued"]),
        ((refused(1, TOKEN), d.Login(5.0, 0, Browse.AGREES, 2.0)), ["Declined"]),
        ((slow(3.0, 1, TOKEN), command(5.0, REFRESH), d.Login(4.0, 0, Browse.AGREES, 2.0)), ["Issued"]),
        # The end of what is under way
        ((slow(9.0, 1, TOKEN), command(5.0, APP_TOKEN), d.End(6.0, 0, False)), ["Declined"]),
        ((slow(9.0, 1, TOKEN), d.Login(5.0, 0, Browse.AGREES, 0.2), d.End(6.0, 0, False)), ["Declined"]),
        ((d.Login(5.0, 0, Browse.NEVER, 0.2), d.End(6.0, 0, True)), ["Declined"]),
        (
            (slow(9.0, 2, TOKEN), command(5.0, APP_TOKEN), d.Login(5.0, 0, Browse.AGREES, 0.2), d.End(6.0, 0, False)),
            ["Declined"],
        ),
        ((slow(9.0, 1, TOKEN), command(5.0, REFRESH), d.End(6.0, 0, False)), ["Unrefreshed"]),
        ((slow(9.0, 2, REVOCATION), command(5.0, REVOKE), d.End(6.0, 0, False)), ["Unrevoked"]),
        ((slow(9.0, 1, "/oauth"), command(5.0, INTROSPECT), d.End(6.0, 0, False)), ["Unintrospected"]),
        (
            (slow(9.0, 1, TOKEN), d.Forget(4.0, d.What.ACCESS), calls(5.0), d.End(6.0, 0, False)),
            ["Refused", "Unrefreshed"],
        ),
    ],
    ids=repr,
)
def test_what_is_told_of_a_login(decisions: tuple[HttpDecision, ...], facts: list[str]) -> None:
    assert told(plan_of(*decisions)) == facts


# One request every two seconds, so that whatever is given up lets another one leave

SLOW_CALLS = msgspec.structs.replace(CALLS, rate=0.5, burst=1.0)
SLOW = msgspec.structs.replace(LOGGED_IN, config=oauth.Config(rest=SLOW_CALLS))
PACED = WebPlan(Lifetimes(), (ProgramPlan(0.5, 1.0, (SLOW,)),))

QUEUED = (command(6.9, INTROSPECT), command(7.2, REFRESH), command(7.3, INTROSPECT))


@pytest.mark.parametrize(
    ("decisions", "facts"),
    [
        (
            (slow(9.0, 1, TOKEN), command(5.0, REFRESH), command(5.1, INTROSPECT), command(5.2, REVOKE)),
            ["Introspected", "Revoked"],
        ),
        (
            (
                slow(9.0, 1, TOKEN),
                d.Login(5.0, 0, Browse.AGREES, 0.2),
                command(5.3, INTROSPECT),
                d.Login(5.4, 0, Browse.AGREES, 0.2),
            ),
            ["Introspected", "Issued"],
        ),
        (
            (slow(3.0, 1, TOKEN), command(5.0, APP_TOKEN), *QUEUED),
            ["Introspected", "Issued", "Introspected"],
        ),
        (
            (slow(3.0, 1, TOKEN), command(5.0, APP_TOKEN), command(6.5, REVOKE), command(6.6, INTROSPECT)),
            ["Unrevoked", "Issued", "Unintrospected"],
        ),
        (
            (slow(9.0, 1, TOKEN), command(5.0, REFRESH), command(5.1, INTROSPECT), d.Adopt(5.2, 0, True)),
            ["Introspected"],
        ),
        (
            (
                *(slow(3.0, 1, TOKEN), command(5.0, APP_TOKEN), command(5.1, REFRESH), command(5.2, INTROSPECT)),
                d.Nap(5.3, 0, 200.0, d.First.MAIL, 100, 0),
            ),
            ["Issued", "Unintrospected"],
        ),
    ],
    ids=repr,
)
def test_what_is_given_up_lets_others_leave_in_their_turn(
    decisions: tuple[HttpDecision, ...], facts: list[str]
) -> None:
    assert told(plan_of(*decisions, web=PACED)) == facts


def test_the_end_gives_up_all_that_waits_for_its_turn_too() -> None:
    decisions = (
        slow(9.0, 1, TOKEN),
        d.Login(5.0, 0, Browse.AGREES, 0.2),
        command(5.3, INTROSPECT),
        d.End(5.4, 0, False),
    )
    assert sorted(told(plan_of(*decisions, web=PACED))) == ["Declined", "Unintrospected"]


# Tokens that are refused all the same


def test_a_token_that_is_refused_is_renewed_once_and_a_second_refusal_is_believed_for_half_a_minute() -> None:
    climate = d.Climate(0.0, Host.API, Denied(), 1.0, SAFETY)
    decisions = [calls(at, first=number) for number, at in enumerate((5.0, 35.0, 35.1), 1)]
    lines = happened(plan_of(climate, *decisions))
    assert [(at, what) for at, what in lines if what in ("Refused", "Refreshed")] == [
        *((5.0, "Refreshed"), (5.1, "Refused")),
        (35.0, "Refused"),
        *((35.1, "Refreshed"), (35.2, "Refused")),
    ]


# Calls that wait for a new token

IMPATIENT = msgspec.structs.replace(LOGGED_IN, config=oauth.Config(rest=msgspec.structs.replace(CALLS, hold=30.0)))


def test_a_call_waits_for_a_new_token_for_no_longer_than_it_may() -> None:
    hangs = (d.Forget(4.0, d.What.ACCESS), silent(9, TOKEN), calls(5.0), calls(7.0, first=2))
    lines = happened(plan_of(*hangs, web=web_of(IMPATIENT)))
    ends = [(at, what) for at, what in lines if what in ("Refused", "Unrefreshed")]
    assert ends == [(35.0, "Refused"), (37.0, "Refused"), (46.0, "Unrefreshed")]


def test_a_call_that_waits_may_be_wanted_no_longer() -> None:
    hangs = (d.Forget(4.0, d.What.ACCESS), silent(9, TOKEN), calls(5.0, count=2), d.Abandon(6.0, 0, 0.0))
    assert told(plan_of(*hangs, web=web_of(IMPATIENT))) == ["Refused", "Unrefreshed"]


def test_a_call_that_waits_is_refused_when_the_tokens_that_have_ended_are_taken_up_again() -> None:
    decisions = (slow(9.0, 1, TOKEN), calls(121.0), d.Adopt(122.0, 0, False))
    lines = happened(plan_of(*decisions, web=web_of(LOGGED_IN, access=120.0)))
    assert [(at, what) for at, what in lines if what in EVENTS] == [(122.0, "Refused")]


@pytest.mark.parametrize("at", [110.0, 121.0])
def test_a_call_that_waits_is_refused_when_all_tokens_are_revoked(at: float) -> None:
    """Whether the one in use is good still or has ended."""
    decisions = (slow(9.0, 1, TOKEN), calls(at), command(at + 1.0, REVOKE))
    assert told(plan_of(*decisions, web=web_of(LOGGED_IN, access=120.0))) == ["Refused", "Revoked"]


# At the end of an access token


@pytest.mark.parametrize(("life", "due_at"), [(5.0, 4.5), (120.0, 108.0), (3_000.0, 2_700.0), (3_600.0, 3_300.0)])
def test_a_token_is_renewed_when_a_tenth_of_its_life_is_left_or_five_minutes(life: float, due_at: float) -> None:
    for at, facts in [(due_at - 0.1, ["Replied"]), (due_at, ["Refreshed", "Replied"])]:
        plan = plan_of(calls(at), web=web_of(LOGGED_IN, access=life))
        assert told(msgspec.structs.replace(plan, safety=due_at + 2.0)) == facts


@pytest.mark.parametrize(
    ("at", "facts"),
    [
        (119.9, ["Unrefreshed", "Replied", "Replied"]),
        (120.0, ["Unrefreshed", "Replied", "Refreshed", "Replied"]),
        (139.9, ["Unrefreshed", "Replied", "Refreshed", "Replied"]),
    ],
)
def test_a_token_that_could_not_be_renewed_is_used_until_its_end(at: float, facts: list[str]) -> None:
    decisions = (refused(1, TOKEN), calls(109.0), calls(at, first=2))
    assert told(plan_of(*decisions, web=web_of(LOGGED_IN, access=120.0))) == facts


@pytest.mark.parametrize(("at", "facts"), [(570.9, ["Replied"]), (571.0, ["Refreshed", "Replied"])])
def test_a_renewal_that_failed_is_not_asked_for_again_at_once_while_the_token_is_good(
    at: float, facts: list[str]
) -> None:
    decisions = (refused(1, TOKEN), calls(541.0), calls(at, first=2))
    assert told(plan_of(*decisions, web=web_of(LOGGED_IN, access=600.0))) == ["Unrefreshed", "Replied", *facts]


# How requests are known


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ({"grant_type": "authorization_code", "code": "c", "client_secret": "s"}, "/x authorization_code c"),
        ({"grant_type": "refresh_token", "refresh_token": "r", "client_secret": "s"}, "/x refresh_token r"),
        ({"grant_type": "client_credentials", "client_secret": "s"}, "/x client_credentials bearer"),
        ({"token": "t", "token_hint_type": "refresh_token"}, "/x  t"),
        ({}, "/x  bearer"),
    ],
    ids=repr,
)
def test_a_request_to_the_oauth_server_is_known_by_what_it_is_about(form: dict[str, str], name: str) -> None:
    assert name_of_form("/x", form, "bearer") == name
