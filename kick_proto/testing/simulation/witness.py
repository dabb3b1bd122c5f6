"""A session with a witness beside it: every input, output and event is compared with what must be.

``Witness`` is a machine around a session, and takes its place below a ``Merge`` or a ``Framing``. It tells a
``Lifeline``, a ``Reckoning`` and a ``Ledger`` the same as the session, and raises ``Violation`` where the session does
anything else than they say. Commands are called here; it knows which are legal.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import assert_never

from kick_proto.errors import LocalProtocolError
from kick_proto.frames import PING, PONG, parse_frame
from kick_proto.ids import Channel, Topic, topics_of
from kick_proto.lifecycle import Down, GaveUp, Up
from kick_proto.machine import Cancel, Close, Input, Open, Output, Received, Transmit
from kick_proto.pusher import App
from kick_proto.session import Config, Session, SessionEvent, State, Timer
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.ledger import TOLD_OF_AN_ATTEMPT, Ledger
from kick_proto.testing.simulation.lifeline import Ended, Lifeline, Stage
from kick_proto.testing.simulation.reckoning import Dial, Over, Reckoning, Wait
from kick_proto.testing.voice import parse_asked, parse_topic

__all__ = ["Witness"]

MOST_SENDS = 64
"""Subscribes and unsubscribes whose times are kept: windows that begin further back are not looked at."""


SLACK = 1e-6
"""Seconds, and tokens: what reckoning in another order may change."""


class Witness:
    """The machine around ``session``; see the module's docstring."""

    def __init__(self, session: Session, config: Config, app: App) -> None:
        self.session = session
        self.ledger = Ledger(config)
        self.line: Lifeline | None = None
        self.handed: list[SessionEvent] = []
        self._config = config
        self._timeouts = app.timeouts
        self._reckoning = Reckoning(app.endpoints, config.backoff)
        self._outputs: deque[Output[Sequence[str]]] = deque()
        self._dial_by: float | None = None
        self._dial_now = False
        self._is_over = False
        self._may_still_talk = False
        self._gap_from: float | None = None
        self._last_ref = 0
        self._sends: deque[float] = deque(maxlen=MOST_SENDS)

    # Commands

    def connect(self, now: float) -> None:
        """Tell the session to begin."""
        self._dial_now = self.session.state is State.IDLE
        self.session.connect(now)
        self._see(now)

    def subscribe(self, now: float, channel: Channel, topics: Iterable[Topic] | None = None) -> None:
        """Tell the session to want topics."""
        chosen = list(topics_of(channel) if topics is None else topics)
        wanted = self.ledger.wanted
        new = {topic: channel for topic in chosen if topic not in wanted}
        legal = self._takes_wishes and len(wanted) + len(new) <= self._config.max_topics
        try:
            self.session.subscribe(now, channel, topics)
        except LocalProtocolError:
            self._must_be(legal=not legal)
        else:
            self._must_be(legal=legal)
            kept = [topic for topic in new if self.line is not None and topic in self.line.confirmed]
            self.ledger.allow(len(kept))
            self.ledger.want(new, kept)
        self._see(now)

    def unsubscribe(self, now: float, channel: Channel) -> None:
        """Tell the session to want a channel no more."""
        dropped = [topic for topic in topics_of(channel) if topic in self.ledger.wanted]
        legal = self._takes_wishes and bool(dropped)
        try:
            self.session.unsubscribe(now, channel)
        except LocalProtocolError:
            self._must_be(legal=not legal)
        else:
            self._must_be(legal=legal)
            for topic in dropped:
                self.ledger.forget(topic)
                if self.line is not None:
                    self.line.refused.discard(topic)
        self._see(now)

    def close(self, now: float) -> None:
        """Tell the session to end."""
        self.session.close(now)
        self._dial_by, line = None, self.line
        gives_up = line is not None and line.stage in (Stage.OPENING, Stage.HANDSHAKING, Stage.UP)
        if line is not None:
            line.close(now)
        self._is_over = line is None or line.stage is Stage.OVER
        self._see(now, gives_up=gives_up)

    @property
    def _takes_wishes(self) -> bool:
        closing = self.line is not None and self.line.stage is Stage.CLOSING
        return not self._is_over and not closing

    def _must_be(self, *, legal: bool) -> None:
        if not legal:
            raise Violation(Law.INTERFACE, "a command was taken that is illegal, or refused though it is legal")

    # The machine interface

    def handle_input(self, now: float, received: Input[Sequence[str]]) -> None:
        """Take in what happened to a socket."""
        self.session.handle_input(now, received)
        line, ended = self.line, None
        if line is not None and received.ref == line.ref:
            ended = line.hear(now, received)
            if isinstance(received, Received):
                self._book(now, line, received.unix_now)
        self._see(now, ended, gives_up=ended is not None and ended.ours)

    def handle_timeout(self, now: float) -> None:
        """Fire what is due."""
        is_reading = self.session.wants_input
        self.session.handle_timeout(now)
        ended = None
        if self._dial_by is not None and now >= self._dial_by:
            self._dial_by, self._dial_now = None, True
        elif self.line is not None:
            ended = self.line.pass_time(now, is_reading=is_reading)
        self._see(now, ended, gives_up=ended is not None and ended.ours)
        at = self.session.poll_timeout()
        if at is not None and at <= now:
            raise Violation(Law.INTERFACE, f"handle_timeout({now}) leaves {at} as the time of the next")

    def poll_output(self) -> Output[Sequence[str]] | None:
        """Pop the next output."""
        return self._outputs.popleft() if self._outputs else None

    def poll_event(self) -> SessionEvent | None:
        """Pop one event."""
        event = self.session.poll_event()
        self._delivered([event] if event is not None else [])
        return event

    def take_events(self) -> list[SessionEvent]:
        """Pop all events."""
        events = self.session.take_events()
        self._delivered(events)
        self.ledger.delivered_all()
        return events

    def poll_timeout(self) -> float | None:
        """The earliest deadline."""
        return self.session.poll_timeout()

    @property
    def wants_input(self) -> bool:
        """What the session wants."""
        return self.session.wants_input

    @property
    def closed(self) -> bool:
        """True after the end."""
        return self.session.closed

    # What must be, after each step

    def _delivered(self, events: list[SessionEvent]) -> None:
        self.handed += events
        self.ledger.deliver(events)
        self.ledger.mark()
        self._see_reading()

    def _book(self, now: float, line: Lifeline, unix_now: float) -> None:
        for told in line.told:
            if told.kind == "up":
                gap = None if self._gap_from is None else now - self._gap_from
                self.ledger.stats.reconnects += gap is not None
                self._reckoning.worked()
                self.ledger.expect(Up(self._reckoning.cluster, told.word, gap))
            else:
                self.ledger.book(told, unix_now)
        line.told.clear()

    def _see(self, now: float, ended: Ended | None = None, *, gives_up: bool = False) -> None:
        """Look at all that can be seen of the session."""
        outputs: list[Output[Sequence[str]]] = list(iter(self.session.poll_output, None))
        self._outputs.extend(outputs)
        line = self.line
        if ended is not None and line is not None:
            self._on_end(now, line, ended)
        self.ledger.mark()
        if gives_up is not any(isinstance(output, Close | Cancel) for output in outputs):
            raise Violation(Law.ON_TIME, f"a socket is given up at {now}: must {gives_up=}, did {outputs}")
        self._may_still_talk = gives_up and ended is not None and ended.stage is Stage.UP
        for output in outputs:
            self._see_output(now, line, output)
        if self._dial_now:
            raise Violation(Law.ON_TIME, f"a connection is due at {now}, and is not asked for")
        if line is not None:
            self._see_answers(line, ended)
        self._see_timeout(now)
        self._see_reading()
        self._see_wishes()
        self.ledger.audit(self.session.stats())

    def _on_end(self, now: float, line: Lifeline, ended: Ended) -> None:
        self.line = None
        if ended.stage is Stage.CLOSING:
            self._is_over = True
            return
        uptime = now - line.up_at if ended.stage is Stage.UP else None
        if uptime is not None:
            self._gap_from = line.heard_at
        cluster = self._reckoning.cluster
        verdict = self._reckoning.after(ended.code, uptime)
        planned: float | None = 0.0
        match verdict:
            case Dial():
                self._dial_now = True
            case Wait(least=least, most=most):
                planned = self._see_pause(now, least, most)
            case Over():
                planned, self._is_over = None, True
            case _:
                assert_never(verdict)
        self.ledger.allow(TOLD_OF_AN_ATTEMPT)
        self.ledger.expect(Down(cluster, ended.code, "", planned))
        if planned is None:
            self.ledger.expect(GaveUp("", ended.code))

    def _see_pause(self, now: float, least: float, most: float) -> float:
        """The session waits before it dials again: not less and not more than it must."""
        at = self.session.poll_timeout()
        if self.session.state is not State.WAITING or at is None:
            raise Violation(Law.REDIAL, f"{self.session.state} where a pause of {least:g} to {most:g} s is due")
        if not least - SLACK <= at - now <= most + SLACK:
            raise Violation(Law.REDIAL, f"a pause of {at - now} s where it must be {least:g} to {most:g} s")
        self._dial_by = at
        return at - now

    def _see_output(self, now: float, line: Lifeline | None, output: Output[Sequence[str]]) -> None:
        match output:
            case Open(ref=ref, host=host):
                self._see_open(now, ref, host)
            case Close() | Cancel():
                if line is None or output.ref != line.ref:
                    raise Violation(Law.INTERFACE, f"{output} is for a socket of the past")
                self._may_still_talk = False
            case Transmit(ref=ref, data=texts):
                if line is None or ref != line.ref:
                    raise Violation(Law.SILENCE, f"{output} is for a socket of the past")
                for text in texts:
                    self._see_text(now, line, text)
            case _:
                assert_never(output)

    def _see_open(self, now: float, ref: int, host: str) -> None:
        if not self._dial_now:
            raise Violation(Law.ON_TIME, f"a connection is asked for at {now}, and none is due")
        if host != self._reckoning.host:
            raise Violation(Law.REDIAL, f"{host} is dialled where {self._reckoning.host} is next")
        if ref <= self._last_ref:
            raise Violation(Law.INTERFACE, f"ref {ref} was there before")
        self._last_ref, self._dial_now = ref, False
        self.line = Lifeline(now, ref, self._timeouts)

    def _see_text(self, now: float, line: Lifeline, text: str) -> None:
        if text == PONG:
            line.pongs_due -= 1
        elif text == PING:
            line.pings_due -= 1
        else:
            self._see_wish(now, line, text)

    def _see_wish(self, now: float, line: Lifeline, text: str) -> None:
        """A subscribe or an unsubscribe was sent."""
        event = parse_frame(text).event
        if line.stage is not Stage.UP and not self._may_still_talk:
            law = Law.SILENCE if line.stage in (Stage.CLOSING, Stage.OVER) else Law.SUBSCRIPTIONS
            raise Violation(law, f"{text} is sent while the socket is {line.stage.value}")
        topic = Topic(parse_topic(parse_asked(text).data))
        is_asked = topic in line.pending or topic in line.confirmed
        is_wanted = topic in self.ledger.wanted
        if event == "pusher:subscribe" and is_wanted and not is_asked:
            line.ask(now, topic)
        elif event == "pusher:unsubscribe" and topic in line.confirmed and not is_wanted:
            line.confirmed.discard(topic)
        else:
            raise Violation(Law.SUBSCRIPTIONS, f"{text} is sent, {is_asked=} {is_wanted=} on this socket")
        self._sends.append(now)
        for back, at in enumerate(reversed(self._sends), 1):
            if back > self._config.send_burst + self._config.send_rate * (now - at) + SLACK:
                raise Violation(Law.BUCKET, f"{back} subscribes and unsubscribes within {now - at:g} s")

    def _see_answers(self, line: Lifeline, ended: Ended | None) -> None:
        if line.pongs_due and (ended is None or line.pongs_due < 0):
            raise Violation(Law.PONGS, f"{line.pongs_due} pings are not answered in the step that brought them")
        if line.pings_due:
            raise Violation(Law.ON_TIME, f"{line.pings_due} pings too few are sent")
        line.pongs_due = 0

    def _see_timeout(self, now: float) -> None:
        at = self.session.poll_timeout()
        if self._is_over or self.session.closed:
            self._see_the_end(now, at)
            return
        due = self._dial_by if self.line is None else self.line.next_at()
        paced = Timer.SEND in self.session.timers
        is_right = due == at if due is None or at is None else abs(at - due) <= SLACK or (paced and at < due)
        if not is_right:
            raise Violation(Law.ON_TIME, f"the next deadline is said to be {at}, and is {due} (now {now})")

    def _see_the_end(self, now: float, at: float | None) -> None:
        if self.session.closed is not self._is_over:
            raise Violation(Law.REDIAL, f"closed is {self.session.closed} at {now}, and must be {self._is_over}")
        if at is not None:
            raise Violation(Law.SILENCE, f"a closed session waits for {at}")

    def _see_reading(self) -> None:
        wants = not self.ledger.is_lagging or self.session.state is not State.UP
        if self.session.wants_input is not wants:
            raise Violation(Law.BOUNDED, f"wants_input is {not wants} against the marks")

    def _see_wishes(self) -> None:
        """With nothing left to send, all that is wanted is asked for, and all that is not has been left."""
        line = self.line
        if line is None or line.stage is not Stage.UP or Timer.SEND in self.session.timers:
            return
        wanted = self.ledger.wanted.keys()
        if lost := wanted - line.pending.keys() - line.confirmed - line.refused:
            raise Violation(Law.SUBSCRIPTIONS, f"{min(lost)} is wanted, and was not asked for")
        if kept := line.confirmed - wanted:
            raise Violation(Law.SUBSCRIPTIONS, f"{min(kept)} is not wanted, and is kept")
