"""Makes a crasher small: ``python -m fuzz.shrink NAME FILE`` writes it over, with all left out that does not matter.

An input breaks the law still if the same kind of exception comes from the same line.
"""

import argparse
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from fuzz import TARGETS, target

__all__ = ["fault_of", "main", "shrunk"]

Fault: TypeAlias = tuple[type[Exception], str, int | None]
"""What went wrong, and where: the exception's type, the file and the line."""


def fault_of(check: Callable[[bytes], None], data: bytes) -> Fault | None:
    """How an input breaks the law; None where it holds."""
    try:
        check(data)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return type(error), place.filename, place.lineno
    return None


def shrunk(data: bytes, matters: Callable[[bytes], bool]) -> bytes:
    """Leave out pieces, large ones first, as long as what is left still matters."""
    size = len(data)
    while size:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + size :]
            if matters(less):
                data = less
            else:
                at += size
        size //= 2
    return data


def main(arguments: list[str] | None = None) -> int:
    """Shrink the file that the command line names; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.shrink", description=__doc__)
    parser.add_argument("name", choices=list(TARGETS))
    parser.add_argument("file", type=Path)
    told = parser.parse_args(arguments)
    check, data = target(told.name).check, told.file.read_bytes()
    fault = fault_of(check, data)
    if fault is None:
        sys.stderr.write(f"{told.file} breaks nothing\n")
        return 1
    small = shrunk(data, lambda less: fault_of(check, less) == fault)
    told.file.write_bytes(small)
    sys.stdout.write(f"{len(data):,} bytes became {len(small):,}: {small!r}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
