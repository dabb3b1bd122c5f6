"""Kick's encoders: who wrote an event shows in its name and in its escapes.

Laravel writes the prefix ``App\\Events\\``, ``\\/`` for a slash and ``\\uXXXX`` for everything beyond ASCII; since
about 2026 its chat messages keep the slash's escape and carry raw UTF-8. The Go services escape neither; most of their
names are bare, but events that moved to them from Laravel may have kept the prefix.

Each function takes a topic, a name without prefix and a payload in wire order, and gives the frame.

Source: Seen: wire catalogue sections 1.3 and 1.4 (2023-2026).
"""

import re

import msgspec

from kick_proto.frames import Frame

__all__ = ["PREFIX", "laravel", "laravel_chat", "moved_service", "service"]

PREFIX = "App\\Events\\"

_encode = msgspec.json.Encoder().encode


def laravel(topic: str, name: str, payload: object) -> Frame:
    """An event of Laravel's: prefixed, slashes and all non-ASCII escaped."""
    return Frame(PREFIX + name, topic, _ascii(_slashed(payload)))


def laravel_chat(topic: str, name: str, payload: object) -> Frame:
    """A chat message of 2026: prefixed, slashes escaped, UTF-8 as it is."""
    return Frame(PREFIX + name, topic, _slashed(payload))


def service(topic: str, name: str, payload: object) -> Frame:
    """An event of a Go service: bare, nothing escaped."""
    return Frame(name, topic, _encode(payload).decode())


def moved_service(topic: str, name: str, payload: object) -> Frame:
    """An event that a Go service took over from Laravel, prefix and all."""
    return Frame(PREFIX + name, topic, _encode(payload).decode())


def _slashed(payload: object) -> str:
    return _encode(payload).decode().replace("/", "\\/")


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def _ascii(text: str) -> str:
    return text if text.isascii() else _BEYOND_ASCII.sub(_units, text)


def _units(run: re.Match[str]) -> str:
    digits = run[0].encode("utf-16-be").hex()
    return "".join([f"\\u{digits[place : place + 4]}" for place in range(0, len(digits), 4)])
