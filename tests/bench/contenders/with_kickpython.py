"""kickpython as it comes: its own listener, with one handler; its WebSocket goes to our URL."""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import websockets
import websockets.exceptions
from kickpython import api

from tests.bench.target import Target


def run(target: Target) -> None:
    target.run(_watch(target))


class _Over(BaseException):
    """All has been seen: the listener catches every Exception."""


class _Here:
    """Stands for the module ``websockets`` in kickpython: the same, but for the address."""

    exceptions = websockets.exceptions

    def __init__(self, target: Target) -> None:
        self.connect = lambda url: _Subscribed(target)


class _Subscribed:
    """A connection on which the traffic begins as soon as kickpython has subscribed its topic."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connecting = websockets.connect(target.url)

    async def __aenter__(self) -> Any:
        socket = await self._connecting.__aenter__()
        send = socket.send

        async def send_and_begin(text: str) -> None:
            await send(text)
            self._target.begin()

        socket.send = send_and_begin
        return socket

    async def __aexit__(self, *raised: Any) -> None:
        await self._connecting.__aexit__(*raised)


async def _watch(target: Target) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kick = api.KickAPI(db_path=str(Path(folder, "tokens.db")))
        api.websockets = _Here(target)
        seen = 0

        async def on_message(message: dict[str, Any]) -> None:
            nonlocal seen
            seen += 1
            if seen == target.chats:
                target.end()
                raise _Over

        kick.add_message_handler(on_message)
        with suppress(_Over):
            await kick.connect_to_chatroom(str(target.channels[0].chatroom_id))
