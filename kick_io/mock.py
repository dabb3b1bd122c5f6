"""The mock Kick on a real socket: what ``kick_proto.testing`` decides, on a port of this machine.

    with MockKick(personality="soketi", faults=CHAOS) as mock:
        mock.play(traffic, rate=500)
        ...  # connect to mock.url, call mock.sites.api

The HTTP side is on the same port: the official API, the site's own, and the OAuth server, each below a path of its own,
with an application that is registered and accounts that are made up. What is posted there is seen on the socket.

It runs in a thread of its own, so tests and demonstrations of every driver can use it, whether they block or not.
Only this machine can reach it: it listens on 127.0.0.1, or on ::1 where that is asked for.
"""

import asyncio
import errno
import random
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from kick_io.sockets.listener import Listener
from kick_proto.endpoints.call import Host, Sites
from kick_proto.errors import LocalProtocolError, TransportError
from kick_proto.frames import Frame
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.personalities import PERSONALITIES, Personality
from kick_proto.testing.playing import Source
from kick_proto.testing.server import KickServer, ServerEvent
from kick_proto.testing.site.accounts import CAST, Account
from kick_proto.testing.site.answering import Exchange, KickSite
from kick_proto.testing.site.apps import APP, RegisteredApp
from kick_proto.testing.site.exchange import sites_at
from kick_proto.testing.site.ledger import Lifetimes

__all__ = ["HOSTS", "MOST_EVENTS", "MockKick"]

HOSTS = ("127.0.0.1", "::1")
"""Where it may listen."""

MOST_EVENTS = 10_000
"""Events that are kept for ``wait_for``; older ones are forgotten."""

CALL_TIMEOUT = 30.0
"""Seconds for a command to be carried out: far more than any takes, so that nothing waits for ever."""

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
TargetT = TypeVar("TargetT")
EventT = TypeVar("EventT")


