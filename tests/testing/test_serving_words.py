"""What ``ServerFraming`` passes on to the machine over texts: each thing once, as it was, at its moment."""

from collections.abc import Sequence
from typing import Any

from kick_proto.frames import Frame
from kick_proto.machine import Closed, Input, Opened, Received
from kick_proto.testing.faults import Faults
from kick_proto.testing.server import Accepted, KickServer
from kick_proto.testing.server_frames import encode_fragments
from kick_proto.testing.serving import ServerFraming
from kick_proto.testing.site.answers import page
from kick_proto.testing.site.exchange import SiteReply, SiteRequest
from tests.testing.stand import EPOCH, PING, TARGET, Half
from tests.testing.wire import Wire, frame, upgrade


class Witness(KickServer):
    """A server that remembers what it was told, and when."""

    def __init__(self) -> None:
        super().__init__(rng=Half(), unix_epoch=EPOCH)
        self.told: list[tuple[float, Any]] = []

    def handle_input(self, now: float, received: Accepted | Input[Sequence[str]]) -> None:
        self.told.append((now, received))
        super().handle_input(now, received)

    def publish(self, now: float, frame: Frame) -> int:
        self.told.append((now, frame))
        return super().publish(now, frame)


class Crier:
    """A site each of whose pages says something on the socket."""

    def answer(self, now: float, unix_now: float, request: SiteRequest) -> SiteReply:
        return SiteReply(response=page("", 200))

    def take_frames(self) -> list[Frame]:
        return [Frame("E", "t", "1")]


def read(ref: int, data: bytes, at: float) -> Received[bytes]:
    return Received(ref, data, EPOCH + at)


def test_a_connection_s_life_is_told_word_for_word() -> None:
    server = Witness()
    framing = ServerFraming(server)
    framing.handle_input(1.0, Opened(1))
    assert server.told == [], "it is no client yet"
    framing.handle_input(2.0, read(1, upgrade()[:30], 2.0))
    framing.handle_input(3.0, read(1, upgrade()[30:] + frame(0x81, b"at once"), 3.0))
    framing.handle_input(4.0, read(1, frame(0x81, b"a") + frame(0x81, b"b"), 4.0))
    framing.handle_input(5.0, read(1, frame(0x89, b"ping"), 5.0))
    framing.handle_input(6.0, read(1, frame(0x88, b"\x0f\xa0bye"), 6.0))
    framing.handle_input(7.0, Closed(1))
    assert server.told == [
        (3.0, Accepted(1, TARGET)),
        (3.0, Received(1, ["at once"], EPOCH + 3.0)),
        (4.0, Received(1, ["a", "b"], EPOCH + 4.0)),
        (6.0, Closed(1, 4000, "bye")),
    ]


def test_a_connection_that_is_lost_is_told_at_its_moment() -> None:
    server = Witness()
    framing = ServerFraming(server)
    framing.handle_input(1.0, Opened(1))
    framing.handle_input(1.0, read(1, upgrade(), 1.0))
    framing.handle_input(2.0, Closed(1, 1001, "what the driver says of TCP"))
    assert server.told[1:] == [(2.0, Closed(1, 1006, ""))]


def test_a_client_s_own_end_is_told_with_its_reason_or_what_was_wrong() -> None:
    for data, end in (
        (frame(0x88, b""), Closed(1, 1005, "")),
        (frame(0x88, b"x"), Closed(1, 1002, "a close frame with half a code")),
        (frame(0x82, b"x"), Closed(1, 1003, "only text is understood")),
    ):
        server = Witness()
        framing = ServerFraming(server)
        framing.handle_input(1.0, Opened(1))
        framing.handle_input(1.0, read(1, upgrade(), 1.0))
        framing.handle_input(2.0, read(1, data, 2.0))
        assert server.told[1:] == [(2.0, end)]


def test_what_a_site_says_on_the_socket_is_published_at_its_moment() -> None:
    server = Witness()
    framing = ServerFraming(server, Crier())
    framing.handle_input(1.0, Opened(1))
    framing.handle_timeout(2.0)
    assert server.told == [(1.0, Frame("E", "t", "1")), (2.0, Frame("E", "t", "1"))]


def test_texts_of_one_step_leave_in_one_piece_fragmented_or_not() -> None:
    wire = Wire(Faults(fragment=True))
    wire.connect()
    said = wire.feed(frame(0x81, PING.encode()) + frame(0x81, PING.encode()))
    assert said == encode_fragments('{"event":"pusher:pong","data":{}}') * 2


def test_pings_of_one_read_are_answered_in_one_piece() -> None:
    wire = Wire()
    wire.connect()
    assert wire.feed(frame(0x89, b"1") + frame(0x89, b"2")) == b"\x8a\x011\x8a\x012"


def test_who_has_come_in_may_stay_however_long_the_time_for_an_upgrade_was() -> None:
    wire = Wire()
    wire.connect()
    wire.advance(60)
    assert (wire.ends, wire.server.refs) == ([], (1,))
