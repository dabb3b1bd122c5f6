"""Ways to test strategies themselves: each is made when its test runs, so that its making is part of the test."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

ValueT = TypeVar("ValueT")


def drawn(
    make: Callable[[], st.SearchStrategy[ValueT]], *, most: int | None = None
) -> Callable[[Callable[[ValueT], None]], Callable[[], None]]:
    """``given``, of a strategy that is made when the test runs, and not when its file is read."""

    def decorate(test: Callable[[ValueT], None]) -> Callable[[], None]:
        def run() -> None:
            checked = given(make())(test)
            if most is not None:
                checked = settings(max_examples=most)(checked)
            checked()

        run.__name__ = test.__name__
        return run

    return decorate


def seen(
    strategy: st.SearchStrategy[ValueT], look: Callable[[ValueT], Iterable[Any]], *, examples: int = 150
) -> set[Any]:
    """All that is found in what is drawn; the same on every run."""
    found: set[Any] = set()

    @settings(max_examples=examples, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategy)
    def collect(value: ValueT) -> None:
        found.update(look(value))

    collect()
    return found
