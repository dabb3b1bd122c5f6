"""The format of a recording: one JSON object a line, told apart by ``line``.

The first line is the header. Then come *steps*: commands, inputs, timeouts, and that events were taken. Behind each
step stand its *results*: what it drew of chance, that it raised, what it put out, the events that were taken. Steps
have a time, ``at``: monotonic seconds since the recording began; results have that of their step.

A line is at most ``LONGEST_LINE`` bytes. What would be longer is cut into ``part`` lines, which ``Joiner`` joins.

An event stands without the frames that it came in, for these stand in the inputs; ``frame`` is a checksum of them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, assert_never

import msgspec

from kick_proto.errors import KickError
from kick_proto.events import Arrival, JoinedEvent
from kick_proto.ids import Channel
from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Open, Opened, Output, Received, Transmit
from kick_proto.recording.packing import LONGEST_LINE
from kick_proto.recording.setup import Setup

__all__ = [
    "FORMAT",
    "LEVEL",
    "LONGEST_LINE",
    "Cancelling",
    "Closing",
    "Command",
    "Draw",
    "Ended",
    "Event",
    "Fed",
    "Header",
    "Heard",
    "Joiner",
    "Line",
    "Lost",
    "Occurrence",
    "Opening",
    "Part",
    "Raised",
    "Reached",
    "Result",
    "Step",
    "Take",
    "Timeout",
    "Transmitting",
    "Unreachable",
    "encode_event",
    "encode_line",
    "event_line",
    "input_line",
    "input_of",
    "line_text",
    "output_line",
]

FORMAT = 1
"""The version of the format that is written, and the newest that is read."""
LEVEL = "texts"
"""What the inputs hold, of all recordings that there are so far."""
PIECE = LONGEST_LINE // 8
"""Characters of a line's text in one part: quoting doubles some, and UTF-8 makes four bytes of others."""
LARGEST = 64 << 20
"""Characters that parts may come to, joined."""

At: TypeAlias = Annotated[float, msgspec.Meta(ge=0.0, le=1e12)]
UnixTime: TypeAlias = Annotated[float, msgspec.Meta(ge=0.0, le=253_402_300_799.0)]
"""Up to the end of the year 9999, where the calendar of ``datetime`` ends."""


class _Row(msgspec.Struct, frozen=True, tag_field="line", omit_defaults=True):
    """What all lines are."""


class Header(_Row, frozen=True, tag="header", kw_only=True):
    """The first line: which format and library, when it began (unix seconds), and what the machine was told to be.

    ``level`` is what the inputs hold, as ``LEVEL``. ``setup`` is None where its maker had a machine of its own.
    """

    library: str
    unix_started_at: UnixTime
    setup: Setup | None = None
    format: Annotated[int, msgspec.Meta(ge=1)]
    level: str


# Steps


class Command(_Row, frozen=True, tag="command"):
    """The application gave a command."""

    at: At
    name: Literal["connect", "subscribe", "unsubscribe", "close"]
    channel: Channel | None = None
    topics: tuple[str, ...] | None = None


class Reached(_Row, frozen=True, tag="opened"):
    """A socket was open."""

    at: At
    ref: int


class Heard(_Row, frozen=True, tag="received"):
    """A read. ``utf8`` stands in the place of ``texts`` where one of them is no Unicode, as base64."""

    at: At
    ref: int
    unix_now: UnixTime
    texts: tuple[str, ...] = ()
    utf8: tuple[bytes, ...] = ()


class Lost(_Row, frozen=True, tag="closed"):
    """A socket had ended."""

    at: At
    ref: int
    code: int
    reason: str = ""


class Unreachable(_Row, frozen=True, tag="failed"):
    """A socket could not be had."""

    at: At
    ref: int
    reason: str


class Timeout(_Row, frozen=True, tag="timeout"):
    """The machine was given the time."""

    at: At


class Take(_Row, frozen=True, tag="take"):
    """Events were taken, which are the results: ``all`` that there were, or ``one``."""

    at: At
    what: Literal["all", "one"]


# Results


class Draw(_Row, frozen=True, tag="draw"):
    """The step drew a number."""

    number: float


class Raised(_Row, frozen=True, tag="raised"):
    """The command was illegal."""

    error: str


class Opening(_Row, frozen=True, tag="open"):
    """Put out: ``Open``."""

    ref: int
    host: str
    port: int
    tls: bool
    target: str


