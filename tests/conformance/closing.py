"""Sections 5.5.1, 7.1 and 7.4: close frames, their codes, and who closes first."""

from kick_proto.websocket import State
from tests.conformance.rows import (
    CLOSE,
    FIN,
    NOT_UTF8,
    PROTOCOL_ERROR,
    RSV1,
    TEXT,
    Closes,
    Fails,
    Group,
    Row,
    close,
    first,
    last,
    ping,
    pong,
    text,
)
from tests.streams import FOX, frame

LEGAL = {
    1000: "normal",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1007: "no UTF-8",
    1008: "policy",
    1009: "too big",
    1010: "an extension is missing",
    1011: "internal error",
    1012: "service restart, of the registry",
    1013: "try again later, of the registry",
    3000: "the first of the libraries",
    3999: "the last of the libraries",
    4000: "the first private one",
    4001: "Pusher: no such app",
    4200: "Pusher: connect again at once",
    4999: "the last private one",
}
ILLEGAL = {
    0: "zero",
    1: "one",
    999: "below all",
    1004: "reserved",
    1005: "no code, which must not be sent",
    1006: "no close, which must not be sent",
    1015: "TLS, which must not be sent",
    1016: "the first without a meaning",
    1100: "without a meaning",
    2000: "reserved for extensions",
    2999: "the last reserved one",
    5000: "above all",
    65535: "the highest",
}
BAD_GATEWAY = (
    "1014 entered the registry after the RFC; wsproto does not know it yet, and what is unknown there is illegal"
)
TOLD_ANYWAY = "what comes behind our own close frame is not delivered: whoever has closed does not listen any more"

FRAMES = Group(
    "5.5.1",
    "Close frames",
    (
        Row("of no bytes", frame(FIN | CLOSE), end=Closes(1005)),
        Row("of one byte", frame(FIN | CLOSE, b"\x03"), end=PROTOCOL_ERROR),
        Row("a code alone", close(1000), end=Closes(1000)),
        Row("a code and a reason", close(1000, "bye"), end=Closes(1000, "bye")),
        Row("a reason that is not ASCII", close(1000, f"tschüß {FOX}"), end=Closes(1000, f"tschüß {FOX}")),
        Row("the longest reason", close(1000, "x" * 123), end=Closes(1000, "x" * 123)),
        Row("a reason one too long", close(1000, "x" * 124), end=PROTOCOL_ERROR),
        Row("a reason that is no UTF-8", close(1000, b"\xff"), end=NOT_UTF8),
        Row("a reason that ends within a character", close(1000, FOX.encode()[:3]), end=NOT_UTF8),
        Row("a reason with a surrogate", close(1000, b"\xed\xa0\x80"), end=NOT_UTF8),
        Row("an illegal code and a bad reason", close(1005, b"\xff"), end=PROTOCOL_ERROR),
        Row("a reason of one NUL", close(1000, "\0"), end=Closes(1000, "\0")),
        Row("half a close", close(1000, "bye")[:4]),
        Row("a close behind a text", text("A") + close(1000), ("A",), Closes(1000)),
        Row("a close behind half a message", first("A") + close(1001), end=Closes(1001)),
    ),
)
LEGAL_CODES = Group(
    "7.4",
    "Codes that may be sent",
    (
        *(Row(f"{code}: {says}", close(code), end=Closes(code)) for code, says in LEGAL.items()),
        *(Row(f"{code} with a reason", close(code, says), end=Closes(code, says)) for code, says in LEGAL.items()),
    ),
)
ILLEGAL_CODES = Group(
    "7.4",
    "Codes that may not",
    (
        *(Row(f"{code}: {says}", close(code), end=PROTOCOL_ERROR) for code, says in ILLEGAL.items()),
        *(
            Row(f"{code} with a reason", close(code, "x"), end=PROTOCOL_ERROR)
            for code in (999, 1005, 1006, 1015, 2999, 5000)
        ),
        Row("1014: bad gateway, of the registry", close(1014), end=PROTOCOL_ERROR, deviates=BAD_GATEWAY),
    ),
)
BEHIND = Group(
    "7.1",
    "Nothing is read behind the peer's close",
    (
        Row("a text", close(1000) + text("A"), end=Closes(1000)),
        Row("a ping", close(1000) + ping(b"p"), end=Closes(1000)),
        Row("a second close", close(1000) + close(1001), end=Closes(1000)),
        Row("the rest of a message", first("A") + close(1000) + last("B"), end=Closes(1000)),
        Row("a mistake", close(1000) + frame(FIN | TEXT | RSV1, b"A"), end=Closes(1000)),
        Row("noise", close(1000) + b"\xff" * 300, end=Closes(1000)),
        Row("a text, behind a mistake", frame(FIN | 0x3) + text("A"), end=PROTOCOL_ERROR),
        Row("a close, behind a mistake", frame(FIN | 0x3) + close(1000), end=PROTOCOL_ERROR),
        Row("a ping, behind a mistake", text(b"\xff") + ping(b"p"), end=NOT_UTF8),
    ),
)
OURS_FIRST = Group(
    "7.1",
    "Behind our own close",
    tuple(
        Row(says, wire, (), end, state=State.CLOSING, deviates=deviates)
        for says, wire, end, deviates in (
            ("the peer's answer", close(1000), Closes(1000), ""),
            ("an answer without a code", frame(FIN | CLOSE), Closes(1005), ""),
            ("an answer with another code", close(4001, "no"), Closes(4001, "no"), ""),
            ("a text before the answer", text("A") + close(1000), Closes(1000), TOLD_ANYWAY),
            (
                "a message in fragments before the answer",
                first("A") + last("B") + close(1000),
                Closes(1000),
                TOLD_ANYWAY,
            ),
            ("a pong before the answer", pong(b"p") + close(1000), Closes(1000), ""),
            ("a second answer", close(1000) + close(1001), Closes(1000), ""),
            ("an answer of one byte", frame(FIN | CLOSE, b"\x03"), Fails(1002), ""),
            ("an answer with an illegal code", close(1006), Fails(1002), ""),
            ("an answer whose reason is no UTF-8", close(1000, b"\xff"), Fails(1007), ""),
            ("a mistake", frame(FIN | TEXT | RSV1, b"A"), Fails(1002), ""),
            ("a text that is no UTF-8", text(b"\xff"), Fails(1007), ""),
        )
    ),
)

GROUPS = (FRAMES, LEGAL_CODES, ILLEGAL_CODES, BEHIND, OURS_FIRST)
