"""One connection after the other, over the mock: begun and ended in every order, read by nobody, one or several."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.to_thread
import msgspec
import pytest
from anyio.abc import TaskGroup

from kick_io.mock import MockKick
from kick_io.platform.feed import MOST_WAITING, Feed, connector
from kick_io.sockets.watch import Watch
from kick_proto import events
from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.decoders import Decoders
from kick_proto.errors import LocalProtocolError, TransportError
from kick_proto.frames import Frame
from kick_proto.health import Monitor
from kick_proto.ids import Channel, ChannelId, ChatroomId, TopicKind, topics_of
from kick_proto.lifecycle import Up
from kick_proto.platform import ConnectionState, StateChanged
from kick_proto.pusher import App
from kick_proto.session import Config, Session
from kick_proto.testing.server import ClientSubscribed, ClientUnsubscribed, KickServer
from tests.callers import LOOPS

DEADLINE = 30.0
CHANNEL = Channel(ChannelId(11), ChatroomId(22), "otter")
BY_NUMBERS = Channel(ChannelId(11), ChatroomId(22))
CONTRADICTION = Channel(ChannelId(11), ChatroomId(23))

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


class Stage:
    """A feed, its monitor, and the tasks that it runs in."""

    def __init__(self, mock: MockKick, tasks: TaskGroup, backoff: Backoff) -> None:
        config = Config(provider=App(endpoints=(endpoint_at(mock.url),)), backoff=backoff, send_burst=100.0)
        self.monitor = Monitor("kick")
        wanted = Session(config, rng=Always(), decoders=Decoders())
        self.watches: list[Watch] = []
        connect = connector(config=config, decoders=None, ssl_context=None)

        @asynccontextmanager
        async def seen() -> AsyncIterator[Watch]:
            async with connect() as watch:
                self.watches.append(watch)
                yield watch

        self.feed = Feed(seen, wanted, self.monitor)
        self.tasks = tasks
        self.states = [DISCONNECTED]

    def connect(self) -> None:
        self.feed.begin()
        self.tasks.start_soon(self.feed.run)

    async def read(self, until: Callable[[msgspec.Struct], bool] | None = None) -> list[msgspec.Struct]:
        """Events until one of that kind; to the end without."""
        seen: list[msgspec.Struct] = []
        async for event in self.feed.events():
            seen.append(event)
            if isinstance(event, StateChanged):
                assert event.old is self.states[-1]
                self.states.append(event.new)
            if until is not None and until(event):
                break
        return seen


class Always:
    """No chance at all."""

    def random(self) -> float:
        return 0.5


@asynccontextmanager
async def staged(mock: MockKick, backoff: Backoff | None = None) -> AsyncIterator[Stage]:
    async with anyio.create_task_group() as tasks:
        stage = Stage(mock, tasks, backoff if backoff is not None else Backoff(retries=None, base=0.01, cap=0.01))
        yield stage
        await stage.feed.end()


def is_up(event: msgspec.Struct) -> bool:
    return isinstance(event, StateChanged) and event.new is CONNECTED


def is_chat(event: msgspec.Struct) -> bool:
    return isinstance(event, events.ChatMessage)


def chat(number: int) -> Frame:
    return Frame(
        "App\\Events\\ChatMessageEvent",
        "chatrooms.22.v2",
        f'{{"id":"m{number}","content":"{number}","created_at":"2026-11-01T12:00:00+00:00",'
        '"sender":{"id":5,"username":"Ada"}}',
    )


async def subscribed(mock: MockKick, count: int = 1) -> set[str]:
    """The next topics that the mock is asked for."""
    return {(await anyio.to_thread.run_sync(mock.wait_for, ClientSubscribed)).topic for _ in range(count)}


def test_states_stand_among_the_events_where_they_happened(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with staged(mock) as stage:
            stage.feed.subscribe(CHANNEL, (TopicKind.CHATROOM_V2,))
            stage.connect()
            seen = await stage.read(is_up)
            assert [type(event) for event in seen] == [StateChanged, Up, StateChanged]
            await subscribed(mock)
            mock.publish(chat(1))
            (*_, message) = await stage.read(is_chat)
            assert isinstance(message, events.ChatMessage)
            assert stage.monitor.health(0.0).last_event_at == message.received_at
            await stage.feed.end()
            await stage.read()
            assert stage.states == [DISCONNECTED, CONNECTING, CONNECTED, DISCONNECTING, DISCONNECTED]
            health = stage.monitor.health(0.0)
            assert (health.last_error, health.cluster, health.retry_in) == (None, None, None)

    run(scenario)


def test_who_connects_and_disconnects_at_once_is_disconnected(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with staged(mock) as stage:
            for _ in range(3):
                stage.connect()
                await stage.feed.end()
                assert stage.monitor.state is DISCONNECTED
            await stage.read()
            assert stage.states == [DISCONNECTED, *[CONNECTING, DISCONNECTING, DISCONNECTED] * 3]

    run(scenario)


def test_a_reader_ends_with_its_connection_though_another_one_follows_at_once(
    run: Callable[..., Any], mock: MockKick
) -> None:
    async def scenario() -> None:
        async with staged(mock) as stage, anyio.create_task_group() as readers:
            stage.connect()
            await stage.read(is_up)
            readers.start_soon(stage.read)
            await anyio.wait_all_tasks_blocked()
            await stage.feed.end()
            stage.connect()
            await stage.read(is_up)

    run(scenario)


def test_commands_out_of_order_say_so(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with staged(mock) as stage:
            with pytest.raises(LocalProtocolError, match="connect first"):
                stage.feed.events()
            await stage.feed.end()
            stage.connect()
            with pytest.raises(LocalProtocolError, match="it is connecting already"):
                stage.feed.begin()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stage.feed.end)
                tasks.start_soon(stage.feed.end)
            assert stage.monitor.state is DISCONNECTED

    run(scenario)


def test_two_readers_share_the_events_and_both_end(run: Callable[..., Any], mock: MockKick) -> None:
    seen: list[msgspec.Struct] = []

    async def scenario() -> None:
        async def read(stage: Stage) -> None:
            async for event in stage.feed.events():
                seen.append(event)  # noqa: PERF401 (seen by the test meanwhile)

        async with staged(mock) as stage, anyio.create_task_group() as readers:
            stage.feed.subscribe(CHANNEL, (TopicKind.CHATROOM_V2,))
            stage.connect()
            for _ in range(2):
                readers.start_soon(read, stage)
            await subscribed(mock)
            for number in range(20):
                mock.publish(chat(number))
            while len([event for event in seen if is_chat(event)]) < 20:
                await anyio.wait_all_tasks_blocked()
            await stage.feed.end()

    run(scenario)
    assert sorted(event.id for event in seen if isinstance(event, events.ChatMessage)) == sorted(
        f"m{number}" for number in range(20)
    )


def test_an_application_that_is_far_behind_can_still_disconnect(run: Callable[..., Any], mock: MockKick) -> None:
    count = 15_000

    async def scenario() -> int:
        async with staged(mock) as stage:
            stage.feed.subscribe(CHANNEL, (TopicKind.CHATROOM_V2,))
            stage.connect()
            await subscribed(mock)

            def flood(server: KickServer, now: float) -> None:
                for number in range(count):
                    server.publish(now, chat(number))

            await anyio.to_thread.run_sync(mock.call, flood)
            while stage.watches[0].stats().frames < 10 * MOST_WAITING:
                await anyio.sleep(0)
            await stage.feed.end()
            assert stage.monitor.state is DISCONNECTED
            seen = await stage.read()
            assert stage.states[-1] is DISCONNECTED
            numbers = [int(event.text) for event in seen if isinstance(event, events.ChatMessage)]
            assert numbers == list(range(len(numbers)))
            return len(numbers)

    assert MOST_WAITING < run(scenario) <= count


def test_a_session_that_gives_up_is_an_error_and_can_be_begun_again(run: Callable[..., Any]) -> None:
    with MockKick() as gone:
        pass

    async def scenario() -> None:
        async with staged(gone, Backoff(retries=1, base=0.01, cap=0.01)) as stage:
            for _ in range(2):
                stage.connect()
                with pytest.raises(TransportError):
                    await stage.read()
                assert stage.states[-2:] == [CONNECTING, ERROR]
                health = stage.monitor.health(0.0)
                assert health.state is ERROR
                assert health.last_error
                with pytest.raises(TransportError):
                    await stage.read()
            await stage.feed.end()
            assert stage.monitor.state is DISCONNECTED

    run(scenario)


def test_a_bug_in_the_driver_ends_the_feed_and_nothing_else(
    run: Callable[..., Any], mock: MockKick, caplog: pytest.LogCaptureFixture
) -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[Watch]:
        yield buggy()

    def buggy() -> Watch:
        raise ZeroDivisionError("a bug")

    async def scenario() -> None:
        monitor = Monitor("kick")
        feed = Feed(broken, Session(Config(), rng=Always(), decoders=Decoders()), monitor)
        async with anyio.create_task_group() as tasks:
            feed.begin()
            tasks.start_soon(feed.run)
            with pytest.raises(ZeroDivisionError):
                async for _ in feed.events():
                    pass
            assert monitor.health(0.0).last_error == "a bug"

    run(scenario)
    assert "watching ended with a bug" in caplog.text


def test_a_feed_that_is_cancelled_is_disconnected(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with anyio.create_task_group() as tasks:
            stage = Stage(mock, tasks, Backoff())
            stage.connect()
            await stage.read(is_up)
            tasks.cancel_scope.cancel()
        assert stage.monitor.state is DISCONNECTED

    run(scenario)


# What is wanted


def test_what_is_wanted_is_checked_before_there_is_a_connection(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with staged(mock) as stage:
            stage.feed.subscribe(CHANNEL, None)
            with pytest.raises(LocalProtocolError, match="check the numbers"):
                stage.feed.subscribe(CONTRADICTION, None)
            with pytest.raises(LocalProtocolError, match="is not subscribed"):
                stage.feed.unsubscribe(CONTRADICTION)
            stage.connect()
            assert await subscribed(mock, 6) == set(topics_of(CHANNEL))

    run(scenario)


def test_what_is_wanted_is_subscribed_on_the_next_connection_too(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with staged(mock) as stage:
            stage.connect()
            await stage.read(is_up)
            stage.feed.subscribe(CHANNEL, (TopicKind.CHATROOM_V2,))
            assert await subscribed(mock) == {"chatrooms.22.v2"}
            # More of the same channel, by its numbers: what was wanted before is wanted still.
            stage.feed.subscribe(BY_NUMBERS, (TopicKind.CHANNEL,))
            assert await subscribed(mock) == {"channel.11"}
            await stage.feed.end()
            stage.connect()
            assert await subscribed(mock, 2) == {"chatrooms.22.v2", "channel.11"}
            stage.feed.unsubscribe(BY_NUMBERS)
            await anyio.to_thread.run_sync(mock.wait_for, ClientUnsubscribed)
            with pytest.raises(LocalProtocolError, match="is not subscribed"):
                stage.feed.unsubscribe(CHANNEL)

    run(scenario)


def test_what_is_wanted_while_it_gives_up_is_kept_for_later(run: Callable[..., Any], mock: MockKick) -> None:
    async def scenario() -> None:
        async with staged(mock) as stage:
            stage.feed.subscribe(CHANNEL, (TopicKind.CHATROOM_V2,))
            stage.connect()
            await subscribed(mock)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(stage.feed.end)
                await anyio.wait_all_tasks_blocked()
                stage.feed.subscribe(CHANNEL, (TopicKind.CHANNEL,))
            stage.connect()
            assert await subscribed(mock, 2) == {"chatrooms.22.v2", "channel.11"}

    run(scenario)


def test_the_last_event_is_the_last_that_arrived_whatever_stands_behind_it() -> None:
    monitor, at = Monitor("kick"), itertools.count(1)
    arrived = events.Unknown(datetime.fromtimestamp(next(at), UTC), chat(1), CHANNEL)
    for event in (arrived, Up("us2", "1.1")):
        monitor.note(0.0, event)
    assert monitor.health(0.0).last_event_at == arrived.received_at
