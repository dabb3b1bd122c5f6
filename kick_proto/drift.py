"""What Kick sends, against what the decoder table expects: how a change of the wire is found out, and told.

``Drift`` is shown frames and counts where they differ from their row: names that no row knows, fields that no decoder
reads, fields that are read but were not there, and types that have changed. It keeps paths, types and counts, and one
made-up payload for each new shape: never a value that anybody sent. Memory is bounded, whatever is sent.

A field that is known and deliberately not read is no news: the payload's struct names it in ``UNREAD``. So today's
traffic makes an empty report, but for fields that are missing now and then.

A session shows it frames as they come, by ``sample``: after a look, the frame's name rests for so many seconds. What
is rare is always looked at, what is frequent costs no more than one look in that time, and a frame that is not looked
at costs one look into ``resting``. What became ``Unknown`` or ``Undecodable`` rests no more.
"""

import re
from collections.abc import Container, Iterator
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from math import inf
from typing import TypeAlias

import msgspec
from msgspec import inspect as shapes

from kick_proto.decoders import PREFIX, Decoders
from kick_proto.events import Event, Undecodable, Unknown
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, parse_topic

__all__ = ["Difference", "Drift", "Kind", "placeholder"]


class Kind(Enum):
    """In what a frame differs from its row; in the order of their weight."""

    UNKNOWN = "unknown event"
    CHANGED = "changed type"
    UNREAD = "unread field"
    MISSING = "missing field"


class Difference(msgspec.Struct, frozen=True):
    """One difference, and how often it was met: in ``count`` of the ``frame_count`` frames of its event looked at.

    ``found`` is the JSON type of an unread field, the decoder's words for a changed one, and "" otherwise.
    ``fixture`` is a frame of that shape in which every value is a placeholder; None for what was only missing, and
    for a payload beyond all measure.
    """

    kind: Kind
    event: str
    path: str
    found: str
    count: int
    frame_count: int
    fixture: Frame | None = None


_Key: TypeAlias = tuple[Kind, str, str, str]
"""A difference without its counts: kind, event, path, what was found."""

LONGEST = 100
"""Characters of a name or a sentence that are kept."""
COMPARED = 65_536
"""Characters of a payload that is compared field by field; of a larger one, only what it became is told."""
LARGEST = 16_384
"""Characters of a fixture's payload; what is larger has no fixture."""
DEEPEST = 32
"""Levels of a payload that are looked into."""

_CHANNEL = Channel(ChannelId(1), ChatroomId(1))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Drift:
    """Counts differences; see the module's docstring.

    ``decoders`` are what frames are compared with; ``rest`` is how many seconds ``sample`` lets a name rest, 0 for not
    at all. ``max_differences`` bounds what is remembered; ``overflow`` counts what did not fit any more.
    """

    def __init__(self, decoders: Decoders | None = None, *, rest: float = 0.0, max_differences: int = 1_000) -> None:
        if not 0.0 <= rest < inf:
            raise ValueError(f"rest {rest} is no number of seconds")
        if max_differences < 1:
            raise ValueError("max_differences is a count of at least 1")
        self.overflow = 0
        self._rests_until: dict[str, float] = {}
        self._next_wake = inf
        self._decoders = decoders if decoders is not None else Decoders()
        self._rest = rest
        self._max = max_differences
        self._frames: dict[str, int] = {}
        self._counts: dict[_Key, int] = {}
        self._fixtures: dict[_Key, Frame] = {}

    def resting(self, now: float) -> Container[str]:
        """The names that rest now: a frame of one of these need not be shown to ``sample``, which would not look."""
        if now >= self._next_wake:
            self._rests_until = {name: until for name, until in self._rests_until.items() if until > now}
            self._next_wake = min(self._rests_until.values(), default=inf)
        return self._rests_until

    def wake(self, name: str) -> None:
        """Let a name rest no more."""
        self._rests_until.pop(name, None)

    def sample(self, now: float, frame: Frame, decoded: Event | Undecodable) -> None:
        """Compare a frame, and what it became, with its row, unless its name rests; then let it rest."""
        if frame.event in self.resting(now):
            return
        self._look(frame, decoded)
        # Other names never rest: there is no end to them, and little to compare.
        if self._rest > 0.0 and self._decoders.row(frame.event) is not None:
            self._rests_until[frame.event] = until = now + self._rest
            self._next_wake = min(self._next_wake, until)

    def look(self, frame: Frame) -> None:
        """Compare a frame with its row. Never raises, whatever the frame holds."""
        self._look(frame, self._decoders.decode(frame, _EPOCH, _CHANNEL))

    def report(self) -> tuple[Difference, ...]:
        """What was met so far: by weight, then by event and path."""
        order = list(Kind)
        keys = sorted(self._counts, key=lambda key: (order.index(key[0]), *key[1:]))
        return tuple(Difference(*key, self._counts[key], self._frames[key[1]], self._fixtures.get(key)) for key in keys)

    def _look(self, frame: Frame, decoded: Event | Undecodable) -> None:
        if frame.event.startswith(("pusher:", "pusher_internal:")):
            return
        event = frame.event.removeprefix(PREFIX)[:LONGEST]
        if event not in self._frames and len(self._frames) >= self._max:
            self.overflow += 1
            return
        self._frames[event] = self._frames.get(event, 0) + 1
        differences = dict.fromkeys(self._differences(event, frame, decoded))
        new = [key for key in differences if self._count(key)]
        shown = [key for key in new if key[0] is not Kind.MISSING]
        if shown and len(frame.data) <= COMPARED and len((fixture := placeholder(frame)).data) <= LARGEST:
            self._fixtures |= dict.fromkeys(shown, fixture)

    def _count(self, key: _Key) -> bool:
        """Count a difference; True where it is a new one that is remembered."""
        if (count := self._counts.get(key)) is not None:
            self._counts[key] = count + 1
            return False
        if len(self._counts) >= self._max:
            self.overflow += 1
            return False
        self._counts[key] = 1
        return True

    def _differences(self, event: str, frame: Frame, decoded: Event | Undecodable) -> Iterator[_Key]:
        match decoded:
            case Unknown():
                yield Kind.UNKNOWN, event, "$", ""
            case Undecodable(error=error, path=path):
                yield Kind.CHANGED, event, path[:LONGEST], re.sub(_QUOTED, "...", error)[:LONGEST]
        if (row := self._decoders.row(frame.event)) is not None and len(frame.data) <= COMPARED:
            shape = _shape(row.payload)  # type: ignore[arg-type]  # a class is hashable, whatever its metaclass
            for kind, path, found in _compared(_parsed(frame.data), shape, "$", 0):
                yield kind, event, path, found


