"""The decoder table: wire name -> payload struct -> unified event.

A new event is three additions: its payload struct in ``payloads``, one function here (in the file of its theme) that
turns the payload into an event, and one row of ``ROWS``. Nothing else knows event names. What no row knows becomes
``Unknown``; what a row cannot read becomes ``Undecodable`` with the path of the field at fault. Nothing raises, and no
frame is lost.

Kick writes names bare (``KicksGifted``) and prefixed (``App\\Events\\ChatMessageEvent``) and has moved events from one
spelling to the other, so a row answers to both. Source: Seen: wire catalogue section 1.3 (2023-2026).
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from kick_proto import events, payloads
from kick_proto.decoders import audience, chat, moderation, stream, support
from kick_proto.decoders.row import Build, Row
from kick_proto.frames import Frame
from kick_proto.ids import Channel

__all__ = ["ROWS", "Build", "Decoders", "Row"]

PREFIX = "App\\Events\\"

ROWS: tuple[Row[Any], ...] = (*chat.ROWS, *moderation.ROWS, *stream.ROWS, *support.ROWS, *audience.ROWS)
"""Everything that Kick is known to send."""

_Decode: TypeAlias = Callable[[str], Any]


class Decoders:
    """A table of rows, ready to decode; each has its own, so that adding a row to one changes no other.

    Copying one copies the table, and shares the rows.
    """

    __slots__ = ("_by_name", "_rows")

    def __init__(self, rows: Iterable[Row[Any]] = ROWS) -> None:
        self._by_name: dict[str, tuple[_Decode, Build[Any]]] = {}
        self._rows: dict[str, Row[Any]] = {}
        for row in rows:
            self.register(row)

    def register(self, row: Row[Any]) -> None:
        """Add a row, or replace the one of that name. It answers to the bare name and to the prefixed one."""
        decode = _decoder(row.payload)
        for name in (row.name, PREFIX + row.name, row.name.rpartition("\\")[2]):
            self._by_name[name] = (decode, row.build)
            self._rows[name] = row

    @property
    def rows(self) -> tuple[Row[Any], ...]:
        """The rows as they stand, without those that others have replaced."""
        return tuple(dict.fromkeys(self._rows.values()))

    def row(self, name: str) -> Row[Any] | None:
        """The row that answers to a name of the wire, None where none does."""
        return self._rows.get(name)

    def decode(self, raw: Frame, received_at: datetime, channel: Channel) -> events.Event | events.Undecodable:
        """Turn a frame into its event. Never raises, whatever the frame holds."""
        known = self._by_name.get(raw.event)
        if known is None:
            return events.Unknown(received_at, raw, channel)
        decode, build = known
        try:
            return build(decode(raw.data), received_at, raw, channel)
        except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
            # msgspec lets through a first second of the year 10000, and zones that lead out of the calendar.
            return undecodable(raw, received_at, channel, str(error))

    def __deepcopy__(self, memo: object) -> "Decoders":
        return self.__copy__()

    def __copy__(self) -> "Decoders":
        copy = Decoders(())
        copy._by_name.update(self._by_name)
        copy._rows.update(self._rows)
        return copy


def _decoder(payload: type[payloads.Payload]) -> _Decode:
    if not issubclass(payload, payloads.MayBeEmpty):
        return msgspec.json.Decoder(payload, strict=False).decode
    decode = msgspec.json.Decoder(payload | tuple[()], strict=False).decode

    def decode_either(text: str) -> payloads.Payload:
        found = decode(text)
        return payload() if isinstance(found, tuple) else found

    return decode_either


_PATH = r"(?s)^(?P<error>.*) - at `(?P<path>[^`]*)`$"


def undecodable(raw: Frame, received_at: datetime, channel: Channel | None, error: str) -> events.Undecodable:
    """Say what is wrong with a payload, and where: msgspec writes the path at the end of its message."""
    if found := re.match(_PATH, error):
        return events.Undecodable(received_at, raw, channel, found["error"], found["path"])
    return events.Undecodable(received_at, raw, channel, error)
