"""The payload of each event: valid ones, for every row of a decoder table.

``payloads_of(row)`` gives every payload that the row reads. Some rows make different events of different payloads (a
subscription of one month is another event than one of twelve); ``payloads_making(row, event_type)`` gives those of
one kind.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from hypothesis import strategies as st

from kick_proto import events, payloads
from kick_proto.decoders import Decoders, Row
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.testing.strategies.values import Json, Told, texts_of_people, values_of

__all__ = ["TELLING", "payloads_making", "payloads_of"]

_NOTHING: Told = {}
_SOMEBODY = texts_of_people(min_size=1)
_NOBODY = st.none() | st.just("")
_FIRST_MONTH = st.none() | st.integers(0, 1)
_LATER_MONTH = st.integers(2, 1_200)
_SECONDS = st.integers(0, 4_000_000_000)

WORDS: Mapping[type[payloads.Payload], Told] = {
    payloads.ChatMessageEvent: {"type": st.sampled_from(["message", "reply", "celebration"])},
    payloads.ChatMessageSentEvent: {"message.action": st.sampled_from([None, "", "subscribe", "gift"])},
    payloads.NewActivityFeedEvent: {"type": st.sampled_from(["new_subscriber", "gift", "follow"])},
    # Who bans is masked: their id is 0 in every recorded frame.
    payloads.UserBannedEvent: {"banned_by.id": st.integers(0, 1)},
    payloads.PredictionEvent: {"prediction.state": st.sampled_from(["ACTIVE", "LOCKED", "RESOLVED", "CANCELLED"])},
}
"""Fields that say less than their types could: texts whose words are few, an id that is none."""

TELLING: Mapping[tuple[str, type[events.Event]], Told] = {
    ("SubscriptionEvent", events.Subscribed): {"months": _FIRST_MONTH},
    ("SubscriptionEvent", events.Resubscribed): {"months": _LATER_MONTH},
    ("ChannelSubscriptionEvent", events.Subscribed): {"username": _SOMEBODY},
    ("ChannelSubscriptionEvent", events.GiftedSubscriptions): {"username": _NOBODY},
    ("ChatMessageSentEvent", events.Subscribed): {
        "message.action": st.just("subscribe"),
        "message.months_subscribed": _FIRST_MONTH,
    },
    ("ChatMessageSentEvent", events.Resubscribed): {
        "message.action": st.just("subscribe"),
        "message.months_subscribed": _LATER_MONTH,
    },
    ("ChatMessageSentEvent", events.GiftedSubscriptions): {"message.action": st.just("gift")},
    ("ChatMessageSentEvent", events.ChatMessage): {
        "message.action": _NOBODY,
        "message.type": st.none() | st.just("message"),
        "message.id": _SOMEBODY,
        "message.message": _SOMEBODY,
        "message.created_at": _SECONDS,
    },
    ("ChatMessageSentEvent", events.Unknown): {"message.action": _NOBODY, "message.type": st.just("info")},
    ("NewActivityFeedEvent", events.Subscribed): {"type": st.just("new_subscriber"), "username": _SOMEBODY},
    ("NewActivityFeedEvent", events.GiftedSubscriptions): {"type": st.just("gift")},
    ("NewActivityFeedEvent", events.Unknown): {"type": st.just("follow")},
    ("MessageDeleted", events.MessageDeleted): {"id": _SOMEBODY, "message": values_of(payloads.MessageReference)},
    ("MessageDeleted", events.Unknown): {"message": st.none()},
    ("MessagePinned", events.MessagePinned): {"message": values_of(payloads.PinnedMessage)},
    ("MessagePinned", events.Unknown): {"message": st.none()},
    ("PollCreated", events.PollChanged): {"poll": values_of(payloads.Poll)},
    ("PollCreated", events.Unknown): {"poll": st.none()},
}
"""Which payload makes which event, where a row makes several."""


def payloads_of(row: Row[Any]) -> st.SearchStrategy[Json]:
    """Every payload that the row reads, as a JSON value: each optional field is there, is null, or is left out.

    A payload that PHP writes as ``[]`` when it is empty comes so too. Shrinks to the fields that must be there.
    """
    return _all(row)


@lru_cache(maxsize=1_000)
def _all(row: Row[Any]) -> st.SearchStrategy[Json]:
    return _payloads(row, _NOTHING)


def payloads_making(row: Row[Any], event_type: type[events.Event]) -> st.SearchStrategy[Json]:
    """The payloads of which the row makes an event of that type.

    Rows of one's own may make several types too: then what makes another one is drawn again, which is slow where the
    wanted one is rare.

    Raises:
        ValueError: the row makes no such event.
    """
    if event_type not in row.makes:
        raise ValueError(f"{row.name} makes {[each.__name__ for each in row.makes]}, and no {event_type.__name__}")
    return _making(row, event_type)


@lru_cache(maxsize=1_000)
def _making(row: Row[Any], event_type: type[events.Event]) -> st.SearchStrategy[Json]:
    found = _payloads(row, TELLING.get((row.name, event_type), _NOTHING))
    if row.makes == (event_type,):
        return found
    table = Decoders((row,))
    return found.filter(lambda payload: type(_decoded(table, row.name, payload)) is event_type)


def _payloads(row: Row[Any], told: Told) -> st.SearchStrategy[Json]:
    objects = values_of(row.payload, {**WORDS.get(row.payload, _NOTHING), **told})
    return st.just([]) | objects if issubclass(row.payload, payloads.MayBeEmpty) else objects


_SOMEWHERE = Channel(ChannelId(1), ChatroomId(1))


def _decoded(table: Decoders, name: str, payload: Json) -> events.Event | events.Undecodable:
    raw = Frame(name, data=msgspec.json.encode(payload).decode())
    return table.decode(raw, datetime(2026, 1, 1, tzinfo=UTC), _SOMEWHERE)
