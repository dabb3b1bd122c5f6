"""What must hold in every world, and how it is told that it did not; ``docs/laws.md`` is the same list for people."""

from collections.abc import Mapping
from enum import IntEnum

from kick_proto.pusher import App
from kick_proto.session import Config
from kick_proto.websocket import Limits

__all__ = ["SENTENCES", "Law", "Violation", "liveness_bound"]


class Law(IntEnum):
    """The laws that a simulation checks, by their numbers in ``docs/laws.md``."""

    TOTAL = 1
    SPLIT_INVARIANT = 2
    DETERMINISTIC = 3
    INTERFACE = 4
    BOUNDED = 5
    LIVENESS = 6
    ON_TIME = 7
    BUCKET = 8
    PONGS = 9
    SUBSCRIPTIONS = 10
    SILENCE = 11
    STALE = 12
    COUNTERS = 13
    COPY = 14
    REDIAL = 15
    EVENTS = 16
    PACE = 17
    PAUSES = 18
    TRIES = 19
    ANSWERS = 20
    LOGIN = 21
    SECRETS = 22
    RECOVERY = 23


SENTENCES: Mapping[Law, str] = {
    Law.TOTAL: "Whatever a peer sends, and whenever: only a command raises, and only `LocalProtocolError`.",
    Law.SPLIT_INVARIANT: "How the same data is cut into reads makes no difference.",
    Law.DETERMINISTIC: "The same inputs and the same chance make the same transcript, byte for byte.",
    Law.INTERFACE: "Every machine keeps the contract of `kick_proto.machine`.",
    Law.BOUNDED: "Nothing that a peer sends, and no slow reader, makes a machine grow without a limit.",
    Law.LIVENESS: "Without faults, every session is up within a stated bound, with all that is wanted confirmed.",
    Law.ON_TIME: "Pings, reconnects and every other end of patience come neither early nor late.",
    Law.BUCKET: "Over any window of T seconds, at most burst + rate x T subscribes and unsubscribes are sent.",
    Law.PONGS: "A ping is answered in the same step, whatever waits to be sent.",
    Law.SUBSCRIPTIONS: "No subscribe before the handshake, none twice on a socket, none lost over reconnects.",
    Law.SILENCE: "Nothing is sent after a close began, and nothing comes out of what is closed.",
    Law.STALE: "What a socket of the past says changes nothing.",
    Law.COUNTERS: "Counters never fall, and frames == events + unknown + undecodable + dropped.",
    Law.COPY: "A deep copy goes on alike.",
    Law.REDIAL: "After each end comes what its code asks for: that cluster, that wait, or no attempt more.",
    Law.EVENTS: "Each fact is told once and in order: none lost, none repeated, none of what is wanted no more.",
    Law.PACE: "Over any window of T seconds, at most burst + rate x T requests leave for a host.",
    Law.PAUSES: "After a 429 its host is left alone: for as long as it says, or for a pause that doubles.",
    Law.TRIES: "A call is tried no more often than allowed, and twice only where that does no harm.",
    Law.ANSWERS: "Each call is answered once, with what came of it, and costs no request more.",
    Law.LOGIN: "Never two renewals at once, none with a refresh token of the past, no token before it is stored.",
    Law.SECRETS: "No token, code, verifier or client secret is in what a machine shows, tells or raises.",
    Law.RECOVERY: "Without faults, every call is answered within a stated bound, and every account can call.",
}
"""Each law in a sentence."""


class Violation(Exception):  # noqa: N818 - it is no error of the program that raises it
    """A law was broken. ``str`` says which and how."""

    def __init__(self, law: Law, sentence: str) -> None:
        super().__init__(f"law {law.value} ({law.name.lower()}): {sentence}")
        self.law = law


def liveness_bound(config: Config, app: App, latency: float, topic_count: int) -> float:
    """Seconds within which a session is up and has all confirmed, once nothing goes wrong any more.

    At worst it sits on a dead connection, finds that out, fails three times for reasons of before (an attempt under
    way, a cluster that the app has left, a walk that began in the middle), pauses after each, and then walks through
    all candidates. ``latency`` is the longest way of a message, seconds.
    """
    timeouts = app.timeouts
    noticed = max(timeouts.activity + timeouts.pong, timeouts.confirm) + timeouts.close
    attempt = timeouts.open + timeouts.handshake + Limits().close
    pause = max(config.backoff.cap, 1.0)
    walk = 6 * latency * len(app.endpoints)
    said = topic_count / config.send_rate
    return noticed + 3 * (attempt + pause + walk) + said + timeouts.confirm
