"""https://api.kick.com: users, channels and livestreams.

Whom there is not is left out, so that an unknown slug gives an empty list. Without a filter one hears of oneself.

Source: Seen: recorded replies (2026); Docs: KickEngineering/KickDevDocs, "Users", "Channels", "Livestreams" (2026-06).
Seen: the second version of livestreams in one client's types (2026). Guess: an application that asks for itself hears
that the request is invalid.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from kick_proto.http import Response
from kick_proto.testing.site.accounts import CATEGORIES, Account, Category, Live
from kick_proto.testing.site.answers import RefusedError, bad_request, done, enveloped
from kick_proto.testing.site.state import State
from kick_proto.testing.site.visit import Visit
from kick_proto.testing.traffic import stamps

__all__ = [
    "channels",
    "livestream_count",
    "livestreams",
    "livestreams_of_users",
    "livestreams_v2",
    "patch_channel",
    "users",
]

LONGEST_SLUG = 25
"""Source: Docs: "Channels"; Seen: a longer one is a 400."""
NO_CATEGORY = 0
"""The id of the category of a channel that has none."""
NEVER = "0001-01-01T00:00:00Z"
"""When a stream began that does not run. Source: Seen: quoted in 2026."""


def users(state: State, visit: Visit) -> Response:
    """Name and picture; the address of nobody but oneself."""
    ids = visit.numbers("id") or [visit.caller]
    found = [account for id in ids if (account := state.account(id))]
    return enveloped([_user(account, visit) for account in found])


def channels(state: State, visit: Visit) -> Response:
    """Channels by user id or by slug, not both."""
    ids, slugs = visit.numbers("broadcaster_user_id"), visit.texts("slug")
    if (ids and slugs) or any(len(slug) > LONGEST_SLUG for slug in slugs):
        return bad_request()
    if slugs:
        found = [account for slug in slugs if (account := state.account_of_slug(slug))]
    else:
        found = [account for id in ids or [visit.caller] if (account := state.account(id))]
    return enveloped([_channel(account, visit) for account in found])


class _Patch(msgspec.Struct):
    category_id: int | None = None
    stream_title: Annotated[str, msgspec.Meta(max_length=140)] | None = None
    custom_tags: Annotated[list[str], msgspec.Meta(max_length=10)] | None = None


def patch_channel(state: State, visit: Visit) -> Response:
    """Change title, category or tags of one's own channel. Guess: how long each may be."""
    patch, account = visit.json(_Patch), state.account_of(visit.caller)
    changes: dict[str, object] = {}
    if patch.category_id is not None:
        changes["category"] = _category(patch.category_id)
    if patch.stream_title is not None:
        changes["title"] = patch.stream_title
    if patch.custom_tags is not None:
        changes["tags"] = tuple(patch.custom_tags)
    if not changes:
        return bad_request()
    state.put(msgspec.structs.replace(account, **changes))
    return done()


def _category(id: int) -> Category:
    found = next((category for category in CATEGORIES if category.id == id), None)
    if found is None:
        raise RefusedError(bad_request("Category not found"))
    return found


# Livestreams, in two versions


def livestreams(state: State, visit: Visit) -> Response:
    """Who broadcasts, by user, category and language: the first version, which names the channel id."""
    ids, categories = visit.numbers("broadcaster_user_id"), visit.numbers("category_id")
    found = [
        (account, live)
        for account, live in _live(state, categories, visit.texts("language"))
        if not ids or account.user_id in ids
    ]
    if visit.text("sort") == "started_at":
        found.sort(key=lambda each: -each[1].unix_started_at)
    return enveloped([_livestream(account, live) for account, live in found[: visit.number("limit", 1, 100, 25)]])


def livestreams_v2(state: State, visit: Visit) -> Response:
    """Who broadcasts, page by page: the second version, which does not name the channel id."""
    found = list(_live(state, visit.numbers("category_id"), visit.texts("language_code")))
    shown, cursor = visit.paged(found)
    return enveloped([_livestream_v2(account, live) for account, live in shown], pagination={"next_cursor": cursor})


