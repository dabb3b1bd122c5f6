"""A framing against a server that writes bytes and a model that knows where in them each message ends.

However the bytes are cut into reads, a text is delivered by the read that ends it, whole and in order; a ping gets its
pong; a close frame is answered once; and what the wrapped machine says is what the server reads.
"""

import itertools
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kick_proto.machine import Cancel, Close, Closed, Failed, Open, Opened, Received, Transmit
from kick_proto.websocket import Limits, State
from tests.framed import ANSWER, UNIX, Script, World, say, spelled
from tests.stateful import LIFE
from tests.streams import closing, frame

LIMITS = Limits(message=40_000)
words = st.text(max_size=12) | st.sampled_from([5, 14, 3_000]).map(lambda count: "é€\N{FOX FACE}" * count)
codes = st.sampled_from([1000, 1001, 1011, 4001, 4200])
at_once = st.booleans()
"""Whether what is written is read before anything else happens."""
WRONG = {b"\x83\x00": 1002, b"\x81\x80": 1002, b"\xc1\x00": 1002, b"\x81\x7e\xff\xff": 1009}
"""Headers that no server may send, and the code that says so: the last is a message beyond the limit."""


class Mark(NamedTuple):
    """Where in the server's bytes something ends, and what that is."""

    end: int
    kind: str
    value: Any


def wordless(output: Any) -> Any:
    """An output without the words of a close frame."""
    return (*output[:2], output[2][0]) if isinstance(output, tuple) and output[1] == "CLOSE" else output


