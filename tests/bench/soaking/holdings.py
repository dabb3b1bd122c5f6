"""What this process holds, as it looks from outside: memory, files, threads, tasks, objects by type.

The bounded memories of the library are found without knowing any of them: whatever object of its classes there is,
the containers that it holds are measured, and summed by class and attribute.
"""

import asyncio
import gc
import os
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import chain, compress, repeat, tee

from tests.bench.process import resident

__all__ = ["Holdings"]

OURS = ("kick_proto.", "kick_io.")
LOOPS = ("asyncio.", "_asyncio", "trio.", "socket")
"""Modules whose classes are counted by name."""


class Holdings:
    """One look at the process. What is garbage by now is swept out before."""

    def __init__(self) -> None:
        gc.collect()
        counts = Counter(map(type, _tracked()))
        ours = {kind for kind in counts if kind.__module__.startswith(OURS)}
        self.types = {_name(kind): counts[kind] for kind in counts if kind.__module__.startswith((*OURS, *LOOPS))}
        self.memories = _memories(_instances(ours))
        files = _open_files()
        self.process = {
            "resident KiB": resident() / 1024,
            "objects": float(counts.total()),
            "open files": float(len(files)),
            "open sockets": float(sum(file.startswith("socket:") for file in files)),
            "threads": float(threading.active_count()),
            "asyncio tasks": float(len(asyncio.all_tasks())),
            "asyncio timers": float(counts[asyncio.TimerHandle]),
        }


def _tracked() -> Iterator[object]:
    """All objects that the collector knows, to be iterated in C alone.

    Where Python code ran in between, another thread could go on meanwhile; and one that is making a tuple fails when
    somebody else holds it.
    """
    return chain.from_iterable(map(gc.get_objects, (None,)))


def _instances(kinds: set[type]) -> list[object]:
    # What one half of the tee keeps for the other, up to 57 objects, is nothing but padding at the end.
    each, same = tee(chain(_tracked(), repeat(None, 64)))
    return list(compress(each, map(kinds.__contains__, map(type, same))))


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _open_files() -> list[str]:
    found = []
    for each in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{each}"))
        except OSError:
            continue
    return found


def _memories(machines: Iterable[object]) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for machine in machines:
        for attribute, value in _attributes(machine):
            if isinstance(value, dict | list | set | deque):
                sizes[f"{type(machine).__name__}.{attribute}"] += len(value)
    return dict(sizes)


def _attributes(machine: object) -> Iterator[tuple[str, object]]:
    yield from list(getattr(machine, "__dict__", {}).items())
    for kind in type(machine).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(machine, name):
                yield name, getattr(machine, name)
