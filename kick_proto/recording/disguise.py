"""What is left of a frame when it is to tell of nobody: its shape, and pseudonyms in the place of everything else.

Every text is somebody's until a table says otherwise: ``WORDS`` are the fields that hold one of Kick's own words,
badges keep type and text, colours are kept. Of numbers, ids are mapped, and so is every large one, unless its field's
name says that it measures something. Times are shifted, all by the same. In texts, words are replaced one by one, and
what is between them is kept, so that a mention stays one, and so do a link and an emote.

Events by names that nobody knows yet are treated in the same way. Their fields keep their names, unless one of these is
somebody's: it looks like no field's, or stands somewhere as a name.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect as shapes

from kick_proto.decoders import ROWS
from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import Frame, encode_frame, parse_frame
from kick_proto.recording.pseudonyms import Pseudonyms

__all__ = ["Disguise", "names_in"]

WORDS = frozenset({"type", "status", "state", "language", "tier", "action", "unit", "currency"})
"""Fields whose text is one of Kick's own words, where it looks like one."""
BADGES = frozenset({"type", "text"})
"""The same, of a badge."""
MEASURES = frozenset({
    "amount", "balance", "chunk", "chunks", "count", "current", "duration", "idle", "index", "interval",
    "level", "limit", "max", "min", "minutes", "months", "order", "points", "quantity", "rate",
    "remaining", "seconds", "size", "sort", "target", "timeout", "total", "value", "version", "viewer", "viewers",
    "vote", "votes", "width", "height",
})  # fmt: skip
"""Words in the names of fields whose numbers measure something."""
TIMES = frozenset({"at", "time", "date", "timestamp", "expires", "created", "updated"})
NAMES = frozenset({"username", "usernames", "slug", "name", "nickname", "subscriber", "twitch"})
"""Words in the names of fields that hold somebody's name."""
TOPICS = frozenset({
    "chatrooms", "chatroom", "channel", "channels", "predictions", "private", "presence", "livestream",
    "livestreams", "updated", "channelpoints", "user", "users", "v1", "v2", "v3",
})  # fmt: skip
"""The words that topics are made of."""
ENVELOPE = frozenset({"event", "channel", "data", "socket_id", "activity_timeout", "message", "badges"})

LONGEST_CODE = 6
"""Digits that are too many for a code."""
LARGE = 100_000
"""From here on a number may be an id, whatever its field is called."""
EXACT = 9e15
"""Whole numbers up to here are exact as fractions too."""
DEEPEST = 100
"""Levels of a payload that are kept."""

