"""One wire of the simulation: what arrives at which end, when, in which reads, and what is lost with a connection."""

from collections.abc import Iterator
from typing import Any

import pytest

from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Opened, Output, Received, Transmit
from kick_proto.testing.server import Accepted
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.decisions import Way
from kick_proto.testing.simulation.wire import Weather, Wire, Word

REF, NUMBER = 3, 50
FAR = 1e6
DATA = b"0123456789"


class Draws:
    """Gives these draws, one after the other, and then high ones; ``count`` is how many were drawn."""

    def __init__(self, *draws: float) -> None:
        self.count = 0
        self._draws: Iterator[float] = iter(draws)

    def random(self) -> float:
        self.count += 1
        return next(self._draws, 0.999)


def wire(*draws: float, target: str | None = None, weather: Weather | None = None) -> Wire:
    return Wire(REF, NUMBER, target, weather or Weather(), Draws(*draws))


def opened(*draws: float, target: str | None = None, weather: Weather | None = None) -> Wire:
    """Both ends know of each other."""
    made = wire(*draws, target=target, weather=weather)
    made.knock(0.0, 0.0)
    assert len(at_server(made, 0.0)) == len(at_client(made, 0.0)) == 1
    return made


def at_server(wire: Wire, now: float, unix_now: float = 0.0) -> list[Word]:
    """What arrives at the server until then."""
    return list(iter(lambda: wire.arrive_at_server(now, unix_now), None))


def at_client(wire: Wire, now: float, unix_now: float = 0.0, *, reads: bool = True) -> list[Word]:
    """What arrives at the client until then."""
    return list(iter(lambda: wire.arrive_at_client(now, unix_now, reads=reads), None))


def sent(data: Any, number: int = REF) -> Received[Any]:
    return Received(number, data, 0.0)


def weather(least: float = 0.0, most: float = 0.0, split_share: float = 0.0, *, is_tardy: bool = False) -> Weather:
    made = Weather()
    made.least, made.most, made.split_share, made.is_tardy = least, most, split_share, is_tardy
    return made


# How a connection begins


@pytest.mark.parametrize(
    ("target", "word"), [(None, Opened(NUMBER)), ("/app/x?y", Accepted(NUMBER, "/app/x?y"))], ids=repr
)
def test_the_server_hears_of_a_client_and_then_the_client_of_the_server(target: str | None, word: Word) -> None:
    made = wire(target=target)
    made.knock(10.0, 5.0)
    assert (made.is_opened, made.is_released, made.due) == (False, False, [None, None])
    assert at_server(made, 14.9) == at_client(made, FAR) == []
    assert at_server(made, 15.0) == [word]
    assert (made.is_opened, at_client(made, 14.9)) == (False, [])
    assert at_client(made, 15.0) == [Opened(REF)]
    assert (made.is_opened, made.done) == (True, False)


def test_by_good_weather_all_arrives_at_once_and_whole() -> None:
    good = Weather()
    assert (good.least, good.most, good.split_share, good.is_tardy) == (0.0, 0.0, 0.0, False)
    made = opened()
    made.tell_client(0.0, sent(DATA))
    made.obey_client(0.0, Transmit(REF, DATA))
    assert at_client(made, 0.0, 7.0) == [Received(REF, DATA, 7.0)]
    assert at_server(made, 0.0, 7.0) == [Received(NUMBER, DATA, 7.0)]


# What its ends want


def test_what_the_client_sends_comes_to_the_server_under_its_own_number_and_clock() -> None:
    made = opened()
    made.obey_client(2.0, Transmit(REF, ["a", "b"]))
    assert at_server(made, 1.9) == []
    assert at_server(made, 2.0, 99.0) == [Received(NUMBER, ["a", "b"], 99.0)]


def test_what_the_server_sends_comes_to_the_client_under_its_own_ref_and_clock() -> None:
    made = opened()
    made.obey_server(2.0, Transmit(NUMBER, ["a", "b"]))
    assert at_client(made, 1.9) == []
    assert at_client(made, 2.0, 99.0) == [Received(REF, ["a", "b"], 99.0)]


