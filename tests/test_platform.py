"""The three interfaces: that what is said to have them has them. Strict mypy reads this file, and is the test."""

import ast
from pathlib import Path

import pytest

from kick_io.strategy import KickStrategy
from kick_proto import platform
from kick_proto.endpoints.user import User
from kick_proto.platform import EventPlatform, OAuthPlatform, RestPlatform

ROOT = Path(__file__).parents[1]


def test_kick_is_all_three() -> None:
    kick = KickStrategy()
    oauth: OAuthPlatform = kick
    events: EventPlatform = kick
    rest: RestPlatform[User] = kick
    assert oauth.platform == events.platform == "kick"
    assert rest is kick


@pytest.mark.parametrize("protocol", [OAuthPlatform, EventPlatform, RestPlatform])
def test_each_of_their_methods_is_there(protocol: type) -> None:
    wanted = [name for name in vars(protocol) if not name.startswith("_")]
    assert len(wanted) >= 5
    assert [name for name in wanted if not hasattr(KickStrategy, name)] == []


def test_nothing_in_the_interfaces_is_kicks() -> None:
    tree = ast.parse(Path(platform.__file__).read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {each for each in imported if each and each.startswith("kick_")} == {"kick_proto.tokens"}
