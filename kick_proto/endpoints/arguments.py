"""Checks of what a caller gives to an endpoint, before anything is sent: Kick says no more than "Invalid request".

Each returns what it checked, or raises ``LocalProtocolError`` with the argument's name, what was given, what can be.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

from kick_proto.errors import LocalProtocolError
from kick_proto.http import Pairs

__all__ = ["key", "moment", "number", "numbers", "one_of", "paged", "text", "texts"]

T = TypeVar("T")
IntT = TypeVar("IntT", bound=int)

SHOWN = 60
"""Characters of what was given that an error repeats."""


def number(name: str, value: IntT, *, least: int = 1, most: int | None = None) -> IntT:
    """A whole number within its limits; True is none."""
    if type(value) is not int or value < least or (most is not None and value > most):
        limits = f"of {least} or more" if most is None else f"from {least} to {most}"
        raise LocalProtocolError(f"{name} must be a whole number {limits}, not {value!r:.{SHOWN}}")
    return value


def numbers(name: str, values: Iterable[IntT], *, least: int = 0, most: int) -> tuple[IntT, ...]:
    """Ids, so many of them."""
    return _counted(name, tuple(number(name, each) for each in values), least, most)


def text(name: str, value: str, *, least: int = 1, most: int) -> str:
    """A text of so many code points."""
    if not isinstance(value, str):
        raise LocalProtocolError(f"{name} must be a text, not {value!r:.{SHOWN}}")
    if not least <= len(value) <= most:
        raise LocalProtocolError(f"{name} must have {least} to {most} characters, not {len(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise LocalProtocolError(f"{name} has half of a surrogate pair, which cannot be sent") from None
    return value


def texts(name: str, values: Iterable[str], *, least: int = 0, most: int, longest: int) -> tuple[str, ...]:
    """Texts, so many of them, none longer than ``longest``."""
    if isinstance(values, str):
        raise LocalProtocolError(f"{name} must be several texts, not one: {values!r:.{SHOWN}}")
    return _counted(name, tuple(text(name, each, most=longest) for each in values), least, most)


def _counted(name: str, values: tuple[T, ...], least: int, most: int) -> tuple[T, ...]:
    if not least <= len(values) <= most:
        raise LocalProtocolError(f"{name} must be {least} to {most} of them, not {len(values)}")
    return values


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """One of a few words."""
    if value not in allowed:
        raise LocalProtocolError(f"{name} must be one of {', '.join(allowed)}, not {value!r:.{SHOWN}}")
    return value


def paged(limit: int | None, cursor: str | None, *, most: int = 100) -> Pairs:
    """How much of a long list, and from where, as it stands in a query."""
    query: Pairs = ()
    if limit is not None:
        query += (("limit", str(number("limit", limit, most=most))),)
    if cursor is not None:
        query += (("cursor", text("cursor", cursor, most=1_000)),)
    return query


def key(name: str, value: str) -> str:
    """An id that is a text (of a message, a reward), ready to stand in a path."""
    checked = text(name, value, most=100)
    if checked in (".", ".."):
        raise LocalProtocolError(f"{name} must be an id, not {value!r}")
    return quote(checked, safe="")


def moment(name: str, value: datetime) -> datetime:
    """A time that says where on earth it is meant."""
    if value.tzinfo is None:
        raise LocalProtocolError(f"{name} must be a time with a zone, like datetime.now(UTC), not {value!r}")
    return value
