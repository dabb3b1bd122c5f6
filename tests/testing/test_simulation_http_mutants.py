"""Bugs that are planted into the machines over HTTP, one at a time, and found by the simulation's laws."""

import sys
from bisect import insort
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from kick_proto import account, oauth, outcomes, pace, redirect, rest
from kick_proto.account import Account
from kick_proto.bucket import Bucket
from kick_proto.endpoints.call import Call, Host
from kick_proto.errors import LocalProtocolError
from kick_proto.http import Fetch, HttpInput, Request, Response
from kick_proto.machine import Close
from kick_proto.oauth import Grant
from kick_proto.oauth import states as grant_states
from kick_proto.oauth.states import Signal
from kick_proto.outcomes import Failure, Outcome
from kick_proto.pace import Pace
from kick_proto.redirect import Listener
from kick_proto.rest import Client, policy, requests, states
from kick_proto.rest.policy import Ending, Next
from kick_proto.secret import Secret
from kick_proto.testing.simulation import run
from kick_proto.testing.simulation.laws import Law
from kick_proto.testing.simulation.plans import calls_alone, draw
from kick_proto.tokens import TokenSet

SEEDS = 200
HOURS = 1.0

AFTER: Any = policy.AFTER
ENDINGS: Any = policy.ENDINGS
CLIENT_EXPIRIES: Any = rest.EXPIRIES
GRANT_EXPIRIES: Any = oauth.EXPIRIES
ACCOUNT_EXPIRIES: Any = account.EXPIRIES
GRANT_REACTIONS: Any = oauth.REACTIONS

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


# Pace and pauses


def a_429_is_counted_and_not_waited_for(patch: Patch) -> None:
    def hold(self: Pace, host: Host, until: float) -> None:
        self._lanes[host].pauses += 1

    patch.setattr(Pace, "hold", hold)


def a_429_pauses_for_half_of_what_it_says(patch: Patch) -> None:
    pause_after = policy.pause_after

    def impatient(named: float | None, in_a_row: int, *, shortest: float, longest: float) -> float:
        return pause_after(named, in_a_row, shortest=shortest, longest=longest) / 2

    patch.setattr(rest, "pause_after", impatient)


def a_429_pauses_every_host(patch: Patch) -> None:
    hold = Pace.hold

    def timid(self: Pace, host: Host, until: float) -> None:
        for each in Host:
            hold(self, each, until)

    patch.setattr(Pace, "hold", timid)


def pauses_are_doubled_for_ever(patch: Patch) -> None:
    patch.setattr(Pace, "answered", lambda self, host: None)


def the_bucket_is_ignored(patch: Patch) -> None:
    def start(self: Pace, host: Host, now: float) -> float | None:
        lane = self._lanes[host]
        return lane.held_until if lane.held_until > now + pace.ROUNDING else None

    patch.setattr(Pace, "start", start)


def a_token_too_many(patch: Patch) -> None:
    def take(bucket: Bucket, now: float) -> tuple[Bucket, float]:
        level = bucket.level + (now - bucket.at) * bucket.rate - 1.0
        return Bucket(bucket.rate, bucket.burst, level, now), now + max(0.0, -level / bucket.rate)

    patch.setattr(pace, "take", take)


def a_pace_is_nobody_elses(patch: Patch) -> None:
    """Each machine of a program has a pace of its own."""
    init = Account.__init__

    def alone(self: Account, *arguments: Any, pace: Pace | None = None, **named: Any) -> None:
        init(self, *arguments, pace=None, **named)

    patch.setattr(Account, "__init__", alone)


def more_are_under_way_than_may_be(patch: Patch) -> None:
    init = Client.__init__

    def greedy(self: Client, config: rest.Config, **named: Any) -> None:
        init(self, msgspec.structs.replace(config, in_flight=config.in_flight + 1), **named)

    patch.setattr(Client, "__init__", greedy)


def the_latest_call_goes_first(patch: Patch) -> None:
    patch.setattr(rest, "insort", lambda queue, ref: insort(queue, ref, key=lambda each: -each))


# Tries


def a_post_is_repeated_when_its_answer_is_lost(patch: Patch) -> None:
    patch.setitem(AFTER, Ending.UNANSWERED, (Next.BACK_OFF, Next.BACK_OFF))


