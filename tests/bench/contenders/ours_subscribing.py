"""This library on any driver, while it subscribes to fifty topics; the server measures how soon it answers pings."""

from kick_proto.ids import TopicKind
from kick_proto.provider import Confirmed
from tests.bench.target import Target
from tests.drivers import DRIVERS

KINDS = tuple(TopicKind)[:5]


def run(target: Target) -> None:
    drive, connect = DRIVERS[target.options.driver]

    async def subscribe() -> None:
        async with connect(**target.arguments) as kick:
            kick.subscribe(*target.channels, topics=KINDS)
            confirmed = 0
            async for event in kick:
                confirmed += type(event) is Confirmed
                if confirmed == len(target.channels) * len(KINDS):
                    break
            target.begin()
            target.end()

    drive(subscribe)
