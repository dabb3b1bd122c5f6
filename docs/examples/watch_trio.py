"""Tell when a stream starts and ends, on trio."""

import trio

from kick_io.trio import connect
from kick_proto.events import StreamOffline, StreamOnline
from kick_proto.ids import ChannelId, ChatroomId
from kick_proto.session import Config


async def main(config: Config | None = None) -> None:
    async with connect(ChannelId(668), ChatroomId(668), config=config) as kick:
        async for event in kick:
            match event:
                case StreamOnline(title=title):
                    print(f"live: {title}")
                case StreamOffline():
                    print("offline")


if __name__ == "__main__":
    trio.run(main)
