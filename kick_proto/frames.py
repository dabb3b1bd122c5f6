"""Pusher protocol 7 as text: one text to one ``Frame``, commands to texts, close codes to advice.

Parse liberally, send strictly: servers that speak this protocol differ in what ``data`` is (a JSON string that
holds JSON, an object, ``null``, absent), so a ``Frame`` always carries *the text of the payload*, whichever way
it was wrapped. No state lives here.

Source: Spec: Pusher Channels protocol 7, "Events", "Connection", "Error codes"; Seen: soketi 1.6.1, pusher-fake 6.1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kick_proto.backoff import Advice
from kick_proto.errors import RemoteProtocolError
from kick_proto.texts import Texts

__all__ = [
    "PING",
    "PONG",
    "Established",
    "Frame",
    "Malformed",
    "PeerError",
    "advice_for",
    "encode_frame",
    "encode_subscribe",
    "encode_unsubscribe",
    "parse_established",
    "parse_frame",
    "parse_frames",
    "parse_peer_error",
]


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One message of the peer: its event name, the topic it came on, and the text of its payload.

    ``channel`` is Pusher's word for the topic, "" where the frame has none (all of ``pusher:``). ``data`` is the
    payload's JSON text: what the wire's string held, or the source text of an inline object, "" where it was
    absent or null. It need not be JSON: publishers may send any string.
    """

    event: str
    channel: str = ""
    data: str = ""


class _LooseFrame(msgspec.Struct, frozen=True):
    event: str
    channel: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


_decode = msgspec.json.Decoder(Frame).decode
_decode_loose = msgspec.json.Decoder(_LooseFrame).decode
_decode_str = msgspec.json.Decoder(str).decode


class Malformed(msgspec.Struct, frozen=True):
    """A text that is no frame of the protocol."""

    text: str
    error: str


def parse_frames(texts: Sequence[str]) -> list[Frame | Malformed]:
    """Read the texts of one read of the socket: each one's frame, or what is wrong with it. Never raises."""
    if not isinstance(texts, Texts):
        return [_frame_or_malformed(text) for text in texts]
    encoded = texts.encoded
    found = _parse_at_once(encoded) if len(encoded) >= WORTH_JOINING else None
    return found if found is not None else [_frame_or_malformed(text) for text in encoded]


WORTH_JOINING = 4
"""From so many texts on, joining them costs less than a call for each."""
_MARK = b'""""'
_decode_marked = msgspec.json.Decoder(Frame | str).decode_lines


def _parse_at_once(texts: list[bytes]) -> list[Frame | Malformed] | None:
    """Read plain frames in one go, which costs less by a call for each; None where they must be read one by one.

    Two empty strings stand before each text. They are values of their own only between values: within an object or
    an array the second one is an error, and within a string the first quote ends it and the next is one. So a text
    that is not whole shows, whatever follows it; and as each text counts three values, one frame among them, so does
    a text that holds none, several, or anything else.
    """
    try:
        values = _decode_marked(_MARK + _MARK.join(texts))
    except (msgspec.DecodeError, RecursionError):
        return None
    frames: list[Any] = values[2::3]
    marks = [""] * len(texts)
    is_plain = len(values) == 3 * len(texts) and values[::3] == marks == values[1::3] and str not in map(type, frames)
    return frames if is_plain else None


def _frame_or_malformed(text: str | bytes) -> Frame | Malformed:
    try:
        return parse_frame(text)
    except RemoteProtocolError as error:
        return Malformed(text if isinstance(text, str) else text.decode(), str(error))


def parse_frame(text: str | bytes) -> Frame:
    """Read one text of the socket, as ``str`` or in UTF-8.

    Raises:
        RemoteProtocolError: the text is not a JSON object with a string "event"; the message says what is wrong.

    Source: Spec: "Events"; Seen: data as object, null and absent on soketi, Reverb, pusher-fake.
    """
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return _parse_loosely(text)


