"""A link's promises: mail in its order, one beginning, one end, and silence behind it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.machine import Cancel, Close, Closed, Failed, Opened, Received, Transmit
from kick_proto.testing.links import Link
from kick_proto.testing.server import Accepted
from tests.scenes import connection, kick_server

REF, NUMBER = 7, 3
"""What the client calls the connection, and what the server does."""
EPOCH = 1_000.0
WAY = 0.5
"""How long after it has heard something the server's answer arrives."""
CUT = "the connection was cut"


class Stretch:
    """A link that all mail is taken out of at the moment for which it is there."""

    def __init__(self) -> None:
        self.link = Link(connection(), REF, kick_server(), NUMBER)

    def client_hears(self) -> list[tuple[float, Any]]:
        heard = []
        while self.link.client_mail:
            at = self.link.client_mail[0][0]
            heard.append((at, self.link.take_for_client(EPOCH + at)))
        return heard

    def server_hears(self) -> list[tuple[float, Any]]:
        heard = []
        while self.link.server_mail:
            at = self.link.server_mail[0][0]
            heard.append((at, self.link.take_for_server(EPOCH + at, at + WAY)))
        return heard


def opened() -> Stretch:
    """A link that both ends know to be open."""
    stretch = Stretch()
    stretch.link.open(1.0, "/app/x")
    stretch.server_hears()
    stretch.client_hears()
    return stretch


def test_a_link_is_its_client_s_by_the_client_s_ref() -> None:
    link = Stretch().link
    assert link.is_for(link.client, REF)
    assert not link.is_for(link.client, NUMBER)
    assert not link.is_for(connection(), REF)


def test_the_server_hears_of_a_client_and_its_answer_opens_the_connection() -> None:
    stretch = Stretch()
    stretch.link.open(1.0, "/app/x")
    assert stretch.client_hears() == []
    assert stretch.server_hears() == [(1.0, Accepted(NUMBER, "/app/x"))]
    assert stretch.client_hears() == [(1.0 + WAY, Opened(REF))]
    assert not stretch.link.done


def test_what_cannot_be_had_has_failed_and_is_done() -> None:
    stretch = Stretch()
    stretch.link.fail(1.0, "refused")
    assert not stretch.link.done, "the client has not heard of it"
    assert stretch.client_hears() == [(1.0, Failed(REF, "refused"))]
    assert stretch.link.done


def test_texts_go_both_ways_and_tell_the_wall_clock_of_their_arrival() -> None:
    stretch = opened()
    stretch.link.obey_client(2.0, Transmit(REF, ["a", "b"]))
    stretch.link.obey_client(2.5, Transmit(REF, ["c"]))
    stretch.link.obey_server(3.0, Transmit(NUMBER, ["d"]))
    assert stretch.server_hears() == [
        (2.0, Received(NUMBER, ["a", "b"], EPOCH + 2.0)),
        (2.5, Received(NUMBER, ["c"], EPOCH + 2.5)),
    ]
    assert stretch.client_hears() == [(3.0, Received(REF, ["d"], EPOCH + 3.0))]


def test_a_client_s_close_is_answered_alike_and_nothing_else_is_read_meanwhile() -> None:
    stretch = opened()
    stretch.link.obey_server(2.0, Transmit(NUMBER, ["under way"]))
    stretch.link.obey_client(2.0, Close(REF, 4000, "bye"))
    stretch.link.obey_server(2.1, Transmit(NUMBER, ["too late"]))
    assert stretch.server_hears() == [(2.0, Closed(NUMBER, 4000, "bye"))]
    assert not stretch.link.done
    assert stretch.client_hears() == [(2.0 + WAY, Closed(REF, 4000, "bye"))]
    assert stretch.link.done


def test_of_two_ends_at_once_a_client_hears_the_first_that_comes() -> None:
    stretch = opened()
    stretch.link.obey_client(2.0, Close(REF, 4000, "bye"))
    stretch.link.obey_server(2.1, Close(NUMBER, 4200, "later"))
    stretch.server_hears()
    assert stretch.client_hears() == [(2.1, Closed(REF, 4200, "later"))]
    assert stretch.link.done


def test_a_client_that_closes_while_the_end_is_under_way_still_hears_of_one() -> None:
    stretch = opened()
    stretch.link.obey_server(2.0, Close(NUMBER, 4200, "later"))
    stretch.link.obey_client(2.1, Close(REF, 1000, ""))
    stretch.server_hears()
    assert stretch.client_hears() == [(2.1 + WAY, Closed(REF, 1000, ""))]


@pytest.mark.parametrize("end", [Close(NUMBER, 4200), Cancel(NUMBER), Transmit(NUMBER, ["x"])])
def test_who_has_cancelled_hears_nothing_any_more(end: Any) -> None:
    stretch = opened()
    stretch.link.obey_server(2.0, Transmit(NUMBER, ["under way"]))
    stretch.link.obey_client(2.0, Cancel(REF))
    stretch.link.obey_server(2.1, end)
    assert not stretch.link.done, "the server has not heard of it"
    assert stretch.server_hears() == [(2.0, Closed(NUMBER, 1006, ""))]
    assert stretch.client_hears() == []
    assert stretch.link.done


