"""One Pusher connection against a model: what is subscribed, what is under way, and what is waited for until when."""

import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kick_proto.backoff import Advice
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import PING, PONG, Frame, encode_frame, encode_subscribe, encode_unsubscribe
from kick_proto.ids import Topic, topics_of
from kick_proto.machine import Cancel, Close, Closed, Failed, Open, Opened, Received, Transmit
from kick_proto.provider import Confirmed, Connected, Disconnected, ErrorReceived, Refused
from kick_proto.pusher import ERROR_COUNTS_FOR, MOST_BEFORE_HANDSHAKE, Connection, State, Timeouts, Timer
from kick_proto.testing.faults import MALFORMED
from tests.scenes import FOX, connection
from tests.stateful import LIFE

TOPICS = topics_of(FOX)[:2]
LIMITS = Timeouts()
topics = st.sampled_from(TOPICS)


class Model:
    """What must be so. ``due`` has each timer's moment; ``leaving`` is a part of ``pending``."""

    def __init__(self) -> None:
        self.state = State.IDLE
        self.activity = LIMITS.activity
        self.pending: dict[Topic, float] = {}
        self.confirmed: set[Topic] = set()
        self.leaving: set[Topic] = set()
        self.due: dict[Timer, float] = {}
        self.early = 0
        """Texts before the handshake."""
        self.error: tuple[float, int] | None = None

    def become(self, state: State, **due: float) -> None:
        self.state = state
        self.due = {Timer[name.upper()]: at for name, at in due.items()}

    def heard(self, now: float) -> None:
        self.due.pop(Timer.PONG, None)
        self.due[Timer.ACTIVITY] = now + self.activity

    def watch(self) -> None:
        self.due.pop(Timer.CONFIRM, None)
        if self.pending:
            self.due[Timer.CONFIRM] = min(self.pending.values())


ENDS: dict[Timer, tuple[list[Any], int, Advice]] = {
    Timer.CLOSE: ([], 1000, Advice.STOP),
    Timer.OPEN: ([Cancel(1)], 1006, Advice.NEXT_ENDPOINT),
    Timer.HANDSHAKE: ([Close(1, 1000)], 1006, Advice.NEXT_ENDPOINT),
    Timer.CONFIRM: ([Close(1, 1000)], 1006, Advice.BACK_OFF),
    Timer.PONG: ([Close(1, 1000)], 1006, Advice.BACK_OFF),
}
"""The timers that end a connection, and how. While nobody reads, a silence proves nothing."""
TOLD = st.builds(
    Frame,
    st.sampled_from(["x", "App\\Events\\ChatMessageEvent", "pusher:cache_miss"]),
    topics,
    st.sampled_from(["{}", "", '{"a":[1]}']),
)

few_texts = precondition(lambda self: self.model.early <= MOST_BEFORE_HANDSHAKE - 5)
"""There may be a few texts more before the handshake."""


