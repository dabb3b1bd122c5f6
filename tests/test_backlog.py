"""Events that wait for their readers."""

from collections.abc import Callable
from typing import Any

import anyio
import msgspec
import pytest

from kick_io.platform.backlog import Backlog
from kick_proto.errors import TransportError
from kick_proto.lifecycle import Lagging
from tests.callers import LOOPS


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return LOOPS[request.param]


def numbered(*numbers: int) -> list[msgspec.Struct]:
    return [Lagging(number) for number in numbers]


async def read(backlog: Backlog, into: list[msgspec.Struct]) -> None:
    async for event in backlog:
        into.append(event)  # noqa: PERF401 (what was read before a failure counts)


def test_each_event_goes_to_one_of_its_readers_and_all_of_them_end(run: Callable[..., Any]) -> None:
    async def scenario() -> list[msgspec.Struct]:
        backlog, seen = Backlog(10), list[msgspec.Struct]()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(read, backlog, seen)
                await anyio.wait_all_tasks_blocked()
                backlog.add(numbered(1, 2))
                await anyio.wait_all_tasks_blocked()
                backlog.add(numbered(3))
                await anyio.wait_all_tasks_blocked()
                assert seen == numbered(1, 2, 3)
                backlog.add(numbered(4))
                backlog.end(None)
        return seen

    assert run(scenario) == numbered(1, 2, 3, 4)


def test_a_reader_may_leave_and_another_goes_on(run: Callable[..., Any]) -> None:
    async def scenario() -> list[msgspec.Struct]:
        backlog, seen = Backlog(10), list[msgspec.Struct]()
        backlog.add(numbered(1, 2, 3))
        async for event in backlog:
            assert event == Lagging(1)
            break
        backlog.end(None)
        await read(backlog, seen)
        return seen

    assert run(scenario) == numbered(2, 3)


def test_a_failure_comes_after_all_events_and_to_everybody(run: Callable[..., Any]) -> None:
    async def scenario() -> list[msgspec.Struct]:
        backlog, seen = Backlog(10), list[msgspec.Struct]()
        backlog.add(numbered(1))
        backlog.end(TransportError("given up"))
        for _ in range(2):
            with pytest.raises(TransportError, match="given up"):
                await read(backlog, seen)
        return seen

    assert run(scenario) == numbered(1)


def test_room_is_there_when_something_was_read(run: Callable[..., Any]) -> None:
    async def scenario() -> None:
        backlog, done = Backlog(2), list[str]()

        async def fill() -> None:
            backlog.add(numbered(1, 2))
            await backlog.room()
            done.append("room")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fill)
            await anyio.wait_all_tasks_blocked()
            assert done == []
            await anext(aiter(backlog))
            await anyio.wait_all_tasks_blocked()
            assert done == ["room"]

    run(scenario)


def test_the_rest_always_has_room(run: Callable[..., Any]) -> None:
    async def scenario() -> None:
        backlog = Backlog(1)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                backlog.add(numbered(1))
                tasks.start_soon(backlog.room)
                await anyio.wait_all_tasks_blocked()
                backlog.unbind()
            backlog.add(numbered(2, 3))
            await backlog.room()

    run(scenario)


def test_what_was_not_read_goes_over_to_the_next_and_no_more_than_may_wait(run: Callable[..., Any]) -> None:
    async def scenario() -> tuple[list[msgspec.Struct], list[msgspec.Struct]]:
        old, new = Backlog(2), Backlog(2)
        of_old, of_new = list[msgspec.Struct](), list[msgspec.Struct]()
        old.add(numbered(1, 2, 3))
        old.end(None)
        new.take_over(old)
        new.end(None)
        await read(old, of_old)
        await read(new, of_new)
        return of_old, of_new

    assert run(scenario) == ([], numbered(2, 3))
