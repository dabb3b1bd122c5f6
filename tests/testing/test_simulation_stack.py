"""A client's machines in the simulation, one on the other, and the twin that goes along with them."""

import copy
import random
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from kick_proto.frames import PING, PONG, Frame, encode_frame
from kick_proto.ids import topics_of
from kick_proto.lifecycle import Lagging, Up
from kick_proto.machine import Closed, Failed, Input, Open, Opened, Output, Received, Transmit
from kick_proto.merge import Merge
from kick_proto.provider import Confirmed
from kick_proto.pusher import App
from kick_proto.session import Config, SessionEvent
from kick_proto.testing.simulation.decisions import TwinKind
from kick_proto.testing.simulation.dice import channel_of
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.ledger import DECODERS
from kick_proto.testing.simulation.stack import Made, Stack, Twinned, fixed_entropy
from kick_proto.testing.simulation.witness import Witness
from kick_proto.websocket import Framing
from tests.session_acts import ESTABLISHED

APP = App()
CONFIG = Config(provider=APP, send_rate=100.0, send_burst=100.0)
TOPIC = topics_of(channel_of(0))[0]
NEWS = encode_frame(Frame("News", TOPIC, "{}"))


def stack(*, over_bytes: bool = False, merged: bool = False, config: Config = CONFIG) -> Stack:
    return Stack(config, APP, random.Random(7), over_bytes=over_bytes, merged=merged)


def up(*, merged: bool = False, config: Config = CONFIG) -> Stack:
    """At the level of texts, with one topic that is confirmed, and all taken."""
    made = stack(merged=merged, config=config)
    made.tell(0.0, "subscribe", channel_of(0), [TOPIC])
    made.tell(0.0, "connect")
    made.top.handle_input(0.0, Opened(1))
    confirmed = encode_frame(Frame("pusher_internal:subscription_succeeded", TOPIC, "{}"))
    for text in (ESTABLISHED, confirmed):
        made.top.handle_input(0.0, Received(1, [text], 0.0))
    outputs(made)
    made.take()
    return made


def outputs(stack: Stack) -> list[Output[Any]]:
    return list(iter(stack.top.poll_output, None))


class Draws:
    """Gives these draws, one after the other."""

    def __init__(self, *draws: float) -> None:
        self._draws: Iterator[float] = iter(draws)

    def random(self) -> float:
        return next(self._draws)


class Noted:
    """A machine that notes what it is told, and hands it on."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self.heard: list[tuple[float, Input[Any] | None]] = []

    def handle_input(self, now: float, received: Input[Any]) -> None:
        self.heard.append((now, received))
        self._machine.handle_input(now, received)

    def handle_timeout(self, now: float) -> None:
        self.heard.append((now, None))
        self._machine.handle_timeout(now)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._machine, name)


def noted(stack: Stack) -> list[tuple[float, Input[Any] | None]]:
    """What the stack's machine is told from now on; None is that time has passed."""
    top = Noted(stack.top)
    stack.top = top
    return top.heard


# One stack


def test_entropy_is_the_same_at_each_call() -> None:
    assert fixed_entropy(4) == fixed_entropy(4) == b"\x01\x02\x03\x04"


@pytest.mark.parametrize(
    ("over_bytes", "merged", "top"),
    [(False, False, Witness), (False, True, Merge), (True, False, Framing), (True, True, Framing)],
)
def test_a_stack_is_a_witness_and_what_is_around_it(over_bytes: bool, merged: bool, top: type) -> None:
    made = stack(over_bytes=over_bytes, merged=merged)
    assert type(made.top) is top
    assert made.is_merged is merged
    assert made.witness.session is made.session
    assert made.session._decoders is DECODERS
    assert not made.closed
    made.tell(3.0, "connect")
    opening = outputs(made)[0]
    assert isinstance(opening, Open)
    assert opening.host == APP.endpoints[0].host
    assert made.top.poll_timeout() is not None
    made.tell(4.0, "close")
    assert made.closed


def test_over_bytes_masks_and_nonces_are_fixed() -> None:
    made = stack(over_bytes=True)
    made.tell(0.0, "connect")
    outputs(made)
    made.top.handle_input(0.0, Opened(1))
    (request,) = outputs(made)
    assert isinstance(request, Transmit)
    assert b"Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n" in request.data


def test_a_command_comes_with_its_time_and_arguments_and_what_follows_is_taken_up() -> None:
    made = up()
    heard = noted(made)
    made.tell(5.0, "subscribe", channel_of(1), [topics_of(channel_of(1))[0]])
    assert heard == [(5.0, None)]
    assert made.session.wanted == {TOPIC, topics_of(channel_of(1))[0]}
    assert made.session.channels == (channel_of(0), channel_of(1))