class ConnectionLife(RuleBasedStateMachine):
    """Whatever happens to one connection after another."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.model = Model()
        self.machine: Connection = connection(LIMITS)
        self.depths = itertools.cycle([6, 4, None, 5, 2, 6, 3, 4, 1, 5, 0])

    def seen(self) -> tuple[list[Any], list[Any]]:
        return list(iter(self.machine.poll_output, None)), self.machine.take_events()

    def expect(self, outputs: list[Any] | None = None, events: list[Any] | None = None) -> None:
        assert self.seen() == (outputs or [], events or [])

    def expect_end(self, outputs: list[Any], code: int, advice: Advice) -> None:
        made, (end,) = self.seen()
        assert (made, type(end), end.code, end.advice) == (outputs, Disconnected, code, advice)
        self.model.become(State.CLOSED)

    def refuses(self, command: Callable[..., object], *arguments: object) -> None:
        with pytest.raises(LocalProtocolError):
            command(self.now, *arguments)
        self.expect()

    def read(self, *texts: str) -> None:
        self.machine.handle_input(self.now, Received(1, list(texts), 0.0))
        if self.model.state is State.CONNECTED:
            self.model.heard(self.now)
        elif self.model.state is State.HANDSHAKING:
            self.model.early += len(texts)

    # Commands

    @rule()
    def connect(self) -> None:
        if self.model.state is not State.IDLE:
            self.refuses(self.machine.connect)
            return
        self.machine.connect(self.now)
        (made,), told = self.seen()
        assert (type(made), made.ref, told) == (Open, 1, [])
        self.model.become(State.OPENING, open=self.now + LIMITS.open)

    @initialize(depth=st.sampled_from([0, 1, 2, 3, 4, 5, 6]))
    def begin(self, depth: int) -> None:
        """Most begin further on: connected, with a subscription, confirmed, or waiting for a pong."""
        if depth > 0:
            self.connect()
        if depth > 1:
            self.open()
        if depth > 2:
            self.establish(120)
        if depth > 3:
            self.subscribe(TOPICS[0])
            self.wait(0.5)
        if depth > 4:
            self.confirm(TOPICS[0])
        if depth > 5:
            self.be_due()

    def be_talked_to(self) -> None:
        """By somebody who has much to say, and no handshake."""
        self.connect()
        self.open()
        self.chatter(is_too_much=True)

    def begin_again(self) -> None:
        """What is over is silent for good, whatever is said to it; the rest of the life is the next connection's."""
        for rest in (self.connect, self.open, self.close, self.pong, self.fail):
            rest()
        for topic in TOPICS:
            self.subscribe(topic)
            self.unsubscribe(topic)
            self.confirm(topic)
            self.refuse(topic)
        self.agree()
        self.model, self.machine = Model(), connection(LIMITS)
        depth = next(self.depths)
        if depth is None:
            self.be_talked_to()
        else:
            self.begin(depth)

    @rule(topic=topics)
    def subscribe(self, topic: Topic) -> None:
        model = self.model
        asked = topic in model.confirmed or (topic in model.pending and topic not in model.leaving)
        if model.state is not State.CONNECTED or asked:
            self.refuses(self.machine.subscribe, topic)
            return
        self.machine.subscribe(self.now, topic)
        if topic in model.leaving:
            model.leaving.discard(topic)
            self.expect()
        else:
            model.pending[topic] = self.now + LIMITS.confirm
            model.watch()
            self.expect([Transmit(1, [encode_subscribe(topic)])])

    @rule(topic=topics)
    def unsubscribe(self, topic: Topic) -> None:
        model = self.model
        if model.state is not State.CONNECTED or topic not in {*model.pending, *model.confirmed}:
            self.refuses(self.machine.unsubscribe, topic)
            return
        self.machine.unsubscribe(self.now, topic)
        if topic in model.pending:
            model.leaving.add(topic)
            self.expect()
        else:
            model.confirmed.discard(topic)
            self.expect([Transmit(1, [encode_unsubscribe(topic)])])

    @rule()
    def close(self) -> None:
        before = self.model.state
        self.machine.close(self.now)
        match before:
            case State.OPENING:
                self.expect_end([Cancel(1)], 1000, Advice.STOP)
            case State.HANDSHAKING | State.CONNECTED:
                self.expect([Close(1, 1000)])
                self.model.become(State.CLOSING, close=self.now + LIMITS.close)
            case State.IDLE:
                self.expect()
                self.model.become(State.CLOSED)
            case _:
                self.expect()

    # What the world does

    @rule()
    def open(self) -> None:
        self.machine.handle_input(self.now, Opened(1))
        self.expect()
        if self.model.state is State.OPENING:
            self.model.become(State.HANDSHAKING, handshake=self.now + LIMITS.handshake)

    @few_texts
    @rule(seconds=st.sampled_from([0, 1, 30, 120, 500]))
    def establish(self, seconds: int) -> None:
        data = msgspec.json.encode({"socket_id": "1.2", "activity_timeout": seconds}).decode()
        before = self.model.state
        self.read(encode_frame(Frame("pusher:connection_established", "", data)))
        if before is State.HANDSHAKING:
            self.expect(events=[Connected("1.2")])
            self.model.become(State.CONNECTED)
            self.model.activity = min(LIMITS.activity, seconds or LIMITS.activity)
            self.model.heard(self.now)
        else:
            self.expect()

    @few_texts
    @rule(topic=topics, then=st.lists(st.sampled_from(["subscribe", "unsubscribe", "confirm", "refuse"]), max_size=4))
    def waver(self, topic: Topic, then: list[str]) -> None:
        """A wish that is taken back before it is confirmed, and what may come of it."""
        self.subscribe(topic)
        self.unsubscribe(topic)
        for each in then:
            getattr(self, each)(topic)

    @few_texts
    @rule(topic=topics)
    def confirm(self, topic: Topic) -> None:
        model = self.model
        self.read(encode_frame(Frame("pusher_internal:subscription_succeeded", topic, "{}")))
        if model.state is not State.CONNECTED or model.pending.pop(topic, None) is None:
            self.expect()
            return
        model.watch()
        if topic in model.leaving:
            model.leaving.discard(topic)
            self.expect([Transmit(1, [encode_unsubscribe(topic)])])
        else:
            model.confirmed.add(topic)
            self.expect(events=[Confirmed(topic)])

    @few_texts
    @rule(topic=topics)
    def refuse(self, topic: Topic) -> None:
        model = self.model
        self.read(encode_frame(Frame("pusher:subscription_error", topic, '{"message":"no"}')))
        if model.state is not State.CONNECTED or model.pending.pop(topic, None) is None:
            self.expect()
            return
        model.watch()
        model.leaving.discard(topic)
        self.expect(events=[Refused(topic, "no")])

    @few_texts
    @rule(told=st.lists(TOLD, min_size=1, max_size=3), pings=st.integers(0, 2))
    def tell(self, told: list[Frame], pings: int) -> None:
        """Frames of Kick's go up as they are, in order, and each ping gets its pong."""
        live = self.model.state in (State.HANDSHAKING, State.CONNECTED)
        self.read(*[PING] * pings, *map(encode_frame, told))
        self.expect([Transmit(1, [PONG])] * pings if live else [], list(told) if live else [])

    @few_texts
    @rule(text=st.sampled_from(MALFORMED))
    def garble(self, text: str) -> None:
        self.read(text)
        made, told = self.seen()
        live = self.model.state in (State.HANDSHAKING, State.CONNECTED)
        assert (made, [each.text for each in told]) == ([], [text] if live else [])

    @few_texts
    @rule()
    def pong(self) -> None:
        self.read(PONG)
        self.expect()

    @few_texts
    @rule(code=st.sampled_from([None, 4001, 4200, 4301]), ends_after=st.sampled_from([None, 4.9, 5.1]))
    def complain(self, code: int | None, ends_after: float | None) -> None:
        """An error is the end of a handshake; of a connection that is up it is none, but may explain one."""
        self.hear_complaint(code)
        if ends_after is not None:
            self.end(1006, ends_after)

    def hear_complaint(self, code: int | None) -> None:
        before = self.model.state
        self.read(encode_frame(Frame("pusher:error", "", msgspec.json.encode({"code": code, "message": "x"}).decode())))
        if before not in (State.HANDSHAKING, State.CONNECTED):
            self.expect()
            return
        made, (told, *end) = self.seen()
        assert told == ErrorReceived(code, "x")
        if code is None or before is State.CONNECTED:
            assert (made, end) == ([], [])
            self.model.error = (self.now, code) if code is not None else self.model.error
        else:
            assert (made, [each.code for each in end]) == ([Close(1, 1000)], [code])
            assert end[0].advice is self.advice(code)
            self.model.become(State.CLOSED)

    @precondition(lambda self: self.model.state is State.HANDSHAKING)
    @rule(is_too_much=st.booleans())
    def chatter(self, is_too_much: bool) -> None:
        """Who talks, and does not answer the handshake, is heard for so long and no longer."""
        said = Frame("x", "", "{}")
        left = MOST_BEFORE_HANDSHAKE - self.model.early
        self.read(*[encode_frame(said)] * (left + is_too_much))
        made, told = self.seen()
        assert (told[:left], made) == ([said] * left, [Close(1, 1000)] if is_too_much else [])
        if is_too_much:
            assert [each.code for each in told[left:]] == [1002]
            self.model.become(State.CLOSED)

    @rule(count=st.integers(0, 3))
    def read_nothing(self, count: int) -> None:
        """Who does not read hears no sign of life, and must not take that for silence."""
        self.machine.reading = False
        for _ in range(count):
            if self.model.due:
                self.be_due()
        self.machine.reading = True

    @rule(code=st.sampled_from([1000, 1006, 4001, 4004, 4100, 4200, 4300]), after=st.sampled_from([0.0, 4.9, 5.1]))
    def end(self, code: int, after: float) -> None:
        self.wait(after)
        before = self.model.state
        self.machine.handle_input(self.now, Closed(1, code))
        if before is State.CLOSING:
            self.expect_end([], 1000, Advice.STOP)
        elif before in (State.IDLE, State.CLOSED):
            self.expect()
        else:
            self.expect_end([], self.explained(code), self.advice(self.explained(code)))

    @rule()
    def fail(self) -> None:
        before = self.model.state
        self.machine.handle_input(self.now, Failed(1, "no route"))
        if before is State.CLOSING:
            self.expect_end([], 1000, Advice.STOP)
        elif before in (State.IDLE, State.CLOSED):
            self.expect()
        else:
            self.expect_end([], self.explained(1006), self.advice(self.explained(1006)))

    def explained(self, code: int) -> int:
        """A close without a code of its own has that of an error just before it."""
        error = self.model.error
        is_recent = error is not None and self.now - error[0] <= ERROR_COUNTS_FOR
        return error[1] if error is not None and is_recent and not 4000 <= code < 5000 else code

    def advice(self, code: int) -> Advice:
        special = {4001: Advice.WRONG_ENDPOINT, 4004: Advice.STOP, 4100: Advice.PAUSE, 4200: Advice.AT_ONCE}
        early = self.model.state in (State.OPENING, State.HANDSHAKING)
        return special.get(code, Advice.NEXT_ENDPOINT if early else Advice.BACK_OFF)

    @rule(ref=st.sampled_from([0, 2]), kind=st.sampled_from([Opened, Closed]))
    def hear_of_another(self, ref: int, kind: type[Opened | Closed]) -> None:
        self.machine.handle_input(self.now, kind(ref))
        self.expect()

    # Time

    @rule(seconds=st.sampled_from([0.0, 0.5, 4.9, 29.0]))
    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (at := min(self.model.due.values(), default=until + 1.0)) <= until:
            self.fire(at)
        self.now = until
        self.machine.handle_timeout(until)
        self.expect()

    @precondition(lambda self: self.model.due)
    @rule()
    def be_due(self) -> None:
        self.fire(min(self.model.due.values()))

    def fire(self, at: float) -> None:
        """What is due next, on time: just before it nothing happens, and what is due together fires together."""
        self.machine.handle_timeout(max(self.now, at - 0.001))
        self.expect()
        self.now, model = at, self.model
        timers = sorted(timer for timer, due in model.due.items() if due <= at)
        self.machine.handle_timeout(at)
        made: list[Any] = []
        for timer in timers:
            if timer in ENDS and (self.machine.reading or timer not in (Timer.CONFIRM, Timer.PONG)):
                output, code, advice = ENDS[timer]
                self.expect_end(made + output, code, advice)
                return
            if timer is Timer.CONFIRM:
                model.pending = dict.fromkeys(model.pending, at + LIMITS.confirm)
                model.watch()
            else:
                model.due.pop(Timer.ACTIVITY, None)
                model.due[Timer.PONG] = at + LIMITS.pong
                made.append(Transmit(1, [PING]))
        self.expect(made)

    # What holds always

    @invariant()
    def they_agree(self) -> None:
        self.agree()
        if self.model.state is State.CLOSED:
            self.begin_again()

    def agree(self) -> None:
        machine, model = self.machine, self.model
        assert (machine.state, machine.closed) == (model.state, model.state is State.CLOSED)
        assert machine.timers == set(model.due)
        assert machine.poll_timeout() == min(model.due.values(), default=None)
        assert {topic for topic in TOPICS if machine.is_confirmed(topic)} == model.confirmed
        assert {topic for topic in TOPICS if machine.is_asked(topic)} == {*model.pending, *model.confirmed}


TestConnectionLife = ConnectionLife.TestCase
TestConnectionLife.settings = LIFE
