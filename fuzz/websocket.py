"""Bytes in any chunks, behind a handshake: what the framing makes of them is what wsproto alone makes of them.

An input is a count of read sizes, the sizes, and the stream. It is played twice: without limits against wsproto,
which sees the stream in one piece, and with narrow ones, where no message may be longer than they say.
"""

import copy
import itertools
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Never

from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed

from kick_proto.frames import Frame, encode_frame
from kick_proto.machine import Close, Closed, Input, Open, Opened, Output, Received, Transmit
from kick_proto.websocket import Framing, Limits

__all__ = ["check", "seed"]

MOST_SIZES = 8
MOST_READS = 128
"""A longer stream is cut into larger pieces: more reads prove nothing further, and take long."""
NONCE = b"the sample nonce"
ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
UNLIMITED = Limits(message=1 << 63, fragments=1 << 63)
NARROW = Limits(message=24, fragments=3)


class Recorder:
    """A text-level machine that asks for one WebSocket and keeps what it hears of it."""

    def __init__(self) -> None:
        self.outputs: deque[Output[Sequence[str]]] = deque([Open(1, "ws.example", 443, tls=True)])
        self.heard: list[Input[Sequence[str]]] = []
        self.wants_input = True
        self.closed = False

    def handle_input(self, now: float, received: Input[Sequence[str]]) -> None:
        self.heard.append(received)

    def handle_timeout(self, now: float) -> None:
        """Nothing is waited for."""

    def poll_output(self) -> Output[Sequence[str]] | None:
        return self.outputs.popleft() if self.outputs else None

    def poll_event(self) -> None:
        return None

    def take_events(self) -> list[Never]:
        return []

    def poll_timeout(self) -> float | None:
        return None


class Played(NamedTuple):
    """What became of a stream: texts, payloads of pongs, the end's code; and the texts' fragments, where counted."""

    texts: list[str]
    pongs: list[bytes]
    end: int | None
    fragments: tuple[int, ...] = ()


def _opened(limits: Limits) -> tuple[Framing[Never], Recorder]:
    recorder = Recorder()
    framing = Framing(recorder, entropy=lambda size: NONCE if size == len(NONCE) else bytes(size), limits=limits)
    framing.handle_timeout(0.0)
    framing.handle_input(0.0, Opened(1))
    framing.handle_input(0.0, Received(1, ANSWER, 0.0))
    assert recorder.heard == [Opened(1)]
    while framing.poll_output() is not None:
        pass
    recorder.heard.clear()
    return framing, recorder


OPENED = {limits: _opened(limits) for limits in (UNLIMITED, NARROW)}


def check(data: bytes) -> None:
    sizes, stream = _taken_apart(data)
    reads = [*_split(stream, sizes)]
    ours, theirs = _by_framing(reads, UNLIMITED), _by_wsproto(stream)
    assert ours.texts == theirs.texts, (ours, theirs)
    _assert_pongs(ours, theirs)
    if ours.end != theirs.end:
        # Where a frame is broken already but not whole yet, more of it may be waited for.
        assert ours.end is None, (ours, theirs)
        assert _by_wsproto(stream[: _whole_frames(stream)]).end is None, (ours, theirs)
    narrow = _by_framing(reads, NARROW)
    assert narrow.texts == ours.texts[: len(narrow.texts)], (narrow, ours)
    assert all(len(text) <= NARROW.message for text in narrow.texts), narrow
    assert all(count <= NARROW.fragments for count in theirs.fragments[: len(narrow.texts)]), (narrow, theirs)
    assert narrow.end in (1009, ours.end), (narrow, ours)


def seed(frame: Frame) -> bytes:
    payload = encode_frame(frame).encode()
    head = (
        struct.pack("!BB", 0x81, len(payload))
        if len(payload) < 126
        else b"\x81\x7e" + struct.pack("!H", len(payload) & 0xFFFF)
    )
    return b"\x02\x10\x40" + head + payload


