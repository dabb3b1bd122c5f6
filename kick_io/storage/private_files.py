"""Files and folders that only their owner can read: how they are made, and how they are looked at before use.

A file is made under another name, filled, and then linked to its own: there is never half of it, never a moment with
wider rights, whatever the umask is, and two processes that make it at once get one file. Whoever is killed meanwhile
leaves at most a nameless ``.name.*.new``, which nobody reads.

On Windows there are no modes: a file is as private as the folder of the user's profile that it lies in.
"""

import os
import shlex
import stat
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kick_proto.errors import StoreError

__all__ = ["check", "create", "make_folder", "present"]

FILE_MODE = 0o600
FOLDER_MODE = 0o700
OTHERS = 0o077
"""The rights of everybody else."""


def present(path: Path) -> bool:
    """Whether anything has that name, be it a link to nowhere."""
    return os.path.lexists(path)


def make_folder(path: Path) -> None:
    """Make the folder and what is missing above it, for their owner alone; one that is there is left as it is.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        for missing in reversed([each for each in (path, *path.parents) if not present(each)]):
            missing.mkdir(FOLDER_MODE, exist_ok=True)
            missing.chmod(FOLDER_MODE)  # the umask may have taken rights that the owner needs
    except OSError as error:
        raise StoreError(f"the folder {path} cannot be made: {error.strerror}") from None


def check(path: Path) -> os.stat_result:
    """Look whether the file is one that others can neither read nor exchange, without opening it.

    Raises:
        StoreError: it is not; the message says what to do.
        FileNotFoundError: there is none.
    """
    found = _look(path, path.lstat())
    if sys.platform != "win32":
        _check_folder(path.parent)
    return found


def _look(path: Path, found: os.stat_result) -> os.stat_result:
    if stat.S_ISLNK(found.st_mode):
        raise StoreError(f"{path} is a symbolic link, which is not followed: name the file that it leads to")
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{path} is not a file: move it away")
    if sys.platform != "win32":
        _check_owner(path, found)
        if found.st_mode & OTHERS:
            mode = stat.S_IMODE(found.st_mode)
            raise StoreError(
                f"others can read {path} (mode {mode:04o}): run chmod 600 {shlex.quote(str(path))}, "
                "and log in again if somebody may have read it"
            )
    return found


def _check_owner(path: Path, found: os.stat_result) -> None:
    if sys.platform != "win32" and found.st_uid != os.geteuid():
        raise StoreError(
            f"{path} belongs to user {found.st_uid}, and this is user {os.geteuid()}: run as its owner, "
            "or choose another folder with KICK_PROTO_HOME"
        )


def _check_folder(folder: Path) -> None:
    """Whoever may write there can put another file in the place of ours; in a sticky folder (/tmp) only its owner."""
    mode = folder.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise StoreError(f"everybody may write in {folder}: run chmod o-w {shlex.quote(str(folder))}")


def create(path: Path, fill: Callable[[Path], object]) -> bool:
    """Make the file, all of it at once; ``fill`` writes and syncs what it is given, which is there, empty and private.

    False where a file of that name is there (by now); it is left as it is.

    Raises:
        StoreError: it cannot be made.
    """
    make_folder(path.parent)
    draft: Path | None = None
    try:
        if sys.platform != "win32":
            _check_folder(path.parent)
        draft = _draft(path)
        fill(draft)
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise StoreError(
            f"{path} cannot be made: {error.strerror or error}; the folder must be writable, on a file system "
            "that knows hard links (choose one with KICK_PROTO_HOME)"
        ) from None
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return True


def _draft(path: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        if sys.platform != "win32":
            os.fchmod(handle, FILE_MODE)
    finally:
        os.close(handle)
    return Path(name)


def _sync_folder(folder: Path) -> None:
    """Have the new name outlive a power cut, where the system can do that for a folder."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
