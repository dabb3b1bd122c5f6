"""What README and docs show is run: the examples against the mock, the snippets by the type checker's eyes and ours."""

import asyncio
import io
import json
import re
import runpy
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trio

from kick_io.mock import MockKick
from kick_io.strategy import KickStrategy
from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.decoders import ROWS
from kick_proto.endpoints.call import Host
from kick_proto.errors import TransportError
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.lifecycle import Up
from kick_proto.provider import Confirmed
from kick_proto.pusher import App
from kick_proto.session import Config
from kick_proto.testing.server import ClientSubscribed, KickServer
from kick_proto.testing.site.accounts import CAST
from kick_proto.testing.site.answering import KickSite
from kick_proto.tokens import TokenSet
from tests import event_table, states
from tests.callers import store_at
from tests.logins import quick_at, registered_at

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))
CHANNEL = Channel(ChannelId(668), ChatroomId(668))

CHAT = Frame(
    "App\\Events\\ChatMessageEvent",
    "chatrooms.668.v2",
    '{"id":"m1","content":"hello","created_at":"2026-11-01T12:00:00+00:00","sender":{"id":5,"username":"Ada"}}',
)
LIVE = Frame("App\\Events\\StreamerIsLive", "channel.668", '{"livestream":{"id":9,"session_title":"tea"}}')
OVER = Frame("App\\Events\\StopStreamBroadcast", "channel.668", '{"livestream":{"id":9}}')

DECODED = """
import sys
from datetime import UTC, datetime

import kick_proto
from kick_proto.decoders import PREFIX, Decoders
from kick_proto.demand import topics_for
from kick_proto.events import RewardRedeemed
from kick_proto.frames import Frame, parse_frame
from kick_proto.ids import Channel, ChannelId, ChatroomId

print(kick_proto.__file__)
channel = Channel(ChannelId(668), ChatroomId(668))
frame = parse_frame(sys.argv[1])
for name in (frame.event, frame.event.removeprefix(PREFIX)):
    event = Decoders().decode(Frame(name, frame.channel, frame.data), datetime.now(UTC), channel)
    print(type(event).__name__, event.title, event.username)
print(frame.channel in topics_for([RewardRedeemed], channel))
"""
"""Decodes a frame by the library that lies in the working directory, under both of its names."""


class Director:
    """A mock that plays its frames to the first client that has subscribed to everything, and then shuts the door."""

    def __init__(self, *frames: Frame, topics: int = 6) -> None:
        self._frames = frames
        self._topics = topics

    def act(self, mock: MockKick) -> None:
        subscribed = [mock.wait_for(ClientSubscribed) for _ in range(self._topics)]
        for frame in self._frames:
            mock.publish(frame)
        # A code that ends it for good, so that an example which never ends ends here.
        mock.call(KickServer.disconnect, subscribed[0].ref, 4003)


def config_for(mock: MockKick) -> Config:
    return Config(provider=App(endpoints=(endpoint_at(mock.url),)), backoff=Backoff(retries=0))


def example(name: str) -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "examples" / f"{name}.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short(path: Path) -> None:
    code = [line for line in path.read_text().splitlines() if line and not line.startswith(("import ", "from ", '"""'))]
    assert len(code) < 40


def test_the_asyncio_example_prints_the_chat() -> None:
    printed = io.StringIO()

    async def scenario(mock: MockKick) -> None:
        play = asyncio.to_thread(Director(CHAT).act, mock)
        await asyncio.gather(example("watch_asyncio")["main"](config_for(mock)), play)

    with MockKick() as mock, redirect_stdout(printed), pytest.raises(TransportError, match="4003"):
        asyncio.run(scenario(mock))
    assert printed.getvalue() == "Ada: hello\n"


