"""Pins: a message is put on top of the chat, and taken off again.

Pinning anew takes the old pin off first. The payload of the end is an empty array.

Source: Seen: wire catalogue section 7, "PinnedMessageCreatedEvent" (2024-2026).
"""

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chat, people, writers
from kick_proto.testing.traffic.people import Era
from kick_proto.testing.traffic.stage import Message, Stage

__all__ = ["pin", "pin_2024", "pin_2025", "unpin"]

DURATION = "1200"
"""Seconds, as a string."""


def pin(stage: Stage, unix_now: float) -> list[Frame]:
    """A moderator pins what was said lately."""
    frames, message = chat.overheard(stage, unix_now)
    payload = _payload(message, 2026) | {"thread_parent_id": message.payload.get("thread_parent_id", "")}
    return [*frames, *_pin(stage, message, {"message": payload, "duration": DURATION} | _pinned_by(stage, 2026))]


def pin_2025(stage: Stage, unix_now: float) -> list[Frame]:
    """A pin in the shape of 2025: no thread, no badges of the second kind."""
    frames, message = chat.overheard(stage, unix_now)
    payload = {"message": _payload(message, 2025), "duration": DURATION} | _pinned_by(stage, 2025)
    return [*frames, *_pin(stage, message, payload)]


def pin_2024(stage: Stage, unix_now: float) -> list[Frame]:
    """A pin in the shape of 2024: the message's ``metadata`` is null, and nobody has pinned it."""
    frames, message = chat.overheard(stage, unix_now)
    payload = _payload(message, 2025) | {"type": "message", "metadata": None}
    return [*frames, *_pin(stage, message, {"message": payload, "duration": DURATION})]


def unpin(stage: Stage, unix_now: float) -> list[Frame]:
    """The pin is taken off."""
    frames = [] if stage.pin is not None else pin(stage, unix_now)
    return [*frames, *_unpin(stage)]


def _payload(message: Message, era: Era) -> dict[str, object]:
    """What was said, in the shape of the era, whichever the message itself had."""
    payload = message.payload | {"sender": people.sender(message.author, era)}
    if era == 2025:
        payload.pop("thread_parent_id", None)
    return payload


def _pinned_by(stage: Stage, era: Era) -> dict[str, object]:
    return {"pinnedBy": people.pinner(stage.rng, stage.moderator(), era)}


def _pin(stage: Stage, message: Message, payload: dict[str, object]) -> list[Frame]:
    frames = _unpin(stage)
    stage.pin = message
    created = writers.laravel(stage.topics[TopicKind.CHATROOM_V2], "PinnedMessageCreatedEvent", payload)
    return [*frames, created]


def _unpin(stage: Stage) -> list[Frame]:
    if stage.pin is None:
        return []
    stage.pin = None
    return [writers.laravel(stage.topics[TopicKind.CHATROOM_V2], "PinnedMessageDeletedEvent", [])]
