"""Which topics carry what somebody wants: topics follow demand.

Worked out from the decoder table alone: a row says which events it makes, and on which topics its frames come. Fewer
topics mean fewer frames to read, decode and throw away; a bot that wants the chat needs one topic of six.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeAlias

from kick_proto.decoders import ROWS, Row
from kick_proto.errors import LocalProtocolError
from kick_proto.events import Arrival, ChatMessage, Undecodable, Unknown
from kick_proto.ids import Channel, Topic, TopicKind, topic_of

__all__ = ["PAST", "topics_demanded", "topics_for"]

PAST: frozenset[tuple[str, type]] = frozenset({("ChatMessageSentEvent", ChatMessage)})
"""What a row can still read, but nobody need subscribe for. Chat came so in early 2023; since then the event tells
subscriptions and gifts. Source: Seen: wire catalogue section 2 (2023-2026)."""

_Table: TypeAlias = tuple[tuple[tuple[type, ...], tuple[TopicKind, ...]], ...]
"""What each row makes, and where it comes."""


def topics_for(event_types: Iterable[type], channel: Channel, rows: Iterable[Row[Any]] = ROWS) -> tuple[Topic, ...]:
    """The channel's public topics on which an event of one of these types may come, in the order of ``TopicKind``.

    A base class stands for all events below it. ``Unknown`` and ``Undecodable`` may come anywhere, and so may a type
    that no row makes. What needs a login comes on no public topic, and what the connection tells (``Up``) on none.
    """
    table = _table(tuple(rows))
    kinds: set[TopicKind] = set()
    for wanted in event_types:
        kinds |= _kinds(wanted, table)
    return tuple(topic_of(kind, channel) for kind in TopicKind if kind in kinds)


def topics_demanded(
    event_types: Iterable[type] | None, channel: Channel, rows: Iterable[Row[Any]] = ROWS
) -> tuple[Topic, ...] | None:
    """As ``topics_for``, of somebody who must get something; None, which is all topics, where everything is wanted.

    Raises:
        LocalProtocolError: no public topic carries any of these types.
    """
    if event_types is None:
        return None
    wanted = tuple(event_types)
    topics = topics_for(wanted, channel, rows)
    if not topics:
        names = ", ".join(each.__name__ for each in wanted) or "nothing"
        raise LocalProtocolError(f"no public topic carries what is wanted of channel {channel} ({names})")
    return topics


@lru_cache(maxsize=8)
def _table(rows: tuple[Row[Any], ...]) -> _Table:
    """Read once: the annotations that say what a row makes are slow to read."""
    return tuple((tuple(made for made in row.makes if (row.name, made) not in PAST), row.topics) for row in rows)


def _kinds(wanted: type, table: _Table) -> set[TopicKind]:
    if issubclass(Unknown, wanted) or issubclass(Undecodable, wanted):
        return set(TopicKind)
    if not issubclass(wanted, Arrival):
        return set()
    carrying = [topics for makes, topics in table if any(_may_be(made, wanted) for made in makes)]
    return set(TopicKind) if not carrying else {kind for topics in carrying for kind in topics}


def _may_be(made: type, wanted: type) -> bool:
    """Whether what is declared as the one may be the other; a row that says less than it makes counts too."""
    return issubclass(made, wanted) or issubclass(wanted, made)
