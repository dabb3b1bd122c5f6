"""Events to their handlers: by type, in order, each once, whatever the others do."""

import asyncio
import pickle
import types
from collections.abc import Awaitable, Coroutine, Generator
from functools import partial
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto import events, lifecycle
from kick_proto.demand import topics_for
from kick_proto.errors import KickError, LocalProtocolError
from kick_proto.router import HandlerError, Router
from kick_proto.session import Config
from tests.cli import samples
from tests.scenes import FOX, FOX_CHAT

MESSAGE = samples.message("hello")
UP = lifecycle.Up("us2", "1.2")
UNKNOWN = events.Unknown(samples.NOW, samples.RAW, samples.CHANNEL)


def text(message: events.ChatMessage) -> str:
    return message.text


def name(event: msgspec.Struct) -> str:
    return type(event).__name__


def failing(event: msgspec.Struct) -> str:
    raise ValueError("no")


class Overlay:
    def show(self, event: msgspec.Struct) -> str:
        return f"shown {type(event).__name__}"

    def __call__(self, event: msgspec.Struct) -> str:
        raise KeyError(type(event).__name__)


# Who is called.


def test_an_event_goes_to_the_handlers_of_its_type_in_the_order_of_registration() -> None:
    router: Router[str] = Router()
    router.register(events.ChatMessage, text)
    router.register(events.Unknown, name)
    router.register(events.ChatMessage, name)
    assert router.route(MESSAGE) == ["hello", "ChatMessage"]
    assert router.route(UNKNOWN) == ["Unknown"]
    assert router.route(UP) == []


def test_the_decorator_registers_and_leaves_the_function_alone() -> None:
    router: Router[str] = Router()

    @router.on(events.ChatMessage)
    def greet(message: events.ChatMessage) -> str:
        return f"hello {message.author.username}"

    @router.on(events.ChatMessage, lifecycle.Up)
    def either(event: events.ChatMessage | lifecycle.Up) -> str:
        return type(event).__name__

    @router.on(events.Unknown, lifecycle.Up, lifecycle.Down)
    def several(event: object) -> str:
        return "several"

    assert greet(MESSAGE) == f"hello {MESSAGE.author.username}"
    assert router.route(MESSAGE) == [greet(MESSAGE), "ChatMessage"]
    assert router.route(UP) == ["Up", "several"]
    assert several(UP) == "several"
    assert either(UP) == "Up"


def test_a_handler_of_a_base_class_gets_all_below_it() -> None:
    router: Router[str] = Router()
    router.register(events.ChatMessage, text)
    router.register(events.Event, name)
    assert router.route(MESSAGE) == ["hello", "ChatMessage"]
    assert router.route(UNKNOWN) == ["Unknown"]
    assert router.route(UP) == []


class Asked(type):
    """A class that notes which classes it is asked about."""

    asked: list[type]

    def __subclasscheck__(cls, other: type) -> bool:
        cls.asked.append(other)
        return True


def test_who_wants_a_type_is_found_out_once() -> None:
    class Anything(metaclass=Asked):
        asked: ClassVar[list[type]] = []

    router: Router[str] = Router()
    router.register(Anything, name)  # type: ignore[type-var, arg-type]
    assert [router.route(event) for event in (MESSAGE, UP, MESSAGE, UP)] == [["ChatMessage"], ["Up"]] * 2
    assert Anything.asked == [events.ChatMessage, lifecycle.Up]


def test_a_handler_of_a_type_and_of_its_base_is_called_once() -> None:
    router: Router[str] = Router()
    router.on(events.Event, events.ChatMessage, events.Arrival)(name)
    assert router.route(MESSAGE) == ["ChatMessage"]


def test_what_nobody_wants_goes_to_the_otherwise() -> None:
    router: Router[str] = Router()

    @router.otherwise
    def rest(event: msgspec.Struct) -> str:
        return f"rest: {name(event)}"

    router.register(events.ChatMessage, text)
    assert router.route(MESSAGE) == ["hello"]
    assert router.route(UP) == [rest(UP)] == ["rest: Up"]


