"""A driver of your own: the machine, sockets, a clock. This one serves a thread that does nothing else."""

import os
import random
import select
import socket
import ssl
import time
from collections.abc import Iterator

from kick_proto.ids import Channel
from kick_proto.machine import Close, Closed, Failed, Open, Opened, Received, Transmit
from kick_proto.session import Config, Session, SessionEvent
from kick_proto.websocket import Framing


def watch(channel: Channel, config: Config) -> Iterator[SessionEvent]:
    session = Session(config, rng=random.Random())
    machine = Framing(session, entropy=os.urandom)
    session.subscribe(time.monotonic(), channel)
    session.connect(time.monotonic())
    sockets: dict[int, socket.socket] = {}
    while True:
        machine.handle_timeout(time.monotonic())
        while (output := machine.poll_output()) is not None:
            match output:
                case Open(ref, host, port, tls):
                    try:
                        sock = socket.create_connection((host, port), timeout=10)
                        sockets[ref] = (
                            ssl.create_default_context().wrap_socket(sock, server_hostname=host) if tls else sock
                        )
                        machine.handle_input(time.monotonic(), Opened(ref))
                    except OSError as error:
                        machine.handle_input(time.monotonic(), Failed(ref, str(error)))
                case Transmit(ref, data):
                    sockets[ref].sendall(data)
                case Close(ref):
                    sockets.pop(ref).close()
        yield from machine.take_events()
        if machine.closed:
            return
        wait = max(0.0, (machine.poll_timeout() or 0.0) - time.monotonic())
        for ref in [ref for ref in sockets if select.select([sockets[ref]], [], [], wait)[0]]:
            if data := sockets[ref].recv(65536):
                machine.handle_input(time.monotonic(), Received(ref, data, time.time()))
            else:
                sockets.pop(ref).close()
                machine.handle_input(time.monotonic(), Closed(ref))
