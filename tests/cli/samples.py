"""An event of each type, with all that its type may hold."""

from datetime import UTC, datetime, timedelta

from kick_proto import events, lifecycle, provider
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, Topic, UserId
from kick_proto.session import SessionEvent

NOW = datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC)
CHANNEL = Channel(ChannelId(668), ChatroomId(669))
RAW = Frame("App\\Events\\SomethingEvent", "chatrooms.669.v2", '{"some":"thing"}')
USER = events.User(UserId(7), "Zesty_Walrus", "zesty-walrus")
MODERATOR = events.Moderator("PolitePebble")


def message(
    text: str = "hello [emote:37225:KEKW] @polite, see https://example.org",
    *,
    id: str = "m1",
    username: str = "Zesty_Walrus",
    color: str | None = "#E9113C",
    badges: tuple[events.Badge, ...] = (),
    reply_to: events.Reply | None = None,
    celebration: events.Celebration | None = None,
) -> events.ChatMessage:
    author = events.Author(UserId(7), username, "zesty-walrus", color, badges)
    return events.ChatMessage(NOW, RAW, CHANNEL, id, text, author, NOW, reply_to=reply_to, celebration=celebration)


EVERYTHING: tuple[SessionEvent, ...] = (
    message(),
    message(
        badges=(events.Badge("moderator"), events.Badge("subscriber", "Subscriber", 9), events.Badge("new_badge")),
        reply_to=events.Reply("m0", "what?", "PolitePebble", UserId(8)),
        celebration=events.Celebration("c1", "subscription_renewed", 12, NOW),
        color=None,
    ),
    events.MessageDeleted(NOW, RAW, CHANNEL, "d1", "m1", True, ("spam", "")),
    events.UserBanned(NOW, RAW, CHANNEL, "b1", USER, MODERATOR, True),
    events.UserBanned(NOW, RAW, CHANNEL, "b2", USER, None, False, timedelta(minutes=5), NOW),
    events.UserUnbanned(NOW, RAW, CHANNEL, "u1", USER, MODERATOR, False),
    events.StreamOnline(NOW, RAW, CHANNEL, 1, "calm speedruns", NOW),
    events.StreamOffline(NOW, RAW, CHANNEL, 1),
    events.Subscribed(NOW, RAW, CHANNEL, "PolitePebble", 1),
    events.Resubscribed(NOW, RAW, CHANNEL, "PolitePebble", 12),
    events.Unknown(NOW, RAW, CHANNEL),
    events.Undecodable(NOW, RAW, CHANNEL, "expected int", "$.sender.id"),
    events.Undecodable(NOW, Frame("", "", "{"), None, "not a frame"),
    lifecycle.Up("us2", "1.2"),
    lifecycle.Up("us2", "1.2", 3.25),
    lifecycle.Down("us2", 4200, "please reconnect", 0.0),
    lifecycle.Down("us2", 1006, "", 90.0),
    lifecycle.Down("us2", 4001, "no such app", None),
    lifecycle.GaveUp("no such app", 4001),
    lifecycle.Lagging(12_345),
    provider.Confirmed(Topic("chatrooms.669.v2")),
    provider.Refused(Topic("chatrooms.669.v2"), "forbidden"),
    provider.ErrorReceived(4301, "slow down"),
    provider.ErrorReceived(None, "hm"),
)
