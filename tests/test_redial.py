"""Where to dial next, and when: walks through the candidates, the one that has worked, failures in a row."""

import copy
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.backoff import Advice, Backoff
from kick_proto.clusters import cluster
from kick_proto.frames import advice_for
from kick_proto.provider import Disconnected
from kick_proto.pusher import App
from kick_proto.redial import Again, Redial, Surrender, Verdict

APP = App()
UNREACHABLE = Disconnected(1006, "connection refused", Advice.NEXT_ENDPOINT)
WRONG_CLUSTER = Disconnected(4001, "App key not in this cluster", Advice.WRONG_ENDPOINT)
DROPPED = Disconnected(1006, "", Advice.BACK_OFF)
PLEASE_RECONNECT = Disconnected(4200, "restarting", Advice.AT_ONCE)
OVER_CAPACITY = Disconnected(4100, "over capacity", Advice.PAUSE)
OVER_QUOTA = Disconnected(4004, "over quota", Advice.STOP)


def redial(policy: Backoff | None = None, app: App = APP, seed: int = 7) -> Redial:
    return Redial(app, policy if policy is not None else Backoff(jitter="none"), random.Random(seed))


def settled(policy: Backoff | None = None) -> Redial:
    """One whose first candidate has worked."""
    dialling = redial(policy)
    dialling.established()
    return dialling


def attempts(dialling: Redial, end: Disconnected, count: int) -> list[tuple[str, float]]:
    """Clusters that are dialled after the same end again and again, and the seconds before each."""
    dialled = []
    for _ in range(count):
        verdict = dialling.after(end, None)
        assert isinstance(verdict, Again)
        dialled.append((dialling.endpoint.cluster, verdict.delay))
    return dialled


# The walk through the candidates.


def test_the_first_candidate_is_dialled_first() -> None:
    assert redial().endpoint == cluster("us2")


@pytest.mark.parametrize("end", [UNREACHABLE, WRONG_CLUSTER], ids=["unreachable", "wrong cluster"])
def test_a_candidate_that_does_not_work_gives_way_to_the_next_at_once(end: Disconnected) -> None:
    assert attempts(redial(), end, 2) == [("eu", 0.0), ("ap1", 0.0)]


def test_a_walk_without_success_is_one_failure_and_the_next_one_begins_at_the_start() -> None:
    assert attempts(redial(), UNREACHABLE, 9) == [
        *[("eu", 0.0), ("ap1", 0.0), ("us2", 1.0)],
        *[("eu", 0.0), ("ap1", 0.0), ("us2", 2.0)],
        *[("eu", 0.0), ("ap1", 0.0), ("us2", 4.0)],
    ]


def test_when_every_candidate_of_a_walk_refuses_the_app_there_is_nothing_left_to_try() -> None:
    dialling = redial()
    attempts(dialling, WRONG_CLUSTER, 2)
    assert dialling.after(WRONG_CLUSTER, None) == Surrender(
        "app key 32cbd69e4b950bf97679 is not served by any cluster tried (us2, eu, ap1): "
        "4001 App key not in this cluster"
    )


def test_an_only_candidate_that_refuses_the_app_is_enough() -> None:
    dialling = redial(app=App(key="k", endpoints=(cluster("mt1"),)))
    verdict = dialling.after(Disconnected(4001, "", Advice.WRONG_ENDPOINT), None)
    assert verdict == Surrender("app key k is not served by any cluster tried (mt1): 4001")


@pytest.mark.parametrize(
    "walk",
    [
        (WRONG_CLUSTER, WRONG_CLUSTER, UNREACHABLE),
        (WRONG_CLUSTER, UNREACHABLE, WRONG_CLUSTER),
        (UNREACHABLE, WRONG_CLUSTER, WRONG_CLUSTER),
        (UNREACHABLE, UNREACHABLE, WRONG_CLUSTER),
    ],
)
def test_a_mixed_walk_is_a_failure_that_may_pass(walk: tuple[Disconnected, ...]) -> None:
    dialling = redial()
    assert [dialling.after(end, None) for end in walk] == [Again(0.0), Again(0.0), Again(1.0)]
    assert dialling.endpoint == cluster("us2")


def test_refusals_of_one_walk_do_not_count_in_the_next() -> None:
    dialling = redial()
    for end in (WRONG_CLUSTER, WRONG_CLUSTER, UNREACHABLE, UNREACHABLE, UNREACHABLE, WRONG_CLUSTER):
        assert isinstance(dialling.after(end, None), Again)


@pytest.mark.parametrize("end", [OVER_CAPACITY, PLEASE_RECONNECT], ids=["over capacity", "please reconnect"])
def test_a_candidate_that_asks_to_come_back_ends_the_walk(end: Disconnected) -> None:
    dialling = redial()
    dialling.after(UNREACHABLE, None)
    dialling.after(end, None)
    assert dialling.endpoint == cluster("us2")


def test_a_candidate_that_refuses_for_good_ends_everything() -> None:
    assert redial().after(OVER_QUOTA, None) == Surrender("us2 refused for good: 4004 over quota")


# The endpoint that has worked.


@pytest.mark.parametrize("end", [UNREACHABLE, DROPPED], ids=["unreachable", "dropped"])
def test_an_endpoint_that_has_worked_is_kept(end: Disconnected) -> None:
    dialling = redial()
    dialling.after(UNREACHABLE, None)
    dialling.established()
    assert attempts(dialling, end, 3) == [("eu", 1.0), ("eu", 2.0), ("eu", 4.0)]


