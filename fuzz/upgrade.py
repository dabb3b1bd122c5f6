"""An answer to the handshake: the same verdict whole and in chunks, only for what RFC 6455 accepts, and no exception.

An input is the size of the reads and the answer.
"""

from kick_proto.frames import Frame
from kick_proto.machine import Open
from kick_proto.upgrade import Answer, Refused, Upgrade, Upgraded

__all__ = ["check", "seed"]

ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
MAX_HEADER = 400
GOOD = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    + ACCEPT
    + b"\r\n\r\n"
)


def check(data: bytes) -> None:
    size, answer = 1 + data[0] if data else 1, data[1:]
    whole, cut = _judged(answer, max(1, len(answer))), _judged(answer, size)
    assert type(whole) is type(cut), (whole, cut)
    match whole:
        case Upgraded(trailing=trailing):
            assert whole == cut, (whole, cut)
            assert answer.endswith(trailing)
            head = answer[: len(answer) - len(trailing)]
            assert len(head) <= MAX_HEADER
            assert ACCEPT in head
            assert b"websocket" in head.lower()
        case Refused(reason=reason):
            assert reason
        case None:
            assert len(answer) <= MAX_HEADER


def seed(frame: Frame) -> bytes:
    return b"\x09" + GOOD + b"\x81" + bytes([len(frame.event) % 126]) + frame.event.encode()[:125]


def _judged(answer: bytes, size: int) -> Answer | None:
    """The first verdict; what was not read then is trailing too."""
    upgrade = Upgrade(
        Open(1, "ws.example", 443, tls=True), b"the sample nonce", max_header=MAX_HEADER, max_informational=3
    )
    upgrade.request()
    for start in range(0, len(answer), size):
        verdict = upgrade.feed(answer[start : start + size])
        if isinstance(verdict, Upgraded):
            return Upgraded(verdict.trailing + answer[start + size :])
        if verdict is not None:
            return verdict
    return None
