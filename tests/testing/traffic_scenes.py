"""What a scene tells and no other of its event does: the words of its era, and of what happens in it.

Beside ``traffic_values.VALUES``, which holds for all scenes of an event.
"""

from collections.abc import Mapping

from kick_proto.testing.traffic import wording
from tests.testing.shows import CHANNEL
from tests.testing.traffic_forms import (
    CHATROOM_ID,
    COUNT,
    EITHER,
    EMPTY,
    NAME,
    NO,
    NO_ITEMS,
    NONE,
    OFFSET,
    PICTURE,
    SIGNED,
    TEXT,
    YES,
    Forms,
    moment,
    one_of,
)

RULES = ("hate", "self_harm", "sexual", "harassment", "is_spam-TRUE")
NOTICE_2026: Forms = {
    "message.message": EMPTY,
    "message.type": one_of("info"),
    "message.is_info": NO,
    "message.chatroom_id": CHATROOM_ID,
    "message.role": one_of("user"),
    "user.role": one_of("user"),
    "user.isSuperAdmin": NONE,
    "user.profile_thumb": PICTURE,
    "user.is_subscribed": NO,
    "user.months_subscribed": NONE,
}
NOTICE_2025: Forms = {
    **NOTICE_2026,
    "message.message": NONE,
    "message.is_info": NONE,
    "user.is_subscribed": NONE,
    "user.months_subscribed": COUNT,
}
SUBSCRIBER: Forms = {
    "message.action": one_of("subscribe"),
    "message.months_subscribed": range(1, 200),
    "message.optional_message": NONE,
    "message.subscriptions_count": one_of(0),
    "message.giftedUsers": NO_ITEMS,
    "user.quantity_gifted": one_of(0),
}
GIFTER: Forms = {
    "message.action": one_of("gift"),
    "message.months_subscribed": NONE,
    "message.optional_message": NONE,
    "message.subscriptions_count": range(1, 101),
    "user.quantity_gifted": range(1, 101),
}
SUBSCRIBES: Mapping[str, Forms] = {
    "ChatMessageSentEvent": {**NOTICE_2026, **SUBSCRIBER},
    "ChannelSubscriptionEvent": {"username": NAME},
    "NewActivityFeedEvent": {"type": one_of("new_subscriber"), "metadata": one_of({})},
}
RENEWS: Mapping[str, Forms] = {**SUBSCRIBES, "SubscriptionEvent": {"months": range(2, 200)}}


def gives(*totals: int) -> Mapping[str, Forms]:
    return {
        "GiftedSubscriptionsEvent": {"gifted_total": one_of(*totals), "gifter_total": range(1, 2**31)},
        "ChannelSubscriptionEvent": {"username": EMPTY},
        "NewActivityFeedEvent": {"type": one_of("gift"), "metadata.quantity": one_of(*totals)},
        "GiftsLeaderboardUpdated": {"gifted_quantity": one_of(*totals)},
        "ChatMessageSentEvent": {**NOTICE_2026, **GIFTER},
    }


SMALL: Forms = {
    "gift.amount": one_of(1, 50, 100),
    "gift.type": one_of("BASIC"),
    "gift.tier": one_of("BASIC"),
    "gift.character_limit": one_of(0),
    "gift.pinned_time": one_of(0),
}
LARGE: Forms = {
    "gift.amount": one_of(500, 1_000),
    "gift.type": one_of("LEVEL_UP"),
    "gift.tier": one_of("MID"),
    "gift.character_limit": one_of(150),
    "gift.pinned_time": one_of(600_000_000_000, 1_200_000_000_000),
}