@pytest.mark.parametrize(
    ("target", "output", "told"),
    [
        ("/", Close(REF, 4001, "bye"), Closed(NUMBER, 4001, "bye")),
        (None, Close(REF, 4001, "bye"), Closed(NUMBER, 4001, "bye")),
        ("/", Cancel(REF), Closed(NUMBER, 1006, "")),
        (None, Cancel(REF), Closed(NUMBER, 1006, "")),
    ],
    ids=repr,
)
def test_the_server_is_told_when_the_client_gives_up(target: str | None, output: Output[Any], told: Word) -> None:
    made = opened(target=target)
    made.obey_client(2.0, output)
    assert at_server(made, 1.9) == []
    assert at_server(made, 2.0) == [told]
    assert made.is_released


@pytest.mark.parametrize(
    ("target", "output", "answers"),
    [("/", Close(REF, 4001, "bye"), True), (None, Close(REF, 4001, "bye"), False), ("/", Cancel(REF), False)],
    ids=repr,
)
def test_a_websocket_that_is_closed_hears_the_answer_and_nothing_else_hears_more(
    target: str | None, output: Output[Any], answers: bool
) -> None:
    made = opened(target=target)
    made.tell_client(1.0, sent(["under way"]))
    made.obey_client(2.0, output)
    assert made.is_released is not answers
    at_server(made, 2.0)
    assert at_client(made, FAR) == ([Closed(REF, 4001, "bye")] if answers else [])
    assert made.done


@pytest.mark.parametrize("output", [Close(REF), Cancel(REF)], ids=repr)
@pytest.mark.parametrize("is_tardy", [False, True])
def test_a_tardy_driver_still_hands_over_what_was_under_way(output: Output[Any], is_tardy: bool) -> None:
    made = opened(weather=weather(is_tardy=is_tardy))
    made.tell_client(1.0, sent(DATA))
    made.obey_client(1.0, output)
    assert at_client(made, 1.0) == ([sent(DATA)] if is_tardy else [])


@pytest.mark.parametrize(
    ("target", "output", "told"),
    [
        ("/", Close(NUMBER, 4200, "again"), Closed(REF, 4200, "again")),
        (None, Close(NUMBER, 4200, "again"), Closed(REF, 1006, "")),
        ("/", Cancel(NUMBER), Closed(REF, 1006, "")),
        (None, Cancel(NUMBER), Closed(REF, 1006, "")),
    ],
    ids=repr,
)
def test_the_client_is_told_when_the_server_ends_it(target: str | None, output: Output[Any], told: Word) -> None:
    made = opened(target=target)
    made.obey_server(1.0, Transmit(NUMBER, DATA))
    made.obey_server(2.0, output)
    assert at_client(made, 1.0) == [sent(DATA)]
    assert not made.done
    assert at_client(made, 1.9) == []
    assert at_client(made, 2.0) == [told]
    assert made.done


def test_after_the_end_nothing_more_is_said_to_the_client() -> None:
    for end in (Closed(REF), Failed(REF, "refused")):
        made = opened()
        made.tell_client(1.0, end)
        made.tell_client(1.0, sent(DATA))
        made.tell_client(1.0, Closed(REF))
        assert at_client(made, FAR) == [end]


def test_after_the_end_data_is_said_to_the_server_no_more_but_that_the_client_has_gone() -> None:
    made = opened()
    made.tell_client(1.0, Closed(REF))
    made.obey_client(1.0, Transmit(REF, DATA))
    made.obey_client(1.0, Close(REF, 1000))
    assert at_server(made, FAR) == [Closed(NUMBER, 1000)]


def test_what_the_client_has_given_up_says_nothing_to_it_and_is_done_when_the_server_knows() -> None:
    made = opened()
    made.obey_client(1.0, Cancel(REF))
    made.tell_client(1.0, sent(DATA))
    assert at_client(made, FAR) == []
    assert not made.done
    at_server(made, 1.0)
    assert made.done


def test_an_end_of_what_the_client_has_given_up_is_the_end() -> None:
    made = opened(weather=weather(is_tardy=True))
    made.tell_client(1.0, sent(DATA))
    made.obey_client(1.0, Cancel(REF))
    made.tell_client(1.0, Closed(REF))
    made.lose(1.0)
    assert at_client(made, FAR) == []


