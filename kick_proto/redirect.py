"""The end of a login in a browser: a server on this machine that waits for one redirect, as a machine over bytes.

The driver listens on the loopback addresses, tells of each TCP connection with ``Opened`` and a ref of its choice, and
obeys ``Transmit``, ``Close`` (send what waits, then end the connection) and ``Cancel`` (end it at once). ``Arrived``
brings the query of the redirect, once. The browser is kept waiting until ``finish`` says how the login went.

Nothing else is served, and nobody else: a page on the web that lets the browser call this server is told apart by the
``Host`` that it came with (its name was made to lead here) and by what the browser says of the request (no navigation
of a person). The query is not judged here, whoever holds the ``state`` does that. What is sent never raises.

Source: Spec: RFC 8252 section 7.3 and 8.3; RFC 9110; Fetch Metadata Request Headers (W3C).
"""

import html
import re
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum
from typing import TypeAlias, assert_never
from urllib.parse import parse_qsl, urlsplit

import h11
import msgspec

from kick_proto.agenda import Agenda
from kick_proto.errors import LocalProtocolError
from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Opened, Output, Received, Transmit
from kick_proto.timers import Timers

__all__ = [
    "ARMED",
    "LOOPBACK_HOSTS",
    "TRANSITIONS",
    "Arrived",
    "Limits",
    "Listener",
    "RedirectEvent",
    "Signal",
    "State",
    "Target",
    "TimedOut",
    "Timer",
    "is_answer",
    "parse_target",
]

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
"""Hosts of a redirect URI that lead to this machine."""

LONGEST_SENTENCE = 1_000
"""Characters of a sentence that are shown."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What is waited for, in seconds, and what a peer may make us hold.

    ``login`` is the time for the whole login, ``page`` the time from the redirect to ``finish``, ``request`` the time
    that a connection has for its request. ``header`` is bytes, ``connections`` how many there may be at a time.
    """

    login: float = 600.0
    page: float = 90.0
    request: float = 10.0
    header: int = 16 << 10
    connections: int = 16

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not getattr(self, name) > 0:
                raise ValueError(f"the {name} limit must be above 0, not {getattr(self, name)}")


class Target(msgspec.Struct, frozen=True):
    """Where a redirect is expected: port and path; the host is one of ``LOOPBACK_HOSTS``."""

    host: str
    port: int
    path: str


def parse_target(redirect_uri: str) -> Target:
    """Read a redirect URI.

    Raises:
        LocalProtocolError: a server on this machine cannot be at its end.
    """
    try:
        parts = urlsplit(redirect_uri)
        host, port = parts.hostname, 80 if parts.port is None else parts.port
    except ValueError as error:
        raise LocalProtocolError(f"the redirect URI is no URL: {error}") from None
    if host not in LOOPBACK_HOSTS:
        raise LocalProtocolError(
            f"the redirect URI leads to {host}, not to this machine ({', '.join(LOOPBACK_HOSTS)}): "
            "log in with --paste, and paste the address that the browser ends up at"
        )
    if parts.scheme != "http":
        raise LocalProtocolError(
            f"the redirect URI begins with {parts.scheme}://, and only http:// can be answered on this machine: "
            "register one with http://, or log in with --paste"
        )
    if parts.username is not None or parts.fragment or parts.query or port == 0 or not _PATH.fullmatch(parts.path):
        raise LocalProtocolError("the redirect URI must be http://, a host, a port and a path, and nothing else")
    return Target(host, port, parts.path or "/")


_PATH = re.compile(r"(/[!-~]*)?")


def is_answer(query: str) -> bool:
    """Whether a query is what a login ends with: a ``code``, or an ``error``. Source: Spec: RFC 6749 section 4.1.2."""
    try:
        return any(name in ("code", "error") for name, _ in parse_qsl(query, max_num_fields=100))
    except ValueError:
        return False


# Events