def test_the_trio_example_tells_when_a_stream_starts_and_ends() -> None:
    printed = io.StringIO()

    async def scenario(mock: MockKick) -> None:
        async def play() -> None:
            await trio.to_thread.run_sync(Director(LIVE, OVER).act, mock)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(play)
            with suppress(TransportError):
                await example("watch_trio")["main"](config_for(mock))

    with MockKick() as mock, redirect_stdout(printed):
        trio.run(scenario, mock)
    assert printed.getvalue() == "live: tea\noffline\n"


def test_the_blocking_example_archives_every_event_and_the_gap() -> None:
    archive = io.StringIO()
    with MockKick() as mock:
        director = threading.Thread(target=Director(CHAT, topics=12).act, args=(mock,))
        director.start()
        with suppress(TransportError):
            example("watch_blocking")["main"](config_for(mock), archive)
        director.join()
    types = [json.loads(line)["type"] for line in archive.getvalue().splitlines()]
    assert types == ["Up", *["Confirmed"] * 12, "ChatMessage", "Down", "GaveUp"]


def test_the_loop_of_ones_own_reaches_the_events() -> None:
    with MockKick() as mock:
        seen: list[object] = []
        for event in example("own_loop")["watch"](CHANNEL, config_for(mock)):
            seen.append(event)
            if isinstance(event, Confirmed) and len(seen) == 7:
                mock.publish(CHAT)
                mock.call(KickServer.disconnect, mock.wait_for(ClientSubscribed).ref, 4003)
        assert isinstance(seen[0], Up)
        assert [type(event).__name__ for event in seen[7:]] == ["ChatMessage", "Down", "GaveUp"]


def test_the_new_event_is_decoded_under_both_names() -> None:
    names = example("new_event")
    for name in ("ConfettiEvent", "App\\Events\\ConfettiEvent"):
        frame = Frame(name, "chatrooms.668.v2", '{"username":"ada","pieces":12}')
        event = names["decoders"].decode(frame, datetime(2026, 11, 1, tzinfo=UTC), CHANNEL)
        assert (type(event), event.username, event.pieces) == (names["Confetti"], "ada", 12)


def test_the_page_on_adding_an_event_shows_the_example_as_it_runs() -> None:
    code = (ROOT / "docs" / "examples" / "new_event.py").read_text()
    assert f"```python\n{code}```" in (ROOT / "docs" / "adding_an_event.md").read_text()


def test_the_three_additions_of_the_page_teach_a_copy_of_the_library_the_event(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "adding_an_event.md").read_text()
    payload, function, table, _ = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (row,) = re.findall(r"^    Row\(.*\),$", table, re.MULTILINE)
    shutil.copytree(ROOT / "kick_proto", tmp_path / "kick_proto", ignore=shutil.ignore_patterns("__pycache__"))
    payloads = tmp_path / "kick_proto" / "payloads" / "support.py"
    decoders = tmp_path / "kick_proto" / "decoders" / "support.py"
    payloads.write_text(f"{payloads.read_text('utf-8')}\n\n{payload}", "utf-8")
    above, rows, below = decoders.read_text("utf-8").partition("ROWS: tuple[Row[Any], ...] = (\n")
    decoders.write_text(f"{above}\n\n{function}\n\n{rows}{row}\n{below}", "utf-8")
    (frame,) = re.findall(r"^```json\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    ran = subprocess.run(
        [sys.executable, "-c", DECODED, frame], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        str(tmp_path / "kick_proto" / "__init__.py"),
        *["RewardRedeemed 12 pieces of confetti ada"] * 2,
        "True",
    ]


def test_the_page_on_adding_a_platform_shows_the_second_one_as_it_runs() -> None:
    page = (ROOT / "docs" / "adding_a_platform.md").read_text()
    code = "".join((ROOT / "tests" / name).read_text() for name in ("toy_youtube.py", "test_toy_youtube.py"))
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) > 5
    assert [block for block in blocks if block not in code] == []