# Weather


def test_each_message_takes_a_time_within_the_weather_each_way() -> None:
    by = weather(0.5, 2.5)
    made = wire(0.25, 0.75, 0.5, weather=by)
    made.knock(10.0, 0.0)
    assert at_server(made, 10.99) == []
    assert len(at_server(made, 11.0)) == 1
    assert at_client(made, 12.99) == []
    assert len(at_client(made, 13.0)) == 1
    made.obey_client(20.0, Transmit(REF, DATA))
    assert at_server(made, 21.49) == []
    assert len(at_server(made, 21.5)) == 1


@pytest.mark.parametrize(("most", "count"), [(0.0, 0), (0.5, 1)])
def test_only_where_messages_take_time_is_it_drawn(most: float, count: int) -> None:
    draws = Draws()
    Wire(REF, NUMBER, None, weather(0.0, most), draws).knock(0.0, 0.0)
    assert draws.count == count


def test_no_message_overtakes_another() -> None:
    made = wire(0.9, 0.9, 0.1, 0.5, 0.9, 0.1, 0.5, weather=weather(0.0, 10.0))
    made.knock(0.0, 0.0)
    assert len(at_server(made, 9.0)) == 1
    assert len(at_client(made, 18.0)) == 1
    for data in (b"a", b"b"):
        made.obey_client(9.5 if data == b"a" else 10.0, Transmit(REF, data))
    assert at_server(made, 14.9) == [sent(b"a", NUMBER)]  # at 10.5, the other at 15.0
    assert at_server(made, 15.0) == [sent(b"b", NUMBER)]
    for data in (b"a", b"b"):
        made.tell_client(20.0, sent(data))
    assert at_client(made, 28.9) == []
    assert at_client(made, 29.0) == [sent(b"ab")]  # the second would have been there at 21.0
    made.tell_client(29.0, sent(b"c"))
    assert at_client(made, 33.9) == []
    assert at_client(made, 34.0) == [sent(b"c")]


def test_the_server_hears_in_order_too() -> None:
    made = wire(0.9, 0.1, 0.3, weather=weather(0.0, 10.0))
    made.knock(0.0, 0.0)
    made.obey_client(1.0, Transmit(REF, b"a"))
    assert at_server(made, 8.9) == []
    assert made.arrive_at_server(9.0, 0.0) == Opened(NUMBER)
    assert made.arrive_at_server(9.0, 0.0) == sent(b"a", NUMBER)


@pytest.mark.parametrize(
    ("draws", "pieces"),
    [
        ((0.5, 0.0, 0.0), [DATA]),
        ((0.49, 0.0, 0.0), [b"0", DATA[1:]]),
        ((0.0, 0.99, 0.0), [DATA[:9], b"9"]),
        ((0.0, 0.3, 0.5), [b"012", b"345", b"6789"]),
        ((0.0, 0.0, 0.99), [b"0", DATA[1:9], b"9"]),
    ],
)
def test_a_share_of_what_servers_send_arrives_in_two_or_three_reads(
    draws: tuple[float, ...], pieces: list[bytes]
) -> None:
    made = opened(*draws, weather=weather(split_share=0.5))
    made.tell_client(0.0, sent(DATA))
    assert [word.data for _, word in made.to_client if isinstance(word, Received)] == pieces


@pytest.mark.parametrize("data", [b"", b"x", [], ["text"]], ids=repr)
def test_what_is_one_or_nothing_is_not_split(data: Any) -> None:
    made = opened(weather=weather(split_share=1.0))
    made.tell_client(0.0, sent(data))
    assert at_client(made, 0.0) == [sent(data)]


def test_two_can_be_split_in_one_way() -> None:
    made = opened(0.0, 0.99, 0.99, weather=weather(split_share=1.0))
    made.tell_client(0.0, sent(b"ab"))
    assert [word.data for _, word in made.to_client if isinstance(word, Received)] == [b"a", b"b"]


