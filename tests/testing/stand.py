"""A ``KickServer`` on a virtual clock, for the tests of this folder."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from kick_proto.frames import Frame, encode_subscribe
from kick_proto.machine import Cancel, Close, Output, Received, Transmit
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.personalities import HOSTED, Personality
from kick_proto.testing.server import (
    Accepted,
    KickServer,
)

TARGET = f"/app/{KICK_APP_KEY}?protocol=7&client=js&version=8.4.0&flash=false"
TOPIC = "chatrooms.1.v2"
PING = '{"event":"pusher:ping","data":{}}'
MESSAGE = Frame("App\\Events\\ChatMessageEvent", TOPIC, '{"content":"hi"}')
EPOCH = 1_700_000_000.0


class Half:
    """Chance that always comes out in the middle."""

    def random(self) -> float:
        return 0.5


class Stand:
    """A server, a clock, and all that has come out, by client."""

    def __init__(self, personality: Personality = HOSTED, faults: Faults = NO_FAULTS, **settings: Any) -> None:
        self.now = 100.0
        self.server = KickServer(
            **{"rng": Half(), "unix_epoch": EPOCH, "personality": personality, "faults": faults, **settings}
        )
        self.outputs: list[Output[Sequence[str]]] = []

    def drain(self) -> None:
        while (output := self.server.poll_output()) is not None:
            self.outputs.append(output)

    def accept(self, ref: int = 1, target: str = TARGET) -> None:
        self.server.handle_input(self.now, Accepted(ref, target))
        self.drain()

    def hear(self, *texts: str, ref: int = 1) -> None:
        self.server.handle_input(self.now, Received(ref, list(texts), EPOCH + self.now))
        self.drain()

    def command(self, command: Callable[..., Any], *args: Any) -> Any:
        result = command(self.now, *args)
        self.drain()
        return result

    def advance(self, seconds: float) -> None:
        """Let time pass, stopping at each deadline as a driver does."""
        end = self.now + seconds
        while (at := self.server.poll_timeout()) is not None and at <= end:
            assert at >= self.now
            self.now = at
            self.server.handle_timeout(self.now)
            self.drain()
        self.now = end
        self.server.handle_timeout(self.now)
        self.drain()

    def said(self, ref: int = 1) -> list[str]:
        """Take what was sent to a client: its texts, and its end as ``close CODE REASON`` or ``drop``."""
        mine = [output for output in self.outputs if output.ref == ref]
        self.outputs = [output for output in self.outputs if output.ref != ref]
        words: list[str] = []
        for output in mine:
            match output:
                case Transmit(_, texts):
                    words.extend(texts)
                case Close(_, code, reason):
                    words.append(f"close {code} {reason}".rstrip())
                case Cancel():
                    words.append("drop")
                case _:
                    raise AssertionError(output)
        return words

    def names(self, ref: int = 1) -> list[str]:
        return [json.loads(text)["event"] if text.startswith("{") else text for text in self.said(ref)]


def connected(personality: Personality = HOSTED, faults: Faults = NO_FAULTS, **settings: Any) -> Stand:
    stand = Stand(personality, faults, **settings)
    stand.accept()
    stand.said()
    stand.server.take_events()
    return stand


def subscribed(personality: Personality = HOSTED, faults: Faults = NO_FAULTS, **settings: Any) -> Stand:
    stand = connected(personality, faults, **settings)
    stand.hear(encode_subscribe(TOPIC))
    stand.said()
    stand.server.take_events()
    return stand


class Counter:
    """A source that counts, and remembers when."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def act(self, unix_now: float) -> list[Frame]:
        self.times.append(unix_now)
        return [Frame("E", TOPIC, str(len(self.times))), Frame("E", "elsewhere", "x")]
