"""When a set of tokens is renewed, and what it shows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.secret import Secret
from kick_proto.tokens import EARLY_AT_MOST, TokenSet

ISSUED = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


def lasting(lifetime: timedelta | None) -> TokenSet:
    return TokenSet(
        access_token=Secret("canary-a"),
        refresh_token=Secret("canary-r"),
        issued_at=ISSUED,
        expires_at=ISSUED + lifetime if lifetime is not None else None,
    )


@pytest.mark.parametrize(
    ("lifetime", "early"),
    [
        pytest.param(timedelta(hours=2), timedelta(minutes=5), id="a user's: five minutes"),
        pytest.param(timedelta(days=60), timedelta(minutes=5), id="an app's: no more than that"),
        pytest.param(timedelta(minutes=50), timedelta(minutes=5), id="where both are the same"),
        pytest.param(timedelta(minutes=10), timedelta(minutes=1), id="a short one: a tenth"),
        pytest.param(timedelta(0), timedelta(0), id="one that ends as it begins"),
        pytest.param(timedelta(seconds=-60), timedelta(0), id="one that ended before it began"),
    ],
)
def test_it_is_renewed_a_tenth_of_its_lifetime_early_and_five_minutes_at_most(
    lifetime: timedelta, early: timedelta
) -> None:
    assert lasting(lifetime).renew_at == ISSUED + lifetime - early


def test_one_without_a_known_end_is_not_renewed_by_the_clock() -> None:
    assert lasting(None).renew_at is None


@given(st.timedeltas(timedelta(0), timedelta(days=3650)))
def test_the_time_of_renewal_lies_in_its_lifetime_and_near_its_end(lifetime: timedelta) -> None:
    tokens = lasting(lifetime)
    assert tokens.renew_at is not None
    assert tokens.expires_at is not None
    assert ISSUED <= tokens.renew_at <= tokens.expires_at
    assert tokens.expires_at - tokens.renew_at <= EARLY_AT_MOST


def test_it_shows_no_token() -> None:
    assert "canary" not in repr(lasting(timedelta(hours=2)))