class Arrived(msgspec.Struct, frozen=True, tag=True):
    """The redirect came; ``query`` is the query of its URL, as it was sent. Call ``finish`` when it has been read."""

    query: str

    def __repr__(self) -> str:
        return f"Arrived({len(self.query)} characters)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """The same for rich, which would print the code otherwise."""
        return [("length", len(self.query))]


class TimedOut(msgspec.Struct, frozen=True, tag=True):
    """Nobody came; the machine is closed. ``after`` is in seconds."""

    after: float


RedirectEvent: TypeAlias = Arrived | TimedOut


# Tables


class State(Enum):
    """Where a listener stands."""

    IDLE = "idle"
    WAITING = "waiting"
    ANSWERING = "answering"
    CLOSED = "closed"


class Signal(Enum):
    """What moves it on."""

    LISTEN = "listen"
    ARRIVED = "arrived"
    FINISH = "finish"
    EXPIRED = "expired"
    CLOSE = "close"


class Timer(IntEnum):
    """What it waits for: the login, the page that ends it, the request of each connection."""

    LOGIN = 1
    PAGE = 2
    REQUEST = 3


TRANSITIONS: Mapping[tuple[State, Signal], State] = {
    (State.IDLE, Signal.LISTEN): State.WAITING,
    (State.IDLE, Signal.CLOSE): State.CLOSED,
    (State.WAITING, Signal.ARRIVED): State.ANSWERING,
    (State.WAITING, Signal.EXPIRED): State.CLOSED,
    (State.WAITING, Signal.CLOSE): State.CLOSED,
    (State.ANSWERING, Signal.FINISH): State.CLOSED,
    (State.ANSWERING, Signal.EXPIRED): State.CLOSED,
    (State.ANSWERING, Signal.CLOSE): State.CLOSED,
    (State.CLOSED, Signal.FINISH): State.CLOSED,
    (State.CLOSED, Signal.CLOSE): State.CLOSED,
}

COMMANDS = (Signal.LISTEN, Signal.FINISH, Signal.CLOSE)

ARMED: Mapping[State, frozenset[Timer]] = {
    State.IDLE: frozenset(),
    State.WAITING: frozenset({Timer.LOGIN, Timer.REQUEST}),
    State.ANSWERING: frozenset({Timer.PAGE, Timer.REQUEST}),
    State.CLOSED: frozenset(),
}


# Answers

PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>{sentence}</p></body>
</html>
"""
"""Every page: no script, no style, nothing from elsewhere."""

HEADERS = (
    "Content-Type: text/html; charset=utf-8\r\n"
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Connection: close\r\n"
)


class Answer(msgspec.Struct, frozen=True):
    """One page: status line, title, a sentence of plain text, extra headers."""

    status: str
    title: str
    sentence: str
    headers: str = ""

    def encode(self, method: bytes) -> bytes:
        """The whole HTTP answer to a request with that method."""
        sentence = html.escape(self.sentence[:LONGEST_SENTENCE])
        page = PAGE.format(title=self.title, sentence=sentence).encode("utf-8", "replace")
        head = f"HTTP/1.1 {self.status}\r\n{self.headers}{HEADERS}Content-Length: {len(page)}\r\n\r\n".encode()
        return head if method == b"HEAD" else head + page


LOGGED_IN = Answer("200 OK", "Logged in", "")
NOT_LOGGED_IN = Answer("400 Bad Request", "Not logged in", "")
NEVER_TOLD = Answer("504 Gateway Timeout", "Login", "Go back to the application to see whether the login worked.")
NO_HTTP = Answer("400 Bad Request", "Bad request", "This is no HTTP request.")
WRONG_HOST = Answer("400 Bad Request", "Bad request", "This server answers to localhost only.")
NO_ANSWER = Answer("400 Bad Request", "Bad request", "This is not the end of a login: it has neither code nor error.")
TOO_LARGE = Answer("431 Request Header Fields Too Large", "Bad request", "The request is too large.")
NO_NAVIGATION = Answer("403 Forbidden", "Forbidden", "Only a browser's window may come here, not a page inside of it.")
NO_PAGE = Answer("404 Not Found", "Not found", "There is nothing here.")
NO_GET = Answer("405 Method Not Allowed", "Not allowed", "This page can only be asked for with GET.", "Allow: GET\r\n")
TAKEN = Answer("409 Conflict", "Login", "This login has been answered already.")


