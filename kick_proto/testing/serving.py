"""The server side of WebSockets as a machine over bytes, around any server machine over texts.

The driver tells of each TCP connection that it accepts with ``Opened`` and a ref of its choice, and obeys
``Transmit``, ``Close`` (send what waits, then end the TCP connection) and ``Cancel`` (end it at once). Commands and
events are the wrapped machine's: after a command on it call ``handle_timeout(now)`` here, which also takes up what
the command has queued.

Upgrade and close have a time limit each. What a client sends never raises: bad HTTP gets a 4xx, a bad frame a close
frame with the code for what was wrong, and then the connection ends. No chance is involved: server frames have no
mask. Source: Spec: RFC 6455.

Where a ``site`` is given, the same port serves its paths: a connection whose first request is for one of them is handed
to a ``SiteFraming``, for good, and what calls there have to say on the socket is published by the wrapped machine.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, IntEnum
from itertools import groupby
from typing import Generic, Protocol, TypeVar, assert_never

from kick_proto.agenda import Agenda
from kick_proto.frames import Frame
from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Open, Opened, Output, Received, Transmit
from kick_proto.testing.server import Accepted
from kick_proto.testing.server_frames import Reader, encode_close, encode_fragments, encode_pong, encode_texts
from kick_proto.testing.server_upgrade import Plain, Refusal, Upgrade, Welcome
from kick_proto.testing.site.exchange import split_target
from kick_proto.testing.site.framing import Site, SiteFraming

__all__ = ["NEVER_SENT", "ServerFraming", "TextServer"]

NEVER_SENT = (1006, 1015)
"""Close codes that no frame may hold: the connection is dropped instead. Source: Spec: RFC 6455 section 7.4.1."""

EventT = TypeVar("EventT")


class TextServer(Protocol[EventT]):
    """What is served: a machine over texts that takes ``Accepted`` besides what every machine takes."""

    def handle_input(self, now: float, received: Accepted | Input[Sequence[str]]) -> None:
        """Take in what the world did."""
        ...

    def handle_timeout(self, now: float) -> None:
        """Fire every timer that is due at ``now``."""
        ...

    def poll_output(self) -> Output[Sequence[str]] | None:
        """Pop the next thing to do."""
        ...

    def poll_event(self) -> EventT | None:
        """Pop one event."""
        ...

    def take_events(self) -> list[EventT]:
        """Pop all events."""
        ...

    def poll_timeout(self) -> float | None:
        """Say when ``handle_timeout`` must be called next."""
        ...

    def publish(self, now: float, frame: Frame) -> int:
        """Send the frame to every subscriber of its topic; how many there were."""
        ...

    @property
    def wants_input(self) -> bool:
        """False while undelivered events stand above the high-water mark."""
        ...

    @property
    def closed(self) -> bool:
        """True when nothing will ever be queued again."""
        ...

    @property
    def fragments(self) -> bool:
        """Whether texts leave as fragments with a control ping between them."""
        ...


class _State(Enum):
    UPGRADING = "upgrading"
    HANDED = "handed to the site"
    OPEN = "open"
    CLOSING = "closing"


class _Timer(IntEnum):
    UPGRADE = 1
    CLOSE = 2


class _Peer:
    """One TCP connection; once it is told to end, it is forgotten."""

    __slots__ = ("reader", "ref", "state", "upgrade")

    def __init__(self, ref: int, is_for_site: Callable[[str], bool]) -> None:
        self.ref = ref
        self.state = _State.UPGRADING
        self.upgrade = Upgrade(is_for_site)
        self.reader = Reader()


class ServerFraming(Generic[EventT]):
    """The byte-level machine around ``server``; see the module's docstring. Timeouts are seconds."""

    def __init__(
        self,
        server: TextServer[EventT],
        site: Site | None = None,
        *,
        upgrade_timeout: float = 10.0,
        close_timeout: float = 3.0,
    ) -> None:
        self._server = server
        self._site = None if site is None else SiteFraming(site)
        self._upgrade_timeout = upgrade_timeout
        self._close_timeout = close_timeout
        self._peers: dict[int, _Peer] = {}
        self._agenda = Agenda(_Timer)
        self._outputs: deque[Output[bytes]] = deque()

    # The interface of every machine

    def handle_input(self, now: float, received: Input[bytes]) -> None:
        """Take in what happened to a TCP connection."""
        match received:
            case Opened(ref):
                self._on_opened(now, ref)
            case Received(ref, data, unix_now):
                if data and (peer := self._peers.get(ref)):
                    ON_BYTES[peer.state](self, now, peer, data, unix_now)
            case Closed(ref):
                if peer := self._peers.get(ref):
                    self._forget(peer)
                    self._tell_of_end(now, peer)
            case Failed():
                pass
            case _:
                assert_never(received)
        self._drain(now)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due, here and in the wrapped machine; take up what a command has queued there."""
        # A connection that is forgotten has no timers any more, so each that is due is one of those that are here.
        for _, ref in self._agenda.pop_due(now):
            self._cancel(self._peers[ref])
        if self._site is not None:
            self._site.handle_timeout(now)
        self._server.handle_timeout(now)
        self._drain(now)

    def poll_output(self) -> Output[bytes] | None:
        """Pop the next thing that the driver must do: ``Transmit``, ``Close`` or ``Cancel``, never ``Open``."""
        return self._outputs.popleft() if self._outputs else None

    def poll_event(self) -> EventT | None:
        """Pop one event of the wrapped machine."""
        return self._server.poll_event()

    def take_events(self) -> list[EventT]:
        """Pop all events of the wrapped machine."""
        return self._server.take_events()

    def poll_timeout(self) -> float | None:
        """Say when ``handle_timeout`` must be called next (monotonic seconds), or None for never."""
        late = None if self._site is None else self._site.poll_timeout()
        moments = (self._agenda.next_at(), self._server.poll_timeout(), late)
        return min((at for at in moments if at is not None), default=None)

    @property
    def wants_input(self) -> bool:
        """As the wrapped machine says."""
        return self._server.wants_input

    @property
    def closed(self) -> bool:
        """True when the wrapped machine is closed and every connection has been told to end."""
        return self._server.closed and not self._peers

    # Reactions to the connections

    def _on_opened(self, now: float, ref: int) -> None:
        if ref in self._peers or self.closed:
            return
        self._peers[ref] = _Peer(ref, self._is_for_site)
        self._agenda.start(_Timer.UPGRADE, ref, now + self._upgrade_timeout)

    def _on_http(self, now: float, peer: _Peer, data: bytes, unix_now: float) -> None:
        match said := peer.upgrade.feed(data):
            case Welcome(target, answer, trailing):
                self._agenda.forget(peer.ref)
                peer.state = _State.OPEN
                self._outputs.append(Transmit(peer.ref, answer))
                self._server.handle_input(now, Accepted(peer.ref, target))
                self._drain(now)
                if trailing and peer.ref in self._peers:
                    ON_BYTES[peer.state](self, now, peer, trailing, unix_now)
            case Plain(data):
                self._agenda.forget(peer.ref)
                peer.state = _State.HANDED
                self._to_site(now, Opened(peer.ref))
                self._to_site(now, Received(peer.ref, data, unix_now))
            case Refusal() as refusal:
                self._outputs.append(Transmit(peer.ref, refusal.encode()))
                self._end(peer)
            case None:
                pass
            case _:
                assert_never(said)

    def _on_frames(self, now: float, peer: _Peer, data: bytes, unix_now: float) -> None:
        end = peer.reader.feed(data)
        for kind, heard in groupby(peer.reader.take_heard(), type):
            if peer.ref not in self._peers or peer.state is not _State.OPEN:
                break
            if kind is bytes:
                pongs = b"".join(encode_pong(payload) for payload in heard if isinstance(payload, bytes))
                self._outputs.append(Transmit(peer.ref, pongs))
            else:
                texts = [text for text in heard if isinstance(text, str)]
                self._server.handle_input(now, Received(peer.ref, texts, unix_now))
                self._drain(now)
        if end is None or peer.ref not in self._peers:
            return
        if peer.state is _State.OPEN:
            self._outputs.append(Transmit(peer.ref, encode_close(end.code, end.reason)))
            self._server.handle_input(now, Closed(peer.ref, end.code, end.reason))
        self._end(peer)

    def _on_last_frames(self, now: float, peer: _Peer, data: bytes, unix_now: float) -> None:
        """Wait for the answer to our close frame, deaf to all else."""
        end = peer.reader.feed(data)
        peer.reader.take_heard()
        if end is not None:
            self._end(peer)

    def _on_plain(self, now: float, peer: _Peer, data: bytes, unix_now: float) -> None:
        self._to_site(now, Received(peer.ref, data, unix_now))

    def _tell_of_end(self, now: float, peer: _Peer) -> None:
        if peer.state is _State.OPEN:
            self._server.handle_input(now, Closed(peer.ref))
        elif peer.state is _State.HANDED:
            self._to_site(now, Closed(peer.ref))

    # The site

    def _is_for_site(self, target: str) -> bool:
        return self._site is not None and split_target(target)[0] is not None

    def _to_site(self, now: float, received: Input[bytes]) -> None:
        self._site.handle_input(now, received)  # type: ignore[union-attr]  # without a site nobody is handed to it

    def _drain_site(self, now: float) -> None:
        """Pass on what the site has for its connections, and let the wrapped machine publish what it has to say."""
        if self._site is None:
            return
        while (output := self._site.poll_output()) is not None:
            self._outputs.append(output)
            if not isinstance(output, Transmit):
                # It is here: the site ends a connection once, and is told at once of each that has ended otherwise.
                self._forget(self._peers[output.ref])
        for frame in self._site.take_frames():
            self._server.publish(now, frame)

    # Reactions to the wrapped machine

    def _drain(self, now: float) -> None:
        self._drain_site(now)
        while (output := self._server.poll_output()) is not None:
            peer = self._peers.get(output.ref)
            if peer is not None and peer.state is _State.OPEN:
                self._obey(now, peer, output)
        if self._server.closed:
            for peer in [peer for peer in self._peers.values() if peer.state in UNOPENED]:
                self._cancel(peer)
                self._tell_of_end(now, peer)

    def _obey(self, now: float, peer: _Peer, output: Output[Sequence[str]]) -> None:
        match output:
            case Transmit(ref, texts):
                fragments = self._server.fragments
                data = b"".join(map(encode_fragments, texts)) if fragments else encode_texts(texts)
                self._outputs.append(Transmit(ref, data))
            case Close(_, code) if code in NEVER_SENT:
                self._cancel(peer)
            case Close(ref, code, reason):
                self._outputs.append(Transmit(ref, encode_close(code, reason)))
                peer.state = _State.CLOSING
                self._agenda.start(_Timer.CLOSE, ref, now + self._close_timeout)
            case Cancel():
                self._cancel(peer)
            case Open():
                pass
            case _:
                assert_never(output)

    def _end(self, peer: _Peer) -> None:
        self._outputs.append(Close(peer.ref))
        self._forget(peer)

    def _cancel(self, peer: _Peer) -> None:
        self._outputs.append(Cancel(peer.ref))
        self._forget(peer)

    def _forget(self, peer: _Peer) -> None:
        self._agenda.forget(peer.ref)
        del self._peers[peer.ref]


UNOPENED = (_State.UPGRADING, _State.HANDED)
"""Connections that the wrapped machine does not know, so that it cannot close them."""

ON_BYTES: Mapping[_State, Callable[[ServerFraming[EventT], float, _Peer, bytes, float], None]] = {
    _State.UPGRADING: ServerFraming._on_http,
    _State.HANDED: ServerFraming._on_plain,
    _State.OPEN: ServerFraming._on_frames,
    _State.CLOSING: ServerFraming._on_last_frames,
}
"""Who reads a connection's bytes."""
