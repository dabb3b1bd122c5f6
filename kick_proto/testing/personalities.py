"""In which words a Pusher server says what it says: one row for each kind of server.

Servers that speak Pusher protocol 7 agree on what happens and differ in how it looks: the order of keys, whether
``data`` is a string, an object or absent, how text is escaped, whether an error frame comes before a close, and
whether there is a close at all. A ``Personality`` holds exactly these differences, and ``KickServer`` has no
branch on which one it is. Kick itself is served by the hosted service.

Source: Spec: Pusher Channels protocol 7; Seen: soketi 1.6.1, Kick's own frames (2023-2025); Reverb from its code.
"""

import re
from collections.abc import Mapping
from enum import Enum

import msgspec

from kick_proto.errors import LocalProtocolError
from kick_proto.frames import PeerError

__all__ = [
    "HOSTED",
    "PERSONALITIES",
    "REVERB",
    "SOKETI",
    "Ending",
    "Escapes",
    "Form",
    "Personality",
    "encode_as",
    "json_as",
]


class Form(Enum):
    """What the wire's ``data`` is, around a payload."""

    STRING = "string"
    """A JSON string that holds the payload's JSON text."""
    OBJECT = "object"
    """The payload itself."""
    ABSENT = "absent"
    """There is no key ``data``."""


class Ending(Enum):
    """How a server ends a connection on its own account."""

    CLOSE = "close"
    """By a close frame with the code."""
    DROP = "drop"
    """By dropping the TCP connection: the peer sees 1006, and the code stood in the error frame only."""


class Escapes(Enum):
    """How JSON strings are written."""

    RAW = "raw"
    """As UTF-8; only what must be escaped is."""
    PHP = "php"
    r"""As PHP's ``json_encode`` does: ``\/`` for a slash, ``\uXXXX`` beyond ASCII."""


class Personality(msgspec.Struct, frozen=True, kw_only=True):
    """The manners of one kind of server. Sections are those of the protocol reference."""

    name: str
    keys: tuple[str, ...]
    """The order of keys in a frame (section 2)."""
    escapes: Escapes = Escapes.RAW
    confirmation: Form = Form.STRING
    """``data`` of ``pusher_internal:subscription_succeeded`` (section 2)."""
    ping: Form = Form.OBJECT
    """``data`` of the server's own ``pusher:ping`` (section 4)."""
    pong: Form = Form.OBJECT
    """``data`` of ``pusher:pong`` (section 2)."""
    error: Form = Form.OBJECT
    """``data`` of ``pusher:error`` (section 2)."""
    cache_miss: Form = Form.ABSENT
    """``data`` of ``pusher:cache_miss`` (section 2)."""
    refusal_event: str = "pusher_internal:subscription_error"
    """The name under which a subscription is refused (section 5)."""
    refusal: Form = Form.STRING
    """``data`` of that event."""
    error_first: bool
    """Does a ``pusher:error`` come before the server ends a connection (section 8)?"""
    reason_in_close: bool
    """Does the close frame hold the error's text?"""
    ending: Ending = Ending.CLOSE
    confirms_again: bool
    """Is a second subscribe confirmed again, or answered with a ``pusher:error`` of code null (section 6.1)?"""
    tolerates_unsubscribe: bool
    """Is an unsubscribe of what was not subscribed passed over in silence (section 6.1)?"""
    bad_message: PeerError | None = None
    """What answers a text that is not understood; the connection stays open (section 8)."""
    wrong_key: str = "App key {} not in this cluster. Did you forget to specify the cluster?"
    """What it says to a key that it does not serve, with a gap for the key (section 8)."""
    activity_timeout: float
    """Seconds; what the handshake tells where nothing else is set (section 2)."""


HOSTED = Personality(
    name="hosted",
    keys=("event", "data", "channel"),
    error_first=False,
    reason_in_close=True,
    confirms_again=False,
    tolerates_unsubscribe=False,
    # Guess: the vendor's page on cache channels shows an empty payload; no frame of the hosted service was seen.
    cache_miss=Form.STRING,
    activity_timeout=120.0,
)
"""Pusher's own service, the one that Kick uses. Key order: Seen: Kick's confirmations, 2023 and 2024."""

SOKETI = Personality(
    name="soketi",
    keys=("event", "channel", "data"),
    confirmation=Form.ABSENT,
    refusal_event="pusher:subscription_error",
    refusal=Form.OBJECT,
    error_first=True,
    reason_in_close=False,
    confirms_again=True,
    tolerates_unsubscribe=True,
    wrong_key="App key {} does not exist.",
    activity_timeout=30.0,
)
"""soketi 1.6.1: an error frame, then a close with the same code and no reason."""

REVERB = Personality(
    name="reverb",
    keys=("event", "data", "channel"),
    escapes=Escapes.PHP,
    ping=Form.ABSENT,
    pong=Form.ABSENT,
    error=Form.STRING,
    error_first=True,
    reason_in_close=False,
    ending=Ending.DROP,
    # Guess: its subscribe joins and confirms whatever was before; read from its code, never run.
    confirms_again=True,
    tolerates_unsubscribe=True,
    bad_message=PeerError(4200, "Invalid message format"),
    activity_timeout=30.0,
)
"""Laravel Reverb: an error frame with string data, then the TCP connection is gone."""

PERSONALITIES: Mapping[str, Personality] = {each.name: each for each in (HOSTED, SOKETI, REVERB)}
"""The personalities by name: hosted, soketi, reverb."""

_encode = msgspec.json.Encoder().encode
_ESCAPED_BY_PHP = re.compile(r"\\.|[/\x80-\U0010ffff]")
"""What is to be escaped; and whatever is already, a slash too, so that it is passed over in one piece."""


def encode_as(personality: Personality, event: str, data: str, channel: str = "", form: Form = Form.STRING) -> str:
    """One frame in the server's manner, around the payload's text ``data``.

    A payload that is no JSON cannot stand as an object; it is sent as a string then.

    Raises:
        LocalProtocolError: there is a lone surrogate in it, which no UTF-8 can hold.
    """
    fields: dict[str, str | msgspec.Raw] = {"event": event}
    if channel:
        fields["channel"] = channel
    if form is not Form.ABSENT:
        fields["data"] = msgspec.Raw(data.encode()) if form is Form.OBJECT and _is_json(data) else data
    try:
        text = _encode({key: fields[key] for key in personality.keys if key in fields}).decode()
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"a frame's text must be valid Unicode: {error}") from None
    return _escape(text) if personality.escapes is Escapes.PHP else text


def json_as(personality: Personality, payload: Mapping[str, object]) -> str:
    """The JSON text of a payload that the server makes itself."""
    text = _encode(payload).decode()
    return _escape(text) if personality.escapes is Escapes.PHP else text


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


def _escape(text: str) -> str:
    """Rewrite JSON text as PHP writes it; what is to be escaped occurs in strings only, so it is so anywhere."""
    return _ESCAPED_BY_PHP.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    if found[0].startswith("\\"):
        return found[0]
    if found[0] == "/":
        return "\\/"
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
