"""The witness over HTTP, of what leaves: each law with what just holds it, and with what is found to break it."""

from functools import partial
from typing import Any

import msgspec
import pytest

from kick_proto.account import Account
from kick_proto.endpoints.call import Call, Host
from kick_proto.errors import LocalProtocolError
from kick_proto.http import Fetch, Request, Responded, Response, Unanswered
from kick_proto.machine import Cancel
from kick_proto.oauth import events as grants
from kick_proto.oauth.states import State
from kick_proto.rest import Client, Replied
from kick_proto.secret import Secret
from kick_proto.testing.simulation.http import callers
from kick_proto.testing.simulation.http.deciding import call_of
from kick_proto.testing.simulation.http.decisions import CallKind
from kick_proto.testing.simulation.http.network import SITES
from kick_proto.testing.simulation.http.plans import CallerPlan
from kick_proto.testing.simulation.http.secrets import MARK
from kick_proto.testing.simulation.http.witness import MOST_REMEMBERED, host_of
from kick_proto.testing.simulation.laws import Law, Violation
from tests.testing.callings import CLIENT, LOGGED_OUT
from tests.testing.seeing import (
    ADDRESS,
    PAGE,
    PROFILE,
    RENEWAL,
    UNIX,
    Bend,
    Scene,
    answered,
    broken,
    closed,
    logged_in,
    more_events,
    more_outputs,
    outputs,
    page,
    tokens,
)

# Who does as it must is let alone


def test_who_does_as_it_must_is_let_alone() -> None:
    scene = Scene()
    fetch = scene.fetch(1.0, PAGE)
    scene.hear(2.0, Unanswered(fetch, "lost"))
    scene.witness.tick(3.0)
    (again,) = scene.see(3.0)[0]
    scene.hear(4.0, Responded(again.ref, Response(200, (), b"{}"), UNIX))
    scene.tell(5.0, "close")
    scene.see(6.0)


def test_calls_and_requests_for_tokens_of_one_account_are_seen_beside_each_other() -> None:
    scene = logged_in()
    scene.tell(1.0, "submit", PROFILE)
    (renewal,) = scene.tell(1.0, "refresh")[0]
    assert isinstance(renewal, Fetch)
    assert host_of(SITES, renewal.request) is Host.ID
    body = b'{"access_token":"new","refresh_token":"newer","expires_in":60,"token_type":"bearer"}'
    (event,) = scene.hear(2.0, Responded(renewal.ref, Response(200, (), body), UNIX))[1]
    assert isinstance(event, grants.Refreshed)
    scene.tell(2.1, "stored", event.tokens)
    assert scene.witness.model.token == Secret("new")
    scene.tell(3.0, "abandon", 1)
    scene.tell(4.0, "close")
    scene.tell(5.0, "abandon", 1)


@pytest.mark.parametrize("host", Host)
def test_a_request_is_for_the_host_that_its_address_names(host: Host) -> None:
    request = Request(method="GET", address=f"{SITES.of(host)}/x")
    assert host_of(SITES, request) is host


# Commands


def of_kind(monkeypatch: pytest.MonkeyPatch, kind: type[Client], plan: CallerPlan = CLIENT) -> Scene:
    monkeypatch.setattr(callers, "Client", kind)
    return Scene(plan)


class Strict(Client):
    """Refuses every call."""

    def submit(self, now: float, call: Call[Any]) -> int:
        raise LocalProtocolError("no")


class Blabbing(Client):
    """Refuses every call, with a secret."""

    def submit(self, now: float, call: Call[Any]) -> int:
        raise LocalProtocolError(MARK)


class Yielding(Client):
    """Takes every call, and does nothing."""

    def submit(self, now: float, call: Call[Any]) -> int:
        return 77


def test_what_is_legal_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = of_kind(monkeypatch, Strict)
    broken(Law.INTERFACE, "submit is refused, and is legal: no", lambda: scene.tell(0.0, "submit", PAGE))