def test_a_change_holds_from_the_next_event_on() -> None:
    router: Router[str] = Router()
    assert router.route(MESSAGE) == []
    router.register(events.Event, name)
    assert router.route(MESSAGE) == ["ChatMessage"]
    router.register(events.ChatMessage, text)
    assert router.route(MESSAGE) == ["ChatMessage", "hello"]
    router.unregister(events.Event, name)
    assert router.route(MESSAGE) == ["hello"]
    router.otherwise(lambda event: "rest")
    router.unregister(events.ChatMessage, text)
    assert router.route(MESSAGE) == ["rest"]


def test_a_handler_may_unregister_itself() -> None:
    router: Router[str] = Router()

    def once(message: events.ChatMessage) -> str:
        router.unregister(events.ChatMessage, once)
        return "once"

    router.register(events.ChatMessage, once)
    router.register(events.ChatMessage, text)
    assert router.route(MESSAGE) == ["once", "hello"]
    assert router.route(MESSAGE) == ["hello"]


def numbered(number: int, event: msgspec.Struct) -> int:
    return number


KINDS = (events.Arrival, events.Event, events.IdentifiedEvent, events.ChatMessage, events.Unknown, lifecycle.Up)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(KINDS)), unique=True), st.sampled_from([MESSAGE, UNKNOWN, UP])
)
def test_routing_is_what_a_walk_over_all_handlers_would_do(
    registered: list[tuple[int, type[msgspec.Struct]]], event: msgspec.Struct
) -> None:
    handlers = [partial(numbered, number) for number in range(4)]
    router: Router[int] = Router()
    router.route(event)
    for number, kind in registered:
        router.register(kind, handlers[number])
    assert router.route(event) == list(dict.fromkeys(number for number, kind in registered if isinstance(event, kind)))
    for number, kind in registered:
        router.unregister(kind, handlers[number])
    assert (router.route(event), router.event_types) == ([], ())


# What they return.


def test_coroutines_are_handed_back_for_the_event_loop_to_await() -> None:
    router: Router[Awaitable[None]] = Router()
    seen: list[str] = []

    @router.on(events.ChatMessage)
    async def first(message: events.ChatMessage) -> None:
        await asyncio.sleep(0)
        seen.append(message.text)

    @router.on(events.Event)
    async def second(event: events.Event) -> None:
        seen.append(type(event).__name__)

    async def scenario() -> None:
        for result in router.route(MESSAGE):
            await result

    asyncio.run(scenario())
    assert seen == ["hello", "ChatMessage"]


def test_what_a_coroutine_gives_is_what_the_handlers_gives() -> None:
    router: Router[Awaitable[str]] = Router()

    @router.on(events.ChatMessage)
    async def text_of(message: events.ChatMessage) -> str:
        return message.text

    async def scenario() -> list[str]:
        return [await result for result in router.route(MESSAGE)]

    assert asyncio.run(scenario()) == ["hello"]


# What goes wrong in them.


def test_a_failure_names_the_handler_and_the_event_and_stops_no_other() -> None:
    router: Router[str] = Router()
    seen: list[str] = []
    router.register(events.ChatMessage, failing)

    @router.on(events.ChatMessage)
    def see(message: events.ChatMessage) -> str:
        seen.append(message.text)
        return "seen"

    with pytest.raises(HandlerError, match=r"^tests\.test_router\.failing failed on ChatMessage$") as caught:
        router.route(MESSAGE)
    assert isinstance(caught.value, KickError)
    assert isinstance(caught.value.__cause__, ValueError)
    assert (caught.value.handler, caught.value.event_type) == ("tests.test_router.failing", events.ChatMessage)
    assert seen == ["hello"]


def test_several_failures_are_raised_together() -> None:
    router: Router[str] = Router()
    router.register(events.ChatMessage, failing)
    router.register(events.ChatMessage, text)
    router.register(events.ChatMessage, Overlay())
    with pytest.raises(ExceptionGroup, match="2 handlers of ChatMessage failed") as caught:
        router.route(MESSAGE)
    assert [str(each) for each in caught.value.exceptions] == [
        "tests.test_router.failing failed on ChatMessage",
        "tests.test_router.Overlay failed on ChatMessage",
    ]
    assert [type(each.__cause__) for each in caught.value.exceptions] == [ValueError, KeyError]


