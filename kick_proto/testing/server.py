"""The server side of Pusher protocol 7 as a machine over texts: a Kick to develop and test against.

``KickServer`` serves any number of clients. Whoever has their WebSockets tells it of each with ``Accepted`` (here
the driver picks the refs, for the clients come to it) and obeys ``Transmit``, ``Close`` and ``Cancel``. ``Cancel``
means: drop the TCP connection without a close frame. What ``Close`` or ``Cancel`` has named is forgotten at once; a
ref that is not known, or not any more, is dropped in silence, in inputs and in commands.

How it says things is a row of ``personalities``, what goes wrong is a row of switches in ``faults``. It knows
nothing of Kick's events: it publishes the frames that it is given. It holds no secret, so it confirms private and
presence topics like public ones, and it ignores client events.

Source: Spec: Pusher Channels protocol 7; Seen: soketi 1.6.1, Kick's own frames (2023-2025); Reverb from its code.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from math import inf
from typing import TypeAlias, assert_never

import msgspec

from kick_proto.agenda import Agenda
from kick_proto.errors import LocalProtocolError, RemoteProtocolError
from kick_proto.frames import Frame
from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Opened, Output, Received, Rng
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.testing.clients import Client, Clients
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.mischief import Deed, Drop, Hangup, Mischief, Outcry
from kick_proto.testing.personalities import HOSTED, Ending, Personality
from kick_proto.testing.playing import Play, Source
from kick_proto.testing.server_frames import LONGEST_TEXT
from kick_proto.testing.voice import Asked, Voice, parse_asked, parse_topic

__all__ = [
    "LONGEST_KEPT",
    "Accepted",
    "ClientConnected",
    "ClientGone",
    "ClientPinged",
    "ClientSubscribed",
    "ClientUnsubscribed",
    "KickServer",
    "ServerEvent",
    "ServerInput",
    "TextReceived",
]

LONGEST_KEPT = 10_000
"""Characters of a text that ``TextReceived`` keeps."""

MOST_REMEMBERED = 10_000
"""Topics whose last event is kept for ``cache_replay``."""

PATIENCE = 1.5
"""Activity timeouts that a client may be silent for before it is pinged: a client that pings as told never is."""


class Accepted(msgspec.Struct, frozen=True):
    """A client's WebSocket is open; ``target`` is path and query, like ``/app/KEY?protocol=7&client=js``."""

    ref: int
    target: str


class ClientConnected(msgspec.Struct, frozen=True):
    """A client came and was not refused. What became of its handshake is a matter of the faults."""

    ref: int
    socket_id: str


class ClientSubscribed(msgspec.Struct, frozen=True):
    """From now on the client gets the topic's frames."""

    ref: int
    topic: str


class ClientUnsubscribed(msgspec.Struct, frozen=True):
    """The client asked for the topic no more."""

    ref: int
    topic: str


class ClientGone(msgspec.Struct, frozen=True):
    """The client is forgotten; ``code`` is the close code of whoever ended it, 1006 for a dropped connection."""

    ref: int
    code: int


class ClientPinged(msgspec.Struct, frozen=True):
    """The client sent ``pusher:ping``."""

    ref: int


class TextReceived(msgspec.Struct, frozen=True):
    """The client sent what was not understood: its first ``LONGEST_KEPT`` characters."""

    ref: int
    text: str


ServerInput: TypeAlias = Accepted | Input[Sequence[str]]
ServerEvent: TypeAlias = (
    ClientConnected | ClientSubscribed | ClientUnsubscribed | ClientGone | ClientPinged | TextReceived
)


class _Timer(IntEnum):
    HANDSHAKE = 1
    IDLE = 2


