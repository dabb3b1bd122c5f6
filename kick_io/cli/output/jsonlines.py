"""An event as one line of JSON, for other programs: ``type`` first, then the event's own fields.

The line is ASCII and holds no control character, so it does no harm in a terminal either. What is no event of the
platform but of the connection has no time of its own; it gets ``at``, when it was told.
"""

import json
from datetime import datetime
from typing import Literal

import msgspec

from kick_proto.events import Event, Undecodable, Unknown
from kick_proto.session import SessionEvent

__all__ = ["Raw", "line"]

Raw = Literal["with raw", "without raw"]
"""Whether the frame that an event came from stands in the line."""


def line(event: SessionEvent, now: datetime, raw: Raw = "without raw") -> str:
    """The line, without its end; ``now`` is the wall clock (UTC)."""
    fields: dict[str, object] = {"type": type(event).__struct_config__.tag or type(event).__name__}
    if not isinstance(event, Event | Undecodable):
        fields["at"] = now
    fields |= msgspec.structs.asdict(event)
    if isinstance(event, Event | Undecodable) and raw == "without raw":
        del fields["raw"]
    if isinstance(event, Unknown | Undecodable):
        fields |= {"event": event.raw.event, "topic": event.raw.channel}
    return json.dumps(msgspec.to_builtins(fields), separators=(",", ":"))
