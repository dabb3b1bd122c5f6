"""The page on conformance is what the rows say."""

from pathlib import Path

from tests.conformance import handshake, page, tables
from tests.conformance.rows import Group

PAGE = Path(__file__).parent.parent.parent / "docs" / "conformance.md"


def test_the_page_of_conformance_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page.page()


def test_the_page_has_every_group_and_every_deviation() -> None:
    text = page.page()
    groups: list[handshake.Group | Group] = [*handshake.GROUPS, *tables.GROUPS]
    for group in groups:
        assert f" | {group.title} | {len(group.rows)} |" in text
        assert all(row.says in text and row.deviates in text for row in group.rows if row.deviates)
