"""The decoder table, read as a list: each recorded shape of each wire event, and the event that it becomes."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kick_proto import events
from kick_proto.ids import UserId
from tests.shapes import (
    BAN,
    CELEBRATION,
    CHAT,
    DELETED,
    FOX,
    LIVE,
    READ_AT,
    REPLY,
    STOPPED,
    SUBSCRIPTION,
    TIMEOUT,
    UNBAN,
    Json,
    changed,
    decode,
    without,
)


def with_sender(payload: Json, **changes: Json) -> Json:
    return {**payload, "sender": {**payload["sender"], **changes}}


def with_metadata(name: str) -> Json:
    return {**REPLY, "metadata": {name: REPLY["metadata"][name]}}


def with_badges(*badges: Json, **further: Json) -> Json:
    return with_sender(CHAT, identity={"color": "#FFD899", "badges": list(badges), **further})


ADA = events.Author(UserId(701), "Ada_L", "ada-l", "#FFD899")
LOUD = events.User(UserId(703), "Loud_One", "loud-one")
MAX_MASKED = events.Moderator("Max", None, "max")
SENT_AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PLAIN = {"id": CHAT["id"], "text": "hello [emote:501:OwlClap]", "author": ADA, "sent_at": SENT_AT, "kind": "message"}
ANSWER = events.Reply("m-0", "who is there?", "Bob", UserId(702), "m-root")
REPLIED = {**PLAIN, "kind": "reply", "reply_to": ANSWER}
UNTHREADED = {**REPLIED, "reply_to": msgspec.structs.replace(ANSWER, thread_id=None)}
RENEWAL = events.Celebration(
    "chceleb_0000", "subscription_renewed", 13, datetime(2026, 4, 27, 8, 0, 0, 123_450, tzinfo=UTC)
)
VIP = events.Badge("vip", "VIP")


def author(**changes: Json) -> events.Author:
    return msgspec.structs.replace(ADA, **changes)


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(CHAT, PLAIN, id="plain"),
        pytest.param(without(CHAT, "metadata"), PLAIN, id="without metadata, as bots send"),
        pytest.param({**CHAT, "metadata": None}, PLAIN, id="metadata null"),
        pytest.param({**CHAT, "metadata": {}}, PLAIN, id="metadata empty"),
        pytest.param({**CHAT, "thread_parent_id": ""}, PLAIN, id="an empty thread id"),
        pytest.param(without(CHAT, "type", "chatroom_id"), PLAIN, id="nothing but what it needs"),
        pytest.param({**CHAT, "type": "serenade"}, {**PLAIN, "kind": "serenade"}, id="a kind that is not known yet"),
        pytest.param({**CHAT, "chatroom_id": "22"}, PLAIN, id="a chatroom id as a string, as in 2023"),
        pytest.param({**CHAT, "content": ""}, {**PLAIN, "text": ""}, id="no text"),
        pytest.param(REPLY, REPLIED, id="reply"),
        pytest.param(without(REPLY, "thread_parent_id"), UNTHREADED, id="reply from before mid-2026"),
        pytest.param({**REPLY, "thread_parent_id": ""}, UNTHREADED, id="reply with an empty thread id"),
        pytest.param(changed(REPLY, ("metadata", "original_sender", "id"), str), REPLIED, id="reply with a string id"),
        pytest.param(with_metadata("original_message"), {**PLAIN, "kind": "reply"}, id="reply to nobody"),
        pytest.param(with_metadata("original_sender"), {**PLAIN, "kind": "reply"}, id="reply to nothing"),
        pytest.param(CELEBRATION, {**PLAIN, "kind": "celebration", "celebration": RENEWAL}, id="celebration"),
        pytest.param(
            {**CHAT, "metadata": {"celebration": {"id": "c", "type": "birthday"}}},
            {**PLAIN, "celebration": events.Celebration("c", "birthday")},
            id="celebration of another type",
        ),
        pytest.param(
            with_badges({"type": "subscriber", "text": "Subscriber", "count": 3}, {"type": "vip", "text": "VIP"}),
            {**PLAIN, "author": author(badges=(events.Badge("subscriber", "Subscriber", 3), VIP))},
            id="badges",
        ),
        pytest.param(
            with_badges({"type": "og", "text": "OG", "sort_order": 7}),
            {**PLAIN, "author": author(badges=(events.Badge("og", "OG"),))},
            id="badges with an order",
        ),
        pytest.param(
            with_badges(badges_v2=[{"name": "level", "badge_type": "global", "metadata": {"level": 9}}]),
            PLAIN,
            id="badges of the second kind",
        ),
        pytest.param(with_badges(badges_v2=[]), PLAIN, id="an empty list of the second kind"),
        pytest.param(
            with_sender(CHAT, identity={"color": "", "badges": None}),
            {**PLAIN, "author": author(color=None)},
            id="no colour chosen",
        ),
        pytest.param(
            {**CHAT, "sender": {"id": 701, "username": "Ada_L"}},
            {**PLAIN, "author": events.Author(UserId(701), "Ada_L")},
            id="a sender by number and name alone",
        ),
        pytest.param(
            {**CHAT, "sender": {"id": 701, "username": "Ada_L", "slug": "ada-l"}},
            {**PLAIN, "author": author(color=None)},
            id="a sender without an identity",
        ),
        pytest.param(with_sender(CHAT, id="701"), PLAIN, id="a sender with a string id"),
    ],
)
def test_a_chat_message(payload: Json, fields: dict[str, Json]) -> None:
    event = decode("ChatMessageEvent", payload)
    assert event == events.ChatMessage(received_at=READ_AT, raw=event.raw, channel=FOX, **fields)


def by_ai(*rules: str) -> Json:
    return {**DELETED, "aiModerated": True, "violatedRules": list(rules)}


@pytest.mark.parametrize(
    ("payload", "ai", "rules"),
    [
        pytest.param(DELETED, False, (), id="by a human"),
        pytest.param(by_ai("hate", "is_spam-TRUE"), True, ("hate", "is_spam-TRUE"), id="by AI"),
        pytest.param(by_ai("hate", "", "sexual"), True, ("hate", "sexual"), id="with an empty rule"),
        pytest.param(by_ai(""), True, (), id="with no other rule"),
        pytest.param({**DELETED, "violatedRules": None}, False, (), id="rules null"),
        pytest.param(without(DELETED, "aiModerated", "violatedRules"), None, (), id="from before 2025"),
    ],
)
def test_a_deleted_message(payload: Json, ai: bool | None, rules: tuple[str, ...]) -> None:
    event = decode("MessageDeletedEvent", payload)
    assert event == events.MessageDeleted(READ_AT, event.raw, FOX, "d-1", "m-1", ai, rules)


EXPIRES_AT = datetime(2026, 5, 4, 12, 5, tzinfo=UTC)
A_BAN = {"user": LOUD, "moderator": MAX_MASKED, "permanent": True, "duration": None, "expires_at": None}
A_TIMEOUT = {**A_BAN, "permanent": False, "duration": timedelta(minutes=5), "expires_at": EXPIRES_AT}


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        pytest.param(BAN, A_BAN, id="ban"),
        pytest.param(TIMEOUT, A_TIMEOUT, id="timeout"),
        pytest.param(without(BAN, "permanent"), A_BAN, id="ban from before mid-2024"),
        pytest.param(
            without(TIMEOUT, "permanent", "duration"),
            {**A_TIMEOUT, "duration": None},
            id="timeout from before mid-2024, told by its end alone",
        ),
        pytest.param({**BAN, "duration": None, "expires_at": None}, A_BAN, id="ban with nulls"),
        pytest.param({**BAN, "permanent": False}, {**A_BAN, "permanent": False}, id="no ban for good, without an end"),
        pytest.param({**TIMEOUT, "permanent": True}, {**A_TIMEOUT, "permanent": True}, id="a ban for good with an end"),
        pytest.param(without(BAN, "banned_by"), {**A_BAN, "moderator": None}, id="by nobody"),
        pytest.param(
            changed(BAN, ("banned_by", "id"), lambda _: 704),
            {**A_BAN, "moderator": events.Moderator("Max", UserId(704), "max")},
            id="by somebody with a number",
        ),
        pytest.param({**TIMEOUT, "duration": "5"}, A_TIMEOUT, id="minutes as a string"),
        pytest.param(
            {**TIMEOUT, "duration": 10**30}, {**A_TIMEOUT, "duration": timedelta.max}, id="more minutes than there are"
        ),
    ],
)
def test_a_ban_or_a_timeout(payload: Json, fields: dict[str, Json]) -> None:
    event = decode("UserBannedEvent", payload)
    assert event == events.UserBanned(received_at=READ_AT, raw=event.raw, channel=FOX, id="b-1", **fields)


@pytest.mark.parametrize(
    ("payload", "moderator", "permanent"),
    [
        pytest.param(UNBAN, events.Moderator("Max", UserId(704), "max"), True, id="ban"),
        pytest.param({**UNBAN, "permanent": False}, events.Moderator("Max", UserId(704), "max"), False, id="timeout"),
        pytest.param(without(UNBAN, "permanent", "unbanned_by"), None, None, id="from before 2025, by nobody"),
    ],
)
def test_a_lifted_ban_or_timeout(payload: Json, moderator: events.Moderator | None, permanent: bool | None) -> None:
    event = decode("UserUnbannedEvent", payload)
    assert event == events.UserUnbanned(READ_AT, event.raw, FOX, "u-1", LOUD, moderator, permanent)


@pytest.mark.parametrize(
    ("payload", "title", "started_at"),
    [
        pytest.param(LIVE, "Foxes at night", datetime(2026, 5, 4, 11, 59, 59, tzinfo=UTC), id="as seen"),
        pytest.param({"livestream": {"id": 9001}}, None, None, id="by its number alone"),
        pytest.param({"livestream": {"id": 9001, "session_title": ""}}, None, None, id="a blank title"),
        pytest.param({"livestream": {"id": "9001", "session_title": None, "created_at": None}}, None, None, id="nulls"),
    ],
)
def test_a_channel_that_went_live(payload: Json, title: str | None, started_at: datetime | None) -> None:
    event = decode("StreamerIsLive", payload)
    assert event == events.StreamOnline(READ_AT, event.raw, FOX, 9001, title, started_at)


@pytest.mark.parametrize("payload", [STOPPED, {"livestream": {"id": 9001}}])
def test_a_broadcast_that_ended(payload: Json) -> None:
    event = decode("StopStreamBroadcast", payload)
    assert event == events.StreamOffline(READ_AT, event.raw, FOX, 9001)


@pytest.mark.parametrize(
    ("months", "kind"),
    [(1, events.Subscribed), (2, events.Resubscribed), (48, events.Resubscribed), (0, events.Subscribed)],
)
def test_one_month_is_a_subscription_and_more_is_a_renewal(
    months: int, kind: type[events.Subscribed | events.Resubscribed]
) -> None:
    event = decode("SubscriptionEvent", {**SUBSCRIPTION, "months": months})
    assert event == kind(READ_AT, event.raw, FOX, "Ada_L", months)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-05-04T12:00:00+00:00", SENT_AT),
        ("2026-05-04T12:00:00Z", SENT_AT),
        ("2026-05-04 12:00:00", SENT_AT),
        ("2026-05-04T12:00:00.000000Z", SENT_AT),
        ("2026-05-04T12:00:00.5Z", SENT_AT + timedelta(milliseconds=500)),
        ("2026-05-04T12:00:00.12345Z", SENT_AT + timedelta(microseconds=123_450)),
        ("2026-05-04T12:00:00.1234567Z", SENT_AT + timedelta(microseconds=123_457)),
        ("2026-05-04T12:00:00.123456789Z", SENT_AT + timedelta(microseconds=123_457)),
        ("2026-05-04T14:00:00+02:00", SENT_AT),
        (1777896000, SENT_AT),
        ("1777896000", SENT_AT),
    ],
)
def test_every_way_to_write_a_time_is_read_as_utc(written: str | int, meant: datetime) -> None:
    event = decode("ChatMessageEvent", {**CHAT, "created_at": written})
    assert isinstance(event, events.ChatMessage)
    assert (event.sent_at, event.sent_at.utcoffset()) == (meant, timedelta(0))


@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize("written", ["2026-05-04 12:00:00", "2026-05-04T14:00:00+02:00"])
def test_where_the_machine_stands_changes_no_time(written: str) -> None:
    event = decode("ChatMessageEvent", {**CHAT, "created_at": written})
    assert isinstance(event, events.ChatMessage)
    assert (event.sent_at, event.sent_at.tzinfo) == (SENT_AT, UTC)
