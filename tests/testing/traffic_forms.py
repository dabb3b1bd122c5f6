"""What a value of the traffic may look like: sets, ranges, patterns and moments, and what stands in several events.

A form is a set of values, of which the traffic tells every one and no other; a range of whole numbers; a pattern of a
text; or what a moment is written as.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from tests.testing.shows import CHANNEL

Form: TypeAlias = frozenset[str] | range | re.Pattern[str] | Callable[[float], str | int]
Forms: TypeAlias = Mapping[str, Form | None]
"""By path. None where it is left open here, because scenes tell it differently."""


def one_of(*values: Any) -> frozenset[str]:
    return frozenset(map(json.dumps, values))


def moment(form: str, shift: float = 0.0) -> Callable[[float], str]:
    """A text of so many seconds after it is told."""
    return lambda at: f"{datetime.fromtimestamp(at + shift, UTC):{form}}"


def fits(form: Form, value: Any, at: float) -> bool:
    """Whether a value that was told at that time has the form."""
    if isinstance(form, frozenset):
        return json.dumps(value) in form
    if isinstance(form, range):
        return type(value) is int and value in form
    if isinstance(form, re.Pattern):
        return isinstance(value, str) and form.fullmatch(value) is not None
    told = form(at)
    return type(value) is type(told) and value == told


def values(told: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a payload with its path."""
    if isinstance(told, dict) and told:
        for key, inner in told.items():
            yield from values(inner, f"{path}.{key}" if path else key)
    elif isinstance(told, list) and told:
        for item in told:
            yield from values(item, f"{path}[]")
    else:
        yield path, told


YES, NO, NONE, EMPTY, NO_ITEMS = one_of(True), one_of(False), one_of(None), one_of(""), one_of([])
EITHER = one_of(False, True)
COUNT = range(2**31)
TEXT = re.compile(".+")
UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ULID = "[0-9A-HJKMNP-TV-Z]{26}"
GO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z")
CHANNEL_ID, CHATROOM_ID = one_of(CHANNEL.channel_id), one_of(CHANNEL.chatroom_id)
OWN_SLUG = one_of(CHANNEL.slug)
PERSON = range(40_000, 130_000_001)
NAME = re.compile("[A-Za-z]+(_[A-Za-z]+)?[0-9]*")
SLUG = re.compile("[a-z]+([-_][a-z]+)?[0-9]*")
COLOR = re.compile("#[0-9A-F]{6}")
STREAM = range(9 * 10**7, 10**9)
STREAM_SLUG = re.compile(f"[0-9a-f]{{8}}-{CHANNEL.slug}-live")
PICTURE = re.compile(
    r"https://kick\.com/img/default-profile-pictures/default-avatar-[1-6]\.webp"
    rf"|https://files\.kick\.com/images/user/\d{{5,9}}/profile_image/conversion/{UUID.pattern}-medium\.webp"
)
SIGNED = re.compile(
    rf"https://storage\.example\.invalid/images/user/\d{{5,9}}/{UUID.pattern}\.webp\?X-Amz-.*=[0-9a-f]{{64}}"
)
OFFSET = "%Y-%m-%dT%H:%M:%S+00:00"
ROW = "%Y-%m-%dT%H:%M:%S.000000Z"
SPACED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
NOW_GO, NOW_ROW, NOW_OFFSET = moment("%Y-%m-%dT%H:%M:%S.%fZ"), moment(ROW), moment(OFFSET)


def seconds(at: float) -> int:
    return int(at)


def millis(at: float) -> int:
    return int(at * 1_000)


def under(name: str, forms: Forms) -> dict[str, Form | None]:
    """The forms of what stands under that name, or of all, where there is none."""
    return {f"{name}.{path}" if name else path: form for path, form in forms.items()}


def user(name: str) -> dict[str, Form | None]:
    return under(name, {"id": PERSON, "username": NAME, "slug": SLUG})


def board(name: str) -> dict[str, Form | None]:
    return under(f"{name}[]", {"user_id": PERSON, "username": NAME, "quantity": range(1, 2**31)})


def badges(name: str) -> dict[str, Form | None]:
    """Of both kinds. What a badge's type says of the rest has a test of its own."""
    return under(
        name,
        {
            "badges": NO_ITEMS,
            "badges[].type": re.compile("[a-z_]+"),
            "badges[].text": TEXT,
            "badges[].count": range(1, 2**31),
            "badges[].sort_order": range(4, 15),
            "badges_v2": NO_ITEMS,
            "badges_v2[].name": re.compile(r"[A-Za-z_\d]+"),
            "badges_v2[].badge_type": one_of("global"),
            "badges_v2[].image_url": re.compile(
                r"https://ext\.cdn\.kick\.com/chat/badges/[A-Za-z_\d]+_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.png"
            ),
            "badges_v2[].metadata.level": range(1, 61),
            "badges_v2[].selected": EITHER,
            "badges_v2[].sort_order": range(1, 5),
        },
    )


