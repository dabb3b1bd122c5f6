"""The unified events: what happened on a channel, whatever platform and wire event told it.

Frozen structs, no behaviour but views on their own fields. Times are aware UTC datetimes, durations are timedeltas;
what the platform did not say is ``None``, never invented. Every event reaches the frame that it came from (``raw``)
and the moment at which that frame was read (``received_at``).
"""

from kick_proto.events.audience import Better, Outcome, PollChanged, PollDeleted, PollOption, PredictionChanged
from kick_proto.events.base import Arrival, Event, IdentifiedEvent, JoinedEvent, Undecodable, Unknown
from kick_proto.events.chat import (
    BannedWordsChanged,
    Celebration,
    ChatCleared,
    ChatMessage,
    ChatSettingsChanged,
    MessageDeleted,
    MessagePinned,
    MessageUnpinned,
    Mode,
    PinnedMessage,
    Reply,
)
from kick_proto.events.moderation import UserBanned, UserUnbanned
from kick_proto.events.people import Author, Badge, Moderator, User
from kick_proto.events.stream import (
    Category,
    FollowersChanged,
    RaidReceived,
    RaidSent,
    StreamOffline,
    StreamOnline,
    StreamUpdated,
)
from kick_proto.events.support import (
    GiftedSubscriptions,
    GoalChanged,
    Leader,
    LeaderboardChanged,
    PointsChanged,
    Resubscribed,
    RewardRedeemed,
    Subscribed,
    SubscriberCountChanged,
    Tipped,
)

__all__ = [
    "Arrival",
    "Author",
    "Badge",
    "BannedWordsChanged",
    "Better",
    "Category",
    "Celebration",
    "ChatCleared",
    "ChatMessage",
    "ChatSettingsChanged",
    "Event",
    "FollowersChanged",
    "GiftedSubscriptions",
    "GoalChanged",
    "IdentifiedEvent",
    "JoinedEvent",
    "Leader",
    "LeaderboardChanged",
    "MessageDeleted",
    "MessagePinned",
    "MessageUnpinned",
    "Mode",
    "Moderator",
    "Outcome",
    "PinnedMessage",
    "PointsChanged",
    "PollChanged",
    "PollDeleted",
    "PollOption",
    "PredictionChanged",
    "RaidReceived",
    "RaidSent",
    "Reply",
    "Resubscribed",
    "RewardRedeemed",
    "StreamOffline",
    "StreamOnline",
    "StreamUpdated",
    "Subscribed",
    "SubscriberCountChanged",
    "Tipped",
    "Undecodable",
    "Unknown",
    "User",
    "UserBanned",
    "UserUnbanned",
]
