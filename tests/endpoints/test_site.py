"""What is asked of the web page's own API, and what is made of odd answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from kick_proto import events
from kick_proto.endpoints import site
from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.endpoints.user import User
from kick_proto.errors import LocalProtocolError, RemoteProtocolError
from kick_proto.http import Response
from kick_proto.ids import Channel, ChannelId, ChatroomId, UserId
from kick_proto.outcomes import Outcome
from kick_proto.slugs import Slug
from tests.endpoints.replies import CHANNEL, FOX, RULES, SAID, SLUG
from tests.shapes import without


def read(call: Call[Any], body: Any) -> Any:
    return call.parse(Response(200, (), msgspec.json.encode(body)))


def user(body: Any, slug: str = SLUG) -> User:
    told: User = read(site.user(slug), body)
    return told


CALLS: tuple[tuple[Callable[[str], Call[Any]], str], ...] = (
    (site.user, ""),
    (site.livestream, "/livestream"),
    (site.chatroom, "/chatroom"),
)


@pytest.mark.parametrize(("ask", "rest"), CALLS)
def test_a_channel_is_asked_for_by_its_slug_without_a_token(ask: Callable[[str], Call[Any]], rest: str) -> None:
    call = ask(" https://kick.com/Night-Fox/videos ")
    assert (call.host, call.method, call.path) == (Host.SITE, "GET", f"/api/v2/channels/night-fox{rest}")
    assert (call.auth, call.bearer, call.query, call.form, call.body) == (Auth.NONE, None, (), (), b"")
    assert call.repeatable
    assert call.redirects
    assert call.instead == ()


@pytest.mark.parametrize(("ask", "rest"), CALLS)
def test_where_there_is_none_the_name_with_hyphens_is_asked_for(ask: Callable[[str], Call[Any]], rest: str) -> None:
    (instead,) = ask("Night_Fox_").instead
    assert instead.outcomes == {Outcome.NOT_FOUND}
    assert instead.call.path == f"/api/v2/channels/night-fox-{rest}"
    assert instead.call.instead == ()
    assert instead.call.repeatable


@pytest.mark.parametrize("ask", [ask for ask, _ in CALLS])
def test_what_is_no_slug_is_never_asked_for(ask: Callable[[str], Call[Any]]) -> None:
    with pytest.raises(LocalProtocolError, match="does not name a channel"):
        ask("../../admin")


# Whose channel it is


def test_a_channel_tells_its_topics_numbers() -> None:
    assert user(CHANNEL).channel == Channel(ChannelId(11), ChatroomId(22), SLUG)


@pytest.mark.parametrize("name", ["id", "chatroom"])
def test_a_channel_without_its_numbers_is_none(name: str) -> None:
    with pytest.raises(RemoteProtocolError, match=f"missing required field `{name}` - at `\\$`"):
        user(without(CHANNEL, name))


@pytest.mark.parametrize("wrong", [0, -1, "", "x", 1.5, True, None, {}])
def test_a_number_that_cannot_be_an_id_is_none(wrong: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        user({**CHANNEL, "id": wrong})
    with pytest.raises(RemoteProtocolError):
        user({**CHANNEL, "chatroom": {"id": wrong}})


def test_the_users_number_stands_in_two_places() -> None:
    assert user(without(CHANNEL, "user_id")).user_id == 7
    assert user({**CHANNEL, "user_id": "9"}).user_id == 9
    assert user(without(CHANNEL, "user_id", "user")).user_id is None


@pytest.mark.parametrize(
    ("asked", "told", "slug"),
    [
        ("night-fox", "Night-Fox", "night-fox"),
        ("night_fox", "night-fox", "night-fox"),
        ("night-fox", "night_fox", "night_fox"),
        ("night-fox", None, "night-fox"),
        ("night-fox", "", "night-fox"),
    ],
)
def test_the_slug_is_the_one_that_was_told(asked: str, told: str | None, slug: str) -> None:
    assert user({**CHANNEL, "slug": told}, asked).slug == slug


@pytest.mark.parametrize("told", ["day-fox", "nightfox", "x" * 10_000])
def test_somebody_else_is_not_taken_for_who_was_asked_for(told: str) -> None:
    with pytest.raises(RemoteProtocolError, match="asked for night-fox, was told of") as caught:
        user({**CHANNEL, "slug": told})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("name", "odd", "field"),
    [
        ("user", [], "username"),
        ("user", {"username": 7}, "username"),
        ("user", None, "avatar"),
        ("followers_count", "1.2K", "followers_count"),
        ("followers_count", None, "followers_count"),
        ("is_banned", "perhaps", "is_banned"),
    ],
)
def test_what_is_only_good_to_have_cannot_lose_the_numbers(name: str, odd: Any, field: str) -> None:
    told = user({**CHANNEL, name: odd})
    assert getattr(told, field) is None
    assert told.channel == FOX.channel


@pytest.mark.parametrize("odd", [{"id": "x"}, {"id": 1, "tags": 7}, "live", [1]])
def test_a_broadcast_that_cannot_be_read_is_on_all_the_same(odd: Any) -> None:
    told = user({**CHANNEL, "livestream": odd})
    assert told.is_live is True
    assert told.livestream is None
    assert told.channel == FOX.channel


@pytest.mark.parametrize("none", [None, [], {}, "", {**CHANNEL["livestream"], "is_live": False}])
def test_a_channel_without_a_broadcast_is_offline(none: Any) -> None:
    told = user({**CHANNEL, "livestream": none})
    assert (told.is_live, told.livestream) == (False, None)


def test_a_banned_channel_is_a_state_and_no_error() -> None:
    assert user({**CHANNEL, "is_banned": True}).is_banned is True


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        ({}, "the channel id and the chatroom id of fox is not known"),
        ({"chatroom_id": ChatroomId(2)}, "the channel id of fox"),
        ({"channel_id": ChannelId(1)}, "the chatroom id of fox"),
    ],
)
def test_a_channel_whose_numbers_are_not_known_says_which_and_where_they_are_found(
    known: dict[str, Any], missing: str
) -> None:
    partial = User(slug=Slug("fox"), user_id=UserId(3), source="official", **known)
    with pytest.raises(LocalProtocolError, match=missing) as caught:
        _ = partial.channel
    assert "https://kick.com/api/v2/channels/fox shows both" in str(caught.value)
    assert "source: official" in str(caught.value)


# What is on


def test_the_route_of_a_broadcast_is_strict_and_names_the_field() -> None:
    with pytest.raises(RemoteProtocolError, match=r"at `\$\.data\.viewers`$"):
        read(site.livestream("fox"), {"data": {"id": 1, "viewers": "many"}})


@pytest.mark.parametrize("data", [None, {}, []])
def test_no_broadcast_is_none(data: Any) -> None:
    assert read(site.livestream("fox"), {"data": data}) is None


@pytest.mark.parametrize("category", [None, {}, {"id": 0, "name": ""}])
def test_a_category_without_a_name_is_none(category: Any) -> None:
    assert read(site.livestream("fox"), {"data": {"id": 1, "category": category}}).category is None


def test_the_viewers_have_two_names() -> None:
    assert read(site.livestream("fox"), {"data": {"id": 1, "viewer_count": 0, "viewers": None}}).viewer_count == 0
    assert read(site.livestream("fox"), {"data": {"id": 1, "viewers": "5"}}).viewer_count == 5


# The chat's rules


def test_bot_protection_may_be_among_the_rules_and_end_by_itself() -> None:
    rules = read(site.chatroom("fox"), {**RULES, "advanced_bot_protection": {"enabled": True, "remaining_time": 90}})
    assert rules.bot_protection == events.Mode(True, timedelta(seconds=90))
    rules = read(site.chatroom("fox"), {**RULES, "advanced_bot_protection": {"enabled": True, "remaining_time": 0}})
    assert rules.bot_protection == events.Mode(True)


def test_accounts_may_have_to_be_so_many_minutes_old() -> None:
    rules = read(site.chatroom("fox"), {**RULES, "account_age": {"enabled": True, "min_duration": 10}})
    assert rules.account_age == events.Mode(True, timedelta(minutes=10))


def test_rules_that_were_not_told_are_none() -> None:
    assert read(site.chatroom("fox"), {"id": 22}) == site.Chatroom(chatroom_id=ChatroomId(22))


# What was said


def test_the_past_is_asked_for_by_the_channels_number() -> None:
    call = site.history(ChannelId(11))
    assert (call.host, call.method, call.path, call.query) == (Host.WEB, "GET", "/api/v1/chat/11/history", ())
    assert (call.auth, call.repeatable, call.redirects) == (Auth.NONE, True, True)


@pytest.mark.usefixtures("in_tokyo")
def test_the_past_begins_at_the_same_time_wherever_the_machine_stands() -> None:
    call = site.history(ChannelId(11), since=datetime(2026, 5, 4, 12, tzinfo=UTC))
    assert call.query == (("start_time", "2026-05-04T12:00:00.000Z"),)


def test_the_past_begins_at_a_time_in_any_zone_or_at_a_cursor() -> None:
    since = datetime(2026, 5, 4, 14, 0, 1, 500_999, tzinfo=timezone(timedelta(hours=2)))
    call = site.history(ChannelId(11), since=since, cursor="c-2")
    assert call.query == (("start_time", "2026-05-04T12:00:01.500Z"), ("cursor", "c-2"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"channel_id": 0}, "channel_id must be a whole number of 1 or more, not 0"),
        ({"channel_id": "11"}, "channel_id must be a whole number"),
        ({"channel_id": 11, "since": datetime(2026, 5, 4)}, "since must be a time with a zone"),  # noqa: DTZ001
        ({"channel_id": 11, "cursor": ""}, "cursor must have 1 to 1000 characters"),
    ],
)
def test_what_cannot_be_asked_is_refused(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LocalProtocolError, match=sentence):
        site.history(**wrong)


def past(**changes: Any) -> site.HistoryMessage:
    told = read(site.history(ChannelId(11)), {"data": {"messages": [{**SAID, **changes}], "cursor": None}})
    assert told.cursor is None
    message: site.HistoryMessage = told.messages[0]
    return message


REPLY = {
    "original_sender": {"id": "9", "username": "Bob"},
    "original_message": {"id": "m-0", "content": "who is there?"},
}


HALVES = [{name: half} for name, half in REPLY.items()]
"""Of each reply, who or what was replied to, and not the other."""


@pytest.mark.parametrize("metadata", [REPLY, msgspec.json.encode(REPLY).decode()])
def test_a_reply_is_told_in_an_object_or_in_json_within_a_string(metadata: Any) -> None:
    message = past(type="reply", metadata=metadata, thread_parent_id="m-root")
    assert message.type == "reply"
    assert message.reply == events.Reply("m-0", "who is there?", "Bob", UserId(9), "m-root")


@pytest.mark.parametrize("metadata", [None, "", "{", "[]", "7", {}, [], "[" * 5_000, {"original_sender": 7}, *HALVES])
def test_metadata_that_tells_nothing_loses_no_message(metadata: Any) -> None:
    message = past(metadata=metadata)
    assert message.reply is None
    assert message.created_at == datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_message_may_be_blank_and_its_author_plain() -> None:
    message = past(content="", sender={"id": 8, "username": "Ada_L", "identity": {"color": "", "badges": None}})
    assert (message.content, message.author) == ("", events.Author(UserId(8), "Ada_L"))


def test_an_empty_page_may_have_a_cursor() -> None:
    told = read(site.history(ChannelId(11)), {"data": {"messages": [], "cursor": "c-3", "pinned_message": None}})
    assert told == site.History(cursor="c-3")
