"""The table of what can be asked, where, by whom, and what is done then.

Source: Docs: KickEngineering/KickDevDocs, pages of the API (2026-06); Seen: recorded replies. What is not here is
answered with the host's own 404.
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import TypeAlias
from urllib.parse import unquote

import msgspec

from kick_proto.endpoints.call import Host
from kick_proto.http import Response
from kick_proto.testing.site import categories, channels, chat, oauth, pages, rewards, webhooks
from kick_proto.testing.site.state import State
from kick_proto.testing.site.visit import Visit

__all__ = ["ROUTES", "Act", "Route", "Who", "find"]

Act: TypeAlias = Callable[[State, Visit], Response]
"""What is done: it reads the visit, changes the state, and answers."""


class Who(Enum):
    """Who may ask."""

    ANYBODY = "anybody"
    """No token is looked at."""
    TOKEN = "token"
    """A user, or an application for itself."""
    USER = "user"
    """A user; an application's own token is turned away with 401."""


class Route(msgspec.Struct, frozen=True):
    """One row; ``pattern`` has gaps in braces. An application's own token needs no ``scope``, for it has none."""

    host: Host
    method: str
    pattern: str
    act: Act
    who: Who = Who.ANYBODY
    scope: str | None = None


_API, _SITE, _ID = Host.API, Host.SITE, Host.ID
_V1, _V2 = "/public/v1", "/public/v2"
_CHANNEL = "/api/v2/channels/{slug}"
_REDEMPTIONS = f"{_V1}/channels/rewards/redemptions"
_REWARD = f"{_V1}/channels/rewards/{{reward_id}}"

ROUTES: tuple[Route, ...] = (
    Route(_API, "GET", f"{_V1}/users", channels.users, Who.TOKEN, "user:read"),
    Route(_API, "GET", f"{_V1}/users/livestreams", channels.livestreams_of_users, Who.TOKEN),
    Route(_API, "GET", f"{_V1}/channels", channels.channels, Who.TOKEN, "channel:read"),
    Route(_API, "PATCH", f"{_V1}/channels", channels.patch_channel, Who.USER, "channel:write"),
    Route(_API, "GET", f"{_V1}/livestreams", channels.livestreams, Who.TOKEN),
    Route(_API, "GET", f"{_V1}/livestreams/stats", channels.livestream_count, Who.TOKEN),
    Route(_API, "GET", f"{_V2}/livestreams", channels.livestreams_v2, Who.TOKEN),
    Route(_API, "GET", f"{_V2}/categories", categories.categories, Who.TOKEN),
    Route(_API, "GET", f"{_V1}/categories", categories.categories_v1, Who.TOKEN),
    Route(_API, "GET", f"{_V1}/categories/{{category_id}}", categories.category_v1, Who.TOKEN),
    Route(_API, "POST", f"{_V1}/chat", chat.send, Who.USER, "chat:write"),
    Route(_API, "DELETE", f"{_V1}/chat/{{message_id}}", chat.delete, Who.USER, "moderation:chat_message:manage"),
    Route(_API, "POST", f"{_V1}/moderation/bans", chat.ban, Who.USER, "moderation:ban"),
    Route(_API, "DELETE", f"{_V1}/moderation/bans", chat.unban, Who.USER, "moderation:ban"),
    Route(_API, "GET", f"{_V1}/channels/rewards", rewards.rewards, Who.USER, "channel:rewards:read"),
    Route(_API, "POST", f"{_V1}/channels/rewards", rewards.create, Who.USER, "channel:rewards:write"),
    Route(_API, "GET", _REDEMPTIONS, rewards.redemptions, Who.USER, "channel:rewards:read"),
    Route(_API, "POST", f"{_REDEMPTIONS}/accept", rewards.accept, Who.USER, "channel:rewards:write"),
    Route(_API, "POST", f"{_REDEMPTIONS}/reject", rewards.reject, Who.USER, "channel:rewards:write"),
    Route(_API, "PATCH", _REWARD, rewards.update, Who.USER, "channel:rewards:write"),
    Route(_API, "DELETE", _REWARD, rewards.delete, Who.USER, "channel:rewards:write"),
    Route(_API, "GET", f"{_V1}/kicks/leaderboard", webhooks.leaderboard, Who.USER, "kicks:read"),
    Route(_API, "GET", f"{_V1}/events/subscriptions", webhooks.subscriptions, Who.TOKEN, "events:subscribe"),
    Route(_API, "POST", f"{_V1}/events/subscriptions", webhooks.subscribe, Who.TOKEN, "events:subscribe"),
    Route(_API, "DELETE", f"{_V1}/events/subscriptions", webhooks.unsubscribe, Who.TOKEN, "events:subscribe"),
    Route(_API, "GET", f"{_V1}/public-key", webhooks.public_key),
    Route(_SITE, "GET", _CHANNEL, pages.channel),
    Route(_SITE, "GET", f"{_CHANNEL}/livestream", pages.livestream),
    Route(_SITE, "GET", f"{_CHANNEL}/chatroom", pages.chatroom),
    Route(_ID, "GET", "/oauth/authorize", oauth.authorize),
    Route(_ID, "POST", "/oauth/token", oauth.token),
    Route(_ID, "POST", "/oauth/revoke", oauth.revoke),
    Route(_ID, "POST", "/oauth/token/introspect", oauth.introspect),
)
"""All of them; where two fit, the first is meant."""


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", pattern)
    return re.compile("".join(f"(?P<{part}>[^/]+)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)))


_PATTERNS = tuple((route, _compiled(route.pattern)) for route in ROUTES)


def find(host: Host, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route that is meant, and what stands in its gaps."""
    for route, pattern in _PATTERNS:
        if (route.host, route.method) == (host, method) and (found := pattern.fullmatch(path)):
            return route, {name: unquote(text) for name, text in found.groupdict().items()}
    return None