def test_a_session_draws_from_the_chance_that_it_is_given() -> None:
    rng = random.Random(3)
    made = Stack(CONFIG, APP, copy.deepcopy(rng), over_bytes=False, merged=False)
    made.tell(0.0, "connect")
    made.top.handle_input(0.0, Opened(1))
    made.top.handle_input(0.0, Received(1, [ESTABLISHED], 0.0))
    made.top.handle_input(0.0, Closed(1, 1006))
    assert made.top.poll_timeout() == rng.random()


def test_a_merge_takes_no_more_than_the_lower_mark_so_that_the_session_sees_who_lags() -> None:
    made = up(merged=True, config=msgspec.structs.replace(CONFIG, high_water=4, low_water=2))
    made.top.handle_input(1.0, Received(1, ["no frame"] * 5, 5.0))
    assert made.top.wants_input
    made.top.handle_input(1.0, Received(1, ["no frame"] * 5, 5.0))
    assert not made.session.wants_input


@pytest.mark.parametrize("merged", [False, True])
def test_events_are_taken_all_at_once_or_one_by_one(merged: bool) -> None:
    whole, single = up(merged=merged), up(merged=merged)
    for each in (whole, single):
        each.top.handle_input(1.0, Received(1, [NEWS, "no frame", NEWS], 5.0))
    events = whole.take()
    assert [type(event).__name__ for event in events] == ["Unknown", "Undecodable", "Unknown"]
    assert single.take_one_by_one() == events
    assert whole.take() == single.take_one_by_one() == []


class Shuffled(Merge):
    """A merge that gives another event than the one that came first."""

    def take_events(self) -> list[SessionEvent]:
        return super().take_events()[::-1]


def test_a_merge_that_changes_the_order_is_found() -> None:
    made = up(merged=True)
    made.top.__class__ = Shuffled
    made.top.handle_input(1.0, Received(1, [NEWS, "no frame"], 5.0))
    with pytest.raises(Violation, match=r"^law 16 \(events\): Undecodable\(.* came out of the merge at another place$"):
        made.take()


def test_a_merge_that_tells_what_it_was_not_told_is_found_and_a_session_alone_is_not_compared() -> None:
    made = up(merged=True)
    made.top.handle_input(1.0, Received(1, [NEWS], 5.0))
    events = made.take()
    with pytest.raises(Violation, match="came out of the merge at another place"):
        made._compare(events)
    alone = up()
    alone._compare(events)


def test_what_a_merge_holds_back_may_come_at_another_place() -> None:
    made = up(merged=True)
    gift = Frame(
        "App\\Events\\GiftedSubscriptionsEvent",
        TOPIC,
        '{"chatroom_id":200,"gifted_usernames":["a"],"gifter_username":"b"}',
    )
    made.top.handle_input(1.0, Received(1, [encode_frame(gift), NEWS], 5.0))
    first = made.take()
    assert "Unknown" in [type(event).__name__ for event in first]
    made.top.handle_timeout(1_000.0)
    made.take()


# Twins


def twinned(kind: TwinKind, *draws: float, config: Config = CONFIG) -> tuple[Stack, Twinned]:
    original = up(config=config)
    return original, Twinned(copy.deepcopy(original), kind, 3, Draws(*draws))


def test_a_twin_begins_as_its_original() -> None:
    original, twin = twinned(TwinKind.ALIKE)
    assert (twin.kind, twin.steps) == (TwinKind.ALIKE, 3)
    assert twin.stack is not original
    heard = noted(twin.stack)
    twin.before(1.0)
    assert heard == []
    twin.hear(1.0, Received(1, [NEWS, NEWS], 5.0))
    assert heard == [(1.0, Received(1, [NEWS, NEWS], 5.0))]


@pytest.mark.parametrize(("now", "is_early"), [(5.0, True), (119.9, True), (120.0, False), (121.0, False)])
def test_an_early_twin_is_told_the_time_where_nothing_is_due(now: float, is_early: bool) -> None:
    original, twin = twinned(TwinKind.EARLY)
    assert original.top.poll_timeout() == 120.0
    heard = noted(twin.stack)
    twin.before(now)
    assert heard == ([(now, None)] if is_early else [])


def test_an_early_twin_without_a_deadline_is_told_the_time_too() -> None:
    twin = Twinned(stack(), TwinKind.EARLY, 3, Draws())
    heard = noted(twin.stack)
    twin.before(5.0)
    assert heard == [(5.0, None)]


@pytest.mark.parametrize("over_bytes", [False, True])
def test_a_stale_twin_hears_of_sockets_that_never_were_or_will_be(over_bytes: bool) -> None:
    twin = Twinned(stack(over_bytes=over_bytes), TwinKind.STALE, 3, Draws())
    machine = type(twin.stack.top)
    heard: list[Input[Any]] = []

    def listen(self: Any, now: float, received: Input[Any]) -> None:
        heard.append(received)
        handle_input(self, now, received)

    handle_input = machine.handle_input
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "handle_input", listen)
        twin.before(5.0)
    data = b"\x81\x01x" if over_bytes else ['{"event":"pusher:ping"}']
    assert heard == [
        each for ref in (0, 1_000_000) for each in (Opened(ref), Received(ref, data, 0.0), Closed(ref), Failed(ref, ""))
    ]


