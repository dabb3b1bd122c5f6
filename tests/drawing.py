"""Ways to test strategies themselves: each is made when its test runs, so that its making is part of the test."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hypothesis import Phase, given, seed, settings
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


ROUNDS = 30


def seen(
    strategy: st.SearchStrategy[ValueT],
    look: Callable[[ValueT], Iterable[Any]],
    until: Callable[[set[Any]], bool] = lambda found: True,
    *,
    examples: int = 60,
) -> set[Any]:
    """All that is found in what is drawn: in so many examples, and as many again until that is so, 30 times at most.

    What Hypothesis draws depends on its version, and on which modules a process has loaded. So a test does not count on
    finding what is rare within a certain number.
    """
    found: set[Any] = set()
    for number in range(ROUNDS):

        @seed(number)
        @settings(max_examples=examples, database=None, phases=[Phase.generate])
        @given(strategy)
        def collect(value: ValueT) -> None:
            found.update(look(value))

        collect()
        if until(found):
            break
    return found
