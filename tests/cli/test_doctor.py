"""``kick doctor`` against the mock: all is well, and one thing after the other is not."""

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from kick_io.cli.checkup import probing
from kick_io.mock import MockKick
from kick_proto.clusters import endpoint_at
from kick_proto.endpoints.call import Host
from kick_proto.provider import Endpoint
from kick_proto.pusher import App
from kick_proto.testing.faults import Faults
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.trouble import Blocked, Challenged, Limited, Redirected, Struck, Trouble
from tests.cli.logins import STREAMER, User, user
from tests.loopback import Visit, serving

CHECKS = ["dns", "tcp", "tls", "websocket", "key", "ids", "api", "clock", "store", "token", "scopes"]


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[User]:
    with user(tmp_path / "home") as somebody:
        yield somebody


def doctor(somebody: User, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Its exit code, and its lines by the name of the check."""
    ended = somebody.kick("doctor", *arguments, "--json")
    assert ended.err == ""
    lines = [json.loads(line) for line in ended.out.splitlines()]
    return ended.code, {line["check"]: line for line in lines}


def marks(lines: dict[str, dict[str, str]]) -> str:
    return " ".join(f"{name}:{line['mark']}" for name, line in lines.items() if line["mark"] != "ok")


def test_all_is_well(somebody: User) -> None:
    somebody.has_logged_in()
    code, lines = doctor(somebody, STREAMER.slug, "--endpoint", somebody.mock.url)
    assert list(lines) == CHECKS
    assert (code, marks(lines)) == (0, "tls:skipped")
    assert "209488:202499" in lines["ids"]["sentence"]
    assert " until " in lines["token"]["sentence"]
    assert "tokens are kept in" in lines["store"]["sentence"]
    assert somebody.sees_no(somebody.secrets())


def test_lines_for_people_say_the_same(somebody: User) -> None:
    ended = somebody.kick("doctor", "nobody-here", "--endpoint", somebody.mock.url)
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert [line.split()[1] for line in lines] == CHECKS
    assert "bad      ids        there is no channel nobody-here -> check the name: it stands" in lines[5]
    assert "\x1b" not in ended.out


def test_who_has_not_logged_in_and_names_no_channel_is_well_too(somebody: User) -> None:
    code, lines = doctor(somebody, "--endpoint", somebody.mock.url)
    assert (code, marks(lines)) == (0, "tls:skipped ids:skipped token:skipped scopes:skipped")
    assert f"kick login --site {somebody.mock.http_url}" in lines["token"]["advice"]
    assert not somebody.home.exists()


def test_several_faults_at_once(somebody: User) -> None:
    somebody.has_logged_in(scopes=("user:read",))
    somebody.mock.site(KickSite.trouble, Host.SITE, Challenged())
    somebody.mock.site(KickSite.trouble, Host.API, Struck(503))
    code, lines = doctor(somebody, STREAMER.slug, "--endpoint", somebody.mock.url, "--key", "wrong")
    assert (code, marks(lines)) == (1, "tls:skipped key:bad ids:bad api:bad scopes:note")
    assert "4001" in lines["key"]["sentence"]
    for way in ("by hand", "official API", "fetch callable"):
        assert way in lines["ids"]["advice"]
    assert "channel:read chat:write" in lines["scopes"]["sentence"]


def test_nothing_is_there(somebody: User) -> None:
    with MockKick() as mock:
        url, site = mock.url, mock.http_url
    code, lines = doctor(somebody, "xqc", "--endpoint", url, "--site", site)
    assert code == 1
    assert marks(lines) == "tcp:bad ids:bad api:bad clock:skipped token:skipped scopes:skipped"
    assert all(lines[name]["advice"] for name in ("tcp", "ids", "api"))


def test_a_server_without_websockets(somebody: User) -> None:
    def script(visit: Visit) -> None:
        visit.request()
        visit.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        visit.until_closed()

    with serving(script) as server:
        code, lines = doctor(somebody, "--endpoint", f"ws://127.0.0.1:{server.port}")
    assert code == 1
    assert lines["websocket"]["mark"] == "bad"
    assert "404" in lines["websocket"]["sentence"]
    assert "key" not in lines


def test_a_server_that_is_needed_no_more_is_forgiven(somebody: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    app = App(endpoints=(endpoint_at(f"ws://127.0.0.1:{port}"), endpoint_at(somebody.mock.url)))
    found = [(each.check.value, each.word) for each in probing.endpoints(app)]
    assert found[:2] == [("dns", "found"), ("tcp", "refused")]
    assert found[-1] == ("key", "served")


def test_the_first_server_that_serves_is_the_last_that_is_asked(somebody: User) -> None:
    here = endpoint_at(somebody.mock.url)
    found = list(probing.endpoints(App(endpoints=(here, Endpoint("nowhere", "nowhere.invalid")))))
    assert [each.check.value for each in found] == CHECKS[:5]


def test_a_name_without_an_address() -> None:
    (found,) = probing.endpoint(App(), Endpoint("nowhere", "nowhere.invalid"))
    assert (found.check.value, found.word, found.subject) == ("dns", "missing", "nowhere.invalid")
    assert found.detail


def test_a_certificate_that_nobody_vouches_for() -> None:
    trustme = pytest.importorskip("trustme", reason="trustme makes certificates for tests")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with MockKick(ssl_context=context) as mock:
        *_, found = probing.endpoint(App(), endpoint_at(mock.url))
    assert (found.check.value, found.word) == ("tls", "untrusted")
    assert "certificate" in found.detail.lower()


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "STEP", 0.2)
    with serving(Visit.until_closed) as server:
        *_, found = probing.endpoint(App(), endpoint_at(f"ws://127.0.0.1:{server.port}"))
    assert (found.check.value, found.word) == ("websocket", "refused")


def test_a_server_that_upgrades_and_goes_is_told_as_such() -> None:
    with MockKick(faults=Faults(refuse_code=4100)) as mock:
        *_, found = probing.endpoint(App(), endpoint_at(mock.url))
    assert (found.check.value, found.word) == ("key", "silent")


@pytest.mark.parametrize(
    ("trouble", "mark", "said"),
    [
        (Blocked(), "bad", "the edge before"),
        (Limited(retry_after=1), "bad", "429"),
        (Redirected("https://elsewhere.example/"), "bad", "302"),
    ],
)
def test_an_api_that_does_not_answer_as_it_should(somebody: User, trouble: Trouble, mark: str, said: str) -> None:
    somebody.mock.site(KickSite.trouble, Host.API, trouble)
    _, lines = doctor(somebody, "--endpoint", somebody.mock.url)
    assert lines["api"]["mark"] == mark
    assert said in lines["api"]["sentence"]
    assert lines["clock"]["mark"] == "ok"


def test_a_login_that_is_good_no_more(somebody: User) -> None:
    somebody.has_logged_in()
    somebody.mock.site(KickSite.revoke_all)
    code, lines = doctor(somebody, "--endpoint", somebody.mock.url)
    assert code == 1
    assert lines["token"]["mark"] == "bad"
    assert lines["token"]["advice"] == f"kick login --site {somebody.mock.http_url}"


def test_a_store_that_others_can_read(somebody: User) -> None:
    somebody.has_logged_in()
    (somebody.home / "tokens.db").chmod(0o644)
    code, lines = doctor(somebody, "--endpoint", somebody.mock.url)
    assert code == 1
    assert marks(lines) == "tls:skipped ids:skipped store:bad token:skipped scopes:skipped"
    assert str(somebody.home / "tokens.db") in lines["store"]["sentence"]


def test_a_name_that_cannot_be_one(somebody: User) -> None:
    code, lines = doctor(somebody, "two words", "--endpoint", somebody.mock.url)
    assert code == 1
    assert "does not name a channel" in lines["ids"]["sentence"]
    assert somebody.mock.requests(Host.SITE) == ()
