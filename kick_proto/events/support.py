"""How viewers support a channel: subscriptions, gifts, tips, rewards, goals, and who leads."""

from datetime import datetime, timedelta

import msgspec

from kick_proto.events.base import Event, JoinedEvent
from kick_proto.ids import UserId

__all__ = [
    "GiftedSubscriptions",
    "GoalChanged",
    "Leader",
    "LeaderboardChanged",
    "PointsChanged",
    "Resubscribed",
    "RewardRedeemed",
    "Subscribed",
    "SubscriberCountChanged",
    "Tipped",
]


class Subscribed(JoinedEvent, frozen=True, tag=True, gc=False):
    """Somebody subscribed for the first time.

    Wire: ``SubscriptionEvent`` (name, months), ``ChannelSubscriptionEvent`` (name, user id), ``ChatMessageSentEvent``
    (name, user id, months, text), ``NewActivityFeedEvent`` (name, time), all for one subscription; and
    ``SubscriptionCreated`` (login). A frame that does not tell the months may be about a renewal: joining decides.
    """

    username: str
    months: int | None = None
    """Months in all, 1 for a first subscription."""
    user_id: UserId | None = None
    text: str | None = None
    """What the subscriber wrote; None where that is nothing."""
    subscribed_at: datetime | None = None


class Resubscribed(JoinedEvent, frozen=True, tag=True, gc=False):
    """Somebody renewed.

    Wire: ``SubscriptionEvent`` and ``ChatMessageSentEvent`` that tell two months or more, and what ``Subscribed``
    names once it is joined with them; ``SubscriptionRenewed`` (login).
    """

    username: str
    months: int | None = None
    """Months in all, 2 or more."""
    user_id: UserId | None = None
    text: str | None = None
    """What the subscriber wrote; None where that is nothing."""
    subscribed_at: datetime | None = None


class GiftedSubscriptions(JoinedEvent, frozen=True, tag=True, gc=False):
    """Somebody gave subscriptions away.

    Wire: ``GiftedSubscriptionsEvent`` (since 2026 in chunks), ``LuckyUsersWhoGotGiftSubscriptionsEvent``,
    ``ChannelSubscriptionEvent`` without a name, ``ChatMessageSentEvent`` of a gift, ``NewActivityFeedEvent`` of a
    gift, ``SubscriptionGifted`` (login): parts of one gift.
    """

    gifter: str | None = None
    """None for an anonymous gift, and where the frame does not tell it."""
    recipients: tuple[str, ...] = ()
    """Names, without an order that means anything."""
    recipient_ids: tuple[UserId, ...] = ()
    """In an order of their own: the two do not match by position."""
    gifted_total: int | None = None
    """How many were given in this gift; may exceed the recipients that are known."""
    lifetime_total: int | None = None
    """How many the gifter has given in this channel."""
    gifter_id: UserId | None = None
    gift_id: str | None = None
    """What the chunks of one gift have in common."""
    chunk_index: int | None = None
    total_chunks: int | None = None
    gifted_at: datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether every recipient is known."""
        known = max(len(self.recipients), len(self.recipient_ids))
        return known > 0 and self.gifted_total is not None and known >= self.gifted_total


class SubscriberCountChanged(Event, frozen=True, tag=True, gc=False):
    """How many subscribers the channel has now. Wire: ``NewSubscriberUpdatedEvent``."""

    count: int
    last_subscriber: str | None = None


class Tipped(JoinedEvent, frozen=True, tag=True, gc=False):
    """Somebody gave money, in a currency of the platform's. Wire: ``KicksGifted``."""

    username: str
    amount: int
    """In ``currency``."""
    user_id: UserId | None = None
    currency: str = "KICKs"
    text: str | None = None
    gift: str | None = None
    """The gift's name for people."""
    gift_type: str | None = None
    tier: str | None = None
    id: str | None = None
    """Of the transaction; None in frames from 2025."""
    sent_at: datetime | None = None
    pinned_for: timedelta | None = None
    expires_at: datetime | None = None


class RewardRedeemed(Event, frozen=True, tag=True, gc=False):
    """Somebody spent channel points. Wire: ``RewardRedeemedEvent``, ``RedeemedReward`` (login).

    It has no id: equal ones cannot be told apart.
    """

    title: str | None
    """The reward's; None where the frame does not tell it, which is ``RedeemedReward`` alone."""
    username: str
    user_id: UserId | None = None
    text: str | None = None
    """What the viewer typed; None where that is nothing."""
    color: str | None = None
    """``#RRGGBB``, behind the title."""


class PointsChanged(Event, frozen=True, tag=True, gc=False):
    """A viewer's channel points changed. Wire: ``PointsUpdated`` (login)."""

    points: int
    balance: int | None = None
    reason: str | None = None
    user_id: UserId | None = None


class GoalChanged(Event, frozen=True, tag=True, gc=False):
    """A goal of the channel was made, moved, changed, reached or given up.

    Wire: ``GoalCreatedEvent``, ``GoalProgressUpdateEvent``, ``GoalUpdatedEvent``, ``GoalAchievedEvent``,
    ``GoalCanceledEvent``. Values can fall.
    """

    id: str
    change: str
    """``created``, ``progress``, ``updated``, ``achieved``, ``canceled``."""
    kind: str | None = None
    """What is counted: ``followers`` and others; an open set."""
    current: int | None = None
    target: int | None = None
    status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    achieved_at: datetime | None = None
    ends_at: datetime | None = None


class Leader(msgspec.Struct, frozen=True, gc=False):
    """One place of a leaderboard."""

    user_id: UserId
    username: str
    quantity: int


class LeaderboardChanged(Event, frozen=True, tag=True, gc=False):
    """Who has given most, first place first; None is a board that the frame does not have.

    Wire: ``GiftsLeaderboardUpdated`` (subscriptions), ``KicksLeaderboardUpdated`` (KICKs); sent again unchanged.
    """

    unit: str
    """``subscriptions`` or ``KICKs``."""
    lifetime: tuple[Leader, ...] | None = None
    month: tuple[Leader, ...] | None = None
    week: tuple[Leader, ...] | None = None
    gifter_id: UserId | None = None
    """Who brought the change about; subscriptions only, as is ``gifted``."""
    gifter: str | None = None
    gifted: int | None = None
