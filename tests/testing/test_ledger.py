"""What the simulation reckons of a session, by itself: its counters and events, and what follows each end."""

import pytest

from kick_proto.backoff import Backoff
from kick_proto.clusters import cluster
from kick_proto.ids import Topic
from kick_proto.lifecycle import GaveUp
from kick_proto.provider import Confirmed
from kick_proto.session import Config
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.ledger import TOLD_OF_AN_ATTEMPT, Ledger
from kick_proto.testing.simulation.reckoning import Dial, Over, Reckoning

EVENT = Confirmed(Topic("a"))


def lagging() -> Ledger:
    """Where so many events stand undelivered that the session has said so, which is an event too."""
    ledger = Ledger(Config(high_water=2, low_water=1))
    for _ in range(2):
        ledger.expect(EVENT)
    ledger.mark()
    assert ledger.is_lagging
    return ledger


@pytest.mark.parametrize("allowed", [0, 5])
def test_who_lags_may_still_be_told_so_much_and_no_more(allowed: int) -> None:
    ledger = lagging()
    ledger.allow(allowed)
    for _ in range(TOLD_OF_AN_ATTEMPT + allowed):
        ledger.expect(EVENT)
    ledger.mark()
    ledger.expect(EVENT)
    count = 2 + 1 + TOLD_OF_AN_ATTEMPT + allowed
    with pytest.raises(Violation, match=f"{count + 1} events stand undelivered, and {count} may") as found:
        ledger.mark()
    assert found.value.law is Law.BOUNDED


@pytest.mark.parametrize("told", [Confirmed(Topic("b")), GaveUp("", 4004)], ids=repr)
def test_another_event_than_the_one_that_is_due_is_none(told: Confirmed | GaveUp) -> None:
    ledger = Ledger(Config())
    ledger.expect(EVENT)
    with pytest.raises(Violation, match="was told in place of Confirmed") as found:
        ledger.deliver([told])
    assert found.value.law is Law.EVENTS


def test_a_walk_ends_where_every_cluster_has_said_that_the_app_is_not_there() -> None:
    endpoints = (cluster("eu"), cluster("us2"))
    reckoning = Reckoning(endpoints, Backoff())
    assert reckoning.after(4001, None) == Dial(endpoints[1].host)
    assert reckoning.after(4001, None) == Over()
