"""A message's text taken apart: plain text, emotes, mentions, links.

The texts of the fragments join to the original exactly. One pass, in time linear in the text whatever it holds:
every piece of the pattern is bounded, or consumes what it has looked at.
"""

import re
from typing import TypeAlias

import msgspec

__all__ = ["Emote", "Fragment", "Link", "Mention", "Text", "fragments"]


class Text(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Plain text."""

    text: str


class Emote(msgspec.Struct, frozen=True, tag=True, gc=False):
    """An emote: ``text`` as written, its number and name, and where its picture is."""

    text: str
    id: int
    name: str

    @property
    def url(self) -> str:
        """The picture. Source: Seen: public chat clients (2023-2026)."""
        return f"https://files.kick.com/emotes/{self.id}/fullsize"


class Mention(msgspec.Struct, frozen=True, tag=True, gc=False):
    """``@username``; whether such a user exists, the text does not tell."""

    text: str
    username: str


class Link(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A web address; ``text`` is the address as written."""

    text: str


Fragment: TypeAlias = Text | Emote | Mention | Link

# Emote names may hold anything but "]"; the bound of 100 keeps "[emote:1:" times 20,000 linear.
_SPECIAL = (
    r"\[emote:(?P<id>[0-9]{1,18}):(?P<name>[^\]]{0,100})\]"
    r"|(?<![\w@])@(?P<username>[A-Za-z0-9_]{1,64})"
    r"|(?P<link>https?://[^\W_][^\s\[\]<>\"]{0,2000})"
)
_TRAILING = ".,;:!?'*_~)"


def fragments(text: str) -> tuple[Fragment, ...]:
    """Take a message's text apart.

    Source: Seen: ``[emote:ID:NAME]`` glued to text and to each other; mentions and links as plain text (2023-2026).
    """
    found: list[Fragment] = []
    start = 0
    for match in re.finditer(_SPECIAL, text):
        piece = match[0]
        if (username := match["username"]) is not None:
            fragment: Fragment = Mention(piece, username)
        elif match["link"] is not None:
            piece = _without_punctuation(piece)
            fragment = Link(piece)
        else:
            fragment = Emote(piece, int(match["id"]), match["name"])
        if match.start() > start:
            found.append(Text(text[start : match.start()]))
        found.append(fragment)
        start = match.start() + len(piece)
    if start < len(text):
        found.append(Text(text[start:]))
    return tuple(found)


def _without_punctuation(link: str) -> str:
    """A sentence's own punctuation after a link is not the link's; a closing bracket is, where one stands open."""
    bare = link.rstrip(_TRAILING)
    if link[len(bare) :].startswith(")") and bare.count("(") > bare.count(")"):
        return bare + ")"
    return bare