def what_was_never_sent_is_not_tried_again(patch: Patch) -> None:
    patch.setitem(AFTER, Ending.UNSENT, (Next.BACK_OFF, Next.GIVE_UP))


def a_refusal_is_asked_for_again(patch: Patch) -> None:
    patch.setitem(ENDINGS, Outcome.FORBIDDEN, Ending.BROKEN)
    patch.setitem(ENDINGS, Outcome.REJECTED, Ending.BROKEN)


def tries_are_not_counted(patch: Patch) -> None:
    next_after = policy.next_after

    def endless(ending: Ending, *, repeatable: bool, failures: int, retries: int | None) -> Next:
        return next_after(ending, repeatable=repeatable, failures=0, retries=retries)

    patch.setattr(rest, "next_after", endless)


def a_try_too_few(patch: Patch) -> None:
    next_after = policy.next_after

    def faint(ending: Ending, *, repeatable: bool, failures: int, retries: int | None) -> Next:
        return next_after(ending, repeatable=repeatable, failures=failures + 1, retries=retries)

    patch.setattr(rest, "next_after", faint)


def a_503_is_not_left_the_time_that_it_names(patch: Patch) -> None:
    on_failure = Client._on_failure

    def deaf(self: Client, now: float, job: Any, ending: Ending, failure: Failure) -> None:
        on_failure(self, now, job, ending, msgspec.structs.replace(failure, retry_after=None))

    patch.setattr(Client, "_on_failure", deaf)


def a_try_that_is_given_up_is_not_cancelled(patch: Patch) -> None:
    patch.setattr(Client, "_cancel", lambda self, job: None)


def an_answer_is_waited_for_a_second_too_long(patch: Patch) -> None:
    start = Client._start

    def patient(self: Client, now: float, lane: Any, job: Any) -> None:
        start(self, now, lane, job)
        self._agenda.start(states.Timer.ANSWER, job.ref, now + self._config.timeouts.total + 1.0)

    patch.setattr(Client, "_start", patient)


def a_call_waits_longer_than_it_may(patch: Patch) -> None:
    line_up = Client._line_up

    def patient(self: Client, now: float, job: Any) -> None:
        job.until += 1.0
        line_up(self, now, job)

    patch.setattr(Client, "_line_up", patient)


def a_retry_is_slept_through(patch: Patch) -> None:
    patch.setitem(CLIENT_EXPIRIES, states.Timer.RETRY, lambda self, now, ref: None)


def redirects_are_followed_for_ever(patch: Patch) -> None:
    patch.setattr(rest, "MOST_REDIRECTS", 10**9)


# Answers


def answers_are_told_twice(patch: Patch) -> None:
    take_events = Account.take_events

    def stammering(self: Account) -> list[Any]:
        events = take_events(self)
        return events + [event for event in events if isinstance(event, rest.Replied | rest.Refused)]

    patch.setattr(Account, "take_events", stammering)


def the_last_event_is_swallowed(patch: Patch) -> None:
    take_events = Account.take_events
    patch.setattr(Account, "take_events", lambda self: take_events(self)[:-1])


def a_broken_body_is_a_result(patch: Patch) -> None:
    read = Client._read

    def gullible(self: Client, now: float, job: Any, response: Response) -> None:
        call = msgspec.structs.replace(job.call, parse=lambda response: response.status)
        job.call = call
        read(self, now, job, response)

    patch.setattr(Client, "_read", gullible)


def an_answer_of_the_past_is_heard(patch: Patch) -> None:
    handle_input = Client.handle_input

    def credulous(self: Client, now: float, received: HttpInput) -> None:
        if self._fetches and received.ref not in self._fetches:
            received = msgspec.structs.replace(received, ref=next(iter(self._fetches)))
        handle_input(self, now, received)

    patch.setattr(Client, "handle_input", credulous)


def a_late_abandon_lets_others_end_in_silence(patch: Patch) -> None:
    abandon = Account.abandon

    def quiet(self: Account, now: float, ref: int) -> None:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(Account, "_drain", lambda self, now: None)
            abandon(self, now, ref)

    patch.setattr(Account, "abandon", quiet)