def test_however_it_is_split_nothing_is_lost_and_every_read_has_something() -> None:
    by = weather(0.0, 0.3, 1.0)
    made = Wire(REF, NUMBER, None, by, Chance("splits"))
    made.knock(0.0, 0.0)
    at_server(made, 1.0)
    at_client(made, 2.0)
    sizes: set[int] = set()
    for start in range(200):
        made.tell_client(FAR + start, sent(DATA))
        sizes.add(len(made.to_client))
        reads = [word.data for _, word in made.to_client if isinstance(word, Received)]
        assert b"".join(reads) == DATA
        assert all(reads)
        at_client(made, FAR + start + 1)
    assert sizes == {2, 3}


# What arrives together


def test_all_data_that_has_come_is_one_read_and_what_is_not_data_is_for_itself() -> None:
    made = wire()
    made.knock(0.0, 0.0)
    at_server(made, 0.0)
    for at, data in ((1.0, b"a"), (2.0, b"b"), (3.0, b"c")):
        made.tell_client(at, sent(data))
    made.tell_client(3.0, Closed(REF))
    assert made.arrive_at_client(2.0, 5.0, reads=True) == Opened(REF)
    assert made.arrive_at_client(2.0, 5.0, reads=True) == Received(REF, b"ab", 5.0)
    assert made.arrive_at_client(2.9, 5.0, reads=True) is None
    assert made.arrive_at_client(3.0, 6.0, reads=True) == Received(REF, b"c", 6.0)
    assert made.arrive_at_client(3.0, 6.0, reads=True) == Closed(REF)


def test_an_application_that_does_not_read_is_told_of_ends_alone() -> None:
    made = wire()
    made.knock(0.0, 0.0)
    at_server(made, 0.0)
    made.tell_client(1.0, sent(DATA))
    made.tell_client(1.0, Closed(REF))
    assert at_client(made, 1.0, reads=False) == [Opened(REF)]
    assert at_client(made, 1.0, reads=True) == [sent(DATA), Closed(REF)]
    made = opened()
    made.tell_client(1.0, Closed(REF))
    assert at_client(made, 1.0, reads=False) == [Closed(REF)]


# Troubles


@pytest.mark.parametrize(
    ("way", "to_client", "to_server"),
    [(Way.TO_CLIENT, False, True), (Way.TO_SERVER, True, False), (Way.BOTH, False, False)],
)
def test_a_half_open_wire_is_dead_one_way_or_both_and_tells_nobody(way: Way, to_client: bool, to_server: bool) -> None:
    made = opened()
    for when in ("under way", "later"):
        if when == "later":
            made.half_open(way)
        made.tell_client(1.0, sent(DATA))
        made.obey_client(1.0, Transmit(REF, DATA))
    assert at_client(made, 1.0) == ([sent(DATA * 2)] if to_client else [])
    assert at_server(made, 1.0) == ([sent(DATA, NUMBER)] * 2 if to_server else [])
    assert not made.done
    made.lose(2.0)
    assert at_client(made, 2.0) == ([Closed(REF)] if to_client else [])
    assert at_server(made, 2.0) == ([Closed(NUMBER)] if to_server else [])


def test_what_comes_while_a_wire_is_stalled_waits_too() -> None:
    made = opened()
    made.stall(10.0)
    made.tell_client(2.0, sent(b"a"))
    assert at_client(made, 9.9) == []
    assert at_client(made, 10.0) == [sent(b"a")]


def test_what_is_stalled_all_comes_in_one_read() -> None:
    made = opened()
    made.tell_client(1.0, sent(b"a"))
    made.stall(10.0)
    made.tell_client(2.0, sent(b"b"))
    made.tell_client(12.0, sent(b"c"))
    assert at_client(made, 9.9) == []
    assert at_client(made, 10.0) == [sent(b"ab")]
    assert at_client(made, 12.0) == [sent(b"c")]


def test_a_stall_hastens_nothing_and_holds_back_nothing_that_goes_to_the_server() -> None:
    made = opened()
    made.tell_client(8.0, sent(b"a"))
    made.stall(5.0)
    made.obey_client(1.0, Transmit(REF, DATA))
    assert at_server(made, 1.0) == [sent(DATA, NUMBER)]
    assert at_client(made, 7.9) == []
    assert at_client(made, 8.0) == [sent(b"a")]


