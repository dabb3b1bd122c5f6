"""https://api.kick.com: subscriptions to events by webhook, the key that they are signed with, the Kicks leaderboard.

The mock keeps the subscriptions and delivers nothing.

Source: Docs: KickEngineering/KickDevDocs, "Event Types", "Subscribe to Events", "KICKs" (2026-06); Seen: the shape of
the public key's reply, recorded in 2026. Guess: the error of an event that there is not.
"""

from typing import Annotated, Literal

import msgspec

from kick_proto.http import Response
from kick_proto.ids import UserId
from kick_proto.testing.site.answers import bad_request, done, enveloped
from kick_proto.testing.site.ledger import remember
from kick_proto.testing.site.state import State, Subscription
from kick_proto.testing.site.visit import Visit
from kick_proto.testing.traffic import chance, stamps

__all__ = ["EVENT_NAMES", "PUBLIC_KEY", "leaderboard", "public_key", "subscribe", "subscriptions", "unsubscribe"]

EVENT_NAMES = frozenset(
    {
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
    }
)
"""Source: Docs: "Event Types"."""

PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqe8daQTPSvho2/0z/UWs
iM6ISBPswwDpniEzsgCCY2dHK1U8BVJy9aoFsihWLcpFINFBgaC1VyX5oBnO9RrX
YXK/M7wbEMrhCLVFmxJWafw6LPwzhef6t+OvZGCKYAyM4dGMYGQMaVUhA91sfuFK
q6QX5p+nRtzDdsLxrVEZQKhYkQ7NSz1RxOBn0eKjnM7q3nXJNNdN5CCzX8OlxJfr
EAuGz4YzvrC2FfzXQS7Tv2yAa/hp+YvisMyLYxBI4XjxzEWnZetDJDAH6MxphY7Z
fYi+KvTQ3BxuQZ+Kzqs0trx4Q6QgfO2bSAOWH+NyTJVHPy7bXj1UQmVJVpbdoHTK
vwIDAQAB
-----END PUBLIC KEY-----"""
"""A key whose private half nobody has kept."""

MOST_DELETED = 100
"""Subscriptions that one call may delete. Source: Seen: 50 pass, some 330 are a 400."""


def public_key(state: State, visit: Visit) -> Response:
    """The key to check webhooks with."""
    return enveloped({"public_key": PUBLIC_KEY})


def leaderboard(state: State, visit: Visit) -> Response:
    """Who gave most Kicks to one's own channel; the mock has one board for all three spans."""
    top = visit.number("top", 1, 100, 10)
    ranked = sorted(state.account_of(visit.caller).kicks, key=lambda row: -row[2])[:top]
    rows = [
        {"user_id": user_id, "username": username, "gifted_amount": amount, "rank": rank}
        for rank, (user_id, username, amount) in enumerate(ranked, 1)
    ]
    return enveloped({"lifetime": rows, "month": rows, "week": rows})


# Subscriptions


class _Event(msgspec.Struct):
    name: str
    version: int = 1


class _Asked(msgspec.Struct):
    events: Annotated[list[_Event], msgspec.Meta(min_length=1, max_length=50)]
    method: Literal["webhook"] = "webhook"
    broadcaster_user_id: int | None = None


def subscriptions(state: State, visit: Visit) -> Response:
    """What the application has subscribed to."""
    wanted = visit.numbers("broadcaster_user_id")
    own = [each for each in _own(state, visit) if not wanted or each.broadcaster in wanted]
    return enveloped([_row(each) for each in own])


def subscribe(state: State, visit: Visit) -> Response:
    """Subscribe to events of one's own channel, or, as an application, of any; each event has its own verdict."""
    asked = visit.json(_Asked)
    by_user = visit.token.user_id
    broadcaster = by_user if by_user is not None else asked.broadcaster_user_id
    if broadcaster is None or state.account(broadcaster) is None:
        return bad_request()
    return enveloped([_verdict(state, visit, UserId(broadcaster), event) for event in asked.events])


def unsubscribe(state: State, visit: Visit) -> Response:
    """Subscribe to these no more; no error where there is no such subscription."""
    ids = visit.texts("id", MOST_DELETED)
    if not ids:
        return bad_request()
    for each in _own(state, visit):
        if each.id in ids:
            del state.subscriptions[each.id]
    return done()


def _verdict(state: State, visit: Visit, broadcaster: UserId, event: _Event) -> dict[str, object]:
    told: dict[str, object] = {"name": event.name, "version": event.version}
    if event.name not in EVENT_NAMES or event.version != 1:
        return told | {"subscription_id": "", "error": "Event not found"}
    subscription = Subscription(
        id=chance.ulid(state.rng, visit.unix_now),
        client_id=visit.token.client_id,
        broadcaster=broadcaster,
        name=event.name,
        created_at=stamps.seconds(visit.unix_now),
    )
    remember(state.subscriptions, subscription.id, subscription)
    return told | {"subscription_id": subscription.id}


def _own(state: State, visit: Visit) -> list[Subscription]:
    """The application's subscriptions; with a user's token, those to that user."""
    client_id, user_id = visit.token.client_id, visit.token.user_id
    return [
        each
        for each in state.subscriptions.values()
        if each.client_id == client_id and user_id in (None, each.broadcaster)
    ]


def _row(each: Subscription) -> dict[str, object]:
    return {
        "id": each.id,
        "app_id": each.client_id,
        "broadcaster_user_id": each.broadcaster,
        "event": each.name,
        "version": 1,
        "method": "webhook",
        "created_at": each.created_at,
        "updated_at": each.created_at,
    }
