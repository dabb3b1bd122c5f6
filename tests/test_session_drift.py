"""A session shows its frames to a ``Drift``: rarely those that come often, and each that differs for certain."""

import copy
import json
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.decoders import ROWS, Decoders, Row
from kick_proto.drift import Drift, Kind
from kick_proto.events import Event
from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import Channel
from kick_proto.payloads import Payload
from kick_proto.session import Session
from kick_proto.testing.traffic import Traffic
from kick_proto.testing.world import UNIX_EPOCH
from tests.scenes import CONFIG, FOX, FOX_CHAT
from tests.session_acts import be_up, hear
from tests.shapes import CHAT

numbers = iter(range(1_000_000))


def watching(drift: Drift | None, decoders: Decoders | None = None) -> Session:
    session = Session(CONFIG, rng=random.Random(7), decoders=decoders, drift=drift)
    session.subscribe(0.0, FOX)
    be_up(session)
    return session


def chat(**changes: Any) -> str:
    """A message that no other one is the same as."""
    payload = {**CHAT, "id": f"m-{next(numbers)}", **changes}
    return encode_frame(Frame("App\\Events\\ChatMessageEvent", FOX_CHAT, json.dumps(payload)))


def told(event: str, payload: object, topic: str = FOX_CHAT) -> str:
    return encode_frame(Frame(event, topic, json.dumps(payload)))


def news(session: Session) -> list[tuple[Kind, str, str, int, int]]:
    found = [each for each in session.drift() if each.kind is not Kind.MISSING]
    return [(each.kind, each.event, each.path, each.count, each.frame_count) for each in found]


def test_a_frequent_name_is_looked_at_once_in_a_while_and_a_rare_one_always() -> None:
    session = watching(Drift(rest=10.0))
    hear(session, *(chat(new_field=1) for _ in range(50)), now=1.0)
    hear(session, told("SubscriptionEvent", {"username": "Ada", "mood": "happy"}), chat(new_field=1), now=5.0)
    hear(session, chat(), chat(new_field=1), now=11.0)
    assert news(session) == [
        (Kind.UNREAD, "ChatMessageEvent", "$.new_field", 1, 2),
        (Kind.UNREAD, "SubscriptionEvent", "$.mood", 1, 1),
    ]


def test_what_is_unknown_or_undecodable_is_always_looked_at() -> None:
    session = watching(Drift(rest=10.0))
    hear(session, *(chat() for _ in range(50)), now=1.0)
    hear(session, chat(content=5), *(told("NewEvent", {}) for _ in range(3)), chat(content=5), chat(), now=2.0)
    assert news(session) == [
        (Kind.UNKNOWN, "NewEvent", "$", 3, 3),
        (Kind.CHANGED, "ChatMessageEvent", "$.content", 2, 3),
    ]
    stats = session.stats()
    assert (stats.unknown, stats.undecodable, stats.events) == (3, 2, 51)


def test_without_a_rest_each_frame_is_looked_at_also_within_one_read() -> None:
    session = watching(Drift())
    hear(session, chat(new_field=1), chat(), chat(new_field=1), now=1.0)
    assert news(session) == [(Kind.UNREAD, "ChatMessageEvent", "$.new_field", 2, 3)]


def test_what_is_not_delivered_is_not_looked_at() -> None:
    session = watching(Drift())
    twice = chat(new_field=1)
    hear(session, twice, twice, told("NewEvent", {}, "channel.999"), now=1.0)
    assert news(session) == [(Kind.UNREAD, "ChatMessageEvent", "$.new_field", 1, 1)]


def test_a_session_without_a_drift_has_nothing_to_tell() -> None:
    session = watching(None)
    hear(session, told("NewEvent", {}), chat(new_field=1), chat(content=5), now=1.0)
    assert session.drift() == ()
    assert [type(event).__name__ for event in session.take_events()][-3:] == ["Unknown", "ChatMessage", "Undecodable"]


def test_frames_are_compared_with_the_decoders_that_the_drift_was_given() -> None:
    table = Decoders(row for row in ROWS if row.name != "SubscriptionEvent")
    session = watching(Drift(table), table)
    hear(session, told("SubscriptionEvent", {"username": "Ada"}), chat(), now=1.0)
    assert news(session) == [(Kind.UNKNOWN, "SubscriptionEvent", "$", 1, 1)]


def test_a_builder_is_asked_once_a_frame() -> None:
    asked: list[Channel] = []

    def build(payload: Payload, received_at: datetime, raw: Frame, channel: Channel) -> Event:
        asked.append(channel)
        return Event(received_at, raw, channel)

    table = Decoders([Row("NewEvent", Payload, build, ())])
    session = watching(Drift(table), table)
    hear(session, told("NewEvent", {"a": 1}), now=1.0)
    assert asked == [FOX]
    assert news(session) == [(Kind.UNREAD, "NewEvent", "$.a", 1, 1)]


def reads(seed: int) -> Iterator[tuple[float, list[str]]]:
    """Traffic with something new in it, over some seconds."""
    chance = random.Random(seed)
    traffic = Traffic(FOX, random.Random(seed), rare=0.5)
    for second in range(30):
        texts = [encode_frame(frame) for frame in traffic.act(UNIX_EPOCH + second)]
        yield float(second), [*texts, chance.choice([chat(new_field=1), chat(), chat(content=5)])]


@pytest.mark.parametrize("rest", [0.0, 10.0])
@given(seed=st.integers(0, 99), at=st.integers(0, 30))
def test_a_deep_copy_of_the_session_finds_what_the_session_finds(rest: float, seed: int, at: int) -> None:
    session = watching(Drift(rest=rest))
    script = list(reads(seed))
    for now, texts in script[:at]:
        hear(session, *texts, now=now)
    twin = copy.deepcopy(session)
    before = session.drift()
    for now, texts in script[at:]:
        hear(twin, *texts, now=now)
    assert session.drift() == before
    for now, texts in script[at:]:
        hear(session, *texts, now=now)
    assert session.drift() == twin.drift() != ()
