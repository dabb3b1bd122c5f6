"""Who takes part: what badges and colours tell of an author."""

import pytest

from kick_proto.events import Author, Badge
from kick_proto.ids import UserId

ROLES = (
    "is_broadcaster",
    "is_moderator",
    "is_vip",
    "is_subscriber",
    "is_og",
    "is_founder",
    "is_verified",
    "is_staff",
    "is_bot",
)


def author(*badges: Badge, color: str | None = None) -> Author:
    return Author(UserId(7), "Ada", "ada", color, badges)


def roles(author: Author) -> set[str]:
    return {role for role in ROLES if getattr(author, role)}


@pytest.mark.parametrize("role", ROLES)
def test_a_badge_tells_a_role(role: str) -> None:
    assert roles(author(Badge(role.removeprefix("is_")))) == {role}


def test_an_author_may_have_several_roles() -> None:
    mod = author(Badge("moderator"), Badge("founder"), Badge("subscriber", "Subscriber", 32), Badge("new_badge"))
    assert roles(mod) == {"is_moderator", "is_founder", "is_subscriber"}


@pytest.mark.parametrize("badges", [(), (Badge("new_badge"),), (Badge("sub_gifter", count=5),), (Badge("VIP"),)])
def test_other_badges_tell_no_role(badges: tuple[Badge, ...]) -> None:
    assert roles(author(*badges)) == set()


@pytest.mark.parametrize(
    ("badges", "months", "gifts"),
    [
        pytest.param((), None, None, id="no badges"),
        pytest.param((Badge("subscriber", "Subscriber", 9),), 9, None, id="months"),
        pytest.param((Badge("sub_gifter", "Sub Gifter", 790),), None, 790, id="gifts"),
        pytest.param((Badge("sub_gifter", count=5), Badge("subscriber", count=1)), 1, 5, id="both"),
        pytest.param((Badge("subscriber"), Badge("vip", count=3)), None, None, id="no count"),
        pytest.param((Badge("subscriber"), Badge("subscriber", count=3)), 3, None, id="the first count"),
    ],
)
def test_counts_stand_on_badges(badges: tuple[Badge, ...], months: int | None, gifts: int | None) -> None:
    assert (author(*badges).subscribed_months, author(*badges).gifted_count) == (months, gifts)


@pytest.mark.parametrize(
    ("color", "rgb"),
    [
        ("#FFD899", (255, 216, 153)),
        ("#a1b2c3", (161, 178, 195)),
        ("#000000", (0, 0, 0)),
        (None, None),
        ("", None),
        ("red", None),
        ("FFD899", None),
        ("#FFD89", None),
        ("#FFD8999", None),
        ("#FFD899\n", None),
        ("#GGGGGG", None),
        ("#12345\u0663", None),
        ("rgb(1, 2, 3)", None),
    ],
)
def test_a_colour_is_three_numbers_or_none(color: str | None, rgb: tuple[int, int, int] | None) -> None:
    assert author(color=color).rgb == rgb
