"""Writing in a chat, and taking back what was written. Reading it is the socket's matter.

Source: Docs: "Chat"; Seen: replies quoted by clients, 2025 and 2026.
"""

from functools import partial

import msgspec

from kick_proto.endpoints import arguments, reading
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.official import official
from kick_proto.ids import UserId

__all__ = ["Sent", "delete", "send", "send_as_bot"]

LONGEST = 500
"""Code points of a message."""


class Sent(msgspec.Struct, frozen=True):
    """What became of the message.

    ``is_sent`` means accepted: messages of an app that Kick has not verified were seen to be accepted and not shown.
    """

    is_sent: bool
    message_id: str | None = None


def send(content: str, *, to: UserId, reply_to: str | None = None) -> Call[Sent]:
    """Write to the chat of the user ``to``, as the token's user; ``reply_to`` is a message's id.

    Scope: ``chat:write``. It is not repeated when the answer is lost: the message would stand there twice.
    """
    return _send("user", content, arguments.number("to", to), reply_to)


def send_as_bot(content: str, *, reply_to: str | None = None) -> Call[Sent]:
    """Write to the chat of the token's user, as the app's bot; ``reply_to`` is a message's id.

    Scope: ``chat:write``. It is not repeated when the answer is lost: the message would stand there twice.
    """
    return _send("bot", content, None, reply_to)


def _send(type: str, content: str, to: UserId | None, reply_to: str | None) -> Call[Sent]:
    body = {
        "content": arguments.text("content", content, most=LONGEST),
        "type": type,
        "broadcaster_user_id": to,
        "reply_to_message_id": arguments.text("reply_to", reply_to, most=100) if reply_to is not None else None,
    }
    return official("POST", "/v1/chat", partial(reading.row, kind=Sent), body=body)


def delete(message_id: str) -> Call[None]:
    """Take a message out of the chat.

    Scope: ``moderation:chat_message:manage``. Repeated after a lost answer, it may say that there is no such message.
    """
    return official("DELETE", f"/v1/chat/{arguments.key('message_id', message_id)}", reading.nothing)
