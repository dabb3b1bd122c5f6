"""A request that has found its route: who asks, and the ways in which its parts are read.

What cannot be read is answered there and then with a 400, by raising ``RefusedError``.

Source: Docs: KickEngineering/KickDevDocs, "API"; Seen: lists are repeated parameters, errors carry ``data: {}``.
"""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from kick_proto.endpoints.call import Host
from kick_proto.ids import UserId
from kick_proto.testing.site.answers import RefusedError, bad_request
from kick_proto.testing.site.exchange import SiteRequest
from kick_proto.testing.site.ledger import NOBODY, Token

__all__ = ["Visit", "pairs_of", "unrepeated"]

MOST_FIELDS = 500
"""Fields of a query or a form."""
LONGEST_NUMBER = 15
"""Digits of a number."""
PAGE = 25
"""Rows of a page where no limit is named."""
LARGEST_PAGE = 100

BodyT = TypeVar("BodyT")
ItemT = TypeVar("ItemT")


def pairs_of(text: str) -> list[tuple[str, str]] | None:
    """The fields of a query or form; None where there are too many."""
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        return None


def unrepeated(pairs: list[tuple[str, str]] | None) -> dict[str, str] | None:
    """The fields by name; None where a name stands there twice. Source: Spec: RFC 6749 section 3.1."""
    fields = dict(pairs or ())
    return fields if pairs is not None and len(fields) == len(pairs) else None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """See the module's docstring. ``params`` are the gaps of the route's path, ``token`` is whose call it is."""

    now: float
    unix_now: float
    host: Host
    request: SiteRequest
    raw_query: str
    params: dict[str, str] = {}
    token: Token = NOBODY

    @property
    def bearer(self) -> str:
        """The access token that was sent along, or nothing."""
        scheme, _, value = self.request.header("authorization").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""

    @property
    def caller(self) -> UserId:
        """The user whose token it is; an app's token is turned away."""
        if self.token.user_id is None:
            raise RefusedError(bad_request())
        return self.token.user_id

    def fields(self) -> list[tuple[str, str]]:
        """The fields of the query."""
        pairs = pairs_of(self.raw_query)
        if pairs is None:
            raise RefusedError(bad_request())
        return pairs

    def texts(self, name: str, most: int = 50) -> list[str]:
        """The values of a repeated field."""
        values = [value for each, value in self.fields() if each == name]
        if len(values) > most:
            raise RefusedError(bad_request())
        return values

    def text(self, name: str) -> str | None:
        """The first value of a field."""
        return next((value for each, value in self.fields() if each == name), None)

    def numbers(self, name: str, most: int = 50) -> list[int]:
        """The values of a repeated field that holds numbers."""
        return [_number(value) for value in self.texts(name, most)]

    def number(self, name: str, low: int, high: int, default: int) -> int:
        """The number in a field, which must lie within bounds."""
        text = self.text(name)
        value = default if text is None else _number(text)
        if not low <= value <= high:
            raise RefusedError(bad_request())
        return value

    def form(self) -> dict[str, str] | None:
        """The fields of the body; None where it is no form, or one with a name twice."""
        kind = self.request.header("content-type").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return None
        return unrepeated(pairs_of(self.request.body.decode(errors="replace")))

    def json(self, type: type[BodyT]) -> BodyT:
        """The JSON in the body."""
        try:
            return msgspec.json.decode(self.request.body, type=type)
        except (msgspec.DecodeError, RecursionError):
            raise RefusedError(bad_request()) from None

    def paged(self, items: Sequence[ItemT]) -> tuple[Sequence[ItemT], str]:
        """The page that ``cursor`` and ``limit`` ask for, and the cursor of the next: nothing at the end."""
        limit = self.number("limit", 1, LARGEST_PAGE, PAGE)
        cursor = self.text("cursor") or "page0"
        if not cursor.startswith("page"):
            raise RefusedError(bad_request())
        start = _number(cursor.removeprefix("page"))
        return items[start : start + limit], f"page{start + limit}" if start + limit < len(items) else ""


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise RefusedError(bad_request())
    return int(text)
