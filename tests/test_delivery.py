"""Handlers, called and awaited one after the other, whatever becomes of some of them."""

from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pytest

from kick_io.platform.delivery import Delivery
from kick_proto.errors import LocalProtocolError
from kick_proto.lifecycle import Lagging
from kick_proto.router import HandlerError
from tests.callers import LOOPS

EVENT = Lagging(1)


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return LOOPS[request.param]


def fails(event: msgspec.Struct) -> None:
    raise ZeroDivisionError


async def fails_later(event: msgspec.Struct) -> None:
    await anyio.lowlevel.checkpoint()
    raise LookupError


def test_handlers_run_one_after_the_other(run: Callable[..., Any]) -> None:
    ran: list[str] = []

    async def slow(event: Lagging) -> None:
        ran.append("slow begins")
        await anyio.lowlevel.checkpoint()
        ran.append("slow ends")

    async def quick(event: msgspec.Struct) -> None:
        ran.append("quick")

    delivery = Delivery()
    delivery.on(Lagging, slow)
    delivery.on(msgspec.Struct, quick)
    run(lambda: delivery.give(EVENT))
    assert ran == ["slow begins", "slow ends", "quick"]


def test_who_is_taken_off_is_not_called(run: Callable[..., Any]) -> None:
    delivery = Delivery()
    delivery.on(Lagging, fails)
    delivery.off(Lagging, fails)
    with pytest.raises(LocalProtocolError):
        delivery.off(Lagging, fails)
    run(lambda: delivery.give(EVENT))


@pytest.mark.parametrize(
    ("handlers", "kind"),
    [([fails], HandlerError), ([fails_later], HandlerError), ([fails, fails_later], ExceptionGroup)],
)
def test_failures_are_raised_when_all_have_run(run: Callable[..., Any], handlers: list[Any], kind: type) -> None:
    ran: list[str] = []
    delivery = Delivery()
    for handler in (*handlers, lambda event: ran.append("last")):
        delivery.on(Lagging, handler)
    for times in (1, 2):
        with pytest.raises(kind):
            run(lambda: delivery.give(EVENT))
        assert ran == ["last"] * times


def test_on_error_takes_them_all(run: Callable[..., Any]) -> None:
    told: list[HandlerError] = []
    delivery = Delivery(told.append)
    for handler in (fails, fails_later):
        delivery.on(Lagging, handler)
    run(lambda: delivery.give(EVENT))
    assert {type(each.__cause__) for each in told} == {ZeroDivisionError, LookupError}


def test_what_is_cancelled_leaves_no_coroutine_unawaited(run: Callable[..., Any]) -> None:
    ran: list[str] = []

    async def scenario() -> None:
        with anyio.CancelScope() as scope:

            async def first(event: Lagging) -> None:
                scope.cancel()
                await anyio.sleep_forever()

            async def second(event: Lagging) -> None:
                ran.append("second")

            delivery = Delivery()
            delivery.on(Lagging, first)
            delivery.on(Lagging, second)
            await delivery.give(EVENT)

    run(scenario)
    assert ran == []
