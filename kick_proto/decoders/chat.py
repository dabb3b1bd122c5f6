"""What happens in the chat."""

from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec

from kick_proto import events, payloads
from kick_proto.decoders import reading
from kick_proto.decoders.row import Build, Row
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind

__all__ = ["ROWS"]


def chat_message(
    payload: payloads.ChatMessageEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.ChatMessage:
    # Nearly all traffic is this: what few messages have is asked for only where it is there.
    reply = celebration = None
    if (metadata := payload.metadata) is not None:
        if metadata.original_message is not None:
            reply = _reply(payload, metadata)
        if metadata.celebration is not None:
            celebration = _celebration(metadata.celebration)
    return events.ChatMessage(
        received_at,
        raw,
        channel,
        payload.id,
        payload.content,
        reading.author(payload.sender),
        reading.aware(payload.created_at),
        payload.type,
        reply,
        celebration,
    )


def _celebration(said: payloads.CelebrationMetadata) -> events.Celebration:
    return events.Celebration(said.id, said.type, said.total_months, reading.utc(said.created_at))


def _reply(payload: payloads.ChatMessageEvent, metadata: payloads.ChatMetadata) -> events.Reply | None:
    message, sender = metadata.original_message, metadata.original_sender
    if message is None or sender is None:
        return None
    return events.Reply(message.id, message.content, sender.username, sender.id, payload.thread_parent_id or None)


def message_deleted(
    payload: payloads.MessageDeletedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.MessageDeleted:
    # AI moderation has been seen to put an empty name among the rules.
    rules = tuple(rule for rule in payload.violated_rules or () if rule)
    return events.MessageDeleted(received_at, raw, channel, payload.id, payload.message.id, payload.ai_moderated, rules)


def chat_cleared(
    payload: payloads.ChatroomClearEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.ChatCleared:
    id = payload.id if isinstance(payload.id, str) else None
    return events.ChatCleared(received_at, raw, channel, id or None)


# Pins


def message_pinned(
    payload: payloads.PinnedMessageCreatedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.MessagePinned:
    by = _pinner(payload.pinned_by) if payload.pinned_by is not None else None
    duration = reading.seconds(payload.duration)
    return events.MessagePinned(received_at, raw, channel, _pinned(payload.message), by, duration)


def _pinned(message: payloads.PinnedMessage) -> events.PinnedMessage:
    author = reading.author(message.sender) if message.sender is not None else None
    return events.PinnedMessage(message.id, message.content, author, reading.utc(message.created_at))


def _pinner(pinner: payloads.Pinner) -> events.Author:
    identity = pinner.identity
    if identity is None:
        return events.Author(pinner.id, pinner.username, pinner.slug)
    # A chat message has only the badges that its author wears; these are all, with a mark on those that are worn.
    worn = (badge for badge in identity.badges or () if badge.active is not False)
    badges = tuple(events.Badge(badge.type, badge.text, badge.count) for badge in worn)
    return events.Author(pinner.id, pinner.username, pinner.slug, identity.color or None, badges)


def message_unpinned(
    payload: payloads.Nothing, received_at: datetime, raw: Frame, channel: Channel
) -> events.MessageUnpinned:
    return events.MessageUnpinned(received_at, raw, channel)


# The chat's rules: a mode that is off has no time, whatever number Kick leaves beside it.


def chatroom_updated(
    payload: payloads.ChatroomUpdatedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.ChatSettingsChanged:
    slow, protection = payload.slow_mode, payload.advanced_bot_protection
    return events.ChatSettingsChanged(
        received_at,
        raw,
        channel,
        slow_mode=_mode(slow, reading.seconds(slow.message_interval)) if slow is not None else None,
        followers_only=_minutes(payload.followers_mode),
        subscribers_only=_mode(payload.subscribers_mode),
        emotes_only=_mode(payload.emotes_mode),
        account_age=_minutes(payload.account_age),
        bot_protection=_mode(protection, reading.seconds(protection.remaining_time or None)) if protection else None,
    )


def chat_settings_changed(
    payload: payloads.ChatSettingsChanged, received_at: datetime, raw: Frame, channel: Channel
) -> events.ChatSettingsChanged:
    told = payload.settings
    return events.ChatSettingsChanged(
        received_at,
        raw,
        channel,
        slow_mode=_seconds(told.slow_mode),
        followers_only=_following(told.followers_only_mode),
        subscribers_only=_mode(told.subscribers_only_mode),
        emotes_only=_mode(told.emotes_only_mode),
        account_age=_seconds(told.minimum_account_age),
        links_allowed=_mode(told.allow_links),
        rules=told.rules,
    )


_Told: TypeAlias = (
    payloads.Switch | payloads.SlowMode | payloads.MinutesMode | payloads.SecondsMode | payloads.BotProtection
)


def _mode(told: _Told | None, duration: timedelta | None = None) -> events.Mode | None:
    if told is None:
        return None
    return events.Mode(told.enabled, duration if told.enabled else None)


def _minutes(told: payloads.MinutesMode | None) -> events.Mode | None:
    return _mode(told, reading.minutes(told.min_duration)) if told is not None else None


def _seconds(told: payloads.SecondsMode | None) -> events.Mode | None:
    return _mode(told, reading.seconds(told.duration_seconds)) if told is not None else None


def _following(told: payloads.SecondsMode | None) -> events.Mode | None:
    """1 second is what the twin calls 0 minutes: any follower."""
    if told is not None and told.duration_seconds == 1:
        return _mode(told, timedelta(0))
    return _seconds(told)


# Behind a login


def banned_word(*, banned: bool) -> Build[payloads.BannedWord]:
    def build(
        payload: payloads.BannedWord, received_at: datetime, raw: Frame, channel: Channel
    ) -> events.BannedWordsChanged:
        moderator = reading.moderator(payload.user)
        return events.BannedWordsChanged(received_at, raw, channel, payload.word, banned, moderator)

    return build


def mode_switched(mode: str, *, enabled: bool) -> Build[payloads.Nothing]:
    def build(
        payload: payloads.Nothing, received_at: datetime, raw: Frame, channel: Channel
    ) -> events.ChatSettingsChanged:
        settings = events.ChatSettingsChanged(received_at, raw, channel)
        return msgspec.structs.replace(settings, **{mode: events.Mode(enabled)})

    return build


def message_deleted_for_moderators(
    payload: payloads.MessageDeleted, received_at: datetime, raw: Frame, channel: Channel
) -> events.MessageDeleted | events.Unknown:
    if not payload.id or payload.message is None:
        return events.Unknown(received_at, raw, channel)
    return events.MessageDeleted(received_at, raw, channel, payload.id, payload.message.id)


def message_pinned_for_moderators(
    payload: payloads.MessagePinned, received_at: datetime, raw: Frame, channel: Channel
) -> events.MessagePinned | events.Unknown:
    if payload.message is None:
        return events.Unknown(received_at, raw, channel)
    return events.MessagePinned(received_at, raw, channel, _pinned(payload.message))


_V2 = (TopicKind.CHATROOM_V2,)
_CHANNEL_NEW = (TopicKind.CHANNEL_NEW,)
_LOGIN = ("private-chatroom_{}",)

_MODES: tuple[tuple[str, str], ...] = (
    ("SlowMode", "slow_mode"),
    ("EmotesMode", "emotes_only"),
    ("FollowersMode", "followers_only"),
    ("SubscribersMode", "subscribers_only"),
    ("AllowLinks", "links_allowed"),
)

ROWS: tuple[Row[Any], ...] = (
    Row("ChatMessageEvent", payloads.ChatMessageEvent, chat_message, _V2, era="2023 on", confidence="A"),
    Row("MessageDeletedEvent", payloads.MessageDeletedEvent, message_deleted, _V2, era="2023 on", confidence="A"),
    Row("ChatroomClearEvent", payloads.ChatroomClearEvent, chat_cleared, _V2, era="2023 on", confidence="C"),
    Row(
        "PinnedMessageCreatedEvent",
        payloads.PinnedMessageCreatedEvent,
        message_pinned,
        _V2,
        era="2024 on",
        confidence="A",
    ),
    Row("PinnedMessageDeletedEvent", payloads.Nothing, message_unpinned, _V2, era="2024 on", confidence="A"),
    Row("ChatroomUpdatedEvent", payloads.ChatroomUpdatedEvent, chatroom_updated, _V2, era="2023 on", confidence="A"),
    Row(
        "ChatSettingsChanged",
        payloads.ChatSettingsChanged,
        chat_settings_changed,
        _CHANNEL_NEW,
        era="2026 on",
        confidence="B",
    ),
    Row(
        "BannedWordAdded",
        payloads.BannedWord,
        banned_word(banned=True),
        (),
        private=_LOGIN,
        era="2023",
        confidence="C",
    ),
    Row(
        "BannedWordDeleted",
        payloads.BannedWord,
        banned_word(banned=False),
        (),
        private=_LOGIN,
        era="2023",
        confidence="C",
    ),
    *(
        Row(
            f"{name}{switched}",
            payloads.Nothing,
            mode_switched(mode, enabled=switched == "Activated"),
            (),
            private=_LOGIN,
            era="2023",
            confidence="C",
        )
        for name, mode in _MODES
        for switched in ("Activated", "Deactivated")
    ),
    Row(
        "MessageDeleted",
        payloads.MessageDeleted,
        message_deleted_for_moderators,
        (),
        private=_LOGIN,
        era="2023",
        confidence="C",
    ),
    Row(
        "MessagePinned",
        payloads.MessagePinned,
        message_pinned_for_moderators,
        (),
        private=_LOGIN,
        era="2023",
        confidence="C",
    ),
    Row("MessageUnpinned", payloads.Nothing, message_unpinned, (), private=_LOGIN, era="2023", confidence="C"),
)
