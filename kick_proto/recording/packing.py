"""The lines of a file, compressed with zstd or not, whichever it turns out to be; none of them longer than it may be.

The only module that knows the ``zstandard`` package, which not everybody has installed. Whoever opens the file gives
its ``read``; nothing is kept of it but the line that is being read.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from kick_proto.errors import LocalProtocolError, RemoteProtocolError

__all__ = ["LONGEST_LINE", "Packer", "lines_of", "packer"]

LONGEST_LINE = 1 << 20
"""Bytes of a line, its end included."""

MAGIC = b"\x28\xb5\x2f\xfd"
"""How a zstd frame begins. Source: Spec: RFC 8878, section 3.1.1."""
CHUNK = 1 << 16
"""Bytes that are read at once."""
PACKED = 1 << 8
"""Bytes that are unpacked at once: few, because each may become thousands."""
LEVEL = 3
MISSING = "zstd needs its extra: pip install 'kick-proto[zstd]'"


class Packer(Protocol):
    """Compresses what it is given, piece by piece."""

    def compress(self, data: bytes) -> bytes:
        """Take a piece; gives what is ready to be written."""
        ...

    def sync(self) -> bytes:
        """All that was taken so far, so that it can be read even if nothing follows."""
        ...

    def finish(self) -> bytes:
        """The end."""
        ...


class _Zstd:
    def __init__(self) -> None:
        try:
            import zstandard  # noqa: PLC0415 (an extra)
        except ModuleNotFoundError:
            raise LocalProtocolError(MISSING) from None
        self._object = zstandard.ZstdCompressor(level=LEVEL).compressobj()
        self._block = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def compress(self, data: bytes) -> bytes:
        return self._object.compress(data)

    def sync(self) -> bytes:
        return self._object.flush(self._block)

    def finish(self) -> bytes:
        return self._object.flush()


def packer() -> Packer:
    """A new one.

    Raises:
        LocalProtocolError: the ``zstandard`` package is not installed.
    """
    return _Zstd()


def lines_of(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The lines of a file, with their ends; one that is too long is cut where it is.

    Raises:
        RemoteProtocolError: the compression is damaged, or the ``zstandard`` package is not installed.
    """
    begun = read(CHUNK)
    source = _Begun(begun, read)
    chunks = _unpacked(source) if begun.startswith(MAGIC) else iter(lambda: source.read(CHUNK), b"")
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line[:LONGEST_LINE] + b"\n"
        # One byte more than may be says that the line is too long; what follows on it need not be kept.
        rest = rest[: LONGEST_LINE + 1]
    if rest:
        yield rest


class _Begun:
    """A file of which the beginning was read already."""

    def __init__(self, begun: bytes, read: Callable[[int], bytes]) -> None:
        self._begun = begun
        self._read = read

    def read(self, size: int = CHUNK) -> bytes:
        if self._begun:
            begun, self._begun = self._begun[:size], self._begun[size:]
            return begun
        return self._read(size)


def _unpacked(source: _Begun) -> Iterator[bytes]:
    try:
        import zstandard  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError:
        raise RemoteProtocolError(MISSING) from None
    unpacking = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True)
    try:
        while piece := source.read(PACKED):
            yield unpacking.decompress(piece)
    except zstandard.ZstdError as error:
        raise RemoteProtocolError(f"the compression is damaged: {error}") from None