def test_a_refusal_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = of_kind(monkeypatch, Blabbing)
    sentence = "the refusal of submit shows 1 parts of a secret"
    broken(Law.SECRETS, sentence, lambda: scene.tell(0.0, "submit", PAGE))


def few(count: int) -> CallerPlan:
    """Of whose calls so many may be open."""
    config = msgspec.structs.replace(CLIENT.config.rest, max_queued=count)
    return msgspec.structs.replace(CLIENT, config=msgspec.structs.replace(CLIENT.config, rest=config))


def test_no_more_calls_are_taken_than_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = of_kind(monkeypatch, Yielding, few(2))
    assert [scene.witness.tell(0.0, "submit", call_of(CallKind.PAGE, number)) for number in (1, 2)] == [77, 77]
    broken(Law.BOUNDED, "submit is taken, and is illegal", lambda: scene.tell(0.0, "submit", PAGE))


def test_who_is_closed_takes_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = of_kind(monkeypatch, Yielding)
    scene.tell(0.0, "close")
    broken(Law.INTERFACE, "submit is taken, and is illegal", lambda: scene.tell(0.0, "submit", PAGE))


def test_what_is_illegal_and_refused_gives_nothing_and_changes_nothing() -> None:
    scene = Scene(few(1))
    assert scene.witness.tell(0.0, "submit", PAGE) == 1
    assert scene.witness.tell(0.0, "submit", PAGE) is None
    assert scene.witness.model.open_count == 1
    scene.see(0.0)


def test_a_deadline_that_has_passed_is_not_left_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "poll_timeout", lambda self: 5.0)
    scene = Scene()
    scene.witness.tick(4.9)
    for now in (5.0, 6.0):
        sentence = f"handle_timeout({now}) leaves 5.0 as the time of the next"
        broken(Law.INTERFACE, sentence, lambda now=now: scene.witness.tick(now))  # type: ignore[misc]


# Silence


def test_nothing_comes_out_of_what_is_closed() -> None:
    scene = Scene()
    scene.tell(0.0, "close")
    scene.see(1.0)
    more = page(9, 1)
    broken(Law.SILENCE, f"{[more]} comes out of what is closed", lambda: scene.see(1.0, more_outputs(more)))


def test_what_is_closed_gives_up_once() -> None:
    scene = Scene()
    scene.tell(0.0, "close")
    sentence = "at 1.0 [9] are given up; it is time to give up []"
    broken(Law.ON_TIME, sentence, lambda: scene.see(1.0, more_outputs(Cancel(9))))


def test_the_end_gives_up_what_is_under_way_and_asks_for_nothing() -> None:
    scene = Scene()
    scene.fetch(0.0, PAGE)
    sentence = f"GET {ADDRESS} leaves for a call that is over, or that nobody made"
    broken(Law.TRIES, sentence, lambda: scene.tell(0.0, "close", bend=more_outputs(page(9, 1))))


@pytest.mark.parametrize("is_closed", [True, False])
def test_who_is_closed_says_so_and_nobody_else(is_closed: bool) -> None:
    scene = Scene()
    if not is_closed:
        scene.tell(0.0, "close")
    sentence = f"closed is {is_closed} at 1.0, and must be {not is_closed}"
    broken(Law.SILENCE, sentence, lambda: scene.see(1.0, closed(is_closed)))


# Secrets


def test_a_secret_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Fetch(9, Request(method="GET", address=f"http://kick.example/site/{MARK}"))
    for what, bend in [("an output", more_outputs(output)), ("an event", more_events(Replied(1, MARK)))]:
        scene = Scene()
        broken(Law.SECRETS, f"{what} shows 1 parts of a secret", lambda: scene.see(0.0, bend))  # noqa: B023
    monkeypatch.setattr(Client, "__repr__", lambda self: MARK)
    scene = Scene()
    broken(Law.SECRETS, "the machine shows 1 parts of a secret", lambda: scene.see(0.0))


# Requests


def test_what_leaves_keeps_to_the_pace() -> None:
    scene = Scene(rate=1.0)
    scene.fetch(0.0, PAGE)
    sentence = "2 requests to site within 0.5 s"
    two = call_of(CallKind.PAGE, 2)
    broken(Law.PACE, sentence, lambda: scene.tell(0.5, "submit", two, bend=more_outputs(page(9, 2))))


