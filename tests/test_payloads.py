"""Kick's payload shapes: what an event means nothing without, and how the wire spells the rest."""

import msgspec
import pytest

from kick_proto import payloads
from kick_proto.decoders import ROWS

REQUIRED = {
    "ChatMessageEvent": {"id", "content", "created_at", "sender"},
    "MessageDeletedEvent": {"id", "message"},
    "UserBannedEvent": {"id", "user"},
    "UserUnbannedEvent": {"id", "user"},
    "StreamerIsLive": {"livestream"},
    "StopStreamBroadcast": {"livestream"},
    "SubscriptionEvent": {"username"},
    "ChannelSubscriptionEvent": {"user_ids"},
    "LuckyUsersWhoGotGiftSubscriptionsEvent": {"usernames"},
    "GiftedSubscriptionsEvent": {"gifted_usernames"},
    "ChatMessageSentEvent": {"message", "user"},
    "NewSubscriberUpdatedEvent": {"count"},
    "NewActivityFeedEvent": {"type"},
    "KicksGifted": {"sender", "gift"},
    "KicksLeaderboardUpdated": {"gifts_lifetime"},
    "GiftsLeaderboardUpdated": {"leaderboard"},
    "RewardRedeemedEvent": {"reward_title", "username"},
    "PointsUpdated": {"points"},
    "GoalEvent": {"id"},
    "SubscriptionCreated": {"user"},
    "SubscriptionRenewed": {"user"},
    "SubscriptionGifted": {"gifted_users"},
    "RedeemedReward": {"user"},
    "Nothing": set(),
    "ChatroomClearEvent": set(),
    "PinnedMessageCreatedEvent": {"message"},
    "ChatroomUpdatedEvent": set(),
    "ChatSettingsChanged": {"settings"},
    "BannedWord": {"word"},
    "MessageDeleted": set(),
    "MessagePinned": set(),
    "BannedUserAdded": {"id", "banned"},
    "BannedUserDeleted": {"id", "banned"},
    "StreamHostEvent": {"host_username", "number_viewers"},
    "StreamHostedEvent": {"message", "user"},
    "ChatMoveToSupportedChannelEvent": {"slug"},
    "FollowersUpdated": set(),
    "Follower": set(),
    "LivestreamUpdated": {"livestream"},
    "UpdatedLiveStreamEvent": {"id"},
    "HostReceived": {"host"},
    "TitleChanged": {"title"},
    "CategoryChanged": set(),
    "PollUpdateEvent": {"poll"},
    "PollCreated": set(),
    "PredictionEvent": {"prediction"},
}


def test_the_list_above_has_every_payload_of_the_table() -> None:
    assert sorted(REQUIRED) == sorted({row.payload.__name__ for row in ROWS})


@pytest.mark.parametrize("name", REQUIRED)
def test_a_payload_requires_what_the_event_means_nothing_without(name: str) -> None:
    fields = msgspec.structs.fields(getattr(payloads, name))
    assert {field.encode_name for field in fields if field.required} == REQUIRED[name]


def test_a_deleted_message_has_the_two_names_that_the_wire_writes_in_camel_case() -> None:
    fields = msgspec.structs.fields(payloads.MessageDeletedEvent)
    assert [field.encode_name for field in fields] == ["id", "message", "aiModerated", "violatedRules"]