def test_the_bot_answers_in_the_chat_and_tells_how_it_is_doing(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")
    printed = io.StringIO()
    streamer, bot = CAST[:2]
    question = Frame(CHAT.event, f"chatrooms.{streamer.chatroom_id}.v2", CHAT.data.replace("hello", "!tea"))

    def play(mock: MockKick) -> None:
        ref = mock.wait_for(ClientSubscribed).ref
        mock.publish(question)
        deadline = time.monotonic() + 10.0
        while "/public/v1/chat" not in [each.path for each in mock.requests(Host.API)]:
            assert time.monotonic() < deadline, "the bot does not answer"
        mock.call(KickServer.disconnect, ref, 4003)

    async def scenario(mock: MockKick) -> None:
        issued = mock.site(KickSite.grant, bot.slug, ("chat:write",))
        store = store_at(tmp_path)
        now = datetime.now(UTC)
        store.save("bot", TokenSet(access_token=issued.access, refresh_token=issued.refresh, issued_at=now))
        kick = KickStrategy(
            registered_at(mock), store=store, config=config_for(mock), oauth_config=quick_at(mock.sites)
        )
        await asyncio.gather(example("strategy")["main"](kick, streamer.slug), asyncio.to_thread(play, mock))

    with MockKick() as mock, redirect_stdout(printed), pytest.raises(TransportError, match="4003"):
        asyncio.run(scenario(mock))
    said = [line.removeprefix("kick: ") for line in printed.getvalue().splitlines()]
    assert said[:2] == ["connecting", "connected"]
    assert said[-1].startswith("error ")


def snippets(language: str) -> Iterator[str]:
    for page in ("README.md", "docs/design.md"):
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
        yield from (block for name, block in blocks if name == language)


def test_the_first_snippet_of_the_readme_prints_events() -> None:
    first = next(snippets("python")).replace("CHANNEL", "")
    body = "".join(f"    {line}\n" for line in first.splitlines())
    code = f"async def main(connect_to):\n{body}".replace(
        "    from kick_proto.ids", "    connect = connect_to(connect)\n    from kick_proto.ids"
    )
    printed = io.StringIO()
    scope: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), scope)

    async def scenario(mock: MockKick) -> None:
        def to_the_mock(connect: Any) -> Any:
            return lambda *ids: connect(*ids, config=config_for(mock))

        await asyncio.gather(scope["main"](to_the_mock), asyncio.to_thread(Director(CHAT).act, mock))

    with MockKick() as mock, redirect_stdout(printed), pytest.raises(TransportError):
        asyncio.run(scenario(mock))
    assert "text='hello'" in printed.getvalue()


@pytest.mark.parametrize("snippet", [*snippets("python")])
def test_every_snippet_is_python(snippet: str) -> None:
    body = "".join(f"    {line}\n" for line in snippet.splitlines())
    compile(f"async def snippet():\n{body}", "README.md", "exec")


def test_every_name_in_the_table_of_events_is_where_the_readme_says() -> None:
    rows = re.findall(r"^\| `(kick_proto\.\w+)` \| (.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(rows) == 3
    for module, names in rows:
        home = __import__(module, fromlist=["*"])
        assert all(hasattr(home, name) for name in re.findall(r"`(\w+)`", names))


def test_every_link_of_the_docs_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_page_of_states_is_fresh() -> None:
    assert (ROOT / "docs" / "states.md").read_text() == states.page()


def test_the_page_of_events_is_fresh() -> None:
    assert (ROOT / "docs" / "events.md").read_text() == event_table.page()


def test_the_page_of_events_has_every_row_and_every_event() -> None:
    page = event_table.page()
    assert all(f"| `{row.name}` `App\\Events\\{row.name}` |" in page for row in ROWS)
    assert all(f"| `{made.__name__}` |" in page for row in ROWS for made in row.makes)


def test_the_readmes_commands_exist() -> None:
    commands = {line.split()[1] for block in snippets("") for line in block.splitlines() if line.startswith("kick ")}
    assert commands == {"watch"}
    told = subprocess.run([sys.executable, "-m", "kick_io.cli", "watch", "--help"], capture_output=True, check=True)
    assert b"Usage: kick watch" in told.stdout
