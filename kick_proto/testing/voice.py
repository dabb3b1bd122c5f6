"""What a Pusher server says and hears, as text: a personality's words, and what the faults make of them.

``Voice`` makes each text that ``KickServer`` sends by itself, and knows when there is something to object to;
``parse_asked`` and ``parse_topic`` read what clients ask for. No state lives here.

Source: Spec: Pusher Channels protocol 7, "Events"; the personalities name theirs.
"""

from collections.abc import Container, Mapping, Sized
from typing import Protocol

import msgspec

from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import Frame
from kick_proto.testing.faults import Faults
from kick_proto.testing.personalities import Form, Personality, encode_as, json_as

__all__ = ["FILLER", "LONGEST_NAME", "MOST_TOPICS", "Asked", "Topics", "Voice", "parse_asked", "parse_topic"]

LONGEST_NAME = 200
"""Characters of a topic. Source: the vendor's publishing libraries."""

MOST_TOPICS = 2_000
"""Topics of one client. The hosted service has no limit; this one is for the memory."""

FILLER = "kick_proto.testing:filler"
"""The name of the events that ``burst`` and ``event_before_confirmation`` make up: one that no client knows."""

WRONG_FIRST_EVENT = "pusher:hello"

SWAPPED: Mapping[Form, Form] = {
    Form.STRING: Form.OBJECT,
    Form.OBJECT: Form.STRING,
    Form.ABSENT: Form.ABSENT,
}
"""What ``swap_data`` makes of each form."""


class Topics(Container[str], Sized, Protocol):
    """What a client is subscribed to."""


class Voice(msgspec.Struct, frozen=True):
    """A personality under faults: one method for each thing that a server says."""

    personality: Personality
    faults: Faults

    def handshake(self, socket_id: str, activity_timeout: float) -> str:
        """``pusher:connection_established``, or what the faults put in its place."""
        faults = self.faults
        if faults.handshake_not_json:
            return "connection established"
        payload: dict[str, object] = {"socket_id": socket_id}
        if not faults.handshake_without_timeout:
            payload["activity_timeout"] = (
                int(activity_timeout) if float(activity_timeout).is_integer() else activity_timeout
            )
        event = WRONG_FIRST_EVENT if faults.wrong_first_event else "pusher:connection_established"
        form = Form.OBJECT if faults.handshake_as_object else self._form(Form.STRING)
        return encode_as(self.personality, event, json_as(self.personality, payload), form=form)

    def published(self, frame: Frame) -> str:
        """An application's event.

        Raises:
            LocalProtocolError: there is a lone surrogate in it.
        """
        return encode_as(self.personality, frame.event, frame.data, frame.channel, self._form(Form.STRING))

    def ping(self) -> str:
        """The server's own ``pusher:ping``."""
        return self._text("pusher:ping", form=self.personality.ping)

    def pong(self) -> str:
        """The answer to a client's ``pusher:ping``."""
        return self._text("pusher:pong", form=self.personality.pong)

    def error(self, code: int | None, message: str) -> str:
        """``pusher:error``; a lone surrogate in the message becomes a question mark."""
        legible = message.encode(errors="replace").decode()
        payload = json_as(self.personality, {"code": code, "message": legible})
        return self._text("pusher:error", payload, form=self.personality.error)

    def refusal_at_door(self, target: str, key: str) -> tuple[int, str] | None:
        """Code and message for a client that asks for what is not served, or None where it is welcome.

        Source: Spec: "Error codes"; Seen: the texts for a wrong key on hosted Pusher and on soketi 1.6.1.
        """
        path = target.partition("?")[0]
        asked = path.removeprefix("/app/")
        if self.faults.refuse_code is not None:
            return self.faults.refuse_code, "Refused by this server"
        if asked == path or "/" in asked:
            return 4005, "Path not found"
        if asked != key:
            shown = asked[:LONGEST_NAME]
            return 4001, self.personality.wrong_key.format(shown)
        return None

    def objection(self, topic: str, topics: Topics) -> str | None:
        """The answer to a subscribe that is not made, or None where nothing speaks against it."""
        if not 1 <= len(topic) <= LONGEST_NAME:
            return self.error(None, f"Invalid channel name {topic[:LONGEST_NAME]}")
        if topic in self.faults.refused_topics:
            payload = {"type": "AuthError", "error": "Refused by this server", "status": 401}
            refusal = json_as(self.personality, payload)
            return self._text(self.personality.refusal_event, refusal, topic, self.personality.refusal)
        if topic in topics:
            message = f"Existing subscription to channel {topic}"
            return None if self.personality.confirms_again else self.error(None, message)
        if len(topics) >= MOST_TOPICS:
            return self.error(None, f"At most {MOST_TOPICS} channels on one connection")
        return None

    def not_subscribed(self, topic: str) -> str | None:
        """The answer to an unsubscribe of what was not subscribed, or None where that is tolerated."""
        shown = topic[:LONGEST_NAME]
        message = f"No current subscription to channel {shown}, or subscription in progress"
        return None if self.personality.tolerates_unsubscribe else self.error(None, message)

    def not_understood(self) -> str | None:
        """The answer to a text without sense, or None where there is none."""
        answer = self.personality.bad_message
        return self.error(answer.code, answer.message) if answer else None

    def confirmed(self, topic: str, last_event: str | None) -> list[str]:
        """All that answers a subscribe: the confirmation, with what the faults put around it."""
        faults = self.faults
        filler = self._text(FILLER, channel=topic)
        texts = [filler] if faults.event_before_confirmation else []
        if topic not in faults.unconfirmed_topics:
            event = "pusher_internal:subscription_succeeded"
            confirmation = self._text(event, channel=topic, form=self.personality.confirmation)
            texts.extend([confirmation] * (2 if faults.duplicate_confirmation else 1))
        if faults.cache_replay:
            miss = self._text("pusher:cache_miss", channel=topic, form=self.personality.cache_miss)
            texts.append(miss if last_event is None else last_event)
        texts.extend([filler] * faults.burst)
        return texts

    def _text(self, event: str, data: str = "{}", channel: str = "", form: Form = Form.STRING) -> str:
        return encode_as(self.personality, event, data, channel, self._form(form))

    def _form(self, form: Form) -> Form:
        return SWAPPED[form] if self.faults.swap_data else form


class Asked(msgspec.Struct, frozen=True):
    """What a client sends: an event's name, and the source text of its ``data``, empty where it is absent."""

    event: str
    data: msgspec.Raw = msgspec.Raw(b"")


class _Named(msgspec.Struct, frozen=True):
    channel: str


_decode = msgspec.json.Decoder(Asked).decode
_decode_named = msgspec.json.Decoder(_Named).decode
_decode_str = msgspec.json.Decoder(str).decode

_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


def parse_asked(text: str) -> Asked:
    """Read one text of a client.

    Raises:
        RemoteProtocolError: it is not a JSON object with a string "event".
    """
    try:
        return _decode(text)
    except _UNREADABLE as error:
        raise RemoteProtocolError(f"not a client's frame: {error}") from None


def parse_topic(data: msgspec.Raw) -> str:
    """Read the topic of a subscribe or unsubscribe, out of an object or out of a string that holds one.

    Raises:
        RemoteProtocolError: there is none.
    """
    try:
        raw = bytes(data)
        return _decode_named(_decode_str(raw) if raw.startswith(b'"') else raw).channel
    except _UNREADABLE as error:
        raise RemoteProtocolError(f"no channel is named: {error}") from None