def test_an_endpoint_that_serves_the_app_no_more_gives_way_to_all_others() -> None:
    dialling = redial()
    dialling.after(UNREACHABLE, None)
    dialling.established()
    assert dialling.after(WRONG_CLUSTER, 3600.0) == Again(0.0)
    assert dialling.endpoint == cluster("us2")
    assert dialling.after(WRONG_CLUSTER, None) == Again(0.0)
    assert dialling.endpoint == cluster("ap1")
    assert isinstance(dialling.after(WRONG_CLUSTER, None), Surrender)


def test_when_no_other_can_be_reached_either_the_search_begins_again_at_the_start() -> None:
    dialling = redial()
    dialling.after(UNREACHABLE, None)
    dialling.established()
    assert [dialling.after(end, None) for end in (WRONG_CLUSTER, UNREACHABLE, UNREACHABLE)] == [
        Again(0.0),
        Again(0.0),
        Again(2.0),
    ]
    assert dialling.endpoint == cluster("us2")


def test_clusters_that_accept_the_app_and_then_refuse_it_are_not_dialled_at_once_for_ever() -> None:
    dialling = redial()
    verdicts: list[Verdict] = []
    for _ in range(30):
        dialling.established()
        verdicts.append(dialling.after(WRONG_CLUSTER, 0.0))
    assert [verdict for verdict in verdicts if verdict != Again(0.0)]


# Failures in a row.


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_after_so_many_retries_it_is_given_up(retries: int) -> None:
    counted = "1 retry" if retries == 1 else f"{retries} retries"
    dialling = settled(Backoff(jitter="none", retries=retries))
    attempts(dialling, DROPPED, retries)
    assert dialling.after(DROPPED, None) == Surrender(f"no stable connection after {counted}; the last one: 1006")


def test_without_a_limit_it_goes_on_at_the_cap() -> None:
    dialled = attempts(settled(Backoff(jitter="none", retries=None)), DROPPED, 1_000)
    assert [delay for _, delay in dialled[:5]] == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert {delay for _, delay in dialled[5:]} == {30.0}


def test_a_connection_that_was_stable_wipes_the_slate() -> None:
    dialling = settled()
    attempts(dialling, DROPPED, 4)
    assert dialling.after(DROPPED, 59.9) == Again(16.0)
    assert dialling.after(DROPPED, 60.0) == Again(1.0)


def test_a_request_to_reconnect_is_followed_at_once_and_then_with_back_off() -> None:
    dialling = settled()
    assert dialling.after(PLEASE_RECONNECT, 5.0) == Again(0.0)
    assert dialling.after(PLEASE_RECONNECT, 5.0) == Again(2.0)
    assert dialling.after(PLEASE_RECONNECT, 60.0) == Again(0.0)


def test_a_server_over_capacity_has_a_second_at_least() -> None:
    seeds = [settled(Backoff()) for _ in range(50)]
    delays = [
        verdict.delay for verdict in (each.after(OVER_CAPACITY, None) for each in seeds) if isinstance(verdict, Again)
    ]
    assert min(delays) == 1.0


def test_it_is_given_up_from_a_settled_endpoint_too() -> None:
    assert isinstance(settled().after(OVER_QUOTA, 3600.0), Surrender)


# Chance.


ends = st.sampled_from([UNREACHABLE, WRONG_CLUSTER, DROPPED, PLEASE_RECONNECT, OVER_CAPACITY])
histories = st.lists(st.tuples(ends, st.none() | st.floats(0, 100)), max_size=20)


@given(histories, st.integers(), st.integers(0, 20))
def test_a_copy_and_an_equal_history_go_on_alike(
    history: list[tuple[Disconnected, float | None]], seed: int, place: int
) -> None:
    def play(dialling: Redial, ends: list[tuple[Disconnected, float | None]]) -> list[tuple[Verdict, str]]:
        return [(dialling.after(*end), dialling.endpoint.cluster) for end in ends]

    first, second = redial(Backoff(retries=None), seed=seed), redial(Backoff(retries=None), seed=seed)
    assert play(first, history[:place]) == play(second, history[:place])
    twin = copy.deepcopy(first)
    assert play(first, history[place:]) == play(twin, history[place:]) == play(second, history[place:])


@given(histories, st.integers())
def test_no_delay_is_negative_or_beyond_the_cap(history: list[tuple[Disconnected, float | None]], seed: int) -> None:
    dialling = redial(Backoff(retries=None), seed=seed)
    for end, uptime in history:
        verdict = dialling.after(end, uptime)
        assert isinstance(verdict, Surrender) or 0.0 <= verdict.delay <= 30.0


@pytest.mark.parametrize("code", [*range(1000, 1016), *range(3990, 4401)])
def test_every_close_code_of_a_settled_endpoint_is_decided_by_its_range(code: int) -> None:
    verdict = settled().after(Disconnected(code, "", advice_for(code)), 10.0)
    if 4000 <= code < 4100 and code != 4001:
        assert isinstance(verdict, Surrender)
    else:
        assert verdict == Again(0.0 if code == 4001 or 4200 <= code < 4300 else 1.0)


def test_who_gives_up_after_a_refusal_says_what_was_said_last() -> None:
    dialling = redial(Backoff(retries=0), App(endpoints=(cluster("us2"), cluster("eu"))))
    assert dialling.after(UNREACHABLE, None) == Again(0.0)
    surrender = dialling.after(WRONG_CLUSTER, None)
    assert isinstance(surrender, Surrender)
    assert surrender.reason.endswith("4001 App key not in this cluster")