def test_a_twin_in_pieces_hears_a_read_in_several_and_all_else_whole() -> None:
    _, twin = twinned(TwinKind.IN_PIECES, 0.5, 0.0, 0.99)
    heard = noted(twin.stack)
    texts = [NEWS, PING, NEWS, NEWS, PING]
    twin.before(1.0)
    twin.hear(1.0, Received(1, texts, 5.0))
    assert heard == [(1.0, Received(1, each, 5.0)) for each in (texts[:3], texts[3:4], texts[4:])]
    twin.hear(2.0, Closed(1, 4200))
    assert heard[-1] == (2.0, Closed(1, 4200))


def test_a_twin_in_pieces_may_be_told_so_much_more_while_it_lags() -> None:
    original, twin = twinned(
        TwinKind.IN_PIECES, *[0.0] * 300, config=msgspec.structs.replace(CONFIG, high_water=2, low_water=1)
    )
    texts = ["no frame"] * 300
    original.top.handle_input(1.0, Received(1, texts, 5.0))
    twin.hear(1.0, Received(1, texts, 5.0))
    assert len(twin.take()) == len(original.take()) == 301


@pytest.mark.parametrize(
    ("kind", "way"), [(TwinKind.ONE_BY_ONE, "poll_event"), (TwinKind.ALIKE, "take_events")], ids=str
)
def test_a_twin_takes_its_events_by_its_kind(kind: TwinKind, way: str) -> None:
    _, twin = twinned(kind)
    twin.hear(1.0, Received(1, [NEWS, NEWS], 5.0))
    other = {"poll_event": "take_events", "take_events": "poll_event"}[way]
    setattr(twin.stack.top, other, None)
    assert len(twin.take()) == 2


UP, CONFIRMED = Up("eu", "1.1"), Confirmed(TOPIC)


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (TwinKind.ALIKE, Law.COPY),
        (TwinKind.EARLY, Law.INTERFACE),
        (TwinKind.IN_PIECES, Law.SPLIT_INVARIANT),
        (TwinKind.ONE_BY_ONE, Law.INTERFACE),
        (TwinKind.STALE, Law.STALE),
    ],
)
def test_a_twin_that_does_otherwise_breaks_the_law_that_it_is_there_for(kind: TwinKind, law: Law) -> None:
    _, twin = twinned(kind)
    same: Made = ([Transmit(1, [PONG])], [UP], 5.0, True)
    twin.compare(1.0, same, ([Transmit(1, [PONG])], [UP], 5.0, True))
    others: list[Made] = [
        ([], [UP], 5.0, True),
        (same[0], [], 5.0, True),
        (same[0], [UP], 6.0, True),
        (*same[:3], False),
    ]
    for other in others:
        sentence = f"law {law.value} ({law.name.lower()}): at 1.5 the original gives {same}, its twin {other}"
        with pytest.raises(Violation, match=f"^{re.escape(sentence)}$") as found:
            twin.compare(1.5, same, other)
        assert found.value.law is law


def test_in_pieces_a_websocket_answers_other_pings_and_passes_the_mark_elsewhere() -> None:
    _, twin = twinned(TwinKind.IN_PIECES)
    news, pong, open_ = Transmit(1, b"\x81\x01x"), Transmit(1, b"\x8a\x00"), Open(2, "h", 443, True)
    one: Made = ([news, pong, open_], [UP, Lagging(3), CONFIRMED], None, False)
    twin.compare(1.0, one, ([news, open_, pong, pong], [UP, CONFIRMED, Lagging(4)], None, False))
    others: list[Made] = [
        ([pong, open_], [UP, CONFIRMED], None, False),
        ([news, open_], [UP], None, False),
        ([news, open_], [UP, CONFIRMED], 1.0, False),
        ([news, open_], [UP, CONFIRMED], None, True),
    ]
    for other in others:
        with pytest.raises(Violation):
            twin.compare(1.0, one, other)
    _, alike = twinned(TwinKind.ALIKE)
    with pytest.raises(Violation):
        alike.compare(1.0, one, ([news, open_], [UP, CONFIRMED], None, False))


def test_a_text_of_one_that_is_a_pong_is_no_pong_of_the_websocket() -> None:
    _, twin = twinned(TwinKind.IN_PIECES)
    made: Made = ([Transmit(1, [PONG])], [], None, True)
    with pytest.raises(Violation):
        twin.compare(1.0, made, ([], [], None, True))
