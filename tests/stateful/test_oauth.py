"""A grant against the model of a login."""

import random
from typing import Any

from hypothesis.stateful import rule

from kick_proto.oauth import Grant
from kick_proto.oauth.events import Refreshed
from kick_proto.oauth.states import ARMED, State
from tests.stateful import LIFE
from tests.stateful.logins import CONFIG, Logins
from tests.test_oauth import APP


class GrantLife(Logins):
    """Whatever happens to a grant."""

    def __init__(self) -> None:
        self.grant = Grant(APP, CONFIG, rng=random.Random(7))
        self.seen: list[Any] = []
        super().__init__(self.grant)

    def see(self, event: Any) -> None:
        self.seen.append(event)
        assert self.grant.timers <= ARMED[self.grant.state]

    @rule()
    def recover(self) -> None:
        """When the server is well again, and knows the token, a refresh succeeds."""
        self.kick.faults.clear()
        self.wait(60.0)
        token = self.held.refresh_token if self.held is not None else None
        if self.grant.state is State.HELD and token is not None and token.reveal() in self.kick.refreshing:
            self.refresh()
            assert isinstance(self.seen[-1], Refreshed)
            self.store()
            assert self.grant.tokens == self.seen[-1].tokens


TestGrantLife = GrantLife.TestCase
TestGrantLife.settings = LIFE
