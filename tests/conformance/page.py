"""The page ``docs/conformance.md``: ``python -m tests.conformance.page > docs/conformance.md``."""

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

from tests.conformance import handshake, tables

PROSE = Path(__file__).with_name("page.md")
"""What is said around the tables; the two lines in curly brackets are where they stand."""


class _Row(Protocol):
    @property
    def says(self) -> str: ...
    @property
    def deviates(self) -> str: ...


class _Group(Protocol):
    @property
    def section(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def rows(self) -> Sequence[_Row]: ...


def page() -> str:
    every: list[_Group] = [*handshake.GROUPS, *tables.GROUPS]
    text = PROSE.read_text("utf-8")
    return text.replace("{counts}", "\n".join(_counts(every))).replace("{deviations}", "\n".join(_deviations(every)))


def _counts(groups: Sequence[_Group]) -> Iterator[str]:
    yield "| section | what | rows |"
    yield "| --- | --- | ---: |"
    for group in groups:
        yield f"| {_section(group)} | {group.title} | {len(group.rows)} |"
    yield f"| | all | {sum(len(group.rows) for group in groups)} |"


def _deviations(groups: Sequence[_Group]) -> Iterator[str]:
    rows = [(_section(group), row) for group in groups for row in group.rows if row.deviates]
    yield "| section | case | why |"
    yield "| --- | --- | --- |"
    for (section, why), same in groupby(rows, key=lambda each: (each[0], each[1].deviates)):
        yield f"| {section} | {'; '.join(row.says for _, row in same)} | {why} |"


def _section(group: _Group) -> str:
    return group.section if group.section.startswith("RFC") else f"RFC 6455 {group.section}"


if __name__ == "__main__":
    sys.stdout.write(page())
