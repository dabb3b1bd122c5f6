"""What each level of this library adds to an event: the same bytes through more and more of it, in this process.

The first row is the limit's own work without its socket. Each of the others is the CPU that one level adds to those
above it; the rows alternate, so that a busy machine bears upon all alike.
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median

import msgspec

from kick_proto import frames, rfc6455
from kick_proto.decoders import Decoders
from kick_proto.drift import Drift
from kick_proto.frames import Frame
from kick_proto.machine import Open, Opened, Received, SocketMachine
from kick_proto.merge import Merge
from kick_proto.session import Config, Session, SessionEvent
from tests.bench.order import CHANNELS
from tests.bench.pinning import pin
from tests.bench.replay import record
from tests.bench.typed import by_msgspec, payload_of

__all__ = ["Level", "measure_levels"]

READ_SIZE = 128 * 1024
ESTABLISHED = frames.encode_frame(Frame("pusher:connection_established", "", '{"socket_id":"1.1"}'))
UNIX_NOON = 1_777_896_000.0


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds of CPU for each event that the level adds, and how often the limit's whole work."""

    name: str
    microseconds: float
    ratio: float


def measure_levels(*, events: int, rounds: int) -> list[Level]:
    """Send so many events through all levels, so many times."""
    pin(1)
    data = b"".join(record("plain", "pusher", events).entries)
    reads = [data[start : start + READ_SIZE] for start in range(0, len(data), READ_SIZE)]
    spent: dict[str, list[float]] = {name: [] for name in WORK}
    for _ in range(rounds):
        for name, work in WORK.items():
            begun = time.process_time()
            work(reads)
            spent[name].append((time.process_time() - begun) / events * 1e6)
    total = {name: median(times) for name, times in spent.items()}
    added = {"all of the limit, without its socket": total["limit"]} | {
        label: total[upper] - total.get(lower, 0.0) for label, upper, lower in STEPS
    }
    return [Level(name=name, microseconds=cost, ratio=cost / total["limit"]) for name, cost in added.items()]


def _limit(reads: list[bytes]) -> None:
    reader = rfc6455.Reader(max_message=1 << 20, max_fragments=4_096)
    for read in reads:
        for text in reader.feed(read).encoded:
            by_msgspec(text)


def _framing(reads: list[bytes]) -> None:
    reader = rfc6455.Reader(max_message=1 << 20, max_fragments=4_096)
    for read in reads:
        reader.feed(read)


def _envelope(reads: list[bytes]) -> None:
    reader = rfc6455.Reader(max_message=1 << 20, max_fragments=4_096)
    for read in reads:
        frames.parse_frames(reader.feed(read))


def _payload(reads: list[bytes]) -> None:
    reader = rfc6455.Reader(max_message=1 << 20, max_fragments=4_096)
    for read in reads:
        for frame in frames.parse_frames(reader.feed(read)):
            if type(frame) is Frame:
                payload_of(frame)


def _event(reads: list[bytes]) -> None:
    reader = rfc6455.Reader(max_message=1 << 20, max_fragments=4_096)
    decode = Decoders().decode
    at, channel = datetime.fromtimestamp(UNIX_NOON, UTC), CHANNELS[0]
    for read in reads:
        for frame in frames.parse_frames(reader.feed(read)):
            if type(frame) is Frame:
                decode(frame, at, channel)


def _through(machine: SocketMachine[SessionEvent, Sequence[str]], session: Session, reads: list[bytes]) -> None:
    for channel in CHANNELS:
        session.subscribe(0.0, channel)
    session.connect(0.0)
    machine.handle_timeout(0.0)
    opening = machine.poll_output()
    assert isinstance(opening, Open)
    machine.handle_input(0.0, Opened(opening.ref))
    machine.handle_input(0.0, Received(opening.ref, [ESTABLISHED], UNIX_NOON))
    reader = rfc6455.Reader(max_message=1 << 20, max_fragments=4_096)
    for number, read in enumerate(reads):
        # A hundred reads a second: what a fast line brings.
        now = number / 100
        machine.handle_input(now, Received(opening.ref, reader.feed(read), UNIX_NOON + now))
        machine.take_events()


def _session(reads: list[bytes]) -> None:
    session = Session(Config(send_rate=1e6, send_burst=1e6), rng=random.Random(7))
    _through(session, session, reads)


def _drift(reads: list[bytes]) -> None:
    decoders = Decoders()
    drift = Drift(decoders, rest=10.0)
    session = Session(Config(send_rate=1e6, send_burst=1e6), rng=random.Random(7), decoders=decoders, drift=drift)
    _through(session, session, reads)


def _merge(reads: list[bytes]) -> None:
    session = Session(Config(send_rate=1e6, send_burst=1e6), rng=random.Random(7))
    _through(Merge(session), session, reads)


WORK: dict[str, Callable[[list[bytes]], None]] = {
    "limit": _limit,
    "framing": _framing,
    "envelope": _envelope,
    "payload": _payload,
    "event": _event,
    "session": _session,
    "drift": _drift,
    "merge": _merge,
}

STEPS = (
    ("framing", "framing", ""),
    ("envelope", "envelope", "framing"),
    ("payload", "payload", "envelope"),
    ("unified event", "event", "payload"),
    ("connection, routing, duplicates, counters", "session", "event"),
    ("merge", "merge", "session"),
    ("drift", "drift", "session"),
)
"""What a level is called, the work with it, and the work without it."""