def livestreams_of_users(state: State, visit: Visit) -> Response:
    """Which of these users broadcast, in the shape of the second version."""
    ids = visit.numbers("user_id", most=100)
    return enveloped([_livestream_v2(account, live) for account, live in state.live if account.user_id in ids])


def livestream_count(state: State, visit: Visit) -> Response:
    """How many broadcast."""
    return enveloped({"total_count": len(state.live)})


def _live(state: State, categories: list[int], languages: list[str]) -> Iterable[tuple[Account, Live]]:
    for account, live in state.live:
        category = account.category.id if account.category else NO_CATEGORY
        if (not categories or category in categories) and (not languages or account.language[1] in languages):
            yield account, live


# Shapes


def _user(account: Account, visit: Visit) -> dict[str, object]:
    own = visit.token.user_id == account.user_id
    return {
        "email": account.email if own else "",
        "name": account.username,
        "profile_picture": account.picture,
        "user_id": account.user_id,
    }


def _category_row(category: Category | None) -> dict[str, object]:
    if category is None:
        return {"id": NO_CATEGORY, "name": "", "thumbnail": ""}
    return {"id": category.id, "name": category.name, "thumbnail": category.thumbnail}


def _channel(account: Account, visit: Visit) -> dict[str, object]:
    active, canceled, gifted = account.subscribers
    return {
        "active_gifted_subscribers_count": gifted,
        "active_subscribers_count": active,
        "banner_picture": "",
        "broadcaster_user_id": account.user_id,
        "canceled_subscribers_count": canceled,
        "category": _category_row(account.category),
        "channel_description": account.description,
        "slug": account.slug,
        "stream": _stream(account, visit),
        "stream_title": account.title,
    }


def _stream(account: Account, visit: Visit) -> dict[str, object]:
    """What runs; the key is told to the channel's owner alone, with the scope for it."""
    token, live = visit.token, account.live
    own = token.user_id == account.user_id and "streamkey:read" in token.scopes
    stream: dict[str, object] = {
        "is_live": live is not None,
        "is_mature": live is not None and live.mature,
        "key": f"sk_mock_{account.user_id}" if own else "",
        "language": account.language[1] if live else "",
        "start_time": stamps.seconds(live.unix_started_at) if live else NEVER,
        "thumbnail": _thumbnail(live) if live else "",
        "url": "rtmps://ingest.example.invalid/app" if own else "",
        "viewer_count": live.viewers if live else 0,
    }
    return stream | ({"custom_tags": list(account.tags)} if account.tags else {})


def _thumbnail(live: Live) -> str:
    return f"https://files.example.invalid/streams/{live.id}.webp"


def _livestream(account: Account, live: Live) -> dict[str, object]:
    row: dict[str, object] = {
        "broadcaster_user_id": account.user_id,
        "category": _category_row(account.category),
        "channel_id": account.channel_id,
        "has_mature_content": live.mature,
        "language": account.language[1],
        "profile_picture": account.picture,
        "slug": account.slug,
        "started_at": stamps.seconds(live.unix_started_at),
        "stream_title": account.title,
        "thumbnail": _thumbnail(live),
        "viewer_count": live.viewers,
    }
    return row | ({"custom_tags": list(account.tags)} if account.tags else {})


def _livestream_v2(account: Account, live: Live) -> dict[str, object]:
    return {
        "broadcaster_user": {
            "id": account.user_id,
            "profile_picture": account.picture,
            "username": account.username,
        },
        "category": _category_row(account.category),
        "channel": {"slug": account.slug},
        "has_mature_content": live.mature,
        "id": str(live.id),
        "language_code": account.language[1],
        "started_at": stamps.seconds(live.unix_started_at),
        "tags": list(account.tags),
        "thumbnail": _thumbnail(live),
        "title": account.title,
        "viewer_count": live.viewers,
    }