def _parse_loosely(text: str | bytes) -> Frame:
    try:
        loose = _decode_loose(text)
        data = bytes(loose.data)
        payload = _decode_str(data) if data.startswith(b'"') else "" if data == b"null" else data.decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise RemoteProtocolError(f"not a Pusher frame: {error}") from None
    return Frame(loose.event, loose.channel or "", payload)


class Established(msgspec.Struct, frozen=True):
    """Data of ``pusher:connection_established``: the socket's id, and the server's activity timeout in seconds."""

    socket_id: str
    activity_timeout: float | None = None


class PeerError(msgspec.Struct, frozen=True):
    """Data of ``pusher:error``. ``code`` is None where the server gave none, as for mistakes in subscribing."""

    code: int | None
    message: str


class _LooseEstablished(msgspec.Struct):
    socket_id: str | int | float = ""
    activity_timeout: float | int | str | None = None


class _LooseError(msgspec.Struct):
    code: int | float | str | None = None
    message: str | None = None


_decode_established = msgspec.json.Decoder(_LooseEstablished).decode
_decode_error = msgspec.json.Decoder(_LooseError).decode

LONGEST_ERROR = 300
"""Characters of a peer's error text that are kept: enough for a sentence, too few to flood a log."""


def parse_established(data: str) -> Established:
    """Read the handshake's payload; an ``activity_timeout`` that is missing or not above 0 gives None.

    Raises:
        RemoteProtocolError: there is no ``socket_id`` in it, or ``activity_timeout`` is no number.

    Source: Spec: "Connection established"; Seen: data as an object in the vendor's own client tests.
    """
    try:
        loose = _decode_established(data)
        timeout = float(loose.activity_timeout) if loose.activity_timeout is not None else 0.0
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise RemoteProtocolError(f"unreadable pusher:connection_established: {error}") from None
    if loose.socket_id == "":
        raise RemoteProtocolError("pusher:connection_established without a socket_id")
    return Established(str(loose.socket_id), timeout if 0 < timeout < float("inf") else None)


def parse_peer_error(data: str) -> PeerError:
    """Read the payload of ``pusher:error`` or a subscription error; anything unreadable becomes the message.

    Source: Spec: "Errors"; Seen: object (hosted, soketi), string (Reverb), code null (hosted).
    """
    try:
        loose = _decode_error(data)
        code = int(loose.code) if loose.code is not None else None
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        return PeerError(None, data[:LONGEST_ERROR])
    return PeerError(code, (loose.message if loose.message is not None else data)[:LONGEST_ERROR])


PING = '{"event":"pusher:ping","data":{}}'
PONG = '{"event":"pusher:pong","data":{}}'

_encode = msgspec.json.Encoder().encode


def encode_subscribe(topic: str) -> str:
    """``pusher:subscribe`` to a public topic, with the empty ``auth`` that the vendor's client sends."""
    return _encode({"event": "pusher:subscribe", "data": {"auth": "", "channel": topic}}).decode()


def encode_unsubscribe(topic: str) -> str:
    """``pusher:unsubscribe``; no server answers it."""
    return _encode({"event": "pusher:unsubscribe", "data": {"channel": topic}}).decode()


def encode_frame(frame: Frame) -> str:
    """A frame as hosted Pusher sends it to clients: ``data`` a string, ``channel`` only where there is one."""
    fields = {"event": frame.event, "data": frame.data}
    if frame.channel:
        fields["channel"] = frame.channel
    return _encode(fields).decode()


WRONG_CLUSTER = 4001
"""Close code for an app key that this cluster does not serve."""

CLOSE_CODES: Mapping[range, Advice] = {
    range(WRONG_CLUSTER, WRONG_CLUSTER + 1): Advice.WRONG_ENDPOINT,
    range(4000, 4100): Advice.STOP,
    range(4100, 4200): Advice.PAUSE,
    range(4200, 4300): Advice.AT_ONCE,
}
"""The first range that holds a code decides. Source: Spec: "Error codes"."""


def advice_for(code: int) -> Advice:
    """What a close code says about the next attempt; every code outside 4000-4299 says: back off."""
    for codes, advice in CLOSE_CODES.items():
        if code in codes:
            return advice
    return Advice.BACK_OFF