def test_where_failures_are_taken_the_stream_goes_on_and_results_are_kept() -> None:
    failures: list[HandlerError] = []
    router: Router[str] = Router(on_error=failures.append)
    router.register(events.ChatMessage, failing)
    router.register(events.ChatMessage, text)
    router.register(events.ChatMessage, Overlay())
    assert router.route(MESSAGE) == ["hello"]
    assert [each.handler for each in failures] == ["tests.test_router.failing", "tests.test_router.Overlay"]


async def failing_later(event: msgspec.Struct) -> str:
    await asyncio.sleep(0)
    raise ValueError("no")


def test_a_failure_in_a_coroutine_names_the_handler_and_the_event() -> None:
    router: Router[Awaitable[str]] = Router()
    router.register(events.ChatMessage, failing_later)

    async def scenario() -> None:
        (result,) = router.route(MESSAGE)
        await result

    with pytest.raises(HandlerError, match=r"^tests\.test_router\.failing_later failed on ChatMessage$") as caught:
        asyncio.run(scenario())
    assert isinstance(caught.value.__cause__, ValueError)


def test_where_failures_are_taken_a_coroutine_that_fails_does_not_stop_the_stream() -> None:
    failures: list[HandlerError] = []
    router: Router[Awaitable[str]] = Router(on_error=failures.append)
    router.register(events.ChatMessage, failing_later)

    async def scenario() -> list[str | None]:
        return [await result for event in (MESSAGE, MESSAGE) for result in router.route(event)]

    assert asyncio.run(scenario()) == [None, None]
    assert [each.handler for each in failures] == ["tests.test_router.failing_later"] * 2
    assert [str(each.__cause__) for each in failures] == ["no", "no"]


def test_a_coroutine_is_cancelled_as_ever() -> None:
    failures: list[HandlerError] = []
    router: Router[Awaitable[None]] = Router(on_error=failures.append)

    @router.on(events.ChatMessage)
    async def wait(message: events.ChatMessage) -> None:
        await asyncio.Event().wait()

    async def scenario() -> None:
        (result,) = router.route(MESSAGE)
        task = asyncio.ensure_future(result)
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scenario())
    assert failures == []


def test_what_is_no_error_of_the_handler_goes_through() -> None:
    def interrupted(event: msgspec.Struct) -> str:
        raise KeyboardInterrupt

    router: Router[str] = Router(on_error=lambda failure: None)
    router.register(events.ChatMessage, interrupted)
    with pytest.raises(KeyboardInterrupt):
        router.route(MESSAGE)


def test_the_name_is_that_of_the_function_within() -> None:
    router: Router[str] = Router()
    router.register(events.ChatMessage, partial(partial(failing)))
    with pytest.raises(HandlerError, match=r"^tests\.test_router\.failing failed"):
        router.route(MESSAGE)


def test_a_failure_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps(HandlerError("a.b", events.ChatMessage)))
    assert (str(again), again.event_type) == ("a.b failed on ChatMessage", events.ChatMessage)


# What a caller does wrong.


def test_a_handler_is_registered_once_for_a_type() -> None:
    router: Router[str] = Router()
    overlay = Overlay()
    router.register(events.ChatMessage, overlay.show)
    with pytest.raises(LocalProtocolError, match=r"Overlay\.show is registered for ChatMessage already; unregister"):
        router.register(events.ChatMessage, overlay.show)
    router.register(events.ChatMessage, Overlay().show)
    assert router.route(MESSAGE) == ["shown ChatMessage"] * 2


def test_the_decorator_registers_for_all_types_or_for_none() -> None:
    router: Router[str] = Router()
    router.register(events.ChatMessage, name)
    with pytest.raises(LocalProtocolError, match="name is registered for ChatMessage already"):
        router.on(events.Unknown, events.ChatMessage)(name)
    with pytest.raises(LocalProtocolError, match="failing is registered for Unknown already"):
        router.on(events.Unknown, events.Unknown)(failing)
    assert router.event_types == (events.ChatMessage,)
    assert router.route(UNKNOWN) == []


