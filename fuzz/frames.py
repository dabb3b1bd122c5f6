"""A text of the socket: a frame, or an error that says why not; the protocol's own payloads likewise.

An input is a text.
"""

from contextlib import suppress

from kick_proto.backoff import Advice
from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import (
    LONGEST_ERROR,
    Frame,
    advice_for,
    encode_frame,
    parse_established,
    parse_frame,
    parse_peer_error,
)
from kick_proto.ids import parse_topic

__all__ = ["check", "seed"]


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    _check_payload(text)
    try:
        frame = parse_frame(text)
    except RemoteProtocolError as error:
        assert str(error).startswith("not a Pusher frame: ")
        return
    _check_payload(frame.data)
    assert parse_frame(encode_frame(frame)) == frame
    parsed = parse_topic(frame.channel)
    if parsed is not None:
        kind, number = parsed
        before, _, behind = kind.value.partition("{}")
        assert int(frame.channel.removeprefix(before).removesuffix(behind)) == number, frame.channel


def seed(frame: Frame) -> bytes:
    return encode_frame(frame).encode()


def _check_payload(text: str) -> None:
    with suppress(RemoteProtocolError):
        established = parse_established(text)
        assert established.socket_id
        assert established.activity_timeout is None or 0 < established.activity_timeout < float("inf")
    error = parse_peer_error(text)
    assert len(error.message) <= LONGEST_ERROR
    assert error.code is None or isinstance(advice_for(error.code), Advice)
