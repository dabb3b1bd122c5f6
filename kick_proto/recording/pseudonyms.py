"""Other words of the same shape, by a key: equal ones stay equal, different ones different, and no way leads back.

A word is mapped by a permutation of all words of its shape: as long, with letters, digits and capitals in the same
places. So no table of what was met is kept, two recordings under one key have the same pseudonyms, and no two words
share one. Capitals, and whether ``-`` or ``_`` parts a name, make no difference to the letters, so that a name and
its slug stay a pair.

The permutation is a Feistel network over HMAC-SHA256, walked until it is inside of the shape's range. Of scripts
without a range in ``RANGES``, a keyed hash picks the letters, and two words may come out alike. Neither hides how long
a word is nor how often it comes, and words of one or two letters have few others to be.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

__all__ = ["SHORTEST_KEY", "Pseudonyms"]

SHORTEST_KEY = 16
"""Bytes of a key, at least."""
ROUNDS = 8
CHUNK = 32
"""Letters that are mapped together."""
REMEMBERED = 50_000
LONG = 4_096
"""Characters of a text beyond which its hash stands for it where it is hashed again and again."""

DAYS_BACK = (30, 400)
"""By how many days times are set back, from and to."""

RANGES = (
    ("a", "z"),
    ("0", "9"),
    ("\u00e0", "\u00f6"),  # Latin with accents
    ("\u0430", "\u044f"),  # Cyrillic
    ("\u03b1", "\u03c1"),  # Greek, without the sigma that has no capital of its own
    ("\u03c3", "\u03c9"),
    ("\u05d0", "\u05ea"),  # Hebrew
    ("\u0620", "\u064a"),  # Arabic
    ("\u3041", "\u3096"),  # Hiragana
    ("\u30a1", "\u30fa"),  # Katakana
    ("\u4e00", "\u9fff"),  # Chinese
    ("\uac00", "\ud7a3"),  # Korean
    ("\U0001f300", "\U0001f5ff"),  # pictures
    ("\U0001f600", "\U0001f64f"),  # faces
)
"""Letters, and other signs that may tell something, of which each becomes one of the same range."""
_RANGES = tuple((ord(first), ord(last)) for first, last in RANGES)
_OTHERS = (0x4E00, 0x9FFF)
"""What letters of other scripts become."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,64}", re.IGNORECASE)
_HEX = "0123456789abcdef"


