"""Unified events: decoded from frames as Kick would send them, so that each carries the raw frame it came from."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from hypothesis import strategies as st

from kick_proto.decoders import ROWS, Decoders, Row
from kick_proto.events import Event
from kick_proto.frames import Frame
from kick_proto.ids import Channel
from kick_proto.testing.strategies.frames import channels, on_channel, tellings_of

__all__ = ["events_of", "reads"]

EventT = TypeVar("EventT", bound=Event)


def reads() -> st.SearchStrategy[datetime]:
    """Wall-clock times of reads, in UTC. Shrinks to the year 2000."""
    first, last = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001
    return st.datetimes(first, last, timezones=st.just(UTC))


def events_of(
    event_type: type[EventT], channel: Channel | None = None, rows: Iterable[Row[Any]] = ROWS
) -> st.SearchStrategy[EventT]:
    """Events of that type, of one channel or of any: every shape and every optional field that Kick may send.

    Raises:
        ValueError: no row makes such an event.
    """
    table = tuple(rows)
    decoders = Decoders(table)

    def decoded(telling: Frame, read_at: datetime, where: Channel) -> EventT:
        return cast(EventT, decoders.decode(on_channel(where, telling), read_at, where))

    where = st.just(channel) if channel is not None else channels()
    return st.builds(decoded, tellings_of(event_type, table), reads(), where)
