"""Several who read one client: what one of them has taken and not read yet is the others' too, at once."""

import queue
import threading

import anyio
import pytest

import kick_io.blocking
from kick_io.mock import MockKick
from kick_proto.clusters import endpoint_at
from kick_proto.events import ChatMessage
from kick_proto.frames import Frame
from kick_proto.provider import Confirmed
from kick_proto.pusher import App
from kick_proto.session import Config, SessionEvent
from kick_proto.testing.server import KickServer
from tests.drivers import CHANNEL, DRIVERS

TEXTS = ("one", "two", "three")


def _at(mock: MockKick) -> Config:
    return Config(provider=App(endpoints=(endpoint_at(mock.url),)), send_burst=100.0)


def _publish_together(server: KickServer, now: float) -> None:
    for text in TEXTS:
        sender = '"created_at":"2026-11-01T12:00:00Z","sender":{"id":5,"username":"Ada"}'
        data = f'{{"id":"{text}","content":"{text}",{sender}}}'
        server.publish(now, Frame("App\\Events\\ChatMessageEvent", "chatrooms.22.v2", data))


def _texts(events: list[SessionEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, ChatMessage)]


@pytest.mark.parametrize("driver", ["asyncio", "uvloop", "trio"])
def test_a_task_that_pauses_keeps_nothing_from_another(driver: str) -> None:
    run, connect = DRIVERS[driver]

    async def scenario() -> None:
        seen: list[str] = []
        with MockKick() as mock:
            async with connect(CHANNEL, config=_at(mock)) as kick, anyio.create_task_group() as group:

                async def pause_after_one() -> None:
                    seen.extend(_texts([await anext(kick)]))
                    await anyio.sleep_forever()

                confirmed = 0
                while confirmed < 6:
                    confirmed += isinstance(await anext(kick), Confirmed)
                group.start_soon(pause_after_one)
                with anyio.fail_after(30):
                    await anyio.wait_all_tasks_blocked()
                    mock.call(_publish_together)
                    while len(seen) < len(TEXTS):
                        seen.extend(_texts(await anext(kick.batches())))
                group.cancel_scope.cancel()
        assert sorted(seen) == sorted(TEXTS)

    run(scenario)


def test_a_thread_that_pauses_keeps_nothing_from_another() -> None:
    seen: queue.Queue[str] = queue.Queue()
    over = threading.Event()
    with MockKick() as mock, kick_io.blocking.connect(CHANNEL, config=_at(mock)) as kick:

        def pause_after_one() -> None:
            for event in kick:
                seen.put(_texts([event])[0])
                over.wait()

        def read_all() -> None:
            for event in kick:
                for text in _texts([event]):
                    seen.put(text)

        confirmed = 0
        while confirmed < 6:
            confirmed += isinstance(next(kick), Confirmed)
        threads = [threading.Thread(target=pause_after_one), threading.Thread(target=read_all)]
        threads[0].start()
        threads[1].start()
        mock.call(_publish_together)
        try:
            assert sorted(seen.get(timeout=30) for _ in TEXTS) == sorted(TEXTS)
        finally:
            over.set()
            kick.finish()
            for thread in threads:
                thread.join()
