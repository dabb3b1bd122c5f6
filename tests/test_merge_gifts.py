"""Which frames are of one gift: told apart by id, by gifter, by number and by name, and joined where these agree."""

from typing import Any

import pytest

from kick_proto.events import GiftedSubscriptions
from kick_proto.ids import UserId
from tests.test_merge import READ_AT, Stage, gift, part, raws, siblings

CHUNK = "GiftedSubscriptionsEvent"
LINE = "ChatMessageSentEvent"
FEED = "NewActivityFeedEvent"
LUCKY = "LuckyUsersWhoGotGiftSubscriptionsEvent"
NUMBERED = "ChannelSubscriptionEvent"


def frame(name: str, **fields: Any) -> GiftedSubscriptions:
    return part(GiftedSubscriptions, name, **fields)


def ids(*ids: int) -> GiftedSubscriptions:
    return frame(NUMBERED, recipient_ids=tuple(map(UserId, ids)))


def found(*frames: GiftedSubscriptions) -> list[list[GiftedSubscriptions]]:
    """Tell these in one read; which of them made a gift together."""
    stage = Stage()
    by_raw = {each.raw: each for each in frames}
    told = {each.sources[0]: each.sources for each in [*stage.tell(*frames), *stage.wait(2)]}
    return sorted(
        ([by_raw[raw] for raw in sources] for sources in told.values()), key=lambda gift: frames.index(gift[0])
    )


def test_frames_of_one_gifter_and_one_number_are_one_gift() -> None:
    line, feed = frame(LINE, gifter="Gil", gifted_total=3), frame(FEED, gifter="GIL", gifted_total=3)
    assert found(line, feed) == [[line, feed]]


def test_gifts_of_two_gifters_are_two_though_the_numbers_agree() -> None:
    of_gil, of_hal = frame(LINE, gifter="Gil", gifted_total=3), frame(FEED, gifter="Hal", gifted_total=3)
    assert found(of_gil, of_hal) == [[of_gil], [of_hal]]


def test_gifts_of_one_gifter_are_two_where_their_numbers_differ() -> None:
    three, five = frame(LINE, gifter="Gil", gifted_total=3), frame(FEED, gifter="Gil", gifted_total=5)
    assert found(three, five) == [[three], [five]]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_frame_of_the_gifter_that_tells_no_number_is_of_the_gift(order: tuple[int, int]) -> None:
    frames = frame(LINE, gifter="Gil", gifted_total=3), frame(FEED, gifter="Gil")
    first, second = (frames[number] for number in order)
    assert found(first, second) == [[first, second]]


def test_frames_without_a_gifter_or_a_number_are_nobodys() -> None:
    numbered, nothing = ids(1, 2), frame(FEED)
    assert found(numbered, nothing) == [[numbered], [nothing]]


def test_what_tells_no_total_has_no_number_but_that_of_its_people() -> None:
    two, one = ids(1, 2), frame(CHUNK, gifter="Gil", recipients=("amy",))
    assert found(two, one) == [[two], [one]]


def test_a_gift_is_known_by_each_number_that_a_frame_of_it_told() -> None:
    chunk, two, line = gift(list("abcde"), cuts=(2,))[0], ids(1, 2), frame(LINE, gifter="Gil", gifted_total=5)
    assert found(chunk, two, line) == [[chunk, two, line]]


def test_a_gift_stays_its_gifters_after_a_frame_that_tells_none() -> None:
    line, three, of_hal = (
        frame(LINE, gifter="Gil", gifted_total=3),
        ids(1, 2, 3),
        frame(FEED, gifter="Hal", gifted_total=3),
    )
    assert found(line, three, of_hal) == [[line, three], [of_hal]]


