"""Bugs that are planted into the machines, one at a time, and found: what the simulation's laws are worth."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
import pytest

from kick_proto import frames, pusher, rfc6455, session, wishes
from kick_proto.backoff import Advice
from kick_proto.bucket import Bucket
from kick_proto.errors import LocalProtocolError
from kick_proto.events import Undecodable
from kick_proto.frames import Frame, Malformed
from kick_proto.ids import Channel
from kick_proto.machine import Close, Input, Received
from kick_proto.merge import Merge
from kick_proto.provider import Confirmed, Connected, Disconnected
from kick_proto.pusher import Connection
from kick_proto.pusher import State as SocketState
from kick_proto.recent import RecentIds
from kick_proto.redial import Again, Redial, Verdict
from kick_proto.session import Session
from kick_proto.session import State as SessionState
from kick_proto.testing.simulation.laws import Law
from kick_proto.testing.simulation.run import Outcome, simulate
from kick_proto.texts import Texts
from kick_proto.timers import Timers
from kick_proto.websocket import Framing
from kick_proto.wishes import Wishes

SEEDS = 200
HOURS = 0.2

SOCKET_REACTIONS: Any = pusher.REACTIONS
SESSION_REACTIONS: Any = session.REACTIONS

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


def pong_waits_for_the_bucket(patch: Patch) -> None:
    def on_ping(self: Connection, now: float, frame: Frame) -> None:
        self._held_pongs = getattr(self, "_held_pongs", 0) + 1  # type: ignore[attr-defined]

    send = Connection._send

    def behind(self: Connection, text: str) -> None:
        send(self, text)
        for _ in range(getattr(self, "_held_pongs", 0)):
            send(self, frames.PONG)
        self._held_pongs = 0  # type: ignore[attr-defined]

    patch.setitem(SOCKET_REACTIONS, "pusher:ping", on_ping)
    patch.setattr(Connection, "_send", behind)


def attempts_are_forgotten_when_a_socket_is_up(patch: Patch) -> None:
    established = Redial.established

    def forgetful(self: Redial) -> None:
        established(self)
        self._failures = 0

    patch.setattr(Redial, "established", forgetful)


def the_first_wish_is_lost_over_a_reconnect(patch: Patch) -> None:
    begin = Wishes.begin

    def careless(self: Wishes, connection: Any) -> None:
        again = self._connection is None and getattr(self, "_had_one", False)
        begin(self, connection)
        self._had_one = True  # type: ignore[attr-defined]
        if again and self._asking:
            self._asking.pop(next(iter(self._asking)))

    patch.setattr(Wishes, "begin", careless)


def a_socket_of_the_past_is_heard(patch: Patch) -> None:
    handle_input = Session.handle_input

    def credulous(self: Session, now: float, received: Input[Sequence[str]]) -> None:
        if isinstance(received, Received) and self._connection is not None:
            received = Received(self._last_ref, received.data, received.unix_now)
        handle_input(self, now, received)

    def any_ref(self: Connection, now: float, received: Input[Sequence[str]]) -> None:
        connection_input(self, now, received)

    connection_input = Connection.handle_input
    patch.setattr(Session, "handle_input", credulous)
    patch.setattr(Connection, "handle_input", any_ref)


def subscribes_before_the_handshake(patch: Patch) -> None:
    on_opened = Connection._on_opened

    def hasty(self: Connection, now: float) -> None:
        on_opened(self, now)
        self._send(frames.encode_subscribe("chatrooms.200.v2"))

    patch.setattr(Connection, "_on_opened", hasty)


def backs_off_too_short(patch: Patch) -> None:
    after = Redial.after

    def impatient(self: Redial, end: Disconnected, uptime: float | None) -> Verdict:
        verdict = after(self, end, uptime)
        return Again(verdict.delay / 2) if isinstance(verdict, Again) else verdict

    patch.setattr(Redial, "after", impatient)


def does_not_pause_for_a_second(patch: Patch) -> None:
    after = Redial.after

    def impatient(self: Redial, end: Disconnected, uptime: float | None) -> Verdict:
        if end.advice is Advice.PAUSE:
            end = Disconnected(end.code, end.reason, Advice.BACK_OFF)
        return after(self, end, uptime)

    patch.setattr(Redial, "after", impatient)


def pings_a_second_too_late(patch: Patch) -> None:
    heard = Connection._heard

    def lazy(self: Connection, now: float) -> None:
        heard(self, now + 1.0)

    patch.setattr(Connection, "_heard", lazy)


def waits_for_a_pong_while_it_does_not_read(patch: Patch) -> None:
    patch.setattr(Session, "_tell_reading", lambda self: None)


def a_pong_alone_ends_the_wait(patch: Patch) -> None:
    on_texts = Connection._on_texts

    def deaf(self: Connection, now: float, texts: list[str]) -> None:
        if texts or self._state is not SocketState.CONNECTED:
            on_texts(self, now, texts)

    patch.setattr(Connection, "_on_texts", deaf)


def what_is_unsubscribed_is_still_delivered(patch: Patch) -> None:
    remove = Wishes.remove

    def sticky(self: Wishes, channel: Channel) -> None:
        kept = dict(self.routes)
        remove(self, channel)
        self.routes.update({topic: route for topic, route in kept.items() if topic.endswith(".v2")})

    patch.setattr(Wishes, "remove", sticky)


def duplicates_are_delivered_after_a_reconnect(patch: Patch) -> None:
    begin = Wishes.begin

    def forgetful(self: Wishes, connection: Any) -> None:
        begin(self, connection)
        for route in self.routes.values():
            route.recent = {}

    patch.setattr(Wishes, "begin", forgetful)


def duplicates_are_delivered(patch: Patch) -> None:
    class Forgetful(RecentIds):
        def add(self, id: str) -> bool:
            return True

    patch.setattr(wishes, "RecentIds", Forgetful)


def the_cluster_is_kept_after_4001(patch: Patch) -> None:
    refusal = Redial._after_refusal

    def stubborn(self: Redial, end: Disconnected) -> Verdict:
        here, settled = self._endpoint, self._settled
        verdict = refusal(self, end)
        if settled:
            self._endpoint, self._settled = here, True
        return verdict

    patch.setattr(Redial, "_after_refusal", stubborn)


def malformed_texts_are_not_counted(patch: Patch) -> None:
    def on_malformed(self: Session, now: float, received_at: datetime, event: Malformed) -> None:
        self._stats.undecodable += 1
        self._events.append(Undecodable(received_at, Frame("", "", event.text), None, event.error))

    patch.setitem(SESSION_REACTIONS, Malformed, on_malformed)


def close_is_not_heard_while_waiting(patch: Patch) -> None:
    close = Session.close

    def deaf(self: Session, now: float) -> None:
        if self._state is not SessionState.WAITING:
            close(self, now)

    patch.setattr(Session, "close", deaf)


def a_token_too_many(patch: Patch) -> None:
    def take(bucket: Bucket, now: float) -> tuple[Bucket, float]:
        level = bucket.level + (now - bucket.at) * bucket.rate - 1.0
        return Bucket(bucket.rate, bucket.burst, level, now), now + max(0.0, -level / bucket.rate)

    patch.setattr(wishes, "take", take)


def subscribes_twice_on_a_socket(patch: Patch) -> None:
    def confirmed(self: Session, now: float, received_at: datetime, event: Confirmed) -> None:
        self._events.append(event)
        if not self._timers.running():
            self._connection._confirmed.discard(event.topic)  # type: ignore[union-attr]
            self._wishes._asking[event.topic] = None
            self._pace(now)

    patch.setitem(SESSION_REACTIONS, Confirmed, confirmed)


def an_unanswered_subscribe_is_not_missed(patch: Patch) -> None:
    patch.setattr(Connection, "_watch_confirmations", lambda self: None)


def a_gap_counts_from_the_end(patch: Patch) -> None:
    def connected(self: Session, now: float, received_at: datetime, event: Connected) -> None:
        if self._gap_from is not None:
            self._gap_from = now
        on_connected(self, now, received_at, event)

    on_connected = Session._on_connected
    patch.setitem(SESSION_REACTIONS, Connected, connected)


def a_silent_handshake_is_waited_for_for_ever(patch: Patch) -> None:
    on_opened = Connection._on_opened

    def patient(self: Connection, now: float) -> None:
        on_opened(self, now)
        self._timers = Timers()

    patch.setattr(Connection, "_on_opened", patient)


def a_frame_that_is_cut_is_lost(patch: Patch) -> None:
    feed = rfc6455.Reader.feed

    def careless(self: rfc6455.Reader, data: bytes) -> Texts:
        texts = feed(self, data)
        if len(self._held) == 1:
            self._held.clear()
        return texts

    patch.setattr(rfc6455.Reader, "feed", careless)


def bytes_behind_the_handshake_are_lost(patch: Patch) -> None:
    on_bytes = Framing._on_bytes

    def careless(self: Framing[Any], now: float, socket: Any, data: bytes, unix_now: float) -> None:
        if socket.upgrade is not None and b"\r\n\r\n" in data:
            data = data[: data.index(b"\r\n\r\n") + 4]
        on_bytes(self, now, socket, data, unix_now)

    patch.setattr(Framing, "_on_bytes", careless)


def chance_is_shared_by_a_copy(patch: Patch) -> None:
    patch.setattr(Redial, "__deepcopy__", lambda self, memo: self, raising=False)


def a_merge_holds_back_what_is_no_part(patch: Patch) -> None:
    take_events = Merge.take_events

    def reversed_(self: Merge) -> list[Any]:
        return take_events(self)[::-1]

    patch.setattr(Merge, "take_events", reversed_)


def the_high_water_mark_is_not_seen(patch: Patch) -> None:
    patch.setattr(Session, "_note_lag", lambda self: None)


def a_peer_may_talk_for_ever_without_a_handshake(patch: Patch) -> None:
    patch.setattr(Connection, "_may_come_early", lambda self: self._state is SocketState.HANDSHAKING)


def a_reaction_raises(patch: Patch) -> None:
    def on_error(self: Connection, now: float, frame: Frame) -> None:
        raise KeyError(frame.event)

    patch.setitem(SOCKET_REACTIONS, "pusher:error", on_error)


def the_last_event_is_told_twice(patch: Patch) -> None:
    take_events = Session.take_events

    def stammering(self: Session) -> list[Any]:
        events = take_events(self)
        return events + events[-1:]

    patch.setattr(Session, "take_events", stammering)


def an_event_is_swallowed(patch: Patch) -> None:
    take_events = Session.take_events
    patch.setattr(Session, "take_events", lambda self: take_events(self)[:-1])


def what_is_dropped_is_not_counted(patch: Patch) -> None:
    stats = Session.stats
    patch.setattr(Session, "stats", lambda self: msgspec.structs.replace(stats(self), dropped=0))


def an_illegal_command_is_passed_over(patch: Patch) -> None:
    unsubscribe = Session.unsubscribe

    def polite(self: Session, now: float, channel: Channel) -> None:
        with suppress(LocalProtocolError):
            unsubscribe(self, now, channel)

    patch.setattr(Session, "unsubscribe", polite)


def a_second_connect_is_passed_over(patch: Patch) -> None:
    connect = Session.connect

    def polite(self: Session, now: float) -> None:
        with suppress(LocalProtocolError):
            connect(self, now)

    patch.setattr(Session, "connect", polite)


def a_timer_stands_still(patch: Patch) -> None:
    patch.setattr(Framing, "poll_timeout", lambda self: 0.0)


def a_session_forgets_to_move_its_deadline(patch: Patch) -> None:
    handle_timeout = Connection.handle_timeout

    def forgetful(self: Connection, now: float) -> None:
        handle_timeout(self, now)
        if self._state is SocketState.CONNECTED:
            self._timers.start(pusher.Timer.ACTIVITY, now)

    patch.setattr(Connection, "handle_timeout", forgetful)


def a_retry_is_slept_through(patch: Patch) -> None:
    on_retry: Any = session.EXPIRIES
    patch.setitem(on_retry, session.Timer.RETRY, lambda self, now: None)


def a_ref_is_used_twice(patch: Patch) -> None:
    dial = Session._dial

    def thrifty(self: Session, now: float) -> None:
        self._last_ref = 0
        dial(self, now)

    patch.setattr(Session, "_dial", thrifty)


def a_socket_that_is_given_up_is_still_spoken_to(patch: Patch) -> None:
    end = Connection._end

    def talkative(self: Connection, event: Disconnected) -> None:
        end(self, event)
        self._send(frames.PONG)

    patch.setattr(Connection, "_end", talkative)


def a_close_is_asked_for_twice(patch: Patch) -> None:
    on_disconnected = Session._on_disconnected

    def twice(self: Session, now: float, received_at: datetime, event: Disconnected) -> None:
        self._outputs.append(Close(self._last_ref))
        on_disconnected(self, now, received_at, event)

    patch.setitem(SESSION_REACTIONS, Disconnected, twice)


def a_closed_session_has_a_deadline(patch: Patch) -> None:
    poll_timeout = Session.poll_timeout
    patch.setattr(Session, "poll_timeout", lambda self: 1e9 if self.closed else poll_timeout(self))


def closed_is_never_said(patch: Patch) -> None:
    patch.setattr(Framing, "closed", property(lambda self: False))


def the_upgrade_is_never_asked_for(patch: Patch) -> None:
    patch.setattr(Framing, "_on_opened", lambda self, now, socket: None)


def a_name_is_written_wrong(patch: Patch) -> None:
    send = Framing._send

    def careless(self: Framing[Any], ref: int, texts: list[str]) -> None:
        send(self, ref, [text.replace("pusher:", "pusher.") for text in texts])

    patch.setattr(Framing, "_send", careless)


def an_early_timeout_is_taken_for_a_due_one(patch: Patch) -> None:
    handle_timeout = Connection.handle_timeout
    patch.setattr(Connection, "handle_timeout", lambda self, now: handle_timeout(self, now + 0.5))


PLANTED: tuple[tuple[Plant, set[Law]], ...] = (
    (pong_waits_for_the_bucket, {Law.PONGS}),
    (attempts_are_forgotten_when_a_socket_is_up, {Law.REDIAL}),
    (the_first_wish_is_lost_over_a_reconnect, {Law.SUBSCRIPTIONS}),
    (a_socket_of_the_past_is_heard, set(Law)),
    (subscribes_before_the_handshake, {Law.SUBSCRIPTIONS}),
    (backs_off_too_short, {Law.REDIAL}),
    (does_not_pause_for_a_second, {Law.REDIAL}),
    (pings_a_second_too_late, {Law.ON_TIME}),
    (waits_for_a_pong_while_it_does_not_read, {Law.ON_TIME}),
    (a_pong_alone_ends_the_wait, {Law.ON_TIME}),
    (what_is_unsubscribed_is_still_delivered, {Law.COUNTERS, Law.EVENTS, Law.SUBSCRIPTIONS}),
    (duplicates_are_delivered_after_a_reconnect, {Law.COUNTERS, Law.EVENTS}),
    (duplicates_are_delivered, {Law.COUNTERS, Law.EVENTS}),
    (the_cluster_is_kept_after_4001, {Law.REDIAL}),
    (malformed_texts_are_not_counted, {Law.COUNTERS}),
    (close_is_not_heard_while_waiting, {Law.ON_TIME, Law.REDIAL}),
    (a_token_too_many, {Law.BUCKET}),
    (subscribes_twice_on_a_socket, {Law.SUBSCRIPTIONS}),
    (an_unanswered_subscribe_is_not_missed, {Law.ON_TIME}),
    (a_gap_counts_from_the_end, {Law.EVENTS}),
    (a_silent_handshake_is_waited_for_for_ever, {Law.ON_TIME}),
    (a_frame_that_is_cut_is_lost, set(Law)),
    (bytes_behind_the_handshake_are_lost, set(Law)),
    (chance_is_shared_by_a_copy, set(Law)),
    (a_merge_holds_back_what_is_no_part, {Law.EVENTS}),
    (the_high_water_mark_is_not_seen, {Law.BOUNDED, Law.EVENTS}),
    (a_peer_may_talk_for_ever_without_a_handshake, {Law.ON_TIME, Law.BOUNDED, Law.REDIAL}),
    (a_reaction_raises, {Law.TOTAL}),
    (the_last_event_is_told_twice, {Law.EVENTS}),
    (an_event_is_swallowed, {Law.EVENTS}),
    (what_is_dropped_is_not_counted, {Law.COUNTERS}),
    (an_illegal_command_is_passed_over, {Law.INTERFACE}),
    (a_second_connect_is_passed_over, {Law.INTERFACE}),
    (a_timer_stands_still, {Law.INTERFACE}),
    (a_session_forgets_to_move_its_deadline, {Law.INTERFACE, Law.ON_TIME}),
    (a_retry_is_slept_through, {Law.ON_TIME}),
    (a_ref_is_used_twice, {Law.INTERFACE}),
    (a_socket_that_is_given_up_is_still_spoken_to, {Law.SILENCE, Law.PONGS}),
    (a_close_is_asked_for_twice, {Law.ON_TIME, Law.INTERFACE}),
    (a_closed_session_has_a_deadline, {Law.SILENCE}),
    (closed_is_never_said, {Law.LIVENESS}),
    (the_upgrade_is_never_asked_for, {Law.LIVENESS}),
    (a_name_is_written_wrong, {Law.INTERFACE}),
    (an_early_timeout_is_taken_for_a_due_one, set(Law)),
)
"""Each planted bug, and the laws one of which must be what finds it."""


def first_finding() -> Outcome | None:
    outcomes = (simulate(seed, HOURS) for seed in range(SEEDS))
    return next((outcome for outcome in outcomes if outcome.finding is not None), None)


@pytest.mark.parametrize(("plant", "laws"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_a_planted_bug_is_found(plant: Plant, laws: set[Law], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    outcome = first_finding()
    assert outcome is not None
    assert outcome.finding is not None
    assert outcome.finding.law in laws, outcome.finding.sentence