def an_abandoned_call_is_heard_of(patch: Patch) -> None:
    patch.setattr(Account, "abandon", lambda self, now, ref: None)


def as_many_calls_as_anybody_wants(patch: Patch) -> None:
    init = Account.__init__

    def boundless(self: Account, *arguments: Any, **named: Any) -> None:
        init(self, *arguments, **named)
        self._most = 10**9

    patch.setattr(Account, "__init__", boundless)


def what_was_answered_is_remembered(patch: Patch) -> None:
    init = Account.__init__

    def hoarding(self: Account, *arguments: Any, **named: Any) -> None:
        init(self, *arguments, **named)
        vars(self)["_memories"] = []

    take_events = Account.take_events

    def mindful(self: Account) -> list[Any]:
        events = take_events(self)
        vars(self)["_memories"].extend(events * 20)
        return events

    patch.setattr(Account, "__init__", hoarding)
    patch.setattr(Account, "take_events", mindful)


# Logins


def a_refresh_is_asked_for_twice(patch: Patch) -> None:
    refresh = Grant.refresh

    def eager(self: Grant, now: float) -> None:
        refresh(self, now)
        renewal = self._renewal()
        if self._state is grant_states.State.REFRESHING and renewal is not None:
            self._ask(now, oauth.Job.REFRESH, renewal)

    patch.setattr(Grant, "refresh", eager)


def the_old_refresh_token_is_kept_when_a_new_one_comes(patch: Patch) -> None:
    def inheriting(new: TokenSet, old: TokenSet) -> TokenSet:
        return msgspec.structs.replace(new, refresh_token=old.refresh_token)

    patch.setattr(oauth, "inheriting", inheriting)


def the_refresh_token_of_the_first_login_is_used_for_ever(patch: Patch) -> None:
    renewal = Grant._renewal

    def faithful(self: Grant) -> Call[Any] | None:
        call = renewal(self)
        if call is not None and self._held is not None and self._held.tokens.kind == "user":
            vars(self).setdefault("_first", call)
            call = vars(self)["_first"]
        return call

    patch.setattr(Grant, "_renewal", faithful)


def new_tokens_are_used_before_they_are_stored(patch: Patch) -> None:
    def tokens(self: Grant) -> TokenSet | None:
        held = self._coming if self._coming is not None else self._held
        return None if held is None else held.tokens

    patch.setattr(Grant, "tokens", property(tokens))


def the_first_token_is_sent_for_ever(patch: Patch) -> None:
    set_token = Client.set_token

    def faithful(self: Client, now: float, token: Secret | None) -> None:
        set_token(self, now, self._token if token is not None and self._token is not None else token)

    patch.setattr(Client, "set_token", faithful)


def any_failure_of_a_refresh_ends_the_login(patch: Patch) -> None:
    def unrefreshed(self: Grant, now: float, failure: Failure) -> None:
        ended = msgspec.structs.replace(failure, code="invalid_grant", status=400)
        Grant._on_unrefreshed(self, now, ended)

    done, _ = GRANT_REACTIONS[oauth.Job.REFRESH]
    patch.setitem(GRANT_REACTIONS, oauth.Job.REFRESH, (done, unrefreshed))


def a_login_that_is_lost_is_kept(patch: Patch) -> None:
    patch.setattr(oauth, "FINAL", ())


def a_login_is_waited_for_for_ever(patch: Patch) -> None:
    patch.setitem(GRANT_EXPIRIES, grant_states.Timer.LOGIN, lambda self, now: None)


def another_logins_answer_is_taken(patch: Patch) -> None:
    patch.setattr(sys.modules["kick_proto.oauth.attempt"], "_same", lambda text, expected: True)


def a_401_renews_again_and_again(patch: Patch) -> None:
    worth = Account._is_worth_a_replay

    def stubborn(self: Account, now: float, errand: Any, refused: Any) -> bool:
        return worth(self, now, msgspec.structs.replace(errand, replayed=False), refused)

    patch.setattr(Account, "_is_worth_a_replay", stubborn)


def a_401_is_believed_at_once(patch: Patch) -> None:
    patch.setattr(Account, "_is_worth_a_replay", lambda self, now, errand, refused: False)


