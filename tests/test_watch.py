"""Topics that are named by hand, on every driver."""

from typing import Any

import pytest

from kick_io.mock import MockKick
from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.errors import LocalProtocolError
from kick_proto.ids import TopicKind
from kick_proto.provider import Confirmed
from kick_proto.pusher import App
from kick_proto.session import Config
from tests.drivers import CHANNEL, DRIVERS, OTHER


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_topics_that_are_wanted_can_be_named(driver: str) -> None:
    run, connect = DRIVERS[driver]

    async def confirmed(kick: Any, count: int) -> list[str]:
        topics: list[str] = []
        async for event in kick:
            topics += [event.topic] if isinstance(event, Confirmed) else []
            if len(topics) == count:
                break
        return topics

    async def scenario() -> None:
        with MockKick() as mock:
            config = Config(provider=App(endpoints=(endpoint_at(mock.url),)), backoff=Backoff(), send_burst=100.0)
            async with connect(config=config) as kick:
                # An iterator can be read once, and is for both channels.
                kick.subscribe(CHANNEL, OTHER, topics=iter([TopicKind.CHATROOM_V2]))
                assert await confirmed(kick, 2) == ["chatrooms.22.v2", "chatrooms.44.v2"]
                kick.subscribe(CHANNEL, topics=[TopicKind.CHATROOM_V2, TopicKind.CHANNEL])
                assert await confirmed(kick, 1) == ["channel.11"]
                with pytest.raises(LocalProtocolError, match="no topic of channel"):
                    kick.subscribe(OTHER, topics=[])
                kick.unsubscribe(CHANNEL)
                kick.subscribe(OTHER)
                assert len(await confirmed(kick, 5)) == 5

    run(scenario)
