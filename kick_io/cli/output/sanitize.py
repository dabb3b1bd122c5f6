"""Text of strangers, made fit for a terminal: it may look like anything, but it may not *do* anything.

What a terminal obeys is replaced: the C0 and C1 control characters (escape sequences begin with them), the characters
that turn the direction of what follows, line and paragraph separators. Lone surrogates go too, because no terminal's
encoding has them. Joiners and variation selectors stay, for emoji are made with them.

Source: Spec: ECMA-48 section 5; Unicode Annex 9, "Explicit Directional Embeddings, Overrides, Isolates".
"""

import re

__all__ = ["visible"]

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
"""What separates words or lines somewhere, and is a space here."""


def visible(text: str) -> str:
    """The text with everything replaced that a terminal obeys; other text is itself."""
    return _OBEYED.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SPACES:
        return " "
    if character < " ":
        return chr(0x2400 + ord(character))  # its picture: ESC is seen as "␛"
    return "␡" if character == "\x7f" else "\N{REPLACEMENT CHARACTER}"
