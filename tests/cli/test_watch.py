import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from kick_io.cli import targets
from kick_io.cli.watching import running
from kick_io.mock import MockKick
from kick_proto.drift import Difference, Kind
from kick_proto.frames import Frame
from kick_proto.shards import divide
from kick_proto.testing.server import ClientGone, ClientSubscribed, KickServer
from tests.cli.processes import DEADLINE, KICK, ROOT, Running, environment, kick

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")

DRIVERS = ("asyncio", "trio", "blocking")
CHAT = "chatrooms.668.v2"


def said(text: str, chatroom: int = 668) -> Frame:
    """Somebody says it."""
    payload = {
        "id": f"id of {text}",
        "chatroom_id": chatroom,
        "content": text,
        "type": "message",
        "created_at": datetime(2026, 9, 1, tzinfo=UTC),
        "sender": {"id": 7, "username": "Walrus", "slug": "walrus", "identity": {"color": "#E9113C", "badges": []}},
    }
    return Frame("App\\Events\\ChatMessageEvent", f"chatrooms.{chatroom}.v2", msgspec.json.encode(payload).decode())


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


def named_in(lines: list[str]) -> set[int]:
    """The channels whose chat was confirmed, by lines of JSON."""
    told = [msgspec.json.decode(line) for line in lines]
    return {int(each["topic"].split(".")[1]) for each in told if each["type"] == "Confirmed"}


TEN = tuple(f"{number}:{number}" for number in range(1, 11))
SHARED = ("--json", "--only", "chat,connection")


@pytest.mark.parametrize("driver", DRIVERS)
def test_several_sessions_have_one_output_and_one_summary(driver: str) -> None:
    with MockKick() as mock:
        several = ("--sessions", "3", "--driver", driver)
        with Running("watch", *TEN, "--endpoint", mock.url, *SHARED, *several) as watching:
            for _ in TEN:
                watching.event("Confirmed")
            assert mock.client_count == 3
            for number in range(1, 11):
                mock.publish(said("hello", number))
            spoken = {watching.event("ChatMessage")["channel"]["channel_id"] for _ in TEN}
            watching.interrupt()
            ended = watching.end()
        assert [mock.wait_for(ClientGone, timeout=DEADLINE).code for _ in range(3)] == [1000] * 3
    assert ended.code == 0
    assert spoken == named_in(watching.lines) == set(range(1, 11))
    assert ended.err.startswith("10 events, 0 reconnects, 0 dropped, ")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("driver", DRIVERS)
def test_one_session_that_gives_up_ends_them_all_in_order(driver: str) -> None:
    with MockKick() as mock:
        several = ("--sessions", "3", "--retries", "0", "--driver", driver)
        with Running("watch", *TEN, "--endpoint", mock.url, *SHARED, *several) as watching:
            for _ in TEN:
                watching.event("Confirmed")
            one = mock.wait_for(ClientSubscribed, timeout=DEADLINE).ref
            mock.call(KickServer.disconnect, one, 4000, "go away")
            ended = watching.end()
        codes = sorted(mock.wait_for(ClientGone, timeout=DEADLINE).code for _ in range(3))
    assert ended.code == 1
    assert ended.err.count("\n") == 0
    assert "go away" in ended.err
    assert codes[:2] == [1000, 1000]


def test_processes_divide_the_targets_among_themselves() -> None:
    with MockKick() as mock:
        found = []
        for shard in ("1/3", "2/3", "3/3"):
            with Running("watch", *TEN, "--endpoint", mock.url, *SHARED, "--shard", shard) as watching:
                for _ in divide([targets.channels([each])[0] for each in TEN], 3)[int(shard[0]) - 1]:
                    watching.event("Confirmed")
                watching.interrupt()
                assert watching.end().code == 0
            found.append(named_in(watching.lines))
    assert sorted(number for each in found for number in each) == list(range(1, 11))


def test_a_shard_without_channels_has_nothing_to_do() -> None:
    empty = next(n for n in (1, 2) if not divide(targets.channels(["668:668"]), 2)[n - 1])
    ended = kick("watch", "668:668", "--endpoint", "ws://127.0.0.1:1", "--shard", f"{empty}/2")
    assert ended == (0, "", f"shard {empty}/2 has none of these channels: there is nothing to watch\n")


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "1/0", "1/1001", "a/b", "-1/2", "1/2/3", ""])
def test_a_shard_that_cannot_be_is_told(shard: str) -> None:
    ended = kick("watch", "668:668", "--shard", shard)
    assert ended.code == 2
    assert f"a shard is I/N, from 1/N to N/N with N up to 1,000, not {shard!r}" in ended.err


def test_each_session_has_a_recording_of_its_own(tmp_path: Path) -> None:
    recording = str(tmp_path / "today.ndjson")
    with MockKick() as mock:
        several = ("--sessions", "2", "--record", recording)
        with Running("watch", *TEN, "--endpoint", mock.url, *SHARED, *several) as watching:
            for _ in TEN:
                watching.event("Confirmed")
            watching.interrupt()
            assert watching.end().code == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["today-1.ndjson", "today-2.ndjson"]
    replayed = [kick("replay", str(each), "--check") for each in tmp_path.iterdir()]
    assert [each.code for each in replayed] == [0, 0]


def test_a_lone_session_records_where_it_is_told_to() -> None:
    channels = targets.channels(TEN)
    one = running.Subject(channels, targets.app())
    assert running.shares(one, "today.ndjson") == (running.Share(channels, "today.ndjson"),)
    many = running.shares(one._replace(sessions=1_000), str(Path("a.b", "today.ndjson.zst")))
    assert len(many) == len(channels)
    assert many[0].record == str(Path("a.b", "today-1.ndjson.zst"))


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
