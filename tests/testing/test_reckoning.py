"""What the simulation reckons must follow each end of a connection, by itself."""

import pytest

from kick_proto.backoff import Backoff
from kick_proto.clusters import cluster
from kick_proto.testing.simulation.reckoning import Dial, Over, Reckoning, Verdict, Wait

ENDPOINTS = tuple(cluster(name) for name in ("us2", "eu", "ap1"))
US2, EU, AP1 = (endpoint.host for endpoint in ENDPOINTS)
POLICY = Backoff(base=2.0, cap=9.0, retries=None, jitter="none", stable_after=60.0)


def reckoning(policy: Backoff = POLICY, count: int = 3) -> Reckoning:
    return Reckoning(ENDPOINTS[:count], policy)


def at_home(policy: Backoff = POLICY, count: int = 3) -> Reckoning:
    """The first host has done the handshake."""
    made = reckoning(policy, count)
    made.worked()
    return made


def wait(host: str, seconds: float) -> Wait:
    return Wait(host, seconds, seconds)


def test_the_first_host_is_dialled_first_under_its_name() -> None:
    made = reckoning()
    assert (made.host, made.cluster) == (US2, "us2")
    made.after(1006, None)
    assert (made.host, made.cluster) == (EU, "eu")


# At a host that once worked


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (4000, Over()),
        (4002, Over()),
        (4099, Over()),
        (4100, wait(US2, 2.0)),
        (4199, wait(US2, 2.0)),
        (4200, Dial(US2)),
        (4299, Dial(US2)),
        (4300, wait(US2, 2.0)),
        (3999, wait(US2, 2.0)),
        (1006, wait(US2, 2.0)),
    ],
)
@pytest.mark.parametrize("uptime", [None, 5.0])
def test_each_code_asks_for_what_its_hundred_says(code: int, verdict: Verdict, uptime: float | None) -> None:
    assert at_home().after(code, uptime) == verdict


def test_waits_double_up_to_the_cap_and_begin_anew_after_a_stable_connection() -> None:
    made = at_home()
    assert [made.after(1006, uptime) for uptime in (None, 1.0, 59.9, None)] == [
        wait(US2, seconds) for seconds in (2.0, 4.0, 8.0, 9.0)
    ]
    assert made.after(1006, 60.0) == wait(US2, 2.0)
    for _ in range(2_000):
        last = made.after(1006, None)
    assert last == wait(US2, 9.0)


def test_a_wait_doubles_no_more_than_sixty_times() -> None:
    made = at_home(Backoff(base=2.0**-61, cap=30.0, retries=None, jitter="none"))
    waits = [made.after(1006, None) for _ in range(63)]
    assert waits[59:] == [wait(US2, 0.25), wait(US2, 0.5), wait(US2, 0.5), wait(US2, 0.5)]


def test_with_jitter_a_wait_is_anything_up_to_that() -> None:
    made = at_home(Backoff(base=2.0, cap=9.0, retries=None, jitter="full"))
    assert [made.after(1006, None) for _ in range(2)] == [Wait(US2, 0.0, 2.0), Wait(US2, 0.0, 4.0)]


def test_a_pause_is_of_a_second_at_least() -> None:
    made = at_home(Backoff(base=0.25, cap=9.0, retries=None, jitter="full"))
    assert [made.after(4100, None) for _ in range(4)] == [Wait(US2, 1.0, most) for most in (1.0, 1.0, 1.0, 2.0)]


def test_only_the_first_in_a_row_is_at_once() -> None:
    made = at_home()
    assert [made.after(4200, None) for _ in range(2)] == [Dial(US2), wait(US2, 4.0)]
    assert made.after(4200, 60.0) == Dial(US2)


@pytest.mark.parametrize("retries", [0, 2])
def test_so_many_retries_follow_a_failure_and_no_more(retries: int) -> None:
    made = at_home(Backoff(jitter="none", retries=retries))
    assert all(isinstance(made.after(1006, None), Wait) for _ in range(retries))
    assert made.after(1006, None) == Over()


# Walks through the clusters


def test_a_walk_tries_each_host_once_and_then_waits_at_the_first() -> None:
    made = reckoning()
    assert [made.after(1006, None) for _ in range(5)] == [Dial(EU), Dial(AP1), wait(US2, 2.0), Dial(EU), Dial(AP1)]
    assert made.after(1006, None) == wait(US2, 4.0)


@pytest.mark.parametrize(("code", "verdict"), [(4100, wait(US2, 2.0)), (4200, Dial(US2))])
def test_a_host_that_asks_for_another_try_ends_the_walk_which_begins_anew(code: int, verdict: Verdict) -> None:
    made = reckoning()
    assert made.after(1006, None) == Dial(EU)
    assert made.after(code, None) == verdict
    assert [made.after(1006, None) for _ in range(2)] == [Dial(EU), Dial(AP1)]


def test_a_host_that_worked_is_stayed_with() -> None:
    made = reckoning()
    assert made.after(1006, None) == Dial(EU)
    made.worked()
    assert [made.after(1006, None) for _ in range(2)] == [wait(EU, 2.0), wait(EU, 4.0)]


def test_a_walk_ends_where_every_cluster_has_said_that_the_app_is_not_there() -> None:
    made = reckoning()
    assert [made.after(4001, None) for _ in range(3)] == [Dial(EU), Dial(AP1), Over()]


def test_a_walk_goes_on_after_a_wait_where_only_some_clusters_have_said_so() -> None:
    made = reckoning(count=2)
    assert made.after(1006, None) == Dial(EU)
    assert made.after(4001, None) == wait(US2, 2.0)
    assert made.after(1006, None) == Dial(EU)
    assert made.after(4001, None) == wait(US2, 4.0)
    assert [made.after(4001, None) for _ in range(2)] == [Dial(EU), Over()]


def test_an_app_that_has_left_its_host_is_looked_for_at_the_others_first_and_at_once() -> None:
    made = reckoning()
    made.after(1006, None)
    made.worked()
    assert made.after(4001, 5.0) == Dial(US2)
    assert [made.after(4001, None) for _ in range(2)] == [Dial(AP1), Over()]


def test_an_app_that_has_left_its_host_soon_again_is_looked_for_after_a_wait() -> None:
    made = at_home()
    assert made.after(4001, 5.0) == Dial(EU)
    made.worked()
    assert made.after(4001, 5.0) == wait(US2, 4.0)
    assert made.after(1006, None) == Dial(AP1)
    assert made.after(1006, None) == wait(US2, 8.0)


def test_an_app_that_has_left_the_only_host_is_nowhere() -> None:
    made = at_home(count=1)
    assert made.after(4001, None) == Over()