def calls_wait_for_a_new_token_for_ever(patch: Patch) -> None:
    patch.setitem(ACCOUNT_EXPIRIES, account.Timer.HOLD, lambda self, now: None)


def calls_go_out_with_a_token_that_is_due(patch: Patch) -> None:
    patch.setattr(Grant, "is_due", lambda self, now: False)


def a_revocation_forgets_the_refresh_token(patch: Patch) -> None:
    known = Grant._known

    def careless(self: Grant) -> Any:
        return {token: hint for token, hint in known(self).items() if hint.name == "ACCESS"}

    patch.setattr(Grant, "_known", careless)


# The browser's way back


def whoever_knocks_has_come_back(patch: Patch) -> None:
    patch.setattr(Listener, "_refusal", lambda self, request, path, query: None)


def a_redirect_is_told_twice(patch: Patch) -> None:
    take_events = Listener.take_events
    patch.setattr(Listener, "take_events", lambda self: take_events(self) * 2)


def a_redirect_shows_its_query(patch: Patch) -> None:
    patch.setattr(redirect.Arrived, "__repr__", lambda self: f"Arrived({self.query!r})")


def the_browser_is_left_without_a_word(patch: Patch) -> None:
    end = Listener._end_with
    patch.setattr(Listener, "_end_with", lambda self, answer: end(self, None))


def the_page_repeats_the_query(patch: Patch) -> None:
    finish = Listener.finish

    def talkative(self: Listener, now: float, sentence: str, *, ok: bool) -> None:
        finish(self, now, f"{sentence} {vars(self)['_queries']}", ok=ok)

    take_events = Listener.take_events

    def mindful(self: Listener) -> list[Any]:
        events = take_events(self)
        queries = [event.query for event in events if isinstance(event, redirect.Arrived)]
        vars(self).setdefault("_queries", []).extend(queries)
        return events

    patch.setattr(Listener, "take_events", mindful)
    patch.setattr(Listener, "finish", talkative)


def another_connection_is_answered(patch: Patch) -> None:
    answer = Listener._answer

    def confused(self: Listener, ref: int, said: Any, method: bytes = b"GET") -> None:
        answer(self, ref, said, method)
        self._outputs[-1] = Close(ref + 7)

    patch.setattr(Listener, "_answer", confused)


def a_listener_waits_for_ever(patch: Patch) -> None:
    patch.setattr(Listener, "poll_timeout", lambda self: None)


def a_listener_never_ends(patch: Patch) -> None:
    patch.setattr(Listener, "closed", property(lambda self: False))


# Secrets


def a_secret_shows_itself(patch: Patch) -> None:
    patch.setattr(Secret, "__repr__", lambda self: repr(self._text))


def an_answer_shows_its_body(patch: Patch) -> None:
    patch.setattr(Response, "__repr__", lambda self: f"Response({self.status}, {self.body!r})")


def what_a_server_says_is_repeated_as_it_is(patch: Patch) -> None:
    patch.setattr(outcomes, "redacted", lambda text, *, most=None: text[:most])


def a_token_stands_in_a_header_as_text(patch: Patch) -> None:
    request_for = requests.request_for

    def plain(*arguments: Any, **named: Any) -> Request:
        request = request_for(*arguments, **named)
        return msgspec.structs.replace(request, headers=tuple(request.header_lines()))

    patch.setattr(rest, "request_for", plain)


# The contract


def a_closed_account_still_asks(patch: Patch) -> None:
    close = Account.close

    def restless(self: Account, now: float) -> None:
        close(self, now)
        self._client._outputs.append(Fetch(10**7, Request(method="GET", address="http://kick.example/api/x")))

    patch.setattr(Account, "close", restless)


def closed_is_never_said(patch: Patch) -> None:
    patch.setattr(Account, "closed", property(lambda self: False))


def a_closed_client_has_a_deadline(patch: Patch) -> None:
    poll_timeout = Client.poll_timeout
    patch.setattr(Client, "poll_timeout", lambda self: 1e9 if self._closed else poll_timeout(self))


def a_copy_shares_its_pace(patch: Patch) -> None:
    patch.setattr(Pace, "__deepcopy__", lambda self, memo: self, raising=False)


