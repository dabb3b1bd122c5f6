"""Many sessions in one process: each has what is its own, and when they have ended nothing of them is left."""

import asyncio
import gc
import sys
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from kick_io.asyncio import Driver, connect
from kick_io.mock import MockKick
from kick_io.sockets.watch import Watch
from kick_proto.clusters import endpoint_at
from kick_proto.events import ChatMessage
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, TopicKind
from kick_proto.provider import Confirmed
from kick_proto.pusher import App
from kick_proto.session import Config, Session
from kick_proto.testing.server import ClientGone
from kick_proto.websocket import Framing

SESSIONS = 200
DEADLINE = 60.0
"""Seconds that all of it may take: far more than it does, so that nothing waits for ever."""
FILES = 1_024
"""Files that must be open at once: two for each session, and some more."""

PARTS = {Driver, Framing, Session, Watch}

CHANNELS = tuple(Channel(ChannelId(number), ChatroomId(number + 5_000)) for number in range(1, SESSIONS + 1))


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    # Only here: Windows has no such module, and no such limit.
    import resource  # noqa: PLC0415

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < FILES:
        pytest.skip(f"only {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES) if soft >= 0 else soft, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def hello(channel: Channel) -> Frame:
    data = (
        f'{{"id":"hello-{channel.channel_id}","content":"hello","created_at":"2026-11-01T12:00:00+00:00",'
        '"sender":{"id":5,"username":"Ada"}}'
    )
    return Frame("App\\Events\\ChatMessageEvent", f"chatrooms.{channel.chatroom_id}.v2", data)


class Crowd:
    """Sessions that are there together; each leaves when it has heard one message."""

    def __init__(self, mock: MockKick) -> None:
        self._config = Config(provider=App(endpoints=(endpoint_at(mock.url),)))
        self._unconfirmed = len(CHANNELS) * len(TopicKind)
        self.complete = asyncio.Event()
        self.heard: list[Channel] = []

    async def visit(self, channel: Channel) -> None:
        async with connect(channel, config=self._config) as kick:
            async for event in kick:
                match event:
                    case Confirmed():
                        self._unconfirmed -= 1
                        if not self._unconfirmed:
                            self.complete.set()
                    case ChatMessage():
                        self.heard.append(event.channel)
                        return


def parts() -> Counter[type]:
    """What sessions are made of, as far as it is still held by somebody."""
    gc.collect()
    return Counter(type(each) for each in gc.get_objects() if type(each) in PARTS)


async def meet(mock: MockKick) -> None:
    before = parts()
    crowd = Crowd(mock)
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as visits:
        for channel in CHANNELS:
            visits.create_task(crowd.visit(channel))
        await crowd.complete.wait()
        assert mock.client_count == SESSIONS
        for channel in CHANNELS:
            assert mock.publish(hello(channel)) == 1
    assert sorted(crowd.heard, key=lambda channel: channel.channel_id) == list(CHANNELS)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    # While the loop still runs: what it holds for later, such as timers, holds nothing of them.
    assert parts() == before


def test_many_sessions_share_a_process_and_leave_nothing_behind() -> None:
    with MockKick() as mock:
        threads = threading.enumerate()
        asyncio.run(meet(mock))
        assert threading.enumerate() == threads
        gone = [mock.wait_for(ClientGone, timeout=DEADLINE).code for _ in CHANNELS]
        assert gone == [1000] * SESSIONS
        assert mock.client_count == 0
