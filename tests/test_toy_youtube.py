"""Two platforms side by side in one program, which knows nothing but the interfaces."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, parse_qsl, urlsplit

import anyio
import anyio.to_thread
import msgspec
import pytest

from kick_io.mock import MockKick
from kick_io.strategy import KickStrategy
from kick_proto import events
from kick_proto.clusters import endpoint_at
from kick_proto.endpoints.call import Sites
from kick_proto.errors import NotFound
from kick_proto.frames import Frame
from kick_proto.http import Request, Response
from kick_proto.ids import Channel, UserId
from kick_proto.platform import Condition, ConnectionState, EventPlatform, OAuthPlatform, RestPlatform, StateChanged
from kick_proto.pusher import App as PusherApp
from kick_proto.session import Config
from kick_proto.testing.server import ClientSubscribed
from kick_proto.testing.site.accounts import CAST
from tests import toy_youtube
from tests.callers import LOOPS, REGISTERED
from tests.exchanges import Kick, body_of, error
from tests.logins import Browser, quick_at, registered_at
from tests.toy_youtube import Item, decode, youtube

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")

DEADLINE = 30.0
STREAMER = CAST[0]
VIDEO, CHAT_ID = "tea-at-five", "chat-1"
SPOKEN = {"publishedAt": "2026-11-01T12:00:00Z"}
ADA = {"channelId": "UCada", "displayName": "Ada"}


class Platform(OAuthPlatform, EventPlatform, RestPlatform[Any], Protocol):
    """All that the program below knows."""


# A toy server: OAuth as everywhere, one broadcast, and its chat in pages


class Tube:
    """What the server knows; ``pages`` are those that have not been asked for yet."""

    def __init__(self) -> None:
        self.oauth = Kick()
        self.pages: deque[list[dict[str, Any]]] = deque()
        self.asked: list[str | None] = []
        self.outage = False

    def answer(self, request: Request) -> Response:
        path = urlsplit(request.address).path
        if path.startswith("/oauth/"):
            said = self.oauth.answer(request)
            assert isinstance(said, Response)
            return said
        token = dict(request.header_lines()).get("authorization", "").removeprefix("Bearer ")
        if token not in self.oauth.valid:
            return error(401, "UNAUTHENTICATED")
        return error(503) if self.outage else ANSWERS.get(path, nothing)(self, dict(request.query))

    def videos(self, query: dict[str, Any]) -> Response:
        snippet = {"channelId": "UCtea", "channelTitle": "Tea"}
        live = {"snippet": snippet, "liveStreamingDetails": {"activeLiveChatId": CHAT_ID}}
        return body_of({"items": [live] if query["id"] == VIDEO else []})

    def messages(self, query: dict[str, Any]) -> Response:
        assert query["liveChatId"] == CHAT_ID
        self.asked.append(query.get("pageToken"))
        items = self.pages.popleft() if self.pages else []
        return body_of({"items": items, "pollingIntervalMillis": 5, "nextPageToken": f"page-{len(self.asked)}"})


def nothing(tube: Tube, query: dict[str, Any]) -> Response:
    return error(404)


ANSWERS: dict[str, Callable[[Tube, dict[str, Any]], Response]] = {
    "/youtube/v3/videos": Tube.videos,
    "/youtube/v3/liveChat/messages": Tube.messages,
}


@pytest.fixture
def tube() -> Tube:
    return Tube()


@pytest.fixture
def address(tube: Tube) -> Iterator[str]:
    class Serving(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            target = urlsplit(self.path)
            request = Request(
                method=self.command,
                address=f"http://{self.headers['host']}{target.path}",
                query=tuple(parse_qsl(target.query)),
                headers=tuple((name.lower(), value) for name, value in self.headers.items()),
                body=body,
            )
            answer = tube.answer(request)
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("content-length", str(len(answer.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    def run_in_time(scenario: Callable[[], Any]) -> Any:
        async def bounded() -> Any:
            with anyio.fail_after(DEADLINE):
                return await scenario()

        return LOOPS[request.param](bounded)

    return run_in_time


def said(id: str, text: str) -> dict[str, Any]:
    snippet = {"type": "textMessageEvent", "displayMessage": text, **SPOKEN}
    return {"id": id, "snippet": snippet, "authorDetails": ADA}


def happened(kind: str, **details: Any) -> dict[str, Any]:
    return {"id": "i", "snippet": {"type": kind, **SPOKEN, **details}, "authorDetails": ADA}


# The program


async def show(platform: Platform, channel: str, authorize: Callable[[str], Any], wall: list[str]) -> None:
    """Log in, watch one channel until somebody says bye, and write on the wall what happens."""

    async def write(event: events.ChatMessage) -> None:
        wall.append(f"{event.platform} {event.channel}: {event.author.username}: {event.text}")
        if event.text == "bye":
            await platform.disconnect()

    query = parse_qs(await authorize(await platform.start_oauth("me")))
    tokens = await platform.handle_callback(query["code"][0], query["state"][0])
    assert tokens == await platform.get_access_token("me")
    with pytest.raises(NotFound):
        await platform.get("/nowhere", username="me")
    platform.on(events.ChatMessage, write)
    platform.on(StateChanged, lambda change: wall.append(f"{change.platform} is {change.new.value}"))
    await platform.subscribe_to_channel(channel, "me")
    await platform.connect()
    await platform.run()
    health = platform.health()
    assert (health.platform, health.rest.condition, health.oauth.condition) == (
        platform.platform,
        Condition.GOOD,
        Condition.GOOD,
    )


STORY = ["is connecting", "is connected", "hello", "bye", "is disconnecting", "is disconnected"]


def test_two_platforms_run_side_by_side_in_a_program_that_knows_neither(
    run: Callable[..., Any], tube: Tube, address: str
) -> None:
    walls: dict[str, list[str]] = {"kick": [], "youtube": []}
    tube.pages += [[said("m1", "hello")], [], [said("m2", "bye")]]

    async def scenario(mock: MockKick) -> None:
        def play() -> None:
            for _ in range(6):
                mock.wait_for(ClientSubscribed)
            for text in ("hello", "bye"):
                mock.publish(kick_chat(text))

        async def at_kick(url: str) -> str:
            return urlsplit(await Browser().follow(url)).query

        async def at_youtube(url: str) -> str:
            return tube.oauth.authorize(url)

        async with AsyncExitStack() as stack:
            session = Config(provider=PusherApp(endpoints=(endpoint_at(mock.url),)), send_burst=100.0)
            kick = KickStrategy(registered_at(mock), config=session, oauth_config=quick_at(mock.sites))
            platforms: list[tuple[Platform, str, Callable[[str], Any]]] = [
                (await stack.enter_async_context(kick), STREAMER.slug, at_kick),
                (await stack.enter_async_context(youtube(REGISTERED, quick_at(sites(address)))), VIDEO, at_youtube),
            ]
            async with anyio.create_task_group() as tasks:
                for platform, channel, authorize in platforms:
                    tasks.start_soon(show, platform, channel, authorize, walls[platform.platform])
                tasks.start_soon(anyio.to_thread.run_sync, play)

    with MockKick() as mock:
        run(lambda: scenario(mock))
    for name, channel in (("kick", STREAMER.slug), ("youtube", VIDEO)):
        whose = f"{name} {channel}: Ada: "
        assert [line.removeprefix(whose).removeprefix(f"{name} ") for line in walls[name]] == STORY


def sites(address: str) -> Sites:
    return Sites(api=address, site=address, web=address, id=address)


def kick_chat(text: str) -> Frame:
    sender = {"id": 5, "username": "Ada"}
    body = {"id": text, "content": text, "created_at": "2026-11-01T12:00:00+00:00", "sender": sender}
    return Frame("App\\Events\\ChatMessageEvent", f"chatrooms.{STREAMER.chatroom_id}.v2", json.dumps(body))


# YouTube alone


def test_pages_follow_each_other_and_an_outage_is_told(run: Callable[..., Any], tube: Tube, address: str) -> None:
    seen: list[msgspec.Struct] = []

    async def until(platform: EventPlatform, state: ConnectionState) -> None:
        async for event in platform.events():
            seen.append(event)
            if isinstance(event, StateChanged) and event.new is state:
                return

    async def scenario() -> None:
        async with youtube(REGISTERED, quick_at(sites(address))) as platform:
            # Not logged in under the default name: nothing can be asked, and health says why.
            await platform.subscribe_to_chat(VIDEO)
            await platform.connect()
            while platform.health().retry_in is None:
                await anyio.sleep(0)
            assert platform.state is ConnectionState.CONNECTING
            assert "UNAUTHENTICATED" in (platform.health().last_error or "")
            query = parse_qs(tube.oauth.authorize(await platform.start_oauth("default")))
            await platform.handle_callback(query["code"][0], query["state"][0])
            await until(platform, ConnectionState.CONNECTED)
            tube.pages += [[said("m1", "hello"), happened("superChatEvent")]]
            async for event in platform.events():
                if isinstance(event, events.Event):
                    assert isinstance(event, events.ChatMessage)
                    break
            tube.outage = True
            await until(platform, ConnectionState.CONNECTING)
            assert platform.health().socket.condition is Condition.BAD
            tube.outage = False
            await until(platform, ConnectionState.CONNECTED)
            await platform.unsubscribe_from_channel(VIDEO)
            with pytest.raises(NotFound):
                await platform.get_user("no-such-video")
            assert (await platform.get_user(VIDEO)).title == "Tea"

    run(scenario)
    assert tube.asked[:3] == [None, "page-1", "page-2"]


TIP = {"amountMicros": "5500000", "currency": "EUR", "userComment": "tea!"}
BANNED = {"bannedUserDetails": {"channelId": "UCbob", "displayName": "Bob"}, "banType": "temporary"}
CHANNEL = Channel.elsewhere("youtube", VIDEO)


@pytest.mark.parametrize(
    ("item", "kind", "told"),
    [
        (said("m", "hi"), events.ChatMessage, {"text": "hi", "id": "m"}),
        (
            happened("superChatEvent", superChatDetails=TIP),
            events.Tipped,
            {"amount": 550, "currency": "EUR/100", "text": "tea!", "username": "Ada"},
        ),
        (happened("newSponsorEvent"), events.Subscribed, {"username": "Ada", "months": 1}),
        (
            happened("userBannedEvent", userBannedDetails={**BANNED, "banDurationSeconds": "300"}),
            events.UserBanned,
            {"permanent": False, "user": events.User(UserId(0), "Bob", "UCbob")},
        ),
        (
            happened("messageDeletedEvent", messageDeletedDetails={"deletedMessageId": "m"}),
            events.MessageDeleted,
            {"message_id": "m"},
        ),
        (happened("pollEvent"), events.Unknown, {}),
        (happened("superChatEvent"), events.Undecodable, {"error": "KeyError('superChatDetails')"}),
        ({"id": "i", "snippet": {}}, events.Unknown, {}),
    ],
)
def test_items_become_the_same_events_as_everywhere(item: Any, kind: type, told: dict[str, Any]) -> None:
    event = decode(msgspec.convert(item, Item), CHANNEL)
    assert type(event) is kind
    assert {name: getattr(event, name) for name in told} == told
    assert event.channel == CHANNEL
    assert json.loads(event.raw.data)["id"] == item["id"]


def test_it_is_small() -> None:
    assert len(Path(toy_youtube.__file__).read_text("utf-8").splitlines()) < 200