@pytest.mark.parametrize(
    ("said", "heard"), [(Close(NUMBER, 4200, "later"), Closed(REF, 4200, "later")), (Cancel(NUMBER), Closed(REF, 1006))]
)
def test_a_server_s_end_is_the_last_that_is_heard(said: Any, heard: Closed) -> None:
    stretch = opened()
    stretch.link.obey_server(2.0, Transmit(NUMBER, ["before"]))
    stretch.link.obey_server(2.0, said)
    stretch.link.obey_server(2.1, Transmit(NUMBER, ["behind"]))
    stretch.link.obey_server(2.1, Close(NUMBER, 1001, "twice"))
    assert stretch.client_hears() == [(2.0, Received(REF, ["before"], EPOCH + 2.0)), (2.0, heard)]
    assert stretch.link.done


def test_a_cut_is_seen_by_both_at_its_moment_and_takes_along_what_is_under_way() -> None:
    for words in ([], ["under way"]):
        stretch = opened()
        if words:
            stretch.link.obey_server(5.0, Transmit(NUMBER, words))
            stretch.link.obey_client(5.0, Transmit(REF, words))
        stretch.link.cut(2.0)
        stretch.link.obey_server(2.0, Transmit(NUMBER, ["into the void"]))
        assert stretch.server_hears() == [(2.0, Closed(NUMBER, 1006, ""))]
        assert stretch.client_hears() == [(2.0, Closed(REF, 1006, ""))], "the server's end is no second one"
        assert stretch.link.done


def test_what_is_cut_before_it_was_open_has_failed() -> None:
    stretch = Stretch()
    stretch.link.open(1.0, "/app/x")
    stretch.link.cut(0.5)
    assert stretch.client_hears() == [(0.5, Failed(REF, CUT))]
    assert stretch.server_hears() == [(0.5, Closed(NUMBER, 1006, ""))]
    assert stretch.client_hears() == []


def test_a_cut_takes_the_place_of_an_end_that_is_under_way() -> None:
    stretch = opened()
    stretch.link.obey_server(5.0, Close(NUMBER, 4200, "later"))
    stretch.link.cut(2.0)
    assert stretch.client_hears() == [(2.0, Closed(REF, 1006, ""))]


@pytest.mark.parametrize("end", [lambda link: link.obey_client(2.0, Cancel(REF)), lambda link: link.cut(2.0)])
def test_who_has_heard_the_end_or_wants_none_hears_of_no_cut(end: Callable[[Link], None]) -> None:
    stretch = opened()
    end(stretch.link)
    stretch.client_hears()
    stretch.link.cut(3.0)
    stretch.server_hears()
    assert stretch.client_hears() == []
    assert stretch.link.done


STEPS = st.lists(
    st.sampled_from(
        ["client says", "client closes", "client cancels", "server says", "server closes", "server drops", "cut"]
        + ["client hears", "server hears"] * 2
    ),
    max_size=15,
)


@given(STEPS, st.booleans())
def test_whatever_happens_a_client_hears_one_beginning_one_end_and_nothing_behind_it(
    steps: list[str], is_had: bool
) -> None:
    stretch = Stretch()
    link, heard, told = stretch.link, list[str](), list[str]()
    link.open(0.0, "/") if is_had else link.fail(0.0, "refused")
    has_ended = False
    """Whether the client has said so: no machine says anything behind that, nor behind what it has heard of the end."""

    def knows_of_the_end() -> bool:
        return has_ended or "Closed" in heard or "Failed" in heard

    for at, step in enumerate(steps, 1):
        match step:
            case "client says" if "Opened" in heard and not knows_of_the_end():
                link.obey_client(at, Transmit(REF, ["x"]))
            case "client closes" if "Opened" in heard and not knows_of_the_end():
                has_ended = True
                link.obey_client(at, Close(REF, 1000))
            case "client cancels" if not knows_of_the_end():
                has_ended = True
                link.obey_client(at, Cancel(REF))
                heard.append("cancelled")
            case "server says" if told[-1:] == ["Accepted"]:
                link.obey_server(at, Transmit(NUMBER, ["x"]))
            case "server closes" if told[-1:] == ["Accepted"]:
                link.obey_server(at, Close(NUMBER, 1001))
            case "server drops" if told[-1:] == ["Accepted"]:
                link.obey_server(at, Cancel(NUMBER))
            case "cut":
                link.cut(at)
            case "client hears":
                heard += [type(word).__name__ for _, word in stretch.client_hears()]
            case "server hears":
                told += [type(word).__name__ for _, word in stretch.server_hears() if type(word) is not Received]
    stretch.server_hears()
    heard += [type(word).__name__ for _, word in stretch.client_hears()]
    ends = [word for word in heard if word in {"Failed", "Closed", "cancelled"}]
    assert heard.index("Opened") == 0 if "Opened" in heard else ends in ([], ["Failed"], ["cancelled"])
    assert heard.count("Opened") <= 1
    assert len(ends) <= 1
    assert not ends or heard[-1] == ends[0], "nothing comes behind the end"
    assert link.done == bool(ends)
