import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kick_io.storage import private_files
from kick_proto.errors import StoreError

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file to somebody else"
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def made(path: Path) -> Path:
    assert private_files.create(path, lambda draft: draft.write_text("mine"))
    return path


def refused(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        private_files.check(path)
    return str(caught.value)


UMASKED = """
import os, sys
from pathlib import Path
from kick_io.storage import private_files
os.umask(int(sys.argv[1], 8))
path = Path(sys.argv[2])
def fill(draft):
    assert draft.stat().st_mode & 0o777 == 0o600, oct(draft.stat().st_mode)
    draft.write_text("mine")
assert private_files.create(path, fill)
"""


@posix
@pytest.mark.parametrize("umask", ["000", "022", "077", "277", "777"])
def test_file_and_folders_are_private_whatever_the_umask(umask: str, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    subprocess.run([sys.executable, "-c", UMASKED, umask, str(path)], check=True, cwd=Path(__file__).parents[1])
    assert [mode(each) for each in (path.parent.parent, path.parent, path)] == [0o700, 0o700, 0o600]
    assert path.read_text() == "mine"
    assert os.listdir(path.parent) == ["file"]


@posix
def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_files.make_folder(tmp_path)
    assert mode(tmp_path) == 0o755


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = made(tmp_path / "file")
    assert not private_files.create(path, lambda draft: draft.write_text("another"))
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["file"]


def test_two_that_make_it_at_once_get_one_file(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def overtaken(draft: Path) -> None:
        draft.write_text("slow")
        made(path)

    assert not private_files.create(path, overtaken)
    assert path.read_text() == "mine"


def test_a_file_that_is_half_filled_is_never_seen(tmp_path: Path) -> None:
    def fails(draft: Path) -> None:
        draft.write_text("ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        private_files.create(tmp_path / "file", fails)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    made(tmp_path / "file")
    with pytest.raises(StoreError, match="cannot be made"):
        private_files.create(tmp_path / "file" / "below", lambda draft: None)


def test_a_private_file_is_fine(tmp_path: Path) -> None:
    assert private_files.check(made(tmp_path / "file")).st_size == 4


@posix
@pytest.mark.parametrize("wide", [0o640, 0o604, 0o620, 0o601, 0o777])
def test_rights_of_others_are_refused_with_the_command_that_takes_them(wide: int, tmp_path: Path) -> None:
    path = made(tmp_path / "a file")
    path.chmod(wide)
    sentence = refused(path)
    assert f"(mode {wide:04o})" in sentence
    command = sentence.partition("run ")[2].partition(",")[0]
    subprocess.run(command, shell=True, check=True)
    private_files.check(path)


@root
def test_somebody_elses_file_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "file")
    if sys.platform != "win32":
        os.chown(path, 12345, -1)
    assert "belongs to user 12345, and this is user 0" in refused(path)


@posix
def test_a_folder_where_everybody_may_write_is_refused_unless_it_is_sticky(tmp_path: Path) -> None:
    path = made(tmp_path / "file")
    tmp_path.chmod(0o777)
    assert f"everybody may write in {tmp_path}: run chmod o-w" in refused(path)
    with pytest.raises(StoreError, match="everybody may write"):
        private_files.create(tmp_path / "another", lambda draft: None)
    tmp_path.chmod(0o1777)
    private_files.check(path)


def test_a_link_is_not_followed_and_not_replaced(tmp_path: Path) -> None:
    link = tmp_path / "link"
    try:
        link.symlink_to(made(tmp_path / "file"))
    except OSError as error:
        pytest.skip(f"this system makes no links here: {error}")
    assert "is a symbolic link" in refused(link)
    (tmp_path / "file").unlink()
    assert "is a symbolic link" in refused(link)
    assert not private_files.create(link, lambda draft: draft.write_text("mine"))
    assert os.listdir(tmp_path) == ["link"]


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    assert "is not a file" in refused(tmp_path / "file")


def test_none_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        private_files.check(tmp_path / "file")