class _Peer:
    """One TCP connection, until it is told to end."""

    __slots__ = ("fed", "http", "ref")

    def __init__(self, ref: int, limits: Limits) -> None:
        self.ref = ref
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.header)
        self.fed = 0


class Listener:
    """Waits for the redirect to ``target``; see the module's docstring. ``SocketMachine[RedirectEvent, bytes]``."""

    def __init__(self, target: Target, limits: Limits | None = None) -> None:
        self._target = target
        self._limits = limits if limits is not None else Limits()
        names = [f"[{host}]" if ":" in host else host for host in LOOPBACK_HOSTS]
        self._hosts = {f"{name}:{target.port}" for name in names} | {name for name in names if target.port == 80}
        self._state = State.IDLE
        self._timers: Timers[Timer] = Timers()
        self._requests = Agenda(Timer)
        self._peers: dict[int, _Peer] = {}
        self._asker: int | None = None
        self._outputs: deque[Output[bytes]] = deque()
        self._events: list[RedirectEvent] = []

    # The interface of every machine

    def handle_input(self, now: float, received: Input[bytes]) -> None:
        """Take in what happened to a TCP connection."""
        match received:
            case Opened(ref):
                self._on_opened(now, ref)
            case Received(ref, data):
                if data and ref != self._asker and (peer := self._peers.get(ref)):
                    self._on_bytes(now, peer, data)
            case Closed(ref):
                self._forget(ref)
            case Failed():
                pass
            case _:
                assert_never(received)

    def handle_timeout(self, now: float) -> None:
        """Fire every timer that is due at ``now``."""
        for timer in self._timers.pop_due(now):
            ON_TIMER[timer](self)
        for _, ref in self._requests.pop_due(now):
            self._cancel(ref)

    def poll_output(self) -> Output[bytes] | None:
        """Pop the next thing that the driver must do: ``Transmit``, ``Close`` or ``Cancel``, never ``Open``."""
        return self._outputs.popleft() if self._outputs else None

    def poll_event(self) -> RedirectEvent | None:
        """Pop one event."""
        return self._events.pop(0) if self._events else None

    def take_events(self) -> list[RedirectEvent]:
        """Pop all events; the list is the caller's."""
        events, self._events = self._events, []
        return events

    def poll_timeout(self) -> float | None:
        """Say when ``handle_timeout`` must be called next (monotonic seconds), or None for never."""
        moments = (self._timers.next_at(), self._requests.next_at())
        return min((at for at in moments if at is not None), default=None)

    @property
    def wants_input(self) -> bool:
        """True: what is heard leaves no backlog."""
        return True

    @property
    def closed(self) -> bool:
        """True when the login is over, one way or the other."""
        return self._state is State.CLOSED

    # What can be seen

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._state

    @property
    def timers(self) -> frozenset[Timer]:
        """The timers that run."""
        requests = frozenset() if self._requests.next_at() is None else frozenset({Timer.REQUEST})
        return self._timers.running() | requests

    # Commands

    def listen(self, now: float) -> None:
        """Begin to wait; who has connected before this is not served.

        Raises:
            LocalProtocolError: it has waited already.
        """
        self._step(Signal.LISTEN)
        self._timers.start(Timer.LOGIN, now + self._limits.login)

    def finish(self, now: float, sentence: str, *, ok: bool) -> None:
        """Show the browser how the login went, as plain text, and end; nothing where nobody waits for it any more.

        Raises:
            LocalProtocolError: the redirect has not arrived.
        """
        was = self._state
        self._step(Signal.FINISH)
        if was is State.ANSWERING:
            self._end_with(msgspec.structs.replace(LOGGED_IN if ok else NOT_LOGGED_IN, sentence=sentence))

    def close(self, now: float) -> None:
        """End at once, whoever waits."""
        self._step(Signal.CLOSE)
        self._end_with(None)

    # Reactions

    def _on_opened(self, now: float, ref: int) -> None:
        if ref in self._peers or self._state not in (State.WAITING, State.ANSWERING):
            return
        if len(self._peers) >= self._limits.connections:
            # The oldest one: browsers open connections for later, and who floods us shall not keep the login out.
            self._cancel(next((each for each in self._peers if each != self._asker), ref))
            if len(self._peers) >= self._limits.connections:
                return
        self._peers[ref] = _Peer(ref, self._limits)
        self._requests.start(Timer.REQUEST, ref, now + self._limits.request)

    def _on_bytes(self, now: float, peer: _Peer, data: bytes) -> None:
        peer.fed += len(data)
        # h11 looks at its limit only while something is incomplete; this one holds however the bytes come.
        if peer.fed > self._limits.header:
            self._answer(peer.ref, TOO_LARGE)
            return
        try:
            peer.http.receive_data(data)
            event = peer.http.next_event()
        except h11.RemoteProtocolError:
            self._answer(peer.ref, NO_HTTP)
            return
        if isinstance(event, h11.Request):
            self._on_request(now, peer.ref, event)

    def _on_request(self, now: float, ref: int, request: h11.Request) -> None:
        # h11 lets no request through whose target is not ASCII.
        path, _, query = request.target.decode().partition("?")
        if refusal := self._refusal(request, path, query):
            self._answer(ref, refusal, request.method)
        elif self._state is State.ANSWERING:
            self._answer(ref, TAKEN)
        else:
            self._step(Signal.ARRIVED)
            self._asker = ref
            self._requests.forget(ref)
            self._timers.start(Timer.PAGE, now + self._limits.page)
            self._events.append(Arrived(query))

    def _refusal(self, request: h11.Request, path: str, query: str) -> Answer | None:
        headers = {name: value.decode("latin-1") for name, value in request.headers}
        if headers.get(b"host", "").lower() not in self._hosts:
            return WRONG_HOST
        if path != self._target.path:
            return NO_PAGE
        if request.method != b"GET":
            return NO_GET
        # Absent where the browser is old. Source: Spec: Fetch Metadata Request Headers, sections 2.1 and 2.2.
        if headers.get(b"sec-fetch-mode", "navigate") != "navigate":
            return NO_NAVIGATION
        if headers.get(b"sec-fetch-dest", "document") != "document":
            return NO_NAVIGATION
        return None if is_answer(query) else NO_ANSWER

    def _on_login_timeout(self) -> None:
        self._step(Signal.EXPIRED)
        self._events.append(TimedOut(self._limits.login))
        self._end_with(None)

    def _on_page_timeout(self) -> None:
        self._step(Signal.EXPIRED)
        self._end_with(NEVER_TOLD)

    # Ends

    def _step(self, signal: Signal) -> None:
        to = TRANSITIONS.get((self._state, signal))
        if to is None:
            possible = ", ".join(each.value for state, each in TRANSITIONS if state is self._state and each in COMMANDS)
            raise LocalProtocolError(f"{signal.value} is not possible while {self._state.value}; possible: {possible}")
        self._state = to
        self._timers.keep_only(ARMED[to])

    def _end_with(self, answer: Answer | None) -> None:
        if self._asker is not None and answer is not None:
            self._answer(self._asker, answer)
        for ref in list(self._peers):
            self._cancel(ref)

    def _answer(self, ref: int, answer: Answer, method: bytes = b"GET") -> None:
        self._outputs.append(Transmit(ref, answer.encode(method)))
        self._outputs.append(Close(ref))
        self._forget(ref)

    def _cancel(self, ref: int) -> None:
        self._outputs.append(Cancel(ref))
        self._forget(ref)

    def _forget(self, ref: int) -> None:
        self._peers.pop(ref, None)
        self._requests.forget(ref)
        if ref == self._asker:
            self._asker = None


ON_TIMER: Mapping[Timer, Callable[[Listener], None]] = {
    Timer.LOGIN: Listener._on_login_timeout,
    Timer.PAGE: Listener._on_page_timeout,
}
"""What the machine's own timers do; those of requests end their connections."""
