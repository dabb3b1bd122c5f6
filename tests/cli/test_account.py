"""Logging in, out, and asking who is: the real command against the mock, with a test for a browser."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kick_io import accounts
from kick_io.cli import options
from kick_proto.endpoints.call import Host
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.trouble import Struck
from tests.cli.logins import STREAMER, User, address_in, agree, user, visit
from tests.cli.processes import kick

BROWSER = """
import sys, urllib.request
page = urllib.request.urlopen(sys.argv[2]).read()
open(sys.argv[1], "wb").write(page)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def somebody(home: Path) -> Iterator[User]:
    with user(home) as somebody:
        yield somebody


def test_a_browser_is_opened_and_comes_back(somebody: User, tmp_path: Path) -> None:
    script, page = tmp_path / "browser.py", tmp_path / "page.html"
    script.write_text(BROWSER)
    with somebody.logging_in(BROWSER=f"{sys.executable} {script} {page} %s") as login:
        ended = login.end()
    assert ended.code == 0
    scopes = "with user:read channel:read chat:write"
    assert ended.out.startswith(f"logged in as Velvet_Otter (account {somebody.name()}), {scopes}; tokens are kept in ")
    assert str(somebody.home / "tokens.db") in ended.out
    assert "so the key that encrypts the tokens is in the file" in ended.err
    assert "You are logged in as Velvet_Otter" in page.read_text()
    assert somebody.sees_no(somebody.secrets())
    whoami = somebody.kick("whoami")
    assert whoami.code == 0
    assert "Velvet_Otter (251175)" in whoami.out


def test_without_a_browser_there_is_the_address(somebody: User) -> None:
    with somebody.logging_in("--no-browser", "--scopes", "user:read,chat:write") as login:
        status, page = visit(agree(address_in(login)))
        ended = login.end()
    assert (status, ended.code) == (200, 0)
    assert "You can close this window." in page
    assert ", with user:read chat:write;" in ended.out
    assert somebody.sees_no(somebody.secrets())


def test_a_machine_on_which_no_browser_starts_is_told_so(somebody: User) -> None:
    with somebody.logging_in(BROWSER="/nowhere/browser", PATH="/nowhere", DISPLAY="") as login:
        url = address_in(login)
        login.error(lambda line: "no browser could be started here" in line)
        visit(agree(url))
        assert login.end().code == 0


def test_another_state_is_no_login(somebody: User) -> None:
    with somebody.logging_in("--no-browser") as login:
        back = agree(address_in(login))
        status, page = visit(back.rpartition("state=")[0] + "state=another")
        ended = login.end()
    assert (status, ended.code, ended.out) == (400, 1, "")
    assert "its state is another" in page
    assert ended.err.splitlines()[-1].startswith("kick: the answer is not to the login that was begun here")
    assert not (somebody.home / "tokens.db").exists()


def test_a_login_that_is_denied_is_told_on_both_sides(somebody: User) -> None:
    somebody.mock.site(KickSite.deny)
    with somebody.logging_in("--no-browser") as login:
        status, page = visit(agree(address_in(login)))
        ended = login.end()
    assert (status, ended.code) == (400, 1)
    assert "denied the request" in page
    assert ended.err.splitlines()[-1] == "kick: Kick gave no code: The resource owner denied the request"


def test_nobody_in_time(somebody: User) -> None:
    with somebody.logging_in("--no-browser", "--seconds", "0.2") as login:
        ended = login.end()
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == "kick: nobody logged in within 0.2 s"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_ctrl_c_ends_the_wait_in_order(somebody: User) -> None:
    with somebody.logging_in("--no-browser") as login:
        address_in(login)
        login.interrupt(signal.SIGINT)
        ended = login.end()
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == "kick: nobody has logged in: it was interrupted"


@pytest.mark.parametrize("whole", [True, False], ids=["address", "query"])
def test_what_the_browser_ended_up_at_can_be_pasted(somebody: User, *, whole: bool) -> None:
    with somebody.logging_in("bot", "--paste") as login:
        back = agree(address_in(login))
        login.write(f"{back if whole else back.partition('?')[2]}\n")
        ended = login.end()
    assert ended.code == 0
    assert f"(account {somebody.name('bot')})" in ended.out
    told = json.loads(somebody.kick("whoami", "bot", "--json").out)
    assert told["user"] == {"id": STREAMER.user_id, "name": STREAMER.username}
    assert told["scopes"] == ["user:read", "channel:read", "chat:write"]
    assert told["expires_at"] < told["refresh_expires_at"]
    assert somebody.sees_no(somebody.secrets())


@pytest.mark.parametrize("text", ["", "\n", "http://localhost:1/callback?state=canary-7c21\n"])
def test_what_is_no_answer_is_not_taken_and_not_repeated(somebody: User, text: str) -> None:
    with somebody.logging_in("--paste") as login:
        address_in(login)
        login.write(text)
        ended = login.end()
    assert ended.code == 2
    assert "paste the whole address" in ended.err.splitlines()[-1]