def an_early_timeout_is_taken_for_a_due_one(patch: Patch) -> None:
    handle_timeout = Client.handle_timeout
    patch.setattr(Client, "handle_timeout", lambda self, now: handle_timeout(self, now + 0.5))


def a_timer_stands_still(patch: Patch) -> None:
    patch.setattr(Account, "poll_timeout", lambda self: 0.0)


def due_timers_are_left_alone(patch: Patch) -> None:
    patch.setattr(Account, "handle_timeout", lambda self, now: None)


def a_second_refresh_is_refused(patch: Patch) -> None:
    refresh = Account.refresh

    def strict(self: Account, now: float) -> None:
        if self.grant_state is grant_states.State.REFRESHING:
            raise LocalProtocolError("cannot refresh: that is being done")
        refresh(self, now)

    patch.setattr(Account, "refresh", strict)


def an_illegal_refresh_is_passed_over(patch: Patch) -> None:
    refresh = Account.refresh

    def polite(self: Account, now: float) -> None:
        with suppress(LocalProtocolError):
            refresh(self, now)

    patch.setattr(Account, "refresh", polite)


def a_ref_is_used_twice(patch: Patch) -> None:
    def thrifty(self: rest.Refs) -> int:
        self._last = self._last % 7 + 1
        return self._last

    patch.setattr(rest.Refs, "next", thrifty)


def a_reaction_raises(patch: Patch) -> None:
    def unrefreshed(self: Grant, now: float, failure: Failure) -> None:
        raise KeyError(failure.outcome)

    done, _ = GRANT_REACTIONS[oauth.Job.REFRESH]
    patch.setitem(GRANT_REACTIONS, oauth.Job.REFRESH, (done, unrefreshed))


def a_stored_refresh_is_not_taken_note_of(patch: Patch) -> None:
    def deaf(self: Grant, now: float, tokens: TokenSet) -> None:
        if self._told is not None and self._told.tokens == tokens and self._held is not None:
            self._move(Signal.STORED)
            self._told = self._coming = None

    patch.setattr(Grant, "stored", deaf)


