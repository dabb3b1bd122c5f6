"""The entry point: what must work before anything else does, and whatever else fails.

It imports next to nothing, so that Ctrl-C is heard from the first moment, and so that a missing extra is told in a
sentence.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress

from kick_io.cli.stopping import Stop

__all__ = ["main"]

CLI_EXTRA = "the kick command needs its extra: pip install 'kick-proto[cli]'"
EXTRAS: Mapping[str, str] = {
    "click": CLI_EXTRA,
    "rich": CLI_EXTRA,
    "trio": "the trio driver needs its extra: pip install 'kick-proto[trio]'",
}
"""What to say where a library is missing that not everybody installs."""


def main() -> None:
    """Run the command that ``sys.argv`` names, and exit with its code: 0, 1 for failure, 2 for wrong arguments."""
    stop = Stop()
    stop.listen()
    try:
        # Only here: without the extra, this is the import that fails.
        from kick_io.cli.commands import run  # noqa: PLC0415

        code = run(stop)
    except ModuleNotFoundError as error:
        sentence = EXTRAS.get((error.name or "").partition(".")[0])
        if sentence is None:
            raise
        with suppress(OSError):
            sys.stderr.write(f"{sentence}\n")
        code = 2
    _flush()
    sys.exit(code)


def _flush() -> None:
    """Flush, and where nobody reads any more, spare the interpreter from finding out when it ends."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
