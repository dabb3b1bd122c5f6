"""A table of replies: one row for each kind that was recorded, with invented content, and what each becomes.

``tests/test_recorded_rest.py`` holds the recordings themselves to the same rows, line by line.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias

import msgspec

from kick_proto import events
from kick_proto.endpoints import generic, oauth, site
from kick_proto.endpoints.call import Call, Host
from kick_proto.endpoints.public import channels, chat, livestreams, users, webhooks
from kick_proto.endpoints.user import Livestream, User
from kick_proto.errors import NotFound, RemoteProtocolError
from kick_proto.http import Headers, Response
from kick_proto.ids import ChannelId, ChatroomId, UserId
from kick_proto.outcomes import Outcome, classify
from kick_proto.secret import Secret
from kick_proto.slugs import Slug

Json: TypeAlias = Any
Reading: TypeAlias = Callable[[Json], object]

JSON: Headers = (("content-type", "application/json"),)
HTML: Headers = (("content-type", "text/html; charset=UTF-8"),)
NOW = 1_777_896_000.0
SLUG = "night-fox"


class Row(NamedTuple):
    """A kind of reply.

    ``ask`` makes the call of a slug; None where none of ours is asked so. ``becomes`` is the result of the invented
    body, or the outcome of a failure. ``places`` tells for a recorded body where each attribute's value stands in it.
    """

    name: str
    ask: Callable[[str], Call[Any]] | None
    status: int
    body: Json
    becomes: object
    places: Mapping[str, str | Reading] = {}
    headers: Headers = JSON

    def response(self) -> Response:
        body = self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)
        return Response(self.status, self.headers, body)


def outcome(call: Call[Any] | None, response: Response) -> object:
    """What a client makes of it: a result, or the outcome of a failure."""
    if (failure := classify(response, NOW)) is not None:
        return failure.outcome
    if call is None:
        return None
    try:
        return call.parse(response)
    except RemoteProtocolError:
        return Outcome.BAD_RESPONSE
    except NotFound:
        return Outcome.NOT_FOUND


# Bodies: the shapes of the recorded ones, with every field that was seen and invented values

CATEGORY: Json = {
    "id": 77,
    "category_id": 3,
    "name": "Fox Watching",
    "slug": "fox-watching",
    "tags": ["Nature"],
    "description": None,
    "deleted_at": None,
    "is_mature": False,
    "is_promoted": False,
    "is_fallback": False,
    "viewers": 512,
    "category": {"id": 3, "name": "Outdoors", "slug": "outdoors", "icon": "\N{FOX FACE}"},
}
BROADCAST: Json = {
    "id": 9001,
    "slug": "5f00-foxes-at-night",
    "channel_id": 11,
    "created_at": "2026-05-04 11:58:02",
    "start_time": "2026-05-04 11:58:01",
    "session_title": "Foxes at night",
    "is_live": True,
    "risk_level_id": None,
    "source": None,
    "twitch_channel": None,
    "duration": 0,
    "language": "English",
    "lang_iso": "en",
    "is_mature": False,
    "viewer_count": 41,
    "thumbnail": {"url": "https://files.example/9001.webp"},
    "tags": ["fox", "night"],
    "categories": [CATEGORY],
}
CHANNEL: Json = {
    "id": 11,
    "user_id": 7,
    "slug": SLUG,
    "is_banned": False,
    "is_affiliate": True,
    "vod_enabled": True,
    "subscription_enabled": True,
    "muted": False,
    "can_host": True,
    "verified": True,
    "followers_count": "1234",
    "playback_url": "https://live.example/11.m3u8?token=canary-of-playback",
    "banner_image": {"url": "https://files.example/banner.webp"},
    "offline_banner_image": {"src": "https://files.example/off.webp", "srcset": "data:image/svg+xml;base64,AAAA"},
    "subscriber_badges": [
        {"id": 1, "channel_id": 11, "months": 1, "badge_image": {"src": "https://files.example/1", "srcset": ""}}
    ],
    "follower_badges": [],
    "role": None,
    "recent_categories": [{**CATEGORY, "banner": {"url": "https://files.example/c.webp", "responsive": ""}}],
    "livestream": BROADCAST,
    "user": {
        "id": 7,
        "username": "Night_Fox",
        "bio": "",
        "club": None,
        "profile_pic": "https://files.example/7.webp",
        "twitter": "",
        "youtube": None,
        "instagram": "",
        "discord": "",
        "facebook": "",
        "tiktok": "",
    },
    "chatroom": {
        "id": 22,
        "channel_id": 11,
        "chatable_id": 11,
        "chatable_type": "App\\Models\\Channel",
        "chat_mode": "public",
        "chat_mode_old": "public",
        "created_at": "2023-01-02T03:04:05.000000Z",
        "updated_at": "2026-01-02T03:04:05.000000Z",
        "slow_mode": False,
        "followers_mode": True,
        "subscribers_mode": False,
        "emotes_mode": False,
        "message_interval": 5,
        "following_min_duration": 5,
    },
}
OFFLINE: Json = {
    **{name: value for name, value in CHANNEL.items() if name not in ("banner_image", "is_affiliate")},
    "followers_count": 1234,
    "livestream": None,
    "verified": {"id": 5, "channel_id": 11},
    "user": {**CHANNEL["user"], "profile_pic": None},
}
ON = Livestream(
    id=9001,
    title="Foxes at night",
    category=events.Category("Fox Watching", 77, "fox-watching"),
    language="English",
    started_at=datetime(2026, 5, 4, 11, 58, 1, tzinfo=UTC),
    viewer_count=41,
    is_mature=False,
    tags=("fox", "night"),
    thumbnail="https://files.example/9001.webp",
)
FOX = User(
    slug=Slug(SLUG),
    user_id=UserId(7),
    channel_id=ChannelId(11),
    chatroom_id=ChatroomId(22),
    username="Night_Fox",
    avatar="https://files.example/7.webp",
    followers_count=1234,
    is_banned=False,
    is_live=True,
    livestream=ON,
    source="site",
)
ROUTE: Json = {
    "id": 9001,
    "slug": "5f00-foxes-at-night",
    "session_title": "Foxes at night",
    "created_at": "2026-05-04T11:58:02.000000Z",
    "language": "English",
    "is_mature": False,
    "viewers": 41,
    "playback_url": "https://live.example/11.m3u8?token=canary-of-playback",
    "category": {
        "id": 77,
        "name": "Fox Watching",
        "slug": "fox-watching",
        "tags": ["Nature"],
        "parent_category": {"id": 3, "slug": "outdoors"},
    },
    "thumbnail": {"src": "https://files.example/9001.webp", "srcset": "https://files.example/9001-2.webp 2x"},
}
RULES: Json = {
    "id": 22,
    "slow_mode": {"enabled": True, "message_interval": 6},
    "followers_mode": {"enabled": True, "min_duration": 3},
    "subscribers_mode": {"enabled": False},
    "emotes_mode": {"enabled": False},
    "account_age": {"enabled": False, "min_duration": 10},
    "gifts_enabled": {"enabled": False},
    "gifts_week_enabled": {"enabled": False},
    "gifts_month_enabled": {"enabled": False},
    "show_quick_emotes": {"enabled": False},
    "show_banners": {"enabled": False},
    "pinned_message": None,
}
SAID: Json = {
    "id": "m-1",
    "chat_id": 11,
    "user_id": 8,
    "content": "good night [emote:501:OwlClap]",
    "type": "message",
    "metadata": '{"message_ref":"1777896000123"}',
    "created_at": "2026-05-04T12:00:00Z",
    "thread_parent_id": None,
    "sender": {
        "id": 8,
        "slug": "ada-l",
        "username": "Ada_L",
        "identity": {
            "color": "#FFD899",
            "badges": [{"type": "subscriber", "text": "Subscriber", "count": 12, "sort_order": 1}],
            "badges_v2": [{"name": "12 months", "badge_type": "subscriber", "metadata": {"months": 12}}],
        },
    },
}
ADA = events.Author(UserId(8), "Ada_L", "ada-l", "#FFD899", (events.Badge("subscriber", "Subscriber", 12),))
OFFICIAL: Json = {
    "broadcaster_user_id": 7,
    "slug": SLUG,
    "banner_picture": "https://files.example/banner.webp",
    "channel_description": "",
    "stream_title": "Foxes at night",
    "category": {"id": 77, "name": "Fox Watching", "thumbnail": "https://files.example/c.webp"},
    "stream": {
        "is_live": True,
        "is_mature": False,
        "language": "en",
        "start_time": "2026-05-04T11:58:01Z",
        "viewer_count": 41,
        "thumbnail": "https://files.example/9001.webp",
        "url": "",
        "key": "",
    },
    "active_subscribers_count": 3,
    "canceled_subscribers_count": 1,
    "active_gifted_subscribers_count": 2,
}
PEM = "-----BEGIN PUBLIC KEY-----\nTm8gS2V5IGF0IGFsbA==\n-----END PUBLIC KEY-----"
BLOCK: Json = {"error": "Request blocked by security policy.", "reference": "0a1b2c3d"}
CHALLENGE = b'<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head></html>'


# How recorded values are worked out


def found(value: Json, place: str) -> Json:
    """The value at ``a.b.0``, None where there is none; blank is none."""
    for key in place.split("."):
        if isinstance(value, list):
            value = value[int(key)] if int(key) < len(value) else None
        else:
            value = value.get(key) if value is not None else None
    return None if value == "" else value


def at(place: str, convert: Callable[[Json], object]) -> Reading:
    def read(body: Json) -> object:
        value = found(body, place)
        return convert(value) if value is not None else None

    return read


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def constant(value: object) -> Reading:
    return lambda body: value


def _history(_: str) -> Call[Any]:
    return site.history(ChannelId(11), since=datetime(2026, 5, 4, 12, tzinfo=UTC))


def _generic(path: str, host: Host) -> Callable[[str], Call[Any]]:
    return lambda _: generic.get(path, host=host)


def _to(ask: Callable[[], Call[Any]]) -> Callable[[str], Call[Any]]:
    return lambda _: ask()


USER_PLACES: Mapping[str, str | Reading] = {
    "slug": "slug",
    "user_id": "user_id",
    "channel_id": "id",
    "chatroom_id": "chatroom.id",
    "username": "user.username",
    "avatar": "user.profile_pic",
    "followers_count": at("followers_count", int),
    "is_banned": "is_banned",
}
SEND = _to(lambda: chat.send("good night", to=UserId(7)))

APP = oauth.App(client_id="app-1", client_secret=Secret("canary-of-app"))

ROWS: tuple[Row, ...] = (
    Row(
        "a channel that is live",
        site.user,
        200,
        CHANNEL,
        FOX,
        {
            **USER_PLACES,
            "is_live": constant(True),
            "livestream.id": "livestream.id",
            "livestream.title": "livestream.session_title",
            "livestream.category.name": "livestream.categories.0.name",
            "livestream.category.id": "livestream.categories.0.id",
            "livestream.started_at": at("livestream.start_time", moment),
            "livestream.viewer_count": "livestream.viewer_count",
            "livestream.thumbnail": "livestream.thumbnail.url",
            "source": constant("site"),
        },
    ),
    Row(
        "a channel that is offline",
        site.user,
        200,
        OFFLINE,
        msgspec.structs.replace(FOX, avatar=None, is_live=False, livestream=None),
        {**USER_PLACES, "is_live": constant(False), "livestream": constant(None)},
    ),
    Row(
        "a broadcast",
        site.livestream,
        200,
        {"data": ROUTE},
        msgspec.structs.replace(ON, started_at=datetime(2026, 5, 4, 11, 58, 2, tzinfo=UTC), tags=()),
        {
            "id": "data.id",
            "title": "data.session_title",
            "category.name": "data.category.name",
            "category.slug": "data.category.slug",
            "language": "data.language",
            "started_at": at("data.created_at", moment),
            "viewer_count": "data.viewers",
            "thumbnail": "data.thumbnail.src",
        },
    ),
    Row("no broadcast", site.livestream, 200, {"data": None}, None),
    Row(
        "the rules of a chat",
        site.chatroom,
        200,
        RULES,
        site.Chatroom(
            chatroom_id=ChatroomId(22),
            slow_mode=events.Mode(True, timedelta(seconds=6)),
            followers_only=events.Mode(True, timedelta(minutes=3)),
            subscribers_only=events.Mode(False),
            emotes_only=events.Mode(False),
            account_age=events.Mode(False),
        ),
        {
            "chatroom_id": "id",
            "followers_only.enabled": "followers_mode.enabled",
            "followers_only.duration": at("followers_mode.min_duration", lambda count: timedelta(minutes=count)),
            "slow_mode.enabled": "slow_mode.enabled",
            "slow_mode.duration": constant(None),
        },
    ),
    Row(
        "not found, as the site says it",
        site.livestream,
        404,
        {"error": "Not Found", "message": "Channel not found.", "status": 404},
        Outcome.NOT_FOUND,
    ),
    Row("no session", None, 401, {"message": "Unauthenticated."}, Outcome.UNAUTHORIZED),
    Row(
        "an array at the top",
        _generic("/current-viewers", Host.SITE),
        200,
        [{"livestream_id": 9001, "viewers": 41, "show_view_count": True}],
        [{"livestream_id": 9001, "viewers": 41, "show_view_count": True}],
    ),
    Row(
        "a channel of version 1",
        lambda slug: generic.get(f"/api/v1/channels/{slug}", host=Host.SITE),
        200,
        {"id": 11, "followersCount": 1234, "livestream": None},
        {"id": 11, "followersCount": 1234, "livestream": None},
    ),
    Row(
        "a page of the past",
        _history,
        200,
        {"data": {"messages": [SAID], "cursor": "c-2", "pinned_message": None}, "message": "OK"},
        site.History(
            messages=(
                site.HistoryMessage(
                    id="m-1",
                    content="good night [emote:501:OwlClap]",
                    author=ADA,
                    created_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
                ),
            ),
            cursor="c-2",
        ),
        {
            "cursor": "data.cursor",
            "messages.0.id": "data.messages.0.id",
            "messages.0.content": "data.messages.0.content",
            "messages.0.author.username": "data.messages.0.sender.username",
            "messages.0.author.color": "data.messages.0.sender.identity.color",
            "messages.0.author.subscribed_months": "data.messages.0.sender.identity.badges.0.count",
            "messages.0.created_at": at("data.messages.0.created_at", moment),
            "messages.0.reply": constant(None),
        },
    ),
    Row("a 403 that is a 401", None, 403, {"message": "User is not authenticated."}, Outcome.UNAUTHORIZED),
    Row(
        "validation",
        None,
        422,
        {"message": "The given data was invalid.", "errors": {"channel": ["You do not follow this channel."]}},
        Outcome.REJECTED,
    ),
    Row("a challenge of the edge", site.user, 403, CHALLENGE, Outcome.EDGE_BLOCKED, headers=HTML),
    Row("a block of the edge", site.user, 403, BLOCK, Outcome.EDGE_BLOCKED),
    Row("a block of the edge before the official API", SEND, 403, BLOCK, Outcome.EDGE_BLOCKED),
    Row(
        "an app's token",
        _to(lambda: oauth.app_token(APP)),
        200,
        {"access_token": "a", "expires_in": 5_184_000, "token_type": "Bearer"},
        oauth.TokenReply(access_token=Secret("a"), lifetime=5_184_000.0),
        {
            "access_token": at("access_token", Secret),
            "refresh_token": constant(None),
            "lifetime": "expires_in",
            "scopes": constant(()),
        },
    ),
    Row(
        "blank tokens",
        _to(lambda: oauth.exchange(APP, Secret("c"), Secret("v"))),
        200,
        {"access_token": "", "token_type": "", "refresh_token": "", "expires_in": "", "scope": ""},
        Outcome.BAD_RESPONSE,
    ),
    Row(
        "a user's tokens",
        _to(lambda: oauth.refresh(APP, Secret("r"))),
        200,
        {
            "access_token": "a",
            "token_type": "Bearer",
            "refresh_token": "r",
            "expires_in": 7200,
            "scope": "user:read chat:write",
        },
        oauth.TokenReply(
            access_token=Secret("a"),
            refresh_token=Secret("r"),
            lifetime=7200.0,
            scopes=("user:read", "chat:write"),
        ),
        {
            "access_token": at("access_token", Secret),
            "refresh_token": at("refresh_token", Secret),
            "lifetime": "expires_in",
            "scopes": at("scope", lambda scope: tuple(scope.split())),
        },
    ),
    Row(
        "an OAuth error that is a sentence",
        _to(lambda: oauth.exchange(APP, Secret("c"), Secret("v"))),
        400,
        {"error": "Invalid request"},
        Outcome.REJECTED,
    ),
    Row(
        "a grant that is not valid",
        _to(lambda: oauth.refresh(APP, Secret("r"))),
        400,
        {"error": "invalid_grant", "error_description": "The refresh token is expired."},
        Outcome.REJECTED,
    ),
    Row(
        "an introspection",
        _to(lambda: oauth.introspect(Secret("a"))),
        200,
        {
            "data": {
                "active": True,
                "client_id": "",
                "token_type": "user",
                "scope": "user:read",
                "exp": 1_777_899_600,
            },
            "message": "OK",
        },
        oauth.Introspection(
            active=True,
            kind="user",
            scopes=("user:read",),
            expires_at=datetime(2026, 5, 4, 13, tzinfo=UTC),
        ),
        {
            "active": "data.active",
            "client_id": "data.client_id",
            "kind": "data.token_type",
            "scopes": at("data.scope", lambda scope: tuple(scope.split())),
            "expires_at": at("data.exp", lambda seconds: datetime.fromtimestamp(seconds, UTC)),
        },
    ),
    Row("a revocation", _to(lambda: oauth.revoke(Secret("a"), oauth.Hint.ACCESS)), 200, b"OK", None),
    Row(
        "an official channel that is live",
        channels.user,
        200,
        {"data": [OFFICIAL], "message": "OK"},
        User(
            slug=Slug(SLUG),
            user_id=UserId(7),
            is_live=True,
            livestream=Livestream(
                title="Foxes at night",
                category=events.Category("Fox Watching", 77),
                language="en",
                started_at=datetime(2026, 5, 4, 11, 58, 1, tzinfo=UTC),
                viewer_count=41,
                is_mature=False,
                thumbnail="https://files.example/9001.webp",
            ),
            source="official",
        ),
        {
            "slug": "data.0.slug",
            "user_id": "data.0.broadcaster_user_id",
            "channel_id": constant(None),
            "chatroom_id": constant(None),
            "is_live": "data.0.stream.is_live",
            "livestream.title": "data.0.stream_title",
            "livestream.category.id": "data.0.category.id",
            "livestream.language": "data.0.stream.language",
            "livestream.started_at": at("data.0.stream.start_time", moment),
            "livestream.viewer_count": "data.0.stream.viewer_count",
            "source": constant("official"),
        },
    ),
    Row("a slug that is too long", channels.user, 400, {"data": {}, "message": "Invalid request"}, Outcome.REJECTED),
    Row(
        "an official channel that does not exist", channels.user, 200, {"data": [], "message": "OK"}, Outcome.NOT_FOUND
    ),
    Row("no token", _to(livestreams.v1), 401, {"data": {}, "message": "Unauthorized"}, Outcome.UNAUTHORIZED),
    Row("no official broadcast", _to(lambda: livestreams.v1(UserId(7))), 200, {"data": [], "message": "OK"}, ()),
    Row(
        "the key",
        _to(webhooks.public_key),
        200,
        {"data": {"public_key": PEM}, "message": "OK"},
        webhooks.PublicKey(PEM),
        {"public_key": "data.public_key"},
    ),
    Row(
        "a user",
        _to(users.own),
        200,
        {"data": [{"user_id": 7, "name": "Night_Fox", "email": "", "profile_picture": "p"}], "message": "OK"},
        users.Profile(UserId(7), "Night_Fox", "p"),
        {
            "user_id": "data.0.user_id",
            "name": "data.0.name",
            "profile_picture": "data.0.profile_picture",
            "email": "data.0.email",
        },
    ),
    Row("a token that is over", SEND, 401, {"data": {}, "message": "Unauthorized"}, Outcome.UNAUTHORIZED),
    Row(
        "a chat that does not exist",
        SEND,
        400,
        {"data": "Channel not found", "message": "Bad request"},
        Outcome.REJECTED,
    ),
    Row(
        "a failure of Kick's",
        _generic("/public/v1/drops/claims", Host.API),
        500,
        {"data": None, "message": "Internal server error"},
        Outcome.SERVER_ERROR,
    ),
    Row(
        "no such route",
        _generic("/channels/11/followers-count", Host.API),
        404,
        {"message": "Not Found"},
        Outcome.NOT_FOUND,
    ),
    Row(
        "a transport that was negotiated",
        _generic("/api/v1/realtime/connection", Host.WEB),
        200,
        {"data": {"connections": [{"provider": "centrifugo", "credentials": {"url": "wss://r.example"}}]}},
        {"data": {"connections": [{"provider": "centrifugo", "credentials": {"url": "wss://r.example"}}]}},
    ),
    Row(
        "one of the transports",
        _generic("/api/v1/realtime/connection", Host.WEB),
        200,
        {"provider": "pusher", "credentials": {"app_key": "k", "cluster": "us2"}},
        {"provider": "pusher", "credentials": {"app_key": "k", "cluster": "us2"}},
    ),
)
"""In the order of the recordings."""
