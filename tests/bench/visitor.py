"""One client's connection, as the server sees it: the upgrade, the handshake of the dialect, and every subscription."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

from tests.bench.order import Dialect

__all__ = ["Visitor"]

ESTABLISHED = json.dumps({"socket_id": "1.1", "activity_timeout": 120})


class Visitor:
    """Reads and answers; what it is to be shown beyond that, the server writes to ``stream`` itself."""

    def __init__(self, stream: socket.socket, dialect: Dialect) -> None:
        self.stream = stream
        self.topics: list[str] = []
        self.pong_delays: list[float] = []
        self._pinged_at: float | None = None
        self._dialect = dialect
        self._protocol = WSConnection(ConnectionType.SERVER)

    def read(self) -> bool:
        """Take in what has come and answer it; False at the end."""
        data = b""
        with suppress(OSError):
            data = self.stream.recv(65536)
            while isinstance(self.stream, ssl.SSLSocket) and self.stream.pending():
                data += self.stream.recv(65536)
        self._take(data)
        return bool(data)

    def ping(self) -> None:
        """Ask for a sign of life, in the words of Pusher, unless the last one is still awaited."""
        if self.topics and self._pinged_at is None:
            self._pinged_at = time.monotonic()
            self._say({"event": "pusher:ping", "data": "{}"})

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Let the client write meanwhile, so that it never waits for us; its words are taken in afterwards."""
        if isinstance(self.stream, ssl.SSLSocket):
            yield
            return
        heard: list[bytes] = []
        over = threading.Event()
        thread = threading.Thread(target=self._listen, args=(heard, over))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            if heard:
                self._take(b"".join(heard))

    def _listen(self, heard: list[bytes], over: threading.Event) -> None:
        twin = self.stream.dup()
        with twin, suppress(OSError):
            twin.settimeout(0.05)
            while not over.is_set():
                with suppress(TimeoutError):
                    data = twin.recv(65536)
                    if not data:
                        return
                    heard.append(data)

    def _take(self, data: bytes) -> None:
        if self._protocol.state is ConnectionState.CLOSED:
            return
        self._protocol.receive_data(data or None)
        with suppress(OSError):
            for event in self._protocol.events():
                match event:
                    case Request():
                        self._send(AcceptConnection())
                        if self._dialect == "pusher":
                            self._say({"event": "pusher:connection_established", "data": ESTABLISHED})
                    case TextMessage(data=text):
                        for line in text.splitlines():
                            DIALECTS[self._dialect](self, json.loads(line))
                    case Ping():
                        self._send(event.response())
                    case CloseConnection():
                        # At the end of the stream there is nobody left to answer, and wsproto says so.
                        if data:
                            self._send(event.response())
                    case _:
                        pass

    def _answer_pusher(self, said: dict[str, Any]) -> None:
        if said["event"] == "pusher:subscribe":
            topic = said["data"]["channel"]
            self.topics.append(topic)
            self._say({"event": "pusher_internal:subscription_succeeded", "channel": topic, "data": "{}"})
        elif said["event"] == "pusher:ping":
            self._say({"event": "pusher:pong", "data": "{}"})
        elif said["event"] == "pusher:pong" and self._pinged_at is not None:
            self.pong_delays.append(time.monotonic() - self._pinged_at)
            self._pinged_at = None

    def _answer_centrifugo(self, said: dict[str, Any]) -> None:
        if "connect" in said:
            self._say({"id": said["id"], "connect": {"client": "1", "version": "5", "ping": 25, "pong": True}})
        elif "subscribe" in said:
            self._say({"id": said["id"], "subscribe": {}})

    def _say(self, what: dict[str, Any]) -> None:
        self._send(TextMessage(json.dumps(what)))

    def _send(self, event: Any) -> None:
        self.stream.sendall(self._protocol.send(event))


DIALECTS: dict[Dialect, Callable[[Visitor, dict[str, Any]], None]] = {
    "pusher": Visitor._answer_pusher,
    "centrifugo": Visitor._answer_centrifugo,
}
"""How the words of each dialect are answered."""
