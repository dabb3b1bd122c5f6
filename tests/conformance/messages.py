"""Sections 5.4, 5.5.2 and 5.5.3: fragments, and the control frames that may stand between them."""

from kick_proto.websocket import State
from tests.conformance.rows import (
    BINARY,
    CLOSE,
    FIN,
    PING,
    PONG,
    PROTOCOL_ERROR,
    Closes,
    Group,
    Row,
    binary,
    close,
    first,
    last,
    length_of_eight_bytes,
    length_of_two_bytes,
    more,
    ping,
    pong,
    text,
)
from tests.streams import FOX, frame

ANY = bytes(range(125))
AFTER_CLOSE = "a pong is due until the peer's close frame has come (5.5.2); here nothing follows our own close frame"
SAME_READ = "a ping in one read with the close behind it gets the close alone; read by itself it gets its pong"

FRAGMENTS = Group(
    "5.4",
    "Fragments",
    (
        Row("a text in two", first("Hel") + last("lo"), ("Hello",)),
        Row("a text in three", first("H") + more("el") + last("lo"), ("Hello",)),
        Row("a text byte by byte", first("H") + more("e") + more("l") + more("l") + last("o"), ("Hello",)),
        Row("the first of no bytes", first("") + last("Hello"), ("Hello",)),
        Row("the last of no bytes", first("Hello") + last(""), ("Hello",)),
        Row("one between of no bytes", first("Hel") + more("") + last("lo"), ("Hello",)),
        Row("all of no bytes", first("") + more("") + last(""), ("",)),
        Row("fragments of 126 bytes", first("a" * 126) + last("b" * 126), ("a" * 126 + "b" * 126,)),
        Row("a fragment of 65536 bytes", first("a") + last("b" * 65_536), ("a" + "b" * 65_536,)),
        Row("a binary message in two", first(b"Hel", BINARY) + last("lo"), ("Hello",)),
        Row("a binary message in three", first(b"H", BINARY) + more("el") + last("lo"), ("Hello",)),
        Row("two fragmented texts", (first("A") + last("B")) * 2, ("AB", "AB")),
        Row("a whole text behind a fragmented one", first("A") + last("B") + text("C"), ("AB", "C")),
        Row("a fragmented text behind a whole one", text("C") + first("A") + last("B"), ("C", "AB")),
        Row("a fragmented text and a binary message", first("A") + last("B") + binary(b"C"), ("AB", "C")),
        Row("a text that is never finished", first("Hel") + more("lo")),
        Row("a continuation without a start", more("Hello"), end=PROTOCOL_ERROR),
        Row("a last fragment without a start", last("Hello"), end=PROTOCOL_ERROR),
        Row("a continuation of no bytes without a start", last(""), end=PROTOCOL_ERROR),
        Row("a continuation behind a whole text", text("A") + last("B"), ("A",), PROTOCOL_ERROR),
        Row("a continuation behind a finished text", first("A") + last("B") + last("C"), ("AB",), PROTOCOL_ERROR),
        Row("a continuation behind a ping", ping(b"p") + last("B"), end=PROTOCOL_ERROR, pongs=(b"p",)),
        Row("a whole text within a text", first("A") + text("B"), end=PROTOCOL_ERROR),
        Row("a whole binary message within a text", first("A") + binary(b"B"), end=PROTOCOL_ERROR),
        Row("a whole text within a binary message", first(b"A", BINARY) + text("B"), end=PROTOCOL_ERROR),
        Row("a second start within a text", first("A") + first("B"), end=PROTOCOL_ERROR),
        Row("a start of a binary message within a text", first("A") + first(b"B", BINARY), end=PROTOCOL_ERROR),
        Row("a second start, behind a fragment", first("A") + more("B") + first("C"), end=PROTOCOL_ERROR),
    ),
)

