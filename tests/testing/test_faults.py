"""Each fault switch: what a client sees when it is on."""

import json
import random
from typing import Any

import msgspec
import pytest

from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import Frame, encode_subscribe, encode_unsubscribe, parse_frame
from kick_proto.machine import Transmit
from kick_proto.testing.faults import CHAOS, HARMLESS_CODES, MALFORMED, NO_FAULTS, Faults
from kick_proto.testing.personalities import HOSTED, PERSONALITIES, REVERB, SOKETI, Personality
from kick_proto.testing.server import (
    ClientConnected,
    ClientGone,
    ClientPinged,
    ClientSubscribed,
    TextReceived,
)
from kick_proto.testing.voice import FILLER
from tests.testing.stand import MESSAGE, PING, TOPIC, Counter, Stand, connected, subscribed


def test_without_faults_nothing_goes_wrong() -> None:
    assert Faults() == NO_FAULTS
    assert all(not getattr(NO_FAULTS, name) for name in Faults.__struct_fields__ if name != "close_code")
    stand = subscribed()
    stand.advance(100)
    assert stand.said() == []


@pytest.mark.parametrize("code", [4000, 4001, 4003, 4004, 4005, 4006, 4007, 4008, 4009, 4100, 4200, 4301, 4400, 1002])
def test_refuse_code(code: int) -> None:
    stand = Stand(faults=Faults(refuse_code=code))
    stand.accept()
    assert stand.said() == [f"close {code} Refused by this server"]
    assert stand.server.take_events() == [ClientGone(1, code)]


def test_error_first_goes_before_every_close_of_the_servers_own() -> None:
    stand = Stand(faults=Faults(refuse_code=4100, error_first=True))
    stand.accept()
    assert stand.names() == ["pusher:error", "close 4100 Refused by this server"]
    stand = connected(faults=Faults(close_after=5, error_first=True))
    stand.advance(5)
    assert stand.names() == ["pusher:error", "close 4200 Please reconnect immediately"]


def test_withhold_handshake() -> None:
    stand = Stand(faults=Faults(withhold_handshake=True, handshake_delay=3))
    stand.accept()
    stand.advance(60)
    assert stand.said() == []
    assert stand.server.take_events() == [ClientConnected(1, "500001.500000001")]


def test_handshake_delay() -> None:
    stand = Stand(faults=Faults(handshake_delay=3))
    stand.accept()
    stand.advance(2.9)
    assert stand.said() == []
    stand.advance(0.1)
    assert stand.names() == ["pusher:connection_established"]


def handshake(faults: Faults) -> str:
    stand = Stand(faults=faults, activity_timeout=2.5)
    stand.accept()
    (said,) = stand.said()
    return said


def test_handshake_without_timeout() -> None:
    assert json.loads(json.loads(handshake(Faults(handshake_without_timeout=True)))["data"]) == {
        "socket_id": "500001.500000001"
    }


def test_handshake_not_json() -> None:
    assert handshake(Faults(handshake_not_json=True)) == "connection established"
    with pytest.raises(RemoteProtocolError):
        parse_frame("connection established")


def test_handshake_as_object() -> None:
    assert json.loads(handshake(Faults(handshake_as_object=True)))["data"] == {
        "socket_id": "500001.500000001",
        "activity_timeout": 2.5,
    }


def test_wrong_first_event() -> None:
    assert parse_frame(handshake(Faults(wrong_first_event=True))).event == "pusher:hello"


def test_mute() -> None:
    stand = Stand(REVERB, faults=Faults(mute=True, ping_interval=5, error_interval=5, malformed_interval=5))
    stand.accept()
    assert stand.names() == ["pusher:connection_established"]
    stand.hear(PING, encode_subscribe(TOPIC), "garbage")
    assert stand.command(stand.server.publish, MESSAGE) == 1
    stand.advance(3_600)
    assert stand.said() == []
    assert stand.server.take_events()[1:] == [ClientPinged(1), ClientSubscribed(1, TOPIC), TextReceived(1, "garbage")]
    stand.command(stand.server.send, 1, "explicit")
    assert stand.said() == ["explicit"]
    stand.command(stand.server.set_faults, NO_FAULTS)
    stand.command(stand.server.publish, MESSAGE)
    assert stand.names() == [MESSAGE.event]


def test_ping_interval() -> None:
    stand = connected(faults=Faults(ping_interval=7))
    stand.advance(21)
    assert stand.names() == ["pusher:ping"] * 3


def test_duplicate_confirmation() -> None:
    stand = connected(faults=Faults(duplicate_confirmation=True))
    stand.hear(encode_subscribe(TOPIC))
    assert stand.names() == ["pusher_internal:subscription_succeeded"] * 2


