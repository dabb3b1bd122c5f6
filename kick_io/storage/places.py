"""Where files live: one folder for everything that this library keeps for its user.

What the system says about folders is read from the environment that is handed in, so that each system's rule can be
asked for on any other. ``KICK_PROTO_HOME`` names the folder itself and goes before every rule. Nothing is made here.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from kick_proto.errors import StoreError

__all__ = ["HOME", "IDS", "TOKENS", "data_folder", "data_home"]

HOME = "KICK_PROTO_HOME"
"""The variable that names the folder itself."""
TOKENS = "tokens.db"
"""The token store, in the folder."""
IDS = "ids.db"
"""The known ids of channels, in the folder."""

FOLDER = "kick-proto"

Environment = Mapping[str, str]


def data_folder(environment: Environment, platform: str) -> PurePath:
    """The folder for this library's files; ``platform`` is a value of ``sys.platform``.

    Raises:
        StoreError: the environment names no folder, or one that depends on where one stands.
    """
    flavour = PureWindowsPath if platform == "win32" else PurePosixPath
    if chosen := environment.get(HOME):
        if not flavour(chosen).is_absolute():
            raise StoreError(f"{HOME} must be an absolute path, not {chosen!r}")
        return flavour(chosen)
    parent = RULES.get(platform, _xdg)(environment)
    if parent is None:
        raise StoreError(f"the environment names no home folder: set {HOME} to the folder that tokens are kept in")
    return parent / FOLDER


def data_home() -> Path:
    """The same for this process."""
    return Path(data_folder(os.environ, sys.platform))


def _xdg(environment: Environment) -> PurePath | None:
    """Spec: XDG Base Directory Specification: a path that is not absolute is to be ignored."""
    named = PurePosixPath(environment.get("XDG_DATA_HOME", ""))
    return named if named.is_absolute() else _below(PurePosixPath(environment.get("HOME", "")), ".local", "share")


def _macos(environment: Environment) -> PurePath | None:
    return _below(PurePosixPath(environment.get("HOME", "")), "Library", "Application Support")


def _windows(environment: Environment) -> PurePath | None:
    """The local one, which does not roam: a key that the system keeps does not roam either."""
    named = PureWindowsPath(environment.get("LOCALAPPDATA", ""))
    profile = PureWindowsPath(environment.get("USERPROFILE", ""))
    return named if named.is_absolute() else _below(profile, "AppData", "Local")


def _below(home: PurePath, *names: str) -> PurePath | None:
    return home.joinpath(*names) if home.is_absolute() else None


RULES: Mapping[str, Callable[[Environment], PurePath | None]] = {"win32": _windows, "darwin": _macos}
"""How each system names its folder for data; all others follow XDG."""