def _taken_apart(data: bytes) -> tuple[list[int], bytes]:
    count = data[0] % MOST_SIZES if data else 0
    stream = data[1 + count :]
    stretch = 1 + len(stream) // MOST_READS
    return [(1 + size) * stretch for size in data[1 : 1 + count]], stream


def _split(stream: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    ends = itertools.accumulate(itertools.cycle(sizes)) if sizes else iter([len(stream)])
    start = 0
    while start < len(stream):
        end = next(ends)
        yield stream[start:end]
        start = end


def _by_framing(reads: Sequence[bytes], limits: Limits) -> Played:
    framing, recorder = copy.deepcopy(OPENED[limits])
    for read in reads:
        framing.handle_input(0.0, Received(1, read, 0.0))
    texts: list[str] = []
    told: list[int] = []
    for heard in recorder.heard:
        assert not told, "something was told behind the end"
        match heard:
            case Received(data=data):
                texts += data
            case Closed(code=code):
                told.append(code)
            case _:
                raise AssertionError(f"{heard} was told of an open WebSocket")
    return Played(texts, _pongs(framing, told), told[0] if told else None)


def _pongs(framing: Framing[Never], told: list[int]) -> list[bytes]:
    """Read what is sent as a server reads it: pongs, and at the end a close frame with the code that was told."""
    outputs = [*iter(framing.poll_output, None)]
    if told:
        assert outputs.pop() == Close(1, told[0])
    server = FrameProtocol(client=False, extensions=[])
    for output in outputs:
        assert isinstance(output, Transmit)
        server.receive_bytes(output.data)
    pongs: list[bytes] = []
    closes: list[int] = []
    for frame in server.received_frames():
        if frame.opcode is Opcode.PONG and isinstance(frame.payload, bytes):
            pongs.append(frame.payload)
        else:
            assert isinstance(frame.payload, tuple), frame
            closes.append(int(frame.payload[0]))
    assert closes == told
    return pongs


def _assert_pongs(ours: Played, theirs: Played) -> None:
    """One pong at least for the latest ping, none twice and none for nothing."""
    left = iter(theirs.pongs)
    assert all(pong in left for pong in ours.pongs), (ours, theirs)
    if theirs.pongs and ours.end is None:
        assert ours.pongs[-1:] == theirs.pongs[-1:], (ours, theirs)


def _by_wsproto(stream: bytes) -> Played:
    """wsproto alone; binary messages are read as text, as the framing promises."""
    protocol = FrameProtocol(client=True, extensions=[])
    protocol.receive_bytes(stream)
    messages: list[str] = []
    parts: list[str | bytes] = []
    pings: list[bytes] = []
    counts: list[int] = []
    count, end = 0, None
    try:
        for seen in protocol.received_frames():
            match seen.payload:
                case (code, _):
                    end = int(code)
                case bytes(payload) if seen.opcode.iscontrol():
                    pings += [payload] * (seen.opcode is Opcode.PING)
                case part:
                    parts.append(part)
                    count += seen.frame_finished
                    if seen.message_finished:
                        messages.append(_joined(parts))
                        counts.append(count)
                        parts, count = [], 0
    except ParseFailed as failure:
        end = int(failure.code)
    return Played(messages, pings, end, tuple(counts))


def _joined(parts: Sequence[str | bytes]) -> str:
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) or b"".join(part for part in parts if isinstance(part, bytes)).decode("utf-8", "replace")


def _whole_frames(stream: bytes) -> int:
    """Bytes of the stream that are whole frames, by the lengths in the headers and nothing else."""
    position = 0
    while True:
        second = stream[position + 1] if position + 2 <= len(stream) else 0
        header = 2 + {126: 2, 127: 8}.get(second & 127, 0)
        length = int.from_bytes(stream[position + 2 : position + header]) if header > 2 else second & 127
        end = position + header + (4 if second & 128 else 0) + length
        if position + 2 > len(stream) or end > len(stream):
            return position
        position = end
