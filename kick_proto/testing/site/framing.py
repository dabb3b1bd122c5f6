"""HTTP/1.1 over bytes around ``KickSite``: one connection after the other's request, h11 reads and writes them.

The driver, or whatever stands before it, tells of each connection with ``Opened`` and obeys ``Transmit``, ``Close`` and
``Cancel``. Connections are kept alive, and requests that come before their turn wait for it. A reply that is to be late
is a timer. Heads, bodies, waiting bytes and the time for a request have a limit each; what is no HTTP gets a 400, and
then the connection ends. Nothing that a client sends raises.

Source: Spec: RFC 9112.
"""

from collections import deque
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Protocol, assert_never

import h11

from kick_proto.agenda import Agenda
from kick_proto.frames import Frame
from kick_proto.http import Response
from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Opened, Output, Received, Transmit
from kick_proto.testing.server_upgrade import NO_HTTP, Refusal
from kick_proto.testing.site.exchange import Cut, SiteReply, SiteRequest

__all__ = ["LARGEST_BODY", "METHODS", "MOST_WAITING", "Site", "SiteFraming"]

LARGEST_BODY = 1 << 20
"""Bytes of a request's body."""
MOST_WAITING = 1 << 17
"""Bytes that may come while a reply is on its way."""

METHODS = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})
"""What is understood; nobody asks a web server for ``CONNECT``."""

_TOO_LARGE = Refusal("413 Content Too Large", f"A body is {LARGEST_BODY} bytes at most.")
_NO_METHOD = Refusal("501 Not Implemented", "This server does not know that method.")
_HEAD_TOO_LARGE = Refusal("431 Request Header Fields Too Large", "The head of a request is 16 KiB at most.")


class Site(Protocol):
    """What is served."""

    def answer(self, now: float, unix_now: float, request: SiteRequest) -> SiteReply:
        """Answer one request."""
        ...

    def take_frames(self) -> list[Frame]:
        """Take what is to be published on the socket."""
        ...


class _Timer(IntEnum):
    REQUEST = 1
    REPLY = 2


class _Visitor:
    """One connection, and where it stands: a request that comes in, or the reply that it waits for."""

    __slots__ = ("body", "http", "ref", "reply", "request")

    request: h11.Request

    def __init__(self, ref: int) -> None:
        self.ref = ref
        self.http = h11.Connection(h11.SERVER)
        self.body = bytearray()
        self.reply: SiteReply | None = None

    def asked(self) -> SiteRequest:
        """The request, once it is complete."""
        method, target, headers = self.request.method, self.request.target, self.request.headers
        return SiteRequest(
            # Methods, targets and names are ASCII, or h11 would have refused them.
            method=method.decode(),
            target=target.decode(),
            headers=tuple((name.decode(), value.decode("latin-1")) for name, value in headers),
            body=bytes(self.body),
        )


