"""An account against the model of a login, and of the calls that are made in its name: each ends, and ends once."""

import random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from kick_proto.account import ARMED, Account
from kick_proto.endpoints.call import Auth
from kick_proto.http import Response
from kick_proto.rest import Refused, Replied
from tests.exchanges import Lost as Unheard
from tests.exchanges import error, thing
from tests.stateful import LIFE
from tests.stateful.logins import CONFIG, FAULTS, Logins
from tests.test_oauth import APP


class AccountLife(Logins):
    """Whatever happens to an account."""

    def __init__(self) -> None:
        self.account = Account(APP, CONFIG, rng=random.Random(7))
        self.open: dict[int, float] = {}
        self.abandoned: set[int] = set()
        self.early: list[Any] = []
        super().__init__(self.account)

    def see(self, event: Any) -> None:
        if isinstance(event, Replied | Refused):
            assert event.ref not in self.abandoned
            if self.open.pop(event.ref, None) is None:
                self.early.append(event)

    @rule(auth=st.sampled_from(Auth), count=st.integers(1, 3))
    def submit(self, auth: Auth, count: int) -> None:
        for _ in range(count):
            ref = self.give(self.account.submit, thing(auth))
            # A call may have ended before its ref is known here.
            told = [event for event in self.early if event.ref == ref]
            assert len(told) <= 1
            assert self.early == told
            self.early.clear()
            if not told:
                self.open[ref] = self.world.now

    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        if self.open:
            ref = data.draw(st.sampled_from([*self.open]))
            del self.open[ref]
            self.abandoned.add(ref)
            self.give(self.account.abandon, ref)

    @rule()
    def forget_tokens(self) -> None:
        """The API takes no token of before any longer."""
        self.kick.valid.clear()

    @rule(fault=st.sampled_from([*FAULTS, error(401), error(404)]), times=st.integers(1, 3))
    def break_the_api(self, fault: Response | Unheard | None, times: int) -> None:
        self.kick.api_faults.extend([fault] * times)

    @invariant()
    def no_token_is_used_before_it_is_stored(self) -> None:
        assert {token for token in self.kick.used if token is not None} <= self.trusted

    @invariant()
    def every_call_ends_in_time(self) -> None:
        """It waits for a token and for its turns no longer than ``hold`` each, and for its last answer once."""
        rest = CONFIG.rest
        longest = 2 * rest.hold + rest.timeouts.total
        assert all(self.world.now - at <= longest for at in self.open.values())

    @invariant()
    def only_timers_of_the_state_run(self) -> None:
        assert self.account.timers <= ARMED[self.account.state]

    def teardown(self) -> None:
        super().teardown()
        assert self.open == {}
        assert self.early == []


TestAccountLife = AccountLife.TestCase
TestAccountLife.settings = LIFE
