"""``KickStrategy`` over the mock, on asyncio and on trio: what a platform promises, from the first name to the end."""

import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.lowlevel
import anyio.to_thread
import msgspec
import pytest

from kick_io.credentials import TokenStore
from kick_io.mock import MockKick
from kick_io.storage.known_ids import KnownIds
from kick_io.strategy import KickStrategy
from kick_proto import events
from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.endpoints.call import Host
from kick_proto.errors import EdgeBlocked, LocalProtocolError, LoginFailed, NotFound, TransportError, Unauthorized
from kick_proto.frames import Frame
from kick_proto.lifecycle import Down, Up
from kick_proto.platform import Condition, ConnectionState, StateChanged
from kick_proto.pusher import App as PusherApp
from kick_proto.router import HandlerError
from kick_proto.session import Config
from kick_proto.testing.server import ClientSubscribed, ClientUnsubscribed, KickServer
from kick_proto.testing.site.accounts import CAST
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.trouble import Challenged, Struck
from tests.callers import LOOPS, store_at
from tests.logins import Browser, quick_at, registered_at

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")

STREAMER, MODERATOR, VIEWER = CAST
DEADLINE = 30.0
QUICK = Backoff(retries=None, base=0.02, cap=0.02)
BY_NUMBERS = f"{STREAMER.channel_id}:{STREAMER.chatroom_id}"
CHAT_TOPIC = f"chatrooms.{STREAMER.chatroom_id}.v2"

DISCONNECTED, CONNECTING, CONNECTED, DISCONNECTING, ERROR = (
    ConnectionState.DISCONNECTED,
    ConnectionState.CONNECTING,
    ConnectionState.CONNECTED,
    ConnectionState.DISCONNECTING,
    ConnectionState.ERROR,
)


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    def run_in_time(scenario: Callable[[], Any]) -> Any:
        async def bounded() -> Any:
            with anyio.fail_after(DEADLINE):
                return await scenario()

        return LOOPS[request.param](bounded)

    return run_in_time


@pytest.fixture
def mock() -> Iterator[MockKick]:
    with MockKick() as mock:
        yield mock


def kick_at(mock: MockKick, backoff: Backoff = QUICK, **more: Any) -> KickStrategy:
    config = Config(provider=PusherApp(endpoints=(endpoint_at(mock.url),)), backoff=backoff, send_burst=100.0)
    return KickStrategy(registered_at(mock), config=config, oauth_config=quick_at(mock.sites), **more)


def chat(text: str) -> Frame:
    return Frame(
        "App\\Events\\ChatMessageEvent",
        CHAT_TOPIC,
        f'{{"id":"{text}","content":"{text}","created_at":"2026-11-01T12:00:00+00:00",'
        '"sender":{"id":5,"username":"Ada"}}',
    )


async def subscribed(mock: MockKick, count: int = 1) -> set[str]:
    """The next topics that the mock is asked for."""
    return {(await anyio.to_thread.run_sync(mock.wait_for, ClientSubscribed)).topic for _ in range(count)}


async def read_until(kick: KickStrategy, state: ConnectionState) -> list[msgspec.Struct]:
    seen: list[msgspec.Struct] = []
    async for event in kick.events():
        seen.append(event)
        if isinstance(event, StateChanged) and event.new is state:
            break
    return seen


def states(seen: list[msgspec.Struct]) -> list[ConnectionState]:
    return [event.new for event in seen if isinstance(event, StateChanged)]


async def came_back(kick: KickStrategy, username: str) -> tuple[str, str]:
    """Code and state, as the browser brings them."""
    location = await Browser().follow(await kick.start_oauth(username))
    query = parse_qs(location.partition("?")[2])
    return query["code"][0], query["state"][0]


# From a name to events


def test_a_channel_is_subscribed_by_its_name_and_its_events_are_unified(
    run: Callable[..., Any], mock: MockKick
) -> None:
    async def scenario() -> None:
        async with kick_at(mock) as kick:
            await kick.subscribe_to_channel(STREAMER.slug)
            await kick.connect()
            assert len(await subscribed(mock, 6)) == 6
            mock.publish(chat("hello"))
            async for event in kick.events():
                if isinstance(event, events.ChatMessage):
                    assert (event.text, event.channel, event.platform) == ("hello", STREAMER.channel, "kick")
                    break
            await kick.unsubscribe_from_channel(STREAMER.slug)
            await anyio.to_thread.run_sync(mock.wait_for, ClientUnsubscribed)
            with pytest.raises(LocalProtocolError, match="is not subscribed"):
                await kick.unsubscribe_from_channel(STREAMER.slug)

    run(scenario)


