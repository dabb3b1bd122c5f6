"""The server of the benchmark, in a process and on a core of its own: it writes what it has made ready before.

``python -m tests.bench.server`` prints the port that takes orders. A client sends one ``Order`` there and is told a
``Place``; it connects to it, subscribes what it likes, and says ``go`` where it gave the order. From then on the
server does nothing but write. One client after the other; all of a client's connections end with its order.
"""

import selectors
import socket
import ssl
import sys
import threading
from contextlib import suppress
from functools import cache

import msgspec
import trustme

from tests.bench.order import Order, Place, Ports
from tests.bench.pinning import pin
from tests.bench.plays import in_thread, play_in_time, play_spread, play_tape
from tests.bench.replay import Tape, record
from tests.bench.visitor import Visitor

__all__ = ["main"]

PATIENCE = 60.0

_tape = cache(record)
_authority = cache(trustme.CA)


class Host:
    """Serves one order after the other."""

    def __init__(self) -> None:
        self._control = socket.create_server(("127.0.0.1", 0))
        self._public = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self._public.setblocking(False)

    @property
    def ports(self) -> Ports:
        """Where it listens."""
        return Ports(self._control.getsockname()[1])

    def serve(self) -> None:
        """Serve until whoever started this is gone."""
        while True:
            control, _ = self._control.accept()
            with control, suppress(ConnectionError):
                self._serve_one(control)

    def _serve_one(self, control: socket.socket) -> None:
        order = msgspec.json.decode(control.makefile("rb").readline(), type=Order)
        recorded = order.rate is None and order.audience == "newest"
        tape = _tape(order.mix, order.dialect) if recorded else None
        control.sendall(msgspec.json.encode(self._place(order, tape)) + b"\n")
        visit = _Visit(order, tape, self._public, control)
        try:
            visit.run()
        finally:
            visit.close()

    def _place(self, order: Order, tape: Tape | None) -> Place:
        authority = _authority().cert_pem.bytes().decode() if order.tls else ""
        chats = tape.chats(order.events) if tape is not None else order.events
        return Place(port=self._public.getsockname()[1], frames=order.events, chats=chats, authority=authority)


class _Visit:
    """One client's order, from its first connection to its last."""

    def __init__(self, order: Order, tape: Tape | None, public: socket.socket, control: socket.socket) -> None:
        self._order = order
        self._tape = tape
        self._public = public
        self._control = control
        self._visitors: list[Visitor] = []
        self._beside: list[threading.Thread] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(public, selectors.EVENT_READ)
        self._selector.register(control, selectors.EVENT_READ)

    def run(self) -> None:
        """Answer until the client is gone."""
        while True:
            if self._order.pings and self._visitors:
                self._visitors[-1].ping()
            for key, _ in self._selector.select():
                if key.fileobj is self._public:
                    self._welcome()
                elif key.fileobj is not self._control:
                    self._answer(key.data)
                elif not self._control.recv(64):
                    return
                else:
                    self._play()

    def close(self) -> None:
        """End all connections, and what still writes to them."""
        self._selector.close()
        for visitor in self._visitors:
            with suppress(OSError):
                visitor.stream.shutdown(socket.SHUT_RDWR)
        for thread in self._beside:
            thread.join()
        for visitor in self._visitors:
            visitor.stream.close()

    def _welcome(self) -> None:
        with suppress(BlockingIOError):
            stream, _ = self._public.accept()
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream.settimeout(PATIENCE)
            if self._order.tls:
                stream = _tls().wrap_socket(stream, server_side=True)
            visitor = Visitor(stream, self._order.dialect)
            self._visitors.append(visitor)
            self._selector.register(stream, selectors.EVENT_READ, visitor)

    def _answer(self, visitor: Visitor) -> None:
        if not visitor.read():
            self._selector.unregister(visitor.stream)

    def _play(self) -> None:
        visitor, order = self._visitors[-1], self._order
        if order.pings:
            self._control.sendall(msgspec.json.encode(visitor.pong_delays) + b"\n")
            return
        if order.audience == "all":
            self._beside = [in_thread(each.stream, order) for each in self._visitors[:-1]]
        with suppress(OSError), visitor.listening():
            if order.audience == "spread":
                play_spread(self._visitors, order.events)
            elif self._tape is not None:
                play_tape(visitor.stream, self._tape, order.events)
            else:
                play_in_time(visitor.stream, order)


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority().issue_cert("127.0.0.1").configure_cert(context)
    return context


def main() -> None:
    """Serve until standard input ends."""
    pin(0)
    host = Host()
    sys.stdout.buffer.write(msgspec.json.encode(host.ports) + b"\n")
    sys.stdout.flush()
    threading.Thread(target=host.serve, daemon=True).start()
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
