"""``ChatMessageSentEvent``: once the chat, then the system line of a subscription or a gift.

The only public frame that carries what a resubscriber typed. In 2025 Laravel wrote it, in 2026 a Go service does.

Source: Seen: wire catalogue section 2, "ChatMessageSentEvent" (2023-2026).
"""

from collections.abc import Sequence

import msgspec

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chance, wording, writers
from kick_proto.testing.traffic.people import Person, months_of
from kick_proto.testing.traffic.stage import Stage

__all__ = ["Notice", "chat_2023", "of_2025", "of_2026"]


class Notice(msgspec.Struct, frozen=True):
    """What the line says: of whom, and what they did."""

    person: Person
    action: str
    """``subscribe`` or ``gift``."""
    months: int | None = None
    text: str | None = None
    recipients: Sequence[Person] = ()

    @property
    def gifted_users(self) -> list[dict[str, object]]:
        """The recipients, as the line lists them."""
        return [{"username": each.username, "monthsSubscribed": months_of(each) + 1} for each in self.recipients]


def of_2026(stage: Stage, unix_now: float, notice: Notice) -> Frame:
    """The line on ``chatroom_``: an empty text, a list even where nobody was given anything."""
    message = _message(stage, unix_now, notice) | {"message": "", "is_info": False, "giftedUsers": notice.gifted_users}
    user = _user(notice) | {"profile_thumb": notice.person.picture, "is_subscribed": False, "months_subscribed": None}
    payload = {"message": message, "user": user}
    return writers.moved_service(stage.topics[TopicKind.CHATROOM_NEW], "ChatMessageSentEvent", payload)


def of_2025(stage: Stage, unix_now: float, notice: Notice) -> Frame:
    """The line on ``chatrooms.``: null where 2026 has something empty, and pictures by a signed address."""
    picture = _signed_picture(stage, notice.person) if notice.action == "gift" else None
    user = _user(notice) | {"profile_thumb": picture, "months_subscribed": notice.months or months_of(notice.person)}
    message = _message(stage, unix_now, notice) | {"giftedUsers": notice.gifted_users or None}
    payload = {"message": message, "user": user}
    return writers.laravel(stage.topics[TopicKind.CHATROOM], "ChatMessageSentEvent", payload)


def chat_2023(stage: Stage, unix_now: float) -> list[Frame]:
    """A chat message as of early 2023: the chatroom's number is a string, the type is empty."""
    author = stage.viewer()
    months = months_of(author)
    message: dict[str, object] = {
        "id": chance.uuid4(stage.rng),
        "message": chance.pick(stage.rng, wording.LINES),
        "type": "",
        "replied_to": None,
        "is_info": None,
        "link_preview": None,
        "chatroom_id": str(stage.channel.chatroom_id),
        "role": None,
        "created_at": int(unix_now),
        "action": None,
        "optional_message": None,
        "months_subscribed": months,
        "subscriptions_count": None,
        "giftedUsers": None,
    }
    user = _user(Notice(author, "")) | {
        "role": None,
        "isSuperAdmin": False,
        "is_subscribed": months > 0,
        "months_subscribed": months,
    }
    payload = {"message": message, "user": user}
    return [writers.laravel(stage.topics[TopicKind.CHATROOM], "ChatMessageSentEvent", payload)]


def _message(stage: Stage, unix_now: float, notice: Notice) -> dict[str, object]:
    return {
        "id": chance.uuid4(stage.rng),
        "message": None,
        "type": "info",
        "replied_to": None,
        "is_info": None,
        "link_preview": None,
        "chatroom_id": stage.channel.chatroom_id,
        "role": "user",
        "created_at": int(unix_now),
        "action": notice.action,
        "optional_message": notice.text,
        "months_subscribed": notice.months,
        "subscriptions_count": len(notice.recipients),
        "giftedUsers": None,
    }


def _user(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.person.id,
        "username": notice.person.username,
        "role": "user",
        "isSuperAdmin": None,
        "profile_thumb": None,
        "verified": False,
        "follower_badges": [],
        "is_subscribed": None,
        "is_founder": False,
        "months_subscribed": None,
        "quantity_gifted": len(notice.recipients),
    }


def _signed_picture(stage: Stage, person: Person) -> str:
    """An address as it must never be logged: who holds it may fetch. This one opens nothing."""
    signature = chance.token(stage.rng, "0123456789abcdef", 64)
    return (
        f"https://storage.example.invalid/images/user/{person.id}/{chance.uuid4(stage.rng)}.webp"
        f"?X-Amz-Credential=EXAMPLE&X-Amz-Expires=299&X-Amz-Signature={signature}"
    )
