"""Section 5.1 and 5.2: masks, reserved bits, opcodes and lengths."""

from tests.conformance.rows import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    LIMITS,
    PING,
    PONG,
    PROTOCOL_ERROR,
    RSV1,
    RSV2,
    RSV3,
    TEXT,
    TOO_BIG,
    Group,
    Row,
    binary,
    first,
    last,
    length_of_eight_bytes,
    length_of_two_bytes,
    masked,
    more,
    ping,
    text,
)
from tests.streams import frame

BITS = {
    "RSV1": RSV1,
    "RSV2": RSV2,
    "RSV3": RSV3,
    "RSV1 and RSV2": RSV1 | RSV2,
    "RSV1 and RSV3": RSV1 | RSV3,
    "RSV2 and RSV3": RSV2 | RSV3,
    "all three": RSV1 | RSV2 | RSV3,
}
RESERVED = (0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF)
A_FEW_MORE = (0, 1, 2, 124, 125, 126, 127, 128, 129, 255, 256, 32_767, 32_768, 65_534, 65_535, 65_536, 65_537)
BINARY_AS_TEXT = (
    "the RFC leaves the meaning of binary data to the application; here it is read as UTF-8, U+FFFD for the rest"
)

MASKS = Group(
    "5.1",
    "A server must not mask",
    (
        Row("a masked text", masked(FIN | TEXT, b"Hello"), end=PROTOCOL_ERROR),
        Row("a masked text of no bytes", masked(FIN | TEXT, b""), end=PROTOCOL_ERROR),
        Row("a masked text with a length of two bytes", masked(FIN | TEXT, b"x" * 126), end=PROTOCOL_ERROR),
        Row("a masked text with a length of eight bytes", masked(FIN | TEXT, b"x" * 65_536), end=PROTOCOL_ERROR),
        Row("a masked binary message", masked(FIN | BINARY, b"Hello"), end=PROTOCOL_ERROR),
        Row("a masked ping", masked(FIN | PING, b"p"), end=PROTOCOL_ERROR),
        Row("a masked pong", masked(FIN | PONG, b"p"), end=PROTOCOL_ERROR),
        Row("a masked close", masked(FIN | CLOSE, b"\x03\xe8"), end=PROTOCOL_ERROR),
        Row("a masked first fragment", masked(TEXT, b"Hello"), end=PROTOCOL_ERROR),
        Row("a masked last fragment", first("Hel") + masked(FIN | CONTINUATION, b"lo"), end=PROTOCOL_ERROR),
        Row("a masked text behind a good one", text("A") + masked(FIN | TEXT, b"B"), ("A",), PROTOCOL_ERROR),
    ),
)

BITS_OF_NO_EXTENSION = Group(
    "5.2",
    "Reserved bits, without an extension that gives them a meaning",
    (
        *(
            Row(f"a text with {says}", frame(FIN | TEXT | bits, b"Hello"), end=PROTOCOL_ERROR)
            for says, bits in BITS.items()
        ),
        *(
            Row(f"a {says} with RSV1", frame(FIN | opcode | RSV1, payload), end=PROTOCOL_ERROR)
            for says, opcode, payload in (
                ("text of no bytes", TEXT, b""),
                ("binary message", BINARY, b"Hello"),
                ("ping", PING, b"p"),
                ("pong", PONG, b"p"),
                ("close", CLOSE, b"\x03\xe8"),
            )
        ),
        Row("a first fragment with RSV1", frame(TEXT | RSV1, b"Hel") + last("lo"), end=PROTOCOL_ERROR),
        Row("a fragment with RSV2", first("H") + frame(RSV2, b"el") + last("lo"), end=PROTOCOL_ERROR),
        Row("a last fragment with RSV3", first("Hel") + frame(FIN | RSV3, b"lo"), end=PROTOCOL_ERROR),
        Row("a text with RSV1 behind a good one", text("A") + frame(FIN | TEXT | RSV1, b"B"), ("A",), PROTOCOL_ERROR),
        Row(
            "a text with RSV1 behind a ping",
            ping(b"p") + frame(FIN | TEXT | RSV1, b"B"),
            end=PROTOCOL_ERROR,
            pongs=(b"p",),
        ),
        Row(
            "a text with RSV1, good ones behind it", frame(FIN | TEXT | RSV1, b"A") + text("B") * 3, end=PROTOCOL_ERROR
        ),
    ),
)

