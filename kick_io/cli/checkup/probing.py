"""The probes of ``kick doctor`` on the way to the socket: name, connection, TLS, WebSocket, key; each bounded in time.

The last two are the real machines, so what they accept is what a watch accepts.
"""

import os
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any, NamedTuple

import msgspec

from kick_io.cli.checkup.diagnosis import Check, Finding
from kick_io.sockets.assembly import READ_SIZE, system_trust
from kick_proto.machine import Closed, Open, Opened, Received, Transmit
from kick_proto.provider import Connected, ConnectionEvent, Disconnected, Endpoint
from kick_proto.pusher import App, Connection, State, Timeouts
from kick_proto.websocket import Framing, Limits

__all__ = ["STEP", "endpoint", "endpoints"]

STEP = 5.0
"""Seconds that each step may take."""
NO_CODE = 1006
NOT_SERVED = 4001
"""Source: Spec: Pusher Channels protocol 7, "Error codes"."""

Address = tuple[Any, ...]


def endpoints(app: App) -> Iterator[Finding]:
    """Probe the app's servers in the order of a watch, up to the first that serves the key."""
    for each in app.endpoints:
        found = list(endpoint(app, each))
        yield from found
        if found[-1].word == "served":
            return


def endpoint(app: App, where: Endpoint) -> Iterator[Finding]:
    """Probe one server, up to the first step that fails."""
    addresses = _resolve(where.host, where.port)
    if isinstance(addresses, str):
        yield Finding(Check.DNS, "missing", where.host, addresses)
        return
    yield Finding(Check.DNS, "found", where.host, ", ".join(dict.fromkeys(str(each[4][0]) for each in addresses)))
    subject = f"{where.host}:{where.port}"
    sock = _connect(addresses)
    if isinstance(sock, str):
        yield Finding(Check.TCP, "refused", subject, sock)
        return
    yield Finding(Check.TCP, "open", subject)
    with closing(sock):
        secured = _secure(sock, where)
        if isinstance(secured, str):
            yield Finding(Check.TLS, "untrusted", where.host, secured)
            return
        with closing(secured):
            version = secured.version() if isinstance(secured, ssl.SSLSocket) else None
            yield Finding(Check.TLS, "trusted" if version else "unused", where.host, version or "")
            yield from _speak(secured, app, where)


def _resolve(host: str, port: int) -> list[Address] | str:
    """The addresses, or why there are none; asked on a thread, since a look-up cannot be given up otherwise."""
    answers: queue.SimpleQueue[list[Address] | str] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            answers.put(_said(error))

    threading.Thread(target=ask, name="kick dns", daemon=True).start()
    try:
        return answers.get(timeout=STEP)
    except queue.Empty:
        return f"no answer within {STEP:g} s"


def _connect(addresses: list[Address]) -> socket.socket | str:
    """A connection to the first address that gives one, or what the last one said."""
    reason, ends_at = "", time.monotonic() + STEP
    for family, kind, protocol, _, address in addresses:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.1, ends_at - time.monotonic()))
            sock.connect(address)
        except OSError as error:
            sock.close()
            reason = _said(error)
        else:
            return sock
    return reason


def _secure(sock: socket.socket, where: Endpoint) -> socket.socket | str:
    if not where.tls:
        return sock
    sock.settimeout(STEP)
    try:
        return system_trust().wrap_socket(sock, server_hostname=where.host)
    except (OSError, ValueError) as error:
        return _said(error)


class _End(NamedTuple):
    """How far the protocol got, and how it said so."""

    upgraded: bool
    event: Connected | Disconnected


def _speak(sock: socket.socket, app: App, where: Endpoint) -> Iterator[Finding]:
    subject = f"{where.host}:{where.port}"
    upgraded, event = _handshake(sock, app, where)
    if not upgraded and isinstance(event, Disconnected):
        yield Finding(Check.WEBSOCKET, "refused", subject, event.reason)
        return
    yield Finding(Check.WEBSOCKET, "open", subject)
    match event:
        case Connected():
            yield Finding(Check.KEY, "served", subject, app.name)
        case Disconnected(code=code, reason=reason):
            told = f"{reason} ({code})" if reason else f"it closed with {code}"
            yield Finding(Check.KEY, "unknown" if code == NOT_SERVED else "silent", subject, told)


def _handshake(sock: socket.socket, app: App, where: Endpoint) -> _End:
    """Run the machines until they know; their own timers see to it that they do."""
    impatient = msgspec.structs.replace(app, timeouts=Timeouts(open=STEP, handshake=STEP, close=1.0))
    connection = impatient.connection(1, where)
    machine: Framing[ConnectionEvent] = Framing(connection, entropy=os.urandom, limits=Limits(handshake=STEP))
    connection.connect(time.monotonic())
    upgraded = False
    while True:
        machine.handle_timeout(time.monotonic())
        _obey(machine, sock)
        upgraded = upgraded or connection.state in (State.HANDSHAKING, State.CONNECTED)
        for event in machine.take_events():
            if isinstance(event, Connected | Disconnected):
                _leave(machine, connection, sock)
                return _End(upgraded or _was_told(event), event)
        _hear(machine, sock)


def _was_told(event: Connected | Disconnected) -> bool:
    """Whether it came over a WebSocket, which was opened and closed within one read then."""
    return isinstance(event, Connected) or event.code != NO_CODE


def _obey(machine: Framing[ConnectionEvent], sock: socket.socket) -> None:
    while (output := machine.poll_output()) is not None:
        match output:
            case Open(ref=ref):
                machine.handle_input(time.monotonic(), Opened(ref))
            case Transmit(data=data):
                with suppress(OSError):
                    sock.sendall(data)
            case _:
                """Whoever has opened the socket closes it."""


def _hear(machine: Framing[ConnectionEvent], sock: socket.socket) -> None:
    at = machine.poll_timeout()
    sock.settimeout(STEP if at is None else max(0.001, at - time.monotonic()))
    try:
        data = sock.recv(READ_SIZE)
    except TimeoutError:
        return
    except OSError as error:
        machine.handle_input(time.monotonic(), Closed(1, 1006, _said(error)))
        return
    machine.handle_input(time.monotonic(), Received(1, data, time.time()) if data else Closed(1))


def _leave(machine: Framing[ConnectionEvent], connection: Connection, sock: socket.socket) -> None:
    """Say goodbye, and do not wait for the answer."""
    now = time.monotonic()
    connection.close(now)
    machine.handle_timeout(now)
    _obey(machine, sock)


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
