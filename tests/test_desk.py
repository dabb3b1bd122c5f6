"""Who waits for what, and what counts when the store, the server and the caller contradict each other."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kick_io.calls.desk import INTROSPECTION, LOGIN, RENEWAL, REVOCATION, Chore, Desk, Ends, Slot
from kick_io.calls.vault import Vault
from kick_io.credentials import TokenStore
from kick_proto.errors import LocalProtocolError, LoginFailed, StoreError, TransportError, Unauthorized
from kick_proto.health import Monitor
from kick_proto.http import Fetch, Responded, Response
from kick_proto.oauth.events import GrantEvent, Issued, Lost, Refreshed, Revoked
from kick_proto.oauth.states import State
from kick_proto.platform import Condition
from kick_proto.tokens import TokenSet
from tests.callers import ME, account, store_at, token_set
from tests.exchanges import ENTROPY, Kick, error, thing

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")

UNIX_NOW = time.time()


class Office:
    """A desk whose server answers at once or never, and whose chores are done when the test says so."""

    def __init__(self, store: TokenStore | None) -> None:
        self.kick = Kick()
        self.account = account()
        self.vault = Vault(store, ME)
        self.monitor = Monitor("kick")
        self.desk = Desk(self.account, self.monitor)
        self.chores: list[Chore] = []

    def settle(self) -> None:
        while (output := self.account.poll_output()) is not None:
            if isinstance(output, Fetch):
                said = self.kick.answer(output.request)
                if isinstance(said, Response):
                    self.account.handle_input(0.0, Responded(output.ref, said, UNIX_NOW))
        self.chores += self.desk.sort(UNIX_NOW)

    def finish(self, found: object = ...) -> None:
        """Do the first chore; ``found`` is what the store says in place of ours."""
        chore = self.chores.pop(0)
        said: Any = chore.do(self.vault) if found is ... else found
        self.desk.finish(0.0, UNIX_NOW, chore, said)
        self.settle()

    def adopt(self, tokens: TokenSet) -> None:
        if self.vault.load() is None:
            self.vault.keep_login(tokens)
        self.account.adopt(0.0, tokens, UNIX_NOW)

    def listen(self, ends: Ends[Any], command: Callable[..., None], *args: Any) -> Slot[Any]:
        slot: Slot[Any] = Slot(lambda: None)
        self.desk.listen(ends, slot)
        command(0.0, *args)
        self.settle()
        return slot

    def call(self) -> Slot[Any]:
        slot: Slot[Any] = Slot(lambda: None)
        self.desk.submit(0.0, thing(), slot)
        self.settle()
        return slot

    def login(self) -> Slot[Any]:
        return self.listen(LOGIN, self.desk.answer, self.kick.authorize(self.desk.begin(0.0, ENTROPY)))

    @property
    def events(self) -> list[type[GrantEvent]]:
        return [type(chore.event) for chore in self.chores]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(store_at(tmp_path))


def test_a_slot_gives_what_was_put_in_and_raises_an_error() -> None:
    woken: list[str] = []
    slot: Slot[int] = Slot(lambda: woken.append("awake"))
    assert not slot.is_filled
    slot.fill(7)
    assert (slot.is_filled, slot.take(), woken) == (True, 7, ["awake"])
    slot.fill(TransportError("cut"))
    with pytest.raises(TransportError, match="cut"):
        slot.take()


def test_nobody_hears_of_tokens_before_they_are_stored(office: Office) -> None:
    slot = office.login()
    assert (slot.is_filled, office.account.tokens, office.events) == (False, None, [Issued])
    office.finish()
    assert slot.take() == office.account.tokens == office.vault.load()


def test_each_who_waits_gets_an_error_of_their_own(office: Office) -> None:
    # One error that is raised in two tasks would show the way of both.
    office.adopt(token_set(office.kick, 1))
    office.kick.faults.append(error(400, "invalid_request"))
    others: Slot[TokenSet] = Slot(lambda: None)
    office.desk.listen(RENEWAL, others)
    slot = office.listen(RENEWAL, office.account.refresh)
    raised = []
    for each in (slot, others):
        with pytest.raises(Exception, match=r".") as caught:
            each.take()
        raised.append(caught.value)
    assert raised[0] is not raised[1]
    assert str(raised[0]) == str(raised[1])


def test_who_has_left_hears_nothing(office: Office) -> None:
    slot = office.login()
    office.desk.deafen(slot)
    office.finish()
    assert not slot.is_filled
    assert office.account.tokens is not None


def test_a_call_that_is_abandoned_is_not_answered(office: Office) -> None:
    slot: Slot[str] = Slot(lambda: None)
    office.desk.submit(0.0, thing(), slot)
    office.desk.abandon(0.0, slot)
    office.desk.abandon(0.0, slot)
    office.settle()
    assert not slot.is_filled
    assert office.kick.used == []


def test_somebody_elses_tokens_take_the_place_of_ours(office: Office) -> None:
    office.adopt(token_set(office.kick, 1))
    slot = office.listen(RENEWAL, office.account.refresh)
    theirs = token_set(office.kick, 2)
    office.finish(theirs)
    assert slot.take() == theirs == office.account.tokens


def test_a_login_that_came_while_others_tokens_were_found_is_what_counts(office: Office) -> None:
    office.adopt(token_set(office.kick, 1))
    renewal = office.listen(RENEWAL, office.account.refresh)
    login = office.login()
    assert office.events == [Refreshed, Issued]
    office.finish(token_set(office.kick, 2))
    assert renewal.is_filled
    office.finish()
    assert office.account.tokens == login.take() == office.vault.load()


def test_tokens_that_are_found_while_they_are_revoked_do_not_come_back(office: Office) -> None:
    office.adopt(token_set(office.kick, 1))
    office.listen(RENEWAL, office.account.refresh)
    office.account.revoke(0.0)
    assert office.account.grant_state is State.REVOKING
    office.finish(token_set(office.kick, 2))
    assert office.events == [Revoked]
    office.finish()
    assert (office.account.tokens, office.account.grant_state) == (None, State.EMPTY)
    assert office.vault.load() is None


def test_a_login_that_is_stored_after_its_logout_does_not_come_back(office: Office) -> None:
    login = office.login()
    logout = office.listen(REVOCATION, office.account.revoke)
    assert office.events == [Issued, Revoked]
    office.finish()
    assert (login.is_filled, logout.is_filled) == (True, False)
    assert office.account.tokens is None
    office.finish()
    assert logout.take() is None
    assert (office.account.tokens, office.vault.load()) == (None, None)


@pytest.mark.parametrize("is_there", [True, False])
def test_calls_wait_for_the_store_before_they_are_refused_for_a_lost_login(office: Office, is_there: bool) -> None:
    office.adopt(token_set(office.kick, 1))
    office.kick.refreshing.clear()
    office.kick.valid.clear()
    held = office.call()
    assert office.events == [Lost]
    late, left = office.call(), office.call()
    office.desk.abandon(0.0, left)
    assert (held.is_filled, late.is_filled) == (False, False)
    theirs = token_set(office.kick, 2)
    office.finish(theirs if is_there else None)
    assert not left.is_filled
    for slot in (held, late):
        if is_there:
            assert slot.take() == theirs.access_token.reveal()
        else:
            with pytest.raises(Unauthorized, match="log in"):
                slot.take()


def test_calls_that_wait_for_the_store_are_refused_when_it_is_closed_meanwhile(office: Office) -> None:
    office.adopt(token_set(office.kick, 1))
    office.kick.refreshing.clear()
    office.kick.valid.clear()
    held = office.call()
    office.account.close(0.0)
    office.finish(token_set(office.kick, 2))
    with pytest.raises(Unauthorized):
        held.take()


def test_a_chore_that_ends_after_the_close_is_still_told(office: Office) -> None:
    slot = office.login()
    office.account.close(0.0)
    office.settle()
    office.finish()
    assert slot.take() == office.vault.load()


def test_a_login_that_is_closed_and_not_stored_is_no_success(office: Office) -> None:
    slot = office.login()
    office.account.close(0.0)
    office.settle()
    office.finish(StoreError("the disk is full"))
    with pytest.raises(StoreError):
        slot.take()


def test_what_a_store_says_of_a_loss_keeps_nobody_from_hearing_of_it(office: Office) -> None:
    office.adopt(token_set(office.kick, 1))
    office.kick.refreshing.clear()
    slot = office.listen(RENEWAL, office.account.refresh)
    office.finish(StoreError("it is locked"))
    with pytest.raises(Unauthorized, match="spent"):
        slot.take()
    assert office.monitor.health(0.0).oauth.detail == "it is locked"


def test_a_new_login_ends_the_wait_for_the_one_before(office: Office) -> None:
    office.kick.faults.append(None)
    slot = office.login()
    office.desk.begin(0.0, ENTROPY)
    with pytest.raises(LoginFailed) as caught:
        slot.take()
    assert caught.value.code == "replaced"


def test_an_answer_that_nothing_follows_raises(office: Office) -> None:
    with pytest.raises(LocalProtocolError):
        office.desk.answer(0.0, "code=a&state=b")
    office.login()
    with pytest.raises(LoginFailed):
        office.desk.answer(0.0, "code=a&state=b")


def test_questions_are_answered_without_the_disk(office: Office) -> None:
    office.adopt(token_set(office.kick, 1))
    assert office.listen(INTROSPECTION, office.account.introspect).take().active
    assert office.chores == []


def test_the_monitor_hears_of_every_call(office: Office) -> None:
    with pytest.raises(Unauthorized):
        office.call().take()
    assert office.monitor.health(0.0).oauth.condition is Condition.BAD
    office.login()
    office.finish()
    assert office.call().take() == "access-1"
    health = office.monitor.health(0.0)
    assert (health.rest.condition, health.oauth.condition) == (Condition.GOOD, Condition.GOOD)