OPCODES = Group(
    "5.2",
    "Reserved opcodes",
    (
        *(Row(f"opcode {opcode:#x}", frame(FIN | opcode, b"Hello"), end=PROTOCOL_ERROR) for opcode in RESERVED),
        *(Row(f"opcode {opcode:#x} of no bytes", frame(FIN | opcode), end=PROTOCOL_ERROR) for opcode in RESERVED),
        Row("opcode 0x3 without FIN", frame(0x3, b"Hello"), end=PROTOCOL_ERROR),
        Row("opcode 0xb without FIN", frame(0xB, b"Hello"), end=PROTOCOL_ERROR),
        Row("opcode 0x4 within a message", first("Hel") + frame(FIN | 0x4, b"?") + last("lo"), end=PROTOCOL_ERROR),
        Row("opcode 0xc within a message", first("Hel") + frame(FIN | 0xC, b"?") + last("lo"), end=PROTOCOL_ERROR),
        Row("opcode 0x5 behind a text", text("A") + frame(FIN | 0x5, b"?"), ("A",), PROTOCOL_ERROR),
    ),
)

LENGTHS = Group(
    "5.2",
    "Lengths",
    (
        *(Row(f"a text of {size} bytes", text("x" * size), ("x" * size,)) for size in A_FEW_MORE),
        *(
            Row(f"a binary message of {size} bytes", binary(b"x" * size), ("x" * size,))
            for size in (0, 1, 125, 126, 127, 65_535, 65_536)
        ),
        Row("a binary message that is no UTF-8", binary(b"\xff\x00A"), ("\ufffd\x00A",), deviates=BINARY_AS_TEXT),
        Row("two texts", text("A") + text("B"), ("A", "B")),
        Row("a hundred texts", text("x" * 9) * 100, ("x" * 9,) * 100),
        Row(
            "texts of all three forms", text("a") + text("b" * 126) + text("c" * 65_536), ("a", "b" * 126, "c" * 65_536)
        ),
        Row("a text, and half a text", text("A") + text("Hello")[:4], ("A",)),
        Row("half a header", b"\x81"),
        Row("half a length", b"\x81\x7e\x01"),
        *(
            Row(
                f"{size} bytes with a length of two",
                length_of_two_bytes(FIN | TEXT, size) + b"x" * size,
                end=PROTOCOL_ERROR,
            )
            for size in (0, 1, 124, 125)
        ),
        *(
            Row(
                f"{size} bytes with a length of eight",
                length_of_eight_bytes(FIN | TEXT, size) + b"x" * size,
                end=PROTOCOL_ERROR,
            )
            for size in (0, 1, 125, 126, 65_535)
        ),
        Row(
            "a fragment with a length too long",
            first("A") + length_of_two_bytes(CONTINUATION, 1) + b"B",
            end=PROTOCOL_ERROR,
        ),
        Row(
            "a binary message with a length too long",
            length_of_two_bytes(FIN | BINARY, 5) + b"Hello",
            end=PROTOCOL_ERROR,
        ),
        Row("the highest bit of a length", length_of_eight_bytes(FIN | TEXT, 1 << 63), end=PROTOCOL_ERROR),
        Row("all bits of a length", length_of_eight_bytes(FIN | BINARY, (1 << 64) - 1), end=PROTOCOL_ERROR),
        Row(
            "the highest bit and a short length",
            length_of_eight_bytes(FIN | TEXT, 1 << 63 | 5) + b"Hello",
            end=PROTOCOL_ERROR,
        ),
    ),
)

MOST = LIMITS.message
LIMITED = Group(
    "10.4",
    "Limits of our own",
    (
        Row("a text as long as the limit", text("x" * MOST), ("x" * MOST,)),
        Row("a text one byte longer, at its header", length_of_eight_bytes(FIN | TEXT, MOST + 1), end=TOO_BIG),
        Row("a binary message one byte longer", length_of_eight_bytes(FIN | BINARY, MOST + 1), end=TOO_BIG),
        Row("the longest legal length", length_of_eight_bytes(FIN | TEXT, (1 << 63) - 1), end=TOO_BIG),
        Row("fragments as long as the limit", first("x" * (MOST - 1)) + last("x"), ("x" * MOST,)),
        Row("fragments one byte longer", first("x" * MOST) + length_of_two_bytes(FIN, 126), end=TOO_BIG),
        Row("as many fragments as the limit", first("x") + more("x") * 8 + last("x"), ("x" * 10,)),
        Row("one fragment more", first("x") + more("x") * 9 + last("x"), end=TOO_BIG),
        Row("fragments of no bytes, one too many", first("") + more("") * 10, end=TOO_BIG),
        Row(
            "a good text before one too long", text("A") + length_of_eight_bytes(FIN | TEXT, MOST + 1), ("A",), TOO_BIG
        ),
    ),
)

GROUPS = (MASKS, BITS_OF_NO_EXTENSION, OPCODES, LENGTHS, LIMITED)