@lru_cache(maxsize=256)
def _shape(payload: type) -> shapes.Type:
    """Worked out once: it is slow, and the same for every ``Drift``."""
    return shapes.type_info(payload)


def _parsed(data: str) -> object:
    """The payload, or None where it is no JSON; the decoder says so then."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _compared(value: object, shape: shapes.Type, path: str, depth: int) -> Iterator[tuple[Kind, str, str]]:
    """Fields that are there and not read, and fields that are read and not there. Types are the decoder's matter."""
    if depth > DEEPEST:
        return
    choices = shape.types if isinstance(shape, shapes.UnionType) else (shape,)
    for choice in choices:
        match choice, value:
            case shapes.StructType(), dict() if choice.tag_field is None or value.get(choice.tag_field) == choice.tag:
                yield from _compared_fields(value, choice, path, depth)
            case ((shapes.VarTupleType(item_type=item) | shapes.ListType(item_type=item)), list()):
                for each in value:
                    yield from _compared(each, item, f"{path}[...]", depth + 1)


def _compared_fields(
    value: dict[str, object], shape: shapes.StructType, path: str, depth: int
) -> Iterator[tuple[Kind, str, str]]:
    read = {field.encode_name: field for field in shape.fields}
    unread: tuple[str, ...] = getattr(shape.cls, "UNREAD", ())
    for name, each in value.items():
        if name not in read and name not in unread and name != shape.tag_field:
            yield Kind.UNREAD, f"{path}.{_key(name)}", _type(each)
    for name, field in read.items():
        if name in value:
            yield from _compared(value[name], field.type, f"{path}.{name}", depth + 1)
        elif not field.required:
            yield Kind.MISSING, f"{path}.{name}", ""


def _type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "str"
        case list():
            return "array"
        case _:
            return "object"


_QUOTED = r"'[^']*'|\"[^\"]*\""
_NAME = r"[A-Za-z_][A-Za-z0-9_-]{0,39}"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"
_NUMBER = r"-?\d+(\.\d+)?"
_COLOR = r"#[0-9A-Fa-f]{6}"

PLACEHOLDERS = (
    (_UUID, "00000000-0000-4000-8000-000000000000"),
    (_TIME, "2026-01-01T00:00:00Z"),
    (_NUMBER, "1"),
    (_COLOR, "#112233"),
    ("", ""),
)
"""What stands for a text that looks so; for any other it is ``text``."""


def placeholder(frame: Frame) -> Frame:
    """A frame of the same shape in which no value is left that anybody sent.

    Ids, texts and numbers become placeholders of their type; of a list's items, one of each shape is kept. What is no
    JSON leaves nothing but the word ``text``.
    """
    known = parse_topic(frame.channel)
    topic = known[0].value.format(1) if known is not None else re.sub(r"\d{2,}", "1", frame.channel[:LONGEST])
    try:
        data = msgspec.json.encode(_placeholder(msgspec.json.decode(frame.data), 0)).decode()
    except (msgspec.DecodeError, ValueError, RecursionError):
        data = "text" if frame.data else ""
    return Frame(frame.event[:LONGEST], topic, data)


def _placeholder(value: object, depth: int) -> object:
    if depth > DEEPEST:
        return None
    match value:
        case bool():
            return True
        case int():
            return 1
        case float():
            return 1.5
        case str():
            return next((stand_in for looks, stand_in in PLACEHOLDERS if re.fullmatch(looks, value)), "text")
        case list():
            # Told apart as JSON: in Python, 1 and True are the same.
            kept = {msgspec.json.encode(made): made for made in (_placeholder(each, depth + 1) for each in value)}
            return list(kept.values())[:DEEPEST]
        case dict():
            return {_key(name): _placeholder(each, depth + 1) for name, each in value.items()}
        case _:
            return None


def _key(name: str) -> str:
    """A field's name; what does not look like one may be somebody's id or words."""
    return name if re.fullmatch(_NAME, name) else "(key)"
