from pathlib import Path

import msgspec
import pytest

from kick_io.storage.own_database import Form, OwnDatabase
from kick_proto.errors import StoreError
from tests.stores import refusal

FORM = Form(
    application_id=1234, version=3, tables=("CREATE TABLE notes (text TEXT)",), contents="notes", remedy="write anew"
)


@pytest.fixture
def database(tmp_path: Path) -> OwnDatabase:
    made = OwnDatabase(tmp_path / "a b%20#?.db", FORM, busy_timeout=5.0)
    assert made.create({"author": "ann"})
    return made


def notes(database: OwnDatabase) -> list[str]:
    with database.reading() as connection:
        return [text for (text,) in connection.execute("SELECT text FROM notes")]


def note(database: OwnDatabase, text: str) -> None:
    with database.changing() as connection:
        connection.execute("INSERT INTO notes VALUES (?)", (text,))


def test_a_file_is_made_once(database: OwnDatabase) -> None:
    note(database, "one")
    assert not database.create({"author": "bob"})
    with database.reading() as connection:
        assert database.meta(connection, "author") == "ann"
        assert "it does not say its title" in refusal(lambda: database.meta(connection, "title"))
    assert notes(database) == ["one"]


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, StoreError])
def test_a_change_that_does_not_come_to_its_end_has_not_happened(
    error: type[BaseException], database: OwnDatabase
) -> None:
    def stop() -> None:
        with database.changing() as connection:
            connection.execute("INSERT INTO notes VALUES ('half')")
            raise error

    with pytest.raises(error):
        stop()
    assert notes(database) == []
    note(database, "whole")
    assert notes(database) == ["whole"]


def test_who_reads_cannot_write(database: OwnDatabase) -> None:
    def write() -> None:
        with database.reading() as connection:
            connection.execute("INSERT INTO notes VALUES ('x')")

    assert "could not be used just now" in refusal(write)
    assert notes(database) == []


def test_who_reads_sees_one_state_while_another_writes(database: OwnDatabase) -> None:
    note(database, "one")
    with database.reading() as connection:
        connection.execute("BEGIN")
        before = connection.execute("SELECT * FROM notes").fetchall()
        note(database, "two")
        assert connection.execute("SELECT * FROM notes").fetchall() == before
    assert notes(database) == ["one", "two"]


def test_another_forms_file_is_not_taken(database: OwnDatabase) -> None:
    other = OwnDatabase(database.path, msgspec.structs.replace(FORM, application_id=4321), busy_timeout=5.0)
    sentence = refusal(lambda: notes(other))
    assert "cannot be used as a store of notes: it is a database of another program" in sentence
    assert sentence.endswith("and write anew")


def test_one_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    absent = OwnDatabase(tmp_path / "absent.db", FORM, busy_timeout=5.0)
    assert not absent.exists
    for attempt in (lambda: notes(absent), lambda: note(absent, "x")):
        assert "is not there" in refusal(attempt)
    assert list(tmp_path.iterdir()) == []