def test_what_leaves_keeps_to_the_pauses() -> None:
    scene = Scene()
    fetch = scene.fetch(0.0, PAGE)
    limited = Responded(fetch, Response(429, (("retry-after", "7"),)), UNIX)
    sentence = "site is asked 7 s too early"
    broken(Law.PAUSES, sentence, lambda: scene.hear(0.0, limited, more_outputs(page(9, 1))))


def renumbered(ref: int) -> Bend:
    return outputs(lambda made: [msgspec.structs.replace(made[0], ref=ref)])


@pytest.mark.parametrize(("others", "is_known"), [(1, True), (MOST_REMEMBERED - 1, True), (MOST_REMEMBERED, False)])
def test_a_ref_is_used_once_as_far_as_is_remembered(others: int, is_known: bool) -> None:
    scene = Scene()
    first = scene.fetch(0.0, PAGE)
    scene.hear(0.0, Responded(first, Response(404), UNIX))
    for number in range(1, others):
        answered(scene, float(number), number)
    last = call_of(CallKind.PAGE, 999)
    again = partial(scene.tell, 900.0, "submit", last, bend=renumbered(first))
    if is_known:
        broken(Law.INTERFACE, f"ref {first} was there before", again)
    else:
        answered(scene, 800.0, 998)
        again()


def test_what_is_due_leaves() -> None:
    scene = Scene()
    sentence = "1 requests are due at 0.0, and what leaves is: "
    broken(Law.ON_TIME, sentence, lambda: scene.tell(0.0, "submit", PAGE, bend=outputs(lambda made: [])))


def test_what_is_due_leaves_in_its_order() -> None:
    scene = Scene()
    for number in (1, 2):
        scene.witness.tell(0.0, "submit", call_of(CallKind.PAGE, number))
    sentence = f"2 requests are due at 0.0, and what leaves is: GET {ADDRESS}, GET {ADDRESS}"
    broken(Law.ON_TIME, sentence, lambda: scene.see(0.0, outputs(lambda made: made[::-1])))


def test_what_is_due_leaves_once() -> None:
    scene = Scene()
    sentence = f"1 requests are due at 0.0, and what leaves is: GET {ADDRESS}, GET {ADDRESS}"
    broken(Law.ON_TIME, sentence, lambda: scene.tell(0.0, "submit", PAGE, bend=more_outputs(page(99, 1))))


def test_tokens_are_asked_for_once() -> None:
    scene = logged_in()
    address = RENEWAL.request.address
    sentence = f"1 requests are due at 0.0, and what leaves is: POST {address}, POST {address}"
    broken(Law.LOGIN, sentence, lambda: scene.tell(0.0, "refresh", bend=more_outputs(RENEWAL)))
    scene = logged_in()
    scene.tell(0.0, "refresh")
    sentence = f"POST {address} leaves while the same is under way"
    broken(Law.LOGIN, sentence, lambda: scene.see(1.0, more_outputs(RENEWAL)))
    scene = logged_in()
    sentence = f"POST {address} leaves for a call that is over, or that nobody made"
    broken(Law.LOGIN, sentence, lambda: scene.see(1.0, more_outputs(RENEWAL)))


def test_what_leaves_too_often_is_known_from_what_is_due_beside_it() -> None:
    scene = logged_in()
    scene.witness.tell(0.0, "refresh")
    scene.witness.tell(0.0, "introspect")
    with pytest.raises(Violation, match=r"^law 7 \(on_time\): 2 requests are due at 0\.0, and what leaves is: POST"):
        scene.see(0.0, outputs(lambda made: [*made, msgspec.structs.replace(made[1], ref=99)]))


def test_a_request_without_a_number_is_nobodys() -> None:
    request = Fetch(9, Request(method="GET", address=ADDRESS))
    sentence = f"GET {ADDRESS} leaves for a call that is over, or that nobody made"
    broken(Law.TRIES, sentence, lambda: Scene().see(1.0, more_outputs(request)))


