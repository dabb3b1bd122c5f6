"""Every answer to the opening handshake, whole, byte by byte and in odd chunks, with frames behind it or none."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from kick_proto.machine import Close, Closed, Failed, Opened, Received
from kick_proto.websocket import Limits
from tests.conformance.handshake import GOOD, GROUPS, MAX_HEADER, Group, Row
from tests.conformance.rows import close, ping, text
from tests.conformance.test_frames import WAYS
from tests.framed import Script, World, upgrading
from tests.streams import split

LIMITS = Limits(header=MAX_HEADER)
CASES = [
    pytest.param(group, row, id=f"{group.section} {group.title}: {row.says}") for group in GROUPS for row in group.rows
]
BEHIND = text("A") + ping(b"p") + text("B")


def played(wire: bytes, sizes: Sequence[int]) -> World[Script]:
    world = upgrading(LIMITS)
    world.read(*split(wire, sizes))
    return world


def texts(heard: list[object]) -> list[str]:
    assert all(isinstance(each, Received) for each in heard)
    return [each for received in heard if isinstance(received, Received) for each in received.data]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("behind", [b"", BEHIND], ids=["alone", "with frames behind it"])
@pytest.mark.parametrize(("group", "row"), CASES)
def test_an_answer_opens_the_websocket_or_is_refused(group: Group, row: Row, behind: bytes, way: str) -> None:
    world = played(row.answer.encode("latin-1") + behind, WAYS[way])
    heard = world.heard()
    if row.refused:
        (failed,) = heard
        assert isinstance(failed, Failed)
        assert any(each in failed.reason for each in ([row.refused] if isinstance(row.refused, str) else row.refused))
        assert world.done() == [Close(1)]
    else:
        assert heard[:1] == [Opened(1)]
        assert texts(heard[1:]) == (["A", "B"] if behind else [])
        assert world.done() == ([(1, "PONG", b"p")] if behind else [])


@pytest.mark.parametrize("cut", range(1, len(GOOD + "xxx")))
def test_an_answer_may_be_split_anywhere(cut: int) -> None:
    wire = GOOD.encode() + text("A")
    world = upgrading(LIMITS)
    world.read(wire[:cut])
    assert (world.heard()[:1] == [Opened(1)]) == (cut >= len(GOOD))
    world.read(wire[cut:])
    assert texts([each for each in world.heard() if each != Opened(1)]) == ["A"]


def test_an_answer_may_come_in_three_reads_split_anywhere() -> None:
    wire = GOOD.encode() + text("A")
    for first in range(1, len(wire) - 1, 7):
        for second in range(first + 1, len(wire), 5):
            world = upgrading(LIMITS)
            world.read(*(wire[start:end] for start, end in pairwise([0, first, second, len(wire)])))
            heard = world.heard()
            assert heard[0] == Opened(1)
            assert texts(heard[1:]) == ["A"]


@pytest.mark.parametrize("way", WAYS)
def test_a_close_right_behind_the_answer_is_heard_after_the_opening(way: str) -> None:
    world = played(GOOD.encode() + text("A") + close(4001, "no such app"), WAYS[way])
    heard = world.heard()
    assert (heard[0], heard[-1]) == (Opened(1), Closed(1, 4001, "no such app"))
    assert texts(heard[1:-1]) == ["A"]
    assert world.done() == [(1, "CLOSE", (4001, "")), Close(1, 4001)]


@pytest.mark.parametrize("cut", [0, 1, 12, len(GOOD) // 2, len(GOOD) - 1])
def test_a_stream_that_ends_before_the_answer_is_whole_is_no_websocket(cut: int) -> None:
    world = played(GOOD.encode()[:cut], ())
    world.hear(Closed(1))
    (failed,) = world.heard()
    assert failed == Failed(1, "the peer closed during the WebSocket handshake")


def test_an_answer_that_drips_is_waited_for_no_longer_than_the_limit() -> None:
    world = upgrading(LIMITS)
    for byte in GOOD.encode()[:-1]:
        world.read(bytes([byte]))
        world.advance(LIMITS.handshake / len(GOOD))
    world.advance(LIMITS.handshake)
    (failed,) = world.heard()
    assert failed.reason == f"no answer to the WebSocket handshake within {LIMITS.handshake:g} s"
    assert world.done() == [Close(1)]
