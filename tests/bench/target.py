"""What a contender is given: where to go, what will come, and the stopwatch."""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any, Literal, TypeAlias

import msgspec

from kick_proto.clusters import endpoint_at
from kick_proto.ids import Channel, topics_of
from kick_proto.pusher import KICK_APP_KEY, App
from kick_proto.session import Config
from tests.bench.order import CHANNELS, STAMP_DIGITS, Order, Place, Reading
from tests.bench.typed import DECODERS

__all__ = ["HOST", "Options", "Target"]

HOST = "127.0.0.1"
PATIENCE = 30.0


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a contender runs: how others decode, on which event loop, and what of this library is switched on.

    ``driver`` is for those that run on any, ``send_rate`` and ``send_burst`` are the session's limit of what it sends.
    """

    decode: Literal["json", "msgspec"] = "msgspec"
    loop: Literal["asyncio", "uvloop"] = "asyncio"
    merge: float | None = 2.0
    drift: float | None = 10.0
    driver: Literal["asyncio", "trio", "blocking"] = "asyncio"
    send_rate: float = 1e6
    send_burst: float = 1e6


Note: TypeAlias = Callable[[str], None]


class Target:
    """One order at the server, and the reading that comes of it."""

    def __init__(self, control: int, order: Order, options: Options, channels: tuple[Channel, ...] = CHANNELS) -> None:
        self.channels = channels
        self.topics = tuple(topic for channel in channels for topic in topics_of(channel))
        self.options = options
        self._order = order
        self._control = socket.create_connection((HOST, control), PATIENCE)
        self._control.sendall(msgspec.json.encode(order) + b"\n")
        self._words = self._control.makefile("rb")
        self.place = msgspec.json.decode(self._words.readline(), type=Place)
        self.frames, self.chats = self.place.frames, self.place.chats
        self.reading: Reading | None = None
        self._begun = (0.0, 0.0)
        self._delays: list[float] = []

    # Where to go

    @property
    def url(self) -> str:
        """The WebSocket's URL, as a client of Pusher asks for it."""
        scheme = "wss" if self._order.tls else "ws"
        return f"{scheme}://{HOST}:{self.place.port}/app/{KICK_APP_KEY}?protocol=7&client=bench&version=1"

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """What trusts the server, where it is one of TLS."""
        return ssl.create_default_context(cadata=self.place.authority) if self._order.tls else None

    @property
    def greeting(self) -> list[str]:
        """The texts that subscribe all topics; the server answers each, after a first text that needs no answer."""
        return [
            json.dumps({"event": "pusher:subscribe", "data": {"auth": "", "channel": topic}}) for topic in self.topics
        ]

    @property
    def answers(self) -> int:
        """The texts that come before the traffic."""
        return 1 + len(self.topics)

    @property
    def arguments(self) -> dict[str, Any]:
        """What ``connect`` of this library takes."""
        scheme, options = "wss" if self._order.tls else "ws", self.options
        provider = App(endpoints=(endpoint_at(f"{scheme}://{HOST}:{self.place.port}"),))
        return {
            "config": Config(provider=provider, send_rate=options.send_rate, send_burst=options.send_burst),
            "ssl_context": self.tls,
            "merge": options.merge,
            "drift": options.drift,
        }

    # What to do there

    @property
    def decode(self) -> Callable[[str | bytes], object]:
        """From a text to an object, envelope and payload."""
        decode = DECODERS[self.options.decode]
        if self.note is None:
            return decode

        def decode_and_note(text: str | bytes) -> object:
            decoded = decode(text)
            self._note(getattr(decoded, "content", ""))
            return decoded

        return decode_and_note

    @property
    def note(self) -> Note | None:
        """To be called with each chat message's text, where it says when it was written."""
        return self._note if self._order.rate is not None else None

    def _note(self, text: str) -> None:
        self._delays.append((time.monotonic_ns() - int(text[:STAMP_DIGITS])) / 1e9)

    # The stopwatch

    def begin(self) -> None:
        """Everything is subscribed: let the traffic come, or let us know of the pongs."""
        self._control.sendall(b"go\n")
        if self._order.pings:
            self._delays = msgspec.json.decode(self._words.readline(), type=list[float])
        self._begun = (time.process_time(), time.perf_counter())

    def end(self) -> None:
        """All of it has been taken."""
        cpu, wall = time.process_time(), time.perf_counter()
        self.reading = Reading(
            cpu=cpu - self._begun[0], wall=wall - self._begun[1], frames=self.frames, delays=self._delays
        )

    def close(self) -> None:
        """The order is done with."""
        self._control.close()

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run it on the event loop that is wanted."""
        factory = None
        if self.options.loop == "uvloop":
            import uvloop  # noqa: PLC0415 - it is there on some systems only

            factory = uvloop.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(main)
