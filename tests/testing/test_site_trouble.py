"""What goes wrong at the mock's hosts on demand: each trouble, when it comes, and whether what was asked is done."""

import json
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from kick_proto.endpoints.call import Host
from kick_proto.http import retry_after
from kick_proto.outcomes import Outcome, classify
from kick_proto.testing.site.exchange import Cut
from kick_proto.testing.site.trouble import (
    Blocked,
    Challenged,
    CutOff,
    Limited,
    Redirected,
    Slow,
    Spoiled,
    Struck,
    Trouble,
    Troubles,
)
from tests.testing.sites import STREAMER, UNIX_NOW, Desk, said

ASKED = f"/site/api/v2/channels/{STREAMER.slug}"


def outcome(trouble: Trouble) -> Outcome | None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.SITE, trouble)
    failure = classify(desk.ask("GET", ASKED), UNIX_NOW)
    assert desk.get(ASKED)["slug"] == STREAMER.slug, "the next one is well"
    return None if failure is None else failure.outcome


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (Limited(), Outcome.RATE_LIMITED),
        (Limited(3), Outcome.RATE_LIMITED),
        (Struck(), Outcome.SERVER_ERROR),
        (Struck(503, "html"), Outcome.SERVER_ERROR),
        (Challenged(), Outcome.EDGE_BLOCKED),
        (Blocked(), Outcome.EDGE_BLOCKED),
        (Redirected("https://elsewhere.invalid/"), Outcome.BAD_RESPONSE),
        (Slow(1.0), None),
        (Spoiled("html"), None),
        (Spoiled("truncated"), None),
    ],
)
def test_every_trouble_is_what_it_claims_to_be(trouble: Trouble, expected: Outcome | None) -> None:
    assert outcome(trouble) is expected


def test_a_limit_is_told_in_an_envelope_and_in_the_form_that_is_asked_for() -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.API, Limited(7))
    desk.site.trouble(desk.now, Host.API, Limited(7, "date"))
    seconds, date = desk.ask("GET", "/api/x"), desk.ask("GET", "/api/x")
    assert said(seconds) == said(date) == (429, {"data": {}, "message": "Too many requests"})
    assert (seconds.header("retry-after"), date.header("retry-after")) == ("7", "Mon, 21 Sep 2026 15:15:07 GMT")


def test_a_limit_says_when_to_come_again_or_not() -> None:
    desk = Desk()

    def told(trouble: Limited) -> float | None:
        desk.site.trouble(desk.now, Host.API, trouble)
        response = desk.ask("GET", "/api/x")
        assert said(response)[0] == 429
        return retry_after(response.headers, UNIX_NOW + desk.now)

    assert told(Limited()) is None
    assert told(Limited(7)) == 7.0
    assert told(Limited(7, "date")) == 7.0
    assert told(Limited(0)) == 0.0


def test_a_date_is_a_date() -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.API, Limited(60, "date"))
    header = desk.ask("GET", "/api/x").header("retry-after") or ""
    assert parsedate_to_datetime(header).timestamp() == UNIX_NOW + desk.now + 60


def test_blocks_have_their_marks() -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.SITE, Challenged())
    desk.site.trouble(desk.now, Host.SITE, Blocked())
    page, json_ = desk.ask("GET", ASKED), desk.ask("GET", ASKED)
    assert (page.status, page.header("cf-mitigated"), page.body[:15]) == (403, "challenge", b"<!DOCTYPE html>")
    assert b"<title>Just a moment...</title>" in page.body
    assert said(json_) == (403, {"error": "Request blocked by security policy.", "reference": "5c1d20aa"})


def test_an_error_is_in_json_or_a_page() -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.API, Struck(500))
    desk.site.trouble(desk.now, Host.API, Struck(502, "html"))
    assert said(desk.ask("GET", "/api/x")) == (500, {"data": None, "message": "Internal server error"})
    page = desk.ask("GET", "/api/x")
    assert (page.status, page.header("content-type")) == (502, "text/html; charset=UTF-8")
    assert page.body == b"<html><head><title>502</title></head><body><h1>502</h1></body></html>"


def test_a_slow_reply_is_the_right_one_late() -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.SITE, Slow(2.5))
    late, prompt = desk.reply("GET", ASKED), desk.reply("GET", ASKED)
    assert Slow(0.0).seconds == 0.0, "no delay is one, too"
    assert (late.delay, prompt.delay) == (2.5, 0.0)
    assert late.response == prompt.response


def test_spoiled_replies() -> None:
    desk = Desk()
    for form in ("html", "truncated", "large"):
        desk.site.trouble(desk.now, Host.SITE, Spoiled(form, size=100_000))
    page, half, large = (desk.ask("GET", ASKED) for _ in range(3))
    assert (page.status, page.header("content-type")) == (200, "text/html; charset=UTF-8")
    assert page.body.startswith(b"<!DOCTYPE html><html><head><title>Kick</title>")
    whole = desk.ask("GET", ASKED).body
    assert half.body == whole[: len(whole) // 2]
    assert (len(large.body), said(large)[1]["message"]) == (100_000, "OK")
    desk.site.trouble(desk.now, Host.SITE, Spoiled("large", size=0))
    assert said(desk.ask("GET", ASKED)) == (200, {"data": "", "message": "OK"}), "no smaller than its frame"


def test_a_redirect_goes_anywhere_or_to_itself() -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.SITE, Redirected())
    desk.site.trouble(desk.now, Host.SITE, Redirected("https://elsewhere.invalid/x", 307))
    back, away = desk.ask("GET", f"{ASKED}?a=1"), desk.ask("GET", ASKED)
    assert (back.status, back.header("location")) == (302, f"{ASKED}?a=1")
    assert (away.status, away.header("location")) == (307, "https://elsewhere.invalid/x")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_may_have_each_of_their_statuses(status: int) -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.SITE, Redirected("/x", status))
    assert desk.ask("GET", ASKED).status == status