def test_event_before_confirmation() -> None:
    stand = connected(faults=Faults(event_before_confirmation=True))
    stand.hear(encode_subscribe(TOPIC))
    frames = [parse_frame(text) for text in stand.said()]
    assert [frame.event for frame in frames] == [FILLER, "pusher_internal:subscription_succeeded"]
    assert {frame.channel for frame in frames} == {TOPIC}


def test_unconfirmed_topics() -> None:
    stand = connected(faults=Faults(unconfirmed_topics=frozenset({TOPIC})))
    stand.hear(encode_subscribe(TOPIC), encode_subscribe("other"))
    assert [parse_frame(text).channel for text in stand.said()] == ["other"]
    stand.command(stand.server.publish, MESSAGE)
    assert stand.names() == [MESSAGE.event]


@pytest.mark.parametrize(
    ("personality", "event", "inline"),
    [
        (HOSTED, "pusher_internal:subscription_error", False),
        (SOKETI, "pusher:subscription_error", True),
        (REVERB, "pusher_internal:subscription_error", False),
    ],
)
def test_refused_topics(personality: Personality, event: str, inline: bool) -> None:
    stand = connected(personality, Faults(refused_topics=frozenset({TOPIC})))
    stand.hear(encode_subscribe(TOPIC))
    (said,) = stand.said()
    frame = parse_frame(said)
    assert (frame.event, frame.channel) == (event, TOPIC)
    assert json.loads(frame.data) == {"type": "AuthError", "error": "Refused by this server", "status": 401}
    assert isinstance(json.loads(said)["data"], dict) == inline
    assert stand.server.topics_of(1) == ()
    assert stand.server.take_events() == []


def test_swap_data() -> None:
    stand = Stand(faults=Faults(swap_data=True))
    stand.accept()
    stand.hear(PING, encode_subscribe(TOPIC), encode_unsubscribe("x"))
    stand.command(stand.server.publish, MESSAGE)
    stand.command(stand.server.publish, Frame("E", TOPIC, "no JSON"))
    assert [type(json.loads(text)["data"]) for text in stand.said()] == [dict, str, dict, str, dict, str]
    reverb = connected(REVERB, Faults(swap_data=True))
    reverb.hear(PING)
    assert reverb.said() == ['{"event":"pusher:pong"}'], "what is absent stays absent"


@pytest.mark.parametrize(
    ("personality", "miss"),
    [
        (HOSTED, '{"event":"pusher:cache_miss","data":"{}","channel":"chatrooms.1.v2"}'),
        (SOKETI, '{"event":"pusher:cache_miss","channel":"chatrooms.1.v2"}'),
        (REVERB, '{"event":"pusher:cache_miss","channel":"chatrooms.1.v2"}'),
    ],
)
def test_cache_replay(personality: Personality, miss: str) -> None:
    stand = connected(personality, Faults(cache_replay=True))
    stand.hear(encode_subscribe(TOPIC))
    assert stand.said()[1] == miss
    stand.command(stand.server.publish, Frame("E", TOPIC, "1"))
    stand.command(stand.server.publish, Frame("E", TOPIC, "2"))
    stand.accept(2)
    stand.hear(encode_subscribe(TOPIC), ref=2)
    assert parse_frame(stand.said(2)[-1]) == Frame("E", TOPIC, "2")


def test_the_cache_has_a_size() -> None:
    stand = connected(faults=Faults(cache_replay=True))
    for number in range(10_001):
        stand.command(stand.server.publish, Frame("E", f"t{number}", "1"))
    stand.hear(encode_subscribe("t0"), encode_subscribe("t10000"))
    assert [name for name in stand.names() if "internal" not in name] == ["pusher:cache_miss", "E"]


def test_burst() -> None:
    stand = connected(faults=Faults(burst=500))
    stand.hear(encode_subscribe(TOPIC))
    (output,) = stand.outputs
    assert isinstance(output, Transmit)
    assert [parse_frame(text).event for text in output.data] == [
        "pusher_internal:subscription_succeeded",
        *[FILLER] * 500,
    ]


@pytest.mark.parametrize(("probability", "count"), [(0.0, 1), (0.5, 1), (0.51, 2), (1.0, 2)])
def test_duplicate_probability(probability: float, count: int) -> None:
    stand = subscribed(faults=Faults(duplicate_probability=probability))
    stand.command(stand.server.publish, MESSAGE)
    assert stand.names() == [MESSAGE.event] * count


def test_error_interval() -> None:
    stand = connected(faults=Faults(error_interval=4))
    stand.advance(16)
    assert [json.loads(text)["data"]["code"] for text in stand.said()] == [*HARMLESS_CODES, HARMLESS_CODES[0]]
    assert stand.server.client_count == 1


