"""``ServerFraming`` around a server that ends connections within a read, which ``KickServer`` by itself seldom does."""

from collections.abc import Sequence

import pytest

from kick_proto.machine import Cancel, Close, Input, Open, Opened, Output, Received, Transmit
from kick_proto.testing.server import Accepted, KickServer, ServerEvent
from kick_proto.testing.server_frames import encode_close
from kick_proto.testing.serving import ServerFraming
from tests.testing.stand import EPOCH, Half
from tests.testing.wire import frame, upgrade


class Obedient(KickServer):
    """Does to a client what it says: "close", "drop", or "open", which makes no sense."""

    def __init__(self) -> None:
        super().__init__(rng=Half(), unix_epoch=EPOCH)
        self.heard: list[str] = []
        self._strange: list[Open] = []

    def handle_input(self, now: float, received: Accepted | Input[Sequence[str]]) -> None:
        super().handle_input(now, received)
        for text in received.data if isinstance(received, Received) else ():
            self.heard.append(text)
            match text:
                case "close":
                    self.disconnect(now, received.ref, 4000, "as you say")
                case "drop":
                    self.drop(now, received.ref)
                case "open":
                    self._strange.append(Open(received.ref, "elsewhere", 443, True))

    def poll_output(self) -> Output[Sequence[str]] | None:
        return self._strange.pop() if self._strange else super().poll_output()


def obedient() -> tuple[Obedient, ServerFraming[ServerEvent]]:
    """A server of its kind, and a client whose bytes are welcome."""
    server = Obedient()
    framing = ServerFraming(server)
    framing.handle_input(0.0, Opened(1))
    framing.handle_input(0.0, Received(1, upgrade(), EPOCH))
    return server, framing


def outputs(framing: ServerFraming[ServerEvent]) -> list[Output[bytes]]:
    return list(iter(framing.poll_output, None))


@pytest.mark.parametrize("behind", [b"", frame(0x88, b"\x03\xe8")], ids=["nothing", "a close"])
@pytest.mark.parametrize(
    ("word", "end"),
    [("close", Transmit(1, encode_close(4000, "as you say"))), ("drop", Cancel(1))],
    ids=["close", "drop"],
)
def test_what_stands_behind_the_words_that_end_it_is_not_heard(
    word: str, end: Transmit[bytes] | Cancel, behind: bytes
) -> None:
    server, framing = obedient()
    outputs(framing)
    stream = frame(0x81, word.encode()) + frame(0x89, b"are you there?") + frame(0x81, b"more") + behind
    framing.handle_input(1.0, Received(1, stream, EPOCH))
    is_answered = word == "close" and behind != b""
    assert outputs(framing) == ([end, Close(1)] if is_answered else [end])
    assert server.heard == [word]


def test_a_server_opens_nothing() -> None:
    server, framing = obedient()
    outputs(framing)
    framing.handle_input(1.0, Received(1, frame(0x81, b"open"), EPOCH))
    assert server.heard == ["open"]
    assert outputs(framing) == []
    framing.handle_input(1.0, Received(1, frame(0x89, b"still there?"), EPOCH))
    assert outputs(framing) == [Transmit(1, b"\x8a\x0cstill there?")]