SENDER = {
    "id": PERSON,
    "username": re.compile(f"{NAME.pattern}|@HelpfulKettle|{CHANNEL.slug}"),
    "slug": SLUG,
    "identity.color": re.compile(f"{COLOR.pattern}|"),
    **badges("identity"),
}
CHAT: Forms = {
    "id": UUID,
    "chatroom_id": CHATROOM_ID,
    "content": TEXT,
    "type": one_of("message", "reply", "celebration"),
    "created_at": NOW_OFFSET,
    **under("sender", SENDER),
    "metadata.message_ref": re.compile("[0-9]{13}"),
    "metadata.original_sender.id": PERSON,
    "metadata.original_sender.username": SENDER["username"],
    "metadata.original_message.id": UUID,
    "metadata.original_message.content": TEXT,
    "metadata.celebration.id": re.compile(f"chceleb_{ULID}"),
    "metadata.celebration.type": one_of("subscription_renewed"),
    "metadata.celebration.total_months": range(2, 200),
    "metadata.celebration.created_at": GO,
    "thread_parent_id": UUID,
}
LIVESTREAM: Forms = {
    "id": STREAM,
    "slug": STREAM_SLUG,
    "channel_id": CHANNEL_ID,
    "created_at": SPACED,
    "session_title": TEXT,
    "is_live": YES,
    "risk_level_id": NONE,
    "start_time": SPACED,
    "source": NONE,
    "twitch_channel": NONE,
    "duration": one_of(0),
    "language": one_of("English"),
    "is_mature": NO,
    "viewer_count": range(20, 3_001),
}
PINNED: Forms = {
    **{path: form for path, form in CHAT.items() if not path.startswith(("metadata.original", "metadata.celebration"))},
    "type": one_of("message"),
    "created_at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"),
    "metadata": NONE,
    "thread_parent_id": EMPTY,
}
"""What was said, where nothing but plain messages was."""
OWN_CHANNEL: Forms = {
    "id": CHANNEL_ID,
    "user_id": PERSON,
    "slug": OWN_SLUG,
    "is_banned": NO,
    "playback_url": one_of(f"https://playback.example.invalid/api/video/v1/channel.{CHANNEL.channel_id:x}.m3u8"),
    "name_updated_at": NONE,
    "vod_enabled": YES,
    "subscription_enabled": YES,
}
WITH_CHATROOM: Forms = {
    **OWN_CHANNEL,
    "can_host": YES,
    **under(
        "chatroom",
        {
            "id": CHATROOM_ID,
            "chatable_type": one_of("App\\Models\\Channel"),
            "channel_id": CHANNEL_ID,
            "created_at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z"),
            "updated_at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z"),
            "chat_mode_old": one_of("public"),
            "chat_mode": one_of("public"),
            "slow_mode": YES,
            "chatable_id": CHANNEL_ID,
            "followers_mode": EITHER,
            "subscribers_mode": NO,
            "emotes_mode": NO,
            "message_interval": one_of(2, 5, 10),
            "following_min_duration": one_of(0, 5, 180),
        },
    ),
}
GOAL: Forms = {
    "id": re.compile(f"chgoal_{ULID}"),
    "channel_id": re.compile(f"channel_{ULID}"),
    "type": one_of("followers"),
    "target_value": range(20_000, 2**31),
    "current_value": range(20_000, 2**31),
    "progress_bar_emoji_id": one_of("chnl-goal-emotes/2"),
    "created_at": GO,
    "updated_at": GO,
    "end_date": NONE,
    "count_from_creation": YES,
}
PREDICTION: Forms = {
    "id": re.compile(ULID),
    "channel_id": CHANNEL_ID,
    "title": TEXT,
    "outcomes[].id": re.compile(ULID),
    "outcomes[].title": TEXT,
    "duration": one_of(300),
    "created_at": GO,
    "updated_at": NOW_GO,
}
COMMON: Forms = {
    "id": UUID,
    "channel.id": CHANNEL_ID,
    "channel.slug": OWN_SLUG,
    **user("user"),
    "created_at": NOW_ROW,
}
BAN: Forms = {
    **{path: form for path, form in COMMON.items() if path != "created_at"},
    **user("banned"),
    "ban.reason": TEXT,
    "ban.created_at": NOW_ROW,
}
CATEGORY: Forms = {
    "id": one_of(7),
    "category_id": one_of(3),
    "name": one_of("Teapot Island"),
    "slug": one_of("teapot-island"),
    "tags[]": one_of("Cosy"),
    "description": NONE,
    "deleted_at": NONE,
    "viewers": range(1_000, 40_001),
    "banner": one_of("https://files.example.invalid/images/subcategories/7/banner/kettle"),
    "category.id": one_of(3),
    "category.name": one_of("Games"),
    "category.slug": one_of("games"),
    "category.icon": one_of("\N{VIDEO GAME}"),
}
