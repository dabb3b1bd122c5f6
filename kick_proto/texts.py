"""The text messages of one read, as they came: UTF-8, and turned into ``str`` only for whoever asks.

Nearly every message of a busy read is decoded from JSON at once, and a JSON decoder reads bytes: making a ``str`` of
each first costs a third of what reading it costs. To everybody else this is a sequence of ``str`` like any other.
"""

from collections.abc import Iterator, Sequence
from typing import overload

__all__ = ["Texts"]


class Texts(Sequence[str]):
    """A sequence of texts, equal to any other of the same texts; ``encoded`` holds each in valid UTF-8."""

    __slots__ = ("encoded",)

    def __init__(self, encoded: list[bytes]) -> None:
        self.encoded = encoded

    def __len__(self) -> int:
        return len(self.encoded)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [text.decode() for text in self.encoded[index]]
        return self.encoded[index].decode()

    def __iter__(self) -> Iterator[str]:
        return map(bytes.decode, self.encoded)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Texts):
            return self.encoded == other.encoded
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # said aloud, for a reader: what holds a list has no hash

    def __repr__(self) -> str:
        return repr(list(self))
