"""One fact, one event: joins what Kick tells in several frames, and drops what it merely repeats.

``Merge`` is a machine around a session. It passes on inputs, outputs and timeouts, and of the events it holds back
those that have siblings: subscriptions, gifts, raids and chat settings. A fact goes out when all its frames are here,
or ``wait`` seconds after the first of them with what is known by then; it stands where it is released, and nothing
else ever waits for it. For as long again a released fact is remembered: a late frame that adds nothing is dropped and
counted, one that adds something lets the fact go out once more, with everything that is known of it.

Facts go out before ``Down`` and ``GaveUp`` are told, and before this machine is closed: their siblings will not come.

Commands stay on the session: after one, call ``handle_timeout(now)`` here. While ``backlog`` events stand undelivered
here, further ones are left in the session, where they count for its marks, and no fact goes out or is forgotten: what
was read in time is joined, however late it is taken up. Nor does time count in which the session wants no input: what
comes then stands unread in the socket. Source: Seen: wire catalogue section 8 (2023-2026).
"""

import math
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import msgspec

from kick_proto.events import (
    ChatSettingsChanged,
    Event,
    GiftedSubscriptions,
    JoinedEvent,
    LeaderboardChanged,
    RaidReceived,
    Resubscribed,
    StreamOffline,
    StreamOnline,
    Subscribed,
)
from kick_proto.lifecycle import Down, GaveUp
from kick_proto.machine import Input, Output, SocketMachine
from kick_proto.merge.facts import Clue, Fact, Rule
from kick_proto.merge.gifts import GIFT
from kick_proto.merge.rules import RAID, SETTINGS, SUBSCRIPTION
from kick_proto.session import SessionEvent

__all__ = ["REACTIONS", "Merge"]

ValueT = TypeVar("ValueT")

MOST_FRAMES = 1_000
"""Frames that one fact takes in; the next one begins another."""


def _place(event: Event) -> tuple[str, int, int]:
    return (event.platform, *event.channel.numbers)