BETWEEN = Group(
    "5.4",
    "Control frames between fragments",
    (
        Row("a ping in a text", first("Hel") + ping(b"p") + last("lo"), ("Hello",), pongs=(b"p",)),
        Row("a ping of no bytes", first("Hel") + ping() + last("lo"), ("Hello",), pongs=(b"",)),
        Row("a pong in a text", first("Hel") + pong(b"p") + last("lo"), ("Hello",)),
        Row("a ping in a binary message", first(b"Hel", BINARY) + ping(b"p") + last("lo"), ("Hello",), pongs=(b"p",)),
        Row(
            "a ping in each gap",
            first("A") + ping(b"1") + more("B") + ping(b"2") + last("C"),
            ("ABC",),
            pongs=(b"1", b"2"),
        ),
        Row("ten pings in one gap", first("A") + ping(b"p") * 10 + last("B"), ("AB",), pongs=(b"p",) * 10),
        Row("a ping and a pong", first("A") + ping(b"p") + pong(b"q") + last("B"), ("AB",), pongs=(b"p",)),
        Row(
            "a ping within a character",
            first(FOX.encode()[:2]) + ping(b"p") + last(FOX.encode()[2:]),
            (FOX,),
            pongs=(b"p",),
        ),
        Row("the longest ping", first("A") + ping(ANY) + last("B"), ("AB",), pongs=(ANY,)),
        Row("a close in a text", first("Hel") + close(1000), end=Closes(1000)),
        Row("a close in a text, its rest behind it", first("Hel") + close(1000) + last("lo"), end=Closes(1000)),
        Row(
            "a ping, a fragmented text, a ping",
            ping(b"1") + first("A") + last("B") + ping(b"2"),
            ("AB",),
            pongs=(b"1", b"2"),
        ),
    ),
)

CONTROL = Group(
    "5.5",
    "Control frames: at most 125 bytes, never fragmented",
    (
        *(
            Row(f"a {says} of {size} bytes, {form}", header(FIN | opcode, size) + b"x" * size, end=PROTOCOL_ERROR)
            for says, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE))
            for size, form, header in (
                (126, "one too many", length_of_two_bytes),
                (65_536, "far too many", length_of_eight_bytes),
                (5, "with a length of two bytes", length_of_two_bytes),
            )
        ),
        Row("a ping without FIN", frame(PING, b"p"), end=PROTOCOL_ERROR),
        Row("a ping without FIN, and its rest", frame(PING, b"p") + last("q"), end=PROTOCOL_ERROR),
        Row("a pong without FIN", frame(PONG, b"p"), end=PROTOCOL_ERROR),
        Row("a close without FIN", frame(CLOSE, b"\x03\xe8"), end=PROTOCOL_ERROR),
        Row("a ping without FIN in a text", first("A") + frame(PING, b"p") + last("B"), end=PROTOCOL_ERROR),
        Row("a close without FIN, of no bytes", frame(CLOSE), end=PROTOCOL_ERROR),
    ),
)

PINGS = Group(
    "5.5.2",
    "Pings",
    (
        *(
            Row(f"a ping of {size} bytes", ping(ANY[:size]), pongs=(ANY[:size],))
            for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 32, 63, 64, 123, 124, 125)
        ),
        Row("a ping that is no UTF-8", ping(b"\xff\xfe\x00"), pongs=(b"\xff\xfe\x00",)),
        Row("a ping whose payload looks like a frame", ping(text("A")), pongs=(text("A"),)),
        Row("ten pings", b"".join(ping(b"%d" % n) for n in range(10)), pongs=tuple(b"%d" % n for n in range(10))),
        Row("a ping before a text", ping(b"p") + text("A"), ("A",), pongs=(b"p",)),
        Row("a ping behind a text", text("A") + ping(b"p"), ("A",), pongs=(b"p",)),
        Row("half a ping", ping(b"ping")[:4]),
        Row("a ping before a close", ping(b"p") + close(1000), end=Closes(1000), pongs=(b"p",), deviates=SAME_READ),
        Row("a ping behind a close", close(1000) + ping(b"p"), end=Closes(1000)),
        Row("a ping behind our own close", ping(b"p"), state=State.CLOSING, deviates=AFTER_CLOSE),
    ),
)

PONGS = Group(
    "5.5.3",
    "Pongs that nobody asked for are not answered",
    (
        *(Row(f"a pong of {size} bytes", pong(ANY[:size])) for size in (0, 1, 64, 125)),
        Row("ten pongs", pong(b"p") * 10),
        Row("a pong before a text", pong(b"p") + text("A"), ("A",)),
        Row("a pong before a ping", pong(b"p") + ping(b"q"), pongs=(b"q",)),
        Row("a pong that is no UTF-8", pong(b"\xff")),
        Row("a pong behind our own close", pong(b"p"), state=State.CLOSING),
    ),
)

GROUPS = (FRAGMENTS, BETWEEN, CONTROL, PINGS, PONGS)