class Transmitting(_Row, frozen=True, tag="transmit"):
    """Put out: ``Transmit``."""

    ref: int
    texts: tuple[str, ...]


class Closing(_Row, frozen=True, tag="close"):
    """Put out: ``Close``."""

    ref: int
    code: int
    reason: str = ""


class Cancelling(_Row, frozen=True, tag="cancel"):
    """Put out: ``Cancel``."""

    ref: int


class Event(_Row, frozen=True, tag="event"):
    """An event that was taken: the name of its type, its fields, and a checksum of its frames ("" without)."""

    name: str
    event: dict[str, Any]
    frame: str = ""


# What is neither


class Ended(_Row, frozen=True, tag="ended"):
    """Nothing was recorded from here on, and why."""

    reason: str


class Part(_Row, frozen=True, tag="part"):
    """A piece of a line that would be too long; the last one says so.

    ``number`` counts the pieces of a line from 1, and ``whole`` is a checksum of its text, so that a piece that is lost
    or in another place is found out. Where a recording has neither (0 and ""), parts are taken as they come.
    """

    text: str
    last: bool = False
    number: int = 0
    whole: str = ""


Occurrence: TypeAlias = Reached | Heard | Lost | Unreachable
"""A step that is an input."""
Step: TypeAlias = Command | Occurrence | Timeout | Take
Result: TypeAlias = Draw | Raised | Opening | Transmitting | Closing | Cancelling | Event
Line: TypeAlias = Header | Step | Result | Ended

_encode = msgspec.json.Encoder(enc_hook=repr).encode
_decoder: msgspec.json.Decoder[Line | Part] = msgspec.json.Decoder(Line | Part)


def encode_line(line: Line) -> Iterator[bytes]:
    """The line with its end, or its parts, each a line; what is no Unicode in it becomes question marks."""
    encoded = _encoded(line)
    if len(encoded) < LONGEST_LINE:
        yield encoded + b"\n"
        return
    text = encoded.decode()
    whole = _checksum(text)
    for number, start in enumerate(range(0, len(text), PIECE), 1):
        piece = text[start : start + PIECE]
        yield _encode(Part(piece, start + PIECE >= len(text), number, whole)) + b"\n"


def line_text(line: Line) -> str:
    """The line as one text without an end, however long."""
    return _encoded(line).decode()


def _encoded(line: Line) -> bytes:
    try:
        return _encode(line)
    except UnicodeEncodeError:
        return _encode(_without_surrogates(msgspec.to_builtins(line, enc_hook=repr)))