@pytest.mark.parametrize("status", [500, 599])
def test_an_error_may_have_any_status_of_a_server_s_fault(status: int) -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.SITE, Struck(status))
    assert desk.ask("GET", ASKED).status == status


@pytest.mark.parametrize(
    ("trouble", "is_done"),
    [
        (Limited(), False),
        (Struck(), False),
        (Challenged(), False),
        (Blocked(), False),
        (Redirected(), False),
        (Spoiled("html"), False),
        (Spoiled("truncated"), True),
        (Slow(1.0), True),
        (CutOff(), True),
        (CutOff(Cut.HALFWAY), True),
    ],
)
def test_a_lost_reply_is_one_of_something_done(trouble: Trouble, is_done: bool) -> None:
    desk = Desk()
    token = desk.token()
    desk.site.trouble(desk.now, Host.API, trouble)
    body = {"content": "hi", "type": "user", "broadcaster_user_id": STREAMER.user_id}
    desk.ask("POST", "/api/public/v1/chat", token, body)
    assert len(desk.site.take_frames()) == is_done


def test_a_cut_is_told_and_logged() -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.SITE, CutOff())
    desk.site.trouble(desk.now, Host.SITE, CutOff(Cut.HALFWAY))
    assert [desk.reply("GET", ASKED).cut for _ in range(3)] == [Cut.BEFORE, Cut.HALFWAY, Cut.NEVER]
    assert [each.status for each in desk.site.requests()] == [0, 200, 200]


# When


def statuses(desk: Desk, count: int, target: str = "/api/x") -> list[int]:
    return [desk.ask("GET", target).status for _ in range(count)]


def test_troubles_come_in_order_as_often_as_told_at_their_host() -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.API, Struck(500), times=2)
    desk.site.trouble(desk.now, Host.API, Struck(501))
    assert desk.ask("GET", ASKED).status == 200
    assert statuses(desk, 4) == [500, 500, 501, 404]


def test_a_trouble_may_be_for_some_paths_only() -> None:
    desk = Desk()
    desk.site.trouble(desk.now, Host.ID, Struck(500), path="/oauth/token")
    desk.site.trouble(desk.now, Host.ID, Struck(503))
    assert statuses(desk, 1, "/id/oauth/revoke") == [503]
    assert statuses(desk, 2, "/id/oauth/token") == [500, 404]


def test_a_trouble_may_come_by_chance() -> None:
    desk = Desk()
    desk.site.trouble_by_chance(desk.now, Host.API, Struck(500), 0.5)
    found = statuses(desk, 200)
    assert 60 < found.count(500) < 140
    again = Desk()
    again.site.trouble_by_chance(again.now, Host.API, Struck(500), 0.5)
    assert statuses(again, 200) == found, "the same chance, the same troubles"
    desk.site.trouble_by_chance(desk.now, Host.SITE, Struck(500), 0.0)
    assert statuses(desk, 20, ASKED) == [200] * 20
    desk.site.trouble_by_chance(desk.now, Host.SITE, Struck(500), 1.0)
    assert statuses(desk, 3, ASKED) == [500] * 3


def test_what_has_no_chance_never_comes() -> None:
    class Least:
        def random(self) -> float:
            return 0.0

    troubles = Troubles(Least())
    troubles.expect(Host.API, Struck(), 0.0)
    assert troubles.take(Host.API, "/x") is None


def test_troubles_end_at_one_host_or_at_all() -> None:
    desk = Desk()
    for host in (Host.API, Host.SITE):
        desk.site.trouble(desk.now, host, Struck(502))
        desk.site.trouble_by_chance(desk.now, host, Struck(500), 1.0)
    desk.site.no_trouble(desk.now, Host.SITE)
    assert statuses(desk, 3, ASKED) == [200] * 3
    assert statuses(desk, 2) == [502, 500]
    desk.site.no_trouble(desk.now)
    assert statuses(desk, 3) == [404] * 3


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Struck(404), "status is one of 500 to 599, not 404"),
        (lambda: Struck(499), "status is one of 500 to 599, not 499"),
        (lambda: Struck(600), "status is one of 500 to 599, not 600"),
        (lambda: Slow(-1), "seconds is 0 or more, not -1"),
        (lambda: Slow(float("inf")), "seconds is 0 or more, not inf"),
        (lambda: Redirected("http://x/\r\na: b"), "location is a URL in ASCII, not 'http://x/"),
        (lambda: Redirected("http://x/", 200), "status is one of a redirect, not 200"),
        (lambda: Redirected("http://x/", 304), "status is one of a redirect, not 304"),
        (lambda: Redirected("http://x/", 309), "status is one of a redirect, not 309"),
        (lambda: Desk().site.trouble(0.0, Host.API, Struck(), times=0), "times is a count, 1 or more; not 0"),
        (lambda: Desk().site.trouble_by_chance(0.0, Host.API, Struck(), 1.5), "1; 1.5 does not"),
        (
            lambda: Desk().site.trouble_by_chance(0.0, Host.API, Struck(), -0.1),
            "probability lies between 0 and 1; -0.1",
        ),
    ],
)
def test_what_cannot_go_wrong_is_the_caller_s_fault(make: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_lost_refresh_can_be_asked_again() -> None:
    desk = Desk()
    old = json.loads(desk.exchange(desk.code()).body)["refresh_token"]
    desk.site.trouble(desk.now, Host.ID, CutOff(), path="/oauth/token")
    lost = desk.refresh(old)
    assert desk.site.requests()[-1].status == 0
    assert lost.status == 200
    assert desk.refresh(old).status == 200