PLANTED: tuple[tuple[Plant, set[Law]], ...] = (
    (a_429_is_counted_and_not_waited_for, {Law.PAUSES}),
    (a_429_pauses_for_half_of_what_it_says, {Law.PAUSES, Law.ON_TIME}),
    (a_429_pauses_every_host, {Law.ON_TIME}),
    (pauses_are_doubled_for_ever, {Law.ON_TIME, Law.ANSWERS}),
    (the_bucket_is_ignored, {Law.PACE}),
    (a_token_too_many, {Law.PACE}),
    (a_pace_is_nobody_elses, {Law.PACE}),
    (more_are_under_way_than_may_be, {Law.ON_TIME, Law.PACE}),
    (the_latest_call_goes_first, {Law.ON_TIME, Law.LOGIN}),
    (a_post_is_repeated_when_its_answer_is_lost, {Law.TRIES, Law.ANSWERS, Law.LOGIN}),
    (what_was_never_sent_is_not_tried_again, {Law.ANSWERS, Law.LOGIN}),
    (a_refusal_is_asked_for_again, {Law.TRIES, Law.ANSWERS, Law.LOGIN}),
    (tries_are_not_counted, {Law.TRIES, Law.ANSWERS, Law.LOGIN}),
    (a_try_too_few, {Law.ANSWERS, Law.LOGIN}),
    (a_503_is_not_left_the_time_that_it_names, {Law.ON_TIME}),
    (a_try_that_is_given_up_is_not_cancelled, {Law.ON_TIME}),
    (an_answer_is_waited_for_a_second_too_long, {Law.ON_TIME}),
    (a_call_waits_longer_than_it_may, {Law.ON_TIME, Law.ANSWERS}),
    (a_retry_is_slept_through, {Law.ON_TIME}),
    (redirects_are_followed_for_ever, {Law.TRIES, Law.ANSWERS}),
    (answers_are_told_twice, {Law.ANSWERS}),
    (the_last_event_is_swallowed, {Law.ANSWERS, Law.LOGIN}),
    (a_broken_body_is_a_result, {Law.ANSWERS, Law.TOTAL}),
    (an_answer_of_the_past_is_heard, set(Law)),
    (a_late_abandon_lets_others_end_in_silence, {Law.ANSWERS}),
    (an_abandoned_call_is_heard_of, {Law.ANSWERS, Law.ON_TIME}),
    (as_many_calls_as_anybody_wants, {Law.BOUNDED}),
    (what_was_answered_is_remembered, {Law.BOUNDED}),
    (a_refresh_is_asked_for_twice, {Law.LOGIN}),
    (the_old_refresh_token_is_kept_when_a_new_one_comes, {Law.LOGIN}),
    (the_refresh_token_of_the_first_login_is_used_for_ever, {Law.LOGIN}),
    (new_tokens_are_used_before_they_are_stored, {Law.LOGIN, Law.ON_TIME, Law.ANSWERS}),
    (the_first_token_is_sent_for_ever, {Law.LOGIN}),
    (any_failure_of_a_refresh_ends_the_login, {Law.LOGIN}),
    (a_login_that_is_lost_is_kept, {Law.LOGIN}),
    (a_login_is_waited_for_for_ever, {Law.LOGIN}),
    (another_logins_answer_is_taken, {Law.LOGIN, Law.TRIES}),
    (a_401_renews_again_and_again, {Law.ANSWERS, Law.TRIES, Law.LOGIN}),
    (a_401_is_believed_at_once, {Law.ANSWERS, Law.ON_TIME}),
    (calls_wait_for_a_new_token_for_ever, {Law.ANSWERS, Law.TRIES, Law.INTERFACE}),
    (calls_go_out_with_a_token_that_is_due, {Law.ON_TIME, Law.TRIES}),
    (a_revocation_forgets_the_refresh_token, {Law.ON_TIME}),
    (whoever_knocks_has_come_back, {Law.LOGIN}),
    (a_redirect_is_told_twice, {Law.LOGIN}),
    (a_redirect_shows_its_query, {Law.SECRETS}),
    (the_browser_is_left_without_a_word, {Law.LOGIN}),
    (the_page_repeats_the_query, {Law.SECRETS}),
    (another_connection_is_answered, {Law.INTERFACE}),
    (a_listener_waits_for_ever, {Law.ON_TIME}),
    (a_listener_never_ends, {Law.SILENCE}),
    (a_secret_shows_itself, {Law.SECRETS}),
    (an_answer_shows_its_body, {Law.SECRETS}),
    (what_a_server_says_is_repeated_as_it_is, {Law.SECRETS}),
    (a_token_stands_in_a_header_as_text, {Law.SECRETS}),
    (a_closed_account_still_asks, {Law.SILENCE}),
    (closed_is_never_said, {Law.SILENCE}),
    (a_closed_client_has_a_deadline, {Law.SILENCE}),
    (a_copy_shares_its_pace, {Law.COPY, Law.PACE, Law.ON_TIME, Law.INTERFACE, Law.STALE}),
    (an_early_timeout_is_taken_for_a_due_one, set(Law)),
    (a_timer_stands_still, {Law.INTERFACE, Law.ON_TIME}),
    (due_timers_are_left_alone, {Law.INTERFACE}),
    (a_second_refresh_is_refused, {Law.INTERFACE}),
    (an_illegal_refresh_is_passed_over, {Law.INTERFACE}),
    (a_ref_is_used_twice, set(Law)),
    (a_reaction_raises, {Law.TOTAL}),
    (a_stored_refresh_is_not_taken_note_of, {Law.LOGIN, Law.TRIES, Law.ON_TIME}),
)
"""Each planted bug, and the laws one of which must be what finds it."""


def first_finding() -> run.Outcome | None:
    outcomes = (run.play(calls_alone(draw(seed, HOURS))) for seed in range(SEEDS))
    return next((outcome for outcome in outcomes if outcome.finding is not None), None)


@pytest.mark.parametrize(("plant", "laws"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_a_planted_bug_is_found(plant: Plant, laws: set[Law], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    outcome = first_finding()
    assert outcome is not None
    assert outcome.finding is not None
    assert outcome.finding.law in laws, outcome.finding.sentence
