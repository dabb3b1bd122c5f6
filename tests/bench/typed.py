"""What a text is decoded into by those who do not use this library: plain objects, or objects as typed as ours."""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from kick_proto.decoders import PREFIX, ROWS
from kick_proto.frames import Frame
from kick_proto.payloads import MayBeEmpty

__all__ = ["DECODERS", "by_json", "by_msgspec", "payload_of"]

_envelope = msgspec.json.Decoder(Frame).decode


def _payload_decoder(payload: type[Any]) -> Callable[[str], object]:
    wanted = payload | tuple[()] if issubclass(payload, MayBeEmpty) else payload
    return msgspec.json.Decoder(wanted, strict=False).decode


_PAYLOADS = {
    name: decode
    for row in ROWS
    for decode in [_payload_decoder(row.payload)]
    for name in (row.name, PREFIX + row.name, row.name.rpartition("\\")[2])
}


def by_msgspec(text: str | bytes) -> object:
    """Envelope and payload, each decoded once into the struct that the table of this library names."""
    return payload_of(_envelope(text))


def payload_of(frame: Frame) -> object:
    """The payload of a frame, None where the table has no row for it."""
    decode = _PAYLOADS.get(frame.event)
    return decode(frame.data) if decode is not None else None


def by_json(text: str | bytes) -> object:
    """Envelope and payload as dicts."""
    return json.loads(json.loads(text)["data"])


DECODERS: dict[str, Callable[[str | bytes], object]] = {"msgspec": by_msgspec, "json": by_json}
