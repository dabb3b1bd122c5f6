"""The page ``docs/events.md``, printed from the decoder table: ``python -m tests.event_table > docs/events.md``."""

import inspect
import re
import sys
import typing
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect as shapes

from kick_proto import events
from kick_proto.decoders import PREFIX, ROWS, Row

NAMES: dict[type, str] = {
    shapes.AnyType: "anything",
    shapes.BoolType: "bool",
    shapes.DateTimeType: "time",
    shapes.DecimalType: "number",
    shapes.FloatType: "number",
    shapes.IntType: "int",
    shapes.NoneType: "null",
    shapes.RawType: "anything",
    shapes.StrType: "str",
}
"""What the wire's types are called here; a number may come as a string of digits as well."""

EVENTS = [
    each
    for each in (getattr(events, name) for name in events.__all__)
    if issubclass(each, events.Arrival) and each.__struct_config__.tag is not None
]
"""The unified events that can come, and not what they have in common."""


WIRE = """\
Each row answers to the bare name and to the prefixed one. Of the fields of a payload, only those that are read are
named, as JSON paths; `?` stands behind what may be absent, `[]` behind a list. Confidence: A recorded in several
places, B recorded in one, C known from clients that ran. Topics behind *login:* cannot be had without one."""

APPLICATION = """\
Every event has `received_at` (UTC) and `raw` (the frame as it came), and all but a few `Undecodable` a `channel`. A
name that no row knows gives `Unknown`, a payload that its row cannot read `Undecodable`."""


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Events"
    yield ""
    yield "Printed from the decoder table by `python -m tests.event_table > docs/events.md`; a test keeps it fresh."
    yield ""
    yield "## What Kick sends"
    yield ""
    yield WIRE
    yield ""
    yield "| names on the wire | topics | unified events | fields | seen | confidence |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in ROWS:
        cells = (_names(row), _topics(row), _made(row), _fields(row.payload), row.era, row.confidence)
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "## What an application gets"
    yield ""
    yield APPLICATION
    yield ""
    yield "| event | what happened | fields |"
    yield "| --- | --- | --- |"
    for event in EVENTS:
        yield f"| `{event.__name__}` | {_first_sentences(event)} | {_own_fields(event)} |"
    yield ""
    yield "What stands in their fields:"
    yield ""
    yield "| struct | what it is | fields |"
    yield "| --- | --- | --- |"
    for struct in _parts():
        yield f"| `{struct.__name__}` | {_first_sentences(struct)} | {_own_fields(struct)} |"


def _names(row: Row[Any]) -> str:
    return f"`{row.name}` `{PREFIX}{row.name}`"


def _topics(row: Row[Any]) -> str:
    public = [f"`{kind.value.format(f'{{{kind.id_type}}}')}`" for kind in row.topics]
    private = [f"`{name.format('{id}')}`" for name in row.private]
    return " ".join([*public, *(["*login:*", *private] if private else [])])


def _made(row: Row[Any]) -> str:
    return " ".join(f"`{made.__name__}`" for made in row.makes)


def _fields(payload: type) -> str:
    return ", ".join(f"`{path}` {what}" for path, what in _paths(shapes.type_info(payload), "")) or "none is read"


def _paths(shape: shapes.Type, path: str) -> Iterator[tuple[str, str]]:
    """The leaves below a struct: path, and type in words."""
    assert isinstance(shape, shapes.StructType)
    for field in shape.fields:
        name = f"{path}{field.encode_name}"
        mark = "" if field.required else "?"
        yield from _leaves(field.type, name, mark)


def _leaves(shape: shapes.Type, name: str, mark: str) -> Iterator[tuple[str, str]]:
    words: list[str] = []
    for each in shape.types if isinstance(shape, shapes.UnionType) else (shape,):
        match each:
            case shapes.StructType():
                yield from _paths(each, f"{name}{mark}.")
            case shapes.VarTupleType(item_type=item) | shapes.ListType(item_type=item):
                yield from _leaves(item, f"{name}[]", mark)
            case shapes.NoneType():
                pass  # Kick writes null wherever a field may be absent.
            case _:
                words.append(NAMES.get(type(each), type(each).__name__.removesuffix("Type").lower()))
    if words:
        yield f"{name}{mark}", " or ".join(words)


def _first_sentences(documented: type) -> str:
    """The first paragraph of the docstring, up to where it says what it is on the wire."""
    first = " ".join((inspect.getdoc(documented) or "").partition("\n\n")[0].split())
    return _cell(re.split(r" Wire\b", first)[0].replace("``", "`"))


def _own_fields(struct: type[msgspec.Struct]) -> str:
    common = set(events.Event.__struct_fields__)
    hints = typing.get_type_hints(struct)
    told = [f"`{name}: {_hint(hints[name])}`" for name in struct.__struct_fields__ if name not in common]
    return ", ".join(told) or "none of its own"


def _hint(hint: object) -> str:
    """An annotation as one writes it, in a cell of a table."""
    text = hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)
    bare = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text)
    return _cell(re.sub(r"Optional\[(\w+)\]", r"\1 | None", bare))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _parts() -> Iterable[type[msgspec.Struct]]:
    every = (getattr(events, name) for name in events.__all__)
    return [each for each in every if not issubclass(each, events.Arrival)]


if __name__ == "__main__":
    sys.stdout.write(page())
