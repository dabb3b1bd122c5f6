"""Events to their handlers, on any event loop: what ``on`` and ``run`` of a platform are made of."""

from collections import deque
from collections.abc import Callable, Coroutine
from inspect import isawaitable
from typing import Any, TypeVar

import msgspec

from kick_proto.platform import Handler
from kick_proto.router import HandlerError, Router

__all__ = ["Delivery"]

EventT = TypeVar("EventT", bound=msgspec.Struct)


class Delivery:
    """A router whose handlers may be coroutines, and are awaited here.

    ``on_error`` is told of handlers that fail; without it ``give`` raises what failed.
    """

    def __init__(self, on_error: Callable[[HandlerError], object] | None = None) -> None:
        self._failures: list[HandlerError] = []
        self._router: Router[Any] = Router(on_error=on_error if on_error is not None else self._failures.append)

    def on(self, event_type: type[EventT], handler: Handler[EventT]) -> None:
        """Have the handler called with each event of the type, and of those below it. Raises as ``Router.register``."""
        self._router.register(event_type, handler)

    def off(self, event_type: type[EventT], handler: Handler[EventT]) -> None:
        """Have it called no more. Raises as ``Router.unregister``."""
        self._router.unregister(event_type, handler)

    async def give(self, event: msgspec.Struct) -> None:
        """Give the event to each of its handlers, also where one of them fails.

        Raises:
            HandlerError: one has failed, and there is no ``on_error``; the others have run.
            ExceptionGroup: several have; it holds a ``HandlerError`` for each.
        """
        results = deque(self._router.route(event))
        try:
            while results:
                result = results.popleft()
                if isawaitable(result):
                    await result
        finally:
            # Cancelled in between: what has not begun never will.
            for left in results:
                if isinstance(left, Coroutine):
                    left.close()
        failures = list(self._failures)
        self._failures.clear()
        if len(failures) > 1:
            raise ExceptionGroup(f"{len(failures)} handlers of {type(event).__name__} failed", failures)
        for failure in failures:
            raise failure
