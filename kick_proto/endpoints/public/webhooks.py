"""What Kick shall tell by webhook, and the key with which it signs that. The webhooks themselves are not read here.

Source: Docs: "Events", "Subscribe to Events", "Webhook Security", "Public Key".
"""

from datetime import datetime
from functools import partial

import msgspec

from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Auth, Call
from kick_proto.endpoints.official import official, repeated
from kick_proto.ids import UserId

__all__ = [
    "EVENTS",
    "PublicKey",
    "Subscribed",
    "Subscription",
    "public_key",
    "subscribe",
    "subscriptions",
    "unsubscribe",
]

EVENTS = (
    "chat.message.sent",
    "channel.followed",
    "channel.subscription.new",
    "channel.subscription.renewal",
    "channel.subscription.gifts",
    "channel.reward.redemption.updated",
    "livestream.status.updated",
    "livestream.metadata.updated",
    "moderation.banned",
    "kicks.gifted",
)
"""What can be subscribed, all of version 1. The list grows; other names are sent as they are."""
MOST = 50
"""Subscriptions of one call. Source: Seen: 50 ids are deleted at once, 330 are refused."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """An event that Kick tells by webhook."""

    id: str
    event: str
    version: int = 1
    broadcaster_user_id: UserId | None = None
    app_id: str | None = None
    method: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Subscribed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one of the events: an id, or an error. Errors come with a success of the whole call."""

    name: str
    version: int = 1
    subscription_id: str | None = None
    error: str | None = None


class PublicKey(msgspec.Struct, frozen=True):
    """The key that checks signatures (RSA, SHA-256), as PEM."""

    public_key: str


def subscriptions(*, channel: UserId | None = None) -> Call[tuple[Subscription, ...]]:
    """What is subscribed, in the channel of that user or in all.

    Scope: ``events:subscribe``, or an app's token.
    """
    query = (("broadcaster_user_id", str(arguments.number("channel", channel))),) if channel is not None else ()
    return official("GET", "/v1/events/subscriptions", partial(reading.rows, kind=Subscription), query=query)


def subscribe(*names: str, channel: UserId | None = None) -> Call[tuple[Subscribed, ...]]:
    """Have events told by webhook; see ``EVENTS``. An app's token must name the channel, by its user's id.

    Scope: ``events:subscribe``, or an app's token.
    """
    wanted = arguments.texts("names", names, least=1, most=MOST, longest=100)
    body = {
        "broadcaster_user_id": arguments.number("channel", channel) if channel is not None else None,
        "events": [{"name": name, "version": 1} for name in wanted],
        "method": "webhook",
    }
    return official("POST", "/v1/events/subscriptions", partial(reading.rows, kind=Subscribed), body=body)


def unsubscribe(*subscription_ids: str) -> Call[None]:
    """Have events told no more, 1 to 50 at once.

    Scope: ``events:subscribe``, or an app's token.
    """
    query = repeated("id", arguments.texts("subscription_ids", subscription_ids, least=1, most=MOST, longest=100))
    return official("DELETE", "/v1/events/subscriptions", reading.nothing, query=query)


def public_key() -> Call[PublicKey]:
    """The key with which Kick signs webhooks. No token is needed.

    Source: Seen: recorded 2026.
    """
    return official("GET", "/v1/public-key", partial(reading.row, kind=PublicKey), auth=Auth.NONE)
