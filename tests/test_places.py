from pathlib import Path

import pytest

from kick_io.storage.places import HOME, data_folder, data_home
from kick_proto.errors import StoreError

WINDOWS = {"LOCALAPPDATA": r"C:\Users\ann\AppData\Local", "USERPROFILE": r"C:\Users\ann"}


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {"HOME": "/home/ann"}, "/home/ann/.local/share/kick-proto"),
        ("linux", {"HOME": "/home/ann", "XDG_DATA_HOME": "/data"}, "/data/kick-proto"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/kick-proto"),
        ("linux", {"HOME": "/home/ann", "XDG_DATA_HOME": "data"}, "/home/ann/.local/share/kick-proto"),
        ("linux", {"HOME": "/home/ann", "XDG_DATA_HOME": ""}, "/home/ann/.local/share/kick-proto"),
        ("freebsd14", {"HOME": "/home/ann"}, "/home/ann/.local/share/kick-proto"),
        ("darwin", {"HOME": "/Users/ann"}, "/Users/ann/Library/Application Support/kick-proto"),
        ("darwin", {"HOME": "/Users/ann", "XDG_DATA_HOME": "/d"}, "/Users/ann/Library/Application Support/kick-proto"),
        ("win32", WINDOWS, r"C:\Users\ann\AppData\Local\kick-proto"),
        ("win32", {"USERPROFILE": r"C:\Users\ann"}, r"C:\Users\ann\AppData\Local\kick-proto"),
        ("linux", {"HOME": "/home/ann", HOME: "/srv/bot"}, "/srv/bot"),
        ("darwin", {HOME: "/srv/bot"}, "/srv/bot"),
        ("win32", WINDOWS | {HOME: r"D:\bot"}, r"D:\bot"),
        ("linux", {"HOME": "/home/ann", HOME: ""}, "/home/ann/.local/share/kick-proto"),
    ],
)
def test_each_system_has_its_folder(platform: str, environment: dict[str, str], folder: str) -> None:
    assert str(data_folder(environment, platform)) == folder


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("environment", [{}, {"HOME": "", "USERPROFILE": ""}, {"HOME": "ann", "USERPROFILE": "ann"}])
def test_no_folder_is_made_up(platform: str, environment: dict[str, str]) -> None:
    with pytest.raises(StoreError, match=f"names no home folder: set {HOME}"):
        data_folder(environment, platform)


@pytest.mark.parametrize(("platform", "chosen"), [("linux", "bot"), ("linux", "~/bot"), ("win32", r"\bot")])
def test_a_folder_that_depends_on_where_one_stands_is_refused(platform: str, chosen: str) -> None:
    with pytest.raises(StoreError, match=f"{HOME} must be an absolute path"):
        data_folder({HOME: chosen, "HOME": "/home/ann"}, platform)


def test_this_process_has_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(HOME, str(tmp_path / "here"))
    assert data_home() == tmp_path / "here"
    assert not data_home().exists()
