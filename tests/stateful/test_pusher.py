"""One Pusher connection against a model: what is subscribed, what is under way, and what is waited for until when."""

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
from kick_proto.provider import Confirmed, Connected, Disconnected, Refused
from kick_proto.pusher import Connection, State, Timeouts, Timer
from kick_proto.testing import strategies
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


class ConnectionLife(RuleBasedStateMachine):
    """Whatever happens to a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.model = Model()
        self.machine: Connection = connection(LIMITS)

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

    @initialize(depth=st.sampled_from([0, 1, 2, 3, 4, 4, 4]))
    def begin(self, depth: int) -> None:
        """Most lives begin further on."""
        if depth > 0:
            self.connect()
        if depth > 1:
            self.open()
        if depth > 2:
            self.establish(120)
        if depth > 3:
            self.subscribe(TOPICS[0])

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

    @rule(told=st.lists(strategies.frames(FOX), min_size=1, max_size=3), pings=st.integers(0, 2))
    def tell(self, told: list[Frame], pings: int) -> None:
        """Frames of Kick's go up as they are, in order, and each ping gets its pong."""
        live = self.model.state in (State.HANDSHAKING, State.CONNECTED)
        self.read(*[PING] * pings, *map(encode_frame, told))
        self.expect([Transmit(1, [PONG])] * pings if live else [], list(told) if live else [])

    @rule(text=strategies.malformed_texts(FOX))
    def garble(self, text: str) -> None:
        self.read(text)
        made, told = self.seen()
        live = self.model.state in (State.HANDSHAKING, State.CONNECTED)
        assert (made, [each.text for each in told]) == ([], [text] if live else [])

    @rule()
    def pong(self) -> None:
        self.read(PONG)
        self.expect()

    @rule(code=st.sampled_from([1000, 1006, 4001, 4004, 4100, 4200, 4300]))
    def end(self, code: int) -> None:
        before = self.model.state
        self.machine.handle_input(self.now, Closed(1, code))
        if before is State.CLOSING:
            self.expect_end([], 1000, Advice.STOP)
        elif before in (State.IDLE, State.CLOSED):
            self.expect()
        else:
            self.expect_end([], code, self.advice(code))

    @rule()
    def fail(self) -> None:
        before = self.model.state
        self.machine.handle_input(self.now, Failed(1, "no route"))
        if before is State.CLOSING:
            self.expect_end([], 1000, Advice.STOP)
        elif before in (State.IDLE, State.CLOSED):
            self.expect()
        else:
            self.expect_end([], 1006, self.advice(1006))

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
        """The next timer, on time: just before it nothing happens."""
        self.machine.handle_timeout(max(self.now, at - 0.001))
        self.expect()
        self.now, model = at, self.model
        timer = min(timer for timer, due in model.due.items() if due <= at)
        self.machine.handle_timeout(at)
        match timer:
            case Timer.ACTIVITY:
                del model.due[Timer.ACTIVITY]
                model.due[Timer.PONG] = at + LIMITS.pong
                self.expect([Transmit(1, [PING])])
            case Timer.CLOSE:
                self.expect_end([], 1000, Advice.STOP)
            case Timer.OPEN:
                self.expect_end([Cancel(1)], 1006, Advice.NEXT_ENDPOINT)
            case Timer.HANDSHAKE:
                self.expect_end([Close(1, 1000)], 1006, Advice.NEXT_ENDPOINT)
            case Timer.CONFIRM | Timer.PONG:
                self.expect_end([Close(1, 1000)], 1006, Advice.BACK_OFF)

    # What holds always

    @invariant()
    def they_agree(self) -> None:
        machine, model = self.machine, self.model
        assert (machine.state, machine.closed) == (model.state, model.state is State.CLOSED)
        assert machine.timers == set(model.due)
        assert machine.poll_timeout() == min(model.due.values(), default=None)
        assert {topic for topic in TOPICS if machine.is_confirmed(topic)} == model.confirmed
        assert {topic for topic in TOPICS if machine.is_asked(topic)} == {*model.pending, *model.confirmed}


TestConnectionLife = ConnectionLife.TestCase
TestConnectionLife.settings = LIFE
