import signal
import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest

from kick_io.cli import running, targets
from kick_io.mock import MockKick
from kick_proto.drift import Difference, Kind
from kick_proto.frames import Frame
from kick_proto.testing.server import ClientGone, ClientSubscribed
from tests.cli.processes import DEADLINE, KICK, ROOT, Running, environment, kick

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")

DRIVERS = ("asyncio", "trio", "blocking")
CHAT = "chatrooms.668.v2"


def said(text: str) -> Frame:
    """Somebody says it."""
    payload = {
        "id": f"id of {text}",
        "chatroom_id": 668,
        "content": text,
        "type": "message",
        "created_at": datetime(2026, 9, 1, tzinfo=UTC),
        "sender": {"id": 7, "username": "Walrus", "slug": "walrus", "identity": {"color": "#E9113C", "badges": []}},
    }
    return Frame("App\\Events\\ChatMessageEvent", CHAT, msgspec.json.encode(payload).decode())


def watch(mock: MockKick, *arguments: str) -> Running:
    return Running("watch", "668:668", "--endpoint", mock.url, *arguments)


def wait_for_chat(mock: MockKick) -> None:
    mock.wait_for(ClientSubscribed, lambda event: event.topic == CHAT, DEADLINE)


@pytest.mark.parametrize(
    ("driver", "number"), [*((driver, signal.SIGINT) for driver in DRIVERS), ("asyncio", signal.SIGTERM)]
)
def test_it_shows_events_until_it_is_told_to_end(driver: str, number: signal.Signals) -> None:
    with MockKick() as mock, watch(mock, "--driver", driver) as watching:
        wait_for_chat(mock)
        mock.publish(said("hello \x1b[31mred \u202e[red]"))
        line = watching.line(lambda line: "Walrus" in line)
        assert line[len("12:34:56  ") :] == "Walrus: hello ␛[31mred \ufffd[red]"
        watching.interrupt(number)
        ended = watching.end()
        assert ended.code == 0
        assert mock.wait_for(ClientGone, timeout=DEADLINE).code == 1000
    assert "\x1b" not in ended.out
    assert len(ended.err.splitlines()) == 1
    assert ended.err.startswith("1 event, 0 reconnects, 0 dropped, 0 unknown, 0 undecodable in ")
    assert ended.err.endswith(" seconds")


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_is_new_on_the_wire_is_told_at_the_end_and_on_stderr_alone(driver: str) -> None:
    with MockKick() as mock, watch(mock, "--json", "--driver", driver) as watching:
        wait_for_chat(mock)
        mock.publish(Frame("App\\Events\\New\u202eEvent", CHAT, "{}"))
        mock.publish(msgspec.structs.replace(said("hello"), data='{"mood":1,' + said("hello").data[1:]))
        watching.event("ChatMessage")
        watching.interrupt()
        ended = watching.end()
    assert ended.code == 0
    summary, news = ended.err.splitlines()
    assert summary.startswith("1 event, 0 reconnects, 0 dropped, 1 unknown, ")
    assert news == (
        "new on the wire: unknown event New\ufffdEvent, unread field ChatMessageEvent $.mood; "
        "record it with watch --record FILE, and kick drift FILE tells more"
    )
    assert all(msgspec.json.decode(line)["type"] for line in ended.out.splitlines())


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "$.new_0"), (3, "$.new_0, * $.new_1, * $.new_2"), (5, "$.new_0, * $.new_1, * $.new_2 and 2 more")],
)
def test_a_few_of_what_is_new_are_named(number: int, told: str) -> None:
    found = [Difference(Kind.MISSING, "SomeEvent", "$.old", "", 9, 9)]
    for place in range(number):
        found += [Difference(Kind.UNREAD, "SomeEvent", f"$.new_{place}", type, 1, 9) for type in ("int", "str")]
    sentence = "new on the wire: " + f"* {told};".replace("*", "unread field SomeEvent")
    assert running.news(found).startswith(sentence)
    assert running.news(found[:1]) == ""


