"""How a command is told to end: by Ctrl-C, by SIGTERM, or by whoever reads its output no more.

The first signal asks, and the command ends in order. The second one kills, as it would any program that never heard
of signals. So no ``KeyboardInterrupt`` is ever raised, which could come between any two steps of anything.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stop", "leave"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def leave() -> None:
    """What a ``Stop`` calls where nothing has to be ended in order: the process ends by the signal, as others do."""
    signal.raise_signal(signal.SIGINT)


class Stop:
    """The wish that the command may end, kept until somebody can act on it."""

    def __init__(self) -> None:
        self.asked = False
        self._act: Callable[[], object] | None = None

    def listen(self) -> None:
        """Take the signals for a wish from now on."""
        for each in SIGNALS:
            signal.signal(each, self._on_signal)

    def ask(self) -> None:
        """Wish it."""
        self.asked = True
        if self._act is not None:
            self._act()

    @contextmanager
    def calls(self, act: Callable[[], object]) -> Iterator[None]:
        """Let the wish call ``act``: at once where it stands already, and in a signal's handler if it is a signal's.

        So ``act`` must be quick, must allow for being called twice, and must be made for being called from there.
        """
        self._act = act
        try:
            if self.asked:
                act()
            yield
        finally:
            self._act = None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        self.ask()