@pytest.mark.parametrize("number", [1, 2])
def test_nothing_leaves_that_nobody_asked_for_or_that_is_under_way(number: int) -> None:
    scene = Scene()
    scene.fetch(0.0, PAGE)
    why = "while the same is under way" if number == 1 else "for a call that is over, or that nobody made"
    broken(Law.TRIES, f"GET {ADDRESS} leaves {why}", lambda: scene.see(1.0, more_outputs(page(9, number))))


def test_a_client_does_not_ask_for_tokens() -> None:
    scene = Scene()
    sentence = f"POST {RENEWAL.request.address} leaves for a call that is over, or that nobody made"
    broken(Law.LOGIN, sentence, lambda: scene.see(1.0, more_outputs(RENEWAL)))


# Tokens


@pytest.mark.parametrize("adopted", [(1, 2), (1, 2, 3), (2, 1, 3)])
def test_a_refresh_token_of_the_past_is_not_used(adopted: tuple[int, ...]) -> None:
    scene = logged_in(*adopted)
    sentence = "a refresh token is used that another has taken the place of"
    broken(Law.LOGIN, sentence, lambda: scene.tell(1.0, "refresh", bend=outputs(lambda made: [RENEWAL])))


@pytest.mark.parametrize("adopted", [(1,), (2, 1), (1, 2, 1)])
def test_a_refresh_token_that_is_in_use_is_not_of_the_past(adopted: tuple[int, ...]) -> None:
    scene = logged_in(*adopted)
    scene.tell(1.0, "refresh", bend=outputs(lambda made: [RENEWAL]))


def bearing(value: str | None) -> Bend:
    """Every request has this header, and no other."""
    headers = () if value is None else (("authorization", value),)
    return outputs(
        lambda made: [
            msgspec.structs.replace(each, request=msgspec.structs.replace(each.request, headers=headers))
            for each in made
        ]
    )


@pytest.mark.parametrize(
    ("token", "sent", "is_right"),
    [
        ("a", "Bearer a", True),
        ("a", "Bearer b", False),
        ("a", "a", False),
        ("a", None, False),
        (None, None, True),
        (None, "Bearer a", False),
    ],
)
def test_a_call_goes_with_the_token_in_use(token: str | None, sent: str | None, is_right: bool) -> None:
    scene = Scene()
    scene.tell(0.0, "set_token", None if token is None else Secret(token))
    call = partial(scene.tell, 0.0, "submit", call_of(CallKind.LIVESTREAMS, 1), bend=bearing(sent))
    if is_right:
        call()
    else:
        address = "http://kick.example/api/public/v1/livestreams"
        broken(Law.LOGIN, f"GET {address} goes with another token than the one in use", call)


def test_a_call_that_needs_no_token_may_go_with_anything() -> None:
    scene = Scene()
    scene.tell(0.0, "submit", PAGE, bend=bearing("Basic x"))


def test_a_grant_stands_where_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Account, "grant_state", property(lambda self: State.EMPTY))
    scene = Scene(LOGGED_OUT)
    scene.see(0.0)
    adopt = partial(scene.tell, 0.0, "adopt", tokens(1), UNIX)
    broken(Law.LOGIN, "the grant is said to be empty, and is held", adopt)


# What is given up


def test_a_request_is_given_up_when_it_is_time_and_no_other() -> None:
    for bend, found in [(outputs(lambda made: []), []), (more_outputs(Cancel(9)), [2, 9])]:
        scene = Scene()
        assert scene.fetch(0.0, PAGE) == 2
        scene.witness.tick(20.0)
        sentence = f"at 20.0 {found} are given up; it is time to give up [2]"
        broken(Law.ON_TIME, sentence, lambda: scene.see(20.0, bend))  # noqa: B023


def test_what_was_given_up_is_not_due_again() -> None:
    scene = Scene()
    scene.fetch(0.0, PAGE)
    scene.tell(1.0, "abandon", 1)
    scene.see(2.0)