def test_when_troubles_end_what_was_stalled_comes_at_once_and_a_cut_does_not_come_any_more() -> None:
    made = opened()
    made.tell_client(1.0, sent(b"a"))
    made.stall(100.0)
    made.tell_client(2.0, sent(b"b"))
    made.cut_after(2.0, 1)
    made.release_stalled(30.0)
    made.tell_client(30.0, sent(b"c"))
    assert at_client(made, 29.9) == []
    assert at_client(made, 30.0) == [sent(b"abc")]
    assert at_client(made, FAR) == at_server(made, FAR) == []


def test_when_troubles_end_what_would_have_come_before_still_does() -> None:
    made = opened()
    made.tell_client(1.0, sent(b"a"))
    made.release_stalled(3.0)
    assert at_client(made, 1.0) == [sent(b"a")]
    made.tell_client(5.0, sent(b"b"))
    made.release_stalled(7.0)
    made.tell_client(6.0, sent(b"c"))
    assert at_client(made, 5.9) == [sent(b"b")]


@pytest.mark.parametrize("is_opened", [False, True])
def test_who_loses_a_connection_hears_so_at_both_ends(is_opened: bool) -> None:
    made = wire()
    made.knock(0.0, 0.0)
    at_server(made, 0.0)
    if is_opened:
        at_client(made, 0.0)
    made.tell_client(1.0, sent(DATA))
    made.obey_client(1.0, Transmit(REF, DATA))
    made.cut_after(5.0, 0)
    assert at_client(made, 4.9) == at_server(made, 4.9) == []
    last: Input[bytes] = Closed(REF) if is_opened else Failed(REF, "the connection was lost")
    assert at_client(made, 5.0) == [last]
    assert made.arrive_at_server(5.0, 0.0) == Closed(NUMBER)
    assert made.done
    made.tell_client(6.0, sent(DATA))
    made.obey_client(6.0, Transmit(REF, DATA))
    assert at_client(made, FAR) == at_server(made, FAR) == []


def test_who_has_heard_the_end_hears_no_second() -> None:
    made = opened()
    made.tell_client(1.0, Closed(REF))
    assert at_client(made, 1.0) == [Closed(REF)]
    made.lose(2.0)
    assert at_client(made, FAR) == []


def test_an_end_that_was_under_way_and_is_lost_is_heard_as_a_loss() -> None:
    made = opened()
    made.tell_client(1.0, Closed(REF, 4001))
    made.lose(0.5)
    assert at_client(made, 0.5) == [Closed(REF, 1006)]


@pytest.mark.parametrize("reads", [(b"01234", b"56789"), (b"012", b"3456789"), (DATA,)], ids=repr)
def test_a_cut_lets_so_much_through_and_then_the_connection_is_lost(reads: tuple[bytes, ...]) -> None:
    made = opened()
    made.cut_after(0.0, 7)
    heard: list[Word] = []
    for at, data in enumerate(reads, 1):
        made.tell_client(float(at), sent(data))
        heard += at_client(made, float(at))
    assert b"".join(word.data for word in heard if isinstance(word, Received)) == DATA[:7]
    assert heard[-1] == Closed(REF)
    assert at_server(made, FAR) == [Closed(NUMBER)]


def test_a_cut_that_is_reached_exactly_loses_the_connection_and_one_before_it_does_not() -> None:
    made = opened()
    made.cut_after(0.0, 10)
    made.tell_client(1.0, sent(DATA[:9]))
    assert at_client(made, 1.0) == [sent(DATA[:9])]
    made.tell_client(2.0, sent(b"9"))
    assert at_client(made, 2.0) == [sent(b"9"), Closed(REF)]


def test_a_lost_connection_is_cut_no_more() -> None:
    made = opened(target="/")
    made.cut_after(0.0, 3)
    made.lose(1.0)
    assert at_client(made, 1.0) == [Closed(REF)]
    assert at_server(made, 1.0) == [Closed(NUMBER)]
    assert made.done