def test_malformed_interval() -> None:
    stand = connected(faults=Faults(malformed_interval=2))
    stand.advance(2 * len(MALFORMED) + 2)
    assert stand.said() == [*MALFORMED, MALFORMED[0]]


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_texts_are_no_frames(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_frame(text)


def test_drop_after_counts_for_each_client() -> None:
    stand = connected(faults=Faults(drop_after=10))
    stand.advance(6)
    stand.accept(2)
    stand.said(2)
    stand.advance(4)
    assert (stand.said(1), stand.said(2)) == (["drop"], [])
    stand.advance(6)
    assert stand.said(2) == ["drop"]


def test_who_is_dropped_is_not_closed_at_the_same_moment() -> None:
    stand = connected(faults=Faults(drop_after=10, close_after=10, ping_interval=10))
    stand.advance(10)
    assert stand.said() == [PING, "drop"]
    assert stand.server.take_events() == [ClientGone(1, 1006)]
    assert stand.server.poll_timeout() is None


@pytest.mark.parametrize("personality", PERSONALITIES.values())
def test_close_after(personality: Personality) -> None:
    stand = connected(personality, Faults(close_after=10, close_code=4302))
    stand.advance(10)
    *before, end = stand.said()
    assert end.startswith("close 4302")
    assert len(before) == personality.error_first


def test_spread_draws_the_time() -> None:
    ends = set()
    for seed in range(20):
        stand = connected(faults=Faults(drop_after=10, spread=0.5), rng=random.Random(seed))
        while not stand.said():
            stand.advance(0.5)
        ends.add(stand.now - 100)
    assert all(5 <= end <= 15.5 for end in ends)
    assert len(ends) > 5


@pytest.mark.parametrize(("drawn", "seconds"), [(0.0, 5.0), (0.5, 10.0), (0.75, 12.5)])
def test_spread_is_less_below_the_middle_and_more_above(drawn: float, seconds: float) -> None:
    class Fixed:
        def random(self) -> float:
            return drawn

    stand = connected(faults=Faults(drop_after=10, spread=0.5), rng=Fixed())
    assert stand.server.poll_timeout() == stand.now + seconds


def test_fragment_is_for_the_framing() -> None:
    assert Stand(faults=Faults(fragment=True)).server.fragments
    assert not Stand().server.fragments


def test_set_faults_counts_from_now_and_stops_what_ran() -> None:
    stand = connected(faults=Faults(drop_after=10, ping_interval=3))
    stand.advance(4)
    stand.said()
    stand.command(stand.server.set_faults, Faults(malformed_interval=5))
    assert stand.server.faults == Faults(malformed_interval=5)
    stand.advance(12)
    assert stand.said() == list(MALFORMED[:2])


@pytest.mark.parametrize("personality", PERSONALITIES.values())
def test_chaos_brings_everything_within_three_minutes(personality: Personality) -> None:
    stand = Stand(personality, CHAOS, rng=random.Random(7))
    stand.command(stand.server.play, Counter(), 50)
    words: list[str] = []
    ref = 0
    for _ in range(180):
        if not stand.server.client_count:
            ref += 1
            stand.accept(ref)
            stand.hear(encode_subscribe(TOPIC), ref=ref)
        stand.advance(1)
        words.extend(stand.said(ref))
    assert "drop" in words
    assert any(word.startswith("close 4200") for word in words)
    assert set(MALFORMED[:5]) <= set(words)
    assert "pusher:error" in "".join(words)
    assert len(words) > len(set(words))


@pytest.mark.parametrize(
    "switches",
    [
        {"drop_after": 0},
        {"close_after": -1},
        {"ping_interval": float("inf")},
        {"error_interval": float("nan")},
        {"malformed_interval": 0},
        {"duplicate_probability": 1.1},
        {"spread": 0.95},
        {"refuse_code": 42},
        {"close_code": 5000},
        {"handshake_delay": -1},
        {"handshake_delay": float("inf")},
        {"burst": -1},
    ],
)
def test_switches_are_checked(switches: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(switches))):
        Faults(**switches)


@pytest.mark.parametrize(
    "switches",
    [
        {"refuse_code": 1000},
        {"refuse_code": 4999},
        {"close_code": 1000},
        {"close_code": 4999},
        {"handshake_delay": 0.0},
        {"duplicate_probability": 1.0},
        {"spread": 0.9},
        {"burst": 0},
        {"drop_after": 0.001},
    ],
)
def test_switches_may_be_set_to_their_bounds(switches: dict[str, Any]) -> None:
    assert Faults(**switches) == msgspec.structs.replace(NO_FAULTS, **switches)
