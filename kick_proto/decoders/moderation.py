"""Bans and their end."""

from datetime import datetime
from typing import Any

from kick_proto import events, payloads
from kick_proto.decoders import reading
from kick_proto.decoders.row import Row
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind

__all__ = ["ROWS"]


def user_banned(
    payload: payloads.UserBannedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.UserBanned:
    permanent = payload.permanent if payload.permanent is not None else payload.expires_at is None
    return events.UserBanned(
        received_at,
        raw,
        channel,
        payload.id,
        reading.user(payload.user),
        reading.moderator(payload.banned_by),
        permanent,
        reading.minutes(payload.duration),
        reading.utc(payload.expires_at),
    )


def user_unbanned(
    payload: payloads.UserUnbannedEvent, received_at: datetime, raw: Frame, channel: Channel
) -> events.UserUnbanned:
    moderator = reading.moderator(payload.unbanned_by)
    return events.UserUnbanned(
        received_at, raw, channel, payload.id, reading.user(payload.user), moderator, payload.permanent
    )


# Behind a login


def banned_user_added(
    payload: payloads.BannedUserAdded, received_at: datetime, raw: Frame, channel: Channel
) -> events.UserBanned:
    return _sent_away(payload, received_at, raw, channel, permanent=payload.ban is None or not payload.ban.expires_at)


def user_timeouted(
    payload: payloads.BannedUserAdded, received_at: datetime, raw: Frame, channel: Channel
) -> events.UserBanned:
    return _sent_away(payload, received_at, raw, channel, permanent=False)


def _sent_away(
    payload: payloads.BannedUserAdded, received_at: datetime, raw: Frame, channel: Channel, *, permanent: bool
) -> events.UserBanned:
    since = until = reason = None
    if (ban := payload.ban) is not None:
        since, until, reason = reading.utc(ban.created_at), reading.utc(ban.expires_at), ban.reason or None
    return events.UserBanned(
        received_at,
        raw,
        channel,
        payload.id,
        reading.user(payload.banned),
        reading.moderator(payload.user),
        permanent,
        until - since if since is not None and until is not None else None,
        until,
        reason,
    )


def banned_user_deleted(
    payload: payloads.BannedUserDeleted, received_at: datetime, raw: Frame, channel: Channel
) -> events.UserUnbanned:
    user, moderator = reading.user(payload.banned), reading.moderator(payload.user)
    return events.UserUnbanned(received_at, raw, channel, payload.id, user, moderator)


_V2 = (TopicKind.CHATROOM_V2,)
_LOGIN = ("private-chatroom_{}",)

ROWS: tuple[Row[Any], ...] = (
    Row("UserBannedEvent", payloads.UserBannedEvent, user_banned, _V2, era="2023 on", confidence="A"),
    Row("UserUnbannedEvent", payloads.UserUnbannedEvent, user_unbanned, _V2, era="2023 on", confidence="A"),
    Row(
        "BannedUserAdded",
        payloads.BannedUserAdded,
        banned_user_added,
        (),
        private=_LOGIN,
        era="2023",
        confidence="C",
    ),
    Row(
        "BannedUserDeleted",
        payloads.BannedUserDeleted,
        banned_user_deleted,
        (),
        private=_LOGIN,
        era="2023",
        confidence="C",
    ),
    Row("UserTimeouted", payloads.BannedUserAdded, user_timeouted, (), private=_LOGIN, era="2023", confidence="C"),
)