SCENES: Mapping[str, Mapping[str, Forms]] = {
    "activity_2023": {"NewActivityFeedEvent": {"type": one_of("new_subscriber"), "metadata": NO_ITEMS}},
    "ban": {"UserBannedEvent": {"permanent": YES}},
    "chat_2023": {
        "ChatMessageSentEvent": {
            "message.message": TEXT,
            "message.type": EMPTY,
            "message.is_info": NONE,
            "message.chatroom_id": one_of(str(CHANNEL.chatroom_id)),
            "message.role": NONE,
            "message.action": NONE,
            "message.optional_message": NONE,
            "message.months_subscribed": COUNT,
            "message.subscriptions_count": NONE,
            "message.giftedUsers": NONE,
            "user.role": NONE,
            "user.isSuperAdmin": NO,
            "user.profile_thumb": NONE,
            "user.is_subscribed": EITHER,
            "user.months_subscribed": COUNT,
            "user.quantity_gifted": one_of(0),
        }
    },
    "deletion_by_ai": {"MessageDeletedEvent": {"aiModerated": YES, "violatedRules[]": one_of(*RULES)}},
    "deletion_by_ai_with_empty_rule": {"MessageDeletedEvent": {"aiModerated": YES}},
    "deletion_by_moderator": {"MessageDeletedEvent": {"aiModerated": NO, "violatedRules": NO_ITEMS}},
    "follow_2023": {"FollowersUpdated": {"followed": YES}},
    "gift_2025": {
        "ChannelSubscriptionEvent": {"username": EMPTY},
        "GiftsLeaderboardUpdated": {"gifted_quantity": one_of(1, 5, 20)},
        "ChatMessageSentEvent": {**NOTICE_2025, **GIFTER, "user.profile_thumb": SIGNED},
    },
    "gift_2024": {
        "ChannelSubscriptionEvent": {"username": EMPTY},
        "GiftsLeaderboardUpdated": {"gifted_quantity": one_of(*range(1, 11))},
    },
    "gift_2023": {
        "ChannelSubscriptionEvent": {"username": EMPTY},
        "GiftsLeaderboardUpdated": {"gifted_quantity": one_of(*range(1, 11))},
    },
    "gift_anonymous": {
        "GiftedSubscriptionsEvent": {
            "gifter_username": one_of("Anonymous"),
            "gifter_total": one_of(0),
            "gifted_total": one_of(1, 2, 3, 4, 5),
        },
        "ChannelSubscriptionEvent": {"username": EMPTY},
        "NewActivityFeedEvent": {
            "type": one_of("gift"),
            "username": one_of("Anonymous"),
            "metadata.quantity": one_of(1, 2, 3, 4, 5),
        },
    },
    "gift_of_one": gives(1),
    "gift_of_some": gives(5, 10, 20),
    "gift_of_many": gives(50, 70, 100),
    "incoming_host": {
        "StreamHostEvent": {"optional_message": NONE},
        "StreamHostedEvent": {"message.optionalMessage": NONE, "user.verified": NO},
    },
    "incoming_host_with_message": {
        "StreamHostEvent": {"optional_message": one_of(*wording.HOST_NOTES, "")},
        "StreamHostedEvent": {"message.optionalMessage": one_of(*wording.HOST_NOTES, "")},
    },
    "kicks": {"KicksGifted": {**SMALL, "message": EMPTY}},
    "kicks_2025": {"KicksGifted": {**SMALL, "message": EMPTY}},
    "kicks_pinned": {"KicksGifted": LARGE},
    "kicks_told_by_bot": {"KicksGifted": {**LARGE, "message": EMPTY}},
    "kicks_without_message": {"KicksGifted": SMALL},
    "resubscription": {
        **RENEWS,
        "ChatMessageSentEvent": {**NOTICE_2026, **SUBSCRIBER, "message.optional_message": TEXT},
    },
    "resubscription_without_text": RENEWS,
    "reward": {"RewardRedeemedEvent": {"user_input": EMPTY}},
    "reward_with_input": {"RewardRedeemedEvent": {"user_input": TEXT}},
    "subscription": {**SUBSCRIBES, "SubscriptionEvent": {"months": one_of(1)}},
    "subscription_2025": {
        "ChatMessageSentEvent": {
            **NOTICE_2025,
            **SUBSCRIBER,
            "message.giftedUsers": NONE,
            "user.profile_thumb": NONE,
            "user.months_subscribed": range(1, 200),
        },
        "ChannelSubscriptionEvent": {"username": NAME},
    },
    "timeout": {"UserBannedEvent": {"permanent": NO}},
    "timeout_2023": {"UserBannedEvent": {"expires_at": moment(OFFSET, 300)}},
    "timeout_by_masked_moderator": {
        "UserBannedEvent": {
            "permanent": NO,
            "banned_by.username": one_of("moderator"),
            "banned_by.slug": one_of("moderator"),
        }
    },
    "timeout_lifted": {"UserUnbannedEvent": {"permanent": NO}},
    "unban": {"UserUnbannedEvent": {"permanent": YES}},
    "unfollow_2023": {"FollowersUpdated": {"followed": NO}},
}
"""What of that one scene tells, of the events that it is about."""
