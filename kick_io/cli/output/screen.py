"""Lines on a terminal: colours, struck-out text, and long lines that go on below their own text, not below the time.

The only module that knows rich. It writes nothing: it gives the text with its escape sequences.
"""

import os
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from kick_io.cli.output.render import INDENT, Line

__all__ = ["Screen", "standard_output"]

NARROW = 40
"""Columns from which on there is room for an indentation."""


def standard_output() -> Console:
    """The terminal that standard output is. With ``NO_COLOR`` set, it is given no escape sequences at all."""
    return Console(color_system=None if os.environ.get("NO_COLOR") else "auto")


class Screen:
    """Makes the text of lines for a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def text(self, lines: Iterable[Line]) -> str:
        """The lines as they are to be written, each with its end."""
        width = self._console.width
        with self._console.capture() as captured:
            for line in lines:
                self._console.print(self._fitted(Text.assemble(*line), width), soft_wrap=True, highlight=False)
        return captured.get()

    def _fitted(self, text: Text, width: int) -> Text:
        if text.cell_len <= width or width < NARROW:
            return text
        time, rest = text.divide([INDENT])
        return time + Text("\n" + " " * INDENT).join(rest.wrap(self._console, width - INDENT))
