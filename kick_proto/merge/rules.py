"""How the frames of one fact find each other, and what they make: a ``Rule`` for each kind; gifts have a module.

Where a rule cannot know, it says so by not fitting: two events for one fact are a nuisance, one for two is a loss.
Source: Seen: wire catalogue sections 2, 4, 5, 7 and 8 (2023-2026).
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from kick_proto.events import ChatSettingsChanged, RaidReceived, Resubscribed, Subscribed
from kick_proto.merge.facts import Rule, all_of
from kick_proto.merge.saying import earliest, first, most

__all__ = ["RAID", "SETTINGS", "SUBSCRIPTION"]

Subscription: TypeAlias = Subscribed | Resubscribed


# Subscriptions


def _join_subscriptions(parts: Sequence[Subscription]) -> Subscription:
    begun, months = parts[0], most(parts, "months")
    renewed = months >= 2 if months is not None else any(type(part) is Resubscribed for part in parts)
    return (Resubscribed if renewed else Subscribed)(
        begun.received_at,
        begun.raw,
        begun.channel,
        begun.username,
        months,
        first(parts, "user_id"),
        first(parts, "text"),
        earliest(parts, "subscribed_at"),
    )


SUBSCRIPTION: Rule[Any] = Rule(
    kind="subscription",
    key=lambda part: part.username.casefold(),
    join=_join_subscriptions,
    complete=all_of("SubscriptionEvent", "ChannelSubscriptionEvent", "ChatMessageSentEvent"),
    news=("months", "user_id", "text"),
)


# Raids


def _join_raids(parts: Sequence[RaidReceived]) -> RaidReceived:
    return msgspec.structs.replace(
        parts[0],
        text=first(parts, "text"),
        user_id=first(parts, "user_id"),
        id=first(parts, "id"),
        raided_at=earliest(parts, "raided_at"),
    )


RAID: Rule[Any] = Rule(
    kind="raid",
    key=lambda part: (part.username.casefold(), part.viewers),
    join=_join_raids,
    complete=all_of("StreamHostEvent", "StreamHostedEvent"),
    news=("text", "user_id"),
)


# Settings

_MODES = (
    "slow_mode", "followers_only", "subscribers_only", "emotes_only", "account_age", "links_allowed",
    "bot_protection", "rules",
)  # fmt: skip


def _join_settings(parts: Sequence[ChatSettingsChanged]) -> ChatSettingsChanged:
    """All that any tells; where they disagree, the last one is right."""
    latest = parts[::-1]
    return msgspec.structs.replace(parts[0], **{mode: first(latest, mode) for mode in _MODES})


SETTINGS: Rule[Any] = Rule(
    kind="settings",
    key=lambda part: None,
    join=_join_settings,
    complete=all_of("ChatroomUpdatedEvent", "ChatSettingsChanged"),
    news=_MODES,
    changes=_MODES,
)
