"""An account against the model of a login, and of the calls that are made in its name: each ends, and ends once."""

import itertools
import random
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from kick_proto.account import ARMED, REFRESH_PAUSE, Account, State
from kick_proto.endpoints.call import Auth
from kick_proto.http import Response
from kick_proto.oauth.events import Unrefreshed
from kick_proto.oauth.states import State as GrantState
from kick_proto.rest import Refused, Replied
from tests.exchanges import SILENCE, error, thing
from tests.exchanges import Lost as Unheard
from tests.stateful import LIFE
from tests.stateful.logins import CONFIG, FAULTS, Answer, Logins
from tests.test_oauth import APP


def bearer(answer: Answer) -> str | None:
    header = dict(answer.request.header_lines()).get("authorization")
    return None if header is None else header.removeprefix("Bearer ")


def is_refusal(answer: Answer) -> bool:
    """A 401 for a call that had a token."""
    said = answer.said
    is_call = answer.place == "/thing" and bearer(answer) is not None
    return is_call and isinstance(said, Response) and said.status == 401


class Before(NamedTuple):
    """What was known before a call was made: a renewal is due, or would be of no use, or is nobody's matter."""

    said: int
    token: str | None
    is_good: bool
    is_paused: bool
    is_doubted: bool
    can_renew: bool


class AccountLife(Logins):
    """Whatever happens to an account."""

    def __init__(self) -> None:
        self.account = Account(APP, CONFIG, rng=random.Random(7))
        self.open: dict[int, float] = {}
        self.abandoned: set[int] = set()
        self.early: list[Any] = []
        self.calls = itertools.count()
        self.refusals: dict[str, int] = {}
        """How many 401s each call has had; the second is for a new token, which was no better."""
        self.rejected: set[str] = set()
        """The tokens for which a call was first refused."""
        self.paused_until = self.doubted_until = 0.0
        super().__init__(self.account)
        self.kick.account = self.account
        self.kick.tell = self.count

    def see(self, event: Any) -> None:
        if isinstance(event, Replied | Refused):
            assert event.ref not in self.abandoned
            if self.open.pop(event.ref, None) is None:
                self.early.append(event)
        elif isinstance(event, Unrefreshed):
            self.paused_until = self.world.now + REFRESH_PAUSE

    def count(self, answer: Answer) -> None:
        """Take note of a call that is refused."""
        token = bearer(answer)
        if token is None or not is_refusal(answer):
            return
        number = parse_qs(urlsplit(answer.request.url()).query)["n"][0]
        self.refusals[number] = self.refusals.get(number, 0) + 1
        assert self.refusals[number] <= 2
        if self.refusals[number] == 1:
            self.rejected.add(token)
        elif self.account.tokens is not None:
            self.doubted_until = self.world.now + REFRESH_PAUSE

    def before(self) -> Before:
        now, held = self.world.now, self.held
        token = None if held is None else held.access_token.reveal()
        expires_at = None if held is None or held.expires_at is None else held.expires_at.timestamp()
        is_quiet = self.account.grant_state is GrantState.HELD and self.account.state is State.READY
        return Before(
            len(self.kick.said),
            token,
            is_good=is_quiet
            and token not in self.rejected
            and (expires_at is None or expires_at > self.world.unix_now),
            is_paused=now < self.paused_until,
            is_doubted=now < self.doubted_until,
            can_renew=is_quiet and self.account.is_renewable and not self.account.is_due(now),
        )

    def judge(self, before: Before, late: Answer | None = None) -> None:
        """Whether the login was renewed for a call exactly where that can help."""
        said = self.kick.said[before.said :]
        renewals = [each for each in said if each.refreshing]
        refused = [each for each in [*said, *([late] if late else [])] if is_refusal(each)]
        if before.is_good and not before.can_renew and before.is_paused and not refused:
            assert not renewals
        if before.is_good and before.can_renew and before.is_doubted:
            assert not renewals
        if (
            late is not None
            and before.is_good
            and before.can_renew
            and bearer(late) != before.token
            and refused == [late]
        ):
            assert not renewals
        helps = before.can_renew and not before.is_doubted and self.held is not None and self.held.kind == "user"
        if late is None and helps and len(refused) == 1 and bearer(refused[0]) == before.token:
            assert renewals or self.account.grant_state is not GrantState.HELD

    @rule(auth=st.sampled_from(Auth), count=st.integers(1, 3), is_refused=st.booleans())
    def submit(self, auth: Auth, count: int, is_refused: bool) -> None:
        for _ in range(count):
            if is_refused:
                self.kick.api_faults.appendleft(error(401))
            before = self.before()
            ref = self.give(self.account.submit, thing(auth, query=(("n", str(next(self.calls))),)))
            # A call may have ended before its ref is known here.
            told = [event for event in self.early if event.ref == ref]
            assert len(told) <= 1
            assert self.early == told
            self.early.clear()
            if not told:
                self.open[ref] = self.world.now
            self.judge(before)

    def see_late(self, late: Answer) -> None:
        self.count(late)

    @rule(is_renewable=st.booleans())
    def refuse_late(self, is_renewable: bool) -> None:
        """A call was made with a token that others have taken the place of: it is made once more, with the new one."""
        if not self.begin_anew():
            return
        self.kick.api_faults.clear()
        self.kick.api_faults.append(SILENCE)
        known = {*self.open}
        self.submit(Auth.NEEDED, 1, is_refused=False)
        self.kick.api_faults.clear()
        self.adopt(is_renewable)
        hanging = [request for _, request in self.hanging()]
        own = {*self.open} - known
        if not own or not hanging or not hanging[-1].address.endswith("/thing"):
            return
        before = self.before()
        self.answer_late(len(hanging) - 1, error(401))
        self.judge(before, Answer(hanging[-1], error(401)))
        assert not any(isinstance(event, Refused) and event.ref in own for event in self.told)

    @rule(count=st.integers(1, 3))
    def be_refused(self, count: int) -> None:
        """A new token is no better: the call has had its answer, and others do not renew it each time."""
        if not self.begin_anew():
            return
        self.kick.api_faults.clear()
        self.kick.api_faults.extend([error(401)] * 6)
        self.submit(Auth.NEEDED, 1, is_refused=False)
        for _ in range(count):
            self.store()
        self.submit(Auth.NEEDED, count, is_refused=False)
        self.kick.api_faults.clear()

    @rule(count=st.integers(1, 3))
    def renew_in_vain(self, count: int) -> None:
        """A token is due, and good still: where it cannot be renewed now, calls go out with it."""
        if not self.begin_anew():
            return
        self.kick.api_faults.clear()
        self.wait(7_000.0)
        self.kick.faults.extend([error(400, "invalid_request")] * 4)
        self.submit(Auth.NEEDED, 1 + count, is_refused=False)
        self.kick.faults.clear()

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

    @rule(count=st.integers(1, 2))
    def call_and_revoke(self, count: int) -> None:
        """Calls that wait for a new token are not made with one that is being revoked."""
        self.kick.faults.clear()
        self.kick.faults.append(None)
        self.give(self.account.refresh)
        self.submit(Auth.NEEDED, count, is_refused=False)
        was_holding, before = self.account.state is State.HOLDING, len(self.kick.said)
        self.revoke(is_broken=False, fault=None)
        made = [each for each in self.kick.said[before:] if each.place == "/thing"]
        assert not (was_holding and made)

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