_FIELD = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")
_OWN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_. -]{0,39}")
_WORDS_OF_A_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_WORD = re.compile(r"(?P<kept>https?(?=://)|(?<=\[)emote(?=:[0-9]))|\w+(?:-\w+)*|[^\w\s!-/:-@\[-`{-~]")
_TOPIC_WORD = re.compile(r"[^\W_]+")
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)((?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)")


class Disguise:
    """Disguises with the pseudonyms of one key; ``names`` are those that are in use, as ``names_in`` finds them."""

    def __init__(self, pseudonyms: Pseudonyms, names: Iterable[str] = ()) -> None:
        self._pseudonyms = pseudonyms
        self._names = frozenset(names)
        self._known_fields = _known_fields()

    def frame(self, text: str) -> str:
        """A text of the socket, which need be no frame."""
        try:
            told = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
            return self._odd_frame(text)
        if not isinstance(told, dict):
            return _encoded(self._value("", told, 0))
        return _encoded({self._field(key): self._part(key, value) for key, value in told.items()})

    def _odd_frame(self, text: str) -> str:
        """What cannot be read as JSON throughout, but may be a frame all the same."""
        try:
            frame = parse_frame(text)
        except RemoteProtocolError:
            return self.text(text)
        return encode_frame(Frame(frame.event, self.topic(frame.channel), self._payload(frame.data)))

    def _part(self, key: str, value: Any) -> Any:
        match key, value:
            case "event", str():
                return value
            case "channel", str():
                return self.topic(value)
            case "data", str():
                return self._payload(value)
            case _:
                return self._value(key, value, 0)

    def _payload(self, data: str) -> str:
        try:
            told = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
            return self.text(data)
        return _encoded(self._value("", told, 0))

    def topic(self, topic: str) -> str:
        """The name of a topic: its ids are mapped as they are elsewhere."""
        return _TOPIC_WORD.sub(lambda found: found[0] if found[0] in TOPICS else self._pseudonyms.word(found[0]), topic)

    def text(self, text: str) -> str:
        """Somebody's words."""
        return _WORD.sub(lambda found: found[0] if found["kept"] else self._pseudonyms.word(found[0]), text)

    def moment(self, unix: float) -> float:
        """A time in unix seconds."""
        return max(0.0, unix + self._pseudonyms.shift)

    def number(self, number: int) -> int:
        """An id."""
        return self._pseudonyms.number(number)

    # A payload's values

    def _value(self, key: str, value: Any, depth: int) -> Any:
        match value:
            case bool():
                return value
            case int() | float():
                return self._measured(key, value)
            case str():
                return self._string(key, value, depth)
            case list():
                return [self._value(key, each, depth + 1) for each in value] if depth < DEEPEST else []
            case dict():
                return self._object(key, value, depth) if depth < DEEPEST else {}
            case _:  # null
                return value

    def _object(self, key: str, value: dict[str, Any], depth: int) -> dict[str, Any]:
        kept = BADGES if key == "badges" else frozenset()
        return {
            self._field(name): each
            if name in kept and isinstance(each, str) and _OWN_WORD.fullmatch(each)
            else self._value(name, each, depth + 1)
            for name, each in value.items()
        }

    def _field(self, name: str) -> str:
        if name in self._known_fields or (_FIELD.fullmatch(name) and name.casefold() not in self._names):
            return name
        return self.text(name)

    def _measured(self, key: str, number: float) -> float:
        words = _words(key)
        if _is_id(words):
            return self._id(number)
        if not TIMES.isdisjoint(words):
            return _shifted(number, self._pseudonyms.shift)
        return self._id(number) if MEASURES.isdisjoint(words) and abs(number) >= LARGE else number

    def _id(self, number: float) -> float:
        """An id, which may have become a fraction on the way; one beyond all exact ones is none to be told apart."""
        if isinstance(number, int):
            return self._pseudonyms.number(number)
        return float(self._pseudonyms.number(int(max(-EXACT, min(number, EXACT)))))

    def _string(self, key: str, text: str, depth: int) -> str:
        words = _words(key)
        if (key in WORDS and _OWN_WORD.fullmatch(text)) or _COLOR.fullmatch(text):
            return text
        if text.isascii() and text.isdigit() and _is_measure(words, len(text)):
            return text
        if (found := _TIME.fullmatch(text)) and (moment := self._set_back(found[1])) is not None:
            return moment + found[2]
        if text[:1] in ("{", "[") and depth < DEEPEST:
            return self._nested(text, depth)
        return self.text(text)

    def _nested(self, text: str, depth: int) -> str:
        """A text that begins like JSON's objects and arrays, and may hold one."""
        try:
            told = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
            return self.text(text)
        return _encoded(self._value("", told, depth + 1))

    def _set_back(self, text: str) -> str | None:
        try:
            moment = datetime.fromisoformat(text) + timedelta(seconds=self._pseudonyms.shift)
        except (ValueError, OverflowError):
            return None
        return moment.isoformat(text[10])


def names_in(text: str) -> Iterator[str]:
    """The names that stand in a text of the socket, in small letters."""
    try:
        told = msgspec.json.decode(text)
        data = told.get("data") if isinstance(told, dict) else None
        payload = msgspec.json.decode(data) if isinstance(data, str) else data
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        return
    yield from _names("", payload, 0)


def _names(key: str, value: Any, depth: int) -> Iterator[str]:
    match value:
        case str() if not NAMES.isdisjoint(_words(key)):
            yield value.casefold()
        case list() if depth < DEEPEST:
            for each in value:
                yield from _names(key, each, depth + 1)
        case dict() if depth < DEEPEST:
            for name, each in value.items():
                yield from _names(name, each, depth + 1)


def _known_fields() -> frozenset[str]:
    """The names of all fields that the decoders know, whoever is called like one."""
    return ENVELOPE.union(*(_fields(shapes.type_info(row.payload)) for row in ROWS))


def _fields(shape: shapes.Type) -> Iterator[str]:
    """The names of all fields of a payload and of its parts, of which none holds itself."""
    match shape:
        case shapes.StructType(fields=fields, cls=cls):
            yield from getattr(cls, "UNREAD", ())
            for field in fields:
                yield field.encode_name
                yield from _fields(field.type)
        case shapes.UnionType(types=types):
            for each in types:
                yield from _fields(each)
        case shapes.VarTupleType(item_type=item) | shapes.ListType(item_type=item):
            yield from _fields(item)


@lru_cache(maxsize=10_000)
def _words(key: str) -> frozenset[str]:
    """The words that a field's name is made of, whichever way they are put together."""
    return frozenset(word.lower() for word in _WORDS_OF_A_NAME.findall(key[:200]))


def _is_id(words: frozenset[str]) -> bool:
    return not words.isdisjoint({"id", "ids", "uid"})


def _is_measure(words: frozenset[str], digits: int) -> bool:
    """Whether the field measures something, or holds a code, which is short: a peer's error may say it as a text."""
    return not _is_id(words) and (not MEASURES.isdisjoint(words) or ("code" in words and digits < LONGEST_CODE))


def _shifted(number: float, seconds: int) -> float:
    """A time in seconds or in milliseconds, as far as it can be one of this century."""
    if 1e9 <= number < 1e10:
        return number + seconds
    return number + 1000 * seconds if 1e12 <= number < 1e13 else number


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()