class KickServer:
    """The server; see the module's docstring. A text-level ``SocketMachine`` that also takes ``Accepted``.

    ``unix_epoch`` is the wall clock minus the monotonic clock. ``activity_timeout`` is what the handshake tells,
    the personality's own where it is None; a client silent for half as long again is pinged, and after
    ``pong_timeout`` more it is ended with 4201.
    """

    def __init__(
        self,
        *,
        rng: Rng,
        unix_epoch: float,
        key: str = KICK_APP_KEY,
        personality: Personality = HOSTED,
        faults: Faults = NO_FAULTS,
        activity_timeout: float | None = None,
        pong_timeout: float = 30.0,
    ) -> None:
        self._activity_timeout = personality.activity_timeout if activity_timeout is None else activity_timeout
        if not (0 < self._activity_timeout < inf and 0 < pong_timeout < inf):
            raise LocalProtocolError(
                f"timeouts are seconds above 0, not activity_timeout={activity_timeout}, pong_timeout={pong_timeout}"
            )
        self._pong_timeout = pong_timeout
        self._rng = rng
        self._unix_epoch = unix_epoch
        self._key = key
        self._personality = personality
        self._faults = faults
        self._voice = Voice(personality, faults)
        self._closed = False
        self._clients = Clients()
        self._last_events: dict[str, str] = {}
        self._play: Play | None = None
        self._mischief = Mischief(rng)
        self._agenda = Agenda(_Timer)
        self._events: list[ServerEvent] = []

    # The interface of every machine

    def handle_input(self, now: float, received: ServerInput) -> None:
        """Take in what the world did; a server opens nothing, so ``Opened`` and ``Failed`` are strange to it."""
        match received:
            case Accepted(ref, target):
                if not self._closed and self._clients.get(ref) is None:
                    self._on_accepted(now, ref, target)
            case Received(ref, texts):
                self._on_texts(now, ref, texts)
            case Closed(ref, code):
                if client := self._clients.get(ref):
                    self._clients.forget(client)
                    self._on_gone(client, code)
            case Opened() | Failed():
                pass
            case _:
                assert_never(received)
        self._clients.flush()

    def handle_timeout(self, now: float) -> None:
        """Fire every timer that is due at ``now``."""
        if self._play is not None and now >= self._play.next_at:
            for frame in self._play.due(now, self._unix_epoch):
                self._publish(frame)
        # Who goes takes his timers along (``_on_gone``), so whose timer is due is here: anything else is a bug of ours.
        for timer, ref in self._agenda.pop_due(now):
            ON_TIMER[timer](self, now, self._clients[ref])
        for ref, deed in self._mischief.pop_due(now, self._voice):
            if client := self._clients.get(ref):
                self._do(client, deed)
        self._clients.flush()

    def poll_output(self) -> Output[Sequence[str]] | None:
        """Pop the next thing that the driver must do: ``Transmit``, ``Close`` or ``Cancel``, never ``Open``."""
        return self._clients.poll_output()

    def poll_event(self) -> ServerEvent | None:
        """Pop one event."""
        return self._events.pop(0) if self._events else None

    def take_events(self) -> list[ServerEvent]:
        """Pop all events; the list is the caller's."""
        events, self._events = self._events, []
        return events

    def poll_timeout(self) -> float | None:
        """Say when ``handle_timeout`` must be called next (monotonic seconds), or None for never."""
        play_at = None if self._play is None else self._play.next_at
        moments = (play_at, self._agenda.next_at(), self._mischief.next_at())
        return min((at for at in moments if at is not None), default=None)

    @property
    def wants_input(self) -> bool:
        """True: what a server hears leaves no backlog."""
        return True

    @property
    def closed(self) -> bool:
        """True once ``close`` was called: every client has been closed, and no further one is served."""
        return self._closed

    # What can be seen

    @property
    def client_count(self) -> int:
        """How many clients are here."""
        return len(self._clients)

    @property
    def refs(self) -> tuple[int, ...]:
        """The refs of the clients that are here, in the order in which they came."""
        return tuple(client.ref for client in self._clients)

    @property
    def faults(self) -> Faults:
        """The switches as they are set."""
        return self._faults

    @property
    def fragments(self) -> bool:
        """Whether the framing is to send texts as fragments."""
        return self._faults.fragment

    def topics_of(self, ref: int) -> tuple[str, ...]:
        """What a client is subscribed to, in the order of its wishes; nothing for an unknown ref."""
        client = self._clients.get(ref)
        return tuple(client.topics) if client else ()

    # Commands. On a closed server they find nobody and do nothing.

    def publish(self, now: float, frame: Frame) -> int:
        """Send the frame to every subscriber of ``frame.channel``; how many there were.

        Raises:
            LocalProtocolError: the frame's text has a lone surrogate.
        """
        count = self._publish(frame)
        self._clients.flush()
        return count

    def send(self, now: float, ref: int, text: str) -> None:
        """Send a raw text to one client, garbage and lone surrogates included."""
        if client := self._clients.get(ref):
            self._clients.put(client, text)
            self._clients.flush()

    def send_error(self, now: float, ref: int, code: int | None, message: str) -> None:
        """Send a ``pusher:error`` to one client, and change nothing else."""
        self.send(now, ref, self._voice.error(code, message))

    def ping(self, now: float, ref: int) -> None:
        """Send ``pusher:ping`` to one client."""
        self.send(now, ref, self._voice.ping())

    def disconnect(self, now: float, ref: int, code: int, reason: str = "", error_first: bool = False) -> None:
        """Close one client's connection with a close frame, after a ``pusher:error`` where that is asked for.

        Raises:
            LocalProtocolError: ``code`` is none of 1000 to 4999.
        """
        if not 1000 <= code <= 4999:
            raise LocalProtocolError(f"a close code is a number from 1000 to 4999, not {code}")
        if client := self._clients.get(ref):
            self._hang_up(client, code, reason, error_first)

    def drop(self, now: float, ref: int) -> None:
        """Drop one client's TCP connection, without a close frame."""
        if client := self._clients.get(ref):
            self._drop(client)

    def play(self, now: float, traffic: Source, rate: float) -> None:
        """Publish ``traffic.act()`` ``rate`` times a second from now on, in place of what was played before.

        Raises:
            LocalProtocolError: the server is closed, or ``rate`` is not above 0 and at most ``playing.FASTEST``.
        """
        if self._closed:
            raise LocalProtocolError("this server is closed and plays no more: make a new one")
        self._play = Play(traffic, rate, now)

    def stop_playing(self, now: float) -> None:
        """Publish no more by itself; no error where nothing is played."""
        self._play = None

    def set_faults(self, now: float, faults: Faults) -> None:
        """Switch faults on and off for those who are here and those who come; what is past stays as it is."""
        self._faults = faults
        self._voice = Voice(self._personality, faults)
        for client in self._clients:
            self._mischief.arm(now, client.ref, faults)

    def close(self, now: float) -> None:
        """Close all clients with 1001 and serve no more; a second call does nothing."""
        for client in tuple(self._clients):
            self._hang_up(client, 1001, "the server goes away", error_first=False)
        self._play = None
        self._closed = True

    # Coming and going

    def _on_accepted(self, now: float, ref: int, target: str) -> None:
        socket_id = f"{int(self._rng.random() * 1e6) + 1}.{int(self._rng.random() * 1e9) + 1}"
        client = Client(ref, socket_id, now)
        self._clients.add(client)
        refusal = self._voice.refusal_at_door(target, self._key)
        if refusal is not None:
            self._finish(client, *refusal)
            return
        self._events.append(ClientConnected(ref, socket_id))
        self._agenda.start(_Timer.IDLE, ref, now + self._activity_timeout * PATIENCE)
        self._mischief.arm(now, ref, self._faults)
        if self._faults.handshake_delay and not self._faults.withhold_handshake:
            self._agenda.start(_Timer.HANDSHAKE, ref, now + self._faults.handshake_delay)
        elif not self._faults.withhold_handshake:
            self._on_handshake_due(now, client)

    def _finish(self, client: Client, code: int, message: str) -> None:
        """End a connection on the server's own account, in the personality's manner."""
        if self._personality.error_first or self._faults.error_first:
            self._clients.put(client, self._voice.error(code, message))
        if self._personality.ending is Ending.DROP:
            self._clients.end(client, Cancel(client.ref))
        else:
            reason = message if self._personality.reason_in_close else ""
            self._clients.end(client, Close(client.ref, code, reason))
        self._on_gone(client, code)

    def _hang_up(self, client: Client, code: int, reason: str, error_first: bool) -> None:
        """End a connection with a close frame, whatever the personality does."""
        if error_first:
            self._clients.put(client, self._voice.error(code, reason))
        self._clients.end(client, Close(client.ref, code, reason))
        self._on_gone(client, code)

    def _drop(self, client: Client) -> None:
        self._clients.end(client, Cancel(client.ref))
        self._on_gone(client, 1006)

    def _on_gone(self, client: Client, code: int) -> None:
        self._agenda.forget(client.ref)
        self._mischief.forget(client.ref)
        self._events.append(ClientGone(client.ref, code))

    # What clients say

    def _on_texts(self, now: float, ref: int, texts: Sequence[str]) -> None:
        client = self._clients.get(ref)
        if client is None:
            return
        client.heard_at = now
        client.awaits_pong = False
        for text in texts:
            if len(text) > LONGEST_TEXT:
                self._hang_up(client, 1009, f"a text is {LONGEST_TEXT} characters at most", error_first=False)
                return
            try:
                self._on_asked(client, parse_asked(text))
            except RemoteProtocolError:
                self._on_nonsense(client, text)

    def _on_asked(self, client: Client, asked: Asked) -> None:
        """Do as the client asks.

        Raises:
            RemoteProtocolError: there is no sense in it; nothing has changed.
        """
        reaction = ON_EVENT.get(asked.event)
        if reaction is not None:
            reaction(self, client, asked)
        elif not asked.event.startswith("client-"):
            raise RemoteProtocolError("no event that a client may send")

    def _on_nonsense(self, client: Client, text: str) -> None:
        self._events.append(TextReceived(client.ref, text[:LONGEST_KEPT]))
        self._say(client, self._voice.not_understood())

    def _on_ping(self, client: Client, asked: Asked) -> None:
        self._events.append(ClientPinged(client.ref))
        self._say(client, self._voice.pong())

    def _on_pong(self, client: Client, asked: Asked) -> None:
        """Nothing: it was heard, like any other text."""

    def _on_subscribe(self, client: Client, asked: Asked) -> None:
        topic = parse_topic(asked.data)
        objection = self._voice.objection(topic, client.topics)
        if objection is not None:
            self._say(client, objection)
            return
        if topic not in client.topics:
            self._clients.join(client, topic)
            self._events.append(ClientSubscribed(client.ref, topic))
        for text in self._voice.confirmed(topic, self._last_events.get(topic)):
            self._say(client, text)

    def _on_unsubscribe(self, client: Client, asked: Asked) -> None:
        topic = parse_topic(asked.data)
        if topic in client.topics:
            self._clients.leave(client, topic)
            self._events.append(ClientUnsubscribed(client.ref, topic))
        else:
            self._say(client, self._voice.not_subscribed(topic))

    # Reactions to time

    def _on_handshake_due(self, now: float, client: Client) -> None:
        self._clients.put(client, self._voice.handshake(client.socket_id, self._activity_timeout))

    def _on_idle(self, now: float, client: Client) -> None:
        """Look whether the client is alive. Source: Spec: "Ping and pong messages"; Seen: soketi."""
        quiet_until = client.heard_at + self._activity_timeout * PATIENCE
        if now < quiet_until:
            self._agenda.start(_Timer.IDLE, client.ref, quiet_until)
        elif client.awaits_pong and not self._faults.mute:
            self._finish(client, 4201, "Pong reply not received in time")
        else:
            client.awaits_pong = not self._faults.mute
            self._say(client, self._voice.ping())
            self._agenda.start(_Timer.IDLE, client.ref, now + self._pong_timeout)

    def _do(self, client: Client, deed: Deed) -> None:
        match deed:
            case Outcry(text):
                self._say(client, text)
            case Hangup(code):
                error_first = self._personality.error_first or self._faults.error_first
                self._hang_up(client, code, "Please reconnect immediately", error_first)
            case Drop():
                self._drop(client)
            case _:
                assert_never(deed)

    # What is said

    def _publish(self, frame: Frame) -> int:
        subscribers = self._clients.subscribers_of(frame.channel)
        faults = self._faults
        if not subscribers and not faults.cache_replay:
            return 0
        text = self._voice.published(frame)
        if faults.cache_replay:
            self._remember(frame.channel, text)
        count = 0
        for client in subscribers:
            count += 1
            self._say(client, text)
            if faults.duplicate_probability and self._rng.random() < faults.duplicate_probability:
                self._say(client, text)
        return count

    def _remember(self, topic: str, text: str) -> None:
        if topic not in self._last_events and len(self._last_events) >= MOST_REMEMBERED:
            del self._last_events[next(iter(self._last_events))]
        self._last_events[topic] = text

    def _say(self, client: Client, text: str | None) -> None:
        """Send what the server says by itself, if there is anything to say: nothing while it is mute."""
        if text is not None and not self._faults.mute:
            self._clients.put(client, text)


ON_TIMER: Mapping[_Timer, Callable[[KickServer, float, Client], None]] = {
    _Timer.HANDSHAKE: KickServer._on_handshake_due,
    _Timer.IDLE: KickServer._on_idle,
}
"""What each client's timer does."""

ON_EVENT: Mapping[str, Callable[[KickServer, Client, Asked], None]] = {
    "pusher:ping": KickServer._on_ping,
    "pusher:pong": KickServer._on_pong,
    "pusher:subscribe": KickServer._on_subscribe,
    "pusher:unsubscribe": KickServer._on_unsubscribe,
}
"""What clients can ask for. Source: Spec: "Events"."""
