"""https://api.kick.com: categories, in the second version and in the first, which is deprecated.

Source: Docs: KickEngineering/KickDevDocs, "Categories" (2026-06). Guess: ``viewer_count`` stands in both.
"""

from kick_proto.http import Response
from kick_proto.testing.site.accounts import CATEGORIES, Category
from kick_proto.testing.site.answers import RefusedError, bad_request, enveloped, not_found
from kick_proto.testing.site.state import State
from kick_proto.testing.site.visit import Visit

__all__ = ["categories", "categories_v1", "category_v1"]


def categories(state: State, visit: Visit) -> Response:
    """Categories by name, tag or id, page by page."""
    ids, names, tags = visit.numbers("id"), visit.texts("name"), visit.texts("tag")
    found = [
        each
        for each in CATEGORIES
        if (not ids or each.id in ids)
        and (not names or any(name.casefold() in each.name.casefold() for name in names))
        and (not tags or any(tag.casefold() in map(str.casefold, each.tags) for tag in tags))
    ]
    shown, cursor = visit.paged(found)
    return enveloped([_row(each) for each in shown], pagination={"next_cursor": cursor})


def categories_v1(state: State, visit: Visit) -> Response:
    """Categories whose name has ``q`` in it."""
    wanted = visit.text("q")
    if not wanted:
        return bad_request()
    return enveloped([_row_v1(each) for each in CATEGORIES if wanted.casefold() in each.name.casefold()])


def category_v1(state: State, visit: Visit) -> Response:
    """One category."""
    wanted = visit.params["category_id"]
    found = next((each for each in CATEGORIES if str(each.id) == wanted), None)
    if found is None:
        raise RefusedError(not_found())
    return enveloped(_row_v1(found) | {"tags": list(found.tags), "viewer_count": found.viewers})


def _row(category: Category) -> dict[str, object]:
    return _row_v1(category) | {"tags": list(category.tags), "viewer_count": category.viewers}


def _row_v1(category: Category) -> dict[str, object]:
    return {"id": category.id, "name": category.name, "thumbnail": category.thumbnail}
