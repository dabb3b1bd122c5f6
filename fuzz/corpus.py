"""Grows the corpus from recorded frames: ``python -m fuzz.corpus FILE ...``; from made-up ones: ``--made-up COUNT``.

A line of a file is ``{"event":...,"channel":...,"data":...}``, or one of ``kick watch --json --raw``. Each frame
becomes an input of each target, in ``fuzz/corpus/NAME/``, which stays out of the repository: recordings hold
what people wrote.
"""

import argparse
import hashlib
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from fuzz import HOME, TARGETS, target
from kick_io.cli.recordings.drifting import frames_of
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.testing.traffic.showcase import Showcase

LONGEST = 1 << 16
"""Bytes of an input that are worth keeping: fuzzers do little with longer ones."""


def recorded(path: Path) -> Iterator[Frame]:
    """The frames of a file; lines that hold none are passed over."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            yield from frames_of(line)


def made_up(count: int) -> Iterator[Frame]:
    """Frames of so many acts of seeded traffic that shows every event."""
    showcase = Showcase(Channel(ChannelId(11), ChatroomId(22)), random.Random(7))
    for act in range(count):
        yield from showcase.act(1_700_000_000.0 + act)


def grow(frames: Iterable[Frame], corpus: Path) -> int:
    """Write the inputs; gives how many are new. A file is named by its content, so none stands twice."""
    seeds = {name: target(name).seed for name in TARGETS}
    new = 0
    for frame in frames:
        for name, seed in seeds.items():
            data = seed(frame)
            file = corpus / name / hashlib.sha256(data).hexdigest()[:24]
            if len(data) <= LONGEST and not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
                new += 1
    return new


def main(arguments: list[str] | None = None, corpus: Path = HOME / "corpus") -> int:
    """Grow the corpus as the command line says; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.corpus", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="recorded frames, one in a line")
    parser.add_argument("--made-up", type=int, default=0, metavar="COUNT", help="acts of made-up traffic")
    told = parser.parse_args(arguments)
    if not told.files and not told.made_up:
        parser.error("a FILE, or --made-up COUNT")
    new = sum(grow(recorded(path), corpus) for path in told.files) + grow(made_up(told.made_up), corpus)
    sys.stdout.write(f"{new:,} new inputs in {corpus}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
