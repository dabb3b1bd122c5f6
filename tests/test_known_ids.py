import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from kick_io.storage import places
from kick_io.storage.known_ids import KnownIds
from kick_proto.ids import Channel, ChannelId, ChatroomId


def channel(number: int, slug: str | None = None, platform: str = "kick") -> Channel:
    slug = slug if slug is not None else f"name{number}"
    return Channel(ChannelId(number), ChatroomId(number + 1_000), slug, platform)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ids.db"


def silent(path: Path, limit: int = 10_000) -> KnownIds:
    """One whose file has no trouble: that is an error here."""

    def told(sentence: str) -> None:
        raise AssertionError(sentence)

    return KnownIds(path, limit=limit, notice=told)


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        (count,) = database.execute("SELECT count(*) FROM channels").fetchone()
    return int(count)


class TestKeeping:
    def test_what_was_looked_up_is_known_now_and_in_the_next_run(self, path: Path) -> None:
        ids = silent(path)
        assert ids.get("name1") is None
        assert not path.parent.exists()
        ids.add("name1", channel(1))
        assert ids.get("name1") == silent(path).get("name1") == channel(1)

    def test_the_name_that_was_asked_for_leads_to_the_channels_own(self, path: Path) -> None:
        silent(path).add("some_name", channel(1, "some-name"))
        assert silent(path).get("some_name") == channel(1, "some-name")
        assert silent(path).get("some-name") is None

    def test_platforms_do_not_meet(self, path: Path) -> None:
        ids = silent(path)
        ids.add("name", channel(1, "name"))
        ids.add("name", channel(2, "name", "elsewhere"))
        for each in (ids, silent(path)):
            assert each.get("name") == channel(1, "name")
            assert each.get("name", platform="elsewhere") == channel(2, "name", "elsewhere")
        ids.forget("name")
        assert silent(path).get("name") is None
        assert silent(path).get("name", platform="elsewhere") is not None

    def test_a_name_that_is_forgotten_is_looked_up_anew(self, path: Path) -> None:
        ids = silent(path)
        ids.forget("name1")
        assert not path.exists()
        ids.add("name1", channel(1))
        ids.forget("name1")
        assert ids.get("name1") is None
        assert silent(path).get("name1") is None

    def test_a_name_that_is_somebody_elses_now_leads_to_them(self, path: Path) -> None:
        ids = silent(path)
        ids.add("name", channel(1, "name"))
        ids.add("name", channel(2, "name"))
        assert ids.get("name") == silent(path).get("name") == channel(2, "name")
        assert rows(path) == 1

    def test_what_one_process_adds_another_finds(self, path: Path) -> None:
        one, other = silent(path), silent(path)
        one.add("name1", channel(1))
        assert other.get("name1") == channel(1)

    def test_its_default_place_is_the_users(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv(places.HOME, str(tmp_path))
        KnownIds().add("name1", channel(1))
        assert rows(tmp_path / "ids.db") == 1

    def test_threads_share_one(self, path: Path) -> None:
        ids = silent(path)

        def add(first: int) -> None:
            for number in range(first, first + 10):
                ids.add(f"name{number}", channel(number))
                assert ids.get(f"name{number}") == channel(number)

        threads = [threading.Thread(target=add, args=(first,)) for first in (1, 11, 21, 31)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert rows(path) == 40


class TestLimits:
    def test_the_file_keeps_the_last_that_were_added(self, path: Path) -> None:
        ids = silent(path, limit=3)
        for number in (1, 2, 3, 1, 4, 5):
            ids.add(f"name{number}", channel(number))
        assert rows(path) == 3
        known = silent(path, limit=3)
        assert [number for number in range(1, 6) if known.get(f"name{number}")] == [3, 4, 5]

    def test_memory_keeps_the_last_that_were_used(self, path: Path) -> None:
        ids = silent(path, limit=3)
        for number in (1, 2, 3):
            ids.add(f"name{number}", channel(number))
        ids.get("name1")
        ids.add("name4", channel(4))
        path.unlink()
        assert [number for number in range(1, 5) if ids.get(f"name{number}")] == [1, 3, 4]

    @pytest.mark.parametrize(
        ("name", "found"),
        [
            ("x" * 201, channel(1)),
            ("a\nb", channel(1)),
            ("\ud800", channel(1)),
            ("name", channel(1, "x" * 201)),
            ("name", channel(1, "\ud800")),
            ("name", channel(1, platform="x" * 201)),
            ("name", channel(2**63)),
        ],
    )
    def test_what_no_file_could_hold_is_not_kept(self, name: str, found: Channel, path: Path) -> None:
        ids = silent(path)
        ids.add(name, found)
        assert ids.get(name, platform=found.platform) is None
        ids.forget(name, platform=found.platform)
        assert not path.exists()

    def test_the_largest_number_is_kept(self, path: Path) -> None:
        largest = Channel(ChannelId(2**63 - 1), ChatroomId(1), "name")
        silent(path).add("name", largest)
        assert silent(path).get("name") == largest

    def test_less_than_one_is_no_limit(self, path: Path) -> None:
        with pytest.raises(ValueError, match="at least 1 channel is kept, not 0"):
            KnownIds(path, limit=0)


def spoiled(path: Path, how: str) -> None:
    silent(path).add("name1", channel(1))
    if how == "text":
        path.write_bytes(b"hello\n")
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    elif how == "open":
        path.chmod(0o644)
    else:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute(how)


class TestTrouble:
    @pytest.mark.parametrize(
        ("how", "finding"),
        [
            ("text", "file is not a database"),
            ("cut", "database disk image is malformed"),
            pytest.param(
                "open",
                "others can read",
                marks=pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no modes"),
            ),
            ("PRAGMA application_id = 7", "it is a database of another program"),
            ("PRAGMA user_version = 2", "was written by a newer version"),
            ("UPDATE channels SET channel_id = 0", "what it says of 'name1' cannot be"),
            ("UPDATE channels SET chatroom_id = 'x'", "what it says of 'name1' cannot be"),
            ("UPDATE channels SET slug = x'ff'", "what it says of 'name1' cannot be"),
        ],
    )
    def test_a_file_that_cannot_be_used_is_said_once_and_left_alone(self, how: str, finding: str, path: Path) -> None:
        spoiled(path, how)
        before = path.read_bytes()
        told: list[str] = []
        ids = KnownIds(path, notice=told.append)
        assert ids.get("name1") is None
        ids.add("name2", channel(2))
        assert ids.get("name2") == channel(2)
        ids.forget("name2")
        assert ids.get("name2") is None
        assert path.read_bytes() == before
        (sentence,) = told
        assert sentence.startswith("ids of channels are not kept for the next run: ")
        assert finding in sentence

    @pytest.mark.parametrize("first", ["add", "forget"])
    def test_whatever_meets_it_first_says_it(self, first: str, path: Path) -> None:
        spoiled(path, "text")
        told: list[str] = []
        ids = KnownIds(path, notice=told.append)
        if first == "add":
            ids.add("name2", channel(2))
            assert ids.get("name2") == channel(2)
        else:
            ids.forget("name2")
        assert len(told) == 1

    def test_without_a_home_there_is_memory(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv(places.HOME, "not/absolute")
        ids = KnownIds()
        ids.add("name1", channel(1))
        assert ids.get("name1") == channel(1)
        assert [record.getMessage() for record in caplog.records] == [
            "ids of channels are not kept for the next run: KICK_PROTO_HOME must be an absolute path, "
            "not 'not/absolute'"
        ]

    def test_a_file_that_is_kept_busy_is_not_waited_for_twice(self, path: Path) -> None:
        silent(path).add("name1", channel(1))
        told: list[str] = []
        ids = KnownIds(path, notice=told.append, busy_timeout=0.05)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert ids.get("name1") == channel(1)
            ids.add("name2", channel(2))
            ids.add("name3", channel(3))
        assert ids.get("name2") == channel(2)
        assert len(told) == 1
        assert "kept" in told[0]
