"""A bot behind the platform interfaces: it answers in a channel's chat, and says how it is doing."""

import asyncio
import os

from kick_io.credentials import TokenStore
from kick_io.strategy import KickStrategy
from kick_proto.endpoints.oauth import App
from kick_proto.events import ChatMessage
from kick_proto.platform import StateChanged
from kick_proto.secret import Secret


async def main(kick: KickStrategy, channel: str = "xqc") -> None:
    async def answer(message: ChatMessage) -> None:
        if message.text == "!tea":
            reply = {"broadcaster_user_id": streamer.user_id, "content": "The kettle is on.", "type": "user"}
            await kick.post("/public/v1/chat", json=reply, username="bot")

    def tell(change: StateChanged) -> None:
        print(f"{change.platform}: {change.new.value} {change.reason}".rstrip())

    async with kick:
        streamer = await kick.get_user(channel)
        kick.on(ChatMessage, answer)
        kick.on(StateChanged, tell)
        await kick.subscribe_to_chat(channel)
        await kick.connect()
        await kick.run()


if __name__ == "__main__":
    # The account "bot" has logged in before: start_oauth("bot") gives the URL, handle_callback takes what comes back.
    app = App(client_id=os.environ["KICK_CLIENT_ID"], client_secret=Secret(os.environ["KICK_CLIENT_SECRET"]))
    asyncio.run(main(KickStrategy(app, store=TokenStore())))
