"""This library under asyncio, event by event."""

from kick_io.asyncio import connect
from kick_proto.events import ChatMessage
from kick_proto.provider import Confirmed
from tests.bench.target import Target


def run(target: Target) -> None:
    target.run(watch(target))


async def watch(target: Target) -> None:
    """Take all that was ordered."""
    async with connect(*target.channels, **target.arguments) as kick:
        confirmed = 0
        async for event in kick:
            confirmed += type(event) is Confirmed
            if confirmed == len(target.topics):
                break
        target.begin()
        seen, chats, note = 0, target.chats, target.note
        async for event in kick:
            if type(event) is ChatMessage:
                seen += 1
                if note is not None:
                    note(event.text)
                if seen == chats:
                    break
        target.end()
