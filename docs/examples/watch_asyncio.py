"""Print the chat of a channel, on asyncio."""

import asyncio

from kick_io.asyncio import connect
from kick_proto.events import ChatMessage
from kick_proto.ids import ChannelId, ChatroomId
from kick_proto.session import Config


async def main(config: Config | None = None) -> None:
    async with connect(ChannelId(668), ChatroomId(668), config=config) as kick:
        async for event in kick:
            match event:
                case ChatMessage(author=author, text=text):
                    print(f"{author.username}: {text}")


if __name__ == "__main__":
    asyncio.run(main())
