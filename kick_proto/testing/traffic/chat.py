"""What is said in the chat: ``ChatMessageEvent`` in all its shapes.

These are the acts that make up nearly all traffic. Each takes the stage and the wall clock, and gives frames in wire
order, as every scene does.

Source: Seen: wire catalogue section 2 (2025-2026).
"""

from bisect import bisect
from collections.abc import Callable
from itertools import accumulate
from typing import TypeAlias, TypedDict

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.machine import Rng
from kick_proto.testing.traffic import chance, people, stamps, wording, writers
from kick_proto.testing.traffic.people import Era, Person
from kick_proto.testing.traffic.stage import Message, Stage

__all__ = ["CHATTER", "Answering", "Scene", "chatter", "composed", "overheard", "say"]

Scene: TypeAlias = Callable[[Stage, float], list[Frame]]
"""One thing that happens: from the stage and the wall clock (unix seconds, UTC) to the frames that tell it."""


def plain(stage: Stage, unix_now: float) -> list[Frame]:
    """A viewer, or now and then one of the staff, says something."""
    author = stage.viewer() if chance.happens(stage.rng, 0.93) else _staff(stage)
    return [say(stage, unix_now, author, _words(stage), metadata=_reference(stage.rng, unix_now))]


def reply(stage: Stage, unix_now: float) -> list[Frame]:
    """A viewer answers what was said lately."""
    return _reply(stage, unix_now, 2026)


def celebration(stage: Stage, unix_now: float) -> list[Frame]:
    """A viewer shares a renewal, which may be days old; where nobody has one to share, it is an old one."""
    author, months, unix_micros = stage.renewed() or _old_renewal(stage, unix_now)
    shared = {
        "id": f"chceleb_{chance.ulid(stage.rng, unix_micros / 1_000_000)}",
        "type": "subscription_renewed",
        "total_months": months,
        "created_at": stamps.go(unix_micros),
    }
    text = chance.pick(stage.rng, wording.CELEBRATIONS)
    return [say(stage, unix_now, author, text, kind="celebration", metadata={"celebration": shared})]


def announcement(stage: Stage, unix_now: float) -> list[Frame]:
    """A bot speaks through the API: no ``metadata``, no colour of its own."""
    line = chance.pick(stage.rng, wording.ANNOUNCEMENTS)
    text = line.format(name=stage.viewer().username, number=chance.whole(stage.rng, 1, 9_999))
    return [say(stage, unix_now, stage.bot, text)]


def plain_2025(stage: Stage, unix_now: float) -> list[Frame]:
    """A message in the shape of 2025: no ``sort_order``, no ``badges_v2``, everything escaped."""
    metadata = _reference(stage.rng, unix_now)
    return [say(stage, unix_now, stage.viewer(), _words(stage), metadata=metadata, era=2025)]


def reply_2025(stage: Stage, unix_now: float) -> list[Frame]:
    """A reply in the shape of 2025, which names no thread."""
    return _reply(stage, unix_now, 2025)


CHATTER: tuple[tuple[float, Scene], ...] = (
    (0.78, plain),
    (0.12, reply),
    (0.04, plain_2025),
    (0.03, announcement),
    (0.02, celebration),
    (0.01, reply_2025),
)
"""How often each kind is heard. The shares sum to 1."""


_BOUNDS = tuple(accumulate(share for share, _ in CHATTER[:-1]))
"""Where each kind ends, and the next one begins."""


def chatter(stage: Stage, unix_now: float) -> list[Frame]:
    """Something is said, of a kind drawn from ``CHATTER``."""
    return CHATTER[bisect(_BOUNDS, stage.rng.random())][1](stage, unix_now)


def overheard(stage: Stage, unix_now: float) -> tuple[list[Frame], Message]:
    """Something that a viewer said lately; where nobody did, somebody says it now, and the frames tell it."""
    viewers = {person.id for person in stage.crowd}
    said = [message for message in stage.messages if message.author.id in viewers]
    if said:
        return [], chance.pick(stage.rng, said)
    metadata = _reference(stage.rng, unix_now)
    frame = say(stage, unix_now, chance.pick(stage.rng, stage.crowd), _words(stage), metadata=metadata)
    return [frame], stage.messages[-1]


