"""Columns that are aligned, for people to read."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from kick_io.cli.output.sanitize import visible

__all__ = ["table"]

Cells: TypeAlias = tuple[str, ...]


def table(head: Sequence[Cells], rows: Sequence[Cells]) -> Iterator[str]:
    """Lines with their columns aligned."""
    cells = [tuple(map(visible, row)) for row in (*head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