def test_an_application_can_log_in_for_itself(somebody: User) -> None:
    with somebody.logging_in("--app") as login:
        ended = login.end()
    assert ended.code == 0
    assert ended.out.startswith("logged in as the application itself ")
    assert json.loads(somebody.kick("whoami", "--json").out)["kind"] == "app"
    assert "the application itself" in somebody.kick("whoami").out


def test_a_wrong_secret_is_told_and_not_kept(somebody: User) -> None:
    with somebody.logging_in("--app", KICK_CLIENT_SECRET="canary-7c21-wrong") as login:
        ended = login.end()
    assert ended.code == 1
    assert "invalid_client" in ended.err
    assert not (somebody.home / "tokens.db").exists()


def test_the_application_is_kept_for_the_next_login_and_for_another_account(somebody: User) -> None:
    with somebody.logging_in("--app") as login:
        assert login.end().code == 0
    assert somebody.kick("login", "--app").code == 0
    assert somebody.kick("login", "bot", "--app").code == 0


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [((), "KICK_CLIENT_ID"), (("--client-id", "01X"), "KICK_CLIENT_SECRET")],
)
def test_what_is_missing_is_named_where_nobody_can_enter_it(
    home: Path, arguments: tuple[str, ...], missing: str
) -> None:
    ended = kick("login", *arguments, changes={"KICK_PROTO_HOME": str(home)}, stdin="")
    assert ended.code == 2
    assert ended.err.endswith(f"is missing: set {missing}\n")
    assert ended.err.count("\n") == 1
    assert not home.exists()


# Afterwards


@pytest.mark.parametrize("command", ["whoami", "logout"])
def test_who_is_not_logged_in_is_told_how_to(somebody: User, command: str) -> None:
    ended = somebody.kick(command)
    assert (ended.code, ended.out) == (1, "")
    site = somebody.mock.http_url
    assert ended.err == f"kick: nobody has logged in as {somebody.name()!r}: kick login --site {site}\n"
    somebody.has_logged_in()
    assert f"(there are: {somebody.name()}): kick login bot --site {site}" in somebody.kick(command, "bot").err


def test_a_login_at_a_mock_is_none_at_kick(somebody: User) -> None:
    somebody.has_logged_in()
    ended = kick("whoami", changes={"KICK_PROTO_HOME": str(somebody.home)})
    assert ended.code == 1
    assert ended.err == f"kick: nobody has logged in as 'default' (there are: {somebody.name()}): kick login\n"


def test_tokens_that_have_ended_are_renewed_with_the_secret_that_was_kept(somebody: User) -> None:
    somebody.has_logged_in()
    before = somebody.secrets()
    somebody.mock.site(KickSite.expire_tokens)
    assert "Velvet_Otter" in somebody.kick("whoami").out
    after = somebody.secrets()
    assert set(before) & set(after) == {before[0]}
    assert somebody.sees_no([*before, *after])


def test_a_login_that_is_lost_is_told(somebody: User) -> None:
    somebody.has_logged_in()
    somebody.mock.site(KickSite.revoke_all)
    ended = somebody.kick("whoami")
    assert ended.code == 1
    assert "log in again" in ended.err


def test_logging_out_makes_tokens_useless_and_forgets_them(somebody: User) -> None:
    somebody.has_logged_in()
    secrets = somebody.secrets()
    ended = somebody.kick("logout")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"logged out {somebody.name()}: its tokens are good for nothing any more, and forgotten\n"
    assert [each.path for each in somebody.mock.requests(Host.ID)] == ["/oauth/revoke", "/oauth/revoke"]
    with somebody.store() as store:
        assert store.accounts() == ()
        assert store.load_app(somebody.name()) is None
    assert somebody.sees_no(secrets)


def test_a_logout_that_is_not_confirmed_keeps_everything(somebody: User) -> None:
    somebody.has_logged_in()
    somebody.mock.site(KickSite.trouble, Host.ID, Struck(501), times=20)
    ended = somebody.kick("logout")
    assert ended.code == 1
    assert "so the tokens are kept: try again, or forget them here alone with --keep-remote" in ended.err
    somebody.mock.site(KickSite.no_trouble)
    assert somebody.kick("whoami").code == 0
    asked = len(somebody.mock.requests(Host.ID))
    assert somebody.kick("logout", "--keep-remote").code == 0
    assert len(somebody.mock.requests(Host.ID)) == asked
    assert somebody.kick("logout", "--keep-remote").code == 1


def test_the_default_account_is_the_one_that_programs_have() -> None:
    assert options.DEFAULT_ACCOUNT == accounts.DEFAULT_ACCOUNT
