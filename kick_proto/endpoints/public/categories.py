"""What a stream can be about."""

from collections.abc import Sequence
from functools import partial

import msgspec

from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.official import official, repeated
from kick_proto.endpoints.reading import Page

__all__ = ["Category", "search"]


class Category(msgspec.Struct, frozen=True):
    """A category; ``viewer_count`` is not always told."""

    id: int
    name: str
    thumbnail: str | None = None
    tags: tuple[str, ...] = ()
    viewer_count: int | None = None


def search(
    *,
    names: Sequence[str] = (),
    tags: Sequence[str] = (),
    ids: Sequence[int] = (),
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[Page[Category]]:
    """Categories by names, tags or ids, or all; ``cursor`` of one page asks for the next.

    Any token. Source: Docs: "Categories", version 2. Guess: at most 50 of each, as for channels, and pages up to 1,000.
    """
    query = repeated("name", arguments.texts("names", names, most=50, longest=100))
    query += repeated("tag", arguments.texts("tags", tags, most=50, longest=100))
    query += repeated("id", arguments.numbers("ids", ids, most=50))
    query += arguments.paged(limit, cursor, most=1_000)
    return official("GET", "/v2/categories", partial(reading.page, kind=Category), query=query)
