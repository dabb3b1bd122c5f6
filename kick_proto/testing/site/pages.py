"""https://kick.com: what the web page asks of a channel, a stream and a chatroom.

Slugs are looked up whatever their case; an underscore is not taken for a hyphen.

Source: Seen: recorded replies (2023 to 2026); two clients for ``{"data": null}``. Guess: the body of an unknown slug's
404, by that of sibling routes.
"""

from kick_proto.http import Headers, Response
from kick_proto.testing.site.accounts import Account, Category, Live
from kick_proto.testing.site.answers import RefusedError, json_reply
from kick_proto.testing.site.state import State
from kick_proto.testing.site.visit import Visit
from kick_proto.testing.traffic import stamps

__all__ = ["channel", "chatroom", "livestream"]

CACHED: Headers = (("cache-control", "public, max-age=15"),)
FRESH: Headers = (("cache-control", "no-cache, private"),)
MISSING = {"error": "Not Found", "message": "Channel not found.", "status": 404}
BADGE_MONTHS = (1, 2, 3, 6, 12)


def channel(state: State, visit: Visit) -> Response:
    """The channel with its user, its chatroom and, if it is live, its stream."""
    return json_reply(_channel(_found(state, visit)), headers=CACHED)


def livestream(state: State, visit: Visit) -> Response:
    """The stream alone, in another shape; null where there is none."""
    account = _found(state, visit)
    data = None if account.live is None else _stream_alone(account, account.live)
    return json_reply({"data": data}, headers=FRESH)


def chatroom(state: State, visit: Visit) -> Response:
    """How the chat is set."""
    account = _found(state, visit)
    off = {"enabled": False}
    body = {
        "id": account.chatroom_id,
        "slow_mode": {"enabled": account.slow_mode > 0, "message_interval": account.slow_mode},
        "subscribers_mode": off,
        "followers_mode": {"enabled": account.followers_mode > 0, "min_duration": account.followers_mode},
        "emotes_mode": off,
        "account_age": off | {"min_duration": 0},
        "gifts_enabled": off,
        "gifts_week_enabled": off,
        "gifts_month_enabled": off,
        "show_quick_emotes": off,
        "show_banners": off,
        "pinned_message": None,
    }
    return json_reply(body, headers=FRESH)


def _found(state: State, visit: Visit) -> Account:
    account = state.account_of_slug(visit.params["slug"])
    if account is None:
        raise RefusedError(json_reply(MISSING, 404, headers=FRESH))
    return account


# Shapes


def _channel(account: Account) -> dict[str, object]:
    return {
        "id": account.channel_id,
        "user_id": account.user_id,
        "slug": account.slug,
        "is_banned": account.banned,
        "playback_url": _playback(account),
        "vod_enabled": True,
        "subscription_enabled": True,
        "is_affiliate": False,
        # A text since 2026, a number before.
        "followers_count": str(account.follower_count),
        "subscriber_badges": [_badge(account, months) for months in BADGE_MONTHS],
        "banner_image": {"url": f"https://files.example.invalid/banners/{account.channel_id}"},
        "livestream": None if account.live is None else _stream(account, account.live),
        "role": None,
        "muted": False,
        "follower_badges": [],
        "offline_banner_image": None,
        "verified": account.verified,
        "recent_categories": [] if account.category is None else [_category(account.category) | _banner()],
        "can_host": True,
        "user": _user(account),
        "chatroom": _chatroom(account),
    }


def _playback(account: Account) -> str:
    return f"https://playback.example.invalid/{account.channel_id}.m3u8?token=mock-playback-{account.user_id}"


def _badge(account: Account, months: int) -> dict[str, object]:
    image = {"srcset": "", "src": f"https://files.example.invalid/badges/{account.channel_id}-{months}"}
    return {
        "id": account.channel_id + months,
        "channel_id": account.channel_id,
        "months": months,
        "badge_image": image,
    }


def _user(account: Account) -> dict[str, object]:
    handles = dict.fromkeys(("instagram", "twitter", "youtube", "discord", "tiktok", "facebook"), "")
    return {
        "id": account.user_id,
        "username": account.username,
        "bio": account.bio,
        "club": None,
        **handles,
        "profile_pic": account.picture,
    }


def _chatroom(account: Account) -> dict[str, object]:
    created_at = stamps.laravel(account.unix_created_at)
    return {
        "id": account.chatroom_id,
        "chatable_type": "App\\Models\\Channel",
        "channel_id": account.channel_id,
        "created_at": created_at,
        "updated_at": created_at,
        "chat_mode_old": "public",
        "chat_mode": "public",
        "slow_mode": account.slow_mode > 0,
        "chatable_id": account.channel_id,
        "followers_mode": account.followers_mode > 0,
        "subscribers_mode": False,
        "emotes_mode": False,
        "message_interval": account.slow_mode,
        "following_min_duration": account.followers_mode,
    }


def _stream(account: Account, live: Live) -> dict[str, object]:
    language, code = account.language
    return {
        "id": live.id,
        "slug": _stream_slug(live),
        "channel_id": account.channel_id,
        "created_at": stamps.spaced(live.unix_started_at + 1),
        "session_title": account.title,
        "is_live": True,
        "risk_level_id": None,
        "start_time": stamps.spaced(live.unix_started_at),
        "source": None,
        "twitch_channel": None,
        "duration": 0,
        "language": language,
        "lang_iso": code,
        "is_mature": live.mature,
        "viewer_count": live.viewers,
        "thumbnail": {"url": f"https://files.example.invalid/streams/{live.id}.webp"},
        "tags": list(account.tags),
        "categories": [] if account.category is None else [_category(account.category)],
    }


def _stream_alone(account: Account, live: Live) -> dict[str, object]:
    source = f"https://files.example.invalid/streams/{live.id}.webp"
    category = account.category
    return {
        "id": live.id,
        "slug": _stream_slug(live),
        "session_title": account.title,
        "created_at": stamps.laravel(live.unix_started_at + 1),
        "language": account.language[0],
        "is_mature": live.mature,
        "viewers": live.viewers,
        "category": None if category is None else _category_alone(category),
        "playback_url": _playback(account),
        "thumbnail": {"src": source, "srcset": f"{source} 720w"},
    }


def _stream_slug(live: Live) -> str:
    return f"{live.id:08x}-stream"


def _category(category: Category) -> dict[str, object]:
    id, name, slug = category.parent
    return {
        "id": category.id,
        "category_id": id,
        "name": category.name,
        "slug": category.slug,
        "tags": list(category.tags),
        "description": None,
        "deleted_at": None,
        "is_mature": False,
        "is_promoted": False,
        "is_fallback": False,
        "viewers": category.viewers,
        "category": {"id": id, "name": name, "slug": slug, "icon": "\N{STUDIO MICROPHONE}"},
    }


def _banner() -> dict[str, object]:
    # Such a long text stands there at Kick as well, once for each size.
    picture = f"data:image/svg+xml;base64,{'PHN2Zy8+' * 40} 32w"
    return {"banner": {"responsive": picture, "url": "https://files.example.invalid/categories/banner.webp"}}


def _category_alone(category: Category) -> dict[str, object]:
    id, _, slug = category.parent
    return {
        "id": category.id,
        "name": category.name,
        "slug": category.slug,
        "tags": list(category.tags),
        "parent_category": {"id": id, "slug": slug},
    }