class FramingLife(RuleBasedStateMachine):
    """Whatever happens to one WebSocket after another."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Script(), LIMITS)
        self.ref = 0
        self.state = State.CLOSED
        self.stream = b""
        self.read_upto = 0
        self.marks: list[Mark] = []
        self.due_at: float | None = None

    @initialize(depth=st.sampled_from([0, 1, 2, 3, 3, 4]))
    def begin(self, depth: int) -> None:
        """Most begin with an open WebSocket, some with one that is being closed."""
        if depth > 0:
            self.dial()
        if depth > 1:
            self.accept()
        if depth > 2:
            self.read(len(ANSWER))
        if depth > 3:
            self.close(1000)

    @precondition(lambda self: self.state is State.CLOSED)
    @rule(depth=st.sampled_from([3, 3, 4]))
    def begin_again(self, depth: int) -> None:
        self.begin(depth)

    def expect(self, outputs: list[object] | None = None, heard: list[Any] | None = None) -> None:
        """An empty read is a sign of life, and no more: whether there is one is not this model's matter."""
        assert [spelled(each) for each in self.world.outputs()] == (outputs or [])
        told = [each for each in self.world.heard() if not isinstance(each, Received) or each.data]
        assert told == (heard or [])

    @property
    def over(self) -> bool:
        """Whether the server has written its last."""
        return any(mark.kind in ("close", "wrong") for mark in self.marks)

    def finish(self) -> None:
        self.state, self.due_at = State.CLOSED, None

    # What the wrapped machine wants

    @precondition(lambda self: self.state is State.CLOSED)
    @rule()
    def dial(self) -> None:
        self.ref += 1
        opening = Open(self.ref, "ws.example", 443, tls=True, target="/app/k")
        say(self.world, opening)
        self.expect([opening])
        self.state, self.stream, self.read_upto, self.marks = State.OPENING, ANSWER, 0, []
        self.marks.append(Mark(len(ANSWER), "answer", None))

    @rule(texts=st.lists(words, min_size=1, max_size=3))
    def send(self, texts: list[str]) -> None:
        say(self.world, Transmit(self.ref, texts))
        self.expect([(self.ref, "TEXT", text) for text in texts] if self.state is State.OPEN else [])

    @rule(code=codes)
    def close(self, code: int) -> None:
        say(self.world, Close(self.ref, code, "bye"))
        if self.state is State.OPEN:
            self.expect([(self.ref, "CLOSE", (code, "bye"))])
            self.state, self.due_at = State.CLOSING, self.world.now + LIMITS.close
        else:
            self.expect()

    @rule()
    def cancel(self) -> None:
        say(self.world, Cancel(self.ref))
        self.expect(
            [] if self.state is State.CLOSED else [Cancel(self.ref) if self.state is State.OPENING else Close(self.ref)]
        )
        self.finish()

    # What the server writes

    def write(self, data: bytes, kind: str, value: Any = None) -> None:
        if not self.over and self.state is not State.CLOSED:
            self.stream += data
            self.marks.append(Mark(len(self.stream), kind, value))

    def read_all(self) -> None:
        self.read(1 << 20)

    @rule(text=words, cuts=st.lists(st.floats(0, 1), max_size=3), pings=st.booleans(), then_read=at_once)
    def write_text(self, text: str, cuts: list[float], pings: bool, then_read: bool) -> None:
        """Whole or in fragments, which may be cut within a character and have pings between them."""
        payload = text.encode()
        places = [0, *sorted(int(cut * len(payload)) for cut in cuts), len(payload)]
        pieces = [payload[start:end] for start, end in itertools.pairwise(places)]
        for number, piece in enumerate(pieces):
            is_last = number == len(pieces) - 1
            first = (0x80 if is_last else 0x00) | (0x01 if number == 0 else 0x00)
            self.write(frame(first, piece), "text" if is_last else "part", text)
            if pings and not is_last:
                self.write(frame(0x89, b"%d" % number), "ping", b"%d" % number)
        if then_read:
            self.read_all()

    @rule(count=st.sampled_from([14, 3_000]), cut=st.floats(0, 1))
    def write_two_texts(self, count: int, cut: float) -> None:
        """In fragments, the one after the other: together they may be more than one message may be."""
        for letter in "é€":
            self.write_text(letter * (4 * count), [cut], pings=False, then_read=True)

    @rule(payload=st.binary(max_size=5), then_read=at_once)
    def write_ping(self, payload: bytes, then_read: bool) -> None:
        self.write(frame(0x89, payload), "ping", payload)
        if then_read:
            self.read_all()

    @rule(payload=st.binary(max_size=5))
    def write_pong(self, payload: bytes) -> None:
        self.write(frame(0x8A, payload), "pong")

    @rule(code=codes, pings=st.booleans(), then_read=at_once)
    def write_close(self, code: int, pings: bool, then_read: bool) -> None:
        if pings:
            self.write(frame(0x89, b"last"), "ping", b"last")
        self.write(closing(code, b"so long"), "close", code)
        if then_read:
            self.read_all()

    @precondition(lambda self: self.state is State.OPEN)
    @rule(payload=st.binary(max_size=5), code=codes)
    def write_ping_and_text_before_our_close_arrives(self, payload: bytes, code: int) -> None:
        """They were under way: the one is not answered, the other not handed on."""
        self.read_all()
        self.close(code)
        self.write_ping(payload, then_read=True)
        self.write_text("late", [], pings=False, then_read=True)

    @rule(header=st.sampled_from([*WRONG]))
    def write_nonsense(self, header: bytes) -> None:
        self.write(header, "wrong", WRONG[header])

    @rule(text=st.sampled_from([b"", b"b", b"between"]))
    def write_text_between_fragments(self, text: bytes) -> None:
        """Short or not: the quick way of reading looks at no text that ends within its first four bytes."""
        self.write(frame(0x01, b"a"), "part")
        self.write(frame(0x81, text), "wrong", 1002)

    # What the driver does

    @rule()
    def accept(self) -> None:
        self.world.hear(Opened(self.ref))
        if self.state is State.OPENING:
            (request,) = self.world.outputs()
            assert isinstance(request, Transmit)
            assert request.data.startswith(b"GET /app/k HTTP/1.1\r\n")
            self.state, self.due_at = State.UPGRADING, self.world.now + LIMITS.handshake
        self.expect()

    @rule(count=st.integers(1, 9) | st.integers(1, 400) | st.just(1 << 20))
    def read(self, count: int) -> None:
        """One read of so many bytes, or of all that there are."""
        if self.state not in (State.UPGRADING, State.OPEN, State.CLOSING):
            return
        start, self.read_upto = self.read_upto, min(len(self.stream), self.read_upto + count)
        if start == self.read_upto:
            return
        ended = [mark for mark in self.marks if start < mark.end <= self.read_upto]
        self.world.read(self.stream[start : self.read_upto], ref=self.ref)
        made, told = self.consequences(ended)
        if any(mark.kind == "wrong" for mark in ended):
            self.expect_failure(made, told)
        else:
            self.expect(made, told)

    def expect_failure(self, made: list[Any], told: list[Any]) -> None:
        """As it is said; what words it is said in is nobody's matter."""
        heard = [each for each in self.world.heard() if not isinstance(each, Received) or each.data]
        assert [wordless(spelled(each)) for each in self.world.outputs()] == [wordless(each) for each in made]
        assert heard[:-1] == told[:-1]
        assert (type(heard[-1]), heard[-1].ref, heard[-1].code) == (Closed, self.ref, told[-1].code)

    def consequences(self, ended: list[Mark]) -> tuple[list[object], list[Any]]:
        """What comes of a read in which all this ends."""
        heard: list[Any] = []
        if any(mark.kind == "answer" for mark in ended):
            self.state, self.due_at = State.OPEN, None
            heard.append(Opened(self.ref))
        outputs: list[object] = []
        texts = [mark.value for mark in ended if mark.kind == "text"]
        pings = [mark.value for mark in ended if mark.kind == "ping"]
        end = next((mark for mark in ended if mark.kind in ("close", "wrong")), None)
        if self.state is State.OPEN:
            # One pong, to the latest ping, will do. Source: Spec: RFC 6455 section 5.5.3.
            outputs += [(self.ref, "PONG", pings[-1])] if pings and end is None else []
            heard += [Received(self.ref, texts, UNIX)] if texts else []
        if end is not None:
            outputs += [(self.ref, "CLOSE", (end.value, ""))] if self.state is State.OPEN else []
            outputs.append(Close(self.ref, end.value))
            heard.append(Closed(self.ref, end.value, "so long"))
            self.finish()
        return outputs, heard

    @rule()
    def lose(self) -> None:
        """The TCP connection is gone, or was never had."""
        before = self.state
        self.world.hear(Failed(self.ref, "lost") if before is State.OPENING else Closed(self.ref, 1006, "lost"))
        match before:
            case State.OPENING | State.UPGRADING:
                self.expect(heard=[Failed(self.ref, "lost")])
            case State.OPEN | State.CLOSING:
                self.expect(heard=[Closed(self.ref, 1006, "lost")])
            case _:
                self.expect()
        self.finish()

    @rule(data=st.binary(max_size=9))
    def hear_of_the_past(self, data: bytes) -> None:
        """A WebSocket before this one, or none of ours."""
        for received in (Opened(self.ref - 1), Received(self.ref - 1, data, UNIX), Closed(self.ref + 7)):
            self.world.hear(received)
        self.expect()

    @rule(seconds=st.sampled_from([0.0, 1.0, 2.9, 5.0, 15.0]))
    def wait(self, seconds: float) -> None:
        before, due_at = self.state, self.due_at
        self.world.advance(seconds)
        if due_at is None or self.world.now < due_at:
            self.expect()
            return
        outputs, heard = self.world.outputs(), self.world.heard()
        kind, code = (Failed, 1000) if before is State.UPGRADING else (Closed, 1006)
        assert outputs == [Close(self.ref, code)]
        assert [(type(each), each.ref) for each in heard] == [(kind, self.ref)]
        self.finish()

    # What holds always

    @invariant()
    def only_a_deadline_of_the_state_runs(self) -> None:
        assert self.world.framing.poll_timeout() == self.due_at


TestFramingLife = FramingLife.TestCase
TestFramingLife.settings = LIFE
