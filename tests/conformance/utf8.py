"""Section 8.1: what is UTF-8 and what is not, whole and across fragments, and when that is found out."""

import unicodedata

from tests.conformance.rows import (
    BINARY,
    FIN,
    NOT_UTF8,
    TEXT,
    Group,
    Row,
    binary,
    close,
    first,
    last,
    length_of_two_bytes,
    more,
    ping,
    text,
)
from tests.streams import FOX, frame

GREEK = "\u03ba\u1f79\u03c3\u03bc\u03b5"
"""The Greek word for world, in characters of two and three bytes."""
WHOLE_FRAME = "the RFC lets a client fail at the first bad byte; here a frame is judged when it is whole"
LAST_BYTE = "a surrogate is bad from its second byte on; the decoder of Python tells with its third"

CHARACTERS = {
    "NUL": 0x0,
    "the last of one byte": 0x7F,
    "the first of two bytes": 0x80,
    "the last of two bytes": 0x7FF,
    "the first of three bytes": 0x800,
    "the last before the surrogates": 0xD7FF,
    "the first behind the surrogates": 0xE000,
    "the replacement character": 0xFFFD,
    "a noncharacter": 0xFFFE,
    "the last of three bytes": 0xFFFF,
    "the first of four bytes": 0x10000,
    "a noncharacter of four bytes": 0x1FFFF,
    "the last of all": 0x10FFFF,
}
WRONG = {
    "a lonely continuation byte": "80",
    "the last continuation byte": "bf",
    "seven continuation bytes": "80bf80bf80bf80",
    "a start of two bytes, alone": "c3",
    "a start of two bytes before a blank": "c320",
    "a start of three bytes, alone": "e2",
    "a start of three bytes, one byte short": "e282",
    "a start of four bytes, alone": "f0",
    "a start of four bytes, one byte short": "f09fa6",
    "starts of two bytes and blanks": "c020c120df20",
    "the byte fe": "fe",
    "the byte ff": "ff",
    "fe fe ff ff": "fefeffff",
    "a slash in two bytes": "c0af",
    "a slash in three bytes": "e080af",
    "a slash in four bytes": "f08080af",
    "NUL in two bytes": "c080",
    "the highest overlong of two bytes": "c1bf",
    "the highest overlong of three bytes": "e09fbf",
    "the highest overlong of four bytes": "f08fbfbf",
    "the first high surrogate": "eda080",
    "the last high surrogate": "edafbf",
    "the first low surrogate": "edb080",
    "the last low surrogate": "edbfbf",
    "a pair of surrogates": "eda080edb080",
    "one beyond the last of all": "f4908080",
    "a start of four bytes too high": "f5808080",
    "five bytes": "f888808080",
    "six bytes": "fc8480808080",
}

GOOD = Group(
    "8.1",
    "Texts that are UTF-8",
    (
        *(Row(f"{says}, {ord_:#x}", text(chr(ord_)), (chr(ord_),)) for says, ord_ in CHARACTERS.items()),
        Row("a word in Greek", text(GREEK), (GREEK,)),
        Row("a byte order mark is kept", text("\ufeffA"), ("\ufeffA",)),
        Row("nothing is normalised", text(unicodedata.normalize("NFD", "é")), (unicodedata.normalize("NFD", "é"),)),
        Row("characters of four bytes, up to a length of two bytes", text(FOX * 32), (FOX * 32,)),
    ),
)
BAD = Group(
    "8.1",
    "Texts that are not",
    (
        *(Row(says, text(bytes.fromhex(wrong)), end=NOT_UTF8) for says, wrong in WRONG.items()),
        Row("at the start of a text", text(b"\xffHello"), end=NOT_UTF8),
        Row("in the middle of a text", text(b"Hel\xfflo"), end=NOT_UTF8),
        Row("at the end of a text", text(b"Hello\xff"), end=NOT_UTF8),
        Row("a text that ends within a character", text(GREEK.encode()[:-1]), end=NOT_UTF8),
        Row("behind a good text", text("A") + text(b"\xff"), ("A",), NOT_UTF8),
        Row("before a good text", text(b"\xff") + text("A"), end=NOT_UTF8),
        Row("behind a ping", ping(b"p") + text(b"\xff"), end=NOT_UTF8, pongs=(b"p",)),
        Row("before a close", text(b"\xff") + close(1000), end=NOT_UTF8),
        Row("with a length of two bytes", text(b"x" * 200 + b"\xff"), end=NOT_UTF8),
        Row("with a length of eight bytes", text(b"x" * 65_536 + b"\xff"), end=NOT_UTF8),
        Row("in a binary message it is no mistake", binary(b"A\xff"), ("A\ufffd",)),
        Row(
            "a bad byte in half a frame is not judged yet",
            length_of_two_bytes(FIN | TEXT, 200) + b"\xff",
            deviates=WHOLE_FRAME,
        ),
    ),
)
ACROSS = Group(
    "8.1",
    "Texts in fragments, judged fragment by fragment",
    (
        *(
            Row(
                f"a character cut after {cut} of its 4 bytes",
                first(FOX.encode()[:cut]) + last(FOX.encode()[cut:]),
                (FOX,),
            )
            for cut in range(5)
        ),
        Row("a fragment for each byte", first(b"\xf0") + more(b"\x9f") + more(b"\xa6") + last(b"\x8a"), (FOX,)),
        Row("an empty fragment within a character", first(b"\xc3") + more(b"") + last(b"\xa9"), ("é",)),
        Row("a word in Greek, cut within a character", first(GREEK.encode()[:1]) + last(GREEK.encode()[1:]), (GREEK,)),
        Row("cut within a character, and never finished", first(FOX.encode()[:3])),
        Row("the first fragment bad", first(b"\xff") + last("A"), end=NOT_UTF8),
        Row("the first fragment bad, at once", first(b"\xff"), end=NOT_UTF8),
        Row("one between bad, at once", first("A") + more(b"\xff"), end=NOT_UTF8),
        Row("the last fragment bad", first("A") + last(b"\xff"), end=NOT_UTF8),
        Row("a character that is never finished", first("A") + last(b"\xc3"), end=NOT_UTF8),
        Row("a character that nothing follows", first(b"\xc3") + last(b""), end=NOT_UTF8),
        Row("a character that goes on wrongly", first(b"\xc3") + last(b"A"), end=NOT_UTF8),
        Row("a surrogate, cut in two, at its last byte", first(b"\xed") + more(b"\xa0") + more(b"\x80"), end=NOT_UTF8),
        Row(
            "a surrogate, at its second byte",
            first(b"\xed") + more(b"\xa0"),
            deviates=LAST_BYTE,
        ),
        Row("one beyond the last of all, at its second byte", first(b"\xf4") + more(b"\x90"), end=NOT_UTF8),
        Row("a bad fragment behind a ping", first("A") + ping(b"p") + last(b"\xff"), end=NOT_UTF8, pongs=(b"p",)),
        Row("each message begins anew", first("A") + last("B") + first(b"\xa9") + last(""), ("AB",), NOT_UTF8),
        Row("a binary message cut within a character", first(b"\xc3", BINARY) + last(b"\xa9"), ("é",)),
        Row("a binary message that ends within one", first("A", BINARY) + last(b"\xc3"), ("A\ufffd",)),
        Row(
            "what began within one is not carried over",
            first("A", BINARY) + last(b"\xc3") + frame(FIN | BINARY, b"\xa9"),
            ("A\ufffd", "\ufffd"),
        ),
    ),
)

GROUPS = (GOOD, BAD, ACROSS)