def _without_surrogates(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case list() | tuple():
            return [_without_surrogates(each) for each in value]
        case dict():
            return {_without_surrogates(key): _without_surrogates(each) for key, each in value.items()}
        case _:
            return value


class Fed(NamedTuple):
    """What came of one line of a file: the line that is complete with it, and what is wrong, "" for nothing.

    Both are there where a line stands in the place of parts that are missing. Neither is, of a part that fits.
    """

    line: Line | None
    problem: str = ""


class Joiner:
    """Reads lines one by one, and holds the parts of one until the last of them is there."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._size = 0

    @property
    def is_waiting(self) -> bool:
        """Whether there are parts whose last one has not come."""
        return bool(self._parts)

    def feed(self, raw: bytes) -> Fed:
        """Read one line. What cannot be read changes nothing for the parts around it."""
        if len(raw) > LONGEST_LINE:
            return Fed(None, f"longer than the {LONGEST_LINE:,} bytes that a line has at most")
        row = _decoded(raw)
        if isinstance(row, Part):
            return self._add(row)
        if isinstance(row, str):
            return Fed(None, row)
        return Fed(row, "another line among the parts of one, which are lost" if self._take() else "")

    def _add(self, part: Part) -> Fed:
        problem = "" if self._fits(part) else self._misfit(part)
        if problem:
            self._take()
            if part.number > 1:
                return Fed(None, problem)
        self._parts.append(part)
        self._size += len(part.text)
        if self._size > LARGEST:
            self._take()
            return Fed(None, f"parts of more than {LARGEST:,} characters")
        return _joined(self._take(), problem) if part.last else Fed(None, problem)

    def _fits(self, part: Part) -> bool:
        """Whether it is the next one. What has no number is taken as it comes."""
        if not self._parts:
            return part.number <= 1
        before = self._parts[-1]
        return part.whole == before.whole and part.number == (before.number + 1 if before.number else 0)

    def _misfit(self, part: Part) -> str:
        if not self._parts:
            return f"part {part.number} of a line of which the first parts are missing"
        return f"part {part.number} of a line in the place of another one's, or of another part: those before are lost"

    def _take(self) -> list[Part]:
        parts, self._parts, self._size = self._parts, [], 0
        return parts


def _joined(parts: Sequence[Part], problem: str) -> Fed:
    text = "".join(part.text for part in parts)
    if parts[0].whole not in ("", _checksum(text)):
        return Fed(None, "parts whose text is not what was written")
    match _decoded(text.encode()):
        case Part():
            return Fed(None, "parts that make another part")
        case str() as wrong:
            return Fed(None, wrong)
        case line:
            return Fed(line, problem)


def _decoded(raw: bytes) -> Line | Part | str:
    """The row, or what is wrong with it."""
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError, KickError, ValueError) as error:
        return str(error) or type(error).__name__


def _checksum(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


# From the machine's words to lines, and back


def input_line(at: float, received: Input[Sequence[str]]) -> Occurrence:
    """The line of an input."""
    match received:
        case Opened(ref=ref):
            return Reached(at, ref)
        case Received(ref=ref, data=texts, unix_now=unix_now):
            if any(_has_surrogates(text) for text in texts):
                return Heard(at, ref, unix_now, (), tuple(text.encode("utf-8", "surrogatepass") for text in texts))
            return Heard(at, ref, unix_now, tuple(texts))
        case Closed(ref=ref, code=code, reason=reason):
            return Lost(at, ref, code, reason)
        case Failed(ref=ref, reason=reason):
            return Unreachable(at, ref, reason)
        case _:
            assert_never(received)


def _has_surrogates(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def input_of(line: Occurrence) -> Input[Sequence[str]]:
    """The input that a line tells of."""
    match line:
        case Reached(ref=ref):
            return Opened(ref)
        case Heard(ref=ref, unix_now=unix_now, texts=texts, utf8=utf8):
            restored = [each.decode("utf-8", "surrogatepass" if _passes(each) else "replace") for each in utf8]
            return Received(ref, restored or list(texts), unix_now)
        case Lost(ref=ref, code=code, reason=reason):
            return Closed(ref, code, reason)
        case Unreachable(ref=ref, reason=reason):
            return Failed(ref, reason)
        case _:
            assert_never(line)


def _passes(utf8: bytes) -> bool:
    try:
        utf8.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def output_line(output: Output[Sequence[str]]) -> Result:
    """The line of an output."""
    match output:
        case Open(ref=ref, host=host, port=port, tls=tls, target=target):
            return Opening(ref, host, port, tls, target)
        case Transmit(ref=ref, data=texts):
            return Transmitting(ref, tuple(texts))
        case Close(ref=ref, code=code, reason=reason):
            return Closing(ref, code, reason)
        case Cancel(ref=ref):
            return Cancelling(ref)
        case _:
            assert_never(output)


def event_line(event: msgspec.Struct) -> Event:
    """The line of an event."""
    bare, checksum = _without_frames(event)
    return Event(type(event).__name__, msgspec.to_builtins(bare, enc_hook=repr), checksum)


class _Written(_Row, frozen=True, tag="event"):
    """An ``Event`` of which the fields are encoded already: there are many."""

    name: str
    event: msgspec.Raw
    frame: str = ""


def encode_event(event: msgspec.Struct) -> Iterator[bytes]:
    """As ``encode_line`` of the event's line, and sooner."""
    try:
        bare, checksum = _without_frames(event)
        encoded = _encode(_Written(type(event).__name__, msgspec.Raw(_encode(bare)), checksum))
    except UnicodeEncodeError:
        encoded = b""
    if 0 < len(encoded) < LONGEST_LINE:
        yield encoded + b"\n"
    else:
        yield from encode_line(event_line(event))


def _without_frames(event: msgspec.Struct) -> tuple[msgspec.Struct, str]:
    """The event without its frames, and their checksum."""
    if not isinstance(event, Arrival):
        return event, ""
    joined = event.sources if isinstance(event, JoinedEvent) else ()
    texts = [text for frame in (event.raw, *joined) for text in (frame.event, frame.channel, frame.data)]
    # What is unset is not written.
    unset: dict[str, Any] = {"raw": msgspec.UNSET} | ({"sources": msgspec.UNSET} if joined else {})
    return msgspec.structs.replace(event, **unset), _checksum(*texts)
