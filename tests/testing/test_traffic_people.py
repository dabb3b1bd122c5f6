"""The people of the traffic: how they are called, what they wear, and who of them may do what."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from kick_proto.ids import Channel
from kick_proto.testing.traffic import SCENES, people
from kick_proto.testing.traffic.people import Person
from kick_proto.testing.traffic.stage import CROWD, Stage
from tests.testing.shows import CHANNEL, NOW, SPOKEN, flat, payloads, played, run

BADGES = {
    "broadcaster": ("Broadcaster", 13),
    "moderator": ("Moderator", 12),
    "staff": ("Staff", 14),
    "bot": ("Bot", 11),
    "verified": ("Verified channel", 10),
    "vip": ("VIP", 5),
    "og": ("OG", 7),
    "founder": ("Founder", 6),
    "sidekick": ("Sidekick", 4),
    "subscriber": ("Subscriber", 9),
    "sub_gifter": ("Sub Gifter", 8),
}
"""Text and place in the order, of all types that were recorded or that clients know."""
COUNTED = {"subscriber", "sub_gifter"}


def said(count: int = 6_000, rare: float = 0.08) -> list[Any]:
    return payloads(flat(run(count, rare=rare)), "ChatMessageEvent")


def types(sender: Any) -> list[str]:
    return [badge["type"] for badge in sender["identity"]["badges"]]


def invented(count: int = 1_500) -> list[Person]:
    rng = random.Random(7)
    return [people.invent(rng) for _ in range(count)]


@pytest.mark.parametrize("era", [2025, 2026])
def test_a_badge_is_of_a_known_type_in_the_words_and_the_order_of_the_wire(era: people.Era) -> None:
    seen: set[str] = set()
    rng = random.Random(7)
    for person in (*invented(3_000), people.robot(rng, "tea"), people.named(rng, "host", (("broadcaster", None),))):
        identity: Any = people.sender(person, era)["identity"]
        worn = [badge["type"] for badge in identity["badges"]]
        assert worn == [type for type in BADGES if type in worn]
        for badge in identity["badges"]:
            text, order = BADGES[badge["type"]]
            count = {"count": badge.get("count")} if badge["type"] in COUNTED else {}
            assert badge == {
                "type": badge["type"],
                "text": text,
                **count,
                **({"sort_order": order} if era == 2026 else {}),
            }
        assert ("badges_v2" in identity) is (era == 2026)
        seen.update(worn)
    assert seen == set(BADGES)


def test_who_earns_a_badge_wears_it_in_its_place_and_the_others_as_before() -> None:
    for person in invented(200):
        earned = people.with_role(person, "vip", None)
        before, after = (dict(each.roles) for each in (person, earned))
        assert after == {**before, "vip": None}
        assert [type for type, _ in earned.roles] == [type for type in BADGES if type in after]
        for era in (2025, 2026):
            identity: Any = people.sender(earned, era)["identity"]
            assert [badge["type"] for badge in identity["badges"]] == [type for type, _ in earned.roles]
        assert people.reference(earned) == people.reference(person)
        assert people.months_of(people.with_role(earned, "subscriber", 77)) == 77
        assert people.gifts_of(people.with_role(earned, "sub_gifter", 5)) == 5


def test_a_level_is_told_behind_the_badge_of_an_event_and_with_its_picture() -> None:
    shapes = Counter[int]()
    files: set[str] = set()
    selected: dict[bool, set[Any]] = {True: set(), False: set()}
    orders: set[Any] = set()
    for person in invented():
        shapes[len(person.badges_v2)] += 1
        for place, each in enumerate(person.badges_v2, 1):
            badge: Any = each
            is_level = place == len(person.badges_v2)
            assert (badge["name"] == "level") is is_level is ("metadata" in badge)
            stem = str(badge["metadata"]["level"]) if is_level else badge["name"]
            file = badge["image_url"].removeprefix("https://ext.cdn.kick.com/chat/badges/")
            assert file.startswith(f"{stem}_")
            files.add(file.removeprefix(f"{stem}_"))
            selected[is_level].add(badge["selected"])
            if is_level:
                assert badge["sort_order"] == 1
            else:
                orders.add(badge["sort_order"])
    assert set(shapes) == {0, 1, 2}
    assert shapes[1] > shapes[0] + shapes[2]
    assert selected == {True: {False, True}, False: {False, True}}
    assert orders == {2, 3, 4}
    assert len(files) == 4


def test_most_wear_nothing_and_of_the_rest_most_subscribe() -> None:
    worn = [dict(person.roles) for person in invented()]
    wearing = [roles for roles in worn if roles]
    counts = Counter(type for roles in wearing for type in roles)
    assert len(worn) / 4 < len(wearing) < len(worn) / 2
    assert len(wearing) / 2 < counts["subscriber"] < len(wearing)
    assert counts["staff"] < counts["founder"] < counts["og"] < counts["sub_gifter"] < counts["subscriber"]
    assert {roles["subscriber"] for roles in wearing if "subscriber" in roles} == set(range(1, 41))


def test_a_slug_is_the_name_in_lower_case_and_its_underscores_mostly_hyphens() -> None:
    kept = Counter[bool]()
    for person in invented():
        assert person.slug.replace("-", "_") == person.username.lower()
        if "_" in person.username:
            kept["_" in person.slug] += 1
    assert 0 < kept[True] < kept[False] / 4
    assert people.named(random.Random(7), "@Tea_Pot", ()).slug == "tea-pot"
    assert people.named(random.Random(7), "Tea", (), slug="pot").slug == "pot"


STYLES = (
    r"([A-Z][a-z]+){2}\d{1,3}",
    "[a-z]+_[a-z]+",
    r"[A-Z][a-z]+_[A-Z][a-z]+\d{1,2}",
    "its[a-z]+",
    "([A-Z][a-z]+){2}",
)


def test_people_are_called_in_every_way() -> None:
    names = [person.username for person in invented()]
    shares = [sum(re.fullmatch(style, name) is not None for name in names) / len(names) for style in STYLES]
    assert min(shares) > 0.1
    assert sum(shares) == pytest.approx(1.0)


def test_people_choose_a_colour_and_a_picture_of_their_own_or_one_of_six() -> None:
    crowd = invented()
    assert {person.color for person in crowd} == {
        *("#E9113C", "#FF9D00", "#75FD46", "#31D6C2", "#1475E1", "#BC66FF", "#DEB2FF", "#FBCFD8", "#93EBE0"),
    }
    own = [person for person in crowd if f"/user/{person.id}/profile_image/" in person.picture]
    assert len(crowd) / 3 < len(own) < 2 * len(crowd) / 3
    assert len({person.picture for person in own}) == len(own)
    assert len({person.picture for person in crowd if person not in own}) == 6
    assert len({person.id for person in crowd}) == len(crowd)


def test_viewers_come_and_go_slowly() -> None:
    stage = Stage(CHANNEL, random.Random(7))
    first = {person.id for person in stage.crowd}
    assert len(first) == CROWD
    came = sum(stage.viewer().id not in first for _ in range(1_000))
    assert 10 < came < 300
    assert len(stage.crowd) == CROWD
    assert 10 < len(first - {person.id for person in stage.crowd}) < 40


def by_badge(badge: str) -> Iterator[Any]:
    for payload in said(4_000, rare=0.3):
        if badge in types(payload["sender"]):
            yield payload


def test_the_broadcaster_speaks_by_the_channels_name() -> None:
    spoken = list(by_badge("broadcaster"))
    assert {(each["sender"]["username"], each["sender"]["slug"]) for each in spoken} == {(CHANNEL.slug, CHANNEL.slug)}
    assert {each["type"] for each in spoken} == {"message"}


def test_staff_speaks_now_and_then_and_the_broadcaster_seldom() -> None:
    authors = Counter(
        next((role for role in ("broadcaster", "bot", "moderator") if role in types(each["sender"])), "viewer")
        for each in said(6_000, rare=0.0)
        if "metadata" in each
    )
    assert set(authors) == {"broadcaster", "moderator", "viewer"}
    assert 0 < authors["broadcaster"] < authors["moderator"] < authors["viewer"] / 10


def test_a_bot_is_a_moderator_of_no_colour_and_no_level_and_says_what_has_no_gaps() -> None:
    spoken = list(by_badge("bot"))
    for each in spoken:
        assert (each["sender"]["username"], each["sender"]["slug"]) == ("@HelpfulKettle", "helpfulkettle")
        assert types(each["sender"]) == ["moderator", "bot"]
        assert (each["sender"]["identity"]["color"], each["sender"]["identity"]["badges_v2"]) == ("", [])
        assert "metadata" not in each
        assert not re.search("[{}]", each["content"])
    assert len({each["content"] for each in spoken}) > 40


def test_who_deletes_bans_pardons_and_pins_is_one_of_the_moderators() -> None:
    stage = Stage(CHANNEL, random.Random(7))
    moderators = {(each.username, each.slug): each.id for each in stage.moderators}
    pinned: set[int] = set()
    for _ in range(60):
        (ban,) = payloads(SCENES["ban"](stage, NOW), "UserBannedEvent")
        assert (ban["banned_by"]["username"], ban["banned_by"]["slug"]) in moderators
        (pardon,) = payloads(SCENES["unban"](stage, NOW), "UserUnbannedEvent")
        by = pardon["unbanned_by"]
        assert moderators[by["username"], by["slug"]] == by["id"]
        (pin,) = payloads(SCENES["pin"](stage, NOW), "PinnedMessageCreatedEvent")
        by = pin["pinnedBy"]
        assert moderators[by["username"], by["slug"]] == by["id"]
        assert "moderator" in types(by)
        pinned.add(by["id"])
    assert pinned == set(moderators.values())


def test_only_what_a_viewer_said_is_deleted_pinned_or_punished() -> None:
    viewers: set[int] = set()
    said: dict[str, int] = {}
    acted = 0
    for frame in flat(run(8_000, rare=0.3)):
        for payload in payloads([frame], "ChatMessageEvent"):
            said[payload["id"]] = payload["sender"]["id"]
            if not {"broadcaster", "moderator"} & set(types(payload["sender"])):
                viewers.add(payload["sender"]["id"])
        for payload in payloads([frame], "MessageDeletedEvent"):
            acted += said[payload["message"]["id"]] in viewers
        for payload in payloads([frame], "PinnedMessageCreatedEvent"):
            assert payload["message"]["sender"]["id"] in viewers
        for payload in payloads([frame], "UserBannedEvent"):
            assert payload["user"]["id"] in viewers
    assert acted > 50


def test_a_pinners_badges_say_whether_they_are_worn_and_most_are() -> None:
    worn = Counter[bool]()
    for name in ("pin", "pin_2025"):
        for frames in played(SCENES[name], times=100):
            (pin,) = payloads(frames, "PinnedMessageCreatedEvent")
            for badge in pin["pinnedBy"]["identity"]["badges"]:
                worn[badge["active"]] += 1
                text, order = BADGES[badge["type"]]
                assert badge["text"] == text
                assert badge.get("sort_order", order) == order
                assert ("sort_order" in badge) is (name == "pin")
    assert 2 * worn[False] < worn[True] < 6 * worn[False]


def test_a_channel_without_a_slug_has_a_name_of_its_own() -> None:
    stage = Stage(Channel(CHANNEL.channel_id, CHANNEL.chatroom_id), random.Random(7))
    assert stage.slug == stage.broadcaster.slug
    assert re.fullmatch("[A-Za-z_]+[0-9]*", stage.broadcaster.username)
    assert stage.slug.replace("-", "_") == stage.broadcaster.username.lower()


def test_each_way_to_speak_is_heard() -> None:
    contents = [
        payload["content"] for payload in payloads(flat(played(SPOKEN["plain"], times=3_000)), "ChatMessageEvent")
    ]
    emote = r"\[emote:\d+:[^\]]+\]"
    shares = [
        sum(re.search(pattern, content) is not None for content in contents) / len(contents)
        for pattern in (f"^(({emote})+)$", f".+ {emote}$", f"^{emote}[^\\[]+$", "https://", "@")
    ]
    expected = (0.06, 0.06, 0.04, 0.02, 0.06)
    assert shares == [pytest.approx(share, abs=0.02) for share in expected]
    repeated = {content.count("[emote") for content in contents if re.fullmatch(f"({emote})+", content)}
    assert repeated == {1, 2, 3, 4}
