"""This library under asyncio, each event to its handlers."""

from kick_io.asyncio import connect
from kick_proto.events import ChatMessage
from kick_proto.provider import Confirmed
from kick_proto.router import Router
from tests.bench.target import Target


def run(target: Target) -> None:
    target.run(_watch(target))


async def _watch(target: Target) -> None:
    seen = 0
    router: Router[None] = Router()

    @router.on(ChatMessage)
    def on_chat(message: ChatMessage) -> None:
        nonlocal seen
        seen += 1

    async with connect(*target.channels, **target.arguments) as kick:
        confirmed = 0
        async for event in kick:
            confirmed += type(event) is Confirmed
            if confirmed == len(target.topics):
                break
        target.begin()
        chats = target.chats
        async for event in kick:
            router.route(event)
            if seen == chats:
                break
        target.end()
