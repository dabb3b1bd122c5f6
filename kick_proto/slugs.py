"""The name of a channel in its URL, read from what people type and checked before it is sent anywhere.

A slug ends up in a path and a query, so what is let through is an allow-list. Kick makes a slug of a username by rules
of its own: what is certain is that an underscore of the one is a hyphen of the other, for which ``hyphenated`` is the
second try after a "not found".

Source: Seen: slugs and usernames of recorded channels, and the retry in clients (2023-2026); Docs:
KickEngineering/KickDevDocs, "Channels" (25 characters at most).
"""

import re
from typing import NewType

from kick_proto.errors import LocalProtocolError

__all__ = ["LONGEST", "Slug", "hyphenated", "is_same", "parse_slug"]

Slug = NewType("Slug", str)

LONGEST = 25
"""Characters of a slug; the official API answers 400 to more."""
SHOWN = 60
"""Characters of what was given that an error repeats."""

_ADDRESS = re.compile(r"(?:https?://)?(?:www\.|m\.)?kick\.com/(?:popout/)?(?P<slug>[^/?#]*)(?:[/?#].*)?", re.I | re.S)
_SLUG = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}")


def parse_slug(text: str) -> Slug:
    """Read a slug as people write it: ``Fox``, ``@fox``, ``kick.com/fox``, ``https://kick.com/fox/videos?page=2``.

    Raises:
        LocalProtocolError: for what cannot be a slug, before anybody is asked.
    """
    if not isinstance(text, str):
        raise LocalProtocolError(f"a channel is named by a text like 'fox', not by {text!r:.{SHOWN}}")
    name = text.strip()
    if (address := _ADDRESS.fullmatch(name)) is not None:
        name = address["slug"]
    name = name.removeprefix("@")
    # Checked before it is made lower case: lower() makes ASCII of letters that are none, like the Kelvin sign.
    if _SLUG.fullmatch(name) is None:
        raise LocalProtocolError(
            f"{text!r:.{SHOWN}} does not name a channel: a slug, the name behind https://kick.com/, has "
            f"1 to {LONGEST} of the characters a-z, 0-9, _ and -"
        )
    return Slug(name.lower())


def hyphenated(slug: Slug) -> Slug | None:
    """The slug with a hyphen for every underscore, or None where that is no other one."""
    return Slug(slug.replace("_", "-")) if "_" in slug else None


def is_same(slug: Slug, told: str) -> bool:
    """Whether a slug that Kick tells is the one that was asked for, but for case and hyphens."""
    return told.lower().replace("_", "-") == slug.replace("_", "-")
