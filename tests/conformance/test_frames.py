"""Every row of the tables, played to a WebSocket whole, byte by byte and in odd chunks."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from kick_proto.machine import Close, Closed, Received, Transmit
from kick_proto.websocket import State
from tests.conformance.rows import LIMITS, Closes, Fails, Group, Row, Stays
from tests.conformance.tables import GROUPS
from tests.framed import UNIX, Script, World, being_closed, opened, say
from tests.streams import split

WAYS: Mapping[str, Sequence[int]] = {"whole": (), "byte by byte": (1,), "odd chunks": (3, 1, 7, 2, 13, 5)}
REACH = {State.OPEN: opened, State.CLOSING: being_closed}
CASES = [
    pytest.param(group, row, id=f"{group.section} {group.title}: {row.says}") for group in GROUPS for row in group.rows
]


def played(row: Row, sizes: Sequence[int]) -> World[Script]:
    world = REACH[row.state](LIMITS)
    world.read(*split(row.wire, sizes))
    return world


def assert_pongs(row: Row, pongs: Sequence[object], sizes: Sequence[int]) -> None:
    """Read byte by byte, each ping has its pong; read together, the latest one's is enough.

    Where the read ends in a close frame of ours, that is the answer. Source: RFC 6455 section 5.5.3.
    """
    wanted = [(1, "PONG", payload) for payload in row.pongs]
    if sizes == (1,):
        assert pongs == wanted
    elif wanted and isinstance(row.end, Stays):
        assert pongs[-1] == wanted[-1]
    left: Iterator[object] = iter(wanted)
    assert all(pong in left for pong in pongs), "pongs out of order, or for nothing"


def assert_end(row: Row, world: World[Script], told: list[object], done: list[object]) -> None:
    match row.end:
        case Stays():
            assert (told, done) == ([], [])
            if row.state is State.OPEN:
                say(world, Transmit(1, ["still here"]))
                assert world.done() == [(1, "TEXT", "still here")]
        case Closes(code=code, reason=reason):
            assert told == [Closed(1, code, reason)]
            assert done == [*([(1, "CLOSE", (code, ""))] if row.state is State.OPEN else []), Close(1, code)]
        case Fails(code=code):
            (closed,) = told
            assert isinstance(closed, Closed)
            assert closed.code == code
            assert closed.reason
            sent = [(1, "CLOSE", (code, closed.reason))] if row.state is State.OPEN else []
            assert done == [*sent, Close(1, code)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("group", "row"), CASES)
def test_a_row_comes_out_as_it_says(group: Group, row: Row, way: str) -> None:
    world = played(row, WAYS[way])
    heard = world.heard()
    done = world.done()
    texts = [each for each in heard if isinstance(each, Received)]
    assert heard[: len(texts)] == texts, "texts behind the end"
    assert all(each.unix_now == UNIX for each in texts)
    assert [text for each in texts for text in each.data] == [*row.texts]
    pongs = [each for each in done if isinstance(each, tuple) and each[1] == "PONG"]
    assert done[: len(pongs)] == pongs, "a pong behind a close"
    assert_pongs(row, pongs, WAYS[way])
    assert_end(row, world, heard[len(texts) :], done[len(pongs) :])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", range(126))
def test_a_ping_of_any_legal_size_gets_its_own_payload_back(size: int, way: str) -> None:
    payload = bytes(range(255, 255 - size, -1))
    world = played(Row("", bytes([0x89, size]) + payload), WAYS[way])
    assert world.done() == [(1, "PONG", payload)]


def test_the_tables_are_as_large_as_promised_and_no_row_stands_twice() -> None:
    rows = [row for group in GROUPS for row in group.rows]
    assert len(rows) >= 250
    for group in GROUPS:
        assert len({row.says for row in group.rows}) == len(group.rows), group.title
    assert len({(row.wire, row.state) for row in rows}) > 0.95 * len(rows)
