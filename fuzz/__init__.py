"""Fuzz targets: what a peer may send, thrown at the code that reads it.

Each target is a module with two functions. ``check(data)`` takes any bytes and raises ``AssertionError`` where a law
is broken; it is pure, and needs no fuzzer: ``tests/test_fuzz.py`` runs every seed and every stored crasher through it.
``seed(frame)`` makes an input of a recorded frame, for ``python -m fuzz.corpus``. A new target is such a module and
one row of ``TARGETS``.

``python -m fuzz NAME`` runs one under atheris; see ``docs/fuzzing.md``.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    # Not at run time: atheris can only instrument what is imported after it, and this package is imported before it.
    from kick_proto.frames import Frame

__all__ = ["HOME", "TARGETS", "Target", "inputs", "target"]

HOME = Path(__file__).parent

TARGETS: Mapping[str, str] = MappingProxyType(
    {
        "websocket": "bytes in any chunks are read as wsproto alone reads them, within the limits",
        "upgrade": "an answer to the handshake gets one verdict, however it is cut, and never raises",
        "pusher": "a session keeps the contract of a machine, whatever texts come and whenever",
        "frames": "a text is a frame or an error that says why, and a frame survives being written again",
        "decoders": "a frame is an event, Unknown or Undecodable, holds its source, and can be written as JSON",
        "render": "what is printed of an event is one line that no terminal obeys, and JSON that can be read",
        "content": "the fragments of a message join to it, none is empty, and it takes no time",
    }
)
"""Each target with the law that it holds."""


class Target(Protocol):
    """What a target's module offers."""

    def check(self, data: bytes) -> None:
        """Raise ``AssertionError`` where a law is broken."""
        ...

    def seed(self, frame: "Frame") -> bytes:
        """An input for ``check`` that holds the frame."""
        ...


def target(name: str) -> Target:
    """The target of that name.

    Raises:
        KeyError: there is none.
    """
    if name not in TARGETS:
        raise KeyError(f"no target {name!r}; there are {', '.join(TARGETS)}")
    return cast(Target, importlib.import_module(f"fuzz.{name}"))


def inputs(kind: str, name: str) -> list[Path]:
    """The stored inputs of a target: its ``seeds``, ``crashers`` or ``corpus``."""
    return sorted(path for path in (HOME / kind / name).glob("*") if path.is_file() and path.name[0] != ".")
