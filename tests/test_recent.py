"""A bounded memory: the last N ids at least, the last 2N at most."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.recent import RecentIds

limits = st.integers(1, 20)
histories = st.lists(st.integers(0, 40).map(str), max_size=200)


def test_an_id_is_new_once() -> None:
    recent = RecentIds(10)
    assert [recent.add(id) for id in ("a", "b", "a", "b", "c")] == [True, True, False, False, True]


def test_what_came_long_ago_is_new_again() -> None:
    recent = RecentIds(2)
    assert [recent.add(id) for id in ("a", "b", "c", "a", "d", "a")] == [True, True, True, False, True, True]


@given(limits, histories)
def test_the_last_ids_are_remembered_and_twice_as_many_at_most(limit: int, history: list[str]) -> None:
    recent = RecentIds(limit)
    added: list[str] = []
    for id in history:
        if recent.add(id):
            added.append(id)
        else:
            assert id in added[-2 * limit :]
        assert min(limit, len(added)) <= len(recent) < 2 * limit
        assert not recent.add(id)
    assert [recent.add(id) for id in added[-limit:]] == [False] * min(limit, len(added))


@given(limits, histories, histories)
def test_a_deep_copy_goes_on_alone(limit: int, history: list[str], later: list[str]) -> None:
    recent = RecentIds(limit)
    for id in history:
        recent.add(id)
    twin = copy.deepcopy(recent)
    assert [recent.add(id) for id in later] == [twin.add(id) for id in later]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_memory_of_nothing_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match=f"at least 1, not {limit}"):
        RecentIds(limit)
