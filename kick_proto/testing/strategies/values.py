"""JSON values as Kick writes them, derived from the types that read them.

``values_of`` asks msgspec what a type takes and gives what the wire may hold for it: a struct becomes an object in
which optional fields are there, are null, or are left out; a time becomes a text in one of Kick's spellings. So a
field that is added to a payload is drawn from that day on, and nothing here needs to know.

Everything shrinks towards little: fields that may be left out are, numbers go to 0 and texts to nothing.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

from hypothesis import strategies as st
from msgspec import inspect

__all__ = ["Told", "json_values", "moments", "named", "texts_of_people", "values_of"]

Json: TypeAlias = Any
"""What ``json.loads`` may give."""
Told: TypeAlias = Mapping[str, st.SearchStrategy[Json]]
"""What certain fields hold, whatever their type says: by their path on the wire, ``message.action``."""

ValueT = TypeVar("ValueT")

LARGEST = 2**53
"""The largest whole number that every reader of JSON reads exactly."""

_NEVER: Told = {}

_ALPHABET = st.characters(exclude_categories=["Cs"])
_SAYINGS = (
    "hello",
    "!so ada",
    "[emote:37226:KEKW] gg",
    "@ada_l look: https://kick.com/ada",
    "ÀÉ \N{FOX FACE}",
    "a" * 500,
)
_SPELLINGS = ("%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S")


def texts_of_people(*, min_size: int = 0) -> st.SearchStrategy[str]:
    """What people type: short, in any script, with Kick's emotes, mentions and links; no lone surrogates."""
    return st.text(_ALPHABET, min_size=min_size, max_size=20) | st.sampled_from(_SAYINGS)


def moments() -> st.SearchStrategy[str]:
    """Times as the wire spells them: with a zone, with ``Z``, with microseconds, or with nothing (which means UTC).

    Source: Seen: wire catalogue 1.5 (2023-2026).
    """
    times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
    return st.builds(datetime.strftime, times, st.sampled_from(_SPELLINGS))


def named(name: str, strategy: st.SearchStrategy[ValueT]) -> st.SearchStrategy[ValueT]:
    """The same strategy under a short name, for Hypothesis prints strategies, and some here have hundreds of parts."""

    def drawn(draw: st.DrawFn) -> ValueT:
        return draw(strategy)

    drawn.__name__ = name
    return st.composite(drawn)()


def json_values() -> st.SearchStrategy[Json]:
    """Any JSON value, of any kind and depth, that an encoder writes and a decoder reads."""
    leaves = (
        st.none()
        | st.booleans()
        | st.integers(-LARGEST, LARGEST)
        | st.floats(allow_nan=False, allow_infinity=False)
        | texts_of_people()
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts_of_people(), inner, max_size=4),
        max_leaves=8,
    )


def values_of(kind: Any, told: Told = _NEVER) -> st.SearchStrategy[Json]:
    """What the wire may hold where ``kind`` is read: a struct or any other type that msgspec knows.

    ``told`` overrides fields by their path; such a field is there wherever the object around it is.

    Raises:
        TypeError: the type holds something that JSON has no form for.
    """
    return _of(inspect.type_info(kind), told)


def _of(kind: inspect.Type, told: Told) -> st.SearchStrategy[Json]:
    match kind:
        case inspect.StructType():
            return _object(kind, told)
        case inspect.UnionType(types=types):
            # None comes first, so that a field shrinks to null.
            ordered = sorted(types, key=lambda each: not isinstance(each, inspect.NoneType))
            return st.one_of(*(_of(each, told) for each in ordered))
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return st.lists(_of(item, told), max_size=3)
        case inspect.TupleType(item_types=items):
            return st.tuples(*(_of(each, told) for each in items)).map(list)
        case inspect.DictType(value_type=item):
            return st.dictionaries(texts_of_people(), _of(item, told), max_size=3)
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.IntType(ge=int(least)):
            return st.integers(least, LARGEST)
        case _ if (leaf := LEAVES.get(type(kind))) is not None:
            return leaf
    raise TypeError(f"there is no JSON value for {kind}")


def _object(kind: inspect.StructType, told: Told) -> st.SearchStrategy[Json]:
    required: dict[str, st.SearchStrategy[Json]] = {}
    optional: dict[str, st.SearchStrategy[Json]] = {}
    for field in kind.fields:
        name = field.encode_name
        inner = {path.partition(".")[2]: value for path, value in told.items() if path.startswith(f"{name}.")}
        if name in told:
            required[name] = told[name]
        else:
            taken = _id_of(field.type) if name == "id" or name.endswith("_id") else field.type
            (required if field.required else optional)[name] = _of(taken, inner)
    return st.fixed_dictionaries(required, optional=optional)


def _id_of(kind: inspect.Type) -> inspect.Type:
    """The type, where a number in it counts nothing but names something: Kick's begin with 1."""
    match kind:
        case inspect.IntType(ge=None):
            return inspect.IntType(ge=1)
        case inspect.UnionType(types=types):
            return inspect.UnionType(tuple(map(_id_of, types)))
    return kind


LEAVES: Mapping[type[inspect.Type], st.SearchStrategy[Json]] = {
    inspect.AnyType: json_values(),
    inspect.NoneType: st.none(),
    inspect.BoolType: st.booleans(),
    inspect.IntType: st.integers(0, LARGEST),
    inspect.FloatType: st.integers(0, 4_000_000_000) | st.floats(0, 4e12),
    inspect.StrType: texts_of_people(),
    inspect.DateTimeType: moments(),
}
"""What has nothing inside. Numbers are counts, ids and times on this wire, and so none is below 0."""
