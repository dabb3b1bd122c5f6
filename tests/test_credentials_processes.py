"""The token store among several processes, and when one of them is killed."""

import random
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from tests.stores import DEADLINE, begin_together, count_up, number_of, opened, processes, save_for_ever, tokens

pytest.importorskip("cryptography", reason="the extra 'rest' is not installed")

KILLS = 40
Child = tuple[BaseProcess, Connection]


@pytest.fixture
def children() -> Iterator[list[Child]]:
    started: list[Child] = []
    yield started
    for process, connection in started:
        process.kill()
        process.join()
        process.close()
        connection.close()


def start(children: list[Child], work: Callable[..., None], *arguments: Any) -> Child:
    ours, theirs = processes.Pipe()
    process = processes.Process(target=work, args=(*arguments, theirs))
    process.start()
    theirs.close()
    children.append((process, ours))
    return process, ours


def told(connection: Connection) -> Any:
    assert connection.poll(DEADLINE), "the other process does not get on"
    return connection.recv()


def all_told(connection: Connection) -> list[tuple[str, int]]:
    """What a process has said until it was killed."""
    said = []
    try:
        while connection.poll(DEADLINE):
            said.append(connection.recv())
    except (EOFError, ConnectionResetError):
        pass
    return said


@pytest.mark.parametrize("seed", range(KILLS))
def test_whoever_is_killed_leaves_a_pair_that_was_really_saved(
    seed: int, tmp_path: Path, children: list[Child]
) -> None:
    """Every other one is killed around the moment at which it begins the store, the others in the middle of saving."""
    rng = random.Random(seed)
    path = tmp_path / "tokens.db"
    first = 0
    if seed % 2:
        first = 1
        for name in ("me", "you"):
            opened(path).save(name, tokens(0))
    process, connection = start(children, save_for_ever, path, first)
    said = [told(connection) for _ in range(1 if seed % 2 == 0 else rng.randrange(1, 12))]
    # A moment that is none in particular: a process busy with files does not run in step with anybody's clock.
    killed_at = time.perf_counter() + rng.uniform(0.0, 0.02)
    while time.perf_counter() < killed_at:
        pass
    process.kill()
    said += all_told(connection)
    done = max((number for what, number in said if what == "done"), default=None if first == 0 else 0)
    begun = max(number for what, number in said if what == "begun")

    store = opened(path)
    found = store.load("me")
    if done is None:
        assert found is None or number_of(found) == 0
    else:
        assert found is not None
        assert done <= number_of(found) <= begun
    if first:
        assert store.load("you") == tokens(0)
    assert store.save("me", tokens(1000), replacing=found)
    assert opened(path).load("me") == tokens(1000)


def test_processes_that_replace_each_others_pairs_lose_none(tmp_path: Path, children: list[Child]) -> None:
    path, rounds = tmp_path / "tokens.db", 25
    names = [f"process {number}" for number in range(4)]
    connections = [start(children, count_up, path, name, rounds)[1] for name in names]
    assert [told(each) for each in connections] == ["ready"] * 4
    for each in connections:
        each.send("go")
    assert [told(each) for each in connections] == ["done"] * 4
    store = opened(path)
    assert store.load("shared") == tokens(4 * rounds - 1)
    assert [store.load(name) for name in names] == [tokens(rounds - 1)] * 4
    assert store.accounts() == (*names, "shared")


@pytest.mark.parametrize("time_of", range(5))
def test_processes_that_begin_a_store_at_once_share_it(time_of: int, tmp_path: Path, children: list[Child]) -> None:
    path = tmp_path / "new" / "tokens.db"
    names = ["x" * length for length in range(1, 7)]
    connections = [start(children, begin_together, path, name)[1] for name in names]
    assert [told(each) for each in connections] == ["ready"] * 6
    for each in connections:
        each.send("go")
    assert [told(each) for each in connections] == ["done"] * 6
    store = opened(path)
    assert [store.load(name) for name in names] == [tokens(len(name)) for name in names]
    assert not [each for each in path.parent.iterdir() if each.name.endswith(".new")]