def say(
    stage: Stage,
    unix_now: float,
    author: Person,
    text: str,
    *,
    kind: str = "message",
    metadata: dict[str, object] | None = None,
    thread_id: str | None = None,
    era: Era = 2026,
) -> Frame:
    """A message is said, and remembered. Without ``metadata`` or ``thread_id`` the key is absent, not null."""
    chatroom_id = stage.channel.chatroom_id
    payload = composed(
        stage.rng, unix_now, chatroom_id, author, text, kind=kind, metadata=metadata, thread_id=thread_id, era=era
    )
    stage.remember(Message(author, payload))
    write = writers.laravel_chat if era == 2026 else writers.laravel
    return write(stage.topics[TopicKind.CHATROOM_V2], "ChatMessageEvent", payload)


class Answering(TypedDict, total=False):
    """What a reply has besides what every message has."""

    kind: str
    metadata: dict[str, object]
    thread_id: str


def composed(
    rng: Rng,
    unix_now: float,
    chatroom_id: int,
    author: Person,
    text: str,
    *,
    kind: str = "message",
    metadata: dict[str, object] | None = None,
    thread_id: str | None = None,
    era: Era = 2026,
) -> dict[str, object]:
    """The payload of a message, in wire order."""
    payload: dict[str, object] = {
        "id": chance.uuid4(rng),
        "chatroom_id": chatroom_id,
        "content": text,
        "type": kind,
        "created_at": stamps.offset(unix_now),
        "sender": people.sender(author, era),
    }
    if metadata is not None:
        payload["metadata"] = metadata
    if thread_id is not None:
        payload["thread_parent_id"] = thread_id
    return payload


def _reply(stage: Stage, unix_now: float, era: Era) -> list[Frame]:
    if not stage.messages:
        return plain(stage, unix_now)
    original = chance.pick(stage.rng, stage.messages)
    metadata: dict[str, object] = {
        "original_sender": {"id": original.author.id, "username": original.author.username},
        "original_message": {"id": original.id, "content": original.payload["content"]},
        **_reference(stage.rng, unix_now),
    }
    text = chance.pick(stage.rng, wording.REPLIES)
    thread_id = original.thread_id if era == 2026 else None
    return [
        say(stage, unix_now, stage.viewer(), text, kind="reply", metadata=metadata, thread_id=thread_id, era=era),
    ]


def _staff(stage: Stage) -> Person:
    return stage.broadcaster if chance.happens(stage.rng, 0.2) else stage.moderator()


def _old_renewal(stage: Stage, unix_now: float) -> tuple[Person, int, int]:
    """Of the last week: who renewed, for how many months in all, and when (unix microseconds)."""
    faithful = (each for each in stage.viewers(20) if people.months_of(each) > 1)
    author = next(faithful, None) or stage.viewer()
    days = 7 * stage.rng.random()
    return author, max(2, people.months_of(author)), stamps.micros(unix_now - days * 86_400)


def _reference(rng: Rng, unix_now: float) -> dict[str, object]:
    """``message_ref``: the sender's clock, which runs well for most and wildly for some."""
    skew = chance.whole(rng, -900, 900) if chance.happens(rng, 0.95) else chance.whole(rng, -40_000, 2_040_000)
    return {"message_ref": str(int(unix_now * 1000) + skew)}


def _words(stage: Stage) -> str:
    """A line, emotes, or both, glued together or not."""
    rng = stage.rng
    style = rng.random()
    if style < 0.06:
        return chance.pick(rng, wording.EMOTES) * chance.whole(rng, 1, 4)
    if style < 0.12:
        return chance.pick(rng, wording.MENTIONS).format(name=stage.viewer().username)
    if style < 0.14:
        return chance.pick(rng, wording.LINKS)
    line = chance.pick(rng, wording.LINES)
    if style < 0.20:
        return f"{line} {chance.pick(rng, wording.EMOTES)}"
    if style < 0.24:
        return chance.pick(rng, wording.EMOTES) + line
    return line
