"""Values in words: durations, counts, times, and the fields of an event that has no line of its own."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

__all__ = ["counted", "duration_in_words", "months", "seconds_in_words", "short", "told", "value_in_words"]

LONGEST_VALUE = 120
"""Characters of a value of an event that has no line of its own."""

SHOWN_ELSEWHERE = frozenset({"received_at", "raw", "channel", "id"})


def told(struct: msgspec.Struct) -> Iterator[tuple[str, str]]:
    """Name and value of each field that says something."""
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if name not in SHOWN_ELSEWHERE and value is not None and value != () and value != "":
            yield name.replace("_", " "), short(value_in_words(value))


def value_in_words(value: object) -> str:
    """Any value of an event's, as short as it goes."""
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone():%H:%M:%S}"
        case timedelta():
            return duration_in_words(value)
        case tuple() | list() | frozenset():
            return ", ".join(map(value_in_words, value))
        case msgspec.Struct():
            return getattr(value, "username", None) or " ".join(each for _, each in told(value))
        case _:
            return str(value)


def short(text: str) -> str:
    """The text, cut where it is too long for a line."""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def months(count: int) -> str:
    """How many months."""
    return "1 month" if count == 1 else f"{count} months"


def counted(count: int, word: str) -> str:
    """How many of something."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def seconds_in_words(seconds: float) -> str:
    """A wait."""
    return f"{seconds:.1f} s" if seconds < 60 else duration_in_words(timedelta(seconds=seconds))


UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def duration_in_words(duration: timedelta) -> str:
    """The two largest units that there are: "5 min", "1 h 30 min"."""
    seconds, words = int(duration.total_seconds()), []
    for size, unit in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words[:2]) or "0 s"
