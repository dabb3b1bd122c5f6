"""Runs a target: ``python -m fuzz NAME [FILE ...] [libFuzzer's options]``.

With files, each is checked once, and atheris is not needed. Without, atheris looks for inputs that break the target's
law, beginning at its corpus and its seeds; one that does is kept in ``fuzz/crashers/NAME/``.
"""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from fuzz import HOME, TARGETS, target

USAGE = "usage: python -m fuzz NAME [FILE ...] [libFuzzer's options, such as -runs=100000]\n\n" + "\n".join(
    f"  {name:10} {law}" for name, law in TARGETS.items()
)
INSTRUMENTED = ["kick_proto", "kick_io", "wsproto", "h11"]
"""Where atheris shall see which branches an input takes."""
MISSING = "atheris is not installed: uv run --group fuzz python -m fuzz NAME"


def main(arguments: Sequence[str]) -> int:
    """Run; gives the exit code."""
    match arguments:
        case [name, *options] if name in TARGETS:
            files = [Path(option) for option in options if not option.startswith("-")]
            return replay(name, files) if files else run(name, options)
        case _:
            sys.stderr.write(f"{USAGE}\n")
            return 2


def replay(name: str, files: Sequence[Path]) -> int:
    """Check each file once; what breaks the law is raised."""
    check = target(name).check
    for file in files:
        check(file.read_bytes())
        sys.stdout.write(f"{file}: holds\n")
    return 0


def run(name: str, options: Sequence[str]) -> int:
    """Fuzz until libFuzzer has had enough."""
    try:
        atheris = importlib.import_module("atheris")
    except ModuleNotFoundError:
        sys.stderr.write(f"{MISSING}\n")
        return 2
    with atheris.instrument_imports(include=INSTRUMENTED):
        check = target(name).check
    corpus, seeds, crashers = (HOME / kind / name for kind in ("corpus", "seeds", "crashers"))
    for folder in (corpus, seeds, crashers):
        folder.mkdir(parents=True, exist_ok=True)
    settings = [f"-dict={HOME / 'kick.dict'}", f"-artifact_prefix={crashers}/", "-timeout=10", "-print_final_stats=1"]
    atheris.Setup([f"fuzz {name}", *settings, *options, str(corpus), str(seeds)], check)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