def test_the_chat_alone_is_one_topic(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with kick_at(mock) as kick:
            await kick.connect()
            await kick.subscribe_to_chat(STREAMER.slug)
            assert await subscribed(mock) == {CHAT_TOPIC}
            await kick.subscribe_to_chat(BY_NUMBERS)
            await kick.disconnect()
        assert not any(isinstance(event, ClientSubscribed) for event in mock.events)

    run(scenario)


def test_a_name_is_asked_for_once_and_numbers_never(run: Callable[..., Any], mock: MockKick, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with kick_at(mock, ids=KnownIds(tmp_path / "ids.db")) as kick:
            assert await kick.resolve(BY_NUMBERS) == STREAMER.channel.__class__(*STREAMER.channel.numbers)
            assert mock.requests() == ()
            for name in (STREAMER.slug, STREAMER.slug.upper(), f"https://kick.com/{STREAMER.slug}"):
                assert await kick.resolve(name) == STREAMER.channel
            assert len(mock.requests()) == 1
        async with kick_at(mock, ids=KnownIds(tmp_path / "ids.db")) as kick:
            assert await kick.resolve(STREAMER.slug) == STREAMER.channel
            assert len(mock.requests()) == 1
            assert (await kick.get_user(STREAMER.slug)).username == STREAMER.username
            assert len(mock.requests()) == 2

    run(scenario)


def test_a_name_that_is_nobodys_any_more_is_forgotten(run: Callable[..., Any], mock: MockKick, tmp_path: Path) -> None:
    async def scenario() -> None:
        ids = KnownIds(tmp_path / "ids.db")
        ids.add("long-gone", STREAMER.channel)
        async with kick_at(mock, ids=ids) as kick:
            assert await kick.resolve("long-gone") == STREAMER.channel
            for _ in range(2):
                with pytest.raises(NotFound):
                    await kick.get_user("long-gone")
            with pytest.raises(NotFound):
                await kick.subscribe_to_channel("long-gone")
            with pytest.raises(LocalProtocolError, match="does not name a channel"):
                await kick.subscribe_to_channel("no such name")

    run(scenario)


def test_an_edge_that_blocks_says_what_to_do_and_numbers_still_work(run: Callable[..., Any], mock: MockKick) -> None:
    mock.site(lambda site, now: site.trouble(now, Host.SITE, Challenged(), times=2))

    async def scenario() -> None:
        async with kick_at(mock) as kick:
            with pytest.raises(EdgeBlocked):
                await kick.subscribe_to_channel(STREAMER.slug)
            assert kick.health().rest.condition is Condition.BAD
            await kick.subscribe_to_chat(BY_NUMBERS)
            await kick.connect()
            assert await subscribed(mock) == {CHAT_TOPIC}

    run(scenario)


# Health


def test_health_tells_the_truth_through_an_outage(run: Callable[..., Any]) -> None:
    def start(port: int = 0) -> MockKick:
        return MockKick(port).__enter__()

    async def scenario() -> None:
        mock = await anyio.to_thread.run_sync(start)
        cluster = f"{mock.host}:{mock.port}"
        async with kick_at(mock, Backoff(retries=None, base=0.2, cap=0.2, jitter="none")) as kick:
            await kick.subscribe_to_chat(BY_NUMBERS)
            before = kick.health()
            assert (before.state, before.socket.condition, before.cluster) == (DISCONNECTED, Condition.UNUSED, None)
            await kick.connect()
            assert kick.state is CONNECTING
            assert states(await read_until(kick, CONNECTED)) == [CONNECTING, CONNECTED]
            up = kick.health()
            assert (up.state, up.socket.condition, up.cluster) == (CONNECTED, Condition.GOOD, cluster)
            assert (up.last_error, up.retry_in) == (None, None)

            await anyio.to_thread.run_sync(mock.__exit__, None, None, None)
            assert states(await read_until(kick, CONNECTING)) == [CONNECTING]
            async for event in kick.events():
                # The first attempt is made at once, and refused.
                if isinstance(event, Down):
                    break
            down = kick.health()
            assert (down.state, down.socket.condition, down.cluster) == (CONNECTING, Condition.BAD, cluster)
            assert down.last_error == down.socket.detail
            assert cluster in (down.last_error or "")
            assert down.retry_in is not None
            assert 0.0 <= down.retry_in <= 0.2

            back = await anyio.to_thread.run_sync(start, mock.port)
            try:
                seen = await read_until(kick, CONNECTED)
                assert states(seen) == [CONNECTED]
                (again,) = [event for event in seen if isinstance(event, Up)]
                assert again.gap is not None
                assert kick.health().socket.condition is Condition.GOOD
                assert kick.health().last_error is not None
                assert await subscribed(back) == {CHAT_TOPIC}
                await kick.disconnect()
                after = kick.health()
                assert (after.state, after.socket.condition, after.retry_in) == (DISCONNECTED, Condition.UNUSED, None)
                assert states(await read_until(kick, DISCONNECTED)) == [DISCONNECTING, DISCONNECTED]
            finally:
                await anyio.to_thread.run_sync(back.__exit__, None, None, None)

    run(scenario)


def test_giving_up_is_an_error_that_run_raises_and_connect_begins_anew(run: Callable[..., Any]) -> None:
    with MockKick() as mock:
        pass

    async def scenario() -> None:
        async with kick_at(mock, Backoff(retries=1, base=0.01, cap=0.01)) as kick:
            for _ in range(2):
                await kick.connect()
                with pytest.raises(TransportError):
                    await kick.run()
                assert kick.state is ERROR
                assert kick.health().last_error
            await kick.disconnect()
            assert kick.state is DISCONNECTED

    run(scenario)


def test_health_knows_the_rest_side_and_the_login(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with kick_at(mock) as kick:
            assert (kick.health().rest.condition, kick.health().oauth.condition) == (Condition.UNUSED,) * 2
            with pytest.raises(NotFound):
                await kick.get_user("nobody-at-all")
            assert kick.health().rest.condition is Condition.GOOD
            mock.site(lambda site, now: site.trouble(now, Host.SITE, Struck(502), times=4))
            with pytest.raises(Exception, match="502"):
                await kick.get_user(STREAMER.slug)
            assert "502" in kick.health().rest.detail
            await kick.handle_callback(*(await came_back(kick, "ada")))
            assert kick.health().oauth.condition is Condition.GOOD
            assert msgspec.json.decode(msgspec.json.encode(kick.health()))["platform"] == "kick"

    run(scenario)


# Handlers


@asynccontextmanager
async def playing(mock: MockKick, kick: KickStrategy, *texts: str) -> AsyncIterator[None]:
    """A connection on whose chat these are said."""
    await kick.subscribe_to_chat(BY_NUMBERS)
    await kick.connect()
    await subscribed(mock)
    for text in texts:
        mock.publish(chat(text))
    yield


def test_events_go_to_their_handlers_sync_or_async_until_disconnect(run: Callable[..., Any], mock: MockKick) -> None:
    said: list[str] = []

    async def scenario() -> None:
        async with kick_at(mock) as kick:

            async def answer(message: events.ChatMessage) -> None:
                await anyio.lowlevel.checkpoint()
                said.append(f"async {message.text}")
                if message.text == "bye":
                    await kick.disconnect()

            def note(event: events.Event) -> None:
                said.append(f"sync {type(event).__name__}")

            def never(message: events.ChatMessage) -> None:
                raise AssertionError("it was taken off")

            kick.on(events.ChatMessage, answer)
            kick.on(events.Event, note)
            kick.on(events.ChatMessage, never)
            kick.off(events.ChatMessage, never)
            with pytest.raises(LocalProtocolError):
                kick.off(events.ChatMessage, never)
            async with playing(mock, kick, "hello", "bye"):
                await kick.run()
            assert kick.state is DISCONNECTED

    run(scenario)
    assert said == ["sync ChatMessage", "async hello", "sync ChatMessage", "async bye"]


def test_a_handler_that_fails_comes_out_of_run_after_the_others_have_run(
    run: Callable[..., Any], mock: MockKick
) -> None:
    ran: list[str] = []

    def fails(message: events.ChatMessage) -> None:
        raise ZeroDivisionError(message.text)

    async def fails_later(message: events.ChatMessage) -> None:
        raise LookupError

    async def works(message: events.ChatMessage) -> None:
        ran.append(message.text)

    async def scenario() -> None:
        async with kick_at(mock) as kick:
            kick.on(events.ChatMessage, fails)
            kick.on(events.ChatMessage, works)
            async with playing(mock, kick, "one", "two", "three"):
                with pytest.raises(HandlerError, match="fails failed on ChatMessage") as caught:
                    await kick.run()
                assert isinstance(caught.value.__cause__, ZeroDivisionError)
                kick.on(events.ChatMessage, fails_later)
                # Nothing but that one event is lost: it goes on where it was.
                with pytest.raises(ExceptionGroup, match="2 handlers of ChatMessage failed"):
                    await kick.run()
                assert ran == ["one", "two"]

    run(scenario)


def test_on_error_is_told_of_handlers_and_run_goes_on(run: Callable[..., Any], mock: MockKick) -> None:
    told: list[str] = []

    async def scenario() -> None:
        async with kick_at(mock, on_error=lambda error: told.append(str(error.__cause__))) as kick:

            async def fails(message: events.ChatMessage) -> None:
                if message.text == "bye":
                    await kick.disconnect()
                raise LookupError(message.text)

            kick.on(events.ChatMessage, fails)
            async with playing(mock, kick, "one", "bye"):
                await kick.run()

    run(scenario)
    assert told == ["one", "bye"]


def test_run_that_is_cancelled_leaves_no_handler_half_begun(run: Callable[..., Any], mock: MockKick) -> None:
    # A coroutine that was never awaited would be a warning, and warnings are errors here.
    begun: list[str] = []

    async def scenario() -> None:
        with anyio.CancelScope() as scope:

            async def first(message: events.ChatMessage) -> None:
                begun.append("first")
                scope.cancel()
                await anyio.sleep_forever()

            async def second(message: events.ChatMessage) -> None:
                begun.append("second")

            async with kick_at(mock) as kick:
                kick.on(events.ChatMessage, first)
                kick.on(events.ChatMessage, second)
                async with playing(mock, kick, "hello"):
                    await kick.run()

    run(scenario)
    assert begun == ["first"]


# Accounts, and asking


def test_accounts_log_in_by_name_and_ask_by_name(run: Callable[..., Any], mock: MockKick, tmp_path: Path) -> None:
    store = store_at(tmp_path)

    async def scenario() -> None:
        async with kick_at(mock, store=store) as kick:
            with pytest.raises(Unauthorized, match="nobody has logged in as 'ada'"):
                await kick.get_access_token("ada")
            for username, account in (("ada", MODERATOR), ("bea", VIEWER)):
                mock.site(KickSite.log_in, account.slug)
                tokens = await kick.handle_callback(*(await came_back(kick, username)))
                assert tokens == await kick.get_access_token(username)
            for username, account in (("ada", MODERATOR), ("bea", VIEWER)):
                answer = await kick.get("/public/v1/users", username=username)
                assert answer["data"][0]["name"] == account.username
            renewed = await kick.refresh_token("ada")
            assert store.load("ada") == renewed
            with pytest.raises(LoginFailed):
                await kick.handle_callback("code", "state")
            await kick.revoke_token("ada")
            assert store.accounts() == ("bea",)

    run(scenario)


def test_what_is_sent_is_seen(run: Callable[..., Any], mock: MockKick) -> None:
    mock.site(KickSite.log_in, MODERATOR.slug)

    async def scenario() -> None:
        async with kick_at(mock) as kick:
            await kick.handle_callback(*(await came_back(kick, "ada")))
            body = {"broadcaster_user_id": STREAMER.user_id, "content": "tea?", "type": "user"}
            async with playing(mock, kick):
                sent = await kick.post("/public/v1/chat", json=body, username="ada")
                async for event in kick.events():
                    if isinstance(event, events.ChatMessage):
                        assert (event.text, event.id) == ("tea?", sent["data"]["message_id"])
                        break
            params = {"slug": [STREAMER.slug, VIEWER.slug]}
            channels = await kick.get("/public/v1/channels", params=params, username="ada")
            assert [each["slug"] for each in channels["data"]] == [STREAMER.slug, VIEWER.slug]
            with pytest.raises(NotFound):
                await kick.put("/public/v1/nothing", json={}, username="ada")
            with pytest.raises(NotFound):
                await kick.delete("/public/v1/nothing", username="ada")

    run(scenario)


# Beginning and end


def test_nothing_runs_outside_of_async_with_and_it_is_used_once(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        kick = kick_at(mock)
        with pytest.raises(LocalProtocolError, match="async with"):
            await kick.connect()
        with pytest.raises(LocalProtocolError, match="async with"):
            await kick.get_user(STREAMER.slug)
        async with kick:
            with pytest.raises(LocalProtocolError, match="connect first"):
                await kick.run()
            await kick.connect()
            with pytest.raises(LocalProtocolError, match="already"):
                await kick.connect()
        with pytest.raises(LocalProtocolError, match="make a new one"):
            async with kick:
                raise AssertionError("it runs again")
        with pytest.raises(LocalProtocolError, match="async with"):
            await kick.connect()

    run(scenario)


def test_what_the_block_raises_comes_out_as_it_is(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with kick_at(mock) as kick:
            await kick.connect()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(scenario)


async def comes_true(holds: Callable[[], bool]) -> None:
    """Let others run until it holds: what the system knows of files and threads comes with no event of its own."""
    deadline = time.monotonic() + 10.0
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        await anyio.lowlevel.checkpoint()


def open_files() -> list[str]:
    """What this process has open: sockets, files, pipes."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("this system does not tell which files are open")
    found = []
    for each in folder.iterdir():
        try:
            found.append(os.readlink(each))
        except FileNotFoundError:
            """That was the folder itself."""
    return sorted(found)


def threads() -> set[str]:
    """Threads at work; both loops keep some that wait for work, as long as they run, or for a while."""
    idle = ("Trio thread", "AnyIO worker thread", "asyncio_")
    return {each.name for each in threading.enumerate() if not each.name.startswith(idle)}


@pytest.mark.parametrize("end", ["disconnect", "leave", "cancel"])
def test_the_end_leaves_no_task_socket_thread_or_file(
    run: Callable[..., Any], end: str, mock: MockKick, tmp_path: Path
) -> None:
    store, ids = store_at(tmp_path), KnownIds(tmp_path / "ids.db")

    async def busy(kick: KickStrategy) -> None:
        await kick.subscribe_to_channel(STREAMER.slug)
        await kick.connect()
        await subscribed(mock, 6)
        await kick.handle_callback(*(await came_back(kick, "ada")))
        await kick.refresh_token("ada")
        await kick.get("/public/v1/users", username="ada")

    async def scenario() -> None:
        # What the loop itself opens for its threads is there before and after.
        await anyio.to_thread.run_sync(store.load, "ada")
        before = open_files(), threads()
        with anyio.CancelScope() as scope:
            async with kick_at(mock, store=store, ids=ids) as kick:
                await busy(kick)
                if end == "disconnect":
                    await kick.disconnect()
                if end == "cancel":
                    scope.cancel()
                    await anyio.sleep_forever()
        await settled(before)

    async def settled(before: tuple[list[str], set[str]]) -> None:
        """The mock, which is in this process, sees our ends a moment later."""
        await comes_true(lambda: (open_files(), threads()) == before)
        assert mock.client_count == 0

    run(scenario)


def test_a_disconnected_object_holds_no_socket_of_its_stream(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with kick_at(mock) as kick:
            before = open_files()
            for _ in range(3):
                await kick.connect()
                await read_until(kick, CONNECTED)
                await kick.disconnect()
                await comes_true(lambda: open_files() == before and not mock.client_count)

    run(scenario)


def test_a_connection_that_the_server_ends_for_good_is_an_error(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with kick_at(mock) as kick:
            await kick.subscribe_to_chat(BY_NUMBERS)
            await kick.connect()
            ref = (await anyio.to_thread.run_sync(mock.wait_for, ClientSubscribed)).ref
            mock.call(KickServer.disconnect, ref, 4001)
            seen = await read_until(kick, ERROR)
            assert states(seen) == [CONNECTING, CONNECTED, CONNECTING, ERROR]
            assert "4001" in (kick.health().last_error or "")

    run(scenario)


def test_a_store_is_not_needed_for_watching(run: Callable[..., Any], mock: MockKick, tmp_path: Path) -> None:
    store: TokenStore = store_at(tmp_path)

    async def scenario() -> None:
        async with kick_at(mock, store=store) as kick, playing(mock, kick, "hello"):
            async for event in kick.events():
                if isinstance(event, events.ChatMessage):
                    break

    run(scenario)
    assert not store.path.exists()
