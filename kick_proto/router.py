"""Events to the functions that want them, without an if chain: a map from the type of an event to its handlers.

A handler is any callable that takes an event. One for a base class (``Event``, say) gets every event of that class;
which those are is found out once for each type, so that routing an event is one look into a dict. The handlers of an
event run in the order in which they were registered, each of them once.

What handlers return is handed back, so the same router serves threads and every event loop. A coroutine is handed back
within another one, by which a failure in it is told like any other::

    router: Router[Awaitable[None]] = Router(on_error=print)

    @router.on(ChatMessage)
    async def greet(message: ChatMessage) -> None: ...

    async for event in kick:
        for result in router.route(event):
            await result

A router never looks at what an event holds, and never subscribes: ``Config(events=router.event_types)`` does.
"""

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar, cast, overload

import msgspec

from kick_proto.errors import KickError, LocalProtocolError

__all__ = ["HandlerError", "Router"]

ResultT = TypeVar("ResultT")
EventT = TypeVar("EventT", bound=msgspec.Struct)
OtherT = TypeVar("OtherT", bound=msgspec.Struct)

_Handler: TypeAlias = Callable[[EventT], ResultT]
_Same: TypeAlias = Callable[[Callable[[EventT], ResultT]], Callable[[EventT], ResultT]]


class HandlerError(KickError):
    """A handler raised; what it raised is ``__cause__``.

    ``handler`` is its name (module and qualified name), ``event_type`` the type of the event that it was given.
    """

    def __init__(self, handler: str, event_type: type) -> None:
        super().__init__(f"{handler} failed on {event_type.__name__}")
        self.handler = handler
        self.event_type = event_type

    def __reduce__(self) -> tuple[object, ...]:
        return HandlerError, (self.handler, self.event_type)


