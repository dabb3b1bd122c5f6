"""What a person types or pastes: a slug that is safe in a path, the query of a redirect, or a sentence that says why.

An input is the text. One that begins with ``SHAPED`` is choices instead: each byte is one of ``PIECES``.
"""

import string

from kick_io.login import pasted
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame
from kick_proto.redirect import is_answer
from kick_proto.slugs import LONGEST, Slug, hyphenated, is_same, parse_slug

__all__ = ["check", "seed"]

SAFE = frozenset(string.ascii_lowercase + string.digits + "_-")
LONGEST_SENTENCE = 400
QUOTES = "\"'<>"
"""What stands around addresses, and is taken away at their ends."""
POPOUT = "popout"
"""What leads to another name when something follows it."""
SHAPED = b"\x01"
PIECES = (
    *("http://", "https://", "HTTPS://", "//", "www.", "m.", "kick.com", "KICK.com/", "popout/", "localhost:38080/c"),
    *("@", "/", "?", "#", "&", "=", "-", "_", ".", ":", ";", "[", "]", "%", "\\", "<", ">", '"', "'", "+"),
    *("fox", "Night_Owl", "7", "a" * 24, "code=", "code", "error=denied", "state=x", "%63ode=1", "[::1]", "[v1.x]"),
    *(" ", "\n", "\t", "\x00", "\x1f", "\x85", "\u2028", "\u3000", "\u202e", "\ufeff", "\ud800", "\U0001f98a"),
    *("\u212a", "\u0130", "\u0131", "\u017f", "\uff0f", "\uff1a", "\u2100", "\u0660", "\uff41", "e\u0301"),
)  # fmt: skip
"""What addresses are made of, and what looks like it: letters that become others in small ones or when normalised."""


def check(data: bytes) -> None:
    text = _text(data)
    _assert_slug(text)
    _assert_query(text)


def _text(data: bytes) -> str:
    if data.startswith(SHAPED):
        return "".join(PIECES[choice % len(PIECES)] for choice in data[1:])
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _assert_slug(text: str) -> None:
    try:
        slug = parse_slug(text)
    except LocalProtocolError as error:
        _assert_sentence(str(error))
        return
    _assert_safe(slug)
    assert slug in text.lower()
    for other in (slug, slug.upper(), f"@{slug}", f"kick.com/{slug}#x", f" https://www.kick.com/{slug}?page=2 "):
        assert parse_slug(other) == slug, other
    if slug != POPOUT:
        assert parse_slug(f"kick.com/{slug}/videos") == slug
    second = hyphenated(slug)
    if second is not None:
        _assert_safe(second)
        assert second != slug
        assert hyphenated(second) is None
        assert is_same(slug, second)
    assert is_same(slug, slug.upper())


def _assert_safe(slug: Slug) -> None:
    assert 0 < len(slug) <= LONGEST
    assert set(slug) <= SAFE, slug


def _assert_query(text: str) -> None:
    try:
        query = pasted(text)
    except LocalProtocolError as error:
        _assert_sentence(str(error))
        return
    assert is_answer(query)
    assert not any(each.isspace() for each in query)
    assert query in "".join(text.split())
    if query == query.rstrip(QUOTES):
        assert pasted(f'"http://localhost:38080/callback?{query}"\n') == query


def _assert_sentence(told: str) -> None:
    assert 0 < len(told) <= LONGEST_SENTENCE
    assert told.isprintable(), told


def seed(frame: Frame) -> bytes:
    return f"https://kick.com/{frame.channel}?{frame.event}{frame.data}".encode("utf-8", "replace")
