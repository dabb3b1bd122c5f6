"""A row of the decoder table: what one event of the wire is called, looks like, and becomes."""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar, get_args, get_type_hints

import msgspec

from kick_proto.events import Event
from kick_proto.frames import Frame
from kick_proto.ids import Channel, TopicKind
from kick_proto.payloads import Payload

__all__ = ["Build", "Row"]

PayloadT = TypeVar("PayloadT", bound=Payload)
Build: TypeAlias = Callable[[PayloadT, datetime, Frame, Channel], Event]
"""From a payload, the wall-clock time of its read, its frame and its channel, to the event."""


class Row(msgspec.Struct, Generic[PayloadT], frozen=True):
    """One event of the wire."""

    name: str
    """Bare; the row answers to the prefixed name too."""
    payload: type[PayloadT]
    build: Build[PayloadT]
    topics: tuple[TopicKind, ...]
    """The public topics that it has come on; none for an event that needs a login."""
    private: tuple[str, ...] = ()
    """Topics behind a login, with a gap for the id."""
    era: str = ""
    """When it has been seen, for the reference: ``2023 on``, ``2025 to 2026``."""
    confidence: str = ""
    """A recorded in several places, B recorded in one, C known from clients that ran."""

    @property
    def makes(self) -> tuple[type[Event], ...]:
        """The events that ``build`` may give, as its annotation says."""
        returned = get_type_hints(self.build).get("return", Event)
        return get_args(returned) or (returned,)