class Router(Generic[ResultT]):
    """Handlers by type of event; see the module's docstring.

    A handler that raises stops neither the others nor the stream when ``on_error`` is given: that is called with each
    ``HandlerError``. Without it, ``route`` raises after all handlers of the event have run. A handler's coroutine that
    raises does the same where it is awaited: with ``on_error`` it then gives None.
    """

    def __init__(self, *, on_error: Callable[[HandlerError], object] | None = None) -> None:
        self._on_error = on_error
        self._registered: list[tuple[type, _Handler[Any, ResultT]]] = []
        self._otherwise: _Handler[Any, ResultT] | None = None
        self._resolved: dict[type, tuple[_Handler[Any, ResultT], ...]] = {}

    def register(self, event_type: type[EventT], handler: Callable[[EventT], ResultT]) -> None:
        """Have the handler called with every event of the type, and of the types below it.

        Raises:
            LocalProtocolError: it is registered for this very type already, or that is no type.
        """
        if not isinstance(event_type, type):
            raise LocalProtocolError(
                f"handlers are registered for types of events, not for {event_type!r}: write @router.on(ChatMessage)"
            )
        self._register((event_type,), handler)

    def unregister(self, event_type: type[EventT], handler: Callable[[EventT], ResultT]) -> None:
        """Have the handler called for the type no more.

        Raises:
            LocalProtocolError: it is not registered for this very type; the message names those that are.
        """
        if (event_type, handler) not in self._registered:
            named = getattr(event_type, "__name__", repr(event_type))
            there = ", ".join(_name(each) for wanted, each in self._registered if wanted is event_type)
            raise LocalProtocolError(f"{_name(handler)} is not registered for {named}; there is {there or 'none'}")
        self._registered.remove((event_type, handler))
        self._resolved.clear()

    @overload
    def on(self, event_type: type[EventT], /) -> _Same[EventT, ResultT]: ...
    @overload
    def on(self, event_type: type[EventT], other: type[OtherT], /) -> _Same[EventT | OtherT, ResultT]: ...
    @overload
    def on(self, *event_types: type[msgspec.Struct]) -> _Same[Any, ResultT]: ...

    def on(self, *event_types: type[msgspec.Struct]) -> _Same[Any, ResultT]:
        """Register the decorated function for all of these types, or for none; it stays what it is.

        Raises:
            LocalProtocolError: as ``register``, or there is no type.
        """
        if not event_types or not all(isinstance(each, type) for each in event_types):
            raise LocalProtocolError("@router.on takes the types of events to handle: write @router.on(ChatMessage)")

        def decorate(handler: _Handler[Any, ResultT]) -> _Handler[Any, ResultT]:
            self._register(event_types, handler)
            return handler

        return decorate

    def otherwise(self, handler: Callable[[Any], ResultT]) -> Callable[[Any], ResultT]:
        """Have the decorated function called with every event that no other handler wants.

        Raises:
            LocalProtocolError: there is such a function already.
        """
        if self._otherwise is not None:
            raise LocalProtocolError(f"{_name(self._otherwise)} handles all other events already; there can be one")
        self._otherwise = handler
        self._resolved.clear()
        return handler

    def route(self, event: msgspec.Struct) -> list[ResultT]:
        """Call the handlers of the event; what they return, in their order.

        Raises:
            HandlerError: one of them raised, and there is no ``on_error``. All of them have run; what the others
                returned is lost, so give ``on_error`` where results matter.
            ExceptionGroup: several of them did; it holds a ``HandlerError`` for each.
        """
        event_type = type(event)
        handlers = self._resolved.get(event_type)
        if handlers is None:
            handlers = self._resolved[event_type] = self._resolve(event_type)
        results: list[ResultT] = []
        failures: list[HandlerError] = []
        for handler in handlers:
            try:
                results.append(self._guarded(handler(event), handler, event_type))
            except Exception as error:
                failures.append(_failure(handler, event_type, error))
        if failures:
            self._report(failures)
        return results

    @property
    def event_types(self) -> tuple[type[msgspec.Struct], ...] | None:
        """The types that it has handlers for, in order of registration; None for all, where there is an otherwise.

        What ``Config.events`` takes, so that only the topics that carry them are subscribed.
        """
        if self._otherwise is not None:
            return None
        return tuple(dict.fromkeys(event_type for event_type, _ in self._registered))

    def _register(self, event_types: tuple[type, ...], handler: _Handler[Any, ResultT]) -> None:
        wanted = list(self._registered)
        for event_type in event_types:
            if (event_type, handler) in wanted:
                raise LocalProtocolError(
                    f"{_name(handler)} is registered for {event_type.__name__} already; unregister it first"
                )
            wanted.append((event_type, handler))
        self._registered = wanted
        self._resolved.clear()

    def _resolve(self, event_type: type) -> tuple[_Handler[Any, ResultT], ...]:
        handlers: list[_Handler[Any, ResultT]] = []
        for wanted, handler in self._registered:
            if issubclass(event_type, wanted) and handler not in handlers:
                handlers.append(handler)
        if not handlers and self._otherwise is not None:
            return (self._otherwise,)
        return tuple(handlers)

    def _guarded(self, result: ResultT, handler: _Handler[Any, ResultT], event_type: type) -> ResultT:
        if not isinstance(result, Coroutine):
            return result
        return cast(ResultT, _Watched(result, lambda error: self._report([_failure(handler, event_type, error)])))

    def _report(self, failures: list[HandlerError]) -> None:
        if self._on_error is not None:
            for failure in failures:
                self._on_error(failure)
        elif len(failures) == 1:
            raise failures[0]
        else:
            raise ExceptionGroup(f"{len(failures)} handlers of {failures[0].event_type.__name__} failed", failures)


class _Watched(Coroutine[Any, Any, Any]):
    """A handler's coroutine, whose failure is reported; it can be closed before it has begun, and that with it."""

    def __init__(self, started: Coroutine[Any, Any, Any], report: Callable[[Exception], object]) -> None:
        self._started = started
        self._report = report

    def __await__(self) -> Generator[Any, Any, Any]:
        try:
            return (yield from self._started.__await__())
        except Exception as error:
            self._report(error)
            return None

    def send(self, value: Any) -> Any:
        return self._step(self._started.send, value)

    def throw(self, *raised: Any) -> Any:
        return self._step(self._started.throw, *raised)

    def close(self) -> None:
        self._started.close()

    def _step(self, step: Callable[..., Any], *args: Any) -> Any:
        try:
            return step(*args)
        except StopIteration:
            raise
        except Exception as error:
            self._report(error)
            raise StopIteration from None


def _failure(handler: object, event_type: type, error: Exception) -> HandlerError:
    failure = HandlerError(_name(handler), event_type)
    failure.__cause__ = error
    return failure


def _name(handler: object) -> str:
    """Module and qualified name, of the function where there is one within."""
    while isinstance(handler, partial):
        handler = handler.func
    named = handler if hasattr(handler, "__qualname__") else type(handler)
    return f"{named.__module__}.{named.__qualname__}"
