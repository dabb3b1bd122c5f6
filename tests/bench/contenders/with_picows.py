"""picows (Cython), and a decode of envelope and payload in its callback. It leaves fragments to its user."""

import asyncio

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from tests.bench.target import Target


def run(target: Target) -> None:
    target.run(_watch(target))


class _Listener(WSListener):  # type: ignore[misc] # the package is optional, and so its types are
    def __init__(self, target: Target, over: asyncio.Event) -> None:
        self._target = target
        self._over = over
        self._decode = target.decode
        self._left = target.answers + target.frames

    def on_ws_connected(self, transport: WSTransport) -> None:
        for text in self._target.greeting:
            transport.send(WSMsgType.TEXT, text.encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._left -= 1
        if self._left < self._target.frames:
            self._decode(frame.get_payload_as_bytes())
            if self._left == 0:
                self._target.end()
                self._over.set()
        elif self._left == self._target.frames:
            self._target.begin()


async def _watch(target: Target) -> None:
    over = asyncio.Event()
    transport, _ = await ws_connect(lambda: _Listener(target, over), target.url, ssl_context=target.tls)
    await over.wait()
    transport.disconnect()
