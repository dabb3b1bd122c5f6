"""What holds for ``KickServer`` whatever happens to it."""

import copy
import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kick_proto.frames import Frame, encode_subscribe, encode_unsubscribe
from kick_proto.machine import Cancel, Close, Closed
from kick_proto.testing.faults import MALFORMED, Faults
from kick_proto.testing.personalities import PERSONALITIES, Personality
from kick_proto.testing.server import (
    ClientConnected,
    ClientGone,
)
from tests.testing.stand import PING, TARGET, Counter, Stand

TEXTS = st.one_of(
    st.text(st.characters(), max_size=40),
    st.sampled_from([PING, *MALFORMED, '{"event":"pusher:pong"}', '{"event":"client-x"}']),
    st.sampled_from(["a", "b", "\x00é/", ""]).map(encode_subscribe),
    st.sampled_from(["a", "b", "c"]).map(encode_unsubscribe),
    st.builds(
        lambda event, data: json.dumps({"event": event, "data": data}),
        st.sampled_from(["pusher:subscribe", "pusher:unsubscribe", "pusher:ping", "x"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
    ),
)
REFS = st.integers(1, 3)
FAULTS = st.builds(
    Faults,
    mute=st.booleans(),
    handshake_delay=st.sampled_from([0.0, 0.5]),
    ping_interval=st.none() | st.floats(0.5, 5),
    error_interval=st.none() | st.floats(0.5, 5),
    malformed_interval=st.none() | st.floats(0.5, 5),
    drop_after=st.none() | st.floats(1, 9),
    close_after=st.none() | st.floats(1, 9),
    spread=st.sampled_from([0.0, 0.5]),
    swap_data=st.booleans(),
    cache_replay=st.booleans(),
    duplicate_probability=st.sampled_from([0.0, 0.5]),
    burst=st.integers(0, 3),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("accept"), REFS, st.sampled_from([TARGET, "/app/x", ""]) | st.text(max_size=20)),
        st.tuples(st.just("hear"), REFS, st.lists(TEXTS, max_size=4)),
        st.tuples(st.just("lose"), REFS, st.integers(1000, 4999)),
        st.tuples(st.just("wait"), REFS, st.floats(0, 20)),
        st.tuples(st.just("publish"), REFS, st.sampled_from(["a", "b"])),
        st.tuples(st.just("send"), REFS, TEXTS),
        st.tuples(st.just("disconnect"), REFS, st.integers(1000, 4999)),
        st.tuples(st.just("drop"), REFS, st.none()),
        st.tuples(st.just("faults"), REFS, FAULTS),
        st.tuples(st.just("play"), REFS, st.sampled_from([1.0, 50.0])),
    ),
    max_size=25,
)


def take_step(stand: Stand, step: tuple[str, int, Any]) -> None:
    match step:
        case ("accept", ref, target):
            stand.accept(ref, target)
        case ("hear", ref, texts):
            stand.hear(*texts, ref=ref)
        case ("lose", ref, code):
            stand.server.handle_input(stand.now, Closed(ref, code))
        case ("wait", _, seconds):
            stand.advance(seconds)
        case ("publish", _, topic):
            stand.command(stand.server.publish, Frame("E", topic, '{"a":1}'))
        case ("send", ref, text):
            stand.command(stand.server.send, ref, text)
        case ("disconnect", ref, code):
            stand.command(stand.server.disconnect, ref, code)
        case ("drop", ref, _):
            stand.command(stand.server.drop, ref)
        case ("faults", _, faults):
            stand.command(stand.server.set_faults, faults)
        case ("play", _, rate):
            stand.command(stand.server.play, Counter(), rate)
        case _:
            raise AssertionError(step)


@given(st.sampled_from(list(PERSONALITIES.values())), STEPS, st.integers(0, 25))
def test_nothing_raises_and_a_copy_goes_on_alike(
    personality: Personality, steps: list[tuple[str, int, Any]], at: int
) -> None:
    stand = Stand(personality, rng=random.Random(7), activity_timeout=4, pong_timeout=2)
    for step in steps[:at]:
        take_step(stand, step)
    twin = copy.deepcopy(stand)
    for step in steps[at:]:
        take_step(stand, step)
    reached = twin.outputs[:]
    assert stand.outputs[: len(reached)] == reached
    for step in steps[at:]:
        take_step(twin, step)
    assert twin.outputs == stand.outputs
    assert twin.server.take_events() == stand.server.take_events()
    assert twin.server.poll_timeout() == stand.server.poll_timeout()


@given(STEPS)
def test_a_timeout_before_its_time_changes_nothing(steps: list[tuple[str, int, Any]]) -> None:
    stand = Stand(rng=random.Random(7), activity_timeout=4, pong_timeout=2)
    for step in steps:
        take_step(stand, step)
        at = stand.server.poll_timeout()
        count = len(stand.outputs)
        if at is None or at > stand.now:
            stand.server.handle_timeout(stand.now)
            stand.drain()
            assert len(stand.outputs) == count
            assert stand.server.poll_timeout() == at


@given(STEPS)
def test_a_client_that_was_ended_hears_nothing_more(steps: list[tuple[str, int, Any]]) -> None:
    stand = Stand(rng=random.Random(7), activity_timeout=4, pong_timeout=2)
    ended: set[int] = set()
    for step in steps:
        if step[0] == "accept":
            ended.discard(step[1])
        take_step(stand, step)
        for output in stand.outputs:
            assert output.ref not in ended
            if isinstance(output, Close | Cancel):
                ended.add(output.ref)
        stand.outputs.clear()


@given(STEPS)
def test_all_that_came_have_gone_in_the_end(steps: list[tuple[str, int, Any]]) -> None:
    stand = Stand(rng=random.Random(7), activity_timeout=4, pong_timeout=2)
    for step in steps:
        take_step(stand, step)
    stand.command(stand.server.close)
    events = stand.server.take_events()
    came = [event.ref for event in events if isinstance(event, ClientConnected)]
    gone = [event.ref for event in events if isinstance(event, ClientGone)]
    assert all(gone.count(ref) >= came.count(ref) for ref in came)
    assert stand.server.client_count == 0
    assert stand.server.poll_timeout() is None
