"""The server of a soak: the seeded server machine for all that is said, and numbered events of every channel between.

``python -m tests.bench.soaking.server ORDER`` prints the port where it listens, serves until its standard input ends,
and prints what it did. Whoever subscribes to a channel's chat gets its events; a second one takes them over.
"""

import selectors
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from itertools import count
from random import Random

import msgspec

from kick_proto.ids import TopicKind, topic_of
from kick_proto.machine import Cancel, Close, Closed, Opened, Received, Transmit
from kick_proto.testing.server import ClientGone, ClientPinged, ClientSubscribed, KickServer, ServerEvent
from kick_proto.testing.serving import ServerFraming
from tests.bench.order import CHANNELS
from tests.bench.pinning import pin
from tests.bench.soaking.guest import Guest
from tests.bench.soaking.order import Ports, Soak, Told
from tests.bench.soaking.shows import Show, recorded
from tests.bench.soaking.troubles import FAULTS

__all__ = ["main"]

TICK = 0.005
"""Seconds between two writes on a connection."""
ACTIVITY_TIMEOUT, PONG_TIMEOUT = 1.0, 1.0


class Host:
    """All connections, and the shows of all channels."""

    def __init__(self, order: Soak, public: socket.socket) -> None:
        self._seed = order.seed
        now = time.monotonic()
        self._server = KickServer(
            rng=Random(order.seed),
            unix_epoch=time.time() - now,
            faults=FAULTS,
            activity_timeout=ACTIVITY_TIMEOUT,
            pong_timeout=PONG_TIMEOUT,
        )
        self._framing: ServerFraming[ServerEvent] = ServerFraming(self._server)
        self._public = public
        self._selector = selectors.DefaultSelector()
        self._selector.register(public, selectors.EVENT_READ)
        self._selector.register(sys.stdin.buffer, selectors.EVENT_READ)
        self._refs = count(1)
        self._guests: dict[int, Guest] = {}
        rate = order.rate / len(CHANNELS)
        self._shows = {
            str(topic_of(TopicKind.CHATROOM_V2, channel)): Show(recorded(channel, seed), seed, rate, now)
            for seed, channel in enumerate(CHANNELS, order.seed)
        }
        self._deeds: Counter[str] = Counter()

    def serve(self) -> Told:
        """Serve until standard input ends."""
        step_at = time.monotonic()
        while True:
            for key, _ in self._selector.select(max(0.0, step_at - time.monotonic())):
                if key.fileobj is sys.stdin.buffer:
                    return Told(numbered=sum(show.number for show in self._shows.values()), deeds=dict(self._deeds))
                if key.fileobj is self._public:
                    self._welcome()
                else:
                    self._read(key.data)
            now = time.monotonic()
            if now >= step_at:
                step_at = now + TICK
                self._step(now)

    def _welcome(self) -> None:
        stream, _ = self._public.accept()
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.setblocking(False)
        ref, now = next(self._refs), time.monotonic()
        guest = self._guests[ref] = Guest(ref, stream, Random(f"{self._seed} {ref}"), now)
        self._selector.register(stream, selectors.EVENT_READ, guest)
        self._framing.handle_input(now, Opened(ref))
        self._obey()

    def _read(self, guest: Guest) -> None:
        data = b""
        with suppress(OSError):
            data = guest.stream.recv(65536)
        if data:
            self._framing.handle_input(time.monotonic(), Received(guest.ref, data, time.time()))
            self._obey()
        else:
            self._dismiss(guest)

    def _step(self, now: float) -> None:
        self._framing.handle_timeout(now)
        self._obey()
        for guest in list(self._guests.values()):
            if (trouble := guest.step(now)) is not None:
                self._deeds[trouble.value] += 1
            if guest.is_over:
                self._dismiss(guest)

    def _obey(self) -> None:
        while (output := self._framing.poll_output()) is not None:
            guest = self._guests.get(output.ref)
            match output:
                case Transmit(data=data) if guest is not None:
                    guest.answer(data)
                case Close() | Cancel() if guest is not None:
                    guest.end()
                case _:
                    pass
        for event in self._framing.take_events():
            match event:
                case ClientSubscribed(ref, topic) if topic in self._shows and ref in self._guests:
                    self._show(self._shows[topic], self._guests[ref])
                case ClientGone(code=code) if code >= 4000:
                    self._deeds[f"closed with {code}"] += 1
                case ClientPinged():
                    self._deeds["pings answered"] += 1
                case _:
                    pass

    def _show(self, show: Show, guest: Guest) -> None:
        for other in self._guests.values():
            if other.show is show:
                other.show = None
        show.skip(time.monotonic())
        guest.show = show

    def _dismiss(self, guest: Guest) -> None:
        self._selector.unregister(guest.stream)
        guest.stream.close()
        del self._guests[guest.ref]
        self._framing.handle_input(time.monotonic(), Closed(guest.ref))
        self._obey()


def main(order: str) -> None:
    """Serve until standard input ends."""
    pin(0)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as public:
        host = Host(msgspec.json.decode(order, type=Soak), public)
        sys.stdout.buffer.write(msgspec.json.encode(Ports(public.getsockname()[1])) + b"\n")
        sys.stdout.flush()
        sys.stdout.buffer.write(msgspec.json.encode(host.serve()) + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