class SiteFraming:
    """See the module's docstring. ``request_timeout`` is seconds for a whole request, idleness before it included."""

    def __init__(self, site: Site, *, request_timeout: float = 30.0) -> None:
        self._site = site
        self._request_timeout = request_timeout
        self._visitors: dict[int, _Visitor] = {}
        self._agenda = Agenda(_Timer)
        self._outputs: deque[Output[bytes]] = deque()
        self._unix_epoch = 0.0

    def handle_input(self, now: float, received: Input[bytes]) -> None:
        """Take in what happened to a connection."""
        match received:
            case Opened(ref):
                if ref not in self._visitors:
                    self._visitors[ref] = _Visitor(ref)
                    self._await_request(now, self._visitors[ref])
            case Received(ref, data, unix_now):
                self._unix_epoch = unix_now - now
                if data and (visitor := self._visitors.get(ref)):
                    self._on_bytes(now, visitor, data)
            case Closed(ref):
                self._forget(ref)
            case Failed():
                pass
            case _:
                assert_never(received)

    def handle_timeout(self, now: float) -> None:
        """Send the replies that are due, and end the connections that have been idle for too long."""
        # ``_forget`` stops a visitor's timers with the rest, so whose timer is due is here.
        for timer, ref in self._agenda.pop_due(now):
            ON_TIMER[timer](self, now, self._visitors[ref])

    def poll_output(self) -> Output[bytes] | None:
        """Pop the next thing that the driver must do: ``Transmit``, ``Close`` or ``Cancel``, never ``Open``."""
        return self._outputs.popleft() if self._outputs else None

    def poll_timeout(self) -> float | None:
        """Say when ``handle_timeout`` must be called next (monotonic seconds), or None for never."""
        return self._agenda.next_at()

    def take_frames(self) -> list[Frame]:
        """Take what is to be published on the socket."""
        return self._site.take_frames()

    # What comes in

    def _on_bytes(self, now: float, visitor: _Visitor, data: bytes) -> None:
        visitor.http.receive_data(data)
        if visitor.reply is None:
            self._read(now, visitor)
        elif len(visitor.http.trailing_data[0]) > MOST_WAITING:
            self._cancel(visitor)

    def _read(self, now: float, visitor: _Visitor) -> None:
        """Take requests and answer them, until one is not complete or its reply is to be late."""
        while visitor.reply is None and visitor.ref in self._visitors:
            try:
                event = visitor.http.next_event()
            except h11.RemoteProtocolError as error:
                self._refuse(visitor, _HEAD_TOO_LARGE if error.error_status_hint == 431 else NO_HTTP)
                return
            match event:
                case h11.Request():
                    self._on_request(visitor, event)
                case h11.Data(data=data):
                    self._on_data(visitor, data)
                case h11.EndOfMessage():
                    self._on_end(now, visitor)
                case _:
                    return

    def _on_request(self, visitor: _Visitor, event: h11.Request) -> None:
        visitor.request = event
        visitor.body.clear()
        if event.method not in METHODS:
            self._refuse(visitor, _NO_METHOD)
        elif visitor.http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            self._outputs.append(Transmit(visitor.ref, _written(visitor, go_on)))

    def _on_data(self, visitor: _Visitor, data: bytes) -> None:
        visitor.body += data
        if len(visitor.body) > LARGEST_BODY:
            self._refuse(visitor, _TOO_LARGE)

    def _on_end(self, now: float, visitor: _Visitor) -> None:
        self._agenda.forget(visitor.ref)
        visitor.reply = self._site.answer(now, now + self._unix_epoch, visitor.asked())
        if visitor.reply.delay > 0:
            self._agenda.start(_Timer.REPLY, visitor.ref, now + visitor.reply.delay)
        else:
            self._on_reply_due(now, visitor)

    # What goes out

    def _on_late(self, now: float, visitor: _Visitor) -> None:
        """Send a reply that was to be late, and go on with what has come meanwhile."""
        self._on_reply_due(now, visitor)
        self._read(now, visitor)

    def _on_reply_due(self, now: float, visitor: _Visitor) -> None:
        reply, visitor.reply = visitor.reply, None
        if reply is None or reply.cut is Cut.BEFORE:
            self._cancel(visitor)
            return
        head, body = self._encode(visitor, reply.response)
        if reply.cut is Cut.HALFWAY:
            self._outputs.append(Transmit(visitor.ref, head + body[: len(body) // 2]))
            self._end(visitor)
            return
        self._outputs.append(Transmit(visitor.ref, head + body))
        if visitor.http.our_state is h11.DONE:
            visitor.http.start_next_cycle()
            self._await_request(now, visitor)
        else:
            self._end(visitor)

    def _encode(self, visitor: _Visitor, response: Response) -> tuple[bytes, bytes]:
        """Head and body as they are sent; a reply to HEAD, and one that says "no content", has no body."""
        bare = response.status == 204
        length = () if bare else (("content-length", str(len(response.body))),)
        lines = [(name.encode(), value.encode("latin-1")) for name, value in (*response.headers, *length)]
        head = _written(visitor, h11.Response(status_code=response.status, headers=lines))
        silent = bare or visitor.request.method == b"HEAD"
        body = b"" if silent else _written(visitor, h11.Data(data=response.body))
        return head, body + _written(visitor, h11.EndOfMessage())

    def _refuse(self, visitor: _Visitor, refusal: Refusal) -> None:
        self._outputs.append(Transmit(visitor.ref, refusal.encode()))
        self._end(visitor)

    # How long it lasts

    def _await_request(self, now: float, visitor: _Visitor) -> None:
        self._agenda.start(_Timer.REQUEST, visitor.ref, now + self._request_timeout)

    def _on_idle(self, now: float, visitor: _Visitor) -> None:
        self._end(visitor)

    def _end(self, visitor: _Visitor) -> None:
        self._outputs.append(Close(visitor.ref))
        self._forget(visitor.ref)

    def _cancel(self, visitor: _Visitor) -> None:
        self._outputs.append(Cancel(visitor.ref))
        self._forget(visitor.ref)

    def _forget(self, ref: int) -> None:
        self._agenda.forget(ref)
        self._visitors.pop(ref, None)


def _written(visitor: _Visitor, event: h11.Event) -> bytes:
    # h11 gives None for the end of a connection alone, which is not sent here.
    return visitor.http.send(event) or b""


ON_TIMER: Mapping[_Timer, Callable[[SiteFraming, float, _Visitor], None]] = {
    _Timer.REQUEST: SiteFraming._on_idle,
    _Timer.REPLY: SiteFraming._on_late,
}
"""What each connection's timer does."""
