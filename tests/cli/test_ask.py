"""Looking somebody up and writing in a chat, and what a watch makes of names: the real commands against the mock."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kick_io.mock import MockKick
from kick_io.storage.known_ids import KnownIds
from kick_proto.endpoints.call import Host
from kick_proto.testing.server import ClientSubscribed
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.trouble import Blocked, Challenged, Trouble
from tests.cli.logins import MODERATOR, STREAMER, VIEWER, User, user
from tests.cli.processes import DEADLINE, Running, kick

PAGE = "/api/v2/channels/"
WAYS_OUT = ("give the channel's ids by hand", "log in and use the official API", "pass a fetch callable of your own")


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[User]:
    with user(tmp_path / "home") as somebody:
        yield somebody


def looked_up(somebody: User) -> list[str]:
    """The names that the site was asked for."""
    return [each.path.removeprefix(PAGE) for each in somebody.mock.requests(Host.SITE)]


# kick user


def test_somebody_is_shown_with_all_numbers(somebody: User) -> None:
    ended = somebody.kick("user", "https://kick.com/velvet-otter")
    assert (ended.code, ended.err) == (0, "")
    rows = dict(line.split(maxsplit=1) for line in ended.out.replace("user id", "user-id").splitlines())
    assert (rows["name"], rows["user-id"]) == (STREAMER.username, str(STREAMER.user_id))
    assert f"channel id   {STREAMER.channel_id}\nchatroom id  {STREAMER.chatroom_id}\n" in ended.out
    assert "Teapot Simulator, 307 viewers" in rows["live"]
    assert not (somebody.home / "tokens.db").exists()


def test_somebody_as_json(somebody: User) -> None:
    told = json.loads(somebody.kick("user", "QUIET_walrus", "--json").out)
    assert (told["slug"], told["user_id"], told["is_live"]) == (VIEWER.slug, VIEWER.user_id, False)
    assert looked_up(somebody) == ["quiet_walrus", VIEWER.slug]


def test_nobody_is_an_error(somebody: User) -> None:
    ended = somebody.kick("user", "nobody-here", "--json")
    assert tuple(ended) == (1, "", "kick: there is no channel 'nobody-here'\n")


@pytest.mark.parametrize("trouble", [Challenged(), Blocked()], ids=["page", "json"])
def test_the_edge_is_told_with_the_ways_out(somebody: User, trouble: Trouble) -> None:
    somebody.mock.site(KickSite.trouble, Host.SITE, trouble)
    ended = somebody.kick("user", STREAMER.slug)
    assert ended.code == 1
    assert ended.err.startswith("kick: velvet-otter: Kick's edge did not let this request through")
    assert all(way in ended.err for way in WAYS_OUT)


def test_who_has_logged_in_is_told_by_the_official_api_when_the_edge_stands_in_the_way(somebody: User) -> None:
    somebody.has_logged_in()
    somebody.mock.site(KickSite.trouble, Host.SITE, Challenged())
    ended = somebody.kick("user", STREAMER.slug)
    assert ended.code == 0
    assert f"user id      {STREAMER.user_id}\nchannel id   not told\n" in ended.out
    assert somebody.sees_no(somebody.secrets())


# kick send


def test_what_is_sent_arrives_on_the_socket(somebody: User) -> None:
    somebody.has_logged_in(VIEWER.slug)
    watching = ("watch", STREAMER.slug, "--endpoint", somebody.mock.url, "--json", "--only", "chat")
    with Running(*watching, changes=somebody.changes) as watch:
        somebody.mock.wait_for(ClientSubscribed, timeout=DEADLINE)
        ended = somebody.kick("send", STREAMER.slug, "good evening \N{HOT BEVERAGE}")
        message = watch.event("ChatMessage")
        assert (ended.code, ended.out) == (0, f"sent to velvet-otter, message {message['id']}\n")
        assert message["text"] == "good evening \N{HOT BEVERAGE}"
        assert message["author"]["username"] == VIEWER.username
        assert somebody.kick("send", STREAMER.slug, "indeed", "--reply", message["id"]).code == 0
        answer = watch.event("ChatMessage")
        assert answer["reply_to"]["message_id"] == message["id"]
    assert somebody.sees_no(somebody.secrets())


def test_a_bot_writes_in_its_own_channel_alone(somebody: User) -> None:
    somebody.has_logged_in()
    assert somebody.kick("send", STREAMER.slug, "beep", "--bot").code == 0
    asked = len(somebody.mock.requests(Host.API))
    ended = somebody.kick("send", MODERATOR.slug, "beep", "--bot")
    assert ended.code == 2
    assert "as a bot, kick can write in the channel of Velvet_Otter alone" in ended.err
    assert [each.method for each in somebody.mock.requests(Host.API)[asked:]] == ["GET"]


def test_nothing_is_sent_before_somebody_has_logged_in(somebody: User) -> None:
    ended = somebody.kick("send", STREAMER.slug, "hello", "--account", "bot")
    assert ended.code == 1
    site = somebody.mock.http_url
    assert ended.err == f"kick: nobody has logged in as {somebody.name('bot')!r}: kick login bot --site {site}\n"
    assert somebody.mock.requests() == ()


@pytest.mark.parametrize(
    ("channel", "text", "code", "said"),
    [
        ("nobody-here", "hello", 1, "there is no channel 'nobody-here'"),
        (STREAMER.slug, "", 2, "content"),
        (STREAMER.slug, "x" * 501, 2, "content"),
    ],
)
def test_what_cannot_be_sent_is_told(somebody: User, channel: str, text: str, code: int, said: str) -> None:
    somebody.has_logged_in()
    ended = somebody.kick("send", channel, text)
    assert ended.code == code
    assert said in ended.err
    assert [each for each in somebody.mock.requests(Host.API) if each.method == "POST"] == []


def test_a_scope_that_is_missing_is_told(somebody: User) -> None:
    somebody.has_logged_in(scopes=("user:read",))
    ended = somebody.kick("send", STREAMER.slug, "hello")
    assert ended.code == 1
    assert "forbidden" in ended.err


# kick watch


def watch(somebody: User, *names: str) -> Running:
    return Running("watch", *names, "--endpoint", somebody.mock.url, "--json", changes=somebody.changes)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_names_are_looked_up_once_and_remembered(somebody: User) -> None:
    names = (STREAMER.slug, "331516:324077", "kick.com/velvet-otter")
    for _ in range(2):
        with watch(somebody, *names) as watching:
            confirmed = {watching.event("Confirmed")["topic"] for _ in range(12)}
            watching.interrupt(signal.SIGINT)
            ended = watching.end()
        assert (ended.code, ended.err.count("\n")) == (0, 0)
        assert {"chatrooms.202499.v2", "channel.331516"} <= confirmed
    assert looked_up(somebody) == [STREAMER.slug]


def test_a_reconnect_looks_nothing_up(somebody: User) -> None:
    with watch(somebody, STREAMER.slug) as watching:
        watching.event("Up")
        for _ in range(6):
            watching.event("Confirmed")
        port = somebody.mock.port
        somebody.mock.__exit__(None, None, None)
        watching.event("Down")
        with MockKick(port) as again:
            watching.event("Up")
            again.wait_for(ClientSubscribed, timeout=DEADLINE)
            assert again.requests() == ()


def test_ids_by_hand_ask_nobody(somebody: User) -> None:
    with watch(somebody, "331516:324077") as watching:
        watching.event("Confirmed")
    assert somebody.mock.requests() == ()
    assert not somebody.home.exists()


def test_what_is_known_of_kick_is_not_asked_for(somebody: User) -> None:
    KnownIds(somebody.home / "ids.db").add(STREAMER.slug, STREAMER.channel)
    changes = {"KICK_PROTO_HOME": str(somebody.home)}
    with Running("watch", STREAMER.slug, "--endpoint", somebody.mock.url, "--json", changes=changes) as watching:
        assert watching.event("Confirmed")
        assert somebody.mock.wait_for(ClientSubscribed, timeout=DEADLINE).topic == "chatrooms.202499.v2"
    assert somebody.mock.requests() == ()


def test_one_name_that_is_nobodys_ends_it_before_it_begins(somebody: User) -> None:
    ended = somebody.kick("watch", "331516:324077", STREAMER.slug, "nobody-here", "--endpoint", somebody.mock.url)
    assert tuple(ended) == (1, "", "kick: there is no channel 'nobody-here'\n")
    assert somebody.mock.client_count == 0


def test_a_name_that_is_none_is_refused_before_anybody_is_asked(somebody: User) -> None:
    ended = somebody.kick("watch", STREAMER.slug, "two words", "--endpoint", somebody.mock.url)
    assert ended.code == 2
    assert somebody.mock.requests() == ()


def test_the_edge_is_told_to_who_watches_with_the_ways_out(somebody: User) -> None:
    somebody.mock.site(KickSite.trouble, Host.SITE, Challenged())
    ended = somebody.kick("watch", STREAMER.slug, "--endpoint", somebody.mock.url)
    assert (ended.code, ended.out) == (1, "")
    assert all(way in ended.err for way in WAYS_OUT)


def test_a_store_of_ids_that_cannot_be_used_is_said_and_done_without(somebody: User) -> None:
    somebody.home.mkdir()
    (somebody.home / "ids.db").write_bytes(b"no database")
    (somebody.home / "ids.db").chmod(0o600)
    ended = somebody.kick("user", STREAMER.slug)
    assert ended.code == 0
    assert ended.err.startswith("ids of channels are not kept for the next run: ")
    assert (somebody.home / "ids.db").read_bytes() == b"no database"


def test_nobody_answers_at_the_site_that_was_named() -> None:
    ended = kick("user", "xqc", "--site", "http://127.0.0.1:1")
    assert ended.code == 1
    assert ended.err.startswith("kick: xqc: 127.0.0.1: no connection: ")
