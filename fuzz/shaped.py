"""JSON in the shape of a struct, drawn from bytes: what flipping bits in a text would hardly ever hit upon.

Each byte is a choice: whether a field is there, whether its value is of its type, and which of that type's values,
among them those at the edges of calendars and numbers. No target: ``decoders`` and ``render`` use it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect

__all__ = ["draw"]

Source: TypeAlias = Iterator[int]
"""Bytes; behind the last one, zeros."""

NUMBERS = ("0", "1", "7", "-1", "1700000000", "9223372036854775807", "-9223372036854775808", "253402300800", "1e18")
FLOATS = ("0.5", "-0.0", "1e308", "-1e308", "1e-320", "86399999913600", "253402300799.9999999", "1e400", *NUMBERS)
TEXTS = (
    '""',
    '"tea"',
    '"#ff0000"',
    r'"\ud83e\udd8a"',
    r'"\u0000\u001b[2J\u202e\u2066\u009f\u2028"',
    '"[emote:1:a] @b"',
    '"12"',
    '"x=1"',
)
MOMENTS = (
    '"2026-11-01T12:00:00Z"',
    '"2026-11-01 12:00:00"',
    '"2026-11-01T12:00:00.123456789+05:30"',
    '"9999-12-31T23:59:59.9999999Z"',
    '"9999-12-31T23:59:59-23:59"',
    '"0001-01-01T00:00:00+23:59"',
    '"0001-01-01T00:00:00"',
    "1700000000",
)
ODD = ("null", "true", "[]", "{}", "[[]]", '{"id":{}}', *TEXTS, *MOMENTS, *FLOATS)
"""What may stand where anything else was expected."""


def draw(kind: type[msgspec.Struct], choices: bytes) -> str:
    """The JSON text of one value, most of it of the struct's shape; the same bytes give the same text."""
    return _value(_type_info(kind), _endless(choices))


_type_info = cache(inspect.type_info)


def _endless(choices: bytes) -> Source:
    yield from choices
    while True:
        yield 0


def _one_of(values: tuple[str, ...]) -> Callable[[Any, Source], str]:
    return lambda kind, source: values[next(source) % len(values)]


def _struct(kind: inspect.StructType, source: Source) -> str:
    fields: list[str] = []
    for field in kind.fields:
        choice = next(source) % 8
        if choice or field.required:
            value = ODD[next(source) % len(ODD)] if choice == 7 else _value(field.type, source)
            fields.append(f'"{field.encode_name}":{value}')
    return "{" + ",".join(fields) + "}"


def _union(kind: inspect.UnionType, source: Source) -> str:
    return _value(kind.types[next(source) % len(kind.types)], source)


def _list(kind: inspect.ListType | inspect.VarTupleType, source: Source) -> str:
    return "[" + ",".join(_value(kind.item_type, source) for _ in range(next(source) % 4)) + "]"


def _custom(kind: inspect.Type, source: Source) -> str:
    return ODD[next(source) % len(ODD)]


SHAPES: Mapping[type[inspect.Type], Callable[[Any, Source], str]] = {
    inspect.StructType: _struct,
    inspect.UnionType: _union,
    inspect.ListType: _list,
    inspect.VarTupleType: _list,
    inspect.IntType: _one_of(NUMBERS),
    inspect.FloatType: _one_of(FLOATS),
    inspect.StrType: _one_of(TEXTS),
    inspect.BoolType: _one_of(("true", "false", "0", "1")),
    inspect.DateTimeType: _one_of(MOMENTS),
    inspect.NoneType: _one_of(("null",)),
}
"""How a value of each type is drawn; of any other, an odd one."""


def _value(kind: inspect.Type, source: Source) -> str:
    return SHAPES.get(type(kind), _custom)(kind, source)
