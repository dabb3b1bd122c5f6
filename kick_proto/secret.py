"""A text that must not be seen: tokens, client secrets, code verifiers.

It can be compared, copied and handed on, and shows itself to nobody: neither in ``repr`` nor in a log line, a traceback
with locals, or an encoder. Whoever sends it or stores it calls ``reveal()`` where the bytes are made, and keeps no name
for what that gives.
"""

import hmac
from typing import NoReturn

__all__ = ["Secret"]


class Secret:
    """A text behind a curtain; two of them are equal when their texts are, compared in constant time."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a Secret is made of a text, not of {type(text).__name__}")
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._text), _bytes(other._text))

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "<redacted>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled: that would write it where anybody can read it")

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self


def _bytes(text: str) -> bytes:
    """Of any text, half of a surrogate pair included: to compare is never an error."""
    return text.encode("utf-8", "surrogatepass")
