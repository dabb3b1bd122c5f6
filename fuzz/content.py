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
"""First bytes up to here do not repeat it: most inputs shall be quick."""
LONGEST = 1 << 16
"""Characters at most: a time that grows with the square shows at this length already."""
SLOWEST = 10e-6
"""Seconds of this thread's own time a character: some fifty times what the slowest known text takes."""
PATIENCE = 0.1


def check(data: bytes) -> None:
    text = _text(data[1:])
    if text:
        repeats = 1 + max(0, data[0] - ONCE) ** 4
        text = (text * min(repeats, 1 + LONGEST // len(text)))[:LONGEST]
    begun = time.thread_time()
    found = fragments(text)
    took = time.thread_time() - begun
    assert took < PATIENCE + SLOWEST * len(text), f"{took:g} s for {len(text)} characters"
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


def _text(data: bytes) -> str:
    """Halves of emojis too: a caller may have got them from anywhere."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")