def test_json_with_raw_holds_the_frame() -> None:
    with MockKick() as mock, watch(mock, "--json", "--raw") as watching:
        wait_for_chat(mock)
        mock.publish(said("hello"))
        event = watching.event("ChatMessage")
        assert event["text"] == "hello"
        assert event["raw"]["channel"] == CHAT
        assert event["raw"]["data"] == said("hello").data


def test_only_what_is_wanted_is_shown() -> None:
    with MockKick() as mock, watch(mock, "--json", "--only", "unknown, bans") as watching:
        wait_for_chat(mock)
        mock.publish(said("hello"))
        mock.publish(Frame("App\\Events\\NewEvent", CHAT, "{}"))
        assert watching.event("Unknown")["event"] == "App\\Events\\NewEvent"
        assert len(watching.lines) == 1


@pytest.mark.parametrize("driver", DRIVERS)
def test_only_topics_that_carry_what_is_shown_are_subscribed(driver: str) -> None:
    with MockKick() as mock, watch(mock, "--json", "--only", "chat,connection", "--driver", driver) as watching:
        wait_for_chat(mock)
        mock.publish(said("hello"))
        watching.event("ChatMessage")
        watching.interrupt()
        watching.end()
    confirmed = [line for line in watching.lines if '"Confirmed"' in line]
    assert len(confirmed) == 1
    assert CHAT in confirmed[0]


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_server_may_restart(driver: str) -> None:
    with MockKick() as mock, watch(mock, "--json", "--driver", driver) as watching:
        watching.event("Confirmed")
        port = mock.port
        mock.__exit__(None, None, None)
        assert watching.event("Down")["retry_in"] is not None
        with MockKick(port) as again:
            assert watching.event("Up")["gap"] > 0
            watching.event("Confirmed")
            wait_for_chat(again)
            again.publish(said("welcome back"))
            assert watching.event("ChatMessage")["text"] == "welcome back"
            watching.interrupt()
            ended = watching.end()
    assert ended.code == 0
    assert "1 event, 1 reconnect, " in ended.err


def test_a_wrong_key_is_told_with_the_clusters_tried() -> None:
    with MockKick(key="right") as mock:
        ended = kick("watch", "668:668", "--endpoint", mock.url, "--key", "wrong", "--json")
    assert ended.code == 1
    assert "app key wrong is not served by any cluster tried (127.0.0.1:" in ended.err
    assert ended.err.count("\n") == 1


def test_retries_may_have_an_end() -> None:
    with MockKick() as mock:
        url = mock.url
    ended = kick("watch", "668:668", "--endpoint", url, "--retries", "0")
    assert ended.code == 1
    assert "no stable connection after 0 retries" in ended.err
    assert ended.err.count("\n") == 1
    assert "■ gave up" in ended.out


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_reader_that_leaves_ends_it_quietly(driver: str) -> None:
    with MockKick() as mock:
        process = subprocess.Popen(
            [*KICK, "watch", "668:668", "--endpoint", mock.url, "--driver", driver],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        with process:
            assert process.stdout is not None
            assert "up on" in process.stdout.readline()
            process.stdout.close()
            wait_for_chat(mock)
            mock.publish(said("is anybody there?"))
            assert mock.wait_for(ClientGone, timeout=DEADLINE).code == 1000
            assert process.stderr is not None
            assert process.stderr.read() == ""
            assert process.wait(DEADLINE) == 0


def test_a_second_signal_does_not_wait() -> None:
    with MockKick() as mock, watch(mock) as watching:
        wait_for_chat(mock)
        watching.line(lambda line: "subscribed" in line)
        watching.interrupt()
        watching.interrupt()
        ended = watching.end()
    assert ended.code in (0, -signal.SIGINT)
    assert "Traceback" not in ended.err


def test_the_help_names_every_group() -> None:
    told = " ".join(kick("watch", "--help").out.split())
    assert f"subscribe only what carries them: {', '.join(targets.GROUPS)}." in told
