"""How Kick's replies are read: tolerant of every spelling that was seen, and clear about what cannot be read.

Absent, null and blank are one and the same: none. Numbers come as numbers or as digits in a string; times with a zone
or without (then UTC), and the year 1 is no time, but Go's zero. ``data`` is an object, an array, null or ``{}``.

A reader raises ``RemoteProtocolError`` with the path of the field at fault, and nothing else, whatever was sent.

Source: Seen: recorded replies of all hosts, 2023 to 2026.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec

from kick_proto.errors import RemoteProtocolError
from kick_proto.http import Response
from kick_proto.secret import Secret

__all__ = ["Page", "document", "nothing", "page", "part", "perhaps", "row", "rows", "whole"]

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some of a long list; ``cursor`` asks for what follows, None at the end."""

    rows: tuple[T, ...]
    cursor: str | None = None


class Pagination(msgspec.Struct, frozen=True):
    """Where the next page begins."""

    next_cursor: str | None = None


def whole(response: Response, kind: type[T]) -> T:
    """The body itself, as ``kind``."""
    return part(document(response), kind)


def row(response: Response, kind: type[T]) -> T:
    """What stands in ``data``, as ``kind``; an array of one is that one."""
    data = _data(document(response))
    return part(data[0], kind, "$.data[0]") if isinstance(data, list) and len(data) == 1 else part(data, kind, "$.data")


def rows(response: Response, kind: type[T]) -> tuple[T, ...]:
    """What stands in ``data``, each as ``kind``; null and ``{}`` are none."""
    return _rows(_data(document(response)), kind)


def page(response: Response, kind: type[T]) -> Page[T]:
    """As ``rows``, with the cursor of the next page."""
    body = document(response)
    told = body.get("pagination") if isinstance(body, dict) else None
    pagination = part(told or {}, Pagination, "$.pagination")
    return Page(_rows(_data(body), kind), pagination.next_cursor)


def nothing(response: Response) -> None:
    """A success that says no more than that."""


def document(response: Response) -> object:
    """The body as JSON."""
    try:
        value: object = msgspec.json.decode(response.body)
    except (ValueError, RecursionError):
        kind = (response.header("content-type") or "no content-type")[:80]
        raise RemoteProtocolError(
            f"expected JSON, got {len(response.body)} bytes that are none ({kind!r}, HTTP {response.status})"
        ) from None
    return value


def part(value: object, kind: type[T], at: str = "$") -> T:
    """A part of a document as ``kind``; ``at`` is where it stands."""
    try:
        return msgspec.convert(_settled(value), kind, strict=False, dec_hook=_hidden)
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError(_told(str(error), value, at)) from None


def perhaps(value: object, kind: type[T]) -> T | None:
    """As ``part``, or None where that cannot be read: for what is good to have beside what was asked for."""
    try:
        return part(value, kind)
    except RemoteProtocolError:
        return None


def _data(body: object) -> Any:
    if not isinstance(body, dict):
        raise RemoteProtocolError(f"Expected `object`, got `{_kind(body)}` - at `$`")
    if "data" not in body:
        raise RemoteProtocolError("Object missing required field `data` - at `$`")
    return body["data"]


def _rows(data: object, kind: type[T]) -> tuple[T, ...]:
    if data is None or data == {}:
        return ()
    if isinstance(data, dict):
        return (part(data, kind, "$.data"),)
    if not isinstance(data, list):
        raise RemoteProtocolError(f"Expected `array`, got `{_kind(data)}` - at `$.data`")
    return tuple(part(each, kind, f"$.data[{index}]") for index, each in enumerate(data))


def _settled(value: Any, key: str = "") -> Any:
    """The same with one spelling for each thing; None for what is none."""
    if isinstance(value, dict):
        return {name: told for name, each in value.items() if (told := _settled(each, name)) is not None}
    if isinstance(value, list):
        return [told for each in value if (told := _settled(each)) is not None]
    if isinstance(value, str):
        if not value or value.isspace():
            return None
        return _moment(value) if key.endswith(("_at", "_time")) else value
    return value


def _moment(text: str) -> datetime | str | None:
    """A time in UTC; None for Go's zero and for what is beyond the calendar.

    What is no time stays as it is, and the check of its type will tell.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    if moment.year == 1:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None


_STEP = re.compile(r"\.[^.\[`]+|\[[^\]]*\]")
"""A step of msgspec's path: ``.name``, ``[3]``, or ``[...]`` for one of the values of an object."""


def _told(said: str, value: object, at: str) -> str:
    """msgspec's sentence, with the path from the document's own root, and with places in lists as they were sent.

    What is none was left out before msgspec counted. Inside of a value that it does not name, the place is not named
    either.
    """
    # The last one is msgspec's: before it may stand what was sent, in its own words.
    sentence, mark, path = said.rpartition(" - at `$")
    if not mark:
        return f"{said} - at `{at}`"
    steps = [at]
    for step in _STEP.findall(path):
        if step.startswith("."):
            value = value.get(step[1:]) if isinstance(value, dict) else None
            steps.append(step)
        elif isinstance(value, list):
            index = [place for place, each in enumerate(value) if _settled(each) is not None][int(step[1:-1])]
            value = value[index]
            steps.append(f"[{index}]")
        else:
            value = None
            steps.append("[...]")
    return f"{sentence} - at `{''.join(steps)}`"


def _hidden(kind: type, value: object) -> object:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise ValueError(f"Expected `str`, got `{_kind(value)}`")


def _kind(value: object) -> str:
    """What it is in JSON's words, as msgspec says them."""
    return KINDS.get(type(value), type(value).__name__)


KINDS: Mapping[type, str] = {dict: "object", list: "array", type(None): "null"}