class Pseudonyms:
    """The pseudonyms of one key.

    Raises:
        ValueError: the key is shorter than ``SHORTEST_KEY`` bytes.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"a key has {SHORTEST_KEY} bytes or more, not {len(key)}")
        self._key = key
        least, most = DAYS_BACK
        seconds = int.from_bytes(self._hash(b"time")[:8], "big") % ((most - least) * 86_400)
        self.shift = -(least * 86_400 + seconds)
        """Seconds that are added to every time."""
        self.word: Callable[[str], str] = lru_cache(REMEMBERED)(self._word)
        """The pseudonym of a word: letters, digits, and what stands between them, which is kept."""

    def number(self, number: int) -> int:
        """The pseudonym of an id: as many digits; 0 is no id."""
        mapped = int(self._number(str(abs(number))))
        return mapped if number > 0 else -mapped

    def _number(self, digits: str) -> str:
        """Digits, of which leading zeros stay: the first other one becomes no zero."""
        mapped: list[str] = []
        done = 0
        while done < len(digits):
            if digits[done] == "0":
                mapped.append("0")
                done += 1
                continue
            # A number may be all that fits into 64 bits: with its first digit kept, most others fit too.
            kept = digits[done] if len(digits) - done > 18 else ""
            rest = digits[done + len(kept) : done + len(kept) + CHUNK]
            first = 0 if kept else 10 ** (len(rest) - 1)
            size = 10 ** len(rest) - first
            other = first + self._permuted(int(rest) - first, size, f"number {len(rest)} {kept}")
            mapped.append(kept + str(other).zfill(len(rest)))
            done += len(kept) + len(rest)
        return "".join(mapped)

    def _word(self, word: str) -> str:
        if word.isascii() and word.isdigit():
            return self._number(word)
        if _UUID.fullmatch(word):
            return self._hexadecimal(word)
        folded = [_folded(char) for char in word]
        tweak = self._brief("".join(map(_shape, folded)))
        places = [(place, *span) for place, char in enumerate(folded) if (span := _span(char)) is not None]
        mapped = list(folded)
        for start in range(0, len(places), CHUNK):
            self._map(mapped, places[start : start + CHUNK], f"word {start} {tweak}")
        self._hash_others(mapped, self._brief(word))
        return "".join(
            mapped[place].upper() if char != folded[place] else mapped[place] for place, char in enumerate(word)
        )

    def _map(self, chars: list[str], places: list[tuple[int, int, int]], tweak: str) -> None:
        """Replace what stands at these places, of which each names its range, by what they are mapped to together."""
        index, size = 0, 1
        radices = []
        for place, first, last in places:
            radices.append((place, first, last - first + 1))
            index = index * (last - first + 1) + ord(chars[place]) - first
            size *= last - first + 1
        index = self._permuted(index, size, tweak)
        for place, first, radix in reversed(radices):
            index, offset = divmod(index, radix)
            chars[place] = chr(first + offset)

    def _hash_others(self, chars: list[str], word: str) -> None:
        """Replace the letters that are in no range, by what the whole word hashes to."""
        first, last = _OTHERS
        for place, char in enumerate(chars):
            if _span(char) is None and unicodedata.category(char)[0] in "LN":
                digest = self._hash(f"letter {place} {word}".encode("utf-8", "surrogatepass"))
                chars[place] = chr(first + int.from_bytes(digest[:4], "big") % (last - first + 1))

    def _hexadecimal(self, word: str) -> str:
        digits = [char for char in word if char != "-"]
        size = 16 ** len(digits)
        mapped = iter(f"{self._permuted(int(''.join(digits), 16), size, f'hex {len(digits)}'):0{len(digits)}x}")
        lowered = ["-" if char == "-" else next(mapped) for char in word]
        return "".join(lowered).upper() if word.isupper() else "".join(lowered)

    def _permuted(self, index: int, size: int, tweak: str) -> int:
        """Where a permutation of 0 to ``size`` takes the index."""
        half = ((size - 1).bit_length() + 1) // 2
        mask = (1 << half) - 1
        while True:
            left, right = index >> half, index & mask
            for number in range(ROUNDS):
                left, right = right, left ^ self._round(f"{number} {tweak} {right}", half)
            index = left << half | right
            if index < size:
                return index

    def _round(self, message: str, bits: int) -> int:
        # One hash has bits enough for half of CHUNK letters of the widest range. The 0 is a part of every pseudonym.
        return int.from_bytes(self._hash(f"0 {message}".encode()), "big") & ((1 << bits) - 1)

    def _brief(self, text: str) -> str:
        """The text, or what stands for a long one: with each of its letters the whole of it would be hashed."""
        return text if len(text) <= LONG else self._hash(text.encode("utf-8", "surrogatepass")).hex()

    def _hash(self, message: bytes) -> bytes:
        return hmac.digest(self._key, message, "sha256")


def _folded(char: str) -> str:
    """The small letter of a capital that has one of one character, and goes back to it."""
    lower = char.lower()
    return lower if len(lower) == 1 and lower.upper() == char else char


def _shape(char: str) -> str:
    """What a word's permutation is told of a letter: its range, or that it has none; ``-`` and ``_`` are alike."""
    span = _span(char)
    return "-" if char in "-_" else "." if span is None else str(span[0])


@lru_cache(REMEMBERED)
def _span(char: str) -> tuple[int, int] | None:
    number = ord(char)
    return next(((first, last) for first, last in _RANGES if first <= number <= last), None)
