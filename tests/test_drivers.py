"""One list of scenarios, run by every driver over real loopback sockets."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import pytest
import trio
import trustme

import kick_io.asyncio
import kick_io.blocking
import kick_io.trio
from kick_io.mock import MockKick
from kick_io.sockets.assembly import READ_SIZE, assemble
from kick_io.sockets.watch import BlockingWatch, Watch
from kick_proto import events, payloads
from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.decoders import Decoders, Row
from kick_proto.drift import Difference, Drift, Kind
from kick_proto.errors import LocalProtocolError, TransportError
from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, TopicKind, topics_of
from kick_proto.lifecycle import Down, GaveUp, Lagging, Up
from kick_proto.provider import Confirmed
from kick_proto.pusher import App, Timeouts
from kick_proto.session import Config
from kick_proto.testing.faults import Faults
from kick_proto.testing.server import ClientConnected, ClientGone, ClientSubscribed, KickServer
from tests.drivers import CHANNEL, DRIVERS, OTHER

EventT = TypeVar("EventT")


class Bench:
    """A driver and a mock Kick; ``run`` runs a scenario, and sees that it leaves nothing behind."""

    def __init__(self, driver: str) -> None:
        self.driver = driver
        self._run, self._connect = DRIVERS[driver]

    def run(self, scenario: Callable[[], Any]) -> Any:
        before = set(threading.enumerate())
        result = self._run(scenario)
        # The event loops keep idle workers of their own for looking up names.
        left = {t for t in threading.enumerate() if t not in before and not t.name.startswith(("Trio", "asyncio"))}
        assert left <= {t for t in left if t.name == "mock-kick"}
        return result

    def connect(self, mock: MockKick | str, *channels: Channel, **options: Any) -> Any:
        url = mock if isinstance(mock, str) else mock.url
        config = Config(
            provider=App(
                key=options.pop("key", App().key),
                endpoints=(endpoint_at(url),),
                timeouts=options.pop("timeouts", Timeouts()),
            ),
            backoff=options.pop("backoff", Backoff(base=0.01, cap=0.01, retries=None)),
            **{name: options.pop(name) for name in ("high_water", "low_water") if name in options},
        )
        return self._connect(*(channels or (CHANNEL,)), config=config, **options)


@pytest.fixture(params=DRIVERS)
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


def chat(number: int, channel: Channel = CHANNEL) -> Frame:
    data = (
        f'{{"id":"message-{number}","chatroom_id":{channel.chatroom_id},"content":"hi {number}","type":"message",'
        '"created_at":"2026-11-01T12:00:00+00:00","sender":{"id":5,"username":"Ada","slug":"ada",'
        '"identity":{"color":"#AABBCC","badges":[]}}}'
    )
    return Frame("App\\Events\\ChatMessageEvent", f"chatrooms.{channel.chatroom_id}.v2", data)


async def until(kick: Watch, kind: type[EventT], count: int = 1) -> list[EventT]:
    """The next ``count`` events of that type; what comes between is passed over."""
    found: list[EventT] = []
    async for event in kick:
        if isinstance(event, kind):
            found.append(event)
            if len(found) == count:
                break
    return found


def test_events_come_decoded_and_in_order(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock) as kick:
                assert [type(event) for event in [await anext(kick)]] == [Up]
                confirmed = await until(kick, Confirmed, 6)
                assert tuple(event.topic for event in confirmed) == topics_of(CHANNEL)
                for number in range(50):
                    mock.publish(chat(number))
                messages = await until(kick, events.ChatMessage, 50)
                assert [message.text for message in messages] == [f"hi {number}" for number in range(50)]
                assert messages[0].channel == CHANNEL
                assert messages[0].raw == chat(0)
                assert (
                    abs((datetime.now(messages[0].received_at.tzinfo) - messages[0].received_at).total_seconds()) < 60
                )
                assert kick.stats().events == 50

    bench.run(scenario)


def test_batches_hold_all_that_there_is(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock) as kick:
                await until(kick, Confirmed, 6)
                for number in range(200):
                    mock.publish(chat(number))
                texts: list[str] = []
                async for batch in kick.batches():
                    assert batch
                    texts += [event.text for event in batch if isinstance(event, events.ChatMessage)]
                    if len(texts) >= 200:
                        break
                assert texts == [f"hi {number}" for number in range(200)]

    bench.run(scenario)


def test_channels_come_and_go_while_it_runs(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock) as kick:
                await until(kick, Confirmed, 6)
                kick.subscribe(OTHER.channel_id, OTHER.chatroom_id)
                await until(kick, Confirmed, 6)
                mock.publish(chat(1, OTHER))
                assert [message.channel for message in await until(kick, events.ChatMessage)] == [OTHER]
                kick.unsubscribe(CHANNEL)
                mock.publish(chat(2))
                mock.publish(chat(3, OTHER))
                assert [message.text for message in await until(kick, events.ChatMessage)] == ["hi 3"]

    bench.run(scenario)


def test_mistakes_of_the_caller_are_told_at_once_and_change_nothing(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock) as kick:
                with pytest.raises(LocalProtocolError, match="not subscribed"):
                    kick.unsubscribe(OTHER)
                with pytest.raises(LocalProtocolError, match="channels are named as"):
                    kick.subscribe(ChannelId(5))
                with pytest.raises(LocalProtocolError, match="belongs to"):
                    kick.subscribe(CHANNEL.channel_id, ChatroomId(99))
                assert len(await until(kick, Confirmed, 6)) == 6

    bench.run(scenario)


def test_a_lost_connection_is_made_again_and_everything_subscribed_again(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock) as kick:
                await until(kick, Confirmed, 6)
                ref = mock.wait_for(ClientConnected).ref
                mock.call(KickServer.drop, ref)
                assert (await until(kick, Down))[0].code == 1006
                assert (await until(kick, Up))[0].gap is not None
                await until(kick, Confirmed, 6)
                mock.publish(chat(1))
                assert (await until(kick, events.ChatMessage))[0].text == "hi 1"
                assert kick.stats().reconnects == 1

    bench.run(scenario)


def test_a_server_that_restarts_is_found_again(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            port = mock.port
            connection = bench.connect(mock)
            kick = await connection.__aenter__()
            await until(kick, Confirmed, 6)
        try:
            assert (await until(kick, Down))[0].code == 1001
            with MockKick(port) as mock:
                await until(kick, Up)
                await until(kick, Confirmed, 6)
                mock.publish(chat(1))
                assert (await until(kick, events.ChatMessage))[0].text == "hi 1"
                await connection.__aexit__(None, None, None)
        except BaseException as error:
            await connection.__aexit__(type(error), error, None)
            raise

    bench.run(scenario)


def test_a_wrong_key_ends_it_with_a_sentence_that_names_key_and_cluster(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock, key="wrong") as kick:
                assert (await until(kick, GaveUp))[0].code == 4001
                with pytest.raises(TransportError, match=f"app key wrong is not served.*127.0.0.1:{mock.port}.*4001"):
                    await anext(kick)
                with pytest.raises(TransportError):
                    await anext(kick.batches())

    bench.run(scenario)


def test_a_closed_port_ends_it_after_the_retries(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"ws://127.0.0.1:{server.getsockname()[1]}"

    async def scenario() -> None:
        async with bench.connect(url, backoff=Backoff(base=0.01, cap=0.01, retries=2)) as kick:
            downs = [event async for event in up_to_the_end(kick) if isinstance(event, Down)]
            assert [down.retry_in is None for down in downs] == [False, False, True]
            assert "127.0.0.1" in downs[0].reason
            assert "sub-exception" not in downs[0].reason

    bench.run(scenario)


async def up_to_the_end(kick: Watch) -> AsyncIterator[object]:
    while True:
        try:
            yield await anext(kick)
        except TransportError:
            return


def test_a_name_that_cannot_be_looked_up_is_a_failed_attempt(bench: Bench) -> None:
    async def scenario() -> None:
        url = "ws://" + "a" * 70 + ".invalid:1"
        async with bench.connect(url, backoff=Backoff(retries=0)) as kick:
            assert (await until(kick, Down))[0].code == 1006
            await until(kick, GaveUp)

    bench.run(scenario)


def test_leaving_closes_in_order_and_leaves_nothing_behind(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock) as kick:
                await until(kick, Confirmed, 6)
            assert mock.wait_for(ClientGone).code == 1000

    bench.run(scenario)


def test_leaving_before_there_is_a_connection_leaves_nothing_behind(bench: Bench) -> None:
    async def scenario() -> None:
        with silent_server() as url:
            async with bench.connect(url):
                pass

    bench.run(scenario)


def test_leaving_while_the_handshake_hangs_is_bounded(bench: Bench) -> None:
    async def scenario() -> None:
        with silent_server() as url:
            async with bench.connect(url, timeouts=Timeouts(open=0.2), backoff=Backoff(base=9, cap=9)) as kick:
                assert "no WebSocket within 0.2 s" in (await until(kick, Down))[0].reason

    bench.run(scenario)


def test_what_the_application_raises_comes_out_as_it_is(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock) as kick:
                await until(kick, Confirmed, 6)
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bench.run(scenario)


def test_a_bug_in_a_decoder_reaches_the_reader(bench: Bench) -> None:
    def broken(*_: object) -> events.Event:
        raise KeyError("a bug")

    async def scenario() -> None:
        decoders = Decoders()
        decoders.register(Row("ChatMessageEvent", payloads.ChatMessageEvent, broken, (TopicKind.CHATROOM_V2,)))
        with MockKick() as mock:
            async with bench.connect(mock, decoders=decoders) as kick:
                await until(kick, Confirmed, 6)
                mock.publish(chat(1))
                with pytest.raises(KeyError, match="a bug"):
                    await until(kick, events.ChatMessage)

    bench.run(scenario)


def test_a_slow_reader_stops_the_reading_and_loses_nothing(bench: Bench) -> None:
    count = 3_000

    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock, high_water=100, low_water=50) as kick:
                await until(kick, Confirmed, 6)
                mock.call(flood, count)
                numbers: list[int] = []
                lagged = False
                async for event in kick:
                    lagged |= isinstance(event, Lagging)
                    if isinstance(event, events.ChatMessage):
                        numbers.append(int(event.id.removeprefix("message-")))
                        if len(numbers) == count:
                            break
                assert numbers == list(range(count))
                assert lagged

    bench.run(scenario)


def flood(server: KickServer, now: float, count: int) -> None:
    for number in range(count):
        server.publish(now, chat(number))


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_after_each_read_the_application_has_its_turn(loop: str) -> None:
    bench, count = Bench(loop), 3_000
    in_one_read = READ_SIZE // len(encode_frame(chat(0))) + 1

    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock) as kick:
                await until(kick, Confirmed, 6)
                mock.call(flood, count)
                sizes: list[int] = []
                async for batch in kick.batches():
                    sizes.append(len(batch))
                    if sum(sizes) == count:
                        break
                assert max(sizes) <= in_one_read

    bench.run(scenario)


def test_hostile_bytes_end_the_connection_and_nothing_else(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick(faults=Faults(malformed_interval=0.01)) as mock:
            async with bench.connect(mock) as kick:
                assert (await until(kick, events.Undecodable))[0].channel is None
                mock.set_faults(Faults())
                mock.publish(chat(1))
                assert (await until(kick, events.ChatMessage))[0].text == "hi 1"

    bench.run(scenario)


def test_fragments_and_control_frames_between_them_are_put_together(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick(faults=Faults(fragment=True)) as mock:
            async with bench.connect(mock) as kick:
                await until(kick, Confirmed, 6)
                for number in range(20):
                    mock.publish(chat(number))
                assert len(await until(kick, events.ChatMessage, 20)) == 20

    bench.run(scenario)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_tls_works_with_a_trusted_certificate(bench: Bench, authority: trustme.CA) -> None:
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)

    async def scenario() -> None:
        with MockKick(ssl_context=server) as mock:
            async with bench.connect(mock, ssl_context=client) as kick:
                await until(kick, Confirmed, 6)
                mock.call(flood, 1_000)
                assert len(await until(kick, events.ChatMessage, 1_000)) == 1_000
            assert mock.wait_for(ClientGone).code == 1000

    bench.run(scenario)


def test_tls_refuses_an_untrusted_certificate(bench: Bench, authority: trustme.CA) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)

    async def scenario() -> None:
        with MockKick(ssl_context=server) as mock:
            async with bench.connect(mock, backoff=Backoff(retries=0)) as kick:
                assert "certificate" in (await until(kick, Down))[0].reason.lower()

    bench.run(scenario)


@pytest.mark.parametrize("stage", ["opening", "reading", "waiting"])
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_cancelled_at_any_stage_it_leaves_nothing_behind(loop: str, stage: str) -> None:
    bench = Bench(loop)

    async def watch(url: str, mock: MockKick) -> None:
        async with bench.connect(url, backoff=Backoff(base=9, cap=9, retries=None)) as kick:
            if stage == "reading":
                await until(kick, Confirmed, 6)
            elif stage == "waiting":
                await until(kick, Up)
                mock.call(KickServer.drop, mock.wait_for(ClientConnected).ref)
                await until(kick, Down)
            await until(kick, GaveUp)

    async def under_asyncio() -> None:
        with MockKick() as mock, silent_server() as silent:
            task = asyncio.create_task(watch(silent if stage == "opening" else mock.url, mock))
            while not task.done():
                await asyncio.sleep(0)
                if cancellable(mock, stage):
                    task.cancel()
            assert task.cancelled()
            assert asyncio.all_tasks() == {asyncio.current_task()}

    async def under_trio() -> None:
        with MockKick() as mock, silent_server() as silent:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(watch, silent if stage == "opening" else mock.url, mock)
                while not cancellable(mock, stage):
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()

    bench.run(under_asyncio if loop == "asyncio" else under_trio)


def cancellable(mock: MockKick, stage: str) -> bool:
    wanted = {"opening": (), "reading": (ClientSubscribed,), "waiting": (ClientGone,)}[stage]
    return all(any(isinstance(event, kind) for event in mock.events) for kind in wanted)


def news(kick: Watch) -> set[tuple[Kind, str, str]]:
    return {(each.kind, each.event, each.path) for each in kick.drift() if each.kind is not Kind.MISSING}


async def after_news(mock: MockKick, kick: Watch) -> None:
    """Wait until two events without a row, and two messages with a new field between them, have come."""
    await until(kick, Confirmed, 6)
    for frame in (Frame("NewEvent", chat(0).channel, "{}"), with_a_new_field(chat(1)), with_a_new_field(chat(2))):
        mock.publish(frame)
    mock.publish(Frame("LastEvent", chat(0).channel, "{}"))
    while "LastEvent" not in [event.raw.event for event in await until(kick, events.Unknown)]:
        pass


def with_a_new_field(frame: Frame) -> Frame:
    return Frame(frame.event, frame.channel, '{"new_field":1,' + frame.data[1:])


UNKNOWN = {(Kind.UNKNOWN, "NewEvent", "$"), (Kind.UNKNOWN, "LastEvent", "$")}
CHAT_UNKNOWN = (Kind.UNKNOWN, "ChatMessageEvent", "$")
NEW_FIELD = (Kind.UNREAD, "ChatMessageEvent", "$.new_field")


def test_what_is_new_on_the_wire_is_found_unless_that_is_not_wanted(bench: Bench) -> None:
    async def scenario() -> None:
        own = Drift()
        with MockKick() as mock:
            async with bench.connect(mock) as kick, bench.connect(mock, drift=None) as incurious:
                await after_news(mock, kick)
                await until(incurious, events.ChatMessage, 2)
                assert news(kick) == {*UNKNOWN, NEW_FIELD}
                assert kick.drift()[-1].frame_count == 1
                assert incurious.drift() == ()
            async with bench.connect(mock, drift=own) as kick:
                await after_news(mock, kick)
                assert news(kick) == {*UNKNOWN, NEW_FIELD}
                assert [each.frame_count for each in own.report() if each.kind is Kind.UNREAD] == [2]
            async with bench.connect(mock, decoders=Decoders(())) as kick:
                await after_news(mock, kick)
                assert news(kick) == {*UNKNOWN, CHAT_UNKNOWN}

    bench.run(scenario)


@pytest.mark.parametrize("drift", [-1.0, float("nan")])
def test_a_rest_that_is_none_is_told_at_once(bench: Bench, drift: float) -> None:
    async def scenario() -> None:
        with pytest.raises(ValueError, match="is no number of seconds"):
            async with bench.connect("ws://127.0.0.1:1", drift=drift):
                pass

    bench.run(scenario)


def test_the_blocking_driver_does_not_go_on_while_its_drift_is_read() -> None:
    held: list[bool] = []

    class Watched(Drift):
        def report(self) -> tuple[Difference, ...]:
            def look() -> None:
                taken = driver.changed.acquire(blocking=False)
                held.append(not taken)
                if taken:
                    driver.changed.release()

            other = threading.Thread(target=look)
            other.start()
            other.join()
            return super().report()

    machines = assemble([CHANNEL], None, None, drift=Watched())
    driver = kick_io.blocking.Driver(machines[1], None)
    driver.start()
    try:
        assert BlockingWatch(machines, driver).drift() == ()
    finally:
        driver.stop()
    assert held == [True]


def test_a_command_wakes_the_blocking_driver_from_another_thread() -> None:
    with MockKick() as mock, kick_io.blocking.connect(CHANNEL, config=config_for(mock)) as kick:
        for event in kick:
            if isinstance(event, Confirmed):
                break
        other = threading.Thread(target=kick.subscribe, args=(OTHER,))
        other.start()
        topics = {event.topic for event in kick_until(kick, Confirmed, 11)}
        other.join()
        assert set(topics_of(OTHER)) <= topics


def kick_until(kick: Any, kind: type[EventT], count: int) -> Iterator[EventT]:
    while count:
        event = next(kick)
        if isinstance(event, kind):
            count -= 1
            yield event


def config_for(mock: MockKick) -> Config:
    return Config(provider=App(endpoints=(endpoint_at(mock.url),)))


@contextmanager
def silent_server() -> Iterator[str]:
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"ws://127.0.0.1:{server.getsockname()[1]}"


def subscription(username: str) -> Frame:
    data = f'{{"chatroom_id":{CHANNEL.chatroom_id},"username":"{username}","months":3}}'
    return Frame("App\\Events\\SubscriptionEvent", f"chatrooms.{CHANNEL.chatroom_id}.v2", data)


def test_frames_of_one_fact_are_waited_for_and_chat_is_not(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock, merge=0.2) as kick:
                await until(kick, Confirmed, 6)
                mock.publish(subscription("Ada"))
                mock.publish(chat(1))
                assert isinstance(await anext(kick), events.ChatMessage)
                joined = await anext(kick)
                assert isinstance(joined, events.Resubscribed)
                assert joined.sources == (subscription("Ada"),)

    bench.run(scenario)


def test_what_is_held_back_comes_before_the_end(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock, merge=60.0, backoff=Backoff(retries=0)) as kick:
                await until(kick, Confirmed, 6)
                mock.publish(subscription("Ada"))
                mock.publish(chat(1))
                await until(kick, events.ChatMessage)
                mock.call(KickServer.disconnect, mock.wait_for(ClientConnected).ref, 4004)
                assert isinstance(await anext(kick), events.Resubscribed)
                assert isinstance(await anext(kick), Down)

    bench.run(scenario)


def test_nothing_is_joined_where_that_is_asked_for(bench: Bench) -> None:
    async def scenario() -> None:
        with MockKick() as mock:
            async with bench.connect(mock, merge=None) as kick:
                await until(kick, Confirmed, 6)
                mock.publish(subscription("Ada"))
                mock.publish(chat(1))
                first = await anext(kick)
                assert isinstance(first, events.Resubscribed)
                assert first.sources == ()

    bench.run(scenario)
