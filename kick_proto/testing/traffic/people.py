"""Invented people: a name, a number, a colour, and the badges that stand beside a name.

A person is frozen; who earns a badge is replaced by a new value. Badges are kept in the two shapes of the wire,
because a badge is written far more often than it is earned.

Source: Seen: wire catalogue section 2, "ChatMessageEvent" (2023-2026).
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from kick_proto.machine import Rng
from kick_proto.testing.traffic import chance, wording

__all__ = [
    "Era",
    "Person",
    "Role",
    "gifts_of",
    "invent",
    "months_of",
    "named",
    "pinner",
    "reference",
    "robot",
    "sender",
    "stranger",
    "with_role",
]

Era: TypeAlias = Literal[2025, 2026]
"""Which shape of a chat message: before or after ``sort_order``, ``badges_v2`` and ``thread_parent_id``."""

Role: TypeAlias = tuple[str, int | None]
"""A badge's type, and its count: months of a subscriber, gifts of a sub gifter."""

BADGES: Mapping[str, tuple[str, int]] = {
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
"""A badge's text and ``sort_order``, in the order in which they stand.

Source: Seen: wire catalogue section 2 (2026). Guess: all of staff, bot and sidekick, and the order of verified; clients
know these types, no recording shows them.
"""

COLORS = ("#E9113C", "#FF9D00", "#75FD46", "#31D6C2", "#1475E1", "#BC66FF", "#DEB2FF", "#FBCFD8", "#93EBE0")

IMAGE_IDS = (
    "3f0c6a52-91d7-4c1e-8b55-0a7de2c94b10",
    "b81e7d04-2a6f-4f39-9c02-5d1f8e6a7733",
    "0195a3c8-77b2-7e10-a4c9-61be0f2d9e58",
    "0195a3c8-77b4-7a9d-8f31-c27a5e90d146",
)


class Person(msgspec.Struct, frozen=True):
    """Somebody with an account. ``badges`` have the shape of 2026; ``old_badges`` that of 2025, unsorted."""

    id: int
    username: str
    slug: str
    color: str
    picture: str
    roles: tuple[Role, ...]
    badges: list[dict[str, object]]
    old_badges: list[dict[str, object]]
    badges_v2: list[dict[str, object]]


def invent(rng: Rng) -> Person:
    """Somebody who was not there before. Two people may share a name, as a draw may repeat; never mind."""
    return named(rng, _username(rng), _roles(rng))


def stranger(rng: Rng) -> Person:
    """Somebody who was not there before, and wears nothing yet."""
    return named(rng, _username(rng), ())


def named(rng: Rng, username: str, roles: tuple[Role, ...], *, slug: str = "") -> Person:
    """Somebody of that name with those badges; without a slug, the name makes one as Kick's usually does."""
    id = chance.whole(rng, 40_000, 130_000_000)
    return Person(
        id,
        username,
        slug or _slug(rng, username),
        chance.pick(rng, COLORS),
        _picture(rng, id),
        roles,
        [_sorted_badge(role) for role in roles],
        [_badge(role) for role in roles],
        _badges_v2(rng),
    )


def robot(rng: Rng, username: str) -> Person:
    """An account that speaks through the API: it has chosen no colour and shows no level."""
    person = named(rng, username, (("moderator", None), ("bot", None)))
    return msgspec.structs.replace(person, color="", badges_v2=[])


def with_role(person: Person, type: str, count: int | None) -> Person:
    """The same person, with this badge new or counted anew."""
    earned = {**dict(person.roles), type: count}
    roles = tuple([(each, earned[each]) for each in BADGES if each in earned])
    return msgspec.structs.replace(
        person,
        roles=roles,
        badges=[_sorted_badge(role) for role in roles],
        old_badges=[_badge(role) for role in roles],
    )


def months_of(person: Person) -> int:
    """How many months they have subscribed, by their badge."""
    return dict(person.roles).get("subscriber") or 0


def gifts_of(person: Person) -> int:
    """How many subscriptions they have given, by their badge."""
    return dict(person.roles).get("sub_gifter") or 0


def reference(person: Person) -> dict[str, object]:
    """``{id, username, slug}``, as moderation events name somebody."""
    return {"id": person.id, "username": person.username, "slug": person.slug}


def sender(person: Person, era: Era) -> dict[str, object]:
    """The ``sender`` of a chat message."""
    identity: dict[str, object]
    if era == 2025:
        identity = {"color": person.color, "badges": person.old_badges}
    else:
        identity = {"color": person.color, "badges": person.badges, "badges_v2": person.badges_v2}
    return {"id": person.id, "username": person.username, "slug": person.slug, "identity": identity}


def pinner(rng: Rng, person: Person, era: Era) -> dict[str, object]:
    """``pinnedBy`` of a pin: a sender whose badges say whether they are worn; one in four is not."""
    shown = person.old_badges if era == 2025 else person.badges
    badges = [
        # The badge's own keys keep their places, so that a sort_order comes last, as on the wire.
        old | {"active": chance.happens(rng, 0.75)} | badge
        for old, badge in zip(person.old_badges, shown, strict=True)
    ]
    identity: dict[str, object] = {"color": person.color, "badges": badges}
    if era == 2026:
        identity["badges_v2"] = person.badges_v2
    return {**reference(person), "identity": identity}


def _username(rng: Rng) -> str:
    first, last = chance.pick(rng, wording.ADJECTIVES), chance.pick(rng, wording.NOUNS)
    style = rng.random()
    if style < 0.3:
        return f"{first}{last}{chance.whole(rng, 2, 999)}"
    if style < 0.55:
        return f"{first}_{last}".lower()
    if style < 0.7:
        return f"{first}_{last}{chance.whole(rng, 2, 99)}"
    if style < 0.85:
        return f"its{first}{last}".lower()
    return first + last


def _slug(rng: Rng, username: str) -> str:
    # Underscores mostly become hyphens, but not always. Source: Seen: wire catalogue section 2.
    plain = username.removeprefix("@").lower()
    return plain if chance.happens(rng, 0.1) else plain.replace("_", "-")


def _roles(rng: Rng) -> tuple[Role, ...]:
    """Most viewers wear nothing; the rest wear what the draw of each badge gives, in the table's order."""
    if chance.happens(rng, 0.65):
        return ()
    worn: list[Role] = [(type, None) for type, share in _SHARES if chance.happens(rng, share)]
    if chance.happens(rng, 0.7):
        worn.append(("subscriber", chance.whole(rng, 1, 40)))
    if chance.happens(rng, 0.2):
        worn.append(("sub_gifter", chance.whole(rng, 1, 300)))
    return tuple(worn)


_SHARES = (("staff", 0.005), ("verified", 0.03), ("vip", 0.1), ("og", 0.15), ("founder", 0.1), ("sidekick", 0.01))


def _badge(role: Role) -> dict[str, object]:
    type, count = role
    badge: dict[str, object] = {"type": type, "text": BADGES[type][0]}
    if count is not None:
        badge["count"] = count
    return badge


def _sorted_badge(role: Role) -> dict[str, object]:
    return _badge(role) | {"sort_order": BADGES[role[0]][1]}


def _badges_v2(rng: Rng) -> list[dict[str, object]]:
    """None at all, or a level, with a badge of some event before it."""
    if chance.happens(rng, 0.12):
        return []
    level = chance.whole(rng, 1, 60)
    selected = chance.happens(rng, 0.6)
    badges = [_event_badge(rng)] if chance.happens(rng, 0.15) else []
    return [
        *badges,
        _image("level", level, level) | {"metadata": {"level": level}, "selected": selected, "sort_order": 1},
    ]


def _event_badge(rng: Rng) -> dict[str, object]:
    place = chance.whole(rng, 0, len(wording.BADGE_NAMES) - 1)
    name = wording.BADGE_NAMES[place]
    selected, order = chance.happens(rng, 0.5), chance.whole(rng, 2, 4)
    return _image(name, name, place) | {"selected": selected, "sort_order": order}


def _image(name: str, stem: str | int, place: int) -> dict[str, object]:
    file = f"{stem}_{IMAGE_IDS[place % len(IMAGE_IDS)]}.png"
    return {"name": name, "badge_type": "global", "image_url": f"https://ext.cdn.kick.com/chat/badges/{file}"}


def _picture(rng: Rng, id: int) -> str:
    if chance.happens(rng, 0.5):
        return f"https://kick.com/img/default-profile-pictures/default-avatar-{chance.whole(rng, 1, 6)}.webp"
    return f"https://files.kick.com/images/user/{id}/profile_image/conversion/{chance.uuid4(rng)}-medium.webp"
