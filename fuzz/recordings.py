"""Files that are said to be recordings: read as far as they can be, alike however they come, replayed, made nameless.

An input is the size of the reads, and the file. A line of it that begins with ``SHAPED`` is choices instead: what they
make is mostly a line of some kind.
"""

from collections.abc import Callable, Iterator
from io import BytesIO

import msgspec

from fuzz.shaped import draw
from kick_proto.frames import Frame, encode_frame
from kick_proto.recording.anonymising import anonymise
from kick_proto.recording.lines import (
    Command,
    Draw,
    Header,
    Heard,
    Lost,
    Part,
    Reached,
    Take,
    Timeout,
    Unreachable,
    encode_line,
)
from kick_proto.recording.packing import lines_of
from kick_proto.recording.replaying import Replayed, replay
from kick_proto.recording.transcript import MOST_FAULTS, Transcript, read

__all__ = ["check", "seed"]

KINDS: tuple[type[msgspec.Struct], ...] = (
    Heard,
    Command,
    Reached,
    Take,
    Timeout,
    Lost,
    Unreachable,
    Draw,
    Part,
    Header,
)
SHAPED = b"\x01"
MOST_LINES = 60
"""Lines in the choices' way of writing."""
LARGEST = 1 << 18
"""Bytes of a file that are read here: a few may unpack to thousands of times as many."""
MOST_STEPS = 200
"""Steps that are replayed; of a longer one only what it reads as is looked at."""
KEY = b"sixteen bytes or"
DAMAGED = "the compression is damaged"
HEAD = (
    b'{"line":"header","library":"1","unix_started_at":1790000000.0,"format":1,"level":"texts","setup":{"send_rate":4.0,'
    b'"send_burst":8.0,"remembered_ids":9,"high_water":6,"low_water":2,"max_topics":9,"merge":2.0}}\n'
)
UP = (
    b'{"line":"command","at":0.0,"name":"subscribe","channel":{"channel_id":11,"chatroom_id":22,"slug":"owl"}}\n'
    b'{"line":"command","at":0.0,"name":"connect"}\n'
    b'{"line":"opened","at":0.5,"ref":1}\n'
    b'{"line":"received","at":0.6,"ref":1,"unix_now":1790000000.6,"texts":["{\\"event\\":\\"pusher:connection_established'
    b'\\",\\"data\\":\\"{\\\\\\"socket_id\\\\\\":\\\\\\"1.2\\\\\\",\\\\\\"activity_timeout\\\\\\":120}\\"}"]}\n'
)
"""What leads to a session that reads frames."""


def check(data: bytes) -> None:
    size, file = 1 + data[0] if data else 1, b"\n".join(map(_line, data[1:].split(b"\n", MOST_LINES)))
    transcript, cut = _read(file, LARGEST), _read(file, size)
    # Where a damaged compression is given up depends on how much of it is seen at once.
    assert transcript == cut or _is_damaged(transcript) or _is_damaged(cut), "it matters in which pieces it is read"
    assert len(transcript.faults) <= MOST_FAULTS + 1
    assert all(fault.number >= 0 and fault.problem for fault in transcript.faults)
    _assert_survives(transcript)
    if len(transcript.acts) <= MOST_STEPS:
        replayed = _result(lambda: replay(transcript))
        if replayed is not None:
            _assert_same_again(replayed)
        nameless = _result(lambda: anonymise(transcript, KEY))
        assert (nameless is None) == (replayed is None), "only one of them is possible"
        if nameless is not None:
            _assert_same_again(nameless)


def _line(raw: bytes) -> bytes:
    if not raw.startswith(SHAPED) or len(raw) < 3:
        return raw
    kind = KINDS[raw[1] % len(KINDS)]
    fields = draw(kind, raw[2:])[1:]
    return f'{{"line":"{kind.__struct_config__.tag}"{"," if len(fields) > 1 else ""}{fields}'.encode()


def _read(file: bytes, size: int) -> Transcript:
    source = BytesIO(file)
    return read(_first(lines_of(lambda most: source.read(min(most, size)))))


def _is_damaged(transcript: Transcript) -> bool:
    return any(DAMAGED in fault.problem for fault in transcript.faults)


def _first(lines: Iterator[bytes]) -> Iterator[bytes]:
    done = 0
    for line in lines:
        done += len(line)
        if done > LARGEST:
            return
        yield line


def _assert_survives(transcript: Transcript) -> None:
    """What was read can be written, and is the same when it is read again."""
    lines = [each.line for each in transcript.lines]
    head = () if transcript.header is None else (transcript.header,)
    again = read(raw for line in (*head, *lines) for raw in encode_line(line))
    assert again.header == transcript.header
    assert [each.line for each in again.lines] == lines


def _result(make: Callable[[], Replayed]) -> Replayed | None:
    """None where the header tells of nothing that could be made."""
    try:
        return make()
    except ValueError as error:
        assert str(error)
        return None


def _assert_same_again(replayed: Replayed) -> None:
    """What comes of a replay is a sound recording, of which the next replay makes the same."""
    transcript = read(replayed.lines)
    assert transcript.faults == ()
    again = replay(transcript)
    assert again.differences == [], again.differences[0]
    assert again.lines == replayed.lines
    assert again.events == replayed.events


def seed(frame: Frame) -> bytes:
    heard = Heard(0.7, 1, 1_790_000_000.7, (encode_frame(frame),))
    return b"\x30" + HEAD + UP + b"".join(encode_line(heard)) + b'{"line":"take","at":0.8,"what":"all"}\n'