def test_a_gift_that_is_waited_for_comes_before_one_that_went_out_incomplete() -> None:
    stage = Stage()
    one, two = (frame(LINE, gifter="Gil", gifted_total=3) for _ in range(2))
    feed = frame(FEED, gifter="Gil", gifted_total=3)
    stage.tell(one)
    stage.wait(2)
    stage.tell(two, feed)
    assert [event.sources for event in stage.wait(2)] == [raws([two, feed])]


def test_the_gifter_says_more_than_the_number() -> None:
    """A gift of nobody's of the same number, though it is older, does not get the frames of the gifter's."""
    anonymous, of_gil = gift(["amy", "Bob"], gifter=None, id=None), gift(["Cid", "Dan"], id=None)
    line = frame(LINE, gifter="Gil", gifted_total=2)
    assert found(*anonymous, *of_gil, line) == [anonymous, [*of_gil, line]]


def test_the_id_says_more_than_the_gifter_and_the_number() -> None:
    """A chunk is of the gift whose id it has, though another gift of the gifter's is of so many as the chunk."""
    four = frame(LINE, gifter="Gil", gifted_total=4)
    chunks = gift(list("abcdefghij"), cuts=(6,))
    assert found(four, *chunks) == [[four], chunks]


def test_each_frame_but_those_of_chunks_comes_once_in_a_gift() -> None:
    chunks = gift(["amy", "Bob", "Cid"], cuts=(2,))
    line, another = (frame(LINE, gifter="Gil", gifted_total=3) for _ in range(2))
    assert found(chunks[0], line, another, chunks[1]) == [[chunks[0], line, chunks[1]], [another]]
    two, two_more = ids(1, 2), ids(3, 4)
    assert found(two, two_more) == [[two], [two_more]]


def test_the_ids_of_a_gift_in_chunks_are_no_more_than_were_given() -> None:
    chunks = gift(["amy", "Bob", "Cid", "Dan"], cuts=(2,))
    one, two, three = ids(1, 2), ids(3, 4), ids(5, 6)
    assert found(chunks[0], one, two, three, chunks[1]) == [[chunks[0], one, two, chunks[1]], [three]]


def test_gifts_of_one_gifter_and_one_number_are_two_where_other_people_got_them() -> None:
    lucky, named = frame(LUCKY, gifter="Gil", recipients=("amy", "Bob")), gift(["Cid", "Dan"], id=None)
    assert found(lucky, *named) == [[lucky], named]


@pytest.mark.parametrize("cut", [("amy",), ("BOB", "Amy"), ("amy", "Bob", "Cid")], ids=str)
def test_a_list_of_names_that_is_cut_short_is_of_the_gift(cut: tuple[str, ...]) -> None:
    lucky, whole = frame(LUCKY, gifter="Gil", recipients=cut, gifted_total=3), gift(["Cid", "amy", "Bob"], id=None)
    assert found(lucky, *whole) == [[lucky, *whole]]
    assert found(*whole, lucky) == [[*whole, lucky]]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_list_that_is_cut_short_is_of_the_gift_of_which_another_chunk_is_here(order: tuple[int, int]) -> None:
    frames = (
        frame(LUCKY, gifter="Gil", recipients=("amy", "Bob"), gifted_total=3),
        gift(["amy", "Bob", "Cid"], cuts=(2,))[1],
    )
    first, second = (frames[number] for number in order)
    assert found(first, second) == [[first, second]]


def test_of_two_spellings_of_a_name_the_first_one_stays() -> None:
    stage = Stage()
    lucky = frame(LUCKY, gifter="Gil", recipients=("Amy", "AMY", "bob"), gifted_total=2)
    stage.tell(lucky, *gift(["BOB", "amy"], id=None))
    (event,) = stage.wait(2)
    assert event.recipients == ("Amy", "bob")


def test_a_gift_has_the_time_that_any_of_its_frames_tells() -> None:
    stage = Stage()
    line, feed = siblings(3)[1:]
    stage.tell(line, feed)
    (event,) = stage.wait(2)
    assert event.gifted_at == READ_AT
    assert event.sources == raws([line, feed])
