"""Tables for people."""

from kick_io.cli.output.tables import table


def test_columns_are_aligned_and_harmless() -> None:
    assert list(table([("a", "b")], [("long", "\x1b[31m"), ("", "x")])) == [
        "a     b",
        "long  ␛[31m",
        "      x",
    ]
