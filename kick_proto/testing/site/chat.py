"""https://api.kick.com: chat messages, deletions, bans; what is done there is seen on the socket.

Source: Docs: KickEngineering/KickDevDocs, "Chat", "Moderation" (2026-06); Seen: the 400 of a channel that there is not,
2025; the events as the made-up traffic writes them. Guess: every 403, and the words of the other errors.
"""

from typing import Annotated, Literal

import msgspec

from kick_proto.http import Response
from kick_proto.ids import TopicKind, topic_of
from kick_proto.testing.site.accounts import Account
from kick_proto.testing.site.answers import RefusedError, bad_request, done, enveloped, forbidden, not_found
from kick_proto.testing.site.ledger import remember
from kick_proto.testing.site.state import Ban, Said, State
from kick_proto.testing.site.visit import Visit
from kick_proto.testing.traffic import chance, chat, people, stamps, writers
from kick_proto.testing.traffic.people import Person

__all__ = ["ban", "delete", "send", "unban"]

MINUTE = 60.0


class _Message(msgspec.Struct):
    content: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    type: Literal["user", "bot"] = "user"
    broadcaster_user_id: int | None = None
    reply_to_message_id: str | None = None


def send(state: State, visit: Visit) -> Response:
    """Say something: as a user in any channel, as the application's bot in one's own."""
    asked = visit.json(_Message)
    if asked.type == "bot":
        channel = _channel(state, visit.caller)
        author = _bot(state, visit)
    else:
        channel = _channel(state, asked.broadcaster_user_id)
        author = state.person(visit.caller, channel)
        if _is_away(state, visit, channel):
            return forbidden("You are banned from this channel")
    payload = chat.composed(
        state.rng,
        visit.unix_now,
        channel.chatroom_id,
        author,
        asked.content,
        **_answering(state, channel, asked.reply_to_message_id),
    )
    said = Said(author=author, broadcaster=channel.user_id, payload=payload)
    remember(state.messages, str(payload["id"]), said)
    topic = topic_of(TopicKind.CHATROOM_V2, channel.channel)
    state.frames.append(writers.laravel_chat(topic, "ChatMessageEvent", payload))
    return enveloped({"is_sent": True, "message_id": payload["id"]})


def delete(state: State, visit: Visit) -> Response:
    """Take a message down, as who owns or moderates the channel."""
    said = state.messages.get(visit.params["message_id"])
    if said is None:
        return not_found()
    channel = state.account_of(said.broadcaster)
    if not state.moderates(visit.caller, channel):
        return forbidden()
    del state.messages[visit.params["message_id"]]
    payload = {"message": {"id": said.payload["id"]}, "aiModerated": False, "violatedRules": []}
    _tell(state, channel, "MessageDeletedEvent", payload)
    return done()


class _Ban(msgspec.Struct):
    broadcaster_user_id: int
    user_id: int
    duration: Annotated[int, msgspec.Meta(ge=1, le=10_080)] | None = None
    reason: Annotated[str, msgspec.Meta(max_length=100)] = ""


def ban(state: State, visit: Visit) -> Response:
    """Send somebody away: for some minutes, or for good."""
    asked = visit.json(_Ban)
    channel, somebody = _target(state, visit, asked.broadcaster_user_id, asked.user_id)
    minutes = asked.duration
    until = None if minutes is None else visit.now + MINUTE * minutes
    remember(state.bans, (channel.user_id, somebody.user_id), Ban(until=until))
    for_how_long: dict[str, object] = {"permanent": True}
    if minutes is not None:
        expires_at = stamps.offset(visit.unix_now + MINUTE * minutes)
        for_how_long = {"permanent": False, "duration": minutes, "expires_at": expires_at}
    payload = {
        "user": _reference(state, somebody, channel),
        # The number of who bans is 0, whoever it is.
        "banned_by": people.reference(state.person(visit.caller, channel)) | {"id": 0},
        **for_how_long,
    }
    _tell(state, channel, "UserBannedEvent", payload)
    return enveloped({})


class _Pardon(msgspec.Struct):
    broadcaster_user_id: int
    user_id: int


def unban(state: State, visit: Visit) -> Response:
    """Let somebody back in; no error where they are not away."""
    asked = visit.json(_Pardon)
    channel, somebody = _target(state, visit, asked.broadcaster_user_id, asked.user_id)
    lifted = state.bans.pop((channel.user_id, somebody.user_id), None)
    if lifted is not None and lifted.holds(visit.now):
        payload = {
            "user": _reference(state, somebody, channel),
            "unbanned_by": people.reference(state.person(visit.caller, channel)),
            "permanent": lifted.until is None,
        }
        _tell(state, channel, "UserUnbannedEvent", payload)
    return enveloped({})


# Who and where


def _channel(state: State, user_id: int | None) -> Account:
    if user_id is None:
        raise RefusedError(bad_request())
    channel = state.account(user_id)
    if channel is None:
        raise RefusedError(bad_request("Channel not found"))
    return channel


def _target(state: State, visit: Visit, broadcaster_user_id: int, user_id: int) -> tuple[Account, Account]:
    """The channel, where the caller must be a moderator, and whom it is about."""
    channel, somebody = _channel(state, broadcaster_user_id), state.account(user_id)
    if somebody is None:
        raise RefusedError(bad_request("User not found"))
    if not state.moderates(visit.caller, channel):
        raise RefusedError(forbidden())
    return channel, somebody


def _is_away(state: State, visit: Visit, channel: Account) -> bool:
    ban = state.bans.get((channel.user_id, visit.caller))
    return ban is not None and ban.holds(visit.now)


def _bot(state: State, visit: Visit) -> Person:
    return people.robot(state.rng, state.apps[visit.token.client_id].name.replace(" ", ""))


def _reference(state: State, somebody: Account, channel: Account) -> dict[str, object]:
    return people.reference(state.person(somebody.user_id, channel))


def _answering(state: State, channel: Account, message_id: str | None) -> chat.Answering:
    """What a reply has besides; nothing where the message is no reply."""
    if message_id is None:
        return {}
    original = state.messages.get(message_id)
    if original is None or original.broadcaster != channel.user_id:
        raise RefusedError(bad_request("Message not found"))
    author, payload = original.author, original.payload
    return {
        "kind": "reply",
        "metadata": {
            "original_sender": {"id": author.id, "username": author.username},
            "original_message": {"id": payload["id"], "content": payload["content"]},
        },
        "thread_id": str(payload.get("thread_parent_id") or payload["id"]),
    }


def _tell(state: State, channel: Account, name: str, payload: dict[str, object]) -> None:
    topic = topic_of(TopicKind.CHATROOM_V2, channel.channel)
    state.frames.append(writers.laravel(topic, name, {"id": chance.uuid4(state.rng), **payload}))
