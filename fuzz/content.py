"""A message's text taken apart: nothing lost, nothing added, nothing empty, and no text that takes long.

An input is a byte that says how often the text is repeated, which is how a text that takes long is found, and the text.
"""

import time
from itertools import pairwise

import msgspec

from kick_proto.content import Link, Mention, Text, fragments
from kick_proto.frames import Frame

__all__ = ["check", "seed"]

ONCE = 240
"""First bytes up to here do not repeat it."""
MOST = 4_000
"""Characters at first: a message has 500, and what is longer costs a fuzzer time and shows it nothing new."""
SUSPICIOUS = 0.5e-6
"""Seconds of this thread's own time a character: what has taken that may take the square, and is tried when longer."""
LONGEST = 1 << 15
"""Characters then: a time that grows with the square is beyond doubt at this length."""
SLOWEST = 3e-6
"""Seconds a character: some fifteen times what the slowest known text takes."""
PATIENCE = 0.03
TRIES = 3
"""A text is slow if it is so each time: once may be the machine's fault."""


def check(data: bytes) -> None:
    text = _text(data[1:])
    repeats = 1 + max(0, data[0] - ONCE) ** 4 if data else 1
    short = _repeated(text, repeats, MOST)
    if _seconds(short) > SUSPICIOUS * len(short):
        long = _repeated(text, repeats, LONGEST)
        limit = PATIENCE + SLOWEST * len(long)
        assert any(_seconds(long) < limit for _ in range(TRIES)), f"more than {limit:g} s for {len(long)} characters"
    _assert_whole(short)


def _assert_whole(text: str) -> None:
    found = fragments(text)
    assert "".join(fragment.text for fragment in found) == text
    assert all(fragment.text for fragment in found), found
    assert not any(isinstance(left, Text) and isinstance(right, Text) for left, right in pairwise(found)), found
    for fragment in found:
        match fragment:
            case Mention(text=piece, username=username):
                assert piece == f"@{username}"
            case Link(text=piece):
                assert piece.startswith(("http://", "https://"))


def seed(frame: Frame) -> bytes:
    try:
        written = msgspec.json.decode(frame.data)["content"]
    except (msgspec.DecodeError, KeyError, TypeError):
        written = frame.data
    return b"\x00" + str(written).encode("utf-8", "replace")


def _repeated(text: str, times: int, most: int) -> str:
    return (text * min(times, 1 + most // len(text)))[:most] if text else ""


def _seconds(text: str) -> float:
    begun = time.thread_time()
    fragments(text)
    return time.thread_time() - begun


def _text(data: bytes) -> str:
    """Halves of emojis too: a caller may have got them from anywhere."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")
