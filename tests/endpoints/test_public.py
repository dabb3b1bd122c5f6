"""The official API: what each function asks, what it reads, and what it refuses to ask."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import pytest

from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.endpoints.public import (
    categories,
    channels,
    chat,
    leaderboard,
    livestreams,
    moderation,
    rewards,
    users,
    webhooks,
)
from kick_proto.endpoints.reading import Page
from kick_proto.errors import LocalProtocolError, NotFound, RemoteProtocolError
from kick_proto.http import Pairs, Response
from kick_proto.ids import ChannelId, UserId
from kick_proto.outcomes import Outcome
from kick_proto.secret import Secret
from kick_proto.slugs import Slug
from tests.endpoints.replies import OFFICIAL, PEM

FOX, ADA, BOB = UserId(7), UserId(8), UserId(9)
AT = "2026-05-04T11:58:01Z"
MOMENT = datetime(2026, 5, 4, 11, 58, 1, tzinfo=UTC)


def read(call: Call[Any], body: Any, status: int = 200) -> Any:
    sent = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return call.parse(Response(status, (), sent))


class Asked(NamedTuple):
    """What a call asks."""

    call: Callable[[], Call[Any]]
    method: str
    path: str
    query: Pairs = ()
    body: Any = None


REWARDS = "/public/v1/channels/rewards"
ASKED: tuple[Asked, ...] = (
    Asked(users.own, "GET", "/public/v1/users"),
    Asked(lambda: users.by_id(FOX, ADA), "GET", "/public/v1/users", (("id", "7"), ("id", "8"))),
    Asked(channels.own, "GET", "/public/v1/channels"),
    Asked(
        lambda: channels.by_id(FOX, ADA),
        "GET",
        "/public/v1/channels",
        (("broadcaster_user_id", "7"), ("broadcaster_user_id", "8")),
    ),
    Asked(lambda: channels.by_slug("@Fox", "ada"), "GET", "/public/v1/channels", (("slug", "fox"), ("slug", "ada"))),
    Asked(lambda: channels.user("kick.com/Fox"), "GET", "/public/v1/channels", (("slug", "fox"),)),
    Asked(lambda: channels.change(title="Foxes"), "PATCH", "/public/v1/channels", (), {"stream_title": "Foxes"}),
    Asked(
        lambda: channels.change(category_id=77, tags=["a", "b"]),
        "PATCH",
        "/public/v1/channels",
        (),
        {"category_id": 77, "custom_tags": ["a", "b"]},
    ),
    Asked(lambda: channels.change(tags=[]), "PATCH", "/public/v1/channels", (), {"custom_tags": []}),
    Asked(livestreams.search, "GET", "/public/v2/livestreams"),
    Asked(
        lambda: livestreams.search(category_id=77, language_code="en", limit=100, cursor="c"),
        "GET",
        "/public/v2/livestreams",
        (("category_id", "77"), ("language_code", "en"), ("limit", "100"), ("cursor", "c")),
    ),
    Asked(
        lambda: livestreams.by_user(FOX, ADA),
        "GET",
        "/public/v1/users/livestreams",
        (("user_id", "7"), ("user_id", "8")),
    ),
    Asked(
        lambda: livestreams.v1(FOX, category_id=77, language="en", limit=1, sort="started_at"),
        "GET",
        "/public/v1/livestreams",
        (
            ("broadcaster_user_id", "7"),
            ("category_id", "77"),
            ("language", "en"),
            ("limit", "1"),
            ("sort", "started_at"),
        ),
    ),
    Asked(livestreams.stats, "GET", "/public/v1/livestreams/stats"),
    Asked(
        lambda: categories.search(names=["Fox"], tags=["a", "b"], ids=[3], limit=5, cursor="c"),
        "GET",
        "/public/v2/categories",
        (("name", "Fox"), ("tag", "a"), ("tag", "b"), ("id", "3"), ("limit", "5"), ("cursor", "c")),
    ),
    Asked(
        lambda: chat.send("good night", to=FOX),
        "POST",
        "/public/v1/chat",
        (),
        {"content": "good night", "type": "user", "broadcaster_user_id": 7},
    ),
    Asked(
        lambda: chat.send("yes", to=FOX, reply_to="m-1"),
        "POST",
        "/public/v1/chat",
        (),
        {"content": "yes", "type": "user", "broadcaster_user_id": 7, "reply_to_message_id": "m-1"},
    ),
    Asked(
        lambda: chat.send_as_bot("yes", reply_to="m-1"),
        "POST",
        "/public/v1/chat",
        (),
        {"content": "yes", "type": "bot", "reply_to_message_id": "m-1"},
    ),
    Asked(lambda: chat.delete("m-1"), "DELETE", "/public/v1/chat/m-1"),
    Asked(lambda: chat.delete("../x?y"), "DELETE", "/public/v1/chat/..%2Fx%3Fy"),
    Asked(
        lambda: moderation.ban(ADA, channel=FOX),
        "POST",
        "/public/v1/moderation/bans",
        (),
        {"broadcaster_user_id": 7, "user_id": 8},
    ),
    Asked(
        lambda: moderation.time_out(ADA, channel=FOX, minutes=10_080, reason="loud"),
        "POST",
        "/public/v1/moderation/bans",
        (),
        {"broadcaster_user_id": 7, "user_id": 8, "duration": 10_080, "reason": "loud"},
    ),
    Asked(
        lambda: moderation.unban(ADA, channel=FOX),
        "DELETE",
        "/public/v1/moderation/bans",
        (),
        {"broadcaster_user_id": 7, "user_id": 8},
    ),
    Asked(rewards.every, "GET", REWARDS),
    Asked(
        lambda: rewards.create(
            "Howl", 100, description="", color="#00ff80", is_enabled=True, needs_input=False, skips_queue=True
        ),
        "POST",
        REWARDS,
        (),
        {
            "title": "Howl",
            "cost": 100,
            "description": "",
            "background_color": "#00ff80",
            "is_enabled": True,
            "is_user_input_required": False,
            "should_redemptions_skip_request_queue": True,
        },
    ),
    Asked(lambda: rewards.change("r-1", is_paused=False), "PATCH", f"{REWARDS}/r-1", (), {"is_paused": False}),
    Asked(
        lambda: rewards.change(
            "r-1",
            title="Howl",
            cost=200,
            description="louder",
            color="#00ff80",
            is_enabled=False,
            is_paused=True,
            needs_input=True,
            skips_queue=False,
        ),
        "PATCH",
        f"{REWARDS}/r-1",
        (),
        {
            "title": "Howl",
            "cost": 200,
            "description": "louder",
            "background_color": "#00ff80",
            "is_enabled": False,
            "is_paused": True,
            "is_user_input_required": True,
            "should_redemptions_skip_request_queue": False,
        },
    ),
    Asked(lambda: rewards.delete("r-1"), "DELETE", f"{REWARDS}/r-1"),
    Asked(rewards.redemptions, "GET", f"{REWARDS}/redemptions"),
    Asked(
        lambda: rewards.redemptions(ids=["x", "y"], reward_id="r-1", status="pending", cursor="c"),
        "GET",
        f"{REWARDS}/redemptions",
        (("id", "x"), ("id", "y"), ("reward_id", "r-1"), ("status", "pending"), ("cursor", "c")),
    ),
    Asked(lambda: rewards.accept("x", "y"), "POST", f"{REWARDS}/redemptions/accept", (), {"ids": ["x", "y"]}),
    Asked(lambda: rewards.reject("x"), "POST", f"{REWARDS}/redemptions/reject", (), {"ids": ["x"]}),
    Asked(leaderboard.kicks, "GET", "/public/v1/kicks/leaderboard"),
    Asked(lambda: leaderboard.kicks(top=100), "GET", "/public/v1/kicks/leaderboard", (("top", "100"),)),
    Asked(webhooks.subscriptions, "GET", "/public/v1/events/subscriptions"),
    Asked(
        lambda: webhooks.subscriptions(channel=FOX),
        "GET",
        "/public/v1/events/subscriptions",
        (("broadcaster_user_id", "7"),),
    ),
    Asked(
        lambda: webhooks.subscribe("chat.message.sent", "kicks.gifted", channel=FOX),
        "POST",
        "/public/v1/events/subscriptions",
        (),
        {
            "broadcaster_user_id": 7,
            "events": [{"name": "chat.message.sent", "version": 1}, {"name": "kicks.gifted", "version": 1}],
            "method": "webhook",
        },
    ),
    Asked(
        lambda: webhooks.unsubscribe("s-1", "s-2"),
        "DELETE",
        "/public/v1/events/subscriptions",
        (("id", "s-1"), ("id", "s-2")),
    ),
    Asked(webhooks.public_key, "GET", "/public/v1/public-key"),
)


@pytest.mark.parametrize("asked", ASKED, ids=[f"{row.method} {row.path}" for row in ASKED])
def test_each_function_asks_what_the_docs_say(asked: Asked) -> None:
    call = asked.call()
    assert (call.host, call.method, call.path, call.query) == (Host.API, asked.method, asked.path, asked.query)
    assert (msgspec.json.decode(call.body) if asked.body is not None else call.body or None) == asked.body
    assert call.headers == ((("content-type", "application/json"),) if asked.body is not None else ())
    assert call.auth is (Auth.NONE if asked.path.endswith("public-key") else Auth.NEEDED)
    assert call.repeatable == (asked.method != "POST")
    assert not call.redirects
    assert call.form == ()


class Answer(NamedTuple):
    """What a call reads."""

    call: Callable[[], Call[Any]]
    body: Any
    result: object


PROFILE = {"user_id": 7, "name": "Night_Fox", "email": "fox@example.org", "profile_picture": ""}
CATEGORY = {"id": 77, "name": "Fox Watching", "thumbnail": "https://files.example/c.webp"}
V1 = {
    "broadcaster_user_id": 7, "channel_id": 11, "slug": "fox", "category": CATEGORY, "has_mature_content": False,
    "language": "en", "profile_picture": "p", "started_at": AT, "stream_title": "Foxes", "thumbnail": "",
    "viewer_count": "41",
}  # fmt: skip
V2 = {
    "id": "ls_1", "broadcaster_user": {"id": 7, "username": "Night_Fox", "profile_picture": ""},
    "channel": {"slug": "fox"}, "category": CATEGORY, "title": "Foxes", "tags": ["a"], "language_code": "en",
    "has_mature_content": True, "started_at": AT, "thumbnail": None, "viewer_count": 41,
}  # fmt: skip
LIVE = livestreams.Livestream(
    id="ls_1",
    broadcaster_user=livestreams.Broadcaster(FOX, "Night_Fox"),
    channel=livestreams.BroadcasterChannel("fox"),
    category=channels.Category(77, "Fox Watching", "https://files.example/c.webp"),
    title="Foxes",
    tags=("a",),
    language_code="en",
    has_mature_content=True,
    started_at=MOMENT,
    viewer_count=41,
)
REWARD = {
    "id": "r-1", "title": "Howl", "cost": 100, "description": "", "background_color": "#00FF80", "is_enabled": True,
    "is_paused": False, "is_user_input_required": False, "should_redemptions_skip_request_queue": True,
}  # fmt: skip
HOWL = rewards.Reward(
    id="r-1",
    title="Howl",
    cost=100,
    background_color="#00FF80",
    is_enabled=True,
    is_paused=False,
    is_user_input_required=False,
    should_redemptions_skip_request_queue=True,
)
REDEEMED = {
    "reward": {"id": "r-1", "title": "Howl", "cost": 100, "description": "", "can_manage": True, "is_deleted": False},
    "redemptions": [
        {"id": "x", "status": "pending", "redeemed_at": AT, "redeemer": {"user_id": 8}, "user_input": "loud!"}
    ],
}
SUBSCRIPTION = {
    "id": "s-1", "app_id": "app-1", "broadcaster_user_id": 7, "event": "chat.message.sent", "version": 1,
    "method": "webhook", "created_at": AT, "updated_at": AT,
}  # fmt: skip
PLACE = {"user_id": 8, "username": "Ada_L", "gifted_amount": 500, "rank": 1}
FIRST = leaderboard.Place(ADA, "Ada_L", 500, 1)

ANSWERS: tuple[Answer, ...] = (
    Answer(users.own, {"data": [PROFILE]}, users.Profile(FOX, "Night_Fox", None, "fox@example.org")),
    Answer(lambda: users.by_id(FOX), {"data": [PROFILE]}, (users.Profile(FOX, "Night_Fox", None, "fox@example.org"),)),
    Answer(lambda: users.by_id(FOX), {"data": []}, ()),
    Answer(lambda: channels.change(title="x"), b"", None),
    Answer(livestreams.search, {"data": [V2], "pagination": {"next_cursor": "c"}}, Page((LIVE,), "c")),
    Answer(livestreams.search, {"data": [], "pagination": {"next_cursor": ""}}, Page(())),
    Answer(lambda: livestreams.by_user(FOX), {"data": [V2]}, (LIVE,)),
    Answer(
        lambda: livestreams.v1(FOX),
        {"data": [V1]},
        (
            livestreams.V1Livestream(
                broadcaster_user_id=FOX,
                channel_id=ChannelId(11),
                slug="fox",
                category=channels.Category(77, "Fox Watching", "https://files.example/c.webp"),
                stream_title="Foxes",
                language="en",
                has_mature_content=False,
                started_at=MOMENT,
                profile_picture="p",
                viewer_count=41,
            ),
        ),
    ),
    Answer(livestreams.stats, {"data": {"total_count": 12}}, livestreams.Stats(12)),
    Answer(
        categories.search,
        {"data": [{**CATEGORY, "tags": ["Nature"], "viewer_count": 5}], "pagination": {"next_cursor": "c"}},
        Page((categories.Category(77, "Fox Watching", "https://files.example/c.webp", ("Nature",), 5),), "c"),
    ),
    Answer(lambda: chat.send("x", to=FOX), {"data": {"is_sent": True, "message_id": "m-1"}}, chat.Sent(True, "m-1")),
    Answer(lambda: chat.send_as_bot("x"), {"data": {"is_sent": False, "message_id": ""}}, chat.Sent(False)),
    Answer(lambda: chat.delete("m-1"), b"", None),
    Answer(lambda: moderation.ban(ADA, channel=FOX), {"data": {}, "message": "OK"}, None),
    Answer(lambda: moderation.unban(ADA, channel=FOX), {"data": {}, "message": "OK"}, None),
    Answer(rewards.every, {"data": [REWARD]}, (HOWL,)),
    Answer(lambda: rewards.create("Howl", 100), {"data": REWARD}, HOWL),
    Answer(lambda: rewards.change("r-1", cost=100), {"data": REWARD}, HOWL),
    Answer(lambda: rewards.delete("r-1"), b"", None),
    Answer(
        rewards.redemptions,
        {"data": [REDEEMED], "pagination": {"next_cursor": "c"}},
        Page(
            (
                rewards.Redeemed(
                    rewards.RedeemedReward(id="r-1", title="Howl", cost=100, can_manage=True, is_deleted=False),
                    (
                        rewards.Redemption(
                            id="x",
                            status="pending",
                            redeemed_at=MOMENT,
                            redeemer=rewards.Redeemer(ADA),
                            user_input="loud!",
                        ),
                    ),
                ),
            ),
            "c",
        ),
    ),
    Answer(lambda: rewards.accept("x"), {"data": []}, ()),
    Answer(
        lambda: rewards.reject("x"), {"data": [{"id": "x", "reason": "settled"}]}, (rewards.NotSettled("x", "settled"),)
    ),
    Answer(
        leaderboard.kicks,
        {"data": {"lifetime": [PLACE], "month": [], "week": None}},
        leaderboard.Leaderboard((FIRST,)),
    ),
    Answer(
        webhooks.subscriptions,
        {"data": [SUBSCRIPTION]},
        (
            webhooks.Subscription(
                id="s-1",
                event="chat.message.sent",
                broadcaster_user_id=FOX,
                app_id="app-1",
                method="webhook",
                created_at=MOMENT,
                updated_at=MOMENT,
            ),
        ),
    ),
    Answer(
        lambda: webhooks.subscribe("a", "b"),
        {"data": [{"name": "a", "version": 1, "subscription_id": "s-1"}, {"name": "b", "version": 1, "error": "no"}]},
        (webhooks.Subscribed(name="a", subscription_id="s-1"), webhooks.Subscribed(name="b", error="no")),
    ),
    Answer(lambda: webhooks.unsubscribe("s-1"), b"", None),
    Answer(webhooks.public_key, {"data": {"public_key": PEM}}, webhooks.PublicKey(PEM)),
)


@pytest.mark.parametrize("answer", ANSWERS, ids=[f"{row.call().method} {row.call().path}" for row in ANSWERS])
def test_each_function_reads_its_answer(answer: Answer) -> None:
    assert read(answer.call(), answer.body) == answer.result


NO: tuple[tuple[Callable[[], Call[Any]], str], ...] = (
    (users.by_id, "user_ids must be 1 to 50 of them, not 0"),
    (lambda: users.by_id(*[FOX] * 51), "user_ids must be 1 to 50 of them, not 51"),
    (lambda: users.by_id(UserId(0)), "user_ids must be a whole number of 1 or more, not 0"),
    (lambda: channels.by_id(*[FOX] * 51), "user_ids must be 1 to 50"),
    (channels.by_slug, "slugs must be 1 to 50 of them, not 0"),
    (lambda: channels.by_slug(*["fox"] * 51), "slugs must be 1 to 50 of them, not 51"),
    (lambda: channels.by_slug("no such"), "does not name a channel"),
    (lambda: channels.user("x" * 26), "does not name a channel"),
    (channels.change, r"^change\(\) needs a title, a category_id or tags: there is nothing to change$"),
    (lambda: channels.change(title=""), "title must have 1 to"),
    (lambda: channels.change(category_id=0), "category_id must be"),
    (lambda: channels.change(tags="fox"), "tags must be several texts, not one"),
    (lambda: livestreams.search(limit=101), "limit must be a whole number from 1 to 100, not 101"),
    (lambda: livestreams.search(limit=0), "limit must be"),
    (livestreams.by_user, "user_ids must be 1 to 100 of them, not 0"),
    (lambda: livestreams.by_user(*[FOX] * 101), "user_ids must be 1 to 100"),
    (lambda: livestreams.v1(*[FOX] * 51), "user_ids must be 0 to 50"),
    (lambda: livestreams.v1(sort="name"), "sort must be one of viewer_count, started_at"),  # type: ignore[arg-type]
    (lambda: categories.search(limit=1_001), "limit must be"),
    (lambda: categories.search(names=[""]), "names must have 1 to 100 characters, not 0"),
    (lambda: chat.send("", to=FOX), "content must have 1 to 500 characters, not 0"),
    (lambda: chat.send("x" * 501, to=FOX), "content must have 1 to 500 characters, not 501"),
    (lambda: chat.send("\ud83e", to=FOX), "content has half of a surrogate pair"),
    (lambda: chat.send("x", to=UserId(0)), "to must be a whole number"),
    (lambda: chat.send_as_bot("x", reply_to=""), "reply_to must have"),
    (lambda: chat.delete(""), "message_id must have 1 to 100 characters"),
    (lambda: chat.delete(".."), "message_id must be an id"),
    (lambda: moderation.ban(ADA, channel=FOX, reason="x" * 101), "reason must have 1 to 100 characters, not 101"),
    (lambda: moderation.time_out(ADA, channel=FOX, minutes=0), "minutes must be a whole number from 1 to 10080, not 0"),
    (lambda: moderation.time_out(ADA, channel=FOX, minutes=10_081), "minutes must be"),
    (lambda: moderation.time_out(ADA, channel=FOX, minutes=1.5), "minutes must be"),  # type: ignore[arg-type]
    (lambda: moderation.unban(UserId(-1), channel=FOX), "user_id must be"),
    (lambda: moderation.unban(ADA, channel=UserId(0)), "channel must be"),
    (lambda: rewards.create("x" * 51, 1), "title must have 1 to 50 characters, not 51"),
    (lambda: rewards.create("x", 0), "cost must be a whole number of 1 or more, not 0"),
    (lambda: rewards.create("x", 1, description="x" * 201), "description must have 0 to 200 characters"),
    (lambda: rewards.create("x", 1, color="red"), "color must be like #00ff80, not 'red'"),
    (lambda: rewards.create("x", 1, color="#00ff80\n"), "color must be like"),
    (lambda: rewards.change("r-1"), r"^change\(\) needs something to change: a title, a cost, a switch$"),
    (lambda: rewards.create("x", 1, color="#" * 101), "color must have 1 to 100 characters, not 101"),
    (lambda: rewards.change(".", cost=1), "reward_id must be an id"),
    (lambda: rewards.redemptions(status="lost"), "status must be one of pending"),  # type: ignore[arg-type]
    (rewards.accept, "redemption_ids must be 1 to 25 of them, not 0"),
    (lambda: rewards.reject(*["x"] * 26), "redemption_ids must be 1 to 25 of them, not 26"),
    (lambda: leaderboard.kicks(top=101), "top must be a whole number from 1 to 100, not 101"),
    (webhooks.subscribe, "names must be 1 to 50 of them, not 0"),
    (webhooks.unsubscribe, "subscription_ids must be 1 to 50 of them, not 0"),
    (lambda: webhooks.unsubscribe(*["s"] * 51), "subscription_ids must be 1 to 50 of them, not 51"),
)


@pytest.mark.parametrize(("ask", "sentence"), NO, ids=[sentence for _, sentence in NO])
def test_what_kick_would_refuse_is_refused_before_it_is_sent(ask: Callable[[], Call[Any]], sentence: str) -> None:
    with pytest.raises(LocalProtocolError, match=sentence):
        ask()


LONG, LONGER = "x" * 100, "x" * 101

MOST: tuple[tuple[Callable[[Any], Call[Any]], str, Any, tuple[Any, ...]], ...] = (
    (lambda most: categories.search(names=most), "names", [LONG] * 50, ([LONG] * 51, [LONGER])),
    (lambda most: categories.search(tags=most), "tags", [LONG] * 50, ([LONG] * 51, [LONGER])),
    (lambda most: categories.search(ids=most), "ids", [1] * 50, ([1] * 51, [0])),
    (lambda most: categories.search(limit=most), "limit", 1_000, (1_001, 0)),
    (lambda most: categories.search(cursor=most), "cursor", "c" * 1_000, ("c" * 1_001, "")),
    (lambda most: channels.by_slug(*most), "slugs", ["fox"] * 50, (["fox"] * 51, [])),
    (lambda most: channels.change(title=most), "title", "x" * 255, ("x" * 256, "")),
    (lambda most: channels.change(tags=most), "tags", [LONG] * 100, ([LONG] * 101, [LONGER])),
    (lambda most: chat.send("x", to=FOX, reply_to=most), "reply_to", LONG, (LONGER, "")),
    (lambda most: livestreams.search(category_id=most), "category_id", 1, (0,)),
    (lambda most: livestreams.search(language_code=most), "language_code", "x" * 16, ("x" * 17, "")),
    (lambda most: livestreams.v1(category_id=most), "category_id", 1, (0,)),
    (lambda most: livestreams.v1(language=most), "language", "x" * 16, ("x" * 17, "")),
    (rewards.delete, "reward_id", LONG, (LONGER, "")),
    (lambda most: rewards.redemptions(ids=most), "ids", [LONG] * 25, ([LONG] * 26, [LONGER])),
    (lambda most: rewards.redemptions(reward_id=most), "reward_id", LONG, (LONGER, "")),
    (lambda most: rewards.redemptions(status=most), "status", "accepted", ("Accepted", "")),
    (lambda most: rewards.redemptions(status=most), "status", "rejected", ("Rejected", "")),
    (lambda most: rewards.accept(*most), "redemption_ids", [LONG] * 25, ([LONG] * 26, [LONGER])),
    (lambda most: webhooks.subscriptions(channel=most), "channel", UserId(1), (0,)),
    (lambda most: webhooks.subscribe("x", channel=most), "channel", UserId(1), (0,)),
    (lambda most: webhooks.subscribe(*most), "names", [LONG] * 50, ([LONG] * 51, [LONGER])),
    (lambda most: webhooks.unsubscribe(*most), "subscription_ids", [LONG] * 50, ([LONG] * 51, [LONGER])),
)
"""How to ask with one argument, its name, the most that it may be, and what it may not be any more."""


@pytest.mark.parametrize(
    ("ask", "name", "most", "wrong"), MOST, ids=[f"{number} {row[1]}" for number, row in enumerate(MOST)]
)
def test_each_argument_has_its_limits_and_is_called_by_its_name(
    ask: Callable[[Any], Call[Any]], name: str, most: Any, wrong: tuple[Any, ...]
) -> None:
    assert ask(most).path
    for each in wrong:
        with pytest.raises(LocalProtocolError, match=f"^{name} must "):
            ask(each)


def test_the_most_that_can_be_asked_can_be() -> None:
    assert len(users.by_id(*[FOX] * 50).query) == 50
    assert len(livestreams.by_user(*[FOX] * 100).query) == 100
    assert chat.send("\N{FOX FACE}" * 500, to=FOX).body.decode().count("\N{FOX FACE}") == 500
    assert moderation.ban(ADA, channel=FOX, reason="x" * 100).body
    assert rewards.accept(*["x"] * 25).body


# A channel by its slug


def test_where_there_is_none_the_name_with_hyphens_is_asked_for() -> None:
    call = channels.user("Night_Fox")
    assert call.query == (("slug", "night_fox"),)
    (instead,) = call.instead
    assert instead.outcomes == {Outcome.NOT_FOUND}
    assert instead.call.query == (("slug", "night-fox"),)
    assert instead.call.instead == ()
    assert channels.user("night-fox").instead == ()


@pytest.mark.parametrize("data", [[], None, {}])
def test_no_channel_is_not_found(data: Any) -> None:
    with pytest.raises(NotFound, match="there is no channel night_fox") as caught:
        read(channels.user("night_fox"), {"data": data})
    assert caught.value.status == 200


def test_the_callers_own_channel_is_not_taken_for_who_was_asked_for() -> None:
    body = {"data": [{**OFFICIAL, "slug": "somebody-else"}]}
    with pytest.raises(RemoteProtocolError, match=r"asked for fox, was told of 'somebody-else' - at `\$\.data\[0\]"):
        read(channels.user("fox"), body)
    with pytest.raises(RemoteProtocolError, match="asked for fox, ada, was told of"):
        read(channels.by_slug("fox", "ada"), body)


def test_the_case_of_a_slug_does_not_matter() -> None:
    assert read(channels.user("fox"), {"data": [{**OFFICIAL, "slug": "Fox"}]}).slug == "fox"
    assert read(channels.user("night_fox"), {"data": [{**OFFICIAL, "slug": "night-fox"}]}).slug == "night-fox"
    assert [each.slug for each in read(channels.by_slug("fox"), {"data": [{**OFFICIAL, "slug": "Fox"}]})] == ["Fox"]


OFFLINE = {
    "broadcaster_user_id": 7, "slug": "fox", "banner_picture": "", "channel_description": "", "stream_title": "",
    "category": {"id": 0, "name": "", "thumbnail": ""},
    "stream": {
        "is_live": False, "is_mature": False, "language": "", "start_time": "0001-01-01T00:00:00Z", "viewer_count": 0,
        "thumbnail": "", "url": "", "key": "",
    },
}  # fmt: skip


def test_an_offline_channel_has_blanks_that_are_none() -> None:
    (told,) = read(channels.by_id(FOX), {"data": [OFFLINE]})
    assert told == channels.Channel(
        broadcaster_user_id=FOX,
        slug=Slug("fox"),
        stream=channels.Stream(is_mature=False, viewer_count=0),
    )
    user = told.user()
    assert (user.is_live, user.livestream, user.source) == (False, None, "official")
    assert (user.channel_id, user.chatroom_id) == (None, None)


def test_what_is_on_has_its_tags_and_a_category_only_where_that_has_a_name() -> None:
    stream = {**OFFICIAL["stream"], "custom_tags": ["a", "b"]}
    (told,) = read(channels.by_id(FOX), {"data": [{**OFFICIAL, "stream": stream, "category": {"id": 0, "name": ""}}]})
    livestream = told.user().livestream
    assert livestream is not None
    assert (livestream.category, livestream.tags) == (None, ("a", "b"))


def test_a_stream_key_is_read_and_not_shown() -> None:
    stream = {**OFFLINE["stream"], "url": "rtmps://ingest.example/app", "key": "canary-key"}  # type: ignore[dict-item]
    told = read(channels.own(), {"data": [{**OFFLINE, "stream": stream}]})
    assert told.stream.key == Secret("canary-key")
    assert told.stream.url == "rtmps://ingest.example/app"
    assert "canary" not in repr(told)


@pytest.mark.parametrize("name", ["broadcaster_user_id", "slug"])
def test_a_channel_without_a_user_or_a_name_is_none(name: str) -> None:
    body = {key: value for key, value in OFFICIAL.items() if key != name}
    with pytest.raises(RemoteProtocolError, match=rf"`{name}` - at `\$\.data\[0\]`$"):
        read(channels.by_id(FOX), {"data": [body]})


def test_the_names_of_events_are_those_of_the_docs() -> None:
    assert len(set(webhooks.EVENTS)) == len(webhooks.EVENTS) == 10