def test_only_what_is_registered_for_that_very_type_can_be_unregistered() -> None:
    router: Router[str] = Router()
    router.register(events.Event, name)
    with pytest.raises(LocalProtocolError, match=r"test_router\.name is not registered for ChatMessage; there is none"):
        router.unregister(events.ChatMessage, name)
    with pytest.raises(
        LocalProtocolError, match=r"failing is not registered for Event; there is tests\.test_router\.name"
    ):
        router.unregister(events.Event, failing)
    router.register(events.Event, Overlay().show)
    with pytest.raises(
        LocalProtocolError, match=r"; there is tests\.test_router\.name, tests\.test_router\.Overlay\.show$"
    ):
        router.unregister(events.Event, failing)
    with pytest.raises(LocalProtocolError, match="name is not registered for 'chat'; there is none"):
        router.unregister("chat", name)  # type: ignore[arg-type]
    assert router.route(MESSAGE) == ["ChatMessage", "shown ChatMessage"]


def test_the_decorator_needs_types() -> None:
    router: Router[str] = Router()
    needs = r"^@router\.on takes the types of events to handle: write @router\.on\(ChatMessage\)$"
    with pytest.raises(LocalProtocolError, match=needs):
        router.on(text)  # type: ignore[call-overload]
    with pytest.raises(LocalProtocolError, match=needs):
        router.on()
    with pytest.raises(LocalProtocolError, match="for types of events, not for 'chat'"):
        router.register("chat", text)  # type: ignore[arg-type]


def test_there_is_one_otherwise() -> None:
    router: Router[str] = Router()
    router.otherwise(name)
    with pytest.raises(LocalProtocolError, match=r"test_router\.name handles all other events already"):
        router.otherwise(failing)


# What it wants.


def test_it_says_what_it_wants_so_that_topics_can_follow() -> None:
    router: Router[str] = Router()
    router.register(events.ChatMessage, text)
    router.register(lifecycle.Up, name)
    router.register(events.ChatMessage, name)
    wanted = Config(events=router.event_types).events
    assert wanted == (events.ChatMessage, lifecycle.Up)
    assert topics_for(wanted, FOX) == (FOX_CHAT,)


def test_who_has_an_otherwise_wants_everything() -> None:
    router: Router[str] = Router()
    router.register(events.ChatMessage, text)
    router.otherwise(name)
    assert router.event_types is None


def test_who_has_no_handlers_wants_nothing() -> None:
    assert Router[str]().event_types == ()


@types.coroutine
def ask(question: str) -> Generator[str, str, str]:
    """What an event loop awaits in the end: something that it is told, and then answers."""
    return (yield question)


def test_who_drives_a_coroutine_by_hand_is_asked_and_heard_as_by_the_handlers_own() -> None:
    failures: list[HandlerError] = []
    router: Router[Any] = Router(on_error=failures.append)

    @router.on(events.ChatMessage)
    async def guess(message: events.ChatMessage) -> str:
        if (answer := await ask("which one?")) == "none":
            raise ValueError(answer)
        return answer

    (result,) = router.route(MESSAGE)
    assert result.send(None) == "which one?"
    with pytest.raises(StopIteration) as ended:
        result.send("that one")
    assert (ended.value.value, failures) == ("that one", [])
    (result,) = router.route(MESSAGE)
    result.send(None)
    with pytest.raises(StopIteration) as ended:
        result.send("none")
    assert ended.value.value is None
    assert [repr(failure.__cause__) for failure in failures] == ["ValueError('none')"]


def test_a_coroutine_runs_in_a_task_of_its_own_as_any_other() -> None:
    failures: list[HandlerError] = []
    router: Router[Any] = Router(on_error=failures.append)
    router.register(type(MESSAGE), failing_later)

    async def scenario() -> Any:
        (result,) = router.route(MESSAGE)
        return await asyncio.get_running_loop().create_task(result)

    assert asyncio.run(scenario()) is None
    assert len(failures) == 1


def test_a_coroutine_that_is_closed_before_it_begins_leaves_nothing_behind() -> None:
    # Otherwise the handler's own would be called a coroutine that was never awaited, which is an error here.
    router: Router[Any] = Router()
    router.register(type(MESSAGE), failing_later)
    (result,) = router.route(MESSAGE)
    result.close()


def test_a_coroutine_can_be_driven_by_hand_whose_failures_are_taken() -> None:
    router: Router[Coroutine[Any, Any, str]] = Router(on_error=lambda failure: None)

    @router.on(events.ChatMessage)
    async def text_of(message: events.ChatMessage) -> str:
        return message.text

    (result,) = router.route(MESSAGE)
    with pytest.raises(StopIteration) as done:
        result.send(None)
    assert done.value.value == "hello"