class MockKick:
    """A Kick to connect to, as a context manager; inside ``with`` its methods may be called from any thread.

    ``port`` 0 takes a free one. ``personality`` is a row of ``personalities`` or its name, ``seed`` makes what is
    chance repeatable (None: every run is another), ``ssl_context`` makes it a ``wss`` and ``https`` server.
    ``accounts`` are the people of the HTTP side, the first of whom is logged in; ``app`` is what is registered there.

    Raises:
        LocalProtocolError: ``host`` is none of ``HOSTS``, ``port`` no port's number, or there is no such personality.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        personality: str | Personality = "hosted",
        faults: Faults = NO_FAULTS,
        seed: int | None = 7,
        activity_timeout: float | None = None,
        pong_timeout: float = 30.0,
        key: str = KICK_APP_KEY,
        ssl_context: ssl.SSLContext | None = None,
        accounts: Iterable[Account] = CAST,
        app: RegisteredApp = APP,
        lifetimes: Lifetimes | None = None,
    ) -> None:
        if host not in HOSTS:
            raise LocalProtocolError(f"the mock listens on {' or '.join(HOSTS)} only, not on {host!r}")
        if not 0 <= port <= 65535:
            raise LocalProtocolError(f"a port is a number from 0 to 65535, not {port}")
        self._address = (host, port)
        self._ssl_context = ssl_context
        self._server = KickServer(
            rng=random.Random(seed),
            unix_epoch=time.time() - time.monotonic(),
            key=key,
            personality=_personality(personality),
            faults=faults,
            activity_timeout=activity_timeout,
            pong_timeout=pong_timeout,
        )
        self._app = app
        self._site = KickSite(rng=random.Random(seed), accounts=accounts, apps=(app,), lifetimes=lifetimes)
        self._news = threading.Condition()
        self._events: deque[ServerEvent] = deque(maxlen=MOST_EVENTS)
        self._listener = Listener(self._server, self._site, self._keep)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Listen.

        Raises:
            TransportError: the port cannot be had; the message says why.
            LocalProtocolError: this mock has been used before.
        """
        if self._thread is not None:
            raise LocalProtocolError("a mock can be entered once: make a new one, on the same port if you like")
        listening: Future[tuple[str, int]] = Future()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="mock-kick")
        self._thread.start()
        try:
            self._address = listening.result()
        except OSError as error:
            self._thread.join()
            raise TransportError(_sentence(error, *self._address)) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close all clients with 1001, and free the port.

        Raises:
            Exception: what went wrong inside while it ran (a ``Source`` that raised, for one), if nothing else did.
        """
        if self._thread is not None:
            self._listener.stop()
            self._thread.join()
        if error is None and self._listener.failure is not None:
            raise self._listener.failure

    @property
    def host(self) -> str:
        """The address that it listens on."""
        return self._address[0]

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._address[1]

    @property
    def url(self) -> str:
        """Scheme, host and port, without a path: ``ws://127.0.0.1:PORT``."""
        return self._url("ws")

    @property
    def http_url(self) -> str:
        """The same for HTTP: ``http://127.0.0.1:PORT``; ``sites`` has what stands below it."""
        return self._url("http")

    @property
    def sites(self) -> Sites:
        """Where the four hosts are."""
        return sites_at(self.http_url)

    @property
    def app(self) -> RegisteredApp:
        """The application that is registered: its id, its secret, its redirect URIs."""
        return self._app

    @property
    def client_count(self) -> int:
        """How many clients are here now."""
        return self._server.client_count

    @property
    def events(self) -> tuple[ServerEvent, ...]:
        """What has happened and was not taken by ``wait_for``, oldest first, at most ``MOST_EVENTS``."""
        with self._news:
            return tuple(self._events)

    def call(
        self, command: Callable[Concatenate[KickServer, float, P], ResultT], *args: P.args, **kwargs: P.kwargs
    ) -> ResultT:
        """Give the server a command: ``mock.call(KickServer.ping, ref)``; its result is this one's.

        Raises:
            LocalProtocolError: the mock does not run, or the command is not possible.
        """
        return self._carry_out(self._server, command, *args, **kwargs)

    def site(
        self, command: Callable[Concatenate[KickSite, float, P], ResultT], *args: P.args, **kwargs: P.kwargs
    ) -> ResultT:
        """Give the HTTP side a command: ``mock.site(KickSite.expire_tokens)``; its result is this one's.

        Raises:
            LocalProtocolError: the mock does not run, or the command is not possible.
        """
        return self._carry_out(self._site, command, *args, **kwargs)

    def requests(self, host: Host | None = None) -> tuple[Exchange, ...]:
        """What was asked over HTTP so far, oldest first: everywhere, or of one host."""
        return self.site(lambda site, now: site.requests(host))

    def _carry_out(
        self,
        target: TargetT,
        command: Callable[Concatenate[TargetT, float, P], ResultT],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> ResultT:
        if self._thread is None or not self._thread.is_alive():
            raise LocalProtocolError("the mock does not run: use it inside of 'with'")
        done: Future[ResultT] = Future()

        def carry_out() -> None:
            try:
                result = command(target, self._listener.now(), *args, **kwargs)
                self._listener.tick()
            except Exception as error:
                done.set_exception(error)
            else:
                done.set_result(result)

        self._listener.loop.call_soon_threadsafe(carry_out)
        return done.result(CALL_TIMEOUT)

    def publish(self, frame: Frame) -> int:
        """Send the frame to every subscriber of its topic; how many there were."""
        return self.call(KickServer.publish, frame)

    def play(self, traffic: Source, rate: float) -> None:
        """Publish ``traffic.act()`` ``rate`` times a second from now on."""
        self.call(KickServer.play, traffic, rate)

    def stop_playing(self) -> None:
        """Publish no more by itself."""
        self.call(KickServer.stop_playing)

    def set_faults(self, faults: Faults) -> None:
        """Switch faults on and off."""
        self.call(KickServer.set_faults, faults)

    def wait_for(
        self, event_type: type[EventT], predicate: Callable[[EventT], bool] | None = None, timeout: float = 10.0
    ) -> EventT:
        """Take the oldest event of that type for which ``predicate`` holds; wait until there is one.

        The event is gone then, so a second call waits for a second event; the others stay.

        Raises:
            TimeoutError: there was none for ``timeout`` seconds; the message says what there was instead.
        """
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                for event in self._events:
                    if isinstance(event, event_type) and (predicate is None or predicate(event)):
                        self._events.remove(event)
                        return event
                if not self._news.wait(deadline - time.monotonic()):
                    seen = ", ".join(map(repr, list(self._events)[-5:])) or "nothing"
                    raise TimeoutError(f"no {event_type.__name__} in {timeout:g} s; lately there was {seen}")

    def _url(self, scheme: str) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}{'s' if self._ssl_context else ''}://{host}:{self.port}"

    def _keep(self, events: list[ServerEvent]) -> None:
        with self._news:
            self._events.extend(events)
            self._news.notify_all()

    def _run(self, listening: "Future[tuple[str, int]]") -> None:
        asyncio.run(self._listener.run(self._address, self._ssl_context, listening))


def _personality(wanted: str | Personality) -> Personality:
    if isinstance(wanted, Personality):
        return wanted
    if wanted not in PERSONALITIES:
        raise LocalProtocolError(f"there is no personality {wanted!r}; there are {', '.join(PERSONALITIES)}")
    return PERSONALITIES[wanted]


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program; pick another, or 0 for any that is free"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} needs more rights; pick one above 1023, or 0 for any that is free"
    return f"cannot listen on {host} port {port}: {error}"
