"""What follows the end of one try: again after a while, again after the host's pause, or no more.

Tables and pure functions; the counting and the waiting are the client's. A try ends in one of a few ways, and whether
another may follow depends on that and on whether doing it twice is the same as doing it once. Where the request surely
never left, or was turned away unread (429), it has not been done at all.

Source: Seen: 429 with and without ``Retry-After`` and how clients live with it, 2025 to 2026; Spec: RFC 9110 sections
9.2.2 and 10.2.3.
"""

from collections.abc import Mapping
from enum import Enum

from kick_proto.outcomes import Failure, Outcome

__all__ = ["AFTER", "ENDINGS", "Ending", "Next", "ending_of", "next_after", "pause_after"]


class Ending(Enum):
    """How a try ended that did not succeed."""

    UNSENT = "unsent"
    """The request surely never left."""
    UNANSWERED = "unanswered"
    """The request may have left, and no answer came."""
    BROKEN = "broken"
    """The server failed; it may have done what was asked before that."""
    LIMITED = "limited"
    """The server did not look at it: too many requests."""
    ANSWERED = "answered"
    """The answer is no, or cannot be read; asked again it would be the same."""


class Next(Enum):
    """What follows."""

    BACK_OFF = "back off"
    """This call waits; later ones go first."""
    PAUSE = "pause"
    """The whole host waits, and then this call goes first."""
    GIVE_UP = "give up"


ENDINGS: Mapping[Outcome, Ending] = {
    Outcome.SERVER_ERROR: Ending.BROKEN,
    Outcome.RATE_LIMITED: Ending.LIMITED,
}
"""How a try ended that was answered; every other outcome is ``ANSWERED``."""

AFTER: Mapping[Ending, tuple[Next, Next]] = {
    Ending.UNSENT: (Next.BACK_OFF, Next.BACK_OFF),
    Ending.UNANSWERED: (Next.BACK_OFF, Next.GIVE_UP),
    Ending.BROKEN: (Next.BACK_OFF, Next.GIVE_UP),
    Ending.LIMITED: (Next.PAUSE, Next.PAUSE),
    Ending.ANSWERED: (Next.GIVE_UP, Next.GIVE_UP),
}
"""What follows where the call may be repeated, and where it may not, as long as there are tries left."""


def ending_of(failure: Failure, longest_pause: float) -> Ending:
    """How the try ended that was answered with this; to be told to wait for too long is an answer like any other."""
    ending = ENDINGS.get(failure.outcome, Ending.ANSWERED)
    if ending is Ending.LIMITED and failure.retry_after is not None and failure.retry_after > longest_pause:
        return Ending.ANSWERED
    return ending


def next_after(ending: Ending, *, repeatable: bool, failures: int, retries: int | None) -> Next:
    """What follows the ``failures``-th try that failed, this one included; ``retries`` is None for no such bound."""
    if retries is not None and failures > retries:
        return Next.GIVE_UP
    where_repeatable, otherwise = AFTER[ending]
    return where_repeatable if repeatable else otherwise


def pause_after(named: float | None, in_a_row: int, *, shortest: float, longest: float) -> float:
    """Seconds for which a host is left alone after a 429 that named so many seconds, or none.

    ``in_a_row`` counts the 429s since the host last answered otherwise, this one included: each doubles the pause where
    none is named.
    """
    # 2.0**64 seconds are beyond any longest pause; the bound keeps a host that never relents from an overflow.
    return min(longest, shortest * 2.0 ** min(in_a_row - 1, 64) if named is None else named)
