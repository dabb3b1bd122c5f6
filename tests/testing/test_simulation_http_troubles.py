"""What goes wrong with requests in the simulation: each trouble by what a client hears of it."""

from typing import Any

import msgspec
import pytest

from kick_proto.http import Response
from kick_proto.outcomes import Outcome, classify
from kick_proto.testing.simulation.http.secrets import MARK
from kick_proto.testing.simulation.http.troubles import (
    Busy,
    Denied,
    NoTokens,
    Outage,
    OutageKind,
    Talkative,
    Terse,
    Unrelenting,
    Voiceless,
)
from kick_proto.testing.site.exchange import Cut, SiteRequest
from kick_proto.testing.site.trouble import Trouble

REQUEST = SiteRequest(method="POST", target="/id/oauth/token", body=b"code=c%C3%A9&state=&client_secret=\xff")
JSON = "application/json"


def heard(trouble: Trouble, request: SiteRequest = REQUEST) -> Response:
    """What is answered, at once and whole, and without doing what was asked."""

    def never() -> Response:
        raise AssertionError("it was done")

    reply = trouble.shape(1_800_000_000.0, request, never)
    assert (reply.delay, reply.cut) == (0.0, Cut.NEVER)
    return reply.response


def told(response: Response) -> tuple[int, str | None, Any]:
    """Status, kind, and what the JSON says."""
    return response.status, response.header("content-type"), msgspec.json.decode(response.body)


@pytest.mark.parametrize(
    ("trouble", "status", "says"),
    [
        (Unrelenting("soon"), 429, {"data": {}, "message": "Too many requests"}),
        (Denied(), 401, {"data": {}, "message": "Unauthorized"}),
        (Denied(419), 419, {"data": {}, "message": "Unauthorized"}),
        (NoTokens(), 400, {"error": "invalid_grant", "error_description": "so decided"}),
        (NoTokens("invalid_client", 401), 401, {"error": "invalid_client", "error_description": "so decided"}),
        (Terse(), 200, {"access_token": "hIdDeN" * 7, "token_type": "bearer"}),
    ],
    ids=repr,
)
def test_a_trouble_that_speaks_json(trouble: Trouble, status: int, says: dict[str, object]) -> None:
    assert told(heard(trouble)) == (status, JSON, says)


@pytest.mark.parametrize(
    ("trouble", "outcome", "retry_after"),
    [
        (Unrelenting("soon"), Outcome.RATE_LIMITED, None),
        (Unrelenting("99999"), Outcome.RATE_LIMITED, 99_999.0),
        (Busy(20), Outcome.SERVER_ERROR, 20.0),
        (Denied(), Outcome.UNAUTHORIZED, None),
        (Denied(419), Outcome.UNAUTHORIZED, None),
        (NoTokens("invalid_grant", 500), Outcome.SERVER_ERROR, None),
        (Talkative(), Outcome.REJECTED, None),
        (Talkative(403), Outcome.FORBIDDEN, None),
    ],
    ids=repr,
)
def test_a_trouble_is_known_to_a_client_for_what_it_is(
    trouble: Trouble, outcome: Outcome, retry_after: float | None
) -> None:
    failure = classify(heard(trouble), 0.0)
    assert failure is not None
    assert (failure.outcome, failure.retry_after) == (outcome, retry_after)


def test_who_is_busy_says_so_on_a_page() -> None:
    response = heard(Busy(3))
    assert (response.status, response.header("content-type"), response.body) == (
        503,
        "text/html; charset=UTF-8",
        b"busy",
    )


@pytest.mark.parametrize("trouble", [Voiceless(), Voiceless(b"null", "application/json")], ids=repr)
def test_an_answer_without_a_voice_is_a_success_with_that_body_and_that_kind(trouble: Voiceless) -> None:
    assert heard(trouble) == Response(200, (("content-type", trouble.kind),), trouble.body)


def test_nothing_is_said_in_plain_text_where_no_kind_is_named() -> None:
    assert Voiceless() == Voiceless(b"", "text/plain")


@pytest.mark.parametrize(
    ("request_", "repeated"),
    [
        (REQUEST, "code=cé, client_secret=\N{REPLACEMENT CHARACTER}"),
        (
            SiteRequest(method="GET", target="/api/x", headers=(("authorization", f"Bearer {MARK}"),)),
            f"authorization=Bearer {MARK}",
        ),
        (
            SiteRequest(method="POST", target="/id/x", headers=(("authorization", "Basic x"),), body=b"token=a"),
            "token=a, authorization=Basic x",
        ),
    ],
    ids=repr,
)
def test_an_error_may_repeat_every_secret_that_it_was_told(request_: SiteRequest, repeated: str) -> None:
    says = {"error": "bad", "error_description": f"no: {repeated}"}
    assert told(heard(Talkative(422), request_)) == (422, JSON, says)


@pytest.mark.parametrize("kind", OutageKind)
def test_an_outage_has_no_answer(kind: OutageKind) -> None:
    with pytest.raises(TypeError, match=r"^an outage has no answer$"):
        heard(Outage(kind))