class Merge:
    """The machine around ``machine``; see the module's docstring.

    ``wait`` is seconds; ``most`` bounds the facts that are held back, of which the oldest goes out early, and, each
    for itself, the memories of what was told. ``backlog`` should not lie above the session's low-water mark.
    """

    def __init__(
        self,
        machine: SocketMachine[SessionEvent, Sequence[str]],
        *,
        wait: float = 2.0,
        most: int = 1_000,
        backlog: int = 1_000,
    ) -> None:
        if not 0.0 <= wait <= 3_600.0:
            raise ValueError(f"the wait for the siblings of a frame is 0 to 3600 seconds, not {wait}")
        if most < 1 or backlog < 0:
            raise ValueError("most is a count of at least 1, and backlog of at least 0")
        self._machine = machine
        self._wait = wait
        self._apart = timedelta(seconds=2 * wait)
        self._most = most
        self._backlog = max(backlog, 1)
        self._read_at = -math.inf
        self._paused_at: float | None = None
        self._ready: list[SessionEvent] = []
        self._merged = 0

        self._facts: dict[Hashable, list[Fact[Any]]] = {}
        self._pending: dict[Fact[Any], None] = {}
        self._past: deque[Fact[Any]] = deque()
        self._streams: dict[Hashable, int] = {}
        self._boards: dict[Hashable, Hashable] = {}

    @property
    def merged(self) -> int:
        """How many events were dropped because they only repeated what had been told."""
        return self._merged

    # The machine interface

    def handle_input(self, now: float, received: Input[Sequence[str]]) -> None:
        """Take in what happened to a socket."""
        self._begin(now)
        if self._paused_at is None:
            self._read_at = now
        self._machine.handle_input(now, received)
        self._settle(now)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due, here and in the session; take up what a command has queued there."""
        self._begin(now)
        self._machine.handle_timeout(now)
        self._settle(now)

    def poll_output(self) -> Output[Sequence[str]] | None:
        """Pop the next output."""
        return self._machine.poll_output()

    def poll_event(self) -> SessionEvent | None:
        """Pop one event."""
        was_behind = self._is_behind()
        event = self._ready.pop(0) if self._ready else None
        if was_behind and not self._is_behind():
            self._catch_up()
        return event

    def take_events(self) -> list[SessionEvent]:
        """Pop all events."""
        if self._is_behind():
            self._catch_up()
        events, self._ready = self._ready, []
        return events

    def poll_timeout(self) -> float | None:
        """The earliest deadline, of the facts and in the session."""
        inner, own = self._machine.poll_timeout(), self._own_deadline()
        if inner is None or own is None:
            return own if inner is None else inner
        return min(own, inner)

    @property
    def wants_input(self) -> bool:
        """What the session wants: all that the backlog here does not take up stands there."""
        return self._machine.wants_input

    @property
    def closed(self) -> bool:
        """True when the session is closed: nothing is held back from then on."""
        return self._machine.closed

    # From the session's events to ours

    def _own_deadline(self) -> float | None:
        if self._paused_at is not None:
            # How long the pause was is worked out at once, when it is over.
            return self._paused_at if self._machine.wants_input else None
        return min((fact.deadline for fact in self._pending), default=None) if not self._is_behind() else None

    def _begin(self, now: float) -> None:
        """What is due by now went out before what happens now, and what is remembered until now is forgotten."""
        if self._paused_at is not None and self._machine.wants_input:
            pause, self._paused_at = now - self._paused_at, None
            for fact in (*self._pending, *self._past):
                fact.put_off(pause)
        if self._paused_at is None and not self._is_behind():
            self._release_due(now)
            while self._past and self._past[0].until < now:
                self._forget_oldest()

    def _settle(self, now: float) -> None:
        if self._machine.closed:
            self._catch_up()
            self._flush()
        elif not self._is_behind():
            self._catch_up()
        if self._paused_at is None and not self._machine.wants_input:
            self._paused_at = now

    def _catch_up(self) -> None:
        events, ready = self._machine.take_events(), self._ready
        handed_on = 0
        for position in [position for position, event in enumerate(events) if type(event) in REACTIONS]:
            ready += events[handed_on:position]
            REACTIONS[type(events[position])](self, events[position])
            handed_on = position + 1
        ready += events[handed_on:]
        self._release_due(self._read_at)

    def _is_behind(self) -> bool:
        return len(self._ready) >= self._backlog

    # Facts

    def _hold(self, part: JoinedEvent, *, rule: Rule[Any]) -> None:
        """Join the part to its fact, or let it begin one."""
        key, clue = (rule.kind, _place(part), rule.key(part)), rule.clue(part)
        fact = self._find(key, part, clue)
        if fact is None:
            deadline = self._read_at + self._wait
            fact = Fact(rule, key, part, clue, deadline=deadline, until=deadline + self._wait)
            self._facts.setdefault(key, []).append(fact)
            self._await(fact)
        elif (fact not in self._pending or fact.has(part, clue)) and not self._brings_news(fact, part):
            # A frame that is here already can be news: rules that are set back are told by the frame of before.
            fact.drop(part, clue)
            self._merged += 1
        else:
            fact.add(part, clue)
            if fact not in self._pending:
                self._past.remove(fact)
                fact.deadline = min(self._read_at + self._wait, fact.until)
                self._await(fact)
        if fact in self._pending and fact.is_complete:
            self._release(fact)

    def _find(self, key: Hashable, part: JoinedEvent, clue: Clue) -> Fact[Any] | None:
        """The fact that the part fits best: rather not one that went out incomplete, rather an older one.

        One that went out complete, as a gift does with its last chunk, still gets the frames that were under way.
        """
        found, best = None, (0, True)
        for fact in self._facts.get(key, ()):
            if fact.is_anothers(clue) or len(fact.heard) >= MOST_FRAMES or not self._is_near(fact, part):
                continue
            if fact.has(part, clue):
                return fact
            fit = fact.rule.fits(fact, part, clue)
            if fit and (score := (fit, fact in self._pending or fact.is_complete)) > best:
                found, best = fact, score
        return found

    def _is_near(self, fact: Fact[Any], part: JoinedEvent) -> bool:
        """By when the two were read, for what is taken up late has not come late for that."""
        apart: timedelta = part.received_at - fact.parts[0].received_at
        return abs(apart) - timedelta(seconds=fact.paused) <= self._apart

    def _brings_news(self, fact: Fact[Any], part: JoinedEvent) -> bool:
        fields = fact.rule.changes if fact.is_complete else fact.rule.news
        if not fields:
            return False
        joined = fact.rule.join((fact.event, part))
        return any(getattr(joined, field) != getattr(fact.event, field) for field in fields)

    def _await(self, fact: Fact[Any]) -> None:
        self._pending[fact] = None
        if len(self._pending) > self._most:
            self._release(next(iter(self._pending)))

    def _release(self, fact: Fact[Any]) -> None:
        del self._pending[fact]
        self._past.append(fact)
        if len(self._past) > self._most:
            self._forget_oldest()
        self._ready.append(msgspec.structs.replace(fact.event, sources=tuple(part.raw for part in fact.parts)))

    def _release_due(self, now: float) -> None:
        for fact in [fact for fact in self._pending if fact.deadline <= now]:
            self._release(fact)

    def _flush(self) -> None:
        for fact in list(self._pending):
            self._release(fact)

    def _forget_oldest(self) -> None:
        fact = self._past.popleft()
        facts = self._facts[fact.key]
        facts.remove(fact)
        if not facts:
            del self._facts[fact.key]

    # Reactions that hold nothing back

    def _on_end(self, event: SessionEvent) -> None:
        """Nothing more comes of what was under way."""
        self._flush()
        self._ready.append(event)

    def _on_stream_online(self, event: StreamOnline) -> None:
        place = _place(event)
        self._tell_unless(self._streams.get(place) == event.stream_id, event)
        self._remember(self._streams, place, event.stream_id)

    def _on_stream_offline(self, event: StreamOffline) -> None:
        self._streams.pop(_place(event), None)
        self._ready.append(event)

    def _on_leaderboard(self, event: LeaderboardChanged) -> None:
        place = (_place(event), event.unit)
        said = (event.lifetime, event.month, event.week, event.gifter_id, event.gifter, event.gifted)
        self._tell_unless(self._boards.get(place) == said, event)
        self._remember(self._boards, place, said)

    def _tell_unless(self, repeated: bool, event: SessionEvent) -> None:
        if repeated:
            self._merged += 1
        else:
            self._ready.append(event)

    def _remember(self, told: dict[Hashable, ValueT], place: Hashable, what: ValueT) -> None:
        told.pop(place, None)
        told[place] = what
        if len(told) > self._most:
            del told[next(iter(told))]


REACTIONS: Mapping[type, Callable[[Merge, Any], None]] = {
    Subscribed: partial(Merge._hold, rule=SUBSCRIPTION),
    Resubscribed: partial(Merge._hold, rule=SUBSCRIPTION),
    GiftedSubscriptions: partial(Merge._hold, rule=GIFT),
    RaidReceived: partial(Merge._hold, rule=RAID),
    ChatSettingsChanged: partial(Merge._hold, rule=SETTINGS),
    LeaderboardChanged: Merge._on_leaderboard,
    StreamOnline: Merge._on_stream_online,
    StreamOffline: Merge._on_stream_offline,
    Down: Merge._on_end,
    GaveUp: Merge._on_end,
}
"""What is not handed on as it is."""
